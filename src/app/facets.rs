//! The facets: which values the fields of the listed events have, how often, and since when; what is chosen among them
//! becomes part of the question, all at once.

pub mod count;
pub mod pending;
#[cfg(test)]
mod tests;
mod typed;

use std::sync::Arc;

use super::App;
use super::action::Action;
use super::effect::{CountRequest, Effect};
use super::line::LineEditor;
use super::overlay::Overlay;
use super::under_way::Asking;
use super::view::Seen;
use super::viewport::Viewport;
use crate::domain::text::LEFT_OUT;
use crate::query::{Field, Query, Subject, ValueOrder, Valued};
use count::{FacetsAnswer, FacetsRequest};
use pending::Pending;

/// What an investigator asks first comes first.
const FIELDS: [Field; 23] = [
    Field::User,
    Field::Event,
    Field::Ip,
    Field::Agent,
    Field::Key,
    Field::Session,
    Field::Service,
    Field::Resource,
    Field::Compartment,
    Field::Region,
    Field::Status,
    Field::Action,
    Field::Auth,
    Field::Caller,
    Field::Message,
    Field::Path,
    Field::Type,
    Field::ResourceId,
    Field::UserId,
    Field::CompartmentId,
    Field::Queried,
    Field::Source,
    Field::AvailabilityDomain,
];

/// Stays as it was when it is opened again, but for what was pending.
#[derive(Debug)]
pub struct Facets {
    fields: Arc<[Subject]>,
    field_view: Viewport,
    value_view: Viewport,
    /// The value under the cursor, which may move to another row as events come.
    value: Option<UnderCursor>,
    side: Side,
    order: ValueOrder,
    find: String,
    is_open: bool,
    line: Option<Typed>,
    pending: Pending,
    /// The first question that asked for what is pending now.
    pending_since: u64,
    asking: Asking,
    answer: Option<Box<FacetsAnswer>>,
}

/// A value; `None`: the events that have none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct UnderCursor(Option<String>);

/// Which of the two lists the cursor is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    #[default]
    Fields,
    Values,
}

/// A line that is being typed.
#[derive(Debug)]
pub struct Typed {
    pub purpose: Purpose,
    pub line: LineEditor,
    /// Why it cannot be taken.
    pub fault: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A text that values have in them.
    Find,
    /// A field, or a place in the JSON, to count by.
    AddField,
}

impl Default for Facets {
    fn default() -> Self {
        Self {
            fields: FIELDS.map(Subject::Field).into(),
            field_view: Viewport::default(),
            value_view: Viewport::default(),
            value: None,
            side: Side::Fields,
            order: ValueOrder::Count,
            find: String::new(),
            is_open: false,
            line: None,
            pending: Pending::default(),
            pending_since: 0,
            asking: Asking::default(),
            answer: None,
        }
    }
}

/// What the screen reads.
impl Facets {
    pub fn fields(&self) -> &[Subject] {
        &self.fields
    }

    /// Over the fields, and the line below them that adds one.
    pub fn field_view(&self) -> &Viewport {
        &self.field_view
    }

    /// Over the values, and the line below them for events that have none.
    pub fn value_view(&self) -> &Viewport {
        &self.value_view
    }

    /// The field whose values are listed.
    pub fn field(&self) -> Option<&Subject> {
        self.fields.get(self.field_view.cursor.min(self.fields.len().saturating_sub(1)))
    }

    /// Whether the cursor is on the line that adds a field.
    pub fn is_on_add(&self) -> bool {
        self.side == Side::Fields && self.field_view.cursor >= self.fields.len()
    }

    pub fn side(&self) -> Side {
        self.side
    }

    pub fn order(&self) -> ValueOrder {
        self.order
    }

    pub fn find_text(&self) -> &str {
        &self.find
    }

    pub fn line(&self) -> Option<&Typed> {
        self.line.as_ref()
    }

    pub fn pending(&self) -> &Pending {
        &self.pending
    }

    /// What was counted last.
    pub fn answer(&self) -> Option<&FacetsAnswer> {
        self.answer.as_deref()
    }

    /// The same, where it is of the field that the cursor is on.
    pub fn values(&self) -> Option<&FacetsAnswer> {
        self.answer().filter(|answer| Some(&answer.field) == self.field())
    }

