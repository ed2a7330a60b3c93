//! The hands and the clock of the explorer: owns the terminal, waits for what happens, lets the machine decide, performs
//! what it asks for, and draws when something has changed.
//!
//! ```text
//! keys, paste ──┐                     ┌──► Hands ──► fetch, index, viewer, clipboard ──┐
//! the clock ────┼─► App::update ──► Effect                                            │
//! happenings ───┘         │           └──► suspend, redraw, quit                       │
//!      ▲                  └──► draw once the queue is empty                            │
//!      └───────────────────────────────────────────────────────────────────────────────┘
//! ```

pub mod clipboard;
mod counter;
mod effects;
mod exporting;
mod home;
mod input;
pub mod past;
mod private;
mod quiet;
mod reload;
mod shelf;
mod terminal;
mod viewer;
mod wire;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

pub use clipboard::Clipboard;
pub use effects::Source;
pub use reload::{Reload, Reloaded};
pub use shelf::Files;
pub use wire::FetchOptions;

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::geometry::Geometry;
use crate::app::message::Message;
use crate::app::setup::Setup;
use crate::domain::problem::Problem;
use crate::index::Snapshot;
use crate::ui::Theme;
use effects::Hands;
use home::Happening;

/// The least time between two frames that no key asked for.
const FRAME: Duration = Duration::from_millis(33);

/// Happenings taken up before keys are looked at again.
const TOGETHER: usize = 64;

/// The explorer on some screen: a real terminal, or a buffer in tests.
pub struct Driver<B: Backend> {
    app: App,
    theme: Theme,
    terminal: Terminal<B>,
    geometry: Option<Geometry>,
    hands: Hands,
    happenings: mpsc::UnboundedReceiver<Happening>,
    /// Effects that need the terminal, and sequences to write to it.
    errands: VecDeque<Errand>,
    changed: bool,
    /// What was printed is being read: the terminal is the user's until Enter.
    printed: bool,
}

enum Errand {
    Print(String),
    Mouse(bool),
    Suspend,
    Redraw,
    Write(String),
}

impl<B: Backend> Driver<B>
where
    B::Error: std::error::Error + Send + Sync + 'static,
{
    /// Sets everything up and performs the machine's first effects. Call it inside of a tokio runtime.
    pub fn new(source: Source, setup: Setup, clipboard: Clipboard, theme: Theme, terminal: Terminal<B>) -> Self {
        let max_memory = setup.max_memory;
        let (app, effects) = App::new(setup);
        let (hands, happenings) = Hands::new(source, max_memory, clipboard);
        let errands = VecDeque::new();
        let mut driver =
            Self { app, theme, terminal, geometry: None, hands, happenings, errands, changed: true, printed: false };
        driver.perform(effects);
        driver
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn terminal(&self) -> &Terminal<B> {
        &self.terminal
    }

    /// Tells the machine something and performs what it asks for.
    pub fn send(&mut self, message: Message) {
        if let Message::TenancyKnown(tenancy) = &message {
            self.hands.learn(tenancy);
        }
        self.changed = true;
        let effects = self.app.update(message);
        self.perform(effects);
    }

    /// Draws, if anything has changed since the last frame.
    pub fn draw(&mut self) -> io::Result<()> {
        // A frame may show the machine something about its size that changes what it wants drawn; once is enough.
        for _ in 0..3 {
            if !std::mem::take(&mut self.changed) {
                break;
            }
            let mut geometry = None;
            let (app, theme) = (&self.app, &self.theme);
            self.terminal
                .draw(|frame| geometry = Some(crate::ui::draw(app, theme, frame)))
                .map_err(io::Error::other)?;
            if let Some(geometry) = geometry.filter(|geometry| self.geometry.as_ref() != Some(geometry)) {
                self.geometry = Some(geometry);
                self.send(Message::Drawn(geometry));
            }
        }
        Ok(())
    }

    /// Works until nothing is under way but calls that are held back, then draws. For tests: `parked` says how many calls
    /// wait at a gate of the simulator.
    pub async fn settle(&mut self, parked: impl Fn() -> usize) -> io::Result<()> {
        let stirred = self.hands.stirred();
        loop {
            let stir = stirred.notified();
            let busy = self.hands.is_busy(parked());
            // What was busy a moment ago has said its last before it stopped being so.
            let mut heard = false;
            while let Ok(happening) = self.happenings.try_recv() {
                self.take(happening);
                heard = true;
            }
            self.draw()?;
            if heard {
                continue;
            }
            if !busy && !self.hands.is_busy(parked()) {
                return Ok(());
            }
            // Threads and the wire do not all stir us when they end; looking again now and then costs little.
            let _ = tokio::time::timeout(Duration::from_millis(5), stir).await;
        }
    }

    fn take(&mut self, happening: Happening) {
        match happening {
            Happening::Message(message) => self.send(message),
            Happening::Reloaded(reloaded) => self.wear(*reloaded),
            Happening::WriteThrough { sequence, then } => {
                self.errands.push_back(Errand::Write(sequence));
                self.send(then);
            }
        }
    }

    /// Takes over what files of keys and colours say now.
    fn wear(&mut self, reloaded: Reloaded) {
        let (theme, message) = reloaded.message();
        if let Some(theme) = theme {
            self.theme = theme;
        }
        self.send(message);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match self.hands.perform(effect) {
                Some(Effect::Print(text)) => self.errands.push_back(Errand::Print(text)),
                Some(Effect::CaptureMouse(on)) => self.errands.push_back(Errand::Mouse(on)),
                Some(Effect::Suspend) => self.errands.push_back(Errand::Suspend),
                Some(Effect::Redraw) => self.errands.push_back(Errand::Redraw),
                // The machine knows that it wants to quit; see `App::should_quit`.
                _ => {}
            }
        }
    }
}

