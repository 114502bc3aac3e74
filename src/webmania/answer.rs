//! The answers of Webmania, in every shape that they have been seen in.
//!
//! `log` comes as a list, an object or a text (which may hold JSON), `motivo` as a text or a list. An error is any status
//! that is no success, or a success with `error`; its text is in `error`, else in `msg`.

use serde_json::{Map, Value};

use crate::contract::{Code, ErrorEntry, Manifesto, MdfeAberto, Origin, Secret};
use crate::redact::{excerpt, hide};

/// What Webmania said of an MDF-e.
pub struct Said {
    /// What is known of it.
    pub manifesto: Manifesto,
    /// Why what was asked was not done; none if it was.
    pub error: Option<ErrorEntry>,
    /// The one that Sefaz names, open or existing.
    pub named: Option<MdfeAberto>,
    /// The number of the rejection.
    pub rejection: Option<u16>,
}

/// Sefaz says no.
struct Rejection {
    code: Option<u16>,
    text: String,
}

impl Said {
    /// Reads an answer of HTTP status `status`; `doubt` is what to do where nobody knows whether the request took effect, of one that has an effect.
    /// 4003 if it is none of Webmania's.
    pub fn read(status: u16, text: &str, doubt: Option<&str>, secrets: &[&Secret]) -> Result<Self, ErrorEntry> {
        let text = hide(text, secrets);
        let Ok(Value::Object(object)) = serde_json::from_str(&text) else {
            return Err(not_understood(&text, doubt, secrets));
        };
        let manifesto = manifesto(&object);
        let error = flat(object.get("error"));
        // The page shows "Acesso restrito." alone in `msg`, and does not say under which status.
        let failed = !(200..300).contains(&status) || manifesto.situacao.is_empty();
        let error = if error.is_empty() && failed { flat(object.get("msg")) } else { error };
        let said = Self { manifesto, error: None, named: None, rejection: None };
        if !error.is_empty() || !(200..300).contains(&status) {
            return Ok(said.refused(status, &error, doubt));
        }
        match said.manifesto.situacao.as_str() {
            "aprovado" | "contingencia" | "encerrado" | "cancelado" => Ok(said),
            "processando" => Ok(Self { error: Some(ErrorEntry::new(Code::MdfeProcessing)), ..said }),
            "reprovado" => Ok(said.rejected()),
            _ => Err(not_understood(&text, doubt, secrets)),
        }
    }

    /// The answer is an error, of HTTP status `status`, in these words.
    fn refused(mut self, status: u16, error: &str, doubt: Option<&str>) -> Self {
        if let Some(code) = rejection_code(error) {
            return self.because(&Rejection { code: Some(code), text: error.to_owned() });
        }
        let code = match status {
            401 | 403 => Code::TokenRefused,
            _ if error.to_lowercase().contains("acesso restrito") => Code::TokenRefused,
            404 => Code::MdfeNotFound,
            429 => Code::TooMany,
            _ => Code::WebmaniaError,
        };
        let entry = match doubt {
            Some(advice) if status >= 500 => ErrorEntry::uncertain(code).msg(code.msg_advising(advice)),
            _ => ErrorEntry::new(code),
        };
        let entry = if error.is_empty() { entry } else { said_so(entry, error) };
        let origin = Origin { code: status.to_string(), msg: error.to_owned() };
        self.error = Some(entry.origin(origin));
        self
    }

    fn rejected(self) -> Self {
        let texts = [self.manifesto.motivo.clone(), log_text(&self.manifesto.log)];
        let code = texts.iter().find_map(|text| rejection_code(text)).or_else(|| log_code(&self.manifesto.log));
        let text = texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        self.because(&Rejection { code, text })
    }

    fn because(mut self, rejection: &Rejection) -> Self {
        let code = match rejection.code {
            Some(462 | 611 | 662 | 686) => Code::MdfeOpen,
            Some(204 | 218 | 539 | 609 | 631) => Code::MdfeDuplicate,
            Some(103 | 105) => Code::MdfeProcessing,
            Some(108 | 109) => Code::SefazUnavailable,
            _ => Code::MdfeRejected,
        };
        let everything = format!("{} {}", rejection.text, self.manifesto.log);
        self.named = named(&everything);
        self.rejection = rejection.code;
        let origin = Origin {
            code: rejection.code.map_or_else(String::new, |code| code.to_string()),
            msg: rejection.text.clone(),
        };
        self.error = Some(said_so(entry(code, rejection.code), &rejection.text).origin(origin));
        self
    }
}

