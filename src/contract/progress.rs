//! What the caller's progress callback hears while a call is under way.

use serde::Serialize;

use super::{Code, ErrorEntry};

/// The stages of the seed's Part II, "Questões Técnicas" 1: shown as when an NF-e is transmitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Logging in.
    Login,
    /// Sending a document.
    Upload,
    /// Asking for the endorsement.
    Consulta,
}

impl Stage {
    /// The text shown when the stage begins.
    const fn msg(self) -> &'static str {
        match self {
            Self::Login => "Entrando no AverbePorto…",
            Self::Upload => "Enviando o documento…",
            Self::Consulta => "Consultando a averbação…",
        }
    }
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
}

/// One event, as the callback gets it in JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Which stage.
    pub etapa: Stage,
    /// Begins, ended well, failed.
    pub estado: State,
    /// How many documents are done, this stage's included.
    pub n: usize,
    /// Of how many.
    pub total: usize,
    /// A text ready to show (Portuguese).
    pub msg: String,
}

/// The caller's ear. `Err` is its wish to stop.
pub struct Progress<'a> {
    listener: Option<&'a mut dyn FnMut(&Event) -> bool>,
}

impl<'a> Progress<'a> {
    /// Events go to `listener`, which answers whether to stop.
    pub fn new(listener: &'a mut dyn FnMut(&Event) -> bool) -> Self {
        Self { listener: Some(listener) }
    }

    /// Nobody listens.
    #[must_use]
    pub fn silent() -> Self {
        Self { listener: None }
    }

    fn tell(&mut self, event: &Event) -> bool {
        self.listener.as_mut().is_some_and(|listener| listener(event))
    }

    /// `stage` begins, with `n` of `total` documents done. This is the safe point: `Err` (9002) if the caller wants to stop.
    pub fn begin(&mut self, etapa: Stage, n: usize, total: usize) -> Result<(), ErrorEntry> {
        let msg = etapa.msg().to_owned();
        let stop = self.tell(&Event { etapa, estado: State::Inicio, n, total, msg });
        if stop { Err(ErrorEntry::new(Code::Cancelled)) } else { Ok(()) }
    }

    /// `stage` ended, well or with `error`. A wish to stop is heard at the next beginning.
    pub fn end(&mut self, etapa: Stage, n: usize, total: usize, error: Option<&ErrorEntry>) {
        let (estado, msg) = match error {
            None => (State::Ok, "Concluído.".to_owned()),
            Some(error) => (State::Erro, error.text().to_owned()),
        };
        self.tell(&Event { etapa, estado, n, total, msg });
    }
}
