//! AverbePorto, the endorsement service of Porto Seguro: login, upload, consulta.
//!
//! Sources: the seed document "PROC001 - Averbação via API Porto Seguro" and the insurer's integration manual (09/2024).

pub mod answer;
mod consulta;
mod lista;
mod login;
mod pace;
mod probe;
mod upload;

use reqwest::Url;

use crate::contract::{Code, ErrorEntry, Secret, bad_field};
use crate::http::{Credential, Effect, Http, Payload, Request};
use crate::redact::excerpt;
use crate::settings::{PortoSettings, Settings};
use answer::Answer;
use pace::Pace;

pub use consulta::{Found, KEYS_PER_CONSULTA, endorsed};
pub use lista::Filters;
pub use probe::Echo;
pub use upload::{Fields, Parcel, Receipt};

/// The name of the session cookie. It travels raw: the service does not understand a percent-encoded name.
const SESSION: &str = "portal[ses]";

/// The service, as set.
pub struct Porto {
    settings: PortoSettings,
    url: Url,
    consulta_url: Url,
    pace: Pace,
}

impl Porto {
    /// The service at the addresses of `settings`.
    pub fn new(settings: &Settings) -> Result<Self, ErrorEntry> {
        let settings = settings.porto.clone();
        let url = |field, text: &str| {
            Url::parse(text).map_err(|_| bad_field(Code::BadSetting, field, "não é um endereço (URL) válido"))
        };
        Ok(Self {
            url: url("porto.url", &settings.url)?,
            consulta_url: url("porto.consulta_url", &settings.consulta_url)?,
            pace: Pace::new(settings.uploads_por_segundo),
            settings,
        })
    }

    /// The address of login, upload and consulta.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// POST to conn.php and the answer, understood.
    fn post(&self, http: &Http, payload: Payload, session: &Session, effect: Effect) -> Result<Answer, ErrorEntry> {
        let secrets = [&session.0];
        let request = Request::new(&self.url, payload, effect).credential(session.credential()).hiding(&secrets);
        Answer::read(&http.send(&request)?.text(), &secrets).map_err(|text| not_understood(&text, effect, &secrets))
    }
}

/// 4003 with the beginning of what came instead.
fn not_understood(text: &str, effect: Effect, secrets: &[&Secret]) -> ErrorEntry {
    let entry = if effect == Effect::Changes {
        ErrorEntry::uncertain(Code::NotUnderstood)
    } else {
        ErrorEntry::new(Code::NotUnderstood).repeat(true)
    };
    entry.detail(excerpt(text, secrets))
}

/// The value of `portal[ses]`, or nothing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Session(Secret);

impl Session {
    /// Of a login.
    #[must_use]
    pub fn new(value: Secret) -> Self {
        Self(value)
    }

    /// The value, for the reply that hands it to the caller.
    #[must_use]
    pub fn value(&self) -> &str {
        self.0.expose()
    }

    /// Reads what the caller stored: the bare value, or `portal[ses]=value`.
    pub fn parse(cookie: &Secret) -> Result<Self, ErrorEntry> {
        let text = cookie.expose().trim();
        let value = text.strip_prefix(SESSION).and_then(|rest| rest.strip_prefix('=')).unwrap_or(text);
        let value = value.split(';').next().unwrap_or_default().trim();
        if value.len() > 128 || !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b',')) {
            return Err(bad_field(Code::BadField, "cookie", "não parece um cookie do AverbePorto (veja loginRet)"));
        }
        Ok(Self(Secret::from(value.to_owned())))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.expose().is_empty()
    }

    fn credential(&self) -> Credential {
        match self.value() {
            "" => Credential::None,
            value => Credential::Cookie(Secret::from(format!("{SESSION}={value}"))),
        }
    }
}
