//! NFS-e by the harness, as testers reach it.

use std::fs;

use serde_json::{Value, json};
use simulator::{Config, InvoicyConfig, NfseState};

use crate::driver::{Said, TempFile, World, code, fixture, fixture_file, run, target};

/// CNPJ of the issuer in `rps.xml`.
const CNPJ: &str = "99990001000198";
/// The IDUnico that `rps.xml` gets.
pub const ID: &str = "averbador-2-99990001000198-1-A1-4711";

/// A service that decides on an RPS after so many questions.
pub fn slow(pending_queries: u32) -> World {
    let invoicy = InvoicyConfig { asynchronous: true, pending_queries, ..InvoicyConfig::default() };
    World::with(Config { invoicy, ..Config::default() })
}

/// The RPS in `rps.xml` with another number.
pub fn rps(number: usize) -> String {
    let xml = fs::read_to_string(fixture_file("rps.xml")).expect("the RPS");
    xml.replace("<RPSNumero>4711<", &format!("<RPSNumero>{number}<"))
}

/// Asks by the harness.
fn consulta(world: &World, which: &[&str]) -> Said {
    world.run(&[&["nfse", "consulta", CNPJ, "2"], which].concat())
}

#[test]
fn the_harness_sends_waits_and_saves() {
    let world = slow(1).secure();
    let place = TempFile::new("aqui.txt", b"");
    let folder = target().path(place.path().parent().expect("it has a folder"));
    let send = ["--progresso", "nfse", "envia", &fixture("rps.xml"), "--aguardar", "3", "--pasta", &folder];
    let said = world.run(&send);
    let reply = said.json();
    assert_eq!((said.code, &reply["S"][0]["IDUnico"]), (0, &json!(ID)), "{reply}");
    let pdf = place.path().with_file_name(format!("nfse-{CNPJ}-A1-4711.pdf"));
    assert!(fs::read(&pdf).expect("the PDF").starts_with(b"%PDF-") && pdf.with_extension("xml").exists());
    for stage in ["leitura", "rps", "nfse", "fim"] {
        assert!(said.stderr.contains(&format!("{{\"etapa\":\"{stage}\"")), "{stage}: {}", said.stderr);
    }
    assert!(world.simulator.nfses()[0].document.contains("<xNome>TRANSPORTES SÃO JOÃO &amp; FILHOS LTDA</xNome>"));
}

#[test]
fn the_harness_sends_every_form_of_an_rps() {
    let world = World::new();
    let object = r#"{"RPSNumero":2,"RPSSerie":"A1","RPSTipo":1,"tpAmb":2,"Prestador":{"CNPJ_prest":"99990001000198"}}"#;
    let file = TempFile::new("rps.json", format!("\u{feff}{}", object.replace(":2,\"RPSS", ":3,\"RPSS")).as_bytes());
    let words = ["nfse", "envia", &fixture("rps.xml"), object, &format!("@{}", file.name()), "-"];
    let said = world.run_with(&words, &rps(4));
    assert_eq!(code(&said.json()), 7003, "several are decided later: {}", said.text());
    let numbers: Vec<_> = world.simulator.nfses().into_iter().map(|nfse| nfse.number).collect();
    assert_eq!(numbers, ["4711", "2", "3", "4"]);
    let said = consulta(&world, &["rps", "A1", "1", "9999", "--aguardar", "3"]);
    assert_eq!((said.code, said.json()["S"].as_array().map(Vec::len)), (0, Some(4)), "{}", said.text());
}

