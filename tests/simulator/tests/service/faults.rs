//! Every fault, as the client meets it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;
use simulator::{Answer, Effect, Fault, Moment, Simulator, Target, protocol_of};

use crate::client::{Client, FORM, answered, cte, key, simulator, zip};

fn consulta(client: &Client) -> reqwest::Result<String> {
    client.get("/atwe/php/Protocolo.php?out=json&chave[]=1").send().and_then(|answer| answer.text())
}

/// A simulator in which the next request meets this effect.
fn with(effect: Effect) -> (Simulator, Client) {
    let simulator = simulator();
    simulator.fault(Fault::new(effect));
    let client = Client::of(&simulator);
    (simulator, client)
}

#[test]
fn faults_wait_for_their_requests() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    simulator.fault(Fault::new(Effect::status(500)).on(Target::Upload));
    simulator.fault(Fault::new(Effect::status(501)).on(Target::Login).after(1).times(2));
    simulator.fault(Fault::new(Effect::status(502)).on(Target::Consulta).forever());
    simulator.fault(Fault::new(Effect::status(503)).on(Target::PublicConsulta));
    let login = || client.form("", "mod=login&comp=5&user=USUARIO&pass=SENHA").status;
    let cookie = client.login();
    assert_eq!([login(), login(), login()], [501, 501, 200]);
    let upload = || client.upload_xml(&cookie, &cte(1)).status;
    assert_eq!([upload(), upload()], [500, 200]);
    let public = || client.public_consulta("chave[]=1").status;
    assert_eq!([public(), public()], [503, 200]);
    for _ in 0..5 {
        assert_eq!(client.consulta(&cookie, "chave[]=1").status, 502);
    }
    simulator.clear_faults();
    assert_eq!(client.consulta(&cookie, "chave[]=1").status, 200);
}

#[test]
fn the_first_in_the_queue_comes_first() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    for status in [500, 502] {
        simulator.fault(Fault::new(Effect::status(status)));
    }
    simulator.fault(Fault::new(Effect::status(504)).on(Target::PublicConsulta).after(3));
    let public = || client.public_consulta("chave[]=1").status;
    assert_eq!([public(), public(), public(), public(), public()], [500, 502, 200, 504, 200]);
    let faults: Vec<_> = simulator.requests().into_iter().map(|request| request.fault.is_some()).collect();
    assert_eq!(faults, [true, true, false, true, false]);
}

#[test]
fn any_answer_can_be_given() {
    let answer = Answer::new(429, "text/plain", "slow down").header("Retry-After", "2");
    let (simulator, client) = with(Effect::Answer(answer));
    let response =
        client.post("/php/conn.php", FORM, "mod=login&comp=5&user=USUARIO&pass=SENHA").send().expect("an answer");
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"2".parse().expect("a value")));
    assert_eq!(response.text().expect("text"), "slow down");
    assert!(simulator.sessions().is_empty(), "it was not served");
    assert_eq!(simulator.requests()[0].status, Some(429));

    let (_simulator, client) = with(Effect::body("application/json", "{\"success\":"));
    assert_eq!(consulta(&client).expect("text"), "{\"success\":");
    let (_simulator, client) = with(Effect::redirect(302, "https://elsewhere.invalid/"));
    let response = client.get("/php/conn.php").send().expect("an answer");
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (302, &"https://elsewhere.invalid/".parse().expect("a value"))
    );
}

