//! An XML as it is keyed and sent: well-formed, one root, without declaration, linearised (seed, step 2).
//!
//! Linearising takes away white space between two tags and nothing else: text, CDATA, comments and attributes stay byte for
//! byte. What a person should know of it is told in notices; none of them stops the document.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::wrapper;
use crate::contract::{Code, ErrorEntry};
use crate::document::{MOST_ATTRIBUTES, MOST_LEVELS, forbidden_character, is_known, place};

/// What was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It began with a byte order mark.
    Bom,
    /// It had an XML declaration.
    Declaration,
    /// The declaration names another encoding than UTF-8.
    OtherEncoding,
    /// It came inside the SOAP envelope or a part of it.
    Wrapped,
    /// The whole of it was escaped.
    Escaped,
    /// Some of its text seems to be escaped twice.
    EscapedTwice,
    /// White space that was all the text of an element, or part of a text with elements in it, was taken away.
    TextChanged,
    /// White space between `>` and `<` that is text (CDATA, a comment) and so was kept.
    TextKept,
}

impl Notice {
    /// For the user (Portuguese).
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Bom => "O XML começava com uma marca de ordem de bytes (BOM), que foi retirada: ela não entra na CK.",
            Self::Declaration => {
                "O XML tinha a declaração <?xml …?>, que foi retirada: ela não entra na CK nem vai no envio."
            }
            Self::OtherEncoding => {
                "O XML declara outra codificação que não UTF-8. O texto foi convertido: a CK é calculada em UTF-8."
            }
            Self::Wrapped => {
                "O XML veio dentro do envelope SOAP (inv:…). Só o conteúdo de inv:Documento entra na CK e foi usado."
            }
            Self::Escaped => {
                "O XML veio escapado (&lt;…&gt;) e foi desfeito uma vez: a CK é calculada antes de escapar."
            }
            Self::EscapedTwice => {
                "Há texto que parece escapado duas vezes (como &amp;amp; ou &amp;#231;). Ele não foi alterado: confira."
            }
            Self::TextChanged => {
                "Um elemento só com espaços ficou vazio ao linearizar. Se os espaços importam, escreva-os como &#32;."
            }
            Self::TextKept => {
                "Há espaços entre > e < dentro de um texto (CDATA ou comentário), que foram mantidos: quem linearizar por \
                 busca e troca chega a outra CK."
            }
        }
    }
}

/// A linearised XML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linear {
    /// The text that is hashed and sent.
    pub text: String,
    /// What was noticed on the way, each once.
    pub notices: Vec<Notice>,
}

impl Linear {
    /// Reads `xml`. 2003 if there is nothing, 2006 if it is not well-formed or has several roots.
    pub fn read(xml: &str) -> Result<Self, ErrorEntry> {
        let mut notices = Vec::new();
        let text = Self::bare(xml, &mut notices)?;
        let text = match wrapper::content(&text)? {
            None => text,
            Some(inside) => {
                notices.push(Notice::Wrapped);
                let text = Self::bare(&inside, &mut notices)?;
                if wrapper::content(&text)?.is_some() {
                    return Err(malformed("an envelope within an envelope"));
                }
                text
            }
        };
        if has_blank_between_tags(&text) {
            notices.push(Notice::TextKept);
        }
        if is_escaped_twice(&text) {
            notices.push(Notice::EscapedTwice);
        }
        notices.dedup();
        Ok(Self { text, notices })
    }

    /// The notices, for the user.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.notices.iter().map(|notice| notice.text().to_owned()).collect()
    }

    /// Without byte order mark, declaration, escapes around it, and white space between tags.
    fn bare(xml: &str, notices: &mut Vec<Notice>) -> Result<String, ErrorEntry> {
        let text = xml.trim_start_matches(|c| c == BOM || BLANKS.contains(&c)).trim_end_matches(BLANKS);
        if xml.trim_start_matches(BLANKS).starts_with(BOM) {
            notices.push(Notice::Bom);
        }
        if text.is_empty() {
            return Err(ErrorEntry::new(Code::FileEmpty).msg("O XML está vazio. Gere o documento novamente e repita."));
        }
        if text.starts_with("&lt;") {
            notices.push(Notice::Escaped);
            let text = quick_xml::escape::unescape(text).map_err(|error| malformed(error.to_string()))?;
            return linearise(text.trim_matches(BLANKS), notices);
        }
        linearise(text, notices)
    }
}

/// The byte order mark. (None may be left in front: the parser would take it away, and not count it where it says where it is.)
const BOM: char = '\u{FEFF}';

/// White space in XML.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// 2006 with what is wrong.
pub(super) fn malformed(detail: impl Into<String>) -> ErrorEntry {
    ErrorEntry::new(Code::XmlMalformed).detail(detail)
}

fn is_blank(text: &str) -> bool {
    text.chars().all(|c| BLANKS.contains(&c))
}

