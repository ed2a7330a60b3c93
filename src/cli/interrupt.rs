//! Ctrl-C and its relatives: the first ends the work in an orderly way, the second at once.

use std::future::Future;

use tokio::sync::watch;

/// Tells whether the user, or the system, wants us to stop.
pub struct Interrupt {
    signalled: watch::Receiver<bool>,
}

impl Interrupt {
    /// Begins to listen. The first signal is kept for [`unless`](Self::unless); the second ends the process.
    pub fn listen() -> Self {
        let (sender, signalled) = watch::channel(false);
        tokio::spawn(async move {
            wait_for_signal().await;
            let _ = sender.send(true);
            wait_for_signal().await;
            end_now();
        });
        Self { signalled }
    }

    pub fn happened(&self) -> bool {
        *self.signalled.borrow()
    }

    /// The result of `work`, or `None` as soon as a signal comes.
    pub async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            _ = self.signalled.wait_for(|signalled| *signalled) => None,
            result = work => Some(result),
        }
    }
}

#[expect(clippy::exit, reason = "the user asked twice; temporary files have no names and nothing else is half done")]
fn end_now() {
    std::process::exit(130);
}

#[cfg(unix)]
async fn wait_for_signal() {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    async fn next(signal: std::io::Result<Signal>) {
        match signal {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    }
    tokio::select! {
        () = next(signal(SignalKind::interrupt())) => {}
        () = next(signal(SignalKind::terminate())) => {}
        () = next(signal(SignalKind::hangup())) => {}
    }
}

#[cfg(not(unix))]
async fn wait_for_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
