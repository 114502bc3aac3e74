//! Running Windows programs under Wine, in both widths.
//!
//! Each width has a Wine of its own in the cache: Debian's packages, unpacked and not installed. A 32-bit Wine
//! cannot always be installed beside a machine's own packages (their versions must agree to the letter), and
//! in a chroot it would not see the host's files. So its two programs are told, by `patchelf`, to use
//! the libraries that lie beside them; from then on it is a program like any other: it needs no root and no
//! mounts, and every path, the network and the environment are the host's.
//!
//! The tests call the script [`runner`] with a program and its arguments.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::debian::{self, Archive};
use crate::process;
use crate::setup::Cache;
use crate::windows::Width;

/// Changed whenever [`install`] makes something else than before.
const VERSION: u32 = 3;

/// How long a Wine server stays when its last program has ended, in seconds. The next program then starts in
/// a tenth of a second instead of a whole one, and still nothing is left behind for long.
const LINGER: u32 = 20;

/// The same for a session that serves one program: as long as that needs to follow the one before it.
const LINGER_APART: u32 = 3;

/// Once in some thousand starts the kernel, which chooses addresses by lot, gives the loader's heap the page that Windows keeps
/// for data of its own: Wine 8 then ends before the program has begun. With this there is no lot.
const STEADY: &str = "setarch --addr-no-randomize ";

/// No offer to install .NET or a browser, no entries in the desktop's menus.
const OVERRIDES: &str = "mscoree,mshtml=;winemenubuilder.exe=d";

/// The script that runs a Windows program: `SCRIPT PROGRAM.EXE [ARGUMENT…]`. Files of this machine are on the
/// program's drive Z: `/tmp/x` is `Z:\tmp\x` to it.
///
/// Standard streams and exit code are the program's own, byte for byte (of the code, as on any Unix, the
/// lowest eight bits: a crash with 0xC0000005 comes out as 5). Only where stdout is a terminal, Wine draws a
/// console on it.
///
/// A program that is going to be killed needs a Wine server of its own: Wine 8's does not always survive it, and then every
/// other program ends without a word, or never. It gets one where `AVERBADOR_WINE_APART` names an empty folder.
pub fn runner(width: Width) -> Result<PathBuf> {
    Ok(folder(width)?.join("run"))
}

/// Ends the Wine servers that are idle. Without this call they end by themselves, within half a minute; and
/// one that another clone's tests are using is left alone.
pub fn shutdown() -> Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    for width in Width::BOTH {
        if is_installed(width) {
            let wine = Wine::new(width, folder(width)?);
            // Held by every program that runs, see `run`; and while it is held here, none starts.
            let in_use = File::open(wine.folder.join("run"))?;
            if in_use.try_lock().is_ok() {
                wine.shut_down();
            }
        }
    }
    Ok(())
}

/// This width's Wine on a drive C and a registry apart from those of the tests, which it makes where there are none. Ready for
/// a program and its arguments.
pub fn with_prefix(width: Width, prefix: &Path) -> Result<Command> {
    let mut command = Command::new(Wine::new(width, folder(width)?).loader());
    command
        .env("WINEPREFIX", prefix)
        .env("WINEARCH", width.name())
        .env("WINEDEBUG", "-all")
        .env("WINEDLLOVERRIDES", OVERRIDES)
        .env("LC_ALL", "C.UTF-8");
    Ok(command)
}

/// A file of this machine, as Windows programs under Wine see it.
pub fn path(file: &Path) -> String {
    format!("Z:{}", file.display()).replace('/', "\\")
}

/// Ends all that runs on such a prefix.
pub fn shut_down_prefix(width: Width, prefix: &Path) -> Result<()> {
    Wine { prefix: prefix.to_owned(), ..Wine::new(width, folder(width)?) }.shut_down();
    Ok(())
}

/// Whether this width's Wine is set up.
pub fn is_installed(width: Width) -> bool {
    Cache::open().is_ok_and(|cache| cache.has(&name(width)))
}

/// Sets up this width's Wine.
pub fn install(width: Width) -> Result<()> {
    Cache::open()?.make(&name(width), |folder| Wine::new(width, folder.to_owned()).install())
}

/// The folder in the cache that holds all of this width's Wine.
fn folder(width: Width) -> Result<PathBuf> {
    Ok(Cache::open()?.folder(&name(width)))
}

fn name(width: Width) -> String {
    format!("wine-{}-{VERSION}", width.name())
}

