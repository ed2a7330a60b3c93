//! [`JsonTree`]: a JSON document as a flat list of nodes, for folding, finding and copying.
//!
//! Nodes refer to the document's own text, so numbers of any size, repeated keys, their order and odd escapes stay as
//! they were sent. Reading is a loop with a stack on the heap: depth is the sender's choice.

use std::ops::Range;
use std::sync::Arc;

/// More nodes than any real event has; what is beyond is still in the raw bytes.
const MOST_NODES: usize = 200_000;

#[derive(Clone, Debug)]
pub struct JsonTree {
    text: Arc<str>,
    nodes: Vec<Node>,
    /// Whether the document had more nodes than are listed.
    cut: bool,
}

#[derive(Clone, Debug)]
struct Node {
    key: Option<Range<usize>>,
    value: Range<usize>,
    kind: JsonKind,
    depth: u32,
    parent: u32,
    /// One past the last node of the subtree.
    end: u32,
    children: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonKind {
    Object,
    Array,
    String,
    Number,
    Bool,
    Null,
}

/// Where the text stops being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {0}")]
pub struct NotJson(pub usize);

/// One node, with its texts.
#[derive(Clone, Copy, Debug)]
pub struct JsonNode<'a> {
    /// As in the document, quotes and escapes included; `None` in arrays and for the root.
    pub key: Option<&'a str>,
    /// As in the document.
    pub value: &'a str,
    pub kind: JsonKind,
    pub depth: usize,
    pub children: usize,
}

impl JsonNode<'_> {
    pub fn is_container(&self) -> bool {
        matches!(self.kind, JsonKind::Object | JsonKind::Array)
    }

    /// The key without quotes and escapes.
    pub fn key_text(&self) -> Option<String> {
        self.key.map(unquoted)
    }

    /// What a person means by the value: a string's content, anything else as it stands.
    pub fn plain_value(&self) -> String {
        if self.kind == JsonKind::String { unquoted(self.value) } else { self.value.to_owned() }
    }
}

fn unquoted(token: &str) -> String {
    let inner = || token.trim_matches('"').to_owned();
    serde_json::from_str(token).unwrap_or_else(|_| inner())
}

impl JsonTree {
    pub fn parse(text: impl Into<Arc<str>>) -> Result<Self, NotJson> {
        let text = text.into();
        let mut reader = Reader { bytes: text.as_bytes(), at: 0, nodes: Vec::new(), open: Vec::new(), cut: false };
        reader.read()?;
        let Reader { nodes, cut, .. } = reader;
        Ok(Self { text, nodes, cut })
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn is_cut(&self) -> bool {
        self.cut
    }

    pub fn get(&self, node: usize) -> Option<JsonNode<'_>> {
        let Node { key, value, kind, depth, children, .. } = self.nodes.get(node)?;
        let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        Some(JsonNode {
            key: key.as_ref().map(text),
            value: text(value),
            kind: *kind,
            depth: *depth as usize,
            children: *children as usize,
        })
    }

    /// One past the last node of the subtree.
    pub fn end(&self, node: usize) -> usize {
        self.nodes.get(node).map_or(node + 1, |n| n.end as usize)
    }

    /// `None` for the root.
    pub fn parent(&self, node: usize) -> Option<usize> {
        (node > 0).then(|| self.nodes.get(node).map(|n| n.parent as usize)).flatten()
    }

    /// The keys from the root to the node, list places as `[n]`.
    pub fn path(&self, node: usize) -> Vec<String> {
        let mut path = Vec::new();
        let mut at = node;
        while let Some(parent) = self.parent(at) {
            let key = self.get(at).and_then(|n| n.key_text());
            path.push(key.unwrap_or_else(|| format!("[{}]", self.place(parent, at))));
            at = parent;
        }
        path.reverse();
        path
    }

