//! What the linker is told besides: on Windows the version resource, which Explorer shows under Properties, Details, and the
//! DLLs that are loaded late; on Linux the SONAME.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

/// DLLs that are loaded when a function of theirs is first called, not with the library; and the functions that it calls.
///
/// crypt32 has the certificates that Windows trusts. Most of the time in which the library was loaded went into it and what it
/// brings along. A function that is missing here would tie it to the library again (`tests/front_door/symbols.rs`).
const LATE: [(&str, &[&str]); 1] = [(
    "crypt32",
    &[
        "CertCloseStore",
        "CertDuplicateCertificateContext",
        "CertEnumCertificatesInStore",
        "CertFreeCertificateContext",
        "CertGetEnhancedKeyUsage",
        "CertOpenStore",
        "CertVerifyTimeValidity",
    ],
)];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |part: &str| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" {
        println!("cargo:rustc-link-arg-cdylib=-Wl,-soname,libaverbador.so.{}", abi());
    }
    if target("OS") == "windows" && target("ENV") == "gnu" {
        let mingw = if target("ARCH") == "x86" { Mingw::I686 } else { Mingw::X86_64 };
        version_resource(mingw);
        for (dll, functions) in LATE {
            load_late(mingw, dll, functions);
        }
    }
}

/// The number that changes with the ABI.
fn abi() -> String {
    env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets the version")
}

fn version_resource(mingw: Mingw) {
    let format = match mingw {
        Mingw::I686 => "pe-i386",
        Mingw::X86_64 => "pe-x86-64",
    };
    write("version.rc", &resource(&env::var("CARGO_PKG_VERSION").expect("cargo sets the version")));
    mingw.run("windres", &["--target", format, "version.rc", "version.o"]);
    println!("cargo:rustc-link-arg-cdylib={}", out().join("version.o").display());
}

/// Links functions that load their DLL themselves. They stand before those of the crates, which the linker then needs no more.
fn load_late(mingw: Mingw, dll: &str, functions: &[&str]) {
    let [definition, archive, object] = ["def", "a", "o"].map(|kind| format!("{dll}.{kind}"));
    write(&definition, &format!("LIBRARY {dll}.dll\nEXPORTS\n    {}\n", functions.join("\n    ")));
    // Named as rustc names what it imports, in 32 bits too.
    let names = ["--no-leading-underscore", "--temp-prefix", dll];
    mingw.run("dlltool", &[&names[..], &["--input-def", &definition, "--output-delaylib", &archive]].concat());
    // In one piece: of an archive, the 32-bit linker leaves the functions out.
    mingw.run("ld", &["--relocatable", "--whole-archive", &archive, "-o", &object]);
    println!("cargo:rustc-link-search=native={}", out().display());
    println!("cargo:rustc-link-lib=dylib:+verbatim={object}");
}

/// Which of the two tool sets.
#[derive(Clone, Copy)]
enum Mingw {
    I686,
    X86_64,
}

impl Mingw {
    /// Runs one of its programs in `OUT_DIR`.
    fn run(self, tool: &str, arguments: &[&str]) {
        let prefix = match self {
            _ if cfg!(windows) => "",
            Self::I686 => "i686-w64-mingw32-",
            Self::X86_64 => "x86_64-w64-mingw32-",
        };
        let done = Command::new(format!("{prefix}{tool}")).args(arguments).current_dir(out()).status();
        assert!(
            done.as_ref().is_ok_and(std::process::ExitStatus::success),
            "{prefix}{tool} failed ({done:?}): install binutils of MinGW (cargo xtask setup does)"
        );
    }
}

fn out() -> PathBuf {
    env::var_os("OUT_DIR").expect("cargo sets OUT_DIR").into()
}

fn write(name: &str, text: &str) {
    fs::write(out().join(name), text).expect("OUT_DIR can be written");
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
