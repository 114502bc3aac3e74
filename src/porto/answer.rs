//! The answers of conn.php and Protocolo.php, in every shape that they have been seen in.
//!
//! Clients, samples and manual disagree on the types: `prot` a text or a list, `error` an object, a list or a text, its
//! `code` a number, a text or absent, `S` an object of counts or a list of them. All are taken; anything else is left to
//! the caller to refuse (4003).

use serde_json::{Map, Value};

use crate::contract::{Code, Counts, Documento, ErrorEntry, Origin, Secret};
use crate::redact::mask;

/// So many values an answer may have, a hundred times what the service says at most: each may take 700 bytes of memory, and
/// in a 32-bit program a million of them would take it all.
const MOST_VALUES: usize = 200_000;

/// One answer: a JSON object.
pub struct Answer(Map<String, Value>);

/// A key and its protocol, as the consulta gives them.
pub struct Pair {
    /// Access key.
    pub chave: String,
    /// Protocol of the endorsement.
    pub protocolo: String,
}

impl Answer {
    /// Reads `text`; gives it back if it is no answer of the service's. What its errors say is kept without `secrets`.
    pub fn read(text: &str, secrets: &[&Secret]) -> Result<Self, String> {
        const KNOWN: [&str; 5] = ["success", "S", "error", "logout", "dump"];
        let values = text.bytes().filter(|byte| matches!(byte, b'{' | b'[' | b',')).count();
        if values > MOST_VALUES {
            return Err(text.to_owned());
        }
        match serde_json::from_str(text) {
            Ok(Value::Object(mut answer)) if KNOWN.iter().any(|key| answer.contains_key(*key)) => {
                answer.get_mut("error").into_iter().for_each(|error| mask_texts(error, secrets));
                Ok(Self(answer))
            }
            _ => Err(text.to_owned()),
        }
    }

    /// Why the request as a whole was refused; `logged_out` is what `logout` means in this request.
    pub fn refusal(&self, logged_out: Code) -> Option<ErrorEntry> {
        let errors = self.errors();
        let first = errors.first();
        let code = if self.flag("logout") {
            logged_out
        } else if self.0.contains_key("captcha_url") || first.is_some_and(|error| is_number(&error.code, 2)) {
            Code::Captcha
        } else if first.is_some_and(|error| is_number(&error.code, 1) || error.msg.contains("No login")) {
            logged_out
        } else if self.0.contains_key("success") && !self.flag("success") {
            Code::ServiceError
        } else {
            return None;
        };
        let entry = ErrorEntry::new(code);
        Some(match first {
            Some(origin) => entry.origin(origin.clone()),
            None => entry,
        })
    }

    /// Whether the account data of a login is there.
    pub fn has_account(&self) -> bool {
        self.0.get("C").is_some_and(Value::is_object)
    }

