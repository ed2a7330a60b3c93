//! A small Oracle cloud on a loopback port, for the demo, for tests and for benches.
//!
//! It serves the audit and identity APIs of an invented tenancy under `/{service}/{region}/…`, checks every signature
//! and every parameter, and can be told to be slow, throttled, broken or hostile. It plays the metadata service of an
//! instance under `/opc/v2` and the auth service as well. What happens in it is drawn from a
//! seed: the same scenario, seed and epoch give the same events, byte for byte, whatever is asked first.
//!
//! It uses nothing of the rest of the program, so that a misspelt field cannot cancel itself out.
//!
//! ```text
//! request ─► server ─► signature ─► fault ─► query ─► gate ─► audit    ─► world ─► background, story ─► event
//!                                       │                  └► identity ─► tenancy
//!                                       └► sign_in: metadata and auth services
//! ```

mod answer;
mod audit;
mod background;
mod cast;
mod catalogue;
mod change;
mod clock;
mod event;
mod fault;
mod gate;
mod home;
mod hostile;
mod identity;
mod journal;
mod json;
mod key;
mod limit;
mod names;
mod page;
mod query;
mod scenario;
mod seed;
mod server;
mod sign_in;
mod signature;
mod story;
mod tenancy;
mod twist;
mod wire;
mod world;

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

pub use gate::Gate;
pub use home::Home;
pub use journal::{Counts, RequestRecord};
pub use key::Credentials;
pub use scenario::{Scenario, ScenarioError};
pub use world::WorldEvent;

use change::Changes;
use clock::Clock;
use fault::Faults;
use gate::Gates;
use identity::Rules;
use journal::{Journal, Served};
use key::Key;
use limit::Limits;
use server::Cloud;
use sign_in::{People, SignIn};
use signature::{Keyring, Registered};
use world::World;

/// How to start a [`FakeOci`].
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// 0 takes any free port.
    pub port: u16,
    /// The scenario's own if none.
    pub seed: Option<u64>,
    /// The moment the world is built around; the start of the current hour if none.
    pub epoch: Option<DateTime<Utc>>,
    /// Freezes the server's clock; it runs if none.
    pub now: Option<DateTime<Utc>>,
    /// Remember every event served, for [`FakeOci::has_served`].
    pub keep_served: bool,
}

/// A running cloud; it ends when dropped.
pub struct FakeOci {
    cloud: Arc<Cloud>,
    port: u16,
    epoch: DateTime<Utc>,
    key: Key,
    session: Option<String>,
    accepting: AbortHandle,
}

/// What a function, or another resource, is given to sign with.
#[derive(Clone)]
pub struct ResourcePrincipal {
    pub token: String,
    pub key_pem: String,
    pub region: String,
}

