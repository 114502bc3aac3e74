//! Compiling Lazarus programs, which have windows, for this machine (GTK 2) and for Windows.
//!
//! Debian has Lazarus's libraries compiled for Linux only. For Windows they are compiled from its sources, together
//! with the program; the units are kept, so this takes half a minute once and a second from then on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::debian::{self, Archive};
use crate::pascal::{self, FPC, Target, flag};
use crate::process;
use crate::setup::Cache;

/// Where Debian puts Lazarus, installed or in its package of sources.
const LAZARUS: &str = "usr/lib/lazarus/2.2.6";

/// Debian's packages with what a Lazarus program for this machine is linked from.
pub const PACKAGES: &[&str] = &[
    "lcl-gtk2-2.2",
    "lcl-units-2.2",
    "fp-units-db-3.2.2",
    "fp-units-fcl-3.2.2",
    "fp-units-gtk2-3.2.2",
    "fp-units-misc-3.2.2",
];

/// The folder in the cache. Its number is changed whenever [`install_for_windows`] makes something else.
const NAME: &str = "lazarus-windows-1";

/// What a program is compiled from besides the library of windows.
const COMPONENTS: [&str; 3] = ["components/lazutils", "components/freetype", "components/datetimectrls"];

/// What of Free Pascal's packages. Not `rtl-console`: a file of it hides one of Lazarus's.
const FPC_PACKAGES: [&str; 20] = [
    "chm",
    "fcl-base",
    "fcl-db",
    "fcl-fpcunit",
    "fcl-image",
    "fcl-json",
    "fcl-net",
    "fcl-process",
    "fcl-registry",
    "fcl-res",
    "fcl-xml",
    "hash",
    "pasjpeg",
    "paszlib",
    "regexpr",
    "rtl-extra",
    "rtl-objpas",
    "rtl-unicode",
    "sqlite",
    "winunits-base",
];

/// The folders in which such a package may have units for Windows.
const UNIT_FOLDERS: [&str; 8] =
    ["src", "src/win", "src/inc", "src/common", "src/base", "src/sqldb", "src/sqldb/sqlite", "src/dbase"];

/// Compiles a program and says where the executable is: in `out_dir`, its units in a folder below. Units of its own are
/// looked for beside the program and in the folders above it.
pub fn compile(target: Target, program: &Path, out_dir: &Path) -> Result<PathBuf> {
    let name = program.file_stem().context("the program has no name")?;
    let units = out_dir.join("units");
    fs::create_dir_all(&units)?;
    let folder = program.parent().context("the program has no folder")?;
    let executable = out_dir.join(name).with_extension(target.executable_extension());

    let mut fpc = pascal::compiler(target)?;
    fpc.args(["-MObjFPC", "-Scghi", "-O2", "-Xs", "-dLCL"]);
    add_library(&mut fpc, target)?;
    for above in ["", "..", "../.."] {
        fpc.arg(flag("-Fu", &folder.join(above)));
    }
    fpc.arg(flag("-FU", &units)).arg(flag("-o", &executable)).current_dir(folder).arg(program);
    process::quiet(&mut fpc)?;
    ensure!(executable.is_file(), "fpc ended well, but there is no {}", executable.display());
    Ok(executable)
}

/// Whether programs for this machine can be compiled.
pub fn is_installed() -> bool {
    debian::has(PACKAGES)
}

/// Whether programs for Windows can be compiled.
pub fn is_installed_for_windows() -> bool {
    Cache::open().is_ok_and(|cache| cache.has(NAME))
}

/// Fetches the sources.
pub fn install_for_windows() -> Result<()> {
    Cache::open()?.make(NAME, |folder| {
        let release = debian::codename().context("this is not Debian")?;
        let archive = Archive::new(&folder.join("apt"), "amd64", &release)?;
        let downloads = folder.join("downloads");
        for package in archive.fetch(&["lazarus-src-2.2", &format!("fpc-source-{FPC}")], &downloads)? {
            let wanted = match package.to_string_lossy().contains("fpc-source") {
                true => vec![format!("usr/share/fpcsrc/{FPC}/packages")],
                false => vec![format!("{LAZARUS}/lcl"), format!("{LAZARUS}/components")],
            };
            for folder_in_package in wanted {
                debian::unpack(&package, &format!("./{folder_in_package}"), folder)?;
            }
        }
        fs::remove_dir_all(downloads)?;
        Ok(())
    })
}

/// The options by which the compiler finds Lazarus's library.
fn add_library(fpc: &mut Command, target: Target) -> Result<()> {
    match target {
        Target::Native => {
            fpc.arg("-dLCLgtk2").args(installed_units().map(|folder| flag("-Fu", &folder)));
        }
        Target::Windows(width) => {
            let folder = Cache::open()?.folder(NAME);
            // -WG: no console beside the window. (A program that wants one says so: {$APPTYPE CONSOLE}.)
            fpc.args(["-dLCLwin32", "-WG"]).arg(format!("-FC{}", width.mingw("windres")));
            add_sources(fpc, &folder);
        }
    }
    Ok(())
}

/// The folders of all the sources. Of files with the same name the first is taken, so the order matters.
fn add_sources(fpc: &mut Command, folder: &Path) {
    let lazarus = folder.join(LAZARUS);
    for name in ["lcl/include", "lcl/interfaces/win32", "components/lazutils"] {
        fpc.arg(flag("-Fi", &lazarus.join(name)));
    }
    for name in ["lcl", "lcl/widgetset", "lcl/forms", "lcl/interfaces/win32"].iter().chain(&COMPONENTS) {
        fpc.arg(flag("-Fu", &lazarus.join(name)));
    }
    for package in FPC_PACKAGES {
        for name in UNIT_FOLDERS {
            let units = folder.join(format!("usr/share/fpcsrc/{FPC}/packages/{package}/{name}"));
            if units.is_dir() {
                fpc.arg(flag("-Fu", &units)).arg(flag("-Fi", &units));
            }
        }
    }
}

/// The folders of what Debian has compiled for this machine.
fn installed_units() -> [PathBuf; 4] {
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let folders = [
        format!("lcl/units/{target}"),
        format!("lcl/units/{target}/gtk2"),
        format!("components/lazutils/lib/{target}"),
        format!("components/datetimectrls/lib/{target}/gtk2"),
    ];
    folders.map(|folder| Path::new("/").join(LAZARUS).join(folder))
}
