//! PDF and XML of an NFS-e on disk: what came is looked at before it is written, and a file is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::answer::Told;
use crate::contract::{Code, ErrorEntry, Nfse};

/// With padding or without: other programs are not strict about it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a file must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// PDF.
    Pdf,
    /// XML.
    Xml,
}

impl Format {
    const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Xml => "xml",
        }
    }

    /// The bytes that `text` stands for: base64, or of an XML the XML itself. 7010 if they are something else.
    pub fn decode(self, text: &str) -> Result<Vec<u8>, ErrorEntry> {
        let other =
            |detail: &str| Err(ErrorEntry::new(Code::NfseFile).detail(format!("{}: {detail}", self.extension())));
        let bytes = if self == Self::Xml && text.trim_start().starts_with('<') {
            text.as_bytes().to_vec()
        } else {
            let plain: String = text.split_whitespace().collect();
            match BASE64.decode(&plain) {
                Ok(bytes) => bytes,
                Err(error) => return other(&format!("not base64: {error}")),
            }
        };
        let begins_right = match self {
            Self::Pdf => bytes.starts_with(b"%PDF-"),
            Self::Xml => bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes).trim_ascii_start().starts_with(b"<"),
        };
        if begins_right { Ok(bytes) } else { other("its first bytes are of something else") }
    }
}

/// 2001 unless `path` leads to a folder.
pub fn folder(path: &str) -> Result<PathBuf, ErrorEntry> {
    if Path::new(path).is_dir() {
        Ok(PathBuf::from(path))
    } else {
        Err(ErrorEntry::new(Code::FileNotFound)
            .msg("A pasta em \"pasta\" não existe. Crie-a, ou confira o caminho, e repita.")
            .detail(path))
    }
}

/// Writes what came of `told` into `folder`, and notes it in its entry: the NFS-e stands, whatever becomes of its files.
pub fn keep(told: &Told, nfse: &mut Nfse, folder: &Path, cnpj: &str) {
    for (format, text) in [(Format::Pdf, &told.pdf), (Format::Xml, &told.xml)] {
        let path = folder.join(format!("{}.{}", stem(nfse, cnpj), format.extension()));
        let kept = if text.is_empty() {
            Err(ErrorEntry::new(Code::NfseFile).msg("O InvoiCy não o enviou."))
        } else {
            format.decode(text).and_then(|bytes| write(&path, &bytes))
        };
        match (kept, format) {
            (Ok(()), Format::Pdf) => nfse.arquivos.pdf = path.display().to_string(),
            (Ok(()), Format::Xml) => nfse.arquivos.xml = path.display().to_string(),
            (Err(error), _) => {
                let kind = format.extension().to_uppercase();
                nfse.avisos.push(format!("O {kind} da NFS-e não foi gravado. {}", error.text()));
            }
        }
    }
}

/// The name of the files of a document: issuer, series and number of its RPS.
fn stem(nfse: &Nfse, cnpj: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(40).collect()
    };
    format!("nfse-{}-{}-{}", plain(cnpj), plain(&nfse.serie), plain(&nfse.numero))
}

/// Writes a file: beside it first, then in its place. 2002 if it cannot be.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), ErrorEntry> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}-{count}.tmp", std::process::id()));
    let part = PathBuf::from(part);
    let written = write_new(&part, bytes).and_then(|()| fs::rename(&part, path));
    written.map_err(|error| {
        // There may be nothing to remove.
        let _ = fs::remove_file(&part);
        unwritable(path, &error)
    })
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn unwritable(path: &Path, error: &io::Error) -> ErrorEntry {
    let code = if error.kind() == ErrorKind::NotFound { Code::FileNotFound } else { Code::FileNoPermission };
    ErrorEntry::new(code)
        .msg("O arquivo não pôde ser gravado. Confira a pasta, a permissão e o espaço em disco, e repita.")
        .detail(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Format, write};

    #[test]
    fn what_came_is_looked_at() {
        assert_eq!(Format::Pdf.decode("JVBERi0x\r\nLjc=").unwrap(), b"%PDF-1.7");
        assert_eq!(Format::Pdf.decode("JVBERi0xLjc").unwrap(), b"%PDF-1.7");
        assert_eq!(Format::Xml.decode("PGEvPg==").unwrap(), b"<a/>");
        assert_eq!(Format::Xml.decode("<a/>").unwrap(), b"<a/>");
        for (format, text) in [
            (Format::Pdf, "PGh0bWw+"),
            (Format::Pdf, "<html>"),
            (Format::Pdf, "?"),
            (Format::Pdf, ""),
            (Format::Xml, "JVBERi0xLjc="),
        ] {
            assert_eq!(format.decode(text).unwrap_err().code(), 7010, "{text}");
        }
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("averbador-nfse-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.pdf");
        for content in [&b"first"[..], b"second"] {
            write(&path, content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert_eq!(write(&folder.join("x/a.pdf"), b"").unwrap_err().code(), 2001);
        assert_eq!(write(&folder, b"").unwrap_err().code(), 2002);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left lying about");
        fs::remove_dir_all(&folder).unwrap();
    }
}
