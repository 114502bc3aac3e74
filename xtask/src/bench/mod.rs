//! `cargo xtask bench`: the library beside other clients at the same work, and against what it has promised.

mod calls;
mod distance;
mod dll;
mod documents;
mod idle;
mod measure;
mod network;
mod page;
mod parallel;
mod peers;
mod server;
mod table;
mod threads;

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::process::step;
use crate::root;
use crate::setup::{self, Missing, Part};
use crate::windows::{self, Width};
use distance::Wire;
use documents::Documents;
use measure::Rig;
pub use peers::Toolkit;
use peers::{Peer, Programs};
use server::Server;
use table::Section;

/// Where the page is.
const PAGE: &str = "docs/desempenho.md";

/// How often everything is measured; less often what takes very long; and both of it for a try.
const TIMES: (usize, usize) = (5, 3);
const TIMES_IF_QUICK: (usize, usize) = (2, 1);

/// How somebody gets a wire who has none.
const WIRE_BY_HAND: &str =
    "Run it as root, or, where /dev/net/tun is everybody's: unshare --map-root-user cargo xtask bench";

/// Measures the library beside the PHP sample of the insurer's documentation, curl, libcurl, Python's requests, Free Pascal and bare
/// rustls: the same requests to the same server, in turn, near and 40 ms away, medians. The distance needs root, and is left out
/// without. Prints tables in Markdown and, after a whole run (a quarter of an hour), writes them to docs/desempenho.md. Missing
/// Debian packages are installed; a client that cannot be had is left out, and the page says so.
#[derive(clap::Args)]
pub struct Options {
    /// Only this work; the page is not written.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WORK")]
    only: Vec<Work>,
    /// Measure twice only, for a try; the page is not written.
    #[arg(long)]
    quick: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Work {
    /// Process, library, login, upload, consulta.
    Cold,
    /// 50 documents one by one.
    Fifty,
    /// 4,000 documents in one call.
    Together,
    /// A ZIP of 400.
    Zip,
    /// 1,000 keys consulted.
    Keys,
    /// 8 threads at once.
    Threads,
    /// 8 uploads at once by HTTP/1.1 and by HTTP/2.
    Parallel,
    /// A process that does nothing.
    Idle,
    /// Calls without distance, and reading.
    Calls,
    /// The Windows DLLs.
    Dlls,
    /// The peak of 10,000 documents.
    Memory,
}

/// Runs the measurements.
pub fn run(options: &Options) -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "measurements are made on Linux (the DLLs under Wine)");
    let missing = prepare(options)?;
    let available: Vec<_> = Peer::ALL.into_iter().filter(|peer| peer.obstacle(&missing).is_none()).collect();
    let mut rig = rig(options, &available)?;
    let mut sections = Vec::new();
    for &work in Work::value_variants() {
        if options.wants(work) && work.is_possible(&missing, &rig) {
            sections.push(step(&format!("Measuring {work:?}"), || work.measure(&mut rig, &available))?);
        }
    }
    let page = page::page(&sections, &missing, &rig)?;
    println!("{page}");
    if options.only.is_empty() && !options.quick {
        fs::write(root().join(PAGE), page)?;
        eprintln!("{PAGE} is written.");
    }
    Ok(())
}

impl Options {
    fn wants(&self, work: Work) -> bool {
        self.only.is_empty() || self.only.contains(&work)
    }
}

impl Work {
    /// Whether it can be measured here.
    fn is_possible(self, missing: &[Missing], rig: &Rig) -> bool {
        let for_windows = |missing: &Missing| windows_parts().any(|part| part == missing.part);
        match self {
            Self::Dlls => !missing.iter().any(for_windows),
            Self::Parallel => Peer::Curl.obstacle(missing).is_none() && rig.no_distance.is_none(),
            _ => true,
        }
    }

    fn measure(self, rig: &mut Rig, available: &[Peer]) -> Result<Section> {
        match self {
            Self::Cold => network::cold(rig, available),
            Self::Fifty => network::one_by_one(rig, available),
            Self::Together => network::together(rig),
            Self::Zip => network::zip(rig),
            Self::Keys => network::keys(rig),
            Self::Threads => threads::threads(rig),
            Self::Parallel => parallel::parallel(rig),
            Self::Idle => idle::idle(rig),
            Self::Calls => calls::calls(rig, available),
            Self::Dlls => dll::dlls(&folder(), rig.times),
            Self::Memory => idle::memory(rig),
        }
    }
}

/// What the measurements of the DLLs need.
fn windows_parts() -> impl Iterator<Item = Part> {
    setup::DIST.iter().copied().chain(Width::BOTH.map(Part::Wine))
}

/// Sets up what is missing; gives what could not be had. Without a C compiler nothing can be measured.
fn prepare(options: &Options) -> Result<Vec<Missing>> {
    setup::demand(&[Part::C])?;
    let mut parts = [&Toolkit::PARTS[..], &[Part::Pascal]].concat();
    if options.wants(Work::Dlls) {
        parts.extend(windows_parts());
    }
    let missing = setup::ensure(&root(), &parts)?;
    setup::report(&missing)?;
    Ok(missing)
}

fn rig(options: &Options, peers: &[Peer]) -> Result<Rig> {
    let folder = folder();
    let programs = Programs::build(&folder, peers)?;
    let documents = step("Writing the documents", || Documents::write(folder.join("documents")))?;
    let (wire, no_distance) = match Wire::start(&programs.program("wire")) {
        Ok(wire) => (Some(wire), None),
        Err(reason) => (None, Some(format!("{reason:#}"))),
    };
    if let Some(reason) = &no_distance {
        eprintln!("Nothing is measured at a distance: {reason}. {WIRE_BY_HAND}");
    }
    let server = Server::start(&programs.simulator, &folder, wire)?;
    let (times, times_if_slow) = if options.quick { TIMES_IF_QUICK } else { TIMES };
    let load = fs::read_to_string("/proc/loadavg")?.split(' ').next().unwrap_or_default().to_owned();
    Ok(Rig { programs, documents, server, times, times_if_slow, load, no_distance, php_document: None })
}

/// Where everything is that is made for measuring.
fn folder() -> std::path::PathBuf {
    let target: &Path = &windows::target_dir(&root());
    target.join("bench")
}
