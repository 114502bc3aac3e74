//! The system on which the library runs, in one line.

use std::env::consts::{ARCH, OS};

/// "windows x86_64, Windows 10 Pro (19045)": the system, the library's width and the system's own name.
pub fn system() -> String {
    match release() {
        Some(release) => format!("{OS} {ARCH}, {release}"),
        None => format!("{OS} {ARCH}"),
    }
}

/// Name and build: the name alone says "Windows 10" on Windows 11.
#[cfg(windows)]
fn release() -> Option<String> {
    let version = windows_registry::LOCAL_MACHINE.open(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion").ok()?;
    let text = |name| version.get_string(name).ok();
    Some(format!("{} ({})", text("ProductName")?, text("CurrentBuildNumber")?))
}

#[cfg(not(windows))]
fn release() -> Option<String> {
    let release = std::fs::read_to_string("/etc/os-release").ok()?;
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches('"').to_owned())
}
