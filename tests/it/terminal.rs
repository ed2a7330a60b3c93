//! The program on a real pseudo-terminal: it draws, reacts, and gives the terminal back.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use auditui::fake_oci::Gate;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::support::{Cloud, rfc3339};

struct Session {
    child: Box<dyn Child + Send + Sync>,
    /// Closing it would hang up.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    bytes: Vec<u8>,
}

impl Session {
    fn start(arguments: &[&str]) -> Self {
        Self::run(env!("CARGO_BIN_EXE_auditui"), arguments)
    }

    fn run(program: &str, arguments: &[&str]) -> Self {
        Self::with(program, arguments, &[])
    }

    fn with(program: &str, arguments: &[&str], environment: &[(&str, String)]) -> Self {
        let size = PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        command.env("SSH_TTY", "/dev/pts/0");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let keys = pair.master.take_writer().unwrap();
        let screen = vt100::Parser::new(NonZero::new(36).unwrap(), NonZero::new(120).unwrap(), 0);
        Self { child, _master: pair.master, keys, output, screen, bytes: Vec::new() }
    }

    /// Waits until the screen is as wanted; fails after a minute.
    fn wait(&mut self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !wanted(self.screen.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.screen.process(&bytes);
                    self.bytes.extend(bytes);
                }
                Err(gone) => panic!("never saw {what} ({gone}):\n{}", self.screen.screen().contents()),
            }
        }
    }

    fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn end(mut self) -> (u32, Vec<u8>) {
        self.wait("the end of the alternate screen", |screen| !screen.alternate_screen());
        assert!(!self.screen.screen().hide_cursor(), "the cursor stays hidden");
        assert!(!self.screen.screen().bracketed_paste(), "bracketed paste stays on");
        assert_eq!(self.screen.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse stays ours");
        (self.child.wait().unwrap().exit_code(), self.bytes)
    }
}

#[test]
fn it_draws_reacts_and_gives_the_terminal_back() {
    let mut session = Session::start(&["--demo"]);
    session.wait_for("acme-prod");
    session.wait("the alternate screen", vt100::Screen::alternate_screen);
    session.press("?");
    session.wait_for("type to search");
    session.press("\x1b");
    session.wait("the help gone", |screen| !screen.contents().contains("type to search"));
    session.wait("no slice under way", |screen| {
        screen.contents().lines().next().is_some_and(|line| line.contains("cover 9") && !line.contains('~'))
    });
    session.press("w/alice@acme.com\r");
    session.wait_for("‹alice@acme.com›");
    // An event can be copied once it is read.
    session.wait_for("who     alice@acme.com");
    session.press("yi");
    session.wait_for("via terminal (OSC 52)");
    session.press("q");
    let (code, bytes) = session.end();
    assert_eq!(code, 0);
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("\x1b]52;c;"), "nothing went to the clipboard");
}

#[test]
fn what_is_in_sight_is_printed_and_enter_comes_back() {
    let mut session = Session::start(&["--demo"]);
    session.wait_for("who     ");
    session.press("\x1bp");
    session.wait("the alternate screen gone", |screen| !screen.alternate_screen());
    session.wait_for("Enter goes back to auditui.");
    assert!(session.screen.screen().contents().contains("auditui --demo --time "), "the question, to be asked again");
    session.press("\r");
    session.wait("the alternate screen", vt100::Screen::alternate_screen);
    // A terminal says where its cursor is when it is asked, as it is by whoever clears the screen.
    session.press("\x1b[1;1R");
    session.wait_for("who     ");
    session.press("q");
    assert_eq!(session.end().0, 0);
}

#[cfg(unix)]
#[test]
fn keys_that_are_changed_while_it_runs_are_taken_over_and_a_broken_file_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    std::fs::write(&path, "[keys.global]\n\"<f9>\" = \"pick-time\"\n").unwrap();
    let mut session = Session::start(&["--demo", "--tool-config", path.to_str().unwrap()]);
    session.wait_for("F9 time");
    std::fs::write(&path, "[keys.global]\n\"<f10>\" = \"pick-time\"\nthme = 3\n").unwrap();
    session.wait_for("F10 time");
    std::fs::write(&path, "[keys.global\n").unwrap();
    session.wait_for("keys and colours stay as they were");
    session.wait_for("F10 time");
    session.press("\x03");
    assert_eq!(session.end().0, 0);
}

#[cfg(unix)]
#[test]
fn events_come_from_standard_input_and_keys_from_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("one.jsonl");
    let event = r#"{"eventId":"1","eventTime":"2026-03-14T08:00:00Z","data":{"eventName":"CreateBucket"}}"#;
    std::fs::write(&path, format!("{event}\n")).unwrap();
    let line = format!("/bin/cat {} | {} open - --stats", path.display(), env!("CARGO_BIN_EXE_auditui"));
    let mut session = Session::run("/bin/sh", &["-c", &line]);
    session.wait_for("coverage unknown");
    session.press("w");
    session.wait_for("CreateBucket");
    session.press("q");
    let (code, bytes) = session.end();
    assert!(code == 0 && String::from_utf8_lossy(&bytes).contains("standard input"));
}

