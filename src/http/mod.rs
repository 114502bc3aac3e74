//! The one HTTP client: TLS roots, proxy, timeouts, limits, redirects, retries.
//!
//! The asynchronous reqwest client is driven by the thread that calls: there is none of our own, and none to wait for. (A name
//! is looked up, and a file read, on threads that end by themselves a few seconds later.) Calls at the same time have a client
//! each, so that none drives what another waits for. Between calls nothing is done; what has come meanwhile, like the end of a
//! connection, is taken note of when the next call begins. reqwest's own blocking façade would be shorter, but it hands every
//! request over to a thread and back, and loses the error of a connection while it feeds a streamed body ("receiver is gone"):
//! then nobody could tell "refused, nothing sent" from "broken off, perhaps received".

mod answer;
mod failure;
mod request;

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::LOCATION;
use reqwest::{Client, Method, Proxy, Response, StatusCode, Url, redirect};
use rustls::crypto::{CryptoProvider, KeyProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::{self, Runtime};

use crate::contract::{Code, ErrorEntry, bad_field};
use crate::logging::{Entry, Log};
use crate::settings::{Level, Settings, is_pem_text};
use answer::{read_answer, text};
use failure::Failure;
use request::build;

pub use answer::{Answer, Head};
pub use failure::find;
pub use request::{Credential, Effect, Payload, Request};

/// The name of the threads that are started for names and files.
pub const THREAD_NAME: &str = "averbador";

/// Redirects followed in one request, all on the same host.
const MAX_REDIRECTS: usize = 5;

/// The client. What it starts ends when it is dropped.
pub struct Http {
    settings: Settings,
    log: Arc<Log>,
    ca: Vec<CertificateDer<'static>>,
    /// Made with the first request: to read the system's certificates takes its time.
    tls: Mutex<Option<Tls>>,
    /// Those that no call is on. The last that came back is the next to be taken, so who calls again meets its connection.
    free: Mutex<Vec<Lane>>,
}

/// TLS as the client speaks it, and whom it trusts.
pub type Tls = (ClientConfig, Arc<RootCertStore>);

/// What one call at a time uses: a client with its connections, and what drives them.
struct Lane {
    // Dropped in this order: the client's connections before what drives them.
    client: Client,
    runtime: Runtime,
}

impl Lane {
    /// Does `work`, to its end if that comes within `limit`. (Behind a pointer: the runtime's own code, once for each kind
    /// of work, would make the library larger.)
    fn work(&self, limit: Duration, work: Pin<&mut dyn Future<Output = ()>>) {
        // Whether it came to its end shows in what it leaves behind.
        let _ = self.runtime.block_on(async {
            catch_up().await;
            tokio::time::timeout(limit, work).await
        });
    }
}

/// Has the connections take note of what has come since the last call, so that one which the service has closed meanwhile is
/// not used, and one whose answer was read is. With the first turn the system is asked, with the second they look, and with the
/// third they are done.
async fn catch_up() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

impl Http {
    /// A client for `settings`. 1008 if `ca_pem` cannot be read.
    pub fn new(settings: Settings, log: Arc<Log>) -> Result<Self, ErrorEntry> {
        let ca = settings.ca_pem.as_deref().map(read_ca).transpose()?.unwrap_or_default();
        Ok(Self { settings, log, ca, tls: Mutex::default(), free: Mutex::default() })
    }

    /// Sends `request` and reads its answer. Blocks at most for its own time or the settings' `timeout_s`, twice that where
    /// a safe request is repeated once because its connection broke.
    pub fn send(&self, request: &Request) -> Result<Answer, ErrorEntry> {
        self.send_noting(request, &mut None)
    }

    /// As `send`; `head` becomes how the last answer began, if one did.
    pub fn send_noting(&self, request: &Request, head: &mut Option<Head>) -> Result<Answer, ErrorEntry> {
        let answer = self.on_lane(|lane| match self.send_once(lane, request, head) {
            // A kept-alive connection that the server closed meanwhile shows itself only when it is used.
            Err(failure)
                if failure.code == Code::BrokenOff && (request.effect == Effect::Reads || !failure.arrived) =>
            {
                self.send_once(lane, request, head)
            }
            answer => answer,
        })?;
        answer.map_err(|failure| failure.entry(request))
    }

    fn send_once(&self, lane: &Lane, request: &Request, head: &mut Option<Head>) -> Result<Answer, Failure> {
        let start = Instant::now();
        let limit = request.limit.unwrap_or_else(|| self.settings.timeout());
        let mut answer = Err(Failure::after(Code::Timeout, "the time for the whole request is over"));
        let exchange = async { answer = exchange(&lane.client, request, head).await };
        lane.work(limit, pin!(exchange));
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

    /// Does `work`, which connects by itself, at most for the settings' `timeout_conexao_s`: then 3004.
    pub fn connecting<T>(&self, work: impl Future<Output = Result<T, ErrorEntry>>) -> Result<T, ErrorEntry> {
        let mut done = Err(ErrorEntry::new(Code::Timeout));
        self.on_lane(|lane| lane.work(self.settings.connect_timeout(), pin!(async { done = work.await })))?;
        done
    }

    /// TLS as the client speaks it, and whom it trusts: the bundled roots of webpki, the system's store and `ca_pem`. (An old
    /// Windows has stale roots, a company proxy has its own.)
    pub fn tls(&self) -> Result<Tls, String> {
        let mut made = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tls) = &*made {
            return Ok(tls.clone());
        }
        Ok(made.insert(self.make_tls()?).clone())
    }

    fn make_tls(&self) -> Result<Tls, String> {
        let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates(self.ca.iter().cloned());
        let roots = Arc::new(roots);
        let provider = Arc::new(CryptoProvider { key_provider: &NoKeys, ..ring::default_provider() });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("no TLS: {error}"))?
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        Ok((config, roots))
    }

    /// Does `work` on a lane that no other call is on. One on which it panics is not used again.
    fn on_lane<T>(&self, work: impl FnOnce(&Lane) -> T) -> Result<T, ErrorEntry> {
        let free = self.free().pop();
        let lane = match free {
            Some(lane) => lane,
            None => self.new_lane().map_err(|what| ErrorEntry::new(Code::Bug).detail(what))?,
        };
        let done = work(&lane);
        self.free().push(lane);
        Ok(done)
    }

    fn free(&self) -> MutexGuard<'_, Vec<Lane>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_lane(&self) -> Result<Lane, String> {
        let runtime = runtime::Builder::new_current_thread().thread_name(THREAD_NAME).enable_all().build();
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
        Ok(Lane { client, runtime })
    }
}

/// No client certificate is ever shown. What signs with one (all of RSA's private side) would come along.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("no client certificates".to_owned()))
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
