use super::*;
use serde_json::Value;
use tempfile::TempDir;

/// A home directory made for one case of `tests/fixtures/config-cases.json`, which says of itself how it was made.
struct Home(TempDir);

impl Home {
    fn new(files: &Value) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        for (path, content) in files.as_object().unwrap() {
            home.write(path, content.as_str().unwrap());
        }
        home
    }

    fn with_config(config: &str) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write("~/.oci/config", config);
        home.write("~/.oci/k.pem", "no key");
        home
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path.strip_prefix("~/").unwrap_or(path))
    }

    fn put_in(&self, text: &str) -> String {
        let home = self.0.path().display().to_string();
        let text = text.replace("{HOME}", &home);
        text.strip_prefix("~/").map_or(text.clone(), |rest| format!("{home}/{rest}"))
    }

    fn options(&self, env: &[(&str, &str)]) -> ProfileOptions {
        let home = self.0.path().display().to_string();
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), value.replace("{HOME}", &home)));
        ProfileOptions { env: env.chain([("HOME".to_owned(), home.clone())]).collect(), ..ProfileOptions::default() }
    }

    fn resolve(&self, env: &[(&str, &str)]) -> Settings {
        resolve(&self.options(env)).unwrap()
    }
}

const CONFIG: &str = "[DEFAULT]\nuser=ocid1.user.oc1..u\nfingerprint=20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34\n\
                      key_file=~/.oci/k.pem\ntenancy=ocid1.tenancy.oc1..t\nregion=us-ashburn-1\n";

#[test]
fn every_case_of_the_sdk_and_the_cli_holds() {
    let cases: Value = serde_json::from_str(include_str!("../../tests/fixtures/config-cases.json")).unwrap();
    for case in cases["cases"].as_array().unwrap() {
        let home = Home::new(&case["files"]);
        let env: Vec<_> =
            case["env"].as_object().unwrap().iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())).collect();
        let argument = |name: &str| case["args"][name].as_str();
        let options = ProfileOptions {
            config_file: argument("file_location").map(PathBuf::from),
            profile: argument("profile_name").map(str::to_owned),
            // The SDK knows no session tokens by itself.
            auth: (case["layer"] == "sdk").then_some(AuthKind::ApiKey),
            ..home.options(&env)
        };
        check(case, &home, resolve(&options).ok());
    }
}

fn check(case: &Value, home: &Home, settings: Option<Settings>) {
    let (id, expect) = (&case["id"], &case["expect"]);
    let problems = |settings: &Settings| {
        settings.problems.iter().map(|problem| (problem.key, problem.problem)).collect::<Vec<_>>()
    };
    if case["sdk_quirk"] == true {
        // The one such case: a comment behind the region, which the SDK takes for a part of it.
        assert_eq!(problems(&settings.unwrap()), [("region", Fault::Malformed)], "{id}");
    } else if expect["ok"] == true {
        let settings = settings.unwrap();
        assert!(settings.problems.is_empty(), "{id}: {:?}", settings.problems);
        values(case, home, &settings);
    } else if expect["stage"] == "validate" {
        let mut found: Vec<_> = settings
            .unwrap()
            .problems
            .iter()
            .map(|p| (p.key.to_owned(), serde_json::to_value(p.problem).unwrap()))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let expected: Vec<_> =
            expect["invalid"].as_object().unwrap().iter().map(|(key, fault)| (key.clone(), fault.clone())).collect();
        assert_eq!(found, expected, "{id}");
    } else {
        assert!(settings.is_none_or(|settings| !settings.problems.is_empty()), "{id}");
    }
}

fn values(case: &Value, home: &Home, settings: &Settings) {
    let Settings { values, passphrase, .. } = settings;
    for (key, expected) in case["expect"]["profile"].as_object().unwrap() {
        let expected = expected.as_str().unwrap().to_owned();
        let (found, expected) = match key.as_str() {
            "tenancy" => (values.tenancy.clone(), expected),
            "user" => (values.user.clone(), expected),
            "fingerprint" => (values.fingerprint.clone(), expected),
            // Expanded and resolved.
            "key_file" => (values.key_file.as_ref().map(|path| path.display().to_string()), home.put_in(&expected)),
            "region" => (values.region.clone(), Regions::default().resolve(&expected).unwrap().to_string()),
            "pass_phrase" => {
                use secrecy::ExposeSecret;
                (passphrase.as_ref().map(|secret| secret.expose_secret().to_owned()), expected)
            }
            other => panic!("{other}"),
        };
        assert_eq!(found.as_ref(), Some(&expected), "{}: {key}", case["id"]);
    }
    let endpoint = settings.endpoint(None, super::super::Service::Audit);
    assert_eq!(endpoint.as_deref(), case["expect"]["audit_endpoint"].as_str(), "{}", case["id"]);
    assert_eq!(values.auth.as_str(), case["expect"]["auth"].as_str().unwrap_or("api_key"));
    if let Some(name) = case["expect"]["profile_name"].as_str() {
        assert_eq!(settings.profile_name, name, "{}", case["id"]);
    }
}

