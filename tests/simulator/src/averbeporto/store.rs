//! The documents that the service has.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::SystemTime;

use super::protocol_of;
use crate::document::{Details, Document, Kind};

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
    /// Its number: that of the XML, or else that of the key without the zeros before it.
    pub number: String,
    /// Its series, likewise.
    pub series: String,
    /// When it was issued: dhEmi as it stands in the XML, empty when it is not there.
    pub issued: String,
    /// Its value: vTPrest, vRec, vCarga or vNF as it stands in the XML, empty when none is there.
    pub value: String,
    /// When it was first received, or stored.
    pub received_at: SystemTime,
    /// When it last changed. Assumed: only its cancellation changes it, not its being received again.
    pub updated_at: SystemTime,
    /// Whether its cancellation was received. Assumed: before the document itself is as good as after it.
    pub cancelled: bool,
    /// Its place in the order of reception, which a clock that is set back cannot tell.
    place: u64,
}

/// All documents, by key; the cancellation of a document is an entry beside it.
#[derive(Default)]
pub(crate) struct Documents {
    by_key: BTreeMap<(String, bool), StoredDocument>,
    arrivals: u64,
}

/// What became of a document that came in.
pub(super) enum Stored {
    New(String),
    Duplicate(String),
}

impl Documents {
    /// Takes a document; gives its protocol.
    pub(super) fn receive(&mut self, document: Document) -> Stored {
        let is_cancellation = document.kind == Kind::Cancellation;
        if let Some(stored) = self.by_key.get_mut(&(document.key.clone(), is_cancellation)) {
            stored.received += 1;
            return Stored::Duplicate(stored.protocol.clone());
        }
        if is_cancellation {
            self.cancel(&document.key);
        }
        // Assumed: the protocol of a cancellation is that of the document.
        let protocol = protocol_of(&document.key);
        self.add(document, protocol.clone(), 1);
        Stored::New(protocol)
    }

    /// Marks a document as cancelled. Assumed: a cancellation is taken also when its document is not there.
    fn cancel(&mut self, key: &str) {
        if let Some(stored) = self.by_key.get_mut(&(key.to_owned(), false)) {
            stored.cancelled = true;
            stored.updated_at = SystemTime::now();
        }
    }

    /// Adds a document behind all others.
    fn add(&mut self, document: Document, protocol: String, received: u32) {
        let Document { key, kind, details } = document;
        let is_cancellation = kind == Kind::Cancellation;
        let now = SystemTime::now();
        self.arrivals += 1;
        let stored = StoredDocument {
            number: details.number.unwrap_or_else(|| number_in(&key, 25..34)),
            series: details.series.unwrap_or_else(|| number_in(&key, 22..25)),
            issued: details.issued.unwrap_or_default(),
            value: details.value.unwrap_or_default(),
            received_at: now,
            updated_at: now,
            cancelled: !is_cancellation && self.by_key.contains_key(&(key.clone(), true)),
            place: self.arrivals,
            key: key.clone(),
            kind,
            protocol,
            received,
        };
        self.by_key.insert((key, is_cancellation), stored);
    }

    /// Puts a document there that nobody sent.
    pub(crate) fn put(&mut self, key: &str, protocol: &str) {
        let kind = Kind::of_model(key.get(20..22).unwrap_or_default()).unwrap_or(Kind::Cte);
        let document = Document { key: key.to_owned(), kind, details: Details::default() };
        self.add(document, protocol.to_owned(), 0);
    }

    /// The document with this key, not its cancellation.
    pub(crate) fn get(&self, key: &str) -> Option<StoredDocument> {
        self.by_key.get(&(key.to_owned(), false)).cloned()
    }

    /// Everything.
    pub(crate) fn all(&self) -> Vec<StoredDocument> {
        self.by_key.values().cloned().collect()
    }

    /// The documents without the cancellations.
    pub(super) fn endorsed(&self) -> impl Iterator<Item = &StoredDocument> {
        self.by_key.values().filter(|stored| stored.kind != Kind::Cancellation)
    }

    /// The same in the order of reception.
    pub(super) fn as_received(&self) -> Vec<&StoredDocument> {
        let mut documents: Vec<_> = self.endorsed().collect();
        documents.sort_unstable_by_key(|stored| stored.place);
        documents
    }
}

/// The number at these places of a key; empty when the key does not reach so far.
fn number_in(key: &str, places: Range<usize>) -> String {
    without_zeros(key.get(places).unwrap_or_default()).to_owned()
}

/// A number without the zeros before it.
pub(super) fn without_zeros(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" if !digits.is_empty() => "0",
        number => number,
    }
}