/// What stands in the way of an event is no second MDF-e.
fn entry(code: Code, rejection: Option<u16>) -> ErrorEntry {
    let entry = ErrorEntry::new(code);
    match rejection {
        Some(218) => {
            entry.msg("O MDF-e já está cancelado. Nada mais se faz com ele: emita outro, se a viagem continua.")
        }
        Some(609) => entry.msg("O MDF-e já está encerrado. Não há mais o que cancelar ou mudar nele."),
        Some(631) => entry.msg("Este evento do MDF-e já foi registrado. Consulte a situação do MDF-e."),
        _ => entry,
    }
}

/// The entry with the service's own words in its text: they say what is to be corrected.
fn said_so(entry: ErrorEntry, words: &str) -> ErrorEntry {
    let words = excerpt(words, &[]);
    let msg = if words.is_empty() { entry.text().to_owned() } else { format!("{} Motivo: {words}", entry.text()) };
    entry.msg(msg)
}

/// 4003 with the beginning of what came instead.
fn not_understood(text: &str, doubt: Option<&str>, secrets: &[&Secret]) -> ErrorEntry {
    let entry = match doubt {
        Some(advice) => ErrorEntry::uncertain(Code::NotUnderstood).msg(Code::NotUnderstood.msg_advising(advice)),
        None => ErrorEntry::new(Code::NotUnderstood).repeat(true),
    };
    entry.detail(excerpt(text, secrets))
}

/// What an object says of an MDF-e.
pub fn manifesto(object: &Map<String, Value>) -> Manifesto {
    let text = |name| flat(object.get(name));
    let number = |name| text(name).parse().ok();
    Manifesto {
        uuid: text("uuid"),
        chave: text("chave"),
        serie: number("serie"),
        numero: number("numero"),
        situacao: text("status").to_lowercase(),
        motivo: text("motivo"),
        xml: text("xml"),
        damdfe: text("damdfe"),
        log: object.get("log").cloned().unwrap_or_default(),
    }
}

/// All texts and numbers in `value`, in their order, joined.
fn flat(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Array(list)) => joined(list.iter()),
        Some(Value::Object(object)) => joined(object.values()),
        Some(Value::Null | Value::Bool(_)) | None => String::new(),
    }
}

fn joined<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let texts = values.map(|value| flat(Some(value))).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join("; ")
}

/// The log as JSON, also where it is a text that holds JSON.
fn log_json(log: &Value) -> Value {
    match log {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| log.clone()),
        log => log.clone(),
    }
}

/// Sefaz's own words in the log: `xMotivo`, wherever it stands; else all that there is.
fn log_text(log: &Value) -> String {
    let log = log_json(log);
    find(&log, "xMotivo").unwrap_or_else(|| flat(Some(&log)))
}

/// Sefaz's own number in the log: `cStat`, wherever it stands.
fn log_code(log: &Value) -> Option<u16> {
    find(&log_json(log), "cStat")?.parse().ok().filter(|code| (200..1000).contains(code))
}

/// The last value of this name, however deep it stands: what encloses a lot says that the lot was processed.
fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(object) => {
            let inside = || object.values().rev().find_map(|value| find(value, name));
            let here =
                || object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| flat(Some(value)));
            inside().or_else(here)
        }
        Value::Array(list) => list.iter().rev().find_map(|value| find(value, name)),
        _ => None,
    }
}

/// The number of a rejection as the texts have it: "Rejeição 698: …", "Rejeicao: 698 - …", "698 - Rejeição: …".
fn rejection_code(text: &str) -> Option<u16> {
    let lower = text.to_lowercase();
    let place = lower.find("rejei")?;
    let behind = lower[place..]
        .trim_start_matches(|c: char| c.is_alphabetic())
        .trim_start_matches([' ', ':', '-', '#', '[', '(']);
    let before = lower[..place].trim_end_matches([' ', ':', '-', ']', ')']);
    let digits_before = before.len() - before.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    three_digits(behind).or_else(|| three_digits(&before[before.len() - digits_before..]))
}

/// The number with which `text` begins, if it has three digits.
fn three_digits(text: &str) -> Option<u16> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok().filter(|_| end == 3)
}

/// The MDF-e that Sefaz names. The manual writes `[chMDFe: 44 characters][nProt:15 digits]`; the authorizer itself
/// `[chMDFe Não Encerrada:…][NroProtocolo:…]`.
fn named(text: &str) -> Option<MdfeAberto> {
    let chave = marked(text, &["chMDFe"], 44)?;
    Some(MdfeAberto { chave, protocolo: marked(text, &["nProt", "NroProtocolo"], 15).unwrap_or_default() })
}

