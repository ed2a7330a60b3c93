//! `auditui doctor`: what would be used, where it comes from, what is wrong with it.

use serde_json::{Map, Value};

use super::support::{Cloud, Home, Output};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// What Oracle's SDK and CLI do with these files and variables was recorded; see the file.
#[test]
fn every_configuration_is_read_as_oracles_own_tools_read_it() {
    let cases: Value = serde_json::from_str(include_str!("../fixtures/config-cases.json")).unwrap();
    let cases = cases["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 31);
    for case in cases {
        let mut home = Home::empty();
        for (path, content) in case["files"].as_object().unwrap() {
            home.write(path, text(content));
        }
        let directory = home.path("").display().to_string().trim_end_matches('/').to_owned();
        for (name, value) in case["env"].as_object().unwrap() {
            home.set(name, text(value).replace("{HOME}", &directory));
        }
        if let Some(phrase) = case["expect"]["profile"]["pass_phrase"].as_str() {
            home.keep_secret(phrase);
        }
        let mut args = vec!["doctor", "--offline", "-o", "json"];
        for (option, argument) in [("--config-file", "file_location"), ("--profile", "profile_name")] {
            args.extend(case["args"][argument].as_str().into_iter().flat_map(|value| [option, value]));
        }
        if case["id"] == "session-profile-as-api-key" {
            args.extend(["--auth", "api_key"]);
        }
        check(case, &directory, home.run(&args));
    }
}

fn check(case: &Value, home: &str, output: Output) {
    let (id, expect) = (text(&case["id"]), &case["expect"]);
    let report = output.json();
    let problems: Map<String, Value> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (text(&problem["key"]).to_owned(), problem["problem"].clone()))
        .collect();
    if case["sdk_quirk"] == true {
        // A comment behind the region, which the SDK takes for a part of it.
        assert_eq!(problems["region"], "malformed", "{id}");
        output.expect(2);
    } else if expect["ok"] == true {
        // The key files of the cases hold no key, so the configuration is sound and the credential is not.
        assert_eq!(problems.keys().collect::<Vec<_>>(), ["key_file"], "{id}");
        for (key, expected) in expect["profile"].as_object().unwrap().iter().filter(|(key, _)| *key != "pass_phrase") {
            let found = text(&report["profile"][key]);
            match key.as_str() {
                "key_file" => assert_eq!(found, text(expected).replace("{HOME}", home).replacen('~', home, 1), "{id}"),
                "region" => assert!(found.contains('-'), "{id}: {found}"),
                _ => assert_eq!(found, text(expected), "{id}: {key}"),
            }
            assert!(report["origin"][key].is_string(), "{id}: where is {key} from?");
        }
        assert_eq!(report["endpoints"]["audit"], expect["audit_endpoint"], "{id}");
        assert_eq!(text(&report["profile"]["auth"]), expect["auth"].as_str().unwrap_or("api_key"), "{id}");
        if let Some(name) = expect["profile_name"].as_str() {
            assert_eq!(report["profile"]["profile"], name, "{id}");
        }
        output.expect(4);
    } else {
        if let Some(invalid) = expect["invalid"].as_object() {
            for (key, fault) in invalid {
                assert_eq!(problems.get(key), Some(fault), "{id}: {key}");
            }
            assert_eq!(problems.len(), invalid.len(), "{id}: {problems:?}");
        }
        assert!(!problems.is_empty(), "{id}");
        output.expect(2);
    }
}

#[test]
fn a_sound_installation_is_told_what_it_can_see() {
    let cloud = Cloud::named("small");
    let report = cloud.run(&["doctor", "-o", "json"]).expect(0).json();
    let checks: Vec<(&str, &str)> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (text(&check["name"]), text(&check["result"])))
        .collect();
    let names = ["clock", "regions", "compartments", "events", "retention"];
    assert_eq!(checks, names.map(|name| (name, "ok")));
    let output = cloud.run(&["doctor"]).expect(0);
    assert!(output.text().contains("3 subscribed, home us-ashburn-1"), "{}", output.text());
}

#[test]
fn what_the_service_refuses_picks_the_exit_code() {
    let skewed = Cloud::named("skewed-clock");
    let output = skewed.run(&["doctor"]).expect(4);
    assert!(output.text().contains("FAIL clock"), "{}", output.text());
    let denied = Cloud::named("all-denied");
    let output = denied.run(&["doctor"]).expect(5);
    assert!(output.text().contains("FAIL events"), "{}", output.text());
}

#[test]
fn offline_asks_nobody() {
    let cloud = Cloud::named("small");
    cloud.run(&["doctor", "--offline"]).expect(0);
    assert_eq!(cloud.fake.counts().requests, 0);
}
