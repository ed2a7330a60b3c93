//! Included: which regions and compartments the user looks at.

use std::collections::HashSet;

use crate::domain::compartment::{Compartment, CompartmentTree, Lifecycle, NodeId};
use crate::domain::ledger::CellKey;
use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;
use crate::domain::scope::{Scope, ScopeRequest};
use crate::domain::tenancy::Tenancy;

/// The state of a compartment of which nothing but its OCID is known.
const UNLISTED: &str = "UNLISTED";

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

impl Included {
    /// The words that ask for exactly this; `None` where nothing is in. A compartment stands for all below it, unless
    /// what is in lies below what is out.
    pub fn request(&self, tenancy: &Tenancy) -> Option<ScopeRequest> {
        let scope = self.scope(tenancy);
        if scope.regions.is_empty() || scope.compartments.is_empty() {
            return None;
        }
        let all_regions = tenancy.ready_regions().all(|region| self.has_region(&region.id));
        let regions = if all_regions { Vec::new() } else { texts(scope.regions.iter().map(RegionId::as_str)) };
        let request = ScopeRequest { regions, ..ScopeRequest::default() };
        let tree = &tenancy.tree;
        let is_in = |node: NodeId| self.has_compartment(&tree.get(node).id);
        let unlisted = |node: NodeId| tree.get(node).lifecycle == Lifecycle::Other(UNLISTED.to_owned());
        if tree.nodes().all(|node| is_in(node) && !unlisted(node)) {
            return Some(request);
        }
        let below = |node: NodeId| tree.parent(node).is_some_and(is_in);
        let top = tree.nodes().filter(|node| is_in(*node) && (unlisted(*node) || !below(*node)));
        let out = |node: NodeId| !is_in(node) && !unlisted(node) && below(node);
        // What is excluded takes all below it along.
        let above = |node: NodeId| std::iter::successors(tree.parent(node), |at| tree.parent(*at)).any(out);
        if tree.nodes().any(|node| is_in(node) && !unlisted(node) && above(node)) {
            let compartments = texts(scope.compartments.iter().map(Ocid::as_str));
            return Some(ScopeRequest { compartments, no_subtree: true, ..request });
        }
        let id = |node: NodeId| tree.get(node).id.as_str();
        Some(ScopeRequest {
            compartments: texts(top.map(id)),
            exclude_compartments: texts(tree.nodes().filter(|node| out(*node)).map(id)),
            ..request
        })
    }
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    texts.map(str::to_owned).collect()
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
        lifecycle: Lifecycle::Other(UNLISTED.to_owned()),
    });
    let root = tenancy.tree.get(tenancy.tree.root()).clone();
    let listed = tenancy.tree.compartments().skip(1).cloned().chain(named).collect();
    Tenancy { tree: CompartmentTree::new(root, listed), ..tenancy }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::testing::{ocid, tenancy};

    proptest! {
        #[test]
        fn a_request_asks_for_exactly_what_is_included(regions in 1u8..8, compartments in 1u16..512) {
            let tenancy = tenancy();
            let some = |bits: u16, place: usize| bits >> place & 1 == 1;
            let included = Included {
                regions: tenancy.ready_regions().enumerate().filter(|(n, _)| some(regions.into(), *n)).map(|(_, r)| r.id.clone()).collect(),
                compartments: tenancy.tree.compartments().enumerate().filter(|(n, _)| some(compartments, *n)).map(|(_, c)| c.id.clone()).collect(),
            };
            let request = included.request(&tenancy).unwrap();
            prop_assert_eq!(request.resolve(&tenancy).unwrap(), included.scope(&tenancy));
        }
    }

    #[test]
    fn what_is_not_listed_is_named_and_nothing_is_no_request() {
        let listed = tenancy();
        let asked = Scope { regions: Vec::new(), compartments: vec![Ocid::new("ocid1.compartment.oc1..far")] };
        let tenancy = with_unlisted(listed.clone(), &asked);
        let everything = Included::everything(&tenancy).request(&tenancy).unwrap();
        assert_eq!(everything.compartments, [ocid("root").to_string(), "ocid1.compartment.oc1..far".to_owned()]);
        assert_eq!(everything.resolve(&listed).unwrap().compartments.len(), tenancy.tree.len());
        assert_eq!(Included::everything(&listed).request(&listed), Some(ScopeRequest::default()));
        assert_eq!(Included::default().request(&tenancy), None);
    }
}
