//! Compiling Pascal programs, for this machine and for Windows.
//!
//! Debian has Free Pascal for Linux only. But its compiler can write Windows programs too once it has the
//! run-time library, and that is compiled here from Debian's `fpc-source` in a few seconds, FPCUnit with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::debian::{self, Archive};
use crate::process;
use crate::setup::Cache;
use crate::windows::Width;

/// Free Pascal's version, as it stands in the names of Debian's packages (in bookworm and in trixie).
pub(crate) const FPC: &str = "3.2.2";

/// The folder in the cache. Its number is changed whenever [`install_for_windows`] makes something else.
const NAME: &str = "fpc-windows-2";

/// What a program is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// This machine.
    Native,
    /// Windows.
    Windows(Width),
}

impl Target {
    /// The extension of its programs; empty where they have none.
    pub(crate) fn executable_extension(self) -> &'static str {
        match self {
            Self::Native => std::env::consts::EXE_EXTENSION,
            Self::Windows(_) => "exe",
        }
    }
}

/// What `string` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Bytes in some code page, as in Delphi 7 to 2007.
    Delphi,
    /// UTF-16, as in Delphi since 2009.
    DelphiUnicode,
}

/// Compiles a console program as Delphi would and says where the executable is. Units are looked for beside the
/// program and in `units`. All that is written goes to `out_dir`.
pub fn compile(target: Target, dialect: Dialect, program: &Path, units: &Path, out_dir: &Path) -> Result<PathBuf> {
    fs::create_dir_all(out_dir)?;
    let folder = program.parent().context("the program has no folder")?;
    let mut fpc = compiler(target)?;
    fpc.arg(match dialect {
        Dialect::Delphi => "-Mdelphi",
        Dialect::DelphiUnicode => "-Mdelphiunicode",
    });
    fpc.args(["-O2", "-Xs", "-B"])
        .arg(flag("-Fu", folder))
        .arg(flag("-Fu", units))
        .arg(flag("-FE", out_dir))
        .arg(flag("-FU", out_dir))
        .arg(program);
    process::quiet(&mut fpc)?;

    let name = program.file_stem().context("the program has no name")?;
    let executable = out_dir.join(name).with_extension(target.executable_extension());
    ensure!(executable.is_file(), "fpc ended well, but there is no {}", executable.display());
    Ok(executable)
}

/// Whether programs for this machine can be compiled, also those that use FPCUnit: asked by compiling one.
pub fn is_installed(root: &Path) -> bool {
    let program = root.join("target/probe.pas");
    fs::create_dir_all(root.join("target")).is_ok()
        && fs::write(&program, "uses testregistry, plaintestreport; begin end.").is_ok()
        && process::quiet(Command::new("fpc").arg(program)).is_ok()
}

/// Whether programs for Windows can be compiled.
pub fn is_installed_for_windows() -> bool {
    Cache::open().is_ok_and(|cache| cache.has(NAME))
}

/// Fetches the compilers and the sources, and compiles the run-time libraries for both widths.
pub fn install_for_windows() -> Result<()> {
    Cache::open()?.make(NAME, |folder| {
        let release = debian::codename().context("this is not Debian")?;
        let sources = fetch(folder, &release)?;
        for width in Width::BOTH {
            build_units(width, folder, &sources)?;
        }
        fs::remove_dir_all(sources)?;
        Ok(())
    })
}

/// The compiler for a target, with the folders in which it finds its units.
pub(crate) fn compiler(target: Target) -> Result<Command> {
    match target {
        Target::Native => Ok(Command::new("fpc")),
        // A Windows host's own compiler serves both widths if it was installed for both.
        Target::Windows(width) if cfg!(windows) => {
            let mut fpc = Command::new("fpc");
            fpc.arg(match width {
                Width::Win32 => "-Pi386",
                Width::Win64 => "-Px86_64",
            });
            Ok(fpc)
        }
        Target::Windows(width) => {
            let folder = Cache::open()?.folder(NAME);
            let mut fpc = bare_compiler(width, &folder);
            fpc.arg(flag("-Fu", &folder.join(width.name())));
            Ok(fpc)
        }
    }
}

