//! Addresses, ports, TLS, connections, the record, the end.

use std::io::Write as _;
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use reqwest::Version;
use simulator::{Config, Counts, Effect, Error, Fault, Simulator, Target, Tls};

use crate::client::{Client, FORM, answered, builder, cte, field_part, key, simulator};

const LOGIN: &str = "mod=login&comp=5&user=USUARIO&pass=SENHA";

#[test]
fn http_and_https_serve_the_same_service() {
    let simulator = simulator();
    let cookie = Client::plain(&simulator).login();
    let known = Client::of(&simulator).consulta(&cookie, "chave[]=1").json();
    assert_eq!(known, serde_json::json!({"success": 1, "S": []}));
    assert_eq!(simulator.connections(), 2);
}

#[test]
fn https_shows_a_certificate_of_its_own_authority_only() {
    let simulator = simulator();
    let stranger = builder().build().expect("a client");
    let request = stranger.get(simulator.https_url());
    assert!(request.send().is_err_and(|error| error.is_connect()));

    let port = simulator.https_url().rsplit(':').next().expect("a port").to_owned();
    let mut hosts = vec!["localhost", "127.0.0.1"];
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        hosts.push("[::1]");
    }
    for host in hosts {
        Client::at(&simulator, format!("https://{host}:{port}")).login();
    }
}

#[test]
fn https_can_be_wrong_in_every_way() {
    for tls in [Tls::Expired, Tls::NotYetValid, Tls::OtherHost, Tls::Old] {
        let simulator = Simulator::start(Config { tls, ..Config::default() }).expect("started");
        let client = Client::of(&simulator);
        let refused = client.get("/php/conn.php").send().expect_err("no connection");
        assert!(refused.is_connect(), "{tls:?}: {refused:?}");
        assert_eq!((simulator.requests().len(), Client::plain(&simulator).login().len()), (0, 32));
    }
}

#[test]
fn the_authority_can_be_written_to_a_file() {
    let simulator = simulator();
    let path = std::env::temp_dir().join(format!("simulator-transport-{}.pem", std::process::id()));
    simulator.write_ca(&path).expect("written");
    assert_eq!(std::fs::read_to_string(&path).expect("readable"), simulator.ca_pem());
    std::fs::remove_file(&path).expect("removed");
    let nowhere = path.join("nowhere.pem");
    assert!(simulator.write_ca(&nowhere).is_err_and(|error| error.to_string().contains("nowhere.pem")));
}

#[test]
fn settings_lead_a_client_to_the_simulator() {
    let simulator = simulator();
    let secure = simulator.settings(Some("/tmp/ca.pem".as_ref()));
    let porto = serde_json::json!({
        "url": format!("{}/php/conn.php", simulator.https_url()),
        "consulta_url": format!("{}/atwe/php/Protocolo.php", simulator.https_url()),
    });
    assert_eq!(
        (&secure["ca_pem"], &secure["proxy"], &secure["porto"]),
        (&"/tmp/ca.pem".into(), &"nenhum".into(), &porto)
    );
    let plain = simulator.settings(None);
    assert_eq!(plain["porto"]["url"], format!("{}/php/conn.php", simulator.http_url()));
    assert_eq!(plain["ca_pem"], serde_json::Value::Null);
}

#[test]
fn a_user_agent_that_is_no_browser_is_blocked_everywhere() {
    let simulator = simulator();
    for path in ["/php/conn.php", "/atwe/php/Protocolo.php?out=json&chave[]=1", "/anything"] {
        for agent in [None, Some("averbador/1.0"), Some("mozilla/5.0"), Some("MeuSistema Mozilla/5.0")] {
            let request = builder().build().expect("a client").post(format!("{}{path}", simulator.http_url()));
            let request = request.header("Content-Type", FORM).body(LOGIN);
            let answer =
                answered(agent.into_iter().fold(request, |request, agent| request.header("User-Agent", agent)));
            assert_eq!(answer.status, 403);
            assert!(answer.content_type.starts_with("text/html"));
            assert!(answer.text.contains("error code: 1010"));
        }
    }
    assert!(simulator.sessions().is_empty());
}

