//! The audit service: ListEvents and GetConfiguration.

use super::answer::{Answer, Refusal};
use super::background::Sketch;
use super::page::Token;
use super::query::Query;
use super::scenario::{FaultKind, FaultSpec};
use super::seed;
use super::tenancy::{Cell, Tenancy};
use super::twist::{contradicting, padded, twisted};
use super::world::{Cursor, Slice, Window, World, shuffle};

/// A ListEvents call that is in order.
#[derive(Debug)]
pub struct ListEvents {
    pub cell: Cell,
    window: Window,
    scope: u64,
    token: Option<Token>,
}

/// A page and the events on it.
#[derive(Debug)]
pub struct Listed {
    pub answer: Answer,
    pub events: Vec<Vec<u8>>,
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
    pub fn answer(&self, world: &World, size: usize, now: i64, trouble: Option<&FaultSpec>) -> Listed {
        let kind = trouble.map(|trouble| trouble.kind);
        let after = self.token.and_then(|token| token.after);
        let hops = self.token.map_or(0, |token| token.hops);
        if kind == Some(FaultKind::EmptyPage) && hops == 0 {
            return Listed::new(Vec::new(), Some(self.token(after, 1)), world);
        }
        let mut slice = match kind {
            Some(FaultKind::Scattered) => self.scattered(world, after, size, now),
            _ => world.slice(self.cell, self.window, after, size, now),
        };
        let next = self.next(world, &slice, size, now, kind);
        if kind == Some(FaultKind::Overlap) {
            self.overlap(world, &mut slice, now);
        }
        shuffle(&mut slice.sketches);
        let mut events = written(world, self.cell, &slice);
        if let (Some(of), None) = (trouble.and_then(|trouble| trouble.of.as_ref()), self.token) {
            events.extend(self.first_page_of(of, world, size, now));
        }
        if let Some(trouble) = trouble {
            spoil(&mut events, trouble);
        }
        Listed::new(events, next, world)
    }

    fn token(&self, after: Option<Cursor>, hops: u32) -> Token {
        Token { scope: self.scope, after, hops }
    }

    fn next(&self, world: &World, slice: &Slice, size: usize, now: i64, trouble: Option<FaultKind>) -> Option<Token> {
        let hops = self.token.map_or(0, |token| token.hops);
        match (trouble, self.token) {
            (Some(FaultKind::TokenRepeats), Some(token)) => Some(token),
            (Some(FaultKind::TokenCycles), Some(_)) => {
                let first = world.slice(self.cell, self.window, None, size, now);
                Some(self.token(first.end(), 0))
            }
            (Some(FaultKind::PageTwice), token) if hops == 0 => {
                Some(self.token(token.and_then(|token| token.after), 1))
            }
            (Some(FaultKind::Endless), token) if !slice.more => {
                let after = slice.end().or_else(|| token.and_then(|token| token.after));
                Some(self.token(after, hops + 1))
            }
            (Some(FaultKind::Scattered), _) => slice.more.then(|| self.token(slice.sketches.last().map(place), 0)),
            _ => slice.more.then(|| self.token(slice.end(), 0)),
        }
    }

    /// A page out of the whole window, in an order that means nothing.
    fn scattered(&self, world: &World, after: Option<Cursor>, size: usize, now: i64) -> Slice {
        let mut sketches = world.slice(self.cell, self.window, None, usize::MAX, now).sketches;
        sketches.retain(|sketch| after.is_none_or(|after| place(sketch) > after));
        sketches.sort_unstable_by_key(place);
        let more = sketches.len() > size;
        sketches.truncate(size);
        Slice { sketches, more }
    }

    fn first_page_of(&self, compartment: &str, world: &World, size: usize, now: i64) -> Vec<Vec<u8>> {
        let known = world.tenancy.compartments.iter().position(|known| known.is_called(compartment));
        let Some(compartment) = known else { return Vec::new() };
        let cell = Cell { compartment, ..self.cell };
        written(world, cell, &world.slice(cell, self.window, None, size, now))
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

/// Where an event stands when pages come in no order of time.
fn place(sketch: &Sketch) -> Cursor {
    Cursor { processed: (seed::mix(&[sketch.id, 7]) >> 1) as i64, id: sketch.id }
}

fn written(world: &World, cell: Cell, slice: &Slice) -> Vec<Vec<u8>> {
    slice.sketches.iter().map(|sketch| world.write(cell, sketch).into_bytes()).collect()
}

fn spoil(events: &mut Vec<Vec<u8>>, trouble: &FaultSpec) {
    match (trouble.kind, trouble.twist) {
        (FaultKind::Conflict, _) => {
            // The same ones on whichever page they are.
            let chosen = events.iter().filter(|event| event.len().is_multiple_of(4));
            let others: Vec<Vec<u8>> = chosen.map(|event| contradicting(event)).collect();
            events.extend(others);
        }
        (FaultKind::Pad, _) => {
            for event in events {
                *event = padded(event, trouble.bytes);
            }
        }
        (FaultKind::Twist, Some(twist)) => {
            for event in events {
                *event = twisted(event, twist);
            }
        }
        _ => {}
    }
}

impl Listed {
    fn new(events: Vec<Vec<u8>>, next: Option<Token>, world: &World) -> Self {
        let body = [&b"["[..], &events.join(&b','), b"]"].concat();
        Self { answer: Answer { next: next.map(|token| token.encode(world.seed)), ..Answer::json(body) }, events }
    }
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
