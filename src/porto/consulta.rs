//! Consulta (seed, section 3): the protocol of a key, or the key of a protocol; one or many at a time.

use std::collections::{HashMap, HashSet};

use super::answer::{Answer, Pair};
use super::{Porto, Session, not_understood};
use crate::contract::{Averbacao, Code, Consulta, ErrorEntry, OneOrMany, Progress, Span, Stage, bad_field, missing};
use crate::document::AccessKey;
use crate::http::{Effect, Http, Payload, Request};

/// Keys in one POST: well below the 1000 variables that PHP reads (max_input_vars).
pub const KEYS_PER_CONSULTA: usize = 400;

/// Keys in one GET: each takes 60 bytes of a line for which servers allow 8 KB.
const ITEMS_PER_GET: usize = 100;

/// The answer to a consulta, in the shape of the question.
pub enum Found {
    /// To one text.
    One(Averbacao),
    /// To a list, in its order.
    Many(Vec<Averbacao>),
}

impl Porto {
    /// Looks up what `consulta` asks for, with the session by POST, without by the public GET. `Err` if the question as a
    /// whole is wrong; what goes wrong with single keys, or on the way, stands in their entries.
    pub fn consulta(&self, http: &Http, consulta: &Consulta, progress: &mut Progress) -> Result<Found, ErrorEntry> {
        let session = Session::parse(&consulta.cookie)?;
        let (by, asked) = question(consulta)?;
        let mut look_up = |entries| self.look_up(http, by, entries, &session, progress);
        Ok(match asked {
            OneOrMany::One(text) => {
                let mut entry = Entry::new(by, text);
                entry.averbacao.name(consulta.cnpj.as_deref(), consulta.n_cte.as_deref());
                Found::One(look_up(vec![entry]).remove(0))
            }
            OneOrMany::Many(texts) => Found::Many(look_up(texts.iter().map(|text| Entry::new(by, text)).collect())),
        })
    }

    /// Looks up at most [`KEYS_PER_CONSULTA`] keys in one request: what is known of each, in their order; `None` of one that
    /// is not endorsed.
    pub fn find_keys(
        &self,
        http: &Http,
        keys: &[&AccessKey],
        session: &Session,
        span: Span,
        progress: &mut Progress,
    ) -> Result<Vec<Option<Averbacao>>, ErrorEntry> {
        let items: Vec<_> = keys.iter().map(|key| key.as_str()).collect();
        let pairs = self.ask(http, By::Chave, &items, session, span, progress)?;
        let found: HashMap<_, _> = pairs.into_iter().map(|pair| (pair.chave, pair.protocolo)).collect();
        let known = |key: &&AccessKey| Some(endorsed(of_key(key), key.as_str(), found.get(key.as_str())?));
        Ok(keys.iter().map(known).collect())
    }

    fn look_up(
        &self,
        http: &Http,
        by: By,
        entries: Vec<Entry>,
        session: &Session,
        progress: &mut Progress,
    ) -> Vec<Averbacao> {
        let asked = unique(entries.iter().filter_map(|entry| entry.asked.as_deref()));
        let per_request = if session.is_empty() { ITEMS_PER_GET } else { KEYS_PER_CONSULTA };
        let mut outcomes = HashMap::new();
        for (index, chunk) in asked.chunks(per_request).enumerate() {
            let done = index * per_request;
            let span = Span { before: done, after: done + chunk.len(), total: asked.len() };
            match self.ask(http, by, chunk, session, span, progress) {
                Ok(pairs) => outcomes.extend(pairs.into_iter().map(|pair| (by.of(&pair).to_owned(), Ok(pair)))),
                // What could not be asked now is not asked any further: the reason stands in every entry left.
                Err(error) => {
                    outcomes.extend(asked[done..].iter().map(|&text| (text.to_owned(), Err(error.clone()))));
                    break;
                }
            }
        }
        entries.into_iter().map(|entry| entry.answered(by, &outcomes)).collect()
    }

    fn ask(
        &self,
        http: &Http,
        by: By,
        items: &[&str],
        session: &Session,
        span: Span,
        progress: &mut Progress,
    ) -> Result<Vec<Pair>, ErrorEntry> {
        progress.begin(Stage::Consulta, span.before, span.total)?;
        let found = self.request_pairs(http, by, items, session);
        progress.end(Stage::Consulta, span.after, span.total, found.as_ref().err());
        found
    }

    fn request_pairs(&self, http: &Http, by: By, items: &[&str], session: &Session) -> Result<Vec<Pair>, ErrorEntry> {
        let items = items.iter().map(|item| (by.field(), *item));
        let answer = if session.is_empty() {
            let fields: Vec<_> = [("out", "json"), ("download", "0")].into_iter().chain(items).collect();
            self.get(http, &fields)
        } else {
            let fixed = [("comp", "5"), ("mod", "Protocolo"), ("path", "atwe/php/")];
            let fields: Vec<_> = fixed.into_iter().chain(items).collect();
            self.post(http, Payload::Form(&fields), session, Effect::Reads)
        }?;
        match answer.refusal(Code::SessionExpired) {
            Some(refusal) => Err(refusal),
            None => answer.pairs().ok_or_else(|| not_understood("no list (S) in the answer", Effect::Reads, &[])),
        }
    }

    fn get(&self, http: &Http, parameters: &[(&str, &str)]) -> Result<Answer, ErrorEntry> {
        let request = Request::new(&self.consulta_url, Payload::Query(parameters), Effect::Reads);
        Answer::read(&http.send(&request)?.text(), &[]).map_err(|text| not_understood(&text, Effect::Reads, &[]))
    }
}

