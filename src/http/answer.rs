//! An answer: how it begins, what it says.

use std::borrow::Cow;
use std::io::Read;
use std::time::SystemTime;

use flate2::read::GzDecoder;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, DATE, HeaderMap, HeaderName, RETRY_AFTER, SET_COOKIE};

use super::failure::Failure;
use super::request::Request;
use crate::contract::Secret;
use crate::redact::excerpt;
use crate::windows_1252;

/// Larger answers are refused (4004): the service's are a few kilobytes.
const MAX_ANSWER_BYTES: u64 = 16 * 1024 * 1024;
/// An answer: of HTTP status 2xx, or of another in the service's own words.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, unpacked.
    pub body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    /// The body as text: UTF-8, with or without a byte order mark; else what an old PHP would have meant, windows-1252.
    pub fn text(&self) -> Cow<'_, str> {
        decode(&self.body)
    }

    /// The value of the last `Set-Cookie` with this name.
    pub fn cookie(&self, name: &str) -> Option<Secret> {
        let cookies = self.headers.get_all(SET_COOKIE).iter().filter_map(|header| header.to_str().ok());
        let mut values = cookies.filter_map(|cookie| {
            let (found, value) = cookie.split(';').next()?.split_once('=')?;
            (found.trim() == name).then(|| value.trim().to_owned())
        });
        values.next_back().map(Secret::from)
    }
}

/// How an answer began, whatever came of it and whoever gave it: a proxy can have.
pub struct Head {
    /// The HTTP status.
    pub status: u16,
    /// The header `Date`.
    pub date: Option<String>,
    /// When it came.
    pub heard: SystemTime,
}

impl Head {
    pub(super) fn of(response: &Response) -> Self {
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        Self { status: response.status().as_u16(), date: date.map(str::to_owned), heard: SystemTime::now() }
    }
}
pub(super) async fn read_answer(mut response: Response, request: &Request<'_>) -> Result<Answer, Failure> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = read_body(&mut response).await.and_then(|body| unpacked(body, &headers));
    if status.is_success() || body.as_ref().is_ok_and(|body| (request.own_words)(body)) {
        return Ok(Answer { status: status.as_u16(), body: body?, headers });
    }
    // The status says enough, whatever became of the page that comes with it.
    let page = excerpt(&decode(&body.unwrap_or_default()), request.secrets);
    let wait = text(&headers, RETRY_AFTER).map(|wait| excerpt(wait, request.secrets));
    Err(Failure::from_status(status, wait.as_deref(), &page))
}

async fn read_body(response: &mut Response) -> Result<Vec<u8>, Failure> {
    if response.content_length().is_some_and(|length| length > MAX_ANSWER_BYTES) {
        return Err(Failure::too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Failure::from_reqwest)? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > MAX_ANSWER_BYTES {
            return Err(Failure::too_large());
        }
    }
    Ok(body)
}

/// Nobody asks for a compressed body, but what is between us and the service may send one all the same.
fn unpacked(body: Vec<u8>, headers: &HeaderMap) -> Result<Vec<u8>, Failure> {
    match text(headers, CONTENT_ENCODING).map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "identity") => Ok(body),
        Some("gzip" | "x-gzip") => {
            let mut plain = Vec::new();
            match GzDecoder::new(&body[..]).take(MAX_ANSWER_BYTES + 1).read_to_end(&mut plain) {
                Ok(bytes) if bytes as u64 > MAX_ANSWER_BYTES => Err(Failure::too_large()),
                Ok(_) => Ok(plain),
                Err(error) => Err(Failure::not_understood(&format!("gzip: {error}"))),
            }
        }
        Some(other) => Err(Failure::not_understood(&format!("Content-Encoding: {}", excerpt(other, &[])))),
    }
}

/// The value of a header, if it is there and text.
pub(super) fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn decode(body: &[u8]) -> Cow<'_, str> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(windows_1252::decode(body)),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn answers_are_read_in_utf8_or_windows_1252() {
        assert_eq!(decode("\u{FEFF}{\"a\":\"ção\"}".as_bytes()), "{\"a\":\"ção\"}");
        assert_eq!(decode(b"senha inv\xE1lida"), "senha inválida");
    }
}
