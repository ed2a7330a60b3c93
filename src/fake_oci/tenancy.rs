//! The tenancy of a scenario: its regions and its tree of compartments, with their OCIDs.
//!
//! OCIDs are made of names alone, not of the seed, so that what was written into a config file or a bookmark holds for
//! every run.

use super::catalogue::Kind;
use super::names;
use super::scenario::{CompartmentSpec, CompartmentState, RegionStatus, Scenario};

/// The commercial realm's regions and their keys.
pub struct RegionTable {
    rows: Vec<(&'static str, &'static str)>,
}

impl RegionTable {
    pub fn commercial() -> Self {
        let text = include_str!("../../assets/fake_oci/regions.txt");
        Self { rows: text.lines().filter_map(|line| line.split_once(' ')).collect() }
    }

    pub fn key(&self, name: &str) -> Option<&'static str> {
        self.rows.iter().find(|(region, _)| *region == name).map(|(_, key)| *key)
    }

    pub fn rows(&self) -> &[(&'static str, &'static str)] {
        &self.rows
    }
}

#[derive(Debug, Clone)]
pub struct Region {
    pub name: String,
    pub key: String,
    pub status: RegionStatus,
    pub home: bool,
    pub weight: u64,
    /// Not subscribed to yet.
    pub hidden: bool,
}

#[derive(Debug, Clone)]
pub struct Compartment {
    pub id: String,
    pub name: String,
    /// Names from below the root; empty for the root.
    pub path: String,
    /// Position of the parent; the root is its own.
    pub parent: usize,
    pub state: CompartmentState,
    /// Whether our user may read its audit events.
    pub readable: bool,
    pub weight: u64,
    pub kinds: Vec<Kind>,
    /// Names of the regions where it holds anything; empty means all.
    pub regions: Vec<String>,
    pub created: String,
    /// Not created yet.
    pub hidden: bool,
}

impl Compartment {
    /// Whether ListEvents answers for it.
    pub fn answers(&self) -> bool {
        self.readable && !self.hidden && self.state != CompartmentState::Deleted
    }

    /// Whether `wanted` means this one: by name, path or OCID.
    pub fn is_called(&self, wanted: &str) -> bool {
        self.id == wanted || self.name == wanted || self.path == wanted
    }
}

/// One region of one compartment: what a ListEvents call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cell {
    pub region: usize,
    pub compartment: usize,
}

#[derive(Debug, Clone)]
pub struct Tenancy {
    pub id: String,
    pub name: String,
    /// The OCID and name of the user whose key was handed out.
    pub user: String,
    pub user_name: String,
    pub regions: Vec<Region>,
    /// The root first, every parent before its children.
    pub compartments: Vec<Compartment>,
}

impl Tenancy {
    pub fn of(scenario: &Scenario) -> Self {
        let spec = &scenario.tenancy;
        let id = names::global_ocid("tenancy", &[&spec.name]);
        Self {
            user: names::global_ocid("user", &[&spec.name, &spec.user]),
            user_name: spec.user.clone(),
            regions: regions(scenario),
            compartments: compartments(scenario, &id),
            name: spec.name.clone(),
            id,
        }
    }

    pub fn region(&self, name: &str) -> Option<usize> {
        self.regions.iter().position(|region| region.name == name && !region.hidden)
    }

    pub fn home(&self) -> usize {
        self.regions.iter().position(|region| region.home).unwrap_or(0)
    }

    pub fn compartment(&self, id: &str) -> Option<usize> {
        self.compartments.iter().position(|compartment| compartment.id == id)
    }

    /// Whether our user sees it under ACCESSIBLE: readable itself or above something that is.
    pub fn accessible(&self, compartment: usize) -> bool {
        let readable = |at: &usize| self.compartments.get(*at).is_some_and(Compartment::answers);
        readable(&compartment) || (1..self.compartments.len()).filter(readable).any(|at| self.is_below(at, compartment))
    }

    fn is_below(&self, mut at: usize, ancestor: usize) -> bool {
        while let Some(compartment) = self.compartments.get(at).filter(|_| at != 0) {
            at = compartment.parent;
            if at == ancestor {
                return true;
            }
        }
        false
    }

    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        (0..self.regions.len())
            .flat_map(|region| (0..self.compartments.len()).map(move |compartment| Cell { region, compartment }))
    }

    /// A cell's share of the tenancy's events. What is rooted in the tenancy itself, such as sign-ins, happens at home.
    pub fn weight(&self, cell: Cell) -> u64 {
        let (Some(region), Some(compartment)) =
            (self.regions.get(cell.region), self.compartments.get(cell.compartment))
        else {
            return 0;
        };
        if region.status != RegionStatus::Ready || compartment.state == CompartmentState::Deleted {
            return 0;
        }
        if !compartment.regions.is_empty() && !compartment.regions.contains(&region.name) {
            return 0;
        }
        let share = if cell.compartment == 0 && region.home { region.weight * 4 } else { region.weight };
        share * compartment.weight
    }
}