/// What is looked up by.
#[derive(Clone, Copy)]
enum By {
    Chave,
    Protocolo,
}

impl By {
    /// The name of the form field, repeated for each.
    const fn field(self) -> &'static str {
        match self {
            Self::Chave => "chave[]",
            Self::Protocolo => "protocolo[]",
        }
    }

    fn of(self, pair: &Pair) -> &str {
        match self {
            Self::Chave => &pair.chave,
            Self::Protocolo => &pair.protocolo,
        }
    }
}

/// One text that was asked for, on its way to its place in the reply.
struct Entry {
    /// What goes to the service; `None` if it is not fit to be asked, then `averbacao` says why.
    asked: Option<String>,
    averbacao: Averbacao,
}

impl Entry {
    fn new(by: By, text: &str) -> Self {
        match by {
            By::Chave => match AccessKey::parse(text) {
                Ok(key) => Self { asked: Some(key.as_str().to_owned()), averbacao: of_key(&key) },
                Err(error) => Self { asked: None, averbacao: Averbacao::of("", "", text).failed(error) },
            },
            By::Protocolo => {
                let averbacao = Averbacao::default().with_protocol(text.to_owned());
                match protocol(text) {
                    Ok(protocol) => Self { asked: Some(protocol), averbacao },
                    Err(error) => Self { asked: None, averbacao: averbacao.failed(error) },
                }
            }
        }
    }

    fn answered(self, by: By, outcomes: &HashMap<String, Result<Pair, ErrorEntry>>) -> Averbacao {
        let Some(asked) = self.asked else { return self.averbacao };
        match (outcomes.get(&asked), by) {
            (Some(Ok(pair)), By::Chave) => endorsed(self.averbacao, &pair.chave, &pair.protocolo),
            (Some(Ok(pair)), By::Protocolo) => {
                let averbacao = AccessKey::parse(&pair.chave).map_or(self.averbacao, |key| of_key(&key));
                endorsed(averbacao, &pair.chave, &pair.protocolo)
            }
            (Some(Err(error)), _) => self.averbacao.failed(error.clone()),
            // A key that the answer leaves out is one that the insurer does not know (assumed: seen nowhere).
            (None, By::Chave) => self.averbacao.failed(ErrorEntry::new(Code::NotEndorsed)),
            (None, By::Protocolo) => self.averbacao.failed(
                ErrorEntry::new(Code::NotEndorsed)
                    .msg("Nenhum documento foi averbado com este protocolo. Confira o número e repita."),
            ),
        }
    }
}

/// What a key itself tells.
fn of_key(key: &AccessKey) -> Averbacao {
    let averbacao = Averbacao::of(key.cnpj(), key.number(), key.as_str());
    if key.check_digit_is_right() {
        averbacao
    } else {
        averbacao.warned("O dígito verificador da chave de acesso não confere. Confira se a chave foi digitada certo.")
    }
}

/// `averbacao`, of the document with the key `chave`, endorsed under `protocolo`; with a warning if the two do not seem to
/// belong together.
#[must_use]
pub fn endorsed(averbacao: Averbacao, chave: &str, protocolo: &str) -> Averbacao {
    let averbacao = averbacao.endorsed(protocolo.to_owned());
    if belong_together(chave, protocolo) {
        averbacao
    } else {
        averbacao
            .warned("O protocolo recebido parece ser de outro documento. Confira com a seguradora antes da viagem.")
    }
}

/// In every pair known, positions 10–37 of the protocol repeat positions 7–34 of the key. Not documented: a protocol of
/// another build is not doubted.
fn belong_together(chave: &str, protocolo: &str) -> bool {
    match (AccessKey::parse(chave), protocolo.get(9..37)) {
        (Ok(key), Some(part)) if protocolo.len() == 40 => key.issuer_to_number() == part,
        _ => true,
    }
}

/// By what and for what `consulta` asks.
fn question(consulta: &Consulta) -> Result<(By, &OneOrMany), ErrorEntry> {
    let (by, asked, name) = match (&consulta.chave, &consulta.protocolo) {
        (Some(_), Some(_)) => {
            return Err(bad_field(Code::BadField, "protocolo", "não pode vir junto com \"chave\"; informe só um"));
        }
        (Some(asked), None) => (By::Chave, asked, "chave"),
        (None, Some(asked)) => (By::Protocolo, asked, "protocolo"),
        (None, None) => return Err(missing("chave")),
    };
    match asked {
        OneOrMany::One(text) if text.trim().is_empty() => Err(missing(name)),
        OneOrMany::Many(texts) if texts.is_empty() => Err(missing(name)),
        OneOrMany::Many(_) if consulta.cnpj.is_some() => Err(for_one_only("CNPJ")),
        OneOrMany::Many(_) if consulta.n_cte.is_some() => Err(for_one_only("n_cte")),
        _ => Ok((by, asked)),
    }
}

fn for_one_only(field: &str) -> ErrorEntry {
    bad_field(Code::BadField, field, "só vale na consulta de um documento, não numa lista")
}

/// A protocol as typed or pasted. Its length is not checked: protocols of 43 digits have been seen beside those of 40.
fn protocol(text: &str) -> Result<String, ErrorEntry> {
    let protocol: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if (1..=60).contains(&protocol.len()) && protocol.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Ok(protocol)
    } else {
        Err(bad_field(Code::BadField, "protocolo", "deve ter só letras e dígitos, no máximo 60"))
    }
}

fn unique<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    texts.filter(|text| seen.insert(*text)).collect()
}
