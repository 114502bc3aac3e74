//! XML as a tree: the answers of the service, in which a text may hold XML of its own, with several roots.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use crate::document::MOST_LEVELS;

/// So many elements an answer may have: a lot of 200 documents has some thousands.
const MOST_ELEMENTS: usize = 200_000;

/// An element: its name without prefix, its text (of CDATA and references too) and its children. Attributes are left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Without prefix.
    pub name: String,
    /// All its own text, line ends as XML has them.
    pub text: String,
    /// In their order.
    pub children: Vec<Element>,
}

impl Element {
    /// The elements in `xml`, which may have several roots or none. `Err` says what is wrong.
    pub fn read_all(xml: &str) -> Result<Vec<Self>, String> {
        let mut reader = Reader::from_str(xml.trim_start_matches('\u{FEFF}'));
        let mut open = vec![Self::default()];
        let mut count = 0;
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            if matches!(event, Event::Start(_) | Event::Empty(_)) {
                count += 1;
            }
            if count > MOST_ELEMENTS || open.len() > MOST_LEVELS {
                return Err("too many elements, or nested too deeply".to_owned());
            }
            match event {
                Event::Eof => break,
                Event::Start(element) => open.push(Self::named(&element)),
                Event::Empty(element) => innermost(&mut open).children.push(Self::named(&element)),
                Event::End(_) => {
                    let ended = open.pop().ok_or("an end without a beginning")?;
                    innermost(&mut open).children.push(ended);
                }
                Event::Text(text) => innermost(&mut open).text.push_str(&text.xml10_content()),
                Event::CData(text) => innermost(&mut open).text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                    Ok(Some(character)) => innermost(&mut open).text.push(character),
                    _ => {
                        let text = resolve_predefined_entity(&reference).ok_or("an unknown entity")?;
                        innermost(&mut open).text.push_str(text);
                    }
                },
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return Err("a document type".to_owned()),
            }
        }
        match (open.pop(), open.len()) {
            (Some(outermost), 0) if outermost.text.trim().is_empty() => Ok(outermost.children),
            (_, 0) => Err("text outside of elements".to_owned()),
            _ => Err("it ends before its elements do".to_owned()),
        }
    }

    fn named(element: &BytesStart<'_>) -> Self {
        Self { name: element.local_name().as_ref().to_owned(), ..Self::default() }
    }

    /// The first element of this name, itself or within, in the order of the text.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name { Some(self) } else { self.children.iter().find_map(|child| child.find(name)) }
    }

    /// The children of this name.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Self> + use<'a, 'n> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name without white space around it; empty if there is none.
    #[must_use]
    pub fn child_text(&self, name: &str) -> &str {
        self.children.iter().find(|child| child.name == name).map_or("", |child| child.text.trim())
    }
}

/// The stack holds one more than the open elements: what holds the roots.
fn innermost(open: &mut Vec<Element>) -> &mut Element {
    if open.is_empty() {
        open.push(Element::default());
    }
    let last = open.len() - 1;
    &mut open[last]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Element;

    #[test]
    fn several_roots_cdata_and_references() {
        let roots = Element::read_all(
            "\u{FEFF}<?xml version=\"1.0\"?><n:a x='1'>1&lt;<![CDATA[<b>&]]>&#231;&#xE7;\r\n</n:a>\n<c><d> 2 </d><d/></c>",
        )
        .unwrap();
        assert_eq!(roots.len(), 2);
        assert_eq!((roots[0].name.as_str(), roots[0].text.as_str()), ("a", "1<<b>&çç\n"));
        assert_eq!((roots[1].child_text("d"), roots[1].all("d").count(), roots[1].child_text("e")), ("2", 2, ""));
    }

    #[test]
    fn what_is_no_xml_is_told() {
        for xml in ["x", "<a>", "<a></b>", "</a>", "<a>&x;</a>", "<!DOCTYPE a><a/>", "<a", &"<a>".repeat(200)] {
            assert!(Element::read_all(xml).is_err(), "{xml}");
        }
        assert!(Element::read_all("").unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(text in "[<>/a-z&;=\"! ]{0,80}", any in ".*") {
            let _ = (Element::read_all(&text), Element::read_all(&any));
        }
    }
}
