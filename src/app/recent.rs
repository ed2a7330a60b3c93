//! The queries that were asked before.

/// As many as are kept.
pub const MOST: usize = 500;

/// Each once, the newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent(Vec<String>);

impl FromIterator<String> for Recent {
    fn from_iter<T: IntoIterator<Item = String>>(queries: T) -> Self {
        let mut recent = Self::default();
        queries.into_iter().for_each(|query| recent.remember(&query));
        recent
    }
}

impl Recent {
    pub fn remember(&mut self, query: &str) {
        if query.is_empty() {
            return;
        }
        self.0.retain(|other| other != query);
        self.0.push(query.to_owned());
        let over = self.0.len().saturating_sub(MOST);
        self.0.drain(..over);
    }

    /// The one so many steps back; 1 is the newest.
    pub fn back(&self, steps: usize) -> Option<&str> {
        self.0.len().checked_sub(steps).and_then(|at| self.0.get(at)).map(String::as_str)
    }

    /// All of them, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &str> {
        self.0.iter().rev().map(String::as_str)
    }
}
