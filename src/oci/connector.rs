//! How connections are made: timeouts, trust, proxies. The one place that builds a client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::files;
use super::http::causes;

/// Whose certificates count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Those of the platform.
    System,
    /// Those of the platform, and those in a file.
    Also(PathBuf),
    /// Those in a file and no others.
    Only(PathBuf),
}

/// How connections are made and how long they may take.
#[derive(Clone, Debug)]
pub(super) struct HttpOptions {
    pub connect_timeout: Duration,
    pub read_timeout: Duration,
    pub deadline: Duration,
    pub slowest_kib: Duration,
    pub max_body: usize,
    pub trust: Trust,
    /// Instead of those that the system names.
    pub proxy: Option<SecretString>,
    /// Hosts that go past the proxy, as `NO_PROXY` lists them.
    pub no_proxy: Option<String>,
    /// No proxy: all requests stay on this machine, or next to it.
    pub direct: bool,
    /// None is encrypted: no trust roots are needed.
    pub plain: bool,
}

/// The one function that builds a client.
pub(super) fn client(options: &HttpOptions, run: &str) -> Result<reqwest::Client, String> {
    // Fails when another part of the process did it first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(format!("auditui/{} run={run}", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .https_only(!options.plain)
        // Its other timeouts would count the time in which an answer waits for room: `Patience` is in their place.
        .connect_timeout(options.connect_timeout)
        .tls_version_min(reqwest::tls::Version::TLS_1_2);
    if options.direct {
        builder = builder.no_proxy();
    } else if let Some(proxy) = &options.proxy {
        let proxy = reqwest::Proxy::all(proxy.expose_secret()).map_err(|_| "the proxy cannot be used".to_owned())?;
        let past = options.no_proxy.as_deref().and_then(reqwest::NoProxy::from_string);
        builder = builder.proxy(proxy.no_proxy(past));
    }
    builder = match &options.trust {
        _ if options.plain => builder.tls_certs_only([]),
        Trust::System => builder,
        Trust::Also(path) => builder.tls_certs_merge(certificates(path)?),
        Trust::Only(path) => builder.tls_certs_only(certificates(path)?),
    };
    builder.build().map_err(|error| {
        format!("{}; SSL_CERT_FILE can name a file of trusted certificates", causes(&error.without_url()))
    })
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let unusable = |why: String| format!("the certificates in {} cannot be read: {why}", path.display());
    let pem = files::read_certificates(path).map_err(|error| unusable(error.to_string()))?;
    let certificates =
        reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(|error| unusable(causes(&error)))?;
    if certificates.is_empty() { Err(unusable("there is none".to_owned())) } else { Ok(certificates) }
}
