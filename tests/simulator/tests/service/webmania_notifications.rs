//! Webmania's notifications.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use simulator::{Config, Effect, Fault, Notification, Simulator, Target};

use crate::webmania_client::{document_with, listener, started};

/// The notifications, once there are so many.
fn notifications(simulator: &Simulator, count: usize) -> Vec<Notification> {
    let begun = Instant::now();
    while simulator.notifications().len() < count {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", simulator.notifications());
        std::thread::sleep(Duration::from_millis(5));
    }
    simulator.notifications()
}

fn statuses(bodies: &[Value]) -> Vec<&Value> {
    bodies.iter().map(|body| &body["status"]).collect()
}

#[test]
fn every_status_is_told_with_the_body_of_the_answer() {
    let (url, bodies) = listener(4);
    let (simulator, client) = started(Config { mdfe_processing: 1, ..Config::default() });
    let emitted = client.emissao(&document_with("/url_notificacao", json!(url))).json();
    let uuid = emitted["uuid"].as_str().expect("a UUID");
    client.consulta(uuid);
    let approved = client.consulta(uuid).json();
    client.consulta(uuid);
    client.condutor(&emitted);
    let closed = client.encerrar(&emitted).json();
    client.encerrar(&emitted);
    let second = client.emissao(&document_with("/url_notificacao", json!(url))).json();
    let bodies = bodies.join().expect("no panic");
    assert_eq!(bodies, [emitted, approved, closed, second]);
    let told = notifications(&simulator, 4);
    assert!(told.iter().all(|notification| notification.url == url && notification.status == Some(204)));
    let read: Vec<Value> = told.iter().map(|told| serde_json::from_str(&told.body).expect("JSON")).collect();
    assert_eq!(read, bodies);
}

#[test]
fn sefaz_decides_without_being_asked() {
    let (url, bodies) = listener(3);
    let (simulator, client) = started(Config { mdfe_processing: 100, ..Config::default() });
    simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Emissao));
    let body = document_with("/url_notificacao", json!(url)).to_string();
    let request = client.0.request("POST", "/2/mdfe/emissao", "application/json", body);
    assert!(crate::webmania_client::with_token(request).send().is_err());
    simulator.decide_mdfes();
    simulator.decide_mdfes();
    let uuid = simulator.mdfes()[0].uuid.clone();
    client.cancelar(&json!({"chave": simulator.mdfes()[0].key}));
    let bodies = bodies.join().expect("no panic");
    assert_eq!(statuses(&bodies), ["processando", "aprovado", "cancelado"]);
    assert!(bodies.iter().all(|body| body["uuid"] == uuid));
}

#[test]
fn nobody_need_listen_and_no_other_machine_is_called() {
    let (simulator, client) = started(Config::default());
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = format!("http://{}/", silent.local_addr().expect("an address"));
    drop(silent);
    let urls =
        [closed.as_str(), "http://192.0.2.1/mdfe", "https://localhost/mdfe", "http://example.invalid/", "nowhere"];
    for url in urls {
        let answer = client.emissao(&document_with("/url_notificacao", json!(url))).json();
        assert_eq!(answer["status"], "aprovado");
    }
    let begun = Instant::now();
    let told = notifications(&simulator, urls.len());
    assert!(begun.elapsed() < Duration::from_secs(4), "an address outside was called");
    assert_eq!(told.iter().map(|told| told.url.as_str()).collect::<Vec<_>>(), urls);
    assert!(told.iter().all(|told| told.status.is_none()));
    client.emitted();
    assert_eq!(simulator.notifications().len(), urls.len(), "who gives no address is not told");
}
