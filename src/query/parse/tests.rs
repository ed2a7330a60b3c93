//! What people type, what it finds, and what they are told when it cannot be read.

use proptest::prelude::*;

use super::super::condition::{Condition, Subject};
use super::super::field::Field;
use super::super::term::{AccessSet, Expr, Query, Term};
use super::*;

const NETS: &str = "# offices\n10.0.0.0/8\n\n192.168.0.0/16\n\"203.0.113.200\"\n";

fn read_list(name: &str, subject: &Subject) -> Result<ValueList, String> {
    match name {
        "office-nets.txt" => list_of(subject, name, NETS),
        "bad.txt" => list_of(subject, name, "10.0.0.0/8\n10.0.0.0/99\n"),
        "empty.txt" => list_of(subject, name, "# nobody\n"),
        _ => Err(format!("{name} cannot be read: no such file")),
    }
}

fn read(text: &str) -> Result<Query, ParseError> {
    let now = "2026-03-14T14:00:00Z".parse().unwrap();
    parse(text, &ParseContext { now, zone: Zone::Utc, read_list: &read_list })
}

fn query(text: &str) -> Query {
    read(text).unwrap_or_else(|error| panic!("{}", error.render(text)))
}

fn term(text: &str) -> Term {
    match query(text).conjuncts() {
        [Expr::Term(term)] => term.clone(),
        other => panic!("{text}: {other:?}"),
    }
}

fn refused(text: &str) -> String {
    match read(text) {
        Err(error) => error.render(text),
        Ok(query) => panic!("{text} was read as {query:?}"),
    }
}

#[test]
fn words_join_as_they_are_spoken() {
    let same = [
        ("a b OR c", "(a AND b) or (c)"),
        ("NOT a b", "-a b"),
        ("NOT (a OR b)", "-(a or b)"),
        ("--a", "a"),
        ("~(a b) NOT c", "~(a AND b) -c"),
        ("* a", "a"),
        ("  ", "*"),
        ("a (b c)", "a b c"),
        ("user!=x", "-user=x"),
        ("user:!=x", "-user=x"),
        ("user:!~x", "NOT user=~/x/"),
        ("user:=~x", "user=~\"x\""),
        ("status:>=400", "status>=400"),
        ("status:4xx", "status:[400 TO 499]"),
        ("status=404", "status:404..404"),
        ("ip:10.1.2.3/8", "ip=10.0.0.0/8"),
        ("user:(a)", "user:a"),
        ("user:(a, b OR c)", "user:(a OR b OR c)"),
        ("user=(a OR b)", "user in (a, b)"),
        ("user not in (a, b)", "-user in (a,b)"),
        ("USER:a", "user:a"),
        ("region:IAD", "region:us-ashburn-1"),
        ("has:request.parameters", "request.parameters:*"),
        ("has:user", "user:*"),
        ("time:*", "has:time"),
        ("\"a\"", "a"),
        ("data.a\\.b:x", "data.a\\.b:\"x\""),
        ("time:[13:40 TO 13:56]", "time:13:40..13:56"),
        ("time:\"yesterday 22:00..today 02:30\"", "time:2026-03-13T22:00Z..2026-03-14T02:30Z"),
        ("path:/n/x", "path:\"/n/x\""),
    ];
    for (one, other) in same {
        assert_eq!(query(one), query(other), "{one} | {other}");
    }
}

#[test]
fn a_value_is_read_as_its_field_asks() {
    let about = |text: &str| match term(text) {
        Term::About { condition, .. } => condition,
        other => panic!("{other:?}"),
    };
    assert_eq!(about("key:2d:81:72:b2"), Condition::Contains("2d:81:72:b2".into()));
    assert_eq!(about("ip:203.0.113"), Condition::Contains("203.0.113".into()));
    assert_eq!(about("status:\"404\""), Condition::Contains("404".into()));
    assert_eq!(about("user:\"a*\""), Condition::Contains("a*".into()));
    assert_eq!(about("user:a\\*"), Condition::Contains("a*".into()));
    assert_eq!(about("user:ACME\\bob"), Condition::Contains("ACME\\bob".into()));
    assert_eq!(about("ocid:ocid1.bucket.oc1..aa"), Condition::Contains("ocid1.bucket.oc1..aa".into()));
    assert_eq!(about("region:\"iad\""), Condition::Contains("iad".into()));
    assert_eq!(about("x.y:1..5"), Condition::Number(super::super::Numbers::Between(1, 5)));
    assert_eq!(term("delete"), Term::Text("delete".into()));
    assert_eq!(term("0.0.0.0/0"), Term::Text("0.0.0.0/0".into()));
    assert_eq!(term("is:write"), Term::Access(AccessSet::WRITES));
    let Term::About { subject, condition: Condition::Listed { file, any } } = term("ip in @office-nets.txt") else {
        panic!()
    };
    assert_eq!((subject, file.as_str(), any.len()), (Subject::Field(Field::Ip), "office-nets.txt", 3));
}

