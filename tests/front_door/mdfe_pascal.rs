//! MDF-e in Pascal: the class `TMdfe` by its own tests (`delphi/tests`), and the program.

use std::fs;

use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, Target};

use crate::driver::{Said, TempFile, World, fixture, fixture_file, run, target};
use crate::mdfe_callers::{CTES, slow, unendorsed};
use crate::pascal::{PROGRAMS, run_class};

/// Runs the tests of one class of `MdfeTests.pas`, which says what is in their folder.
fn run_pascal_tests(class: &str) {
    for program in PROGRAMS {
        let worlds = [World::new(), slow(), World::new(), World::new()];
        worlds[2].simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Emissao).forever());
        let open = Effect::rejection(611, "Existe MDF-e não encerrado para esta placa {mdfe}");
        worlds[3].simulator.fault(Fault::new(open).on(Target::Emissao).after(1));
        let document = unendorsed();
        let content = fs::read(document.path()).expect("the document");
        let first = TempFile::new("mdfe.json", &content);
        let folder = first.path().parent().expect("it has a folder");
        fs::write(folder.join("mdfe-bom.json"), [b"\xEF\xBB\xBF", content.as_slice()].concat()).expect("a file");
        for (name, world) in ["normal.json", "async.json", "lost.json", "open.json"].into_iter().zip(&worlds) {
            fs::copy(world.settings_file().path(), folder.join(name)).expect("a file");
        }
        for (number, cte) in (1..).zip(CTES) {
            fs::copy(fixture_file(cte), folder.join(format!("cte{number}.xml"))).expect("a file");
        }
        run_class(program, folder, class);
        assert!(worlds[2].simulator.mdfes().len() <= 1, "what is uncertain is not sent again");
    }
}

#[test]
fn the_methods_of_the_class_for_mdfe() {
    run_pascal_tests("TMdfeMethodTests");
}

#[test]
fn the_course_of_an_mdfe_in_the_class() {
    run_pascal_tests("TMdfeCourseTests");
}

#[test]
fn the_documents_that_the_class_builds() {
    run_pascal_tests("TMdfeDocumentTests");
}

#[test]
fn the_replies_that_the_class_for_mdfe_reads() {
    run_pascal_tests("TMdfeReplyTests");
}

/// The program in Pascal, with the files to be saved in the folder of `place`.
fn pascal_program(world: &World, document: &TempFile, place: &TempFile, ctes: &[String]) -> Said {
    let settings = world.settings_file();
    let folder = target().path(place.path().parent().expect("it has a folder"));
    let mut program = target().program("mdfe");
    program.args(["--config", &settings.name(), DEFAULT_USER, DEFAULT_PASSWORD, &document.name(), &folder]);
    run(program.args(ctes), "")
}

#[test]
fn the_pascal_program_goes_from_cte_to_mdfe() {
    let world = slow().secure();
    let place = TempFile::new("São João.txt", b"");
    let said = pascal_program(&world, &unendorsed(), &place, &CTES.map(fixture));
    let output = said.lines.join("\n");
    assert_eq!(said.code, 0, "{output}\n{}", said.stderr);
    let mdfe = &world.simulator.mdfes()[0];
    for text in ["Conferindo o MDF-e…", "Emitindo o MDF-e…", "Consultando o MDF-e…", &mdfe.key, "aprovado"] {
        assert!(output.contains(text), "{text}: {output}");
    }
    for document in world.simulator.documents() {
        assert!(output.contains(&document.protocol), "{output}");
    }
    let saved = place.path().with_file_name(format!("{}.pdf", mdfe.key));
    assert!(fs::read(&saved).expect("the DAMDFE").starts_with(b"%PDF-"));
    assert!(fs::read_to_string(saved.with_extension("xml")).expect("the XML").contains(&mdfe.key));
}

#[test]
fn the_pascal_program_says_what_stands_in_the_way() {
    let place = TempFile::new("x.txt", b"");
    let world = World::new();
    let said = pascal_program(&world, &unendorsed(), &place, &[fixture(CTES[0])]);
    let output = said.lines.join("\n");
    assert_eq!((said.code, world.simulator.mdfes().len()), (1, 0), "{output}");
    assert!(output.contains("Falta /descarregamento/0/documentos_fiscais/1/chave: "), "{output}");
    let ctes = CTES.map(fixture);
    let open = Effect::rejection(611, "Existe MDF-e não encerrado para esta placa {mdfe}");
    world.simulator.fault(Fault::new(open).on(Target::Emissao));
    let said = pascal_program(&world, &unendorsed(), &place, &ctes);
    let output = said.lines.join("\n");
    assert!(said.code == 1 && output.contains("Encerre antes o MDF-e "), "{output}");
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Emissao));
    let said = pascal_program(&world, &unendorsed(), &place, &ctes);
    let output = said.lines.join("\n");
    assert!(said.code == 1 && output.contains("confira no painel do Webmania"), "{output}");
    assert_eq!(pascal_program(&world, &unendorsed(), &place, &[]).code, 2);
}
