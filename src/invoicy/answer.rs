//! The answers of `arecepcao.aspx` (facts, "Transport" and "Documents"; two public clients for the names in an answer to a
//! consulta, which are not those in an answer to a send).
//!
//! `Invoicyretorno/Mensagem/MensagemItem*{Codigo, Descricao, Documentos/DocumentosItem*/Documento}`; in `Documento` stands
//! XML as text, escaped or in CDATA, with one root or several. Every number is kept as text: some exceed 32 bits.

use super::codes::Level;
use super::tree::Element;
use crate::contract::{Nfse, NfseFiles, Secret};
use crate::redact::{hide, mask};

/// An answer, understood.
pub enum Answer {
    /// What became of the request and of its documents.
    Told(Vec<Item>),
    /// A SOAP Fault: its code and text.
    Fault(String, String),
}

/// One MensagemItem.
#[derive(Debug)]
pub struct Item {
    /// Of the request as a whole.
    pub code: String,
    /// The service's words for it.
    pub text: String,
    /// What it says of single documents.
    pub documents: Vec<Told>,
}

/// What the answer says of one document.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// SitCodigo.
    pub code: String,
    /// The service's words for it, and those of the city hall.
    pub text: String,
    /// What is shown of it.
    pub nfse: Nfse,
    /// The PDF, in base64 as it came.
    pub pdf: String,
    /// The XML, in base64 or as it is.
    pub xml: String,
}

/// Whether the page of an HTTP error is an answer: a SOAP Fault comes with HTTP 500.
pub fn is_soap(body: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&body[..body.len().min(1000)]);
    [":Envelope", "<Envelope"].iter().any(|tag| head.contains(tag))
}

impl Answer {
    /// Reads `text`; `Err` says why it is no answer of the service's. No `secrets` are left in it.
    pub fn read(text: &str, secrets: &[&Secret]) -> Result<Self, String> {
        let roots = Element::read_all(text)?;
        let [root] = roots.as_slice() else { return Err("not one root element".to_owned()) };
        if let Some(fault) = root.find("Fault") {
            let part = |name| mask(fault.child_text(name), secrets);
            return Ok(Self::Fault(part("faultcode"), part("faultstring")));
        }
        let message = root.find("Mensagem").ok_or("no Mensagem")?;
        let items: Vec<Item> =
            message.all("MensagemItem").map(|item| Item::read(item, secrets)).collect::<Result<_, _>>()?;
        if items.is_empty() { Err("no MensagemItem".to_owned()) } else { Ok(Self::Told(items)) }
    }
}

impl Item {
    fn read(item: &Element, secrets: &[&Secret]) -> Result<Self, String> {
        let mut documents = Vec::new();
        let parts = item.all("Documentos").flat_map(|documents| documents.all("DocumentosItem"));
        for part in parts.flat_map(|part| part.all("Documento")) {
            let inside = Element::read_all(&part.text)?;
            inside.iter().for_each(|root| found_in(root, &mut documents));
            // What was not escaped stands there as elements.
            found_in(part, &mut documents);
        }
        let documents = documents.into_iter().map(|told| told.without(secrets)).collect();
        let text = mask(item.child_text("Descricao"), secrets);
        Ok(Self { code: hide(item.child_text("Codigo"), secrets), text, documents })
    }
}

/// The documents in an element: itself, or those within.
fn found_in(element: &Element, documents: &mut Vec<Told>) {
    if element.children.iter().any(|child| child.name.starts_with("Doc") && child.children.is_empty()) {
        documents.push(Told::read(element));
    } else {
        element.children.iter().for_each(|child| found_in(child, documents));
    }
}

