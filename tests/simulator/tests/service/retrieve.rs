//! The listing.

use serde_json::{Value, json};
use simulator::{Effect, Fault, Kind, Simulator, Target, protocol_of};

use crate::client::{Client, cte, event, key, simulator};

/// The key of an NF-e of another issuer.
const NFE: &str = "35260799999999000191550020000000071000000010";
/// The key of an MDF-e.
const MDFE: &str = "35260712345678000195580030000000081000000010";

/// A CT-e with all that a listing shows, issued on this day of July.
fn issued(number: u32, day: u32) -> String {
    let ide = format!("<ide><serie>1</serie><nCT>{number}</nCT><dhEmi>2026-07-{day:02}T23:30:00-03:00</dhEmi></ide>");
    let values =
        "<vPrest><vTPrest>150.25</vTPrest><vRec>150.00</vRec></vPrest><infCarga><vCarga>9000.00</vCarga></infCarga>";
    format!("<CTe><infCte Id=\"CTe{}\">{ide}{values}</infCte></CTe>", key(number))
}

/// A simulator that has received these documents, with a client and its session.
fn with_uploads(documents: impl IntoIterator<Item = String>) -> (Simulator, Client, String) {
    let simulator = simulator();
    let client = Client::plain(&simulator);
    let cookie = client.login();
    for document in documents {
        client.upload_xml(&cookie, &document);
    }
    (simulator, client, cookie)
}

fn list(client: &Client, cookie: &str, filters: &str) -> Value {
    client.form(cookie, &format!("comp=5&mod=Retrieve&path=eguarda/php/&act=ls&{filters}")).json()
}

/// The keys on a page, and the total.
fn found(client: &Client, cookie: &str, filters: &str) -> (Vec<String>, u64) {
    let answer = list(client, cookie, filters);
    let page = answer["S"].as_array().unwrap_or_else(|| panic!("no listing for {filters}: {answer}"));
    let keys = page.iter().map(|document| document["chave"].as_str().expect("a key").to_owned());
    (keys.collect(), answer["T"].as_u64().expect("a total"))
}

/// What a page and a total of these CT-e look like.
fn expected(numbers: impl IntoIterator<Item = u32>, total: u64) -> (Vec<String>, u64) {
    (numbers.into_iter().map(key).collect(), total)
}

