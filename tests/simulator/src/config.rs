//! What a simulator is started with.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::invoicy::InvoicyConfig;
use crate::webmania::MdfeShape;

/// The user that exists when no other is named.
pub const DEFAULT_USER: &str = "USUARIO";
/// The password of [`DEFAULT_USER`].
pub const DEFAULT_PASSWORD: &str = "SENHA";
/// The token for Webmania's API when no other is named.
pub const DEFAULT_TOKEN: &str = "TOKEN-DE-TESTE";

/// Everything that can be chosen at the start. `Config::default()` suits tests: ports that the
/// system chooses, one user, sessions that do not end by themselves, no artificial delay, MDF-e that are decided on at once.
#[derive(Clone, Debug)]
pub struct Config {
    /// Port for plain HTTP; 0 lets the system choose.
    pub http_port: u16,
    /// Port for HTTPS; 0 lets the system choose.
    pub https_port: u16,
    /// What the HTTPS port shows of itself.
    pub tls: Tls,
    /// Whether the HTTPS port offers HTTP/2 besides HTTP/1.1 and prefers it, as services behind Cloudflare do.
    pub http2: bool,
    /// Who may log in.
    pub users: Vec<User>,
    /// After how many failed logins in a row of one user a captcha is demanded.
    pub captcha_after: u32,
    /// How many requests a session lasts (the login not counted).
    pub session_requests: Option<u32>,
    /// How long a session lasts.
    pub session_lifetime: Option<Duration>,
    /// How AverbePorto's answers are written.
    pub shape: Shape,
    /// How much of the growing delay above 10 uploads per second and for documents sent again is
    /// imposed: 0 none, 100 as much as the service does.
    pub throttle_percent: u32,
    /// The largest request body taken; beyond it the answer is HTTP 413, as from a web server.
    pub body_limit: usize,
    /// The token that Webmania's API wants to see.
    pub webmania_token: String,
    /// How many queries about an MDF-e are answered that it is being processed, before SEFAZ has decided. 0: it decides
    /// at once, and the answer to the emission says how.
    pub mdfe_processing: u32,
    /// How Webmania's answers are written.
    pub mdfe_shape: MdfeShape,
    /// How many queries in a second Webmania bears; more are answered with HTTP 503. `None`: any number.
    pub mdfe_query_limit: Option<u32>,
    /// How InvoiCy behaves.
    pub invoicy: InvoicyConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            http_port: 0,
            https_port: 0,
            tls: Tls::Good,
            http2: false,
            users: vec![User::new(DEFAULT_USER, DEFAULT_PASSWORD)],
            captcha_after: 5,
            session_requests: None,
            session_lifetime: None,
            shape: Shape::default(),
            throttle_percent: 0,
            body_limit: 64 << 20,
            webmania_token: DEFAULT_TOKEN.to_owned(),
            mdfe_processing: 0,
            mdfe_shape: MdfeShape::default(),
            mdfe_query_limit: None,
            invoicy: InvoicyConfig::default(),
        }
    }
}

/// A user, a shape or a fault that is written wrongly. Its text says how to write it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotUnderstood(pub(crate) String);

/// A user of the service.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// The name (with AverbePorto a CNPJ or the user of an API credential).
    pub name: String,
    /// The password.
    pub password: String,
}

impl User {
    /// A user with this name and password.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { name: name.into(), password: password.into() }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.name).finish_non_exhaustive()
    }
}

/// `USER:PASS`; the password may contain colons, the name may not.
impl FromStr for User {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((name, password)) if !name.is_empty() && !password.is_empty() => Ok(Self::new(name, password)),
            _ => Err(NotUnderstood("write a user as USER:PASS".to_owned())),
        }
    }
}

/// What the HTTPS port shows of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// A valid certificate of the simulator's authority.
    #[default]
    Good,
    /// One that is not valid any more.
    Expired,
    /// One that is not valid yet.
    NotYetValid,
    /// One for another host.
    OtherHost,
    /// A server that knows TLS 1.1 and no later.
    Old,
}

/// `good`, `expired`, `not-yet-valid`, `other-host` or `old`.
impl FromStr for Tls {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "good" => Ok(Self::Good),
            "expired" => Ok(Self::Expired),
            "not-yet-valid" => Ok(Self::NotYetValid),
            "other-host" => Ok(Self::OtherHost),
            "old" => Ok(Self::Old),
            _ => Err(NotUnderstood(format!(
                "there is no TLS '{text}'; there are good, expired, not-yet-valid, other-host and old"
            ))),
        }
    }
}

/// How AverbePorto's answers are written. Public clients have seen all of these, so a client must take them all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// White space and byte order mark.
    pub json: JsonShape,
    /// The protocols in the answer to an upload.
    pub prot: ProtShape,
    /// The error.
    pub error: ErrorShape,
    /// The code within the error.
    pub code: CodeShape,
    /// Whether `prot` also names the protocols of documents that were there already (D).
    pub prot_for_duplicates: bool,
}

/// How the JSON text is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JsonShape {
    /// On one line without spaces, `/` and all beyond ASCII escaped, as PHP's `json_encode` does.
    #[default]
    Compact,
    /// Indented over several lines, nothing escaped without need.
    Spaced,
    /// Compact behind a byte order mark.
    Bom,
}

/// How `prot` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProtShape {
    /// A string for an XML, an array for a ZIP, as documented.
    #[default]
    Documented,
    /// Always an array.
    Array,
    /// Left out.
    Absent,
}

/// How `error` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorShape {
    /// An object; an array of objects when there are several errors.
    #[default]
    Object,
    /// Always an array of objects.
    Array,
    /// A plain string.
    Text,
}

/// How `code` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodeShape {
    /// A string of two digits, as documented.
    #[default]
    Text,
    /// A number.
    Number,
    /// Left out.
    Absent,
}

/// Comma-separated words: `spaced` or `bom`, `prot-array` or `prot-absent`, `error-array` or
/// `error-text`, `code-number` or `code-absent`, `prot-for-duplicates`.
impl FromStr for Shape {
    type Err = NotUnderstood;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut shape = Self::default();
        for word in text.split(',') {
            match word {
                "spaced" => shape.json = JsonShape::Spaced,
                "bom" => shape.json = JsonShape::Bom,
                "prot-array" => shape.prot = ProtShape::Array,
                "prot-absent" => shape.prot = ProtShape::Absent,
                "error-array" => shape.error = ErrorShape::Array,
                "error-text" => shape.error = ErrorShape::Text,
                "code-number" => shape.code = CodeShape::Number,
                "code-absent" => shape.code = CodeShape::Absent,
                "prot-for-duplicates" => shape.prot_for_duplicates = true,
                _ => {
                    return Err(NotUnderstood(format!(
                        "there is no shape '{word}'; there are spaced, bom, prot-array, prot-absent, error-array, \
                         error-text, code-number, code-absent and prot-for-duplicates"
                    )));
                }
            }
        }
        Ok(shape)
    }
}