/// The text, the place that is pointed at, part of what is said, what may have been meant.
const BROKEN: [(&str, &str, &str, &[&str]); 56] = [
    ("usr:alice is:write", "usr", "no field is called “usr”", &["user"]),
    ("user:alice service:Compute", "service", "no field", &["svc"]),
    ("statu:404", "statu", "no field", &["status"]),
    ("data..x:1", "data..x", "a key is missing", &[]),
    ("dat*:1", "dat*", "has no * or ?", &[]),
    ("2d:81:72:b2", "2d", "use quotes", &[]),
    ("https://x", "https", "use quotes", &[]),
    ("user:\"alice is:write", "\"", "not closed", &[]),
    ("user:alice\"", "\"", "put all of it in quotes", &[]),
    ("\"alice is:write", "\"", "not closed", &[]),
    ("\"\"", "\"\"", "nothing between these quotes", &[]),
    ("user:\"\"", "\"\"", "f:* is any value", &[]),
    ("\"a\"b", "b", "a space is missing", &[]),
    ("foo(bar)", "(", "put all of it in quotes", &[]),
    ("event:(Delete* OR Terminate* comp:prod*", "comp:prod*", "OR or a comma", &[]),
    ("event:(Delete* OR", "", "a value is missing", &[]),
    ("event:(Delete*", "(", "not closed", &[]),
    ("event:(a OR *)", "*", "any value at all", &[]),
    ("(user:a OR user:b", "(", "not closed", &[]),
    ("user:a)", ")", "no parenthesis is open", &[]),
    ("()", "()", "nothing in these parentheses", &[]),
    ("status:[400 TO", "[", "not closed", &[]),
    ("status:[409 TO 400]", "[409 TO 400]", "the smaller first", &[]),
    ("[400 TO 409]", "[", "follows a field", &[]),
    ("status:>=4oo", "4oo", "no whole number", &[]),
    ("status:abc", "abc", "a status is a number", &[]),
    ("user>5", "5", "have an order", &[]),
    ("user~~alice", "~", "goes with =~", &["=~"]),
    ("user==alice", "==", "no operator", &[]),
    ("user:!alice", ":!", "denied with", &["!="]),
    ("user = alice", "=", "without a space", &[]),
    ("user: alice", "user:", "user:* for any", &[]),
    ("event=Delete*", "Delete*", "a pattern goes with a colon, :Delete*", &[]),
    ("user:/ali.*/", "/ali.*/", "goes with =~", &[]),
    ("/n/x/b/prod", "/n/x/b/prod", "begins a regular expression", &["\"/n/x/b/prod\""]),
    ("ua=~\"(a\"", "\"(a\"", "unclosed group", &[]),
    ("ua=~\"\"", "\"\"", "an empty pattern", &[]),
    ("is:wirte", "wirte", "is: does not know", &["write"]),
    ("is=write", "is=", "take a colon", &[]),
    ("is:diff", "diff", "asked with has:", &["has:diff"]),
    ("-ip in @nets.txt", "@nets.txt", "nets.txt cannot be read: no such file", &[]),
    ("ip in @bad.txt", "@bad.txt", "bad.txt: line 2: no network", &[]),
    ("ip in @empty.txt", "@empty.txt", "holds no value", &[]),
    ("ip:10.0.0.0/33", "10.0.0.0/33", "no network", &[]),
    ("ip:10.0.0.1..10.0.0.9", "10.0.0.1..10.0.0.9", "have no ranges", &[]),
    ("time:tomorow is:write", "tomorow", "is no time", &[]),
    ("time=13:40", "13:40", "takes a range", &[]),
    ("a OR", "OR", "after OR", &[]),
    ("- a", "-", "directly before", &[]),
    ("OR a", "OR", "missing before this", &[]),
    ("a && b", "&&", "joined with", &[]),
    ("!user:a", "!", "denied with", &["-"]),
    ("a OR ~user:a", "~", "a whole term", &[]),
    ("a (b ~user:a)", "~", "a whole term", &[]),
    ("-~user:a", "~", "a whole term", &[]),
    ("~ user:a", "~", "directly before", &[]),
];

