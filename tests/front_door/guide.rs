//! The programs from which the integration guide (docs/integracao.md) takes its snippets.

use std::path::Path;

use serde_json::Value;
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, MdfeState, Target};

use crate::driver::{Documents, Said, TempFile, World, fixture, fixture_file, run, target};

/// The CT-e of the trip in the examples for MDF-e.
const TRIP: [&str; 3] = ["cte-utf8.xml", "cte-iso-8859-1.xml", "cte-indentado-crlf.xml"];

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

/// The example in Delphi for MDF-e, with the first of the CT-e; the DAMDFE is to be beside `place`.
fn trip_in_delphi(world: &World, place: &TempFile, ctes: usize) -> Said {
    let settings = world.settings_file();
    let folder = target().path(place.path().parent().expect("it has a folder"));
    let mut program = target().program("siem-viagem");
    program.args([&settings.name(), DEFAULT_USER, DEFAULT_PASSWORD, &folder]);
    run(program.args(&TRIP.map(fixture)[..ctes]), "")
}

/// SEFAZ finds that another MDF-e is open, once.
fn another_is_open() -> Fault {
    Fault::new(Effect::rejection(611, "Existe MDF-e não encerrado para esta placa {mdfe}")).on(Target::Emissao)
}

#[test]
fn the_example_in_delphi_issues_the_mdfe_of_a_trip() {
    let (world, place) = (World::new(), TempFile::new("x.txt", b""));
    let said = trip_in_delphi(&world, &place, 3);
    let output = said.lines.join("\n");
    assert_eq!(said.code, 0, "{output} {}", said.stderr);
    let mdfe = &world.simulator.mdfes()[0];
    assert!(output.contains(&format!("Gravado o MDF-e: {} {} aprovado", mdfe.uuid, mdfe.key)), "{output}");
    assert_eq!(output.matches("Gravada a averbacao: ").count(), 3, "{output}");
    assert!(place.path().with_file_name("damdfe.pdf").exists());
}

#[test]
fn the_example_in_delphi_shows_what_stands_in_the_way_of_a_trip() {
    let (world, place) = (World::new(), TempFile::new("x.txt", b""));
    let said = trip_in_delphi(&world, &place, 1);
    let output = said.lines.join("\n");
    assert!(said.code == 1 && output.contains("/descarregamento/1/documentos_fiscais/0/chave: "), "{output}");
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Emissao));
    let output = trip_in_delphi(&world, &place, 3).lines.join("\n");
    assert!(output.contains("Emitir fica desligado"), "{output}");
    world.simulator.fault(another_is_open());
    let output = trip_in_delphi(&world, &place, 3).lines.join("\n");
    assert!(output.contains(&format!("{} encerrado", world.simulator.mdfes()[0].key)), "{output}");
}

/// JSON on one line and in ASCII, as a C program gets it unharmed in its arguments.
fn in_ascii(json: &str) -> String {
    let json: Value = serde_json::from_str(json).expect("JSON");
    let escaped = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    json.to_string().chars().map(escaped).collect()
}

#[test]
fn the_example_in_c_issues_the_mdfe_of_a_trip_closing_another_first() {
    let (world, place) = (World::new(), TempFile::new("damdfe.pdf", b""));
    let settings = std::fs::read_to_string(world.settings_file().path()).expect("the settings");
    let document = in_ascii(&std::fs::read_to_string(fixture_file("mdfe.json")).expect("the document"));
    let ctes = TRIP.map(fixture);
    let endorsed = world.run(&["averba", DEFAULT_USER, DEFAULT_PASSWORD, &ctes[0], &ctes[1], &ctes[2]]);
    let issue = |endorsed: &str| {
        let mut program = target().program("viagem");
        run(program.args([&settings, &document, endorsed, &place.name().replace('\\', "/")]), "")
    };
    let first = issue(endorsed.text());
    assert_eq!(first.code, 0, "{:?} {}", first.lines, first.stderr);
    world.simulator.fault(another_is_open());
    let said = issue(endorsed.text());
    let output = said.lines.join("\n");
    let mdfes = world.simulator.mdfes();
    assert_eq!((said.code, mdfes[0].state, mdfes.len()), (0, MdfeState::Closed, 3), "{output}");
    assert!(output.contains(&format!("Encerrado: {}", mdfes[0].key)) && output.contains(&mdfes[2].key), "{output}");
    assert!(std::fs::read(place.path()).expect("the DAMDFE").starts_with(b"%PDF-"));
    let said = issue("{}");
    assert!(
        said.code == 1 && said.lines.join("\n").contains("documentos_fiscais/0/chave: O CT-e "),
        "{:?}",
        said.lines
    );
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Emissao));
    assert_eq!(issue(endorsed.text()).code, 3);
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
