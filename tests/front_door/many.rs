//! Averba of many documents in one call.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, Target};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::driver::{Documents, TempFile, World, code, fixture, msg, target};

fn averba(cte: impl Into<Value>) -> Value {
    json!({"mod":"Averba","user":DEFAULT_USER,"pass":DEFAULT_PASSWORD,"cte":cte.into()})
}

/// `averba` with further fields.
fn averba_with(cte: impl Into<Value>, fields: Value) -> Value {
    let mut request = averba(cte);
    request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    request
}

/// How often the service was asked for what.
fn asked(world: &World) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for request in world.simulator.requests() {
        *counts.entry(request.module).or_default() += 1;
    }
    counts
}

/// What the service was asked, in order.
fn order(world: &World) -> String {
    world.simulator.requests().into_iter().map(|request| request.module).collect::<Vec<_>>().join(" ")
}

/// One text of each entry.
fn each<'a>(reply: &'a Value, name: &str) -> Vec<&'a str> {
    let entries = reply["S"].as_array().unwrap_or_else(|| panic!("no entries: {reply}"));
    entries.iter().map(|entry| entry[name].as_str().unwrap_or_default()).collect()
}

/// The code of each entry's error; 0 if it has none.
fn codes(reply: &Value) -> Vec<i64> {
    let entries = reply["S"].as_array().unwrap_or_else(|| panic!("no entries: {reply}"));
    entries.iter().map(|entry| entry["error"][0]["code"].as_i64().unwrap_or(0)).collect()
}

fn resumo(total: usize, averbados: usize, ja_averbados: usize, falhas: usize, nao_tentados: usize) -> Value {
    json!({"total":total,"averbados":averbados,"ja_averbados":ja_averbados,"falhas":falhas,"nao_tentados":nao_tentados})
}

