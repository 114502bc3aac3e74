//! What the service answers, and how it is written.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::config::InvoicyConfig;
use super::store::{NfseState, StoredNfse};
use super::xml::escaped;
use crate::answer::Answer;

/// A MensagemItem.
pub(super) struct Message {
    pub(super) code: u16,
    pub(super) shown: Vec<Shown>,
}

impl Message {
    pub(super) fn of(code: u16) -> Self {
        Self { code, shown: Vec::new() }
    }

    /// Several documents of an answer to a consulta stand in one `Documento`, with several roots (facts); those of an answer
    /// to a send each in its own.
    pub(super) fn answer(&self, config: &InvoicyConfig) -> Answer {
        let asked = self.shown.first().is_some_and(|shown| shown.asked);
        let documents: Vec<String> = self.shown.iter().map(|shown| shown.xml(&config.certificate_expires)).collect();
        let items = if asked { vec![documents.concat()] } else { documents };
        let item = |xml: &String| {
            let text = if config.cdata { format!("<![CDATA[{xml}]]>") } else { escaped(xml) };
            format!("<DocumentosItem><Documento>{text}</Documento></DocumentosItem>")
        };
        let documents: String = items.iter().map(item).collect();
        envelope(
            200,
            &format!(
                "<recepcao.ExecuteResponse xmlns=\"InvoiCy\"><Invoicyretorno><Mensagem><MensagemItem><Codigo>{}</Codigo>\
                 <Descricao>{}</Descricao><Documentos>{documents}</Documentos></MensagemItem></Mensagem></Invoicyretorno>\
                 </recepcao.ExecuteResponse>",
                self.code,
                escaped(envelope_text(self.code))
            ),
        )
    }
}

/// A SOAP Fault, which comes with HTTP 500.
pub(super) fn fault(code: &str, text: &str) -> Answer {
    envelope(
        500,
        &format!(
            "<SOAP-ENV:Fault><faultcode>SOAP-ENV:{code}</faultcode><faultstring>{}</faultstring></SOAP-ENV:Fault>",
            escaped(text)
        ),
    )
}

fn envelope(status: u16, body: &str) -> Answer {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<SOAP-ENV:Envelope \
         xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    );
    Answer::new(status, "text/xml; charset=utf-8", text)
}

/// What is shown of a document.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) code: u16,
    pub(super) text: String,
    pub(super) number: String,
    pub(super) series: String,
    pub(super) id: String,
    pub(super) nfse: Option<StoredNfse>,
    /// In an answer to a consulta, whose names differ (two public clients).
    pub(super) asked: bool,
    pub(super) pdf: bool,
    pub(super) xml: bool,
}

impl Shown {
    /// A document with this code, of which nothing more is known.
    pub(super) fn coded(code: u16, number: String, series: String, id: String) -> Self {
        let text = document_text(code).to_owned();
        Self { code, text, number, series, id, nfse: None, asked: false, pdf: false, xml: false }
    }

    /// In the answer to a send or a cancellation.
    pub(super) fn sent(nfse: &StoredNfse) -> Self {
        let code = match nfse.state {
            NfseState::Pending(_) => 105,
            NfseState::Authorised => 100,
            NfseState::Cancelled => 101,
        };
        let decided = !matches!(nfse.state, NfseState::Pending(_));
        let bare = Self::coded(code, nfse.number.clone(), nfse.series.clone(), nfse.id.clone());
        Self { nfse: decided.then(|| nfse.clone()), ..bare }
    }

    /// Of one that was sent before: it is to be asked for.
    pub(super) fn known(nfse: &StoredNfse) -> Self {
        Self::coded(111, nfse.number.clone(), nfse.series.clone(), nfse.id.clone())
    }

    /// In the answer to a consulta.
    pub(super) fn asked(nfse: &StoredNfse, pdf: bool, xml: bool) -> Self {
        Self { asked: true, pdf, xml, ..Self::sent(nfse) }
    }

