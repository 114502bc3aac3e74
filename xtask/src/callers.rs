//! The library and the programs that call it, built for one platform into one folder: what the tests run and `dist` takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::pascal::{self, Dialect, Target};
use crate::process::{cargo, quiet, show};
use crate::windows::{self, Width};
use crate::{codegen, release, root, sanitize, wine};

/// Strict: the programs are examples of how the header is used.
pub const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-pedantic", "-Werror"];

/// The library for Linux, as programs that load it by name call it.
const LINUX_NAME: &str = "libaverbador.so";

/// The library and the harness that loads it by name, in a folder.
pub struct Callers {
    /// Holds all that is built for the platform.
    pub folder: PathBuf,
    /// The library.
    pub library: PathBuf,
    /// The harness that loads the library by name.
    pub harness: PathBuf,
    /// The platform.
    pub target: Target,
    /// Whether the sanitizers watch them.
    sanitized: bool,
    /// Where the header, the units and the examples are: the repository, or an unpacked archive.
    sources: PathBuf,
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

    /// Those of an unpacked archive: the library and the harness in `folder`, whatever else is compiled put beside them, from
    /// the sources in the archive.
    pub fn unpacked(target: Target, folder: PathBuf, sources: &Path) -> Self {
        Self { sources: sources.to_owned(), ..Self::places(target, folder) }
    }

    fn build_in(name: &str, target: Target, sanitized: bool) -> Result<Self> {
        let callers = Self { sanitized, ..Self::places(target, root().join("target/callers").join(name)) };
        fs::create_dir_all(&callers.folder)?;
        callers.build_library()?;
        callers.compile_harness()?;
        Ok(callers)
    }

    fn places(target: Target, folder: PathBuf) -> Self {
        let (library, harness) = match target {
            Target::Native => (LINUX_NAME, "harness"),
            Target::Windows(_) => ("averbador.dll", "harness.exe"),
        };
        let (library, harness) = (folder.join(library), folder.join(harness));
        Self { folder, library, harness, target, sanitized: false, sources: root() }
    }

    /// What runs programs for it; nothing on its own system.
    pub fn wine(&self) -> Result<Option<PathBuf>> {
        match self.target {
            Target::Native => Ok(None),
            Target::Windows(width) => wine::runner(width).map(Some),
        }
    }

    /// Builds the harness that loads the library by name.
    pub fn compile_harness(&self) -> Result<()> {
        self.compile_c("tests/harness/harness.c", &self.harness, &[])
    }

    /// Builds the programs in C and C++ that only the tests run: the linked harness, the checks, libraries to be refused,
    /// the guide's examples, the example in C++.
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
        let flags: &[&str] = match self.target {
            Target::Native => &[],
            // As the example's own page says: wmain, and no DLL of the compiler's beside it.
            Target::Windows(_) => &["-municode", "-static"],
        };
        self.compile("g++", "-std=c++17", "examples/cpp/exemplo.cpp", &self.program("exemplo"), flags)
    }

    /// Builds the programs in Pascal that only the tests run.
    pub fn build_pascal_tests(&self) -> Result<()> {
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
        let (source, units) = (self.source(source), self.source("delphi"));
        let built = pascal::compile(self.target, dialect, &source, &units, &self.folder.join("pascal"))?;
        fs::copy(built, self.program(name))?;
        Ok(())
    }

    /// A header, a unit or an example that goes with the library, or a folder of them.
    pub fn source(&self, name: &str) -> PathBuf {
        self.sources.join(name)
    }

    /// Where the program of this name is.
    pub fn program(&self, name: &str) -> PathBuf {
        self.harness.with_file_name(name).with_extension(self.harness.extension().unwrap_or_default())
    }

    fn build_library(&self) -> Result<()> {
        match self.target {
            Target::Native if self.sanitized => self.take(&sanitize::build_library()?),
            Target::Native => {
                show(cargo().args(["build", "--package", "averbador", "--lib"]))?;
                self.take(&windows::target_dir(&root()).join("debug/libaverbador.so"))
            }
            Target::Windows(width) => {
                let exports = codegen::exports(&root())?;
                windows::import_libraries(width, &exports, &self.folder)?;
                windows::build_library(&root(), width, &self.library)
            }
        }
    }

    /// Takes a library for Linux as it was built, and gives it the name by which programs that are linked to it look for it.
    fn take(&self, built: &Path) -> Result<()> {
        fs::copy(built, &self.library)?;
        release::link(LINUX_NAME, &self.folder.join(release::SONAME))
    }

    /// Compiles a C program: an example, or one of the tests, which are in the repository only.
    pub fn compile_c(&self, source: &str, out: &Path, flags: &[&str]) -> Result<()> {
        self.compile("gcc", "-std=c99", source, out, flags)
    }

    fn compile(&self, compiler: &str, standard: &str, source: &str, out: &Path, flags: &[&str]) -> Result<()> {
        let source = if source.starts_with("tests/") { root().join(source) } else { self.source(source) };
        let include = format!("-I{}", self.source("include").display());
        let folder = format!("-L{}", self.folder.display());
        // Where it was compiled shall not make it another program.
        let unnamed = format!("-ffile-prefix-map={}=.", root().display());
        let mut arguments: Vec<&str> = WARNINGS
            .into_iter()
            .chain([standard, include.as_str(), folder.as_str(), unnamed.as_str(), "-O1", "-g"])
            .collect();
        arguments.extend(flags);
        if self.sanitized {
            arguments.extend(sanitize::C_FLAGS);
        }
        match self.target {
            Target::Windows(width) => windows::compile(width, compiler, &[&source], out, &arguments),
            Target::Native => {
                arguments.extend(["-Wl,-rpath,$ORIGIN", "-ldl", "-lpthread"]);
                quiet(Command::new(compiler).arg(source).arg("-o").arg(out).args(arguments)).map(drop)
            }
        }
    }
}
