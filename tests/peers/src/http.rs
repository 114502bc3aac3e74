//! HTTP/1.1 over one connection: a request goes out in one piece, an answer has a Content-Length.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A connection to the server.
pub struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
    host: String,
}

/// An answer of status 200.
pub struct Answer {
    /// Its head, as it came.
    pub head: String,
    /// Its body.
    pub body: String,
}

impl Connection {
    /// Opens one to `base` ("https://localhost:8443"), trusting the authority in the file `ca`.
    pub fn open(base: &str, ca: &Path) -> Result<Self> {
        let host = base.strip_prefix("https://").context("no https address")?.to_owned();
        let name = host.rsplit_once(':').context("no port")?.0.to_owned();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca)?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = ClientConnection::new(Arc::new(config), ServerName::try_from(name)?)?;
        let socket = TcpStream::connect(&host)?;
        socket.set_nodelay(true)?;
        Ok(Self { stream: StreamOwned::new(tls, socket), host })
    }

    /// Sends a POST and reads its answer.
    pub fn post(&mut self, path: &str, content_type: &str, cookie: &str, body: &[u8]) -> Result<Answer> {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: Mozilla/5.0 Sistema ERP/1.0\r\nContent-Type: {content_type}\r\n\
             Cookie: {cookie}\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.stream.write_all(&request)?;
        self.stream.flush()?;
        self.read()
    }

    fn read(&mut self) -> Result<Answer> {
        let (mut read, mut buffer) = (Vec::new(), [0; 16 * 1024]);
        loop {
            let count = self.stream.read(&mut buffer)?;
            ensure!(count > 0, "the connection is closed");
            read.extend_from_slice(&buffer[..count]);
            let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(read[..end].to_vec())?;
            let body = &read[end + 4..];
            if body.len() == content_length(&head)? {
                ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
                return Ok(Answer { head, body: String::from_utf8(body.to_vec())? });
            }
        }
    }
}

impl Answer {
    /// The value of the cookie of this name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find_map(|line| line.split_once(name)?.1.strip_prefix('='))?;
        line.split(';').next()
    }
}

fn content_length(head: &str) -> Result<usize> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length")).context("no Content-Length")?;
    Ok(length.1.parse()?)
}
