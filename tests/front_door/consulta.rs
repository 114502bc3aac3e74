//! Consulta → averbaRet.

use std::collections::HashSet;

use serde_json::{Value, json};
use simulator::{Effect, Fault, Simulator, protocol_of};

use crate::driver::{World, code, fixture};

/// A real pair (facts: the seed's own example of the public consulta).
const KEY: &str = "35220528779662000120579990000004681178902280";
const PROTOCOL: &str = "0588604232877966200012057999000000468098";
/// Valid, but never stored.
const UNKNOWN: &str = "31180758818022000224570010467456121401366424";

fn know(simulator: &Simulator, keys: &[&str]) {
    for key in keys {
        simulator.store(key, &protocol_of(key));
    }
}

fn known_world() -> (World, String) {
    let world = World::new();
    world.simulator.store(KEY, PROTOCOL);
    let cookie = world.log_in();
    (world, cookie)
}

#[test]
fn one_key_with_a_session_by_post() {
    let (world, cookie) = known_world();
    let said = world.run(&["consulta", &cookie, KEY]);
    assert_eq!(said.code, 0);
    assert_eq!(
        said.text(),
        format!(
            r#"{{"mod":"averbaRet","cnpj":"28779662000120","numero":"468","chave":"{KEY}","protoclo":"{PROTOCOL}","protocolo":"{PROTOCOL}","status":1}}"#
        )
    );
    let request = &world.simulator.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/php/conn.php"));
    assert_eq!(request.header("cookie"), Some(format!("portal[ses]={cookie}").as_str()));
    let fields: Vec<_> = request.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("comp", "5"), ("mod", "Protocolo"), ("path", "atwe/php/"), ("chave[]", KEY)]);
}

#[test]
fn one_key_without_a_session_by_get() {
    let (world, _) = known_world();
    for said in [world.run(&["consulta", "-", KEY]), world.say(&json!({"mod":"Consulta","chave":KEY,"cookie":""}))] {
        assert_eq!(said.json()["protocolo"], PROTOCOL);
    }
    let request = &world.simulator.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/atwe/php/Protocolo.php"));
    assert_eq!(request.header("cookie"), None);
    let fields: Vec<_> = request.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("out", "json"), ("download", "0"), ("chave[]", KEY)]);
}

#[test]
fn a_printed_key_is_understood() {
    let (world, _) = known_world();
    let printed = "3522 0528 7796 6200 0120 5799 9000 0004 6811 7890 2280";
    assert_eq!(world.execute(&json!({"mod":"CONSULTA","chave":printed}))["protocolo"], PROTOCOL);
}

#[test]
fn not_endorsed_is_5006() {
    let (world, cookie) = known_world();
    for cookie in [cookie.as_str(), "-"] {
        let said = world.run(&["consulta", cookie, UNKNOWN]);
        let reply = said.json();
        assert_eq!((said.code, &reply["status"], code(&reply)), (1, &json!(0), 5006));
        assert_eq!(
            (&reply["protocolo"], &reply["protoclo"], &reply["numero"]),
            (&json!(""), &json!(""), &json!("46745612"))
        );
    }
}

#[test]
fn own_cnpj_and_number_stand_in_the_reply() {
    let (world, _) = known_world();
    let reply = world.execute(&json!({"mod":"Consulta","chave":KEY,"CNPJ":"12.345.678/0001-95","n_cte":7}));
    assert_eq!((&reply["cnpj"], &reply["numero"]), (&json!("12.345.678/0001-95"), &json!("7")));
}

#[test]
fn by_protocol_the_other_way_round() {
    let (world, cookie) = known_world();
    let reply = world.execute(&json!({"mod":"Consulta","protocolo":PROTOCOL,"cookie":cookie}));
    assert_eq!(
        (&reply["chave"], &reply["protocolo"], &reply["cnpj"]),
        (&json!(KEY), &json!(PROTOCOL), &json!("28779662000120"))
    );
    let reply =
        world.execute(&json!({"mod":"Consulta","protocolo":[PROTOCOL, "0588604232877966200012057999000000999999"]}));
    assert_eq!((&reply["status"], &reply["S"][0]["chave"]), (&json!(0), &json!(KEY)));
    assert_eq!(reply["S"][1]["error"][0]["code"], 5006);
}