#[test]
fn the_services_own_troubles_can_be_ordered() {
    let (_simulator, client) = with(Effect::Logout);
    assert_eq!(consulta(&client).expect("text"), r#"{"success":1,"logout":1}"#);
    let (_simulator, client) = with(Effect::Captcha);
    assert!(consulta(&client).expect("text").contains(r#""error":{"code":"02","msg":"Captcha required"}"#));
    let (_simulator, client) = with(Effect::Blocked);
    assert_eq!(client.public_consulta("chave[]=1").status, 403);
    let (_simulator, client) = with(Effect::Shape("bom".parse().expect("a shape")));
    assert!(consulta(&client).expect("text").starts_with('\u{feff}'));
    assert!(!consulta(&client).expect("text").starts_with('\u{feff}'));
}

/// Uploads a document into a fault; says whether the client got a whole answer, and whether the document was stored.
fn upload_into(effect: Effect) -> (bool, bool) {
    let simulator = simulator();
    let client = Client::of(&simulator);
    let cookie = client.login();
    simulator.fault(Fault::new(effect.clone()).on(Target::Upload));
    let body = [
        crate::client::upload_fields(),
        crate::client::file_part("a.xml", "text/xml", cte(1).as_bytes()),
        b"--BOUNDARY--\r\n".to_vec(),
    ];
    let request = client.post("/php/conn.php", "multipart/form-data; boundary=BOUNDARY", body.concat());
    let request = crate::client::with_session(request, &cookie).timeout(Duration::from_secs(5));
    let answer = request.send().and_then(|answer| answer.bytes());
    let record = simulator.requests().pop().expect("a request");
    assert_eq!(record.fault, Some(effect));
    (answer.is_ok(), simulator.document(&key(1)).is_some())
}

#[test]
fn answers_are_lost_before_and_after_the_effect() {
    assert_eq!(upload_into(Effect::Close), (false, false));
    assert_eq!(upload_into(Effect::Reset), (false, false));
    assert_eq!(upload_into(Effect::LoseAnswer), (false, true));
    assert_eq!(upload_into(Effect::CutAnswer), (false, true));
    assert_eq!(upload_into(Effect::status(500)), (true, false));
    assert_eq!(upload_into(Effect::Delay(Duration::from_millis(1))), (true, true));
    assert_eq!(upload_into(Effect::Drip(7, Duration::from_millis(1))), (true, true));
}

#[test]
fn a_lost_answer_is_on_record_as_none() {
    for (effect, status) in [(Effect::LoseAnswer, None), (Effect::Close, None), (Effect::CutAnswer, Some(200))] {
        let (simulator, client) = with(effect);
        assert!(consulta(&client).is_err());
        let record = &simulator.requests()[0];
        assert_eq!((record.status, record.answer.is_empty()), (status, status.is_none()));
        assert!(consulta(&client).is_ok(), "the next connection is a good one");
        assert_eq!(simulator.connections(), 2);
    }
}

#[test]
fn half_an_answer_arrives_and_no_more() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    simulator.fault(Fault::new(Effect::CutAnswer));
    let mut response = client.get("/atwe/php/Protocolo.php?out=json&chave[]=1").send().expect("a head");
    let mut half = Vec::new();
    assert!(std::io::Read::read_to_end(&mut response, &mut half).is_err());
    assert!(b"{\"success\":1,\"S\":[]}".starts_with(&half) && half.len() < 20);
}

#[test]
fn a_client_that_gives_up_is_on_record_with_what_it_did() {
    for (effect, stored) in [(Effect::Delay(Duration::from_secs(600)), true), (Effect::Silence, false)] {
        let simulator = simulator();
        let client = Client::of(&simulator);
        let cookie = client.login();
        simulator.fault(Fault::new(effect));
        let parts = [crate::client::upload_fields(), crate::client::file_part("a.xml", "text/xml", cte(1).as_bytes())];
        let body = [parts.concat(), b"--BOUNDARY--\r\n".to_vec()].concat();
        let request = client.post("/php/conn.php", "multipart/form-data; boundary=BOUNDARY", body);
        let request = crate::client::with_session(request, &cookie).timeout(Duration::from_millis(500));
        assert!(request.send().is_err_and(|error| error.is_timeout()));
        let record = simulator.requests().pop().expect("a request");
        assert_eq!((record.status, record.took), (None, None));
        assert_eq!(simulator.document(&key(1)).is_some(), stored);
    }
}

/// Sends the head of an upload and no more; gives what comes back, if anything.
fn head_of_an_upload(simulator: &Simulator) -> std::io::Result<String> {
    let address = simulator.http_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address)?;
    let head = "POST /php/conn.php HTTP/1.1\r\nHost: x\r\nUser-Agent: Mozilla/5.0\r\nContent-Length: 1000\r\n";
    stream.write_all(format!("{head}Content-Type: multipart/form-data; boundary=BOUNDARY\r\n\r\n").as_bytes())?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut answer = [0; 200];
    let read = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..read]).into_owned())
}

