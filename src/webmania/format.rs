//! The formats of single values. Source: the schema of MDF-e 3.00; sizes as in the seed's tables.

use time::{Date, Month, Time};

use super::geography::is_uf;
use crate::document::AccessKey;

/// What a text may be.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// So many characters, at least and at most, of those that print.
    Free(usize, usize),
    /// So many digits.
    Digits(usize, usize),
    /// So many letters and digits.
    Alphanumeric(usize, usize),
    /// So many digits before the point and exactly so many behind it, or none: the seed's 13v2.
    Decimal(usize, usize),
    /// Degrees with six decimals, so many at most, either sign.
    Degrees(u16),
    /// One of these codes, each with what it stands for (Portuguese).
    Code(&'static [(&'static str, &'static str)]),
    /// CNPJ; the rejection for a wrong one.
    Cnpj(u16),
    /// CPF; the rejection for a wrong one.
    Cpf(u16),
    /// CEP.
    Cep,
    /// UF, or EX.
    Uf,
    /// Município of the IBGE's table.
    Municipality,
    /// Plate of a vehicle.
    Plate,
    /// Access key.
    Key,
    /// Number of a product (GTIN), or "SEM GTIN".
    Gtin,
    /// Day and hour, `Y-m-d H:i:s`.
    Moment,
    /// Day, `Y-m-d`.
    Day,
    /// An address for notifications.
    Url,
}

impl Format {
    /// The rejection that Sefaz would give for this text.
    pub fn rejection(&self, text: &str) -> u16 {
        match self {
            Self::Cnpj(rejection) | Self::Cpf(rejection) => *rejection,
            Self::Plate => 646,
            Self::Key => match text.get(20..22) {
                Some("55") => 604,
                Some("58") => 649,
                _ => 601,
            },
            _ => 215,
        }
    }

    /// `text` as it is sent, or what is wrong with it (Portuguese, following the field's name).
    pub fn normal(&self, text: &str) -> Result<String, String> {
        let wrong = |what: &str| Err(what.to_owned());
        match *self {
            Self::Free(least, most) => free(text, least, most),
            Self::Digits(least, most) => digits(text, least, most),
            Self::Alphanumeric(least, most) => alphanumeric(text, least, most),
            Self::Decimal(whole, decimals) => decimal(text, whole, decimals),
            Self::Degrees(most) => degrees(text, most),
            Self::Code(known) => code(text, known),
            Self::Cnpj(_) => match unmasked(text) {
                cnpj if is_cnpj(&cnpj) => Ok(cnpj),
                _ => wrong("não é um CNPJ válido (14 caracteres, com os dígitos verificadores certos)"),
            },
            Self::Cpf(_) => match unmasked(text) {
                cpf if is_cpf(&cpf) => Ok(cpf),
                _ => wrong("não é um CPF válido (11 dígitos, com os dígitos verificadores certos)"),
            },
            Self::Cep => digits(&unmasked(text), 8, 8),
            Self::Uf => match text.to_ascii_uppercase() {
                uf if is_uf(&uf) => Ok(uf),
                _ => wrong("não é a sigla de uma UF"),
            },
            Self::Municipality => digits(text, 7, 7),
            Self::Plate => match unmasked(text) {
                plate if is_plate(&plate) => Ok(plate),
                _ => wrong("deve ser uma placa: três letras, um dígito, uma letra ou um dígito, dois dígitos"),
            },
            Self::Key => key(text),
            Self::Gtin => gtin(text),
            Self::Moment => match text.split_once(' ') {
                Some((day, hour)) if is_day(day) && is_hour(hour) => Ok(text.to_owned()),
                _ => wrong("deve ser uma data e hora como 2026-11-30 08:00:00"),
            },
            Self::Day if is_day(text) => Ok(text.to_owned()),
            Self::Day => wrong("deve ser uma data como 2026-11-30"),
            Self::Url => match reqwest::Url::parse(text) {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(text.to_owned()),
                _ => wrong("deve ser um endereço que comece com https:// ou http://"),
            },
        }
    }
}

/// Latin-1 that prints, without line ends (schema: TString).
fn free(text: &str, least: usize, most: usize) -> Result<String, String> {
    let length = text.chars().count();
    if let Some(odd) = text.chars().find(|&c| !matches!(c, ' '..='~' | '\u{A0}'..='\u{FF}')) {
        let shown =
            if odd.is_control() { "uma quebra de linha ou um controle".to_owned() } else { format!("\"{odd}\"") };
        return Err(format!("tem {shown}, que a Sefaz não aceita"));
    }
    if (least..=most).contains(&length) {
        return Ok(text.to_owned());
    }
    Err(format!("deve ter de {least} a {most} caracteres e tem {length}"))
}

fn digits(text: &str, least: usize, most: usize) -> Result<String, String> {
    let right = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if right { Ok(text.to_owned()) } else { Err(counted(least, most, "dígitos")) }
}

