//! Upload → uploadRet.

use std::io::{Cursor, Write};

use serde_json::{Value, json};
use simulator::{CodeShape, Effect, ErrorShape, Fault, JsonShape, ProtShape, Shape, Target};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::driver::{TempFile, World, code, fixture, fixture_file, msg, target};

const CTE: &str = "cte-utf8.xml";

fn upload(cookie: &str, file: &str) -> Value {
    json!({"mod":"Upload","CNPJ":"","n_cte":"","cte":fixture(file),"cookie":cookie})
}

#[test]
fn a_cte_is_stored_and_the_reply_has_the_documented_keys_in_order() {
    let world = World::over_tls();
    let cookie = world.log_in();
    let said = world.say(&upload(&cookie, CTE));
    assert_eq!(said.code, 0);
    let protocol = said.json()["prot"][0].as_str().expect("a protocol").to_owned();
    assert_eq!(
        said.text(),
        format!(
            r#"{{"mod":"uploadRet","error":[{{"code":0,"msg":""}}],"satus":1,"status":1,"S":{{"P":1,"D":0,"R":0,"N":0}},"prot":["{protocol}"]}}"#
        )
    );
    let stored = world.simulator.documents();
    assert_eq!((stored.len(), stored[0].protocol.as_str()), (1, protocol.as_str()));
}

#[test]
fn sent_as_the_service_wants_it() {
    let world = World::new();
    let cookie = world.log_in();
    world.execute(&upload(&cookie, CTE));
    let request = &world.simulator.requests()[0];
    assert!(request.header("content-type").unwrap().starts_with("multipart/form-data; boundary="));
    assert_eq!(request.header("cookie"), Some(format!("portal[ses]={cookie}").as_str()));
    let fields: Vec<_> = request.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, [("comp", "5"), ("mod", "Upload"), ("path", "eguarda/php/"), ("recipient", "")]);
    let [file] = request.files.as_slice() else { panic!("one file expected: {:?}", request.files) };
    assert_eq!(
        (file.field.as_str(), file.file_name.as_str(), file.content_type.as_str()),
        ("file", CTE, "application/xml")
    );
    assert_eq!(file.bytes as u64, fixture_file(CTE).metadata().unwrap().len());
}

#[test]
fn the_cookie_is_taken_bare_or_with_its_name() {
    let world = World::new();
    let cookie = world.log_in();
    for form in [format!("portal[ses]={cookie}"), format!(" portal[ses]={cookie}; path=/; secure"), cookie.clone()] {
        assert_eq!(world.execute(&upload(&form, CTE))["status"], 1, "{form}");
    }
}

#[test]
fn recipient_v_and_dump_are_passed_on_from_request_or_settings() {
    let world = World::new().set(json!({"porto":{"recipient":"D","v":2}}));
    let cookie = world.log_in();
    world.execute(&upload(&cookie, CTE));
    let mut own = upload(&cookie, CTE);
    (own["recipient"], own["v"], own["dump"]) = (json!("T"), json!("3"), json!(1));
    world.execute(&own);
    let sent: Vec<_> = world
        .simulator
        .requests()
        .iter()
        .map(|request| ["recipient", "v", "dump"].map(|name| request.field(name).map(str::to_owned)))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(sent, [[some("D"), some("2"), None], [some("T"), some("3"), some("1")]]);
}

#[test]
fn a_dump_shows_what_arrived_but_not_the_session() {
    let world = World::new();
    let cookie = world.log_in();
    let mut request = upload(&cookie, CTE);
    request["dump"] = json!(1);
    let said = world.say(&request);
    let reply = said.json();
    assert_eq!((&reply["status"], reply["dump"].is_null()), (&json!(1), false));
    assert!(!said.text().contains(&cookie) && said.text().contains("***"), "{}", said.text());

    request["dump"] = json!(2);
    let said = world.say(&request);
    let reply = said.json();
    assert_eq!((said.code, &reply["satus"], code(&reply)), (1, &json!(0), 5006), "dump 2 endorses nothing: {reply}");
    assert!(!reply["dump"].is_null() && !said.text().contains(&cookie));
    assert_eq!(world.simulator.documents().len(), 1);
}

