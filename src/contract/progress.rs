//! What the caller's progress callback hears while a call is under way.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::{Code, ErrorEntry};

/// The stages of the seed's Part II, "Questões Técnicas" 1: shown as when an NF-e is transmitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Reading documents.
    Leitura,
    /// Logging in.
    Login,
    /// Sending a document.
    Upload,
    /// Asking for the endorsement.
    Consulta,
    /// Listing documents.
    Lista,
    /// Examining the way to the service.
    Diagnostico,
    /// Checking an MDF-e before it is sent.
    Validacao,
    /// Issuing an MDF-e.
    Emissao,
    /// Asking what became of an MDF-e.
    Situacao,
    /// Closing, cancelling or changing an MDF-e.
    Evento,
    /// Fetching a file.
    Arquivo,
    /// Sending RPS to InvoiCy.
    Rps,
    /// Asking InvoiCy for NFS-e.
    Nfse,
    /// Cancelling an NFS-e.
    Cancelamento,
    /// All is done, well or not.
    Fim,
}

impl Stage {
    /// The text shown when the stage begins, for one or for `total` documents.
    const fn msg(self, total: usize) -> &'static str {
        match self {
            Self::Leitura => "Lendo os documentos…",
            Self::Login => "Entrando no AverbePorto…",
            Self::Upload if total > 1 => "Enviando os documentos…",
            Self::Upload => "Enviando o documento…",
            Self::Consulta if total > 1 => "Consultando as averbações…",
            Self::Consulta => "Consultando a averbação…",
            Self::Lista => "Listando os documentos…",
            Self::Diagnostico => "Verificando a conexão…",
            Self::Validacao => "Conferindo o MDF-e…",
            Self::Emissao => "Emitindo o MDF-e…",
            Self::Situacao => "Consultando o MDF-e…",
            Self::Evento => "Registrando o evento do MDF-e…",
            Self::Arquivo => "Baixando o arquivo…",
            Self::Rps if total > 1 => "Enviando os RPS ao InvoiCy…",
            Self::Rps => "Enviando o RPS ao InvoiCy…",
            Self::Nfse => "Consultando a NFS-e no InvoiCy…",
            Self::Cancelamento => "Cancelando a NFS-e…",
            Self::Fim => "Concluindo…",
        }
    }
}

/// How far a stage is when it is about a part of many documents.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// How many were done before it.
    pub before: usize,
    /// How many will be done after it.
    pub after: usize,
    /// Of how many.
    pub total: usize,
}

impl Span {
    /// The whole of one document.
    pub const ONE: Self = Self { before: 0, after: 1, total: 1 };
}

/// Where a stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It begins.
    Inicio,
    /// It ended well.
    Ok,
    /// It failed.
    Erro,
    /// It is done once more.
    Repetindo,
}

/// One event, as the callback gets it in JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Which stage.
    pub etapa: Stage,
    /// Begins, ended well, failed.
    pub estado: State,
    /// How many documents (of a Diagnostico: steps) are done, this stage's included.
    pub n: usize,
    /// Of how many.
    pub total: usize,
    /// The file it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arquivo: Option<String>,
    /// The access key it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chave: Option<String>,
    /// A text ready to show (Portuguese).
    pub msg: String,
}

/// The caller's ear. `Err` is its wish to stop.
#[derive(Default)]
pub struct Progress<'a> {
    listener: Option<&'a mut dyn FnMut(&Event) -> bool>,
    /// Whether the listener has asked to stop.
    stop: bool,
    /// Whether that must wait.
    unstoppable: bool,
    /// Whether this is a part of something larger, whose end is still to come.
    part: bool,
    /// What the events to come are about.
    arquivo: Option<String>,
    chave: Option<String>,
}

impl<'a> Progress<'a> {
    /// Events go to `listener`, which answers whether to stop.
    pub fn new(listener: &'a mut dyn FnMut(&Event) -> bool) -> Self {
        Self { listener: Some(listener), ..Self::default() }
    }

    /// Nobody listens.
    #[must_use]
    pub fn silent() -> Self {
        Self::default()
    }

    /// The events to come are about this document.
    pub fn about(&mut self, arquivo: Option<String>, chave: Option<String>) {
        (self.arquivo, self.chave) = (arquivo, chave);
    }

    /// Does `work` to its end: a wish to stop is heard at the next beginning after it.
    pub fn unstoppable<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.unstoppable, true);
        let done = work(self);
        self.unstoppable = before;
        done
    }

    /// Does `work` as a part of something larger: its `fim` is not told.
    pub fn part<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.part, true);
        let done = work(self);
        self.part = before;
        done
    }

    /// `stage` begins, with `n` of `total` documents done. This is the safe point: `Err` (9002) if the caller wants to stop.
    pub fn begin(&mut self, stage: Stage, n: usize, total: usize) -> Result<(), ErrorEntry> {
        self.tell(stage, State::Inicio, (n, total), stage.msg(total));
        if self.stop && !self.unstoppable { Err(ErrorEntry::new(Code::Cancelled)) } else { Ok(()) }
    }

    /// `stage` ended, well or with `error`. A wish to stop is heard at the next beginning.
    pub fn end(&mut self, stage: Stage, n: usize, total: usize, error: Option<&ErrorEntry>) {
        match error {
            None => self.tell(stage, State::Ok, (n, total), "Concluído."),
            Some(error) => self.tell(stage, State::Erro, (n, total), error.text()),
        }
    }

    /// `stage` will be done once more, for the reason in `msg`.
    pub fn again(&mut self, stage: Stage, n: usize, total: usize, msg: &str) {
        self.tell(stage, State::Repetindo, (n, total), msg);
    }

    /// Waits for `time` before `stage` is done once more, telling `msg` every second: each a safe point, `Err` (9002) if the
    /// caller wants to stop.
    pub fn wait(
        &mut self,
        stage: Stage,
        (n, total): (usize, usize),
        msg: &str,
        time: Duration,
    ) -> Result<(), ErrorEntry> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.again(stage, n, total, msg);
            if self.stop && !self.unstoppable {
                return Err(ErrorEntry::new(Code::Cancelled));
            }
            thread::sleep(left.min(Duration::from_secs(1)));
        }
    }

    fn tell(&mut self, etapa: Stage, estado: State, (n, total): (usize, usize), msg: &str) {
        if self.part && etapa == Stage::Fim {
            return;
        }
        let Some(listener) = self.listener.as_mut() else { return };
        let (arquivo, chave) = (self.arquivo.clone(), self.chave.clone());
        self.stop |= listener(&Event { etapa, estado, n, total, arquivo, chave, msg: msg.to_owned() });
    }
}
