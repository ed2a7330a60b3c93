use proptest::prelude::*;

use super::*;

/// The definition, written down again without any care for speed.
fn naive(event: &[u8], needle: &str) -> bool {
    let event = event.to_ascii_lowercase();
    let needle: Vec<char> = needle.to_ascii_lowercase().chars().collect();
    (0..=event.len()).any(|start| naive_at(&event[start..], &needle))
}

fn naive_at(event: &[u8], needle: &[char]) -> bool {
    let Some((first, rest)) = needle.split_first() else { return true };
    forms(*first).iter().any(|form| event.strip_prefix(form.as_bytes()).is_some_and(|event| naive_at(event, rest)))
}

fn forms(c: char) -> Vec<String> {
    let escape = |unit: &u16| format!("\\u{unit:04x}");
    let escaped = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(escape).collect::<Vec<_>>().concat();
    let mut forms = vec![c.to_string()];
    match c {
        '/' => forms.push("\\/".into()),
        '"' | '\\' => forms.extend([format!("\\{c}"), escaped(c)]),
        '\n' => forms.extend(["\\n".into(), escaped(c)]),
        '\r' => forms.extend(["\\r".into(), escaped(c)]),
        '\t' => forms.extend(["\\t".into(), escaped(c)]),
        '\u{8}' => forms.extend(["\\b".into(), escaped(c)]),
        '\u{c}' => forms.extend(["\\f".into(), escaped(c)]),
        '<' | '>' | '&' | '=' | '\'' | '\0'..='\x1f' | '\x7f' => forms.push(escaped(c)),
        _ if c.is_ascii() => {}
        _ => {
            let (lower, upper): (Vec<char>, Vec<char>) = (c.to_lowercase().collect(), c.to_uppercase().collect());
            for form in [vec![c], lower, upper] {
                if let [c] = form[..]
                    && !c.is_ascii()
                {
                    forms.extend([c.to_string(), escaped(c)]);
                }
            }
        }
    }
    forms
}

/// Packs of blocks of events, and their index.
struct Held {
    packs: Vec<(Vec<Vec<Vec<u8>>>, PackIndex)>,
    terms: Terms,
}

impl Held {
    fn new(events: &[Vec<u8>], in_a_block: usize, in_a_pack: usize) -> Self {
        let mut indexer = TextIndexer::default();
        let packs = events
            .chunks(in_a_block * in_a_pack)
            .map(|events| {
                let blocks: Vec<Vec<Vec<u8>>> = events.chunks(in_a_block).map(<[_]>::to_vec).collect();
                let words: Vec<BlockWords> =
                    blocks.iter().map(|block| BlockWords::of(block.iter().map(Vec::as_slice))).collect();
                (blocks, indexer.pack(&words))
            })
            .collect();
        Self { packs, terms: indexer.terms() }
    }

    /// Fails when a block that contains the text is no candidate, or the matcher and the definition disagree. Returns the
    /// share of blocks that are candidates.
    fn check(&self, needle: &str) -> f64 {
        let query = TextQuery::new(needle, &self.terms);
        let matcher = TextMatcher::new(needle);
        let (mut opened, mut all) = (0, 0);
        for (blocks, index) in &self.packs {
            let candidates = query.candidates(index);
            assert_eq!(candidates & !index.blocks(), 0);
            for (block, events) in blocks.iter().enumerate() {
                let is_candidate = candidates >> block & 1 == 1;
                (opened, all) = (opened + u32::from(is_candidate), all + 1);
                for event in events {
                    let (hit, shown) = (naive(event, needle), String::from_utf8_lossy(event));
                    assert_eq!(matcher.contains(event), hit, "{needle:?} in {shown}");
                    assert!(!hit || is_candidate, "{needle:?} is overlooked in {shown}");
                }
            }
        }
        f64::from(opened) / f64::from(all)
    }
}

/// Pieces that meet: words, ids and parts of them, separators, escapes, foreign characters.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-h]{1,4}",
        "[0-9a-f]{1,20}",
        "[0-9A-F]{30,40}",
        "[a-z2-7]{1,40}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}",
        Just("00112233445566778899aabbccddeeff".to_owned()),
        Just("0011223344556677".to_owned()),
        Just("Alice".to_owned()),
        Just("smith".to_owned()),
        Just("2026-01-31T08:15:00.125Z".to_owned()),
        "[-./:@ _,\"\\\\<=]{1,2}",
        Just("-".to_owned()),
        Just(".".to_owned()),
        Just("web-instance-007".to_owned()),
        Just("10.0.0.17".to_owned()),
        Just("\\n".to_owned()),
        Just("\\\"".to_owned()),
        Just("\\/".to_owned()),
        Just("\\u00e9".to_owned()),
        Just("\\u000A".to_owned()),
        "[éÉßKİ日\n\t😀]",
    ]
}

fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), pieces).prop_map(|pieces| pieces.concat())
}

/// A part of `whole`, as somebody might type it.
fn part(whole: &str, from: usize, len: usize) -> String {
    let chars: Vec<char> = whole.chars().collect();
    let from = from % (chars.len() + 1);
    chars[from..(from + len).min(chars.len())].iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_that_contains_the_text_is_overlooked(
        mut events in prop::collection::vec(text(0..12), 1..24),
        strangers in prop::collection::vec(text(1..4), 4),
        parts in prop::collection::vec((any::<usize>(), any::<usize>(), 0_usize..48), 24),
        again in any::<usize>(),
    ) {
        events.push(events[again % events.len()].clone());
        let bytes: Vec<Vec<u8>> = events.iter().map(|event| event.clone().into_bytes()).collect();
        let held = Held::new(&bytes, 2, 3);
        for (event, from, len) in parts {
            let needle = part(&events[event % events.len()], from, len);
            held.check(&needle);
            held.check(&needle.replace("\\n", "\n").replace("\\\"", "\"").replace("\\/", "/").replace("\\u00e9", "É"));
        }
        for needle in strangers {
            held.check(&needle);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_searched_too(
        events in prop::collection::vec(prop::collection::vec(prop_oneof![any::<u8>(), b'a'..=b'd', Just(b'k')], 0..90), 1..9),
        needle in "[a-dk]{1,4}",
    ) {
        Held::new(&events, 1, 4).check(&needle);
    }
}

/// Blocks of events, an index unless there is none yet, and a block that cannot be read.
struct Shelf<'a> {
    blocks: &'a [Vec<Vec<u8>>],
    index: Option<&'a PackIndex>,
    broken: Option<usize>,
}

impl Pack for Shelf<'_> {
    fn index(&self) -> Option<&PackIndex> {
        self.index
    }

    fn block_count(&self) -> usize {
        self.blocks.len()
    }

    fn read(&self, block: usize, each: &mut dyn FnMut(&[u8])) -> bool {
        if self.broken == Some(block) {
            return false;
        }
        self.blocks[block].iter().for_each(|event| each(event));
        true
    }
}

#[test]
fn a_search_goes_from_the_newest_in_steps_and_opens_what_it_must() {
    let name = |n: usize| if n % 10 == 3 { "judy.weber" } else { "alice.smith" };
    let events: Vec<Vec<u8>> = (0..40).map(|n| format!("{{\"user\":\"{}\"}}", name(n)).into_bytes()).collect();
    let held = Held::new(&events, 2, 10);
    let shelf = |pack: usize, has_index: bool, broken| Shelf {
        blocks: &held.packs[pack].0,
        index: has_index.then_some(&held.packs[pack].1),
        broken,
    };
    let query = TextQuery::new("Judy", &held.terms);
    let packs = [shelf(1, false, Some(0)), shelf(0, true, None)];
    let mut search = TextSearch::new(packs.into_iter(), query, TextMatcher::new("Judy"));
    let mut hits = Vec::new();
    let first = search.step(3, |hit| hits.push((hit.pack, hit.block, hit.slot)));
    assert_eq!((first.blocks_opened, first.is_done, hits.len()), (2, false, 0));
    let last = search.step(usize::MAX, |hit| hits.push((hit.pack, hit.block, hit.slot)));
    assert_eq!(hits, [(0, 6, 1), (0, 1, 1), (1, 6, 1), (1, 1, 1)]);
    let expected = Progress { packs: 2, blocks_opened: 9 + 2, blocks_skipped: 8, blocks_unread: 1, is_done: true };
    assert_eq!(last, expected);
}

#[test]
fn a_query_that_knows_fewer_terms_than_the_pack_skips_nothing() {
    let mut indexer = TextIndexer::default();
    let early = indexer.terms();
    let pack = indexer.pack(&[BlockWords::of([&b"alice"[..]]), BlockWords::of([&b"bob"[..]])]);
    assert_eq!(TextQuery::new("bob", &early).candidates(&pack), 0b11);
    assert_eq!(TextQuery::new("bob", &indexer.terms()).candidates(&pack), 0b10);
}
