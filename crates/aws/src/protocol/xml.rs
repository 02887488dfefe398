//! XML as a tree, read and written. Of entities there are the five of XML itself and those that give a character's
//! number; a document type is not looked at.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{DEPTH_MAX, DecodeError};

/// How deep elements may be nested: every level of a value is two, with lists' and maps' items around it.
const NESTED_MAX: usize = 2 * DEPTH_MAX;

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Without namespace.
    pub(super) name: String,
    /// The names as they stand: `xsi:type`.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    /// All text between the children.
    pub(super) text: String,
}

impl Element {
    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children_called(name).next()
    }

    /// All children of that name.
    pub(super) fn children_called<'e>(&'e self, name: &str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The attribute of that name, whatever the prefixes: these are the writer's choice.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| local(key) == local(name));
        found.map(|(_, value)| value.as_str())
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The root of a document.
pub(super) fn parse(body: &[u8]) -> Result<Element, DecodeError> {
    let text = std::str::from_utf8(body).map_err(|_| DecodeError::new("not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| DecodeError::new(format!("not XML: {error}")))?;
        let closed = match event {
            Event::Start(start) if open.len() == NESTED_MAX => {
                let name = String::from_utf8_lossy(start.name().as_ref()).into_owned();
                return Err(DecodeError::new(format!("{name} is nested more than {NESTED_MAX} elements deep")));
            }
            Event::Start(start) => {
                open.push(element(&start)?);
                continue;
            }
            Event::Empty(start) => element(&start)?,
            Event::End(_) => match open.pop() {
                Some(element) => element,
                None => return Err(DecodeError::new("not XML: an end without a start")),
            },
            Event::Eof => return Err(DecodeError::new("not XML: it ends early")),
            other => {
                add_text(open.last_mut(), other)?;
                continue;
            }
        };
        match open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => return Ok(closed),
        }
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, DecodeError> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| DecodeError::new(format!("not XML: {error}")))?;
        let value = attribute.unescape_value().map_err(|error| DecodeError::new(format!("not XML: {error}")))?;
        attributes.push((utf8(attribute.key.as_ref())?.to_owned(), value.into_owned()));
    }
    let name = utf8(start.local_name().as_ref())?.to_owned();
    Ok(Element { name, attributes, ..Element::default() })
}

/// Text, and what else stands between elements. Outside of the root nothing counts.
fn add_text(element: Option<&mut Element>, event: Event<'_>) -> Result<(), DecodeError> {
    let Some(element) = element else { return Ok(()) };
    match event {
        Event::Text(text) => {
            element.text.push_str(&text.xml_content().map_err(|error| DecodeError::new(error.to_string()))?);
        }
        Event::CData(text) => element.text.push_str(utf8(&text)?),
        Event::GeneralRef(reference) => add_reference(&mut element.text, &reference)?,
        _ => {}
    }
    Ok(())
}

fn add_reference(text: &mut String, reference: &BytesRef<'_>) -> Result<(), DecodeError> {
    let number = reference.resolve_char_ref().map_err(|error| DecodeError::new(format!("not XML: {error}")))?;
    if let Some(char) = number {
        text.push(char);
        return Ok(());
    }
    let name = utf8(reference)?;
    let resolved = resolve_xml_entity(name);
    text.push_str(resolved.ok_or_else(|| DecodeError::new(format!("not XML: the entity {name:?} is unknown")))?);
    Ok(())
}

fn utf8(bytes: &[u8]) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError::new("not UTF-8"))
}

/// Appends text. What a parser would change, line ends and control characters, goes by number.
pub(super) fn escape(out: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\u{0}'..='\u{8}' | '\n'..='\u{1f}' | '\u{85}' | '\u{2028}' => {
                out.push_str(&format!("&#x{:X};", u32::from(char)));
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_tree() {
        let text = "<?xml version=\"1.0\"?><!-- c --><a:r xmlns:a=\"u\" a:k=\"1 &amp; 2\">x<b/>&lt;&#65;&#x42;\
                    <![CDATA[<raw>]]><b>  y </b></a:r>trailing";
        let root = parse(text.as_bytes()).unwrap();
        assert_eq!(root.name, "r");
        assert_eq!(root.text, "x<AB<raw>");
        assert_eq!(root.attribute("a:k"), Some("1 & 2"));
        assert_eq!(root.attribute("k"), Some("1 & 2"));
        assert_eq!(root.attribute("b:k"), Some("1 & 2"));
        assert_eq!(root.attribute("b"), None);
        assert_eq!(root.children_called("b").map(|child| child.text.as_str()).collect::<Vec<_>>(), ["", "  y "]);
    }

    #[test]
    fn what_is_not_xml_is_refused() {
        let deep = "<a>".repeat(100_000);
        let cases = [
            "",
            "text",
            "<a>",
            "<a></b>",
            "</a>",
            "<a>&unknown;</a>",
            "<a>&#xD800;</a>",
            "<a b='&x;'/>",
            deep.as_str(),
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
        ];
        for text in cases {
            assert!(parse(text.as_bytes()).is_err(), "{}", &text[..text.len().min(40)]);
        }
        assert!(parse(b"<a>\xff</a>").is_err());
    }

    #[test]
    fn text_survives_writing_and_reading() {
        let text = "<&>\"' \r\n\t\u{85}\u{2028}☃";
        let mut out = String::from("<a>");
        escape(&mut out, text);
        out.push_str("</a>");
        assert_eq!(parse(out.as_bytes()).unwrap().text, text);
    }
}
