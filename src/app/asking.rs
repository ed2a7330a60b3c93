//! How the question changes.

use super::App;
use super::effect::Effect;
use super::filters::Filters;
use crate::query::{Expr, Query};

impl App {
    /// Asks this in place of the query line; the switches stay.
    pub fn ask(&mut self, query: Query) -> Vec<Effect> {
        self.change(|filters| filters.ask(query))
    }

    /// Asks for this beside what is asked already.
    pub fn include(&mut self, expr: Expr) -> Vec<Effect> {
        self.change(|filters| filters.include(expr))
    }

    pub(super) fn change(&mut self, change: impl FnOnce(&mut Filters)) -> Vec<Effect> {
        let before = self.filters.clone();
        change(&mut self.filters);
        if self.filters == before { Vec::new() } else { self.select().into_iter().collect() }
    }
}
