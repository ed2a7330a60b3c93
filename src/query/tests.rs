//! `select` against the plain answer, and the laws of a selection.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::access::Access;
use crate::domain::event::Flags;
use crate::domain::time_range::TimeRange;
use crate::domain::zone::Zone;
use crate::index::testing::{Sent, at, event, footprint, insert, numbered, sent};
use crate::index::{EventKey, IndexBuilder, RowView, Snapshot};

pub(super) fn selected(
    snapshot: &Arc<Snapshot>,
    query: &Query,
    order: Order,
    previous: Option<&Selection>,
) -> Selection {
    select(snapshot, query, order, previous, &Cancel::new()).unwrap()
}

pub(super) fn keys(selection: &Selection) -> Vec<EventKey> {
    (0..selection.len()).map(|rank| selection.key(rank).unwrap()).collect()
}

pub(super) fn answers(query: &Query, row: &RowView<'_>) -> bool {
    let raw = row.raw().unwrap();
    let decoded = footprint().decode(&raw);
    let (region, queried) = (row.region().into(), row.queried_compartment());
    let flags = decoded.flags;
    matches(query, &EventRef { fields: &decoded.fields, flags, region: &region, queried: &queried, bytes: &raw })
}

/// The rows that match, one event after the other, newest first.
fn plain_answer(snapshot: &Snapshot, query: &Query) -> Vec<EventKey> {
    let mut keys: Vec<EventKey> = snapshot.rows().filter(|row| answers(query, row)).map(|row| row.key()).collect();
    keys.sort_by(|a, b| b.cmp(a));
    keys
}

fn range() -> impl Strategy<Value = TimeRange> {
    (-1_000_000..61_000_000i64, 1..40_000_000i64)
        .prop_map(|(start, length)| TimeRange::new(at(start), at(start + length)).unwrap())
}

fn subject() -> impl Strategy<Value = Subject> {
    let path = prop::sample::select(vec![
        "data.response.status",
        "request.id",
        "identity",
        "eventType",
        "data.identity.principalName",
        "data.none",
        "data.request.parameters.a b",
    ]);
    let path = path.prop_map(|path| JsonPath::new(path.split('.').map(str::to_owned).collect()).unwrap());
    prop_oneof![
        10 => prop::sample::select(Field::ALL).prop_map(Subject::Field),
        3 => path.prop_map(Subject::Path),
        1 => Just(Subject::Tag),
        1 => Just(Subject::AnyOcid),
        2 => Just(Subject::Shown),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let one = prop_oneof![
        3 => value().prop_map(|value| Condition::Contains(value.to_owned())),
        3 => value().prop_map(|value| Condition::Equals(value.to_owned())),
        2 => "[wW*?][-ea:*?]{0,3}[bB1*]".prop_map(|text| Condition::Glob(glob(&text))),
        1 => prop::sample::select(vec!["40.", "(?i)WEB|é", "^$", "/", "a b", r"\d\d\.", "x|"])
            .prop_map(|source| Condition::Matches(Pattern::new(source).unwrap())),
        2 => numbers().prop_map(Condition::Number),
        1 => prop::sample::select(vec!["203.0.113.9/32", "203.0.0.0/9", "0.0.0.0/0", "::/0"])
            .prop_map(|network| Condition::Address(network.parse().unwrap())),
    ];
    let any = prop::collection::vec(one.clone(), 0..3);
    prop_oneof![8 => one, 1 => Just(Condition::Present), 2 => any.prop_map(Condition::Any)]
}

fn value() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "web-3",
        "Alice",
        "alice@acme.com",
        "straße",
        "GET",
        "404",
        "id-1",
        "r1",
        "api",
        "iad",
        "a*",
        "203.0.113.9",
        "or",
        "x y",
        "1..5",
        "\\",
        "\"",
        ",",
        "4xx",
        "/n/",
        "-",
        "(",
        "*",
    ])
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let bound = || prop::sample::select(vec![0i64, 200, 400, 404, 409, 499, 500, -7]);
    (bound(), bound(), 0..5).prop_map(|(a, b, kind)| match kind {
        0 => Numbers::Above(a),
        1 => Numbers::AtLeast(a),
        2 => Numbers::Below(a),
        3 => Numbers::AtMost(a),
        _ => Numbers::Between(a.min(b), a.max(b)),
    })
}

