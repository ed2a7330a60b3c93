//! Compartments and the tree they form.

use std::collections::HashMap;

use serde::Serialize;

use super::ocid::Ocid;

/// API field `lifecycleState` of a compartment.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Lifecycle {
    Creating,
    Active,
    Inactive,
    Deleting,
    Deleted,
    /// A state newer than this program.
    #[serde(untagged)]
    Other(String),
}

impl Lifecycle {
    pub fn from_api(state: &str) -> Self {
        match state {
            "CREATING" => Self::Creating,
            "ACTIVE" => Self::Active,
            "INACTIVE" => Self::Inactive,
            "DELETING" => Self::Deleting,
            "DELETED" => Self::Deleted,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word the API uses.
    pub fn as_api(&self) -> &str {
        match self {
            Self::Creating => "CREATING",
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Deleting => "DELETING",
            Self::Deleted => "DELETED",
            Self::Other(word) => word,
        }
    }
}

/// One compartment; the tenancy itself is the root compartment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compartment {
    pub id: Ocid,
    /// API field `compartmentId`; `None` for the root.
    pub parent: Option<Ocid>,
    pub name: String,
    pub lifecycle: Lifecycle,
}

/// A place in a [`CompartmentTree`]; valid for the tree it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Every compartment of a tenancy in depth-first order, siblings by name, the root first.
///
/// Immutable. A compartment whose parent was not listed (restricted listings leave parents out) hangs under the root
/// and is marked [`orphan`](Self::is_orphan); a cycle of parents is broken the same way. None is ever dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompartmentTree {
    nodes: Vec<Node>,
    by_id: HashMap<Ocid, NodeId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    compartment: Compartment,
    parent: Option<NodeId>,
    depth: u16,
    /// One past the last node of the subtree, so that a subtree is a range.
    end: u32,
    orphan: bool,
}

impl CompartmentTree {
    /// Builds the tree from the root and every listed compartment, in any order. A repeated id counts once, the last
    /// one listed wins; the root's own id in `listed` is ignored.
    pub fn new(root: Compartment, listed: Vec<Compartment>) -> Self {
        let root_id = root.id.clone();
        let mut all: HashMap<Ocid, Compartment> =
            listed.into_iter().filter(|c| c.id != root_id).map(|c| (c.id.clone(), c)).collect();
        let reachable = reachable_from(&root_id, &all);
        let mut children: HashMap<Ocid, Vec<(Ocid, bool)>> = HashMap::new();
        for compartment in all.values() {
            let parent = compartment.parent.as_ref().filter(|_| reachable.contains(&compartment.id));
            let orphan = parent.is_none();
            let parent = parent.unwrap_or(&root_id).clone();
            children.entry(parent).or_default().push((compartment.id.clone(), orphan));
        }
        for siblings in children.values_mut() {
            siblings.sort_by(|(a, _), (b, _)| {
                let name = |id: &Ocid| all.get(id).map(|c| c.name.to_lowercase()).unwrap_or_default();
                name(a).cmp(&name(b)).then_with(|| a.cmp(b))
            });
        }
        let mut tree = Self { nodes: Vec::with_capacity(all.len() + 1), by_id: HashMap::new() };
        tree.grow(root, &mut all, &children);
        tree
    }

    /// Depth-first with an explicit stack: the depth is OCI's to limit, not our call stack's.
    fn grow(
        &mut self,
        root: Compartment,
        all: &mut HashMap<Ocid, Compartment>,
        children: &HashMap<Ocid, Vec<(Ocid, bool)>>,
    ) {
        enum Step {
            Enter(Compartment, Option<NodeId>, bool),
            Leave(NodeId),
        }
        let mut stack = vec![Step::Enter(root, None, false)];
        while let Some(step) = stack.pop() {
            match step {
                Step::Leave(node) => self.nodes[node.index()].end = self.nodes.len() as u32,
                Step::Enter(compartment, parent, orphan) => {
                    let id = compartment.id.clone();
                    let node = self.push(compartment, parent, orphan);
                    stack.push(Step::Leave(node));
                    for (child, orphan) in children.get(&id).into_iter().flatten().rev() {
                        if let Some(compartment) = all.remove(child) {
                            stack.push(Step::Enter(compartment, Some(node), *orphan));
                        }
                    }
                }
            }
        }
    }

    fn push(&mut self, compartment: Compartment, parent: Option<NodeId>, orphan: bool) -> NodeId {
        let node = NodeId(self.nodes.len() as u32);
        let depth = parent.map_or(0, |p| self.nodes[p.index()].depth + 1);
        self.by_id.insert(compartment.id.clone(), node);
        self.nodes.push(Node { compartment, parent, depth, end: node.0 + 1, orphan });
        node
    }

