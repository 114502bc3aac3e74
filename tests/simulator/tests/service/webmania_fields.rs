//! What a body must look like, and what SEFAZ finds in one that is well formed.

use serde_json::{Value, json};
use simulator::{Config, MdfeState};

use crate::client::answered;
use crate::webmania_client::{JSON, Webmania, cte, document, document_with, document_without, started, with_token};

/// The text with which a document is refused.
fn refused(client: &Webmania, document: &Value) -> String {
    let answer = client.emissao(document);
    assert_eq!(answer.status, 400, "{document}");
    answer.json()["error"].as_str().expect("a text").to_owned()
}

#[test]
fn what_must_be_there_must_be_there() {
    let (simulator, client) = started(Config::default());
    for pointer in [
        "/ambiente",
        "/emitente",
        "/modalidade",
        "/uf_carregamento",
        "/uf_descarregamento",
        "/valor_carga",
        "/unidade",
        "/peso_bruto",
        "/carregamento",
        "/carregamento/1/nome_municipio",
        "/descarregamento",
        "/descarregamento/0/documentos_fiscais",
        "/descarregamento/0/documentos_fiscais/0/chave",
        "/rodoviario",
        "/rodoviario/veiculo_tracao",
        "/rodoviario/veiculo_tracao/placa",
        "/rodoviario/condutor",
        "/seguro/0/responsavel/tipo_responsavel",
        "/seguro/0/seguradora/cnpj",
        "/produto_predominante/lotacao/carregamento",
    ] {
        let (text, name) = (refused(&client, &document_without(pointer)), pointer.rsplit('/').next().expect("a name"));
        assert!(text.contains(name) && text.ends_with(" é obrigatório."), "{pointer}: {text}");
    }
    assert!(simulator.mdfes().is_empty(), "nothing was emitted");
}

#[test]
fn values_of_another_type_or_form_are_refused() {
    let (simulator, client) = started(Config::default());
    for (pointer, value) in [
        ("/ambiente", json!("2")),
        ("/ambiente", json!(3)),
        ("/ambiente", json!(1.5)),
        ("/ambiente", json!(null)),
        ("/emitente", json!("1")),
        ("/transportador", json!("1")),
        ("/modalidade", json!(true)),
        ("/uf_carregamento", json!("XX")),
        ("/valor_carga", json!(500.0)),
        ("/valor_carga", json!("500,00")),
        ("/valor_carga", json!("500.0")),
        ("/unidade", json!(1)),
        ("/unidade", json!("1")),
        ("/peso_bruto", json!("50.00")),
        ("/data_inicio_viagem", json!("2026-07-11T10:00:00")),
        ("/carregamento", json!({})),
        ("/carregamento", json!([])),
        ("/carregamento/0/codigo_municipio", json!(5_208_707)),
        ("/carregamento/0/nome_municipio", json!(" Goiânia")),
        ("/descarregamento/0/documentos_fiscais/0/chave", json!("1234")),
        ("/descarregamento/0/documentos_fiscais/0/indicador_reentrega", json!("true")),
        ("/descarregamento/0/documentos_fiscais/0/unidade_transporte", json!([{"tipo": "1", "identificacao": "A"}])),
        ("/percurso", json!("MG")),
        ("/rodoviario", json!([])),
        ("/rodoviario/rntrc", json!(12_345_678)),
        ("/rodoviario/veiculo_tracao/tara", json!(20)),
        ("/rodoviario/veiculo_tracao/placa", json!("ABC-1234")),
        ("/rodoviario/veiculo_tracao/tipo_rodado", json!("1")),
        ("/rodoviario/veiculo_tracao/proprietario/cnpj", json!("00.000.000/0000")),
        ("/rodoviario/condutor/0/cpf", json!("0000000000")),
        ("/rodoviario/condutor/0/nome", json!("C")),
        ("/seguro/0/numero_averbacao", json!("000000")),
        ("/seguro/0/numero_averbacao/0", json!(0)),
        ("/seguro/0/responsavel/tipo_responsavel", json!(3)),
        ("/produto_predominante/lotacao/carregamento/cep", json!("0000-0000")),
        ("/produto_predominante/ncm", json!("123")),
    ] {
        let mut document = document();
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = document.pointer_mut(parent).expect("something there");
        match (parent, name.parse::<usize>()) {
            (Value::Array(values), Ok(place)) => values[place] = value.clone(),
            (parent, _) => parent[name] = value.clone(),
        }
        let text = refused(&client, &document);
        assert!(text.contains(" deve ser "), "{pointer} {value}: {text}");
    }
    assert!(simulator.mdfes().is_empty(), "nothing was emitted");
}

