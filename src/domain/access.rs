//! Does an event change something?
//!
//! The HTTP method alone does not tell: searches are POSTs, some GETs change things, and a console sign-in carries no
//! method at all. The rule and its exceptions are data (`assets/access.json`).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// What an event does, whether it succeeded or not: a refused `CreateVcn` is an attempted write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    Read,
    Write,
    /// Signing in or out, and what belongs to it.
    Session,
}

impl Access {
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Session];

    /// One letter for narrow columns: `R`, `W`, and `L` for a session (login).
    pub fn letter(self) -> char {
        match self {
            Self::Read => 'R',
            Self::Write => 'W',
            Self::Session => 'L',
        }
    }

    /// Classifies by meaning. `event_type` and `event_name` as in the event (`data.eventName` may be empty); `action`
    /// is `data.request.action`, empty when the event has none.
    pub fn classify(event_type: &str, event_name: &str, action: &str) -> Self {
        RULE.classify(event_type, event_name, action)
    }

    /// Whether an HTTP method alone says that something changes, searches by POST and all: the other definition of a
    /// write.
    pub fn is_write_method(action: &str) -> bool {
        ["POST", "PUT", "PATCH", "DELETE"].iter().any(|method| method.eq_ignore_ascii_case(action.trim()))
    }
}

static RULE: LazyLock<Rule> = LazyLock::new(|| {
    let asset: Asset = serde_json::from_str(include_str!("../../assets/access.json")).unwrap_or_default();
    asset.rule
});

#[derive(Default, Deserialize)]
struct Asset {
    rule: Rule,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    read_verbs: Vec<String>,
    read_prefixes: Vec<String>,
    overrides: HashMap<String, Access>,
}

impl Rule {
    fn classify(&self, event_type: &str, event_name: &str, action: &str) -> Access {
        let (mut type_room, mut name_room) = ([0; ROOM], [0; ROOM]);
        let event_type = lower(event_type, &mut type_room);
        let name = if event_name.is_empty() { last_word(&event_type) } else { event_name };
        let name = without_phase(name);
        let lower = lower(name, &mut name_room);
        if event_type.starts_with("io.k8s.") {
            return if matches!(&*lower, "get" | "list" | "watch") { Access::Read } else { Access::Write };
        }
        if event_type.contains(".identitysignon.") {
            return Access::Session;
        }
        if let Some(access) = self.overridden(&event_type, &lower) {
            return access;
        }
        let is = |method: &str| action.eq_ignore_ascii_case(method);
        if is("GET") || is("HEAD") || is("OPTIONS") {
            return Access::Read;
        }
        if is("PUT") || is("PATCH") || is("DELETE") {
            return Access::Write;
        }
        let by_prefix = is("POST") && self.read_prefixes.iter().any(|prefix| lower.starts_with(prefix));
        if by_prefix || self.begins_with_read_verb(name) { Access::Read } else { Access::Write }
    }

    /// Overrides are named `name` or `service/name`.
    fn overridden(&self, event_type: &str, name: &str) -> Option<Access> {
        let service = event_type.split('.').nth(2).unwrap_or_default();
        let of_service = |key: &str| key.strip_suffix(name).and_then(|rest| rest.strip_suffix('/')) == Some(service);
        let special = self.overrides.iter().find(|(key, _)| of_service(key)).map(|(_, access)| access);
        special.or_else(|| self.overrides.get(name)).copied()
    }

    fn begins_with_read_verb(&self, name: &str) -> bool {
        self.read_verbs.iter().any(|verb| first_word(name).eq(verb.chars()))
    }
}

/// Bytes of the stack for a name in lower case; nearly all are shorter.
const ROOM: usize = 128;

/// In lower case, in `room` where it is ASCII and fits.
fn lower<'a>(text: &str, room: &'a mut [u8; ROOM]) -> Cow<'a, str> {
    let ascii = room.get_mut(..text.len()).filter(|_| text.is_ascii()).and_then(|place| {
        place.copy_from_slice(text.as_bytes());
        place.make_ascii_lowercase();
        std::str::from_utf8(place).ok()
    });
    ascii.map_or_else(|| text.to_lowercase().into(), Cow::Borrowed)
}

fn last_word(event_type: &str) -> &str {
    without_phase(event_type).rsplit('.').next().unwrap_or_default()
}

/// Without the `.begin` or `.end` of a long operation, in whatever case.
fn without_phase(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((rest, phase)) if phase.eq_ignore_ascii_case("begin") || phase.eq_ignore_ascii_case("end") => rest,
        _ => name,
    }
}

