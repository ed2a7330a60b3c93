//! What stands between us and the service: proxies, and certificates of one's own.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::config::rc_setting;
use super::connector::{HttpOptions, Trust};
use super::endpoint::EndpointTemplate;
use super::env::Env;
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
        trust: cert_bundle(options)?.map_or(Trust::System, Trust::Also),
        proxy: proxy(options)?,
        no_proxy: no_proxy(&options.env),
        direct: options.endpoint.as_ref().is_some_and(EndpointTemplate::is_loopback),
        plain: options.endpoint.as_ref().is_some_and(EndpointTemplate::is_plain_http),
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

/// In the order of the SDK: lower case wins. All of our requests are encrypted, or stay on this machine.
const PROXIES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

fn no_proxy(env: &Env) -> Option<String> {
    ["no_proxy", "NO_PROXY"].into_iter().find_map(|name| env.get(name)).map(str::to_owned)
}

/// `--proxy`, else `proxy` in the CLI's own settings, else what the environment says, else what the system says. It may
/// hold a password, so it is never shown.
fn proxy(options: &ClientOptions) -> Result<Option<SecretString>, Problem> {
    let of_cli = |env: &Env| Some((SecretString::from(rc_setting(env, "proxy")?.0), "`proxy` in oci_cli_rc"));
    let given = options.proxy.clone().map(|proxy| (proxy, "--proxy"));
    let by_variable = |name: &&'static str| Some((SecretString::from(options.env.get(name)?), *name));
    let found = given.or_else(|| of_cli(&options.env)).or_else(|| PROXIES.iter().find_map(by_variable));
    let Some((proxy, origin)) = found else { return Ok(None) };
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
    fn of_the_variables_lower_case_wins_and_what_cannot_be_used_is_named() {
        let options = |env: &[(&str, &str)]| ClientOptions { env: env.iter().copied().collect(), ..Default::default() };
        let found = |env: &[(&str, &str)]| proxy(&options(env)).unwrap().map(|url| url.expose_secret().to_owned());
        let all =
            [("ALL_PROXY", "http://4"), ("all_proxy", "http://3"), ("HTTPS_PROXY", "http://2"), ("https_proxy", "1")];
        for (count, expected) in [(4, "http://1"), (3, "http://2"), (2, "http://3"), (1, "http://4")] {
            assert_eq!(found(&all[..count]).as_deref(), Some(expected));
        }
        assert_eq!(found(&[("HTTP_PROXY", "http://5"), ("HTTPS_PROXY", "")]), None, "no request of ours is plain");
        let problem = proxy(&options(&[("ALL_PROXY", "socks5://jo:hunter2@x")])).unwrap_err();
        assert!(problem.what.starts_with("ALL_PROXY is no address") && !problem.to_string().contains("hunter2"));
        assert_eq!(no_proxy(&options(&[("NO_PROXY", "a"), ("no_proxy", "b")]).env).as_deref(), Some("b"));
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
