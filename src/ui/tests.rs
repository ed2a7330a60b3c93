//! Pictures of the screen, and laws about what may be on it.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{Theme, draw, plain};
use crate::app::message::Message;
use crate::app::setup::{Glyphs, Setup};
use crate::app::testing::{Stage, ledger, ocid, refused, setup, snapshot, tenancy, troubled, with_own_reads};
use crate::domain::ledger::{CellUpdate, Change, Ledger};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::domain::traffic::{Calls, Latency, RegionTraffic, Standing, Traffic};
use crate::index::{IndexBuilder, MORE_MEMORY, refusal};

/// Draws until the machine knows what the screen measures, as the driver does.
pub(super) fn screen(stage: &mut Stage, width: u16, height: u16) -> String {
    screen_with(stage, width, height, &Theme::dark())
}

fn screen_with(stage: &mut Stage, width: u16, height: u16, theme: &Theme) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    for _ in 0..5 {
        let mut geometry = None;
        terminal.draw(|frame| geometry = Some(draw(&stage.app, theme, frame))).unwrap();
        let geometry = geometry.unwrap();
        if geometry == *stage.app.geometry() {
            break;
        }
        stage.send(Message::Drawn(geometry));
    }
    plain(terminal.backend().buffer())
}

/// Trailing spaces would be lost on the way through editors, so every line ends in a bar.
pub(super) fn framed(text: &str) -> String {
    text.lines().fold(String::new(), |all, line| all + line + "|\n")
}

pub(super) fn story() -> Stage {
    Stage::new(troubled())
}

/// What memory is taken depends on the machine, and shifts what stands behind it.
pub(super) const MEMORY: (&str, &str) =
    (r"memory \S+ [KM]iB([^│|]*? held), \S+ [KM]?i?B each *([│|])", "memory N$1, N each $2");

macro_rules! picture {
    ($name:ident, $stage:expr, $size:expr, $keys:expr) => {
        #[test]
        fn $name() {
            let mut stage = $stage;
            let (width, height) = $size;
            screen(&mut stage, width, height);
            for keys in $keys {
                match keys.strip_prefix("type ") {
                    Some(text) => stage.typed(text),
                    None => stage.keys(keys),
                };
                screen(&mut stage, width, height);
            }
            insta::with_settings!({ filters => vec![MEMORY] }, {
                insta::assert_snapshot!(framed(&screen(&mut stage, width, height)));
            });
        }
    };
}

const NO_KEYS: [&str; 0] = [];
const LARGE: (u16, u16) = (120, 36);
const MIDDLE: (u16, u16) = (80, 24);
const SMALL: (u16, u16) = (60, 15);

