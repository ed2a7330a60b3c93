//! Who acts in the tenancy: people at a console or a shell, pipelines, machines and services.

use std::collections::BTreeMap;
use std::io;

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use serde::Deserialize;

use super::catalogue::Kind;
use super::names;
use super::seed::{self, Stream};
use super::tenancy::Tenancy;

/// How a principal reaches the cloud; it decides the shape of the event's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    Console,
    /// At the console, signed in elsewhere.
    Federated,
    Cli,
    Sdk,
    Terraform,
    /// An instance principal.
    Instance,
    /// A resource principal, such as a function.
    Resource,
    /// A service on behalf of somebody.
    Service,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Shift {
    Eu,
    Us,
    Apac,
    #[default]
    Always,
}

#[derive(Debug, Clone)]
pub struct Actor {
    pub name: String,
    /// OCID of the user or machine, or `service/HEX`.
    pub id: String,
    pub how: How,
    pub ip: String,
    pub agent: String,
    /// Of the API key, for those who have one.
    pub fingerprint: String,
    /// Position of the person a service acts for.
    pub acts_for: Option<usize>,
    shift: Shift,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    agents: BTreeMap<String, String>,
    actor: Vec<ActorSpec>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActorSpec {
    name: String,
    how: How,
    ip: String,
    agent: String,
    weight: u64,
    #[serde(default)]
    shift: Shift,
    kinds: Vec<Kind>,
    acts_for: Option<String>,
}

/// Everybody, ready to be drawn by what they work on.
#[derive(Debug)]
pub struct Cast {
    actors: Vec<Actor>,
    draws: BTreeMap<Kind, (Vec<usize>, Vec<u64>)>,
}

/// How often a sleeper is passed over before a machine does the work.
const TRIES: usize = 6;

impl Cast {
    /// The cast in `tenancy`; `fingerprint` is that of the key handed out for its user.
    pub fn load(tenancy: &Tenancy, fingerprint: &str) -> io::Result<Self> {
        let file: File = toml::from_str(include_str!("../../assets/fake_oci/cast.toml")).map_err(io::Error::other)?;
        let position = |name: &Option<String>| file.actor.iter().position(|spec| Some(&spec.name) == name.as_ref());
        let actor = |spec: &ActorSpec| Actor {
            id: principal_id(spec, tenancy),
            how: spec.how,
            ip: spec.ip.clone(),
            agent: file.agents.get(&spec.agent).cloned().unwrap_or_default(),
            fingerprint: if spec.name == tenancy.user_name {
                fingerprint.to_owned()
            } else {
                names::fingerprint(&mut Stream::about(&[seed::text(&tenancy.name), seed::text(&spec.name)]))
            },
            acts_for: position(&spec.acts_for),
            shift: spec.shift,
            name: spec.name.clone(),
        };
        Ok(Self { actors: file.actor.iter().map(actor).collect(), draws: draws(&file.actor) })
    }

    pub fn actor(&self, at: usize) -> Option<&Actor> {
        self.actors.get(at)
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        self.actors.iter().position(|actor| actor.name == name)
    }

    /// Somebody who works on `kind` and is awake at `time`.
    pub fn draw(&self, kind: Kind, time: DateTime<Utc>, stream: &mut Stream) -> Option<usize> {
        let (actors, cumulative) = self.draws.get(&kind)?;
        let mut drawn = None;
        for _ in 0..TRIES {
            drawn = actors.get(stream.weighted(cumulative)).copied();
            if drawn.and_then(|at| self.actor(at)).is_some_and(|actor| actor.is_awake(time, stream)) {
                return drawn;
            }
        }
        let machine = |at: &&usize| self.actor(**at).is_some_and(|actor| actor.shift == Shift::Always);
        actors.iter().find(machine).copied().or(drawn)
    }
}

impl Actor {
    pub fn is_console(&self) -> bool {
        matches!(self.how, How::Console | How::Federated)
    }

    pub fn is_auditui(&self) -> bool {
        self.agent.starts_with("auditui/")
    }

    fn is_awake(&self, time: DateTime<Utc>, stream: &mut Stream) -> bool {
        let hours = match self.shift {
            Shift::Always => return true,
            Shift::Eu => 7..17,
            Shift::Us => 13..23,
            Shift::Apac => 0..9,
        };
        let weekend = matches!(time.weekday(), Weekday::Sat | Weekday::Sun);
        // some work late, few at the weekend
        hours.contains(&time.hour()) && (!weekend || stream.chance(0.15)) || stream.chance(0.02)
    }
}

fn principal_id(spec: &ActorSpec, tenancy: &Tenancy) -> String {
    let about = [tenancy.name.as_str(), spec.name.as_str()];
    let home = tenancy.regions.get(tenancy.home()).map_or("", |region| region.name.as_str());
    match spec.how {
        How::Instance => names::regional_ocid("instance", home, &about),
        How::Resource => names::regional_ocid("fnfunc", home, &about),
        How::Service => format!("{}/{}", spec.name, names::segment(&mut Stream::new(seed::text(&spec.name)))),
        _ => names::global_ocid("user", &about),
    }
}

fn draws(specs: &[ActorSpec]) -> BTreeMap<Kind, (Vec<usize>, Vec<u64>)> {
    let mut draws: BTreeMap<Kind, (Vec<usize>, Vec<u64>)> = BTreeMap::new();
    for (at, spec) in specs.iter().enumerate().filter(|(_, spec)| spec.weight > 0) {
        let signs_on = matches!(spec.how, How::Console | How::Federated).then_some(Kind::SignOn);
        for kind in spec.kinds.iter().copied().chain(signs_on) {
            let (actors, cumulative) = draws.entry(kind).or_default();
            actors.push(at);
            cumulative.push(cumulative.last().copied().unwrap_or(0) + spec.weight);
        }
    }
    draws
}

#[cfg(test)]
mod tests {
    use super::super::scenario::Scenario;
    use super::*;

    fn cast() -> Cast {
        Cast::load(&Tenancy::of(&Scenario::named("demo").unwrap()), "aa").unwrap()
    }

    #[test]
    fn about_fifty_take_part_and_services_act_for_people_who_exist() {
        let cast = cast();
        assert!((45..60).contains(&cast.actors.len()), "{}", cast.actors.len());
        let services = cast.actors.iter().filter(|actor| actor.how == How::Service);
        assert!(services.clone().all(|actor| actor.acts_for.is_some()));
        assert!(cast.actors.iter().all(|actor| !actor.agent.is_empty()), "every agent is in the table");
    }

    #[test]
    fn people_sleep_and_machines_do_not() {
        let cast = cast();
        let night: DateTime<Utc> = "2026-03-11T03:00:00Z".parse().unwrap();
        let noon: DateTime<Utc> = "2026-03-11T15:00:00Z".parse().unwrap();
        let people = |time| {
            let mut stream = Stream::new(5);
            let drawn = (0..500).filter_map(|_| cast.draw(Kind::Compute, time, &mut stream));
            drawn.filter(|at| cast.actors[*at].shift != Shift::Always).count()
        };
        assert!(people(night) * 3 < people(noon), "{} at night, {} by day", people(night), people(noon));
    }
}
