//! Proxies: asked where they are named, told their password and nobody else.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::support::{Cloud, Output};
use super::tls::{Authority, behind_tls};

const PASSWORD: &str = "hunter2-of-the-proxy";
/// A host that only the proxy can reach.
const HOST: &str = "cloud.example";

/// A cloud behind TLS behind a proxy that wants a login.
struct Network {
    cloud: Cloud,
    port: u16,
    /// What the proxy was asked to connect to.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Network {
    fn new() -> Self {
        let mut cloud = Cloud::named("small");
        cloud.home.keep_secret(PASSWORD);
        cloud.home.keep_secret(&login());
        let authority = Authority::new();
        let tls = behind_tls(&cloud, authority.server(HOST, false));
        cloud.home.write("authority.pem", &authority.pem());
        let bundle = cloud.home.path("authority.pem").display().to_string();
        cloud.home.set("AUDITUI_CERT_BUNDLE", bundle);
        let listener = cloud.runtime().block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        cloud.runtime().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(tunnel(stream, tls, Arc::clone(&log)));
            }
        });
        Self { cloud, port, asked }
    }

    fn url(&self, password: &str) -> String {
        format!("http://jo:{password}@127.0.0.1:{}", self.port)
    }

    fn regions(&self, args: &[&str]) -> Output {
        let endpoint = format!("https://{HOST}/{{service}}/{{region}}");
        self.cloud.run(&[&["regions", "--endpoint", &endpoint], args].concat())
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn login() -> String {
    BASE64.encode(format!("jo:{PASSWORD}"))
}

async fn tunnel(mut outside: TcpStream, to: u16, log: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = outside.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    log.lock().unwrap().push(head.lines().next().unwrap().to_owned());
    if !head.contains(&format!("Basic {}", login())) {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        outside.write_all(refusal).await.unwrap();
        return;
    }
    assert!(!head.contains("Signature"), "what is signed is inside of the tunnel");
    let mut inside = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
    outside.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ends_with_either = copy_bidirectional(&mut outside, &mut inside).await;
}

#[test]
fn a_proxy_is_named_by_the_environment_the_option_or_the_cli() {
    for way in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "AUDITUI_PROXY", "--proxy", "oci_cli_rc"] {
        let mut network = Network::new();
        let url = network.url(PASSWORD);
        let output = match way {
            "--proxy" => network.regions(&["--proxy", &url]),
            "oci_cli_rc" => {
                network.cloud.home.write("~/.oci/oci_cli_rc", &format!("[OCI_CLI_SETTINGS]\nproxy={url}\n"));
                network.regions(&[])
            }
            variable => {
                network.cloud.home.set(variable, url);
                network.regions(&[])
            }
        };
        assert_eq!(output.code, Some(0), "{way}: {}", output.stderr);
        assert_eq!(network.asked()[0], format!("CONNECT {HOST}:443 HTTP/1.1"), "{way}");
    }
}

#[test]
fn a_wrong_password_is_said_and_not_shown() {
    let mut network = Network::new();
    network.cloud.home.keep_secret("not-hunter2");
    let output = network.regions(&["--proxy", &network.url("not-hunter2")]).expect(1);
    assert!(output.stderr.contains("the proxy wants a login"), "{}", output.stderr);
    let output = network.regions(&["--proxy", "socks5://jo:not-hunter2@127.0.0.1"]).expect(2);
    assert!(output.stderr.contains("--proxy is no address"), "{}", output.stderr);
    network.cloud.home.set("AUDITUI_PROXY", network.url("not-hunter2"));
    network.cloud.run(&["--help"]).expect(0);
}

#[test]
fn what_is_near_or_named_goes_past_it() {
    let mut network = Network::new();
    network.cloud.home.set("NO_PROXY", HOST);
    let endpoint = format!("https://{HOST}/{{service}}/{{region}}");
    let proxy = network.url(PASSWORD);
    let output = network.cloud.run(&["doctor", "--endpoint", &endpoint, "--proxy", &proxy]).expect(1);
    assert!(output.text().contains("cannot be reached"), "{}", output.text());
    assert!(network.asked().is_empty());
    network.cloud.run(&["regions", "--proxy", &network.url(PASSWORD)]).expect(0);
    assert!(network.asked().is_empty(), "loopback");
}
