//! The programs from which the integration guide (docs/integracao.md) takes its snippets.

use std::path::Path;

use serde_json::Value;
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, Target};

use crate::driver::{Documents, Said, World, fixture, run, target};

/// The example in C, endorsing one document and then a folder.
fn ga(world: &World, documents: &Documents) -> Said {
    let settings = std::fs::read_to_string(world.settings_file().path()).expect("the settings");
    let arguments = [&settings, DEFAULT_USER, DEFAULT_PASSWORD, &fixture("cte-utf8.xml"), &documents.name()];
    run(target().program("ga").args(arguments), "")
}

#[test]
fn the_example_in_c_endorses_one_document_and_a_folder() {
    let (world, documents) = (World::new(), Documents::new(2));
    let said = ga(&world, &documents);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{:?}", said.lines);
    let output = said.lines.join("\n");
    assert_eq!(world.simulator.documents().len(), 3);
    for document in world.simulator.documents() {
        assert!(output.contains(&document.protocol), "{output}");
    }
    assert!(output.contains("0/1 Enviando o documento…") && output.contains("averbado"), "{output}");
}

#[test]
fn the_example_in_c_says_what_is_wrong_and_what_is_uncertain() {
    let (world, documents) = (World::new(), Documents::new(1));
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Consulta));
    let said = ga(&world, &documents);
    assert_eq!(said.code, 1);
    assert!(said.lines.join("\n").contains("nada será enviado duas vezes"), "{:?}", said.lines);
}

#[test]
fn the_example_in_delphi_endorses_one_document_and_a_folder_in_the_background() {
    let (world, documents) = (World::new(), Documents::new(2));
    let settings = world.settings_file();
    let arguments = [&settings.name(), DEFAULT_USER, DEFAULT_PASSWORD, &fixture("cte-utf8.xml"), &documents.name()];
    let said = run(target().program("siem").args(arguments), "");
    let output = said.lines.join("\n");
    assert_eq!((said.code, world.simulator.documents().len()), (0, 3), "{output} {}", said.stderr);
    for document in world.simulator.documents() {
        assert!(output.contains(&format!("Gravado: {} {}", document.key, document.protocol)), "{output}");
    }
}

#[test]
fn the_settings_of_the_guide_are_taken() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exemplos/ajustes.json");
    let folder = Documents::new(0); // the log goes there
    let mut command = target().harness();
    command.current_dir(folder.folder()).args(["configura", &format!("@{}", target().path(&file))]);
    let reply = run(&mut command, "").json();
    assert_eq!((&reply["status"], reply.get("avisos")), (&Value::from(1), None), "{reply}");
}
