//! A request as PHP shows it to the service: `$_GET`, `$_POST`, `$_FILES` and the headers.
//!
//! The service is written in PHP (its addresses and its official samples say so), and what PHP takes
//! for a variable or for a file decides what the service can see at all.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use hyper::http::request::Parts;
use multer::Multipart;

/// PHP's `max_input_vars`: variables beyond are dropped in silence.
pub(crate) const MAX_INPUT_VARS: usize = 1000;

/// One request, wholly read.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) get: Variables,
    pub(crate) post: Variables,
    pub(crate) files: Vec<UploadedFile>,
    /// As it came, as `php://input` gives it.
    pub(crate) body: Bytes,
}

/// An entry of `$_FILES`.
pub(crate) struct UploadedFile {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) content: Bytes,
}

/// `$_GET` or `$_POST`, kept as a list in the order of arrival.
#[derive(Default)]
pub(crate) struct Variables(Vec<(String, String)>);

impl Variables {
    fn urlencoded(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// All that was sent, also what PHP drops.
    pub(crate) fn sent(&self) -> &[(String, String)] {
        &self.0
    }

    /// What PHP lets the service see.
    pub(crate) fn seen(&self) -> &[(String, String)] {
        &self.0[..self.0.len().min(MAX_INPUT_VARS)]
    }

    /// `name`, empty when it is not there. Of several with one name the last counts.
    pub(crate) fn text(&self, name: &str) -> &str {
        let found = self.seen().iter().rev().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    /// `name[]`, `name[0]`…; a `name` without brackets is not an array.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let is_element =
            |key: &str| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'));
        let elements = self.seen().iter().filter(|(key, _)| is_element(key));
        elements.map(|(_, value)| value.as_str()).collect()
    }
}

impl Call {
    /// Reads head and body the way PHP does.
    pub(crate) async fn read(head: &Parts, body: Bytes) -> Self {
        let mut call = Self {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            headers: headers(head),
            get: Variables::urlencoded(head.uri.query().unwrap_or_default().as_bytes()),
            post: Variables::default(),
            files: Vec::new(),
            body: body.clone(),
        };
        if call.method == "POST" {
            call.read_body(body).await;
        }
        call
    }

    /// The value of a header, whatever the case of its name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// A cookie by its name as written. PHP does not decode the names of cookies, so a percent-encoded
    /// name is another name.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let headers = self.headers.iter().filter(|(key, _)| key == "cookie");
        let mut pairs = headers.flat_map(|(_, value)| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Whether the body says that it is JSON.
    pub(crate) fn is_json(&self) -> bool {
        essence(self.header("content-type").unwrap_or_default()) == "application/json"
    }

    /// The one content that is not a form leaves `$_POST` empty, and so does a broken multipart body.
    async fn read_body(&mut self, body: Bytes) {
        let content_type = self.header("content-type").unwrap_or_default().to_owned();
        if let Ok(boundary) = multer::parse_boundary(&content_type) {
            if let Ok((post, files)) = multipart(body, boundary).await {
                self.post = post;
                self.files = files;
            }
        } else if essence(&content_type) == "application/x-www-form-urlencoded" {
            self.post = Variables::urlencoded(&body);
        }
    }
}

/// A content type without its parameters, in lower case.
pub(crate) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn headers(head: &Parts) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    head.headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}

/// Divides the parts into variables and files. A part is a file by its `filename` and by nothing else:
/// PHP does not know `filename*` (RFC 5987), so a part that has only that is a variable. Stricter than PHP:
/// so is one whose file name is not UTF-8.
async fn multipart(body: Bytes, boundary: String) -> multer::Result<(Variables, Vec<UploadedFile>)> {
    let mut parts = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    let mut variables = Vec::new();
    let mut files = Vec::new();
    while let Some(part) = parts.next_field().await? {
        let field = part.name().unwrap_or_default().to_owned();
        let content_type =
            part.headers().get("content-type").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        match part.file_name().map(str::to_owned) {
            Some(name) => files.push(UploadedFile {
                field,
                name,
                content_type: content_type.unwrap_or_default(),
                content: part.bytes().await?,
            }),
            None => variables.push((field, String::from_utf8_lossy(&part.bytes().await?).into_owned())),
        }
    }
    // An input of a form that was left empty: PHP answers UPLOAD_ERR_NO_FILE.
    files.retain(|file| !file.name.is_empty());
    Ok((Variables(variables), files))
}
