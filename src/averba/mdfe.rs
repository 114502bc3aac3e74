//! MDF-e: from the CT-e of a trip, endorsed, to the manifest with their numbers; then its life until it is closed.
//!
//! Nothing is issued twice: an emission whose answer is lost is `incerto` and stays so, since Webmania has no number yet by
//! which it could be asked. An event whose answer is lost is looked up.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde_json::Value;
use serde_json::value::to_raw_value;

use super::{Averbado, Service, averba};
use crate::contract::{
    Apontamento, Averba, Code, Endorsement, ErrorEntry, Manifesto, MdfeCancela, MdfeCondutor, MdfeConsulta, MdfeEmite,
    MdfeEncerra, MdfeRet, Progress, Secret, Stage, bad_field, endorsements,
};
use crate::settings::ConsultaMode;
use crate::webmania::{Checked, Insurance, Mdfe, Said, Text, Webmania, Which, check, document};

/// At most so long a request can wait for the decision of Sefaz.
const LONGEST_WAIT_S: u64 = 600;

/// The waits between two questions: Webmania advises at most two in a second, and bans who asks more.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(3), Duration::from_secs(5)];

/// What stands for the number of an endorsement in contingency (ANTT, Deliberação 325/2017).
const CONTINGENCY: &str = "99999";

/// CNPJ of Porto Seguro: of several insurances, its own gets the numbers.
const PORTO_SEGURO: &str = "61198164000160";

/// Webmania, and what leads to it.
#[derive(Clone, Copy)]
pub struct Manifests<'a> {
    /// The service of the endorsements, and the way to both.
    pub service: Service<'a>,
    /// When an endorsement is asked for.
    pub consulta: ConsultaMode,
    /// The service of the manifests.
    pub webmania: &'a Webmania,
}

