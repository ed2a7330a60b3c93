//! The identity service: regions, the tenancy, and its compartments.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::page::Token;
use super::query::Query;
use super::scenario::{CompartmentState, RegionStatus};
use super::seed;
use super::tenancy::{Compartment, RegionTable, Tenancy};
use super::world::Cursor;

/// Answers `GET /20160918{path}`.
pub fn answer(path: &str, query: &str, tenancy: &Tenancy, rules: Rules) -> Result<Answer, Refusal> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["regions"] => nothing(query).map(|()| regions()),
        ["tenancies", id] => nothing(query).and_then(|()| tenancy_itself(id, tenancy)),
        ["tenancies", id, "regionSubscriptions"] => nothing(query).and_then(|()| subscriptions(id, tenancy)),
        ["compartments", id] => nothing(query).and_then(|()| compartment(id, tenancy)),
        ["compartments"] => compartments(query, tenancy, rules),
        _ => Err(Refusal::new(404, "NotFound", "Unknown resource.")),
    }
}

/// What differs between scenarios.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub refuse_subtree: bool,
    pub most_per_page: Option<usize>,
    pub seed: u64,
}

/// The name of the operation behind a path, for the log and for faults.
pub fn operation(path: &str) -> &'static str {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["regions"] => "ListRegions",
        ["tenancies", _] => "GetTenancy",
        ["tenancies", _, "regionSubscriptions"] => "ListRegionSubscriptions",
        ["compartments", _] => "GetCompartment",
        ["compartments"] => "ListCompartments",
        _ => "",
    }
}

fn nothing(query: &str) -> Result<(), Refusal> {
    Query::parse(query, &[]).map(drop)
}

fn regions() -> Answer {
    let table = RegionTable::commercial();
    let rows: Vec<Value> = table.rows().iter().map(|(name, key)| json!({ "key": key, "name": name })).collect();
    Answer::json(Value::from(rows).to_string())
}

fn check_tenancy(id: &str, tenancy: &Tenancy) -> Result<(), Refusal> {
    if id == tenancy.id { Ok(()) } else { Err(Refusal::not_found(&format!("Tenancy {id}"))) }
}

fn tenancy_itself(id: &str, tenancy: &Tenancy) -> Result<Answer, Refusal> {
    check_tenancy(id, tenancy)?;
    let home = tenancy.regions.get(tenancy.home()).map_or("", |region| region.key.as_str());
    let body = json!({
        "id": tenancy.id,
        "name": tenancy.name,
        "description": tenancy.name,
        "homeRegionKey": home,
        "upiIdcsCompatibilityLayerEndpoint": null,
        "freeformTags": {},
        "definedTags": {},
    });
    Ok(Answer::json(body.to_string()))
}

fn subscriptions(id: &str, tenancy: &Tenancy) -> Result<Answer, Refusal> {
    check_tenancy(id, tenancy)?;
    let row = |region: &super::tenancy::Region| {
        let status = match region.status {
            RegionStatus::Ready => "READY",
            RegionStatus::InProgress => "IN_PROGRESS",
        };
        json!({
            "regionKey": region.key,
            "regionName": region.name,
            "status": status,
            "isHomeRegion": region.home,
        })
    };
    let rows: Vec<Value> = tenancy.regions.iter().filter(|region| !region.hidden).map(row).collect();
    Ok(Answer::json(Value::from(rows).to_string()))
}

fn compartment(id: &str, tenancy: &Tenancy) -> Result<Answer, Refusal> {
    // a deleted compartment is still known by name; one that is kept from us is not
    let known = |at: &usize| {
        tenancy.accessible(*at) || tenancy.compartments.get(*at).is_some_and(|c| c.state == CompartmentState::Deleted)
    };
    let at = tenancy.compartment(id).filter(|at| *at == 0 || known(at));
    let at = at.ok_or_else(|| Refusal::not_found(&format!("Compartment {id}")))?;
    Ok(Answer::json(row(tenancy, at).to_string()))
}

fn row(tenancy: &Tenancy, at: usize) -> Value {
    let Some(compartment) = tenancy.compartments.get(at) else { return Value::Null };
    let parent = tenancy.compartments.get(compartment.parent).filter(|_| at != 0);
    json!({
        "id": compartment.id,
        "compartmentId": parent.map(|parent| parent.id.as_str()),
        "name": compartment.name,
        "description": format!("{} of {}", compartment.name, tenancy.name),
        "timeCreated": compartment.created,
        "lifecycleState": state(compartment),
        "inactiveStatus": null,
        "isAccessible": tenancy.accessible(at),
        "freeformTags": {},
        "definedTags": {},
    })
}

fn state(compartment: &Compartment) -> &'static str {
    STATES.iter().find(|(state, _)| *state == compartment.state).map_or("ACTIVE", |(_, name)| name)
}

