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
    shut: Mutex<Vec<Gate>>,
    /// Counts changes, so that those who wait look again.
    changes: watch::Sender<u64>,
    parked: watch::Sender<usize>,
}

impl Gates {
    pub fn new() -> Self {
        Self { shut: Mutex::default(), changes: watch::channel(0).0, parked: watch::channel(0).0 }
    }

    pub fn hold(&self, gate: Gate) {
        self.change(|shut| shut.push(gate));
    }

    pub fn release(&self, gate: &Gate) {
        self.change(|shut| shut.retain(|other| other != gate));
    }

    pub fn release_all(&self) {
        self.change(Vec::clear);
    }

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
        let _parked = Parked::at(&self.parked);
        while !self.open(region, compartment) && changes.changed().await.is_ok() {}
    }

    fn open(&self, region: &Region, compartment: &Compartment) -> bool {
        let shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        !shut.iter().any(|gate| gate.holds(region, compartment))
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Gate>)) {
        change(&mut self.shut.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|count| *count += 1);
    }
}

/// Counts a waiting call, also if its client gives up.
struct Parked<'a>(&'a watch::Sender<usize>);

impl<'a> Parked<'a> {
    fn at(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|parked| *parked += 1);
        Self(count)
    }
}

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|parked| *parked -= 1);
    }
}
