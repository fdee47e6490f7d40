//! The few operations of Python's pickles that lists, texts, numbers and NumPy
//! arrays are stored by. Builds no other object and calls nothing: whatever else
//! a pickle asks for is refused.

mod machine;

use std::ops::Range;

use super::numbers::Numbers;
use machine::Machine;

/// A value, by its place.
pub(crate) type Id = usize;

/// What a pickle holds.
#[derive(Debug)]
pub(crate) struct Pickle {
    values: Vec<Value>,
    root: Id,
}

/// A value. Texts and bytes are places in the file.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    None,
    Int(i64),
    /// A float or what else is of no use here.
    Other,
    Text(Range<usize>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Global),
    Dtype(Range<usize>),
    Array(Option<Box<Array>>),
}

/// A function or class of Python that is known; none is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Global {
    Reconstruct,
    FromBuffer,
    Array,
    Dtype,
}

/// An array whose numbers lie in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(crate) numbers: Numbers,
    /// Of its bytes.
    pub(crate) length: usize,
}

impl Pickle {
    /// What `bytes` hold.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut machine = Machine::new(bytes);
        let root = machine.run()?;
        Ok(Self {
            values: machine.values,
            root,
        })
    }

    /// The value of the dictionary's key.
    pub(crate) fn get(&self, bytes: &[u8], key: &str) -> Option<Id> {
        let Value::Dict(entries) = self.values.get(self.root)? else {
            return None;
        };
        // As in Python, the last one counts.
        let is = |entry: &&(Id, Id)| self.text(bytes, entry.0).is_some_and(|text| text == key);
        entries.iter().rev().find(is).map(|entry| entry.1)
    }

    /// A text; bytes that are none are no text.
    pub(crate) fn text<'a>(&self, bytes: &'a [u8], id: Id) -> Option<&'a str> {
        match self.values.get(id)? {
            Value::Text(range) => std::str::from_utf8(bytes.get(range.clone())?).ok(),
            _ => None,
        }
    }

    /// An array.
    pub(crate) fn array(&self, id: Id) -> Option<&Array> {
        match self.values.get(id)? {
            Value::Array(array) => array.as_deref(),
            _ => None,
        }
    }

    /// The numbers and texts of a list, a tuple or an array, as texts.
    pub(crate) fn texts(&self, bytes: &[u8], id: Id) -> Option<Vec<String>> {
        let list = match self.values.get(id)? {
            Value::List(list) | Value::Tuple(list) => list,
            Value::Array(Some(array)) => {
                let start = usize::try_from(array.numbers.offset).ok()?;
                let own = bytes.get(start..start.checked_add(array.length)?)?;
                let (count, size) = array.numbers.size()?;
                if size > array.length as u64 {
                    return None;
                }
                return (0..count as usize)
                    .map(|i| array.numbers.text(own, i))
                    .collect();
            }
            _ => return None,
        };
        let text = |&id: &Id| match self.values.get(id)? {
            Value::Int(number) => Some(number.to_string()),
            Value::Text(_) => self.text(bytes, id).map(str::to_owned),
            _ => None,
        };
        list.iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{b'data': uint8 array of shape (2, 3), b'labels': [5, 300]}` as Python 2
    /// wrote it.
    fn old() -> Vec<u8> {
        let mut bytes = b"\x80\x02}q\x01(U\x04dataq\x02".to_vec();
        bytes.extend(b"cnumpy.core.multiarray\n_reconstruct\nq\x03");
        bytes.extend(b"cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05");
        bytes.extend(b"(K\x01K\x02K\x03\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R");
        bytes.extend(b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb");
        bytes.extend(b"\x89U\x06abcdeftb");
        bytes.extend(b"U\x06labels](K\x05M\x2c\x01eu.");
        bytes
    }

    #[test]
    fn arrays_and_lists_of_python_2_are_read() {
        let bytes = old();
        let read = Pickle::parse(&bytes).expect("a pickle");
        let data = read
            .get(&bytes, "data")
            .and_then(|id| read.array(id))
            .expect("an array");
        assert_eq!(data.numbers.shape, [2, 3]);
        let start = data.numbers.offset as usize;
        assert_eq!(&bytes[start..start + data.length], b"abcdef");
        let labels = read.get(&bytes, "labels").expect("labels");
        assert_eq!(
            read.texts(&bytes, labels),
            Some(vec!["5".into(), "300".into()])
        );
    }

    #[test]
    fn every_prefix_is_an_error_and_no_damage_a_panic() {
        let bytes = old();
        for end in 0..bytes.len() {
            assert!(Pickle::parse(&bytes[..end]).is_err(), "{end}");
        }
        for place in 0..bytes.len() {
            for flip in [1, 0x20, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[place] ^= flip;
                if let Ok(read) = Pickle::parse(&damaged) {
                    let _ = read
                        .get(&damaged, "labels")
                        .map(|id| read.texts(&damaged, id));
                }
            }
        }
    }

    #[test]
    fn calls_of_anything_else_are_refused_by_name() {
        let error = Pickle::parse(b"cos\nsystem\n(U\x02lstR.").expect_err("refused");
        assert!(error.contains("`os.system`"), "{error}");
        let error =
            Pickle::parse(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93.").expect_err("refused");
        assert!(error.contains("`builtins.eval`"), "{error}");
        assert!(Pickle::parse(b"i").expect_err("refused").contains("0x69"));
    }

    #[test]
    fn a_list_that_holds_itself_does_no_harm() {
        let bytes = b"]q\x00h\x00a.";
        let read = Pickle::parse(bytes).expect("a pickle");
        assert_eq!(read.texts(bytes, read.root), None);
    }
}
