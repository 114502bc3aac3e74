//! Cancellation: the event that cancels a document is handed over as a document is (read in public clients).

use super::lista::page;
use super::single::protocol;
use super::visit::{Failed, Service, Visit};
use crate::contract::{CancelaRet, Code, ErrorEntry, Login, Progress, Span, Stage, Upload, bad_field};
use crate::document::{AccessKey, Model};
use crate::porto::{Filters, Parcel, Receipt};

/// Tells the insurer that a document is cancelled: cancelaRet.
#[must_use]
pub fn cancela(service: Service, login: &Login, upload: &Upload, progress: &mut Progress) -> CancelaRet {
    let (mut visit, parcel, key) = match prepare(service, login, upload) {
        Ok(prepared) => prepared,
        Err(error) => return CancelaRet::new(upload.chave.clone().unwrap_or_default(), Some((None, error)), None),
    };
    progress.about(upload.cte.clone(), Some(key.as_str().to_owned()));
    let failed = hand_over(&mut visit, &parcel, &key, progress).err();
    progress.end(Stage::Fim, 1, 1, failed.as_ref().map(|Failed(_, error)| error));
    let failed = failed.map(|Failed(stage, error)| (stage, error));
    CancelaRet::new(key.as_str().to_owned(), failed, visit.new_cookie())
}

fn prepare<'a>(
    service: Service<'a>,
    login: &'a Login,
    upload: &Upload,
) -> Result<(Visit<'a>, Parcel, AccessKey), ErrorEntry> {
    let visit = Visit::new(service, login, &upload.cookie)?;
    let parcel = service.porto.pack(upload)?;
    let fiscal =
        parcel.fiscal.clone().ok_or_else(|| bad_field(Code::BadField, "cte", "deve ser um XML, não um ZIP"))?;
    if fiscal.model != Model::Cancellation {
        return Err(ErrorEntry::new(Code::NotEndorsable).msg(
            "O XML não é de um evento de cancelamento (110111). Informe o XML do evento, autorizado pela SEFAZ.",
        ));
    }
    Ok((visit, parcel, fiscal.key))
}

/// Sends the event; if it may have arrived, finds out by the listing, and sends it again once only if it has not.
fn hand_over(visit: &mut Visit, parcel: &Parcel, key: &AccessKey, progress: &mut Progress) -> Result<(), Failed> {
    let uncertain = match send(visit, parcel, progress) {
        Err(Failed(_, error)) if error.is_uncertain() => error,
        sent => return protocol(sent?).map(drop),
    };
    match is_cancelled(visit, key, progress) {
        Ok(true) => Ok(()),
        Ok(false) => {
            progress.again(Stage::Upload, 0, 1, "O cancelamento não chegou ao AverbePorto. Enviando mais uma vez…");
            protocol(send(visit, parcel, progress)?).map(drop)
        }
        Err(_) => Err(Failed(Some(Stage::Upload), uncertain)),
    }
}

fn send(visit: &mut Visit, parcel: &Parcel, progress: &mut Progress) -> Result<Receipt, Failed> {
    visit.with_session(Stage::Upload, progress, |Service { porto, http, .. }, session, progress| {
        porto.deliver(http, parcel, session, Span::ONE, progress)
    })
}

/// Whether the listing shows the document as cancelled. A document that it does not show is not.
fn is_cancelled(visit: &mut Visit, key: &AccessKey, progress: &mut Progress) -> Result<bool, Failed> {
    let (documents, _) = page(visit, &Filters::of_key(key), 0, 0, progress)?;
    Ok(documents.iter().any(|document| document.chave == key.as_str() && document.cancelado))
}