/// Whether a search for white space between `>` and `<` would still find some.
fn has_blank_between_tags(xml: &str) -> bool {
    xml.split('>').skip(1).any(|part| part.find('<').is_some_and(|end| end > 0 && is_blank(&part[..end])))
}

/// Whether there is a `&amp;` that looks as if it had begun an escape itself.
fn is_escaped_twice(xml: &str) -> bool {
    const ESCAPES: [&str; 6] = ["amp;", "lt;", "gt;", "quot;", "apos;", "#"];
    xml.split("&amp;").skip(1).any(|rest| ESCAPES.iter().any(|escape| rest.starts_with(escape)))
}

/// What stands beside white space.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    /// A start tag.
    Start,
    /// An end tag.
    End,
    /// A comment, a processing instruction, an element without content.
    Other,
    /// Text.
    Text,
}

/// The XML being written.
struct Linearising<'x> {
    out: String,
    /// For each open element, whether it has text.
    open: Vec<bool>,
    roots: usize,
    before: Beside,
    /// White space that stays or goes by what comes after it.
    blank: Option<&'x str>,
    text_changed: bool,
}

/// Reads all of `xml` and writes it without the white space between tags.
fn linearise(xml: &str, notices: &mut Vec<Notice>) -> Result<String, ErrorEntry> {
    if let Some(character) = forbidden_character(xml) {
        return Err(malformed(format!("character U+{:04X}, which no XML may have", u32::from(character))));
    }
    let mut reader = Reader::from_str(xml);
    reader.config_mut().enable_all_checks(true);
    let mut linear = Linearising {
        out: String::with_capacity(xml.len()),
        open: Vec::new(),
        roots: 0,
        before: Beside::Other,
        blank: None,
        text_changed: false,
    };
    let mut start = 0;
    loop {
        let event = reader.read_event().map_err(|error| malformed(error.to_string()))?;
        let end = place(&reader, xml);
        let raw = &xml[start..end];
        start = end;
        match event {
            Event::Eof => break,
            Event::Decl(declaration) if linear.is_untouched() => {
                notices.push(Notice::Declaration);
                let encoding = declaration.encoding().and_then(Result::ok);
                if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("utf-8")) {
                    notices.push(Notice::OtherEncoding);
                }
            }
            event => linear.take(&event, raw)?,
        }
    }
    if linear.text_changed {
        notices.push(Notice::TextChanged);
    }
    linear.done()
}

impl<'x> Linearising<'x> {
    fn is_untouched(&self) -> bool {
        self.out.is_empty()
    }

    fn take(&mut self, event: &Event<'_>, raw: &'x str) -> Result<(), ErrorEntry> {
        match event {
            Event::Start(element) => {
                self.element(element)?;
                self.put(Beside::Start, raw);
                self.open.push(false);
                if self.open.len() > MOST_LEVELS {
                    return Err(malformed(format!("nested more than {MOST_LEVELS} levels deep")));
                }
            }
            Event::Empty(element) => {
                self.element(element)?;
                self.put(Beside::Other, raw);
            }
            Event::End(_) => {
                self.put(Beside::End, raw);
                self.open.pop();
            }
            Event::Comment(_) | Event::PI(_) => self.put(Beside::Other, raw),
            Event::Text(_) if is_blank(raw) => self.blank = Some(raw),
            Event::Text(_) | Event::CData(_) if !self.open.is_empty() => self.put(Beside::Text, raw),
            Event::GeneralRef(reference) if is_known(reference) && !self.open.is_empty() => {
                self.put(Beside::Text, raw);
            }
            // Entities of one's own would be an attack: they are never read.
            Event::DocType(_) => return Err(malformed("document type (DTD) is not accepted")),
            _ => return Err(malformed("unknown entity, or content where none may be")),
        }
        Ok(())
    }