#[test]
fn what_cannot_be_read_is_pointed_at() {
    for (text, place, message, nearest) in BROKEN {
        let error = read(text).expect_err(text);
        assert_eq!(
            (text.get(error.span.clone()), error.nearest.as_slice()),
            (Some(place), strings(nearest).as_slice()),
            "{text}: {error}"
        );
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_has_no_data_yet_says_so() {
    for (text, place) in [
        ("is:new event:*", "new"),
        ("sev:>=high -is:marked", "sev"),
        ("-is:marked", "marked"),
        ("is:noted", "noted"),
        ("has:hint", "hint"),
    ] {
        let error = read(text).expect_err(text);
        assert_eq!(text.get(error.span.clone()), Some(place));
        assert!(error.message.contains("yet"), "{error}");
    }
}

#[test]
fn an_error_of_a_time_points_into_it_and_suggests_one() {
    let text = "is:write time:13:56..13:40";
    let error = read(text).unwrap_err();
    assert_eq!((text.get(error.span.clone()), error.nearest.len()), (Some("13:56..13:40"), 1));
    let mended = text.replace("13:56..13:40", &error.nearest[0]);
    assert_eq!(query(&mended), query("is:write time:13:40..13:56"));
    assert!(refused("time:\"13:40..tomorow\"").contains("^^^^^^^\n"));
}

#[test]
fn an_error_is_shown_under_its_place_and_is_harmless() {
    assert_eq!(
        refused("is:write usr:alice"),
        "  is:write usr:alice\n           ^^^\nno field is called “usr”; for a text with : = < or > use quotes; did you mean user?"
    );
    let hostile = refused("日本 \u{202e}x\u{1b}[2J:y");
    assert!(hostile.starts_with("  日本 \\u{202e}x\\x1b[2J:y\n       ^^^^^^^^^^^^^^^^\n"), "{hostile}");
    let long = refused(&format!("{} usr:x {}", "event:GetBucket".repeat(9), "b ".repeat(60)));
    let (shown, carets) = long.split_once('\n').unwrap();
    assert!(shown.chars().count() < 120 && shown.chars().nth(carets.find('^').unwrap()) == Some('u'), "{long}");
}

#[test]
fn every_query_of_the_documentation_is_read() {
    let text = include_str!("../../../docs/query.md");
    let blocks = text.split("```query\n").skip(1).filter_map(|block| block.split("```").next());
    let queries: Vec<&str> = blocks.flat_map(str::lines).collect();
    assert!(queries.len() > 15);
    for text in queries {
        query(text);
    }
}

#[test]
fn depth_and_size_have_a_limit() {
    assert!(refused(&"(".repeat(100_000)).contains("too deep"));
    assert!(refused(&"-".repeat(100_000)).contains("too deep"));
    assert!(refused("ua=~/((a{500}){500}){500}/").contains("too large"));
    assert_eq!(query(&format!("{}a{}", "(".repeat(50), ")".repeat(50))), query("a"));
}

/// Queries as they are typed, some of them broken.
fn typed() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "user:alice",
        "user=\"a b\"",
        "-",
        "~",
        "NOT",
        "OR",
        "AND",
        "(",
        ")",
        "event:Del*",
        "status:>=400",
        "status:4xx",
        "status:400..409",
        "ip:10.0.0.0/8",
        "ip in (10.0.0.1, 10.1.*)",
        "ip in @office-nets.txt",
        "region:(iad OR fra)",
        "*:word",
        "*:\"a\\\"b\"",
        "\"x y\"",
        "/a|b/",
        "ua=~(?i)x",
        "ua!~\"a/b\"",
        "is:write",
        "is:denied",
        "has:diff",
        "time:-1h",
        "time:>=13:40",
        "time:<=13:40",
        "a.b\\ c:1..5",
        "key:2d:81",
        "*",
        "Del?te*",
        "\\*a:b*",
        "tag:env=prod",
        "ocid:ocid1..x",
        "status:(404, 5xx, 600..)",
        "x.y:(a OR \"b\")",
        "user:",
        ":",
        "\"",
        "a\\",
        "in",
        "to",
        "é",
    ]);
    prop_oneof![
        4 => prop::collection::vec((token, prop::sample::select(vec![" ", " ", " ", ""])), 0..7)
            .prop_map(|tokens| tokens.into_iter().flat_map(|(token, space)| [token, space]).collect()),
        1 => r#"[a-z:=~!<>"()*?/\\ @.,é-]{0,12}"#.prop_map(|text| format!("user:{text}")),
        1 => any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_printed_query_is_read_as_the_same(text in typed()) {
        if let Ok(query) = read(&text) {
            let printed = query.to_string();
            prop_assert_eq!(read(&printed), Ok(query), "{}", printed);
        }
    }

    #[test]
    fn an_error_points_into_the_text(text in typed()) {
        if let Err(error) = read(&text) {
            prop_assert!(text.get(error.span.clone()).is_some());
            prop_assert!(error.render(&text).chars().all(|c| c == '\n' || !c.is_control()));
        }
    }
}
