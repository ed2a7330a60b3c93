//! What goes wrong, and what changes, while somebody reads.

use serde::Deserialize;
use toml::Spanned;

use super::{Scenario, ScenarioError, invalid, is_share};

/// One trouble and whom it meets. What is left out matches everything.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    pub service: Option<String>,
    pub operation: Option<String>,
    pub region: Option<String>,
    /// Name, path or OCID.
    pub compartment: Option<String>,
    pub page: Option<PageSpec>,
    /// Share of the matching requests; all of them if left out.
    pub share: Option<f64>,
    /// Only the first attempts of each request: a client that repeats itself gets through.
    pub first: Option<u32>,
    /// Only once the server has answered this many requests.
    pub after: Option<u64>,
    pub kind: FaultKind,
    pub status: Option<u16>,
    pub code: Option<String>,
    pub message: Option<String>,
    pub retry_after: Option<u64>,
    #[serde(default)]
    pub latency_ms: u64,
    /// For `pad` and `bomb`.
    #[serde(default)]
    pub bytes: usize,
    /// For `copies`: name, path or OCID of the compartment whose events come along.
    pub of: Option<String>,
    /// For `twist`.
    pub twist: Option<Twist>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PageSpec {
    First,
    Later,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Answer `status`, `code` and `message`, with `retry_after` if given.
    Status,
    /// Only wait `latency_ms`.
    Slow,
    /// Answer `status` with the way to another host.
    Redirect,
    /// Close the connection without an answer.
    Reset,
    /// Close the connection in the middle of the body.
    ResetBody,
    /// Close it after nothing, then a little later with each of the `first` attempts.
    ResetSweep,
    /// Send half of the JSON with a length that fits it.
    CutBody,
    /// Promise more bytes than come.
    LongLength,
    /// Promise half of the bytes, and send those.
    ShortLength,
    /// Send half of the body, then nothing more.
    Stall,
    /// Send one byte at a time, `latency_ms` apart.
    Trickle,
    /// Status 200 with a page of HTML, as proxies do.
    Html,
    /// Status 200 without a body.
    EmptyBody,
    /// Status 200 with `null`.
    NullBody,
    /// A little gzip that unpacks to `bytes` bytes.
    Bomb,
    /// Packed twice, named once.
    GzipTwice,
    /// Said to be packed, and is not.
    FalseGzip,
    /// A byte order mark before the body.
    Bom,
    /// `[]` with a token that leads on to what should have been here.
    EmptyPage,
    /// The next token is the one that was just used.
    TokenRepeats,
    /// The next token leads back to the second page.
    TokenCycles,
    /// Behind the last page empty ones, each with a new token, without end.
    Endless,
    /// The page starts with events of the page before.
    Overlap,
    /// Every page comes a second time, under a token of its own.
    PageTwice,
    /// Pages in no order of time.
    Scattered,
    /// The first page of another compartment, `of`, comes along.
    Copies,
    /// Events come a second time under the same id with other bytes.
    Conflict,
    /// Every event grows by `bytes` bytes.
    Pad,
    /// Events as `twist` makes them.
    Twist,
}

/// Odd bytes inside an event. All but `Deep` leave its id and time readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Twist {
    /// Control characters in a string, not escaped.
    RawControl,
    InvalidUtf8,
    /// The escape of half a surrogate pair.
    LoneSurrogate,
    /// `1e400`, and thirty digits.
    HugeNumbers,
    DuplicateKeys,
    /// 100,000 arrays in each other.
    Deep,
    UnknownFields,
    /// `\"data\": null`
    NullData,
    NoData,
    /// `\"None\"` in the place of null, as another path of delivery writes it.
    NoneStrings,
    /// The status as a number, a flag as a string.
    OtherTypes,
}

/// Something about the tenancy changes once `after` requests were answered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeSpec {
    pub after: u64,
    pub kind: ChangeKind,
    /// Path.
    pub compartment: Option<String>,
    pub region: Option<String>,
    /// The new name, for `renamed`.
    pub name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The compartment is not there before.
    Created,
    Renamed,
    Deleted,
    /// Our user may not read its events any more.
    Revoked,
    /// The tenancy has not subscribed to the region before.
    Subscribed,
}

pub(super) fn check_fault(text: &str, fault: &Spanned<FaultSpec>) -> Result<(), ScenarioError> {
    let spec = fault.get_ref();
    let wrong = |key, problem: String| Err(invalid(text, fault, key, problem));
    if spec.share.is_some_and(|share| !is_share(share)) {
        return wrong("faults.share", "a share is between 0 and 1".to_owned());
    }
    let services = ["audit", "identity", "auth", "opc"];
    if let Some(service) = spec.service.as_deref().filter(|service| !services.contains(service)) {
        return wrong("faults.service", format!("`{service}` is none of audit, identity, auth and opc"));
    }
    let status = spec.status.unwrap_or(500);
    match spec.kind {
        FaultKind::Status if status != 204 && !(400..600).contains(&status) => {
            wrong("faults.status", format!("{status} is neither 204 nor between 400 and 599"))
        }
        FaultKind::Redirect if !(300..400).contains(&status) => {
            wrong("faults.status", format!("{status} is not between 300 and 399"))
        }
        FaultKind::Copies if spec.of.is_none() => wrong("faults.of", "whose events come along?".to_owned()),
        FaultKind::Twist if spec.twist.is_none() => wrong("faults.twist", "which one?".to_owned()),
        FaultKind::Pad | FaultKind::Bomb if spec.bytes == 0 => wrong("faults.bytes", "how many?".to_owned()),
        _ => Ok(()),
    }
}

pub(super) fn check_change(text: &str, change: &Spanned<ChangeSpec>, scenario: &Scenario) -> Result<(), ScenarioError> {
    let spec = change.get_ref();
    let wrong = |key, problem: &str| Err(invalid(text, change, key, problem.to_owned()));
    let compartment = |path: &String| scenario.compartments.iter().any(|known| known.path.get_ref() == path);
    let region = |name: &String| scenario.regions.iter().any(|known| known.name.get_ref() == name);
    match spec.kind {
        ChangeKind::Subscribed if !spec.region.as_ref().is_some_and(region) => {
            wrong("changes.region", "is not among the regions")
        }
        ChangeKind::Subscribed => Ok(()),
        _ if !spec.compartment.as_ref().is_some_and(compartment) => {
            wrong("changes.compartment", "is not among the compartments")
        }
        ChangeKind::Renamed if spec.name.is_none() => wrong("changes.name", "what is it called then?"),
        _ => Ok(()),
    }
}
