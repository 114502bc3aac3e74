//! One request: what is asked, where, under which conditions.

use std::future::poll_fn;
use std::io::{self, Seek};
use std::pin::pin;
use std::time::Duration;

use futures_core::Stream;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client, Method, RequestBuilder, Url};
use tokio_util::io::ReaderStream;
use zeroize::Zeroizing;

use super::failure::Failure;
use crate::contract::{Code, Secret};
use crate::document::{Content, Document};

/// How much of a file is read at once.
const READ_BYTES: usize = 64 * 1024;
/// More than what a form has around its document.
const FORM_BYTES: usize = 2 * 1024;

/// One request.
pub struct Request<'a> {
    pub(super) url: &'a Url,
    pub(super) payload: Payload<'a>,
    pub(super) effect: Effect,
    pub(super) headers: &'a [(HeaderName, &'a str)],
    pub(super) credential: Credential,
    pub(super) secrets: &'a [&'a Secret],
    pub(super) limit: Option<Duration>,
    pub(super) doubt: Option<&'static str>,
    pub(super) own_words: fn(&[u8]) -> bool,
}

impl<'a> Request<'a> {
    /// `payload` to `url`; `effect` is what a lost answer means.
    #[must_use]
    pub fn new(url: &'a Url, payload: Payload<'a>, effect: Effect) -> Self {
        Self {
            url,
            payload,
            effect,
            headers: &[],
            credential: Credential::None,
            secrets: &[],
            limit: None,
            doubt: None,
            own_words: |_| false,
        }
    }

    /// With these headers besides the client's own.
    #[must_use]
    pub fn headers(self, headers: &'a [(HeaderName, &'a str)]) -> Self {
        Self { headers, ..self }
    }

    /// With what lets us in.
    #[must_use]
    pub fn credential(self, credential: Credential) -> Self {
        Self { credential, ..self }
    }

    /// With texts that no error may quote.
    #[must_use]
    pub fn hiding(self, secrets: &'a [&'a Secret]) -> Self {
        Self { secrets, ..self }
    }

    /// With its own time, in place of the settings' `timeout_s`.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// With its own advice (Portuguese) for when it may have taken effect and nobody knows.
    #[must_use]
    pub fn in_doubt(self, advice: &'static str) -> Self {
        Self { doubt: Some(advice), ..self }
    }

    /// With a way to tell that the page of an HTTP error is the service's own word: then it is an answer like any other.
    #[must_use]
    pub fn own_words(self, own_words: fn(&[u8]) -> bool) -> Self {
        Self { own_words, ..self }
    }
}

/// What lets us in.
pub enum Credential {
    /// Nothing.
    None,
    /// The value of the `Cookie` header.
    Cookie(Secret),
    /// The token of `Authorization: Bearer`.
    Bearer(Secret),
}

/// What a request does at the service, and so what a lost answer means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only reads: sent once more when the connection breaks.
    Reads,
    /// It logs in: not repeated by itself (failed logins are counted), but no harm if the caller does.
    LogsIn,
    /// It only reads, but the service counts how often it is asked: not repeated by itself, and no harm if the caller does.
    Counts,
    /// It changes something: not sent again once any of it was, and a lost answer is `incerto`.
    Changes,
}

/// What a request sends.
pub enum Payload<'a> {
    /// GET with these parameters.
    Query(&'a [(&'a str, &'a str)]),
    /// POST of an urlencoded form.
    Form(&'a [(&'a str, &'a str)]),
    /// POST of a multipart form with a file as its part `file`.
    Multipart(&'a [(&'a str, &'a str)], &'a Document),
    /// These bytes, whose kind the headers tell.
    Body(Method, &'a [u8]),
}

impl Payload<'_> {
    pub(super) fn method(&self) -> Method {
        match self {
            Self::Query(_) => Method::GET,
            Self::Form(_) | Self::Multipart(..) => Method::POST,
            Self::Body(method, _) => method.clone(),
        }
    }

    /// The bytes of its values, for the log.
    pub(super) fn bytes(&self) -> u64 {
        let values =
            |fields: &[(&str, &str)]| fields.iter().map(|(name, value)| (name.len() + value.len()) as u64).sum();
        match self {
            Self::Query(fields) | Self::Form(fields) => values(fields),
            Self::Multipart(fields, document) => values(fields) + document.content.bytes(),
            Self::Body(_, bytes) => bytes.len() as u64,
        }
    }
}
pub(super) async fn build(client: &Client, url: &Url, request: &Request<'_>) -> Result<RequestBuilder, Failure> {
    let builder = match request.payload {
        Payload::Query(parameters) => {
            let mut url = url.clone();
            url.query_pairs_mut().extend_pairs(parameters);
            client.get(url)
        }
        Payload::Form(fields) => client.post(url.clone()).form(fields),
        Payload::Multipart(fields, document) => with_form(client.post(url.clone()), fields, document).await?,
        Payload::Body(ref method, bytes) => client.request(method.clone(), url.clone()).body(bytes.to_vec()),
    };
    let builder = request.headers.iter().fold(builder, |builder, (name, value)| builder.header(name, *value));
    match &request.credential {
        Credential::None => Ok(builder),
        Credential::Cookie(cookie) => Ok(builder.header(COOKIE, sensitive(cookie.expose())?)),
        Credential::Bearer(token) => {
            let value = Zeroizing::new(format!("Bearer {}", token.expose()));
            Ok(builder.header(AUTHORIZATION, sensitive(&value)?))
        }
    }
}

fn sensitive(value: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(value).map_err(|_| Failure::before(Code::Bug, "unfit for a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A form with a document from memory goes in one piece, so that head and form are one write: in pieces they would be four, and
/// on a fresh connection a small one may have to wait for the answer to the one before. A file is read while it is sent.
async fn with_form(
    builder: RequestBuilder,
    fields: &[(&str, &str)],
    document: &Document,
) -> Result<RequestBuilder, Failure> {
    let form = multipart(fields, document)?;
    if matches!(document.content, Content::File(..)) {
        return Ok(builder.multipart(form));
    }
    let kind = format!("multipart/form-data; boundary={}", form.boundary());
    let mut pieces = pin!(form.into_stream());
    let mut whole = Vec::with_capacity(usize::try_from(document.content.bytes()).unwrap_or_default() + FORM_BYTES);
    while let Some(piece) = poll_fn(|context| pieces.as_mut().poll_next(context)).await {
        whole.extend_from_slice(&piece.map_err(Failure::from_reqwest)?);
    }
    Ok(builder.header(CONTENT_TYPE, kind).body(whole))
}

fn multipart(fields: &[(&str, &str)], document: &Document) -> Result<Form, Failure> {
    let form = fields.iter().fold(Form::new(), |form, &(name, value)| form.text(name.to_owned(), value.to_owned()));
    let unreadable = |error: io::Error| Failure::before(Code::FileNoPermission, &error.to_string());
    let part = match &document.content {
        Content::Bytes(bytes) => Part::bytes(bytes.clone()),
        Content::File(file, length) => {
            // The clone shares its place in the file with the original, which a first attempt has left at the end.
            let mut file = file.try_clone().map_err(unreadable)?;
            file.rewind().map_err(unreadable)?;
            let file = tokio::fs::File::from_std(file);
            Part::stream_with_length(Body::wrap_stream(ReaderStream::with_capacity(file, READ_BYTES)), *length)
        }
    };
    let part = part.file_name(document.name.clone()).mime_str(document.kind.content_type());
    Ok(form.part("file", part.map_err(|error| Failure::before(Code::Bug, &error.to_string()))?))
}
