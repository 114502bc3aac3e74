//! The memory of the requests that came.

use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::faults::Effect;
use crate::invoicy;
use crate::php::Call;
use crate::server::Connection;

/// How many requests are remembered; the oldest are forgotten first.
const REMEMBERED: usize = 100_000;
/// How much of a JSON body and of an answer's body is remembered.
const BODY_BYTES: usize = 64 << 10;
/// How much of a field or of an answer a line of the log shows.
const LINE_CHARS: usize = 120;

/// A request and what became of it. `to_string()` is a line for a log, without password, session and token.
#[derive(Clone, Debug)]
pub struct RecordedRequest {
    /// 1, 2, 3… in the order in which the requests were read: to their end, or as far as a fault let them.
    pub number: u64,
    /// The TCP connection it came over: 1, 2, 3… in the order in which they were accepted.
    pub connection: u64,
    /// Whether it came over TLS.
    pub secure: bool,
    /// When it was read, counted from the start of the simulator.
    pub at: Duration,
    /// How long the answer took, ordered delays included; `None` while it is not answered.
    pub took: Option<Duration>,
    /// GET, POST…
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The parameter `mod` (login, Upload, Protocolo, Retrieve), with InvoiCy the root of the document (Envio, Consulta,
    /// EnvioEvento); empty when there is none.
    pub module: String,
    /// The parameters as they came, of the query and of the body, decoded. Files are not among them.
    pub fields: Vec<(String, String)>,
    /// The headers as they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The length of the body.
    pub body_bytes: usize,
    /// The body, if it says that it is JSON, or is for InvoiCy (its first 64 KiB).
    pub body: String,
    /// The files, of which the service wants exactly one.
    pub files: Vec<FilePart>,
    /// The fault that was applied.
    pub fault: Option<Effect>,
    /// The delay that the service imposed for too many uploads or for documents sent again.
    pub penalty: Duration,
    /// The HTTP status that was answered; `None` when nothing was.
    pub status: Option<u16>,
    /// The body that was answered (its first 64 KiB).
    pub answer: String,
}

/// A file as it came in a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePart {
    /// The name of the part; the service wants `file`.
    pub field: String,
    /// The file's name.
    pub file_name: String,
    /// The part's content type.
    pub content_type: String,
    /// The file's length.
    pub bytes: usize,
}

impl RecordedRequest {
    /// The last parameter of this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All parameters of this name, for example `chave[]`.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.fields.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn new(number: u64, connection: Connection, at: Duration, call: &Call) -> Self {
        let fields = [call.get.sent(), call.post.sent()].concat();
        let files = call.files.iter().map(|file| FilePart {
            field: file.field.clone(),
            file_name: file.name.clone(),
            content_type: file.content_type.clone(),
            bytes: file.content.len(),
        });
        Self {
            number,
            connection: connection.number,
            secure: connection.secure,
            at,
            took: None,
            method: call.method.clone(),
            path: call.path.clone(),
            module: if invoicy::is_at(&call.path) { invoicy::kind(call) } else { call.post.text("mod").to_owned() },
            fields,
            headers: call.headers.clone(),
            body_bytes: call.body.len(),
            body: if call.is_json() || invoicy::is_at(&call.path) { beginning(&call.body) } else { String::new() },
            files: files.collect(),
            fault: None,
            penalty: Duration::ZERO,
            status: None,
            answer: String::new(),
        }
    }

    fn write_fields(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.fields {
            match name == "pass" {
                true => write!(f, " {name}=***")?,
                false => write!(f, " {name}={}", line(value))?,
            }
        }
        for secret in ["cookie", "authorization"] {
            if self.header(secret).is_some() {
                write!(f, " {secret}=***")?;
            }
        }
        for file in &self.files {
            let FilePart { field, file_name, content_type, bytes } = file;
            write!(f, " {field}=\"{}\" ({content_type}, {bytes} B)", line(file_name))?;
        }
        match self.body.as_str() {
            "" => Ok(()),
            // It has the keys in it.
            _ if invoicy::is_at(&self.path) => write!(f, " {}", self.module),
            body => write!(f, " {}", line(body)),
        }
    }

    /// A dump repeats every secret of the request, so its answer is not shown.
    fn write_answer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            None => write!(f, " -> no answer")?,
            Some(status) if self.field("dump").is_some() => write!(f, " -> {status} (dump)")?,
            Some(status) => write!(f, " -> {status} {}", line(&self.answer))?,
        }
        if let Some(took) = self.took {
            write!(f, " in {:.1} ms", took.as_secs_f64() * 1000.0)?;
        }
        Ok(())
    }
}

