//! This computer's clock against the service's.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::report::Done;
use crate::contract::{Code, ErrorEntry, Facts};

/// A clock that is further off is wrong: certificates seem expired or not yet valid, and times in documents are refused.
const TOLERATED_S: i64 = 5 * 60;

/// Compares the clock here with the one `there`, both read at the same moment. 3007 if it is wrong.
pub fn compare(here: SystemTime, there: SystemTime, facts: &mut Facts) -> Done<()> {
    let (here, there) = (moment(here), moment(there));
    let ahead = (here - there).whole_seconds();
    (facts.hora_local, facts.hora_servico) = (here.format(&Rfc3339).ok(), there.format(&Rfc3339).ok());
    facts.diferenca_s = Some(ahead);
    if ahead.abs() <= TOLERATED_S {
        return Ok(((), "O relógio deste computador está certo.".to_owned()));
    }
    let direction = if ahead > 0 { "adiantado" } else { "atrasado" };
    Err(ErrorEntry::new(Code::Clock).msg(format!(
        "O relógio deste computador está {} {direction}. Corrija a data, a hora e o fuso horário e repita.",
        span(ahead.unsigned_abs())
    )))
}

/// To the second, as the service tells it.
fn moment(time: SystemTime) -> OffsetDateTime {
    let time = OffsetDateTime::from(time);
    time.replace_nanosecond(0).unwrap_or(time)
}

/// So many seconds in the largest unit that fits twice.
fn span(seconds: u64) -> String {
    match seconds {
        172_800.. => format!("{} dias", seconds / 86_400),
        7_200.. => format!("{} horas", seconds / 3_600),
        _ => format!("{} minutos", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::compare;
    use crate::contract::Facts;

    #[test]
    fn a_clock_may_be_five_minutes_off() {
        let now = SystemTime::now();
        let off = |seconds| now + Duration::from_secs(seconds);
        for (here, there, wrong) in [
            (now, now, None),
            (off(300), now, None),
            (now, off(300), None),
            (off(301), now, Some("5 minutos adiantado")),
            (now, off(3 * 3_600), Some("3 horas atrasado")),
            (now, off(90 * 86_400), Some("90 dias atrasado")),
        ] {
            let told = compare(here, there, &mut Facts::default()).err().map(|error| error.text().to_owned());
            assert_eq!(told.is_some(), wrong.is_some(), "{told:?}");
            assert!(wrong.is_none_or(|wrong| told.as_ref().unwrap().contains(wrong)), "{told:?}");
        }
    }
}
