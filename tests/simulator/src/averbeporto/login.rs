//! `mod=login`, and the sessions that come of it.

use std::time::Instant;

use super::{Context, Reply, Service, answers};
use crate::config::Config;

/// The cookie of the session, with raw brackets (seed page 3.1.2, manual).
const COOKIE: &str = "portal[ses]";

/// Session cookies of Cloudflare, which come along with the one that counts (clients).
const CLOUDFLARE_COOKIES: [&str; 2] = [
    "__cf_bm=5xQ.simulator-1700000000-1.0.1.1-abc; path=/; HttpOnly; Secure; SameSite=None",
    "_cfuvid=0123456789abcdef-1700000000000-0.0.1.1-604800000; path=/; HttpOnly; Secure; SameSite=None",
];

/// A session that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The value of its cookie.
    pub cookie: String,
    /// Whose it is.
    pub user: String,
    /// How many requests it was used for.
    pub requests: u32,
    /// Whether it has ended.
    pub expired: bool,
    opened: Instant,
}

/// All sessions, in the order of their opening.
#[derive(Default)]
pub(crate) struct Sessions(Vec<Session>);

/// Why a request is not in a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoSession {
    /// There is no cookie of the right name.
    NoCookie,
    /// The cookie is not, or no longer, that of a session.
    Ended,
}

impl Sessions {
    /// Opens a session; gives the value of its cookie: 32 lower-case hexadecimal digits (manual).
    pub(crate) fn open(&mut self, user: &str, now: Instant) -> String {
        let mut random = [0; 16];
        getrandom::fill(&mut random).expect("the system has random numbers");
        let cookie: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.push(Session {
            cookie: cookie.clone(),
            user: user.to_owned(),
            requests: 0,
            expired: false,
            opened: now,
        });
        cookie
    }

    /// The user in whose session a request with this cookie is; counts the request.
    fn enter(&mut self, cookie: Option<&str>, config: &Config, now: Instant) -> Result<String, NoSession> {
        // Assumed: an empty value is as good as none.
        let cookie = cookie.filter(|value| !value.is_empty()).ok_or(NoSession::NoCookie)?;
        let session = self.0.iter_mut().rfind(|session| session.cookie == cookie).ok_or(NoSession::Ended)?;
        let used_up = config.session_requests.is_some_and(|limit| session.requests >= limit);
        let too_old = config.session_lifetime.is_some_and(|limit| now.duration_since(session.opened) >= limit);
        session.expired |= used_up || too_old;
        if session.expired {
            return Err(NoSession::Ended);
        }
        session.requests += 1;
        Ok(session.user.clone())
    }

    pub(crate) fn all(&self) -> Vec<Session> {
        self.0.clone()
    }

    pub(crate) fn expire(&mut self) {
        for session in &mut self.0 {
            session.expired = true;
        }
    }
}

impl Service {
    /// Seed page 1.2. It may come urlencoded or, as in the official PHP sample, as multipart.
    pub(super) fn login(&mut self, context: Context<'_>) -> Reply {
        let Context { call, shape, now, .. } = context;
        let (name, password) = (call.post.text("user"), call.post.text("pass"));
        // Manual: user or password missing. Assumed: empty is missing.
        if name.is_empty() || password.is_empty() {
            return answers::no_login(shape).reply(context);
        }
        let failures = self.failed_logins.entry(name.to_owned()).or_default();
        // Manual: too many failed logins. Assumed: how many; that they are counted by user; and that
        // from then on the right password does not help either.
        if *failures >= self.config.captcha_after {
            return answers::captcha(shape).reply(context);
        }
        if !self.config.users.iter().any(|user| user.name == name && user.password == password) {
            *failures += 1;
            return answers::logout().reply(context);
        }
        *failures = 0;
        let cookie = self.sessions.open(name, now);
        with_cookies(answers::logged_in(name).reply(context), &cookie)
    }

    /// The user in whose session the request is, or the answer for a request that is in none (manual).
    pub(super) fn user(&mut self, context: Context<'_>) -> Result<String, Reply> {
        let Context { call, shape, now, .. } = context;
        match self.sessions.enter(call.cookie(COOKIE), &self.config, now) {
            Ok(user) => Ok(user),
            Err(NoSession::NoCookie) => Err(answers::no_login(shape).reply(context)),
            Err(NoSession::Ended) => Err(answers::logout().reply(context)),
        }
    }
}

/// The session's cookie in the middle of those of Cloudflare. Assumed: its attributes (without `secure`, so
/// that it also serves clients that keep a cookie jar and come over plain HTTP).
fn with_cookies(mut reply: Reply, cookie: &str) -> Reply {
    let [before, after] = CLOUDFLARE_COOKIES;
    let session = format!("{COOKIE}={cookie}; path=/; HttpOnly");
    for value in [before, &session, after] {
        reply.answer = reply.answer.header("Set-Cookie", value);
    }
    reply
}
