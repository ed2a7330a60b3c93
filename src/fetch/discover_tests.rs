//! What a tenancy consists of, as a server made of a socket tells it.

use super::*;
use crate::oci::test_server::{Server, TENANCY, answer, ok};

const ONCE: RetrySettings = RetrySettings::ONCE;

#[tokio::test]
async fn compartments_of_every_state_and_page_are_listed_with_the_root() {
    let page = |id: &str, state: &str| {
        format!(r#"[{{"id":"{id}","compartmentId":"{TENANCY}","name":"{id}","lifecycleState":"{state}"}}]"#)
    };
    let server = Server::start(vec![
        ok("", r#"{"id":"ocid1.tenancy.oc1..t","name":"acme","homeRegionKey":"FRA","description":null}"#),
        ok("opc-next-page: 2\r\n", page("b", "DELETED")),
        ok("opc-next-page: 3\r\n", "[]"),
        ok("", page("a", "NEWER")),
    ])
    .await;
    let listing = compartments(&server.client(), ONCE).await.unwrap();
    assert!(listing.partial.is_none());
    let names: Vec<_> =
        listing.tree.compartments().map(|c| (c.name.clone(), c.lifecycle.as_api().to_owned())).collect();
    let expected = [("acme", "ACTIVE"), ("a", "NEWER"), ("b", "DELETED")];
    assert_eq!(names, expected.map(|(name, state)| (name.to_owned(), state.to_owned())));
    let requests = server.requests();
    let line = |index: usize| requests[index].lines().next().unwrap().to_owned();
    assert_eq!(line(0), format!("GET /identity/us-ashburn-1/20160918/tenancies/{TENANCY} HTTP/1.1"));
    let list = format!(
        "GET /identity/us-ashburn-1/20160918/compartments?compartmentId={TENANCY}&limit=1000&accessLevel=ANY\
         &compartmentIdInSubtree=true"
    );
    assert_eq!(line(1), format!("{list} HTTP/1.1"));
    assert_eq!(line(3), format!("{list}&page=3 HTTP/1.1"));
}

#[tokio::test]
async fn where_the_tree_may_not_be_listed_what_is_accessible_is() {
    let denied = || answer("404 Not Found", "", r#"{"code":"NotAuthorizedOrNotFound","message":"no"}"#);
    let one = r#"[{"id":"a","compartmentId":"hidden","name":"a","lifecycleState":"ACTIVE"}]"#;
    let server = Server::start(vec![denied(), denied(), denied(), ok("", one)]).await;
    let listing = compartments(&server.client(), ONCE).await.unwrap();
    assert_eq!(listing.tree.len(), 2);
    assert!(listing.partial.unwrap().what.contains("can access"));
    assert!(server.requests()[3].contains("accessLevel=ACCESSIBLE"));
    let server = Server::start(vec![denied(), denied(), denied(), denied()]).await;
    let listing = compartments(&server.client(), ONCE).await.unwrap();
    assert!(listing.tree.len() == 1 && listing.partial.is_some());
}

#[tokio::test]
async fn a_page_that_fails_for_good_or_a_repeated_token_fails_the_listing() {
    let name = || ok("", r#"{"name":"acme"}"#);
    let next = || ok("opc-next-page: 2\r\n", "[]");
    let server = Server::start(vec![name(), next(), answer("500 Oops", "", "")]).await;
    assert!(compartments(&server.client(), ONCE).await.unwrap_err().is_retryable());
    let server = Server::start(vec![name(), next(), next()]).await;
    let error = compartments(&server.client(), ONCE).await.unwrap_err();
    assert!(matches!(error, OciError::Paging { .. }), "{error:?}");
}

#[tokio::test]
async fn only_the_page_that_failed_is_asked_for_again() {
    let one = |id: &str| format!(r#"[{{"id":"{id}","compartmentId":"{TENANCY}","name":"{id}"}}]"#);
    let mut of_root = vec![answer("503 Later", "", ""), ok("", r#"{"name":"acme"}"#)].into_iter();
    let mut of_list = vec![
        ok("opc-next-page: 2\r\n", one("a")),
        answer("500 Oops", "", ""),
        answer("429 Slowly", "", ""),
        ok("", one("b")),
    ]
    .into_iter();
    // Both are asked at the same time.
    let respond = move |head: &str| if head.contains("accessLevel") { of_list.next() } else { of_root.next() };
    let server = Server::start_with(respond).await;
    let quickly = RetrySettings { base: std::time::Duration::from_millis(1), ..RetrySettings::default() };
    let listing = compartments(&server.client(), quickly).await.unwrap();
    assert_eq!(listing.tree.len(), 3);
    let requests = server.requests();
    assert_eq!(requests.iter().filter(|request| request.contains("accessLevel=ANY")).count(), 4);
    assert_eq!(requests.iter().filter(|request| request.contains("&page=2 ")).count(), 3);
}

#[tokio::test]
async fn without_the_subscriptions_the_region_of_the_profile_is_all_there_is() {
    let denied = answer("404 Not Found", "", r#"{"code":"NotAuthorizedOrNotFound","message":"no"}"#);
    let server = Server::start(vec![denied, ok("", r#"{"name":"acme"}"#), ok("", "[]")]).await;
    let tenancy = discover(&server.client(), ONCE).await.unwrap();
    assert_eq!(tenancy.regions.iter().map(|region| region.id.as_str()).collect::<Vec<_>>(), ["us-ashburn-1"]);
    assert!(tenancy.partial.unwrap().hint.contains("inspect tenancies in tenancy"));
}

#[tokio::test]
async fn a_listing_that_never_brings_anything_new_fails() {
    let pages = (0..200).map(|n| ok(&format!("opc-next-page: {n}\r\n"), r#"[{"id":"a","name":"a"}]"#));
    let server = Server::start(std::iter::once(ok("", r#"{"name":"acme"}"#)).chain(pages).collect()).await;
    let error = compartments(&server.client(), ONCE).await.unwrap_err();
    assert!(matches!(error, OciError::Paging { .. }), "{error:?}");
    assert_eq!(server.requests().len(), 1 + 1 + 100);
}
