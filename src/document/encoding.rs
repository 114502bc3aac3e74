//! The encoding that an XML declares: what is on disk is read by it, and a text goes out in it.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::contract::{Code, ErrorEntry};

/// An XML as text. 2006 if it is not in the encoding that it declares.
pub fn decode(xml: &[u8]) -> Result<Cow<'_, str>, ErrorEntry> {
    let xml = xml.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(xml);
    let encoding = declared(xml)?;
    let text = encoding.decode_without_bom_handling_and_without_replacement(xml);
    text.ok_or_else(|| malformed(format!("not in {}, the encoding that it declares", encoding.name())))
}

/// A text that was read from an XML still declares the encoding that it had on disk: it goes out in that one. 2006 if it
/// holds what that encoding cannot.
pub fn encode(text: &str) -> Result<Cow<'_, [u8]>, ErrorEntry> {
    let text = text.trim_start_matches('\u{FEFF}');
    let encoding = declared(text.as_bytes())?;
    match encoding.encode(text) {
        (bytes, used, false) if used == encoding => Ok(bytes),
        _ => Err(malformed(format!("text that {}, the encoding that it declares, cannot hold", encoding.name()))),
    }
}

/// By the XML declaration, which every encoding taken here writes in ASCII; UTF-8 without one.
fn declared(xml: &[u8]) -> Result<&'static Encoding, ErrorEntry> {
    match label(xml) {
        None => Ok(UTF_8),
        Some(label) => {
            Encoding::for_label(label.as_bytes()).ok_or_else(|| malformed(format!("unknown encoding {label:?}")))
        }
    }
}

fn label(xml: &[u8]) -> Option<String> {
    let end = xml.iter().position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(&xml[..=end]).ok()?;
    match Reader::from_str(declaration).read_event().ok()? {
        Event::Decl(declaration) => declaration.encoding()?.ok().map(Cow::into_owned),
        _ => None,
    }
}

fn malformed(detail: String) -> ErrorEntry {
    ErrorEntry::new(Code::XmlMalformed).detail(detail)
}
