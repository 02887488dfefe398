//! What is asked of executions, and how it waits for those that are not in memory.
//!
//! A shard reads nothing itself. It says what it must be told ([`Need`]), keeps what was asked until it is told, and
//! goes on with its other executions: a slow read holds up only those that wait for it.

use std::sync::Arc;

use asl::Recall;
use engine::{Command, Ignored, OpenTask, Outstanding, Timestamp};
use store::StoreError;
use store::record::ExecutionId;

use super::batch::{Held, Release, Undelivered};
use super::input::{Reply, Stop};
use super::live::{Kind, Live};
use super::need::{LoadError, Loaded, Need};
use super::turn::{Moment, Refusal, Turned, offer};
use super::{Metrics, Shard};
use crate::activities::{HandOut, TaskRef};
use crate::calls::{ActivityTask, CallError};
use crate::loader::Question;

/// Executions asked for at once; more wait for their turn, so that a wave of timers does not fill memory with answers.
/// No quota: nothing is refused.
const LOADS_MAX: usize = 256;

/// What is asked of an execution.
#[derive(Debug)]
pub(super) enum Request {
    /// What is said about a task of it.
    Task { command: Command, reply: Reply<()> },
    /// StopExecution.
    Stop(Stop),
    /// A task for a waiting worker.
    HandOut(HandOut),
    /// It goes on after a restart, and its open tasks are offered again.
    Resume(Reply<()>),
    /// Its timer, armed for then, is due.
    Tick { due: Timestamp },
    /// A failed commit threw it away: what it held back is let out as far as the history still wants it.
    ReadBack,
}

/// An execution that is not in memory, and what is asked of it.
pub(super) struct Absent {
    pub(super) absence: Absence,
    pub(super) waiting: Vec<Request>,
}

/// Where an execution is that is not in memory.
#[derive(Debug)]
pub(super) enum Absence {
    /// In the store. Left when it is loaded.
    Stored,
    /// It takes a long turn elsewhere. Left when that is over.
    Away {
        kind: Kind,
        /// Batches with writes of it that are not durable yet.
        pending: u32,
        fate: Fate,
        /// When it times out, whatever it computes.
        ends_at: Option<Timestamp>,
        /// Ends its turn.
        recall: Recall,
    },
}

/// What becomes of an execution when its long turn is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes on.
    Returns,
    /// A commit that it was built on failed: it is read back.
    IsReadBack,
    /// Its state machine is being deleted: nobody wants it any more.
    IsForgotten,
}

impl Absence {
    /// Whether what is asked ends the execution, so that nobody needs to know what else comes of its turn. Then the turn
    /// is told to end.
    fn is_ended_by(&self, request: &Request) -> bool {
        let Self::Away { ends_at, recall, .. } = self else { return false };
        let ends = match request {
            Request::Stop(_) => true,
            Request::Tick { due } => ends_at.is_some_and(|end| *due >= end),
            Request::Task { .. } | Request::HandOut(_) | Request::Resume(_) | Request::ReadBack => false,
        };
        if ends {
            recall.recall();
        }
        ends
    }
}

impl Shard {
    /// Does what is asked of an execution: at once where it is in memory, else as soon as it is.
    pub(super) fn request(&mut self, id: ExecutionId, request: Request, moment: &mut Moment<'_>) {
        if self.broken.contains(id) {
            return match request {
                Request::Stop(stop) => self.stop_broken(id, stop),
                other => self.refuse(id, other, &Refusal::Broken, moment.now),
            };
        }
        if let Some(absent) = self.absent.get_mut(&id) {
            if absent.absence.is_ended_by(&request) {
                self.needs.push(Need::Recall(id));
            }
            return absent.waiting.push(request);
        }
        if self.live.contains_key(&id) {
            return self.carry_out(id, request, moment);
        }
        self.absent.insert(id, Absent { absence: Absence::Stored, waiting: vec![request] });
        self.wanted.push_back(id);
        self.ask();
    }

    /// Asks for executions, as many at once as are allowed.
    pub(super) fn ask(&mut self) {
        while self.loading < LOADS_MAX {
            let Some(id) = self.wanted.pop_front() else { return };
            self.loading += 1;
            self.needs.push(Need::Stored(Question::Execution(id)));
        }
    }

