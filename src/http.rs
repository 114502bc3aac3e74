//! The one HTTP client: TLS roots, proxy, timeouts, limits, redirects, retries.
//!
//! The asynchronous reqwest client runs on a runtime of one thread, and every call blocks on it. reqwest's own blocking
//! façade would be shorter, but it loses the error of a connection while it feeds a streamed body ("receiver is gone"):
//! then nobody could tell "refused, nothing sent" from "broken off, perhaps received".

use std::borrow::Cow;
use std::error::Error;
use std::fs;
use std::io::{self, Read, Seek};
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use flate2::read::GzDecoder;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, COOKIE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    SET_COOKIE,
};
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client, Method, Proxy, RequestBuilder, Response, StatusCode, Url, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{self, Runtime};
use tokio_util::io::ReaderStream;
use zeroize::Zeroizing;

use crate::contract::{Code, ErrorEntry, Secret, bad_field};
use crate::document::{Content, Document};
use crate::logging::{Entry, Log};
use crate::redact::excerpt;
use crate::settings::{Level, Settings, is_pem_text};

/// Larger answers are refused (4004): the service's are a few kilobytes.
const MAX_ANSWER_BYTES: u64 = 16 * 1024 * 1024;

/// The name of the client's own thread.
pub const THREAD_NAME: &str = "averbador";

/// Redirects followed in one request, all on the same host.
const MAX_REDIRECTS: usize = 5;

/// How much of a file is read at once.
const READ_BYTES: usize = 64 * 1024;

/// One request.
pub struct Request<'a> {
    url: &'a Url,
    payload: Payload<'a>,
    effect: Effect,
    headers: &'a [(HeaderName, &'a str)],
    credential: Credential,
    secrets: &'a [&'a Secret],
    limit: Option<Duration>,
    doubt: Option<&'static str>,
    own_words: fn(&[u8]) -> bool,
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
    fn method(&self) -> Method {
        match self {
            Self::Query(_) => Method::GET,
            Self::Form(_) | Self::Multipart(..) => Method::POST,
            Self::Body(method, _) => method.clone(),
        }
    }

    /// The bytes of its values, for the log.
    fn bytes(&self) -> u64 {
        let values =
            |fields: &[(&str, &str)]| fields.iter().map(|(name, value)| (name.len() + value.len()) as u64).sum();
        match self {
            Self::Query(fields) | Self::Form(fields) => values(fields),
            Self::Multipart(fields, document) => values(fields) + document.content.bytes(),
            Self::Body(_, bytes) => bytes.len() as u64,
        }
    }
}

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
    fn of(response: &Response) -> Self {
        let date = response.headers().get(DATE).and_then(|date| date.to_str().ok());
        Self { status: response.status().as_u16(), date: date.map(str::to_owned), heard: SystemTime::now() }
    }
}

/// The client. It starts its thread with the first request, and ends it when dropped.
pub struct Http {
    settings: Settings,
    log: Arc<Log>,
    ca: Vec<CertificateDer<'static>>,
    started: Mutex<Option<Arc<Started>>>,
}

struct Started {
    // Dropped in this order: the client's connections before the thread that drives them.
    client: Client,
    runtime: Runtime,
}

impl Started {
    /// Does `work`, to its end if that comes within `limit`. (Behind a pointer: the runtime's own code, once for each kind
    /// of work, would make the library larger.)
    fn work(&self, limit: Duration, work: Pin<&mut dyn Future<Output = ()>>) {
        // Whether it came to its end shows in what it leaves behind.
        let _ = self.runtime.block_on(async { tokio::time::timeout(limit, work).await });
    }
}

impl Http {
    /// A client for `settings`. 1008 if `ca_pem` cannot be read.
    pub fn new(settings: Settings, log: Arc<Log>) -> Result<Self, ErrorEntry> {
        let ca = settings.ca_pem.as_deref().map(read_ca).transpose()?.unwrap_or_default();
        Ok(Self { settings, log, ca, started: Mutex::new(None) })
    }

    /// Sends `request` and reads its answer. Blocks at most for its own time or the settings' `timeout_s`, twice that where
    /// a safe request is repeated once because its connection broke.
    pub fn send(&self, request: &Request) -> Result<Answer, ErrorEntry> {
        self.send_noting(request, &mut None)
    }

