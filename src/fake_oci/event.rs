//! Writes an event as ListEvents (API 20190901) returns it.
//!
//! Keys, their order, the headers and the size follow published records: 2.5 to 3.5 KB each, most of it headers.

use chrono::{DateTime, TimeDelta, Utc};

use super::background::{Phase, Routine, Sketch, What};
use super::cast::{Actor, How};
use super::catalogue::{Action, Class};
use super::hostile::Poison;
use super::json::{Json, quoted};
use super::names::{self, http_date, rfc3339};
use super::seed::{self, Stream};
use super::story::{By, Scene, Step, Told};
use super::tenancy::{Cell, Compartment, Region};
use super::world::World;

mod identity;
mod request;

use identity::Identity;

/// The event id of a sketch.
pub fn id(sketch: &Sketch) -> String {
    names::uuid(&mut Stream::about(&[sketch.id, 3]))
}

/// Everything an event says.
struct Facts<'a> {
    action: &'a Action,
    phase: Phase,
    region: &'a Region,
    compartment: &'a Compartment,
    tenancy: &'a str,
    time: DateTime<Utc>,
    took: TimeDelta,
    who: Identity,
    status: Option<u16>,
    resource: Option<Resource>,
    path: Option<String>,
    message: Option<String>,
    payload: Option<String>,
    previous: Option<String>,
    current: Option<String>,
    details: Option<String>,
    /// The client's, the front door's and the service's part of the request id.
    segments: [String; 3],
    stream: Stream,
}

/// What was acted upon.
#[derive(Clone)]
struct Resource {
    name: String,
    id: Option<String>,
}

pub fn write(world: &World, cell: Cell, sketch: &Sketch) -> String {
    let poison = world.hostile.then(|| Poison::new(seed::mix(&[sketch.id, 4])));
    match facts(world, cell, sketch) {
        Some(facts) => Json::write(poison, |j| envelope(j, &facts, &id(sketch))),
        // a sketch always has its cell, action and actor; an empty object would be noticed by every reader
        None => "{}".to_owned(),
    }
}

fn facts<'a>(world: &'a World, cell: Cell, sketch: &Sketch) -> Option<Facts<'a>> {
    match sketch.what {
        What::Routine(routine) => routine_facts(world, cell, sketch, routine),
        What::Story(at) => {
            let told = world.story.as_ref()?;
            let (scene, step) = told.scene(at)?;
            story_facts(world, cell, sketch, told, scene, step)
        }
    }
}

fn blank<'a>(
    world: &'a World,
    cell: Cell,
    sketch: &Sketch,
    action: usize,
    group: u64,
    who: Identity,
) -> Option<Facts<'a>> {
    let mut stream = Stream::about(&[sketch.id, 5]);
    let mut operation = Stream::about(&[group, 6]);
    let segments = [names::segment(&mut operation), names::segment(&mut operation), names::segment(&mut stream)];
    Some(Facts {
        action: world.catalogue.action(action)?,
        phase: Phase::Whole,
        region: world.tenancy.regions.get(cell.region)?,
        compartment: world.tenancy.compartments.get(cell.compartment)?,
        tenancy: &world.tenancy.id,
        time: DateTime::from_timestamp_millis(sketch.time)?,
        took: TimeDelta::milliseconds(stream.between(12, 480) as i64),
        who,
        status: None,
        resource: None,
        path: None,
        message: None,
        payload: None,
        previous: None,
        current: None,
        details: None,
        segments,
        stream,
    })
}

fn routine_facts<'a>(world: &'a World, cell: Cell, sketch: &Sketch, routine: Routine) -> Option<Facts<'a>> {
    let actor = world.cast.actor(routine.actor)?;
    let acts_for = actor.acts_for.and_then(|at| world.cast.actor(at));
    let who = Identity::of(actor, acts_for, &world.tenancy.id, routine.burst);
    let mut facts = blank(world, cell, sketch, routine.action, routine.group, who)?;
    facts.phase = routine.phase;
    if actor.is_auditui() {
        name_the_run(&mut facts, routine.burst);
    }
    if facts.action.class == Class::Session {
        sign_in(&mut facts, actor);
        return Some(facts);
    }
    let status = outcome(&mut facts.stream, facts.action, routine.phase, world.failures);
    facts.status = Some(status);
    facts.resource = resource(&mut facts);
    facts.path = Some(request::path(&facts));
    if status < 300 && facts.action.class == Class::Write {
        changed(&mut facts, world.hostile);
    }
    if status >= 400 {
        facts.message = Some(format!("{} failed with response '{}'", facts.action.name, code(status)));
    }
    facts.details = Some(format!("{{\"X-Real-Port\":{}}}", facts.stream.between(1025, 65_000)));
    Some(facts)
}