#[test]
fn fields_that_nobody_knows_are_refused() {
    let (_simulator, client) = started(Config::default());
    assert_eq!(refused(&client, &document_with("/serie", json!(1))), "O campo serie não existe.");
    let inner = document_with("/rodoviario/veiculo_tracao/cor", json!("azul"));
    assert_eq!(refused(&client, &inner), "O campo rodoviario.veiculo_tracao.cor não existe.");
    assert_eq!(
        refused(&client, &document_with("/aereo", json!({}))),
        "O campo aereo.nacionalidade_aeronave é obrigatório."
    );
    let by_rail = document_with("/modalidade", json!(4));
    assert!(refused(&client, &by_rail).contains("rodoviario não é desta modalidade"));
}

#[test]
fn of_a_person_there_is_one_number() {
    let (_simulator, client) = started(Config::default());
    let cpf = json!("000.000.000-00");
    for (pointer, value, place) in [
        ("/rodoviario/contratante", json!([{}]), "rodoviario.contratante[0]"),
        ("/rodoviario/contratante", json!([{"cpf": cpf, "cnpj": "00.000.000/0000-00"}]), "rodoviario.contratante[0]"),
        ("/rodoviario/ciot", json!([{"codigo_ciot": "000000000000"}]), "rodoviario.ciot[0]"),
        ("/rodoviario/veiculo_tracao/proprietario/cpf", cpf, "rodoviario.veiculo_tracao.proprietario"),
    ] {
        let text = refused(&client, &document_with(pointer, value));
        assert!(text.starts_with(&format!("Informe em {place} um dos campos cpf")), "{text}");
    }
}

#[test]
fn a_body_is_an_object_and_says_that_it_is_json() {
    let (simulator, client) = started(Config::default());
    let send = |content_type: &str, body: String| {
        let request = client.0.request("POST", "/2/mdfe/emissao", content_type, body);
        answered(with_token(request))
    };
    for (content_type, body) in [
        ("text/plain", document().to_string()),
        (JSON, String::new()),
        (JSON, "{".to_owned()),
        (JSON, json!([document()]).to_string()),
        (JSON, format!("\u{feff}{}", document())),
        (JSON, document().to_string().replace(":\"500.00\"", ":\"500.00\",")),
    ] {
        assert_eq!(send(content_type, body.clone()).status, 400, "{content_type} {body}");
    }
    assert!(simulator.mdfes().is_empty());
    assert_eq!(send("application/json; charset=utf-8", document().to_string()).status, 200);
}

#[test]
fn what_the_page_says_in_two_ways_is_taken_in_both() {
    let (_simulator, client) = started(Config::default());
    for (pointer, value) in [
        ("/seguro/0/responsavel/tipo_responsavel", json!("1")),
        ("/rodoviario/veiculo_tracao/proprietario/cnpj", json!("12ABC34501DE35")),
        ("/produto_predominante/lotacao/carregamento", json!({"latitude": "-16.678000", "longitude": "-49.256000"})),
        ("/data_inicio_viagem", json!("2026-07-11 10:00:00")),
    ] {
        let answer = client.emissao(&document_with(pointer, value)).json();
        assert_eq!(answer["status"], "aprovado", "{pointer}: {answer}");
    }
}

