//! One call's visit to the service: its session, renewed when it has ended.

use super::Sessions;
use crate::contract::{Averbacao, Code, ErrorEntry, Login, Progress, Secret, Span, Stage};
use crate::document::AccessKey;
use crate::http::Http;
use crate::porto::{Porto, Session};

/// The service, the way to it, and the sessions renewed by other calls.
#[derive(Clone, Copy)]
pub struct Service<'a> {
    /// The service.
    pub porto: &'a Porto,
    /// The way to it.
    pub http: &'a Http,
    /// Sessions renewed by other calls.
    pub sessions: &'a Sessions,
}

/// A failure and the stage at which it came; none if before all of them.
pub(super) struct Failed(pub Option<Stage>, pub ErrorEntry);

/// A visit under way.
pub(super) struct Visit<'a> {
    /// Where to.
    pub service: Service<'a>,
    login: &'a Login,
    /// The session in use; none before the first.
    session: Option<Session>,
    /// Whether it is another than the caller gave.
    login_made: bool,
    /// Whether it comes from a login of ours and nothing was done with it yet: one that has ended then is no use renewing.
    unproved: bool,
}

impl<'a> Visit<'a> {
    /// With the session in `cookie`, or the one that `login` will give. 1005, 1006 if neither can be.
    pub fn new(service: Service<'a>, login: &'a Login, cookie: &Secret) -> Result<Self, ErrorEntry> {
        let given = Session::parse(cookie)?;
        if given.is_empty() {
            login.check()?;
        }
        let session = Some(given).filter(|session| !session.is_empty());
        Ok(Self { service, login, session, login_made: false, unproved: false })
    }

    /// The session of the login that was made, for the caller to store.
    pub fn new_cookie(&self) -> Option<String> {
        self.session.as_ref().filter(|_| self.login_made).map(|session| session.value().to_owned())
    }

    /// Does `work` with the session there is, or with that of a login. If the session turns out to have ended: exactly one
    /// login and one repetition.
    pub fn with_session<T>(
        &mut self,
        stage: Stage,
        progress: &mut Progress,
        mut work: impl FnMut(Service, &Session, &mut Progress) -> Result<T, ErrorEntry>,
    ) -> Result<T, Failed> {
        let failed = |error| Failed(Some(stage), error);
        let session = match &self.session {
            Some(session) => session.clone(),
            None => self.log_in(None, progress)?,
        };
        let done = match work(self.service, &session, progress) {
            Err(error) if error.is(Code::SessionExpired) && !self.unproved && self.login.check().is_ok() => {
                progress.again(Stage::Login, 0, 1, "A sessão expirou. Entrando novamente…");
                let renewed = self.log_in(Some(&session), progress)?;
                work(self.service, &renewed, progress)
            }
            done => done,
        };
        self.unproved &= done.is_err();
        done.map_err(failed)
    }

    /// What is known of each of these keys (at most 400), in their order; `None` of one that is not endorsed.
    pub fn look_up(
        &mut self,
        keys: &[&AccessKey],
        span: Span,
        progress: &mut Progress,
    ) -> Result<Vec<Option<Averbacao>>, Failed> {
        self.with_session(Stage::Consulta, progress, |Service { porto, http, .. }, session, progress| {
            porto.find_keys(http, keys, session, span, progress)
        })
    }

    fn log_in(&mut self, expired: Option<&Session>, progress: &mut Progress) -> Result<Session, Failed> {
        let Service { porto, http, sessions } = self.service;
        let failed = |error| Failed(Some(Stage::Login), error);
        progress.begin(Stage::Login, 0, 1).map_err(failed)?;
        let session = sessions.renew(expired, || porto.request_session(http, self.login).map(Session::new));
        progress.end(Stage::Login, 1, 1, session.as_ref().err());
        let session = session.map_err(failed)?;
        (self.session, self.login_made, self.unproved) = (Some(session.clone()), true, true);
        Ok(session)
    }
}