    /// As `send`; `head` becomes how the last answer began, if one did.
    pub fn send_noting(&self, request: &Request, head: &mut Option<Head>) -> Result<Answer, ErrorEntry> {
        let started = self.started()?;
        match self.send_once(&started, request, head) {
            // A kept-alive connection that the server closed meanwhile shows itself only when it is used.
            Err(failure)
                if failure.code == Code::BrokenOff && (request.effect == Effect::Reads || !failure.arrived) =>
            {
                self.send_once(&started, request, head)
            }
            answer => answer,
        }
        .map_err(|failure| failure.entry(request))
    }

    fn send_once(&self, started: &Started, request: &Request, head: &mut Option<Head>) -> Result<Answer, Failure> {
        let start = Instant::now();
        let limit = request.limit.unwrap_or_else(|| self.settings.timeout());
        let mut answer = Err(Failure::after(Code::Timeout, "the time for the whole request is over"));
        let exchange = async { answer = exchange(&started.client, request, head).await };
        started.work(limit, pin!(exchange));
        if self.log.wants(Level::Detalhe) {
            self.log.write(&Entry::Requisicao {
                metodo: request.payload.method().as_str(),
                url: request.url.as_str(),
                enviados: request.payload.bytes(),
                recebidos: answer.as_ref().map_or(0, |answer| answer.body.len()),
                erro: answer.as_ref().err().map(|failure| failure.entry(request)).as_ref(),
                ms: start.elapsed().as_millis(),
            });
        }
        answer
    }

    /// Does `work` with the client's thread at hand, at most for the settings' `timeout_conexao_s`: then 3004.
    pub fn connecting<T>(&self, work: impl Future<Output = Result<T, ErrorEntry>>) -> Result<T, ErrorEntry> {
        let mut done = Err(ErrorEntry::new(Code::Timeout));
        self.started()?.work(self.settings.connect_timeout(), pin!(async { done = work.await }));
        done
    }

    /// TLS as the client speaks it, and whom it trusts: the bundled roots of webpki, the system's store and `ca_pem`. (An old
    /// Windows has stale roots, a company proxy has its own.)
    pub fn tls(&self) -> Result<(ClientConfig, Arc<RootCertStore>), String> {
        let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.ca.iter().cloned());
        let roots = Arc::new(roots);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("no TLS: {error}"))?
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        Ok((config, roots))
    }

    fn started(&self) -> Result<Arc<Started>, ErrorEntry> {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(started) = &*started {
            return Ok(started.clone());
        }
        let new = Arc::new(self.start().map_err(|what| ErrorEntry::new(Code::Bug).detail(what))?);
        Ok(started.insert(new).clone())
    }

    fn start(&self) -> Result<Started, String> {
        let mut runtime = runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).thread_name(THREAD_NAME).enable_all().build();
        let runtime = runtime.map_err(|error| format!("runtime not started: {error}"))?;
        let settings = &self.settings;
        let client = Client::builder()
            .user_agent(&settings.user_agent)
            .connect_timeout(settings.connect_timeout())
            .redirect(redirect::Policy::none())
            .tls_backend_preconfigured(self.tls()?.0);
        let client = match settings.proxy.expose() {
            "sistema" => client,
            "nenhum" => client.no_proxy(),
            url => client.proxy(Proxy::all(url).map_err(|_| "proxy setting not understood".to_owned())?),
        };
        let client = client.build().map_err(|error| format!("client not started: {}", error.without_url()))?;
        Ok(Started { client, runtime })
    }
}

fn read_ca(setting: &str) -> Result<Vec<CertificateDer<'static>>, ErrorEntry> {
    let bad = |what: &str| bad_field(Code::BadSetting, "ca_pem", what);
    let pem = if is_pem_text(setting) {
        Cow::Borrowed(setting.as_bytes())
    } else {
        let unreadable = |error: io::Error| bad("não pôde ser lido").detail(format!("{setting}: {error}"));
        Cow::Owned(fs::read(Path::new(setting)).map_err(unreadable)?)
    };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let mut roots = RootCertStore::empty();
    match certificates {
        Ok(found) if roots.add_parsable_certificates(found.iter().cloned()).0 > 0 => Ok(found),
        _ => Err(bad("não contém um certificado em formato PEM")),
    }
}

