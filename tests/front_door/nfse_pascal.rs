//! NFS-e in Pascal: the class `TNfse` by its own tests (`delphi/tests`), and the program.

use std::fs;

use simulator::{Effect, Fault, InvoicyCode, InvoicyConfig, Target};

use crate::driver::{Said, TempFile, World, fixture, fixture_file, run, target};
use crate::nfse_callers::{ID, slow};
use crate::pascal::{PROGRAMS, run_class};

const OBJECT: &str =
    r#"{"RPSNumero":4712,"RPSSerie":"A1","RPSTipo":1,"tpAmb":2,"Prestador":{"CNPJ_prest":"99990001000198"}}"#;

/// Runs the tests of one class of `NfseTests.pas`, which says what is in their folder.
fn run_pascal_tests(class: &str) {
    for program in PROGRAMS {
        let worlds = [World::new(), slow(1), World::new()];
        worlds[2].simulator.fault(Fault::new(Effect::Reset).on(Target::NfseEnvia).forever());
        let first = TempFile::new("rps.json", OBJECT.as_bytes());
        let folder = first.path().parent().expect("it has a folder");
        fs::copy(fixture_file("rps.xml"), folder.join("rps.xml")).expect("a file");
        fs::create_dir(folder.join("saved")).expect("a folder");
        for (name, world) in ["normal.json", "async.json", "lost.json"].into_iter().zip(&worlds) {
            fs::copy(world.settings_file().path(), folder.join(name)).expect("a file");
        }
        run_class(program, folder, class);
        assert!(worlds[2].simulator.nfses().is_empty(), "nothing arrived");
    }
}

#[test]
fn the_methods_of_the_class_for_nfse() {
    run_pascal_tests("TNfseMethodTests");
}

#[test]
fn the_course_of_an_nfse_in_the_class() {
    run_pascal_tests("TNfseCourseTests");
}

#[test]
fn the_replies_that_the_class_for_nfse_reads() {
    run_pascal_tests("TNfseReplyTests");
}

/// The program in Pascal, sending these with files to be saved in the folder of `place`.
fn pascal_program(world: &World, place: &TempFile, rps: &[String]) -> Said {
    let settings = world.settings_file();
    let folder = target().path(place.path().parent().expect("it has a folder"));
    let mut program = target().program("nfse");
    program.args(["--config", &settings.name(), "--aguardar", "3", &folder]);
    run(program.args(rps), "")
}

#[test]
fn the_pascal_program_sends_waits_and_saves() {
    let world = slow(1).secure();
    let place = TempFile::new("São João.txt", b"");
    let said = pascal_program(&world, &place, &[fixture("rps.xml")]);
    let output = said.lines.join("\n");
    assert_eq!(said.code, 0, "{output}\n{}", said.stderr);
    for text in ["RPS 4711", ID, "NFS-e 20260000000001", "AB0001", "O InvoiCy ainda processa."] {
        assert!(output.contains(text), "{text}: {output}");
    }
    let pdf = place.path().with_file_name("nfse-99990001000198-A1-4711.pdf");
    assert!(fs::read(&pdf).expect("the PDF").starts_with(b"%PDF-") && pdf.with_extension("xml").exists());
}

#[test]
fn the_pascal_program_says_what_stands_in_the_way() {
    let (world, place) = (World::new(), TempFile::new("x.txt", b""));
    let rejected = Effect::Invoicy(InvoicyCode::Document(112));
    world.simulator.fault(Fault::new(rejected).on(Target::NfseEnvia));
    let output = pascal_program(&world, &place, &[fixture("rps.xml")]);
    let text = output.lines.join("\n");
    assert!(output.code == 1 && text.contains("documento 112: "), "{text}");
    world.simulator.fault(Fault::new(Effect::Invoicy(InvoicyCode::Envelope(173))).on(Target::NfseEnvia));
    let text = pascal_program(&world, &place, &[fixture("rps.xml")]).lines.join("\n");
    assert!(text.contains("chave de acesso") && text.contains("bytes of UTF-8"), "{text}");
    assert!(!text.contains(&InvoicyConfig::default().access_key));
    assert_eq!(pascal_program(&world, &place, &[]).code, 2);
}
