//! Tab in the query line: names at once, values once they were counted on another thread; again for the next of them.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::domain::text::{LEFT_OUT, clean_prefix, thousands};
use crate::query::{Completion, Field, Unfinished, completed, unfinished};

use super::App;
use super::effect::{CountRequest, Effect};
use super::line::LineEditor;
use super::values::{ValuesFound, ValuesRequest};
use super::view::Seen;

/// As many as anyone presses Tab for.
const MOST: usize = 50;
/// Of them are told at once.
const TOLD: usize = 6;

/// What may stand where the cursor was when Tab was pressed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    before: String,
    after: String,
    /// What was typed of it.
    typed: String,
    /// Of what they are values, and whether after `=`; `None`: names.
    field: Option<(Field, bool)>,
    texts: Vec<Choice>,
    at: usize,
    /// They are still being looked for.
    waits: bool,
    /// The line as it was left: whatever else stands there was typed since.
    line: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    /// As it is typed.
    text: String,
    events: Option<u64>,
}

impl Choices {
    /// Whether nothing was typed since.
    pub fn are_of(&self, line: &LineEditor) -> bool {
        self.line == line.text()
    }

    /// The one that stands there, and which come next.
    pub fn words(&self) -> String {
        let of = self.field.map_or("names", |(field, _)| field.name());
        if self.waits {
            return format!("{of}: looking for values");
        }
        let all = self.texts.len();
        let told = self.texts.iter().cycle().skip(self.at).take(TOLD.min(all)).map(|choice| {
            let events = choice.events.map(|events| format!(" ({})", thousands(events))).unwrap_or_default();
            format!("{}{events}", clean_prefix(&choice.text, 40))
        });
        format!("{of} {} of {all}: {}", self.at + 1, told.collect::<Vec<_>>().join("  "))
    }
}

impl App {
    /// What may stand at the cursor; pressed again, the next of what was found.
    pub(super) fn complete(&mut self, forward: bool) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else { return Vec::new() };
        match &mut prompt.choices {
            Some(choices) if choices.waits => return Vec::new(),
            Some(choices) if !choices.texts.is_empty() => {
                let all = choices.texts.len();
                choices.at = (choices.at + if forward { 1 } else { all - 1 }) % all;
                return self.put_choice();
            }
            _ => {}
        }
        let (before, after) = prompt.line.parts();
        let wrong = prompt.wrong().map(|error| (error.span.start, !error.nearest.is_empty()));
        match unfinished(&before) {
            // What is wrong elsewhere comes first.
            Some(unfinished) if wrong.is_none_or(|(start, mends)| !mends || start >= last_term(&before)) => {
                self.offer(unfinished, &before, after)
            }
            _ => self.take_nearest(),
        }
    }

    fn offer(&mut self, unfinished: Unfinished, before: &str, after: String) -> Vec<Effect> {
        let Unfinished { start, typed, wanted } = unfinished;
        let (field, texts) = match wanted {
            Completion::Names(names) => {
                (None, names.into_iter().map(|text| Choice { text, events: None }).collect::<Vec<_>>())
            }
            Completion::Values { field, exactly } => (Some((field, exactly)), Vec::new()),
        };
        let find = typed.clone();
        let Some(prompt) = &mut self.prompt else { return Vec::new() };
        prompt.choices = Some(Choices {
            before: before.get(..start).unwrap_or_default().to_owned(),
            after,
            typed,
            field,
            texts,
            at: 0,
            waits: field.is_some(),
            line: prompt.line.text(),
        });
        let Some((field, _)) = field else { return self.put_choice() };
        let Some(view) = &self.view else {
            prompt.choices = None;
            return Vec::new();
        };
        vec![Effect::Count(CountRequest::Values(ValuesRequest { seen: Seen(Arc::clone(view)), field, find }))]
    }

    /// Values that begin with what was typed come before those that have it in them; others only where there are none.
    pub(super) fn values_found(&mut self, found: ValuesFound) -> Vec<Effect> {
        let Some(choices) = self.prompt.as_mut().and_then(|prompt| prompt.choices.as_mut()) else {
            return self.users_found(found);
        };
        let Some((field, exactly)) = choices.field.filter(|(field, _)| *field == found.field) else {
            return self.users_found(found);
        };
        if !choices.waits || choices.typed != found.find {
            return Vec::new();
        }
        let typed = choices.typed.to_lowercase();
        let rank = |value: &str| match value.to_lowercase().find(&typed) {
            Some(0) => 0,
            Some(_) => 1,
            None => 2,
        };
        let can_stand = |value: &str| !value.contains(LEFT_OUT) && LineEditor::can_hold(value);
        let mut ranked: Vec<_> = found.values.into_iter().filter(|(value, _)| can_stand(value)).collect();
        ranked.sort_by_key(|(value, events)| (rank(value), Reverse(*events)));
        let has_it = ranked.first().is_some_and(|(value, _)| rank(value) < 2);
        ranked.retain(|(value, _)| !has_it || rank(value) < 2);
        choices.waits = false;
        choices.texts = ranked
            .into_iter()
            .take(MOST)
            .map(|(value, events)| Choice { text: completed(field, exactly, &value), events: Some(events) })
            .collect();
        if choices.texts.is_empty() {
            let why = format!("no {} in range and scope is like “{}”", field.name(), clean_prefix(&choices.typed, 40));
            if let Some(prompt) = &mut self.prompt {
                prompt.choices = None;
            }
            return self.say(why);
        }
        self.put_choice()
    }

    fn put_choice(&mut self) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else { return Vec::new() };
        let Some(choices) = &mut prompt.choices else { return Vec::new() };
        let Some(choice) = choices.texts.get(choices.at) else { return Vec::new() };
        prompt.line.set_around(&format!("{}{}", choices.before, choice.text), &choices.after);
        choices.line = prompt.line.text();
        self.prompt_edited()
    }

    /// Puts what was probably meant in the place of what cannot be read.
    fn take_nearest(&mut self) -> Vec<Effect> {
        let Some(prompt) = &mut self.prompt else { return Vec::new() };
        let text = prompt.line.text();
        let Some(better) = prompt.wrong().and_then(|error| {
            let nearest = error.nearest.first()?;
            Some(format!("{}{nearest}{}", text.get(..error.span.start)?, text.get(error.span.end..)?))
        }) else {
            return Vec::new();
        };
        prompt.line.set(&better);
        self.prompt_edited()
    }
}

