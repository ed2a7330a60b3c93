//! The question on the screen as a command: whoever runs it sees, or writes, the same events. Times are absolute,
//! places are named by OCID, and every switch is said.

use std::iter::once;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::scope::ScopeRequest;
use crate::domain::text::{clean, count_of, thousands};
use crate::domain::time_phrase::format_length;
use crate::domain::time_range::{TimeRange, rfc3339};
use crate::query::{Expr, Query, Term};

use super::App;
use super::copying::Copy;
use super::setup::{AccessFilter, FilesSetup};
use super::shell;

type Words = Result<Vec<String>, &'static str>;

/// More commands than anyone pastes.
const MOST_CALLS: usize = 200;
/// What `--padding` is when nobody says it.
const PADDING: TimeDelta = TimeDelta::minutes(30);

impl App {
    /// A command that shows what is on the screen.
    pub(super) fn permalink(&self) -> Copy {
        let mut words = match &self.setup.files {
            Some(files) => open_words(files)?,
            None => [vec!["auditui".to_owned()], self.setup.identity.clone(), self.reading_words()?].concat(),
        };
        if !self.shows_all_times() {
            words.extend(["--time".to_owned(), self.range.to_string()]);
        }
        let mut query = self.filters.query().clone();
        if self.filters.failed {
            query.push(Term::Failed);
        }
        // Files are opened whole.
        if let Some(scope) = self.narrowed_scope().filter(|_| self.files.is_some()) {
            query.push(Term::Region(scope.regions.into_iter().collect()));
            query.push(Term::Queried(scope.compartments.into_iter().collect()));
        }
        words.extend(self.filter_words(&query, true));
        if self.filters.own {
            words.push("--own-reads".to_owned());
        }
        // What the demo invents begins with the hour.
        let what =
            if self.setup.demo { "a command that shows this within this hour" } else { "a command that shows this" };
        Ok((what.to_owned(), harmless(shell::line(&words))?))
    }

    /// A command that writes what is on the screen.
    pub(super) fn export_command(&self) -> Copy {
        if self.files.is_some() {
            return Err("export reads a tenancy, and these events come from files");
        }
        let identity = self.setup.identity.clone();
        let mut words = [vec!["auditui".to_owned(), "export".to_owned()], identity, self.reading_words()?].concat();
        words.extend(["--time".to_owned(), self.range.to_string()]);
        let mut query = Query::everything().and_all(self.filters.terms().cloned());
        if self.filters.failed {
            query.push(Term::Failed);
        }
        if !self.filters.own {
            query.push(Expr::from(Term::Own).negated());
        }
        // An export keeps events without a readable time, which the screen shows in no range.
        query
            .push(Term::Time(TimeRange::new(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC).unwrap_or(self.range)));
        words.extend(self.filter_words(&query, false));
        Ok(("a command that writes this".to_owned(), harmless(shell::line(&words))?))
    }

    /// A command for each region and compartment that was asked, for who has only the OCI CLI.
    pub(super) fn call_commands(&self) -> Copy {
        if self.setup.demo || self.files.is_some() {
            return Err("there is no Oracle to ask for these events");
        }
        let tenancy = self.tenancy.as_ref().ok_or("not connected yet")?;
        let scope = self.included.scope(tenancy);
        let cells: Vec<(&RegionId, &Ocid)> =
            scope.regions.iter().flat_map(|region| scope.compartments.iter().map(move |id| (region, id))).collect();
        if cells.is_empty() {
            return Err("nothing is included");
        }
        let window = self.window;
        let mut lines = vec![
            format!(
                "# {}: {} and {}. They take no filter, and go by when events were processed: hence {} more.",
                count_of(cells.len() as u64, "call"),
                count_of(scope.regions.len() as u64, "region"),
                count_of(scope.compartments.len() as u64, "compartment"),
                format_length(self.setup.padding.max(TimeDelta::minutes(1))),
            ),
            format!("# Keep what has its eventTime in {}.", self.range),
        ];
        for (region, compartment) in cells.iter().take(MOST_CALLS) {
            let call = ["oci", "audit", "event", "list", "--all", "--region", region.as_str(), "--compartment-id"];
            let words = call.into_iter().map(str::to_owned).chain(once(compartment.to_string()));
            let times =
                ["--start-time".to_owned(), rfc3339(window.start()), "--end-time".to_owned(), rfc3339(window.end())];
            lines.push(harmless(shell::line(&words.chain(times).chain(self.cli_identity()).collect::<Vec<_>>()))?);
        }
        if cells.len() > MOST_CALLS {
            let left = thousands((cells.len() - MOST_CALLS) as u64);
            lines.push(format!("# {left} more were left out: look at fewer places, or run auditui export"));
        }
        Ok(("commands of the OCI CLI".to_owned(), lines.join("\n") + "\n"))
    }

