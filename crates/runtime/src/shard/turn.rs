//! An execution's turn: how long it may take, and what follows from it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use asl::program::Resource;
use asl::{Recall, Text, Value};
use engine::{
    Advance, Command, EventId, EventKind, Fault, Ignored, Limits, OpenTask, Resources, TaskFamily, Timestamp, Turn,
    TurnTime,
};
use store::StoreError;
use store::record::ExecutionId;

use super::batch::{CommitFailure, Held, Release};
use super::input::Reply;
use super::live::{Kind, Live};
use super::need::{LongTurn, Need, TurnTaken};
use super::request::{Absence, Absent, Fate, Request};
use super::{ARM_AHEAD_MILLISECONDS, Context, Idle, Metrics, Shard};
use crate::activities::TaskRef;
use crate::calls::CallError;
use crate::chance::Chance;
use crate::tasks::Work;

/// When something happens, and how much of it may.
pub struct Moment<'a> {
    /// The time.
    pub now: Timestamp,
    /// Random bits.
    pub chance: &'a mut dyn Chance,
    /// How long turns and rounds may take.
    pub pace: &'a dyn Pace,
}

/// Says when others want their turn. It bounds what a shard does at once; it never changes what it does.
pub trait Pace {
    /// A turn begins: of an execution of which that was the last event, or an execution's first.
    fn begin_turn(&self, of: Option<(ExecutionId, EventId)>);
    /// Whether the turn that was begun took long enough.
    fn is_turn_over(&self) -> bool;
    /// Steps of work that the evaluation of one state's fields may take; `None` for as many as the limits allow.
    fn evaluation_steps(&self) -> Option<u64>;
    /// Whether what was done since the inputs were last looked at took long enough.
    fn is_round_over(&self) -> bool;
}

/// A pace without hurry: what a shard does is bounded by its amount alone.
pub struct Leisurely;

impl Pace for Leisurely {
    fn begin_turn(&self, _of: Option<(ExecutionId, EventId)>) {}

    fn is_turn_over(&self) -> bool {
        false
    }

    fn evaluation_steps(&self) -> Option<u64> {
        None
    }

    fn is_round_over(&self) -> bool {
        false
    }
}

/// Why a command was not carried out.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    Unknown,
    Over(Option<Timestamp>),
    Ignored(Ignored),
    Broken,
    Store(Arc<StoreError>),
    /// Nothing happened: an evaluation takes longer than a shard has time for.
    TooLong(Box<Command>),
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    Done,
    /// The command is carried out; what follows takes longer than a shard has time for.
    Long,
}

impl Shard {
    /// Lets an execution in memory go on.
    pub(super) fn go_on(&mut self, id: ExecutionId, command: Command, moment: &mut Moment<'_>) {
        match self.advance(id, command, moment) {
            Ok(Turned::Long) => self.send_away(id, Command::Continue, None, moment),
            Err(Refusal::TooLong(command)) => self.send_away(id, *command, None, moment),
            // Any other refusal: over, broken, or nothing to do any more.
            Ok(Turned::Done) | Err(_) => {}
        }
    }

    /// Advances an execution in memory.
    pub(super) fn advance(
        &mut self,
        id: ExecutionId,
        command: Command,
        moment: &mut Moment<'_>,
    ) -> Result<Turned, Refusal> {
        let Some(live) = self.live.get_mut(&id) else { return Err(Refusal::Unknown) };
        let context = &*self.context;
        moment.pace.begin_turn(Some((id, live.execution.last_event())));
        let resources = TaskResources { context, execution: id };
        let is_over = || moment.pace.is_turn_over();
        let time = turn_time(moment.pace, &is_over);
        let limits = context.limits(live.kind);
        let turn = turn(context, limits, &resources, moment.now, moment.chance.draw(), time);
        self.events.clear();
        let advanced = guarded(|| live.execution.advance(command, &turn, &mut self.events)).ok();
        self.turned(id, advanced, moment.now)
    }

