//! The arrows between the rooms of `src/`: a room may use only what stands in its row.
//!
//! One package cannot ask the compiler to guard them, so the source is read: `crate::room` is an arrow.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// `cli` may use every room; nothing may use `cli`.
const ARROWS: [(&str, &[&str]); 15] = [
    ("domain", &[]),
    ("index", &["domain"]),
    ("query", &["domain", "index"]),
    ("export", &["domain"]),
    ("files", &["domain"]),
    ("reconcile", &["domain"]),
    ("oci", &["domain"]),
    ("fetch", &["domain", "oci"]),
    ("collect", &["domain", "export", "fetch"]),
    ("config", &["domain"]),
    ("app", &["domain", "index", "query"]),
    ("ui", &["domain", "index", "query", "app"]),
    ("driver", &["app", "ui", "export", "fetch", "files", "oci", "index", "query", "domain"]),
    (
        "cli",
        &[
            "domain",
            "index",
            "query",
            "export",
            "files",
            "reconcile",
            "oci",
            "fetch",
            "collect",
            "config",
            "app",
            "ui",
            "driver",
            "fake_oci",
        ],
    ),
    ("fake_oci", &[]),
];

/// Packages that only some places may know.
const PACKAGES: [(&str, &[&str]); 5] = [
    ("reqwest", &["oci/"]),
    ("ratatui", &["ui/", "driver/"]),
    ("crossterm", &["driver/", "cli/diagnose.rs"]),
    ("clap", &["cli/"]),
    ("tokio", &["oci/", "fetch/", "driver/", "cli/", "fake_oci/", "index/ingest.rs"]),
];

/// Where the time of day is read; everything else is told it.
const CLOCKS: [&str; 2] = ["oci/clock.rs", "fake_oci/clock.rs"];
const TIME_OF_DAY: [&str; 3] = ["Utc::now", "Local::now", "SystemTime::now"];

/// Lines of code after which a file wants to be two things; tests are not counted.
const LONGEST: usize = 500;

struct Source {
    /// Below `src`, such as `oci/http.rs`.
    path: String,
    /// Without comments.
    code: String,
    lines: usize,
}

impl Source {
    fn room(&self) -> Option<&str> {
        self.path.split_once('/').map(|(room, _)| room)
    }

    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.path.contains("/tests/") || name.ends_with("tests.rs") || ["testing.rs", "test_server.rs"].contains(&name)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.into_iter().map(|path| read(&root, &path)).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn read(root: &Path, path: &Path) -> Source {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let path = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
    Source { path, code, lines }
}

/// The rooms that a file names, by `crate::room` or by `use crate::{room, other}`.
fn rooms_named(code: &str) -> BTreeSet<&str> {
    let mut named = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let list = rest.strip_prefix('{').map_or(rest, |list| list.split('}').next().unwrap_or_default());
        let many = rest.starts_with('{');
        for part in list.split(',').take(if many { usize::MAX } else { 1 }) {
            let end = part.trim_start().find(|c: char| !c.is_alphanumeric() && c != '_');
            let name = part.trim_start();
            named.insert(end.and_then(|end| name.get(..end)).unwrap_or(name));
        }
    }
    named
}

fn mentions(code: &str, word: &str) -> bool {
    let part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|text| text.chars().next_back());
        let after = code.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(part_of_a_word) && !after.is_some_and(part_of_a_word)
    })
}

#[test]
fn arrows_between_rooms_run_one_way() {
    let rooms: Vec<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(room) = source.room() else { continue };
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| *known == room) else {
            panic!("src/{room} has no row in the table of rooms")
        };
        let named = rooms_named(&source.code);
        let foreign = named.into_iter().filter(|name| rooms.contains(name) && *name != room);
        wrong.extend(foreign.filter(|name| !allowed.contains(name)).map(|name| format!("{} uses {name}", source.path)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn packages_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let code = source.code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (package, places) in PACKAGES {
            if mentions(code, package) && !places.iter().any(|place| source.path.starts_with(place)) {
                wrong.push(format!("{} uses {package}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_two_places_read_the_time_of_day() {
    let reads = |source: &Source| TIME_OF_DAY.iter().any(|clock| source.code.contains(clock));
    let found: BTreeSet<String> = sources().into_iter().filter(reads).map(|source| source.path).collect();
    assert_eq!(found, CLOCKS.map(str::to_owned).into_iter().collect());
}

/// Every way that the HTTP client has to send something else than a GET.
const SENDING: [&str; 9] = [
    ".post(",
    ".put(",
    ".patch(",
    ".delete(",
    ".request(",
    ".execute(",
    "Method::POST",
    "Method::PUT",
    "Method::DELETE",
];

#[test]
fn tokens_are_exchanged_in_one_place_and_nothing_else_is_ever_sent() {
    let sends = |source: &Source| source.room() == Some("oci") && SENDING.iter().any(|way| source.code.contains(way));
    let found: Vec<Source> = sources().into_iter().filter(|source| sends(source) && !source.is_test()).collect();
    assert_eq!(found.iter().map(|source| source.path.as_str()).collect::<Vec<_>>(), ["oci/exchange.rs"]);
    let code = &found[0].code;
    let used: usize = SENDING.iter().map(|way| code.matches(way).count()).sum();
    assert_eq!((used, code.matches("client.post(").count()), (1, 1));
    // It is used by what asks the auth service, and by what asks the cluster of a pod.
    assert_eq!((code.matches(" post(").count(), code.matches("fn post(").count()), (3, 1));
    let services: Vec<&str> = code.split("Service::").skip(1).filter_map(|rest| rest.get(..4)).collect();
    assert_eq!(services, ["Auth"]);
}

/// Certificates are checked, whatever is asked for; nothing else is started; nothing is sent anywhere but from `oci`.
#[test]
fn there_is_no_switch_that_makes_it_unsafe() {
    let never = ["danger_accept", "dangerous()", "process::Command", "set_var(", "Http::new(HttpOptions::default"];
    let network = ["TcpStream", "UdpSocket", "UnixStream", "lookup_host", "to_socket_addrs", "reqwest::Client"];
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let code = source.code.split("#[cfg(test)]").next().unwrap_or_default();
        wrong.extend(never.iter().filter(|word| code.contains(**word)).map(|word| format!("{}: {word}", source.path)));
        if !["oci", "fake_oci"].contains(&source.room().unwrap_or_default()) {
            let found = network.iter().filter(|word| code.contains(**word));
            wrong.extend(found.map(|word| format!("{}: {word}", source.path)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_file_is_too_long_to_be_read_at_a_sitting() {
    let long = |source: &Source| !source.is_test() && source.lines > LONGEST;
    let long: Vec<String> =
        sources().into_iter().filter(long).map(|s| format!("{}: {} lines", s.path, s.lines)).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_reader_of_the_source_sees_what_it_must() {
    let code = "use crate::oci::{A, B};\nuse crate::{app, ui::x};\nlet a = crate::fetch::plan();";
    assert_eq!(rooms_named(code).into_iter().collect::<Vec<_>>(), ["app", "fetch", "oci", "ui"]);
    assert!(mentions("tokio::spawn", "tokio") && !mentions("my_tokio", "tokio"));
}
