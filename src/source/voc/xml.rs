//! An annotation file of Pascal VOC. Expands no entity but those of XML itself.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};

/// Bytes of an annotation that is parsed: an object takes about 300 bytes, so
/// that this is an image of 50,000 objects.
const MAX_BYTES: usize = 16 << 20;

/// Elements in elements; VOC has four, and six where persons have parts.
const MAX_DEPTH: usize = 32;

/// Bytes of the text of an element that is kept: names and numbers are short.
const MAX_TEXT: usize = 4096;

/// What an annotation says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Annotation {
    /// The image's name, as the tool that wrote it knew it.
    pub(super) filename: String,
    pub(super) objects: Vec<RawObject>,
}

/// An object as written.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RawObject {
    pub(super) line: u64,
    pub(super) name: String,
    /// `xmin`, `ymin`, `xmax`, `ymax`; `None` where one is missing or no number.
    pub(super) edges: [Option<f32>; 4],
    /// Centre, width, height and angle in radians of a rotated box (roLabelImg,
    /// `robndbox`).
    pub(super) rotated: [Option<f32>; 5],
    pub(super) has_box: bool,
    pub(super) difficult: bool,
}

/// Whether a file begins like an annotation.
pub(super) fn begins(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let is_xml = head.trim_ascii_start().starts_with(b"<");
    is_xml && memchr::memmem::find(head, b"<annotation").is_some()
}

/// Reads an annotation.
///
/// # Errors
/// What is wrong with it, with its line.
pub(super) fn parse(bytes: &[u8]) -> Result<Annotation, String> {
    if bytes.len() > MAX_BYTES {
        return Err(format!(
            "{} bytes: annotations above {MAX_BYTES} bytes are not read",
            bytes.len()
        ));
    }
    let text = decoded(bytes)?;
    let mut reader = Reader::from_str(&text);
    let mut reading = Reading::default();
    // The line of the events so far, counted as the reader goes on.
    let (mut line, mut counted) = (1, 0);
    loop {
        let event = reader.read_event();
        let position = (reader.buffer_position() as usize).min(text.len());
        let passed = text.as_bytes().get(counted..position).unwrap_or_default();
        line += passed.iter().filter(|&&byte| byte == b'\n').count() as u64;
        counted = position.max(counted);
        let at = |why: String| format!("line {line}: {why}");
        match event.map_err(|error| at(error.to_string()))? {
            Event::Start(start) => reading.open(start.name().as_ref(), line).map_err(at)?,
            Event::Empty(start) => {
                reading.open(start.name().as_ref(), line).map_err(at)?;
                reading.close();
            }
            Event::End(_) => reading.close(),
            Event::Text(words) => reading.push(&words.decode().map_err(|e| at(e.to_string()))?),
            Event::CData(words) => reading.push(&words.decode().map_err(|e| at(e.to_string()))?),
            Event::GeneralRef(entity) => reading.push(&resolved(&entity).map_err(at)?),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    match (reading.path.is_empty(), reading.is_annotation) {
        (true, true) => Ok(reading.annotation),
        (false, _) => Err(format!("line {line}: the file ends inside an element")),
        (true, false) => Err("no element `annotation`".to_owned()),
    }
}

/// The text of an annotation in the encoding that its first line names.
fn decoded(bytes: &[u8]) -> Result<String, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let first = bytes.split(|&byte| byte == b'>').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first).to_lowercase();
    if first.contains("iso-8859-1") || first.contains("windows-1252") || first.contains("latin1") {
        return Ok(crate::spreadsheet::windows_1252(bytes));
    }
    Err("neither UTF-8 nor ISO-8859-1 by its first line".to_owned())
}

/// What `&name;` stands for. A document's own entities may be anything, and
/// nothing that annotates images needs them.
fn resolved(entity: &BytesRef<'_>) -> Result<String, String> {
    let character = entity
        .resolve_char_ref()
        .map_err(|error| error.to_string())?;
    if let Some(character) = character {
        return Ok(character.to_string());
    }
    let name = entity.decode().map_err(|error| error.to_string())?;
    match &*name {
        "amp" => Ok("&".to_owned()),
        "lt" => Ok("<".to_owned()),
        "gt" => Ok(">".to_owned()),
        "apos" => Ok("'".to_owned()),
        "quot" => Ok("\"".to_owned()),
        _ => Err(format!("the entity `&{name};` is unknown")),
    }
}

#[derive(Default)]
struct Reading {
    annotation: Annotation,
    is_annotation: bool,
    /// Names of the open elements.
    path: Vec<Vec<u8>>,
    /// Of the innermost element that was opened.
    text: String,
}

