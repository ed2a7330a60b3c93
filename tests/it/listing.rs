//! `auditui regions` and `auditui compartments`: what would be read.

use super::support::{Cloud, assert_polite};

#[test]
fn regions_are_listed_with_their_status() {
    let cloud = Cloud::named("narrow-policy");
    let output = cloud.run(&["regions", "-o", "json"]).expect(3);
    insta::assert_snapshot!("regions_json", output.text());
    let output = cloud.run(&["regions"]).expect(3);
    insta::assert_snapshot!("regions_table", output.text());
    assert!(output.stderr.contains("inspect compartments in tenancy"), "{}", output.stderr);
}

#[test]
fn compartments_are_listed_with_the_root_and_the_deleted() {
    let cloud = Cloud::named("small");
    let listed = cloud.run(&["compartments", "-o", "json"]).expect(0).json();
    let rows = listed.as_array().unwrap();
    let row = |path: &str| rows.iter().find(|row| row["id"] == cloud.ocid(path).as_str()).unwrap().clone();
    assert_eq!(rows.len(), cloud.fake.compartments().len());
    assert_eq!(row("")["parent"], serde_json::Value::Null);
    assert_eq!(row("")["name"], "acme-small");
    assert_eq!(row("prod/prod-db")["parent"], cloud.ocid("prod").as_str());
    assert_eq!(row("prod/prod-db")["path"], "prod/prod-db");
    assert_eq!(row("gone")["lifecycleState"], "DELETED");
    let table = cloud.run(&["compartments"]).expect(0);
    insta::assert_snapshot!("compartments_table", table.text());
    assert_polite(&cloud.fake.requests(), &cloud.fake.ready_regions());
}

#[test]
fn a_narrow_policy_lists_what_is_accessible_and_says_so() {
    let cloud = Cloud::named("narrow-policy");
    let output = cloud.run(&["compartments", "-o", "json"]).expect(3);
    let rows = output.json();
    let names: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"prod") && !names.contains(&"secret"), "{names:?}");
    assert!(output.stderr.starts_with("incomplete: "), "{}", output.stderr);
}

#[test]
fn a_probe_tells_what_the_service_does_and_names_nothing() {
    let cloud = Cloud::named("small");
    let report = cloud.run(&["probe", "-o", "json"]).expect(0).json();
    let answer = |question: &str| {
        let findings = report["findings"].as_array().unwrap();
        let found = findings.iter().find(|finding| finding["question"].as_str().unwrap().contains(question)).unwrap();
        found["answer"].as_str().unwrap().to_owned()
    };
    assert!(answer("on each page").contains(", "), "{report}");
    assert!(["ascending", "none"].contains(&answer("order of").as_str()), "{report}");
    assert_eq!(answer("second 30"), "400 InvalidParameter");
    assert_eq!(answer("was deleted"), "404 NotAuthorizedOrNotFound");
    assert_eq!(answer("not subscribed"), "401 NotAuthenticated");
    let text = cloud.run(&["probe"]).expect(0);
    for named in ["ocid1", "acme", "prod", "us-", "eu-"] {
        assert!(!text.text().contains(named), "{named}: {}", text.text());
    }
}
