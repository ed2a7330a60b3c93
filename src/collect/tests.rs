use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::covered::covered;
use super::disk::Disk;
use super::journal;
use super::manifest::Manifest;
use super::rebuild::rebuild;
use super::scan::paths;
use super::store::load;
use super::testing::{Fault, Faulty, LONG, SETTLING, World, assert_whole, at, contents, directory};
use super::verify::{Sort, verify};
use super::{Trouble, tenancies};
use crate::domain::time_range::FetchWindow;

/// A first run, one that finds what is late, one after nine days in which nothing ran.
fn times() -> [DateTime<Utc>; 3] {
    ["2026-03-14T08:00:00Z", "2026-03-14T08:10:00Z", "2026-03-23T09:00:00Z"].map(at)
}

fn collected(world: &World, root: &Path) {
    for now in times() {
        world.collect(root, &Disk::default(), now).unwrap();
    }
}

fn worst(root: &Path) -> Option<Sort> {
    let slug = tenancies(root).pop()?;
    verify(root, &slug).unwrap().found.into_iter().map(|found| found.sort).max()
}

#[test]
fn each_event_is_kept_once_on_its_day_and_what_is_late_is_found() {
    let (directory, world) = (directory(), World::small());
    let root = directory.path();
    let gains: Vec<(u64, u64)> = times()
        .map(|now| world.collect(root, &Disk::default(), now).map(|gains| (gains.events, gains.late)).unwrap())
        .to_vec();
    assert_eq!(gains, [(8, 0), (1, 1), (1, 0)]);
    let kept = world.kept(root);
    assert_eq!(kept.len(), world.events.len());
    for event in &world.events {
        let text = event.text.as_str();
        let is_it = |kept: &str| kept == text || serde_json::from_str::<String>(kept).is_ok_and(|kept| kept == text);
        let places: Vec<&String> = kept.iter().filter(|(_, kept)| is_it(kept)).map(|(path, _)| path).collect();
        assert_eq!(places.len(), 1, "{text}");
        let day = format!("region=fra-1/date={}/", event.processed.date_naive());
        assert!(places[0].starts_with(&day) || places[0].contains("-undated."), "{text} is in {}", places[0]);
    }
    assert_whole(&world.layout(root));
}

#[test]
fn missed_runs_are_caught_up_and_only_what_is_refused_stays_a_gap() {
    let (directory, world) = (directory(), World::small());
    collected(&world, directory.path());
    let (_, state) = load(&world.layout(directory.path())).unwrap();
    let minute = |time: &str| at(time).timestamp() / 60;
    let window = FetchWindow::from_minutes(minute("2026-03-12T12:00:00Z"), minute("2026-03-23T09:00:00Z")).unwrap();
    let gaps: Vec<_> =
        state.gaps(window).into_iter().map(|(_, compartment, gaps)| (compartment.as_str(), gaps)).collect();
    assert_eq!(gaps, [("denied", vec![window])]);
    assert_eq!(worst(directory.path()), Some(Sort::Gap));
}

#[test]
fn a_compartment_that_appears_is_read_from_the_beginning_and_one_that_goes_stays_in_the_plan() {
    let (directory, mut world) = (directory(), World::small());
    let all = std::mem::replace(&mut world.compartments, vec!["root"]);
    let [first, second, _] = times();
    world.collect(directory.path(), &Disk::default(), first).unwrap();
    world.compartments = all;
    assert_eq!(world.collect(directory.path(), &Disk::default(), second).unwrap().events, 4);
    world.compartments = vec!["root"];
    let later = second + TimeDelta::days(1);
    world.collect(directory.path(), &Disk::default(), later).unwrap();
    let (_, state) = load(&world.layout(directory.path())).unwrap();
    let read = state.slots().filter(|slot| slot.key.compartment.as_str() == "a").filter_map(|slot| slot.read);
    assert_eq!(read.map(|read| read.at).max(), Some(later));
}