picture!(main_large, story(), LARGE, NO_KEYS);
picture!(main_middle, story(), MIDDLE, NO_KEYS);
picture!(main_small, story(), SMALL, NO_KEYS);
picture!(too_small, story(), (39, 9), NO_KEYS);
picture!(smallest, story(), (40, 10), NO_KEYS);
picture!(filtered_large, story(), LARGE, ["! /", "type delete log"]);
picture!(filtered_middle, story(), MIDDLE, ["/", "type bucket", "<enter>"]);
picture!(narrowed_scope, story(), LARGE, ["1 /", "type net", "<enter> o"]);
picture!(document_large, story(), LARGE, ["<enter> <enter> j j"]);
picture!(document_middle, story(), MIDDLE, ["<enter> <enter> G"]);
picture!(document_wrapped, story(), SMALL, ["<enter> <enter> W E"]);
picture!(summary_small, story(), SMALL, ["j <enter>"]);
picture!(tree_over_list, story(), MIDDLE, ["B j"]);
picture!(tree_small, story(), SMALL, ["1"]);
picture!(beside, story(), LARGE, ["\\ <enter>"]);
picture!(list_only, story(), MIDDLE, ["\\ \\ I"]);
picture!(help_large, story(), LARGE, ["?"]);
picture!(help_searched, story(), MIDDLE, ["?", "type copy"]);
picture!(help_small, story(), SMALL, ["?"]);
picture!(time_large, story(), LARGE, ["t", "type yesterday 22:00..today 02:30"]);
picture!(time_wrong, story(), MIDDLE, ["t", "type 08:00.. yesterdya"]);
picture!(
    time_presets,
    Stage::with(Setup { zone: "+01:00".parse().unwrap(), ..setup() }, snapshot(14), ledger(&[])),
    MIDDLE,
    ["j t <tab> <down>"]
);
picture!(time_small, story(), SMALL, ["t"]);
picture!(time_recent_large, story(), LARGE, ["t <tab> 2", "t <tab> 7", "t <tab> <up>"]);
picture!(
    time_recent_small,
    story(),
    SMALL,
    ["t <tab> 2 t <tab>", "<up> <down> <down> <down> <down> <down> <down> <down> <down> <down>"]
);
picture!(calendar_large, story(), LARGE, ["t <tab> <tab> h <enter> k h h <enter>"]);
picture!(calendar_middle, story(), MIDDLE, ["t <tab> <tab> <pageup>"]);
picture!(calendar_small, story(), SMALL, ["t <tab> <tab> k <enter>"]);
picture!(
    calendar_ascii,
    Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), troubled()),
    MIDDLE,
    ["t <tab> <tab> h <enter>"]
);
picture!(copy_menu, story(), MIDDLE, ["y"]);
picture!(views_large, story(), LARGE, ["V j"]);
picture!(views_middle, story(), MIDDLE, ["V"]);
picture!(views_small, story(), SMALL, ["V G"]);
picture!(views_saved, story(), MIDDLE, ["/", "type user:alice", "<enter> V s", "type what alice did"]);
picture!(query_wrong_large, story(), LARGE, ["/", "type user:alice usr:x"]);
picture!(query_wrong_middle, story(), MIDDLE, ["/", "type user:alice usr:x"]);
picture!(query_wrong_small, story(), SMALL, ["/", "type user:alice usr:x"]);
picture!(query_chips, story(), LARGE, ["/", "type user:alice -event:Get* ~is:failed time:13:40..13:56", "<enter>"]);
picture!(term_without_matches, story(), MIDDLE, ["/", "type user:alcie is:write", "<enter>"]);
picture!(copy_menu_large, story(), LARGE, ["w /", "type user:alice", "<enter> y <up> <up> <up>"]);
picture!(copy_menu_small, story(), SMALL, ["y <down>"]);
picture!(palette_large, story(), LARGE, [":", "type copy"]);
picture!(palette_middle, story(), MIDDLE, [":"]);
picture!(palette_small, story(), SMALL, [":", "type #net"]);
picture!(palette_users, story(), MIDDLE, [":", "type @s"]);
picture!(palette_wrong, story(), MIDDLE, [":", "type time yesterdya"]);
picture!(palette_ascii, ascii_story(), MIDDLE, [":", "type unfold"]);
picture!(copy_menu_ascii, ascii_story(), LARGE, ["y"]);
picture!(greeting_large, demo(), LARGE, NO_KEYS);
picture!(greeting_middle, demo(), MIDDLE, NO_KEYS);
picture!(greeting_small, demo(), SMALL, NO_KEYS);

pub(super) fn ascii_story() -> Stage {
    Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), troubled())
}

pub(super) fn demo() -> Stage {
    Stage::with(Setup { demo: true, ..setup() }, snapshot(14), ledger(&[]))
}

