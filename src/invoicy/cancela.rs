//! nfseCancela: the event 110111 (facts, "Documents"). Whether it took effect is told by the NFS-e itself, where the answer
//! does not.

use super::Invoicy;
use super::answer::Told;
use super::codes::Verdict;
use super::envelope::DataItem;
use super::line::Line;
use super::outcome::{nfse, verdict};
use super::question::{By, Question, Wanted, cnpj, element, environment, limited, number};
use crate::contract::{Code, ErrorEntry, Nfse, NfseCancela, NfseOneRet, Progress, Stage, bad_field, missing};
use crate::http::{Effect, Http};

const REPLY: &str = "nfseCancelaRet";

/// The type of the event that cancels.
const CANCELLATION: &str = "110111";

impl Invoicy {
    /// Cancels the NFS-e that `request` names: nfseCancelaRet.
    #[must_use]
    pub fn cancela(&self, http: &Http, request: &NfseCancela, progress: &mut Progress) -> NfseOneRet {
        let nfse = self.cancel(http, request, progress).unwrap_or_else(|error| {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let (numero, serie) = (text(&request.RPSNumero), text(&request.RPSSerie));
            Nfse { numero, serie, NFSeNumero: text(&request.NFSeNumero), ..Nfse::default() }.failed(error)
        });
        let reply = NfseOneRet::new(REPLY, nfse);
        progress.end(Stage::Fim, 1, 1, reply.error());
        reply
    }

    fn cancel(&self, http: &Http, request: &NfseCancela, progress: &mut Progress) -> Result<Nfse, ErrorEntry> {
        let event = Event::of(request)?;
        let line = self.line(http, &request.chave_acesso, &request.chave_parceiro)?;
        progress.begin(Stage::Cancelamento, 0, 1)?;
        let answer = event.send(&line);
        progress.end(Stage::Cancelamento, 1, 1, answer.as_ref().err());
        let doubt = match &answer {
            Ok(told) if verdict(told) == Verdict::Cancelled => return Ok(event.named(told.nfse.clone()).good()),
            Ok(told) if matches!(verdict(told), Verdict::Failed(_)) => return Ok(event.named(nfse(told))),
            Ok(_) => accepted(),
            Err(error) if error.is_uncertain() || error.is(Code::NfseDuplicate) => error.clone(),
            Err(error) => return Err(error.clone()),
        };
        match progress.unstoppable(|progress| event.look_up(&line, progress)) {
            Some(told) if verdict(&told) == Verdict::Cancelled => Ok(event.named(told.nfse).good()),
            Some(told) => Ok(event.named(told.nfse).failed(doubt)),
            None => Ok(event.named(answer.map(|told| told.nfse).unwrap_or_default()).failed(doubt)),
        }
    }
}

/// The answer took note of it, and no more.
fn accepted() -> ErrorEntry {
    ErrorEntry::new(Code::NfseProcessing).msg(
        "O InvoiCy recebeu o cancelamento, mas a NFS-e ainda não aparece como cancelada. Consulte-a em alguns minutos; não \
         cancele de novo.",
    )
}

/// A cancellation, checked.
struct Event {
    cnpj: String,
    environment: String,
    nfse: String,
    rps: String,
    series: String,
    code: String,
    reason: String,
}

