//! Finding a text in whole events: by the index, and by looking through everything.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, Instant};

use auditui::index::text::{
    BlockWords, PACK_BLOCKS, Pack, PackIndex, Terms, TextIndexer, TextMatcher, TextQuery, TextSearch,
};
use divan::black_box;
use zstd::bulk::{Compressor, Decompressor};

use crate::synthetic::write_event;

const BLOCK: u64 = 64;
const PACKS: u64 = 64;
const EVENTS: u64 = PACKS * PACK_BLOCKS as u64 * BLOCK;
/// Events whose bytes are the compressor's dictionary; they are not searched.
const SAMPLE: std::ops::Range<u64> = 100_000_000..100_000_032;
const LEVEL: i32 = 3;
const ROUNDS: usize = 5;

/// What is promised; see [`assert_is_fast`].
const MOST_BYTES: f64 = 30.0;
/// Of the time that compressing takes.
const MOST_TIME: f64 = 2.0;
const LEAST_GAIN_FOR_ID: f64 = 300.0;
const LEAST_GAIN_FOR_WORD: f64 = 50.0;
/// Speed of looking through everything, of the speed of unpacking it.
const LEAST_SCAN: f64 = 0.8;

struct Block {
    frame: Vec<u8>,
    ends: Vec<usize>,
}

struct Held<'a> {
    blocks: Vec<Block>,
    index: PackIndex,
    unpacking: &'a RefCell<(Decompressor<'static>, Vec<u8>)>,
}

impl Held<'_> {
    fn unpack<T>(&self, block: usize, with: impl FnOnce(&[u8], &[usize]) -> T) -> T {
        let Block { frame, ends } = &self.blocks[block];
        let (decompressor, content) = &mut *self.unpacking.borrow_mut();
        content.clear();
        content.reserve(*ends.last().expect("events"));
        decompressor.decompress_to_buffer(frame, content).expect("a frame");
        with(content, ends)
    }
}

impl Pack for &Held<'_> {
    fn index(&self) -> Option<&PackIndex> {
        Some(&self.index)
    }

    fn block_count(&self) -> usize {
        self.blocks.len()
    }

    fn read(&self, block: usize, each: &mut dyn FnMut(&[u8])) -> bool {
        self.unpack(block, |content, ends| {
            let mut start = 0;
            for end in ends {
                each(&content[start..*end]);
                start = *end;
            }
        });
        true
    }
}

/// Everything, and what it took to make it.
struct Corpus<'a> {
    packs: Vec<Held<'a>>,
    terms: Terms,
    /// What packs share, after half of them and after all.
    shared_bytes: [usize; 2],
    raw_bytes: usize,
    compressing: Duration,
    scanning: Duration,
    indexing: Duration,
}

fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    *total += began.elapsed();
    done
}

impl<'a> Corpus<'a> {
    fn new(dictionary: &[u8], unpacking: &'a RefCell<(Decompressor<'static>, Vec<u8>)>) -> Self {
        let mut compressor = Compressor::with_dictionary(LEVEL, dictionary).expect("a compressor");
        let mut indexer = TextIndexer::default();
        let [mut compressing, mut scanning, mut indexing] = [Duration::ZERO; 3];
        let (mut packs, mut raw_bytes, mut next) = (Vec::new(), 0, 0);
        let mut at_half = 0;
        for pack in 0..PACKS {
            if pack == PACKS / 2 {
                at_half = indexer.bytes();
            }
            let (mut blocks, mut words) = (Vec::new(), Vec::new());
            for _ in 0..PACK_BLOCKS {
                let (mut content, mut ends) = (Vec::new(), Vec::new());
                for number in next..next + BLOCK {
                    write_event(&mut content, number);
                    ends.push(content.len());
                }
                next += BLOCK;
                raw_bytes += content.len();
                let starts = [0].iter().chain(&ends);
                let events = starts.zip(&ends).map(|(start, end)| &content[*start..*end]);
                // Twice in turn and the faster one, so that a busy machine is as busy for both.
                let [mut frames, mut found] = [[Duration::ZERO; 2]; 2];
                let frame = timed(&mut frames[0], || compressor.compress(&content)).expect("a frame");
                words.push(timed(&mut found[0], || BlockWords::of(events.clone())));
                timed(&mut frames[1], || compressor.compress(&content)).expect("a frame");
                timed(&mut found[1], || BlockWords::of(events));
                compressing += frames[0].min(frames[1]);
                scanning += found[0].min(found[1]);
                blocks.push(Block { frame, ends });
            }
            let index = timed(&mut indexing, || indexer.pack(&words));
            timed(&mut indexing, || indexer.terms());
            packs.push(Held { blocks, index, unpacking });
        }
        let terms = indexer.terms();
        Self { packs, terms, shared_bytes: [at_half, indexer.bytes()], raw_bytes, compressing, scanning, indexing }
    }

    /// Events and opened blocks that a search finds, from the text to the last hit.
    fn search(&self, text: &str) -> (usize, usize) {
        let query = TextQuery::new(text, &self.terms);
        let mut search = TextSearch::new(self.packs.iter().rev(), query, TextMatcher::new(text));
        let mut hits = 0;
        let progress = search.step(usize::MAX, |_| hits += 1);
        (hits, progress.blocks_opened)
    }

    /// Events that contain the text, without the index.
    fn scan(&self, text: &str) -> usize {
        let matcher = TextMatcher::new(text);
        let mut hits = 0;
        for pack in &self.packs {
            for block in 0..pack.blocks.len() {
                pack.read(block, &mut |event| hits += usize::from(matcher.contains(event)));
            }
        }
        hits
    }

    fn unpack_all(&self) -> usize {
        let blocks =
            |pack: &Held<'_>| (0..pack.blocks.len()).map(|block| pack.unpack(block, |all, _| all.len())).sum::<usize>();
        self.packs.iter().map(blocks).sum()
    }
}

