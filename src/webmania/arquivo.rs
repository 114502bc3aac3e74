//! The files of an MDF-e: its XML, and its DAMDFE as PDF (seed, "segurança dos arquivos").
//!
//! The token goes to the service as set and nowhere else, whatever address a reply has named.

use std::path::PathBuf;

use reqwest::{Method, Url};

use super::{Webmania, explained, mdfe_key};
use crate::contract::{Code, ErrorEntry, MdfeArquivo, Secret, bad_field, missing};
use crate::document::write_file;
use crate::http::{Credential, Effect, Http, Payload, Request};
use crate::redact::excerpt;

/// Which file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pdf,
    Xml,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Self::Pdf => "/damdfe/",
            Self::Xml => "/xmlmdfe/",
        }
    }

    /// Whether `bytes` are such a file, not a page that says something else.
    fn is_of(self, bytes: &[u8]) -> bool {
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
        let holds = |mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
        match self {
            Self::Pdf => text.starts_with(b"%PDF-"),
            Self::Xml => text.starts_with(b"<") && (holds(b"<mdfeProc") || holds(b"<MDFe")),
        }
    }
}

/// Fetches a file and writes it where `request` says; gives its size. A file that exists is replaced whole, or stays as it
/// was. 1005 to 1007, 2001, 2002, the network's codes, 6001, 6009, 6010.
pub fn fetch(webmania: &Webmania, http: &Http, token: &Secret, request: &MdfeArquivo) -> Result<u64, ErrorEntry> {
    let target = match request.arquivo.trim() {
        "" => return Err(missing("arquivo")),
        path => PathBuf::from(path),
    };
    let (url, kind) = wanted(webmania, request)?;
    let bytes = download(http, &url, token)?;
    if !kind.is_of(&bytes) {
        let found = excerpt(&String::from_utf8_lossy(&bytes[..bytes.len().min(1000)]), &[token]);
        return Err(ErrorEntry::new(Code::MdfeFile).detail(found));
    }
    write_file(&target, &bytes)?;
    Ok(bytes.len() as u64)
}

/// The address of the file, at the service as set.
fn wanted(webmania: &Webmania, request: &MdfeArquivo) -> Result<(Url, Kind), ErrorEntry> {
    let kind = match request.tipo.as_deref().map(str::to_lowercase).as_deref() {
        None | Some("") => None,
        Some("pdf") => Some(Kind::Pdf),
        Some("xml") => Some(Kind::Xml),
        Some(_) => return Err(bad_field(Code::BadField, "tipo", "deve ser \"pdf\" ou \"xml\"")),
    };
    let given =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let key = match (given(&request.url), given(&request.chave)) {
        (Some(_), Some(_)) => {
            return Err(bad_field(Code::BadField, "url", "não pode vir junto com \"chave\"; informe só um"));
        }
        (Some(url), None) => return at_service(webmania, &url, kind),
        (None, Some(chave)) => mdfe_key(&chave)?,
        (None, None) => return Err(missing("chave")),
    };
    let kind = kind.ok_or_else(|| missing("tipo"))?;
    Ok((webmania.address(&format!("{}{}", kind.path(), key.as_str()))?, kind))
}

/// An address out of a reply. Those begin with http as readily as with https (seed): what is taken of it is the path.
fn at_service(webmania: &Webmania, url: &str, kind: Option<Kind>) -> Result<(Url, Kind), ErrorEntry> {
    let wrong = |what: &str| Err(bad_field(Code::BadField, "url", what));
    let Ok(url) = Url::parse(url) else { return wrong("não é um endereço (URL) válido") };
    let raised = url.scheme() != webmania.url.scheme() && url.port().is_none();
    if url.host_str() != webmania.url.host_str()
        || !raised && url.port_or_known_default() != webmania.url.port_or_known_default()
    {
        return wrong("não é do Webmania como configurado (webmania.url): o token não é enviado a outro servidor");
    }
    let found = [Kind::Pdf, Kind::Xml].into_iter().find(|kind| url.path().starts_with(kind.path()));
    match (found, kind) {
        (Some(found), None) => Ok((webmania.address(url.path())?, found)),
        (Some(found), Some(kind)) if found == kind => Ok((webmania.address(url.path())?, found)),
        (Some(_), Some(_)) => Err(bad_field(Code::BadField, "tipo", "não é o do arquivo em \"url\"")),
        (None, _) => wrong("não é de um arquivo do Webmania (/damdfe/ ou /xmlmdfe/)"),
    }
}

fn download(http: &Http, url: &Url, token: &Secret) -> Result<Vec<u8>, ErrorEntry> {
    let secrets = [token];
    let request = Request::new(url, Payload::Body(Method::GET, &[]), Effect::Reads)
        .credential(Credential::Bearer(token.clone()))
        .hiding(&secrets)
        .own_words(super::is_json);
    let answer = http.send(&request).map_err(explained)?;
    let origin = || excerpt(&answer.text(), &secrets);
    match answer.status {
        200..300 => Ok(answer.body),
        401 | 403 => Err(ErrorEntry::new(Code::TokenRefused).detail(origin())),
        404 => Err(ErrorEntry::new(Code::MdfeNotFound).detail(origin())),
        _ => Err(ErrorEntry::new(Code::WebmaniaError).detail(origin())),
    }
}
