//! The programs from which the integration guide (docs/integracao.md) takes its snippets.

use std::path::Path;

use serde_json::Value;
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, InvoicyCode, MdfeState, NfseState, Target};

use crate::driver::{Documents, Said, TempFile, World, fixture, fixture_file, run, target};
use crate::nfse_callers::{ID, rps, slow};

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

/// The folder of `place`, as the program under test must name it.
fn beside(place: &TempFile) -> String {
    target().path(place.path().parent().expect("it has a folder"))
}

/// The example in Delphi for NFS-e; the files are to be beside `place`.
fn invoice_in_delphi(world: &World, place: &TempFile, files: &[String]) -> Said {
    let settings = world.settings_file();
    let mut program = target().program("siem-nota");
    run(program.args([&settings.name(), &beside(place)]).args(files), "")
}

#[test]
fn the_example_in_delphi_issues_saves_and_cancels_an_nfse() {
    let (world, place) = (slow(0), TempFile::new("x.txt", b""));
    let other = TempFile::new("rps.xml", rps(4712).as_bytes());
    let said = invoice_in_delphi(&world, &place, &[fixture("rps.xml"), other.name()]);
    let output = said.lines.join("\n");
    assert_eq!(said.code, 0, "{output} {}", said.stderr);
    for text in [&format!("Gravado: {ID} NFS-e 20260000000001 AB0001 documento 100"), "NFS-e 20260000000002 AB0002"] {
        assert!(output.contains(text), "{text}: {output}");
    }
    assert_eq!(world.simulator.nfses()[0].state, NfseState::Cancelled);
    for name in ["espelho.pdf", "nfse-99990001000198-A1-4711.pdf", "nfse-99990001000198-A1-4712.xml"] {
        assert!(place.path().with_file_name(name).exists(), "{name}");
    }
}

#[test]
fn the_example_in_delphi_looks_up_what_is_uncertain() {
    let (world, place) = (World::new(), TempFile::new("x.txt", b""));
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::NfseEnvia));
    let hidden = Effect::Invoicy(InvoicyCode::Envelope(117));
    world.simulator.fault(Fault::new(hidden).on(Target::NfseConsulta));
    let output = invoice_in_delphi(&world, &place, &[fixture("rps.xml")]).lines.join("\n");
    let saved = format!("Gravado: {ID} NFS-e 20260000000001");
    assert!(output.contains("RPS 4711: ") || output.contains(&saved), "{output}");
    assert!(output.contains(&saved) && world.simulator.nfses()[0].received == 1, "{output}");
    world.simulator.fault(Fault::new(Effect::Invoicy(InvoicyCode::Document(112))).on(Target::NfseEnvia));
    let said = invoice_in_delphi(&world, &place, &[fixture("rps.xml").replace("rps.xml", "nao-existe.xml")]);
    assert_eq!(said.code, 0, "the espelho of the first is still there");
}

#[test]
fn the_example_in_c_issues_an_nfse_or_says_why_not() {
    let (world, place) = (slow(0), TempFile::new("x.txt", b""));
    let settings = std::fs::read_to_string(world.settings_file().path()).expect("the settings");
    let slashed = |path: String| path.replace('\\', "/");
    let send = || {
        let arguments = [settings.clone(), slashed(beside(&place)), slashed(fixture("rps.xml"))];
        run(target().program("nota").args(arguments), "")
    };
    for (effect, code, text) in [
        (Effect::Invoicy(InvoicyCode::Document(112)), 1, "documento 112: "),
        (Effect::Invoicy(InvoicyCode::Envelope(173)), 1, "bytes of UTF-8"),
    ] {
        world.simulator.fault(Fault::new(effect).on(Target::NfseEnvia));
        let said = send();
        assert!(said.code == code && said.lines.join("\n").contains(text), "{:?}", said.lines);
    }
    let said = send();
    let output = said.lines.join("\n");
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{output}");
    assert!(output.contains(&format!("Gravado: {ID} NFS-e 20260000000001 AB0001 ")), "{output}");
    assert!(place.path().with_file_name("nfse-99990001000198-A1-4711.pdf").exists());
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
