//! Webmania's calls, and what becomes of an MDF-e.

use serde_json::{Value, json};
use simulator::{Config, DEFAULT_TOKEN, Driver, MdfeState, Simulator};

use crate::client::{Answered, Client, answered};
use crate::webmania_client::{JSON, Webmania, document, document_with, started, with_token};

/// Each call of the API: method, path.
const CALLS: [(&str, &str); 7] = [
    ("POST", "/2/mdfe/emissao"),
    ("GET", "/2/mdfe/consulta/00000000-0000-4000-8000-000000000000"),
    ("PUT", "/2/mdfe/encerrar"),
    ("PUT", "/2/mdfe/cancelar"),
    ("PUT", "/2/mdfe/condutor"),
    ("GET", "/damdfe/35260712345678000195580010000000011000000010"),
    ("GET", "/xmlmdfe/35260712345678000195580010000000011000000010"),
];

fn state(simulator: &Simulator, mdfe: &Value) -> MdfeState {
    simulator.mdfe(mdfe["uuid"].as_str().expect("a UUID")).expect("it was emitted").state
}

/// The text of a refusal.
fn refusal(answered: &Answered, status: u16) -> String {
    assert_eq!((answered.status, answered.content_type.as_str()), (status, JSON), "{answered:?}");
    let body = answered.json();
    assert_eq!(body.as_object().map(|body| body.len()), Some(1), "{body}");
    body["error"].as_str().expect("a text").to_owned()
}

#[test]
fn an_emission_is_answered_with_every_field_of_the_page() {
    let (simulator, client) = started(Config::default());
    let answer = client.emissao(&document());
    let body = answer.json();
    assert_eq!((answer.status, answer.content_type.as_str()), (200, JSON));
    let order: Vec<_> = ["uuid", "chave", "serie", "numero", "status", "motivo", "xml", "damdfe", "log"]
        .map(|name| format!("\"{name}\":"))
        .into();
    let places: Vec<_> = order.iter().map(|name| answer.text.find(name.as_str()).expect("the field")).collect();
    assert!(places.is_sorted(), "{}", answer.text);
    assert_eq!(body.as_object().map(|body| body.len()), Some(9));
    assert_eq!(json!([body["serie"], body["numero"]]), json!([1, 1]));
    assert_eq!(json!([body["status"], body["motivo"]]), json!(["aprovado", "Autorizado o uso da MDF-e"]));
    let key = body["chave"].as_str().expect("a key");
    assert_eq!((key.len(), &key[20..22], &key[22..25], &key[25..34]), (44, "58", "001", "000000001"));
    assert_eq!(body["xml"], format!("{}/xmlmdfe/{key}", simulator.https_url()));
    assert_eq!(body["damdfe"], format!("{}/damdfe/{key}", simulator.https_url()));
    assert_eq!(body["log"][0]["cStat"], "100");
    assert_eq!(body["log"][0]["nProt"], simulator.mdfes()[0].protocol);
    assert_eq!(simulator.mdfes()[0].body, document());
}

#[test]
fn the_same_document_twice_is_two_mdfe() {
    let (simulator, client) = started(Config::default());
    let (first, second) = (client.emitted(), client.emitted());
    for field in ["uuid", "chave", "numero"] {
        assert_ne!(first[field], second[field]);
    }
    let emitted: Vec<_> = simulator.mdfes().into_iter().map(|mdfe| (mdfe.number, mdfe.key)).collect();
    assert_eq!(json!(emitted), json!([[1, first["chave"]], [2, second["chave"]]]));
}

#[test]
fn every_call_wants_the_token() {
    let (simulator, client) = started(Config { webmania_token: "outro".to_owned(), ..Config::default() });
    for (method, path) in CALLS {
        for authorization in ["", DEFAULT_TOKEN, "outro", "Basic outro", "Bearer ", "Bearer OUTRO", "Bearer outro1"] {
            let request = client.0.request(method, path, JSON, "{}").header("Authorization", authorization);
            let answer = answered(request);
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (403, r#"{"msg":"Acesso restrito."}"#),
                "{method} {path}"
            );
        }
        assert_eq!(answered(client.0.request(method, path, JSON, "{}")).status, 403);
        let let_in = answered(client.0.request(method, path, JSON, "{}").header("Authorization", "Bearer outro"));
        assert!([400, 404].contains(&let_in.status), "{let_in:?}");
    }
    assert!(simulator.mdfes().is_empty());
    let settings = simulator.settings(Some("ca.pem".as_ref()));
    assert_eq!(settings["webmania"], json!({"url": simulator.https_url(), "token": "outro"}));
    assert_eq!(simulator.settings(None)["webmania"]["url"], simulator.http_url());
}

#[test]
fn other_methods_and_addresses_are_refused() {
    let (_simulator, client) = started(Config::default());
    for (method, path) in CALLS {
        let other = if method == "PUT" { "POST" } else { "PUT" };
        assert!(!refusal(&client.send(other, path, &json!({})), 405).is_empty());
    }
    for path in ["/2/mdfe", "/2/mdfe/consulta", "/2/mdfe/emissao/", "/2/nfe/emissao"] {
        assert!(!refusal(&client.get(path), 404).is_empty());
    }
    assert_eq!(answered(client.0.get("/3/mdfe/emissao")).status, 404);
}

