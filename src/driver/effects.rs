//! The hands: one small function per effect. Whatever takes time happens elsewhere and comes back as a message.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, mpsc};

use super::clipboard::{Clipboard, Outcome};
use super::counter::Counter;
use super::exporting;
use super::home::{Happening, Home};
use super::past;
use super::private::write_whole;
use super::shelf::{Files, Shelf};
use super::viewer::Viewer;
use super::wire::{FetchOptions, Wire};
use crate::app::effect::{Effect, ListName, SelectRequest};
use crate::app::event_detail::EventDetail;
use crate::app::exporting::ExportRequest;
use crate::app::message::Message;
use crate::app::saved::{self, SavedView};
use crate::domain::footprint::Footprint;
use crate::domain::problem::{Problem, ProblemKind};
use crate::domain::tenancy::Tenancy;
use crate::domain::text::clean;
use crate::index::{EventKey, IndexOptions, Ingest, IngestSender, Snapshot};
use crate::oci::{Env, OciClient};
use crate::query::list_of;

/// Where events come from.
pub enum Source {
    Tenancy { client: OciClient, options: FetchOptions },
    Files(Box<Files>),
}

/// The same, at work.
enum Supply {
    Wire(Wire),
    Shelf(Shelf),
}

/// Performs effects. Owns the supply, the index and the threads; dropping it ends them.
pub struct Hands {
    supply: Supply,
    ingest: Ingest,
    viewer: Viewer,
    counter: Counter,
    clipboard: Clipboard,
    home: Home,
    /// Ends what is being written.
    stop: Arc<AtomicBool>,
}

impl Drop for Hands {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Source {
    fn footprint(&self) -> Footprint {
        match self {
            Self::Tenancy { client, .. } => client.profile().footprint(),
            // Whose reads they would be, nobody knows.
            Self::Files(_) => Footprint::default(),
        }
    }

    fn settling(&self) -> TimeDelta {
        match self {
            Self::Tenancy { options, .. } => options.settling,
            Self::Files(_) => TimeDelta::zero(),
        }
    }

    fn open(self, held: IngestSender, home: Home) -> Supply {
        match self {
            Self::Tenancy { client, options } => Supply::Wire(Wire::new(client, options, held, home)),
            Self::Files(files) => Supply::Shelf(Shelf::new(*files, held, home)),
        }
    }
}

impl Hands {
    pub fn new(
        source: Source,
        max_memory: Option<u64>,
        clipboard: Clipboard,
    ) -> (Self, mpsc::UnboundedReceiver<Happening>) {
        let (home, happenings) = Home::new();
        let (waker, inbox) = Viewer::channel();
        let options = IndexOptions { footprint: source.footprint(), max_memory, ..IndexOptions::default() };
        let ingest = Ingest::start(
            options,
            source.settling(),
            Box::new({
                let waker = waker.clone();
                move || waker.wake()
            }),
        );
        let held = ingest.sender();
        let show = {
            let home = home.clone();
            move |view| home.say(Message::View(Arc::new(view)))
        };
        let viewer = Viewer::start(&waker, inbox, move || held.holdings(), show);
        let counter = Counter::start({
            let home = home.clone();
            move |message| home.say(message)
        });
        let supply = source.open(ingest.sender(), home.clone());
        (Self { supply, ingest, viewer, counter, clipboard, home, stop: Arc::default() }, happenings)
    }

    /// What later effects need to know.
    pub fn learn(&mut self, tenancy: &Tenancy) {
        if let Supply::Wire(wire) = &mut self.supply {
            wire.learn(tenancy);
        }
    }

    /// The way back, for what is nobody's effect.
    pub fn home(&self) -> Home {
        self.home.clone()
    }

    pub fn now(&self) -> DateTime<Utc> {
        match &self.supply {
            Supply::Wire(wire) => wire.now(),
            Supply::Shelf(shelf) => shelf.now(),
        }
    }

    /// What is held.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.ingest.holdings().snapshot)
    }

