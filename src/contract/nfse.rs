//! NFS-e through InvoiCy: what is asked and what is answered. The names that InvoiCy has for something are kept.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::requests::text_or_number;
use super::{ErrorEntry, Secret};

/// `invoicyCK` → invoicyCKRet: the communication key of an XML. Nothing is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct InvoicyCk {
    /// The company's access key; that of the settings unless given.
    pub chave_acesso: Secret,
    /// The XML itself.
    pub xml: Option<String>,
    /// Or the path of its file.
    pub arquivo: Option<String>,
}

/// `nfseEnvia` → nfseEnviaRet: RPS are sent to become NFS-e.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NfseEnvia {
    /// The company's access key; that of the settings unless given.
    pub chave_acesso: Secret,
    /// The partner's key; that of the settings unless given.
    pub chave_parceiro: Secret,
    /// One RPS or a list: XML text, path of an XML file, or an object with the names of the elements.
    pub documentos: Option<Verbatim>,
    /// The folder into which PDF and XML of each NFS-e are written.
    pub pasta: Option<String>,
    /// So many seconds are waited for what is not decided at once.
    pub aguardar_s: u64,
}

/// JSON as its author wrote it, in whose objects the order counts: see [`Verbatim::keep`].
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Verbatim(String);

impl Verbatim {
    /// Puts the text of `name` in the place of its value in `fields`: a `Value` would sort the names in its objects.
    pub fn keep(name: &str, request: &str, fields: &mut serde_json::Map<String, Value>) {
        if let Some(value) = fields.get_mut(name)
            && let Some(text) = super::field::raw(request, name)
        {
            *value = Value::String(text.get().to_owned());
        }
    }

    /// Its entries: those of a list, or it alone.
    #[must_use]
    pub fn entries(&self) -> Vec<Box<RawValue>> {
        if self.0.starts_with('[') {
            serde_json::from_str(&self.0).unwrap_or_default()
        } else {
            RawValue::from_string(self.0.clone()).into_iter().collect()
        }
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.0.starts_with('[')
    }
}

impl fmt::Debug for Verbatim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of JSON", self.0.len())
    }
}

/// `nfseConsulta` → nfseConsultaRet: what became of RPS, by one of IDUnico, access key, numbers, days.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NfseConsulta {
    /// The company's access key; that of the settings unless given.
    pub chave_acesso: Secret,
    /// The partner's key; that of the settings unless given.
    pub chave_parceiro: Secret,
    /// CNPJ of the issuer.
    #[serde(rename = "CNPJ")]
    pub cnpj: String,
    /// 1: production; 2: tests (homologação).
    #[serde(rename = "tpAmb", deserialize_with = "text_or_number")]
    pub tp_amb: Option<String>,
    /// By the IDUnico of the RPS.
    pub id_unico: Option<String>,
    /// By the access key of the NFS-e.
    pub chave: Option<String>,
    /// By the number of the RPS, the first of a range.
    #[serde(deserialize_with = "text_or_number")]
    pub numero_inicial: Option<String>,
    /// The last of the range; the first unless given.
    #[serde(deserialize_with = "text_or_number")]
    pub numero_final: Option<String>,
    /// Series of the RPS, with numbers.
    #[serde(deserialize_with = "text_or_number")]
    pub serie: Option<String>,
    /// By day of issue, the first, YYYY-MM-DD.
    pub inicio: Option<String>,
    /// The last day.
    pub fim: Option<String>,
    /// The folder into which PDF and XML of each NFS-e are written.
    pub pasta: Option<String>,
    /// So many seconds are waited for what is not decided yet.
    pub aguardar_s: u64,
}

