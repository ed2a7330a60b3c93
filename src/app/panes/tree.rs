//! The compartments and regions: what is folded, where the cursor is, what was looked for.

use std::collections::HashSet;

use crate::app::action::Action;
use crate::app::included::Included;
use crate::app::viewport::Viewport;
use crate::domain::compartment::{CompartmentTree, NodeId};
use crate::domain::ocid::Ocid;
use crate::domain::tenancy::Tenancy;
use crate::query::FuzzyFind;

/// A tenancy with more compartments than this opens with its lower levels folded.
const UNFOLDED: usize = 40;

#[derive(Debug, Default)]
pub struct TreePane {
    /// Over the compartments in sight, then the regions.
    view: Viewport,
    /// Rows for regions; the others are for compartments.
    region_rows: usize,
    folded: HashSet<Ocid>,
    find: String,
}

/// A row of this pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeRow {
    Compartment(NodeId),
    /// By its place among the tenancy's regions.
    Region(usize),
}

/// What a key in this pane asks of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeWish {
    /// The pane was served; nothing else changes.
    Nothing,
    ScopeChanged,
    /// The scope changed, and the list is what the user wants to see now.
    ScopeChangedOpenList,
}

impl TreePane {
    pub fn open(&mut self, tenancy: &Tenancy) {
        let tree = &tenancy.tree;
        if tree.len() > UNFOLDED {
            let deep = tree.nodes().filter(|node| tree.depth(*node) >= 1 && tree.has_children(*node));
            self.folded = deep.map(|node| tree.get(node).id.clone()).collect();
        }
    }

    /// The tenancy is found to be larger; the cursor stays on what it is on.
    pub fn follow(&mut self, before: &Tenancy, now: &Tenancy) {
        let place = match self.row(before) {
            TreeRow::Compartment(node) if node == before.tree.root() => Some(0),
            TreeRow::Compartment(node) => {
                let here = now.tree.find(&before.tree.get(node).id);
                here.and_then(|here| self.nodes(&now.tree).iter().position(|shown| *shown == here))
            }
            TreeRow::Region(place) => {
                let id = before.regions.get(place).map(|region| &region.id);
                let here = now.regions.iter().position(|region| Some(&region.id) == id);
                here.map(|here| self.nodes(&now.tree).len() + here)
            }
        };
        self.view.cursor = place.unwrap_or_default();
        self.settle(Some(now));
    }

    pub fn viewport(&self) -> &Viewport {
        &self.view
    }

    pub fn find_text(&self) -> &str {
        &self.find
    }

    pub fn is_folded(&self, id: &Ocid) -> bool {
        self.folded.contains(id)
    }

