//! Building for Windows: the DLL itself, the import libraries beside it, and C programs that use them.
//!
//! The targets are Rust's "win7" ones. The ordinary `*-pc-windows-gnu` standard library imports functions
//! that came with Windows 10, and ERP desktops are often older than that (Wine 8 refuses it too). Nobody
//! ships a standard library for the win7 targets, so cargo builds it from `rust-src`.

use std::env;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
#[cfg(unix)]
use std::os::unix::fs::symlink;
#[cfg(windows)]
use std::os::windows::fs::symlink_dir as symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use implib::{Flavor, ImportLibrary, MachineType};

use crate::setup::Cache;
use crate::{process, release};

/// One of the two Windows the library is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 32-bit programs: Delphi 7, most ERPs.
    Win32,
    /// 64-bit programs.
    Win64,
}

impl Width {
    /// Both, in the order in which they are built and tested.
    pub const BOTH: [Self; 2] = [Self::Win32, Self::Win64];

    /// As folders are called after it: `dist/win32`, `dist/win64`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Win32 => "win32",
            Self::Win64 => "win64",
        }
    }

    /// Rust's name of the target.
    pub fn triple(self) -> &'static str {
        match self {
            Self::Win32 => "i686-win7-windows-gnu",
            Self::Win64 => "x86_64-win7-windows-gnu",
        }
    }

    /// A program of the MinGW tool set, as Debian calls it: `gcc`, `ar`, `windres`, `objdump` …
    pub fn mingw(self, tool: &str) -> String {
        match self {
            Self::Win32 => format!("i686-w64-mingw32-{tool}"),
            Self::Win64 => format!("x86_64-w64-mingw32-{tool}"),
        }
    }

    /// The processor, as it stands in a library's headers.
    fn machine(self) -> MachineType {
        match self {
            Self::Win32 => MachineType::I386,
            Self::Win64 => MachineType::AMD64,
        }
    }

    /// The width of the Windows this program itself was built for.
    pub fn of_this_program() -> Self {
        if cfg!(target_pointer_width = "32") { Self::Win32 } else { Self::Win64 }
    }
}

/// Builds `averbador.dll` in release from the workspace at `root` and puts it at `library`, its symbols beside it.
///
/// On a Windows host the DLL is built by the installed toolchain for the host's own target: good for
/// trying and testing there, in that one width. The DLLs that are given away come from Debian.
pub fn build_library(root: &Path, width: Width, library: &Path) -> Result<()> {
    if cfg!(windows) {
        fs::copy(build_on_windows(root, release::library(), width, "averbador.dll")?, library)?;
        return Ok(());
    }
    let built = build_for_win7(root, release::library_with_symbols(), width, "averbador.dll")?;
    release::part_symbols(&width.mingw(""), &built, library)
}

/// Builds `simulator.exe`, for those who try things out on Windows, and says where it is.
pub fn build_simulator(root: &Path, width: Width) -> Result<PathBuf> {
    let build = if cfg!(windows) { build_on_windows } else { build_for_win7 };
    build(root, release::simulator(), width, "simulator.exe")
}

/// Writes the two import libraries of `averbador.dll` into `folder`: `libaverbador.dll.a` for MinGW and
/// `averbador.lib` for Microsoft's linker, and `averbador.def` for any other. `exports` are the plain names; all of them are cdecl functions.
///
/// The one for MinGW is made by MinGW: crate `implib` 0.6 writes table entries of eight bytes for 32-bit
/// programs too, so that Windows finds only the first function of the library and the second call crashes.
pub fn import_libraries(width: Width, exports: &[String], folder: &Path) -> Result<()> {
    let definition = format!("LIBRARY averbador.dll\nEXPORTS\n    {}\n", exports.join("\n    "));
    fs::create_dir_all(folder)?;
    let library = folder.join("averbador.lib");
    let mut microsoft = File::create(&library).with_context(|| format!("cannot write {}", library.display()))?;
    ImportLibrary::new(&definition, width.machine(), Flavor::Msvc)?.write_to(&mut microsoft)?;

    fs::write(folder.join("averbador.def"), definition)?;
    let mut dlltool = mingw(width, "dlltool");
    dlltool
        .current_dir(folder)
        .args(["--input-def", "averbador.def", "--output-lib", "libaverbador.dll.a"])
        // Or the library is another one every time, by a time stamp and by names made of the process id.
        .args(["--deterministic-libraries", "--temp-prefix", "averbador"]);
    process::quiet(&mut dlltool)?;
    Ok(())
}

/// Compiles and links a C or C++ program (or, with `-shared` among `arguments`, a DLL) for Windows with MinGW's `compiler`.
/// What comes out needs no run-time library but Windows' own `msvcrt.dll`.
///
/// `arguments` go behind the sources, where the linker wants its libraries.
pub fn compile(width: Width, compiler: &str, sources: &[&Path], out: &Path, arguments: &[&str]) -> Result<()> {
    process::quiet(mingw(width, compiler).args(sources).arg("-o").arg(out).args(arguments).arg("-static-libgcc"))?;
    Ok(())
}

