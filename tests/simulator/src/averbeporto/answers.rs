//! The bodies that the service answers with, and how they are written.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::{Context, Reply, dump};
use crate::answer::Answer;
use crate::config::{CodeShape, ErrorShape, ProtShape, Shape};
use crate::json;
use crate::php::{Call, UploadedFile, Variables};

/// What an answer can hold, in the order in which it is written. `success` says only that the request
/// was understood (seed page 2.4).
#[derive(Default, Serialize)]
pub(crate) struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    success: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logout: Option<u8>,
    #[serde(rename = "C", skip_serializing_if = "Option::is_none")]
    client: Option<Client>,
    #[serde(rename = "S", skip_serializing_if = "Option::is_none")]
    result: Option<Outcome>,
    #[serde(rename = "T", skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prot: Option<Prot>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Errors>,
    #[serde(skip_serializing_if = "Option::is_none")]
    captcha_url: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    captcha_html: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dump: Option<Dump>,
}

/// The user who is logged in.
#[derive(Serialize)]
struct Client {
    id: &'static str,
    #[serde(rename = "userName")]
    user_name: String,
    name: String,
    email: String,
    portal_groups_id: &'static str,
    r#type: &'static str,
}

/// What the requests call `S`.
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Modules([String; 0]),
    Counts(Counts),
    Protocols(Vec<Pair>),
    Listed(Vec<Listed>),
}

/// What became of the documents of an upload (seed page 2.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    /// Processed: stored.
    #[serde(rename = "P")]
    pub(super) processed: u32,
    /// Duplicate: was there already.
    #[serde(rename = "D")]
    pub(super) duplicate: u32,
    /// Rejected: an XML, but not of the right kind.
    #[serde(rename = "R")]
    pub(super) rejected: u32,
    /// Denied: neither XML nor ZIP.
    #[serde(rename = "N")]
    pub(super) denied: u32,
}

/// A document with its protocol (seed page 3.1.3).
#[derive(Serialize)]
pub(super) struct Pair {
    pub(super) chave: String,
    pub(super) protocolo: String,
}

/// A document in a listing: all of it strings (clients). Assumed: `chave`.
#[derive(Serialize)]
pub(super) struct Listed {
    /// "1": endorsed.
    pub(super) avb: &'static str,
    /// "1": cancelled.
    pub(super) canc: &'static str,
    pub(super) protocolo: String,
    pub(super) chave: String,
    #[serde(rename = "numDoc")]
    pub(super) number: String,
    pub(super) serie: String,
    #[serde(rename = "dtEmissao")]
    pub(super) issued: String,
    pub(super) valor: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Prot {
    One(String),
    Many(Vec<String>),
}

#[derive(Serialize)]
#[serde(untagged)]
enum Errors {
    Object(ErrorObject),
    Array(Vec<ErrorObject>),
    Text(String),
}

#[derive(Serialize)]
struct ErrorObject {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    msg: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Code {
    Text(&'static str),
    Number(u8),
}

/// What the server received (seed page 1.2). Assumed: its form. It shows session and password, which is
/// why a client must never pass it on.
#[derive(Serialize)]
struct Dump {
    #[serde(rename = "GET")]
    get: BTreeMap<String, Value>,
    #[serde(rename = "POST")]
    post: BTreeMap<String, Value>,
    #[serde(rename = "FILES")]
    files: BTreeMap<String, Value>,
    #[serde(rename = "COOKIE")]
    cookie: Option<String>,
}

/// A code of the service's own with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// Two digits, or none where the documentation shows none.
    pub(super) code: Option<&'static str>,
    pub(super) msg: &'static str,
}

/// Manual: user, password or cookie missing.
pub(super) fn no_login(shape: &Shape) -> Body {
    let complaint = Complaint { code: Some("01"), msg: "No login." };
    Body::success().with_errors(&[complaint], shape)
}

/// Manual: the parameters make no sense.
pub(super) fn malformed(shape: &Shape) -> Body {
    let complaint = Complaint { code: None, msg: "Ghs.loc.error" };
    Body { success: Some(0), ..Body::default() }.with_errors(&[complaint], shape)
}

/// Seed page 1.2.1 (wrong credentials); manual (session expired, with any request).
pub(crate) fn logout() -> Body {
    Body { logout: Some(1), ..Body::success() }
}

/// Manual: too many failed logins. Assumed: the contents of address and HTML.
pub(crate) fn captcha(shape: &Shape) -> Body {
    let complaint = Complaint { code: Some("02"), msg: "Captcha required" };
    let body = Body {
        success: Some(0),
        captcha_url: Some("https://captcha.invalid/securimage_show.php?sid=0"),
        captcha_html: Some(
            "<div id=\"captcha\"><img src=\"https://captcha.invalid/securimage_show.php?sid=0\" alt=\"CAPTCHA\" /></div>",
        ),
        ..Body::default()
    };
    body.with_errors(&[complaint], shape)
}

/// Seed page 1.2.2. Assumed: the list `S` may be empty.
pub(super) fn logged_in(user: &str) -> Body {
    let client = Client {
        id: "00",
        user_name: user.to_uppercase(),
        name: user.to_owned(),
        email: "usuario@dominio.com".to_owned(),
        portal_groups_id: "00",
        r#type: "U",
    };
    Body { client: Some(client), result: Some(Outcome::Modules([])), ..Body::success() }
}

/// Seed page 2.3. `prot`: a string for an XML, an array for a ZIP. Assumed: it is left out when there is
/// no protocol to name.
pub(super) fn uploaded(
    counts: Counts,
    mut protocols: Vec<String>,
    zip: bool,
    complaints: &[Complaint],
    shape: &Shape,
) -> Body {
    let prot = match shape.prot {
        _ if protocols.is_empty() => None,
        ProtShape::Absent => None,
        ProtShape::Documented if !zip => protocols.pop().map(Prot::One),
        ProtShape::Documented | ProtShape::Array => Some(Prot::Many(protocols)),
    };
    let body = Body { result: Some(Outcome::Counts(counts)), prot, ..Body::success() };
    body.with_errors(complaints, shape)
}

/// Seed page 3.1.3.
pub(super) fn protocols(pairs: Vec<Pair>) -> Body {
    Body { result: Some(Outcome::Protocols(pairs)), ..Body::success() }
}

/// Clients: a page of the listing, and how many documents all pages have. Assumed: the latter is a number.
pub(super) fn listing(page: Vec<Listed>, total: usize) -> Body {
    Body { result: Some(Outcome::Listed(page)), total: Some(total), ..Body::success() }
}

/// Seed page 1.2: "only the tag dump".
pub(super) fn dump_only(call: &Call) -> Body {
    Body { dump: Some(Dump::of(call)), ..Body::default() }
}

/// Cloudflare's page for a User-Agent that it does not like (seed page 1.1.1, note 2).
pub(crate) fn blocked() -> Answer {
    let page = "<!DOCTYPE html>\n<html lang=\"en-US\"><head><title>Access denied</title></head>\n<body><h1>Access denied</h1>\
                <p>The owner of this website has banned your access based on your browser's signature.</p>\
                <p>error code: 1010</p></body></html>\n";
    Answer::new(403, "text/html; charset=UTF-8", page)
        .header("Server", "cloudflare")
        .header("CF-RAY", "0000000000000000-GRU")
}

impl Body {
    fn success() -> Self {
        Self { success: Some(1), ..Self::default() }
    }

