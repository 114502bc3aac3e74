//! The soak: 64 threads use the library at once, every function of it, while the service and the network fail, settings
//! change and the library is shut down. Nothing may be lost, and nothing may grow.
//!
//! `cargo xtask soak` has it run for the time in `AVERBADOR_SOAK_MINUTES`; else it takes a few rounds.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, Simulator, Target};

use crate::driver::{TempFile, World, fixture, target};

/// How many rounds each thread does if no time is given.
const ROUNDS: &str = "6";

/// Whoever does nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(180);

/// So many requests are served between two faults, and between two ends of all sessions.
const REQUESTS_A_FAULT: usize = 12;
const REQUESTS_A_SESSION: usize = 300;

/// From this time on it is judged whether memory grows, and by how much it may, in KB a minute. (Before, and below, it is
/// the ups and downs of 64 threads.)
const JUDGED_MINUTES: f64 = 8.0;
const MEMORY_SLOPE: f64 = 50.0;

#[test]
fn many_threads_lose_nothing_and_leave_nothing_behind() {
    let world = World::over_tls().set(json!({"porto":{"uploads_por_segundo":100}}));
    let (told, states) = Program::start(&world).finish(&world.simulator);
    println!("{}", table(&states));
    println!("{}", told.summary(&world.simulator));
    told.judge(&world.simulator);
    assert_eq!(told.fates.len(), states[states.len() - 1].documents, "of some documents nothing was told");
    judge_growth(&states);
}

/// A line of the program's.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Fate { key: String, fate: Fate, protocol: Option<String> },
    Cancelled { cancelled: String },
    Wrong { wrong: String },
    State(State),
}

/// What the replies say of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fate {
    Endorsed,
    Taken,
    Failed,
    Uncertain,
}

/// What the program holds and has done.
#[derive(Debug, Deserialize)]
struct State {
    seconds: u64,
    rounds: u64,
    memory_kb: u64,
    threads: u64,
    handles: u64,
    documents: usize,
    /// How many replies came to each code; 0 is success.
    codes: BTreeMap<String, u64>,
}

/// The program on its way; ended with this.
struct Program {
    process: Child,
    lines: Receiver<String>,
    /// Its folder, with its settings in it.
    _folder: TempFile,
}

impl Program {
    fn start(world: &World) -> Self {
        let settings = world.settings_file();
        let mut program = target().program("soak");
        program.args([
            "--lib",
            &target().path(&target().library()),
            "--user",
            DEFAULT_USER,
            "--pass",
            DEFAULT_PASSWORD,
        ]);
        program.args(["--xml", &format!("@{}", fixture("cte-utf8.xml"))]);
        program.args(["--event", &format!("@{}", fixture("evento-cancelamento.xml"))]);
        match std::env::var("AVERBADOR_SOAK_MINUTES") {
            Ok(minutes) => program.args(["--minutes", &minutes]),
            Err(_) => program.args(["--rounds", ROUNDS]),
        };
        let seed = std::process::id().to_string();
        println!("seed {seed}");
        program.args(["--seed", &seed]);
        program
            .env("AVERBADOR_CONFIG", settings.name())
            // One heap for all threads: those that glibc makes besides fill with holes, for an hour, and hide what grows.
            .env("MALLOC_ARENA_MAX", "1")
            .current_dir(settings.path().parent().expect("it has a folder"));
        let mut process = program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the program starts");
        let lines = lines_of(process.stdout.take().expect("piped"));
        Self { process, lines, _folder: settings }
    }

