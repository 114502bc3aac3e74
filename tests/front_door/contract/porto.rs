//! Calls of AverbePorto, and those that need no service.

use serde_json::json;
use simulator::{Effect, Fault, Target, protocol_of};

use super::Call;
use super::scene::Scene;
use crate::driver::{TempFile, World, fixture};

/// Of `cte-utf8.xml`, which `evento-cancelamento.xml` cancels.
const KEY: &str = "41260599990001000198570010000047111283746517";

pub fn calls() -> Vec<Call> {
    [settings(), sessions(), single(), many(), lookups(), diagnosis()].concat()
}

/// A scene with the documents that stand in its requests.
fn scene() -> Scene {
    scene_in(World::new())
}

fn scene_in(world: World) -> Scene {
    let mut scene = Scene::new(world);
    for name in
        ["cte-utf8.xml", "cte-iso-8859-1.xml", "xml-malformado.xml", "lote-3-cte.zip", "evento-cancelamento.xml"]
    {
        scene.fixture(name);
    }
    scene.session();
    scene
}

/// A scene in which the CT-e was endorsed before.
fn endorsed() -> Scene {
    let scene = scene();
    let session = scene.world.log_in();
    scene.world.run(&["upload", &session, &fixture("cte-utf8.xml")]);
    scene
}

