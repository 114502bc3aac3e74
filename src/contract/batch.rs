//! averbaRet of many documents in one call.

use serde::Serialize;

use super::{Averbacao, ErrorEntry, Stage};

/// What became of one of many documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Situacao {
    /// Endorsed in this call.
    Averbado,
    /// Endorsed before: nothing was sent.
    JaAverbado,
    /// Not endorsed, or not known to be (`incerto`): `error` says why.
    Falha,
    /// Not sent: the call ended before its turn.
    NaoTentado,
}

/// One of many documents: an entry of `S`, and a line of the diary.
#[derive(Clone, Debug, Serialize)]
pub struct Entrada {
    /// What is known of it.
    #[serde(flatten)]
    pub averbacao: Averbacao,
    /// Its file; of one in a ZIP the ZIP, `!` and its name there.
    pub arquivo: String,
    /// What became of it.
    pub situacao: Situacao,
    /// The stage at which it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etapa: Option<Stage>,
}

/// How many documents came to what.
#[derive(Debug, Default, Serialize)]
pub struct Resumo {
    total: usize,
    averbados: usize,
    ja_averbados: usize,
    falhas: usize,
    nao_tentados: usize,
}

/// averbaRet of many documents, in the order given. `status` is 1 when all of them are endorsed.
#[derive(Debug, Serialize)]
#[allow(non_snake_case, reason = "the documented keys")]
pub struct AverbaRetBatch {
    r#mod: &'static str,
    status: u8,
    S: Vec<Entrada>,
    resumo: Resumo,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ignorados: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<ErrorEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etapa: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookie: Option<String>,
}

impl AverbaRetBatch {
    /// Of these documents; `ignorados` are files of a folder or ZIP that are no XML.
    #[must_use]
    pub fn new(entries: Vec<Entrada>, ignorados: Vec<String>) -> Self {
        let resumo = Resumo::of(&entries);
        let status = u8::from(resumo.falhas + resumo.nao_tentados == 0);
        Self { r#mod: "averbaRet", status, S: entries, resumo, ignorados, error: Vec::new(), etapa: None, cookie: None }
    }

    /// With the reason for which the call ended before its time, and the stage that it was in.
    #[must_use]
    pub fn stopped(mut self, etapa: Option<Stage>, error: ErrorEntry) -> Self {
        (self.status, self.etapa, self.error) = (0, etapa, vec![error]);
        self
    }

    /// With the session of the login that was made, to be stored.
    #[must_use]
    pub fn with_session(mut self, cookie: Option<String>) -> Self {
        self.cookie = cookie;
        self
    }
}

impl Resumo {
    fn of(entries: &[Entrada]) -> Self {
        let mut resumo = Self { total: entries.len(), ..Self::default() };
        for entry in entries {
            *match entry.situacao {
                Situacao::Averbado => &mut resumo.averbados,
                Situacao::JaAverbado => &mut resumo.ja_averbados,
                Situacao::Falha => &mut resumo.falhas,
                Situacao::NaoTentado => &mut resumo.nao_tentados,
            } += 1;
        }
        resumo
    }
}
