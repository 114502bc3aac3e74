//! The whole flow: login, upload, consulta, in one call (seed, Part II, "Regra de Negócio" 2.2).
//!
//! Its answer can be believed whatever the network did: what may have arrived is looked up before it is sent again.

mod sessions;

use crate::contract::{AverbaRet, Averbacao, Code, ErrorEntry, Login, Progress, Stage, Upload};
use crate::document::{AccessKey, Fiscal};
use crate::http::Http;
use crate::porto::{Parcel, Porto, Receipt, Session};
use crate::settings::ConsultaMode;

pub use sessions::Sessions;

/// What the flow works with.
pub struct Averba<'a> {
    /// The service.
    pub porto: &'a Porto,
    /// The way to it.
    pub http: &'a Http,
    /// Sessions renewed by other calls.
    pub sessions: &'a Sessions,
    /// When to ask for the endorsement.
    pub consulta: ConsultaMode,
}

/// A failure and the stage at which it came; none if before all of them.
struct Failed(Option<Stage>, ErrorEntry);

impl Averba<'_> {
    /// Endorses one document.
    #[must_use]
    pub fn one(&self, login: &Login, upload: &Upload, progress: &mut Progress) -> AverbaRet {
        let mut flow = Flow { of: self, login, session: None, login_made: false };
        let (averbacao, stage) = flow.run(upload, progress);
        progress.end(Stage::Fim, 1, 1, averbacao.error());
        let cookie = flow.session.filter(|_| flow.login_made).map(|session| session.value().to_owned());
        AverbaRet::from(averbacao).at(stage).with_session(cookie)
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
struct Flow<'a> {
    of: &'a Averba<'a>,
    login: &'a Login,
    /// The session in use; none before the first.
    session: Option<Session>,
    /// Whether it is another than the caller gave.
    login_made: bool,
}

impl Flow<'_> {
    /// What became of the document, and the stage at which it failed.
    fn run(&mut self, upload: &Upload, progress: &mut Progress) -> (Averbacao, Option<Stage>) {
        let (parcel, fiscal) = match self.prepare(upload) {
            Ok(prepared) => prepared,
            Err(error) => return (Averbacao::of("", "", upload.chave.as_deref().unwrap_or("")).failed(error), None),
        };
        progress.about(upload.cte.clone(), Some(fiscal.key.as_str().to_owned()));
        let known = fiscal.warnings().into_iter().fold(named(&fiscal.key, upload), Averbacao::warned);
        match self.endorse(&parcel, &fiscal.key, &known, progress) {
            Ok(averbacao) => (averbacao, None),
            Err(Failed(stage, error)) => (known.failed(error), stage),
        }
    }

    /// Everything that can be told to be wrong before anything is sent.
    fn prepare(&mut self, upload: &Upload) -> Result<(Parcel, Fiscal), ErrorEntry> {
        let given = Session::parse(&upload.cookie)?;
        if given.is_empty() {
            self.login.check()?;
        } else {
            self.session = Some(given);
        }
        let parcel = self.of.porto.pack(upload)?;
        let fiscal = parcel.fiscal.clone().ok_or_else(only_xml)?;
        Ok((parcel, fiscal))
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
        match (protocol(receipt)?, self.of.consulta) {
            (Some(protocol), ConsultaMode::QuandoFaltar) => Ok(known.clone().endorsed(protocol)),
            (protocol, _) => match (self.look_up(key, progress), protocol) {
                (Ok(found), _) => Ok(known.clone().taking(found)),
                // The upload's own answer has the number: it is endorsed, whatever became of the question.
                (Err(failed), Some(protocol)) => Ok(known.clone().endorsed(protocol).warned(format!(
                    "O envio foi aceito com este protocolo, mas a consulta falhou: {}",
                    failed.1.text()
                ))),
                (Err(failed), None) => Err(failed),
            },
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
        let Averba { porto, http, .. } = *self.of;
        self.with_session(Stage::Upload, progress, |session, progress| porto.deliver(http, parcel, session, progress))
    }

    /// `Err` if it is not endorsed (5006) or cannot be known.
    fn look_up(&mut self, key: &AccessKey, progress: &mut Progress) -> Result<Averbacao, Failed> {
        let Averba { porto, http, .. } = *self.of;
        self.with_session(Stage::Consulta, progress, |session, progress| {
            let found = porto.look_up_key(http, key, session, progress);
            match found.error() {
                Some(error) => Err(error.clone()),
                None => Ok(found),
            }
        })
    }

    /// Does `work` with the session there is, or with that of a login. If the session turns out to have ended: exactly one
    /// login and one repetition.
    fn with_session<T>(
        &mut self,
        stage: Stage,
        progress: &mut Progress,
        mut work: impl FnMut(&Session, &mut Progress) -> Result<T, ErrorEntry>,
    ) -> Result<T, Failed> {
        let failed = |error| Failed(Some(stage), error);
        let session = match &self.session {
            Some(session) => session.clone(),
            None => self.log_in(None, progress)?,
        };
        match work(&session, progress) {
            Err(error) if error.is(Code::SessionExpired) && !self.login_made && self.login.check().is_ok() => {
                progress.again(Stage::Login, 0, 1, "A sessão expirou. Entrando novamente…");
                let renewed = self.log_in(Some(&session), progress)?;
                work(&renewed, progress).map_err(failed)
            }
            done => done.map_err(failed),
        }
    }

    fn log_in(&mut self, expired: Option<&Session>, progress: &mut Progress) -> Result<Session, Failed> {
        let Averba { porto, http, sessions, .. } = *self.of;
        let failed = |error| Failed(Some(Stage::Login), error);
        progress.begin(Stage::Login, 0, 1).map_err(failed)?;
        let session = sessions.renew(expired, || porto.request_session(http, self.login).map(Session::new));
        progress.end(Stage::Login, 1, 1, session.as_ref().err());
        let session = session.map_err(failed)?;
        (self.session, self.login_made) = (Some(session.clone()), true);
        Ok(session)
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

fn only_xml() -> ErrorEntry {
    ErrorEntry::new(Code::BadField)
        .msg("A operação Averba recebe um XML por vez; um ZIP vai por Upload. Informe o XML do CT-e e repita.")
}