#[test]
fn many_keys_in_their_order_each_with_its_own_outcome() {
    let (world, cookie) = known_world();
    let keys = [UNKNOWN, KEY, "curta", KEY];
    for cookie in [cookie.as_str(), ""] {
        world.simulator.clear_requests();
        let reply = world.execute(&json!({"mod":"Consulta","chave":keys,"cookie":cookie}));
        let entries = reply["S"].as_array().expect("a list");
        let asked: Vec<_> = entries.iter().map(|entry| entry["chave"].as_str().unwrap()).collect();
        assert_eq!(asked, keys);
        let outcomes: Vec<_> = entries.iter().map(|entry| (&entry["status"], &entry["error"][0]["code"])).collect();
        let (yes, no) = ((&json!(1), &Value::Null), json!(0));
        assert_eq!(outcomes, [(&no, &json!(5006)), yes, (&no, &json!(1007)), yes]);
        assert_eq!(reply["status"], 0, "not all of them are endorsed");
        let requests = world.simulator.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].all("chave[]"), [UNKNOWN, KEY], "each key once, the bad one not at all");
    }
}

#[test]
fn a_list_of_one_is_answered_with_a_list() {
    let (world, _) = known_world();
    let reply = world.execute(&json!({"mod":"Consulta","chave":[KEY]}));
    assert_eq!((&reply["status"], &reply["S"][0]["protocolo"]), (&json!(1), &json!(PROTOCOL)));
}

#[test]
fn any_number_of_keys_travels_in_requests_of_a_sensible_size() {
    let (world, cookie) = known_world();
    let keys: Vec<String> = (0..1001).map(|n| format!("3522052877966200012057999{n:09}1178902280")).collect();
    let texts: Vec<&str> = keys.iter().map(String::as_str).collect();
    know(&world.simulator, &texts);
    for (cookie, sizes) in [(cookie.as_str(), vec![400, 400, 201]), ("", [vec![100; 10], vec![1]].concat())] {
        world.simulator.clear_requests();
        let reply = world.execute(&json!({"mod":"Consulta","chave":keys,"cookie":cookie}));
        assert_eq!(reply["status"], 1);
        let found: Vec<_> =
            reply["S"].as_array().unwrap().iter().map(|entry| entry["chave"].as_str().unwrap()).collect();
        assert_eq!(found, texts);
        let sent: Vec<_> = world.simulator.requests().iter().map(|request| request.all("chave[]").len()).collect();
        assert_eq!(sent, sizes);
        assert!(
            reply["S"]
                .as_array()
                .unwrap()
                .iter()
                .all(|entry| entry["protocolo"] == json!(protocol_of(entry["chave"].as_str().unwrap())))
        );
    }
}

#[test]
fn what_fails_on_the_way_leaves_the_rest_unasked_and_says_so() {
    let (world, cookie) = known_world();
    let keys: Vec<String> = (0..900).map(|n| format!("3522052877966200012057999{n:09}1178902280")).collect();
    know(&world.simulator, &[&keys[0]]);
    world.simulator.fault(Fault::new(Effect::Logout).after(1));
    let reply = world.execute(&json!({"mod":"Consulta","chave":keys,"cookie":cookie}));
    let code = |index: usize| reply["S"][index]["error"][0]["code"].as_i64();
    assert_eq!((code(0), code(399), code(400), code(899)), (None, Some(5006), Some(5002), Some(5002)));
    assert_eq!(world.simulator.requests().len(), 2);
}

#[test]
fn a_wrong_check_digit_is_a_warning() {
    let (world, _) = known_world();
    let key = "12345678901234567890123456789012345678901234";
    know(&world.simulator, &[key]);
    let reply = world.execute(&json!({"mod":"Consulta","chave":key}));
    assert_eq!(reply["status"], 1);
    assert!(reply["avisos"][0].as_str().is_some_and(|aviso| aviso.contains("dígito verificador")), "{reply}");
}

