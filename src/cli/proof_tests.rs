use super::*;
use crate::cli::testing::{document, of_export};
use crate::domain::ledger::CellState::Complete;

fn proof_of(name: &str) -> CoverageDocument {
    of_export(document(&[("r", "c", Complete)]), name)
}

#[test]
fn another_exports_proof_is_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let write = |name: &str| Proof::choose(None, Some(&place(name))).unwrap().write(&proof_of(name));
    assert_eq!(write("a.jsonl").unwrap(), None);
    assert_eq!(write("b.jsonl").unwrap(), Some(place("b.jsonl.coverage.json")));
    assert_eq!(write("a.jsonl").unwrap(), None, "its own is replaced");
    assert_eq!(write("b.jsonl").unwrap(), Some(place("b.jsonl.coverage.json")));
    assert!(tells_of(&place(NAME), &place("a.jsonl")) && tells_of(&place("b.jsonl.coverage.json"), &place("b.jsonl")));
    std::fs::write(place("c.jsonl.coverage.json"), "mine").unwrap();
    let refused = write("c.jsonl").unwrap_err();
    assert!(refused.hint.contains("--coverage"), "{refused}");
    assert_eq!(std::fs::read(place("c.jsonl.coverage.json")).unwrap(), b"mine");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3, "nothing else is left");
}

#[test]
fn what_is_no_coverage_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(NAME), "{\"from\": \"a test runner\"}").unwrap();
    let export = directory.path().join("a.jsonl");
    let place = Proof::choose(None, Some(&export)).unwrap().write(&proof_of("a.jsonl")).unwrap();
    assert_eq!(place, Some(directory.path().join("a.jsonl.coverage.json")));
}

#[test]
fn a_place_that_cannot_be_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let export = directory.path().join("a.jsonl");
    for named in
        [Path::new("-"), directory.path(), &export, &directory.path().join("./a.jsonl"), Path::new("/no/such/x")]
    {
        assert!(Proof::choose(Some(named), Some(&export)).is_err(), "{}", named.display());
    }
    assert!(Proof::choose(None, Some(&directory.path().join(NAME))).is_err());
    assert_eq!(Proof::choose(None, None), Ok(Proof::Nowhere));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn it_is_ours_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("proof.json");
    Proof::choose(Some(&path), None).unwrap().write(&proof_of("a")).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(read(&path).unwrap(), proof_of("a"));
}
