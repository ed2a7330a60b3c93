//! Where the events of files were read, as far as they say: regions, compartments, tenancies, and from when to when.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::compartment::{Compartment, CompartmentTree, Lifecycle};
use crate::domain::event::EventFields;
use crate::domain::ocid::Ocid;
use crate::domain::region::{Region, RegionId, SubscriptionStatus};
use crate::domain::tenancy::Tenancy;
use crate::domain::text::clean_prefix;
use crate::domain::time_range::TimeRange;

/// The id of the root where events of more than one tenancy, or of none, are shown. No OCID, so no event has it.
const NO_TENANCY: &str = "files";

/// Grows while files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// With their three letters, where these are known.
    regions: BTreeMap<RegionId, Option<String>>,
    /// With their names, where an event has told.
    compartments: BTreeMap<Ocid, Option<String>>,
    /// Of those who called.
    tenancies: BTreeSet<Ocid>,
    /// That were read, where somebody has written that down.
    told: BTreeSet<Ocid>,
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Places {
    /// Takes note of a place of which events may come.
    pub fn expect(
        &mut self,
        region: &RegionId,
        compartment: &Ocid,
        names: &dyn Fn(&str) -> Option<(RegionId, String)>,
    ) {
        if !self.regions.contains_key(region) {
            let key = names(region.as_str()).map(|(_, key)| key);
            self.regions.insert(region.clone(), key);
        }
        if compartment.kind() == Some("tenancy") {
            self.tenancies.insert(compartment.clone());
        }
        self.compartments.entry(compartment.clone()).or_default();
    }

    /// Takes note of an event that was read in `region` by asking for `compartment`; both may be empty.
    pub(super) fn add(
        &mut self,
        region: &RegionId,
        compartment: &Ocid,
        fields: &EventFields<'_>,
        names: &dyn Fn(&str) -> Option<(RegionId, String)>,
    ) {
        if !self.regions.contains_key(region) {
            let key = names(region.as_str()).map(|(_, key)| key);
            self.regions.insert(region.clone(), key);
        }
        let name = || {
            let of_it = fields.compartment_id == compartment.as_str() && !fields.compartment_name.is_empty();
            of_it.then(|| fields.compartment_name.clone().into_owned())
        };
        match self.compartments.get_mut(compartment) {
            Some(known @ None) => *known = name(),
            Some(Some(_)) => {}
            None => drop(self.compartments.insert(compartment.clone(), name())),
        }
        let tenancy = Ocid::new(&*fields.tenant_id);
        if tenancy.kind() == Some("tenancy") && !self.tenancies.contains(&tenancy) {
            self.tenancies.insert(tenancy);
        }
        if let Some(time) = fields.time {
            let (first, last) = self.span.unwrap_or((time, time));
            self.span = Some((first.min(time), last.max(time)));
        }
    }

    /// Takes note that an event was read from this tenancy.
    pub(super) fn tell_tenancy(&mut self, tenancy: &str) {
        if self.told.iter().all(|told| told.as_str() != tenancy) {
            self.told.insert(Ocid::new(tenancy));
        }
    }

    /// The tenancy that all of it was read from, as far as that is known.
    pub fn only_tenancy(&self) -> Option<&Ocid> {
        let known = if self.told.is_empty() { &self.tenancies } else { &self.told };
        known.first().filter(|_| known.len() == 1)
    }

    /// The name of a compartment, where an event has told.
    pub fn name_of(&self, compartment: &Ocid) -> Option<&str> {
        self.compartments.get(compartment)?.as_deref()
    }

    /// From the first event to the last one, in whole minutes; `None` while none says when it happened.
    pub fn span(&self) -> Option<TimeRange> {
        let (first, last) = self.span?;
        let minute = |time: DateTime<Utc>| DateTime::from_timestamp(time.timestamp().div_euclid(60) * 60, 0);
        TimeRange::new(minute(first)?, minute(last)? + TimeDelta::minutes(1))
    }

    /// The places as a tenancy: its compartments lie below the root side by side, because events do not tell how they
    /// are nested.
    pub fn tenancy(&self) -> Tenancy {
        let one = self.tenancies.first().filter(|_| self.tenancies.len() == 1);
        let id = one.cloned().unwrap_or_else(|| Ocid::new(NO_TENANCY));
        let name = self.compartments.get(&id).cloned().flatten();
        let title = match (one, &name) {
            (_, Some(name)) => name.clone(),
            (Some(id), None) => id.short(),
            (None, None) if self.tenancies.is_empty() => "unknown tenancy".to_owned(),
            (None, None) => format!("{} tenancies", self.tenancies.len()),
        };
        let root = Compartment { id: id.clone(), parent: None, name: title.clone(), lifecycle: Lifecycle::Active };
        let below = self.compartments.iter().filter(|(below, _)| **below != id);
        let below = below.map(|(below, name)| Compartment {
            id: below.clone(),
            parent: Some(id.clone()),
            name: name.clone().unwrap_or_else(|| nameless(below)),
            lifecycle: Lifecycle::Active,
        });
        let tree = CompartmentTree::new(root, below.collect());
        Tenancy { id, name: Some(title), regions: self.regions.iter().map(region).collect(), tree, partial: None }
    }
}

