//! Columns of the list: which there are, what stands in them, which are shown and in what order.

use std::borrow::Cow;

use crate::domain::access::Access;
use crate::domain::time_range::rfc3339;
use crate::index::{Column, RowView};
use crate::query::{Field, Order};

use super::summary::who;

/// A column of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListColumn {
    Time,
    /// Write, sign-in or read.
    Class,
    Status,
    User,
    #[default]
    Event,
    Resource,
    Region,
    Compartment,
    Ip,
    Service,
    Agent,
    Key,
    Action,
    Message,
    Path,
    Auth,
    Session,
}

impl ListColumn {
    pub const ALL: [Self; 17] = [
        Self::Time,
        Self::Class,
        Self::Status,
        Self::User,
        Self::Event,
        Self::Resource,
        Self::Region,
        Self::Compartment,
        Self::Ip,
        Self::Service,
        Self::Agent,
        Self::Key,
        Self::Action,
        Self::Message,
        Self::Path,
        Self::Auth,
        Self::Session,
    ];

    /// How many of them the list opens with.
    const FIRST: usize = 7;

    /// Over the column.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Time => "TIME",
            Self::Class => "W",
            Self::Status => "ST",
            Self::User => "USER",
            Self::Event => "EVENT",
            Self::Resource => "RESOURCE",
            Self::Region => "RGN",
            Self::Compartment => "COMPARTMENT",
            Self::Ip => "IP",
            Self::Service => "SERVICE",
            Self::Agent => "USER AGENT",
            Self::Key => "KEY",
            Self::Action => "METHOD",
            Self::Message => "MESSAGE",
            Self::Path => "PATH",
            Self::Auth => "AUTH",
            Self::Session => "SESSION",
        }
    }

    /// In a sentence: `copied the user`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "the time",
            Self::Class => "the class",
            Self::Status => "the status",
            Self::User => "the user",
            Self::Event => "the event name",
            Self::Resource => "the resource",
            Self::Region => "the region",
            Self::Compartment => "the compartment",
            Self::Ip => "the IP address",
            Self::Service => "the service",
            Self::Agent => "the user agent",
            Self::Key => "the API key",
            Self::Action => "the method",
            Self::Message => "the status text",
            Self::Path => "the path",
            Self::Auth => "the kind of sign-in",
            Self::Session => "the console session",
        }
    }

    /// When, with what result, what: without these a row says nothing.
    pub fn is_needed(self) -> bool {
        matches!(self, Self::Time | Self::Class | Self::Status | Self::Event)
    }

    /// By which name a query asks about it; nothing where no field says the same.
    pub fn field(self) -> Option<Field> {
        Some(match self {
            Self::Time | Self::Class => return None,
            Self::Status => Field::Status,
            Self::User => Field::User,
            Self::Event => Field::Event,
            Self::Resource => Field::Resource,
            Self::Region => Field::Region,
            Self::Compartment => Field::Compartment,
            Self::Ip => Field::Ip,
            Self::Service => Field::Service,
            Self::Agent => Field::Agent,
            Self::Key => Field::Key,
            Self::Action => Field::Action,
            Self::Message => Field::Message,
            Self::Path => Field::Path,
            Self::Auth => Field::Auth,
            Self::Session => Field::Session,
        })
    }

    /// A row's value, whole; empty where the event has none.
    pub fn value<'a>(self, row: &RowView<'a>) -> Cow<'a, str> {
        match self {
            Self::Time => row.time().map(rfc3339).unwrap_or_default().into(),
            Self::Class => match row.access() {
                Access::Read => "read",
                Access::Write => "write",
                Access::Session => "sign-in or out",
            }
            .into(),
            Self::User => who(row.principal_name(), row.caller_name()),
            Self::Resource if row.resource_name().is_empty() => row.resource_id().into(),
            _ => self.column().map_or("", |column| row.text(column)).into(),
        }
    }

    fn column(self) -> Option<Column> {
        self.field()?.column()
    }

    /// The order that sorting by it begins with; `None` where it has none.
    pub fn order(self) -> Option<Order> {
        match self {
            Self::Time => Some(Order::NewestFirst),
            _ => Some(Order::By { column: self.column()?, descending: false }),
        }
    }

    /// Whether rows in this order are sorted by it.
    pub fn is_sorted(self, order: Order) -> bool {
        match order {
            Order::NewestFirst | Order::OldestFirst => self == Self::Time,
            Order::By { column, .. } => self.column() == Some(column),
        }
    }

    /// The column that rows in this order are sorted by.
    pub fn sorted_by(order: Order) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.is_sorted(order))
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Whether an order goes from the largest to the smallest.
pub fn is_descending(order: Order) -> bool {
    match order {
        Order::NewestFirst => true,
        Order::OldestFirst => false,
        Order::By { descending, .. } => descending,
    }
}

pub fn reversed(order: Order) -> Order {
    match order {
        Order::NewestFirst => Order::OldestFirst,
        Order::OldestFirst => Order::NewestFirst,
        Order::By { column, descending } => Order::By { column, descending: !descending },
    }
}

/// Some columns, in no order. Before the first frame nobody knows, so that none is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DrawnColumns(u32);

impl DrawnColumns {
    pub fn holds(self, column: ListColumn) -> bool {
        self.0 == 0 || self.0 & column.bit() != 0
    }
}

impl FromIterator<ListColumn> for DrawnColumns {
    fn from_iter<I: IntoIterator<Item = ListColumn>>(columns: I) -> Self {
        Self(columns.into_iter().fold(0, |bits, column| bits | column.bit()))
    }
}

/// All columns in the order of the list, and which of them are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSet {
    all: Vec<(ListColumn, bool)>,
}

impl Default for ColumnSet {
    fn default() -> Self {
        let shown = |(place, column)| (column, place < ListColumn::FIRST);
        Self { all: ListColumn::ALL.into_iter().enumerate().map(shown).collect() }
    }
}

impl ColumnSet {
    pub fn all(&self) -> &[(ListColumn, bool)] {
        &self.all
    }

    pub fn shown(&self) -> impl Iterator<Item = ListColumn> {
        self.all.iter().filter(|(_, shown)| *shown).map(|(column, _)| *column)
    }

    /// Shows or hides the column at a place; what is needed stays.
    pub fn toggle(&mut self, place: usize) {
        if let Some((column, shown)) = self.all.get_mut(place) {
            *shown = !*shown || column.is_needed();
        }
    }

    /// Changes places with the neighbour; gives back where the column is now.
    pub fn shift(&mut self, place: usize, down: bool) -> usize {
        let to = if down { place + 1 } else { place.saturating_sub(1) };
        if to >= self.all.len() || place >= self.all.len() {
            return place;
        }
        self.all.swap(place, to);
        to
    }
}
