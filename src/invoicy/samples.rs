//! What the property tests of this room are fed.

use proptest::prelude::*;

/// Any XML element, with white space, references, CDATA and comments wherever they may be.
pub fn element() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        "[ \t\r\n]{0,3}",
        "[a-zA-Z0-9 \t\r\n.,\"']{0,12}",
        "[àáãçéíóõúÀ-ÿ–€😀中]{0,4}",
        prop::sample::select(vec!["&amp;", "&lt;", "&gt;", "&#231;", "&#xE7;", "&amp;amp;", "&amp;lt;", "]]&gt;", ">"])
            .prop_map(str::to_owned),
        "[a-z<>& ç]{0,8}".prop_map(|inside| format!("<![CDATA[{inside}]]>")),
        "[a-z ç]{0,8}".prop_map(|inside| format!("<!--{inside}-->")),
    ];
    let leaf = ("[a-zA-Z_][a-zA-Z0-9_.]{0,6}", "[a-z ç&&[^<&\"]]{0,5}", prop::collection::vec(text.clone(), 0..4))
        .prop_map(|(name, value, texts)| format!("<{name} x=\"{value}\">{}</{name}>", texts.concat()));
    leaf.prop_recursive(3, 24, 5, move |inner| {
        let part = prop_oneof![inner, text.clone()];
        ("[a-zA-Z_][a-zA-Z0-9_]{0,6}", prop::collection::vec(part, 0..5))
            .prop_map(|(name, parts)| format!("<{name}>{}</{name}>", parts.concat()))
    })
}
