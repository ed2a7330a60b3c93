//! Gates, faults, the log, and what is written for clients.

use super::*;

#[tokio::test]
async fn a_held_cell_waits_until_it_is_released() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let (prod, _) = fake.compartments().into_iter().find(|(_, path)| path == "prod").unwrap();
    let (from, until) = day();
    let gate = Gate::cell("us-ashburn-1", "prod");
    fake.hold(gate.clone());
    let free = list_events("us-ashburn-1", &tenancy, from, until, None);
    assert_eq!(client.get(&free).await.status, 200, "others pass");
    let held = list_events("us-ashburn-1", &prod, from, until, None);
    let waiting = client.get(&held);
    let releasing = async {
        fake.wait_parked(1).await;
        assert_eq!(fake.parked(), 1);
        fake.release(&gate);
    };
    let (reply, ()) = tokio::join!(waiting, releasing);
    assert_eq!(reply.status, 200);
    assert_eq!(fake.parked(), 0);
}

#[tokio::test]
async fn where_a_region_is_limited_only_its_events_are_refused() {
    let text = include_str!("../../../assets/scenarios/small.toml");
    let limit = "[server.limit]\nper_second = 1\nburst = 2\nregions = [\"us-ashburn-1\"]\n\n[[regions]]";
    let fake = start_with(Scenario::parse(&text.replacen("[[regions]]", limit, 1)).unwrap()).await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let (from, until) = day();
    let mut statuses = Vec::new();
    for region in ["us-ashburn-1", "us-ashburn-1", "us-ashburn-1", "eu-frankfurt-1"] {
        let reply = client.get(&list_events(region, &tenancy, from, until, None)).await;
        if reply.status == 429 {
            assert_eq!((reply.code().as_str(), reply.headers.get("retry-after")), ("TooManyRequests", None));
        }
        statuses.push(reply.status);
    }
    assert_eq!(statuses, [200, 200, 429, 200], "the clock stands still, so nothing is filled up again");
}

#[tokio::test]
async fn a_client_that_gives_up_is_not_counted_as_waiting() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let (from, until) = day();
    fake.hold(Gate::all());
    let held = list_events("us-ashburn-1", &fake.credentials().tenancy, from, until, None);
    {
        let waiting = client.get(&held);
        tokio::pin!(waiting);
        tokio::select! {
            _ = &mut waiting => panic!("nothing is released"),
            () = fake.wait_parked(1) => {}
        }
    }
    let mut parked = fake.cloud.gates.watch_parked();
    parked.wait_for(|parked| *parked == 0).await.unwrap();
    fake.release_all();
}

#[tokio::test]
async fn the_log_tells_what_was_asked() {
    let fake = start("small").await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let target = format!(
        "/audit/us-ashburn-1/20190901/auditEvents?compartmentId={tenancy}\
         &startTime=2026-03-14T12:00:00Z&endTime=2026-03-14T13:00:00Z"
    );
    client.get_with(&target, &[("opc-request-id", "abc".to_owned())]).await;
    let requests = fake.requests();
    let record = &requests[0];
    assert_eq!((record.status, record.operation.as_str(), record.region.as_str()), (200, "ListEvents", "us-ashburn-1"));
    assert_eq!(record.compartment.as_deref(), Some(tenancy.as_str()));
    assert_eq!(record.start_time.as_deref(), Some("2026-03-14T12:00:00Z"));
    assert_eq!(record.client_request_id.as_deref(), Some("abc"));
    assert_eq!(record.target, target);
    assert_eq!(fake.counts().list_events, 1);
    assert_eq!(fake.counts().events, record.events as u64);
}

pub fn faulty(faults: &str) -> Scenario {
    let small = include_str!("../../../assets/scenarios/small.toml");
    Scenario::parse(&format!("{small}\n[[faults]]\n{faults}")).unwrap()
}

