//! From a key press to the last byte that a real pseudo-terminal gets for it: the program as it is shipped, over a file.
//!
//! `cargo bench -- key_to_screen 1000000` compares 10,000 events with that many; 200,000 where no number is given.

use std::io::{BufWriter, Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use crate::synthetic::write_event;

const FEW: usize = 10_000;
const COLUMNS: u16 = 200;
const ROWS: u16 = 50;
const KEYS: usize = 100;
/// Two frames that belong to one key are closer together than this; two that no key asked for are not.
const TOGETHER: Duration = Duration::from_millis(12);
/// How much longer a move or a page may take with many events: it is the same work.
const LONGER: f64 = 2.0;
/// What a screen of 60 Hz has for a frame.
const LATE: Duration = Duration::from_millis(16);
/// By column, by text in several columns, and by what only the events themselves have.
const QUERIES: [&str; 4] = ["user:a -is:failed", "delete bucket", "event:Get* status:4xx", "*:\"backups\""];
/// Of a clock that is watched.
const SECONDS: u64 = 3;

/// Compares few events with `events`; fails where a key takes longer the more there are, or where something is written
/// for nothing.
pub fn run(events: usize, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "key to the last byte on a pseudo-terminal, {COLUMNS}x{ROWS}, {KEYS} keys of each kind")?;
    let few = measure(FEW, out)?;
    let many = measure(events, out)?;
    for (few, many) in few.iter().zip(&many).filter(|(few, _)| few.same_work) {
        let ratio = many.at(50).as_secs_f64() / few.at(50).as_secs_f64();
        writeln!(out, "{}: x{ratio:.2} with {events} events instead of {FEW}, at most x{LONGER}", few.what)?;
        assert!(ratio <= LONGER, "{} takes x{ratio:.2} as long with {events} events as with {FEW}", few.what);
    }
    Ok(())
}

/// Writes events as `auditui export` does, one a line.
pub fn write_events(events: usize, out: impl Write) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, out);
    let mut line = Vec::new();
    for number in 0..events {
        line.clear();
        write_event(&mut line, number as u64);
        line.push(b'\n');
        out.write_all(&line)?;
    }
    out.flush()
}

fn measure(events: usize, out: &mut impl Write) -> std::io::Result<Vec<Times>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("events.jsonl");
    write_events(events, std::fs::File::create(&path)?)?;
    let mut session = Session::open(&path);
    let loading = session.dialogs("a dialog while events are read", |session, taken| {
        taken < KEYS * 100 && !session.shows("coverage unknown")
    });
    session.wait("coverage unknown");
    session.press("w", shows_count);
    session.quiet();
    let idle = session.dialogs("the same dialog, all read", |_, taken| taken < KEYS * 2);
    let mut times = vec![
        session.times("move", true, &["\x1b[B"]),
        session.times("page", true, &["\x1b[6~"]),
        session.times("filter", false, &["!"]),
        loading,
        idle,
    ];
    times.extend(session.typing());
    session.assert_idle();
    session.end();
    for line in &times {
        writeln!(out, "{events:>9} events  {line}")?;
    }
    Ok(times)
}

/// How long each key of a kind took.
struct Times {
    what: &'static str,
    /// However many events there are.
    same_work: bool,
    took: Vec<Duration>,
}

impl Times {
    fn new(what: &'static str, same_work: bool, mut took: Vec<Duration>) -> Self {
        took.sort();
        Self { what, same_work, took }
    }

    fn at(&self, percent: usize) -> Duration {
        let place = (self.took.len() * percent).div_ceil(100).saturating_sub(1);
        self.took.get(place).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let late = self.took.iter().filter(|took| **took > LATE).count();
        let (p50, p99) = (format!("{:.2?}", self.at(50)), format!("{:.2?}", self.at(99)));
        write!(f, "{:32} p50 {p50:>9}  p99 {p99:>9}  {late} of {} over {LATE:?}", self.what, self.took.len())
    }
}

/// The program on a terminal of its own.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    /// Closing it would hang up.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<(Instant, Vec<u8>)>,
    screen: vt100::Parser,
}

