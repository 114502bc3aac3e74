//! The clients that are compared, and how their programs are made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::callers::WARNINGS;
use crate::pascal::{self, Dialect, Target};
use crate::process::{cargo, find, quiet, show};
use crate::setup::{Missing, Part};
use crate::{debian, release, root, windows};

/// The profile by which the server and the peers in Rust are built.
const FAST: &str = "fast";

/// A client that the library is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// rustls and a socket: what is possible.
    Rustls,
    /// libcurl, kept alive.
    Libcurl,
    /// Python's `requests.Session`.
    Requests,
    /// Free Pascal's `fphttpclient`.
    Pascal,
    /// `curl`, once for every request.
    Curl,
    /// The PHP sample, once for all documents.
    Php,
    /// The PHP sample, once for every document.
    PhpEach,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Rustls, Self::Libcurl, Self::Requests, Self::Pascal, Self::Curl, Self::Php, Self::PhpEach];

    /// As it is called in the tables (Portuguese).
    pub fn name(self) -> &'static str {
        match self {
            Self::Rustls => "rustls puro, escrito à mão",
            Self::Libcurl => "libcurl, conexão mantida",
            Self::Requests => "Python, `requests.Session`",
            Self::Pascal => "Free Pascal, `fphttpclient`",
            Self::Curl => "`curl`, um processo por requisição",
            Self::Php => "exemplo em PHP, um processo",
            Self::PhpEach => "exemplo em PHP, um processo por documento",
        }
    }

    /// Whether 50 documents at a distance take it very long.
    pub fn is_slow(self) -> bool {
        matches!(self, Self::Pascal | Self::Curl | Self::Php | Self::PhpEach)
    }

    /// What must be on the machine for it.
    fn toolkit(self) -> Option<Toolkit> {
        match self {
            Self::Rustls => None,
            Self::Libcurl => Some(Toolkit::Libcurl),
            Self::Requests => Some(Toolkit::Requests),
            Self::Pascal => Some(Toolkit::PascalHttp),
            Self::Curl => Some(Toolkit::Curl),
            Self::Php | Self::PhpEach => Some(Toolkit::Php),
        }
    }

    /// Why it is left out, if something of what it needs is `missing`.
    pub fn obstacle(self, missing: &[Missing]) -> Option<&str> {
        let lacks = |missing: &&Missing| match (missing.part, self.toolkit()) {
            (Part::Toolkit(part), Some(toolkit)) => part == toolkit,
            (Part::Pascal, Some(Toolkit::PascalHttp)) => true,
            _ => false,
        };
        missing.iter().find(lacks).map(|missing| missing.reason.as_str())
    }
}

/// What a peer is made with, or runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolkit {
    /// `curl`.
    Curl,
    /// libcurl with its headers.
    Libcurl,
    /// PHP with curl.
    Php,
    /// Python with requests.
    Requests,
    /// Free Pascal's HTTP client and OpenSSL.
    PascalHttp,
}

impl Toolkit {
    /// All of them, as parts of a machine.
    pub const PARTS: [Part; 5] = [
        Part::Toolkit(Self::Curl),
        Part::Toolkit(Self::Libcurl),
        Part::Toolkit(Self::Php),
        Part::Toolkit(Self::Requests),
        Part::Toolkit(Self::PascalHttp),
    ];

    /// What it is.
    pub fn name(self) -> &'static str {
        match self {
            Self::Curl => "curl",
            Self::Libcurl => "libcurl for C programs",
            Self::Php => "PHP with curl",
            Self::Requests => "Python with requests",
            Self::PascalHttp => "Free Pascal's HTTP client",
        }
    }

    /// How somebody gets it where this program cannot.
    pub fn by_hand(self) -> &'static str {
        match self {
            Self::Curl => "install it by: apt-get install curl",
            Self::Libcurl => "install it by: apt-get install libcurl4-openssl-dev",
            Self::Php => "install it by: apt-get install php-cli php-curl",
            Self::Requests => "install it by: apt-get install python3-requests",
            Self::PascalHttp => "install it by: apt-get install fp-units-fcl fp-units-net libssl-dev",
        }
    }

    /// Debian's packages.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Curl => &["curl"],
            Self::Libcurl => &["libcurl4-openssl-dev"],
            Self::Php => &["php-cli", "php-curl"],
            Self::Requests => &["python3-requests"],
            // The last for the name without a number, by which Free Pascal looks for OpenSSL.
            Self::PascalHttp => &["fp-units-fcl", "fp-units-net", "libssl-dev"],
        }
    }

    /// Whether it is there.
    pub fn is_installed(self) -> bool {
        match self {
            Self::Curl => find("curl").is_some(),
            _ => debian::has(self.packages()),
        }
    }

    /// Puts it there.
    pub fn install(self) -> Result<()> {
        debian::install(self.packages())
    }
}

