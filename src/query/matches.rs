//! The question asked of one event, without an index. Plain on purpose: `select` is tested against it.

use super::term::{Expr, Op, Query, Term};
use crate::index::{Column, RecordRef};

/// The columns that the live filter searches: what the list and the head of the detail show.
pub(super) const TEXT_COLUMNS: [Column; 13] = [
    Column::Event,
    Column::User,
    Column::Caller,
    Column::Resource,
    Column::ResourceId,
    Column::Compartment,
    Column::Ip,
    Column::Agent,
    Column::Key,
    Column::Message,
    Column::Path,
    Column::Region,
    Column::Status,
];

/// Whether the query shows this event.
pub fn matches(query: &Query, record: &RecordRef<'_>) -> bool {
    query.conjuncts().iter().all(|conjunct| holds(conjunct, record))
}

fn holds(expr: &Expr, record: &RecordRef<'_>) -> bool {
    match expr {
        Expr::All => true,
        Expr::And(all) => all.iter().all(|expr| holds(expr, record)),
        Expr::Or(any) => any.iter().any(|expr| holds(expr, record)),
        Expr::Not(inner) => !holds(inner, record),
        Expr::Term(term) => term_holds(term, record),
    }
}

fn term_holds(term: &Term, record: &RecordRef<'_>) -> bool {
    match term {
        Term::Access(set) => set.contains(record.fields.access()),
        Term::Failed => record.fields.is_failed(),
        Term::Own => record.own,
        Term::Region(regions) => regions.contains(record.region),
        Term::Queried(compartments) => compartments.contains(record.queried),
        Term::Time(range) => record.fields.time.is_some_and(|time| {
            let micros = time.timestamp_micros();
            range.start().timestamp_micros() <= micros && micros < range.end().timestamp_micros()
        }),
        Term::Text(text) => text.split_whitespace().all(|word| {
            let word = word.to_lowercase();
            TEXT_COLUMNS.iter().any(|column| column.text(record).to_lowercase().contains(&word))
        }),
        Term::Field { field, op, value } => {
            let (text, value) = (field.text(record).to_lowercase(), value.to_lowercase());
            match op {
                Op::Contains => text.contains(&value),
                Op::Equals => text == value,
            }
        }
    }
}
