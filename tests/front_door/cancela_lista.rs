//! Cancela → cancelaRet, Lista → listaRet.

use serde_json::{Value, json};
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, Target, protocol_of};

use crate::driver::{World, code, fixture, msg};

/// Of `cte-utf8.xml`, which `evento-cancelamento.xml` cancels.
const KEY: &str = "41260599990001000198570010000047111283746517";

fn cancela(cookie: &str, file: &str) -> Value {
    json!({"mod":"Cancela","user":DEFAULT_USER,"pass":DEFAULT_PASSWORD,"cookie":cookie,"cte":fixture(file)})
}

fn lista(cookie: &str, filters: Value) -> Value {
    let mut request = json!({"mod":"Lista","user":DEFAULT_USER,"pass":DEFAULT_PASSWORD,"cookie":cookie});
    request.as_object_mut().unwrap().extend(filters.as_object().unwrap().clone());
    request
}

/// What the service was asked, in order.
fn asked(world: &World) -> String {
    world.simulator.requests().into_iter().map(|request| request.module).collect::<Vec<_>>().join(" ")
}

/// A world in which the CT-e is endorsed, with its live session.
fn endorsed_world() -> (World, String) {
    let world = World::new();
    let cookie = world.log_in();
    world.run(&["upload", &cookie, &fixture("cte-utf8.xml")]);
    world.simulator.clear_requests();
    (world, cookie)
}

