//! The proxy.

use reqwest::blocking::Response;
use simulator::{Config, Proxy, ProxyConfig, Simulator, User};

use crate::client::{AGENT, builder, simulator};

fn proxy(config: ProxyConfig) -> Proxy {
    Proxy::start(config).expect("the proxy starts")
}

/// Gets `url` through `proxy`, trusting `ca`.
fn get(url: &str, proxy: &Proxy, ca: &str) -> reqwest::Result<Response> {
    let leading = reqwest::Proxy::all(proxy.url()).expect("an address").basic_auth("eu", "minha:senha");
    let ca = reqwest::Certificate::from_pem(ca.as_bytes()).expect("PEM");
    let client = builder().proxy(leading).tls_certs_only([ca]).build().expect("a client");
    client.get(url).header("User-Agent", AGENT).send()
}

fn both_urls(simulator: &Simulator) -> [String; 2] {
    [simulator.http_url(), simulator.https_url()].map(|url| format!("{url}/atwe/php/Protocolo.php?out=json&chave[]=1"))
}

#[test]
fn it_leads_to_the_service_and_keeps_what_is_for_itself() {
    let simulator = simulator();
    for user in [None, Some(User::new("eu", "minha:senha"))] {
        let proxy = proxy(ProxyConfig { user, ..ProxyConfig::default() });
        for url in both_urls(&simulator) {
            assert_eq!(get(&url, &proxy, simulator.ca_pem()).expect("an answer").status(), 200);
        }
        let asked = proxy.requests();
        assert!(
            asked[0].starts_with("GET http://127.0.0.1:") && asked[1].starts_with("CONNECT localhost:"),
            "{asked:?}"
        );
    }
    assert_eq!(simulator.requests().len(), 4);
    assert!(simulator.requests().iter().all(|request| request.header("proxy-authorization").is_none()));
}

#[test]
fn it_lets_nobody_else_through() {
    let simulator = simulator();
    let stranger = ProxyConfig { user: Some(User::new("eu", "outra")), ..ProxyConfig::default() };
    let refusing = ProxyConfig { refuses: Some(503), ..ProxyConfig::default() };
    for (config, status) in [(stranger, 407), (refusing, 503)] {
        let proxy = proxy(config);
        let [http, https] = both_urls(&simulator);
        assert_eq!(get(&http, &proxy, simulator.ca_pem()).expect("an answer").status(), status);
        assert!(get(&https, &proxy, simulator.ca_pem()).is_err_and(|error| error.is_connect()));
    }
    assert!(simulator.requests().is_empty());
}

#[test]
fn it_leads_nowhere_but_to_this_machine() {
    let (simulator, proxy) = (simulator(), proxy(ProxyConfig::default()));
    for (url, status) in [("http://192.0.2.1:80/", 403), ("http://outro.invalid/", 403), ("http://127.0.0.1:1/", 502)] {
        assert_eq!(get(url, &proxy, simulator.ca_pem()).expect("an answer").status(), status, "{url}");
    }
}

#[test]
fn it_looks_into_tls_with_its_own_authority() {
    let simulator = simulator();
    let inspects = Some(simulator.ca_pem().to_owned());
    let proxy = proxy(ProxyConfig { inspects, ..ProxyConfig::default() });
    let [_, https] = both_urls(&simulator);
    assert!(get(&https, &proxy, simulator.ca_pem()).is_err_and(|error| error.is_connect()));
    assert_eq!(get(&https, &proxy, proxy.ca_pem()).expect("an answer").status(), 200);
}

#[test]
fn it_trusts_whom_it_was_told_to() {
    let (simulator, other) = (simulator(), Simulator::start(Config::default()).expect("started"));
    let proxy = proxy(ProxyConfig { inspects: Some(other.ca_pem().to_owned()), ..ProxyConfig::default() });
    let [_, https] = both_urls(&simulator);
    assert!(get(&https, &proxy, proxy.ca_pem()).is_err());
    assert!(simulator.requests().is_empty());
    let nonsense = ProxyConfig { inspects: Some("no certificate".to_owned()), ..ProxyConfig::default() };
    assert!(Proxy::start(nonsense).is_err_and(|error| error.to_string().contains("certificate")));
}
