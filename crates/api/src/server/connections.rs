//! The connections that are open: as many are served as may be, a few more are told that there are too many.
//!
//! A place belongs to those who speak. Where all are taken, the connections that were silent for the longest are closed:
//! first those that never had a request, then idle ones. Only where nobody is silent is somebody turned away.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime::Throttled;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use super::presence::Presence;
use super::{Service, connection, overload};

/// Connections that are told at once that there are too many. Beyond them, one is closed without an answer.
/// No quota: it bounds only how many are told that one is exceeded.
pub(crate) const TOLD_MAX: usize = 256;
/// The pause after a failed accept: the usual reason, too many open files, does not pass at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Which part of the places is freed at once: looking for the silent takes time.
const FREED_PART: usize = 64;
/// How long nobody is looked for after everybody was found to speak.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// The open connections of a server.
pub(super) struct Connections {
    service: Arc<Service>,
    stop: watch::Receiver<()>,
    served: JoinSet<()>,
    present: HashMap<Id, Arc<Presence>>,
    told: JoinSet<()>,
    /// When to look for silent connections again.
    look_at: Instant,
    /// Whether the last attempt to accept one failed.
    accepting_fails: bool,
}

impl Connections {
    /// None yet. They end when the sender of `stop` is dropped.
    pub(super) fn new(service: Arc<Service>, stop: watch::Receiver<()>) -> Self {
        Self {
            service,
            stop,
            served: JoinSet::new(),
            present: HashMap::new(),
            told: JoinSet::new(),
            look_at: Instant::now(),
            accepting_fails: false,
        }
    }

    /// One was opened. Must be called within the async runtime.
    pub(super) fn accepted(&mut self, stream: TcpStream) {
        self.accepting_fails = false;
        self.forget_ended();
        if self.served.len() < self.service.api.runtime.quotas().connections || self.free_places() {
            let presence = Presence::new();
            let serving = connection::serve(stream, self.service.clone(), presence.clone(), self.stop.clone());
            let id = self.served.spawn(serving).id();
            self.present.insert(id, presence);
            return;
        }
        if self.told.len() < TOLD_MAX {
            self.service.api.runtime.count_throttled(Throttled::Connection);
            self.told.spawn(overload::tell(stream, self.service.clone()));
            return;
        }
        self.service.api.runtime.count_throttled(Throttled::UnansweredConnection);
    }

    /// One could not be opened, which says nothing of the next. Makes room where no descriptor is left.
    pub(super) async fn not_accepted(&mut self, error: &io::Error) {
        // One that was gone before we came to it takes nothing with it.
        if error.kind() == io::ErrorKind::ConnectionAborted {
            return;
        }
        if !self.accepting_fails {
            tracing::warn!(error = error as &dyn std::error::Error, "cannot accept connections: trying again");
        }
        self.accepting_fails = true;
        self.free_places();
        tokio::time::sleep(ACCEPT_PAUSE).await;
        self.forget_ended();
    }

    /// Has those closed that were silent for the longest, and says whether there are any.
    fn free_places(&mut self) -> bool {
        let now = Instant::now();
        if now < self.look_at {
            return false;
        }
        let mut silent: Vec<_> =
            self.present.values().filter_map(|presence| Some((presence.rank(now)?, presence))).collect();
        silent.sort_unstable_by_key(|(rank, _)| *rank);
        let wanted = (self.present.len() / FREED_PART).max(1);
        silent.iter().take(wanted).for_each(|(_, presence)| presence.close());
        let found = !silent.is_empty();
        if !found {
            self.look_at = now + LOOK_PAUSE;
        }
        found
    }

    /// How many are served.
    pub(super) fn served(&self) -> usize {
        self.served.len()
    }

    /// Waits until one has ended, for ever where none does.
    pub(super) async fn ended(&mut self) {
        tokio::select! {
            Some(ended) = self.served.join_next_with_id() => forget(&mut self.present, ended),
            Some(ended) = self.told.join_next() => log_panic(ended),
            else => std::future::pending().await,
        }
    }

    /// Waits until all that are served have ended, and cuts the others off.
    pub(super) async fn all_ended(&mut self) {
        self.told.abort_all();
        while let Some(ended) = self.served.join_next().await {
            log_panic(ended);
        }
    }

    /// What has ended takes no place.
    fn forget_ended(&mut self) {
        while let Some(ended) = self.served.try_join_next_with_id() {
            forget(&mut self.present, ended);
        }
        while let Some(ended) = self.told.try_join_next() {
            log_panic(ended);
        }
    }
}

fn forget(present: &mut HashMap<Id, Arc<Presence>>, ended: Result<(Id, ()), JoinError>) {
    let id = match &ended {
        Ok((id, ())) => *id,
        Err(error) => error.id(),
    };
    present.remove(&id);
    log_panic(ended.map(|_| ()));
}

fn log_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = &error as &dyn std::error::Error, "a connection's task failed");
    }
}
