//! What calls cost where there is no distance: an upload, a look into a reply, the reading of a document.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::distance::Distance;
use super::measure::{Rig, median, number, told};
use super::peers::Peer;
use super::table::{Bar, Section, Table, decimals, ratio};
use crate::process::{cargo, quiet};
use crate::{root, windows};

/// So many uploads are compared with one.
const UPLOADS: usize = 400;

/// Those whose uploads are measured.
const PEERS: [Peer; 3] = [Peer::Rustls, Peer::Libcurl, Peer::Requests];

/// The micro-benchmarks that the page shows: their names, and what is read.
const READINGS: [(&str, &str); 4] = [
    ("document/xml", "CT-e de 11,7 KB: XML verificado e lido"),
    ("document/key", "chave de acesso: lida e conferida"),
    ("answer/upload", "resposta de um envio"),
    ("answer/consulta", "resposta de uma consulta de 400 chaves"),
];

/// What an upload takes of one client.
struct Uploads {
    who: &'static str,
    /// In a second, on one connection.
    rate: f64,
    /// Seconds of processor time each.
    cpu: f64,
}

/// The cost of calls.
pub fn calls(rig: &mut Rig, available: &[Peer]) -> Result<Section> {
    let uploads = uploads(rig, available)?;
    let text = format!(
        "{UPLOADS} envios numa conexão, um depois do outro, sem consulta e sem distância. CPU é a do cliente: a de {UPLOADS} envios \
         menos a de um, por envio. O averbador envia em rajadas de 100, e as pausas entre elas não contam: mais por segundo ele não \
         deixa passar.\n\n{}\n### Chamadas que não saem da máquina\n\n{}\n### Leitura\n\nPor `cargo bench --bench document`.\n\n{}",
        uploads_table(&uploads),
        local_calls(rig)?,
        readings()?,
    );
    let of = |who: &str, value: fn(&Uploads) -> f64| uploads.iter().find(|uploads| uploads.who == who).map(value);
    let (own, libcurl) = (uploads[0].who, Peer::Libcurl.name());
    let cpu = ratio(of(own, |uploads| uploads.cpu), of(libcurl, |uploads| uploads.cpu));
    let rate = ratio(of(own, |uploads| uploads.rate), of(libcurl, |uploads| uploads.rate));
    let bars = vec![
        Bar::at_most("Envio sem distância: CPU em relação à libcurl", 0.7, cpu, "×"),
        Bar::at_least("Envio sem distância: envios por segundo em relação à libcurl", 1.5, rate, "×"),
    ];
    Ok(Section { title: "O custo de uma chamada", text, bars })
}

fn uploads(rig: &mut Rig, available: &[Peer]) -> Result<Vec<Uploads>> {
    let mut clients = vec![("**averbador**, `av_upload_file`", rig.programs.host("averbador", "upload")?)];
    for peer in PEERS.into_iter().filter(|peer| available.contains(peer)) {
        clients.push((peer.name(), rig.programs.peer(peer, "upload")?));
    }
    let mut samples = vec![Vec::new(); clients.len()];
    for round in 0..rig.times {
        eprintln!("  uploads: {} of {}", round + 1, rig.times);
        for ((_, client), samples) in clients.iter().zip(&mut samples) {
            let client: Vec<_> = client.iter().map(String::as_str).collect();
            let mut run = |count| {
                rig.server.forget()?;
                rig.run(&client, Distance::None, &rig.documents.files(count))
            };
            samples.push((run(1)?, run(UPLOADS)?));
        }
    }
    let more = (UPLOADS - 1) as f64;
    let uploads = clients.iter().zip(&samples).map(|((who, _), samples)| Uploads {
        who,
        rate: median(samples.iter().map(|(one, all)| more / (all.inner - one.inner))),
        cpu: median(samples.iter().map(|(one, all)| (all.cpu - one.cpu) / more)),
    });
    Ok(uploads.collect())
}

fn uploads_table(uploads: &[Uploads]) -> String {
    let mut table = Table::new(&["Quem", "Envios por segundo", "CPU por envio"]);
    for Uploads { who, rate, cpu } in uploads {
        table.row([(*who).to_owned(), decimals(*rate, 0), format!("{} µs", decimals(cpu * 1e6, 0))]);
    }
    table.markdown()
}

fn local_calls(rig: &Rig) -> Result<String> {
    let program = rig.programs.program("field");
    let runs: Vec<Value> =
        (0..rig.times).map(|_| told(Command::new(&program).arg(&rig.programs.library))).collect::<Result<_>>()?;
    let of = |name| median(runs.iter().filter_map(|run| number(run, name).ok()));
    let mut table = Table::new(&["Chamada", "Tempo"]);
    for (what, name) in [
        ("`av_field` de um valor numa resposta de 250 bytes", "field_ns"),
        ("`av_execute` de um pedido recusado por falta de chave", "execute_ns"),
    ] {
        table.row([what.to_owned(), format!("{} µs", decimals(of(name) / 1000.0, 2))]);
    }
    Ok(table.markdown())
}

/// The micro-benchmarks of reading, run and taken from what criterion has written.
fn readings() -> Result<String> {
    eprintln!("  micro-benchmarks");
    let mut bench = cargo();
    quiet(bench.args(["bench", "--package", "averbador", "--bench", "document", "--", "--quick"]))?;
    let mut table = Table::new(&["O quê", "Tempo", "Vazão"]);
    for (name, what) in READINGS {
        let (nanoseconds, bytes) = reading(name)?;
        let rate =
            bytes.map_or_else(|| "–".to_owned(), |bytes| format!("{} MB/s", decimals(bytes * 1000.0 / nanoseconds, 0)));
        table.row([what.to_owned(), format!("{} µs", decimals(nanoseconds / 1000.0, 2)), rate]);
    }
    Ok(table.markdown())
}

/// The mean of one, in nanoseconds, and how many bytes are read in that time.
fn reading(name: &str) -> Result<(f64, Option<f64>)> {
    let folder = windows::target_dir(&root()).join("criterion").join(name).join("new");
    let json = |file: &str| -> Result<Value> {
        let path = folder.join(file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    };
    let estimates = json("estimates.json")?;
    let mean = estimates.pointer("/mean/point_estimate").and_then(Value::as_f64).context("no mean")?;
    Ok((mean, json("benchmark.json")?.pointer("/throughput/Bytes").and_then(Value::as_f64)))
}
