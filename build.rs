//! What the library says of itself: on Windows its version resource, which Explorer shows under Properties, Details; on Linux
//! its SONAME.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" {
        println!("cargo:rustc-link-arg-cdylib=-Wl,-soname,libaverbador.so.{}", abi());
    }
    if target("OS") == "windows" && target("ENV") == "gnu" {
        version_resource(&target("ARCH"));
    }
}

/// The number that changes with the ABI.
fn abi() -> String {
    env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets the version")
}

fn version_resource(architecture: &str) {
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let (script, object) = (Path::new(&out).join("version.rc"), Path::new(&out).join("version.o"));
    fs::write(&script, resource(&env::var("CARGO_PKG_VERSION").expect("cargo sets the version")))
        .expect("OUT_DIR can be written");
    let (windres, format) = match architecture {
        "x86" => ("i686-w64-mingw32-windres", "pe-i386"),
        _ => ("x86_64-w64-mingw32-windres", "pe-x86-64"),
    };
    let windres = if cfg!(windows) { "windres" } else { windres };
    let done = Command::new(windres).arg("--target").arg(format).arg(&script).arg(&object).status();
    assert!(
        done.as_ref().is_ok_and(std::process::ExitStatus::success),
        "{windres} did not make the version resource ({done:?}): install binutils of MinGW (cargo xtask setup does)"
    );
    println!("cargo:rustc-link-arg-cdylib={}", object.display());
}

fn resource(version: &str) -> String {
    let comma = format!("{},0", version.replace('.', ","));
    format!(
        r#"#pragma code_page(65001)
1 VERSIONINFO
FILEVERSION {comma}
PRODUCTVERSION {comma}
FILEOS 0x40004
FILETYPE 0x2
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "041604B0"
    BEGIN
      VALUE "CompanyName", "averbador"
      VALUE "FileDescription", "Averbação de CT-e (AverbePorto)"
      VALUE "FileVersion", "{version}"
      VALUE "InternalName", "averbador"
      VALUE "LegalCopyright", "MIT OR Apache-2.0"
      VALUE "OriginalFilename", "averbador.dll"
      VALUE "ProductName", "averbador"
      VALUE "ProductVersion", "{version}"
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x0416, 0x04B0
  END
END
"#
    )
}
