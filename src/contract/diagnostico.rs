//! diagnosticoRet: the way to the service step by step, each in order or with its error.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::ErrorEntry;

/// What the library knows of itself, of this computer and of each step on the way to the service.
#[derive(Debug, Serialize)]
pub struct DiagnosticoRet {
    r#mod: &'static str,
    status: u8,
    versao: &'static str,
    abi: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    sistema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuracao: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    avisos: Vec<String>,
    passos: Vec<Passo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificado: Option<Certificado>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
}

/// The certificate with which InvoiCy signs a company's NFS-e.
#[derive(Debug, Serialize)]
pub struct Certificado {
    status: u8,
    /// When it expires, as InvoiCy writes it; empty if it does not tell.
    vencimento: String,
    /// How many days are left, today not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    dias: Option<i64>,
    msg: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
}

impl Certificado {
    /// Nothing is known to be wrong with it; `msg` says what is known (Portuguese).
    #[must_use]
    pub fn good(vencimento: String, dias: Option<i64>, msg: String) -> Self {
        Self { status: 1, vencimento, dias, msg, error: Vec::new() }
    }

    /// It has expired, or could not be examined.
    #[must_use]
    pub fn failed(vencimento: String, dias: Option<i64>, error: ErrorEntry) -> Self {
        Self { status: 0, vencimento, dias, msg: error.text().to_owned(), error: vec![error] }
    }
}

impl DiagnosticoRet {
    /// With what was found of a certificate.
    #[must_use]
    pub fn with_certificate(mut self, certificado: Certificado) -> Self {
        if certificado.status == 0 {
            self.status = 0;
            if self.error.is_empty() {
                self.error.clone_from(&certificado.error);
            }
        }
        self.certificado = Some(certificado);
        self
    }

    /// What became of the steps, on this system, under these settings without their secrets.
    #[must_use]
    pub fn new(sistema: String, configuracao: &impl Serialize, avisos: Vec<String>, passos: Vec<Passo>) -> Self {
        let bare = Self::with(passos.iter().find_map(|passo| passo.error.first().cloned()));
        let status = u8::from(passos.iter().all(|passo| passo.status == 1));
        Self { status, sistema: Some(sistema), configuracao: to_raw_value(configuracao).ok(), avisos, passos, ..bare }
    }

    /// Nothing was examined.
    #[must_use]
    pub fn refused(error: ErrorEntry) -> Self {
        Self::with(Some(error))
    }

    fn with(error: Option<ErrorEntry>) -> Self {
        Self {
            r#mod: "diagnosticoRet",
            status: 0,
            versao: env!("CARGO_PKG_VERSION"),
            abi: 1,
            sistema: None,
            configuracao: None,
            avisos: Vec::new(),
            passos: Vec::new(),
            certificado: None,
            error: error.into_iter().collect(),
        }
    }
}

/// A step on the way to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Is there a proxy?
    Proxy,
    /// The address of the service, or of the proxy.
    Dns,
    /// The connection there.
    Tcp,
    /// Through the proxy to the service.
    Tunel,
    /// The secure connection to the service.
    Tls,
    /// A question without a session, and the service's answer.
    Resposta,
    /// This computer's clock against the service's.
    Relogio,
    /// The session, if there is one.
    Sessao,
}

impl Step {
    /// All of them, in the order in which they are done.
    pub const ALL: [Self; 8] =
        [Self::Proxy, Self::Dns, Self::Tcp, Self::Tunel, Self::Tls, Self::Resposta, Self::Relogio, Self::Sessao];
}

/// What became of a step.
#[derive(Debug, Serialize)]
pub struct Passo {
    passo: Step,
    /// 1 unless something is wrong, or was before it could be done.
    status: u8,
    /// Whether it was done.
    feito: bool,
    ms: u128,
    msg: String,
    #[serde(flatten)]
    facts: Facts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
}

impl Passo {
    /// Done, well or not.
    #[must_use]
    pub fn done(passo: Step, ms: u128, facts: Facts, outcome: Result<String, ErrorEntry>) -> Self {
        let (status, msg, error) = match outcome {
            Ok(msg) => (1, msg, Vec::new()),
            Err(error) => (0, error.text().to_owned(), vec![error]),
        };
        Self { passo, status, feito: true, ms, msg, facts, error }
    }

    /// There is nothing to be done.
    #[must_use]
    pub fn needless(passo: Step, msg: &str) -> Self {
        Self { feito: false, ..Self::done(passo, 0, Facts::default(), Ok(msg.to_owned())) }
    }

    /// The caller stopped before it.
    #[must_use]
    pub fn stopped(passo: Step, error: ErrorEntry) -> Self {
        Self { feito: false, ..Self::done(passo, 0, Facts::default(), Err(error)) }
    }

    /// Something before it was not in order.
    #[must_use]
    pub fn not_reached(passo: Step) -> Self {
        Self { status: 0, ..Self::needless(passo, "Não foi feito, porque um passo anterior não deu certo.") }
    }
}

/// What a step found, each under its own key.
#[derive(Debug, Default, Serialize)]
pub struct Facts {
    /// proxy: host and port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// dns: the name that was looked up, and its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub servidor: Option<String>,
    /// dns: the addresses of that name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enderecos: Vec<String>,
    /// tcp: the address connected to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endereco: Option<String>,
    /// tcp: the addresses that could not be connected to, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub falhas: Vec<String>,
    /// tunel, resposta: the HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<u16>,
    /// tls: version of the protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versao: Option<String>,
    /// tls: cipher suite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cifra: Option<String>,
    /// tls: who issued the certificate, trusted or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emissor: Option<String>,
    /// tls: whose certificate it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub titular: Option<String>,
    /// tls: from when on it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inicio: Option<String>,
    /// tls: until when it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validade: Option<String>,
    /// relogio: the time at the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hora_servico: Option<String>,
    /// relogio: the time on this computer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hora_local: Option<String>,
    /// relogio: by how many seconds this computer is ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diferenca_s: Option<i64>,
    /// sessao: whether the service received it as it was sent, where its echo tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recebida: Option<bool>,
    /// sessao: the service's echo (`dump`), without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dump: Option<Value>,
}
