//! `-Q`: a query on the command line.

use std::fs::File;
use std::io::Read as _;

use chrono::{DateTime, Utc};

use super::args::TimeArgs;
use crate::domain::problem::Problem;
use crate::query::{ParseContext, Query, parse};

/// Bytes of a list of values beyond which it is taken for something else.
const LARGEST_LIST: u64 = 16 << 20;

/// What was asked for, everything where nothing was; or what is wrong with it, with a mark under the place.
pub fn asked(text: &str, when: &TimeArgs, now: DateTime<Utc>) -> Result<Query, Problem> {
    let context = ParseContext { now, zone: when.tz.0, read_list: &read_list };
    parse(text, &context).map_err(|error| Problem::usage(format!("-Q cannot be read:\n{}", error.render(text))))
}

/// The content of `@file` in a query.
fn read_list(path: &str) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST_LIST + 1).read_to_string(&mut text));
    match read {
        Ok(_) if text.len() as u64 > LARGEST_LIST => Err("it has more than 16 MiB".to_owned()),
        Ok(_) => Ok(text),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<Query, Problem> {
        asked(text, &TimeArgs::default(), DateTime::UNIX_EPOCH)
    }

    #[test]
    fn what_cannot_be_read_is_shown_with_a_mark() {
        assert_eq!(query("").unwrap(), Query::everything());
        let problem = query("usr:alice").unwrap_err();
        assert!(problem.what.contains("\n  ^^^\n") && problem.what.contains("did you mean user"), "{}", problem.what);
    }

    #[test]
    fn values_come_out_of_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ips.txt");
        std::fs::write(&path, "203.0.113.9\n").unwrap();
        assert!(!query(&format!("ip in @{}", path.display())).unwrap().is_everything());
        assert!(query(&format!("ip in @{}", directory.path().join("none").display())).is_err());
    }
}
