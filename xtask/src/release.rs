//! The library and the simulator as they are given away: built in release from the lock file, without a path of the machine
//! that built them, their symbols apart.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{self, quiet};
use crate::windows;

/// The name by which programs look for the library that they are linked to: it changes with the ABI, and with nothing else.
pub const SONAME: &str = "libaverbador.so.1";

/// What Linux's is built for.
const LINUX: &str = "x86_64-unknown-linux-gnu";

/// Has what `command` runs write the same time into every file, the beginning of 1980: MinGW's tools put one into what they
/// make for Windows.
pub fn timeless(command: &mut Command) -> &mut Command {
    command.env("SOURCE_DATE_EPOCH", "315532800")
}

/// `cargo rustc` for the library, as a cdylib and nothing else. With `cargo build` the rlib would be made
/// too, and cargo then leaves out link-time optimisation for both: a DLL twice the size.
pub fn library() -> Command {
    let mut cargo = process::cargo();
    cargo.args(["rustc", "--locked", "--package", "averbador", "--lib", "--crate-type", "cdylib", "--release"]);
    cargo
}

/// The same with symbols, for [`part_symbols`].
pub fn library_with_symbols() -> Command {
    let mut cargo = library();
    cargo.args(["--config", "profile.release.debug='line-tables-only'", "--config", "profile.release.strip='none'"]);
    cargo
}

/// `cargo build` for the simulator.
pub fn simulator() -> Command {
    let mut cargo = process::cargo();
    cargo.args(["build", "--locked", "--package", "simulator", "--bin", "simulator", "--release"]);
    cargo
}

/// Has `cargo` build for this target, with `flags` for the compiler besides its own.
pub fn build_for(cargo: &mut Command, root: &Path, triple: &str, target_dir: &Path, flags: &[String]) -> Result<()> {
    let flags: Vec<String> = unnamed_paths(root)?.into_iter().chain(flags.iter().cloned()).collect();
    timeless(cargo)
        .arg("--target-dir")
        .arg(target_dir)
        .args(["--target", triple])
        // As a TOML list, because the variable CARGO_TARGET_…_RUSTFLAGS is split at spaces.
        .args(["--config", &format!("target.{triple}.rustflags={flags:?}")])
        // A RUSTFLAGS from outside would replace these.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    process::show(cargo)
}

/// Builds with `cargo` for Linux and says where the file of this name is.
pub fn build_for_linux(root: &Path, mut cargo: Command, name: &str) -> Result<PathBuf> {
    let target_dir = windows::target_dir(root).join("linux");
    build_for(&mut cargo, root, LINUX, &target_dir, &[])?;
    Ok(target_dir.join(LINUX).join("release").join(name))
}

/// Makes `link` lead to the file `name` beside it.
pub fn link(name: &str, link: &Path) -> Result<()> {
    let _ = fs::remove_file(link);
    #[cfg(unix)]
    std::os::unix::fs::symlink(name, link).with_context(|| format!("cannot make {}", link.display()))?;
    #[cfg(windows)]
    fs::copy(link.with_file_name(name), link)?;
    Ok(())
}

/// Writes `built` without symbols to `library`, and the symbols beside it to `….debug`, where debuggers look for them.
/// `tools` is what the names of the binutils begin with. Left out are those that MinGW's dlltool makes of the path of an import
/// library: rustc puts these into folders with names of chance.
pub fn part_symbols(tools: &str, built: &Path, library: &Path) -> Result<()> {
    let symbols = symbols_of(library)?;
    let objcopy = || Command::new(format!("{tools}objcopy"));
    let of_chance = ["--wildcard", "--strip-symbol=*_dll_imports_lib*"];
    quiet(timeless(&mut objcopy()).arg("--only-keep-debug").args(of_chance).arg(built).arg(&symbols))?;
    let folder = library.parent().context("a library without a folder")?;
    let link = format!("--add-gnu-debuglink={}", symbols.file_name().context("no name")?.to_string_lossy());
    quiet(timeless(&mut objcopy()).current_dir(folder).args(["--strip-all", &link]).arg(built).arg(library))?;
    ensure!(fs::metadata(library)?.len() < fs::metadata(built)?.len(), "{} has no symbols", built.display());
    Ok(())
}

/// Takes the symbols, and the paths in them, out of a program.
pub fn strip(tools: &str, program: &Path) -> Result<()> {
    quiet(timeless(&mut Command::new(format!("{tools}strip"))).arg(program)).map(drop)
}

/// The file of its symbols.
pub fn symbols_of(library: &Path) -> Result<PathBuf> {
    let name = library.file_name().context("a library without a name")?.to_string_lossy();
    Ok(library.with_file_name(format!("{name}.debug")))
}

/// What makes the paths that the compiler writes into the library the same on every machine: they stand in the messages of
/// panics.
fn unnamed_paths(root: &Path) -> Result<Vec<String>> {
    let mut paths = vec![(root.to_owned(), "."), (windows::rust_library(root)?, "rust")];
    if let Ok(registries) = fs::read_dir(cargo_home()?.join("registry/src")) {
        for registry in registries {
            paths.push((registry?.path(), "crates"));
        }
    }
    Ok(paths.into_iter().map(|(path, name)| format!("--remap-path-prefix={}={name}", path.display())).collect())
}

/// Where cargo has the sources of crates.
fn cargo_home() -> Result<PathBuf> {
    let given = env::var_os("CARGO_HOME").map(PathBuf::from);
    given.or_else(|| Some(env::home_dir()?.join(".cargo"))).context("no CARGO_HOME")
}