/// A program of MinGW, ready for arguments. On Windows those for the machine itself have no prefix.
fn mingw(width: Width, tool: &str) -> Command {
    let prefixed = width.mingw(tool);
    match process::find(&prefixed) {
        None if cfg!(windows) => Command::new(tool),
        _ => Command::new(prefixed),
    }
}

/// Cross-builds with a standard library of its own for the win7 target, and says where the file of this `name` is.
fn build_for_win7(root: &Path, mut cargo: Command, width: Width, name: &str) -> Result<PathBuf> {
    let triple = width.triple();
    let lower = triple.replace('-', "_");
    let upper = lower.to_uppercase();
    let target_dir = win7_target_dir(root)?;
    cargo
        .args(["-Z", "build-std=std,panic_unwind"])
        // Of two ways to do something the standard library takes the smaller: 35 KB.
        .args(["-Z", "build-std-features=panic-unwind,optimize_for_size"])
        // `-Z build-std` asks for a nightly; this makes the pinned compiler accept it, for this command only.
        .env("RUSTC_BOOTSTRAP", "1")
        // cc-rs, which compiles ring's C, does not know the win7 targets.
        .env(format!("CC_{lower}"), width.mingw("gcc"))
        .env(format!("AR_{lower}"), width.mingw("ar"))
        .env(format!("CARGO_TARGET_{upper}_LINKER"), width.mingw("gcc"));
    let flags = match width {
        Width::Win32 => vec![format!("-L{}", unwinding_objects(root, &target_dir)?.display())],
        Width::Win64 => Vec::new(),
    };
    release::build_for(&mut cargo, root, triple, &target_dir, &flags)?;
    Ok(target_dir.join(triple).join("release").join(name))
}

/// Where what is built for Windows 7 is put.
///
/// Apart from the native builds: for RUSTC_BOOTSTRAP cargo compiles proc-macro2 and all that hangs on it anew. In one folder
/// the builds would spoil each other's work, half a minute every time.
fn win7_target_dir(root: &Path) -> Result<PathBuf> {
    let folder = target_dir(root).join("windows");
    fs::create_dir_all(&folder)?;
    linked(&folder)
}

/// A link in the cache to `folder`, by which the tools that build for Windows shall reach it, for two reasons.
///
/// Not every one of them quotes a path with blanks: MinGW's dlltool, with which rustc makes import libraries, loses its own
/// files; the Pascal compiler calls windres with half a name. And MinGW's linker sorts what a program imports by the paths of
/// the files that name it: by these, it would be another program in another folder.
pub fn linked(folder: &Path) -> Result<PathBuf> {
    let links = Cache::open()?.folder("links");
    ensure!(
        !links.to_string_lossy().contains(char::is_whitespace),
        "no tool for Windows can work in {}: set AVERBADOR_TOOLS to a folder without blanks in its name",
        links.display()
    );
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    let link = links.join(format!("{:016x}", hasher.finish()));
    if !fs::read_link(&link).is_ok_and(|target| target == folder) {
        fs::create_dir_all(&links)?;
        symlink(folder, &link).with_context(|| format!("cannot make a link: {}", link.display()))?;
    }
    Ok(link)
}

/// Builds with what is installed on a Windows host, and says where the file of this `name` is.
fn build_on_windows(root: &Path, mut cargo: Command, width: Width, name: &str) -> Result<PathBuf> {
    ensure!(
        width == Width::of_this_program(),
        "on a Windows host only the host's own width is built; `cargo xtask dist` on Debian makes both"
    );
    let target_dir = target_dir(root);
    process::show(cargo.arg("--target-dir").arg(&target_dir))?;
    Ok(target_dir.join("release").join(name))
}

/// Compiles `rsbegin.o` and `rsend.o` and returns their folder. On 32-bit MinGW they frame the unwinding
/// tables of a DLL; a toolchain has them ready-made for its own targets, but build-std does not make them.
fn unwinding_objects(root: &Path, target_dir: &Path) -> Result<PathBuf> {
    let folder = target_dir.join("i686-rtstartup");
    fs::create_dir_all(&folder)?;
    let sources = rust_library(root)?.join("rtstartup");
    for name in ["rsbegin", "rsend"] {
        process::quiet(
            Command::new("rustc")
                .current_dir(root)
                .env("RUSTC_BOOTSTRAP", "1")
                .args(["--target", "i686-pc-windows-gnu", "--emit=obj", "-o"])
                .arg(folder.join(name).with_extension("o"))
                .arg(sources.join(name).with_extension("rs")),
        )?;
    }
    Ok(folder)
}

/// Where the sources of Rust's standard library belong in the toolchain that `root` is built with.
pub fn rust_library(root: &Path) -> Result<PathBuf> {
    let sysroot = process::quiet(Command::new("rustc").current_dir(root).args(["--print", "sysroot"]))?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library"))
}

/// Where cargo puts what it builds for the workspace at `root`.
pub fn target_dir(root: &Path) -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    }
}
