//! What somebody might do to the program, or through it, and the tests that hold against each.
//!
//! Those that are not at home elsewhere stand here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Cloud, Output, files_below, rfc3339, scenario_but};

/// A file, and tests in it.
type Place = (&'static str, &'static [&'static str]);

/// What might happen, and where it is shown that it does not.
const HELD: [(&str, &[Place]); 13] = [
    (
        "keys, pass phrases and tokens are read out of memory",
        &[
            ("src/oci/key_tests.rs", &["debug_shows_the_fingerprint_alone"]),
            ("src/oci/token.rs", &["debug_shows_no_token"]),
            ("tests/it/authentication.rs", &["secrets_have_no_debug"]),
            ("tests/it/secrets.rs", &["a_crash_leaves_no_copy_of_the_memory"]),
        ],
    ),
    (
        "secrets stand in messages, reports, files or on the screen",
        &[
            (
                "tests/it/secrets.rs",
                &[
                    "no_canary_sings",
                    "none_sings_when_nothing_works_either",
                    "a_canary_that_sings_is_heard",
                    "a_token_that_is_quoted_back_is_not_told",
                ],
            ),
            ("src/oci/redact.rs", &["tokens_are_taken_out_and_nothing_else"]),
        ],
    ),
    (
        "secrets stand in arguments, or in what is handed to other programs",
        &[
            ("tests/it/secrets.rs", &["secrets_are_taken_from_no_argument"]),
            ("tests/it/architecture.rs", &["there_is_no_switch_that_makes_it_unsafe"]),
        ],
    ),
    (
        "signatures and tokens inside of events are handed on",
        &[
            ("src/export/made_tests.rs", &["an_event_as_each_format_has_it", "no_secret_is_in_what_is_made"]),
            ("src/app/redact.rs", &["flat_keys_are_headers_too"]),
            ("tests/it/hardening.rs", &["what_authorises_stays_in_the_raw_events"]),
        ],
    ),
    (
        "requests are led to another host",
        &[
            ("src/oci/endpoint.rs", &["templates_that_cannot", "no_region_name_leaves_the_domain"]),
            ("src/oci/sign_in/metadata.rs", &["the_override_stays_near_or_is_encrypted"]),
            ("src/oci/sign_in/instance.rs", &["the_auth_service_may_be_elsewhere_but_not_in_the_open"]),
            ("src/oci/sign_in/workload.rs", &["the_host_is_a_host_and_nothing_more"]),
            ("tests/it/secrets.rs", &["only_hosts_of_oracle_are_asked"]),
        ],
    ),
    (
        "TLS is broken, weak or switched off",
        &[
            (
                "tests/it/tls.rs",
                &[
                    "a_certificate_that_cannot_be_trusted_ends_it_before_anything_is_asked",
                    "a_server_that_speaks_no_tls_is_named",
                ],
            ),
            ("tests/it/sign_in.rs", &["a_pod_trusts_its_own_cluster_alone"]),
            ("tests/it/architecture.rs", &["there_is_no_switch_that_makes_it_unsafe"]),
        ],
    ),
    (
        "others read or change what is written, or choose where",
        &[
            ("tests/it/hardening.rs", &["what_is_written_is_for_its_owner_alone", "links_are_not_written_through"]),
            (
                "src/collect/disk.rs",
                &["a_link_in_the_place_of_a_file_is_not_written_through", "what_is_made_is_for_its_owner_alone"],
            ),
            (
                "src/collect/ownership.rs",
                &["only_what_nobody_else_can_write_to_is_added_to", "what_belongs_to_somebody_else_is_refused"],
            ),
            ("tests/it/wrong.rs", &["every_row_of_the_table_is_true"]),
        ],
    ),
    (
        "names become paths",
        &[("tests/it/hardening.rs", &["names_of_strangers_never_become_paths"]), ("src/collect/layout.rs", &[])],
    ),
    (
        "the configuration names what is no file, or wants to be expanded",
        &[
            ("src/oci/files.rs", &["pipes_devices_and_endless_files_are_refused_and_nothing_waits"]),
            ("src/oci/env.rs", &["only_the_home_directory_is_expanded"]),
            ("tests/it/hardening.rs", &["what_the_configuration_names_is_a_small_file_or_nothing"]),
        ],
    ),
    ("a log tells what happened", &[("tests/it/hardening.rs", &["there_is_no_log"])]),
    ("a package brings something along", &[("tests/it/hardening.rs", &["the_supply_chain_is_held_to_its_rules"])]),
    (
        "the program calls somebody else",
        &[
            ("tests/it/hardening.rs", &["in_a_network_of_its_own_nothing_else_is_called"]),
            ("tests/it/secrets.rs", &["only_hosts_of_oracle_are_asked"]),
        ],
    ),
    (
        "something else than a question, or an exchange of tokens, is sent",
        &[("tests/it/architecture.rs", &["tokens_are_exchanged_in_one_place_and_nothing_else_is_ever_sent"])],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn each_has_a_test_that_is_there() {
    for (what, places) in HELD {
        assert!(!places.is_empty(), "{what}");
        for (path, names) in places {
            let text = text(path);
            assert!(text.contains("#[test]") || text.contains("#[tokio::test"), "{what}: {path} has no tests");
            for name in *names {
                assert_eq!(text.matches(&format!("fn {name}(")).count(), 1, "{what}: {path} has no {name}");
            }
        }
    }
}

#[test]
fn what_authorises_stays_in_the_raw_events() {
    let cloud = Cloud::named("small");
    let secret = |event: &Value| -> Vec<String> {
        let credentials = event["data"]["identity"]["credentials"].as_str();
        let headers = event["data"]["request"]["headers"].as_object().into_iter().flatten();
        let authorization = headers.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        let values = authorization.flat_map(|(_, values)| values.as_array().into_iter().flatten());
        values.filter_map(Value::as_str).chain(credentials).map(str::to_owned).collect()
    };
    let events: Vec<Value> = cloud.world().iter().map(|event| serde_json::from_slice(&event.bytes).unwrap()).collect();
    let secrets: BTreeSet<String> = events.iter().flat_map(secret).filter(|text| text.len() > 20).collect();
    assert!(!secrets.is_empty(), "the simulator's events hold nothing that authorises");
    let raw = cloud.export(&[]).expect(3);
    assert!(secrets.iter().any(|secret| raw.text().contains(secret.as_str())), "raw events are as they came");
    for format in ["csv", "ocsf", "ecs", "bulk", "hec", "table"] {
        let output = cloud.export(&["-o", format]).expect(3);
        let told: Vec<_> = secrets.iter().filter(|secret| output.text().contains(secret.as_str())).collect();
        assert!(told.is_empty(), "{format}: {told:?}");
    }
}

/// A line of a shell in which everything that is made may be read by all, unless it says otherwise.
fn open_handed(cloud: &Cloud, arguments: &str) -> Output {
    cloud.home.shell(&format!("cd ~ && umask 000 && exec auditui {arguments}"))
}

/// What is below a directory that this process did not put there: paths and modes.
#[cfg(unix)]
fn modes(directory: &Path, before: &BTreeSet<PathBuf>) -> Vec<(PathBuf, u32)> {
    let all = everything_below(directory).into_iter().filter(|path| !before.contains(path));
    all.map(|path| (path.clone(), mode(&path))).collect()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn everything_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        found.push(entry.path());
        if entry.file_type().unwrap().is_dir() {
            found.extend(everything_below(&entry.path()));
        }
    }
    found
}

#[cfg(unix)]
#[test]
fn what_is_written_is_for_its_owner_alone() {
    let cloud = Cloud::of(scenario_but("small", "[events]", "[tokens]\ncalls = 9\n\n[events]"));
    cloud.home.write("~/.oci/token", &cloud.fake.new_session(3_600));
    let config = std::fs::read_to_string(cloud.home.path(".oci/config")).unwrap();
    cloud.home.write("~/.oci/config", &format!("{config}\n[S]\nsecurity_token_file=~/.oci/token\n"));
    let home = cloud.home.path("");
    let before: BTreeSet<PathBuf> = everything_below(&home).into_iter().collect();
    let [from, until] = cloud.range().map(rfc3339);
    let span = format!("--since {from} --until {until}");
    open_handed(&cloud, &format!("export {span} --output-file day.jsonl")).expect(3);
    open_handed(&cloud, &format!("export {span} -o csv --output-file day.csv")).expect(3);
    open_handed(&cloud, &format!("collect --since {from} --into collection")).expect(3);
    open_handed(&cloud, &format!("export {span} --profile S --output-file session.jsonl --concurrency 1"));
    open_handed(&cloud, "config check --write-default").expect(0);
    let written = modes(&home, &before);
    for (path, mode) in &written {
        let allowed = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(*mode, allowed, "{}: {mode:o}", path.display());
    }
    let named = |end: &str| written.iter().any(|(path, _)| path.to_str().unwrap().ends_with(end));
    for end in ["day.jsonl", "day.csv", "session.jsonl", "coverage.json", "ledger", ".jsonl.zst", "config.toml"] {
        assert!(named(end), "{end} is not among {written:?}");
    }
    let token = mode(&cloud.home.path(".oci/token"));
    assert!(cloud.fake.requests().iter().any(|request| request.operation == "RefreshSession") && token == 0o600);
}

#[cfg(unix)]
#[test]
fn links_are_not_written_through() {
    use std::os::unix::fs::symlink;
    let cloud = Cloud::named("small");
    let victim = cloud.home.path("victim");
    std::fs::write(&victim, "theirs").unwrap();
    std::fs::create_dir(cloud.home.path("out")).unwrap();
    symlink(&victim, cloud.home.path("out/coverage.json")).unwrap();
    let [from, until] = cloud.range().map(rfc3339);
    let file = cloud.home.path("out/day.jsonl").display().to_string();
    cloud.run(&["export", "--since", &from, "--until", &until, "--output-file", &file]);
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "theirs");
    // A collection that somebody has laid out for us.
    for part in [".auditui", "data"] {
        let collection = cloud.home.path(&format!("laid-out-{}", part.trim_start_matches('.')));
        std::fs::create_dir(&collection).unwrap();
        std::fs::create_dir_all(cloud.home.path("elsewhere")).unwrap();
        symlink(cloud.home.path("elsewhere"), collection.join(part)).unwrap();
        let output = cloud.run(&["collect", "--since", &from, "--into", collection.to_str().unwrap()]).expect(1);
        assert!(output.stderr.contains("is a link"), "{}", output.stderr);
        assert!(files_below(&cloud.home.path("elsewhere")).is_empty());
    }
    let shared = cloud.home.path("shared");
    std::fs::create_dir(&shared).unwrap();
    std::fs::set_permissions(&shared, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let output = cloud.run(&["collect", "--since", &from, "--into", shared.to_str().unwrap()]).expect(1);
    assert!(output.stderr.contains("others could change") && output.stderr.contains("chmod go-w"), "{}", output.stderr);
}

#[test]
fn names_of_strangers_never_become_paths() {
    let long = "x".repeat(300);
    for name in ["../../x", "/etc/x", "CON", "a\\u0000b", "..", ".hidden", "a\\nb", "C:\\\\x", long.as_str()] {
        let text = text("assets/scenarios/small.toml").replace("\"acme-small\"", &format!("\"{name}\""));
        let scenario = auditui::fake_oci::Scenario::parse(&text).unwrap();
        let cloud = Cloud::of(scenario);
        let config = std::fs::read_to_string(cloud.home.path(".oci/config")).unwrap();
        // The profile is called so too; section names have no escapes, so only what can stand in one.
        let profile = if name.contains("\\u0000") || name.contains("\\n") { "..\\..\\x" } else { name };
        cloud.home.write("~/.oci/config", &config.replace("[DEFAULT]", &format!("[{profile}]")));
        let before: BTreeSet<PathBuf> = everything_below(&cloud.home.path("")).into_iter().collect();
        let (into, from) = (cloud.home.path("collection"), rfc3339(cloud.range()[0]));
        let into_name = into.display().to_string();
        cloud.run(&["collect", "--since", &from, "--into", &into_name, "--profile", profile]).expect(3);
        let written = everything_below(&cloud.home.path(""));
        let written: Vec<&PathBuf> = written.iter().filter(|path| !before.contains(*path)).collect();
        assert!(written.len() > 5, "{name}");
        for path in written {
            let inside = path.strip_prefix(&into).unwrap_or_else(|_| panic!("{name}: {} was made", path.display()));
            for part in inside.iter().map(|part| part.to_str().unwrap()) {
                let plain = |c: char| c.is_ascii_alphanumeric() || "._=-".contains(c);
                assert!(part.len() <= 100 && part.chars().all(plain) && part != "..", "{name}: {}", path.display());
                let stem = part.split(['.', '=']).next().unwrap_or_default().to_ascii_uppercase();
                assert!(!["CON", "NUL", "AUX", "PRN"].contains(&stem.as_str()), "{name}: {}", path.display());
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn what_the_configuration_names_is_a_small_file_or_nothing() {
    let mut cloud = Cloud::named("small");
    let config = std::fs::read_to_string(cloud.home.path(".oci/config")).unwrap();
    let key = cloud.home.path(".oci/oci_api_key.pem").display().to_string();
    let pipe = cloud.home.path("pipe").display().to_string();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::File::create(cloud.home.path("huge")).unwrap().set_len(1 << 40).unwrap();
    cloud.home.set("KEYS", cloud.home.path(".oci").display().to_string());
    for (named, told) in [
        (pipe.as_str(), "it is not a regular file"),
        ("~", "it is not a regular file"),
        ("/dev/zero", "it is not a regular file"),
        ("~/huge", "it is larger than 64 KiB"),
        ("$KEYS/oci_api_key.pem", "there is no such file"),
        ("~root/oci_api_key.pem", "there is no such file"),
        ("$(touch ~/pwned)", "there is no such file"),
        ("`touch ~/pwned`", "there is no such file"),
        ("|touch ~/pwned", "there is no such file"),
    ] {
        cloud.home.write("~/.oci/config", &config.replace(&key, named));
        let output = cloud.run(&["doctor", "--offline"]);
        assert!(
            [Some(2), Some(4)].contains(&output.code) && output.text().contains(told),
            "{named}: {}",
            output.text()
        );
    }
    cloud.home.write("~/.oci/config", &config.replace(&key, "~/.oci/oci_api_key.pem"));
    cloud.run(&["doctor", "--offline"]).expect(0);
    for key in ["security_token_file", "delegation_token_file"] {
        let auth = if key.starts_with('s') { "security_token" } else { "instance_obo_user" };
        cloud.home.write("~/.oci/config", &format!("{config}{key}={pipe}\n"));
        let output = cloud.run(&["doctor", "--offline", "--auth", auth]).expect(2);
        assert!(output.text().contains("it is not a regular file"), "{key}: {}", output.text());
    }
    cloud.home.write("~/.oci/config", &config);
    let output = cloud.run(&["regions", "--cert-bundle", &pipe]).expect(2);
    assert!(output.stderr.contains("it is not a regular file"), "{}", output.stderr);
    let output = cloud.run(&["regions", "--config-file", &pipe]).expect(2);
    assert!(output.stderr.contains("it is not a regular file"), "{}", output.stderr);
    // These are read where they are there, and nobody waits for them.
    assert!(
        std::process::Command::new("mkfifo")
            .arg(cloud.home.path(".oci/regions-config.json"))
            .status()
            .unwrap()
            .success()
    );
    assert!(std::process::Command::new("mkfifo").arg(cloud.home.path(".oci/oci_cli_rc")).status().unwrap().success());
    cloud.run(&["regions"]).expect(0);
    assert!(!cloud.home.path("pwned").exists());
    // A pipe is no place for the search at the end either.
    std::fs::remove_file(&pipe).unwrap();
    std::fs::remove_file(cloud.home.path("huge")).unwrap();
}

/// Nothing is written but what was asked for, and no package is there that would.
#[test]
fn there_is_no_log() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let packages = manifest["dependencies"].as_table().unwrap();
    let logs = ["log", "tracing", "env_logger", "slog", "fern", "flexi_logger", "simplelog", "syslog", "sentry"];
    assert!(packages.keys().all(|name| !logs.iter().any(|log| name == log || name.starts_with("tracing-"))));
    let cloud = Cloud::named("small");
    let before = everything_below(&cloud.home.path(""));
    cloud.export(&[]).expect(3);
    cloud.run(&["doctor"]).expect(0);
    cloud.run(&["count", "--demo", "--since", "2h"]);
    assert_eq!(everything_below(&cloud.home.path("")), before);
}

#[test]
fn the_supply_chain_is_held_to_its_rules() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    let rules: toml::Table = text("deny.toml").parse().unwrap();
    for (section, rule, value) in [
        ("sources", "unknown-registry", "deny"),
        ("sources", "unknown-git", "deny"),
        ("bans", "wildcards", "deny"),
        ("bans", "multiple-versions", "deny"),
        ("advisories", "yanked", "deny"),
    ] {
        assert_eq!(rules[section][rule].as_str(), Some(value), "{section}: {rule}");
    }
    let banned = rules["bans"]["deny"].as_array().unwrap();
    for package in ["openssl-sys", "aws-lc-sys"] {
        assert!(banned.iter().any(|ban| ban["crate"].as_str() == Some(package)), "{package}");
    }
    assert!(!rules["licenses"]["allow"].as_array().unwrap().is_empty());
    let lock: toml::Table = text("Cargo.lock").parse().unwrap();
    for package in lock["package"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        match package.get("source").and_then(toml::Value::as_str) {
            None => assert_eq!(name, "auditui", "a package without a source"),
            Some(source) => {
                assert_eq!(source, "registry+https://github.com/rust-lang/crates.io-index", "{name}");
                assert_eq!(package["checksum"].as_str().map(str::len), Some(64), "{name}");
            }
        }
    }
    let checks = text(".ci/run");
    assert!(checks.contains("check bans licenses sources"));
    let builds =
        ["cargo test", "cargo clippy", "cargo doc", "cargo bench", "cargo install", "cargo fetch", "cargo build"];
    for line in checks.lines().map(str::trim).filter(|line| builds.iter().any(|build| line.starts_with(build))) {
        assert!(line.contains("--locked"), "{line}");
    }
}

/// Counters of a network as Linux tells them: what was sent nowhere because there is no way, and what was asked by UDP,
/// as names are.
#[cfg(target_os = "linux")]
fn astray(told: &str) -> u64 {
    let mut lost = 0;
    let lines: Vec<&str> = told.lines().collect();
    for pair in lines.windows(2) {
        let (names, values) = (pair[0].split_whitespace(), pair[1].split_whitespace());
        if pair[0].split(' ').next() == pair[1].split(' ').next() {
            let wanted = |name: &str| name == "OutNoRoutes" || name == "OutDatagrams";
            let numbers = names.zip(values).filter(|(name, _)| wanted(name));
            lost += numbers.map(|(_, value)| value.parse::<u64>().unwrap()).sum::<u64>();
        }
    }
    for line in &lines {
        if let Some(("Ip6OutNoRoutes" | "Udp6OutDatagrams", value)) = line.split_once(char::is_whitespace) {
            lost += value.trim().parse::<u64>().unwrap();
        }
    }
    lost
}

/// In a network that has nothing but loopback: everything works, and no packet for anybody else is even tried, no name
/// looked up. To see that it would be seen, a service elsewhere is asked at the end.
#[cfg(target_os = "linux")]
#[test]
fn in_a_network_of_its_own_nothing_else_is_called() {
    let home = super::support::Home::empty();
    let script = r#"
        cd ~
        ip link set lo up || ifconfig lo up || exit 77
        count() { echo "== $1"; cat /proc/net/snmp /proc/net/snmp6; }
        mkfifo serving
        auditui simulate --port 0 --scenario small --home sim >serving 2>/dev/null &
        trap "kill $!" EXIT
        exec 3<serving
        read -r _ endpoint <&3
        export AUDITUI_ENDPOINT="$endpoint"
        run() { auditui "$@" --config-file sim/config >/dev/null 2>told || { code=$?; [ $code = 3 ] || { cat told >&2; exit $code; }; }; }
        run doctor
        run export --since 3h --until 1h --output-file day.jsonl
        run collect --since 3h --into collection
        run regions --profile SESSION
        run compartments
        . sim/instance.env
        run regions --auth instance_principal
        auditui count day.jsonl >/dev/null 2>&1
        auditui export --demo --since 2h --until 1h >/dev/null 2>&1
        count quiet
        unset AUDITUI_ENDPOINT
        auditui regions --config-file sim/config >/dev/null 2>&1
        count loud
    "#;
    let inner = home.path("script.sh");
    std::fs::write(&inner, script).unwrap();
    let output = home.shell(&format!("unshare -rn true || exit 77; exec unshare -rn sh {}", inner.display()));
    if output.code == Some(77) {
        println!("not shown here: no network of one's own is allowed ({})", output.stderr.trim());
        return;
    }
    let output = output.expect(0);
    let (_, rest) = output.text().split_once("== quiet\n").unwrap();
    let (quiet, loud) = rest.split_once("== loud\n").unwrap();
    assert_eq!(astray(quiet), 0, "somebody else was called: {quiet}");
    assert!(astray(loud) > 0, "a call of somebody else would not be seen");
}
