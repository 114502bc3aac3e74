//! What a fiscal XML says of itself: its kind, its access key, whether it is authorised.
//!
//! Sources: MOC of CT-e, NF-e and MDF-e for the elements; the insurer's manual for the kinds that can be endorsed.

use std::mem::replace;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::AccessKey;
use super::encoding::decode;
use crate::contract::{Code, ErrorEntry};

/// The type of the event that cancels a document.
const CANCELLATION: &str = "110111";

/// How deep elements may nest, and how many attributes one may have: far above any fiscal document, far below what fills the
/// memory, or takes for ever (each attribute is compared with those before it).
pub const MOST_LEVELS: usize = 100;
/// See [`MOST_LEVELS`].
pub const MOST_ATTRIBUTES: usize = 100;

/// The kinds of documents that AverbePorto takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// CT-e, model 57.
    Cte,
    /// CT-e OS, model 67.
    CteOs,
    /// A draft of a CT-e, model 94.
    Draft,
    /// NF-e, model 55.
    Nfe,
    /// NFC-e, model 65.
    Nfce,
    /// MDF-e, model 58.
    Mdfe,
    /// The event that cancels one of them, 110111.
    Cancellation,
}

impl Model {
    /// By the number in an access key.
    fn named(number: &str) -> Option<Self> {
        match number {
            "57" => Some(Self::Cte),
            "67" => Some(Self::CteOs),
            "94" => Some(Self::Draft),
            "55" => Some(Self::Nfe),
            "65" => Some(Self::Nfce),
            "58" => Some(Self::Mdfe),
            _ => None,
        }
    }
}

/// A fiscal document, as far as it must be known before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fiscal {
    /// What it is.
    pub model: Model,
    /// Its access key; of a cancellation, that of the document cancelled.
    pub key: AccessKey,
    /// Whether it carries its authorisation (cStat 100 or 150; of an event 134 to 136 or 155).
    pub authorised: bool,
    /// Whether it was issued for tests (tpAmb 2).
    pub for_tests: bool,
}

impl Fiscal {
    /// Reads an XML. 2006 if it is not well-formed, 2007 if nothing that can be endorsed.
    pub fn read(xml: &[u8]) -> Result<Self, ErrorEntry> {
        Outline::read(&decode(xml)?)?.fiscal()
    }

    /// Whether it is the document that the caller means, by what was given of it. 2008 if not.
    pub fn is_meant(
        &self,
        chave: Option<&AccessKey>,
        cnpj: Option<&str>,
        number: Option<&str>,
    ) -> Result<(), ErrorEntry> {
        let plain = |cnpj: &str| cnpj.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
        let differs = |what: &str, given: &str, found: &str| {
            Err(ErrorEntry::new(Code::KeyMismatch)
                .msg(format!("{what} não é do documento no XML. Confira se o arquivo é o do documento certo."))
                .detail(format!("given {given}, in the XML {found}")))
        };
        if let Some(chave) = chave.filter(|&chave| *chave != self.key) {
            return differs("A chave informada", chave.as_str(), self.key.as_str());
        }
        if let Some(cnpj) = cnpj.filter(|cnpj| !cnpj.is_empty() && plain(cnpj) != self.key.cnpj()) {
            return differs("O CNPJ informado", cnpj, self.key.cnpj());
        }
        if let Some(number) =
            number.filter(|number| !number.is_empty() && number.trim_start_matches('0') != self.key.number())
        {
            return differs("O número informado", number, self.key.number());
        }
        Ok(())
    }

    /// What the user should know before relying on an endorsement of it (Portuguese).
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.authorised && self.model != Model::Draft {
            warnings.push(
                "O XML não traz a autorização da SEFAZ. Confira se é o arquivo autorizado do documento.".to_owned(),
            );
        }
        if self.for_tests {
            warnings.push("O documento é de homologação (tpAmb 2), sem valor fiscal.".to_owned());
        }
        if !self.key.check_digit_is_right() {
            warnings.push("O dígito verificador da chave de acesso do XML não confere.".to_owned());
        }
        warnings
    }
}

fn malformed(detail: impl Into<String>) -> ErrorEntry {
    ErrorEntry::new(Code::XmlMalformed).detail(detail)
}

fn not_endorsable(detail: impl Into<String>) -> ErrorEntry {
    ErrorEntry::new(Code::NotEndorsable).detail(detail)
}

/// What is of interest in an XML. Of several elements of a name the first counts.
#[derive(Default)]
struct Outline {
    root: String,
    /// `Id` of infCte, infNFe or infMDFe.
    id: Option<String>,
    /// chCTe, chNFe or chMDFe of an event.
    event_key: Option<String>,
    /// tpEvento
    event_type: Option<String>,
    /// tpAmb
    environment: Option<String>,
    /// cStat of the authorisation.
    status: Option<String>,
}

