//! What the tenancy consists of: regions and compartments, asked before any event is.
//!
//! A list that cannot be read to its end fails the whole, because a smaller tenancy would look like a complete one.
//! Where permission is missing, what may be seen is taken and [`Tenancy::partial`] says what is not.

use std::future::Future;

use super::backoff::{Jitter, RetrySettings};
use crate::domain::compartment::{Compartment, CompartmentTree, Lifecycle};
use crate::domain::problem::Problem;
use crate::domain::region::{Region, SubscriptionStatus};
use crate::domain::tenancy::Tenancy;
use crate::oci::{OciClient, OciError};

/// Reads subscriptions and compartments, retrying what may pass.
pub async fn discover(client: &OciClient, retry: RetrySettings) -> Result<Tenancy, Problem> {
    let mut partial = Vec::new();
    let regions = match with_retries(retry, || client.region_subscriptions()).await {
        Ok(regions) => regions,
        Err(error) if error.is_denied() => {
            partial.push(error.to_problem().hint(
                "only the region of the profile is read; ask for: Allow group <group> to inspect tenancies in tenancy",
            ));
            vec![profile_region(client)]
        }
        Err(error) => return Err(error.to_problem()),
    };
    let tree = match with_retries(retry, || client.compartments()).await {
        Ok(listing) => {
            partial.extend(listing.partial);
            listing.tree
        }
        Err(error) if error.is_denied() => {
            partial.push(
                error
                    .to_problem()
                    .hint("only the root and compartments named by OCID are read; ask for: Allow group <group> to inspect compartments in tenancy"),
            );
            CompartmentTree::new(bare_root(client), Vec::new())
        }
        Err(error) => return Err(error.to_problem()),
    };
    let name = Some(tree.get(tree.root()).name.clone()).filter(|name| !name.is_empty());
    Ok(Tenancy { id: client.profile().tenancy.clone(), name, regions, tree, partial: join(partial) })
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
                match retry.wait(tries, error.retry_after(), jitter.next()) {
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

fn bare_root(client: &OciClient) -> Compartment {
    Compartment {
        id: client.profile().tenancy.clone(),
        parent: None,
        name: String::new(),
        lifecycle: Lifecycle::Active,
    }
}

fn join(problems: Vec<Problem>) -> Option<Problem> {
    problems.into_iter().reduce(|mut all, next| {
        all.what = format!("{}; {}", all.what, next.what);
        all.hint = format!("{}\n{}", all.hint, next.hint);
        all
    })
}
