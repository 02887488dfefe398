//! What is looked at again and again while the server runs, beside its threads: memory, and what is stored.

use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::Text;
use store::record::Write;

use crate::shard::Context;
use crate::vitals::VitalFailure;
use crate::writer::CommitQueue;

/// How often it is tried whether commits get through again.
const TRY_EVERY: Duration = Duration::from_secs(1);

/// The value that is written to try that. Nobody reads it.
const TRIAL: &str = "trial";

/// Its bytes: more than what a start takes, so that no corner that is left on a full disk passes for room.
const TRIAL_BYTES: usize = 256 * 1024;

/// Why the server cannot do its work now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwell {
    /// It is going to end.
    #[error(transparent)]
    Vital(#[from] VitalFailure),
    /// What it does cannot be made durable: nothing new is accepted, what was accepted waits.
    #[error("commits fail: {0}")]
    Commits(String),
}

/// Whoever looks.
pub(crate) struct Rounds {
    context: Arc<Context>,
    writer: Arc<CommitQueue>,
    tried: Instant,
}

impl Rounds {
    pub(crate) fn new(context: Arc<Context>, writer: Arc<CommitQueue>) -> Self {
        Self { context, writer, tried: Instant::now() }
    }

    /// Looks at all of it.
    ///
    /// # Errors
    /// Where the server is to end.
    pub(crate) fn look(&mut self) -> Result<(), VitalFailure> {
        self.context.memory.look();
        self.try_to_commit();
        self.context.store.check().map_err(|error| VitalFailure::Store(error.to_string()))
    }

    /// Where commits fail, nothing may be left that wants one: then nobody would learn that they get through again.
    fn try_to_commit(&mut self) {
        if self.context.commit_health.failure().is_none() || self.tried.elapsed() < TRY_EVERY {
            return;
        }
        self.tried = Instant::now();
        let trial = Write::Meta { name: Text::from(TRIAL), value: vec![0; TRIAL_BYTES] };
        // The writer notes how it went.
        drop(self.writer.submit_records(vec![trial]));
    }
}
