//! The wire: the only room that knows HTTP, profiles, keys and signatures.
//!
//! ```text
//! ProfileOptions ── resolve ──► Settings ── OciClient::sign_in ──► OciClient ──► one method per call we make
//!   options, environment          every value, its origin,         a Profile: a key that signs, and where the
//!                                 every problem                     next one comes from (sign_in)
//! ```
//!
//! It reads only: there is no way to send anything but a signed GET to the audit and identity services, and a token to
//! the auth service for another one (`exchange`). It never waits and never tries again, but for getting a token; whoever
//! calls decides about those, with [`OciError::is_retryable`]. After a 401 a credential that can be renewed is, and the
//! question asked once more.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Url;

use crate::domain::region::RegionId;

mod audit;
mod body;
pub mod clock;
mod config;
mod connector;
mod endpoint;
pub mod env;
mod error;
mod exchange;
mod files;
mod http;
mod identity;
mod ini;
mod key;
mod network;
mod overlay;
mod profile;
mod redact;
mod refusal;
mod regions;
mod sign_in;
pub mod signer;
#[cfg(test)]
pub(crate) mod test_server;
mod token;

pub use audit::EventPage;
pub use body::MAX_BODY;
pub use clock::Clock;
pub use config::{AuthKind, ConfigProblem, Fault, ProfileOptions, Settings, Unresolved, Values, resolve, try_resolve};
pub use endpoint::{EndpointTemplate, Service};
pub use env::Env;
pub use error::{OciError, Refusal};
pub use identity::{CompartmentAccess, CompartmentPage, TenancyInfo};
pub use key::{KeyError, PrivateKey};
pub use profile::Profile;

use crate::domain::problem::Problem;
use exchange::Exchange;
use http::{Answer, Http, Proof};
use network::http_options;
pub use regions::Regions;
use secrecy::SecretString;
use sign_in::Source;
use sign_in::instance::{self, Instance};
use sign_in::metadata::Metadata;
use sign_in::workload::Workload;

/// How the client reaches the service. The proxy variables of the environment are honoured, except for loopback.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Instead of Oracle's own host names.
    pub endpoint: Option<EndpointTemplate>,
    pub clock: Clock,
    pub connect_timeout: Duration,
    /// The longest silence in an answer.
    pub read_timeout: Duration,
    /// The longest that one request may take, from the first byte to the last.
    pub deadline: Duration,
    /// The longest wait for the next KiB of an answer, but never less than `read_timeout`.
    pub slowest_kib: Duration,
    /// The most bytes that an answer may have after unpacking.
    pub max_body: usize,
    /// Certificates to trust beside those of the platform, in PEM form.
    pub cert_bundle: Option<PathBuf>,
    /// Instead of the proxies that the environment names; may hold a password. `NO_PROXY` counts all the same.
    pub proxy: Option<SecretString>,
    /// For the variables that count where `cert_bundle` or `proxy` is not given, and for the metadata service.
    pub env: Env,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            endpoint: None,
            clock: Clock::System,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_mins(1),
            deadline: Duration::from_mins(5),
            slowest_kib: Duration::from_secs(10),
            max_body: MAX_BODY,
            cert_bundle: None,
            proxy: None,
            env: Env::default(),
        }
    }
}

/// A page token of the service. Opaque: only its equality means something.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PageToken(Arc<str>);

impl PageToken {
    /// A token kept from an earlier answer.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageToken({})", crate::domain::text::clean_prefix(&self.0, 16))
    }
}

/// Asks the service. Cheap to clone; all clones share connections, the run's id and what was learnt.
#[derive(Clone)]
pub struct OciClient {
    inner: Arc<Inner>,
}

struct Inner {
    profile: Profile,
    endpoint: Option<EndpointTemplate>,
    clock: Clock,
    http: Http,
    /// Known once the subscriptions were read.
    home: OnceLock<RegionId>,
}

impl OciClient {
    /// Makes no connection yet and reads no trust roots: the first request does.
    pub fn new(profile: Profile, options: ClientOptions) -> Result<Self, Problem> {
        let http = Http::new(http_options(&options)?, options.clock);
        Ok(Self::with(profile, http, options))
    }

    /// Signs in as the settings say. Instances and pods have to ask somebody for that: the metadata service who they are,
    /// the auth service, or the cluster, for a token.
    pub async fn sign_in(
        settings: Settings,
        passphrase: Option<SecretString>,
        options: ClientOptions,
    ) -> Result<Self, Problem> {
        match settings.values.auth {
            AuthKind::InstancePrincipal | AuthKind::InstanceOboUser => Self::of_instance(settings, options).await,
            AuthKind::OkeWorkloadIdentity => Self::of_pod(settings, options).await,
            AuthKind::ApiKey | AuthKind::SecurityToken | AuthKind::ResourcePrincipal => {
                Self::new(settings.into_profile(passphrase)?, options)
            }
        }
    }

    async fn of_instance(settings: Settings, options: ClientOptions) -> Result<Self, Problem> {
        settings.check()?;
        let http = Http::new(http_options(&options)?, options.clock);
        let metadata = Metadata::new(&options.env, options.clock)?;
        let federation = instance::federation(&options.env)?;
        let mut regions = settings.regions.clone();
        let delegation = settings.values.delegation_token_file.clone();
        let auth = settings.values.auth;
        let refuse = |error: OciError| refusal::not_admitted(auth, &error);
        let instance = Instance::find(metadata, delegation, federation, &mut regions).await.map_err(refuse)?;
        let exchange =
            Exchange { http: &http, endpoint: options.endpoint.as_ref(), regions: &regions, clock: options.clock };
        let admitted = instance.admit(&exchange).await.map_err(refuse)?;
        let region = instance.region.clone();
        let settings = Settings { regions, ..settings };
        let profile = settings.of_admitted(admitted, region, Source::Instance(Box::new(instance)));
        Ok(Self::with(profile, http, options))
    }

