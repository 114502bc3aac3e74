//! The encoding that an XML declares: what is on disk is read by it, and a text goes out in it.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::contract::{Code, ErrorEntry};
use crate::windows_1252;

/// An encoding that an XML may declare.
#[derive(Clone, Copy)]
enum Encoding {
    Utf8,
    Windows1252,
}

impl Encoding {
    /// The encoding that goes by the name `label` (WHATWG, Encoding, "Names and labels").
    fn named(label: &str) -> Option<Self> {
        match label.trim().to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "windows-1252" | "cp1252" | "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "us-ascii" | "ascii" => {
                Some(Self::Windows1252)
            }
            _ => None,
        }
    }
}

/// An XML as text. 2006 if it is not in the encoding that it declares.
pub fn decode(xml: &[u8]) -> Result<Cow<'_, str>, ErrorEntry> {
    let xml = xml.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(xml);
    match declared(xml)? {
        Encoding::Windows1252 => Ok(windows_1252::decode(xml).into()),
        Encoding::Utf8 => std::str::from_utf8(xml)
            .map(Into::into)
            .map_err(|_| malformed("not in UTF-8, the encoding that it declares".to_owned())),
    }
}

/// A text that was read from an XML still declares the encoding that it had on disk: it goes out in that one. 2006 if it
/// holds what that encoding cannot.
pub fn encode(text: &str) -> Result<Cow<'_, [u8]>, ErrorEntry> {
    let text = text.trim_start_matches('\u{FEFF}');
    match declared(text.as_bytes())? {
        Encoding::Utf8 => Ok(text.as_bytes().into()),
        Encoding::Windows1252 => windows_1252::encode(text)
            .map(Into::into)
            .ok_or_else(|| malformed("text that windows-1252, the encoding that it declares, cannot hold".to_owned())),
    }
}

/// By the XML declaration, which every encoding taken here writes in ASCII; UTF-8 without one.
fn declared(xml: &[u8]) -> Result<Encoding, ErrorEntry> {
    match label(xml) {
        None => Ok(Encoding::Utf8),
        Some(label) => Encoding::named(&label).ok_or_else(|| malformed(format!("unknown encoding {label:?}"))),
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
