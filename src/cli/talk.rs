//! What is said on standard error: sentences for people, or one JSON object per line.

use std::cell::{Cell, OnceCell};
use std::io::{IsTerminal, Write};
use std::time::Instant;

use chrono::SubsecRound;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::args::{ProgressMode, TalkArgs};
use super::progress::{Pace, Status, Way};
use super::report::Finding;
use crate::domain::problem::Problem;
use crate::domain::text::clean_json;
use crate::domain::time_phrase::format_length;
use crate::domain::time_range::rfc3339;
use crate::export::CoverageDocument;
use crate::oci::{Env, clock};

pub struct Talk {
    /// Begins every line of text.
    name: &'static str,
    way: Way,
    begun: Instant,
    pace: Cell<Pace>,
    bar: OnceCell<ProgressBar>,
}

impl Talk {
    pub fn new(name: &'static str, args: &TalkArgs, env: &Env) -> Self {
        let dumb = env.get("TERM").map_or(cfg!(unix), |term| term == "dumb");
        let way = match (args.quiet, args.progress) {
            (true, _) | (_, ProgressMode::None) => Way::Silent,
            (_, ProgressMode::Json) => Way::Json,
            (_, ProgressMode::Auto) if std::io::stderr().is_terminal() && !dumb => Way::Bar,
            (_, ProgressMode::Auto | ProgressMode::Plain) => Way::Plain,
        };
        Self::speaking(name, way)
    }

    /// For what has no options for it.
    pub fn plain(name: &'static str) -> Self {
        Self::speaking(name, Way::Plain)
    }

    fn speaking(name: &'static str, way: Way) -> Self {
        Self { name, way, begun: Instant::now(), pace: Cell::new(Pace::new(way)), bar: OnceCell::new() }
    }

    /// Something good to know. The text must be harmless, here and below.
    pub fn note(&self, text: &str) {
        match self.way {
            Way::Silent => {}
            Way::Json => object(&json!({ "type": "note", "time": now(), "what": text })),
            Way::Bar | Way::Plain => self.line(&format!("{}: {text}", self.name)),
        }
    }

    pub fn warning(&self, text: &str) {
        match self.way {
            Way::Json => object(&json!({ "type": "warning", "time": now(), "what": text })),
            _ => self.note(&format!("warning: {text}")),
        }
    }

    /// How far it is. Cheap to call for every page: `status` is asked only when it may be told.
    pub fn progress(&self, status: impl FnOnce() -> Status) {
        let now = self.begun.elapsed();
        let mut pace = self.pace.get();
        if !pace.wants(now) {
            return;
        }
        let status = status();
        if pace.takes(now, status) {
            self.tell(status);
        }
        self.pace.set(pace);
    }

    /// Ends the progress: what is said from here on stays.
    pub fn end_of_progress(&self, status: Status) {
        if self.way == Way::Json {
            object(&status.to_json(clock::now()));
        }
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }

    /// What is missing and what is odd.
    pub fn findings(&self, findings: &[Finding]) {
        for finding in findings {
            match self.way {
                Way::Json => object(&finding.to_json()),
                _ => self.line(&finding.to_string()),
            }
        }
    }

    /// The last thing that is said.
    pub fn summary(&self, document: &CoverageDocument) {
        if self.way != Way::Json {
            return self.line(&document.sentence);
        }
        let export = document.export.as_ref();
        object(&json!({
            "type": "summary",
            "time": rfc3339(document.ended_at),
            "slices": Status { coverage: document.totals, ..Status::default() }.to_json(document.ended_at)["slices"],
            "events": export.map(|export| export.events),
            "calls": document.calls,
            "complete": document.complete,
            "sentence": document.sentence,
            "exitCode": document.exit_code,
        }));
    }

    /// The last thing that is said of files: `parts` beside the sentence and the exit code.
    pub fn summary_of_files(&self, sentence: &str, exit_code: u8, parts: &Value) {
        if self.way != Way::Json {
            return self.line(sentence);
        }
        let mut line = json!({ "type": "summary", "time": now(), "sentence": sentence, "exitCode": exit_code });
        if let (Some(line), Value::Object(parts)) = (line.as_object_mut(), parts) {
            line.extend(parts.clone());
        }
        object(&line);
    }

    /// What the run took.
    pub fn stats(&self, lines: &[String], parts: &Value) {
        match self.way {
            Way::Json => object(parts),
            _ => lines.iter().for_each(|line| self.line(&format!("stats: {line}"))),
        }
    }

    /// Why nothing more is done.
    pub fn problem(&self, problem: &Problem) {
        if self.way != Way::Json {
            return self.line(&format!("auditui: {problem}"));
        }
        let mut line = json!({ "type": "problem", "time": now(), "exitCode": problem.kind.exit_code() });
        if let (Some(line), Ok(Value::Object(parts))) = (line.as_object_mut(), serde_json::to_value(problem)) {
            line.extend(parts);
        }
        object(&line);
    }

    fn tell(&self, status: Status) {
        let left = status.at_least_left(self.begun.elapsed());
        let left = left.and_then(|left| chrono::TimeDelta::from_std(left).ok());
        let left = left.map(|left| format!(", {} or more at this pace", format_length(left))).unwrap_or_default();
        match self.way {
            Way::Silent => {}
            Way::Json => object(&status.to_json(clock::now())),
            Way::Plain => self.line(&format!("{}: {}{}{left}", self.name, status.lead(), status.sentence())),
            Way::Bar => {
                let bar = self.bar.get_or_init(|| bar(self.name));
                bar.set_length(100);
                bar.set_position(u64::from(status.percent()));
                bar.set_message(format!("{}{}{left}", status.lead(), status.sentence()));
            }
        }
    }

    fn line(&self, text: &str) {
        match self.bar.get() {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }
}

/// To the millisecond.
fn now() -> String {
    rfc3339(clock::now().trunc_subsecs(3))
}

/// Repainted only when it is told something: our own pace is slow enough.
fn bar(name: &'static str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{prefix}: [{bar:24}] {wide_msg}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")).with_prefix(name)
}

fn object(value: &Value) {
    say(&clean_json(value.to_string().as_bytes()));
}

/// A line on standard error. Nobody may be reading it; that is no error.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