impl Manifests<'_> {
    /// Issues an MDF-e: checked, its CT-e endorsed if that is asked for, sent once.
    #[must_use]
    pub fn emit(self, request: MdfeEmite, progress: &mut Progress) -> MdfeRet {
        let mut reply = MdfeRet::new("mdfeEmite", Manifesto::default());
        let outcome = self.try_to_emit(request, &mut reply, progress);
        concluded(reply, outcome, progress)
    }

    fn try_to_emit(self, request: MdfeEmite, reply: &mut MdfeRet, progress: &mut Progress) -> Outcome {
        let MdfeEmite { token, mdfe, somente_validar, averbar, averbacoes, contingencia_averbacao, aguardar_s } =
            request;
        let limit = waiting_time(aguardar_s)?;
        let mut mdfe = document(mdfe)?;
        progress.begin(Stage::Validacao, 0, 1)?;
        let mut numbers = Numbers { contingency: contingencia_averbacao, ..Numbers::default() };
        numbers.asked = averbar.is_some() || averbacoes.is_some();
        averbacoes.iter().flatten().for_each(|reply| numbers.take(reply));
        if let Some(averbar) = averbar {
            // What stops it anyway is told before anything is endorsed; the numbers are still to come.
            let checked = Self::validated(&mut mdfe.clone(), &Numbers { awaited: true, ..numbers.clone() });
            if somente_validar || !checked.pending.is_empty() {
                return told(checked, reply, progress);
            }
            self.token(&token)?;
            let endorsed = self.endorse(averbar, progress);
            numbers.take(&serde_json::to_value(&endorsed).expect("replies are plain data"));
            reply.averbacao = Some(to_raw_value(&endorsed).expect("replies are plain data"));
        }
        let checked = Self::validated(&mut mdfe, &numbers);
        if somente_validar || !checked.pending.is_empty() {
            return told(checked, reply, progress);
        }
        reply.avisos = checked.warnings;
        progress.end(Stage::Validacao, 1, 1, None);
        let token = self.token(&token)?;
        self.send(&mdfe, &token, limit, reply, progress)
    }

    /// The document with the numbers filled in, and what is wrong with it then.
    fn validated(mdfe: &mut Mdfe, numbers: &Numbers) -> Checked {
        let mut checked = check(mdfe);
        let joined = numbers.fill(mdfe);
        if numbers.asked || numbers.contingency {
            // What the numbers complete was found missing before they were filled in.
            checked = check(mdfe);
        }
        // That an insurance has no number is said by what waits for it, or by the CT-e without one.
        if numbers.awaited || !joined.pending.is_empty() {
            checked.pending.retain(|finding| !finding.campo.ends_with("/numero_averbacao"));
        }
        checked.pending.extend(joined.pending);
        checked.warnings.extend(joined.warnings);
        checked
    }

    fn endorse(self, request: Averba, progress: &mut Progress) -> Averbado {
        progress.part(|progress| averba(self.service, self.consulta, request, progress))
    }

    fn send(
        self,
        mdfe: &Mdfe,
        token: &Secret,
        limit: Duration,
        reply: &mut MdfeRet,
        progress: &mut Progress,
    ) -> Outcome {
        progress.begin(Stage::Emissao, 0, 1)?;
        let said = self.webmania.emit(self.service.http, token, mdfe);
        progress.end(Stage::Emissao, 1, 1, error_of(&said));
        let mut said = said.map_err(|error| Failed(Some(Stage::Emissao), error))?;
        if said.error.as_ref().is_some_and(|error| error.is(Code::MdfeProcessing)) && !limit.is_zero() {
            said = self.wait(token, said, limit, progress)?;
        }
        if said.manifesto.situacao == "contingencia" {
            reply.avisos.push(Apontamento::general(
                "O MDF-e foi emitido em contingência.",
                "Imprima o DAMDFE, e consulte o MDF-e depois: a Sefaz ainda o confirma.",
            ));
        }
        if said.error.as_ref().is_some_and(|error| error.is(Code::MdfeDuplicate)) {
            return self.adopt(token, said, reply, progress);
        }
        settle(said, Stage::Emissao, reply)
    }

    /// A duplicate is the one that Sefaz has: with the same key it is this very MDF-e (204), else another (539).
    fn adopt(self, token: &Secret, said: Said, reply: &mut MdfeRet, progress: &mut Progress) -> Outcome {
        let is_the_same = said.rejection == Some(204);
        // Not by its uuid: that is the attempt that was rejected.
        let chave = said.named.as_ref().map_or(&said.manifesto.chave, |named| &named.chave);
        let found = Which::known("", chave).map(|which| self.look_up(token, &which, progress));
        match found {
            Some(Ok(found)) if is_the_same && found.error.is_none() => {
                reply
                    .avisos
                    .push(Apontamento::general("Este MDF-e já estava autorizado.", "Use o que está nesta resposta."));
                settle(found, Stage::Emissao, reply)
            }
            Some(Ok(found)) => {
                reply.mdfe_existente = Some(found.manifesto);
                settle(said, Stage::Emissao, reply)
            }
            _ => settle(said, Stage::Emissao, reply),
        }
    }

    /// Asks what became of an MDF-e; with `aguardar_s`, until Sefaz has decided.
    #[must_use]
    pub fn query(self, request: &MdfeConsulta, progress: &mut Progress) -> MdfeRet {
        let mut reply = MdfeRet::new("mdfeConsulta", Manifesto::default());
        let outcome = self.try_to_query(request, &mut reply, progress);
        concluded(reply, outcome, progress)
    }

    fn try_to_query(self, request: &MdfeConsulta, reply: &mut MdfeRet, progress: &mut Progress) -> Outcome {
        let MdfeConsulta { token, uuid, chave, aguardar_s } = request;
        let limit = waiting_time(*aguardar_s)?;
        let which = Which::of(uuid.as_deref(), chave.as_deref())?;
        which.name_in(&mut reply.manifesto);
        let token = self.token(token)?;
        progress.about(None, Some(which.text().to_owned()));
        let mut said = self.look_up(&token, &which, progress).map_err(|error| Failed(Some(Stage::Situacao), error))?;
        if said.error.as_ref().is_some_and(|error| error.is(Code::MdfeProcessing)) && !limit.is_zero() {
            said = self.wait(&token, said, limit, progress)?;
        }
        settle(said, Stage::Situacao, reply)
    }

    /// Closes an MDF-e.
    #[must_use]
    pub fn close(self, request: &MdfeEncerra, progress: &mut Progress) -> MdfeRet {
        let which = Which::of(request.uuid.as_deref(), request.chave.as_deref());
        let event = |token: &Secret, which: &Which| self.webmania.close(self.service.http, token, which, request);
        self.event("mdfeEncerra", Some("encerrado"), &request.token, which, event, progress)
    }

    /// Cancels an MDF-e.
    #[must_use]
    pub fn cancel(self, request: &MdfeCancela, progress: &mut Progress) -> MdfeRet {
        let which = Which::of(request.uuid.as_deref(), request.chave.as_deref());
        let event = |token: &Secret, which: &Which| self.webmania.cancel(self.service.http, token, which, request);
        self.event("mdfeCancela", Some("cancelado"), &request.token, which, event, progress)
    }

    /// Adds a driver. (Whether one was added cannot be asked.)
    #[must_use]
    pub fn add_driver(self, request: &MdfeCondutor, progress: &mut Progress) -> MdfeRet {
        let which = Which::of(request.uuid.as_deref(), request.chave.as_deref());
        let event = |token: &Secret, which: &Which| self.webmania.add_driver(self.service.http, token, which, request);
        self.event("mdfeCondutor", None, &request.token, which, event, progress)
    }

    fn event(
        self,
        operation: &str,
        goal: Option<&str>,
        token: &Secret,
        which: Result<Which, ErrorEntry>,
        event: impl FnOnce(&Secret, &Which) -> Result<Said, ErrorEntry>,
        progress: &mut Progress,
    ) -> MdfeRet {
        let mut reply = MdfeRet::new(operation, Manifesto::default());
        let outcome = self.try_event(goal, token, which, event, &mut reply, progress);
        concluded(reply, outcome, progress)
    }

    fn try_event(
        self,
        goal: Option<&str>,
        token: &Secret,
        which: Result<Which, ErrorEntry>,
        event: impl FnOnce(&Secret, &Which) -> Result<Said, ErrorEntry>,
        reply: &mut MdfeRet,
        progress: &mut Progress,
    ) -> Outcome {
        let which = which?;
        which.name_in(&mut reply.manifesto);
        let token = self.token(token)?;
        progress.about(None, Some(which.text().to_owned()));
        progress.begin(Stage::Evento, 0, 1)?;
        let said = event(&token, &which);
        progress.end(Stage::Evento, 1, 1, error_of(&said));
        let unclear = |error: &ErrorEntry| error.is_uncertain() || error.is(Code::MdfeDuplicate);
        if let (Some(goal), Some(_)) = (goal, error_of(&said).filter(|error| unclear(error)))
            && let Ok(found) = progress.unstoppable(|progress| self.look_up(&token, &which, progress))
            && found.manifesto.situacao == goal
        {
            let msg = format!("O MDF-e está {goal}: o evento já tinha sido registrado.");
            reply.avisos.push(Apontamento::general(msg, "Nada a fazer."));
            return settle(found, Stage::Evento, reply);
        }
        settle(said.map_err(|error| Failed(Some(Stage::Evento), error))?, Stage::Evento, reply)
    }

    fn token(self, given: &Secret) -> Result<Secret, ErrorEntry> {
        self.webmania.token(given)
    }

    fn look_up(self, token: &Secret, which: &Which, progress: &mut Progress) -> Result<Said, ErrorEntry> {
        progress.begin(Stage::Situacao, 0, 1)?;
        let said = self.webmania.find(self.service.http, token, which);
        progress.end(Stage::Situacao, 1, 1, error_of(&said));
        said
    }

    /// Asks again, ever more slowly, until Sefaz has decided or the time is over. An answer that fails to come is no
    /// decision.
    fn wait(self, token: &Secret, said: Said, limit: Duration, progress: &mut Progress) -> Result<Said, Failed> {
        let Some(which) = Which::known(&said.manifesto.uuid, &said.manifesto.chave) else { return Ok(said) };
        let (start, mut latest) = (Instant::now(), said);
        for pause in PAUSES.into_iter().chain(std::iter::repeat(PAUSES[PAUSES.len() - 1])) {
            if start.elapsed() + pause > limit {
                break;
            }
            if let Err(error) = progress.wait(Stage::Situacao, (0, 1), "A Sefaz ainda não decidiu. Aguardando…", pause)
            {
                return Ok(Said { error: Some(error), ..latest });
            }
            match self.look_up(token, &which, progress) {
                Ok(said) if said.error.as_ref().is_some_and(|error| error.is(Code::MdfeProcessing)) => latest = said,
                Ok(said) => return Ok(said),
                Err(error) if error.is(Code::Cancelled) => return Ok(Said { error: Some(error), ..latest }),
                Err(_) => {}
            }
        }
        Ok(latest)
    }
}

