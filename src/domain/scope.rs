//! Where a user wants to look: which regions, which compartments.

use std::collections::HashSet;

use super::ocid::Ocid;
use super::problem::Problem;
use super::region::RegionId;
use super::tenancy::Tenancy;
use super::text::clean_prefix;

/// A scope in the user's words: names, paths, keys or OCIDs. Empty lists mean everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRequest {
    pub regions: Vec<String>,
    pub exclude_regions: Vec<String>,
    pub compartments: Vec<String>,
    pub exclude_compartments: Vec<String>,
    /// Only the compartments named, not what lies below them.
    pub no_subtree: bool,
}

/// A scope that can be asked: READY regions and compartments by OCID, in the order of the tenancy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    pub regions: Vec<RegionId>,
    pub compartments: Vec<Ocid>,
}

impl ScopeRequest {
    /// Looks the words up. A word that stands for nothing, or for several compartments, is an error that lists what
    /// there is: a scope silently smaller than asked for would be a gap nobody sees.
    pub fn resolve(&self, tenancy: &Tenancy) -> Result<Scope, Problem> {
        Ok(Scope { regions: self.resolve_regions(tenancy)?, compartments: self.resolve_compartments(tenancy)? })
    }

    fn resolve_regions(&self, tenancy: &Tenancy) -> Result<Vec<RegionId>, Problem> {
        let wanted = named_regions(&self.regions, tenancy)?;
        let unwanted = named_regions(&self.exclude_regions, tenancy)?;
        let regions: Vec<RegionId> = tenancy
            .ready_regions()
            .map(|region| region.id.clone())
            .filter(|id| (self.regions.is_empty() || wanted.contains(id)) && !unwanted.contains(id))
            .collect();
        if regions.is_empty() {
            return Err(Problem::usage("no region is left to ask").hint(region_hint(tenancy)));
        }
        Ok(regions)
    }

    fn resolve_compartments(&self, tenancy: &Tenancy) -> Result<Vec<Ocid>, Problem> {
        let mut unlisted = Vec::new();
        let wanted = self.named_compartments(&self.compartments, tenancy, &mut unlisted)?;
        let unwanted = self.named_compartments(&self.exclude_compartments, tenancy, &mut Vec::new())?;
        let mut compartments: Vec<Ocid> = tenancy
            .tree
            .compartments()
            .map(|compartment| compartment.id.clone())
            .filter(|id| (self.compartments.is_empty() || wanted.contains(id)) && !unwanted.contains(id))
            .collect();
        compartments.extend(unlisted);
        if compartments.is_empty() {
            return Err(Problem::usage("no compartment is left to ask"));
        }
        Ok(compartments)
    }

    /// OCIDs that the listing does not hold go to `unlisted`: the listing may be restricted, the service decides.
    fn named_compartments(
        &self,
        names: &[String],
        tenancy: &Tenancy,
        unlisted: &mut Vec<Ocid>,
    ) -> Result<HashSet<Ocid>, Problem> {
        let mut found = HashSet::new();
        for name in names {
            match tenancy.tree.named(name).as_slice() {
                [] if Ocid::new(name).kind().is_some() => unlisted.push(Ocid::new(name)),
                [] => return Err(unknown_compartment(name, tenancy)),
                [node] if self.no_subtree => {
                    found.insert(tenancy.tree.get(*node).id.clone());
                }
                [node] => found.extend(tenancy.tree.subtree(*node).map(|below| tenancy.tree.get(below).id.clone())),
                several => {
                    let list: Vec<String> = several
                        .iter()
                        .map(|node| format!("  {}  {}", shown(&tenancy.tree.path(*node)), tenancy.tree.get(*node).id))
                        .collect();
                    return Err(Problem::usage(format!("“{}” names {} compartments", shown(name), several.len()))
                        .hint(format!("give the path or the OCID of one:\n{}", list.join("\n"))));
                }
            }
        }
        Ok(found)
    }
}

fn named_regions(names: &[String], tenancy: &Tenancy) -> Result<HashSet<RegionId>, Problem> {
    names
        .iter()
        .map(|name| match tenancy.region_named(name) {
            Some(region) if region.is_ready() => Ok(region.id.clone()),
            Some(region) => Err(Problem::usage(format!("region {} is subscribed but not ready yet", region.id))
                .hint(region_hint(tenancy))),
            None => Err(Problem::usage(format!("the tenancy is not subscribed to region “{}”", shown(name)))
                .hint(region_hint(tenancy))),
        })
        .collect()
}

