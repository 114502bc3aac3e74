//! How much was served.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::HandshakeKind;

/// How much was served since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Counts {
    /// Requests, completely read.
    pub requests: u64,
    /// TCP connections, HTTP and HTTPS together.
    pub connections: u64,
    /// TLS handshakes in which the certificate was shown.
    pub full_handshakes: u64,
    /// TLS handshakes that resumed an earlier session.
    pub resumed_handshakes: u64,
}

/// What the connections count.
#[derive(Default)]
pub(crate) struct Counters {
    connections: AtomicU64,
    full_handshakes: AtomicU64,
    resumed_handshakes: AtomicU64,
}

impl Counters {
    /// Counts a connection; gives its number.
    pub(crate) fn connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Counts a handshake that is done.
    pub(crate) fn handshake(&self, kind: Option<HandshakeKind>) {
        let counter = match kind {
            Some(HandshakeKind::Resumed) => &self.resumed_handshakes,
            Some(HandshakeKind::Full | HandshakeKind::FullWithHelloRetryRequest) => &self.full_handshakes,
            None => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// All of it, with the requests that are counted elsewhere.
    pub(crate) fn with_requests(&self, requests: u64) -> Counts {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            requests,
            connections: value(&self.connections),
            full_handshakes: value(&self.full_handshakes),
            resumed_handshakes: value(&self.resumed_handshakes),
        }
    }
}
