//! An execution in memory: its state, and how much of it is durable.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use asl::{ErrorName, Text};
use engine::{Event, EventId, EventKind, Execution, ExecutionInfo, Status, Timestamp};
use store::record::{Chunk, ExecutionId, ExecutionRecord, StateMachineId, Summary, Write};

use super::ShardOptions;
use super::batch::Release;
use super::input::Reply;
use super::invocations::Invocations;
use super::turn::work;
use crate::calls::EndedExecution;
use crate::directory::Revision;

/// An execution in memory.
#[derive(Debug)]
pub(crate) struct Live {
    pub(super) execution: Execution,
    pub(super) kind: Kind,
    /// What happened since the last batch was taken.
    pub(super) unwritten: Vec<Event>,
    /// Batches with writes of it that are not durable yet.
    pub(super) pending: u32,
    /// Bytes of events that were handed to the writer since everything about it was durable.
    pub(super) unwritten_bytes: usize,
    /// Whether it waits to go on.
    pub(super) is_queued: bool,
    /// Whether it could not be advanced: our own mistake. What it did before is written, it goes no further.
    pub(super) is_broken: bool,
    /// The invocations of its states, where it was started with a profile.
    pub(super) invocations: Option<Box<Invocations>>,
    /// Cancellations that were handed out, by their tasks.
    cancelling: BTreeSet<EventId>,
    /// Who waits for its end: StartSyncExecution.
    pub(super) ended: Option<Reply<EndedExecution>>,
    /// The timer it has among the shard's timers.
    pub(super) armed: Option<Timestamp>,
    /// How long its long turns took, since it is in memory.
    pub(super) spent: Duration,
    /// When it was last used, as the idle list knows it.
    pub(super) stamp: u64,
    /// Written events, hidden ones too.
    stored: u64,
    stored_id: EventId,
    /// The first write, until it is made.
    begin: Option<Box<ExecutionRecord>>,
    /// The summary last written.
    summary: Summary,
}

/// What an execution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Durable.
    Standard,
    /// In memory only.
    Express { machine: StateMachineId, ends_at: Timestamp },
}

impl Live {
    /// One that has just begun.
    pub(super) fn begun(execution: Execution, kind: Kind, record: ExecutionRecord) -> Self {
        let summary = record.summary;
        let invocations = record.profile.clone().map(|profile| Box::new(Invocations::new(profile)));
        Self {
            begin: (kind == Kind::Standard).then(|| Box::new(record)),
            invocations,
            ..Self::stored(execution, kind, summary, 0, EventId::NONE)
        }
    }

    /// One that was read back.
    pub(crate) fn read_back(execution: Execution, summary: Summary, invocations: Option<Box<Invocations>>) -> Self {
        let (count, last) = (execution.event_count(), execution.last_event());
        Self { invocations, ..Self::stored(execution, Kind::Standard, summary, count, last) }
    }

    fn stored(execution: Execution, kind: Kind, summary: Summary, stored: u64, stored_id: EventId) -> Self {
        Self {
            execution,
            kind,
            unwritten: Vec::new(),
            pending: 0,
            unwritten_bytes: 0,
            is_queued: false,
            is_broken: false,
            spent: Duration::ZERO,
            invocations: None,
            cancelling: BTreeSet::new(),
            ended: None,
            armed: None,
            stamp: 0,
            stored,
            stored_id,
            begin: None,
            summary,
        }
    }

    /// Whether so much of it is on its way to the store that it may have to wait.
    pub(super) fn writes_much(&self, options: &ShardOptions) -> bool {
        self.unwritten_bytes >= options.much_bytes
    }

    /// A batch with a write of it became durable, or failed.
    pub(super) fn settle_write(&mut self) {
        self.pending = self.pending.saturating_sub(1);
        if self.pending == 0 {
            self.unwritten_bytes = 0;
        }
    }

    /// It comes back from elsewhere, where so many batches with writes of it are not durable.
    pub(super) fn return_with(&mut self, pending: u32) {
        self.pending = pending;
        if pending == 0 {
            self.unwritten_bytes = 0;
        }
    }

    /// Whether everything about it is durable.
    pub(super) fn is_clean(&self) -> bool {
        self.pending == 0 && self.unwritten.is_empty()
    }

    pub(super) fn is_running(&self) -> bool {
        self.execution.status() == Status::Running
    }

    /// Whether it is kept only until what it did is durable. One that is over stays a while where jobs are being
    /// cancelled.
    pub(super) fn is_done(&self) -> bool {
        self.is_clean() && (self.is_broken || !self.is_running() && !self.execution.is_to_hand_out())
    }

    /// Whether it was started with a profile: what then answers its tasks need not wait for a callback.
    pub(super) fn has_profile(&self) -> bool {
        self.invocations.is_some()
    }

    /// A cancellation that was handed out did not leave.
    pub(super) fn cancel_again(&mut self, scheduled: EventId) {
        self.cancelling.remove(&scheduled);
    }

