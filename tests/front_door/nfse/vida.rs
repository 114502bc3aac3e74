//! What comes after the send: nfseConsulta, nfseCancela, the files, the certificate.

use std::fs;

use serde_json::json;
use simulator::{Effect, Fault, InvoicyCode, InvoicyConfig, NfseState, Target};

use super::{CNPJ, asked, cancela, consulta, envia, id, one, rps, slow, with, world};
use crate::driver::{TempFile, code, msg, target};

#[test]
fn whoever_waits_gets_the_invoice_with_few_questions() {
    let world = slow(1);
    let mut request = envia(&json!(rps(1)));
    request["aguardar_s"] = json!(3);
    let said = world.run(&["--progresso", "executa", &request.to_string()]);
    assert_eq!(
        (&said.json()["status"], asked(&world).as_str()),
        (&json!(1), "Envio Consulta Consulta"),
        "{}",
        said.text()
    );
    assert!(
        said.stderr.contains("\"etapa\":\"rps\"") && said.stderr.contains("Nova consulta em 2 s"),
        "{}",
        said.stderr
    );
    let world = slow(1);
    one(&world);
    let mut question = consulta(1);
    question["aguardar_s"] = json!(3);
    assert_eq!(world.execute(&question)["status"], 1);
    let world = slow(9);
    one(&world);
    let reply = world.execute(&question);
    assert_eq!(
        (code(&reply), &reply["error"][0]["repetir"], asked(&world).as_str()),
        (7003, &json!(true), "Envio Consulta Consulta Consulta")
    );
}

#[test]
fn the_same_request_is_never_made_four_times() {
    let world = slow(99);
    let questions = vec![consulta(1); 6];
    one(&world);
    let replies = world.execute_all(&questions);
    let codes: Vec<i64> = replies.iter().map(code).collect();
    assert_eq!(
        (codes, asked(&world).as_str()),
        (vec![7003, 7003, 7003, 7006, 7006, 7006], "Envio Consulta Consulta Consulta")
    );
    assert!(msg(&replies[3]).contains("60 min") && replies[3]["error"][0]["repetir"] == true, "{}", replies[3]);
    let sends = vec![envia(&json!(rps(7))); 5];
    let codes: Vec<_> = world.execute_all(&sends).iter().map(code).collect();
    assert_eq!(codes[3..], [7006, 7006]);
    assert_eq!(asked(&world).matches("Envio").count(), 4, "one of the first RPS, three of the second");
    // What never left does not count, and settings that change let nothing be forgotten.
    let nowhere = world.set(json!({"invoicy":{"url":"http://127.0.0.1:9/arecepcao.aspx"}}));
    let codes: Vec<_> = nowhere.execute_all(&vec![consulta(1); 5]).iter().map(code).collect();
    assert_eq!(codes, [3002; 5]);
}

#[test]
fn days_are_looked_up() {
    let world = world();
    one(&world);
    let days = |begin: &str, end: &str| json!({"mod":"nfseConsulta","CNPJ":CNPJ,"tpAmb":2,"inicio":begin,"fim":end});
    assert_eq!(world.execute(&days("2026-05-01", "2026-05-31"))["S"][0]["numero"], "1");
    assert_eq!(code(&world.execute(&days("2026-06-01", "2026-06-30"))), 7005);
    let mut elsewhere = consulta(1);
    elsewhere["tpAmb"] = json!("1");
    assert_eq!(code(&world.execute(&elsewhere)), 7005, "the other environment");
}

#[test]
fn pdf_and_xml_go_into_the_folder() {
    let world = world();
    let place = TempFile::new("aqui.txt", b"");
    let folder = place.path().parent().unwrap();
    let mut request = envia(&json!(rps(1)));
    request["pasta"] = json!(target().path(folder));
    let reply = world.execute(&request);
    assert_eq!((&reply["status"], asked(&world).as_str()), (&json!(1), "Envio Consulta"), "{reply}");
    let stem = format!("nfse-{CNPJ}-A-1");
    assert!(fs::read(folder.join(format!("{stem}.pdf"))).unwrap().starts_with(b"%PDF-"));
    assert!(fs::read_to_string(folder.join(format!("{stem}.xml"))).unwrap().contains("20260000000001"));
    assert!(reply["S"][0]["arquivos"]["pdf"].as_str().unwrap().ends_with(&format!("{stem}.pdf")));
    for file in ["pdf", "xml"] {
        fs::remove_file(folder.join(format!("{stem}.{file}"))).unwrap();
    }
    let mut question = consulta(1);
    question["pasta"] = request["pasta"].clone();
    assert_eq!((&world.execute(&question)["status"], asked(&world).as_str()), (&json!(1), "Envio Consulta Consulta"));
    assert_eq!(fs::read_dir(folder).unwrap().count(), 3, "two files, and nothing left lying about");
}

