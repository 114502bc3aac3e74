//! The way to the service: through a proxy or not, its address, the connection, the tunnel through the proxy.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Url;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::report::Done;
use crate::contract::{Code, ErrorEntry, Facts};
use crate::settings::Settings;

/// A proxy whose answer is longer than this is none.
const MAX_PROXY_ANSWER: usize = 8 * 1024;

/// A connection, by itself or inside another.
pub trait Wire: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire for T {}

/// A host and a port.
pub struct Place {
    /// Name or address; an IPv6 address without brackets.
    pub host: String,
    port: u16,
}

impl Place {
    fn new(host: &str, port: u16) -> Self {
        Self { host: host.trim_matches(['[', ']']).to_owned(), port }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// The proxy, as the client finds it.
pub struct Proxy {
    found: Intercept,
    /// Where it is.
    pub place: Place,
}

impl Proxy {
    /// By the setting `proxy`, for connections to `url`.
    pub fn find(setting: &str, url: &Url) -> Option<Self> {
        let matcher = match setting {
            "nenhum" => return None,
            "sistema" => Matcher::from_system(),
            address => Matcher::builder().all(address).build(),
        };
        let found = matcher.intercept(&url.as_str().parse().ok()?)?;
        let uri = found.uri();
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let place = Place::new(uri.host()?, port);
        Some(Self { found, place })
    }

    /// Whether it is reached by TLS itself.
    pub fn is_secure(&self) -> bool {
        self.found.uri().scheme_str() == Some("https")
    }

    /// 3006 unless it speaks HTTP.
    fn check(&self) -> Result<(), ErrorEntry> {
        match self.found.uri().scheme_str() {
            Some("http" | "https") => Ok(()),
            _ => Err(ErrorEntry::new(Code::Proxy).msg(format!(
                "O proxy encontrado ({}) é do tipo SOCKS, que não é usado. Configure um proxy HTTP e repita.",
                self.place
            ))),
        }
    }

    /// Has it connect to `service` (RFC 9110, section 9.3.6). 3006 if it does not.
    pub async fn open(&self, wire: &mut dyn Wire, service: &Place, user_agent: &str, facts: &mut Facts) -> Done<()> {
        let refused = |detail: String| ErrorEntry::new(Code::Proxy).detail(detail);
        let mut request =
            format!("CONNECT {service} HTTP/1.1\r\nHost: {service}\r\nUser-Agent: {user_agent}\r\n").into_bytes();
        if let Some(authorization) = self.found.basic_auth() {
            request.extend([b"Proxy-Authorization: ", authorization.as_bytes(), b"\r\n"].concat());
        }
        request.extend(b"\r\n");
        wire.write_all(&request).await.map_err(|error| refused(error.to_string()))?;
        let answer = head(wire).await.map_err(|error| refused(error.to_string()))?;
        facts.http = answer.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        match facts.http {
            Some(200) => Ok(((), format!("O proxy abriu a conexão com {service}."))),
            Some(status) => Err(refused(format!("HTTP {status}"))),
            None => Err(refused("no HTTP status in the proxy's answer".to_owned())),
        }
    }
}

/// The head of an HTTP answer, to its empty line or as far as it comes.
async fn head(wire: &mut dyn Wire) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_PROXY_ANSWER {
        match wire.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// The way to the service.
pub struct Route {
    /// Where the service is.
    pub service: Place,
    /// Whether it is spoken to by TLS.
    pub is_secure: bool,
    /// The proxy, if there is one.
    pub proxy: Option<Proxy>,
}

impl Route {
    /// By the settings, to the address of login, upload and consulta.
    pub fn find(settings: &Settings, facts: &mut Facts) -> Done<Self> {
        let url =
            Url::parse(&settings.porto.url).map_err(|error| ErrorEntry::new(Code::Bug).detail(error.to_string()))?;
        let service = Place::new(url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let proxy = Proxy::find(settings.proxy.expose(), &url);
        facts.proxy = proxy.as_ref().map(|proxy| proxy.place.to_string());
        let msg = match &proxy {
            Some(proxy) => {
                proxy.check()?;
                format!("A conexão passa pelo proxy {}.", proxy.place)
            }
            None => "A conexão é direta, sem proxy.".to_owned(),
        };
        Ok((Self { service, is_secure: url.scheme() == "https", proxy }, msg))
    }

    /// Whom to connect to: the proxy, if there is one.
    fn first(&self) -> &Place {
        self.proxy.as_ref().map_or(&self.service, |proxy| &proxy.place)
    }

    /// Looks up the addresses. 3001 if there are none.
    pub async fn resolve(&self, facts: &mut Facts) -> Done<Vec<SocketAddr>> {
        let place = self.first();
        facts.servidor = Some(place.to_string());
        let unknown = |detail: String| {
            let entry = ErrorEntry::new(Code::Dns).detail(detail);
            match self.proxy {
                Some(_) => entry.msg(format!(
                    "O endereço do proxy ({place}) não foi encontrado. Confira a configuração do proxy e repita."
                )),
                None => entry,
            }
        };
        let found = lookup_host((place.host.as_str(), place.port)).await.map_err(|error| unknown(error.to_string()))?;
        let addresses: Vec<_> = found.collect();
        if addresses.is_empty() {
            return Err(unknown("no addresses".to_owned()));
        }
        facts.enderecos = addresses.iter().map(|address| address.ip().to_string()).collect();
        let msg = format!("O endereço de {} é {}.", place.host, facts.enderecos.join(", "));
        Ok((addresses, msg))
    }

    /// Connects to the first of `addresses` that answers, each with its share of `limit`. 3002 (3006 for a proxy) if none
    /// does, 3004 if all are silent.
    pub async fn connect(&self, addresses: &[SocketAddr], limit: Duration, facts: &mut Facts) -> Done<TcpStream> {
        let share = limit / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        let mut code = Code::Timeout;
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    facts.endereco = Some(address.to_string());
                    return Ok((stream, format!("Conectado a {address}.")));
                }
                Ok(Err(error)) => {
                    code = if self.proxy.is_some() { Code::Proxy } else { Code::Connect };
                    facts.falhas.push(format!("{address}: {error}"));
                }
                Err(_) => facts.falhas.push(format!("{address}: sem resposta")),
            }
        }
        let entry = ErrorEntry::new(code).detail(facts.falhas.join("; "));
        Err(match &self.proxy {
            Some(Proxy { place, .. }) => {
                entry.msg(format!("Não foi possível conectar ao proxy {place}. Confira o endereço dele com o suporte."))
            }
            None => entry,
        })
    }
}