    /// Whether the preview is of what is pending now.
    pub fn is_preview_current(&self) -> bool {
        self.answer().is_some_and(|answer| answer.generation >= self.pending_since)
    }

    /// What Enter does.
    pub fn enter_hint(&self) -> &'static str {
        match self.side {
            _ if !self.pending.is_empty() => "apply",
            _ if self.is_on_add() => "add",
            Side::Fields => "values",
            Side::Values => "only this",
        }
    }

    /// The rows of the list of values.
    pub fn rows(&self) -> usize {
        self.values().map_or(0, |answer| answer.listed.values.len() + usize::from(self.shown_missing().is_some()))
    }

    pub fn row(&self, place: usize) -> Option<&Valued> {
        self.values()?.listed.values.get(place).or_else(|| self.shown_missing().filter(|_| place + 1 == self.rows()))
    }

    /// A text is found in no value of events that have none.
    fn shown_missing(&self) -> Option<&Valued> {
        self.values()?.missing.as_ref().filter(|_| self.find.is_empty())
    }
}

impl Facets {
    pub(super) fn resize(&mut self, rows: u16) {
        self.field_view.resize(rows, self.fields.len() + 1);
        let values = self.rows();
        self.value_view.resize(rows, values);
    }

    /// The cursor stays on its value.
    fn follow(&mut self) {
        let rows = self.rows();
        let place = self
            .value
            .as_ref()
            .and_then(|value| (0..rows).find(|place| self.row(*place).is_some_and(|row| row.value == value.0)));
        if let Some(place) = place.filter(|_| self.value_view.cursor > 0) {
            let line = self.value_view.cursor.saturating_sub(self.value_view.offset);
            self.value_view.offset = place.saturating_sub(line);
            self.value_view.cursor = place;
        }
        self.value_view.settle(rows);
        self.note_value();
    }

    fn note_value(&mut self) {
        self.value = self.row(self.value_view.cursor).map(|row| UnderCursor(row.value.clone()));
    }

    fn rewind(&mut self) {
        (self.value_view.cursor, self.value_view.offset, self.value) = (0, 0, None);
    }

    /// Whether that leads to other values.
    fn move_cursor(&mut self, action: Action) -> bool {
        if self.side == Side::Values {
            let rows = self.rows();
            self.value_view.act(action, rows);
            self.note_value();
            return false;
        }
        let before = self.field_view.cursor;
        self.field_view.act(action, self.fields.len() + 1);
        if self.field_view.cursor == before {
            return false;
        }
        self.find.clear();
        self.rewind();
        !self.is_on_add()
    }

    /// A value of which a part is not shown cannot be asked for.
    fn is_on_secret(&self) -> bool {
        let row = self.row(self.value_view.cursor).filter(|_| self.side == Side::Values);
        row.is_some_and(|row| row.value.as_ref().is_some_and(|value| value.contains(LEFT_OUT)))
    }

    /// Says something of the value under the cursor; whether that changes what is pending.
    fn choose(&mut self, choice: impl FnOnce(&mut Pending, &Subject, Option<&str>)) -> bool {
        let row = self.row(self.value_view.cursor).filter(|_| self.side == Side::Values);
        let (Some(value), Some(field)) = (row.map(|row| row.value.clone()), self.field().cloned()) else {
            return false;
        };
        choice(&mut self.pending, &field, value.as_deref());
        self.pending_since = self.asking.generation + 1;
        true
    }

    fn request(&self, generation: u64, seen: Seen) -> Option<FacetsRequest> {
        Some(FacetsRequest {
            generation,
            seen,
            fields: Arc::clone(&self.fields),
            field: self.field()?.clone(),
            order: self.order,
            find: self.find.clone(),
            pending: self.pending.terms(),
        })
    }

    /// Counts by this as well from now on.
    fn add(&mut self, subject: Subject) {
        let place = self.fields.iter().position(|field| *field == subject).unwrap_or(self.fields.len());
        if place == self.fields.len() {
            self.fields = self.fields.iter().cloned().chain([subject]).collect();
        }
        self.field_view.move_to(place, self.fields.len() + 1);
        self.find.clear();
        self.rewind();
        self.side = Side::Values;
    }
}

impl App {
    pub fn facets(&self) -> &Facets {
        &self.facets
    }

