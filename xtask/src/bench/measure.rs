//! Running one client once, and what that takes.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;
use simulator::{Counts, DEFAULT_PASSWORD, DEFAULT_USER};

use super::distance::Distance;
use super::documents::Documents;
use super::peers::Programs;
use super::server::Server;
use crate::process::quiet;

/// All that is there to measure with.
pub struct Rig {
    /// The programs.
    pub programs: Programs,
    /// The documents that they send.
    pub documents: Documents,
    /// The server to which they send them.
    pub server: Server,
    /// How often each measurement is made.
    pub times: usize,
    /// How often one is made that takes long.
    pub times_if_slow: usize,
    /// The load of the machine before anything was measured, as the system puts it.
    pub load: String,
    /// Why nothing can be measured at a distance, if so.
    pub no_distance: Option<String>,
    /// Seconds that the PHP sample takes for a document at a distance, once they are known.
    pub php_document: Option<f64>,
}

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Seconds from the start of the process to its end.
    pub wall: f64,
    /// Seconds from behind the login, as the client itself tells.
    pub inner: f64,
    /// Seconds of processor time, of the client alone.
    pub cpu: f64,
    /// The largest memory that it had, in KB.
    pub peak_kb: f64,
    /// Requests that came to the server.
    pub requests: f64,
    /// Connections.
    pub connections: f64,
    /// Full TLS handshakes.
    pub full_handshakes: f64,
    /// Resumed ones.
    pub resumed_handshakes: f64,
    /// Seconds of processor time, of the server.
    pub server_cpu: f64,
}

impl Sample {
    /// The medians of each value.
    pub fn median(samples: &[Self]) -> Self {
        let of = |value: fn(&Self) -> f64| median(samples.iter().map(value));
        Self {
            wall: of(|sample| sample.wall),
            inner: of(|sample| sample.inner),
            cpu: of(|sample| sample.cpu),
            peak_kb: of(|sample| sample.peak_kb),
            requests: of(|sample| sample.requests),
            connections: of(|sample| sample.connections),
            full_handshakes: of(|sample| sample.full_handshakes),
            resumed_handshakes: of(|sample| sample.resumed_handshakes),
            server_cpu: of(|sample| sample.server_cpu),
        }
    }

    fn counting(self, before: Counts, after: Counts) -> Self {
        Self {
            requests: (after.requests - before.requests) as f64,
            connections: (after.connections - before.connections) as f64,
            full_handshakes: (after.full_handshakes - before.full_handshakes) as f64,
            resumed_handshakes: (after.resumed_handshakes - before.resumed_handshakes) as f64,
            ..self
        }
    }
}

/// The median; 0 of nothing.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

impl Rig {
    /// Runs a client: its program and the arguments before the usual ones, then `files`.
    pub fn run(&mut self, client: &[&str], distance: Distance, files: &[String]) -> Result<Sample> {
        let command = self.command(client, distance, files);
        self.launch(command)
    }

    /// Has the first `count` documents endorsed, so that they are known.
    pub fn endorse_first(&mut self, count: usize) -> Result<()> {
        self.server.forget()?;
        let (host, files) = (self.programs.host("averbador", "together")?, self.documents.files(count));
        self.run(&host.iter().map(String::as_str).collect::<Vec<_>>(), Distance::None, &files).map(drop)
    }

    /// A client, ready to be run. Of the environment it sees only what a program cannot do without: a proxy or a certificate
    /// store that is set there would be another way to the server.
    pub fn command(&self, client: &[&str], distance: Distance, files: &[String]) -> Command {
        let mut command = self.server.client(distance, &self.programs.launch);
        command.env_clear().current_dir(&self.documents.folder);
        for name in ["PATH", "HOME", "TMPDIR"] {
            command.envs(env::var_os(name).map(|value| (name, value)));
        }
        command
            .args(client)
            .arg(&self.server.url)
            .arg(&self.server.ca)
            .args([DEFAULT_USER, DEFAULT_PASSWORD])
            .args(files);
        command
    }

    fn launch(&mut self, mut command: Command) -> Result<Sample> {
        let (before, server_before) = (self.server.counts()?, self.server.cpu()?);
        let said = quiet(&mut command)?;
        let (after, server_after) = (self.server.counts()?, self.server.cpu()?);
        let mut lines = said.lines().rev().map(serde_json::from_str::<Value>);
        let mut next = || lines.next().transpose().ok().flatten().with_context(|| format!("it said: {said}"));
        let (launched, told) = (next()?, next()?);
        let sample = Sample {
            wall: number(&launched, "seconds")?,
            inner: number(&told, "seconds")?,
            cpu: number(&launched, "cpu")?,
            peak_kb: number(&launched, "peak_kb")?,
            server_cpu: server_after - server_before,
            ..Sample::default()
        };
        Ok(sample.counting(before, after))
    }
}

/// A number in what a program has told.
pub fn number(told: &Value, name: &str) -> Result<f64> {
    told[name].as_f64().with_context(|| format!("no {name} in {told}"))
}

/// Runs a program that tells of itself in a line of JSON.
pub fn told(command: &mut Command) -> Result<Value> {
    let said = quiet(command)?;
    serde_json::from_str(said.lines().last().unwrap_or_default()).with_context(|| format!("it said: {said}"))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert_eq!(median(std::iter::empty()), 0.0);
    }
}
