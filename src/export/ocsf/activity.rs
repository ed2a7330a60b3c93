//! What an operation does, in the words of the schema: by the first word of its name, else by its method.

use crate::domain::access::Access;
use crate::export::item::Item;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    Unknown,
    Create,
    Read,
    Update,
    Delete,
}

const READS: &str = "get list head search summarize query download validate describe read fetch lookup check count parse \
                     preview test render request";
const CREATES: &str = "create launch add upload attach copy import generate put insert clone register install provision \
                       restore connect assemble";
const UPDATES: &str = "update change patch enable disable start stop reset move instanceaction modify activate deactivate \
                       rotate set edit rename resize scale promote suspend resume reboot restart switchover failover \
                       assign unassign approve reject cancel";
const DELETES: &str = "delete terminate remove detach purge destroy unregister uninstall revoke bulkdelete";

impl Activity {
    pub fn of(item: &Item<'_>) -> Self {
        let fields = &item.fields;
        Self::named(fields.name()).unwrap_or_else(|| Self::of_method(&fields.action, fields.access()))
    }

    pub fn id(self) -> u32 {
        self as u32
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Create => "Create",
            Self::Read => "Read",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let lower = name.to_lowercase();
        if lower.starts_with("schedule") && lower.contains("deletion") {
            return Some(Self::Delete);
        }
        let word = first_word(name);
        let known = [(READS, Self::Read), (CREATES, Self::Create), (UPDATES, Self::Update), (DELETES, Self::Delete)];
        let has = |words: &str| words.split_whitespace().any(|known| known == word || known == lower);
        known.into_iter().find(|(words, _)| has(words)).map(|(_, activity)| activity)
    }

    fn of_method(action: &str, access: Access) -> Self {
        match action.to_uppercase().as_str() {
            "GET" | "HEAD" => Self::Read,
            _ if access == Access::Read => Self::Read,
            "POST" => Self::Create,
            "PUT" | "PATCH" => Self::Update,
            "DELETE" => Self::Delete,
            _ => Self::Unknown,
        }
    }
}

/// `LaunchInstance` gives `launch`.
fn first_word(name: &str) -> String {
    let goes_on = |(at, c): &(usize, char)| *at == 0 || (!c.is_uppercase() && c.is_alphanumeric());
    name.char_indices().take_while(goes_on).flat_map(|(_, c)| c.to_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_comes_first_and_the_method_second() {
        let of = |name: &str, method: &str| {
            Activity::named(name).unwrap_or_else(|| Activity::of_method(method, Access::Write))
        };
        assert_eq!(of("SearchLogs", "POST"), Activity::Read);
        assert_eq!(of("LaunchInstance", "POST"), Activity::Create);
        assert_eq!(of("InstanceAction", "POST"), Activity::Update);
        assert_eq!(of("ChangeVaultCompartment", "POST"), Activity::Update);
        assert_eq!(of("ScheduleVaultDeletion", "POST"), Activity::Delete);
        assert_eq!(of("DetachVolume", "DELETE"), Activity::Delete);
        assert_eq!(of("Frobnicate", "PUT"), Activity::Update);
        assert_eq!(of("Frobnicate", "GET"), Activity::Read);
        assert_eq!(of("InteractiveLogin", ""), Activity::Unknown);
    }
}
