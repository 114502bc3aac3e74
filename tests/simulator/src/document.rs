//! What the service reads of an uploaded file: the kind of each document and its access key.

use std::borrow::Cow;
use std::io::{Cursor, Read};

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Of a ZIP so many XML are taken, the rest is ignored in silence (manual).
const MAX_XML_IN_ZIP: usize = 400;
/// No document is larger; it keeps a ZIP from filling the memory.
const MAX_XML_BYTES: u64 = 64 << 20;
const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";
/// The type of a cancellation among the events.
const CANCELLATION: &str = "110111";

/// The kinds of documents that the service takes (manual).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
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
    /// The cancellation of one of them, event 110111.
    Cancellation,
}

impl Kind {
    /// The kind with this model, as it stands at positions 21 and 22 of an access key.
    pub(crate) fn of_model(model: &str) -> Option<Self> {
        match model {
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

/// A document that can be endorsed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) key: String,
    pub(crate) kind: Kind,
    pub(crate) details: Details,
}

/// What a listing shows of a document, as it stands in the XML.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    /// nCT, nNF or nMDF.
    pub(crate) number: Option<String>,
    /// serie.
    pub(crate) series: Option<String>,
    /// dhEmi.
    pub(crate) issued: Option<String>,
    /// vTPrest, vRec, vCarga or vNF.
    pub(crate) value: Option<String>,
}

/// Why a file is not taken (seed page 2.3).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// R: an XML that does not seem to be of the right kind.
    WrongKind,
    /// N: neither XML nor ZIP. Assumed: XML that is not well-formed is no XML.
    NotXmlOrZip,
}

/// A ZIP is known by its first bytes: those of an entry, or of the end when it is empty.
pub(crate) fn is_zip(content: &[u8]) -> bool {
    content.starts_with(b"PK\x03\x04") || content.starts_with(b"PK\x05\x06")
}

/// The documents in a ZIP, in its order. Assumed: a damaged or empty ZIP is denied as a whole; of a ZIP
/// within it that one is rejected, and anything else in it is denied by itself.
pub(crate) fn read_zip(content: &[u8]) -> Vec<Result<Document, Refusal>> {
    match read_entries(content) {
        Ok(documents) if !documents.is_empty() => documents,
        _ => vec![Err(Refusal::NotXmlOrZip)],
    }
}

fn read_entries(content: &[u8]) -> zip::result::ZipResult<Vec<Result<Document, Refusal>>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(content))?;
    let mut documents = Vec::new();
    let mut xml = 0;
    for place in 0..archive.len() {
        let entry = archive.by_index(place)?;
        if xml == MAX_XML_IN_ZIP {
            break;
        }
        if entry.is_file() {
            let mut file = Vec::new();
            entry.take(MAX_XML_BYTES).read_to_end(&mut file)?;
            let document = if is_zip(&file) { Err(Refusal::WrongKind) } else { read_xml(&file) };
            xml += usize::from(document != Err(Refusal::NotXmlOrZip));
            documents.push(document);
        }
    }
    Ok(documents)
}

/// The document that an XML is. Assumed: it must be well-formed, in UTF-8 or ISO-8859-1 (or windows-1252,
/// which many programs write under that name); whether it is signed, authorised or valid is not looked at.
pub(crate) fn read_xml(content: &[u8]) -> Result<Document, Refusal> {
    let text = decode(content).ok_or(Refusal::NotXmlOrZip)?;
    let outline = Outline::read(&text).ok_or(Refusal::NotXmlOrZip)?;
    outline.document().ok_or(Refusal::WrongKind)
}

/// The XML as text, by the encoding that it declares.
fn decode(content: &[u8]) -> Option<Cow<'_, str>> {
    let content = content.strip_prefix(UTF8_BOM).unwrap_or(content);
    let encoding = match declared_encoding(content) {
        None => UTF_8,
        Some(label) => Encoding::for_label(label.as_bytes())?,
    };
    let known = encoding == UTF_8 || encoding == WINDOWS_1252;
    known.then(|| encoding.decode_without_bom_handling_and_without_replacement(content))?
}

/// What the XML declaration says, which every encoding taken here writes in ASCII.
fn declared_encoding(content: &[u8]) -> Option<String> {
    let declaration = content.split_inclusive(|byte| *byte == b'>').next()?;
    match Reader::from_str(str::from_utf8(declaration).ok()?).read_event().ok()? {
        Event::Decl(declaration) => declaration.encoding()?.ok().map(Cow::into_owned),
        _ => None,
    }
}

/// What is of interest in an XML. Of several elements of a name the first counts.
#[derive(Default)]
struct Outline {
    root: String,
    /// `Id` of infCte, infNFe or infMDFe.
    id: Option<String>,
    /// chCTe, chNFe or chMDFe.
    event_key: Option<String>,
    event_type: Option<String>,
    details: Details,
}