#[test]
fn a_request_need_not_be_there_to_meet_a_fault() {
    let simulator = simulator();
    let meet = |effect: Effect, moment| {
        simulator.fault(Fault::new(effect).on(Target::Upload).at(moment));
        head_of_an_upload(&simulator)
    };
    assert!(meet(Effect::status(413), Moment::Head).expect("an answer").starts_with("HTTP/1.1 413"));
    assert_eq!(meet(Effect::Close, Moment::Head).ok().filter(|answer| !answer.is_empty()), None);
    assert!(meet(Effect::Reset, Moment::Head).is_err());
    let seen = simulator.requests();
    assert_eq!((seen.len(), seen[0].body_bytes, seen[0].status, seen[2].status), (3, 0, Some(413), None));
    simulator.fault(Fault::new(Effect::Reset).at(Moment::Connect));
    assert!(head_of_an_upload(&simulator).is_err());
    simulator.fault(Fault::new(Effect::raw("220 hello")).at(Moment::Connect));
    assert_eq!(head_of_an_upload(&simulator).expect("bytes"), "220 hello");
    assert_eq!(simulator.requests().len(), 3, "what was not read is not on record");
}

#[test]
fn half_a_body_is_read_before_the_fault() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    simulator.fault(Fault::new(Effect::Reset).on(Target::Upload).at(Moment::Half));
    let large = "x".repeat(10 << 20);
    let request = client.post("/php/conn.php", "multipart/form-data; boundary=BOUNDARY", large);
    assert!(request.send().is_err());
    let read = simulator.requests()[0].body_bytes;
    assert!((5 << 20..10 << 20).contains(&read), "{read}");
}

#[test]
fn before_its_body_a_request_is_told_by_its_head() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    for (status, target) in
        [(501, Target::Login), (502, Target::Upload), (503, Target::Consulta), (504, Target::PublicConsulta)]
    {
        simulator.fault(Fault::new(Effect::status(status)).on(target).at(Moment::Head));
    }
    assert_eq!(client.public_consulta("chave[]=1").status, 504);
    assert_eq!(client.consulta(&cookie, "chave[]=1").status, 503);
    assert_eq!(client.upload_xml(&cookie, &cte(1)).status, 502);
    assert_eq!(client.form("", "mod=login&comp=5&user=USUARIO&pass=SENHA").status, 501);
}

#[test]
#[should_panic(expected = "needs more of the request")]
fn what_is_not_there_cannot_be_served() {
    let _ = Fault::new(Effect::LoseAnswer).at(Moment::Head);
}

#[test]
fn a_compressed_answer_says_so() {
    let (_simulator, client) = with(Effect::Gzip);
    let answer = client.get("/atwe/php/Protocolo.php?out=json&chave[]=1").send().expect("an answer");
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert!(answer.bytes().expect("a body").starts_with(&[0x1F, 0x8B]));
}