fn glob(text: &str) -> Glob {
    let token = |c| match c {
        '*' => Token::Many,
        '?' => Token::One,
        c => Token::Char(c),
    };
    Glob::new(text.chars().map(token).collect())
}

fn term() -> impl Strategy<Value = Term> {
    let access = prop::collection::vec(prop::sample::select(Access::ALL.to_vec()), 0..3);
    let region = prop::sample::subsequence(vec!["r1", "r2", "r3"], 0..3);
    let compartment = prop::sample::subsequence(vec!["c1", "c2", "c3", "c4"], 0..4);
    let text = prop::sample::select(vec![
        "",
        " ",
        "alice",
        "ALICE get",
        "émile",
        "É",
        "STRASSE",
        "ß",
        "40",
        "r2",
        "acme web",
        "nobody",
        "web-1",
        "7",
        "bucket 404",
    ]);
    prop_oneof![
        1 => access.prop_map(|access| Term::Access(AccessSet::of(access))),
        1 => Just(Term::Failed),
        1 => Just(Term::Own),
        1 => region.prop_map(|ids| Term::Region(ids.into_iter().map(Into::into).collect())),
        1 => compartment.prop_map(|ids| Term::Queried(ids.into_iter().map(Into::into).collect())),
        1 => range().prop_map(Term::Time),
        1 => text.prop_map(|text| Term::Text(text.to_owned())),
        1 => Just(Term::Late),
        1 => prop::sample::select(Flag::ALL).prop_map(Term::Flag),
        4 => (subject(), condition()).prop_map(|(subject, condition)| Term::About { subject, condition }),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    term().prop_map(Expr::Term).prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            Just(Expr::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Expr::Or),
            inner.prop_map(Expr::negated),
        ]
    })
}

pub(super) fn query() -> impl Strategy<Value = Query> {
    prop_oneof![
        4 => prop::collection::vec(term(), 0..4).prop_map(|terms| terms.into_iter().collect()),
        4 => (prop::collection::vec(expr(), 0..3), any::<bool>()).prop_map(|(exprs, hides_own)| {
            let own = hides_own.then(|| Expr::from(Term::Own).negated());
            exprs.into_iter().chain(own).fold(Query::default(), Query::and)
        }),
        1 => (term(), expr()).prop_map(|(on, off)| Query::everything().and(on).and(Expr::Off(Box::new(off)))),
    ]
}

pub(super) fn events(max: usize) -> impl Strategy<Value = Vec<Sent>> {
    prop::collection::vec(sent(), 0..max)
}

fn without(query: &Query, kinds: &[TermKind]) -> Query {
    let mut query = query.clone();
    for kind in kinds {
        query.clear(*kind);
    }
    query
}

