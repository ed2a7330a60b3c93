//! Which trouble meets which request.
//!
//! Drawn from a stream about (seed, fault, request, attempt), so that a run is repeated by repeating its requests, in
//! whatever order they arrive.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::answer::Answer;
use super::scenario::{FaultKind, FaultSpec, PageSpec};
use super::seed::{self, Stream};
use super::tenancy::Compartment;
use super::wire::{Delivery, Packing};

/// A request as faults see it.
pub struct Subject<'a> {
    pub service: &'a str,
    pub operation: &'a str,
    pub region: &'a str,
    pub compartment: Option<&'a Compartment>,
    /// Whether it asks for a page behind the first.
    pub later_page: bool,
    pub target: &'a str,
    /// The header `Host`.
    pub host: &'a str,
    /// How many requests were answered before.
    pub answered: u64,
}

/// A fault that meets a request, at its nth attempt, counted from 1.
#[derive(Debug, Clone, Copy)]
pub struct Met<'a> {
    pub spec: &'a FaultSpec,
    attempt: u32,
}

/// The faults of a scenario and how often each request was tried.
#[derive(Debug)]
pub struct Faults {
    seed: u64,
    specs: Vec<FaultSpec>,
    attempts: Mutex<HashMap<u64, u32>>,
}

impl Faults {
    pub fn new(seed: u64, specs: Vec<FaultSpec>) -> Self {
        Self { seed, specs, attempts: Mutex::default() }
    }

    /// The first fault that meets this request, counting it as one more attempt.
    pub fn draw(&self, subject: &Subject<'_>) -> Option<Met<'_>> {
        if self.specs.is_empty() {
            return None;
        }
        let target = seed::text(subject.target);
        let attempt = self.attempt(target);
        let (_, spec) = self
            .specs
            .iter()
            .enumerate()
            .find(|(at, spec)| self.meets(spec, subject, [*at as u64, target], attempt))?;
        Some(Met { spec, attempt })
    }

    fn attempt(&self, target: u64) -> u32 {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = attempts.entry(target).or_default();
        *count += 1;
        *count
    }

    fn meets(&self, spec: &FaultSpec, subject: &Subject<'_>, [at, target]: [u64; 2], attempt: u32) -> bool {
        matches(spec, subject)
            && spec.first.is_none_or(|first| attempt <= first)
            && spec.share.is_none_or(|share| {
                // "the first two attempts of a quarter of the requests": one draw for all attempts
                let draw = if spec.first.is_some() { 0 } else { u64::from(attempt) };
                Stream::about(&[self.seed, at, target, draw]).chance(share)
            })
    }
}

fn matches(spec: &FaultSpec, subject: &Subject<'_>) -> bool {
    let is = |wanted: &Option<String>, value: &str| wanted.as_ref().is_none_or(|wanted| wanted == value);
    let page = match spec.page {
        None => true,
        Some(PageSpec::First) => !subject.later_page,
        Some(PageSpec::Later) => subject.later_page,
    };
    page && is(&spec.service, subject.service)
        && is(&spec.operation, subject.operation)
        && is(&spec.region, subject.region)
        && spec.after.is_none_or(|after| subject.answered >= after)
        && spec.compartment.as_ref().is_none_or(|wanted| subject.compartment.is_some_and(|c| c.is_called(wanted)))
}

impl Met<'_> {
    /// The answer in place of the true one, for faults that need none.
    pub fn instead(&self, subject: &Subject<'_>) -> Option<Answer> {
        let spec = self.spec;
        match spec.kind {
            FaultKind::Status if spec.status == Some(204) => Some(Answer { status: 204, ..Answer::json("") }),
            FaultKind::Status => {
                let status = spec.status.unwrap_or(500);
                let code = spec.code.as_deref().unwrap_or("InternalServerError");
                let message = spec.message.as_deref().unwrap_or("Internal error occurred");
                Some(Answer { retry_after: spec.retry_after, ..Answer::error(status, code, message) })
            }
            FaultKind::Redirect => {
                // Another host by name, where whoever follows is seen all the same.
                let port = subject.host.rsplit(':').next().unwrap_or_default();
                let location = Some(format!("http://localhost:{port}/moved{}", subject.target));
                Some(Answer { location, status: spec.status.unwrap_or(307), ..Answer::json("") })
            }
            FaultKind::Reset => Some(Answer::none()),
            FaultKind::Html => {
                let page = "<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>Please sign in to the network</h1></body></html>";
                Some(Answer { content_type: "text/html", ..Answer::json(page) })
            }
            FaultKind::EmptyBody => Some(Answer::json("")),
            FaultKind::NullBody => Some(Answer::json("null")),
            FaultKind::Bomb => Some(Answer { packing: Packing::Bomb(spec.bytes), ..Answer::json("") }),
            _ => None,
        }
    }

