//! MDF-e: what callers say and hear.
//!
//! Source of the names: the seed document "Webmania, emissão de MDF-e". Its `status` is a word; here `status` is 1 or 0 as in
//! every reply, and the word is `situacao`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Averba, ErrorEntry, Secret, Stage};

/// `mdfeEmite` → mdfeEmiteRet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MdfeEmite {
    /// The Access Token, in place of that of the settings.
    pub token: Secret,
    /// The document, as in the seed.
    pub mdfe: Option<Value>,
    /// Only check it; nothing is sent, endorsed or asked.
    pub somente_validar: bool,
    /// Have its CT-e endorsed first: the fields of an `Averba`.
    pub averbar: Option<Averba>,
    /// averbaRet of earlier calls, which have the numbers of its CT-e.
    pub averbacoes: Option<Vec<Value>>,
    /// Go without the number of a CT-e that has none: "99999" in its place. The carrier's decision, never ours.
    pub contingencia_averbacao: bool,
    /// So many seconds, at most, to wait for the decision of Sefaz.
    pub aguardar_s: u64,
}

/// `mdfeConsulta` → mdfeConsultaRet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MdfeConsulta {
    /// The Access Token, in place of that of the settings.
    pub token: Secret,
    /// Which: by Webmania's own number,
    pub uuid: Option<String>,
    /// or by its access key.
    pub chave: Option<String>,
    /// So many seconds, at most, to wait for the decision of Sefaz.
    pub aguardar_s: u64,
}

/// `mdfeEncerra` → mdfeEncerraRet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MdfeEncerra {
    /// The Access Token, in place of that of the settings.
    pub token: Secret,
    /// Which: by Webmania's own number,
    pub uuid: Option<String>,
    /// or by its access key.
    pub chave: Option<String>,
    /// UF in which it ends.
    pub uf: String,
    /// Município in which it ends.
    pub municipio: String,
    /// Its code, where the name is not enough.
    pub codigo_municipio: Option<String>,
}

/// `mdfeCancela` → mdfeCancelaRet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MdfeCancela {
    /// The Access Token, in place of that of the settings.
    pub token: Secret,
    /// Which: by Webmania's own number,
    pub uuid: Option<String>,
    /// or by its access key.
    pub chave: Option<String>,
    /// Why, 15 to 255 characters.
    pub justificativa: String,
}

/// `mdfeCondutor` → mdfeCondutorRet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MdfeCondutor {
    /// The Access Token, in place of that of the settings.
    pub token: Secret,
    /// Which: by Webmania's own number,
    pub uuid: Option<String>,
    /// or by its access key.
    pub chave: Option<String>,
    /// Name of the driver.
    pub nome: String,
    /// CPF of the driver.
    pub cpf: String,
}

/// `mdfeArquivo` → mdfeArquivoRet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MdfeArquivo {
    /// The Access Token, in place of that of the settings.
    pub token: Secret,
    /// Access key of the MDF-e,
    pub chave: Option<String>,
    /// or the address that a reply gave in `xml` or `damdfe`.
    pub url: Option<String>,
    /// "pdf" (the DAMDFE) or "xml"; an address says it itself.
    pub tipo: Option<String>,
    /// The file to be written; one that exists is replaced.
    pub arquivo: String,
}

/// `mdfeNotificacao` → mdfeNotificacaoRet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MdfeNotificacao {
    /// The body that the caller's web server received, as text or as JSON.
    pub corpo: Option<Value>,
    /// The secret that the caller put into its `url_notificacao`,
    pub segredo: Option<Secret>,
    /// and the one that came with the request.
    pub segredo_recebido: Option<Secret>,
}

/// `mdfeRegras` → mdfeRegrasRet.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MdfeRegras {}

/// One problem of a document, or something to think of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Apontamento {
    /// JSON pointer (RFC 6901) of the field in the request; empty if it is about none.
    pub campo: String,
    /// The rejection that Sefaz would give for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejeicao: Option<u16>,
    /// What is wrong (Portuguese).
    pub msg: String,
    /// What to do (Portuguese).
    pub acao: String,
}

impl Apontamento {
    /// About the whole, not about a field.
    #[must_use]
    pub fn general(msg: impl Into<String>, acao: impl Into<String>) -> Self {
        Self { campo: String::new(), rejeicao: None, msg: msg.into(), acao: acao.into() }
    }
}

/// What is known of one MDF-e (seed, "resposta").
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Manifesto {
    /// Webmania's own number.
    pub uuid: String,
    /// Access key.
    pub chave: String,
    /// Series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serie: Option<u64>,
    /// Number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numero: Option<u64>,
    /// Webmania's `status`: aprovado, reprovado, cancelado, encerrado, processando, contingencia.
    pub situacao: String,
    /// Why.
    pub motivo: String,
    /// Address of the XML.
    pub xml: String,
    /// Address of the DAMDFE.
    pub damdfe: String,
    /// What Sefaz said, as it came.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub log: Value,
}