fn without_hiding_own(query: &Query) -> Query {
    query.conjuncts().iter().filter(|conjunct| !conjunct.hides_own()).cloned().fold(Query::default(), Query::and)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_selection_is_the_plain_answer_in_order(events in events(250), queries in prop::collection::vec(query(), 4)) {
        let mut builder = IndexBuilder::new(footprint());
        insert(&mut builder, &events);
        let snapshot = builder.snapshot();
        for query in &queries {
            let newest = selected(&snapshot, query, Order::NewestFirst, None);
            let mut expected = plain_answer(&snapshot, query);
            prop_assert_eq!(keys(&newest), expected.clone(), "{}", query);
            let oldest = selected(&snapshot, query, Order::OldestFirst, Some(&newest));
            expected.reverse();
            prop_assert_eq!(keys(&oldest), expected);
            for selection in [&newest, &oldest] {
                for rank in 0..selection.len() {
                    prop_assert_eq!(selection.rank_of(selection.key(rank).unwrap()), Ok(rank));
                    let row = snapshot.row(selection.row(rank).unwrap()).unwrap();
                    prop_assert_eq!(Some(row.key()), selection.key(rank));
                }
                prop_assert_eq!(selection.row(selection.len()), None);
                let failed = |rank: &usize| snapshot.row(selection.row(*rank).unwrap()).unwrap().is_failed();
                for rank in 0..selection.len() {
                    prop_assert_eq!(selection.next_failed(rank, true), (rank + 1..selection.len()).find(failed));
                    prop_assert_eq!(selection.next_failed(rank, false), (0..rank).rev().find(failed));
                }
            }
        }
    }

    #[test]
    fn an_extended_selection_is_a_recomputed_one(
        events in events(300),
        query in query(),
        publish_every in 9usize..130,
        extend_every in 1usize..4,
    ) {
        let mut builder = IndexBuilder::new(footprint());
        let mut extended: Option<Selection> = None;
        for (n, chunk) in events.chunks(publish_every).enumerate() {
            insert(&mut builder, chunk);
            let snapshot = builder.snapshot();
            if n % extend_every == 0 {
                extended = Some(selected(&snapshot, &query, Order::NewestFirst, extended.as_ref()));
            }
        }
        let snapshot = builder.snapshot();
        let extended = selected(&snapshot, &query, Order::NewestFirst, extended.as_ref());
        let recomputed = selected(&snapshot, &query, Order::NewestFirst, None);
        prop_assert_eq!(keys(&extended), keys(&recomputed));
        prop_assert_eq!(extended.counts(), recomputed.counts());
        for id in ["c1", "c2", "c3", "c4"] {
            prop_assert_eq!(extended.in_compartment(&id.into()), recomputed.in_compartment(&id.into()));
        }
        for id in ["r1", "r2", "r3"] {
            prop_assert_eq!(extended.in_region(&id.into()), recomputed.in_region(&id.into()));
        }
    }

    #[test]
    fn counts_say_what_each_switch_hides(events in events(200), query in query()) {
        let mut builder = IndexBuilder::new(footprint());
        insert(&mut builder, &events);
        let snapshot = builder.snapshot();
        let counts = *selected(&snapshot, &query, Order::NewestFirst, None).counts();
        let count = |query: &Query, wanted: &dyn Fn(&RowView<'_>) -> bool| {
            snapshot.rows().filter(|row| answers(query, row) && wanted(row)).count() as u64
        };
        prop_assert_eq!(counts.matched, count(&query, &|_| true));
        prop_assert_eq!(counts.failed, count(&query, &|row| row.is_failed()));
        let hidden_own = query.conjuncts().iter().any(Expr::hides_own);
        let any_own = without_hiding_own(&query);
        let any_access = without(&any_own, &[TermKind::Access]);
        let any_outcome = without(&any_own, &[TermKind::Failed]);
        for access in Access::ALL {
            let of_class = |row: &RowView<'_>| row.access() == access;
            prop_assert_eq!(counts.by_access[access as usize], count(&query, &of_class));
            prop_assert_eq!(counts.any_access[access as usize], count(&any_access, &of_class));
        }
        let own = |row: &RowView<'_>| row.flags().contains(Flags::OWN);
        prop_assert_eq!(counts.any_access_own, count(&any_access, &own));
        prop_assert_eq!(counts.own_hidden, if hidden_own { count(&any_own, &own) } else { 0 });
        prop_assert_eq!(counts.any_outcome[0], count(&any_outcome, &|row| !row.is_failed()));
        prop_assert_eq!(counts.any_outcome[1], count(&any_outcome, &|row| row.is_failed()));
    }

    #[test]
    fn the_tree_counts_what_matches_but_for_the_scope(events in events(200), query in query()) {
        let mut builder = IndexBuilder::new(footprint());
        insert(&mut builder, &events);
        let snapshot = builder.snapshot();
        let selection = selected(&snapshot, &query, Order::NewestFirst, None);
        let any_scope = without(&query, &[TermKind::Region, TermKind::Queried]);
        let (mut compartments, mut regions) = (BTreeMap::new(), BTreeMap::new());
        for row in snapshot.rows().filter(|row| answers(&any_scope, row)) {
            *compartments.entry(row.queried_compartment()).or_insert(0) += 1;
            *regions.entry(row.region()).or_insert(0) += 1;
        }
        for id in ["c1", "c2", "c3", "c4"] {
            prop_assert_eq!(selection.in_compartment(&id.into()), compartments.get(&id.into()).copied().unwrap_or(0));
        }
        for id in ["r1", "r2", "r3"] {
            prop_assert_eq!(selection.in_region(&id.into()), regions.get(id).copied().unwrap_or(0));
        }
    }

    #[test]
    fn a_histogram_adds_up_to_the_rows_of_its_range(
        events in events(200),
        query in query(),
        range in range(),
        buckets in 1usize..150,
    ) {
        let mut builder = IndexBuilder::new(footprint());
        insert(&mut builder, &events);
        let snapshot = builder.snapshot();
        let selection = selected(&snapshot, &query, Order::NewestFirst, None);
        let histogram = selection.histogram(range, buckets);
        let rows: Vec<_> = snapshot.rows()
            .filter(|row| row.time().is_some_and(|time| range.contains(time)) && answers(&query, row)).collect();
        prop_assert_eq!(histogram.total(), rows.len() as u64);
        for (place, bucket) in histogram.buckets().iter().enumerate() {
            let here: Vec<_> = rows.iter().filter(|row| histogram.bucket_at(row.time().unwrap()) == Some(place)).collect();
            for access in Access::ALL {
                prop_assert_eq!(bucket.of(access) as usize, here.iter().filter(|row| row.access() == access).count());
            }
            prop_assert_eq!(bucket.failed as usize, here.iter().filter(|row| row.is_failed()).count());
        }
    }
}