    /// Performs what needs no terminal; gives back what does.
    pub fn perform(&mut self, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::Select(request) => self.select(request),
            Effect::Count(request) => self.counter.ask(Some(request)),
            Effect::StopCounting => self.counter.ask(None),
            Effect::LoadEvent(key) => self.load_event(key),
            Effect::ReadList(list) => self.read_list(list),
            Effect::SaveView { view, path } => self.save_view(view, path),
            Effect::Export(request) => self.export(request),
            Effect::Remember { query, path } => self.remember(query, path),
            Effect::Copy { what, text } => self.copy(what, text),
            other @ (Effect::CaptureMouse(_) | Effect::Print(_) | Effect::Suspend | Effect::Redraw | Effect::Quit) => {
                return Some(other);
            }
            other => {
                return match &mut self.supply {
                    Supply::Wire(wire) => wire.perform(other),
                    Supply::Shelf(shelf) => shelf.perform(&other),
                };
            }
        }
        None
    }

    /// Whether anything may still come back, `parked` calls on the wire aside.
    pub fn is_busy(&self, parked: usize) -> bool {
        let supplied = match &self.supply {
            Supply::Wire(wire) => wire.pending(parked),
            // Counted among what is away.
            Supply::Shelf(_) => 0,
        };
        self.home.away() + supplied + self.ingest.pending() + self.viewer.pending() + self.counter.pending() > 0
    }

    pub fn stirred(&self) -> Arc<Notify> {
        self.home.stirred()
    }

    fn select(&self, request: SelectRequest) {
        self.viewer.ask(request);
    }

    fn read_list(&self, list: ListName) {
        self.home.spawn_blocking(move || {
            let content = crate::files::read_list(&list.file);
            let values = content.and_then(|content| list_of(&list.subject, &list.file, &content));
            Some(Message::ListRead { list, values })
        });
    }

    fn save_view(&self, view: SavedView, path: PathBuf) {
        self.home.spawn_blocking(move || {
            Some(match save(&view, &path) {
                Ok(()) => Message::ViewSaved { view, path },
                Err(error) => {
                    let what = format!("the view is not saved in {}: {error}", path.display());
                    Message::Note(Problem::new(ProblemKind::Io, clean(&what)))
                }
            })
        });
    }

    fn remember(&self, query: String, path: PathBuf) {
        self.home.spawn_blocking(move || {
            let error = past::append(&path, &query).err()?;
            let what = format!("the query is not remembered in {}: {error}", path.display());
            Some(Message::Note(Problem::new(ProblemKind::Io, clean(&what))))
        });
    }

    fn export(&self, request: ExportRequest) {
        let (home, stop) = (self.home.clone(), Arc::clone(&self.stop));
        self.home.spawn_blocking(move || {
            let path = Env::from_process().expand(&request.file);
            let tell = |how| home.say(Message::Exporting(how));
            exporting::export(&request, &path, &stop, tell).map(Message::Exporting)
        });
    }

    fn load_event(&self, key: EventKey) {
        let holdings = self.ingest.holdings();
        let snapshot = Arc::clone(&holdings.snapshot);
        self.home.spawn_blocking(move || {
            let raw = snapshot.find(key).and_then(|row| snapshot.raw(row))?;
            Some(Message::EventLoaded(Box::new(EventDetail::parse(key, raw))))
        });
    }

    fn copy(&self, what: String, text: String) {
        let home = self.home.clone();
        home.leave();
        let back = move |outcome| {
            home.happen(match outcome {
                Outcome::Done(report) => Happening::Message(Message::Copied(report)),
                Outcome::Failed(problem) => Happening::Message(Message::CopyFailed(problem)),
                Outcome::ThroughTerminal { sequence, report } => {
                    Happening::WriteThrough { sequence, then: Message::Copied(report) }
                }
            });
            home.come_back();
        };
        self.clipboard.copy(what, text, Box::new(back));
    }
}

/// Writes a view to its file, unless something else is there.
fn save(view: &SavedView, path: &Path) -> io::Result<()> {
    let is_its_own = |text: &str| saved::parse(text).is_ok_and(|views| views.len() == 1 && views[0].name == view.name);
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Ok(text) if is_its_own(&text) => {}
        _ => return Err(io::Error::other("something else is in that file; choose another name")),
    }
    write_whole(path, &view.to_toml())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_takes_the_place_of_itself_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("views/team.toml");
        let view = |name: &str, query: &str| SavedView {
            name: name.into(),
            about: String::new(),
            query: query.into(),
            show: saved::Show::All,
        };
        save(&view("team", "a"), &path).unwrap();
        save(&view("team", "b"), &path).unwrap();
        assert_eq!(saved::parse(&std::fs::read_to_string(&path).unwrap()).unwrap(), [view("team", "b")]);
        assert!(save(&view("Team", "c"), &path).is_err(), "another one would be lost");
        std::fs::write(&path, view("team", "a").to_toml() + &view("other", "b").to_toml()).unwrap();
        assert!(save(&view("team", "c"), &path).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        }
    }
}
