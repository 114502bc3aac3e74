//! Commands for the stand-alone program, a line each on its standard input.

use std::io;
use std::thread;

use simulator::Simulator;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::say;

/// Does what the lines of the standard input say, until there are no more. Each is answered by a line of JSON.
pub async fn obey(simulator: &Simulator) {
    let mut lines = lines();
    while let Some(line) = lines.recv().await {
        let answer = match line.trim() {
            "counts" => serde_json::json!(simulator.counts()),
            "forget" => {
                simulator.forget();
                serde_json::json!({})
            }
            other => {
                serde_json::json!({ "error": format!("there is no command '{other}'; there are counts and forget") })
            }
        };
        say(&format!("{answer}\n"));
    }
}

/// The lines, read on a thread of its own, which a read that never returns cannot keep from ending with the process.
fn lines() -> UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    thread::spawn(move || {
        // An error ends the input as well, and nobody hears what comes when the program ends.
        let _ = io::stdin().lines().map_while(Result::ok).try_for_each(|line| sender.send(line));
    });
    lines
}
