//! Which domain a region belongs to, and what its short name means.
//!
//! The built-in table is `assets/regions.json` (the tables of Oracle's Python and TypeScript SDKs, which agree). It is
//! extended by `~/.oci/regions-config.json` and `OCI_REGION_METADATA`, and built-in entries cannot be overridden. A region
//! that none of them knows is looked for, in this order:
//!
//! 1. a name with a dot is region and domain at once: `us-phoenix-1.oraclecloud.com`;
//! 2. `OCI_DEFAULT_REALM`, which holds a domain;
//! 3. the realm of the tenancy's OCID, because all regions of a tenancy share one realm;
//! 4. the domain of the region in the profile;
//! 5. `oraclecloud.com`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::domain::ocid::Ocid;
use crate::domain::region::RegionId;

use super::env::Env;
use super::files;

const FALLBACK_DOMAIN: &str = "oraclecloud.com";

/// The oldest regions of the commercial realm.
const LARGE: [&str; 4] = ["us-ashburn-1", "us-phoenix-1", "eu-frankfurt-1", "uk-london-1"];

static BUILT_IN: LazyLock<Vec<Entry>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../assets/regions.json")).unwrap_or_default());

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Entry {
    region: String,
    key: String,
    realm: String,
    domain: String,
}

/// One entry as users write it, in a file or in the environment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UserEntry {
    realm_key: String,
    realm_domain_component: String,
    region_key: String,
    region_identifier: String,
}

/// The regions known to this run.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    extra: Vec<Entry>,
    default_domain: Option<String>,
    realm_of_tenancy: Option<String>,
    profile_region: Option<RegionId>,
}

impl Regions {
    /// What the environment and the user's file add. Entries that cannot be used are left out.
    pub fn load(env: &Env) -> Self {
        let file = env.home().and_then(|home| files::read_config(&home.join(".oci/regions-config.json")).ok());
        let mut extra = file.map(|text| user_entries(text.as_bytes())).unwrap_or_default();
        extra.extend(env.get("OCI_REGION_METADATA").map(|text| user_entries(text.as_bytes())).unwrap_or_default());
        let default_domain = env.get("OCI_DEFAULT_REALM").map(str::to_lowercase).filter(|domain| is_domain(domain));
        Self { extra, default_domain, ..Self::default() }
    }

    /// The same, for the regions of one tenancy.
    #[must_use]
    pub fn of_tenancy(mut self, tenancy: &Ocid, profile_region: &RegionId) -> Self {
        self.realm_of_tenancy = tenancy.realm().map(str::to_owned);
        self.profile_region = Some(profile_region.clone());
        self
    }

    /// The id of the region that `name` means: a short key, an id, or an id with a domain; in any case. A dotted name
    /// is remembered with its domain. `None` when no region can have this name.
    pub fn resolve(&mut self, name: &str) -> Option<RegionId> {
        let name = name.trim().to_lowercase();
        if let Some((region, domain)) = name.split_once('.') {
            if !is_label(region) || !is_domain(domain) {
                return None;
            }
            if self.known(region).is_none() {
                let [region, domain] = [region, domain].map(str::to_owned);
                self.extra.push(Entry { key: region.clone(), realm: String::new(), region, domain });
            }
            return Some(RegionId::new(region));
        }
        match self.known(&name) {
            Some(entry) => Some(RegionId::new(&entry.region)),
            None => is_label(&name).then(|| RegionId::new(&name)),
        }
    }

    /// Takes over what the metadata service says of its region, which stands in no table yet.
    pub fn learn(&mut self, json: &str) {
        self.extra.extend(user_entries(json.as_bytes()));
    }

    /// The realm that a region stands in, where a table says so.
    pub fn realm(&self, region: &RegionId) -> Option<&str> {
        self.known(region.as_str()).map(|entry| entry.realm.as_str()).filter(|realm| !realm.is_empty())
    }

    /// Where many tenancies of the realm of `region` are subscribed, that region itself left out.
    pub fn likely_homes(&self, region: &RegionId) -> Vec<RegionId> {
        let realm = self.realm(region).or(self.realm_of_tenancy.as_deref()).unwrap_or_default();
        let mut known: Vec<&Entry> = self.all().filter(|entry| entry.realm == realm).collect();
        known.sort_by_key(|entry| LARGE.iter().position(|large| *large == entry.region).unwrap_or(LARGE.len()));
        let others = known.into_iter().filter(|entry| entry.region != region.as_str());
        others.take(LARGE.len()).map(|entry| RegionId::new(&entry.region)).collect()
    }

    pub fn has_realm(&self, realm: &str) -> bool {
        self.all().any(|entry| entry.realm == realm)
    }

    pub fn knows(&self, region: &RegionId) -> bool {
        self.known(region.as_str()).is_some()
    }

    /// The id and the short key of a region that is known by either.
    pub fn named(&self, name: &str) -> Option<(RegionId, String)> {
        self.known(&name.to_lowercase()).map(|entry| (RegionId::new(&entry.region), entry.key.clone()))
    }

