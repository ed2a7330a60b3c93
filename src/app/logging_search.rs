//! The question in the words of OCI Logging Search, for who has no auditui. What those words cannot say is said in a
//! comment, so that nobody takes the answers for the same.
//!
//! Of the two languages' texts this one is read by a service of which the grammar is published, and not much more: values
//! with quotes or wildcards in them are not translated.

use crate::domain::text::clean;
use crate::domain::time_range::rfc3339;
use crate::query::{AccessSet, Condition, Expr, Field, Flag, Glob, Numbers, Subject, Term, Token};

use super::App;
use super::copying::Copy;
use super::setup::AccessFilter;

/// More compartments than a search should name.
const MOST: usize = 50;
/// Days that one search may span.
const DAYS: i64 = 14;

impl App {
    pub(super) fn search_query(&self) -> Copy {
        let streams = self.streams()?;
        let mut said = Vec::new();
        let mut unsaid = Vec::new();
        let mut terms: Vec<Expr> = self.filters.terms().cloned().collect();
        if self.filters.failed {
            terms.push(Term::Failed.into());
        }
        for term in terms {
            match condition(&term) {
                Some(condition) => said.push(condition),
                None => unsaid.push(clean(&term.to_string()).into_owned()),
            }
        }
        unsaid.extend(match self.filters.access {
            AccessFilter::WritesAndSessions => Some("is:write".to_owned()),
            AccessFilter::Reads => Some("is:read".to_owned()),
            AccessFilter::All => None,
        });
        if !self.filters.own {
            unsaid.push("-is:self".to_owned());
        }
        let mut lines = self.search_comments();
        lines.extend(unsaid.into_iter().map(|term| format!("# not said, so there may be more: {term}")));
        let wanted: Vec<String> = said.iter().map(|condition| format!(" | where {condition}")).collect();
        lines.push(format!("search {streams}{} | sort by datetime desc", wanted.concat()));
        Ok(("a query of OCI Logging Search".to_owned(), lines.join("\n") + "\n"))
    }

    /// What is chosen beside the query.
    fn search_comments(&self) -> Vec<String> {
        let regions: Vec<String> = match &self.tenancy {
            Some(tenancy) => self.included.scope(tenancy).regions.iter().map(ToString::to_string).collect(),
            None => Vec::new(),
        };
        let mut lines = vec![
            "# OCI Logging Search, advanced mode. Leave out the lines that begin with #.".to_owned(),
            format!("# time: {} to {}", rfc3339(self.range.start()), rfc3339(self.range.end())),
            format!("# once in each region: {}", regions.join(", ")),
            "# values are compared there as they are written; auditui does not tell capitals from small letters"
                .to_owned(),
        ];
        if self.range.length().num_days() >= DAYS {
            lines.push(format!("# a search spans {DAYS} days at most: search piece by piece"));
        }
        lines
    }

    /// What is searched: a compartment, or one with all below it.
    fn streams(&self) -> Result<String, &'static str> {
        if self.files.is_some() {
            return Err("these events come from files");
        }
        let tenancy = self.tenancy.as_ref().ok_or("not connected yet")?;
        let request = self.included.request(tenancy).ok_or("nothing is included")?;
        let whole = request.exclude_compartments.is_empty() && !request.no_subtree;
        let streams: Vec<String> = match (whole, request.compartments.is_empty()) {
            (true, true) => vec![format!("\"{}/_Audit_Include_Subcompartment\"", tenancy.id)],
            (true, false) => {
                request.compartments.iter().map(|id| format!("\"{id}/_Audit_Include_Subcompartment\"")).collect()
            }
            (false, _) => {
                self.included.scope(tenancy).compartments.iter().map(|id| format!("\"{id}/_Audit\"")).collect()
            }
        };
        if streams.len() > MOST {
            return Err("a search cannot name that many compartments; an export can");
        }
        Ok(streams.join(", "))
    }
}

/// `None` where it cannot be said.
fn condition(expr: &Expr) -> Option<String> {
    match expr {
        Expr::And(all) if !all.is_empty() => joined(all, " and "),
        Expr::Or(any) if !any.is_empty() => joined(any, " or "),
        Expr::Not(inner) => Some(format!("not ({})", condition(inner)?)),
        Expr::All | Expr::And(_) | Expr::Or(_) | Expr::Off(_) => None,
        Expr::Term(term) => of_term(term),
    }
}

fn joined(parts: &[Expr], word: &str) -> Option<String> {
    let parts: Vec<String> = parts.iter().map(condition).collect::<Option<_>>()?;
    Some(format!("({})", parts.join(word)))
}

