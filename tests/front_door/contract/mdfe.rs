//! Calls of Webmania.

use std::fs;

use serde_json::Value;
use simulator::{Config, Effect, Fault, Target};

use super::Call;
use super::scene::Scene;
use crate::driver::{TempFile, World, fixture_file};

/// What stands for an MDF-e, and for the protocol of its authorization.
const KEY: &str = "35260512345678000195580010000000011123456780";
const UUID: &str = "90d30c80-d0be-4c8f-a749-a818989222ca";
const PROTOCOL: &str = "935260000000001";
/// What stands for another.
const OTHER_KEY: &str = "35260512345678000195580010000000021876543210";
const OTHER_UUID: &str = "1c9b2f77-50ad-4a52-9a0e-6f1f1c1f7c55";

pub fn calls() -> Vec<Call> {
    [emission(), endorsement(), processing(), refusals(), rejections(), life(), files(), own()].concat()
}

fn scene(config: Config) -> Scene {
    let mut scene = Scene::new(World::with(config));
    for name in ["cte-utf8.xml", "cte-iso-8859-1.xml", "cte-indentado-crlf.xml"] {
        scene.fixture(name);
    }
    let url = scene.world.simulator.http_url();
    scene.means("https://api.webmaniabr.com", &url);
    scene
}

