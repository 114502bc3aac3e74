//! Averba → averbaRet: login, upload and consulta in one call.

use serde_json::{Value, json};
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, ProtShape, Shape, Target};

use crate::driver::{World, code, fixture, msg};

const KEY: &str = "41260599990001000198570010000047111283746517";

fn averba(cookie: &str) -> Value {
    json!({"mod":"Averba","user":DEFAULT_USER,"pass":DEFAULT_PASSWORD,"cookie":cookie,"cte":fixture("cte-utf8.xml")})
}

/// What the service was asked, in order.
fn asked(world: &World) -> Vec<String> {
    world.simulator.requests().into_iter().map(|request| request.module).collect()
}

#[test]
fn from_nothing_to_the_number_in_one_call() {
    let world = World::over_tls();
    let said = world.say(&averba(""));
    let reply = said.json();
    let document = world.simulator.document(KEY).expect("it was stored");
    assert_eq!((said.code, asked(&world).join(" ").as_str()), (0, "login Upload Protocolo"));
    let cookie = reply["cookie"].as_str().expect("the session, to be stored").to_owned();
    let protocol = document.protocol;
    assert_eq!(
        said.text(),
        format!(
            r#"{{"mod":"averbaRet","cnpj":"99990001000198","numero":"4711","chave":"{KEY}","protoclo":"{protocol}","protocolo":"{protocol}","status":1,"cookie":"{cookie}"}}"#
        )
    );
    let requests = world.simulator.requests();
    assert!(requests.iter().all(|request| request.connection == requests[0].connection), "one connection");
}

#[test]
fn the_harness_has_a_command_for_it() {
    let world = World::new();
    let said = world.run(&["averba", DEFAULT_USER, DEFAULT_PASSWORD, &fixture("cte-utf8.xml")]);
    assert_eq!((said.code, said.json()["chave"].as_str()), (0, Some(KEY)));
}

#[test]
fn a_live_session_takes_two_requests_or_one() {
    let world = World::new();
    let cookie = world.log_in();
    let reply = world.execute(&averba(&cookie));
    assert_eq!((asked(&world).join(" ").as_str(), reply.get("cookie")), ("Upload Protocolo", None));
    let world = World::new().set(json!({"porto":{"consulta":"quando_faltar"}}));
    let cookie = world.log_in();
    let reply = world.execute(&averba(&cookie));
    assert_eq!((asked(&world).join(" ").as_str(), &reply["status"]), ("Upload", &json!(1)));
    let duplicate = world.execute(&averba(&cookie));
    assert_eq!(
        (asked(&world).join(" ").as_str(), &duplicate["protocolo"]),
        ("Upload Upload Protocolo", &reply["protocolo"])
    );
}

#[test]
fn an_ended_session_is_renewed_once() {
    let world = World::new();
    let cookie = world.log_in();
    world.simulator.expire_sessions();
    let reply = world.execute(&averba(&cookie));
    assert_eq!((asked(&world).join(" ").as_str(), &reply["status"]), ("Upload login Upload Protocolo", &json!(1)));
    assert!(reply["cookie"].as_str().is_some_and(|new| new != cookie));
    world.simulator.clear_requests();
    world.simulator.fault(Fault::new(Effect::Logout).on(Target::Upload).forever());
    let reply = world.execute(&averba(&cookie));
    assert_eq!((asked(&world).join(" ").as_str(), code(&reply)), ("Upload login Upload", 5002));
    assert_eq!(reply["etapa"], "upload");
}

#[test]
fn an_ended_session_without_credentials_is_told() {
    let world = World::new();
    let cookie = world.log_in();
    world.simulator.expire_sessions();
    let reply = world.execute(&json!({"mod":"Averba","cookie":cookie,"cte":fixture("cte-utf8.xml")}));
    assert_eq!((code(&reply), &reply["etapa"], asked(&world).len()), (5002, &json!("upload"), 1));
}

#[test]
fn bad_credentials_and_captcha_are_tried_once() {
    let world = World::new();
    let mut request = averba("");
    request["pass"] = json!("errada99");
    let said = world.say(&request);
    assert_eq!((code(&said.json()), &said.json()["etapa"], asked(&world).len()), (5001, &json!("login"), 1));
    assert!(!said.text().contains("errada99"));
    world.simulator.fault(Fault::new(Effect::Captcha));
    assert_eq!((code(&world.execute(&averba(""))), asked(&world).len()), (5003, 2));
}

#[test]
fn a_lost_answer_is_looked_up_and_nothing_is_sent_twice() {
    let world = World::new();
    let cookie = world.log_in();
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    let reply = world.execute(&averba(&cookie));
    assert_eq!((asked(&world).join(" ").as_str(), &reply["status"]), ("Upload Protocolo", &json!(1)));
    assert_eq!(world.simulator.document(KEY).unwrap().received, 1);
}

#[test]
fn what_did_not_arrive_is_sent_again_once() {
    let world = World::new();
    let cookie = world.log_in();
    world.simulator.fault(Fault::new(Effect::Reset).on(Target::Upload));
    let reply = world.execute(&averba(&cookie));
    assert_eq!((asked(&world).join(" ").as_str(), &reply["status"]), ("Upload Protocolo Upload Protocolo", &json!(1)));
    assert_eq!(world.simulator.document(KEY).unwrap().received, 1);
}