fn alphanumeric(text: &str, least: usize, most: usize) -> Result<String, String> {
    let right = (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if right { Ok(text.to_owned()) } else { Err(counted(least, most, "letras e dígitos")) }
}

fn counted(least: usize, most: usize, what: &str) -> String {
    if least == most { format!("deve ter {most} {what}") } else { format!("deve ter de {least} a {most} {what}") }
}

/// Decimals are filled up with zeros; more of them than there may be must be zeros.
fn decimal(text: &str, whole: usize, decimals: usize) -> Result<String, String> {
    let wrong = || format!("deve ter até {whole} dígitos, um ponto e {decimals} decimais, como 1.{:0decimals$}", 0);
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    let after =
        after.get(..decimals.min(after.len())).filter(|kept| after[kept.len()..].bytes().all(|byte| byte == b'0'));
    let before = match before.trim_start_matches('0') {
        "" if before.is_empty() => return Err(wrong()),
        "" => "0",
        before => before,
    };
    match after {
        Some(after) if before.len() <= whole && all_digits(before) && all_digits(after) => {
            Ok(format!("{before}.{after:0<decimals$}"))
        }
        _ => Err(wrong()),
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn degrees(text: &str, most: u16) -> Result<String, String> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    match decimal(text, 3, 6) {
        Ok(degrees) if degrees.parse().is_ok_and(|degrees: f64| degrees <= f64::from(most)) => {
            Ok(format!("{sign}{degrees}"))
        }
        _ => Err(format!("deve ser um número entre -{most} e {most} com ponto e até 6 decimais")),
    }
}

/// Leading zeros may be missing: a number has none.
fn code(text: &str, known: &[(&str, &str)]) -> Result<String, String> {
    let number = |text: &str| text.parse::<u8>().ok().filter(|_| all_digits(text));
    let meant =
        |code: &str| code == text || text.len() < code.len() && number(code) == number(text) && number(text).is_some();
    match known.iter().find(|(code, _)| meant(code)) {
        Some((code, _)) => Ok((*code).to_owned()),
        None => {
            let known: Vec<_> = known.iter().map(|(code, meaning)| format!("{code} ({meaning})")).collect();
            Err(format!("deve ser {}", known.join(", ")))
        }
    }
}

fn key(text: &str) -> Result<String, String> {
    match AccessKey::parse(text) {
        Ok(key) if key.check_digit_is_right() => Ok(key.as_str().to_owned()),
        Ok(_) => Err("tem o dígito verificador errado: a chave não existe".to_owned()),
        Err(_) => Err("não é uma chave de acesso (44 caracteres)".to_owned()),
    }
}

/// 8, 12, 13 or 14 digits, the last of which is a check digit: weights 3 and 1 from the right.
fn gtin(text: &str) -> Result<String, String> {
    let right = || {
        let weighted = text.bytes().rev().zip([1, 3].into_iter().cycle());
        weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum::<u32>() % 10 == 0
    };
    match text.len() {
        _ if text == "SEM GTIN" => Ok(text.to_owned()),
        8 | 12..=14 if all_digits(text) && right() => Ok(text.to_owned()),
        _ => Err("não é um GTIN válido (8, 12, 13 ou 14 dígitos, com o dígito verificador certo)".to_owned()),
    }
}

/// Letters and digits alone, letters raised: CNPJ, CPF, CEP and plates come with their masks.
fn unmasked(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '.' | '-' | '/' | ' ')).map(|c| c.to_ascii_uppercase()).collect()
}

/// `[A-Z0-9]{12}[0-9]{2}` with its two digits; a letter is worth its ASCII code − 48 (since 07/2026).
pub fn is_cnpj(text: &str) -> bool {
    let (body, given) = match text.as_bytes() {
        bytes if bytes.len() == 14 => bytes.split_at(12),
        _ => return false,
    };
    let known = body.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    known && body.iter().any(|byte| *byte != b'0') && *given == two_digits(body, 9)
}

/// 11 digits, the last two of which follow from the others.
pub fn is_cpf(text: &str) -> bool {
    let bytes = text.as_bytes();
    let all_alike = bytes.windows(2).all(|pair| pair[0] == pair[1]);
    bytes.len() == 11 && all_digits(text) && !all_alike && bytes[9..] == two_digits(&bytes[..9], 11)
}

/// The check digits of módulo 11, weights from 2 up to `heaviest` and round again, from the right.
fn two_digits(body: &[u8], heaviest: u32) -> [u8; 2] {
    let digit = |body: &[u8]| {
        let weighted = body.iter().rev().zip((2..=heaviest).cycle());
        match weighted.map(|(c, weight)| u32::from(c - b'0') * weight).sum::<u32>() % 11 {
            0 | 1 => b'0',
            rest => b'0' + (11 - rest) as u8,
        }
    };
    let first = digit(body);
    let second = digit(&[body, &[first]].concat());
    [first, second]
}

