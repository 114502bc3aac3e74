//! Windows programs with windows of their own, under Wine.
//!
//! They have a drive C and a registry apart from those of the tests: fonts and the scale of the screen are kept there.
//! Wine draws the whole desktop, title bars and all, into one window of X.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::debian::{self, Archive};
use crate::process;
use crate::setup::Cache;
use crate::windows::Width;
use crate::wine;

/// Changed whenever [`install`] makes something else than before.
const VERSION: u32 = 1;

/// Where the fonts are in Debian's packages: the one whose letters are the buttons of title bars, and those for text.
const FONTS: [&str; 3] = [
    "usr/share/wine/fonts/marlett.ttf",
    "usr/share/fonts/truetype/open-sans/OpenSans-Regular.ttf",
    "usr/share/fonts/truetype/open-sans/OpenSans-Bold.ttf",
];

/// Whether this width's desktop is set up.
pub fn is_installed(width: Width) -> bool {
    Cache::open().is_ok_and(|cache| cache.has(&name(width)))
}

/// Sets up this width's desktop. Needs this width's Wine.
pub fn install(width: Width) -> Result<()> {
    Cache::open()?.make(&name(width), |folder| {
        let desktop = Desktop { width, prefix: folder.join("prefix") };
        fs::create_dir_all(&desktop.prefix)?;
        // Makes drive C. Wine would link the desktop and the documents of Windows to those of a home.
        process::quiet(desktop.wine()?.args(["cmd", "/c", "exit"]).env("HOME", folder).env_remove("DISPLAY"))?;
        // As wide as Segoe UI of Windows. Wine's own Tahoma is cut off at the end of each word when it is enlarged.
        desktop.set(r"HKCU\Software\Wine\Fonts\Replacements", "Tahoma", "REG_SZ", "Open Sans")?;
        desktop.set(r"HKCU\Control Panel\Desktop", "FontSmoothing", "REG_SZ", "2")?;
        desktop.set(r"HKCU\Control Panel\Desktop", "FontSmoothingType", "REG_DWORD", "1")?;
        desktop.shut_down()?;
        install_fonts(folder, &desktop.prefix.join("drive_c/windows/Fonts"))
    })
}

fn install_fonts(folder: &Path, into: &Path) -> Result<()> {
    let work = folder.join("fonts");
    let release = debian::codename().context("this is not Debian")?;
    let archive = Archive::new(&folder.join("apt"), "amd64", &release)?;
    for package in archive.fetch(&["fonts-wine", "fonts-open-sans"], &work)? {
        debian::unpack(&package, ".", &work)?;
    }
    fs::create_dir_all(into)?;
    for font in FONTS.map(|font| work.join(font)) {
        fs::copy(&font, into.join(font.file_name().context("a font without a name")?))?;
    }
    fs::remove_dir_all(work)?;
    Ok(())
}

fn name(width: Width) -> String {
    format!("wine-desktop-{}-{VERSION}", width.name())
}

/// A Windows desktop.
pub struct Desktop {
    width: Width,
    prefix: PathBuf,
}

impl Desktop {
    /// This width's, which must be set up.
    pub fn open(width: Width) -> Result<Self> {
        Ok(Self { width, prefix: Cache::open()?.folder(&name(width)).join("prefix") })
    }

    /// Has the programs to come drawn at a scale: 100, 125 …
    pub fn scale(&self, percent: u32) -> Result<()> {
        let dots_per_inch = 96 * percent / 100;
        self.set(r"HKCU\Control Panel\Desktop", "LogPixels", "REG_DWORD", &dots_per_inch.to_string())
    }

    /// A program, on a desktop of `size` ("1024x768"), ready for arguments.
    pub fn program(&self, size: &str, program: &Path) -> Result<Command> {
        let mut command = self.wine()?;
        command.arg("explorer").arg(format!("/desktop=averbador,{size}")).arg(wine::path(program));
        Ok(command)
    }

    /// Ends all programs that run on it.
    pub fn shut_down(&self) -> Result<()> {
        wine::shut_down_prefix(self.width, &self.prefix)
    }

    fn wine(&self) -> Result<Command> {
        wine::with_prefix(self.width, &self.prefix)
    }

    /// Writes a value of the registry.
    fn set(&self, key: &str, name: &str, kind: &str, value: &str) -> Result<()> {
        process::quiet(self.wine()?.args(["reg", "add", key, "/f", "/v", name, "/t", kind, "/d", value]))?;
        Ok(())
    }
}
