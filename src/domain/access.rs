//! Does an event change something?
//!
//! The HTTP method alone does not tell: searches are POSTs, some GETs change things, and a console sign-in carries no
//! method at all. The rule and its exceptions are data (`assets/access.json`).

use std::collections::{HashMap, HashSet};
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
    read_verbs: HashSet<String>,
    read_prefixes: Vec<String>,
    overrides: HashMap<String, Access>,
}

impl Rule {
    fn classify(&self, event_type: &str, event_name: &str, action: &str) -> Access {
        let event_type = event_type.to_lowercase();
        let name = if event_name.is_empty() { last_word(&event_type) } else { event_name };
        let name = without_phase(name);
        let lower = name.to_lowercase();
        if event_type.starts_with("io.k8s.") {
            return if matches!(lower.as_str(), "get" | "list" | "watch") { Access::Read } else { Access::Write };
        }
        if event_type.contains(".identitysignon.") {
            return Access::Session;
        }
        if let Some(access) = self.overridden(&event_type, &lower) {
            return access;
        }
        match action.to_ascii_uppercase().as_str() {
            "GET" | "HEAD" | "OPTIONS" => Access::Read,
            "PUT" | "PATCH" | "DELETE" => Access::Write,
            "POST" if self.read_prefixes.iter().any(|prefix| lower.starts_with(prefix)) => Access::Read,
            _ if self.read_verbs.contains(&first_word(name)) => Access::Read,
            _ => Access::Write,
        }
    }

    /// Overrides are named `name` or `service/name`.
    fn overridden(&self, event_type: &str, name: &str) -> Option<Access> {
        let service = event_type.split('.').nth(2).unwrap_or_default();
        self.overrides.get(&format!("{service}/{name}")).or_else(|| self.overrides.get(name)).copied()
    }
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
fn first_word(name: &str) -> String {
    let mut word = String::new();
    for c in name.chars() {
        if !word.is_empty() && (c.is_uppercase() || !c.is_alphanumeric()) {
            break;
        }
        word.extend(c.to_lowercase());
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_read_prefix_counts_only_where_the_method_is_known() {
        let usage = "com.oraclecloud.usage.RequestSummarizedUsages";
        assert_eq!(Access::classify(usage, "RequestSummarizedUsages", "POST"), Access::Read);
        assert_eq!(Access::classify(usage, "RequestSummarizedUsages", ""), Access::Write);
    }
}