#[test]
fn the_greeting_goes_with_the_first_key_which_does_what_it_does() {
    let mut stage = demo();
    assert!(screen(&mut stage, 120, 36).contains("stolen an API key"));
    stage.keys("j");
    assert!(!screen(&mut stage, 120, 36).contains("stolen an API key"));
    assert_eq!(stage.under_cursor(), "UpdateBucket");
}
picture!(relative_time, story(), MIDDLE, ["T T"]);
picture!(brush_large, story(), LARGE, ["i H H H"]);
picture!(brush_middle, story(), MIDDLE, ["i H H"]);
picture!(brush_small, story(), SMALL, ["i", "H H"]);
picture!(
    brush_ascii,
    Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), troubled()),
    LARGE,
    ["i H H"]
);
picture!(around_large, story(), LARGE, ["e z z"]);
picture!(around_middle, story(), MIDDLE, ["e z"]);
picture!(around_small, story(), SMALL, ["e z"]);
picture!(around_filtered, story(), MIDDLE, ["e z z !"]);
picture!(count_middle, story(), MIDDLE, ["1 2"]);
picture!(count_small, story(), SMALL, ["4 2"]);
picture!(burst_large, Stage::new(ledger(&[])), LARGE, ["{"]);
picture!(sorted_large, story(), LARGE, ["h s"]);
picture!(sorted_middle, story(), MIDDLE, ["h h s S"]);
picture!(sorted_small, story(), SMALL, ["s"]);
picture!(
    sorted_ascii,
    Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), troubled()),
    MIDDLE,
    ["l l s"]
);
picture!(columns_large, story(), LARGE, ["C j j j j j j j <space> K K"]);
picture!(columns_middle, story(), MIDDLE, ["C G <space>"]);
picture!(columns_small, story(), SMALL, ["C j j"]);
picture!(columns_shown_large, story(), LARGE, ["C j j j j j j j <space> j <space> j <space> K K K K <enter>"]);
picture!(columns_shown_middle, story(), MIDDLE, ["C j j j j j j j <space> j <space> K K K K K <enter>"]);
picture!(
    columns_ascii,
    Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), troubled()),
    MIDDLE,
    ["C"]
);
picture!(everything_large, story(), LARGE, ["w"]);

fn observed() -> Stage {
    Stage::with(setup(), with_own_reads(), troubled())
}

picture!(own_reads_among_reads, observed(), LARGE, NO_KEYS);
picture!(own_reads_hidden_large, observed(), LARGE, ["w"]);
picture!(own_reads_hidden_middle, observed(), MIDDLE, ["w !"]);
picture!(own_reads_shown, observed(), MIDDLE, ["w ."]);
picture!(own_reads_only, observed(), MIDDLE, ["w /", "type listevents", "<enter>"]);
picture!(own_reads_hidden_as_reads, observed(), MIDDLE, ["/", "type listevents", "<enter>"]);

picture!(
    ascii_large,
    Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), troubled()),
    LARGE,
    NO_KEYS
);
picture!(ascii_help, Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), troubled()), MIDDLE, ["?"]);

fn elsewhere() -> Stage {
    let endpoint = Some("http://127.0.0.1:9800/{service}/{region}".to_owned());
    Stage::with(Setup { endpoint, ..setup() }, snapshot(14), ledger(&[]))
}

picture!(endpoint_large, elsewhere(), LARGE, NO_KEYS);
picture!(endpoint_middle, elsewhere(), MIDDLE, NO_KEYS);

pub(super) fn empty(ledger: Arc<Ledger>) -> Stage {
    Stage::with(setup(), snapshot(0), ledger)
}

picture!(no_events_in_all_of_the_range, empty(ledger(&[])), LARGE, NO_KEYS);
picture!(no_events_so_far, empty(troubled()), MIDDLE, NO_KEYS);
picture!(nothing_asked_yet, empty(Arc::new(Ledger::new(TimeDelta::minutes(15)))), MIDDLE, NO_KEYS);
picture!(nothing_matches, story(), MIDDLE, ["! /", "type monitor", "<enter>"]);

/// Everything was read but one compartment, which may not be.
pub(super) fn one_refused(events: usize) -> Stage {
    let hint = "A policy that allows it:\nAllow group <group> to read audit-events in tenancy";
    let problem = Arc::new(Problem::new(ProblemKind::Denied, "404 NotAuthorizedOrNotFound").hint(hint));
    let refused = [0, 1, 2].map(|region| ("archived-x", region, Change::Denied(Arc::clone(&problem))));
    Stage::with(setup(), snapshot(events), ledger(&refused))
}

