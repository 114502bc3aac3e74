//! Webmania's REST API for MDF-e. Where a rule is written:
//!
//! - "page": Webmania's page on the API for MDF-e that the ERP's makers work by;
//! - "schema", "manual": the schema of MDF-e 3.00 and the manual that explains it, with SEFAZ's rejections;
//! - "SVRS": SEFAZ's authorizer for MDF-e, whose source its maker has published, and answers of it that are public;
//! - "clients": read in public clients of the API;
//! - "Assumed": written nowhere public; a client must not rely on it.

pub(crate) mod answers;
mod files;
mod handle;
mod key;
mod mdfe;
pub(crate) mod notify;
mod rejection;
mod rules;
mod schema;
mod shape;
mod tables;

use std::collections::VecDeque;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Map, Value};
use tokio::sync::mpsc::UnboundedSender;

use self::answers::Problem;
pub use self::key::numbered_key;
use self::mdfe::{Course, Mdfes};
pub use self::mdfe::{Driver, Mdfe, MdfeState};
pub use self::notify::Notification;
pub use self::rejection::Rejection;
use self::schema::Field;
pub use self::shape::{LogShape, MdfeErrorShape, MdfeShape, ReasonShape, ReferenceShape, UrlShape};
use crate::answer::Answer;
use crate::config::Config;
use crate::php::Call;

/// All addresses of the API begin so (page).
const API: &str = "/2/";
/// The addresses of the calls (page). Behind the last three stands a key, or a UUID.
const EMISSAO: &str = "/2/mdfe/emissao";
const ENCERRAR: &str = "/2/mdfe/encerrar";
const CANCELAR: &str = "/2/mdfe/cancelar";
const CONDUTOR: &str = "/2/mdfe/condutor";
const CONSULTA: &str = "/2/mdfe/consulta/";
const DAMDFE: &str = "/damdfe/";
const XML: &str = "/xmlmdfe/";

/// The calls of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Emissao,
    Consulta,
    Encerrar,
    Cancelar,
    Condutor,
    /// XML and DAMDFE.
    Arquivo,
}

impl Operation {
    /// What is called at this address.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path {
            EMISSAO => Some(Self::Emissao),
            ENCERRAR => Some(Self::Encerrar),
            CANCELAR => Some(Self::Cancelar),
            CONDUTOR => Some(Self::Condutor),
            _ if path.starts_with(CONSULTA) => Some(Self::Consulta),
            _ if path.starts_with(DAMDFE) || path.starts_with(XML) => Some(Self::Arquivo),
            _ => None,
        }
    }
}

/// Whether an address is Webmania's.
pub(crate) fn is_at(path: &str) -> bool {
    path.starts_with(API) || Operation::at(path).is_some()
}

/// The service with all that it remembers.
pub(crate) struct Service {
    config: Config,
    mdfes: Mdfes,
    /// The queries of the last second.
    queries: VecDeque<Instant>,
    notifications: UnboundedSender<Notification>,
    /// How far its clock is ahead.
    ahead: Duration,
}

/// The circumstances of a request.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) call: &'a Call,
    pub(crate) shape: &'a MdfeShape,
    /// What SEFAZ is to say.
    pub(crate) rejection: Option<&'a Rejection>,
    /// Whether an emission does not reach it.
    pub(crate) contingency: bool,
    /// Scheme, host and port by which the request came.
    pub(crate) origin: &'a str,
    pub(crate) now: Instant,
}

impl Service {
    pub(crate) fn new(config: Config, notifications: UnboundedSender<Notification>) -> Self {
        Self { config, mdfes: Mdfes::default(), queries: VecDeque::new(), notifications, ahead: Duration::ZERO }
    }

