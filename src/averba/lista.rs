//! What the insurer has: all the pages of a listing.

use super::visit::{Failed, Service, Visit};
use crate::contract::{Code, Documento, ErrorEntry, Lista, ListaRet, Login, Progress, Stage, bad_field};
use crate::porto::Filters;

/// At most so many documents, unless the caller says another number.
const DEFAULT_LIMIT: usize = 1000;
const LARGEST_LIMIT: usize = 10_000;

/// Lists documents: listaRet.
#[must_use]
pub fn lista(service: Service, mut request: Lista, progress: &mut Progress) -> ListaRet {
    let login = Login { user: std::mem::take(&mut request.user), pass: std::mem::take(&mut request.pass) };
    match prepare(service, &login, &request) {
        Ok((mut visit, filters, limit)) => {
            let mut listing = Listing::default();
            let failed = listing.fill(&mut visit, &filters, limit, progress).err();
            ListaRet::new(listing.documents, listing.total, failed.map(|Failed(_, error)| error), visit.new_cookie())
        }
        Err(error) => ListaRet::new(Vec::new(), 0, Some(error), None),
    }
}

fn prepare<'a>(
    service: Service<'a>,
    login: &'a Login,
    request: &Lista,
) -> Result<(Visit<'a>, Filters, usize), ErrorEntry> {
    let limit = request.limite.unwrap_or(DEFAULT_LIMIT);
    if !(1..=LARGEST_LIMIT).contains(&limit) {
        return Err(bad_field(Code::BadField, "limite", "deve ficar entre 1 e 10000"));
    }
    Ok((Visit::new(service, login, &request.cookie)?, Filters::of(request)?, limit))
}

#[derive(Default)]
struct Listing {
    documents: Vec<Documento>,
    total: usize,
}

impl Listing {
    /// Page after page. The next begins where the last ended: how many the service gives at once is its affair.
    fn fill(
        &mut self,
        visit: &mut Visit,
        filters: &Filters,
        limit: usize,
        progress: &mut Progress,
    ) -> Result<(), Failed> {
        loop {
            let (page, total) = page(visit, filters, self.documents.len(), self.total, progress)?;
            self.total = total;
            let more = !page.is_empty();
            self.documents.extend(page);
            if !more || self.documents.len() >= total.min(limit) {
                self.documents.truncate(limit);
                return Ok(());
            }
        }
    }
}

/// The documents from `start` on and how many there are.
pub(super) fn page(
    visit: &mut Visit,
    filters: &Filters,
    start: usize,
    total: usize,
    progress: &mut Progress,
) -> Result<(Vec<Documento>, usize), Failed> {
    visit.with_session(Stage::Lista, progress, |Service { porto, http, .. }, session, progress| {
        progress.begin(Stage::Lista, start, total)?;
        let page = porto.list(http, filters, start, session);
        let (done, total) = page.as_ref().map_or((start, total), |(page, total)| (start + page.len(), *total));
        progress.end(Stage::Lista, done, total, page.as_ref().err());
        page
    })
}