#[test]
fn a_query_finds_by_uuid_and_by_key() {
    let (_simulator, client) = started(Config::default());
    let mdfe = client.emitted();
    for field in ["uuid", "chave"] {
        let name = mdfe[field].as_str().expect("a text");
        assert_eq!(client.consulta(name).json(), mdfe);
        // The page's own sample sends a body along.
        let path = format!("/2/mdfe/consulta/{name}");
        assert_eq!(client.send("GET", &path, &json!({})).json(), mdfe);
    }
    for unknown in ["", "35260712345678000195580010000000011000000010", "1"] {
        assert_eq!(refusal(&client.consulta(unknown), 404), "MDF-e não encontrada.");
    }
}

#[test]
fn sefaz_takes_as_many_queries_as_it_is_told() {
    let (simulator, client) = started(Config { mdfe_processing: 2, ..Config::default() });
    let emitted = client.emissao(&document()).json();
    assert_eq!(
        json!([emitted["status"], emitted["xml"], emitted["log"][0]["cStat"]]),
        json!(["processando", "", "105"])
    );
    let uuid = emitted["uuid"].as_str().expect("a UUID");
    let key = emitted["chave"].as_str().expect("a key");
    assert_eq!(refusal(&client.get(&format!("/damdfe/{key}")), 404), "Arquivo não encontrado.");
    assert!(refusal(&client.encerrar(&emitted), 400).starts_with("Rejeição 217: "));
    let statuses: Vec<_> = (0..4).map(|_| client.consulta(uuid).json()["status"].clone()).collect();
    assert_eq!(json!(statuses), json!(["processando", "processando", "aprovado", "aprovado"]));
    assert_eq!(client.get(&format!("/damdfe/{key}")).status, 200);

    let rejected = client.emissao(&document_with("/seguro", json!([]))).json();
    assert_eq!(rejected["status"], "processando");
    simulator.decide_mdfes();
    assert_eq!(client.consulta(rejected["uuid"].as_str().expect("a UUID")).json()["status"], "reprovado");
}

#[test]
fn its_files_are_a_pdf_and_an_xml() {
    let (simulator, client) = started(Config::default());
    let mdfe = client.emitted();
    let key = mdfe["chave"].as_str().expect("a key");
    let pdf = client.get(&format!("/damdfe/{key}"));
    assert_eq!((pdf.status, pdf.content_type.as_str()), (200, "application/pdf"));
    assert!(pdf.text.starts_with("%PDF-") && pdf.text.ends_with("%%EOF\n") && pdf.text.contains(key));
    let table: usize =
        pdf.text.rsplit("startxref\n").next().and_then(|end| end.lines().next()?.parse().ok()).expect("a place");
    assert!(pdf.text[table..].starts_with("xref\n0 6\n"));
    for (line, number) in pdf.text[table..].lines().skip(3).take(5).zip(1..) {
        let place: usize = line[..10].parse().expect("a place");
        assert!(pdf.text[place..].starts_with(&format!("{number} 0 obj\n")), "{line}");
    }
    let xml = client.get(&format!("/xmlmdfe/{key}"));
    assert_eq!((xml.status, xml.content_type.as_str()), (200, "text/xml"));
    let protocol = simulator.mdfes()[0].protocol.clone();
    for piece in [
        "<mdfeProc xmlns=\"http://www.portalfiscal.inf.br/mdfe\" versao=\"3.00\">",
        &format!("Id=\"MDFe{key}\""),
        &format!("<chMDFe>{key}</chMDFe>"),
        &format!("<nProt>{protocol}</nProt><cStat>100</cStat>"),
        "<UFIni>GO</UFIni><UFFim>PR</UFFim>",
    ] {
        assert!(xml.text.contains(piece), "{piece} is not in {}", xml.text);
    }
    assert_eq!((protocol.len(), protocol.starts_with("935")), (15, true));
    let by_uuid = format!("/damdfe/{}", mdfe["uuid"].as_str().expect("a UUID"));
    assert_eq!(client.get(&by_uuid).status, 404);
    client.encerrar(&mdfe);
    assert_eq!(client.get(&format!("/damdfe/{key}")).status, 200);
}

#[test]
fn it_can_be_closed_once() {
    let (simulator, client) = started(Config::default());
    let mdfe = client.emitted();
    let closed = client.encerrar(&mdfe).json();
    assert_eq!(json!([closed["status"], closed["motivo"]]), json!(["encerrado", "MDF-e encerrada"]));
    assert_eq!(closed["log"][1]["cStat"], "135");
    assert_eq!(client.consulta(mdfe["chave"].as_str().expect("a key")).json(), closed);
    assert!(refusal(&client.encerrar(&mdfe), 400).starts_with("Rejeição 609: MDF-e já está encerrado"));
    assert!(refusal(&client.cancelar(&mdfe), 400).starts_with("Rejeição 609: "));
    assert!(
        refusal(&client.condutor(&mdfe), 400)
            .contains(&format!("[nProt:{}][dhEnc:", closed["log"][1]["nProt"].as_str().expect("a protocol")))
    );
    assert_eq!(state(&simulator, &mdfe), MdfeState::Closed);
}

