//! Message: everything that can happen, the time of day included.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::tenancy::Tenancy;
use crate::domain::traffic::Traffic;
use crate::query::ValueList;

use super::effect::ListName;
use super::event_detail::EventDetail;
use super::exporting::Exporting;
use super::facets::count::FacetsAnswer;
use super::files::Loading;
use super::geometry::Geometry;
use super::key::KeyPress;
use super::keymap::Keymap;
use super::mouse::Mouse;
use super::pivot::count::PivotAnswer;
use super::saved::SavedView;
use super::values::ValuesFound;
use super::view::View;

#[derive(Clone, Debug)]
pub enum Message {
    Key(KeyPress),
    Mouse(Mouse),
    /// A bracketed paste: one edit, however long.
    Paste(String),
    /// What the last frame measured; sent when it differs from the frame before.
    Drawn(Geometry),
    /// The time of day; about once a second while something on screen depends on it.
    Clock(DateTime<Utc>),
    /// The answer to [`Effect::Discover`](super::effect::Effect::Discover).
    TenancyKnown(Box<Tenancy>),
    TenancyFailed(Problem),
    /// How far the reading of files is, and what was found in them.
    Loaded(Box<Loading>),
    /// A new version of everything that can be seen; see [`View`].
    View(Arc<View>),
    /// The answer to [`Effect::LoadEvent`](super::effect::Effect::LoadEvent); ignored when the cursor has moved on.
    EventLoaded(Box<EventDetail>),
    /// What was counted so far; see [`Effect::Count`](super::effect::Effect::Count).
    FacetsCounted(Box<FacetsAnswer>),
    PivotCounted(Box<PivotAnswer>),
    ValuesFound(ValuesFound),
    /// The answer to [`Effect::ReadList`](super::effect::Effect::ReadList): the values, or in a sentence why there are none.
    ListRead {
        list: ListName,
        values: Result<ValueList, String>,
    },
    /// The answer to [`Effect::SaveView`](super::effect::Effect::SaveView).
    ViewSaved {
        view: SavedView,
        path: PathBuf,
    },
    /// How the export goes that was asked for; see [`Effect::Export`](super::effect::Effect::Export).
    Exporting(Exporting),
    Copied(CopyReport),
    CopyFailed(Problem),
    /// Nothing more is fetched until the user asks again: authentication ended, or the tenancy is unreachable.
    FetchHalted(Problem),
    /// Fetching goes on (again).
    FetchResumed,
    /// The regions that are being asked more slowly because the service said so; empty when none is any more.
    SlowedDown(Vec<RegionId>),
    /// How the calls go.
    Traffic(Arc<Traffic>),
    /// The configuration was read again: the keys from now on, where they are others, and what is wrong with it.
    Configuration {
        keymap: Option<Arc<Keymap>>,
        problem: Option<Problem>,
    },
    /// Something to tell that stops nothing.
    Note(Problem),
}

/// What a copy did: a person must be able to tell where it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyReport {
    /// What was copied, as [`Effect::Copy`](super::effect::Effect::Copy) named it.
    pub what: String,
    pub bytes: usize,
    /// `clipboard`, `OSC 52`, `wl-copy`…
    pub way: String,
}