/// Every document was received, and none a second time.
fn each_was_received_once(world: &World, documents: &Documents) {
    for key in &documents.keys {
        let received = world.simulator.document(key).map(|document| document.received);
        assert_eq!(received, Some(1), "{key}");
    }
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn a_month_of_documents_takes_a_handful_of_requests_and_the_second_time_none_is_sent() {
    let (world, documents) = (World::over_tls(), Documents::new(4000));
    let reply = world.execute(&averba(documents.name()));
    assert_eq!((&reply["status"], &reply["resumo"]), (&json!(1), &resumo(4000, 4000, 0, 0, 0)));
    assert_eq!(each(&reply, "chave"), documents.keys);
    for entry in reply["S"].as_array().unwrap() {
        let stored = world.simulator.document(entry["chave"].as_str().unwrap()).expect("it was stored");
        assert_eq!((entry["protocolo"].as_str(), stored.received), (Some(stored.protocol.as_str()), 1));
    }
    let counts = asked(&world);
    assert_eq!((counts["login"], counts["Upload"], counts["Protocolo"]), (1, 10, 20));
    assert_eq!(world.simulator.connections(), 1);
    world.simulator.clear_requests();
    let cookie = reply["cookie"].as_str().expect("a login was made");
    let again = world.execute(&averba_with(documents.name(), json!({"cookie":cookie})));
    assert_eq!((&again["resumo"], again.get("cookie")), (&resumo(4000, 0, 4000, 0, 0), None));
    assert_eq!(asked(&world), HashMap::from([("Protocolo".to_owned(), 10)]));
}

#[test]
fn bad_files_fail_alone_and_the_order_stays() {
    let (world, documents) = (World::new(), Documents::new(3));
    let large = TempFile::new("grande.xml", b"<a/>");
    File::options().write(true).open(large.path()).unwrap().set_len(60 * 1024 * 1024).unwrap();
    let paths = [
        documents.path(2),
        fixture("xml-malformado.xml"),
        documents.path(0),
        fixture("nao-e-xml.pdf"),
        documents.path(2),
        fixture("evento-cancelamento.xml"),
        format!("{}-nada.xml", documents.path(0)),
        fixture("vazio.xml"),
        large.name(),
        String::new(),
        fixture("xml-nao-fiscal.xml"),
        documents.path(1),
    ];
    let said = world.say(&averba(json!(paths)));
    let reply = said.json();
    assert_eq!((said.code, &reply["status"], &reply["resumo"]), (1, &json!(0), &resumo(12, 4, 0, 8, 0)));
    assert_eq!(codes(&reply), [0, 2006, 0, 2005, 0, 2007, 2001, 2003, 2004, 2001, 2007, 0]);
    assert_eq!(each(&reply, "arquivo"), paths);
    let [first, second, third] = documents.keys.as_slice() else { panic!("three documents") };
    assert_eq!(each(&reply, "chave"), [third, "", first, "", third, "", "", "", "", "", "", second]);
    assert!(reply["S"][4]["avisos"][0].as_str().unwrap().contains("mais de uma vez"), "{}", reply["S"][4]);
    assert_eq!(reply["S"][4]["protocolo"], reply["S"][0]["protocolo"]);
    assert!(msg(&reply["S"][5]).contains("Cancela"));
    each_was_received_once(&world, &documents);
    assert_eq!(order(&world), "login Protocolo Upload Protocolo");
}

#[test]
fn what_vanishes_or_becomes_another_document_meanwhile_fails_alone() {
    let (world, documents) = (World::new(), Documents::new(3));
    // It has read them all by then, and waits for the answer about which are endorsed.
    world.simulator.fault(Fault::new(Effect::Delay(Duration::from_secs(3))).on(Target::Consulta));
    let watch = world.simulator.watch();
    let reply = thread::scope(|scope| {
        let call = scope.spawn(|| world.execute(&averba(documents.name())));
        assert_eq!(watch.recv().unwrap().module, "login");
        fs::remove_file(documents.file(&documents.keys[0])).unwrap();
        fs::copy(documents.file(&documents.keys[2]), documents.file(&documents.keys[1])).unwrap();
        call.join().unwrap()
    });
    assert_eq!((codes(&reply), &reply["resumo"]), (vec![2001, 2008, 0], &resumo(3, 1, 0, 2, 0)));
    assert_eq!(world.simulator.documents().len(), 1);
}

#[test]
fn of_a_folder_the_xml_are_taken_and_the_rest_is_listed() {
    let (world, documents) = (World::new(), Documents::new(2));
    fs::write(documents.folder().join("DACTE.pdf"), "%PDF").unwrap();
    fs::create_dir(documents.folder().join("outros.xml")).unwrap();
    let reply = world.execute(&averba(documents.name()));
    assert_eq!(
        (each(&reply, "chave"), &reply["resumo"]["averbados"]),
        (vec![&*documents.keys[0], &*documents.keys[1]], &json!(2))
    );
    let skipped: Vec<_> = reply["ignorados"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert!(skipped[0].ends_with("DACTE.pdf") && skipped[1].ends_with("outros.xml"), "{skipped:?}");
    let empty = TempFile::new("nada.txt", b"x");
    let folder = target().path(empty.path().parent().unwrap());
    let reply = world.execute(&averba(json!([folder, documents.path(0)])));
    assert_eq!((codes(&reply), &reply["resumo"]), (vec![2001, 0], &resumo(2, 0, 1, 1, 0)));
    assert!(msg(&reply["S"][0]).contains("pasta"), "{reply}");
}

#[test]
fn of_a_zip_any_number_travels_and_a_zip_within_it_fails_alone() {
    let (world, documents) = (World::new(), Documents::new(401));
    let contents: Vec<_> = documents.keys.iter().map(|key| fs::read(documents.file(key)).unwrap()).collect();
    let names: Vec<_> = documents.keys.iter().map(|key| format!("maio/{key}.xml")).collect();
    let mut files: Vec<_> = names.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
    let inner = zip(&[("a.xml", b"<a/>")]);
    files.push(("outro.zip", &inner));
    files.push(("leia-me.txt", b"x"));
    let archive = TempFile::new("lote.zip", &zip(&files));
    let reply = world.execute(&averba(archive.name()));
    assert_eq!((&reply["resumo"], &reply["status"]), (&resumo(402, 401, 0, 1, 0), &json!(0)));
    assert_eq!((codes(&reply)[401], each(&reply, "arquivo")[0]), (2009, &*format!("{}!{}", archive.name(), names[0])));
    assert_eq!(reply["ignorados"], json!([format!("{}!leia-me.txt", archive.name())]));
    assert_eq!(asked(&world)["Upload"], 2);
    each_was_received_once(&world, &documents);
    let damaged = TempFile::new("lote.zip", b"PK\x03\x04 and no more");
    let reply = world.execute(&averba(json!([damaged.name(), documents.path(0)])));
    assert_eq!((codes(&reply), &reply["resumo"]), (vec![2009, 0], &resumo(2, 0, 1, 1, 0)));
}

#[test]
fn what_the_bulk_answer_leaves_unexplained_is_sent_singly() {
    let (world, documents) = (World::new(), Documents::new(4));
    world.simulator.fault(Fault::new(Effect::TakeOnly(2)).on(Target::Upload));
    let rejected = r#"{"success":1,"S":{"P":0,"D":0,"R":1,"N":0},"error":{"code":9,"msg":"CT-e sem seguro"}}"#;
    world.simulator.fault(Fault::new(Effect::body("application/json", rejected)).on(Target::Upload));
    let reply = world.execute(&averba(documents.name()));
    assert_eq!(order(&world), "login Protocolo Upload Protocolo Upload Upload Protocolo");
    assert_eq!((codes(&reply), &reply["resumo"]), (vec![0, 0, 5004, 0], &resumo(4, 3, 0, 1, 0)));
    assert_eq!(
        (&reply["S"][2]["error"][0]["origem"]["msg"], &reply["S"][2]["etapa"]),
        (&json!("CT-e sem seguro"), &json!("upload"))
    );
    assert_eq!(world.simulator.document(&documents.keys[3]).unwrap().received, 1);
}

#[test]
fn a_file_too_large_for_the_service_goes_singly() {
    let (world, documents) = (World::new(), Documents::new(3));
    world.simulator.fault(Fault::new(Effect::status(413)).on(Target::Upload));
    let reply = world.execute(&averba(documents.name()));
    assert_eq!((&reply["resumo"], asked(&world)["Upload"]), (&resumo(3, 3, 0, 0, 0), 4));
}

#[test]
fn received_without_a_number_yet_is_told_and_not_sent_again() {
    let (world, documents) = (World::new(), Documents::new(2));
    let nothing = Effect::body("application/json", r#"{"success":1,"S":[]}"#);
    world.simulator.fault(Fault::new(nothing).on(Target::Consulta).forever());
    let reply = world.execute(&averba(documents.name()));
    assert_eq!((order(&world).as_str(), codes(&reply)), ("login Protocolo Upload Protocolo", vec![5006, 5006]));
    assert!(msg(&reply["S"][0]).contains("recebeu o documento") && reply["S"][0]["error"][0]["repetir"] == true);
    world.simulator.clear_faults();
    let reply = world.execute(&averba(documents.name()));
    assert_eq!(reply["resumo"], resumo(2, 0, 2, 0, 0));
    each_was_received_once(&world, &documents);
}

#[test]
fn a_lost_answer_is_looked_up_and_only_what_is_missing_goes_again() {
    let (world, documents) = (World::new(), Documents::new(450));
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    world.simulator.fault(Fault::new(Effect::Reset).on(Target::Upload));
    let reply = world.execute(&averba(documents.name()));
    assert_eq!(reply["resumo"], resumo(450, 450, 0, 0, 0));
    assert_eq!(order(&world), "login Protocolo Protocolo Upload Protocolo Upload Protocolo Upload Protocolo");
    each_was_received_once(&world, &documents);
}

#[test]
fn what_cannot_be_known_is_uncertain_and_the_rest_is_not_tried() {
    let (world, documents) = (World::new(), Documents::new(402));
    let cookie = world.log_in();
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Consulta).after(2).forever());
    let reply = world.execute(&averba_with(documents.name(), json!({"cookie":cookie})));
    assert_eq!((&reply["resumo"], code(&reply)), (&resumo(402, 0, 0, 400, 2), 4001));
    assert_eq!((codes(&reply)[0], codes(&reply)[400]), (3005, 4001));
    let incerto = |place: usize| reply["S"][place]["error"][0]["incerto"] == true;
    assert!(incerto(0) && incerto(399) && !incerto(400) && !incerto(401), "{reply}");
    assert_eq!((&reply["S"][401]["situacao"], &reply["S"][0]["etapa"]), (&json!("nao_tentado"), &json!("upload")));
    world.simulator.clear_faults();
    let reply = world.execute(&averba_with(documents.name(), json!({"cookie":cookie})));
    assert_eq!(reply["resumo"], resumo(402, 2, 400, 0, 0));
    each_was_received_once(&world, &documents);
}

#[test]
fn what_became_of_an_upload_is_told_also_if_the_numbers_cannot_be_asked() {
    for (effect, (expected, stage, uncertain)) in [
        (Effect::Delay(Duration::ZERO), (4001, "consulta", false)),
        (Effect::status(413), (4001, "upload", false)),
        (Effect::TakeOnly(1), (5007, "upload", true)),
    ] {
        let (world, documents) = (World::new(), Documents::new(3));
        world.simulator.fault(Fault::new(effect).on(Target::Upload));
        world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Consulta).after(1));
        let reply = world.execute(&averba(documents.name()));
        let last = &reply["S"][2];
        assert_eq!(codes(&reply), [expected; 3], "{reply}");
        assert_eq!((&last["etapa"], last["error"][0]["incerto"] == true), (&json!(stage), uncertain), "{reply}");
    }
}

