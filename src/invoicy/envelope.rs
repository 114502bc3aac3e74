//! What goes onto the wire: the SOAP 1.1 envelope around documents that are escaped (seed, steps 4 to 7).
//!
//! The wire is ASCII: whatever lies beyond goes as a numeric entity, which the service decodes before it hashes. So do tab,
//! line feed and carriage return: a reader of XML would turn CR LF into LF, and the hash would be another.

use std::fmt::Write;

use reqwest::header::{CONTENT_TYPE, HeaderName};

use crate::contract::Secret;

/// Facts, "Transport".
const SOAP_ACTION: &str = "\"InvoiCyaction/ARECEPCAO.Execute\"";

/// The headers of every request.
pub static HEADERS: [(HeaderName, &str); 2] =
    [(CONTENT_TYPE, "text/xml; charset=utf-8"), (HeaderName::from_static("soapaction"), SOAP_ACTION)];

/// One document with the parameters that go along with it, both linear.
#[derive(Clone, Copy, Debug)]
pub struct DataItem<'a> {
    /// Of these the first is hashed.
    pub document: &'a str,
    /// Not hashed; empty where the service asks for none.
    pub parameters: &'a str,
}

/// The envelope: the partner's key, the communication key, the documents.
#[must_use]
pub fn envelope(partner_key: &Secret, ck: &str, items: &[DataItem]) -> String {
    let mut soap =
        String::with_capacity(1024 + items.iter().map(|item| item.document.len() * 3 / 2 + 200).sum::<usize>());
    soap.push_str(concat!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>",
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:inv=\"InvoiCy\">",
        "<soapenv:Header/><soapenv:Body><inv:recepcao.Execute><inv:Invoicyrecepcao><inv:Cabecalho>",
    ));
    element(&mut soap, "EmpPK", partner_key.expose());
    element(&mut soap, "EmpCK", ck);
    element(&mut soap, "EmpCO", "");
    soap.push_str("</inv:Cabecalho><inv:Informacoes>");
    element(&mut soap, "Texto", "");
    soap.push_str("</inv:Informacoes><inv:Dados>");
    for item in items {
        soap.push_str("<inv:DadosItem>");
        element(&mut soap, "Documento", item.document);
        element(&mut soap, "Parametros", item.parameters);
        soap.push_str("</inv:DadosItem>");
    }
    soap.push_str("</inv:Dados></inv:Invoicyrecepcao></inv:recepcao.Execute></soapenv:Body></soapenv:Envelope>");
    soap
}

fn element(soap: &mut String, name: &str, text: &str) {
    let _ = write!(soap, "<inv:{name}>");
    escape(soap, text);
    let _ = write!(soap, "</inv:{name}>");
}

/// `text` as text of an XML in ASCII.
pub fn escape(to: &mut String, text: &str) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'&' | b'<' | b'>' | b'"');
    let mut rest = text;
    while let Some(place) = rest.bytes().position(|byte| !is_plain(byte)) {
        let (plain, from) = rest.split_at(place);
        to.push_str(plain);
        let mut characters = from.chars();
        match characters.next().unwrap_or_default() {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            other => {
                // Writing to a String does not fail.
                let _ = write!(to, "&#{};", u32::from(other));
            }
        }
        rest = characters.as_str();
    }
    to.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::key::ck;
    use super::super::samples;
    use super::super::tree::Element;
    use super::super::xml::Linear;
    use super::{DataItem, envelope, escape};
    use crate::contract::Secret;

    fn escaped(text: &str) -> String {
        let mut to = String::new();
        escape(&mut to, text);
        to
    }

    #[test]
    fn the_ampersand_comes_first_and_the_rest_is_ascii() {
        assert_eq!(
            escaped("<a b=\"c\">ç &amp; 😀\r\n\t</a>"),
            "&lt;a b=&quot;c&quot;&gt;&#231; &amp;amp; &#128512;&#13;&#10;&#9;&lt;/a&gt;"
        );
        assert_eq!(escaped("]]>"), "]]&gt;");
    }

    #[test]
    fn the_envelope_is_as_the_vendor_writes_it() {
        let item = DataItem { document: "<Envio/>", parameters: "<ParametrosConsulta/>" };
        let soap = envelope(&Secret::from("PK==".to_owned()), "ck", &[item, item]);
        assert!(soap.contains(
            "<inv:Cabecalho><inv:EmpPK>PK==</inv:EmpPK><inv:EmpCK>ck</inv:EmpCK><inv:EmpCO></inv:EmpCO></inv:Cabecalho>"
        ));
        let part = "<inv:DadosItem><inv:Documento>&lt;Envio/&gt;</inv:Documento>\
                    <inv:Parametros>&lt;ParametrosConsulta/&gt;</inv:Parametros></inv:DadosItem>";
        assert_eq!(soap.matches(part).count(), 2);
    }

    proptest! {
        /// What the service decodes is byte for byte what was hashed.
        #[test]
        fn what_was_hashed_arrives(xml in samples::element(), key in "[!-~]{8,40}") {
            let key = Secret::from(key);
            let linear = Linear::read(&xml).unwrap().text;
            let hashed = ck(&key, &linear);
            let soap = envelope(&key, &hashed, &[DataItem { document: &linear, parameters: "" }]);
            prop_assert!(soap.is_ascii());
            let roots = Element::read_all(&soap).unwrap();
            let arrived = |name: &str| roots[0].find(name).unwrap().text.clone();
            prop_assert_eq!(&arrived("Documento"), &linear);
            prop_assert_eq!(arrived("EmpPK"), key.expose());
            prop_assert_eq!(ck(&key, &arrived("Documento")), arrived("EmpCK"));
        }

        #[test]
        fn any_text_arrives(text in "[\t\r\n -\u{D7FF}\u{E000}-\u{FFFD}]{0,40}") {
            let roots = Element::read_all(&format!("<a>{}</a>", escaped(&text))).unwrap();
            prop_assert_eq!(&roots[0].text, &text);
        }
    }
}
