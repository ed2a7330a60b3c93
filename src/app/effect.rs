//! Effect: everything the machine may ask for. The driver performs them and answers with messages.

use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::ledger::CellKey;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::scope::Scope;
use crate::domain::time_range::TimeRange;
use crate::index::EventKey;
use crate::query::{Expr, Order, Query, Subject};

use super::exporting::ExportRequest;
use super::facets::count::FacetsRequest;
use super::facts::About;
use super::pivot::count::PivotRequest;
use super::saved::SavedView;
use super::values::ValuesRequest;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Find out what the tenancy holds: answered by `TenancyKnown` or `TenancyFailed`.
    Discover,
    /// See to it that these events are held or on their way. What the ledger already covers is not asked again.
    Fetch(FetchRequest),
    /// Ask again for every cell that failed, and go on where fetching was halted.
    RetryFailed,
    /// Make no further call until one of the effects that go on.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Ask again for these cells, where nothing is being done about them, and go on where fetching was halted.
    RetryCells(Vec<CellKey>),
    /// Of what waits, ask first for what lies in here.
    Prefer(Scope),
    /// Of what waits, ask last for what lies in here.
    Postpone(Scope),
    /// Read the newest windows again, those that are settling.
    RefreshTail,
    /// From now on, answer with `View`s of this; replaces the request before.
    Select(SelectRequest),
    /// Count this, a part at a time: answered by `FacetsCounted`, `PivotCounted` or `ValuesFound`. Replaces the question before.
    Count(CountRequest),
    /// Nobody wants what is being counted any more.
    StopCounting,
    /// Read and decode one event: answered by `EventLoaded`.
    LoadEvent(EventKey),
    /// Read a file of values that a query names: answered by `ListRead`.
    ReadList(ListName),
    /// Write a view to its file: answered by `ViewSaved`, or by a `Note`.
    SaveView {
        view: SavedView,
        path: PathBuf,
    },
    /// Add a query to the file of those that were asked: answered by a `Note` where that fails.
    Remember {
        query: String,
        path: PathBuf,
    },
    /// Write listed events to a file: answered by `Exporting`, more than once.
    Export(ExportRequest),
    /// Hand text to the clipboard: answered by `Copied` or `CopyFailed`.
    Copy {
        what: String,
        text: String,
    },
    /// Give the terminal back, write this there, and take it again at Enter.
    Print(String),
    /// Have the terminal tell of the mouse, or keep it to itself.
    CaptureMouse(bool),
    /// Give the terminal back and stop until continued.
    Suspend,
    /// Forget what the terminal shows and draw everything anew.
    Redraw,
    Quit,
}

/// A file of values, and of what they are to be values: the same line is an address for one field and a text for another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListName {
    pub file: String,
    pub subject: Subject,
}

/// What is to be counted off the screen's thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CountRequest {
    Facets(Box<FacetsRequest>),
    Pivot(Box<PivotRequest>),
    Values(ValuesRequest),
}

/// What part of the tenancy over which time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequest {
    pub range: TimeRange,
    pub regions: Vec<RegionId>,
    pub compartments: Vec<Ocid>,
    /// To be served before the others: what the user looks at.
    pub first: Option<Ocid>,
}

/// Which events are wanted on screen, and what they are part of. Both queries hold the range and the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectRequest {
    /// Views carry the number of the request they answer, so that a stale one is recognised.
    pub generation: u64,
    pub query: Query,
    pub order: Order,
    /// The same without the filters: what there is in the scope, and per compartment.
    pub totals: Query,
    /// What was asked in words, of which it is told why nothing answers it.
    pub terms: Vec<Expr>,
    /// What its facts are about. Its columns are those of the histogram; 0 while that is hidden.
    pub about: Arc<About>,
}
