//! The event in full: its summary, and its document, foldable.

use crate::app::action::Action;
use crate::app::event_detail::{Body, EventDetail};
use crate::app::json::{JsonKind, JsonTree};
use crate::app::summary::{SummaryLine, lines};
use crate::app::viewport::Viewport;
use crate::index::EventKey;
use crate::query::{Condition, Expr, Field, JsonPath, Subject, Term};

/// Levels of the document that are unfolded at first: `data` and its blocks, not their headers.
const LEVELS: usize = 3;

#[derive(Debug, Default)]
pub struct DetailPane {
    tab: Tab,
    event: Option<Shown>,
    view: Viewport,
    wrap: bool,
    find: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    #[default]
    Summary,
    Json,
}

/// The event on show, and what of it is unfolded.
#[derive(Debug)]
struct Shown {
    detail: Box<EventDetail>,
    summary: Vec<SummaryLine>,
    /// By node.
    folded: Vec<bool>,
    /// The nodes that no folded one hides; by line when the body is text.
    visible: Vec<u32>,
}

impl DetailPane {
    pub fn tab(&self) -> Tab {
        self.tab
    }

    pub fn set_tab(&mut self, tab: Tab) {
        if self.tab != tab {
            self.tab = tab;
            self.view = Viewport { height: self.view.height, ..Viewport::default() };
        }
    }

    pub fn viewport(&self) -> &Viewport {
        &self.view
    }

    pub fn wraps(&self) -> bool {
        self.wrap
    }

    pub fn find_text(&self) -> &str {
        &self.find
    }

    pub fn event(&self) -> Option<&EventDetail> {
        self.event.as_ref().map(|shown| &*shown.detail)
    }

    pub fn summary(&self) -> &[SummaryLine] {
        self.event.as_ref().map_or(&[], |shown| &shown.summary)
    }

    /// The nodes in sight, top down; lines when the body is text.
    pub fn visible(&self) -> &[u32] {
        self.event.as_ref().map_or(&[], |shown| &shown.visible)
    }

    pub fn is_folded(&self, node: usize) -> bool {
        self.event.as_ref().and_then(|shown| shown.folded.get(node)).copied().unwrap_or_default()
    }

    /// Shows an event; `place` is where it was found, in words.
    pub fn show(&mut self, detail: Box<EventDetail>, place: &str) {
        let same = self.event().is_some_and(|event| event.key == detail.key);
        let mut shown = Shown { summary: lines(&detail, place), folded: Vec::new(), visible: Vec::new(), detail };
        shown.unfold_to(LEVELS);
        self.event = Some(shown);
        if !same {
            self.view = Viewport { height: self.view.height, ..Viewport::default() };
        }
        self.view.settle(self.len());
    }

    /// Whether this event has to be read first.
    pub fn wants(&self, key: EventKey) -> bool {
        self.event().is_none_or(|event| event.key != key)
    }

    pub fn can_fold(&self, node: usize) -> bool {
        self.event.as_ref().and_then(Shown::tree).is_some_and(|tree| tree.end(node) > node + 1)
    }

    pub fn forget(&mut self) {
        self.event = None;
    }

    pub fn resize(&mut self, rows: u16) {
        self.view.resize(rows, self.len());
    }

    fn len(&self) -> usize {
        match self.tab {
            Tab::Summary => self.summary().len(),
            Tab::Json => self.visible().len(),
        }
    }

    /// Scrolls from another pane.
    pub fn scroll(&mut self, down: bool) {
        self.view.scroll(down, self.len());
    }

    pub fn act(&mut self, action: Action) -> bool {
        match action {
            Action::NextTab | Action::PreviousTab => self.set_tab(self.tab.other()),
            Action::ToggleWrap => self.wrap = !self.wrap,
            Action::NextHit => self.find_from(1, true),
            Action::PreviousHit => self.find_from(1, false),
            Action::Open if self.tab == Tab::Summary => self.set_tab(Tab::Json),
            _ if self.view.act(action, self.len()) => {}
            _ => return self.tab == Tab::Json && self.act_on_document(action),
        }
        true
    }