/// A failure and where it came.
struct Failed(Option<Stage>, ErrorEntry);

impl From<ErrorEntry> for Failed {
    fn from(error: ErrorEntry) -> Self {
        Self(None, error)
    }
}

/// What an operation has come to: the reply says the rest.
type Outcome = Result<(), Failed>;

fn concluded(mut reply: MdfeRet, outcome: Outcome, progress: &mut Progress) -> MdfeRet {
    if let Err(Failed(stage, error)) = outcome {
        reply = reply.failed(error);
        reply.etapa = stage;
    }
    progress.end(Stage::Fim, 1, 1, reply.error());
    reply
}

fn error_of(said: &Result<Said, ErrorEntry>) -> Option<&ErrorEntry> {
    match said {
        Ok(said) => said.error.as_ref(),
        Err(error) => Some(error),
    }
}

/// What the service said becomes the reply. A refusal does not say again of which MDF-e.
fn settle(said: Said, stage: Stage, reply: &mut MdfeRet) -> Outcome {
    let Said { mut manifesto, error, named, .. } = said;
    if manifesto.uuid.is_empty() && manifesto.chave.is_empty() {
        (manifesto.uuid, manifesto.chave) = (reply.manifesto.uuid.clone(), reply.manifesto.chave.clone());
    }
    reply.manifesto = manifesto;
    match error {
        None => Ok(()),
        Some(error) => {
            if error.is(Code::MdfeOpen) {
                reply.mdfe_aberto = named;
            }
            Err(Failed(Some(stage), error))
        }
    }
}

