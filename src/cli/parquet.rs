//! `auditui export -o parquet`: events as one table, written when all of them are known.

use std::io::{self, Write};

use super::args::ExportArgs;
use crate::domain::problem::Problem;
use crate::export::parquet::Writer;
use crate::export::{About, Ordered, Record};

/// Whether such a file can be written as it was asked for.
pub fn check(args: &ExportArgs, is_terminal: bool) -> Result<(), Problem> {
    if args.follow.is_some() {
        return Err(Problem::usage("-o parquet cannot go on: such a file says at its end where everything is")
            .hint("follow with -o jsonl, or collect with `auditui collect`"));
    }
    if args.delivery.split.is_some() || args.delivery.compress.is_some() {
        return Err(Problem::usage("-o parquet is one file, packed inside: it takes neither --split nor --compress")
            .hint(
                "export a file for each --time, or collect with `auditui collect`, which keeps a directory of them",
            ));
    }
    if is_terminal {
        return Err(Problem::usage("-o parquet is no text, and standard output is a terminal")
            .hint("name a file: --output-file events.parquet"));
    }
    Ok(())
}

/// `copied`: what is written in place of each record.
pub fn write(
    sink: &mut (dyn Write + Send),
    ordered: &mut Ordered,
    about: About,
    copied: &dyn Fn(Record) -> Record,
) -> io::Result<()> {
    let mut writer = Writer::new(sink, about)?;
    while let Some(record) = ordered.next()? {
        writer.push(&copied(record))?;
    }
    writer.finish().map(|_| ())
}
