//! Keeps house: recovery after a restart, timers that come near, state machines to remove.
//!
//! A [`Keeper`] does one step at a time and waits for nobody, so that a thread can drive it, or a simulation.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use asl::Text;
use engine::{Status, Timestamp};
use store::partition::PartitionSet;
use store::record::{ExecutionFilter, ExecutionId, Page, Write};
use store::{Store, StoreError};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use crate::calls::CallError;
use crate::clock::{Clock, LastTime};
use crate::directory::{Directory, Machine};
use crate::driver::Shards;
use crate::shard::{ARM_AHEAD_MILLISECONDS, Input, Reply, Stop};
use crate::sync::Inbox;
use crate::vitals::Pulse;
use crate::writer::CommitQueue;

/// How often the store is asked for timers that come near. A shard arms in memory what is due within
/// `ARM_AHEAD_MILLISECONDS`; two sweeps see every later timer in time, even where one commit is slow.
const SWEEP_EVERY_MILLISECONDS: i64 = 60_000;

/// Timers read at once.
const TIMERS_PAGE: usize = 1_000;

/// Executions loaded at once during recovery: few, so that requests get their turn in between.
const RESUME_PAGE: usize = 64;

/// Executions stopped at once when their state machine is deleted.
const STOP_PAGE: usize = 100;

/// The pause after something failed, in milliseconds.
const RETRY_AFTER_MILLISECONDS: i64 = 1_000;

/// How often it is looked whether what was asked is answered: an answer may take as long as an execution computes, and
/// timers do not wait for it.
const ANSWERS_EVERY: Duration = Duration::from_millis(2);

/// What the keeper is told.
#[derive(Debug)]
pub enum Errand {
    /// A state machine is being deleted.
    Delete(Arc<Machine>),
}

/// What the keeper waits for after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Answers of shards or of the writer.
    Answers,
    /// Nothing: there is more to do.
    Never,
    /// Errands, or that time.
    Until(Timestamp),
    /// Something failed, and is done again at that time.
    Retry(Timestamp),
}

/// Keeps house.
pub struct Keeper {
    store: Arc<dyn Store>,
    directory: Arc<Directory>,
    shards: Arc<Shards>,
    writer: Arc<CommitQueue>,
    /// The greatest number an execution had when the runtime opened; those after it need no recovery.
    last_id: ExecutionId,
    recovery: Recovery,
    sweep_at: Timestamp,
    /// After a failure, nothing happens until then.
    paused_until: Timestamp,
    last_time: LastTime,
    deletions: Vec<Deletion>,
}

/// How far recovery is.
enum Recovery {
    /// At the executions after this one.
    After(Option<ExecutionId>),
    /// A page is being resumed; then it goes on, or is done.
    Page {
        began_after: Option<ExecutionId>,
        answers: Answers<()>,
        next: Option<ExecutionId>,
    },
    Done,
}

/// A state machine's removal.
struct Deletion {
    machine: Arc<Machine>,
    stage: Stage,
}

/// How far a removal is.
enum Stage {
    Begun,
    /// Every start that passed the check before the machine was marked becomes durable, and so is in the list.
    Barrier(Answers<()>),
    /// Its running executions after that position are to be stopped.
    Stop {
        after: Option<i64>,
    },
    /// A page of them is being stopped; then it goes on, or they are all over.
    Stopping {
        answers: Answers<Timestamp>,
        next: Option<i64>,
    },
    /// Its record is to go.
    Remove,
    /// Where somebody writes the record meanwhile, it is removed as it is then.
    Removing(Answers<(), StoreError>),
    Done,
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

impl Keeper {
    /// Keeps house over that store. `last_id` is the greatest number an execution has.
    pub fn new(
        store: Arc<dyn Store>,
        directory: Arc<Directory>,
        shards: Arc<Shards>,
        writer: Arc<CommitQueue>,
        last_id: ExecutionId,
        now: Timestamp,
    ) -> Self {
        let mut keeper = Self {
            store,
            directory,
            shards,
            writer,
            last_id,
            recovery: Recovery::After(None),
            sweep_at: now,
            paused_until: now,
            last_time: LastTime::beginning(now),
            deletions: Vec::new(),
        };
        for machine in keeper.directory.deleting_machines() {
            keeper.tell(Errand::Delete(machine));
        }
        keeper
    }

    /// There is something to do.
    pub fn tell(&mut self, errand: Errand) {
        let Errand::Delete(machine) = errand;
        self.deletions.push(Deletion { machine, stage: Stage::Begun });
    }

