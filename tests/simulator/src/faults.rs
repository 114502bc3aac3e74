//! Faults on demand: which requests meet one, and what happens to them.

use std::str::FromStr;
use std::time::Duration;

use crate::answer::Answer;
use crate::averbeporto;
use crate::config::{NotUnderstood, Shape};
use crate::php::Call;

/// The answer that [`Effect::Oversize`] gives when it is not told a size: above the 16 MB that a
/// client has to bear.
const OVERSIZE: usize = 17 << 20;

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
    /// Served, and the answer is written in this shape.
    Shape(Shape),
    /// Served, but of an upload only the first so many documents are taken; the others, whatever they are, are
    /// ignored in silence: neither stored nor counted. Other requests are served as always.
    TakeOnly(usize),
}

impl Effect {
    /// An HTTP status with a page that says no more.
    pub fn status(status: u16) -> Self {
        Self::Answer(Answer::page(status))
    }

    /// HTTP 200 with any body.
    pub fn body(content_type: &str, body: impl Into<bytes::Bytes>) -> Self {
        Self::Answer(Answer::new(200, content_type, body))
    }

    /// A redirect.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::Answer(Answer::redirect(status, location))
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
            Self::LoseAnswer => "lose-answer",
            Self::CutAnswer => "cut-answer",
            Self::Delay(_) => "delay",
            Self::Drip(..) => "drip",
            Self::Oversize(_) => "oversize",
            Self::Shape(_) => "shape",
            Self::TakeOnly(_) => "take-only",
        }
    }
}

/// Which requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// All of them.
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
        }
    }
}

/// An effect with the requests that meet it: `Fault::new(Effect::Captcha).on(Target::Login).after(2).forever()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    effect: Effect,
    target: Target,
    spared: u32,
    /// `None`: for ever.
    times: Option<u32>,
}

impl Fault {
    /// The effect on the next request, whichever it is.
    pub fn new(effect: Effect) -> Self {
        Self { effect, target: Target::Any, spared: 0, times: Some(1) }
    }

    /// Only on these requests.
    #[must_use]
    pub fn on(self, target: Target) -> Self {
        Self { target, ..self }
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

    /// The effect for this request: that of the first fault that is meant for it and does not spare it.
    /// A fault that is used up is forgotten.
    pub(crate) fn take(&mut self, call: &Call) -> Option<Effect> {
        let mut chosen = None;
        for (place, fault) in self.0.iter_mut().enumerate().filter(|(_, fault)| fault.target.matches(call)) {
            if fault.spared > 0 {
                fault.spared -= 1;
            } else if chosen.is_none() {
                chosen = Some(place);
                fault.times = fault.times.map(|times| times - 1);
            }
        }
        let effect = chosen.map(|place| self.0[place].effect.clone());
        self.0.retain(|fault| fault.times != Some(0));
        effect
    }
}

/// `TARGET[*TIMES][+SPARED]:EFFECT[=VALUE]`, for example `upload:lose-answer`, `any*forever:delay=2s`,
/// `login*3+1:status=503 Retry-After: 2`.
impl FromStr for Fault {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (requests, effect) = text.split_once(':').ok_or_else(|| {
            NotUnderstood(format!(
                "'{text}' has no colon; write a fault as TARGET:EFFECT, for example upload:lose-answer"
            ))
        })?;
        let (requests, spared) = split_count(requests, '+')?;
        let (target, times) = split_count(requests, '*')?;
        Ok(Self {
            effect: effect.parse()?,
            target: target.parse()?,
            spared: spared.flatten().unwrap_or(0),
            times: times.unwrap_or(Some(1)),
        })
    }
}

impl FromStr for Target {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "any" => Ok(Self::Any),
            "login" => Ok(Self::Login),
            "upload" => Ok(Self::Upload),
            "consulta" => Ok(Self::Consulta),
            "public-consulta" => Ok(Self::PublicConsulta),
            "retrieve" => Ok(Self::Retrieve),
            _ => Err(NotUnderstood(format!(
                "there are no requests '{text}'; a fault is for any, login, upload, consulta, public-consulta or retrieve"
            ))),
        }
    }
}

