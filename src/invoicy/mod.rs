//! InvoiCy (Migrate), through which NFS-e are issued: one SOAP operation for everything, told apart by the XML in it.
//!
//! Sources: the seed page "Gerar um XML de Envio passo-a-passo", and the facts page, which gathers the vendor's public
//! samples and layouts and two production clients. It was never tried against the live service.
//!
//! What a caller hands over is linearised ([`xml`]), keyed ([`key`]) and wrapped ([`envelope`]); what comes back is read as a
//! tree ([`answer`]) and judged by its codes (`codes.rs`). A lost answer is looked up, never sent again; the same question is
//! asked seldom enough (`pace.rs`).

pub mod answer;
mod cancela;
mod certificado;
mod codes;
mod consulta;
mod diagnosis;
pub mod envelope;
mod envia;
mod espelho;
mod files;
mod json_form;
pub mod key;
mod line;
mod outcome;
mod pace;
mod question;
pub mod rps;
#[cfg(test)]
mod samples;
mod tree;
mod wrapper;
pub mod xml;

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;

use crate::contract::{Code, ErrorEntry, InvoicyCk, InvoicyCkRet, Secret, bad_field, missing};
use crate::http::Http;
use crate::settings::{InvoicySettings, Settings, is_token};
use line::{Keys, Line};
use pace::Pace;
use xml::Linear;

/// Nobody waits longer in one call.
const LONGEST_WAIT_S: u64 = 600;

/// Longer keys are none.
const LONGEST_KEY: usize = 200;

/// The service, as set.
pub struct Invoicy {
    settings: InvoicySettings,
    pace: Arc<Pace>,
}

impl Invoicy {
    /// The service at the address of `settings`.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { settings: settings.invoicy.clone(), pace: Arc::default() }
    }

    /// The same, remembering what was asked under other settings: the service does.
    pub fn remember(&mut self, other: &Self) {
        self.pace = other.pace.clone();
    }

    /// The CK of an XML: invoicyCKRet.
    #[must_use]
    pub fn ck(&self, request: &InvoicyCk) -> InvoicyCkRet {
        match self.key_and_text(request) {
            Ok((key, linear)) => {
                let avisos = linear.warnings();
                InvoicyCkRet::computed(key::ck(&key, &linear.text), linear.text, avisos)
            }
            Err(error) => InvoicyCkRet::refused(error),
        }
    }

    fn key_and_text(&self, request: &InvoicyCk) -> Result<(Secret, Linear), ErrorEntry> {
        let key = given_key("chave_acesso", &request.chave_acesso, &self.settings.chave_acesso)?;
        let text = match (&request.xml, request.arquivo.as_deref()) {
            (Some(_), Some(_)) => {
                return Err(bad_field(Code::BadField, "xml", "não pode vir junto com \"arquivo\"; informe só um"));
            }
            (None, None | Some("")) => return Err(missing("xml")),
            (Some(xml), None) => Linear::read(xml)?,
            (None, Some(path)) => Linear::read(&rps::read_file(path)?)?,
        };
        Ok((key, text))
    }

    /// A line to the service under these keys, or those of the settings.
    fn line<'a>(&'a self, http: &'a Http, access: &Secret, partner: &Secret) -> Result<Line<'a>, ErrorEntry> {
        let keys = Keys {
            access: given_key("chave_acesso", access, &self.settings.chave_acesso)?,
            partner: given_key("chave_parceiro", partner, &self.settings.chave_parceiro)?,
        };
        let url = Url::parse(&self.settings.url).map_err(|_| {
            bad_field(Code::BadSetting, "invoicy.url", "deve ter o endereço de arecepcao.aspx, que o InvoiCy informa")
        })?;
        Ok(Line { http, url, keys, pace: &self.pace })
    }
}

/// The key of the request, or else of the settings. 1005 if there is none, 1006 if something clings to it.
fn given_key(field: &str, given: &Secret, set: &Secret) -> Result<Secret, ErrorEntry> {
    let key = if given.expose().is_empty() { set } else { given };
    let text = key.expose();
    if text.is_empty() {
        Err(missing(field))
    } else if text.trim().len() < text.len() {
        Err(bad_field(Code::BadField, field, "tem espaço ou quebra de linha no começo ou no fim"))
    } else if !is_token(text) {
        Err(bad_field(Code::BadField, field, "tem espaço, quebra de linha ou acento"))
    } else if text.len() > LONGEST_KEY {
        Err(bad_field(Code::BadField, field, "é longa demais para ser uma chave"))
    } else {
        Ok(key.clone())
    }
}

/// `aguardar_s` as a time.
fn waiting(seconds: u64) -> Result<Duration, ErrorEntry> {
    if seconds <= LONGEST_WAIT_S {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(bad_field(Code::BadField, "aguardar_s", "deve ficar entre 0 e 600 segundos"))
    }
}
