//! nfseEnvia: RPS become NFS-e (seed; facts, "Documents").
//!
//! At most `documentos_por_envio` go in one request, keyed with its first. What may have arrived is looked up by IDUnico and
//! never sent again by us: a second send is the caller's, and InvoiCy recognises it by the same IDUnico.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use super::answer::{Item, Told};
use super::codes::{Level, Verdict};
use super::envelope::DataItem;
use super::line::Line;
use super::outcome::{find, is_pending, named, nfse, verdict};
use super::pace::pauses;
use super::question::{Question, Wanted};
use super::rps::Rps;
use super::{Invoicy, files, waiting};
use crate::contract::{Code, ErrorEntry, Nfse, NfseEnvia, NfseRet, Progress, Stage, Verbatim, bad_field, missing};
use crate::http::{Effect, Http};

const REPLY: &str = "nfseEnviaRet";

impl Invoicy {
    /// Sends the documents of `request`: nfseEnviaRet, an entry for each in the order given.
    #[must_use]
    pub fn envia(&self, http: &Http, request: &NfseEnvia, progress: &mut Progress) -> NfseRet {
        let mut sending = match self.sending(http, request) {
            Ok(sending) => sending,
            Err(error) => return NfseRet::new(REPLY, Vec::new(), Some(error)),
        };
        let stopped = sending.run(progress).err();
        let entries: Vec<Nfse> = sending.entries.into_iter().map(Entry::finished).collect();
        let reply = NfseRet::new(REPLY, entries, stopped);
        progress.end(Stage::Fim, 1, 1, reply.error());
        reply
    }

    fn sending<'a>(&'a self, http: &'a Http, request: &'a NfseEnvia) -> Result<Sending<'a>, ErrorEntry> {
        let given = request.documentos.as_ref().ok_or_else(|| missing("documentos"))?;
        Ok(Sending {
            line: self.line(http, &request.chave_acesso, &request.chave_parceiro)?,
            per_request: self.settings.documentos_por_envio,
            folder: request.pasta.as_deref().map(files::folder).transpose()?,
            wait: waiting(request.aguardar_s)?,
            given,
            entries: Vec::new(),
        })
    }
}

/// The documents of one call on their way.
struct Sending<'a> {
    line: Line<'a>,
    per_request: usize,
    folder: Option<PathBuf>,
    wait: Duration,
    given: &'a Verbatim,
    entries: Vec<Entry>,
}

/// One document.
struct Entry {
    /// `None`: it cannot be sent.
    rps: Option<Rps>,
    /// What is known of it so far.
    nfse: Nfse,
    /// What the service told last.
    told: Told,
}

impl Entry {
    fn fail(&mut self, error: ErrorEntry) {
        self.nfse = std::mem::take(&mut self.nfse).failed(error);
    }

    /// Fails with the request as a whole, whose code is told with its level.
    fn fail_with_all(&mut self, error: &ErrorEntry) {
        let is_code = |code: &str| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
        let said = error.said().filter(|said| is_code(&said.code));
        self.nfse.situacao = said.map(|said| Level::Envelope.situation(&said.code, &said.msg));
        self.fail(error.clone());
    }

    fn hear(&mut self, told: &Told) {
        self.nfse = nfse(told);
        self.told = told.clone();
    }

    /// Whether it may have arrived, or was sent before.
    fn is_doubtful(&self) -> bool {
        self.nfse.error().is_some_and(|error| error.is_uncertain() || error.is(Code::NfseDuplicate))
    }

    /// As the reply shows it.
    fn finished(self) -> Nfse {
        match &self.rps {
            Some(rps) => named(self.nfse, &rps.facts).warned(&rps.warnings),
            None => self.nfse,
        }
    }
}

