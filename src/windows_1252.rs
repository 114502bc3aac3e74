//! windows-1252, which is also what is called ISO-8859-1: the one encoding beside UTF-8 that Brazilian systems write. By hand,
//! because whoever asks `encoding_rs` for one encoding gets its tables of all: 170 KB.

/// What stands in place of Unicode's C1 controls, U+0080 to U+009F (WHATWG, Encoding, "windows-1252").
const C1: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', //
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

/// `bytes` as text: every byte is a letter.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&byte| if matches!(byte, 0x80..=0x9F) { C1[usize::from(byte) - 0x80] } else { byte.into() })
        .collect()
}

/// `text` in this encoding; `None` if it has a letter that this has not.
#[must_use]
pub fn encode(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|letter| match u8::try_from(letter) {
            Ok(byte) if !matches!(byte, 0x80..=0x9F) => Some(byte),
            _ => C1.iter().position(|known| *known == letter).and_then(|place| u8::try_from(0x80 + place).ok()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(encode(&decode(&all)).as_ref(), Some(&all));
        assert_eq!(decode(b"S\xE3o \x80 5"), "São € 5");
    }

    #[test]
    fn what_it_does_not_have_is_not_written() {
        for letter in ["字", "\u{80}", "\u{9F}", "Ā"] {
            assert_eq!(encode(letter), None, "{letter:?}");
        }
    }
}
