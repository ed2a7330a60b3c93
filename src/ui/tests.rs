//! Pictures of the screen, and laws about what may be on it.

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::{Theme, draw, plain};
use crate::app::message::Message;
use crate::app::setup::{Glyphs, Setup};
use crate::app::testing::{Stage, ledger, ocid, setup, snapshot, tenancy, troubled};
use crate::domain::ledger::Ledger;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::region::RegionId;
use crate::index::IndexBuilder;

/// Draws until the machine knows what the screen measures, as the driver does.
fn screen(stage: &mut Stage, width: u16, height: u16) -> String {
    screen_with(stage, width, height, &Theme::dark())
}

fn screen_with(stage: &mut Stage, width: u16, height: u16, theme: &Theme) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    for _ in 0..5 {
        let mut geometry = None;
        terminal.draw(|frame| geometry = Some(draw(&stage.app, theme, frame))).unwrap();
        let geometry = geometry.unwrap();
        if geometry == *stage.app.geometry() {
            break;
        }
        stage.send(Message::Drawn(geometry));
    }
    plain(terminal.backend().buffer())
}

#[test]
fn look() {
    let mut stage = Stage::new(troubled());
    for (w, h) in [(120, 36), (80, 24), (60, 15), (39, 9)] {
        println!("{w}x{h}\n{}", screen(&mut stage, w, h).lines().map(|l| format!("{l}|\n")).collect::<String>());
    }
}