    /// The path to the node as jq takes it: `.data.identity.ipAddress`, `.data["a b"][0]`.
    pub fn jq_path(&self, node: usize) -> String {
        let mut above: Vec<usize> = std::iter::successors(Some(node), |at| self.parent(*at)).collect();
        above.reverse();
        let mut out = String::new();
        for (at, place) in above.into_iter().skip(1).zip(self.path(node)) {
            let key = self.get(at).and_then(|node| node.key_text());
            let is_plain = |key: &str| {
                key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    && !key.starts_with(|c: char| c.is_ascii_digit())
            };
            match key {
                Some(key) if !key.is_empty() && is_plain(&key) => out += &format!(".{key}"),
                Some(key) => out += &format!("[{}]", serde_json::Value::from(key)),
                None => out += &place,
            }
        }
        if out.starts_with('.') { out } else { format!(".{out}") }
    }

    /// The keys from the root to the node; places in lists are left out.
    pub fn keys(&self, node: usize) -> Vec<String> {
        let above = std::iter::successors(Some(node), |at| self.parent(*at));
        let mut keys: Vec<String> = above.filter_map(|at| self.get(at)?.key_text()).collect();
        keys.reverse();
        keys
    }

    fn place(&self, parent: usize, node: usize) -> usize {
        let mut at = parent + 1;
        let mut place = 0;
        while at < node {
            at = self.end(at);
            place += 1;
        }
        place
    }

    /// Pretty-printed, keys in their order. Where `replace` gives a text for a node, that text stands instead of it.
    pub fn pretty<'a>(&self, replace: impl Fn(usize) -> Option<&'a str>) -> String {
        self.pretty_from(0, replace)
    }

    /// As [`pretty`](Self::pretty), for one node and what is below it, without its key.
    pub fn pretty_from<'a>(&self, root: usize, replace: impl Fn(usize) -> Option<&'a str>) -> String {
        let mut writer = Writer { out: String::new(), open: Vec::new() };
        let mut at = root;
        while let Some(node) = self.get(at).filter(|_| at < self.end(root)) {
            writer.close(at);
            let key = node.key.filter(|_| at > root);
            writer.begin(&JsonNode { key, ..node });
            let replacement = replace(at);
            let opens = replacement.is_none() && node.is_container() && self.end(at) > at + 1;
            writer.value(&node, replacement, opens);
            if opens {
                writer.open.push((self.end(at), node.kind, true));
            }
            at = if opens { at + 1 } else { self.end(at) };
        }
        writer.close(usize::MAX);
        writer.out
    }
}

struct Writer {
    out: String,
    /// End, kind, and whether the next child is the first.
    open: Vec<(usize, JsonKind, bool)>,
}

impl Writer {
    fn close(&mut self, at: usize) {
        while let Some((_, kind, _)) = self.open.pop_if(|(end, ..)| *end <= at) {
            self.newline();
            self.out.push(if kind == JsonKind::Object { '}' } else { ']' });
        }
    }

    fn begin(&mut self, node: &JsonNode<'_>) {
        if let Some((_, _, first)) = self.open.last_mut() {
            if !std::mem::replace(first, false) {
                self.out.push(',');
            }
            self.newline();
        }
        if let Some(key) = node.key {
            self.out.push_str(key);
            self.out.push_str(": ");
        }
    }

    fn value(&mut self, node: &JsonNode<'_>, replacement: Option<&str>, opens: bool) {
        match (replacement, node.kind) {
            (Some(text), _) => self.out.push_str(&serde_json::Value::from(text).to_string()),
            (None, JsonKind::Object) => self.out.push_str(if opens { "{" } else { "{}" }),
            (None, JsonKind::Array) => self.out.push_str(if opens { "[" } else { "[]" }),
            (None, _) => self.out.push_str(node.value),
        }
    }

    fn newline(&mut self) {
        self.out.push('\n');
        // Deeper than a page is wide, indentation helps nobody and costs the square of the depth.
        self.out.push_str(&"  ".repeat(self.open.len().min(60)));
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<Node>,
    open: Vec<u32>,
    cut: bool,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), NotJson> {
        loop {
            self.skip_space();
            let closes = self.closer().filter(|_| self.empty_so_far());
            if closes.is_none() {
                self.node()?;
            }
            if self.after_value()? {
                break;
            }
        }
        self.skip_space();
        if self.at == self.bytes.len() || self.cut { Ok(()) } else { Err(NotJson(self.at)) }
    }

