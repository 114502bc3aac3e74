//! Distance between clients and a server on this machine: a relay that holds everything back as long as it would be under way.
//!
//! Every piece that comes in is stamped and let out again its time later, so that distance costs time and no throughput. The
//! connection is held to account for its setting up: to the client it seems to be there at once, so the first that it sends is let
//! out a whole round trip later. Nothing is lost, windows are without bounds: TCP's slow start is not modelled.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// As much as is taken up in one piece.
const PIECE: usize = 64 * 1024;

/// How often a port that is free on both loopback addresses is sought.
const ATTEMPTS: u32 = 20;

/// A relay to a port of this machine, for as long as it is not dropped.
pub struct Relay {
    /// Where clients connect: a port of `localhost`, by either of its addresses.
    pub port: u16,
    ends: Arc<AtomicBool>,
    listening: Vec<(SocketAddr, JoinHandle<()>)>,
}

impl Relay {
    /// A relay to the server at `port`, as far away as `round_trip` says.
    pub fn start(port: u16, round_trip: Duration) -> io::Result<Self> {
        let listeners = listen()?;
        let mut relay = Self { port: listeners[0].local_addr()?.port(), ends: Arc::default(), listening: Vec::new() };
        for listener in listeners {
            let (address, ends) = (listener.local_addr()?, relay.ends.clone());
            let accepting = thread::spawn(move || accept(&listener, port, round_trip, &ends));
            relay.listening.push((address, accepting));
        }
        Ok(relay)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        for (address, accepting) in self.listening.drain(..) {
            // Only a connection wakes who waits for one. Without it the thread would stay, so it is not waited for either.
            if TcpStream::connect(address).is_ok() {
                let _ = accepting.join();
            }
        }
    }
}

/// Listens on a port that is free on both addresses of `localhost`, where there are both.
fn listen() -> io::Result<Vec<TcpListener>> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        match TcpListener::bind((Ipv6Addr::LOCALHOST, first.local_addr()?.port())) {
            Ok(second) => return Ok(vec![first, second]),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = Some(error),
            Err(_) => return Ok(vec![first]),
        }
    }
    Err(last.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}

fn accept(listener: &TcpListener, port: u16, round_trip: Duration, ends: &AtomicBool) {
    for client in listener.incoming() {
        if ends.load(Ordering::SeqCst) {
            return;
        }
        // A client that is gone again, or a server that is not there: the client sees its connection end.
        let _ = client.and_then(|client| join(client, port, round_trip));
    }
}

/// Carries what client and server have to say to each other, on threads that end with the connection.
fn join(client: TcpStream, port: u16, round_trip: Duration) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
    }
    let one_way = round_trip / 2;
    carry(client.try_clone()?, server.try_clone()?, round_trip + one_way, one_way);
    carry(server, client, one_way, one_way);
    Ok(())
}

/// Carries one direction: the first piece takes the time `first`, every other `delay`, and none overtakes another.
fn carry(from: TcpStream, to: TcpStream, first: Duration, delay: Duration) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || take_up(from, &sender, first, delay));
    thread::spawn(move || let_out(to, receiver));
}

/// A piece on its way, and when it arrives; an empty one is the end.
type Piece = (Instant, Vec<u8>);

fn take_up(mut from: TcpStream, sender: &Sender<Piece>, first: Duration, delay: Duration) {
    let (mut buffer, mut takes) = (vec![0; PIECE], first);
    loop {
        // A connection that breaks ends for the other side, too.
        let count = from.read(&mut buffer).unwrap_or(0);
        let arrival = Instant::now() + takes;
        if sender.send((arrival, buffer[..count].to_vec())).is_err() || count == 0 {
            return;
        }
        takes = delay;
    }
}

fn let_out(mut to: TcpStream, receiver: Receiver<Piece>) {
    for (arrival, piece) in receiver {
        thread::sleep(arrival.saturating_duration_since(Instant::now()));
        if piece.is_empty() {
            let _ = to.shutdown(Shutdown::Write);
        } else if to.write_all(&piece).is_err() {
            // Nobody is there any more to hear the rest; the other direction tells who sends it.
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::Relay;

    const ROUND_TRIP: Duration = Duration::from_millis(40);

    /// A server that sends back all that it gets, to one client.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut back = stream.try_clone().expect("a handle");
            std::io::copy(&mut stream, &mut back).expect("it is sent back");
            back.shutdown(Shutdown::Write).expect("the end");
        });
        port
    }

    #[test]
    fn what_comes_back_is_what_was_sent_and_not_sooner_than_the_distance_allows() {
        let relay = Relay::start(echo(), ROUND_TRIP).expect("a relay");
        let sent: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
        let start = Instant::now();
        let mut client = TcpStream::connect(("localhost", relay.port)).expect("a connection");
        let mut half = client.try_clone().expect("a handle");
        let bytes = sent.clone();
        let sending = thread::spawn(move || {
            half.write_all(&bytes).expect("it is taken");
            half.shutdown(Shutdown::Write).expect("the end");
        });
        let mut received = Vec::new();
        client.read_to_end(&mut received).expect("all of it");
        sending.join().expect("it is sent");
        assert!(received == sent);
        // Setting up, there and back.
        assert!(start.elapsed() >= ROUND_TRIP * 2);
    }

    #[test]
    fn a_connection_that_is_there_costs_one_round_trip() {
        let relay = Relay::start(echo(), ROUND_TRIP).expect("a relay");
        let mut client = TcpStream::connect(("localhost", relay.port)).expect("a connection");
        for trips in [2, 1, 1] {
            let start = Instant::now();
            client.write_all(b"x").expect("it is taken");
            client.read_exact(&mut [0]).expect("it comes back");
            assert!(start.elapsed() >= ROUND_TRIP * trips);
        }
    }
}
