//! Many documents in one call: looked up in bulk, what is not endorsed yet sent in ZIPs, looked up again, and what that leaves
//! unexplained sent singly for its own reason. No document is held in memory longer than it takes to send it.

use std::collections::{HashMap, HashSet};
use std::vec::IntoIter;

use super::diary::Diary;
use super::single::{Flow, known, no_number_yet, not_a_cancellation};
use super::visit::{Failed, Service, Visit};
use crate::contract::{
    AverbaRetBatch, Averbacao, Code, Entrada, ErrorEntry, Login, Progress, Situacao, Span, Stage, Upload,
};
use crate::document::{AccessKey, Document, Fiscal, Kind, Packer, Sources};
use crate::porto::{Fields, KEYS_PER_CONSULTA, Parcel, Receipt};
use crate::settings::ConsultaMode;

/// So often reading is told about.
const READ_AT_ONCE: usize = 400;

/// What is asked.
pub struct Order {
    /// XML files, folders and ZIPs.
    pub paths: Vec<String>,
    /// What goes with the documents.
    pub upload: Upload,
    /// Whether to send also what is endorsed already.
    pub resend: bool,
    /// The path of the diary.
    pub diary: Option<String>,
}

/// Endorses many documents: averbaRet. `Err` if the request itself is wrong.
pub fn averba(
    service: Service,
    consulta: ConsultaMode,
    login: &Login,
    order: Order,
    progress: &mut Progress,
) -> Result<AverbaRetBatch, ErrorEntry> {
    let fields = service.porto.fields(&order.upload)?;
    let visit = Visit::new(service, login, &order.upload.cookie)?;
    let sources = Sources::of(&order.paths);
    let mut batch = Batch::new(visit, consulta, fields, sources);
    let stopped = batch.run(&order, progress).err();
    batch.conclude(stopped.as_ref());
    progress.about(None, None);
    progress.end(Stage::Fim, batch.done(), batch.entries.len(), stopped.as_ref().map(|Failed(_, error)| error));
    Ok(batch.reply(stopped))
}

/// The documents on their way. They are named by their place in `entries`.
struct Batch<'a> {
    visit: Visit<'a>,
    consulta: ConsultaMode,
    fields: Fields,
    sources: Sources,
    entries: Vec<Entrada>,
    /// The key of each; none of one that could not be read.
    keys: Vec<Option<AccessKey>>,
    /// Those of which the same document stands at an earlier place, and that place.
    repeated: Vec<(usize, usize)>,
    /// Those that were sent with others and not endorsed, nobody knows why.
    unexplained: Vec<usize>,
    diary: Diary,
}

impl<'a> Batch<'a> {
    fn new(visit: Visit<'a>, consulta: ConsultaMode, fields: Fields, sources: Sources) -> Self {
        let untried = |place| Entrada {
            averbacao: Averbacao::default(),
            arquivo: sources.name(place).to_owned(),
            situacao: Situacao::NaoTentado,
            etapa: None,
        };
        let entries: Vec<_> = (0..sources.len()).map(untried).collect();
        let keys = vec![None; entries.len()];
        let (repeated, unexplained, diary) = (Vec::new(), Vec::new(), Diary::default());
        Self { visit, consulta, fields, sources, entries, keys, repeated, unexplained, diary }
    }

    /// `Err` is why it ended before its time.
    fn run(&mut self, order: &Order, progress: &mut Progress) -> Result<(), Failed> {
        let before = |error| Failed(None, error);
        let mut pending = self.read_all(progress)?;
        if let Some(path) = &order.diary {
            let keys: HashSet<_> = self.keys.iter().flatten().map(AccessKey::as_str).collect();
            self.diary = Diary::open(path, self.visit.service.porto.url(), &keys).map_err(before)?;
        }
        self.note_what_is_known(&mut pending).map_err(before)?;
        self.find_endorsed(&mut pending, order.resend, progress)?;
        self.send_all(pending, progress)?;
        self.send_unexplained(progress)
    }

    /// Reads every document once, for its key and its warnings; gives those that can be sent, each once.
    fn read_all(&mut self, progress: &mut Progress) -> Result<Vec<usize>, Failed> {
        let total = self.entries.len();
        let mut first_places = HashMap::new();
        for place in 0..total {
            if place % READ_AT_ONCE == 0 {
                progress.begin(Stage::Leitura, place, total).map_err(|error| Failed(Some(Stage::Leitura), error))?;
            }
            match self.read(place) {
                Ok((_, fiscal)) => {
                    self.entries[place].averbacao = known(&fiscal, &Upload::default());
                    match first_places.get(&fiscal.key) {
                        Some(&first) => self.repeated.push((place, first)),
                        None => drop(first_places.insert(fiscal.key.clone(), place)),
                    }
                    self.keys[place] = Some(fiscal.key);
                }
                Err(error) => self.entries[place].fail(None, error),
            }
        }
        progress.end(Stage::Leitura, total, total, None);
        let mut places: Vec<_> = first_places.into_values().collect();
        places.sort_unstable();
        Ok(places)
    }