#[test]
fn the_harness_follows_an_nfse_to_its_end() {
    let world = World::new();
    let sent = world.run(&["nfse", "envia", &rps(4711)]).json();
    let text = |name: &str| sent["S"][0][name].as_str().expect("a text").to_owned();
    let (key, number) = (text("chave"), text("NFSeNumero"));
    for which in [
        &["id", ID][..],
        &["chave", &key],
        &["rps", "A1", "4711"],
        &["rps", "A1", "1", "9999"],
        &["dias", "2026-05-01", "2026-05-31"],
    ] {
        let said = consulta(&world, which);
        assert_eq!((said.code, &said.json()["S"][0]["NFSeNumero"]), (0, &json!(number)), "{which:?}: {}", said.text());
    }
    let place = TempFile::new("já existe.pdf", b"what was there before");
    for which in [&["id", ID][..], &["chave", &key], &["rps", "A1", "4711"]] {
        let said = world.run(&[&["nfse", "espelho", CNPJ, "2", &place.name()], which].concat());
        assert_eq!(said.code, 0, "{}", said.text());
        assert!(fs::read(place.path()).expect("a file").starts_with(b"%PDF-"));
    }
    let cancel = |eve_code: &str| {
        world.run(&["nfse", "cancela", CNPJ, "2", &number, "A1", "4711", eve_code, "Serviço não prestado"])
    };
    assert_eq!(code(&cancel("3").json()), 1006);
    assert_eq!((cancel("2").code, world.simulator.nfses()[0].state), (0, NfseState::Cancelled));
}

#[test]
fn the_harness_computes_keys() {
    let world = World::new();
    let vector = "<Envio><ModeloDocumento>NFSE</ModeloDocumento><Versao>1.00</Versao></Envio>";
    let latin =
        TempFile::new("São João.xml", b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Envio><a>S\xE3o</a></Envio>");
    let ck = |said: Said| -> Value { said.json()["CK"].clone() };
    let expected = json!("9fca8cadf8028440c7528aa281ae3bcd");
    assert_eq!(
        (ck(world.run(&["ck", vector])), ck(world.run_with(&["ck", "-"], vector))),
        (expected.clone(), expected)
    );
    let read = world.run(&["ck", &format!("@{}", latin.name())]).json();
    assert_eq!(read["linearizado"], "<Envio><a>São</a></Envio>");
    assert!(world.simulator.requests().is_empty());
}

#[test]
fn the_harness_takes_the_keys_from_the_environment() {
    let world = World::new().set(json!({"invoicy":{"chave_acesso":null,"chave_parceiro":null}}));
    let settings = world.settings_file();
    let InvoicyConfig { access_key, partner_key, .. } = InvoicyConfig::default();
    let send = |access: &str, partner: &str| -> Said {
        let mut harness = target().harness();
        harness.args(["--config", &format!("@{}", settings.name()), "nfse", "envia", &fixture("rps.xml")]);
        run(harness.env("AVERBADOR_CHAVE_ACESSO", access).env("AVERBADOR_CHAVE_PARCEIRO", partner), "")
    };
    assert_eq!(code(&send("", &partner_key).json()), 1005);
    assert_eq!(code(&send(&access_key, "").json()), 1005);
    assert_eq!(code(&send(&partner_key, &access_key).json()), 7001);
    assert_eq!(send(&access_key, &partner_key).code, 0);
}

#[test]
fn the_harness_says_how_its_commands_for_nfse_are_used() {
    let world = World::new();
    for words in [
        &["nfse"][..],
        &["nfse", "decola"],
        &["nfse", "envia"],
        &["nfse", "envia", "@não existe.json"],
        &["nfse", "envia", "<Envio/>", "--aguardar", "muito"],
        &["nfse", "consulta", CNPJ, "2"],
        &["nfse", "consulta", CNPJ, "2", "número", "1"],
        &["nfse", "consulta", CNPJ, "2", "rps", "A1"],
        &["nfse", "espelho", CNPJ, "2", "x.pdf", "dias", "2026-05-01"],
        &["nfse", "espelho", CNPJ, "2", "x.pdf", "id"],
        &["nfse", "cancela", CNPJ, "2", "1", "A1", "1", "2"],
        &["ck"],
    ] {
        let said = world.run(words);
        assert!(said.code == 2 && !said.stderr.is_empty() && said.lines.is_empty(), "{words:?}: {}", said.stderr);
    }
    assert!(world.simulator.requests().is_empty());
}
