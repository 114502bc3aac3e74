//! Short excerpts of foreign text for `detalhe`, without the secrets that such text may echo.

use reqwest::Url;

use crate::contract::Secret;

const EXCERPT_CHARS: usize = 300;
const MASK: &str = "***";

/// The beginning of `text` on one line, with `secrets` and whatever looks like a session masked. Of a page only what a
/// person would read.
#[must_use]
pub fn excerpt(text: &str, secrets: &[&Secret]) -> String {
    let masked = mask(text, secrets);
    let page = masked.trim_start().starts_with('<');
    let line = if page { without_tags(&masked) } else { masked };
    let words = line.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    // Once more: what was taken out may have stood in the middle of a secret.
    let line = mask(&words.collect::<Vec<_>>().join(" "), secrets);
    let short: String = line.chars().take(EXCERPT_CHARS).collect();
    if short.len() < line.len() { short + "…" } else { short }
}

/// `text` with `secrets`, and every run of 32 or more hexadecimal digits with a letter among them, masked. (A session is
/// 32 hexadecimal digits; keys and protocols, all digits, stay readable.)
#[must_use]
pub fn mask(text: &str, secrets: &[&Secret]) -> String {
    mask_sessions(&hide(text, secrets))
}

/// `text` with `secrets` masked, and nothing else: for what must stay as it is, such as an address.
#[must_use]
pub fn hide(text: &str, secrets: &[&Secret]) -> String {
    let mut masked = text.to_owned();
    for secret in secrets.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty()) {
        for spelling in spellings(secret) {
            masked = masked.replace(&spelling, MASK);
        }
    }
    masked
}

/// `secret` as it may come back: as it is, in JSON as Rust and as PHP write it, in a form, in HTML.
fn spellings(secret: &str) -> [String; 5] {
    let json = serde_json::Value::from(secret).to_string();
    let json = &json[1..json.len() - 1];
    let mut form = Url::parse("form:").expect("a constant");
    form.query_pairs_mut().append_key_only(secret);
    let html = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#039;")];
    let html = html.iter().fold(secret.to_owned(), |text, (plain, entity)| text.replace(plain, entity));
    [secret.to_owned(), json.to_owned(), as_php_writes(json), form.query().unwrap_or_default().to_owned(), html]
}

/// JSON in ASCII, with `/` escaped, as PHP's `json_encode` makes it.
fn as_php_writes(json: &str) -> String {
    let units = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
    let escape = |c: char| match c {
        '/' => "\\/".to_owned(),
        c if c.is_ascii() => c.to_string(),
        c => units(c),
    };
    json.chars().map(escape).collect()
}

fn without_tags(page: &str) -> String {
    page.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<Vec<_>>().join(" ")
}

fn mask_sessions(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        let (hex, after) = rest.split_at(run);
        let session = hex.len() >= 32 && !hex.bytes().all(|byte| byte.is_ascii_digit());
        masked.push_str(if session { MASK } else { hex });
        let plain = after.find(|c: char| c.is_ascii_hexdigit()).unwrap_or(after.len());
        masked.push_str(&after[..plain]);
        rest = &after[plain..];
    }
    masked
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{excerpt, mask};
    use crate::contract::Secret;

    #[test]
    fn secrets_and_sessions_are_masked_and_keys_are_not() {
        let password = Secret::from("s3nha".to_owned());
        let text =
            "pass=s3nha; portal[ses]=0123456789abcdef0123456789abcdef; 35220528779662000120579990000004681178902280";
        assert_eq!(mask(text, &[&password]), "pass=***; portal[ses]=***; 35220528779662000120579990000004681178902280");
    }

    #[test]
    fn secrets_are_masked_however_they_are_written() {
        let password = Secret::from("a\"b/ç&<é".to_owned());
        for text in [
            r#"a"b/ç&<é"#,
            r#"a\"b/ç&<é"#,
            r#"a\"b\/\u00e7&<\u00e9"#,
            "a%22b%2F%C3%A7%26%3C%C3%A9",
            "a&quot;b/ç&amp;&lt;é",
        ] {
            assert_eq!(mask(&format!("pass={text}."), &[&password]), "pass=***.");
        }
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        let page = format!("<html>\r\n  <h1>Erro</h1>\t{}", "x".repeat(500));
        let short = excerpt(&page, &[]);
        assert!(short.starts_with("Erro xxx") && short.ends_with('…'), "{short}");
        assert_eq!(short.chars().count(), 301);
        assert_eq!(excerpt("{\"a\": \"<b>\"}", &[]), "{\"a\": \"<b>\"}");
    }

    #[test]
    fn a_secret_that_comes_about_by_shortening_is_masked() {
        let secret = Secret::from("minha s3nha".to_owned());
        for text in ["minha\r\n s3nha", "minha\u{7} s3nha", "<p>minha<br>s3nha</p>", "minha s3nha"] {
            assert_eq!(excerpt(text, &[&secret]), "***", "{text:?}");
        }
        let secret = Secret::from("s3nha".to_owned());
        assert_eq!(excerpt("s3n\u{11}ha", &[&secret]), "s3n ha", "parts stay apart");
    }

    proptest! {
        #[test]
        fn no_secret_survives(before in ".*", secret in "[a-zA-Z0-9]{5,40}", control in "[\\x00-\\x1F]?", after in ".*") {
            let hidden = Secret::from(secret.clone());
            let (one, other) = secret.split_at(3);
            let text = format!("{before}{one}{control}{other}{after}");
            prop_assert!(!excerpt(&text, &[&hidden]).contains(&secret));
        }
    }
}
