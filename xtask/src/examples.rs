//! What the programs in `examples/` need: a compiler for the one in C#, koffi for the one in Node.js. Each is tested by a module
//! of the tests of the front door that is called after its language.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::callers::Callers;
use crate::process::{self, quiet};
use crate::root;
use crate::setup::{self, Cache, Missing, Part};

/// The examples that run on a virtual machine, which is this machine's own: the part that each needs, and the module of its
/// tests. (The one in C++ is a program like the harness.)
const LANGUAGES: [(Part, &str); 3] =
    [(Part::Mono, "examples::csharp"), (Part::Node, "examples::node"), (Part::Python, "examples::python")];

/// Which of those examples the tests have to leave out, as arguments for them: the ones whose part is among `missing`, which is
/// said; or all, where the library under test is none that this machine's own programs can load.
pub fn left_out(missing: Option<&[Missing]>) -> Vec<&'static str> {
    let mut arguments = Vec::new();
    for (part, module) in LANGUAGES {
        let reason = missing.map(|missing| missing.iter().find(|missing| missing.part == part));
        match reason {
            Some(None) if !cfg!(windows) => continue,
            Some(Some(reason)) => eprintln!("!!! The tests {module} are left out. {reason}"),
            _ => {}
        }
        arguments.extend(["--skip", module]);
    }
    arguments
}

/// Compiles the example in C#, as the compiler that comes with Windows would, which knows C# 5.
pub fn compile(callers: &Callers, missing: &[Missing]) -> Result<()> {
    if cfg!(windows) || !setup::has(Part::Mono, missing) {
        return Ok(());
    }
    let mut mcs = Command::new("mcs");
    mcs.args(["-langversion:5", "-warn:4", "-warnaserror"]);
    mcs.arg(format!("-out:{}", callers.folder.join("Exemplo.exe").display()));
    mcs.args(["Exemplo.cs", "Averbador.cs"].map(|file| callers.source("examples/csharp").join(file)));
    quiet(&mut mcs).map(drop)
}

/// The folder in which Node.js finds koffi.
pub fn node_modules() -> Result<PathBuf> {
    Ok(Cache::open()?.folder(&koffi(&root())?).join("node_modules"))
}

/// Whether the koffi that the example asks for is there.
pub fn has_koffi(root: &Path) -> bool {
    koffi(root).and_then(|name| Ok(Cache::open()?.has(&name))).unwrap_or_default()
}

/// Has npm install what the example asks for, as its user would, but into the cache.
pub fn install_koffi(root: &Path) -> Result<()> {
    Cache::open()?.make(&koffi(root)?, |folder| {
        fs::copy(package(root), folder.join("package.json"))?;
        let mut npm = Command::new(process::find("npm").context("there is no npm")?);
        // A package that is compiled already has nothing to run when it is installed.
        npm.current_dir(folder).args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]);
        quiet(&mut npm).map(drop)
    })
}

fn package(root: &Path) -> PathBuf {
    root.join("examples/node/package.json")
}

/// The folder in the cache: koffi and its version, which the example names.
fn koffi(root: &Path) -> Result<String> {
    let package: Value = serde_json::from_str(&fs::read_to_string(package(root))?)?;
    let version = package["dependencies"]["koffi"].as_str().context("the example names no version of koffi")?;
    Ok(format!("koffi-{version}"))
}
