//! Parquet files with the columns of a data set: the events in them as they were sent, and where they were read.
//!
//! Read are the columns `raw`, `raw_sha256`, `region` and `ext`, a row group after the other, and of these a page at a time.
//! Groups that cannot hold anything of what is asked are passed over ([`Narrow`]). Whatever a file says of itself is
//! believed no further than a limit: it may be damaged, and it may be made to harm.

mod footer;
mod narrow;
mod pages;
mod source;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use ::parquet::basic::{Compression, ConvertedType, Type};
use ::parquet::column::reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader};
use ::parquet::data_type::{ByteArray, ByteArrayType};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::file::serialized_reader::ReadOptionsBuilder;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

pub use narrow::Narrow;
use pages::Pages;
use source::Source;

use super::entry::Meta;
use super::reader::Progress;
use crate::domain::text::clean;

/// What such a file begins and ends with.
const MAGIC: &[u8] = b"PAR1";

/// The columns without which a file is none of ours.
const NEEDED: [&str; 8] = ["event_id", "event_time", "tenancy", "region", "principal_id", "raw", "raw_sha256", "ext"];

/// Rows that are taken at once, and bytes where they are long.
const AT_ONCE: usize = 512;
const BYTES_AT_ONCE: usize = 2 << 20;

/// Rows that a group may have. Ours have an eighth of it.
const MOST_ROWS: i64 = 1 << 20;

/// Whether these are the first bytes of such a file.
pub fn begins(head: &[u8]) -> bool {
    head.starts_with(MAGIC)
}

/// Opens the file if it is such a one by its first bytes, whatever its name.
pub fn open(path: &Path) -> Option<File> {
    // What is no plain file has no end to begin at.
    path.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let mut file = File::open(path).ok()?;
    let mut head = Vec::new();
    file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut head).ok()?;
    (head == MAGIC).then_some(file)
}

/// SHA-256 of a file, in hexadecimal digits.
pub fn digest_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(format!("{:x}", hash.finalize()))
}

/// An open file.
pub struct Table {
    reader: SerializedFileReader<Source>,
    source: Source,
    places: Places,
    /// The longest value that is taken.
    longest: usize,
}

/// Where columns stand.
struct Places {
    raw: usize,
    sha256: usize,
    region: usize,
    ext: usize,
    time: usize,
    event_id: usize,
    principal_id: usize,
}

/// A row, as far as it is asked for here.
pub struct Row {
    pub meta: Meta,
    pub raw: ByteArray,
    /// Whether the bytes are those that were written.
    pub is_whole: bool,
}

impl Table {
    /// `Err`: why it cannot be read, in words.
    pub fn open(file: File, progress: Arc<Progress>, longest: usize) -> std::result::Result<Self, String> {
        let source = Source::new(file, progress, longest).map_err(|error| format!("it cannot be read: {error}"))?;
        if !source.ends_with(MAGIC) {
            return Err("it is cut off: the end of a Parquet file, which says where everything is, is missing".into());
        }
        let columns = footer::columns(&source.told()?)?;
        let options = ReadOptionsBuilder::new().with_parquet_schema(columns).build();
        let reader = SerializedFileReader::new_with_options(source.clone(), options);
        let reader = reader.map_err(|error| format!("what it says of itself cannot be read: {}", words(&error)))?;
        let places = Places::of(&reader)?;
        Ok(Self { reader, source, places, longest })
    }

    pub fn groups(&self) -> usize {
        self.reader.metadata().num_row_groups()
    }

    /// Whether the group may hold anything of what is asked. Where that cannot be told, it may.
    pub fn may_hold(&self, group: usize, narrow: &Narrow) -> bool {
        narrow.is_everything() || narrow::may_hold(self, self.reader.metadata().row_group(group), narrow)
    }

    pub fn rows(&self, group: usize) -> Result<Rows> {
        let about = self.reader.metadata().row_group(group);
        if !(0..=MOST_ROWS).contains(&about.num_rows()) {
            return Err(ParquetError::General(format!("it says that it has {} rows", about.num_rows())));
        }
        let row_group = self.reader.get_row_group(group)?;
        let column = |place: usize| -> Result<Texts> {
            check(about.column(place))?;
            let descr = about.column(place).column_descr_ptr();
            let optional = descr.max_def_level() > 0;
            let most = Pages::most(about.num_rows(), self.longest);
            let pages = Pages::new(row_group.get_column_page_reader(place)?, most);
            let reader = get_typed_column_reader::<ByteArrayType>(get_column_reader(descr, Box::new(pages)));
            Ok(Texts { reader, optional })
        };
        let raw = about.column(self.places.raw);
        let each = usize::try_from(raw.uncompressed_size() / about.num_rows().max(1)).unwrap_or_default();
        Ok(Rows {
            raw: column(self.places.raw)?,
            sha256: column(self.places.sha256)?,
            region: column(self.places.region)?,
            ext: column(self.places.ext)?,
            left: about.num_rows() as usize,
            at_once: (BYTES_AT_ONCE / each.max(1)).clamp(1, AT_ONCE),
        })
    }
}

/// The rows of a group; a damaged one ends in an error.
pub struct Rows {
    raw: Texts,
    sha256: Texts,
    region: Texts,
    ext: Texts,
    left: usize,
    at_once: usize,
}

