//! The work that goes over the network: from cold, one by one, many at once, a ZIP, keys.

use anyhow::Result;

use super::distance::{Distance, ROUND_TRIP};
use super::documents::{BYTES, IN_ZIP, KEYS};
use super::measure::{Rig, Sample};
use super::peers::Peer;
use super::table::{Bar, Section, Table, decimals, ratio, time};

/// So many are sent one by one.
pub const ONE_BY_ONE: usize = 50;
/// So many are sent in one call.
const TOGETHER: usize = 4000;

/// The names of the library's ways in the tables (Portuguese).
const FUNCTIONS: &str = "**averbador**, `av_login`, `av_upload_file`, `av_consulta`";
const ALWAYS: &str = "**averbador**, `Averba` por documento, `sempre`";
const IF_MISSING: &str = "**averbador**, `Averba` por documento, `quando_faltar`";
const AT_PACE: &str = "**averbador**, o mesmo, `sempre`, a 10 envios por segundo";
const ALL_AT_ONCE: &str = "**averbador**, uma chamada de `Averba`";

/// How many round trips the PHP sample takes, and why.
const PHP_NOTE: &str = "\nO exemplo em PHP abre uma conexão por requisição, com três idas e voltas (TCP, TLS, requisição), e em cada envio gasta \
    mais uma: numa conexão nova o TCP deixa sair dez pacotes antes da primeira confirmação; o documento ocupa nove, e antes dele já saíram, \
    em pacotes próprios, o fim do TLS e o cabeçalho. São 353 idas e voltas nas 101 requisições de um processo e 500 nas 150 de um processo \
    por documento, contra 100 de quem mantém a conexão: 3,53 e 5 vezes, e o que passa disso é o tempo do próprio PHP. Fala-se HTTP/2 ou \
    HTTP/1.1, dá no mesmo.\n";

/// A client at some work.
struct Line {
    who: String,
    command: Vec<String>,
    /// Measured less often.
    slow: bool,
}

impl Line {
    fn new(who: &str, command: Vec<String>) -> Self {
        Self { who: who.to_owned(), command, slow: false }
    }
}

/// What was measured of one.
struct Row {
    who: String,
    sample: Sample,
}

/// Which time counts.
type Clock = fn(&Sample) -> f64;

const OUTSIDE: Clock = |sample| sample.wall;
const BEHIND_LOGIN: Clock = |sample| sample.inner;

/// What is done, and how it is measured.
struct Work {
    /// As the progress calls it.
    what: &'static str,
    distance: Distance,
    clock: Clock,
    files: Vec<String>,
    /// Whether the service must not know the documents.
    afresh: bool,
}

impl Work {
    fn new(what: &'static str, distance: Distance, clock: Clock, files: Vec<String>) -> Self {
        Self { what, distance, clock, files, afresh: true }
    }
}

/// The rows of a table.
struct Rows {
    rows: Vec<Row>,
    clock: Clock,
    distance: Distance,
}

impl Rows {
    /// Measures each of `lines` in turn, round by round, so that what disturbs disturbs all of them.
    fn measure(rig: &mut Rig, work: &Work, lines: &[Line]) -> Result<Self> {
        let Work { what, distance, clock, .. } = *work;
        let mut samples = vec![Vec::new(); lines.len()];
        for round in 0..rig.times {
            eprintln!("  {what}: {} of {}", round + 1, rig.times);
            for (line, samples) in lines.iter().zip(&mut samples) {
                if line.slow && round >= rig.times_if_slow {
                    continue;
                }
                let command: Vec<_> = line.command.iter().map(String::as_str).collect();
                if work.afresh {
                    rig.server.forget()?;
                }
                samples.push(rig.run(&command, distance, &work.files)?);
            }
        }
        let rows = lines
            .iter()
            .zip(&samples)
            .map(|(line, samples)| Row { who: line.who.clone(), sample: Sample::median(samples) });
        Ok(Self { rows: rows.collect(), clock, distance })
    }

    /// The time of the one with this name, if it was measured.
    fn seconds(&self, who: &str) -> Option<f64> {
        self.rows.iter().find(|row| row.who == who).map(|row| (self.clock)(&row.sample))
    }

    /// These rows, if they were measured at a distance.
    fn if_far(self) -> Option<Self> {
        (self.distance == Distance::Far).then_some(self)
    }

