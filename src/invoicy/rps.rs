//! One document to be sent: an `<Envio>` with its `<RPS>`, with what must be known of it, and its IDUnico.
//!
//! The IDUnico is how InvoiCy recognises a document that comes twice. Where the caller gives none it is made of what makes
//! an RPS one and the same: environment, issuer, type, series, number. So it does not change with the moment of issue,
//! which a program may write anew when it sends again. Without a number it is the hash of the whole text. (Assumed: an RPS
//! that was rejected can be sent again, corrected, under the same IDUnico. If not, the caller gives one of its own.)

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::value::RawValue;

use super::json_form;
use super::xml::{Linear, Notice, malformed};
use crate::contract::{Code, ErrorEntry, bad_field};
use crate::document::{Document, Kind, decode, place};

/// The longest IDUnico (facts, "Documents").
const LONGEST_ID: usize = 200;

/// A document ready to be sent.
#[derive(Clone, Debug)]
pub struct Rps {
    /// The linearised XML with its IDUnico: what is hashed and sent.
    pub xml: String,
    /// What was found in it.
    pub facts: Facts,
    /// What the user should know of it (Portuguese).
    pub warnings: Vec<String>,
}

/// What makes an RPS one and the same, as it stands in the XML; empty where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// RPSNumero.
    pub number: String,
    /// RPSSerie.
    pub series: String,
    /// RPSTipo.
    pub kind: String,
    /// IDUnico.
    pub id: String,
    /// tpAmb.
    pub environment: String,
    /// CNPJ_prest.
    pub cnpj: String,
}

impl Rps {
    /// Reads a document as the caller gives it: XML text, the path of an XML file, or the JSON form. `place` is its name for
    /// errors.
    pub fn given(json: &RawValue, place: &str) -> Result<Self, ErrorEntry> {
        match json.get().as_bytes().first() {
            Some(b'{') => Self::of_json(json, place),
            Some(b'"') => {
                let text: String = serde_json::from_str(json.get())
                    .map_err(|_| bad_field(Code::BadField, place, "não é um texto válido"))?;
                if text.trim_start_matches('\u{FEFF}').trim().is_empty() {
                    return Err(empty(place));
                }
                if is_xml(&text) { Self::of_xml(&text, place) } else { Self::of_file(&text, place) }
            }
            _ => Err(bad_field(Code::BadField, place, "deve ser um XML, o caminho de um arquivo ou um objeto")),
        }
    }

    /// The JSON form: the whole `{"Envio":{…}}`, what is in it, `{"RPS":{…}}`, or what is in that, `{"RPSNumero":…}`.
    fn of_json(json: &RawValue, place: &str) -> Result<Self, ErrorEntry> {
        let xml = json_form::to_xml(json, place)?;
        let names = json_form::names(json);
        let has = |name: &str| names.iter().any(|found| found == name);
        if has("Envio") {
            Self::of_xml(&xml, place)
        } else if has("RPS") {
            let missing = |name, element| if has(name) { "" } else { element };
            let model = missing("ModeloDocumento", MODEL);
            let version = missing("Versao", VERSION);
            Self::of_xml(&format!("<Envio>{model}{version}{xml}</Envio>"), place)
        } else {
            Self::of_xml(&format!("<RPS>{xml}</RPS>"), place)
        }
    }

    fn of_file(path: &str, place: &str) -> Result<Self, ErrorEntry> {
        Self::of_xml(&read_file(path)?, place)
    }

    fn of_xml(xml: &str, place: &str) -> Result<Self, ErrorEntry> {
        let mut linear = Linear::read(xml)?;
        // An ordinary file has one.
        linear.notices.retain(|notice| *notice != Notice::Declaration);
        let warnings = linear.warnings();
        let mut text = linear.text;
        let mut outline = Outline::read(&text)?;
        match outline.root.as_str() {
            "Envio" => {}
            "RPS" => {
                text = format!("<Envio>{MODEL}{VERSION}{text}</Envio>");
                outline = Outline::read(&text)?;
            }
            root => return Err(not_an_rps(place, &format!("root element <{root}>"))),
        }
        if outline.count != 1 {
            return Err(not_an_rps(place, &format!("{} RPS in it", outline.count)));
        }
        let Outline { mut facts, id_place, .. } = outline;
        if facts.id.chars().count() > LONGEST_ID {
            return Err(bad_field(Code::BadField, &format!("{place}.IDUnico"), "passa de 200 caracteres"));
        }
        let xml = if facts.id.is_empty() {
            facts.id = facts.own_id(&text);
            let Range { start, end } = id_place;
            format!("{}<IDUnico>{}</IDUnico>{}", &text[..start], facts.id, &text[end..])
        } else {
            text
        };
        Ok(Self { xml, facts, warnings })
    }
}

