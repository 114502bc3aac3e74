//! Calls of InvoiCy.

use simulator::{Config, Effect, Fault, InvoicyCode, InvoicyConfig, Target};

use super::Call;
use super::scene::Scene;
use crate::driver::{TempFile, World};

/// The RPS in `rps.xml`, asked for by what it is known by.
const CONSULTA: &str =
    r#"{"mod":"nfseConsulta","CNPJ":"99990001000198","tpAmb":2,"id_unico":"averbador-2-99990001000198-1-A1-4711"}"#;
const CANCELA: &str = r#"{"mod":"nfseCancela","CNPJ":"99990001000198","tpAmb":2,"NFSeNumero":"20260000000001",
    "RPSNumero":4711,"RPSSerie":"A1","EveCodigo":2,"EveMotivo":"Mudança desmarcada pelo cliente"}"#;
const ENVIA: &str = r#"{"mod":"nfseEnvia","documentos":"C:\\siem\\rps.xml"}"#;

pub fn calls() -> Vec<Call> {
    [life(), processing(), refusals(), keys()].concat()
}

fn scene(invoicy: InvoicyConfig) -> Scene {
    let mut scene = Scene::new(World::with(Config { invoicy, ..Config::default() }));
    scene.fixture("rps.xml");
    scene
}

/// From an RPS to an NFS-e that is cancelled.
fn life() -> Vec<Call> {
    let place = TempFile::new("espelho.pdf", b"");
    let mut scene = scene(InvoicyConfig::default());
    scene.path("espelho.pdf", place.path());
    scene.path("notas", place.path().parent().expect("it has a folder"));
    scene.say("nfse-envia", &ENVIA.replace('}', r#","pasta":"C:\\siem\\notas","aguardar_s":15}"#));
    scene.say("nfse-consulta", CONSULTA);
    scene.say(
        "nfse-consulta-nada",
        r#"{"mod":"nfseConsulta","CNPJ":"99990001000198","tpAmb":2,"serie":"A1","numero_inicial":1,"numero_final":9}"#,
    );
    let mirror = r#"{"mod":"nfseEspelho","CNPJ":"99990001000198","tpAmb":2,"numero":4711,"serie":"A1",
        "arquivo":"C:\\siem\\espelho.pdf"}"#;
    scene.say("nfse-espelho", mirror);
    scene.say("nfse-espelho-nada", &mirror.replace("4711", "4712"));
    scene.say("nfse-cancela", CANCELA);
    scene.say("nfse-consulta-cancelada", CONSULTA);
    scene.say("nfse-cancela-codigo-errado", &CANCELA.replace(r#"Codigo":2"#, r#"Codigo":3"#));
    scene.finish()
}

fn processing() -> Vec<Call> {
    let mut scene = scene(InvoicyConfig { asynchronous: true, pending_queries: 9, ..InvoicyConfig::default() });
    scene.say("nfse-envia-pendente", ENVIA);
    scene.say("nfse-consulta-pendente", CONSULTA);
    scene.finish()
}

fn refusals() -> Vec<Call> {
    let mut scene = scene(InvoicyConfig::default());
    scene.world.simulator.fault(Fault::new(Effect::Invoicy(InvoicyCode::Document(112))).on(Target::NfseEnvia));
    scene.say("nfse-envia-rejeitado", ENVIA);
    scene.world.simulator.fault(Fault::new(Effect::Invoicy(InvoicyCode::Envelope(173))).on(Target::NfseEnvia));
    scene.say("nfse-envia-chave-recusada", ENVIA);
    scene.say("nfse-envia-sem-documento", r#"{"mod":"nfseEnvia"}"#);
    scene.finish()
}

/// The communication key, and the certificate.
fn keys() -> Vec<Call> {
    let mut scene = scene(InvoicyConfig::default());
    scene.say(
        "invoicy-ck",
        r#"{"mod":"invoicyCK","xml":"<Envio>\r\n  <ModeloDocumento>NFSE</ModeloDocumento>\r\n  <Versao>1.00</Versao>\r\n</Envio>"}"#,
    );
    scene.say("invoicy-ck-malformado", r#"{"mod":"invoicyCK","xml":"<Envio>"}"#);
    scene.finish()
}
