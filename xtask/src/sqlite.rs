//! `sqlite3.dll`, compiled by MinGW: Debian has SQLite for Linux only.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;
use crate::setup::Cache;
use crate::windows::{self, Width};

/// The folder in the cache. Its number is changed whenever [`install`] makes something else.
const NAME: &str = "sqlite-windows-1";

/// The crate that carries SQLite's source in one file, and its version: SQLite 3.51.
const CRATE: (&str, &str) = ("libsqlite3-sys", "0.37.0");

/// The library of one width.
pub fn library(width: Width) -> Result<PathBuf> {
    Ok(Cache::open()?.folder(NAME).join(width.name()).join("sqlite3.dll"))
}

/// Whether it is there.
pub fn is_installed() -> bool {
    Cache::open().is_ok_and(|cache| cache.has(NAME))
}

/// Fetches the source and compiles it for both widths.
pub fn install() -> Result<()> {
    Cache::open()?.make(NAME, |folder| {
        let source = fetch(folder)?;
        for width in Width::BOTH {
            let folder = folder.join(width.name());
            fs::create_dir_all(&folder)?;
            let arguments = ["-shared", "-O2", "-s", "-DSQLITE_API=__declspec(dllexport)"];
            windows::compile(width, "gcc", &[&source], &folder.join("sqlite3.dll"), &arguments)?;
        }
        Ok(())
    })
}

/// Has cargo fetch the crate, which is nobody's dependency, and says where SQLite's source is.
fn fetch(folder: &Path) -> Result<PathBuf> {
    let (name, version) = CRATE;
    let manifest = folder.join("Cargo.toml");
    fs::write(
        &manifest,
        format!(
            "[package]\nname = \"sqlite-source\"\n[lib]\npath = \"none.rs\"\n[dependencies]\n{name} = \"={version}\"\n"
        ),
    )?;
    let mut cargo = process::cargo();
    cargo.args(["metadata", "--format-version", "1", "--manifest-path"]).arg(&manifest);
    let metadata: Value = serde_json::from_str(&process::quiet(&mut cargo)?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata tells no packages")?;
    let package = packages.iter().find(|package| package["name"] == name);
    let path = package.and_then(|package| package["manifest_path"].as_str()).context("cargo has not fetched it")?;
    Ok(Path::new(path).with_file_name("sqlite3").join("sqlite3.c"))
}
