//! `cargo xtask deny`: what the library is made of, by the rules in deny.toml.

use anyhow::{Result, ensure};

use crate::process::{cargo, quiet, show};

/// cargo-deny, in the version that the rules were written for.
const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// Options of the check.
#[derive(clap::Args)]
pub struct Options {
    /// Look for known vulnerabilities, too, in RustSec's database, which is fetched from GitHub.
    #[arg(long)]
    advisories: bool,
}

/// Checks it all.
pub fn run(options: &Options) -> Result<()> {
    ensure!(is_installed(), "missing: cargo-deny; install it by: cargo install --locked {CARGO_DENY}");
    rules()?;
    if options.advisories { check(&["advisories"]) } else { Ok(()) }
}

/// Licences, duplicates and sources: what can be told without a network. Of a lock file that is as it should be.
pub fn rules() -> Result<()> {
    check(&["licenses", "bans", "sources"])
}

/// Whether cargo-deny is there.
pub fn is_installed() -> bool {
    quiet(cargo().args(["deny", "--version"])).is_ok()
}

/// Installs cargo-deny for this user, which takes some minutes.
pub fn install() -> Result<()> {
    quiet(cargo().args(["install", "--locked", CARGO_DENY])).map(drop)
}

fn check(what: &[&str]) -> Result<()> {
    show(cargo().args(["deny", "--workspace", "--locked", "check", "--hide-inclusion-graph"]).args(what))
}
