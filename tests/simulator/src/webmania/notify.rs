//! Notifications: the service tells an address of the client's what has become of an MDF-e.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::Uri;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use crate::{Shared, lock};

/// How long one is given to be taken. Those behind it wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// A notification, once it was tried to deliver it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The `url_notificacao` of the document.
    pub url: String,
    /// The body, which is that of an answer.
    pub body: String,
    /// The HTTP status that was answered. `None` if nobody answered, or if the address was not called because it is not
    /// `http://` on this machine: the simulator calls no other.
    pub status: Option<u16>,
}

/// Delivers what comes, one after the other, each once.
pub(crate) async fn deliver(mut notifications: UnboundedReceiver<Notification>, shared: Arc<Shared>) {
    while let Some(notification) = notifications.recv().await {
        let status = match timeout(PATIENCE, post(&notification)).await {
            Ok(Ok(status)) => status,
            // Whether the client listens is its own affair.
            _ => None,
        };
        lock(&shared.notifications).push(Notification { status, ..notification });
    }
}

/// Calls the address; gives the HTTP status.
async fn post(notification: &Notification) -> io::Result<Option<u16>> {
    let Some((uri, addresses)) = on_this_machine(&notification.url) else { return Ok(None) };
    let mut stream = BufReader::new(TcpStream::connect(&addresses[..]).await?);
    let (path, host) = (uri.path_and_query().map_or("/", |path| path.as_str()), uri.host().unwrap_or_default());
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        notification.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(notification.body.as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    Ok(line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.trim_end().parse().ok()))
}

/// Where to connect for this URL. No name is looked up: what is not plainly this machine is not called.
fn on_this_machine(url: &str) -> Option<(Uri, Vec<SocketAddr>)> {
    let uri: Uri = url.parse().ok()?;
    let port = uri.port_u16().unwrap_or(80);
    let v4 = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    match (uri.scheme_str()?, uri.host()?) {
        ("http", "127.0.0.1") => Some((uri, vec![v4])),
        ("http", "[::1]") => Some((uri, vec![v6])),
        ("http", "localhost") => Some((uri, vec![v4, v6])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_this_machine_is_called() {
        for url in ["http://127.0.0.1:8080/a?b=c", "http://localhost/", "http://[::1]:80", "http://user@localhost/"] {
            let (_, addresses) = on_this_machine(url).unwrap_or_else(|| panic!("{url} is this machine"));
            assert!(addresses.iter().all(|address| address.ip().is_loopback()), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "http://127.0.0.1.example.invalid/",
            "http://localhost@example.invalid/",
            "http://example.invalid/localhost",
            "http://127.0.0.2/",
            "http://10.0.0.1/",
            "localhost:80",
            "/localhost",
            "",
        ] {
            assert_eq!(on_this_machine(url), None, "{url}");
        }
    }
}
