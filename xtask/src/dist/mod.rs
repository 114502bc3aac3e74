//! `cargo xtask dist`: what is given away.
//!
//! Each archive is laid out in a folder of `target/dist`, then packed into `dist/`. Two runs give the same bytes, unless
//! something is signed.

mod archive;
mod crates;
mod licences;
mod sbom;
pub mod sign;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::callers::Callers;
use crate::pascal::Target;
use crate::process::step;
use crate::setup::Part;
use crate::windows::{self, Width};
use crate::{links, release, root, setup, siem};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What goes into both archives as it stands in the repository.
const DOCUMENTS: [&str; 4] = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "SECURITY.md"];
const FOLDERS: [&str; 5] = ["abi", "delphi", "docs", "examples", "include"];

/// The units whose comments have accents.
const ACCENTED_UNITS: [&str; 4] = ["AverbadorChamada", "Averbador", "AverbadorMdfe", "AverbadorNfse"];

/// Options of the distribution.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    signing: sign::Signing,
}

/// Builds it all: the archives, and SIEM.
pub fn run(options: &Options) -> Result<()> {
    pack(&options.signing)?;
    let siem = staging().join(format!("averbador-{VERSION}-siem"));
    siem::lay_out(&siem)?;
    step("Packing SIEM", || archive::zip(&siem, &root().join("dist").join(format!("averbador-{VERSION}-siem.zip"))))?;
    sum_up()
}

/// The archives that [`unpacked`] takes apart again.
pub struct Archives {
    windows: Option<PathBuf>,
    linux: PathBuf,
}

/// Builds the archives with all that belongs to them, and says what there is.
pub fn pack(signing: &sign::Signing) -> Result<Archives> {
    let missing = setup::ensure(&root(), setup::DIST)?;
    setup::report(&missing)?;
    let can_windows = [Part::Mingw, Part::RustSource].iter().all(|part| setup::has(*part, &missing));
    archive::empty(&staging())?;
    archive::empty(&root().join("dist"))?;
    let crates = crates::inside()?;
    let common =
        Common { licences: licences::text(&crates)?, bill: serde_json::to_string_pretty(&sbom::bill(&crates)?)? };
    let linux = lay_out_linux(&common)?;
    let windows = if can_windows { Some(lay_out_windows(&common, signing)?) } else { None };
    step("Packing the archives", || publish(&linux, windows.as_deref(), &common))
}

/// Unpacks the archives, ready for the tests.
pub fn unpacked(archives: &Archives) -> Result<Vec<Callers>> {
    let work = root().join("target/unpacked");
    let linux = work.join("linux");
    archive::unpack(&archives.linux, &linux)?;
    let linux = linux.join(linux_name());
    // The tests look for the programs beside the library.
    put(&linux.join("bin/harness"), &linux.join("lib/harness"))?;
    let mut callers = vec![Callers::unpacked(Target::Native, linux.join("lib"), &linux)];
    if let Some(archive) = &archives.windows {
        let windows = work.join("windows");
        archive::unpack(archive, &windows)?;
        let windows = windows.join(windows_name());
        for width in Width::BOTH {
            callers.push(Callers::unpacked(Target::Windows(width), windows.join(width.name()), &windows));
        }
    }
    Ok(callers)
}

/// What is in both archives besides what stands in the repository.
struct Common {
    licences: String,
    bill: String,
}

fn windows_name() -> String {
    format!("averbador-{VERSION}-windows")
}

fn linux_name() -> String {
    format!("averbador-{VERSION}-linux-x86_64")
}

fn symbols_name() -> String {
    format!("averbador-{VERSION}-symbols")
}

fn bill_name() -> String {
    format!("averbador-{VERSION}.cdx.json")
}

/// Where the archives are laid out.
fn staging() -> PathBuf {
    root().join("target/dist")
}

/// `win32/` and `win64/`, and beside them what is the same for both.
fn lay_out_windows(common: &Common, signing: &sign::Signing) -> Result<PathBuf> {
    let folder = staging().join(windows_name());
    common.lay_out(&folder, include_str!("LEIAME-windows.txt"))?;
    for unit in ACCENTED_UNITS {
        let text = fs::read_to_string(root().join(format!("delphi/{unit}.pas")))?;
        fs::write(folder.join(format!("delphi/{unit}.pas")), windows_1252(&text)?)?;
    }
    for width in Width::BOTH {
        let callers = Callers::build(Target::Windows(width))?;
        let folder = folder.join(width.name());
        fs::create_dir_all(&folder)?;
        for name in ["averbador.dll", "averbador.def", "averbador.lib", "libaverbador.dll.a", "harness.exe"] {
            put(&callers.folder.join(name), &folder.join(name))?;
        }
        put(&windows::build_simulator(&root(), width)?, &folder.join("averbador-simulator.exe"))?;
        put_symbols(&callers.library, width.name())?;
        release::strip(&width.mingw(""), &folder.join("harness.exe"))?;
        for name in ["averbador.dll", "harness.exe", "averbador-simulator.exe"] {
            signing.sign(&folder.join(name))?;
        }
    }
    Ok(folder)
}

