//! Which of the services a request is for.

use crate::{invoicy, webmania};

/// The services that are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    AverbePorto,
    Webmania,
    Invoicy,
}

impl Service {
    /// The one at this address. What is nobody's is answered by AverbePorto.
    pub(crate) fn at(path: &str) -> Self {
        if webmania::is_at(path) {
            Self::Webmania
        } else if invoicy::is_at(path) {
            Self::Invoicy
        } else {
            Self::AverbePorto
        }
    }
}
