//! A question to a thread that answers it a part at a time, from here: whether it is answered, and whether to ask again.

/// A question that is under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asking {
    /// Of the last question.
    pub generation: u64,
    /// The last word on it has not come.
    pub waits: bool,
    /// What is shown has changed since.
    pub stale: bool,
}

impl Asking {
    /// Whether this answers the last question; notes whether it is the last word.
    pub fn takes(&mut self, generation: u64, is_last: bool) -> bool {
        let is_current = generation == self.generation;
        self.waits &= !(is_current && is_last);
        is_current
    }

    /// There is something new to ask about. Whether to ask now: a question before the last word would take that away, and
    /// there may be no end of new things.
    pub fn renews(&mut self) -> bool {
        self.stale = self.waits;
        !self.waits
    }

    /// Whether what has changed meanwhile must be asked for now.
    pub fn is_due(&mut self) -> bool {
        !self.waits && std::mem::take(&mut self.stale)
    }

    pub fn ask(&mut self, generation: u64) {
        *self = Self { generation, waits: true, stale: false };
    }
}