    /// Answers one request.
    pub(crate) fn respond(&mut self, context: Context<'_>) -> Answer {
        let Context { call, shape, now, .. } = context;
        if Operation::at(&call.path) == Some(Operation::Consulta) && self.is_too_much(now) {
            // Page: 503 or 403 for too many requests.
            return Answer::page(503);
        }
        // Assumed: "Bearer" as it is written in the page.
        let token = call.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        if token != Some(self.config.webmania_token.as_str()) {
            return answers::denied(shape);
        }
        self.serve(context).unwrap_or_else(|problem| problem.answer(shape))
    }

    fn serve(&mut self, context: Context<'_>) -> Result<Answer, Problem> {
        let call = context.call;
        match (call.method.as_str(), Operation::at(&call.path)) {
            ("POST", Some(Operation::Emissao)) => self.emissao(context),
            ("GET", Some(Operation::Consulta)) => self.consulta(context),
            ("PUT", Some(Operation::Encerrar)) => self.encerrar(context),
            ("PUT", Some(Operation::Cancelar)) => self.cancelar(context),
            ("PUT", Some(Operation::Condutor)) => self.condutor(context),
            ("GET", Some(Operation::Arquivo)) => self.arquivo(context),
            // Assumed: this and the next.
            (_, Some(_)) => Err(Problem::new(405, "Método não permitido.")),
            (_, None) => Err(Problem::new(404, "Endereço não encontrado.")),
        }
    }

    /// Counts a query; says whether it is one too many of this second.
    fn is_too_much(&mut self, now: Instant) -> bool {
        let Some(limit) = self.config.mdfe_query_limit else { return false };
        while self.queries.front().is_some_and(|then| now.duration_since(*then) >= Duration::from_secs(1)) {
            self.queries.pop_front();
        }
        self.queries.push_back(now);
        self.queries.len() > limit as usize
    }

    /// Page: the answer comes at once, with `processando` when SEFAZ takes longer and `contingencia` when it is down.
    fn emissao(&mut self, context: Context<'_>) -> Result<Answer, Problem> {
        let body = read(context.call, tables::EMISSAO)?;
        check_modal(&body)?;
        let (body, now) = (Value::Object(body), self.now());
        let verdict = context.rejection.cloned().or_else(|| rules::rejection(&body));
        let verdict = verdict.map(|rejection| self.naming(&rejection, context));
        let course = Course { verdict, unready: self.config.mdfe_processing, contingency: context.contingency };
        let place = self.mdfes.add(body, course, now);
        Ok(self.changed(place, context.origin, context.shape))
    }

    fn consulta(&mut self, context: Context<'_>) -> Result<Answer, Problem> {
        let place = self.find(context.call.path.strip_prefix(CONSULTA))?;
        let rejection = context.rejection.map(|rejection| self.naming(rejection, context));
        match self.mdfes.ask(place, rejection, self.now()) {
            true => Ok(self.changed(place, context.origin, context.shape)),
            false => Ok(answers::mdfe(self.mdfes.at(place), context.origin, context.shape)),
        }
    }

    fn encerrar(&mut self, context: Context<'_>) -> Result<Answer, Problem> {
        let (_, place) = self.event(tables::ENCERRAR, context)?;
        self.mdfes.close(place, self.now())?;
        Ok(self.changed(place, context.origin, context.shape))
    }

    fn cancelar(&mut self, context: Context<'_>) -> Result<Answer, Problem> {
        let (body, place) = self.event(tables::CANCELAR, context)?;
        self.mdfes.cancel(place, text(&body, "justificativa"), self.now())?;
        Ok(self.changed(place, context.origin, context.shape))
    }

    /// Assumed: a driver is no change of status, so nobody is notified.
    fn condutor(&mut self, context: Context<'_>) -> Result<Answer, Problem> {
        let (body, place) = self.event(tables::CONDUTOR, context)?;
        let driver = Driver { name: text(&body, "nome").to_owned(), cpf: text(&body, "cpf").to_owned() };
        self.mdfes.add_driver(place, driver, self.now())?;
        Ok(answers::mdfe(self.mdfes.at(place), context.origin, context.shape))
    }