    pub(super) fn open_facets(&mut self) -> Vec<Effect> {
        if self.view.is_none() {
            return Vec::new();
        }
        self.facets.pending.clear();
        self.facets.line = None;
        self.facets.is_open = true;
        self.overlay = Some(Overlay::Facets);
        self.count_facets()
    }

    /// The question as it would be with what is pending.
    pub fn facets_query(&self) -> String {
        let mut filters = self.filters.clone();
        self.facets.pending.terms().into_iter().for_each(|term| filters.include(term));
        filters.query().to_string()
    }

    pub fn facets_pending(&self) -> String {
        Query::everything().and_all(self.facets.pending.terms()).to_string()
    }

    fn close_facets(&mut self) -> Vec<Effect> {
        self.overlay = None;
        self.facets.is_open = false;
        self.facets.answer = None;
        self.facets.asking = Asking::default();
        vec![Effect::StopCounting]
    }

    /// Asks for what the popup shows.
    fn count_facets(&mut self) -> Vec<Effect> {
        let Some(view) = &self.view else { return Vec::new() };
        self.counting += 1;
        let Some(request) = self.facets.request(self.counting, Seen(Arc::clone(view))) else { return Vec::new() };
        self.facets.asking.ask(self.counting);
        vec![Effect::Count(CountRequest::Facets(Box::new(request)))]
    }

    /// There is another view.
    pub(super) fn recount_facets(&mut self) -> Vec<Effect> {
        if self.facets.is_open && self.facets.asking.renews() { self.count_facets() } else { Vec::new() }
    }

    pub(super) fn facets_counted(&mut self, answer: Box<FacetsAnswer>) -> Vec<Effect> {
        if !self.facets.asking.takes(answer.generation, answer.is_last) {
            return Vec::new();
        }
        self.facets.answer = Some(answer);
        self.facets.follow();
        if self.facets.asking.is_due() { self.count_facets() } else { Vec::new() }
    }

    pub(super) fn act_in_facets(&mut self, action: Action) -> Vec<Effect> {
        if self.facets.line.is_some() {
            return self.act_in_facets_line(action);
        }
        let facets = &mut self.facets;
        let changed = match action {
            Action::Toggle | Action::Exclude | Action::OnlyThis if facets.is_on_secret() => {
                return self.refuse_secret();
            }
            Action::Cancel | Action::Close => return self.close_facets(),
            Action::Help => {
                self.open_help();
                return Vec::new();
            }
            Action::Open => return self.open_in_facets(),
            Action::CycleZone => {
                self.clock = self.clock.next(self.setup.zone);
                false
            }
            Action::MoveLeft => {
                facets.side = Side::Fields;
                false
            }
            Action::MoveRight => {
                facets.side = Side::Values;
                false
            }
            Action::SwitchPart => {
                facets.side = if facets.side == Side::Fields { Side::Values } else { Side::Fields };
                false
            }
            Action::Toggle => facets.choose(|pending, field, value| pending.toggle(field, value, true)),
            Action::Exclude => facets.choose(|pending, field, value| pending.toggle(field, value, false)),
            Action::OnlyThis => facets.choose(Pending::only),
            Action::Search => {
                facets.side = Side::Values;
                return self.type_in_facets(Purpose::Find);
            }
            Action::AddField => return self.type_in_facets(Purpose::AddField),
            Action::OrderValues => {
                facets.order = facets.order.next();
                facets.rewind();
                true
            }
            _ => facets.move_cursor(action),
        };
        if changed { self.count_facets() } else { Vec::new() }
    }

    /// What is pending is asked for; else what the cursor is on.
    fn open_in_facets(&mut self) -> Vec<Effect> {
        let facets = &mut self.facets;
        if facets.pending.is_empty() && facets.is_on_add() {
            return self.type_in_facets(Purpose::AddField);
        }
        if facets.pending.is_empty() && facets.is_on_secret() {
            return self.refuse_secret();
        }
        if facets.pending.is_empty() && !facets.choose(Pending::only) {
            facets.side = Side::Values;
            return Vec::new();
        }
        let terms = self.facets.pending.terms();
        let mut effects = self.close_facets();
        effects.extend(self.change(|filters| terms.into_iter().for_each(|term| filters.include(term))));
        effects
    }

    fn refuse_secret(&mut self) -> Vec<Effect> {
        self.say("credentials are not written into a query")
    }
}
