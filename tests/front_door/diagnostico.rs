//! Diagnostico → diagnosticoRet.

use std::net::TcpListener;

use serde_json::{Value, json};
use simulator::{Answer, Effect, Fault, Proxy, ProxyConfig, User};

use crate::driver::{Said, TempFile, World, code, msg, run, target};

const ISSUER: &str = "CN=averbador simulator CA (tests only)";
const DEAD_SESSION: &str = "0123456789abcdef0123456789abcdef";

fn examined(world: &World) -> Said {
    world.say(&json!({"mod":"Diagnostico"}))
}

/// A step of the reply.
fn step<'a>(reply: &'a Value, name: &str) -> &'a Value {
    let steps = reply["passos"].as_array().unwrap_or_else(|| panic!("no steps: {reply}"));
    steps.iter().find(|step| step["passo"] == name).unwrap_or_else(|| panic!("no {name}: {reply}"))
}

/// What became of the steps: done, needless (-), not reached (x), or the code of the error.
fn outcome(reply: &Value) -> String {
    let word = |step: &Value| match (step["status"] == 1, step["feito"] == true) {
        (true, true) => "ok".to_owned(),
        (true, false) => "-".to_owned(),
        (false, _) if step["error"].is_null() => "x".to_owned(),
        (false, _) => code(step).to_string(),
    };
    let steps = reply["passos"].as_array().unwrap_or_else(|| panic!("no steps: {reply}"));
    steps.iter().map(|step| format!("{}:{}", step["passo"].as_str().unwrap(), word(step))).collect::<Vec<_>>().join(" ")
}

/// The steps end at `step` with `expected`, and nothing was asked of the service.
fn ends_at(world: &World, expected: i64, steps: &str) -> Value {
    let said = examined(world);
    let reply = said.json();
    assert_eq!(outcome(&reply), steps, "{reply}");
    assert_eq!((said.code, &reply["status"], code(&reply)), (1, &json!(0), expected), "{reply}");
    assert!(world.simulator.requests().is_empty());
    reply
}

/// A port on which nobody listens.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn all_is_well_over_tls() {
    let world = World::over_tls();
    let said = examined(&world);
    let reply = said.json();
    assert_eq!(outcome(&reply), "proxy:ok dns:ok tcp:ok tunel:- tls:ok resposta:ok relogio:ok sessao:-", "{reply}");
    assert_eq!((said.code, &reply["status"], reply.get("error")), (0, &json!(1), None));
    let tls = step(&reply, "tls");
    assert_eq!((&tls["emissor"], &tls["titular"]), (&json!(ISSUER), &json!("CN=averbador simulator")));
    assert_eq!((&tls["versao"], tls["validade"].as_str().map(str::len)), (&json!("TLS 1.3"), Some(20)));
    assert!(step(&reply, "dns")["enderecos"].as_array().is_some_and(|addresses| !addresses.is_empty()));
    assert_eq!(step(&reply, "resposta")["http"], 200);
    let steps = reply["passos"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["msg"].as_str().is_some_and(|msg| !msg.is_empty()) && step["ms"].is_u64()));
    let requests = world.simulator.requests();
    assert_eq!((requests.len(), requests[0].header("cookie"), requests[0].module.as_str()), (1, None, "Protocolo"));
}

#[test]
fn it_tells_of_itself_the_system_and_the_settings() {
    let world = World::over_tls().set(json!({"timeout_s":45}));
    let said = examined(&world);
    let reply = said.json();
    assert_eq!((&reply["mod"], &reply["abi"]), (&json!("diagnosticoRet"), &json!(1)));
    assert_eq!(reply["versao"], env!("CARGO_PKG_VERSION"));
    let system = reply["sistema"].as_str().unwrap();
    assert!(system.starts_with(if target().is_windows() { "windows x86" } else { "linux " }), "{system}");
    let settings = &reply["configuracao"];
    assert_eq!((&settings["timeout_s"], &settings["timeout_conexao_s"]), (&json!(45), &json!(10)));
    assert_eq!((&settings["ca_pem"], &settings["porto"]["consulta"]), (&json!("PEM"), &json!("sempre")));
    assert!(!said.text().contains("BEGIN CERTIFICATE"));
}

