//! What the tests and the distribution need on this machine, and how it gets there.
//!
//! On Debian [`ensure`] sets up by itself what is missing. What it cannot set up it returns, so that the
//! caller decides what that means ([`report`] is the usual decision).

use std::env;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::bench::Toolkit;
use crate::debian::{self, Archive};
use crate::process::{self, step};
use crate::windows::{self, Width};
use crate::{deny, desktop, examples, lazarus, pascal, sqlite, wine};

/// One thing that may be missing on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// C and C++ compilers for this machine.
    C,
    /// Free Pascal for this machine.
    Pascal,
    /// C compilers and linkers for Windows.
    Mingw,
    /// The sources of Rust's standard library, which is built anew for Windows 7.
    RustSource,
    /// Free Pascal's run-time libraries for Windows.
    WindowsPascal,
    /// Wine for programs of this width.
    Wine(Width),
    /// cargo-deny.
    Deny,
    /// osslsigncode and openssl.
    Signing,
    /// Lazarus's libraries for this machine.
    Lazarus,
    /// Lazarus's sources, for Windows.
    WindowsLazarus,
    /// A C# compiler and what runs its programs.
    Mono,
    /// Node.js, and the koffi that the example in it calls the library through.
    Node,
    /// Python 3.
    Python,
    /// SQLite for Windows.
    WindowsSqlite,
    /// A Windows desktop under Wine, for programs of this width.
    Desktop(Width),
    /// A screen that nobody sees, and hands that type and click on it.
    Screen,
    /// What a client that the library is compared with is made of.
    Toolkit(Toolkit),
}

/// What the tests on this machine's own system need.
pub const NATIVE: &[Part] = &[Part::C, Part::Pascal, Part::Mono, Part::Node, Part::Python];

/// What is needed to make the Windows DLLs and the C programs beside them.
pub const DIST: &[Part] = &[Part::C, Part::Mingw, Part::RustSource];

/// What all tests together need.
pub const ALL: &[Part] = &[
    Part::C,
    Part::Pascal,
    Part::Mono,
    Part::Node,
    Part::Python,
    Part::Mingw,
    Part::RustSource,
    Part::WindowsPascal,
    Part::Wine(Width::Win32),
    Part::Wine(Width::Win64),
    Part::Deny,
    Part::Signing,
];

/// Something that is needed, is not there, and could not be set up.
#[derive(Clone, Debug)]
pub struct Missing {
    /// What is missing.
    pub part: Part,
    /// Why it could not be set up.
    pub reason: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "missing: {} - needed for {} - {}; {}",
            self.part.name(),
            self.part.needed_for(),
            self.reason,
            self.part.by_hand()
        )
    }
}

/// Sets up those of the `wanted` parts that are missing and returns what could not be had.
///
/// When nothing is missing this is a matter of milliseconds. Nothing is asked; a set-up that was interrupted
/// starts again where it must; two at once wait for each other.
pub fn ensure(root: &Path, wanted: &[Part]) -> Result<Vec<Missing>> {
    let absent = |part: &&Part| part.applies() && !part.is_present(root);
    if !wanted.iter().any(|part| absent(&part)) {
        return Ok(Vec::new());
    }
    let _lock = Cache::open()?.lock()?;
    let mut missing = Vec::new();
    for &part in wanted.iter().filter(absent) {
        let result = match part.obstacle() {
            None => step(&format!("Setting up {}", part.name()), || part.install(root)),
            Some(obstacle) => Err(anyhow::anyhow!(obstacle)),
        };
        if let Err(error) = result {
            let reason = format!("{error:#}");
            missing.push(Missing { part, reason });
        }
    }
    Ok(missing)
}

/// Whether a part is not among what is missing.
pub fn has(part: Part, missing: &[Missing]) -> bool {
    missing.iter().all(|missing| missing.part != part)
}

/// Says loudly what is missing. With `CI=true` that is an error: there, nothing may be skipped.
pub fn report(missing: &[Missing]) -> Result<()> {
    let list: Vec<String> = missing.iter().map(Missing::to_string).collect();
    let list = list.join("\n");
    if list.is_empty() {
        return Ok(());
    }
    if env::var("CI").is_ok_and(|value| value == "true") {
        bail!("{list}\nWith CI=true nothing may be missing.");
    }
    eprintln!("\n!!! NOT EVERYTHING CAN BE DONE HERE\n{list}\n!!! What needs these parts is left out.\n");
    Ok(())
}

