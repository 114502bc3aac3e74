//! Why a CK may have been refused (173): what was hashed, in what encoding, and how the keys look. Never the keys.

use crate::contract::Secret;

use super::xml::{Linear, Notice};

/// One line for `detalhe`.
#[must_use]
pub fn diagnosis(access_key: &Secret, partner_key: &Secret, hashed: &str) -> String {
    let beyond = hashed.chars().filter(|c| !c.is_ascii()).count();
    let twice = Linear::read(hashed).is_ok_and(|linear| linear.notices.contains(&Notice::EscapedTwice));
    let root = hashed.get(1..).and_then(|rest| rest.split(['>', ' ', '/']).next()).unwrap_or_default();
    format!(
        "hashed: the access key and {} bytes of UTF-8, <{root}>, {beyond} characters beyond ASCII; text escaped twice: {}; \
         access key: {}; partner key: {}, {} the access key",
        hashed.len(),
        if twice { "it seems so" } else { "no" },
        looks(access_key.expose()),
        looks(partner_key.expose()),
        if access_key == partner_key { "the same as" } else { "other than" },
    )
}

/// Length and kinds of characters.
fn looks(key: &str) -> String {
    let kinds = [
        ("capitals", key.contains(|c: char| c.is_ascii_uppercase())),
        ("small letters", key.contains(|c: char| c.is_ascii_lowercase())),
        ("digits", key.contains(|c: char| c.is_ascii_digit())),
        ("signs", key.contains(|c: char| !c.is_ascii_alphanumeric())),
    ];
    let found: Vec<&str> = kinds.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
    format!("{} characters ({})", key.chars().count(), found.join(", "))
}

#[cfg(test)]
mod tests {
    use super::diagnosis;
    use crate::contract::Secret;

    #[test]
    fn it_says_how_things_look_and_shows_no_key() {
        let (access, partner) = (Secret::from("R8CC40EC614E6410".to_owned()), Secret::from("ab+/==".to_owned()));
        assert_eq!(
            diagnosis(&access, &partner, "<Envio><a>ç</a></Envio>"),
            "hashed: the access key and 24 bytes of UTF-8, <Envio>, 1 characters beyond ASCII; text escaped twice: no; \
             access key: 16 characters (capitals, digits); partner key: 6 characters (small letters, signs), other than the \
             access key"
        );
        let twice = diagnosis(&access, &access, "<Envio><a>&amp;#231;</a></Envio>");
        assert!(twice.contains("it seems so") && twice.ends_with("the same as the access key"), "{twice}");
    }
}
