//! The service. Where a rule is written:
//!
//! - "seed page" with a number: the page on AverbePorto that the ERP's makers work by;
//! - "manual": the insurer's integration manual, edition with samples of 09/2024;
//! - "clients": read in public clients of the service;
//! - "Assumed": written nowhere public; a client must not rely on it.

pub(crate) mod answers;
mod consulta;
mod login;
mod protocol;
mod retrieve;
mod store;
mod throttle;
mod upload;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::config::{Config, Shape};
use crate::php::Call;

pub use login::Session;
use login::Sessions;
pub use protocol::protocol_of;
use store::Documents;
pub use store::StoredDocument;
use throttle::Throttle;

/// The one address for everything (seed page 1.1.1).
pub(crate) const CONN: &str = "/php/conn.php";
/// The consulta by GET (seed page 3.2.2).
pub(crate) const PUBLIC_CONSULTA: &str = "/atwe/php/Protocolo.php";

/// The service with all that it remembers.
pub(crate) struct Service {
    config: Config,
    pub(crate) sessions: Sessions,
    /// By user: how many logins in a row failed.
    pub(crate) failed_logins: HashMap<String, u32>,
    pub(crate) documents: Documents,
    /// By user.
    throttles: BTreeMap<String, Throttle>,
}

/// What the service gives to a request.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    /// The delay that the service imposes before it answers.
    pub(crate) penalty: Duration,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self { answer, penalty: Duration::ZERO }
    }
}

/// The circumstances of a request.
#[derive(Clone, Copy)]
struct Context<'a> {
    call: &'a Call,
    shape: &'a Shape,
    /// Of an upload so many documents are taken; `None`: all of them.
    take_only: Option<usize>,
    now: Instant,
}

/// The parameter that asks for a dump "in any request" (seed page 1.2).
fn dump(call: &Call) -> &str {
    match call.post.text("dump") {
        "" => call.get.text("dump"),
        dump => dump,
    }
}

impl Service {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            sessions: Sessions::default(),
            failed_logins: HashMap::new(),
            documents: Documents::default(),
            throttles: BTreeMap::new(),
        }
    }

    /// Answers one request. With `take_only` an upload stops in silence behind so many documents.
    pub(crate) fn respond(&mut self, call: &Call, shape: &Shape, take_only: Option<usize>, now: Instant) -> Reply {
        // Cloudflare stands before every address (seed page 1.1.1, note 2; manual: "a User-Agent that begins like a browser").
        if !call.header("user-agent").is_some_and(|agent| agent.starts_with("Mozilla/")) {
            return answers::blocked().into();
        }
        let context = Context { call, shape, take_only, now };
        match (call.method.as_str(), call.path.as_str()) {
            // Seed page 1.2: dump=2 answers with the dump alone "before any processing". Assumed: before
            // any check, too.
            (_, CONN) | ("GET", PUBLIC_CONSULTA) if dump(call) == "2" => answers::dump_only(call).written(shape).into(),
            (_, CONN) => self.conn(context),
            ("GET", PUBLIC_CONSULTA) => self.public_consulta(context),
            _ => Answer::page(404).into(),
        }
    }

    /// `conn.php`: the parameter `mod` says what is wanted. All parameters come in the body, so a GET
    /// finds none and gets an error (seed page 1.1.1, note 3).
    fn conn(&mut self, context: Context<'_>) -> Reply {
        let Context { call, shape, .. } = context;
        // Manual: comp=5 in every request. Assumed: "malformed" is the answer to another one and to an
        // unknown module, and the names of modules are taken as they are written.
        match (call.post.text("comp"), call.post.text("mod")) {
            ("5", "login") => self.login(context),
            ("5", "Upload") => self.upload(context),
            ("5", "Protocolo") => self.consulta(context),
            ("5", "Retrieve") => self.retrieve(context),
            _ => answers::malformed(shape).reply(context),
        }
    }
}
