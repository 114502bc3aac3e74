//! The whole flow: login, upload, consulta, in one call (seed, Part II, "Regra de Negócio" 2.2).
//!
//! Its answer can be believed whatever the network did: what may have arrived is looked up before it is sent again.

mod cancela;
mod lista;
mod sessions;
mod visit;

use crate::contract::{AverbaRet, Averbacao, Code, ErrorEntry, Login, Progress, Stage, Upload};
use crate::document::{AccessKey, Fiscal, Model};
use crate::porto::{Parcel, Receipt, endorsed};
use crate::settings::ConsultaMode;

pub use cancela::cancela;
pub use lista::lista;
pub use sessions::Sessions;
pub use visit::Service;
use visit::{Failed, Visit};

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
        Ok((visit, parcel, fiscal)) => {
            let mut flow = Flow { visit, consulta };
            let (averbacao, stage) = flow.run(upload, &parcel, &fiscal, progress);
            (averbacao, stage, flow.visit.new_cookie())
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
    let fiscal = parcel.fiscal.clone().ok_or_else(only_xml)?;
    if fiscal.model == Model::Cancellation {
        return Err(ErrorEntry::new(Code::NotEndorsable)
            .msg("O XML é de um evento de cancelamento. Use a operação Cancela, ou informe o XML do CT-e."));
    }
    Ok((visit, parcel, fiscal))
}

/// How an uncertain upload turned out.
enum Outcome {
    /// It had arrived.
    Found(Averbacao),
    /// It had not, and was sent again.
    Sent(Receipt),
}

/// One document on its way.
struct Flow<'a> {
    visit: Visit<'a>,
    consulta: ConsultaMode,
}

impl Flow<'_> {
    /// What became of the document, and the stage at which it failed.
    fn run(
        &mut self,
        upload: &Upload,
        parcel: &Parcel,
        fiscal: &Fiscal,
        progress: &mut Progress,
    ) -> (Averbacao, Option<Stage>) {
        progress.about(upload.cte.clone(), Some(fiscal.key.as_str().to_owned()));
        let known = fiscal.warnings().into_iter().fold(named(&fiscal.key, upload), Averbacao::warned);
        match self.endorse(parcel, &fiscal.key, &known, progress) {
            Ok(averbacao) => (averbacao, None),
            Err(Failed(stage, error)) => (known.failed(error), stage),
        }
    }

    fn endorse(
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
            (Ok(found), _) => Ok(known.clone().taking(found)),
            // The upload's own answer has the number: it is endorsed, whatever became of the question.
            (Err(Failed(_, error)), Some(protocol)) => Ok(endorsed(protocol)
                .warned(format!("O envio foi aceito com este protocolo, mas a consulta falhou: {}", error.text()))),
            (Err(Failed(stage, error)), None) if error.is(Code::NotEndorsed) => Err(Failed(stage, no_number_yet())),
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
            Ok(found) => return Ok(Outcome::Found(found)),
            Err(Failed(_, error)) if error.is(Code::NotEndorsed) => {}
            Err(_) => return Err(Failed(Some(Stage::Upload), uncertain)),
        }
        progress.again(Stage::Upload, 0, 1, "O documento não chegou ao AverbePorto. Enviando mais uma vez…");
        match self.upload(parcel, progress) {
            Err(Failed(stage, error)) if error.is_uncertain() => {
                self.look_up(key, progress).map(Outcome::Found).map_err(|_| Failed(stage, error))
            }
            sent => sent.map(Outcome::Sent),
        }
    }

    fn upload(&mut self, parcel: &Parcel, progress: &mut Progress) -> Result<Receipt, Failed> {
        self.visit.with_session(Stage::Upload, progress, |service, session, progress| {
            service.porto.deliver(service.http, parcel, session, progress)
        })
    }

    /// `Err` if it is not endorsed (5006) or cannot be known.
    fn look_up(&mut self, key: &AccessKey, progress: &mut Progress) -> Result<Averbacao, Failed> {
        self.visit.with_session(Stage::Consulta, progress, |service, session, progress| {
            let found = service.porto.look_up_key(service.http, key, session, progress);
            match found.error() {
                Some(error) => Err(error.clone()),
                None => Ok(found),
            }
        })
    }
}

/// What is known of a document before it is sent, under the caller's own names for it.
fn named(key: &AccessKey, upload: &Upload) -> Averbacao {
    let mut known = Averbacao::of(key.cnpj(), key.number(), key.as_str());
    known.name(
        upload.cnpj.as_deref().filter(|cnpj| !cnpj.is_empty()),
        upload.n_cte.as_deref().filter(|n| !n.is_empty()),
    );
    known
}

/// The protocol in the answer to an upload, if it took effect.
fn protocol(receipt: Receipt) -> Result<Option<String>, Failed> {
    match receipt.errors.into_iter().next() {
        Some(error) => Err(Failed(Some(Stage::Upload), error)),
        None => Ok(receipt.protocols.into_iter().next()),
    }
}

/// The upload took effect, but neither it nor the consulta tells the number.
fn no_number_yet() -> ErrorEntry {
    ErrorEntry::new(Code::NotEndorsed)
        .msg("O AverbePorto recebeu o documento, mas ainda não informa o número. Consulte novamente em alguns minutos.")
        .repeat(true)
}

fn only_xml() -> ErrorEntry {
    ErrorEntry::new(Code::BadField)
        .msg("A operação Averba recebe um XML por vez; um ZIP vai por Upload. Informe o XML do CT-e e repita.")
}