    fn xml(&self, certificate_expires: &str) -> String {
        let element = |name: &str, text: &str| format!("<{name}>{}</{name}>", escaped(text));
        let mut parts = vec![
            element("DocModelo", "NFSe"),
            element("DocNumero", &self.number),
            element("DocSerie", &self.series),
            element("DocIDUnico", &self.id),
        ];
        let nfse = self.nfse.as_ref();
        let of = |part: &dyn Fn(&StoredNfse) -> String| nfse.map(part).unwrap_or_default();
        parts.push(element("DocChaAcesso", &of(&StoredNfse::key)));
        parts.push(element("DocProtocolo", &of(&|nfse| format!("PROT{}", nfse.nfse))));
        parts.push(element("DocDhAut", &of(&|nfse| format!("{}T10:00:00-03:00", nfse.day))));
        let (pdf, xml) = (of(&pdf_of), of(&xml_of));
        let link = |page: &str| of(&|nfse| format!("https://homolog.invoicy.com.br/{page}.aspx?x={}&y=1", nfse.nfse));
        let only_if = |wanted: bool, text: String| if wanted { STANDARD.encode(text) } else { String::new() };
        if self.asked {
            parts.push(element("DocSitCodigo", &self.code.to_string()));
            parts.push(element("DocSitDescricao", &self.text));
            parts.push(element("DocXML", &only_if(self.xml && nfse.is_some(), xml)));
            parts.push(element("DocPDF", &only_if(self.pdf && nfse.is_some(), pdf)));
            parts.push(element("DocXMLLink", &link("xml")));
            parts.push(element("DocPDFLink", &link("pdf")));
        } else {
            parts.push("<DocPDFBase64/>".to_owned());
            parts.push("<DocXMLBase64/>".to_owned());
            parts.push(element("DocXMLDownload", &link("xml")));
            parts.push(element("DocPDFDownload", &link("pdf")));
            parts.push(format!(
                "<Situacao>{}{}</Situacao>",
                element("SitCodigo", &self.code.to_string()),
                element("SitDescricao", &self.text)
            ));
        }
        let number = of(&|nfse| nfse.nfse.clone());
        let number = if number.is_empty() { "0" } else { &number };
        let verification = of(&|nfse| format!("AB{}", &nfse.nfse[nfse.nfse.len() - 4..]));
        parts.push(format!(
            "<NFSe>{}{}</NFSe>",
            element("NFSeNumero", number),
            element("NFSeCodVerificacao", &verification)
        ));
        parts.push(element("CertHoraVencimento", &of(&|_| certificate_expires.to_owned())));
        format!("<Documento>{}</Documento>", parts.concat())
    }
}

fn pdf_of(nfse: &StoredNfse) -> String {
    format!("%PDF-1.4\n% NFS-e {}\n%%EOF\n", nfse.nfse)
}

fn xml_of(nfse: &StoredNfse) -> String {
    format!("<NFSe><Numero>{}</Numero></NFSe>", nfse.nfse)
}

fn envelope_text(code: u16) -> &'static str {
    match code {
        100 => "Documentos processados",
        103 => "Certificado não encontrado",
        104 => "Certificado vencido",
        117 => "Nenhum documento encontrado",
        145 => "Estrutura inválida",
        173 => "Chave de comunicação inválida",
        174 => "Tipo de documento inválido",
        176 => "Ambiente inválido",
        179 => "Uso indevido do serviço",
        313 => "Já efetivado no sistema",
        606 => "Empresa desabilitada",
        607 => "Empresa não licenciada",
        _ => "Erro não catalogado",
    }
}

fn document_text(code: u16) -> &'static str {
    match code {
        100 => "Autorizado",
        101 => "Cancelado",
        104 | 105 | 113 => "Pendente",
        106 => "Não encontrado",
        111 => "RPS já enviado, efetue a consulta",
        112 => "Rejeitado",
        _ => "Erro não catalogado",
    }
}