    /// What events have in common: a body, an MDF-e that it names, and a rejection if one is wanted.
    fn event(&self, fields: &[Field], context: Context<'_>) -> Result<(Map<String, Value>, usize), Problem> {
        let body = read(context.call, fields)?;
        // Assumed: of both, the UUID counts.
        let name = body.get("uuid").or_else(|| body.get("chave")).and_then(Value::as_str);
        let name = name.ok_or_else(|| Problem::new(400, "Informe o campo uuid ou chave."))?;
        let place = self.find(Some(name))?;
        match context.rejection {
            Some(rejection) => Err(self.naming(rejection, context).into()),
            None => Ok((body, place)),
        }
    }

    /// Page: by key only, PDF or XML.
    fn arquivo(&self, context: Context<'_>) -> Result<Answer, Problem> {
        let path = &context.call.path;
        let key = path.strip_prefix(DAMDFE).or_else(|| path.strip_prefix(XML));
        let mdfe = self.mdfes.at(self.find(key)?);
        if !mdfe.has_files() || key != Some(&mdfe.key) {
            return Err(Problem::new(404, "Arquivo não encontrado."));
        }
        match path.starts_with(DAMDFE) {
            true => Ok(Answer::new(200, "application/pdf", files::pdf(mdfe))),
            false => Ok(Answer::new(200, "text/xml", files::xml(mdfe))),
        }
    }

    /// Assumed: the text and the status for an MDF-e that does not exist.
    fn find(&self, name: Option<&str>) -> Result<usize, Problem> {
        let place = name.and_then(|name| self.mdfes.find(name));
        place.ok_or_else(|| Problem::new(404, "MDF-e não encontrada."))
    }

    fn naming(&self, rejection: &Rejection, context: Context<'_>) -> Rejection {
        rejection.naming(self.mdfes.newest_open(), context.shape.reference)
    }

    /// The answer about an MDF-e whose status has just changed. Page: whoever gave an address is notified of every status.
    fn changed(&self, place: usize, origin: &str, shape: &MdfeShape) -> Answer {
        let mdfe = self.mdfes.at(place);
        let answer = answers::mdfe(mdfe, origin, shape);
        if let Some(url) = mdfe.notified_at() {
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            // An error says that the simulator ends.
            let _ = self.notifications.send(Notification { url: url.to_owned(), body, status: None });
        }
        answer
    }

    fn now(&self) -> SystemTime {
        SystemTime::now() + self.ahead
    }
}

/// The body of a request. Page: it is JSON, and its content type says so. Assumed: HTTP 400 for all that is wrong with it.
fn read(call: &Call, fields: &[Field]) -> Result<Map<String, Value>, Problem> {
    if !call.is_json() {
        return Err(Problem::new(400, "O Content-Type deve ser application/json."));
    }
    let body = serde_json::from_slice(&call.body).map_err(|_| Problem::new(400, "O corpo não é um objeto JSON."))?;
    schema::check(&body, fields).map_err(|text| Problem::new(400, text))?;
    Ok(body)
}

/// Page: each modality has a group of its own that must be there. Assumed: the others must not.
fn check_modal(body: &Map<String, Value>) -> Result<(), Problem> {
    const GROUPS: [&str; 4] = ["rodoviario", "aereo", "aquaviario", "ferroviario"];
    for (group, modality) in GROUPS.into_iter().zip(1_u64..) {
        match (body["modalidade"] == modality, body.contains_key(group)) {
            (true, false) => return Err(Problem::new(400, format!("O campo {group} é obrigatório."))),
            (false, true) => return Err(Problem::new(400, format!("O campo {group} não é desta modalidade."))),
            _ => {}
        }
    }
    Ok(())
}

/// A field that is there.
fn text<'a>(body: &'a Map<String, Value>, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_default()
}