/// Sets up those of the `wanted` parts that are missing; an error if one of them cannot be had.
pub fn demand(wanted: &[Part]) -> Result<()> {
    let missing = ensure(&crate::root(), wanted)?;
    let list: Vec<String> = missing.iter().map(Missing::to_string).collect();
    if list.is_empty() { Ok(()) } else { bail!("{}", list.join("\n")) }
}

impl Part {
    /// What it is, in a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::C => "C and C++ compilers",
            Self::Pascal => "Free Pascal",
            Self::Mingw => "MinGW compilers for Windows, 32 and 64 bits",
            Self::RustSource => "the sources of Rust's standard library",
            Self::WindowsPascal => "Free Pascal for Windows, 32 and 64 bits",
            Self::Wine(Width::Win32) => "Wine, 32 bits",
            Self::Wine(Width::Win64) => "Wine, 64 bits",
            Self::Deny => "cargo-deny",
            Self::Signing => "osslsigncode and openssl",
            Self::Lazarus => "Lazarus's libraries",
            Self::WindowsLazarus => "Lazarus's sources",
            Self::Mono => "Mono",
            Self::Node => "Node.js with koffi",
            Self::Python => "Python 3",
            Self::WindowsSqlite => "SQLite for Windows",
            Self::Desktop(_) => "a Windows desktop under Wine",
            Self::Screen => "Xvfb, xdotool and ImageMagick",
            Self::Toolkit(toolkit) => toolkit.name(),
        }
    }

    /// What cannot be done without it.
    pub fn needed_for(self) -> &'static str {
        match self {
            Self::C => "the C harness and the checks of the header",
            Self::Pascal => "the tests of the Pascal unit",
            Self::Mingw => "the Windows DLLs and the harness for Windows",
            Self::RustSource => "the Windows DLLs",
            Self::WindowsPascal => "the tests of the Pascal unit on Windows",
            Self::Wine(_) => "the tests of the Windows DLL",
            Self::Mono => "the example in C#",
            Self::Node => "the example in Node.js",
            Self::Python => "the example in Python",
            Self::Deny => "the check of licences and sources",
            Self::Signing => "the signing of the Windows DLLs",
            Self::Lazarus | Self::WindowsLazarus | Self::WindowsSqlite | Self::Desktop(_) => "SIEM",
            Self::Screen => "the pictures of SIEM",
            Self::Toolkit(_) => "a client to compare the library with",
        }
    }

    /// How somebody gets it where this program cannot.
    fn by_hand(self) -> &'static str {
        match self {
            _ if cfg!(windows) => self.by_hand_on_windows(),
            Self::C => "install it by: apt-get install gcc g++",
            Self::Pascal => "install it by: apt-get install fp-compiler fp-units-fcl",
            Self::Mono => "install it by: apt-get install mono-mcs mono-runtime",
            Self::Node => "install it by: apt-get install nodejs npm, and then cargo xtask setup --native",
            Self::Python => "install it by: apt-get install python3",
            Self::Mingw => "install it by: apt-get install g++-mingw-w64-i686 g++-mingw-w64-x86-64",
            Self::RustSource => "install it by: rustup component add rust-src",
            Self::Deny => "install it by: cargo install --locked cargo-deny",
            Self::Signing => "install it by: apt-get install osslsigncode openssl",
            Self::Lazarus => {
                "install it by: apt-get install lcl-gtk2-2.2 lcl-units-2.2 fp-units-db fp-units-fcl fp-units-gtk2 \
                 fp-units-misc"
            }
            Self::Screen => "install it by: apt-get install xvfb xdotool imagemagick",
            Self::Toolkit(toolkit) => toolkit.by_hand(),
            Self::WindowsPascal | Self::Wine(_) => "install it by: cargo xtask setup, on Debian on x86-64",
            Self::WindowsLazarus | Self::WindowsSqlite | Self::Desktop(_) => {
                "install it by: cargo xtask siem, on Debian on x86-64"
            }
        }
    }

    fn by_hand_on_windows(self) -> &'static str {
        match self {
            Self::Pascal => "install Free Pascal and put fpc.exe into PATH",
            _ => "install MinGW-w64 (MSYS2 has it) and put gcc.exe into PATH",
        }
    }

    /// Whether it is of any use on this system. Windows needs no Wine, and builds only for itself.
    fn applies(self) -> bool {
        !cfg!(windows) || matches!(self, Self::C | Self::Pascal)
    }

    /// Whether it is there.
    fn is_present(self, root: &Path) -> bool {
        let found = |program: &str| process::find(program).is_some();
        match self {
            Self::C => found("gcc") && found("g++"),
            Self::Pascal => pascal::is_installed(root),
            Self::Mono => found("mcs") && found("mono"),
            Self::Node => found("node") && examples::has_koffi(root),
            Self::Python => found("python3"),
            Self::Mingw => Width::BOTH.iter().all(|width| found(&width.mingw("gcc")) && found(&width.mingw("g++"))),
            Self::RustSource => has_rust_source(root),
            Self::WindowsPascal => pascal::is_installed_for_windows(),
            Self::Wine(width) => wine::is_installed(width),
            Self::Deny => deny::is_installed(),
            Self::Signing => found("osslsigncode") && found("openssl"),
            Self::Lazarus => lazarus::is_installed(),
            Self::WindowsLazarus => lazarus::is_installed_for_windows(),
            Self::WindowsSqlite => sqlite::is_installed(),
            Self::Desktop(width) => desktop::is_installed(width),
            Self::Screen => ["Xvfb", "xdotool", "import"].into_iter().all(found),
            Self::Toolkit(toolkit) => toolkit.is_installed(),
        }
    }

    /// Why there is no use in trying to install it here.
    fn obstacle(self) -> Option<&'static str> {
        match self {
            Self::RustSource | Self::Deny | Self::WindowsSqlite => None,
            Self::Node if has_npm() => None,
            Self::C
            | Self::Pascal
            | Self::Mono
            | Self::Node
            | Self::Python
            | Self::Mingw
            | Self::Lazarus
            | Self::Screen
            | Self::Signing
            | Self::Toolkit(_) => {
                (!debian::can_install()).then_some("packages can be installed by root on Debian only")
            }
            Self::WindowsPascal | Self::Wine(_) | Self::WindowsLazarus | Self::Desktop(_) => {
                (debian::codename().is_none() || !debian::is_amd64())
                    .then_some("it can be set up on Debian on x86-64 only")
            }
        }
    }

    fn install(self, root: &Path) -> Result<()> {
        match self {
            Self::C => debian::install(&["gcc", "g++", "libc6-dev"]),
            Self::Pascal => debian::install(&["fp-compiler", "fp-units-fcl"]),
            Self::Mono => debian::install(&["mono-mcs", "mono-runtime"]),
            Self::Node => {
                if !has_npm() {
                    debian::install(&["nodejs", "npm"])?;
                }
                examples::install_koffi(root)
            }
            Self::Python => debian::install(&["python3"]),
            // Of the two thread models the one that needs no further DLL (libwinpthread). g++ brings gcc.
            Self::Mingw => debian::install(&["g++-mingw-w64-i686-win32", "g++-mingw-w64-x86-64-win32"]),
            Self::RustSource => install_rust_source(root),
            Self::WindowsPascal => pascal::install_for_windows(),
            Self::Wine(width) => wine::install(width),
            Self::Deny => deny::install(),
            Self::Signing => debian::install(&["osslsigncode", "openssl"]),
            Self::Lazarus => debian::install(lazarus::PACKAGES),
            Self::WindowsLazarus => lazarus::install_for_windows(),
            Self::WindowsSqlite => sqlite::install(),
            Self::Desktop(width) => desktop::install(width),
            Self::Screen => debian::install(&["xvfb", "xdotool", "imagemagick"]),
            Self::Toolkit(toolkit) => toolkit.install(),
        }
    }
}

