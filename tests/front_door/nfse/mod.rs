//! NFS-e through InvoiCy: invoicyCK, nfseEnvia, nfseConsulta, nfseCancela, nfseEspelho.

mod chave;
mod envio;
mod vida;

use serde_json::{Value, json};
use simulator::{Config, InvoicyConfig};

use crate::driver::World;

const KEY: &str = "R8CC40EC614E64108965517G90GDEYB6";
const CNPJ: &str = "99999999999999";

fn world() -> World {
    with(InvoicyConfig::default())
}

fn with(invoicy: InvoicyConfig) -> World {
    World::with(Config { invoicy, ..Config::default() })
}

/// A world that processes single documents later, after so many questions.
fn slow(pending_queries: u32) -> World {
    with(InvoicyConfig { asynchronous: true, pending_queries, ..InvoicyConfig::default() })
}

fn rps(number: usize) -> String {
    format!(
        "<Envio>\r\n  <ModeloDocumento>NFSE</ModeloDocumento>\r\n  <Versao>1.00</Versao>\r\n  <RPS>\r\n\t<RPSNumero>{number}</RPSNumero>\
         <RPSSerie>A</RPSSerie><RPSTipo>1</RPSTipo><dEmis>2026-05-12T10:00:00</dEmis><tpAmb>2</tpAmb>\
         <Prestador><CNPJ_prest>{CNPJ}</CNPJ_prest><xNome>Transportes São João &amp; Filhos</xNome></Prestador>\
         <Servico><Discriminacao>Linha 1\r\n\tlinha 2 \"ç\" 😀 ]]&gt; &amp;amp;</Discriminacao></Servico></RPS>\r\n</Envio>\r\n"
    )
}

fn id(number: usize) -> String {
    format!("averbador-2-{CNPJ}-1-A-{number}")
}

fn envia(documents: &Value) -> Value {
    json!({"mod":"nfseEnvia","documentos":documents})
}

fn one(world: &World) -> Value {
    world.execute(&envia(&json!(rps(1))))
}

fn consulta(number: usize) -> Value {
    json!({"mod":"nfseConsulta","CNPJ":CNPJ,"tpAmb":2,"id_unico":id(number)})
}

fn cancela() -> Value {
    json!({"mod":"nfseCancela","CNPJ":CNPJ,"tpAmb":2,"NFSeNumero":"20260000000001","RPSNumero":1,"RPSSerie":"A",
        "EveCodigo":2,"EveMotivo":"Serviço não prestado"})
}

/// What the service was asked, in order.
fn asked(world: &World) -> String {
    let requests = world.simulator.requests();
    requests.into_iter().map(|request| request.module).collect::<Vec<_>>().join(" ")
}
