//! InvoiCy, which issues NFS-e: one address and one SOAP operation for everything. Where a rule is written:
//!
//! - "seed": the page "Gerar um XML de Envio passo-a-passo" that the ERP's makers work by;
//! - "facts": what the vendor's public samples and layouts and two production clients have in common;
//! - "Assumed": written nowhere public; a client must not rely on it.

mod answers;
mod config;
mod store;
mod xml;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use answers::{Message, Shown};
pub use config::{InvoicyCode, InvoicyConfig};
pub use store::{NfseState, StoredNfse};
use store::{Received, Store};
use xml::Node;

use crate::answer::Answer;
use crate::php::{Call, essence};

/// The one address (facts).
pub(crate) const PATH: &str = "/arecepcao.aspx";
/// The one action (facts).
const ACTION: &str = "InvoiCyaction/ARECEPCAO.Execute";
/// So many documents in one request (seed).
const MOST_DOCUMENTS: usize = 200;
/// From so many identical requests on the company is blocked (facts, 179). Assumed: within an hour, whatever comes between.
const BLOCKED_FROM: usize = 4;
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// Whether an address is InvoiCy's.
pub(crate) fn is_at(path: &str) -> bool {
    path == PATH
}

/// What a request is: the name of the first document's root, empty if there is none.
pub(crate) fn kind(call: &Call) -> String {
    let kind = Request::read(call).and_then(|request| Some(request.documents.first()?.root()?.name));
    kind.unwrap_or_default()
}

/// The service with all that it remembers.
pub(crate) struct Service {
    config: InvoicyConfig,
    pub(crate) store: Store,
    /// When each request came, by its whole body.
    seen: HashMap<Vec<u8>, Vec<Instant>>,
    blocked_at: Option<Instant>,
}

/// A request, taken out of its envelope.
struct Request {
    partner_key: String,
    communication_key: String,
    documents: Vec<Item>,
}

/// One DadosItem, decoded.
struct Item {
    document: String,
    parameters: String,
}

impl Request {
    fn read(call: &Call) -> Option<Self> {
        let roots = xml::parse(str::from_utf8(&call.body).ok()?)?;
        let reception = roots.first()?.find("recepcao.Execute")?.find("Invoicyrecepcao")?;
        let header = reception.child("Cabecalho")?;
        let items = reception.child("Dados")?.children.iter().filter(|child| child.name == "DadosItem");
        let documents: Option<Vec<Item>> = items
            .map(|item| {
                Some(Item { document: item.child("Documento")?.text.clone(), parameters: item.text_of("Parametros") })
            })
            .collect();
        Some(Self {
            partner_key: header.text_of("EmpPK"),
            communication_key: header.text_of("EmpCK"),
            documents: documents.filter(|documents| !documents.is_empty())?,
        })
    }
}

impl Item {
    /// The one root of the document.
    fn root(&self) -> Option<Node> {
        let mut roots = xml::parse(&self.document)?;
        if roots.len() == 1 { roots.pop() } else { None }
    }
}

impl Service {
    pub(crate) fn new(config: InvoicyConfig) -> Self {
        Self { config, store: Store::default(), seen: HashMap::new(), blocked_at: None }
    }

    /// Answers one request; `code`: with this code, and nothing is done.
    pub(crate) fn respond(&mut self, call: &Call, code: Option<InvoicyCode>, now: Instant) -> Answer {
        let action = call.header("soapaction").unwrap_or_default().trim_matches('"');
        let content_type = essence(call.header("content-type").unwrap_or_default());
        if call.method != "POST" {
            return Answer::page(405);
        }
        // Assumed: how it answers what is no SOAP of its own.
        if action != ACTION || content_type != "text/xml" {
            return answers::fault("Client", "SOAPAction or content type");
        }
        if code == Some(InvoicyCode::Fault) {
            return answers::fault("Server", "Erro interno");
        }
        let Some(request) = Request::read(call) else { return answers::fault("Client", "envelope") };
        if self.is_misuse(&call.body, now) {
            return Message::of(179).answer(&self.config);
        }
        match code {
            Some(InvoicyCode::Envelope(code)) => Message::of(code),
            Some(InvoicyCode::Document(code)) => Self::told(&request, code),
            Some(InvoicyCode::Fault) | None => self.serve(&request),
        }
        .answer(&self.config)
    }

    /// This code for each document, which is named as the request names it.
    fn told(request: &Request, code: u16) -> Message {
        let shown = |item: &Item| {
            let root = item.root().unwrap_or_default();
            let text = |name: &str| root.find(name).map(|node| node.text.clone()).unwrap_or_default();
            let first =
                |names: [&str; 2]| names.map(text).into_iter().find(|text| !text.is_empty()).unwrap_or_default();
            Shown::coded(code, first(["RPSNumero", "NumeroInicial"]), first(["RPSSerie", "Serie"]), text("IDUnico"))
        };
        Message { shown: request.documents.iter().map(shown).collect(), ..Message::of(100) }
    }