/// `[A-Z]{3}[0-9][0-9A-Z][0-9]{2}`: before and since the Mercosul.
fn is_plate(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 7
        && bytes[..3].iter().all(u8::is_ascii_uppercase)
        && bytes[3].is_ascii_digit()
        && (bytes[4].is_ascii_digit() || bytes[4].is_ascii_uppercase())
        && bytes[5..].iter().all(u8::is_ascii_digit)
}

fn is_day(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let &[year, month, day] = &parts[..] else { return false };
    let numbers = || {
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
    };
    [year.len(), month.len(), day.len()] == [4, 2, 2]
        && parts.iter().all(|part| all_digits(part))
        && numbers().is_some()
}

fn is_hour(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    let &[hour, minute, second] = &parts[..] else { return false };
    let numbers = || Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?).ok();
    parts.iter().all(|part| part.len() == 2 && all_digits(part)) && numbers().is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Format, is_cnpj, is_cpf};

    const UNITS: Format = Format::Code(&[("00", "nada"), ("01", "KG"), ("02", "TON")]);

    #[test]
    fn values_are_brought_into_the_form_that_is_sent() {
        for (format, given, sent) in [
            (Format::Cnpj(0), "61.198.164/0001-60", "61198164000160"),
            (Format::Cnpj(0), "12.ABC.345/01de-35", "12ABC34501DE35"),
            (Format::Cpf(0), "529.982.247-25", "52998224725"),
            (Format::Cep, "80010-000", "80010000"),
            (Format::Plate, "abc-1d23", "ABC1D23"),
            (Format::Plate, "ABC1234", "ABC1234"),
            (Format::Uf, "pr", "PR"),
            (Format::Decimal(13, 2), "500", "500.00"),
            (Format::Decimal(13, 2), "500.5", "500.50"),
            (Format::Decimal(13, 2), "0500.5000", "500.50"),
            (Format::Decimal(13, 2), "0", "0.00"),
            (Format::Degrees(90), "-25.4284", "-25.428400"),
            (UNITS, "1", "01"),
            (UNITS, "0", "00"),
            (UNITS, "02", "02"),
            (Format::Gtin, "7891000315507", "7891000315507"),
            (Format::Moment, "2026-11-30 08:00:00", "2026-11-30 08:00:00"),
        ] {
            assert_eq!(format.normal(given).as_deref(), Ok(sent), "{format:?} {given}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (format, given) in [
            (Format::Cnpj(0), "00.000.000/0000-00"),
            (Format::Cnpj(0), "61198164000161"),
            (Format::Cnpj(0), "6119816400016"),
            (Format::Cpf(0), "000.000.000-00"),
            (Format::Cpf(0), "52998224726"),
            (Format::Cep, "8001000"),
            (Format::Plate, "AB12E4R"),
            (Format::Plate, "ABC67H2"),
            (Format::Uf, "XX"),
            (Format::Decimal(13, 2), "500,00"),
            (Format::Decimal(13, 2), "500.001"),
            (Format::Decimal(3, 3), "1000.000"),
            (Format::Decimal(13, 2), "-1.00"),
            (Format::Decimal(13, 2), ".5"),
            (Format::Degrees(90), "91"),
            (UNITS, "3"),
            (UNITS, ""),
            (Format::Key, "00000000000000000000000000000000000000000001"),
            (Format::Gtin, "00000000000001"),
            (Format::Moment, "2026-02-30 08:00:00"),
            (Format::Moment, "2026-11-30T08:00:00"),
            (Format::Day, "30/11/2026"),
            (Format::Free(2, 60), "a"),
            (Format::Free(1, 60), "a\nb"),
            (Format::Free(1, 60), "caminhão 🚚"),
            (Format::Url, "siem.example.com"),
        ] {
            assert!(format.normal(given).is_err(), "{format:?} {given}");
        }
    }

    #[test]
    fn the_vector_of_the_cnpj_with_letters() {
        assert!(is_cnpj("12ABC34501DE35"));
        assert!(!is_cnpj("12ABC34501DE36"));
    }

    #[test]
    fn one_wrong_digit_is_noticed() {
        for place in 0..11 {
            let mut cpf = *b"52998224725";
            cpf[place] = b'0' + (cpf[place] - b'0' + 1) % 10;
            assert!(!is_cpf(std::str::from_utf8(&cpf).unwrap()), "{place}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*") {
            for format in [
                Format::Free(1, 9), Format::Digits(1, 9), Format::Alphanumeric(1, 9), Format::Decimal(3, 2),
                Format::Degrees(90), UNITS, Format::Cnpj(0), Format::Cpf(0), Format::Cep, Format::Uf,
                Format::Municipality, Format::Plate, Format::Key, Format::Gtin, Format::Moment, Format::Day, Format::Url,
            ] {
                let _ = format.normal(&text);
            }
        }

        #[test]
        fn what_is_normal_stays_as_it_is(text in "[0-9]{1,13}(\\.[0-9]{1,2})?") {
            let once = Format::Decimal(13, 2).normal(&text).unwrap();
            prop_assert_eq!(Format::Decimal(13, 2).normal(&once), Ok(once));
        }
    }
}