/// What a check found becomes the reply; nothing was sent.
fn told(checked: Checked, reply: &mut MdfeRet, progress: &mut Progress) -> Outcome {
    let Checked { pending, warnings } = checked;
    (reply.pendencias, reply.avisos) = (pending, warnings);
    let error = (!reply.pendencias.is_empty()).then(|| {
        let count = reply.pendencias.len();
        ErrorEntry::new(Code::MdfePending).detail(format!("pendencias: {count}"))
    });
    progress.end(Stage::Validacao, 1, 1, error.as_ref());
    error.map_or(Ok(()), |error| Err(Failed(Some(Stage::Validacao), error)))
}

fn waiting_time(seconds: u64) -> Result<Duration, ErrorEntry> {
    if seconds > LONGEST_WAIT_S {
        return Err(bad_field(Code::BadField, "aguardar_s", "deve ficar entre 0 e 600 segundos"));
    }
    Ok(Duration::from_secs(seconds))
}

/// The endorsement numbers that are known, and what is to be done with them.
#[derive(Clone, Default)]
struct Numbers {
    /// By access key.
    known: HashMap<String, String>,
    /// Why there is none, by access key; under "" for a call as a whole.
    refused: HashMap<String, String>,
    /// Whether the caller gave any, or wants them asked for.
    asked: bool,
    /// Whether they are still to come.
    awaited: bool,
    /// Whether a CT-e may go without one.
    contingency: bool,
}

