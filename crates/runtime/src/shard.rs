//! A shard: the executions that one loop owns. The deterministic heart of the runtime.
//!
//! It has no thread and no clock, and does no IO but reads of the store to load an execution. Inputs come in
//! with the time; a [`Batch`] of writes comes out, with what it releases once it is durable. The shard runs
//! ahead of the store: it goes on deciding while a batch is being synced. When a commit fails, everything that
//! ran ahead is thrown away and read back from the store.

mod background;
mod batch;
mod failure;
mod input;
mod invocations;
mod live;
mod start;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use asl::program::Resource;
use asl::{Text, Value};
use engine::{
    Command, Event, EventId, EventKind, Fault, Ignored, Limits, OpenTask, Outstanding, Resources, TaskFamily,
    Timestamp, Turn,
};
use store::record::{ExecutionId, StateMachineId, Write};
use store::{Store, StoreError};

pub use batch::{Batch, CommitFailure, Held, Outcome, Outlets, Release};
pub use input::{Input, Reply, Start, Stop};

use crate::activities::{HandOut, TaskRef};
use crate::arn::Arns;
use crate::calls::{ActivityTask, CallError};
use crate::chance::Chance;
use crate::directory::Directory;
use crate::metrics::Metrics;
use crate::tasks::{Tasks, Work};
use crate::tokens::Tokens;
use batch::Undelivered;
use live::{Kind, Live, LoadError};
use start::Starting;

/// Timers due within that many milliseconds are in memory; later ones only in the store.
pub(crate) const ARM_AHEAD_MILLISECONDS: i64 = 130_000;

/// How much a shard does at once and keeps in memory.
#[derive(Clone, Debug)]
pub struct ShardOptions {
    /// Events after which an execution lets others have their turn.
    pub turn_budget: usize,
    /// Executions in memory at most, as far as they are idle.
    pub live_max: usize,
    /// Milliseconds after which an idle execution leaves memory.
    pub idle_milliseconds: i64,
}

impl Default for ShardOptions {
    fn default() -> Self {
        Self { turn_budget: 2_000, live_max: 10_000, idle_milliseconds: 5_000 }
    }
}

/// What all shards share.
pub struct Context {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) tokens: Tokens,
    pub(crate) tasks: Arc<dyn Tasks>,
    pub(crate) arns: Arns,
    pub(crate) limits: Limits,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shards: usize,
    pub(crate) options: ShardOptions,
}

impl Context {
    /// A context for `shards` shards over a store.
    pub fn new(
        store: Arc<dyn Store>,
        directory: Arc<Directory>,
        tokens: Tokens,
        tasks: Arc<dyn Tasks>,
        runtime: &crate::RuntimeOptions,
        options: ShardOptions,
    ) -> Self {
        Self {
            store,
            directory,
            tokens,
            tasks,
            arns: Arns::new(&runtime.region, &runtime.account),
            limits: runtime.limits.clone(),
            metrics: Arc::default(),
            shards: runtime.shards.max(1),
            options,
        }
    }
}

/// The executions that one loop owns: those whose number leaves the shard's index when divided by the number of
/// shards.
pub struct Shard {
    context: Arc<Context>,
    /// The number last given to an execution.
    last_id: i64,
    live: HashMap<ExecutionId, Live>,
    /// Named executions whose start is not known to be durable, by ARN.
    starting: HashMap<Text, Starting>,
    /// Executions that want to go on.
    ready: VecDeque<ExecutionId>,
    timers: BTreeSet<(Timestamp, ExecutionId)>,
    /// Executions by when they were last used; entries with an old stamp mean nothing.
    idle: VecDeque<Idle>,
    last_stamp: u64,
    /// Executions to read back after a failed commit, with tasks that were not let out.
    reload: BTreeMap<ExecutionId, Vec<Undelivered>>,
    /// Executions that cannot be read or advanced.
    broken: HashSet<ExecutionId>,
    generation: u64,
    /// Commits that failed in a row.
    failures: u32,
    /// Until then nothing happens but what callers ask for.
    paused_until: Timestamp,
    gathering: Gathering,
    events: Vec<Event>,
    reported_live: i64,
}

/// The batch in the making.
#[derive(Default)]
struct Gathering {
    writes: Vec<Write>,
    releases: Vec<Release>,
    /// Executions with unwritten events.
    dirty: Vec<ExecutionId>,
    named: Vec<Text>,
}

struct Idle {
    since: Timestamp,
    execution: ExecutionId,
    stamp: u64,
}

/// Why a command was not carried out.
enum Refusal {
    Unknown,
    Over(Option<Timestamp>),
    Ignored(Ignored),
    Broken,
    Store(StoreError),
}

