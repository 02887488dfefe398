//! Executions that must not be advanced: their history cannot be read or continued, or they ended the process and were
//! set aside. They stay as they are, and can be stopped: that takes the end of their log, and no fold.

use std::collections::{BTreeSet, HashMap, HashSet};

use engine::{Event, EventId, EventKind, FrameId, Status, Timestamp};
use store::StoreError;
use store::record::{Chunk, ExecutionId, ExecutionRecord, Summary, Write};

use super::batch::{Held, Release};
use super::input::Stop;
use super::live::{self, Live};
use super::need::Need;
use super::turn::Refusal;
use super::{Metrics, Shard};
use crate::calls::CallError;
use crate::loader::Question;

/// The executions of a shard that must not be advanced.
#[derive(Default)]
pub(super) struct Broken {
    executions: HashSet<ExecutionId>,
    /// Who wants them stopped, until the ends of their logs are known.
    stops: HashMap<ExecutionId, Vec<Stop>>,
    /// When they were stopped, as far as that is on its way to the store.
    stopped: HashMap<ExecutionId, Timestamp>,
}

/// Where the log of an execution ends.
#[derive(Debug)]
pub struct LogEnd {
    pub(crate) execution: ExecutionId,
    pub(crate) found: Result<Option<(ExecutionRecord, Chunk)>, StoreError>,
}

impl LogEnd {
    /// The store does not answer.
    pub fn failed(execution: ExecutionId, error: StoreError) -> Self {
        Self { execution, found: Err(error) }
    }
}

impl Broken {
    /// Of the executions that were set aside.
    pub(super) fn set_aside(executions: &BTreeSet<ExecutionId>) -> Self {
        Self { executions: executions.iter().copied().collect(), ..Self::default() }
    }

    pub(super) fn contains(&self, id: ExecutionId) -> bool {
        self.executions.contains(&id)
    }

    pub(super) fn insert(&mut self, id: ExecutionId) {
        self.executions.insert(id);
    }

    /// A commit failed: whether they were stopped is to be read again.
    pub(super) fn roll_back(&mut self) {
        self.stopped.clear();
    }
}

impl Shard {
    /// Stops an execution that cannot be advanced.
    pub(super) fn stop_broken(&mut self, id: ExecutionId, stop: Stop) {
        if let Some(stopped_at) = self.broken.stopped.get(&id) {
            let held = Held { reply: stop.reply, result: Ok(*stopped_at) };
            return self.gathering.releases.push(Release::Stopped(held));
        }
        if self.live.get(&id).is_some_and(|live| !Live::is_clean(live)) {
            // What it did before it broke is on its way, and comes first.
            let result = Err(CallError::Unavailable("the execution's last events are being written".into()));
            return Held { reply: stop.reply, result }.answer();
        }
        self.live.remove(&id);
        let waiting = self.broken.stops.entry(id).or_default();
        waiting.push(stop);
        if waiting.len() == 1 {
            self.needs.push(Need::Stored(Question::LogEnd(id)));
        }
    }

    /// The answer to where the log of an execution ends.
    pub(super) fn log_end(&mut self, end: LogEnd, now: Timestamp) {
        let LogEnd { execution: id, found } = end;
        let mut stops = self.broken.stops.remove(&id).unwrap_or_default().into_iter();
        let stopped_at = match found {
            Ok(Some((record, _))) if record.summary.status != Status::Running => {
                Ok(record.summary.stopped_at.unwrap_or(now))
            }
            Ok(Some((record, last))) => {
                let Some(first) = stops.next() else { return };
                Ok(self.abort_broken(first, &record, &last, now))
            }
            Ok(None) => Err(Refusal::Unknown),
            Err(error) => Err(Refusal::Store(error.into())),
        };
        for Stop { arn, reply, .. } in stops {
            let result = stopped_at.clone().map_err(|refusal| match refusal {
                Refusal::Unknown => CallError::ExecutionDoesNotExist(arn),
                other => other.to_call_error(),
            });
            self.gathering.releases.push(Release::Stopped(Held { reply, result }));
        }
    }

    /// When it stopped is told.
    fn abort_broken(&mut self, stop: Stop, record: &ExecutionRecord, last: &Chunk, now: Timestamp) -> Timestamp {
        let Stop { execution: id, arn, error, cause, reply } = stop;
        let kind = EventKind::ExecutionAborted { error, cause };
        // No event is dated before the one it follows. Of one that cannot be read, the time is not known.
        let earlier = engine::log::decode(&last.events).ok().and_then(|events| events.last().map(|event| event.at));
        let at = now.max(earlier.unwrap_or(record.started_at));
        let event = Event { id: last.last_id.next(), previous: EventId::NONE, at, frame: FrameId::ROOT, kind };
        // Its jobs, if it has any, are cancelled when it is read after the next start: no fold tells them now.
        let open_tasks = record.summary.open_tasks;
        let summary =
            Summary { status: Status::Aborted, stopped_at: Some(at), wake_at: None, open_tasks, ready: false };
        let chunk = live::chunk(last.end(), last.last_id, &[event]);
        self.gathering.writes.push(Write::Append { execution: id, chunk, summary: Some(summary) });
        self.gathering.releases.push(Release::Stopped(Held { reply, result: Ok(at) }));
        if self.context.tasks.is_watching() {
            self.gathering.releases.push(Release::Ended(arn));
        }
        self.broken.stopped.insert(id, at);
        self.context.open_executions.ended();
        Metrics::add(&self.context.metrics.executions_ended, 1);
        at
    }
}