    /// The XML at `place`, and what it says of itself.
    fn read(&mut self, place: usize) -> Result<(Vec<u8>, Fiscal), ErrorEntry> {
        let xml = self.sources.read(place)?;
        let fiscal = Fiscal::read(&xml)?;
        not_a_cancellation(&fiscal)?;
        Ok((xml, fiscal))
    }

    /// The XML at `place` once more, to be sent: it must be the document that it was.
    fn read_again(&mut self, place: usize) -> Result<(Vec<u8>, Fiscal), ErrorEntry> {
        let (xml, fiscal) = self.read(place)?;
        fiscal.is_meant(self.keys[place].as_ref(), None, None)?;
        Ok((xml, fiscal))
    }

    /// Notes in the diary what could not be read, and takes from it what an earlier call has endorsed.
    fn note_what_is_known(&mut self, pending: &mut Vec<usize>) -> Result<(), ErrorEntry> {
        for entry in self.entries.iter().filter(|entry| entry.situacao == Situacao::Falha) {
            self.diary.note(entry);
        }
        for &place in pending.iter() {
            if let Some(protocol) = self.key(place).and_then(|key| self.diary.protocol(key.as_str())) {
                self.entries[place].endorse(protocol.to_owned(), Situacao::JaAverbado);
            }
        }
        pending.retain(|&place| self.entries[place].situacao == Situacao::NaoTentado);
        self.diary.keep()
    }

    /// Looks up what is endorsed already. Of what is to be sent in any case only that which an earlier call may have sent.
    fn find_endorsed(&mut self, pending: &mut Vec<usize>, resend: bool, progress: &mut Progress) -> Result<(), Failed> {
        let was_sent = |place| self.key(place).is_some_and(|key| self.diary.was_sent(key.as_str()));
        let asked: Vec<_> = pending.iter().copied().filter(|&place| !resend || was_sent(place)).collect();
        for (index, places) in asked.chunks(KEYS_PER_CONSULTA).enumerate() {
            let before = index * KEYS_PER_CONSULTA;
            let span = Span { before, after: before + places.len(), total: asked.len() };
            self.look_up(places, Situacao::JaAverbado, span, progress)?;
        }
        pending.retain(|&place| self.entries[place].situacao == Situacao::NaoTentado);
        Ok(())
    }

    /// Takes note of which of these documents are endorsed; gives the others.
    fn look_up(
        &mut self,
        places: &[usize],
        situacao: Situacao,
        span: Span,
        progress: &mut Progress,
    ) -> Result<Vec<usize>, Failed> {
        let mut missing = Vec::new();
        for places in places.chunks(KEYS_PER_CONSULTA) {
            let keys: Vec<_> = places.iter().filter_map(|&place| self.keys[place].as_ref()).collect();
            let found = self.visit.look_up(&keys, span, progress)?;
            for (&place, found) in places.iter().zip(found) {
                match found {
                    Some(found) => {
                        let entry = &mut self.entries[place];
                        entry.averbacao = std::mem::take(&mut entry.averbacao).taking(found);
                        entry.situacao = situacao;
                        self.diary.note(entry);
                    }
                    None => missing.push(place),
                }
            }
        }
        self.diary.keep().map_err(|error| Failed(Some(Stage::Consulta), error))?;
        Ok(missing)
    }

    fn send_all(&mut self, pending: Vec<usize>, progress: &mut Progress) -> Result<(), Failed> {
        let total = pending.len();
        let mut queue = pending.into_iter();
        loop {
            let before = total - queue.len();
            let load = self.load(&mut queue).map_err(|error| Failed(Some(Stage::Upload), error))?;
            let span = Span { before, after: total - queue.len(), total };
            match load {
                Some(load) => self.send(load, span, progress)?,
                None => return Ok(()),
            }
        }
    }

    /// Packs the next documents of `queue` into a ZIP; `None` at its end. What cannot be read any more fails alone.
    fn load(&mut self, queue: &mut IntoIter<usize>) -> Result<Option<Load>, ErrorEntry> {
        let (mut packer, mut places) = (Packer::default(), Vec::new());
        while let Some(place) = if packer.is_full() { None } else { queue.next() } {
            match self.read_again(place) {
                Ok((xml, fiscal)) => {
                    packer.add(&format!("{}.xml", fiscal.key.as_str()), &xml)?;
                    places.push(place);
                }
                Err(error) => self.fail(place, None, error),
            }
        }
        if places.is_empty() {
            return Ok(None);
        }
        let document = Document::from_bytes(packer.finish()?, Kind::Zip, "lote");
        Ok(Some(Load { places, parcel: Parcel { fields: self.fields.clone(), document, fiscal: None } }))
    }

