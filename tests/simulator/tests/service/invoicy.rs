//! InvoiCy: what it verifies, what it remembers. The envelopes are written by hand, rightly and wrongly.

use serde_json::json;
use simulator::{Config, Effect, Fault, InvoicyCode, InvoicyConfig, NfseState, Simulator, Target};

use crate::client::{Answered, Client, answered, simulator};

const ACTION: &str = "InvoiCyaction/ARECEPCAO.Execute";
const CONSULTA: &str = "<Consulta><ModeloDocumento>NFSe</ModeloDocumento><Versao>1.00</Versao><tpAmb>2</tpAmb>\
    <CnpjEmissor>99999999999999</CnpjEmissor><NumeroInicial>1</NumeroInicial><NumeroFinal>9</NumeroFinal>\
    <Serie>A</Serie></Consulta>";

fn rps(number: u32) -> String {
    format!(
        "<Envio><ModeloDocumento>NFSE</ModeloDocumento><Versao>1.00</Versao><RPS><RPSNumero>{number}</RPSNumero>\
         <RPSSerie>A</RPSSerie><IDUnico>id-{number}</IDUnico><dEmis>2026-05-12T10:00:00</dEmis><tpAmb>2</tpAmb><Prestador>\
         <CNPJ_prest>99999999999999</CNPJ_prest><xNome>São João</xNome></Prestador></RPS></Envio>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn envelope(ck: &str, documents: &[String]) -> String {
    let InvoicyConfig { partner_key, .. } = InvoicyConfig::default();
    let items: String = documents
        .iter()
        .map(|text| format!("<i:DadosItem><i:Documento>{text}</i:Documento><i:Parametros/></i:DadosItem>"))
        .collect();
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:i=\"InvoiCy\"><s:Body><i:recepcao.Execute>\
         <i:Invoicyrecepcao><i:Cabecalho><i:EmpPK>{partner_key}</i:EmpPK><i:EmpCK>{ck}</i:EmpCK><i:EmpCO/></i:Cabecalho>\
         <i:Dados>{items}</i:Dados></i:Invoicyrecepcao></i:recepcao.Execute></s:Body></s:Envelope>"
    )
}

fn ck(document: &str) -> String {
    format!("{:x}", md5::compute(format!("{}{document}", InvoicyConfig::default().access_key)))
}

fn post(client: &Client, soap: String) -> Answered {
    answered(client.post("/arecepcao.aspx", "text/xml; charset=utf-8", soap).header("SOAPAction", ACTION))
}

fn send(client: &Client, documents: &[String]) -> Answered {
    let texts: Vec<String> = documents.iter().map(|document| escaped(document)).collect();
    post(client, envelope(&ck(&documents[0]), &texts))
}

/// The text of the first element of this name, wherever it stands and however it is escaped.
fn told(answer: &Answered, name: &str) -> String {
    let text = answer.text.replace("&lt;", "<").replace("&gt;", ">");
    let found = text.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once('<'));
    found.unwrap_or_else(|| panic!("no {name}: {text}")).0.to_owned()
}

#[test]
fn the_key_is_verified_over_the_decoded_document() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    let document = rps(1);
    for (sent, key) in [
        (escaped(&document), ck(&document)),
        (format!("<![CDATA[{document}]]>"), ck(&document)),
        (escaped(&document).replace('ã', "&#227;"), ck(&document)),
    ] {
        let answer = post(&client, envelope(&key, &[sent]));
        assert_ne!(told(&answer, "Codigo"), "173", "{answer:?}");
    }
    for (sent, key) in [
        (escaped(&document), ck(&escaped(&document))),
        (escaped(&escaped(&document)), ck(&document)),
        (escaped(&document), ck(&document).to_uppercase()),
        (escaped(&document.replace("><", ">\r\n<")), ck(&document.replace("><", ">\r\n<"))),
        (escaped(&document), ck("")),
    ] {
        let answer = post(&client, envelope(&key, &[sent]));
        assert_eq!(told(&answer, "Codigo"), "173", "{answer:?}");
    }
    assert_eq!(simulator.nfses().len(), 1);
}