fn of_term(term: &Term) -> Option<String> {
    match term {
        Term::Failed => about("data.response.status", &Condition::Number(Numbers::AtLeast(400))),
        Term::Flag(flag) if *flag != Flag::Diff => condition(&flag.meaning()),
        // What a call does is told by lists of ours.
        Term::Access(set) if *set == AccessSet::ALL => None,
        Term::About { subject: Subject::Field(field), condition } => about(place(*field)?, condition),
        Term::About { subject: Subject::Raw, condition: Condition::Contains(text) } => {
            Some(format!("logContent = '*{}*'", plain(text)?))
        }
        _ => None,
    }
}

/// Where it stands in an entry of the log.
fn place(field: Field) -> Option<&'static str> {
    match field {
        Field::Type => Some("type"),
        Field::Id => Some("id"),
        // Entries have the resource's name there.
        Field::Resource => Some("source"),
        Field::Source => None,
        Field::Key => Some("data.identity.credentials"),
        field => field.place(),
    }
}

fn about(place: &str, condition: &Condition) -> Option<String> {
    let credentials = place.ends_with("credentials");
    let like = |pattern: String| Some(format!("{place} = '{pattern}'"));
    match condition {
        Condition::Contains(text) => like(format!("*{}*", plain(text)?)),
        // The fingerprint is the end of it.
        Condition::Equals(text) if credentials => like(format!("*{}", plain(text)?)),
        Condition::Equals(text) => like(plain(text)?.to_owned()),
        Condition::Glob(glob) if !credentials => like(pattern(glob)?),
        Condition::Address(net) if net.prefix_len() == net.max_prefix_len() => like(net.addr().to_string()),
        Condition::Number(numbers) if place == "data.response.status" => status(place, *numbers),
        Condition::Any(any) => any_of(place, any),
        Condition::Listed { any, .. } => any_of(place, any),
        _ => None,
    }
}

/// `None` where one of them cannot be said, or where there are more than anyone pastes.
fn any_of(place: &str, any: &[Condition]) -> Option<String> {
    if any.is_empty() || any.len() > MOST {
        return None;
    }
    let parts: Vec<String> = any.iter().map(|one| about(place, one)).collect::<Option<_>>()?;
    Some(format!("({})", parts.join(" or ")))
}

/// A status is a text there.
fn status(place: &str, numbers: Numbers) -> Option<String> {
    match numbers {
        Numbers::Between(first, last) if first == last => Some(format!("{place} = '{first}'")),
        Numbers::Between(first, last) if first % 100 == 0 && last - first == 99 => {
            Some(format!("{place} = '{}*'", first / 100))
        }
        Numbers::AtLeast(400) => Some(format!("({place} = '4*' or {place} = '5*')")),
        _ => None,
    }
}

fn pattern(glob: &Glob) -> Option<String> {
    let token = |token: &Token| match token {
        Token::Many => Some('*'),
        Token::One => None,
        Token::Char(c) => plain(c.encode_utf8(&mut [0; 4])).map(|_| *c),
    };
    glob.tokens().iter().map(token).collect()
}

/// A text that means itself between quotes.
fn plain(text: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_alphanumeric() || " ._:/@+-=,#".contains(c);
    (!text.is_empty() && text.chars().all(is_plain)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::zone::Zone;
    use crate::query::{ParseContext, parse};

    fn said(text: &str) -> Vec<Option<String>> {
        let now = chrono::DateTime::UNIX_EPOCH;
        let context = ParseContext { now, zone: Zone::Utc, read_list: &|_, _| Err(String::new()) };
        parse(text, &context).unwrap().conjuncts().iter().map(condition).collect()
    }

    #[test]
    fn what_both_languages_can_say_is_said() {
        let all = said("user=alice@acme.com event:Delete* -status:404 status:4xx is:failed ip:203.0.113.9 res:web");
        let all: Vec<&str> = all.iter().map(|said| said.as_deref().unwrap()).collect();
        assert_eq!(
            all,
            [
                "data.identity.principalName = 'alice@acme.com'",
                "data.eventName = 'Delete*'",
                "not (data.response.status = '404')",
                "data.response.status = '4*'",
                "(data.response.status = '4*' or data.response.status = '5*')",
                "data.identity.ipAddress = '203.0.113.9'",
                "source = '*web*'",
            ]
        );
        assert_eq!(
            said("user:(a OR b)"),
            [Some("(data.identity.principalName = '*a*' or data.identity.principalName = '*b*')".to_owned())]
        );
        assert_eq!(said("*:evil"), [Some("logContent = '*evil*'".to_owned())]);
    }

    #[test]
    fn what_cannot_be_said_is_not_said_in_part() {
        for text in [
            "is:write",
            "ip:10.0.0.0/8",
            "user:\"o'brien\"",
            "ua=~curl",
            "(user:a OR is:write)",
            "region:iad",
            "delete",
            "has:diff",
        ] {
            assert_eq!(said(text), [None], "{text}");
        }
    }
}