#[tokio::test]
async fn throttling_says_when_to_come_back() {
    let scenario = faulty("kind = \"status\"\nstatus = 429\ncode = \"TooManyRequests\"\nretry_after = 7\nfirst = 1");
    let fake = start_with(scenario).await;
    let client = Client::of(&fake);
    let (from, until) = day();
    let target = list_events("us-ashburn-1", &fake.credentials().tenancy, from, until, None);
    let refused = client.get(&target).await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "TooManyRequests"));
    assert_eq!(refused.headers["retry-after"], "7");
    assert_eq!(client.get(&target).await.status, 200, "the second attempt gets through");
}

#[tokio::test]
async fn answers_can_break_in_every_way() {
    let (from, until) = day();
    for kind in ["reset", "reset-body", "cut-body", "html", "empty-body", "null-body"] {
        let fake = start_with(faulty(&format!("kind = \"{kind}\"\noperation = \"ListEvents\""))).await;
        let client = Client::of(&fake);
        let target = list_events("us-ashburn-1", &fake.credentials().tenancy, from, until, None);
        let reply = client.try_get(&target).await;
        match kind {
            "reset" | "reset-body" => assert!(reply.is_err(), "{kind}"),
            "null-body" => assert_eq!(reply.unwrap().body, b"null"),
            "empty-body" => assert!(reply.unwrap().body.is_empty()),
            _ => {
                let reply = reply.unwrap();
                assert_eq!(reply.status, 200);
                assert!(serde_json::from_slice::<Value>(&reply.body).is_err(), "{kind}");
            }
        }
    }
}

#[tokio::test]
async fn paging_can_be_at_its_worst() {
    let (from, until) = day();
    let pages = async |faults: &str, most: usize| {
        let fake = start_with(faulty(faults)).await;
        let client = Client::of(&fake);
        let tenancy = fake.credentials().tenancy;
        let mut pages = Vec::new();
        let mut page: Option<String> = None;
        while pages.len() < most {
            let reply = client.get(&list_events("us-ashburn-1", &tenancy, from, until, page.as_deref())).await;
            let events = reply.json().as_array().unwrap().clone();
            page = reply.next();
            pages.push((events, page.clone()));
            if page.is_none() {
                break;
            }
        }
        pages
    };
    let plain = pages("kind = \"slow\"", 50).await;
    assert!(plain.len() > 2, "{}", plain.len());

    let empty = pages("kind = \"empty-page\"", 50).await;
    assert!(empty[0].0.is_empty() && empty[0].1.is_some());
    let all =
        |pages: &[(Vec<Value>, Option<String>)]| pages.iter().flat_map(|(events, _)| ids(events)).collect::<Vec<_>>();
    assert_eq!(all(&empty), all(&plain), "nothing is lost over the empty pages");

    let repeats = pages("kind = \"token-repeats\"\npage = \"later\"", 4).await;
    assert_eq!(repeats[1].1, repeats[0].1);
    let cycles = pages("kind = \"token-cycles\"\npage = \"later\"", 4).await;
    assert_eq!(cycles.len(), 4);
    assert_eq!(cycles[2].1, cycles[0].1);

    let overlap = pages("kind = \"overlap\"\npage = \"later\"", 50).await;
    assert_eq!(overlap[1].0.len(), plain[1].0.len() + 3);
    let distinct: BTreeSet<String> = all(&overlap).into_iter().collect();
    assert_eq!(distinct, all(&plain).into_iter().collect());
}

#[tokio::test]
async fn a_skewed_clock_refuses_and_shows_its_time() {
    let fake = start("skewed-clock").await;
    let (from, until) = day();
    let target = list_events("us-ashburn-1", &fake.credentials().tenancy, from, until, None);
    let reply = Client::of(&fake).get(&target).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.headers["date"], "Sat, 14 Mar 2026 14:06:00 GMT");
}