#[test]
fn without_a_service_or_a_login_nothing_is_tried() {
    let (world, documents) = (World::new(), Documents::new(3));
    let mut wrong = averba(documents.name());
    wrong["pass"] = json!("errada99");
    let said = world.say(&wrong);
    let reply = said.json();
    assert_eq!((codes(&reply), &reply["etapa"], code(&reply)), (vec![5001; 3], &json!("login"), 5001));
    assert_eq!((&reply["resumo"], order(&world).as_str()), (&resumo(3, 0, 0, 0, 3), "login"));
    assert!(!said.text().contains("errada99"));
    let away = World::new().set(json!({"porto":{"url":"http://127.0.0.1:9/"}}));
    let reply = away.execute(&averba(documents.name()));
    assert_eq!((codes(&reply), &reply["S"][2]["error"][0]["repetir"]), (vec![3002; 3], &json!(true)));
    assert_eq!(each(&reply, "chave"), documents.keys);
}

#[test]
fn a_session_that_ends_on_the_way_is_renewed() {
    let (world, documents) = (World::new(), Documents::new(500));
    let cookie = world.log_in();
    world.simulator.fault(Fault::new(Effect::Logout).on(Target::Upload));
    let reply = world.execute(&averba_with(documents.name(), json!({"cookie":cookie})));
    assert_eq!(order(&world), "Protocolo Protocolo Upload login Upload Protocolo Upload Protocolo");
    assert!(reply["status"] == 1 && reply["cookie"].as_str().is_some_and(|new| new != cookie), "{}", reply["resumo"]);
}