/// `nfseEspelho` → nfseEspelhoRet: the PDF of one NFS-e, into a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NfseEspelho {
    /// The company's access key; that of the settings unless given.
    pub chave_acesso: Secret,
    /// The partner's key; that of the settings unless given.
    pub chave_parceiro: Secret,
    /// CNPJ of the issuer.
    #[serde(rename = "CNPJ")]
    pub cnpj: String,
    /// 1: production; 2: tests (homologação).
    #[serde(rename = "tpAmb", deserialize_with = "text_or_number")]
    pub tp_amb: Option<String>,
    /// By the IDUnico of the RPS.
    pub id_unico: Option<String>,
    /// By the access key of the NFS-e.
    pub chave: Option<String>,
    /// By the number of the RPS.
    #[serde(deserialize_with = "text_or_number")]
    pub numero: Option<String>,
    /// Series of the RPS, with the number.
    #[serde(deserialize_with = "text_or_number")]
    pub serie: Option<String>,
    /// Where the PDF goes.
    pub arquivo: String,
}

/// `nfseCancela` → nfseCancelaRet: an NFS-e is cancelled.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[allow(non_snake_case, reason = "InvoiCy's names")]
pub struct NfseCancela {
    /// The company's access key; that of the settings unless given.
    pub chave_acesso: Secret,
    /// The partner's key; that of the settings unless given.
    pub chave_parceiro: Secret,
    /// CNPJ of the issuer.
    pub CNPJ: String,
    /// 1: production; 2: tests (homologação).
    #[serde(deserialize_with = "text_or_number")]
    pub tpAmb: Option<String>,
    /// Number of the NFS-e.
    #[serde(deserialize_with = "text_or_number")]
    pub NFSeNumero: Option<String>,
    /// Number of its RPS.
    #[serde(deserialize_with = "text_or_number")]
    pub RPSNumero: Option<String>,
    /// Series of its RPS.
    #[serde(deserialize_with = "text_or_number")]
    pub RPSSerie: Option<String>,
    /// 1: a mistake; 2: the service was not rendered; 4: duplicate.
    #[serde(deserialize_with = "text_or_number")]
    pub EveCodigo: Option<String>,
    /// Why, in up to 100 characters.
    pub EveMotivo: String,
}

/// invoicyCKRet.
#[derive(Debug, Serialize)]
#[allow(non_snake_case, reason = "InvoiCy's name")]
pub struct InvoicyCkRet {
    r#mod: &'static str,
    status: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    CK: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    linearizado: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    avisos: Vec<String>,
}

impl InvoicyCkRet {
    /// The CK of `linear`, the text as it must be sent.
    #[must_use]
    pub fn computed(ck: String, linear: String, avisos: Vec<String>) -> Self {
        let bytes = Some(linear.len());
        Self {
            r#mod: "invoicyCKRet",
            status: 1,
            CK: Some(ck),
            bytes,
            linearizado: Some(linear),
            error: Vec::new(),
            avisos,
        }
    }

    /// There is none.
    #[must_use]
    pub fn refused(error: ErrorEntry) -> Self {
        Self {
            r#mod: "invoicyCKRet",
            status: 0,
            CK: None,
            linearizado: None,
            bytes: None,
            error: vec![error],
            avisos: Vec::new(),
        }
    }
}

/// The situation of a document. A code means different things at each level: only both together say something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NfseSituacao {
    /// "envelope" or "documento".
    pub nivel: &'static str,
    /// InvoiCy's code.
    pub codigo: String,
    /// InvoiCy's words, or ours where it has none.
    pub texto: String,
}

/// Where or in what files PDF and XML are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NfseFiles {
    /// PDF.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pdf: String,
    /// XML.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub xml: String,
}

impl NfseFiles {
    fn is_empty(&self) -> bool {
        self.pdf.is_empty() && self.xml.is_empty()
    }
}

