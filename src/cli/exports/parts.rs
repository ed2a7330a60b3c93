//! Whether of an export that was split all parts are among the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{MISSING, file_name};
use crate::cli::proof;
use crate::cli::report::Finding;
use crate::domain::text::{clean, count_of};
use crate::export::CoverageDocument;
use crate::files::{Input, Origin};

/// Parts named one by one; the rest is counted.
const NAMED: usize = 3;

/// What is not there any more, and what is there and was not asked for.
pub fn judge(inputs: &[Input], documents: &[Option<CoverageDocument>]) -> (Vec<Finding>, Vec<Finding>) {
    let mut missing = Vec::new();
    let mut left_out = Vec::new();
    for (directory, (names, read)) in exports(inputs, documents) {
        let absent: Vec<&str> = names.difference(&read).map(String::as_str).collect();
        let (there, gone): (Vec<&str>, Vec<&str>) = absent.into_iter().partition(|name| directory.join(name).exists());
        let place = clean(&directory.display().to_string()).into_owned();
        if !gone.is_empty() {
            missing
                .push(Finding::new(MISSING, format!("{} not there any more in {place}: {}", verb(&gone), list(&gone))));
        }
        if !there.is_empty() {
            let what = format!("{} not among the files: {}", verb(&there), list(&there));
            left_out.push(Finding::new("note", format!("{place}: {what}")));
        }
    }
    (missing, left_out)
}

/// Of each export that was split its directory, the names of its parts, and those that are read.
fn exports<'a>(
    inputs: &'a [Input],
    documents: &[Option<CoverageDocument>],
) -> BTreeMap<&'a Path, (BTreeSet<String>, BTreeSet<String>)> {
    let mut exports: BTreeMap<&Path, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for (input, document) in inputs.iter().zip(documents) {
        let parts = document.as_ref().and_then(|document| document.export.as_ref()?.parts.as_ref());
        let (Some(parts), Origin::File(path), Some(name)) = (parts, &input.origin, file_name(&input.origin)) else {
            continue;
        };
        let (names, read) = exports.entry(proof::directory_of(path)).or_default();
        names.extend(parts.iter().map(|part| part.name().to_owned()));
        // What was packed since has the name with one ending less in its coverage.
        let known = Some(name.clone()).filter(|name| names.contains(name));
        read.extend(known.or_else(|| Some(Path::new(&name).file_stem()?.to_string_lossy().into_owned())));
    }
    exports
}

fn verb(names: &[&str]) -> String {
    format!("{} of the export {}", count_of(names.len() as u64, "part"), if names.len() == 1 { "is" } else { "are" })
}

fn list(names: &[&str]) -> String {
    let mut list: Vec<String> = names.iter().take(NAMED).map(|name| clean(name).into_owned()).collect();
    let more = names.len().saturating_sub(NAMED);
    list.extend((more > 0).then(|| format!("and {more} more")));
    list.join(", ")
}
