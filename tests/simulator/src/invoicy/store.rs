//! The RPS that the service has, and the NFS-e that they have become.

use super::xml::Node;

/// What has become of an RPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NfseState {
    /// So many queries more are answered that it is being processed.
    Pending(u32),
    /// There is an NFS-e.
    Authorised,
    /// There was one.
    Cancelled,
}

/// An RPS that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNfse {
    /// RPSNumero.
    pub number: String,
    /// RPSSerie.
    pub series: String,
    /// IDUnico.
    pub id: String,
    /// CNPJ_prest.
    pub cnpj: String,
    /// tpAmb.
    pub environment: String,
    /// The day of dEmis.
    pub day: String,
    /// The document as it was hashed.
    pub document: String,
    /// What has become of it.
    pub state: NfseState,
    /// How often it came.
    pub received: u32,
    /// The number of the NFS-e: beyond 32 bits, as some cities have them.
    pub nfse: String,
}

/// All of them, in the order in which they came.
#[derive(Default)]
pub(crate) struct Store(Vec<StoredNfse>);

/// What became of an RPS that came in.
pub(super) enum Received {
    New(StoredNfse),
    /// Its IDUnico was known.
    Known(StoredNfse),
    /// Its number and series were, under another IDUnico.
    SameNumber(StoredNfse),
    Rejected(&'static str),
}

impl Store {
    pub(crate) fn all(&self) -> Vec<StoredNfse> {
        self.0.clone()
    }

    /// Takes an RPS; `pending`: it is decided after so many queries.
    pub(super) fn receive(&mut self, rps: &Node, document: &str, pending: Option<u32>) -> Received {
        let cnpj = rps.child("Prestador").map(|issuer| issuer.text_of("CNPJ_prest")).unwrap_or_default();
        let (number, series, id) = (rps.text_of("RPSNumero"), rps.text_of("RPSSerie"), rps.text_of("IDUnico"));
        let environment = rps.text_of("tpAmb");
        if number.is_empty() || series.is_empty() || cnpj.is_empty() || environment.is_empty() {
            return Received::Rejected("Campo obrigatório não informado: RPSNumero, RPSSerie, tpAmb ou CNPJ_prest");
        }
        let same_id = |known: &&mut StoredNfse| !id.is_empty() && known.id == id && known.cnpj == cnpj;
        if let Some(known) = self.0.iter_mut().find(same_id) {
            known.received += 1;
            return Received::Known(known.clone());
        }
        let same_number = |known: &&mut StoredNfse| {
            (&known.number, &known.series, &known.cnpj, &known.environment) == (&number, &series, &cnpj, &environment)
        };
        if let Some(known) = self.0.iter_mut().find(same_number) {
            known.received += 1;
            return Received::SameNumber(known.clone());
        }
        let stored = StoredNfse {
            number,
            series,
            id,
            cnpj,
            environment,
            day: rps.text_of("dEmis").chars().take(10).collect(),
            document: document.to_owned(),
            state: pending.map_or(NfseState::Authorised, NfseState::Pending),
            received: 1,
            nfse: (20_260_000_000_001 + self.0.len() as u64).to_string(),
        };
        self.0.push(stored.clone());
        Received::New(stored)
    }

    /// What a Consulta asks for. To be asked brings what is pending nearer to its decision.
    pub(super) fn look_up(&mut self, question: &Node) -> Vec<StoredNfse> {
        let text = |name: &str| question.text_of(name);
        let is_meant = |nfse: &StoredNfse| {
            let number = |text: &str| text.parse::<u64>().unwrap_or_default();
            let by_id = text("IDUnico");
            let by_key = text("ChaveAcesso");
            let first = text("NumeroInicial");
            let begin = text("DataEmissaoInicial");
            if !by_id.is_empty() {
                nfse.id == by_id
            } else if !by_key.is_empty() {
                nfse.key() == by_key
            } else if !first.is_empty() {
                (number(&first)..=number(&text("NumeroFinal"))).contains(&number(&nfse.number))
                    && nfse.series == text("Serie")
            } else {
                !begin.is_empty() && (begin..=text("DataEmissaoFinal")).contains(&nfse.day)
            }
        };
        let of_issuer =
            |nfse: &StoredNfse| nfse.cnpj == text("CnpjEmissor") && nfse.environment == text("tpAmb") && is_meant(nfse);
        let mut found = Vec::new();
        for nfse in self.0.iter_mut().filter(|nfse| of_issuer(nfse)) {
            nfse.state = match nfse.state {
                NfseState::Pending(0) => NfseState::Authorised,
                state => state,
            };
            found.push(nfse.clone());
            if let NfseState::Pending(left) = &mut nfse.state {
                *left -= 1;
            }
        }
        found
    }

    /// Cancels what an event names; `None` if there is no such NFS-e, `true` if it was cancelled already.
    pub(super) fn cancel(&mut self, event: &Node) -> Option<(StoredNfse, bool)> {
        let text = |name: &str| event.text_of(name);
        let nfse = self.0.iter_mut().find(|nfse| {
            nfse.cnpj == text("CNPJ")
                && nfse.environment == text("tpAmb")
                && nfse.number == text("RPSNumero")
                && nfse.series == text("RPSSerie")
                && nfse.nfse == text("NFSeNumero")
        })?;
        let already = nfse.state == NfseState::Cancelled;
        nfse.state = NfseState::Cancelled;
        Some((nfse.clone(), already))
    }
}

impl StoredNfse {
    /// Assumed: an access key of 44 digits.
    pub fn key(&self) -> String {
        format!("3526{}{:0>26}", self.cnpj, self.nfse)
    }
}
