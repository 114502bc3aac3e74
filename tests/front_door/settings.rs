//! av_configure → configRet, and AVERBADOR_CONFIG.

use serde_json::{Value, json};

use crate::driver::{Said, TempFile, World, code, harness, msg, run, target};

const KEY: &str = "35220528779662000120579990000004681178902280";

fn configured(settings: &str) -> Said {
    harness(["configura", settings], "")
}

#[test]
fn settings_in_force_are_answered_with_their_warnings() {
    assert_eq!(configured(r#"{"timeout_s":30}"#).text(), r#"{"mod":"configRet","status":1}"#);
    let said = configured(r#"{"user_agent":"Delphi"}"#);
    let reply = said.json();
    assert_eq!((said.code, &reply["status"]), (0, &json!(1)));
    assert!(reply["avisos"][0].as_str().is_some_and(|aviso| aviso.contains("Mozilla/")), "{reply}");
}

#[test]
fn refused_settings_end_the_harness_before_its_command() {
    let said = harness(["--config", r#"{"timeout_s":0}"#, "versao"], "");
    assert_eq!((said.code, &said.json()["mod"]), (1, &json!("configRet")));
}

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    for (settings, name) in [
        (r#"{"timeout_s":0}"#, "timeout_s"),
        (r#"{"timeout_conexao_s":"dez"}"#, "timeout_conexao_s"),
        (r#"{"proxy":"squid"}"#, "proxy"),
        (r#"{"ca_pem":"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"}"#, "ca_pem"),
        (r#"{"ca_pem":"nao-existe.pem"}"#, "ca_pem"),
        (r#"{"porto":{"url":"http://example.com/php/conn.php"}}"#, "porto.url"),
        (r#"{"porto":{"recipient":"X"}}"#, "porto.recipient"),
        (r#"{"verifica_certificado":false}"#, "verifica_certificado"),
        (r#"{"porto":{"verifica":false}}"#, "porto.verifica"),
    ] {
        let said = configured(settings);
        let reply = said.json();
        assert_eq!(
            (said.code, &reply["mod"], &reply["status"], code(&reply)),
            (1, &json!("configRet"), &json!(0), 1008),
            "{settings}"
        );
        assert!(msg(&reply).contains(&format!("\"{name}\"")), "{settings}: {reply}");
    }
    assert_eq!(code(&configured("[]").json()), 1003);
    assert_eq!(code(&configured("{").json()), 1003);
}

#[test]
fn the_file_of_the_environment_is_read() {
    let world = World::new();
    let settings = world.simulator.settings(None).to_string();
    // As Notepad saves it, with a byte order mark.
    for bytes in [settings.as_bytes().to_vec(), [b"\xEF\xBB\xBF", settings.as_bytes()].concat()] {
        let file = TempFile::new("averbador.json", &bytes);
        let mut harness = target().harness();
        harness.env("AVERBADOR_CONFIG", file.name()).args(["consulta", "-", KEY]);
        assert_eq!(code(&run(&mut harness, "").json()), 5006);
    }
    assert_eq!(world.simulator.requests().len(), 2);
}

#[test]
fn a_broken_file_of_the_environment_stops_every_call() {
    let broken = TempFile::new("averbador.json", br#"{"timeout_s":0}"#);
    for path in [broken.name(), "nao-existe.json".to_owned()] {
        for request in
            [json!({"mod":"login","user":"u","pass":"p"}), json!({"mod":"Upload"}), json!({"mod":"Consulta"})]
        {
            let mut harness = target().harness();
            harness.env("AVERBADOR_CONFIG", &path).args(["executa", &request.to_string()]);
            let reply: Value = run(&mut harness, "").json();
            assert_eq!(code(&reply), 1008, "{path}: {reply}");
            assert!(reply["error"][0]["detalhe"].as_str().unwrap().contains("AVERBADOR_CONFIG="), "{reply}");
        }
    }
}
