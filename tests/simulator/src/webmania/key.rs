//! Access keys built like the real ones.

use time::OffsetDateTime;

/// Who issues: a company in São Paulo. The real service knows it by the token.
pub(super) const CNPJ: &str = "12345678000195";
/// Its state, as IBGE numbers them.
pub(super) const UF: &str = "35";
/// MDF-e.
pub(super) const MODEL: &str = "58";
/// Assumed: all in one series.
pub(super) const SERIES: u32 = 1;

/// `tpEmis`: in the ordinary way, and in contingency.
pub(super) const ORDINARY: u8 = 1;
pub(super) const CONTINGENCY: u8 = 2;

/// The key of the MDF-e with this number (manual: cUF, AAMM, CNPJ, mod, serie, nMDF, tpEmis, cMDF, cDV).
pub(super) fn key(issued: OffsetDateTime, number: u32, emission: u8, random: u32) -> String {
    let (year, month) = (issued.year() % 100, u8::from(issued.month()));
    let random = random % 100_000_000;
    let body = format!("{UF}{year:02}{month:02}{CNPJ}{MODEL}{SERIES:03}{number:09}{emission}{random:08}");
    format!("{body}{}", check_digit(&body))
}

/// The access key `model`, of whatever document, with another number and the check digit that it calls for: for as many documents
/// as one likes, made after one.
#[must_use]
pub fn numbered_key(model: &str, number: usize) -> String {
    let body = format!("{}{number:09}{}", &model[..25], &model[34..43]);
    format!("{body}{}", check_digit(&body))
}

/// Weights from 2 to 9 from the right, over and over; the sum's rest by 11 from 11, 10 and 11 being 0 (manual).
pub(super) fn check_digit(body: &str) -> u32 {
    let weighted = body.bytes().rev().zip((2..=9).cycle()).map(|(byte, weight)| u32::from(byte - b'0') * weight);
    match 11 - weighted.sum::<u32>() % 11 {
        10 | 11 => 0,
        digit => digit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    pub(super) fn check_digits_agree_with_real_keys() {
        // Keys of authorized MDF-e that stand in public.
        for real in ["52240111455829000367580030003716061014736303", "31210323259427000104580260000000041794425351"] {
            let (body, digit) = real.split_at(43);
            assert_eq!(check_digit(body).to_string(), digit);
        }
    }

    #[test]
    fn a_key_with_its_own_number_is_itself() {
        let real = "52240111455829000367580030003716061014736303";
        assert_eq!(numbered_key(real, 371_606), real);
        assert_ne!(numbered_key(real, 371_607)[43..], real[43..]);
    }

    #[test]
    fn a_key_has_44_digits_with_everything_in_its_place() {
        let key = key(OffsetDateTime::UNIX_EPOCH, 7, ORDINARY, 4_000_000_001);
        assert_eq!(key[..43], *"3570011234567800019558001000000007100000001");
        assert_eq!(key.len(), 44);
    }
}
