//! Webmania, which issues MDF-e: emission, query, closing, cancelling, drivers, files.
//!
//! Sources: the seed document "Webmania, emissão de MDF-e"; Webmania's Postman collection and help centre for what the seed
//! leaves open (see each file).

mod answer;
mod arquivo;
mod breaks;
mod check;
mod document;
mod field;
mod format;
mod geography;
mod notificacao;
mod rules;
#[cfg(test)]
mod tests;

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use reqwest::{Method, Url};
use serde::Serialize;
use serde_json::{Value, json};

use crate::contract::{
    Apontamento, Code, ErrorEntry, Manifesto, MdfeCancela, MdfeCondutor, MdfeEncerra, Regra, Secret, bad_field, missing,
};
use crate::document::AccessKey;
use crate::http::{Credential, Effect, Http, Payload, Request};
use crate::settings::{Settings, is_token};
use check::Check;
use field::{FromJson, Table};
use format::Format;

pub use answer::Said;
pub use arquivo::fetch;
pub use document::{Insurance, Mdfe};
pub use field::Text;
pub use notificacao::notification;

const HEADERS: [(HeaderName, &str); 2] = [(CONTENT_TYPE, "application/json"), (ACCEPT, "application/json")];

/// What to do when an MDF-e may have been issued: there is no number yet by which it could be asked for.
const LOOK_FOR_IT: &str = "O MDF-e pode ter sido emitido: confira no painel do Webmania, ou espere a notificação, antes de \
                           emitir de novo.";

/// What to do when an event may have been registered.
const ASK_FOR_IT: &str = "O evento pode ter sido registrado: consulte o MDF-e antes de repetir.";

/// The service, as set.
pub struct Webmania {
    url: Url,
    token: Secret,
    timeout: Duration,
}

/// Which MDF-e.
pub enum Which {
    /// By Webmania's own number.
    Uuid(String),
    /// By its access key.
    Key(AccessKey),
}

impl Webmania {
    /// The service at the address of `settings`.
    pub fn new(settings: &Settings) -> Result<Self, ErrorEntry> {
        let url = Url::parse(&settings.webmania.url);
        let url = url.map_err(|_| bad_field(Code::BadSetting, "webmania.url", "não é um endereço (URL) válido"))?;
        Ok(Self { url, token: settings.webmania.token.clone(), timeout: settings.timeout() })
    }

    /// The token of a request, or of the settings. 1005 if there is none, 1006 if it cannot be one.
    pub fn token(&self, given: &Secret) -> Result<Secret, ErrorEntry> {
        let given = given.expose().trim();
        match given {
            "" if self.token.expose().is_empty() => Err(missing("token")
                .msg("Falta o token do Webmania. Informe-o no campo \"token\" ou na configuração webmania.token.")),
            "" => Ok(self.token.clone()),
            token if is_token(token) => Ok(Secret::from(token.to_owned())),
            _ => Err(bad_field(Code::BadField, "token", "tem espaço, quebra de linha ou acento")),
        }
    }

    /// Issues `mdfe`. It can take minutes: five times the settings' `timeout_s` are given to it.
    pub fn emit(&self, http: &Http, token: &Secret, mdfe: &Mdfe) -> Result<Said, ErrorEntry> {
        let limit = self.timeout * 5;
        self.call(http, token, &Call::changing(Method::POST, "/2/mdfe/emissao", mdfe, limit, LOOK_FOR_IT))
    }

    /// What is known of an MDF-e.
    pub fn find(&self, http: &Http, token: &Secret, which: &Which) -> Result<Said, ErrorEntry> {
        let path = format!("/2/mdfe/consulta/{}", which.text());
        let limit = self.timeout / 4;
        self.call(http, token, &Call { method: Method::GET, path: &path, body: Vec::new(), limit, doubt: None })
    }

