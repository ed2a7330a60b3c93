//! The mouse, off until it is asked for: while it is on, the terminal no longer selects text by itself.

use super::action::Action;
use super::effect::Effect;
use super::geometry::Area;
use super::{App, Pane};

/// What the mouse did, and on which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    pub kind: MouseKind,
    pub column: u16,
    pub row: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// The left button, as the others below.
    Press,
    Drag,
    WheelUp,
    WheelDown,
}

/// Lines that one step of the wheel scrolls.
const STEP: usize = 3;

impl App {
    /// Whether the mouse is ours.
    pub fn has_mouse(&self) -> bool {
        self.mouse
    }

    pub(super) fn toggle_mouse(&mut self) -> Vec<Effect> {
        self.mouse = !self.mouse;
        let words = if self.mouse { "mouse on: with Shift held, text is selected as before" } else { "mouse off" };
        self.say(words);
        vec![Effect::CaptureMouse(self.mouse)]
    }

    pub(super) fn mouse(&mut self, mouse: Mouse) -> Vec<Effect> {
        if !self.mouse {
            return Vec::new();
        }
        let down = mouse.kind == MouseKind::WheelDown;
        match mouse.kind {
            MouseKind::WheelUp | MouseKind::WheelDown if self.overlay.is_some() => {
                self.act(if down { Action::LineDown } else { Action::LineUp })
            }
            _ if self.overlay.is_some() || self.prompt.is_some() => Vec::new(),
            MouseKind::WheelUp | MouseKind::WheelDown => self.wheel(mouse, down),
            MouseKind::Press => self.click(mouse),
            MouseKind::Drag => {
                self.drag(mouse);
                Vec::new()
            }
        }
    }

    /// The pane under the mouse; the tree may lie over the others.
    fn pane_at(&self, mouse: Mouse) -> Option<Pane> {
        let geometry = &self.geometry;
        let panes = [(geometry.tree, Pane::Tree), (geometry.list, Pane::List), (geometry.detail, Pane::Detail)];
        panes.into_iter().find(|(area, _)| area.holds(mouse.column, mouse.row)).map(|(_, pane)| pane)
    }

