//! How faults are written on the command line.

use std::str::FromStr;
use std::time::Duration;

use super::{Effect, Fault, Moment, Target, impossible, senseless};
use crate::answer::Answer;
use crate::config::NotUnderstood;
use crate::invoicy::InvoicyCode;
use crate::webmania::Rejection;

/// The answer that [`Effect::Oversize`] gives when it is not told a size: above the 16 MB that a
/// client has to bear.
const OVERSIZE: usize = 17 << 20;

/// `TARGET[@MOMENT][*TIMES][+SPARED]:EFFECT[=VALUE]`, for example `upload:lose-answer`, `any*forever:delay=2s`,
/// `login*3+1:status=503 Retry-After: 2`, `upload@half:reset`.
impl FromStr for Fault {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (requests, effect) = text.split_once(':').ok_or_else(|| {
            NotUnderstood(format!(
                "'{text}' has no colon; write a fault as TARGET:EFFECT, for example upload:lose-answer"
            ))
        })?;
        let (requests, spared) = split_count(requests, '+')?;
        let (requests, times) = split_count(requests, '*')?;
        let (target, moment) = requests.split_once('@').unwrap_or((requests, "end"));
        let fault = Self {
            effect: effect.parse()?,
            target: target.parse()?,
            moment: moment.parse()?,
            spared: spared.flatten().unwrap_or(0),
            times: times.unwrap_or(Some(1)),
        };
        match fault.effect.is_possible(fault.moment) {
            true if fault.moment == Moment::Connect && fault.target != Target::Any => {
                Err(NotUnderstood("a connection may bring any request; write any@connect".to_owned()))
            }
            true if !fault.is_sensible() => Err(NotUnderstood(senseless(&fault.effect))),
            true => Ok(fault),
            false => Err(NotUnderstood(impossible(&fault.effect))),
        }
    }
}

impl FromStr for Moment {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "connect" => Ok(Self::Connect),
            "head" => Ok(Self::Head),
            "half" => Ok(Self::Half),
            "end" => Ok(Self::End),
            _ => Err(NotUnderstood(format!("there is no moment '{text}'; there are connect, head, half and end"))),
        }
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
            "webmania" => Ok(Self::Webmania),
            "emissao" => Ok(Self::Emissao),
            "mdfe-consulta" => Ok(Self::MdfeConsulta),
            "encerrar" => Ok(Self::Encerrar),
            "cancelar" => Ok(Self::Cancelar),
            "condutor" => Ok(Self::Condutor),
            "mdfe-arquivo" => Ok(Self::MdfeArquivo),
            "invoicy" => Ok(Self::Invoicy),
            "nfse-envia" => Ok(Self::NfseEnvia),
            "nfse-consulta" => Ok(Self::NfseConsulta),
            "nfse-cancela" => Ok(Self::NfseCancela),
            _ => Err(NotUnderstood(format!(
                "there are no requests '{text}'; a fault is for any, login, upload, consulta, public-consulta or \
                 retrieve, or with Webmania for webmania, emissao, mdfe-consulta, encerrar, cancelar, condutor or \
                 mdfe-arquivo, or with InvoiCy for invoicy, nfse-envia, nfse-consulta or nfse-cancela"
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
            "raw" => parse_raw(value),
            "lose-answer" => Ok(Self::LoseAnswer),
            "cut-answer" => Ok(Self::CutAnswer),
            "status" => parse_status(value),
            "redirect" => parse_redirect(value),
            "body" => parse_body(value),
            "delay" => parse_duration(value).map(Self::Delay),
            "drip" => parse_drip(value),
            "oversize" if value.is_empty() => Ok(Self::Oversize(OVERSIZE)),
            "oversize" => parse_number(value).map(Self::Oversize),
            "gzip" => Ok(Self::Gzip),
            "hang-up" => Ok(Self::HangUp),
            "shape" => value.parse().map(Self::Shape),
            "take-only" => parse_number(value).map(Self::TakeOnly),
            "mdfe-shape" => value.parse().map(Self::MdfeShape),
            "rejeicao" => parse_rejection(value),
            "contingencia" => Ok(Self::Contingency),
            "invoicy-envelope" => parse_number(value).map(InvoicyCode::Envelope).map(Self::Invoicy),
            "invoicy-documento" => parse_number(value).map(InvoicyCode::Document).map(Self::Invoicy),
            "soap-fault" => Ok(Self::Invoicy(InvoicyCode::Fault)),
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

/// `686`, or `686 Any text with {mdfe} in it`.
fn parse_rejection(value: &str) -> Result<Effect, NotUnderstood> {
    let (code, text) = value.split_once(' ').unwrap_or((value, ""));
    let code = parse_number(code)?;
    let rejection = match text {
        "" => Rejection::known(code),
        text => Some(Rejection::new(code, text)),
    };
    rejection.map(Effect::Reject).ok_or_else(|| {
        NotUnderstood(format!(
            "SEFAZ's text for {code} is not known here; write it behind the code: rejeicao={code} TEXT"
        ))
    })
}

/// `HTTP/1.1 200 OK\r\n\r\n`, with `\r`, `\n`, `\\` and `\xFF` for what cannot be typed.
fn parse_raw(value: &str) -> Result<Effect, NotUnderstood> {
    let mut parts = value.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    while let Some(part) = parts.next() {
        let (byte, rest) = match part.as_bytes().first() {
            Some(b'r') => (b'\r', &part[1..]),
            Some(b'n') => (b'\n', &part[1..]),
            Some(b'x') => (parse_hex(part.get(1..3).unwrap_or_default())?, &part[3..]),
            None => (b'\\', parts.next().unwrap_or_default()),
            Some(_) => return Err(NotUnderstood(format!("'\\{part}' is none of \\r, \\n, \\\\ and \\xFF"))),
        };
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Ok(Effect::raw(bytes))
}

fn parse_hex(digits: &str) -> Result<u8, NotUnderstood> {
    u8::from_str_radix(digits, 16).map_err(|_| NotUnderstood(format!("'\\x{digits}' is not a byte in two hex digits")))
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
