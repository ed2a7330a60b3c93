//! The laws of the store.

use std::io;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::spill::{Medium, SpillFile};
use super::*;

fn options(workers: usize) -> StoreOptions {
    StoreOptions { workers, train: false, directory: None }
}

fn event(n: u32) -> Vec<u8> {
    let noise = u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(r#"{{"eventId":"{noise:016x}","data":{{"eventName":"GetBucket","n":{n}}}}}"#).into_bytes()
}

fn filled(options: StoreOptions, events: u32) -> Store {
    let mut store = Store::new(options);
    (0..events).for_each(|n| store.push(&event(n), u64::from(n)));
    store
}

fn assert_holds(blocks: &Blocks, events: u32) {
    assert_eq!(blocks.len(), events);
    let mut reader = blocks.reader();
    let all = (0..blocks.count()).flat_map(|block| blocks.ordinals(block));
    assert_eq!(all.clone().count(), events as usize);
    for at in all {
        assert_eq!(reader.read(at), Some(&*event(at.0)), "{at:?}");
        assert_eq!(blocks.digest(at), u64::from(at.0));
    }
    assert_eq!((reader.read(Ordinal(events)), blocks.digest(Ordinal(events))), (None, 0));
}

/// A file that is full after so many bytes.
struct Quota {
    left: Mutex<usize>,
    bytes: Mutex<Vec<u8>>,
}

impl Quota {
    fn new(left: usize) -> Arc<Self> {
        Arc::new(Self { left: Mutex::new(left), bytes: Mutex::default() })
    }
}

impl Medium for Quota {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut left = self.left.lock().unwrap();
        let fits = bytes.len().min(*left);
        *left -= fits;
        let mut file = self.bytes.lock().unwrap();
        let end = (at as usize + fits).max(file.len());
        file.resize(end, 0);
        file[at as usize..at as usize + fits].copy_from_slice(&bytes[..fits]);
        if fits == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let file = self.bytes.lock().unwrap();
        let part = file.get(at as usize..at as usize + bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(part);
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push(Vec<Vec<u8>>),
    View,
    Drop,
    Settle,
    Spill,
    SpillUntilFull(usize),
    Read(prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let small = prop_oneof![
        8 => (any::<u32>()).prop_map(event),
        2 => prop::collection::vec(any::<u8>(), 0..300),
        1 => Just(Vec::new()),
        1 => (65_530..65_540usize, any::<u8>()).prop_map(|(len, byte)| vec![byte; len]),
    ];
    let step = prop_oneof![
        // One event of the pattern many times over, so that packs fill.
        6 => (prop::collection::vec(small, 1..20), 1..120usize).prop_map(|(some, times)| Step::Push(
            some.iter().cycle().take(some.len() * times).filter(|event| event.len() < 60_000).cloned().chain(some.clone()).collect()
        )),
        3 => Just(Step::View),
        1 => Just(Step::Drop),
        1 => Just(Step::Settle),
        2 => Just(Step::Spill),
        1 => (0..100_000usize).prop_map(Step::SpillUntilFull),
        4 => any::<prop::sample::Index>().prop_map(Step::Read),
    ];
    prop::collection::vec(step, 1..40)
}

/// What was pushed, what was looked at, and the store that shall agree.
struct Model {
    store: Store,
    pushed: Vec<Vec<u8>>,
    views: Vec<Blocks>,
}

impl Model {
    fn take(&mut self, step: Step) {
        match step {
            Step::Push(events) => {
                for event in events {
                    assert_eq!(self.store.next(), Ordinal(self.pushed.len() as u32));
                    self.store.push(&event, event.len() as u64);
                    self.pushed.push(event);
                }
            }
            Step::View => self.views.push(self.store.blocks()),
            Step::Drop => self.views.truncate(self.views.len() / 2),
            Step::Settle => self.store.settle(),
            Step::Spill => self.store.spill(0).unwrap(),
            Step::SpillUntilFull(quota) => {
                self.store.spill_to(SpillFile::new(Quota::new(quota)));
                let before = self.store.memory();
                if self.store.spill(0).is_err() {
                    assert!(self.store.memory().resident <= before.resident);
                }
                self.store.spill_to(SpillFile::new(Quota::new(usize::MAX)));
            }
            Step::Read(at) => {
                if !self.pushed.is_empty() {
                    let at = at.index(self.pushed.len());
                    assert_eq!(self.store.read(Ordinal(at as u32)), Some(&*self.pushed[at]));
                    assert_eq!(self.store.digest(Ordinal(at as u32)), self.pushed[at].len() as u64);
                }
            }
        }
    }

    fn check(&self, order: u64) {
        for view in &self.views {
            let len = view.len() as usize;
            assert!(len <= self.pushed.len());
            let mut reader = view.reader();
            // Every event, in an order that jumps; 7_919 is prime.
            for n in 0..len {
                let at = (n * 7_919 + order as usize % len) % len;
                let at = if len.is_multiple_of(7_919) { n } else { at };
                assert_eq!(reader.read(Ordinal(at as u32)), Some(&*self.pushed[at]), "event {at} of {len}");
            }
            assert_eq!(reader.read(Ordinal(len as u32)), None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_pushed_comes_back(steps in steps(), workers in 0..3usize, order in 0..1_000u64) {
        let mut model = Model { store: Store::new(options(workers)), pushed: Vec::new(), views: Vec::new() };
        for step in steps {
            model.take(step);
        }
        model.views.push(model.store.blocks());
        model.check(order);
        let memory = model.store.memory();
        prop_assert_eq!(memory.raw, model.pushed.iter().map(|event| event.len() as u64).sum::<u64>());
        // Views outlive the store.
        model.store = Store::new(options(0));
        model.check(order + 1);
    }
}

#[test]
fn a_view_does_not_grow_and_lives_on_while_packs_are_spilled() {
    let mut store = filled(options(0), PACK_EVENTS + 70);
    let before = store.blocks();
    (before.len()..3 * PACK_EVENTS).for_each(|n| store.push(&event(n), u64::from(n)));
    let full = store.memory();
    store.spill(0).unwrap();
    let spilled = store.memory();
    assert_eq!((full.spilled, spilled.spilled), (0, full.packed));
    assert!(spilled.resident + spilled.spilled * 9 / 10 < full.resident, "{full:?} {spilled:?}");
    assert_holds(&before, PACK_EVENTS + 70);
    assert_holds(&store.blocks(), 3 * PACK_EVENTS);
}

#[test]
fn spilling_stops_at_the_target_and_begins_with_the_oldest() {
    let mut store = filled(options(0), 3 * PACK_EVENTS);
    let all = store.memory();
    store.spill(all.resident).unwrap();
    assert_eq!(store.memory(), all);
    store.spill(all.resident - 1).unwrap();
    let memory = store.memory();
    assert!(0 < memory.spilled && memory.spilled < all.packed / 2, "{memory:?}");
    assert_eq!(memory.packed, all.packed);
    let in_file = |pack| store.blocks().packs.get(pack).unwrap().is_in_file();
    assert_eq!([0, 1, 2].map(in_file), [true, false, false]);
}

#[test]
fn a_full_disk_loses_nothing_and_spilling_goes_on_when_there_is_room() {
    let mut store = filled(options(0), 3 * PACK_EVENTS);
    let pack = store.memory().packed as usize / 3;
    let quota = Quota::new(pack * 3 / 2);
    store.spill_to(SpillFile::new(Arc::clone(&quota) as Arc<dyn Medium>));
    assert!(store.spill(0).is_err());
    let memory = store.memory();
    assert!(0 < memory.spilled && memory.spilled < memory.packed);
    assert_holds(&store.blocks(), 3 * PACK_EVENTS);
    *quota.left.lock().unwrap() = usize::MAX;
    store.spill(0).unwrap();
    assert_eq!(store.memory().spilled, memory.packed);
    assert_holds(&store.blocks(), 3 * PACK_EVENTS);
}

#[test]
fn a_directory_that_is_not_there_is_an_error_not_a_loss() {
    let nowhere = StoreOptions { directory: Some("/nonexistent/place".into()), ..options(0) };
    let mut store = filled(nowhere, PACK_EVENTS);
    assert!(store.spill(0).unwrap_err().to_string().contains("temporary file"));
    assert_holds(&store.blocks(), PACK_EVENTS);
}

#[test]
fn what_cannot_be_read_back_is_missing_not_wrong() {
    let mut store = filled(options(0), PACK_EVENTS);
    let quota = Quota::new(usize::MAX);
    store.spill_to(SpillFile::new(Arc::clone(&quota) as Arc<dyn Medium>));
    store.spill(0).unwrap();
    let whole = quota.bytes.lock().unwrap().clone();
    quota.bytes.lock().unwrap().truncate(whole.len() / 2);
    let blocks = store.blocks();
    let mut reader = blocks.reader();
    assert_eq!(reader.read(Ordinal(PACK_EVENTS - 1)), None);
    assert_eq!(reader.read(Ordinal(0)), Some(&*event(0)));
    // A bit that fell over is found by the frame's own structure or changes bytes; it never ends the program.
    *quota.bytes.lock().unwrap() = whole.iter().map(|byte| byte ^ 0x10).collect();
    let _ = blocks.reader().read(Ordinal(7));
    *quota.bytes.lock().unwrap() = whole;
    assert_eq!(reader.read(Ordinal(PACK_EVENTS - 1)), Some(&*event(PACK_EVENTS - 1)));
}

#[test]
fn threads_pack_everything_and_end_with_the_store() {
    let mut store = filled(options(3), 2 * PACK_EVENTS);
    assert_holds(&store.blocks(), 2 * PACK_EVENTS);
    store.settle();
    let memory = store.memory();
    assert_eq!(memory.packed_raw, memory.raw);
    assert_eq!(memory.packed, filled(options(0), 2 * PACK_EVENTS).memory().packed);
    store.push(b"more", 0);
    let blocks = store.blocks();
    drop(store);
    assert_eq!(blocks.reader().read(Ordinal(2 * PACK_EVENTS)), Some(&b"more"[..]));
}

#[test]
fn long_events_stand_by_themselves() {
    let long = |n: u32| vec![n as u8; content::LONGEST + 1 + n as usize];
    let mut store = Store::new(options(0));
    let bytes = |n: u32| if n.is_multiple_of(5) { long(n) } else { event(n) };
    (0..PACK_EVENTS + 20).for_each(|n| store.push(&bytes(n), 0));
    let check = |blocks: Blocks| {
        let mut reader = blocks.reader();
        (0..PACK_EVENTS + 20).for_each(|n| assert_eq!(reader.read(Ordinal(n)), Some(&*bytes(n))));
    };
    check(store.blocks());
    store.spill(0).unwrap();
    assert_eq!(store.memory().spilled, store.memory().packed);
    check(store.blocks());
}

/// Made of fifty names that no other tenancy has.
fn of_a_tenancy(n: u32) -> Vec<u8> {
    let name = |n: u32| format!("ocid1.thing.oc1..{:032x}", u128::from(n % 50 + 1).wrapping_mul(u128::MAX / 1_000_003));
    (0..12).map(|part| name(n.wrapping_mul(2_654_435_761) >> part)).collect::<String>().into_bytes()
}

#[test]
fn a_trained_dictionary_is_used_if_it_packs_better() {
    let events = (training::ENOUGH + 10) * BLOCK_EVENTS;
    let packed = |train| {
        let mut store = Store::new(StoreOptions { train, ..options(0) });
        (0..events).for_each(|n| store.push(&of_a_tenancy(n), 0));
        let blocks = store.blocks();
        let mut reader = blocks.reader();
        (0..events).for_each(|n| assert_eq!(reader.read(Ordinal(n)), Some(&*of_a_tenancy(n))));
        store.memory().packed
    };
    assert!(packed(true) < packed(false));
}

#[test]
fn an_empty_store_has_nothing() {
    let mut store = Store::new(StoreOptions::default());
    store.settle();
    store.spill(0).unwrap();
    assert_eq!(store.digest(Ordinal(0)), 0);
    assert_eq!(store.read(Ordinal(0)), None);
    assert_eq!((store.blocks().count(), store.memory().raw, store.memory().packed), (0, 0, 0));
    assert_eq!(Blocks::default().reader().read(Ordinal(0)), None);
}
