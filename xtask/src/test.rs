//! `cargo xtask test`: everything that must hold, on this machine and, under Wine, on both Windows.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::callers::{self, Callers};
use crate::dist::{self, sign};
use crate::pascal::{self, Dialect, Target};
use crate::process::{cargo, quiet, show, step};
use crate::setup::{Missing, Part};
use crate::{codegen, deny, examples, fuzz, links, root, sanitize, setup, siem, wine};

/// What leaves out the tests that need programs in Pascal.
pub const PASCAL: [&str; 4] = ["--skip", "pascal", "--skip", "delphi"];

/// Options of the test.
#[derive(clap::Args)]
pub struct Options {
    /// Leave Windows out: the inner loop, minutes faster.
    #[arg(long)]
    native: bool,
    /// Only the tests of the front door whose name holds this text, and nothing else.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// Runs the tests.
pub fn run(options: &Options) -> Result<()> {
    let under_wine = !options.native && !cfg!(windows);
    setup::demand(&[Part::C])?;
    let missing = setup::ensure(&root(), if under_wine { setup::ALL } else { setup::NATIVE })?;
    setup::report(&missing)?;
    let has = |part| setup::has(part, &missing);
    if options.only.is_none() {
        source_is_in_order()?;
        step("The header compiles as C99 and as C++17", header_compiles)?;
        if has(Part::Pascal) {
            step("The README's Pascal compiles", readme_compiles)?;
        }
        step("All that a Delphi program may use of Averbador.pas is documented", class_is_documented)?;
        step("The pages show every picture, and no picture is missing", pictures_are_shown)?;
        step("The links of the pages lead somewhere", || links::check(&root()))?;
        show(cargo().args(["test", "--workspace", "--exclude", "averbador"]))?;
        show(cargo().args(["test", "--package", "averbador", "--lib"]))?;
        fuzz::corpora()?;
    }
    let filter: Vec<&str> = options.only.iter().map(String::as_str).collect();
    let callers = Callers::build(callers::host())?;
    of(&callers, &missing, &filter)?;
    if options.only.is_none() && !options.native {
        sanitize::run()?;
    }
    if under_wine {
        // What is given away is what is tested: out of the archives.
        for callers in dist::unpacked(&dist::pack(&sign::Signing::default())?)? {
            of(&callers, &missing, &filter)?;
            if options.only.is_none() && runs_under_wine(&callers, &missing) && has(Part::Signing) {
                step("A signed DLL is verified, and loads", || signed_loads(&callers))?;
            }
        }
    }
    if options.only.is_none() && !cfg!(windows) {
        siem::test_if_possible()?;
    }
    if under_wine {
        wine::shutdown()?;
    }
    Ok(())
}

/// The tests of the front door, those that `filter` lets through, with all the programs that they need, as far as nothing is
/// `missing`.
fn of(callers: &Callers, missing: &[Missing], filter: &[&str]) -> Result<()> {
    let Some(pascal) = part_for_pascal(callers, missing) else { return Ok(()) };
    callers.build_c_tests()?;
    let mut arguments = filter.to_vec();
    if setup::has(pascal, missing) {
        callers.build_pascal_tests()?;
    } else {
        arguments.extend(PASCAL);
    }
    let wine = callers.wine()?;
    if wine.is_none() {
        examples::compile(callers, missing)?;
        arguments.extend(examples::left_out(Some(missing)));
    } else {
        arguments.extend(examples::left_out(None));
    }
    front_door(callers, wine, &arguments)
}

/// Whether they are for Windows, and there is a Wine that runs them.
fn runs_under_wine(callers: &Callers, missing: &[Missing]) -> bool {
    matches!(callers.target, Target::Windows(width) if setup::has(Part::Wine(width), missing))
}

/// What compiles Pascal for these; `None` if there is nothing that runs their programs.
fn part_for_pascal(callers: &Callers, missing: &[Missing]) -> Option<Part> {
    match callers.target {
        Target::Windows(_) if !cfg!(windows) => runs_under_wine(callers, missing).then_some(Part::WindowsPascal),
        _ => Some(Part::Pascal),
    }
}

/// Signs the library with a certificate that is thrown away, and has it say its version.
fn signed_loads(callers: &Callers) -> Result<()> {
    let signed = sign::try_out(&callers.library)?;
    let wine = callers.wine()?.context("Windows programs run under Wine")?;
    quiet(Command::new(wine).arg(&callers.harness).args(["--lib", &wine::path(&signed), "versao"])).map(drop)
}

/// Writes the page of the fault matrix, whose table is in the tests of the front door.
pub fn write_matrix() -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--package", "averbador", "--test", "front_door", "matrix::page"]);
    show(command.env("AVERBADOR_WRITE_MATRIX", "1"))
}

/// Writes what the library replies to the calls of the contract: the examples of its page, and the promise of the ABI.
pub fn write_contract() -> Result<()> {
    let callers = Callers::build(callers::host())?;
    let mut command = front_door_command(&callers, None);
    show(command.args(["abi::", "contract::", "support::"]).env("AVERBADOR_WRITE_CONTRACT", "1"))?;
    codegen::generate(&root())
}

