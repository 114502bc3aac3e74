//! What the service told of a document, as replies say it.

use super::answer::Told;
use super::codes::{Level, Verdict};
use super::rps::Facts;
use crate::contract::{Code, Nfse};

/// What follows for an NFS-e that should be valid.
pub fn nfse(told: &Told) -> Nfse {
    let entry = told.nfse.clone();
    match verdict(told) {
        Verdict::Good if entry.NFSeNumero.is_empty() => entry
            .good()
            .warned(&["A NFS-e foi autorizada, mas ainda não tem número. Consulte-a mais tarde.".to_owned()]),
        Verdict::Good => entry.good(),
        _ => entry.failed(Level::Document.error(&told.code, &told.text)),
    }
}

/// What its code means.
pub fn verdict(told: &Told) -> Verdict {
    Level::Document.meaning(&told.code).0
}

/// Whether it is not decided yet.
pub fn is_pending(nfse: &Nfse) -> bool {
    nfse.error().is_some_and(|error| error.is(Code::NfseProcessing))
}

/// Of what was told, what is told of the RPS with these facts: by IDUnico, else by number and series. (An RPS that was sent
/// before under another IDUnico is told of under that one.)
pub fn find<'t>(told: &'t [Told], facts: &Facts) -> Option<&'t Told> {
    let plain = |number: &str| number.trim_start_matches('0').to_owned();
    let by_id = told.iter().find(|told| !told.nfse.IDUnico.is_empty() && told.nfse.IDUnico == facts.id);
    let by_number = || {
        let same = |told: &&Told| {
            !facts.number.is_empty()
                && plain(&told.nfse.numero) == plain(&facts.number)
                && (told.nfse.serie.is_empty() || told.nfse.serie == facts.series)
        };
        told.iter().find(same)
    };
    by_id.or_else(by_number)
}

/// `entry` with what is known of the RPS itself.
pub fn named(mut entry: Nfse, facts: &Facts) -> Nfse {
    for (name, fact) in
        [(&mut entry.numero, &facts.number), (&mut entry.serie, &facts.series), (&mut entry.IDUnico, &facts.id)]
    {
        if name.is_empty() {
            name.clone_from(fact);
        }
    }
    entry
}
