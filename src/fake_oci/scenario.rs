//! A scenario: a tenancy and its troubles, as data from a TOML file.
//!
//! Everything that differs between a peaceful demo and a night of throttling stands here, so that a new trouble is a new
//! file and no new code. Unknown keys are errors; every error names its line.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use toml::Spanned;

use super::catalogue::Kind;
use super::tenancy::RegionTable;

mod trouble;

pub use trouble::{ChangeKind, ChangeSpec, FaultKind, FaultSpec, PageSpec, Twist};

/// What the simulator shall simulate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// One sentence for people choosing a scenario.
    pub(super) about: String,
    pub(super) seed: u64,
    pub(super) tenancy: TenancySpec,
    #[serde(default)]
    pub(super) regions: Vec<RegionSpec>,
    #[serde(default)]
    pub(super) compartments: Vec<CompartmentSpec>,
    grid: Option<Spanned<GridSpec>>,
    pub(super) events: EventSpec,
    #[serde(default)]
    pub(super) server: ServerSpec,
    pub(super) session: Option<SessionSpec>,
    #[serde(default)]
    pub(super) tokens: TokenSpec,
    #[serde(default)]
    pub(super) faults: Vec<Spanned<FaultSpec>>,
    #[serde(default)]
    pub(super) changes: Vec<Spanned<ChangeSpec>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenancySpec {
    pub name: String,
    pub home: Spanned<String>,
    /// The name of the user whose key the simulator hands out.
    pub user: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionSpec {
    pub name: Spanned<String>,
    #[serde(default = "one")]
    pub weight: u64,
    #[serde(default)]
    pub status: RegionStatus,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RegionStatus {
    #[default]
    Ready,
    InProgress,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompartmentSpec {
    /// Names from below the root, joined by `/`; an empty path is the root itself.
    pub path: Spanned<String>,
    #[serde(default = "one")]
    pub weight: u64,
    #[serde(default)]
    pub kinds: Vec<Kind>,
    #[serde(default)]
    pub state: CompartmentState,
    /// Whether our user may read audit events here and see the compartment under ACCESSIBLE.
    #[serde(default = "yes")]
    pub readable: bool,
    /// Where it holds anything; empty means everywhere.
    #[serde(default)]
    pub regions: Vec<Spanned<String>>,
}

/// A tenancy too large to be written out: so many regions and compartments, those that are written out and the root
/// among them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GridSpec {
    pub regions: usize,
    pub compartments: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CompartmentState {
    Creating,
    #[default]
    Active,
    Inactive,
    Deleting,
    Deleted,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    /// Events of an average weekday, over the whole tenancy. Exclusive with `exactly`.
    pub per_day: Option<u32>,
    /// This many events in the `days` before the epoch, and none after it.
    pub exactly: Option<u32>,
    /// How far back the history reaches.
    #[serde(default = "ninety")]
    pub days: u32,
    /// What hour of which day the epoch is in the life of the tenancy, which has nights and weekends; the true one if
    /// none. With it the same happens so long before the epoch whenever that is.
    pub calendar: Option<DateTime<Utc>>,
    #[serde(default = "hundred")]
    pub page_size: usize,
    /// Share of calls that fail.
    #[serde(default = "some_failures")]
    pub failures: f64,
    /// Share of events that become visible only `late_minutes` after they were processed.
    #[serde(default)]
    pub late: f64,
    #[serde(default)]
    pub late_minutes: u32,
    /// Several delays in place of one: each late event draws one of them.
    #[serde(default)]
    pub late_by_minutes: Vec<u32>,
    /// Hostile text in every string that a caller can choose.
    #[serde(default)]
    pub hostile: bool,
    pub story: Option<Story>,
}

/// The stories that can be told over the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Story {
    StolenKey,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSpec {
    /// How far the server's clock is ahead.
    pub clock_skew_seconds: i64,
    /// Added to every answer.
    pub latency_ms: u64,
    /// Refuse to list the whole tree at once, as policies of a single compartment do.
    pub refuse_subtree: bool,
    /// No page of ListCompartments is longer, whatever limit the caller names.
    pub compartments_per_page: Option<usize>,
    /// Answers ListEvents with 429, without a Retry-After, where it comes too often.
    pub limit: Option<LimitSpec>,
}

/// A bucket of tokens in each of the regions.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSpec {
    /// Calls a second, in the long run.
    pub per_second: f64,
    /// Calls at once, after a rest.
    pub burst: u32,
    /// Where it holds; empty means everywhere.
    #[serde(default)]
    pub regions: Vec<Spanned<String>>,
}

/// A session token instead of an API key, for the profile that the simulator writes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionSpec {
    /// Counted from the start of the server; negative is expired from the outset.
    pub expires_in_seconds: i64,
}

/// Tokens that the auth service gives, and those of the resource principal.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenSpec {
    /// How long each is good.
    pub seconds: i64,
    /// Each is refused after so many calls, as if it had ended; a session can be renewed all the same.
    pub calls: Option<u64>,
    /// No instance, no session and no pod gets more than so many.
    pub refuse_after: Option<u32>,
}