/// Whether the language has words for it. The others are made by nobody.
fn can_be_said(expr: &Expr) -> bool {
    let has_order = |subject: &Subject| matches!(subject, Subject::Field(Field::Status) | Subject::Path(_));
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().all(can_be_said),
        Expr::Not(inner) | Expr::Off(inner) => can_be_said(inner),
        Expr::Term(Term::Text(text)) => !text.trim().is_empty(),
        Expr::Term(Term::About { subject, condition }) => match condition {
            Condition::Number(_) => has_order(subject),
            Condition::Address(_) => *subject == Subject::Field(Field::Ip),
            Condition::Any(any) => {
                let is = |kind: fn(&Condition) -> bool| any.iter().any(kind);
                let mixed =
                    is(|one| matches!(one, Condition::Contains(_))) && is(|one| matches!(one, Condition::Equals(_)));
                let unlisted = |one: &Condition| {
                    matches!(one, Condition::Matches(_) | Condition::Number(Numbers::Above(_) | Numbers::Below(_)))
                };
                let fit = |one: &Condition| {
                    can_be_said(&Term::About { subject: subject.clone(), condition: one.clone() }.into())
                };
                *subject != Subject::Shown && !mixed && !any.iter().any(unlisted) && any.iter().all(fit)
            }
            Condition::Equals(_) | Condition::Present => *subject != Subject::Shown,
            _ => true,
        },
        Expr::All | Expr::Term(_) => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, max_global_rejects: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_query_means_the_same(events in events(60), query in query()) {
        prop_assume!(query.conjuncts().iter().all(can_be_said));
        let context = ParseContext { now: at(1_800_000_000_000_000), zone: Zone::Utc, read_list: &|_, _| Err("none".to_owned()) };
        let printed = query.to_string();
        let read = parse(&printed, &context).map_err(|error| TestCaseError::fail(error.render(&printed)))?;
        prop_assert_eq!(&parse(&read.to_string(), &context), &Ok(read.clone()), "{} | {}", printed, read);
        let mut builder = IndexBuilder::new(footprint());
        insert(&mut builder, &events);
        let snapshot = builder.snapshot();
        for row in snapshot.rows() {
            prop_assert_eq!(answers(&query, &row), answers(&read, &row), "{} | {}", printed, read);
        }
    }
}