    /// The table, each compared with `reference`; `floor`: so many round trips cannot be avoided.
    fn table(&self, reference: &str, floor: Option<f64>) -> String {
        let mut table = Table::new(&[
            "Quem",
            "Tempo",
            "Idas e voltas",
            "× averbador",
            "CPU",
            "Memória",
            "Requisições",
            "Conexões",
            "TLS completos",
            "TLS retomados",
            "CPU do servidor",
        ]);
        let reference = self.seconds(reference);
        for Row { who, sample } in &self.rows {
            let seconds = (self.clock)(sample);
            let counts = [sample.requests, sample.connections, sample.full_handshakes, sample.resumed_handshakes];
            let first = [
                who.clone(),
                time(seconds),
                self.trips(seconds),
                ratio(Some(seconds), reference).map_or_else(String::new, |ratio| decimals(ratio, 2)),
                time(sample.cpu),
                format!("{} MB", decimals(sample.peak_kb / 1024.0, 1)),
            ];
            let counts = counts.map(|count| decimals(count, 0));
            table.row(first.into_iter().chain(counts).chain([time(sample.server_cpu)]));
        }
        if let Some(trips) = floor.filter(|_| self.distance == Distance::Far) {
            let seconds = trips * ROUND_TRIP.as_secs_f64();
            let first = ["piso aritmético".to_owned(), time(seconds), decimals(trips, 1)];
            let against = ratio(Some(seconds), reference).map_or_else(String::new, |ratio| decimals(ratio, 2));
            table.row(first.into_iter().chain([against]).chain(std::iter::repeat_n(String::new(), 7)));
        }
        table.markdown()
    }

    fn trips(&self, seconds: f64) -> String {
        match self.distance {
            Distance::Far => decimals(seconds / ROUND_TRIP.as_secs_f64(), 1),
            Distance::None => "–".to_owned(),
        }
    }
}

/// The peers at this work.
fn peers(rig: &Rig, peers: &[Peer], work: &str, slow: bool) -> Result<Vec<Line>> {
    let line = |&peer: &Peer| {
        let command = rig.programs.peer(peer, work)?;
        Ok(Line { slow: slow && peer.is_slow(), ..Line::new(peer.name(), command) })
    };
    peers.iter().map(line).collect()
}

/// What a place is called in the titles.
fn place(distance: Distance) -> &'static str {
    match distance {
        Distance::Far => "A 40 ms (ida e volta)",
        Distance::None => "Sem distância",
    }
}

/// From cold: process, library, login, upload, consulta.
pub fn cold(rig: &mut Rig, available: &[Peer]) -> Result<Section> {
    let mut text =
        "Um processo que começa, carrega a biblioteca, faz login, envia um CT-e e consulta o número. Tempo medido por \
                    fora, do início ao fim do processo.\n"
            .to_owned();
    let mut far = None;
    for &distance in rig.server.distances() {
        let own = [
            Line::new(FUNCTIONS, rig.programs.host("averbador", "endorse")?),
            Line::new(ALL_AT_ONCE, rig.programs.host("averbador", "together")?),
        ];
        let all: Vec<_> = own
            .into_iter()
            .chain(peers(rig, available, "endorse", false)?)
            .filter(|line| line.who != Peer::PhpEach.name())
            .collect();
        let files = rig.documents.files(1);
        let rows = Rows::measure(rig, &Work::new("cold", distance, OUTSIDE, files), &all)?;
        text += &format!("\n### {}\n\n{}", place(distance), rows.table(FUNCTIONS, Some(5.0)));
        far = far.or(rows.if_far());
    }
    let seconds = |who: &str| far.as_ref()?.seconds(who);
    let (own, rustls, php) = (seconds(FUNCTIONS), seconds(Peer::Rustls.name()), seconds(Peer::Php.name()));
    let bars = vec![
        Bar::at_most("Frio, 40 ms: tempo em relação ao rustls puro", 1.15, ratio(own, rustls), "×"),
        Bar::at_least("Frio, 40 ms: mais rápido que o exemplo em PHP", 2.0, ratio(php, own), "×"),
    ];
    Ok(Section { title: "Partida a frio", text, bars })
}

/// One by one on a live session.
pub fn one_by_one(rig: &mut Rig, available: &[Peer]) -> Result<Section> {
    let mut text = format!(
        "{ONE_BY_ONE} CT-e de {} bytes, um depois do outro, cada um enviado e consultado. Tempo medido pelo próprio programa, \
         depois do login (no PHP, que faz login com o primeiro envio, desde o início). Nas linhas do averbador \
         `porto.uploads_por_segundo` é 100, menos na última, que tem o ritmo do serviço, 10 envios por segundo.\n",
        decimals(BYTES as f64, 0)
    );
    text += PHP_NOTE;
    let mut far = None;
    for &distance in rig.server.distances() {
        let host = |work| rig.programs.host("averbador", work);
        let own = [
            Line::new(ALWAYS, host("sempre")?),
            Line::new(IF_MISSING, host("quando_faltar")?),
            Line::new(FUNCTIONS, host("endorse")?),
            Line::new(AT_PACE, host("ritmo")?),
        ];
        let slow = distance == Distance::Far;
        let all: Vec<_> = own.into_iter().chain(peers(rig, available, "endorse", slow)?).collect();
        let files = rig.documents.files(ONE_BY_ONE);
        let rows = Rows::measure(rig, &Work::new("one by one", distance, BEHIND_LOGIN, files), &all)?;
        text += &format!("\n### {}\n\n{}", place(distance), rows.table(ALWAYS, Some(2.0 * ONE_BY_ONE as f64)));
        far = far.or(rows.if_far());
    }
    let seconds = |who: &str| far.as_ref()?.seconds(who);
    rig.php_document = seconds(Peer::Php.name()).map(|seconds| seconds / ONE_BY_ONE as f64);
    Ok(Section { title: "50 CT-e, um por um", text, bars: one_by_one_bars(seconds) })
}

