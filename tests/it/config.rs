//! `auditui config`, what the files change, and the commands about the program itself.

use std::process::{Command, Stdio};

use super::support::{Cloud, Home};

const FILE: &str = "~/.config/auditui/config.toml";

/// The origin of a setting, and its value.
fn shown(home: &Home, args: &[&str], key: &str) -> (String, String) {
    let rows = home.run(args).expect(0).json();
    let row = rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap();
    let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
    (text("value"), text("origin"))
}

const SHOW: [&str; 4] = ["config", "show", "-o", "json"];

#[test]
fn each_value_comes_from_whoever_comes_first() {
    let mut home = Home::empty();
    let user = home.path(FILE).display().to_string();
    assert_eq!(shown(&home, &SHOW, "tz"), ("utc".into(), "default".into()));
    home.write(FILE, "tz = \"+02:00\"\nprofile = \"FILE\"\n");
    assert_eq!(shown(&home, &SHOW, "tz"), ("+02:00".into(), format!("{user} line 1")));
    assert_eq!(shown(&home, &SHOW, "profile"), ("FILE".into(), format!("{user} line 2")));
    home.set("OCI_CLI_PROFILE", "CLI");
    assert_eq!(shown(&home, &SHOW, "profile"), ("CLI".into(), "environment OCI_CLI_PROFILE".into()));
    home.set("AUDITUI_PROFILE", "OURS");
    assert_eq!(shown(&home, &SHOW, "profile"), ("OURS".into(), "environment AUDITUI_PROFILE".into()));
    let flag = [&SHOW[..], &["--profile", "FLAG"]].concat();
    assert_eq!(shown(&home, &flag, "profile"), ("FLAG".into(), "option --profile".into()));
}

#[test]
fn the_file_is_where_it_is_said_to_be() {
    let mut home = Home::empty();
    assert_eq!(home.run(&["config", "path"]).expect(0).text().trim(), home.path(FILE).display().to_string());
    home.set("XDG_CONFIG_HOME", home.path("xdg").display().to_string());
    let xdg = home.path("xdg/auditui/config.toml").display().to_string();
    assert_eq!(home.run(&["config", "path"]).expect(0).text().trim(), xdg);
    home.set("AUDITUI_CONFIG", "/elsewhere.toml");
    assert_eq!(home.run(&["config", "path"]).expect(0).text().trim(), "/elsewhere.toml");
    assert_eq!(home.run(&["config", "path", "--tool-config", "/a.toml"]).expect(0).text().trim(), "/a.toml");
    let missing = home.run(&["config", "check", "--tool-config", "/a.toml"]).expect(2);
    assert!(missing.text().contains("error: /a.toml: cannot be read"), "{}", missing.text());
}

#[test]
fn a_file_to_begin_with_is_written_once_and_for_its_owner_alone() {
    let home = Home::empty();
    assert!(home.run(&["config", "check"]).expect(0).text().contains("not there, which is fine"));
    home.run(&["config", "check", "--write-default"]).expect(0);
    let text = std::fs::read_to_string(home.path(FILE)).unwrap();
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#') || line == "[keys]"), "{text}");
    #[cfg(unix)]
    for (path, mode) in [(FILE, 0o600), ("~/.config/auditui", 0o700)] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(home.path(path).metadata().unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
    home.write(FILE, "ascii = true\n");
    let again = home.run(&["config", "check", "--write-default"]).expect(2);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(home.path(FILE)).unwrap(), "ascii = true\n");
    home.run(&["config", "check"]).expect(0);
}

#[test]
fn everything_wrong_in_a_file_is_told_with_its_line() {
    let home = Home::empty();
    let text = "thme = \"light\"\npadding = \"much\"\ntheme = \"lihgt\"\ntime = \"sometimes\"\nauth = \"guess\"\n\
                [keys]\npreset = \"k9\"\n[keys.list]\n\"ctrl-d\" = \"page-dwn\"\n\"<esc>\" = false\n[keys.lst]\n\"x\" = false\n";
    home.write(FILE, text);
    let told = home.run(&["config", "check"]).expect(2).text().replace(&home.path("").display().to_string(), "HOME/");
    insta::assert_snapshot!("config_check", told);
    home.write(FILE, "thme = \"light\"\n");
    assert!(home.run(&["config", "check"]).expect(0).text().contains("did you mean `theme`?"));
}

