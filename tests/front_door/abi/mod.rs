//! The promise of ABI 1: what programs use of the library stays as it is. `docs/abi.md` says it in words, `abi/1/` in detail.
//!
//! | file | what is promised |
//! |---|---|
//! | `abi/1/exports.txt` | the functions with their types in C, and the callback |
//! | `abi/1/codes.txt` | the error codes, and whether trying again can help |
//! | `abi/1/requests.txt` | the fields of every message |
//! | `abi/1/settings.txt` | the settings and their defaults |
//! | `abi/1/replies.txt` | of every call of [`crate::contract`]: keys, their order and types, and the words that programs decide on |
//!
//! What is new may stand beside it; `cargo xtask contract` adds it to the promise.

pub mod header;
mod promise;
mod shape;

use averbador::contract::Code;
use averbador::dispatch::Operation;

use crate::contract::{calls, tables};

#[test]
fn the_functions_are_as_promised() {
    promise::keep("exports.txt", &header::exports().join("\n"));
}

#[test]
fn the_error_codes_are_as_promised() {
    let line = |(name, code): (String, Code)| {
        let repeat = if code.can_repeat() { " repetir" } else { "" };
        format!("{name} {}{repeat}", code.number())
    };
    let lines: Vec<_> = names_of_codes().into_iter().zip(Code::all()).map(line).collect();
    promise::keep("codes.txt", &lines.join("\n"));
}

/// The names that the header has for the codes, which are all of the catalogue, in its order.
fn names_of_codes() -> Vec<String> {
    let (names, numbers): (Vec<_>, Vec<_>) = header::codes().into_iter().unzip();
    assert_eq!(numbers, Code::all().map(Code::number), "Code::all() is not all of the catalogue, in its order");
    names
}

#[test]
fn the_fields_of_requests_are_as_promised() {
    let section = |operation: Operation| format!("[{}]\n{}", operation.name(), tables::fields(operation).join("\n"));
    promise::keep("requests.txt", &Operation::ALL.map(section).join("\n\n"));
}

#[test]
fn the_settings_are_as_promised() {
    let line = |(name, default)| format!("{name} {default}").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let lines: Vec<_> = tables::settings().into_iter().map(line).collect();
    promise::keep("settings.txt", &lines.join("\n"));
}

#[test]
fn the_replies_are_as_promised() {
    let sections: Vec<_> = calls().iter().map(|call| format!("[{}]\n{}", call.name, shape::of(call))).collect();
    promise::keep("replies.txt", &sections.join("\n\n"));
}