fn one_by_one_bars(seconds: impl Fn(&str) -> Option<f64>) -> Vec<Bar> {
    let (always, if_missing) = (seconds(ALWAYS), seconds(IF_MISSING));
    let (rustls, php) = (seconds(Peer::Rustls.name()), seconds(Peer::Php.name()));
    let each = seconds(Peer::PhpEach.name());
    vec![
        Bar::at_most("50 um por um, 40 ms, `sempre`: em relação ao rustls puro", 1.05, ratio(always, rustls), "×"),
        Bar::at_least("O mesmo: mais rápido que o PHP em um processo", 3.4, ratio(php, always), "×"),
        Bar::at_least("O mesmo: mais rápido que o PHP por documento", 5.5, ratio(each, always), "×"),
        Bar::at_most("`quando_faltar`: em relação ao rustls puro com consulta", 0.525, ratio(if_missing, rustls), "×"),
    ]
}

/// Thousands in one call.
pub fn together(rig: &mut Rig) -> Result<Section> {
    let mut text = format!(
        "{} CT-e numa só chamada de `Averba`: lidos, consultados, enviados em ZIPs de {IN_ZIP} e consultados de novo. Tempo medido \
         por fora.\n",
        decimals(TOGETHER as f64, 0)
    );
    let php = rig.php_document.map(|seconds| seconds * TOGETHER as f64);
    let mut far = None;
    for &distance in rig.server.distances() {
        let own = [Line::new(ALL_AT_ONCE, rig.programs.host("averbador", "together")?)];
        let files = rig.documents.files(TOGETHER);
        let rows = Rows::measure(rig, &Work::new("4,000 together", distance, OUTSIDE, files), &own)?;
        text += &format!("\n### {}\n\n{}", place(distance), rows.table(ALL_AT_ONCE, None));
        if let Some(php) = php.filter(|_| distance == Distance::Far) {
            text += &format!("\nO exemplo em PHP, num processo, levaria {} (medido com 50).\n", time(php));
        }
        far = far.or(rows.if_far());
    }
    let own = far.and_then(|rows| rows.seconds(ALL_AT_ONCE));
    let bars = vec![Bar::at_least("4.000 numa chamada, 40 ms: mais rápido que o PHP", 200.0, ratio(php, own), "×")];
    Ok(Section { title: "4.000 CT-e numa chamada", text, bars })
}

/// A ZIP.
pub fn zip(rig: &mut Rig) -> Result<Section> {
    let mut text = format!(
        "Um ZIP de {IN_ZIP} CT-e: login, envio do ZIP e uma consulta das {IN_ZIP} chaves. Tempo medido por fora. `Averba` faz \
         mais: abre o ZIP, consulta antes o que já está averbado e empacota de novo só o que falta.\n"
    );
    let mut far = None;
    for &distance in rig.server.distances() {
        let host = |work| rig.programs.host("averbador", work);
        let own = [Line::new(FUNCTIONS, host("endorse")?), Line::new(ALL_AT_ONCE, host("together")?)];
        let all: Vec<_> = own.into_iter().chain(peers(rig, &[Peer::Rustls], "endorse", false)?).collect();
        let rows = Rows::measure(rig, &Work::new("ZIP", distance, OUTSIDE, vec!["lote.zip".to_owned()]), &all)?;
        text += &format!("\n### {}\n\n{}", place(distance), rows.table(FUNCTIONS, Some(5.0)));
        far = far.or(rows.if_far());
    }
    let seconds = |who: &str| far.as_ref()?.seconds(who);
    let value = ratio(seconds(FUNCTIONS), seconds(Peer::Rustls.name()));
    let bars = vec![Bar::at_most("ZIP de 400, 40 ms: em relação ao rustls puro", 1.1, value, "×")];
    Ok(Section { title: "Um ZIP de 400", text, bars })
}

/// Keys that are asked for.
pub fn keys(rig: &mut Rig) -> Result<Section> {
    let mut text = format!(
        "{} chaves consultadas numa chamada de `Consulta`, em requisições de até {IN_ZIP} chaves. Tempo medido por fora.\n",
        decimals(KEYS as f64, 0)
    );
    for &distance in rig.server.distances() {
        let own = Line::new("**averbador**, `Consulta`", rig.programs.host("averbador", "endorse")?);
        let reference = own.who.clone();
        let all: Vec<_> = [own].into_iter().chain(peers(rig, &[Peer::Rustls], "endorse", false)?).collect();
        rig.endorse_first(KEYS)?;
        let work = Work::new("keys", distance, OUTSIDE, vec!["chaves.txt".to_owned()]);
        let rows = Rows::measure(rig, &Work { afresh: false, ..work }, &all)?;
        text += &format!("\n### {}\n\n{}", place(distance), rows.table(&reference, Some(6.0)));
    }
    Ok(Section { title: "1.000 chaves consultadas", text, bars: Vec::new() })
}
