//! Protocols (the endorsement numbers) built like the real ones.

/// The first nine digits. Real protocols begin with `05886` (three of three, so probably the insurer);
/// the four digits after it differ from one to the next (0423, 0818, 9999). The simulator puts zeros
/// there, so that nobody takes its protocols for real ones.
const BEGINNING: &str = "058860000";

/// The protocol of the document with this key: 40 characters.
///
/// Derived from the three pairs of key and protocol that are public: positions 10 to 37 of the protocol
/// are positions 7 to 34 of the key (CNPJ, model, series, number); position 38 is 0.
/// Assumed: the last two. They are 98, 19 and 86 in the real ones, which fits none of the usual check
/// digits; here they are the rest of the sum of all before it by 97, weighted by place.
///
/// The key must be 44 ASCII characters, or this panics.
pub fn protocol_of(key: &str) -> String {
    assert!(key.len() == 44 && key.is_ascii(), "'{key}' is not an access key");
    let body = format!("{BEGINNING}{}0", &key[6..34]);
    let sum: u32 = body.bytes().zip(1..).map(|(byte, place)| u32::from(byte) * place).sum();
    format!("{body}{:02}", sum % 97)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::protocol_of;

    /// Captured pairs of key and protocol.
    const REAL: [(&str, &str); 3] = [
        ("35220528779662000120579990000004681178902280", "0588604232877966200012057999000000468098"),
        ("31180758818022000224570010467456121401366424", "0588608185881802200022457001046745612019"),
        ("35170908676162000156570010000236191000489454", "0588699990867616200015657001000023619086"),
    ];

    #[test]
    fn agrees_with_the_real_ones_where_they_agree_with_each_other() {
        for (key, protocol) in REAL {
            let ours = protocol_of(key);
            assert_eq!(ours.len(), 40);
            assert_eq!(ours[..5], protocol[..5]);
            assert_eq!(ours[9..38], protocol[9..38]);
        }
    }

    proptest! {
        #[test]
        fn is_built_from_the_key(key in "[0-9]{6}[A-Z0-9]{12}[0-9]{26}") {
            let protocol = protocol_of(&key);
            prop_assert_eq!(protocol.len(), 40);
            prop_assert!(protocol.starts_with("05886"));
            prop_assert_eq!(&protocol[9..37], &key[6..34]);
            prop_assert_eq!(protocol_of(&key), protocol);
        }

        #[test]
        fn documents_of_other_numbers_have_other_protocols(key in "[0-9]{44}", number in 0_u32..1_000_000_000) {
            let other = format!("{}{number:09}{}", &key[..25], &key[34..]);
            prop_assert_eq!(protocol_of(&other) == protocol_of(&key), other[25..34] == key[25..34]);
        }
    }
}
