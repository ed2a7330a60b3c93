//! The story of the sketches, small: a tenancy, its ledger, and events of one compromised user.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::compartment::{Compartment, CompartmentTree, Lifecycle};
use crate::domain::footprint::Footprint;
use crate::domain::ledger::{CellKey, CellUpdate, Change, Ledger};
use crate::domain::ocid::Ocid;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::{Region, RegionId, SubscriptionStatus};
use crate::domain::tenancy::Tenancy;
use crate::domain::time_range::TimeRange;
use crate::domain::zone::Zone;
use crate::index::{IndexBuilder, IndexOptions, Snapshot, StoreOptions};
use crate::query::{Cancel, select, why_none};

use super::App;
use super::effect::{CountRequest, Effect, SelectRequest};
use super::event_detail::EventDetail;
use super::facets::count::FacetCounter;
use super::facts::Facts;
use super::key::KeyPress;
use super::keymap::Keymap;
use super::message::Message;
use super::pivot::count::PivotCounter;
use super::setup::{AccessFilter, Glyphs, Past, Setup};
use super::view::View;

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn setup() -> Setup {
    Setup {
        profile: "DEFAULT".into(),
        endpoint: None,
        demo: false,
        identity: Vec::new(),
        files: None,
        range: TimeRange::new(at("2026-03-14T08:00:00Z"), at("2026-03-14T14:00:00Z")).unwrap(),
        scope: crate::domain::scope::ScopeRequest::default(),
        narrowed_by_default: false,
        access: AccessFilter::default(),
        own_reads: false,
        query: crate::query::Query::everything(),
        views: super::saved::built_in(),
        past: Past::default(),
        views_directory: Some("/config/views".into()),
        zone: Zone::Utc,
        glyphs: Glyphs::Unicode,
        keymap: Arc::clone(Keymap::built_in()),
        configuration: None,
        padding: TimeDelta::minutes(30),
        max_memory: None,
        now: at("2026-03-14T14:02:11Z"),
    }
}

pub const REGIONS: [(&str, &str); 3] = [("eu-frankfurt-1", "fra"), ("us-ashburn-1", "iad"), ("uk-london-1", "lhr")];

const COMPARTMENTS: [(&str, &str, &str); 8] = [
    ("prod", "root", "prod"),
    ("prod-app", "prod", "prod-app"),
    ("prod-db", "prod", "prod-db"),
    ("prod-net", "prod", "prod-net"),
    ("staging", "root", "staging"),
    ("shared", "root", "shared"),
    ("dns", "shared", "dns"),
    ("archived-x", "root", "archived-x"),
];

pub fn tenancy() -> Tenancy {
    let compartment = |id: &str, parent: Option<&str>, name: &str| Compartment {
        id: ocid(id),
        parent: parent.map(ocid),
        name: name.into(),
        lifecycle: Lifecycle::Active,
    };
    let listed = COMPARTMENTS.iter().map(|(id, parent, name)| compartment(id, Some(parent), name)).collect();
    let region = |(id, key): (&str, &str)| Region {
        id: id.into(),
        key: key.into(),
        status: SubscriptionStatus::Ready,
        home: key == "iad",
    };
    Tenancy {
        id: ocid("root"),
        name: Some("acme-prod".into()),
        regions: REGIONS.map(region).to_vec(),
        tree: CompartmentTree::new(compartment("root", None, "acme-prod"), listed),
        partial: None,
    }
}

/// The full OCID of one of the story's compartments.
pub fn ocid(name: &str) -> Ocid {
    Ocid::new(format!("ocid1.compartment.oc1..{name}"))
}

/// Time, method, status, user, event, resource, compartment, region.
type Line = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str, usize);

const STORY: [Line; 14] = [
    ("13:55:10", "DELETE", "200", "alice@acme.com", "DeleteUser", "svc-backup", "root", 1),
    ("13:52:41", "PUT", "200", "alice@acme.com", "UpdateBucket", "backups-prod", "prod-app", 0),
    ("13:51:02", "POST", "200", "alice@acme.com", "CreatePreauthenticatedRequest", "backups-prod", "prod-app", 0),
    ("13:50:30", "GET", "200", "alice@acme.com", "ListBuckets", "", "prod-app", 0),
    ("13:49:55", "POST", "409", "alice@acme.com", "CreateVnicAttachment", "jump-02", "prod-net", 0),
    ("13:47:30", "PUT", "200", "alice@acme.com", "UpdateSecurityList", "web-sl", "prod-net", 0),
    ("13:46:12", "POST", "200", "alice@acme.com", "CreateJob", "stack-net", "prod-net", 0),
    ("13:44:03", "DELETE", "404", "alice@acme.com", "DeleteLogGroup", "", "root", 1),
    ("13:42:19", "PUT", "200", "alice@acme.com", "UpdateConfiguration", "acme-prod", "root", 1),
    ("13:41:07", "POST", "200", "alice@acme.com", "UploadApiKey", "alice@acme.com", "root", 1),
    ("13:12:55", "PUT", "200", "alice@acme.com", "UpdateInstance", "web-01", "prod-app", 0),
    ("12:58:31", "POST", "200", "svc-backup", "CreateBackup", "db-01", "staging", 2),
    ("10:02:00", "GET", "200", "svc-monitor", "GetInstance", "web-01", "prod-app", 0),
    ("09:30:00", "GET", "404", "svc-monitor", "GetBucket", "old", "shared", 2),
];