    /// Compartments that no folded one hides, in order.
    pub fn nodes(&self, tree: &CompartmentTree) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        let mut next = 0;
        for node in tree.nodes() {
            if node.index() < next {
                continue;
            }
            nodes.push(node);
            if self.is_folded(&tree.get(node).id) {
                next = node.index() + tree.subtree(node).count();
            }
        }
        nodes
    }

    pub fn row(&self, tenancy: &Tenancy) -> TreeRow {
        let nodes = self.nodes(&tenancy.tree);
        match nodes.get(self.view.cursor) {
            Some(node) => TreeRow::Compartment(*node),
            None if tenancy.regions.is_empty() => TreeRow::Compartment(tenancy.tree.root()),
            None => TreeRow::Region((self.view.cursor - nodes.len()).min(tenancy.regions.len() - 1)),
        }
    }

    pub fn resize(&mut self, tree_rows: u16, region_rows: u16, tenancy: Option<&Tenancy>) {
        self.region_rows = usize::from(region_rows);
        self.view.height = usize::from(tree_rows);
        self.settle(tenancy);
    }

    /// Keeps the compartments in sight where the cursor is; on the regions they stay where they are.
    fn settle(&mut self, tenancy: Option<&Tenancy>) {
        let Some(tenancy) = tenancy else { return };
        let nodes = self.nodes(&tenancy.tree).len();
        self.view.cursor = self.view.cursor.min(nodes + tenancy.regions.len() - 1);
        let mut shown = Viewport { cursor: self.view.cursor.min(nodes.saturating_sub(1)), ..self.view };
        shown.settle(nodes);
        self.view.offset = shown.offset;
    }

    pub fn act(&mut self, action: Action, tenancy: &Tenancy, included: &mut Included) -> Option<TreeWish> {
        let len = self.nodes(&tenancy.tree).len() + tenancy.regions.len();
        if self.view.act(action, len) {
            self.settle(Some(tenancy));
            return Some(TreeWish::Nothing);
        }
        let row = self.row(tenancy);
        match action {
            Action::MoveLeft => self.fold(row, &tenancy.tree),
            Action::MoveRight => self.unfold(row, &tenancy.tree),
            Action::NextHit => self.find_from(tenancy, 1, true),
            Action::PreviousHit => self.find_from(tenancy, 1, false),
            Action::Toggle => return Some(toggle(row, tenancy, included)),
            Action::OnlyThis => {
                only(row, tenancy, included);
                return Some(TreeWish::ScopeChanged);
            }
            Action::Open => {
                only(row, tenancy, included);
                return Some(TreeWish::ScopeChangedOpenList);
            }
            _ => return None,
        }
        self.settle(Some(tenancy));
        Some(TreeWish::Nothing)
    }

    /// Folds what is unfolded, else goes to the parent.
    fn fold(&mut self, row: TreeRow, tree: &CompartmentTree) {
        let TreeRow::Compartment(node) = row else { return };
        let id = &tree.get(node).id;
        if tree.has_children(node) && !self.is_folded(id) {
            self.folded.insert(id.clone());
        } else if let Some(parent) = tree.parent(node) {
            self.show(parent, tree);
        }
    }

    /// Unfolds what is folded, else goes to the first child.
    fn unfold(&mut self, row: TreeRow, tree: &CompartmentTree) {
        let TreeRow::Compartment(node) = row else { return };
        if !self.folded.remove(&tree.get(node).id) && tree.has_children(node) {
            self.view.cursor += 1;
        }
    }

    /// Puts the cursor on what stands on this line of the pane; a gap and a heading are between the two lists.
    pub fn click(&mut self, line: u16, tenancy: &Tenancy) {
        let (line, nodes) = (usize::from(line), self.nodes(&tenancy.tree).len());
        if line < self.view.height {
            if self.view.offset + line < nodes {
                self.view.cursor = self.view.offset + line;
            }
        } else if let Some(line) = line.checked_sub(self.view.height + 2)
            && line < self.region_rows
        {
            let place = self.first_region(tenancy) + line;
            self.view.cursor = nodes + place.min(tenancy.regions.len().saturating_sub(1));
        }
    }

    /// The first region in sight: the one under the cursor always is.
    pub fn first_region(&self, tenancy: &Tenancy) -> usize {
        let at = self.view.cursor.checked_sub(self.nodes(&tenancy.tree).len());
        at.map_or(0, |at| (at + 1).saturating_sub(self.region_rows))
    }

    /// Moves to a compartment, unfolding what hides it.
    fn show(&mut self, node: NodeId, tree: &CompartmentTree) {
        let parents = std::iter::successors(tree.parent(node), |above| tree.parent(*above));
        for above in parents {
            self.folded.remove(&tree.get(above).id);
        }
        if let Some(place) = self.nodes(tree).iter().position(|shown| *shown == node) {
            self.view.cursor = place;
        }
    }

    /// Looks for compartments and regions by name, from the cursor on; every word must match.
    pub fn find(&mut self, text: &str, tenancy: &Tenancy) {
        text.clone_into(&mut self.find);
        self.find_from(tenancy, 0, true);
        self.settle(Some(tenancy));
    }

    fn find_from(&mut self, tenancy: &Tenancy, skip: usize, forward: bool) {
        let tree = &tenancy.tree;
        let rows: Vec<TreeRow> =
            tree.nodes().map(TreeRow::Compartment).chain((0..tenancy.regions.len()).map(TreeRow::Region)).collect();
        let here = self.row(tenancy);
        let at = rows.iter().position(|row| *row == here).unwrap_or_default();
        let matcher = FuzzyFind::new(&self.find);
        let hit = (0..rows.len())
            .map(|step| step + skip)
            .map(|step| if forward { at + step } else { at + rows.len() * 2 - step } % rows.len())
            .find(|place| matcher.matches(&row_text(rows[*place], tenancy)));
        match hit.map(|place| rows[place]) {
            Some(TreeRow::Compartment(node)) => self.show(node, tree),
            Some(TreeRow::Region(place)) => self.view.cursor = self.nodes(tree).len() + place,
            None => {}
        }
    }

    /// Whether a row is a hit of what is looked for.
    pub fn is_hit(&self, row: TreeRow, tenancy: &Tenancy) -> bool {
        !self.find.trim().is_empty() && FuzzyFind::new(&self.find).matches(&row_text(row, tenancy))
    }
}

fn row_text(row: TreeRow, tenancy: &Tenancy) -> String {
    match row {
        TreeRow::Compartment(node) => tenancy.tree.path(node),
        TreeRow::Region(place) => {
            tenancy.regions.get(place).map(|region| format!("{} {}", region.key, region.id)).unwrap_or_default()
        }
    }
}

fn toggle(row: TreeRow, tenancy: &Tenancy, included: &mut Included) -> TreeWish {
    match row {
        TreeRow::Compartment(node) => included.toggle_subtree(&tenancy.tree, node),
        TreeRow::Region(place) => match tenancy.regions.get(place).filter(|region| region.is_ready()) {
            Some(region) => included.toggle_region(&region.id),
            None => return TreeWish::Nothing,
        },
    }
    TreeWish::ScopeChanged
}

fn only(row: TreeRow, tenancy: &Tenancy, included: &mut Included) {
    match row {
        TreeRow::Compartment(node) => included.only_subtree(&tenancy.tree, node),
        TreeRow::Region(place) => {
            if let Some(region) = tenancy.regions.get(place).filter(|region| region.is_ready()) {
                included.only_region(&region.id);
            }
        }
    }
}