#[test]
fn what_cannot_be_known_is_uncertain() {
    let world = World::new();
    let cookie = world.log_in();
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Consulta).forever());
    let reply = world.execute(&averba(&cookie));
    assert_eq!(
        (&reply["status"], &reply["etapa"], &reply["error"][0]["incerto"]),
        (&json!(0), &json!("upload"), &json!(true))
    );
    assert_eq!(asked(&world).join(" "), "Upload Protocolo", "not sent again while it is not known");
    world.simulator.clear_faults();
    world.simulator.clear_requests();
    world.simulator.fault(Fault::new(Effect::Reset).on(Target::Upload).forever());
    let other = json!({"mod":"Averba","cookie":cookie,"cte":fixture("cte-utf8-bom.xml")});
    let reply = world.execute(&other);
    assert_eq!(asked(&world).join(" "), "Upload Protocolo Upload Protocolo");
    assert_eq!((code(&reply), &reply["error"][0]["incerto"]), (3005, &json!(true)));
}

#[test]
fn a_number_is_believed_though_the_consulta_fails() {
    let world = World::new();
    let cookie = world.log_in();
    world.simulator.fault(Fault::new(Effect::status(500)).on(Target::Consulta));
    let reply = world.execute(&averba(&cookie));
    assert_eq!(
        (&reply["status"], &reply["protocolo"]),
        (&json!(1), &json!(world.simulator.document(KEY).unwrap().protocol))
    );
    assert!(reply["avisos"][0].as_str().is_some_and(|aviso| aviso.contains("consulta falhou")), "{reply}");
    let absent = Shape { prot: ProtShape::Absent, ..Shape::default() };
    world.simulator.fault(Fault::new(Effect::Shape(absent)).on(Target::Upload));
    world.simulator.fault(Fault::new(Effect::status(500)).on(Target::Consulta));
    let reply = world.execute(&json!({"mod":"Averba","cookie":cookie,"cte":fixture("cte-utf8-bom.xml")}));
    assert_eq!((&reply["status"], &reply["etapa"], code(&reply)), (&json!(0), &json!("consulta"), 4001));
}

#[test]
fn a_document_received_without_a_number_yet_is_told() {
    let world = World::new();
    let cookie = world.log_in();
    let absent = Shape { prot: ProtShape::Absent, ..Shape::default() };
    world.simulator.fault(Fault::new(Effect::Shape(absent)).on(Target::Upload));
    let nothing = Effect::body("application/json", r#"{"success":1,"S":[]}"#);
    world.simulator.fault(Fault::new(nothing).on(Target::Consulta));
    let reply = world.execute(&averba(&cookie));
    assert_eq!(
        (code(&reply), &reply["etapa"], &reply["error"][0]["repetir"]),
        (5006, &json!("consulta"), &json!(true))
    );
    assert!(msg(&reply).contains("recebeu o documento"), "{reply}");
}

#[test]
fn a_protocol_of_another_document_is_a_warning() {
    let world = World::new().set(json!({"porto":{"consulta":"quando_faltar"}}));
    let cookie = world.log_in();
    let other = r#"{"success":1,"S":{"P":1,"D":0,"R":0,"N":0},"prot":"0588604232877966200012057999000000468098"}"#;
    world.simulator.fault(Fault::new(Effect::body("application/json", other)).on(Target::Upload));
    let reply = world.execute(&averba(&cookie));
    assert!(reply["status"] == 1 && reply["avisos"][0].as_str().unwrap().contains("outro documento"), "{reply}");
}

#[test]
fn warnings_of_the_document_are_passed_on() {
    let world = World::new();
    let reply = world.execute(
        &json!({"mod":"Averba","user":DEFAULT_USER,"pass":DEFAULT_PASSWORD,"cte":fixture("cte-homologacao.xml")}),
    );
    assert!(reply["status"] == 1 && reply["avisos"][0].as_str().unwrap().contains("homologação"), "{reply}");
}

#[test]
fn wrong_input_sends_nothing() {
    let world = World::new();
    for (request, expected) in [
        (json!({"mod":"Averba","cte":fixture("cte-utf8.xml")}), 1005),
        (json!({"mod":"Averba","user":"u","cte":fixture("cte-utf8.xml")}), 1005),
        (json!({"mod":"Averba","user":"u","pass":"p"}), 1005),
        (json!({"mod":"Averba","user":"u","pass":"p","cte":fixture("xml-nao-fiscal.xml")}), 2007),
        (json!({"mod":"Averba","user":"u","pass":"p","cte":fixture("cte-utf8.xml"),"n_cte":"1"}), 2008),
        (json!({"mod":"Averba","user":"u","pass":"p","cte":fixture("cte-utf8.xml"),"dump":1}), 1006),
    ] {
        let reply = world.execute(&request);
        assert_eq!(
            (code(&reply), &reply["mod"], reply.get("etapa")),
            (expected, &json!("averbaRet"), None),
            "{request}: {reply}"
        );
        assert!(!msg(&reply).is_empty());
    }
    assert!(world.simulator.requests().is_empty());
}

#[test]
fn the_stages_are_told_in_order() {
    let world = World::new();
    let cookie = world.log_in();
    world.simulator.expire_sessions();
    let said = world.run(&["--progresso", "executa", &averba(&cookie).to_string()]);
    let events: Vec<Value> = said.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let told: Vec<_> = events
        .iter()
        .map(|event| format!("{} {}", event["etapa"].as_str().unwrap(), event["estado"].as_str().unwrap()))
        .collect();
    let expected = [
        "upload inicio",
        "upload erro",
        "login repetindo",
        "login inicio",
        "login ok",
        "upload inicio",
        "upload ok",
        "consulta inicio",
        "consulta ok",
        "fim ok",
    ];
    assert_eq!(told, expected);
    assert!(events.iter().all(|event| event["chave"] == KEY && event["arquivo"].is_string()), "{events:?}");
}
