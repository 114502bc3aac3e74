//! Emission: checked, sent once, followed.

use std::time::Duration;

use serde_json::json;
use simulator::{Config, DEFAULT_TOKEN, Effect, Fault, MdfeState, Target, numbered_key};

use super::{KEYS, called, closing, document, emission, fields, issued, processing, rejecting, with};
use crate::driver::{World, code, fixture_file, msg};

#[test]
fn issued_in_one_request_over_tls() {
    let world = World::over_tls();
    let said = world.say(&emission());
    let reply = said.json();
    let mdfe = &world.simulator.mdfes()[0];
    assert_eq!((said.code, &reply["status"], called(&world).len()), (0, &json!(1), 1));
    assert_eq!(
        json!([reply["mod"], reply["uuid"], reply["chave"], reply["numero"], reply["situacao"]]),
        json!(["mdfeEmiteRet", mdfe.uuid, mdfe.key, mdfe.number, "aprovado"])
    );
    assert!(reply["log"].is_array() && reply["damdfe"].as_str().is_some_and(|url| url.contains("/damdfe/")), "{reply}");
    assert!(reply.get("error").is_none() && reply.get("pendencias").is_none(), "{reply}");
    let request = &world.simulator.requests()[0];
    assert_eq!(request.header("authorization"), Some(format!("Bearer {DEFAULT_TOKEN}").as_str()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(mdfe.body["rodoviario"]["condutor"][0]["cpf"], "52998224725", "masks are taken off");
    assert_eq!(mdfe.body["seguro"][0]["numero_averbacao"], document()["seguro"][0]["numero_averbacao"]);
}

#[test]
fn ambiente_has_no_default() {
    let world = World::new();
    let mut request = emission();
    request["mdfe"].as_object_mut().unwrap().remove("ambiente");
    let reply = world.execute(&request);
    assert_eq!((code(&reply), fields(&reply["pendencias"])), (6002, vec!["/mdfe/ambiente"]));
    assert_eq!(called(&world), <[String; 0]>::default());
}

#[test]
fn the_example_of_the_page_is_no_json_and_would_be_rejected() {
    let world = World::new();
    let text = std::fs::read_to_string(fixture_file("mdfe-exemplo-da-pagina.txt")).unwrap();
    let as_it_stands = format!(r#"{{"mod":"mdfeEmite","mdfe":{text}}}"#);
    let reply = world.run_with(&["executa", "-"], &as_it_stands).json();
    assert_eq!(code(&reply), 1003);
    assert!(reply["error"][0]["detalhe"].as_str().is_some_and(|detail| detail.contains("line 15")), "{reply}");

    let repaired = text.replace(",\n}", "\n}");
    let reply = world.run_with(&["executa", "-"], &format!(r#"{{"mod":"mdfeEmite","mdfe":{repaired}}}"#)).json();
    let found = fields(&reply["pendencias"]);
    for field in [
        "/mdfe/descarregamento/0/documentos_fiscais/0/chave",
        "/mdfe/rodoviario/veiculo_tracao/placa",
        "/mdfe/rodoviario/veiculo_tracao/proprietario/cnpj",
        "/mdfe/rodoviario/veiculo_tracao/proprietario/rntrc",
        "/mdfe/rodoviario/condutor/0/cpf",
        "/mdfe/rodoviario/ciot/0/cpf_responsavel",
        "/mdfe/produto_predominante/ncm",
    ] {
        assert!(found.contains(&field), "{field}: {reply:#}");
    }
    assert!(called(&world).is_empty());
}

#[test]
fn somente_validar_sends_nothing() {
    let world = World::new();
    let reply = world.execute(&with(emission(), json!({"somente_validar":true})));
    assert_eq!((&reply["status"], called(&world).len()), (&json!(1), 0), "{reply}");
    let mut wrong = with(emission(), json!({"somente_validar":true}));
    wrong["mdfe"]["rodoviario"]["veiculo_tracao"]["placa"] = json!("AB12E4R");
    wrong["mdfe"]["rodoviario"].as_object_mut().unwrap().remove("ciot");
    let reply = world.execute(&wrong);
    assert_eq!(code(&reply), 6002);
    assert_eq!(fields(&reply["pendencias"]), ["/mdfe/rodoviario/veiculo_tracao/placa"]);
    assert_eq!(reply["pendencias"][0]["rejeicao"], 646);
    assert_eq!(fields(&reply["avisos"]), ["/mdfe/rodoviario/ciot"]);
    assert!(called(&world).is_empty());
}

#[test]
fn a_warning_does_not_keep_it_from_being_issued() {
    let world = World::new();
    let mut request = emission();
    request["mdfe"]["rodoviario"].as_object_mut().unwrap().remove("ciot");
    let reply = world.execute(&request);
    assert_eq!((&reply["status"], fields(&reply["avisos"])), (&json!(1), vec!["/mdfe/rodoviario/ciot"]), "{reply}");
}

#[test]
fn what_is_being_processed_is_not_done_and_can_be_waited_for() {
    let world = processing(2);
    let reply = world.execute(&emission());
    assert_eq!((&reply["status"], &reply["situacao"], code(&reply)), (&json!(0), &json!("processando"), 6004));
    assert_eq!((&reply["error"][0]["repetir"], reply["error"][0].get("incerto")), (&json!(true), None));
    let uuid = reply["uuid"].as_str().expect("its number").to_owned();
    let found = world.execute(&json!({"mod":"mdfeConsulta","uuid":uuid}));
    assert_eq!((&found["situacao"], code(&found)), (&json!("processando"), 6004));

    let said =
        world.run(&["--progresso", "executa", &json!({"mod":"mdfeConsulta","uuid":uuid,"aguardar_s":20}).to_string()]);
    let found = said.json();
    assert_eq!((&found["status"], &found["situacao"]), (&json!(1), &json!("aprovado")), "{found}");
    assert!(said.stderr.matches(r#""etapa":"situacao""#).count() >= 4, "each question is told: {}", said.stderr);
    assert!(asked_slowly(&world, 2), "at most one question a second");

    let world = processing(3);
    let reply = world.execute(&with(emission(), json!({"aguardar_s":30})));
    assert_eq!((&reply["status"], world.simulator.mdfes().len()), (&json!(1), 1), "{reply}");
    assert!(asked_slowly(&world, 0));
}

/// Whether a second passed between two requests of one wait, which the first `before` have nothing to do with.
fn asked_slowly(world: &World, before: usize) -> bool {
    let at: Vec<_> = world.simulator.requests().iter().skip(before).map(|request| request.at).collect();
    at.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(999))
}

#[test]
fn a_wait_ends_with_its_time_or_by_the_callers_wish() {
    let world = processing(1000);
    let reply = world.execute(&with(emission(), json!({"aguardar_s":2})));
    assert_eq!((code(&reply), &reply["situacao"]), (6004, &json!("processando")), "{reply}");
    let chave = &reply["chave"];
    let asked = json!({"mod":"mdfeConsulta","chave":chave,"aguardar_s":600});
    let reply = world.run(&["--parar-apos", "4", "executa", &asked.to_string()]).json();
    assert_eq!((code(&reply), &reply["situacao"]), (9002, &json!("processando")), "what is known is told: {reply}");
    assert_eq!(code(&world.execute(&json!({"mod":"mdfeConsulta","chave":chave,"aguardar_s":601}))), 1006);
}

#[test]
fn a_lost_emission_is_uncertain_and_never_sent_twice() {
    for effect in [Effect::LoseAnswer, Effect::CutAnswer, Effect::body("text/html", "<h1>?</h1>"), Effect::status(502)]
    {
        let world = rejecting(effect.clone(), Target::Emissao);
        let reply = world.execute(&emission());
        assert_eq!((&reply["status"], &reply["error"][0]["incerto"]), (&json!(0), &json!(true)), "{effect:?}: {reply}");
        assert!(msg(&reply).contains("painel do Webmania"), "{}", msg(&reply));
        assert_eq!(called(&world).len(), 1, "{effect:?}");
    }
    let world = World::new().set(json!({"timeout_conexao_s":1,"timeout_s":2}));
    world.simulator.fault(Fault::new(Effect::Silence).on(Target::Emissao));
    let reply = world.execute(&emission());
    assert_eq!((code(&reply), &reply["error"][0]["incerto"], called(&world).len()), (3004, &json!(true), 1));
}

#[test]
fn a_refusal_says_what_sefaz_said() {
    let world = rejecting(Effect::rejection(681, "RNTRC informado inexistente"), Target::Emissao);
    let reply = world.execute(&emission());
    assert_eq!((code(&reply), &reply["situacao"]), (6003, &json!("reprovado")), "{reply}");
    assert_eq!(reply["error"][0]["origem"]["code"], "681");
    assert!(msg(&reply).contains("RNTRC informado inexistente"), "{reply}");
    assert!(reply["error"][0].get("incerto").is_none());
    for (rejection, expected) in [(108, 6006), (105, 6004)] {
        let world = rejecting(Effect::rejection(rejection, "Serviço Paralisado"), Target::Emissao);
        assert_eq!(code(&world.execute(&emission())), expected);
    }
}

#[test]
fn the_open_mdfe_is_read_out_and_can_be_closed() {
    for rejection in ["462", "611", "662 Existe MDF-e no sentido oposto {mdfe}", "686"] {
        for shape in [
            "spaced",
            "reference-spaced",
            "reference-svrs",
            "reference-joint",
            "reference-bare",
            "log-text,motivo-array",
        ] {
            let world = World::with(Config { mdfe_shape: shape.parse().unwrap(), ..Config::default() });
            let open = issued(&world);
            world.simulator.fault(format!("emissao:rejeicao={rejection}").parse().unwrap());
            let reply = world.execute(&emission());
            assert_eq!((code(&reply), &reply["mdfe_aberto"]["chave"]), (6007, &json!(open)), "{shape}: {reply}");
            assert_eq!(reply["mdfe_aberto"]["protocolo"].as_str().map(str::len), Some(15), "{shape}: {reply}");
        }
    }
    let world = World::new();
    let open = issued(&world);
    let reply = world.execute(&closing(&open));
    assert_eq!((&reply["status"], &reply["situacao"]), (&json!(1), &json!("encerrado")), "{reply}");
    assert_eq!(world.simulator.mdfe(&open).unwrap().state, MdfeState::Closed);
}

#[test]
fn a_duplicate_is_looked_up() {
    let world = World::new();
    let existing = issued(&world);
    world.simulator.fault("emissao:rejeicao=204".parse().unwrap());
    let reply = world.execute(&emission());
    assert_eq!((&reply["status"], &reply["chave"]), (&json!(1), &json!(existing)), "the same one: {reply}");
    assert!(reply["avisos"][0]["msg"].as_str().is_some_and(|msg| msg.contains("já estava autorizado")));
    world.simulator.fault("emissao:rejeicao=539".parse().unwrap());
    let reply = world.execute(&emission());
    assert_eq!((code(&reply), &reply["mdfe_existente"]["chave"]), (6008, &json!(existing)), "another: {reply}");
}

#[test]
fn ten_thousand_documents_and_one_more() {
    let world = World::new();
    let mut request = emission();
    let keys: Vec<_> = (1..=10_000).map(|number| json!({"chave":numbered(number)})).collect();
    request["mdfe"]["descarregamento"] =
        json!([{"nome_municipio":"Porto Alegre","codigo_municipio":"4314902","documentos_fiscais":keys}]);
    let reply = world.execute(&request);
    assert_eq!(reply["status"], 1, "{:.300}", reply.to_string());
    let one_more = json!({"chave":numbered(10_001)});
    request["mdfe"]["descarregamento"][0]["documentos_fiscais"].as_array_mut().unwrap().push(one_more);
    let reply = world.execute(&request);
    assert_eq!(fields(&reply["pendencias"]), ["/mdfe/descarregamento/0/documentos_fiscais"]);
}

/// The first key with another number.
fn numbered(number: usize) -> String {
    numbered_key(KEYS[0], number)
}

#[test]
fn requests_that_make_no_sense() {
    let world = World::new();
    for (request, expected) in [
        (json!({"mod":"mdfeEmite"}), 1005),
        (json!({"mod":"mdfeEmite","mdfe":"texto"}), 1006),
        (json!({"mod":"mdfeEmite","mdfe":{"placa":"ABC1D23"}}), 1006),
        (json!({"mod":"mdfeEmite","mdfe":{"percurso":"SC"}}), 1006),
        (json!({"mod":"mdfeEmite","ambiente":2}), 1006),
        (json!({"mod":"mdfeNotificacao"}), 1005),
        (json!({"mod":"mdfeRegras","x":1}), 1006),
    ] {
        let reply = world.execute(&request);
        assert_eq!((code(&reply), &reply["status"]), (expected, &json!(0)), "{request}: {reply}");
    }
    let empty = world.execute(&json!({"mod":"mdfeEmite","mdfe":{}}));
    assert_eq!(code(&empty), 6002);
    assert!(fields(&empty["pendencias"]).contains(&"/mdfe/ambiente"));
    assert!(called(&world).is_empty());
}