pub(super) fn index_of(count: usize) -> (IndexBuilder, Arc<Snapshot>) {
    let mut builder = IndexBuilder::new(footprint());
    insert(&mut builder, &(0..count).map(numbered).collect::<Vec<_>>());
    let snapshot = builder.snapshot();
    (builder, snapshot)
}

#[test]
fn an_unchanged_segment_is_not_looked_at_again() {
    let (mut builder, first) = index_of(5_000);
    let query = Query::everything().and(Term::Text("bucket".into()));
    let before = selected(&first, &query, Order::NewestFirst, None);
    insert(&mut builder, &[numbered(5_001)]);
    let after = selected(&builder.snapshot(), &query, Order::NewestFirst, Some(&before));
    assert!(Arc::ptr_eq(&before.parts[0].found, &after.parts[0].found));
    assert_eq!(after.len(), 5_001);
}

#[test]
fn values_that_are_new_to_a_dictionary_are_compared_too() {
    let mut builder = IndexBuilder::new(footprint());
    let query = Query::everything().and(Term::Text("user-".into())).and(Term::contains(Field::User, "R-"));
    let mut selection = None;
    for n in 0..150 {
        let bytes = event(&format!("id-{n}"), n, "GetBucket", &format!("User-{n}"), "200");
        builder.insert(&"r".into(), &"c".into(), &bytes);
        selection = Some(selected(&builder.snapshot(), &query, Order::NewestFirst, selection.as_ref()));
        assert_eq!(selection.as_ref().map(Selection::len), Some(n as usize + 1));
    }
}

/// Where events must be read, what was found so far comes first, the newest of it; in the end it is all.
#[test]
fn a_search_through_events_tells_what_it_has_so_far() {
    let mut builder = IndexBuilder::new(footprint());
    for n in 0..6 {
        // Runs that overlap are merged only when they are of one size.
        insert(&mut builder, &(0..2_000 >> n).map(|m| numbered(n * 10_000 + m)).collect::<Vec<_>>());
        builder.snapshot();
    }
    let snapshot = builder.snapshot();
    assert!(snapshot.segments().len() > 2);
    let about = Term::About { subject: Subject::Raw, condition: Condition::Contains("\"ID-1".into()) };
    let query = Query::everything().and(about);
    let whole = selected(&snapshot, &query, Order::NewestFirst, None);
    assert!(whole.is_complete() && !whole.is_empty());
    let step = |before: Option<&Selection>| {
        select_some(&snapshot, &query, Order::NewestFirst, before, &Cancel::new(), &mut || true).unwrap()
    };
    let mut found = step(None);
    for seen in 1..snapshot.segments().len() {
        assert!(!found.is_complete(), "{seen}");
        let (rows, all) = found.progress();
        assert!(rows < all && keys(&found).iter().all(|key| whole.rank_of(*key).is_ok()));
        found = step(Some(&found));
    }
    assert_eq!((found.is_complete(), keys(&found)), (true, keys(&whole)));
    // Narrowed by what needs no event, it is complete at once.
    let narrowed = query.clone().and(Term::Failed).and(Term::Text("bucket".into()));
    let narrowed =
        select_some(&snapshot, &narrowed, Order::NewestFirst, Some(&found), &Cancel::new(), &mut || true).unwrap();
    assert!(narrowed.is_complete());
    let quick = Query::everything().and(Term::Failed);
    let quick = select_some(&snapshot, &quick, Order::NewestFirst, None, &Cancel::new(), &mut || true).unwrap();
    assert!(quick.is_complete());
}

#[test]
fn a_cancelled_selection_is_none() {
    let (_, snapshot) = index_of(10);
    let cancel = Cancel::new();
    cancel.clone().cancel();
    assert!(select(&snapshot, &Query::everything(), Order::NewestFirst, None, &cancel).is_none());
}

#[test]
fn a_selection_of_another_index_or_query_does_no_harm() {
    let (_, one) = index_of(300);
    let (_, other) = index_of(200);
    let everything = selected(&one, &Query::everything(), Order::NewestFirst, None);
    assert_eq!(selected(&other, &Query::everything(), Order::NewestFirst, Some(&everything)).len(), 200);
    let failed = Query::everything().and(Term::Failed);
    assert!(selected(&one, &failed, Order::NewestFirst, Some(&everything)).is_empty());
}