    /// Works until the inbox is closed.
    pub(crate) fn run(mut self, clock: &dyn Clock, inbox: &Inbox<Errand>, pulse: &Pulse) {
        let mut errands = Vec::new();
        let mut leaps = clock.leaps();
        loop {
            let now = clock.now();
            if std::mem::replace(&mut leaps, clock.leaps()) != clock.leaps() {
                self.wake_shards();
            }
            pulse.beat();
            let rest = self.step(now);
            pulse.rest();
            let patience = match rest {
                Rest::Answers => ANSWERS_EVERY,
                Rest::Never => Duration::ZERO,
                Rest::Until(at) | Rest::Retry(at) => {
                    Duration::from_millis(at.0.saturating_sub(now.0).max(0).unsigned_abs())
                }
            };
            if !inbox.take(&mut errands, Some(patience)) {
                return;
            }
            errands.drain(..).for_each(|errand| self.tell(errand));
        }
    }

    /// The time leapt: whoever sleeps until some time looks again, and what comes near is armed.
    fn wake_shards(&mut self) {
        self.sweep_at = Timestamp(i64::MIN);
        (0..self.shards.count()).for_each(|shard| self.shards.send(shard, Input::Arm(Vec::new())));
    }

    /// Does what can be done now.
    pub fn step(&mut self, now: Timestamp) -> Rest {
        if self.last_time.goes_back(now) {
            (self.sweep_at, self.paused_until) = (now, now);
        }
        if now < self.paused_until {
            return Rest::Retry(self.paused_until);
        }
        let steps = [self.sweep_if_due(now), self.recover(), self.delete_all()];
        for error in steps.into_iter().filter_map(Result::err) {
            tracing::warn!(error = &error as &dyn std::error::Error, "background work is put off");
            self.paused_until = Timestamp(now.0.saturating_add(RETRY_AFTER_MILLISECONDS));
        }
        self.rest(now)
    }

    fn rest(&self, now: Timestamp) -> Rest {
        if now < self.paused_until {
            return Rest::Retry(self.paused_until);
        }
        let stages = || self.deletions.iter().map(|deletion| &deletion.stage);
        let has_more = matches!(self.recovery, Recovery::After(_))
            || stages().any(|stage| matches!(stage, Stage::Begun | Stage::Stop { .. } | Stage::Remove));
        match &self.recovery {
            _ if has_more => Rest::Never,
            Recovery::Page { .. } => Rest::Answers,
            _ if !self.deletions.is_empty() => Rest::Answers,
            _ => Rest::Until(self.sweep_at),
        }
    }