    /// An execution that was asked for is here, or cannot be.
    pub(super) fn loaded(&mut self, loaded: Loaded, moment: &mut Moment<'_>) {
        self.loading = self.loading.saturating_sub(1);
        self.ask();
        let Loaded { execution: id, found } = loaded;
        let Some(Absent { waiting, .. }) = self.absent.remove(&id) else { return };
        match found {
            Ok(mut live) => {
                self.count_again(id, live.is_running());
                Metrics::add(&self.context.metrics.loads, 1);
                // Again where they were handed out before it left memory: whoever cancels them knows.
                let after_restart = waiting.iter().any(|request| matches!(request, Request::Resume(_)));
                self.gathering.releases.extend(live.cancel_jobs(id, after_restart));
                self.come_back(id, *live, waiting, moment);
            }
            Err(error) => {
                let refusal = self.not_loaded(id, error);
                waiting.into_iter().for_each(|request| self.refuse(id, request, &refusal, moment.now));
            }
        }
    }

    /// An execution is in memory again: it does what was asked of it in the meantime.
    pub(super) fn come_back(&mut self, id: ExecutionId, live: Live, waiting: Vec<Request>, moment: &mut Moment<'_>) {
        self.live.insert(id, live);
        self.settle(id, moment.now);
        waiting.into_iter().for_each(|request| self.request(id, request, moment));
    }

    fn not_loaded(&mut self, id: ExecutionId, error: LoadError) -> Refusal {
        let error = match error {
            // What was held back stays so until the store answers.
            LoadError::Store(error) => return Refusal::Store(Arc::new(error)),
            other => other,
        };
        // What cannot be read runs as far as anybody knows.
        self.count_again(id, matches!(error, LoadError::Damaged(_)));
        self.reload.remove(&id);
        match error {
            LoadError::Over(stopped_at) => Refusal::Over(stopped_at),
            LoadError::Damaged(error) => {
                self.set_broken(id, &*error);
                Refusal::Broken
            }
            LoadError::Unknown | LoadError::Store(_) => Refusal::Unknown,
        }
    }

    fn carry_out(&mut self, id: ExecutionId, request: Request, moment: &mut Moment<'_>) {
        if let Some(undelivered) = self.reload.remove(&id) {
            self.deliver_again(id, &undelivered);
        }
        match request {
            Request::Task { command, reply } => self.task(id, command, reply, moment),
            Request::Stop(stop) => self.stop(id, stop, moment),
            Request::HandOut(hand_out) => self.hand_out(id, hand_out, moment),
            Request::Resume(reply) => {
                let has_profile = self.live.get(&id).is_some_and(Live::has_profile);
                self.offer_open_tasks(id, true, |task| task.is_to_hand_out() || has_profile);
                self.gathering.releases.push(Release::Finished(Held { reply, result: Ok(()) }));
            }
            Request::Tick { .. } => self.go_on(id, Command::Tick, moment),
            Request::ReadBack => {}
        }
    }

    fn task(&mut self, id: ExecutionId, command: Command, reply: Reply<()>, moment: &mut Moment<'_>) {
        match self.advance(id, command, moment) {
            Ok(Turned::Done) => self.finish_task(id, reply, Ok(())),
            Ok(Turned::Long) => {
                self.finish_task(id, reply, Ok(()));
                self.send_away(id, Command::Continue, None, moment);
            }
            Err(Refusal::TooLong(command)) => self.send_away(id, *command, Some(reply), moment),
            Err(refusal) => self.finish_task(id, reply, Err(refusal)),
        }
    }

    /// Answers who told something about a task.
    pub(super) fn finish_task(&mut self, id: ExecutionId, reply: Reply<()>, told: Result<(), Refusal>) {
        let result = told.or_else(|refusal| match refusal {
            // Told again: the commit was said to have failed, and had not.
            Refusal::Ignored(Ignored::TaskAlreadySubmitted) => Ok(()),
            Refusal::Unknown => Err(CallError::TaskDoesNotExist),
            Refusal::Over(_) | Refusal::Ignored(_) => Err(CallError::TaskTimedOut),
            other => Err(other.to_call_error()),
        });
        self.answer(id, Held { reply, result }, Release::Finished);
    }

    fn stop(&mut self, id: ExecutionId, stop: Stop, moment: &mut Moment<'_>) {
        let Stop { error, cause, reply, .. } = stop;
        let now = moment.now;
        let result = match self.advance(id, Command::Stop { error, cause }, moment) {
            Ok(_) | Err(Refusal::Ignored(_)) => {
                Ok(self.live.get(&id).and_then(|live| live.execution.stopped_at()).unwrap_or(now))
            }
            Err(other) => Err(other.to_call_error()),
        };
        self.answer(id, Held { reply, result }, Release::Stopped);
    }

