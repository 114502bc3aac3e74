//! The communication key CK, and the keys it is made with.

use std::fs;

use serde_json::{Value, json};
use simulator::{Effect, Fault, InvoicyCode, InvoicyConfig};

use super::{CNPJ, KEY, cancela, consulta, envia, rps, with, world};
use crate::driver::{TempFile, World, code, msg, target};

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
