//! The network between: TLS, connections, timeouts, proxies, redirects, limits.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};
use simulator::{Config, Effect, Fault, Simulator};

use crate::driver::{TempFile, World, code, fixture, target};

const KEY: &str = "35220528779662000120579990000004681178902280";

fn consulta() -> Value {
    json!({"mod":"Consulta","chave":KEY})
}

fn upload() -> Value {
    json!({"mod":"Upload","cte":fixture("cte-utf8.xml"),"cookie":"0123456789abcdef0123456789abcdef"})
}

/// Settings for the service at `url`.
pub fn at(url: &str) -> Value {
    json!({"porto":{"url":format!("{url}/php/conn.php"),"consulta_url":format!("{url}/atwe/php/Protocolo.php")}})
}

/// All three operations fail with `expected`, none is uncertain.
fn all_fail_before_sending(world: &World, expected: i64) {
    for request in [json!({"mod":"login","user":"u","pass":"segredo1"}), upload(), consulta()] {
        let said = world.say(&request);
        let reply = said.json();
        assert_eq!((code(&reply), reply["error"][0].get("incerto")), (expected, None), "{reply}");
        assert!(!said.text().contains("segredo1"));
    }
    assert!(world.simulator.requests().is_empty());
}

#[test]
fn an_unknown_authority_is_not_trusted() {
    let world = World::new();
    let url = world.simulator.https_url();
    let world = world.set(at(&url));
    all_fail_before_sending(&world, 3003);
}

#[test]
fn another_authority_does_not_help() {
    let other = Simulator::start(Config::default()).unwrap();
    let world = World::over_tls().set(json!({"ca_pem": other.ca_pem()}));
    all_fail_before_sending(&world, 3003);
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
fn the_certificate_must_be_for_the_host() {
    // The loopback net has 127.0.0.2 too; the simulator's certificate does not.
    let world = World::over_tls();
    let url = world.simulator.https_url().replace("localhost", "127.0.0.1");
    let world = world.set(at(&url));
    assert_eq!(code(&world.execute(&consulta())), 5006, "127.0.0.1 is in the certificate");
    let listener = TcpListener::bind("127.0.0.2:0").unwrap();
    let (port, to) = (listener.local_addr().unwrap().port(), world.simulator.https_url());
    thread::spawn(move || forward(&listener, to.trim_start_matches("https://localhost:").parse().unwrap()));
    let world = world.set(at(&format!("https://127.0.0.2:{port}")));
    world.simulator.clear_requests();
    all_fail_before_sending(&world, 3003);
}

/// Passes every connection on to a port of this machine.
fn forward(listener: &TcpListener, port: u16) {
    for from in listener.incoming().map_while(Result::ok) {
        join(from, TcpStream::connect(("127.0.0.1", port)).expect("the simulator listens"));
    }
}

/// Passes on to each what comes from the other.
pub fn join(one: TcpStream, other: TcpStream) {
    let (mut a, mut b) = (one.try_clone().unwrap(), other.try_clone().unwrap());
    thread::spawn(move || std::io::copy(&mut &one, &mut &other));
    thread::spawn(move || std::io::copy(&mut b, &mut a));
}

#[test]
fn a_refused_connection_is_3002() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    all_fail_before_sending(&World::new().set(at(&format!("http://127.0.0.1:{port}"))), 3002);
}

#[test]
fn an_unknown_host_is_3001() {
    // A resolver without a server to ask takes its time to say so.
    let world = World::new().set(json!({"timeout_conexao_s":60,"timeout_s":90}));
    all_fail_before_sending(&world.set(at("https://servico.invalid")), 3001);
}

#[test]
fn silence_is_3004_and_uncertain_for_an_upload_only() {
    let world = World::new().set(json!({"timeout_conexao_s":3,"timeout_s":4}));
    world.simulator.fault(Fault::new(Effect::Silence).forever());
    let reply = world.execute(&consulta());
    assert_eq!((code(&reply), &reply["error"][0]["repetir"]), (3004, &json!(true)));
    assert!(reply["error"][0].get("incerto").is_none());
    let reply = world.execute(&upload());
    assert_eq!((code(&reply), &reply["error"][0]["incerto"]), (3004, &json!(true)));
    assert_eq!(world.simulator.requests().len(), 2, "nothing is repeated after a timeout");
}

#[test]
fn an_answer_without_end_is_3004_too() {
    let world = World::new().set(json!({"timeout_conexao_s":3,"timeout_s":4}));
    world.simulator.fault(Fault::new(Effect::Drip(1, std::time::Duration::from_millis(300))));
    assert_eq!(code(&world.execute(&consulta())), 3004);
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
fn server_errors_say_whether_to_try_again() {
    let world = World::new();
    for (status, expected, repeat) in
        [(500, 4001, true), (503, 4001, true), (404, 4001, false), (429, 4006, true), (407, 3006, false)]
    {
        world.simulator.fault(Fault::new(Effect::status(status)));
        let reply = world.execute(&consulta());
        assert_eq!((code(&reply), reply["error"][0]["repetir"] == true), (expected, repeat), "{status}: {reply}");
    }
}

/// A proxy that answers every request with `status`; gives its address.
pub fn proxy(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream
                .write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
        }
    });
    address.to_string()
}

#[test]
fn a_proxy_that_refuses_is_3006_and_its_password_is_not_told() {
    for status in ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"] {
        let url = format!("http://usuario:senhaDoProxy@{}", proxy(status));
        let world = World::over_tls().set(json!({"proxy":url}));
        let said = world.say(&upload());
        let reply = said.json();
        assert_eq!((code(&reply), reply["error"][0].get("incerto")), (3006, None), "{status}: {reply}");
        assert!(!said.text().contains("senhaDoProxy"));
        assert!(world.simulator.requests().is_empty());
    }
}

#[test]
fn a_proxy_that_is_not_there_is_told() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::over_tls().set(json!({"proxy":format!("http://127.0.0.1:{port}")}));
    assert_eq!(code(&world.execute(&consulta())), 3006);
}

#[test]
fn the_proxy_of_the_system_is_used_by_default() {
    let settings = json!({"porto":{"consulta_url":"https://servico.invalid/atwe/php/Protocolo.php"}}).to_string();
    let mut harness = target().harness();
    harness.env("HTTPS_PROXY", format!("http://{}", proxy("407 Proxy Authentication Required")));
    harness.args(["--config", &settings, "consulta", "-", KEY]);
    assert_eq!(code(&crate::driver::run(&mut harness, "").json()), 3006);
}
