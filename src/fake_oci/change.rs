//! A tenancy that changes while it is read.

use std::borrow::Cow;

use super::scenario::{ChangeKind, ChangeSpec, CompartmentState};
use super::tenancy::{Compartment, Tenancy};

/// The changes of a scenario.
#[derive(Debug)]
pub struct Changes(Vec<ChangeSpec>);

impl Changes {
    pub fn new(specs: Vec<ChangeSpec>) -> Self {
        Self(specs)
    }

    /// What `tenancy` is once `answered` requests were. Positions in it stay the same.
    pub fn apply<'a>(&self, tenancy: &'a Tenancy, answered: u64) -> Cow<'a, Tenancy> {
        let mut tenancy = Cow::Borrowed(tenancy);
        for change in &self.0 {
            change.apply(&mut tenancy, answered >= change.after);
        }
        tenancy
    }
}

impl ChangeSpec {
    fn apply(&self, tenancy: &mut Cow<'_, Tenancy>, happened: bool) {
        match (self.kind, happened) {
            (ChangeKind::Created, false) => self.compartment(tenancy, |it| it.hidden = true),
            (ChangeKind::Renamed, true) => {
                self.compartment(tenancy, |it| it.name = self.name.clone().unwrap_or_default());
            }
            (ChangeKind::Deleted, true) => self.compartment(tenancy, |it| it.state = CompartmentState::Deleted),
            (ChangeKind::Revoked, true) => self.compartment(tenancy, |it| it.readable = false),
            (ChangeKind::Subscribed, false) => {
                let regions = tenancy.to_mut().regions.iter_mut();
                regions.filter(|region| self.region.as_ref() == Some(&region.name)).for_each(|it| it.hidden = true);
            }
            _ => {}
        }
    }

    fn compartment(&self, tenancy: &mut Cow<'_, Tenancy>, change: impl FnMut(&mut Compartment)) {
        let compartments = tenancy.to_mut().compartments.iter_mut();
        compartments.filter(|it| self.compartment.as_ref() == Some(&it.path)).for_each(change);
    }
}
