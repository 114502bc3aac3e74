//! One document: upload and consulta. What may have arrived is looked up before it is sent again.

use super::visit::{Failed, Service, Visit};
use crate::contract::{AverbaRet, Averbacao, Code, ErrorEntry, Login, Progress, Span, Stage, Upload, bad_field};
use crate::document::{AccessKey, Fiscal, Model};
use crate::porto::{Parcel, Receipt, endorsed};
use crate::settings::ConsultaMode;

/// Endorses one document: averbaRet.
#[must_use]
pub fn averba(
    service: Service,
    consulta: ConsultaMode,
    (login, upload): (&Login, &Upload),
    progress: &mut Progress,
) -> AverbaRet {
    let unread = |error| Averbacao::of("", "", upload.chave.as_deref().unwrap_or("")).failed(error);
    let (averbacao, stage, cookie) = match prepare(service, login, upload) {
        Ok((mut visit, parcel, fiscal)) => {
            progress.about(upload.cte.clone(), Some(fiscal.key.as_str().to_owned()));
            let known = known(&fiscal, upload);
            let mut flow = Flow { visit: &mut visit, consulta, span: Span::ONE };
            let (averbacao, stage) = flow.endorse(&parcel, &fiscal.key, known, progress);
            (averbacao, stage, visit.new_cookie())
        }
        Err(error) => (unread(error), None, None),
    };
    progress.end(Stage::Fim, 1, 1, averbacao.error());
    AverbaRet::from(averbacao).at(stage).with_session(cookie)
}

/// Everything that can be told to be wrong before anything is sent.
fn prepare<'a>(
    service: Service<'a>,
    login: &'a Login,
    upload: &Upload,
) -> Result<(Visit<'a>, Parcel, Fiscal), ErrorEntry> {
    let visit = Visit::new(service, login, &upload.cookie)?;
    let parcel = service.porto.pack(upload)?;
    // A path that leads to a ZIP is one of many documents; it was another file a moment ago.
    let fiscal =
        parcel.fiscal.clone().ok_or_else(|| bad_field(Code::BadField, "cte", "deve ser um XML, não um ZIP"))?;
    not_a_cancellation(&fiscal)?;
    Ok((visit, parcel, fiscal))
}

/// 2007 if it is the event that cancels a document: that is not endorsed.
pub(super) fn not_a_cancellation(fiscal: &Fiscal) -> Result<(), ErrorEntry> {
    match fiscal.model {
        Model::Cancellation => Err(ErrorEntry::new(Code::NotEndorsable)
            .msg("O XML é de um evento de cancelamento. Use a operação Cancela, ou informe o XML do CT-e.")),
        _ => Ok(()),
    }
}

/// How an uncertain upload turned out.
enum Outcome {
    /// It had arrived.
    Found(Averbacao),
    /// It had not, and was sent again.
    Sent(Receipt),
}

/// One document on its way.
pub(super) struct Flow<'v, 'a> {
    /// The session in which it is sent.
    pub visit: &'v mut Visit<'a>,
    /// Whether to ask for what the upload's own answer has told.
    pub consulta: ConsultaMode,
    /// Which of how many it is.
    pub span: Span,
}

impl Flow<'_, '_> {
    /// What became of the document, of which this much is `known`, and the stage at which it failed.
    pub fn endorse(
        &mut self,
        parcel: &Parcel,
        key: &AccessKey,
        known: Averbacao,
        progress: &mut Progress,
    ) -> (Averbacao, Option<Stage>) {
        match self.try_to_endorse(parcel, key, &known, progress) {
            Ok(averbacao) => (averbacao, None),
            Err(Failed(stage, error)) => (known.failed(error), stage),
        }
    }

