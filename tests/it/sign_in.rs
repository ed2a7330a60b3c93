//! Every way to sign in, end to end, and tokens that end in the middle of the work.

use auditui::fake_oci::{Gate, RequestRecord};

use super::interruption::send;
use super::support::{Cloud, Home, assert_polite, assert_same_events, rfc3339, scenario_but};

/// A cloud with `more` in its scenario, and a home that holds nothing but the way there.
fn elsewhere(more: &str) -> Cloud {
    let mut cloud = Cloud::of(scenario_but("small", "[events]", &format!("{more}\n\n[events]")));
    std::fs::remove_dir_all(cloud.home.path(".oci")).unwrap();
    let metadata = cloud.fake.metadata_base();
    cloud.home.set("OCI_METADATA_BASE_URL", metadata);
    // Nobody listens there: what stays on this machine never goes through a proxy.
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        cloud.home.set(name, "http://127.0.0.1:9");
    }
    cloud
}

fn instance(more: &str) -> Cloud {
    let mut cloud = elsewhere(more);
    cloud.home.set("OCI_CLI_AUTH", "instance_principal");
    cloud
}

fn session(more: &str) -> Cloud {
    let cloud = Cloud::of(scenario_but("small", "[events]", &format!("{more}\n\n[events]")));
    cloud.home.write("~/.oci/token", &cloud.fake.new_session(3_600));
    let config = std::fs::read_to_string(cloud.home.path(".oci/config")).unwrap();
    cloud.home.write("~/.oci/config", &format!("{config}security_token_file=~/.oci/token\n"));
    cloud
}

fn resource(cloud: &mut Cloud) {
    renew_resource(cloud);
    let directory = cloud.home.path("").display().to_string();
    for (name, value) in [
        ("OCI_CLI_AUTH", "resource_principal"),
        ("OCI_RESOURCE_PRINCIPAL_VERSION", "2.2"),
        ("OCI_RESOURCE_PRINCIPAL_RPST", &format!("{directory}/rpst")),
        ("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", &format!("{directory}/pem")),
        ("OCI_RESOURCE_PRINCIPAL_REGION", "iad"),
    ] {
        cloud.home.set(name, value);
    }
}

fn renew_resource(cloud: &Cloud) {
    let resource = cloud.fake.new_resource().unwrap();
    cloud.home.write("rpst", &resource.token);
    cloud.home.write("pem", &resource.key_pem);
}