/// As auditui does: the run stands in the user agent and in the client's part of the request id.
fn name_the_run(facts: &mut Facts<'_>, burst: u64) {
    let run = format!("{:08x}", burst as u32);
    facts.segments[0] = format!("auditui-{run}-{:06x}", facts.stream.clone().below(1 << 12));
    facts.who.agent = format!("{} run={run}", facts.who.agent);
}

fn story_facts<'a>(
    world: &'a World,
    cell: Cell,
    sketch: &Sketch,
    told: &Told,
    scene: &Scene,
    step: &Step,
) -> Option<Facts<'a>> {
    let actor = world.cast.actor(told.actor)?;
    let mut thief = actor.clone();
    thief.ip.clone_from(&told.ip);
    thief.fingerprint.clone_from(&told.key);
    (thief.how, thief.agent) = match scene.by {
        By::Browser => (How::Console, told.browser.clone()),
        By::Key => (How::Cli, told.agent.clone()),
    };
    let service = step.acting.as_ref().and_then(|name| world.cast.find(name)).and_then(|at| world.cast.actor(at));
    let who = match service {
        Some(service) => Identity::of(service, Some(&thief), &world.tenancy.id, told.actor as u64),
        None => Identity::of(&thief, None, &world.tenancy.id, told.actor as u64),
    };
    let mut facts = blank(world, cell, sketch, scene.action, scene.group, who)?;
    facts.phase = scene.phase;
    facts.status = Some(scene.status);
    if facts.action.class == Class::Session {
        facts.who.hide();
    } else {
        facts.resource = story_resource(&facts, world, step);
        facts.path = Some(step.path.clone().unwrap_or_else(|| request::path(&facts)));
    }
    if let (None, Some(name)) = (&facts.resource, &step.resource) {
        facts.resource = Some(Resource { name: name.clone(), id: None });
    }
    facts.message.clone_from(&step.message);
    if scene.status >= 400 && step.message.is_none() {
        facts.message = Some(format!("{} failed with response '{}'", facts.action.name, code(scene.status)));
    }
    facts.payload.clone_from(&step.payload);
    facts.previous.clone_from(&step.previous);
    facts.current.clone_from(&step.current);
    facts.details = step.details.clone().or_else(|| Some("{\"X-Real-Port\":40122}".to_owned()));
    Some(facts)
}

fn story_resource(facts: &Facts<'_>, world: &World, step: &Step) -> Option<Resource> {
    let name = step.resource.clone();
    let kind = step.resource_type.as_deref();
    let id = match (kind, &name) {
        (Some("tenancy"), _) => Some(world.tenancy.id.clone()),
        (Some("user"), Some(user)) => Some(names::global_ocid("user", &[&world.tenancy.name, user])),
        (Some(kind), name) => {
            let name = name.as_deref().unwrap_or("?");
            // one name, several instances: the operation tells them apart
            let which = if kind == "instance" { facts.segments[0].as_str() } else { "" };
            Some(names::regional_ocid(kind, &facts.region.name, &[&facts.compartment.path, name, which]))
        }
        (None, _) => step.path.clone(),
    };
    (name.is_some() || id.is_some()).then(|| Resource { name: name.unwrap_or_default(), id })
}

/// A console sign-in that worked, as identity domains report it: the outcome stands in the details alone.
fn sign_in(facts: &mut Facts<'_>, actor: &Actor) {
    facts.who.hide();
    facts.message = Some(format!("{} succeeded", facts.action.name));
    let provider = if actor.how == How::Federated { "SAML2" } else { "LOCAL" };
    facts.details = Some(format!(
        "{{\"eventId\":\"sso.session.create.success\",\"actorName\":{},\"actorType\":\"User\",\"clientIp\":{},\
         \"domainDisplayName\":\"Default\",\"message\":\"Session create success\",\"ssoIdentityProviderType\":\"{provider}\",\
         \"ssoUserAgent\":{}}}",
        quoted(&actor.name),
        quoted(&actor.ip),
        quoted(&actor.agent),
    ));
}

