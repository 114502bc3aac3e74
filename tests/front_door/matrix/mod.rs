//! The fault matrix: every fault of [`table`], met by login, Upload, Consulta and Averba through the real library.
//!
//! `cargo xtask test --only matrix` runs it, `cargo xtask matrix` writes its page, `docs/matriz-de-falhas.md`.

mod cause;
mod page;
mod random;
mod table;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;
use std::thread;

use averbador::contract::Code;
use serde_json::{Value, json};
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, protocol_of};

use self::cause::{Cause, Situation};

/// How many cells are tried at once: most of them wait.
const AT_ONCE: usize = 6;

/// The key that Consulta asks for; the service knows it.
const KNOWN: &str = "35220528779662000120579990000004681178902280";

/// Rows that belong together.
pub struct Section {
    title: &'static str,
    rows: &'static [Row],
}

/// A fault and what each operation makes of it.
pub struct Row {
    /// For the page (Portuguese).
    fault: &'static str,
    cause: Cause,
    /// In the order of [`Operation::ALL`]; `None` where the fault makes no sense.
    outcomes: [Option<Outcome>; 4],
}

/// What an operation says of its end, and how many requests the service saw.
#[derive(Clone, Copy)]
pub struct Outcome {
    /// `None`: it is done.
    code: Option<Code>,
    repeat: bool,
    uncertain: bool,
    seen: usize,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or(0, Code::number);
        f.write_str(&in_words(code.into(), self.repeat, self.uncertain, self.seen))
    }
}

/// An outcome in the words of the page.
fn in_words(code: i64, repeat: bool, uncertain: bool, seen: usize) -> String {
    let end = if code == 0 { "feito".to_owned() } else { code.to_string() };
    let advice = match (repeat, uncertain) {
        (false, false) => "",
        (true, false) => " repetir",
        (false, true) => " **incerto**",
        (true, true) => " repetir e **incerto**",
    };
    format!("{end}{advice} · {seen}")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Login,
    Upload,
    Consulta,
    Averba,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Login, Self::Upload, Self::Consulta, Self::Averba];

    const fn name(self) -> &'static str {
        ["login", "Upload", "Consulta", "Averba"][self as usize]
    }

    fn request(self, situation: &Situation) -> Value {
        let (user, pass) = (DEFAULT_USER, DEFAULT_PASSWORD);
        let (cookie, cte) = (&situation.cookie, &situation.document);
        match self {
            Self::Login => json!({"mod":"login","user":user,"pass":pass}),
            Self::Upload => json!({"mod":"Upload","cte":cte,"cookie":cookie}),
            Self::Consulta => json!({"mod":"Consulta","chave":KNOWN,"cookie":cookie}),
            Self::Averba => json!({"mod":"Averba","user":user,"pass":pass,"cookie":cookie,"cte":cte}),
        }
    }
}

impl Row {
    /// Meets the fault with one operation. `Err` says what was otherwise than in the table.
    fn meet(&self, operation: Operation, expected: Outcome) -> Result<(), String> {
        let situation = self.cause.arise();
        situation.service().store(KNOWN, &protocol_of(KNOWN));
        let said = situation.say(&operation.request(&situation));
        let reply: Value = serde_json::from_str(&said).expect("replies are JSON");
        let outcome = outcome(&reply, situation.service().requests().len() - situation.seen_before);
        let what = format!("{} [{}] {}", self.fault, self.cause, operation.name());
        if outcome != expected.to_string() {
            return Err(format!("{what}\n  expected {expected}\n  but was  {outcome}: {said}"));
        }
        if said.contains(DEFAULT_PASSWORD) || said.contains(&situation.cookie) {
            return Err(format!("{what}\n  tells a secret: {said}"));
        }
        honest(operation, expected, situation.received()).map_err(|lie| format!("{what}\n  {lie}: {said}"))
    }
}

/// The outcome that `reply` tells.
fn outcome(reply: &Value, seen: usize) -> String {
    let error = &reply["error"][0];
    in_words(error["code"].as_i64().unwrap_or(0), error["repetir"] == true, error["incerto"] == true, seen)
}

/// Whether what was said of a document is true of how often the service has `received` it.
fn honest(operation: Operation, outcome: Outcome, received: u32) -> Result<(), &'static str> {
    let sends = matches!(operation, Operation::Upload | Operation::Averba);
    match (outcome.code, received) {
        (_, 2..) => Err("the document was received twice"),
        (Some(_), 1) if !outcome.uncertain => Err("the document was received, and is reported as if it was not"),
        _ if outcome.uncertain && !sends => Err("nothing was sent that could be uncertain"),
        _ => Ok(()),
    }
}

/// Tries every cell of a section, and tells all that are otherwise than in the table.
fn check(section: &Section) {
    let cells = |row: &'static Row| {
        let cells = Operation::ALL.into_iter().zip(row.outcomes);
        cells.filter_map(move |(operation, outcome)| Some((row, operation, outcome?)))
    };
    let cells = Mutex::new(section.rows.iter().flat_map(cells).collect::<VecDeque<_>>());
    let next = || cells.lock().expect("no cell panics").pop_front();
    let try_cells =
        || std::iter::from_fn(next).filter_map(|(row, operation, outcome)| row.meet(operation, outcome).err());
    let wrong: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(|| try_cells().collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no cell panics")).collect()
    });
    assert!(wrong.is_empty(), "{} of the cells of \"{}\":\n{}", wrong.len(), section.title, wrong.join("\n"));
}

#[test]
fn before_the_service() {
    check(&table::BEFORE_THE_SERVICE);
}

#[test]
fn tls() {
    check(&table::TLS);
}

#[test]
fn proxy() {
    check(&table::PROXY);
}

#[test]
fn request() {
    check(&table::REQUEST);
}

#[test]
fn answer() {
    check(&table::ANSWER);
}

#[test]
fn kept_connection() {
    check(&table::KEPT_CONNECTION);
}

#[test]
fn status() {
    check(&table::STATUS);
}

#[test]
fn redirect() {
    check(&table::REDIRECT);
}

#[test]
fn login_answers() {
    check(&table::LOGIN_ANSWERS);
}

#[test]
fn upload_answers() {
    check(&table::UPLOAD_ANSWERS);
}

#[test]
fn consulta_answers() {
    check(&table::CONSULTA_ANSWERS);
}