impl Session {
    fn open(path: &Path) -> Self {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_auditui"));
        command.arg("open");
        command.arg(path);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        let child = pair.slave.spawn_command(command).expect("the program");
        let mut reader = pair.master.try_clone_reader().expect("what it writes");
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                    break;
                }
            }
        });
        let keys = pair.master.take_writer().expect("its keys");
        let cells = |count| NonZero::new(count).expect("some");
        let screen = vt100::Parser::new(cells(ROWS), cells(COLUMNS), 0);
        Self { child, _master: pair.master, keys, output, screen }
    }

    /// Takes in what is written until `wanted` holds and then for as long as frames follow each other; gives the instant
    /// of the last byte.
    fn take_until(&mut self, wanted: impl Fn(&vt100::Screen) -> bool) -> Instant {
        let mut last = None;
        loop {
            let patience = last.filter(|_| wanted(self.screen.screen())).map_or(Duration::from_mins(2), |_| TOGETHER);
            match self.output.recv_timeout(patience) {
                Ok((at, bytes)) => {
                    self.screen.process(&bytes);
                    last = Some(at);
                }
                Err(error) => {
                    let contents = self.screen.screen().contents();
                    assert!(patience == TOGETHER, "nothing came ({error}):\n{contents}");
                    return last.expect("a byte at least");
                }
            }
        }
    }

    /// From the key to the last byte that it causes.
    fn press(&mut self, keys: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> Duration {
        let began = self.send(keys);
        self.take_until(wanted) - began
    }

    fn send(&mut self, keys: &str) -> Instant {
        let began = Instant::now();
        self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush()).expect("a key");
        began
    }

    fn times(&mut self, what: &'static str, same_work: bool, keys: &[&str]) -> Times {
        let took = (0..KEYS).map(|place| {
            self.quiet();
            self.press(keys[place % keys.len()], shows_count)
        });
        Times::new(what, same_work, took.collect())
    }

    /// Opens and closes a dialog for as long as `more` holds. Frames that no key asked for come between, so that each key
    /// ends with the bytes in which its effect is first seen.
    fn dialogs(&mut self, what: &'static str, more: impl Fn(&Self, usize) -> bool) -> Times {
        let mut took = Vec::new();
        while more(self, took.len()) {
            for (key, open) in [("?", true), ("\x1b", false)] {
                let began = self.send(key);
                let mut last = began;
                while self.shows("type to search") != open {
                    let (at, bytes) = self.output.recv_timeout(Duration::from_mins(1)).expect("an answer");
                    self.screen.process(&bytes);
                    last = at;
                }
                took.push(last - began);
            }
        }
        Times::new(what, false, took)
    }

    /// Queries, letter by letter without waiting for what each of them finds, then as fast as the terminal takes them: no
    /// letter may be missing in the end. After the last one, either the count or how far the search is.
    fn typing(&mut self) -> [Times; 2] {
        let (mut letters, mut answers) = (Vec::new(), Vec::new());
        for query in QUERIES {
            self.quiet();
            for burst in [false, true] {
                self.send("x/");
                self.until(|screen| shows_typed(screen, ""));
                let mut began = Instant::now();
                if burst {
                    self.send(query);
                }
                for end in 1..=query.len() {
                    if !burst {
                        began = self.send(query.get(end - 1..end).expect("a letter"));
                        letters
                            .push(self.until(|screen| shows_typed(screen, query.get(..end).unwrap_or(query))) - began);
                    }
                }
                self.until(|screen| shows_typed(screen, query) && shows_answer(screen));
                answers.push(began.elapsed());
                self.press("\r", shows_count);
            }
        }
        self.press("x", shows_count);
        [Times::new("letter of a query", true, letters), Times::new("its answer or progress", false, answers)]
    }

    /// Until `wanted` holds; gives the instant of the bytes with which it does.
    fn until(&mut self, wanted: impl Fn(&vt100::Screen) -> bool) -> Instant {
        let mut last = Instant::now();
        while !wanted(self.screen.screen()) {
            let (at, bytes) = self.output.recv_timeout(Duration::from_mins(1)).expect("an answer");
            self.screen.process(&bytes);
            last = at;
        }
        last
    }

    fn wait(&mut self, text: &str) {
        while !self.shows(text) {
            let (_, bytes) = self.output.recv_timeout(Duration::from_mins(10)).expect("progress");
            self.screen.process(&bytes);
        }
    }

    fn shows(&self, text: &str) -> bool {
        self.screen.screen().contents().contains(text)
    }

    /// Until nothing has been written for a while: what a key set off later is not taken for an answer to the next.
    fn quiet(&mut self) {
        while let Ok((_, bytes)) = self.output.recv_timeout(TOGETHER * 5) {
            self.screen.process(&bytes);
        }
    }

    /// Whatever is written while no key is pressed changes a cell: the clock.
    fn assert_idle(&mut self) {
        self.quiet();
        for _ in 0..SECONDS {
            let before = self.screen.screen().contents();
            self.take_until(|_| true);
            assert_ne!(self.screen.screen().contents(), before, "something was written though nothing had changed");
        }
    }

    fn end(mut self) {
        self.send("q");
        // What is not read would keep it from ending.
        while self.output.recv().is_ok() {}
        assert!(self.child.wait().expect("its end").success());
    }
}

fn shows_typed(screen: &vt100::Screen, text: &str) -> bool {
    screen.contents().lines().nth(1).is_some_and(|line| line.contains(&format!("/ {text}▏")))
}

/// The number of events that match, how far they were searched, or that they are being searched.
fn shows_answer(screen: &vt100::Screen) -> bool {
    let searches = |line: &str| line.contains("searched") || line.contains("searching");
    shows_count(screen) || screen.contents().lines().nth(1).is_some_and(searches)
}

/// The number of events that match stands where three dots stood while it was not known.
fn shows_count(screen: &vt100::Screen) -> bool {
    screen.contents().lines().nth(1).is_some_and(|line| line.contains(" match"))
}