/// The port that clusters answer at is always the same, so each has an address of its own on loopback, if the system has
/// more than one.
#[cfg(target_os = "linux")]
pub fn pod(cloud: &mut Cloud) {
    use super::tls::{Authority, behind_tls_at};
    use std::sync::atomic::{AtomicU8, Ordering};
    static NEXT: AtomicU8 = AtomicU8::new(1);

    let (process, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let host = format!("127.{}.{}.{next}", 1 + (process >> 8) % 200, process & 0xff);
    let authority = Authority::new();
    behind_tls_at(cloud, authority.server(&host, false), &format!("{host}:12250"));
    cloud.home.write("ca.crt", &authority.pem());
    cloud.home.write("account", &format!("{}\n", cloud.fake.new_service_account()));
    let [certificate, account] = ["ca.crt", "account"].map(|name| cloud.home.path(name).display().to_string());
    for (name, value) in [
        ("OCI_CLI_AUTH", "oke_workload_identity"),
        ("KUBERNETES_SERVICE_HOST", &host),
        ("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", &certificate),
        ("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH", &account),
        ("OCI_RESOURCE_PRINCIPAL_REGION", "iad"),
    ] {
        cloud.home.set(name, value);
    }
}

fn count(cloud: &Cloud, operation: &str) -> usize {
    cloud.fake.requests().iter().filter(|request| request.operation == operation).count()
}

/// Whom ListEvents saw, where it took the signature.
#[track_caller]
fn assert_all_by(cloud: &Cloud, principal: &str) {
    let requests = cloud.fake.requests();
    let listed: Vec<&RequestRecord> =
        requests.iter().filter(|request| request.operation == "ListEvents" && request.status == 200).collect();
    assert!(!listed.is_empty());
    for request in &listed {
        assert_eq!(request.principal, Some(principal), "{}", request.target);
    }
    assert_polite(&requests, &cloud.fake.ready_regions());
}

#[track_caller]
fn assert_everything_is_read(cloud: &Cloud, principal: &str) {
    // Tokens that are good for some calls are good for those at once that they are renewed for.
    let output = cloud.export(&["--concurrency", "3"]).expect(3);
    assert_same_events(&output.lines(), &cloud.world());
    assert_all_by(cloud, principal);
}

#[test]
fn an_instance_needs_no_configuration() {
    let cloud = instance("");
    assert_everything_is_read(&cloud, "instance");
    assert_eq!(count(&cloud, "Federate"), 1);
    let report = cloud.run(&["doctor", "-o", "json"]).expect(0).json();
    assert_eq!(report["profile"]["auth"], "instance_principal");
}

#[test]
fn the_tokens_of_an_instance_end_in_the_middle_and_no_page_is_lost() {
    let cloud = instance("[tokens]\ncalls = 7");
    assert_everything_is_read(&cloud, "instance");
    let renewals = count(&cloud, "Federate");
    assert!(renewals >= 3, "certificates change with each: {renewals}");
    let refused = cloud.fake.requests().iter().filter(|request| request.status == 401).count();
    assert!(refused >= renewals - 1, "{refused}");
}

#[test]
fn an_instance_that_gets_no_more_tokens_stops_and_keeps_what_it_has() {
    let cloud = instance("[tokens]\ncalls = 12\nrefuse_after = 1");
    let output = cloud.export(&["--concurrency", "1"]).expect(4);
    assert!(output.stderr.contains("another one was refused"), "{}", output.stderr);
    assert!(output.last_line().contains("unfinished"), "{}", output.stderr);
    cloud.assert_a_part(&output);
    assert!(count(&cloud, "Federate") <= 3, "it does not ask again and again");
}

#[test]
fn the_auth_and_metadata_services_may_stumble() {
    for (service, status) in [("auth", 503), ("opc", 404)] {
        let fault = format!("[[faults]]\nservice = \"{service}\"\nfirst = 1\nkind = \"status\"\nstatus = {status}");
        let mut cloud = Cloud::of(scenario_but("small", "[events]", &format!("{fault}\n\n[events]")));
        let metadata = cloud.fake.metadata_base();
        cloud.home.set("OCI_METADATA_BASE_URL", metadata);
        assert_eq!(cloud.run(&["regions", "--auth", "instance_principal"]).expect(0).lines().len(), 4, "{service}");
    }
}

#[test]
fn elsewhere_than_on_an_instance_is_said() {
    let mut home = Home::empty();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    home.set("OCI_METADATA_BASE_URL", format!("http://{nobody}/opc/v2"));
    // A proxy that would swallow it, if it were asked.
    home.set("HTTP_PROXY", "http://127.0.0.1:9");
    let output = home.run(&["regions", "--auth", "instance_principal"]).expect(4);
    assert!(output.stderr.contains("is this a compute instance"), "{}", output.stderr);
    home.set("OCI_METADATA_BASE_URL", "http://metadata.example/");
    let output = home.run(&["regions", "--auth", "instance_principal"]).expect(2);
    assert!(output.stderr.contains("loopback and link-local"), "{}", output.stderr);
}

#[test]
fn a_session_is_renewed_in_the_middle_and_so_is_its_file() {
    let cloud = session("[tokens]\ncalls = 9");
    let before = std::fs::read_to_string(cloud.home.path(".oci/token")).unwrap();
    assert_everything_is_read(&cloud, "session");
    assert!(count(&cloud, "RefreshSession") >= 2);
    let after = std::fs::read_to_string(cloud.home.path(".oci/token")).unwrap();
    assert_ne!(before, after);
    // What the next run finds is good.
    cloud.run(&["regions"]).expect(0);
}

#[test]
fn a_session_about_to_end_is_renewed_before_it_does() {
    let cloud = session("");
    cloud.home.write("~/.oci/token", &cloud.fake.new_session(20));
    assert_everything_is_read(&cloud, "session");
    let requests = cloud.fake.requests();
    assert_eq!((requests[0].operation.as_str(), count(&cloud, "RefreshSession")), ("RefreshSession", 1));
    assert!(requests.iter().all(|request| request.status != 401));
}

#[test]
fn a_function_signs_with_what_its_variables_name() {
    let mut cloud = elsewhere("");
    resource(&mut cloud);
    assert_everything_is_read(&cloud, "resource");
}

#[test]
fn a_function_whose_files_are_renewed_goes_on_with_them() {
    let mut cloud = elsewhere("");
    resource(&mut cloud);
    cloud.fake.hold(Gate::region("us-phoenix-1"));
    let [from, until] = cloud.range().map(rfc3339);
    let child =
        cloud.home.command(&["export", "--since", &from, "--until", &until, "--concurrency", "1"]).spawn().unwrap();
    cloud.wait_parked(1);
    cloud.fake.revoke_tokens();
    renew_resource(&cloud);
    cloud.fake.release_all();
    let output = cloud.home.finish(child).expect(3);
    assert_same_events(&output.lines(), &cloud.world());
    assert!(cloud.fake.requests().iter().any(|request| request.status == 401));
}

#[test]
fn a_function_whose_token_is_over_says_who_renews_it() {
    let mut cloud = elsewhere("[tokens]\nseconds = -60");
    resource(&mut cloud);
    let output = cloud.export(&[]).expect(4);
    assert!(output.stderr.contains("token of the resource principal expired"), "{}", output.stderr);
    assert!(output.stderr.contains("OCI_RESOURCE_PRINCIPAL_RPST"), "{}", output.stderr);
}

#[test]
fn cloud_shell_asks_on_behalf_of_its_user() {
    let mut cloud = elsewhere("[tokens]\ncalls = 9");
    let who = cloud.fake.credentials();
    cloud.home.write("etc/token", &format!("{}\n", cloud.fake.new_delegation()));
    let token = cloud.home.path("etc/token").display().to_string();
    let profile = format!(
        "[{0}]\nauthentication_type=instance_principal\ndelegation_token_file={token}\ntenancy={1}\nregion={0}\n",
        who.region, who.tenancy
    );
    cloud.home.write("etc/config", &profile);
    let config = cloud.home.path("etc/config").display().to_string();
    for (name, value) in
        [("OCI_CLI_AUTH", "instance_obo_user"), ("OCI_CLI_CONFIG_FILE", &config), ("OCI_CLI_PROFILE", &who.region)]
    {
        cloud.home.set(name, value);
    }
    assert_everything_is_read(&cloud, "instance for user");
    assert!(count(&cloud, "Federate") > 1, "and its tokens are renewed");
    cloud.home.write("etc/token", "x.y.z");
    let refused = cloud.run(&["regions"]).expect(4);
    assert!(refused.stderr.contains("open a new Cloud Shell"), "{}", refused.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_pod_asks_its_cluster_and_its_tokens_end_in_the_middle() {
    let mut cloud = elsewhere("[tokens]\ncalls = 7");
    pod(&mut cloud);
    assert_everything_is_read(&cloud, "workload");
    assert!(count(&cloud, "PodToken") >= 3 && count(&cloud, "Federate") == 0);
    let report = cloud.run(&["doctor", "-o", "json"]).expect(0).json();
    assert_eq!(report["profile"]["auth"], "oke_workload_identity");
    assert!(report["policy"][0]["statement"].as_str().unwrap().contains("request.principal.type = 'workload'"));
}

/// Only the cluster's own certificate counts, whatever the system trusts.
#[cfg(target_os = "linux")]
#[test]
fn a_pod_trusts_its_own_cluster_alone() {
    let mut cloud = elsewhere("");
    pod(&mut cloud);
    let theirs = cloud.home.path("ca.crt").display().to_string();
    cloud.home.write("other.crt", &super::tls::Authority::new().pem());
    let other = cloud.home.path("other.crt").display().to_string();
    cloud.home.set("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", other);
    cloud.home.set("SSL_CERT_FILE", theirs);
    let output = cloud.run(&["regions"]).expect(4);
    assert!(output.stderr.contains("has to name the cluster's own certificate"), "{}", output.stderr);
    assert_eq!(cloud.fake.counts().requests, 0);
}

#[test]
fn tokens_come_from_where_the_user_says() {
    let mut cloud = instance("");
    let auth = cloud.fake.endpoint_template().replace("{service}/{region}", "auth/of-the-user/v1/x509");
    cloud.home.set("OCI_CLI_FEDERATION_ENDPOINT", auth);
    assert_everything_is_read(&cloud, "instance");
    let requests = cloud.fake.requests();
    let asked: Vec<_> = requests.iter().filter(|request| request.operation == "Federate").collect();
    assert_eq!((asked.len(), asked[0].region.as_str()), (1, "of-the-user"));
    assert!(cloud.run(&["doctor"]).expect(0).text().contains("federation_endpoint"));
    cloud.home.set("OCI_CLI_FEDERATION_ENDPOINT", "http://auth.example/v1/x509");
    let output = cloud.run(&["regions"]).expect(2);
    assert!(output.stderr.contains("OCI_CLI_FEDERATION_ENDPOINT"), "{}", output.stderr);
}

#[test]
fn what_the_simulator_writes_for_each_way_works() {
    let mut home = Home::empty();
    let directory = home.path("sim").display().to_string();
    let requests = home.path("requests").display().to_string();
    let serve = ["simulate", "--port", "0", "--scenario", "small", "--home", &directory, "--requests", &requests];
    let mut server = home.command(&serve).spawn().unwrap();
    let mut first = String::new();
    let mut out = std::io::BufReader::new(server.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut first).unwrap();
    home.set("AUDITUI_ENDPOINT", first.trim().trim_start_matches("serving "));
    // Everything is written before the first line.
    let config = format!("{directory}/config");
    for profile in ["DEFAULT", "SESSION", "CLOUD-SHELL"] {
        let metadata = first.trim().trim_start_matches("serving ").replace("{service}/{region}", "opc/v2");
        home.set("OCI_METADATA_BASE_URL", metadata);
        home.run(&["regions", "--config-file", &config, "--profile", profile]).expect(0);
    }
    for variables in ["instance", "resource", "cloud-shell"] {
        let text = std::fs::read_to_string(format!("{directory}/{variables}.env")).unwrap();
        let mut place = Home::empty();
        place.set("AUDITUI_ENDPOINT", first.trim().trim_start_matches("serving "));
        for pair in text.split_whitespace().filter(|word| *word != "export") {
            let (name, value) = pair.split_once('=').unwrap();
            place.set(name, value);
        }
        place.run(&["regions"]).expect(0);
    }
    send("INT", &server);
    server.wait().unwrap();
    let told = std::fs::read_to_string(requests).unwrap();
    for principal in ["user", "session", "instance", "instance for user", "resource"] {
        assert!(told.contains(&format!("\"principal\":\"{principal}\"")), "{principal}");
    }
}
