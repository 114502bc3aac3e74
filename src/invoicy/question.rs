//! Questions about documents: `<Consulta>` with its `<ParametrosConsulta>` (facts, "Documents").
//!
//! The order of the elements is that of the vector and of a production client. Assumed: the place of IDUnico.

use super::answer::{Item, Told};
use super::codes::{Level, Verdict};
use super::envelope::DataItem;
use super::json_form::write_text;
use super::line::Line;
use super::rps::Facts;
use crate::contract::{Code, ErrorEntry, NfseConsulta, bad_field, missing};
use crate::http::Effect;

/// What documents are looked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// IDUnico.
    Id(String),
    /// Access key of the NFS-e.
    Key(String),
    /// First and last number and the series of the RPS.
    Numbers(String, String, String),
    /// First and last day of issue.
    Days(String, String),
}

/// A question, checked.
#[derive(Clone, Debug)]
pub struct Question {
    environment: String,
    /// CNPJ of the issuer.
    pub cnpj: String,
    by: By,
}

/// How much of a document is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Its situation and links.
    Situation,
    /// Also PDF and XML.
    Files,
    /// Also the PDF.
    Pdf,
}

impl Question {
    /// The question of `request`: 1005 or 1006 names what is missing or wrong.
    pub fn of(request: &NfseConsulta) -> Result<Self, ErrorEntry> {
        let given =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let (id, key) = (given(&request.id_unico), given(&request.chave));
        let (first, last, series) =
            (given(&request.numero_inicial), given(&request.numero_final), given(&request.serie));
        let (begin, end) = (given(&request.inicio), given(&request.fim));
        let days = begin.is_some() || end.is_some();
        let ways = [id.is_some(), key.is_some(), first.is_some() || last.is_some() || series.is_some(), days];
        if ways.iter().filter(|way| **way).count() > 1 {
            let what = "não pode vir junto com outra forma de busca: informe id_unico, chave, números ou dias";
            return Err(bad_field(Code::BadField, if id.is_some() { "id_unico" } else { "chave" }, what));
        }
        let by = match (id, key) {
            (Some(id), _) => By::Id(limited(id, "id_unico", 200)?),
            (None, Some(key)) => By::Key(limited(key, "chave", 100)?),
            (None, None) if days => {
                let begin = day(begin.ok_or_else(|| missing("inicio"))?, "inicio")?;
                By::Days(begin, day(end.ok_or_else(|| missing("fim"))?, "fim")?)
            }
            (None, None) => {
                let first = number(first.ok_or_else(|| missing("id_unico"))?, "numero_inicial", 15)?;
                let last = number(last.unwrap_or_else(|| first.clone()), "numero_final", 15)?;
                By::Numbers(first, last, limited(series.ok_or_else(|| missing("serie"))?, "serie", 5)?)
            }
        };
        Self::new(request.tp_amb.as_deref(), &request.cnpj, by)
    }

    /// About the documents of an issuer in an environment.
    pub fn new(environment: Option<&str>, cnpj: &str, by: By) -> Result<Self, ErrorEntry> {
        Ok(Self { environment: self::environment(environment)?, cnpj: self::cnpj(cnpj)?, by })
    }

    /// About an RPS; `None` if it does not say enough of itself.
    #[must_use]
    pub fn about(facts: &Facts) -> Option<Self> {
        Self::new(Some(&facts.environment), &facts.cnpj, By::Id(facts.id.clone())).ok()
    }

    /// The document of the request.
    #[must_use]
    pub fn xml(&self) -> String {
        let mut xml = "<Consulta><ModeloDocumento>NFSe</ModeloDocumento><Versao>1.00</Versao>".to_owned();
        element(&mut xml, "tpAmb", &self.environment);
        element(&mut xml, "CnpjEmissor", &self.cnpj);
        match &self.by {
            By::Id(id) => element(&mut xml, "IDUnico", id),
            By::Key(key) => element(&mut xml, "ChaveAcesso", key),
            By::Numbers(first, last, series) => {
                element(&mut xml, "NumeroInicial", first);
                element(&mut xml, "NumeroFinal", last);
                element(&mut xml, "Serie", series);
            }
            By::Days(begin, end) => {
                element(&mut xml, "DataEmissaoInicial", begin);
                element(&mut xml, "DataEmissaoFinal", end);
            }
        }
        xml + "</Consulta>"
    }

