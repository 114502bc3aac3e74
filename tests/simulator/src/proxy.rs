//! A proxy as companies have them: it may want a password, refuse, or look into TLS. It leads to this machine only.

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::certificate::{Authority, HTTP_1, provider};
use crate::config::{Tls, User};
use crate::server::Port;
use crate::worker::Worker;
use crate::{Error, lock};

/// What a proxy is started with. By default it lets everybody through and sees of TLS what anybody sees.
#[derive(Clone, Debug, Default)]
pub struct ProxyConfig {
    /// Its port; 0 lets the system choose.
    pub port: u16,
    /// Whom it lets through; `None`: everybody.
    pub user: Option<User>,
    /// It lets nobody through and answers with this status.
    pub refuses: Option<u16>,
    /// It looks into TLS: shows its clients a certificate of its own authority, and trusts this one (PEM) itself.
    pub inspects: Option<String>,
}

/// A running proxy. It has one thread of its own, which ends with it.
pub struct Proxy {
    office: Arc<Office>,
    port: u16,
    ca_pem: String,
    _worker: Worker,
}

/// What the connections and the handle have in common.
struct Office {
    config: ProxyConfig,
    tls: Option<(TlsAcceptor, TlsConnector)>,
    asked: Mutex<Vec<String>>,
}

impl Proxy {
    /// Starts a proxy. It takes connections as soon as this returns, from this machine only.
    pub fn start(config: ProxyConfig) -> Result<Self, Error> {
        let port = config.port;
        let listener = Port::open(port).map_err(|source| Error::Listen { port, source })?;
        let port = listener.number;
        let authority = Authority::new("averbador simulator proxy CA (tests only)")?;
        let tls = config.inspects.as_deref().map(|pem| inspection(&authority, pem)).transpose()?;
        let office = Arc::new(Office { config, tls, asked: Mutex::default() });
        let shared = office.clone();
        let serve = async move {
            listener.take(move |stream| pass(stream, shared.clone()));
            std::future::pending().await
        };
        let worker = Worker::start("proxy", serve).map_err(Error::System)?;
        Ok(Self { office, port, ca_pem: authority.pem, _worker: worker })
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority that a client has to trust if the proxy looks into TLS, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// What it was asked for, the first line of each request: `CONNECT localhost:443 HTTP/1.1`.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.office.asked).clone()
    }
}

/// Both ends of a TLS connection that is looked into.
fn inspection(authority: &Authority, trusted: &str) -> Result<(TlsAcceptor, TlsConnector), Error> {
    let wrong = |error: Box<dyn std::error::Error + Send + Sync>| Error::Certificate(error);
    let mut roots = RootCertStore::empty();
    let trusted = CertificateDer::from_pem_slice(trusted.as_bytes()).map_err(|error| wrong(error.into()))?;
    roots.add(trusted).map_err(|error| wrong(error.into()))?;
    let client = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok((authority.server(Tls::Good, &[HTTP_1])?.into(), Arc::new(client).into()))
}

/// One connection. What goes wrong with it shows itself to the client by its end.
async fn pass(stream: TcpStream, office: Arc<Office>) {
    let _ = office.serve(BufReader::new(stream)).await;
}

impl Office {
    async fn serve(&self, mut client: BufReader<TcpStream>) -> io::Result<()> {
        let head = Head::read(&mut client).await?;
        lock(&self.asked).push(head.line.clone());
        if let Some(refusal) = self.refusal(&head) {
            return client.write_all(refusal.as_bytes()).await;
        }
        let Some((host, port)) = head.target() else { return client.write_all(answer(403, "").as_bytes()).await };
        let Ok(mut server) = TcpStream::connect((host, port)).await else {
            return client.write_all(answer(502, "").as_bytes()).await;
        };
        if !head.is_connect() {
            server.write_all(head.passed_on().as_bytes()).await?;
            return copy_bidirectional(&mut client, &mut server).await.map(drop);
        }
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        match &self.tls {
            None => copy_bidirectional(&mut client, &mut server).await.map(drop),
            Some((acceptor, connector)) => {
                let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
                let mut inside = acceptor.accept(client).await?;
                let mut outside = connector.connect(name, server).await?;
                copy_bidirectional(&mut inside, &mut outside).await.map(drop)
            }
        }
    }

    /// The answer to whom it does not let through.
    fn refusal(&self, head: &Head) -> Option<String> {
        if let Some(status) = self.config.refuses {
            return Some(answer(status, ""));
        }
        let User { name, password } = self.config.user.as_ref()?;
        let wanted = format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")));
        let refused = head.value("proxy-authorization") != Some(wanted.as_str());
        refused.then(|| answer(407, "Proxy-Authenticate: Basic realm=\"averbador\"\r\n"))
    }
}

/// An answer of the proxy's own, after which it closes the connection.
fn answer(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} Proxy\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n")
}

/// The head of a request.
struct Head {
    line: String,
    headers: Vec<String>,
}

impl Head {
    async fn read(client: &mut BufReader<TcpStream>) -> io::Result<Self> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if client.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end() {
                "" if lines.is_empty() => {}
                "" => return Ok(Self { line: lines.remove(0), headers: lines }),
                line => lines.push(line.to_owned()),
            }
        }
    }

    fn is_connect(&self) -> bool {
        self.line.starts_with("CONNECT ")
    }

    /// Where it leads: `CONNECT host:port` or `POST http://host:port/path`. `None` if not to this machine.
    fn target(&self) -> Option<(&str, u16)> {
        let place = self.line.split(' ').nth(1)?;
        let place = place.strip_prefix("http://").unwrap_or(place);
        let (host, port) = place.split('/').next()?.rsplit_once(':')?;
        matches!(host, "localhost" | "127.0.0.1").then_some((host, port.parse().ok()?))
    }

    fn value(&self, name: &str) -> Option<&str> {
        let mut pairs = self.headers.iter().filter_map(|header| header.split_once(':'));
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// What the service gets: all but what is meant for the proxy. One request a connection: the next would need the same.
    fn passed_on(&self) -> String {
        let is_ours = |header: &&String| {
            let name = header.split(':').next().unwrap_or_default().to_ascii_lowercase();
            name.starts_with("proxy-") || name == "connection"
        };
        let headers: String =
            self.headers.iter().filter(|header| !is_ours(header)).map(|header| format!("{header}\r\n")).collect();
        format!("{}\r\n{headers}Connection: close\r\n\r\n", self.line)
    }
}
