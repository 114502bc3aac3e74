//! What SIEM and GA say: the messages of `av_execute`, one struct each.
//!
//! Source of the names: the seed document "PROC001 - Averbação via API Porto Seguro", sections 1 to 3.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{Code, ErrorEntry, NfseConsulta, Secret};

/// Of the name of a field that is refused, so many characters are told: longer than any that there is.
const LONGEST_NAME: usize = 80;

/// `login` → loginRet (seed, section 1).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Login {
    /// User of the API credential, or the CNPJ of a web account.
    pub user: String,
    /// Its password.
    pub pass: Secret,
}

impl Login {
    /// 1005 unless both are filled.
    pub fn check(&self) -> Result<(), ErrorEntry> {
        match (self.user.is_empty(), self.pass.expose().is_empty()) {
            (true, _) => Err(missing("user")),
            (_, true) => Err(missing("pass")),
            _ => Ok(()),
        }
    }
}

/// `Upload` → uploadRet (seed, section 2.1).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Upload {
    /// CNPJ of the issuer; not sent, but must be the document's (2008).
    #[serde(rename = "CNPJ")]
    pub cnpj: Option<String>,
    /// Number of the CT-e; not sent, but must be the document's (2008).
    #[serde(deserialize_with = "text_or_number")]
    pub n_cte: Option<String>,
    /// Path of the XML or ZIP file.
    pub cte: Option<String>,
    /// The XML itself, in place of `cte`.
    pub xml: Option<String>,
    /// Access key; not sent, but must be the document's (2008).
    pub chave: Option<String>,
    /// The session: value of `portal[ses]`.
    pub cookie: Secret,
    /// Kind of sender, only where the insurer asks for it (seed, 2.2.1).
    pub recipient: Option<String>,
    /// Version of the service's API.
    #[serde(deserialize_with = "text_or_number")]
    pub v: Option<String>,
    /// 1: the answer shows what the service received; 2: only that, and nothing is done.
    #[serde(deserialize_with = "text_or_number")]
    pub dump: Option<String>,
}

/// `Averba` → averbaRet: login, upload and consulta in one call (seed, Part II), of one document or of many.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Averba {
    /// User, for when a login is needed.
    pub user: String,
    /// Password, for when a login is needed.
    pub pass: Secret,
    /// A session to try first.
    pub cookie: Secret,
    /// Path of an XML; or of a folder or a ZIP with many; or a list of any of these.
    pub cte: Option<OneOrMany>,
    /// One XML itself, in place of `cte`.
    pub xml: Option<String>,
    /// Access key; must be the one document's (2008).
    pub chave: Option<String>,
    /// CNPJ of the issuer; must be the one document's (2008).
    #[serde(rename = "CNPJ")]
    pub cnpj: Option<String>,
    /// Number of the document; must be the one document's (2008).
    #[serde(deserialize_with = "text_or_number")]
    pub n_cte: Option<String>,
    /// As in `Upload`.
    pub recipient: Option<String>,
    /// As in `Upload`.
    #[serde(deserialize_with = "text_or_number")]
    pub v: Option<String>,
    /// Of many: sends also what is endorsed already.
    pub reenviar: Option<bool>,
    /// Of many: the file in which the outcome of each is noted as soon as it is known.
    pub diario: Option<String>,
}

/// `Cancela` → cancelaRet: the XML is the event that cancels a document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Cancela {
    /// User, for when a login is needed.
    pub user: String,
    /// Password, for when a login is needed.
    pub pass: Secret,
    /// A session to try first.
    pub cookie: Secret,
    /// Path of the XML.
    pub cte: Option<String>,
    /// The XML itself, in place of `cte`.
    pub xml: Option<String>,
    /// Access key; must be the cancelled document's (2008).
    pub chave: Option<String>,
    /// CNPJ of the issuer; must be the cancelled document's (2008).
    #[serde(rename = "CNPJ")]
    pub cnpj: Option<String>,
    /// Number of the document; must be the cancelled document's (2008).
    #[serde(deserialize_with = "text_or_number")]
    pub n_cte: Option<String>,
    /// As in `Upload`.
    pub recipient: Option<String>,
    /// As in `Upload`.
    #[serde(deserialize_with = "text_or_number")]
    pub v: Option<String>,
}

impl Cancela {
    /// Its login and its upload.
    #[must_use]
    pub fn parts(self) -> (Login, Upload) {
        let Self { user, pass, cookie, cte, xml, chave, cnpj, n_cte, recipient, v } = self;
        (Login { user, pass }, Upload { cnpj, n_cte, cte, xml, chave, cookie, recipient, v, dump: None })
    }
}

