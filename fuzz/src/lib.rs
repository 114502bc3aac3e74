//! What comes from outside, as bytes: one function for each reader of it, which the fuzzer calls with whatever it thinks of
//! and the tests with what it found worth keeping (`corpus/`).
//!
//! A function here panics where the library breaks a promise; a panic of the library's own is a finding as well.

use averbador::contract::{
    Averba, Cancela, Code, Consulta, Lista, Login, MdfeEmite, MdfeNotificacao, OneOrMany, Secret, Upload, field,
    parse_object, read,
};
use averbador::dispatch::Message;
use averbador::document::{AccessKey, Content, Document, Fiscal, check_zip};
use averbador::invoicy::{self, xml::Linear};
use averbador::porto::answer::Answer;
use averbador::porto::{Filters, Session};
use averbador::redact::excerpt;
use averbador::settings;
use averbador::webmania::{self, Said};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The session of the request that an answer answers.
const SECRET: &str = "s3nhaSecreta";

/// What a program asks: the message of `av_execute`, the settings of `av_configure`.
pub fn pedido(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let _ = Message::parse(text);
    let _ = settings::merged(&Value::Null, text);
    let Ok(mut fields) = parse_object(text, Code::BadField) else { return };
    fields.remove("mod");
    if let Some(login) = typed::<Login>(&fields) {
        let _ = login.check();
    }
    if let Some(upload) = typed::<Upload>(&fields) {
        let _ = Session::parse(&upload.cookie);
        let _ = upload.xml.map(|xml| Document::from_xml(&xml, "documento"));
    }
    if let Some(consulta) = typed::<Consulta>(&fields) {
        match consulta.chave {
            Some(OneOrMany::One(key)) => access_key(&key),
            Some(OneOrMany::Many(keys)) => keys.iter().for_each(|key| access_key(key)),
            None => {}
        }
    }
    if let Some(lista) = typed::<Lista>(&fields) {
        let _ = Filters::of(&lista);
    }
    let _ = (typed::<Averba>(&fields), typed::<Cancela>(&fields).map(Cancela::parts));
    if let Some(Ok(mut mdfe)) = typed::<MdfeEmite>(&fields).map(|request| webmania::document(request.mdfe)) {
        // What is sent passes the check that it has passed.
        if webmania::check(&mut mdfe).pending.is_empty() {
            assert!(webmania::check(&mut mdfe).pending.is_empty());
        }
    }
    if let Some(notification) = typed::<MdfeNotificacao>(&fields) {
        let _ = webmania::notification(&notification);
    }
}

fn typed<T: DeserializeOwned>(fields: &Map<String, Value>) -> Option<T> {
    read(Value::Object(fields.clone()), Code::BadField).ok()
}

fn access_key(text: &str) {
    if let Ok(key) = AccessKey::parse(text) {
        assert_eq!((key.as_str().len(), key.cnpj().len(), key.model().len()), (44, 14, 2));
        assert!((1..=9).contains(&key.number().len()));
        let _ = key.check_digit_is_right();
    }
}

/// What the service answers: no secret of the request comes back out of it.
pub fn resposta(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let secret = Secret::from(SECRET.to_owned());
    let secrets = [&secret];
    assert!(!excerpt(&text, &secrets).contains(SECRET));
    for (status, doubt) in [(200, None), (200, Some("?")), (403, None), (500, Some("?"))] {
        let said = Said::read(status, &text, doubt, &secrets).map(|said| (said.manifesto, said.error, said.named));
        assert!(!format!("{said:?}").contains(SECRET));
    }
    if let Ok(invoicy::answer::Answer::Told(items)) = invoicy::answer::Answer::read(&text, &secrets) {
        assert!(!format!("{items:?}").contains(SECRET));
    }
    let Ok(answer) = Answer::read(&text, &secrets) else { return };
    let refusals = [Code::BadCredentials, Code::SessionExpired].map(|code| answer.refusal(code));
    assert!(!format!("{refusals:?}{:?}", answer.errors()).contains(SECRET));
    assert!(!format!("{:?}", answer.dump(&secrets)).contains(SECRET));
    answer.has_account();
    answer.counts();
    answer.protocols();
    answer.pairs();
    answer.documents();
}

/// A fiscal document: what can be endorsed has a whole access key; and what is linear stays as it is.
pub fn xml(bytes: &[u8]) {
    if let Ok(linear) = Linear::read(&String::from_utf8_lossy(bytes)) {
        let again = Linear::read(&linear.text).map(|linear| linear.text);
        assert_eq!(again.as_ref(), Ok(&linear.text), "linear is linear");
    }
    if let Ok(fiscal) = Fiscal::read(bytes) {
        access_key(fiscal.key.as_str());
        let _ = fiscal.warnings();
        assert_eq!(fiscal.is_meant(Some(&fiscal.key), None, None), Ok(()));
    }
    // As text in a request it goes out in the encoding that it declares: then what is read again is the same.
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(document) = Document::from_xml(text, "documento") {
        let _ = document.content.read().map(|sent| Fiscal::read(&sent));
    }
}

/// A ZIP of documents.
pub fn zip(bytes: &[u8]) {
    let _ = check_zip(&Content::Bytes(bytes.to_vec()));
}

/// `av_field`: a pointer in the first line, then the JSON text. What it finds is what `serde_json` finds.
pub fn campo(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (pointer, json) = text.split_once('\n').unwrap_or((text, ""));
    let found = field(json, pointer);
    let Ok(whole) = serde_json::from_str::<Value>(json) else { return };
    match (whole.pointer(pointer), found) {
        (None | Some(Value::Null), found) => assert_eq!(found, None),
        (Some(Value::String(text)), Some(found)) => assert_eq!(*text, found),
        (Some(value), Some(found)) => assert_eq!(serde_json::from_str::<Value>(&found).ok().as_ref(), Some(value)),
        // `serde_json` passes over an escape that no pointer may have (RFC 6901, section 3).
        (Some(_), None) => assert!(pointer.replace("~0", "").replace("~1", "").contains('~')),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Everything in the corpus of `target` once more.
    fn holds(target: &str, run: fn(&[u8])) {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        let files: Vec<_> = corpus.read_dir().unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty(), "no corpus for {target}");
        for file in files {
            println!("{}", file.display());
            run(&std::fs::read(file).unwrap());
        }
    }

    #[test]
    fn pedido() {
        holds("pedido", super::pedido);
    }

    #[test]
    fn resposta() {
        holds("resposta", super::resposta);
    }

    #[test]
    fn xml() {
        holds("xml", super::xml);
    }

    #[test]
    fn zip() {
        holds("zip", super::zip);
    }

    #[test]
    fn campo() {
        holds("campo", super::campo);
    }
}
