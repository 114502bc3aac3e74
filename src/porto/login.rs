//! Login (seed, section 1): user and password become a session cookie.

use super::{Porto, SESSION, not_understood};
use crate::contract::{Code, ErrorEntry, Login, Progress, Secret, Stage};
use crate::http::{Effect, Http, Payload, Request};

use super::answer::Answer;

impl Porto {
    /// Logs in. The session is the value of `portal[ses]`.
    pub fn login(&self, http: &Http, login: &Login, progress: &mut Progress) -> Result<Secret, ErrorEntry> {
        login.check()?;
        progress.begin(Stage::Login, 0, 1)?;
        let session = self.request_session(http, login);
        progress.end(Stage::Login, 1, 1, session.as_ref().err());
        session
    }

    /// The request alone, for who tells its progress otherwise.
    pub fn request_session(&self, http: &Http, login: &Login) -> Result<Secret, ErrorEntry> {
        let fields = [("mod", "login"), ("comp", "5"), ("user", &login.user), ("pass", login.pass.expose())];
        let user = Secret::from(login.user.clone());
        let secrets = [&login.pass, &user];
        let sent = http.send(&Request::new(&self.url, Payload::Form(&fields), Effect::LogsIn).hiding(&secrets))?;
        let odd = |text: &str| not_understood(text, Effect::LogsIn, &secrets);
        let answer = Answer::read(&sent.text(), &secrets).map_err(|text| odd(&text))?;
        if let Some(refusal) = answer.refusal(Code::BadCredentials) {
            return Err(refusal);
        }
        // Present `C` = logged in (manual). `success` alone says only that the request was understood.
        match sent.cookie(SESSION) {
            Some(session) if answer.has_account() && !session.expose().is_empty() => Ok(session),
            _ => Err(odd(&sent.text())),
        }
    }
}
