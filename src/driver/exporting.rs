//! Writes listed events to a file: a part at a time, so that it can be told how far it is, and be ended.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::app::exporting::{ExportRequest, Exporting};
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::clean;
use crate::export::one_line;
use crate::index::{Ordinal, RowId, Snapshot};
use crate::query::{Cancel, Order, select};

/// Rows that are read together: in the order in which they lie, so that a block is unpacked once.
const TOGETHER: usize = 4_096;
/// The least time between two words on how far it is.
const WORD_EVERY: Duration = Duration::from_millis(200);

/// Writes all of it; `None` when it was stopped, and then there is no file.
pub fn export(
    request: &ExportRequest,
    path: &Path,
    stop: &AtomicBool,
    mut tell: impl FnMut(Exporting),
) -> Option<Exporting> {
    let written = write(request, path, stop, &mut tell);
    Some(match written {
        Ok(Some((written, unreadable))) => Exporting::Done { file: path.display().to_string(), written, unreadable },
        Ok(None) => return None,
        Err(error) => {
            let why = match error.kind() {
                io::ErrorKind::AlreadyExists => "something of that name is there; choose another".to_owned(),
                _ => error.to_string(),
            };
            let what = format!("nothing is written to {}: {why}", path.display());
            Exporting::Failed(Problem::new(ProblemKind::Io, clean(&what)))
        }
    })
}

/// How many were written, and of how many the bytes could not be read back.
fn write(
    request: &ExportRequest,
    path: &Path,
    stop: &AtomicBool,
    tell: &mut impl FnMut(Exporting),
) -> io::Result<Option<(u64, u64)>> {
    if path.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let listed = &request.seen.view().selection;
    let snapshot = listed.snapshot();
    let Some(listed) = select(snapshot, listed.query(), Order::OldestFirst, Some(listed), &Cancel::new()) else {
        return Ok(None);
    };
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::Builder::new().prefix(".auditui-").tempfile_in(directory)?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let (mut lines, mut unreadable) = (0, 0);
    let mut told = Instant::now();
    for first in (0..listed.len()).step_by(TOGETHER) {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let rows: Vec<RowId> = listed.rows(first..listed.len().min(first + TOGETHER)).collect();
        for event in read(snapshot, &rows) {
            let Some(event) = event else {
                unreadable += 1;
                continue;
            };
            out.write_all(&one_line(&event))?;
            out.write_all(b"\n")?;
            lines += 1;
        }
        if told.elapsed() > WORD_EVERY {
            told = Instant::now();
            tell(Exporting::Under { written: lines, of: listed.len() as u64 });
        }
    }
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(Some((lines, unreadable)))
}

/// The bytes of these rows, in their order.
fn read(snapshot: &Snapshot, rows: &[RowId]) -> Vec<Option<Vec<u8>>> {
    let at = |row: &RowId| snapshot.segments().get(row.segment as usize)?.at(row.row as usize);
    let mut places: Vec<(Option<Ordinal>, usize)> = rows.iter().map(at).zip(0..).collect();
    places.sort_unstable();
    let mut events = vec![None; rows.len()];
    let mut reader = snapshot.blocks().reader();
    for (at, place) in places {
        events[place] = at.and_then(|at| reader.read(at)).map(<[u8]>::to_vec);
    }
    events
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::testing::{Stage, event, ledger};
    use crate::app::view::Seen;

    fn request(stage: &Stage) -> ExportRequest {
        let view = stage.view(&stage.last_select());
        ExportRequest { seen: Seen(Arc::new(view)), file: String::new() }
    }

    #[test]
    fn what_is_listed_is_in_the_file_the_oldest_first() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.jsonl");
        let mut stage = Stage::new(ledger(&[]));
        stage.keys("w !");
        let request = request(&stage);
        let done = export(&request, &path, &AtomicBool::new(false), |_| {}).unwrap();
        assert_eq!(done, Exporting::Done { file: path.display().to_string(), written: 3, unreadable: 0 });
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().collect::<Vec<_>>(), [event(13), event(7), event(4)]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        }
        let again = export(&request, &path, &AtomicBool::new(false), |_| {}).unwrap();
        assert!(matches!(again, Exporting::Failed(problem) if problem.what.contains("choose another")));
    }

    #[test]
    fn an_export_that_is_ended_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let stage = Stage::new(ledger(&[]));
        let path = directory.path().join("x.jsonl");
        assert_eq!(export(&request(&stage), &path, &AtomicBool::new(true), |_| {}), None);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        let nowhere = directory.path().join("no/x.jsonl");
        assert!(matches!(
            export(&request(&stage), &nowhere, &AtomicBool::new(false), |_| {}),
            Some(Exporting::Failed(_))
        ));
    }
}