    /// Reads a key where one belongs and a value, or the opening of one.
    fn node(&mut self) -> Result<(), NotJson> {
        let key = if self.inside() == Some(JsonKind::Object) { Some(self.key()?) } else { None };
        let start = self.at;
        let kind = match self.bytes.get(start) {
            Some(b'{') => JsonKind::Object,
            Some(b'[') => JsonKind::Array,
            Some(b'"') => JsonKind::String,
            Some(b't' | b'f') => JsonKind::Bool,
            Some(b'n') => JsonKind::Null,
            Some(b'-' | b'0'..=b'9') => JsonKind::Number,
            _ => return Err(NotJson(start)),
        };
        let container = matches!(kind, JsonKind::Object | JsonKind::Array);
        self.at = match kind {
            JsonKind::Object | JsonKind::Array => start + 1,
            JsonKind::String => self.string_end()?,
            _ => self.word_end()?,
        };
        let index = self.nodes.len() as u32;
        let parent = self.open.last().copied().unwrap_or_default();
        if index > 0 {
            self.nodes[parent as usize].children += 1;
        }
        let depth = self.open.len() as u32;
        self.nodes.push(Node { key, value: start..self.at, kind, depth, parent, end: index + 1, children: 0 });
        if container {
            self.open.push(index);
        }
        Ok(())
    }

    /// Closes what ends here and steps over one comma; `true` at the end of the document.
    fn after_value(&mut self) -> Result<bool, NotJson> {
        loop {
            // A container that was only just opened is asked for its first child, not for what follows it.
            if self.just_opened() && self.closer().is_none() {
                return Ok(false);
            }
            self.skip_space();
            if self.nodes.len() >= MOST_NODES {
                self.cut = true;
                self.close_all();
                return Ok(true);
            }
            match (self.inside(), self.bytes.get(self.at)) {
                (None, _) => return Ok(true),
                (Some(JsonKind::Object), Some(b'}')) | (Some(JsonKind::Array), Some(b']')) => {
                    self.at += 1;
                    self.close();
                }
                (Some(_), Some(b',')) if !self.just_opened() => {
                    self.at += 1;
                    self.skip_space();
                    return if self.closer().is_some() { Err(NotJson(self.at)) } else { Ok(false) };
                }
                _ => return Err(NotJson(self.at)),
            }
        }
    }

    fn close(&mut self) {
        if let Some(index) = self.open.pop() {
            let end = self.nodes.len() as u32;
            let node = &mut self.nodes[index as usize];
            node.end = end;
            node.value.end = self.at;
        }
    }

    fn close_all(&mut self) {
        self.at = self.bytes.len();
        while !self.open.is_empty() {
            self.close();
        }
    }

    fn inside(&self) -> Option<JsonKind> {
        self.open.last().map(|index| self.nodes[*index as usize].kind)
    }

    fn just_opened(&self) -> bool {
        self.open.last().is_some_and(|index| *index as usize + 1 == self.nodes.len())
    }

    fn empty_so_far(&self) -> bool {
        self.just_opened()
    }

    fn closer(&self) -> Option<u8> {
        let at = self.at + self.bytes.get(self.at..).map_or(0, space);
        self.bytes.get(at).copied().filter(|b| matches!(b, b'}' | b']'))
    }

    fn key(&mut self) -> Result<Range<usize>, NotJson> {
        let start = self.at;
        if self.bytes.get(start) != Some(&b'"') {
            return Err(NotJson(start));
        }
        let end = self.string_end()?;
        self.at = end;
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b':') {
            return Err(NotJson(self.at));
        }
        self.at += 1;
        self.skip_space();
        Ok(start..end)
    }

    fn string_end(&self) -> Result<usize, NotJson> {
        let mut at = self.at + 1;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => return Err(NotJson(self.at)),
            }
        }
    }

    fn word_end(&self) -> Result<usize, NotJson> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
        let word = rest.get(..length).unwrap_or_default();
        let known = matches!(word, b"true" | b"false" | b"null");
        let number = word.first().is_some_and(|b| *b == b'-' || b.is_ascii_digit())
            && word.iter().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'))
            && word.last().is_some_and(u8::is_ascii_digit);
        if known || number { Ok(self.at + length) } else { Err(NotJson(self.at)) }
    }

    fn skip_space(&mut self) {
        self.at += self.bytes.get(self.at..).map_or(0, space);
    }
}

fn space(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