    /// Scrolls what is under it, wherever the keys are.
    fn wheel(&mut self, mouse: Mouse, down: bool) -> Vec<Effect> {
        match (self.pane_at(mouse), self.view.clone(), &self.tenancy) {
            (Some(Pane::List), Some(view), _) => {
                self.list.scroll(down, STEP, &view);
                return self.look_at_event();
            }
            (Some(Pane::Detail), ..) => (0..STEP).for_each(|_| self.detail.scroll(down)),
            (Some(Pane::Tree), _, Some(tenancy)) => {
                let action = if down { Action::LineDown } else { Action::LineUp };
                for _ in 0..STEP {
                    self.tree.act(action, tenancy, &mut self.included);
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn click(&mut self, mouse: Mouse) -> Vec<Effect> {
        if let Some(bucket) = self.bucket_at(mouse) {
            let effects = self.focus_histogram();
            self.brush_bucket(bucket, false);
            return effects;
        }
        let Some(pane) = self.pane_at(mouse) else { return Vec::new() };
        self.focus_on(pane);
        match (pane, self.view.clone(), &self.tenancy) {
            (Pane::List, Some(view), _) => {
                let rank = self.list.viewport().offset + usize::from(mouse.row - self.geometry.list.y);
                if rank < view.matched() {
                    self.list.move_to(rank, &view);
                }
                return self.look_at_event();
            }
            (Pane::Tree, _, Some(tenancy)) => self.tree.click(mouse.row - self.geometry.tree.y, tenancy),
            _ => {}
        }
        Vec::new()
    }

    /// From the bucket that was pressed to this one.
    fn drag(&mut self, mouse: Mouse) {
        if let Some(bucket) = self.bucket_at(mouse).filter(|_| self.is_brushing()) {
            self.brush_bucket(bucket, true);
        }
    }

    fn bucket_at(&self, mouse: Mouse) -> Option<usize> {
        let bars: Area = self.geometry.bars;
        bars.holds(mouse.column, mouse.row).then(|| usize::from(mouse.column - bars.x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::message::Message;
    use crate::app::testing::{Stage, at};
    use crate::app::tests::stage;

    fn with_mouse() -> Stage {
        let mut stage = stage();
        let area = |x, y, width, height| Area { x, y, width, height };
        let geometry = crate::app::geometry::Geometry {
            bars: area(5, 3, 60, 3),
            tree: area(1, 8, 26, 20),
            list: area(29, 9, 90, 5),
            detail: area(29, 20, 90, 10),
            ..*stage.app.geometry()
        };
        stage.send(Message::Drawn(geometry));
        stage.keys("<f2>");
        assert_eq!(stage.effects.last(), Some(&Effect::CaptureMouse(true)));
        stage
    }

    fn mouse(stage: &mut Stage, kind: MouseKind, column: u16, row: u16) {
        stage.send(Message::Mouse(Mouse { kind, column, row }));
    }

    #[test]
    fn a_click_selects_and_the_wheel_scrolls_what_is_under_it() {
        let mut stage = with_mouse();
        mouse(&mut stage, MouseKind::Press, 40, 12);
        assert_eq!((stage.under_cursor().as_str(), stage.app.pane()), ("CreateVnicAttachment", Pane::List));
        mouse(&mut stage, MouseKind::WheelDown, 40, 12);
        assert_eq!(stage.app.list().viewport().offset, 3);
        mouse(&mut stage, MouseKind::Press, 3, 10);
        let tenancy = stage.app.tenancy().unwrap();
        assert_eq!((stage.app.pane(), stage.app.tree().viewport().cursor), (Pane::Tree, 2));
        assert_eq!(stage.app.included().compartment_count(), tenancy.tree.len(), "clicking includes nothing");
        mouse(&mut stage, MouseKind::WheelUp, 3, 10);
        assert_eq!(stage.app.tree().viewport().cursor, 0);
        // Twelve rows of compartments, a gap and a heading: then the regions.
        mouse(&mut stage, MouseKind::Press, 3, 8 + 12 + 3);
        assert_eq!(stage.app.tree().row(stage.app.tenancy().unwrap()), crate::app::panes::tree::TreeRow::Region(1));
        mouse(&mut stage, MouseKind::Press, 40, 22);
        assert_eq!(stage.app.pane(), Pane::Detail);
        mouse(&mut stage, MouseKind::Press, 0, 0);
        assert_eq!(stage.app.pane(), Pane::Detail);
    }

    #[test]
    fn dragging_over_the_histogram_brushes() {
        let mut stage = with_mouse();
        mouse(&mut stage, MouseKind::Press, 5 + 54, 4);
        mouse(&mut stage, MouseKind::Drag, 5 + 59, 5);
        let brushed = stage.app.brushed().unwrap();
        assert_eq!(brushed.range.to_string(), "2026-03-14T13:24:00Z..2026-03-14T14:00:00Z");
        mouse(&mut stage, MouseKind::Drag, 5 + 50, 3);
        assert_eq!(stage.app.brushed().unwrap().range.end(), at("2026-03-14T13:30:00Z"));
        stage.keys("<enter>");
        assert_eq!(stage.app.range().start(), at("2026-03-14T13:00:00Z"));
    }

    #[test]
    fn it_is_off_at_first_and_again_after_a_second_press() {
        let mut stage = stage();
        mouse(&mut stage, MouseKind::Press, 40, 12);
        assert!(!stage.app.has_mouse() && stage.under_cursor() == "DeleteUser");
        stage.keys("<f2> <f2>");
        assert_eq!(stage.effects.last(), Some(&Effect::CaptureMouse(false)));
    }
}