/// Format, lints, documentation, dependencies, and the generated files as they would be generated.
fn source_is_in_order() -> Result<()> {
    show(cargo().args(["fmt", "--all", "--check"]))?;
    show(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    show(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    if deny::is_installed() {
        deny::rules()?;
    }
    step("The header and the Pascal unit are as the source has them", || codegen::check(&root()))
}

/// The header by itself, and the program that its first page shows.
fn header_compiles() -> Result<()> {
    let header = root().join("include/averbador.h");
    let example = root().join("target/header-example.c");
    fs::write(&example, codegen::example(&fs::read_to_string(&header)?)?)?;
    for (compiler, language, standard) in [("gcc", "c", "-std=c99"), ("g++", "c++", "-std=c++17")] {
        for file in [&header, &example] {
            let mut command = Command::new(compiler);
            command.args(["-x", language, standard, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-I"]);
            quiet(command.arg(root().join("include")).arg(file))?;
        }
    }
    Ok(())
}

/// What the README shows of Pascal, in a program with what it uses.
fn readme_compiles() -> Result<()> {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let shown = readme.split_once("```pascal\n").and_then(|(_, after)| after.split_once("```"));
    let (shown, _) = shown.context("the README shows no Pascal")?;
    let units = ["AverbadorApi", "AverbadorJson", "Averbador"]
        .map(|unit| format!("{unit} in '{}'", root().join(format!("delphi/{unit}.pas")).display()));
    let text = format!(
        "uses Classes, {};
         procedure ShowMessage(const Text: string); begin WriteLn(Text) end;
         var Self: TComponent; Porto: TAverbador; Averbacao: TAvAverbacao;
         begin Self := nil; {shown} end.",
        units.join(", ")
    );
    let folder = root().join("target/readme");
    fs::create_dir_all(&folder)?;
    let program = folder.join("readme.dpr");
    fs::write(&program, text)?;
    for dialect in [Dialect::Delphi, Dialect::DelphiUnicode] {
        pascal::compile(callers::host(), dialect, &program, &root().join("delphi"), &folder)?;
    }
    Ok(())
}

/// Every declaration of the unit's interface has its XMLDoc comment just above it.
fn class_is_documented() -> Result<()> {
    const KEYWORDS: [&str; 5] = ["constructor ", "destructor ", "function ", "procedure ", "property "];
    let unit = fs::read_to_string(root().join("delphi/Averbador.pas"))?;
    let (interface, _) = unit.split_once("\nimplementation").context("Averbador.pas has no implementation")?;
    let (mut public, mut documented) = (true, false);
    let mut bare = Vec::new();
    for line in interface.lines().map(str::trim) {
        match line {
            "private" | "protected" => public = false,
            "public" | "published" | "end;" => public = true,
            _ => {}
        }
        let after_name = line.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let is_name = after_name.len() < line.len()
            && (after_name.starts_with(" = ") || after_name.starts_with(": ") || [",", ");"].contains(&after_name));
        if public && !documented && (is_name || KEYWORDS.iter().any(|word| line.starts_with(word))) {
            bare.push(line);
        }
        documented = line.starts_with("///");
    }
    ensure!(bare.is_empty(), "not documented in Averbador.pas: {bare:#?}");
    Ok(())
}

/// Of the pages in docs/ and the pictures in docs/imagens.
fn pictures_are_shown() -> Result<()> {
    let folder = root().join("docs");
    let mut shown = BTreeSet::new();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let page = fs::read_to_string(&path)?;
            let links = page.split("](imagens/").skip(1).filter_map(|after| Some(after.split_once(')')?.0.to_owned()));
            shown.extend(links);
        }
    }
    let entries = fs::read_dir(folder.join("imagens"))?;
    let there = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let there = there.collect::<Result<BTreeSet<String>>>()?;
    ensure!(shown == there, "the pages show {shown:?}, but docs/imagens has {there:?}");
    Ok(())
}

/// The tests of the front door, through the programs in `callers`; `arguments` say which.
pub fn front_door(callers: &Callers, wine: Option<PathBuf>, arguments: &[&str]) -> Result<()> {
    let mut command = front_door_command(callers, wine);
    show(command.args(arguments)).with_context(|| format!("with the library in {}", callers.folder.display()))
}

/// What runs the tests of the front door; behind it may stand which.
pub fn front_door_command(callers: &Callers, wine: Option<PathBuf>) -> Command {
    let mut command = cargo();
    command.args(["test", "--package", "averbador", "--test", "front_door", "--"]);
    command.env("AVERBADOR_TEST_CALLERS", &callers.folder);
    if let Ok(modules) = examples::node_modules() {
        command.env("AVERBADOR_TEST_NODE_MODULES", modules);
    }
    match wine {
        Some(wine) => command.env("AVERBADOR_TEST_WINE", wine),
        None => command.env_remove("AVERBADOR_TEST_WINE"),
    };
    command
}
