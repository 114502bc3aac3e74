//! The MDF-e that the service has, and what becomes of each.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde_json::Value;
use time::{OffsetDateTime, UtcOffset};

use super::key;
use super::rejection::Rejection;

/// How long after its authorization an MDF-e can be cancelled (manual: rejection 220).
const CANCELLABLE: Duration = Duration::from_secs(24 * 60 * 60);
/// Why an MDF-e goes into contingency (manual: code 108).
const SEFAZ_DOWN: &str = "Serviço Paralisado Momentaneamente (curto prazo)";

/// An MDF-e that was emitted.
#[derive(Clone, Debug)]
pub struct Mdfe {
    /// The service's own number for it.
    pub uuid: String,
    /// Its access key.
    pub key: String,
    /// Its series.
    pub series: u32,
    /// Its number in the series.
    pub number: u32,
    /// The protocol of its authorization; empty without one.
    pub protocol: String,
    /// What has become of it.
    pub state: MdfeState,
    /// The reason for it, as `motivo` says it.
    pub reason: String,
    /// The body that was sent.
    pub body: Value,
    /// The drivers added since.
    pub drivers: Vec<Driver>,
    /// What SEFAZ answered, in the order in which it did.
    pub(super) log: Vec<LogEntry>,
    /// Why SEFAZ is going to reject it, if it is.
    verdict: Option<Rejection>,
    /// How many queries are still answered that it is being processed.
    unready: u32,
    authorized_at: SystemTime,
}

/// What has become of an MDF-e. `to_string()` is the service's word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MdfeState {
    /// `processando`
    Processing,
    /// `contingencia`: it may travel, SEFAZ has still to decide.
    Contingency,
    /// `aprovado`
    Approved,
    /// `reprovado`
    Rejected,
    /// `encerrado`
    Closed,
    /// `cancelado`
    Cancelled,
}

/// A driver who was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Driver {
    /// The name.
    pub name: String,
    /// The CPF as it was sent.
    pub cpf: String,
}

/// An answer of SEFAZ, under the names of its own XML. Assumed: which of them Webmania passes on.
#[derive(Clone, Debug, Serialize)]
pub(super) struct LogEntry {
    #[serde(rename = "cStat")]
    code: String,
    #[serde(rename = "xMotivo")]
    text: String,
    #[serde(rename = "nProt")]
    pub(super) protocol: String,
    #[serde(rename = "dhRecbto")]
    pub(super) at: String,
}

impl fmt::Display for MdfeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Processing => "processando",
            Self::Contingency => "contingencia",
            Self::Approved => "aprovado",
            Self::Rejected => "reprovado",
            Self::Closed => "encerrado",
            Self::Cancelled => "cancelado",
        })
    }
}

impl Mdfe {
    /// Whether it has an XML and a DAMDFE: it was authorized, whatever came after, or is in contingency, where the page
    /// has its DAMDFE printed. Assumed: no other has.
    pub(super) fn has_files(&self) -> bool {
        !self.protocol.is_empty() || self.state == MdfeState::Contingency
    }

    /// Whether SEFAZ has still to decide.
    fn is_undecided(&self) -> bool {
        matches!(self.state, MdfeState::Processing | MdfeState::Contingency)
    }

    /// Where it wants its changes to be told.
    pub(super) fn notified_at(&self) -> Option<&str> {
        self.body["url_notificacao"].as_str()
    }

    /// Whether an event can be registered for it.
    fn can_change(&self) -> Result<(), Rejection> {
        let (protocol, at) = self.log.last().map_or(("", ""), |entry| (&entry.protocol, &entry.at));
        match self.state {
            MdfeState::Approved => Ok(()),
            MdfeState::Processing | MdfeState::Contingency | MdfeState::Rejected => Err(Rejection::of(217)),
            MdfeState::Cancelled => Err(Rejection::of(218).with(&format!("[nProt:{protocol}][dhCanc:{at}]"))),
            MdfeState::Closed => Err(Rejection::of(609).with(&format!("[nProt:{protocol}][dhEnc:{at}]"))),
        }
    }
}

/// What is going to happen to an MDF-e that is emitted.
pub(super) struct Course {
    /// Why SEFAZ rejects it, if it does.
    pub(super) verdict: Option<Rejection>,
    /// How many queries come before that. 0: SEFAZ decides at once, but for contingency.
    pub(super) unready: u32,
    /// Whether SEFAZ cannot be reached.
    pub(super) contingency: bool,
}

/// All MDF-e, in the order of their emission.
#[derive(Default)]
pub(crate) struct Mdfes {
    all: Vec<Mdfe>,
    /// How many protocols SEFAZ has given.
    protocols: u64,
}

impl Mdfes {
    /// Takes a document; gives its place. Each emission is another MDF-e, whatever it says: the service knows no
    /// duplicates.
    pub(super) fn add(&mut self, body: Value, course: Course, now: SystemTime) -> usize {
        let Course { verdict, unready, contingency } = course;
        let emission = if contingency { key::CONTINGENCY } else { key::ORDINARY };
        let number = u32::try_from(self.all.len() + 1).expect("not so many");
        let [a, b, c, d, ..] = random();
        self.all.push(Mdfe {
            uuid: uuid(),
            key: key::key(local(now), number, emission, u32::from_ne_bytes([a, b, c, d])),
            series: key::SERIES,
            number,
            protocol: String::new(),
            state: MdfeState::Processing,
            reason: String::new(),
            body,
            drivers: Vec::new(),
            log: Vec::new(),
            verdict,
            unready,
            authorized_at: now,
        });
        let place = self.all.len() - 1;
        match unready {
            _ if contingency => self.postpone(place, MdfeState::Contingency, 108, SEFAZ_DOWN, now),
            0 => self.decide(place, now),
            _ => self.postpone(place, MdfeState::Processing, 105, "Arquivo em processamento", now),
        }
        place
    }

