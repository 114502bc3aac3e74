//! rustls and a socket, every request written by hand and in one piece: what is possible.
//!
//! `peer-rustls WORK BASE CA USER PASS FILE…`, see README.md beside.

mod http;
mod porto;

use std::env;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use http::Connection;
use porto::Porto;

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [work, base, ca, user, pass, files @ ..] = &arguments[..] else {
        bail!("WORK BASE CA USER PASS FILE…");
    };
    let mut porto = Porto::new(Connection::open(base, Path::new(ca))?);
    porto.log_in(user, pass)?;
    let begin = Instant::now();
    for file in files {
        endorse(&mut porto, Path::new(file), work == "endorse")?;
    }
    println!("{{\"seconds\":{:.6}}}", begin.elapsed().as_secs_f64());
    Ok(())
}

/// Sends a document or a ZIP, and asks for what became of it; of a list of keys there is nothing to send.
fn endorse(porto: &mut Porto, file: &Path, ask: bool) -> Result<()> {
    let extension = file.extension().and_then(|extension| extension.to_str());
    if extension != Some("txt") {
        porto.upload(&fs::read(file)?, extension == Some("zip"))?;
    }
    if !ask {
        return Ok(());
    }
    if extension == Some("xml") {
        let name = file.file_name().and_then(|name| name.to_str()).and_then(|name| name.get(..44));
        return porto.consulta(&[name.context("the name begins with no key")?]);
    }
    let list = fs::read_to_string(file.with_extension("txt"))?;
    let keys: Vec<_> = list.lines().collect();
    keys.chunks(400).try_for_each(|keys| porto.consulta(keys))
}
