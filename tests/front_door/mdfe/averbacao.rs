//! The numbers of the endorsements, filled into the MDF-e.

use serde_json::{Value, json};
use simulator::{DEFAULT_PASSWORD, DEFAULT_USER};

use super::{KEYS, called, closing, emission, fields, with};
use crate::driver::{World, code, fixture};

/// The emission without numbers of its own, and the fields of an Averba for its CT-e.
fn to_endorse(ctes: &[&str]) -> Value {
    let mut request = emission();
    request["mdfe"]["seguro"][0].as_object_mut().unwrap().remove("numero_averbacao");
    let ctes: Vec<_> = ctes.iter().map(|name| fixture(name)).collect();
    with(request, json!({"averbar":{"user":DEFAULT_USER,"pass":DEFAULT_PASSWORD,"cte":ctes}}))
}

const FILES: [&str; 3] = ["cte-utf8.xml", "cte-iso-8859-1.xml", "cte-indentado-crlf.xml"];

#[test]
fn from_the_cte_to_the_mdfe_in_one_call() {
    let world = World::new();
    let reply = world.execute(&to_endorse(&FILES));
    assert_eq!((&reply["status"], &reply["averbacao"]["status"]), (&json!(1), &json!(1)), "{reply}");
    let numbers: Vec<_> = KEYS.iter().map(|key| world.simulator.document(key).expect("endorsed").protocol).collect();
    let mdfe = &world.simulator.mdfes()[0];
    assert_eq!(mdfe.body["seguro"][0]["numero_averbacao"], json!(numbers), "one each, in the order of the documents");
}

#[test]
fn the_end_is_told_once() {
    let world = World::new();
    let said = world.run(&["--progresso", "executa", &to_endorse(&FILES).to_string()]);
    let told: Vec<_> = said.stderr.lines().filter(|line| line.contains(r#""etapa":"fim""#)).collect();
    assert_eq!(told.len(), 1, "{}", said.stderr);
    assert!(said.stderr.trim_end().ends_with(told[0]), "and last: {}", said.stderr);
    let key = said.json()["chave"].as_str().expect("a key").to_owned();
    let said = world.run(&["--progresso", "executa", &closing(&key).to_string()]);
    assert!(said.stderr.lines().last().is_some_and(|line| line.contains(r#""etapa":"fim""#)), "{}", said.stderr);
}

#[test]
fn a_cte_without_a_number_is_pending_by_its_key() {
    let world = World::new();
    let reply = world.execute(&to_endorse(&FILES[..2]));
    assert_eq!(code(&reply), 6002);
    assert_eq!(fields(&reply["pendencias"]), ["/mdfe/descarregamento/1/documentos_fiscais/0/chave"]);
    assert!(reply["pendencias"][0]["msg"].as_str().is_some_and(|msg| msg.contains(KEYS[2])), "{reply}");
    assert_eq!(reply["averbacao"]["resumo"]["averbados"], 2, "what was endorsed is told: {reply}");
    assert!(world.simulator.mdfes().is_empty());
}

#[test]
fn why_a_cte_has_no_number_is_told() {
    let world = World::new();
    let mut request = to_endorse(&FILES);
    request["averbar"]["pass"] = json!("errada");
    let reply = world.execute(&request);
    assert_eq!((code(&reply), fields(&reply["pendencias"]).len()), (6002, 3));
    for finding in reply["pendencias"].as_array().unwrap() {
        assert!(finding["msg"].as_str().is_some_and(|msg| msg.contains("Usuário ou senha inválidos")), "{finding}");
    }
    assert!(world.simulator.mdfes().is_empty());
}

#[test]
fn what_stops_it_anyway_stops_it_before_anything_is_endorsed() {
    let world = World::new();
    let mut request = to_endorse(&FILES);
    request["mdfe"]["rodoviario"]["veiculo_tracao"]["placa"] = json!("?");
    assert_eq!(code(&world.execute(&request)), 6002);
    let no_token = World::new().set(json!({"webmania":{"token":""}}));
    let reply = no_token.execute(&to_endorse(&FILES));
    assert_eq!(code(&reply), 1005, "{reply}");
    assert!(called(&world).is_empty() && called(&no_token).is_empty());
}

#[test]
fn numbers_of_earlier_calls_are_taken() {
    let world = World::new();
    let one = json!({"mod":"averbaRet","chave":KEYS[0],"protocolo":"A1","status":1});
    let many = json!({"mod":"averbaRet","S":[
        {"chave":KEYS[1],"protoclo":"A2","protocolo":"A2","status":1},
        {"chave":KEYS[2],"protocolo":"A1","status":1},
    ]});
    let mut request = with(emission(), json!({"averbacoes":[one,many]}));
    request["mdfe"]["seguro"][0]["numero_averbacao"] = json!(["A2"]);
    let reply = world.execute(&request);
    assert_eq!(reply["status"], 1, "{reply}");
    let numbers = &world.simulator.mdfes()[0].body["seguro"][0]["numero_averbacao"];
    assert_eq!(numbers, &json!(["A2", "A1"]), "those that stand there stay, none twice");
}

#[test]
fn what_was_not_endorsed_has_no_number() {
    let failed = json!({"mod":"averbaRet","chave":KEYS[0],"protocolo":"A1","status":0});
    let reply = World::new().execute(&with(emission(), json!({"averbacoes":[failed]})));
    assert_eq!(fields(&reply["pendencias"]).len(), 3, "{reply}");
}

#[test]
fn contingency_is_the_callers_word_and_is_told() {
    let world = World::new();
    let one = json!({"mod":"averbaRet","chave":KEYS[0],"protocolo":"A1","status":1});
    let mut request = with(emission(), json!({"averbacoes":[one],"contingencia_averbacao":true}));
    request["mdfe"]["seguro"][0].as_object_mut().unwrap().remove("numero_averbacao");
    let reply = world.execute(&request);
    assert_eq!(reply["status"], 1, "{reply}");
    assert_eq!(world.simulator.mdfes()[0].body["seguro"][0]["numero_averbacao"], json!(["A1", "99999"]));
    assert_eq!(fields(&reply["avisos"]).len(), 2, "one for each CT-e without: {reply}");
}

#[test]
fn of_several_insurances_porto_seguros_gets_the_numbers() {
    let world = World::new();
    let averbacoes: Vec<_> =
        KEYS.iter().map(|key| json!({"chave":key,"protocolo":format!("N{}", &key[..4])})).collect();
    let mut request = with(emission(), json!({"averbacoes":averbacoes}));
    let mut other = request["mdfe"]["seguro"][0].clone();
    other["seguradora"] = json!({"nome_seguradora":"Outra","cnpj":"99990001000198"});
    request["mdfe"]["seguro"].as_array_mut().unwrap().insert(0, other);
    request["mdfe"]["seguro"][1].as_object_mut().unwrap().remove("numero_averbacao");
    assert_eq!(world.execute(&request)["status"], 1);
    let insurances = world.simulator.mdfes()[0].body["seguro"].clone();
    assert_eq!(insurances[1]["numero_averbacao"], json!(["N4126", "N4326", "N3126"]));
    request["mdfe"]["seguro"][1]["seguradora"]["cnpj"] = json!("99990002000132");
    let reply = world.execute(&request);
    assert_eq!(fields(&reply["pendencias"]), ["/mdfe/seguro"]);
}
