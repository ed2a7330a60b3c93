//! From `-Q` to a query.

use chrono::{DateTime, Utc};

use super::args::FilterArgs;
use crate::app::setup::AccessFilter;
use crate::domain::problem::Problem;
use crate::domain::zone::Zone;
use crate::files::read_list;
use crate::query::{AccessSet, ParseContext, Query, Subject, Term, ValueList, list_of, parse};

impl FilterArgs {
    /// What `--filter` says; everything without it. `now` and `zone` are what its times are relative to.
    pub fn asked(&self, now: DateTime<Utc>, zone: Zone) -> Result<Query, Problem> {
        self.filter.as_deref().map_or_else(|| Ok(Query::everything()), |text| read(text, now, zone))
    }

    /// Which classes the explorer shows at first. A query says itself which ones it is about.
    pub fn shown(&self) -> AccessFilter {
        match (self.reads, self.filter.is_some() && !self.writes) {
            (true, _) => AccessFilter::Reads,
            (false, true) => AccessFilter::All,
            (false, false) => AccessFilter::WritesAndSessions,
        }
    }

    /// What `--writes` or `--reads` asks for.
    pub fn access(&self) -> Option<Term> {
        match (self.writes, self.reads) {
            (true, _) => Some(Term::Access(AccessSet::WRITES)),
            (_, true) => Some(Term::Access(AccessSet::READS)),
            _ => None,
        }
    }
}

fn listed(file: &str, subject: &Subject) -> Result<ValueList, String> {
    read_list(file).and_then(|content| list_of(subject, file, &content))
}

/// Reads a query that was typed on the command line.
pub fn read(text: &str, now: DateTime<Utc>, zone: Zone) -> Result<Query, Problem> {
    parse(text, &ParseContext { now, zone, read_list: &listed }).map_err(|error| {
        let suggestion = error.suggestion().map(|suggestion| format!("\n{suggestion}")).unwrap_or_default();
        Problem::usage(format!("the query cannot be read: {}", error.message))
            .hint(format!("{}{suggestion}", error.pointer(text)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<Query, Problem> {
        let args = FilterArgs { filter: Some(text.to_owned()), ..FilterArgs::default() };
        args.asked("2026-03-14T14:00:00Z".parse().unwrap(), Zone::Utc)
    }

    #[test]
    fn a_query_that_cannot_be_read_is_shown_with_its_place() {
        let problem = asked("is:write usr:alice").unwrap_err();
        assert_eq!(problem.kind.exit_code(), 2);
        assert!(problem.what.contains("no field is called “usr”"), "{problem}");
        assert_eq!(problem.hint, "  is:write usr:alice\n           ^^^\ndid you mean user?");
    }

    #[test]
    fn values_come_from_a_file() {
        let mut list = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut list, b"10.0.0.0/8\n").unwrap();
        let path = list.path().display().to_string();
        assert!(asked(&format!("ip in @\"{path}\"")).is_ok());
        assert!(asked("ip in @/nowhere/nets.txt").unwrap_err().what.contains("/nowhere/nets.txt cannot be read"));
    }
}