/// `Lista` → listaRet: what the insurer has, by these filters, all of which must fit.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Lista {
    /// User, for when a login is needed.
    pub user: String,
    /// Password, for when a login is needed.
    pub pass: Secret,
    /// A session to try first.
    pub cookie: Secret,
    /// Model of the documents: 57 is a CT-e.
    #[serde(deserialize_with = "text_or_number")]
    pub modelo: Option<String>,
    /// Number of the document.
    #[serde(deserialize_with = "text_or_number")]
    pub numero: Option<String>,
    /// Protocol of the endorsement.
    pub protocolo: Option<String>,
    /// CNPJ of the issuer.
    #[serde(rename = "CNPJ")]
    pub cnpj: Option<String>,
    /// What `inicio` and `fim` are about: "emissao" (the default), "envio" or "atualizacao".
    pub data: Option<String>,
    /// First day, YYYY-MM-DD.
    pub inicio: Option<String>,
    /// Last day, YYYY-MM-DD.
    pub fim: Option<String>,
    /// At most so many documents, 1 to 10000; 1000 unless said.
    pub limite: Option<usize>,
}

/// `Consulta` → averbaRet (seed, section 3).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Consulta {
    /// Access key or keys to look up.
    pub chave: Option<OneOrMany>,
    /// Or the other way round: protocol or protocols.
    pub protocolo: Option<OneOrMany>,
    /// The session; without it the public consulta is used.
    pub cookie: Secret,
    /// CNPJ for the reply to one key, in place of the one in the key.
    #[serde(rename = "CNPJ")]
    pub cnpj: Option<String>,
    /// Number for the reply to one key, in place of the one in the key.
    #[serde(deserialize_with = "text_or_number")]
    pub n_cte: Option<String>,
}

/// `Diagnostico` → diagnosticoRet: whether the service can be reached.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Diagnostico {
    /// A session to examine besides.
    pub cookie: Secret,
    /// A company whose certificate at InvoiCy is to be examined besides: the fields of an `nfseConsulta`; of the last 30 days
    /// unless it says what is to be looked for.
    pub nfse: Option<NfseConsulta>,
}

/// One text, or a list: the shape asked decides the shape of the reply.
#[derive(Debug)]
pub enum OneOrMany {
    /// `"…"`
    One(String),
    /// `["…", …]`
    Many(Vec<String>),
}

/// By hand: what serde derives for either of two makes a copy of the value first, with code for every type that there is.
impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = |value| if let Value::String(text) = value { Some(text) } else { None };
        let read = match Value::deserialize(from)? {
            Value::Array(list) => list.into_iter().map(text).collect::<Option<_>>().map(Self::Many),
            value => text(value).map(Self::One),
        };
        read.ok_or_else(|| de::Error::custom("expected text or a list of texts"))
    }
}

/// The JSON object of a request: 1003 if it is none; `code`, naming the field, if it has one twice: which one is meant is
/// not for us to choose. A byte order mark, which Notepad writes, is passed over.
pub fn parse_object(text: &str, code: Code) -> Result<Map<String, Value>, ErrorEntry> {
    match serde_json::from_str(text.trim_start_matches('\u{FEFF}')) {
        Ok(Fields { map, repeated: None }) => Ok(map),
        Ok(Fields { repeated: Some(name), .. }) => Err(bad_field(code, &name, "está repetido")),
        // Category and place only: serde's text can quote the request, which may hold a password.
        Err(error) => Err(ErrorEntry::new(Code::NotJson).detail(format!(
            "{:?} error at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        ))),
    }
}

/// An object, and a name that is in it twice.
#[derive(Default)]
struct Fields {
    map: Map<String, Value>,
    repeated: Option<String>,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Self::default())
    }
}

impl<'de> Visitor<'de> for Fields {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Self, A::Error> {
        while let Some((name, value)) = entries.next_entry::<String, Value>()? {
            if self.map.contains_key(&name) {
                self.repeated = Some(name);
            } else {
                self.map.insert(name, value);
            }
        }
        Ok(self)
    }
}

/// 1005, naming the field.
#[must_use]
pub fn missing(field: &str) -> ErrorEntry {
    ErrorEntry::new(Code::MissingField).msg(format!("Falta preencher o campo \"{field}\". Preencha-o e repita."))
}

/// `code` (1006 or 1008), naming the field and what is wrong with it (Portuguese, following «O campo "x" »).
#[must_use]
pub fn bad_field(code: Code, field: &str, what: &str) -> ErrorEntry {
    let field: String = field.chars().take(LONGEST_NAME).collect();
    let noun = if code == Code::BadSetting { "A configuração" } else { "O campo" };
    ErrorEntry::new(code).msg(format!("{noun} \"{field}\" {what}. Corrija e repita."))
}

/// Numbers are taken as text too: Delphi code writes `"n_cte":123` as readily as `"n_cte":"123"`.
pub(super) fn text_or_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(from)? {
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(de::Error::custom("expected text or a number")),
    }
}