#[test]
fn a_compartment_that_appears_has_no_gap_before_what_the_service_still_held() {
    let (directory, mut world) = (directory(), World::small());
    let root = directory.path();
    world.denied.clear();
    let all = std::mem::replace(&mut world.compartments, vec!["root"]);
    world.collect(root, &Disk::default(), times()[0]).unwrap();
    world.compartments = all;
    world.retention = Some(3);
    for days in [2, 4, 6] {
        world.collect(root, &Disk::default(), times()[0] + TimeDelta::days(days)).unwrap();
    }
    assert_eq!(verify(root, &tenancies(root)[0]).unwrap().found, []);
    // What was planned and lost since stays a gap.
    world.collect(root, &Disk::default(), times()[0] + TimeDelta::days(16)).unwrap();
    assert_eq!(worst(root), Some(Sort::Gap));
}

#[test]
fn what_the_service_holds_no_longer_is_not_asked_also_where_it_does_not_tell_for_how_long_it_does() {
    let (directory, mut world) = (directory(), World::small());
    let root = directory.path();
    world.denied.clear();
    world.retention = Some(3);
    world.collect(root, &Disk::default(), times()[0]).unwrap();
    world.retention = None;
    // Also by what a ledger that is made anew has kept of it.
    for days in [16, 32] {
        let now = times()[0] + TimeDelta::days(days);
        world.collect(root, &Disk::default(), now).unwrap();
        let (_, state) = load(&world.layout(root)).unwrap();
        let read = state.slots().filter(|slot| slot.read.is_some_and(|read| read.at == now));
        assert_eq!(read.map(|slot| slot.key.window.start()).min(), Some(now - TimeDelta::days(3)));
        assert_eq!(worst(root), Some(Sort::Gap));
        rebuild(&Disk::default(), &world.layout(root), now).unwrap();
    }
}

#[test]
fn a_place_and_why_it_may_not_be_read_are_written_out_once() {
    let (directory, world) = (directory(), World::small());
    collected(&world, directory.path());
    let ledger = journal::read(&world.layout(directory.path()).ledger()).unwrap();
    let ledger = String::from_utf8(ledger).unwrap();
    assert_eq!((ledger.matches("\"denied\"]").count(), ledger.matches("\"missing\"").count()), (1 + 1, 1), "{ledger}");
    assert!(ledger.contains("\"still\""), "{ledger}");
}

/// The dataset that a run leaves, when the n-th operation goes wrong and the run is then begun again, is that of a run that
/// nothing happened to; and at no moment does anybody see a file that is not whole.
fn sweep(fault: Fault) {
    // Ledgers are told anew as often as they ever are.
    let (undisturbed, world) = (directory(), World { ledger: 1, ..World::small() });
    collected(&world, undisturbed.path());
    let expected = contents(&world.layout(undisturbed.path()));
    let files = Manifest::read(&world.layout(undisturbed.path()).manifest()).unwrap().unwrap().files;
    for n in 0.. {
        let directory = directory();
        let root = directory.path();
        let layout = world.layout(root);
        let faulty = Faulty::new(n, fault, layout.clone());
        let mut disk = Disk::watched(Arc::clone(&faulty) as _);
        for now in times() {
            let had_struck = faulty.has_struck();
            if world.collect(root, &disk, now).is_ok() {
                assert_eq!(had_struck, faulty.has_struck(), "{fault:?} at {n} went unnoticed");
                continue;
            }
            assert_whole(&layout);
            // Another process.
            disk = Disk::default();
            assert!(worst(root) < Some(Sort::Mismatch), "{fault:?} at {n}");
            world.collect(root, &disk, now).unwrap_or_else(|trouble| panic!("{fault:?} at {n}: {trouble}"));
        }
        assert!(contents(&layout) == expected, "{fault:?} at {n}: other data");
        assert_eq!(Manifest::read(&layout.manifest()).unwrap().unwrap().files, files, "{fault:?} at {n}");
        assert_eq!(worst(root), Some(Sort::Gap), "{fault:?} at {n}");
        assert_eq!(std::fs::read_dir(layout.staging()).unwrap().count(), 0, "{fault:?} at {n}");
        if !faulty.has_struck() {
            assert!(n > 50, "only {n} operations");
            return;
        }
    }
}

#[test]
fn a_full_disk_at_any_operation_costs_nothing_but_time() {
    const ENOSPC: i32 = 28;
    sweep(Fault::Error(ENOSPC));
}

#[test]
fn a_disk_that_fails_at_any_operation_costs_nothing_but_time() {
    const EIO: i32 = 5;
    sweep(Fault::Error(EIO));
}

#[test]
fn an_end_before_any_operation_costs_nothing_but_time() {
    sweep(Fault::Kill);
}

