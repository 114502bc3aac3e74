//! Fiscal documents, without I/O beyond reading and writing them.

mod access_key;
mod archive;
mod encoding;
mod file;
mod fiscal;
mod sources;
mod written;

pub use access_key::AccessKey;
pub use archive::{Packer, check as check_zip};
pub use encoding::decode;
pub use file::{Content, Document, Kind, MAX_BYTES};
pub use fiscal::{Fiscal, MOST_ATTRIBUTES, MOST_LEVELS, Model, forbidden_character, is_known, place};
pub use sources::{Sources, holds_many};
pub use written::write_file;
