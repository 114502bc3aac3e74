//! How JSON is laid out.

use serde::Serialize;

use crate::config::JsonShape;

/// A body as JSON text.
pub(crate) fn written(body: &impl Serialize, shape: JsonShape) -> String {
    match shape {
        JsonShape::Compact => compact(body),
        JsonShape::Bom => format!("\u{feff}{}", compact(body)),
        JsonShape::Spaced => serde_json::to_string_pretty(body).expect("a body is always JSON"),
    }
}

/// As PHP's `json_encode` does without options: `/` escaped, and all beyond ASCII.
fn compact(body: &impl Serialize) -> String {
    let plain = serde_json::to_string(body).expect("a body is always JSON");
    let mut escaped = String::with_capacity(plain.len());
    for character in plain.chars() {
        match character {
            '/' => escaped.push_str("\\/"),
            ' '..='~' => escaped.push(character),
            _ => escaped.extend(character.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    escaped
}