    /// What happens to the true answer on its way.
    pub fn spoil(&self, mut answer: Answer) -> Answer {
        match self.spec.kind {
            FaultKind::ResetBody => answer.delivery = Delivery::Broken(500),
            FaultKind::ResetSweep => {
                answer.delivery = Delivery::Broken((self.attempt - 1) * 1000 / self.spec.first.unwrap_or(1).max(1));
            }
            FaultKind::Stall => answer.delivery = Delivery::Stalled,
            FaultKind::Trickle => {
                answer.delivery = Delivery::Trickling(Duration::from_millis(self.spec.latency_ms));
            }
            FaultKind::LongLength => answer.delivery = Delivery::Long,
            FaultKind::ShortLength => answer.delivery = Delivery::Short,
            FaultKind::CutBody => answer.body.truncate(answer.body.len() / 2),
            FaultKind::GzipTwice => answer.packing = Packing::Twice,
            FaultKind::FalseGzip => answer.packing = Packing::False,
            FaultKind::Bom => drop(answer.body.splice(0..0, *b"\xef\xbb\xbf")),
            _ => {}
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> FaultSpec {
        toml::from_str(text).unwrap()
    }

    fn subject(target: &str) -> Subject<'_> {
        Subject {
            service: "audit",
            operation: "ListEvents",
            region: "us-ashburn-1",
            compartment: None,
            later_page: false,
            target,
            host: "127.0.0.1:1",
            answered: 0,
        }
    }

    #[test]
    fn the_first_attempts_fail_and_the_next_gets_through() {
        let faults = Faults::new(1, vec![spec("kind = \"reset\"\nfirst = 2")]);
        let met: Vec<bool> = (0..4).map(|_| faults.draw(&subject("/a")).is_some()).collect();
        assert_eq!(met, [true, true, false, false]);
        assert!(faults.draw(&subject("/b")).is_some(), "each request counts for itself");
    }

    #[test]
    fn a_share_is_kept_and_does_not_depend_on_order() {
        let draw = |order: &[usize]| {
            let faults = Faults::new(1, vec![spec("kind = \"reset\"\nshare = 0.3")]);
            let mut met = vec![false; 1000];
            for at in order {
                met[*at] = faults.draw(&subject(&format!("/{at}"))).is_some();
            }
            met
        };
        let forward: Vec<usize> = (0..1000).collect();
        let backward: Vec<usize> = (0..1000).rev().collect();
        let met = draw(&forward);
        assert_eq!(met, draw(&backward));
        let count = met.iter().filter(|met| **met).count();
        assert!((250..350).contains(&count), "{count}");
    }

    #[test]
    fn a_fault_meets_only_what_it_names() {
        let met = |text: &str| Faults::new(1, vec![spec(text)]).draw(&subject("/a")).is_some();
        assert!(met("kind = \"reset\"\nregion = \"us-ashburn-1\""));
        assert!(!met("kind = \"reset\"\nregion = \"uk-london-1\""));
        assert!(!met("kind = \"reset\"\nservice = \"identity\""));
        assert!(!met("kind = \"reset\"\npage = \"later\""));
        assert!(!met("kind = \"reset\"\nafter = 3"));
    }
}