fn nameless(compartment: &Ocid) -> String {
    if compartment.as_str().is_empty() { "(no compartment)".to_owned() } else { compartment.short() }
}

/// What was read was ready; the empty region stands for all of which nothing is known.
fn region((id, key): (&RegionId, &Option<String>)) -> Region {
    let key = key.clone().unwrap_or_else(|| "?".to_owned());
    Region { id: id.clone(), key, status: SubscriptionStatus::Ready, home: false }
}

/// The region of a resource by the OCIDs in its id, which may hold several; `None` where they say nothing, or not the
/// same. `known` gives the id of a region by its id or its three letters.
pub(super) fn region_of(resource: &str, known: &dyn Fn(&str) -> Option<(RegionId, String)>) -> Option<RegionId> {
    let mut found: Option<RegionId> = None;
    for rest in resource.split("ocid1.").skip(1) {
        let ocid: &str = rest.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).next()?;
        let Some(name) = ocid.split('.').nth(2).filter(|name| !name.is_empty()) else { continue };
        let region = known(name)
            .map(|(id, _)| id)
            .or_else(|| looks_like_region(name).then(|| RegionId::new(clean_prefix(name, 40))))?;
        if found.as_ref().is_some_and(|found| *found != region) {
            return None;
        }
        found = Some(region);
    }
    found
}

/// `eu-frankfurt-1`
fn looks_like_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let [words @ .., number] = parts.as_slice() else { return false };
    words.len() >= 2 && words.iter().all(letters) && number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(resource: &str) -> Option<String> {
        let known = |name: &str| (name == "iad").then(|| (RegionId::new("us-ashburn-1"), "iad".to_owned()));
        region_of(resource, &known).map(|region| region.to_string())
    }

    #[test]
    fn the_region_is_told_where_the_ocids_agree() {
        let (iad, fra) = (Some("us-ashburn-1".to_owned()), Some("eu-frankfurt-1".to_owned()));
        assert_eq!(region("ocid1.instance.oc1.iad.abc"), iad);
        assert_eq!(region("ocid1.vcn.oc1.iad.a,ocid1.subnet.oc1.us-ashburn-1.b"), iad);
        assert_eq!(region("ocid1.vcn.oc1.eu-frankfurt-1.a ocid1.policy.oc1..b"), fra);
        for none in [
            "",
            "/n/space/b/",
            "ocid1.user.oc1..a",
            "ocid1.vcn.oc1.iad.a,ocid1.vcn.oc1.eu-frankfurt-1.b",
            "ocid1.x.oc1.xyz.b",
        ] {
            assert_eq!(region(none), None, "{none}");
        }
    }

    fn places(events: &[(&str, &str, &str)]) -> Places {
        let mut places = Places::default();
        for (tenant, compartment, name) in events {
            let fields = EventFields {
                tenant_id: (*tenant).into(),
                compartment_id: (*compartment).into(),
                compartment_name: (*name).into(),
                ..EventFields::default()
            };
            places.add(&RegionId::new(""), &Ocid::new(compartment), &fields, &|_| None);
        }
        places
    }

    #[test]
    fn the_root_is_the_tenancy_where_there_is_one() {
        const ACME: &str = "ocid1.tenancy.oc1..acme";
        let one = places(&[
            (ACME, "c2", ""),
            (ACME, "c1", "prod"),
            (ACME, ACME, "acme"),
            (ACME, "c2", "dev"),
            (ACME, "", ""),
        ]);
        let tenancy = one.tenancy();
        let names: Vec<&str> = tenancy.tree.compartments().map(|compartment| compartment.name.as_str()).collect();
        assert_eq!((tenancy.id.as_str(), names), (ACME, vec!["acme", "(no compartment)", "dev", "prod"]));
        let two = places(&[(ACME, "c1", "prod"), ("ocid1.tenancy.oc1..other", "c2", "")]).tenancy();
        assert_eq!((two.display_name(), two.tree.len()), ("2 tenancies".into(), 3));
        assert_eq!(places(&[]).tenancy().tree.len(), 1);
    }
}
