//! The identity block: who did it, in the shape that the way of signing in leaves behind.

use super::super::cast::{Actor, How};
use super::super::json::Json;
use super::super::seed::Stream;
use super::names;

const TOKEN: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Who made the call.
pub struct Identity {
    pub name: String,
    pub id: String,
    pub how: How,
    pub auth_type: Option<&'static str>,
    /// The service in between, with its id.
    pub caller: Option<(String, String)>,
    pub ip: String,
    pub agent: String,
    pub credentials: Option<String>,
    pub console_session: Option<String>,
    pub fingerprint: String,
    /// The availability domain that answered.
    pub domain: u64,
    /// Sign-ins say the name alone.
    pub bare: bool,
}

impl Identity {
    /// `actor`, or the person a service acts for, during the visit `burst`.
    pub fn of(actor: &Actor, acts_for: Option<&Actor>, tenancy: &str, burst: u64) -> Self {
        let person = acts_for.unwrap_or(actor);
        let mut stream = Stream::about(&[burst, 7]);
        let token = format!("ST$eyJraWQiOiJhc3dfMSIsImFsZyI6IlJTMjU2In0.{}", stream.letters(86, TOKEN));
        let key = format!("{tenancy}/{}/{}", person.id, person.fingerprint);
        let session = actor.is_console().then(|| format!("csid{}", stream.letters(28, b"0123456789abcdef")));
        let (auth_type, credentials) = match actor.how {
            How::Console => ("natv", token),
            How::Federated => ("fed", token),
            How::Cli | How::Sdk | How::Terraform => ("natv", key),
            How::Instance => ("instance", token),
            How::Resource => ("resource", token),
            How::Service => ("natv", "***".to_owned()),
        };
        let ip = match acts_for {
            Some(_) => format!("{},252.138.{}.{}", actor.ip, stream.below(250), stream.between(1, 250)),
            None => actor.ip.clone(),
        };
        Self {
            name: person.name.clone(),
            id: person.id.clone(),
            how: actor.how,
            auth_type: Some(auth_type),
            caller: acts_for.map(|_| (actor.name.clone(), actor.id.clone())),
            ip,
            agent: actor.agent.clone(),
            credentials: Some(credentials),
            console_session: session,
            fingerprint: person.fingerprint.clone(),
            domain: stream.between(1, 3),
            bare: false,
        }
    }

    /// Leaves what the sign-in service says: no ids, no credentials.
    pub fn hide(&mut self) {
        self.auth_type = None;
        self.credentials = None;
        self.console_session = None;
        self.bare = true;
    }

    pub fn write(&self, j: &mut Json, tenancy: &str) {
        j.text("principalName", &self.name);
        j.maybe("principalId", (!self.bare).then_some(self.id.as_str()));
        match self.auth_type {
            Some(auth_type) => j.exact("authType", auth_type),
            None => j.raw("authType", "null"),
        }
        j.maybe("callerName", self.caller.as_ref().map(|(name, _)| name.as_str()));
        j.maybe("callerId", self.caller.as_ref().map(|(_, id)| id.as_str()));
        j.exact("tenantId", tenancy);
        j.text("ipAddress", &self.ip);
        j.maybe("credentials", self.credentials.as_deref());
        j.text("userAgent", &self.agent);
        j.maybe("consoleSessionId", self.console_session.as_deref());
    }

    /// The header in which Oracle's front door tells the service who is calling.
    pub fn principal_header(&self, tenancy: &str, host: &str, date: &str) -> String {
        let subject = self.caller.as_ref().map_or(&self.id, |(_, id)| id);
        let kind = match self.how {
            How::Instance => "instance",
            How::Resource => "resource",
            How::Service => "service",
            _ => "user",
        };
        let claims = [
            ("pstype", self.auth_type.unwrap_or("natv"), "authService.oracle.com"),
            ("ptype", kind, "authService.oracle.com"),
            ("ttype", "login", "authService.oracle.com"),
            ("fprint", &self.fingerprint, "authService.oracle.com"),
            ("h_host", host, "h"),
            ("h_date", date, "h"),
        ];
        Json::write(None, |j| {
            j.exact("tenantId", tenancy);
            j.exact("subjectId", subject);
            let claims: Vec<String> = claims.iter().map(|&(key, value, issuer)| claim(key, value, issuer)).collect();
            j.raw("claims", &format!("[{}]", claims.join(",")));
        })
    }

    /// The Authorization header, its signature starred out as Oracle records it.
    pub fn authorization(&self, body: bool) -> String {
        let headers = if body {
            "date (request-target) host content-length content-type x-content-sha256"
        } else {
            "date (request-target) host"
        };
        let key = self.credentials.as_deref().unwrap_or("***");
        format!(
            "Signature algorithm=\"rsa-sha256\",headers=\"{headers}\",keyId=\"{key}\",signature=\"*****\",version=\"1\""
        )
    }

    /// Whether the front door's own header is among those recorded: some services keep it, some do not.
    pub fn has_principal_header(&self) -> bool {
        matches!(self.how, How::Cli | How::Terraform | How::Service)
    }

    /// The name a client gives itself in opc-client-info, if it is one of Oracle's SDKs.
    pub fn client_info(&self) -> Option<&str> {
        self.agent.split(' ').next().filter(|word| word.starts_with("Oracle-"))
    }
}

fn claim(key: &str, value: &str, issuer: &str) -> String {
    Json::write(None, |j| {
        j.exact("key", key);
        j.exact("value", value);
        j.exact("issuer", issuer);
    })
}

/// A port as a client would have it.
pub fn port(stream: &mut Stream) -> u64 {
    stream.between(1025, 65_000)
}

/// An id for a page, a version and the like.
pub fn etag(stream: &mut Stream) -> String {
    names::uuid(stream)
}