#[test]
fn the_rank_of_an_event_that_is_not_selected_is_where_it_would_stand() {
    let (_, snapshot) = index_of(100);
    let selection = selected(&snapshot, &Query::everything(), Order::NewestFirst, None);
    let oldest = selection.key(99).unwrap();
    assert_eq!(selection.rank_of(EventKey { micros: i64::MAX, digest: 0 }), Err(0));
    assert_eq!(selection.rank_of(EventKey { micros: EventKey::NO_TIME, digest: 0 }), Err(100));
    assert_eq!(selection.rank_near(EventKey { micros: EventKey::NO_TIME, digest: 0 }), Some(99));
    let later = EventKey { digest: oldest.digest.wrapping_add(1), ..oldest };
    assert_eq!(selection.rank_of(later), Err(99));
    assert_eq!(selection.rows(95..200).count(), 5);
    let nothing = selected(&snapshot, &Query::everything().and(Term::Failed), Order::NewestFirst, None);
    assert_eq!(nothing.rank_near(oldest), None);
}

#[test]
fn the_access_term_says_how_many_rows_it_hides() {
    let (_, snapshot) = index_of(40);
    let query = Query::everything().and(Term::Access(AccessSet::WRITES));
    let selection = selected(&snapshot, &query, Order::NewestFirst, None);
    assert_eq!((selection.len(), selection.counts().hidden_by_access(query.access())), (0, 40));
}

#[test]
fn setting_a_term_replaces_the_one_of_its_kind() {
    let mut query: Query = [Term::Access(AccessSet::WRITES), Term::Text("a".into())].into_iter().collect();
    query.set(Term::Access(AccessSet::READS));
    query.set(Term::equals(Field::User, "alice"));
    query.set(Term::contains(Field::Service, "mon"));
    query.set(Term::contains(Field::Service, "mon"));
    assert_eq!(query.to_string(), "is:read a user=alice svc:mon");
    query.clear(TermKind::Access);
    query.remove(0);
    assert_eq!((query.access(), query.text(), query.conjuncts().len()), (AccessSet::ALL, "", 2));
}

#[test]
fn a_query_prints_as_it_would_be_typed() {
    let range = TimeRange::new(at(0), at(3_600_000_000)).unwrap();
    let user = || Expr::from(Term::contains(Field::User, "a b\"c"));
    let printed = [
        (Term::Access(AccessSet::WRITES).into(), "is:write"),
        (Term::Access(AccessSet::LOGINS).into(), "is:login"),
        (Term::Failed.into(), "is:failed"),
        (Expr::from(Term::Own).negated(), "-is:self"),
        (Term::Region(["a-1".into(), "b-2".into()].into()).into(), "region in (a-1, b-2)"),
        (Term::Region(["a-1".into()].into()).into(), "region=a-1"),
        (Term::Queried(["x".into(), "y".into()].into()).into(), "queried in (x, y)"),
        (Term::Time(range).into(), "time:1970-01-01T00:00:00Z..1970-01-01T01:00:00Z"),
        (Term::Text(" delete  x:y ".into()).into(), "delete \"x:y\""),
        (user(), "user:\"a b\\\"c\""),
        (user().negated(), "-user:\"a b\\\"c\""),
        (
            Expr::Or(vec![Expr::And(vec![Term::Failed.into(), user()]), Expr::Term(Term::Failed).negated()]),
            "(is:failed user:\"a b\\\"c\") OR -is:failed",
        ),
        (Expr::And(vec![Term::Failed.into(), user()]).negated(), "NOT (is:failed user:\"a b\\\"c\")"),
    ];
    for (expr, typed) in printed {
        assert_eq!(expr.to_string(), typed);
    }
    assert_eq!(Expr::from(Term::Time(range)).chip(), "01 Jan 00:00 → 01:00 UTC");
}
