//! MDF-e through Webmania: issued, followed, closed, cancelled, with the endorsement numbers filled in.

mod arquivo;
mod averbacao;
mod emissao;
mod vida;

use serde_json::{Value, json};
use simulator::{Config, Effect, Fault, Target};

use crate::driver::{World, fixture_file};

/// The CT-e of `mdfe.json`, in its order.
const KEYS: [&str; 3] = [
    "41260599990001000198570010000047111283746517",
    "43260699990002000132570020000009821102938470",
    "31260799990005000176570000000000661506070802",
];

/// A document that nothing is wrong with.
fn document() -> Value {
    let text = std::fs::read_to_string(fixture_file("mdfe.json")).expect("the fixture can be read");
    serde_json::from_str(&text).expect("the fixture is JSON")
}

fn emission() -> Value {
    json!({"mod":"mdfeEmite","mdfe":document()})
}

/// `request` with `fields`.
fn with(mut request: Value, fields: Value) -> Value {
    request.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    request
}

/// An MDF-e that was approved: its key.
fn issued(world: &World) -> String {
    let reply = world.execute(&emission());
    assert_eq!(reply["status"], 1, "{reply}");
    let key = reply["chave"].as_str().expect("a key").to_owned();
    world.simulator.clear_requests();
    key
}

/// The calls of the service, in order.
fn called(world: &World) -> Vec<String> {
    let calls = world.simulator.requests().into_iter().map(|request| format!("{} {}", request.method, request.path));
    calls.collect()
}

fn processing(queries: u32) -> World {
    World::with(Config { mdfe_processing: queries, ..Config::default() })
}

fn rejecting(effect: Effect, on: Target) -> World {
    let world = World::new();
    world.simulator.fault(Fault::new(effect).on(on));
    world
}

/// The fields that `findings` are about.
fn fields(findings: &Value) -> Vec<&str> {
    findings.as_array().into_iter().flatten().filter_map(|finding| finding["campo"].as_str()).collect()
}

fn closing(key: &str) -> Value {
    json!({"mod":"mdfeEncerra","chave":key,"uf":"RS","municipio":"Porto Alegre","codigo_municipio":"4314902"})
}
