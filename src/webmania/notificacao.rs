//! A notification that the caller's own web server received (seed, "notificações automáticas").
//!
//! They are not signed: whoever knows the address can send one. So the caller may put a secret into the address, and what a
//! notification says of a trip should be confirmed by a consulta.

use serde_json::Value;
use subtle::ConstantTimeEq;

use super::Which;
use super::answer::manifesto;
use crate::contract::{Code, ErrorEntry, Manifesto, MdfeNotificacao, missing, parse_object};

/// The words of the seed for where an MDF-e is.
const SITUATIONS: [&str; 6] = ["aprovado", "reprovado", "cancelado", "encerrado", "processando", "contingencia"];

/// What a notification says. 1005 if there is none, or the secret that was agreed on is empty; 6011 if it is none of Webmania's or does not bring the secret.
pub fn notification(request: &MdfeNotificacao) -> Result<Manifesto, ErrorEntry> {
    if request.segredo.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
        return Err(missing("segredo"));
    }
    let invalid = |what: &str| ErrorEntry::new(Code::MdfeNotification).detail(what);
    if !is_trusted(request) {
        return Err(invalid("the secret that came is not the one that was agreed on"));
    }
    let object = match &request.corpo {
        Some(Value::Object(object)) => object.clone(),
        Some(Value::String(text)) if !text.trim().is_empty() => {
            parse_object(text, Code::MdfeNotification).map_err(|_| invalid("the body is no JSON object"))?
        }
        _ => return Err(missing("corpo")),
    };
    let manifesto = manifesto(&object);
    if !SITUATIONS.contains(&manifesto.situacao.as_str()) {
        return Err(invalid("no status that is known"));
    }
    if Which::of(Some(&manifesto.uuid), None).is_err() {
        return Err(invalid("no uuid"));
    }
    if !manifesto.chave.is_empty() && Which::of(None, Some(&manifesto.chave)).is_err() {
        return Err(invalid("chave is not the key of an MDF-e"));
    }
    Ok(manifesto)
}

/// Compared in a time that does not tell how much of it was right.
fn is_trusted(request: &MdfeNotificacao) -> bool {
    let bytes = |secret: &Option<crate::contract::Secret>| {
        secret.as_ref().map(|secret| secret.expose().as_bytes().to_vec()).unwrap_or_default()
    };
    request.segredo.is_none() || bytes(&request.segredo).ct_eq(&bytes(&request.segredo_recebido)).into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::notification;
    use crate::contract::{MdfeNotificacao, read};

    fn told(request: Value) -> Result<String, i32> {
        let request: MdfeNotificacao = read(request, crate::contract::Code::BadField).unwrap();
        notification(&request).map(|manifesto| manifesto.situacao).map_err(|error| error.code())
    }

    fn body() -> Value {
        json!({"uuid":"90d30c80-d0be-4c8f-a749-a818989222ca","chave":"","serie":1,"numero":"123","status":"aprovado",
            "motivo":["a"],"xml":"","damdfe":"","log":{}})
    }

    #[test]
    fn notifications_are_read_as_text_or_json() {
        assert_eq!(told(json!({"corpo":body()})), Ok("aprovado".to_owned()));
        assert_eq!(told(json!({"corpo":body().to_string()})), Ok("aprovado".to_owned()));
    }

    #[test]
    fn what_is_no_notification_is_refused() {
        assert_eq!(told(json!({})), Err(1005));
        assert_eq!(told(json!({"corpo":""})), Err(1005));
        assert_eq!(told(json!({"corpo":"<html>"})), Err(6011));
        for (name, value) in [
            ("status", json!("ótimo")),
            ("uuid", json!("1")),
            ("chave", json!("35220528779662000120579990000004681178902280")),
        ] {
            let mut body = body();
            body[name] = value;
            assert_eq!(told(json!({"corpo":body})), Err(6011), "{name}");
        }
    }

    #[test]
    fn the_secret_must_be_the_one_agreed_on() {
        let with = |came: Value| told(json!({"corpo":body(),"segredo":"abc","segredo_recebido":came}));
        assert!(with(json!("abc")).is_ok());
        for came in [json!("abd"), json!("ab"), json!("abcd"), json!(""), Value::Null] {
            assert_eq!(with(came), Err(6011));
        }
        assert_eq!(told(json!({"corpo":body(),"segredo":"","segredo_recebido":""})), Err(1005));
    }
}
