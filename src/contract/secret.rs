//! Texts that must appear in no reply, log or error.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::Deserialize;
use zeroize::Zeroizing;

/// A password, cookie or token: never printed, wiped from memory when dropped. (So is what libraries make of it on its way:
/// see `abi/memory.rs`.)
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl Hash for Secret {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expose().hash(state);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
