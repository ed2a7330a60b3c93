//! The pivot menu: everything that has something in common with one event, counted before one goes there.

pub mod count;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::App;
use super::action::Action;
use super::effect::{CountRequest, Effect};
use super::event_detail::EventDetail;
use super::overlay::Overlay;
use super::setup::AccessFilter;
use super::under_way::Asking;
use super::view::Seen;
use super::viewport::Viewport;
use crate::index::{EventKey, RowView};
use crate::query::{Condition, Expr, Field, Query, Subject, Term};
use count::{PivotAnswer, PivotCount, PivotRequest};

/// What two events may have in common, in the order of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    Principal,
    Ip,
    Key,
    Session,
    Operation,
    Request,
    Target,
    Compartment,
    Event,
    Agent,
    Mentions,
    KeyOrigin,
}

/// A line of the menu.
#[derive(Clone, Debug)]
pub struct PivotLine {
    pub same: Same,
    /// What the event has there; empty where it has nothing.
    pub value: String,
    /// What asks for all that has the same; everything, where there is nothing.
    pub query: Query,
    pub count: Option<PivotCount>,
}

#[derive(Debug)]
pub struct Pivot {
    /// Of the event that it is about.
    pub key: EventKey,
    lines: Vec<PivotLine>,
    /// Whether what stands in no column is known.
    is_read: bool,
    view: Viewport,
    asking: Asking,
}

impl Same {
    pub const ALL: [Self; 12] = [
        Self::Principal,
        Self::Ip,
        Self::Key,
        Self::Session,
        Self::Operation,
        Self::Request,
        Self::Target,
        Self::Compartment,
        Self::Event,
        Self::Agent,
        Self::Mentions,
        Self::KeyOrigin,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Ip => "source IP",
            Self::Key => "API key",
            Self::Session => "console session",
            Self::Operation => "operation",
            Self::Request => "client request",
            Self::Target => "target",
            Self::Compartment => "compartment",
            Self::Event => "event",
            Self::Agent => "user agent",
            Self::Mentions => "mentions",
            Self::KeyOrigin => "key uploaded",
        }
    }

    /// What goes there.
    pub fn action(self) -> Action {
        match self {
            Self::Principal => Action::SamePrincipal,
            Self::Ip => Action::SameIp,
            Self::Key => Action::SameKey,
            Self::Session => Action::SameSession,
            Self::Operation => Action::SameOperation,
            Self::Request => Action::SameRequest,
            Self::Target => Action::SameTarget,
            Self::Compartment => Action::SameCompartment,
            Self::Event => Action::SameEvent,
            Self::Agent => Action::SameAgent,
            Self::Mentions => Action::Mentions,
            Self::KeyOrigin => Action::KeyOrigin,
        }
    }

    fn line(self, row: &RowView<'_>, detail: Option<&EventDetail>) -> PivotLine {
        let (value, terms) = self.asked(row, detail).unwrap_or_default();
        PivotLine { same: self, value, query: Query::everything().and_all(terms), count: None }
    }

    /// The value, and what asks for it.
    fn asked(self, row: &RowView<'_>, detail: Option<&EventDetail>) -> Option<(String, Vec<Expr>)> {
        let fields = detail.map(|detail| &detail.fields);
        match self {
            Self::Principal => first(row, &[Field::User, Field::UserId]),
            Self::Ip => first(row, &[Field::Ip]),
            Self::Key => first(row, &[Field::Key]),
            Self::Session => first(row, &[Field::Session]),
            Self::Operation => fields.and_then(|fields| equal(Field::Group, &fields.group)),
            Self::Request => fields.and_then(|fields| of_client(&fields.request_id)),
            Self::Target => first(row, &[Field::Resource, Field::ResourceId]),
            Self::Compartment => {
                let (id, asked) = first(row, &[Field::CompartmentId, Field::Compartment])?;
                let name = Some(row.text(crate::index::Column::Compartment)).filter(|name| !name.is_empty());
                Some((name.map_or(id, str::to_owned), asked))
            }
            Self::Event => first(row, &[Field::Event]),
            Self::Agent => first(row, &[Field::Agent]),
            Self::Mentions => {
                let id = Some(row.resource_id()).filter(|id| id.starts_with("ocid1."))?;
                let condition = Condition::Equals(id.to_owned());
                Some((id.to_owned(), vec![Term::About { subject: Subject::AnyOcid, condition }.into()]))
            }
            Self::KeyOrigin => {
                let key = Some(row.key_fingerprint()).filter(|key| !key.is_empty())?;
                let anywhere = Term::About { subject: Subject::Raw, condition: Condition::Contains(key.to_owned()) };
                Some((key.to_owned(), vec![Term::equals(Field::Event, "UploadApiKey").into(), anywhere.into()]))
            }
        }
    }
}

