//! When the certificate of a company expires, with which InvoiCy signs its NFS-e: a part of Diagnostico.
//!
//! There is no question for it. Two public clients read `CertHoraVencimento` beside each document of an answer, so documents
//! are asked for, and the latest date is taken. (Assumed: its form, a date first.) A certificate that has expired already the
//! service tells by the codes 103 and 104 of the envelope.

use time::{Date, Duration, Month, OffsetDateTime};

use super::Invoicy;
use super::question::{Question, Wanted};
use crate::contract::{Certificado, Code, ErrorEntry, NfseConsulta, Progress, Secret, Stage};
use crate::http::Http;

/// Documents of so many days are looked through.
const DAYS: i64 = 30;

/// So many days before its end it is told to be renewed.
const SOON: i64 = 30;

impl Invoicy {
    /// What is known of the certificate by the documents that `request` asks for.
    #[must_use]
    pub fn certificate(&self, http: &Http, request: &NfseConsulta, progress: &mut Progress) -> Certificado {
        let today = OffsetDateTime::now_utc().date();
        match self.expiry(http, request, today, progress) {
            Ok(expiry) => judged(expiry, today),
            Err(error) => Certificado::failed(String::new(), None, error),
        }
    }

    /// The latest date that the documents tell, as it was told.
    fn expiry(
        &self,
        http: &Http,
        request: &NfseConsulta,
        today: Date,
        progress: &mut Progress,
    ) -> Result<String, ErrorEntry> {
        let question = Question::of(&of_late(request, today))?;
        let line = self.line(http, &request.chave_acesso, &request.chave_parceiro)?;
        progress.begin(Stage::Nfse, 0, 1)?;
        let told = question.ask(&line, Wanted::Situation);
        progress.end(Stage::Nfse, 1, 1, told.as_ref().err());
        let told = told?.into_iter().map(|told| told.nfse.certificado_vencimento);
        Ok(told.filter(|text| !text.is_empty()).max_by_key(|text| date(text)).unwrap_or_default())
    }
}

/// The question of `request`; of the last days if it does not say what to look for.
fn of_late(request: &NfseConsulta, today: Date) -> NfseConsulta {
    let NfseConsulta { id_unico, chave, numero_inicial, serie, inicio, fim, .. } = request;
    let says = [id_unico, chave, numero_inicial, serie, inicio, fim].into_iter().any(Option::is_some);
    let day = |date: Date| Some(date.to_string());
    NfseConsulta {
        chave_acesso: Secret::default(),
        chave_parceiro: Secret::default(),
        cnpj: request.cnpj.clone(),
        tp_amb: request.tp_amb.clone(),
        id_unico: id_unico.clone(),
        chave: chave.clone(),
        numero_inicial: numero_inicial.clone(),
        numero_final: request.numero_final.clone(),
        serie: serie.clone(),
        inicio: if says { inicio.clone() } else { day(today - Duration::days(DAYS)) },
        fim: if says { fim.clone() } else { day(today) },
        ..NfseConsulta::default()
    }
}

fn judged(expiry: String, today: Date) -> Certificado {
    if expiry.is_empty() {
        let msg = "O InvoiCy não informou a validade do certificado nos documentos consultados.";
        return Certificado::good(expiry, None, msg.to_owned());
    }
    let Some(days) = date(&expiry).map(|date| (date - today).whole_days()) else {
        let msg = format!("O certificado vence em: {expiry}.");
        return Certificado::good(expiry, None, msg);
    };
    match days {
        ..0 => Certificado::failed(expiry, Some(days), ErrorEntry::new(Code::InvoicyCertificate)),
        0..SOON => {
            let msg = format!("O certificado vence em {days} dia(s). Renove-o e envie o novo pelo painel do InvoiCy.");
            Certificado::good(expiry, Some(days), msg)
        }
        _ => Certificado::good(expiry, Some(days), format!("O certificado vale por mais {days} dias.")),
    }
}

/// The day with which `text` begins: YYYY-MM-DD or DD/MM/YYYY.
fn date(text: &str) -> Option<Date> {
    let text = text.trim().get(..10)?;
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let &[first, month, last] = parts.as_slice() else { return None };
    let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use time::macros::date as day;

    use super::{date, judged, of_late};
    use crate::contract::NfseConsulta;

    #[test]
    fn the_day_is_read_in_both_forms() {
        for text in ["2026-12-31T23:59:59", "2026-12-31", "31/12/2026 23:59", " 31/12/2026"] {
            assert_eq!(date(text), Some(day!(2026 - 12 - 31)), "{text}");
        }
        for text in ["", "amanhã", "2026-13-01", "31-31-31", "2026/1/1", "ççççç"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_left_is_told_in_time() {
        let told = |expiry: &str| serde_json::to_value(judged(expiry.to_owned(), day!(2026 - 12 - 01))).unwrap();
        assert_eq!(json!([told("2027-12-01")["status"], told("2027-12-01")["dias"]]), json!([1, 365]));
        assert!(told("2026-12-20")["msg"].as_str().unwrap().contains("19 dia(s)"));
        let expired = told("2026-11-30");
        assert_eq!(json!([expired["status"], expired["dias"], expired["error"][0]["code"]]), json!([0, -1, 7008]));
        assert_eq!(json!([told("")["status"], told("")["vencimento"]]), json!([1, ""]));
        assert_eq!(told("logo")["status"], 1);
    }

    #[test]
    fn the_last_days_are_looked_through_unless_said() {
        let asked = of_late(&NfseConsulta { cnpj: "1".to_owned(), ..NfseConsulta::default() }, day!(2026 - 12 - 01));
        assert_eq!((asked.inicio.as_deref(), asked.fim.as_deref()), (Some("2026-11-01"), Some("2026-12-01")));
        let said = NfseConsulta { id_unico: Some("x".to_owned()), ..NfseConsulta::default() };
        assert_eq!(of_late(&said, day!(2026 - 12 - 01)).inicio, None);
    }
}
