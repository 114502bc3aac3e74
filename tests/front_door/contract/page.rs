//! `docs/exemplos/contrato.jsonc`: the calls that `docs/contrato.md` shows, from which `cargo xtask codegen` copies them.
//!
//! The page names them: `<!-- exemplo: docs/exemplos/contrato.jsonc CALL PART -->`, where the part is `pedido`, `resposta` or
//! `eventos`.

use std::fs;
use std::path::Path;

use simulator::{DEFAULT_TOKEN, InvoicyConfig};

use super::{Call, Json, calls, is_to_be_written};

const PAGE: &str = "docs/contrato.md";
const EXAMPLES: &str = "docs/exemplos/contrato.jsonc";

#[test]
fn the_page_shows_what_the_library_replies() {
    let examples = examples(&page());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(EXAMPLES);
    if is_to_be_written() {
        fs::write(&path, &examples).expect("the examples can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let differs = found.lines().zip(examples.lines()).find(|(found, now)| found != now);
    assert!(found == examples, "{EXAMPLES} is not what the library replies; run `cargo xtask contract`: {differs:#?}");
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

/// The page as it is.
pub fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    fs::read_to_string(path).expect("the page can be read").replace("\r\n", "\n")
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
