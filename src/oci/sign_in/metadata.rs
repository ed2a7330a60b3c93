//! The metadata service of an instance: who it is, and the certificate that proves it.
//!
//! It answers on a link-local address, so it is never asked through a proxy, and never far away. Version 2 wants a header
//! that a browser led astray would not send.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Url;
use secrecy::zeroize::Zeroizing;

use super::retry;
use crate::domain::problem::Problem;
use crate::domain::text::clean_prefix;
use crate::oci::clock::Clock;
use crate::oci::connector::{HttpOptions, Trust};
use crate::oci::env::Env;
use crate::oci::error::OciError;
use crate::oci::http::{Http, Proof};

/// IPv4, and where an instance has none.
const BASES: [&str; 2] = ["http://169.254.169.254/opc/v2", "http://[fd00:c1::a9fe:a9fe]/opc/v2"];
const OVERRIDE: &str = "OCI_METADATA_BASE_URL";
const TARGET: &str = "the instance's metadata service";

pub(in crate::oci) struct Metadata {
    http: Http,
    bases: Vec<String>,
    /// Which of them answered last.
    answering: AtomicUsize,
}

impl Metadata {
    /// `OCI_METADATA_BASE_URL` names another place, as for the SDK.
    pub fn new(env: &Env, clock: Clock) -> Result<Self, Problem> {
        let bases = match env.get(OVERRIDE) {
            Some(text) => vec![checked(text)?],
            None => BASES.map(str::to_owned).to_vec(),
        };
        let second = Duration::from_secs(1);
        let options = HttpOptions {
            connect_timeout: 3 * second,
            read_timeout: 10 * second,
            deadline: 20 * second,
            slowest_kib: 10 * second,
            max_body: 64 << 10,
            trust: Trust::System,
            proxy: None,
            no_proxy: None,
            direct: true,
            plain: bases.iter().all(|base| base.starts_with("http:")),
        };
        Ok(Self { http: Http::new(options, clock), bases, answering: AtomicUsize::new(0) })
    }

    /// The text at a path such as `/instance/region`. What is not there yet is asked for again: certificates appear a
    /// moment after the instance.
    pub async fn text(&self, path: &str) -> Result<Zeroizing<String>, OciError> {
        let again = |error: &OciError| {
            let unreachable = matches!(error, OciError::Connect { .. } | OciError::Timeout { .. });
            error.is_retryable() && !unreachable || matches!(error, OciError::Status { status: 404, .. })
        };
        retry(again, || self.ask(path)).await
    }

    async fn ask(&self, path: &str) -> Result<Zeroizing<String>, OciError> {
        let first = self.answering.load(Ordering::Relaxed);
        let mut result = self.ask_at(first, path).await;
        let unreachable = |result: &Result<_, OciError>| {
            matches!(result, Err(OciError::Connect { .. } | OciError::Timeout { .. } | OciError::Transport { .. }))
        };
        for other in (0..self.bases.len()).filter(|other| *other != first) {
            if !unreachable(&result) {
                break;
            }
            let there = self.ask_at(other, path).await;
            if !unreachable(&there) {
                self.answering.store(other, Ordering::Relaxed);
                result = there;
            }
        }
        result
    }

    async fn ask_at(&self, base: usize, path: &str) -> Result<Zeroizing<String>, OciError> {
        let unusable = |why: &str| OciError::Body { target: TARGET.into(), detail: why.into(), request_id: None };
        let base = self.bases.get(base).map(String::as_str).unwrap_or_default();
        let url = Url::parse(&format!("{base}{path}")).map_err(|error| unusable(&error.to_string()))?;
        let answer = self.http.get(url, TARGET, Proof::Word("Bearer Oracle")).await?;
        let text = std::str::from_utf8(answer.body.as_ref()).map_err(|_| unusable("it is no text"))?;
        if text.trim().is_empty() {
            return Err(unusable("it is empty"));
        }
        Ok(Zeroizing::new(text.trim().to_owned()))
    }
}

/// A private key comes from there, so plain http is for addresses that no wire leads to.
fn checked(text: &str) -> Result<String, Problem> {
    let refuse = |why: &str| {
        let shown = clean_prefix(text, 200);
        Err(Problem::usage(format!("{OVERRIDE} is `{shown}`: {why}")))
    };
    let Ok(url) = Url::parse(text) else { return refuse("it is no URL") };
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return refuse("only scheme, host and path may stand in it");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_near(&url) => {}
        "http" => return refuse("plain http is for loopback and link-local addresses only"),
        _ => return refuse("its scheme is neither http nor https"),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn is_near(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unicast_link_local() || address.is_unique_local()
        }
        Err(_) => host == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::test_server::{Server, ok};

    /// As on an instance without IPv4: the second address answers, and is asked first from then on.
    #[tokio::test]
    async fn where_the_first_address_leads_nowhere_the_second_is_asked() {
        let server = Server::start_with(|_| Some(ok("", "iad\n"))).await;
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut metadata =
            Metadata::new(&[(OVERRIDE, "http://127.0.0.1/opc/v2")].into_iter().collect(), Clock::System).unwrap();
        metadata.bases = vec![format!("http://{nobody}/opc/v2"), format!("http://127.0.0.1:{}/opc/v2", server.port)];
        for _ in 0..2 {
            assert_eq!(&*metadata.text("/instance/region").await.unwrap(), "iad");
        }
        assert_eq!((server.requests().len(), metadata.answering.load(Ordering::Relaxed)), (2, 1));
        assert!(server.requests()[0].starts_with("GET /opc/v2/instance/region "));
    }

    #[test]
    fn the_override_stays_near_or_is_encrypted() {
        for good in
            ["http://127.0.0.1:9800/opc/v2/", "http://169.254.169.254/opc/v2", "http://[fd00:c1::1]/x", "https://m/x"]
        {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in [
            "http://10.0.0.1/opc/v2",
            "http://example.org/",
            "ftp://127.0.0.1/",
            "x",
            "http://u:p@127.0.0.1/",
            "http://127.0.0.1/?a",
        ] {
            let problem = checked(bad).unwrap_err();
            assert!(problem.what.contains(OVERRIDE), "{bad}: {problem}");
        }
        assert!(BASES.iter().all(|base| checked(base).is_ok()));
    }
}
