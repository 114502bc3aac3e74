//! Listing of what the insurer has (`mod=Retrieve`).
//!
//! Not in the seed document: read in the platform vendor's own client. It is the only known source of the
//! "Status Averbação: Autorizada ou Cancelada" that the seed's third screen shows.

use super::{Porto, Session, not_understood};
use crate::contract::{Code, Documento, ErrorEntry, Lista, bad_field};
use crate::document::AccessKey;
use crate::http::{Effect, Http, Payload};

/// Documents asked for in one request.
const PER_REQUEST: &str = "100";

/// The filters of a listing, as the service names them.
pub struct Filters(Vec<(&'static str, String)>);

impl Filters {
    /// Of a request. 1006 names the filter that makes no sense.
    pub fn of(lista: &Lista) -> Result<Self, ErrorEntry> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let mut filters = Vec::new();
        if let Some(model) = given(lista.modelo.as_ref()) {
            check("modelo", model.len() == 2 && digits(model), "deve ter dois dígitos, como 57 para o CT-e")?;
            filters.push(("modDoc", model.to_owned()));
        }
        if let Some(number) = given(lista.numero.as_ref()) {
            check("numero", digits(number), "deve ter só dígitos")?;
            filters.push(("numDoc", number.to_owned()));
        }
        if let Some(protocol) = given(lista.protocolo.as_ref()) {
            filters.push(("prot", protocol.to_owned()));
        }
        if let Some(cnpj) = given(lista.cnpj.as_ref()) {
            filters.push(("taxId", cnpj.chars().filter(char::is_ascii_alphanumeric).collect()));
        }
        filters.push(("dtType", date_type(lista.data.as_deref().unwrap_or("emissao"))?.to_owned()));
        for (name, field, day) in [("dtStart", "inicio", &lista.inicio), ("dtLimit", "fim", &lista.fim)] {
            if let Some(day) = given(day.as_ref()) {
                check(field, is_day(day), "deve ser uma data AAAA-MM-DD")?;
                filters.push((name, day.to_owned()));
            }
        }
        Ok(Self(filters))
    }

    /// Of one document.
    #[must_use]
    pub fn of_key(key: &AccessKey) -> Self {
        Self(vec![
            ("modDoc", key.model().to_owned()),
            ("numDoc", key.number().to_owned()),
            ("taxId", key.cnpj().to_owned()),
        ])
    }
}

impl Porto {
    /// The documents from place `start` on, as many as the service gives at once, and how many there are in all.
    pub fn list(
        &self,
        http: &Http,
        filters: &Filters,
        start: usize,
        session: &Session,
    ) -> Result<(Vec<Documento>, usize), ErrorEntry> {
        let start = start.to_string();
        let fixed = [("comp", "5"), ("mod", "Retrieve"), ("path", "eguarda/php/"), ("act", "ls")];
        let place = [("start", start.as_str()), ("limit", PER_REQUEST)];
        let filters = filters.0.iter().map(|(name, value)| (*name, value.as_str()));
        let fields: Vec<_> = fixed.into_iter().chain(filters).chain(place).collect();
        let answer = self.post(http, Payload::Form(&fields), session, Effect::Reads)?;
        match answer.refusal(Code::SessionExpired) {
            Some(refusal) => Err(refusal),
            None => answer.documents().ok_or_else(|| not_understood("no list (S) in the answer", Effect::Reads, &[])),
        }
    }
}

fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn check(field: &str, right: bool, what: &str) -> Result<(), ErrorEntry> {
    if right { Ok(()) } else { Err(bad_field(Code::BadField, field, what)) }
}

/// What the days are about (`dtType` of the vendor's client).
fn date_type(name: &str) -> Result<&'static str, ErrorEntry> {
    match name {
        "emissao" => Ok("0"),
        "envio" => Ok("1"),
        "atualizacao" => Ok("2"),
        _ => Err(bad_field(Code::BadField, "data", "deve ser emissao, envio ou atualizacao")),
    }
}

fn is_day(text: &str) -> bool {
    let fits = |(place, byte): (usize, u8)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(fits)
}