#[test]
fn events_are_read_as_strictly() {
    let (simulator, client) = started(Config::default());
    let key = client.emitted()["chave"].clone();
    for (call, body) in [
        ("encerrar", json!({"chave": key, "uf": "PR"})),
        ("encerrar", json!({"chave": key, "uf": "pr", "municipio": "Curitiba"})),
        ("encerrar", json!({"chave": key, "uf": "PR", "municipio": "Curitiba", "codigo_municipio": 4_106_902})),
        ("encerrar", json!({"chave": key, "uf": "PR", "municipio": "Curitiba", "data": "2026-07-11"})),
        ("cancelar", json!({"chave": key, "justificativa": "Curta demais."})),
        ("cancelar", json!({"chave": key, "justificativa": "x".repeat(256)})),
        ("cancelar", json!({"chave": key, "motivo": "Cancelado por motivos administrativos."})),
        ("cancelar", json!({"uuid": key, "justificativa": "Cancelado por motivos administrativos."})),
        ("condutor", json!({"chave": key, "nome": "Novo Condutor"})),
        ("condutor", json!({"chave": key, "nome": "Novo Condutor", "cpf": 12_345_678_909_u64})),
    ] {
        assert_eq!(client.put(call, &body).status, 400, "{call} {body}");
    }
    assert_eq!(simulator.mdfes()[0].state, MdfeState::Approved);
    let longest = json!({"chave": key, "justificativa": "ã".repeat(255)});
    assert_eq!(client.put("cancelar", &longest).json()["status"], "cancelado");
}

#[test]
fn sefaz_rejects_what_breaks_its_rules() {
    let (simulator, client) = started(Config::default());
    let documents = |keys: &[String]| json!(keys.iter().map(|key| json!({"chave": key})).collect::<Vec<_>>());
    let with_documents = |keys: &[String]| document_with("/descarregamento/0/documentos_fiscais", documents(keys));
    let nfe = "35260799999999000191550020000000071000000010".to_owned();
    let mut globalised = with_documents(&[nfe.clone(), nfe.clone()]);
    globalised["emitente"] = json!(3);
    let driver = json!({"cpf": "12345678909", "nome": "Condutor 1"});
    let same_driver = json!({"cpf": "123.456.789-09", "nome": "Outro"});
    let mut unnamed = document();
    unnamed["seguro"][0]["responsavel"]["tipo_responsavel"] = json!(2);
    for (code, document) in [
        (698, document_without("/seguro")),
        (698, document_with("/seguro", json!([]))),
        (699, document_without("/seguro/0/seguradora")),
        (699, document_without("/seguro/0/numero_apolice")),
        (699, document_with("/seguro/0/numero_averbacao", json!([]))),
        (542, unnamed),
        (523, document_with("/rodoviario/veiculo_tracao/tipo_rodado", json!("03"))),
        (577, document_with("/rodoviario/condutor", json!([driver, same_driver]))),
        (668, with_documents(&[cte(1), cte(2), cte(1)])),
        (669, globalised),
        (638, with_documents(&[nfe])),
        (639, document_with("/emitente", json!(2))),
        (540, document_with("/emitente", json!(3))),
    ] {
        let answer = client.emissao(&document);
        let body = answer.json();
        assert_eq!((answer.status, &body["status"]), (200, &json!("reprovado")), "{code}: {body}");
        let reason = body["motivo"].as_str().expect("a text");
        assert!(reason.starts_with(&format!("Rejeição {code}: ")), "{reason}");
        assert_eq!(body["log"][0]["cStat"], code.to_string());
        assert!(body["log"][0]["xMotivo"].as_str().is_some_and(|text| text.starts_with("Rejeição: ")));
        assert_eq!(json!([body["xml"], body["damdfe"]]), json!(["", ""]));
        let key = body["chave"].as_str().expect("a key");
        assert_eq!(client.get(&format!("/xmlmdfe/{key}")).status, 404);
    }
    assert!(simulator.mdfes().iter().all(|mdfe| mdfe.state == MdfeState::Rejected && mdfe.protocol.is_empty()));
}

#[test]
fn own_cargo_needs_no_insurance() {
    let (_simulator, client) = started(Config::default());
    let mut document = document_without("/seguro");
    document["emitente"] = json!(2);
    document["descarregamento"][0]["documentos_fiscais"] =
        json!([{"chave": "35260799999999000191550020000000071000000010"}]);
    assert_eq!(client.emissao(&document).json()["status"], "aprovado");
}
