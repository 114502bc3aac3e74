//! Sessions that ended and those that came after them: two calls that find the same session ended make one login.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::contract::ErrorEntry;
use crate::porto::Session;

/// More are never of use: a program has a handful of sessions. It keeps a broken caller from filling the memory.
const REMEMBERED: usize = 100;

/// The session that followed each one that ended.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<Session, Session>>);

impl Sessions {
    /// The session that followed `expired`, or a new one by `login`. Whoever asks for the same meanwhile waits for it.
    /// `login` must not call back into the program: it would wait for itself.
    pub fn renew(
        &self,
        expired: Option<&Session>,
        login: impl FnOnce() -> Result<Session, ErrorEntry>,
    ) -> Result<Session, ErrorEntry> {
        let Some(expired) = expired else { return login() };
        let mut followers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(follower) = followers.get(expired) {
            return Ok(follower.clone());
        }
        let session = login()?;
        if followers.len() >= REMEMBERED {
            followers.clear();
        }
        followers.insert(expired.clone(), session.clone());
        Ok(session)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::Sessions;
    use crate::contract::Secret;
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
    fn without_a_session_each_logs_in() {
        let sessions = Sessions::default();
        assert_eq!(sessions.renew(None, || Ok(session("a"))).unwrap().value(), "a");
        assert_eq!(sessions.renew(None, || Ok(session("b"))).unwrap().value(), "b");
    }
}
