//! `cargo xtask siem`: the application of `delphi/siem`, tried out against the simulator.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;

use crate::callers::Callers;
use crate::desktop::Desktop;
use crate::pascal::Target;
use crate::process::{cargo, show, step};
use crate::setup::Part;
use crate::windows::{self, Width};
use crate::{lazarus, pictures, root, setup, sqlite, wine};

/// Options of SIEM.
#[derive(clap::Args)]
pub struct Options {
    /// What it is built for; Windows programs run under Wine.
    #[arg(value_enum, default_value_t = Platform::Win32)]
    platform: Platform,
    /// Only build it and run the tests of what is behind its windows.
    #[arg(long, conflicts_with_all = ["pictures", "fault"])]
    test: bool,
    /// Go through all that its users do, on a screen that nobody sees, and take the pictures in docs/imagens.
    #[arg(long, conflicts_with = "fault")]
    pictures: bool,
    /// A fault for the simulator to make, as `cargo run -p simulator -- --help` tells.
    #[arg(long, value_name = "SPEC")]
    fault: Option<String>,
}

/// What SIEM runs on.
#[derive(Clone, Copy, ValueEnum)]
enum Platform {
    /// This machine, with GTK 2.
    Native,
    /// Windows, 32 bits.
    Win32,
    /// Windows, 64 bits.
    Win64,
}

impl From<Platform> for Target {
    fn from(platform: Platform) -> Self {
        match platform {
            Platform::Native => Self::Native,
            Platform::Win32 => Self::Windows(Width::Win32),
            Platform::Win64 => Self::Windows(Width::Win64),
        }
    }
}

/// Builds SIEM, and tests it, pictures it or starts it.
pub fn run(options: &Options) -> Result<()> {
    ensure!(
        !cfg!(windows),
        "on Windows, open delphi/siem/siem.lpi in Lazarus; the library must lie beside the program"
    );
    let target = options.platform.into();
    let mut parts = parts(target);
    if let Target::Windows(width) = target {
        parts.extend([Part::Wine(width), Part::Desktop(width)]);
    }
    if options.pictures {
        parts.push(Part::Screen);
    }
    setup::demand(&parts)?;
    let app = App::build(target)?;
    match options {
        Options { test: true, .. } => app.test(),
        Options { pictures: true, .. } => pictures::take(&app),
        Options { fault, .. } => app.try_out(fault.as_deref()),
    }
}

/// Tests what is behind its windows, on this machine, if all is there that it needs; says what is not.
pub fn test_if_possible() -> Result<()> {
    let missing = setup::ensure(&root(), &parts(Target::Native))?;
    setup::report(&missing)?;
    if missing.is_empty() { App::build(Target::Native)?.test() } else { Ok(()) }
}

/// Puts SIEM for Windows, with all that it needs, into `win32` and `win64` in `folder`.
pub fn lay_out(folder: &Path) -> Result<()> {
    for width in Width::BOTH {
        let target = Target::Windows(width);
        setup::demand(&parts(target))?;
        let app = App::build(target)?;
        let folder = folder.join(width.name());
        fs::create_dir_all(&folder)?;
        for name in ["siem.exe", "averbador.dll", "sqlite3.dll", "simulator.exe"] {
            put(&app.folder.join(name), &folder)?;
        }
    }
    Ok(())
}

/// What is needed to build it.
fn parts(target: Target) -> Vec<Part> {
    match target {
        Target::Native => vec![Part::C, Part::Pascal, Part::Lazarus],
        Target::Windows(_) => {
            vec![Part::Mingw, Part::RustSource, Part::WindowsPascal, Part::WindowsLazarus, Part::WindowsSqlite]
        }
    }
}

/// SIEM with all that it needs beside it, in one folder.
pub struct App {
    /// Holds all of it.
    pub folder: PathBuf,
    /// What it was built for.
    pub target: Target,
    executable: PathBuf,
    harness: PathBuf,
}