    /// Checks an element's attributes, and that it is no second root.
    fn element(&mut self, element: &BytesStart<'_>) -> Result<(), ErrorEntry> {
        for (count, attribute) in element.attributes().enumerate() {
            if count == MOST_ATTRIBUTES {
                return Err(malformed(format!("an element with more than {MOST_ATTRIBUTES} attributes")));
            }
            let attribute = attribute.map_err(|error| malformed(error.to_string()))?;
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| malformed(error.to_string()))?;
        }
        if self.open.is_empty() {
            self.roots += 1;
        }
        if self.roots > 1 {
            return Err(malformed("more than one root element")
                .msg("O XML tem mais de um elemento raiz. Separe os documentos e informe cada um por si."));
        }
        Ok(())
    }

    fn put(&mut self, what: Beside, raw: &str) {
        self.settle(what);
        self.out.push_str(raw);
        self.before = what;
        if what == Beside::Text
            && let Some(has_text) = self.open.last_mut()
        {
            *has_text = true;
        }
    }

    /// Keeps the white space before `after` if it is part of a text.
    fn settle(&mut self, after: Beside) {
        let Some(blank) = self.blank.take() else { return };
        if self.before == Beside::Text || after == Beside::Text {
            self.out.push_str(blank);
        } else {
            let whole_text = self.before == Beside::Start && after == Beside::End;
            self.text_changed |= whole_text || self.open.last() == Some(&true);
        }
    }

    fn done(self) -> Result<String, ErrorEntry> {
        if self.open.is_empty() && self.roots == 1 {
            Ok(self.out)
        } else {
            Err(malformed("it has no element, or ends before its elements do"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Linear, Notice};

    fn linear(xml: &str) -> String {
        Linear::read(xml).unwrap_or_else(|error| panic!("{xml}: {error:?}")).text
    }

    fn notices(xml: &str) -> Vec<Notice> {
        Linear::read(xml).unwrap().notices
    }

    fn code(xml: &str) -> i32 {
        Linear::read(xml).map_or_else(|error| error.code(), |_| 0)
    }

    #[test]
    fn white_space_between_tags_goes_and_text_stays() {
        for (xml, expected) in [
            ("<a>\r\n\t<b>x</b>\r\n</a>\r\n", "<a><b>x</b></a>"),
            ("<a> x </a>", "<a> x </a>"),
            ("<a>1\r\n\t2</a>", "<a>1\r\n\t2</a>"),
            ("<a>x <b/> y</a>", "<a>x <b/> y</a>"),
            ("<a> &amp; </a>", "<a> &amp; </a>"),
            ("<a> &#10; </a>", "<a> &#10; </a>"),
            ("<a b = 'c'  d=\"e\" />", "<a b = 'c'  d=\"e\" />"),
            ("<a> <!-- x --> <b/> </a>", "<a><!-- x --><b/></a>"),
            ("<a> <![CDATA[ x > < ]]> </a>", "<a> <![CDATA[ x > < ]]> </a>"),
            ("<a>&amp;amp;</a>", "<a>&amp;amp;</a>"),
            ("<a>😀ç]]&gt;</a>", "<a>😀ç]]&gt;</a>"),
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>", "<a/>"),
            ("\u{FEFF}<a/>", "<a/>"),
            ("\r\u{FEFF} \u{FEFF}<a>ç</a>", "<a>ç</a>"),
            ("&lt;a&gt;\n&lt;b&gt;&amp;amp;&lt;/b&gt;&lt;/a&gt;", "<a><b>&amp;</b></a>"),
        ] {
            assert_eq!(linear(xml), expected, "{xml}");
        }
    }

    #[test]
    fn what_was_noticed_is_told_once() {
        for (xml, expected) in [
            ("<a> <b>x</b> </a>", vec![]),
            ("\u{FEFF}<a/>", vec![Notice::Bom]),
            ("\r\n\u{FEFF}<a/>", vec![Notice::Bom]),
            ("<?xml version=\"1.0\"?><a/>", vec![Notice::Declaration]),
            ("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>", vec![Notice::Declaration, Notice::OtherEncoding]),
            ("&lt;a/&gt;", vec![Notice::Escaped]),
            ("<a>&amp;amp; &amp;#231;</a>", vec![Notice::EscapedTwice]),
            ("<a><b> </b><c> </c></a>", vec![Notice::TextChanged]),
            ("<a>x<b/> <c/></a>", vec![Notice::TextChanged]),
            ("<a><![CDATA[<b> <c>]]></a>", vec![Notice::TextKept]),
        ] {
            assert_eq!(notices(xml), expected, "{xml}");
        }
    }

    #[test]
    fn what_is_no_xml_is_refused() {
        for (xml, expected) in [
            ("", 2003),
            (" \r\n", 2003),
            ("\u{FEFF}", 2003),
            ("x", 2006),
            ("<a>", 2006),
            ("<a></b>", 2006),
            ("<a/><b/>", 2006),
            ("<a/>x", 2006),
            ("<a>&nada;</a>", 2006),
            ("<a>\0</a>", 2006),
            ("<a x=1/>", 2006),
            ("<a x='1' x='2'/>", 2006),
            ("<!DOCTYPE a><a/>", 2006),
            ("<a><?xml version='1.0'?></a>", 2006),
            ("<!-- x -->", 2006),
            ("&lt;a", 2006),
        ] {
            assert_eq!(code(xml), expected, "{xml:?}");
        }
        assert!(Linear::read("<a/><b/>").unwrap_err().text().contains("raiz"));
        assert_eq!(code(&format!("{}{}", "<a>".repeat(101), "</a>".repeat(101))), 2006);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[<>/a-z&;=\"! \\[\\]CDAT?-]{0,80}", any in ".*") {
            let _ = (Linear::read(&text), Linear::read(&any));
        }

        /// Whatever is linear stays as it is, and all but the white space is there.
        #[test]
        fn linear_is_linear(xml in super::super::samples::element()) {
            let once = linear(&xml);
            prop_assert_eq!(&linear(&once), &once);
            let without = |text: &str| text.chars().filter(|c| !" \t\r\n".contains(*c)).collect::<String>();
            prop_assert_eq!(without(&once), without(&xml));
        }
    }
}
