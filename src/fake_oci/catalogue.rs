//! Which kinds of calls are made in a cloud, and how often.

use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;

use super::seed::Stream;

/// One audit event type and the call behind it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    #[serde(rename = "type")]
    pub event_type: String,
    pub name: String,
    pub source: String,
    pub kind: Kind,
    pub method: Option<String>,
    pub path: Option<String>,
    pub class: Class,
    /// The type word of the OCID in `resourceId`.
    pub resource: Option<String>,
    /// Two records, `.begin` and `.end`, rather than one.
    pub phases: bool,
    /// How often it occurs beside its like; 0 is for stories only.
    pub weight: u64,
}

/// What part of the cloud a call is about; a compartment has a few of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Identity,
    SignOn,
    Network,
    Compute,
    Storage,
    Database,
    Security,
    Observability,
    Apps,
    Governance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    Read,
    Write,
    Session,
}

/// All actions, ready to be drawn by kind and class.
#[derive(Debug)]
pub struct Catalogue {
    actions: Vec<Action>,
    draws: BTreeMap<(Kind, Class), Draw>,
}

#[derive(Debug, Default)]
struct Draw {
    actions: Vec<usize>,
    cumulative: Vec<u64>,
}

impl Catalogue {
    pub fn load() -> io::Result<Self> {
        let actions: Vec<Action> = serde_json::from_str(include_str!("../../assets/fake_oci/event-types.json"))?;
        let mut draws: BTreeMap<(Kind, Class), Draw> = BTreeMap::new();
        for (at, action) in actions.iter().enumerate().filter(|(_, action)| action.weight > 0) {
            let draw = draws.entry((action.kind, action.class)).or_default();
            draw.actions.push(at);
            draw.cumulative.push(draw.cumulative.last().copied().unwrap_or(0) + action.weight);
        }
        Ok(Self { actions, draws })
    }

    pub fn action(&self, at: usize) -> Option<&Action> {
        self.actions.get(at)
    }

    /// Where the action called `name` stands; with `source` if several services have one.
    pub fn find(&self, name: &str, source: Option<&str>) -> Option<usize> {
        self.actions.iter().position(|action| {
            action.name.eq_ignore_ascii_case(name)
                && source.is_none_or(|source| action.source.eq_ignore_ascii_case(source))
        })
    }

    pub fn draw(&self, kind: Kind, class: Class, stream: &mut Stream) -> Option<usize> {
        let draw = self.draws.get(&(kind, class))?;
        draw.actions.get(stream.weighted(&draw.cumulative)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_calls_are_drawn_and_story_calls_are_not() {
        let catalogue = Catalogue::load().unwrap();
        let mut stream = Stream::new(1);
        let drawn: Vec<&str> = (0..2000)
            .filter_map(|_| catalogue.draw(Kind::Observability, Class::Write, &mut stream))
            .filter_map(|at| catalogue.action(at))
            .map(|action| action.name.as_str())
            .collect();
        assert_eq!(drawn.len(), 2000);
        assert!(!drawn.contains(&"DeleteLogGroup"));
        assert!(catalogue.find("DeleteLogGroup", None).is_some());
    }

    #[test]
    fn every_kind_can_be_read() {
        let catalogue = Catalogue::load().unwrap();
        for action in &catalogue.actions {
            let class = if action.kind == Kind::SignOn { Class::Session } else { Class::Read };
            assert!(catalogue.draw(action.kind, class, &mut Stream::new(1)).is_some(), "{:?}", action.kind);
        }
    }
}
