//! What the tables of `docs/contrato.md` name: the fields of the requests, and the settings.

use averbador::dispatch::Operation;
use averbador::settings::{LogSettings, Settings};
use serde_json::{Value, json};

use super::page::page;
use crate::driver::{World, msg};

/// The fields that the page has for the request of an operation, sorted.
pub fn fields(operation: Operation) -> Vec<String> {
    let page = page();
    let heading = format!("## {}", operation.name());
    let section = page.lines().skip_while(|line| *line != heading).skip(1).take_while(|line| !line.starts_with("## "));
    let rows = section.skip_while(|line| !line.starts_with("| campo |")).take_while(|line| line.starts_with('|'));
    let named = rows.filter_map(|row| row.split('|').nth(1)).flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let mut fields: Vec<_> = named.map(str::to_owned).collect();
    fields.sort();
    fields
}

/// The settings and their defaults, sorted, those in an object behind its name: `porto.url`.
pub fn settings() -> Vec<(String, Value)> {
    let settings = Settings { log: Some(LogSettings::default()), ..Settings::default() };
    flat("", serde_json::to_value(settings).expect("settings are plain data"))
}

fn flat(name: &str, value: Value) -> Vec<(String, Value)> {
    let Value::Object(inner) = value else { return vec![(name.to_owned(), value)] };
    let dot = if name.is_empty() { "" } else { "." };
    inner.into_iter().flat_map(|(key, value)| flat(&format!("{name}{dot}{key}"), value)).collect()
}

#[test]
fn every_message_and_every_setting_is_on_the_page() {
    let page = page();
    for operation in Operation::ALL {
        let heading = format!("## {}", operation.name());
        assert!(page.lines().any(|line| line == heading), "no {heading}");
    }
    for (setting, _) in settings() {
        assert!(page.contains(&format!("\n| `{setting}` |")), "no setting {setting}");
    }
}

#[test]
fn every_field_on_the_page_is_one() {
    // An object: a field takes it or says that it is of the wrong type; what is no field does not exist.
    let requests: Vec<_> = Operation::ALL
        .into_iter()
        .flat_map(|operation| fields(operation).into_iter().map(move |field| json!({"mod":operation.name(),field:{}})))
        .collect();
    assert!(requests.len() > 100, "only {} fields", requests.len());
    for (request, reply) in requests.iter().zip(World::new().execute_all(&requests)) {
        let unknown = reply["error"][0]["code"] == 1006 && msg(&reply).contains("não existe");
        assert!(!unknown, "{request}: {reply}");
    }
}
