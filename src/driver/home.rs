//! The way back to the driver.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, mpsc};

use super::reload::Reloaded;
use crate::app::message::Message;

/// What comes back from work done elsewhere.
pub enum Happening {
    Message(Message),
    /// Files of keys and colours have changed.
    Reloaded(Box<Reloaded>),
    /// A copy that has to go through the terminal.
    WriteThrough {
        sequence: String,
        then: Message,
    },
}

impl Happening {
    /// The event under the cursor, as it was asked for.
    pub fn is_event(&self) -> bool {
        matches!(self, Self::Message(Message::EventLoaded(_)))
    }
}

/// The way back to the driver, for work done elsewhere.
#[derive(Clone)]
pub struct Home {
    happenings: mpsc::UnboundedSender<Happening>,
    /// Work begun and not yet come back.
    away: Arc<AtomicUsize>,
    stirred: Arc<Notify>,
}

impl Home {
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Happening>) {
        let (happenings, receiver) = mpsc::unbounded_channel();
        (Self { happenings, away: Arc::default(), stirred: Arc::default() }, receiver)
    }

    /// Work begun and not yet come back.
    pub fn away(&self) -> usize {
        self.away.load(Ordering::SeqCst)
    }

    /// Is notified whenever something may have come to an end.
    pub fn stirred(&self) -> Arc<Notify> {
        Arc::clone(&self.stirred)
    }

    pub fn stir(&self) {
        self.stirred.notify_one();
    }

    pub fn say(&self, message: Message) {
        self.happen(Happening::Message(message));
    }

    /// The driver may be gone; then nobody cares.
    pub fn happen(&self, happening: Happening) {
        let _ = self.happenings.send(happening);
        self.stirred.notify_one();
    }

    pub fn leave(&self) {
        self.away.fetch_add(1, Ordering::SeqCst);
    }

    pub fn come_back(&self) {
        self.away.fetch_sub(1, Ordering::SeqCst);
        self.stirred.notify_one();
    }

    pub fn spawn(&self, work: impl Future<Output = Message> + Send + 'static) {
        let home = self.clone();
        home.leave();
        tokio::spawn(async move {
            home.say(work.await);
            home.come_back();
        });
    }

    pub fn spawn_blocking(&self, work: impl FnOnce() -> Option<Message> + Send + 'static) {
        let home = self.clone();
        home.leave();
        tokio::task::spawn_blocking(move || {
            if let Some(message) = work() {
                home.say(message);
            }
            home.come_back();
        });
    }
}
