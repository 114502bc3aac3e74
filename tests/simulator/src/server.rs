//! Listeners, connections and the way of one request through the simulator.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use crate::answer::Answer;
use crate::averbeporto::{self, Reply};
use crate::certificate::{self, HTTP_2};
use crate::config::Tls;
use crate::faults::{Effect, Moment};
use crate::php::Call;
use crate::service::Service;
use crate::webmania::{self, Notification, notify};
use crate::wire::{self, Delivery, Script, Socket};
use crate::{Shared, lock};

/// How often a port that is free on both addresses is sought before giving up.
const ATTEMPTS: u32 = 20;

/// A port of the loopback addresses: of `127.0.0.1`, and of `::1` where the machine has it, so that a
/// client that tries "localhost" there first does not wait for a refusal.
pub(crate) struct Port {
    listeners: Vec<TcpListener>,
    pub(crate) number: u16,
}

impl Port {
    /// Listens on `number`, or on a port that the system chooses if that is 0. There is no way to
    /// listen on any other address: the simulator is for this machine alone.
    pub(crate) fn open(number: u16) -> io::Result<Self> {
        for _ in 1..ATTEMPTS {
            match Self::try_open(number) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && number == 0 => {}
                outcome => return outcome,
            }
        }
        Self::try_open(number)
    }

    fn try_open(number: u16) -> io::Result<Self> {
        let v4 = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, number)))?;
        let number = v4.local_addr()?.port();
        let listeners = match listen(SocketAddr::from((Ipv6Addr::LOCALHOST, number))) {
            Ok(v6) => vec![v4, v6],
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(_) => vec![v4],
        };
        Ok(Self { listeners, number })
    }

    /// Takes every connection that comes to it, and does `work` with each.
    pub(crate) fn take<F>(self, work: impl Fn(TcpStream) -> F + Clone + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        for listener in self.listeners {
            tokio::spawn(accept(listener, work.clone()));
        }
    }
}

async fn accept<F>(listener: TcpListener, work: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(work(stream))),
            // Out of file handles, or a client that left at once: neither is a reason to stop.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until it is dropped.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    http: Port,
    https: Port,
    tls: TlsAcceptor,
    notifications: UnboundedReceiver<Notification>,
) {
    for (port, tls) in [(http, None), (https, Some(tls))] {
        let shared = shared.clone();
        let secure = tls.is_some();
        port.take(move |stream| {
            let this = Connection { number: shared.counters.connection(), secure };
            connection(stream, this, shared.clone(), tls.clone())
        });
    }
    notify::deliver(notifications, shared).await;
}

/// Which connection it is.
#[derive(Clone, Copy)]
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) secure: bool,
}

/// One connection from its acceptance to its end. Its errors are the client's business.
async fn connection(stream: TcpStream, this: Connection, shared: Arc<Shared>, tls: Option<TlsAcceptor>) {
    let _ = stream.set_nodelay(true);
    let fault = lock(&shared.faults).at_connect();
    match tls {
        _ if fault.is_some() => misbehave(stream, fault).await,
        Some(_) if shared.config.tls == Tls::Old => misbehave(stream, Some(Effect::raw(certificate::OLD_TLS))).await,
        None => http(stream, this, shared).await,
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                let session = stream.get_ref().1;
                shared.counters.handshake(session.handshake_kind());
                match session.alpn_protocol() == Some(HTTP_2) {
                    true => http2(stream, this, shared).await,
                    false => http(stream, this, shared).await,
                }
            }
        }
    }
}

/// Does to a connection what is possible before anything was read from it.
async fn misbehave(stream: TcpStream, effect: Option<Effect>) {
    let script = match effect {
        Some(Effect::Close) => Script::Close,
        Some(Effect::Reset) => Script::Reset,
        Some(Effect::Raw(bytes)) => Script::Raw(bytes),
        // Silence: the stream stays open until the simulator ends.
        _ => std::future::pending().await,
    };
    let _ = wire::perform(stream, script).await;
}