/// `SummarizeMetricsData` gives `summarize`; a name in one case, as some sources send it, has only itself.
fn first_word(name: &str) -> impl Iterator<Item = char> {
    let goes_on = |(at, c): &(usize, char)| *at == 0 || (!c.is_uppercase() && c.is_alphanumeric());
    name.char_indices().take_while(goes_on).flat_map(|(_, c)| c.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_event_type_of_the_catalogue_gets_its_class() {
        #[derive(Deserialize)]
        struct Catalogue {
            events: Vec<Entry>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Entry {
            event_type: String,
            event_name: String,
            action: Option<String>,
            class: Access,
        }
        let text = include_str!("../../tests/fixtures/event-classes.json");
        let catalogue: Catalogue = serde_json::from_str(text).unwrap();
        assert!(catalogue.events.len() >= 400);
        let wrong: Vec<_> = catalogue
            .events
            .iter()
            .filter(|e| Access::classify(&e.event_type, &e.event_name, e.action.as_deref().unwrap_or("")) != e.class)
            .map(|e| (&e.event_type, &e.action, e.class))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn searches_are_reads_and_sign_ins_are_sessions() {
        assert_eq!(Access::classify("com.oraclecloud.X.SearchLogs", "SearchLogs", "POST"), Access::Read);
        assert_eq!(Access::classify("com.oraclecloud.identitysignon.interactivelogin", "", ""), Access::Session);
        assert_eq!(Access::classify("com.oraclecloud.ComputeApi.LaunchInstance.begin", "", ""), Access::Write);
        assert_eq!(Access::classify("com.oraclecloud.queue.GetMessages", "GetMessages", "GET"), Access::Write);
        assert_eq!(Access::classify("", "", ""), Access::Write);
        assert_eq!(
            Access::classify("com.oraclecloud.X.GetPathAnalysis.END", "GetPathAnalysis.End", "GET"),
            Access::Write
        );
    }

    #[test]
    fn by_its_method_a_search_is_a_write_and_a_sign_in_is_none() {
        assert!(["POST", "put", "Patch", "DELETE"].into_iter().all(Access::is_write_method));
        assert!(!["GET", "HEAD", "OPTIONS", "", "POSTED"].into_iter().any(Access::is_write_method));
    }

    #[test]
    fn a_read_prefix_counts_only_where_the_method_is_known() {
        let usage = "com.oraclecloud.usage.RequestSummarizedUsages";
        assert_eq!(Access::classify(usage, "RequestSummarizedUsages", "POST"), Access::Read);
        assert_eq!(Access::classify(usage, "RequestSummarizedUsages", ""), Access::Write);
    }

    /// The rule as it is written, with copies of everything.
    fn by_the_book(rule: &Rule, event_type: &str, event_name: &str, action: &str) -> Access {
        let event_type = event_type.to_lowercase();
        let name = without_phase(if event_name.is_empty() { last_word(&event_type) } else { event_name });
        let lower = name.to_lowercase();
        if event_type.starts_with("io.k8s.") {
            return if ["get", "list", "watch"].contains(&lower.as_str()) { Access::Read } else { Access::Write };
        }
        if event_type.contains(".identitysignon.") {
            return Access::Session;
        }
        let service = event_type.split('.').nth(2).unwrap_or_default();
        let special = rule.overrides.get(&format!("{service}/{lower}")).or_else(|| rule.overrides.get(&lower));
        if let Some(access) = special {
            return *access;
        }
        let word: String = first_word(name).collect();
        match action.to_ascii_uppercase().as_str() {
            "GET" | "HEAD" | "OPTIONS" => Access::Read,
            "PUT" | "PATCH" | "DELETE" => Access::Write,
            "POST" if rule.read_prefixes.iter().any(|prefix| lower.starts_with(prefix)) => Access::Read,
            _ if rule.read_verbs.contains(&word) => Access::Read,
            _ => Access::Write,
        }
    }

    #[test]
    fn a_first_word_ends_where_the_case_changes() {
        let first = |name: &str| first_word(name).collect::<String>();
        assert_eq!(
            ["GetX", "summarize_it", "ÄndereX", "getall", "", "_x"].map(first),
            ["get", "summarize", "ändere", "getall", "", "_x"]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn no_copy_changes_a_class(
            service in "(queue|NoSQL|QueueApi|IdentitySignOn|X|İ|[a-zA-Zß/]{0,12}|[a-z]{110,140})",
            root in "(com\\.oraclecloud|io\\.k8s|IO\\.K8S\\.x|x)",
            name in "(GetMessages|query|GetPathAnalysis|Get|LIST|Watch|RequestUsageX|Search[A-Z]|[a-zA-ZÄß_.]{0,10})(\\.(begin|END))?",
            in_type: bool,
            action in "(GET|get|Head|OPTIONS|POST|pOst|PUT|patch|DELETE|X|)",
        ) {
            let event_type = format!("{root}.{service}.{name}");
            let name = if in_type { "" } else { &name };
            prop_assert_eq!(Access::classify(&event_type, name, &action), by_the_book(&RULE, &event_type, name, &action));
        }
    }
}
