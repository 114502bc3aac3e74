//! What becomes of an MDF-e after it was issued: queries, events, notifications.

use serde_json::json;
use simulator::{Config, DEFAULT_TOKEN, Effect, Fault, Target};

use super::{KEYS, called, closing, emission, issued, with};
use crate::driver::{World, code, msg};

#[test]
fn a_refusal_says_of_which_mdfe() {
    let world = World::new();
    let key = issued(&world);
    for short in ["", "curta demais"] {
        let reply = world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":short}));
        assert_eq!((&reply["status"], &reply["chave"]), (&json!(0), &json!(key)), "{reply}");
    }
    let uuid = "90d30c80-d0be-4c8f-a749-a818989222ca";
    let reply = world.execute(&json!({"mod":"mdfeConsulta","uuid":uuid}));
    assert_eq!((code(&reply), &reply["uuid"]), (6009, &json!(uuid)), "{reply}");
}

#[test]
fn events_whose_answer_is_lost_are_looked_up() {
    let world = World::new();
    let key = issued(&world);
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Encerrar));
    let reply = world.execute(&closing(&key));
    assert_eq!((&reply["status"], &reply["situacao"]), (&json!(1), &json!("encerrado")), "{reply}");
    assert_eq!(called(&world).len(), 2, "the event once, and one question");
    let again = world.execute(&closing(&key));
    assert_eq!((&again["status"], &again["situacao"]), (&json!(1), &json!("encerrado")), "closed is closed: {again}");

    let world = World::new();
    let key = issued(&world);
    world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Cancelar));
    let reply =
        world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":"Viagem desmarcada pelo cliente"}));
    assert_eq!((&reply["status"], &reply["error"][0]["incerto"]), (&json!(0), &json!(true)), "{reply}");
    assert!(msg(&reply).contains("consulte o MDF-e antes de repetir"), "{reply}");
}

#[test]
fn a_cancellation_comes_in_time_or_is_refused() {
    let world = World::new();
    let why = "Viagem desmarcada pelo cliente";
    let key = issued(&world);
    let reply = world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":why}));
    assert_eq!((&reply["status"], &reply["situacao"]), (&json!(1), &json!("cancelado")), "{reply}");
    let key = issued(&world);
    world.simulator.age_mdfe(25);
    let reply = world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":why}));
    assert_eq!((code(&reply), &reply["error"][0]["origem"]["code"]), (6003, &json!("220")), "{reply}");
    world.execute(&closing(&key));
    let reply = world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":why}));
    assert_eq!((code(&reply), &reply["error"][0]["origem"]["code"]), (6008, &json!("609")), "{reply}");
    assert!(msg(&reply).starts_with("O MDF-e já está encerrado."), "{reply}");
    for short in ["", "curta demais"] {
        let reply = world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":short}));
        assert!([1005, 1006].contains(&code(&reply)), "{reply}");
    }
}

#[test]
fn a_driver_is_added() {
    let world = World::new();
    let key = issued(&world);
    let reply = world.execute(&json!({"mod":"mdfeCondutor","chave":key,"nome":"José Antônio","cpf":"529.982.247-25"}));
    assert_eq!(reply["status"], 1, "{reply}");
    let drivers = &world.simulator.mdfe(&key).unwrap().drivers;
    assert_eq!((drivers[0].name.as_str(), drivers[0].cpf.as_str()), ("José Antônio", "52998224725"));
    let reply = world.execute(&json!({"mod":"mdfeCondutor","chave":key,"nome":"José","cpf":"000.000.000-00"}));
    assert_eq!(code(&reply), 1006);
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Condutor));
    let reply = world.execute(&json!({"mod":"mdfeCondutor","chave":key,"nome":"Maria","cpf":"529.982.247-25"}));
    assert_eq!(reply["error"][0]["incerto"], true, "it cannot be asked: {reply}");
}

