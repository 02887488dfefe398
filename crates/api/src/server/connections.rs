//! The connections that are open: as many are served as may be, a few more are told that there are too many.

use std::sync::Arc;

use runtime::Throttled;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::{Service, overload, serve_connection};

/// Connections that are told at once that there are too many. Beyond them, one is closed without an answer.
/// No quota: it bounds only how many are told that one is exceeded.
pub(crate) const TOLD_MAX: usize = 256;

/// The open connections of a server.
pub(super) struct Connections {
    service: Arc<Service>,
    stop: watch::Receiver<()>,
    served: JoinSet<()>,
    told: JoinSet<()>,
}

impl Connections {
    /// None yet. They end when the sender of `stop` is dropped.
    pub(super) fn new(service: Arc<Service>, stop: watch::Receiver<()>) -> Self {
        Self { service, stop, served: JoinSet::new(), told: JoinSet::new() }
    }

    /// One was opened. Must be called within the async runtime.
    pub(super) fn accepted(&mut self, stream: TcpStream) {
        self.forget_ended();
        if self.served.len() < self.service.api.runtime.quotas().connections {
            self.served.spawn(serve_connection(stream, self.service.clone(), self.stop.clone()));
            return;
        }
        if self.told.len() < TOLD_MAX {
            self.service.api.runtime.count_throttled(Throttled::Connection);
            self.told.spawn(overload::tell(stream, self.service.clone()));
            return;
        }
        self.service.api.runtime.count_throttled(Throttled::UnansweredConnection);
    }

    /// How many are served.
    pub(super) fn served(&self) -> usize {
        self.served.len()
    }

    /// Waits until one has ended, for ever where none does.
    pub(super) async fn ended(&mut self) {
        tokio::select! {
            Some(ended) = self.served.join_next() => log_panic(ended),
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
        let Self { served, told, .. } = self;
        for connections in [served, told] {
            while let Some(ended) = connections.try_join_next() {
                log_panic(ended);
            }
        }
    }
}

fn log_panic(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = &error as &dyn std::error::Error, "a connection's task failed");
    }
}
