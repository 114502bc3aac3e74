//! An XML that comes inside the SOAP envelope, or a part of it: what InvoiCy calls the document is in `inv:Documento`.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::xml::malformed;
use crate::contract::{Code, ErrorEntry};

/// The elements around a document, from the outermost (facts, "Transport").
const AROUND: [&str; 8] =
    ["Envelope", "Body", "recepcao.Execute", "Invoicyrecepcao", "Cabecalho", "Dados", "DadosItem", DOCUMENT];
const DOCUMENT: &str = "Documento";

/// What is in the one `Documento` of `xml`, unescaped; `None` if `xml` is no part of the envelope. 1006 unless there is
/// exactly one.
pub fn content(xml: &str) -> Result<Option<Cow<'_, str>>, ErrorEntry> {
    let mut reader = Reader::from_str(xml);
    let mut found = None;
    let mut outermost = true;
    loop {
        let event = reader.read_event().map_err(|error| malformed(error.to_string()))?;
        let (Event::Start(element) | Event::Empty(element)) = &event else {
            match event {
                Event::Eof => break,
                _ => continue,
            }
        };
        let name = element.local_name();
        if outermost && !AROUND.contains(&name.as_ref()) {
            return Ok(None);
        }
        outermost = false;
        if name.as_ref() == DOCUMENT && matches!(event, Event::Start(_)) {
            let span = reader.read_to_end(element.name()).map_err(|error| malformed(error.to_string()))?;
            let place = |end: u64| usize::try_from(end).unwrap_or(xml.len());
            if found.replace(&xml[place(span.start)..place(span.end)]).is_some() {
                return Err(not_one("has several Documento"));
            }
        }
    }
    found.map(unescaped).transpose()?.map_or_else(|| Err(not_one("has no Documento")), |inside| Ok(Some(inside)))
}

/// The XML, which stands there escaped, in a CDATA section, or (which the service does not take) as it is.
fn unescaped(inside: &str) -> Result<Cow<'_, str>, ErrorEntry> {
    let inside = inside.trim();
    if let Some(text) = inside.strip_prefix("<![CDATA[").and_then(|rest| rest.strip_suffix("]]>")) {
        return Ok(Cow::Borrowed(text));
    }
    if inside.starts_with('<') {
        return Ok(Cow::Borrowed(inside));
    }
    quick_xml::escape::unescape(inside).map_err(|error| malformed(error.to_string()))
}

fn not_one(detail: &str) -> ErrorEntry {
    ErrorEntry::new(Code::BadField)
        .msg("O XML é do envelope SOAP e não tem exatamente um inv:Documento. Informe só o XML do documento.")
        .detail(detail)
}

#[cfg(test)]
mod tests {
    use super::super::xml::{Linear, Notice};

    #[test]
    fn the_document_is_taken_out_of_the_envelope() {
        let around = |inside: &str| {
            format!(
                "<soapenv:Envelope xmlns:inv='InvoiCy'><soapenv:Body><inv:recepcao.Execute><inv:Invoicyrecepcao>\
                 <inv:Dados><inv:DadosItem><inv:Documento>{inside}</inv:Documento><inv:Parametros/></inv:DadosItem>\
                 </inv:Dados></inv:Invoicyrecepcao></inv:recepcao.Execute></soapenv:Body></soapenv:Envelope>"
            )
        };
        for inside in
            ["&lt;Envio&gt; &lt;a/&gt;&lt;/Envio&gt;", "<![CDATA[<Envio> <a/></Envio>]]>", "<Envio> <a/></Envio>"]
        {
            for xml in [around(inside), format!("<inv:Documento xmlns:inv='InvoiCy'>{inside}</inv:Documento>")] {
                let linear = Linear::read(&xml).unwrap();
                assert_eq!(
                    (linear.text.as_str(), linear.notices),
                    ("<Envio><a/></Envio>", vec![Notice::Wrapped]),
                    "{xml}"
                );
            }
        }
    }

    #[test]
    fn none_or_several_are_refused() {
        for xml in [
            "<Dados/>",
            "<Documento/>",
            "<Dados><DadosItem><Documento>&lt;a/&gt;</Documento></DadosItem><DadosItem><Documento>&lt;a/&gt;</Documento></DadosItem></Dados>",
        ] {
            assert_eq!(Linear::read(xml).unwrap_err().code(), 1006, "{xml}");
        }
        let twice = "<Documento>&lt;Documento&gt;&amp;lt;a/&amp;gt;&lt;/Documento&gt;</Documento>";
        assert_eq!(Linear::read(twice).unwrap_err().code(), 2006);
    }
}
