//! `cargo xtask sanitize`: the tests of the front door under AddressSanitizer and LeakSanitizer; `cargo xtask miri`: the unit
//! tests of `src/abi` under Miri.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::callers::Callers;
use crate::process::{cargo, quiet, show, step};
use crate::{examples, root, test, windows};

/// How the C programs are compiled. Their run-time library, gcc's, watches over the Rust library too.
pub const C_FLAGS: [&str; 2] = ["-fsanitize=address", "-fno-omit-frame-pointer"];

/// Where rustc has the sanitizers and gcc's go with them.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

/// What is done wrong on purpose, and how it must be reported.
const FAULTS: [(&str, &str); 3] = [
    ("leak", "LeakSanitizer: detected memory leaks"),
    ("use-after-free", "AddressSanitizer: heap-use-after-free"),
    ("overflow", "AddressSanitizer: heap-buffer-overflow"),
];

/// What no sanitizer watches, besides programs in Pascal: processes that are killed; and the soak, which measures memory that a
/// sanitizer keeps.
const UNWATCHED: [&str; 4] = ["--skip", "killed", "--skip", "soak"];

/// The tests of the front door but those that are not watched, and the unit tests of `src/abi`.
pub fn run() -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        eprintln!("\n!!! The sanitizers are for Linux on x86-64: left out.\n");
        return Ok(());
    }
    let callers = Callers::build_sanitized()?;
    callers.build_c_tests()?;
    step("The sanitizers report what is done wrong on purpose", || they_report(&callers))?;
    // Nor the examples' virtual machines.
    test::front_door(&callers, None, &[&test::PASCAL[..], &UNWATCHED, &examples::left_out(None)].concat())?;
    show(sanitized("test").args(["--lib", "abi"]))
}

/// Builds the library, watched, and says where it is.
pub fn build_library() -> Result<PathBuf> {
    show(sanitized("build").arg("--lib"))?;
    Ok(target_dir().join(TRIPLE).join("debug/libaverbador.so"))
}

/// A command of cargo for the library, watched. The sanitizers of rustc ask for a nightly; the variable makes the pinned
/// compiler accept them, in a folder of their own.
fn sanitized(command: &str) -> Command {
    let mut cargo = cargo();
    cargo
        .args([command, "--package", "averbador", "--target", TRIPLE, "--target-dir"])
        .arg(target_dir())
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Zsanitizer=address")
        // Lines for the reports, and no more: half the time.
        .env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo
}

fn target_dir() -> PathBuf {
    windows::target_dir(&root()).join("sanitized")
}

/// A sanitizer that is off would find nothing, and nobody would notice.
fn they_report(callers: &Callers) -> Result<()> {
    let program = callers.program("faults");
    callers.compile_c("tests/harness/faults.c", &program, &[])?;
    for (fault, report) in FAULTS {
        let output = Command::new(&program).arg("--lib").arg(&callers.library).arg(fault).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(!output.status.success() && said.contains(report), "{fault}: not reported as {report:?}:\n{said}");
    }
    let needed = quiet(Command::new("nm").args(["--dynamic", "--undefined-only"]).arg(&callers.library))?;
    ensure!(needed.contains("__asan_report_"), "the library itself was built without the sanitizers");
    Ok(())
}

/// Those that open no connection: Miri knows neither assembly nor foreign libraries.
pub fn miri() -> Result<()> {
    let rustup = |arguments: &[&str]| {
        let mut rustup = Command::new("rustup");
        rustup.current_dir(root()).args(["run", "nightly", "cargo", "miri"]).args(arguments);
        rustup
    };
    if quiet(&mut rustup(&["--version"])).is_err() {
        bail!("missing: Miri; install it by: rustup toolchain install nightly --component miri,rust-src");
    }
    show(
        rustup(&["test", "--package", "averbador", "--lib", "--target-dir"])
            .arg(windows::target_dir(&root()).join("miri"))
            .arg("abi")
            // Random numbers, the time and the current folder are the machine's own.
            .env("MIRIFLAGS", "-Zmiri-disable-isolation")
            // An interpreter: a few cases of each property take as long as hundreds outside.
            .env("PROPTEST_CASES", "4"),
    )
}