impl Shard {
    /// An empty shard. `last_id` is the greatest number ever given to an execution, by any shard.
    pub fn new(context: Arc<Context>, index: usize, last_id: ExecutionId) -> Self {
        let count = context.shards as i64;
        let last_id = last_id.0 - last_id.0.rem_euclid(count) + index as i64;
        Self {
            context,
            last_id,
            live: HashMap::new(),
            starting: HashMap::new(),
            ready: VecDeque::new(),
            timers: BTreeSet::new(),
            idle: VecDeque::new(),
            last_stamp: 0,
            reload: BTreeMap::new(),
            broken: HashSet::new(),
            generation: 0,
            failures: 0,
            paused_until: Timestamp(i64::MIN),
            gathering: Gathering::default(),
            events: Vec::new(),
            reported_live: 0,
        }
    }

    /// Does what the input asks for; the consequences gather in the next batch.
    pub fn handle(&mut self, input: Input, now: Timestamp, chance: &mut dyn Chance) {
        match input {
            Input::Start(start) => self.start(start, now, chance),
            Input::Task { execution, command, reply } => self.task(execution, command, reply, now, chance),
            Input::Stop(stop) => self.stop(stop, now, chance),
            Input::HandOut(hand_out) => self.hand_out(hand_out, now, chance),
            Input::Arm(timers) => self.timers.extend(timers.into_iter().filter(|(_, id)| !self.broken.contains(id))),
            Input::Resume { executions, reply } => self.resume(&executions, reply, now),
            Input::MachineDeleting { machine, reply } => self.machine_deleting(machine, reply),
            Input::Outcome(outcome) => self.outcome(outcome, now),
        }
    }

    /// Does a part of what waits: executions to read back, to go on with, whose timers are due, to forget.
    pub fn run(&mut self, now: Timestamp, chance: &mut dyn Chance) {
        if now >= self.paused_until {
            self.run_reload(now);
            self.run_ready(now, chance);
            self.run_timers(now, chance);
        }
        self.evict(now);
    }

