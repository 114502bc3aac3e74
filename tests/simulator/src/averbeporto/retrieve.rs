//! `mod=Retrieve`: the listing of what was sent. No document of the service names it; parameters and answer are
//! those of the platform vendor's own client (clients).

use std::time::SystemTime;

use time::{OffsetDateTime, UtcOffset};

use super::answers::Listed;
use super::store::{StoredDocument, without_zeros};
use super::{Context, Reply, Service, answers};
use crate::php::Variables;

/// Clients.
const PATH: &str = "eguarda/php/";
/// The one thing that clients want of it.
const LIST: &str = "ls";
/// How many documents a page has (clients).
const LIMIT: usize = 25;

impl Service {
    /// Assumed: it needs a session, which is looked at before anything else, as with an upload.
    pub(super) fn retrieve(&mut self, context: Context<'_>) -> Reply {
        let Context { call, shape, .. } = context;
        if let Err(reply) = self.user(context) {
            return reply;
        }
        // Assumed: "malformed" is the answer to another path or act, and to a filter that makes no sense.
        let Some(query) = Query::of(&call.post) else {
            return answers::malformed(shape).reply(context);
        };
        let mut found = self.documents.as_received();
        found.retain(|stored| query.fits(stored));
        let page = found.iter().skip(query.skipped).take(query.limit).map(|stored| listed(stored));
        answers::listing(page.collect(), found.len()).reply(context)
    }
}

/// What is looked for. A filter that is empty is none. The filters of clients that are not here (emit, dest,
/// toma) are not looked at: what they hold is not known.
struct Query<'a> {
    models: Vec<&'a str>,
    number: &'a str,
    protocol: &'a str,
    issuer: &'a str,
    day: fn(&StoredDocument) -> String,
    first_day: &'a str,
    last_day: &'a str,
    skipped: usize,
    limit: usize,
}

impl<'a> Query<'a> {
    /// `None` when it makes no sense. Assumed: `start` (from 0) comes before `page` (from 1), and a page may be
    /// as large as one likes, but not empty.
    fn of(post: &'a Variables) -> Option<Self> {
        let limit = number(post, "limit", LIMIT).filter(|limit| *limit > 0)?;
        let page = number(post, "page", 1).filter(|page| *page > 0)?;
        let query = Self {
            models: models(post),
            number: without_zeros(post.text("numDoc")),
            protocol: post.text("prot"),
            issuer: post.text("taxId"),
            day: day(post.text("dtType"))?,
            first_day: date(post, "dtStart")?,
            last_day: date(post, "dtLimit")?,
            skipped: number(post, "start", (page - 1).saturating_mul(limit))?,
            limit,
        };
        (post.text("path") == PATH && post.text("act") == LIST).then_some(query)
    }

    /// Whether a document is one of those. Assumed: all filters must fit, each of them wholly, except that
    /// zeros before a number do not count; model and issuer (`taxId`, without punctuation) are those of the key.
    fn fits(&self, stored: &StoredDocument) -> bool {
        let in_key = |places| stored.key.get(places).unwrap_or_default();
        let equals = |filter: &str, value: &str| filter.is_empty() || filter == value;
        (self.models.is_empty() || self.models.contains(&in_key(20..22)))
            && equals(self.number, without_zeros(&stored.number))
            && equals(self.protocol, &stored.protocol)
            && equals(self.issuer, in_key(6..20))
            && self.is_of_these_days(stored)
    }

    /// Assumed: both days are among those wanted, and a document whose day is not known is of none.
    fn is_of_these_days(&self, stored: &StoredDocument) -> bool {
        if self.first_day.is_empty() && self.last_day.is_empty() {
            return true;
        }
        let day = (self.day)(stored);
        let is_early_enough = self.last_day.is_empty() || day.as_str() <= self.last_day;
        !day.is_empty() && self.first_day <= day.as_str() && is_early_enough
    }
}

/// Assumed: several models are written `modDoc[]=57&modDoc[]=58` or `modDoc=57,58`. Of a `modDoc` that is
/// repeated without brackets PHP shows only the last.
fn models(post: &Variables) -> Vec<&str> {
    let lists = post.list("modDoc").into_iter().chain([post.text("modDoc")]);
    lists.flat_map(|list| list.split(',')).map(str::trim).filter(|model| !model.is_empty()).collect()
}

/// A number, or what counts without it; `None` when something else stands there.
fn number(post: &Variables, name: &str, default: usize) -> Option<usize> {
    match post.text(name) {
        "" => Some(default),
        text => text.parse().ok(),
    }
}

/// A date as YYYY-MM-DD (clients) or nothing; `None` when something else stands there.
fn date<'a>(post: &'a Variables, name: &str) -> Option<&'a str> {
    let text = post.text(name);
    let fits = |(place, byte): (usize, u8)| if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    (text.is_empty() || (text.len() == 10 && text.bytes().enumerate().all(fits))).then_some(text)
}

/// The day that `dtType` means: issued, sent or updated (clients). Assumed: issued when it is not said.
fn day(date_type: &str) -> Option<fn(&StoredDocument) -> String> {
    match date_type {
        "" | "0" => Some(issue_day),
        "1" => Some(|stored| day_in_brazil(stored.received_at)),
        "2" => Some(|stored| day_in_brazil(stored.updated_at)),
        _ => None,
    }
}

/// The day as the document itself writes it.
fn issue_day(stored: &StoredDocument) -> String {
    stored.issued.get(..10).unwrap_or_default().to_owned()
}

/// Assumed: the service counts its days by the clock of Brasília, which has no summer time any more.
fn day_in_brazil(time: SystemTime) -> String {
    let brasilia = UtcOffset::from_hms(-3, 0, 0).expect("three hours");
    OffsetDateTime::from(time).to_offset(brasilia).date().to_string()
}

/// Assumed: a document without a protocol, which only `Simulator::store` can put there, is one that is not
/// endorsed; a cancelled one remains endorsed; and the date is written as in the filters.
fn listed(stored: &StoredDocument) -> Listed {
    let flag = |set| if set { "1" } else { "0" };
    Listed {
        avb: flag(!stored.protocol.is_empty()),
        canc: flag(stored.cancelled),
        protocolo: stored.protocol.clone(),
        chave: stored.key.clone(),
        number: stored.number.clone(),
        serie: stored.series.clone(),
        issued: issue_day(stored),
        valor: stored.value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::day_in_brazil;

    #[test]
    fn a_day_ends_three_hours_after_that_of_utc() {
        let at = |seconds| day_in_brazil(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(3 * 3600 - 1), "1969-12-31");
        assert_eq!(at(3 * 3600), "1970-01-01");
        assert_eq!(at(1_709_175_600), "2024-02-29");
    }
}
