//! The background thread: recovery after a restart, timers that come near, state machines to remove.

use std::sync::Arc;
use std::time::Duration;

use engine::{Status, Timestamp};
use store::partition::PartitionSet;
use store::record::{ExecutionFilter, ExecutionId, LastIds, Page, Write};
use store::{Store, StoreError};
use tokio::sync::oneshot;

use crate::calls::CallError;
use crate::clock::Clock;
use crate::directory::{Directory, Machine};
use crate::driver::Shards;
use crate::shard::{ARM_AHEAD_MILLISECONDS, Input, Reply, Stop};
use crate::sync::Inbox;
use crate::writer::Writer;

/// How often the store is asked for timers that come near. A shard arms in memory what is due within
/// `ARM_AHEAD_MILLISECONDS`; two sweeps see every later timer in time, even where one commit is slow.
const SWEEP_EVERY_MILLISECONDS: i64 = 60_000;

/// Timers read at once.
const TIMERS_PAGE: usize = 1_000;

/// Executions loaded at once during recovery: few, so that requests get their turn in between.
const RESUME_PAGE: usize = 64;

/// Executions stopped at once when their state machine is deleted.
const STOP_PAGE: usize = 100;

/// The pause after something failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the background thread is told.
pub(crate) enum Errand {
    /// A state machine is being deleted.
    Delete(Arc<Machine>),
}

/// The background thread.
pub(crate) struct Keeper {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) shards: Arc<Shards>,
    pub(crate) writer: Arc<Writer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) inbox: Arc<Inbox<Errand>>,
    /// Held while records change.
    pub(crate) last_ids: Arc<tokio::sync::Mutex<LastIds>>,
    /// The greatest number an execution had when the runtime opened; those after it need no recovery.
    pub(crate) last_id: ExecutionId,
}

/// Why an errand stopped.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the server is stopping")]
    Stopping,
}

/// How far recovery is.
#[derive(Clone, Copy)]
enum Recovery {
    After(Option<ExecutionId>),
    Done,
}

impl Keeper {
    /// Works until the inbox is closed.
    pub(crate) fn run(self) {
        let mut recovery = Recovery::After(None);
        let mut sweep_at = self.clock.now();
        let mut deletions = self.directory.deleting_machines();
        let mut errands = Vec::new();
        loop {
            let now = self.clock.now();
            let mut has_failed = false;
            if now >= sweep_at {
                match self.sweep(now) {
                    Ok(()) => sweep_at = Timestamp(now.0.saturating_add(SWEEP_EVERY_MILLISECONDS)),
                    Err(error) => has_failed = self.note(&error),
                }
            }
            if let Recovery::After(after) = recovery {
                match self.resume_page(after) {
                    Ok(next) => recovery = next,
                    Err(error) => has_failed = self.note(&error),
                }
            }
            deletions.retain(|machine| match self.delete(machine) {
                Ok(()) => false,
                Err(error) => {
                    has_failed = self.note(&error);
                    true
                }
            });
            let patience = match recovery {
                _ if has_failed => RETRY_AFTER,
                Recovery::After(_) => Duration::ZERO,
                Recovery::Done => Duration::from_millis(sweep_at.0.saturating_sub(now.0).max(0).unsigned_abs()),
            };
            if !self.inbox.take(&mut errands, Some(patience)) {
                return;
            }
            deletions.extend(errands.drain(..).map(|Errand::Delete(machine)| machine));
        }
    }

    fn note(&self, error: &Interrupted) -> bool {
        tracing::warn!(error = error as &dyn std::error::Error, "background work is put off");
        true
    }