#[test]
fn an_end_in_the_middle_of_any_write_costs_nothing_but_time() {
    sweep(Fault::Half);
}

#[test]
fn a_power_cut_at_any_operation_costs_nothing_but_time() {
    sweep(Fault::PowerCut);
}

/// After an end at any operation the windows are cut otherwise than before, or may not be read for a while: each event
/// stands once all the same.
#[test]
fn what_an_end_leaves_behind_is_not_held_twice_when_the_next_run_goes_another_way() {
    let [now, later, _] = times();
    for n in 0.. {
        let (directory, mut world) = (directory(), World::small());
        let root = directory.path();
        world.long = i64::MAX;
        let faulty = Faulty::new(n, Fault::Kill, world.layout(root));
        if world.collect(root, &Disk::watched(Arc::clone(&faulty) as _), now).is_ok() {
            assert!(n > 50, "only {n} operations");
            return;
        }
        if n % 2 == 0 {
            world.denied.push("root");
            world.collect(root, &Disk::default(), now).unwrap();
            assert!(worst(root) < Some(Sort::Mismatch), "{n}");
            world.denied.pop();
        }
        world.long = LONG;
        world.collect(root, &Disk::default(), later).unwrap();
        world.collect(root, &Disk::default(), later + TimeDelta::days(1)).unwrap();
        let kept = world.kept(root);
        let once: BTreeSet<&String> = kept.iter().map(|(_, event)| event).collect();
        assert_eq!((kept.len(), once.len()), (world.events.len(), world.events.len()), "{n}");
        assert_eq!(worst(root), Some(Sort::Gap), "{n}");
    }
}

/// Spoils the file that the second run has something new for.
fn spoiled(spoil: impl Fn(&Path)) -> (tempfile::TempDir, World) {
    let (directory, world) = (directory(), World::small());
    let root = directory.path();
    let [first, second, third] = times();
    world.collect(root, &Disk::default(), first).unwrap();
    let kept = world.kept(root);
    let path = kept.iter().find(|(_, event)| event.contains("r2")).map(|(path, _)| path).unwrap();
    spoil(&world.layout(root).data().join(path));
    for now in [second, third] {
        let refused = world.collect(root, &Disk::default(), now).unwrap_err();
        assert!(matches!(&refused, Trouble::DamagedData { what, .. } if what.contains(path)), "{refused}");
    }
    assert_eq!(worst(root), Some(Sort::Mismatch));
    (directory, world)
}

#[test]
fn nothing_is_added_to_a_file_that_is_missing() {
    spoiled(|path| std::fs::remove_file(path).unwrap());
}

#[test]
fn nothing_is_added_to_a_file_that_somebody_has_changed() {
    spoiled(|path| {
        let text = zstd::decode_all(&*std::fs::read(path).unwrap()).unwrap();
        let text = String::from_utf8(text).unwrap().replace("r2", "x2");
        std::fs::write(path, zstd::encode_all(text.as_bytes(), 3).unwrap()).unwrap();
    });
}

#[test]
fn data_that_is_gone_is_asked_once_more_when_the_ledger_is_made_anew() {
    let (directory, world) = (directory(), World::small());
    let root = directory.path();
    collected(&world, root);
    let layout = world.layout(root);
    let events = |kept: Vec<(String, String)>| kept.into_iter().map(|(_, event)| event).collect::<BTreeSet<_>>();
    let expected = events(world.kept(root));
    let damaged = layout.data().join(paths(&layout).unwrap().into_iter().next().unwrap());
    std::fs::write(&damaged, "no zstd").unwrap();
    let now = times()[2] + TimeDelta::minutes(1);
    let rebuilt = rebuild(&Disk::default(), &layout, now).unwrap();
    assert_eq!(rebuilt.foreign.len(), 1, "{rebuilt:?}");
    let refused = world.collect(root, &Disk::default(), now).unwrap_err();
    assert!(refused.to_string().contains(".jsonl.zst: it cannot be read"), "{refused}");
    std::fs::remove_file(&damaged).unwrap();
    assert!(world.collect(root, &Disk::default(), now).unwrap().events > 0);
    assert_eq!((world.kept(root).len(), events(world.kept(root))), (world.events.len(), expected));
    assert_eq!(worst(root), Some(Sort::Gap));
}

