//! A shard: the executions that one loop owns. The deterministic heart of the runtime.
//!
//! It has no thread and no clock, and does no IO. Inputs come in with the time; a [`Batch`] of writes comes out, with
//! what it releases once it is durable, and [`Need`]s: what it must be told before it can go on. The shard runs
//! ahead of the store: it goes on deciding while a batch is being synced. When a commit fails, everything that
//! ran ahead is thrown away and read back from the store.

mod background;
mod batch;
mod broken;
mod failure;
mod input;
mod invocations;
mod live;
mod need;
mod request;
mod start;
mod turn;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use asl::Text;
use engine::{Event, Timestamp};
use store::partition::Partitions;
use store::record::{ExecutionId, StateMachineId, Write};

pub use batch::{Batch, BatchOutcome, CommitFailure, Held, Outlets, Release};
pub use input::{Input, Reply, Start, Stop};
pub(crate) use invocations::Invocations;
pub(crate) use live::{Kind, Live, info, summary};
pub(crate) use need::LoadError;
pub use need::{Earlier, Found, Loaded, LongTurn, Need, TurnTaken};
pub use turn::{Leisurely, Moment, Pace, take_turn};
pub(crate) use turn::{TaskResources, guarded};

use crate::clock::LastTime;
pub use crate::context::Context;
use crate::ids::IdSource;
use crate::metrics::Metrics;
use batch::Undelivered;
use broken::Broken;
pub use broken::LogEnd;
use request::{Absence, Absent, Fate, Request};
use start::{LookUp, Starting};

/// Timers due within that many milliseconds are in memory; later ones only in the store.
pub(crate) const ARM_AHEAD_MILLISECONDS: i64 = 130_000;

/// How much a shard does at once and keeps in memory.
#[derive(Clone, Debug)]
pub struct ShardOptions {
    /// Events after which an execution lets others have their turn.
    pub turn_budget: usize,
    /// Bytes of payloads after which it does.
    pub turn_bytes: usize,
    /// An execution with so many bytes of events on their way to the store writes much.
    pub much_bytes: usize,
    /// How many bytes of executions that write much may be on their way to the store, before those executions wait.
    pub unwritten_bytes: usize,
    /// Executions in memory at most, as far as they are idle.
    pub live_max: usize,
    /// Milliseconds after which an idle execution leaves memory.
    pub idle_milliseconds: i64,
}

impl Default for ShardOptions {
    fn default() -> Self {
        Self {
            turn_budget: 2_000,
            turn_bytes: 1 << 20,
            much_bytes: 64 << 10,
            unwritten_bytes: 512 << 10,
            live_max: 10_000,
            idle_milliseconds: 5_000,
        }
    }
}

/// The executions that one loop owns: those of its partitions.
pub struct Shard {
    context: Arc<Context>,
    ids: IdSource,
    live: HashMap<ExecutionId, Live>,
    /// Executions that are not in memory, with what is asked of them.
    absent: HashMap<ExecutionId, Absent>,
    /// Executions to ask for as soon as others have come.
    wanted: VecDeque<ExecutionId>,
    /// Executions that were asked for and have not come.
    loading: usize,
    /// What it must be told.
    needs: Vec<Need>,
    /// Named executions whose start is not known to be durable, by ARN.
    starting: HashMap<Text, Starting>,
    /// Who waits to hear whether a name is taken, by ARN.
    looked_up: HashMap<Text, Vec<LookUp>>,
    /// Executions that want to go on.
    ready: VecDeque<ExecutionId>,
    /// Executions that want to go on and write much: they wait until what was written is durable.
    held_up: VecDeque<ExecutionId>,
    /// Bytes of executions that write much, in batches that are not durable yet.
    unwritten_bytes: usize,
    timers: BTreeSet<(Timestamp, ExecutionId)>,
    /// Executions by when they were last used; entries with an old stamp mean nothing.
    idle: VecDeque<Idle>,
    last_stamp: u64,
    /// What failed commits did not let out, by execution; it is looked at again when the execution is read back.
    reload: BTreeMap<ExecutionId, Vec<Undelivered>>,
    /// Executions of which nobody knows whether they run, until they are read back.
    uncounted: HashSet<ExecutionId>,
    /// Executions to read back.
    to_read_back: VecDeque<ExecutionId>,
    /// Executions that cannot be read or advanced.
    broken: Broken,
    generation: u64,
    /// Commits that failed in a row.
    failures: u32,
    /// Until then nothing happens but what callers ask for.
    paused_until: Timestamp,
    last_time: LastTime,
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
    /// Executions with a write among `writes` that is not their first and last.
    touched: Vec<ExecutionId>,
    named: Vec<Text>,
    /// Bytes of those among `writes` whose executions write much.
    bytes: usize,
}

struct Idle {
    since: Timestamp,
    execution: ExecutionId,
    stamp: u64,
}