impl FromStr for Effect {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        match name {
            "logout" => Ok(Self::Logout),
            "captcha" => Ok(Self::Captcha),
            "blocked" => Ok(Self::Blocked),
            "silence" => Ok(Self::Silence),
            "close" => Ok(Self::Close),
            "reset" => Ok(Self::Reset),
            "lose-answer" => Ok(Self::LoseAnswer),
            "cut-answer" => Ok(Self::CutAnswer),
            "status" => parse_status(value),
            "redirect" => parse_redirect(value),
            "body" => parse_body(value),
            "delay" => parse_duration(value).map(Self::Delay),
            "drip" => parse_drip(value),
            "oversize" if value.is_empty() => Ok(Self::Oversize(OVERSIZE)),
            "oversize" => parse_number(value).map(Self::Oversize),
            "shape" => value.parse().map(Self::Shape),
            "take-only" => parse_number(value).map(Self::TakeOnly),
            _ => Err(NotUnderstood(format!("there is no fault '{name}'; --help lists them"))),
        }
    }
}

/// `upload*2` at `*`: `upload` and 2. The count `forever` is `Some(None)`.
fn split_count(text: &str, mark: char) -> Result<(&str, Option<Option<u32>>), NotUnderstood> {
    match text.split_once(mark) {
        None => Ok((text, None)),
        Some((rest, "forever")) if mark == '*' => Ok((rest, Some(None))),
        Some((rest, count)) => parse_number(count).map(|count| (rest, Some(Some(count)))),
    }
}

fn parse_number<N: FromStr>(text: &str) -> Result<N, NotUnderstood> {
    text.parse().map_err(|_| NotUnderstood(format!("'{text}' is not a number that fits here")))
}

/// `503` or `503 Retry-After: 2`.
fn parse_status(value: &str) -> Result<Effect, NotUnderstood> {
    let (status, header) = value.split_once(' ').unwrap_or((value, ""));
    let answer = Answer::page(parse_http_status(status)?);
    match header.split_once(':') {
        None => Ok(Effect::Answer(answer)),
        Some((name, value)) => Ok(Effect::Answer(answer.header(name.trim(), value.trim()))),
    }
}

/// `302 https://example.invalid/`.
fn parse_redirect(value: &str) -> Result<Effect, NotUnderstood> {
    match value.split_once(' ') {
        Some((status, location)) => Ok(Effect::redirect(parse_http_status(status)?, location)),
        None => Err(NotUnderstood("write a redirect as redirect=STATUS URL".to_owned())),
    }
}

/// `text/html <h1>Wrong</h1>`.
fn parse_body(value: &str) -> Result<Effect, NotUnderstood> {
    match value.split_once(' ') {
        Some((content_type, body)) => Ok(Effect::body(content_type, body.to_owned())),
        None => Err(NotUnderstood("write a body as body=CONTENT-TYPE TEXT".to_owned())),
    }
}

/// `1 500ms`: one byte every half second.
fn parse_drip(value: &str) -> Result<Effect, NotUnderstood> {
    let (bytes, pause) = value.split_once(' ').unwrap_or(("1", value));
    Ok(Effect::Drip(parse_number(bytes)?, parse_duration(pause)?))
}

fn parse_http_status(text: &str) -> Result<u16, NotUnderstood> {
    let status = parse_number(text)?;
    match (200..600).contains(&status) {
        true => Ok(status),
        false => Err(NotUnderstood(format!("{status} is not the status of an answer; they go from 200 to 599"))),
    }
}

/// `300ms` or `2s`.
fn parse_duration(text: &str) -> Result<Duration, NotUnderstood> {
    if let Some(milliseconds) = text.strip_suffix("ms") {
        return parse_number(milliseconds).map(Duration::from_millis);
    }
    match text.strip_suffix('s') {
        Some(seconds) => parse_number(seconds).map(Duration::from_secs),
        None => Err(NotUnderstood(format!("'{text}' is not a time; write 300ms or 2s"))),
    }
}
