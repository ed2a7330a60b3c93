//! Look: how the user wants the panes arranged. What fits is the screen's business.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub arrangement: Arrangement,
    /// `None`: shown where there is room for it.
    pub tree: Option<bool>,
    pub histogram: bool,
    /// The keys are in the histogram: it is shown even on the smallest screen.
    pub brushing: bool,
    /// The detail was opened and fills what room there is, on small screens.
    pub detail_open: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Arrangement {
    /// The detail below the list.
    #[default]
    Stacked,
    /// The detail beside the list, where the screen is wide enough.
    Beside,
    ListOnly,
}

impl Default for Look {
    fn default() -> Self {
        Self { arrangement: Arrangement::default(), tree: None, histogram: true, brushing: false, detail_open: false }
    }
}

impl Arrangement {
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Stacked => Self::Beside,
            Self::Beside => Self::ListOnly,
            Self::ListOnly => Self::Stacked,
        }
    }
}
