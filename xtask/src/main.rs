//! `cargo xtask`: everything that is done with this repository.

mod bench;
mod callers;
mod codegen;
mod debian;
mod demo;
mod deny;
mod desktop;
mod dist;
mod examples;
mod fuzz;
mod lazarus;
mod links;
mod pascal;
mod pictures;
mod process;
mod release;
mod sanitize;
mod screen;
mod setup;
mod siem;
mod soak;
mod sqlite;
mod test;
mod windows;
mod wine;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Everything that is done with this repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Cli {
    #[command(flatten)]
    Task(Task),
}

#[derive(Subcommand)]
enum Task {
    /// Have a CT-e endorsed, by the simulator or by the real service, and show each step.
    Demo(demo::Options),
    /// Set up what is missing on this machine and test everything: natively, and both DLLs under Wine.
    Test(test::Options),
    /// Use the library from 64 threads at once for some minutes, with all that can go wrong going wrong: nothing may be
    /// lost, and nothing may grow.
    Soak(soak::Options),
    /// Measure the library beside other clients, and write docs/desempenho.md.
    Bench(bench::Options),
    /// Build SIEM, the application with windows, and start it with the simulator.
    Siem(siem::Options),
    /// Build what is given away into dist/: the archives for Windows and Linux, and SIEM.
    Dist(dist::Options),
    /// Write include/averbador.h and delphi/AverbadorApi.pas from the source, and the snippets of the pages from their examples.
    Codegen {
        /// Only tell whether they are as they would be written, and whether the links of all pages lead somewhere.
        #[arg(long)]
        check: bool,
    },
    /// Fuzz what reads requests, answers and documents; `cargo xtask test` only repeats what was found before.
    Fuzz(fuzz::Options),
    /// Run the tests of the front door under AddressSanitizer and LeakSanitizer. (`cargo xtask test` does, too.)
    Sanitize,
    /// Run the unit tests of the C boundary under Miri.
    Miri,
    /// Check licences, duplicates and sources of what the library is made of. (`cargo xtask test` does, too.)
    Deny(deny::Options),
    /// Write docs/matriz-de-falhas.md from the table of the fault matrix.
    Matrix,
    /// Write what the library replies to the calls of the contract into docs/contrato.md, and what is new in it into the
    /// promise of the ABI, abi/1/.
    Contract,
    /// Set up what is missing on this machine, and nothing else.
    Setup {
        /// Leave out what only Windows needs.
        #[arg(long)]
        native: bool,
    },
}

fn main() -> ExitCode {
    let Cli::Task(task) = Cli::parse();
    match run(task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Soak(options) => soak::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Siem(options) => siem::run(&options),
        Task::Dist(options) => dist::run(&options),
        Task::Codegen { check: true } => codegen::check(&root()).and_then(|()| links::check(&root())),
        Task::Codegen { check: false } => codegen::generate(&root()),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Sanitize => sanitize::run(),
        Task::Miri => sanitize::miri(),
        Task::Deny(options) => deny::run(&options),
        Task::Matrix => test::write_matrix(),
        Task::Contract => test::write_contract(),
        Task::Setup { native } => {
            setup::report(&setup::ensure(&root(), if native { setup::NATIVE } else { setup::ALL })?)
        }
    }
}

/// The folder of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_commands_and_options_go_together() {
        super::Cli::command().debug_assert();
    }
}
