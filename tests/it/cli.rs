//! What the command line says: help, and what is refused with a way out.

use super::support::{Cloud, Home};

#[test]
fn help_tells_every_option() {
    for (name, args) in [
        ("help", &["--help"][..]),
        ("help_export", &["export", "--help"]),
        ("help_coverage", &["coverage", "--help"]),
        ("help_collect", &["collect", "--help"]),
        ("help_verify", &["verify", "--help"]),
        ("help_count", &["count", "--help"]),
        ("help_reconcile", &["reconcile", "--help"]),
        ("help_summary", &["summary", "--help"]),
        ("help_open", &["open", "--help"]),
        ("help_config", &["config", "--help"]),
        ("help_doctor", &["doctor", "--help"]),
        ("help_simulate", &["simulate", "--help"]),
    ] {
        insta::assert_snapshot!(name, Home::empty().run(args).expect(0).text());
    }
}

#[test]
fn a_version_is_a_name_and_a_number() {
    let output = Home::empty().run(&["--version"]).expect(0);
    assert_eq!(output.text(), concat!("auditui ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn what_cannot_be_meant_is_refused_with_an_example() {
    let cases: [&[&str]; 14] = [
        &["export"],
        &["export", "--until", "1h"],
        &["export", "--since", "2020-01-02T00:00Z", "--until", "2020-01-01T00:00Z"],
        &["export", "--since", "2100-01-01"],
        &["export", "--since", "sometime"],
        &["export", "--time", "08:00.. yesterdya"],
        &["export", "--since", "1h", "--time", "today"],
        &["export", "--since", "1h", "--writes", "--reads"],
        &["export", "--since", "1h", "-o", "xml"],
        &["--since", "1h", "export"],
        &["coverage", "day.jsonl", "--since", "1h"],
        &["coverage", "--region", "fra"],
        &["export", "--since", "1h", "--no-such-option"],
        &["simulate", "--scenario", "no-such-scenario"],
    ];
    let mut told = String::new();
    for args in cases {
        let output = Home::empty().run(args).expect(2);
        assert!(output.stdout.is_empty(), "{args:?}");
        told.extend(["$ auditui ", &args.join(" "), "\n", &output.stderr, "\n"]);
    }
    insta::assert_snapshot!("usage_errors", told);
}

#[test]
fn endpoints_in_the_open_are_refused() {
    let cloud = Cloud::named("small");
    for endpoint in ["http://example.com/{service}/{region}", "ftp://127.0.0.1/{service}", "nonsense"] {
        let output = cloud.run(&["regions", "--endpoint", endpoint]).expect(2);
        assert!(output.stderr.starts_with("auditui: "), "{}", output.stderr);
    }
    assert_eq!(cloud.fake.counts().requests, 0);
}

#[test]
fn a_service_that_is_not_there_is_told_without_a_long_wait() {
    let cloud = Cloud::named("small");
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port()
    };
    let endpoint = format!("http://127.0.0.1:{port}/{{service}}/{{region}}");
    let output = cloud.run(&["doctor", "--endpoint", &endpoint]).expect(1);
    assert!(output.text().contains("cannot be reached"), "{}", output.text());
}
