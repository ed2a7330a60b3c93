//! An export in parts: which part an event belongs to, and what the part is called.
//!
//! Names are made of a fixed word and of a date, a number, a region's id where that is plain, or a hash. What strangers
//! have named is in none of them; which compartment a hash stands for, the coverage says.

use std::num::NonZeroU64;

use sha2::{Digest as _, Sha256};

use super::record::Record;
use crate::domain::event::decode;

/// By what an export is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The UTC day of `eventTime`.
    Day,
    /// The UTC hour of it.
    Hour,
    /// The region that was asked.
    Region,
    /// The compartment that was asked.
    Compartment,
    /// Both of these.
    Place,
    /// As many events as come to this many bytes; one that has more of them is a part of its own.
    Size(NonZeroU64),
}

/// Where an event goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Without an ending. Part of a path on every system, and never a name that one of them keeps for a device.
    pub name: String,
    /// What all of its events have in common, as it is; `None` where nothing has a name.
    pub of: Option<String>,
}

impl Split {
    /// The part of an event; `None` where that depends on how much there is already.
    pub fn part_of(self, record: &Record) -> Option<Part> {
        let cell = &record.source.cell;
        let time = |word: &str, format: &str| {
            // Years have as many digits as somebody has written.
            let is_plain = |text: &String| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let time = decode(&record.bytes).fields.time.map(|time| time.format(format).to_string()).filter(is_plain);
            Part { name: format!("{word}-{}", time.as_deref().unwrap_or("unknown")), of: time }
        };
        match self {
            Self::Day => Some(time("day", "%Y-%m-%d")),
            Self::Hour => Some(time("hour", "%Y-%m-%dT%HZ")),
            Self::Region => {
                let region = cell.region.as_str();
                Some(Part { name: format!("region-{}", slug(region)), of: Some(region.to_owned()) })
            }
            Self::Compartment => {
                let compartment = cell.compartment.as_str();
                Some(Part { name: format!("compartment-{}", hashed(compartment)), of: Some(compartment.to_owned()) })
            }
            Self::Place => {
                let (region, compartment) = (cell.region.as_str(), cell.compartment.as_str());
                Some(Part { name: place(region, compartment), of: Some(format!("{region} {compartment}")) })
            }
            Self::Size(_) => None,
        }
    }

    /// The part that is the `nth` of those that only their size tells apart, from 1.
    pub fn nth(nth: u64) -> Part {
        Part { name: format!("part-{nth:05}"), of: None }
    }
}

/// The name of the part with the events of a compartment in a region.
pub fn place(region: &str, compartment: &str) -> String {
    format!("place-{}-{}", slug(region), hashed(compartment))
}

/// A name that is plain as it is, else its hash.
pub fn slug(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = name.len() <= 63 && name.starts_with(|first: char| first.is_ascii_lowercase());
    if fits && name.bytes().all(plain) { name.to_owned() } else { hashed(name) }
}

/// The first half of a name's SHA-256, in hexadecimal digits.
pub fn hashed(name: &str) -> String {
    Sha256::digest(name).iter().take(16).fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::event::Flags;
    use crate::domain::ledger::CellKey;
    use crate::domain::time_range::FetchWindow;
    use crate::export::Source;

    const ALL: [Split; 5] = [Split::Day, Split::Hour, Split::Region, Split::Compartment, Split::Place];

    fn record(region: &str, compartment: &str, time: &str) -> Record {
        let window = FetchWindow::from_minutes(0, 60).unwrap();
        let cell = CellKey { region: region.into(), compartment: compartment.into(), window };
        let source = Source { cell, retrieved_at: chrono::DateTime::UNIX_EPOCH, request_id: None };
        let bytes = serde_json::json!({ "eventId": "1", "eventTime": time }).to_string();
        Record { bytes: bytes.into_bytes().into(), source: Arc::new(source), flags: Flags::default(), sealed: None }
    }

    #[test]
    fn parts_are_named_by_what_they_hold() {
        let record = record("eu-frankfurt-1", "ocid1.compartment.oc1..a", "2026-03-14T23:59:59.9+00:00");
        let part = |split: Split| split.part_of(&record).map(|part| (part.name, part.of.unwrap()));
        assert_eq!(part(Split::Day), Some(("day-2026-03-14".into(), "2026-03-14".into())));
        assert_eq!(part(Split::Hour), Some(("hour-2026-03-14T23Z".into(), "2026-03-14T23Z".into())));
        assert_eq!(part(Split::Region), Some(("region-eu-frankfurt-1".into(), "eu-frankfurt-1".into())));
        let (name, of) = part(Split::Compartment).unwrap();
        assert_eq!((name, of.as_str()), (format!("compartment-{}", hashed(&of)), "ocid1.compartment.oc1..a"));
        assert_eq!(part(Split::Size(NonZeroU64::MIN)), None);
        assert_eq!(Split::nth(7).name, "part-00007");
    }

    fn is_harmless(name: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        name.len() <= 110
            && name.chars().all(plain)
            && name
                .split_once('-')
                .is_some_and(|(word, _)| ["day", "hour", "region", "compartment", "place"].contains(&word))
    }

    #[test]
    fn no_name_of_a_stranger_becomes_a_path() {
        let long = "x".repeat(300);
        for odd in ["../../x", "CON", "con", "NUL", "a\0b", &long, "", ".", "..", "/", "a/b", "C:\\x", "é", "-x", "a b"]
        {
            for split in ALL {
                let part = split.part_of(&record(odd, odd, odd)).unwrap();
                assert!(is_harmless(&part.name), "{odd:?}: {}", part.name);
            }
        }
        assert_ne!(slug("CON"), slug("con"), "also where case does not count");
    }

    proptest! {
        #[test]
        fn whatever_it_is_called_the_name_is_plain(text in ".{0,400}") {
            for split in ALL {
                let part = split.part_of(&record(&text, &text, &text)).unwrap();
                prop_assert!(is_harmless(&part.name), "{:?}: {}", text, part.name);
            }
        }
    }
}