fn has_npm() -> bool {
    ["node", "npm"].into_iter().all(|program| process::find(program).is_some())
}

fn has_rust_source(root: &Path) -> bool {
    windows::rust_library(root).is_ok_and(|library| library.join("std/Cargo.toml").exists())
}

/// Gets `rust-src` from rustup, or else from Debian's backports, which follow Rust's releases closely.
fn install_rust_source(root: &Path) -> Result<()> {
    let mut rustup = Command::new("rustup");
    rustup.current_dir(root).args(["component", "add", "rust-src"]);
    let Err(error) = process::quiet(&mut rustup) else {
        return Ok(());
    };
    if debian::codename().is_none() {
        return Err(error);
    }
    rust_source_from_debian(root).context(error)
}

/// Unpacks Debian's package of exactly this compiler's sources into the toolchain.
fn rust_source_from_debian(root: &Path) -> Result<()> {
    let version = process::quiet(Command::new("rustc").current_dir(root).arg("--version"))?;
    let version = version.split(' ').nth(1).context("rustc has no version")?;
    let work = Cache::open()?.folder("rust-src");
    let archive = Archive::new(&work.join("apt"), "amd64", "trixie-backports")?;
    for package in archive.fetch(&[&format!("rust-src={version}*")], &work)? {
        debian::unpack(&package, &format!("./usr/src/rustc-{version}/library"), &work)?;
    }
    let library = windows::rust_library(root)?;
    fs::create_dir_all(&library)?;
    process::quiet(
        Command::new("cp")
            .args(["-r", "--no-target-directory"])
            .arg(work.join(format!("usr/src/rustc-{version}/library")))
            .arg(&library),
    )?;
    fs::remove_dir_all(work)?;
    Ok(())
}

