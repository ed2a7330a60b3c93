//! What of a question lets files be passed over: a range of time, and ids that are named whole.

use crate::domain::time_range::TimeRange;
use crate::files::{Groups, Narrow};
use crate::query::{Condition, Expr, Field, Query, Subject, Term};

/// Everything that the query shows is within it.
pub fn narrow(query: &Query) -> Narrow {
    let mut narrow = Narrow::default();
    for conjunct in query.conjuncts() {
        let Expr::Term(term) = conjunct else { continue };
        match term {
            Term::Time(range) => narrow.range = common(narrow.range, *range),
            Term::About { subject: Subject::Field(Field::Id), condition } => {
                narrow.event_ids = narrow.event_ids.or_else(|| whole(condition));
            }
            Term::About { subject: Subject::Field(Field::UserId), condition } => {
                narrow.principal_ids = narrow.principal_ids.or_else(|| whole(condition));
            }
            _ => {}
        }
    }
    narrow
}

/// What lies in both; the first where that is nothing, which is still more than is wanted.
fn common(one: Option<TimeRange>, other: TimeRange) -> Option<TimeRange> {
    let Some(one) = one else { return Some(other) };
    TimeRange::new(one.start().max(other.start()), one.end().min(other.end())).or(Some(one))
}

/// The texts that a condition asks for, in lower case, where it asks for whole texts.
fn whole(condition: &Condition) -> Option<Vec<String>> {
    match condition {
        Condition::Equals(text) => Some(vec![text.to_lowercase()]),
        Condition::Any(any) => wholes(any),
        Condition::Listed { any, .. } => wholes(any),
        _ => None,
    }
}

fn wholes(any: &[Condition]) -> Option<Vec<String>> {
    any.iter().map(whole).collect::<Option<Vec<_>>>().map(|texts| texts.concat())
}

/// Of all files; `None` where none is a Parquet file.
pub fn groups<'a>(files: impl Iterator<Item = &'a crate::files::FileRead>) -> Option<Groups> {
    files.filter_map(|file| file.groups).reduce(|all, one| Groups {
        read: all.read + one.read,
        skipped: all.skipped + one.skipped,
        bytes: all.bytes + one.bytes,
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::zone::Zone;

    fn of(text: &str) -> Narrow {
        narrow(&crate::cli::filter::read(text, DateTime::UNIX_EPOCH, Zone::Utc).unwrap())
    }

    #[test]
    fn ids_that_are_named_whole_narrow_and_nothing_else_does() {
        let ids = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        assert_eq!(of("id=E1").event_ids, ids(&["e1"]));
        assert_eq!(of("uid=ocid1.user.oc1..A id=e1").principal_ids, ids(&["ocid1.user.oc1..a"]));
        for wide in ["id:e", "-id=e1", "id=e1 or user=a", "user=a", "id:e*"] {
            assert_eq!(of(wide), Narrow::default(), "{wide}");
        }
    }

    #[test]
    fn ranges_narrow_to_what_they_have_in_common() {
        let hour = |hour: i64| DateTime::from_timestamp(hour * 3_600, 0).unwrap();
        let range = |from, until| TimeRange::new(hour(from), hour(until)).unwrap();
        let of = |ranges: &[TimeRange]| narrow(&ranges.iter().map(|range| Term::Time(*range)).collect()).range;
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[range(0, 5), range(3, 9)]), Some(range(3, 5)));
        assert_eq!(of(&[range(0, 2), range(3, 9)]), Some(range(0, 2)));
    }
}
