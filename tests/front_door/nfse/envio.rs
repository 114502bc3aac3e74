//! nfseEnvia: RPS are sent, once.

use serde_json::json;
use simulator::{Effect, Fault, InvoicyCode, InvoicyConfig, Target};

use super::{CNPJ, KEY, asked, consulta, envia, id, one, rps, with, world};
use crate::driver::{TempFile, code, msg};

#[test]
fn an_rps_becomes_an_invoice_in_one_call() {
    let world = world();
    let said = world.say(&envia(&json!(rps(1))));
    let id = id(1);
    assert_eq!(
        (said.code, said.text()),
        (
            0,
            format!(
                r#"{{"mod":"nfseEnviaRet","status":1,"S":[{{"numero":"1","serie":"A","IDUnico":"{id}","chave":"35269999999999999900000000000020260000000001","protocolo":"PROT20260000000001","NFSeNumero":"20260000000001","CodVerificacao":"AB0001","autorizada_em":"2026-05-12T10:00:00-03:00","situacao":{{"nivel":"documento","codigo":"100","texto":"Autorizado"}},"links":{{"pdf":"https://homolog.invoicy.com.br/pdf.aspx?x=20260000000001&y=1","xml":"https://homolog.invoicy.com.br/xml.aspx?x=20260000000001&y=1"}},"certificado_vencimento":"2036-12-31T23:59:59","status":1,"avisos":["Há texto que parece escapado duas vezes (como &amp;amp; ou &amp;#231;). Ele não foi alterado: confira."]}}]}}"#
            )
            .as_str()
        )
    );
    let stored = &world.simulator.nfses()[0];
    let expected = rps(1)
        .replace("\r\n  ", "")
        .replace("\r\n\t<", "<")
        .replace(">\r\n<", "><")
        .replace("</Envio>\r\n", "</Envio>");
    let expected = expected.replace("</RPSTipo>", &format!("</RPSTipo><IDUnico>{id}</IDUnico>"));
    assert_eq!(stored.document, expected, "text is never touched");
    let request = &world.simulator.requests()[0];
    assert_eq!(request.header("soapaction"), Some("\"InvoiCyaction/ARECEPCAO.Execute\""));
    assert_eq!(request.header("content-type"), Some("text/xml; charset=utf-8"));
    assert!(request.body.is_ascii() && !request.body.contains(KEY));
}