impl Rows {
    /// The next few; none after the last.
    pub fn next(&mut self) -> Result<Vec<Row>> {
        let count = self.left.min(self.at_once);
        if count == 0 {
            return Ok(Vec::new());
        }
        self.left -= count;
        let (raw, sha256) = (self.raw.next(count)?, self.sha256.next(count)?);
        let (region, ext) = (self.region.next(count)?, self.ext.next(count)?);
        let digests_and_places = sha256.into_iter().zip(region).zip(ext);
        let rows = raw.into_iter().zip(digests_and_places).map(|(raw, ((sha256, region), ext))| {
            let raw = raw.unwrap_or_else(|| ByteArray::from(Vec::new()));
            let ext: Ext = ext.and_then(|ext| serde_json::from_slice(ext.data()).ok()).unwrap_or_default();
            // Of what was redacted the column has the digest of what was sent.
            let sha256 = match &ext.copy_sha256 {
                Some(copy) if ext.redacted => Some(copy.as_bytes()),
                _ => sha256.as_ref().map(ByteArray::data),
            };
            let is_whole = sha256.is_some_and(|sha256| *sha256 == *digest(raw.data()).as_bytes());
            Row { meta: meta(region.as_ref(), ext), raw, is_whole }
        });
        Ok(rows.collect())
    }
}

struct Texts {
    reader: ColumnReaderImpl<ByteArrayType>,
    optional: bool,
}

impl Texts {
    fn next(&mut self, count: usize) -> Result<Vec<Option<ByteArray>>> {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let given = Some(&mut levels).filter(|_| self.optional);
        let (rows, ..) = self.reader.read_records(count, given, None, &mut values)?;
        if rows != count {
            return Err(ParquetError::EOF("it has fewer rows than it says".to_owned()));
        }
        // A dictionary that is too short leaves some empty, and to look into these is forbidden.
        if values.contains(&ByteArray::new()) {
            return Err(ParquetError::General("a value stands nowhere".to_owned()));
        }
        if !self.optional {
            return Ok(values.into_iter().map(Some).collect());
        }
        let mut values = values.into_iter();
        Ok(levels.into_iter().map(|level| if level > 0 { values.next() } else { None }).collect())
    }
}

impl Places {
    fn of(reader: &SerializedFileReader<Source>) -> std::result::Result<Self, String> {
        let schema = reader.metadata().file_metadata().schema_descr();
        let place = |name: &str| {
            let fits = |column: &Arc<::parquet::schema::types::ColumnDescriptor>| {
                let kind = if name == "event_time" { Type::INT64 } else { Type::BYTE_ARRAY };
                let flat = column.max_rep_level() == 0 && column.max_def_level() <= 1;
                let parts = column.path().parts();
                parts.len() == 1
                    && parts.first().is_some_and(|part| part == name)
                    && flat
                    && column.physical_type() == kind
            };
            schema.columns().iter().position(fits)
        };
        let missing: Vec<&str> = NEEDED.into_iter().filter(|name| place(name).is_none()).collect();
        if !missing.is_empty() {
            let columns = if missing.len() == 1 { "column" } else { "columns" };
            return Err(format!(
                "it is a Parquet file, but not one of events: it lacks the {columns} {} (or has something else there)",
                missing.join(", ")
            ));
        }
        let place = |name: &str| place(name).unwrap_or_default();
        let time = schema.column(place("event_time"));
        if time.converted_type() != ConvertedType::TIMESTAMP_MICROS {
            return Err("its column event_time is no time to the microsecond".to_owned());
        }
        Ok(Self {
            raw: place("raw"),
            sha256: place("raw_sha256"),
            region: place("region"),
            ext: place("ext"),
            time: place("event_time"),
            event_id: place("event_id"),
            principal_id: place("principal_id"),
        })
    }
}

/// What the package that reads takes for granted, or was built without.
fn check(column: &ColumnChunkMetaData) -> Result<()> {
    let offsets = [Some(column.data_page_offset()), column.dictionary_page_offset(), Some(column.compressed_size())];
    if !matches!(column.compression(), Compression::UNCOMPRESSED | Compression::ZSTD(_)) {
        let packed = column.compression().to_string();
        let name = packed.split('(').next().unwrap_or_default();
        return Err(ParquetError::General(format!("it is packed by {name}, and only zstd is read")));
    }
    if offsets.into_iter().flatten().any(|offset| offset < 0) {
        return Err(ParquetError::General("it is said to begin before the file".to_owned()));
    }
    Ok(())
}

fn digest(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// What is taken of the column of this name.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Ext {
    compartment_id: Option<String>,
    redacted: bool,
    copy_sha256: Option<String>,
}

fn meta(region: Option<&ByteArray>, ext: Ext) -> Meta {
    let text = |bytes: &ByteArray| bytes.as_utf8().map(str::to_owned).ok();
    Meta { region: region.and_then(text), compartment_id: ext.compartment_id, tenancy: None }
}

/// Harmless on a terminal.
pub fn words(error: &ParquetError) -> String {
    let text = error.to_string();
    clean(text.trim_start_matches("Parquet error: ").trim_start_matches("External: ")).into_owned()
}

/// For those who look at statistics.
type Group = RowGroupMetaData;