#[test]
fn what_is_no_soap_of_its_own_is_a_fault() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    let soap = envelope(&ck(&rps(1)), &[escaped(&rps(1))]);
    let other = answered(client.post("/arecepcao.aspx", "text/xml", soap.clone()).header("SOAPAction", "x"));
    let form = answered(client.post("/arecepcao.aspx", "text/plain", soap).header("SOAPAction", ACTION));
    for answer in [other, form, post(&client, "<a/>".to_owned()), post(&client, "x".to_owned())] {
        assert!(answer.status == 500 && answer.text.contains("<faultcode>"), "{answer:?}");
    }
    assert_eq!(answered(client.get("/arecepcao.aspx")).status, 405);
}

#[test]
fn one_is_decided_at_once_and_several_later() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    assert_eq!(told(&send(&client, &[rps(1)]), "SitCodigo"), "100");
    assert_eq!(told(&send(&client, &[rps(2), rps(3)]), "SitCodigo"), "105");
    let states = |simulator: &Simulator| simulator.nfses().iter().map(|nfse| nfse.state).collect::<Vec<_>>();
    assert_eq!(states(&simulator)[1..], [NfseState::Pending(1); 2]);
    let ask = || send(&client, &[CONSULTA.to_owned()]);
    assert!(ask().text.contains("&gt;105&lt;") && !ask().text.contains("&gt;105&lt;"));
    assert_eq!(told(&send(&client, &[CONSULTA.replace("<tpAmb>2", "<tpAmb>1")]), "Codigo"), "117");
}

#[test]
fn what_comes_twice_is_known() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    send(&client, &[rps(1)]);
    assert_eq!(told(&send(&client, &[rps(1)]), "Codigo"), "313");
    assert_eq!(told(&send(&client, &[rps(1).replace("id-1", "id-x")]), "SitCodigo"), "111");
    assert_eq!((simulator.nfses().len(), simulator.nfses()[0].received), (1, 3));
}

#[test]
fn the_fourth_of_a_kind_blocks_everything() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    let codes: Vec<String> = (0..4).map(|_| told(&send(&client, &[CONSULTA.to_owned()]), "Codigo")).collect();
    assert_eq!(codes, ["117", "117", "117", "179"]);
    assert_eq!(told(&send(&client, &[rps(1)]), "Codigo"), "179");
}

#[test]
fn two_hundred_documents_and_no_more() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    let documents: Vec<String> = (1..=201).map(rps).collect();
    assert_eq!(told(&send(&client, &documents), "Codigo"), "145");
    assert_eq!(told(&send(&client, &documents[..200]), "Codigo"), "100");
    assert_eq!(simulator.nfses().len(), 200);
}

#[test]
fn codes_on_demand_do_nothing() {
    let simulator = simulator();
    let client = Client::of(&simulator);
    simulator.fault("nfse-envia:invoicy-envelope=606".parse().unwrap());
    simulator.fault("nfse-consulta:invoicy-documento=112".parse().unwrap());
    simulator.fault(Fault::new(Effect::Invoicy(InvoicyCode::Fault)).on(Target::Invoicy).after(2));
    assert_eq!(told(&send(&client, &[rps(1)]), "Codigo"), "606");
    assert_eq!(told(&send(&client, &[CONSULTA.to_owned()]), "SitCodigo"), "112");
    assert_eq!(send(&client, &[rps(1)]).status, 500);
    assert!(simulator.nfses().is_empty());
    assert!("login:soap-fault".parse::<Fault>().is_err(), "AverbePorto has none");
}

#[test]
fn what_is_logged_shows_no_key() {
    let simulator = Simulator::start(Config::default()).unwrap();
    send(&Client::of(&simulator), &[rps(1)]);
    let line = simulator.requests()[0].to_string();
    assert!(line.contains(" Envio ") && !line.contains("EmpPK"), "{line}");
}

#[test]
fn the_settings_lead_to_it_with_its_keys() {
    let invoicy = InvoicyConfig { access_key: "outra".to_owned(), ..InvoicyConfig::default() };
    let simulator = Simulator::start(Config { invoicy, ..Config::default() }).unwrap();
    let settings = simulator.settings(Some("ca.pem".as_ref()));
    let url = format!("{}/arecepcao.aspx", simulator.https_url());
    let expected = json!({"url":url,"chave_acesso":"outra","chave_parceiro":InvoicyConfig::default().partner_key});
    assert_eq!(settings["invoicy"], expected);
    assert_eq!(simulator.settings(None)["invoicy"]["url"], json!(format!("{}/arecepcao.aspx", simulator.http_url())));
}
