//! What may be said of events in files: how many there are, and where.

use crate::domain::compartment::NodeId;
use crate::query::Selection;

use super::{About, Facts, Own, Place, PlaceState};

/// `whole`: everything in the files was read.
pub(super) fn facts(totals: &Selection, about: &About, whole: bool) -> Facts {
    let tenancy = &about.tenancy;
    let tree = &tenancy.tree;
    let found = |events| Place { state: PlaceState::Found, events };
    let by_itself: Vec<u64> = tree.compartments().map(|compartment| totals.in_compartment(&compartment.id)).collect();
    let mut rolled_up = by_itself.clone();
    // Children stand after their parents.
    for node in tree.nodes().rev() {
        if let Some(parent) = tree.parent(node) {
            rolled_up[parent.index()] += rolled_up[node.index()];
        }
    }
    let in_scope = |node: &NodeId| about.included.has_compartment(&tree.get(*node).id);
    Facts {
        of_files: true,
        more_places: !whole,
        total: totals.counts().matched,
        nodes: rolled_up.into_iter().map(found).collect(),
        regions: tenancy.regions.iter().map(|region| found(totals.in_region(&region.id))).collect(),
        own: by_itself.into_iter().map(|events| Own { events, ..Own::default() }).collect(),
        scope: tree.nodes().filter(in_scope).collect(),
        ..Facts::default()
    }
}