impl Outline {
    /// Reads all of the XML, for it must be well-formed to its end.
    fn read(xml: &str) -> Result<Self, ErrorEntry> {
        if let Some(character) = forbidden_character(xml) {
            return Err(malformed(format!("character U+{:04X}, which no XML may have", u32::from(character))));
        }
        // One mark is taken away where the bytes are decoded. Another the parser would take away, and not count.
        if xml.starts_with('\u{FEFF}') {
            return Err(malformed("two byte order marks"));
        }
        let mut reader = Reader::from_str(xml);
        reader.config_mut().enable_all_checks(true);
        let mut outline = Self::default();
        // The names of the open elements, as they stand in the text: a copy of each would cost as much as reading it.
        let mut open: Vec<&str> = Vec::new();
        let mut start = 0;
        loop {
            let event = reader.read_event().map_err(|error| malformed(error.to_string()))?;
            let from = replace(&mut start, place(&reader, xml));
            match event {
                Event::Eof => break,
                Event::Start(element) => {
                    // Behind the "<".
                    let name = local(&xml[from + 1..][..element.name().as_ref().len()]);
                    outline.element(&element, name, &open)?;
                    open.push(name);
                    if open.len() > MOST_LEVELS {
                        return Err(malformed(format!("nested more than {MOST_LEVELS} levels deep")));
                    }
                }
                Event::Empty(element) => outline.element(&element, local(element.name().as_ref()), &open)?,
                Event::End(_) => drop(open.pop()),
                Event::Text(text) => outline.text(&open, &text)?,
                Event::GeneralRef(reference) if is_known(&reference) && !open.is_empty() => {}
                Event::CData(_) if !open.is_empty() => {}
                Event::Decl(_) if open.is_empty() && outline.root.is_empty() => {}
                Event::Comment(_) | Event::PI(_) => {}
                // No fiscal document has a document type. Entities of one's own would be an attack: they are never read.
                Event::DocType(_) => return Err(malformed("document type (DTD) is not accepted")),
                Event::GeneralRef(_) | Event::CData(_) | Event::Decl(_) => {
                    return Err(malformed("unknown entity, or content where none may be"));
                }
            }
        }
        if open.is_empty() && !outline.root.is_empty() {
            Ok(outline)
        } else {
            Err(malformed("it ends before its elements do"))
        }
    }

    fn element(&mut self, element: &BytesStart<'_>, name: &str, open: &[&str]) -> Result<(), ErrorEntry> {
        if open.is_empty() {
            if !self.root.is_empty() {
                return Err(malformed("more than one root element"));
            }
            name.clone_into(&mut self.root);
        }
        // Nearly all of them have no attributes.
        if !element.attributes_raw().is_empty() {
            self.attributes(element, name)?;
        }
        Ok(())
    }

