//! `:export FILE`: what is listed, written by another thread, and what is said of that.

use std::sync::Arc;

use super::App;
use super::effect::Effect;

use super::notices::{Level, Notice};
use super::view::Seen;
use crate::domain::problem::Problem;
use crate::domain::text::{clean_prefix, count_of, thousands};

/// Events to be written, the oldest first, one a line as they were received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    pub seen: Seen,
    /// As it was typed.
    pub file: String,
}

/// How an export goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exporting {
    /// So many of so many are written.
    Under {
        written: u64,
        of: u64,
    },
    /// All are, in this file; of some the bytes could not be read back.
    Done {
        file: String,
        written: u64,
        unreadable: u64,
    },
    Failed(Problem),
}

/// What is known of an export that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    written: u64,
    of: u64,
    /// What the events leave out, as it was when they were taken.
    caveat: Option<String>,
    /// Somebody wanted to quit, and was told.
    pub(super) told: bool,
}

impl UnderWay {
    pub fn notice(&self) -> Notice {
        let percent = self.written * 100 / self.of.max(1);
        let what = format!("writing events: {percent}% of {}", thousands(self.of));
        Notice::new(Level::Done, what)
    }
}

impl App {
    /// What totals leave out, where they leave something out; `what` does so.
    pub fn leaves_out(&self, what: &str) -> Option<String> {
        if self.files().is_some_and(|files| files.end().is_none()) {
            return Some(format!("{what} grow: the files are still being read"));
        }
        if !self.facts.is_lower_bound() {
            return None;
        }
        let coverage = self.facts.coverage;
        let counted =
            [(coverage.failed, "failed"), (coverage.unfinished(), "under way"), (coverage.denied, "no access")];
        let parts: Vec<String> =
            counted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let percent = coverage.percent().map(|percent| format!(" (cover {percent}%)")).unwrap_or_default();
        Some(match &*parts {
            [] => format!("{what} may still grow{percent}"),
            parts => format!("{what} leave out slices: {}{percent}", parts.join(", ")),
        })
    }

    /// What `:export` would write, or why it cannot.
    pub(super) fn export_words(&self) -> Result<String, &'static str> {
        let seen = self.exported()?;
        let caveat = self.caveat(&seen).map(|caveat| format!("; {caveat}")).unwrap_or_default();
        Ok(format!("= {}, one a line, the oldest first{caveat}", count_of(seen.0.matched() as u64, "event")))
    }

    pub(super) fn export(&mut self, file: &str) -> Vec<Effect> {
        match self.exported() {
            Ok(seen) => {
                let caveat = self.caveat(&seen);
                let of = seen.0.matched() as u64;
                self.notices.exporting = Some(UnderWay { written: 0, of, caveat, told: false });
                vec![Effect::Export(ExportRequest { seen, file: file.to_owned() })]
            }
            Err(why) => self.fail(format!("nothing is written: {why}")),
        }
    }

    fn exported(&self) -> Result<Seen, &'static str> {
        if self.notices.exporting.is_some() {
            return Err("another export is still under way");
        }
        let view = self.view.as_ref().filter(|_| self.is_current()).ok_or("the question is not answered yet")?;
        match (view.selection.is_complete(), view.matched()) {
            (false, _) => Err("the events are still being searched"),
            (true, 0) => Err("no event is listed"),
            (true, _) => Ok(Seen(Arc::clone(view))),
        }
    }

    /// What must be known of what is written.
    fn caveat(&self, seen: &Seen) -> Option<String> {
        let of_files = self.files().and_then(|files| files.end()).map(|end| end.coverage.to_owned());
        let hidden = seen.0.facts.held.refused > 0;
        let left_out = self.leaves_out("they").or(of_files);
        left_out.or_else(|| hidden.then(|| "events that there was no memory for are missing".to_owned()))
    }

    pub(super) fn exporting(&mut self, how: Exporting) -> Vec<Effect> {
        match how {
            Exporting::Under { written, of } => {
                if let Some(under_way) = &mut self.notices.exporting {
                    (under_way.written, under_way.of) = (written, of);
                }
                Vec::new()
            }
            Exporting::Done { file, written, unreadable } => {
                let under_way = self.notices.exporting.take();
                let caveat = under_way.and_then(|under_way| under_way.caveat);
                let caveat = caveat.map(|caveat| format!("; {caveat}")).unwrap_or_default();
                let what = format!("{} in {}", count_of(written, "event"), clean_prefix(&file, 120));
                if unreadable > 0 {
                    let lost = count_of(unreadable, "event");
                    return self.fail(format!("{what}, but {lost} could not be read back{caveat}"));
                }
                self.say(format!("{what}{caveat}"))
            }
            Exporting::Failed(problem) => {
                self.notices.exporting = None;
                self.tell(problem)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::message::Message;
    use crate::app::testing::{Stage, ledger, troubled};

    fn exported(stage: &Stage) -> Option<ExportRequest> {
        stage.effects.iter().rev().find_map(|effect| match effect {
            Effect::Export(request) => Some(request.clone()),
            _ => None,
        })
    }

    fn said(stage: &Stage) -> String {
        stage.app.notice().map(|notice| notice.text()).unwrap_or_default()
    }

    #[test]
    fn what_is_listed_is_written_and_what_it_leaves_out_is_said() {
        let mut stage = Stage::new(troubled());
        stage.keys("! :").typed("export out.jsonl");
        assert_eq!(
            stage.app.palette_usage().0,
            "= 2 events, one a line, the oldest first; they leave out slices: 1 failed, 2 under way, 3 no access (cover 77%)"
        );
        stage.keys("<enter>");
        let request = exported(&stage).unwrap();
        assert_eq!((request.file.as_str(), request.seen.0.matched()), ("out.jsonl", 2));
        assert_eq!(said(&stage), "writing events: 0% of 2");
        stage.send(Message::Exporting(Exporting::Under { written: 1, of: 2 }));
        assert_eq!(said(&stage), "writing events: 50% of 2");
        stage.keys("j :").typed("export other.jsonl").keys("<enter>");
        assert!(said(&stage).contains("another export"), "{}", said(&stage));
        let done = Exporting::Done { file: "/x/out.jsonl".into(), written: 2, unreadable: 0 };
        stage.send(Message::Exporting(done));
        assert!(said(&stage).starts_with("2 events in /x/out.jsonl; they leave out"), "{}", said(&stage));
    }

    #[test]
    fn nothing_is_written_of_nothing_and_leaving_takes_two_keys() {
        let mut stage = Stage::new(ledger(&[]));
        stage.keys("/").typed("nowhere").keys("<enter> :").typed("export x").keys("<enter>");
        assert!(exported(&stage).is_none() && said(&stage).contains("no event is listed"), "{}", said(&stage));
        stage.keys("<esc> x :").typed("export x").keys("<enter> q");
        assert!(!stage.app.should_quit() && said(&stage).contains("is being written"), "{}", said(&stage));
        stage.keys("q");
        assert!(stage.app.should_quit());
    }
}