    fn act_on_document(&mut self, action: Action) -> bool {
        let Some(node) = self.node() else { return false };
        let Some(shown) = &mut self.event else { return false };
        let target = match action {
            Action::Toggle | Action::Open => shown.set_folded(node, !shown.folded[node]),
            Action::MoveLeft if shown.is_open(node) => shown.set_folded(node, true),
            Action::MoveLeft => shown.tree().and_then(|tree| tree.parent(node)).unwrap_or(node),
            Action::MoveRight if shown.folded[node] => shown.set_folded(node, false),
            Action::MoveRight if shown.is_open(node) => node + 1,
            Action::MoveRight => node,
            Action::NextSibling => shown.sibling(node, true),
            Action::PreviousSibling => shown.sibling(node, false),
            Action::UnfoldAll => {
                shown.unfold_to(usize::MAX);
                node
            }
            Action::UnfoldTo(levels) => {
                shown.unfold_to(usize::from(levels));
                node
            }
            _ => return false,
        };
        self.go_to(target);
        true
    }

    /// Puts the cursor on a node, or on the nearest one above that is not hidden.
    fn go_to(&mut self, node: usize) {
        let Some(shown) = &self.event else { return };
        let line = shown.visible.partition_point(|visible| *visible as usize <= node).saturating_sub(1);
        self.view.move_to(line, self.len());
    }

    /// The node under the cursor; `None` in the summary and where the body is text.
    pub fn node(&self) -> Option<usize> {
        let shown = self.event.as_ref()?;
        shown.tree()?;
        (self.tab == Tab::Json).then(|| shown.visible.get(self.view.cursor).map(|node| *node as usize)).flatten()
    }

    /// The value under the cursor: its name, and its text.
    pub fn value(&self) -> Option<(String, String)> {
        let shown = self.event.as_ref()?;
        match (self.tab, &shown.detail.body) {
            (Tab::Summary, _) => {
                shown.summary.get(self.view.cursor).map(|line| (line.label.to_owned(), line.value.clone()))
            }
            (Tab::Json, Body::Json { tree, masks }) => {
                let at = self.node()?;
                let node = tree.get(at)?;
                let text = masks.get(&at).cloned().unwrap_or_else(|| node.plain_value());
                Some((tree.path(at).join("."), if node.is_container() { subtree(tree, masks, at) } else { text }))
            }
            (Tab::Json, Body::Text(lines)) => lines.get(self.view.cursor).map(|line| ("line".to_owned(), line.clone())),
        }
    }

    /// Where in the event's JSON the value under the cursor stands: as a query names it, and as jq does.
    pub fn place(&self) -> Result<(String, String), &'static str> {
        let shown = self.event.as_ref().ok_or("the event is still being read")?;
        match (self.tab, &shown.detail.body) {
            (Tab::Summary, _) => {
                let line = shown.summary.get(self.view.cursor).ok_or("there is nothing here")?;
                place_of(line.field.ok_or("this line is no single value")?)
            }
            (Tab::Json, Body::Json { tree, .. }) => {
                let at = self.node().ok_or("there is nothing here")?;
                let keys = tree.keys(at);
                let path = JsonPath::new(keys).ok_or("the whole event has no name")?;
                let about = Term::About { subject: Subject::Path(path), condition: Condition::Present };
                Ok((about.to_string().trim_end_matches(":*").to_owned(), tree.jq_path(at)))
            }
            (Tab::Json, Body::Text(_)) => Err("the event is not JSON"),
        }
    }

    /// What is asked of an event that has the same value there.
    pub fn term(&self) -> Result<Expr, &'static str> {
        let shown = self.event.as_ref().ok_or("the event is still being read")?;
        match (self.tab, &shown.detail.body) {
            (Tab::Summary, _) => {
                let line = shown.summary.get(self.view.cursor).ok_or("there is nothing here")?;
                let field = line.field.ok_or("this line is no single value")?;
                Ok(Term::is(Subject::Field(field), &line.value))
            }
            (Tab::Json, Body::Json { tree, masks }) => {
                let at = self.node().ok_or("there is nothing here")?;
                term_of_node(tree, at, masks.contains_key(&at), shown.detail.fields.key_fingerprint())
            }
            (Tab::Json, Body::Text(_)) => Err("the event is not JSON"),
        }
    }

    pub fn find(&mut self, text: &str) {
        text.clone_into(&mut self.find);
        self.find_from(0, true);
    }

    fn find_from(&mut self, skip: usize, forward: bool) {
        let wanted = self.find.trim().to_lowercase();
        if wanted.is_empty() {
            return;
        }
        match (self.tab, &mut self.event) {
            (_, None) => {}
            (Tab::Summary, Some(shown)) => {
                let hit =
                    |line: usize| shown.summary.get(line).is_some_and(|l| l.text.to_lowercase().contains(&wanted));
                if let Some(line) = around(self.view.cursor, shown.summary.len(), skip, forward).find(|at| hit(*at)) {
                    self.view.move_to(line, shown.summary.len());
                }
            }
            (Tab::Json, Some(shown)) => {
                let at = shown.visible.get(self.view.cursor).map_or(0, |node| *node as usize);
                if let Some(node) = shown.find(&wanted, at, skip, forward) {
                    shown.reveal(node);
                    self.go_to(node);
                }
            }
        }
    }
}

