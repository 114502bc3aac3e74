//! Sessions that ended and those that came after them: two calls that find the same session ended make one login.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::contract::ErrorEntry;
use crate::porto::Session;

/// More are never of use: a program has a handful of sessions. It keeps a broken caller from filling the memory.
const REMEMBERED: usize = 100;

/// The session that followed each one that ended.
#[derive(Default)]
pub struct Sessions {
    renewals: Mutex<Renewals>,
    /// How many logins have failed.
    failures: AtomicU64,
}

#[derive(Default)]
struct Renewals {
    followers: HashMap<Session, Session>,
    /// The session whose renewal failed last, and why.
    failed: Option<(Session, ErrorEntry)>,
}

impl Sessions {
    /// The session that followed `expired`, or a new one by `login`. Whoever asks for the same meanwhile waits for it, and
    /// shares its failure: a wrong password tried twice is one step nearer to a lock-out.
    /// `login` must not call back into the program: it would wait for itself.
    pub fn renew(
        &self,
        expired: Option<&Session>,
        login: impl FnOnce() -> Result<Session, ErrorEntry>,
    ) -> Result<Session, ErrorEntry> {
        match expired {
            Some(expired) => self.renew_as_of(self.failures.load(Ordering::SeqCst), expired, login),
            None => login(),
        }
    }

    /// For a caller who came when `failures_before` logins had failed.
    fn renew_as_of(
        &self,
        failures_before: u64,
        expired: &Session,
        login: impl FnOnce() -> Result<Session, ErrorEntry>,
    ) -> Result<Session, ErrorEntry> {
        let mut renewals = self.renewals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(follower) = renewals.followers.get(expired) {
            return Ok(follower.clone());
        }
        if let Some((session, error)) = &renewals.failed
            && session == expired
            && self.failures.load(Ordering::SeqCst) > failures_before
        {
            return Err(error.clone());
        }
        let renewed = login();
        match &renewed {
            Ok(session) => renewals.remember(expired, session),
            Err(error) => {
                renewals.failed = Some((expired.clone(), error.clone()));
                self.failures.fetch_add(1, Ordering::SeqCst);
            }
        }
        renewed
    }
}

impl Renewals {
    fn remember(&mut self, expired: &Session, session: &Session) {
        if self.followers.len() >= REMEMBERED {
            self.followers.clear();
        }
        self.followers.insert(expired.clone(), session.clone());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::Sessions;
    use crate::contract::{Code, ErrorEntry, Secret};
    use crate::porto::Session;

    fn session(value: &str) -> Session {
        Session::new(Secret::from(value.to_owned()))
    }

    #[test]
    fn many_threads_with_one_ended_session_make_one_login() {
        let (sessions, logins) = (Sessions::default(), AtomicUsize::new(0));
        let renewed = || {
            sessions.renew(Some(&session("old")), || {
                logins.fetch_add(1, Ordering::SeqCst);
                thread::yield_now();
                Ok(session("new"))
            })
        };
        thread::scope(|scope| {
            let calls: Vec<_> = (0..16).map(|_| scope.spawn(renewed)).collect();
            assert!(calls.into_iter().all(|call| call.join().unwrap().unwrap().value() == "new"));
        });
        assert_eq!(logins.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn who_waited_for_a_login_that_failed_shares_its_failure_and_who_comes_later_tries() {
        let sessions = Sessions::default();
        let old = session("old");
        assert!(sessions.renew_as_of(0, &old, || Err(ErrorEntry::new(Code::BadCredentials))).is_err());
        let waited = sessions.renew_as_of(0, &old, || panic!("a second login"));
        assert_eq!(waited.err().map(|error| error.code()), Some(5001));
        assert!(sessions.renew(Some(&session("other")), || Ok(session("new"))).is_ok());
        assert!(sessions.renew(Some(&old), || Ok(session("new"))).is_ok());
    }

    #[test]
    fn without_a_session_each_logs_in() {
        let sessions = Sessions::default();
        assert_eq!(sessions.renew(None, || Ok(session("a"))).unwrap().value(), "a");
        assert_eq!(sessions.renew(None, || Ok(session("b"))).unwrap().value(), "b");
    }
}
