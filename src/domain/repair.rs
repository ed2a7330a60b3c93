//! JSON that is nearly JSON: what a strict parser would refuse for a few bytes inside strings.

/// The bytes as JSON that parses, where only raw control characters, invalid UTF-8 or lone surrogate escapes stood in
/// the way: each becomes an escape or U+FFFD. For reading only; what is kept and exported is the original.
pub fn repair(bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() + 16);
    let mut in_string = false;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if in_string => {
                let (escape, length) = repaired_escape(&bytes[at..]);
                out.extend_from_slice(escape);
                at += length;
                continue;
            }
            0..=0x1f if in_string => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => {
                in_string ^= byte == b'"';
                out.push(byte);
            }
        }
        at += 1;
    }
    out
}

/// What to write for the escape at the start of `bytes`, and how long it is there. Half a surrogate pair becomes U+FFFD.
fn repaired_escape(bytes: &[u8]) -> (&[u8], usize) {
    const REPLACEMENT: &[u8] = b"\\ufffd";
    match code_unit(bytes) {
        Some(0xd800..=0xdbff) => match bytes.get(6..).and_then(code_unit) {
            Some(0xdc00..=0xdfff) => (&bytes[..12], 12),
            _ => (REPLACEMENT, 6),
        },
        Some(0xdc00..=0xdfff) => (REPLACEMENT, 6),
        _ => (&bytes[..bytes.len().min(2)], 2),
    }
}

fn code_unit(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.get(..6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
