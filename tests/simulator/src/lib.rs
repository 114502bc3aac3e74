//! AverbePorto, Webmania's API for MDF-e and InvoiCy on loopback: as strict as the services, and as wrong as they are told to be.
//!
//! ```
//! use simulator::{Config, Effect, Fault, Simulator, Target};
//!
//! let simulator = Simulator::start(Config::default())?;
//! simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
//! let url = format!("{}/php/conn.php", simulator.https_url());
//! // … let the client work against `url`, trusting `simulator.ca_pem()` …
//! assert_eq!(simulator.requests().len(), 0);
//! simulator.stop();
//! # Ok::<(), simulator::Error>(())
//! ```
//!
//! Where to find what:
//!
//! | file | what |
//! |---|---|
//! | `config.rs` | what a simulator is started with |
//! | `averbeporto/`, `webmania/`, `invoicy/` | the services: every rule with the place where it is written |
//! | `service.rs` | which of them a request is for |
//! | `document.rs` | what AverbePorto reads of an XML or a ZIP |
//! | `json.rs` | how JSON is laid out |
//! | `php.rs` | a request as PHP shows it to the services |
//! | `faults/` | faults on demand, and how they are written on the command line |
//! | `answer.rs`, `wire.rs` | an HTTP answer, and the ways in which it reaches the client or does not |
//! | `server.rs`, `certificate.rs`, `worker.rs` | listeners, connections, TLS, the thread; the way of one request |
//! | `proxy.rs` | a proxy between client and service, as companies have them |
//! | `record.rs`, `count.rs` | the memory of the requests that came, and how much was served |
//! | `main.rs`, `control.rs` | the stand-alone program |
//!
//! Comments name the document in which a rule is written (see `mod.rs` of each service). What is written nowhere
//! public and had to be assumed is marked "Assumed".

mod answer;
mod averbeporto;
mod certificate;
mod config;
mod count;
mod document;
mod faults;
mod invoicy;
mod json;
mod php;
mod proxy;
mod record;
mod server;
mod service;
mod webmania;
mod wire;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::{fs, io};

use tokio::sync::mpsc::unbounded_channel;

pub use crate::answer::Answer;
pub use crate::averbeporto::{Session, StoredDocument, protocol_of};
use crate::certificate::{Authority, HTTP_1, HTTP_2};
pub use crate::config::{
    CodeShape, Config, DEFAULT_PASSWORD, DEFAULT_TOKEN, DEFAULT_USER, ErrorShape, JsonShape, NotUnderstood, ProtShape,
    Shape, Tls, User,
};
pub use crate::count::Counts;
pub use crate::document::Kind;
pub use crate::faults::{Effect, Fault, Moment, Target};
pub use crate::invoicy::{InvoicyCode, InvoicyConfig, NfseState, StoredNfse};
pub use crate::proxy::{Proxy, ProxyConfig};
pub use crate::record::{FilePart, RecordedRequest};
use crate::server::Port;
pub use crate::webmania::{
    Driver, LogShape, Mdfe, MdfeErrorShape, MdfeShape, MdfeState, Notification, ReasonShape, ReferenceShape, Rejection,
    UrlShape, numbered_key,
};
use crate::worker::Worker;

