//! Webmania's faults and shapes.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Config, Effect, Fault, MdfeShape, MdfeState, Moment, Rejection, Target};

use crate::client::{Client, answered};
use crate::webmania_client::{JSON, Webmania, document, document_with, started, with_token};

fn shaped(words: &str) -> MdfeShape {
    words.parse().expect("a shape")
}

#[test]
fn faults_wait_for_their_calls() {
    let (simulator, client) = started(Config::default());
    for moment in [Moment::End, Moment::Head] {
        let mdfe = client.emitted();
        let path = format!("/xmlmdfe/{}", mdfe["chave"].as_str().expect("a key"));
        let targets = [
            Target::MdfeArquivo,
            Target::Condutor,
            Target::Cancelar,
            Target::Encerrar,
            Target::MdfeConsulta,
            Target::Emissao,
            Target::Webmania,
        ];
        for (target, status) in targets.into_iter().zip(500..) {
            simulator.fault(Fault::new(Effect::status(status)).on(target).at(moment));
        }
        let uuid = mdfe["uuid"].as_str().expect("a UUID");
        assert_eq!(client.0.public_consulta("chave[]=1").status, 200);
        assert_eq!(client.emissao(&document()).status, 505);
        assert_eq!(client.consulta(uuid).status, 504);
        assert_eq!(client.encerrar(&mdfe).status, 503);
        assert_eq!(client.cancelar(&mdfe).status, 502);
        assert_eq!(client.condutor(&mdfe).status, 501);
        assert_eq!(client.get(&path).status, 500);
        assert_eq!(client.consulta(uuid).status, 506);
        assert_eq!(client.consulta(uuid).json()["status"], "aprovado");
    }
    assert_eq!(simulator.mdfes().len(), 2);
}

#[test]
fn a_lost_answer_leaves_an_mdfe_behind() {
    for (effect, emitted) in [(Effect::LoseAnswer, 1), (Effect::CutAnswer, 1), (Effect::Close, 0), (Effect::Reset, 0)] {
        let (simulator, client) = started(Config::default());
        simulator.fault(Fault::new(effect).on(Target::Emissao));
        let request = with_token(client.0.request("POST", "/2/mdfe/emissao", JSON, document().to_string()));
        assert!(request.send().and_then(|answer| answer.bytes()).is_err());
        assert_eq!(simulator.mdfes().len(), emitted);
    }
    let (simulator, client) = started(Config::default());
    simulator.fault(Fault::new(Effect::Silence).on(Target::Emissao));
    let request = with_token(client.0.request("POST", "/2/mdfe/emissao", JSON, document().to_string()));
    assert!(request.timeout(Duration::from_millis(300)).send().is_err_and(|error| error.is_timeout()));
    assert!(simulator.mdfes().is_empty());
}

#[test]
fn a_firewall_answers_with_a_page() {
    let (simulator, client) = started(Config::default());
    simulator.fault(Fault::new(Effect::Blocked));
    let page = client.emissao(&document());
    assert_eq!((page.status, page.content_type.as_str()), (403, "text/html"));
    assert!(page.text.contains("403 Forbidden") && simulator.mdfes().is_empty());
}

#[test]
fn sefaz_rejects_on_demand() {
    let (simulator, client) = started(Config { mdfe_processing: 1, ..Config::default() });
    simulator.fault(Fault::new(Effect::rejection(999, "Erro não catalogado")).on(Target::Emissao));
    let processing = client.emissao(&document()).json();
    let consulta = || client.consulta(processing["uuid"].as_str().expect("a UUID")).json();
    assert_eq!([consulta()["status"].clone(), consulta()["status"].clone()], ["processando", "reprovado"]);
    assert_eq!(consulta()["motivo"], "Rejeição 999: Erro não catalogado");
    assert_eq!(consulta()["log"][1]["xMotivo"], "Rejeição: Erro não catalogado");

    let second = client.emissao(&document()).json();
    let consulta = || client.consulta(second["uuid"].as_str().expect("a UUID")).json();
    simulator.fault(Fault::new(Effect::rejection(684, "CIOT")).on(Target::MdfeConsulta).times(2));
    assert_eq!(consulta()["motivo"], "Rejeição 684: CIOT");
    assert_eq!(consulta()["motivo"], "Rejeição 684: CIOT", "it is decided");

    let third = client.emissao(&document()).json();
    simulator.decide_mdfes();
    for (target, call) in
        [(Target::Encerrar, "encerrar"), (Target::Cancelar, "cancelar"), (Target::Condutor, "condutor")]
    {
        simulator.fault(Fault::new(Effect::rejection(219, "Circulação do MDF-e verificada")).on(target));
        let answer = match call {
            "encerrar" => client.encerrar(&third),
            "cancelar" => client.cancelar(&third),
            _ => client.condutor(&third),
        };
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("Rejeição 219: Circulação do MDF-e verificada"))
        );
    }
    assert_eq!(simulator.mdfes()[2].state, MdfeState::Approved);
}

