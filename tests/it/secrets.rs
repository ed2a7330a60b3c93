//! Canaries: secrets that stand wherever secrets can stand, looked for in everything that comes out.
//!
//! The search is that of `support`, which every other test passes through as well.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use auditui::fake_oci::Gate;

use super::interruption::send;
use super::support::{Cloud, Output, rfc3339, scenario_but};

const PHRASE: &str = "canary-of-the-pass-phrase";
const PROXY: &str = "canary-of-the-proxy";

/// Everything that a run may not tell, in every place at once.
fn aviary(scenario: &str) -> Cloud {
    let mut cloud = Cloud::of(scenario_but(scenario, "[events]", "[tokens]\ncalls = 30\n\n[events]"));
    let sign_ins = cloud.fake.write_home(&cloud.home.path(".oci")).unwrap();
    cloud.fake.write_sign_ins(&sign_ins).unwrap();
    for file in ["session-token", "delegation-token", "rpst"] {
        let token = std::fs::read_to_string(cloud.home.path(&format!(".oci/{file}"))).unwrap();
        cloud.home.keep_secret(&token);
    }
    let config = std::fs::read_to_string(&sign_ins.config).unwrap();
    cloud.home.write("~/.oci/config", &config.replace("[DEFAULT]\n", &format!("[DEFAULT]\npass_phrase={PHRASE}\n")));
    cloud.home.keep_secret(PHRASE);
    cloud.home.keep_secret(PROXY);
    cloud.home.set("OCI_CLI_PASSPHRASE", PHRASE);
    cloud.home.set("HTTPS_PROXY", format!("http://jo:{PROXY}@127.0.0.1:9"));
    cloud.home.set("AUDITUI_PROXY", format!("http://jo:{PROXY}@127.0.0.1:9"));
    let metadata = cloud.fake.metadata_base();
    cloud.home.set("OCI_METADATA_BASE_URL", metadata);
    cloud
}

/// Every command, as each of those who may sign; the home searches what they write.
fn run_everything(cloud: &Cloud) {
    let [from, until] = cloud.range().map(rfc3339);
    let out = cloud.home.path("out/day.jsonl").display().to_string();
    std::fs::create_dir_all(cloud.home.path("out")).unwrap();
    let commands: [&[&str]; 9] = [
        &["regions"],
        &["compartments", "-o", "json"],
        &["doctor"],
        &["doctor", "-o", "json"],
        &["export", "--since", &from, "--until", &until, "--output-file", &out, "--meta", "--stats"],
        &["export", "--since", &from, "--until", &until, "-o", "table", "--progress", "json"],
        &["coverage", "--since", &from, "--until", &until, "-o", "json"],
        &["count", "--since", &from, "--until", &until, "--by", "user", "--progress", "plain"],
        &["export", "--since", &from, "--until", &until, "--plan"],
    ];
    for identity in [&[][..], &["--profile", "SESSION"]] {
        for command in commands {
            cloud.run(&[command, identity].concat());
        }
    }
    // These take a while to sign in.
    for identity in [["--profile", "CLOUD-SHELL"], ["--auth", "instance_principal"]] {
        for command in [commands[3], commands[4]] {
            cloud.run(&[command, &identity].concat());
        }
    }
    for unusual in [&["--help"][..], &["export", "--help"], &["--version"], &["--proxy"], &["export", "--nonsense"]] {
        cloud.run(unusual);
    }
}

#[test]
fn no_canary_sings() {
    run_everything(&aviary("small"));
}

#[test]
fn none_sings_when_nothing_works_either() {
    let revoked = aviary("small");
    revoked.fake.revoke_tokens();
    for cloud in [aviary("skewed-clock"), aviary("all-denied"), revoked] {
        let [from, until] = cloud.range().map(rfc3339);
        for identity in [["--profile", "SESSION"], ["--profile", "CLOUD-SHELL"]] {
            for command in [&["doctor"][..], &["export", "--since", &from, "--until", &until, "--progress", "json"]] {
                cloud.run(&[command, &identity].concat());
            }
        }
    }
}