    /// Answers now where what the answer tells is durable, else with the batch.
    fn answer<T>(&mut self, id: ExecutionId, held: Held<T>, release: impl FnOnce(Held<T>) -> Release) {
        match self.live.get(&id) {
            Some(live) if !live.is_clean() => self.gathering.releases.push(release(held)),
            _ => held.answer(),
        }
    }

    fn hand_out(&mut self, id: ExecutionId, hand_out: HandOut, moment: &mut Moment<'_>) {
        let HandOut { task, poller } = hand_out;
        if poller.is_gone() {
            return self.gathering.releases.push(Release::PutBack { activity: poller.activity, task });
        }
        let scheduled = task.scheduled;
        let is_started = task.started || {
            let command = Command::TaskStarted { scheduled, worker: poller.worker.clone() };
            self.advance(id, command, moment).is_ok()
        };
        let input = |live: &Live| live.execution.open_task(scheduled).map(|task| task.parameters.clone());
        let release = match self.live.get(&id).filter(|_| is_started).and_then(input) {
            Some(task_input) => {
                let answer = ActivityTask { token: self.context.tokens.sign(id, scheduled), input: task_input };
                Release::HandOut { hand_out: HandOut { task: TaskRef { started: true, ..task }, poller }, answer }
            }
            None => Release::NextTask(HandOut { task, poller }),
        };
        self.gathering.releases.push(release);
    }

    /// Answers for an execution that cannot do what is asked of it.
    fn refuse(&mut self, id: ExecutionId, request: Request, refusal: &Refusal, now: Timestamp) {
        match request {
            Request::Task { reply, .. } => self.finish_task(id, reply, Err(refusal.clone())),
            Request::Stop(Stop { arn, reply, .. }) => {
                let result = match refusal {
                    Refusal::Over(stopped_at) => Ok(stopped_at.unwrap_or(now)),
                    Refusal::Unknown => Err(CallError::ExecutionDoesNotExist(arn)),
                    other => Err(other.to_call_error()),
                };
                Held { reply, result }.answer();
            }
            Request::HandOut(HandOut { task, poller }) => self.gathering.releases.push(match refusal {
                Refusal::Store(_) => {
                    let activity = poller.activity.clone();
                    poller.refuse(refusal.to_call_error());
                    Release::PutBack { activity, task }
                }
                _ => Release::NextTask(HandOut { task, poller }),
            }),
            Request::Resume(reply) => match refusal {
                Refusal::Store(_) => Held { reply, result: Err(refusal.to_call_error()) }.answer(),
                // Over, or broken and named so in the log.
                _ => self.gathering.releases.push(Release::Finished(Held { reply, result: Ok(()) })),
            },
            // Any other refusal: over, broken, or armed for what has changed since.
            Request::Tick { due } => {
                if let Refusal::Store(error) = refusal {
                    self.timers.insert((due, id));
                    self.postpone(error, now);
                }
            }
            Request::ReadBack => {
                if let Refusal::Store(error) = refusal {
                    self.to_read_back.push_back(id);
                    self.postpone(error, now);
                }
            }
        }
    }

    fn postpone(&mut self, error: &StoreError, now: Timestamp) {
        tracing::warn!(%error, "the store does not answer; waiting");
        self.pause(now);
    }

    /// Lets out what a failed commit held back, as far as the history, read back, still wants it.
    fn deliver_again(&mut self, id: ExecutionId, undelivered: &[Undelivered]) {
        if let Some(live) = self.live.get_mut(&id) {
            self.gathering.releases.extend(live.cancel_jobs(id, false));
        }
        self.offer_open_tasks(id, false, |task| {
            undelivered.iter().any(|lost| match lost {
                Undelivered::Task { scheduled, handed_out } => {
                    *scheduled == task.scheduled && (*handed_out || !task.started)
                }
                Undelivered::Cancel { .. } => false,
            })
        });
    }

    /// Offers open tasks again, those that `is_wanted`.
    fn offer_open_tasks(&mut self, id: ExecutionId, after_restart: bool, is_wanted: impl Fn(&OpenTask) -> bool) {
        let Some(live) = self.live.get(&id) else { return };
        for outstanding in live.execution.outstanding() {
            if let Outstanding::Task(task) = outstanding
                && is_wanted(&task)
            {
                self.gathering.releases.push(offer(id, live, &task, after_restart));
            }
        }
    }
}
