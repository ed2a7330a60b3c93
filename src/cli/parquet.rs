//! `auditui export -o parquet`: events as one table, written when all of them are known.

use std::io::{self, Write};

use crate::domain::problem::Problem;
use crate::export::parquet::Writer;
use crate::export::{About, Ordered};

/// Whether such a file can be written as it was asked for.
pub fn check(follows: bool, is_terminal: bool) -> Result<(), Problem> {
    if follows {
        return Err(Problem::usage("-o parquet cannot go on: such a file says at its end where everything is")
            .hint("follow with -o jsonl, or collect with `auditui collect`"));
    }
    if is_terminal {
        return Err(Problem::usage("-o parquet is no text, and standard output is a terminal")
            .hint("name a file: --output-file events.parquet"));
    }
    Ok(())
}

pub fn write(sink: &mut (dyn Write + Send), ordered: &mut Ordered, about: About) -> io::Result<()> {
    let mut writer = Writer::new(sink, about)?;
    while let Some(record) = ordered.next()? {
        writer.push(&record)?;
    }
    writer.finish().map(|_| ())
}
