//! The federal units: their codes and neighbours.
//!
//! Source: IBGE's table of the federal units (the first two digits of a município's code) and the map.

/// Sigla, code and neighbours.
const UNITS: [(&str, &str, &[&str]); 27] = [
    ("RO", "11", &["AC", "AM", "MT"]),
    ("AC", "12", &["AM", "RO"]),
    ("AM", "13", &["AC", "MT", "PA", "RO", "RR"]),
    ("RR", "14", &["AM", "PA"]),
    ("PA", "15", &["AM", "AP", "MA", "MT", "RR", "TO"]),
    ("AP", "16", &["PA"]),
    ("TO", "17", &["BA", "GO", "MA", "MT", "PA", "PI"]),
    ("MA", "21", &["PA", "PI", "TO"]),
    ("PI", "22", &["BA", "CE", "MA", "PE", "TO"]),
    ("CE", "23", &["PB", "PE", "PI", "RN"]),
    ("RN", "24", &["CE", "PB"]),
    ("PB", "25", &["CE", "PE", "RN"]),
    ("PE", "26", &["AL", "BA", "CE", "PB", "PI"]),
    ("AL", "27", &["BA", "PE", "SE"]),
    ("SE", "28", &["AL", "BA"]),
    ("BA", "29", &["AL", "ES", "GO", "MG", "PE", "PI", "SE", "TO"]),
    ("MG", "31", &["BA", "DF", "ES", "GO", "MS", "RJ", "SP"]),
    ("ES", "32", &["BA", "MG", "RJ"]),
    ("RJ", "33", &["ES", "MG", "SP"]),
    ("SP", "35", &["MG", "MS", "PR", "RJ"]),
    ("PR", "41", &["MS", "SC", "SP"]),
    ("SC", "42", &["PR", "RS"]),
    ("RS", "43", &["SC"]),
    ("MS", "50", &["GO", "MG", "MT", "PR", "SP"]),
    ("MT", "51", &["AM", "GO", "MS", "PA", "RO", "TO"]),
    ("GO", "52", &["BA", "DF", "MG", "MS", "MT", "TO"]),
    ("DF", "53", &["GO", "MG"]),
];

/// Abroad.
pub const ABROAD: &str = "EX";

fn unit(uf: &str) -> Option<&'static (&'static str, &'static str, &'static [&'static str])> {
    UNITS.iter().find(|(name, _, _)| *name == uf)
}

/// Whether `uf` is a federal unit, or abroad.
pub fn is_uf(uf: &str) -> bool {
    uf == ABROAD || unit(uf).is_some()
}

/// Whether the município with this code lies in `uf`. Of what is abroad nothing is known.
pub fn lies_in(municipality: &str, uf: &str) -> bool {
    unit(uf).is_none_or(|(_, code, _)| municipality.starts_with(code))
}

/// Whether one can go from one to the other by road without passing a third. Of what is abroad nothing is known.
pub fn are_neighbours(one: &str, other: &str) -> bool {
    one == ABROAD || other == ABROAD || unit(one).is_some_and(|(_, _, neighbours)| neighbours.contains(&other))
}

#[cfg(test)]
mod tests {
    use super::{UNITS, are_neighbours, lies_in};

    #[test]
    fn neighbours_are_mutual_and_sorted() {
        for (uf, _, neighbours) in UNITS {
            assert!(neighbours.is_sorted(), "{uf}");
            for neighbour in neighbours {
                assert!(*neighbour != uf && are_neighbours(neighbour, uf), "{uf} {neighbour}");
            }
        }
    }

    #[test]
    fn municipalities_lie_where_their_code_says() {
        assert!(lies_in("4106902", "PR") && lies_in("5208707", "GO") && lies_in("9999999", "EX"));
        assert!(!lies_in("4106902", "GO"));
    }
}
