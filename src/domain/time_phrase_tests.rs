use super::*;
use proptest::prelude::*;

/// A Saturday.
const NOW: &str = "2026-03-14T14:02:11Z";

fn anchors(zone: &str) -> Anchors {
    let event = "2026-03-14T13:47:30.318Z".parse().ok();
    Anchors { now: NOW.parse().unwrap(), zone: zone.parse().unwrap(), event }
}

fn range(text: &str) -> String {
    match parse_range(text, &anchors("utc")) {
        Ok(range) => range.to_string(),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn every_form_of_the_table() {
    let now = NOW;
    for (text, expected) in [
        ("-1h", format!("2026-03-14T13:02:11Z..{now}")),
        ("1h", format!("2026-03-14T13:02:11Z..{now}")),
        ("last 1h", format!("2026-03-14T13:02:11Z..{now}")),
        ("2h ago", format!("2026-03-14T12:02:11Z..{now}")),
        ("90m", format!("2026-03-14T12:32:11Z..{now}")),
        ("2d1h20m", format!("2026-03-12T12:42:11Z..{now}")),
        ("1w", format!("2026-03-07T14:02:11Z..{now}")),
        ("today", format!("2026-03-14T00:00:00Z..{now}")),
        ("Yesterday", "2026-03-13T00:00:00Z..2026-03-14T00:00:00Z".into()),
        ("monday", "2026-03-09T00:00:00Z..2026-03-10T00:00:00Z".into()),
        ("saturday", "2026-03-07T00:00:00Z..2026-03-08T00:00:00Z".into()),
        ("this week", format!("2026-03-09T00:00:00Z..{now}")),
        ("last week", "2026-03-02T00:00:00Z..2026-03-09T00:00:00Z".into()),
        ("2026-03-12", "2026-03-12T00:00:00Z..2026-03-13T00:00:00Z".into()),
        ("2026-03-14T08:00Z", format!("2026-03-14T08:00:00Z..{now}")),
        ("2026-03-14T08:00:05.25Z", format!("2026-03-14T08:00:05.250Z..{now}")),
        ("2026-03-14T08:00+02:00", format!("2026-03-14T06:00:00Z..{now}")),
        ("2026-03-14 08:00", format!("2026-03-14T08:00:00Z..{now}")),
        ("08:00", format!("2026-03-14T08:00:00Z..{now}")),
        ("20:00Z", format!("2026-03-13T20:00:00Z..{now}")),
        ("yesterday 22:00..today 02:30", "2026-03-13T22:00:00Z..2026-03-14T02:30:00Z".into()),
        ("-3h..-1h", "2026-03-14T11:02:11Z..2026-03-14T13:02:11Z".into()),
        ("2026-03-12..2026-03-13", "2026-03-12T00:00:00Z..2026-03-13T00:00:00Z".into()),
        ("08:00..", format!("2026-03-14T08:00:00Z..{now}")),
        ("..2026-03-14", "2025-03-14T14:02:11Z..2026-03-14T00:00:00Z".into()),
        ("13:47~10m", "2026-03-14T13:37:00Z..2026-03-14T13:57:00Z".into()),
        ("event~5m", "2026-03-14T13:42:30.318Z..2026-03-14T13:52:30.318Z".into()),
        ("2026-03-14T08:00Z/PT6H", "2026-03-14T08:00:00Z..2026-03-14T14:00:00Z".into()),
        ("2026-03-12T08:00Z/P1DT30M", "2026-03-12T08:00:00Z..2026-03-13T08:30:00Z".into()),
        ("@1773475200", format!("2026-03-14T08:00:00Z..{now}")),
    ] {
        assert_eq!(range(text), expected, "{text}");
    }
}

#[test]
fn days_are_days_of_the_display_zone() {
    let resolved = parse_range("yesterday", &anchors("+02:00")).unwrap();
    assert_eq!(resolved.to_string(), "2026-03-12T22:00:00Z..2026-03-13T22:00:00Z");
    assert_eq!(parse_moment("08:00", &anchors("+02:00")).unwrap().to_rfc3339(), "2026-03-14T06:00:00+00:00");
}

#[test]
fn a_moment_is_where_its_form_begins() {
    for (text, expected) in [
        ("2h", "2026-03-14T12:02:11Z"),
        ("yesterday", "2026-03-13T00:00:00Z"),
        ("2026-03-14", "2026-03-14T00:00:00Z"),
        ("now", NOW),
    ] {
        assert_eq!(rfc3339(parse_moment(text, &anchors("utc")).unwrap()), expected, "{text}");
    }
}

#[test]
fn errors_say_where_and_what_instead() {
    let error = |text: &str| parse_range(text, &anchors("utc")).unwrap_err();
    let reversed = error("today..yesterday");
    assert_eq!(reversed.suggestion.as_deref(), Some("2026-03-13T00:00:00Z..2026-03-14T00:00:00Z"));
    let future = error("08:00..2027-01-01");
    assert_eq!(future.suggestion.as_deref(), Some("2026-03-14T08:00:00Z.."));
    assert!(error("2026-04-01").message.contains("future"));
    let typo = error("08:00.. yesterdya");
    assert_eq!("08:00.. yesterdya".get(typo.span), Some("yesterdya"));
    for bad in [
        "",
        "  ",
        "1",
        "1x",
        "-",
        "13:47~",
        "13:47~x",
        "25:00",
        "8",
        "2026-13-01",
        "a..b",
        "@x",
        "08:00/PX",
        "mark",
        "...",
    ] {
        assert!(parse_range(bad, &anchors("utc")).is_err(), "{bad}");
    }
}

#[test]
fn lengths_read_as_they_are_written() {
    for text in ["6h", "4h30m", "2d", "45s", "1d1h1m1s"] {
        assert_eq!(format_length(parse_length(text).unwrap()), text);
    }
    assert_eq!(parse_length("99999999999999999999d"), None);
    assert_eq!(parse_length("9223372036854775807w"), None);
}

proptest! {
    #[test]
    fn any_text_is_an_answer_not_a_panic(text in any::<String>()) {
        if let Err(error) = parse_range(&text, &anchors("utc")) {
            prop_assert!(text.get(error.span).is_some());
        }
    }

    #[test]
    fn suggestions_parse(a in 0i64..500_000, b in 0i64..500_000) {
        let anchors = anchors("utc");
        let text = format!("{}..{}", rfc3339(anchors.now - TimeDelta::seconds(a)), rfc3339(anchors.now - TimeDelta::seconds(b)));
        if let Err(TimeError { suggestion: Some(suggestion), .. }) = parse_range(&text, &anchors) {
            prop_assert!(parse_range(&suggestion, &anchors).is_ok());
        }
    }
}