impl Default for TokenSpec {
    fn default() -> Self {
        Self { seconds: 1_200, calls: None, refuse_after: None }
    }
}

fn one() -> u64 {
    1
}

fn yes() -> bool {
    true
}

fn ninety() -> u32 {
    90
}

fn hundred() -> usize {
    100
}

fn some_failures() -> f64 {
    0.04
}

/// A scenario that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("cannot read scenario {path}: {source}")]
    Read { path: String, source: std::io::Error },
    /// The text names the line, the column and the key.
    #[error("scenario: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("scenario, line {line}: {key}: {problem}")]
    Invalid { line: usize, key: &'static str, problem: String },
}

const EMBEDDED: [(&str, &str); 14] = [
    ("demo", include_str!("../../assets/scenarios/demo.toml")),
    ("small", include_str!("../../assets/scenarios/small.toml")),
    ("strict", include_str!("../../assets/scenarios/strict.toml")),
    ("throttled", include_str!("../../assets/scenarios/throttled.toml")),
    ("flaky", include_str!("../../assets/scenarios/flaky.toml")),
    ("odd-pages", include_str!("../../assets/scenarios/odd-pages.toml")),
    ("late-events", include_str!("../../assets/scenarios/late-events.toml")),
    ("narrow-policy", include_str!("../../assets/scenarios/narrow-policy.toml")),
    ("skewed-clock", include_str!("../../assets/scenarios/skewed-clock.toml")),
    ("expired-token", include_str!("../../assets/scenarios/expired-token.toml")),
    ("all-denied", include_str!("../../assets/scenarios/all-denied.toml")),
    ("hostile", include_str!("../../assets/scenarios/hostile.toml")),
    ("large", include_str!("../../assets/scenarios/large.toml")),
    ("own-reads", include_str!("../../assets/scenarios/own-reads.toml")),
];

impl Scenario {
    /// With this calendar, see [`EventSpec::calendar`], where it says none itself.
    #[must_use]
    pub fn living_by(mut self, calendar: DateTime<Utc>) -> Self {
        self.events.calendar.get_or_insert(calendar);
        self
    }