impl fmt::Display for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>9.3}s #{} c{} {} {}",
            self.at.as_secs_f64(),
            self.number,
            self.connection,
            self.method,
            self.path
        )?;
        self.write_fields(f)?;
        if let Some(fault) = &self.fault {
            write!(f, " [fault: {}]", fault.name())?;
        }
        if !self.penalty.is_zero() {
            write!(f, " [delayed: {} ms]", self.penalty.as_millis())?;
        }
        self.write_answer(f)
    }
}

/// As much of a body as is remembered.
fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(BODY_BYTES)]).into_owned()
}

/// One line of at most [`LINE_CHARS`] characters, without control characters.
fn line(text: &str) -> String {
    let mut kept: String = text.chars().filter(|c| !c.is_control()).take(LINE_CHARS + 1).collect();
    if kept.chars().count() > LINE_CHARS {
        kept.pop();
        kept.push('…');
    }
    kept
}

/// The requests remembered, and those who want to hear of each.
pub(crate) struct Log {
    started: Instant,
    last_number: u64,
    requests: VecDeque<RecordedRequest>,
    listeners: Vec<Sender<RecordedRequest>>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), last_number: 0, requests: VecDeque::new(), listeners: Vec::new() }
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    /// How many there were, those that are forgotten included.
    pub(crate) fn count(&self) -> u64 {
        self.last_number
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }

    pub(crate) fn listen(&mut self) -> Receiver<RecordedRequest> {
        let (sender, receiver) = channel();
        self.listeners.push(sender);
        receiver
    }

    /// Remembers a request before it is answered; gives its number.
    pub(crate) fn begin(&mut self, connection: Connection, call: &Call) -> u64 {
        self.last_number += 1;
        if self.requests.len() == REMEMBERED {
            self.requests.pop_front();
        }
        let at = self.started.elapsed();
        self.requests.push_back(RecordedRequest::new(self.last_number, connection, at, call));
        self.last_number
    }

    /// Adds what is going to be done with it.
    pub(crate) fn decided(&mut self, number: u64, fault: Option<Effect>, penalty: Duration) {
        if let Some(request) = self.find(number) {
            request.fault = fault;
            request.penalty = penalty;
        }
    }

    /// Adds what is put on the wire, now.
    pub(crate) fn answered(&mut self, number: u64, answer: &Answer) {
        let elapsed = self.started.elapsed();
        if let Some(request) = self.find(number) {
            request.took = Some(elapsed.saturating_sub(request.at));
            request.status = Some(answer.status);
            request.answer = beginning(&answer.body);
        }
    }

    /// Tells the listeners that nothing more will become of it.
    pub(crate) fn finished(&mut self, number: u64) {
        if let Some(request) = self.find(number).cloned() {
            self.listeners.retain(|listener| listener.send(request.clone()).is_ok());
        }
    }

    /// The requests are numbered without gaps, so the place follows from the number.
    fn find(&mut self, number: u64) -> Option<&mut RecordedRequest> {
        let first = self.requests.front()?.number;
        let place = usize::try_from(number.checked_sub(first)?).ok()?;
        self.requests.get_mut(place)
    }
}