    fn with_errors(mut self, complaints: &[Complaint], shape: &Shape) -> Self {
        let mut objects: Vec<_> = complaints.iter().map(|complaint| ErrorObject::of(complaint, shape.code)).collect();
        self.error = match (shape.error, objects.len()) {
            (_, 0) => None,
            (ErrorShape::Text, _) => {
                Some(Errors::Text(complaints.iter().map(|c| c.msg).collect::<Vec<_>>().join("; ")))
            }
            (ErrorShape::Object, 1) => objects.pop().map(Errors::Object),
            (ErrorShape::Object | ErrorShape::Array, _) => Some(Errors::Array(objects)),
        };
        self
    }

    /// The whole reply to a request, with the dump if one is wanted (seed page 1.2: dump=1).
    pub(super) fn reply(mut self, context: Context<'_>) -> Reply {
        let Context { call, shape, .. } = context;
        if dump(call) == "1" {
            self.dump = Some(Dump::of(call));
        }
        self.written(shape).into()
    }

    /// The body as an answer. Assumed: the content type is the one that PHP sends when it is told none,
    /// so a client must judge by the body.
    pub(crate) fn written(&self, shape: &Shape) -> Answer {
        Answer::new(200, "text/html; charset=UTF-8", json::written(self, shape.json))
    }
}

impl ErrorObject {
    fn of(complaint: &Complaint, shape: CodeShape) -> Self {
        let code = match shape {
            CodeShape::Text => complaint.code.map(Code::Text),
            CodeShape::Number => complaint.code.and_then(|code| code.parse().ok()).map(Code::Number),
            CodeShape::Absent => None,
        };
        Self { code, msg: complaint.msg.to_owned() }
    }
}

impl Dump {
    fn of(call: &Call) -> Self {
        let file = |file: &UploadedFile| {
            let entry = json!({"name": file.name, "type": file.content_type, "size": file.content.len()});
            (file.field.clone(), entry)
        };
        Self {
            get: as_php_array(&call.get),
            post: as_php_array(&call.post),
            files: call.files.iter().map(file).collect(),
            cookie: call.header("cookie").map(str::to_owned),
        }
    }
}

/// Variables by name, those in brackets as lists.
fn as_php_array(variables: &Variables) -> BTreeMap<String, Value> {
    let name_of = |key: &str| key.split('[').next().unwrap_or_default().to_owned();
    let names: BTreeSet<_> = variables.seen().iter().map(|(key, _)| name_of(key)).collect();
    let value_of = |name: &str| match variables.list(name) {
        elements if elements.is_empty() => variables.text(name).into(),
        elements => elements.into(),
    };
    names.iter().map(|name| (name.clone(), value_of(name))).collect()
}