    fn try_to_endorse(
        &mut self,
        parcel: &Parcel,
        key: &AccessKey,
        known: &Averbacao,
        progress: &mut Progress,
    ) -> Result<Averbacao, Failed> {
        let receipt = match self.upload(parcel, progress) {
            Err(Failed(_, error)) if error.is_uncertain() => match self.find_out(parcel, key, error, progress)? {
                Outcome::Found(found) => return Ok(known.clone().taking(found)),
                Outcome::Sent(receipt) => receipt,
            },
            sent => sent?,
        };
        let protocol = protocol(receipt)?;
        let endorsed = |protocol: String| endorsed(known.clone(), key.as_str(), &protocol);
        if let (Some(protocol), ConsultaMode::QuandoFaltar) = (&protocol, self.consulta) {
            return Ok(endorsed(protocol.clone()));
        }
        match (self.look_up(key, progress), protocol) {
            (Ok(Some(found)), _) => Ok(known.clone().taking(found)),
            // The upload's own answer has the number: it is endorsed, whatever became of the question.
            (Ok(None), Some(protocol)) => {
                Ok(endorsed(protocol)
                    .warned("O envio foi aceito com este protocolo, mas a consulta ainda não o mostra."))
            }
            (Err(Failed(_, error)), Some(protocol)) => Ok(endorsed(protocol)
                .warned(format!("O envio foi aceito com este protocolo, mas a consulta falhou: {}", error.text()))),
            (Ok(None), None) => Err(Failed(Some(Stage::Consulta), no_number_yet())),
            (Err(failed), None) => Err(failed),
        }
    }

    /// After an upload that may have arrived: looks it up, and only if it is not there sends it again, once.
    fn find_out(
        &mut self,
        parcel: &Parcel,
        key: &AccessKey,
        uncertain: ErrorEntry,
        progress: &mut Progress,
    ) -> Result<Outcome, Failed> {
        match self.look_up(key, progress) {
            Ok(Some(found)) => return Ok(Outcome::Found(found)),
            Ok(None) => {}
            Err(_) => return Err(Failed(Some(Stage::Upload), uncertain)),
        }
        let Span { before, total, .. } = self.span;
        progress.again(Stage::Upload, before, total, "O documento não chegou ao AverbePorto. Enviando mais uma vez…");
        match self.upload(parcel, progress) {
            Err(Failed(stage, error)) if error.is_uncertain() => match self.look_up(key, progress) {
                Ok(Some(found)) => Ok(Outcome::Found(found)),
                _ => Err(Failed(stage, error)),
            },
            sent => sent.map(Outcome::Sent),
        }
    }

    fn upload(&mut self, parcel: &Parcel, progress: &mut Progress) -> Result<Receipt, Failed> {
        let span = self.span;
        self.visit.with_session(Stage::Upload, progress, |service, session, progress| {
            service.porto.deliver(service.http, parcel, session, span, progress)
        })
    }

    /// What the insurer knows of a document that was sent; `None` if it is not endorsed. A wish to stop waits for it.
    fn look_up(&mut self, key: &AccessKey, progress: &mut Progress) -> Result<Option<Averbacao>, Failed> {
        let span = self.span;
        progress.unstoppable(|progress| self.visit.look_up(&[key], span, progress)).map(|mut found| found.remove(0))
    }
}

/// What is known of a document before it is sent, under the caller's own names for it.
pub(super) fn known(fiscal: &Fiscal, upload: &Upload) -> Averbacao {
    let key = &fiscal.key;
    let known = Averbacao::of(key.cnpj(), key.number(), key.as_str());
    let mut known = fiscal.warnings().into_iter().fold(known, Averbacao::warned);
    known.name(
        upload.cnpj.as_deref().filter(|cnpj| !cnpj.is_empty()),
        upload.n_cte.as_deref().filter(|n| !n.is_empty()),
    );
    known
}

/// The protocol in the answer to an upload, if it took effect.
pub(super) fn protocol(receipt: Receipt) -> Result<Option<String>, Failed> {
    match receipt.errors.into_iter().next() {
        Some(error) => Err(Failed(Some(Stage::Upload), error)),
        None => Ok(receipt.protocols.into_iter().next()),
    }
}

/// The upload took effect, but neither it nor the consulta tells the number.
pub(super) fn no_number_yet() -> ErrorEntry {
    ErrorEntry::new(Code::NotEndorsed)
        .msg("O AverbePorto recebeu o documento, mas ainda não informa o número. Consulte novamente em alguns minutos.")
        .repeat(true)
}
