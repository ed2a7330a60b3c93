//! From a request's bytes to an answer: who asks, what goes wrong on purpose, whether the question is in order, and the
//! answer itself, in this order.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::answer::{Answer, Refusal};
use super::audit::{self, ListEvents, Listed};
use super::change::Changes;
use super::clock::Clock;
use super::fault::{Faults, Subject};
use super::gate::Gates;
use super::identity::{self, Rules};
use super::journal::{Journal, RequestRecord, Served};
use super::json::quoted;
use super::limit::Limits;
use super::names::{http_date, segment};
use super::query::peek;
use super::scenario::{FaultKind, FaultSpec, RegionStatus};
use super::seed::Stream;
use super::sign_in::SignIn;
use super::signature::{Caller, Keyring, Signed};
use super::tenancy::Tenancy;
use super::wire::Body;
use super::world::World;

/// Everything a request can meet.
pub struct Cloud {
    pub world: World,
    pub keyring: Keyring,
    pub sign_in: SignIn,
    pub clock: Clock,
    pub faults: Faults,
    pub changes: Changes,
    pub gates: Gates,
    pub limits: Limits,
    pub journal: Journal,
    pub served: Served,
    pub rules: Rules,
    pub page_size: usize,
    pub latency: Duration,
}

const FEDERATE: &str = "/v1/x509";
const REFRESH: &str = "/v1/authentication/refresh";
/// What a cluster answers at; no service, and no region, stand before it.
const POD_TOKENS: &str = "resourcePrincipalSessionTokens";

/// No request of these APIs is longer.
const LARGEST_BODY: usize = 64 * 1024;

/// Accepts connections until the task is dropped, and with it all of them.
pub async fn serve(listener: TcpListener, cloud: Arc<Cloud>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&cloud)));
                }
                // out of file handles, most likely: let others finish first
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, cloud: Arc<Cloud>) {
    let _small_answers_leave_at_once = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let cloud = Arc::clone(&cloud);
        async move { cloud.handle(request).await }
    });
    // a client that goes away is its own business
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// A request, read and taken apart.
struct Call {
    method: String,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
    service: String,
    region: String,
    /// What follows service and region, without the query.
    path: String,
    query: String,
}

impl Call {
    async fn read(request: Request<Incoming>) -> io::Result<Self> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, LARGEST_BODY).collect().await.map_err(io::Error::other)?;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut parts = path.splitn(4, '/').skip(1);
        let mut part = || parts.next().unwrap_or_default().to_owned();
        Ok(Self {
            service: part(),
            region: part(),
            path: format!("/{}", part()),
            query: query.to_owned(),
            method: head.method.as_str().to_owned(),
            headers: head.headers,
            body: body.to_bytes().to_vec(),
            target,
        })
    }

    fn signed(&self) -> Signed<'_> {
        Signed { method: &self.method, target: &self.target, headers: &self.headers, body: &self.body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn operation(&self) -> &'static str {
        match (self.service.as_str(), self.path.as_str()) {
            ("audit", "/20190901/auditEvents") => "ListEvents",
            ("audit", "/20190901/configuration") => "GetConfiguration",
            ("auth", FEDERATE) => "Federate",
            ("auth", REFRESH) => "RefreshSession",
            ("opc", _) => "Metadata",
            (POD_TOKENS, "/") => "PodToken",
            ("identity", path) => path.strip_prefix("/20160918").map_or("", identity::operation),
            _ => "",
        }
    }

    fn gzip(&self) -> bool {
        self.header("accept-encoding").is_some_and(|accepted| accepted.to_ascii_lowercase().contains("gzip"))
    }

    /// The client's own request id: at most 32 letters, digits, `_` and `-`.
    fn request_id(&self) -> Option<&str> {
        let fine = |id: &&str| {
            (1..=32).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        };
        self.header("opc-request-id").filter(fine)
    }
}

