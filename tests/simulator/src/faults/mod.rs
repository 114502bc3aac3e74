//! Faults on demand: which requests meet one, and what happens to them.

mod written;

use std::time::Duration;

use bytes::Bytes;
use hyper::http::request::Parts;
use hyper::{Method, header};

use crate::answer::Answer;
use crate::averbeporto;
use crate::config::Shape;
use crate::invoicy::{self, InvoicyCode};
use crate::php::Call;
use crate::service::Service;
use crate::webmania::{self, MdfeShape, Operation, Rejection};

/// What happens to a request instead of, or on top of, its being served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// This is answered; the service does nothing.
    Answer(Answer),
    /// "The session has ended" or "wrong credentials" is answered; the service does nothing.
    Logout,
    /// The captcha is demanded; the service does nothing.
    Captcha,
    /// Cloudflare's HTTP 403 page "error code: 1010" is answered; the service does nothing.
    Blocked,
    /// Nothing is ever answered; the service does nothing. The connection stays open.
    Silence,
    /// The connection is closed in good order; the service does nothing.
    Close,
    /// The connection is reset; the service does nothing.
    Reset,
    /// These bytes are sent in place of an answer, whatever they are, and the connection is closed; the service does
    /// nothing.
    Raw(Bytes),
    /// Served, but the connection is closed in place of the answer.
    LoseAnswer,
    /// Served, but the connection is reset after half of the answer's body.
    CutAnswer,
    /// Served at once, answered after this time.
    Delay(Duration),
    /// Served, and the body trickles in: so many bytes, then this pause.
    Drip(usize, Duration),
    /// Served, and the answer is blown up with blanks to this many bytes.
    Oversize(usize),
    /// Served, and the answer is compressed, whether or not the client can read that.
    Gzip,
    /// Served and answered in good order; then the connection is closed, of which the answer says nothing.
    HangUp,
    /// Served, and the answer is written in this shape.
    Shape(Shape),
    /// Served, but of an upload only the first so many documents are taken; the others, whatever they are, are
    /// ignored in silence: neither stored nor counted. Other requests are served as always.
    TakeOnly(usize),
    /// Served by Webmania, and the answer is written in this shape.
    MdfeShape(MdfeShape),
    /// Served by Webmania, and SEFAZ rejects what it is asked for: an MDF-e that is emitted, or that is being processed
    /// when it is queried, or an event. Other requests are served as always.
    Reject(Rejection),
    /// Served by Webmania, which cannot reach SEFAZ with an MDF-e that is emitted: it goes into contingency, and SEFAZ
    /// decides when it is queried. Other requests are served as always.
    Contingency,
    /// InvoiCy answers with this code; it does nothing.
    Invoicy(InvoicyCode),
}

impl Effect {
    /// An HTTP status with a page that says no more.
    pub fn status(status: u16) -> Self {
        Self::Answer(Answer::page(status))
    }

    /// HTTP 200 with any body.
    pub fn body(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::Answer(Answer::new(200, content_type, body))
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::Answer(Answer::redirect(status, location))
    }

    /// These bytes in place of an answer.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::Raw(bytes.into())
    }

    /// SEFAZ's rejection with this code and text; see [`Rejection::text`].
    pub fn rejection(code: u16, text: impl Into<String>) -> Self {
        Self::Reject(Rejection::new(code, text))
    }

    /// Whether a service has such a thing. On [`Target::Any`] an effect waits for a request to a service that does.
    fn is_known_to(&self, service: Service) -> bool {
        match self {
            Self::Logout | Self::Captcha | Self::Shape(_) | Self::TakeOnly(_) => service == Service::AverbePorto,
            Self::MdfeShape(_) | Self::Reject(_) | Self::Contingency => service == Service::Webmania,
            Self::Invoicy(_) => service == Service::Invoicy,
            _ => true,
        }
    }

    /// Whether it can be met at this moment: to be served, a request must be there; to be answered, it must be one.
    fn is_possible(&self, moment: Moment) -> bool {
        match self {
            Self::Silence | Self::Close | Self::Reset | Self::Raw(_) => true,
            Self::Answer(_) | Self::Logout | Self::Captcha | Self::Blocked => moment != Moment::Connect,
            _ => moment == Moment::End,
        }
    }

    /// The word for it on the command line and in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Answer(_) => "answer",
            Self::Logout => "logout",
            Self::Captcha => "captcha",
            Self::Blocked => "blocked",
            Self::Silence => "silence",
            Self::Close => "close",
            Self::Reset => "reset",
            Self::Raw(_) => "raw",
            Self::LoseAnswer => "lose-answer",
            Self::CutAnswer => "cut-answer",
            Self::Delay(_) => "delay",
            Self::Drip(..) => "drip",
            Self::Oversize(_) => "oversize",
            Self::Gzip => "gzip",
            Self::HangUp => "hang-up",
            Self::Shape(_) => "shape",
            Self::TakeOnly(_) => "take-only",
            Self::MdfeShape(_) => "mdfe-shape",
            Self::Reject(_) => "rejeicao",
            Self::Contingency => "contingencia",
            Self::Invoicy(InvoicyCode::Envelope(_)) => "invoicy-envelope",
            Self::Invoicy(InvoicyCode::Document(_)) => "invoicy-documento",
            Self::Invoicy(InvoicyCode::Fault) => "soap-fault",
        }
    }
}

