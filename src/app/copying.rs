//! What a copy takes, and what it is called.

use crate::domain::ocid::Ocid;
use crate::domain::text::clean;

use super::action::Action;
use super::columns::ListColumn;
use super::effect::Effect;
use super::panes::detail::place_of;
use super::panes::tree::TreeRow;
use super::{App, Pane};

/// What would be copied, and its name; or why nothing can be.
pub type Copy = Result<(String, String), &'static str>;

impl App {
    pub(super) fn copy(&mut self, action: Action) -> Vec<Effect> {
        match self.copy_of(action) {
            Ok((what, text)) => vec![Effect::Copy { what, text }],
            Err(why) => self.fail(format!("nothing copied: {why}")),
        }
    }

    /// What a copying action would copy.
    pub fn copy_of(&self, action: Action) -> Copy {
        match action {
            Action::CopyValue => self.value_copy(),
            Action::CopyTerm => self.term_copy(),
            Action::CopyKey => Ok(("the name".to_owned(), self.place_in_event()?.0)),
            Action::CopyPath => Ok(("the jq path".to_owned(), self.place_in_event()?.1)),
            Action::CopyOcid => self.ocid_copy(),
            Action::CopyJson => self.json_copy(),
            Action::CopyWholeJson => self.whole_json_copy(),
            Action::CopyQuery => self.permalink(),
            Action::CopyExport => self.export_command(),
            Action::CopySearch => self.search_query(),
            Action::CopyCalls => self.call_commands(),
            action => self.event_copy(action),
        }
    }

    pub(super) fn has_something_to_copy(&self) -> bool {
        self.tenancy.is_some()
    }

    /// As it would stand in a query. Nothing that could do harm where it is pasted.
    fn term_copy(&self) -> Copy {
        let term = self.term_under_cursor().map_err(|_| "a query cannot ask for what the cursor is on")?.to_string();
        if clean(&term) != term {
            return Err("the value has characters that no query can safely be pasted with");
        }
        Ok(("the term".to_owned(), term))
    }

    fn place_in_event(&self) -> Result<(String, String), &'static str> {
        let (name, path) = match self.focus {
            Pane::Tree => return Err("this pane shows no event"),
            Pane::Detail => self.detail.place()?,
            Pane::List if self.list.column() == ListColumn::Time => ("time".to_owned(), ".eventTime".to_owned()),
            Pane::List => place_of(self.list.column().field().ok_or("this column is no field")?)?,
        };
        Ok((clean(&name).into_owned(), clean(&path).into_owned()))
    }

    /// Single values are copied as they are shown: control characters written out, so that pasting them is harmless.
    fn value_copy(&self) -> Copy {
        let (what, text) = match self.focus {
            Pane::Tree => self.place_under_cursor().ok_or("not connected yet")?,
            Pane::Detail => self.detail.value().ok_or("the event is still being read")?,
            Pane::List => self.cell().ok_or("no event is selected")?,
        };
        if text.is_empty() {
            return Err("the event has no such value");
        }
        let text = text.lines().map(|line| clean(line).into_owned()).collect::<Vec<_>>().join("\n");
        Ok((what, text))
    }

    fn place_under_cursor(&self) -> Option<(String, String)> {
        let tenancy = self.tenancy.as_ref()?;
        Some(match self.tree.row(tenancy) {
            TreeRow::Compartment(node) => ("the compartment's path".to_owned(), tenancy.tree.path(node)),
            TreeRow::Region(place) => ("the region".to_owned(), tenancy.regions.get(place)?.id.to_string()),
        })
    }

    fn cell(&self) -> Option<(String, String)> {
        let row = self.event_row()?;
        let column = self.list.column();
        Some((column.name().to_owned(), column.value(&row).into_owned()))
    }

    fn ocid_copy(&self) -> Copy {
        if self.focus == Pane::Tree {
            let tenancy = self.tenancy.as_ref().ok_or("not connected yet")?;
            return match self.tree.row(tenancy) {
                TreeRow::Compartment(node) => {
                    Ok(("the compartment's OCID".to_owned(), clean(tenancy.tree.get(node).id.as_str()).into_owned()))
                }
                TreeRow::Region(_) => Err("regions have no OCID"),
            };
        }
        let row = self.event_row().ok_or("no event is selected")?;
        let id = row.resource_id();
        if Ocid::new(id).kind().is_none() {
            return Err("the event names no resource by OCID");
        }
        Ok(("the resource's OCID".to_owned(), clean(id).into_owned()))
    }

    fn json_copy(&self) -> Copy {
        let (text, left_out) =
            self.loaded()?.redacted_json().ok_or("the event is not JSON, and can only be copied as received")?;
        let what = match left_out {
            0 => "the event as JSON".to_owned(),
            1 => "the event as JSON, 1 credential left out".to_owned(),
            n => format!("the event as JSON, {n} credentials left out"),
        };
        Ok((what, text))
    }

    fn whole_json_copy(&self) -> Copy {
        Ok(("the event as JSON, whole".to_owned(), self.loaded()?.whole_json()))
    }

    /// The event under the cursor, read.
    pub(super) fn loaded(&self) -> Result<&super::EventDetail, &'static str> {
        let key = self.list.key().ok_or("no event is selected")?;
        self.detail.event().filter(|event| event.key == key).ok_or("the event is still being read")
    }
}
