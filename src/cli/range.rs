//! From `--since`, `--until` and `--time` to a range.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::args::{ReadArgs, TimeArgs};
use crate::domain::problem::Problem;
use crate::domain::time_phrase::{Anchors, RETENTION, TimeError, format_length, parse_moment, parse_range};
use crate::domain::time_range::{TimeRange, rfc3339};

const EXAMPLE: &str = "say which: --since 6h, --since yesterday --until today, or --time 2026-03-14T08:00Z..14:00Z";

impl TimeArgs {
    /// Whether a time span was given, in whatever way.
    pub fn names_a_time(&self) -> bool {
        self.since.is_some() || self.until.is_some() || self.time.is_some()
    }

    /// The range asked for; `None` when none was.
    pub fn range(&self, now: DateTime<Utc>) -> Result<Option<TimeRange>, Problem> {
        // Fractions of the second in which the command was typed would only be noise in what is echoed.
        let now = now.trunc_subsecs(0);
        let anchors = Anchors { now, zone: self.tz.0, event: None };
        if let Some(text) = &self.time {
            return parse_range(text, &anchors).map(Some).map_err(|error| refused("--time", text, &error));
        }
        let moment = |option: &str, text: &Option<String>| {
            text.as_deref()
                .map(|text| parse_moment(text, &anchors).map_err(|error| refused(option, text, &error)))
                .transpose()
        };
        match (moment("--since", &self.since)?, moment("--until", &self.until)?) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(Problem::usage("--until needs --since").hint(EXAMPLE)),
            (Some(start), until) => between(start, until.unwrap_or(now), now).map(Some),
        }
    }
}

impl ReadArgs {
    /// As [`TimeArgs::range`], for commands that have no range of their own.
    pub fn required_range(&self, now: DateTime<Utc>) -> Result<TimeRange, Problem> {
        self.when.range(now)?.ok_or_else(|| Problem::usage("which time span? there is no default").hint(EXAMPLE))
    }
}

fn between(start: DateTime<Utc>, end: DateTime<Utc>, now: DateTime<Utc>) -> Result<TimeRange, Problem> {
    if start >= now {
        return Err(Problem::usage(format!("--since, {}, lies in the future", rfc3339(start))).hint(EXAMPLE));
    }
    if end > now {
        return Err(Problem::usage(format!("--until, {}, lies in the future", rfc3339(end)))
            .hint("leave --until out to read up to now"));
    }
    TimeRange::new(start, end).ok_or_else(|| {
        Problem::usage(format!("--until, {}, is not after --since, {}", rfc3339(end), rfc3339(start))).hint(format!(
            "did you mean --since {} --until {}?",
            rfc3339(end),
            rfc3339(start)
        ))
    })
}

fn refused(option: &str, text: &str, error: &TimeError) -> Problem {
    let text = crate::domain::text::clean_prefix(text, 80);
    let problem = Problem::usage(format!("{option} {text}: {}", error.message));
    match &error.suggestion {
        Some(suggestion) => problem.hint(format!("did you mean {suggestion}?")),
        None => problem.hint(EXAMPLE),
    }
}

/// What to say about a range that begins before anything that can still be held.
pub fn retention_warning(range: &TimeRange, now: DateTime<Utc>) -> Option<String> {
    (now - range.start() > RETENTION + TimeDelta::minutes(1)).then(|| {
        format!(
            "{} is more than {} ago: OCI keeps audit events for at most that long",
            rfc3339(range.start()),
            format_length(RETENTION)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(args: &TimeArgs) -> Result<Option<TimeRange>, Problem> {
        args.range("2026-03-14T14:00:00Z".parse().unwrap())
    }

    fn text(since: &str, until: &str) -> TimeArgs {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        TimeArgs { since: some(since), until: some(until), ..TimeArgs::default() }
    }

    #[test]
    fn since_alone_ends_now() {
        assert_eq!(range(&text("-6h", "")).unwrap().unwrap().to_string(), "2026-03-14T08:00:00Z..2026-03-14T14:00:00Z");
        assert_eq!(range(&text("", "")).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_is_refused_with_a_way_out() {
        assert!(range(&text("", "1h")).unwrap_err().hint.contains("--since"));
        assert!(range(&text("1h", "2h")).unwrap_err().hint.contains("2026-03-14T12:00:00Z --until 2026-03-14T13"));
        assert!(range(&text("2027-01-01", "")).unwrap_err().what.contains("future"));
        assert!(range(&text("nonsense", "")).unwrap_err().what.contains("--since nonsense"));
        assert!(
            ReadArgs::default()
                .required_range("2026-03-14T14:00:00Z".parse().unwrap())
                .unwrap_err()
                .hint
                .contains("--since 6h")
        );
    }
}
