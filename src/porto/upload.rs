//! Upload (seed, section 2): an XML or a ZIP of XML is handed over to be endorsed.

use serde_json::Value;

use super::answer::Answer;
use super::{Porto, Session, not_understood};
use crate::contract::{Code, Counts, ErrorEntry, Origin, Progress, Secret, Span, Stage, Upload, bad_field, missing};
use crate::document::{AccessKey, Content, Document, Fiscal, Kind, check_zip};
use crate::http::{Effect, Http, Payload};
use crate::settings::is_recipient;

/// What the service did with an upload.
pub struct Receipt {
    /// How many documents were stored, known, rejected, denied; `None` after `dump` 2, which does nothing.
    pub counts: Option<Counts>,
    /// The protocols that came along.
    pub protocols: Vec<String>,
    /// Why documents were rejected or denied; empty = all of them were taken.
    pub errors: Vec<ErrorEntry>,
    /// What the service received, if it was asked to tell.
    pub dump: Option<Value>,
}

/// The fields of the form that go with a document.
pub type Fields = Vec<(&'static str, String)>;

/// An upload, checked and ready to be sent: again, if need be.
pub struct Parcel {
    /// What goes with the document.
    pub fields: Fields,
    /// The document, or the ZIP of documents.
    pub document: Document,
    /// What the XML says of itself; `None` for a ZIP.
    pub fiscal: Option<Fiscal>,
}

impl Porto {
    /// Sends the document of `upload`. Nothing is sent unless everything about the request is right.
    pub fn upload(&self, http: &Http, upload: &Upload, progress: &mut Progress) -> Result<Receipt, ErrorEntry> {
        let session = Session::parse(&upload.cookie)?;
        if session.is_empty() {
            return Err(missing("cookie"));
        }
        self.deliver(http, &self.pack(upload)?, &session, Span::ONE, progress)
    }

    /// Checks everything about `upload` but its session, and reads the document: what is wrong with it, or is not the one
    /// meant, the service would not tell.
    pub fn pack(&self, upload: &Upload) -> Result<Parcel, ErrorEntry> {
        let fields = self.fields(upload)?;
        let key = upload.chave.as_deref().filter(|chave| !chave.is_empty()).map(AccessKey::parse).transpose()?;
        let mut document = open(upload, key.as_ref())?;
        let fiscal = match document.kind {
            Kind::Xml => {
                // What is sent is what was checked, whatever becomes of the file meanwhile.
                document.content = Content::Bytes(document.content.read()?.into_owned());
                Some(Fiscal::read(&document.content.read()?)?)
            }
            Kind::Zip => {
                check_zip(&document.content)?;
                None
            }
        };
        if let Some(fiscal) = &fiscal {
            fiscal.is_meant(key.as_ref(), upload.cnpj.as_deref(), upload.n_cte.as_deref())?;
        }
        Ok(Parcel { fields, document, fiscal })
    }

    /// Sends what was packed.
    pub fn deliver(
        &self,
        http: &Http,
        parcel: &Parcel,
        session: &Session,
        span: Span,
        progress: &mut Progress,
    ) -> Result<Receipt, ErrorEntry> {
        progress.begin(Stage::Upload, span.before, span.total)?;
        let receipt = self.send(http, parcel, session);
        let error = receipt.as_ref().map_or_else(Some, |receipt| receipt.errors.first());
        progress.end(Stage::Upload, span.after, span.total, error);
        receipt
    }

    /// Checks what is to go with the document of `upload`, or with many: 1006 names what is wrong.
    pub fn fields(&self, upload: &Upload) -> Result<Fields, ErrorEntry> {
        let recipient = upload.recipient.as_deref().unwrap_or(&self.settings.recipient);
        if !is_recipient(recipient) {
            return Err(bad_field(Code::BadField, "recipient", "deve ser vazio, E, F, T ou D"));
        }
        let mut fields = vec![
            ("comp", "5".to_owned()),
            ("mod", "Upload".to_owned()),
            ("path", "eguarda/php/".to_owned()),
            ("recipient", recipient.to_owned()),
        ];
        match (&upload.v, self.settings.v) {
            (Some(v), _) if v.parse::<u32>().is_ok_and(|v| v > 0) => fields.push(("v", v.clone())),
            (Some(_), _) => return Err(bad_field(Code::BadField, "v", "deve ser um número inteiro, 1 ou mais")),
            (None, Some(v)) => fields.push(("v", v.to_string())),
            (None, None) => {}
        }
        match upload.dump.as_deref() {
            None => {}
            Some(dump @ ("1" | "2")) => fields.push(("dump", dump.to_owned())),
            Some(_) => return Err(bad_field(Code::BadField, "dump", "deve ser 1 ou 2")),
        }
        Ok(fields)
    }

    fn send(&self, http: &Http, parcel: &Parcel, session: &Session) -> Result<Receipt, ErrorEntry> {
        self.pace.wait();
        let fields: Vec<_> = parcel.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let payload = Payload::Multipart(&fields, &parcel.document);
        let answer = self.post(http, payload, session, Effect::Changes)?;
        if let Some(refusal) = answer.refusal(Code::SessionExpired) {
            return Err(refusal);
        }
        receipt(&answer, &[&session.0])
    }
}

fn open(upload: &Upload, key: Option<&AccessKey>) -> Result<Document, ErrorEntry> {
    match (upload.cte.as_deref(), upload.xml.as_deref()) {
        (Some(_), Some(_)) => Err(bad_field(Code::BadField, "xml", "não pode vir junto com \"cte\"; informe só um")),
        (Some(""), None) | (None, None) => Err(missing("cte")),
        (Some(path), None) => Document::open(path),
        (None, Some("")) => Err(missing("xml")),
        (None, Some(xml)) => Document::from_xml(xml, key.map_or("cte", AccessKey::as_str)),
    }
}

/// Understands the answer to an upload that was let in.
fn receipt(answer: &Answer, secrets: &[&Secret]) -> Result<Receipt, ErrorEntry> {
    let dump = answer.dump(secrets);
    let origins = answer.errors();
    let protocols = answer.protocols();
    match answer.counts() {
        Some(counts) => Ok(Receipt { errors: errors(counts, origins), counts: Some(counts), protocols, dump }),
        // dump=2: "only the dump, before any processing" (seed, 1.2).
        None if dump.is_some() && origins.is_empty() => {
            Ok(Receipt { counts: None, protocols, errors: vec![only_dumped()], dump })
        }
        None => match origins.into_iter().next() {
            Some(origin) => Err(ErrorEntry::new(Code::ServiceError).origin(origin)),
            None => Err(not_understood("no counts (S) in the answer", Effect::Changes, secrets)),
        },
    }
}

/// P or D without R or N is success; D means that the insurer has the document already.
fn errors(counts: Counts, origins: Vec<Origin>) -> Vec<ErrorEntry> {
    let code = match counts {
        Counts { N: 1.., .. } => Code::Denied,
        Counts { R: 1.., .. } => Code::Rejected,
        Counts { P: 0, D: 0, .. } => Code::ServiceError,
        _ => return Vec::new(),
    };
    if origins.is_empty() {
        return vec![ErrorEntry::new(code)];
    }
    origins.into_iter().map(|origin| ErrorEntry::new(code).origin(origin)).collect()
}

fn only_dumped() -> ErrorEntry {
    ErrorEntry::new(Code::NotEndorsed)
        .msg("Nada foi averbado: com \"dump\":2 o serviço só mostra o que recebeu. Envie sem \"dump\" para averbar.")
}