const MODEL: &str = "<ModeloDocumento>NFSE</ModeloDocumento>";
const VERSION: &str = "<Versao>1.00</Versao>";

/// Whether a text is an XML, escaped or not, rather than the path of one.
pub fn is_xml(text: &str) -> bool {
    let text = text.trim_start_matches('\u{FEFF}').trim_start();
    text.starts_with('<') || text.starts_with("&lt;")
}

/// The text of an XML file, by the encoding that it declares. 2001 to 2006 if there is none.
pub fn read_file(path: &str) -> Result<String, ErrorEntry> {
    let no_xml = |error: ErrorEntry| {
        error.msg("O arquivo não é um XML. Informe o caminho do XML do documento, ou o próprio XML.")
    };
    let document =
        Document::open(path).map_err(|error| if error.is(Code::FileType) { no_xml(error) } else { error })?;
    if document.kind != Kind::Xml {
        return Err(no_xml(ErrorEntry::new(Code::FileType)).detail(path));
    }
    Ok(decode(&document.content.read()?)?.into_owned())
}

fn empty(place: &str) -> ErrorEntry {
    ErrorEntry::new(Code::FileEmpty)
        .msg(format!("O documento em \"{place}\" está vazio. Informe o XML, o caminho dele ou um objeto."))
}

fn not_an_rps(place: &str, detail: &str) -> ErrorEntry {
    bad_field(Code::BadField, place, "deve ser um <Envio> com um só <RPS>").detail(detail)
}

impl Facts {
    /// The IDUnico of a document without one.
    fn own_id(&self, text: &str) -> String {
        let number = self.number.trim_start_matches('0');
        let parts = [&self.environment, &self.cnpj, &self.kind, &self.series, number];
        let plain = |part: &str| part.len() <= 20 && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if number.is_empty() || self.cnpj.is_empty() || !parts.iter().all(|part| plain(part)) {
            return format!("averbador-{:x}", md5::compute(text));
        }
        format!("averbador-{}", parts.join("-"))
    }
}

/// An `<Envio>` as far as it must be known.
#[derive(Default)]
struct Outline {
    root: String,
    /// How many RPS it has.
    count: usize,
    facts: Facts,
    /// Where the IDUnico goes: behind number, series and type, or in place of an empty one.
    id_place: Range<usize>,
}

impl Outline {
    fn read(xml: &str) -> Result<Self, ErrorEntry> {
        let mut outline = Self::default();
        let mut reader = Reader::from_str(xml);
        let mut path = Path::default();
        let mut text = String::new();
        let (mut before, mut begun) = (0, 0);
        loop {
            let event = reader.read_event().map_err(|error| malformed(error.to_string()))?;
            let here = place(&reader, xml);
            match event {
                Event::Eof => return Ok(outline),
                Event::Start(element) => {
                    path.enter(element.local_name().as_ref());
                    outline.begins(path.names(), here);
                    text.clear();
                    begun = before;
                }
                Event::Empty(element) => {
                    path.enter(element.local_name().as_ref());
                    if let [root] = path.names() {
                        outline.root.clone_from(root);
                    }
                    outline.ends(path.names(), "", before..here);
                    path.leave();
                    text.clear();
                }
                Event::End(_) => {
                    outline.ends(path.names(), text.trim(), begun..here);
                    path.leave();
                    text.clear();
                }
                Event::Text(part) if path.matters() => text.push_str(&part),
                Event::CData(part) if path.matters() => text.push_str(&part),
                Event::GeneralRef(reference) if path.matters() => {
                    if let Ok(Some(character)) = reference.resolve_char_ref() {
                        text.push(character);
                    } else if let Some(part) = quick_xml::escape::resolve_predefined_entity(&reference) {
                        text.push_str(part);
                    }
                }
                _ => {}
            }
            before = here;
        }
    }