#[test]
fn it_can_be_cancelled_within_a_day() {
    let (simulator, client) = started(Config::default());
    let (mdfe, later) = (client.emitted(), client.emitted());
    let cancelled = client.cancelar(&mdfe).json();
    assert_eq!(
        json!([cancelled["status"], cancelled["motivo"]]),
        json!(["cancelado", "Cancelado por motivos administrativos."])
    );
    assert!(refusal(&client.cancelar(&mdfe), 400).starts_with("Rejeição 218: "));
    assert!(refusal(&client.encerrar(&mdfe), 400).starts_with("Rejeição 218: "));
    simulator.age_mdfe(23);
    let young = client.emitted();
    simulator.age_mdfe(2);
    let too_late = refusal(&client.cancelar(&later), 400);
    assert_eq!(too_late, "Rejeição 220: MDF-e autorizado há mais de 24 horas");
    assert_eq!(client.cancelar(&young).status, 200);
    assert_eq!(
        [&mdfe, &later, &young].map(|mdfe| state(&simulator, mdfe)),
        [MdfeState::Cancelled, MdfeState::Approved, MdfeState::Cancelled]
    );
}

#[test]
fn drivers_are_added_on_the_road_only() {
    let (simulator, client) = started(Config::default());
    let mdfe = client.emitted();
    let answer = client.condutor(&mdfe).json();
    assert_eq!(
        json!([answer["status"], answer["motivo"]]),
        json!(["aprovado", "Evento registrado e vinculado ao MDF-e."])
    );
    let added = Driver { name: "Novo Condutor".to_owned(), cpf: "000.000.000-00".to_owned() };
    assert_eq!(simulator.mdfes()[0].drivers, [added]);

    let mut by_air = document_with("/modalidade", json!(2));
    let fields = by_air.as_object_mut().expect("an object");
    fields.remove("rodoviario");
    fields.insert(
        "aereo".to_owned(),
        json!({"nacionalidade_aeronave": "PT", "matricula_aeronave": "ABC", "numero_voo": "AB1234",
               "aerodromo_embarque": "GYN", "aerodromo_destino": "CWB", "data_voo": "2026-07-11"}),
    );
    let by_air = client.emissao(&by_air).json();
    assert!(refusal(&client.condutor(&by_air), 400).starts_with("Rejeição 644: "));
    assert!(simulator.mdfes()[1].drivers.is_empty());
}

#[test]
fn events_name_an_mdfe_that_exists() {
    let (_simulator, client) = started(Config::default());
    let mdfe = client.emitted();
    let justification = "Cancelado por motivos administrativos.";
    let both = json!({"uuid": mdfe["uuid"], "chave": "35260712345678000195580010000000011000000010", "uf": "PR", "municipio": "Curitiba"});
    assert_eq!(
        refusal(&client.put("cancelar", &json!({"justificativa": justification})), 400),
        "Informe o campo uuid ou chave."
    );
    let unknown = json!({"chave": both["chave"], "justificativa": justification});
    assert_eq!(refusal(&client.put("cancelar", &unknown), 404), "MDF-e não encontrada.");
    assert_eq!(client.put("encerrar", &both).json()["status"], "encerrado");
}

#[test]
fn over_plain_http_it_is_the_same_service() {
    let simulator = crate::client::simulator();
    let client = Webmania(Client::plain(&simulator));
    let mdfe = client.emitted();
    let url = mdfe["damdfe"].as_str().and_then(|url| url.strip_prefix(&simulator.http_url())).expect("its own address");
    assert_eq!(client.get(url).status, 200);
    assert!(simulator.requests().iter().all(|request| !request.secure));
    assert_eq!(Webmania(Client::of(&simulator)).consulta(mdfe["uuid"].as_str().expect("a UUID")).status, 200);
    assert!(simulator.requests()[2].secure);
}

#[test]
fn the_record_has_the_body_and_hides_the_token() {
    let (simulator, client) = started(Config::default());
    client.emissao(&document());
    let request = with_token(client.0.request("PUT", "/2/mdfe/encerrar", "text/plain", "{}"));
    answered(request);
    let requests = simulator.requests();
    assert_eq!((requests[0].method.as_str(), requests[0].path.as_str()), ("POST", "/2/mdfe/emissao"));
    assert_eq!(requests[0].body, document().to_string());
    assert_eq!((requests[1].body.as_str(), requests[1].body_bytes), ("", 2));
    assert_eq!(requests[0].header("authorization"), Some(&*format!("Bearer {DEFAULT_TOKEN}")));
    let line = requests[0].to_string();
    assert!(line.contains("POST /2/mdfe/emissao authorization=*** {\"ambiente\":2"), "{line}");
    assert!(!line.contains(DEFAULT_TOKEN), "{line}");
}