/// The request for an emission, with `fields` before the document.
fn emite(fields: &str) -> String {
    let document = fs::read_to_string(fixture_file("mdfe.json")).expect("the fixture can be read");
    format!(r#"{{"mod":"mdfeEmite",{fields}"mdfe":{document}}}"#)
}

/// Issues an MDF-e, for which [`KEY`], [`UUID`] and [`PROTOCOL`] stand from then on.
fn issue(scene: &mut Scene, name: &'static str, request: &str) {
    let reply = scene.say(name, request);
    learn(scene, &reply, [(KEY, "/chave"), (UUID, "/uuid"), (PROTOCOL, "/log/0/nProt")]);
    assert!(reply["uuid"].as_str().is_some_and(|uuid| !uuid.is_empty()), "{name}: {reply}");
}

/// The stand-ins stand for what `reply` has at these places, where it has something there.
fn learn(scene: &mut Scene, reply: &Value, stand_ins: [(&str, &str); 3]) {
    for (shown, pointer) in stand_ins {
        if let Some(real) = reply.pointer(pointer).and_then(Value::as_str).filter(|real| !real.is_empty()) {
            scene.means(shown, real);
        }
    }
}

fn emission() -> Vec<Call> {
    let mut scene = scene(Config::default());
    issue(&mut scene, "mdfe-emite", &emite(""));
    scene.say("mdfe-valida", &emite(r#""somente_validar":true,"#));
    scene.finish()
}

fn endorsement() -> Vec<Call> {
    let mut scene = scene(Config::default());
    let averbar = r#""averbar":{"user":"USUARIO","pass":"SENHA","cte":
        ["C:\\siem\\cte-utf8.xml","C:\\siem\\cte-iso-8859-1.xml","C:\\siem\\cte-indentado-crlf.xml"]},"#;
    issue(&mut scene, "mdfe-emite-averbando", &emite(averbar));
    scene.finish()
}

fn processing() -> Vec<Call> {
    let mut scene = scene(Config { mdfe_processing: 9, ..Config::default() });
    issue(&mut scene, "mdfe-emite-processando", &emite(""));
    scene.say("mdfe-consulta-processando", &format!(r#"{{"mod":"mdfeConsulta","chave":"{KEY}"}}"#));
    scene.finish()
}

/// What keeps an MDF-e from being sent.
fn refusals() -> Vec<Call> {
    let ciot = r#""ciot": [{ "codigo_ciot": "123456789012", "cnpj_responsavel": "99990001000198" }],"#;
    let mut scene = scene(Config::default());
    scene.say("mdfe-emite-pendencias", &emite("").replace("ABC1D23", "AB12E4R").replace(ciot, ""));
    scene.say("mdfe-emite-sem-documento", r#"{"mod":"mdfeEmite"}"#);
    scene.finish()
}

/// What Sefaz makes of it.
fn rejections() -> Vec<Call> {
    let mut scene = scene(Config::default());
    issue(&mut scene, "mdfe-emite-anterior", &emite(""));
    for (name, rejection) in [
        ("mdfe-emite-rejeitado", "681 RNTRC informado inexistente"),
        ("mdfe-emite-aberto", "611"),
        ("mdfe-emite-duplicado", "539"),
    ] {
        scene.world.simulator.fault(format!("emissao:rejeicao={rejection}").parse().expect("a fault"));
        let reply = scene.say(name, &emite(""));
        learn(&mut scene, &reply, [(OTHER_KEY, "/chave"), (OTHER_UUID, "/uuid"), (PROTOCOL, "/mdfe_aberto/protocolo")]);
    }
    scene.world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Emissao));
    scene.say("mdfe-emite-incerto", &emite(""));
    scene.finish()
}

/// What becomes of one.
fn life() -> Vec<Call> {
    let mut scene = scene(Config::default());
    issue(&mut scene, "mdfe-emite-outro", &emite(""));
    let mut say = |name, text: &str| scene.say(name, &text.replace("KEY", KEY).replace("UUID", UUID));
    say("mdfe-consulta", r#"{"mod":"mdfeConsulta","chave":"KEY","aguardar_s":60}"#);
    say("mdfe-consulta-nada", r#"{"mod":"mdfeConsulta","uuid":"00000000-0000-4000-8000-000000000000"}"#);
    say("mdfe-condutor", r#"{"mod":"mdfeCondutor","chave":"KEY","nome":"José Antônio","cpf":"529.982.247-25"}"#);
    say("mdfe-condutor-cpf-errado", r#"{"mod":"mdfeCondutor","chave":"KEY","nome":"José","cpf":"000.000.000-00"}"#);
    say(
        "mdfe-encerra",
        r#"{"mod":"mdfeEncerra","uuid":"UUID","uf":"RS","municipio":"Porto Alegre","codigo_municipio":"4314902"}"#,
    );
    say("mdfe-encerra-sem-uf", r#"{"mod":"mdfeEncerra","chave":"KEY","municipio":"Porto Alegre"}"#);
    let mut calls = scene.finish();

    let mut scene = self::scene(Config::default());
    let cancela =
        format!(r#"{{"mod":"mdfeCancela","chave":"{KEY}","justificativa":"Viagem desmarcada pelo cliente"}}"#);
    issue(&mut scene, "mdfe-emite-desmarcado", &emite(""));
    scene.say("mdfe-cancela", &cancela);
    calls.extend(scene.finish());

    let mut scene = self::scene(Config::default());
    issue(&mut scene, "mdfe-emite-de-ontem", &emite(""));
    scene.world.simulator.age_mdfe(25);
    scene.say("mdfe-cancela-tarde", &cancela);
    calls.extend(scene.finish());
    calls
}

fn files() -> Vec<Call> {
    let place = TempFile::new("damdfe.pdf", b"");
    let mut scene = scene(Config::default());
    scene.path("damdfe.pdf", place.path());
    issue(&mut scene, "mdfe-emite-para-baixar", &emite(""));
    let request = format!(r#"{{"mod":"mdfeArquivo","chave":"{KEY}","tipo":"pdf","arquivo":"C:\\siem\\damdfe.pdf"}}"#);
    scene.say("mdfe-arquivo", &request);
    scene.world.simulator.fault(Fault::new(Effect::body("text/html", "<h1>Erro</h1>")).on(Target::MdfeArquivo));
    scene.say("mdfe-arquivo-errado", &request);
    scene.finish()
}

/// What needs no service.
fn own() -> Vec<Call> {
    let mut scene = scene(Config::default());
    let notification = format!(
        r#"{{"mod":"mdfeNotificacao","corpo":{{"modelo":"mdfe","uuid":"{UUID}","status":"aprovado","chave":"{KEY}",
            "motivo":"Autorizado o uso do MDF-e"}},"segredo":"e5f7c1","segredo_recebido":"e5f7c1"}}"#
    );
    scene.say("mdfe-notificacao", &notification);
    scene.say("mdfe-notificacao-falsa", &notification.replace(r#"recebido":"e5f7c1"#, r#"recebido":"outro"#));
    scene.say("mdfe-regras", r#"{"mod":"mdfeRegras"}"#);
    scene.say("mdfe-regras-com-campo", r#"{"mod":"mdfeRegras","uf":"PR"}"#);
    scene.finish()
}
