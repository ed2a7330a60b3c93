//! What a file says of its columns. The package that reads takes this for granted: it goes one call deeper for each group
//! in a group, and takes memory for as many as are said to follow. So it is read here, with limits, and handed over.

use std::sync::Arc;
use std::vec::IntoIter;

use ::parquet::basic::{ConvertedType, Repetition, Type as Physical};
use ::parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type};

/// Bytes of all that a file says of itself: a row group of ours takes about ten thousand.
pub const MOST_BYTES: usize = 16 << 20;

/// Bytes of what it says of its columns: ours takes less than two thousand.
pub const MOST_OF_COLUMNS: usize = 256 << 10;

/// Columns, and groups of columns.
const MOST_COLUMNS: usize = 256;

/// Groups in groups.
const DEEPEST: usize = 8;

/// A time to the microsecond as an annotation, in universal time or not.
const MICROSECONDS: [[u8; 8]; 2] = [[0x8c, 0x11, 0x1c, 0x2c, 0, 0, 0, 0], [0x8c, 0x12, 0x1c, 0x2c, 0, 0, 0, 0]];

/// The same in the annotation of old.
const CONVERTED_MICROSECONDS: i64 = 10;

/// Kinds of fields in the compact form of Thrift.
const YES: u8 = 1;
const NO: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// `begin`: the first bytes of what the file says of itself.
pub fn columns(begin: &[u8]) -> Result<SchemaDescPtr, &'static str> {
    let elements = Bytes(begin).elements().ok_or("its columns are not told in a way that can be read")?;
    let mut elements = elements?.into_iter();
    let root = node(&mut elements, 0)?;
    if elements.len() > 0 || !root.is_group() {
        return Err("its columns are in no group");
    }
    Ok(Arc::new(SchemaDescriptor::new(Arc::new(root))))
}

/// A column or a group, with no more than is needed to find ours.
#[derive(Default)]
struct Element {
    name: String,
    physical: Option<Physical>,
    length: Option<i32>,
    repetition: Option<Repetition>,
    children: usize,
    by_microsecond: bool,
}

fn node(elements: &mut IntoIter<Element>, depth: usize) -> Result<Type, &'static str> {
    const BROKEN: &str = "a column is none that there can be";
    let element = elements.next().ok_or("it has fewer columns than it says")?;
    if element.children > elements.len() {
        return Err("it has fewer columns than it says");
    }
    if depth > DEEPEST {
        return Err("its columns are groups in groups in groups");
    }
    if let Some(physical) = element.physical.filter(|_| depth > 0 && element.children == 0) {
        let by_microsecond = element.by_microsecond && physical == Physical::INT64;
        let converted = if by_microsecond { ConvertedType::TIMESTAMP_MICROS } else { ConvertedType::NONE };
        let column = Type::primitive_type_builder(&element.name, physical)
            .with_repetition(element.repetition.ok_or(BROKEN)?)
            .with_length(element.length.unwrap_or(-1))
            .with_converted_type(converted);
        return column.build().map_err(|_| BROKEN);
    }
    let fields: Result<Vec<_>, _> = (0..element.children).map(|_| node(elements, depth + 1).map(Arc::new)).collect();
    let mut group = Type::group_type_builder(&element.name).with_fields(fields?);
    if depth > 0 {
        group = group.with_repetition(element.repetition.ok_or(BROKEN)?);
    }
    group.build().map_err(|_| BROKEN)
}