    async fn of_pod(settings: Settings, options: ClientOptions) -> Result<Self, Problem> {
        settings.check()?;
        let http = Http::new(http_options(&options)?, options.clock);
        let workload = Workload::new(&options.env, options.clock)?;
        let auth = settings.values.auth;
        let admitted = workload.admit().await.map_err(|error| refusal::not_admitted(auth, &error))?;
        let region = settings.values.region.as_ref().map(RegionId::new);
        let region = region.ok_or_else(|| Problem::usage("the pod has no region"))?;
        let profile = settings.of_admitted(admitted, region, Source::Workload(Box::new(workload)));
        Ok(Self::with(profile, http, options))
    }

    fn with(profile: Profile, http: Http, options: ClientOptions) -> Self {
        let ClientOptions { endpoint, clock, .. } = options;
        Self { inner: Arc::new(Inner { profile, endpoint, clock, http, home: OnceLock::new() }) }
    }

    pub fn profile(&self) -> &Profile {
        &self.inner.profile
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// The time by the slower of the two clocks, so that no minute counts as passed that has not passed at the service. It
    /// tells its time in whole seconds, rounded down.
    pub fn service_now(&self) -> DateTime<Utc> {
        let offset = self.clock_offset().map(|offset| offset + TimeDelta::seconds(1));
        self.now() + offset.unwrap_or_default().min(TimeDelta::zero())
    }

    /// Part of every request id of this run, `auditui-<run>-<count>`, so that our own calls can be told in the log.
    pub fn run_id(&self) -> &str {
        self.inner.http.run_id()
    }

    /// Requests of this run so far, to whichever service and whatever came of them.
    pub fn calls(&self) -> u64 {
        self.inner.http.sent()
    }

    /// Regions in which the tenancy may be at home, if it is not in that of the profile.
    pub fn likely_homes(&self) -> Vec<RegionId> {
        let profile = &self.inner.profile;
        profile.regions.likely_homes(&profile.region)
    }

    /// The override of the service's own host names, if there is one.
    pub fn endpoint_override(&self) -> Option<&EndpointTemplate> {
        self.inner.endpoint.as_ref()
    }

    /// What the API path follows.
    pub fn endpoint_for(&self, service: Service, region: &RegionId) -> String {
        endpoint_for(self.inner.endpoint.as_ref(), &self.inner.profile.regions, service, region)
    }

    /// The server's clock minus ours, at the newest answer.
    pub fn clock_offset(&self) -> Option<TimeDelta> {
        self.inner.http.clock_offset()
    }

    /// Where tenancy-wide questions are asked: the home region, once it is known.
    fn home(&self) -> &RegionId {
        self.inner.home.get().unwrap_or(&self.inner.profile.region)
    }

    /// One signed GET. A 401 is tried once more with another credential, where there is one to be got.
    async fn get(
        &self,
        service: Service,
        region: &RegionId,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Answer, OciError> {
        let Inner { profile, http, clock, endpoint, .. } = &*self.inner;
        let target = format!("{} in {region}", service.name());
        let url = self.url(service, region, path, query).map_err(|error| OciError::Transport {
            target: target.as_str().into(),
            detail: error.to_string().into(),
            request_id: Box::default(),
        })?;
        let exchange = Exchange { http, endpoint: endpoint.as_ref(), regions: &profile.regions, clock: *clock };
        let credential = profile.keeper.fresh(&exchange).await;
        let refused = match http.get(url.clone(), &target, Proof::Signed(&credential)).await {
            Err(error) if error.is_auth() => error,
            result => return result,
        };
        let explain = |error, renewal: Option<&OciError>| refusal::explain(error, profile, clock.now(), renewal);
        if refusal::is_by_clock(&refused) {
            return Err(explain(refused, None));
        }
        match profile.keeper.replace(&credential, &exchange).await {
            Ok(Some(other)) => {
                http.get(url, &target, Proof::Signed(&other)).await.map_err(|error| explain(error, None))
            }
            Ok(None) => Err(explain(refused, None)),
            // Not over yet: the auth service may answer the next time that this is asked.
            Err(failed) if failed.is_retryable() => Err(failed),
            Err(failed) => Err(explain(refused, Some(&failed))),
        }
    }

    fn url(
        &self,
        service: Service,
        region: &RegionId,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Url, impl fmt::Display + use<>> {
        let separator = if query.is_empty() { "" } else { "?" };
        let query = signer::query(query);
        Url::parse(&format!("{}{path}{separator}{query}", self.endpoint_for(service, region)))
    }
}

impl fmt::Debug for OciClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OciClient").field("profile", &self.inner.profile).finish_non_exhaustive()
    }
}

fn endpoint_for(template: Option<&EndpointTemplate>, regions: &Regions, service: Service, region: &RegionId) -> String {
    match template {
        Some(template) => template.expand(service, region),
        None => service.endpoint(region, regions),
    }
}

impl Settings {
    /// What the API path follows, for the region of the profile; `None` where that has none.
    pub fn endpoint(&self, template: Option<&EndpointTemplate>, service: Service) -> Option<String> {
        let region = self.values.region.as_ref().filter(|region| regions::is_label(region)).map(RegionId::new)?;
        let tenancy = self.values.tenancy.as_deref().unwrap_or_default().into();
        let regions = self.regions.clone().of_tenancy(&tenancy, &region);
        Some(endpoint_for(template, &regions, service, &region))
    }
}
