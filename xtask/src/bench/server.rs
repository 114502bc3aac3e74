//! The simulator as a process of its own, near and far.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use serde_json::value::from_value;
use simulator::Counts;

use super::distance::{Distance, Wire};

/// A running simulator, and where there can be one, a wire that leads to it from far away.
pub struct Server {
    child: Child,
    /// Closed, it ends the simulator.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// Its address for clients, near and far.
    pub url: String,
    wire: Option<Wire>,
    /// The certificate of its authority.
    pub ca: PathBuf,
}

impl Server {
    /// Starts `program` at the near end of the wire; its files go into `folder`.
    pub fn start(program: &Path, folder: &Path, wire: Option<Wire>) -> Result<Self> {
        let (ca, settings) = (folder.join("ca.pem"), folder.join("settings.json"));
        let mut child = at(wire.as_ref(), Distance::None, program)
            .args(["--control", "--http2", "--throttle", "0", "--ca"])
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
        let url = url(&settings).context("the simulator's settings have no address")?;
        Ok(Self { child, commands, answers, url, wire, ca })
    }

    /// `program`, to be run so far away from it. There is a wire where `distance` is [`Distance::Far`].
    pub fn client(&self, distance: Distance, program: &Path) -> Command {
        at(self.wire.as_ref(), distance, program)
    }

    /// The distances at which clients can be, the greatest first.
    pub fn distances(&self) -> &'static [Distance] {
        if self.wire.is_some() { &[Distance::Far, Distance::None] } else { &[Distance::None] }
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

/// `program`, to be run at this end of the wire; without one, as any program.
fn at(wire: Option<&Wire>, distance: Distance, program: &Path) -> Command {
    wire.map_or_else(|| Command::new(program), |wire| wire.command(distance, program))
}

fn url(settings: &Value) -> Option<String> {
    let url = settings.pointer("/porto/url")?.as_str()?;
    url.strip_suffix("/php/conn.php").map(str::to_owned)
}
