//! Included: which regions and compartments the user looks at.

use std::collections::HashSet;

use crate::domain::compartment::{Compartment, CompartmentTree, Lifecycle, NodeId};
use crate::domain::ledger::CellKey;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::scope::Scope;
use crate::domain::tenancy::Tenancy;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Included {
    regions: HashSet<RegionId>,
    compartments: HashSet<Ocid>,
}

/// What a check box says about a compartment and all below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    All,
    Some,
    None,
}

impl Included {
    pub fn new(scope: Scope) -> Self {
        Self { regions: scope.regions.into_iter().collect(), compartments: scope.compartments.into_iter().collect() }
    }

    /// Every compartment, and every region that may be asked.
    pub fn everything(tenancy: &Tenancy) -> Self {
        Self {
            regions: tenancy.ready_regions().map(|region| region.id.clone()).collect(),
            compartments: tenancy.tree.compartments().map(|compartment| compartment.id.clone()).collect(),
        }
    }

    /// The tenancy is found to be larger: where all of it was in, all of it is.
    pub fn grow(&mut self, before: &Tenancy, now: &Tenancy) {
        let (was, is) = (Self::everything(before), Self::everything(now));
        if self.regions == was.regions {
            self.regions = is.regions;
        }
        if self.compartments == was.compartments {
            self.compartments = is.compartments;
        }
    }

    pub fn is_everything(&self, tenancy: &Tenancy) -> bool {
        *self == Self::everything(tenancy)
    }

    /// Whether all of `other` is in here.
    pub fn holds(&self, other: &Self) -> bool {
        other.regions.is_subset(&self.regions) && other.compartments.is_subset(&self.compartments)
    }

    pub fn has_region(&self, region: &RegionId) -> bool {
        self.regions.contains(region)
    }

    pub fn has_compartment(&self, compartment: &Ocid) -> bool {
        self.compartments.contains(compartment)
    }

    pub fn has_cell(&self, cell: &CellKey) -> bool {
        self.has_region(&cell.region) && self.has_compartment(&cell.compartment)
    }

    /// In the order of the tenancy.
    pub fn scope(&self, tenancy: &Tenancy) -> Scope {
        let regions = tenancy.regions.iter().map(|region| &region.id);
        let compartments = tenancy.tree.compartments().map(|compartment| &compartment.id);
        Scope {
            regions: regions.filter(|id| self.has_region(id)).cloned().collect(),
            compartments: compartments.filter(|id| self.has_compartment(id)).cloned().collect(),
        }
    }

    pub fn region_count(&self) -> usize {
        self.regions.len()
    }

    pub fn compartment_count(&self) -> usize {
        self.compartments.len()
    }

    pub fn check(&self, tree: &CompartmentTree, node: NodeId) -> Check {
        let mut below = tree.subtree(node).map(|n| self.has_compartment(&tree.get(n).id));
        let first = below.next().unwrap_or_default();
        match (first, below.any(|included| included != first)) {
            (_, true) => Check::Some,
            (true, false) => Check::All,
            (false, false) => Check::None,
        }
    }

    /// All of the subtree in when any of it was out, else all of it out.
    pub fn toggle_subtree(&mut self, tree: &CompartmentTree, node: NodeId) {
        let include = self.check(tree, node) != Check::All;
        for below in tree.subtree(node) {
            let id = &tree.get(below).id;
            if include {
                self.compartments.insert(id.clone());
            } else {
                self.compartments.remove(id);
            }
        }
    }

    pub fn only_subtree(&mut self, tree: &CompartmentTree, node: NodeId) {
        self.compartments = tree.subtree(node).map(|below| tree.get(below).id.clone()).collect();
    }

    pub fn toggle_region(&mut self, region: &RegionId) {
        if !self.regions.remove(region) {
            self.regions.insert(region.clone());
        }
    }

    pub fn only_region(&mut self, region: &RegionId) {
        self.regions = HashSet::from([region.clone()]);
    }
}

/// The tenancy with those compartments of the scope that its listing left out, named by their OCIDs: what is asked for
/// must be seen.
#[must_use]
pub fn with_unlisted(tenancy: Tenancy, scope: &Scope) -> Tenancy {
    let unlisted: Vec<&Ocid> = scope.compartments.iter().filter(|id| tenancy.tree.find(id).is_none()).collect();
    if unlisted.is_empty() {
        return tenancy;
    }
    let named = unlisted.into_iter().map(|id| Compartment {
        id: id.clone(),
        parent: None,
        name: id.short(),
        lifecycle: Lifecycle::Other("UNLISTED".to_owned()),
    });
    let root = tenancy.tree.get(tenancy.tree.root()).clone();
    let listed = tenancy.tree.compartments().skip(1).cloned().chain(named).collect();
    Tenancy { tree: CompartmentTree::new(root, listed), ..tenancy }
}
