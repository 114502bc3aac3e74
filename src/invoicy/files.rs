//! PDF and XML of an NFS-e on disk: what came is looked at before it is written.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::answer::Told;
use crate::contract::{Code, ErrorEntry, Nfse};
use crate::document::write_file;

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
            format.decode(text).and_then(|bytes| write_file(&path, &bytes))
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

#[cfg(test)]
mod tests {
    use super::Format;

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
}
