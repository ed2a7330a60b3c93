//! What is in sight as plain text, for a terminal without a clipboard, and for who listens to the screen.

use crate::domain::text::{clean, thousands};

use super::effect::Effect;
use super::event_detail::Body;
use super::panes::detail::Tab;
use super::summary::one_line;
use super::{App, Pane};

impl App {
    pub(super) fn print(&mut self) -> Vec<Effect> {
        let text = match self.focus {
            Pane::Tree => self.printed_scope(),
            Pane::List => self.printed_rows(),
            Pane::Detail => self.printed_event(),
        };
        vec![Effect::Print(text)]
    }

    /// The rows in sight, and how many there are.
    fn printed_rows(&self) -> String {
        let Some(view) = self.view() else { return "nothing was read yet\n".to_owned() };
        let shown = self.list.viewport();
        let ranks = shown.offset..(shown.offset + shown.height).min(view.matched());
        let bound = if self.facts.coverage.is_lower_bound() { "at least " } else { "" };
        let question = self.permalink().map_or_else(|_| self.range.to_string(), |(_, command)| command);
        let mut text = format!(
            "{question}\nrows {} to {} of {bound}{}\n",
            ranks.start + usize::from(!ranks.is_empty()),
            ranks.end,
            thousands(view.matched() as u64),
        );
        for row in view.rows(ranks) {
            text.push_str(&one_line(&row, None));
            text.push('\n');
        }
        text
    }

    /// The event: its summary, or its document without credentials.
    fn printed_event(&self) -> String {
        let Some(event) = self.detail.event() else { return "the event is still being read\n".to_owned() };
        if self.detail.tab() == Tab::Json {
            return match (&event.body, event.redacted_json()) {
                (_, Some((text, _))) => text + "\n",
                (Body::Text(_), None) => event.whole_json() + "\n",
                (Body::Json { .. }, None) => "the event is too large to leave its credentials out\n".to_owned(),
            };
        }
        let lines = self.detail.summary().iter().map(|line| format!("{:<8} {}\n", line.label, clean(&line.text)));
        lines.collect()
    }

    fn printed_scope(&self) -> String {
        let Some(tenancy) = &self.tenancy else { return "not connected yet\n".to_owned() };
        let mark = |included| if included { "[x]" } else { "[ ]" };
        let tree = &tenancy.tree;
        let compartments = tree.nodes().map(|node| {
            format!("{} {}\n", mark(self.included.has_compartment(&tree.get(node).id)), clean(&tree.path(node)))
        });
        let regions = tenancy.regions.iter().map(|r| format!("{} {}\n", mark(self.included.has_region(&r.id)), r.id));
        compartments.chain(regions).collect()
    }
}
