//! The contract in calls: every message of `av_execute`, done and not done, through the real library.
//!
//! One list, two products: the examples of `docs/contrato.md` ([`page`]) and the promise of `abi/1/` ([`crate::abi`]).
//! `cargo xtask contract` writes both.

mod json;
mod mdfe;
mod nfse;
mod page;
mod porto;
mod scene;
pub mod tables;

use std::collections::BTreeSet;
use std::env;
use std::sync::OnceLock;

use averbador::dispatch::Operation;
use serde_json::Value;

pub use self::json::Json;

/// `cargo xtask contract` sets it: what the calls say is to be written, not checked.
const WRITE: &str = "AVERBADOR_WRITE_CONTRACT";

/// A call and what came of it, as it can be shown.
#[derive(Clone)]
pub struct Call {
    /// Its name, in the page and in the promise.
    pub name: &'static str,
    /// What was asked.
    pub request: Json,
    /// What the progress callback heard.
    pub events: Vec<Json>,
    /// What was answered.
    pub reply: Json,
}

/// All calls, made once.
pub fn calls() -> &'static [Call] {
    static CALLS: OnceLock<Vec<Call>> = OnceLock::new();
    CALLS.get_or_init(|| [porto::calls(), mdfe::calls(), nfse::calls()].concat())
}

/// Whether what the calls say is to be written.
pub fn is_to_be_written() -> bool {
    env::var_os(WRITE).is_some()
}

#[test]
fn every_message_is_called_and_done_and_not_done() {
    let text = |json: &Json, key| match json.get(key) {
        Some(Json::Leaf(Value::String(text))) => text.clone(),
        Some(Json::Leaf(value)) => value.to_string(),
        _ => String::new(),
    };
    let seen: BTreeSet<_> =
        calls().iter().map(|call| (text(&call.request, "mod"), text(&call.reply, "status"))).collect();
    for operation in Operation::ALL {
        for status in ["0", "1"] {
            let wanted = (operation.name().to_owned(), status.to_owned());
            assert!(seen.contains(&wanted), "no call of {} has the status {status}", operation.name());
        }
    }
}

#[test]
fn names_are_given_once() {
    let mut names = BTreeSet::new();
    for call in calls() {
        assert!(names.insert(call.name), "two calls are named {}", call.name);
    }
}
