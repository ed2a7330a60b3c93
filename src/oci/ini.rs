//! The dialect of `~/.oci/config`, as Oracle's Python SDK reads it.
//!
//! `[section]`, then `key = value` or `key: value`; the first `=` or `:` splits. Keys are case-insensitive, section names
//! are not. Whole-line comments start with `#` or `;`; there are no comments after a value, no quotes and no variables:
//! such text belongs to the value. A line indented deeper than the key above it continues that key's value; this is
//! kept, with the line number, because it is nearly always a slip ([`Entry::continued_at`]). A second `[DEFAULT]` is
//! merged; any other section, and any key, may stand only once.
//!
//! More tolerant than the SDK in one point: a byte order mark is skipped.

use std::fmt;

/// The section from which every profile takes what it lacks.
pub const DEFAULT: &str = "DEFAULT";

#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    sections: Vec<Section>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    pub entries: Vec<Entry>,
}

/// One key; the value may be a secret, so there is no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// In lower case.
    pub key: String,
    pub value: String,
    pub line: usize,
    /// The first line that continued the value, where one did.
    pub continued_at: Option<usize>,
    indent: usize,
}

/// What is wrong with the file, and in which line. The line itself is not quoted: it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct IniError {
    pub line: usize,
    pub what: String,
}

impl Document {
    pub fn parse(text: &str) -> Result<Self, IniError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
        let mut reader = Reader { sections: Vec::new(), current: None, open: false };
        for (number, line) in text.split('\n').enumerate() {
            reader.line(number + 1, line)?;
        }
        for entry in reader.sections.iter_mut().flat_map(|section| &mut section.entries) {
            entry.value.truncate(entry.value.trim_end().len());
        }
        Ok(Self { sections: reader.sections })
    }

    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Section names in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|section| section.name.as_str())
    }

    /// A key of a section, or what `[DEFAULT]` holds for it, with the name of the section that answered.
    pub fn lookup(&self, section: &str, key: &str) -> Option<(&str, &Entry)> {
        [section, DEFAULT].iter().find_map(|name| {
            let section = self.section(name)?;
            Some((section.name.as_str(), section.entries.iter().find(|entry| entry.key == key)?))
        })
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

struct Reader {
    sections: Vec<Section>,
    /// Index of the section that is being read.
    current: Option<usize>,
    /// Whether the last key of the current section may be continued.
    open: bool,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<(), IniError> {
        let text = line.trim();
        if text.is_empty() || text.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if let Some(entry) = self.continued(indent) {
            entry.value.push('\n');
            entry.value.push_str(text);
            entry.continued_at.get_or_insert(number);
            return Ok(());
        }
        if let Some(name) = section_name(text) {
            return self.enter(number, name);
        }
        let Some(current) = self.current else {
            return Err(error(number, "text before the first [section]"));
        };
        let entry = entry(number, indent, text)?;
        let section = &mut self.sections[current];
        if section.entries.iter().any(|other| other.key == entry.key) {
            return Err(error(
                number,
                format!("`{}` stands twice in [{}]", printable(&entry.key), printable(&section.name)),
            ));
        }
        section.entries.push(entry);
        self.open = true;
        Ok(())
    }

    /// The key above, if a line at `indent` continues it.
    fn continued(&mut self, indent: usize) -> Option<&mut Entry> {
        let entry = self.sections.get_mut(self.current?)?.entries.last_mut()?;
        (self.open && indent > entry.indent).then_some(entry)
    }

    fn enter(&mut self, number: usize, name: &str) -> Result<(), IniError> {
        self.open = false;
        let known = self.sections.iter().position(|section| section.name == name);
        if known.is_some() && name != DEFAULT {
            return Err(error(number, format!("[{}] stands twice", printable(name))));
        }
        self.current = known.or_else(|| {
            self.sections.push(Section { name: name.to_owned(), entries: Vec::new() });
            Some(self.sections.len() - 1)
        });
        Ok(())
    }
}

/// `[name]`, to the last closing bracket; what follows that is ignored.
fn section_name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

fn entry(line: usize, indent: usize, text: &str) -> Result<Entry, IniError> {
    let (key, value) = text
        .split_once(['=', ':'])
        .ok_or_else(|| error(line, "neither a [section], nor `key = value`, nor a comment"))?;
    if key.trim().is_empty() {
        return Err(error(line, "a value without a key"));
    }
    let (key, value) = (key.trim().to_lowercase(), value.trim().to_owned());
    Ok(Entry { key, value, line, continued_at: None, indent })
}

fn error(line: usize, what: impl Into<String>) -> IniError {
    IniError { line, what: what.into() }
}

fn printable(text: &str) -> std::borrow::Cow<'_, str> {
    crate::domain::text::clean_prefix(text, 60)
}

#[cfg(test)]
#[path = "ini_tests.rs"]
mod tests;