impl Numbers {
    /// Takes those of an averbaRet.
    fn take(&mut self, reply: &Value) {
        for Endorsement { chave, number } in endorsements(reply) {
            match number {
                Ok(number) => drop(self.known.insert(chave.to_owned(), number.to_owned())),
                Err(why) => drop(self.refused.insert(chave.to_owned(), why.to_owned())),
            }
        }
    }

    /// Fills them into the insurance of `mdfe`, one for each CT-e. What is pending: the CT-e without one, by their places.
    fn fill(&self, mdfe: &mut Mdfe) -> Checked {
        let mut checked = Checked::default();
        if !self.asked && !self.contingency || self.awaited {
            return checked;
        }
        let (mut numbers, mut without) = (Vec::new(), Vec::new());
        for (place, at, document) in mdfe.documents().filter(|(_, _, document)| document.is_cte()) {
            match self.known.get(document.key()) {
                Some(number) => numbers.push(number.clone()),
                None => without
                    .push((format!("/mdfe/descarregamento/{place}/documentos_fiscais/{at}/chave"), document.key())),
            }
        }
        let findings = without.iter().map(|(campo, chave)| self.unendorsed(campo, chave));
        let target = if self.contingency { &mut checked.warnings } else { &mut checked.pending };
        target.extend(findings);
        if self.contingency && !without.is_empty() {
            numbers.push(CONTINGENCY.to_owned());
        }
        let uninsured = mdfe.seguro.iter().flatten().next().is_none();
        match insurance(mdfe) {
            Some(insurance) => add_numbers(insurance, numbers),
            // That there is no insurance is found by its own rule.
            None if uninsured => {}
            None => checked.pending.push(Apontamento {
                campo: "/mdfe/seguro".to_owned(),
                rejeicao: Some(699),
                msg: "Há mais de um seguro, e nenhum deles tem o CNPJ da Porto Seguro: não se sabe qual recebe as averbações."
                    .to_owned(),
                acao: "Informe o CNPJ da seguradora (61198164000160), ou preencha numero_averbacao.".to_owned(),
            }),
        }
        checked
    }

    fn unendorsed(&self, campo: &str, chave: &str) -> Apontamento {
        let (msg, acao) = if self.contingency {
            (
                format!("O CT-e {chave} vai sem averbação: em seu lugar segue {CONTINGENCY} (contingência)."),
                "Averbe o CT-e assim que possível; a decisão de viajar assim é do transportador.",
            )
        } else {
            let why = self.refused.get(chave).or_else(|| self.refused.get("")).map_or("", String::as_str);
            let msg = format!("O CT-e {chave} não tem número de averbação. {why}");
            (msg.trim_end().to_owned(), "Averbe o CT-e e repita.")
        };
        Apontamento { campo: campo.to_owned(), rejeicao: Some(699), msg, acao: acao.to_owned() }
    }
}

/// The insurance that gets the numbers: the only one, or that of Porto Seguro.
fn insurance(mdfe: &mut Mdfe) -> Option<&mut Insurance> {
    let all = mdfe.seguro.as_mut()?;
    if all.len() == 1 {
        return all.first_mut();
    }
    let of_porto = |insurance: &Insurance| {
        let insurer = insurance.seguradora.as_ref();
        insurer.and_then(|insurer| insurer.cnpj.as_ref()).is_some_and(|cnpj| cnpj.as_str() == PORTO_SEGURO)
    };
    all.iter_mut().find(|insurance| of_porto(insurance))
}

/// Adds to what the caller has filled in; each number once.
fn add_numbers(insurance: &mut Insurance, numbers: Vec<String>) {
    let filled = insurance.numero_averbacao.get_or_insert_default();
    let mut seen: HashSet<String> = filled.iter().map(|number| number.as_str().to_owned()).collect();
    filled.extend(numbers.into_iter().filter(|number| seen.insert(number.clone())).map(Text));
}