#[test]
fn in_contingency_it_may_travel_and_sefaz_decides_later() {
    let (simulator, client) = started(Config { mdfe_processing: 1, ..Config::default() });
    simulator.fault(Fault::new(Effect::Contingency).on(Target::Emissao));
    let mdfe = client.emissao(&document()).json();
    assert_eq!(json!([mdfe["status"], mdfe["log"][0]["cStat"]]), json!(["contingencia", "108"]));
    let key = mdfe["chave"].as_str().expect("a key");
    assert_eq!(&key[34..35], "2");
    assert_eq!(mdfe["damdfe"], format!("{}/damdfe/{key}", simulator.https_url()));
    let xml = client.get(&format!("/xmlmdfe/{key}")).text;
    assert!(xml.contains("<tpEmis>2</tpEmis>") && !xml.contains("mdfeProc"), "{xml}");
    assert!(client.encerrar(&mdfe).text.contains("217: "));
    let statuses: Vec<_> = (0..3).map(|_| client.consulta(key).json()["status"].clone()).collect();
    assert_eq!(statuses, ["contingencia", "aprovado", "aprovado"]);
    assert!(client.get(&format!("/xmlmdfe/{key}")).text.contains("<mdfeProc "));
}

/// The reason for which an emission is rejected with this code, the answer being written in this shape.
fn rejected(client: &Webmania, simulator: &simulator::Simulator, code: u16) -> String {
    simulator.fault(format!("emissao:rejeicao={code}").parse().expect("a fault"));
    client.emissao(&document()).json()["motivo"].as_str().expect("a text").to_owned()
}

#[test]
fn a_rejection_names_the_mdfe_that_is_open() {
    for (words, expected) in [
        ("", "[chMDFe:KEY][nProt:PROTOCOL]"),
        ("reference-spaced", "[chMDFe: KEY][nProt:PROTOCOL]"),
        ("reference-svrs", "[chMDFe Não Encerrada:KEY][NroProtocolo:PROTOCOL]"),
        ("reference-joint", "[chMDFe: KEY nProt: PROTOCOL]"),
        ("reference-bare", "[chMDFeKEY][nProtPROTOCOL]"),
        ("reference-protocol", "[nProt:PROTOCOL]"),
        ("reference-none", ""),
    ] {
        let mdfe_shape = if words.is_empty() { MdfeShape::default() } else { shaped(words) };
        let (simulator, client) = started(Config { mdfe_shape, ..Config::default() });
        client.encerrar(&client.emitted());
        client.emitted();
        let open = simulator.mdfes()[1].clone();
        let expected = expected.replace("KEY", &open.key).replace("PROTOCOL", &open.protocol);
        for code in [204, 462, 539, 611, 631, 686] {
            let reason = rejected(&client, &simulator, code);
            assert!(reason.starts_with(&format!("Rejeição {code}: ")) && reason.ends_with(&expected), "{reason}");
        }
        assert_eq!(
            client.put("encerrar", &json!({"chave": open.key, "uf": "PR", "municipio": "Curitiba"})).status,
            200
        );
        let elsewhere = rejected(&client, &simulator, 686);
        assert!(!elsewhere.contains(&open.key) && !elsewhere.contains("{mdfe}"), "{elsewhere}");
    }
}

#[test]
fn log_and_reason_come_in_every_shape() {
    let (simulator, client) = started(Config::default());
    let mdfe = client.emitted();
    let in_shape = |words: &str| {
        simulator.fault(Fault::new(Effect::MdfeShape(shaped(words))).on(Target::MdfeConsulta));
        client.consulta(mdfe["uuid"].as_str().expect("a UUID"))
    };
    let entry = &mdfe["log"][0];
    assert_eq!(entry["xMotivo"], "Autorizado o uso do MDF-e");
    assert_eq!(in_shape("log-object").json()["log"], *entry);
    let text = in_shape("log-text").json()["log"].clone();
    let read: Value = serde_json::from_str(text.as_str().expect("a string")).expect("JSON");
    assert_eq!(read, *entry);
    assert_eq!(in_shape("motivo-array").json()["motivo"], json!([mdfe["motivo"]]));
    assert!(in_shape("bom").text.starts_with("\u{feff}{\"uuid\""));
    assert!(in_shape("spaced").text.contains("\n  \"uuid\": "));
    assert_eq!(in_shape("spaced,motivo-array,log-object").json()["log"], *entry);
    assert_eq!(client.consulta(mdfe["uuid"].as_str().expect("a UUID")).json(), mdfe);
}

#[test]
fn addresses_begin_in_either_way() {
    for (words, scheme) in [("http", "http://"), ("https", "https://")] {
        let (simulator, client) = started(Config { mdfe_shape: shaped(words), ..Config::default() });
        for (client, base) in
            [(&client, simulator.https_url()), (&Webmania(Client::plain(&simulator)), simulator.http_url())]
        {
            let mdfe = client.emitted();
            let address = base.split_once("://").expect("an address").1;
            let expected = format!("{scheme}{address}/damdfe/{}", mdfe["chave"].as_str().expect("a key"));
            assert_eq!(mdfe["damdfe"], expected);
        }
    }
}

