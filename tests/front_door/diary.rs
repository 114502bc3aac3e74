//! Averba of many documents with a diary: what a power cut leaves behind.

use std::fs;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, RecordedRequest, Target};

use crate::driver::{Documents, TempFile, World, code, msg, target};

/// How often the process is killed.
const KILLS: usize = 20;

fn averba(documents: &Documents, diary: &TempFile) -> Value {
    json!({"mod":"Averba","user":DEFAULT_USER,"pass":DEFAULT_PASSWORD,"cte":documents.name(),"diario":diary.name()})
}

fn new_diary() -> TempFile {
    TempFile::new("diario.jsonl", b"")
}

fn lines(diary: &TempFile) -> Vec<Value> {
    let text = fs::read_to_string(diary.path()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).expect("lines of JSON")).collect()
}

#[test]
fn every_outcome_is_noted_and_what_is_noted_is_not_asked_again() {
    let (world, documents, diary) = (World::new(), Documents::new(3), new_diary());
    fs::write(documents.file(&documents.keys[1]), "<a>").unwrap();
    let reply = world.execute(&averba(&documents, &diary));
    let noted = lines(&diary);
    let url = format!("{}/php/conn.php", world.simulator.http_url());
    assert_eq!(noted[0], json!({"diario":"averbador","formato":1,"url":url}));
    assert_eq!((noted.len(), &noted[1]), (5, &reply["S"][1]));
    assert_eq!(noted[2], json!({"enviando":[documents.keys[0], documents.keys[2]]}));
    assert_eq!(noted[3..], [reply["S"][0].clone(), reply["S"][2].clone()]);
    world.simulator.clear_requests();
    fs::remove_file(documents.file(&documents.keys[1])).unwrap();
    let again = world.execute(&averba(&documents, &diary));
    assert_eq!((&again["status"], &again["resumo"]["ja_averbados"]), (&json!(1), &json!(2)));
    assert_eq!(again["S"][0]["protocolo"], reply["S"][0]["protocolo"]);
    assert!(world.simulator.requests().is_empty());
}

#[test]
fn what_may_have_been_sent_is_looked_up_even_if_all_is_to_be_sent_again() {
    let (world, documents, diary) = (World::new(), Documents::new(2), new_diary());
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Consulta).after(1));
    let mut request = averba(&documents, &diary);
    assert_eq!(world.execute(&request)["resumo"]["falhas"], 2);
    request["reenviar"] = json!(true);
    let reply = world.execute(&request);
    assert_eq!((&reply["status"], world.simulator.document(&documents.keys[0]).unwrap().received), (&json!(1), 1));
}

#[test]
fn a_diary_cut_in_the_middle_of_a_line_is_mended() {
    let (world, documents, diary) = (World::new(), Documents::new(2), new_diary());
    world.execute(&averba(&documents, &diary));
    let whole = fs::read(diary.path()).unwrap();
    fs::write(diary.path(), &whole[..whole.len() - 20]).unwrap();
    let reply = world.execute(&averba(&documents, &diary));
    assert_eq!((&reply["status"], &reply["resumo"]["ja_averbados"]), (&json!(1), &json!(2)));
    assert_eq!(lines(&diary).len(), 4, "title, sending, two documents");
}