    /// The documents asked for. Empty if there is none.
    pub fn ask(&self, line: &Line, wanted: Wanted) -> Result<Vec<Told>, ErrorEntry> {
        let (document, parameters) = (self.xml(), wanted.parameters());
        let item = DataItem { document: &document, parameters: &parameters };
        match line.post(&[item], Effect::Counts) {
            Ok(items) => Ok(items.into_iter().flat_map(|Item { documents, .. }| documents).filter(is_found).collect()),
            Err(error) if error.is(Code::NfseNotFound) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

fn is_found(told: &Told) -> bool {
    Level::Document.meaning(&told.code).0 != Verdict::Failed(Code::NfseNotFound)
}

impl Wanted {
    fn parameters(self) -> String {
        let flag = |is| if is { "S" } else { "N" };
        let (pdf, xml) = (flag(self != Self::Situation), flag(self == Self::Files));
        format!(
            "<ParametrosConsulta><Situacao>S</Situacao><XMLCompleto>{xml}</XMLCompleto><XMLLink>S</XMLLink>\
             <PDFBase64>{pdf}</PDFBase64><PDFLink>S</PDFLink><Eventos>N</Eventos></ParametrosConsulta>"
        )
    }
}

/// An element with `text`.
pub fn element(xml: &mut String, name: &str, text: &str) {
    xml.push_str(&format!("<{name}>"));
    write_text(xml, text);
    xml.push_str(&format!("</{name}>"));
}

/// tpAmb: 1 or 2.
pub fn environment(text: Option<&str>) -> Result<String, ErrorEntry> {
    match text.map(str::trim) {
        None | Some("") => Err(missing("tpAmb")),
        Some(text @ ("1" | "2")) => Ok(text.to_owned()),
        Some(_) => Err(bad_field(Code::BadField, "tpAmb", "deve ser 1 (produção) ou 2 (homologação)")),
    }
}

/// A CNPJ without its signs: 14 digits or capitals.
pub fn cnpj(text: &str) -> Result<String, ErrorEntry> {
    let plain: String = text.chars().filter(|c| !matches!(c, '.' | '/' | '-' | ' ')).collect();
    if plain.is_empty() {
        Err(missing("CNPJ"))
    } else if plain.len() == 14 && plain.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        Ok(plain)
    } else {
        Err(bad_field(Code::BadField, "CNPJ", "deve ter 14 dígitos ou letras maiúsculas"))
    }
}

/// Digits, at most so many.
pub fn number(text: String, field: &str, most: usize) -> Result<String, ErrorEntry> {
    if (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(bad_field(Code::BadField, field, &format!("deve ter de 1 a {most} dígitos")))
    }
}

/// At most so many characters, and no control characters.
pub fn limited(text: String, field: &str, most: usize) -> Result<String, ErrorEntry> {
    if text.chars().count() <= most && !text.chars().any(char::is_control) {
        Ok(text)
    } else {
        Err(bad_field(Code::BadField, field, &format!("deve ter até {most} caracteres, sem quebra de linha")))
    }
}

fn day(text: String, field: &str) -> Result<String, ErrorEntry> {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    if shape == "9999-99-99" { Ok(text) } else { Err(bad_field(Code::BadField, field, "deve ser uma data AAAA-MM-DD")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tree::Element;
    use super::Question;
    use crate::contract::{Code, read};

    fn question(mut request: serde_json::Value) -> Result<Question, (i32, String)> {
        for (name, value) in [("CNPJ", "99.999.999/9999-99"), ("tpAmb", "2")] {
            request.as_object_mut().unwrap().entry(name).or_insert(json!(value));
        }
        Question::of(&read(request, Code::BadField).unwrap()).map_err(|error| (error.code(), error.text().to_owned()))
    }

    #[test]
    fn the_vector_of_the_facts_page() {
        let asked = question(json!({"numero_inicial":1,"serie":"1"})).unwrap();
        let vector = "<Consulta><ModeloDocumento>NFSe</ModeloDocumento><Versao>1.00</Versao><tpAmb>2</tpAmb>\
            <CnpjEmissor>99999999999999</CnpjEmissor><NumeroInicial>1</NumeroInicial><NumeroFinal>1</NumeroFinal>\
            <Serie>1</Serie></Consulta>";
        assert_eq!(asked.xml(), vector);
    }

    #[test]
    fn every_way_to_ask() {
        for (request, expected) in [
            (json!({"id_unico":"a&b"}), "<IDUnico>a&amp;b</IDUnico>"),
            (json!({"chave":"123"}), "<ChaveAcesso>123</ChaveAcesso>"),
            (
                json!({"numero_inicial":"1","numero_final":"9","serie":"A"}),
                "<NumeroFinal>9</NumeroFinal><Serie>A</Serie>",
            ),
            (json!({"inicio":"2026-05-01","fim":"2026-05-31"}), "<DataEmissaoInicial>2026-05-01</DataEmissaoInicial>"),
        ] {
            let xml = question(request).unwrap().xml();
            assert!(xml.contains(expected) && Element::read_all(&xml).is_ok(), "{xml}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        for (request, code, name) in [
            (json!({}), 1005, "id_unico"),
            (json!({"numero_inicial":1}), 1005, "serie"),
            (json!({"inicio":"2026-05-01"}), 1005, "fim"),
            (json!({"id_unico":"a","chave":"b"}), 1006, "id_unico"),
            (json!({"id_unico":"a","tpAmb":3}), 1006, "tpAmb"),
            (json!({"id_unico":"a","tpAmb":""}), 1005, "tpAmb"),
            (json!({"id_unico":"a","CNPJ":"1"}), 1006, "CNPJ"),
            (json!({"id_unico":"a","CNPJ":""}), 1005, "CNPJ"),
            (json!({"id_unico":"x".repeat(201)}), 1006, "id_unico"),
            (json!({"numero_inicial":"1a","serie":"1"}), 1006, "numero_inicial"),
            (json!({"numero_inicial":"1","serie":"123456"}), 1006, "serie"),
            (json!({"inicio":"01/05/2026","fim":"2026-05-31"}), 1006, "inicio"),
        ] {
            let (found, msg) = question(request.clone()).unwrap_err();
            assert!(found == code && msg.contains(&format!("\"{name}\"")), "{request}: {msg}");
        }
    }
}