/// Which requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// All of them, of whichever service.
    #[default]
    Any,
    /// `mod=login`.
    Login,
    /// `mod=Upload`.
    Upload,
    /// `mod=Protocolo`, the consulta by POST.
    Consulta,
    /// The consulta by GET, which needs no session.
    PublicConsulta,
    /// `mod=Retrieve`, the listing.
    Retrieve,
    /// All to Webmania.
    Webmania,
    /// Webmania's emission of an MDF-e.
    Emissao,
    /// Webmania's query about an MDF-e.
    MdfeConsulta,
    /// Webmania's closing of an MDF-e.
    Encerrar,
    /// Webmania's cancellation of an MDF-e.
    Cancelar,
    /// Webmania's addition of a driver.
    Condutor,
    /// The XML or the DAMDFE.
    MdfeArquivo,
    /// All to InvoiCy.
    Invoicy,
    /// RPS sent to InvoiCy.
    NfseEnvia,
    /// A question to InvoiCy.
    NfseConsulta,
    /// A cancellation sent to InvoiCy.
    NfseCancela,
}

impl Target {
    fn matches(self, call: &Call) -> bool {
        let module = |name| call.path == averbeporto::CONN && call.post.text("mod") == name;
        match self {
            Self::Any => true,
            Self::Login => module("login"),
            Self::Upload => module("Upload"),
            Self::Consulta => module("Protocolo"),
            Self::PublicConsulta => call.path == averbeporto::PUBLIC_CONSULTA,
            Self::Retrieve => module("Retrieve"),
            Self::Webmania => webmania::is_at(&call.path),
            Self::Invoicy => invoicy::is_at(&call.path),
            Self::NfseEnvia | Self::NfseConsulta | Self::NfseCancela => {
                invoicy::is_at(&call.path) && self.document() == invoicy::kind(call)
            }
            _ => self.operation() == Operation::at(&call.path),
        }
    }

    /// The one call of Webmania's that it is, if it is one.
    fn operation(self) -> Option<Operation> {
        match self {
            Self::Emissao => Some(Operation::Emissao),
            Self::MdfeConsulta => Some(Operation::Consulta),
            Self::Encerrar => Some(Operation::Encerrar),
            Self::Cancelar => Some(Operation::Cancelar),
            Self::Condutor => Some(Operation::Condutor),
            Self::MdfeArquivo => Some(Operation::Arquivo),
            _ => None,
        }
    }

    /// The root of the document in a request to InvoiCy.
    fn document(self) -> &'static str {
        match self {
            Self::NfseEnvia => "Envio",
            Self::NfseConsulta => "Consulta",
            Self::NfseCancela => "EnvioEvento",
            _ => "",
        }
    }

    /// Whether there can be such a request to this service.
    fn is_of(self, service: Service) -> bool {
        match self {
            Self::Any => true,
            Self::Webmania => service == Service::Webmania,
            Self::Invoicy | Self::NfseEnvia | Self::NfseConsulta | Self::NfseCancela => service == Service::Invoicy,
            _ if service == Service::Invoicy => false,
            _ => self.operation().is_some() == (service == Service::Webmania),
        }
    }

    /// As far as the head tells, in which there is no `mod`: a form with a file is an upload, another without cookie a
    /// login, with one a consulta or a listing.
    fn may_match(self, head: &Parts) -> bool {
        let content_type = head.headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        let file = content_type.starts_with(b"multipart/");
        let cookie = head.headers.contains_key(header::COOKIE);
        let form = head.method == Method::POST && head.uri.path() == averbeporto::CONN;
        match self {
            Self::Any => true,
            Self::Login => form && !file && !cookie,
            Self::Upload => form && file,
            Self::Consulta | Self::Retrieve => form && !file && cookie,
            Self::PublicConsulta => head.uri.path() == averbeporto::PUBLIC_CONSULTA,
            Self::Webmania => webmania::is_at(head.uri.path()),
            // The head does not tell what InvoiCy is asked.
            Self::Invoicy | Self::NfseEnvia | Self::NfseConsulta | Self::NfseCancela => invoicy::is_at(head.uri.path()),
            _ => self.operation() == Operation::at(head.uri.path()),
        }
    }
}

