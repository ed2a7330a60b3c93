//! `export --evidence`: an evidence bundle while it is made.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::args::DeliveryArgs;
use super::connect::Connection;
use super::outlet::Delivered;
use super::output::cannot_write;
use super::proof::Proof;
use super::report;
use super::staged::Staged;
use crate::app::shell;
use crate::collect::Owner;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::time_range::rfc3339;
use crate::export::bag::{self, Info};
use crate::export::{CoverageDocument, Redaction};
use crate::oci::{Env, Exchanged, Witness};

/// Said in every bundle.
const CHAIN: &str = "begins with this collection: OCI Audit gives no digest of its own. What shows that nobody has made \
                     the bundle anew is a signature over tagmanifest-sha256.txt, kept elsewhere";

/// A bundle of which the requests are being written.
pub struct Bundle {
    staged: Staged,
    records: Records,
}

/// `requests.ndjson`, until it is closed.
#[derive(Clone)]
pub struct Records(Arc<Mutex<Option<Lines>>>);

struct Lines {
    out: BufWriter<File>,
    /// Whether all of it could be written so far.
    result: io::Result<()>,
}

/// Who collects, by which words.
pub struct Collector {
    pub case: Option<String>,
    pub operator: String,
    pub host: String,
    command_line: String,
}

impl Bundle {
    /// In a directory beside `place`, which must be new.
    pub fn begin(place: &Path) -> Result<Self, Problem> {
        let staged = Staged::beside(place, "--evidence")?;
        let cannot = |error| cannot_write(staged.path(), &error);
        let data = staged.path().join(bag::DATA);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(data).map_err(cannot)?;
        let out = BufWriter::new(bag::new_file(&staged.path().join(bag::REQUESTS)).map_err(cannot)?);
        let records = Records(Arc::new(Mutex::new(Some(Lines { out, result: Ok(()) }))));
        Ok(Self { staged, records })
    }

    /// Writes requests down as they end.
    pub fn witness(&self) -> Witness {
        let records = self.records.clone();
        Witness::new(move |exchanged| records.add(exchanged))
    }

    /// What events are written to, and what is closed at the end.
    pub fn into_parts(self) -> (Staged, Records) {
        (self.staged, self.records)
    }
}

impl Records {
    fn add(&self, exchanged: &Exchanged) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A request that was given up may be told of when all is closed.
        let Some(Lines { out, result }) = &mut *lines else { return };
        if result.is_ok() {
            *result = serde_json::to_writer(&mut *out, exchanged)
                .map_err(io::Error::from)
                .and_then(|()| out.write_all(b"\n"));
        }
    }

    fn close(&self) -> io::Result<()> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Lines { out, result }) = lines else { return Ok(()) };
        result?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}

impl Collector {
    pub fn of(args: &DeliveryArgs, env: &Env, now: chrono::DateTime<chrono::Utc>) -> Self {
        let by_system = || ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| env.get(name)).map(str::to_owned);
        Self {
            case: args.case.clone(),
            operator: args.operator.clone().or_else(by_system).unwrap_or_else(|| "unknown".to_owned()),
            host: Owner::here(now).host,
            // A name of a file need not be UTF-8.
            command_line: command_line(std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect()),
        }
    }
}

/// The words of this run without what is secret in them.
fn command_line(words: Vec<String>) -> String {
    let mut hidden = false;
    let shown: Vec<String> = words
        .into_iter()
        .map(|word| match () {
            () if std::mem::replace(&mut hidden, word == "--proxy") => "[left out]".to_owned(),
            () if word.starts_with("--proxy=") => "--proxy=[left out]".to_owned(),
            () => Redaction::default().text(&word).unwrap_or(word),
        })
        .collect();
    shell::line(&shown)
}

/// Seals what was delivered, and puts it in its place, whole.
pub fn seal(
    delivered: Delivered,
    records: &Records,
    document: &CoverageDocument,
    connection: &Connection,
    collector: &Collector,
) -> Result<PathBuf, Problem> {
    let Delivered::Many { directory, .. } = &delivered else {
        return Err(Problem::new(ProblemKind::Io, "an evidence bundle is a directory"));
    };
    let (staged, place) = (directory.path(), directory.place().to_owned());
    let cannot = |error: io::Error| cannot_write(&place, &error);
    records.close().map_err(cannot)?;
    Proof::within(staged).write(document)?;
    let seal = bag::seal(staged, document, &info(document, connection, collector)).map_err(cannot)?;
    let entry = |time, what: String, hash_after| bag::Entry {
        time,
        who: collector.operator.clone(),
        host: collector.host.clone(),
        what,
        hash_before: None,
        hash_after,
        previous: None,
        digest: String::new(),
    };
    let begun = format!("collection began: run {}, {}", document.run_id, report::span(document.range));
    bag::append(staged, entry(document.started_at, begun, None)).map_err(cannot)?;
    let ended = format!("acquired and sealed: {}", document.sentence);
    bag::append(staged, entry(document.ended_at, ended, Some(seal))).map_err(cannot)?;
    delivered.put()?;
    Ok(place)
}

fn info(document: &CoverageDocument, connection: &Connection, collector: &Collector) -> Vec<Info> {
    let profile = connection.client.profile();
    let offset = document.clock_offset_milliseconds.map(|offset| format!("{offset} (the service's minus ours)"));
    let program = std::env::current_exe().and_then(|path| bag::digest(&path)).map(|(sha256, _)| sha256);
    let mut info: Vec<Info> = vec![
        ("Bag-Software-Agent", document.tool.clone()),
        ("Bagging-Date", document.ended_at.format("%Y-%m-%d").to_string()),
        ("Contact-Name", collector.operator.clone()),
        ("Auditui-Host", collector.host.clone()),
        ("Auditui-Program-SHA256", program.unwrap_or_else(|error| format!("unknown: {error}"))),
        ("Auditui-Command-Line", collector.command_line.clone()),
        ("Auditui-Profile", document.profile.clone()),
        ("Auditui-Auth", profile.auth.to_string()),
        ("Auditui-User", profile.user.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string)),
        ("Auditui-Key-Fingerprint", profile.fingerprint.clone()),
        ("Auditui-Profile-Region", profile.region.to_string()),
        ("Auditui-Endpoint", document.endpoint.clone().unwrap_or_else(|| "Oracle's own".to_owned())),
        ("Auditui-Tenancy", document.tenancy.id.to_string()),
        ("Auditui-Run", document.run_id.clone()),
        ("Auditui-Range", report::span(document.range)),
        ("Auditui-Query", document.asked().unwrap_or_else(|| "none: every event".to_owned())),
        ("Auditui-Collected-From", rfc3339(document.started_at)),
        ("Auditui-Collected-Until", rfc3339(document.ended_at)),
        ("Auditui-Clock-Offset-Milliseconds", offset.unwrap_or_else(|| "unknown".to_owned())),
        ("Auditui-Coverage", document.sentence.clone()),
        ("Auditui-Chain", CHAIN.to_owned()),
    ];
    info.extend(collector.case.clone().map(|case| ("External-Identifier", case)));
    info.extend(document.tenancy.name.clone().map(|name| ("Auditui-Tenancy-Name", name)));
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_no_secret() {
        let words = ["auditui", "export", "--proxy", "http://me:hunter2@p", "--proxy=x", "-Q", "par:/p/tok/n/", "it's"];
        let line = command_line(words.map(str::to_owned).to_vec());
        let expected = "auditui export --proxy '[left out]' '--proxy=[left out]' -Q 'par:/p/[left out]/n/' 'it'\\''s'";
        assert_eq!(line, expected);
    }
}
