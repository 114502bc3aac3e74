//! Many threads of the caller at once.

use std::{fs, thread};

use anyhow::{Context, Result, ensure};

use super::distance::Distance;
use super::documents::IN_ZIP;
use super::measure::{Rig, median};
use super::table::{Bar, Section, Table, decimals};

/// So many threads ask at once.
const THREADS: [usize; 4] = [1, 2, 4, 8];

/// How much of a core must be in use for it to be full.
const FULL: f64 = 0.85;

/// What part of the machine others may use while it is measured whether the cores are full.
const OTHERS: f64 = 0.1;

/// What came of one number of threads.
struct Row {
    threads: usize,
    /// Consultas in a second.
    rate: f64,
    /// Cores that the client kept at work.
    client: f64,
    /// Cores that the server kept at work; it has one thread.
    server: f64,
    connections: f64,
    /// The part of all cores that was in use, by whomever.
    busy: f64,
}

/// Consultas from 1 to 8 threads.
pub fn threads(rig: &mut Rig) -> Result<Section> {
    let mut text = "Consultas de uma chave feitas por várias threads ao mesmo tempo, cada uma com a sua parte. (Envios não servem: a \
                    biblioteca não deixa passar mais de 100 por segundo.) O servidor tem uma thread só. Se outros programas ocupam mais \
                    de 10 % da máquina, não se pode dizer se os núcleos se enchem, e a meta fica sem medida.\n"
        .to_owned();
    let (mut far, mut near) = (None, None);
    for &distance in rig.server.distances() {
        let (title, requests) = match distance {
            Distance::Far => ("A 40 ms (ida e volta)", 160),
            Distance::None => ("Sem distância", 8000),
        };
        let rows = measure(rig, distance, requests)?;
        text += &format!("\n### {title}\n\n{}", table(&rows));
        match distance {
            Distance::Far => far = Some(times_one(&rows)),
            Distance::None => near = occupation(&rows),
        }
    }
    let bars = vec![
        Bar::at_least("8 threads, 40 ms: vezes o que uma faz", 8.0 * FULL, far, "×"),
        Bar::at_least(
            "8 threads, sem distância: ocupação dos núcleos (ou da thread do servidor)",
            FULL * 100.0,
            near,
            "%",
        ),
    ];
    Ok(Section { title: "Oito threads ao mesmo tempo", text, bars })
}

fn measure(rig: &mut Rig, distance: Distance, requests: usize) -> Result<Vec<Row>> {
    rig.endorse_first(IN_ZIP)?;
    let files: Vec<_> = rig.documents.files(IN_ZIP).into_iter().cycle().take(requests).collect();
    let mut rows = Vec::new();
    for threads in THREADS {
        eprintln!("  {threads} threads");
        let host = rig.programs.host("threads", &threads.to_string())?;
        let host: Vec<_> = host.iter().map(String::as_str).collect();
        let mut runs = Vec::new();
        for _ in 0..rig.times {
            let before = Ticks::now()?;
            let sample = rig.run(&host, distance, &files)?;
            runs.push((sample, Ticks::now()?.busy_since(&before)));
        }
        rows.push(Row {
            threads,
            rate: median(runs.iter().map(|(sample, _)| requests as f64 / sample.inner)),
            client: median(runs.iter().map(|(sample, _)| sample.cpu / sample.wall)),
            server: median(runs.iter().map(|(sample, _)| sample.server_cpu / sample.wall)),
            connections: median(runs.iter().map(|(sample, _)| sample.connections)),
            busy: median(runs.iter().map(|&(_, busy)| busy)),
        });
    }
    Ok(rows)
}

fn table(rows: &[Row]) -> String {
    let mut table = Table::new(&[
        "Threads",
        "Consultas por segundo",
        "× uma thread",
        "Núcleos do cliente",
        "Núcleos do servidor",
        "Máquina ocupada",
        "Conexões",
    ]);
    for row in rows {
        table.row([
            row.threads.to_string(),
            decimals(row.rate, 0),
            decimals(row.rate / rows[0].rate, 2),
            decimals(row.client, 2),
            decimals(row.server, 2),
            format!("{} %", decimals(row.busy * 100.0, 0)),
            decimals(row.connections, 0),
        ]);
    }
    table.markdown()
}

/// How many times as much as one thread the most do: at a distance eight times, for eight.
fn times_one(rows: &[Row]) -> f64 {
    rows[rows.len() - 1].rate / rows[0].rate
}

/// How full the most threads have the cores or the server's thread, in percent: without a distance that is the bound. `None` if
/// others fill cores, which then say nothing.
fn occupation(rows: &[Row]) -> Option<f64> {
    let most = &rows[rows.len() - 1];
    let cores = thread::available_parallelism().map_or(1, usize::from) as f64;
    let own = (most.client + most.server) / cores;
    (most.busy - own <= OTHERS).then(|| most.busy.max(most.server) * 100.0)
}

/// What the system's cores have spent their time with, in its ticks.
struct Ticks {
    all: f64,
    idle: f64,
}

impl Ticks {
    fn now() -> Result<Self> {
        let text = fs::read_to_string("/proc/stat")?;
        let line = text.lines().next().and_then(|line| line.strip_prefix("cpu ")).context("no line for all cores")?;
        let times: Vec<f64> = line.split_whitespace().filter_map(|time| time.parse().ok()).collect();
        // User, nice, system, idle, waiting for a disk.
        ensure!(times.len() > 4, "/proc/stat is another than expected");
        Ok(Self { all: times.iter().sum(), idle: times[3] + times[4] })
    }

    /// The part of the time since `before` in which they were not idle.
    fn busy_since(&self, before: &Self) -> f64 {
        1.0 - (self.idle - before.idle) / (self.all - before.all).max(1.0)
    }
}