fn region_hint(tenancy: &Tenancy) -> String {
    let ready: Vec<&str> = tenancy.ready_regions().map(|region| region.id.as_str()).collect();
    format!("ready regions: {}", ready.join(", "))
}

fn unknown_compartment(name: &str, tenancy: &Tenancy) -> Problem {
    let wanted = name.to_lowercase();
    let near: Vec<String> = tenancy
        .tree
        .nodes()
        .map(|node| tenancy.tree.path(node))
        .filter(|path| path.to_lowercase().contains(&wanted))
        .take(5)
        .map(|path| shown(&path))
        .collect();
    let hint = if near.is_empty() {
        "`auditui compartments` lists them with their paths and OCIDs".to_owned()
    } else {
        format!("there is: {}", near.join(", "))
    };
    Problem::usage(format!("there is no compartment “{}”", shown(name))).hint(hint)
}

fn shown(text: &str) -> String {
    clean_prefix(text, 120).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compartment::{Compartment, CompartmentTree, Lifecycle};
    use crate::domain::region::{Region, SubscriptionStatus};

    fn compartment(id: &str, parent: Option<&str>, name: &str) -> Compartment {
        Compartment { id: id.into(), parent: parent.map(Ocid::from), name: name.into(), lifecycle: Lifecycle::Active }
    }

    fn tenancy() -> Tenancy {
        let region =
            |id: &str, key: &str, status| Region { id: id.into(), key: key.into(), status, home: key == "iad" };
        let listed = vec![
            compartment("c1", Some("root"), "prod"),
            compartment("c2", Some("c1"), "net"),
            compartment("c3", Some("root"), "dev"),
            compartment("c4", Some("c3"), "net"),
        ];
        Tenancy {
            id: "root".into(),
            name: Some("acme".into()),
            regions: vec![
                region("us-ashburn-1", "iad", SubscriptionStatus::Ready),
                region("eu-frankfurt-1", "fra", SubscriptionStatus::Ready),
                region("xx-new-1", "new", SubscriptionStatus::InProgress),
            ],
            tree: CompartmentTree::new(compartment("root", None, "acme"), listed),
            partial: None,
        }
    }

    fn resolve(change: impl FnOnce(&mut ScopeRequest)) -> Result<Scope, Problem> {
        let mut request = ScopeRequest::default();
        change(&mut request);
        request.resolve(&tenancy())
    }

    fn ids(scope: &Scope) -> Vec<&str> {
        scope.compartments.iter().map(Ocid::as_str).collect()
    }

    #[test]
    fn nothing_said_means_everything_that_can_be_asked() {
        let scope = resolve(|_| ()).unwrap();
        assert_eq!(scope.regions.len(), 2);
        assert_eq!(ids(&scope), ["root", "c3", "c4", "c1", "c2"]);
    }

    #[test]
    fn a_compartment_brings_what_lies_below_it() {
        let scope = resolve(|r| r.compartments = vec!["PROD".into()]).unwrap();
        assert_eq!(ids(&scope), ["c1", "c2"]);
        let alone = resolve(|r| {
            r.compartments = vec!["prod".into()];
            r.no_subtree = true;
        });
        assert_eq!(ids(&alone.unwrap()), ["c1"]);
        let without = resolve(|r| r.exclude_compartments = vec!["dev".into()]).unwrap();
        assert_eq!(ids(&without), ["root", "c1", "c2"]);
    }

    #[test]
    fn a_word_that_means_nothing_or_several_is_refused() {
        assert!(resolve(|r| r.compartments = vec!["net".into()]).unwrap_err().hint.contains("prod/net"));
        assert!(resolve(|r| r.compartments = vec!["pro".into()]).unwrap_err().hint.contains("prod"));
        assert!(resolve(|r| r.regions = vec!["lhr".into()]).unwrap_err().hint.contains("eu-frankfurt-1"));
        assert!(resolve(|r| r.regions = vec!["new".into()]).unwrap_err().what.contains("not ready"));
        assert_eq!(resolve(|r| r.regions = vec!["FRA".into()]).unwrap().regions.len(), 1);
    }

    #[test]
    fn an_unlisted_ocid_is_asked_all_the_same() {
        let scope = resolve(|r| r.compartments = vec!["ocid1.compartment.oc1..x".into()]).unwrap();
        assert_eq!(ids(&scope), ["ocid1.compartment.oc1..x"]);
    }
}
