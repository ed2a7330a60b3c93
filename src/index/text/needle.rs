//! What is looked for, as it may stand in JSON.

use super::scan::is_in_compound;

/// One character of what is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Stands as itself, and only so. Lower case.
    Byte(u8),
    /// Stands as any of these, in lower case.
    Any(Vec<Vec<u8>>),
}

/// The characters of `needle`.
pub(super) fn units(needle: &str) -> Vec<Unit> {
    needle.chars().map(unit).collect()
}

impl Unit {
    /// Whether its last byte may be part of a compound that goes on after it.
    pub fn may_end_in_compound(&self) -> bool {
        self.forms_any(<[u8]>::last)
    }

    /// Whether its first byte may be part of a compound that began before it.
    pub fn may_begin_in_compound(&self) -> bool {
        self.forms_any(<[u8]>::first)
    }

    fn forms_any(&self, edge: impl Fn(&[u8]) -> Option<&u8>) -> bool {
        match self {
            Self::Byte(byte) => is_in_compound(*byte),
            Self::Any(forms) => forms.iter().any(|form| edge(form).is_some_and(|byte| is_in_compound(*byte))),
        }
    }
}

fn unit(c: char) -> Unit {
    if c.is_ascii() { ascii(c as u8) } else { foreign(c) }
}

fn ascii(byte: u8) -> Unit {
    let short = match byte {
        b'"' | b'\\' | b'/' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        // Some writers keep these away from HTML.
        b'<' | b'>' | b'&' | b'=' | b'\'' | 0..0x20 | 0x7f => {
            return Unit::Any(vec![vec![byte], escape(u16::from(byte))]);
        }
        _ => return Unit::Byte(byte.to_ascii_lowercase()),
    };
    let mut forms = vec![vec![byte], vec![b'\\', short]];
    if byte != b'/' {
        forms.push(escape(u16::from(byte)));
    }
    Unit::Any(forms)
}

/// In either case, as UTF-8 or as escapes.
fn foreign(c: char) -> Unit {
    let mut forms = Vec::new();
    for c in [Some(c), only(c.to_lowercase()), only(c.to_uppercase())].into_iter().flatten().filter(|c| !c.is_ascii()) {
        let mut bytes = [0; 4];
        forms.push(c.encode_utf8(&mut bytes).as_bytes().to_vec());
        let mut halves = [0; 2];
        forms.push(c.encode_utf16(&mut halves).iter().flat_map(|half| escape(*half)).collect());
    }
    forms.sort_unstable();
    forms.dedup();
    Unit::Any(forms)
}

fn only(mut chars: impl Iterator<Item = char>) -> Option<char> {
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

fn escape(unit: u16) -> Vec<u8> {
    format!("\\u{unit:04x}").into_bytes()
}
