//! What the tenancy consists of: regions and compartments, asked before any event is.
//!
//! A list that cannot be read to its end fails the whole, because a smaller tenancy would look like a complete one.
//! Where permission is missing, what may be seen is taken and [`Tenancy::partial`] says what is not.

use std::collections::HashSet;
use std::future::Future;

use super::backoff::{Jitter, RetrySettings};
use crate::domain::compartment::{Compartment, CompartmentTree};
use crate::domain::problem::Problem;
use crate::domain::region::{Region, SubscriptionStatus};
use crate::domain::tenancy::Tenancy;
use crate::oci::{CompartmentAccess, OciClient, OciError};

/// Pages in a row without a new compartment after which a list is taken for endless.
const LONGEST_IDLE: u32 = 100;

/// Every compartment that could be listed.
#[derive(Clone, Debug)]
pub struct CompartmentListing {
    pub tree: CompartmentTree,
    /// Why the tree may be smaller than the tenancy.
    pub partial: Option<Problem>,
}

/// Reads subscriptions, then compartments, retrying what may pass: a credential that is refused is refused once.
pub async fn discover(client: &OciClient, retry: RetrySettings) -> Result<Tenancy, Problem> {
    let regions = regions(client, retry).await?;
    let listing = compartments(client, retry).await;
    tenancy(client, regions, listing)
}

/// The same all at once, with a credential that is known to be taken.
pub async fn discover_again(client: &OciClient, retry: RetrySettings) -> Result<Tenancy, Problem> {
    let (regions, listing) = tokio::join!(regions(client, retry), compartments(client, retry));
    tenancy(client, regions?, listing)
}

/// With what cannot be known of them.
type Regions = (Vec<Region>, Option<Problem>);

async fn regions(client: &OciClient, retry: RetrySettings) -> Result<Regions, Problem> {
    match with_retries(retry, || client.region_subscriptions()).await {
        Ok(regions) => Ok((regions, None)),
        Err(error) if error.is_denied() => {
            let hint =
                "only the region of the profile is read; ask for: Allow group <group> to inspect tenancies in tenancy";
            Ok((vec![profile_region(client)], Some(error.to_problem().hint(hint))))
        }
        Err(error) => Err(error.to_problem()),
    }
}

fn tenancy(
    client: &OciClient,
    (regions, unknown): Regions,
    listing: Result<CompartmentListing, OciError>,
) -> Result<Tenancy, Problem> {
    let CompartmentListing { tree, partial } = listing.map_err(|error| error.to_problem())?;
    let name = Some(tree.get(tree.root()).name.clone()).filter(|name| !name.is_empty());
    let partial = join(unknown.into_iter().chain(partial).collect());
    Ok(Tenancy { id: client.profile().tenancy.clone(), name, regions, tree, partial })
}

/// The root and every compartment below it, in every lifecycle state.
///
/// Where the whole subtree may not be listed, what is accessible is listed instead, and `partial` says so. A page that
/// fails for good fails the listing, so that none is smaller than it looks.
pub async fn compartments(client: &OciClient, retry: RetrySettings) -> Result<CompartmentListing, OciError> {
    let root = with_retries(retry, || client.root_compartment());
    let (root, listed) = tokio::join!(root, all_pages(client, CompartmentAccess::Any, retry));
    let root = root?;
    let (listed, partial) = match listed {
        Err(refused) if refused.is_denied() => accessible(client, &refused, retry).await?,
        listed => (listed?, None),
    };
    Ok(CompartmentListing { tree: CompartmentTree::new(root, listed), partial })
}

async fn accessible(
    client: &OciClient,
    refused: &OciError,
    retry: RetrySettings,
) -> Result<(Vec<Compartment>, Option<Problem>), OciError> {
    let (listed, what) = match all_pages(client, CompartmentAccess::Accessible, retry).await {
        Err(error) if error.is_denied() => (Vec::new(), "only the root is known, no compartment may be listed"),
        listed => (listed?, "only the compartments that this user can access are listed"),
    };
    let problem = Problem::new(refused.to_problem().kind, what)
        .hint("A policy that allows the whole tree:\nAllow group <group> to inspect compartments in tenancy")
        .request_id(refused.request_id().map(str::to_owned));
    Ok((listed, Some(problem)))
}

/// Each page is retried by itself: a long list need not start again because its last page failed.
async fn all_pages(
    client: &OciClient,
    access: CompartmentAccess,
    retry: RetrySettings,
) -> Result<Vec<Compartment>, OciError> {
    let mut all = Vec::new();
    let (mut seen, mut known) = (HashSet::new(), HashSet::new());
    let mut next = None;
    let mut idle = 0;
    loop {
        let page = with_retries(retry, || client.compartment_page(access, next.as_ref())).await?;
        let mut news = false;
        for compartment in &page.compartments {
            news |= known.insert(compartment.id.clone());
        }
        idle = if news { 0 } else { idle + 1 };
        all.extend(page.compartments);
        let Some(token) = page.next else { return Ok(all) };
        if !seen.insert(token.clone()) || idle >= LONGEST_IDLE {
            let target = format!("identity in {}", client.profile().region).into();
            return Err(OciError::Paging { target, request_id: page.request_id });
        }
        next = Some(token);
    }
}

/// Calls until it succeeds, or fails in a way that asking again cannot help, or the patience ends.
pub async fn with_retries<T, F>(retry: RetrySettings, mut call: impl FnMut() -> F) -> Result<T, OciError>
where
    F: Future<Output = Result<T, OciError>>,
{
    let mut jitter = Jitter::new(u64::from(std::process::id()));
    let mut tries = 0;
    loop {
        match call().await {
            Err(error) if error.is_retryable() => {
                tries += 1;
                match retry.wait(tries, error.retry_after(), jitter.draw()) {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return Err(error),
                }
            }
            result => return result,
        }
    }
}

fn profile_region(client: &OciClient) -> Region {
    let id = client.profile().region.clone();
    Region { key: id.to_string(), id, status: SubscriptionStatus::Ready, home: false }
}

fn join(problems: Vec<Problem>) -> Option<Problem> {
    problems.into_iter().reduce(|mut all, next| {
        all.what = format!("{}; {}", all.what, next.what);
        all.hint = format!("{}\n{}", all.hint, next.hint);
        all
    })
}

#[cfg(test)]
#[path = "discover_tests.rs"]
mod tests;
