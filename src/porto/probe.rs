//! What is asked to see whether the service can be reached: nothing that anybody would miss.

use serde_json::Value;

use super::answer::Answer;
use super::{Porto, Session, not_understood};
use crate::contract::{ErrorEntry, Progress, Span};
use crate::document::AccessKey;
use crate::http::{Effect, Head, Http, Payload, Request};

/// A consulta that asks for nothing.
const QUESTION: [(&str, &str); 3] = [("comp", "5"), ("mod", "Protocolo"), ("path", "atwe/php/")];

/// A key that no document has: there is no state 00.
const NO_KEY: &str = "00000000000000000000000000000000000000000000";

/// What the service says that it received.
pub struct Echo {
    /// Whether the session is in it.
    pub has_session: bool,
    /// Its own words, with every session masked.
    pub dump: Value,
}

impl Porto {
    /// Asks without a session, for which the service has but a refusal: any answer in its own words is right. `head`
    /// becomes how the answer began, whoever gave it.
    pub fn knock(&self, http: &Http, head: &mut Option<Head>) -> Result<(), ErrorEntry> {
        let request = Request::new(&self.url, Payload::Form(&QUESTION), Effect::Reads);
        let sent = http.send_noting(&request, head)?;
        Answer::read(&sent.text(), &[]).map(drop).map_err(|text| not_understood(&text, Effect::Reads, &[]))
    }

    /// What the service received of a request with `session`, which it does nothing else with (`dump` 2; seed, 1.2).
    /// `None` if it does not tell.
    pub fn echo(&self, http: &Http, session: &Session) -> Result<Option<Echo>, ErrorEntry> {
        let fields: Vec<_> = QUESTION.into_iter().chain([("dump", "2")]).collect();
        let answer = self.post(http, Payload::Form(&fields), session, Effect::Reads)?;
        let has_session = answer.dump_holds(session.value());
        Ok(answer.dump(&[&session.0]).map(|dump| Echo { has_session, dump }))
    }

    /// 5002 if `session` has ended; found out by a consulta.
    pub fn check_session(&self, http: &Http, session: &Session) -> Result<(), ErrorEntry> {
        let found = self.find_keys(http, &[&AccessKey::parse(NO_KEY)?], session, Span::ONE, &mut Progress::silent());
        found.map(drop)
    }
}
