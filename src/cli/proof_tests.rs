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
fn no_name_of_the_export_is_a_place_for_its_proof() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    std::fs::write(place("real.jsonl"), "before").unwrap();
    std::os::unix::fs::symlink("real.jsonl", place("link")).unwrap();
    std::os::unix::fs::symlink(directory.path(), place("here")).unwrap();
    let names = ["real.jsonl", "link", "here/real.jsonl", "here/link"];
    for export in names {
        for named in names {
            let refused = Proof::choose(Some(&place(named)), Some(&place(export))).unwrap_err();
            assert!(refused.what.contains("name the same file"), "{named} for {export}: {refused}");
        }
    }
    assert!(Proof::choose(Some(&place("here/new")), Some(&place("new"))).is_err(), "where nothing is yet as well");
    // The names become one while the export is written.
    let late = Proof::choose(Some(&place("proof.json")), Some(&place("new"))).unwrap();
    std::fs::write(place("new"), "events").unwrap();
    std::fs::hard_link(place("new"), place("proof.json")).unwrap();
    assert!(late.write(&proof_of("new")).unwrap_err().what.contains("is the export"));
    std::fs::remove_file(place("proof.json")).unwrap();
    std::os::unix::fs::symlink("new", place("proof.json")).unwrap();
    late.write(&proof_of("new")).unwrap();
    assert_eq!(std::fs::read(place("new")).unwrap(), b"events", "the link was replaced");
}

#[cfg(unix)]
#[test]
fn a_link_is_followed_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    std::fs::write(place("real.json"), "before").unwrap();
    std::os::unix::fs::symlink("real.json", place("link")).unwrap();
    Proof::choose(Some(&place("link")), None).unwrap().write(&proof_of("a")).unwrap();
    assert!(place("link").symlink_metadata().unwrap().is_symlink());
    assert_eq!(read(&place("real.json")).unwrap(), proof_of("a"));
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_neither_replaced_nor_read() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("coverage.json");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for special in [Path::new("/dev/null"), &socket] {
        let refused = Proof::choose(Some(special), None).unwrap_err();
        assert!(refused.what.contains("is no plain file"), "{refused}");
        assert!(read(special).unwrap_err().what.ends_with("is no plain file"));
    }
    // A pipe to which nobody writes would be waited for without end.
    let pipe = directory.path().join("b.jsonl.coverage.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let export = directory.path().join("a.jsonl");
    let written = Proof::choose(None, Some(&export)).unwrap().write(&proof_of("a.jsonl")).unwrap();
    assert_eq!(written, Some(directory.path().join("a.jsonl.coverage.json")));
    let refused = Proof::choose(None, Some(&directory.path().join("b.jsonl"))).unwrap().write(&proof_of("b.jsonl"));
    assert!(refused.unwrap_err().what.contains("are of something else"));
}

#[test]
fn a_file_beyond_all_measure_is_not_read_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(NAME);
    // Nothing is on disk of it.
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let refused = read(&path).unwrap_err();
    assert!(refused.what.ends_with("is too large for a coverage document (more than 128 MiB)"), "{refused}");
    assert!(!tells_of(&path, &directory.path().join("a.jsonl")));
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