#[test]
fn what_is_not_the_diary_of_this_call_stops_it_and_stays_as_it_is() {
    let (world, documents, diary) = (World::new(), Documents::new(2), new_diary());
    world.execute(&averba(&documents, &diary));
    world.simulator.clear_requests();
    let before = fs::read(diary.path()).unwrap();
    let others = Documents::new(4);
    for key in &others.keys[..2] {
        fs::remove_file(others.file(key)).unwrap();
    }
    let reply = world.execute(&averba(&others, &diary));
    assert_eq!((code(&reply), &reply["resumo"]["nao_tentados"]), (1006, &json!(2)));
    assert!(msg(&reply).contains("\"diario\"") && world.simulator.requests().is_empty(), "{reply}");
    assert_eq!(fs::read(diary.path()).unwrap(), before);
    let elsewhere = World::new();
    assert_eq!(code(&elsewhere.execute(&averba(&documents, &diary))), 1006, "another service");
    let file = TempFile::new("nota.txt", b"comprar pneus\n");
    assert_eq!(code(&world.execute(&averba(&documents, &file))), 1006);
    assert_eq!(fs::read(file.path()).unwrap(), b"comprar pneus\n");
    let nowhere = TempFile::new("x", b"");
    let mut request = averba(&documents, &diary);
    request["diario"] = json!(format!("{}/nada/diario", nowhere.name()));
    assert_eq!(code(&world.execute(&request)), 2002);
}

/// The process dies at random moments of a call, which is made again each time until it ends by itself. What a killed
/// process leaves on its way is still received: so each document must have been received once, whatever happened.
#[test]
fn killed_at_any_moment_every_document_is_endorsed_exactly_once() {
    let mut random = Random::new();
    let mut kills = 0;
    while kills < KILLS {
        let (world, documents, diary) = (World::new(), Documents::new(2000), new_diary());
        let watch = world.simulator.watch();
        while kills < KILLS && killed_on_the_way(&world, &documents, &diary, &watch, &mut random) {
            kills += 1;
        }
        let reply = world.execute(&averba(&documents, &diary));
        assert_eq!((&reply["status"], reply["S"].as_array().map(Vec::len)), (&json!(1), Some(2000)), "{random:?}");
        for (key, entry) in documents.keys.iter().zip(reply["S"].as_array().unwrap()) {
            let stored = world.simulator.document(key).unwrap_or_else(|| panic!("{key} is missing, {random:?}"));
            assert_eq!(
                (stored.received, entry["protocolo"].as_str()),
                (1, Some(stored.protocol.as_str())),
                "{random:?}"
            );
        }
    }
}

/// Starts the call and kills its process after some requests and a moment. Whether it was still under way then.
fn killed_on_the_way(
    world: &World,
    documents: &Documents,
    diary: &TempFile,
    watch: &Receiver<RecordedRequest>,
    random: &mut Random,
) -> bool {
    let settings = world.settings_file();
    let config = format!("@{}", settings.name());
    let mut harness = target().harness();
    // Under Wine, its server may not survive the kill: this is to be no other program's.
    let session = Documents::new(0);
    harness.env("AVERBADOR_WINE_APART", session.folder());
    harness.args(["--config", &config, "--diario", &diary.name(), "averba", DEFAULT_USER, DEFAULT_PASSWORD]);
    let mut process = harness.arg(documents.name()).stdout(Stdio::null()).spawn().expect("the harness starts");
    for _ in 0..random.below(14) {
        if !saw_request(watch, &mut process) {
            break;
        }
    }
    thread::sleep(Duration::from_micros(random.below(30_000)));
    let under_way = process.try_wait().expect("our own process").is_none();
    process.kill().expect("our own process");
    process.wait().expect("our own process");
    under_way
}

/// Waits for a request; `false` if the process ended instead.
fn saw_request(watch: &Receiver<RecordedRequest>, process: &mut Child) -> bool {
    loop {
        match watch.recv_timeout(Duration::from_millis(20)) {
            Ok(_) => return true,
            Err(RecvTimeoutError::Disconnected) => panic!("the simulator has ended"),
            Err(RecvTimeoutError::Timeout) if process.try_wait().expect("our own process").is_some() => return false,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Numbers that differ from run to run (xorshift); shown when a test fails, with the seed.
#[derive(Debug)]
struct Random {
    #[allow(dead_code, reason = "shown")]
    seed: u64,
    state: u64,
}

impl Random {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
        let seed = now.as_nanos() as u64 | 1;
        Self { seed, state: seed }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % limit
    }
}
