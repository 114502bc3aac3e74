//! `docs/exemplos/contrato.jsonc`: the calls that `docs/contrato.md` shows, from which `cargo xtask codegen` copies them.
//!
//! The page names them: `<!-- exemplo: docs/exemplos/contrato.jsonc CALL PART -->`, where the part is `pedido`, `resposta` or
//! `eventos`.

use std::fs;
use std::path::Path;

use averbador::dispatch::Operation;
use averbador::settings::{LogSettings, Settings};
use serde_json::Value;
use simulator::{DEFAULT_TOKEN, InvoicyConfig};

use super::{Call, Json, calls, is_to_be_written};

const PAGE: &str = "docs/contrato.md";
const EXAMPLES: &str = "docs/exemplos/contrato.jsonc";

#[test]
fn the_page_shows_what_the_library_replies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join(PAGE)).expect("the page can be read");
    let examples = examples(&page);
    let path = root.join(EXAMPLES);
    if is_to_be_written() {
        fs::write(&path, &examples).expect("the examples can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let differs = found.lines().zip(examples.lines()).find(|(found, now)| found != now);
    assert!(found == examples, "{EXAMPLES} is not what the library replies; run `cargo xtask contract`: {differs:#?}");
}

#[test]
fn the_page_has_every_message_and_every_setting() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).expect("the page can be read");
    for operation in Operation::ALL {
        let heading = format!("## {}", operation.name());
        assert!(page.lines().any(|line| line == heading), "no {heading} in {PAGE}");
    }
    let settings = Settings { log: Some(LogSettings::default()), ..Settings::default() };
    for setting in names(&serde_json::to_value(settings).expect("settings are plain data")) {
        assert!(page.contains(&format!("\n| `{setting}` |")), "no setting {setting} in {PAGE}");
    }
}

/// The names of the settings, those in an object behind its own: `porto.url`.
fn names(settings: &Value) -> Vec<String> {
    let Some(settings) = settings.as_object() else { return Vec::new() };
    let named = |(name, value): (&String, &Value)| match names(value) {
        inner if inner.is_empty() => vec![name.clone()],
        inner => inner.iter().map(|inner| format!("{name}.{inner}")).collect(),
    };
    settings.iter().flat_map(named).collect()
}

#[test]
fn the_page_shows_no_secret() {
    let InvoicyConfig { access_key, partner_key, .. } = InvoicyConfig::default();
    for call in calls() {
        let shown = ["pedido", "resposta", "eventos"].map(|part| part_of(call, part)).concat();
        for secret in [DEFAULT_TOKEN, &access_key, &partner_key] {
            assert!(!shown.contains(secret), "{}: {shown}", call.name);
        }
    }
}

/// All that `page` shows, in its order.
fn examples(page: &str) -> String {
    let beginning = format!("<!-- exemplo: {EXAMPLES} ");
    let shown = page.lines().filter_map(|line| line.strip_prefix(&beginning)?.strip_suffix(" -->"));
    let example = |shown: &str| {
        let (name, part) = shown.split_once(' ').unwrap_or_else(|| panic!("{shown}: which part?"));
        let call = calls().iter().find(|call| call.name == name).unwrap_or_else(|| panic!("no call is named {name}"));
        format!("\n// guia: {shown}\n{}\n// guia: fim\n", part_of(call, part))
    };
    let examples: String = shown.map(example).collect();
    format!("// Escrito por `cargo xtask contract`, do que a biblioteca responde ao simulador.\n{examples}")
}

fn part_of(call: &Call, part: &str) -> String {
    match part {
        "pedido" => call.request.laid_out(),
        "resposta" => call.reply.laid_out(),
        "eventos" => call.events.iter().map(Json::to_string).collect::<Vec<_>>().join("\n"),
        _ => panic!("{part} is no part of a call"),
    }
}