    /// Hears it to its end, making trouble for it meanwhile.
    fn finish(mut self, simulator: &Simulator) -> (Told, Vec<State>) {
        let (mut told, mut states, mut trouble) = (Told::default(), Vec::new(), Trouble::new(simulator));
        let mut progress = Instant::now();
        while let Some(line) = self.next_line() {
            trouble.make();
            match serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")) {
                Line::State(state) => {
                    if states.last().is_none_or(|last: &State| last.rounds < state.rounds) {
                        progress = Instant::now();
                    }
                    assert!(progress.elapsed() < PATIENCE, "it hangs: {state:?}");
                    simulator.clear_requests();
                    show(&state);
                    states.push(state);
                }
                line => told.note(line),
            }
        }
        let status = self.process.wait().expect("our own process");
        assert!(status.success() && states.len() >= 2, "{status} after telling {} states", states.len());
        (told, states)
    }

    /// `None` at its end.
    fn next_line(&self) -> Option<String> {
        use std::sync::mpsc::RecvTimeoutError;
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no sign of life"),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail when it has ended, which is as well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        // Who does not listen any more has ended the program.
        BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    lines
}

fn show(state: &State) {
    let State { seconds, rounds, memory_kb, threads, handles, .. } = state;
    println!("{seconds:>6} s  {rounds:>8} rounds  {memory_kb:>8} KB  {threads:>4} threads  {handles:>5} handles");
}

/// What goes wrong at the service and on the way, over and over.
struct Trouble<'a> {
    simulator: &'a Simulator,
    requests: Receiver<simulator::RecordedRequest>,
    seen: usize,
}

impl<'a> Trouble<'a> {
    fn new(simulator: &'a Simulator) -> Self {
        Self { simulator, requests: simulator.watch(), seen: 0 }
    }

    /// As is due for the requests that came since the last time.
    fn make(&mut self) {
        for _ in self.requests.try_iter() {
            self.seen += 1;
            if self.seen.is_multiple_of(REQUESTS_A_FAULT) {
                // One at a time: a fault for a request that does not come would wait for ever.
                self.simulator.clear_faults();
                self.simulator.fault(fault(self.seen / REQUESTS_A_FAULT));
            }
            if self.seen.is_multiple_of(REQUESTS_A_SESSION) {
                self.simulator.expire_sessions();
            }
        }
    }
}

/// The fault whose turn it is.
fn fault(turn: usize) -> Fault {
    use Target::{Any, Consulta, Login, PublicConsulta, Retrieve, Upload};
    let delay = || Effect::Delay(Duration::from_millis(300));
    let faults = [
        (Upload, Effect::LoseAnswer),
        (Upload, Effect::Reset),
        (Consulta, Effect::status(503)),
        (Upload, Effect::CutAnswer),
        (Upload, delay()),
        (Consulta, Effect::LoseAnswer),
        (Login, Effect::status(503)),
        (Upload, Effect::status(503)),
        (Consulta, delay()),
        (Upload, Effect::TakeOnly(1)),
        (Upload, Effect::Close),
        (PublicConsulta, Effect::Reset),
        (Consulta, Effect::CutAnswer),
        (Upload, Effect::Logout),
        (Login, Effect::Captcha),
        (Upload, Effect::status(413)),
        (Retrieve, Effect::CutAnswer),
        (Upload, Effect::Drip(20, Duration::from_millis(5))),
        (Any, Effect::Blocked),
        (Consulta, Effect::Logout),
        (Login, Effect::Close),
        (Upload, Effect::LoseAnswer),
        (Consulta, Effect::status(503)),
        (Any, Effect::status(429)),
    ];
    let (target, effect) = faults[turn % faults.len()].clone();
    Fault::new(effect).on(target)
}

/// What the replies said of documents.
#[derive(Default)]
struct Told {
    fates: HashMap<String, (Fate, Option<String>)>,
    cancelled: Vec<String>,
}

impl Told {
    fn note(&mut self, line: Line) {
        match line {
            Line::Fate { key, fate, protocol } => {
                let before = self.fates.insert(key.clone(), (fate, protocol));
                assert!(before.is_none(), "told twice of {key}");
            }
            Line::Cancelled { cancelled } => self.cancelled.push(cancelled),
            Line::Wrong { wrong } => panic!("{wrong}"),
            Line::State(_) => {}
        }
    }