picture!(one_refused_large, one_refused(14), LARGE, NO_KEYS);
picture!(one_refused_middle, one_refused(14), MIDDLE, NO_KEYS);
picture!(one_refused_nothing_matches, one_refused(14), MIDDLE, ["/", "type nobody", "<enter>"]);
picture!(one_refused_no_events, one_refused(0), MIDDLE, NO_KEYS);

/// The session token ran out while it was fetching.
pub(super) fn halted(events: usize) -> Stage {
    let mut stage = Stage::with(setup(), snapshot(events), troubled());
    let problem = Problem::new(ProblemKind::Authentication, "Oracle refused the session token of profile `ACME`").hint(
        "it may have been revoked, or its region not be subscribed; oci session authenticate --profile-name ACME, \
         or while it is valid: oci session refresh --profile ACME",
    );
    stage.send(Message::FetchHalted(problem));
    stage
}

picture!(halted_large, halted(14), LARGE, NO_KEYS);
picture!(halted_middle, halted(14), MIDDLE, NO_KEYS);
picture!(halted_small, halted(14), SMALL, NO_KEYS);
picture!(halted_before_the_first_event, halted(0), MIDDLE, NO_KEYS);

/// Troubles of every sort, with all that is known about them.
pub(super) fn troubles() -> Stage {
    let id = Some("auditui-0123/9C1E/51AB".to_owned());
    let throttled =
        Problem::new(ProblemKind::Throttled, "429 TooManyRequests: User-rate limit exceeded, after 30 tries")
            .hint("try again later, or with --max-in-flight 8")
            .request_id(id.clone());
    let hint = "A policy that allows it:\nAllow group <group> to read audit-events in tenancy";
    let refused = Problem::new(ProblemKind::Denied, "404 NotAuthorizedOrNotFound").hint(hint).request_id(id);
    let denied = Change::Denied(Arc::new(refused));
    let mut ledger = (*ledger(&[
        ("prod-db", 1, Change::Failed(Arc::new(throttled))),
        ("archived-x", 0, denied.clone()),
        ("archived-x", 1, denied.clone()),
        ("archived-x", 2, denied),
        ("prod-app", 2, Change::Page { events: 100 }),
        ("prod-net", 0, Change::Complete { at: "2026-03-14T14:02:00Z".parse().unwrap() }),
        ("dns", 2, Change::Queued),
    ]))
    .clone();
    let dns = ledger.cells().find(|cell| cell.key.compartment == ocid("dns")).unwrap().key.clone();
    let mut late = crate::domain::lateness::Lateness::default();
    late.add(TimeDelta::seconds(260));
    ledger.apply(CellUpdate { key: dns, change: Change::Added { events: 1, late } });
    let mut stage = Stage::with(setup(), snapshot(14), Arc::new(ledger));
    stage.send(Message::Traffic(Arc::new(traffic(false))));
    stage
}

fn traffic(paused: bool) -> Traffic {
    let latency = Some(Latency { p50: Duration::from_millis(940), p95: Duration::from_millis(11_200) });
    let calls = Calls { ended: 4_118, refused: 37, failed: 3, in_flight: 12, latency };
    let region = |region: &str, rate, standing| RegionTraffic { region: region.into(), calls, rate, standing };
    let regions = vec![
        region("eu-frankfurt-1", None, Standing::Open),
        region("uk-london-1", None, Standing::Down),
        region("us-ashburn-1", Some(19.4), Standing::Slowed),
    ];
    Traffic { paused, calls, regions }
}

/// Five events of the story had no room.
fn full() -> Stage {
    let problem = Problem::new(ProblemKind::Io, refusal(64 << 10, 5)).hint(MORE_MEMORY);
    let ledger = ledger(&[("prod", 1, Change::NotKept(Arc::new(problem)))]);
    Stage::with(setup(), refused(), ledger)
}

pub(super) fn paused() -> Stage {
    let mut stage = troubles();
    stage.send(Message::Traffic(Arc::new(traffic(true))));
    stage
}