const STATES: [(CompartmentState, &str); 5] = [
    (CompartmentState::Creating, "CREATING"),
    (CompartmentState::Active, "ACTIVE"),
    (CompartmentState::Inactive, "INACTIVE"),
    (CompartmentState::Deleting, "DELETING"),
    (CompartmentState::Deleted, "DELETED"),
];

const PARAMETERS: [&str; 9] = [
    "compartmentId",
    "compartmentIdInSubtree",
    "accessLevel",
    "page",
    "limit",
    "lifecycleState",
    "name",
    "sortBy",
    "sortOrder",
];

/// Compartments per page where the caller names no `limit`, and the most a caller may name.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

fn compartments(query: &str, tenancy: &Tenancy, rules: Rules) -> Result<Answer, Refusal> {
    let query = Query::parse(query, &PARAMETERS)?;
    let found = matching(&query, tenancy, rules)?;
    let limit = limit(&query)?.min(rules.most_per_page.unwrap_or(LARGEST_PAGE));
    let scope = scope(&query)?;
    let from = match query.get("page") {
        None => 0,
        Some(text) => position(text, scope, rules.seed)?,
    };
    let rows: Vec<Value> = found.iter().skip(from).take(limit).map(|at| row(tenancy, *at)).collect();
    let reached = from + rows.len();
    let next = (reached < found.len())
        .then(|| Token { scope, after: Some(Cursor { processed: reached as i64, id: 0 }), hops: 0 }.encode(rules.seed));
    Ok(Answer { next, ..Answer::json(Value::from(rows).to_string()) })
}

/// The compartments a ListCompartments call asks for, in its order. The root is never among them.
fn matching(query: &Query, tenancy: &Tenancy, rules: Rules) -> Result<Vec<usize>, Refusal> {
    let id = query.required("compartmentId")?;
    let parent = tenancy.compartment(id).ok_or_else(|| Refusal::not_found(&format!("Compartment {id}")))?;
    let subtree = query.one_of("compartmentIdInSubtree", &["true", "false"])? == Some("true");
    if subtree && parent != 0 {
        return Err(Refusal::invalid("compartmentIdInSubtree may be true only with the tenancy's OCID"));
    }
    let accessible = query.one_of("accessLevel", &["ANY", "ACCESSIBLE"])? == Some("ACCESSIBLE");
    if subtree && !accessible && rules.refuse_subtree {
        return Err(Refusal::not_found(&format!("Compartment {id}")));
    }
    let states = STATES.map(|(_, name)| name);
    let wanted_state = query.one_of("lifecycleState", &states)?;
    let name = query.get("name");
    let wanted = |at: &usize| {
        tenancy.compartments.get(*at).is_some_and(|compartment| {
            !compartment.hidden
                && (subtree || compartment.parent == parent)
                && (!accessible || tenancy.accessible(*at))
                && wanted_state.is_none_or(|wanted| state(compartment) == wanted)
                && name.is_none_or(|name| compartment.name == name)
        })
    };
    let found = (1..tenancy.compartments.len()).filter(wanted).collect();
    sorted(query, tenancy, found)
}

fn sorted(query: &Query, tenancy: &Tenancy, mut found: Vec<usize>) -> Result<Vec<usize>, Refusal> {
    let by = query.one_of("sortBy", &["TIMECREATED", "NAME"])?;
    let order = query.one_of("sortOrder", &["ASC", "DESC"])?;
    let compartment = |at: &usize| tenancy.compartments.get(*at);
    match by {
        Some("NAME") => found.sort_by_key(|at| compartment(at).map(|c| c.name.to_lowercase())),
        // newest first is Oracle's default for times
        Some(_) => found.sort_by_key(|at| Reverse(compartment(at).map(|c| c.created.clone()))),
        None => {}
    }
    let natural = if by == Some("TIMECREATED") { "DESC" } else { "ASC" };
    if order.is_some_and(|order| order != natural) {
        found.reverse();
    }
    Ok(found)
}

fn limit(query: &Query) -> Result<usize, Refusal> {
    let Some(text) = query.get("limit") else { return Ok(PAGE) };
    let limit = text.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit));
    limit.ok_or_else(|| Refusal::invalid(format!("'limit' must be 1 to {LARGEST_PAGE}: {text}")))
}

/// The question a page token belongs to: all parameters but the page and its size.
fn scope(query: &Query) -> Result<u64, Refusal> {
    let parts = PARAMETERS.iter().filter(|name| !["page", "limit"].contains(name));
    let hashes: Vec<u64> = parts.map(|name| seed::text(query.get(name).unwrap_or_default())).collect();
    query.required("compartmentId").map(|_| seed::mix(&hashes))
}

fn position(text: &str, scope: u64, seed: u64) -> Result<usize, Refusal> {
    Token::decode(text, seed)
        .filter(|token| token.scope == scope)
        .and_then(|token| usize::try_from(token.after?.processed).ok())
        .ok_or_else(|| Refusal::invalid("'page' is not a token of this list"))
}
