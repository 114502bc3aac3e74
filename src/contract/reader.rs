//! Reads a request, as JSON, into its struct, and says which field is wrong.
//!
//! serde's derived code is made anew for every kind of source that a struct is read from. There is one, [`Json`], which knows
//! by itself what is unknown or mistyped: with `serde_ignored` and `serde_path_to_error` around `Value` the same structs took
//! 250 KB more.

use std::{fmt, slice};

use serde::de::value::{MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, SeqAccess, Unexpected, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use serde_json::{Map, Value};

use super::requests::bad_field;
use super::{Code, ErrorEntry};

/// Reads `value` as a `T`. An unknown or mistyped field is refused by name, with `code`.
pub fn read<T: DeserializeOwned>(value: Value, code: Code) -> Result<T, ErrorEntry> {
    T::deserialize(Json(value)).map_err(|wrong| wrong.entry(code))
}

/// A field that is wrong.
#[derive(Debug)]
struct Wrong {
    /// Its name, with those of the objects that it is in: `porto.url`.
    place: String,
    /// What was expected; `None` if there is no such field.
    expected: Option<String>,
}

impl Wrong {
    /// The same, seen from outside the object `name`.
    fn within(mut self, name: &str) -> Self {
        let dot = if self.place.is_empty() { "" } else { "." };
        self.place = format!("{name}{dot}{}", self.place);
        self
    }

    fn entry(self, code: Code) -> ErrorEntry {
        match self.expected {
            None => bad_field(code, &self.place, "não existe").repeat(false),
            Some(expected) => {
                bad_field(code, &self.place, "tem valor de tipo errado").detail(format!("expected {expected}"))
            }
        }
    }
}

impl de::Error for Wrong {
    /// Of serde's text only what was expected: the part before quotes the value, which may be a password.
    fn custom<T: fmt::Display>(text: T) -> Self {
        let text = text.to_string();
        let expected = text.rsplit_once("expected ").map_or("another type", |(_, expected)| expected);
        Self { place: String::new(), expected: Some(expected.to_owned()) }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl std::error::Error for Wrong {}

/// A value of a request.
struct Json(Value);

/// That a value is of another type than `expected`.
fn mistyped(expected: &dyn de::Expected) -> Wrong {
    de::Error::invalid_type(Unexpected::Other("value"), expected)
}

impl<'de> Deserializer<'de> for Json {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (_, Some(number)) => visitor.visit_i64(number),
                _ => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(list) => visitor.visit_seq(SeqDeserializer::new(list.into_iter().map(Json))),
            Value::Object(object) => {
                visitor.visit_map(MapDeserializer::new(object.into_iter().map(|(name, value)| (name, Json(value)))))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let Value::Object(object) = self.0 else { return Err(mistyped(&visitor)) };
        let mut fields = Fields { object, names: names.iter() };
        let read = visitor.visit_seq(&mut fields)?;
        match fields.object.into_iter().next() {
            Some((place, _)) => Err(Wrong { place, expected: None }),
            None => Ok(read),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::String(variant) => visitor.visit_enum(StringDeserializer::new(variant)),
            _ => Err(mistyped(&"string or map")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

impl IntoDeserializer<'_, Wrong> for Json {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The fields of an object, one after the other as the struct has them. (As a map serde would also read them, with twice the
/// code: names to be compared, what comes twice, what is missing.)
struct Fields {
    object: Map<String, Value>,
    names: slice::Iter<'static, &'static str>,
}

impl<'de> SeqAccess<'de> for &mut Fields {
    type Error = Wrong;

    /// The next field; `None` if it is left out: serde takes the default of this one, and asks for the one after it.
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        let Some((name, value)) = self.names.next().and_then(|name| self.object.remove_entry(*name)) else {
            return Ok(None);
        };
        seed.deserialize(Json(value)).map(Some).map_err(|wrong| wrong.within(&name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;
    use crate::contract::{Code, MdfeEmite};

    #[test]
    fn what_is_wrong_is_named_with_what_it_is_in() {
        for (request, place, detail) in [
            (json!({"aguardar_s":"5"}), "aguardar_s", Some("expected u64")),
            (json!({"aguardar_s":-1}), "aguardar_s", Some("expected u64")),
            (json!({"token":null}), "token", Some("expected a string")),
            (json!({"averbar":[]}), "averbar", Some("expected struct Averba")),
            (json!({"averbar":{"user":5}}), "averbar.user", Some("expected a string")),
            (json!({"averbar":{"cte":["a",5]}}), "averbar.cte", Some("expected text or a list of texts")),
            (json!({"averbar":{"v":[]}}), "averbar.v", Some("expected text or a number")),
            (json!({"averbar":{"usr":"x"}}), "averbar.usr", None),
            (json!({"averbações":[]}), "averbações", None),
            // What is of a wrong type is told before what is unknown.
            (json!({"averbacoes":5,"a":1}), "averbacoes", Some("expected a sequence")),
        ] {
            let error = read::<MdfeEmite>(request.clone(), Code::BadField).unwrap_err();
            assert!(error.text().contains(&format!("\"{place}\"")), "{request}: {}", error.text());
            assert_eq!(json!(error)["detalhe"].as_str(), detail, "{request}");
        }
    }
}
