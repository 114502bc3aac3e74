//! Uploads at the same time: on a connection for each, as HTTP/1.1 needs it, or all on one, as HTTP/2 allows it.

use anyhow::Result;

use super::distance::{Distance, ROUND_TRIP};
use super::measure::{Rig, Sample};
use super::table::{Section, Table, decimals, time};

/// So many are sent, eight at a time.
const UPLOADS: usize = 64;

/// The versions of HTTP: as `curl` calls them, and in the table.
const VERSIONS: [(&str, &str); 2] = [("http1.1", "HTTP/1.1"), ("http2", "HTTP/2")];

/// What makes the difference, and what follows from it (Portuguese).
const CONCLUSION: &str = " A diferença é o começo. Por HTTP/1.1 há oito conexões, cada uma com a sua janela de congestionamento, que se \
    abre com dez pacotes, e um documento ocupa nove. Por HTTP/2 os oito envios dividem uma só janela, e as primeiras idas e voltas são o \
    *slow start* dela. O que o HTTP/2 poupa são sete handshakes, que custam CPU, mas correm ao mesmo tempo. Por isso o averbador fica com \
    o HTTP/1.1: um documento depois do outro usa uma conexão só por qualquer das versões, threads ao mesmo tempo têm uma cada (*Oito \
    threads ao mesmo tempo*), e o serviço aceita 10 envios por segundo, de modo que 64 levam mais de 6 s de qualquer modo.\n";

/// The uploads by either version, at a distance.
pub fn parallel(rig: &mut Rig) -> Result<Section> {
    let files = rig.documents.files(UPLOADS);
    let mut samples = vec![Vec::new(); VERSIONS.len()];
    for round in 0..rig.times {
        eprintln!("  8 uploads at a time: {} of {}", round + 1, rig.times);
        for ((version, _), samples) in VERSIONS.iter().zip(&mut samples) {
            let client = rig.programs.parallel_curl(version)?;
            rig.server.forget()?;
            samples.push(rig.run(&client.iter().map(String::as_str).collect::<Vec<_>>(), Distance::Far, &files)?);
        }
    }
    let medians: Vec<_> = samples.iter().map(|samples| Sample::median(samples)).collect();
    let text = format!(
        "{UPLOADS} CT-e enviados a 40 ms, oito ao mesmo tempo, pelo `curl` da linha de comando num só processo (`--parallel \
         --parallel-max 8`), uma vez por HTTP/1.1 e outra por HTTP/2. Tempo medido depois do login, que é um processo, uma requisição e \
         uma conexão à parte, incluídos nas outras colunas.\n\n{}\nPor HTTP/2 levam {} vezes o tempo que levam por HTTP/1.1.{CONCLUSION}",
        table(&medians),
        decimals(medians[1].inner / medians[0].inner, 2)
    );
    Ok(Section { title: "HTTP/2 ou HTTP/1.1", text, bars: Vec::new() })
}

fn table(medians: &[Sample]) -> String {
    let mut table = Table::new(&[
        "Versão",
        "Tempo",
        "Idas e voltas",
        "Requisições",
        "Conexões",
        "CPU do cliente",
        "CPU do servidor",
    ]);
    for ((_, name), sample) in VERSIONS.iter().zip(medians) {
        table.row([
            (*name).to_owned(),
            time(sample.inner),
            decimals(sample.inner / ROUND_TRIP.as_secs_f64(), 1),
            decimals(sample.requests, 0),
            decimals(sample.connections, 0),
            time(sample.cpu),
            time(sample.server_cpu),
        ]);
    }
    table.markdown()
}
