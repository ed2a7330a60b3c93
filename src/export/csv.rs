//! Rows for spreadsheets and databases, as RFC 4180 has them: the columns of a data set that are single values.

use std::borrow::Cow;
use std::io;

use super::columns::{self, About, Value};
use super::item::Item;
use crate::domain::time_range::rfc3339;

/// The line of names.
pub fn head() -> io::Result<Vec<u8>> {
    line(columns::of_csv().map(|column| Cow::Borrowed(column.name)))
}

pub fn row(item: &Item<'_>) -> io::Result<Vec<u8>> {
    let about = About::default();
    line(columns::of_csv().map(|column| cell(column.value(item, &about))))
}

fn cell(value: Value<'_>) -> Cow<'_, str> {
    match value {
        Value::Text(text) => text,
        Value::Time(Ok(time)) => rfc3339(time).into(),
        Value::Time(Err(text)) => text.into(),
        Value::Number(number) => number.to_string().into(),
        Value::Truth(is) => if is { "true" } else { "false" }.into(),
        // No column of these is among them.
        Value::None | Value::Bytes(_) => "".into(),
    }
}

fn line<'a>(cells: impl Iterator<Item = Cow<'a, str>>) -> io::Result<Vec<u8>> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells.map(|cell| harmless(&cell).into_bytes()))?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The text, with an apostrophe before what a spreadsheet would take for a formula. Text that begins like one behind
/// apostrophes gets one as well, so that taking one away gives back what was there.
fn harmless(text: &str) -> String {
    let begins = is_formula(text.trim_start_matches('\''));
    if begins { format!("'{text}") } else { text.to_owned() }
}

/// Spreadsheets pass over white space, and some know the wide forms of the signs.
fn is_formula(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
    let sign = |c: char| "=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(c);
    text.starts_with(['\t', '\r', '\n']) || text.trim_start_matches(odd).starts_with(sign)
}

/// What a cell says.
#[cfg(test)]
fn meant(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_text_and_text_stays_what_it_is() {
        for formula in
            ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "\u{feff}=1", "\u{ff1d}1", "\tx", "'=1"]
        {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        for text in ["", "a=1", "'a", "10.0.0.1", "{\"a\":1}", "1-1", "''"] {
            assert_eq!(harmless(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_cell_is_a_formula_and_an_independent_reader_gets_what_was_written(
            cells in prop::collection::vec("[\\PC=+@'\",\r\n\t -]{0,12}|.*", 1..6),
        ) {
            let written = line(cells.iter().map(Cow::from)).unwrap();
            let written = [head().unwrap(), written].concat();
            let mut reader = ::csv::ReaderBuilder::new().flexible(true).from_reader(written.as_slice());
            let rows: Vec<::csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(rows.len(), 1);
            prop_assert_eq!(rows[0].len(), cells.len());
            for (cell, text) in rows[0].iter().zip(&cells) {
                prop_assert!(!is_formula(cell), "{:?}", cell);
                prop_assert_eq!(meant(cell), text);
            }
        }
    }
}