/// Over a slow line, or under a screen reader, what does not change must not be written again.
#[test]
fn an_idle_screen_writes_the_clock_and_nothing_else() {
    let mut session = Session::start(&["--demo"]);
    session.wait("no slice under way", |screen| {
        screen.contents().lines().next().is_some_and(|line| line.contains("cover 9") && !line.contains('~'))
    });
    let last_line = |screen: &vt100::Screen| screen.contents().lines().last().unwrap_or_default().to_owned();
    let mut ticks = 0;
    let mut written = 0;
    while ticks < 3 {
        let (before, bytes) = (last_line(session.screen.screen()), session.bytes.len());
        session.wait("the next second", |screen| last_line(screen) != before);
        // The first tick still belongs to what came before it.
        written += if ticks > 0 { session.bytes.len() - bytes } else { 0 };
        ticks += 1;
    }
    let last = session.bytes.len().saturating_sub(written);
    let text = String::from_utf8_lossy(session.bytes.get(last..).unwrap_or_default()).into_owned();
    assert!(written < 120, "{written} bytes for two seconds of a clock: {text:?}");
    session.press("q");
    assert_eq!(session.end().0, 0);
}

#[cfg(unix)]
#[test]
fn a_signal_gives_the_terminal_back_too() {
    let mut session = Session::start(&["--demo"]);
    session.wait_for("acme-prod");
    assert_eq!(session.screen.screen().mouse_protocol_mode(), vt100::MouseProtocolMode::None, "off until asked for");
    session.press("\x1bOQ");
    session.wait("the mouse", |screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None);
    // The left button on the first compartment.
    session.press("\x1b[<0;10;9M");
    session.wait_for("[1 Compartments]");
    let pid = session.child.process_id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let (code, _) = session.end();
    assert_eq!(code, 130);
}

#[test]
fn an_export_shows_a_bar_and_takes_it_away() {
    let mut session =
        Session::start(&["export", "--demo", "--since", "3h", "--until", "1h", "--output-file", "/dev/null"]);
    session.wait("a bar", |screen| {
        let text = screen.contents();
        text.lines().any(|line| line.starts_with("export: [") && line.contains("] ") && line.contains(" slices, "))
    });
    session.wait_for("slices complete");
    let screen = session.screen.screen().contents();
    assert!(!screen.contains("export: ["), "{screen}");
    let last = screen.trim_end().lines().rfind(|line| line.starts_with("export: ")).unwrap();
    assert!(last.contains(" events, "), "{screen}");
    let (code, bytes) = session.end();
    assert_eq!(code, 3);
    assert!(!String::from_utf8_lossy(&bytes).contains("100%"), "only the end says that it is the end");
}

/// The session ends while the explorer reads: it halts, says why, keeps what it has, and goes on after a new login.
#[test]
fn a_session_that_ends_halts_the_explorer_and_a_new_login_lets_it_go_on() {
    let cloud = Cloud::named("small");
    cloud.home.write("~/.oci/token", &cloud.fake.new_session(3_600));
    let config = std::fs::read_to_string(cloud.home.path(".oci/config")).unwrap();
    cloud.home.write("~/.oci/config", &format!("{config}security_token_file=~/.oci/token\n"));
    let gate = Gate::region("us-phoenix-1");
    cloud.fake.hold(gate);
    let environment =
        [("HOME", cloud.home.path("").display().to_string()), ("AUDITUI_ENDPOINT", cloud.fake.endpoint_template())];
    let [from, until] = cloud.range().map(rfc3339);
    let arguments = ["--since", &from, "--until", &until, "--concurrency", "1"];
    let mut session = Session::with(env!("CARGO_BIN_EXE_auditui"), &arguments, &environment);
    cloud.wait_parked(1);
    cloud.fake.revoke_tokens();
    cloud.fake.release_all();
    session.wait_for("Oracle refused the session token");
    session.wait_for("halted");
    let asked = cloud.fake.counts().requests;
    cloud.home.write("~/.oci/token", &cloud.fake.new_session(3_600));
    session.press("R");
    session.wait("no slice under way", |screen| {
        let text = screen.contents();
        text.lines()
            .next()
            .is_some_and(|line| line.contains("cover ") && !line.contains('~') && !line.contains("halted"))
    });
    assert!(cloud.fake.counts().requests > asked);
    session.press("q");
    let (code, bytes) = session.end();
    assert_eq!(code, 0);
    cloud.home.search("the terminal", &bytes);
}