#[test]
fn who_stops_hears_what_was_done_and_what_was_not_tried() {
    let documents = Documents::new(900);
    let mut untried = Vec::new();
    for events in (1..).step_by(3) {
        let world = World::new();
        let arguments =
            ["--parar-apos", &events.to_string(), "averba", DEFAULT_USER, DEFAULT_PASSWORD, &documents.name()];
        let reply = world.run(&arguments).json();
        let count = |name: &str| reply["resumo"][name].as_u64().unwrap();
        let endorsed = world.simulator.documents().len() as u64;
        assert_eq!((count("averbados"), count("nao_tentados")), (endorsed, 900 - endorsed), "after {events} events");
        untried.push(count("nao_tentados"));
        if reply["status"] == 1 {
            break;
        }
        assert_eq!((code(&reply), codes(&reply)[899]), (9002, 9002));
    }
    untried.dedup();
    assert_eq!(untried, [900, 500, 100, 0]);
}

#[test]
fn the_stages_are_told_in_order() {
    let (world, documents) = (World::new(), Documents::new(500));
    let said = world.run(&["--progresso", "averba", DEFAULT_USER, DEFAULT_PASSWORD, &documents.name()]);
    let events: Vec<Value> = said.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let told: Vec<_> = events
        .iter()
        .filter(|event| event["estado"] == "inicio" || event["etapa"] == "fim")
        .map(|event| format!("{} {}/{}", event["etapa"].as_str().unwrap(), event["n"], event["total"]))
        .collect();
    let expected = [
        "leitura 0/500",
        "leitura 400/500",
        "login 0/1",
        "consulta 0/500",
        "consulta 400/500",
        "upload 0/500",
        "consulta 0/500",
        "upload 400/500",
        "consulta 400/500",
        "fim 500/500",
    ];
    assert_eq!(told, expected);
}

#[test]
fn sending_again_is_to_be_asked_for() {
    let (world, documents) = (World::new(), Documents::new(2));
    world.execute(&averba(documents.name()));
    let reply = world.execute(&averba_with(documents.name(), json!({"reenviar":true})));
    assert_eq!(reply["resumo"], resumo(2, 2, 0, 0, 0));
    assert_eq!(world.simulator.document(&documents.keys[0]).unwrap().received, 2);
}

#[test]
fn what_makes_no_sense_for_many_is_refused() {
    let (world, documents) = (World::new(), Documents::new(1));
    for (request, expected, field) in [
        (averba(json!([])), 1005, "cte"),
        (averba_with(documents.name(), json!({"chave":documents.keys[0]})), 1006, "chave"),
        (averba_with(documents.name(), json!({"n_cte":1})), 1006, "n_cte"),
        (averba_with(documents.name(), json!({"xml":"<a/>"})), 1006, "xml"),
        (averba_with(documents.name(), json!({"recipient":"X"})), 1006, "recipient"),
        (averba_with(documents.name(), json!({"reenviar":1})), 1006, "reenviar"),
        (averba_with(documents.path(0), json!({"reenviar":true})), 1006, "reenviar"),
        (averba_with(documents.path(0), json!({"diario":"d"})), 1006, "diario"),
        (averba(json!([1])), 1006, "cte"),
        (json!({"mod":"Averba","cte":[documents.path(0)]}), 1005, "user"),
    ] {
        let reply = world.execute(&request);
        assert_eq!((code(&reply), &reply["mod"]), (expected, &json!("averbaRet")), "{request}: {reply}");
        assert!(msg(&reply).contains(&format!("\"{field}\"")), "{request}: {reply}");
    }
    assert!(world.simulator.requests().is_empty());
}
