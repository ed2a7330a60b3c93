//! Geometry: what the last frame measured, so that a page is a page and a click has a place.

use super::columns::DrawnColumns;

/// Sizes in cells. All zero before the first frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Geometry {
    pub width: u16,
    pub height: u16,
    pub shape: Shape,
    /// Where the rows of events, of compartments and regions, of the detail and the bars of the histogram stand.
    pub list: Area,
    pub tree: Area,
    pub detail: Area,
    pub bars: Area,
    /// Rows of events in sight; 0 when the list is not.
    pub list_rows: u16,
    /// The row of the screen on which the first of them stands.
    pub list_top: u16,
    /// Columns of the list that there was room for.
    pub list_columns: DrawnColumns,
    pub tree_rows: u16,
    pub region_rows: u16,
    pub detail_rows: u16,
    pub detail_width: u16,
    /// Columns of the histogram; 0 when it is hidden.
    pub buckets: u16,
    /// Rows of the open dialog's scrolling part.
    pub overlay_rows: u16,
    /// Columns of what scrolls sideways in it.
    pub overlay_columns: u16,
}

/// A part of the screen, in cells; empty where it is not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    pub fn holds(self, column: u16, row: u16) -> bool {
        (self.x..self.x + self.width).contains(&column) && (self.y..self.y + self.height).contains(&row)
    }
}

/// Which of the arrangements the frame was large enough for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Below 40×10: nothing but a sentence that says so.
    #[default]
    TooSmall,
    /// The list alone; the detail takes its place when opened.
    Small,
    /// Header, histogram, list and a peek at the event; the tree slides over.
    Medium,
    /// Four framed panes.
    Wide,
}

impl Geometry {
    /// The smallest screen on which anything is drawn.
    pub const MINIMUM: (u16, u16) = (40, 10);
}
