//! XML, read by hand: what the client has written must be understood by another reader than the client's own.

/// An element: its name without prefix, its text, its children. Attributes are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// The child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the child of this name, empty if there is none.
    pub(super) fn text_of(&self, name: &str) -> String {
        self.child(name).map(|child| child.text.clone()).unwrap_or_default()
    }

    /// The first element of this name, itself or within.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name { Some(self) } else { self.children.iter().find_map(|child| child.find(name)) }
    }
}

/// The roots of `xml`; `None` if it is not well-formed.
pub(super) fn parse(xml: &str) -> Option<Vec<Node>> {
    // XML 1.0, section 2.11. Line ends that are written as references are none.
    let xml = xml.replace("\r\n", "\n").replace('\r', "\n");
    let mut rest = xml.as_str();
    let mut open: Vec<(String, Node)> = vec![(String::new(), Node::default())];
    while !rest.is_empty() {
        rest = step(rest, &mut open)?;
    }
    match (open.pop(), open.is_empty()) {
        (Some((_, outermost)), true) if outermost.text.trim().is_empty() => Some(outermost.children),
        _ => None,
    }
}

/// Takes the next piece of `rest`; gives what is behind it.
fn step<'x>(rest: &'x str, open: &mut Vec<(String, Node)>) -> Option<&'x str> {
    if let Some(inside) = rest.strip_prefix("<?") {
        return Some(inside.split_once("?>")?.1);
    }
    if let Some(inside) = rest.strip_prefix("<!--") {
        return Some(inside.split_once("-->")?.1);
    }
    if let Some(inside) = rest.strip_prefix("<![CDATA[") {
        let (text, behind) = inside.split_once("]]>")?;
        open.last_mut()?.1.text.push_str(text);
        return Some(behind);
    }
    if let Some(inside) = rest.strip_prefix("</") {
        let (name, behind) = inside.split_once('>')?;
        let (opened, node) = open.pop()?;
        if opened != name.trim_end() {
            return None;
        }
        open.last_mut()?.1.children.push(node);
        return Some(behind);
    }
    if let Some(inside) = rest.strip_prefix('<') {
        let end = end_of_tag(inside)?;
        let (tag, behind) = (&inside[..end], &inside[end + 1..]);
        let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let name = tag.split_whitespace().next()?;
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return None;
        }
        let local = name.rsplit(':').next()?;
        let node = Node { name: local.to_owned(), ..Node::default() };
        if is_empty {
            open.last_mut()?.1.children.push(node);
        } else {
            open.push((name.to_owned(), node));
        }
        return Some(behind);
    }
    let end = rest.find('<').unwrap_or(rest.len());
    open.last_mut()?.1.text.push_str(&decoded(&rest[..end])?);
    Some(&rest[end..])
}

/// Where a tag ends: at the first `>` that is in no value of an attribute.
fn end_of_tag(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (place, character) in tag.char_indices() {
        match (quote, character) {
            (None, '>') => return Some(place),
            (None, '<') => return None,
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    None
}

/// Text with its references replaced; `None` if one is unknown.
fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut decoded = parts.next()?.to_owned();
    for part in parts {
        let (reference, behind) = part.split_once(';')?;
        let character = match reference {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = reference.strip_prefix('#')?;
                let number = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(number)?
            }
        };
        decoded.push(character);
        decoded.push_str(behind);
    }
    Some(decoded)
}

/// `text` as text of an XML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{escaped, parse};

    #[test]
    fn what_is_xml_is_read() {
        let roots = parse(
            "<?xml version='1.0'?><!-- x --><n:a b=\"1>2\">x&lt;&#231;&#xE7;&amp;amp;<![CDATA[<y>&]]>\r\n&#13;<c/><d >1</d ></n:a>\n<e/>",
        )
        .unwrap();
        assert_eq!((roots.len(), roots[0].name.as_str(), roots[1].name.as_str()), (2, "a", "e"));
        assert_eq!(roots[0].text, "x<çç&amp;<y>&\n\r");
        assert_eq!((roots[0].text_of("d").as_str(), roots[0].children.len()), ("1", 2));
        let text = "a & b < c > \"d\" &amp;";
        assert_eq!(parse(&format!("<a>{}</a>", escaped(text))).unwrap()[0].text, text);
    }

    #[test]
    fn what_is_none_is_not() {
        for xml in ["x", "<a>", "<a></b>", "</a>", "<a>&x;</a>", "<a>&amp</a>", "<a", "<1/>", "<a><b</a>"] {
            assert_eq!(parse(xml), None, "{xml}");
        }
    }
}