#[test]
fn failures_are_told_in_every_way() {
    for (words, status, field) in [("error-200", 200, "error"), ("error-msg", 400, "msg"), ("bom", 400, "error")] {
        let (_simulator, client) = started(Config { mdfe_shape: shaped(words), ..Config::default() });
        let answer = client.emissao(&document_with("/ambiente", json!("2")));
        assert_eq!((answer.status, answer.content_type.as_str()), (status, JSON));
        assert_eq!(answer.json(), json!({field: "O campo ambiente deve ser um número de 1 a 2."}));
    }
}

#[test]
fn whoever_asks_too_often_is_answered_with_a_page() {
    let (_simulator, client) = started(Config { mdfe_query_limit: Some(2), ..Config::default() });
    let mdfe = client.emitted();
    let consulta = || client.consulta(mdfe["uuid"].as_str().expect("a UUID"));
    let answers = [consulta(), consulta(), consulta(), consulta()];
    assert_eq!(answers.each_ref().map(|answer| answer.status), [200, 200, 503, 503]);
    assert!(answers[2].content_type.starts_with("text/html"));
    assert_eq!(client.encerrar(&mdfe).status, 200, "queries alone are counted");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(consulta().status, 200);
}

#[test]
fn what_only_the_other_service_has_waits_for_it() {
    let (simulator, client) = started(Config::default());
    simulator.fault(Fault::new(Effect::Captcha));
    simulator.fault(Fault::new(Effect::rejection(686, "Aberto")));
    assert!(client.0.form("", "mod=login&comp=5&user=USUARIO&pass=SENHA").text.contains("Captcha required"));
    assert_eq!(client.emissao(&document()).json()["motivo"], "Rejeição 686: Aberto");
    assert_eq!(client.0.public_consulta("chave[]=1").status, 200);
    client.emitted();
}

#[test]
fn faults_are_written_as_the_help_says() {
    for (text, fault) in [
        ("emissao:lose-answer", Fault::new(Effect::LoseAnswer).on(Target::Emissao)),
        ("mdfe-consulta*2:status=503", Fault::new(Effect::status(503)).on(Target::MdfeConsulta).times(2)),
        ("encerrar:close", Fault::new(Effect::Close).on(Target::Encerrar)),
        ("cancelar@half:reset", Fault::new(Effect::Reset).on(Target::Cancelar).at(Moment::Half)),
        ("condutor:silence", Fault::new(Effect::Silence).on(Target::Condutor)),
        ("mdfe-arquivo:gzip", Fault::new(Effect::Gzip).on(Target::MdfeArquivo)),
        ("webmania*forever:blocked", Fault::new(Effect::Blocked).on(Target::Webmania).forever()),
        ("emissao:rejeicao=999 a: {mdfe}", Fault::new(Effect::rejection(999, "a: {mdfe}")).on(Target::Emissao)),
        ("emissao:contingencia", Fault::new(Effect::Contingency).on(Target::Emissao)),
        ("any:rejeicao=577", Fault::new(Effect::Reject(Rejection::known(577).expect("known")))),
        ("emissao:mdfe-shape=http,bom", Fault::new(Effect::MdfeShape(shaped("http,bom"))).on(Target::Emissao)),
    ] {
        assert_eq!(text.parse::<Fault>(), Ok(fault), "{text}");
    }
    for (wrong, explanation) in [
        ("emissao:captcha", "there is no 'captcha'"),
        ("webmania:logout", "there is no 'logout'"),
        ("mdfe-consulta:take-only=1", "there is no 'take-only'"),
        ("emissao:shape=bom", "there is no 'shape'"),
        ("upload:rejeicao=686", "there is no 'rejeicao'"),
        ("login:mdfe-shape=bom", "there is no 'mdfe-shape'"),
        ("emissao:rejeicao=1", "write it behind the code: rejeicao=1 TEXT"),
        ("emissao:rejeicao=x", "not a number"),
        ("emissao:mdfe-shape=round", "there is no shape 'round' for MDF-e"),
        ("emissao@head:rejeicao=686", "needs more of the request"),
        ("mdfe:close", "mdfe-consulta"),
    ] {
        let error = wrong.parse::<Fault>().expect_err(wrong).to_string();
        assert!(error.contains(explanation), "{wrong}: {error}");
    }
}

#[test]
#[should_panic(expected = "there is no 'captcha'")]
fn what_a_service_does_not_have_cannot_be_ordered() {
    let _ = Fault::new(Effect::Captcha).on(Target::Emissao);
}

#[test]
fn half_an_emission_emits_nothing() {
    let (simulator, client) = started(Config::default());
    simulator.fault(Fault::new(Effect::status(502)).on(Target::Emissao).at(Moment::Half));
    let answer = answered(with_token(client.0.request("POST", "/2/mdfe/emissao", JSON, document().to_string())));
    assert_eq!((answer.status, simulator.mdfes().len()), (502, 0));
}
