//! A simulated cloud, a home directory that knows it, and our binary run in it.
//!
//! Every output of every run is searched for secrets, and every file that a run left in its home, so that no test need
//! think of them. What is looked for is what the simulator gave away, keys and tokens, and what a test says is secret.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use auditui::fake_oci::{FakeOci, Options, RequestRecord, Scenario, WorldEvent};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Calls that a reader of audit events may make; no other exists.
const ALLOWED: [&str; 6] =
    ["ListEvents", "GetConfiguration", "ListRegionSubscriptions", "GetTenancy", "GetCompartment", "ListCompartments"];

/// Where tokens come from; the only POSTs that exist go to the auth service.
const SIGNING_IN: [&str; 4] = ["Metadata", "Federate", "RefreshSession", "PodToken"];

/// A home directory, and our binary run with nothing else in its environment.
pub struct Home {
    directory: TempDir,
    env: Vec<(String, String)>,
    secrets: Vec<String>,
    /// What a simulator has given to clients by now.
    given: Option<Box<dyn Fn() -> Vec<String> + Send + Sync>>,
    /// Files that a test put there; they may hold secrets.
    planted: Mutex<BTreeSet<PathBuf>>,
}

/// What of a text, such as a key, must be found nowhere.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("-----"))
}

impl Home {
    pub fn empty() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            env: Vec::new(),
            secrets: Vec::new(),
            given: None,
            planted: Mutex::default(),
        }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join(path.trim_start_matches("~/"))
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).unwrap().write_all(text.as_bytes()).unwrap();
        self.planted.lock().unwrap().insert(path);
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.env.push((name.to_owned(), value.into()));
    }

    pub fn unset(&mut self, name: &str) {
        self.env.retain(|(known, _)| known != name);
    }

    /// Nothing that comes out may contain it, nor any line of it.
    pub fn keep_secret(&mut self, text: &str) {
        self.secrets.extend(parts(text).map(str::to_owned));
    }

    /// Fails where bytes that came from a run hold a secret.
    #[track_caller]
    pub fn search(&self, place: &str, bytes: &[u8]) {
        let given = self.given.as_ref().map(|given| given()).unwrap_or_default();
        let given = given.iter().flat_map(|text| parts(text));
        for secret in self.secrets.iter().map(String::as_str).chain(given) {
            let found = memchr::memmem::find(bytes, secret.as_bytes());
            assert!(found.is_none(), "a secret is in {place}: {}", String::from_utf8_lossy(bytes));
        }
    }

    /// What was left in the home by whoever ran there. `.oci` is where credentials belong.
    fn search_files(&self) {
        let planted = self.planted.lock().unwrap();
        for path in files_below(self.directory.path()) {
            let inside = path.strip_prefix(self.directory.path()).unwrap();
            if inside.starts_with(".oci") || planted.contains(&path) {
                continue;
            }
            self.search(&path.display().to_string(), &unpacked(&path));
        }
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_auditui"));
        command.env_clear().env("HOME", self.directory.path()).env("PATH", std::env::var_os("PATH").unwrap());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a line in a shell, as somebody would who has pasted it.
    pub fn shell(&self, line: &str) -> Output {
        let binary = Path::new(env!("CARGO_BIN_EXE_auditui")).parent().unwrap();
        let path = std::env::join_paths([binary, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        let mut command = Command::new("sh");
        command.env_clear().env("HOME", self.directory.path()).env("PATH", path);
        command.envs(self.env.iter().map(|(name, value)| (name, value))).args(["-c", line]);
        self.finish(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Runs it to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        self.finish(self.command(args).spawn().unwrap())
    }

    /// Waits for a child of [`command`](Self::command).
    pub fn finish(&self, child: Child) -> Output {
        let output = child.wait_with_output().unwrap();
        let output = Output {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("standard error is text"),
        };
        // Of tokens that nobody here knows the text of, all begin like this.
        for form in ["ST$", "eyJ", "PRIVATE KEY", "Signature algorithm"] {
            assert!(!output.stderr.contains(form), "a secret was written: {}", output.stderr);
        }
        self.search("standard error", output.stderr.as_bytes());
        self.search("standard output", &output.stdout);
        for c in output.stderr.chars().filter(|c| *c != '\n') {
            assert!(!c.is_control(), "{c:?} on standard error: {}", output.stderr);
        }
        output
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.search_files();
        }
    }
}

/// Every plain file below a directory; links are not followed.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(files_below(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

/// What a file holds; what is packed and whole, unpacked.
fn unpacked(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let unpacked = match path.extension().and_then(std::ffi::OsStr::to_str) {
        Some("zst") => zstd::decode_all(bytes.as_slice()).ok(),
        Some("gz") => {
            let mut text = Vec::new();
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).ok().map(|_| text)
        }
        _ => None,
    };
    unpacked.unwrap_or(bytes)
}

/// What a run left behind.
pub struct Output {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Output {
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        self
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn lines(&self) -> Vec<&[u8]> {
        let whole = self.stdout.strip_suffix(b"\n").unwrap_or(&self.stdout);
        if whole.is_empty() { Vec::new() } else { whole.split(|byte| *byte == b'\n').collect() }
    }

    /// The coverage sentence, where there is one.
    pub fn last_line(&self) -> &str {
        self.stderr.lines().last().unwrap_or_default()
    }
}

/// A simulated cloud with a home directory for it.
pub struct Cloud {
    pub fake: FakeOci,
    pub home: Home,
    runtime: Runtime,
}

impl Cloud {
    pub fn named(scenario: &str) -> Self {
        Self::of(Scenario::named(scenario).unwrap())
    }

    /// The small scenario with `from` replaced by `to` in its text.
    pub fn small_but(from: &str, to: &str) -> Self {
        Self::of(scenario_but("small", from, to))
    }

    /// What happens so long before its epoch is the same at whatever hour a test is run.
    pub fn of(scenario: Scenario) -> Self {
        let scenario = scenario.living_by("2026-03-11T14:00:00Z".parse().unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let fake =
            runtime.block_on(FakeOci::start(scenario, Options { keep_served: true, ..Options::default() })).unwrap();
        let mut home = Home::empty();
        fake.write_home(&home.path(".oci")).unwrap();
        home.given = Some(Box::new(fake.secrets()));
        home.set("AUDITUI_ENDPOINT", fake.endpoint_template());
        Self { fake, home, runtime }
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.home.run(args)
    }

    /// `auditui export` over [`range`](Self::range).
    pub fn export(&self, args: &[&str]) -> Output {
        let [from, until] = self.range().map(rfc3339);
        self.run(&[&["export", "--since", &from, "--until", &until], args].concat())
    }

    /// The day and an hour before the epoch: all that the small scenarios hold, whole hours in the past.
    pub fn range(&self) -> [DateTime<Utc>; 2] {
        [self.fake.epoch() - TimeDelta::hours(25), self.fake.epoch()]
    }

    /// What a complete export of [`range`](Self::range) holds, in its order.
    pub fn world(&self) -> Vec<WorldEvent> {
        let [from, until] = self.range();
        in_order(self.fake.world_events(from, until))
    }

    /// A run that ended too early wrote a part of the world, and that in order, each event once.
    #[track_caller]
    pub fn assert_a_part(&self, output: &Output) {
        let (world, lines) = (self.world(), output.lines());
        let found: Vec<_> = world.iter().filter(|event| lines.contains(&&*event.bytes)).cloned().collect();
        assert!(!found.is_empty() && found.len() < world.len(), "{} of {}", found.len(), world.len());
        assert_same_events(&lines, &found);
    }

    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub fn wait_parked(&self, calls: usize) {
        self.runtime.block_on(self.fake.wait_parked(calls));
    }

    /// The OCID of a compartment, by its path.
    pub fn ocid(&self, path: &str) -> String {
        self.fake.compartments().into_iter().find(|(_, known)| known == path).unwrap().0
    }

    /// The regions and compartment paths that ListEvents was asked for.
    pub fn cells_asked(&self) -> BTreeSet<(String, String)> {
        let paths = self.fake.compartments();
        let path = |id: &str| paths.iter().find(|(known, _)| known == id).unwrap().1.clone();
        let asked = self.fake.requests();
        let asked = asked.iter().filter(|request| request.operation == "ListEvents");
        asked.map(|request| (request.region.clone(), path(request.compartment.as_deref().unwrap()))).collect()
    }
}

/// A built-in scenario with `from` replaced by `to` in its text.
pub fn scenario_but(name: &str, from: &str, to: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/scenarios/{name}.toml"));
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    Scenario::parse(&text.replace(from, to)).unwrap()
}

pub fn in_order(mut events: Vec<WorldEvent>) -> Vec<WorldEvent> {
    events.sort_by(|a, b| (a.event_time, &a.event_id).cmp(&(b.event_time, &b.event_id)));
    events
}

pub fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The lines are exactly these events, in this order, byte for byte.
#[track_caller]
pub fn assert_same_events(lines: &[&[u8]], events: &[WorldEvent]) {
    let ids = |line: &[u8]| serde_json::from_slice::<Value>(line).unwrap()["eventId"].as_str().unwrap().to_owned();
    let found: BTreeSet<String> = lines.iter().map(|line| ids(line)).collect();
    let expected: BTreeSet<String> = events.iter().map(|event| event.event_id.clone()).collect();
    assert_eq!(found.difference(&expected).count(), 0, "events that nobody sent");
    assert_eq!(expected.difference(&found).count(), 0, "events are missing");
    assert_eq!(lines.len(), events.len(), "events came more than once");
    for (line, event) in lines.iter().zip(events) {
        assert!(*line == event.bytes, "{} is at another place, or was changed", event.event_id);
    }
}

/// The simulator refuses what Oracle would refuse; this looks at the rest of what was sent.
pub fn assert_polite(requests: &[RequestRecord], ready_regions: &[String]) {
    for request in requests {
        let target = &request.target;
        if SIGNING_IN.contains(&request.operation.as_str()) {
            assert_eq!(request.method, if request.operation == "Metadata" { "GET" } else { "POST" }, "{target}");
            continue;
        }
        assert_eq!(request.method, "GET", "{target}");
        assert!(ALLOWED.contains(&request.operation.as_str()), "{target}");
        assert!(!request.target.contains("page=&") && !request.target.ends_with("page="), "{target}");
        let [agent, id] = [&request.user_agent, &request.client_request_id].map(|text| text.as_deref().unwrap());
        let run = id.strip_prefix("auditui-").and_then(|rest| rest.split_once('-')).unwrap().0;
        assert_eq!(agent, format!("auditui/{} run={run}", env!("CARGO_PKG_VERSION")), "{target}");
        assert!(ready_regions.contains(&request.region), "{target} of a region that is not ready");
        if request.operation != "ListEvents" {
            continue;
        }
        let [start, end] = [&request.start_time, &request.end_time].map(|time| time.as_deref().unwrap());
        assert!(start.ends_with(":00Z") && end.ends_with(":00Z") && start < end, "{target}");
        let query = target.split_once('?').unwrap().1;
        let names: Vec<&str> = query.split('&').map(|pair| pair.split_once('=').unwrap().0).collect();
        assert!(
            matches!(
                *names,
                ["compartmentId", "startTime", "endTime"] | ["compartmentId", "startTime", "endTime", "page"]
            ),
            "{target}"
        );
    }
    let ids: BTreeSet<_> = requests.iter().map(|request| &request.client_request_id).collect();
    assert_eq!(ids.len(), requests.len(), "every request has an id of its own");
}