#[test]
fn every_value_says_where_it_came_from() {
    let home = Home::with_config(&format!("{CONFIG}[dev]\nregion=eu-frankfurt-1\n"));
    let options =
        ProfileOptions { profile: Some("dev".to_owned()), ..home.options(&[("OCI_CLI_USER", "ocid1.user.oc1..v")]) };
    let origins = resolve(&options).unwrap().origins;
    let config = home.path("~/.oci/config").display().to_string();
    assert_eq!(origins["tenancy"], format!("DEFAULT in {config}"));
    assert_eq!(origins["region"], format!("profile dev in {config}"));
    assert_eq!(origins["user"], "environment OCI_CLI_USER");
    assert_eq!(origins["profile"], "option --profile");
    let options = ProfileOptions { region: Some("PHX".to_owned()), ..options };
    let settings = resolve(&options).unwrap();
    assert_eq!(settings.origins["region"], "option --region");
    assert_eq!(settings.values.region.unwrap(), "us-phoenix-1");
}

#[test]
fn profiles_are_chosen_in_order() {
    let home = Home::with_config(&format!("{CONFIG}[a]\n[b]\n[c]\n[d]\n"));
    home.write("~/.oci/oci_cli_rc", "[OCI_CLI_SETTINGS]\ndefault_profile=d\n");
    let chosen = |env: &[(&str, &str)]| home.resolve(env).profile_name;
    assert_eq!(chosen(&[]), "d");
    assert_eq!(chosen(&[("OCI_CONFIG_PROFILE", "c")]), "c");
    assert_eq!(chosen(&[("OCI_CONFIG_PROFILE", "c"), ("OCI_CLI_PROFILE", "b")]), "b");
    let options = ProfileOptions { profile: Some("a".to_owned()), ..home.options(&[("OCI_CLI_PROFILE", "b")]) };
    assert_eq!(resolve(&options).unwrap().profile_name, "a");
}

#[test]
fn session_profiles_are_recognised_by_their_token_file() {
    let config = CONFIG.replace("user=ocid1.user.oc1..u\n", "security_token_file=~/.oci/token\n");
    let home = Home::with_config(&config);
    home.write("~/.oci/token", "x.y.z\n");
    let settings = home.resolve(&[]);
    assert_eq!((settings.values.auth, settings.problems.len()), (AuthKind::SecurityToken, 0));
    let forced = ProfileOptions { auth: Some(AuthKind::ApiKey), ..home.options(&[]) };
    let forced = resolve(&forced).unwrap();
    assert_eq!((forced.values.auth, forced.problems[0].key), (AuthKind::ApiKey, "user"));
    assert_eq!(home.resolve(&[("OCI_CLI_AUTH", "api_key")]).values.auth, AuthKind::ApiKey);
    std::fs::remove_file(home.path("~/.oci/token")).unwrap();
    assert_eq!(home.resolve(&[]).problems[0].key, "security_token_file");
}

#[test]
fn other_ways_to_sign_are_named_as_unsupported() {
    let home = Home::with_config(&format!("{CONFIG}authentication_type=magic\n"));
    assert_eq!(home.resolve(&[]).problems[0].problem, Fault::Unsupported);
    let home = Home::with_config(CONFIG);
    let settings = home.resolve(&[("OCI_CLI_AUTH", "pkcs11")]);
    assert!(settings.problems[0].message.contains("pkcs11"));
    assert!(settings.problems[0].message.contains("instance_obo_user"), "{}", settings.problems[0].message);
}

#[test]
fn cloud_shell_is_recognised_by_its_variables_and_by_its_profile() {
    let home = Home::with_config(
        "[eu-frankfurt-1]\nauthentication_type=instance_principal\ndelegation_token_file=~/.oci/token\n\
         tenancy=ocid1.tenancy.oc1..t\nregion=eu-frankfurt-1\n",
    );
    home.write("~/.oci/token", "x.y.z");
    let profile = ("OCI_CLI_PROFILE", "eu-frankfurt-1");
    for env in [&[profile][..], &[profile, ("OCI_CLI_AUTH", "instance_obo_user")]] {
        let settings = home.resolve(env);
        assert_eq!((settings.values.auth, settings.problems.len()), (AuthKind::InstanceOboUser, 0));
        assert_eq!(settings.values.delegation_token_file, Some(home.path("~/.oci/token")));
        assert_eq!(settings.values.region.as_deref(), Some("eu-frankfurt-1"));
    }
    std::fs::remove_file(home.path("~/.oci/token")).unwrap();
    assert_eq!(home.resolve(&[profile]).problems[0].key, "delegation_token_file");
}

