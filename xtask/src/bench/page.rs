//! The page: what was measured, with the machine that it was measured on. In Portuguese, for whoever decides on the library.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::measure::Rig;
use super::peers::Peer;
use super::table::{Section, Table, bars};
use crate::process::quiet;
use crate::root;
use crate::setup::Missing;

const BEGINNING: &str = "\
# Desempenho

<!-- Escrito por `cargo xtask bench`: não edite à mão. -->

O averbador ao lado de outros clientes, no mesmo trabalho: as mesmas requisições, ao mesmo servidor, na mesma rodada. O servidor é o \
simulador do AverbePorto deste repositório, com TLS 1.3, num processo próprio. Ele oferece HTTP/2 e HTTP/1.1, como um serviço atrás do \
Cloudflare, e cada cliente escolhe: o `curl`, a libcurl e o PHP falam HTTP/2; os outros, entre eles o averbador e o rustls puro, \
HTTP/1.1. É ele que conta as requisições, as conexões e os handshakes de TLS, completos e retomados. Cada programa é medido por vez, \
rodada após rodada, para que uma perturbação da máquina atinja todos; cada valor é a mediana.

A distância é uma rede de verdade (`tests/peers/wire.c`): dois espaços de rede do Linux, cada um com um dispositivo TUN, e cada pacote \
de um ao outro fica retido 20 ms. O TCP é o do próprio sistema, com o estabelecimento da conexão, o *slow start* e as confirmações; \
pacote nenhum se perde, a janela de recepção basta desde o começo, e a vazão não tem limite. O piso aritmético é o número de idas e voltas \
sem as quais não se faz o trabalho, vezes 40 ms; nele não se conta o que o *slow start* acrescenta ao que não cabe em dez pacotes.

Os programas comparados estão em `tests/peers/`: o exemplo em PHP da documentação da seguradora, digitado; o `curl` da linha de comando; \
a libcurl em C, com a conexão mantida; a `requests.Session` do Python; um cliente em Free Pascal; e, como o melhor possível, rustls e um \
socket, com cada requisição escrita à mão de uma vez só. O exemplo em PHP e o cliente em Free Pascal não verificam o certificado, e por \
isso fazem menos que os outros. O averbador é a biblioteca de verdade, compilada em release e carregada por nome.
";

/// What stands in the way of the bars that are not held.
const NOT_HELD: &str = "
## As metas que não se cumprem, ou por pouco

**50 um por um, contra o PHP por documento.** São 500 idas e voltas contra 100, e o que passa de 5 vezes é o começo de 50 processos do \
PHP: uns 40 ms cada, mais ou menos conforme a máquina. Onde ele começa depressa, nem o rustls puro, o melhor possível, chega aos 5,5.

**Envios por segundo, contra a libcurl.** Não se cumpre. O serviço aceita 10 por segundo e retarda quem passa disso: é tudo o que se \
pode enviar, e uma thread já faz centenas de vezes tanto.

**CPU por envio, contra a libcurl.** Não se cumpre. O averbador confere o documento antes de enviar (o XML inteiro, a chave, o \
modelo, a autorização, o ambiente), o que a libcurl não faz: contadas com o valgrind, são 57 de cada 100 instruções de um envio. \
Outras 34 são do HTTP com TLS, por uma biblioteca que dá prazo a cada fase e diz, de uma resposta que não veio, se algo chegou a \
sair. O resto é o JSON do pedido e da resposta, o arquivo, e apagar a memória antes de devolvê-la. Ainda que a conferência nada \
custasse, seriam uns três quartos do que gasta a libcurl. Só um HTTP e um leitor de XML feitos à mão ficariam abaixo da meta, e \
disso a casa abre mão: prefere bibliotecas bem cuidadas, mesmo mais lentas. Aos 10 envios por segundo do serviço, o custo todo é de \
dois milésimos de um núcleo.

## O que não se fez

**Retomar sessões de TLS de um ajuste para outro.** No TLS 1.3 retomar não poupa ida e volta, só CPU, e uma sessão retomada não \
confere de novo o certificado: depois de mudar `ca_pem`, seria um erro. Conexões dos mesmos ajustes retomam.

**Conectar enquanto o arquivo é lido.** Ler o arquivo de um CT-e leva um centésimo de milésimo de segundo, e a conexão já está aberta desde \
o login.
";

/// The whole page.
pub fn page(sections: &[Section], missing: &[Missing], rig: &Rig) -> Result<String> {
    let Rig { times, times_if_slow: if_slow, .. } = rig;
    let mut page = format!("{BEGINNING}\n{}", machine(&rig.load)?);
    page += &format!(
        "\nMedianas de {times} medições; de {if_slow} para o que leva muito tempo (PHP, `curl` e Free Pascal, 50 documentos a 40 ms).\n"
    );
    page += &left_out(missing);
    page += &without_distance(rig.no_distance.as_deref());
    page += &format!("\n## Metas\n\n{}", bars(sections.iter().flat_map(|section| &section.bars)));
    page += NOT_HELD;
    for Section { title, text, .. } in sections {
        page += &format!("\n## {title}\n\n{text}");
    }
    Ok(page)
}

/// Who could not be measured, and why.
fn left_out(missing: &[Missing]) -> String {
    let absent = Peer::ALL.into_iter().filter_map(|peer| Some((peer, peer.obstacle(missing)?)));
    let lines: Vec<_> =
        absent.map(|(peer, why)| format!("- {}: {}", peer.name(), why.lines().next().unwrap_or(""))).collect();
    match lines.is_empty() {
        true => String::new(),
        false => format!("\nFicaram de fora, porque não puderam ser instalados:\n\n{}\n", lines.join("\n")),
    }
}

/// Why nothing was measured at a distance, if so, and how it can be.
fn without_distance(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| {
        format!(
            "\nNada foi medido a 40 ms: {reason}. Os espaços de rede são do root: `cargo xtask bench` como root ou, onde `/dev/net/tun` é de \
             todos, `unshare --map-root-user cargo xtask bench`.\n"
        )
    })
}

/// When, and on which machine with which programs.
fn machine(load: &str) -> Result<String> {
    let mut table = Table::new(&["Máquina", ""]);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for (what, value) in [
        ("Data", quiet(Command::new("date").arg("+%d/%m/%Y"))?),
        ("Processador", format!("{}, {cores} núcleos", entry("/proc/cpuinfo", "model name"))),
        ("Memória", entry("/proc/meminfo", "MemTotal")),
        ("Sistema", format!("{}, Linux {}", entry("/etc/os-release", "PRETTY_NAME"), kernel())),
        (
            "Carga no início",
            format!("{} processos à espera de núcleo ou nele, média de 1 minuto", load.replace('.', ",")),
        ),
        ("Compilador", version("rustc", &["--version"])),
        ("PHP", version("php", &["--version"])),
        ("curl", version("curl", &["--version"])),
        ("Python requests", version("/usr/bin/python3", &["-c", "import requests; print(requests.__version__)"])),
        ("Free Pascal", version("fpc", &["-iV"])),
    ] {
        table.row([what.to_owned(), value.trim().to_owned()]);
    }
    Ok(table.markdown())
}

/// The first line that a program says of itself.
fn version(program: &str, arguments: &[&str]) -> String {
    let said = quiet(Command::new(program).current_dir(root()).args(arguments)).unwrap_or_default();
    said.lines().next().unwrap_or("–").to_owned()
}

fn kernel() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// A value in a file of lines "NAME: VALUE" or "NAME=VALUE".
fn entry(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or_else(String::new, |line| line.trim_matches(|c: char| "\t :=\"".contains(c)).to_owned())
}
