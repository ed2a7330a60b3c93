//! What is wrong, and what the doctor says of it: the table of docs/sign-in.md, row by row.

use std::collections::BTreeSet;
use std::net::TcpListener;

use serde_json::Value;

use super::support::{Cloud, Home, Output, scenario_but};
use super::tls::{Authority, behind_tls};

struct Row {
    wrong: String,
    says: String,
    code: i32,
}

fn rows() -> Vec<Row> {
    let text = include_str!("../../docs/sign-in.md");
    let (_, table) = text.split_once("| exit code |\n|---|---|---|\n").unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [wrong, says, code] = cells[..] else { panic!("{line}") };
        let says = says.trim_matches('`').trim().to_owned();
        Row { wrong: wrong.to_owned(), says, code: code.parse().unwrap() }
    };
    table.lines().take_while(|line| line.starts_with('|')).map(row).collect()
}

/// The doctor, over a small cloud whose home was changed.
fn doctor(change: impl FnOnce(&mut Cloud)) -> Output {
    doctor_of(Cloud::named("small"), change)
}

fn doctor_of(mut cloud: Cloud, change: impl FnOnce(&mut Cloud)) -> Output {
    change(&mut cloud);
    cloud.run(&["doctor"])
}

/// The same with a word of the config file replaced.
fn config(from: &str, to: &str) -> Output {
    doctor(|cloud| edit(cloud, from, to))
}

fn edit(cloud: &Cloud, from: &str, to: &str) {
    let text = std::fs::read_to_string(cloud.home.path(".oci/config")).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    cloud.home.write("~/.oci/config", &text.replace(from, to));
}

fn key(name: &str) -> (String, String) {
    let vectors: Value = serde_json::from_str(include_str!("../fixtures/signing-vectors.json")).unwrap();
    let text = |field: &str| vectors["keys"][name][field].as_str().unwrap().to_owned();
    (text("pem"), text("fingerprint"))
}

/// A profile whose key is this one, with its own fingerprint.
fn with_key(name: &str, more: &str) -> Output {
    doctor(|cloud| {
        let (pem, fingerprint) = key(name);
        let known = cloud.fake.credentials().fingerprint;
        edit(cloud, &format!("fingerprint={known}"), &format!("fingerprint={fingerprint}\n{more}"));
        cloud.home.keep_secret(&pem);
        cloud.home.write("~/.oci/oci_api_key.pem", &pem);
    })
}

fn session(cloud: &Cloud, token: &str) {
    cloud.home.write("~/.oci/token", token);
    let config = std::fs::read_to_string(cloud.home.path(".oci/config")).unwrap();
    cloud.home.write("~/.oci/config", &format!("{config}security_token_file=~/.oci/token\n"));
}

fn place(auth: &str, variables: &[(&str, &str)]) -> Output {
    let mut home = Home::empty();
    home.set("OCI_CLI_AUTH", auth);
    for (name, value) in variables {
        home.set(name, *value);
    }
    home.run(&["doctor"])
}

fn instance(cloud: &mut Cloud) {
    let metadata = cloud.fake.metadata_base();
    cloud.home.set("OCI_METADATA_BASE_URL", metadata);
    cloud.home.set("OCI_CLI_AUTH", "instance_principal");
}

fn cloud_shell(cloud: &mut Cloud, token: Option<&str>) {
    instance(cloud);
    cloud.home.set("OCI_CLI_AUTH", "instance_obo_user");
    let config = std::fs::read_to_string(cloud.home.path(".oci/config")).unwrap();
    cloud.home.write("~/.oci/config", &format!("{config}delegation_token_file=~/.oci/obo\n"));
    if let Some(token) = token {
        cloud.home.write("~/.oci/obo", token);
    }
}

fn resource(cloud: &mut Cloud, other: &[(&str, Option<&str>)]) {
    let resource = cloud.fake.new_resource().unwrap();
    for (name, value) in [
        ("OCI_CLI_AUTH", "resource_principal"),
        ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
        ("OCI_RESOURCE_PRINCIPAL_RPST", &resource.token),
        ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", &resource.key_pem),
        ("OCI_RESOURCE_PRINCIPAL_REGION", &resource.region),
    ] {
        cloud.home.set(name, value);
    }
    for (name, value) in other {
        cloud.home.unset(name);
        if let Some(value) = value {
            cloud.home.set(name, *value);
        }
    }
}

