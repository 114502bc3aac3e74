//! What InvoiCy is started with, and what it can be told to answer.

/// How InvoiCy behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoicyConfig {
    /// The company's access key (the seed's example).
    pub access_key: String,
    /// The partner's key.
    pub partner_key: String,
    /// A single document is processed later, as several always are.
    pub asynchronous: bool,
    /// How many queries about a document that is processed later are answered that it is, before it is decided.
    pub pending_queries: u32,
    /// The documents in answers stand in CDATA, not escaped.
    pub cdata: bool,
    /// When the company's certificate expires, as each document tells it (two public clients).
    pub certificate_expires: String,
}

impl Default for InvoicyConfig {
    fn default() -> Self {
        Self {
            access_key: "R8CC40EC614E64108965517G90GDEYB6".to_owned(),
            partner_key: "nPk1CHAVEdoPARCEIRO+/2==".to_owned(),
            asynchronous: false,
            pending_queries: 1,
            cdata: false,
            certificate_expires: "2036-12-31T23:59:59".to_owned(),
        }
    }
}

/// A code on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoicyCode {
    /// Of the request as a whole.
    Envelope(u16),
    /// Of each of its documents.
    Document(u16),
    /// A SOAP Fault, with HTTP 500.
    Fault,
}