    /// Closes an MDF-e.
    pub fn close(&self, http: &Http, token: &Secret, which: &Which, request: &MdfeEncerra) -> Result<Said, ErrorEntry> {
        let mut body = json!({
            "uf": normal("uf", &request.uf, Format::Uf)?,
            "municipio": normal("municipio", &request.municipio, Format::Free(2, 60))?,
        });
        if let Some(code) = request.codigo_municipio.as_deref().filter(|code| !code.is_empty()) {
            let code = normal("codigo_municipio", code, Format::Municipality)?;
            if !geography::lies_in(&code, body["uf"].as_str().unwrap_or_default()) {
                let elsewhere = "não fica na UF informada (rejeição 614)";
                return Err(bad_field(Code::BadField, "codigo_municipio", elsewhere));
            }
            body["codigo_municipio"] = code.into();
        }
        self.event(http, token, "/2/mdfe/encerrar", which, body)
    }

    /// Cancels an MDF-e.
    pub fn cancel(
        &self,
        http: &Http,
        token: &Secret,
        which: &Which,
        request: &MdfeCancela,
    ) -> Result<Said, ErrorEntry> {
        let why = normal("justificativa", &request.justificativa, Format::Free(15, 255))?;
        self.event(http, token, "/2/mdfe/cancelar", which, json!({ "justificativa": why }))
    }

    /// Adds a driver to an MDF-e.
    pub fn add_driver(
        &self,
        http: &Http,
        token: &Secret,
        which: &Which,
        request: &MdfeCondutor,
    ) -> Result<Said, ErrorEntry> {
        let name = normal("nome", &request.nome, Format::Free(2, 60))?;
        let cpf = normal("cpf", &request.cpf, Format::Cpf(645))?;
        self.event(http, token, "/2/mdfe/condutor", which, json!({ "nome": name, "cpf": cpf }))
    }

    fn event(
        &self,
        http: &Http,
        token: &Secret,
        path: &str,
        which: &Which,
        mut body: Value,
    ) -> Result<Said, ErrorEntry> {
        body[which.name()] = which.text().into();
        self.call(http, token, &Call::changing(Method::PUT, path, &body, self.timeout, ASK_FOR_IT))
    }

    fn call(&self, http: &Http, token: &Secret, call: &Call) -> Result<Said, ErrorEntry> {
        let url = self.address(call.path)?;
        let (secrets, effect) = ([token], if call.doubt.is_some() { Effect::Changes } else { Effect::Reads });
        let mut request = Request::new(&url, Payload::Body(call.method.clone(), &call.body), effect)
            .headers(&HEADERS)
            .credential(Credential::Bearer(token.clone()))
            .hiding(&secrets)
            .within(call.limit)
            .own_words(is_json);
        if let Some(advice) = call.doubt {
            request = request.in_doubt(advice);
        }
        let answer = http.send(&request).map_err(explained)?;
        Said::read(answer.status, &answer.text(), call.doubt, &secrets)
    }

    /// `path` at the service.
    fn address(&self, path: &str) -> Result<Url, ErrorEntry> {
        let base = self.url.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|error| ErrorEntry::new(Code::Bug).detail(error.to_string()))
    }
}

/// One call of the service.
struct Call<'a> {
    method: Method,
    path: &'a str,
    body: Vec<u8>,
    limit: Duration,
    /// What to do where nobody knows whether it took effect; none of a call that only reads.
    doubt: Option<&'static str>,
}

impl<'a> Call<'a> {
    fn changing(method: Method, path: &'a str, body: &impl Serialize, limit: Duration, doubt: &'static str) -> Self {
        let body = serde_json::to_vec(body).expect("plain data with text keys");
        Self { method, path, body, limit, doubt: Some(doubt) }
    }
}