    /// One of the scenarios that come with the program; `.toml` may be written or not.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.strip_suffix(".toml").unwrap_or(name);
        let (_, text) = EMBEDDED.iter().find(|(known, _)| *known == name)?;
        Self::parse(text).ok()
    }

    pub fn names() -> Vec<&'static str> {
        EMBEDDED.iter().map(|(name, _)| *name).collect()
    }

    /// What it simulates, in one sentence.
    pub fn about(&self) -> &str {
        &self.about
    }

    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScenarioError::Read { path: path.display().to_string(), source })?;
        Self::parse(&text)
    }

    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let mut scenario: Self = toml::from_str(text)?;
        if let Some(grid) = scenario.grid.clone() {
            scenario.fill(text, &grid)?;
        }
        scenario.check(text)?;
        Ok(scenario)
    }

    /// Adds regions in the table's order, and compartments by tens in one another.
    fn fill(&mut self, text: &str, grid: &Spanned<GridSpec>) -> Result<(), ScenarioError> {
        let GridSpec { regions, compartments } = *grid.get_ref();
        let table = RegionTable::commercial();
        if regions > table.rows().len() {
            let problem = format!("there are {} commercial regions", table.rows().len());
            return Err(invalid(text, grid, "grid.regions", problem));
        }
        for (name, _) in table.rows() {
            if self.regions.len() < regions && !self.regions.iter().any(|region| region.name.get_ref() == name) {
                let name = Spanned::new(grid.span(), (*name).to_owned());
                self.regions.push(RegionSpec { name, weight: 1, status: RegionStatus::Ready });
            }
        }
        let written_out = self.compartments.iter().filter(|compartment| !compartment.path.get_ref().is_empty()).count();
        for number in 0..compartments.saturating_sub(1 + written_out) {
            let (team, place) = (number / 10, number % 10);
            let path = if place == 0 { format!("team-{team:02}") } else { format!("team-{team:02}/app-{place}") };
            self.compartments.push(CompartmentSpec {
                path: Spanned::new(grid.span(), path),
                weight: 1,
                kinds: vec![Kind::Compute, Kind::Network],
                state: CompartmentState::Active,
                readable: true,
                regions: Vec::new(),
            });
        }
        Ok(())
    }

    fn check(&self, text: &str) -> Result<(), ScenarioError> {
        self.check_regions(text)?;
        self.check_compartments(text)?;
        self.check_events(text)?;
        self.check_limit(text)?;
        self.faults.iter().try_for_each(|fault| trouble::check_fault(text, fault))?;
        self.changes.iter().try_for_each(|change| trouble::check_change(text, change, self))
    }

    fn check_regions(&self, text: &str) -> Result<(), ScenarioError> {
        let table = RegionTable::commercial();
        for region in &self.regions {
            let name = region.name.get_ref();
            if table.key(name).is_none() {
                return Err(invalid(text, &region.name, "regions.name", format!("`{name}` is no commercial region")));
            }
            if self.regions.iter().filter(|other| other.name.get_ref() == name).count() > 1 {
                return Err(invalid(text, &region.name, "regions.name", format!("`{name}` stands here twice")));
            }
        }
        self.check_known_region(text, "tenancy.home", &self.tenancy.home)
    }

    fn check_known_region(&self, text: &str, key: &'static str, name: &Spanned<String>) -> Result<(), ScenarioError> {
        if self.regions.iter().any(|region| region.name.get_ref() == name.get_ref()) {
            return Ok(());
        }
        Err(invalid(text, name, key, format!("`{}` is not among the regions", name.get_ref())))
    }

    fn check_compartments(&self, text: &str) -> Result<(), ScenarioError> {
        let mut known: Vec<&str> = vec![""];
        for compartment in &self.compartments {
            let path = compartment.path.get_ref().as_str();
            let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            if !known.contains(&parent) {
                let problem = format!("the parent of `{path}` must stand before it");
                return Err(invalid(text, &compartment.path, "compartments.path", problem));
            }
            if known.iter().skip(1).any(|other| *other == path) {
                let problem = format!("`{path}` stands here twice");
                return Err(invalid(text, &compartment.path, "compartments.path", problem));
            }
            if !path.is_empty() {
                known.push(path);
            }
            for region in &compartment.regions {
                self.check_known_region(text, "compartments.regions", region)?;
            }
        }
        Ok(())
    }

    fn check_limit(&self, text: &str) -> Result<(), ScenarioError> {
        let Some(limit) = &self.server.limit else { return Ok(()) };
        if limit.per_second <= 0.0 || limit.burst == 0 {
            let line = text.lines().position(|line| line.trim() == "[server.limit]").map_or(1, |at| at + 1);
            let problem = "`per_second` and `burst` must be more than nothing".to_owned();
            return Err(ScenarioError::Invalid { line, key: "server.limit", problem });
        }
        limit.regions.iter().try_for_each(|region| self.check_known_region(text, "server.limit.regions", region))
    }

    fn check_events(&self, text: &str) -> Result<(), ScenarioError> {
        let events = &self.events;
        let problem = if events.per_day.is_some() == events.exactly.is_some() {
            "give either `per_day` or `exactly`"
        } else if events.page_size == 0 {
            "`page_size` must be at least 1"
        } else if !is_share(events.failures) || !is_share(events.late) {
            "`failures` and `late` are shares between 0 and 1"
        } else if events.days == 0 || events.days > 365 {
            "`days` must be 1 to 365, as long as audit events are kept"
        } else {
            return Ok(());
        };
        let line = text.lines().position(|line| line.trim() == "[events]").map_or(1, |at| at + 1);
        Err(ScenarioError::Invalid { line, key: "events", problem: problem.to_owned() })
    }
}

fn is_share(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

fn invalid<T>(text: &str, at: &Spanned<T>, key: &'static str, problem: String) -> ScenarioError {
    let line = 1 + text.bytes().take(at.span().start).filter(|&byte| byte == b'\n').count();
    ScenarioError::Invalid { line, key, problem }
}

#[cfg(test)]
mod tests;