impl Told {
    fn read(document: &Element) -> Self {
        let text = |names: &[&str]| {
            let mut texts = names.iter().map(|name| document.child_text(name));
            texts.find(|text| !text.is_empty()).unwrap_or_default().to_owned()
        };
        let inner = |group, name| within(document, group, name);
        let either = |inside: &str, flat: &str| if inside.is_empty() { text(&[flat]) } else { inside.to_owned() };
        let number = inner("NFSe", "NFSeNumero");
        Self {
            code: either(inner("Situacao", "SitCodigo"), "DocSitCodigo"),
            text: with_city_hall(
                either(inner("Situacao", "SitDescricao"), "DocSitDescricao"),
                inner("MensagemSefaz", "DscMsg"),
            ),
            nfse: Nfse {
                numero: text(&["DocNumero"]),
                serie: text(&["DocSerie"]),
                IDUnico: text(&["DocIDUnico"]),
                chave: text(&["DocChaAcesso"]),
                protocolo: text(&["DocProtocolo"]),
                // 0: there is none yet (vendor sample).
                NFSeNumero: if number == "0" { String::new() } else { number.to_owned() },
                CodVerificacao: inner("NFSe", "NFSeCodVerificacao").to_owned(),
                autorizada_em: text(&["DocDhAut"]),
                links: NfseFiles {
                    pdf: text(&["DocPDFDownload", "DocPDFLink"]),
                    xml: text(&["DocXMLDownload", "DocXMLLink"]),
                },
                certificado_vencimento: text(&["CertHoraVencimento"]),
                ..Nfse::default()
            },
            pdf: text(&["DocPDFBase64", "DocPDF"]),
            xml: text(&["DocXMLBase64", "DocXML", "DocCompleto"]),
        }
    }

    /// Whatever the service echoes: none of it shows a secret.
    fn without(mut self, secrets: &[&Secret]) -> Self {
        let nfse = &mut self.nfse;
        for text in [
            &mut self.code,
            &mut nfse.numero,
            &mut nfse.serie,
            &mut nfse.IDUnico,
            &mut nfse.chave,
            &mut nfse.protocolo,
            &mut nfse.NFSeNumero,
            &mut nfse.CodVerificacao,
            &mut nfse.autorizada_em,
            &mut nfse.links.pdf,
            &mut nfse.links.xml,
            &mut nfse.certificado_vencimento,
        ] {
            *text = hide(text, secrets);
        }
        self.text = mask(&self.text, secrets);
        nfse.situacao = Some(Level::Document.situation(&self.code, &self.text));
        self
    }
}

/// The text of the first `name` in a group of this name that has one.
fn within<'d>(document: &'d Element, group: &str, name: &str) -> &'d str {
    document.all(group).map(|group| group.child_text(name)).find(|text| !text.is_empty()).unwrap_or_default()
}

