//! What is counted for the facets: asked by the machine, done on a thread of its own, told a part at a time.

use std::collections::HashMap;
use std::sync::Arc;

use crate::app::view::Seen;
use crate::query::{
    Cancel, Expr, Listed, Order, Selection, Spread, SpreadKept, Subject, ValueOrder, Valued, select_some,
};

/// The most values of a field that are listed. More of them nobody reads; they can be found by their text.
pub const MOST: usize = 1_000;

/// What is to be counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetsRequest {
    pub generation: u64,
    /// Over the rows of this.
    pub seen: Seen,
    /// How many values each of these has.
    pub fields: Arc<[Subject]>,
    /// Whose values are listed.
    pub field: Subject,
    pub order: ValueOrder,
    /// What a listed value must have in it.
    pub find: String,
    /// What would be asked beside what is asked now.
    pub pending: Vec<Expr>,
}

/// What was counted so far.
#[derive(Clone, Debug)]
pub struct FacetsAnswer {
    pub generation: u64,
    pub field: Subject,
    /// Events that match.
    pub matched: u64,
    /// Whether all of these are known: not while events are being searched.
    pub is_searched: bool,
    /// By field; `None` where nobody has counted to the end. Fields without a column are counted when they are listed,
    /// and the one that is listed has what `progress` says.
    pub distinct: Vec<Option<u64>>,
    pub listed: Listed,
    /// Events that have no such field; `None` where all have it.
    pub missing: Option<Valued>,
    /// Events that were looked at for the values, of those that match.
    pub progress: (u64, u64),
    /// What the pending terms would leave, where there are any.
    pub preview: Option<Preview>,
    /// Nothing more comes.
    pub is_last: bool,
}

/// How many events a query would leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    pub count: u64,
    /// Whether all events were looked at.
    pub is_complete: bool,
}

/// Keeps what was counted, as long as it holds.
#[derive(Debug, Default)]
pub struct FacetCounter {
    of: Option<Arc<Selection>>,
    spread: Option<(Subject, Spread)>,
    kept: SpreadKept,
    distinct: HashMap<Subject, u64>,
    preview: Option<(Vec<Expr>, Selection)>,
}

impl FacetCounter {
    /// Counts on until `enough` says so; to go on, ask again. `None` when it was cancelled.
    pub fn count(
        &mut self,
        request: &FacetsRequest,
        cancel: &Cancel,
        enough: &mut dyn FnMut() -> bool,
    ) -> Option<FacetsAnswer> {
        let selection = &request.seen.view().selection;
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, selection)) {
            *self = Self { of: Some(Arc::clone(selection)), kept: std::mem::take(&mut self.kept), ..Self::default() };
        }
        self.count_values(selection, &request.field, cancel, enough)?;
        self.count_pending(selection, &request.pending, cancel, enough)?;
        let counted_all = self.count_distinct(selection, &request.fields, cancel, enough)?;
        let (listed, spread) = self.spread.as_ref()?;
        // What was cut off is a count only beside the values that are being counted.
        let distinct = |field: &Subject| match self.distinct.get(field) {
            None if field == listed => Some(spread.distinct()),
            counted => counted.copied(),
        };
        let preview = self
            .preview
            .as_ref()
            .map(|(_, selection)| Preview { count: selection.len() as u64, is_complete: selection.is_complete() });
        Some(FacetsAnswer {
            generation: request.generation,
            field: request.field.clone(),
            matched: selection.len() as u64,
            is_searched: selection.is_complete(),
            distinct: request.fields.iter().map(distinct).collect(),
            listed: spread.list(request.order, &request.find, MOST),
            missing: spread.missing(),
            progress: spread.progress(),
            is_last: counted_all && spread.is_complete() && preview.is_none_or(|preview| preview.is_complete),
            preview,
        })
    }

    fn count_values(
        &mut self,
        selection: &Selection,
        field: &Subject,
        cancel: &Cancel,
        enough: &mut dyn FnMut() -> bool,
    ) -> Option<()> {
        let is_known = |(of, spread): &(Subject, Spread)| of == field && spread.is_complete();
        if !self.spread.as_ref().is_some_and(is_known) {
            let spread = selection.spread(field, &mut self.kept, cancel, enough)?;
            if spread.is_complete() {
                self.distinct.insert(field.clone(), spread.distinct());
            }
            self.spread = Some((field.clone(), spread));
        }
        Some(())
    }

    fn count_pending(
        &mut self,
        selection: &Selection,
        pending: &[Expr],
        cancel: &Cancel,
        enough: &mut dyn FnMut() -> bool,
    ) -> Option<()> {
        if pending.is_empty() {
            self.preview = None;
            return Some(());
        }
        let before = self.preview.take().filter(|(terms, _)| *terms == pending).map(|(_, before)| before);
        // Each in an `And` of one, as the machine asks for them.
        let terms = pending.iter().map(|term| Expr::And(vec![term.clone()]));
        let query = selection.query().clone().and_all(terms);
        let previous = before.as_ref().unwrap_or(selection);
        let left = select_some(selection.snapshot(), &query, Order::default(), Some(previous), cancel, enough)?;
        self.preview = Some((pending.to_vec(), left));
        Some(())
    }

    /// Whether all that have a column are counted.
    fn count_distinct(
        &mut self,
        selection: &Selection,
        fields: &[Subject],
        cancel: &Cancel,
        enough: &mut dyn FnMut() -> bool,
    ) -> Option<bool> {
        for field in fields {
            let Some(column) = field.column().filter(|_| !self.distinct.contains_key(field)) else { continue };
            if enough() {
                return Some(false);
            }
            let facet = selection.facet(column, cancel)?;
            // The empty text has the first code in every dictionary.
            let distinct = facet.values.iter().filter(|(code, _)| *code != 0).count();
            self.distinct.insert(field.clone(), distinct as u64);
        }
        Some(true)
    }
}
