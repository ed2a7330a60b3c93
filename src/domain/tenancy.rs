//! What a tenancy consists of, as far as we may see it.

use super::compartment::CompartmentTree;
use super::ocid::Ocid;
use super::problem::Problem;
use super::region::{Region, RegionId};

/// The plan's raw material: every subscribed region, every compartment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenancy {
    pub id: Ocid,
    pub name: Option<String>,
    pub regions: Vec<Region>,
    pub tree: CompartmentTree,
    /// Why the tree may be smaller than the tenancy; `None` when the whole of it was listed.
    pub partial: Option<Problem>,
}

impl Tenancy {
    /// The region in which IAM changes are recorded.
    pub fn home(&self) -> Option<&RegionId> {
        self.regions.iter().find(|region| region.home).map(|region| &region.id)
    }

    /// Regions that may be asked for events.
    pub fn ready_regions(&self) -> impl Iterator<Item = &Region> {
        self.regions.iter().filter(|region| region.is_ready())
    }

    /// The name, or the shortened OCID where the name may not be read.
    pub fn display_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.id.short())
    }

    /// A region by its id or its three-letter key, in any case.
    pub fn region_named(&self, text: &str) -> Option<&Region> {
        let wanted = |name: &str| name.eq_ignore_ascii_case(text.trim());
        self.regions.iter().find(|region| wanted(region.id.as_str()) || wanted(&region.key))
    }
}
