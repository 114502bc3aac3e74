//! How an answer reaches the client, or does not: what an HTTP library would never do to its peer.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::server::TlsStream;

use crate::answer::Answer;

/// The way of an answer.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// In good order; the connection stays.
    Whole(Answer),
    /// Never; the connection stays.
    Silence,
    /// By hand, on a connection that is taken from the HTTP library and ends with it.
    ByHand(Script),
}

/// What is done by hand with a connection.
#[derive(Debug)]
pub(crate) enum Script {
    /// It is closed.
    Close,
    /// It is reset.
    Reset,
    /// The head and half of the body, then a reset.
    Cut(Answer),
    /// The head, then the body so many bytes at a time with a pause after each.
    Drip(Answer, usize, Duration),
}

impl Delivery {
    /// The answer of which at least a part reaches the client.
    pub(crate) fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Whole(answer) | Self::ByHand(Script::Cut(answer) | Script::Drip(answer, ..)) => Some(answer),
            Self::Silence | Self::ByHand(Script::Close | Script::Reset) => None,
        }
    }
}

/// A stream whose TCP connection can be reset.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Carries out a script; the connection is gone afterwards.
pub(crate) async fn perform<S: Socket>(mut socket: S, script: Script) -> io::Result<()> {
    match script {
        Script::Close => socket.shutdown().await,
        Script::Reset => socket.tcp().set_zero_linger(),
        Script::Cut(answer) => {
            socket.write_all(&head(&answer)).await?;
            socket.write_all(&answer.body[..answer.body.len() / 2]).await?;
            socket.flush().await?;
            socket.tcp().set_zero_linger()
        }
        Script::Drip(answer, bytes, pause) => {
            socket.write_all(&head(&answer)).await?;
            for chunk in answer.body.chunks(bytes.max(1)) {
                socket.write_all(chunk).await?;
                socket.flush().await?;
                sleep(pause).await;
            }
            socket.shutdown().await
        }
    }
}

/// Status line and headers as they go onto the wire.
fn head(answer: &Answer) -> Vec<u8> {
    let mut text =
        format!("HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}
