//! What SIEM and GA hear: one struct a reply, its keys in the order of the seed document.
//!
//! The documented slips (`satus`, `protoclo`) are kept, since SIEM was written to them, with the right spelling beside.

use serde::Serialize;
use serde_json::Value;

use super::{ErrorEntry, Stage};

/// loginRet (seed, section 1.2.3). `status` is text here, as documented.
#[derive(Debug, Serialize)]
pub struct LoginRet {
    r#mod: &'static str,
    user: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
}

impl LoginRet {
    /// Logged in: the bare value of `portal[ses]`.
    #[must_use]
    pub fn accepted(user: String, cookie: String) -> Self {
        Self { r#mod: "loginRet", user, status: "1", cookie: Some(cookie), error: Vec::new() }
    }

    /// Not logged in.
    #[must_use]
    pub fn refused(user: String, error: ErrorEntry) -> Self {
        Self { r#mod: "loginRet", user, status: "0", cookie: None, error: vec![error] }
    }
}

/// The counts of an upload (seed, section 2.3): Processado, Duplicado, Rejeitado, Negado.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(non_snake_case, reason = "the documented keys")]
pub struct Counts {
    /// Stored now.
    pub P: u64,
    /// Stored already.
    pub D: u64,
    /// Not the right kind of document.
    pub R: u64,
    /// Neither XML nor ZIP.
    pub N: u64,
}

/// uploadRet (seed, section 2.4).
#[derive(Debug, Serialize)]
#[allow(non_snake_case, reason = "the documented keys")]
pub struct UploadRet {
    r#mod: &'static str,
    error: Vec<ErrorEntry>,
    satus: u8,
    status: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    S: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prot: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dump: Option<Value>,
}

impl UploadRet {
    /// What the service answered; it took effect when `error` is empty.
    #[must_use]
    pub fn answered(counts: Option<Counts>, prot: Vec<String>, error: Vec<ErrorEntry>, dump: Option<Value>) -> Self {
        let status = u8::from(error.is_empty());
        let error = if error.is_empty() { vec![ErrorEntry::none()] } else { error };
        Self { r#mod: "uploadRet", error, satus: status, status, S: counts, prot: Some(prot), dump }
    }

    /// Nothing was endorsed, or it is not known (`incerto`).
    #[must_use]
    pub fn failed(error: ErrorEntry) -> Self {
        Self { r#mod: "uploadRet", error: vec![error], satus: 0, status: 0, S: None, prot: None, dump: None }
    }
}

/// What is known of one document: the whole of an averbaRet for one key, an entry of `S` for several.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Averbacao {
    cnpj: String,
    numero: String,
    chave: String,
    protoclo: String,
    protocolo: String,
    status: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    avisos: Vec<String>,
}

impl Averbacao {
    /// Of a document: CNPJ of its issuer, its number without leading zeros, its access key.
    #[must_use]
    pub fn of(cnpj: &str, numero: &str, chave: &str) -> Self {
        Self { cnpj: cnpj.to_owned(), numero: numero.to_owned(), chave: chave.to_owned(), ..Self::default() }
    }

    /// Takes the caller's own CNPJ and number in place of those in the key.
    pub fn name(&mut self, cnpj: Option<&str>, numero: Option<&str>) {
        if let Some(cnpj) = cnpj {
            cnpj.clone_into(&mut self.cnpj);
        }
        if let Some(numero) = numero {
            numero.clone_into(&mut self.numero);
        }
    }

    /// With the protocol, that is: endorsed.
    #[must_use]
    pub fn endorsed(mut self, protocolo: String) -> Self {
        self.status = 1;
        self.with_protocol(protocolo)
    }

    /// Not endorsed, or not known.
    #[must_use]
    pub fn failed(mut self, error: ErrorEntry) -> Self {
        self.status = 0;
        self.error = vec![error];
        self
    }

    /// With the protocol that was asked for, endorsed or not.
    #[must_use]
    pub fn with_protocol(mut self, protocolo: String) -> Self {
        self.protoclo.clone_from(&protocolo);
        self.protocolo = protocolo;
        self
    }

    /// With what a consulta found of the same document: its protocol and its warnings.
    #[must_use]
    pub fn taking(mut self, found: Self) -> Self {
        for aviso in found.avisos {
            if !self.avisos.contains(&aviso) {
                self.avisos.push(aviso);
            }
        }
        self.endorsed(found.protocolo)
    }

    /// The protocol; empty if there is none.
    #[must_use]
    pub fn protocol(&self) -> &str {
        &self.protocolo
    }

    /// With one more warning.
    #[must_use]
    pub fn warned(mut self, aviso: impl Into<String>) -> Self {
        self.avisos.push(aviso.into());
        self
    }

    /// Whether it is endorsed.
    #[must_use]
    pub fn is_endorsed(&self) -> bool {
        self.status == 1
    }

    /// Why it is not endorsed, or not known to be.
    #[must_use]
    pub fn error(&self) -> Option<&ErrorEntry> {
        self.error.first()
    }
}

/// averbaRet (seed, sections 3.1.4 and 3.2.4): for one key or protocol.
#[derive(Debug, Serialize)]
pub struct AverbaRet {
    r#mod: &'static str,
    #[serde(flatten)]
    averbacao: Averbacao,
    #[serde(skip_serializing_if = "Option::is_none")]
    etapa: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie: Option<String>,
}

impl From<Averbacao> for AverbaRet {
    fn from(averbacao: Averbacao) -> Self {
        Self { r#mod: "averbaRet", averbacao, etapa: None, cookie: None }
    }
}

impl AverbaRet {
    /// With the stage at which the flow failed.
    #[must_use]
    pub fn at(mut self, etapa: Option<Stage>) -> Self {
        self.etapa = etapa;
        self
    }

    /// With the session of the login that was made, to be stored.
    #[must_use]
    pub fn with_session(mut self, cookie: Option<String>) -> Self {
        self.cookie = cookie;
        self
    }
}

/// averbaRet for a list, in the order asked. `status` is 1 when every entry's is.
#[derive(Debug, Serialize)]
#[allow(non_snake_case, reason = "the documented keys")]
pub struct AverbaRetMany {
    r#mod: &'static str,
    status: u8,
    S: Vec<Averbacao>,
}

impl From<Vec<Averbacao>> for AverbaRetMany {
    fn from(entries: Vec<Averbacao>) -> Self {
        Self { r#mod: "averbaRet", status: u8::from(entries.iter().all(Averbacao::is_endorsed)), S: entries }
    }
}

/// cancelaRet: the insurer was told of the cancellation of a document.
#[derive(Debug, Serialize)]
pub struct CancelaRet {
    r#mod: &'static str,
    chave: String,
    status: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etapa: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie: Option<String>,
}

impl CancelaRet {
    /// `error` is empty if the insurer has the cancellation; `cookie` is the session of a login that was made.
    #[must_use]
    pub fn new(chave: String, error: Option<(Option<Stage>, ErrorEntry)>, cookie: Option<String>) -> Self {
        let status = u8::from(error.is_none());
        let (etapa, error) = error.map_or((None, Vec::new()), |(etapa, error)| (etapa, vec![error]));
        Self { r#mod: "cancelaRet", chave, status, error, etapa, cookie }
    }
}

/// One document of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Documento {
    /// Access key; empty if the service does not tell it.
    pub chave: String,
    /// Number.
    pub numero: String,
    /// Series.
    pub serie: String,
    /// Protocol of the endorsement.
    pub protocolo: String,
    /// Whether it is endorsed.
    pub averbado: bool,
    /// Whether it is cancelled.
    pub cancelado: bool,
    /// Day of issue, as the service writes it.
    pub emissao: String,
    /// Value, as the service writes it.
    pub valor: String,
}

/// listaRet: what the insurer has.
#[derive(Debug, Serialize)]
#[allow(non_snake_case, reason = "the documented keys")]
pub struct ListaRet {
    r#mod: &'static str,
    status: u8,
    total: usize,
    S: Vec<Documento>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie: Option<String>,
}

impl ListaRet {
    /// `documents` of `total`; with `error`, those that came before it.
    #[must_use]
    pub fn new(documents: Vec<Documento>, total: usize, error: Option<ErrorEntry>, cookie: Option<String>) -> Self {
        let status = u8::from(error.is_none());
        Self { r#mod: "listaRet", status, total, S: documents, error: error.into_iter().collect(), cookie }
    }
}

/// configRet: the answer to `av_configure`.
#[derive(Debug, Serialize)]
pub struct ConfigRet {
    r#mod: &'static str,
    status: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    avisos: Vec<String>,
}

impl ConfigRet {
    /// The settings are in force.
    #[must_use]
    pub fn accepted(avisos: Vec<String>) -> Self {
        Self { r#mod: "configRet", status: 1, error: Vec::new(), avisos }
    }

    /// Nothing was changed.
    #[must_use]
    pub fn refused(error: ErrorEntry) -> Self {
        Self { r#mod: "configRet", status: 0, error: vec![error], avisos: Vec::new() }
    }
}

/// erroRet: the answer to a request that names no operation we could answer for.
#[derive(Debug, Serialize)]
pub struct ErroRet {
    r#mod: &'static str,
    status: u8,
    error: Vec<ErrorEntry>,
}

impl From<ErrorEntry> for ErroRet {
    fn from(error: ErrorEntry) -> Self {
        Self { r#mod: "erroRet", status: 0, error: vec![error] }
    }
}

/// A reply as the text that the caller gets.
#[must_use]
pub fn to_json(reply: &impl Serialize) -> String {
    serde_json::to_string(reply).expect("replies are plain data with text keys")
}
