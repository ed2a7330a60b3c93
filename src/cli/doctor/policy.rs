//! The smallest policy that everything here needs, and what of it is missing.

use serde::Serialize;

use super::{Check, CheckResult};
use crate::domain::problem::ProblemKind;
use crate::oci::AuthKind;

/// What a check needs: its name, and what a statement about it says.
const NEEDS: [(&str, &str); 3] = [
    ("events", "read audit-events in tenancy"),
    ("compartments", "inspect compartments in tenancy"),
    ("regions", "inspect tenancies in tenancy"),
];

const USERS: &str = "group <group>";

/// One statement of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    pub statement: String,
    pub state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The check that needs it went well.
    Ok,
    /// The service did not let us, or not everywhere.
    Missing,
    /// Nothing was found out about it.
    Unknown,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Unknown => "?",
        }
    }
}

/// No dynamic group holds a pod: conditions say which one is meant.
const PODS: &str = " where all {request.principal.type = 'workload', request.principal.namespace = '<namespace>', \
                    request.principal.service_account = '<account>', request.principal.cluster_id = '<cluster>'}";

/// To whom a statement is made out, and what stands at its end.
fn grantee(auth: AuthKind) -> (&'static str, &'static str) {
    match auth {
        AuthKind::OkeWorkloadIdentity => ("any-user", PODS),
        AuthKind::InstancePrincipal | AuthKind::ResourcePrincipal => ("dynamic-group <dynamic-group>", ""),
        AuthKind::ApiKey | AuthKind::SecurityToken | AuthKind::InstanceOboUser => (USERS, ""),
    }
}

/// Statements in a text, each a line of its own, made out to whoever signs.
pub fn named(auth: AuthKind, text: &str) -> String {
    let (who, end) = grantee(auth);
    let named = |line: &str| if line.contains(USERS) { line.replace(USERS, who) + end } else { line.to_owned() };
    text.lines().map(named).collect::<Vec<_>>().join("\n")
}

/// The statements, with what the checks found out.
pub fn of(auth: AuthKind, checks: &[Check]) -> Vec<Statement> {
    let (who, end) = grantee(auth);
    let statement = |(name, what)| Statement {
        statement: format!("Allow {who} to {what}{end}"),
        state: checks.iter().find(|check| check.name == name).map_or(State::Unknown, state),
    };
    NEEDS.map(statement).into()
}

fn state(check: &Check) -> State {
    match (check.result, check.kind) {
        (CheckResult::Ok, _) => State::Ok,
        (CheckResult::Fail, Some(ProblemKind::Denied)) => State::Missing,
        // A part of the tree was listed: the hint says what would show the rest.
        (CheckResult::Warn, _) if check.hint.contains("Allow ") => State::Missing,
        _ => State::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::problem::Problem;

    #[test]
    fn what_was_refused_is_missing_and_what_was_not_asked_is_unknown() {
        let checks = [
            Check::ok("regions", ""),
            Check::warn("compartments", "", "Allow group <group> to inspect compartments in tenancy"),
            Check::fail("events", Problem::new(ProblemKind::Denied, "no")),
        ];
        let states = |checks: &[Check]| of(AuthKind::ApiKey, checks).iter().map(|s| s.state).collect::<Vec<_>>();
        assert_eq!(states(&checks), [State::Missing, State::Missing, State::Ok]);
        let unreachable = Check::fail("events", Problem::new(ProblemKind::Service, "no answer"));
        assert_eq!(states(&[unreachable]), [State::Unknown; 3]);
        assert!(named(AuthKind::InstancePrincipal, "Allow group <group> to x").contains("dynamic-group"));
        assert!(of(AuthKind::ResourcePrincipal, &[])[0].statement.starts_with("Allow dynamic-group <"));
        let pod = named(AuthKind::OkeWorkloadIdentity, "no permission\nAllow group <group> to x in tenancy");
        assert!(pod.starts_with("no permission\nAllow any-user to x in tenancy where all {"), "{pod}");
        assert!(of(AuthKind::OkeWorkloadIdentity, &[])[0].statement.ends_with("cluster_id = '<cluster>'}"));
    }
}