    /// The second-level domain of a region's realm.
    pub fn domain(&self, region: &RegionId) -> &str {
        if let Some(entry) = self.known(region.as_str()) {
            return &entry.domain;
        }
        let of_realm = || self.all().find(|entry| Some(&entry.realm) == self.realm_of_tenancy.as_ref());
        let of_profile = || self.known(self.profile_region.as_ref()?.as_str());
        self.default_domain
            .as_deref()
            .or_else(|| of_realm().map(|entry| entry.domain.as_str()))
            .or_else(|| of_profile().map(|entry| entry.domain.as_str()))
            .unwrap_or(FALLBACK_DOMAIN)
    }

    fn known(&self, name: &str) -> Option<&Entry> {
        self.all().find(|entry| entry.region == name || entry.key == name)
    }

    fn all(&self) -> impl Iterator<Item = &Entry> {
        BUILT_IN.iter().chain(&self.extra)
    }
}

/// Whether this can be one label of a host name; every region id is.
pub fn is_label(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('-') && !name.ends_with('-')
}

fn is_domain(name: &str) -> bool {
    name.split('.').all(is_label)
}

/// The entries of a JSON array (or of one object alone) that have all four fields.
fn user_entries(json: &[u8]) -> Vec<Entry> {
    let items = match serde_json::from_slice(json) {
        Ok(serde_json::Value::Array(items)) => items,
        Ok(object @ serde_json::Value::Object(_)) => vec![object],
        _ => return Vec::new(),
    };
    items.into_iter().filter_map(|item| user_entry(serde_json::from_value(item).ok()?)).collect()
}

fn user_entry(entry: UserEntry) -> Option<Entry> {
    let lower = |text: String| text.trim().to_lowercase();
    let entry = Entry {
        region: lower(entry.region_identifier),
        key: lower(entry.region_key),
        realm: lower(entry.realm_key),
        domain: lower(entry.realm_domain_component),
    };
    let usable =
        is_label(&entry.region) && !entry.key.is_empty() && !entry.realm.is_empty() && is_domain(&entry.domain);
    usable.then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(name: &str, env: &[(&str, &str)], tenancy: &str) -> (String, String) {
        let mut regions = Regions::load(&env.iter().copied().collect());
        let region = regions.resolve(name).unwrap();
        let regions = regions.of_tenancy(&tenancy.into(), &"eu-frankfurt-1".into());
        (region.to_string(), regions.domain(&region).to_owned())
    }

    #[test]
    fn names_become_ids_and_domains() {
        let new = r#"{"realmKey":"OC77","realmDomainComponent":"oraclecloud77.com","regionKey":"NEW","regionIdentifier":"xx-new-1"}"#;
        let metadata = [("OCI_REGION_METADATA", new)];
        let realm = [("OCI_DEFAULT_REALM", "oraclecloud99.com")];
        for (name, env, tenancy, id, expected) in [
            ("PHX", &[][..], "ocid1.tenancy.oc1..x", "us-phoenix-1", "oraclecloud.com"),
            ("ric", &[], "ocid1.tenancy.oc3..x", "us-gov-ashburn-1", "oraclegovcloud.com"),
            ("eu-frankfurt-2", &[], "ocid1.tenancy.oc1..x", "eu-frankfurt-2", "oraclecloud.eu"),
            ("xx-new-1", &[], "ocid1.tenancy.oc1..x", "xx-new-1", "oraclecloud.com"),
            ("xx-new-1", &[], "ocid1.tenancy.oc19..x", "xx-new-1", "oraclecloud.eu"),
            ("xx-new-1", &realm, "ocid1.tenancy.oc19..x", "xx-new-1", "oraclecloud99.com"),
            ("NEW", &metadata, "ocid1.tenancy.oc1..x", "xx-new-1", "oraclecloud77.com"),
            ("us-new-9.example.org", &[], "ocid1.tenancy.oc1..x", "us-new-9", "example.org"),
            ("us-phoenix-1.oraclecloud.com", &realm, "x", "us-phoenix-1", "oraclecloud.com"),
            ("us-phoenix-1", &realm, "x", "us-phoenix-1", "oraclecloud.com"),
            ("xx-new-1", &[], "not an ocid", "xx-new-1", "oraclecloud.com"),
        ] {
            assert_eq!(domain(name, env, tenancy), (id.to_owned(), expected.to_owned()), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_a_region_is_refused() {
        let mut regions = Regions::default();
        for name in ["", "us-ashburn-1 # home", "a/b", "evil.com/x", "a@b", "..", "-x", "x:1", "ä"] {
            assert_eq!(regions.resolve(name), None, "{name}");
        }
    }

    #[test]
    fn entries_of_users_are_taken_where_they_are_whole() {
        let good = r#"{"realmKey":"a","realmDomainComponent":"b.c","regionKey":"d","regionIdentifier":"e"}"#;
        for (json, count) in [
            (good.to_owned(), 1),
            (format!("[{good},{{}},{good}]"), 2),
            (good.replace("b.c", ""), 0),
            (good.replace("b.c", "b/c"), 0),
            ("not json".to_owned(), 0),
            ("7".to_owned(), 0),
        ] {
            assert_eq!(user_entries(json.as_bytes()).len(), count, "{json}");
        }
    }

    #[test]
    fn the_table_is_there() {
        assert_eq!(BUILT_IN.len(), 85);
    }
}
