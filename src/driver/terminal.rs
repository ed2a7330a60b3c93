//! The terminal, taken and given back: at the end, on an error, on a panic, and while suspended.

use std::io::{self, Stdout, Write as _, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::quiet::Quiet;

/// The real terminal.
pub type Real = Quiet<CrosstermBackend<Stdout>>;
pub type Screen = Terminal<Real>;

/// Whether the terminal is ours; the panic hook runs on any thread and must not write to a terminal that is not.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the terminal tells us of the mouse, or shall again once it is ours.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Holds the terminal; gives it back when dropped, and when anything panics, on whatever thread.
pub struct Taken {
    held: &'static AtomicBool,
}

impl Taken {
    /// Raw mode, the alternate screen, bracketed paste. A panic from now on gives it back before it is told.
    pub fn take() -> io::Result<(Self, Screen)> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let told = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                told(panic);
            }));
        });
        let taken = Self { held: &TAKEN };
        MOUSE.store(false, Ordering::SeqCst);
        enter()?;
        Ok((taken, Terminal::new(Quiet::new(CrosstermBackend::new(stdout())))?))
    }

    /// An error once a panic has given the terminal back: a thread is gone that the rest would wait for, unseen.
    pub fn still_held(&self) -> io::Result<()> {
        if self.held.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(io::Error::other("a part of the program broke down, see above; please report it"))
    }

    /// Gives the terminal back and writes this there; [`take_back`](Self::take_back) when it was read.
    pub fn print(&self, text: &str) -> io::Result<()> {
        self.still_held()?;
        give_back();
        let mut out = stdout();
        write!(out, "{text}\nEnter goes back to auditui. ")?;
        out.flush()
    }

    /// Takes the terminal again after something was printed.
    pub fn take_back(&self, screen: &mut Screen) -> io::Result<()> {
        enter()?;
        screen.clear()
    }

    /// Has the terminal tell of the mouse, or not any more. However the program ends, it is told to stop.
    pub fn capture_mouse(&self, on: bool) -> io::Result<()> {
        self.still_held()?;
        MOUSE.store(on, Ordering::SeqCst);
        if on { execute!(stdout(), EnableMouseCapture) } else { execute!(stdout(), DisableMouseCapture) }
    }

    /// Gives the terminal back, stops the process as Ctrl-Z does, and takes it again when it is continued.
    pub fn suspend(&self, screen: &mut Screen) -> io::Result<()> {
        self.still_held()?;
        give_back();
        stop();
        enter()?;
        screen.clear()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide)?;
    if MOUSE.load(Ordering::SeqCst) { execute!(stdout(), EnableMouseCapture) } else { Ok(()) }
}

fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // There is nobody left to tell if this fails.
        if MOUSE.load(Ordering::SeqCst) {
            let _ = execute!(stdout(), DisableMouseCapture);
        }
        let _ = execute!(stdout(), Show, DisableBracketedPaste, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

#[cfg(unix)]
fn stop() {
    let _ = signal_hook::low_level::raise(signal_hook::consts::SIGTSTP);
}

#[cfg(not(unix))]
fn stop() {}
