//! Where credentials come from, and how another one is got before the one in use ends, or when it is refused.
//!
//! ```text
//! call ── fresh ──► due soon? one caller renews, the others go on with what they have
//!   401 ── replace ──► refused is still the one in use? renew, once for all that were refused with it; ask again
//! ```

pub(super) mod admitted;
mod certificate;
pub(super) mod instance;
pub(super) mod metadata;
pub(super) mod resource;
pub(super) mod session;
pub(super) mod workload;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tokio::time::Instant;

use super::error::OciError;
use super::exchange::Exchange;
use super::signer::Credential;
use super::token::SessionToken;
use instance::Instance;
use resource::Resource;
use session::SessionFiles;
use workload::Workload;

/// No two attempts that lead to nothing come faster than this.
const REST: Duration = Duration::from_secs(10);
/// Waits before the second and the third attempt.
const WAITS: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(1)];

/// A credential, and when it ends.
#[derive(Clone)]
pub(super) struct Active {
    pub credential: Arc<Credential>,
    pub expires: Option<DateTime<Utc>>,
    margin: TimeDelta,
    /// By which it can be renewed, where it has one.
    token: Option<SecretString>,
}

impl Active {
    /// One that does not end.
    pub fn lasting(credential: Credential) -> Self {
        Self { credential: Arc::new(credential), expires: None, margin: TimeDelta::zero(), token: None }
    }

    pub fn of(credential: Credential, token: &SessionToken) -> Self {
        Self {
            credential: Arc::new(credential),
            expires: token.expires,
            margin: token.margin,
            token: Some(token.text.clone()),
        }
    }

    fn on_behalf_of(self, delegation: &SecretString) -> Self {
        let credential = (*self.credential).clone().on_behalf_of(Some(delegation.clone()));
        Self { credential: Arc::new(credential), ..self }
    }

    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.expires.is_some_and(|expires| expires - self.margin <= now)
    }

    fn has_ended(&self, now: DateTime<Utc>) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

pub(super) enum Source {
    /// An API key, or a key of the demo: there is no other.
    Fixed,
    Session(SessionFiles),
    Instance(Box<Instance>),
    Resource(Resource),
    Workload(Box<Workload>),
}

/// Keeps the credential in use.
pub(super) struct Keeper {
    active: Mutex<Active>,
    source: Source,
    /// Whoever holds it renews.
    turn: tokio::sync::Mutex<Turn>,
}

#[derive(Default)]
struct Turn {
    /// Until when nothing is tried again, and what went wrong.
    rests: Option<(Instant, Option<OciError>)>,
}

impl Keeper {
    pub fn new(active: Active, source: Source) -> Self {
        Self { active: Mutex::new(active), source, turn: tokio::sync::Mutex::default() }
    }

    pub fn active(&self) -> Active {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The credential for the next call. One that ends soon is replaced before; where that fails it is used to its end.
    pub async fn fresh(&self, exchange: &Exchange<'_>) -> Arc<Credential> {
        let (active, now) = (self.active(), exchange.now());
        if !active.is_due(now) || matches!(self.source, Source::Fixed) {
            return active.credential;
        }
        let turn = if active.has_ended(now) { Some(self.turn.lock().await) } else { self.turn.try_lock().ok() };
        if let Some(mut turn) = turn
            && self.active().is_due(now)
        {
            // Seldom, and large: no call shall carry room for it.
            let _used_to_its_end = Box::pin(self.renew(&mut turn, exchange)).await;
        }
        self.active().credential
    }

    /// Another credential than the one that was refused, if there is one. Of the calls that were refused with it, the
    /// first renews, and the others find what that one got.
    pub async fn replace(
        &self,
        refused: &Credential,
        exchange: &Exchange<'_>,
    ) -> Result<Option<Arc<Credential>>, OciError> {
        if matches!(self.source, Source::Fixed) {
            return Ok(None);
        }
        let mut turn = self.turn.lock().await;
        if *self.active().credential == *refused {
            Box::pin(self.renew(&mut turn, exchange)).await?;
        }
        let active = self.active().credential;
        Ok((*active != *refused).then_some(active))
    }

    async fn renew(&self, turn: &mut Turn, exchange: &Exchange<'_>) -> Result<(), OciError> {
        let before = self.active();
        if let Some(found) = self.read_again(&before.credential) {
            self.keep(found);
            return Ok(());
        }
        if let Some((until, failure)) = &turn.rests
            && Instant::now() < *until
        {
            return failure.clone().map_or(Ok(()), Err);
        }
        let got = match &self.source {
            Source::Fixed | Source::Resource(_) => return Ok(()),
            Source::Session(_) if before.has_ended(exchange.now()) => return Ok(()),
            Source::Session(files) => self.refresh(files, &before, exchange).await,
            Source::Instance(instance) => instance.admit(exchange).await.map(|admitted| admitted.active),
            Source::Workload(workload) => workload.admit().await.map(|admitted| admitted.active),
        };
        let until = Instant::now() + REST;
        match got {
            Ok(active) => {
                // A token that is as good as over already is not asked for with every call.
                turn.rests = active.is_due(exchange.now()).then_some((until, None));
                self.keep(active);
                Ok(())
            }
            Err(error) => {
                turn.rests = Some((until, Some(error.clone())));
                Err(error)
            }
        }
    }

    /// Somebody else may have renewed it: looking costs nothing.
    fn read_again(&self, before: &Credential) -> Option<Active> {
        match &self.source {
            Source::Session(files) => files.read_again(before),
            Source::Resource(resource) => resource.read_again(before),
            Source::Fixed | Source::Instance(_) | Source::Workload(_) => None,
        }
    }

    async fn refresh(
        &self,
        files: &SessionFiles,
        before: &Active,
        exchange: &Exchange<'_>,
    ) -> Result<Active, OciError> {
        let Some(current) = &before.token else { return Ok(before.clone()) };
        let token = exchange.refresh(&files.region, current, &before.credential).await?;
        files.keep(current, &token.text);
        Ok(Active::of(Credential::session(&token.text, before.credential.key().clone()), &token))
    }

    fn keep(&self, active: Active) {
        *self.active.lock().unwrap_or_else(PoisonError::into_inner) = active;
    }
}

/// Up to three attempts. Elsewhere whoever calls decides about those; before the first token there is nobody else.
async fn retry<T, F: Future<Output = Result<T, OciError>>>(
    again: impl Fn(&OciError) -> bool,
    mut attempt: impl FnMut() -> F,
) -> Result<T, OciError> {
    for wait in WAITS {
        match attempt().await {
            Err(error) if again(&error) => tokio::time::sleep(wait).await,
            result => return result,
        }
    }
    attempt().await
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