impl Sending<'_> {
    /// `Err` if it was stopped before its time.
    fn run(&mut self, progress: &mut Progress) -> Result<(), ErrorEntry> {
        self.read(progress)?;
        self.send(progress)?;
        self.wait_for_pending(progress)?;
        self.fetch_files();
        Ok(())
    }

    /// Reads the documents. What is wrong with one keeps none of the others back.
    fn read(&mut self, progress: &mut Progress) -> Result<(), ErrorEntry> {
        let given = self.given.entries();
        if given.is_empty() {
            return Err(missing("documentos"));
        }
        progress.begin(Stage::Leitura, 0, given.len())?;
        let mut known = HashMap::new();
        for (index, json) in given.iter().enumerate() {
            let place = if self.given.is_list() { format!("documentos[{index}]") } else { "documentos".to_owned() };
            let read = Rps::given(json, &place).and_then(|rps| match known.insert(rps.facts.id.clone(), index) {
                Some(first) => Err(repeated(&place, first)),
                None => Ok(rps),
            });
            let (rps, nfse) = match read {
                Ok(rps) => (Some(rps), Nfse::default()),
                Err(error) => (None, Nfse::default().failed(error)),
            };
            self.entries.push(Entry { rps, nfse, told: Told::default() });
        }
        let wrong = self.entries.iter().find_map(|entry| entry.nfse.error());
        progress.end(Stage::Leitura, given.len(), given.len(), wrong);
        Ok(())
    }

    /// Sends what can be sent, request after request. After one that failed as a whole the others are not tried.
    fn send(&mut self, progress: &mut Progress) -> Result<(), ErrorEntry> {
        let ready = self.places(|entry| entry.rps.is_some());
        let total = ready.len();
        for (index, part) in ready.chunks(self.per_request).enumerate() {
            let done = index * self.per_request;
            if let Err(stop) = progress.begin(Stage::Rps, done, total) {
                ready[done..].iter().for_each(|&place| self.entries[place].fail(stop.clone()));
                return Err(stop);
            }
            let sent = self.send_part(part);
            let error = part.iter().find_map(|&place| self.entries[place].nfse.error()).cloned();
            progress.end(Stage::Rps, done + part.len(), total, error.as_ref());
            let known = sent.and_then(|()| progress.unstoppable(|progress| self.find_out(part, progress)));
            if let Err(error) = known {
                let why = error.not_sent("Não foi enviado, porque um envio anterior desta chamada falhou. Repita-o.");
                ready[done + part.len()..].iter().for_each(|&place| self.entries[place].fail(why.clone()));
                break;
            }
        }
        Ok(())
    }

    /// One request. `Err` if it failed as a whole, for certain: then the next would as well.
    fn send_part(&mut self, part: &[usize]) -> Result<(), ErrorEntry> {
        let documents: Vec<&str> =
            part.iter().filter_map(|&place| Some(self.entries[place].rps.as_ref()?.xml.as_str())).collect();
        let items: Vec<_> = documents.iter().map(|&document| DataItem { document, parameters: "" }).collect();
        match self.line.post(&items, Effect::Changes) {
            Ok(items) => {
                self.hear(part, items);
                Ok(())
            }
            Err(error) => {
                part.iter().for_each(|&place| self.entries[place].fail_with_all(&error));
                if error.is_uncertain() || error.is(Code::NfseDuplicate) { Ok(()) } else { Err(error) }
            }
        }
    }

    /// Takes in an answer. A document that it says nothing of was received with the others: many are processed later.
    fn hear(&mut self, part: &[usize], items: Vec<Item>) {
        let envelope = items.first().map(|item| Level::Envelope.situation(&item.code, &item.text));
        let told: Vec<Told> = items.into_iter().flat_map(|item| item.documents).collect();
        for &place in part {
            let entry = &mut self.entries[place];
            let Some(rps) = &entry.rps else { continue };
            let nameless = || told.first().filter(|told| part.len() == 1 && told.nfse.numero.is_empty());
            match find(&told, &rps.facts).or_else(nameless) {
                Some(told) => entry.hear(&told.clone()),
                None => {
                    entry.nfse.situacao.clone_from(&envelope);
                    entry.fail(ErrorEntry::new(Code::NfseProcessing));
                }
            }
        }
    }

    /// Looks up what was sent before, or may have arrived. `Err` if the service cannot be asked.
    fn find_out(&mut self, part: &[usize], progress: &mut Progress) -> Result<(), ErrorEntry> {
        for &place in part {
            let entry = &mut self.entries[place];
            let broken = !entry.told.code.is_empty() && verdict(&entry.told) == Verdict::Broken;
            if let Some(error) = entry.nfse.error().filter(|error| broken && !error.is_uncertain()).cloned() {
                entry.fail(error.in_doubt(Code::InvoicyError.msg_advising(super::line::DOUBT)));
            }
            if entry.is_doubtful() {
                self.look_up(place, progress)?;
            }
        }
        Ok(())
    }

    /// What the service knows of a document by its IDUnico. If it knows nothing, what is known stands.
    fn look_up(&mut self, place: usize, progress: &mut Progress) -> Result<(), ErrorEntry> {
        let total = self.entries.len();
        let entry = &mut self.entries[place];
        let Some(rps) = &entry.rps else { return Ok(()) };
        let Some(question) = Question::about(&rps.facts) else { return Ok(()) };
        progress.begin(Stage::Nfse, place, total)?;
        let told = question.ask(&self.line, Wanted::Situation);
        progress.end(Stage::Nfse, place + 1, total, told.as_ref().err());
        if let Some(told) = find(&told?, &rps.facts).filter(|told| verdict(told) != Verdict::Known) {
            entry.hear(&told.clone());
        }
        Ok(())
    }

    /// Asks again for what is not decided, or not known to have arrived, as long as the caller wants to wait. What cannot be asked stays as it is.
    fn wait_for_pending(&mut self, progress: &mut Progress) -> Result<(), ErrorEntry> {
        let total = self.entries.len();
        for pause in pauses(self.wait).into_iter().filter(|pause| !pause.is_zero()) {
            let pending = self.places(|entry| is_pending(&entry.nfse) || entry.is_doubtful());
            if pending.is_empty() {
                break;
            }
            let msg = format!("O InvoiCy ainda processa. Nova consulta em {} s…", pause.as_secs().max(1));
            progress.wait(Stage::Nfse, (total - pending.len(), total), &msg, pause)?;
            for place in pending {
                match self.look_up(place, progress) {
                    Err(error) if error.is(Code::Cancelled) => return Err(error),
                    Err(_) => break,
                    Ok(()) => {}
                }
            }
        }
        Ok(())
    }

    /// PDF and XML of what is authorised, asked for where they did not come along.
    fn fetch_files(&mut self) {
        let Some(folder) = self.folder.clone() else { return };
        for place in self.places(|entry| entry.nfse.is_good()) {
            let entry = &mut self.entries[place];
            let Some(rps) = &entry.rps else { continue };
            if (entry.told.pdf.is_empty() || entry.told.xml.is_empty())
                && let Some(question) = Question::about(&rps.facts)
                && let Ok(told) = question.ask(&self.line, Wanted::Files)
                && let Some(told) = find(&told, &rps.facts)
            {
                entry.told = told.clone();
            }
            entry.nfse = named(std::mem::take(&mut entry.nfse), &rps.facts);
            files::keep(&entry.told, &mut entry.nfse, &folder, &rps.facts.cnpj);
        }
    }

    fn places(&self, is_meant: impl Fn(&Entry) -> bool) -> Vec<usize> {
        (0..self.entries.len()).filter(|&place| is_meant(&self.entries[place])).collect()
    }
}

fn repeated(place: &str, first: usize) -> ErrorEntry {
    bad_field(Code::BadField, place, &format!("repete o documento {} da lista (mesmo IDUnico)", first + 1))
}
