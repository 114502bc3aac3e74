//! The fields of an MDF-e: what a value may be, and how it is written when it is sent.
//!
//! Sources: the seed document "Webmania, emissão de MDF-e" for names, types and sizes; the schema of MDF-e 3.00 for formats.
//! A value is taken as ERPs write it (a number for a text, a CNPJ with its mask, a code without its leading zero) and
//! brought into the form that the seed asks for.

use serde::Serialize;
use serde_json::Value;

use super::check::{Check, missing, wrong};
use super::format::Format;
use crate::contract::{Code, ErrorEntry, bad_field};

/// A value that the seed calls a string. Numbers are taken too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(pub String);

impl Text {
    /// It.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromJson for Text {
    fn from_json(json: Value, place: &str) -> Result<Self, ErrorEntry> {
        match json {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            _ => Err(mistyped(place, "text or a number")),
        }
    }
}

/// A value that the seed calls a number: a code of one digit. Texts are taken too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Number(pub u8);

impl FromJson for Number {
    fn from_json(json: Value, place: &str) -> Result<Self, ErrorEntry> {
        let Text(text) = Text::from_json(json, place)?;
        // What fits nowhere is refused by the list of codes, which names those that there are.
        Ok(Self(text.trim().parse().unwrap_or(u8::MAX)))
    }
}

impl FromJson for bool {
    fn from_json(json: Value, place: &str) -> Result<Self, ErrorEntry> {
        json.as_bool().ok_or_else(|| mistyped(place, "true or false"))
    }
}

impl FromJson for Value {
    fn from_json(json: Value, _place: &str) -> Result<Self, ErrorEntry> {
        Ok(json)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(json: Value, place: &str) -> Result<Self, ErrorEntry> {
        let Value::Array(list) = json else { return Err(mistyped(place, "a list")) };
        let mut read = Self::with_capacity(list.len());
        for (at, entry) in list.into_iter().enumerate() {
            read.push(T::from_json(entry, &format!("{place}[{at}]"))?);
        }
        Ok(read)
    }
}

/// Reads itself out of a request. (By hand: serde's code for thirty tables, each behind the readers that find unknown and
/// mistyped fields, would make the library a fifth larger.)
pub trait FromJson: Sized {
    /// Reads `json`, which stands at `place`. 1006 names the field that does not exist, or has a value of the wrong type.
    fn from_json(json: Value, place: &str) -> Result<Self, ErrorEntry>;
}

/// A field of an object: its name, its value, its place.
type Field<'a> = dyn FnMut(&str, Value, &str) -> Result<(), ErrorEntry> + 'a;

/// Has `read` take each field of `json`, an object that stands at `place`. (The loop is here once, not once in every table.)
pub fn for_each_field(json: Value, place: &str, read: &mut Field) -> Result<(), ErrorEntry> {
    let Value::Object(fields) = json else { return Err(mistyped(place, "an object")) };
    // A field that is null is one left out.
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
        read(&name, value, &format!("{place}.{name}"))?;
    }
    Ok(())
}

/// 1006: another type was expected.
fn mistyped(place: &str, expected: &str) -> ErrorEntry {
    bad_field(Code::BadField, place, "tem valor de tipo errado").detail(format!("expected {expected}"))
}

/// 1006: there is no such field.
pub fn unknown(place: &str) -> ErrorEntry {
    bad_field(Code::BadField, place, "não existe")
}

/// An object of the document.
pub trait Table {
    /// Checks its fields, and brings their values into the form in which they are sent.
    fn check(&mut self, check: &mut Check);
}

/// What a value of type `T` may be.
pub trait Rule<T> {
    /// Checks `value`, and brings it into the form in which it is sent.
    fn apply(&self, value: &mut T, check: &mut Check);

    /// Whether the field must be filled.
    fn is_required(&self) -> bool {
        false
    }

    /// Whether `value` says nothing: an empty text is a field left out.
    fn is_empty(&self, _value: &T) -> bool {
        false
    }
}

/// The field must be filled.
pub struct Required<R>(pub R);

impl<T, R: Rule<T>> Rule<T> for Required<R> {
    fn apply(&self, value: &mut T, check: &mut Check) {
        self.0.apply(value, check);
    }

    fn is_required(&self) -> bool {
        true
    }

    fn is_empty(&self, value: &T) -> bool {
        self.0.is_empty(value)
    }
}

/// Whatever it is.
pub struct Any;

impl<T> Rule<T> for Any {
    fn apply(&self, _value: &mut T, _check: &mut Check) {}
}

/// An object with its own fields.
pub struct Inner;

impl<T: Table> Rule<T> for Inner {
    fn apply(&self, value: &mut T, check: &mut Check) {
        value.check(check);
    }
}

impl Rule<Text> for Format {
    fn apply(&self, value: &mut Text, check: &mut Check) {
        match self.normal(value.as_str().trim()) {
            Ok(normal) => value.0 = normal,
            Err(what) => check.add(wrong(self.rejection(value.as_str()), &what)),
        }
    }

    fn is_empty(&self, value: &Text) -> bool {
        value.as_str().trim().is_empty()
    }
}

/// One of these codes, each with what it stands for (Portuguese).
pub struct Codes(pub &'static [(u8, &'static str)]);

impl Rule<Number> for Codes {
    fn apply(&self, value: &mut Number, check: &mut Check) {
        if self.0.iter().all(|(code, _)| *code != value.0) {
            let known: Vec<_> = self.0.iter().map(|(code, meaning)| format!("{code} ({meaning})")).collect();
            check.add(wrong(215, &format!("deve ser {}", known.join(", "))));
        }
    }
}

/// A list of so many entries, each as `each` says.
pub struct List<R> {
    /// At least so many.
    pub least: usize,
    /// At most so many.
    pub most: usize,
    /// What each may be.
    pub each: R,
}

impl<T, R: Rule<T>> Rule<Vec<T>> for List<R> {
    fn apply(&self, value: &mut Vec<T>, check: &mut Check) {
        if !(self.least..=self.most).contains(&value.len()) {
            let what = format!("deve ter de {} a {} itens e tem {}", self.least, self.most, value.len());
            check.add(wrong(215, &what));
        }
        for (place, entry) in value.iter_mut().enumerate() {
            check.at(place, |check| {
                if self.each.is_empty(entry) {
                    check.add(missing());
                } else {
                    self.each.apply(entry, check);
                }
            });
        }
    }
}
