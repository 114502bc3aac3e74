//! The library and the programs that call it, built for one platform into one folder: what the tests run and `dist` takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::pascal::{self, Dialect, Target};
use crate::process::{cargo, quiet, show};
use crate::windows::{self, Width};
use crate::{codegen, root, sanitize};

/// Strict: the programs are examples of how the header is used.
pub const C_FLAGS: [&str; 5] = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror"];

/// The library and the harness that loads it by name, in a folder.
pub struct Callers {
    /// Holds all that is built for the platform.
    pub folder: PathBuf,
    /// The library.
    pub library: PathBuf,
    /// The harness that loads the library by name.
    pub harness: PathBuf,
    target: Target,
    /// Whether the sanitizers watch them.
    sanitized: bool,
}

/// The platform that this program runs on.
pub fn host() -> Target {
    if cfg!(windows) { Target::Windows(Width::of_this_program()) } else { Target::Native }
}

impl Callers {
    /// Builds the library, on Windows its import libraries, and the harness.
    pub fn build(target: Target) -> Result<Self> {
        match target {
            Target::Native => Self::build_in("host", target, false),
            Target::Windows(width) => Self::build_in(width.name(), target, false),
        }
    }

    /// The same for this machine, watched by the sanitizers.
    pub fn build_sanitized() -> Result<Self> {
        Self::build_in("sanitized", Target::Native, true)
    }

    fn build_in(name: &str, target: Target, sanitized: bool) -> Result<Self> {
        let (library, executable) = match target {
            Target::Native => ("libaverbador.so", ""),
            Target::Windows(_) => ("averbador.dll", ".exe"),
        };
        let folder = root().join("target/callers").join(name);
        fs::create_dir_all(&folder)?;
        let library = folder.join(library);
        let harness = folder.join(format!("harness{executable}"));
        let callers = Self { folder, library, harness, target, sanitized };
        callers.build_library()?;
        callers.compile_c("tests/harness/harness.c", &callers.harness, &[])?;
        Ok(callers)
    }

    /// Builds the programs in C that only the tests run: the linked harness, the checks, libraries to be refused,
    /// the guide's examples.
    pub fn build_c_tests(&self) -> Result<()> {
        let linked = ["-DHARNESS_LINKED", "-laverbador"];
        self.compile_c("tests/harness/harness.c", &self.program("harness-linked"), &linked)?;
        for name in ["boundary", "loading", "soak"] {
            self.compile_c(&format!("tests/harness/{name}.c"), &self.program(name), &[])?;
        }
        self.compile_c("tests/harness/old.c", &self.folder.join("old.dll"), &["-shared", "-fPIC"])?;
        self.compile_c("tests/harness/old.c", &self.folder.join("half.dll"), &["-shared", "-fPIC", "-DHALF"])?;
        for name in ["ga", "viagem", "nota"] {
            self.compile_c(&format!("docs/exemplos/{name}.c"), &self.program(name), &["-laverbador"])?;
        }
        Ok(())
    }

    /// Builds all the programs that only the tests run: those and the ones in Pascal.
    pub fn build_tests(&self) -> Result<()> {
        self.build_c_tests()?;
        self.compile_pascal("docs/exemplos/siem.dpr", Dialect::Delphi, "siem")?;
        self.compile_pascal("docs/exemplos/viagem.dpr", Dialect::Delphi, "siem-viagem")?;
        self.compile_pascal("docs/exemplos/nota.dpr", Dialect::Delphi, "siem-nota")?;
        self.compile_pascal("delphi/console/averbar.dpr", Dialect::Delphi, "averbar")?;
        self.compile_pascal("delphi/console/mdfe.dpr", Dialect::Delphi, "mdfe")?;
        self.compile_pascal("delphi/console/nfse.dpr", Dialect::Delphi, "nfse")?;
        self.compile_pascal("delphi/tests/tests.dpr", Dialect::Delphi, "pascal-tests")?;
        self.compile_pascal("delphi/tests/tests.dpr", Dialect::DelphiUnicode, "pascal-tests-unicode")
    }

    /// Compiles a Pascal program of the repository.
    fn compile_pascal(&self, source: &str, dialect: Dialect, name: &str) -> Result<()> {
        let source = root().join(source);
        let built = pascal::compile(self.target, dialect, &source, &self.folder.join("pascal"))?;
        fs::copy(built, self.program(name))?;
        Ok(())
    }

    /// Where the program of this name is.
    pub fn program(&self, name: &str) -> PathBuf {
        self.harness.with_file_name(name).with_extension(self.harness.extension().unwrap_or_default())
    }

    fn build_library(&self) -> Result<()> {
        let built = match self.target {
            Target::Native if self.sanitized => sanitize::build_library()?,
            Target::Native => {
                show(cargo().args(["build", "--package", "averbador", "--lib"]))?;
                windows::target_dir(&root()).join("debug/libaverbador.so")
            }
            Target::Windows(width) => {
                let exports = codegen::exports(&root())?;
                windows::import_libraries(width, &exports, &self.folder)?;
                windows::build_library(&root(), width)?
            }
        };
        fs::copy(built, &self.library)?;
        Ok(())
    }

    /// Compiles a C program of the repository.
    pub fn compile_c(&self, source: &str, out: &Path, flags: &[&str]) -> Result<()> {
        let source = root().join(source);
        let include = format!("-I{}", root().join("include").display());
        let folder = format!("-L{}", self.folder.display());
        let mut arguments: Vec<&str> =
            C_FLAGS.into_iter().chain([include.as_str(), folder.as_str(), "-O1", "-g"]).collect();
        arguments.extend(flags);
        if self.sanitized {
            arguments.extend(sanitize::C_FLAGS);
        }
        match self.target {
            Target::Windows(width) => windows::compile_c(width, &[&source], out, &arguments),
            Target::Native => {
                arguments.extend(["-Wl,-rpath,$ORIGIN", "-ldl", "-lpthread"]);
                quiet(Command::new("gcc").arg(source).arg("-o").arg(out).args(arguments)).map(drop)
            }
        }
    }
}