fn outcome(stream: &mut Stream, action: &Action, phase: Phase, failures: f64) -> u16 {
    if phase != Phase::Whole || !stream.chance(failures) {
        return match (action.class, action.method.as_deref()) {
            (Class::Write, Some("DELETE")) => 204,
            _ => 200,
        };
    }
    stream.pick(&[404, 404, 404, 404, 400, 401, 403, 409, 409, 429, 500]).copied().unwrap_or(404)
}

fn code(status: u16) -> &'static str {
    match status {
        400 => "InvalidParameter",
        401 => "NotAuthenticated",
        403 => "NotAuthorized",
        409 => "IncorrectState",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        _ => "NotAuthorizedOrNotFound",
    }
}

/// One of the handful of things of a type that a compartment holds; the first are touched most.
fn resource(facts: &mut Facts<'_>) -> Option<Resource> {
    let kind = facts.action.resource.as_deref()?;
    let which = facts.stream.below(12).min(facts.stream.below(12));
    let short = facts.compartment.name.rsplit('-').next().unwrap_or("x");
    let name = format!("{short}-{kind}-{:02}", which + 1);
    if kind == "bucket" {
        let id = format!("/n/acmeprod/b/{name}");
        return Some(Resource { name, id: Some(id) });
    }
    let id = names::regional_ocid(kind, &facts.region.name, &[&facts.compartment.path, &name]);
    Some(Resource { name, id: Some(id) })
}

fn changed(facts: &mut Facts<'_>, hostile: bool) {
    let Some(resource) = &facts.resource else { return };
    let method = facts.action.method.as_deref();
    let lifecycle = match method {
        Some("DELETE") => "TERMINATED",
        Some("POST") => "PROVISIONING",
        _ => "AVAILABLE",
    };
    let revision = facts.stream.below(90);
    let state = |lifecycle: &str, revision: u64| {
        Json::write(hostile.then(|| Poison::new(revision)), |j| {
            j.text("displayName", &resource.name);
            j.exact("lifecycleState", lifecycle);
            j.object("freeformTags", |j| j.text("revision", &revision.to_string()));
        })
    };
    facts.previous = (method == Some("PUT")).then(|| state("AVAILABLE", revision));
    facts.current = Some(state(lifecycle, revision + 1));
}

fn envelope(j: &mut Json, facts: &Facts<'_>, id: &str) {
    let suffix = match facts.phase {
        Phase::Whole => "",
        Phase::Begin => ".begin",
        Phase::End => ".end",
    };
    j.exact("eventType", &format!("{}{suffix}", facts.action.event_type));
    j.exact("cloudEventsVersion", "0.1");
    j.exact("eventTypeVersion", "2.0");
    j.text("source", &facts.action.source);
    j.exact("eventId", id);
    j.exact("eventTime", &rfc3339(facts.time));
    j.exact("contentType", "application/json");
    j.object("data", |j| data(j, facts));
}

fn data(j: &mut Json, facts: &Facts<'_>) {
    let session = facts.action.class == Class::Session;
    if session {
        j.raw("eventGroupingId", "null");
    } else {
        j.text("eventGroupingId", &facts.segments[..2].join("/"));
    }
    j.text("eventName", &facts.action.name);
    j.exact("compartmentId", &facts.compartment.id);
    j.text("compartmentName", &facts.compartment.name);
    j.maybe("resourceName", facts.resource.as_ref().map(|resource| resource.name.as_str()));
    j.maybe("resourceId", facts.resource.as_ref().and_then(|resource| resource.id.as_deref()));
    j.text("availabilityDomain", &format!("AD{}", facts.who.domain));
    tags(j, facts, session);
    j.object("identity", |j| facts.who.write(j, facts.tenancy));
    j.object("request", |j| request::request(j, facts));
    j.object("response", |j| request::response(j, facts));
    j.object("stateChange", |j| {
        j.raw("previous", facts.previous.as_deref().unwrap_or("null"));
        j.raw("current", facts.current.as_deref().unwrap_or("null"));
    });
    j.raw("additionalDetails", facts.details.as_deref().unwrap_or("null"));
}

fn tags(j: &mut Json, facts: &Facts<'_>, session: bool) {
    if session || facts.resource.is_none() {
        j.raw("freeformTags", "null");
        j.raw("definedTags", "null");
        return;
    }
    j.object("freeformTags", |j| j.text("owner", &facts.compartment.name));
    j.object("definedTags", |j| {
        j.object("Operations", |j| {
            j.text("CostCenter", "4711");
            j.text("CreatedBy", &facts.who.name);
        });
    });
}

#[cfg(test)]
mod tests;