/// What is left to read. `None` wherever it is not what it should be.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// They come second, behind the version, in whatever was ever written.
    fn elements(&mut self) -> Option<Result<Vec<Element>, &'static str>> {
        let version = self.field(0)?;
        self.skip(Some(version).filter(|field| *field == (1, I32))?.1)?;
        self.field(1).filter(|field| *field == (2, LIST))?;
        let head = self.byte()?;
        let count = if head >> 4 == 15 { usize::try_from(self.number()?).ok()? } else { usize::from(head >> 4) };
        if head & 15 != STRUCT {
            return None;
        }
        if count > MOST_COLUMNS {
            return Some(Err("it has more columns than events have"));
        }
        (0..count).map(|_| self.element()).collect::<Option<Vec<_>>>().map(Ok)
    }

    fn element(&mut self) -> Option<Element> {
        let mut element = Element::default();
        let (mut last, mut converted, mut logical) = (0, None, None);
        loop {
            let field = self.field(last)?;
            match field {
                (_, 0) => break,
                (1, I32) => element.physical = Some(physical(self.signed()?)?),
                (2, I32) => element.length = Some(i32::try_from(self.signed()?).ok()?),
                (3, I32) => element.repetition = Some(repetition(self.signed()?)?),
                (4, BINARY) => element.name = String::from_utf8(self.binary()?.to_vec()).ok()?,
                (5, I32) => element.children = usize::try_from(self.signed()?).ok()?,
                (6, I32) => converted = Some(self.signed()?),
                (10, STRUCT) => logical = Some(self.whole(STRUCT)?),
                (_, kind) => self.skip(kind)?,
            }
            last = field.0;
        }
        // The annotation of today says more than the one of old.
        element.by_microsecond = match logical {
            Some(logical) => MICROSECONDS.iter().any(|known| known == logical),
            None => converted == Some(CONVERTED_MICROSECONDS),
        };
        Some(element)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Seven bits in each byte, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        let half = i64::try_from(number >> 1).ok()?;
        Some(if number & 1 == 0 { half } else { -half - 1 })
    }

    fn binary(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (binary, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(binary)
    }

    /// Number and kind of the field that follows; the end of a struct has the kind 0.
    fn field(&mut self, last: i64) -> Option<(i64, u8)> {
        let head = self.byte()?;
        let kind = head & 15;
        let number = match head >> 4 {
            _ if kind == 0 => last,
            0 => self.signed()?,
            more => last.checked_add(i64::from(more))?,
        };
        Some((number, kind))
    }

    fn skip(&mut self, kind: u8) -> Option<()> {
        self.whole(kind).map(|_| ())
    }

    /// The bytes of a value. Nothing here has lists; structs in structs are counted, not descended.
    fn whole(&mut self, kind: u8) -> Option<&'a [u8]> {
        let begin = self.0;
        let mut open = self.value(kind)?;
        while open > 0 {
            let kind = self.field(0)?.1;
            open = if kind == 0 { open - 1 } else { open + self.value(kind)? };
        }
        begin.get(..begin.len() - self.0.len())
    }

    /// How many structs begin with it: one or none.
    fn value(&mut self, kind: u8) -> Option<usize> {
        match kind {
            YES | NO => {}
            BYTE => self.byte().map(|_| ())?,
            I16 | I32 | I64 => self.number().map(|_| ())?,
            DOUBLE => self.0 = self.0.get(8..)?,
            BINARY => self.binary().map(|_| ())?,
            STRUCT => return Some(1),
            _ => return None,
        }
        Some(0)
    }
}

fn physical(number: i64) -> Option<Physical> {
    let all = [
        Physical::BOOLEAN,
        Physical::INT32,
        Physical::INT64,
        Physical::INT96,
        Physical::FLOAT,
        Physical::DOUBLE,
        Physical::BYTE_ARRAY,
        Physical::FIXED_LEN_BYTE_ARRAY,
    ];
    all.get(usize::try_from(number).ok()?).copied()
}

fn repetition(number: i64) -> Option<Repetition> {
    let all = [Repetition::REQUIRED, Repetition::OPTIONAL, Repetition::REPEATED];
    all.get(usize::try_from(number).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use super::*;
    use crate::files::Progress;
    use crate::files::parquet::Table;

    /// A group called `a` that says that it has so many columns.
    fn group(children: u64) -> Vec<u8> {
        let mut bytes = vec![0x35, 0, 0x18, 1, b'a', 0x15];
        number(&mut bytes, children << 1);
        bytes.push(0);
        bytes
    }

    fn number(bytes: &mut Vec<u8>, mut number: u64) {
        while number > 127 {
            bytes.push(number as u8 | 128);
            number >>= 7;
        }
        bytes.push(number as u8);
    }

    fn refused(groups: &[Vec<u8>]) -> String {
        let mut told = vec![0x15, 2, 0x19, 0xfc];
        number(&mut told, groups.len() as u64);
        told.extend(groups.concat());
        told.extend([0x16, 0, 0x19, 0x0c, 0]);
        let length = u32::try_from(told.len()).unwrap().to_le_bytes();
        refused_file(&[b"PAR1", &told[..], &length, b"PAR1"].concat())
    }

    fn refused_file(bytes: &[u8]) -> String {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        Table::open(File::open(file.path()).unwrap(), Arc::new(Progress::of(&[])), 1 << 20).err().unwrap()
    }

    #[test]
    fn groups_in_groups_are_refused_before_anything_is_called_for_each() {
        assert!(refused(&vec![group(1); 400_000]).contains("more columns than events have"));
        assert!(refused(&vec![group(1); 200]).contains("groups in groups in groups"));
    }

    #[test]
    fn no_memory_is_taken_for_columns_that_are_not_there() {
        assert!(refused(&[group((1 << 31) - 1)]).contains("fewer columns than it says"));
        assert!(refused(&[group(1), group(1)]).contains("fewer columns than it says"));
    }

    #[test]
    fn a_file_that_says_too_much_of_itself_is_not_read() {
        let mut bytes = b"PAR1".to_vec();
        bytes.resize(MOST_BYTES + 5, 0);
        bytes.extend((MOST_BYTES as u32 + 1).to_le_bytes());
        bytes.extend(b"PAR1");
        assert!(refused_file(&bytes).contains("too much"));
        assert!(refused_file(b"PAR1\xff\0\0\0PAR1").contains("than there is"));
    }
}
