//! Text to the user's clipboard: by the desktop where there is one, through the terminal (OSC 52) over SSH or without a
//! display, into a private file where the text is too large for a terminal.
//!
//! The clipboard handle lives on a thread of its own for as long as the program does: on X11 the text goes when the
//! handle goes, and asking for one may take a while.

use std::io::{self, Write};
use std::sync::mpsc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::app::message::CopyReport;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::text::{count_of, thousands};
use crate::oci::Env;

/// The most that terminals commonly take, in bytes before encoding.
const OSC52_LIMIT: usize = 74_000;

/// How a copy ended; what goes through the terminal must be written by whoever owns that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done(CopyReport),
    Failed(Problem),
    /// Write these bytes to the terminal, then report.
    ThroughTerminal {
        sequence: String,
        report: CopyReport,
    },
}

/// Where copies go.
pub struct Clipboard {
    jobs: mpsc::Sender<Job>,
}

struct Job {
    what: String,
    text: String,
    done: Box<dyn FnOnce(Outcome) + Send>,
}

impl Clipboard {
    /// Decides by the environment which way copies go.
    pub fn start(env: &Env) -> Self {
        let (jobs, receiver) = mpsc::channel();
        let (desktop, wrap) = (has_desktop(env), Wrap::of(env));
        thread::spawn(move || serve(&receiver, desktop, wrap));
        Self { jobs }
    }

    /// Copies; `done` is called on another thread.
    pub fn copy(&self, what: String, text: String, done: Box<dyn FnOnce(Outcome) + Send>) {
        if let Err(mpsc::SendError(job)) = self.jobs.send(Job { what, text, done }) {
            (job.done)(Outcome::Failed(Problem::new(ProblemKind::Io, "the clipboard thread has ended")));
        }
    }
}

/// What `doctor` says about it.
pub fn likely_way(env: &Env) -> &'static str {
    if has_desktop(env) { "the desktop's" } else { "through the terminal (OSC 52); tmux needs set-clipboard on" }
}

/// A remote shell may see a forwarded display, but the clipboard meant is the one in front of the user.
fn has_desktop(env: &Env) -> bool {
    let remote = env.get("SSH_CONNECTION").is_some() || env.get("SSH_TTY").is_some();
    let display = env.get("DISPLAY").is_some() || env.get("WAYLAND_DISPLAY").is_some();
    !remote && (display || cfg!(any(windows, target_os = "macos")))
}

fn serve(jobs: &mpsc::Receiver<Job>, desktop: bool, wrap: Wrap) {
    let mut handle = None;
    for Job { what, text, done } in jobs {
        if desktop && handle.is_none() {
            handle = arboard::Clipboard::new().ok();
        }
        let bytes = text.len();
        let taken = handle.as_mut().is_some_and(|clipboard: &mut arboard::Clipboard| clipboard.set_text(&text).is_ok());
        done(if taken {
            Outcome::Done(CopyReport { what, bytes, way: "clipboard".to_owned() })
        } else if bytes <= OSC52_LIMIT {
            let way = "terminal (OSC 52)".to_owned();
            Outcome::ThroughTerminal { sequence: wrap.sequence(&text), report: CopyReport { what, bytes, way } }
        } else {
            save(what, &text)
        });
    }
}

/// Into a file that only the user can read.
fn save(what: String, text: &str) -> Outcome {
    let written = tempfile::Builder::new().prefix("auditui-copy-").suffix(".txt").tempfile().and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        let (_, path) = file.keep().map_err(|error| error.error)?;
        Ok(path)
    });
    match written {
        Ok(path) => Outcome::Done(CopyReport { what, bytes: text.len(), way: format!("file {}", path.display()) }),
        Err(error) => Outcome::Failed(
            Problem::new(
                ProblemKind::Io,
                format!("{} of {what} cannot be copied", count_of(text.len() as u64, "byte")),
            )
            .hint(format!(
                "a terminal takes {} bytes, and a file could not be written: {error}",
                thousands(OSC52_LIMIT as u64)
            )),
        ),
    }
}

/// What stands between us and the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrap {
    None,
    Tmux,
    Screen,
}

impl Wrap {
    fn of(env: &Env) -> Self {
        if env.get("TMUX").is_some() {
            Self::Tmux
        } else if env.get("STY").is_some() {
            Self::Screen
        } else {
            Self::None
        }
    }

    fn sequence(self, text: &str) -> String {
        let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(text));
        match self {
            Self::None => plain,
            // tmux takes it itself (set-clipboard on) or hands it through (allow-passthrough on).
            Self::Tmux => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")),
            // screen hands strings through, but only short ones.
            Self::Screen => {
                let chunks = plain.as_bytes().chunks(240).map(String::from_utf8_lossy);
                chunks.fold(String::new(), |all, chunk| all + "\x1bP" + &chunk + "\x1b\\")
            }
        }
    }
}

/// Writes a sequence of ours past the screen's own output.
pub fn write_through(sequence: &str, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(sequence.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(names: &[&str]) -> Env {
        names.iter().map(|name| (*name, "x")).collect()
    }

    #[test]
    fn over_ssh_the_clipboard_is_the_terminals() {
        assert!(has_desktop(&env(&["DISPLAY"])));
        assert!(!has_desktop(&env(&["DISPLAY", "SSH_CONNECTION"])));
        assert!(likely_way(&env(&["SSH_TTY"])).contains("OSC 52"));
    }

    #[test]
    fn multiplexers_get_it_in_their_wrapping() {
        assert_eq!(Wrap::None.sequence("hi"), "\x1b]52;c;aGk=\x07");
        assert!(Wrap::of(&env(&["TMUX"])).sequence("hi").ends_with("\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\"));
        let screen = Wrap::of(&env(&["STY"])).sequence(&"x".repeat(1_000));
        assert!(screen.split("\x1b\\").all(|chunk| chunk.len() < 250));
    }

    #[test]
    fn without_a_desktop_it_goes_through_the_terminal_and_large_text_to_a_file() {
        let clipboard = Clipboard::start(&env(&["SSH_TTY"]));
        let copy = |text: String| {
            let (sender, receiver) = mpsc::channel();
            clipboard.copy("event".into(), text, Box::new(move |outcome| drop(sender.send(outcome))));
            receiver.recv().unwrap()
        };
        assert!(matches!(copy("x".into()), Outcome::ThroughTerminal { report, .. } if report.bytes == 1));
        let Outcome::Done(report) = copy("x".repeat(OSC52_LIMIT + 1)) else { panic!("not saved") };
        let path = report.way.strip_prefix("file ").unwrap();
        assert_eq!(std::fs::metadata(path).unwrap().len(), OSC52_LIMIT as u64 + 1);
        std::fs::remove_file(path).unwrap();
    }
}
