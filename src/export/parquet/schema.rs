//! What the file says of its columns, and how they are packed.

use std::fmt::Write as _;
use std::sync::Arc;

use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::Result;
use ::parquet::file::metadata::SortingColumn;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::schema::parser::parse_message_type;
use ::parquet::schema::types::{ColumnPath, Type};

use super::super::columns::{COLUMNS, Kind};
use super::{FILTERED, ROWS};

/// Whatever the version of this program or of the package that writes: the bytes of a file are made by its rows alone.
const CREATED_BY: &str = "auditui version 1";

/// How hard it is packed: zstd's own middle.
const LEVEL: i32 = 3;

/// Rows of a page, so that the index of pages tells hours apart.
const PAGE_ROWS: usize = 8 << 10;

/// How often a Bloom filter takes a value for one that is there.
const WRONG: f64 = 0.01;

/// Columns in which hardly a value stands twice.
const DISTINCT: [&str; 5] = ["event_id", "event_time", "request_id", "raw", "raw_sha256"];

/// The schema in Parquet's own words.
pub fn message() -> String {
    let mut message = "message auditui {\n".to_owned();
    for column in &COLUMNS {
        let of = match column.kind {
            Kind::Text | Kind::Json => "optional binary NAME (STRING)",
            Kind::Time => "optional int64 NAME (TIMESTAMP(MICROS,true))",
            Kind::Number => "optional int32 NAME (INTEGER(16,true))",
            Kind::Truth => "required boolean NAME",
            Kind::Bytes => "required binary NAME",
            Kind::Digest => "required binary NAME (STRING)",
        };
        let _ = writeln!(message, "  {};", of.replace("NAME", column.name));
    }
    message + "}\n"
}

pub fn schema() -> Result<Arc<Type>> {
    parse_message_type(&message()).map(Arc::new)
}

pub fn properties() -> Result<Arc<WriterProperties>> {
    let by_time = COLUMNS.iter().position(|column| column.name == "event_time").unwrap_or_default();
    let sorting = SortingColumn { column_idx: by_time as i32, descending: false, nulls_first: false };
    let mut properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_max_row_group_row_count(Some(ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_sorting_columns(Some(vec![sorting]))
        .set_column_statistics_enabled(ColumnPath::from("raw"), EnabledStatistics::None);
    for name in DISTINCT {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(name), false);
    }
    for name in FILTERED {
        properties = properties
            .set_column_bloom_filter_max_ndv(ColumnPath::from(name), ROWS as u64)
            .set_column_bloom_filter_fpp(ColumnPath::from(name), WRONG);
    }
    Ok(Arc::new(properties.build()))
}
