//! MDF-e by the harness, as testers reach it.

use std::fs;

use serde_json::{Value, json};
use simulator::{Config, DEFAULT_PASSWORD, DEFAULT_TOKEN, DEFAULT_USER, MdfeState};

use crate::driver::{Said, TempFile, World, code, fixture, fixture_file, run, target};

/// The CT-e of the document in `mdfe.json`.
pub const CTES: [&str; 3] = ["cte-utf8.xml", "cte-iso-8859-1.xml", "cte-indentado-crlf.xml"];

/// The document with nothing wrong.
fn document() -> Value {
    serde_json::from_slice(&fs::read(fixture_file("mdfe.json")).expect("the document")).expect("it is JSON")
}

/// The same before its CT-e have their numbers, in a file.
pub fn unendorsed() -> TempFile {
    let mut document = document();
    document["seguro"][0].as_object_mut().expect("an insurance").remove("numero_averbacao");
    TempFile::new("MDF-e de São João.json", document.to_string().as_bytes())
}

/// An MDF-e that was approved: its key and its uuid.
fn approved(world: &World) -> (String, String) {
    let reply = world.run(&["mdfe", "emite", &fixture("mdfe.json")]).json();
    assert_eq!(reply["situacao"], "aprovado", "{reply}");
    let text = |name: &str| reply[name].as_str().expect("a text").to_owned();
    (text("chave"), text("uuid"))
}

/// A service that takes its time to decide.
pub fn slow() -> World {
    World::with(Config { mdfe_processing: 1, ..Config::default() })
}

#[test]
fn the_harness_endorses_and_issues_in_one_command() {
    let (world, file) = (slow(), unendorsed());
    let ctes = CTES.map(fixture);
    let emit = ["mdfe", "emite", &file.name(), DEFAULT_USER, DEFAULT_PASSWORD, &ctes[0], &ctes[1], &ctes[2]];
    let said = world.run(&[&["--progresso", "--aguardar", "30"], &emit[..]].concat());
    let reply = said.json();
    assert_eq!((said.code, &reply["situacao"]), (0, &json!("aprovado")), "{reply}");
    let numbers: Vec<_> = world.simulator.documents().into_iter().map(|document| document.protocol).collect();
    let sent = &world.simulator.mdfes()[0].body["seguro"][0]["numero_averbacao"];
    assert_eq!(numbers.len(), 3);
    assert!(numbers.iter().all(|number| sent.as_array().expect("a list").contains(&json!(number))), "{sent}");
    for stage in ["validacao", "login", "upload", "emissao", "situacao", "fim"] {
        assert!(said.stderr.contains(&format!("{{\"etapa\":\"{stage}\"")), "{stage}: {}", said.stderr);
    }
}

#[test]
fn the_harness_takes_endorsements_of_an_earlier_call_and_contingency() {
    let (world, file) = (World::new(), unendorsed());
    let said = world.run(&["mdfe", "valida", &file.name()]);
    assert_eq!((said.code, code(&said.json())), (1, 6002));
    let ctes = CTES.map(fixture);
    let endorsed = world.run(&["averba", DEFAULT_USER, DEFAULT_PASSWORD, &ctes[0], &ctes[1], &ctes[2]]);
    let endorsed = TempFile::new("averbaRet.json", endorsed.text().as_bytes());
    let endorsements = format!("@{}", endorsed.name());
    let said = world.run(&["mdfe", "valida", &file.name(), "--averbacoes", &endorsements]);
    assert_eq!(said.code, 0, "{}", said.text());
    let said = world.run(&["mdfe", "valida", &file.name(), "--averbacoes", "[]"]);
    for place in ["0/documentos_fiscais/0", "0/documentos_fiscais/1", "1/documentos_fiscais/0"] {
        assert!(said.text().contains(&format!("\"/mdfe/descarregamento/{place}/chave\"")), "{}", said.text());
    }
    let said = world.run(&["mdfe", "valida", &file.name(), "--contingencia"]);
    assert_eq!(said.code, 0, "{}", said.text());
    assert!(said.text().contains("99999"));
    assert_eq!(world.simulator.mdfes().len(), 0, "nothing was issued");
}