impl App {
    /// Builds it with the library, the simulator and, for Windows, SQLite.
    pub fn build(target: Target) -> Result<Self> {
        let folder = folder(target)?;
        let callers = Callers::build(target)?;
        put(&callers.library, &folder)?;
        put(&simulator(target)?, &folder)?;
        if let Target::Windows(width) = target {
            put(&sqlite::library(width)?, &folder)?;
        }
        let executable = step("Compiling SIEM", || lazarus::compile(target, &source("siem.lpr")?, &folder))?;
        Ok(Self { folder, target, executable, harness: callers.harness })
    }

    /// SIEM with its data in the folder `data`, ready for further arguments. Windows programs are drawn on a desktop of
    /// `size` and at a scale in percent.
    pub fn command(&self, data: &Path, size: &str, scale: u32) -> Result<Command> {
        let mut command = match self.target {
            Target::Native => Command::new(&self.executable),
            Target::Windows(width) => {
                let desktop = Desktop::open(width)?;
                desktop.scale(scale)?;
                desktop.program(size, &self.executable)?
            }
        };
        command.arg(format!("--dados={}", self.path(data))).current_dir(&self.folder);
        Ok(command)
    }

    /// The program that tries the library's functions out one by one, ready for arguments.
    pub fn harness(&self) -> Result<Command> {
        runner(self.target, &self.harness)
    }

    /// Another program that keeps its database locked, ready for the kind of lock; to be run where the database is.
    pub fn other_program(&self) -> Result<Command> {
        runner(self.target, &lazarus::compile(self.target, &source("testes/outroprograma.lpr")?, &self.folder)?)
    }

    /// A file, as it sees it.
    pub fn path(&self, file: &Path) -> String {
        match self.target {
            Target::Native => file.display().to_string(),
            Target::Windows(_) => wine::path(file),
        }
    }

    /// Ends whatever of it still runs.
    pub fn shut_down(&self) -> Result<()> {
        match self.target {
            Target::Native => Ok(()),
            Target::Windows(width) => Desktop::open(width)?.shut_down(),
        }
    }

    /// Starts it with the simulator, for somebody at the screen, and waits for its end.
    fn try_out(&self, fault: Option<&str>) -> Result<()> {
        ensure!(
            std::env::var_os("DISPLAY").is_some(),
            "there is no screen (DISPLAY is not set); `cargo xtask siem --pictures` needs none"
        );
        let mut command = self.command(&self.folder.join("dados"), "1024x768", 100)?;
        command.arg("--simulador").args(fault.map(|fault| format!("--falha={fault}")));
        show(&mut command)
    }

    /// Compiles and runs the tests of what is behind the windows.
    fn test(&self) -> Result<()> {
        let program = lazarus::compile(self.target, &source("testes/siemtestes.lpr")?, &self.folder)?;
        show(runner(self.target, &program)?.args(["--all", "--format=plain"]))
    }
}

/// A console program, ready for arguments.
fn runner(target: Target, program: &Path) -> Result<Command> {
    match target {
        Target::Native => Ok(Command::new(program)),
        Target::Windows(width) => {
            let mut command = Command::new(wine::runner(width)?);
            command.arg(program);
            Ok(command)
        }
    }
}

/// Where everything for a target is put.
fn folder(target: Target) -> Result<PathBuf> {
    let name = match target {
        Target::Native => "native",
        Target::Windows(width) => width.name(),
    };
    let folder = root().join("target/siem").join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn source(name: &str) -> Result<PathBuf> {
    Ok(windows::linked(&root())?.join("delphi/siem").join(name))
}

/// Builds the simulator and says where it is.
fn simulator(target: Target) -> Result<PathBuf> {
    match target {
        Target::Native => {
            show(cargo().args(["build", "--package", "simulator", "--bin", "simulator"]))?;
            Ok(windows::target_dir(&root()).join("debug/simulator"))
        }
        Target::Windows(width) => windows::build_simulator(&root(), width),
    }
}

/// Copies a file into a folder.
fn put(file: &Path, folder: &Path) -> Result<()> {
    let name = file.file_name().context("a file without a name")?;
    fs::copy(file, folder.join(name)).with_context(|| format!("{} cannot be copied", file.display()))?;
    Ok(())
}
