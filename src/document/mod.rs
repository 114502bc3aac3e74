//! Fiscal documents, without I/O beyond reading them.

mod access_key;
mod file;
mod fiscal;

pub use access_key::AccessKey;
pub use file::{Content, Document, Kind, MAX_BYTES};
pub use fiscal::{Fiscal, Model};
