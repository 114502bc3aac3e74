//! One request: what it asks, and the reply that says why that was not done.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::contract::{
    AverbaRet, Averbacao, CancelaRet, Code, DiagnosticoRet, ErrorEntry, InvoicyCkRet, ListaRet, LoginRet, Manifesto,
    MdfeArquivoRet, MdfeRegrasRet, MdfeRet, Nfse, NfseOneRet, NfseRet, UploadRet, Verbatim, bad_field, missing,
    parse_object, read, to_json,
};
use crate::redact::excerpt;

/// The fields of a request, without `mod`.
pub(super) type Fields = Map<String, Value>;

/// A request whose `mod` is known; its fields are read by the room that needs them.
pub struct Message {
    /// What is asked.
    pub operation: Operation,
    pub(super) fields: Fields,
}

impl Message {
    /// Reads `request`, a JSON object with `mod`. 1003 to 1006 if it is none.
    pub fn parse(request: &str) -> Result<Self, ErrorEntry> {
        let mut fields = parse_object(request, Code::BadField)?;
        // A field that is null is one left out: some JSON writers know no other way.
        fields.retain(|_, value| !value.is_null());
        let operation = match fields.remove("mod") {
            Some(Value::String(name)) if !name.trim().is_empty() => Operation::named(name.trim())?,
            None | Some(Value::String(_)) => return Err(missing("mod")),
            Some(_) => return Err(bad_field(Code::BadField, "mod", "deve ser texto")),
        };
        if operation == Operation::NfseEnvia {
            Verbatim::keep("documentos", request, &mut fields);
        }
        Ok(Self { operation, fields })
    }

    /// The request for `operation` with these texts.
    #[must_use]
    pub fn new(operation: Operation, texts: &[(&str, &str)]) -> Self {
        let fields = texts.iter().map(|&(name, text)| (name.to_owned(), Value::String(text.to_owned()))).collect();
        Self { operation, fields }
    }
}

/// What can be asked in `mod`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `login` → loginRet
    Login,
    /// `Upload` → uploadRet
    Upload,
    /// `Consulta` → averbaRet
    Consulta,
    /// `Averba` → averbaRet
    Averba,
    /// `Cancela` → cancelaRet
    Cancela,
    /// `Lista` → listaRet
    Lista,
    /// `Diagnostico` → diagnosticoRet
    Diagnostico,
    /// `mdfeEmite` → mdfeEmiteRet
    MdfeEmite,
    /// `mdfeConsulta` → mdfeConsultaRet
    MdfeConsulta,
    /// `mdfeEncerra` → mdfeEncerraRet
    MdfeEncerra,
    /// `mdfeCancela` → mdfeCancelaRet
    MdfeCancela,
    /// `mdfeCondutor` → mdfeCondutorRet
    MdfeCondutor,
    /// `mdfeArquivo` → mdfeArquivoRet
    MdfeArquivo,
    /// `mdfeNotificacao` → mdfeNotificacaoRet
    MdfeNotificacao,
    /// `mdfeRegras` → mdfeRegrasRet
    MdfeRegras,
    /// `invoicyCK` → invoicyCKRet
    InvoicyCk,
    /// `nfseEnvia` → nfseEnviaRet
    NfseEnvia,
    /// `nfseConsulta` → nfseConsultaRet
    NfseConsulta,
    /// `nfseCancela` → nfseCancelaRet
    NfseCancela,
    /// `nfseEspelho` → nfseEspelhoRet
    NfseEspelho,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Login,
        Self::Upload,
        Self::Consulta,
        Self::Averba,
        Self::Cancela,
        Self::Lista,
        Self::Diagnostico,
        Self::MdfeEmite,
        Self::MdfeConsulta,
        Self::MdfeEncerra,
        Self::MdfeCancela,
        Self::MdfeCondutor,
        Self::MdfeArquivo,
        Self::MdfeNotificacao,
        Self::MdfeRegras,
        Self::InvoicyCk,
        Self::NfseEnvia,
        Self::NfseConsulta,
        Self::NfseCancela,
        Self::NfseEspelho,
    ];

    /// As `mod` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Upload => "Upload",
            Self::Consulta => "Consulta",
            Self::Averba => "Averba",
            Self::Cancela => "Cancela",
            Self::Lista => "Lista",
            Self::Diagnostico => "Diagnostico",
            Self::MdfeEmite => "mdfeEmite",
            Self::MdfeConsulta => "mdfeConsulta",
            Self::MdfeEncerra => "mdfeEncerra",
            Self::MdfeCancela => "mdfeCancela",
            Self::MdfeCondutor => "mdfeCondutor",
            Self::MdfeArquivo => "mdfeArquivo",
            Self::MdfeNotificacao => "mdfeNotificacao",
            Self::MdfeRegras => "mdfeRegras",
            Self::InvoicyCk => "invoicyCK",
            Self::NfseEnvia => "nfseEnvia",
            Self::NfseConsulta => "nfseConsulta",
            Self::NfseCancela => "nfseCancela",
            Self::NfseEspelho => "nfseEspelho",
        }
    }

    /// By its name, without regard to case. 1004 if there is none.
    fn named(name: &str) -> Result<Self, ErrorEntry> {
        Self::ALL.into_iter().find(|operation| operation.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
            ErrorEntry::new(Code::UnknownMod).msg(format!(
                "A operação \"{}\" não existe nesta versão. Confira o nome em \"mod\" ou atualize a biblioteca.",
                excerpt(name, &[])
            ))
        })
    }

    /// The reply that says why it was not done.
    #[must_use]
    pub fn refused(self, error: ErrorEntry) -> String {
        match self {
            Self::Login => to_json(&LoginRet::refused(String::new(), error)),
            Self::Upload => to_json(&UploadRet::failed(error)),
            Self::Cancela => to_json(&CancelaRet::new(String::new(), Some((None, error)), None)),
            Self::Lista => to_json(&ListaRet::new(Vec::new(), 0, Some(error), None)),
            Self::Diagnostico => to_json(&DiagnosticoRet::refused(error)),
            Self::MdfeEmite
            | Self::MdfeConsulta
            | Self::MdfeEncerra
            | Self::MdfeCancela
            | Self::MdfeCondutor
            | Self::MdfeNotificacao => to_json(&MdfeRet::new(self.name(), Manifesto::default()).failed(error)),
            Self::MdfeArquivo => to_json(&MdfeArquivoRet::refused(error)),
            Self::MdfeRegras => to_json(&MdfeRegrasRet::refused(error)),
            Self::InvoicyCk => to_json(&InvoicyCkRet::refused(error)),
            Self::NfseEnvia => to_json(&NfseRet::new("nfseEnviaRet", Vec::new(), Some(error))),
            Self::NfseConsulta => to_json(&NfseRet::new("nfseConsultaRet", Vec::new(), Some(error))),
            Self::NfseCancela => to_json(&NfseOneRet::new("nfseCancelaRet", Nfse::default().failed(error))),
            Self::NfseEspelho => to_json(&NfseOneRet::new("nfseEspelhoRet", Nfse::default().failed(error))),
            Self::Consulta | Self::Averba => to_json(&AverbaRet::from(Averbacao::default().failed(error))),
        }
    }
}

/// The fields as a `T`. 1006 if one does not exist or is of the wrong type.
pub(super) fn typed<T: DeserializeOwned>(fields: Fields) -> Result<T, ErrorEntry> {
    read(Value::Object(fields), Code::BadField)
}