    fn is_misuse(&mut self, body: &[u8], now: Instant) -> bool {
        let recent = |then: &Instant| now.duration_since(*then) < WINDOW;
        if self.blocked_at.as_ref().is_some_and(recent) {
            return true;
        }
        let times = self.seen.entry(body.to_vec()).or_default();
        times.retain(recent);
        times.push(now);
        if times.len() >= BLOCKED_FROM {
            self.blocked_at = Some(now);
        }
        self.blocked_at.is_some()
    }

    fn serve(&mut self, request: &Request) -> Message {
        // Seed: the key of the company, which is not sent, with the first document as it was before it was escaped.
        let hashed = format!("{}{}", self.config.access_key, request.documents[0].document);
        let expected = format!("{:x}", md5::compute(hashed));
        // Assumed: a wrong partner's key is answered in the same way.
        if request.communication_key != expected || request.partner_key != self.config.partner_key {
            return Message::of(173);
        }
        if request.documents.len() > MOST_DOCUMENTS {
            return Message::of(145);
        }
        let roots: Option<Vec<Node>> = request.documents.iter().map(Item::root).collect();
        let Some(roots) = roots else { return Message::of(145) };
        match roots[0].name.as_str() {
            "Envio" => self.envio(request, &roots),
            "Consulta" => self.consulta(&roots[0], &request.documents[0].parameters),
            "EnvioEvento" => self.evento(&roots[0]),
            _ => Message::of(174),
        }
    }

    /// Several documents are processed later (seed).
    fn envio(&mut self, request: &Request, roots: &[Node]) -> Message {
        let later = roots.len() > 1 || self.config.asynchronous;
        let mut shown = Vec::new();
        for (root, item) in roots.iter().zip(&request.documents) {
            let Some(rps) = root.child("RPS") else { return Message::of(145) };
            if root.name != "Envio" || !root.text_of("ModeloDocumento").eq_ignore_ascii_case("NFSE") {
                return Message::of(174);
            }
            match self.store.receive(rps, &item.document, later.then_some(self.config.pending_queries)) {
                // Facts: "already done" of the one document. Assumed: without saying more of it.
                Received::Known(_) if roots.len() == 1 => return Message::of(313),
                Received::Known(nfse) | Received::SameNumber(nfse) => shown.push(Shown::known(&nfse)),
                Received::New(nfse) => shown.push(Shown::sent(&nfse)),
                Received::Rejected(why) => shown.push(Shown {
                    text: why.to_owned(),
                    ..Shown::coded(112, rps.text_of("RPSNumero"), rps.text_of("RPSSerie"), rps.text_of("IDUnico"))
                }),
            }
        }
        Message { shown, ..Message::of(100) }
    }

    fn consulta(&mut self, root: &Node, parameters: &str) -> Message {
        // Facts: "never an empty self-closed CnpjEmpresa".
        if root.child("CnpjEmpresa").is_some_and(|node| node.text.is_empty()) {
            return Message::of(145);
        }
        let wants = |name: &str| {
            let roots = xml::parse(parameters).unwrap_or_default();
            roots.first().is_some_and(|parameters| parameters.text_of(name) == "S")
        };
        let (pdf, xml) = (wants("PDFBase64"), wants("XMLCompleto"));
        let found = self.store.look_up(root);
        if found.is_empty() {
            return Message::of(117);
        }
        Message { shown: found.iter().map(|nfse| Shown::asked(nfse, pdf, xml)).collect(), ..Message::of(100) }
    }

    fn evento(&mut self, root: &Node) -> Message {
        let Some(event) = root.child("Evento") else { return Message::of(145) };
        let motive = event.text_of("EveMotivo");
        let code = event.text_of("EveCodigo");
        if event.text_of("EveTp") != "110111"
            || !matches!(code.as_str(), "1" | "2" | "4")
            || !(1..=100).contains(&motive.chars().count())
        {
            return Message::of(145);
        }
        match self.store.cancel(event) {
            None => {
                let shown = Shown::coded(106, event.text_of("RPSNumero"), event.text_of("RPSSerie"), String::new());
                Message { shown: vec![shown], ..Message::of(100) }
            }
            Some((_, true)) => Message::of(313),
            Some((nfse, false)) => Message { shown: vec![Shown::sent(&nfse)], ..Message::of(100) },
        }
    }
}

#[cfg(test)]
mod tests {
    /// The vectors of the facts page, computed elsewhere.
    #[test]
    fn the_key_is_hashed_as_the_facts_page_has_it() {
        for (document, expected) in [
            (
                "<Envio><ModeloDocumento>NFSE</ModeloDocumento><Versao>1.00</Versao></Envio>",
                "9fca8cadf8028440c7528aa281ae3bcd",
            ),
            (
                "<Consulta><ModeloDocumento>NFSe</ModeloDocumento><Versao>1.00</Versao><tpAmb>2</tpAmb>\
                 <CnpjEmissor>99999999999999</CnpjEmissor><NumeroInicial>1</NumeroInicial><NumeroFinal>1</NumeroFinal>\
                 <Serie>1</Serie></Consulta>",
                "7c0ee5a7e7a8e6e9cb08d830cf33e4ca",
            ),
        ] {
            assert_eq!(format!("{:x}", md5::compute(format!("R8CC40EC614E64108965517G90GDEYB6{document}"))), expected);
        }
    }
}