    /// What the OCI CLI calls the same.
    fn cli_identity(&self) -> impl Iterator<Item = String> {
        let pairs = self.setup.identity.chunks_exact(2);
        let known = pairs.filter(|pair| ["--profile", "--config-file", "--auth"].contains(&pair[0].as_str()));
        known.flatten().cloned()
    }

    /// Which places, and how far behind.
    fn reading_words(&self) -> Words {
        let tenancy = self.tenancy.as_ref().ok_or("not connected yet")?;
        let request = self.included.request(tenancy).ok_or("nothing is included")?;
        let request = if self.setup.narrowed_by_default { self.said_whole(request)? } else { request };
        let ScopeRequest { regions, exclude_regions, compartments, exclude_compartments, no_subtree } = request;
        let mut words = Vec::new();
        for (option, values) in [
            ("--region", regions),
            ("--exclude-region", exclude_regions),
            ("--compartment", compartments),
            ("--exclude-compartment", exclude_compartments),
        ] {
            words.extend(values.into_iter().flat_map(|value| [option.to_owned(), value]));
        }
        if no_subtree {
            words.push("--no-subtree".to_owned());
        }
        if self.setup.padding != PADDING || self.setup.narrowed_by_default {
            words.extend(["--padding".to_owned(), length(self.setup.padding)]);
        }
        Ok(words)
    }

    /// The same, said so that nothing is left to what holds where nobody says anything.
    fn said_whole(&self, request: ScopeRequest) -> Result<ScopeRequest, &'static str> {
        let tenancy = self.tenancy.as_ref().ok_or("not connected yet")?;
        let scope = self.included.scope(tenancy);
        let regions = scope.regions.iter().map(ToString::to_string).collect();
        // A variable that leaves out what lies below cannot be unsaid.
        if self.setup.scope.no_subtree {
            let compartments = scope.compartments.iter().map(ToString::to_string).collect();
            return Ok(ScopeRequest { regions, compartments, no_subtree: true, ..ScopeRequest::default() });
        }
        let root = || vec![tenancy.tree.get(tenancy.tree.root()).id.to_string()];
        let compartments = if request.compartments.is_empty() { root() } else { request.compartments };
        Ok(ScopeRequest { regions, compartments, ..request })
    }

    /// Which classes of events, and the query. `screen`: a query shows all classes there, nothing shows writes.
    fn filter_words(&self, query: &Query, screen: bool) -> Vec<String> {
        let mut words = Vec::new();
        match self.filters.access {
            AccessFilter::WritesAndSessions => words.push("--writes".to_owned()),
            AccessFilter::Reads => words.push("--reads".to_owned()),
            AccessFilter::All => {}
        }
        let text = match query.to_string() {
            text if text.is_empty() && screen && words.is_empty() => "*".to_owned(),
            text => text,
        };
        if !text.is_empty() {
            words.extend(["-Q".to_owned(), text]);
        }
        words
    }

    /// The scope, unless it is everything.
    pub(super) fn narrowed_scope(&self) -> Option<crate::domain::scope::Scope> {
        let tenancy = self.tenancy.as_ref()?;
        (!self.included.is_everything(tenancy)).then(|| self.included.scope(tenancy))
    }
}

fn open_words(files: &FilesSetup) -> Words {
    if files.paths.iter().any(|path| path == "-") {
        return Err("these events come from standard input, which cannot be read again");
    }
    Ok(["auditui", "open"].into_iter().map(str::to_owned).chain(files.paths.iter().cloned()).collect())
}

/// Files, profiles and queries may be called anything: what a terminal would obey is not pasted into one.
fn harmless(line: String) -> Result<String, &'static str> {
    let is_plain = clean(&line) == line;
    is_plain.then_some(line).ok_or("the command would have characters that cannot safely be pasted")
}

fn length(length: TimeDelta) -> String {
    if length.is_zero() { "0".to_owned() } else { format!("{}s", length.num_seconds()) }
}

#[cfg(test)]
mod tests {
    use crate::app::action::Action;
    use crate::app::setup::Setup;
    use crate::app::testing::{Stage, ledger, ocid, setup, snapshot};