/// Why a simulator could not be started, or a file not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken, or may not be used.
    #[error("cannot listen on port {port} of this machine: {source}. Name another port, or 0 to let the system choose")]
    Listen {
        /// The port asked for.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// The certificate could not be made.
    #[error("cannot make the certificate: {0}")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system refuses a thread, a timer or a signal.
    #[error("the system refuses what the simulator needs to run: {0}")]
    System(#[source] io::Error),
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What the connections and the handle have in common.
struct Shared {
    config: Config,
    http_url: String,
    https_url: String,
    averbeporto: Mutex<averbeporto::Service>,
    webmania: Mutex<webmania::Service>,
    invoicy: Mutex<invoicy::Service>,
    notifications: Mutex<Vec<Notification>>,
    faults: Mutex<faults::Queue>,
    log: Mutex<record::Log>,
    counters: count::Counters,
}

/// Takes a lock. A thread that panicked while holding it left nothing half done that matters here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running simulator. It has one thread of its own, which ends with it.
pub struct Simulator {
    shared: Arc<Shared>,
    ca_pem: String,
    _worker: Worker,
}

impl Simulator {
    /// Starts a simulator. It takes connections as soon as this returns, from this machine only.
    pub fn start(config: Config) -> Result<Self, Error> {
        let open = |port| Port::open(port).map_err(|source| Error::Listen { port, source });
        let (http, https) = (open(config.http_port)?, open(config.https_port)?);
        let authority = Authority::new("averbador simulator CA (tests only)")?;
        let protocols: &[&[u8]] = if config.http2 { &[HTTP_2, HTTP_1] } else { &[HTTP_1] };
        let tls = authority.server(config.tls, protocols)?;
        let (sender, notifications) = unbounded_channel();
        let shared = Arc::new(Shared {
            http_url: format!("http://127.0.0.1:{}", http.number),
            https_url: format!("https://localhost:{}", https.number),
            averbeporto: Mutex::new(averbeporto::Service::new(config.clone())),
            webmania: Mutex::new(webmania::Service::new(config.clone(), sender)),
            invoicy: Mutex::new(invoicy::Service::new(config.invoicy.clone())),
            notifications: Mutex::default(),
            config,
            faults: Mutex::default(),
            log: Mutex::new(record::Log::new()),
            counters: count::Counters::default(),
        });
        let served = server::serve(shared.clone(), http, https, tls.into(), notifications);
        let worker = Worker::start("simulator", served).map_err(Error::System)?;
        Ok(Self { shared, ca_pem: authority.pem, _worker: worker })
    }

    /// `http://127.0.0.1:PORT`
    pub fn http_url(&self) -> String {
        self.shared.http_url.clone()
    }

    /// `https://localhost:PORT`; the certificate is also good for `127.0.0.1` and `[::1]`.
    pub fn https_url(&self) -> String {
        self.shared.https_url.clone()
    }

    /// The certificate of the authority that a client has to trust, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Writes [`ca_pem`](Self::ca_pem) to a file.
    pub fn write_ca(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        fs::write(path, &self.ca_pem).map_err(|source| Error::Write { path: path.to_owned(), source })
    }

    /// Settings for `av_configure`: over HTTPS when the file with the authority's certificate is named,
    /// else over plain HTTP.
    pub fn settings(&self, ca: Option<&Path>) -> serde_json::Value {
        let base = if ca.is_some() { self.https_url() } else { self.http_url() };
        let invoicy::InvoicyConfig { access_key, partner_key, .. } = &self.shared.config.invoicy;
        let mut settings = serde_json::json!({
            "proxy": "nenhum",
            "porto": {
                "url": format!("{base}{}", averbeporto::CONN),
                "consulta_url": format!("{base}{}", averbeporto::PUBLIC_CONSULTA),
            },
            "webmania": { "url": base, "token": self.shared.config.webmania_token },
            "invoicy": {
                "url": format!("{base}{}", invoicy::PATH),
                "chave_acesso": access_key,
                "chave_parceiro": partner_key,
            },
        });
        if let Some(ca) = ca {
            settings["ca_pem"] = ca.to_string_lossy().into();
        }
        settings
    }

    /// All RPS that InvoiCy has taken, in the order in which they came.
    pub fn nfses(&self) -> Vec<StoredNfse> {
        lock(&self.shared.invoicy).store.all()
    }

    /// All requests so far (the last 100,000), in the order in which they were completely read. One
    /// whose answer has reached the client is there, with the answer.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        lock(&self.shared.log).requests()
    }

    /// Forgets the requests so far. Numbers and the count of connections go on.
    pub fn clear_requests(&self) {
        lock(&self.shared.log).clear();
    }

    /// Sends on each request from now on, when it is answered or given up.
    pub fn watch(&self) -> Receiver<RecordedRequest> {
        lock(&self.shared.log).listen()
    }

    /// How many TCP connections were accepted, HTTP and HTTPS together.
    pub fn connections(&self) -> u64 {
        self.counts().connections
    }

    /// How much was served since the start.
    pub fn counts(&self) -> Counts {
        let requests = lock(&self.shared.log).count();
        self.shared.counters.with_requests(requests)
    }

    /// Puts a fault behind those that are waiting. Of several that are meant for a request, the first
    /// in the queue is applied.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    /// Takes back all faults that are waiting.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// All documents stored, by key, each followed by its cancellation.
    pub fn documents(&self) -> Vec<StoredDocument> {
        lock(&self.shared.averbeporto).documents.all()
    }

    /// The document with this key (not its cancellation).
    pub fn document(&self, key: &str) -> Option<StoredDocument> {
        lock(&self.shared.averbeporto).documents.get(key)
    }

    /// Forgets all documents, and the requests that brought them. Sessions and counts go on.
    pub fn forget(&self) {
        drop(std::mem::take(&mut lock(&self.shared.averbeporto).documents));
        self.clear_requests();
    }

    /// Stores a document as if it had been received earlier, with any protocol.
    pub fn store(&self, key: &str, protocol: &str) {
        lock(&self.shared.averbeporto).documents.put(key, protocol);
    }

    /// All sessions ever opened, in the order of their opening.
    pub fn sessions(&self) -> Vec<Session> {
        lock(&self.shared.averbeporto).sessions.all()
    }

    /// Opens a session as if the user had logged in; gives the value of its cookie.
    pub fn open_session(&self, user: &str) -> String {
        lock(&self.shared.averbeporto).sessions.open(user, Instant::now())
    }

    /// Ends all sessions.
    pub fn expire_sessions(&self) {
        lock(&self.shared.averbeporto).sessions.expire();
    }

    /// Forgets failed logins, as if a person had solved the captcha.
    pub fn reset_captcha(&self) {
        lock(&self.shared.averbeporto).failed_logins.clear();
    }

    /// Closes every connection and ends the thread. Dropping the simulator does the same.
    pub fn stop(self) {}
}