/// The compiler for Windows without any units. `-n`: it does not read the machine's configuration, which
/// is for Linux.
fn bare_compiler(width: Width, folder: &Path) -> Command {
    let mut command = Command::new(folder.join(program(width)));
    command.args(["-n", &format!("-T{}", width.name())]);
    command
}

/// Free Pascal's compiler is one program per processor that it writes code for.
fn program(width: Width) -> &'static str {
    match width {
        Width::Win32 => "ppc386",
        Width::Win64 => "ppcx64",
    }
}

/// Fetches both compilers into `folder`, and returns the folder of the sources.
fn fetch(folder: &Path, release: &str) -> Result<PathBuf> {
    let work = folder.join("work");
    let compiler = format!("fp-compiler-{FPC}");
    let source = format!("fpc-source-{FPC}");
    // Statically linked, so the 32-bit one runs here as it is.
    for (width, architecture, libraries, packages) in [
        (Width::Win32, "i386", "i386-linux-gnu", &[&*compiler][..]),
        (Width::Win64, "amd64", "x86_64-linux-gnu", &[&*compiler, &*source]),
    ] {
        let archive = Archive::new(&folder.join("apt"), architecture, release)?;
        let into = work.join(architecture);
        let path = format!("usr/lib/{libraries}/fpc/{FPC}/{}", program(width));
        for package in archive.fetch(packages, &into)? {
            let only = match package.to_string_lossy().contains("fpc-source") {
                true => format!("./usr/share/fpcsrc/{FPC}"),
                false => format!("./{path}"),
            };
            debian::unpack(&package, &only, &work)?;
        }
        fs::rename(work.join(path), folder.join(program(width)))?;
    }
    Ok(work)
}

/// Compiles the units of one width.
fn build_units(width: Width, folder: &Path, work: &Path) -> Result<()> {
    let sources = work.join(format!("usr/share/fpcsrc/{FPC}"));
    let rtl = sources.join("rtl").join(width.name());
    let units = folder.join(width.name());
    fs::create_dir_all(&units)?;
    for arguments in steps(width) {
        process::quiet(
            bare_compiler(width, folder)
                .current_dir(&rtl)
                .args(["-O2", "-Xs"])
                .arg(flag("-FU", &units))
                .args(arguments.split(' ')),
        )?;
    }
    Ok(())
}

/// The calls of the compiler that make the units, seen from `rtl/win32` or `rtl/win64` in the sources. It is
/// what the makefiles there do; Debian's package has only the templates of the makefiles.
fn steps(width: Width) -> Vec<String> {
    let cpu = match width {
        Width::Win32 => "i386",
        Width::Win64 => "x86_64",
    };
    let rtl = format!("-Fi../inc -Fi../{cpu} -Fi../win -Fu../{cpu}");
    let all = format!(
        "{rtl} -Fi../objpas/sysutils -Fi../objpas/classes -Fi../objpas -Fi../win/wininc \
         -Fu../win/wininc -Fu../win -Fu../inc -Fu../objpas"
    );
    // Not part of the run-time library proper, but Delphi has them there: StrUtils, DateUtils, Variants.
    let objpas = "../../packages/rtl-objpas/src";
    let mut steps = vec![
        format!("-Us -Sg {rtl} system.pp"),
        format!("{rtl} ../inc/uuchar.pp"),
        format!("{rtl} -Fi../objpas ../objpas/objpas.pp"),
        format!("{all} buildrtl.pp"),
        format!("{all} ../inc/lineinfo.pp"),
        format!("{all} ../inc/lnfodwrf.pp"),
    ];
    if width == Width::Win32 {
        steps.insert(3, format!("{rtl} sysinitpas.pp"));
    }
    for unit in ["variants", "strutils", "dateutils"] {
        steps.push(format!(
            "-Fi{objpas}/inc -Fi{objpas}/win -Fi{objpas}/common -Fu{objpas}/inc -Fu{objpas}/win \
             -Fu{objpas}/common {objpas}/inc/{unit}.pp"
        ));
    }
    let fpcunit = "../../packages/fcl-fpcunit/src";
    for unit in ["testregistry", "plaintestreport"] {
        steps.push(format!("-Fu{fpcunit} {fpcunit}/{unit}.pp"));
    }
    steps
}

/// An option whose value follows without a space.
pub(crate) fn flag(option: &str, path: &Path) -> String {
    format!("{option}{}", path.display())
}
