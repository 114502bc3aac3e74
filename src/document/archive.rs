//! A ZIP of documents: one that is given is checked before it is sent, for the service ignores in silence what is beyond
//! 400 documents (manual), and nobody would notice; and those that we make of many documents.

use std::borrow::Cow;
use std::io::{Cursor, Read, Seek, Write};

use zip::read::ZipFile;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::Content;
use super::file::{Kind, MAX_BYTES};
use crate::contract::{Code, ErrorEntry};

/// What the service takes at most (manual).
pub const MAX_DOCUMENTS: usize = 400;

/// When the documents in a ZIP of ours come to so many bytes, unpacked, it takes no more: two of 50 MB do not fill the
/// memory, and 400 of the usual 12 KB travel together.
const ENOUGH_BYTES: usize = 16 * 1024 * 1024;

/// A ZIP in the making, without any document at first.
pub struct Packer {
    writer: ZipWriter<Cursor<Vec<u8>>>,
    documents: usize,
    bytes: usize,
}

impl Default for Packer {
    fn default() -> Self {
        Self { writer: ZipWriter::new(Cursor::new(Vec::new())), documents: 0, bytes: 0 }
    }
}

impl Packer {
    /// Takes one more document, under this name.
    pub fn add(&mut self, name: &str, document: &[u8]) -> Result<(), ErrorEntry> {
        let failed = |error: String| ErrorEntry::new(Code::Bug).detail(format!("ZIP not written: {error}"));
        self.writer.start_file(name, SimpleFileOptions::default()).map_err(|error| failed(error.to_string()))?;
        self.writer.write_all(document).map_err(|error| failed(error.to_string()))?;
        self.documents += 1;
        self.bytes += document.len();
        Ok(())
    }

    /// Whether it takes no more.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.documents >= MAX_DOCUMENTS || self.bytes >= ENOUGH_BYTES
    }

    /// The ZIP.
    pub fn finish(self) -> Result<Vec<u8>, ErrorEntry> {
        let written = self.writer.finish();
        written.map(Cursor::into_inner).map_err(|error| ErrorEntry::new(Code::Bug).detail(error.to_string()))
    }
}

/// 2009 if `content` is a ZIP that is damaged, empty, holds another ZIP or more than 400 files. Blocks for reading it whole.
pub fn check(content: &Content) -> Result<(), ErrorEntry> {
    match content {
        Content::File(file, _) => {
            let file = file.try_clone().map_err(|error| bad(error.to_string()))?;
            check_entries(ZipArchive::new(file).map_err(|error| bad(error.to_string()))?)
        }
        Content::Bytes(bytes) => {
            check_entries(ZipArchive::new(Cursor::new(bytes)).map_err(|error| bad(error.to_string()))?)
        }
    }
}

fn check_entries(mut archive: ZipArchive<impl Read + Seek>) -> Result<(), ErrorEntry> {
    let mut files = 0;
    for place in 0..archive.len() {
        let entry = archive.by_index(place).map_err(|error| bad(error.to_string()))?;
        files += usize::from(entry.is_file());
        if files > MAX_DOCUMENTS {
            return Err(bad(format!("more than {MAX_DOCUMENTS} files")));
        }
        check_entry(entry)?;
    }
    if files > 0 { Ok(()) } else { Err(bad("no file in it".to_owned())) }
}

fn check_entry(entry: ZipFile<'_, impl Read>) -> Result<(), ErrorEntry> {
    let name = name_of(&entry);
    match Kind::of(&read_entry(entry)?) {
        Some(Kind::Zip) => Err(bad(format!("{name}: a ZIP within the ZIP"))),
        _ => Ok(()),
    }
}

/// The name of a file in a ZIP; empty if it cannot be read.
pub(super) fn name_of(entry: &ZipFile<'_, impl Read>) -> String {
    entry.name().map(Cow::into_owned).unwrap_or_default()
}

/// A file in a ZIP, to its end, which compares its checksum; no further than any document goes.
pub(super) fn read_entry(mut entry: ZipFile<'_, impl Read>) -> Result<Vec<u8>, ErrorEntry> {
    let mut content = Vec::new();
    match entry.by_ref().take(MAX_BYTES + 1).read_to_end(&mut content) {
        Err(error) => Err(bad(format!("{}: {error}", name_of(&entry)))),
        Ok(_) if content.len() as u64 > MAX_BYTES => Err(bad(format!("{}: more than 50 MB", name_of(&entry)))),
        Ok(_) => Ok(content),
    }
}

pub(super) fn bad(detail: String) -> ErrorEntry {
    ErrorEntry::new(Code::BadZip).detail(detail)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use proptest::prelude::*;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::check;
    use crate::document::Content;

    fn zip(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn many(count: usize) -> Vec<u8> {
        zip((0..count).map(|n| (format!("{n}.xml"), b"<a/>".to_vec())))
    }

    fn code(bytes: Vec<u8>) -> i32 {
        check(&Content::Bytes(bytes)).map_or_else(|error| error.code(), |()| 0)
    }

    #[test]
    fn one_to_four_hundred_documents_are_fine() {
        assert_eq!((code(many(1)), code(many(400))), (0, 0));
        assert_eq!((code(many(0)), code(many(401))), (2009, 2009));
    }

    #[test]
    fn a_zip_within_a_zip_and_a_damaged_one_are_refused() {
        assert_eq!(code(zip([("a.xml".to_owned(), b"<a/>".to_vec()), ("b.zip".to_owned(), many(1))])), 2009);
        let mut damaged = zip([("a.xml".to_owned(), vec![b'x'; 3000])]);
        damaged[45] ^= 0xFF;
        assert_eq!(code(damaged), 2009);
        let whole = many(3);
        assert_eq!(code(whole[..whole.len() / 2].to_vec()), 2009);
        assert_eq!(code(b"PK\x03\x04 and no more".to_vec()), 2009);
    }

    proptest! {
        #[test]
        fn never_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..300), flip in 0usize..200, to in any::<u8>()) {
            let _ = check(&Content::Bytes(bytes.clone()));
            bytes.splice(..0, *b"PK\x03\x04");
            let _ = check(&Content::Bytes(bytes));
            let mut zip = many(2);
            let place = flip % zip.len();
            zip[place] = to;
            let _ = check(&Content::Bytes(zip));
        }
    }
}
