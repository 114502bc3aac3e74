//! What a JSON body must look like, and what is said about one that does not.

use serde_json::{Map, Value};

/// The abbreviations of the states, and EX for abroad.
const UFS: [&str; 28] = [
    "AC", "AL", "AM", "AP", "BA", "CE", "DF", "ES", "EX", "GO", "MA", "MG", "MS", "MT", "PA", "PB", "PE", "PI", "PR",
    "RJ", "RN", "RO", "RR", "RS", "SC", "SE", "SP", "TO",
];

/// A field of an object.
pub(super) struct Field {
    name: &'static str,
    required: bool,
    kind: Kind,
}

/// A field that must be there.
pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, required: true, kind }
}

/// A field that may be there.
pub(super) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, required: false, kind }
}

/// What a value must be. Only [`Number`](Self::Number) and [`Boolean`](Self::Boolean) are not strings, objects or lists;
/// `null` is nothing of all this.
pub(super) enum Kind {
    /// A JSON number from the first to the second.
    Number(u64, u64),
    Boolean,
    /// So many characters at least and at most, as the schema of MDF-e has texts: printable Latin-1 without a space at
    /// either end, and so without line breaks.
    Text(usize, usize),
    /// So many digits at least and at most.
    Digits(usize, usize),
    /// One of these strings.
    Code(&'static [&'static str]),
    /// So many digits at most before a dot, and exactly so many behind it; without a fraction there is no dot (schema).
    Decimal(usize, usize),
    /// So many degrees' digits at most, and up to six decimals; it may be negative.
    Degrees(usize),
    /// 11 digits, with or without `.` and `-` at their places (page: `000.000.000-00`).
    Cpf,
    /// 12 digits or capital letters and 2 digits, likewise (page: `00.000.000/0000-00`).
    Cnpj,
    /// 8 digits, likewise (page: `00000-000`).
    Cep,
    /// An access key.
    Key,
    Uuid,
    /// 7 capital letters or digits (schema; the page's own samples would be no plates in Brazil).
    Plate,
    Uf,
    /// `Y-m-d`.
    Date,
    /// `Y-m-d H:i:s`.
    DateTime,
    Object(&'static [Field]),
    /// An object in which exactly one of the first two fields is there.
    Choice(&'static [Field]),
    /// So many at least and at most of this kind.
    List(usize, usize, &'static Kind),
    /// The one or the other, where the page's table and its samples differ.
    Either(&'static Kind, &'static Kind),
}

/// Checks an object with everything in it; gives the first thing that is wrong. Fields that nobody knows are wrong.
pub(super) fn check(object: &Map<String, Value>, fields: &[Field]) -> Result<(), String> {
    check_fields("", object, fields)
}

fn check_fields(path: &str, object: &Map<String, Value>, fields: &[Field]) -> Result<(), String> {
    let place = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(unknown) = object.keys().find(|name| !fields.iter().any(|field| field.name == **name)) {
        return Err(format!("O campo {} não existe.", place(unknown)));
    }
    for field in fields {
        match object.get(field.name) {
            Some(value) => check_value(&place(field.name), value, &field.kind)?,
            None if field.required => return Err(format!("O campo {} é obrigatório.", place(field.name))),
            None => {}
        }
    }
    Ok(())
}

fn check_value(path: &str, value: &Value, kind: &Kind) -> Result<(), String> {
    match (kind, value) {
        (Kind::Object(fields), Value::Object(object)) => check_fields(path, object, fields),
        (Kind::Choice(fields), Value::Object(object)) => {
            check_fields(path, object, fields)?;
            let [one, other] = [&fields[0], &fields[1]].map(|field| field.name);
            match object.contains_key(one) != object.contains_key(other) {
                true => Ok(()),
                false => Err(format!("Informe em {path} um dos campos {one} e {other}.")),
            }
        }
        (Kind::List(least, most, kind), Value::Array(values)) if (*least..=*most).contains(&values.len()) => {
            let mut numbered = values.iter().enumerate();
            numbered.try_for_each(|(number, value)| check_value(&format!("{path}[{number}]"), value, kind))
        }
        (Kind::Either(one, other), _) => check_value(path, value, one).or_else(|_| check_value(path, value, other)),
        (Kind::Boolean, Value::Bool(_)) => Ok(()),
        (Kind::Number(least, most), Value::Number(number))
            if number.as_u64().is_some_and(|number| (*least..=*most).contains(&number)) =>
        {
            Ok(())
        }
        (_, Value::String(text)) if is_of(kind, text) => Ok(()),
        _ => Err(format!("O campo {path} deve ser {}.", description(kind))),
    }
}

/// Whether a string is of this kind.
fn is_of(kind: &Kind, text: &str) -> bool {
    match kind {
        Kind::Text(least, most) => is_text(text, *least, *most),
        Kind::Digits(least, most) => is_digits(text) && (*least..=*most).contains(&text.len()),
        Kind::Code(codes) => codes.contains(&text),
        Kind::Decimal(whole, fraction) => is_decimal(text, *whole, *fraction),
        Kind::Degrees(digits) => is_degrees(text, *digits),
        Kind::Cpf => fits(text, &["99999999999", "999.999.999-99"]),
        Kind::Cnpj => fits(text, &["XXXXXXXXXXXX99", "XX.XXX.XXX/XXXX-99"]),
        Kind::Cep => fits(text, &["99999999", "99999-999"]),
        Kind::Key => fits(text, &["999999XXXXXXXXXXXX99999999999999999999999999"]),
        Kind::Uuid => fits(text, &["hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"]),
        Kind::Plate => fits(text, &["XXXXXXX"]),
        Kind::Uf => UFS.contains(&text),
        Kind::Date => fits(text, &["9999-99-99"]),
        Kind::DateTime => fits(text, &["9999-99-99 99:99:99"]),
        Kind::Number(..) | Kind::Boolean | Kind::Object(_) | Kind::Choice(_) | Kind::List(..) | Kind::Either(..) => {
            false
        }
    }
}

fn is_text(text: &str, least: usize, most: usize) -> bool {
    let is_printable = |character| matches!(character, ' '..='~' | '\u{a0}'..='ÿ');
    (least..=most).contains(&text.chars().count()) && text.chars().all(is_printable) && text.trim_matches(' ') == text
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `0`, `0.50`, `500` and `500.00`, but neither `.50` nor `0500.00` nor `500.5` (schema: TDec_1302 and its like).
fn is_decimal(text: &str, whole_digits: usize, fraction_digits: usize) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let has_fraction = text.contains('.');
    let is_whole = (1..=whole_digits).contains(&whole.len()) && (whole == "0" || !whole.starts_with('0'));
    let is_fraction = !has_fraction || fraction.len() == fraction_digits;
    is_digits(whole) && is_digits(fraction) && is_whole && is_fraction
}

fn is_degrees(text: &str, digits: usize) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (degrees, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let has = |part: &str, most: usize| is_digits(part) && (1..=most).contains(&part.len());
    has(degrees, digits) && has(decimals, 6)
}

/// Whether a text fits one of the patterns: 9 is a digit, X a digit or a capital letter, h a hexadecimal digit, and
/// everything else itself.
fn fits(text: &str, patterns: &[&str]) -> bool {
    let is_like = |byte: u8, pattern: u8| match pattern {
        b'9' => byte.is_ascii_digit(),
        b'X' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        b'h' => byte.is_ascii_hexdigit(),
        _ => byte == pattern,
    };
    let fits_one = |pattern: &&str| {
        pattern.len() == text.len() && text.bytes().zip(pattern.bytes()).all(|(byte, pattern)| is_like(byte, pattern))
    };
    patterns.iter().any(fits_one)
}

/// What should have been there, for the user.
fn description(kind: &Kind) -> String {
    match kind {
        Kind::Number(least, most) => format!("um número de {least} a {most}"),
        Kind::Boolean => "true ou false".to_owned(),
        Kind::Text(least, most) => format!("uma string de {least} a {most} caracteres"),
        Kind::Digits(least, most) => format!("uma string de {least} a {most} dígitos"),
        Kind::Code(codes) => format!("uma string entre {}", codes.join(", ")),
        Kind::Decimal(whole, fraction) => format!("uma string com um valor {whole}v{fraction}"),
        Kind::Degrees(digits) => format!("uma string com uma coordenada {digits}v6"),
        Kind::Cpf => "uma string com um CPF".to_owned(),
        Kind::Cnpj => "uma string com um CNPJ".to_owned(),
        Kind::Cep => "uma string com um CEP".to_owned(),
        Kind::Key => "uma string com uma chave de acesso".to_owned(),
        Kind::Uuid => "uma string com um UUID".to_owned(),
        Kind::Plate => "uma string com uma placa".to_owned(),
        Kind::Uf => "uma string com a sigla de uma UF".to_owned(),
        Kind::Date => "uma string no formato Y-m-d".to_owned(),
        Kind::DateTime => "uma string no formato Y-m-d H:i:s".to_owned(),
        Kind::Object(_) | Kind::Choice(_) => "um objeto".to_owned(),
        Kind::List(least, most, _) => format!("um array de {least} a {most} elementos"),
        Kind::Either(one, other) => format!("{} ou {}", description(one), description(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted<'a>(kind: &Kind, texts: &[&'a str]) -> Vec<&'a str> {
        texts.iter().copied().filter(|text| is_of(kind, text)).collect()
    }

    #[test]
    fn values_are_written_as_the_schema_says() {
        let money =
            accepted(&Kind::Decimal(13, 2), &["0", "0.50", "500", "500.00", "", ".50", "0500.00", "500.5", "5,00"]);
        assert_eq!(money, ["0", "0.50", "500", "500.00"]);
        let long = ["9999999999999.99", "10000000000000.00"];
        assert_eq!(accepted(&Kind::Decimal(13, 2), &long), [long[0]]);
        let degrees = accepted(&Kind::Degrees(2), &["-25.4284", "00.000", "-5", "125.0", "1.1234567", "-", "1."]);
        assert_eq!(degrees, ["-25.4284", "00.000", "-5"]);
    }

    #[test]
    fn numbers_of_the_tax_office_come_with_their_marks_or_without() {
        assert_eq!(accepted(&Kind::Cpf, &["12345678909", "123.456.789-09", "123456789-09", "1234567890"]).len(), 2);
        assert_eq!(accepted(&Kind::Cnpj, &["12ABC34501DE35", "12.345.678/0001-95", "12abc34501de35"]).len(), 2);
        assert_eq!(accepted(&Kind::Cep, &["80000000", "80000-000", "8000-0000"]).len(), 2);
    }

    #[test]
    fn texts_have_no_blanks_around_them_and_nothing_that_cannot_be_printed() {
        let texts = ["São Paulo", "S", " São", "São ", "São\nPaulo", "Curitiba – PR", "\u{80}\u{80}"];
        assert_eq!(accepted(&Kind::Text(2, 60), &texts), ["São Paulo"]);
    }
}