/// When a request meets its fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moment {
    /// Its connection was accepted; nothing was read from it. Nobody knows yet what it will bring.
    Connect,
    /// Its head was read, its body was not.
    Head,
    /// Half of its body was read.
    Half,
    /// It was read to its end.
    #[default]
    End,
}

/// An effect with the requests that meet it: `Fault::new(Effect::Captcha).on(Target::Login).after(2).forever()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    effect: Effect,
    target: Target,
    moment: Moment,
    spared: u32,
    /// `None`: for ever.
    times: Option<u32>,
}

impl Fault {
    /// The effect on the next request, whichever it is.
    pub fn new(effect: Effect) -> Self {
        Self { effect, target: Target::Any, moment: Moment::End, spared: 0, times: Some(1) }
    }

    /// Only on these requests.
    ///
    /// # Panics
    ///
    /// If their service has no such thing as the effect.
    #[must_use]
    pub fn on(self, target: Target) -> Self {
        let fault = Self { target, ..self };
        assert!(fault.is_sensible(), "{}", senseless(&fault.effect));
        fault
    }

    /// Already at this moment; at [`Moment::Connect`] whatever the target is.
    ///
    /// # Panics
    ///
    /// If the effect needs more of the request than was read by then.
    #[must_use]
    pub fn at(self, moment: Moment) -> Self {
        assert!(self.effect.is_possible(moment), "{}", impossible(&self.effect));
        Self { moment, ..self }
    }

    /// Spares the next `spared` of these requests.
    #[must_use]
    pub fn after(self, spared: u32) -> Self {
        Self { spared, ..self }
    }

    /// So many times, one after the other.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Every time until the faults are cleared.
    #[must_use]
    pub fn forever(self) -> Self {
        Self { times: None, ..self }
    }

    /// Whether there can be a request that meets it.
    fn is_sensible(&self) -> bool {
        [Service::AverbePorto, Service::Webmania, Service::Invoicy].into_iter().any(|service| self.is_for(service))
    }

    /// Whether a request to this service can meet it.
    fn is_for(&self, service: Service) -> bool {
        self.target.is_of(service) && self.effect.is_known_to(service)
    }
}

/// The faults that are waiting, in the order in which they were asked for.
#[derive(Default)]
pub(crate) struct Queue(Vec<Fault>);

impl Queue {
    pub(crate) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The effect for a connection that was just accepted.
    pub(crate) fn at_connect(&mut self) -> Option<Effect> {
        self.take(|fault| fault.moment == Moment::Connect).map(|fault| fault.effect)
    }

    /// The effect for a request whose body is still to come, and whether half of the body is to be read before.
    pub(crate) fn at_head(&mut self, head: &Parts) -> Option<(Effect, Moment)> {
        let early = |fault: &Fault| matches!(fault.moment, Moment::Head | Moment::Half);
        let service = Service::at(head.uri.path());
        let is_meant = |fault: &Fault| early(fault) && fault.is_for(service) && fault.target.may_match(head);
        self.take(is_meant).map(|fault| (fault.effect, fault.moment))
    }

    /// The effect for a request that was read to its end.
    pub(crate) fn at_end(&mut self, call: &Call) -> Option<Effect> {
        let service = Service::at(&call.path);
        let at_end = |fault: &Fault| fault.moment == Moment::End;
        let is_meant = |fault: &Fault| at_end(fault) && fault.is_for(service) && fault.target.matches(call);
        self.take(is_meant).map(|fault| fault.effect)
    }

    /// The first fault that is meant and does not spare. A fault that is used up is forgotten.
    fn take(&mut self, is_meant: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let mut chosen = None;
        for (place, fault) in self.0.iter_mut().enumerate().filter(|(_, fault)| is_meant(fault)) {
            if fault.spared > 0 {
                fault.spared -= 1;
            } else if chosen.is_none() {
                chosen = Some(place);
                fault.times = fault.times.map(|times| times - 1);
            }
        }
        let fault = chosen.map(|place| self.0[place].clone());
        self.0.retain(|fault| fault.times != Some(0));
        fault
    }
}

fn senseless(effect: &Effect) -> String {
    format!("there is no '{}' with the service of these requests; --help tells which faults are whose", effect.name())
}

fn impossible(effect: &Effect) -> String {
    format!("'{}' needs more of the request than was read by then; --help tells what is possible when", effect.name())
}