/// What finds canaries finds them: on either output, and in files, packed ones as well.
#[test]
fn a_canary_that_sings_is_heard() {
    let heard = |way: &dyn Fn(&mut super::support::Home)| {
        let mut home = super::support::Home::empty();
        home.keep_secret(PHRASE);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || way(&mut home))).is_err()
    };
    assert!(heard(&|home| drop(home.shell(&format!("echo {PHRASE}")))));
    assert!(heard(&|home| drop(home.shell(&format!("echo a {PHRASE} b >&2")))));
    for left in ["cat >left", "gzip >left.gz", "cat >.left", "mkdir below && cat >below/left"] {
        let line = format!("cd ~ && echo {PHRASE} | ({left})");
        assert!(heard(&|home| assert_eq!(home.shell(&line).code, Some(0))), "{left}");
    }
    assert!(!heard(&|home| drop(home.shell("echo nothing >~/left"))));
}

/// A service that quotes the token that it does not like.
#[test]
fn a_token_that_is_quoted_back_is_not_told() {
    let quoting = "[[faults]]\nkind = \"status\"\nstatus = 400\ncode = \"InvalidParameter\"\n\
                   message = \"bad token eyJraWQiOiJhYmMiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvY2lkMSJ9.c2ln\"";
    let cloud = Cloud::of(scenario_but("small", "[events]", &format!("{quoting}\n\n[events]")));
    let output: Output = cloud.run(&["regions"]).expect(1);
    assert!(output.stderr.contains("bad token [redacted]"), "{}", output.stderr);
}

#[test]
fn secrets_are_taken_from_no_argument() {
    let cloud = Cloud::named("small");
    for option in ["--pass-phrase", "--passphrase", "--token", "--key"] {
        cloud.run(&["regions", option, "x"]).expect(2);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_crash_leaves_no_copy_of_the_memory() {
    let cloud = Cloud::named("small");
    cloud.fake.hold(Gate::all());
    let [from, until] = cloud.range().map(rfc3339);
    let child = cloud.home.command(&["export", "--since", &from, "--until", &until]).spawn().unwrap();
    cloud.wait_parked(1);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    send("INT", &child);
    cloud.home.finish(child);
}

/// Without an override the only hosts are Oracle's, of this region and realm; a proxy that lets nobody through sees which.
#[test]
fn only_hosts_of_oracle_are_asked() {
    let mut cloud = Cloud::named("small");
    cloud.home.write("~/.oci/token", &cloud.fake.new_session(10));
    let config = std::fs::read_to_string(cloud.home.path(".oci/config")).unwrap();
    cloud.home.write("~/.oci/config", &format!("{config}\n[S]\nsecurity_token_file=~/.oci/token\n"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    cloud.home.set("HTTPS_PROXY", format!("http://{}", listener.local_addr().unwrap()));
    cloud.home.unset("AUDITUI_ENDPOINT");
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let log = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut head) = (stream.unwrap(), [0; 4_096]);
            let length = stream.read(&mut head).unwrap();
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            log.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
            stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").unwrap();
        }
    });
    cloud.run(&["doctor"]).expect(1);
    cloud.run(&["doctor", "--profile", "S"]).expect(1);
    let mut asked = asked.lock().unwrap().clone();
    asked.sort();
    asked.dedup();
    let hosts = [
        "audit.us-ashburn-1.oraclecloud.com",
        "auth.us-ashburn-1.oraclecloud.com",
        "identity.us-ashburn-1.oci.oraclecloud.com",
    ];
    assert_eq!(asked, hosts.map(|host| format!("CONNECT {host}:443 HTTP/1.1")));
    assert_eq!(cloud.fake.counts().requests, 0);
}
