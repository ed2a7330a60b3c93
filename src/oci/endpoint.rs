//! Where a service of a region answers, and the user's override of it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

use crate::domain::problem::Problem;
use crate::domain::region::RegionId;
use crate::domain::text;

use super::regions::{Regions, is_label};

/// The services this program talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    Audit,
    Identity,
    Auth,
}

impl Service {
    pub fn name(self) -> &'static str {
        match self {
            Self::Audit => "audit",
            Self::Identity => "identity",
            Self::Auth => "auth",
        }
    }

    /// Scheme and host of the service in a region. The host is made of plain labels whatever the region is called, so
    /// that no answer can send a signed request elsewhere.
    pub(super) fn endpoint(self, region: &RegionId, regions: &Regions) -> String {
        let domain = regions.domain(region);
        let region = label(region);
        match self {
            Self::Audit | Self::Auth => format!("https://{}.{region}.{domain}", self.name()),
            Self::Identity => format!("https://identity.{region}.oci.{domain}"),
        }
    }
}

/// `--endpoint`, `AUDITUI_ENDPOINT`: `https://{service}.proxy.example/{region}`. The API path follows it.
///
/// `{service}` becomes `audit`, `identity` or `auth`, `{region}` the region's id. Either may be left out: one server then
/// answers for all regions (every region answers the same), or for both services (their paths differ). Plain http is
/// for loopback addresses only, because requests carry signatures and answers carry everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointTemplate {
    text: String,
    loopback: bool,
    plain: bool,
}

impl EndpointTemplate {
    pub(super) fn expand(&self, service: Service, region: &RegionId) -> String {
        self.text.replace("{service}", service.name()).replace("{region}", &label(region))
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it names this machine; such requests never go through a proxy.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }

    pub(super) fn is_plain_http(&self) -> bool {
        self.plain
    }
}

impl FromStr for EndpointTemplate {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let text = text.trim().trim_end_matches('/').to_owned();
        check(&text).map(|(loopback, plain)| Self { text: text.clone(), loopback, plain }).map_err(|why| {
            Problem::usage(format!("the endpoint `{}` cannot be used: {why}", text::clean_prefix(&text, 200)))
                .hint("an example: --endpoint 'http://127.0.0.1:9800/{service}/{region}'")
        })
    }
}

impl fmt::Display for EndpointTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether the endpoint is on loopback, and whether it is plain http; or why it cannot be used.
fn check(text: &str) -> Result<(bool, bool), String> {
    if let Some(unknown) = placeholders(text)?.into_iter().find(|name| !["service", "region"].contains(name)) {
        return Err(format!("there is no `{{{}}}`, only {{service}} and {{region}}", text::clean_prefix(unknown, 40)));
    }
    let example = text.replace("{service}", "audit").replace("{region}", "us-ashburn-1");
    let url = Url::parse(&example).map_err(|error| error.to_string())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not hold a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the API path follows it, so it must not hold `?` or `#`".to_owned());
    }
    let loopback = is_loopback(&url);
    match url.scheme() {
        "https" => Ok((loopback, false)),
        "http" if loopback => Ok((true, true)),
        "http" => Err("plain http is for loopback addresses only; use https".to_owned()),
        other => Err(format!("its scheme is `{other}`, not https")),
    }
}

fn placeholders(text: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').ok_or("a `{` is not closed")?;
        if before.contains('}') {
            return Err("a `}` was not opened".to_owned());
        }
        names.push(name);
        rest = tail;
    }
    if rest.contains('}') { Err("a `}` was not opened".to_owned()) } else { Ok(names) }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The region as one label of a host name.
fn label(region: &RegionId) -> String {
    let name = region.as_str();
    if is_label(name) {
        return name.to_owned();
    }
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_can_be_used() {
        for (template, audit, loopback) in [
            ("http://127.0.0.1:9800/{service}/{region}", "http://127.0.0.1:9800/audit/eu-x-1", true),
            ("http://127.0.0.1:9800/{service}/{region}/", "http://127.0.0.1:9800/audit/eu-x-1", true),
            ("http://localhost:9800/{service}", "http://localhost:9800/audit", true),
            ("http://[::1]:80/{region}", "http://[::1]:80/eu-x-1", true),
            ("http://127.9.9.9", "http://127.9.9.9", true),
            ("https://{service}.{region}.example.org", "https://audit.eu-x-1.example.org", false),
            (
                "https://proxy.example.org:8443/oci/{region}/{service}",
                "https://proxy.example.org:8443/oci/eu-x-1/audit",
                false,
            ),
            ("https://localhost/x", "https://localhost/x", true),
        ] {
            let parsed: EndpointTemplate = template.parse().unwrap();
            assert_eq!(parsed.expand(Service::Audit, &"eu-x-1".into()), audit);
            assert_eq!(parsed.is_loopback(), loopback, "{template}");
        }
    }

    #[test]
    fn templates_that_cannot() {
        for (template, why) in [
            ("http://example.org/{region}", "loopback"),
            ("http://127.0.0.1.example.org/", "loopback"),
            ("http://{region}/", "loopback"),
            ("http://localhost.example.org/", "loopback"),
            ("http://0.0.0.0/", "loopback"),
            ("https://x/{Region}", "there is no `{Region}`"),
            ("https://x/{tenancy}", "there is no `{tenancy}`"),
            ("https://x/{region", "not closed"),
            ("https://x/region}", "not opened"),
            ("https://u:p@x/", "password"),
            ("https://x/?a=b", "`?`"),
            ("ftp://127.0.0.1/", "scheme"),
            ("audit.example.org", "relative URL"),
            ("", "relative URL"),
        ] {
            let problem = template.parse::<EndpointTemplate>().unwrap_err();
            assert!(problem.what.contains(why), "{template}: {}", problem.what);
        }
    }

    #[test]
    fn no_region_name_leaves_the_domain() {
        let regions = Regions::default();
        for name in ["evil.example/", "a@evil.example", "x#", "a b", "x:80", "../x", ""] {
            for service in [Service::Audit, Service::Identity, Service::Auth] {
                let endpoint = service.endpoint(&name.into(), &regions);
                let host = endpoint.strip_prefix("https://").unwrap();
                assert!(host.ends_with("oraclecloud.com") && !host.contains(['/', '@', '#', ':', '?']), "{endpoint}");
            }
        }
        assert_eq!(
            Service::Identity.endpoint(&"eu-x-1".into(), &regions),
            "https://identity.eu-x-1.oci.oraclecloud.com"
        );
    }
}
