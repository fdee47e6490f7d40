//! The stack machine of pickles, without what would run code. Reads no array.

use std::ops::Range;

use super::{Array, Global, Id, Value};
use crate::source::arrays::numbers::{Kind, Numbers, dtype};

/// Operations, at most: CIFAR-100 has 400,000.
const MAX_STEPS: usize = 20_000_000;

/// Values, at most. Each takes 48 bytes.
const MAX_VALUES: usize = 8_000_000;

pub(super) struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    pub(super) values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: Vec<Id>,
}

const CUT: &str = "it is cut off";
const DAMAGED: &str = "it is damaged";

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Vec::new(),
        }
    }

    /// Runs to its end, and gives the value that is left.
    pub(super) fn run(&mut self) -> Result<Id, String> {
        for _ in 0..MAX_STEPS {
            let at = self.at;
            let code = self.take(1)?[0];
            match code {
                // STOP
                b'.' => return self.pop(),
                _ => self.step(code, at)?,
            }
        }
        Err(format!("it has more than {MAX_STEPS} operations"))
    }

    fn step(&mut self, code: u8, at: usize) -> Result<(), String> {
        match code {
            // PROTO, FRAME
            0x80 => self.take(1).map(drop),
            0x95 => self.take(8).map(drop),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            // NONE, NEWTRUE, NEWFALSE
            b'N' => self.push(Value::None),
            0x88 => self.push(Value::Int(1)),
            0x89 => self.push(Value::Int(0)),
            // BININT, BININT1, BININT2, LONG1, INT, BINFLOAT
            b'J' => {
                let four = self.take(4)?;
                let number = i32::from_le_bytes([four[0], four[1], four[2], four[3]]);
                self.push(Value::Int(number.into()))
            }
            b'K' => {
                let number = self.take(1)?[0];
                self.push(Value::Int(number.into()))
            }
            b'M' => {
                let two = self.take(2)?;
                let number = u16::from_le_bytes([two[0], two[1]]);
                self.push(Value::Int(number.into()))
            }
            0x8a => {
                let count = usize::from(self.take(1)?[0]);
                let long = self.take(count)?;
                let number = little(long);
                self.push(number.map_or(Value::Other, Value::Int))
            }
            b'I' => {
                let line = self.line()?;
                let number = std::str::from_utf8(&self.bytes[line]).ok();
                let number = number.and_then(|text| text.trim().parse().ok());
                self.push(number.map_or(Value::Other, Value::Int))
            }
            b'G' => {
                self.take(8)?;
                self.push(Value::Other)
            }
            // SHORT_BINSTRING, SHORT_BINBYTES, SHORT_BINUNICODE
            b'U' | b'C' | 0x8c => self.string(1),
            // BINSTRING, BINBYTES, BINUNICODE
            b'T' | b'B' | b'X' => self.string(4),
            // BINBYTES8, BINUNICODE8, BYTEARRAY8
            0x8e | 0x8d | 0x96 => self.string(8),
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            b')' => self.push(Value::Tuple(Vec::new())),
            // TUPLE, TUPLE1, TUPLE2, TUPLE3
            b't' => {
                let parts = self.marked()?;
                self.push(Value::Tuple(parts))
            }
            0x85..=0x87 => {
                let height = self.stack.len().checked_sub(usize::from(code - 0x84));
                let parts = self.stack.split_off(height.ok_or(DAMAGED)?);
                self.push(Value::Tuple(parts))
            }
            // APPEND, APPENDS
            b'a' => {
                let one = self.pop()?;
                self.extend(vec![one])
            }
            b'e' => {
                let parts = self.marked()?;
                self.extend(parts)
            }
            // SETITEM, SETITEMS
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.insert(vec![key, value])
            }
            b'u' => {
                let parts = self.marked()?;
                self.insert(parts)
            }
            // BINPUT, LONG_BINPUT, MEMOIZE
            b'q' => {
                let index = usize::from(self.take(1)?[0]);
                self.put(index)
            }
            b'r' => {
                let four = self.take(4)?;
                let index = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
                self.put(index as usize)
            }
            0x94 => self.put(self.memo.len()),
            // BINGET, LONG_BINGET
            b'h' => {
                let index = usize::from(self.take(1)?[0]);
                self.get(index)
            }
            b'j' => {
                let four = self.take(4)?;
                let index = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
                self.get(index as usize)
            }
            // GLOBAL, STACK_GLOBAL, REDUCE, BUILD
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.global(module, name)
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (&self.values[module], &self.values[name]) {
                    (Value::Text(module), Value::Text(name)) => {
                        self.global(module.clone(), name.clone())
                    }
                    _ => Err(DAMAGED.to_owned()),
                }
            }
            b'R' => self.reduce(),
            b'b' => self.build(),
            _ => Err(format!(
                "operation {code:#04x} at byte {at} is not supported"
            )),
        }
    }

    fn take(&mut self, count: usize) -> Result<&[u8], String> {
        let end = self.at.checked_add(count).ok_or(CUT)?;
        let taken = self.bytes.get(self.at..end).ok_or(CUT)?;
        self.at = end;
        Ok(taken)
    }

    /// Up to the next end of a line.
    fn line(&mut self) -> Result<Range<usize>, String> {
        let length = self.bytes[self.at..]
            .iter()
            .take(1024)
            .position(|b| *b == b'\n');
        let line = self.at..self.at + length.ok_or(CUT)?;
        self.at = line.end + 1;
        Ok(line)
    }

    /// A text behind its length in `size` bytes.
    fn string(&mut self, size: usize) -> Result<(), String> {
        let mut wide = [0; 8];
        wide[..size].copy_from_slice(self.take(size)?);
        let length = usize::try_from(u64::from_le_bytes(wide)).map_err(|_| CUT)?;
        let start = self.at;
        self.take(length)?;
        self.push(Value::Text(start..self.at))
    }

    fn push(&mut self, value: Value) -> Result<(), String> {
        if self.values.len() == MAX_VALUES {
            return Err(format!("it holds more than {MAX_VALUES} values"));
        }
        self.values.push(value);
        self.stack.push(self.values.len() - 1);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, String> {
        let below = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= below {
            return Err(DAMAGED.to_owned());
        }
        self.stack.pop().ok_or_else(|| DAMAGED.to_owned())
    }

    /// What lies above the last mark.
    fn marked(&mut self) -> Result<Vec<Id>, String> {
        let mark = self.marks.pop().filter(|mark| *mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or(DAMAGED)?))
    }

    fn top(&mut self) -> Result<&mut Value, String> {
        let top = *self.stack.last().ok_or(DAMAGED)?;
        Ok(&mut self.values[top])
    }

    fn extend(&mut self, parts: Vec<Id>) -> Result<(), String> {
        match self.top()? {
            Value::List(list) => {
                list.extend(parts);
                Ok(())
            }
            _ => Err(DAMAGED.to_owned()),
        }
    }

    fn insert(&mut self, parts: Vec<Id>) -> Result<(), String> {
        match self.top()? {
            Value::Dict(entries) if parts.len().is_multiple_of(2) => {
                entries.extend(parts.chunks_exact(2).map(|pair| (pair[0], pair[1])));
                Ok(())
            }
            _ => Err(DAMAGED.to_owned()),
        }
    }

    /// Remembers the top. Python numbers from 0 without gaps.
    fn put(&mut self, index: usize) -> Result<(), String> {
        let top = *self.stack.last().ok_or(DAMAGED)?;
        match index {
            _ if index < self.memo.len() => self.memo[index] = top,
            // Python 2 numbers from 1.
            _ if index <= self.memo.len() + 1 => {
                self.memo.resize(index, top);
                self.memo.push(top);
            }
            _ => return Err(DAMAGED.to_owned()),
        }
        Ok(())
    }

    fn get(&mut self, index: usize) -> Result<(), String> {
        let id = *self.memo.get(index).ok_or(DAMAGED)?;
        self.stack.push(id);
        Ok(())
    }

    fn global(&mut self, module: Range<usize>, name: Range<usize>) -> Result<(), String> {
        let text = |range: Range<usize>| String::from_utf8_lossy(&self.bytes[range]).into_owned();
        let (module, name) = (text(module), text(name));
        let global = match (module.as_str(), name.as_str()) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => {
                Global::Reconstruct
            }
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Global::FromBuffer,
            ("numpy", "ndarray") => Global::Array,
            ("numpy", "dtype") => Global::Dtype,
            // What bytes become in the protocols that know none.
            ("_codecs", "encode") => {
                return Err("it is written in a protocol before 3: write it anew with \
                            `pickle.dump(…, protocol=4)`"
                    .to_owned());
            }
            _ => {
                let clean = |text: &str| text.escape_debug().take(80).collect::<String>();
                return Err(format!(
                    "it asks for `{}.{}`, which is not read: only lists, texts, numbers and NumPy \
                     arrays are",
                    clean(&module),
                    clean(&name)
                ));
            }
        };
        self.push(Value::Global(global))
    }

    fn reduce(&mut self) -> Result<(), String> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Value::Tuple(arguments) = &self.values[arguments] else {
            return Err(DAMAGED.to_owned());
        };
        // One more than any of the functions has.
        let arguments: Vec<Id> = arguments.iter().copied().take(5).collect();
        match (&self.values[function], &arguments[..]) {
            (Value::Global(Global::Reconstruct), _) => self.push(Value::Array(None)),
            (Value::Global(Global::Dtype), [name, ..]) => match &self.values[*name] {
                Value::Text(name) => {
                    let name = name.clone();
                    self.push(Value::Dtype(name))
                }
                _ => Err(DAMAGED.to_owned()),
            },
            (Value::Global(Global::FromBuffer), &[data, kind, shape, order]) => {
                let fortran = match &self.values[order] {
                    Value::Text(order) => self.bytes.get(order.clone()) == Some(b"F"),
                    _ => false,
                };
                let array = self.array(shape, kind, fortran, data)?;
                self.push(Value::Array(Some(Box::new(array))))
            }
            _ => Err(DAMAGED.to_owned()),
        }
    }

    /// Gives an array its numbers; other states are of no use here.
    fn build(&mut self) -> Result<(), String> {
        let state = self.pop()?;
        let top = *self.stack.last().ok_or(DAMAGED)?;
        match (&self.values[top], &self.values[state]) {
            (Value::Array(None), Value::Tuple(state)) => {
                let &[_, shape, kind, order, data] = &state[..] else {
                    return Err(DAMAGED.to_owned());
                };
                let fortran = self.values[order] == Value::Int(1);
                let array = self.array(shape, kind, fortran, data)?;
                self.values[top] = Value::Array(Some(Box::new(array)));
                Ok(())
            }
            (Value::Dtype(name), Value::Tuple(state)) => {
                // The order of bytes is the second of the state.
                let big = match state.get(1).map(|&order| &self.values[order]) {
                    Some(Value::Text(order)) => self.bytes.get(order.clone()) == Some(b">"),
                    _ => false,
                };
                // One byte has no order.
                let is_byte = self
                    .bytes
                    .get(name.clone())
                    .is_some_and(|n| n.ends_with(b"1"));
                match big && !is_byte {
                    true => Err("its numbers are stored with the highest byte first".to_owned()),
                    false => Ok(()),
                }
            }
            _ => Err(DAMAGED.to_owned()),
        }
    }

    fn array(&self, shape: Id, kind: Id, fortran: bool, data: Id) -> Result<Array, String> {
        let (Value::Tuple(sides), Value::Dtype(name)) = (&self.values[shape], &self.values[kind])
        else {
            return Err(DAMAGED.to_owned());
        };
        let Value::Text(data) = &self.values[data] else {
            return Err(
                "the numbers of an array are no bytes: save the file anew with Python 3 and a \
                 protocol of 3 or more"
                    .to_owned(),
            );
        };
        let side = |&id: &Id| match self.values[id] {
            Value::Int(side) => u64::try_from(side).ok(),
            _ => None,
        };
        let shape: Option<Vec<u64>> = sides.iter().map(side).collect();
        let name = std::str::from_utf8(&self.bytes[name.clone()]).map_err(|_| DAMAGED)?;
        let (kind, big_endian) = dtype(name)?;
        if matches!(kind, Kind::Text(_)) {
            return Err("an array of texts is not supported".to_owned());
        }
        let numbers = Numbers {
            kind,
            big_endian,
            fortran,
            shape: shape.ok_or(DAMAGED)?,
            offset: data.start as u64,
        };
        let size = numbers.size().ok_or(DAMAGED)?.1;
        if size != data.len() as u64 {
            return Err("the shape of an array does not fit its bytes".to_owned());
        }
        Ok(Array {
            numbers,
            length: data.len(),
        })
    }
}

/// A whole number of some bytes, the lowest first, with a sign.
fn little(bytes: &[u8]) -> Option<i64> {
    let last = match bytes.last() {
        None => return Some(0),
        Some(_) if bytes.len() > 8 => return None,
        Some(last) => *last,
    };
    let mut wide = [if last & 0x80 == 0 { 0 } else { 0xff }; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    Some(i64::from_le_bytes(wide))
}