#[test]
fn a_duplicate_is_success() {
    let world = World::new();
    let cookie = world.log_in();
    world.execute(&upload(&cookie, CTE));
    let reply = world.execute(&upload(&cookie, CTE));
    assert_eq!((&reply["satus"], &reply["S"]["D"], &reply["error"][0]["code"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(reply["prot"], json!([]));
}

#[test]
fn every_fixture_of_a_cte_and_the_zip_are_taken() {
    let world = World::new();
    let cookie = world.log_in();
    for file in [
        "cte-utf8.xml",
        "cte-iso-8859-1.xml",
        "cte-utf8-bom.xml",
        "cte-cnpj-alfanumerico.xml",
        "cte-indentado-crlf.xml",
    ] {
        let reply = world.execute(&upload(&cookie, file));
        assert_eq!((&reply["status"], &reply["S"]["P"]), (&json!(1), &json!(1)), "{file}: {reply}");
    }
    assert_eq!(world.execute(&upload(&cookie, "evento-cancelamento.xml"))["status"], 1);
    let zip = world.execute(&upload(&cookie, "lote-3-cte.zip"));
    let counts = &zip["S"];
    assert_eq!((&zip["status"], counts["P"].as_u64().unwrap() + counts["D"].as_u64().unwrap()), (&json!(1), 3));
    let sent = world.simulator.requests();
    let file = &sent.last().unwrap().files[0];
    assert_eq!((file.file_name.as_str(), file.content_type.as_str()), ("lote-3-cte.zip", "application/zip"));
}

#[test]
fn the_document_can_come_in_the_request_and_goes_out_in_its_own_encoding() {
    let world = World::new();
    let cookie = world.log_in();
    let latin = std::fs::read(fixture_file("cte-iso-8859-1.xml")).unwrap();
    let text: String = latin.iter().map(|&byte| char::from(byte)).collect();
    let chave = key_in(&text);
    let reply = world.execute(&json!({"mod":"Upload","xml":text,"chave":chave,"cookie":cookie}));
    assert_eq!(reply["status"], 1, "{reply}");
    let file = &world.simulator.requests()[0].files[0];
    assert_eq!((file.file_name.as_str(), file.bytes), (format!("{chave}.xml").as_str(), latin.len()));
}

/// The key in the `Id` of a CT-e.
fn key_in(xml: &str) -> String {
    let start = xml.find("Id=\"CTe").expect("a CT-e has an Id") + 7;
    xml[start..start + 44].to_owned()
}

#[test]
fn names_with_accents_and_blanks_arrive_as_files() {
    let world = World::new();
    let cookie = world.log_in();
    let file = TempFile::new("CT-e São João nº 1 (cópia).XML", &std::fs::read(fixture_file(CTE)).unwrap());
    let said = world.run(&["upload", &cookie, &file.name()]);
    assert_eq!(said.json()["S"]["P"], 1, "{}", said.text());
    let name = &world.simulator.requests()[0].files[0].file_name;
    assert!(name.is_ascii() && name.ends_with(".xml") && name.starts_with("CT-e_S_o"), "{name}");
}

#[test]
fn rejected_and_denied_carry_the_services_words() {
    let world = World::new();
    let cookie = world.log_in();
    let reply = world.execute(&upload(&cookie, "lote-com-xml-nao-fiscal.zip"));
    assert_eq!((&reply["satus"], &reply["S"]["R"], code(&reply)), (&json!(0), &json!(1), 5004), "{reply}");
    assert!(reply["error"][0]["origem"]["msg"].as_str().is_some_and(|msg| !msg.is_empty()), "{reply}");
    let denied = r#"{"success":1,"S":{"P":0,"D":0,"R":0,"N":1},"error":"Arquivo negado"}"#;
    world.simulator.fault(Fault::new(Effect::body("application/json", denied)));
    let reply = world.execute(&upload(&cookie, CTE));
    assert_eq!((code(&reply), &reply["error"][0]["origem"]), (5005, &json!({"code":"","msg":"Arquivo negado"})));
}

#[test]
fn an_ended_session_is_5002() {
    let world = World::new();
    let cookie = world.log_in();
    world.simulator.expire_sessions();
    let reply = world.execute(&upload(&cookie, CTE));
    assert_eq!((&reply["satus"], code(&reply)), (&json!(0), 5002));
    assert!(reply["error"][0].get("incerto").is_none());
    world
        .simulator
        .fault(Fault::new(Effect::body("application/json", r#"{"success":1,"error":{"code":1,"msg":"No login."}}"#)));
    assert_eq!(code(&world.execute(&upload(&cookie, CTE))), 5002);
}

#[test]
fn every_shape_of_success_is_understood() {
    let world = World::new();
    let cookie = world.log_in();
    for prot in [ProtShape::Documented, ProtShape::Array, ProtShape::Absent] {
        for json in [JsonShape::Compact, JsonShape::Spaced, JsonShape::Bom] {
            let shape = Shape { prot, json, ..Shape::default() };
            world.simulator.fault(Fault::new(Effect::Shape(shape)));
            let reply = world.execute(&upload(&cookie, CTE));
            assert_eq!(reply["status"], 1, "{prot:?} {json:?}: {reply}");
            assert!(reply["prot"].is_array());
        }
    }
}

#[test]
fn every_shape_of_error_is_understood() {
    let world = World::new();
    let cookie = world.log_in();
    for error in [ErrorShape::Object, ErrorShape::Array, ErrorShape::Text] {
        for code_shape in [CodeShape::Text, CodeShape::Number, CodeShape::Absent] {
            let shape = Shape { error, code: code_shape, ..Shape::default() };
            world.simulator.fault(Fault::new(Effect::Shape(shape)));
            let reply = world.execute(&upload(&cookie, "lote-com-xml-nao-fiscal.zip"));
            assert_eq!(code(&reply), 5004, "{error:?} {code_shape:?}: {reply}");
        }
    }
}

#[test]
fn odd_answers_are_told_apart() {
    let world = World::new();
    let cookie = world.log_in();
    for (body, expected, uncertain) in [
        (r#"{"success":1,"S":[{"P":1},{"D":0},{"R":0},{"N":0}],"prot":"123"}"#, 0, false),
        (r#"{"success":1,"S":{"P":"1"},"prot":123}"#, 0, false),
        (r#"{"success":1,"S":{"P":1,"D":0,"R":0,"N":0},"error":[]}"#, 0, false),
        (r#"{"success":1,"S":{"P":1,"D":0,"R":1,"N":0}}"#, 5004, false),
        (r#"{"success":1,"S":{"P":0,"D":0,"R":0,"N":0}}"#, 5007, false),
        (r#"{"success":1,"error":{"code":"99","msg":"Outro erro"}}"#, 5007, false),
        (r#"{"success":0,"error":{"msg":"Ghs.loc.error"}}"#, 5007, false),
        (r#"{"success":1}"#, 4003, true),
        (r#"{"success":1,"S":[]}"#, 4003, true),
        ("{}", 4003, true),
        ("<html>maintenance</html>", 4003, true),
    ] {
        world.simulator.fault(Fault::new(Effect::body("text/html", body)));
        let reply = world.execute(&upload(&cookie, CTE));
        assert_eq!(code(&reply), expected, "{body}: {reply}");
        assert_eq!(reply["error"][0]["incerto"] == true, uncertain, "{body}: {reply}");
        assert_eq!(reply["satus"] == 1, expected == 0, "{body}: {reply}");
    }
}

#[test]
fn a_lost_answer_is_uncertain_and_the_document_is_not_sent_twice() {
    let world = World::new();
    let cookie = world.log_in();
    for effect in [Effect::LoseAnswer, Effect::CutAnswer, Effect::Reset, Effect::Close, Effect::status(502)] {
        world.simulator.clear_requests();
        world.simulator.fault(Fault::new(effect.clone()));
        let reply = world.execute(&upload(&cookie, CTE));
        assert_eq!((&reply["satus"], &reply["error"][0]["incerto"]), (&json!(0), &json!(true)), "{effect:?}: {reply}");
        assert!([3005, 4001].contains(&code(&reply)), "{effect:?}: {reply}");
        assert!(msg(&reply).contains("consulte a averbação") && reply["error"][0].get("repetir").is_none());
        assert_eq!(world.simulator.requests().len(), 1, "{effect:?}");
    }
}

#[test]
fn what_certainly_did_not_arrive_is_not_uncertain() {
    let world = World::new();
    let cookie = world.log_in();
    for (effect, expected) in [
        (Effect::Blocked, 4002),
        (Effect::status(404), 4001),
        (Effect::status(413), 4001),
        (Effect::status(429), 4006),
        (Effect::redirect(302, "https://portal.example.com/login"), 4005),
    ] {
        world.simulator.fault(Fault::new(effect).on(Target::Upload));
        let reply = world.execute(&upload(&cookie, CTE));
        assert_eq!((code(&reply), reply["error"][0].get("incerto")), (expected, None), "{reply}");
    }
}

#[test]
fn a_large_zip_is_streamed() {
    let world = World::new();
    let cookie = world.log_in();
    // Stored, not compressed. What the service makes of it does not matter here: it must arrive whole.
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("a.xml", SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).unwrap();
    writer.write_all(&vec![b'x'; 20_000_000]).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    let file = TempFile::new("grande.zip", &bytes);
    world.run(&["upload", &cookie, &file.name()]);
    assert_eq!(world.simulator.requests()[0].files[0].bytes, bytes.len());
}

#[test]
fn a_relative_path_is_taken_from_the_current_folder() {
    let world = World::new();
    let cookie = world.log_in();
    let settings = TempFile::new("settings.json", world.simulator.settings(None).to_string().as_bytes());
    let mut harness = target().harness();
    harness.args(["--config", &format!("@{}", settings.name()), "upload", &cookie, CTE]);
    harness.current_dir(fixture_file(CTE).parent().unwrap());
    assert_eq!(crate::driver::run(&mut harness, "").json()["status"], 1);
}
