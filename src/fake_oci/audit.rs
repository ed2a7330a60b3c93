//! The audit service: ListEvents and GetConfiguration.

use super::answer::{Answer, Refusal};
use super::page::Token;
use super::query::Query;
use super::scenario::FaultKind;
use super::seed;
use super::tenancy::{Cell, Tenancy};
use super::world::{Slice, Window, World, shuffle};

/// A ListEvents call that is in order.
#[derive(Debug)]
pub struct ListEvents {
    pub cell: Cell,
    window: Window,
    scope: u64,
    token: Option<Token>,
}

/// How many events of the page before an overlapping page starts with.
const OVERLAP: usize = 3;

impl ListEvents {
    pub const PARAMETERS: [&'static str; 4] = ["compartmentId", "startTime", "endTime", "page"];

    pub fn parse(query: &str, tenancy: &Tenancy, region: usize, seed: u64) -> Result<Self, Refusal> {
        let query = Query::parse(query, &Self::PARAMETERS)?;
        let id = query.required("compartmentId")?;
        let window = Window { start: query.minute("startTime")?, end: query.minute("endTime")? };
        if window.start >= window.end {
            return Err(Refusal::invalid("startTime must be before endTime"));
        }
        let scope = seed::mix(&[
            seed::text("ListEvents"),
            region as u64,
            seed::text(id),
            window.start as u64,
            window.end as u64,
        ]);
        let token = match query.get("page") {
            None => None,
            Some(text) => Some(token(text, scope, seed)?),
        };
        let compartment = readable(tenancy, id)?;
        Ok(Self { cell: Cell { region, compartment }, window, scope, token })
    }

    /// The page, or what `trouble` makes of it.
    pub fn answer(&self, world: &World, size: usize, now: i64, trouble: Option<FaultKind>) -> (Answer, usize) {
        let after = self.token.and_then(|token| token.after);
        let hops = self.token.map_or(0, |token| token.hops);
        if trouble == Some(FaultKind::EmptyPage) && hops == 0 {
            let onward = Token { scope: self.scope, after, hops: 1 };
            return (Answer { next: Some(onward.encode(world.seed)), ..Answer::json("[]") }, 0);
        }
        let mut slice = world.slice(self.cell, self.window, after, size, now);
        let next = self.next(world, &slice, size, now, trouble);
        if trouble == Some(FaultKind::Overlap) {
            self.overlap(world, &mut slice, now);
        }
        shuffle(&mut slice.sketches);
        let body = page(world, self.cell, &slice);
        (Answer { next: next.map(|token| token.encode(world.seed)), ..Answer::json(body) }, slice.sketches.len())
    }

    fn next(&self, world: &World, slice: &Slice, size: usize, now: i64, trouble: Option<FaultKind>) -> Option<Token> {
        match (trouble, self.token) {
            (Some(FaultKind::TokenRepeats), Some(token)) => Some(token),
            (Some(FaultKind::TokenCycles), Some(_)) => {
                let first = world.slice(self.cell, self.window, None, size, now);
                Some(Token { scope: self.scope, after: first.end(), hops: 0 })
            }
            _ => slice.more.then(|| Token { scope: self.scope, after: slice.end(), hops: 0 }),
        }
    }

    fn overlap(&self, world: &World, slice: &mut Slice, now: i64) {
        let Some(after) = self.token.and_then(|token| token.after) else { return };
        let before = Window { start: self.window.start, end: after.processed + 1 };
        let mut earlier = world.slice(self.cell, before, None, usize::MAX, now).sketches;
        earlier.retain(|sketch| (sketch.processed, sketch.id) <= (after.processed, after.id));
        let from = earlier.len().saturating_sub(OVERLAP);
        slice.sketches.extend(earlier.drain(from..));
    }
}

fn token(text: &str, scope: u64, seed: u64) -> Result<Token, Refusal> {
    let token = Token::decode(text, seed).ok_or_else(|| Refusal::invalid("'page' is not a token of this service"))?;
    if token.scope == scope {
        return Ok(token);
    }
    Err(Refusal::invalid("'page' belongs to another region, compartment or time window"))
}

fn readable(tenancy: &Tenancy, id: &str) -> Result<usize, Refusal> {
    let readable = |at: &usize| tenancy.compartments.get(*at).is_some_and(super::tenancy::Compartment::answers);
    let refusal = || Refusal::not_found(&format!("Compartment {id}"));
    tenancy.compartment(id).filter(readable).ok_or_else(refusal)
}

fn page(world: &World, cell: Cell, slice: &Slice) -> String {
    let mut body = String::with_capacity(slice.sketches.len() * 4096 + 2);
    body.push('[');
    for (at, sketch) in slice.sketches.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        body.push_str(&world.write(cell, sketch));
    }
    body.push(']');
    body
}

/// GetConfiguration. The demo's thief has lowered it.
pub fn configuration(query: &str, world: &World) -> Result<Answer, Refusal> {
    let query = Query::parse(query, &["compartmentId"])?;
    let id = query.required("compartmentId")?;
    if id != world.tenancy.id {
        return Err(Refusal::not_found(&format!("Tenancy {id}")));
    }
    readable(&world.tenancy, id)?;
    let days = if world.story.is_some() { 90 } else { 365 };
    Ok(Answer::json(format!("{{\"retentionPeriodDays\":{days}}}")))
}