picture!(coverage_large, troubles(), LARGE, ["%"]);
picture!(coverage_middle, troubles(), MIDDLE, ["%"]);
picture!(coverage_small, troubles(), SMALL, ["%"]);
picture!(coverage_smallest, troubles(), (40, 10), ["%"]);
picture!(coverage_of_all, troubles(), LARGE, ["% a G l l"]);
picture!(coverage_of_a_refused_place, troubles(), MIDDLE, ["% G"]);
picture!(coverage_in_full, troubles(), MIDDLE, ["% j j <enter>"]);
picture!(coverage_complete, Stage::new(ledger(&[])), LARGE, ["%"]);
picture!(memory_full_large, full(), LARGE, ["%"]);
picture!(memory_full_middle, full(), MIDDLE, ["%"]);
picture!(memory_full_small, full(), SMALL, NO_KEYS);
picture!(coverage_paused, paused(), MIDDLE, ["%"]);
picture!(coverage_help, troubles(), MIDDLE, ["% ?"]);
picture!(paused_large, paused(), LARGE, NO_KEYS);
picture!(paused_small, paused(), SMALL, NO_KEYS);
picture!(coverage_stands_still, halted(14), MIDDLE, ["%"]);
picture!(
    coverage_ascii,
    {
        let from = troubles();
        Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), from.ledger)
    },
    MIDDLE,
    ["%"]
);

picture!(facets_large, story(), LARGE, ["f"]);
picture!(facets_pending_large, story(), LARGE, ["w f j l <space> j -"]);
picture!(facets_pending_middle, story(), MIDDLE, ["w f j l <space> j - h j j"]);
picture!(facets_small, story(), SMALL, ["w f j l <space>"]);
picture!(facets_found, story(), MIDDLE, ["w f j /", "type bucket"]);
picture!(facets_by_path, story(), LARGE, ["w f a", "type .data.request.headers.Accept", "<enter>"]);
picture!(facets_no_path, story(), MIDDLE, ["f a", "type usr"]);
picture!(facets_wrong_path, story(), MIDDLE, ["f a", "type usr", "<enter>"]);
picture!(facets_complete, Stage::new(ledger(&[])), MIDDLE, ["w f j j l G"]);
picture!(
    facets_ascii,
    Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), troubled()),
    LARGE,
    ["w f j l <space>"]
);
picture!(pivot_large, story(), LARGE, ["p"]);
picture!(pivot_middle, story(), MIDDLE, ["j j p <down>"]);
picture!(pivot_small, story(), SMALL, ["p"]);
picture!(pivot_complete, Stage::new(ledger(&[])), LARGE, ["G p"]);
picture!(pivot_ascii, Stage::with(Setup { glyphs: Glyphs::Ascii, ..setup() }, snapshot(14), troubled()), MIDDLE, ["p"]);

const LONG: &str = "type one two three four five six seven eight nine ten 漢字漢字漢字漢字漢字 the last word";
picture!(long_prompt_small, story(), SMALL, ["/", LONG]);
picture!(long_prompt_smallest, story(), (40, 10), ["t", LONG]);
picture!(long_prompt_help, story(), MIDDLE, ["?", LONG]);

/// Before the tenancy is known, or when it cannot be.
fn unconnected(problem: Option<Problem>) -> String {
    let (app, _) = crate::app::App::new(setup());
    let mut stage = Stage { app, snapshot: snapshot(0), ledger: ledger(&[]), effects: Vec::new() };
    if let Some(problem) = problem {
        stage.send(Message::TenancyFailed(problem));
    }
    framed(&screen(&mut stage, 80, 24))
}

#[test]
fn connecting() {
    insta::assert_snapshot!(unconnected(None));
}

#[test]
fn not_connected() {
    let problem = Problem::new(ProblemKind::Authentication, "the key was refused (401 NotAuthenticated)")
        .hint("check that the fingerprint is the one uploaded for this user");
    insta::assert_snapshot!(unconnected(Some(problem)));
}

