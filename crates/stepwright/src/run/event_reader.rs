//! Reads the events of an execution as they become durable, the hidden ones too.

use std::ops::ControlFlow;
use std::sync::Arc;

use engine::log::DecodeError;
use engine::{Event, EventId};
use store::record::{EventRange, ExecutionId, Order};
use store::{Store, StoreError};

/// The events of one execution.
pub(super) struct EventReader {
    store: Arc<dyn Store>,
    execution: ExecutionId,
    /// How many have been read.
    seen: u64,
    /// The last shown one.
    last: EventId,
}

/// Why there are no events.
#[derive(Debug, thiserror::Error)]
pub(super) enum EventError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They cannot be read.
    #[error("the events of the execution are damaged")]
    Damaged(#[from] DecodeError),
    /// There is no such execution.
    #[error("the execution is not stored")]
    Missing,
}

impl EventReader {
    /// Of the execution with that ARN, which was started.
    pub(super) fn new(store: Arc<dyn Store>, arn: &str) -> Result<Self, EventError> {
        let execution = store.execution_by_arn(arn)?.ok_or(EventError::Missing)?.id;
        Ok(Self { store, execution, seen: 0, last: EventId::NONE })
    }

    /// The execution's number.
    pub(super) fn execution(&self) -> ExecutionId {
        self.execution
    }

    /// What has come since the last call.
    pub(super) fn fresh(&mut self) -> Result<Vec<Event>, EventError> {
        let (mut chunks, mut events) = (Vec::new(), Vec::new());
        let range = EventRange { from: self.last, ..EventRange::ALL };
        self.store.visit_chunks(self.execution, range, Order::Forward, &mut |chunk| {
            chunks.push(chunk);
            ControlFlow::Continue(())
        })?;
        chunks.retain(|chunk| chunk.end() > self.seen);
        for chunk in chunks {
            let known = self.seen.saturating_sub(chunk.first);
            events.extend(engine::log::decode(&chunk.events)?.into_iter().skip(known as usize));
            self.seen = chunk.end();
            self.last = chunk.last_id;
        }
        Ok(events)
    }
}