    /// The innermost element of `path` begins; its start tag ends at `here`.
    fn begins(&mut self, path: &[String], here: usize) {
        match path {
            [root] => {
                self.root.clone_from(root);
                if root == "RPS" {
                    self.count += 1;
                }
            }
            [root, element] if root == "Envio" && element == "RPS" => {
                self.count += 1;
                self.id_place = here..here;
            }
            _ => {}
        }
    }

    /// The innermost element of `path` ends: it stood at `span`, with this text.
    fn ends(&mut self, path: &[String], text: &str, span: Range<usize>) {
        let [root, rps, inner @ ..] = path else { return };
        if root != "Envio" || rps != "RPS" {
            return;
        }
        let noted = match inner {
            [name] => match name.as_str() {
                "RPSNumero" => &mut self.facts.number,
                "RPSSerie" => &mut self.facts.series,
                "RPSTipo" => &mut self.facts.kind,
                "IDUnico" => &mut self.facts.id,
                "tpAmb" => &mut self.facts.environment,
                _ => return,
            },
            [issuer, name] if issuer == "Prestador" && name == "CNPJ_prest" => &mut self.facts.cnpj,
            _ => return,
        };
        text.clone_into(noted);
        match inner[0].as_str() {
            "RPSNumero" | "RPSSerie" | "RPSTipo" if self.id_place.is_empty() => self.id_place = span.end..span.end,
            "IDUnico" => self.id_place = span,
            _ => {}
        }
    }
}

/// What must be known stands no deeper.
const DEEPEST: usize = 4;

/// The elements that are open. Of those deeper than what must be known, only how many there are.
#[derive(Default)]
struct Path {
    names: Vec<String>,
    deeper: usize,
}

impl Path {
    fn enter(&mut self, name: &str) {
        if self.names.len() < DEEPEST {
            self.names.push(name.to_owned());
        } else {
            self.deeper += 1;
        }
    }

    fn leave(&mut self) {
        match self.deeper {
            0 => drop(self.names.pop()),
            _ => self.deeper -= 1,
        }
    }

    fn matters(&self) -> bool {
        self.deeper == 0
    }