    fn turned(
        &mut self,
        id: ExecutionId,
        advanced: Option<Result<Advance, Fault>>,
        now: Timestamp,
    ) -> Result<Turned, Refusal> {
        match advanced {
            Some(Ok(Advance::TooLong)) => {
                self.after_turn(id, now);
                Ok(Turned::Long)
            }
            Some(Ok(Advance::Settled | Advance::Unfinished)) => {
                self.after_turn(id, now);
                Ok(Turned::Done)
            }
            Some(Err(Fault::TooLong(command))) => Err(Refusal::TooLong(command)),
            Some(Err(Fault::Ignored(why))) => {
                self.context.metrics.ignored(why);
                Err(Refusal::Ignored(why))
            }
            Some(Err(Fault::Replay(error))) => Err(self.fail_engine(id, &error)),
            None => Err(self.fail_engine(id, &Panicked)),
        }
    }

    fn fail_engine(&mut self, id: ExecutionId, error: &(dyn std::error::Error + 'static)) -> Refusal {
        if let Some(live) = self.live.get_mut(&id) {
            live.is_broken = true;
        }
        self.set_broken(id, error);
        Refusal::Broken
    }

    /// Ends an EXPRESS execution whose time is over; `false` for every other.
    pub(super) fn end_express(&mut self, id: ExecutionId, now: Timestamp) -> bool {
        let Some(live) = self.live.get_mut(&id) else { return false };
        if live.express_end().is_none_or(|end| end > now) {
            return false;
        }
        live.tell_timeout(now);
        let arn = live.execution.info().arn.clone();
        self.forget(id);
        Metrics::add(&self.context.metrics.executions_ended, 1);
        if self.context.tasks.is_watching() {
            self.gathering.releases.push(Release::Ended(arn));
        }
        true
    }

    /// Takes the new events in: what they release, when the execution goes on, when it is due.
    pub(super) fn after_turn(&mut self, id: ExecutionId, now: Timestamp) {
        let Some(live) = self.live.get_mut(&id) else { return };
        Metrics::add(&self.context.metrics.events, self.events.len() as u64);
        let ends = self.events.last().is_some_and(|event| event.kind.is_end());
        if let Some(invocations) = &mut live.invocations {
            self.events.iter().for_each(|event| invocations.note(event));
        }
        for event in &self.events {
            if !matches!(event.kind, EventKind::TaskScheduled { .. }) {
                continue;
            }
            // None where the same turn ended it: a sibling failed.
            if let Some(task) = live.execution.open_task(event.id) {
                self.gathering.releases.push(offer(id, live, task, false));
            }
        }
        if self.events.iter().any(|event| !matches!(event.kind, EventKind::TaskCancelSettled { .. })) {
            self.gathering.releases.extend(live.cancel_jobs(id, false));
        }
        if live.kind == Kind::Standard && !self.events.is_empty() {
            if live.unwritten.is_empty() {
                self.gathering.dirty.push(id);
            }
            live.unwritten.append(&mut self.events);
        }
        if !ends {
            return self.settle(id, now);
        }
        Metrics::add(&self.context.metrics.executions_ended, 1);
        if live.kind == Kind::Standard {
            self.context.open_executions.ended();
        }
        if self.context.tasks.is_watching() {
            self.gathering.releases.push(Release::Ended(live.execution.info().arn.clone()));
        }
        let armed = live.armed.take();
        armed.map(|due| self.timers.remove(&(due, id)));
        if live.kind != Kind::Standard {
            live.tell_end(&self.events);
            self.live.remove(&id);
        } else if live.execution.is_to_hand_out() {
            // Until its jobs are cancelled.
            self.settle(id, now);
        }
    }

    /// Arms the timer, and notes who wants to go on and who is idle.
    pub(super) fn settle(&mut self, id: ExecutionId, now: Timestamp) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let horizon = Timestamp(now.0.saturating_add(ARM_AHEAD_MILLISECONDS));
        let is_near = |due: &Timestamp| *due <= horizon || live.kind != Kind::Standard;
        let due = live.next_due().filter(is_near);
        if live.armed != due {
            live.armed.map(|old| self.timers.remove(&(old, id)));
            due.map(|due| self.timers.insert((due, id)));
            live.armed = due;
        }
        if live.execution.is_ready() && !live.is_queued {
            live.is_queued = true;
            self.ready.push_back(id);
        }
        if live.kind == Kind::Standard {
            self.last_stamp += 1;
            live.stamp = self.last_stamp;
            self.idle.push_back(Idle { since: now, execution: id, stamp: live.stamp });
        }
    }