#[test]
fn there_are_two_addresses_and_no_more() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    for path in ["/", "/php/conn.php/", "/php/", "/PHP/conn.php", "/atwe/php/protocolo.php"] {
        assert_eq!(answered(client.post(path, FORM, LOGIN)).status, 404, "{path}");
        assert_eq!(answered(client.get(path)).status, 404, "{path}");
    }
    assert_eq!(answered(client.post("/atwe/php/Protocolo.php", FORM, "out=json&chave[]=1")).status, 404);
    let called_in_a_browser = answered(client.get("/php/conn.php?mod=login&comp=5&user=USUARIO&pass=SENHA"));
    assert_eq!(called_in_a_browser.json(), serde_json::json!({"success": 0, "error": {"msg": "Ghs.loc.error"}}));
}

#[test]
fn connections_are_counted_and_numbered() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    for _ in 0..20 {
        client.public_consulta("chave[]=1");
    }
    assert_eq!(simulator.connections(), 1);
    Client::of(&simulator).public_consulta("chave[]=1");
    assert_eq!(simulator.connections(), 2);
    let numbers: Vec<_> = simulator.requests().iter().map(|request| request.connection).collect();
    assert_eq!(numbers, [vec![1; 20], vec![2]].concat());
}

#[test]
fn what_was_served_is_counted_on_when_it_is_forgotten() {
    let simulator = simulator();
    for client in [Client::of(&simulator), Client::plain(&simulator), Client::of(&simulator)] {
        client.public_consulta("chave[]=1");
    }
    simulator.store("1", "2");
    simulator.forget();
    assert!(simulator.requests().is_empty() && simulator.documents().is_empty());
    let counts = Counts { requests: 3, connections: 3, full_handshakes: 2, resumed_handshakes: 0 };
    assert_eq!(simulator.counts(), counts);
}

#[test]
fn a_resumed_handshake_is_told_from_a_full_one() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    client.public_consulta("chave[]=1");
    simulator.fault(Fault::new(Effect::Close).on(Target::PublicConsulta));
    assert!(client.get("/atwe/php/Protocolo.php?chave[]=1").send().is_err());
    client.public_consulta("chave[]=1");
    let Counts { full_handshakes, resumed_handshakes, .. } = simulator.counts();
    assert_eq!((full_handshakes, resumed_handshakes), (1, 1));
}

/// A simulator that offers HTTP/2.
fn simulator_with_http2() -> Simulator {
    Simulator::start(Config { http2: true, ..Config::default() }).expect("started")
}

#[test]
fn http_2_is_spoken_where_it_is_offered() {
    for (simulator, spoken) in [(simulator(), Version::HTTP_11), (simulator_with_http2(), Version::HTTP_2)] {
        let answer = Client::of(&simulator).get("/php/conn.php").send().expect("an answer");
        assert_eq!(answer.version(), spoken);
        let plain = Client::plain(&simulator).get("/php/conn.php").send().expect("an answer");
        assert_eq!(plain.version(), Version::HTTP_11);
    }
}

#[test]
fn answers_in_http_2_are_the_same_and_counted_alike() {
    let answers = [simulator(), simulator_with_http2()].map(|simulator| {
        let client = Client::of(&simulator);
        let cookie = client.login();
        let upload = client.upload_xml(&cookie, &cte(1)).json();
        let consulta = client.consulta(&cookie, &format!("chave[]={}", key(1))).json();
        let counts = Counts { requests: 3, connections: 1, full_handshakes: 1, resumed_handshakes: 0 };
        assert_eq!(simulator.counts(), counts);
        let login = &simulator.requests()[0];
        assert_eq!((login.method.as_str(), login.path.as_str(), login.connection), ("POST", "/php/conn.php", 1));
        [upload["S"]["P"].clone(), consulta["S"][0]["protocolo"].clone()]
    });
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_fault_that_needs_the_connection_ends_it_in_http_2() {
    let simulator = simulator_with_http2();
    let client = Client::of(&simulator);
    for effect in
        [Effect::Close, Effect::Reset, Effect::raw("{"), Effect::LoseAnswer, Effect::CutAnswer, Effect::HangUp]
    {
        simulator.fault(Fault::new(effect.clone()));
        let request = client.get("/atwe/php/Protocolo.php?out=json&chave[]=1");
        assert!(request.send().is_err(), "{effect:?}");
        client.public_consulta("chave[]=1");
    }
    assert_eq!(simulator.connections(), 7);
}

#[test]
fn requests_are_on_record_when_the_answer_arrives() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    let cookie = client.login();
    let answer = client.consulta(&cookie, "chave[]=a%20b&chave[]=c");
    client.upload(&cookie, "nota fiscal.xml", "text/xml; charset=utf-8", b"<a/>");
    let [login, consulta, upload] = simulator.requests().try_into().expect("three requests");

    assert_eq!((login.number, login.method.as_str(), login.path.as_str()), (1, "POST", "/php/conn.php"));
    assert_eq!(login.field("user"), Some("USUARIO"));
    assert_eq!(login.status, Some(200));
    assert_eq!(consulta.module, "Protocolo");
    assert_eq!(consulta.all("chave[]"), ["a b", "c"]);
    assert_eq!(consulta.header("Cookie"), Some(format!("outro=1; portal[ses]={cookie}").as_str()));
    assert_eq!(consulta.answer, answer.text);
    assert!(consulta.took.is_some() && consulta.at >= login.at);
    let [file] = upload.files.as_slice() else { panic!("one file: {upload:?}") };
    assert_eq!((file.field.as_str(), file.file_name.as_str()), ("file", "nota fiscal.xml"));
    assert_eq!((file.content_type.as_str(), file.bytes), ("text/xml; charset=utf-8", 4));

    simulator.clear_requests();
    assert!(simulator.requests().is_empty());
    client.public_consulta("out=json&chave[]=1");
    assert_eq!(simulator.requests()[0].number, 4);
}