    /// The service's own errors, in its words.
    pub fn errors(&self) -> Vec<Origin> {
        match self.0.get("error") {
            Some(Value::Array(list)) => list.iter().filter_map(origin).collect(),
            Some(error) => origin(error).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The counts of an upload; `None` if there are none.
    pub fn counts(&self) -> Option<Counts> {
        let objects: Vec<&Map<String, Value>> = match self.0.get("S")? {
            Value::Object(object) => vec![object],
            Value::Array(list) => list.iter().filter_map(Value::as_object).collect(),
            _ => return None,
        };
        let known = objects.iter().any(|object| ["P", "D", "R", "N"].iter().any(|key| object.contains_key(*key)));
        let numbers = |key| objects.iter().filter_map(move |object| number(object.get(key)?));
        let count = |key| numbers(key).fold(0, u64::saturating_add);
        known.then(|| Counts { P: count("P"), D: count("D"), R: count("R"), N: count("N") })
    }

    /// The protocols of an upload: one text, a list, or none.
    pub fn protocols(&self) -> Vec<String> {
        match self.0.get("prot") {
            Some(Value::Array(list)) => list.iter().filter_map(text).collect(),
            Some(one) => text(one).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The pairs of a consulta; `None` if there is no list. An empty one says that nothing asked for is endorsed.
    pub fn pairs(&self) -> Option<Vec<Pair>> {
        match self.0.get("S")? {
            Value::Array(list) => Some(list.iter().filter_map(pair).collect()),
            one @ Value::Object(_) => Some(pair(one).into_iter().collect()),
            Value::Null => Some(Vec::new()),
            _ => None,
        }
    }

    /// The documents of a listing and how many there are in all; `None` if there is no list.
    pub fn documents(&self) -> Option<(Vec<Documento>, usize)> {
        let list = self.0.get("S")?.as_array()?;
        let documents: Vec<Documento> = list.iter().map(documento).collect();
        let total = self.0.get("T").and_then(number).and_then(|total| total.try_into().ok());
        Some((documents, total.unwrap_or(list.len())))
    }

    /// What the service received, with `secrets` and every session masked: it echoes them.
    pub fn dump(&self, secrets: &[&Secret]) -> Option<Value> {
        let dump = self.0.get("dump")?;
        let masked = mask(&dump.to_string(), secrets);
        Some(serde_json::from_str(&masked).unwrap_or(Value::String(masked)))
    }

    /// Whether what the service received, as far as it tells, has `text` in it.
    pub fn dump_holds(&self, text: &str) -> bool {
        self.0.get("dump").is_some_and(|dump| dump.to_string().contains(text))
    }

    fn flag(&self, key: &str) -> bool {
        match self.0.get(key) {
            Some(Value::Bool(flag)) => *flag,
            Some(value) => number(value).is_some_and(|number| number != 0),
            None => false,
        }
    }
}

fn documento(value: &Value) -> Documento {
    let part = |key| value.get(key).and_then(text).unwrap_or_default();
    let flag = |key| value.get(key).and_then(number) == Some(1);
    Documento {
        chave: part("chave"),
        numero: part("numDoc"),
        serie: part("serie"),
        protocolo: part("protocolo"),
        averbado: flag("avb"),
        cancelado: flag("canc"),
        emissao: part("dtEmissao"),
        valor: part("valor"),
    }
}

fn pair(value: &Value) -> Option<Pair> {
    let part = |key| value.get(key).and_then(text);
    Some(Pair { chave: part("chave")?, protocolo: part("protocolo")? })
}

fn origin(error: &Value) -> Option<Origin> {
    let part = |key| error.get(key).and_then(text).unwrap_or_default();
    let origin = match error {
        Value::Object(_) => Origin { code: part("code"), msg: part("msg") },
        other => Origin { code: String::new(), msg: text(other)? },
    };
    (origin != Origin::default()).then_some(origin)
}

fn mask_texts(value: &mut Value, secrets: &[&Secret]) {
    match value {
        Value::String(text) => *text = mask(text, secrets),
        Value::Array(list) => list.iter_mut().for_each(|value| mask_texts(value, secrets)),
        Value::Object(object) => object.values_mut().for_each(|value| mask_texts(value, secrets)),
        _ => {}
    }
}

/// A text that is not empty, or a number as text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Codes come as 1, "1" and "01".
fn is_number(code: &str, number: u64) -> bool {
    code.parse() == Ok(number)
}

#[cfg(test)]
mod tests {
    use super::Answer;
    use crate::contract::Counts;

    #[test]
    fn counts_do_not_wrap_around() {
        let text = r#"{"S":[{"P":1,"R":18446744073709551615},{"R":1}]}"#;
        let counts = Answer::read(text, &[]).ok().and_then(|answer| answer.counts());
        assert_eq!(counts, Some(Counts { P: 1, D: 0, R: u64::MAX, N: 0 }));
    }

    #[test]
    fn an_answer_that_would_fill_the_memory_is_none() {
        let many = |count| format!(r#"{{"S":[{}]}}"#, vec![r#"{"a":0}"#; count].join(","));
        assert!(Answer::read(&many(90_000), &[]).is_ok());
        assert!(Answer::read(&many(110_000), &[]).is_err());
    }
}