#[test]
fn where_the_place_signs_no_file_is_looked_for() {
    let options = |env: &[(&str, &str)]| ProfileOptions {
        env: env.iter().copied().collect(),
        profile: Some("PROD".to_owned()),
        ..ProfileOptions::default()
    };
    let settings = resolve(&options(&[("OCI_CLI_AUTH", "instance_principal")])).unwrap();
    assert_eq!((settings.values.auth, settings.problems.len()), (AuthKind::InstancePrincipal, 0));
    assert!(settings.warnings[0].contains("--profile is not looked at"), "{:?}", settings.warnings);
    assert_eq!(settings.profile_name, "instance_principal");
    let with_region = [("OCI_CLI_AUTH", "instance_principal"), ("OCI_CLI_REGION", "fra")];
    assert_eq!(resolve(&options(&with_region)).unwrap().values.region.as_deref(), Some("eu-frankfurt-1"));
}

#[test]
fn ocids_of_other_things_and_regions_of_other_realms_are_named_before_any_request() {
    for (from, to, key) in [
        ("user=ocid1.user.oc1..u", "user=ocid1.tenancy.oc1..t", "user"),
        ("tenancy=ocid1.tenancy.oc1..t", "tenancy=ocid1.compartment.oc1..t", "tenancy"),
        ("region=us-ashburn-1", "region=us-langley-1", "region"),
    ] {
        let home = Home::with_config(&CONFIG.replace(from, to));
        let problems = home.resolve(&[]).problems;
        assert_eq!(problems.iter().map(|problem| problem.key).collect::<Vec<_>>(), [key], "{to}");
    }
}

#[test]
fn an_indented_key_is_explained_and_its_value_not_shown() {
    let home = Home::with_config(&CONFIG.replace("region=us-ashburn-1", "region=us-ashburn-1\n  pass_phrase=hunter2"));
    let settings = home.resolve(&[]);
    assert_eq!(settings.problems.len(), 1);
    assert!(settings.problems[0].message.contains("line 7"), "{}", settings.problems[0].message);
    assert_eq!(settings.values.region.as_deref(), Some("us-ashburn-1"));
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn without_a_file_the_first_steps_are_told() {
    let home = Home(tempfile::tempdir().unwrap());
    let problem = resolve(&home.options(&[])).unwrap_err();
    assert_eq!(problem.kind.exit_code(), 2);
    assert!(problem.what.contains(".oci/config"), "{problem}");
    assert!(problem.hint.contains("oci setup config") && problem.hint.contains("--demo"), "{problem}");
    let named = ProfileOptions { config_file: Some("~/nowhere".into()), ..home.options(&[]) };
    let problem = resolve(&named).unwrap_err();
    assert!(problem.what.contains("nowhere") && problem.what.contains("--config-file"), "{problem}");
}

#[test]
fn an_unknown_profile_is_answered_with_those_there_are() {
    let home = Home::with_config("[Dev]\n[prod]\n");
    let options = ProfileOptions { profile: Some("dev".to_owned()), ..home.options(&[]) };
    assert!(resolve(&options).unwrap_err().hint.contains("Dev, prod"));
    let default = home.resolve(&[]);
    assert_eq!(default.problems.len(), 5, "DEFAULT is never unknown, but empty");
    let problem = default.into_profile(None).unwrap_err();
    assert!(problem.hint.contains("Dev, prod"), "{problem}");
}

#[cfg(unix)]
#[test]
fn files_that_others_may_read_are_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with_config(CONFIG);
    let set = |path: &str, mode| {
        std::fs::set_permissions(home.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("~/.oci/config", 0o600);
    set("~/.oci/k.pem", 0o640);
    let warnings = home.resolve(&[]).warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("0640"), "{warnings:?}");
    assert!(home.resolve(&[("OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING", "True")]).warnings.is_empty());
    set("~/.oci/k.pem", 0o400);
    assert!(home.resolve(&[]).warnings.is_empty());
}

#[test]
fn key_files_must_be_files() {
    let home = Home::with_config(&CONFIG.replace("~/.oci/k.pem", "~/.oci"));
    let problem = &home.resolve(&[]).problems[0];
    assert_eq!((problem.key, problem.problem, problem.kind), ("key_file", Fault::Unreadable, ProblemKind::Usage));
}