#[test]
fn which_mdfe_must_be_said_once_and_right() {
    let world = World::new();
    let uuid = "90d30c80-d0be-4c8f-a749-a818989222ca";
    for (which, expected) in [
        (json!({}), 1005),
        (json!({"uuid":uuid,"chave":KEYS[0]}), 1006),
        (json!({"uuid":"90d30c80"}), 1006),
        (json!({"uuid":"../../../../../../../../../../../../"}), 1006),
        (json!({"chave":"123"}), 1007),
        (json!({"chave":KEYS[0]}), 1007),
    ] {
        let reply = world.execute(&with(json!({"mod":"mdfeConsulta"}), which.clone()));
        assert_eq!(code(&reply), expected, "{which}: {reply}");
    }
    assert!(called(&world).is_empty());
    assert_eq!(code(&world.execute(&json!({"mod":"mdfeConsulta","uuid":uuid}))), 6009);
    let elsewhere =
        json!({"mod":"mdfeEncerra","uuid":uuid,"uf":"PR","municipio":"Porto Alegre","codigo_municipio":"4314902"});
    assert_eq!(code(&world.execute(&elsewhere)), 1006);
}

#[test]
fn the_token_is_asked_for_and_told_when_it_is_wrong() {
    let world = World::new().set(json!({"webmania":{"token":""}}));
    let consulta =
        |token: &str| json!({"mod":"mdfeConsulta","token":token,"uuid":"90d30c80-d0be-4c8f-a749-a818989222ca"});
    assert_eq!(code(&world.execute(&consulta(""))), 1005);
    assert_eq!(code(&world.execute(&consulta("TOKEN\nX"))), 1006);
    assert!(called(&world).is_empty());
    assert_eq!(code(&world.execute(&consulta("errado"))), 6001);
    assert_eq!(
        code(&world.execute(&consulta(&format!("{DEFAULT_TOKEN}\r\n")))),
        6009,
        "a line end behind it is taken off"
    );
    world.simulator.fault(Fault::new(Effect::Blocked).on(Target::MdfeConsulta));
    let reply = world.execute(&consulta(DEFAULT_TOKEN));
    assert_eq!(code(&reply), 4002);
    assert!(msg(&reply).contains("token") && msg(&reply).contains("IP"), "{reply}");
}

#[test]
fn errors_are_read_in_every_shape() {
    for shape in ["error-200", "error-msg", "bom", "spaced", "motivo-array", "log-object", "log-text", "http"] {
        let world = World::with(Config { mdfe_shape: shape.parse().unwrap(), ..Config::default() });
        let key = issued(&world);
        let reply = world.execute(&json!({"mod":"mdfeConsulta","chave":key}));
        assert_eq!((&reply["status"], &reply["chave"]), (&json!(1), &json!(key)), "{shape}: {reply}");
        world.execute(&closing(&key));
        let reply =
            world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":"Viagem desmarcada pelo cliente"}));
        assert_eq!((&reply["status"], reply["error"][0].get("incerto")), (&json!(0), None), "{shape}: {reply}");
        assert!([6003, 6005, 6008].contains(&code(&reply)), "{shape}: {reply}");
    }
}

#[test]
fn a_notification_is_read() {
    let world = World::new();
    let url = format!("http://127.0.0.1:{}/webmania?segredo=abc", "1");
    let mut request = emission();
    request["mdfe"]["url_notificacao"] = json!(url);
    assert_eq!(world.execute(&request)["status"], 1);
    let sent = world.simulator.notifications();
    let body = &sent.first().expect("it was to be sent").body;
    let told = |came: &str| {
        world.execute(&json!({"mod":"mdfeNotificacao","corpo":body,"segredo":"abc","segredo_recebido":came}))
    };
    let reply = told("abc");
    assert_eq!((&reply["status"], &reply["situacao"]), (&json!(1), &json!("aprovado")), "{reply}");
    assert_eq!((code(&told("abd")), code(&told(""))), (6011, 6011));
    assert!(!told("abd").to_string().contains("abc"));
}

#[test]
fn the_rules_are_told() {
    let reply = World::new().execute(&json!({"mod":"mdfeRegras"}));
    let rules = reply["regras"].as_array().expect("a list");
    assert!(rules.len() > 30 && reply["status"] == 1);
    assert!(rules.iter().all(|rule| rule["msg"].is_string() && rule["acao"].is_string() && rule["nivel"].is_string()));
}