/// What is known of one document. `status` is 1 if there is a valid NFS-e (of a cancellation: if it is cancelled).
#[derive(Clone, Debug, Default, Serialize)]
#[allow(non_snake_case, reason = "InvoiCy's names")]
pub struct Nfse {
    /// Number of the RPS.
    pub numero: String,
    /// Series of the RPS.
    pub serie: String,
    /// How InvoiCy recognises the RPS.
    pub IDUnico: String,
    /// Access key of the NFS-e, where there is one.
    pub chave: String,
    /// Protocol.
    pub protocolo: String,
    /// Number of the NFS-e.
    pub NFSeNumero: String,
    /// Its verification code.
    pub CodVerificacao: String,
    /// When it was authorised, as InvoiCy writes it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub autorizada_em: String,
    /// Its situation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub situacao: Option<NfseSituacao>,
    /// Where PDF and XML can be downloaded.
    #[serde(skip_serializing_if = "NfseFiles::is_empty")]
    pub links: NfseFiles,
    /// The files into which they were written.
    #[serde(skip_serializing_if = "NfseFiles::is_empty")]
    pub arquivos: NfseFiles,
    /// When the company's certificate expires, as InvoiCy writes it, where it does.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub certificado_vencimento: String,
    pub(crate) status: u8,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) error: Vec<ErrorEntry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) avisos: Vec<String>,
}

impl Nfse {
    /// As it should be.
    #[must_use]
    pub fn good(mut self) -> Self {
        self.status = 1;
        self.error.clear();
        self
    }

    /// Not so, or not known.
    #[must_use]
    pub fn failed(mut self, error: ErrorEntry) -> Self {
        self.status = 0;
        self.error = vec![error];
        self
    }

    /// With these warnings before its own, each once.
    #[must_use]
    pub fn warned(mut self, avisos: &[String]) -> Self {
        let own = std::mem::take(&mut self.avisos);
        for aviso in avisos.iter().cloned().chain(own) {
            if !self.avisos.contains(&aviso) {
                self.avisos.push(aviso);
            }
        }
        self
    }

    /// Its warnings.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.avisos
    }

    /// Whether it is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.status == 1
    }

    /// Why not.
    #[must_use]
    pub fn error(&self) -> Option<&ErrorEntry> {
        self.error.first()
    }
}

/// nfseEnviaRet and nfseConsultaRet: an entry for each document. `status` is 1 when every entry's is; `error` is the reason
/// why there are none, or the call ended before its time, or else that of the first entry that has one.
#[derive(Debug, Serialize)]
#[allow(non_snake_case, reason = "the documented key of lists")]
pub struct NfseRet {
    r#mod: &'static str,
    status: u8,
    S: Vec<Nfse>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
}

impl NfseRet {
    /// The reply named `mod` with these entries.
    #[must_use]
    pub fn new(r#mod: &'static str, entries: Vec<Nfse>, error: Option<ErrorEntry>) -> Self {
        let error = error.or_else(|| entries.iter().find_map(Nfse::error).cloned());
        Self { r#mod, status: u8::from(error.is_none()), S: entries, error: error.into_iter().collect() }
    }

    /// Why something is not as it should be.
    #[must_use]
    pub fn error(&self) -> Option<&ErrorEntry> {
        self.error.first()
    }
}

/// nfseCancelaRet and nfseEspelhoRet: what is known of the one document.
#[derive(Debug, Serialize)]
pub struct NfseOneRet {
    r#mod: &'static str,
    #[serde(flatten)]
    nfse: Nfse,
    #[serde(skip_serializing_if = "Option::is_none")]
    arquivo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
}

impl NfseOneRet {
    /// The reply named `mod`.
    #[must_use]
    pub fn new(r#mod: &'static str, nfse: Nfse) -> Self {
        Self { r#mod, nfse, arquivo: None, bytes: None }
    }

    /// Why it is not as it should be.
    #[must_use]
    pub fn error(&self) -> Option<&ErrorEntry> {
        self.nfse.error()
    }

    /// With the file that was written and its length.
    #[must_use]
    pub fn written(self, arquivo: String, bytes: usize) -> Self {
        Self { arquivo: Some(arquivo), bytes: Some(bytes), ..self }
    }
}
