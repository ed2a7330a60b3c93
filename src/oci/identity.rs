//! The identity service: the tenancy, its regions, its compartments.

use serde::Deserialize;

use crate::domain::compartment::{Compartment, Lifecycle};
use crate::domain::ocid::Ocid;
use crate::domain::region::{Region, RegionId, SubscriptionStatus};

use super::endpoint::Service;
use super::error::OciError;
use super::regions::is_label;
use super::{OciClient, PageToken};

const COMPARTMENTS: &str = "/20160918/compartments";
const TENANCIES: &str = "/20160918/tenancies";
/// Commonly used; the API documents no maximum.
const LIMIT: &str = "1000";

/// GetTenancy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenancyInfo {
    pub id: Ocid,
    pub name: String,
    /// Three letters in lower case, as in [`Region::key`].
    pub home_region_key: String,
}

/// Which compartments ListCompartments is asked for (API parameter `accessLevel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompartmentAccess {
    Any,
    /// Those in which, or below which, the caller may see something.
    Accessible,
}

/// One answer of ListCompartments.
#[derive(Clone, Debug)]
pub struct CompartmentPage {
    pub compartments: Vec<Compartment>,
    pub next: Option<PageToken>,
    pub request_id: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiRegion {
    region_key: Option<String>,
    region_name: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    is_home_region: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiTenancy {
    id: Option<Ocid>,
    name: Option<String>,
    home_region_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiCompartment {
    id: Ocid,
    compartment_id: Option<Ocid>,
    name: Option<String>,
    lifecycle_state: Option<String>,
}

impl OciClient {
    /// The regions that the tenancy is subscribed to, whatever their status.
    pub async fn region_subscriptions(&self) -> Result<Vec<Region>, OciError> {
        self.region_subscriptions_at(&self.profile().region).await
    }

    /// The same, asked in another region than that of the profile: a region to which the tenancy is not subscribed does
    /// not take its keys.
    pub async fn region_subscriptions_at(&self, asked: &RegionId) -> Result<Vec<Region>, OciError> {
        let path = format!("{TENANCIES}/{}/regionSubscriptions", self.profile().tenancy);
        let answer = self.get(Service::Identity, asked, &path, &[]).await?;
        let listed: Vec<ApiRegion> = answer.json("identity")?;
        if let Some(odd) = listed.iter().find(|region| !is_label(&region.region_name.to_lowercase())) {
            return Err(answer.unusable("identity", &format!("`{}` is no region", odd.region_name)));
        }
        let regions: Vec<Region> = listed.into_iter().map(region).collect();
        if let Some(home) = regions.iter().find(|region| region.home) {
            // Set before: it cannot have changed.
            let _ = self.inner.home.set(home.id.clone());
        }
        Ok(regions)
    }

    pub async fn tenancy_name(&self) -> Result<TenancyInfo, OciError> {
        let tenancy = &self.profile().tenancy;
        let path = format!("{TENANCIES}/{tenancy}");
        let answer = self.get(Service::Identity, &self.profile().region, &path, &[]).await?;
        let ApiTenancy { id, name, home_region_key } = answer.json("identity")?;
        let id = id.unwrap_or_else(|| tenancy.clone());
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| id.short());
        Ok(TenancyInfo { id, name, home_region_key: home_region_key.unwrap_or_default().to_lowercase() })
    }

    /// One page of the compartments below the root.
    pub async fn compartment_page(
        &self,
        access: CompartmentAccess,
        page: Option<&PageToken>,
    ) -> Result<CompartmentPage, OciError> {
        let level = match access {
            CompartmentAccess::Any => "ANY",
            CompartmentAccess::Accessible => "ACCESSIBLE",
        };
        let mut query = vec![
            ("compartmentId", self.profile().tenancy.as_str()),
            ("limit", LIMIT),
            ("accessLevel", level),
            ("compartmentIdInSubtree", "true"),
        ];
        query.extend(page.map(|token| ("page", token.as_str())));
        let answer = self.get(Service::Identity, &self.profile().region, COMPARTMENTS, &query).await?;
        let listed: Vec<ApiCompartment> = answer.json("identity")?;
        Ok(CompartmentPage {
            compartments: listed.into_iter().map(compartment).collect(),
            next: answer.next_page.map(PageToken::new),
            request_id: answer.request_id,
        })
    }

    /// The tenancy itself, which ListCompartments leaves out. Where its name may not be read, its OCID stands in.
    pub async fn root_compartment(&self) -> Result<Compartment, OciError> {
        let tenancy = &self.profile().tenancy;
        let name = match self.tenancy_name().await {
            Err(refused) if refused.is_denied() => self.root_name().await?,
            tenancy => tenancy?.name,
        };
        Ok(Compartment { id: tenancy.clone(), parent: None, name, lifecycle: Lifecycle::Active })
    }

    async fn root_name(&self) -> Result<String, OciError> {
        let tenancy = &self.profile().tenancy;
        let path = format!("{COMPARTMENTS}/{tenancy}");
        match self.get(Service::Identity, &self.profile().region, &path, &[]).await {
            Err(refused) if refused.is_denied() => Ok(tenancy.short()),
            answer => Ok(compartment(answer?.json("identity")?).name),
        }
    }
}

fn region(api: ApiRegion) -> Region {
    Region {
        id: RegionId::new(api.region_name),
        key: api.region_key.unwrap_or_default().to_lowercase(),
        status: SubscriptionStatus::from_api(api.status.as_deref().unwrap_or("READY")),
        home: api.is_home_region.unwrap_or_default(),
    }
}

fn compartment(api: ApiCompartment) -> Compartment {
    Compartment {
        name: api.name.filter(|name| !name.is_empty()).unwrap_or_else(|| api.id.short()),
        lifecycle: Lifecycle::from_api(api.lifecycle_state.as_deref().unwrap_or("ACTIVE")),
        id: api.id,
        parent: api.compartment_id,
    }
}
