//! MDF-e through Webmania: issued, followed, closed, cancelled, with the endorsement numbers filled in.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Config, DEFAULT_PASSWORD, DEFAULT_TOKEN, DEFAULT_USER, Effect, Fault, MdfeState, Target};

use crate::driver::{TempFile, World, code, fixture, fixture_file, msg, target};

/// The CT-e of `mdfe.json`, in its order.
const KEYS: [&str; 3] = [
    "41260599990001000198570010000047111283746517",
    "43260699990002000132570020000009821102938470",
    "31260799990005000176570000000000661506070802",
];

/// A document that nothing is wrong with.
fn document() -> Value {
    let text = std::fs::read_to_string(fixture_file("mdfe.json")).expect("the fixture can be read");
    serde_json::from_str(&text).expect("the fixture is JSON")
}

fn emission() -> Value {
    json!({"mod":"mdfeEmite","mdfe":document()})
}

/// `request` with `fields`.
fn with(mut request: Value, fields: Value) -> Value {
    request.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    request
}

/// An MDF-e that was approved: its key.
fn issued(world: &World) -> String {
    let reply = world.execute(&emission());
    assert_eq!(reply["status"], 1, "{reply}");
    let key = reply["chave"].as_str().expect("a key").to_owned();
    world.simulator.clear_requests();
    key
}

/// The calls of the service, in order.
fn called(world: &World) -> Vec<String> {
    let calls = world.simulator.requests().into_iter().map(|request| format!("{} {}", request.method, request.path));
    calls.collect()
}

fn processing(queries: u32) -> World {
    World::with(Config { mdfe_processing: queries, ..Config::default() })
}

fn rejecting(effect: Effect, on: Target) -> World {
    let world = World::new();
    world.simulator.fault(Fault::new(effect).on(on));
    world
}

/// The fields that `findings` are about.
fn fields(findings: &Value) -> Vec<&str> {
    findings.as_array().into_iter().flatten().filter_map(|finding| finding["campo"].as_str()).collect()
}

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
fn a_refusal_says_of_which_mdfe() {
    let world = World::new();
    let key = issued(&world);
    for short in ["", "curta demais"] {
        let reply = world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":short}));
        assert_eq!((&reply["status"], &reply["chave"]), (&json!(0), &json!(key)), "{reply}");
    }
    let uuid = "90d30c80-d0be-4c8f-a749-a818989222ca";
    let reply = world.execute(&json!({"mod":"mdfeConsulta","uuid":uuid}));
    assert_eq!((code(&reply), &reply["uuid"]), (6009, &json!(uuid)), "{reply}");
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

fn closing(key: &str) -> Value {
    json!({"mod":"mdfeEncerra","chave":key,"uf":"RS","municipio":"Porto Alegre","codigo_municipio":"4314902"})
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
fn events_whose_answer_is_lost_are_looked_up() {
    let world = World::new();
    let key = issued(&world);
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Encerrar));
    let reply = world.execute(&closing(&key));
    assert_eq!((&reply["status"], &reply["situacao"]), (&json!(1), &json!("encerrado")), "{reply}");
    assert_eq!(called(&world).len(), 2, "the event once, and one question");
    let again = world.execute(&closing(&key));
    assert_eq!((&again["status"], &again["situacao"]), (&json!(1), &json!("encerrado")), "closed is closed: {again}");

    let world = World::new();
    let key = issued(&world);
    world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Cancelar));
    let reply =
        world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":"Viagem desmarcada pelo cliente"}));
    assert_eq!((&reply["status"], &reply["error"][0]["incerto"]), (&json!(0), &json!(true)), "{reply}");
    assert!(msg(&reply).contains("consulte o MDF-e antes de repetir"), "{reply}");
}

#[test]
fn a_cancellation_comes_in_time_or_is_refused() {
    let world = World::new();
    let why = "Viagem desmarcada pelo cliente";
    let key = issued(&world);
    let reply = world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":why}));
    assert_eq!((&reply["status"], &reply["situacao"]), (&json!(1), &json!("cancelado")), "{reply}");
    let key = issued(&world);
    world.simulator.age_mdfe(25);
    let reply = world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":why}));
    assert_eq!((code(&reply), &reply["error"][0]["origem"]["code"]), (6003, &json!("220")), "{reply}");
    for short in ["", "curta demais"] {
        let reply = world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":short}));
        assert!([1005, 1006].contains(&code(&reply)), "{reply}");
    }
}

