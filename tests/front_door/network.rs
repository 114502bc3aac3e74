//! The network between: TLS, connections, timeouts, redirects, limits. Every fault has its row in the matrix; here is what
//! a row cannot say.

use serde_json::{Value, json};
use simulator::{Answer, Config, Effect, Fault, Simulator};

use crate::driver::{TempFile, World, code, fixture, msg};

const KEY: &str = "35220528779662000120579990000004681178902280";

fn consulta() -> Value {
    json!({"mod":"Consulta","chave":KEY})
}

fn upload() -> Value {
    json!({"mod":"Upload","cte":fixture("cte-utf8.xml"),"cookie":"0123456789abcdef0123456789abcdef"})
}

#[test]
fn another_authority_does_not_help() {
    let other = Simulator::start(Config::default()).unwrap();
    let world = World::over_tls().set(json!({"ca_pem": other.ca_pem()}));
    assert_eq!((code(&world.execute(&consulta())), world.simulator.requests().len()), (3003, 0));
}

#[test]
fn a_private_authority_is_trusted_as_text_or_file() {
    let world = World::over_tls();
    assert_eq!(code(&world.execute(&consulta())), 5006);
    let file = TempFile::new("autoridade são.pem", world.simulator.ca_pem().as_bytes());
    let world = world.set(json!({"ca_pem": file.name()}));
    assert_eq!(code(&world.execute(&consulta())), 5006);
}

#[test]
fn an_answer_over_16_mb_is_4004() {
    let world = World::new();
    world.simulator.fault(Fault::new(Effect::Oversize(17 << 20)));
    assert_eq!(code(&world.execute(&consulta())), 4004);
    world.simulator.fault(Fault::new(Effect::Oversize(15 << 20)));
    assert_eq!(code(&world.execute(&consulta())), 5006, "15 MB of blanks are still an answer");
}

#[test]
fn a_redirect_off_the_host_is_not_followed() {
    let elsewhere = Simulator::start(Config::default()).unwrap();
    let world = World::new();
    for status in [301, 302, 303, 307, 308] {
        world
            .simulator
            .fault(Fault::new(Effect::redirect(status, &format!("{}/atwe/php/Protocolo.php", elsewhere.http_url()))));
        assert_eq!(code(&world.execute(&consulta())), 4005, "{status}");
    }
    assert!(elsewhere.requests().is_empty());
}

#[test]
fn a_redirect_on_the_host_is_followed_where_nothing_is_lost() {
    let world = World::new();
    let cookie = world.log_in();
    for (status, request, expected) in [
        (302, consulta(), 5006),
        (307, consulta(), 5006),
        (307, upload(), 5002),
        (308, json!({"mod":"Consulta","chave":KEY,"cookie":cookie}), 5006),
        (302, upload(), 4005),
        (303, json!({"mod":"Consulta","chave":KEY,"cookie":cookie}), 4005),
    ] {
        let path = if request.get("cookie").is_some() { "/php/conn.php" } else { "/atwe/php/Protocolo.php" };
        let query = if request.get("cookie").is_none() { format!("?out=json&chave[]={KEY}") } else { String::new() };
        world.simulator.fault(Fault::new(Effect::redirect(status, &format!("{path}{query}"))));
        let reply = world.execute(&request);
        assert_eq!((code(&reply), reply["error"][0].get("incerto")), (expected, None), "{status}: {reply}");
    }
    world.simulator.fault(Fault::new(Effect::redirect(302, "/atwe/php/Protocolo.php")).forever());
    assert_eq!(code(&world.execute(&consulta())), 4005, "a loop ends");
}

#[test]
fn the_firewalls_page_is_4002() {
    let world = World::new().set(json!({"user_agent":"Delphi"}));
    let reply = world.execute(&consulta());
    assert_eq!(code(&reply), 4002);
    assert!(reply["error"][0]["detalhe"].as_str().is_some_and(|detail| detail.contains("1010")), "{reply}");
}

#[test]
fn a_wait_that_the_service_asks_for_is_told() {
    let world = World::new();
    let told = |retry_after: &str, request: Value| {
        world.simulator.fault(Fault::new(Effect::Answer(Answer::page(503).header("Retry-After", retry_after))));
        let error = world.execute(&request)["error"][0].take();
        let detail = error["detalhe"].as_str().unwrap_or_default();
        assert!(detail.contains(&format!("Retry-After: {retry_after}")), "{error}");
        error["msg"].as_str().unwrap_or_default().to_owned()
    };
    assert!(told("120", consulta()).ends_with("Aguarde 120 s e repita."));
    assert!(told("Fri, 27 Nov 2026 10:00:00 GMT", consulta()).ends_with("Aguarde alguns minutos e repita."));
    assert!(told("120", upload()).contains("consulte a averbação"), "waiting does not tell whether it arrived");
}

#[test]
fn a_refusal_says_what_to_change() {
    let world = World::new();
    for (status, advice) in [(413, "arquivos menores"), (404, "Confira o endereço do serviço")] {
        world.simulator.fault(Fault::new(Effect::status(status)));
        let reply = world.execute(&upload());
        assert!(msg(&reply).contains(advice), "{status}: {reply}");
    }
}