/// Speaks HTTP/1.1 over the socket until it ends or a request asks for it to be taken over by hand.
async fn http<S: Socket>(socket: S, this: Connection, shared: Arc<Shared>) {
    let (by_hand, mut taken) = mpsc::channel(1);
    let service = service_fn(|request| exchange(request, this, shared.clone(), by_hand.clone()));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
    tokio::select! {
        _ = &mut connection => {}
        Some(script) = taken.recv() => {
            let socket = connection.into_parts().io.into_inner();
            let _ = wire::perform(socket, script).await;
        }
    }
}

/// Speaks HTTP/2 over the socket until it ends. Its frames are not for anybody's hands: a request that asks for the connection
/// to be taken over ends it.
async fn http2<S: Socket>(socket: S, this: Connection, shared: Arc<Shared>) {
    let (by_hand, mut taken) = mpsc::channel(1);
    let service = service_fn(move |request| exchange(request, this, shared.clone(), by_hand.clone()));
    let connection = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service);
    tokio::select! {
        _ = connection => {}
        _ = taken.recv() => {}
    }
}

/// One request: read, remembered, answered.
async fn exchange(
    request: Request<Incoming>,
    connection: Connection,
    shared: Arc<Shared>,
    by_hand: mpsc::Sender<Script>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    // What is left unread of the body stays unread: it must outlive all waits.
    let (head, mut body) = request.into_parts();
    let early = lock(&shared.faults).at_head(&head);
    let read = match &early {
        Some((_, moment)) => beginning(&mut body, *moment).await,
        None => match Limited::new(&mut body, shared.config.body_limit).collect().await {
            Ok(whole) => whole.to_bytes(),
            Err(_) => return Ok(response(Answer::page(413).header("Connection", "close"))),
        },
    };
    let call = Call::read(&head, read).await;
    let delivery = match early {
        Some((effect, _)) => deliver(&call, Some(effect), connection, &shared).await.early(),
        None => deliver(&call, None, connection, &shared).await,
    };
    match delivery {
        Delivery::Whole(answer) => return Ok(response(answer)),
        Delivery::Silence => {}
        // An error says that the connection is gone, and then nobody waits for the script.
        Delivery::ByHand(script) => drop(by_hand.send(script).await),
    }
    std::future::pending().await
}

/// What was read of a body at a moment before its end.
async fn beginning(body: &mut Incoming, moment: Moment) -> Bytes {
    // A body of unknown length has no half: its first piece must do.
    let half = body.size_hint().exact().map_or(1, |bytes| bytes / 2);
    let wanted = if moment == Moment::Half { half } else { 0 };
    let mut read = Vec::new();
    while (read.len() as u64) < wanted {
        match body.frame().await {
            Some(Ok(frame)) => read.extend_from_slice(frame.data_ref().map_or(&[], Bytes::as_ref)),
            _ => break,
        }
    }
    read.into()
}

/// Decides what is to be done with a request, unless an early fault has decided it, and waits as long as that wants; all
/// of it is on record before the client can know of it.
async fn deliver(call: &Call, early: Option<Effect>, connection: Connection, shared: &Arc<Shared>) -> Delivery {
    let entry = Entry { number: lock(&shared.log).begin(connection, call), shared };
    let effect = early.or_else(|| lock(&shared.faults).at_end(call));
    let ordered = match effect {
        Some(Effect::Delay(wait)) => wait,
        _ => Duration::ZERO,
    };
    let origin = if connection.secure { &shared.https_url } else { &shared.http_url };
    let (delivery, penalty) = react(call, effect.as_ref(), origin, shared);
    lock(&shared.log).decided(entry.number, effect, penalty);
    let wait = ordered + penalty;
    // The timer's shortest wait is a millisecond, also for none at all.
    if !wait.is_zero() {
        sleep(wait).await;
    }
    if let Some(answer) = delivery.answer() {
        lock(&shared.log).answered(entry.number, answer);
    }
    delivery
}

/// A request on record. Dropped when it is answered, and also when the client goes away before that.
struct Entry<'a> {
    number: u64,
    shared: &'a Shared,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        lock(&self.shared.log).finished(self.number);
    }
}

