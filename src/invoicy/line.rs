//! One call's line to the service: its address, the keys, and what is made of an answer before it is known what it is about.

use reqwest::{Method, Url};
use zeroize::Zeroizing;

use super::answer::{Answer, Item, is_soap};
use super::codes::{Level, Verdict};
use super::diagnosis::diagnosis;
use super::envelope::{DataItem, HEADERS, envelope};
use super::key::ck;
use super::pace::Pace;
use crate::contract::{Code, ErrorEntry, Origin, Secret};
use crate::http::{Effect, Http, Payload, Request};

/// What to do when it is not known whether a request took effect.
pub const DOUBT: &str =
    "O InvoiCy pode ter recebido o pedido: consulte a NFS-e (nfseConsulta) antes de enviar de novo.";

/// The keys of a company.
#[derive(Clone, Default)]
pub struct Keys {
    /// The company's access key, which is hashed and never sent.
    pub access: Secret,
    /// The partner's key, which is sent.
    pub partner: Secret,
}

/// Where to, and as whom.
pub struct Line<'a> {
    /// The client.
    pub http: &'a Http,
    /// The address of `arecepcao.aspx`.
    pub url: Url,
    /// Whose documents these are.
    pub keys: Keys,
    /// Who may be asked how often.
    pub pace: &'a Pace,
}

impl Line<'_> {
    /// Sends `items` in one request. `Err` is about the request as a whole; what became of its documents, if it says
    /// anything of them, stands in the items of the answer.
    pub fn post(&self, items: &[DataItem], effect: Effect) -> Result<Vec<Item>, ErrorEntry> {
        let hashed = items.first().map_or("", |item| item.document);
        let body = Zeroizing::new(envelope(&self.keys.partner, &ck(&self.keys.access, hashed), items));
        let fingerprint = md5::compute(body.as_bytes()).0;
        self.pace.take(&fingerprint)?;
        let secrets = [&self.keys.access, &self.keys.partner];
        let request = Request::new(&self.url, Payload::Body(Method::POST, body.as_bytes()), effect)
            .headers(&HEADERS)
            .hiding(&secrets)
            .in_doubt(DOUBT)
            .own_words(is_soap);
        match self.http.send(&request) {
            Ok(answer) => self.understand(&answer.text(), hashed, effect),
            Err(error) => {
                if never_left(&error) {
                    self.pace.give_back(&fingerprint);
                }
                Err(error)
            }
        }
    }

    fn understand(&self, text: &str, hashed: &str, effect: Effect) -> Result<Vec<Item>, ErrorEntry> {
        let secrets = [&self.keys.access, &self.keys.partner];
        match Answer::read(text, &secrets) {
            Ok(Answer::Told(items)) => match items.iter().find(|item| item.refuses()) {
                Some(item) if items.iter().all(|item| item.documents.is_empty()) => {
                    Err(self.refusal(item, hashed, effect))
                }
                _ => Ok(items),
            },
            Ok(Answer::Fault(code, msg)) => {
                // Of a fault of ours nothing was done.
                let ours = code.ends_with("Client");
                let entry = ErrorEntry::new(Code::InvoicyError).origin(Origin { code, msg }).detail("SOAP Fault");
                Err(if ours { entry } else { doubted(entry.repeat(true), Code::InvoicyError, effect) })
            }
            Err(why) => {
                let entry = ErrorEntry::new(Code::NotUnderstood).detail(why).repeat(true);
                Err(doubted(entry, Code::NotUnderstood, effect))
            }
        }
    }

    fn refusal(&self, item: &Item, hashed: &str, effect: Effect) -> ErrorEntry {
        let entry = Level::Envelope.error(&item.code, &item.text);
        match Level::Envelope.meaning(&item.code).0 {
            Verdict::Broken => doubted(entry, Code::InvoicyError, effect),
            Verdict::Failed(Code::InvoicyKey) => entry.detail(diagnosis(&self.keys.access, &self.keys.partner, hashed)),
            Verdict::Failed(Code::InvoicyRepeated) => entry.msg(
                Code::InvoicyRepeated.msg_advising("O bloqueio dura até 60 minutos: aguarde antes de qualquer pedido."),
            ),
            _ => entry,
        }
    }
}

impl Item {
    fn refuses(&self) -> bool {
        Level::Envelope.meaning(&self.code).0 != Verdict::Good
    }
}

/// `entry` (of `code`), in doubt if the request changes something.
fn doubted(entry: ErrorEntry, code: Code, effect: Effect) -> ErrorEntry {
    if effect == Effect::Changes { entry.in_doubt(code.msg_advising(DOUBT)) } else { entry }
}

/// Whether nothing of the request can have come to the service.
fn never_left(error: &ErrorEntry) -> bool {
    !error.is_uncertain() && [Code::Dns, Code::Connect, Code::Tls, Code::Proxy].iter().any(|code| error.is(*code))
}