fn with_city_hall(text: String, more: &str) -> String {
    if more.is_empty() || text.contains(more) {
        text
    } else if text.is_empty() {
        more.to_owned()
    } else {
        format!("{text}: {more}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::envelope::escape;
    use super::{Answer, Item, is_soap};
    use crate::contract::Secret;

    fn answer(inside: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\">\
             <SOAP-ENV:Body><recepcao.ExecuteResponse xmlns=\"InvoiCy\"><Invoicyretorno>\
             <Mensagem>{inside}</Mensagem></Invoicyretorno></recepcao.ExecuteResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"
        )
    }

    fn item(documents: &str) -> String {
        answer(&format!(
            "<MensagemItem><Codigo>100</Codigo><Descricao>ok</Descricao><Documentos>{documents}</Documentos></MensagemItem>"
        ))
    }

    fn escaped(text: &str) -> String {
        let mut to = String::new();
        escape(&mut to, text);
        to
    }

    fn read(text: &str) -> Vec<Item> {
        match Answer::read(text, &[]) {
            Ok(Answer::Told(items)) => items,
            Ok(Answer::Fault(code, text)) => panic!("fault {code} {text}"),
            Err(error) => panic!("{error}"),
        }
    }

    const SENT: &str = "<Documento><DocModelo>NFSe</DocModelo><DocNumero>99999999999</DocNumero><DocSerie>A</DocSerie>\
        <DocIDUnico>x-1</DocIDUnico><DocProtocolo>7</DocProtocolo><DocPDFDownload>https://x/?a=1&amp;b=2</DocPDFDownload>\
        <DocPDFBase64>JVBERi0=</DocPDFBase64><Situacao><SitCodigo>100</SitCodigo><SitDescricao>Autorizada</SitDescricao></Situacao>\
        <NFSe><NFSeNumero>20260000000012345</NFSeNumero><NFSeCodVerificacao>AB-12</NFSeCodVerificacao></NFSe></Documento>";
    const ASKED: &str = "<Documento><DocNumero>2</DocNumero><DocSerie>A</DocSerie><DocSitCodigo>112</DocSitCodigo>\
        <DocSitDescricao>Rejeitada</DocSitDescricao><MensagemSefaz><CodMsg>5</CodMsg><DscMsg>CNPJ inv&#225;lido</DscMsg></MensagemSefaz>\
        <DocPDF>JVBERi0=</DocPDF><NFSe><NFSeNumero>0</NFSeNumero></NFSe></Documento>";

    #[test]
    fn escaped_text_cdata_and_elements_with_one_root_or_several() {
        let both = format!("{SENT}\n{ASKED}");
        for inside in [
            format!("<Documento>{}</Documento>", escaped(&both)),
            format!("<Documento><![CDATA[{both}]]></Documento>"),
            format!("<Documento>{both}</Documento>"),
            format!("<Documento>{}</Documento>", escaped(&format!("<Retorno>{both}</Retorno>"))),
        ] {
            let items = read(&item(&format!("<DocumentosItem>{inside}</DocumentosItem>")));
            let [sent, asked] = items[0].documents.as_slice() else { panic!("{inside}: {items:?}") };
            assert_eq!((sent.code.as_str(), sent.nfse.numero.as_str()), ("100", "99999999999"));
            assert_eq!((sent.nfse.NFSeNumero.as_str(), sent.pdf.as_str()), ("20260000000012345", "JVBERi0="));
            assert_eq!(sent.nfse.links.pdf, "https://x/?a=1&b=2");
            assert_eq!((asked.code.as_str(), asked.text.as_str()), ("112", "Rejeitada: CNPJ inválido"));
            assert_eq!((asked.nfse.NFSeNumero.as_str(), asked.pdf.as_str()), ("", "JVBERi0="));
        }
        let two = format!("<DocumentosItem><Documento>{}</Documento></DocumentosItem>", escaped(SENT)).repeat(2);
        assert_eq!(read(&item(&two))[0].documents.len(), 2);
    }

    #[test]
    fn an_answer_without_documents_and_a_fault() {
        let items =
            read(&answer("<MensagemItem><Codigo>173</Codigo><Descricao>CK inválida</Descricao></MensagemItem>"));
        assert_eq!((items[0].code.as_str(), items[0].documents.len()), ("173", 0));
        let fault = "<soap:Envelope><soap:Body><soap:Fault><faultcode>soap:Server</faultcode>\
            <faultstring>Erro</faultstring></soap:Fault></soap:Body></soap:Envelope>";
        assert!(is_soap(fault.as_bytes()) && !is_soap(b"<html>503</html>"));
        assert!(
            matches!(Answer::read(fault, &[]), Ok(Answer::Fault(code, text)) if code == "soap:Server" && text == "Erro")
        );
        for text in
            ["", "<html/>", "{}", &answer(""), &item("<DocumentosItem><Documento>&lt;a</Documento></DocumentosItem>")]
        {
            assert!(Answer::read(text, &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn secrets_are_hidden_wherever_they_are_echoed() {
        let secret = Secret::from("s3creta+/=".to_owned());
        let echo = |text: &str| {
            text.replace("99999999999", "s3creta+/=")
                .replace("Autorizada", "chave s3creta+/=")
                .replace("a=1", "s3creta+/=")
        };
        let text = item(&format!("<DocumentosItem><Documento>{}</Documento></DocumentosItem>", escaped(&echo(SENT))));
        let Ok(Answer::Told(items)) = Answer::read(&text, &[&secret]) else { panic!("told") };
        assert!(!format!("{items:?}").contains("s3creta"), "{items:?}");
    }

    proptest! {
        #[test]
        fn never_panics(inside in "[<>/a-zA-Z&;=\"! ]{0,80}", any in ".*") {
            let _ = (Answer::read(&item(&inside), &[]), Answer::read(&any, &[]));
        }
    }
}