impl Shard {
    /// An empty shard: the `index`-th of all that share the partitions. `last` is the greatest number ever given to an
    /// execution, by any shard.
    pub fn new(context: Arc<Context>, index: usize, partitions: Partitions, last: ExecutionId) -> Self {
        let ids = IdSource::new(partitions, index, context.shards, last);
        let broken = Broken::set_aside(&context.set_aside);
        Self {
            context,
            ids,
            live: HashMap::new(),
            absent: HashMap::new(),
            wanted: VecDeque::new(),
            loading: 0,
            needs: Vec::new(),
            starting: HashMap::new(),
            looked_up: HashMap::new(),
            ready: VecDeque::new(),
            held_up: VecDeque::new(),
            unwritten_bytes: 0,
            timers: BTreeSet::new(),
            idle: VecDeque::new(),
            last_stamp: 0,
            reload: BTreeMap::new(),
            uncounted: HashSet::new(),
            to_read_back: VecDeque::new(),
            broken,
            generation: 0,
            failures: 0,
            paused_until: Timestamp(i64::MIN),
            last_time: LastTime::beginning(Timestamp(i64::MIN)),
            gathering: Gathering::default(),
            events: Vec::new(),
            reported_live: 0,
        }
    }

    /// Does what the input asks for; the consequences gather in the next batch.
    pub fn handle(&mut self, input: Input, moment: &mut Moment<'_>) {
        self.notice(moment.now);
        match input {
            Input::Start(start) => self.start(start, moment),
            Input::Task { execution, command, reply } => {
                self.request(execution, Request::Task { command, reply }, moment);
            }
            Input::Stop(stop) => self.request(stop.execution, Request::Stop(stop), moment),
            Input::HandOut(hand_out) => self.request(hand_out.task.execution, Request::HandOut(hand_out), moment),
            Input::Arm(timers) => self.timers.extend(timers.into_iter().filter(|(_, id)| !self.broken.contains(*id))),
            Input::Resume { execution, reply } => self.request(execution, Request::Resume(reply), moment),
            Input::MachineDeleting { machine, reply } => self.machine_deleting(machine, reply),
            Input::Loaded(loaded) => self.loaded(loaded, moment),
            Input::Found(found) => self.found(found, moment),
            Input::LogEnd(end) => self.log_end(end, moment.now),
            Input::Turned(taken) => self.turn_taken(*taken, moment),
            Input::BatchOver(outcome) => self.outcome(outcome, moment.now),
        }
    }

    /// Does a part of what waits: executions to read back, to go on with, whose timers are due, to forget.
    pub fn run(&mut self, moment: &mut Moment<'_>) {
        self.notice(moment.now);
        if moment.now >= self.paused_until {
            self.run_read_back(moment);
            self.run_ready(moment);
            self.run_timers(moment);
        }
        self.evict(moment.now);
    }

    /// When [`Shard::run`] has something to do, where nothing comes in before.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let at_once = (!self.ready.is_empty() || !self.to_read_back.is_empty()).then_some(Timestamp(i64::MIN));
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
        for id in std::mem::take(&mut self.gathering.dirty) {
            self.gather_write(id);
        }
        let Gathering { writes, releases, dirty: _, touched, named, bytes } = std::mem::take(&mut self.gathering);
        self.report_live();
        let is_empty = writes.is_empty() && releases.is_empty();
        (!is_empty).then_some(Batch { generation: self.generation, writes, releases, touched, named, bytes })
    }

    /// What an execution did since it was last written becomes part of the batch.
    fn gather_write(&mut self, id: ExecutionId) {
        let Some(live) = self.live.get_mut(&id) else { return };
        let before = live.unwritten_bytes;
        let Some(write) = live.write(id) else { return };
        if live.writes_much(&self.context.options) {
            let bytes = live.unwritten_bytes - before;
            self.gathering.bytes += bytes;
            self.unwritten_bytes += bytes;
        }
        self.gathering.writes.push(write);
        self.gathering.touched.push(id);
    }

    /// What it must be told since this was last asked.
    pub fn take_needs(&mut self) -> Vec<Need> {
        std::mem::take(&mut self.needs)
    }

    /// How many executions are in memory.
    pub fn live_count(&self) -> usize {
        self.live.len()
    }

    /// Timers in memory, in order.
    pub fn timers(&self) -> impl Iterator<Item = (Timestamp, ExecutionId)> {
        self.timers.iter().copied()
    }

    fn machine_deleting(&mut self, machine: StateMachineId, reply: Reply<()>) {
        let belongs = |kind: Kind| matches!(kind, Kind::Express { machine: of, .. } if of == machine);
        let express: Vec<_> = self.live.iter().filter(|(_, live)| belongs(live.kind)).map(|(id, _)| *id).collect();
        for id in express {
            self.forget(id);
            Metrics::add(&self.context.metrics.executions_ended, 1);
        }
        for (id, absent) in &mut self.absent {
            if let Absence::Away { kind, fate, recall, .. } = &mut absent.absence
                && belongs(*kind)
            {
                *fate = Fate::IsForgotten;
                recall.recall();
                self.needs.push(Need::Recall(*id));
            }
        }
        self.gathering.releases.push(Release::Finished(Held { reply, result: Ok(()) }));
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

impl Drop for Shard {
    fn drop(&mut self) {
        self.context.metrics.live.fetch_sub(self.reported_live, Relaxed);
    }
}
