//! Distance between clients and a server on this machine: a true network, in which every packet is held back on its way.
//!
//! `tests/peers/wire.c` makes it of two network namespaces; there it says how. What TCP makes of a distance is therefore the
//! system's own: setting up, slow start, acknowledgements.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

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

/// How a program is run in a namespace; it is a part of every Linux (util-linux).
const ENTER: &str = "nsenter";

/// A wire with a server at one end and far clients at the other, for as long as it is not dropped.
pub struct Wire {
    child: Child,
    /// Where the namespaces are: the server's, and the one far from it.
    near: String,
    far: String,
}

impl Wire {
    /// Starts `program`, which is `wire.c` compiled. It fails where namespaces or devices are not allowed, and says so.
    pub fn start(program: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .arg((ROUND_TRIP / 2).as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("the wire does not start")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("it has no output")?).read_line(&mut line)?;
        if line.is_empty() {
            bail!("{}", String::from_utf8_lossy(&child.wait_with_output()?.stderr).trim());
        }
        let places: Value = serde_json::from_str(&line)?;
        let place = |name: &str| places[name].as_str().map(str::to_owned).context("the wire names no namespaces");
        Ok(Self { near: place("near")?, far: place("far")?, child })
    }

    /// `program`, to be run so far from the server.
    pub fn command(&self, distance: Distance, program: &Path) -> Command {
        let namespace = match distance {
            Distance::None => &self.near,
            Distance::Far => &self.far,
        };
        let mut command = Command::new(ENTER);
        command.arg(format!("--net={namespace}")).arg(program);
        command
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Closed, it ends the wire.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};
    use std::{env, fs, process};

    use super::super::peers::compile;
    use super::{Distance, ROUND_TRIP, Wire};

    /// How long it takes from there to be refused by a port on which nobody listens.
    fn refused(wire: &Wire, distance: Distance) -> Duration {
        let start = Instant::now();
        let mut command = wire.command(distance, Path::new("bash"));
        let output = command.args(["-c", "exec 3<>/dev/tcp/localhost/9"]).output().expect("bash");
        assert!(String::from_utf8_lossy(&output.stderr).contains("Connection refused"), "{output:?}");
        start.elapsed()
    }

    #[test]
    fn loopback_is_a_round_trip_away() {
        let folder = env::temp_dir().join(format!("averbador-wire-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let program = compile(&folder, "wire", &[]).expect("compiled");
        match Wire::start(&program) {
            Ok(wire) => {
                assert!(refused(&wire, Distance::Far) >= ROUND_TRIP);
                refused(&wire, Distance::None);
            }
            Err(reason) => eprintln!("not tested: {reason:#}"),
        }
        fs::remove_dir_all(&folder).expect("removed");
    }
}