#[test]
fn a_driver_is_added() {
    let world = World::new();
    let key = issued(&world);
    let reply = world.execute(&json!({"mod":"mdfeCondutor","chave":key,"nome":"José Antônio","cpf":"529.982.247-25"}));
    assert_eq!(reply["status"], 1, "{reply}");
    let drivers = &world.simulator.mdfe(&key).unwrap().drivers;
    assert_eq!((drivers[0].name.as_str(), drivers[0].cpf.as_str()), ("José Antônio", "52998224725"));
    let reply = world.execute(&json!({"mod":"mdfeCondutor","chave":key,"nome":"José","cpf":"000.000.000-00"}));
    assert_eq!(code(&reply), 1006);
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Condutor));
    let reply = world.execute(&json!({"mod":"mdfeCondutor","chave":key,"nome":"Maria","cpf":"529.982.247-25"}));
    assert_eq!(reply["error"][0]["incerto"], true, "it cannot be asked: {reply}");
}

#[test]
fn which_mdfe_must_be_said_once_and_right() {
    let world = World::new();
    let uuid = "90d30c80-d0be-4c8f-a749-a818989222ca";
    for (which, expected) in [
        (json!({}), 1005),
        (json!({"uuid":uuid,"chave":KEYS[0]}), 1006),
        (json!({"uuid":"90d30c80"}), 1006),
        (json!({"uuid":"../../../../../../../../../../../../"}), 1006),
        (json!({"chave":"123"}), 1007),
        (json!({"chave":KEYS[0]}), 1007),
    ] {
        let reply = world.execute(&with(json!({"mod":"mdfeConsulta"}), which.clone()));
        assert_eq!(code(&reply), expected, "{which}: {reply}");
    }
    assert!(called(&world).is_empty());
    assert_eq!(code(&world.execute(&json!({"mod":"mdfeConsulta","uuid":uuid}))), 6009);
    let elsewhere =
        json!({"mod":"mdfeEncerra","uuid":uuid,"uf":"PR","municipio":"Porto Alegre","codigo_municipio":"4314902"});
    assert_eq!(code(&world.execute(&elsewhere)), 1006);
}

#[test]
fn the_token_is_asked_for_and_told_when_it_is_wrong() {
    let world = World::new().set(json!({"webmania":{"token":""}}));
    let consulta =
        |token: &str| json!({"mod":"mdfeConsulta","token":token,"uuid":"90d30c80-d0be-4c8f-a749-a818989222ca"});
    assert_eq!(code(&world.execute(&consulta(""))), 1005);
    assert_eq!(code(&world.execute(&consulta("TOKEN\nX"))), 1006);
    assert!(called(&world).is_empty());
    assert_eq!(code(&world.execute(&consulta("errado"))), 6001);
    assert_eq!(
        code(&world.execute(&consulta(&format!("{DEFAULT_TOKEN}\r\n")))),
        6009,
        "a line end behind it is taken off"
    );
    world.simulator.fault(Fault::new(Effect::Blocked).on(Target::MdfeConsulta));
    let reply = world.execute(&consulta(DEFAULT_TOKEN));
    assert_eq!(code(&reply), 4002);
    assert!(msg(&reply).contains("token") && msg(&reply).contains("IP"), "{reply}");
}

#[test]
fn errors_are_read_in_every_shape() {
    for shape in ["error-200", "error-msg", "bom", "spaced", "motivo-array", "log-object", "log-text", "http"] {
        let world = World::with(Config { mdfe_shape: shape.parse().unwrap(), ..Config::default() });
        let key = issued(&world);
        let reply = world.execute(&json!({"mod":"mdfeConsulta","chave":key}));
        assert_eq!((&reply["status"], &reply["chave"]), (&json!(1), &json!(key)), "{shape}: {reply}");
        world.execute(&closing(&key));
        let reply =
            world.execute(&json!({"mod":"mdfeCancela","chave":key,"justificativa":"Viagem desmarcada pelo cliente"}));
        assert_eq!((&reply["status"], reply["error"][0].get("incerto")), (&json!(0), None), "{shape}: {reply}");
        assert!([6003, 6005, 6008].contains(&code(&reply)), "{shape}: {reply}");
    }
}

