//! Regions of a tenancy, as ListRegionSubscriptions answers them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

/// A region's full name, such as `eu-frankfurt-1`; lower case.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionId(Arc<str>);

impl RegionId {
    pub fn new(name: impl AsRef<str>) -> Self {
        Self(Arc::from(name.as_ref().trim().to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for RegionId {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// The name of the region that a three-letter key means, in any case; `None` where no region is known by it. Knows the
/// regions of Oracle's SDKs (`assets/regions.json`).
pub fn named_by_key(key: &str) -> Option<&'static str> {
    KEYS.get(key.to_ascii_lowercase().as_str()).map(String::as_str)
}

static KEYS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Entry {
        region: String,
        key: String,
    }
    let entries: Vec<Entry> = serde_json::from_str(include_str!("../../assets/regions.json")).unwrap_or_default();
    entries.into_iter().map(|entry| (entry.key, entry.region)).collect()
});

/// Whether a subscribed region can be asked (API field `status`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SubscriptionStatus {
    Ready,
    InProgress,
    /// A status newer than this program; not asked, but named.
    #[serde(untagged)]
    Other(String),
}

impl SubscriptionStatus {
    pub fn from_api(status: &str) -> Self {
        match status {
            "READY" => Self::Ready,
            "IN_PROGRESS" => Self::InProgress,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// One region that the tenancy is subscribed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    pub id: RegionId,
    /// Three letters in lower case (`fra`), for narrow columns; the API sends them in upper case.
    pub key: String,
    pub status: SubscriptionStatus,
    /// IAM changes are recorded here.
    pub home: bool,
}

impl Region {
    /// Only these may be asked for events.
    pub fn is_ready(&self) -> bool {
        self.status == SubscriptionStatus::Ready
    }
}

#[cfg(test)]
mod tests {
    use super::named_by_key;

    #[test]
    fn a_key_names_its_region() {
        assert_eq!(named_by_key("IAD"), Some("us-ashburn-1"));
        assert_eq!(named_by_key("us-ashburn-1"), None);
    }
}
