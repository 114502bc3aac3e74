//! What is written from the source of the front door: the C header and the Pascal unit; and the snippets of the pages.

mod api;
mod guide;
mod header;
mod pascal;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use api::Api;

const HEADER: &str = "include/averbador.h";
const UNIT: &str = "delphi/AverbadorApi.pas";
/// The pages with snippets.
const GUIDES: [&str; 2] = ["docs/integracao.md", "docs/contrato.md"];

/// Writes the header, the unit and the snippets of the pages into the repository at `root`.
pub fn generate(root: &Path) -> Result<()> {
    for (path, text) in files(root)? {
        fs::write(root.join(path), text).with_context(|| format!("{path} cannot be written"))?;
    }
    Ok(())
}

/// Whether what is checked in at `root` is what would be written: an error that names those that are not.
pub fn check(root: &Path) -> Result<()> {
    let mut drifted = Vec::new();
    for (path, text) in files(root)? {
        let found = fs::read_to_string(root.join(path)).with_context(|| format!("{path} cannot be read"))?;
        if unix_lines(&found) != unix_lines(&text) {
            drifted.push(path);
        }
    }
    if drifted.is_empty() {
        return Ok(());
    }
    bail!("not what the source says any more: {}; run `cargo xtask codegen`", drifted.join(", "))
}

/// The names of the exported functions.
pub fn exports(root: &Path) -> Result<Vec<String>> {
    Ok(Api::read(root)?.functions.into_iter().map(|function| function.name).collect())
}

/// The program that the header's first page shows.
pub fn example(header: &str) -> Result<String> {
    let page = header.split_once("A complete program").and_then(|(_, page)| page.split_once(" */"));
    let (page, _) = page.context("the header has no example")?;
    let lines = page.lines().skip(1).map(|line| line.strip_prefix(" *     ").unwrap_or_default());
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// The path of each generated file and what belongs into it.
fn files(root: &Path) -> Result<Vec<(&'static str, String)>> {
    let api = Api::read(root)?;
    let mut files = vec![(HEADER, ascii(&header::write(root, &api)?)?), (UNIT, ascii(&pascal::write(&api)?)?)];
    for guide in GUIDES {
        files.push((guide, guide::write(root, guide)?));
    }
    Ok(files)
}

/// Compilers that know nothing of UTF-8 read these files: Delphi 7, Visual C++ in another code page.
fn ascii(text: &str) -> Result<String> {
    let text = text.replace('\u{2026}', "...");
    match text.chars().find(|c| !c.is_ascii()) {
        Some(c) => bail!("{c:?} in a doc comment: say here what stands for it in ASCII"),
        None => Ok(text),
    }
}

/// Git may check text files out with either line end.
fn unix_lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}