    /// The names from the root to the innermost element; none of an element that is too deep to matter.
    fn names(&self) -> &[String] {
        if self.matters() { &self.names } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use serde_json::value::{RawValue, to_raw_value};

    use super::{Facts, Rps};
    use crate::contract::ErrorEntry;

    fn given(json: &serde_json::Value) -> Result<Rps, ErrorEntry> {
        Rps::given(&to_raw_value(json).unwrap(), "documentos")
    }

    fn rps(xml: &str) -> Rps {
        given(&json!(xml)).unwrap()
    }

    const WHOLE: &str = "<Envio><ModeloDocumento>NFSE</ModeloDocumento><Versao>1.00</Versao><RPS><RPSNumero>0012</RPSNumero>\
        <RPSSerie>A1</RPSSerie><RPSTipo>1</RPSTipo><dEmis>2026-05-01T00:00:00</dEmis><tpAmb>2</tpAmb><Prestador>\
        <CNPJ_prest>99999999999999</CNPJ_prest></Prestador></RPS></Envio>";
    const ID: &str = "averbador-2-99999999999999-1-A1-12";

    #[test]
    fn the_id_is_made_of_what_makes_an_rps_one_and_the_same() {
        let Rps { xml, facts, .. } = rps(WHOLE);
        assert_eq!(xml, WHOLE.replace("</RPSTipo>", &format!("</RPSTipo><IDUnico>{ID}</IDUnico>")));
        let expected = Facts {
            number: "0012".to_owned(),
            series: "A1".to_owned(),
            kind: "1".to_owned(),
            id: ID.to_owned(),
            environment: "2".to_owned(),
            cnpj: "99999999999999".to_owned(),
        };
        assert_eq!(facts, expected);
        assert_eq!(rps(&WHOLE.replace("2026-05-01", "2026-05-02")).facts.id, ID, "whenever it was written");
        assert_eq!(rps(&xml).xml, xml, "once it is there it stays");
    }

    #[test]
    fn an_empty_id_is_filled_and_a_given_one_kept() {
        for empty in ["<IDUnico/>", "<IDUnico></IDUnico>", "<IDUnico> </IDUnico>"] {
            let xml = WHOLE.replace("<tpAmb>", &format!("{empty}<tpAmb>"));
            assert_eq!(rps(&xml).xml, WHOLE.replace("<tpAmb>", &format!("<IDUnico>{ID}</IDUnico><tpAmb>")), "{empty}");
        }
        let xml = WHOLE.replace("<tpAmb>", "<IDUnico>meu &amp; id</IDUnico><tpAmb>");
        assert_eq!((rps(&xml).facts.id.as_str(), rps(&xml).xml), ("meu & id", xml));
    }

    #[test]
    fn without_a_number_the_text_makes_the_id() {
        for (from, to) in [("0012", ""), ("0012", "0"), ("A1", "A-1"), ("99999999999999", "")] {
            let xml = WHOLE.replace(from, to);
            let id = rps(&xml).facts.id;
            assert_eq!((id.len(), rps(&xml).facts.id == id), (42, true), "{id}");
            assert_ne!(rps(&xml.replace("2026", "2027")).facts.id, id);
        }
        assert!(rps("<Envio><RPS><a/></RPS></Envio>").xml.starts_with("<Envio><RPS><IDUnico>averbador-"));
    }

    #[test]
    fn every_form_comes_to_the_same_text() {
        let json = |text: &str| Rps::given(&RawValue::from_string(text.to_owned()).unwrap(), "x").unwrap().xml;
        let inner = r#"{"RPSNumero":"0012","RPSSerie":"A1","RPSTipo":1,"dEmis":"2026-05-01T00:00:00","tpAmb":2,"Prestador":{"CNPJ_prest":"99999999999999"}}"#;
        let expected = rps(WHOLE).xml;
        assert_eq!(json(inner), expected);
        assert_eq!(json(&format!("{{\"RPS\":{inner}}}")), expected);
        let envio = format!("{{\"Envio\":{{\"ModeloDocumento\":\"NFSE\",\"Versao\":\"1.00\",\"RPS\":{inner}}}}}");
        assert_eq!(json(&envio), expected);
        let bare = &WHOLE[WHOLE.find("<RPS>").unwrap()..WHOLE.len() - "</Envio>".len()];
        assert_eq!(rps(bare).xml, expected);
    }

    #[test]
    fn what_is_no_rps_is_refused() {
        for (document, code) in [
            (json!(""), 2003),
            (json!(" "), 2003),
            (json!("<Consulta/>"), 1006),
            (json!("<Envio/>"), 1006),
            (json!("<Envio><RPS/></Envio>"), 1006),
            (json!("<RPS/>"), 1006),
            (json!("<Envio><RPS><a/></RPS><RPS><a/></RPS></Envio>"), 1006),
            (json!("<Envio>"), 2006),
            (json!("C:\\nao\\existe.xml"), 2001),
            (json!(5), 1006),
            (json!(["x"]), 1006),
            (json!(format!("<Envio><RPS><IDUnico>{}</IDUnico></RPS></Envio>", "x".repeat(201))), 1006),
            (json!(format!("{}/tests/fixtures/lote-3-cte.zip", env!("CARGO_MANIFEST_DIR"))), 2005),
            (json!(format!("{}/tests/fixtures/nao-e-xml.pdf", env!("CARGO_MANIFEST_DIR"))), 2005),
        ] {
            assert_eq!(given(&document).unwrap_err().code(), code, "{document}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(xml in super::super::samples::element(), number in "\\PC{0,10}", series in "\\PC{0,6}") {
            let _ = given(&json!(format!("<Envio><RPS>{xml}</RPS></Envio>")));
            let Ok(rps) = given(&json!({"RPSNumero": number, "RPSSerie": series})) else { return Ok(()) };
            prop_assert!(rps.facts.id.len() <= 200);
            prop_assert_eq!(given(&json!(rps.xml)).unwrap().xml, rps.xml);
        }
    }
}
