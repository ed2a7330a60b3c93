//! What is said of the memory that events take.

use std::sync::Arc;

use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::size;
use crate::domain::text::{clean, count_of};
use crate::index::{MORE_MEMORY, Pressure, refusal};

use super::App;

impl App {
    /// In parts; what matters most comes first, because the end may be cut off.
    pub fn memory_words(&self) -> Vec<String> {
        let held = &self.facts.held;
        let limit = held.pressure.as_ref().map(|pressure| format!(" of {}", size::format(pressure.limit)));
        let each = held.bytes_an_event().map(|bytes| format!(", {} each", size::format(bytes)));
        let on_disk = (held.memory.spilled > 0).then(|| format!("on disk {}", size::format(held.memory.spilled)));
        let refused = (held.refused > 0).then(|| format!("refused {}", count_of(held.refused, "event")));
        let all = [
            Some(format!("memory {}{}", size::format(held.memory.resident()), limit.unwrap_or_default())),
            refused,
            on_disk,
            Some(format!("{} held{}", count_of(held.events, "event"), each.unwrap_or_default())),
        ];
        all.into_iter().flatten().collect()
    }

    /// Says once that events moved to a file, and for good that some are not held.
    pub(super) fn watch_memory(&mut self) {
        let facts = Arc::clone(&self.facts);
        let held = &facts.held;
        let Some(Pressure { limit, directory, failure, .. }) = &held.pressure else { return };
        if held.memory.spilled > 0 && !self.notices.spilling_told {
            self.notices.spilling_told = true;
            let directory = directory.display().to_string();
            let text = format!(
                "memory limit of {} reached: events move to a temporary file in {}",
                size::format(*limit),
                clean(&directory)
            );
            self.say(text);
        }
        if held.refused > 0 {
            let hint = match failure {
                Some(failure) => format!("{}; {MORE_MEMORY}", clean(&failure.to_string())),
                None => MORE_MEMORY.to_owned(),
            };
            let problem = Problem::new(ProblemKind::Io, refusal(*limit, held.refused)).hint(hint);
            self.notices.refused = Some(problem);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::app::testing::{Stage, ledger, refused, setup};
    use crate::index::{IndexBuilder, IndexOptions, Snapshot, StoreOptions};

    /// Events of a pack.
    const PACK: u32 = 4_096;

    fn held(max_memory: Option<u64>) -> Arc<Snapshot> {
        let store = StoreOptions { workers: 0, train: false, directory: None };
        let mut builder = IndexBuilder::new(IndexOptions { max_memory, store, ..IndexOptions::default() });
        for n in 0..PACK {
            builder.insert(&"r".into(), &"c".into(), format!(r#"{{"eventId":"{n}"}}"#).as_bytes());
        }
        builder.snapshot()
    }

    fn notice(stage: &Stage) -> String {
        stage.app.notice().map(|notice| notice.text()).unwrap_or_default()
    }

    #[test]
    fn that_events_move_to_a_file_is_said_once() {
        let free = held(None).memory().resident();
        let mut stage = Stage::with(setup(), held(Some(free - 1)), ledger(&[]));
        let told = notice(&stage);
        assert!(told.starts_with("memory limit of ") && told.contains(" move to a temporary file in "), "{told}");
        assert!(stage.app.memory_words()[1].starts_with("on disk "), "{:?}", stage.app.memory_words());
        stage.keys(". . j k");
        assert!(!notice(&stage).contains("memory"), "{}", notice(&stage));
    }

    #[test]
    fn what_is_not_held_is_said_as_long_as_it_is_so() {
        let mut stage = Stage::with(setup(), refused(), ledger(&[]));
        stage.keys("j");
        let told = notice(&stage);
        assert_eq!(told, "memory limit of 64 KiB reached: 5 events not held: raise --max-memory or narrow the time");
        let words = stage.app.memory_words();
        assert!(words[0].ends_with(" of 64 KiB") && words[1] == "refused 5 events", "{words:?}");
        assert!(words[2].starts_with("9 events held, "), "{words:?}");
    }

    #[test]
    fn without_a_limit_memory_is_told_all_the_same() {
        let stage = Stage::new(ledger(&[]));
        assert_eq!(stage.app.memory_words().len(), 2);
        assert!(!notice(&stage).contains("memory"));
    }
}
