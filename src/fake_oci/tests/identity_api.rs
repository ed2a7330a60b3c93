//! Regions, the tenancy and its compartments.

use super::*;

async fn names(client: &Client<'_>, query: &str) -> Vec<String> {
    let tenancy = client.fake.credentials().tenancy;
    let target = format!("/identity/us-ashburn-1/20160918/compartments?compartmentId={tenancy}{query}");
    let reply = client.get(&target).await;
    assert_eq!(reply.status, 200, "{query}");
    reply.json().as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn compartments_are_listed_as_asked() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let tree = "&compartmentIdInSubtree=true";
    assert_eq!(names(&client, "").await, ["prod", "sandbox", "secret", "gone"]);
    assert_eq!(names(&client, tree).await, ["prod", "prod-net", "prod-db", "sandbox", "secret", "gone"]);
    let accessible = format!("{tree}&accessLevel=ACCESSIBLE");
    assert_eq!(names(&client, &accessible).await, ["prod", "prod-net", "prod-db", "sandbox"]);
    assert_eq!(names(&client, &format!("{tree}&lifecycleState=DELETED")).await, ["gone"]);
    assert_eq!(names(&client, &format!("{tree}&name=prod-db")).await, ["prod-db"]);
    let sorted = names(&client, &format!("{tree}&sortBy=NAME&sortOrder=DESC")).await;
    assert_eq!(sorted, ["secret", "sandbox", "prod-net", "prod-db", "prod", "gone"]);
}

#[tokio::test]
async fn the_list_is_paged() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let base = format!(
        "/identity/us-ashburn-1/20160918/compartments?compartmentId={tenancy}&compartmentIdInSubtree=true&limit=4"
    );
    let first = client.get(&base).await;
    let page = first.next().unwrap().replace('=', "%3D");
    let second = client.get(&format!("{base}&page={page}")).await;
    assert_eq!((first.json().as_array().unwrap().len(), second.json().as_array().unwrap().len()), (4, 2));
    assert!(second.next().is_none());
    let other = format!("{base}&lifecycleState=ACTIVE&page={page}");
    assert_eq!(client.get(&other).await.code(), "InvalidParameter", "the token belongs to its question");
}

#[tokio::test]
async fn the_subtree_is_listed_only_from_the_root() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let (prod, _) = fake.compartments().into_iter().find(|(_, path)| path == "prod").unwrap();
    let base = format!("/identity/us-ashburn-1/20160918/compartments?compartmentId={prod}");
    assert_eq!(client.get(&format!("{base}&compartmentIdInSubtree=true")).await.code(), "InvalidParameter");
    let children = client.get(&base).await.json();
    assert_eq!(children.as_array().unwrap().len(), 2);
    assert_eq!(children[0]["compartmentId"], prod.as_str());
}

#[tokio::test]
async fn the_rest_of_the_identity_api_answers() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let base = "/identity/us-ashburn-1/20160918";
    let regions = client.get(&format!("{base}/tenancies/{tenancy}/regionSubscriptions")).await.json();
    assert_eq!(regions[0]["regionName"], "us-ashburn-1");
    assert_eq!(regions[0]["regionKey"], "IAD");
    assert_eq!(regions[0]["isHomeRegion"], true);
    assert_eq!(regions[1]["status"], "READY");
    assert_eq!(client.get(&format!("{base}/tenancies/{tenancy}")).await.json()["homeRegionKey"], "IAD");
    assert!(client.get(&format!("{base}/regions")).await.json().as_array().unwrap().len() > 30);
    let root = client.get(&format!("{base}/compartments/{tenancy}")).await.json();
    assert_eq!(root["name"], "acme-small");
    assert_eq!(root["compartmentId"], Value::Null);
    let denied = fake.compartments().into_iter().find(|(_, path)| path == "secret").unwrap().0;
    assert_eq!(client.get(&format!("{base}/compartments/{denied}")).await.code(), "NotAuthorizedOrNotFound");
    let retention = format!("/audit/us-ashburn-1/20190901/configuration?compartmentId={tenancy}");
    assert_eq!(client.get(&retention).await.json()["retentionPeriodDays"], 365);
}