#[test]
fn a_protocol_of_another_document_is_a_warning() {
    let (world, _) = known_world();
    world.simulator.store(UNKNOWN, PROTOCOL);
    let reply = world.execute(&json!({"mod":"Consulta","chave":UNKNOWN}));
    assert_eq!(reply["status"], 1);
    assert!(reply["avisos"][0].as_str().is_some_and(|aviso| aviso.contains("outro documento")), "{reply}");
    let odd = format!(
        r#"{{"success":1,"S":[{{"chave":"{KEY}","protocolo":"1234567890123456789012345678901234567890123"}}]}}"#
    );
    world.simulator.fault(Fault::new(Effect::body("application/json", odd)));
    let reply = world.execute(&json!({"mod":"Consulta","chave":KEY}));
    assert!(reply["protocolo"].as_str().is_some_and(|text| text.len() == 43) && reply.get("avisos").is_none());
}

#[test]
fn a_session_that_ended_is_5002() {
    let (world, cookie) = known_world();
    world.simulator.expire_sessions();
    assert_eq!(code(&world.run(&["consulta", &cookie, KEY]).json()), 5002);
}

#[test]
fn odd_answers_are_told_apart() {
    let (world, _) = known_world();
    let pair = format!(r#"{{"chave":"{KEY}","protocolo":"{PROTOCOL}"}}"#);
    for (body, expected) in [
        (format!(r#"{{"success":1,"S":[{pair}]}}"#), None),
        (format!(r#"{{"success":1,"S":{pair}}}"#), None),
        (format!("\u{FEFF} {{ \"success\" : \"1\",\n\"S\" : [ {pair} ] }}"), None),
        (r#"{"success":1,"S":[]}"#.to_owned(), Some(5006)),
        (r#"{"success":1,"S":null}"#.to_owned(), Some(5006)),
        (format!(r#"{{"success":1,"S":[{{"chave":"{KEY}","protocolo":""}}]}}"#), Some(5006)),
        (format!(r#"{{"success":1,"S":[{{"chave":"{KEY}","protocolo":null}}]}}"#), Some(5006)),
        (r#"{"success":0}"#.to_owned(), Some(5007)),
        (r#"{"success":1}"#.to_owned(), Some(4003)),
        (r#"{"success":1,"S":"x"}"#.to_owned(), Some(4003)),
        ("chave;protocolo".to_owned(), Some(4003)),
    ] {
        world.simulator.fault(Fault::new(Effect::body("text/plain", body.clone())));
        let reply = world.execute(&json!({"mod":"Consulta","chave":KEY}));
        assert_eq!(reply["error"][0]["code"].as_i64(), expected, "{body}: {reply}");
        assert_eq!(reply["status"] == 1, expected.is_none());
    }
}

#[test]
fn a_broken_connection_is_tried_once_more() {
    let (world, cookie) = known_world();
    world.simulator.fault(Fault::new(Effect::Close));
    assert_eq!(world.run(&["consulta", &cookie, KEY]).json()["status"], 1);
    assert_eq!(world.simulator.requests().len(), 2);
    world.simulator.fault(Fault::new(Effect::Reset).times(2));
    let reply = world.run(&["consulta", "-", KEY]).json();
    assert_eq!((code(&reply), &reply["error"][0]["repetir"]), (3005, &json!(true)));
    assert!(reply["error"][0].get("incerto").is_none(), "a consulta changes nothing");
    assert_eq!(world.simulator.requests().len(), 4);
}

#[test]
fn twenty_in_a_row_use_one_connection() {
    let world = World::over_tls();
    world.simulator.store(KEY, PROTOCOL);
    let requests = vec![json!({"mod":"Consulta","chave":KEY}); 20];
    let replies = world.execute_all(&requests);
    assert_eq!(replies.len(), 20);
    assert!(replies.iter().all(|reply| reply["status"] == 1));
    // Counted by the requests: where "localhost" has two addresses, a second one may have been tried and dropped.
    let requests = world.simulator.requests();
    let connections: HashSet<_> = requests.iter().map(|request| request.connection).collect();
    assert_eq!((requests.len(), connections.len()), (20, 1));
}

#[test]
fn what_was_uploaded_is_found() {
    let world = World::over_tls();
    let cookie = world.log_in();
    let prot = world.run(&["upload", &cookie, &fixture("cte-cnpj-alfanumerico.xml")]).json()["prot"][0].clone();
    let key = world.simulator.documents()[0].key.clone();
    let reply = world.run(&["consulta", &cookie, &key]).json();
    assert_eq!((&reply["protocolo"], &reply["cnpj"]), (&prot, &json!(key[6..20])));
}