/// The first word of `length` letters and digits behind one of `marks`, which may stand right before it.
fn marked(text: &str, marks: &[&str], length: usize) -> Option<String> {
    let (mark, place) = marks.iter().find_map(|mark| Some((mark, text.find(mark)?)))?;
    let mut words = text[place + mark.len()..].split(|c: char| !c.is_ascii_alphanumeric());
    words.find(|word| word.len() == length).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Said, find, flat, log_code, log_text, named, rejection_code};

    const KEY: &str = "41261199990001000198580010000000011283746510";

    #[test]
    fn rejections_are_read_in_every_spelling() {
        for text in [
            "Rejeição 698: Seguro da carga é obrigatório",
            "Rejeicao: 698 - Seguro",
            "REJEIÇÃO (698) seguro",
            "698 - Rejeição: Seguro da carga",
            "[698] Rejeição: Seguro",
        ] {
            assert_eq!(rejection_code(text), Some(698), "{text}");
        }
        for text in ["Rejeição: Seguro da carga", "erro 698", "Rejeição 6981: x", "", "rejei"] {
            assert_eq!(rejection_code(text), None, "{text}");
        }
    }

    #[test]
    fn the_log_is_read_in_every_shape() {
        let lot = json!({"cStat":"104","xMotivo":"Arquivo processado","protMDFe":{"infProt":{"cStat":"698","xMotivo":"Rejeição: seguro"}}});
        for log in [lot.clone(), json!([lot.clone()]), Value::String(lot.to_string())] {
            assert_eq!((log_code(&log), log_text(&log).as_str()), (Some(698), "Rejeição: seguro"), "{log}");
        }
        assert_eq!(log_text(&json!("sem JSON")), "sem JSON");
        assert_eq!(log_code(&json!({"cStat":"100"})), None);
        assert_eq!(find(&json!([]), "cStat"), None);
    }

    #[test]
    fn the_open_mdfe_is_read_in_every_spelling() {
        for text in [
            format!("Rejeição: Existe MDF-e não encerrado [chMDFe: {KEY}][nProt:941260000000001]"),
            format!("Existe [chMDFe:{KEY}] [nProt: 941260000000001]"),
            format!("[chMDFe{KEY}][nProt941260000000001]"),
            format!("chMDFe: {KEY} nProt: 941260000000001"),
            format!("Rejeição: Existe MDF-e [chMDFe Não Encerrada:{KEY}][NroProtocolo:941260000000001]"),
        ] {
            let found = named(&text).unwrap();
            assert_eq!((found.chave.as_str(), found.protocolo.as_str()), (KEY, "941260000000001"), "{text}");
        }
        assert_eq!(named(&format!("[chMDFe: {KEY}]")).unwrap().protocolo, "");
        assert_eq!(named("[chMDFe: 123][nProt:1]"), None);
    }

    #[test]
    fn errors_are_errors_under_every_status() {
        let code = |status, text: &str, doubt| {
            let said = Said::read(status, text, doubt, &[]);
            let error = said.map_or_else(Some, |said| said.error);
            error.map(|error| (error.code(), error.is_uncertain()))
        };
        assert_eq!(code(200, r#"{"msg":"Acesso restrito."}"#, Some("?")), Some((6001, false)));
        assert_eq!(code(403, r#"{"msg":"Acesso restrito."}"#, Some("?")), Some((6001, false)));
        assert_eq!(code(200, r#"{"error":"Campo inválido","msg":"x"}"#, Some("?")), Some((6005, false)));
        assert_eq!(code(400, r#"{"error":["a","b"]}"#, Some("?")), Some((6005, false)));
        assert_eq!(code(500, r#"{"error":"Erro interno"}"#, Some("?")), Some((6005, true)));
        assert_eq!(code(500, r#"{"error":"Erro interno"}"#, None), Some((6005, false)));
        assert_eq!(code(404, "{}", None), Some((6009, false)));
        assert_eq!(code(200, "{}", Some("?")), Some((4003, true)));
        assert_eq!(code(200, r#"{"status":"novo"}"#, None), Some((4003, false)));
        assert_eq!(code(200, r#"{"status":"aprovado","msg":"ok"}"#, Some("?")), None);
    }

    #[test]
    fn reasons_come_as_texts_and_lists() {
        assert_eq!(flat(Some(&json!(["a ", "b"]))), "a; b");
        assert_eq!(flat(Some(&json!({"campo":["x"],"outro":2}))), "x; 2");
        assert_eq!(flat(Some(&json!(null))), "");
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", digits in "[0-9]{0,5}", mark in "(rejei|chMDFe|nProt|REJEIÇÃO)") {
            for text in [&text, &format!("{digits}{mark}{text}"), &format!("{text}{mark}: {digits}")] {
                let _ = (rejection_code(text), named(text));
            }
        }
    }
}