    /// Arms what comes near. What is armed already is armed again, without effect.
    fn sweep(&self, now: Timestamp) -> Result<(), Interrupted> {
        let until = Timestamp(now.0.saturating_add(ARM_AHEAD_MILLISECONDS));
        let mut after = None;
        loop {
            let page = self.store.due(&PartitionSet::All, until, after, TIMERS_PAGE)?;
            let is_last = page.len() < TIMERS_PAGE;
            after = page.last().copied();
            let mut by_shard = vec![Vec::new(); self.shards.count()];
            page.into_iter().for_each(|timer| by_shard[self.shards.of(timer.1)].push(timer));
            for (shard, timers) in by_shard.into_iter().enumerate().filter(|(_, timers)| !timers.is_empty()) {
                self.shards.send(shard, Input::Arm(timers));
            }
            if is_last {
                return Ok(());
            }
        }
    }

    fn resume_page(&self, after: Option<ExecutionId>) -> Result<Recovery, Interrupted> {
        let page = self.store.unsettled(&PartitionSet::All, after, RESUME_PAGE)?;
        let mut by_shard = vec![Vec::new(); self.shards.count()];
        let old = page.iter().map(|(id, _)| *id).take_while(|id| *id <= self.last_id);
        old.for_each(|id| by_shard[self.shards.of(id)].push(id));
        let is_due = |(_, executions): &(usize, Vec<ExecutionId>)| !executions.is_empty();
        let answers: Vec<_> = by_shard
            .into_iter()
            .enumerate()
            .filter(is_due)
            .map(|(shard, executions)| self.ask(shard, |reply| Input::Resume { executions, reply }))
            .collect();
        for answer in answers {
            wait(answer)?;
        }
        Ok(match page.last() {
            Some((last, _)) if page.len() == RESUME_PAGE && *last <= self.last_id => Recovery::After(Some(*last)),
            _ => Recovery::Done,
        })
    }

    /// Stops the running executions of a state machine, then removes it.
    fn delete(&self, machine: &Machine) -> Result<(), Interrupted> {
        let id = machine.record.id;
        // Every start that passed the check before the machine was marked is durable after this, and so in the list.
        let barriers: Vec<_> = (0..self.shards.count())
            .map(|shard| self.ask(shard, |reply| Input::MachineDeleting { machine: id, reply }))
            .collect();
        for barrier in barriers {
            wait(barrier)?;
        }

        let filter = ExecutionFilter { state_machine: id, status: Some(Status::Running), started_with: None };
        let mut page = Page { limit: STOP_PAGE, after: None };
        loop {
            let listing = self.store.list_executions(&filter, &page)?;
            let stop =
                |arn, execution| move |reply| Input::Stop(Stop { execution, arn, error: None, cause: None, reply });
            let answers: Vec<_> = listing
                .items
                .into_iter()
                .map(|record| self.ask(self.shards.of(record.id), stop(record.arn, record.id)))
                .collect();
            for answer in answers {
                match wait(answer) {
                    // One that cannot be read does not keep its machine alive; the shard's log names it.
                    Ok(_) | Err(Interrupted::Call(CallError::Internal(_) | CallError::ExecutionDoesNotExist(_))) => {}
                    Err(error) => return Err(error),
                }
            }
            page.after = listing.next;
            if page.after.is_none() {
                break;
            }
        }
        // Nobody may write the record again while it goes.
        let _changes = self.last_ids.blocking_lock();
        let now = self.directory.machine(&machine.record.arn).filter(|now| now.record.id == id);
        let Some(now) = now else { return Ok(()) };
        let revision = now.record.revision;
        let removed = self.writer.submit_records(vec![Write::DeleteStateMachine { id, revision }]);
        removed.blocking_recv().map_err(|_| Interrupted::Stopping)??;
        self.directory.remove_machine(&machine.record.arn);
        Ok(())
    }

    fn ask<T>(&self, shard: usize, input: impl FnOnce(Reply<T>) -> Input) -> oneshot::Receiver<Result<T, CallError>> {
        let (reply, answer) = oneshot::channel();
        self.shards.send(shard, input(reply));
        answer
    }
}

fn wait<T>(answer: oneshot::Receiver<Result<T, CallError>>) -> Result<T, Interrupted> {
    Ok(answer.blocking_recv().map_err(|_| Interrupted::Stopping)??)
}