    /// Counts a query; says whether SEFAZ has decided in the meantime. With a rejection it has, and so.
    pub(super) fn ask(&mut self, place: usize, rejection: Option<Rejection>, now: SystemTime) -> bool {
        let mdfe = &mut self.all[place];
        if !mdfe.is_undecided() {
            return false;
        }
        match rejection {
            Some(_) => mdfe.verdict = rejection,
            None if mdfe.unready > 0 => {
                mdfe.unready -= 1;
                return false;
            }
            None => {}
        }
        self.decide(place, now);
        true
    }

    /// SEFAZ has not decided.
    fn postpone(&mut self, place: usize, state: MdfeState, code: u16, text: &str, now: SystemTime) {
        self.all[place].state = state;
        self.all[place].reason = text.to_owned();
        self.log(place, code, text, String::new(), now);
    }

    /// SEFAZ authorizes or rejects.
    pub(super) fn decide(&mut self, place: usize, now: SystemTime) {
        let mdfe = &mut self.all[place];
        if let Some(rejection) = mdfe.verdict.take() {
            mdfe.state = MdfeState::Rejected;
            mdfe.reason = rejection.to_string();
            self.log(place, rejection.code, &format!("Rejeição: {}", rejection.text), String::new(), now);
            return;
        }
        let protocol = self.next_protocol(now);
        let mdfe = &mut self.all[place];
        mdfe.state = MdfeState::Approved;
        mdfe.reason = "Autorizado o uso da MDF-e".to_owned();
        mdfe.protocol.clone_from(&protocol);
        mdfe.authorized_at = now;
        self.log(place, 100, "Autorizado o uso do MDF-e", protocol, now);
    }

    pub(super) fn close(&mut self, place: usize, now: SystemTime) -> Result<(), Rejection> {
        self.all[place].can_change()?;
        self.register(place, MdfeState::Closed, "MDF-e encerrada", now);
        Ok(())
    }

    /// Page: the reason of a cancellation is its justification.
    pub(super) fn cancel(&mut self, place: usize, justification: &str, now: SystemTime) -> Result<(), Rejection> {
        let mdfe = &self.all[place];
        mdfe.can_change()?;
        if now.duration_since(mdfe.authorized_at).is_ok_and(|age| age > CANCELLABLE) {
            return Err(Rejection::of(220));
        }
        self.register(place, MdfeState::Cancelled, justification, now);
        Ok(())
    }

    pub(super) fn add_driver(&mut self, place: usize, driver: Driver, now: SystemTime) -> Result<(), Rejection> {
        let mdfe = &mut self.all[place];
        mdfe.can_change()?;
        if !super::rules::is_by_road(&mdfe.body) {
            return Err(Rejection::of(644));
        }
        mdfe.drivers.push(driver);
        self.register(place, MdfeState::Approved, "Evento registrado e vinculado ao MDF-e.", now);
        Ok(())
    }

    /// SEFAZ takes an event.
    fn register(&mut self, place: usize, state: MdfeState, reason: &str, now: SystemTime) {
        let protocol = self.next_protocol(now);
        self.all[place].state = state;
        self.all[place].reason = reason.to_owned();
        self.log(place, 135, "Evento registrado e vinculado a MDF-e", protocol, now);
    }

    fn log(&mut self, place: usize, code: u16, text: &str, protocol: String, now: SystemTime) {
        let entry = LogEntry { code: code.to_string(), text: text.to_owned(), protocol, at: stamp(now) };
        self.all[place].log.push(entry);
    }

    /// 15 digits: 9, the state, the year, a number.
    fn next_protocol(&mut self, now: SystemTime) -> String {
        self.protocols += 1;
        format!("9{}{:02}{:010}", key::UF, local(now).year() % 100, self.protocols)
    }

    /// The place of the one with this UUID or key.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.all.iter().position(|mdfe| mdfe.uuid == name || mdfe.key == name)
    }

    pub(super) fn at(&self, place: usize) -> &Mdfe {
        &self.all[place]
    }

    /// The newest that is authorized and neither closed nor cancelled.
    pub(super) fn newest_open(&self) -> Option<&Mdfe> {
        self.all.iter().rfind(|mdfe| mdfe.state == MdfeState::Approved)
    }

    /// The places of those that SEFAZ has not decided on.
    pub(super) fn undecided(&self) -> Vec<usize> {
        (0..self.all.len()).filter(|place| self.all[*place].is_undecided()).collect()
    }

    pub(super) fn all(&self) -> Vec<Mdfe> {
        self.all.clone()
    }
}

fn random() -> [u8; 16] {
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("the system has random numbers");
    random
}

/// Of version 4 and of the variant of RFC 9562.
fn uuid() -> String {
    let number = u128::from_be_bytes(random()) & !(0xF << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{number:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// The time in Brasília.
fn local(time: SystemTime) -> OffsetDateTime {
    OffsetDateTime::from(time).to_offset(UtcOffset::from_hms(-3, 0, 0).expect("an offset"))
}

/// A time as SEFAZ writes it.
fn stamp(time: SystemTime) -> String {
    let time = local(time);
    format!("{}T{:02}:{:02}:{:02}-03:00", time.date(), time.hour(), time.minute(), time.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_says_what_it_is() {
        let uuid = uuid();
        let groups: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(&uuid[14..15], "4");
        assert!(["8", "9", "a", "b"].contains(&&uuid[19..20]), "{uuid}");
    }

    #[test]
    fn times_are_those_of_brasilia() {
        assert_eq!(stamp(SystemTime::UNIX_EPOCH), "1969-12-31T21:00:00-03:00");
    }
}
