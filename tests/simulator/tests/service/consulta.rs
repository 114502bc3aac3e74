//! The consulta by POST and by GET.

use serde_json::{Value, json};
use simulator::{Simulator, protocol_of};

use crate::client::{Client, answered, cte, event, key, simulator};

/// A pair that is public.
const REAL: (&str, &str) = ("35220528779662000120579990000004681178902280", "0588604232877966200012057999000000468098");

fn with_documents(numbers: impl IntoIterator<Item = u32>) -> (Simulator, Client, String) {
    let simulator = simulator();
    for number in numbers {
        simulator.store(&key(number), &protocol_of(&key(number)));
    }
    let client = Client::of(&simulator);
    let cookie = client.login();
    (simulator, client, cookie)
}

fn pair(number: u32) -> Value {
    json!({"chave": key(number), "protocolo": protocol_of(&key(number))})
}

#[test]
fn what_was_uploaded_is_found_by_key_and_by_protocol() {
    let (_simulator, client, cookie) = with_documents([]);
    client.upload_xml(&cookie, &cte(1));
    client.upload_xml(&cookie, &event(1, "110111"));
    let expected = json!({"success": 1, "S": [pair(1)]});
    assert_eq!(client.consulta(&cookie, &format!("chave[]={}", key(1))).json(), expected);
    assert_eq!(client.consulta(&cookie, &format!("protocolo[]={}", protocol_of(&key(1)))).json(), expected);
    assert_eq!(client.public_consulta(&format!("chave[]={}", key(1))).json(), expected);
    assert_eq!(client.public_consulta(&format!("protocolo%5B%5D={}", protocol_of(&key(1)))).json(), expected);
}

#[test]
fn a_real_pair_can_be_stored() {
    let (simulator, client, _) = with_documents([]);
    simulator.store(REAL.0, REAL.1);
    let answer = client.public_consulta(&format!("chave[]={}", REAL.0));
    let expected = format!(r#"{{"success":1,"S":[{{"chave":"{}","protocolo":"{}"}}]}}"#, REAL.0, REAL.1);
    assert_eq!(answer.text, expected);
}

#[test]
fn many_keys_are_answered_in_the_services_own_order_without_the_unknown() {
    let (_simulator, client, cookie) = with_documents([1, 2, 3]);
    let asked: Vec<_> = [3, 9, 1, 3].map(|number| format!("chave[]={}", key(number))).into();
    let expected = json!({"success": 1, "S": [pair(1), pair(3)]});
    assert_eq!(client.consulta(&cookie, &asked.join("&")).json(), expected);
    assert_eq!(client.public_consulta(&asked.join("&")).json(), expected);
    let numbered = format!("chave[0]={}&chave[1]={}&chave[7]=", key(3), key(1));
    assert_eq!(client.consulta(&cookie, &numbered).json(), expected);
    let unknown = json!({"success": 1, "S": []});
    assert_eq!(client.consulta(&cookie, "chave[]=&chave[]=abc").json(), unknown);
}

#[test]
fn keys_come_before_protocols() {
    let (_simulator, client, cookie) = with_documents([1, 2]);
    let both = format!("protocolo[]={}&chave[]={}", protocol_of(&key(1)), key(2));
    assert_eq!(client.consulta(&cookie, &both).json(), json!({"success": 1, "S": [pair(2)]}));
}

#[test]
fn php_takes_1000_variables_and_drops_the_rest_in_silence() {
    let (simulator, client, cookie) = with_documents([1, 2]);
    let filler = |count: usize| "chave[]=x&".repeat(count);
    // Three variables stand before them: comp, mod and path.
    let last = client.consulta(&cookie, &format!("{}chave[]={}", filler(996), key(1))).json();
    assert_eq!(last, json!({"success": 1, "S": [pair(1)]}));
    let beyond = client.consulta(&cookie, &format!("{}chave[]={}", filler(997), key(1))).json();
    assert_eq!(beyond, json!({"success": 1, "S": []}));
    let sent = simulator.requests().last().map(|request| request.all("chave[]").len());
    assert_eq!(sent, Some(998));
    let beyond = client.public_consulta(&format!("{}chave[]={}", filler(998), key(1))).json();
    assert_eq!(beyond, json!({"success": 1, "S": []}));
}

#[test]
fn a_consulta_for_nothing_is_an_error() {
    let (_simulator, client, cookie) = with_documents([1]);
    let malformed = json!({"success": 0, "error": {"msg": "Ghs.loc.error"}});
    assert_eq!(client.consulta(&cookie, "").json(), malformed);
    assert_eq!(client.consulta(&cookie, &format!("chave={}", key(1))).json(), malformed);
    assert_eq!(client.public_consulta("").json(), malformed);
    let wrong_path = client.form(&cookie, &format!("comp=5&mod=Protocolo&path=eguarda/php/&chave[]={}", key(1)));
    assert_eq!(wrong_path.json(), malformed);
}

#[test]
fn the_public_one_needs_no_session_and_the_other_does() {
    let (simulator, client, cookie) = with_documents([1]);
    simulator.expire_sessions();
    let ask = format!("chave[]={}", key(1));
    assert_eq!(client.consulta(&cookie, &ask).json(), json!({"success": 1, "logout": 1}));
    assert_eq!(client.public_consulta(&ask).json(), json!({"success": 1, "S": [pair(1)]}));
}

#[test]
fn other_formats_are_refused_openly() {
    let (_simulator, client, cookie) = with_documents([1]);
    let ask = format!("chave[]={}", key(1));
    assert_eq!(client.consulta(&cookie, &format!("out=json&download=0&{ask}")).status, 200);
    for out in ["xml", "csv"] {
        let refused = client.consulta(&cookie, &format!("out={out}&{ask}"));
        assert_eq!(refused.status, 501);
        assert!(refused.text.contains("out=json only"));
        assert_eq!(answered(client.get(&format!("/atwe/php/Protocolo.php?out={out}&{ask}"))).status, 501);
    }
    assert_eq!(answered(client.get(&format!("/atwe/php/Protocolo.php?{ask}"))).status, 501);
}
