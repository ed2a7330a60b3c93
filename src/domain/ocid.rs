//! Oracle Cloud identifiers.
//!
//! `ocid1.<type>.<realm>.[region][.future].<unique>` (Oracle documentation, *Resource Identifiers*). The service is the
//! only judge of whether one exists, so anything is accepted here: the parts are read where the text has them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// An OCID, shared cheaply. Equality is by text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ocid(Arc<str>);

impl Ocid {
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(Arc::from(text.as_ref().trim()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The resource type, such as `compartment` or `tenancy`; `None` when this is no `ocid1.` text.
    pub fn kind(&self) -> Option<&str> {
        self.part(1)
    }

    /// The realm key, such as `oc1`.
    pub fn realm(&self) -> Option<&str> {
        self.part(2)
    }

    /// A short form for people: the type and the last six characters, `compartment…k2pq7x`. Whole when it is short.
    pub fn short(&self) -> String {
        let unique = self.0.rsplit('.').next().unwrap_or_default();
        let tail: String = unique.chars().skip(unique.chars().count().saturating_sub(6)).collect();
        match self.kind() {
            Some(kind) if unique.chars().count() > 12 => format!("{kind}…{tail}"),
            _ => self.0.to_string(),
        }
    }

    fn part(&self, index: usize) -> Option<&str> {
        let mut parts = self.0.split('.');
        (parts.next() == Some("ocid1")).then_some(())?;
        parts.nth(index - 1).filter(|part| !part.is_empty())
    }
}

impl fmt::Display for Ocid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Ocid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Ocid {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Ocid;

    #[test]
    fn parts_are_read_where_the_text_has_them() {
        let ocid = Ocid::new("ocid1.tenancy.oc3..aaaaaaaabbbbbbbbcccccc\n");
        assert_eq!(ocid.kind(), Some("tenancy"));
        assert_eq!(ocid.realm(), Some("oc3"));
        assert_eq!(ocid.short(), "tenancy…cccccc");
        assert_eq!(Ocid::new("not-an-ocid").kind(), None);
        assert_eq!(Ocid::new("").short(), "");
        assert_eq!(Ocid::new("ocid1").realm(), None);
    }
}