impl Reading {
    fn open(&mut self, name: &[u8], line: u64) -> Result<(), String> {
        if self.path.len() >= MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} elements in each other"));
        }
        self.path.push(name.to_vec());
        self.text.clear();
        match self.names()[..] {
            [b"annotation"] => self.is_annotation = true,
            [b"annotation", b"object"] => self.annotation.objects.push(RawObject {
                line,
                ..RawObject::default()
            }),
            [b"annotation", b"object", b"bndbox" | b"robndbox"] => {
                if let Some(object) = self.annotation.objects.last_mut() {
                    object.has_box = true;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, words: &str) {
        let room = MAX_TEXT.saturating_sub(self.text.len());
        self.text.extend(words.chars().take(room));
    }

    fn close(&mut self) {
        let text = self.text.trim();
        let number = || text.parse::<f32>().ok().filter(|number| number.is_finite());
        let path = self.path.iter().map(Vec::as_slice).collect::<Vec<_>>();
        let object = self.annotation.objects.last_mut();
        match (&path[..], object) {
            ([b"annotation", b"filename"], _) => text.clone_into(&mut self.annotation.filename),
            ([b"annotation", b"object", b"name"], Some(object)) => {
                text.clone_into(&mut object.name);
            }
            ([b"annotation", b"object", b"difficult"], Some(object)) => {
                object.difficult = !matches!(text, "0" | "" | "false" | "False");
            }
            ([b"annotation", b"object", b"bndbox", edge], Some(object)) => {
                let edges: [&[u8]; 4] = [b"xmin", b"ymin", b"xmax", b"ymax"];
                if let Some(place) = edges.iter().position(|name| name == edge) {
                    object.edges[place] = number();
                }
            }
            ([b"annotation", b"object", b"robndbox", part], Some(object)) => {
                let parts: [&[u8]; 5] = [b"cx", b"cy", b"w", b"h", b"angle"];
                if let Some(place) = parts.iter().position(|name| name == part) {
                    object.rotated[place] = number();
                }
            }
            _ => {}
        }
        self.path.pop();
        self.text.clear();
    }

    fn names(&self) -> Vec<&[u8]> {
        self.path.iter().map(Vec::as_slice).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "<?xml version='1.0'?>\n<annotation>\n <filename>1.jpg</filename>\n \
        <size><width>50</width><height>40</height><depth>3</depth></size>\n <object>\n  \
        <name>cat &amp; dog</name><difficult>1</difficult>\n  <bndbox><xmin>1</xmin>\
        <ymin>2.5</ymin><xmax>30</xmax><ymax>20</ymax></bndbox>\n  <part><name>head</name>\
        <bndbox><xmin>9</xmin></bndbox></part>\n </object>\n <object><name/></object>\n\
        </annotation>\n";

    #[test]
    fn objects_are_read_and_their_parts_are_not() {
        let read = parse(FILE.as_bytes()).expect("an annotation");
        assert_eq!(read.filename, "1.jpg");
        assert_eq!(
            read.objects,
            [
                RawObject {
                    line: 5,
                    name: "cat & dog".into(),
                    edges: [Some(1.0), Some(2.5), Some(30.0), Some(20.0)],
                    rotated: [None; 5],
                    has_box: true,
                    difficult: true,
                },
                RawObject {
                    line: 10,
                    ..RawObject::default()
                }
            ]
        );
        assert!(begins(FILE.as_bytes()) && !begins(b"{\"a\": \"<annotation>\"}"));
    }

    #[test]
    fn damage_is_told_and_entities_expand_to_nothing() {
        let deep = format!("<annotation>{}", "<a>".repeat(100_000));
        let bomb = "<!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n\
                    <annotation><filename>&b;</filename></annotation>";
        for (text, part) in [
            (bomb, "line 2: the entity `&b;` is unknown"),
            (deep.as_str(), "more than 32 elements"),
            ("<annotation>\n<object></annotation>", "line 2"),
            ("<annotation><object>", "ends inside"),
            ("<html></html>", "no element `annotation`"),
            ("", "no element"),
        ] {
            let why = parse(text.as_bytes()).expect_err("damaged");
            assert!(why.contains(part), "{part} in {why}");
        }
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><annotation><filename>\xe4</filename></annotation>";
        assert_eq!(parse(latin).expect("Latin 1").filename, "ä");
        assert!(parse(&latin[44..]).is_err());
    }

    #[test]
    fn every_prefix_is_read_or_refused() {
        for end in 0..FILE.trim_end().len() {
            assert!(parse(&FILE.as_bytes()[..end]).is_err(), "{end}");
        }
    }
}
