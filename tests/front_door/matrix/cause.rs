//! How a fault is brought about.

use std::fmt;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Config, DEFAULT_USER, Proxy, ProxyConfig, Simulator};
use socket2::{Domain, Socket, Type};

use crate::driver::{TempFile, World, fixture, fixture_file};

const CTE: &str = "cte-utf8.xml";
const KEY: &str = "41260599990001000198570010000047111283746517";

/// So much does not fit into the buffers of a connection: the service's silence in the middle is felt.
const LARGE_BYTES: usize = 12 << 20;

/// As `--fault`: every connection is taken, and that is all.
pub const SILENT: &str = "any@connect*forever:silence";

/// What brings a fault about.
pub enum Cause {
    /// What the simulator is told by `--fault`.
    Fault(&'static str),
    /// The same, where the library waits in vain: it is given only a few seconds.
    Wait(&'static str),
    /// The same, after a request over the same connection to which the fault must not happen.
    Kept(&'static str),
    /// What the simulator is told by `--tls`.
    Tls(&'static str),
    /// The simulator's authority is not in `ca_pem`.
    Untrusted,
    /// The service is sought at this address.
    Address(&'static str),
    /// The service is sought where connections are neither taken nor refused.
    Full,
    /// The proxy is sought at this address.
    ProxyAt(&'static str),
    /// The proxy takes connections and says nothing.
    ProxySilent,
    /// The proxy answers with this status.
    ProxyRefuses(u16),
    /// The proxy looks into TLS with an authority of its own.
    ProxyInspects,
}

impl fmt::Display for Cause {
    /// For the page: how to bring it about with the simulator or in the settings.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(spec) | Self::Wait(spec) | Self::Kept(spec) => write!(f, "--fault '{spec}'"),
            Self::Tls(word) => write!(f, "--tls {word}"),
            Self::Untrusted => write!(f, "sem ca_pem"),
            Self::Address(url) => write!(f, "porto.url {url}"),
            Self::Full => write!(f, "porto.url de uma porta que não responde"),
            Self::ProxyAt(url) => write!(f, "proxy {url}"),
            Self::ProxySilent => write!(f, "proxy de uma porta que aceita a conexão e se cala"),
            Self::ProxyRefuses(status) => write!(f, "--proxy --proxy-refuses {status}"),
            Self::ProxyInspects => write!(f, "--proxy --proxy-inspects, sem o ca_pem dele"),
        }
    }
}

/// A cell's own service, and the library set up to meet the fault there.
pub struct Situation {
    world: World,
    /// A live session.
    pub cookie: String,
    /// The path of a CT-e.
    pub document: String,
    /// What is said to the library before the operation.
    warm_up: Option<Value>,
    /// How many requests that makes.
    pub seen_before: usize,
    /// What must live as long.
    _held: Held,
}

/// What a situation holds in place.
#[derive(Default)]
struct Held {
    proxy: Option<Proxy>,
    full: Option<(Socket, Vec<TcpStream>)>,
    document: Option<TempFile>,
}

impl Cause {
    /// Brings it about.
    pub fn arise(&self) -> Situation {
        let tls = if let Self::Tls(word) = self { word.parse().expect("as --tls") } else { simulator::Tls::Good };
        let world = World::with(Config { tls, ..Config::default() }).secure();
        let cookie = world.simulator.open_session(DEFAULT_USER);
        let mut held = Held::default();
        let warm_up = json!({"mod":"Upload","cte":fixture("cte-utf8-bom.xml"),"cookie":cookie});
        let warm_up = matches!(self, Self::Kept(_)).then_some(warm_up);
        let world = self.set_up(world, &mut held);
        let document = held.document.as_ref().map_or_else(|| fixture(CTE), TempFile::name);
        Situation { world, cookie, document, seen_before: usize::from(warm_up.is_some()), warm_up, _held: held }
    }

    fn set_up(&self, world: World, held: &mut Held) -> World {
        match *self {
            Self::Fault(spec) => ordered(world, spec, held),
            Self::Wait(SILENT) => ordered(world, SILENT, held).set(json!({"timeout_conexao_s":1})),
            Self::Wait(spec) => ordered(world, spec, held).set(json!({"timeout_conexao_s":3,"timeout_s":4})),
            // The second upload waits: time enough to notice that the service has closed the connection.
            Self::Kept(spec) => ordered(world, spec, held).set(json!({"porto":{"uploads_por_segundo":1}})),
            Self::Tls(_) => world,
            Self::Untrusted => world.set(json!({"ca_pem":null})),
            // A resolver without a server to ask takes its time to say so.
            Self::Address(url) => world.at(url).set(json!({"timeout_conexao_s":60,"timeout_s":90})),
            Self::Full => {
                let (listener, waiting, url) = full_listener();
                held.full = Some((listener, waiting));
                world.at(&url).set(json!({"timeout_conexao_s":1}))
            }
            Self::ProxyAt(url) => world.set(json!({"proxy":url,"timeout_conexao_s":60,"timeout_s":90})),
            Self::ProxySilent => {
                let proxy = world.simulator.http_url();
                ordered(world, SILENT, held).set(json!({"proxy":proxy,"timeout_conexao_s":1}))
            }
            Self::ProxyRefuses(status) => {
                behind(world, ProxyConfig { refuses: Some(status), ..Default::default() }, held)
            }
            Self::ProxyInspects => {
                let inspects = Some(world.simulator.ca_pem().to_owned());
                behind(world, ProxyConfig { inspects, ..Default::default() }, held)
            }
        }
    }
}

/// A fault that comes before the end of a request wants one of which a part stays unsent.
fn ordered(world: World, spec: &str, held: &mut Held) -> World {
    world.simulator.fault(spec.parse().expect("as --fault"));
    held.document = (spec.contains("@head") || spec.contains("@half")).then(large_document);
    world
}

fn behind(world: World, config: ProxyConfig, held: &mut Held) -> World {
    let proxy = Proxy::start(config).expect("the proxy starts");
    let world = world.set(json!({"proxy":proxy.url()}));
    held.proxy = Some(proxy);
    world
}

/// A CT-e with a long tail of blanks.
fn large_document() -> TempFile {
    let mut bytes = std::fs::read(fixture_file(CTE)).expect("a fixture");
    bytes.resize(LARGE_BYTES, b' ');
    TempFile::new(CTE, &bytes)
}

/// A port whose queue of connections is full: whoever comes now gets no answer at all. And its address.
fn full_listener() -> (Socket, Vec<TcpStream>, String) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("bound");
    listener.listen(0).expect("listening");
    let address = listener.local_addr().expect("bound").as_socket().expect("an address");
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300)).ok();
    let waiting = std::iter::from_fn(connect).collect();
    (listener, waiting, format!("https://{address}"))
}

impl Situation {
    /// The service.
    pub fn service(&self) -> &Simulator {
        &self.world.simulator
    }

    /// Says `request` to the library; its reply.
    pub fn say(&self, request: &Value) -> String {
        let requests: Vec<Value> = self.warm_up.iter().chain([request]).cloned().collect();
        self.world.say_all(&requests).lines.pop().expect("a reply")
    }

    /// How often the service has received the document.
    pub fn received(&self) -> u32 {
        self.service().document(KEY).map_or(0, |document| document.received)
    }
}