fn settings() -> Vec<Call> {
    let mut scene = scene();
    scene.configure("configura", r#"{"timeout_s":30,"porto":{"uploads_por_segundo":5}}"#);
    scene.configure("configura-com-aviso", r#"{"user_agent":"SIEM/1.0"}"#);
    scene.configure("configura-recusada", r#"{"timeout_s":0}"#);
    scene.say("mod-desconhecido", r#"{"mod":"Averbar","cte":"C:\\siem\\cte-utf8.xml"}"#);
    scene.say("campo-desconhecido", r#"{"mod":"Consulta","chaves":["41260599990001000198570010000047111283746517"]}"#);
    scene.finish()
}

fn sessions() -> Vec<Call> {
    let mut scene = scene();
    scene.say("login", r#"{"mod":"login","user":"USUARIO","pass":"SENHA"}"#);
    scene.say("login-recusado", r#"{"mod":"login","user":"USUARIO","pass":"OUTRA"}"#);
    scene.finish()
}

/// One document.
fn single() -> Vec<Call> {
    const UPLOAD: &str =
        r#"{"mod":"Upload","cte":"C:\\siem\\cte-utf8.xml","cookie":"0123456789abcdef0123456789abcdef"}"#;
    const AVERBA: &str = r#"{"mod":"Averba","user":"USUARIO","pass":"SENHA","cte":"C:\\siem\\cte-utf8.xml"}"#;
    let mut scene = scene();
    scene.say("upload", UPLOAD);
    scene.say("upload-duplicado", UPLOAD);
    scene.say("upload-malformado", &UPLOAD.replace("cte-utf8", "xml-malformado"));
    scene.say("upload-dump", &UPLOAD.replace("}", r#","dump":2}"#));
    scene.world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::Upload));
    scene.say("upload-incerto", UPLOAD);
    scene.world.simulator.expire_sessions();
    scene.say("upload-sem-sessao", UPLOAD);
    let mut calls = scene.finish();

    let mut scene = self::scene();
    scene.say("averba", AVERBA);
    scene.say("averba-malformado", &AVERBA.replace("cte-utf8", "xml-malformado"));
    scene.world.simulator.fault(Fault::new(Effect::status(503)).on(Target::Login));
    scene.say("averba-sem-servico", AVERBA);
    calls.extend(scene.finish());

    let mut scene = endorsed();
    let cancela = AVERBA.replace("Averba", "Cancela").replace("cte-utf8", "evento-cancelamento");
    scene.say("cancela", &cancela);
    scene.say("cancela-cte", &cancela.replace("evento-cancelamento", "cte-utf8"));
    calls.extend(scene.finish());
    calls
}

fn many() -> Vec<Call> {
    let place = TempFile::new("leia-me.txt", b"");
    let mut scene = endorsed();
    scene.path("viagem.jsonl", &place.path().with_file_name("viagem.jsonl"));
    scene.say(
        "averba-muitos",
        r#"{"mod":"Averba","user":"USUARIO","pass":"SENHA","cookie":"0123456789abcdef0123456789abcdef",
            "cte":["C:\\siem\\cte-utf8.xml","C:\\siem\\cte-iso-8859-1.xml","C:\\siem\\xml-malformado.xml"],
            "diario":"C:\\siem\\viagem.jsonl"}"#,
    );
    scene.say("averba-zip", r#"{"mod":"Averba","user":"USUARIO","pass":"SENHA","cte":["C:\\siem\\lote-3-cte.zip"]}"#);
    scene.world.simulator.fault(Fault::new(Effect::Logout).on(Target::Login));
    scene.say(
        "averba-muitos-senha-errada",
        r#"{"mod":"Averba","user":"USUARIO","pass":"OUTRA","cte":["C:\\siem\\lote-3-cte.zip"]}"#,
    );
    scene.finish()
}

fn lookups() -> Vec<Call> {
    let mut scene = endorsed();
    let protocol = protocol_of(KEY);
    scene.say("consulta", r#"{"mod":"Consulta","chave":"41260599990001000198570010000047111283746517"}"#);
    scene.say("consulta-nao-averbado", r#"{"mod":"Consulta","chave":"43260699990002000132570020000009821102938470"}"#);
    scene.say(
        "consulta-muitas",
        r#"{"mod":"Consulta","cookie":"0123456789abcdef0123456789abcdef","chave":
            ["41260599990001000198570010000047111283746517","43260699990002000132570020000009821102938470"]}"#,
    );
    scene.say("consulta-protocolo", &format!(r#"{{"mod":"Consulta","protocolo":"{protocol}"}}"#));
    scene.say("consulta-chave-errada", r#"{"mod":"Consulta","chave":"4126"}"#);
    scene.say(
        "lista",
        r#"{"mod":"Lista","user":"USUARIO","pass":"SENHA","data":"emissao","inicio":"2026-05-01","fim":"2026-05-31"}"#,
    );
    scene.say("lista-data-errada", r#"{"mod":"Lista","user":"USUARIO","pass":"SENHA","inicio":"01/05/2026"}"#);
    scene.finish()
}

fn diagnosis() -> Vec<Call> {
    let mut scene = behind(World::over_tls());
    scene.say("diagnostico", r#"{"mod":"Diagnostico","cookie":"0123456789abcdef0123456789abcdef"}"#);
    let mut calls = scene.finish();

    let mut scene = behind(World::new());
    scene.say("diagnostico-certificado", r#"{"mod":"Diagnostico"}"#);
    calls.extend(scene.finish());

    let mut scene = scene_in(World::new());
    scene.fixture("rps.xml");
    scene.say("nfse-envia-antes", r#"{"mod":"nfseEnvia","documentos":"C:\\siem\\rps.xml"}"#);
    let request =
        r#"{"mod":"Diagnostico","nfse":{"CNPJ":"99990001000198","tpAmb":2,"inicio":"2026-05-01","fim":"2026-05-31"}}"#;
    let reply = scene.say("diagnostico-nfse", request);
    scene.means(" 180 dias", &format!(" {} dias", reply["certificado"]["dias"]));
    calls.extend(scene.finish());
    calls
}

/// A scene with AverbePorto over TLS at an address that is the same everywhere.
fn behind(world: World) -> Scene {
    let url = world.simulator.https_url().replace("localhost", "127.0.0.1");
    let place = url.strip_prefix("https://").expect("it is secure").to_owned();
    let mut scene = scene_in(world.at(&url).set(json!({"webmania":null,"invoicy":null})));
    scene.means("https://apis.averbeporto.com.br", &url);
    scene.means("O endereço de apis.averbeporto.com.br é", "O endereço de 127.0.0.1 é");
    scene.means("203.0.113.10:443", &place);
    scene.means("203.0.113.10", "127.0.0.1");
    scene
}