    fn attributes(&mut self, element: &BytesStart<'_>, name: &str) -> Result<(), ErrorEntry> {
        let mut id = None;
        for (count, attribute) in element.attributes().enumerate() {
            if count == MOST_ATTRIBUTES {
                return Err(malformed(format!("an element with more than {MOST_ATTRIBUTES} attributes")));
            }
            let attribute = attribute.map_err(|error| malformed(error.to_string()))?;
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| malformed(error.to_string()))?;
            if attribute.key.as_ref() == "Id" {
                id = Some(value.into_owned());
            }
        }
        if self.id.is_none() && matches!(name, "infCte" | "infNFe" | "infMDFe") {
            self.id = id;
        }
        Ok(())
    }

    /// Takes note of the text in the innermost of the `open` elements.
    fn text(&mut self, open: &[&str], text: &str) -> Result<(), ErrorEntry> {
        let [outer @ .., element] = open else {
            return if text.trim().is_empty() { Ok(()) } else { Err(malformed("text outside the root element")) };
        };
        let noted = match (outer.last().copied().unwrap_or_default(), *element) {
            ("infEvento", "chCTe" | "chNFe" | "chMDFe") => &mut self.event_key,
            ("infEvento", "tpEvento") => &mut self.event_type,
            ("ide" | "infEvento", "tpAmb") => &mut self.environment,
            // The event's own answer has infEvento inside retEventoCTe.
            ("infProt" | "infEvento", "cStat") => &mut self.status,
            _ => return Ok(()),
        };
        noted.get_or_insert_with(|| text.trim().to_owned());
        Ok(())
    }

    fn fiscal(self) -> Result<Fiscal, ErrorEntry> {
        let (model, key) = match self.root.as_str() {
            "procEventoCTe" | "procEventoNFe" | "procEventoMDFe" => self.cancellation()?,
            root => self.document(root)?,
        };
        let authorised: &[&str] = match model {
            Model::Cancellation => &["134", "135", "136", "155"],
            _ => &["100", "150"],
        };
        Ok(Fiscal {
            model,
            key,
            authorised: self.status.is_some_and(|status| authorised.contains(&status.as_str())),
            for_tests: self.environment.as_deref() == Some("2"),
        })
    }

    fn document(&self, root: &str) -> Result<(Model, AccessKey), ErrorEntry> {
        let models: &[&str] = match root {
            "cteProc" | "CTe" => &["57", "94"],
            "cteSimpProc" | "CTeSimp" => &["57"],
            "cteOSProc" | "CTeOS" => &["67"],
            "nfeProc" | "NFe" => &["55", "65"],
            "mdfeProc" | "MDFe" => &["58"],
            _ => return Err(not_endorsable(format!("root element <{root}>"))),
        };
        let id = self.id.as_deref().ok_or_else(|| not_endorsable("no Id in infCte, infNFe or infMDFe"))?;
        let key = ["CTe", "NFe", "MDFe"].iter().find_map(|prefix| id.strip_prefix(prefix));
        let key = AccessKey::parse(key.unwrap_or(id))
            .map_err(|_| not_endorsable(format!("Id {id:?} holds no access key")))?;
        let model = models.contains(&key.model()).then(|| Model::named(key.model())).flatten();
        Ok((model.ok_or_else(|| not_endorsable(format!("model {} in a <{root}>", key.model())))?, key))
    }

    fn cancellation(&self) -> Result<(Model, AccessKey), ErrorEntry> {
        if self.event_type.as_deref() != Some(CANCELLATION) {
            let kind = self.event_type.as_deref().unwrap_or("?");
            return Err(not_endorsable(format!("event {kind}, not the cancellation {CANCELLATION}")));
        }
        let key = self.event_key.as_deref().unwrap_or_default();
        let key = AccessKey::parse(key).map_err(|_| not_endorsable("the event names no access key"))?;
        Ok((Model::Cancellation, key))
    }
}

/// Where in `xml` the reader is, which began with all of it. A byte order mark in front is not counted: there must be none.
#[must_use]
pub fn place(reader: &Reader<&[u8]>, xml: &str) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(xml.len()).min(xml.len())
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.bytes().position(|byte| byte == b':').map_or(name, |colon| &name[colon + 1..])
}

/// The first character that no XML may have (XML 1.0, section 2.2; the parser lets any pass).
#[must_use]
pub fn forbidden_character(xml: &str) -> Option<char> {
    let is_allowed = |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    // All of them are ASCII but two that begin with 0xEF, and hardly an XML has one: so the bytes are looked at first.
    let may_begin_one = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') || byte == 0xEF;
    let (eights, rest) = xml.as_bytes().as_chunks::<8>();
    let is_suspicious = eights.iter().filter(|eight| has_control_or_ef(**eight)).flatten().chain(rest);
    is_suspicious.copied().any(may_begin_one).then(|| xml.chars().find(|&c| !is_allowed(c))).flatten()
}