/// A pod whose cluster can be asked, or whose loopback has one address alone.
fn pod(spec: &str, change: impl FnOnce(&mut Cloud)) -> Output {
    doctor_of(tokens(spec), |cloud| {
        #[cfg(target_os = "linux")]
        super::sign_in::pod(cloud);
        change(cloud);
    })
}

fn tokens(spec: &str) -> Cloud {
    Cloud::of(scenario_but("small", "[events]", &format!("{spec}\n\n[events]")))
}

/// A port that nobody listens at.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn made_wrong(what: &str) -> Output {
    match what {
        "there is no configuration" => Home::empty().run(&["doctor"]),
        "the profile is not in the file" => Cloud::named("small").run(&["doctor", "--profile", "NOPE"]),
        "a value is not there" => config("user=", "nobody="),
        "an OCID is of something else" => config("user=ocid1.user.", "user=ocid1.tenancy."),
        "the region is of another realm" => config("region=us-ashburn-1", "region=us-langley-1"),
        "the key file is not there" => doctor(|cloud| {
            std::fs::remove_file(cloud.home.path(".oci/oci_api_key.pem")).unwrap();
        }),
        "the key file is a pipe, a device or a directory" => config("oci_api_key.pem", ""),
        "the key file is something else" => doctor(|cloud| cloud.home.write("~/.oci/oci_api_key.pem", "hello")),
        "the key file is far too long" => doctor(|cloud| {
            cloud.home.write("~/.oci/oci_api_key.pem", &"long ".repeat(20_000));
        }),
        "it is the public key" => doctor(|cloud| {
            let public = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n";
            cloud.home.write("~/.oci/oci_api_key.pem", public);
        }),
        "the key is one of OpenSSH" => doctor(|cloud| {
            let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n";
            cloud.home.write("~/.oci/oci_api_key.pem", key);
        }),
        "the key stands in the profile" => config("user=", "key_content=x\nuser="),
        "a line is indented" => config("fingerprint=", "  fingerprint="),
        "a comment stands behind the region" => config("region=us-ashburn-1", "region=us-ashburn-1 # home"),
        "the fingerprint has no form" => config("fingerprint=", "fingerprint=SHA256:"),
        "others may read the key" => doctor(|cloud| {
            let path = cloud.home.path(".oci/oci_api_key.pem");
            std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        }),
        "that way to sign in does not exist" => doctor(|cloud| {
            edit(cloud, "user=", "authentication_type=pkcs11\nuser=");
        }),
        "the key is encrypted and nobody can be asked" => with_key("pkcs8_enc", ""),
        "the pass phrase is wrong" => with_key("pkcs8_enc", "pass_phrase=hunter2"),
        "the fingerprint is of another key" => doctor(|cloud| {
            cloud.home.write("~/.oci/oci_api_key.pem", &key("pkcs8").0);
        }),
        "the key is not uploaded, or for another user" => with_key("pkcs8", ""),
        "the clock is off" => Cloud::named("skewed-clock").run(&["doctor"]),
        "the tenancy is not subscribed to the region" => config("region=us-ashburn-1", "region=uk-london-1"),
        "the session is over" => doctor(|cloud| session(cloud, &cloud.fake.new_session(-60))),
        "the session's token is not there" => doctor(|cloud| {
            session(cloud, "x");
            std::fs::remove_file(cloud.home.path(".oci/token")).unwrap();
        }),
        "the session's token is something else" => doctor(|cloud| session(cloud, "no token at all")),
        "the session cannot be renewed any more" => {
            doctor_of(tokens("[tokens]\ncalls = 0\nrefuse_after = 0"), |cloud| {
                session(cloud, &cloud.fake.new_session(3_000));
            })
        }
        "the session was ended by somebody" => doctor(|cloud| {
            session(cloud, &cloud.fake.new_session(3_000));
            cloud.fake.revoke_tokens();
        }),
        "it runs on no instance" => {
            place("instance_principal", &[("OCI_METADATA_BASE_URL", &format!("http://{}", nobody()))])
        }
        "the metadata service is far away" => {
            place("instance_principal", &[("OCI_METADATA_BASE_URL", "http://metadata.example/opc/v2")])
        }
        "the auth service is called in the open" => place(
            "instance_principal",
            &[("OCI_METADATA_BASE_URL", "http://127.0.0.1:9"), ("OCI_CLI_FEDERATION_ENDPOINT", "http://auth.example/")],
        ),
        "the auth service is down" => {
            doctor_of(tokens("[[faults]]\nservice = \"auth\"\nkind = \"status\"\nstatus = 503"), instance)
        }
        "the instance gets no token" => doctor_of(tokens("[tokens]\nrefuse_after = 0"), instance),
        "it runs in no function" => place("resource_principal", &[]),
        "the function is of another version" => {
            place("resource_principal", &[("OCI_RESOURCE_PRINCIPAL_VERSION", "1.1")])
        }
        "the function's token is over" => doctor_of(tokens("[tokens]\nseconds = -60"), |cloud| resource(cloud, &[])),
        "the function has no token" => doctor(|cloud| resource(cloud, &[("OCI_RESOURCE_PRINCIPAL_RPST", None)])),
        "the function's region is not said" => {
            doctor(|cloud| resource(cloud, &[("OCI_RESOURCE_PRINCIPAL_REGION", None)]))
        }
        "the function's key is gone" => {
            doctor(|cloud| resource(cloud, &[("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", Some("/nowhere/key.pem"))]))
        }
        "it runs in no pod" => place("oke_workload_identity", &[("OCI_RESOURCE_PRINCIPAL_REGION", "iad")]),
        "the pod has no service account" => place(
            "oke_workload_identity",
            &[("OCI_RESOURCE_PRINCIPAL_REGION", "iad"), ("KUBERNETES_SERVICE_HOST", "127.0.0.1")],
        ),
        "the cluster is a basic one" => pod("[tokens]\nrefuse_after = 0", |_| {}),
        "the cluster takes another service account" => pod("", |cloud| cloud.home.write("account", "a.b.c")),
        "the pod trusts another authority" => pod("", |cloud| {
            cloud.home.write("ca.crt", &Authority::new().pem());
        }),
        "Cloud Shell has no delegation token" => doctor(|cloud| cloud_shell(cloud, None)),
        "Cloud Shell's token is over" => doctor(|cloud| cloud_shell(cloud, Some("x.y.z"))),
        "nothing may be read" => Cloud::named("all-denied").run(&["doctor"]),
        "an instance may read nothing" => doctor_of(Cloud::named("all-denied"), instance),
        "TLS is opened on the way" => doctor(|cloud| {
            let port = behind_tls(cloud, Authority::new().server("localhost", false));
            cloud.home.set("AUDITUI_ENDPOINT", format!("https://localhost:{port}/{{service}}/{{region}}"));
        }),
        "the certificates to trust are not there" => {
            Cloud::named("small").run(&["doctor", "--cert-bundle", "/nowhere/ca.pem"])
        }
        "the proxy has no address" => doctor(|cloud| cloud.home.set("HTTPS_PROXY", "socks5://proxy.example")),
        "the proxy wants a login" => doctor(|cloud| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            cloud.home.set("HTTPS_PROXY", format!("http://{}", listener.local_addr().unwrap()));
            cloud.home.set("AUDITUI_ENDPOINT", "https://cloud.example/{service}/{region}");
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
                    let mut stream = stream.unwrap();
                    std::io::Read::read(&mut stream, &mut [0; 4_096]).unwrap();
                    std::io::Write::write_all(&mut stream, refusal).unwrap();
                }
            });
        }),
        "nobody answers" => doctor(|cloud| {
            cloud.home.set("AUDITUI_ENDPOINT", format!("http://{}/{{service}}/{{region}}", nobody()));
        }),
        "a network wants a sign-in of its own" => {
            doctor_of(tokens("[[faults]]\nkind = \"redirect\"\nstatus = 302"), |_| {})
        }
        other => panic!("`{other}` is in the table, but not here"),
    }
}

#[test]
fn every_row_of_the_table_is_true() {
    let rows = rows();
    assert_eq!(rows.len(), 54);
    assert_eq!(rows.iter().map(|row| &row.says).collect::<BTreeSet<_>>().len(), rows.len(), "each says its own");
    let mut wrong = Vec::new();
    // Elsewhere a host has one address on loopback, so no cluster can be had.
    let possible = |row: &Row| {
        cfg!(target_os = "linux") || !["cluster", "another authority"].iter().any(|word| row.wrong.contains(word))
    };
    for row in rows.into_iter().filter(possible) {
        let output = made_wrong(&row.wrong);
        let told = format!("{}{}", output.text(), output.stderr);
        if !told.contains(&row.says) || output.code != Some(row.code) {
            wrong.push(format!("{}: {:?}, not {}, or not `{}`:\n{told}", row.wrong, output.code, row.code, row.says));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
