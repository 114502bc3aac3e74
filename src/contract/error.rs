//! One entry of the `error` list of a reply.

use serde::Serialize;

use super::catalogue::Code;

/// In characters: room for any path.
const LONGEST_DETAIL: usize = 1000;

/// One error of a reply: a code of the catalogue, a text for the user and what a technician needs.
///
/// It is also the error type of the whole library: what a room returns as `Err` is what the caller reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorEntry {
    code: i32,
    msg: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detalhe: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    repetir: bool,
    #[serde(skip_serializing_if = "is_false")]
    incerto: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    origem: Option<Origin>,
}

/// What the service itself said: its own code and message.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Origin {
    /// The service's code, as text; empty where it gave none.
    pub code: String,
    /// The service's message.
    pub msg: String,
}

impl ErrorEntry {
    /// The entry of `code` with the catalogue's text.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code: code.number(),
            msg: code.msg(),
            detalhe: None,
            repetir: code.can_repeat(),
            incerto: false,
            origem: None,
        }
    }

    /// "No error", for replies whose documented form has an entry even on success (uploadRet).
    #[must_use]
    pub fn none() -> Self {
        Self { code: 0, msg: String::new(), detalhe: None, repetir: false, incerto: false, origem: None }
    }

    /// With a text of its own (Portuguese) in place of the catalogue's.
    #[must_use]
    pub fn msg(mut self, msg: impl Into<String>) -> Self {
        self.msg = msg.into();
        self
    }

    /// With a technical detail, cut where it is of no use any more (a name of megabytes). It must hold no secret.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(LONGEST_DETAIL) {
            detail.truncate(end);
            detail.push('…');
        }
        self.detalhe = Some(detail);
        self
    }

    /// With `repetir` set as given.
    #[must_use]
    pub fn repeat(mut self, repeat: bool) -> Self {
        self.repetir = repeat;
        self
    }

    /// The entry of `code` for a request that may have taken effect all the same: `incerto`, and no advice to repeat.
    #[must_use]
    pub fn uncertain(code: Code) -> Self {
        Self { msg: code.uncertain_msg(), repetir: false, incerto: true, ..Self::new(code) }
    }

    /// The same reason for something that was never sent because of it: nothing about it is uncertain.
    #[must_use]
    pub fn not_sent(self, msg: impl Into<String>) -> Self {
        Self { msg: msg.into(), repetir: self.repetir || self.incerto, incerto: false, ..self }
    }

    /// The same, of which it is not known whether it was done all the same; `msg` says what to do (Portuguese).
    #[must_use]
    pub fn in_doubt(self, msg: impl Into<String>) -> Self {
        Self { msg: msg.into(), repetir: false, incerto: true, ..self }
    }

    /// With the service's own code and message.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        self.origem = Some(origin);
        self
    }

    /// The service's own code and message, if it said any.
    #[must_use]
    pub fn said(&self) -> Option<&Origin> {
        self.origem.as_ref()
    }

    /// Whether it may have been done all the same.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        self.incerto
    }

    /// Whether it is the entry of `code`.
    #[must_use]
    pub fn is(&self, code: Code) -> bool {
        self.code == code.number()
    }

    /// The text for the user.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.msg
    }

    /// The catalogue number.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.code
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
