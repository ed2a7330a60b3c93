//! `auditui export --from`: what was kept is handed on as if it had just been fetched, and nobody is asked.

use serde_json::Value;

use super::hub::{Archive, logged};
use super::support::{Cloud, Home, Output};

/// An export with `--meta` of everything that may be read, and what a fetch gives beside it.
struct Kept {
    cloud: Cloud,
    file: String,
}

impl Kept {
    fn new() -> Self {
        let cloud = Cloud::small_but("readable = false", "readable = true");
        let file = cloud.home.path("kept.jsonl").display().to_string();
        cloud.export(&["--meta", "--output-file", &file, "-q"]).expect(0);
        Self { cloud, file }
    }

    /// Without an account, and far from the cloud.
    fn again(&self, args: &[&str]) -> Output {
        let before = self.cloud.fake.requests().len();
        let output = Home::empty().run(&[&["export", "--from", &self.file], args].concat());
        assert_eq!(self.cloud.fake.requests().len(), before, "somebody was asked");
        output
    }
}

#[test]
fn it_is_what_a_fetch_gives_in_every_format_and_through_every_filter() {
    let kept = Kept::new();
    for args in [
        &[][..],
        &["-o", "csv"],
        &["-o", "ocsf"],
        &["-o", "ecs"],
        &["-o", "bulk"],
        &["-o", "hec"],
        &["-o", "table"],
        &["--writes"],
        &["-Q", "status>=400", "-o", "csv"],
    ] {
        let (fetched, again) = (kept.cloud.export(args).expect(0), kept.again(args).expect(0));
        assert!(fetched.stdout == again.stdout && !again.stdout.is_empty(), "{args:?}");
        assert!(
            again.last_line().ends_with("coverage complete, as coverage.json says of each file"),
            "{}",
            again.stderr
        );
    }
    // In Parquet it is said as well when the service processed events, which files do not tell.
    let table = kept.cloud.home.path("again.parquet").display().to_string();
    kept.again(&["-o", "parquet", "--output-file", &table, "--coverage", &format!("{table}.json")]).expect(0);
    let back = Home::empty().run(&["export", "--from", &table]).expect(3);
    assert!(back.stdout == kept.cloud.export(&[]).expect(0).stdout);
    for args in [&["--region", "fra"][..], &["--compartment", &kept.cloud.ocid("prod/prod-db"), "--no-subtree"]] {
        let (fetched, again) = (kept.cloud.export(args).expect(0), kept.again(args).expect(3));
        assert!(fetched.stdout == again.stdout && !again.stdout.is_empty(), "{args:?}");
    }
    let half = super::support::rfc3339(kept.cloud.range()[0] + chrono::TimeDelta::hours(12));
    let until = super::support::rfc3339(kept.cloud.range()[1]);
    let fetched = kept.cloud.run(&["export", "--since", &half, "--until", &until]).expect(0);
    assert!(fetched.stdout == kept.again(&["--since", &half, "--until", &until]).expect(0).stdout);
}

#[test]
fn the_coverage_is_that_of_the_files_and_only_as_good() {
    let kept = Kept::new();
    let out = kept.cloud.home.path("out");
    std::fs::create_dir(&out).unwrap();
    let file = out.join("again.jsonl").display().to_string();
    kept.again(&["--output-file", &file]).expect(0);
    let read = |name: &str| -> Value { serde_json::from_slice(&std::fs::read(out.join(name)).unwrap()).unwrap() };
    let (document, first) = (read("coverage.json"), std::fs::read(kept.cloud.home.path("coverage.json")).unwrap());
    let first: Value = serde_json::from_slice(&first).unwrap();
    assert_eq!((&document["complete"], &document["calls"]), (&true.into(), &0.into()));
    for same in ["cells", "regions", "compartments", "range", "totals"] {
        assert_eq!(document[same], first[same], "{same}");
    }
    assert_eq!(document["files"][0]["sha256"], first["export"]["sha256"]);
    // What was handed on can be counted, and is known to be whole.
    let counted = Home::empty().run(&["count", &file, "-o", "json"]).expect(0);
    assert!(counted.last_line().contains("coverage complete"), "{}", counted.stderr);
    Home::empty().run(&["coverage", &file]).expect(0);

    // Without it nobody knows.
    std::fs::remove_file(kept.cloud.home.path("coverage.json")).unwrap();
    let unknown = kept.again(&["--output-file", &file]).expect(3);
    assert!(unknown.last_line().contains("coverage unknown"), "{}", unknown.stderr);
    assert_eq!(read("coverage.json")["complete"], false);
    kept.again(&["--fail-on", "never"]).expect(0);
}

#[test]
fn an_archive_is_put_in_order_and_keeps_its_bytes() {
    let kept = Kept::new();
    let world = kept.cloud.world();
    let mut archive = Archive::new(kept.cloud.home.path("archive"));
    // In two parts that overlap, the later one first.
    archive.add(&world[world.len() / 2..]);
    archive.add(&world[..world.len() / 2 + 10]);
    archive.add_file("eu-frankfurt-1", br#"{"data":{"level":"INFO"},"id":"x","oracle":{"loggroupid":"l"},"time":"t","type":"com.oraclecloud.sch.runlog"}"#);
    let output = Home::empty().run(&["export", "--from", archive.arg()]).expect(3);
    let expected: Vec<Vec<u8>> = world.iter().map(logged).collect();
    assert!(output.lines() == expected);
    assert!(output.stderr.contains("1 record left out: no audit event"), "{}", output.stderr);
    let (csv, fetched) =
        (["export", "--from", archive.arg(), "-o", "csv"], kept.cloud.export(&["-o", "csv"]).expect(0));
    let rows = |output: &Output| -> Vec<Vec<String>> {
        let mut reader = csv::Reader::from_reader(output.stdout.as_slice());
        let head = reader.headers().unwrap().clone();
        // The bytes are others, the service says more, and where it was asked it does not say.
        let same = |name: &str| !["raw_sha256", "message", "source"].contains(&name);
        let row = |row: csv::StringRecord| {
            let cells = row.iter().zip(&head).filter(|(_, name)| same(name)).map(|(cell, _)| cell.to_owned());
            cells.collect()
        };
        reader.records().map(|record| row(record.unwrap())).collect()
    };
    assert_eq!(rows(&Home::empty().run(&csv).expect(3)), rows(&fetched));
}

#[test]
fn what_cannot_be_handed_on_is_refused() {
    let kept = Kept::new();
    for (args, words) in [
        (&["--output-file", kept.file.as_str()][..], "is one of the files that --from names"),
        (&["--settle"], "cannot be used with"),
        (&["--follow"], "cannot be used with"),
        (&["--plan"], "cannot be used with"),
        (&["--meta"], "cannot be used with"),
        (&["--region", "xyz"], "not subscribed to region"),
        (&["--from", "/none/such"], "cannot read /none/such"),
    ] {
        let refused = kept.again(args);
        assert!(matches!(refused.code, Some(1 | 2)) && refused.stderr.contains(words), "{args:?}: {}", refused.stderr);
    }
    assert!(std::fs::read(&kept.file).unwrap().starts_with(b"{\"_meta\""));
}
