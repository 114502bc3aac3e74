//! `cargo xtask soak`: the test of the front door that mixes everything at once, for as long as one likes.

use anyhow::Result;
use clap::ValueEnum;

use crate::callers::{self, Callers};
use crate::pascal::Target;
use crate::process::show;
use crate::test::front_door_command;
use crate::windows::Width;
use crate::{root, setup, wine};

/// Options of the soak.
#[derive(clap::Args)]
pub struct Options {
    /// For how many minutes. From 8 on it is an error, too, if memory grows.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: u32,
    /// Which library: that of this system, or a Windows DLL (under Wine).
    #[arg(long, value_enum, default_value_t = Platform::Native)]
    target: Platform,
}

/// What the library is built for.
#[derive(Clone, Copy, ValueEnum)]
enum Platform {
    Native,
    Win32,
    Win64,
}

/// Runs the soak.
pub fn run(options: &Options) -> Result<()> {
    let (target, width) = match options.target {
        Platform::Native => (callers::host(), None),
        Platform::Win32 => (Target::Windows(Width::Win32), Some(Width::Win32)),
        Platform::Win64 => (Target::Windows(Width::Win64), Some(Width::Win64)),
    };
    setup::report(&setup::ensure(&root(), if width.is_some() { setup::ALL } else { setup::NATIVE })?)?;
    let wine = width.filter(|_| !cfg!(windows)).map(wine::runner).transpose()?;
    let callers = Callers::build(target)?;
    callers.build_c_tests()?;
    let mut command = front_door_command(&callers, wine);
    command.args(["soak::", "--nocapture"]).env("AVERBADOR_SOAK_MINUTES", options.minutes.to_string());
    show(&mut command)?;
    wine::shutdown()
}