#[test]
fn a_line_of_the_log_holds_no_secret() {
    let simulator = simulator();
    let lines = simulator.watch();
    let client = Client::of(&simulator);
    let cookie = client.login();
    client.form("", "mod=login&comp=5&user=USUARIO&pass=SENHA&dump=1");
    client.form("", "mod=login&comp=5&user=USUARIO&pass=SENHA&dump=2");
    client.consulta(&cookie, "chave[]=1&dump=1");
    client.upload_xml(&cookie, "<a>\r\n</a>");
    for number in 1..=5 {
        let line = lines.recv_timeout(Duration::from_secs(10)).expect("a request").to_string();
        assert!(line.contains(&format!("#{number} ")), "{line}");
        assert!(!line.contains("SENHA") && !line.contains(&cookie), "{line}");
        assert!(!line.contains(['\r', '\n']), "{line}");
    }
    simulator.stop();
    assert!(matches!(lines.recv_timeout(Duration::from_secs(10)), Err(RecvTimeoutError::Disconnected)));
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let simulator = Simulator::start(Config { body_limit: 1000, ..Config::default() }).expect("started");
    let client = Client::plain(&simulator);
    assert_eq!(client.form("", &"a=1&".repeat(200)).status, 200);
    assert_eq!(client.form("", &"a=1&".repeat(300)).status, 413);
}

#[test]
fn a_body_that_is_no_form_leaves_no_parameters() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let malformed = serde_json::json!({"success": 0, "error": {"msg": "Ghs.loc.error"}});
    let json = answered(client.post("/php/conn.php", "application/json", r#"{"mod":"login","comp":5}"#));
    assert_eq!(json.json(), malformed);
    let without_boundary = answered(client.post("/php/conn.php", "multipart/form-data", field_part("comp", "5")));
    assert_eq!(without_boundary.json(), malformed);
    let broken_off =
        answered(client.post("/php/conn.php", "multipart/form-data; boundary=BOUNDARY", field_part("comp", "5")));
    assert_eq!(broken_off.json(), malformed);
    let fragment = answered(client.post("/php/conn.php", "", "mod=login&comp=5&user=USUARIO&pass=SENHA"));
    assert_eq!(fragment.json(), malformed);
}

#[test]
fn a_taken_port_is_an_error_that_says_what_to_do() {
    let first = simulator();
    let port = first.http_url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let error = Simulator::start(Config { http_port: port, ..Config::default() }).err().expect("an error");
    assert!(matches!(error, Error::Listen { port: taken, .. } if taken == port));
    assert!(error.to_string().contains("Name another port"));
}

#[test]
fn the_end_closes_every_connection() {
    let simulator = simulator();
    let address = simulator.http_url().trim_start_matches("http://").to_owned();
    let mut open = TcpStream::connect(&address).expect("connected");
    open.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").expect("written");
    simulator.stop();
    open.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
    // Closed in order or reset: in either case it is not left hanging.
    let rest = std::io::Read::read(&mut open, &mut [0; 1]);
    assert!(!matches!(rest, Ok(1..)) && !rest.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
}