    /// When [`Shard::run`] has something to do, where nothing comes in before.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let at_once = (!self.ready.is_empty() || !self.reload.is_empty()).then_some(Timestamp(i64::MIN));
        let timer = self.timers.first().map(|(due, _)| *due);
        let work = at_once.into_iter().chain(timer).min().map(|at| at.max(self.paused_until));
        let eviction = self
            .idle
            .front()
            .map(|idle| Timestamp(idle.since.0.saturating_add(self.context.options.idle_milliseconds)));
        work.into_iter().chain(eviction).min()
    }

    /// What gathered since the last batch; `None` where that is nothing.
    pub fn take_batch(&mut self) -> Option<Batch> {
        let Gathering { mut writes, releases, dirty, named } = std::mem::take(&mut self.gathering);
        let mut touched = Vec::with_capacity(dirty.len());
        for id in dirty {
            let Some(live) = self.live.get_mut(&id) else { continue };
            let Some(write) = live.write(id) else { continue };
            live.pending += 1;
            writes.push(write);
            touched.push(id);
        }
        self.report_live();
        let is_empty = writes.is_empty() && releases.is_empty();
        (!is_empty).then_some(Batch { generation: self.generation, writes, releases, touched, named })
    }

    /// How many executions are in memory.
    pub fn live_count(&self) -> usize {
        self.live.len()
    }

    /// Timers in memory, in order.
    pub fn timers(&self) -> impl Iterator<Item = (Timestamp, ExecutionId)> {
        self.timers.iter().copied()
    }

    fn task(&mut self, id: ExecutionId, command: Command, reply: Reply<()>, now: Timestamp, chance: &mut dyn Chance) {
        let result = self.advance(id, command, now, chance).or_else(|refusal| match refusal {
            // Told again: the commit was said to have failed, and had not.
            Refusal::Ignored(Ignored::TaskAlreadySubmitted) => Ok(()),
            Refusal::Unknown => Err(CallError::TaskDoesNotExist),
            Refusal::Over(_) | Refusal::Ignored(_) => Err(CallError::TaskTimedOut),
            other => Err(other.into_call_error()),
        });
        self.answer(id, Held { reply, result }, Release::Finished);
    }

    fn stop(&mut self, stop: Stop, now: Timestamp, chance: &mut dyn Chance) {
        let Stop { execution: id, arn, error, cause, reply } = stop;
        let result = match self.advance(id, Command::Stop { error, cause }, now, chance) {
            Ok(()) | Err(Refusal::Ignored(_)) => {
                Ok(self.live.get(&id).and_then(|live| live.execution.stopped_at()).unwrap_or(now))
            }
            Err(Refusal::Over(stopped_at)) => Ok(stopped_at.unwrap_or(now)),
            Err(Refusal::Unknown) => Err(CallError::ExecutionDoesNotExist(arn)),
            Err(other) => Err(other.into_call_error()),
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

    fn hand_out(&mut self, hand_out: HandOut, now: Timestamp, chance: &mut dyn Chance) {
        let HandOut { task, poller } = hand_out;
        let TaskRef { execution: id, scheduled, .. } = task;
        if poller.is_gone() {
            return self.gathering.releases.push(Release::PutBack { activity: poller.activity, task });
        }
        let started = if task.started {
            self.ensure(id, now)
        } else {
            self.advance(id, Command::TaskStarted { scheduled, worker: poller.worker.clone() }, now, chance)
        };
        let input = |live: &Live| live.execution.open_task(scheduled).map(|task| task.parameters.clone());
        let release = match started.map(|()| self.live.get(&id).and_then(input)) {
            Ok(Some(task_input)) => {
                let answer = ActivityTask { token: self.context.tokens.sign(id, scheduled), input: task_input };
                Release::HandOut { hand_out: HandOut { task: TaskRef { started: true, ..task }, poller }, answer }
            }
            Err(Refusal::Store(error)) => {
                let activity = poller.activity.clone();
                poller.refuse(CallError::from(error));
                Release::PutBack { activity, task }
            }
            Ok(_) | Err(_) => Release::NextTask(HandOut { task, poller }),
        };
        self.gathering.releases.push(release);
    }

    fn resume(&mut self, executions: &[ExecutionId], reply: Reply<()>, now: Timestamp) {
        for id in executions {
            match self.ensure(*id, now) {
                Ok(()) => self.offer_open_tasks(*id, true, |task| !task.started || task.family != TaskFamily::Activity),
                Err(Refusal::Store(error)) => return Held { reply, result: Err(CallError::from(error)) }.answer(),
                // Over, or broken and named so in the log.
                Err(_) => {}
            }
        }
        self.gathering.releases.push(Release::Finished(Held { reply, result: Ok(()) }));
    }

    fn machine_deleting(&mut self, machine: StateMachineId, reply: Reply<()>) {
        let belongs = |live: &Live| matches!(live.kind, Kind::Express { machine: of, .. } if of == machine);
        let express: Vec<_> = self.live.iter().filter(|(_, live)| belongs(live)).map(|(id, _)| *id).collect();
        for id in express {
            self.forget(id);
            Metrics::add(&self.context.metrics.executions_ended, 1);
        }
        self.gathering.releases.push(Release::Finished(Held { reply, result: Ok(()) }));
    }

    /// Advances an execution, loading it where it is not in memory.
    fn advance(
        &mut self,
        id: ExecutionId,
        command: Command,
        now: Timestamp,
        chance: &mut dyn Chance,
    ) -> Result<(), Refusal> {
        self.ensure(id, now)?;
        let Some(live) = self.live.get_mut(&id) else { return Err(Refusal::Unknown) };
        let context = &*self.context;
        let turn = Turn {
            now,
            seed: chance.draw(),
            limits: &context.limits,
            resources: &TaskResources { context, execution: id },
            budget: context.options.turn_budget,
        };
        self.events.clear();
        match guarded(|| live.execution.advance(command, &turn, &mut self.events)) {
            Ok(Ok(_)) => {
                self.after_turn(id, now);
                Ok(())
            }
            Ok(Err(Fault::Ignored(why))) => {
                context.metrics.ignored(why);
                Err(Refusal::Ignored(why))
            }
            Ok(Err(Fault::Replay(error))) => {
                live.is_broken = true;
                self.set_broken(id, &error);
                Err(Refusal::Broken)
            }
            Err(panicked) => {
                live.is_broken = true;
                self.set_broken(id, &panicked);
                Err(Refusal::Broken)
            }
        }
    }

    /// Takes the new events in: what they release, when the execution goes on, when it is due.
    fn after_turn(&mut self, id: ExecutionId, now: Timestamp) {
        let Some(live) = self.live.get_mut(&id) else { return };
        Metrics::add(&self.context.metrics.events, self.events.len() as u64);
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
        for task in live.execution.take_abandoned() {
            self.gathering.releases.push(Release::Cancel(Box::new(work(id, live, task, false))));
        }
        if live.kind == Kind::Standard && !self.events.is_empty() {
            if live.unwritten.is_empty() {
                self.gathering.dirty.push(id);
            }
            live.unwritten.append(&mut self.events);
        }
        if live.is_running() {
            return self.settle(id, now);
        }
        Metrics::add(&self.context.metrics.executions_ended, 1);
        if self.context.tasks.is_watching() {
            self.gathering.releases.push(Release::Ended(live.execution.info().arn.clone()));
        }
        let armed = live.armed.take();
        armed.map(|due| self.timers.remove(&(due, id)));
        if live.kind != Kind::Standard {
            live.tell_end(&self.events);
            self.live.remove(&id);
        }
    }

    /// Arms the timer, and notes who wants to go on and who is idle.
    fn settle(&mut self, id: ExecutionId, now: Timestamp) {
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

    /// Makes sure that an execution is in memory, with everything armed that it waits for.
    fn ensure(&mut self, id: ExecutionId, now: Timestamp) -> Result<(), Refusal> {
        if self.broken.contains(&id) {
            return Err(Refusal::Broken);
        }
        if !self.live.contains_key(&id) {
            match live::load(id, &*self.context.store, &self.context.directory) {
                Ok(mut live) => {
                    Metrics::add(&self.context.metrics.loads, 1);
                    // Those of long ago: they were let out when it became durable that they were given up.
                    drop(live.execution.take_abandoned());
                    self.live.insert(id, live);
                    self.settle(id, now);
                }
                Err(LoadError::Store(error)) => return Err(Refusal::Store(error)),
                Err(other) => {
                    let undelivered = self.reload.remove(&id).unwrap_or_default();
                    if matches!(other, LoadError::Over(_)) {
                        self.give_up_again(undelivered.iter());
                    }
                    return Err(match other {
                        LoadError::Over(stopped_at) => Refusal::Over(stopped_at),
                        LoadError::Damaged(error) => {
                            self.set_broken(id, &*error);
                            Refusal::Broken
                        }
                        LoadError::Unknown | LoadError::Store(_) => Refusal::Unknown,
                    });
                }
            }
        }
        if let Some(undelivered) = self.reload.remove(&id) {
            self.deliver_again(id, &undelivered);
        }
        Ok(())
    }

    /// Lets out what a failed commit held back, as far as the history, read back, still wants it.
    fn deliver_again(&mut self, id: ExecutionId, undelivered: &[Undelivered]) {
        let Some(live) = self.live.get(&id) else { return };
        let is_over = |lost: &&Undelivered| match lost {
            Undelivered::GivenUp(work) => live.execution.open_task(work.task.scheduled).is_none(),
            Undelivered::Task { .. } => false,
        };
        let over: Vec<_> = undelivered.iter().filter(is_over).collect();
        self.give_up_again(over.into_iter());
        self.offer_open_tasks(id, false, |task| {
            undelivered.iter().any(|lost| match lost {
                Undelivered::Task { scheduled, handed_out } => {
                    *scheduled == task.scheduled && (*handed_out || !task.started)
                }
                Undelivered::GivenUp(_) => false,
            })
        });
    }

    fn give_up_again<'a>(&mut self, undelivered: impl Iterator<Item = &'a Undelivered>) {
        let given_up = undelivered.filter_map(|lost| match lost {
            Undelivered::GivenUp(work) => Some(Release::Cancel(work.clone())),
            Undelivered::Task { .. } => None,
        });
        self.gathering.releases.extend(given_up);
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

    fn set_broken(&mut self, id: ExecutionId, error: &(dyn std::error::Error + 'static)) {
        tracing::error!(execution = id.0, error, "an execution cannot go on; it stays as it is");
        Metrics::add(&self.context.metrics.executions_broken, 1);
        self.broken.insert(id);
        if let Some(armed) = self.live.get_mut(&id).and_then(|live| live.armed.take()) {
            self.timers.remove(&(armed, id));
        }
        if self.live.get(&id).is_some_and(Live::is_done) {
            self.live.remove(&id);
        }
    }

    fn forget(&mut self, id: ExecutionId) {
        if let Some(armed) = self.live.remove(&id).and_then(|live| live.armed) {
            self.timers.remove(&(armed, id));
        }
    }

    fn report_live(&mut self) {
        let live = self.live.len() as i64;
        if live != self.reported_live {
            self.context.metrics.live.fetch_add(live - self.reported_live, Relaxed);
            self.reported_live = live;
        }
    }
}

/// Lets somebody have an open task.
fn offer(id: ExecutionId, live: &Live, task: &OpenTask, is_interrupted: bool) -> Release {
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

fn work(id: ExecutionId, live: &Live, task: OpenTask, is_interrupted: bool) -> Work {
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
struct Panicked;

/// Runs the engine on one execution, so that a mistake of ours ends only that one.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, Panicked> {
    // Whatever the closure left half done belongs to the execution, which is then given up.
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| Panicked)
}

impl Refusal {
    fn into_call_error(self) -> CallError {
        match self {
            Self::Store(error) => CallError::from(error),
            Self::Broken => CallError::Internal("the execution's history cannot be read or continued".into()),
            Self::Unknown | Self::Over(_) => CallError::Internal("the execution is not running".into()),
            Self::Ignored(why) => CallError::Internal(Fault::Ignored(why).into()),
        }
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.context.metrics.live.fetch_sub(self.reported_live, Relaxed);
    }
}