/// Where the last term begins.
fn last_term(before: &str) -> usize {
    before.rfind(char::is_whitespace).map_or(0, |space| space + 1)
}

#[cfg(test)]
mod tests {
    use crate::app::effect::{CountRequest, Effect};
    use crate::app::testing::{Stage, ledger};
    use crate::query::Field;

    fn typing(text: &str) -> Stage {
        let mut stage = Stage::new(ledger(&[]));
        stage.keys("w /").typed(text);
        stage
    }

    fn line(stage: &Stage) -> String {
        stage.app.prompt().unwrap().line.text()
    }

    #[test]
    fn tab_completes_a_value_and_goes_on_to_the_next() {
        let mut stage = typing("is:failed user:s");
        stage.keys("<tab>");
        assert_eq!(line(&stage), "is:failed user:svc-monitor");
        let said = stage.app.notice().unwrap().text();
        assert!(said.starts_with("user 1 of 2: svc-monitor (2)  svc-backup (1)"), "{said}");
        stage.keys("<tab>");
        assert_eq!(line(&stage), "is:failed user:svc-backup");
        stage.keys("<tab> shift-<tab> shift-<tab>");
        assert_eq!(line(&stage), "is:failed user:svc-monitor");
        stage.typed(" ev");
        assert!(stage.app.notice().is_none_or(|notice| !notice.what.contains(" of 2")));
        stage.keys("<tab>");
        assert_eq!(line(&stage), "is:failed user:svc-monitor event:");
        stage.keys("<enter>");
        assert!(stage.app.prompt().is_some(), "a field without a value is no query");
    }

    #[test]
    fn values_are_counted_elsewhere_and_what_is_typed_meanwhile_stays() {
        let mut stage = typing("user:al");
        let asked = stage.app.update(crate::app::message::Message::Key("<tab>".parse().unwrap()));
        let [Effect::Count(CountRequest::Values(request))] = &*asked else { panic!("{asked:?}") };
        assert_eq!((request.field, request.find.as_str()), (Field::User, "al"));
        stage.typed("x");
        stage.perform(asked);
        assert_eq!(line(&stage), "user:alx");
    }

    #[test]
    fn names_and_flags_come_at_once_and_nothing_is_invented() {
        let mut stage = typing("is:fa");
        stage.keys("<tab>");
        assert_eq!(line(&stage), "is:failed");
        let mut stage = typing("user:nobody-at-all");
        stage.keys("<tab>");
        assert_eq!(line(&stage), "user:nobody-at-all");
        assert!(stage.app.notice().unwrap().text().contains("no user in range and scope"));
        let mut stage = typing("user:alice usr:x");
        stage.keys("<tab>");
        assert_eq!(line(&stage), "user:alice user:x", "what is wrong is mended");
    }

    #[test]
    fn what_stands_behind_the_cursor_stays() {
        let mut stage = typing("user:svc-m is:failed");
        stage.keys("alt-b <left> <tab>");
        assert_eq!(line(&stage), "user:svc-monitor is:failed");
        assert_eq!(stage.app.prompt().unwrap().line.parts().1, " is:failed");
    }
}
