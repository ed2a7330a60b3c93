//! Action: everything a user can mean by a key. What each does is told in `assets/keymap.toml`, where help reads it.

use std::borrow::Cow;

/// Defines the actions with the names under which the keymap knows them.
macro_rules! actions {
    ($($variant:ident = $name:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($variant,)*
            /// Unfold so many levels of the document, 1 to 9.
            UnfoldTo(u8),
        }

        impl Action {
            /// Every action there is, `UnfoldTo` by each of its levels.
            pub fn all() -> impl Iterator<Item = Self> {
                [$(Self::$variant,)*].into_iter().chain((1..=9).map(Self::UnfoldTo))
            }

            /// As it is typed after `:`, and in the keymap.
            pub fn name(self) -> Cow<'static, str> {
                match self {
                    $(Self::$variant => $name.into(),)*
                    Self::UnfoldTo(levels) => format!("unfold-to-{levels}").into(),
                }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => name.strip_prefix("unfold-to-")?.parse().ok().filter(|n| (1..=9).contains(n)).map(Self::UnfoldTo),
                }
            }
        }
    };
}

actions! {
    LineDown = "line-down",
    LineUp = "line-up",
    MoveLeft = "left",
    MoveRight = "right",
    Top = "top",
    Bottom = "bottom",
    HalfPageDown = "half-page-down",
    HalfPageUp = "half-page-up",
    PageDown = "page-down",
    PageUp = "page-up",
    ScrollDetailDown = "scroll-detail-down",
    ScrollDetailUp = "scroll-detail-up",
    NextSibling = "next-sibling",
    PreviousSibling = "previous-sibling",
    NextPane = "next-pane",
    PreviousPane = "previous-pane",
    FocusTree = "focus-compartments",
    FocusList = "focus-events",
    FocusDetail = "focus-detail",
    ScopeAll = "scope-all",
    Open = "open",
    Cancel = "cancel",
    Close = "close",
    Quit = "quit",
    Suspend = "suspend",
    Redraw = "redraw",
    Search = "search",
    Highlight = "highlight",
    NextHit = "next-hit",
    PreviousHit = "previous-hit",
    RemoveLastFilter = "remove-last-filter",
    ClearFilters = "clear-filters",
    SwitchFilters = "switch-filters",
    Include = "include",
    Exclude = "exclude",
    Back = "back",
    Forward = "forward",
    Complete = "complete",
    CompleteBack = "complete-back",
    SearchHistory = "search-history",
    Views = "views",
    SaveView = "save-view",
    CycleAccess = "cycle-access",
    ToggleFailed = "toggle-failed",
    ToggleOwn = "toggle-own",
    Toggle = "toggle",
    OnlyThis = "only-this",
    PickTime = "pick-time",
    CycleZone = "cycle-zone",
    ToggleHistogram = "toggle-histogram",
    FocusHistogram = "focus-histogram",
    ExtendLeft = "extend-left",
    ExtendRight = "extend-right",
    LookAround = "look-around",
    PreviousMark = "previous-mark",
    NextMark = "next-mark",
    Count = "count",
    ToggleMouse = "toggle-mouse",
    ZoomIn = "zoom-in",
    ZoomOut = "zoom-out",
    Sort = "sort",
    SortReversed = "sort-reversed",
    ChooseColumns = "choose-columns",
    MoveDown = "move-down",
    MoveUp = "move-up",
    UsualColumns = "usual-columns",
    NextFailed = "next-failed",
    PreviousFailed = "previous-failed",
    NextTab = "next-tab",
    PreviousTab = "previous-tab",
    UnfoldAll = "unfold-all",
    ToggleWrap = "toggle-wrap",
    CopyMenu = "copy-menu",
    CopyValue = "copy-value",
    CopyJson = "copy-json",
    CopyWholeJson = "copy-whole-json",
    CopyTerm = "copy-filter",
    CopyKey = "copy-key",
    CopyPath = "copy-path",
    CopyLine = "copy-json-line",
    CopyRow = "copy-row",
    CopyMarkdown = "copy-markdown",
    CopyPrincipal = "copy-principal",
    CopyOperation = "copy-operation",
    CopyRequest = "copy-request",
    CopyFingerprint = "copy-fingerprint",
    CopyQuery = "copy-query",
    CopyExport = "copy-export",
    CopySearch = "copy-search",
    CopyCalls = "copy-calls",
    Palette = "command-palette",
    Print = "print",
    CopyOcid = "copy-ocid",
    CopyEventId = "copy-event-id",
    CopySummary = "copy-summary",
    CycleLayout = "cycle-layout",
    ToggleTree = "toggle-tree",
    Refresh = "refresh",
    Follow = "follow",
    Help = "help",
    SwitchPart = "switch-part",
    SwitchPartBack = "switch-part-back",
    Coverage = "coverage",
    TogglePause = "pause",
    RetryRow = "retry-row",
    AskFirst = "ask-first",
    AskLast = "ask-last",
    ShowAll = "show-all",
    CopyReport = "copy-report",
    Facets = "facets",
    AddField = "add-field",
    OrderValues = "order-values",
    Pivot = "pivot",
    SamePrincipal = "same-principal",
    SameIp = "same-ip",
    SameKey = "same-key",
    SameSession = "same-session",
    SameOperation = "same-operation",
    SameRequest = "same-request",
    SameTarget = "same-target",
    SameCompartment = "same-compartment",
    SameEvent = "same-event",
    SameAgent = "same-agent",
    Mentions = "mentions",
    KeyOrigin = "key-origin",
}

impl Action {
    /// Whether it copies something of what the cursor is on, or of the question: what the copy menu is for.
    pub fn is_copy(self) -> bool {
        self.name().starts_with("copy-") && !matches!(self, Self::CopyMenu | Self::CopyReport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_name_of_its_own_by_which_it_is_found() {
        for action in Action::all() {
            assert_eq!(Action::from_name(&action.name()), Some(action));
        }
        assert!(Action::CopyQuery.is_copy() && !Action::CopyMenu.is_copy());
    }
}
