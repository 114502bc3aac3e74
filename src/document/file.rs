//! A document as it comes from disk or from the request: what it is, how large, under which name it travels.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek};
use std::path::Path;

use super::encoding::encode;
use crate::contract::{Code, ErrorEntry};

/// Larger files are refused (2004): the contract's limit, far above any document or ZIP of 400.
pub const MAX_BYTES: u64 = 50 * 1024 * 1024;

/// How much of a file is looked at to tell what it is.
const HEAD_BYTES: usize = 512;

/// What a file is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An XML document.
    Xml,
    /// A ZIP archive of XML documents.
    Zip,
}

/// Something to send: looked at, opened, not yet read whole.
#[derive(Debug)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// The name under which it travels: ASCII letters, digits, `.`, `-`, `_`, with the extension of its kind.
    pub name: String,
    /// Its content.
    pub content: Content,
}

/// Where the bytes are.
#[derive(Debug)]
pub enum Content {
    /// An open file, at its beginning, with its length.
    File(File, u64),
    /// Bytes in memory.
    Bytes(Vec<u8>),
}

impl Content {
    /// All of them. What cannot be read (any more) is 2002.
    pub fn read(&self) -> Result<Cow<'_, [u8]>, ErrorEntry> {
        match self {
            Self::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Self::File(file, length) => {
                let unreadable = |error: io::Error| code_of(&error).detail(error.to_string());
                let mut bytes = Vec::with_capacity(usize::try_from(*length).unwrap_or_default());
                let mut file: &File = file;
                file.rewind().map_err(unreadable)?;
                file.take(*length).read_to_end(&mut bytes).map_err(unreadable)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// How many they are.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Self::File(_, length) => *length,
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }
}

impl Document {
    /// Opens the file at `path` and tells what it is. 2001 to 2005 if it cannot be sent.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ErrorEntry> {
        let path = path.as_ref();
        let named = |error: ErrorEntry| error.detail(path.display().to_string());
        let unreadable = |error| io_error(path, &error);
        let length = checked_length(&std::fs::metadata(path).map_err(unreadable)?).map_err(named)?;
        let mut file = File::open(path).map_err(unreadable)?;
        let kind = Kind::of_file(&mut file).map_err(unreadable)?;
        let kind = kind.ok_or_else(|| named(ErrorEntry::new(Code::FileType)))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Self { kind, name: travel_name(&stem, kind), content: Content::File(file, length) })
    }

    /// A document of `kind` in memory: `stem` names it.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>, kind: Kind, stem: &str) -> Self {
        Self { kind, name: travel_name(stem, kind), content: Content::Bytes(bytes) }
    }

    /// An XML given as text, in the encoding that it declares: `stem` names it.
    pub fn from_xml(text: &str, stem: &str) -> Result<Self, ErrorEntry> {
        if text.trim().is_empty() {
            return Err(ErrorEntry::new(Code::FileEmpty));
        }
        let bytes = encode(text)?.into_owned();
        if bytes.len() as u64 > MAX_BYTES {
            return Err(ErrorEntry::new(Code::FileTooLarge));
        }
        match Kind::of(&bytes) {
            Some(kind @ Kind::Xml) => Ok(Self::from_bytes(bytes, kind, stem)),
            _ => Err(ErrorEntry::new(Code::FileType)),
        }
    }
}

impl Kind {
    /// By its first bytes: a ZIP's signature, or `<` after a byte order mark and blanks.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Some(Self::Zip);
        }
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        text.trim_ascii_start().starts_with(b"<").then_some(Self::Xml)
    }

    /// By the first bytes of `file`, which is left at its beginning.
    fn of_file(file: &mut File) -> io::Result<Option<Self>> {
        let mut head = Vec::with_capacity(HEAD_BYTES);
        file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        file.rewind()?;
        Ok(Self::of(&head))
    }

    /// The media type of the form's file part.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "application/xml",
            Self::Zip => "application/zip",
        }
    }

    const fn extension(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Zip => "zip",
        }
    }
}

fn checked_length(metadata: &Metadata) -> Result<u64, ErrorEntry> {
    if metadata.is_dir() {
        return Err(ErrorEntry::new(Code::FileType).msg(
            "O caminho é de uma pasta, não de um arquivo. Escolha o XML autorizado do CT-e, ou um ZIP com os XML.",
        ));
    }
    match metadata.len() {
        0 => Err(ErrorEntry::new(Code::FileEmpty)),
        length @ 1..=MAX_BYTES => Ok(length),
        _ => Err(ErrorEntry::new(Code::FileTooLarge)),
    }
}

/// Why `path` cannot be read.
pub(super) fn io_error(path: &Path, error: &io::Error) -> ErrorEntry {
    code_of(error).detail(format!("{}: {error}", path.display()))
}

/// 2001 where there is no such file; 2002 for whatever else keeps it from being read.
fn code_of(error: &io::Error) -> ErrorEntry {
    ErrorEntry::new(match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidInput | ErrorKind::InvalidFilename => {
            Code::FileNotFound
        }
        _ => Code::FileNoPermission,
    })
}

/// The service's form reader knows only plain `filename="…"`: a name with accents or blanks would travel as
/// `filename*=` and the file would not be taken for one. So only ASCII goes out; the name means nothing to the service.
fn travel_name(stem: &str, kind: Kind) -> String {
    let plain: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' })
        .take(100)
        .collect();
    let plain = if plain.is_empty() { "documento" } else { &plain };
    format!("{plain}.{}", kind.extension())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Content, Document, Kind, travel_name};

    fn bytes(text: &str) -> Vec<u8> {
        match Document::from_xml(text, "x").unwrap().content {
            Content::Bytes(bytes) => bytes,
            Content::File(..) => unreachable!("from_xml holds bytes"),
        }
    }

    #[test]
    fn kind_is_told_by_content() {
        assert_eq!(Kind::of(b"<a/>"), Some(Kind::Xml));
        assert_eq!(Kind::of(b"\xEF\xBB\xBF \r\n<?xml?>"), Some(Kind::Xml));
        assert_eq!(Kind::of(b"PK\x03\x04..."), Some(Kind::Zip));
        for other in [&b"%PDF-1.7"[..], b"", b"chave;valor", b"PK", b"\xFF\xFE<\0a\0"] {
            assert_eq!(Kind::of(other), None, "{other:?}");
        }
    }

    #[test]
    fn text_goes_out_in_the_encoding_it_declares() {
        let latin = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>São João</a>";
        assert!(bytes(latin).windows(4).any(|four| four == b"S\xE3o "));
        let utf8 = "<?xml version='1.0' encoding='UTF-8'?><a>São</a>";
        assert_eq!(bytes(utf8), utf8.as_bytes());
        assert_eq!(bytes("<a>ç</a>"), "<a>ç</a>".as_bytes());
    }

    #[test]
    fn text_that_its_encoding_cannot_hold_is_refused() {
        for xml in ["<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>字</a>", "<?xml encoding=\"klingon\"?><a/>"] {
            assert_eq!(Document::from_xml(xml, "x").unwrap_err().code(), 2006, "{xml}");
        }
    }

    #[test]
    fn names_travel_in_ascii_with_the_right_extension() {
        assert_eq!(travel_name("CT-e São João 1", Kind::Xml), "CT-e_S_o_Jo_o_1.xml");
        assert_eq!(travel_name("", Kind::Zip), "documento.zip");
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", stem in ".*") {
            let _ = Document::from_xml(&text, &stem);
        }

        #[test]
        fn names_are_always_plain(stem in ".*") {
            prop_assert!(travel_name(&stem, Kind::Xml).bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)));
        }
    }
}