    fn stage() -> Stage {
        let identity = ["--profile", "my prod"].map(str::to_owned).to_vec();
        Stage::with(Setup { identity, ..setup() }, snapshot(14), ledger(&[]))
    }

    fn copied(stage: &Stage, action: Action) -> String {
        stage.app.copy_of(action).unwrap().1
    }

    const TIME: &str = "--time 2026-03-14T08:00:00Z..2026-03-14T14:00:00Z";

    #[test]
    fn the_command_says_every_switch() {
        let mut stage = stage();
        assert_eq!(copied(&stage, Action::CopyQuery), format!("auditui --profile 'my prod' {TIME} --writes"));
        stage.keys("w ! .");
        assert_eq!(
            copied(&stage, Action::CopyQuery),
            format!("auditui --profile 'my prod' {TIME} -Q is:failed --own-reads")
        );
        assert_eq!(
            copied(&stage, Action::CopyExport),
            format!("auditui export --profile 'my prod' {TIME} -Q 'is:failed time:*'")
        );
        stage.keys("! . /").typed("it's").keys("<enter>");
        assert_eq!(copied(&stage, Action::CopyQuery), format!(r#"auditui --profile 'my prod' {TIME} -Q '"it'\''s"'"#));
        stage.keys("x");
        assert_eq!(copied(&stage, Action::CopyQuery), format!("auditui --profile 'my prod' {TIME} -Q '*'"));
        stage.keys("w 1").typed("/net").keys("<enter> o");
        let net = ocid("prod-net");
        assert_eq!(
            copied(&stage, Action::CopyQuery),
            format!("auditui --profile 'my prod' --compartment {net} {TIME} --reads")
        );
    }

    #[test]
    fn the_whole_scope_is_named_where_a_default_would_narrow_it() {
        let stage = Stage::with(Setup { narrowed_by_default: true, ..setup() }, snapshot(14), ledger(&[]));
        let places = "--region eu-frankfurt-1 --region us-ashburn-1 --region uk-london-1";
        let root = ocid("root");
        assert_eq!(
            copied(&stage, Action::CopyQuery),
            format!("auditui {places} --compartment {root} --padding 1800s {TIME} --writes")
        );
    }

    #[test]
    fn every_compartment_is_named_where_nothing_below_is_read() {
        let scope = crate::domain::scope::ScopeRequest { no_subtree: true, ..Default::default() };
        let stage = Stage::with(Setup { narrowed_by_default: true, scope, ..setup() }, snapshot(14), ledger(&[]));
        let copied = copied(&stage, Action::CopyQuery);
        assert_eq!((copied.matches("--compartment ").count(), copied.matches("--no-subtree").count()), (9, 1));
    }

    #[test]
    fn a_name_that_a_terminal_would_obey_is_in_no_command() {
        let identity = ["--profile", "x\u{1b}]52;c;aGk=\u{7}"].map(str::to_owned).to_vec();
        let mut stage = Stage::with(Setup { identity, ..setup() }, snapshot(14), ledger(&[]));
        for action in [Action::CopyQuery, Action::CopyExport, Action::CopyCalls] {
            assert!(stage.app.copy_of(action).unwrap_err().contains("safely"), "{action:?}");
        }
        let printed = stage.app.print();
        let [crate::app::effect::Effect::Print(text)] = &*printed else { panic!("{printed:?}") };
        assert!(text.starts_with("2026-03-14T08:00:00Z..2026-03-14T14:00:00Z\nrows "), "{text}");

        let paths = vec!["day\n\u{202e}.jsonl".to_owned()];
        let files = crate::app::setup::FilesSetup { name: "day".into(), paths, all_times: true };
        let stage = Stage::with(Setup { files: Some(files), ..setup() }, snapshot(14), ledger(&[]));
        assert!(stage.app.copy_of(Action::CopyQuery).unwrap_err().contains("safely"));
    }

    #[test]
    fn calls_of_the_oci_cli_are_of_whole_minutes_one_for_each_slice() {
        let mut stage = stage();
        stage.keys("1").typed("/net").keys("<enter> o");
        let text = copied(&stage, Action::CopyCalls);
        let calls: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(calls.len(), 3);
        assert_eq!(
            calls[0],
            format!(
                "oci audit event list --all --region eu-frankfurt-1 --compartment-id {} \
                 --start-time 2026-03-14T08:00:00Z --end-time 2026-03-14T14:03:00Z --profile 'my prod'",
                ocid("prod-net")
            )
        );
        assert!(text.starts_with("# 3 calls: 3 regions and 1 compartment."), "{text}");
    }
}
