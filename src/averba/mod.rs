//! The whole flow: login, upload, consulta, in one call (seed, Part II, "Regra de Negócio" 2.2), for one document or many.
//!
//! Its answer can be believed whatever the network did: what may have arrived is looked up before it is sent again.

mod cancela;
mod diary;
mod lista;
mod many;
mod mdfe;
mod sessions;
mod single;
mod visit;

use serde::Serialize;

use crate::contract::{
    Averba, AverbaRet, AverbaRetBatch, Averbacao, Code, ErrorEntry, Login, OneOrMany, Progress, Upload, bad_field,
    missing,
};
use crate::document::holds_many;
use crate::settings::ConsultaMode;

pub use cancela::cancela;
pub use lista::lista;
pub use mdfe::Manifests;
pub use sessions::Sessions;
pub use visit::Service;

/// averbaRet, in the shape of the request.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Averbado {
    /// Of one document.
    One(AverbaRet),
    /// Of a list, a folder or a ZIP.
    Many(AverbaRetBatch),
}

/// Endorses the document or documents of `request`.
#[must_use]
pub fn averba(service: Service, consulta: ConsultaMode, request: Averba, progress: &mut Progress) -> Averbado {
    match Work::of(request) {
        Ok((login, Work::One(upload))) => Averbado::One(single::averba(service, consulta, (&login, &upload), progress)),
        Ok((login, Work::Many(order))) => match many::averba(service, consulta, &login, order, progress) {
            Ok(reply) => Averbado::Many(reply),
            Err(error) => refused(error),
        },
        Err(error) => refused(error),
    }
}

fn refused(error: ErrorEntry) -> Averbado {
    Averbado::One(AverbaRet::from(Averbacao::default().failed(error)))
}

/// What a request asks for.
enum Work {
    One(Upload),
    Many(many::Order),
}

impl Work {
    /// Many: `cte` is a list, or leads to a folder or a ZIP.
    fn of(request: Averba) -> Result<(Login, Self), ErrorEntry> {
        let Averba { user, pass, cookie, cte, xml, chave, cnpj, n_cte, recipient, v, reenviar, diario } = request;
        let login = Login { user, pass };
        let upload = |cte| Upload { cnpj, n_cte, cte, xml, chave, cookie, recipient, v, dump: None };
        let paths = match cte {
            Some(OneOrMany::Many(paths)) if paths.is_empty() => return Err(missing("cte")),
            Some(OneOrMany::Many(paths)) => paths,
            Some(OneOrMany::One(path)) if holds_many(&path) => vec![path],
            Some(OneOrMany::One(path)) => return Ok((login, Self::one(upload(Some(path)), reenviar, diario)?)),
            None => return Ok((login, Self::one(upload(None), reenviar, diario)?)),
        };
        Ok((login, Self::many(paths, upload(None), reenviar, diario)?))
    }

    fn one(upload: Upload, reenviar: Option<bool>, diario: Option<String>) -> Result<Self, ErrorEntry> {
        let what = "só vale para vários documentos";
        unless_given(&[("reenviar", reenviar.is_some()), ("diario", diario.is_some())], what)?;
        Ok(Self::One(upload))
    }

    fn many(
        paths: Vec<String>,
        upload: Upload,
        reenviar: Option<bool>,
        diario: Option<String>,
    ) -> Result<Self, ErrorEntry> {
        let Upload { xml, chave, cnpj, n_cte, .. } = &upload;
        let given =
            [("xml", xml.is_some()), ("chave", chave.is_some()), ("CNPJ", cnpj.is_some()), ("n_cte", n_cte.is_some())];
        unless_given(&given, "só vale para um documento, não para vários")?;
        Ok(Self::Many(many::Order { paths, upload, resend: reenviar == Some(true), diary: diario }))
    }
}

/// 1006 with `what` if one of these fields is given.
fn unless_given(fields: &[(&str, bool)], what: &str) -> Result<(), ErrorEntry> {
    match fields.iter().find(|(_, given)| *given) {
        Some((field, _)) => Err(bad_field(Code::BadField, field, what)),
        None => Ok(()),
    }
}