    /// The execution goes to where there is time for its turn; whatever is asked of it waits.
    pub(super) fn send_away(
        &mut self,
        id: ExecutionId,
        command: Command,
        reply: Option<Reply<()>>,
        moment: &mut Moment<'_>,
    ) {
        // Nothing that is to be written goes along.
        self.gather_write(id);
        let Some(mut live) = self.live.remove(&id) else { return };
        // Armed again when it is back.
        live.armed.take().map(|due| self.timers.remove(&(due, id)));
        live.is_queued = false;
        Metrics::add(&self.context.metrics.long_turns, 1);
        let (recall, ends_at) = (Recall::default(), live.ends_at());
        let horizon = Timestamp(moment.now.0.saturating_add(ARM_AHEAD_MILLISECONDS));
        let is_near = |end: &Timestamp| *end <= horizon || live.kind != Kind::Standard;
        ends_at.filter(is_near).map(|end| self.timers.insert((end, id)));
        let (kind, pending, fate) = (live.kind, live.pending, Fate::Returns);
        let absence = Absence::Away { kind, pending, fate, ends_at, recall: recall.clone() };
        self.absent.insert(id, Absent { absence, waiting: Vec::new() });
        let seed = moment.chance.draw();
        let turn = LongTurn { execution: id, live: Box::new(live), command, now: moment.now, seed, reply, recall };
        self.needs.push(Need::Turn(Box::new(turn)));
    }

    /// An execution comes back from a long turn.
    pub(super) fn turn_taken(&mut self, taken: TurnTaken, moment: &mut Moment<'_>) {
        let TurnTaken { execution: id, mut live, events, result, mut reply } = taken;
        let Some(Absent { absence: Absence::Away { pending, fate, ends_at, .. }, waiting }) = self.absent.remove(&id)
        else {
            return;
        };
        ends_at.map(|end| self.timers.remove(&(end, id)));
        match fate {
            Fate::Returns => {}
            Fate::IsReadBack => return self.lose_turn(id, reply, waiting),
            // Whoever waits is told that the server drops it.
            Fate::IsForgotten => return Metrics::add(&self.context.metrics.executions_ended, 1),
        }
        live.return_with(pending);
        self.live.insert(id, *live);
        self.events = events;
        let turned = self.turned(id, result, moment.now);
        // What ends it comes first; then that command is tried again. One that nobody waits for is found again.
        let again = match turned {
            Err(Refusal::TooLong(command)) => reply.take().map(|reply| Request::Task { command: *command, reply }),
            turned => {
                if let Some(reply) = reply {
                    self.finish_task(id, reply, turned.map(|_| ()));
                }
                None
            }
        };
        // Its timer alone would never end one that goes from each long turn into the next.
        if !self.end_express(id, moment.now) && self.live.contains_key(&id) {
            self.settle(id, moment.now);
        }
        let is_live = self.live.contains_key(&id);
        // A timer of one that is over is nobody's.
        let wanted = waiting.into_iter().filter(|request| is_live || !matches!(request, Request::Tick { .. }));
        wanted.chain(again).for_each(|request| self.request(id, request, moment));
    }

    /// What the execution did elsewhere came of what did not become durable: it is read back.
    fn lose_turn(&mut self, id: ExecutionId, reply: Option<Reply<()>>, mut waiting: Vec<Request>) {
        if let Some(reply) = reply {
            Held { reply, result: Err(CommitFailure::earlier().to_call_error()) }.answer();
        }
        self.uncount(id, true);
        // Nobody else may ask for it, and it wants to go on.
        waiting.push(Request::ReadBack);
        self.absent.insert(id, Absent { absence: Absence::Stored, waiting });
        self.wanted.push_back(id);
        self.ask();
    }
}