#[test]
fn every_document_is_shown_with_what_its_xml_says() {
    let (simulator, client, cookie) = with_uploads([issued(7, 1)]);
    let protocol = protocol_of(&key(7));
    let answer = client.form(&cookie, "comp=5&mod=Retrieve&path=eguarda/php/&act=ls");
    let document = format!(
        r#"{{"avb":"1","canc":"0","protocolo":"{protocol}","chave":"{}","numDoc":"7","serie":"1","dtEmissao":"2026-07-01","valor":"150.25"}}"#,
        key(7)
    );
    assert_eq!(answer.text, format!(r#"{{"success":1,"S":[{document}],"T":1}}"#));
    let stored = simulator.document(&key(7)).expect("stored");
    assert_eq!([stored.number, stored.series, stored.value], ["7", "1", "150.25"]);
    assert_eq!((stored.issued.as_str(), stored.cancelled), ("2026-07-01T23:30:00-03:00", false));
    assert_eq!(stored.received_at, stored.updated_at);
}

#[test]
fn each_kind_has_its_own_number_and_value() {
    let (simulator, ..) = with_uploads([
        format!(
            "<NFe><infNFe Id=\"NFe{NFE}\"><ide><serie>2</serie><nNF>7</nNF></ide>\
             <total><ICMSTot><vNF>10.00</vNF></ICMSTot></total></infNFe></NFe>"
        ),
        format!(
            "<MDFe><infMDFe Id=\"MDFe{MDFE}\"><ide><serie>3</serie><nMDF>8</nMDF></ide>\
             <tot><vCarga>20.00</vCarga></tot></infMDFe></MDFe>"
        ),
    ]);
    for (key, expected) in [(NFE, ["7", "2", "10.00"]), (MDFE, ["8", "3", "20.00"])] {
        let stored = simulator.document(key).expect("stored");
        assert_eq!([stored.number, stored.series, stored.value], expected);
    }
}

#[test]
fn what_was_stored_is_shown_with_what_the_key_tells() {
    let (simulator, client, cookie) = with_uploads([]);
    simulator.store(&key(7), "123");
    simulator.store(&key(8), "");
    let shown = |avb: &str, protocol: &str, number: u32| {
        json!({"avb": avb, "canc": "0", "protocolo": protocol, "chave": key(number), "numDoc": number.to_string(),
               "serie": "1", "dtEmissao": "", "valor": ""})
    };
    let expected = json!({"success": 1, "S": [shown("1", "123", 7), shown("0", "", 8)], "T": 2});
    assert_eq!(list(&client, &cookie, ""), expected);
    let of_series_0 = format!("{}000{}", &key(9)[..22], &key(9)[25..]);
    simulator.store(&of_series_0, "123");
    assert_eq!(list(&client, &cookie, "numDoc=9")["S"][0]["serie"], "0");
}

#[test]
fn a_cancellation_marks_its_document_and_is_none_itself() {
    let (simulator, client, cookie) = with_uploads([issued(1, 1), issued(2, 1), event(2, "110111")]);
    let answer = list(&client, &cookie, "");
    let flags = |place: usize| (answer["S"][place]["avb"].clone(), answer["S"][place]["canc"].clone());
    assert_eq!((flags(0), flags(1)), ((json!("1"), json!("0")), (json!("1"), json!("1"))));
    assert_eq!(answer["T"], 2);
    let stored = simulator.document(&key(2)).expect("stored");
    assert!(stored.cancelled && stored.updated_at >= stored.received_at);
    let cancellation = simulator.documents().into_iter().find(|stored| stored.kind == Kind::Cancellation);
    assert!(cancellation.is_some_and(|cancellation| !cancellation.cancelled));
}

#[test]
fn a_cancellation_may_come_before_its_document() {
    let (simulator, client, cookie) = with_uploads([event(1, "110111"), event(2, "110111")]);
    assert_eq!(found(&client, &cookie, ""), expected([], 0));
    client.upload_xml(&cookie, &issued(1, 1));
    simulator.store(&key(2), "123");
    let answer = list(&client, &cookie, "");
    assert_eq!([&answer["S"][0]["canc"], &answer["S"][1]["canc"]], ["1", "1"]);
}

#[test]
fn the_order_is_that_of_reception() {
    let (simulator, client, cookie) = with_uploads([3, 1, 2, 3].map(|number| issued(number, 1)));
    simulator.store(&key(0), "123");
    assert_eq!(found(&client, &cookie, ""), expected([3, 1, 2, 0], 4));
}

#[test]
fn every_filter_leaves_out_what_does_not_fit() {
    let (simulator, client, cookie) = with_uploads((1..=3).map(|number| issued(number, number)));
    for key in [NFE, MDFE] {
        simulator.store(key, &protocol_of(key));
    }
    let all = |numbers: &[u32], others: &[&str]| {
        let keys = numbers.iter().map(|number| key(*number)).chain(others.iter().map(|key| (*key).to_owned()));
        (keys.collect::<Vec<_>>(), numbers.len() as u64 + others.len() as u64)
    };
    for (filters, expected) in [
        ("modDoc=57", all(&[1, 2, 3], &[])),
        ("modDoc=55,58", all(&[], &[NFE, MDFE])),
        ("modDoc[]=57&modDoc[]=58", all(&[1, 2, 3], &[MDFE])),
        ("modDoc=57&modDoc=58", all(&[], &[MDFE])),
        ("modDoc=49", all(&[], &[])),
        ("modDoc=", all(&[1, 2, 3], &[NFE, MDFE])),
        ("numDoc=2", all(&[2], &[])),
        ("numDoc=000000007", all(&[], &[NFE])),
        ("numDoc=20", all(&[], &[])),
        ("taxId=12345678000195", all(&[1, 2, 3], &[MDFE])),
        ("taxId=99999999000191&modDoc=55", all(&[], &[NFE])),
        ("taxId=99999999000191&modDoc=57", all(&[], &[])),
        (&format!("prot={}", protocol_of(&key(3))), all(&[3], &[])),
        ("prot=05886", all(&[], &[])),
    ] {
        assert_eq!(found(&client, &cookie, filters), expected, "{filters}");
    }
}

#[test]
fn days_are_those_of_issue_of_reception_or_of_the_last_change() {
    let (simulator, client, cookie) = with_uploads((1..=3).map(|number| issued(number, number)));
    simulator.store(&key(4), "123");
    client.upload_xml(&cookie, &event(1, "110111"));
    for (filters, expected) in [
        ("dtType=0&dtStart=2026-07-02&dtLimit=2026-07-02", expected([2], 1)),
        ("dtStart=2026-07-02", expected([2, 3], 2)),
        ("dtType=0&dtLimit=2026-07-02", expected([1, 2], 2)),
        ("dtType=0&dtStart=2026-07-03&dtLimit=2026-07-01", expected([], 0)),
        ("dtType=1", expected([1, 2, 3, 4], 4)),
        ("dtType=1&dtStart=2020-01-01&dtLimit=9999-12-31", expected([1, 2, 3, 4], 4)),
        ("dtType=1&dtLimit=2020-01-01", expected([], 0)),
        ("dtType=2&dtStart=2020-01-01", expected([1, 2, 3, 4], 4)),
        ("dtType=2&dtLimit=2020-01-01", expected([], 0)),
    ] {
        assert_eq!(found(&client, &cookie, filters), expected, "{filters}");
    }
}

#[test]
fn pages_have_25_documents_unless_told_otherwise() {
    let (simulator, client, cookie) = with_uploads([]);
    for number in 1..=60 {
        simulator.store(&key(number), &protocol_of(&key(number)));
    }
    for (filters, expected) in [
        ("", expected(1..=25, 60)),
        ("page=1", expected(1..=25, 60)),
        ("page=3", expected(51..=60, 60)),
        ("page=4", expected([], 60)),
        ("page=2&start=25&limit=25", expected(26..=50, 60)),
        ("start=59", expected([60], 60)),
        ("page=9&start=0&limit=2", expected([1, 2], 60)),
        ("page=6&limit=10", expected(51..=60, 60)),
        ("limit=1000", expected(1..=60, 60)),
        ("limit=2&numDoc=60", expected([60], 1)),
        ("page=18446744073709551615", expected([], 60)),
    ] {
        assert_eq!(found(&client, &cookie, filters), expected, "{filters}");
    }
}

#[test]
fn what_makes_no_sense_is_malformed() {
    let (_simulator, client, cookie) = with_uploads([]);
    let malformed = json!({"success": 0, "error": {"msg": "Ghs.loc.error"}});
    for wrong in [
        "dtType=3",
        "dtStart=01/07/2026",
        "dtLimit=2026-7-1",
        "dtLimit=2026-07-01T00:00:00",
        "page=0",
        "page=x",
        "limit=0",
        "start=-1",
        "act=rm",
        "path=atwe/php/",
    ] {
        assert_eq!(list(&client, &cookie, wrong), malformed, "{wrong}");
    }
    assert_eq!(client.form(&cookie, "comp=5&mod=Retrieve&path=eguarda/php/").json(), malformed);
}

#[test]
fn it_needs_a_session() {
    let (simulator, client, cookie) = with_uploads([issued(1, 1)]);
    let no_login = json!({"success": 1, "error": {"code": "01", "msg": "No login."}});
    assert_eq!(list(&client, "", "page=0"), no_login);
    simulator.expire_sessions();
    assert_eq!(list(&client, &cookie, "page=0"), json!({"success": 1, "logout": 1}));
}

#[test]
fn it_can_meet_faults_of_its_own() {
    let (simulator, client, cookie) = with_uploads([]);
    simulator.fault(Fault::new(Effect::Logout).on(Target::Retrieve));
    assert_eq!(client.upload_xml(&cookie, &cte(1)).json()["S"]["P"], 1);
    assert_eq!(list(&client, &cookie, ""), json!({"success": 1, "logout": 1}));
    assert_eq!(found(&client, &cookie, ""), expected([1], 1));
}