/// Damages the ledger of a collection; it is refused, made anew, and the next run leaves what was there.
fn assert_rebuilt(damage: impl Fn(Vec<u8>) -> Vec<u8>) {
    let (directory, world) = (directory(), World::small());
    let root = directory.path();
    collected(&world, root);
    let layout = world.layout(root);
    let expected = contents(&layout);
    let ledger = journal::read(&layout.ledger()).unwrap();
    std::fs::write(layout.ledger(), damage(ledger.clone())).unwrap();
    let now = times()[2] + TimeDelta::minutes(1);
    let refused = world.collect(root, &Disk::default(), now).unwrap_err();
    assert!(matches!(&refused, Trouble::Damaged { hint, .. } if hint.contains("--rebuild-ledger")), "{refused}");
    assert_eq!(worst(root), Some(Sort::Mismatch));
    let rebuilt = rebuild(&Disk::default(), &layout, now).unwrap();
    assert_eq!((rebuilt.rows, rebuilt.foreign.len()), (world.events.len() as u64, 0));
    assert_eq!(std::fs::read(&rebuilt.aside).unwrap(), damage(ledger));
    assert_eq!(world.collect(root, &Disk::default(), now).unwrap().events, 0);
    assert!(contents(&layout) == expected, "other data");
    assert_eq!(worst(root), Some(Sort::Gap));
}

#[test]
fn a_ledger_with_a_flipped_bit_is_refused_and_can_be_made_anew() {
    assert_rebuilt(|mut ledger| {
        let middle = ledger.len() / 2;
        ledger[middle] ^= 4;
        ledger
    });
}

#[test]
fn a_ledger_that_was_cut_is_refused_also_where_it_was_cut_at_a_line_end() {
    for lines in [0, 3] {
        assert_rebuilt(|ledger| ledger.split_inclusive(|byte| *byte == b'\n').take(lines).collect::<Vec<_>>().concat());
    }
}

#[test]
fn whatever_is_changed_is_named() {
    let (directory, world) = (directory(), World::small());
    let root = directory.path();
    collected(&world, root);
    let layout = world.layout(root);
    let path = paths(&layout).unwrap().into_iter().next().unwrap();
    let (file, slug) = (layout.data().join(&path), tenancies(root).remove(0));
    let named = |what: &str| {
        let found = verify(root, &slug).unwrap().found;
        let found: BTreeSet<String> =
            found.into_iter().filter(|found| found.sort == Sort::Mismatch).map(|found| found.what).collect();
        assert!(found.iter().any(|found| found.contains(what)), "{what}: {found:?}");
    };
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    std::fs::write(&file, &flipped).unwrap();
    named(&format!("{path}: is not what was written"));
    std::fs::remove_file(&file).unwrap();
    named(&format!("{path}: is missing"));
    std::fs::write(&file, &whole).unwrap();
    std::fs::write(layout.data().join("other.jsonl"), "{}").unwrap();
    named("other.jsonl: no line of the ledger knows of it");
    std::fs::remove_file(layout.data().join("other.jsonl")).unwrap();
    let manifest = std::fs::read_to_string(layout.manifest()).unwrap();
    std::fs::write(layout.manifest(), manifest.replacen("\"rows\": 10", "\"rows\": 11", 1)).unwrap();
    named("_manifest.json: its sums");
    std::fs::write(layout.manifest(), manifest.replacen("region=fra-1", "region=fra-2", 1)).unwrap();
    named("is missing in it");
    std::fs::write(layout.manifest(), &manifest).unwrap();
    assert_eq!(worst(root), Some(Sort::Gap));
}

/// Ends a first run before every operation; then another comes, at `later`.
fn killed_anywhere(mut world: World, retention: u16, later: DateTime<Utc>, look: impl Fn(usize, &World, &Path)) {
    world.retention = Some(retention);
    for n in 0.. {
        let directory = directory();
        let root = directory.path();
        let faulty = Faulty::new(n, Fault::Kill, world.layout(root));
        let ended = world.collect(root, &Disk::watched(Arc::clone(&faulty) as _), times()[0]).is_ok();
        world.collect(root, &Disk::default(), later).unwrap();
        look(n, &world, root);
        if ended {
            assert!(n > 50, "only {n} operations");
            return;
        }
    }
}