    /// Sends a ZIP. If it may have arrived, finds out, and sends what has not once more.
    fn send(&mut self, load: Load, span: Span, progress: &mut Progress) -> Result<(), Failed> {
        self.note_sending(&load.places)?;
        let uncertain = match self.deliver(&load, span, progress) {
            Err(Failed(_, error)) if error.is_uncertain() => error,
            sent => return self.sent(&load.places, sent, span, progress),
        };
        let missing = self.find_out(&load.places, &uncertain, span, progress)?;
        let mut queue = missing.into_iter();
        let Some(load) = self.load(&mut queue).map_err(|error| Failed(Some(Stage::Upload), error))? else {
            return Ok(());
        };
        let again = "Nem todos os documentos chegaram ao AverbePorto. Enviando mais uma vez…";
        progress.again(Stage::Upload, span.before, span.total, again);
        match self.deliver(&load, span, progress) {
            Err(Failed(stage, error)) if error.is_uncertain() => {
                for place in self.find_out(&load.places, &error, span, progress)? {
                    self.fail(place, stage, error.clone());
                }
                Ok(())
            }
            sent => self.sent(&load.places, sent, span, progress),
        }
    }

    /// Notes in the diary that these are about to be sent.
    fn note_sending(&mut self, places: &[usize]) -> Result<(), Failed> {
        let keys = places.iter().filter_map(|&place| self.keys[place].as_ref()).map(AccessKey::as_str);
        self.diary.sending(keys).map_err(|error| Failed(Some(Stage::Upload), error))
    }

    fn deliver(&mut self, load: &Load, span: Span, progress: &mut Progress) -> Result<Receipt, Failed> {
        self.visit.with_session(Stage::Upload, progress, |Service { porto, http, .. }, session, progress| {
            porto.deliver(http, &load.parcel, session, span, progress)
        })
    }

    /// Which documents of an upload that may have arrived have not. If that cannot be known, all of them are uncertain.
    fn find_out(
        &mut self,
        places: &[usize],
        uncertain: &ErrorEntry,
        span: Span,
        progress: &mut Progress,
    ) -> Result<Vec<usize>, Failed> {
        let found = progress.unstoppable(|progress| self.look_up(places, Situacao::Averbado, span, progress));
        if found.is_err() {
            self.fail_rest(places, Stage::Upload, uncertain);
        }
        found
    }

    /// What became of the documents of an upload that was answered, or that did not arrive.
    fn sent(
        &mut self,
        places: &[usize],
        sent: Result<Receipt, Failed>,
        span: Span,
        progress: &mut Progress,
    ) -> Result<(), Failed> {
        let (all_taken, refused) = match sent {
            Ok(receipt) => (receipt.counts.is_some_and(|counts| counts.P + counts.D == places.len() as u64), None),
            Err(Failed(_, error)) if ends_the_call(&error) => return Err(Failed(Some(Stage::Upload), error)),
            Err(Failed(_, error)) => (false, Some(error)),
        };
        let missing = progress.unstoppable(|progress| self.look_up(places, Situacao::Averbado, span, progress));
        let missing = match missing {
            Ok(missing) => missing,
            Err(Failed(stage, error)) => {
                match refused {
                    _ if all_taken => self.fail_rest(places, Stage::Consulta, &no_number(&error)),
                    Some(refused) => self.fail_rest(places, Stage::Upload, &refused),
                    // Some were taken, and it cannot be asked which.
                    None => self.fail_rest(places, Stage::Upload, &ErrorEntry::uncertain(Code::ServiceError)),
                }
                return Err(Failed(stage, error));
            }
        };
        for place in missing {
            if all_taken {
                self.fail(place, Some(Stage::Consulta), no_number_yet());
            } else {
                self.unexplained.push(place);
            }
        }
        Ok(())
    }

    /// Sends singly what was not endorsed with others.
    fn send_unexplained(&mut self, progress: &mut Progress) -> Result<(), Failed> {
        let places = std::mem::take(&mut self.unexplained);
        for (before, &place) in places.iter().enumerate() {
            let span = Span { before, after: before + 1, total: places.len() };
            self.send_singly(place, span, progress)?;
        }
        Ok(())
    }

