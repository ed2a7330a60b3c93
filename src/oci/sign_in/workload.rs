//! Workload identity: a pod in a cluster of Oracle's Kubernetes Engine shows the word of its service account to the cluster,
//! and gets a token for a key of its own making. Kubernetes renews the word, in its file.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use super::admitted::{Admitted, session_key};
use super::retry;
use crate::domain::problem::Problem;
use crate::domain::text::clean_prefix;
use crate::oci::clock::Clock;
use crate::oci::config::{ConfigProblem, Fault, shown};
use crate::oci::connector::{HttpOptions, Trust};
use crate::oci::env::Env;
use crate::oci::error::OciError;
use crate::oci::exchange::of_pod;
use crate::oci::files;
use crate::oci::http::Http;
use crate::oci::token::SessionToken;

/// Set in every pod.
const HOST: &str = "KUBERNETES_SERVICE_HOST";
/// Where clusters of Oracle's answer to those who want a token.
const PORT: u16 = 12_250;
const CERTIFICATE: &str = "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH";
const ACCOUNT: &str = "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH";
const MOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const TARGET: &str = "the Kubernetes cluster of this pod";

pub(in crate::oci) struct Workload {
    http: Http,
    url: Url,
    /// Of the word of the service account.
    account: PathBuf,
}

fn file(env: &Env, variable: &str, name: &str) -> PathBuf {
    env.get(variable).map_or_else(|| PathBuf::from(MOUNT).join(name), |path| env.expand(path))
}

/// The address stands in a variable that anybody may have set: it must not lead elsewhere than its port.
fn url(host: &str) -> Option<Url> {
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let url = Url::parse(&format!("https://{host}:{PORT}/resourcePrincipalSessionTokens")).ok()?;
    (plain && url.port() == Some(PORT)).then_some(url)
}

/// What is missing of what every pod has.
pub(in crate::oci) fn problems(env: &Env) -> Vec<ConfigProblem> {
    let problem = |fault, message: String| ConfigProblem::usage("workload_identity", fault, message);
    let Some(host) = env.get(HOST) else {
        return vec![problem(
            Fault::Missing,
            format!("{HOST} is not set: this runs in no pod of a Kubernetes cluster"),
        )];
    };
    if url(host).is_none() {
        let message = format!("{HOST} is `{}`: it is no address of a host", clean_prefix(host, 80));
        return vec![problem(Fault::Malformed, message)];
    }
    let check = |(variable, name, what)| {
        let path = file(env, variable, name);
        let error = files::check(&path).err()?;
        Some(problem(Fault::Unreadable, format!("{what} {}: {error} ({variable} names another)", shown(&path))))
    };
    [(CERTIFICATE, "ca.crt", "the certificate of the cluster"), (ACCOUNT, "token", "the word of the service account")]
        .into_iter()
        .filter_map(check)
        .collect()
}

impl Workload {
    pub fn new(env: &Env, clock: Clock) -> Result<Self, Problem> {
        let url = env.get(HOST).and_then(url).ok_or_else(|| Problem::usage(format!("{HOST} is not set")))?;
        let second = Duration::from_secs(1);
        let options = HttpOptions {
            connect_timeout: 10 * second,
            read_timeout: 60 * second,
            deadline: 60 * second,
            slowest_kib: 60 * second,
            max_body: 64 << 10,
            trust: Trust::Only(file(env, CERTIFICATE, "ca.crt")),
            proxy: None,
            no_proxy: None,
            direct: true,
            plain: false,
        };
        Ok(Self { http: Http::new(options, clock), url, account: file(env, ACCOUNT, "token") })
    }

    /// A new key, and a token for it.
    pub async fn admit(&self) -> Result<Admitted, OciError> {
        let refuse = |detail: String| OciError::Credential { target: TARGET.into(), detail: detail.into() };
        let account = SessionToken::read(&self.account)
            .map_err(|error| refuse(format!("the word of the service account {}: {error}", shown(&self.account))))?;
        let (key, public) = session_key().await?;
        let ask = || of_pod(&self.http, self.url.clone(), TARGET, &account.text, &public);
        let token = retry(OciError::is_retryable, ask).await?;
        let tenancy = token.tenancy.clone().ok_or_else(|| refuse("its token names no tenancy".to_owned()))?;
        Ok(Admitted::new(&token, key, tenancy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_a_host_and_nothing_more() {
        for (host, expected) in [
            ("10.96.0.1", "https://10.96.0.1:12250/resourcePrincipalSessionTokens"),
            ("fd00::1", "https://[fd00::1]:12250/resourcePrincipalSessionTokens"),
            ("kubernetes.default", "https://kubernetes.default:12250/resourcePrincipalSessionTokens"),
        ] {
            assert_eq!(url(host).unwrap().as_str(), expected);
        }
        for bad in ["evil.example/", "a@evil.example", "x#", "a b", "x:80", "", "x?"] {
            assert!(url(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_a_pod_would_have_is_named() {
        let told = |env: &[(&str, &str)]| -> Vec<String> {
            problems(&env.iter().copied().collect()).into_iter().map(|problem| problem.message).collect()
        };
        assert!(told(&[])[0].contains("runs in no pod"));
        assert!(told(&[(HOST, "a/b")])[0].contains("no address"));
        let nowhere = told(&[(HOST, "10.0.0.1"), (CERTIFICATE, "/nowhere/ca"), (ACCOUNT, "/nowhere/token")]);
        assert!(nowhere[0].contains("/nowhere/ca") && nowhere[1].contains("/nowhere/token"), "{nowhere:?}");
    }
}