/// Where all programs are.
pub struct Programs {
    folder: PathBuf,
    /// Runs another one and tells what it took.
    pub launch: PathBuf,
    /// The library.
    pub library: PathBuf,
    /// The simulator.
    pub simulator: PathBuf,
    rustls: PathBuf,
}

impl Programs {
    /// Builds the library, the simulator, those that use the library and the `peers`, into `folder`.
    pub fn build(folder: &Path, peers: &[Peer]) -> Result<Self> {
        fs::create_dir_all(folder)?;
        show(cargo().args(["build", "--profile", FAST, "--package", "simulator", "--package", "peers"]))?;
        let library = release::build_for_linux(&root(), release::library_with_symbols(), "libaverbador.so")?;
        let target = windows::target_dir(&root());
        let programs = Self {
            folder: folder.to_owned(),
            launch: folder.join("launch"),
            library,
            simulator: target.join(FAST).join("simulator"),
            rustls: target.join(FAST).join("peer-rustls"),
        };
        for name in ["launch", "wire", "averbador", "threads", "idle", "field"] {
            compile(folder, name, &["-ldl", "-lpthread"])?;
        }
        if peers.contains(&Peer::Libcurl) {
            compile(folder, "libcurl", &["-lcurl"])?;
        }
        if peers.contains(&Peer::Pascal) {
            let source = root().join("tests/peers/client.dpr");
            pascal::compile(Target::Native, Dialect::Delphi, &source, &root().join("delphi"), folder)?;
        }
        Ok(programs)
    }

    /// Where the program of this name is.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// How a peer is started to do this `work`.
    pub fn peer(&self, peer: Peer, work: &str) -> Result<Vec<String>> {
        let (interpreter, program) = match peer {
            Peer::Rustls => (None, self.rustls.clone()),
            Peer::Libcurl => (None, self.program("libcurl")),
            // Debian's own: another Python in PATH has other packages.
            Peer::Requests => (Some("/usr/bin/python3"), script("session.py")),
            Peer::Pascal => (None, self.program("client")),
            Peer::Curl => (Some("sh"), script("curl.sh")),
            Peer::Php => (Some("php"), script("php/averbar.php")),
            Peer::PhpEach => (Some("sh"), script("php/each.sh")),
        };
        let words = interpreter.map(str::to_owned).into_iter().chain([text(&program)?, work.to_owned()]);
        Ok(words.collect())
    }

    /// How `curl` is started to send all documents by this version of HTTP, several at a time.
    pub fn parallel_curl(&self, version: &str) -> Result<Vec<String>> {
        Ok(vec!["sh".to_owned(), text(&script("parallel.sh"))?, version.to_owned()])
    }

    /// How a program that uses the library is started.
    pub fn host(&self, program: &str, work: &str) -> Result<Vec<String>> {
        Ok(vec![text(&self.program(program))?, text(&self.library)?, work.to_owned()])
    }
}

/// Compiles a program in C of `tests/peers` into `folder`; says where it is.
pub fn compile(folder: &Path, name: &str, libraries: &[&str]) -> Result<PathBuf> {
    let (source, program) = (script(&format!("{name}.c")), folder.join(name));
    let include = format!("-I{}", root().join("include").display());
    let mut gcc = Command::new("gcc");
    gcc.arg("-std=c99").args(WARNINGS).args(["-O2", &include]).arg(source).arg("-o").arg(&program).args(libraries);
    quiet(&mut gcc)?;
    Ok(program)
}

/// A file of `tests/peers`.
fn script(name: &str) -> PathBuf {
    root().join("tests/peers").join(name)
}

fn text(path: &Path) -> Result<String> {
    Ok(path.to_str().context("the path of the repository is not UTF-8")?.to_owned())
}