impl Cloud {
    async fn handle(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let call = Call::read(request).await?;
        tokio::time::sleep(self.latency).await;
        let caller = self.authenticate(&call);
        let principal = caller.as_ref().ok().and_then(|caller| Some(caller.as_ref()?.principal));
        let (answer, events) = match caller {
            Ok(caller) => self.answer(&call, caller.as_ref()).await,
            Err(refusal) => (refusal.into(), 0),
        };
        let now = self.clock.now();
        let request_id = self.request_id(&call);
        self.journal.write(RequestRecord { principal, ..record(&call, &answer, events, now) });
        if answer.status == 0 {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        answer.response(call.gzip(), &http_date(now), &request_id).map_err(io::Error::other)
    }

    async fn answer(&self, call: &Call, caller: Option<&Caller>) -> (Answer, usize) {
        if call.operation() == "ListEvents" && !self.limits.admits(&call.region, self.clock.now()) {
            return (Refusal::too_many().into(), 0);
        }
        let subject = self.subject(call);
        let Some(fault) = self.faults.draw(&subject) else {
            return self.route(call, caller, None).await.unwrap_or_else(refused);
        };
        self.journal.count_fault();
        if fault.spec.kind != FaultKind::Trickle {
            tokio::time::sleep(Duration::from_millis(fault.spec.latency_ms)).await;
        }
        if let Some(answer) = fault.instead(&subject) {
            return (answer, 0);
        }
        let (answer, events) = self.route(call, caller, Some(fault.spec)).await.unwrap_or_else(refused);
        (fault.spoil(answer), events)
    }

    /// Who signed. The metadata service wants a word, and who asks for a token proves itself as part of that question.
    fn authenticate(&self, call: &Call) -> Result<Option<Caller>, Refusal> {
        match call.operation() {
            "Metadata" | "Federate" | "PodToken" => Ok(None),
            "RefreshSession" => self.keyring.check_renewal(&call.signed(), self.clock.now()).map(Some),
            _ => self.keyring.check(&call.signed(), self.clock.now()).map(Some),
        }
    }

    /// Answers of the metadata and auth services, and of a pod's cluster.
    fn sign_in(&self, call: &Call, caller: Option<&Caller>) -> Result<Answer, Refusal> {
        let now = self.clock.now();
        let (token, registered) = match (call.operation(), call.method.as_str()) {
            ("Metadata", "GET") => return self.sign_in.metadata(&call.path, call.header("authorization"), now),
            ("Federate", "POST") => self.sign_in.federate(&call.signed(), now)?,
            ("PodToken", "POST") => {
                let (token, registered) = self.sign_in.pod(call.header("authorization"), &call.body, now)?;
                self.keyring.register(format!("ST${token}"), registered);
                return Ok(SignIn::packed(&token));
            }
            ("RefreshSession", "POST") => {
                let unknown = || Refusal::not_authenticated("Nobody signed.");
                let caller = caller.ok_or_else(unknown)?;
                let public = self.keyring.public_key(&caller.key_id).ok_or_else(unknown)?;
                self.sign_in.refresh(caller, public, &call.body, now)?
            }
            _ => return Err(Refusal::method()),
        };
        self.keyring.register(format!("ST${token}"), registered);
        Ok(Answer::json(format!("{{\"token\":{}}}", quoted(&token))))
    }

    fn subject<'a>(&'a self, call: &'a Call) -> Subject<'a> {
        let compartment = peek(&call.query, "compartmentId").and_then(|id| self.world.tenancy.compartment(&id));
        Subject {
            service: &call.service,
            operation: call.operation(),
            region: &call.region,
            compartment: compartment.and_then(|at| self.world.tenancy.compartments.get(at)),
            later_page: peek(&call.query, "page").is_some(),
            target: &call.target,
            host: call.header("host").unwrap_or_default(),
            answered: self.journal.counts().requests,
        }
    }

    async fn route(
        &self,
        call: &Call,
        caller: Option<&Caller>,
        trouble: Option<&FaultSpec>,
    ) -> Result<(Answer, usize), Refusal> {
        if ["Metadata", "Federate", "RefreshSession", "PodToken"].contains(&call.operation()) {
            return self.sign_in(call, caller).map(|answer| (answer, 0));
        }
        if !["audit", "identity"].contains(&call.service.as_str()) {
            return Err(Refusal::new(404, "NotFound", "Unknown service."));
        }
        let tenancy = self.changes.apply(&self.world.tenancy, self.journal.counts().requests);
        let region = region(&tenancy, &call.region)?;
        let operation = call.operation();
        if operation.is_empty() {
            return Err(Refusal::new(404, "NotFound", "Unknown resource."));
        }
        if call.method != "GET" {
            return Err(Refusal::method());
        }
        match operation {
            "ListEvents" => self.list_events(call, &tenancy, region, trouble).await,
            "GetConfiguration" => audit::configuration(&call.query, &self.world).map(|answer| (answer, 0)),
            _ => {
                let path = call.path.strip_prefix("/20160918").unwrap_or_default();
                identity::answer(path, &call.query, &tenancy, self.rules).map(|answer| (answer, 0))
            }
        }
    }

    async fn list_events(
        &self,
        call: &Call,
        tenancy: &Tenancy,
        region: usize,
        trouble: Option<&FaultSpec>,
    ) -> Result<(Answer, usize), Refusal> {
        let question = ListEvents::parse(&call.query, tenancy, region, self.world.seed)?;
        if let (Some(region), Some(compartment)) =
            (tenancy.regions.get(region), tenancy.compartments.get(question.cell.compartment))
        {
            self.gates.pass(region, compartment).await;
        }
        let now = self.clock.now().timestamp_millis();
        let Listed { answer, events } = question.answer(&self.world, self.page_size, now, trouble);
        self.served.note(&events);
        Ok((answer, events.len()))
    }

    /// The client's segment, if it sent one, then the front door's and the service's.
    fn request_id(&self, call: &Call) -> String {
        let mut stream = Stream::about(&[self.world.seed, self.journal.counts().requests]);
        let client = call.request_id().map_or_else(|| segment(&mut stream), str::to_owned);
        format!("{client}/{}/{}", segment(&mut stream), segment(&mut stream))
    }
}

fn region(tenancy: &Tenancy, name: &str) -> Result<usize, Refusal> {
    let at = tenancy
        .region(name)
        .ok_or_else(|| Refusal::not_authenticated(format!("The tenancy is not subscribed to the region {name}")))?;
    match tenancy.regions.get(at).map(|region| region.status) {
        Some(RegionStatus::Ready) => Ok(at),
        _ => Err(Refusal::not_found(&format!("Region {name} is not ready"))),
    }
}

fn refused(refusal: Refusal) -> (Answer, usize) {
    (refusal.into(), 0)
}

fn record(call: &Call, answer: &Answer, events: usize, now: DateTime<Utc>) -> RequestRecord {
    RequestRecord {
        time: now,
        method: call.method.clone(),
        service: call.service.clone(),
        region: call.region.clone(),
        operation: call.operation().to_owned(),
        target: call.target.clone(),
        status: answer.status,
        code: answer.code.clone(),
        client_request_id: call.header("opc-request-id").map(str::to_owned),
        user_agent: call.header("user-agent").map(str::to_owned),
        principal: None,
        compartment: peek(&call.query, "compartmentId"),
        start_time: peek(&call.query, "startTime"),
        end_time: peek(&call.query, "endTime"),
        page: peek(&call.query, "page"),
        events,
    }
}
