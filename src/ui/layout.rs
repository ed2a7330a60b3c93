//! Layout: which pane gets which cells. Arithmetic only.

use ratatui::layout::Rect;

use crate::app::geometry::{Geometry, Shape};
use crate::app::look::{Arrangement, Look};

use super::time_bar::{columns_bare, columns_with_axis};

/// Areas of the panes; one that is not shown is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub shape: Shape,
    pub truth: Rect,
    pub query: Rect,
    pub filters: Rect,
    pub time_bar: Rect,
    pub tree: Rect,
    pub list: Rect,
    pub detail: Rect,
    pub keys: Rect,
    pub problem: Rect,
    pub buckets: u16,
}

/// The detail below the list on a middle-sized screen, title included.
const PEEK: u16 = 7;
/// Rows of the list that stay while the detail is open there.
const LIST_LEFT: u16 = 5;
const TREE_WIDTH: u16 = 28;

impl Layout {
    /// `problem` is how many rows the problem at the bottom takes.
    pub fn new(screen: Rect, look: Look, problem: u16) -> Self {
        let (width, height) = Geometry::MINIMUM;
        match (screen.width, screen.height) {
            (w, h) if w < width || h < height => Self::default(),
            (w, h) if w >= 100 && h >= 30 => Self::wide(screen, look, problem),
            (w, h) if w >= 70 && h >= 18 => Self::medium(screen, look, problem),
            _ => Self::small(screen, look),
        }
    }

    fn wide(screen: Rect, look: Look, problem: u16) -> Self {
        let mut rest = screen;
        let mut layout = Self { shape: Shape::Wide, ..Self::default() };
        layout.truth = take_top(&mut rest, 1);
        layout.query = take_top(&mut rest, 1);
        layout.filters = take_top(&mut rest, 1);
        if look.histogram {
            layout.time_bar = take_top(&mut rest, 4);
            layout.buckets = columns_with_axis(screen.width);
        }
        layout.problem = take_bottom(&mut rest, problem);
        layout.keys = take_bottom(&mut rest, 1);
        if look.tree != Some(false) {
            layout.tree = take_left(&mut rest, TREE_WIDTH);
        }
        match look.arrangement {
            Arrangement::Stacked => {
                let detail = (rest.height * 4 / 9).clamp(8, 24);
                layout.detail = take_bottom(&mut rest, detail);
            }
            Arrangement::Beside => {
                let list = rest.width * 56 / 100;
                layout.list = take_left(&mut rest, list);
                layout.detail = rest;
                return layout;
            }
            Arrangement::ListOnly => {}
        }
        layout.list = rest;
        layout
    }

    fn medium(screen: Rect, look: Look, problem: u16) -> Self {
        let mut rest = screen;
        let mut layout = Self { shape: Shape::Medium, ..Self::default() };
        layout.truth = take_top(&mut rest, 1);
        layout.query = take_top(&mut rest, 1);
        if look.histogram {
            layout.time_bar = take_top(&mut rest, 2);
            layout.buckets = columns_bare(screen.width);
        }
        layout.problem = take_bottom(&mut rest, problem);
        layout.keys = take_bottom(&mut rest, 1);
        if look.tree == Some(true) {
            layout.tree = Rect { width: sliding_width(rest.width), ..rest };
        }
        let open = rest.height.saturating_sub(LIST_LEFT);
        match look.arrangement {
            Arrangement::Stacked => {
                layout.detail = take_bottom(&mut rest, if look.detail_open { open } else { PEEK });
            }
            Arrangement::Beside => {
                let list = rest.width * 55 / 100;
                layout.list = take_left(&mut rest, list);
                take_left(&mut rest, 1);
                layout.detail = rest;
                return layout;
            }
            Arrangement::ListOnly => {}
        }
        layout.list = rest;
        layout
    }

    fn small(screen: Rect, look: Look) -> Self {
        let mut rest = screen;
        let mut layout = Self { shape: Shape::Small, ..Self::default() };
        layout.truth = take_top(&mut rest, 1);
        layout.query = take_top(&mut rest, 1);
        if look.brushing {
            layout.time_bar = take_top(&mut rest, 2);
            layout.buckets = columns_bare(screen.width);
        }
        layout.problem = take_bottom(&mut rest, 1);
        layout.keys = take_bottom(&mut rest, 1);
        if look.tree == Some(true) {
            layout.tree = Rect { width: sliding_width(rest.width), ..rest };
        }
        if look.detail_open {
            layout.detail = rest;
        } else {
            layout.list = rest;
        }
        layout
    }
}

/// The tree where it lies over the list.
fn sliding_width(width: u16) -> u16 {
    36.min(width.saturating_sub(8))
}

fn take_top(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    let top = Rect { height, ..*rest };
    *rest = Rect { y: rest.y + height, height: rest.height - height, ..*rest };
    top
}

fn take_bottom(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    rest.height -= height;
    Rect { y: rest.y + rest.height, height, ..*rest }
}

fn take_left(rest: &mut Rect, width: u16) -> Rect {
    let width = width.min(rest.width);
    let left = Rect { width, ..*rest };
    *rest = Rect { x: rest.x + width, width: rest.width - width, ..*rest };
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panes_lie_on_the_screen_and_not_on_each_other() {
        for width in 0..160 {
            for height in [0, 9, 10, 15, 18, 24, 30, 36, 60] {
                for arrangement in [Arrangement::Stacked, Arrangement::Beside, Arrangement::ListOnly] {
                    for detail_open in [false, true] {
                        let screen = Rect::new(0, 0, width, height);
                        let look = Look { arrangement, detail_open, ..Look::default() };
                        check(screen, &Layout::new(screen, look, 1));
                        check(screen, &Layout::new(screen, look, 4));
                    }
                }
            }
        }
    }

    fn check(screen: Rect, layout: &Layout) {
        let l = layout;
        let panes = [l.truth, l.query, l.filters, l.time_bar, l.tree, l.list, l.detail, l.keys, l.problem];
        for (place, pane) in panes.iter().enumerate() {
            assert_eq!(pane.intersection(screen), *pane, "{layout:?}");
            for other in &panes[place + 1..] {
                assert!(pane.intersection(*other).is_empty(), "{layout:?}");
            }
        }
    }
}
