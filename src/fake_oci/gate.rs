//! Gates: ListEvents calls that wait at the door until a test lets them in.
//!
//! With gates a test can look at a half-loaded screen without a sleep: hold a cell, wait until its call is parked, look.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::tenancy::{Compartment, Region};

/// Which calls to hold: by region, by compartment (name, path or OCID), by both, or all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gate {
    pub region: Option<String>,
    pub compartment: Option<String>,
}

impl Gate {
    pub fn all() -> Self {
        Self::default()
    }

    pub fn region(name: impl Into<String>) -> Self {
        Self { region: Some(name.into()), compartment: None }
    }

    pub fn compartment(name: impl Into<String>) -> Self {
        Self { region: None, compartment: Some(name.into()) }
    }

    pub fn cell(region: impl Into<String>, compartment: impl Into<String>) -> Self {
        Self { region: Some(region.into()), compartment: Some(compartment.into()) }
    }

    fn holds(&self, region: &Region, compartment: &Compartment) -> bool {
        self.region.as_ref().is_none_or(|name| *name == region.name)
            && self.compartment.as_ref().is_none_or(|name| compartment.is_called(name))
    }
}

/// The gates that are shut and the calls that wait at them.
#[derive(Debug)]
pub struct Gates {
    state: Mutex<State>,
    /// Counts changes of the gates, so that those who wait look again.
    changes: watch::Sender<u64>,
    parked: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    shut: Vec<Gate>,
    /// Calls that came to a shut gate and have not gone on yet.
    waiting: Vec<Waiting>,
    arrived: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    region: Region,
    compartment: Compartment,
}

impl Gates {
    pub fn new() -> Self {
        Self { state: Mutex::default(), changes: watch::channel(0).0, parked: watch::channel(0).0 }
    }

    pub fn hold(&self, gate: Gate) {
        self.change(|state| state.shut.push(gate));
    }

    pub fn release(&self, gate: &Gate) {
        self.change(|state| state.shut.retain(|other| other != gate));
    }

    pub fn release_all(&self) {
        self.change(|state| state.shut.clear());
    }

    /// Calls that wait at a gate that is shut. One whose gate was released no longer counts, even if it has not noticed
    /// yet: from then on it is work under way.
    pub fn parked(&self) -> usize {
        *self.parked.borrow()
    }

    /// Returns once at least `n` calls wait.
    pub async fn wait_parked(&self, n: usize) {
        let mut parked = self.parked.subscribe();
        // the sender lives as long as we do, so this does not fail
        let _reached = parked.wait_for(|parked| *parked >= n).await.map(drop);
    }

    #[cfg(test)]
    pub fn watch_parked(&self) -> watch::Receiver<usize> {
        self.parked.subscribe()
    }

    /// Waits until no gate holds the call.
    pub async fn pass(&self, region: &Region, compartment: &Compartment) {
        let mut changes = self.changes.subscribe();
        if self.open(region, compartment) {
            return;
        }
        let _parked = Parked::at(self, region, compartment);
        while !self.open(region, compartment) && changes.changed().await.is_ok() {}
    }

    fn open(&self, region: &Region, compartment: &Compartment) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        !state.holds(region, compartment)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        self.update(change);
        self.changes.send_modify(|count| *count += 1);
    }

    /// Changes the state and counts anew who waits, as one step.
    fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        let held = state.waiting.iter().filter(|call| state.holds(&call.region, &call.compartment)).count();
        self.parked.send_replace(held);
        result
    }
}

impl State {
    fn holds(&self, region: &Region, compartment: &Compartment) -> bool {
        self.shut.iter().any(|gate| gate.holds(region, compartment))
    }
}

/// A waiting call; it is forgotten also if its client gives up.
struct Parked<'a> {
    gates: &'a Gates,
    number: u64,
}

impl<'a> Parked<'a> {
    fn at(gates: &'a Gates, region: &Region, compartment: &Compartment) -> Self {
        let (region, compartment) = (region.clone(), compartment.clone());
        let number = gates.update(|state| {
            state.arrived += 1;
            state.waiting.push(Waiting { number: state.arrived, region, compartment });
            state.arrived
        });
        Self { gates, number }
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        self.gates.update(|state| state.waiting.retain(|call| call.number != self.number));
    }
}