#[test]
fn over_tls_in_cdata_and_from_a_file_or_an_object() {
    let world = with(InvoicyConfig { cdata: true, ..InvoicyConfig::default() }).secure();
    let file = TempFile::new("RPS ção.xml", format!("\u{FEFF}{}", rps(1)).as_bytes());
    let object = r#"{"RPSNumero":2,"RPSSerie":"A","RPSTipo":1,"tpAmb":"2","Prestador":{"CNPJ_prest":"99999999999999"},"Servico":{"Valores":{"ValServicos":200.00,"ValAliqISS":2.50}},"ListaItens":{"Item":[{"Z":1},{"A":2}]}}"#;
    let request = format!(r#"{{"mod":"nfseEnvia","documentos":[{},{object}]}}"#, json!(file.name()));
    let reply = world.run_with(&["executa", "-"], &request).json();
    assert_eq!(
        (code(&reply), &reply["S"][1]["situacao"]["codigo"]),
        (7003, &json!("105")),
        "several are processed later"
    );
    let stored = world.simulator.nfses();
    assert_eq!((stored[0].id.clone(), stored[1].id.clone()), (id(1), id(2)));
    assert!(
        stored[1]
            .document
            .contains("<Valores><ValServicos>200.00</ValServicos><ValAliqISS>2.50</ValAliqISS></Valores>")
    );
    assert!(
        stored[1].document.contains("<ListaItens><Item><Z>1</Z></Item><Item><A>2</A></Item></ListaItens>"),
        "in its order"
    );
    let numbers = json!({"mod":"nfseConsulta","CNPJ":CNPJ,"tpAmb":2,"numero_inicial":1,"numero_final":9,"serie":"A"});
    let replies = world.execute_all(&[numbers.clone(), numbers]);
    assert_eq!((&replies[0]["status"], &replies[1]["status"]), (&json!(0), &json!(1)), "{replies:?}");
    assert_eq!(replies[1]["S"].as_array().unwrap().len(), 2, "several roots in one answer");
}

#[test]
fn two_hundred_and_one_go_in_five_requests() {
    let world = world();
    let documents: Vec<_> = (1..=201).map(rps).collect();
    let reply = world.execute(&envia(&json!(documents)));
    assert_eq!(asked(&world), "Envio Envio Envio Envio Envio");
    let entries = reply["S"].as_array().unwrap();
    assert_eq!((entries.len(), world.simulator.nfses().len(), &reply["status"]), (201, 201, &json!(0)));
    assert!(entries[..200].iter().all(|entry| code(entry) == 7003), "{:?}", entries[0]);
    assert_eq!(entries[200]["NFSeNumero"], "20260000000201", "the last was alone, and so was not put off");
    assert!(entries.iter().zip(1..).all(|(entry, number)| entry["IDUnico"] == json!(id(number))), "in the order given");
    let world = world.set(json!({"invoicy":{"documentos_por_envio":200}}));
    world.simulator.clear_requests();
    world.execute(&envia(&json!(documents)));
    assert_eq!(asked(&world).matches("Envio").count(), 2);
}

#[test]
fn bad_input_is_refused_and_nothing_sent() {
    let world = world();
    let raw = TempFile::new("latin.xml", b"<Envio><RPS><a>S\xE3o</a></RPS></Envio>");
    let empty = TempFile::new("vazio.xml", b"");
    for (xml, expected) in [
        (json!(""), 2003),
        (json!(" \r\n"), 2003),
        (json!("\u{FEFF}"), 2003),
        (json!("<Envio>"), 2006),
        (json!("<Envio/><Envio/>"), 2006),
        (json!("<Envio>&nbsp;</Envio>"), 2006),
        (json!("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><Envio><RPS><a>&b;</a></RPS></Envio>"), 2006),
        (json!("<Consulta/>"), 1006),
        (json!("<Dados/>"), 1006),
        (json!(raw.name()), 2006),
        (json!(empty.name()), 2003),
        (json!("nao-existe.xml"), 2001),
        (json!({"RPSNumero":true}), 1006),
        (json!({"RPS Numero":1}), 1006),
        (json!(5), 1006),
    ] {
        let reply = world.execute(&envia(&xml));
        assert_eq!(
            (code(&reply), &reply["mod"], &reply["status"]),
            (expected, &json!("nfseEnviaRet"), &json!(0)),
            "{xml}: {reply}"
        );
        assert!(msg(&reply).split(". ").count() > 1, "says what to do: {reply}");
    }
    for (request, expected, name) in [
        (json!({"mod":"nfseEnvia"}), 1005, "documentos"),
        (json!({"mod":"nfseEnvia","documentos":[]}), 1005, "documentos"),
        (json!({"mod":"nfseEnvia","documento":"<a/>"}), 1006, "documento"),
        (json!({"mod":"nfseEnvia","documentos":rps(1),"pasta":"/nao/existe"}), 2001, "pasta"),
        (json!({"mod":"nfseEnvia","documentos":rps(1),"aguardar_s":601}), 1006, "aguardar_s"),
        (json!({"mod":"nfseEnvia","documentos":rps(1),"chave_acesso":format!("{KEY} ")}), 1006, "chave_acesso"),
        (json!({"mod":"nfseEnvia","documentos":rps(1),"chave_parceiro":"abc\r\n"}), 1006, "chave_parceiro"),
        (json!({"mod":"invoicyCK","xml":"<a/>","chave_acesso":format!(" {KEY}")}), 1006, "chave_acesso"),
        (json!({"mod":"invoicyCK"}), 1005, "xml"),
        (json!({"mod":"invoicyCK","xml":"<a/>","arquivo":"b"}), 1006, "xml"),
        (json!({"mod":"nfseConsulta"}), 1005, "id_unico"),
        (json!({"mod":"nfseConsulta","id_unico":"x","tpAmb":2}), 1005, "CNPJ"),
        (json!({"mod":"nfseConsulta","id_unico":"x","CNPJ":CNPJ}), 1005, "tpAmb"),
        (json!({"mod":"nfseEspelho","id_unico":"x","CNPJ":CNPJ,"tpAmb":2}), 1005, "arquivo"),
        (json!({"mod":"nfseCancela","EveCodigo":3}), 1006, "EveCodigo"),
    ] {
        let said = world.say(&request);
        let reply = said.json();
        assert_eq!(code(&reply), expected, "{request}: {reply}");
        assert!(msg(&reply).contains(&format!("\"{name}\"")), "{request}: {reply}");
        assert_eq!(reply["mod"], json!(format!("{}Ret", request["mod"].as_str().unwrap())));
        assert!(!said.text().contains(KEY), "{reply}");
    }
    assert!(world.simulator.requests().is_empty());
}

#[test]
fn what_is_wrong_with_one_keeps_none_of_the_others_back() {
    let world = world();
    let reply =
        world.execute(&envia(&json!([rps(1), "<Envio>", rps(1), rps(2).replace("<RPSSerie>A</RPSSerie>", "")])));
    let codes: Vec<i64> = reply["S"].as_array().unwrap().iter().map(code).collect();
    assert_eq!((codes, asked(&world).as_str()), (vec![7003, 2006, 1006, 7002], "Envio"), "{reply}");
    assert!(msg(&reply["S"][2]).contains("documento 1 da lista"), "{reply}");
    let rejected = &reply["S"][3];
    assert_eq!(rejected["situacao"]["codigo"], "112");
    assert!(rejected["error"][0]["origem"]["msg"].as_str().unwrap().contains("RPSSerie"), "{reply}");
}

#[test]
fn a_repeated_send_is_recognised_and_gives_the_same_invoice() {
    let world = world();
    let first = one(&world);
    let later = rps(1).replace("10:00:00", "11:30:00");
    let again = world.execute(&envia(&json!(later)));
    assert_eq!((asked(&world).as_str(), &again["status"]), ("Envio Envio Consulta", &json!(1)), "{again}");
    assert_eq!(again["S"][0]["NFSeNumero"], first["S"][0]["NFSeNumero"]);
    assert_eq!((world.simulator.nfses().len(), world.simulator.nfses()[0].received), (1, 2));
    let other_id = rps(1).replace("<tpAmb>", "<IDUnico>outro</IDUnico><tpAmb>");
    let reply = world.execute(&envia(&json!(other_id)));
    assert_eq!((code(&reply), &reply["S"][0]["situacao"]["codigo"]), (7007, &json!("111")), "{reply}");
}

#[test]
fn a_lost_answer_is_looked_up_and_nothing_is_sent_twice() {
    for effect in [Effect::LoseAnswer, Effect::CutAnswer, Effect::Oversize(17 << 20)] {
        let world = world();
        world.simulator.fault(Fault::new(effect).on(Target::NfseEnvia));
        let reply = one(&world);
        assert_eq!((asked(&world).as_str(), &reply["status"]), ("Envio Consulta", &json!(1)), "{reply}");
        assert_eq!(world.simulator.nfses()[0].received, 1);
    }
}

#[test]
fn what_cannot_be_known_is_uncertain() {
    for (effect, expected) in [
        (Effect::Reset, 3005),
        (Effect::Invoicy(InvoicyCode::Fault), 7004),
        (Effect::Invoicy(InvoicyCode::Envelope(999)), 7004),
        (Effect::Invoicy(InvoicyCode::Document(777)), 7004),
        (Effect::status(503), 4001),
        (Effect::body("text/html", "<html>Manutenção</html>"), 4003),
    ] {
        let world = world();
        world.simulator.fault(Fault::new(effect.clone()).on(Target::NfseEnvia));
        let reply = one(&world);
        assert_eq!(asked(&world), "Envio Consulta", "asked once, not sent again: {reply}");
        let error = &reply["S"][0]["error"][0];
        assert_eq!(
            (code(&reply), &error["incerto"], error.get("repetir")),
            (expected, &json!(true), None),
            "{effect:?}: {reply}"
        );
        assert!(msg(&reply).contains("nfseConsulta"), "{reply}");
    }
    let world = world();
    world.simulator.fault(Fault::new(Effect::LoseAnswer).on(Target::NfseEnvia));
    world.simulator.fault(Fault::new(Effect::status(503)).on(Target::NfseConsulta).forever());
    let documents: Vec<_> = (1..=51).map(rps).collect();
    let reply = world.execute(&envia(&json!(documents)));
    assert_eq!(asked(&world), "Envio Consulta", "what cannot be asked is not asked any further");
    assert_eq!(
        (&reply["S"][49]["error"][0]["incerto"], &reply["S"][50]["error"][0].get("incerto")),
        (&json!(true), &None)
    );
    assert!(msg(&reply["S"][50]).contains("Não foi enviado"), "{}", reply["S"][50]);
}

#[test]
fn every_code_has_its_error_at_its_level() {
    for (code_told, expected) in [
        (InvoicyCode::Envelope(103), 7008),
        (InvoicyCode::Envelope(104), 7008),
        (InvoicyCode::Document(104), 7003),
        (InvoicyCode::Envelope(145), 7011),
        (InvoicyCode::Envelope(173), 7001),
        (InvoicyCode::Envelope(174), 7011),
        (InvoicyCode::Envelope(176), 7011),
        (InvoicyCode::Envelope(179), 7006),
        (InvoicyCode::Envelope(606), 7009),
        (InvoicyCode::Envelope(607), 7009),
        (InvoicyCode::Document(101), 7012),
        (InvoicyCode::Document(105), 7003),
        (InvoicyCode::Document(113), 7003),
        (InvoicyCode::Document(112), 7002),
        (InvoicyCode::Document(999), 7002),
    ] {
        let world = world();
        world.simulator.fault(Fault::new(Effect::Invoicy(code_told)).forever());
        let reply = one(&world);
        assert_eq!((code(&reply), asked(&world).as_str()), (expected, "Envio"), "{code_told:?}: {reply}");
        let (InvoicyCode::Envelope(number) | InvoicyCode::Document(number)) = code_told else { unreachable!() };
        if expected != 7003 || matches!(code_told, InvoicyCode::Document(_)) {
            assert!(reply.to_string().contains(&format!("\"{number}\"")), "{reply}");
        }
        assert!(reply["error"][0].get("incerto").is_none(), "{reply}");
    }
    for (code_told, expected) in
        [(InvoicyCode::Envelope(117), 7005), (InvoicyCode::Document(106), 7005), (InvoicyCode::Envelope(999), 7004)]
    {
        let world = world();
        world.simulator.fault(Fault::new(Effect::Invoicy(code_told)).forever());
        assert_eq!(code(&world.execute(&consulta(1))), expected);
    }
}
