//! `cargo xtask fuzz`: what comes from outside, as whatever bytes the fuzzer thinks of.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::process::{cargo, quiet, show};
use crate::{root, windows};

/// The targets, and the words that each of them is told beforehand.
const TARGETS: [(&str, Option<&str>); 5] = [
    ("pedido", Some("json")),
    ("resposta", Some("json")),
    ("xml", Some("xml")),
    ("zip", None),
    ("campo", Some("json")),
];

/// Options of the fuzzing.
#[derive(clap::Args)]
pub struct Options {
    /// Only this one: pedido, resposta, xml, zip or campo.
    target: Option<String>,
    /// How long each is fuzzed.
    #[arg(long, default_value_t = 30)]
    minutes: u64,
}

/// Fuzzes one target after the other, beginning with its corpus and with what earlier runs on this machine found.
pub fn run(options: &Options) -> Result<()> {
    let installed = quiet(cargo().args(["fuzz", "--version"])).is_ok();
    ensure!(installed, "missing: cargo-fuzz; install it by: cargo install --locked cargo-fuzz");
    let chosen = |name: &str| options.target.as_deref().is_none_or(|target| target == name);
    let targets: Vec<_> = TARGETS.into_iter().filter(|(name, _)| chosen(name)).collect();
    ensure!(!targets.is_empty(), "there is no such target; there are {:?}", TARGETS.map(|(name, _)| name));
    targets.into_iter().try_for_each(|(target, words)| fuzz(target, words, options.minutes))
}

fn fuzz(target: &str, words: Option<&str>, minutes: u64) -> Result<()> {
    let folder = windows::target_dir(&root()).join("fuzz");
    let found = folder.join("corpus").join(target);
    fs::create_dir_all(&found)?;
    let mut command = cargo();
    command
        // The fuzzer asks for a nightly; this makes the pinned compiler accept it.
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["fuzz", "run", "--target-dir"])
        .args([&folder, Path::new(target), &found])
        .arg(Path::new("fuzz/corpus").join(target))
        .args(["--", "-timeout=10", "-print_final_stats=1"])
        .arg(format!("-max_total_time={}", minutes * 60));
    if let Some(words) = words {
        command.arg(format!("-dict=fuzz/dictionaries/{words}.dict"));
    }
    show(&mut command)
}

/// The corpora once more, without the fuzzer.
pub fn corpora() -> Result<()> {
    show(
        cargo()
            .args(["test", "--manifest-path", "fuzz/Cargo.toml", "--lib", "--target-dir"])
            .arg(windows::target_dir(&root())),
    )
}
