//! A ZIP of documents, checked before it is sent: the service ignores in silence what is beyond 400 documents (manual),
//! and nobody would notice.

use std::borrow::Cow;
use std::io::{Cursor, Read, Seek};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::Content;
use super::file::{Kind, MAX_BYTES};
use crate::contract::{Code, ErrorEntry};

/// What the service takes at most (manual).
const MAX_DOCUMENTS: usize = 400;

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

/// Read to its end, which compares its checksum; no further than any document goes.
fn check_entry(mut entry: ZipFile<'_, impl Read>) -> Result<(), ErrorEntry> {
    let name = entry.name().map(Cow::into_owned).unwrap_or_default();
    let mut content = Vec::new();
    let read = entry.by_ref().take(MAX_BYTES + 1).read_to_end(&mut content);
    match read {
        Err(error) => Err(bad(format!("{name}: {error}"))),
        Ok(_) if content.len() as u64 > MAX_BYTES => Err(bad(format!("{name}: more than 50 MB"))),
        Ok(_) if Kind::of(&content) == Some(Kind::Zip) => Err(bad(format!("{name}: a ZIP within the ZIP"))),
        Ok(_) => Ok(()),
    }
}

fn bad(detail: String) -> ErrorEntry {
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
