//! A process that does nothing, with the library in it; and the largest memory that many documents take.

use std::thread;

use anyhow::{Context, Result};
use serde_json::Value;
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER};

use super::distance::Distance;
use super::measure::{Rig, Sample, median, number, told};
use super::table::{Bar, Section, Table, decimals};

/// An idle process.
pub fn idle(rig: &mut Rig) -> Result<Section> {
    eprintln!("  idle for 10 s");
    let runs = run(rig)?;
    let of = |name| median(runs.iter().filter_map(|run| number(run, name).ok()));
    let (threads, after) = (of("threads"), of("threads_after_shutdown"));
    let memory = of("memory_kb") / 1024.0;
    let cpu = of("cpu") * 1000.0;
    let mut table = Table::new(&["O quê", "Valor"]);
    for (what, value) in [
        ("threads da biblioteca", decimals(threads, 0)),
        ("memória acima do programa vazio", format!("{} MB", decimals(memory, 1))),
        ("CPU em 10 s", format!("{} ms", decimals(cpu, 2))),
        ("threads depois de `av_shutdown`", decimals(after, 0)),
        ("memória depois de `av_shutdown`", format!("{} MB", decimals(of("memory_after_shutdown_kb") / 1024.0, 1))),
    ] {
        table.row([what.to_owned(), value]);
    }
    let text = format!(
        "Um processo que fez login, um envio e uma consulta, e que depois não faz nada por 10 segundos. A memória é a que veio a mais \
         desde antes de carregar a biblioteca, incluídas as páginas do próprio arquivo dela.\n\n{}",
        table.markdown()
    );
    let bars = vec![
        Bar::at_most("Parado: CPU em 10 s (0 %)", 1.0, Some(cpu), "ms"),
        Bar::at_most("Parado: threads", 2.0, Some(threads), ""),
        Bar::at_most("Parado: memória acima do programa vazio", 8.0, Some(memory), "MB"),
        Bar::at_most("Depois de `av_shutdown`: threads", 0.0, Some(after), ""),
    ];
    Ok(Section { title: "Um processo parado", text, bars })
}

/// All at the same time: they do nothing but wait.
fn run(rig: &mut Rig) -> Result<Vec<Value>> {
    rig.server.forget()?;
    let files = rig.documents.files(rig.times);
    let run = |file: &String| {
        let mut command = rig.server.client(Distance::None, &rig.programs.program("idle"));
        command.arg(&rig.programs.library).arg(&rig.server.url).arg(&rig.server.ca);
        told(command.args([DEFAULT_USER, DEFAULT_PASSWORD]).arg(rig.documents.folder.join(file)))
    };
    thread::scope(|scope| {
        let runs: Vec<_> = files.iter().map(|file| scope.spawn(|| run(file))).collect();
        runs.into_iter().map(|run| run.join().ok().context("a measurement has panicked")?).collect()
    })
}

/// The numbers of documents whose peak is taken.
const DOCUMENTS: [usize; 3] = [1000, 4000, 10_000];
/// So many bytes each document may add to the peak: its name, its key, its numbers and its part of the reply.
const PER_DOCUMENT: f64 = 2048.0;

/// The peak of many documents in one call.
pub fn memory(rig: &mut Rig) -> Result<Section> {
    let mut table = Table::new(&["CT-e numa chamada", "Pico de memória", "Tempo", "CPU"]);
    let host = rig.programs.host("averbador", "together")?;
    let host: Vec<_> = host.iter().map(String::as_str).collect();
    let mut peaks = Vec::new();
    for count in DOCUMENTS {
        let mut samples = Vec::new();
        for round in 0..rig.times {
            eprintln!("  {count} documents: {} of {}", round + 1, rig.times);
            rig.server.forget()?;
            samples.push(rig.run(&host, Distance::None, &rig.documents.files(count))?);
        }
        let sample = Sample::median(&samples);
        peaks.push(sample.peak_kb * 1024.0);
        table.row([
            decimals(count as f64, 0),
            format!("{} MB", decimals(sample.peak_kb / 1024.0, 1)),
            super::table::time(sample.wall),
            super::table::time(sample.cpu),
        ]);
    }
    let last = DOCUMENTS.len() - 1;
    let growth = (peaks[last] - peaks[0]) / (DOCUMENTS[last] - DOCUMENTS[0]) as f64;
    let text = format!(
        "O pico de todo o processo, com o programa que chama. Documento nenhum fica na memória; o que cresce é a lista dos nomes e a \
         própria resposta, {} bytes por documento.\n\n{}",
        decimals(growth, 0),
        table.markdown()
    );
    let bars = vec![
        Bar::at_most("10.000 CT-e numa chamada: pico", 60.0, Some(peaks[last] / 1024.0 / 1024.0), "MB"),
        Bar::at_most("O mesmo: crescimento por documento", PER_DOCUMENT, Some(growth), "bytes"),
    ];
    Ok(Section { title: "Memória", text, bars })
}