/// One Wine: where its parts are, and how they are made.
struct Wine {
    width: Width,
    /// Debian's packages, unpacked.
    root: PathBuf,
    /// Wine's drive C and registry.
    prefix: PathBuf,
    /// Holds all of it.
    folder: PathBuf,
}

impl Wine {
    fn new(width: Width, folder: PathBuf) -> Self {
        Self { width, root: folder.join("root"), prefix: folder.join("prefix"), folder }
    }

    fn install(&self) -> Result<()> {
        self.unpack()?;
        self.complete_zlib()?;
        self.use_own_libraries()?;
        self.write_scripts()?;
        self.create_prefix()
    }

    /// Debian's architecture, its name for folders of libraries, and the dynamic linker.
    fn architecture(&self) -> (&'static str, &'static str, &'static str) {
        match self.width {
            Width::Win32 => ("i386", "i386-linux-gnu", "ld-linux.so.2"),
            Width::Win64 => ("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
        }
    }

    /// The program that loads and runs a Windows program.
    fn loader(&self) -> PathBuf {
        self.root.join(match self.width {
            Width::Win32 => "usr/lib/wine/wine",
            Width::Win64 => "usr/lib/wine/wine64",
        })
    }

    /// The program that is the "kernel" of all Windows programs of this prefix.
    fn server(&self) -> PathBuf {
        self.root.join(match self.width {
            Width::Win32 => "usr/lib/wine/wineserver32",
            Width::Win64 => "usr/lib/wine/wineserver64",
        })
    }

    /// The folders with the libraries of this Wine.
    fn libraries(&self) -> String {
        let (_, triple, _) = self.architecture();
        let root = self.root.display();
        format!("{root}/lib/{triple}:{root}/usr/lib/{triple}")
    }

    fn linker(&self) -> PathBuf {
        let (_, triple, linker) = self.architecture();
        self.root.join("lib").join(triple).join(linker)
    }

    /// Fetches Wine, all it depends on, and patchelf, and unpacks them.
    fn unpack(&self) -> Result<()> {
        let (architecture, ..) = self.architecture();
        let wine = match self.width {
            Width::Win32 => "wine32",
            Width::Win64 => "wine64",
        };
        let release = debian::codename().context("this is not Debian")?;
        let archive = Archive::new(&self.folder.join("apt"), architecture, &release)?;
        let downloads = self.folder.join("downloads");
        for package in archive.fetch_with_dependencies(&[wine, "patchelf"], &downloads)? {
            debian::unpack(&package, ".", &self.root)?;
        }
        fs::remove_dir_all(downloads)?;
        Ok(())
    }

    /// Does what Debian's libwine does when it is installed: takes `zlib1.dll` from MinGW and writes into its
    /// header, at byte 64, that it is one of Wine's own. Without it user32.dll does not load.
    fn complete_zlib(&self) -> Result<()> {
        let (_, triple, _) = self.architecture();
        let (mingw, wine) = match self.width {
            Width::Win32 => ("i686", "i386"),
            Width::Win64 => ("x86_64", "x86_64"),
        };
        let source = self.root.join(format!("usr/{mingw}-w64-mingw32/lib/zlib1.dll"));
        if !source.exists() {
            return Ok(()); // A later Debian, whose Wine has zlib inside.
        }
        let mut dll = fs::read(&source)?;
        let mark = dll.get_mut(64..96).with_context(|| format!("{} is cut short", source.display()))?;
        mark.copy_from_slice(b"Wine builtin DLL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        let folder = format!("usr/lib/{triple}/wine/{wine}-windows");
        fs::write(self.root.join(folder).join("zlib1.dll"), dll)?;
        Ok(())
    }

    /// Makes Wine's programs load the libraries that were unpacked with them, and no others.
    fn use_own_libraries(&self) -> Result<()> {
        let linker = self.linker();
        process::quiet(Command::new(&linker).arg("--version"))
            .with_context(|| format!("this machine runs no {} programs", self.architecture().0))?;
        for program in [self.loader(), self.server()] {
            // patchelf comes from the same packages, so it must be told the same thing to run at all.
            process::quiet(
                Command::new(&linker)
                    .args(["--library-path", &self.libraries()])
                    .arg(self.root.join("usr/bin/patchelf"))
                    .arg("--set-interpreter")
                    .arg(&linker)
                    .args(["--force-rpath", "--set-rpath", &self.libraries()])
                    .arg(&program),
            )?;
        }
        Ok(())
    }

    /// Writes [`runner`], and the script by which Wine starts its own server.
    fn write_scripts(&self) -> Result<()> {
        let wine = shell_word(&self.loader())?;
        let this = shell_word(&self.folder.join("run"))?;
        let prefix = shell_word(&self.prefix)?;
        let server = shell_word(&self.server())?;
        let arch = self.width.name();
        let steady = if can_steady_addresses() { STEADY } else { "" };
        let run = format!(
            r#"# Runs a Windows program under Wine: run PROGRAM.EXE [ARGUMENT…]

export WINEPREFIX={prefix} WINEARCH={arch}
# stderr is the program's own; whoever looks for a fault in Wine sets this variable.
export WINEDEBUG="${{WINEDEBUG:--all}}"
export WINEDLLOVERRIDES='{OVERRIDES}'
# Without a UTF-8 locale Wine loses the accents in file names and arguments.
export LC_ALL=C.UTF-8

if [ -n "$AVERBADOR_WINE_APART" ]; then
    cp -p "$WINEPREFIX"/*.reg "$WINEPREFIX"/.update-timestamp "$AVERBADOR_WINE_APART"
    ln -s "$WINEPREFIX"/drive_c "$WINEPREFIX"/dosdevices "$AVERBADOR_WINE_APART"
    export WINEPREFIX="$AVERBADOR_WINE_APART" AVERBADOR_WINE_LINGER={LINGER_APART}
fi

# Says that this Wine is in use, as long as the program runs.
exec 9<{this}
flock --shared 9

# The first program of a session starts Wine's services, which inherit what is open and keep it open:
# whoever reads a pipe to its end would wait for them too. So the first is always this one.
{steady}{wine} cmd /c exit </dev/null >/dev/null 2>&1 9<&-
exec {steady}{wine} "$@"
"#
        );
        write_script(&self.folder.join("run"), &run)?;
        let serve = format!("exec {server} -p\"${{AVERBADOR_WINE_LINGER:-{LINGER}}}\" \"$@\"\n");
        write_script(&self.root.join("usr/lib/wine/wineserver"), &serve)
    }

    /// Has Wine make its drive C and registry, which it does for the first program that runs.
    fn create_prefix(&self) -> Result<()> {
        fs::create_dir_all(&self.prefix)?;
        // A crash shall end a program, not open a window that waits for somebody.
        let mut no_dialog = Command::new(self.folder.join("run"));
        no_dialog
            .args(["reg", "add", r"HKCU\Software\Wine\WineDbg", "/f"])
            .args(["/v", "ShowCrashDialog", "/t", "REG_DWORD", "/d", "0"])
            // Wine would link the desktop and the documents of Windows to those of a home.
            .env("HOME", &self.folder);
        process::quiet(&mut no_dialog)?;
        // The registry is written when the server ends.
        self.shut_down();
        ensure!(
            self.prefix.join("drive_c/windows/system32").is_dir(),
            "Wine has made no drive C in {}",
            self.prefix.display()
        );
        Ok(())
    }

    /// A call of the server's own program: "-k" ends it and all it runs, "-w" waits until it has ended.
    fn server_command(&self, argument: &str) -> Command {
        let mut command = Command::new(self.server());
        command.env("WINEPREFIX", &self.prefix).arg(argument);
        command
    }

    /// Ends the server with all that runs on it. Both calls fail when there is none, which is as well.
    fn shut_down(&self) {
        let _ = process::quiet(&mut self.server_command("-k"));
        let _ = process::quiet(&mut self.server_command("-w"));
    }
}

/// Some containers do not allow it.
fn can_steady_addresses() -> bool {
    process::quiet(Command::new("sh").args(["-c", &format!("{STEADY} true")])).is_ok()
}

/// Writes a shell script that can be run.
fn write_script(path: &Path, text: &str) -> Result<()> {
    let _ = fs::remove_file(path);
    fs::write(path, format!("#!/bin/sh\n{text}"))?;
    process::quiet(Command::new("chmod").arg("755").arg(path))?;
    Ok(())
}

/// A path as a word of a shell script.
fn shell_word(path: &Path) -> Result<String> {
    let text = path.to_str().context("the cache's path is not UTF-8")?;
    ensure!(!text.contains('\''), "the cache's path has a quote in it: {text}");
    Ok(format!("'{text}'"))
}