/// Whether one of these is below the blank or 0xEF, all looked at together: a byte is less than another if their difference
/// borrows from its highest bit and it had none itself.
fn has_control_or_ef(bytes: [u8; 8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    let has_less = |eight: u64, than: u64| eight.wrapping_sub(EACH * than) & !eight & HIGHEST != 0;
    let eight = u64::from_ne_bytes(bytes);
    has_less(eight, 0x20) || has_less(eight ^ (EACH * 0xEF), 1)
}

/// A reference to a character, or to one of the five entities that every XML has.
#[must_use]
pub fn is_known(reference: &BytesRef<'_>) -> bool {
    match reference.is_char_ref() {
        true => reference.resolve_char_ref().is_ok(),
        false => resolve_predefined_entity(reference).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Fiscal, Model};

    const KEY: &str = "41260599990001000198570010000047111283746517";

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn code(xml: &str) -> i32 {
        Fiscal::read(xml.as_bytes()).map_or_else(|error| error.code(), |_| 0)
    }

    #[test]
    fn every_fixture_is_read_in_its_encoding() {
        for (file, key) in [
            ("cte-utf8.xml", KEY),
            ("cte-iso-8859-1.xml", "43260699990002000132570020000009821102938470"),
            ("cte-utf8-bom.xml", "52260499990003000187570010001200451770011228"),
            ("cte-cnpj-alfanumerico.xml", "35260812ABC34501DE35570010000000151414243449"),
            ("cte-indentado-crlf.xml", "31260799990005000176570000000000661506070802"),
        ] {
            let fiscal = Fiscal::read(&fixture(file)).unwrap();
            assert_eq!(
                (fiscal.key.as_str(), fiscal.model, fiscal.authorised, fiscal.for_tests),
                (key, Model::Cte, true, false)
            );
            assert!(fiscal.warnings().is_empty(), "{file}: {:?}", fiscal.warnings());
        }
    }

    #[test]
    fn characters_beside_the_forbidden_ones_are_allowed() {
        assert_eq!(super::forbidden_character("\t\r\n \u{7F}ç\u{FEFF}\u{FB00}\u{FFFD}\u{10FFFF}"), None);
        assert_eq!(super::forbidden_character("ç\u{FEFF}\u{1F}\u{FFFE}"), Some('\u{1F}'));
    }

    #[test]
    fn a_cancellation_names_the_document_cancelled() {
        let fiscal = Fiscal::read(&fixture("evento-cancelamento.xml")).unwrap();
        assert_eq!((fiscal.key.as_str(), fiscal.model), (KEY, Model::Cancellation));
    }

    #[test]
    fn homologacao_missing_authorisation_and_wrong_digit_are_warnings() {
        let tests = Fiscal::read(&fixture("cte-homologacao.xml")).unwrap();
        assert!(tests.for_tests && tests.warnings()[0].contains("homologação"));
        let wrong = KEY.replacen("517", "518", 1);
        let bare = format!("<CTe><infCte Id=\"CTe{wrong}\"><ide><tpAmb>1</tpAmb></ide></infCte></CTe>");
        let warnings = Fiscal::read(bare.as_bytes()).unwrap().warnings();
        assert!(warnings[0].contains("autorização") && warnings[1].contains("dígito"), "{warnings:?}");
    }

    #[test]
    fn what_is_malformed_is_2006() {
        assert_eq!(Fiscal::read(&fixture("xml-malformado.xml")).unwrap_err().code(), 2006);
        let cte = format!("<CTe><infCte Id=\"CTe{KEY}\"/></CTe>");
        for xml in [
            "<CTe>",
            "<CTe></CTE>",
            "<CTe/><CTe/>",
            "<CTe/>x",
            "x<CTe/>",
            "<CTe a=1/>",
            "<CTe a=\"1\" a=\"2\"/>",
            "<CTe>&nada;</CTe>",
            "<CTe>\0</CTe>",
            "<CTe a=\"\u{1B}\"/>",
            "<CTe>\u{FFFE}</CTe>",
            "<CTe>\u{FFFF}</CTe>",
            "<a><?xml version=\"1.0\"?></a>",
            "\u{FEFF}\u{FEFF}<CTe/>",
            "<?xml version=\"1.0\" encoding=\"klingon\"?><CTe/>",
            &format!("<!DOCTYPE CTe [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>{cte}"),
            &format!("<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>{cte}"),
        ] {
            assert_eq!(code(xml), 2006, "{xml}");
        }
        assert_eq!(code(&cte), 0);
        assert_eq!(Fiscal::read(b"<CTe>\xE3</CTe>").unwrap_err().code(), 2006, "not UTF-8");
    }

    #[test]
    fn what_would_fill_the_memory_or_take_for_ever_is_2006() {
        assert_eq!(code(&format!("{}{}", "<a>".repeat(101), "</a>".repeat(101))), 2006);
        let attributes: String = (0..1_000_000).map(|n| format!(" a{n}=\"\"")).collect();
        assert_eq!(code(&format!("<CTe{attributes}/>")), 2006);
    }

    #[test]
    fn what_cannot_be_endorsed_is_2007() {
        assert_eq!(Fiscal::read(&fixture("xml-nao-fiscal.xml")).unwrap_err().code(), 2007);
        let other_model = KEY.replacen("57001", "99001", 1);
        for xml in [
            "<a/>",
            "<CTe/>",
            "<CTe><infCte Id=\"CTe1\"/></CTe>",
            &format!("<CTe><infCte Id=\"CTe{other_model}\"/></CTe>"),
            &format!("<NFe><infNFe Id=\"NFe{KEY}\"/></NFe>"),
            &format!(
                "<procEventoCTe><infEvento><tpEvento>110110</tpEvento><chCTe>{KEY}</chCTe></infEvento></procEventoCTe>"
            ),
            "<procEventoCTe><infEvento><tpEvento>110111</tpEvento></infEvento></procEventoCTe>",
        ] {
            assert_eq!(code(xml), 2007, "{xml}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[<>/a-z&;=\"! ]{0,80}") {
            let _ = Fiscal::read(&bytes);
            let _ = Fiscal::read(text.as_bytes());
        }

        #[test]
        fn the_first_forbidden_character_is_found_wherever_it_stands(text in "[\\PC\t\n\x00-\x20\x7F\u{80}\u{FFFC}-\u{FFFF}]{0,40}") {
            let first = text.chars().find(|c| matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}'));
            prop_assert_eq!(super::forbidden_character(&text), first);
        }
    }
}