/// A field's name in a query, and where it stands as jq names it.
pub fn place_of(field: Field) -> Result<(String, String), &'static str> {
    let place = field.place().ok_or("it stands nowhere in the event itself")?;
    Ok((field.name().to_owned(), format!(".{place}")))
}

impl Tab {
    fn other(self) -> Self {
        match self {
            Self::Summary => Self::Json,
            Self::Json => Self::Summary,
        }
    }
}

impl Shown {
    fn tree(&self) -> Option<&JsonTree> {
        match &self.detail.body {
            Body::Json { tree, .. } => Some(tree),
            Body::Text(_) => None,
        }
    }

    fn is_open(&self, node: usize) -> bool {
        self.tree().is_some_and(|tree| tree.end(node) > node + 1) && !self.folded[node]
    }

    /// Folds or unfolds, where there is something to fold; the node again.
    fn set_folded(&mut self, node: usize, folded: bool) -> usize {
        if self.tree().is_some_and(|tree| tree.end(node) > node + 1) {
            self.folded[node] = folded;
            self.list_visible();
        }
        node
    }

    /// Unfolds so many levels and folds what is deeper.
    fn unfold_to(&mut self, levels: usize) {
        let Some(tree) = self.tree() else {
            let Body::Text(lines) = &self.detail.body else { return };
            self.visible = (0..lines.len() as u32).collect();
            return;
        };
        let deep = |node: usize| tree.get(node).is_some_and(|n| n.is_container() && n.depth >= levels);
        self.folded = (0..tree.len()).map(|node| deep(node) && tree.end(node) > node + 1).collect();
        self.list_visible();
    }

    fn list_visible(&mut self) {
        let Some(tree) = self.tree() else { return };
        let mut visible = Vec::new();
        let mut at = 0;
        while at < tree.len() {
            visible.push(at as u32);
            at = if self.folded[at] { tree.end(at) } else { at + 1 };
        }
        self.visible = visible;
    }

    fn sibling(&self, node: usize, next: bool) -> usize {
        let Some(tree) = self.tree() else { return node };
        let Some(parent) = tree.parent(node) else { return node };
        if next {
            return Some(tree.end(node)).filter(|after| *after < tree.end(parent)).unwrap_or(node);
        }
        let mut at = parent + 1;
        while tree.end(at) < node {
            at = tree.end(at);
        }
        if at < node { at } else { node }
    }

    /// Unfolds all that hides a node.
    fn reveal(&mut self, node: usize) {
        let Some(tree) = self.tree() else { return };
        let parents: Vec<usize> = std::iter::successors(tree.parent(node), |above| tree.parent(*above)).collect();
        for above in parents {
            self.folded[above] = false;
        }
        self.list_visible();
    }

    /// The next node, or line, whose key or value holds the text, which is in lower case.
    fn find(&self, wanted: &str, from: usize, skip: usize, forward: bool) -> Option<usize> {
        match &self.detail.body {
            Body::Text(lines) => around(from, lines.len(), skip, forward)
                .find(|at| lines.get(*at).is_some_and(|line| line.to_lowercase().contains(wanted))),
            Body::Json { tree, masks } => around(from, tree.len(), skip, forward).find(|at| {
                tree.get(*at).is_some_and(|node| {
                    let value = if node.is_container() || masks.contains_key(at) { "" } else { node.value };
                    node.key.unwrap_or_default().to_lowercase().contains(wanted)
                        || value.to_lowercase().contains(wanted)
                })
            }),
        }
    }
}