/// An MDF-e that is still open and must be closed first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MdfeAberto {
    /// Its access key.
    pub chave: String,
    /// Its protocol; empty if Sefaz does not tell it.
    pub protocolo: String,
}

/// The reply to an operation on one MDF-e: mdfeEmiteRet, mdfeConsultaRet, mdfeEncerraRet, mdfeCancelaRet, mdfeCondutorRet,
/// mdfeNotificacaoRet.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MdfeRet {
    r#mod: String,
    status: u8,
    /// What is known of it.
    #[serde(flatten)]
    pub manifesto: Manifesto,
    /// What would be rejected: nothing was sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pendencias: Vec<Apontamento>,
    /// What is to be thought of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub avisos: Vec<Apontamento>,
    /// The one that must be closed first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mdfe_aberto: Option<MdfeAberto>,
    /// The one that stands in the way of a duplicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mdfe_existente: Option<Manifesto>,
    /// averbaRet of the endorsement that was asked for along with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub averbacao: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
    /// Where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etapa: Option<Stage>,
}

impl MdfeRet {
    /// The reply of `operation`: done, unless an error follows.
    #[must_use]
    pub fn new(operation: &str, manifesto: Manifesto) -> Self {
        Self { r#mod: format!("{operation}Ret"), status: 1, manifesto, ..Self::default() }
    }

    /// With why it was not done, or is not known to be.
    #[must_use]
    pub fn failed(mut self, error: ErrorEntry) -> Self {
        (self.status, self.error) = (0, vec![error]);
        self
    }

    /// Why it was not done.
    #[must_use]
    pub fn error(&self) -> Option<&ErrorEntry> {
        self.error.first()
    }
}

/// mdfeArquivoRet.
#[derive(Debug, Serialize)]
pub struct MdfeArquivoRet {
    r#mod: &'static str,
    status: u8,
    arquivo: String,
    bytes: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
}

impl MdfeArquivoRet {
    /// So many bytes were written to `arquivo`.
    #[must_use]
    pub fn written(arquivo: String, bytes: u64) -> Self {
        Self { r#mod: "mdfeArquivoRet", status: 1, arquivo, bytes, error: Vec::new() }
    }

    /// Nothing was written.
    #[must_use]
    pub fn refused(error: ErrorEntry) -> Self {
        Self { r#mod: "mdfeArquivoRet", status: 0, arquivo: String::new(), bytes: 0, error: vec![error] }
    }
}

/// mdfeRegrasRet: the rules by which a document is checked.
#[derive(Debug, Serialize)]
pub struct MdfeRegrasRet {
    r#mod: &'static str,
    status: u8,
    regras: Vec<Regra>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
}

/// One rule.
#[derive(Clone, Debug, Serialize)]
pub struct Regra {
    /// The rejection that Sefaz gives.
    pub rejeicao: u16,
    /// "pendencia": it is not sent; "aviso": it is sent.
    pub nivel: &'static str,
    /// What is wrong (Portuguese).
    pub msg: &'static str,
    /// What to do (Portuguese).
    pub acao: &'static str,
}

impl MdfeRegrasRet {
    /// The rules.
    #[must_use]
    pub fn new(regras: Vec<Regra>) -> Self {
        Self { r#mod: "mdfeRegrasRet", status: 1, regras, error: Vec::new() }
    }

    /// Why they are not told.
    #[must_use]
    pub fn refused(error: ErrorEntry) -> Self {
        Self { r#mod: "mdfeRegrasRet", status: 0, regras: Vec::new(), error: vec![error] }
    }
}

/// What averbaRet says of one document.
pub struct Endorsement<'a> {
    /// Its access key; empty where the call failed as a whole.
    pub chave: &'a str,
    /// Its number, or why it has none (Portuguese; empty if nothing is said).
    pub number: Result<&'a str, &'a str>,
}

/// What averbaRet says, of one document or of many.
#[must_use]
pub fn endorsements(reply: &Value) -> Vec<Endorsement<'_>> {
    let entries = reply.get("S").and_then(Value::as_array).into_iter().flatten();
    entries.chain([reply]).map(endorsement).collect()
}

/// A number counts in an entry that reports success, or does not say: a program may have kept only the two.
fn endorsement(entry: &Value) -> Endorsement<'_> {
    let text = |pointer| entry.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let succeeded = entry.get("status").is_none_or(|status| *status == 1);
    let number = text("/protocolo").or_else(|| text("/protoclo")).filter(|_| succeeded);
    Endorsement {
        chave: text("/chave").unwrap_or_default(),
        number: number.ok_or_else(|| text("/error/0/msg").unwrap_or_default()),
    }
}