#[test]
fn what_an_end_left_unsaid_is_said_also_when_the_service_has_forgotten_it() {
    let later = times()[0] + TimeDelta::days(400);
    killed_anywhere(World::small(), 365, later, |n, world, root| {
        assert_eq!(worst(root), Some(Sort::Gap), "{n}");
        assert_whole(&world.layout(root));
        let (_, state) = load(&world.layout(root)).unwrap();
        assert!(state.slots().all(|slot| slot.intended.is_empty()), "{n}");
    });
}

#[test]
fn minutes_that_the_service_has_forgotten_are_not_said_to_be_read() {
    let later = at("2026-03-16T06:00:00Z");
    let oldest = (later - TimeDelta::days(3)).timestamp() / 60;
    killed_anywhere(World::small(), 3, later, |n, world, root| {
        let (_, state) = load(&world.layout(root)).unwrap();
        let late = state.slots().filter(|slot| slot.read.is_some_and(|read| read.at == later));
        let first = late.flat_map(super::state::Slot::covered).map(FetchWindow::start_minute).min();
        assert!(first.is_some_and(|first| first >= oldest), "{n}: {first:?}, {oldest}");
    });
}

#[test]
fn of_a_cell_that_was_read_once_only_what_is_left_is_read_again() {
    let (directory, mut world) = (directory(), World::small());
    let root = directory.path();
    world.denied.clear();
    collected(&world, root);
    rebuild(&Disk::default(), &world.layout(root), times()[2]).unwrap();
    world.retention = Some(10);
    let later = times()[2] + TimeDelta::minutes(30);
    world.collect(root, &Disk::default(), later).unwrap();
    let (_, state) = load(&world.layout(root)).unwrap();
    let whole = covered(root).unwrap()[0].window().unwrap();
    let lost: Vec<String> =
        state.gaps(whole).into_iter().flat_map(|(_, _, gaps)| gaps).map(|gap| gap.to_string()).collect();
    assert!(!lost.is_empty() && lost.iter().all(|gap| gap == "2026-03-12T12:00Z..2026-03-13T09:30Z"), "{lost:?}");
    assert_eq!(world.kept(root).len(), world.events.len());
}

#[test]
fn a_ledger_that_was_told_anew_says_the_same_and_keeps_what_it_was() {
    let (long, short) = (directory(), directory());
    let world = World::small();
    collected(&world, long.path());
    let world = World { ledger: 1, ..world };
    collected(&world, short.path());
    let state = |root: &Path| load(&world.layout(root)).unwrap().1;
    let (before, after) = (state(long.path()), state(short.path()));
    assert_eq!(after.files(), before.files());
    assert_eq!((after.head.clone(), after.from, after.begun), (before.head.clone(), before.from, before.begun));
    assert_eq!(after.troubles.keys().collect::<Vec<_>>(), before.troubles.keys().collect::<Vec<_>>());
    assert_eq!(after.places().collect::<Vec<_>>(), before.places().collect::<Vec<_>>());
    let [long_held, short_held] = [&long, &short].map(|root| covered(root.path()).unwrap().remove(0));
    assert_eq!(short_held.stretches(SETTLING), long_held.stretches(SETTLING));
    let lines = |root: &Path| journal::read(&world.layout(root).ledger()).unwrap().split(|byte| *byte == b'\n').count();
    assert!(lines(short.path()) < lines(long.path()), "{} {}", lines(short.path()), lines(long.path()));
    let next = times()[2] + TimeDelta::hours(1);
    let gains = [&long, &short].map(|root| world.collect(root.path(), &Disk::default(), next).unwrap());
    assert_eq!(gains[0], gains[1]);
    // What it was is beside it, and looked at.
    let root = short.path();
    assert_eq!(worst(root), Some(Sort::Gap));
    let hidden = std::fs::read_dir(world.layout(root).hidden()).unwrap().map(|entry| entry.unwrap().path());
    let kept: Vec<_> = hidden.filter(|path| path.extension().is_some_and(|ending| ending == "zst")).collect();
    assert!(!kept.is_empty());
    for path in &kept {
        let text = std::fs::read(path).unwrap();
        let changed = zstd::decode_all(&*text).unwrap();
        let changed = zstd::encode_all(&changed[..changed.len() / 2], 3).unwrap();
        std::fs::write(path, changed).unwrap();
        assert_eq!(worst(root), Some(Sort::Mismatch), "{}", path.display());
        std::fs::write(path, text).unwrap();
    }
}
