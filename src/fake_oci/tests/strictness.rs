//! What is refused, and how.

use super::*;

fn fine(fake: &FakeOci) -> String {
    let (from, until) = day();
    list_events("us-ashburn-1", &fake.credentials().tenancy, from, until, None)
}

#[tokio::test]
async fn a_signed_request_is_answered_with_its_headers() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let reply = client.get_with(&fine(&fake), &[("opc-request-id", "run_1-A".to_owned())]).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "application/json");
    assert_eq!(reply.headers["date"], "Sat, 14 Mar 2026 14:00:00 GMT");
    let id: Vec<&str> = reply.headers["opc-request-id"].split('/').collect();
    assert_eq!(id.len(), 3);
    assert_eq!(id[0], "run_1-A", "the client's part comes first");
}

#[tokio::test]
async fn every_slip_in_signing_is_a_401() {
    let fake = start("small").await;
    let target = fine(&fake);
    let client = Client::of(&fake);
    let refused = async |headers: Vec<(&'static str, String)>| {
        let reply = send(fake.port(), "GET", &target, &headers, "").await.unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (401, "NotAuthenticated"), "{headers:?}");
        assert!(reply.headers.contains_key("date") && reply.headers.contains_key("opc-request-id"));
    };
    let signed = |client: &Client<'_>, target: &str, names: &str| {
        let mut headers = client.headers();
        headers.push(("authorization", client.authorization("GET", target, names, &headers)));
        headers
    };
    refused(client.headers()).await;
    refused(signed(&client, "/elsewhere", "date (request-target) host")).await;
    refused(signed(&client, &target.replace("%3A", ":"), "date (request-target) host")).await;
    refused(signed(&client, &target, "date host")).await;
    refused(signed(&client, &target, "date (request-target)")).await;
    refused(signed(&client, &target, "(request-target) host")).await;
    let stranger = Client { key_id: "ocid1.tenancy.oc1..x/ocid1.user.oc1..y/aa:bb".to_owned(), ..Client::of(&fake) };
    refused(signed(&stranger, &target, "date (request-target) host")).await;
    for minutes in [-6, 6] {
        let late = Client { date: now() + TimeDelta::minutes(minutes), ..Client::of(&fake) };
        refused(signed(&late, &target, "date (request-target) host")).await;
    }
    let mut twice = signed(&client, &target, "date (request-target) host");
    twice.push(("date", http_date(now())));
    refused(twice).await;
    assert!(fake.requests().iter().all(|record| record.code.as_deref() == Some("NotAuthenticated")));
}

#[tokio::test]
async fn x_date_and_any_order_of_headers_will_do() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let target = fine(&fake);
    let mut headers = vec![("x-date", http_date(now())), ("host", format!("127.0.0.1:{}", fake.port()))];
    headers.push(("authorization", client.authorization("GET", &target, "host (request-target) x-date", &headers)));
    assert_eq!(send(fake.port(), "GET", &target, &headers, "").await.unwrap().status, 200);
}

#[tokio::test]
async fn each_rule_about_parameters_holds() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let base = format!("/audit/us-ashburn-1/20190901/auditEvents?compartmentId={tenancy}");
    let good = "startTime=2026-03-14T12:00:00Z&endTime=2026-03-14T13:00:00Z";
    let cases = [
        (format!("{base}&{good}"), 200, ""),
        (format!("{base}&{good}&limit=10"), 400, "InvalidParameter"),
        (format!("{base}&{good}&endTime=2026-03-14T13:00:00Z"), 400, "InvalidParameter"),
        (format!("{base}&{good}&page="), 400, "InvalidParameter"),
        (format!("{base}&{good}&page=AAAA"), 400, "InvalidParameter"),
        (format!("{base}&startTime=2026-03-14T12:00:00Z"), 400, "MissingParameter"),
        (format!("/audit/us-ashburn-1/20190901/auditEvents?{good}"), 400, "MissingParameter"),
        (format!("{base}&startTime=2026-03-14T12:00:30Z&endTime=2026-03-14T13:00:00Z"), 400, "InvalidParameter"),
        (format!("{base}&startTime=2026-03-14T13:00:00Z&endTime=2026-03-14T13:00:00Z"), 400, "InvalidParameter"),
        (format!("{base}&startTime=yesterday&endTime=2026-03-14T13:00:00Z"), 400, "InvalidParameter"),
        (format!("{base}x&{good}"), 404, "NotAuthorizedOrNotFound"),
        (format!("{base}&{good}").replace("us-ashburn-1", "uk-london-1"), 401, "NotAuthenticated"),
        ("/audit/us-ashburn-1/20190901/nothing".to_owned(), 404, "NotFound"),
        ("/storage/us-ashburn-1/n".to_owned(), 404, "NotFound"),
    ];
    for (target, status, code) in cases {
        let reply = client.get(&target).await;
        let found = if reply.status == 200 { String::new() } else { reply.code() };
        assert_eq!((reply.status, found.as_str()), (status, code), "{target}");
    }
}

