//! How this program runs other programs.
//!
//! Three ways, by what the reader of the terminal wants to see: [`show`] for work worth watching (cargo),
//! [`quiet`] for work whose output matters only when it fails (apt-get, fpc), and [`step`] around anything
//! that takes long enough to ask what is going on.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context, Error, Result, anyhow, bail};

/// How much of a failed command's output is repeated in the error.
const LAST_LINES: usize = 40;

/// The cargo that runs this program, in the repository's folder.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(crate::root());
    cargo
}

/// Runs `command` in the open: its command line is printed first, its output goes to the terminal.
pub fn show(command: &mut Command) -> Result<()> {
    eprintln!("$ {}", line(command));
    let status = command.status().map_err(|error| not_started(command, error))?;
    if !status.success() {
        bail!("this command ended with {}:\n  {}", outcome(status), line(command));
    }
    Ok(())
}

/// Runs `command` without a word and returns what it wrote to stdout; a failure carries all that was said.
pub fn quiet(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, error))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let said = stdout + &String::from_utf8_lossy(&output.stderr);
        bail!(
            "this command ended with {}:\n  {}\nit said:\n{}",
            outcome(output.status),
            line(command),
            last_lines(&said)
        );
    }
    Ok(stdout)
}

/// Does a long piece of work between two lines on the terminal: what it is, and how long it took.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("• {what} …");
    let start = Instant::now();
    let result = work().with_context(|| format!("{what}: failed"))?;
    eprintln!("  done in {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}

/// Where a program of this name is in `PATH`, if it is.
pub fn find(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(&file)).find(|path| path.is_file())
}

/// The command as one could type it, with the variables that were set for it alone.
fn line(command: &Command) -> String {
    let variables =
        command.get_envs().filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), quoted(value?))));
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted);
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

/// One word of a command line, in quotes where a shell would need them.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%\\".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The error for a program that could not even be started, with the advice that goes with it.
fn not_started(command: &Command, error: io::Error) -> Error {
    let advice = match error.kind() {
        ErrorKind::NotFound => " (`cargo xtask setup` installs what is missing, or says how)",
        _ => "",
    };
    anyhow!("cannot run {}: {error}{advice}", line(command))
}

/// "exit code 2", or how the system puts it (a signal).
fn outcome(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => status.to_string(),
    }
}

/// The end of a long text, where compilers and apt say what went wrong.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    let start = lines.len().saturating_sub(LAST_LINES);
    lines[start..].join("\n")
}