#[test]
fn the_harness_follows_an_mdfe_to_its_end() {
    let world = World::over_tls();
    let (key, uuid) = approved(&world);
    for name in [&key, &uuid] {
        assert_eq!(world.run(&["mdfe", "consulta", name, "--aguardar", "1"]).json()["situacao"], "aprovado");
    }
    let added = world.run(&["mdfe", "condutor", &key, "111.444.777-35", "José Conceição"]);
    assert_eq!((added.code, world.simulator.mdfes()[0].drivers[0].name.as_str()), (0, "José Conceição"));
    let folder = TempFile::new("já existe.pdf", b"what was there before");
    let saved = world.run(&["mdfe", "arquivo", &key, "pdf", &folder.name()]);
    assert_eq!(saved.code, 0, "{}", saved.text());
    assert!(fs::read(folder.path()).expect("a file").starts_with(b"%PDF-"));
    let address = world.run(&["mdfe", "consulta", &uuid]).json()["xml"].as_str().expect("an address").to_owned();
    let xml = folder.path().with_file_name("mdfe.xml");
    assert_eq!(world.run(&["mdfe", "arquivo", &address, "xml", &target().path(&xml)]).code, 0);
    assert!(fs::read_to_string(xml).expect("a file").contains(&key));
    let closed = world.run(&["mdfe", "encerra", &key, "RS", "Caxias do Sul", "4305108"]);
    assert_eq!((closed.code, world.simulator.mdfes()[0].state), (0, MdfeState::Closed), "{}", closed.text());
}

#[test]
fn the_harness_cancels_an_mdfe() {
    let world = World::new();
    let (_, uuid) = approved(&world);
    assert_eq!(code(&world.run(&["mdfe", "cancela", &uuid, "curta"]).json()), 1006);
    assert_eq!(world.run(&["mdfe", "cancela", &uuid, "Viagem não realizada: carga devolvida"]).code, 0);
    assert_eq!(world.simulator.mdfes()[0].state, MdfeState::Cancelled);
}

#[test]
fn the_harness_reads_notifications_and_tells_the_rules() {
    let world = World::new();
    let body = world.run(&["mdfe", "emite", &fixture("mdfe.json")]).text().to_owned();
    let body = body.replace("\"situacao\":", "\"status\":").replacen("\"status\":1,", "", 1);
    let read = |words: &[&str]| world.run_with(&[&["mdfe", "notificacao", "-"], words].concat(), &body);
    assert_eq!((read(&[]).code, read(&["abc", "abc"]).code), (0, 0), "{}", read(&[]).text());
    assert_eq!(code(&read(&["abc", "abd"]).json()), 6011);
    let rules = world.run(&["mdfe", "regras"]);
    assert!(rules.code == 0 && rules.json()["regras"].as_array().expect("a list").len() > 30);
}

#[test]
fn the_harness_takes_the_token_from_the_environment() {
    let world = World::new().set(json!({"webmania":{"token":""}}));
    let settings = world.settings_file();
    let emit = |token: &str| -> Said {
        let mut harness = target().harness();
        harness.args(["--config", &format!("@{}", settings.name()), "mdfe", "emite", &fixture("mdfe.json")]);
        run(harness.env("AVERBADOR_TOKEN", token), "")
    };
    assert_eq!(code(&emit("").json()), 1005);
    assert_eq!(code(&emit("outro").json()), 6001);
    assert_eq!(emit(DEFAULT_TOKEN).code, 0);
}

#[test]
fn the_harness_says_how_its_commands_for_mdfe_are_used() {
    let world = World::new();
    for words in [
        &["mdfe"][..],
        &["mdfe", "decola"],
        &["mdfe", "encerra", "1", "RS"],
        &["mdfe", "emite", "não existe.json"],
        &["mdfe", "emite", "{}", "USUARIO", "SENHA"],
        &["mdfe", "notificacao", "{}", "abc"],
        &["mdfe", "consulta", "1", "--aguardar", "muito"],
    ] {
        let said = world.run(words);
        assert!(said.code == 2 && !said.stderr.is_empty() && said.lines.is_empty(), "{words:?}: {}", said.stderr);
    }
    let marked = world.run_with(&["mdfe", "emite", "-"], "\u{feff}{}").json();
    assert_eq!(code(&marked), 6002, "the mark at the beginning is no matter");
}
