//! InvoiCy's codes (facts, "Documents"). A code means different things of a request as a whole (envelope) and of one
//! document (`SitCodigo`): 104 is a certificate there, and "being processed" here.

use crate::contract::{Code, ErrorEntry, NfseSituacao, Origin};

/// What a code is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The request as a whole.
    Envelope,
    /// One document.
    Document,
}

/// What follows from a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Of a request: it was processed. Of a document: there is an NFS-e.
    Good,
    /// The NFS-e is cancelled.
    Cancelled,
    /// It was sent before: to be looked up.
    Known,
    /// It is as this error says, for certain.
    Failed(Code),
    /// The service failed: what it did of a request that changes something is not known.
    Broken,
}

impl Level {
    /// As replies name it.
    const fn name(self) -> &'static str {
        match self {
            Self::Envelope => "envelope",
            Self::Document => "documento",
        }
    }

    /// What `code` means at this level, and its text (Portuguese) where the service gives none.
    #[must_use]
    pub fn meaning(self, code: &str) -> (Verdict, &'static str) {
        match self {
            Self::Envelope => of_envelope(code),
            Self::Document => of_document(code),
        }
    }

    /// The situation that replies show.
    #[must_use]
    pub fn situation(self, code: &str, text: &str) -> NfseSituacao {
        let text = if text.is_empty() { self.meaning(code).1 } else { text };
        NfseSituacao { nivel: self.name(), codigo: code.to_owned(), texto: text.to_owned() }
    }

    /// The error that `code` stands for, with the service's own words.
    #[must_use]
    pub fn error(self, code: &str, text: &str) -> ErrorEntry {
        let (verdict, ours) = self.meaning(code);
        let known = match verdict {
            Verdict::Failed(known) => known,
            Verdict::Known => Code::NfseDuplicate,
            Verdict::Cancelled => Code::NfseCancelled,
            Verdict::Good | Verdict::Broken => Code::InvoicyError,
        };
        let msg = if text.is_empty() { ours } else { text };
        let entry = match verdict {
            // What is to be corrected is in the service's own words.
            Verdict::Failed(Code::NfseRejected) => ErrorEntry::new(known).msg(format!("{} Motivo: {msg}", known.msg())),
            _ => ErrorEntry::new(known),
        };
        entry
            .repeat(verdict == Verdict::Broken)
            .detail(format!("InvoiCy: {} code {code}", if self == Self::Envelope { "envelope" } else { "document" }))
            .origin(Origin { code: code.to_owned(), msg: msg.to_owned() })
    }
}

fn of_envelope(code: &str) -> (Verdict, &'static str) {
    match code {
        "100" => (Verdict::Good, "Processado."),
        "103" => (Verdict::Failed(Code::InvoicyCertificate), "Certificado digital não encontrado ou não utilizável."),
        "104" => (Verdict::Failed(Code::InvoicyCertificate), "Certificado digital vencido ou inválido."),
        "117" => (Verdict::Failed(Code::NfseNotFound), "Nenhum documento encontrado."),
        "145" => (Verdict::Failed(Code::InvoicyStructure), "Estrutura do XML inválida."),
        "173" => (Verdict::Failed(Code::InvoicyKey), "Chave de comunicação (CK) inválida."),
        "174" => (Verdict::Failed(Code::InvoicyStructure), "Tipo de documento inválido."),
        "176" => (Verdict::Failed(Code::InvoicyStructure), "Ambiente inválido."),
        "179" => (Verdict::Failed(Code::InvoicyRepeated), "Uso indevido: pedidos idênticos repetidos."),
        "313" => (Verdict::Known, "Já efetivado anteriormente."),
        "606" => (Verdict::Failed(Code::InvoicyCompany), "Empresa desabilitada."),
        "607" => (Verdict::Failed(Code::InvoicyCompany), "Empresa sem licença."),
        "999" => (Verdict::Broken, "Erro não catalogado."),
        _ => (Verdict::Broken, "Código desconhecido."),
    }
}

fn of_document(code: &str) -> (Verdict, &'static str) {
    match code {
        "100" => (Verdict::Good, "Autorizada."),
        "101" => (Verdict::Cancelled, "Cancelada."),
        "104" | "105" | "113" => (Verdict::Failed(Code::NfseProcessing), "Em processamento."),
        "106" => (Verdict::Failed(Code::NfseNotFound), "Não encontrada."),
        "111" => (Verdict::Known, "RPS já enviado."),
        "112" => (Verdict::Failed(Code::NfseRejected), "Rejeitada."),
        // Two production clients take 999 of a document for a rejection.
        "999" => (Verdict::Failed(Code::NfseRejected), "Rejeitada por erro não catalogado."),
        _ => (Verdict::Broken, "Código desconhecido."),
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn codes_mean_what_they_mean_at_their_level() {
        for (level, code, expected) in [
            (Level::Envelope, "104", 7008),
            (Level::Document, "104", 7003),
            (Level::Envelope, "103", 7008),
            (Level::Envelope, "117", 7005),
            (Level::Document, "106", 7005),
            (Level::Envelope, "145", 7011),
            (Level::Envelope, "173", 7001),
            (Level::Envelope, "174", 7011),
            (Level::Envelope, "176", 7011),
            (Level::Envelope, "179", 7006),
            (Level::Envelope, "313", 7007),
            (Level::Document, "111", 7007),
            (Level::Envelope, "606", 7009),
            (Level::Envelope, "607", 7009),
            (Level::Envelope, "999", 7004),
            (Level::Document, "999", 7002),
            (Level::Document, "112", 7002),
            (Level::Document, "105", 7003),
            (Level::Document, "113", 7003),
            (Level::Document, "101", 7012),
            (Level::Document, "", 7004),
        ] {
            let error = level.error(code, "");
            assert_eq!(error.code(), expected, "{level:?} {code}");
            assert!(error.text().split(". ").count() > 1, "says what to do: {}", error.text());
            assert!(!level.situation(code, "").texto.is_empty());
        }
        assert_eq!(Level::Document.situation("112", "CNPJ inválido").texto, "CNPJ inválido");
    }
}
