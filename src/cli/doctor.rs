//! `auditui doctor`: what this installation would use, where it comes from, and what is wrong with it.
//!
//! The offline half reads the configuration and the key and asks nobody. The online half asks the service, once each,
//! what an investigation needs. No secret is ever part of a report.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use chrono::{TimeDelta, Utc};
use serde::Serialize;

use crate::domain::ledger::CellKey;
use crate::domain::ocid::Ocid;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::{Region, RegionId};
use crate::domain::text::clean;
use crate::domain::time_range::TimeRange;
use crate::fetch::RetrySettings;
use crate::fetch::discover::compartments;
use crate::oci::{
    self, AuthKind, ConfigProblem, EndpointTemplate, OciClient, OciError, ProfileOptions, Service, Settings,
};

mod policy;

pub use policy::Statement;

/// Requests whose date is further off are refused.
const MAX_SKEW: TimeDelta = TimeDelta::minutes(5);
/// A clock that is further off deserves a word.
const NOTABLE_SKEW: TimeDelta = TimeDelta::seconds(60);

#[derive(Clone, Debug, Serialize)]
pub struct DoctorReport {
    pub profile: ProfileFields,
    /// Where each value came from.
    pub origin: BTreeMap<&'static str, String>,
    pub endpoints: Endpoints,
    pub problems: Vec<ConfigProblem>,
    /// What the service answered; nothing in an offline report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// What our user has to be allowed; nothing in an offline report.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy: Vec<Statement>,
    #[serde(skip)]
    pub warnings: Vec<String>,
    /// Path and mode of the files that the profile names.
    #[serde(skip)]
    pub files: Vec<(String, u32)>,
    #[serde(skip)]
    pub hint: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct ProfileFields {
    pub profile: String,
    pub config_file: Option<String>,
    pub tenancy: Option<String>,
    pub user: Option<String>,
    pub fingerprint: Option<String>,
    pub region: Option<String>,
    pub key_file: Option<String>,
    pub auth: Option<AuthKind>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Endpoints {
    pub audit: Option<String>,
    pub identity: Option<String>,
}

/// One question to the service, and how it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    pub name: &'static str,
    pub result: CheckResult,
    pub what: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Of the problem, where it failed.
    #[serde(skip)]
    pub kind: Option<ProblemKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    Ok,
    Warn,
    Fail,
}

/// The offline half.
pub fn report(options: &ProfileOptions) -> DoctorReport {
    report_with(options, None)
}

/// As [`report`], with an override of the endpoints.
pub fn report_with(options: &ProfileOptions, endpoint: Option<&EndpointTemplate>) -> DoctorReport {
    match oci::try_resolve(options) {
        Ok(settings) => of_settings(&settings, endpoint),
        Err(unresolved) => DoctorReport {
            profile: ProfileFields {
                profile: unresolved.profile_name,
                config_file: unresolved.config_file.as_deref().map(shown),
                ..ProfileFields::default()
            },
            origin: BTreeMap::new(),
            endpoints: Endpoints::default(),
            problems: vec![unresolved.problem],
            checks: Vec::new(),
            policy: Vec::new(),
            warnings: Vec::new(),
            files: Vec::new(),
            hint: unresolved.hint,
        },
    }
}

fn of_settings(settings: &Settings, endpoint: Option<&EndpointTemplate>) -> DoctorReport {
    let values = &settings.values;
    let mut problems = settings.problems.clone();
    problems.extend(settings.credential_problems(oci::clock::now()));
    DoctorReport {
        profile: ProfileFields {
            profile: settings.profile_name.clone(),
            config_file: settings.config_file.as_deref().map(shown),
            tenancy: values.tenancy.clone(),
            user: values.user.clone(),
            fingerprint: values.fingerprint.clone(),
            region: values.region.clone(),
            key_file: values.key_file.as_deref().map(shown),
            auth: Some(values.auth),
        },
        origin: settings.origins.clone(),
        endpoints: Endpoints {
            audit: settings.endpoint(endpoint, Service::Audit),
            identity: settings.endpoint(endpoint, Service::Identity),
        },
        problems,
        checks: Vec::new(),
        policy: Vec::new(),
        warnings: settings.warnings.clone(),
        files: settings.file_modes().into_iter().map(|(path, mode)| (shown(path), mode)).collect(),
        hint: settings.note.clone().unwrap_or_default(),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

impl DoctorReport {
    /// What was found out by signing in, and what the service said.
    pub fn complete(&mut self, client: &OciClient, checks: Vec<Check>) {
        let profile = client.profile();
        let told = |field: &mut Option<String>, value: &str| {
            field.get_or_insert_with(|| value.to_owned());
        };
        told(&mut self.profile.tenancy, profile.tenancy.as_str());
        told(&mut self.profile.region, profile.region.as_str());
        if let Some(user) = &profile.user {
            told(&mut self.profile.user, user.as_str());
        }
        told(&mut self.endpoints.audit, &client.endpoint_for(Service::Audit, &profile.region));
        told(&mut self.endpoints.identity, &client.endpoint_for(Service::Identity, &profile.region));
        self.policy = policy::of(profile.auth, &checks);
        let named = |check: Check| Check { hint: policy::named(profile.auth, &check.hint), ..check };
        self.checks = checks.into_iter().map(named).collect();
    }

    /// 2 for the configuration, 4 for the credential, else what the worst check says, else 0.
    pub fn exit_code(&self) -> u8 {
        let kinds: Vec<ProblemKind> =
            self.problems.iter().map(|problem| problem.kind).chain(self.checks.iter().filter_map(|c| c.kind)).collect();
        let order = [ProblemKind::Usage, ProblemKind::Authentication];
        let first = order.into_iter().find(|kind| kinds.contains(kind)).or_else(|| kinds.first().copied());
        first.map_or(0, ProblemKind::exit_code)
    }

    /// For people.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.write_profile(&mut out);
        section(&mut out, "endpoints");
        for (name, endpoint) in [("audit", &self.endpoints.audit), ("identity", &self.endpoints.identity)] {
            row(&mut out, name, endpoint.as_deref().unwrap_or("-"), "");
        }
        if !self.files.is_empty() {
            section(&mut out, "file modes");
        }
        for (path, mode) in &self.files {
            row(&mut out, &format!("{mode:04o}"), path, "");
        }
        if !self.checks.is_empty() {
            section(&mut out, "checks");
        }
        for check in &self.checks {
            check.write(&mut out);
        }
        if !self.policy.is_empty() {
            section(&mut out, "policy");
        }
        for Statement { statement, state } in &self.policy {
            row(&mut out, state.word(), statement, "");
        }
        self.write_problems(&mut out);
        out
    }

    fn write_profile(&self, out: &mut String) {
        let fields = &self.profile;
        section(out, "profile");
        let rows = [
            ("profile", Some(fields.profile.as_str())),
            ("config_file", fields.config_file.as_deref()),
            ("tenancy", fields.tenancy.as_deref()),
            ("user", fields.user.as_deref()),
            ("fingerprint", fields.fingerprint.as_deref()),
            ("region", fields.region.as_deref()),
            ("key_file", fields.key_file.as_deref()),
            ("auth", fields.auth.map(AuthKind::as_str)),
        ];
        for (key, value) in rows {
            row(out, key, value.unwrap_or("-"), self.origin.get(key).map_or("", String::as_str));
        }
        for (key, origin) in self.origin.iter().filter(|(key, _)| !rows.iter().any(|(shown, _)| shown == *key)) {
            row(out, key, "(set)", origin);
        }
    }

    fn write_problems(&self, out: &mut String) {
        section(out, "problems");
        if self.problems.is_empty() && self.warnings.is_empty() {
            out.push_str("  none\n");
        }
        for problem in &self.problems {
            row(out, problem.key, &problem.message, "");
        }
        for warning in &self.warnings {
            row(out, "warning", warning, "");
        }
        for line in self.hint.lines() {
            row(out, "", line, "");
        }
    }
}

impl Check {
    fn ok(name: &'static str, what: impl Into<String>) -> Self {
        let (what, hint) = (what.into(), String::new());
        Self { name, result: CheckResult::Ok, what, hint, request_id: None, kind: None }
    }

    fn warn(name: &'static str, what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { result: CheckResult::Warn, hint: hint.into(), ..Self::ok(name, what) }
    }

    pub(super) fn fail(name: &'static str, problem: Problem) -> Self {
        let Problem { kind, what, hint, request_id } = problem;
        Self { name, result: CheckResult::Fail, what, hint, request_id, kind: Some(kind) }
    }

    fn write(&self, out: &mut String) {
        let word = match self.result {
            CheckResult::Ok => "ok",
            CheckResult::Warn => "warn",
            CheckResult::Fail => "FAIL",
        };
        let id = self.request_id.as_ref().map(|id| format!("opc-request-id {id}")).unwrap_or_default();
        row(out, &format!("{word:<5}{}", self.name), &self.what, &id);
        for line in self.hint.lines() {
            row(out, "", line, "");
        }
    }
}

/// The online half: each thing an investigation needs, asked for once. After a refused signature nothing more is asked.
pub async fn online(client: &OciClient) -> Vec<Check> {
    let subscriptions = client.region_subscriptions().await;
    let mut checks: Vec<Check> = client.clock_offset().map(clock_check).into_iter().collect();
    let regions = match subscriptions {
        Ok(regions) => regions,
        Err(refused) if refused.is_auth() => {
            let by_clock = checks.iter().any(|check| check.result == CheckResult::Fail);
            let elsewhere = if by_clock { None } else { accepted_elsewhere(client).await };
            checks.push(Check::fail("sign-in", elsewhere.unwrap_or_else(|| refused.to_problem())));
            return checks;
        }
        Err(error) => {
            checks.push(failed("regions", &error));
            Vec::new()
        }
    };
    checks.extend((!regions.is_empty()).then(|| region_check(&regions)));
    checks.push(compartment_check(client).await);
    checks.push(event_check(client, &regions).await);
    checks.push(retention_check(client).await);
    checks
}

/// The service says the same of a wrong key and of a region to which the tenancy is not subscribed; another region tells
/// them apart.
async fn accepted_elsewhere(client: &OciClient) -> Option<Problem> {
    let own = &client.profile().region;
    for region in client.likely_homes() {
        let Ok(subscribed) = client.region_subscriptions_at(&region).await else { continue };
        if subscribed.iter().any(|known| known.id == *own && known.is_ready()) {
            return None;
        }
        let names: Vec<&str> = subscribed.iter().map(|region| region.id.as_str()).collect();
        let what =
            format!("the tenancy is not subscribed to {own}, the region of the profile; {region} takes the signature");
        let hint = format!("set region to one of: {}", names.join(", "));
        return Some(Problem::new(ProblemKind::Authentication, what).hint(hint));
    }
    None
}

fn failed(name: &'static str, error: &OciError) -> Check {
    Check::fail(name, error.to_problem())
}

fn clock_check(offset: TimeDelta) -> Check {
    let seconds = offset.abs().num_seconds();
    let direction = if offset > TimeDelta::zero() { "behind" } else { "ahead of" };
    let what = format!("this clock is {seconds} s {direction} Oracle's");
    match offset.abs() {
        off if off >= MAX_SKEW => Check::fail(
            "clock",
            Problem::new(ProblemKind::Authentication, what)
                .hint("requests more than 5 minutes off are refused; set the clock"),
        ),
        off if off >= NOTABLE_SKEW => Check::warn("clock", what, "set the clock before it is 5 minutes off"),
        _ => Check::ok("clock", format!("within {} s of Oracle's", seconds + 1)),
    }
}

fn region_check(regions: &[Region]) -> Check {
    let home = regions.iter().find(|region| region.home).map_or("unknown", |region| region.id.as_str());
    let what = format!("{} subscribed, home {home}", regions.len());
    let waiting: Vec<&str> =
        regions.iter().filter(|region| !region.is_ready()).map(|region| region.id.as_str()).collect();
    if waiting.is_empty() {
        Check::ok("regions", what)
    } else {
        Check::warn("regions", what, format!("not ready, so they cannot be asked: {}", waiting.join(", ")))
    }
}

async fn compartment_check(client: &OciClient) -> Check {
    match compartments(client, RetrySettings::ONCE).await {
        Err(error) => failed("compartments", &error),
        Ok(listing) => {
            let what = format!("{} listed, the root included", listing.tree.len());
            match listing.partial {
                None => Check::ok("compartments", what),
                Some(partial) => Check::warn("compartments", format!("{what}: {}", partial.what), partial.hint),
            }
        }
    }
}

async fn event_check(client: &OciClient, regions: &[Region]) -> Check {
    let cell = last_hour(client, regions);
    match client.list_events(&cell, None).await {
        Err(error) => failed("events", &error),
        Ok(page) => {
            let more = if page.next.is_some() { "more than " } else { "" };
            let count = page.page.len();
            Check::ok("events", format!("{more}{count} in the last hour of the root in {}", cell.region))
        }
    }
}

/// The root compartment in the home region, where sign-ins and IAM changes are.
fn last_hour(client: &OciClient, regions: &[Region]) -> CellKey {
    let now: chrono::DateTime<Utc> = client.now();
    let home: RegionId = regions
        .iter()
        .find(|region| region.home)
        .map_or_else(|| client.profile().region.clone(), |home| home.id.clone());
    let compartment: Ocid = client.profile().tenancy.clone();
    let window = TimeRange::ending_at(now, TimeDelta::hours(1)).fetch_window(TimeDelta::zero()).passed(now);
    CellKey { region: home, compartment, window }
}

async fn retention_check(client: &OciClient) -> Check {
    match client.retention_days().await {
        Ok(days) => Check::ok("retention", format!("events are kept for {days} days")),
        Err(refused) if refused.is_denied() => Check::warn(
            "retention",
            "how long events are kept may not be read",
            "nothing else depends on it; administrators may read it",
        ),
        Err(error) => failed("retention", &error),
    }
}

fn section(out: &mut String, name: &str) {
    let gap = if out.is_empty() { "" } else { "\n" };
    let _ = writeln!(out, "{gap}{name}");
}

/// Two columns, and a remark; nothing in it can move a cursor.
fn row(out: &mut String, key: &str, value: &str, remark: &str) {
    let remark = if remark.is_empty() { String::new() } else { format!("  ({})", clean(remark)) };
    let line = format!("  {:<20}{}{remark}", clean(key), clean(value));
    let _ = writeln!(out, "{}", line.trim_end());
}

#[cfg(test)]
#[path = "doctor_tests.rs"]
mod tests;