#[test]
fn a_cancellation_is_handed_over_and_shows_in_the_listing() {
    let (world, cookie) = endorsed_world();
    let said = world.say(&cancela(&cookie, "evento-cancelamento.xml"));
    assert_eq!((said.code, said.text()), (0, format!(r#"{{"mod":"cancelaRet","chave":"{KEY}","status":1}}"#).as_str()));
    assert!(world.simulator.document(KEY).unwrap().cancelled);
    let again = world.execute(&cancela(&cookie, "evento-cancelamento.xml"));
    assert_eq!(again["status"], 1, "a duplicate is success: {again}");
    let listed = world.execute(&lista(&cookie, json!({"numero":4711})));
    assert_eq!((&listed["S"][0]["cancelado"], &listed["S"][0]["averbado"]), (&json!(true), &json!(true)));
}

#[test]
fn without_a_session_a_login_is_made_and_its_cookie_told() {
    let (world, _) = endorsed_world();
    let reply = world.execute(&cancela("", "evento-cancelamento.xml"));
    assert_eq!((asked(&world).as_str(), reply["cookie"].as_str().map(str::len)), ("login Upload", Some(32)));
    let reply = world.execute(&lista("", json!({})));
    assert_eq!((&reply["status"], reply["cookie"].as_str().map(str::len)), (&json!(1), Some(32)));
}

#[test]
fn only_a_cancellation_is_taken_for_one_and_none_for_a_cte() {
    let world = World::new();
    for (request, hint) in [(cancela("", "cte-utf8.xml"), "cancelamento"), (cancela("", "lote-3-cte.zip"), "XML")] {
        let reply = world.execute(&request);
        assert!(
            reply["mod"] == "cancelaRet" && [2007, 1006].contains(&code(&reply)) && msg(&reply).contains(hint),
            "{reply}"
        );
    }
    let mut averba = cancela("", "evento-cancelamento.xml");
    averba["mod"] = json!("Averba");
    let reply = world.execute(&averba);
    assert!(code(&reply) == 2007 && msg(&reply).contains("Cancela"), "{reply}");
    assert!(world.simulator.requests().is_empty());
}

#[test]
fn a_cancellation_whose_answer_was_lost_is_looked_up() {
    let (world, cookie) = endorsed_world();
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    let reply = world.execute(&cancela(&cookie, "evento-cancelamento.xml"));
    assert_eq!((&reply["status"], asked(&world).as_str()), (&json!(1), "Upload Retrieve"));
    let (world, cookie) = endorsed_world();
    world.simulator.fault(Fault::new(Effect::Reset).on(Target::Upload));
    let reply = world.execute(&cancela(&cookie, "evento-cancelamento.xml"));
    assert_eq!((&reply["status"], asked(&world).as_str()), (&json!(1), "Upload Retrieve Upload"));
    let (world, cookie) = endorsed_world();
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Retrieve));
    let reply = world.execute(&cancela(&cookie, "evento-cancelamento.xml"));
    assert_eq!(
        (&reply["status"], &reply["etapa"], &reply["error"][0]["incerto"]),
        (&json!(0), &json!("upload"), &json!(true))
    );
}

#[test]
fn a_listing_has_every_document_with_its_state() {
    let (world, cookie) = endorsed_world();
    let unendorsed = "31180758818022000224570010467456121401366424";
    world.simulator.store(unendorsed, "");
    let said = world.say(&lista(&cookie, json!({})));
    let reply = said.json();
    let protocol = world.simulator.document(KEY).unwrap().protocol;
    assert_eq!((said.code, &reply["total"], reply["S"].as_array().unwrap().len()), (0, &json!(2), 2));
    let expected = json!({"chave":KEY,"numero":"4711","serie":"1","protocolo":protocol,"averbado":true,"cancelado":false,
        "emissao":"2026-05-12","valor":"1850.00"});
    assert_eq!(reply["S"][0], expected);
    assert_eq!((&reply["S"][1]["chave"], &reply["S"][1]["averbado"]), (&json!(unendorsed), &json!(false)));
}

#[test]
fn filters_have_portuguese_names_and_reach_the_service() {
    let (world, cookie) = endorsed_world();
    let filters = json!({"modelo":57,"numero":"4711","CNPJ":"99.990.001/0001-98","data":"emissao","inicio":"2026-05-01","fim":"2026-05-31"});
    assert_eq!(world.execute(&lista(&cookie, filters))["total"], 1);
    let request = &world.simulator.requests()[0];
    let sent = ["comp", "mod", "path", "act", "modDoc", "numDoc", "taxId", "dtType", "dtStart", "dtLimit"]
        .map(|name| request.field(name).unwrap());
    assert_eq!(
        sent,
        ["5", "Retrieve", "eguarda/php/", "ls", "57", "4711", "99990001000198", "0", "2026-05-01", "2026-05-31"]
    );
    assert_eq!(world.execute(&lista(&cookie, json!({"fim":"2026-05-11"})))["total"], 0);
    assert_eq!(world.execute(&lista(&cookie, json!({"protocolo":"1"})))["S"], json!([]));
}

#[test]
fn pages_are_followed_up_to_the_limit() {
    let world = World::new();
    let cookie = world.log_in();
    let keys: Vec<String> = (1..=250).map(|n| format!("3522052877966200012057999{n:09}1178902280")).collect();
    for key in &keys {
        world.simulator.store(key, &protocol_of(key));
    }
    let reply = world.execute(&lista(&cookie, json!({})));
    let listed: Vec<_> =
        reply["S"].as_array().unwrap().iter().map(|entry| entry["chave"].as_str().unwrap().to_owned()).collect();
    assert_eq!((listed, &reply["total"]), (keys, &json!(250)));
    assert_eq!(asked(&world), "Retrieve Retrieve Retrieve");
    let reply = world.execute(&lista(&cookie, json!({"limite":120})));
    assert_eq!((reply["S"].as_array().unwrap().len(), &reply["total"]), (120, &json!(250)));
    world.simulator.fault(Fault::new(Effect::status(500)).on(Target::Retrieve).after(1));
    let reply = world.execute(&lista(&cookie, json!({})));
    assert_eq!((&reply["status"], reply["S"].as_array().unwrap().len(), code(&reply)), (&json!(0), 100, 4001));
}

#[test]
fn filters_that_make_no_sense_are_refused_by_name() {
    let world = World::new();
    for (filters, name) in [
        (json!({"modelo":"CT-e"}), "modelo"),
        (json!({"numero":"12a"}), "numero"),
        (json!({"data":"hoje"}), "data"),
        (json!({"inicio":"12/05/2026"}), "inicio"),
        (json!({"fim":"2026-5-12"}), "fim"),
        (json!({"limite":0}), "limite"),
        (json!({"limite":"x"}), "limite"),
        (json!({"filtro":"x"}), "filtro"),
    ] {
        let reply = world.execute(&lista("", filters));
        assert!(reply["mod"] == "listaRet" && code(&reply) == 1006 && msg(&reply).contains(name), "{name}: {reply}");
    }
    assert_eq!(code(&world.execute(&json!({"mod":"Lista"}))), 1005);
    assert!(world.simulator.requests().is_empty());
}

#[test]
fn the_harness_has_commands_for_both() {
    let (world, _) = endorsed_world();
    let said = world.run(&["cancela", DEFAULT_USER, DEFAULT_PASSWORD, &fixture("evento-cancelamento.xml")]);
    assert_eq!((said.code, &said.json()["mod"]), (0, &json!("cancelaRet")));
    let said = world.run(&["lista", DEFAULT_USER, DEFAULT_PASSWORD]);
    assert_eq!((said.code, &said.json()["S"][0]["cancelado"]), (0, &json!(true)));
}
