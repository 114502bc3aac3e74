//! What goes back to the client: an HTTP status, headers and a body.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// One HTTP answer. `Content-Length` is added when it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The headers in the order in which they are sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// An answer with this status, content type and body.
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { status, headers: vec![("Content-Type".to_owned(), content_type.to_owned())], body: body.into() }
    }

    /// An HTML page that says no more than its status, as web servers make them.
    pub fn page(status: u16) -> Self {
        let body = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n");
        Self::new(status, "text/html", body)
    }

    /// A redirect to `location`.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::page(status).header("Location", location)
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer compressed.
    pub(crate) fn gzipped(self) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let compressed = encoder.write_all(&self.body).and_then(|()| encoder.finish()).expect("memory takes all");
        Self { body: compressed.into(), ..self }.header("Content-Encoding", "gzip")
    }

    /// The same answer with blanks behind its body, up to this many bytes.
    pub(crate) fn padded(mut self, bytes: usize) -> Self {
        let mut body = self.body.to_vec();
        body.resize(body.len().max(bytes), b' ');
        self.body = body.into();
        self
    }
}