#[test]
fn mono_has_attributes_only() {
    let mut stage = story();
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    screen_with(&mut stage, 120, 36, &Theme::mono());
    let theme = Theme::mono();
    for keys in ["j", "f l <space>", "q p", "q : t", "<esc> y <down>", "<esc> ?"] {
        stage.keys(keys);
        terminal.draw(|frame| _ = draw(&stage.app, &theme, frame)).unwrap();
        for cell in terminal.backend().buffer().content() {
            let plain = ratatui::style::Color::Reset;
            assert_eq!((cell.fg, cell.bg), (plain, plain), "{cell:?}");
        }
    }
}

/// An event whose every text is `text`.
fn hostile(text: &str) -> Stage {
    let mut builder = IndexBuilder::default();
    let event = serde_json::json!({
        "eventType": text, "eventId": text, "eventTime": "2026-03-14T13:00:00Z", "source": text,
        "data": {
            "eventName": text, "eventGroupingId": text, "compartmentName": text, "resourceName": text,
            "identity": { "principalName": text, "callerName": text, "ipAddress": text, "userAgent": text },
            "request": { "id": text, "path": text, "action": text, "parameters": { text: [text] } },
            "response": { "status": text, "message": text },
        },
    });
    builder.insert(&RegionId::new("eu-frankfurt-1"), &ocid("prod"), event.to_string().as_bytes());
    let mut tenancy = tenancy();
    tenancy.name = Some(text.to_owned());
    let mut stage = Stage::with(Setup { profile: text.to_owned(), ..setup() }, builder.snapshot(), ledger(&[]));
    stage.send(Message::TenancyKnown(Box::new(tenancy)));
    stage
}

/// Everything that stands on the screen is a plain cell, and frames stand where they stand without the text.
fn check_hostile(text: &str, width: u16, height: u16) {
    for keys in [
        "j",
        "<enter> <enter> E",
        "<enter> W",
        "y",
        "t",
        "%",
        "i",
        "z",
        "C G <space> K K K K <enter>",
        "f l <space>",
        "p",
    ] {
        let mut stage = hostile(text);
        screen(&mut stage, width, height);
        stage.keys("w").keys(keys);
        let drawn = screen(&mut stage, width, height);
        assert!(drawn.lines().all(|line| super::text::width(line) == usize::from(width)), "{drawn}");
        assert!(!drawn.chars().any(|c| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))));
        // Lower screens have no frames.
        if width == 120 && height >= 36 && keys == "j" {
            for line in drawn.lines().skip(8).take(20) {
                assert!(line.starts_with('│') || line.starts_with('└'), "{drawn}");
                assert!(line.ends_with(['│', '┘', '┐']), "{drawn}");
            }
        }
    }
}

#[test]
fn hostile_text_stays_in_its_place() {
    for text in [
        "\u{1b}]52;c;eA==\u{7}\u{1b}[2J",
        "a\r\n\tb\u{9b}31m",
        "\u{202e}gpj.exe\u{2066}",
        "日本語日本語日本語日本語日本語日本語日本語",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "\u{200d}\u{fe0f}👩\u{200d}👩\u{200d}👧🇩🇪🇩",
        "क्षत्रिय ﷽ ਸ਼੍ਰੀ",
    ] {
        check_hostile(text, 120, 36);
        check_hostile(text, 60, 15);
    }
}

#[test]
fn seventy_kilobytes_in_every_field_draw_at_once() {
    let mut stage = hostile(&"\u{1b}[31mx".repeat(12_000));
    for (width, height) in [(120, 36), (80, 24), (60, 15)] {
        screen(&mut stage, width, height);
        stage.keys("<enter> <enter> W E");
        screen(&mut stage, width, height);
        stage.keys("q q");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_at_any_size(text in any::<String>(), width in 40u16..140, height in 10u16..40) {
        check_hostile(&text, width, height);
    }

    #[test]
    fn any_size_is_survived(width in 0u16..200, height in 0u16..60, keys in 0usize..15) {
        let mut stage = story();
        stage.keys(["", "?", "t", "y", "3", "1", "\\", "<enter> <enter>", "%", "% <enter>", "f", "f l <space> /", "p", ": t", "y <down>"][keys]);
        screen(&mut stage, width, height);
    }
}
