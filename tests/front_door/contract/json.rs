//! JSON whose objects keep the order of their keys, as the library writes them.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Where a line of the page ends.
const WIDTH: usize = 110;

/// Of a longer list, only so many entries are laid out.
const LONGEST_LIST: usize = 8;

/// A JSON value.
#[derive(Clone)]
pub enum Json {
    /// Text, a number, true, false or null.
    Leaf(Value),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Json {
    /// Reads `text`, which must be JSON.
    pub fn parse(text: &str) -> Self {
        let read = |text: &str| -> serde_json::Result<Self> {
            Ok(match text.trim_start().as_bytes().first() {
                Some(b'{') => Self::Object(entries(text)?),
                Some(b'[') => Self::List(
                    serde_json::from_str::<Vec<&RawValue>>(text)?.iter().map(|it| Self::parse(it.get())).collect(),
                ),
                _ => Self::Leaf(serde_json::from_str(text)?),
            })
        };
        read(text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The value of `key`, in an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(entries) = self else { return None };
        entries.iter().find_map(|(name, value)| (name == key).then_some(value))
    }

    /// The same, with every leaf as `to` makes it, which is told the key that it stands under.
    pub fn with_leaves(self, to: &impl Fn(&str, Value) -> Value) -> Self {
        self.under("", to)
    }

    /// The same for a value of `key`, or for an entry of its list.
    fn under(self, key: &str, to: &impl Fn(&str, Value) -> Value) -> Self {
        match self {
            Self::Leaf(value) => Self::Leaf(to(key, value)),
            Self::List(entries) => Self::List(entries.into_iter().map(|entry| entry.under(key, to)).collect()),
            Self::Object(entries) => {
                let entry = |(key, value): (String, Self)| {
                    let value = value.under(&key, to);
                    (key, value)
                };
                Self::Object(entries.into_iter().map(entry).collect())
            }
        }
    }

    /// Laid out for a reader: on one line where it fits. What is left out of a long list stands there as a comment.
    pub fn laid_out(&self) -> String {
        self.indented(0, 0)
    }

    /// The same, with its lines but the first this far to the right, and so much before it on its own line.
    fn indented(&self, indent: usize, before: usize) -> String {
        let line = self.to_string();
        let is_long = matches!(self, Self::List(entries) if entries.len() > LONGEST_LIST);
        if !is_long && indent + before + line.chars().count() <= WIDTH {
            return line;
        }
        let inner = indent + 2;
        let (brackets, parts, left_out) = match self {
            Self::Leaf(_) => return line,
            Self::List(entries) => {
                let shown = entries.iter().take(LONGEST_LIST).map(|entry| entry.indented(inner, 1));
                ("[]", shown.collect::<Vec<_>>(), entries.len().saturating_sub(LONGEST_LIST))
            }
            Self::Object(entries) => {
                let entry = |(key, value): &(String, Self)| {
                    let key = Value::from(key.as_str());
                    format!("{key}: {}", value.indented(inner, key.to_string().len() + 3))
                };
                ("{}", entries.iter().map(entry).collect(), 0)
            }
        };
        let (margin, end) = (" ".repeat(inner), " ".repeat(indent));
        let more = if left_out == 0 { String::new() } else { format!(",\n{margin}// … mais {left_out}") };
        let (open, close) = brackets.split_at(1);
        format!("{open}\n{margin}{}{more}\n{end}{close}", parts.join(&format!(",\n{margin}")))
    }
}

/// On one line, as the library writes it.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf(value) => write!(f, "{value}"),
            Self::List(entries) => {
                let entries: Vec<_> = entries.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", entries.join(","))
            }
            Self::Object(entries) => {
                let entry = |(key, value): &(String, Self)| format!("{}:{value}", Value::from(key.as_str()));
                write!(f, "{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// The entries of the object that `text` is.
fn entries(text: &str) -> serde_json::Result<Vec<(String, Json)>> {
    struct InOrder;
    impl<'de> Visitor<'de> for InOrder {
        type Value = Vec<(String, Json)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                entries.push((key, Json::parse(value.get())));
            }
            Ok(entries)
        }
    }
    serde_json::Deserializer::from_str(text).deserialize_map(InOrder)
}

#[test]
fn json_keeps_its_order_and_is_broken_where_it_is_long() {
    let text = r#"{"b":1,"a":[true,null,{"z":"é\n","y":1.50}]}"#;
    assert_eq!(Json::parse(text).to_string(), text.replace("1.50", "1.5"));
    assert_eq!(Json::parse(text).laid_out(), text.replace("1.50", "1.5"));
    let long = format!(r#"{{"b":"{}","a":[1,2]}}"#, "x".repeat(WIDTH));
    assert_eq!(Json::parse(&long).laid_out(), format!("{{\n  \"b\": \"{}\",\n  \"a\": [1,2]\n}}", "x".repeat(WIDTH)));
    let list = Json::parse("[1,2,3,4,5,6,7,8,9,10]").laid_out();
    assert!(list.starts_with("[\n  1,\n  2,") && list.ends_with("  8,\n  // … mais 2\n]"), "{list}");
}
