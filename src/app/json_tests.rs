use proptest::prelude::*;

use super::*;

fn tree(text: &str) -> JsonTree {
    JsonTree::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn outline(text: &str) -> Vec<String> {
    let tree = tree(text);
    (0..tree.len())
        .filter_map(|n| tree.get(n))
        .map(|n| {
            let key = n.key.map(|k| format!("{k} ")).unwrap_or_default();
            let value = if n.is_container() { format!("({})", n.children) } else { n.value.to_owned() };
            format!("{}{key}{value}", ">".repeat(n.depth))
        })
        .collect()
}

#[test]
fn order_repeated_keys_and_numbers_stay_as_sent() {
    let text = r#" {"b":123456789012345678901234567890, "a":{"x":1e400}, "a":[], "b":[{},null,"\u0041"]} "#;
    let expected = [
        "(4)",
        ">\"b\" 123456789012345678901234567890",
        ">\"a\" (1)",
        ">>\"x\" 1e400",
        ">\"a\" (0)",
        ">\"b\" (3)",
        ">>(0)",
        ">>null",
        r#">>"\u0041""#,
    ];
    assert_eq!(outline(text), expected);
    let tree = tree(text);
    assert_eq!(tree.path(8), ["b", "[2]"]);
    assert_eq!(tree.get(8).unwrap().plain_value(), "A");
}

#[test]
fn a_depth_bomb_is_only_deep() {
    let depth = 100_000;
    let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let tree = tree(&text);
    assert_eq!(tree.len(), depth);
    assert_eq!(tree.end(0), depth);
    assert!(tree.pretty(|_| None).starts_with("[\n"));
}

#[test]
fn what_is_not_json_is_told_with_its_place() {
    for (bad, at) in [
        ("", 0),
        ("{", 1),
        ("[1,]", 3),
        ("[,1]", 1),
        ("{\"a\"}", 4),
        ("{a:1}", 1),
        ("[1 2]", 3),
        ("[1]]", 3),
        ("{\"a\":1]", 6),
        ("nul", 0),
        ("\"x", 0),
        ("NaN", 0),
        ("[}", 1),
    ] {
        assert_eq!(JsonTree::parse(bad).map(|_| ()), Err(NotJson(at)), "{bad}");
    }
}

#[test]
fn printing_replaces_what_it_is_told_to() {
    let text = r#"{"h":{"A":["s"],"B":[]},"c":"t"}"#;
    let printed = tree(text).pretty(|node| (node == 2).then_some("[gone]"));
    assert_eq!(printed, "{\n  \"h\": {\n    \"A\": \"[gone]\",\n    \"B\": []\n  },\n  \"c\": \"t\"\n}");
}

#[test]
fn too_many_nodes_are_cut_and_said() {
    let text = format!("[{}0]", "0,".repeat(MOST_NODES + 10));
    let tree = tree(&text);
    assert!(tree.is_cut() && tree.len() <= MOST_NODES + 1);
}

proptest! {
    #[test]
    fn printing_gives_the_same_document(value in json()) {
        let text = serde_json::to_string(&value).unwrap();
        let printed = tree(&text).pretty(|_| None);
        prop_assert_eq!(&printed, &serde_json::to_string_pretty(&value).unwrap());
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}:,\"a0 \\\\n-]{0,40}") {
        if let Ok(tree) = JsonTree::parse(text.as_str()) {
            prop_assert!(!tree.is_empty());
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() || text.contains(['0', '\\']));
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn paths_are_those_that_jq_takes() {
    let tree = JsonTree::parse(r#"{"data":{"a b":[1,{"x_1":2}],"":0,"1st":3}}"#).unwrap();
    let paths: Vec<String> = (0..tree.len()).map(|node| tree.jq_path(node)).collect();
    let expected = [
        ".",
        ".data",
        ".data[\"a b\"]",
        ".data[\"a b\"][0]",
        ".data[\"a b\"][1]",
        ".data[\"a b\"][1].x_1",
        ".data[\"\"]",
        ".data[\"1st\"]",
    ];
    assert_eq!(paths, expected);
    assert_eq!(JsonTree::parse(r#"[{"-":1}]"#).unwrap().jq_path(2), ".[0][\"-\"]");
}
