//! How an answer reaches the client, or does not: what an HTTP library would never do to its peer.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, sink};
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
    /// All of it, with a head that promises to stay; then it is closed.
    HangUp(Answer),
    /// All of it, then it is closed.
    Last(Answer),
    /// These bytes, then it is closed.
    Raw(Bytes),
}

impl Delivery {
    /// The same to a request of which only the beginning was read.
    pub(crate) fn early(self) -> Self {
        match self {
            Self::Whole(answer) => Self::ByHand(Script::Last(answer)),
            other => other,
        }
    }

    /// The answer of which at least a part reaches the client.
    pub(crate) fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Whole(answer) => Some(answer),
            Self::ByHand(Script::Cut(answer) | Script::Drip(answer, ..)) => Some(answer),
            Self::ByHand(Script::HangUp(answer) | Script::Last(answer)) => Some(answer),
            Self::Silence | Self::ByHand(Script::Close | Script::Reset | Script::Raw(_)) => None,
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
            socket.write_all(&head(&answer, "close")).await?;
            socket.write_all(&answer.body[..answer.body.len() / 2]).await?;
            socket.flush().await?;
            socket.tcp().set_zero_linger()
        }
        Script::Drip(answer, bytes, pause) => {
            socket.write_all(&head(&answer, "close")).await?;
            for chunk in answer.body.chunks(bytes.max(1)) {
                socket.write_all(chunk).await?;
                socket.flush().await?;
                sleep(pause).await;
            }
            socket.shutdown().await
        }
        Script::HangUp(answer) => {
            socket.write_all(&head(&answer, "keep-alive")).await?;
            socket.write_all(&answer.body).await?;
            socket.shutdown().await
        }
        Script::Last(answer) => last(socket, &[&head(&answer, "close"), &answer.body]).await,
        Script::Raw(bytes) => last(socket, &[&bytes]).await,
    }
}

/// Sends this and closes, letting in what the client still sends: to close with something unread is to reset, and the
/// client might lose what it was sent.
async fn last<S: Socket>(mut socket: S, pieces: &[&[u8]]) -> io::Result<()> {
    for piece in pieces {
        socket.write_all(piece).await?;
    }
    socket.shutdown().await?;
    copy(&mut socket, &mut sink()).await.map(drop)
}

/// Status line and headers as they go onto the wire.
fn head(answer: &Answer, connection: &str) -> Vec<u8> {
    let length = answer.body.len();
    let mut text = format!("HTTP/1.1 {}\r\nConnection: {connection}\r\nContent-Length: {length}\r\n", answer.status);
    for (name, value) in &answer.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}