/// As Linux programs are laid out: `lib/`, `include/`, `bin/`.
fn lay_out_linux(common: &Common) -> Result<PathBuf> {
    let folder = staging().join(linux_name());
    common.lay_out(&folder, include_str!("LEIAME-linux.txt"))?;
    let (lib, bin) = (folder.join("lib"), folder.join("bin"));
    fs::create_dir_all(lib.join("pkgconfig"))?;
    fs::create_dir_all(&bin)?;
    let file = format!("libaverbador.so.{VERSION}");
    let built = release::build_for_linux(&root(), release::library_with_symbols(), "libaverbador.so")?;
    release::part_symbols("", &built, &lib.join(&file))?;
    put_symbols(&lib.join(&file), "linux-x86_64")?;
    release::link(&file, &lib.join(release::SONAME))?;
    release::link(release::SONAME, &lib.join("libaverbador.so"))?;
    fs::write(lib.join("pkgconfig/averbador.pc"), pkg_config())?;
    Callers::unpacked(Target::Native, lib, &folder).compile_harness()?;
    fs::rename(folder.join("lib/harness"), bin.join("harness"))?;
    release::strip("", &bin.join("harness"))?;
    let simulator = release::build_for_linux(&root(), release::simulator(), "simulator")?;
    put(&simulator, &bin.join("averbador-simulator"))?;
    Ok(folder)
}

/// The folder may lie anywhere.
fn pkg_config() -> String {
    format!(
        "prefix=${{pcfiledir}}/../..\n\n\
         Name: averbador\n\
         Description: Averbacao de CT-e (AverbePorto), MDF-e (Webmania) e NFS-e (InvoiCy)\n\
         Version: {VERSION}\n\
         Libs: -L${{prefix}}/lib -laverbador\n\
         Cflags: -I${{prefix}}/include\n"
    )
}

/// Packs what is laid out, and says what there is.
fn publish(linux: &Path, windows: Option<&Path>, common: &Common) -> Result<Archives> {
    let place = |name: String| root().join("dist").join(name);
    let archives = Archives {
        linux: place(format!("{}.tar.gz", linux_name())),
        windows: windows.map(|_| place(format!("{}.zip", windows_name()))),
    };
    archive::tar_gz(linux, &archives.linux)?;
    if let (Some(folder), Some(file)) = (windows, &archives.windows) {
        archive::zip(folder, file)?;
    }
    let symbols = place(format!("{}.zip", symbols_name()));
    archive::zip(&staging().join(symbols_name()), &symbols)?;
    fs::write(place(bill_name()), &common.bill)?;
    sum_up()?;
    Ok(archives)
}

/// Writes the sums of all that is in `dist/`, and lists it.
fn sum_up() -> Result<()> {
    let folder = root().join("dist");
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&format!("averbador-{VERSION}")) {
            println!("{}: {} KiB", entry.path().display(), entry.metadata()?.len().div_ceil(1024));
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(fs::write(folder.join("SHA256SUMS"), archive::sums(&files)?)?)
}

impl Common {
    fn lay_out(&self, folder: &Path, read_me: &str) -> Result<()> {
        fs::create_dir_all(folder)?;
        for name in DOCUMENTS {
            put(&root().join(name), &folder.join(name))?;
        }
        for name in FOLDERS {
            copy_folder(&root().join(name), &folder.join(name))?;
        }
        fs::write(folder.join("LEIAME.txt"), read_me.replace("{versão}", VERSION))?;
        fs::write(folder.join("LICENCAS-DE-TERCEIROS.txt"), &self.licences)?;
        fs::write(folder.join(bill_name()), &self.bill)?;
        links::check(folder)
    }
}

/// Puts the symbols of `library` where they are packed.
fn put_symbols(library: &Path, platform: &str) -> Result<()> {
    let symbols = release::symbols_of(library)?;
    let folder = staging().join(symbols_name()).join(platform);
    fs::create_dir_all(&folder)?;
    fs::rename(&symbols, folder.join(symbols.file_name().context("symbols without a name")?))?;
    Ok(())
}

/// The encoding that Delphi 7 expects, and later ones without a mark, so that the comments are readable as hints there.
/// (With UTF-8's mark Delphi 7 does not compile a file.) Up to U+00FF both number the letters alike.
fn windows_1252(text: &str) -> Result<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).with_context(|| format!("{c:?} is not in Windows-1252"))).collect()
}

fn put(file: &Path, place: &Path) -> Result<()> {
    fs::copy(file, place).with_context(|| format!("{} cannot be copied", file.display()))?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let place = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &place)?;
        } else {
            put(&entry.path(), &place)?;
        }
    }
    Ok(())
}
