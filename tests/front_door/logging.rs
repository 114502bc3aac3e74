//! The log: what stands in it, what does not, and that it never fails a call.

use std::fs;

use serde_json::{Value, json};
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault};

use crate::driver::{TempFile, World, code, fixture, harness, target};

const KEY: &str = "35220528779662000120579990000004681178902280";

/// A world that logs into the folder of `place`.
fn logging_world(place: &TempFile, level: &str) -> World {
    let file = place.path().with_file_name("averbador.log");
    World::new().set(json!({"log":{"arquivo":target().path(&file),"nivel":level,"dias":7}}))
}

/// The lines of the one log in the folder of `place`, as text and as JSON.
fn lines(place: &TempFile) -> (String, Vec<Value>) {
    let entries = fs::read_dir(place.path().parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let logs: Vec<_> = entries.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect();
    assert_eq!(logs.len(), 1, "{logs:?}");
    let text = fs::read_to_string(&logs[0]).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    (text, lines)
}

#[test]
fn each_call_and_request_has_a_line_without_secrets() {
    let place = TempFile::new("aqui.txt", b"");
    let world = logging_world(&place, "detalhe");
    let cookie = world.log_in();
    world.run(&["upload", &cookie, &fixture("cte-utf8.xml")]);
    world.run(&["consulta", "-", KEY]);
    world.simulator.fault(Fault::new(Effect::body("text/html", format!("user {DEFAULT_USER} {DEFAULT_PASSWORD}"))));
    world.run(&["login", DEFAULT_USER, DEFAULT_PASSWORD]);
    let (text, lines) = lines(&place);
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["evento"].as_str().unwrap(), line["mod"].as_str(), line["codigo"].as_i64()))
        .collect();
    let request = ("requisicao", None, None);
    let expected = [
        request,
        ("chamada", Some("login"), None),
        request,
        ("chamada", Some("Upload"), Some(0)),
        request,
        ("chamada", Some("Consulta"), Some(5006)),
        request,
        ("chamada", Some("login"), Some(4003)),
    ];
    assert_eq!(told, expected);
    assert!(lines.iter().all(|line| line["hora"].is_string() && line["ms"].is_number()));
    assert!(
        lines[2]["enviados"].as_u64().unwrap() > 5000 && lines[2]["recebidos"].as_u64().unwrap() > 20,
        "{}",
        lines[2]
    );
    for secret in [DEFAULT_PASSWORD, DEFAULT_USER, &cookie] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[test]
fn levels_and_retention_are_kept_to() {
    let place = TempFile::new("aqui.txt", b"");
    let old = place.path().with_file_name("averbador-2020-01-31.log");
    let other = place.path().with_file_name("nfe-2020-01-31.txt");
    fs::write(&old, "old").unwrap();
    fs::write(&other, "not ours").unwrap();
    let world = logging_world(&place, "erro");
    world.log_in();
    assert!(old.exists(), "nothing was written, so nothing is cleaned");
    world.run(&["consulta", "-", KEY]);
    let (_, lines) = lines(&place);
    assert_eq!((lines.len(), &lines[0]["codigo"]), (1, &json!(5006)));
    assert!(!old.exists() && other.exists());
}

#[test]
fn a_log_that_cannot_be_written_is_a_warning_and_fails_nothing() {
    let place = TempFile::new("aqui.txt", b"");
    let file = target().path(&place.path().with_file_name("nenhuma pasta").join("averbador.log"));
    let settings = json!({"log":{"arquivo":file}});
    let reply = harness(["configura", &settings.to_string()], "").json();
    assert!(reply["status"] == 1 && reply["avisos"][0].as_str().is_some_and(|aviso| aviso.contains("log")), "{reply}");
    let world = World::new().set(settings);
    assert_eq!(code(&world.run(&["consulta", "-", KEY]).json()), 5006);
}