/// How long a turn may take at that pace.
pub(super) fn turn_time<'a>(pace: &dyn Pace, is_over: &'a dyn Fn() -> bool) -> TurnTime<'a> {
    TurnTime { evaluation_steps: pace.evaluation_steps(), is_over, recall: None }
}

/// A turn at that pace.
pub(super) fn turn<'a>(
    context: &'a Context,
    limits: &'a Limits,
    resources: &'a TaskResources<'a>,
    now: Timestamp,
    seed: u128,
    time: TurnTime<'a>,
) -> Turn<'a> {
    Turn { now, seed, limits, resources, budget: context.options.turn_budget, bytes: context.options.turn_bytes, time }
}

/// Takes a long turn: with time for every evaluation, until others want the place.
pub fn take_turn(long: LongTurn, context: &Context, pace: &dyn Pace) -> TurnTaken {
    if long.recall.is_recalled() {
        return long.untaken();
    }
    let LongTurn { execution, mut live, command, now, seed, reply, recall } = long;
    pace.begin_turn(Some((execution, live.execution.last_event())));
    let mut events = Vec::new();
    let resources = TaskResources { context, execution };
    let is_over = || pace.is_turn_over();
    let time = TurnTime { recall: Some(&recall), ..turn_time(pace, &is_over) };
    let turn = turn(context, context.limits(live.kind), &resources, now, seed, time);
    let result = guarded(|| live.execution.advance(command, &turn, &mut events)).ok();
    TurnTaken { execution, live, events, result, reply }
}

/// Lets somebody have an open task.
pub(super) fn offer(id: ExecutionId, live: &Live, task: &OpenTask, is_interrupted: bool) -> Release {
    match task.family {
        TaskFamily::Activity => {
            let OpenTask { scheduled, scheduled_at, started, .. } = *task;
            let offered = TaskRef { execution: id, scheduled, scheduled_at, started };
            Release::Offer { activity: task.resource.clone(), task: offered }
        }
        TaskFamily::LambdaFunction | TaskFamily::Integration(_) => {
            Release::Dispatch(Box::new(work(id, live, task.clone(), is_interrupted)))
        }
    }
}

pub(super) fn work(id: ExecutionId, live: &Live, task: OpenTask, is_interrupted: bool) -> Work {
    let info = Arc::clone(live.execution.info());
    let invocation = live.invocations.as_ref().map(|invocations| invocations.of(&task));
    Work { execution: id, task, info, is_interrupted, invocation }
}

/// What one execution's tasks may use.
pub(crate) struct TaskResources<'a> {
    pub(crate) context: &'a Context,
    pub(crate) execution: ExecutionId,
}

impl Resources for TaskResources<'_> {
    fn refusal(&self, resource: &Resource) -> Option<String> {
        match resource {
            Resource::Activity(arn) if self.context.directory.activity(arn).is_some() => None,
            Resource::Activity(arn) => Some(format!("The activity {arn} does not exist.")),
            other => self.context.tasks.refusal(other),
        }
    }

    fn task_token(&self, scheduled: EventId) -> Text {
        self.context.tokens.sign(self.execution, scheduled)
    }

    fn prepare(&self, resource: &Resource, parameters: Value) -> Result<Value, String> {
        match resource {
            Resource::Activity(_) => Ok(parameters),
            other => self.context.tasks.prepare(other, parameters),
        }
    }
}

/// Our own mistake; the panic's message is on standard error.
#[derive(Debug, thiserror::Error)]
#[error("the engine panicked")]
pub(crate) struct Panicked;

/// Runs the engine on one execution, so that a mistake of ours ends only that one.
pub(crate) fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    // Whatever the closure left half done belongs to the execution, which is then given up.
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Panicked)
}

impl Refusal {
    pub(super) fn to_call_error(&self) -> CallError {
        match self {
            Self::Store(error) => Arc::clone(error).into(),
            Self::Broken => CallError::Internal("the execution's history cannot be read or continued".into()),
            Self::Unknown | Self::Over(_) => CallError::Internal("the execution is not running".into()),
            Self::Ignored(why) => CallError::Internal(Fault::Ignored(*why).into()),
            Self::TooLong(_) => CallError::Internal("the execution's turn takes too long".into()),
        }
    }
}