/// The first of the fields in which the event has something.
fn first(row: &RowView<'_>, fields: &[Field]) -> Option<(String, Vec<Expr>)> {
    fields.iter().find_map(|field| equal(*field, row.text(field.column()?)))
}

fn equal(field: Field, value: &str) -> Option<(String, Vec<Expr>)> {
    (!value.is_empty()).then(|| (value.to_owned(), vec![Term::is(Subject::Field(field), value)]))
}

/// `opc-request-id` is what the client chose, then what services have added, with slashes between them.
fn of_client(request: &str) -> Option<(String, Vec<Expr>)> {
    let client = request.split('/').next().filter(|client| !client.is_empty())?;
    Some((client.to_owned(), vec![Term::contains(Field::Request, client).into()]))
}

impl Pivot {
    fn new(row: &RowView<'_>, detail: Option<&EventDetail>) -> Self {
        let lines = Same::ALL.iter().map(|same| same.line(row, detail)).collect();
        let mut pivot = Self {
            key: row.key(),
            lines,
            is_read: detail.is_some(),
            view: Viewport::default(),
            asking: Asking::default(),
        };
        pivot.seek(true);
        pivot
    }

    pub fn lines(&self) -> &[PivotLine] {
        &self.lines
    }

    /// Whether this may still be found in the event, which is being read.
    pub fn awaits(&self, same: Same) -> bool {
        !self.is_read && matches!(same, Same::Operation | Same::Request)
    }

    pub fn view(&self) -> &Viewport {
        &self.view
    }

    pub(super) fn resize(&mut self, rows: u16) {
        self.view.resize(rows, self.lines.len());
    }

    /// Lines without a value are no place for the cursor.
    fn seek(&mut self, down: bool) {
        let has_value = |place: &usize| self.lines.get(*place).is_some_and(|line| !line.value.is_empty());
        let here = self.view.cursor;
        let below = (here..self.lines.len()).find(has_value);
        let above = (0..=here).rev().find(has_value);
        let place = if down { below.or(above) } else { above.or(below) };
        self.view.move_to(place.unwrap_or_default(), self.lines.len());
    }

    /// What an action leads to; or why to nothing.
    fn chosen(&self, action: Action) -> Result<&PivotLine, &'static str> {
        let line = match action {
            Action::Open | Action::Include | Action::Exclude => self.lines.get(self.view.cursor),
            action => self.lines.iter().find(|line| line.same.action() == action),
        };
        match line {
            Some(line) if !line.value.is_empty() => Ok(line),
            Some(line) if self.awaits(line.same) => Err("the event is still being read"),
            _ => Err("the event has nothing there"),
        }
    }
}

impl App {
    /// The menu, while it is open.
    pub fn pivot(&self) -> Option<&Pivot> {
        self.pivot.as_ref()
    }