#[test]
fn a_broken_file_stops_what_asks_a_tenancy_and_nothing_else() {
    let cloud = Cloud::named("small");
    let broken = cloud.home.path("broken.toml");
    std::fs::write(&broken, "profile = \"OTHER\nregion = []\n").unwrap();
    let named = ["--tool-config", broken.to_str().unwrap()];
    let refused = cloud.run(&[&["regions"][..], &named].concat()).expect(2);
    assert!(refused.stderr.contains("broken.toml line 1") && refused.stderr.contains("--tool-config /dev/null"));
    assert_eq!(cloud.fake.counts().requests, 0);
    cloud.run(&["regions", "--tool-config", "/dev/null"]).expect(0);
    cloud.run(&[&["config", "check"][..], &named].concat()).expect(2);
    cloud.run(&[&["config", "path"][..], &named].concat()).expect(0);
}

#[test]
fn regions_of_the_file_narrow_an_export_which_says_so() {
    let cloud = Cloud::named("small");
    let file = cloud.home.path("narrow.toml");
    std::fs::write(&file, "region = \"iad\"\n").unwrap();
    let named = ["--tool-config", file.to_str().unwrap()];
    let narrowed = cloud.export(&named);
    assert!(
        narrowed.stderr.contains("export: region iad: ") && narrowed.stderr.contains("line 1"),
        "{}",
        narrowed.stderr
    );
    let regions: std::collections::BTreeSet<String> =
        cloud.cells_asked().into_iter().map(|(region, _)| region).collect();
    assert_eq!(regions.into_iter().collect::<Vec<_>>(), ["us-ashburn-1"]);
}

#[test]
fn a_project_may_say_keys_and_no_more() {
    let home = Home::empty();
    home.write("~/work/.auditui.toml", "profile = \"THEIRS\"\n[keys]\npreset = \"lnav\"\n");
    let mut command = home.command(&SHOW);
    command.current_dir(home.path("work"));
    let output = home.finish(command.spawn().unwrap()).expect(0);
    assert!(output.stderr.contains("`profile` has no effect in a project's file"), "{}", output.stderr);
    let rows = output.json();
    let row = |key: &str| rows.as_array().unwrap().iter().find(|row| row["key"] == key).unwrap().clone();
    assert_eq!((row("profile")["value"].as_str(), row("keys.preset")["value"].as_str()), (None, Some("lnav")));
    assert_eq!(row("keys.preset")["origin"], ".auditui.toml line 3");
}

#[test]
fn switches_are_set_by_variables_as_people_write_them() {
    for (value, expected) in [("1", "1"), ("true", "true"), ("no", "no")] {
        let mut home = Home::empty();
        home.set("AUDITUI_ASCII", value);
        assert_eq!(shown(&home, &SHOW, "ascii"), (expected.into(), "environment AUDITUI_ASCII".into()));
    }
}

#[test]
fn addresses_are_shown_without_their_passwords() {
    let mut home = Home::empty();
    home.keep_secret("hunter2");
    home.set("AUDITUI_ENDPOINT", "http://jo:hunter2@127.0.0.1:1/");
    assert_eq!(shown(&home, &SHOW, "endpoint").0, "http://…@127.0.0.1:1/");
}

#[test]
fn completions_can_be_read_by_the_shell() {
    let home = Home::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = home.run(&["completions", shell]).expect(0);
        assert!(output.text().contains("--tool-config") || output.text().contains("tool-config"), "{shell}");
    }
    let script = home.path("auditui.bash");
    std::fs::write(&script, home.run(&["completions", "bash"]).expect(0).text()).unwrap();
    // Where there is no bash there is nobody to complain.
    if let Ok(checked) = Command::new("bash").arg("-n").arg(&script).output() {
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}

#[test]
fn the_manual_names_every_command_and_option() {
    let page = Home::empty().run(&["man"]).expect(0);
    let page = page.text().replace('\\', "");
    for word in [".TH auditui 1", "AUDITUI EXPORT", "AUDITUI CONFIG", "--tool-config", "--settle", "Exit codes"] {
        assert!(page.contains(word), "{word}");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_reason_to_complain() {
    let home = Home::empty();
    for args in [&["completions", "bash"][..], &["man"], &["config", "show"], &["config", "check"], &["--help"]] {
        let mut command = home.command(args);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        command.stdout(Stdio::from(writer));
        let output = home.finish(command.spawn().unwrap());
        let complaints: Vec<&str> = output.stderr.lines().filter(|line| !line.contains("OCI configuration")).collect();
        assert!(complaints.is_empty(), "{args:?}: {complaints:?}");
    }
}

#[test]
fn the_query_of_another_tool_is_answered_with_ours() {
    let refused = Home::empty().run(&["export", "--query", "data[]"]).expect(2);
    assert!(refused.stderr.contains("JMESPath") && refused.stderr.contains("-Q"), "{}", refused.stderr);
}

#[test]
fn without_a_terminal_there_is_help_and_no_screen() {
    let output = Home::empty().run(&[]).expect(2);
    assert!(output.stdout.is_empty());
    assert!(output.stderr.contains("Usage:") && output.stderr.contains("the explorer needs a terminal"));
}
