//! NFS-e through InvoiCy: invoicyCK, nfseEnvia, nfseConsulta, nfseCancela, nfseEspelho.

use std::fs;

use serde_json::{Value, json};
use simulator::{Config, Effect, Fault, InvoicyCode, InvoicyConfig, NfseState, Target};

use crate::driver::{TempFile, World, code, msg, target};

const KEY: &str = "R8CC40EC614E64108965517G90GDEYB6";
const CNPJ: &str = "99999999999999";

fn world() -> World {
    with(InvoicyConfig::default())
}

fn with(invoicy: InvoicyConfig) -> World {
    World::with(Config { invoicy, ..Config::default() })
}

/// A world that processes single documents later, after so many questions.
fn slow(pending_queries: u32) -> World {
    with(InvoicyConfig { asynchronous: true, pending_queries, ..InvoicyConfig::default() })
}

fn rps(number: usize) -> String {
    format!(
        "<Envio>\r\n  <ModeloDocumento>NFSE</ModeloDocumento>\r\n  <Versao>1.00</Versao>\r\n  <RPS>\r\n\t<RPSNumero>{number}</RPSNumero>\
         <RPSSerie>A</RPSSerie><RPSTipo>1</RPSTipo><dEmis>2026-05-12T10:00:00</dEmis><tpAmb>2</tpAmb>\
         <Prestador><CNPJ_prest>{CNPJ}</CNPJ_prest><xNome>Transportes São João &amp; Filhos</xNome></Prestador>\
         <Servico><Discriminacao>Linha 1\r\n\tlinha 2 \"ç\" 😀 ]]&gt; &amp;amp;</Discriminacao></Servico></RPS>\r\n</Envio>\r\n"
    )
}

fn id(number: usize) -> String {
    format!("averbador-2-{CNPJ}-1-A-{number}")
}

fn envia(documents: &Value) -> Value {
    json!({"mod":"nfseEnvia","documentos":documents})
}

fn one(world: &World) -> Value {
    world.execute(&envia(&json!(rps(1))))
}

fn consulta(number: usize) -> Value {
    json!({"mod":"nfseConsulta","CNPJ":CNPJ,"tpAmb":2,"id_unico":id(number)})
}

fn cancela() -> Value {
    json!({"mod":"nfseCancela","CNPJ":CNPJ,"tpAmb":2,"NFSeNumero":"20260000000001","RPSNumero":1,"RPSSerie":"A",
        "EveCodigo":2,"EveMotivo":"Serviço não prestado"})
}