/// Sends, following redirects on the same host, and reads the answer.
async fn exchange(client: &Client, request: &Request<'_>, head: &mut Option<Head>) -> Result<Answer, Failure> {
    let mut url = request.url.clone();
    for _ in 0..=MAX_REDIRECTS {
        let response = build(client, &url, request).await?.send().await.map_err(Failure::from_reqwest)?;
        *head = Some(Head::of(&response));
        match redirected(&response, request)? {
            Some(next) => url = next,
            None => return read_answer(response, request).await,
        }
    }
    Err(Failure::before(Code::Redirect, "too many redirects"))
}

async fn build(client: &Client, url: &Url, request: &Request<'_>) -> Result<RequestBuilder, Failure> {
    let builder = match request.payload {
        Payload::Query(parameters) => {
            let mut url = url.clone();
            url.query_pairs_mut().extend_pairs(parameters);
            client.get(url)
        }
        Payload::Form(fields) => client.post(url.clone()).form(fields),
        Payload::Multipart(fields, document) => client.post(url.clone()).multipart(multipart(fields, document).await?),
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

async fn multipart(fields: &[(&str, &str)], document: &Document) -> Result<Form, Failure> {
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

/// Where a redirect leads. `Err` (4005) if it leaves the host or would turn a POST into a GET, losing what it sends.
fn redirected(response: &Response, request: &Request) -> Result<Option<Url>, Failure> {
    let status = response.status();
    if !status.is_redirection() {
        return Ok(None);
    }
    let Some(next) = text(response.headers(), LOCATION).and_then(|location| response.url().join(location).ok()) else {
        return Err(Failure::before(Code::Redirect, &format!("HTTP {status} without a usable Location")));
    };
    let keeps_method = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let is_get = request.payload.method() == Method::GET;
    if next.origin() == request.url.origin() && (is_get || keeps_method) {
        return Ok(Some(next));
    }
    let host = next.host_str().unwrap_or("?");
    Err(Failure::before(Code::Redirect, &format!("HTTP {status} to {}://{host}", next.scheme())))
}

async fn read_answer(mut response: Response, request: &Request<'_>) -> Result<Answer, Failure> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = read_body(&mut response).await.and_then(|body| unpacked(body, &headers));
    settle().await;
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
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Lets the connection go back to the pool. That is done by tasks of the client's thread which run beside us: the caller's
/// next request could come sooner, and open a second connection.
async fn settle() {
    let turns = tokio::spawn(async {
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    });
    // Nothing depends on it.
    let _ = turns.await;
}

fn decode(body: &[u8]) -> Cow<'_, str> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(body).0,
    }
}

/// Why there is no answer.
struct Failure {
    code: Code,
    detail: String,
    /// Whether the service may have acted on the request all the same.
    arrived: bool,
    /// Whether trying again can help, where it is not as the catalogue says.
    repeat: Option<bool>,
    /// What to do next, where it is not as the catalogue says (Portuguese).
    advice: Option<String>,
}

impl Failure {
    /// The service did not get the request, or told that it did nothing.
    fn before(code: Code, detail: &str) -> Self {
        Self { code, detail: detail.to_owned(), arrived: false, repeat: None, advice: None }
    }

    /// The service may have got the request.
    fn after(code: Code, detail: &str) -> Self {
        Self { arrived: true, ..Self::before(code, detail) }
    }

    fn too_large() -> Self {
        Self::after(Code::AnswerTooLarge, "more than 16 MB")
    }

    fn not_understood(detail: &str) -> Self {
        Self { repeat: Some(true), ..Self::after(Code::NotUnderstood, detail) }
    }

    /// `wait`: the answer's Retry-After; `page`: what a person would read of its body.
    fn from_status(status: StatusCode, wait: Option<&str>, page: &str) -> Self {
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

    fn from_reqwest(error: reqwest::Error) -> Self {
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

    fn entry(&self, request: &Request) -> ErrorEntry {
        let entry = match &self.advice {
            _ if self.arrived && request.effect == Effect::Changes => {
                let entry = ErrorEntry::uncertain(self.code);
                match request.doubt {
                    Some(advice) => entry.msg(self.code.msg_advising(advice)),
                    None => entry,
                }
            }
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

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn answers_are_read_in_utf8_or_windows_1252() {
        assert_eq!(decode("\u{FEFF}{\"a\":\"ção\"}".as_bytes()), "{\"a\":\"ção\"}");
        assert_eq!(decode(b"senha inv\xE1lida"), "senha inválida");
    }
}
