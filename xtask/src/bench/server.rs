//! The simulator as a process of its own, near and far.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use serde_json::value::from_value;
use simulator::Counts;

use super::distance::Relay;

/// A running simulator, and a relay that makes it seem far away.
pub struct Server {
    child: Child,
    /// Closed, it ends the simulator.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    port: u16,
    relay: Relay,
    /// The certificate of its authority.
    pub ca: PathBuf,
}

/// How far away the server is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// On this machine.
    None,
    /// [`ROUND_TRIP`] away.
    Far,
}

/// The round trip to a server that is far away.
pub const ROUND_TRIP: Duration = Duration::from_millis(40);

impl Server {
    /// Starts `program`, whose files go into `folder`.
    pub fn start(program: &Path, folder: &Path) -> Result<Self> {
        let (ca, settings) = (folder.join("ca.pem"), folder.join("settings.json"));
        let mut child = Command::new(program)
            .args(["--control", "--throttle", "0", "--ca"])
            .arg(&ca)
            .arg("--settings")
            .arg(&settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the simulator does not start")?;
        let commands = child.stdin.take();
        let mut answers = BufReader::new(child.stdout.take().context("it has no output")?);
        let mut line = String::new();
        while !line.starts_with("Ready.") {
            line.clear();
            ensure!(answers.read_line(&mut line)? > 0, "the simulator has ended");
        }
        let settings: Value = serde_json::from_str(&std::fs::read_to_string(settings)?)?;
        let port = port(&settings).context("the simulator's settings have no port")?;
        let relay = Relay::start(port, ROUND_TRIP).context("no relay")?;
        Ok(Self { child, commands, answers, port, relay, ca })
    }

    /// Its address for clients.
    pub fn url(&self, distance: Distance) -> String {
        let port = match distance {
            Distance::None => self.port,
            Distance::Far => self.relay.port,
        };
        format!("https://localhost:{port}")
    }

    /// What it has served since its start.
    pub fn counts(&mut self) -> Result<Counts> {
        Ok(from_value(self.ask("counts")?)?)
    }

    /// Has it forget all documents.
    pub fn forget(&mut self) -> Result<()> {
        self.ask("forget").map(drop)
    }

    /// The processor time that it has used so far, in seconds.
    pub fn cpu(&self) -> Result<f64> {
        let mut nanoseconds = 0.0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let times = std::fs::read_to_string(task?.path().join("schedstat"))?;
            nanoseconds += times.split(' ').next().context("no time")?.parse::<f64>()?;
        }
        Ok(nanoseconds / 1e9)
    }

    fn ask(&mut self, command: &str) -> Result<Value> {
        let commands = self.commands.as_mut().context("the simulator does not listen")?;
        writeln!(commands, "{command}")?;
        commands.flush()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        serde_json::from_str(&answer).context("the simulator has not answered")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.child.wait();
    }
}

fn port(settings: &Value) -> Option<u16> {
    let url = settings.pointer("/porto/url")?.as_str()?;
    url.strip_prefix("https://localhost:")?.split('/').next()?.parse().ok()
}