#[tokio::test]
async fn a_session_token_signs_until_it_is_refused() {
    let fake = start("expired-token").await;
    let (from, until) = day();
    let target = list_events("us-ashburn-1", &fake.credentials().tenancy, from, until, None);
    let client = Client { key_id: format!("ST${}", fake.session_token().unwrap()), ..Client::of(&fake) };
    let mut statuses = Vec::new();
    for _ in 0..14 {
        statuses.push(client.get(&target).await.status);
    }
    assert_eq!(statuses[..12], [200; 12]);
    assert_eq!(statuses[12..], [401, 401]);
}

#[tokio::test]
async fn everything_is_denied_but_the_tree() {
    let fake = start("all-denied").await;
    let client = Client::of(&fake);
    let (from, until) = day();
    for (id, _) in fake.compartments() {
        assert_eq!(client.get(&list_events("us-ashburn-1", &id, from, until, None)).await.status, 404);
    }
    assert!(fake.world_events(from, until).is_empty());
    assert!(!fake.world_events_with_denied(from, until).is_empty());
}

#[tokio::test]
async fn a_narrow_policy_leaves_the_accessible_tree() {
    let fake = start("narrow-policy").await;
    let client = Client::of(&fake);
    let tenancy = fake.credentials().tenancy;
    let base = "/identity/us-ashburn-1/20160918";
    let tree = format!("{base}/compartments?compartmentId={tenancy}&compartmentIdInSubtree=true");
    assert_eq!(client.get(&tree).await.code(), "NotAuthorizedOrNotFound");
    assert_eq!(client.get(&format!("{tree}&accessLevel=ACCESSIBLE")).await.status, 200);
    let regions = client.get(&format!("{base}/tenancies/{tenancy}/regionSubscriptions")).await.json();
    assert_eq!(regions[2]["status"], "IN_PROGRESS");
    assert_eq!(fake.ready_regions(), ["us-ashburn-1", "eu-frankfurt-1"]);
    let (from, until) = day();
    let root = list_events("us-ashburn-1", &tenancy, from, until, None);
    assert_eq!(client.get(&root).await.status, 404);
    let unready = list_events("us-phoenix-1", &tenancy, from, until, None);
    assert_eq!(client.get(&unready).await.status, 404);
}

#[tokio::test]
async fn late_events_appear_in_windows_that_were_read_before() {
    let scenario = || Scenario::named("late-events").unwrap();
    let at = async |now: DateTime<Utc>| {
        let options = Options { now: Some(now), epoch: Some(super::now()), ..Options::default() };
        FakeOci::start(scenario(), options).await.unwrap()
    };
    let (from, until) = (now() - TimeDelta::minutes(40), now());
    let mut counts = Vec::new();
    for minutes in [0, 25] {
        let fake = at(now() + TimeDelta::minutes(minutes)).await;
        let client = Client { date: fake.now(), ..Client::of(&fake) };
        let mut events = 0;
        for (id, _) in fake.compartments().into_iter().filter(|(_, path)| path != "secret" && path != "gone") {
            events += client.all("us-ashburn-1", &id, from, until).await.len();
        }
        counts.push(events);
    }
    assert!(counts[0] < counts[1], "{counts:?}");
}

#[tokio::test]
async fn the_home_it_writes_is_private_and_complete() {
    let fake = start("expired-token").await;
    let dir = tempfile::tempdir().unwrap();
    let home = fake.write_home(dir.path()).unwrap();
    let config = std::fs::read_to_string(&home.config).unwrap();
    let credentials = fake.credentials();
    for part in [&credentials.user, &credentials.tenancy, &credentials.fingerprint, &credentials.region] {
        assert!(config.contains(part.as_str()), "{part}");
    }
    assert!(config.contains(&format!("key_file={}", home.key.display())));
    assert!(config.contains("security_token_file="));
    assert_eq!(std::fs::read_to_string(&home.key).unwrap(), credentials.key_pem);
    #[cfg(unix)]
    for path in [&home.config, &home.key] {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let fake = start("small").await;
    let port = fake.port();
    drop(fake);
    while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