    /// Number of compartments, the root included; never 0.
    #[expect(clippy::len_without_is_empty, reason = "the root is always there")]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    pub fn compartments(&self) -> impl Iterator<Item = &Compartment> {
        self.nodes.iter().map(|node| &node.compartment)
    }

    pub fn get(&self, node: NodeId) -> &Compartment {
        &self.nodes[node.index()].compartment
    }

    pub fn find(&self, id: &Ocid) -> Option<NodeId> {
        self.by_id.get(id).copied()
    }

    /// 0 for the root.
    pub fn depth(&self, node: NodeId) -> usize {
        usize::from(self.nodes[node.index()].depth)
    }

    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.nodes[node.index()].parent
    }

    /// Whether the listing left this compartment's parent out.
    pub fn is_orphan(&self, node: NodeId) -> bool {
        self.nodes[node.index()].orphan
    }

    /// The node and everything below it, depth first.
    pub fn subtree(&self, node: NodeId) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (node.0..self.nodes[node.index()].end).map(NodeId)
    }

    pub fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.subtree(node).filter(move |child| self.parent(*child) == Some(node))
    }

    pub fn has_children(&self, node: NodeId) -> bool {
        self.nodes[node.index()].end > node.0 + 1
    }

    /// Names from below the root, joined by `/`; the root's own path is its name.
    pub fn path(&self, node: NodeId) -> String {
        let mut names = Vec::new();
        let mut at = node;
        while let Some(parent) = self.parent(at) {
            names.push(self.get(at).name.as_str());
            at = parent;
        }
        if names.is_empty() {
            return self.get(node).name.clone();
        }
        names.reverse();
        names.join("/")
    }

    /// What a user calls a compartment: its OCID, its path (`prod/net`) or its name. Names are compared without regard
    /// to case; a name that stands for several gives them all, so that the caller can ask which.
    pub fn named(&self, text: &str) -> Vec<NodeId> {
        if let Some(node) = self.find(&Ocid::new(text)) {
            return vec![node];
        }
        let wanted = text.trim().trim_matches('/').to_lowercase();
        let by_path: Vec<NodeId> = self.nodes().filter(|n| self.path(*n).to_lowercase() == wanted).collect();
        if !by_path.is_empty() {
            return by_path;
        }
        self.nodes().filter(|n| self.get(*n).name.to_lowercase() == wanted).collect()
    }
}

/// The ids whose chain of parents ends at the root.
fn reachable_from(root: &Ocid, all: &HashMap<Ocid, Compartment>) -> std::collections::HashSet<Ocid> {
    let mut children: HashMap<&Ocid, Vec<&Ocid>> = HashMap::new();
    for compartment in all.values() {
        if let Some(parent) = &compartment.parent {
            children.entry(parent).or_default().push(&compartment.id);
        }
    }
    let mut reached = std::collections::HashSet::new();
    let mut stack = vec![root];
    while let Some(id) = stack.pop() {
        for child in children.get(id).into_iter().flatten() {
            if reached.insert((*child).clone()) {
                stack.push(child);
            }
        }
    }
    // Where a middle parent was not listed, what hangs below it still belongs together.
    for compartment in all.values() {
        if compartment.parent.as_ref().is_some_and(|p| all.contains_key(p) && !in_cycle(compartment, all)) {
            reached.insert(compartment.id.clone());
        }
    }
    reached
}

fn in_cycle(start: &Compartment, all: &HashMap<Ocid, Compartment>) -> bool {
    let mut at = start;
    for _ in 0..=all.len() {
        match at.parent.as_ref().and_then(|parent| all.get(parent)) {
            Some(parent) if parent.id == start.id => return true,
            Some(parent) => at = parent,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compartment(id: &str, parent: Option<&str>) -> Compartment {
        Compartment {
            id: id.into(),
            parent: parent.map(Ocid::from),
            name: id.to_uppercase(),
            lifecycle: Lifecycle::Active,
        }
    }

    fn tree(pairs: &[(&str, &str)]) -> CompartmentTree {
        let listed = pairs.iter().map(|(id, parent)| compartment(id, Some(parent))).collect();
        CompartmentTree::new(compartment("root", None), listed)
    }

    fn names(tree: &CompartmentTree) -> Vec<&str> {
        tree.compartments().map(|c| c.id.as_str()).collect()
    }

    #[test]
    fn depth_first_with_siblings_by_name() {
        let tree = tree(&[("b", "root"), ("a", "root"), ("b2", "b"), ("b1", "b"), ("a1", "a")]);
        assert_eq!(names(&tree), ["root", "a", "a1", "b", "b1", "b2"]);
        let b = tree.find(&"b".into()).unwrap();
        assert_eq!(tree.subtree(b).count(), 3);
        assert_eq!(tree.children(tree.root()).count(), 2);
        assert_eq!(tree.path(tree.find(&"b2".into()).unwrap()), "B/B2");
    }

    #[test]
    fn a_missing_parent_and_a_cycle_lose_nothing() {
        let tree = tree(&[("x", "unlisted"), ("x1", "x"), ("p", "q"), ("q", "p"), ("self", "self")]);
        assert_eq!(tree.len(), 6);
        let x = tree.find(&"x".into()).unwrap();
        assert!(tree.is_orphan(x));
        assert_eq!(tree.parent(tree.find(&"x1".into()).unwrap()), Some(x));
        assert_eq!(tree.subtree(tree.root()).count(), 6);
    }

    #[test]
    fn a_name_may_mean_several() {
        let tree = tree(&[("net", "prod"), ("prod", "root"), ("Net", "dev"), ("dev", "root")]);
        assert_eq!(tree.named("NET").len(), 2);
        assert_eq!(tree.named("prod/net").len(), 1);
        assert_eq!(tree.named("nothing").len(), 0);
    }
}
