//! Calls of the real library, written down as they can be shown: what differs from run to run has a fixed stand-in.

use std::path::Path;

use serde_json::{Value, json};
use simulator::DEFAULT_USER;

use super::Call;
use super::json::Json;
use crate::driver::{Said, World, fixture, target};

/// What stands for a session.
const SESSION: &str = "0123456789abcdef0123456789abcdef";

/// What stands for the value of such a key, where it has one.
fn stand_in(key: &str, value: &Value) -> Option<Value> {
    let stand_in = match key {
        "cookie" => json!(SESSION),
        "ms" => json!(12),
        "diferenca_s" => json!(0),
        "nProt" => json!("935260000000001"),
        "dhRecbto" | "hora_local" | "hora_servico" => json!("2026-05-12T10:00:00-03:00"),
        "inicio" => json!("2026-05-01T00:00:00Z"),
        "validade" => json!("2027-05-01T00:00:00Z"),
        "sistema" => json!("windows x86, Windows 10.0.19045"),
        "servidor" => json!("apis.averbeporto.com.br:443"),
        "dias" => json!(180),
        _ => return None,
    };
    (!value.is_null() && value != "").then_some(stand_in)
}

/// A world in which calls are made.
pub struct Scene {
    /// The simulator, and the settings that lead to it.
    pub world: World,
    /// What is shown, and what it stands for in this run.
    known: Vec<(String, String)>,
    calls: Vec<Call>,
}

impl Scene {
    /// No call was made yet.
    pub fn new(world: World) -> Self {
        Self { world, known: Vec::new(), calls: Vec::new() }
    }

    /// `shown` stands for `real`, in requests and in replies.
    pub fn means(&mut self, shown: &str, real: &str) {
        self.known.push((shown.to_owned(), real.to_owned()));
    }

    /// `C:\siem\NAME` stands for the fixture of this name.
    pub fn fixture(&mut self, name: &str) {
        self.means(&format!("C:\\siem\\{name}"), &fixture(name));
    }

    /// [`SESSION`] stands for a live session.
    pub fn session(&mut self) {
        let session = self.world.simulator.open_session(DEFAULT_USER);
        self.means(SESSION, &session);
    }

    /// `C:\siem\NAME` stands for this path, as the program under test must name it.
    pub fn path(&mut self, name: &str, path: &Path) {
        self.means(&format!("C:\\siem\\{name}"), &target().path(path));
    }

    /// Executes `request`, and writes it down under `name` with its events and its reply.
    pub fn say(&mut self, name: &'static str, request: &str) -> Value {
        let real = Json::parse(request).with_leaves(&|_, value| replaced(value, &self.known, false));
        let said = self.world.run_with(&["--progresso", "executa", "-"], &real.to_string());
        self.note(name, request, &said)
    }

    /// Configures the library with `settings`, and writes it down under `name`.
    pub fn configure(&mut self, name: &'static str, settings: &str) {
        let said = self.world.run_with(&["configura", "-"], settings);
        self.note(name, settings, &said);
    }

    fn note(&mut self, name: &'static str, request: &str, said: &Said) -> Value {
        let events = said.stderr.lines().filter(|line| line.starts_with('{')).map(Json::parse).collect();
        self.calls.push(Call { name, request: Json::parse(request), events, reply: Json::parse(said.text()) });
        said.json()
    }

    /// All calls, with the stand-ins in their replies and events.
    pub fn finish(self) -> Vec<Call> {
        let known = self.known;
        let shown = |key: &str, value| stand_in(key, &value).unwrap_or_else(|| replaced(value, &known, true));
        let calls = self.calls.into_iter().map(|call| Call {
            reply: call.reply.with_leaves(&shown),
            events: call.events.into_iter().map(|event| event.with_leaves(&shown)).collect(),
            ..call
        });
        calls.collect()
    }
}

/// `value` with what is known of it replaced: what is real by what is shown, or the other way round.
fn replaced(value: Value, known: &[(String, String)], to_shown: bool) -> Value {
    let Value::String(mut text) = value else { return value };
    for (shown, real) in known {
        let (from, to) = if to_shown { (real, shown) } else { (shown, real) };
        text = text.replace(from, to);
    }
    // What the library appends to a folder has the separator of the platform.
    if to_shown && text.starts_with("C:\\") {
        text = text.replace('/', "\\");
    }
    text.into()
}
