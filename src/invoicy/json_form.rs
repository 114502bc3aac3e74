//! The JSON form of an XML: an object with the names of the elements, in the order in which they are to be written.
//!
//! A list is an element repeated, `null` one left out, a number is written as it stands. The order is the caller's, so the
//! text itself is read: a `serde_json::Value` would sort the names.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::contract::{Code, ErrorEntry, bad_field};
use crate::document::{MOST_LEVELS, forbidden_character};

/// The XML of the elements in the object `json`; `place` is its name for errors. 1006 names what cannot be written.
pub fn to_xml(json: &RawValue, place: &str) -> Result<String, ErrorEntry> {
    let mut xml = String::with_capacity(json.get().len() * 2);
    write_object(&mut xml, json, place, 0)?;
    Ok(xml)
}

/// The names in the object `json`, in its order.
pub fn names(json: &RawValue) -> Vec<String> {
    serde_json::from_str::<Ordered>(json.get())
        .map_or_else(|_| Vec::new(), |object| object.0.into_iter().map(|(name, _)| name.into_owned()).collect())
}

/// The members of an object in their order.
struct Ordered<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Ordered<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Ordered<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut ordered = Vec::new();
        while let Some(member) = members.next_entry()? {
            ordered.push(member);
        }
        Ok(Ordered(ordered))
    }
}

fn write_object(xml: &mut String, json: &RawValue, place: &str, depth: usize) -> Result<(), ErrorEntry> {
    if depth > MOST_LEVELS {
        return Err(bad(place, "tem elementos demais um dentro do outro"));
    }
    let Ordered(members) = serde_json::from_str(json.get()).map_err(|_| bad(place, "deve ser um objeto"))?;
    for (index, (name, value)) in members.iter().enumerate() {
        let place = format!("{place}.{name}");
        if !is_name(name) {
            return Err(bad(&place, "não pode ser o nome de um elemento de XML"));
        }
        if members[..index].iter().any(|(other, _)| other == name) {
            return Err(bad(&place, "está repetido: escreva os valores em uma lista"));
        }
        match value.get().as_bytes().first() {
            Some(b'[') => {
                let values: Vec<&RawValue> =
                    serde_json::from_str(value.get()).map_err(|_| bad(&place, "não é uma lista"))?;
                for value in values {
                    write_element(xml, name, value, &place, depth)?;
                }
            }
            _ => write_element(xml, name, value, &place, depth)?,
        }
    }
    Ok(())
}

fn write_element(xml: &mut String, name: &str, value: &RawValue, place: &str, depth: usize) -> Result<(), ErrorEntry> {
    let text = match value.get().as_bytes().first() {
        Some(b'n') => return Ok(()),
        Some(b'{') => {
            begin(xml, name);
            write_object(xml, value, place, depth + 1)?;
            end(xml, name);
            return Ok(());
        }
        Some(b'"') => serde_json::from_str(value.get()).map_err(|_| bad(place, "não é um texto"))?,
        Some(b'-' | b'0'..=b'9') => Cow::Borrowed(value.get()),
        _ => return Err(bad(place, "deve ser texto, número, objeto ou lista destes")),
    };
    if forbidden_character(&text).is_some() {
        return Err(bad(place, "tem um caractere que XML não pode ter"));
    }
    begin(xml, name);
    write_text(xml, &text);
    end(xml, name);
    Ok(())
}

fn begin(xml: &mut String, name: &str) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
}

fn end(xml: &mut String, name: &str) {
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

/// `text` as text of an XML. White space alone is written as references: linearising would take it away.
pub fn write_text(xml: &mut String, text: &str) {
    let blank = text.chars().all(char::is_whitespace);
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            ' ' | '\t' | '\n' if blank => xml.push_str(&format!("&#{};", u32::from(character))),
            '\r' => xml.push_str("&#13;"),
            _ => xml.push(character),
        }
    }
}

/// The names that elements of this service have: ASCII.
fn is_name(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

fn bad(place: &str, what: &str) -> ErrorEntry {
    bad_field(Code::BadField, place, what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::super::tree::Element;
    use super::super::xml::Linear;
    use super::to_xml;

    fn xml(json: &str) -> Result<String, (i32, String)> {
        let json = RawValue::from_string(json.to_owned()).unwrap();
        to_xml(&json, "documentos").map_err(|error| (error.code(), error.text().to_owned()))
    }

    #[test]
    fn order_numbers_lists_and_text_are_the_callers() {
        for (json, expected) in [
            (r#"{"Z":"1","A":"2","M":{"b":1,"a":2}}"#, "<Z>1</Z><A>2</A><M><b>1</b><a>2</a></M>"),
            (
                r#"{"v":1.50,"n":12345678901234567890123,"e":1e3,"m":-0.10}"#,
                "<v>1.50</v><n>12345678901234567890123</n><e>1e3</e><m>-0.10</m>",
            ),
            (
                r#"{"Item":[{"a":1},{"a":2}],"x":null,"y":"","l":[]}"#,
                "<Item><a>1</a></Item><Item><a>2</a></Item><y></y>",
            ),
            (r#"{"t":"a & b < c > \"d\" ç 😀 ]]>"}"#, "<t>a &amp; b &lt; c &gt; \"d\" ç 😀 ]]&gt;</t>"),
            (r#"{"t":" ","u":"a\r\nb"}"#, "<t>&#32;</t><u>a&#13;\nb</u>"),
            ("{}", ""),
        ] {
            assert_eq!(xml(json).as_deref(), Ok(expected), "{json}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        for (json, name) in [
            (r#"{"a":{"b":true}}"#, "documentos.a.b"),
            (r#"{"a b":"x"}"#, "documentos.a b"),
            (r#"{"1a":"x"}"#, "documentos.1a"),
            (r#"{"":"x"}"#, "documentos."),
            (r#"{"a":1,"b":2,"a":3}"#, "documentos.a"),
            (r#"{"a":[[1]]}"#, "documentos.a"),
            (r#"{"a":"\u0000"}"#, "documentos.a"),
            ("[1]", "documentos"),
        ] {
            let (code, msg) = xml(json).unwrap_err();
            assert!(code == 1006 && msg.contains(&format!("\"{name}\"")), "{json}: {msg}");
        }
    }

    proptest! {
        /// Any text comes back from the XML as it was, linearised or not.
        #[test]
        fn any_text_comes_back(text in "[\t\r\n -\u{D7FF}\u{E000}-\u{FFFD}]{0,30}") {
            let json = serde_json::json!({ "a": { "b": text } }).to_string();
            let linear = Linear::read(&xml(&json).unwrap()).unwrap();
            let roots = Element::read_all(&linear.text).unwrap();
            prop_assert_eq!(&roots[0].find("b").unwrap().text, &text);
        }
    }
}