/// The fastest of some rounds.
fn best<T>(rounds: usize, mut work: impl FnMut() -> T) -> Duration {
    (0..rounds)
        .map(|_| {
            let began = Instant::now();
            black_box(work());
            began.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// Something of an event: what is between two texts.
fn between(event: u64, before: &str, after: &str) -> String {
    let mut bytes = Vec::new();
    write_event(&mut bytes, event);
    let text = String::from_utf8(bytes).expect("text");
    let (_, rest) = text.split_once(before).expect("the text before");
    rest.split_once(after).expect("the text after").0.to_owned()
}

/// Fails when the index is larger, slower to make, or gains less than is promised.
pub fn assert_is_fast(out: &mut impl Write) -> std::io::Result<()> {
    let mut dictionary = Vec::new();
    SAMPLE.for_each(|number| write_event(&mut dictionary, number));
    let decompressor = Decompressor::with_dictionary(&dictionary).expect("a decompressor");
    let unpacking = RefCell::new((decompressor, Vec::new()));
    let corpus = Corpus::new(&dictionary, &unpacking);
    report_size(&corpus, out)?;
    report_searches(&corpus, out)
}

fn report_size(corpus: &Corpus<'_>, out: &mut impl Write) -> std::io::Result<()> {
    let each = |bytes: usize| bytes as f64 / EVENTS as f64;
    let micros = |time: Duration| time.as_secs_f64() * 1e6 / EVENTS as f64;
    let of_packs: usize = corpus.packs.iter().map(|pack| pack.index.bytes()).sum();
    // The dictionary grows with the tenancy, not with its events: of the second half it is less than of the first.
    let [at_half, shared] = corpus.shared_bytes;
    let all = each(of_packs) + 2.0 * each(shared - at_half);
    write!(
        out,
        "text index of {EVENTS} events of {} B: {all:.1} B a further event (",
        corpus.raw_bytes / EVENTS as usize
    )?;
    for (part, (name, _)) in corpus.packs[0].index.parts().into_iter().enumerate() {
        let bytes: usize = corpus.packs.iter().map(|pack| pack.index.parts()[part].1).sum();
        write!(out, "{name} {:.1}, ", each(bytes))?;
    }
    let making = corpus.scanning + corpus.indexing;
    let share = making.as_secs_f64() / corpus.compressing.as_secs_f64();
    writeln!(
        out,
        "dictionary {:.1}, in all {:.1}); made in {:.1} + {:.1} us an event, compressing took {:.1}: x{share:.2}",
        2.0 * each(shared - at_half),
        each(shared),
        micros(corpus.scanning),
        micros(corpus.indexing),
        micros(corpus.compressing),
    )?;
    assert!(all <= MOST_BYTES, "{all:.1} B an event");
    assert!(share <= MOST_TIME, "making the index takes x{share:.2} of compressing");
    Ok(())
}

fn report_searches(corpus: &Corpus<'_>, out: &mut impl Write) -> std::io::Result<()> {
    let id = between(70_000, "\"eventId\":\"", "\"");
    let request = between(9_000, "\"eventGroupingId\":\"", "/");
    let ocid = between(50_001, "\"resourceId\":\"", "\"");
    let rare = between(70_001, "\"resourceName\":\"", "\"");
    let word = "Kowalski@acme.com rarely".to_owned();
    let absent = id.chars().map(|c| if c == '7' { '3' } else { c }).collect::<String>().replace('a', "5");
    let blocks: usize = corpus.packs.iter().map(|pack| pack.blocks.len()).sum();
    // One after the other in each round, so that a busy machine is as busy for both.
    let (mut unpacking, mut scan) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        unpacking = unpacking.min(best(1, || corpus.unpack_all()));
        scan = scan.min(best(1, || corpus.scan(&rare)));
    }
    let speed = |time: Duration| corpus.raw_bytes as f64 / time.as_secs_f64() / 1e9;
    let share = unpacking.as_secs_f64() / scan.as_secs_f64();
    writeln!(
        out,
        "looking through everything: {:.2} GB/s, unpacking alone {:.2}: x{share:.2}",
        speed(scan),
        speed(unpacking)
    )?;
    let searches = [
        ("id", id, Some(LEAST_GAIN_FOR_ID)),
        ("absent id", absent, Some(LEAST_GAIN_FOR_ID)),
        ("request id", request, Some(LEAST_GAIN_FOR_ID)),
        (
            "end of an OCID",
            ocid.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect(),
            Some(LEAST_GAIN_FOR_WORD),
        ),
        ("OCID", ocid, None),
        ("rare name", rare, None),
        ("absent words", word, Some(LEAST_GAIN_FOR_WORD)),
        ("absent word", "backd00r".into(), Some(LEAST_GAIN_FOR_WORD)),
        ("frequent name", "alice.smith".into(), None),
    ];
    for (what, text, least) in searches {
        let (hits, opened) = corpus.search(&text);
        assert_eq!(hits, corpus.scan(&text), "{text} by the index and without it");
        let gain = scan.as_secs_f64() / best(ROUNDS, || corpus.search(&text)).as_secs_f64();
        writeln!(out, "  {what} {text}: {hits} hits, {opened} of {blocks} blocks opened, x{gain:.0}")?;
        let promised = least.or((opened * 100 <= blocks).then_some(LEAST_GAIN_FOR_WORD)).unwrap_or_default();
        assert!(gain >= promised, "{what}: x{gain:.0}");
    }
    assert!(share >= LEAST_SCAN, "looking through everything is x{share:.2} of the speed of unpacking");
    Ok(())
}
