use super::*;

const LITTLE: &str = r#"
about = "x"
seed = 1
[tenancy]
name = "acme"
home = "us-ashburn-1"
user = "auditor@acme.com"
[[regions]]
name = "us-ashburn-1"
[[compartments]]
path = "prod"
[events]
per_day = 100
"#;

fn problem(change: impl FnOnce(String) -> String) -> String {
    Scenario::parse(&change(LITTLE.to_owned())).unwrap_err().to_string()
}

#[test]
fn every_embedded_scenario_is_valid() {
    for (name, text) in EMBEDDED {
        if let Err(error) = Scenario::parse(text) {
            panic!("{name}: {error}");
        }
        assert!(Scenario::named(name).is_some());
    }
    assert!(Scenario::named("demo.toml").is_some(), "the file's name will do");
    assert!(Scenario::named("nonsense").is_none());
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    let text = problem(|text| text.replace("seed = 1", "seed = 1\nsede = 2"));
    assert!(text.contains("line 4") && text.contains("sede"), "{text}");
}

#[test]
fn a_wrong_value_is_named_with_its_line_and_key() {
    let cases: [(&str, &str, &[&str]); 7] = [
        ("name = \"us-ashburn-1\"", "name = \"us-atlantis-1\"", &["line 9", "regions.name", "us-atlantis-1"]),
        ("home = \"us-ashburn-1\"", "home = \"uk-london-1\"", &["line 6", "tenancy.home", "uk-london-1"]),
        ("path = \"prod\"", "path = \"prod/app\"", &["line 11", "compartments.path", "parent"]),
        ("per_day = 100", "per_day = 100\nexactly = 3", &["line 12", "either"]),
        ("per_day = 100", "per_day = 100\npage_size = 0", &["events", "page_size"]),
        ("per_day = 100", "per_day = 100\n[[faults]]\nkind = \"status\"\nshare = 1.5", &["faults.share"]),
        ("per_day = 100", "per_day = 100\n[[faults]]\nkind = \"statsu\"", &["line 15", "statsu"]),
    ];
    for (from, to, expected) in cases {
        let text = problem(|text| text.replace(from, to));
        for phrase in expected {
            assert!(text.contains(phrase), "{phrase} not in: {text}");
        }
    }
}

#[test]
fn a_compartment_may_not_stand_twice() {
    let text = problem(|text| text.replace("path = \"prod\"", "path = \"prod\"\n[[compartments]]\npath = \"prod\""));
    assert!(text.contains("line 13") && text.contains("twice"), "{text}");
}

#[test]
fn a_grid_fills_up_what_is_written_out() {
    let grid = |text: &str| LITTLE.replace("[events]", &format!("[grid]\n{text}\n[events]"));
    let scenario = Scenario::parse(&grid("regions = 3\ncompartments = 25")).unwrap();
    let tenancy = crate::fake_oci::tenancy::Tenancy::of(&scenario);
    assert_eq!((tenancy.regions.len(), tenancy.compartments.len()), (3, 25));
    assert_eq!(tenancy.regions[tenancy.home()].name, "us-ashburn-1");
    assert!(tenancy.compartments.iter().any(|compartment| compartment.path == "team-02/app-2"));
    let large = crate::fake_oci::tenancy::Tenancy::of(&Scenario::named("large").unwrap());
    assert_eq!(large.cells().count(), 20_000);
    let error = Scenario::parse(&grid("regions = 300\ncompartments = 1")).unwrap_err().to_string();
    assert!(error.contains("grid.regions") && error.contains("commercial"), "{error}");
}

#[test]
fn a_missing_file_says_its_path() {
    let text = Scenario::load(Path::new("/nowhere/x.toml")).unwrap_err().to_string();
    assert!(text.contains("/nowhere/x.toml"), "{text}");
}
