//! The shape of a reply: a line for each place in it, with what stands there.

use serde_json::Value;

use crate::contract::{Call, Json};

/// The keys whose values are words and numbers of the contract: programs decide on them.
const DECISIVE: [&str; 12] =
    ["mod", "status", "satus", "code", "repetir", "incerto", "etapa", "estado", "situacao", "passo", "feito", "nivel"];

/// The reply and the events of `call`: places as JSON pointers, in which `*` is any entry of a
/// list.
pub fn of(call: &Call) -> String {
    let mut lines = Vec::new();
    walk(&call.reply, "", "", &mut lines);
    for event in &call.events {
        walk(event, "evento", "", &mut lines);
    }
    lines.join("\n")
}

/// Notes `json`, which stands at `place` under `key`, and what is in it, each line once. That a reply is an object goes
/// without saying.
fn walk(json: &Json, place: &str, key: &str, lines: &mut Vec<String>) {
    let mut note = |what: String| {
        let line = format!("{place} {what}");
        if !place.is_empty() && !lines.contains(&line) {
            lines.push(line);
        }
    };
    match json {
        Json::Leaf(value) if DECISIVE.contains(&key) => note(format!("{} {value}", kind(value))),
        Json::Leaf(value) => note(kind(value).to_owned()),
        Json::List(entries) => {
            note("list".to_owned());
            for entry in entries {
                walk(entry, &format!("{place}/*"), key, lines);
            }
        }
        Json::Object(entries) => {
            note("object".to_owned());
            for (key, value) in entries {
                walk(value, &format!("{place}/{}", key.replace('~', "~0").replace('/', "~1")), key, lines);
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        _ => "text",
    }
}

#[test]
fn a_reply_has_its_places_types_and_words() {
    let reply = Json::parse(r#"{"mod":"xRet","b":[{"c":1,"status":0},{"c":2,"d":null,"status":1}],"a":true}"#);
    let events = vec![Json::parse(r#"{"etapa":"fim"}"#)];
    let call = Call { name: "x", request: Json::parse("{}"), events, reply };
    let lines = "/mod text \"xRet\"\n/b list\n/b/* object\n/b/*/c number\n/b/*/status number 0\n/b/*/d null\n\
                 /b/*/status number 1\n/a boolean\nevento object\nevento/etapa text \"fim\"";
    assert_eq!(of(&call), lines);
}