    pub(super) fn open_pivot(&mut self) -> Vec<Effect> {
        let Some(row) = self.event_row() else {
            return self.say("there is no event to pivot from");
        };
        let detail = self.detail.event().filter(|detail| detail.key == row.key());
        self.pivot = Some(Pivot::new(&row, detail));
        self.overlay = Some(Overlay::Pivot);
        self.count_pivot()
    }

    fn count_pivot(&mut self) -> Vec<Effect> {
        let (Some(pivot), Some(view)) = (&mut self.pivot, &self.view) else { return Vec::new() };
        self.counting += 1;
        pivot.asking.ask(self.counting);
        let queries = pivot.lines.iter().map(|line| line.query.clone()).collect();
        let request = PivotRequest { generation: self.counting, seen: Seen(Arc::clone(view)), queries };
        vec![Effect::Count(CountRequest::Pivot(Box::new(request)))]
    }

    /// There is another view.
    pub(super) fn recount_pivot(&mut self) -> Vec<Effect> {
        let is_due = self.pivot.as_mut().is_some_and(|pivot| pivot.asking.renews());
        if is_due { self.count_pivot() } else { Vec::new() }
    }

    pub(super) fn pivot_counted(&mut self, answer: &PivotAnswer) -> Vec<Effect> {
        let Some(pivot) = &mut self.pivot else { return Vec::new() };
        if !pivot.asking.takes(answer.generation, answer.is_last) {
            return Vec::new();
        }
        for (line, count) in pivot.lines.iter_mut().zip(&answer.counts) {
            line.count = count.or(line.count);
        }
        if pivot.asking.is_due() { self.count_pivot() } else { Vec::new() }
    }

    /// The event was read: what stands in no column is known now.
    pub(super) fn pivot_event_known(&mut self) -> Vec<Effect> {
        let (Some(pivot), Some(detail)) = (&self.pivot, self.detail.event()) else { return Vec::new() };
        let row = self.event_row().filter(|row| row.key() == pivot.key && detail.key == pivot.key);
        let Some(lines) = row.map(|row| Pivot::new(&row, Some(detail)).lines) else { return Vec::new() };
        if let Some(pivot) = &mut self.pivot {
            pivot.lines = lines;
            pivot.is_read = true;
        }
        self.count_pivot()
    }

    pub(super) fn act_in_pivot(&mut self, action: Action) -> Vec<Effect> {
        let Some(pivot) = &mut self.pivot else { return Vec::new() };
        match action {
            Action::Cancel | Action::Close => return self.close_pivot(),
            Action::CycleZone => self.clock = self.clock.next(self.setup.zone),
            Action::LineDown | Action::LineUp => {
                let before = pivot.view.cursor;
                pivot.view.act(action, pivot.lines.len());
                pivot.seek(action == Action::LineDown);
                // Below the last line with a value is none.
                if action == Action::LineDown && pivot.view.cursor < before {
                    pivot.view.move_to(before, pivot.lines.len());
                }
            }
            Action::Help => self.open_help(),
            action => match pivot.chosen(action).map(|line| line.query.clone()) {
                Ok(query) => return self.follow_pivot(action, query),
                Err(why) => return self.say(why),
            },
        }
        Vec::new()
    }

    fn close_pivot(&mut self) -> Vec<Effect> {
        self.overlay = None;
        self.pivot = None;
        vec![Effect::StopCounting]
    }

    /// There is shown what was counted here: everything of it, in this range and scope.
    fn follow_pivot(&mut self, action: Action, query: Query) -> Vec<Effect> {
        let mut effects = self.close_pivot();
        let whole = |query: Query| match query.conjuncts() {
            [only] => only.clone(),
            all => Expr::And(all.to_vec()),
        };
        effects.extend(self.change(|filters| match action {
            Action::Include => query.conjuncts().iter().for_each(|term| filters.include(term.clone())),
            Action::Exclude => filters.include(whole(query).negated()),
            _ => {
                filters.ask(query);
                (filters.access, filters.failed, filters.own) = (AccessFilter::All, false, true);
            }
        }));
        effects
    }
}
