//! The documents that the service has.

use std::collections::BTreeMap;

use super::protocol_of;
use crate::document::{Document, Kind};

/// A document that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// Its access key; of an event, the key of the document that the event is about.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// The protocol it was given.
    pub protocol: String,
    /// How often it was received.
    pub received: u32,
}

/// All documents, by key; the cancellation of a document is an entry beside it.
#[derive(Default)]
pub(crate) struct Documents(BTreeMap<(String, bool), StoredDocument>);

/// What became of a document that came in.
pub(super) enum Stored {
    New(String),
    Duplicate(String),
}

impl Documents {
    /// Takes a document; gives its protocol.
    pub(super) fn receive(&mut self, document: Document) -> Stored {
        let Document { key, kind } = document;
        let place = (key.clone(), kind == Kind::Cancellation);
        if let Some(stored) = self.0.get_mut(&place) {
            stored.received += 1;
            return Stored::Duplicate(stored.protocol.clone());
        }
        // Assumed: the protocol of a cancellation is that of the document.
        let protocol = protocol_of(&key);
        let stored = StoredDocument { key, kind, protocol: protocol.clone(), received: 1 };
        self.0.insert(place, stored);
        Stored::New(protocol)
    }

    /// Puts a document there that nobody sent.
    pub(crate) fn put(&mut self, key: &str, protocol: &str) {
        let stored = StoredDocument {
            key: key.to_owned(),
            kind: Kind::of_model(key.get(20..22).unwrap_or_default()).unwrap_or(Kind::Cte),
            protocol: protocol.to_owned(),
            received: 0,
        };
        self.0.insert((key.to_owned(), false), stored);
    }

    /// The document with this key, not its cancellation.
    pub(crate) fn get(&self, key: &str) -> Option<StoredDocument> {
        self.0.get(&(key.to_owned(), false)).cloned()
    }

    /// Everything.
    pub(crate) fn all(&self) -> Vec<StoredDocument> {
        self.0.values().cloned().collect()
    }

    /// The documents without the cancellations.
    pub(super) fn endorsed(&self) -> impl Iterator<Item = &StoredDocument> {
        self.0.values().filter(|stored| stored.kind != Kind::Cancellation)
    }
}