#[test]
fn files_are_fetched_whole_or_not_at_all() {
    let world = World::over_tls();
    let key = issued(&world);
    let place = TempFile::new("damdfe.pdf", b"o que estava antes");
    let asked = json!({"mod":"mdfeArquivo","chave":key,"tipo":"pdf","arquivo":place.name()});
    world
        .simulator
        .fault(Fault::new(Effect::body("application/pdf", "<html><h1>Erro</h1></html>")).on(Target::MdfeArquivo));
    let reply = world.execute(&asked);
    assert_eq!((code(&reply), std::fs::read(place.path()).unwrap().as_slice()), (6010, &b"o que estava antes"[..]));
    let reply = world.execute(&asked);
    let written = std::fs::read(place.path()).unwrap();
    assert_eq!((&reply["status"], &reply["bytes"]), (&json!(1), &json!(written.len())), "{reply}");
    assert!(written.starts_with(b"%PDF-"));

    let xml = TempFile::new("mdfe.xml", b"");
    let url = world.simulator.https_url().replace("https:", "http:") + &format!("/xmlmdfe/{key}");
    let reply = world.execute(&json!({"mod":"mdfeArquivo","url":url,"arquivo":xml.name()}));
    assert_eq!(reply["status"], 1, "{reply}");
    assert!(world.simulator.requests().iter().all(|request| request.secure), "the token never goes unencrypted");
    let url = format!("{}/xmlmdfe/{key}", world.simulator.https_url());
    let reply = world.execute(&json!({"mod":"mdfeArquivo","url":url,"arquivo":xml.name()}));
    assert_eq!(reply["status"], 1, "{reply}");
    assert!(std::fs::read_to_string(xml.path()).unwrap().contains(&key));
    let beside = std::fs::read_dir(xml.path().parent().unwrap()).unwrap().count();
    assert_eq!(beside, 1, "nothing is left beside it");
}

#[test]
fn the_token_goes_to_the_service_alone() {
    let world = World::new();
    let file = TempFile::new("x.pdf", b"");
    let before = world.simulator.requests().len();
    for url in [
        "https://example.com/damdfe/41261199990001000198580010000000011283746510",
        "http://127.0.0.1:1/damdfe/41261199990001000198580010000000011283746510",
        "http://127.0.0.1.example.com/damdfe/1",
        "file:///etc/passwd",
    ] {
        let reply = world.execute(&json!({"mod":"mdfeArquivo","url":url,"arquivo":file.name()}));
        assert_eq!(code(&reply), 1006, "{url}: {reply}");
    }
    let base = world.simulator.http_url();
    let reply =
        world.execute(&json!({"mod":"mdfeArquivo","url":format!("{base}/2/mdfe/consulta/1"),"arquivo":file.name()}));
    assert_eq!(code(&reply), 1006, "{reply}");
    assert_eq!(world.simulator.requests().len(), before);
}

#[test]
fn a_file_that_cannot_be_asked_for_or_written() {
    let world = World::new();
    let key = issued(&world);
    let file = TempFile::new("x.pdf", b"");
    let nowhere = target().path(&file.path().with_file_name("não há").join("x.pdf"));
    for (asked, expected) in [
        (json!({"chave":key,"tipo":"pdf","arquivo":""}), 1005),
        (json!({"chave":key,"arquivo":file.name()}), 1005),
        (json!({"tipo":"pdf","arquivo":file.name()}), 1005),
        (json!({"chave":key,"tipo":"docx","arquivo":file.name()}), 1006),
        (json!({"chave":KEYS[0],"tipo":"pdf","arquivo":file.name()}), 1007),
        (json!({"chave":key,"tipo":"pdf","arquivo":nowhere}), 2001),
    ] {
        let reply = world.execute(&with(json!({"mod":"mdfeArquivo"}), asked.clone()));
        assert_eq!(code(&reply), expected, "{asked}: {reply}");
    }
}

#[test]
fn a_notification_is_read() {
    let world = World::new();
    let url = format!("http://127.0.0.1:{}/webmania?segredo=abc", "1");
    let mut request = emission();
    request["mdfe"]["url_notificacao"] = json!(url);
    assert_eq!(world.execute(&request)["status"], 1);
    let sent = world.simulator.notifications();
    let body = &sent.first().expect("it was to be sent").body;
    let told = |came: &str| {
        world.execute(&json!({"mod":"mdfeNotificacao","corpo":body,"segredo":"abc","segredo_recebido":came}))
    };
    let reply = told("abc");
    assert_eq!((&reply["status"], &reply["situacao"]), (&json!(1), &json!("aprovado")), "{reply}");
    assert_eq!((code(&told("abd")), code(&told(""))), (6011, 6011));
    assert!(!told("abd").to_string().contains("abc"));
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

/// The first key with another number, and the check digit that it calls for.
fn numbered(number: usize) -> String {
    let body = format!("{}{number:09}{}", &KEYS[0][..25], &KEYS[0][34..43]);
    let weighted = body.bytes().rev().zip((2..=9).cycle()).map(|(digit, weight)| u32::from(digit - b'0') * weight);
    let digit = match weighted.sum::<u32>() % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    format!("{body}{digit}")
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

#[test]
fn the_rules_are_told() {
    let reply = World::new().execute(&json!({"mod":"mdfeRegras"}));
    let rules = reply["regras"].as_array().expect("a list");
    assert!(rules.len() > 30 && reply["status"] == 1);
    assert!(rules.iter().all(|rule| rule["msg"].is_string() && rule["acao"].is_string() && rule["nivel"].is_string()));
}