#[test]
fn over_plain_http_there_is_no_tls() {
    let reply = examined(&World::new()).json();
    assert_eq!(outcome(&reply), "proxy:ok dns:ok tcp:ok tunel:- tls:- resposta:ok relogio:ok sessao:-", "{reply}");
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_all_the_same() {
    let world = World::over_tls().set(json!({"ca_pem":null}));
    let reply = ends_at(&world, 3003, "proxy:ok dns:ok tcp:ok tunel:- tls:3003 resposta:x relogio:x sessao:x");
    let tls = step(&reply, "tls");
    assert_eq!((&tls["emissor"], &tls["feito"]), (&json!(ISSUER), &json!(true)));
    assert!(tls["validade"].is_string() && tls["titular"].is_string(), "{reply}");
    assert!(msg(&reply).contains(ISSUER) && msg(&reply).contains("ca_pem"), "{reply}");
}

#[test]
fn what_does_not_exist_is_named() {
    // A resolver without a server to ask takes its time to say so.
    let world = World::new().set(json!({"timeout_conexao_s":60,"timeout_s":90}));
    let world = world.at("https://servico.invalid");
    let steps = "proxy:ok dns:3001 tcp:x tunel:x tls:x resposta:x relogio:x sessao:x";
    ends_at(&world, 3001, steps);
    let world = world.set(json!({"proxy":"http://proxy.invalid:3128"}));
    let reply = ends_at(&world, 3001, steps);
    assert!(msg(&reply).contains("proxy.invalid:3128"), "{reply}");
}

#[test]
fn a_refused_connection_is_3002() {
    let world = World::new().at(&format!("https://127.0.0.1:{}", closed_port()));
    let reply = ends_at(&world, 3002, "proxy:ok dns:ok tcp:3002 tunel:x tls:x resposta:x relogio:x sessao:x");
    assert_eq!(step(&reply, "tcp")["falhas"].as_array().map(Vec::len), Some(1));
}

#[test]
fn silence_ends_by_itself_wherever_it_comes() {
    let world = World::new().set(json!({"timeout_conexao_s":2,"timeout_s":3}));
    world.simulator.fault(Fault::new(Effect::Silence));
    let reply = examined(&world).json();
    assert_eq!(outcome(&reply), "proxy:ok dns:ok tcp:ok tunel:- tls:- resposta:3004 relogio:x sessao:x", "{reply}");
    world.simulator.clear_requests();
    // Connections wait to be accepted, which never comes.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let world = world.at(&format!("https://127.0.0.1:{port}"));
    ends_at(&world, 3004, "proxy:ok dns:ok tcp:ok tunel:- tls:3004 resposta:x relogio:x sessao:x");
    let world = world.set(json!({"proxy":format!("http://127.0.0.1:{port}")}));
    ends_at(&world, 3004, "proxy:ok dns:ok tcp:ok tunel:3004 tls:x resposta:x relogio:x sessao:x");
}

#[test]
fn the_firewall_is_4002_and_the_clock_is_compared_all_the_same() {
    let world = World::new().set(json!({"user_agent":"Delphi"}));
    let reply = world.execute(&json!({"mod":"Diagnostico","cookie":DEAD_SESSION}));
    assert_eq!(outcome(&reply), "proxy:ok dns:ok tcp:ok tunel:- tls:- resposta:4002 relogio:ok sessao:x", "{reply}");
    assert_eq!((code(&reply), &step(&reply, "resposta")["http"]), (4002, &json!(403)));
    assert!(reply["avisos"][0].as_str().is_some_and(|aviso| aviso.contains("user_agent")), "{reply}");
}

#[test]
fn an_answer_that_is_not_the_services_is_4003() {
    let world = World::new();
    world.simulator.fault(Fault::new(Effect::body("text/html", "<h1>Bem-vindo ao Wi-Fi do posto</h1>")));
    let reply = examined(&world).json();
    assert_eq!((code(&reply), &step(&reply, "resposta")["http"]), (4003, &json!(200)));
    assert!(reply["error"][0]["detalhe"].as_str().is_some_and(|detail| detail.contains("Wi-Fi do posto")), "{reply}");
}

#[test]
fn a_session_is_echoed_looked_at_and_never_shown() {
    let world = World::over_tls();
    for (cookie, expected) in [(world.log_in(), "ok"), (DEAD_SESSION.to_owned(), "5002")] {
        let said = world.run(&["diagnostico", &cookie]);
        let reply = said.json();
        let steps = format!("proxy:ok dns:ok tcp:ok tunel:- tls:ok resposta:ok relogio:ok sessao:{expected}");
        assert_eq!(outcome(&reply), steps, "{reply}");
        let session = step(&reply, "sessao");
        assert_eq!((&session["recebida"], &session["dump"]["POST"]["dump"]), (&json!(true), &json!("2")));
        assert!(!said.text().contains(&cookie) && !said.stderr.contains(&cookie));
    }
    assert!(world.simulator.documents().is_empty());
    assert!(world.simulator.requests().iter().all(|request| request.module == "Protocolo"));
}

#[test]
fn a_session_is_judged_by_the_service_where_it_does_not_echo() {
    let world = World::new();
    let cookie = world.log_in();
    world.simulator.fault(Fault::new(Effect::body("application/json", r#"{"success":1,"S":[]}"#)).after(1));
    let reply = world.execute(&json!({"mod":"Diagnostico","cookie":format!("portal[ses]={cookie}")}));
    assert_eq!((&reply["status"], step(&reply, "sessao").get("recebida")), (&json!(1), None), "{reply}");
}

#[test]
fn a_proxy_that_refuses_is_3006_and_its_password_is_not_told() {
    for status in [407, 403] {
        let proxy = Proxy::start(ProxyConfig { refuses: Some(status), ..ProxyConfig::default() }).unwrap();
        let address = address(&proxy);
        let world = World::over_tls().set(json!({"proxy":format!("http://usuario:senhaDoProxy@{address}")}));
        let reply = ends_at(&world, 3006, "proxy:ok dns:ok tcp:ok tunel:3006 tls:x resposta:x relogio:x sessao:x");
        assert_eq!(
            (&step(&reply, "proxy")["proxy"], &step(&reply, "tunel")["http"]),
            (&json!(address), &json!(status))
        );
        assert_eq!(reply["configuracao"]["proxy"], format!("http://usuario:***@{address}/"));
        assert!(!reply.to_string().contains("senhaDoProxy"));
    }
}

#[test]
fn a_proxy_that_is_not_there_is_3006() {
    let address = format!("127.0.0.1:{}", closed_port());
    let world = World::over_tls().set(json!({"proxy":format!("http://{address}")}));
    let reply = ends_at(&world, 3006, "proxy:ok dns:ok tcp:3006 tunel:x tls:x resposta:x relogio:x sessao:x");
    assert!(msg(&reply).contains(&address), "{reply}");
}

#[test]
fn a_proxy_reached_by_tls_shows_its_certificate() {
    let world = World::over_tls();
    let url = world.simulator.https_url();
    // The simulator is no proxy, and says so in HTTP.
    let world = world.set(json!({"proxy":url}));
    let reply = examined(&world).json();
    assert_eq!(outcome(&reply), "proxy:ok dns:ok tcp:ok tunel:3006 tls:x resposta:x relogio:x sessao:x", "{reply}");
    let tunnel = step(&reply, "tunel");
    assert_eq!((&tunnel["emissor"], &tunnel["http"]), (&json!(ISSUER), &json!(404)));
}

/// Where the proxy is: `127.0.0.1:PORT`.
fn address(proxy: &Proxy) -> String {
    proxy.url().replace("http://", "")
}

#[test]
fn a_proxy_that_works_leads_to_the_service() {
    let user = User::new("usuario", "senhaDoProxy");
    let proxy = Proxy::start(ProxyConfig { user: Some(user), ..ProxyConfig::default() }).unwrap();
    let address = address(&proxy);
    let world = World::over_tls().set(json!({"proxy":format!("http://usuario:senhaDoProxy@{address}")}));
    let said = examined(&world);
    let reply = said.json();
    assert_eq!(outcome(&reply), "proxy:ok dns:ok tcp:ok tunel:ok tls:ok resposta:ok relogio:ok sessao:-", "{reply}");
    assert_eq!((&step(&reply, "tcp")["endereco"], &step(&reply, "tunel")["http"]), (&json!(address), &json!(200)));
    let place = world.simulator.https_url().replace("https://", "");
    assert_eq!(proxy.requests()[0], format!("CONNECT {place} HTTP/1.1"));
    assert!(!said.text().contains("senhaDoProxy"));
}

#[test]
fn the_proxy_of_the_system_is_found() {
    let world = World::over_tls().set(json!({"proxy":"sistema"}));
    let settings = world.settings_file();
    let examined = |variable: &str, value: String| {
        let mut harness = target().harness();
        harness.env(variable, value).args(["--config", &format!("@{}", settings.name()), "diagnostico"]);
        run(&mut harness, "").json()
    };
    let proxy = Proxy::start(ProxyConfig { refuses: Some(502), ..ProxyConfig::default() }).unwrap();
    let address = address(&proxy);
    let reply = examined("HTTPS_PROXY", format!("http://usuario:senhaDoProxy@{address}"));
    assert_eq!((code(&reply), &step(&reply, "proxy")["proxy"]), (3006, &json!(address)));
    assert!(!reply.to_string().contains("senhaDoProxy"));
    let reply = examined("HTTPS_PROXY", "socks5://127.0.0.1:1080".to_owned());
    assert_eq!(outcome(&reply), "proxy:3006 dns:x tcp:x tunel:x tls:x resposta:x relogio:x sessao:x");
    assert!(msg(&reply).contains("SOCKS"), "{reply}");
}

#[test]
fn a_clock_that_is_wrong_is_3007_and_the_rest_is_done() {
    let world = World::new();
    let cookie = world.log_in();
    let answer = Answer::new(200, "application/json", r#"{"success":1,"error":{"code":"01","msg":"No login."}}"#);
    world.simulator.fault(Fault::new(Effect::Answer(answer.header("Date", "Sun, 01 Jan 2023 12:00:00 GMT"))));
    let reply = world.execute(&json!({"mod":"Diagnostico","cookie":cookie}));
    assert_eq!(outcome(&reply), "proxy:ok dns:ok tcp:ok tunel:- tls:- resposta:ok relogio:3007 sessao:ok", "{reply}");
    let clock = step(&reply, "relogio");
    assert_eq!((&clock["hora_servico"], code(&reply)), (&json!("2023-01-01T12:00:00Z"), 3007));
    assert!(clock["diferenca_s"].as_i64().is_some_and(|seconds| seconds > 86_400), "{reply}");
    assert!(msg(&reply).contains("dias adiantado") && msg(&reply).contains("data"), "{reply}");
}

#[test]
fn a_caller_who_stops_hears_what_was_not_done() {
    let world = World::over_tls();
    // The third event is the beginning of the second step.
    let reply = world.run(&["--parar-apos", "3", "diagnostico"]).json();
    assert_eq!(outcome(&reply), "proxy:ok dns:9002 tcp:x tunel:x tls:x resposta:x relogio:x sessao:x", "{reply}");
    assert_eq!((code(&reply), &step(&reply, "dns")["feito"]), (9002, &json!(false)));
    assert_eq!(world.simulator.connections(), 0);
}

#[test]
fn the_callers_progress_is_told_at_every_step() {
    let world = World::over_tls();
    let said = world.run(&["--progresso", "diagnostico", DEAD_SESSION]);
    let events: Vec<Value> = said.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(events.len(), 2 * 7, "two for each step but the tunnel: {}", said.stderr);
    assert!(events.iter().all(|event| event["etapa"] == "diagnostico" && event["total"] == 8), "{}", said.stderr);
    let last = events.last().unwrap();
    assert_eq!((&last["estado"], &last["n"]), (&json!("erro"), &json!(8)));
}

#[test]
fn a_request_that_makes_no_sense_examines_nothing() {
    let world = World::new();
    for request in [json!({"mod":"Diagnostico","cookie":"não é um cookie"}), json!({"mod":"diagnostico","url":"x"})] {
        let reply = world.execute(&request);
        assert_eq!((code(&reply), &reply["mod"]), (1006, &json!("diagnosticoRet")), "{reply}");
        assert_eq!((&reply["status"], &reply["passos"]), (&json!(0), &json!([])));
    }
    assert_eq!(world.simulator.connections(), 0);
    let broken = TempFile::new("averbador.json", br#"{"timeout_s":0}"#);
    let mut harness = target().harness();
    harness.env("AVERBADOR_CONFIG", broken.name()).arg("diagnostico");
    let reply = run(&mut harness, "").json();
    assert_eq!((code(&reply), &reply["mod"]), (1008, &json!("diagnosticoRet")));
}
