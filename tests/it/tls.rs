//! What the certificate of the other side says decides whether anything is asked at all.

use std::sync::Arc;
use std::time::Duration;

use auditui::fetch::{RetrySettings, discover};
use auditui::oci::{ClientOptions, OciClient, Profile};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::support::{Cloud, Output};

/// An authority that nobody knows.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority of our own");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for a host name, and how a server shows it.
    pub fn server(&self, host: &str, expired: bool) -> ServerConfig {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        if expired {
            (params.not_before, params.not_after) = (date_time_ymd(2019, 1, 1), date_time_ymd(2020, 1, 1));
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        versions.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap()
    }
}

impl Authority {
    pub fn pem(&self) -> String {
        self.0.pem()
    }
}

/// A small cloud behind a server that speaks TLS; the port of that server.
pub fn behind_tls(cloud: &Cloud, config: ServerConfig) -> u16 {
    behind_tls_at(cloud, config, "127.0.0.1:0")
}

/// The same at an address on loopback.
pub fn behind_tls_at(cloud: &Cloud, config: ServerConfig, address: &str) -> u16 {
    let (acceptor, cloud_port) = (TlsAcceptor::from(Arc::new(config)), cloud.fake.port());
    let listener = cloud.runtime().block_on(TcpListener::bind(address)).unwrap();
    let port = listener.local_addr().unwrap().port();
    cloud.runtime().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(stream).await else { return };
                let mut inside = TcpStream::connect(("127.0.0.1", cloud_port)).await.unwrap();
                let _ = copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    port
}

fn regions(cloud: &Cloud, endpoint: &str, args: &[&str]) -> Output {
    cloud.run(&[&["regions", "-o", "json", "--endpoint", endpoint], args].concat())
}

/// A server whose certificate names `host`, asked as `localhost`, trusting its authority or not.
fn asked(host: &str, expired: bool, trusting: bool) -> (Cloud, Output) {
    let cloud = Cloud::named("small");
    let authority = Authority::new();
    let port = behind_tls(&cloud, authority.server(host, expired));
    cloud.home.write("authority.pem", &authority.pem());
    let bundle = cloud.home.path("authority.pem");
    let trust = ["--cert-bundle", bundle.to_str().unwrap()];
    let endpoint = format!("https://localhost:{port}/{{service}}/{{region}}");
    let output = regions(&cloud, &endpoint, if trusting { &trust } else { &[] });
    (cloud, output)
}

#[test]
fn an_authority_of_ones_own_is_trusted_where_it_is_named() {
    let (cloud, output) = asked("localhost", false, true);
    assert_eq!(output.expect(0).json().as_array().unwrap().len(), 3);
    assert!(cloud.fake.counts().requests > 0);
}

#[test]
fn variables_name_authorities_too_and_the_platform_need_have_none() {
    for variables in [
        &["SSL_CERT_FILE"][..],
        &["REQUESTS_CA_BUNDLE"],
        &["CURL_CA_BUNDLE"],
        // As in a slim container: no store at all, and one's own certificates.
        &["OCI_CLI_CERT_BUNDLE", "SSL_CERT_FILE=/nowhere", "SSL_CERT_DIR=/nowhere"],
    ] {
        let mut cloud = Cloud::named("small");
        let authority = Authority::new();
        let port = behind_tls(&cloud, authority.server("localhost", false));
        cloud.home.write("authority.pem", &authority.pem());
        let bundle = cloud.home.path("authority.pem").display().to_string();
        for variable in variables {
            let (name, value) = variable.split_once('=').unwrap_or((variable, &bundle));
            cloud.home.set(name, value);
        }
        let output = regions(&cloud, &format!("https://localhost:{port}/{{service}}/{{region}}"), &[]);
        assert_eq!(output.code, Some(0), "{variables:?}: {}", output.stderr);
    }
}

#[test]
fn a_certificate_that_cannot_be_trusted_ends_it_before_anything_is_asked() {
    for (host, expired, trusting) in
        [("localhost", false, false), ("audit.example.com", false, true), ("localhost", true, true)]
    {
        let (cloud, output) = asked(host, expired, trusting);
        let output = output.expect(1);
        assert!(output.stderr.contains("certificate"), "{host} {expired}: {}", output.stderr);
        for word in ["--cert-bundle", "TLS inspection"] {
            assert!(output.stderr.contains(word), "{host} {expired}: {}", output.stderr);
        }
        assert_eq!(cloud.fake.counts().requests, 0, "{host} {expired}");
    }
}

#[test]
fn a_server_that_speaks_no_tls_is_named() {
    let cloud = Cloud::named("small");
    let plain = format!("https://localhost:{}/{{service}}/{{region}}", cloud.fake.port());
    assert!(regions(&cloud, &plain, &[]).expect(1).stderr.contains("identity in us-ashburn-1"));
}

#[test]
fn a_host_that_is_not_there_is_named() {
    let cloud = Cloud::named("small");
    let who = cloud.fake.credentials();
    let profile =
        Profile::from_parts("p", &who.tenancy, &who.user, &who.fingerprint, &who.region, &who.key_pem).unwrap();
    let endpoint = Some("https://no-such-host.invalid/{service}/{region}".parse().unwrap());
    let client = OciClient::new(profile, ClientOptions { endpoint, ..ClientOptions::default() }).unwrap();
    let retry = RetrySettings { base: Duration::from_millis(1), ..RetrySettings::default() };
    let problem = cloud.runtime().block_on(discover(&client, retry)).unwrap_err();
    assert!(problem.what.contains("identity in us-ashburn-1"), "{problem}");
    assert!(problem.hint.contains("network"), "{problem}");
}
