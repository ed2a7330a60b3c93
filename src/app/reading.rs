//! What the screen reads of the machine.

use chrono::{DateTime, Utc};

use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::tenancy::Tenancy;
use crate::domain::time_phrase::Anchors;
use crate::domain::time_range::TimeRange;
use crate::domain::traffic::Traffic;
use crate::index::RowView;

use super::facts::Facts;
use super::filters::Filters;
use super::geometry::Geometry;
use super::keymap::{Focus, Keymap};
use super::look::Look;
use super::notices::Notice;
use super::overlay::Overlay;
use super::panes::detail::{DetailPane, Tab};
use super::panes::list::ListPane;
use super::panes::tree::TreePane;
use super::prompt::Prompt;
use super::setup::{Clock, Setup};
use super::view::View;
use super::{App, Included, Pane};

impl App {
    pub fn should_quit(&self) -> bool {
        self.quits
    }

    /// Whether the demo still says what to try: until the first key.
    pub fn greets(&self) -> bool {
        self.greets
    }

    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    pub fn keymap(&self) -> &Keymap {
        &self.setup.keymap
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// `None` while connecting.
    pub fn tenancy(&self) -> Option<&Tenancy> {
        self.tenancy.as_deref()
    }

    pub fn included(&self) -> &Included {
        &self.included
    }

    pub fn range(&self) -> TimeRange {
        self.range
    }

    pub fn filters(&self) -> &Filters {
        &self.filters
    }

    pub fn view(&self) -> Option<&View> {
        self.view.as_deref()
    }

    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether the view answers what is asked now.
    pub fn is_current(&self) -> bool {
        self.view().is_some_and(|view| view.generation == self.generation)
    }

    /// Whether the view's totals are of the scope and range asked now.
    pub fn totals_are_current(&self) -> bool {
        self.view().is_some_and(|view| view.generation >= self.counted_since)
    }

    pub fn pane(&self) -> Pane {
        self.focus
    }

    /// Whether a pane has the keys, and neither a dialog nor the histogram.
    pub fn has_keys(&self, pane: Pane) -> bool {
        self.focus == pane && self.overlay.is_none() && self.brush.is_none()
    }

    pub fn tree(&self) -> &TreePane {
        &self.tree
    }

    pub fn list(&self) -> &ListPane {
        &self.list
    }

    pub fn detail(&self) -> &DetailPane {
        &self.detail
    }

    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlay.as_ref()
    }

    pub fn look(&self) -> &Look {
        &self.look
    }

    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    pub fn slowed(&self) -> &[RegionId] {
        &self.notices.slowed
    }

    /// How the calls go.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// The most important thing to say at the bottom.
    pub fn notice(&self) -> Option<Notice> {
        let wrong = self.prompt.as_ref().and_then(|prompt| Some((prompt, prompt.wrong()?)));
        if let Some(choices) = self.prompt.as_ref().and_then(|prompt| prompt.choices.as_ref()) {
            return Some(Notice::of_choices(choices.words()));
        }
        match wrong {
            Some((prompt, error)) => Some(Notice::of_query(&prompt.line.text(), error, self.keys())),
            None => self.notices.line(&self.facts, self.tenancy(), self.keys()),
        }
    }

    /// Why nothing is being fetched, if so.
    pub fn standing(&self) -> Option<&Problem> {
        self.notices.standing()
    }

    pub fn is_halted(&self) -> bool {
        self.standing().is_some()
    }

    /// The list's columns of the event under the cursor.
    pub fn event_row(&self) -> Option<RowView<'_>> {
        let view = self.view()?;
        view.snapshot.row(view.snapshot.find(self.list.key()?)?)
    }

    /// What typed times are relative to.
    pub fn anchors(&self) -> Anchors {
        let event = self.event_row().and_then(|row| row.time());
        Anchors { now: self.now, zone: self.clock.zone(), event }
    }

    /// Where the keys go.
    pub fn key_focus(&self) -> Focus {
        match (&self.overlay, &self.prompt, self.focus) {
            (Some(Overlay::Facets), ..) if self.facets.line().is_some() => Focus::Prompt,
            (Some(overlay), ..) => overlay.focus(),
            (None, Some(_), _) => Focus::Prompt,
            (None, None, _) if self.brush.is_some() => Focus::Histogram,
            (None, None, Pane::Tree) => Focus::Tree,
            (None, None, Pane::List) => Focus::List,
            (None, None, Pane::Detail) if self.detail.tab() == Tab::Json => Focus::Json,
            (None, None, Pane::Detail) => Focus::Detail,
        }
    }
}