    /// Hands out what is to be cancelled and was not handed out since the execution is in memory.
    pub(super) fn cancel_jobs(&mut self, id: ExecutionId, after_restart: bool) -> Vec<Release> {
        let fresh: Vec<_> =
            self.execution.cancels().filter(|task| !self.cancelling.contains(&task.scheduled)).cloned().collect();
        self.cancelling.extend(fresh.iter().map(|task| task.scheduled));
        fresh.into_iter().map(|task| Release::Cancel(Box::new(work(id, self, task, after_restart)))).collect()
    }

    /// When it wants to be woken.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        match self.kind {
            Kind::Standard => self.execution.next_due(),
            Kind::Express { .. } => self.execution.next_due().into_iter().chain(self.express_end()).min(),
        }
    }

    /// When an EXPRESS execution ends, whatever it does.
    pub(super) fn express_end(&self) -> Option<Timestamp> {
        match self.kind {
            Kind::Standard => None,
            Kind::Express { ends_at, .. } => Some(ends_at),
        }
    }

    /// When it times out, whatever it does.
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        self.execution.deadline().into_iter().chain(self.express_end()).min()
    }

    /// Has an EXPRESS execution end no later than then.
    pub(super) fn end_express_by(&mut self, latest: Timestamp) {
        if let Kind::Express { ends_at, .. } = &mut self.kind {
            *ends_at = latest.min(*ends_at);
        }
    }

    /// Tells who waits that it ended; `events` has the end.
    pub(super) fn tell_end(&mut self, events: &[Event]) {
        let Some(reply) = self.ended.take() else { return };
        let mut ended = self.end(self.execution.status(), self.execution.stopped_at().unwrap_or_default());
        match events.last().map(|event| &event.kind) {
            Some(EventKind::ExecutionSucceeded { output }) => ended.output = Some(output.clone()),
            Some(EventKind::ExecutionFailed { error, cause } | EventKind::ExecutionAborted { error, cause }) => {
                (ended.error, ended.cause) = (error.clone(), cause.clone());
            }
            Some(EventKind::ExecutionTimedOut) => ended.error = Some(ErrorName::TIMEOUT.into()),
            _ => {}
        }
        // Nobody is harmed where the caller went away.
        let _ = reply.send(Ok(ended));
    }

    /// Tells who waits that it took longer than its type may.
    pub(super) fn tell_timeout(&mut self, now: Timestamp) {
        let Some(reply) = self.ended.take() else { return };
        let ended = EndedExecution { error: Some(ErrorName::TIMEOUT.into()), ..self.end(Status::TimedOut, now) };
        let _ = reply.send(Ok(ended));
    }

    fn end(&self, status: Status, stopped_at: Timestamp) -> EndedExecution {
        EndedExecution { status, stopped_at, output: None, error: None, cause: None }
    }

    /// What is not written yet, as one write.
    pub(super) fn write(&mut self, id: ExecutionId) -> Option<Write> {
        let last = self.unwritten.last()?;
        let chunk = chunk(self.stored, self.stored_id, &self.unwritten);
        (self.stored, self.stored_id) = (chunk.end(), last.id);
        self.pending += 1;
        self.unwritten_bytes += chunk.events.len();
        self.unwritten.clear();
        // An engine that failed in mid-turn says nothing to be trusted about itself.
        let summary = if self.is_broken { self.summary } else { summary(&self.execution, self.has_profile()) };
        let changed = summary != self.summary;
        self.summary = summary;
        Some(match self.begin.take() {
            Some(record) => {
                Write::Begin { execution: ExecutionRecord { summary, ..*record }, chunk, machine_revision: None }
            }
            None => Write::Append { execution: id, chunk, summary: changed.then_some(summary) },
        })
    }
}

/// The record's part that follows from the events.
pub(crate) fn summary(execution: &Execution, has_profile: bool) -> Summary {
    Summary {
        status: execution.status(),
        stopped_at: execution.stopped_at(),
        wake_at: execution.next_due(),
        open_tasks: execution.is_to_hand_out() || has_profile && execution.has_open_tasks(),
        ready: execution.is_ready(),
    }
}

/// Events as they are stored, after `stored` events of which the last shown one is `stored_id`.
pub(super) fn chunk(stored: u64, stored_id: EventId, events: &[Event]) -> Chunk {
    const USUAL_BYTES: usize = 64;
    let mut bytes = Vec::with_capacity(events.len() * USUAL_BYTES);
    engine::log::encode(events, &mut bytes);
    Chunk {
        first: stored,
        count: events.len() as u64,
        first_id: stored_id.next(),
        last_id: events.last().map_or(stored_id, |last| last.id),
        events: bytes,
    }
}

/// What is fixed about an execution.
pub(crate) fn info(arn: &Text, name: &Text, revision: &Revision) -> Arc<ExecutionInfo> {
    Arc::new(ExecutionInfo {
        arn: arn.clone(),
        name: name.clone(),
        state_machine_arn: revision.machine_arn.clone(),
        state_machine_name: revision.machine_name.clone(),
        role_arn: revision.role_arn.clone(),
    })
}
