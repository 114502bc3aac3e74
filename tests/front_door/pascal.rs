//! The class `TAverbador`: its own tests (`delphi/tests`), with strings of bytes and of UTF-16 as Delphi has had them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use simulator::{Effect, Fault, Target};

use crate::driver::{TempFile, World, fixture_file, run, target};

/// Of `cte-utf8.xml`.
const KEY: &str = "41260599990001000198570010000047111283746517";

/// What the tests find in their folder; see `AverbadorTests.pas`.
struct Ground {
    /// Its first file: the folder is gone with it.
    first: TempFile,
    /// The services that its settings lead to.
    worlds: [World; 2],
}

impl Ground {
    fn new() -> Self {
        let settings = json!({"porto":{"uploads_por_segundo":100}});
        let worlds = [World::new().set(settings.clone()), World::new().set(settings)];
        worlds[1].simulator.fault(Fault::new(Effect::Delay(Duration::from_millis(200))).on(Target::Upload).forever());
        let ground = Self { first: TempFile::new("broken.dll", b"no library"), worlds };
        for (name, world) in ["normal.json", "slow.json"].into_iter().zip(&ground.worlds) {
            ground.take(name, world.settings_file().path());
        }
        for (name, fixture) in [
            ("cte.xml", "cte-utf8.xml"),
            ("evento.xml", "evento-cancelamento.xml"),
            ("lote.zip", "lote-3-cte.zip"),
            ("texto.xml", "xml-nao-fiscal.xml"),
        ] {
            ground.take(name, &fixture_file(fixture));
        }
        for name in ["old.dll", "half.dll"] {
            ground.take(name, &target().library().with_file_name(name));
        }
        fs::write(ground.folder().join("other.dll"), library_of_another_width()).expect("a file");
        ground
    }

    fn folder(&self) -> &Path {
        self.first.path().parent().expect("it has a folder")
    }

    fn take(&self, name: &str, from: &Path) {
        fs::copy(from, self.folder().join(name)).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    }

    /// `many`: 1,000 CT-e that differ in their numbers.
    fn grow_many(&self) {
        let many = self.folder().join("many");
        fs::create_dir(&many).expect("a folder");
        let cte = fs::read_to_string(fixture_file("cte-utf8.xml")).expect("UTF-8");
        for number in 1..=1000 {
            let key = format!("{}{number:09}{}", &KEY[..25], &KEY[34..]);
            let content = cte.replace(KEY, &key).replace("<nCT>4711<", &format!("<nCT>{number}<"));
            fs::write(many.join(format!("{number}.xml")), content).expect("a file");
        }
    }

    /// Runs the tests of one class, in both dialects.
    fn run(&self, class: &str) {
        for program in PROGRAMS {
            run_class(program, self.folder(), class);
        }
    }
}

/// The tests in both dialects.
pub const PROGRAMS: [&str; 2] = ["pascal-tests", "pascal-tests-unicode"];

/// Runs the tests of one class in one dialect.
pub fn run_class(program: &str, folder: &Path, class: &str) {
    let mut command = target().program(program);
    if program == "pascal-tests-unicode" {
        // Free Pascal's own file names are bytes all the same, in the code page that this names.
        command.env("LC_ALL", "C.UTF-8");
    }
    let said = run(command.args([&target().path(folder), class]), "");
    let output = said.lines.join("\n");
    assert!(
        said.code == 0
            && count(&output, "Number of run tests:") > 0
            && count(&output, "Number of errors:") + count(&output, "Number of failures:") == 0,
        "{program} {class}: exit code {}\n{output}\n{}",
        said.code,
        said.stderr
    );
}

/// The number in the report after `what`.
fn count(report: &str, what: &str) -> usize {
    let line = report.lines().find_map(|line| line.strip_prefix(what)).unwrap_or_else(|| panic!("no report: {report}"));
    line.trim().parse().expect("a number")
}

/// The library under test, saying of itself that it is for another processor: on Windows for programs of the other width.
fn library_of_another_width() -> Vec<u8> {
    let mut library = fs::read(target().library()).expect("the library");
    // Of a DLL: the place of the PE header stands at 0x3C, the processor 4 bytes into it; 0x14C is a 32-bit one.
    let header = u16::from_le_bytes([library[0x3C], library[0x3D]]) as usize;
    let processor = if target().is_windows() { header + 4 } else { 18 };
    let other: u16 = if library[processor..].starts_with(&0x14C_u16.to_le_bytes()) { 0x8664 } else { 0x14C };
    library[processor..processor + 2].copy_from_slice(&other.to_le_bytes());
    library
}

#[test]
fn the_methods_of_the_class() {
    Ground::new().run("TMethodTests");
}

#[test]
fn the_stages_of_the_class() {
    Ground::new().run("TStageTests");
}

#[test]
fn the_class_in_the_background() {
    Ground::new().run("TBackgroundTests");
}

#[test]
fn the_class_and_its_library() {
    Ground::new().run("TLibraryTests");
}

#[test]
fn the_replies_that_the_class_reads() {
    Ground::new().run("TReplyTests");
}

#[test]
fn the_class_with_a_thousand_documents() {
    let ground = Ground::new();
    ground.grow_many();
    ground.run("TManyTests");
}

#[test]
fn the_diagnosis_of_the_class() {
    Ground::new().run("TDiagnosisTests");
}