#[test]
fn the_mirror_is_a_pdf_or_an_error() {
    let world = world();
    one(&world);
    let place = TempFile::new("aqui.txt", b"");
    let file = place.path().with_file_name("espelho ção.pdf");
    let mirror =
        json!({"mod":"nfseEspelho","CNPJ":CNPJ,"tpAmb":2,"numero":1,"serie":"A","arquivo":target().path(&file)});
    let reply = world.execute(&mirror);
    assert_eq!((&reply["status"], &reply["NFSeNumero"]), (&json!(1), &json!("20260000000001")), "{reply}");
    assert_eq!(
        (reply["bytes"].as_u64().unwrap(), &reply["arquivo"]),
        (fs::metadata(&file).unwrap().len(), &json!(target().path(&file)))
    );
    let none = json!({"mod":"nfseEspelho","CNPJ":CNPJ,"tpAmb":2,"id_unico":"x","arquivo":target().path(&file)});
    assert_eq!(code(&world.execute(&none)), 7005);
    fs::remove_file(&file).unwrap();
    let page = "<a><Mensagem><MensagemItem><Codigo>100</Codigo><Documentos><DocumentosItem><Documento>&lt;Documento&gt;\
                &lt;DocNumero&gt;1&lt;/DocNumero&gt;&lt;DocSitCodigo&gt;100&lt;/DocSitCodigo&gt;&lt;DocPDF&gt;PGh0bWw+&lt;/DocPDF&gt;\
                &lt;/Documento&gt;</Documento></DocumentosItem></Documentos></MensagemItem></Mensagem></a>";
    world.simulator.fault(Fault::new(Effect::body("text/xml", page)));
    let reply = world.execute(&mirror);
    assert!(code(&reply) == 7010 && reply["status"] == 0 && !file.exists(), "{reply}");
    let nowhere = target().path(&place.path().with_file_name("nao-existe").join("x.pdf"));
    let mut elsewhere = mirror;
    elsewhere["arquivo"] = json!(nowhere);
    assert_eq!(code(&world.execute(&elsewhere)), 2001);
}

#[test]
fn a_cancellation_is_believed_when_the_invoice_says_so() {
    let world = world();
    one(&world);
    let reply = world.execute(&cancela());
    assert_eq!(
        (&reply["status"], &reply["situacao"]["codigo"], asked(&world).as_str()),
        (&json!(1), &json!("101"), "Envio EnvioEvento")
    );
    assert_eq!(world.simulator.nfses()[0].state, NfseState::Cancelled);
    let again = world.execute(&cancela());
    assert_eq!(
        (&again["status"], asked(&world).as_str()),
        (&json!(1), "Envio EnvioEvento EnvioEvento Consulta"),
        "{again}"
    );
    let known = world.execute(&consulta(1));
    assert_eq!(
        (code(&known), &known["S"][0]["situacao"]["codigo"]),
        (7012, &json!("101")),
        "not to be taken for a valid one"
    );

    let world = self::world();
    one(&world);
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::NfseCancela));
    assert_eq!(world.execute(&cancela())["status"], 1);
    assert_eq!(asked(&world), "Envio EnvioEvento Consulta");

    let world = self::world();
    one(&world);
    world.simulator.fault(Fault::new(Effect::Reset).on(Target::NfseCancela));
    let reply = world.execute(&cancela());
    assert_eq!((code(&reply), &reply["error"][0]["incerto"], &reply["status"]), (3005, &json!(true), &json!(0)));
    world.simulator.fault(Fault::new(Effect::Invoicy(InvoicyCode::Document(112))).on(Target::NfseCancela));
    assert_eq!(code(&world.execute(&cancela())), 7002);
    let mut unknown = cancela();
    unknown["NFSeNumero"] = json!("1");
    assert_eq!(code(&world.execute(&unknown)), 7005);
}

#[test]
fn diagnostico_tells_when_the_certificate_expires() {
    let by_id = json!({"mod":"Diagnostico","nfse":{"CNPJ":CNPJ,"tpAmb":2,"id_unico":id(1)}});
    for (expires, status) in [("2999-12-31T23:59:59", 1), ("01/02/2020 00:00", 0), ("", 1)] {
        let world = with(InvoicyConfig { certificate_expires: expires.to_owned(), ..InvoicyConfig::default() });
        one(&world);
        let reply = world.execute(&by_id);
        let certificate = &reply["certificado"];
        assert_eq!(json!([certificate["status"], certificate["vencimento"]]), json!([status, expires]), "{reply}");
        assert_eq!(certificate["dias"].is_i64(), !expires.is_empty(), "{reply}");
        if status == 0 {
            assert_eq!(
                (&reply["status"], code(&reply), &certificate["error"][0]["code"]),
                (&json!(0), 7008, &json!(7008))
            );
        }
    }
    let world = world();
    let late = json!({"mod":"Diagnostico","nfse":{"CNPJ":CNPJ,"tpAmb":2}});
    let reply = world.execute(&late);
    assert_eq!(reply["certificado"]["status"], 1, "nothing to tell it by: {reply}");
    world.simulator.fault(Fault::new(Effect::Invoicy(InvoicyCode::Envelope(104))).on(Target::NfseConsulta));
    let reply = world.execute(&late);
    assert_eq!(reply["certificado"]["error"][0]["code"], 7008, "the service says so itself: {reply}");
    let reply = world.execute(&json!({"mod":"Diagnostico","nfse":{"tpAmb":2}}));
    assert_eq!(reply["certificado"]["error"][0]["code"], 1005, "{reply}");
    assert!(world.execute(&json!({"mod":"Diagnostico"})).get("certificado").is_none());
}
