//! login → loginRet.

use serde_json::{Value, json};
use simulator::{Config, DEFAULT_PASSWORD, DEFAULT_USER, Effect, Fault, Target, User};

use crate::driver::{World, code, msg, run, target};

fn login(user: &str, pass: &str) -> Value {
    json!({"mod":"login","user":user,"pass":pass})
}

#[test]
fn accepted_with_the_documented_keys_in_the_documented_order() {
    let world = World::over_tls();
    for said in
        [world.say(&login(DEFAULT_USER, DEFAULT_PASSWORD)), world.run(&["login", DEFAULT_USER, DEFAULT_PASSWORD])]
    {
        assert_eq!(said.code, 0);
        let cookie = said.json()["cookie"].as_str().expect("a cookie").to_owned();
        assert!(cookie.len() == 32 && cookie.bytes().all(|byte| byte.is_ascii_hexdigit()), "{cookie}");
        let expected = format!(r#"{{"mod":"loginRet","user":"{DEFAULT_USER}","status":"1","cookie":"{cookie}"}}"#);
        assert_eq!(said.text(), expected);
    }
}

#[test]
fn it_succeeds_where_the_certificates_of_the_system_are_read_besides() {
    let world = World::over_tls();
    let settings = world.settings_file();
    let mut harness = target().harness();
    harness.env_remove("SSL_CERT_FILE").args([
        "--config",
        &format!("@{}", settings.name()),
        "login",
        DEFAULT_USER,
        "-",
    ]);
    assert_eq!(run(&mut harness, DEFAULT_PASSWORD).json()["status"], "1");
}

#[test]
fn sent_as_the_service_wants_it() {
    let (user, pass) = ("José & Cia = 100%", "ção+&=% \"x\"");
    let world = World::with(Config { users: vec![User::new(user, pass)], ..Config::default() });
    assert_eq!(world.execute(&login(user, pass))["status"], "1");
    let request = &world.simulator.requests()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/php/conn.php"));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    let fields = ["mod", "comp", "user", "pass"].map(|name| request.field(name).unwrap());
    assert_eq!(fields, ["login", "5", user, pass]);
    let agent = request.header("user-agent").unwrap();
    assert!(agent.starts_with("Mozilla/5.0 ") && agent.contains("Averbador/1."), "{agent}");
}

#[test]
fn wrong_password_is_5001_and_tried_once() {
    let world = World::new();
    let said = world.say(&login(DEFAULT_USER, "senhaErrada99"));
    let reply = said.json();
    assert_eq!((said.code, &reply["status"], code(&reply)), (1, &json!("0"), 5001));
    assert!(reply.get("cookie").is_none() && !said.text().contains("senhaErrada99"));
    assert!(reply["error"][0].get("repetir").is_none(), "trying again would lead to the captcha");
    assert_eq!(world.simulator.requests().len(), 1);
}

#[test]
fn captcha_is_5003() {
    let world = World::with(Config { captcha_after: 1, ..Config::default() });
    assert_eq!(code(&world.execute(&login(DEFAULT_USER, "x"))), 5001);
    let reply = world.execute(&login(DEFAULT_USER, "x"));
    assert_eq!(code(&reply), 5003);
    assert!(msg(&reply).contains("captcha"));
    assert!(reply["error"][0].get("repetir").is_none());
}

#[test]
fn every_shape_of_refusal_is_understood() {
    let world = World::new();
    for (body, expected) in [
        (r#"{"success":1,"logout":1}"#, 5001),
        ("\u{FEFF}{\n \"success\" : 1,\n \"logout\" : \"1\"\n}\n", 5001),
        (r#"{"success":1,"logout":true}"#, 5001),
        (r#"{"success":1,"error":{"code":"01","msg":"No login."}}"#, 5001),
        (r#"{"success":1,"error":[{"code":1,"msg":"No login."}]}"#, 5001),
        (r#"{"success":1,"error":"No login."}"#, 5001),
        (r#"{"success":0,"error":{"code":"02","msg":"Captcha required"},"captcha_url":"x"}"#, 5003),
        (r#"{"success":0,"error":[{"code":2,"msg":"Captcha required"}]}"#, 5003),
        (r#"{"success":0,"error":{"msg":"Ghs.loc.error"}}"#, 5007),
        (r#"{"success":"0","error":"Ghs.loc.error"}"#, 5007),
        (r#"{"success":0}"#, 5007),
        (r#"{"success":1}"#, 4003),
        (r#"{"success":1,"C":{"id":"1"}}"#, 4003),
        (r#"{"C":{}}"#, 4003),
        ("[]", 4003),
        ("null", 4003),
        ("", 4003),
        ("<br />\n<b>Warning</b>: mysqli_connect()", 4003),
    ] {
        world.simulator.fault(Fault::new(Effect::body("application/json", body)).on(Target::Login));
        let reply = world.execute(&login(DEFAULT_USER, DEFAULT_PASSWORD));
        assert_eq!((code(&reply), &reply["status"]), (expected, &json!("0")), "{body}: {reply}");
    }
}

#[test]
fn what_was_not_understood_is_quoted_without_the_password() {
    let world = World::new();
    let echo =
        format!("<html><p>user {DEFAULT_USER} pass {DEFAULT_PASSWORD} portal[ses]={}</p></html>", "ab12".repeat(8));
    world.simulator.fault(Fault::new(Effect::body("text/html", echo)));
    let said = world.say(&login(DEFAULT_USER, DEFAULT_PASSWORD));
    let detail = said.json()["error"][0]["detalhe"].as_str().expect("an excerpt").to_owned();
    assert!(detail.contains("pass ***") && detail.contains("portal[ses]=***"), "{detail}");
    assert!(!said.text().contains(DEFAULT_PASSWORD));
}

#[test]
fn the_services_own_words_come_without_the_password() {
    let world = World::new();
    for error in
        [format!(r#"{{"code":"09","msg":"pass={DEFAULT_PASSWORD}"}}"#), format!(r#"["pass={DEFAULT_PASSWORD}"]"#)]
    {
        let body = format!(r#"{{"success":0,"error":{error}}}"#);
        world.simulator.fault(Fault::new(Effect::body("application/json", body)));
        let said = world.say(&login(DEFAULT_USER, DEFAULT_PASSWORD));
        assert_eq!(said.json()["error"][0]["origem"]["msg"], "pass=***", "{}", said.text());
    }
}

#[test]
fn the_callers_progress_is_told() {
    let world = World::new();
    let request = login(DEFAULT_USER, DEFAULT_PASSWORD).to_string();
    let said = world.run(&["--progresso", "executa", &request]);
    let events: Vec<Value> = said.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let stages: Vec<_> = events.iter().map(|event| (event["etapa"].as_str(), event["estado"].as_str())).collect();
    assert_eq!(stages, [(Some("login"), Some("inicio")), (Some("login"), Some("ok"))], "{}", said.stderr);
    assert!(events.iter().all(|event| event["msg"].as_str().is_some_and(|msg| !msg.is_empty())));
}