/// Places from `from` on, all the way around.
fn around(from: usize, len: usize, skip: usize, forward: bool) -> impl Iterator<Item = usize> {
    let step = move |by: usize| if forward { from + by } else { from + 2 * len - by };
    (skip..len + skip).map(move |by| step(by) % len.max(1))
}

/// That an event has the same at the same place; of an object or list, that it has one.
fn term_of_node(tree: &JsonTree, at: usize, masked: bool, fingerprint: Option<&str>) -> Result<Expr, &'static str> {
    let node = tree.get(at).ok_or("there is nothing here")?;
    let keys = tree.keys(at);
    if masked {
        let of_credentials = keys.last().is_some_and(|key| key == "credentials");
        let print = fingerprint.filter(|_| of_credentials).ok_or("credentials are not written into a query")?;
        return Ok(Term::is(Subject::Field(Field::Key), print));
    }
    let subject = match Field::at(&keys) {
        Some(field) => Subject::Field(field),
        None => Subject::Path(JsonPath::new(keys).ok_or("this part of the document has no name")?),
    };
    Ok(match node.kind {
        JsonKind::Object | JsonKind::Array if node.children > 0 => {
            Term::About { subject, condition: Condition::Present }.into()
        }
        JsonKind::Object | JsonKind::Array | JsonKind::Null => Term::is(subject, ""),
        JsonKind::String | JsonKind::Number | JsonKind::Bool => Term::is(subject, &node.plain_value()),
    })
}

/// A part of the document, printed, credentials left out.
fn subtree(tree: &JsonTree, masks: &crate::app::redact::Masks, node: usize) -> String {
    tree.pretty_from(node, |at| masks.get(&at).map(String::as_str))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    const ACTIONS: [Action; 12] = [
        Action::LineDown,
        Action::PageDown,
        Action::Bottom,
        Action::LineUp,
        Action::Toggle,
        Action::MoveLeft,
        Action::MoveRight,
        Action::NextSibling,
        Action::PreviousSibling,
        Action::UnfoldTo(1),
        Action::UnfoldTo(2),
        Action::UnfoldAll,
    ];

    fn pane(text: &str) -> DetailPane {
        let mut pane = DetailPane::default();
        let key = EventKey { micros: 0, digest: 0 };
        pane.show(Box::new(EventDetail::parse(key, Arc::from(text.as_bytes()))), "");
        pane.set_tab(Tab::Json);
        pane.resize(7);
        pane
    }

    /// Nodes whose ancestors are all unfolded.
    fn unhidden(pane: &DetailPane) -> Vec<u32> {
        let shown = pane.event.as_ref().unwrap();
        let tree = shown.tree().unwrap();
        let hidden = |node: usize| {
            std::iter::successors(tree.parent(node), |above| tree.parent(*above)).any(|above| shown.folded[above])
        };
        (0..tree.len()).filter(|node| !hidden(*node)).map(|node| node as u32).collect()
    }

    proptest! {
        #[test]
        fn folding_shows_exactly_what_no_folded_part_hides(
            shape in "(\\[|\\{){1,9}",
            steps in prop::collection::vec(0usize..ACTIONS.len(), 1..60),
        ) {
            let mut text = String::from("0");
            for bracket in shape.chars() {
                text = if bracket == '[' { format!("[{text},[],{text}]") } else { format!("{{\"a\":{text},\"b\":{{\"c\":1}}}}") };
            }
            let mut pane = pane(&text);
            for step in steps {
                pane.act(ACTIONS[step]);
                prop_assert_eq!(pane.visible(), unhidden(&pane));
                prop_assert!(pane.node().is_some() && pane.value().is_some());
            }
        }
    }

    #[test]
    fn text_that_is_no_document_is_read_and_searched_by_lines() {
        let mut pane = pane("first\nsecond\nthird");
        pane.find("THI");
        assert_eq!(pane.value(), Some(("line".to_owned(), "third".to_owned())));
        assert!(!pane.act(Action::Toggle));
    }
}
