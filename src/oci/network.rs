//! What stands between us and the service: proxies, and certificates of one's own.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::config::rc_setting;
use super::endpoint::EndpointTemplate;
use super::env::Env;
use super::http::HttpOptions;
use super::{ClientOptions, files};
use crate::domain::problem::Problem;

/// After `--cert-bundle`: the CLI's, then those that the SDK takes over from Python's requests. `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` replace the platform's own store.
const BUNDLES: [&str; 3] = ["OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

pub(super) fn http_options(options: &ClientOptions) -> Result<HttpOptions, Problem> {
    Ok(HttpOptions {
        connect_timeout: options.connect_timeout,
        read_timeout: options.read_timeout,
        deadline: options.deadline,
        slowest_kib: options.slowest_kib.max(options.read_timeout),
        max_body: options.max_body,
        cert_bundle: cert_bundle(options)?,
        proxy: proxy(options)?,
        direct: options.endpoint.as_ref().is_some_and(EndpointTemplate::is_loopback),
        plain: options.endpoint.as_ref().is_some_and(EndpointTemplate::is_plain_http),
        witness: options.witness.clone(),
    })
}

fn cert_bundle(options: &ClientOptions) -> Result<Option<PathBuf>, Problem> {
    let by_variable = |name: &&'static str| Some((options.env.expand(options.env.get(name)?), *name));
    let given = options.cert_bundle.clone().map(|path| (path, "--cert-bundle"));
    let Some((path, origin)) = given.or_else(|| BUNDLES.iter().find_map(by_variable)) else { return Ok(None) };
    // Python takes a directory too, where the platform's store already is.
    if path.is_dir() && origin.starts_with(['R', 'C']) {
        return Ok(None);
    }
    files::check(&path)
        .map_err(|error| Problem::usage(format!("the certificates in {} ({origin}): {error}", path.display())))?;
    Ok(Some(path))
}

/// `--proxy`, else `proxy` in the CLI's own settings, else what the environment says. It may hold a password, so it is
/// never shown.
fn proxy(options: &ClientOptions) -> Result<Option<SecretString>, Problem> {
    let of_cli = |env: &Env| Some((SecretString::from(rc_setting(env, "proxy")?.0), "`proxy` in oci_cli_rc"));
    let given = options.proxy.clone().map(|proxy| (proxy, "--proxy"));
    let Some((proxy, origin)) = given.or_else(|| of_cli(&options.env)) else { return Ok(None) };
    let text = proxy.expose_secret().trim();
    let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let usable = reqwest::Url::parse(&text).is_ok_and(|url| {
        ["http", "https"].contains(&url.scheme()) && url.host_str().is_some_and(|host| !host.is_empty())
    });
    if usable {
        return Ok(Some(text.into()));
    }
    Err(Problem::usage(format!("{origin} is no address of an HTTP proxy (it is not shown: it may hold a password)"))
        .hint("an example: http://user:password@proxy.example:8080"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_that_cannot_be_used_is_not_shown() {
        let options = |proxy: &str| ClientOptions { proxy: Some(proxy.into()), ..ClientOptions::default() };
        for good in ["proxy:8080", "http://jo:hunter2@proxy:8080", "https://proxy"] {
            let found = proxy(&options(good)).unwrap().unwrap();
            assert!(found.expose_secret().contains("://"), "{good}");
        }
        for bad in ["socks5://jo:hunter2@x", "http://jo:hunter2@", "http://jo:hunter2 @x y"] {
            let problem = proxy(&options(bad)).unwrap_err();
            assert!(problem.what.contains("--proxy") && !problem.to_string().contains("hunter2"), "{problem}");
        }
        assert!(!format!("{:?}", options("http://jo:hunter2@x")).contains("hunter2"));
    }

    #[test]
    fn bundles_come_from_the_option_then_the_cli_then_python() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        for name in ["option", "cli", "requests", "curl"] {
            std::fs::write(path(name), "x").unwrap();
        }
        let found = |option: Option<&str>, env: &[(&str, &str)]| {
            let env = env.iter().map(|(name, file)| (*name, path(file))).collect();
            let options =
                ClientOptions { cert_bundle: option.map(|file| path(file).into()), env, ..ClientOptions::default() };
            cert_bundle(&options).map(|found| found.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()))
        };
        let all = [("CURL_CA_BUNDLE", "curl"), ("REQUESTS_CA_BUNDLE", "requests"), ("OCI_CLI_CERT_BUNDLE", "cli")];
        assert_eq!(found(Some("option"), &all).unwrap().unwrap(), "option");
        assert_eq!(found(None, &all).unwrap().unwrap(), "cli");
        assert_eq!(found(None, &all[..2]).unwrap().unwrap(), "requests");
        assert_eq!(found(None, &all[..1]).unwrap().unwrap(), "curl");
        assert_eq!(found(None, &[]).unwrap(), None);
        let gone = found(None, &[("CURL_CA_BUNDLE", "gone")]).unwrap_err();
        assert!(gone.what.contains("CURL_CA_BUNDLE"), "{gone}");
    }
}