#[test]
fn whoever_hangs_up_has_answered() {
    let (simulator, client) = with(Effect::HangUp);
    for _ in 0..2 {
        assert_eq!(consulta(&client).expect("text"), r#"{"success":1,"S":[]}"#);
        // Whether the client has noticed by now is the client's affair.
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(simulator.connections(), 2);
}

#[test]
fn an_oversized_answer_is_as_large_as_ordered() {
    let (simulator, client) = with(Effect::Oversize(18_000_000));
    assert_eq!(consulta(&client).expect("text").len(), 18_000_000);
    assert!(simulator.requests()[0].answer.len() <= 64 << 10);
}

#[test]
fn of_an_upload_only_the_first_documents_are_taken() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    simulator.fault(Fault::new(Effect::TakeOnly(3)).on(Target::Upload));
    let documents = [cte(1), "hello".to_owned(), cte(2), cte(3), "<a/>".to_owned()];
    let archive =
        zip(["1.xml", "2.txt", "3.xml", "4.xml", "5.xml"].into_iter().zip(documents.iter().map(String::as_bytes)));
    let upload = || client.upload(&cookie, "a.zip", "application/zip", &archive).json();
    let first = upload();
    assert_eq!(first["S"], json!({"P": 2, "D": 0, "R": 0, "N": 1}));
    assert_eq!(first["prot"], json!([protocol_of(&key(1)), protocol_of(&key(2))]));
    assert_eq!(simulator.document(&key(3)), None);
    assert_eq!(upload()["S"], json!({"P": 1, "D": 2, "R": 1, "N": 1}));
}

#[test]
fn even_a_single_document_can_be_ignored() {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    simulator.fault(Fault::new(Effect::TakeOnly(0)).times(2));
    assert_eq!(client.consulta(&cookie, "chave[]=1").json(), json!({"success": 1, "S": []}));
    let expected = json!({"success": 1, "S": {"P": 0, "D": 0, "R": 0, "N": 0}});
    assert_eq!(client.upload_xml(&cookie, &cte(1)).json(), expected);
    assert!(simulator.documents().is_empty());
}

#[test]
fn the_simulator_ends_in_the_middle_of_every_wait() {
    for effect in [Effect::Silence, Effect::Delay(Duration::from_secs(600)), Effect::Drip(1, Duration::from_secs(600))]
    {
        let (simulator, client) = with(effect);
        let waiting = std::thread::spawn(move || consulta(&client));
        while simulator.requests().is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        simulator.stop();
        assert!(waiting.join().expect("no panic").is_err());
    }
}

#[test]
fn a_header_that_http_does_not_allow_is_answered_with_500() {
    let (_simulator, client) = with(Effect::Answer(Answer::page(200).header("a b", "c")));
    assert_eq!(answered(client.get("/php/conn.php")).status, 500);
}

#[test]
fn faults_are_written_as_the_help_says() {
    let parsed = |text: &str| text.parse::<Fault>().unwrap_or_else(|error| panic!("{text}: {error}"));
    for (text, fault) in [
        ("upload:lose-answer", Fault::new(Effect::LoseAnswer).on(Target::Upload)),
        ("any*forever:delay=2s", Fault::new(Effect::Delay(Duration::from_secs(2))).forever()),
        ("login*3+1:captcha", Fault::new(Effect::Captcha).on(Target::Login).times(3).after(1)),
        ("consulta+2:status=503", Fault::new(Effect::status(503)).on(Target::Consulta).after(2)),
        ("public-consulta:logout", Fault::new(Effect::Logout).on(Target::PublicConsulta)),
        ("any:status=429 Retry-After: 2", Fault::new(Effect::Answer(Answer::page(429).header("Retry-After", "2")))),
        ("any:body=text/html a=b: c", Fault::new(Effect::body("text/html", "a=b: c"))),
        ("any:redirect=307 https://a.invalid/?b=c", Fault::new(Effect::redirect(307, "https://a.invalid/?b=c"))),
        ("any:drip=1 500ms", Fault::new(Effect::Drip(1, Duration::from_millis(500)))),
        ("any:oversize", Fault::new(Effect::Oversize(17 << 20))),
        ("any:oversize=9", Fault::new(Effect::Oversize(9))),
        ("any:shape=bom,prot-array", Fault::new(Effect::Shape("bom,prot-array".parse().expect("a shape")))),
        ("upload*forever:take-only=3", Fault::new(Effect::TakeOnly(3)).on(Target::Upload).forever()),
        ("retrieve:close", Fault::new(Effect::Close).on(Target::Retrieve)),
        ("any:blocked", Fault::new(Effect::Blocked)),
        ("any:silence", Fault::new(Effect::Silence)),
        ("any:close", Fault::new(Effect::Close)),
        ("any:reset", Fault::new(Effect::Reset)),
        ("any:cut-answer", Fault::new(Effect::CutAnswer)),
        ("any:gzip", Fault::new(Effect::Gzip)),
        ("any:hang-up", Fault::new(Effect::HangUp)),
        (r"any:raw=a\r\n\\n\x00\xfFb", Fault::new(Effect::raw(&b"a\r\n\\n\x00\xFFb"[..]))),
        ("upload@half*2+1:reset", Fault::new(Effect::Reset).on(Target::Upload).at(Moment::Half).times(2).after(1)),
        ("any@head:status=413", Fault::new(Effect::status(413)).at(Moment::Head)),
        ("any@connect:silence", Fault::new(Effect::Silence).at(Moment::Connect)),
        ("login@end:close", Fault::new(Effect::Close).on(Target::Login)),
    ] {
        assert_eq!(parsed(text), fault, "{text}");
    }
    for wrong in [
        "lose-answer",
        "nobody:close",
        "any:nothing",
        "any*x:close",
        "any+forever:close",
        "any:status=99",
        "any:status=x",
        "any:redirect=302",
        "any:body=text",
        "any:delay=2",
        "any:drip=x 1s",
        "any:oversize=big",
        "any:shape=round",
        "any:take-only",
        "any:take-only=-1",
        r"any:raw=\q",
        r"any:raw=\x1",
        "any@noon:close",
        "login@connect:close",
        "any@connect:captcha",
        "any@half:lose-answer",
    ] {
        assert!(wrong.parse::<Fault>().is_err_and(|error| !error.to_string().is_empty()), "{wrong}");
    }
}