/// What the service was asked, in order.
fn asked(world: &World) -> String {
    let requests = world.simulator.requests();
    requests.into_iter().map(|request| request.module).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_key_is_computed_and_everything_unusual_is_told() {
    let world = world();
    let vector = "<Envio><ModeloDocumento>NFSE</ModeloDocumento><Versao>1.00</Versao></Envio>";
    let loose = "\u{FEFF}<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\r\n<Envio>\r\n\t<ModeloDocumento>NFSE</ModeloDocumento> \
                 <Versao>1.00</Versao>\r\n</Envio>";
    let said = world.say(&json!({"mod":"invoicyCK","chave_acesso":KEY,"xml":vector}));
    assert_eq!(
        (said.code, said.text()),
        (
            0,
            format!(
                r#"{{"mod":"invoicyCKRet","status":1,"CK":"9fca8cadf8028440c7528aa281ae3bcd","linearizado":"{vector}","bytes":75}}"#
            )
            .as_str()
        )
    );
    let reply = world.execute(&json!({"mod":"invoicyCK","xml":loose}));
    assert_eq!((&reply["CK"], &reply["linearizado"]), (&json!("9fca8cadf8028440c7528aa281ae3bcd"), &json!(vector)));
    assert_eq!(reply["avisos"].as_array().map(Vec::len), Some(3), "{reply}");
    let escaped =
        loose.trim_start_matches('\u{FEFF}').split_once("?>").unwrap().1.replace('<', "&lt;").replace('>', "&gt;");
    for xml in [escaped.clone(), format!("<inv:Documento xmlns:inv=\"InvoiCy\">{escaped}</inv:Documento>")] {
        let reply = world.execute(&json!({"mod":"invoicyCK","xml":xml}));
        assert_eq!(
            (&reply["CK"], reply["avisos"].as_array().map(Vec::len)),
            (&json!("9fca8cadf8028440c7528aa281ae3bcd"), Some(1)),
            "{reply}"
        );
    }
    let latin =
        TempFile::new("São João.xml", b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Envio><a>S\xE3o</a></Envio>");
    let reply = world.execute(&json!({"mod":"invoicyCK","arquivo":latin.name()}));
    assert_eq!((&reply["linearizado"], &reply["bytes"]), (&json!("<Envio><a>São</a></Envio>"), &json!(26)));
    assert!(world.simulator.requests().is_empty());
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
fn without_address_or_keys_it_says_which() {
    let world = World::new();
    for (settings, expected, name) in [
        (json!({"invoicy":null}), 1005, "chave_acesso"),
        (json!({"invoicy":{"chave_parceiro":null}}), 1005, "chave_parceiro"),
        (json!({"invoicy":{"url":null}}), 1008, "invoicy.url"),
    ] {
        let reply = World::new().set(settings).execute(&envia(&json!(rps(1))));
        assert!(code(&reply) == expected && msg(&reply).contains(&format!("\"{name}\"")), "{reply}");
    }
    assert!(world.simulator.requests().is_empty());
}

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

#[test]
fn a_refused_key_is_diagnosed_without_being_shown() {
    let world = world();
    let mut request = envia(&json!(rps(1)));
    request["chave_acesso"] = json!("marcaDaChave0123456789+/==");
    let said = world.say(&request);
    let reply = said.json();
    assert_eq!(code(&reply), 7001);
    let detail = reply["error"][0]["detalhe"].as_str().unwrap();
    for part in [
        "bytes of UTF-8",
        "<Envio>",
        "escaped twice: it seems so",
        "26 characters (capitals, small letters, digits, signs)",
        "other than",
    ] {
        assert!(detail.contains(part), "{detail}");
    }
    assert!(!said.text().contains("marcaDaChave") && msg(&reply).contains("chave de acesso"), "{reply}");
}

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
fn no_key_comes_back() {
    let secrets = ["marcaDaChave<&\"1'", "marcaDoParceiro>2=="];
    let all = secrets.join(" | ");
    let escaped =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let echo = |part: &str| {
        format!(
            "<a><Mensagem><MensagemItem><Codigo>{part}</Codigo><Descricao>{part}</Descricao><Documentos><DocumentosItem>\
             <Documento>{}</Documento></DocumentosItem></Documentos></MensagemItem></Mensagem></a>",
            escaped(&format!(
                "<Documento><DocNumero>1</DocNumero><DocSerie>A</DocSerie><DocProtocolo>{part}</DocProtocolo><Situacao>\
                 <SitCodigo>112</SitCodigo><SitDescricao>{part}</SitDescricao></Situacao></Documento>"
            ))
        )
    };
    let fault = format!(
        "<s:Envelope><s:Fault><faultcode>x</faultcode><faultstring>{}</faultstring></s:Fault></s:Envelope>",
        escaped(&all)
    );
    for effect in [
        Effect::body("text/xml", echo(&escaped(&all))),
        Effect::body("text/xml", format!("<a>{}</a>", escaped(&all))),
        Effect::body("text/xml", fault),
        Effect::body("text/html", all.clone()),
        Effect::redirect(302, &format!("https://example.com/{}", secrets[1])),
        Effect::Invoicy(InvoicyCode::Envelope(173)),
        Effect::Invoicy(InvoicyCode::Fault),
        Effect::LoseAnswer,
        Effect::Reset,
    ] {
        let world = with(InvoicyConfig {
            access_key: secrets[0].to_owned(),
            partner_key: secrets[1].to_owned(),
            ..InvoicyConfig::default()
        });
        let place = TempFile::new("aqui.txt", b"");
        let log = target().path(&place.path().with_file_name("averbador.log"));
        let world = world.set(json!({"log":{"arquivo":log,"nivel":"detalhe"}}));
        world.simulator.fault(Fault::new(effect.clone()).forever());
        let mirror = json!({"mod":"nfseEspelho","CNPJ":CNPJ,"tpAmb":2,"id_unico":"x","arquivo":"x.pdf"});
        let requests: Vec<String> = [
            envia(&json!(rps(1))),
            consulta(1),
            cancela(),
            mirror,
            json!({"mod":"invoicyCK","xml":"<a/>"}),
            json!({"mod":"invoicyCK","xml":"<a","chave_acesso":secrets[0]}),
            json!({"mod":"nfseEnvia","documentos":rps(1),"chave_acesso":format!("{} ", secrets[0])}),
            json!({"mod":"nfseEnvia","documentos":rps(1),"chave_acesso":{"x":secrets[0]}}),
        ]
        .iter()
        .map(Value::to_string)
        .collect();
        let arguments: Vec<&str> =
            ["--progresso", "executa"].into_iter().chain(requests.iter().map(String::as_str)).collect();
        let said = world.run(&arguments);
        let files = fs::read_dir(place.path().parent().unwrap()).unwrap();
        let written: String = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        let all = format!("{}{}{written}", said.lines.join("\n"), said.stderr);
        assert!(said.lines.len() == requests.len() && written.contains("arecepcao.aspx"), "{all}");
        assert!(!all.contains("marcaD"), "{effect:?}: {all}");
    }
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
