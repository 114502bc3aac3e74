//! `mod=Upload`.

use super::answers::{Complaint, Counts};
use super::store::Stored;
use super::{Context, Reply, Service, answers};
use crate::document::{self, Document, Refusal};
use crate::php::{Call, UploadedFile, essence};

/// Seed page 2.2.
const PATH: &str = "eguarda/php/";
/// Seed page 2.2.1: automatic, both branches, and three that have fallen out of use.
const RECIPIENTS: [&str; 5] = ["", "D", "E", "F", "T"];

/// Assumed: code and text for each refusal. The texts follow the comments on R and N of seed page 2.3.
const NO_FILE: Complaint = Complaint { code: Some("03"), msg: "No file." };
const NOT_XML_OR_ZIP: Complaint = Complaint { code: Some("04"), msg: "Negado: não é xml ou zip." };
const WRONG_KIND: Complaint = Complaint { code: Some("05"), msg: "Rejeitado: xml não parece ser do tipo certo." };

/// What became of the documents of one upload.
#[derive(Default)]
struct Tally {
    counts: Counts,
    new: Vec<String>,
    duplicate: Vec<String>,
    complaints: Vec<Complaint>,
}

impl Service {
    /// Seed page 2.2. Assumed: the session is looked at before anything else.
    pub(super) fn upload(&mut self, context: Context<'_>) -> Reply {
        let Context { call, shape, take_only, now } = context;
        let user = match self.user(context) {
            Ok(user) => user,
            Err(reply) => return reply,
        };
        // Assumed: "malformed" is the answer to another path or recipient.
        if call.post.text("path") != PATH || !RECIPIENTS.contains(&call.post.text("recipient")) {
            return answers::malformed(shape).reply(context);
        }
        let (tally, zip) = match the_file(call) {
            Ok(file) => self.receive(file, take_only),
            Err(complaint) => (Tally::denied(complaint), false),
        };
        let repeated = tally.counts.processed == 0 && tally.counts.duplicate > 0;
        let penalty = self.throttles.entry(user).or_default().delay(now, repeated);
        let mut protocols = tally.new;
        if shape.prot_for_duplicates {
            protocols.extend(tally.duplicate);
        }
        Reply {
            penalty: penalty * self.config.throttle_percent / 100,
            ..answers::uploaded(tally.counts, protocols, zip, &tally.complaints, shape).reply(context)
        }
    }

    /// Takes the documents of a file, or the first of them; says also whether it is a ZIP.
    fn receive(&mut self, file: &UploadedFile, take_only: Option<usize>) -> (Tally, bool) {
        let zip = document::is_zip(&file.content);
        let documents = match (zip, is_labelled_zip(file)) {
            (true, true) => document::read_zip(&file.content),
            (false, false) => vec![document::read_xml(&file.content)],
            // Assumed: a file that is not what its content type says is denied.
            _ => vec![Err(Refusal::NotXmlOrZip)],
        };
        let mut tally = Tally::default();
        for document in documents.into_iter().take(take_only.unwrap_or(usize::MAX)) {
            self.receive_one(document, &mut tally);
        }
        (tally, zip)
    }

    fn receive_one(&mut self, document: Result<Document, Refusal>, tally: &mut Tally) {
        match document.map(|document| self.documents.receive(document)) {
            Ok(Stored::New(protocol)) => {
                tally.counts.processed += 1;
                tally.new.push(protocol);
            }
            Ok(Stored::Duplicate(protocol)) => {
                tally.counts.duplicate += 1;
                tally.duplicate.push(protocol);
            }
            Err(Refusal::WrongKind) => {
                tally.counts.rejected += 1;
                tally.complaints.push(WRONG_KIND);
            }
            Err(Refusal::NotXmlOrZip) => {
                tally.counts.denied += 1;
                tally.complaints.push(NOT_XML_OR_ZIP);
            }
        }
    }
}

impl Tally {
    fn denied(complaint: Complaint) -> Self {
        let mut tally = Self::default();
        tally.counts.denied = 1;
        tally.complaints.push(complaint);
        tally
    }
}

/// Manual: one part named `file`, with a file name and one of three content types. A file in a parameter,
/// base64 or not, does not work (seed page 2.2, note 2). Assumed: that this is an N, and that of two
/// files neither is taken.
fn the_file(call: &Call) -> Result<&UploadedFile, Complaint> {
    match call.files.as_slice() {
        [file] if file.field == "file" => match essence(&file.content_type).as_str() {
            "application/xml" | "text/xml" | "application/zip" => Ok(file),
            _ => Err(NOT_XML_OR_ZIP),
        },
        _ => Err(NO_FILE),
    }
}

fn is_labelled_zip(file: &UploadedFile) -> bool {
    essence(&file.content_type) == "application/zip"
}
