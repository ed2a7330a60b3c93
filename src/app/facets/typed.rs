//! The line that is typed in the facets: a value to find, or a field to count by.

use super::super::App;
use super::super::action::Action;
use super::super::effect::Effect;
use super::super::line::LineEditor;
use super::{Purpose, Typed};
use crate::domain::secret::holds_secrets;
use crate::domain::zone::Zone;
use crate::query::{Condition, Expr, ParseContext, Subject, Term, parse};

impl App {
    pub(super) fn type_in_facets(&mut self, purpose: Purpose) -> Vec<Effect> {
        let text = if purpose == Purpose::Find { self.facets.find.as_str() } else { "" };
        self.facets.line = Some(Typed { purpose, line: LineEditor::new(text), fault: None });
        Vec::new()
    }

    pub(super) fn act_in_facets_line(&mut self, action: Action) -> Vec<Effect> {
        let purpose = self.facets.line.as_ref().map(|typed| typed.purpose);
        match action {
            Action::Cancel => {
                self.facets.line = None;
                if purpose == Some(Purpose::Find) {
                    return self.find_in_facets(String::new());
                }
            }
            Action::Open if purpose == Some(Purpose::Find) => self.facets.line = None,
            Action::Open => return self.add_facet(),
            // What was found can be walked through while typing.
            _ if purpose == Some(Purpose::Find) => {
                self.facets.move_cursor(action);
            }
            _ => {}
        }
        Vec::new()
    }

    /// A key, or a paste, into the line that is being typed.
    pub(in crate::app) fn edit_in_facets(&mut self, edit: impl FnOnce(&mut LineEditor) -> bool) -> Vec<Effect> {
        let Some(typed) = &mut self.facets.line else { return Vec::new() };
        if !edit(&mut typed.line) {
            return Vec::new();
        }
        typed.fault = None;
        let text = typed.line.text();
        if typed.purpose == Purpose::Find { self.find_in_facets(text) } else { Vec::new() }
    }

    fn find_in_facets(&mut self, text: String) -> Vec<Effect> {
        if self.facets.find == text {
            return Vec::new();
        }
        self.facets.find = text;
        self.facets.rewind();
        self.count_facets()
    }

    fn add_facet(&mut self) -> Vec<Effect> {
        let Some(text) = self.facets.line.as_ref().map(|typed| typed.line.text()) else { return Vec::new() };
        if text.trim().is_empty() {
            self.facets.line = None;
            return Vec::new();
        }
        match subject(&text, self.now, self.clock.zone()) {
            Ok(subject) => {
                self.facets.line = None;
                self.facets.add(subject);
                self.count_facets()
            }
            Err(fault) => {
                if let Some(typed) = &mut self.facets.line {
                    typed.fault = Some(fault);
                }
                Vec::new()
            }
        }
    }
}

/// What may be counted by: a field by its name, or a place in the JSON as the query language writes it; as jq does, too.
fn subject(text: &str, now: chrono::DateTime<chrono::Utc>, zone: Zone) -> Result<Subject, String> {
    let text = text.trim().trim_start_matches('.');
    let read_list = |_: &str, _: &Subject| Err("a list of values is no field".to_owned());
    let context = ParseContext { now, zone, read_list: &read_list };
    let query = parse(&format!("{text}:*"), &context).map_err(|error| {
        let suggestion = error.suggestion().map(|suggestion| format!("; {suggestion}")).unwrap_or_default();
        format!("{}{suggestion}", error.message)
    })?;
    match query.conjuncts() {
        [Expr::Term(Term::About { subject, condition: Condition::Present })]
            if !matches!(subject, Subject::Raw | Subject::Shown) =>
        {
            match subject {
                Subject::Path(path) if holds_secrets(path.keys()) => Err("credentials are not listed".to_owned()),
                _ => Ok(subject.clone()),
            }
        }
        _ => {
            Err("this is neither a field nor a place in the JSON, such as data.request.parameters.bucketName"
                .to_owned())
        }
    }
}