impl FakeOci {
    /// Builds the scenario's world and serves it from tasks of the current runtime.
    pub async fn start(scenario: Scenario, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let port = listener.local_addr()?.port();
        let clock = Clock::new(options.now, TimeDelta::seconds(scenario.server.clock_skew_seconds));
        let epoch = options.epoch.unwrap_or_else(|| clock.hour());
        let key = Key::throw_away()?;
        let world = World::new(&scenario, options.seed.unwrap_or(scenario.seed), epoch, &key.fingerprint)?;
        let sign_in = SignIn::new(people(&world.tenancy), scenario.tokens.clone(), clock.now());
        let session = scenario.session.as_ref().map(|session| {
            let expires = clock.now() + TimeDelta::seconds(session.expires_in_seconds);
            (sign_in.session_token(clock.now(), expires), expires)
        });
        let mut cloud = cloud(&scenario, world, clock, &key, session.as_ref(), sign_in);
        cloud.served = Served::new(options.keep_served);
        let cloud = Arc::new(cloud);
        let accepting = tokio::spawn(server::serve(listener, Arc::clone(&cloud))).abort_handle();
        Ok(Self { cloud, port, epoch, key, session: session.map(|(token, _)| token), accepting })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the services are, with `{service}` and `{region}` to be filled in.
    pub fn endpoint_template(&self) -> String {
        format!("http://127.0.0.1:{}/{{service}}/{{region}}", self.port)
    }

    /// The one user that exists, and the key registered for them.
    pub fn credentials(&self) -> Credentials {
        let tenancy = self.tenancy();
        Credentials {
            tenancy: tenancy.id.clone(),
            user: tenancy.user.clone(),
            fingerprint: self.key.fingerprint.clone(),
            key_pem: self.key.pem.clone(),
            region: tenancy.regions.get(tenancy.home()).map(|region| region.name.clone()).unwrap_or_default(),
        }
    }

    /// The session token, in scenarios that have one; signed with the same key.
    pub fn session_token(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Another session of the user that was made for an hour and has so many seconds left.
    pub fn new_session(&self, seconds: i64) -> String {
        let expires = self.now() + TimeDelta::seconds(seconds);
        let token = self.cloud.sign_in.session_token(expires - TimeDelta::hours(1), expires);
        let registered = Registered::new("session", self.key.public.clone()).until(expires);
        let registered = registered.for_calls(self.cloud.sign_in.calls());
        self.cloud.keyring.register(format!("ST${token}"), registered);
        token
    }

    /// What Cloud Shell keeps for its user; the one before is no longer known.
    pub fn new_delegation(&self) -> String {
        let token = self.cloud.sign_in.delegation_token(self.now());
        self.cloud.keyring.delegate(token.clone());
        token
    }

    /// The word of the service account of a pod.
    pub fn new_service_account(&self) -> String {
        self.cloud.sign_in.service_account(self.now())
    }

    /// Everything secret that clients were given so far; also when the server has ended.
    pub fn secrets(&self) -> impl Fn() -> Vec<String> + Send + Sync + 'static {
        let (cloud, key) = (Arc::clone(&self.cloud), self.key.pem.clone());
        move || [cloud.sign_in.tokens(), vec![key.clone()], Self::secret_keys().to_vec()].concat()
    }

    /// Token and key of a function.
    pub fn new_resource(&self) -> io::Result<ResourcePrincipal> {
        let (token, key, registered) = self.cloud.sign_in.resource(self.now())?;
        self.cloud.keyring.register(format!("ST${token}"), registered);
        Ok(ResourcePrincipal { token, key_pem: key::block(key), region: self.credentials().region })
    }

    /// Every token that was given is refused from now on.
    pub fn revoke_tokens(&self) {
        self.cloud.keyring.revoke_tokens();
    }

    /// Where the metadata service is, for `OCI_METADATA_BASE_URL`.
    pub fn metadata_base(&self) -> String {
        format!("http://127.0.0.1:{}/opc/v2", self.port)
    }

    /// The private keys of the instance and of the function, which no client may show.
    pub fn secret_keys() -> [String; 2] {
        SignIn::secret_keys()
    }

    /// Writes an OCI config file and what it names into `dir`.
    pub fn write_home(&self, dir: &Path) -> io::Result<Home> {
        home::write(dir, &self.credentials(), self.session_token())
    }

    /// Beside it, profiles and variables for every other way to sign in.
    pub fn write_sign_ins(&self, home: &Home) -> io::Result<()> {
        home::write_sign_ins(home, self)
    }

    pub fn epoch(&self) -> DateTime<Utc> {
        self.epoch
    }

    /// The time by the server's clock, skewed if the scenario says so.
    pub fn now(&self) -> DateTime<Utc> {
        self.cloud.clock.now()
    }

    /// Every answered request, oldest first; of very many, the newest.
    /// Stops the server's clock at another time. The world stays as it is; more of it may be visible then.
    pub fn set_clock(&self, time: DateTime<Utc>) {
        self.cloud.clock.set(time);
    }

    pub fn requests(&self) -> Vec<RequestRecord> {
        self.cloud.journal.records()
    }

    pub fn counts(&self) -> Counts {
        self.cloud.journal.counts()
    }

    /// Whether an event of exactly these bytes was on any page. False unless [`Options::keep_served`] was set.
    pub fn has_served(&self, event: &[u8]) -> bool {
        self.cloud.served.holds(event)
    }

    /// Lets matching ListEvents calls wait until the gate is released.
    pub fn hold(&self, gate: Gate) {
        self.cloud.gates.hold(gate);
    }

    pub fn release(&self, gate: &Gate) {
        self.cloud.gates.release(gate);
    }

    pub fn release_all(&self) {
        self.cloud.gates.release_all();
    }

    /// How many calls wait at a gate.
    pub fn parked(&self) -> usize {
        self.cloud.gates.parked()
    }

    /// Returns once at least `n` calls wait at a gate.
    pub async fn wait_parked(&self, n: usize) {
        self.cloud.gates.wait_parked(n).await;
    }

    /// Every event that happened in `[from, until)` where our user may read, oldest first: what a complete reader finds
    /// once all of it is visible.
    pub fn world_events(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<WorldEvent> {
        let mut events = self.world_events_with_denied(from, until);
        events.retain(|event| !event.denied);
        events
    }

    /// As [`world_events`](Self::world_events), and also what our user is refused.
    pub fn world_events_with_denied(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<WorldEvent> {
        self.cloud.world.events(from, until)
    }

    /// Regions that can be read, home first.
    pub fn ready_regions(&self) -> Vec<String> {
        let ready = |region: &&tenancy::Region| region.status == scenario::RegionStatus::Ready;
        let mut regions: Vec<&tenancy::Region> = self.tenancy().regions.iter().filter(ready).collect();
        regions.sort_by_key(|region| !region.home);
        regions.into_iter().map(|region| region.name.clone()).collect()
    }

    /// OCID and path of every compartment, the root with its empty path first.
    pub fn compartments(&self) -> Vec<(String, String)> {
        self.tenancy()
            .compartments
            .iter()
            .map(|compartment| (compartment.id.clone(), compartment.path.clone()))
            .collect()
    }

    fn tenancy(&self) -> &tenancy::Tenancy {
        &self.cloud.world.tenancy
    }
}

impl fmt::Debug for FakeOci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeOci").field("port", &self.port).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Drop for FakeOci {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn people(tenancy: &tenancy::Tenancy) -> People {
    let home = tenancy.regions.get(tenancy.home());
    People {
        tenancy: tenancy.id.clone(),
        user: tenancy.user.clone(),
        region: home.map(|region| region.name.clone()).unwrap_or_default(),
        region_key: home.map(|region| region.key.to_lowercase()).unwrap_or_default(),
    }
}

fn cloud(
    scenario: &Scenario,
    world: World,
    clock: Clock,
    key: &Key,
    session: Option<&(String, DateTime<Utc>)>,
    sign_in: SignIn,
) -> Cloud {
    let tenancy = &world.tenancy;
    let keyring = Keyring::default();
    let id = format!("{}/{}/{}", tenancy.id, tenancy.user, key.fingerprint);
    keyring.register(id, Registered::new("user", key.public.clone()));
    if let Some((token, expires)) = session {
        keyring.register(format!("ST${token}"), Registered::new("session", key.public.clone()).until(*expires));
    }
    Cloud {
        keyring,
        sign_in,
        clock,
        faults: Faults::new(world.seed, scenario.faults.iter().map(|fault| fault.get_ref().clone()).collect()),
        changes: Changes::new(scenario.changes.iter().map(|change| change.get_ref().clone()).collect()),
        gates: Gates::new(),
        limits: Limits::new(scenario.server.limit.clone()),
        journal: Journal::default(),
        served: Served::new(false),
        rules: Rules {
            refuse_subtree: scenario.server.refuse_subtree,
            most_per_page: scenario.server.compartments_per_page,
            seed: world.seed,
        },
        page_size: scenario.events.page_size,
        latency: Duration::from_millis(scenario.server.latency_ms),
        world,
    }
}

#[cfg(test)]
mod tests;
