//! Tells shards what is stored: executions, folded from their events, and whether a name is taken.
//!
//! Reads and folds away from the shards, so that a slow disk or a long history holds up only who waits for it.

use std::ops::ControlFlow;
use std::sync::Arc;

use asl::Text;
use engine::{EventId, EventKind, Execution, Status};
use store::record::{Chunk, EventRange, ExecutionId, ExecutionRecord, Order};
use store::{Store, StoreError};

use crate::crash_notes::Watched;
use crate::directory::Directory;
use crate::driver::Shards;
use crate::shard::{Earlier, Found, Input, Invocations, Live, LoadError, Loaded, LogEnd, guarded, info};
use crate::sync::Inbox;

/// Reads what a shard must be told of executions and names.
pub struct Loader {
    store: Arc<dyn Store>,
    directory: Arc<Directory>,
}

/// What a loader is asked.
#[derive(Clone, Debug)]
pub enum Question {
    /// What is stored about an execution.
    Execution(ExecutionId),
    /// Where the log of an execution ends.
    LogEnd(ExecutionId),
    /// Whether an execution has that ARN.
    Name(Text),
}

impl Loader {
    /// Reads that store; programs are the directory's.
    pub fn new(store: Arc<dyn Store>, directory: Arc<Directory>) -> Self {
        Self { store, directory }
    }

    /// The answer, for the shard that asked.
    pub fn answer(&self, question: Question) -> Input {
        match question {
            Question::Execution(execution) => {
                Input::Loaded(Loaded { execution, found: self.load(execution).map(Box::new) })
            }
            Question::LogEnd(execution) => Input::LogEnd(LogEnd { execution, found: self.log_end(execution) }),
            Question::Name(arn) => Input::Found(Found { earlier: self.earlier(&arn).map_err(Arc::new), arn }),
        }
    }

    /// Reads an execution back and folds its events; one that is over only where jobs of it are to be cancelled.
    fn load(&self, id: ExecutionId) -> Result<Live, LoadError> {
        let record = self.store.execution(id).map_err(LoadError::from)?.ok_or(LoadError::Unknown)?;
        if record.summary.status != Status::Running && !record.summary.open_tasks {
            return Err(LoadError::Over(record.summary.stopped_at));
        }
        let revision = self.directory.revision(record.definition).map_err(LoadError::from)?;
        let execution = Execution::new(Arc::clone(&revision.program), info(&record.arn, &record.name, &revision));
        let invocations = record.profile.map(|profile| Box::new(Invocations::new(profile)));
        let Folding { execution, invocations } = self.fold(id, Folding { execution, invocations })?;
        Ok(Live::read_back(execution, record.summary, invocations))
    }

    /// Folds the events chunk by chunk: of a long history, no more is in memory than what follows from it.
    fn fold(&self, id: ExecutionId, mut folding: Folding) -> Result<Folding, LoadError> {
        let mut failed = None;
        let visited = self.store.visit_chunks(id, EventRange::ALL, Order::Forward, &mut |chunk| {
            let folded = guarded(|| folding.take(&chunk)).unwrap_or_else(|panicked| Err(panicked.into()));
            failed = folded.err();
            if failed.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        visited.map_err(LoadError::from)?;
        failed.map_or(Ok(folding), |error| Err(LoadError::Damaged(error)))
    }

    fn log_end(&self, id: ExecutionId) -> Result<Option<(ExecutionRecord, Chunk)>, StoreError> {
        let Some(record) = self.store.execution(id)? else { return Ok(None) };
        let Some(shown) = self.store.last_chunk(id)? else { return Ok(None) };
        // Hidden events may follow.
        let last = self.store.chunks_between(id, shown.last_id, EventId(u64::MAX))?.pop();
        Ok(Some((record, last.unwrap_or(shown))))
    }

    fn earlier(&self, arn: &str) -> Result<Option<Earlier>, StoreError> {
        let Some(record) = self.store.execution_by_arn(arn)? else { return Ok(None) };
        let is_running = record.summary.status == Status::Running;
        let input = if is_running { self.input(record.id)? } else { None };
        Ok(Some(Earlier { record, input }))
    }

    fn input(&self, id: ExecutionId) -> Result<Option<asl::Value>, StoreError> {
        let Some(chunk) = self.store.first_chunk(id)? else { return Ok(None) };
        let events = engine::log::decode(&chunk.events).map_err(|e| StoreError::Damaged(e.to_string()))?;
        Ok(events.into_iter().find_map(|event| match event.kind {
            EventKind::ExecutionStarted { input, .. } => Some(input),
            _ => None,
        }))
    }
}

/// Answers one shard's questions until the inbox is closed.
pub(crate) fn run(loader: &Loader, inbox: &Inbox<Question>, shards: &Shards, shard: usize, watched: &Watched<'_>) {
    let mut questions = Vec::new();
    while inbox.take(&mut questions, None) {
        for question in questions.drain(..) {
            watched.pulse.beat();
            if let Question::Execution(id) = question {
                // Reading it back is done in a turn of its own, before its first event.
                watched.in_hand.note(id, EventId::NONE);
            }
            let answer = loader.answer(question);
            watched.in_hand.clear();
            shards.send(shard, answer);
        }
        watched.rest();
    }
}

/// An execution as far as its events were folded.
struct Folding {
    execution: Execution,
    invocations: Option<Box<Invocations>>,
}

impl Folding {
    fn take(&mut self, chunk: &Chunk) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        for event in engine::log::decode(&chunk.events)? {
            self.execution.apply(&event)?;
            if let Some(invocations) = &mut self.invocations {
                invocations.note(&event);
            }
        }
        Ok(())
    }
}

impl From<StoreError> for LoadError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged(_) => Self::Damaged(error.into()),
            other => Self::Store(other),
        }
    }
}
