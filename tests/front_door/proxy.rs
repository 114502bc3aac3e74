//! Proxies, as companies have them: a real one on loopback between the library and the service.

use std::fs;

use serde_json::{Value, json};
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER, Proxy, ProxyConfig, User};

use crate::driver::{Said, TempFile, World, code, fixture, run, target};

const USER: &str = "usuario";

/// With what an address must not have as it is.
const PASSWORD: &str = "s3nha@do:Proxy";

/// The same as an address has it.
const ENCODED_PASSWORD: &str = "s3nha%40do%3AProxy";

fn proxy(config: ProxyConfig) -> Proxy {
    Proxy::start(config).expect("the proxy starts")
}

fn open_proxy() -> Proxy {
    proxy(ProxyConfig::default())
}

fn proxy_with_password() -> Proxy {
    proxy(ProxyConfig { user: Some(User::new(USER, PASSWORD)), ..ProxyConfig::default() })
}

/// The address of `proxy` with user and password.
fn with(proxy: &Proxy, password: &str) -> String {
    proxy.url().replace("//", &format!("//{USER}:{password}@"))
}

fn averba() -> Value {
    json!({"mod":"Averba","user":DEFAULT_USER,"pass":DEFAULT_PASSWORD,"cte":fixture("cte-utf8.xml")})
}

/// The endorsement of a CT-e, under the settings of `world`, in an environment with just these variables about proxies.
fn averba_in(world: &World, variables: &[(&str, &str)]) -> Said {
    let settings = world.settings_file();
    let mut harness = target().harness();
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        harness.env_remove(name).env_remove(name.to_lowercase());
    }
    harness.envs(variables.iter().copied());
    harness.args(["--config", &format!("@{}", settings.name()), "executa", &averba().to_string()]);
    run(&mut harness, "")
}

#[test]
fn a_whole_averba_goes_through_one_tunnel() {
    let proxy = open_proxy();
    let world = World::over_tls().set(json!({"proxy":proxy.url()}));
    let reply = world.execute(&averba());
    assert_eq!(reply["status"], 1, "{reply}");
    let place = world.simulator.https_url().replace("https://", "CONNECT ");
    assert_eq!(proxy.requests(), [format!("{place} HTTP/1.1")]);
    assert_eq!(world.simulator.requests().len(), 3);
}

#[test]
fn a_proxy_gets_its_password_and_nobody_else_does() {
    let proxy = proxy_with_password();
    let place = TempFile::new("aqui.txt", b"");
    let log = place.path().with_file_name("averbador.log");
    let log = json!({"arquivo":target().path(&log),"nivel":"detalhe"});
    for world in [World::over_tls(), World::new()] {
        let world = world.set(json!({"proxy":with(&proxy, ENCODED_PASSWORD),"log":log}));
        let said = world.say(&averba());
        assert_eq!(said.json()["status"], 1, "{}", said.text());
        assert!(world.simulator.requests().iter().all(|request| request.header("proxy-authorization").is_none()));
    }
    // A password that is refused is one that a program would like to tell.
    for password in ["errada%401", ""] {
        for world in [World::over_tls(), World::new()] {
            let world = world.set(json!({"proxy":with(&proxy, password),"log":log}));
            let said = world.say(&averba());
            assert_eq!((code(&said.json()), &said.json()["error"][0]["incerto"]), (3006, &Value::Null));
            assert!(!said.text().contains("errada") && said.stderr.is_empty(), "{} {}", said.text(), said.stderr);
            assert!(world.simulator.requests().is_empty());
        }
    }
    let files = fs::read_dir(place.path().parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let logged: String = files.map(|file| fs::read_to_string(file).unwrap()).collect();
    assert!(logged.contains("\"codigo\":3006"), "{logged}");
    for secret in [PASSWORD, ENCODED_PASSWORD, "errada", USER] {
        assert!(!logged.contains(secret), "{secret} is in {logged}");
    }
}

#[test]
fn without_a_password_where_one_is_wanted_it_is_3006() {
    let proxy = proxy_with_password();
    let world = World::over_tls().set(json!({"proxy":proxy.url()}));
    let reply = world.execute(&averba());
    assert_eq!((code(&reply), &reply["etapa"]), (3006, &json!("login")));
    assert_eq!((proxy.requests().len(), world.simulator.requests().len()), (1, 0));
}

#[test]
fn a_proxy_that_looks_into_tls_needs_its_authority_in_ca_pem() {
    let world = World::over_tls();
    let inspects = Some(world.simulator.ca_pem().to_owned());
    let proxy = proxy(ProxyConfig { inspects, ..ProxyConfig::default() });
    let world = world.set(json!({"proxy":proxy.url()}));
    let reply = world.execute(&averba());
    assert_eq!((code(&reply), world.simulator.requests().len()), (3003, 0), "{reply}");
    let world = world.set(json!({"ca_pem":proxy.ca_pem()}));
    let reply = world.execute(&averba());
    assert_eq!((&reply["status"], world.simulator.requests().len()), (&json!(1), 3), "{reply}");
}

#[test]
fn the_systems_proxy_is_taken_from_the_environment() {
    let proxy = proxy_with_password();
    let url = with(&proxy, ENCODED_PASSWORD);
    let system = json!({"proxy":"sistema"});
    for (world, variable) in [(World::over_tls(), "HTTPS_PROXY"), (World::new(), "HTTP_PROXY")] {
        let said = averba_in(&world.set(system.clone()), &[(variable, &url)]);
        assert_eq!(said.json()["status"], 1, "{variable}: {}", said.text());
    }
    let asked = proxy.requests();
    assert!(asked[0].starts_with("CONNECT ") && asked[1].starts_with("POST http://127.0.0.1:"), "{asked:?}");
    let said = averba_in(&World::over_tls().set(system), &[("HTTPS_PROXY", &with(&proxy, "errada"))]);
    assert_eq!(code(&said.json()), 3006);
    assert!(!said.text().contains("errada"), "{}", said.text());
}

#[test]
fn no_proxy_is_used_where_none_is_wanted() {
    let proxy = open_proxy();
    let url = proxy.url();
    for (setting, variables) in [
        ("sistema", &[][..]),
        ("sistema", &[("HTTPS_PROXY", url.as_str()), ("NO_PROXY", "localhost")]),
        ("nenhum", &[("HTTPS_PROXY", url.as_str())]),
    ] {
        let said = averba_in(&World::over_tls().set(json!({"proxy":setting})), variables);
        assert_eq!(said.json()["status"], 1, "{setting} {variables:?}: {}", said.text());
    }
    assert!(proxy.requests().is_empty());
}