/// Opens the explorer on the real terminal and stays until the user, or `stop`, ends it. `notes` are told first. Gives back
/// what was held in the end.
pub async fn run(
    source: Source,
    setup: Setup,
    clipboard: Clipboard,
    theme: Theme,
    reload: Option<Reload>,
    notes: Vec<Problem>,
    stop: impl Future<Output = ()>,
) -> io::Result<Arc<Snapshot>> {
    let (taken, terminal) = terminal::Taken::take()?;
    let mut driver = Driver::new(source, setup, clipboard, theme, terminal);
    for note in notes {
        driver.send(Message::Note(note));
    }
    let _watching = reload.map(|reload| reload.watch(driver.hands.home()));
    let result = driver.run(&taken, stop).await;
    drop(taken);
    result.map(|()| driver.hands.snapshot())
}

impl Driver<terminal::Real> {
    /// What comes first: the end, keys, a frame that is due, the clock. What was fetched waits for all of them, for there
    /// may be no end of it.
    async fn run(&mut self, taken: &terminal::Taken, stop: impl Future<Output = ()>) -> io::Result<()> {
        let mut events = EventStream::new();
        let mut next_frame = Instant::now();
        let mut next_second = Instant::now();
        let mut heard = Vec::new();
        // Whether a key may still be answered.
        let mut asked = false;
        let mut stop = std::pin::pin!(stop);
        while !self.app.should_quit() {
            if !self.printed {
                taken.still_held()?;
            }
            tokio::select! {
                biased;
                () = &mut stop => break,
                event = events.next() => {
                    let Some(event) = event else { break };
                    self.take_event(event?)?;
                    // At once, but for keys that wait already: one frame shows what they all did.
                    next_frame = Instant::now();
                    asked = true;
                }
                () = sleep_until(next_frame), if self.changed && !self.printed => {
                    self.draw()?;
                    next_frame = Instant::now() + FRAME;
                }
                () = sleep_until(next_second) => {
                    let now = self.hands.now();
                    self.send(Message::Clock(now));
                    next_second = Instant::now() + until_next_second(now);
                }
                _ = self.happenings.recv_many(&mut heard, TOGETHER) => {
                    heard = newest_view_only(heard);
                    let was_current = self.app.is_current();
                    let event_read = heard.iter().any(Happening::is_event);
                    heard.drain(..).for_each(|happening| self.take(happening));
                    // The answer to a key is not kept waiting until a frame is due.
                    if asked && (event_read || !was_current && self.app.is_current()) {
                        next_frame = Instant::now();
                        asked = !event_read;
                    }
                }
            }
            self.run_errands(taken)?;
        }
        Ok(())
    }

    fn take_event(&mut self, event: Event) -> io::Result<()> {
        if self.printed {
            if input::is_enter(&event) {
                self.printed = false;
                self.changed = true;
                terminal::Taken::take_back(&mut self.terminal)?;
            }
            return Ok(());
        }
        let is_mouse = matches!(event, Event::Mouse(_));
        match input::message(event) {
            Some(message) => self.send(message),
            // Where the mouse goes is told all the time, and changes nothing.
            None => self.changed |= !is_mouse,
        }
        Ok(())
    }

    fn run_errands(&mut self, taken: &terminal::Taken) -> io::Result<()> {
        while let Some(errand) = self.errands.pop_front() {
            match errand {
                Errand::Print(text) => {
                    taken.print(&text)?;
                    self.printed = true;
                }
                Errand::Mouse(on) => taken.capture_mouse(on)?,
                Errand::Suspend => taken.suspend(&mut self.terminal)?,
                Errand::Redraw => self.terminal.clear()?,
                Errand::Write(sequence) => clipboard::write_through(&sequence, self.terminal.backend_mut())?,
            }
            self.changed = true;
        }
        Ok(())
    }
}

/// The clock on the screen turns over when the second does.
fn until_next_second(now: DateTime<Utc>) -> Duration {
    Duration::from_millis(1_000 - u64::from(now.timestamp_subsec_millis().min(999)))
}

/// A view is weighed at some cost, and each replaces the one before.
fn newest_view_only(heard: Vec<Happening>) -> Vec<Happening> {
    let is_view = |happening: &Happening| matches!(happening, Happening::Message(Message::View(_)));
    let last = heard.iter().rposition(is_view);
    let mut place = 0..;
    heard.into_iter().filter(|happening| place.next() == last || !is_view(happening)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{Stage, ledger};

    #[test]
    fn of_views_that_wait_only_the_newest_is_weighed() {
        let stage = Stage::new(ledger(&[]));
        let view = |generation| {
            let view = stage.view(&stage.last_select());
            Happening::Message(Message::View(Arc::new(crate::app::view::View { generation, ..view })))
        };
        let other = || Happening::Message(Message::FetchResumed);
        let kept = newest_view_only(vec![view(1), other(), view(2), view(3), other()]);
        let kept: Vec<_> = kept
            .iter()
            .map(|happening| match happening {
                Happening::Message(Message::View(view)) => view.generation,
                _ => 0,
            })
            .collect();
        assert_eq!(kept, [0, 3, 0]);
    }

    #[test]
    fn the_clock_ticks_when_the_second_turns() {
        let at = |text: &str| until_next_second(text.parse().unwrap()).as_millis();
        assert_eq!(at("2026-03-14T14:02:11.000Z"), 1_000);
        assert_eq!(at("2026-03-14T14:02:11.250Z"), 750);
        assert_eq!(at("2026-12-31T23:59:60.500Z"), 1);
    }
}