fn regions(scenario: &Scenario) -> Vec<Region> {
    let table = RegionTable::commercial();
    let region = |spec: &super::scenario::RegionSpec| {
        let name = spec.name.get_ref().clone();
        Region {
            key: table.key(&name).unwrap_or_default().to_owned(),
            status: spec.status,
            home: name == *scenario.tenancy.home.get_ref(),
            weight: spec.weight,
            hidden: false,
            name,
        }
    };
    scenario.regions.iter().map(region).collect()
}

fn compartments(scenario: &Scenario, tenancy: &str) -> Vec<Compartment> {
    let mut all = vec![root(scenario, tenancy)];
    for spec in scenario.compartments.iter().filter(|spec| !spec.path.get_ref().is_empty()) {
        let compartment = child(spec, &scenario.tenancy.name, &all);
        all.push(compartment);
    }
    all
}

/// The root, with what the scenario says under the empty path.
fn root(scenario: &Scenario, tenancy: &str) -> Compartment {
    let spec = scenario.compartments.iter().find(|spec| spec.path.get_ref().is_empty());
    Compartment {
        id: tenancy.to_owned(),
        name: scenario.tenancy.name.clone(),
        path: String::new(),
        parent: 0,
        state: CompartmentState::Active,
        readable: spec.is_none_or(|spec| spec.readable),
        weight: spec.map_or(1, |spec| spec.weight),
        kinds: spec.map(|spec| spec.kinds.clone()).unwrap_or_default(),
        regions: spec.map(region_names).unwrap_or_default(),
        created: "2019-03-04T08:15:00.000Z".to_owned(),
        hidden: false,
    }
}

fn child(spec: &CompartmentSpec, tenancy: &str, above: &[Compartment]) -> Compartment {
    let path = spec.path.get_ref().clone();
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let position = above.len();
    Compartment {
        id: names::global_ocid("compartment", &[tenancy, &path]),
        name: name.to_owned(),
        parent: above.iter().position(|other| other.path == parent).unwrap_or(0),
        state: spec.state,
        readable: spec.readable,
        weight: spec.weight,
        kinds: spec.kinds.clone(),
        regions: region_names(spec),
        created: format!("2020-{:02}-{:02}T09:{:02}:12.345Z", position % 12 + 1, position % 28 + 1, position % 60),
        hidden: false,
        path,
    }
}

fn region_names(spec: &CompartmentSpec) -> Vec<String> {
    spec.regions.iter().map(|name| name.get_ref().clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Tenancy {
        Tenancy::of(&Scenario::named("demo").unwrap())
    }

    #[test]
    fn the_demo_is_a_deep_tree_of_many_compartments() {
        let tenancy = demo();
        assert!(tenancy.compartments.len() > 40, "{}", tenancy.compartments.len());
        let depth = tenancy.compartments.iter().map(|compartment| compartment.path.split('/').count()).max();
        assert_eq!(depth, Some(6));
        assert_eq!(tenancy.regions.len(), 5);
        assert_eq!(tenancy.regions[tenancy.home()].name, "us-ashburn-1");
        let deleted = |c: &&Compartment| c.state == CompartmentState::Deleted;
        assert_eq!(tenancy.compartments.iter().filter(deleted).count(), 1);
        let denied = |c: &&Compartment| c.state == CompartmentState::Active && !c.readable;
        assert_eq!(tenancy.compartments.iter().filter(denied).count(), 1);
    }

    #[test]
    fn parents_stand_before_children_and_ids_are_unique() {
        let tenancy = demo();
        let mut ids: Vec<&str> = tenancy.compartments.iter().map(|c| c.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), tenancy.compartments.len());
        assert!(tenancy.compartments.iter().enumerate().skip(1).all(|(at, c)| c.parent < at));
    }

    #[test]
    fn accessible_is_what_may_be_read_or_leads_to_it() {
        let tenancy = demo();
        let denied = tenancy.compartments.iter().position(|c| !c.readable && c.state == CompartmentState::Active);
        assert!(!tenancy.accessible(denied.unwrap()));
        let prod = tenancy.compartments.iter().position(|c| c.is_called("prod")).unwrap();
        assert!(tenancy.accessible(prod));
    }
}