pub fn event(place: usize) -> String {
    let (time, action, status, user, name, resource, compartment, region) = STORY[place];
    let caller = if name == "CreateJob" { "resmgr" } else { "" };
    serde_json::json!({
        "eventType": format!("com.oraclecloud.Story.{name}"),
        "eventId": format!("93e7a143-650b-4632-8a53-{place:012}"),
        "eventTime": format!("2026-03-14T{time}.318Z"),
        "source": "Story",
        "data": {
            "eventName": name,
            "eventGroupingId": "71307F2A/178728B3",
            "compartmentId": ocid(compartment).as_str(),
            "compartmentName": compartment,
            "resourceName": resource,
            "resourceId": format!("ocid1.thing.oc1.{}.aaaaaaaaq7xa", REGIONS[region].0),
            "identity": {
                "principalName": user, "principalId": "ocid1.user.oc1..aaaaalice", "authType": "natv",
                "callerName": caller, "ipAddress": "203.0.113.9", "userAgent": "Oracle-PythonSDK/2.165 (oci-cli 3.63)",
                "credentials": "ocid1.tenancy.oc1..a/ocid1.user.oc1..b/20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:2d:81:72",
            },
            "request": {
                "id": "71307F2A/0D215F76", "path": "/20160918/things", "action": action,
                "headers": { "Authorization": ["Signature keyId=\"canary\""], "Accept": ["*/*"] },
                "parameters": { "big": 1 },
            },
            "response": { "status": status, "responseTime": format!("2026-03-14T{time}.630Z"),
                "message": if status == "200" { "" } else { "NotAuthorizedOrNotFound" } },
        },
    })
    .to_string()
}

/// The first `count` events of the story.
pub fn snapshot(count: usize) -> Arc<Snapshot> {
    let mut builder = IndexBuilder::default();
    for place in 0..count.min(STORY.len()) {
        insert(&mut builder, place);
    }
    builder.snapshot()
}

/// The story, of which the last events were refused: there is no room for them, nor a place to move the others to.
pub fn refused() -> Arc<Snapshot> {
    let store = StoreOptions { workers: 0, train: false, directory: Some("/nonexistent".into()) };
    let mut builder = IndexBuilder::new(IndexOptions { max_memory: Some(64 << 10), store, ..IndexOptions::default() });
    (0..9).for_each(|place| insert(&mut builder, place));
    builder.snapshot();
    (9..STORY.len()).for_each(|place| insert(&mut builder, place));
    builder.snapshot()
}

/// The story, and three calls that carry our request ids: a read of ours, one of somebody else's, and a write.
pub fn with_own_reads() -> Arc<Snapshot> {
    const US: &str = "ocid1.user.oc1..auditor";
    let mut builder = IndexBuilder::new(Footprint::of(Some(US.into())));
    (0..STORY.len()).for_each(|place| insert(&mut builder, place));
    let calls = [
        ("13:58:01", "GET", "ListEvents", US),
        ("13:58:02", "GET", "ListCompartments", "ocid1.user.oc1..thief"),
        ("13:58:03", "PUT", "UpdateConfiguration", US),
    ];
    for (time, action, name, principal) in calls {
        let event = serde_json::json!({
            "eventType": format!("com.oraclecloud.Audit.{name}"),
            "eventId": name,
            "eventTime": format!("2026-03-14T{time}Z"),
            "data": {
                "eventName": name,
                "identity": { "principalName": "auditor@acme.com", "principalId": principal },
                "request": { "id": "auditui-0badcafe-000007/0D215F76", "action": action },
                "response": { "status": "200" },
            },
        });
        builder.insert(&RegionId::new(REGIONS[0].0), &ocid("prod"), event.to_string().as_bytes());
    }
    builder.snapshot()
}

pub fn insert(builder: &mut IndexBuilder, place: usize) {
    let (.., compartment, region) = STORY[place];
    builder.insert(&RegionId::new(REGIONS[region].0), &ocid(compartment), event(place).as_bytes());
}

/// What was read by 15:30: everything, but for what `except` says about a place.
pub fn ledger(except: &[(&str, usize, Change)]) -> Arc<Ledger> {
    let window = setup().range.fetch_window(TimeDelta::minutes(30));
    let mut ledger = Ledger::new(TimeDelta::minutes(15));
    for name in std::iter::once("root").chain(COMPARTMENTS.iter().map(|(id, ..)| *id)) {
        for (place, (region, _)) in REGIONS.iter().enumerate() {
            let key = CellKey { region: RegionId::new(region), compartment: ocid(name), window };
            let special = except.iter().find(|(of, at, _)| *of == name && *at == place).map(|(.., c)| c.clone());
            ledger.apply(CellUpdate { key: key.clone(), change: Change::Started });
            let change = special.unwrap_or(Change::Complete { at: at("2026-03-14T15:30:00Z") });
            ledger.apply(CellUpdate { key, change });
        }
    }
    Arc::new(ledger)
}