impl Event {
    fn of(request: &NfseCancela) -> Result<Self, ErrorEntry> {
        let given = |text: &Option<String>, field| {
            text.as_deref()
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| missing(field))
        };
        let code = given(&request.EveCodigo, "EveCodigo")?;
        if !matches!(code.as_str(), "1" | "2" | "4") {
            let what = "deve ser 1 (erro na emissão), 2 (serviço não prestado) ou 4 (duplicidade)";
            return Err(bad_field(Code::BadField, "EveCodigo", what));
        }
        if request.EveMotivo.trim().is_empty() {
            return Err(missing("EveMotivo"));
        }
        Ok(Self {
            cnpj: cnpj(&request.CNPJ)?,
            environment: environment(request.tpAmb.as_deref())?,
            nfse: limited(given(&request.NFSeNumero, "NFSeNumero")?, "NFSeNumero", 60)?,
            rps: number(given(&request.RPSNumero, "RPSNumero")?, "RPSNumero", 15)?,
            series: limited(given(&request.RPSSerie, "RPSSerie")?, "RPSSerie", 5)?,
            code,
            reason: limited(request.EveMotivo.trim().to_owned(), "EveMotivo", 100)?,
        })
    }

    fn xml(&self) -> String {
        let mut xml = "<EnvioEvento><ModeloDocumento>NFSe</ModeloDocumento><Versao>1.00</Versao><Evento>".to_owned();
        for (name, text) in [
            ("CNPJ", self.cnpj.as_str()),
            ("NFSeNumero", &self.nfse),
            ("RPSNumero", &self.rps),
            ("RPSSerie", &self.series),
            ("EveTp", CANCELLATION),
            ("tpAmb", &self.environment),
            ("EveCodigo", &self.code),
            ("EveMotivo", &self.reason),
        ] {
            element(&mut xml, name, text);
        }
        xml + "</Evento></EnvioEvento>"
    }

    /// What the answer tells of the NFS-e; nothing in particular if it tells nothing.
    fn send(&self, line: &Line) -> Result<Told, ErrorEntry> {
        let items = line.post(&[DataItem { document: &self.xml(), parameters: "" }], Effect::Changes)?;
        Ok(items.into_iter().flat_map(|item| item.documents).next().unwrap_or_default())
    }

    /// What the service knows of the NFS-e by the number of its RPS.
    fn look_up(&self, line: &Line, progress: &mut Progress) -> Option<Told> {
        let by = By::Numbers(self.rps.clone(), self.rps.clone(), self.series.clone());
        let question = Question::new(Some(&self.environment), &self.cnpj, by).ok()?;
        progress.begin(Stage::Nfse, 0, 1).ok()?;
        let told = question.ask(line, Wanted::Situation);
        progress.end(Stage::Nfse, 1, 1, told.as_ref().err());
        told.ok()?.into_iter().next()
    }

    fn named(&self, mut nfse: Nfse) -> Nfse {
        nfse.numero.clone_from(&self.rps);
        nfse.serie.clone_from(&self.series);
        nfse.NFSeNumero.clone_from(&self.nfse);
        nfse
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Event;
    use crate::contract::{Code, read};

    fn event(patch: &serde_json::Value) -> Result<String, (i32, String)> {
        let mut request = json!({"CNPJ":"99999999999999","tpAmb":2,"NFSeNumero":"20260000012345678901","RPSNumero":1,
            "RPSSerie":"A","EveCodigo":2,"EveMotivo":"Serviço não prestado"});
        request.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
        let event = Event::of(&read(request, Code::BadField).unwrap());
        event.map(|event| event.xml()).map_err(|error| (error.code(), error.text().to_owned()))
    }

    #[test]
    fn the_event_is_as_the_vendor_writes_it() {
        assert_eq!(
            event(&json!({})).unwrap(),
            "<EnvioEvento><ModeloDocumento>NFSe</ModeloDocumento><Versao>1.00</Versao><Evento><CNPJ>99999999999999</CNPJ>\
             <NFSeNumero>20260000012345678901</NFSeNumero><RPSNumero>1</RPSNumero><RPSSerie>A</RPSSerie>\
             <EveTp>110111</EveTp><tpAmb>2</tpAmb><EveCodigo>2</EveCodigo><EveMotivo>Serviço não prestado</EveMotivo>\
             </Evento></EnvioEvento>"
        );
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (patch, code, name) in [
            (json!({"EveCodigo":3}), 1006, "EveCodigo"),
            (json!({"EveCodigo":""}), 1005, "EveCodigo"),
            (json!({"EveMotivo":" "}), 1005, "EveMotivo"),
            (json!({"EveMotivo":"x".repeat(101)}), 1006, "EveMotivo"),
            (json!({"NFSeNumero":""}), 1005, "NFSeNumero"),
            (json!({"RPSNumero":"x"}), 1006, "RPSNumero"),
            (json!({"CNPJ":"1"}), 1006, "CNPJ"),
        ] {
            let (found, msg) = event(&patch).unwrap_err();
            assert!(found == code && msg.contains(&format!("\"{name}\"")), "{patch}: {msg}");
        }
        assert!(event(&json!({"EveMotivo":"ç".repeat(100)})).is_ok(), "characters, not bytes");
    }
}