impl Which {
    /// By exactly one of the two. 1005, 1006, 1007 if they do not say.
    pub fn of(uuid: Option<&str>, chave: Option<&str>) -> Result<Self, ErrorEntry> {
        let given = |text: Option<&'_ str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        match (given(uuid), given(chave)) {
            (Some(_), Some(_)) => {
                Err(bad_field(Code::BadField, "uuid", "não pode vir junto com \"chave\"; informe só um"))
            }
            (Some(uuid), None) if is_uuid(&uuid) => Ok(Self::Uuid(uuid)),
            (Some(_), None) => Err(bad_field(Code::BadField, "uuid", "não é um uuid do Webmania (36 caracteres)")),
            (None, Some(chave)) => mdfe_key(&chave).map(Self::Key),
            (None, None) => Err(missing("chave")),
        }
    }

    /// Of what is known of one; `None` if that is not enough.
    pub fn known(uuid: &str, chave: &str) -> Option<Self> {
        Self::of(Some(uuid), None).or_else(|_| Self::of(None, Some(chave))).ok()
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Uuid(_) => "uuid",
            Self::Key(_) => "chave",
        }
    }

    /// Says in `manifesto` which it is about.
    pub fn name_in(&self, manifesto: &mut Manifesto) {
        match self {
            Self::Uuid(uuid) => manifesto.uuid.clone_from(uuid),
            Self::Key(key) => key.as_str().clone_into(&mut manifesto.chave),
        }
    }

    /// Itself.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Uuid(uuid) => uuid,
            Self::Key(key) => key.as_str(),
        }
    }
}

/// The access key of an MDF-e. 1007 if it is none.
fn mdfe_key(text: &str) -> Result<AccessKey, ErrorEntry> {
    let key = AccessKey::parse(text)?;
    if key.model() == "58" {
        return Ok(key);
    }
    Err(ErrorEntry::new(Code::BadAccessKey).msg(format!(
        "A chave não é de um MDF-e (modelo 58): é de um documento de modelo {}. Confira a chave e repita.",
        key.model()
    )))
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// A field of a request in the form in which it is sent. 1005, 1006 if it is missing or wrong.
fn normal(name: &str, text: &str, format: Format) -> Result<String, ErrorEntry> {
    match text.trim() {
        "" => Err(missing(name)),
        text => format.normal(text).map_err(|what| bad_field(Code::BadField, name, &what)),
    }
}

fn is_json(body: &[u8]) -> bool {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start().starts_with(b"{")
}

/// The firewall of Webmania answers wrong tokens, too many requests and unknown addresses alike.
fn explained(error: ErrorEntry) -> ErrorEntry {
    if error.is(Code::Blocked) {
        error.msg(
            "O acesso foi bloqueado pela proteção do Webmania. Confira o token; se estiver certo, aguarde alguns minutos e, \
             se persistir, peça ao Webmania que libere o endereço IP desta rede.",
        )
    } else {
        error
    }
}

/// What a document is checked for, and what was found.
#[derive(Default)]
pub struct Checked {
    /// What would be rejected.
    pub pending: Vec<Apontamento>,
    /// What is to be thought of.
    pub warnings: Vec<Apontamento>,
}

/// The document of a request. 1005, 1006 if it is missing, or has fields that do not exist or of the wrong type.
pub fn document(given: Option<Value>) -> Result<Mdfe, ErrorEntry> {
    Mdfe::from_json(given.ok_or_else(|| missing("mdfe"))?, "mdfe")
}

/// Checks `mdfe`, and brings its values into the form in which they are sent.
pub fn check(mdfe: &mut Mdfe) -> Checked {
    let mut check = Check::new();
    mdfe.check(&mut check);
    let mut pending = check.into_findings();
    let (certain, warnings) = rules::check(mdfe);
    pending.extend(certain);
    Checked { pending, warnings }
}

/// The rules by which a document is checked.
#[must_use]
pub fn rules() -> Vec<Regra> {
    let told = |rule: &rules::Rule| Regra {
        rejeicao: rule.rejection,
        nivel: if rule.certain { "pendencia" } else { "aviso" },
        msg: rule.msg,
        acao: rule.action,
    };
    rules::RULES.iter().map(told).collect()
}