    fn summary(&self, simulator: &Simulator) -> String {
        let mut counts: BTreeMap<Fate, usize> = BTreeMap::new();
        for (fate, _) in self.fates.values() {
            *counts.entry(*fate).or_default() += 1;
        }
        let stored = self.fates.keys().filter(|key| simulator.document(key).is_some()).count();
        let (made, cancelled) = (self.fates.len(), self.cancelled.len());
        format!(
            "documents: {made} made, of which the replies say {counts:?}, {cancelled} cancelled; the service has {stored}"
        )
    }

    /// Whether every reply was true.
    fn judge(&self, simulator: &Simulator) {
        for (key, (fate, protocol)) in &self.fates {
            let stored = simulator.document(key);
            assert!(stored.as_ref().is_none_or(|stored| stored.received == 1), "received twice: {stored:?}");
            match fate {
                Fate::Endorsed => {
                    let stored = stored.map(|stored| stored.protocol);
                    assert!(
                        stored.is_some() && stored == *protocol,
                        "{key}: {protocol:?} was told, stored is {stored:?}"
                    );
                }
                Fate::Taken => assert!(stored.is_some(), "{key} was lost"),
                Fate::Failed => assert!(stored.is_none(), "{key} is endorsed, and was told to have failed"),
                Fate::Uncertain => {}
            }
        }
        for key in &self.cancelled {
            assert!(simulator.document(key).is_some_and(|stored| stored.cancelled), "{key} is not cancelled");
        }
    }
}

/// How a number went from minute to minute.
struct Course {
    first: f64,
    last: f64,
    most: f64,
    slope: f64,
}

impl Course {
    /// Of the states in which the program was at work, without the first fifth, in which it warms up.
    fn of(states: &[State], number: impl Fn(&State) -> u64) -> Self {
        let at_work = &states[1..states.len() - 1];
        let warm = &at_work[at_work.len() / 5..];
        let points: Vec<_> = warm.iter().map(|state| (state.seconds as f64 / 60.0, number(state) as f64)).collect();
        let values = || points.iter().map(|(_, value)| *value);
        Self {
            first: values().next().unwrap_or_default(),
            last: values().next_back().unwrap_or_default(),
            most: values().fold(0.0, f64::max),
            slope: slope(&points),
        }
    }
}

/// Of the straight line through the points (least squares).
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let above: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let below: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if below == 0.0 { 0.0 } else { above / below }
}

fn table(states: &[State]) -> String {
    let row = |name: &str, number: fn(&State) -> u64| {
        let Course { first, last, most, slope } = Course::of(states, number);
        let (begin, end) = (number(&states[0]), number(&states[states.len() - 1]));
        format!("{name:<12} {begin:>10} {first:>10} {last:>10} {most:>10} {end:>10} {slope:>+14.2}\n")
    };
    let head = ["", "begin", "warm", "last", "most", "shut down", "slope (/min)"];
    let [name, begin, first, last, most, end, slope] = head;
    let end_state = &states[states.len() - 1];
    format!("{name:<12} {begin:>10} {first:>10} {last:>10} {most:>10} {end:>10} {slope:>14}\n")
        + &row("memory (KB)", |state| state.memory_kb)
        + &row("threads", |state| state.threads)
        + &row("handles", |state| state.handles)
        + &format!(
            "{} rounds, {} replies by code: {:?}",
            end_state.rounds,
            end_state.codes.values().sum::<u64>(),
            end_state.codes
        )
}

fn judge_growth(states: &[State]) {
    let (begin, end) = (&states[0], &states[states.len() - 1]);
    assert_eq!(end.threads, begin.threads, "threads are left");
    if !target().is_windows() {
        assert_eq!(end.handles, begin.handles, "handles are left");
    }
    if end.seconds as f64 >= JUDGED_MINUTES * 60.0 {
        let slope = Course::of(states, |state| state.memory_kb).slope;
        assert!(slope < MEMORY_SLOPE, "memory grows by {slope:.0} KB a minute");
    }
}