impl Outline {
    /// Reads all of the XML, for it must be well-formed to its end.
    fn read(xml: &str) -> Option<Self> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().enable_all_checks(true);
        let mut outline = Self::default();
        let mut open: Vec<String> = Vec::new();
        let mut first = true;
        loop {
            match reader.read_event().ok()? {
                Event::Eof => break,
                Event::Decl(_) if first => {}
                Event::Start(element) => {
                    outline.element(&element, open.is_empty())?;
                    open.push(local_name(&element));
                }
                Event::Empty(element) => outline.element(&element, open.is_empty())?,
                Event::End(_) => drop(open.pop()),
                Event::Text(text) => outline.text(open.last().map(String::as_str), &text)?,
                Event::GeneralRef(reference) if is_known(&reference) => {}
                Event::CData(_) if !open.is_empty() => {}
                Event::Comment(_) | Event::PI(_) => {}
                // No fiscal document has a document type; entities of one's own are an attack.
                Event::DocType(_) | Event::GeneralRef(_) | Event::CData(_) | Event::Decl(_) => return None,
            }
            first = false;
        }
        (open.is_empty() && !outline.root.is_empty()).then_some(outline)
    }

    /// Takes note of an element; `None` when it makes the XML malformed.
    fn element(&mut self, element: &BytesStart<'_>, outermost: bool) -> Option<()> {
        let name = local_name(element);
        if outermost && !self.root.is_empty() {
            return None;
        }
        let mut id = None;
        for attribute in element.attributes() {
            let attribute = attribute.ok()?;
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
            if attribute.key.as_ref() == "Id" {
                id = Some(value.into_owned());
            }
        }
        if self.id.is_none() && matches!(name.as_str(), "infCte" | "infNFe" | "infMDFe") {
            self.id = id;
        }
        if outermost {
            self.root = name;
        }
        Some(())
    }

    /// Takes note of the text in an element; outside of the outermost one there may be none.
    fn text(&mut self, element: Option<&str>, text: &str) -> Option<()> {
        let noted = match element {
            None => return text.trim().is_empty().then_some(()),
            Some("chCTe" | "chNFe" | "chMDFe") => &mut self.event_key,
            Some("tpEvento") => &mut self.event_type,
            Some("nCT" | "nNF" | "nMDF") => &mut self.details.number,
            Some("serie") => &mut self.details.series,
            Some("dhEmi") => &mut self.details.issued,
            // Of a CT-e, which has the value of its cargo further down, it is that of the service.
            Some("vTPrest" | "vRec" | "vCarga" | "vNF") => &mut self.details.value,
            Some(_) => return Some(()),
        };
        noted.get_or_insert_with(|| text.trim().to_owned());
        Some(())
    }

    /// The document, by the outermost element and the key (manual: the kinds that are taken). Of the events
    /// only the cancellation is one of them.
    fn document(self) -> Option<Document> {
        let models = match self.root.as_str() {
            "cteProc" | "CTe" => ["57", "94"].as_slice(),
            "cteSimpProc" | "CTeSimp" => &["57"],
            "cteOSProc" | "CTeOS" => &["67"],
            "nfeProc" | "NFe" => &["55", "65"],
            "mdfeProc" | "MDFe" => &["58"],
            "procEventoCTe" | "procEventoNFe" | "procEventoMDFe" => return self.cancellation(),
            _ => return None,
        };
        let id = self.id?;
        let key = ["CTe", "NFe", "MDFe"].iter().find_map(|prefix| id.strip_prefix(prefix))?;
        let model = is_key(key).then(|| &key[20..22])?;
        let kind = models.contains(&model).then(|| Kind::of_model(model))??;
        Some(Document { key: key.to_owned(), kind, details: self.details })
    }

    fn cancellation(self) -> Option<Document> {
        let key = self.event_key.filter(|key| is_key(key))?;
        let document = Document { key, kind: Kind::Cancellation, details: Details::default() };
        (self.event_type.as_deref() == Some(CANCELLATION)).then_some(document)
    }
}

fn local_name(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_owned()
}

/// A reference to a character, or to one of the five entities that every XML has.
fn is_known(reference: &BytesRef<'_>) -> bool {
    match reference.is_char_ref() {
        true => reference.resolve_char_ref().is_ok(),
        false => resolve_predefined_entity(reference).is_some(),
    }
}

/// An access key: digits, with letters allowed in the CNPJ since 07/2026 (all of it but the check
/// digits). Assumed: the key's own check digit is not looked at.
fn is_key(text: &str) -> bool {
    let fits =
        |(place, byte): (usize, u8)| byte.is_ascii_digit() || ((6..18).contains(&place) && byte.is_ascii_uppercase());
    text.len() == 44 && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cte(key: &str) -> String {
        format!("<CTe><infCte Id=\"CTe{key}\"/></CTe>")
    }

    proptest! {
        #[test]
        fn every_key_is_read_as_it_is(before in "[0-9]{6}[A-Z0-9]{12}[0-9]{2}", behind in "[0-9]{22}") {
            let key = format!("{before}57{behind}");
            let expected = Document { key: key.clone(), kind: Kind::Cte, details: Details::default() };
            prop_assert_eq!(read_xml(cte(&key).as_bytes()), Ok(expected));
        }

        #[test]
        fn what_is_no_key_is_not_taken(text in "[0-9A-Za-z ]{0,60}") {
            prop_assume!(!is_key(&text));
            prop_assert_eq!(read_xml(cte(&text).as_bytes()), Err(Refusal::WrongKind));
        }

        #[test]
        fn a_cut_xml_is_no_xml(length in 1_usize..70) {
            let whole = cte("35220528779662000120579990000004681178902280");
            prop_assert_eq!(read_xml(&whole.as_bytes()[..length]), Err(Refusal::NotXmlOrZip));
        }

        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>, text in "(<|>|/|\\?|!|a|&|;|\"|=| |\\[|\\]|-){0,40}") {
            let _ = read_xml(&bytes);
            let _ = read_xml(text.as_bytes());
            let _ = read_zip(&[b"PK\x03\x04", bytes.as_slice()].concat());
        }
    }
}
