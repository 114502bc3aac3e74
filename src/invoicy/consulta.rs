//! nfseConsulta: what became of RPS.

use std::path::Path;

use super::answer::Told;
use super::line::Line;
use super::outcome::{is_pending, nfse};
use super::pace::pauses;
use super::question::{Question, Wanted};
use super::{Invoicy, files, waiting};
use crate::contract::{Code, ErrorEntry, Nfse, NfseConsulta, NfseRet, Progress, Stage};
use crate::http::Http;

const REPLY: &str = "nfseConsultaRet";

impl Invoicy {
    /// Looks up what `request` asks for: nfseConsultaRet, an entry for each document that there is.
    #[must_use]
    pub fn consulta(&self, http: &Http, request: &NfseConsulta, progress: &mut Progress) -> NfseRet {
        let (entries, error) = match self.look_up(http, request, progress) {
            Ok((entries, stopped)) => (entries, stopped),
            Err(error) => (Vec::new(), Some(error)),
        };
        let reply = NfseRet::new(REPLY, entries, error);
        progress.end(Stage::Fim, 1, 1, reply.error());
        reply
    }

    fn look_up(
        &self,
        http: &Http,
        request: &NfseConsulta,
        progress: &mut Progress,
    ) -> Result<(Vec<Nfse>, Option<ErrorEntry>), ErrorEntry> {
        let question = Question::of(request)?;
        let folder = request.pasta.as_deref().map(files::folder).transpose()?;
        let wait = waiting(request.aguardar_s)?;
        let line = self.line(http, &request.chave_acesso, &request.chave_parceiro)?;
        // Whoever waits asks for the files when there are some.
        let at_once = folder.is_some() && wait.is_zero();
        let mut told = ask(&line, &question, if at_once { Wanted::Files } else { Wanted::Situation }, progress)?;
        let mut stopped = None;
        for pause in pauses(wait).into_iter().filter(|pause| !pause.is_zero()) {
            let pending = told.iter().filter(|told| is_pending(&nfse(told))).count();
            // What is not there yet may still be on its way.
            if pending == 0 && !told.is_empty() {
                break;
            }
            let msg = format!("O InvoiCy ainda processa. Nova consulta em {} s…", pause.as_secs().max(1));
            let waited = progress.wait(Stage::Nfse, (told.len() - pending, told.len().max(1)), &msg, pause);
            match waited.and_then(|()| ask(&line, &question, Wanted::Situation, progress)) {
                Ok(now) => told = now,
                Err(error) => {
                    stopped = Some(error);
                    break;
                }
            }
        }
        let mut entries: Vec<Nfse> = told.iter().map(entry).collect();
        if let Some(folder) = &folder {
            keep(&line, &question, &mut told, at_once, (&mut entries, folder));
        }
        if entries.is_empty() && stopped.is_none() {
            return Err(ErrorEntry::new(Code::NfseNotFound));
        }
        Ok((entries, stopped))
    }
}

/// What was told, for whoever asked: asking once more is what helps while it is not decided.
fn entry(told: &Told) -> Nfse {
    let entry = nfse(told);
    match entry.error().filter(|error| error.is(Code::NfseProcessing)).cloned() {
        Some(error) => entry.failed(error.repeat(true)),
        None => entry,
    }
}

fn ask(line: &Line, question: &Question, wanted: Wanted, progress: &mut Progress) -> Result<Vec<Told>, ErrorEntry> {
    progress.begin(Stage::Nfse, 0, 1)?;
    let told = question.ask(line, wanted);
    progress.end(Stage::Nfse, 1, 1, told.as_ref().err());
    told
}

/// Writes the files of what is authorised, which are asked for unless they have come `at_once`.
fn keep(line: &Line, question: &Question, told: &mut [Told], at_once: bool, (entries, folder): (&mut [Nfse], &Path)) {
    if !at_once
        && entries.iter().any(Nfse::is_good)
        && let Ok(whole) = question.ask(line, Wanted::Files)
    {
        for told in told.iter_mut() {
            let same = |other: &&Told| (&other.nfse.numero, &other.nfse.serie) == (&told.nfse.numero, &told.nfse.serie);
            if let Some(found) = whole.iter().find(same) {
                (told.pdf, told.xml) = (found.pdf.clone(), found.xml.clone());
            }
        }
    }
    for (told, entry) in told.iter().zip(entries).filter(|(_, entry)| entry.is_good()) {
        files::keep(told, entry, folder, &question.cnpj);
    }
}