/// What a request meets: the way of its answer, and the delay that the service imposes.
fn react(call: &Call, effect: Option<&Effect>, origin: &str, shared: &Shared) -> (Delivery, Duration) {
    let shape = &shared.config.shape;
    let unserved = |delivery| (delivery, Duration::ZERO);
    let served = |delivery: &dyn Fn(Answer) -> Delivery| {
        let Reply { answer, penalty } = respond(call, effect, origin, shared);
        (delivery(answer), penalty)
    };
    match effect {
        Some(Effect::Answer(answer)) => unserved(Delivery::Whole(answer.clone())),
        Some(Effect::Logout) => unserved(Delivery::Whole(averbeporto::answers::logout().written(shape))),
        Some(Effect::Captcha) => unserved(Delivery::Whole(averbeporto::answers::captcha(shape).written(shape))),
        Some(Effect::Blocked) => unserved(Delivery::Whole(blocked(call))),
        Some(Effect::Silence) => unserved(Delivery::Silence),
        Some(Effect::Close) => unserved(Delivery::ByHand(Script::Close)),
        Some(Effect::Reset) => unserved(Delivery::ByHand(Script::Reset)),
        Some(Effect::Raw(bytes)) => unserved(Delivery::ByHand(Script::Raw(bytes.clone()))),
        Some(Effect::LoseAnswer) => served(&|_| Delivery::ByHand(Script::Close)),
        Some(Effect::CutAnswer) => served(&|answer| Delivery::ByHand(Script::Cut(answer))),
        Some(Effect::Drip(bytes, pause)) => served(&|answer| Delivery::ByHand(Script::Drip(answer, *bytes, *pause))),
        Some(Effect::Oversize(bytes)) => served(&|answer| Delivery::Whole(answer.padded(*bytes))),
        Some(Effect::Gzip) => served(&|answer| Delivery::Whole(answer.gzipped())),
        Some(Effect::HangUp) => served(&|answer| Delivery::ByHand(Script::HangUp(answer))),
        Some(
            Effect::Delay(_)
            | Effect::Shape(_)
            | Effect::TakeOnly(_)
            | Effect::MdfeShape(_)
            | Effect::Reject(_)
            | Effect::Contingency
            | Effect::Invoicy(_),
        )
        | None => served(&Delivery::Whole),
    }
}

/// The reply of the service that the request is for; a fault may tell it how to write it, or what to do otherwise.
fn respond(call: &Call, effect: Option<&Effect>, origin: &str, shared: &Shared) -> Reply {
    let (config, now) = (&shared.config, Instant::now());
    match Service::at(&call.path) {
        Service::AverbePorto => {
            let shape = if let Some(Effect::Shape(shape)) = effect { shape } else { &config.shape };
            let take_only = if let Some(Effect::TakeOnly(documents)) = effect { Some(*documents) } else { None };
            lock(&shared.averbeporto).respond(call, shape, take_only, now)
        }
        Service::Webmania => {
            let shape = if let Some(Effect::MdfeShape(shape)) = effect { shape } else { &config.mdfe_shape };
            let rejection = if let Some(Effect::Reject(rejection)) = effect { Some(rejection) } else { None };
            let contingency = matches!(effect, Some(Effect::Contingency));
            let context = webmania::Context { call, shape, rejection, contingency, origin, now };
            lock(&shared.webmania).respond(context).into()
        }
        Service::Invoicy => {
            let code = if let Some(Effect::Invoicy(code)) = effect { Some(*code) } else { None };
            lock(&shared.invoicy).respond(call, code, now).into()
        }
    }
}

/// The page of whoever guards the service.
fn blocked(call: &Call) -> Answer {
    match Service::at(&call.path) {
        Service::AverbePorto | Service::Invoicy => averbeporto::answers::blocked(),
        Service::Webmania => webmania::answers::blocked(),
    }
}

/// An answer for the HTTP library. A header that cannot be sent is a mistake in a fault: it is answered with 500.
fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(answer.body)).unwrap_or_else(|_| {
        let mut response =
            Response::new(Full::from("the simulator was told to send a header that HTTP does not allow\n"));
        *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
