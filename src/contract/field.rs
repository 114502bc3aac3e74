//! One value out of a JSON text by its pointer (RFC 6901), for callers without a JSON library.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::value::RawValue;

/// The value at `pointer` as text: a string without its quotes and escapes, anything else as it stands in `json`.
/// `None` if `json` is no JSON, `pointer` no pointer, or there is no such value or it is `null`.
#[must_use]
pub fn field(json: &str, pointer: &str) -> Option<String> {
    let mut value: &RawValue = serde_json::from_str(json).ok()?;
    if !pointer.is_empty() {
        for token in pointer.strip_prefix('/')?.split('/') {
            value = child(value, &unescape(token)?)?;
        }
    }
    text(value)
}

/// The value of a member of the object `json` as it is written.
pub(super) fn raw<'a>(json: &'a str, name: &str) -> Option<&'a RawValue> {
    child(serde_json::from_str(json.trim_start_matches('\u{FEFF}')).ok()?, name)
}

fn child<'a>(value: &'a RawValue, token: &str) -> Option<&'a RawValue> {
    match value.get().as_bytes().first()? {
        b'{' => {
            let mut object: HashMap<Cow<'a, str>, &'a RawValue> = serde_json::from_str(value.get()).ok()?;
            object.remove(token)
        }
        b'[' => {
            let array: Vec<&'a RawValue> = serde_json::from_str(value.get()).ok()?;
            array.get(index(token)?).copied()
        }
        _ => None,
    }
}

fn text(value: &RawValue) -> Option<String> {
    match value.get() {
        "null" => None,
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        text => Some(text.to_owned()),
    }
}

/// RFC 6901, section 4: digits without a leading zero.
fn index(token: &str) -> Option<usize> {
    let plain = token.bytes().all(|byte| byte.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if plain { token.parse().ok() } else { None }
}

/// RFC 6901, section 3: `~1` is `/`, `~0` is `~`, any other `~` is an error.
fn unescape(token: &str) -> Option<String> {
    let mut parts = token.split('~');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (escaped, rest) = match part.as_bytes().first()? {
            b'0' => ('~', &part[1..]),
            b'1' => ('/', &part[1..]),
            _ => return None,
        };
        name.push(escaped);
        name.push_str(rest);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::field;

    /// The example of RFC 6901, section 5, with the results as JSON text.
    #[test]
    fn examples_of_the_rfc() {
        let json = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        for (pointer, value) in [
            ("", json),
            ("/foo", r#"["bar","baz"]"#),
            ("/foo/0", "bar"),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            ("/i\\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            assert_eq!(field(json, pointer).as_deref(), Some(value), "{pointer}");
        }
    }

    #[test]
    fn absent_null_and_nonsense_are_none() {
        let json = r#"{"a":null,"b":[1,2],"c":"x"}"#;
        for pointer in ["/a", "/x", "/b/2", "/b/01", "/b/-", "/b/+1", "/b/", "/c/0", "b", "/~2", "/~"] {
            assert_eq!(field(json, pointer), None, "{pointer}");
        }
        assert_eq!(field("not json", ""), None);
        assert_eq!(field(r#"{"a":1} x"#, "/a"), None);
    }

    #[test]
    fn numbers_and_texts_come_as_they_are() {
        let json = r#"{"big":123456789012345678901234567890,"f":1.50,"s":"a\"\u00e7\n","b":true}"#;
        assert_eq!(field(json, "/big").as_deref(), Some("123456789012345678901234567890"));
        assert_eq!(field(json, "/f").as_deref(), Some("1.50"));
        assert_eq!(field(json, "/s").as_deref(), Some("a\"ç\n"));
        assert_eq!(field(json, "/b").as_deref(), Some("true"));
    }

    proptest! {
        #[test]
        fn never_panics(json in ".*", pointer in ".*") {
            let _ = field(&json, &pointer);
        }

        #[test]
        fn finds_what_serde_json_finds(key in "\\PC*", value in "\\PC*") {
            let json = serde_json::json!({ key.clone(): [value.clone()] }).to_string();
            let pointer = format!("/{}/0", key.replace('~', "~0").replace('/', "~1"));
            prop_assert_eq!(field(&json, &pointer), Some(value));
        }
    }
}