    fn send_singly(&mut self, place: usize, span: Span, progress: &mut Progress) -> Result<(), Failed> {
        let (xml, fiscal) = match self.read_again(place) {
            Ok(read) => read,
            Err(error) => {
                self.fail(place, None, error);
                return Ok(());
            }
        };
        let key = fiscal.key.as_str();
        progress.about(Some(self.entries[place].arquivo.clone()), Some(key.to_owned()));
        self.note_sending(&[place])?;
        let document = Document::from_bytes(xml, Kind::Xml, key);
        let parcel = Parcel { fields: self.fields.clone(), document, fiscal: None };
        let known = std::mem::take(&mut self.entries[place].averbacao);
        let mut flow = Flow { visit: &mut self.visit, consulta: self.consulta, span };
        let (averbacao, etapa) = flow.endorse(&parcel, &fiscal.key, known, progress);
        let stop = averbacao.error().filter(|error| ends_the_call(error)).cloned();
        let entry = &mut self.entries[place];
        entry.situacao = if averbacao.is_endorsed() { Situacao::Averbado } else { Situacao::Falha };
        (entry.averbacao, entry.etapa) = (averbacao, etapa);
        self.diary.note(entry);
        self.diary.keep().map_err(|error| Failed(etapa, error))?;
        stop.map_or(Ok(()), |error| Err(Failed(etapa, error)))
    }

    fn key(&self, place: usize) -> Option<&AccessKey> {
        self.keys[place].as_ref()
    }

    fn fail(&mut self, place: usize, etapa: Option<Stage>, error: ErrorEntry) {
        self.entries[place].fail(etapa, error);
        self.diary.note(&self.entries[place]);
    }

    /// Those of `places` whose outcome is not known failed for this reason.
    fn fail_rest(&mut self, places: &[usize], etapa: Stage, error: &ErrorEntry) {
        for &place in places {
            if self.entries[place].situacao == Situacao::NaoTentado {
                self.fail(place, Some(etapa), error.clone());
            }
        }
    }

    /// How many have an outcome.
    fn done(&self) -> usize {
        self.entries.iter().filter(|entry| entry.situacao != Situacao::NaoTentado).count()
    }

    /// Gives an outcome to what has none yet.
    fn conclude(&mut self, stopped: Option<&Failed>) {
        if let Some(Failed(_, error)) = stopped {
            self.explain_the_untried(error);
        }
        for &(place, first) in &self.repeated {
            let arquivo = std::mem::take(&mut self.entries[place].arquivo);
            self.entries[place] = Entrada { arquivo, ..self.entries[first].clone() };
            let averbacao = std::mem::take(&mut self.entries[place].averbacao);
            self.entries[place].averbacao =
                averbacao.warned("O mesmo documento aparece mais de uma vez nesta chamada.");
        }
    }

    fn reply(self, stopped: Option<Failed>) -> AverbaRetBatch {
        let cookie = self.visit.new_cookie();
        let reply = AverbaRetBatch::new(self.entries, self.sources.into_skipped()).with_session(cookie);
        match stopped {
            Some(Failed(stage, error)) => reply.stopped(stage, error),
            None => reply,
        }
    }

    /// Whatever has no outcome was not tried, because the call ended; what was sent with others and not endorsed failed.
    fn explain_the_untried(&mut self, error: &ErrorEntry) {
        for place in std::mem::take(&mut self.unexplained) {
            self.fail(place, Some(Stage::Upload), ErrorEntry::new(Code::NotEndorsed).repeat(true));
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.situacao == Situacao::NaoTentado) {
            entry.averbacao = std::mem::take(&mut entry.averbacao).failed(error.clone());
        }
    }
}

/// Documents that travel together.
struct Load {
    places: Vec<usize>,
    parcel: Parcel,
}

impl Entrada {
    fn fail(&mut self, etapa: Option<Stage>, error: ErrorEntry) {
        self.averbacao = std::mem::take(&mut self.averbacao).failed(error);
        (self.situacao, self.etapa) = (Situacao::Falha, etapa);
    }

    fn endorse(&mut self, protocol: String, situacao: Situacao) {
        self.averbacao = std::mem::take(&mut self.averbacao).endorsed(protocol);
        self.situacao = situacao;
    }
}

/// Whether the next document would fail for the same reason: the service is not to be reached, lets nobody in, or the caller
/// wants to stop.
fn ends_the_call(error: &ErrorEntry) -> bool {
    const REASONS: [Code; 12] = [
        Code::Dns,
        Code::Connect,
        Code::Tls,
        Code::Timeout,
        Code::BrokenOff,
        Code::Proxy,
        Code::Blocked,
        Code::Redirect,
        Code::TooMany,
        Code::BadCredentials,
        Code::SessionExpired,
        Code::Captcha,
    ];
    !error.is_uncertain() && (error.is(Code::Cancelled) || REASONS.iter().any(|&code| error.is(code)))
}

/// The upload was taken, but the question for the numbers failed.
fn no_number(error: &ErrorEntry) -> ErrorEntry {
    error.clone().msg(format!("O AverbePorto recebeu o documento, mas a consulta do número falhou: {}", error.text()))
}