    fn sweep_if_due(&mut self, now: Timestamp) -> Result<(), Interrupted> {
        if now >= self.sweep_at {
            self.sweep(now)?;
            self.sweep_at = Timestamp(now.0.saturating_add(SWEEP_EVERY_MILLISECONDS));
        }
        Ok(())
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

    fn recover(&mut self) -> Result<(), Interrupted> {
        self.recovery = match std::mem::replace(&mut self.recovery, Recovery::Done) {
            Recovery::After(after) => match self.resume_page(after) {
                Ok(page) => page,
                Err(error) => {
                    self.recovery = Recovery::After(after);
                    return Err(error);
                }
            },
            Recovery::Page { began_after, mut answers, next } => match answers.poll(|_| false) {
                None => Recovery::Page { began_after, answers, next },
                Some(Ok(())) => next.map_or(Recovery::Done, |last| Recovery::After(Some(last))),
                Some(Err(error)) => {
                    self.recovery = Recovery::After(began_after);
                    return Err(error);
                }
            },
            Recovery::Done => Recovery::Done,
        };
        Ok(())
    }

    fn resume_page(&self, after: Option<ExecutionId>) -> Result<Recovery, Interrupted> {
        let page = self.store.unsettled(&PartitionSet::All, after, RESUME_PAGE)?;
        let old = page.iter().map(|(id, _)| *id).take_while(|id| *id <= self.last_id);
        let answers =
            old.map(|execution| self.ask(self.shards.of(execution), |reply| Input::Resume { execution, reply }));
        let answers = Answers::of(answers);
        let next = match page.last() {
            Some((last, _)) if page.len() == RESUME_PAGE && *last <= self.last_id => Some(*last),
            _ => None,
        };
        Ok(Recovery::Page { began_after: after, answers, next })
    }

    fn delete_all(&mut self) -> Result<(), Interrupted> {
        let mut failed = None;
        let mut deletions = std::mem::take(&mut self.deletions);
        for deletion in &mut deletions {
            let stage = std::mem::replace(&mut deletion.stage, Stage::Begun);
            match self.delete(&deletion.machine, stage) {
                Ok(stage) => deletion.stage = stage,
                // From the beginning: what is done already is quickly seen to be.
                Err(error) => failed = Some(error),
            }
        }
        deletions.retain(|deletion| !matches!(deletion.stage, Stage::Done));
        self.deletions = deletions;
        failed.map_or(Ok(()), Err)
    }

    /// The next step of stopping the running executions of a state machine and removing it.
    fn delete(&self, machine: &Machine, stage: Stage) -> Result<Stage, Interrupted> {
        let id = machine.record.id;
        Ok(match stage {
            Stage::Begun => Stage::Barrier(Answers::of(
                (0..self.shards.count())
                    .map(|shard| self.ask(shard, |reply| Input::MachineDeleting { machine: id, reply })),
            )),
            Stage::Barrier(mut answers) => match answers.poll(|_| false) {
                None => Stage::Barrier(answers),
                Some(passed) => passed.map(|()| Stage::Stop { after: None })?,
            },
            Stage::Stop { after } => {
                let filter = ExecutionFilter { state_machine: id, status: Some(Status::Running), started_with: None };
                let listing = self.store.list_executions(&filter, &Page { limit: STOP_PAGE, after })?;
                let stop = |arn: Text, execution: ExecutionId| {
                    self.ask(self.shards.of(execution), |reply| {
                        Input::Stop(Stop { execution, arn, error: None, cause: None, reply })
                    })
                };
                let answers = Answers::of(listing.items.into_iter().map(|record| stop(record.arn, record.id)));
                Stage::Stopping { answers, next: listing.next }
            }
            Stage::Stopping { mut answers, next } => match answers.poll(is_beyond_stopping) {
                None => Stage::Stopping { answers, next },
                Some(stopped) => {
                    stopped?;
                    next.map_or(Stage::Remove, |position| Stage::Stop { after: Some(position) })
                }
            },
            Stage::Remove => {
                let now = self.directory.refresh_machine(&machine.record.arn)?.filter(|now| now.record.id == id);
                let Some(now) = now else { return Ok(Stage::Done) };
                let remove = Write::DeleteStateMachine { id, revision: now.record.revision };
                Stage::Removing(Answers::of([self.writer.submit_records(vec![remove])]))
            }
            Stage::Removing(mut removed) => match removed.poll(|_| false) {
                None => Stage::Removing(removed),
                Some(Err(Interrupted::Store(StoreError::Conflict(conflict)))) if conflict.is_about_records() => {
                    Stage::Remove
                }
                Some(gone) => {
                    gone?;
                    self.directory.drop_machine(&machine.record.arn, id);
                    Stage::Done
                }
            },
            Stage::Done => Stage::Done,
        })
    }

    fn ask<T>(&self, shard: usize, input: impl FnOnce(Reply<T>) -> Input) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        self.shards.send(shard, input(reply));
        answer
    }
}

/// One that cannot be read does not keep its machine alive; the shard's log names it.
fn is_beyond_stopping(error: &CallError) -> bool {
    matches!(error, CallError::Internal(_) | CallError::ExecutionDoesNotExist(_))
}

type Answer<T> = oneshot::Receiver<Result<T, CallError>>;

/// Answers that are waited for.
struct Answers<T, E = CallError> {
    waited_for: VecDeque<oneshot::Receiver<Result<T, E>>>,
    failed: Option<Interrupted>,
}

impl<T, E: Into<Interrupted>> Answers<T, E> {
    fn of(asked: impl IntoIterator<Item = oneshot::Receiver<Result<T, E>>>) -> Self {
        Self { waited_for: asked.into_iter().collect(), failed: None }
    }

    /// `None` while some are missing; then whether all are good, or their errors no harm.
    fn poll(&mut self, is_no_harm: impl Fn(&E) -> bool) -> Option<Result<(), Interrupted>> {
        while let Some(waited) = self.waited_for.front_mut() {
            let heard = waited.try_recv();
            if matches!(heard, Err(TryRecvError::Empty)) {
                return None;
            }
            self.waited_for.pop_front();
            let failed = match heard {
                Ok(Ok(_)) => None,
                Ok(Err(error)) => (!is_no_harm(&error)).then(|| error.into()),
                // Nobody answers any more.
                Err(_) => Some(Interrupted::Stopping),
            };
            self.failed = self.failed.take().or(failed);
        }
        Some(self.failed.take().map_or(Ok(()), Err))
    }
}
