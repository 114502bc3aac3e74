//! Why there is no answer, and what that means for the request.

use std::error::Error;
use std::io;

use reqwest::StatusCode;

use super::request::{Effect, Request};
use crate::contract::{Code, ErrorEntry};

/// Why there is no answer.
pub(super) struct Failure {
    pub(super) code: Code,
    detail: String,
    /// Whether the service may have acted on the request all the same.
    pub(super) arrived: bool,
    /// Whether trying again can help, where it is not as the catalogue says.
    repeat: Option<bool>,
    /// What to do next, where it is not as the catalogue says (Portuguese).
    advice: Option<String>,
}

impl Failure {
    /// The service did not get the request, or told that it did nothing.
    pub(super) fn before(code: Code, detail: &str) -> Self {
        Self { code, detail: detail.to_owned(), arrived: false, repeat: None, advice: None }
    }

    /// The service may have got the request.
    pub(super) fn after(code: Code, detail: &str) -> Self {
        Self { arrived: true, ..Self::before(code, detail) }
    }

    pub(super) fn too_large() -> Self {
        Self::after(Code::AnswerTooLarge, "more than 16 MB")
    }

    pub(super) fn not_understood(detail: &str) -> Self {
        Self { repeat: Some(true), ..Self::after(Code::NotUnderstood, detail) }
    }

    /// `wait`: the answer's Retry-After; `page`: what a person would read of its body.
    pub(super) fn from_status(status: StatusCode, wait: Option<&str>, page: &str) -> Self {
        let wait_told = wait.map_or_else(String::new, |wait| format!(", Retry-After: {wait}"));
        let detail = format!("HTTP {status}{wait_told}: {page}");
        // A date in its place is left to who reads the detail.
        let seconds = wait.and_then(|wait| wait.parse().ok()).filter(|seconds| (1..=86_400).contains(seconds));
        let advice = seconds.map(|seconds: u32| format!("Aguarde {seconds} s e repita."));
        let again = |failure| Self { repeat: Some(true), advice, ..failure };
        match status {
            StatusCode::FORBIDDEN => Self::before(Code::Blocked, &detail),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => Self::before(Code::Proxy, &detail),
            StatusCode::TOO_MANY_REQUESTS => again(Self::before(Code::TooMany, &detail)),
            // Somebody has waited in vain: the server for the request, or what is before it for the server.
            StatusCode::REQUEST_TIMEOUT => again(Self::after(Code::HttpStatus, &detail)),
            _ if status.is_server_error() => again(Self::after(Code::HttpStatus, &detail)),
            _ => Self { advice: Some(refusal_advice(status)), ..Self::before(Code::HttpStatus, &detail) },
        }
    }

    pub(super) fn from_reqwest(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let detail = chain(&error);
        let http = find::<hyper::Error>(&error);
        if detail.contains("tunnel error") {
            // hyper-util keeps the type of this error to itself.
            Self::before(Code::Proxy, &detail)
        } else if error.is_dns() {
            Self::before(Code::Dns, &detail)
        } else if let Some(tls) = find::<rustls::Error>(&error).filter(|_| error.is_connect()) {
            Self::before(Code::Tls, &tls.to_string())
        } else if error.is_timeout() {
            Self { arrived: !error.is_connect(), ..Self::before(Code::Timeout, &detail) }
        } else if error.is_connect() {
            Self::before(Code::Connect, &detail)
        } else if http.is_some_and(hyper::Error::is_canceled) {
            // The connection was gone before anything of the request was written to it.
            Self::before(Code::BrokenOff, &detail)
        } else if http.is_some_and(hyper::Error::is_parse) {
            Self::not_understood(&detail)
        } else {
            Self::after(Code::BrokenOff, &detail)
        }
    }

    pub(super) fn entry(&self, request: &Request) -> ErrorEntry {
        let entry = match &self.advice {
            _ if self.arrived && request.effect == Effect::Changes => match request.doubt {
                Some(advice) => ErrorEntry::uncertain(self.code).msg(self.code.msg_advising(advice)),
                None => ErrorEntry::uncertain(self.code),
            },
            Some(advice) => ErrorEntry::new(self.code).msg(self.code.msg_advising(advice)),
            None => ErrorEntry::new(self.code),
        };
        let entry = match self.repeat {
            Some(repeat) if !entry.is_uncertain() => entry.repeat(repeat),
            _ => entry,
        };
        entry.detail(self.detail.clone())
    }
}

/// What to do when the service refuses the request as it is.
fn refusal_advice(status: StatusCode) -> String {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => "O arquivo é grande demais para ele: envie os documentos em arquivos menores.",
        _ => "Confira o endereço do serviço na configuração; se estiver certo, avise o suporte.",
    }
    .to_owned()
}

/// The error and all that caused it, in one line.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The error of this kind among the causes. An `io::Error` hides what it wraps from `source`.
pub fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let inside = wrapped.and_then(|inner| find(inner));
    error.downcast_ref().or(inside).or_else(|| find(error.source()?))
}
