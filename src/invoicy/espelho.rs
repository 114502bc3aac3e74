//! nfseEspelho: the PDF of one NFS-e ("download espelho" is a consulta for it; facts, "Documents").

use std::path::Path;

use super::Invoicy;
use super::codes::Verdict;
use super::files::Format;
use super::outcome::{nfse, verdict};
use super::question::{Question, Wanted};
use crate::contract::{
    Code, ErrorEntry, Nfse, NfseConsulta, NfseEspelho, NfseOneRet, Progress, Stage, bad_field, missing,
};
use crate::document::write_file;
use crate::http::Http;

const REPLY: &str = "nfseEspelhoRet";

impl Invoicy {
    /// Writes the PDF that `request` asks for: nfseEspelhoRet.
    #[must_use]
    pub fn espelho(&self, http: &Http, request: &NfseEspelho, progress: &mut Progress) -> NfseOneRet {
        let reply = match self.fetch(http, request, progress) {
            Ok((nfse, Ok(bytes))) => NfseOneRet::new(REPLY, nfse.good()).written(request.arquivo.clone(), bytes),
            Ok((nfse, Err(error))) => NfseOneRet::new(REPLY, nfse.failed(error)),
            Err(error) => NfseOneRet::new(REPLY, Nfse::default().failed(error)),
        };
        progress.end(Stage::Fim, 1, 1, reply.error());
        reply
    }

    /// What is known of the NFS-e, and how many bytes of its PDF were written.
    fn fetch(
        &self,
        http: &Http,
        request: &NfseEspelho,
        progress: &mut Progress,
    ) -> Result<(Nfse, Result<usize, ErrorEntry>), ErrorEntry> {
        if request.arquivo.trim().is_empty() {
            return Err(missing("arquivo"));
        }
        let question = Question::of(&as_consulta(request))?;
        let line = self.line(http, &request.chave_acesso, &request.chave_parceiro)?;
        progress.begin(Stage::Nfse, 0, 1)?;
        let told = question.ask(&line, Wanted::Pdf);
        progress.end(Stage::Nfse, 1, 1, told.as_ref().err());
        let told = match told?.as_slice() {
            [] => return Err(ErrorEntry::new(Code::NfseNotFound)),
            [told] => told.clone(),
            _ => {
                return Err(bad_field(
                    Code::BadField,
                    "numero",
                    "corresponde a mais de um documento; use id_unico ou chave",
                ));
            }
        };
        let nfse = nfse(&told);
        let written = match (verdict(&told), nfse.error()) {
            (Verdict::Good | Verdict::Cancelled, _) if told.pdf.is_empty() => {
                Err(ErrorEntry::new(Code::NfseFile).detail("no PDF in the answer; see links"))
            }
            (Verdict::Good | Verdict::Cancelled, _) | (_, None) => Format::Pdf.decode(&told.pdf).and_then(|bytes| {
                write_file(Path::new(&request.arquivo), &bytes)?;
                Ok(bytes.len())
            }),
            (_, Some(error)) => Err(error.clone()),
        };
        let nfse = if verdict(&told) == Verdict::Cancelled {
            nfse.warned(&["A NFS-e está cancelada.".to_owned()])
        } else {
            nfse
        };
        Ok((nfse, written))
    }
}

/// The same question, of one document.
fn as_consulta(request: &NfseEspelho) -> NfseConsulta {
    NfseConsulta {
        cnpj: request.cnpj.clone(),
        tp_amb: request.tp_amb.clone(),
        id_unico: request.id_unico.clone(),
        chave: request.chave.clone(),
        numero_inicial: request.numero.clone(),
        serie: request.serie.clone(),
        ..NfseConsulta::default()
    }
}