/// Where large things are kept, outside of the clone so that several clones share them: `AVERBADOR_TOOLS`,
/// or `averbador` in the user's cache. Deleting it is always safe; the next set-up makes it anew.
pub struct Cache {
    root: PathBuf,
}

/// The file in a folder of the cache that says it is complete. It holds the folder's path, because some
/// of what is made is bound to its place.
const STAMP: &str = "complete";

impl Cache {
    /// Finds the cache. Nothing is made yet.
    pub fn open() -> Result<Self> {
        let set = |name: &str| {
            let value = env::var_os(name).filter(|value| !value.is_empty());
            value.map(PathBuf::from)
        };
        let root = set("AVERBADOR_TOOLS")
            .or_else(|| Some(set("XDG_CACHE_HOME")?.join("averbador")))
            .or_else(|| Some(set("HOME")?.join(".cache/averbador")))
            .or_else(|| Some(set("LOCALAPPDATA")?.join("averbador")))
            .context("no place for tools: set AVERBADOR_TOOLS to a folder")?;
        let root = std::path::absolute(root)?;
        Ok(Self { root })
    }

    /// The folder of this name, made or not. A name has a version in it when its recipe may change.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Whether the folder of this name is complete.
    pub fn has(&self, name: &str) -> bool {
        let folder = self.folder(name);
        fs::read_to_string(folder.join(STAMP)).is_ok_and(|place| Path::new(&place) == folder)
    }

    /// Has a folder made by `make`. What an interrupted attempt left is put away first, and only a complete one
    /// gets the stamp. (It is made in its final place, not renamed, because Wine is bound to its place.)
    pub fn make(&self, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
        let folder = self.folder(name);
        if folder.exists() {
            // Under another name, for a program of the interrupted attempt may still be writing into it.
            let old = self.folder(&format!("{name}.old-{}", std::process::id()));
            fs::rename(&folder, &old)?;
            let _ = fs::remove_dir_all(old);
        }
        fs::create_dir_all(&folder)?;
        make(&folder)?;
        fs::write(folder.join(STAMP), folder.as_os_str().as_encoded_bytes())?;
        Ok(())
    }

    /// Keeps others from setting up at the same time, until the lock is dropped.
    fn lock(&self) -> Result<File> {
        fs::create_dir_all(&self.root).with_context(|| format!("cannot make {}", self.root.display()))?;
        let file = File::create(self.root.join("lock"))?;
        if file.try_lock().is_err() {
            eprintln!("Another set-up is under way; waiting for it …");
            file.lock()?;
        }
        Ok(file)
    }
}
