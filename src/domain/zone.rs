//! The zone in which times are shown and typed. Stored times are UTC.

use std::str::FromStr;

use chrono::{DateTime, FixedOffset, Local, MappedLocalTime, NaiveDateTime, Offset, TimeZone, Utc};

/// A display choice, always labelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    #[default]
    Utc,
    /// The zone of this machine.
    Local,
    Fixed(FixedOffset),
}

impl Zone {
    /// The wall clock at `instant`, with its offset.
    pub fn at(self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        match self {
            Self::Utc => instant.with_timezone(&Utc.fix()),
            Self::Local => instant.with_timezone(&Local).fixed_offset(),
            Self::Fixed(offset) => instant.with_timezone(&offset),
        }
    }

    /// The instants at which the wall clock reads `wall`: two in the hour that is repeated when summer time ends, none
    /// in the hour that is left out when it begins.
    pub fn instants(self, wall: NaiveDateTime) -> MappedLocalTime<DateTime<Utc>> {
        match self {
            Self::Utc => MappedLocalTime::Single(wall.and_utc()),
            Self::Local => Local.from_local_datetime(&wall).map(|time| time.with_timezone(&Utc)),
            Self::Fixed(offset) => offset.from_local_datetime(&wall).map(|time| time.with_timezone(&Utc)),
        }
    }

    /// `UTC`, or the offset that holds at `instant`, such as `+02:00`.
    pub fn label(self, instant: DateTime<Utc>) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Local => format!("local {}", self.at(instant).offset()),
            Self::Fixed(offset) => offset.to_string(),
        }
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "utc" | "z" => Ok(Self::Utc),
            "local" => Ok(Self::Local),
            other => other
                .parse::<FixedOffset>()
                .map(Self::Fixed)
                .map_err(|_| format!("“{text}” is no zone: use utc, local or an offset such as +02:00")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_read_and_labelled() {
        let instant: DateTime<Utc> = "2026-03-14T08:00:00Z".parse().unwrap();
        let zone: Zone = "+02:00".parse().unwrap();
        assert_eq!(zone.at(instant).to_rfc3339(), "2026-03-14T10:00:00+02:00");
        assert_eq!(zone.label(instant), "+02:00");
        assert_eq!("UTC".parse::<Zone>(), Ok(Zone::Utc));
        assert!("Mars/Olympus".parse::<Zone>().is_err());
    }
}
