//! The bodies that the service answers with.

use serde::Serialize;
use serde_json::{Value, json};

use super::mdfe::{LogEntry, Mdfe};
use super::rejection::Rejection;
use super::shape::{LogShape, MdfeErrorShape, MdfeShape, ReasonShape, UrlShape};
use super::{DAMDFE, XML};
use crate::answer::Answer;
use crate::json;

/// An MDF-e, in the order in which the page's samples write it.
#[derive(Serialize)]
struct Body<'a> {
    uuid: &'a str,
    chave: &'a str,
    serie: u32,
    numero: u32,
    status: String,
    motivo: Value,
    xml: String,
    damdfe: String,
    log: Value,
}

/// Why a request is not served.
pub(super) struct Problem {
    status: u16,
    text: String,
}

impl Problem {
    pub(super) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// Page: the body is JSON "but always contains the field error". Its one sample has `msg` instead.
    pub(super) fn answer(self, shape: &MdfeShape) -> Answer {
        let (status, body) = match shape.error {
            MdfeErrorShape::Documented => (self.status, json!({"error": self.text})),
            MdfeErrorShape::Ok => (200, json!({"error": self.text})),
            MdfeErrorShape::Msg => (self.status, json!({"msg": self.text})),
        };
        answer(status, &body, shape)
    }
}

/// Assumed: SEFAZ's rejection of an event is the text of an error, under HTTP 400.
impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        Self::new(400, rejection.to_string())
    }
}

/// Wrong credentials (page).
pub(super) fn denied(shape: &MdfeShape) -> Answer {
    answer(403, &json!({"msg": "Acesso restrito."}), shape)
}

/// The firewall's page. Page: it answers 403 to wrong credentials and suspicious requests, all on Amazon's servers.
/// Assumed: its text, which is that of Amazon's load balancers.
pub(crate) fn blocked() -> Answer {
    let page = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n\
                </body>\r\n</html>\r\n";
    Answer::new(403, "text/html", page).header("Server", "awselb/2.0")
}

/// An MDF-e as it stands. `origin` is the scheme, host and port by which the request came.
pub(super) fn mdfe(mdfe: &Mdfe, origin: &str, shape: &MdfeShape) -> Answer {
    let file = |path: &str| match mdfe.has_files() {
        true => format!("{}{path}{}", base(origin, shape.url), mdfe.key),
        // Assumed: no address of what is not there.
        false => String::new(),
    };
    let body = Body {
        uuid: &mdfe.uuid,
        chave: &mdfe.key,
        serie: mdfe.series,
        numero: mdfe.number,
        status: mdfe.state.to_string(),
        motivo: match shape.reason {
            ReasonShape::Text => json!(mdfe.reason),
            ReasonShape::Array => json!([mdfe.reason]),
        },
        xml: file(XML),
        damdfe: file(DAMDFE),
        log: log(&mdfe.log, shape.log),
    };
    answer(200, &body, shape)
}

fn base(origin: &str, shape: UrlShape) -> String {
    let address = origin.split_once("://").map_or(origin, |(_, address)| address);
    match shape {
        UrlShape::AsCalled => origin.to_owned(),
        UrlShape::Http => format!("http://{address}"),
        UrlShape::Https => format!("https://{address}"),
    }
}

fn log(entries: &[LogEntry], shape: LogShape) -> Value {
    match (shape, entries.last()) {
        (LogShape::Array, _) => json!(entries),
        (LogShape::Object, last) => json!(last),
        (LogShape::Text, last) => json!(json!(last).to_string()),
    }
}

fn answer(status: u16, body: &impl Serialize, shape: &MdfeShape) -> Answer {
    Answer::new(status, "application/json", json::written(body, shape.json))
}