#[tokio::test]
async fn denied_and_deleted_compartments_look_the_same() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let (from, until) = day();
    for path in ["secret", "gone"] {
        let (id, _) = fake.compartments().into_iter().find(|(_, known)| known == path).unwrap();
        let reply = client.get(&list_events("us-ashburn-1", &id, from, until, None)).await;
        assert_eq!((reply.status, reply.code().as_str()), (404, "NotAuthorizedOrNotFound"), "{path}");
    }
}

#[tokio::test]
async fn a_page_token_belongs_to_its_question() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let (from, until) = day();
    let token = client.get(&list_events("us-ashburn-1", &tenancy, from, until, None)).await.next().unwrap();
    let (prod, _) = fake.compartments().into_iter().find(|(_, path)| path == "prod").unwrap();
    let elsewhere = [
        list_events("eu-frankfurt-1", &tenancy, from, until, Some(&token)),
        list_events("us-ashburn-1", &prod, from, until, Some(&token)),
        list_events("us-ashburn-1", &tenancy, from, until - TimeDelta::minutes(1), Some(&token)),
    ];
    for target in elsewhere {
        let reply = client.get(&target).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "InvalidParameter"), "{target}");
    }
    assert_eq!(client.get(&list_events("us-ashburn-1", &tenancy, from, until, Some(&token))).await.status, 200);
}

#[tokio::test]
async fn other_methods_are_refused_and_strangers_learn_only_the_time() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let target = format!("/audit/us-ashburn-1/20190901/configuration?compartmentId={}", fake.credentials().tenancy);
    let mut headers = client.headers();
    let names = "date (request-target) host";
    headers.push(("authorization", client.authorization("DELETE", &target, names, &headers)));
    let reply = send(fake.port(), "DELETE", &target, &headers, "").await.unwrap();
    assert_eq!((reply.status, reply.code().as_str()), (405, "MethodNotAllowed"));

    let body = "{\"retentionPeriodDays\":90}";
    let mut headers = client.headers();
    headers.push(("content-length", body.len().to_string()));
    headers.push(("content-type", "application/json".to_owned()));
    let digest = <Sha256 as sha2::Digest>::digest(body.as_bytes());
    headers.push(("x-content-sha256", STANDARD.encode(digest)));
    let names = "date (request-target) host content-length content-type x-content-sha256";
    headers.push(("authorization", client.authorization("PUT", &target, names, &headers)));
    let reply = send(fake.port(), "PUT", &target, &headers, body).await.unwrap();
    assert_eq!(reply.status, 405, "signed well, and still not for us");
    let reply = send(fake.port(), "PUT", &target, &headers, &body.replace("90", "30")).await.unwrap();
    assert_eq!(reply.status, 401, "the body is part of the signature");

    for method in ["GET", "HEAD"] {
        let host = [("host", "127.0.0.1".to_owned())];
        let bytes = raw(fake.port(), method, "/anything", &host).await;
        let head = String::from_utf8_lossy(&bytes).to_lowercase();
        assert!(head.starts_with("http/1.1 401") && head.contains("date: sat, 14 mar 2026"), "{head}");
    }
}

async fn raw(port: u16, method: &str, target: &str, headers: &[(&'static str, String)]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (name, value) = &headers[0];
    let text = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n{name}: {value}\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    use std::io::Read as _;
    let fake = start("small").await;
    let client = Client::of(&fake);
    let plain = client.get(&fine(&fake)).await;
    let packed = client.get_with(&fine(&fake), &[("accept-encoding", "gzip, deflate".to_owned())]).await;
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert!(packed.body.len() * 3 < plain.body.len());
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(packed.body.as_slice()).read_to_end(&mut text).unwrap();
    assert_eq!(text, plain.body);
}