/// Troubles of every sort.
pub fn troubled() -> Arc<Ledger> {
    let problem = |kind, what: &str| Arc::new(Problem::new(kind, what));
    let denied = Change::Denied(problem(ProblemKind::Denied, "404 NotAuthorizedOrNotFound"));
    ledger(&[
        ("prod-db", 1, Change::Failed(problem(ProblemKind::Throttled, "429 TooManyRequests after 8 tries"))),
        ("root", 2, Change::Started),
        ("prod-app", 2, Change::Started),
        ("archived-x", 0, denied.clone()),
        ("archived-x", 1, denied.clone()),
        ("archived-x", 2, denied),
    ])
}

/// The machine with a driver's answers at hand: what it asks for is answered at once.
pub struct Stage {
    pub app: App,
    pub snapshot: Arc<Snapshot>,
    pub ledger: Arc<Ledger>,
    pub effects: Vec<Effect>,
}

impl Stage {
    /// Connected, with the whole story and this ledger.
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Self::with(setup(), snapshot(STORY.len()), ledger)
    }

    pub fn with(setup: Setup, snapshot: Arc<Snapshot>, ledger: Arc<Ledger>) -> Self {
        let (app, effects) = App::new(setup);
        assert_eq!(effects, [Effect::Discover]);
        let mut stage = Self { app, snapshot, ledger, effects: Vec::new() };
        stage.send(Message::TenancyKnown(Box::new(tenancy())));
        stage
    }

    pub fn send(&mut self, message: Message) {
        let effects = self.app.update(message);
        self.perform(effects);
    }

    /// Performs effects, and those of the answers.
    pub fn perform(&mut self, mut waiting: Vec<Effect>) {
        while !waiting.is_empty() {
            let effect = waiting.remove(0);
            self.effects.push(effect.clone());
            if let Some(answer) = self.answer(&effect) {
                waiting.extend(self.app.update(answer));
            }
        }
    }

    pub fn answer(&self, effect: &Effect) -> Option<Message> {
        match effect {
            Effect::Select(request) => Some(Message::View(Arc::new(self.view(request)))),
            Effect::Count(CountRequest::Facets(request)) => {
                let answer = FacetCounter::default().count(request, &Cancel::new(), &mut || false)?;
                Some(Message::FacetsCounted(Box::new(answer)))
            }
            Effect::Count(CountRequest::Pivot(request)) => {
                let mut counter = PivotCounter::default();
                let mut answers = std::iter::from_fn(|| counter.count(request, &Cancel::new(), &mut || false));
                answers.find(|answer| answer.is_last).map(|answer| Message::PivotCounted(Box::new(answer)))
            }
            Effect::Count(CountRequest::Values(request)) => Some(Message::ValuesFound(request.find(&Cancel::new())?)),
            Effect::LoadEvent(key) => {
                let raw = self.snapshot.raw(self.snapshot.find(*key)?)?;
                Some(Message::EventLoaded(Box::new(EventDetail::parse(*key, raw))))
            }
            _ => None,
        }
    }

    pub fn view(&self, request: &SelectRequest) -> View {
        let rows = |query| Arc::new(select(&self.snapshot, query, request.order, None, &Cancel::new()).unwrap());
        let selection = rows(&request.query);
        let totals = rows(&request.totals);
        View {
            generation: request.generation,
            snapshot: Arc::clone(&self.snapshot),
            histogram: selection.histogram(request.about.range, request.about.columns),
            facts: Arc::new(Facts::new(&self.ledger, &totals, &request.about)),
            why: why_none(&self.snapshot, &request.totals, &request.terms, &Cancel::new())
                .filter(|_| selection.is_empty())
                .map(Arc::new),
            totals,
            selection,
            ledger: Arc::clone(&self.ledger),
            elapsed: Duration::from_millis(4),
        }
    }

    /// Presses keys as people write them, separated by spaces.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.send(Message::Key(key.parse::<KeyPress>().unwrap()));
        }
        self
    }

    pub fn typed(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Message::Key(KeyPress::char(c)));
        }
        self
    }

    /// The last request for rows.
    pub fn last_select(&self) -> SelectRequest {
        let mut selects = self.effects.iter().rev();
        selects.find_map(|e| if let Effect::Select(request) = e { Some(request.clone()) } else { None }).unwrap()
    }

    /// Names of the events on the list.
    pub fn names(&self) -> Vec<String> {
        let view = self.app.view().unwrap();
        view.rows(0..view.matched()).map(|row| row.event_name().to_owned()).collect()
    }

    pub fn under_cursor(&self) -> String {
        self.app.event_row().map(|row| row.event_name().to_owned()).unwrap_or_default()
    }
}
