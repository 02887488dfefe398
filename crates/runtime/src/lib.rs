//! Drives executions: shards, the commit pipeline, timers, recovery, activities.
//!
//! A request becomes a command, a command becomes events, events become durable, and only then does a
//! reply, a task or a timer leave. The [`Runtime`] is what the wire and the command line talk to.
//!
//! Inside: a [`shard::Shard`] decides and applies, without threads and clocks; a thread per shard feeds it; one
//! thread commits what the shards have gathered, and lets out what was held back; one more keeps house.

mod actions;
pub mod activities;
mod arn;
pub mod calls;
pub mod chance;
pub mod clock;
mod commit_health;
mod computations;
mod context;
pub mod crash_notes;
pub mod directory;
mod dispatcher;
pub mod doctor;
pub mod driver;
mod ids;
pub mod keeper;
pub mod loader;
mod long_turns;
mod memory;
mod metrics;
pub mod observer;
mod open_executions;
pub mod quotas;
mod records;
mod rounds;
pub mod shard;
mod sync;
pub mod task_reports;
pub mod tasks;
pub mod tokens;
mod vitals;
pub mod writer;

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use asl::Text;
use engine::Status;
use store::lane::{Lane, SessionId};
use store::partition::PartitionSet;
use store::record::{ExecutionId, Write};
use store::{Store, StoreError};
use tokio::sync::oneshot;

use activities::Exchange;
use calls::CallError;
use chance::{Chance, SeededChance};
use clock::Clock;
use computations::{Computations, TooMany};
use crash_notes::{CrashNotes, Watched};
use directory::Directory;
pub use dispatcher::{AfterCrash, Dispatcher, TaskOptions};
use driver::{Shards, Surroundings};
use keeper::{Errand, Keeper};
use loader::Loader;
use long_turns::LongTurns;
pub use metrics::{MetricsSnapshot, Throttled};
use observer::{Follower, Observer};
use quotas::Quotas;
use records::RecordNumbers;
use rounds::Rounds;
pub use rounds::Unwell;
use shard::{Context, Input, Outlets, Reply, Shard, ShardOptions};
use sync::{Inbox, InboxFull, lock};
use task_reports::TaskReports;
use tasks::{Profiles, Tasks};
use tokens::Tokens;
pub use vitals::VitalFailure;
use vitals::{Steps, Vitals};
use writer::{CommitQueue, Committer};

/// Cores for each shard, where the number of shards is left to the machine: an execution is little work, and the
/// other cores serve requests.
const CORES_PER_SHARD: usize = 4;

/// How a runtime is set up.
#[derive(Clone, Debug)]
pub struct RuntimeOptions {
    /// The region in ARNs it makes.
    pub region: String,
    /// The account in ARNs it makes: 12 digits.
    pub account: String,
    /// What there may be at most.
    pub quotas: Quotas,
    /// Threads that advance executions; 0 chooses by the machine.
    pub shards: usize,
}

/// Who looks at what a runtime does.
#[derive(Default)]
pub struct Oversight {
    /// Told of what is committed, first of what they missed. Each has a name of its own. Where there are any, all that is
    /// committed is logged for them.
    pub observers: Vec<Arc<dyn Observer>>,
    /// Where it is noted what is in hand, and what must not be taken in hand again.
    pub crash_notes: CrashNotes,
}

/// A running engine over one store. Cloning is a pointer. When the last one is dropped without
/// [`Runtime::shut_down`], the threads end by themselves, soon after.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    options: RuntimeOptions,
    context: Arc<Context>,
    clock: Arc<dyn Clock>,
    exchange: Arc<Exchange>,
    shards: Arc<Shards>,
    writer: Arc<CommitQueue>,
    errands: Arc<Inbox<Errand>>,
    chance: Mutex<SeededChance>,
    record_numbers: RecordNumbers,
    computations: Computations,
    next_shard: AtomicUsize,
    is_stopping: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
    vitals: Arc<Vitals>,
    crash_notes: CrashNotes,
}

impl Runtime {
    /// Opens the store's executions: re-arms what is outstanding and goes on with what was cut off, both in the
    /// background. `tasks` makes what does the tasks that are no activity's: [`tasks::no_tasks`], or one that makes a
    /// [`Dispatcher`].
    ///
    /// # Errors
    /// Where the store fails, and where the system gives no threads or no randomness.
    pub fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        options: RuntimeOptions,
        tasks: impl FnOnce(TaskReports) -> Arc<dyn Tasks>,
    ) -> Result<Self, StoreError> {
        Self::open_observed(store, clock, options, tasks, Oversight::default())
    }

    /// As [`Runtime::open`], with who looks at what it does.
    ///
    /// # Errors
    /// Those of [`Runtime::open`].
    pub fn open_observed(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        options: RuntimeOptions,
        tasks: impl FnOnce(TaskReports) -> Arc<dyn Tasks>,
        Oversight { observers, crash_notes }: Oversight,
    ) -> Result<Self, StoreError> {
        let now = clock.now();
        let mut chance = new_chance()?;
        let count = shard_count(options.shards);
        let options = RuntimeOptions { shards: count, ..options };
        let mut lane = Lane::open(&*store, SessionId(chance.draw()), 0)?;
        let tokens = Tokens::new(&token_key(&*store, &mut lane, &mut chance)?);
        let directory = Arc::new(Directory::open(Arc::clone(&store))?.with_program_bytes(options.quotas.program_bytes));
        let last_id = store.last_execution_id(&PartitionSet::All)?;
        let record_numbers = RecordNumbers::new(store.last_record_ids()?);

        let shards = Arc::new(Shards::new(count, store.partitions()?));
        let tasks = tasks(TaskReports::new(Arc::clone(&shards)));
        let context = Context::new(
            Arc::clone(&store),
            Arc::clone(&directory),
            tokens,
            Arc::clone(&tasks),
            &options,
            ShardOptions::default(),
        );
        let set_aside = set_aside(&*store, crash_notes.set_aside())?;
        context.open_executions.counted(directory.count_running()?);
        let context = Arc::new(context.with_set_aside(set_aside));
        let exchange = {
            let shards = Arc::clone(&shards);
            Arc::new(Exchange::new(options.quotas.activity_pollers, move |hand_out| {
                shards.send(shards.of(hand_out.task.execution), Input::HandOut(hand_out));
            }))
        };
        let inner = Inner {
            options,
            context: Arc::clone(&context),
            clock,
            exchange: Arc::clone(&exchange),
            shards: Arc::clone(&shards),
            writer: Arc::new(CommitQueue::new(count)),
            errands: Arc::new(Inbox::new()),
            chance: Mutex::new(chance),
            record_numbers,
            computations: Computations::new(),
            next_shard: AtomicUsize::new(0),
            is_stopping: AtomicBool::new(false),
            threads: Mutex::default(),
            vitals: Arc::new(Vitals::new()),
            crash_notes,
        };
        let outlets = Outlets { exchange, tasks };
        let (observers, followers) = observer::follow(&store, &inner.writer, observers)?;
        let committer = Committer::new(Arc::clone(&store), lane, Arc::clone(&shards), outlets, &context);
        let committer = committer.with_observers(observers);
        let keeper = Keeper::new(store, directory, shards, Arc::clone(&inner.writer), last_id, now);
        inner.start(committer, followers, keeper, last_id)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Stops: no new work, commits flushed, long polls answered empty. Returns when all that was accepted is durable.
    pub async fn shut_down(&self) {
        self.inner.close();
        let inner = Arc::clone(&self.inner);
        let joined = tokio::task::spawn_blocking(move || inner.join()).await;
        if let Err(error) = joined {
            tracing::error!(error = &error as &dyn std::error::Error, "waiting for the threads failed");
        }
    }

    /// The options it was opened with; `shards` as it was chosen.
    pub fn options(&self) -> &RuntimeOptions {
        &self.inner.options
    }

    /// What there may be at most.
    pub fn quotas(&self) -> &Quotas {
        &self.inner.options.quotas
    }

    /// Whether executions can be started with a profile.
    pub fn has_profiles(&self) -> bool {
        self.profiles().is_some()
    }

    /// What is wrong with the threads that everything depends on, or with what is stored, where something is. A server
    /// that says so gives no good answers.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), Unwell> {
        self.inner.vitals.check()?;
        self.inner.context.commit_health.failure().map_or(Ok(()), |reason| Err(Unwell::Commits(reason)))
    }

    /// Returns when such a thread died or does not get on: then the process is to be ended, and started again.
    pub async fn failure(&self) -> VitalFailure {
        self.inner.vitals.failure().await
    }

    /// What it did so far.
    pub fn metrics(&self) -> MetricsSnapshot {
        self.inner.context.metrics()
    }

    /// Counts what was turned away because a bound was reached.
    pub fn count_throttled(&self, what: Throttled) {
        self.inner.context.metrics.throttled(what);
    }

    fn directory(&self) -> &Directory {
        &self.inner.context.directory
    }

    fn profiles(&self) -> Option<&dyn Profiles> {
        self.inner.context.tasks.profiles()
    }

    fn draw(&self) -> u128 {
        lock(&self.inner.chance).draw()
    }

    fn check_open(&self) -> Result<(), CallError> {
        if self.inner.is_stopping.load(Ordering::Acquire) { Err(CallError::stopping()) } else { Ok(()) }
    }

    /// Sends a call's input to a shard and waits for its answer.
    async fn ask<T>(&self, shard: usize, input: impl FnOnce(Reply<T>) -> Input) -> Result<T, CallError> {
        self.check_open()?;
        let (reply, answer) = oneshot::channel();
        let sent = self.inner.shards.send_call(shard, input(reply), self.quotas().waiting_inputs);
        sent.map_err(|InboxFull| self.throttle(Throttled::Call, CallError::Throttled))?;
        // The shard drops what it has not done when it ends.
        answer.await.unwrap_or_else(|_| Err(CallError::stopping()))
    }

    /// Whether there is memory for more work.
    fn check_memory(&self) -> Result<(), CallError> {
        if self.inner.context.memory.is_scarce() {
            return Err(self.throttle(Throttled::Memory, CallError::Throttled));
        }
        Ok(())
    }

    /// The error for what was turned away, which is counted.
    fn throttle(&self, what: Throttled, error: CallError) -> CallError {
        self.count_throttled(what);
        error
    }

    /// The shard of a new execution: always the same for the same name, so that it can be given only once.
    fn shard_for_new(&self, state_machine_arn: &str, name: Option<&Text>) -> usize {
        let shards = &self.inner.shards;
        match name {
            Some(name) => shards.of_name(state_machine_arn, name),
            None => self.inner.next_shard.fetch_add(1, Ordering::Relaxed) % shards.count(),
        }
    }

    /// Does what may compute for long, on one of few threads. Waits for its turn; where too many wait, the call is
    /// throttled.
    ///
    /// # Errors
    /// `Throttled`, and that of the work.
    pub async fn compute<T: Send + 'static>(
        &self,
        compute: impl FnOnce() -> Result<T, CallError> + Send + 'static,
    ) -> Result<T, CallError> {
        self.check_memory()?;
        self.compute_with(move |_| compute()).await
    }

    async fn compute_with<T: Send + 'static>(
        &self,
        compute: impl FnOnce(&Context) -> Result<T, CallError> + Send + 'static,
    ) -> Result<T, CallError> {
        let turn = self.inner.computations.turn(self.quotas().waiting_computations).await;
        let turn = turn.map_err(|TooMany| self.throttle(Throttled::Computation, CallError::Throttled))?;
        // A caller may go away; the thread is taken until the work is done.
        let work = move |context: &Context| {
            let _turn = turn;
            compute(context)
        };
        self.read(work).await
    }

    /// Reads from the store, or does other work that may block for a moment.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Context) -> Result<T, CallError> + Send + 'static,
    ) -> Result<T, CallError> {
        let context = Arc::clone(&self.inner.context);
        let done = tokio::task::spawn_blocking(move || read(&context)).await;
        done.unwrap_or_else(|error| Err(CallError::Internal(error.into())))
    }

    /// Does something to its end, also where the caller goes away in the middle.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, CallError>> + Send + 'static,
    ) -> Result<T, CallError> {
        self.check_open()?;
        tokio::spawn(work).await.unwrap_or_else(|error| Err(CallError::Internal(error.into())))
    }
}

impl Inner {
    fn start(
        &self,
        committer: Committer,
        followers: Vec<Follower>,
        keeper: Keeper,
        last_id: ExecutionId,
    ) -> Result<(), StoreError> {
        let (mut threads, vitals, notes) = (lock(&self.threads), &self.vitals, &self.crash_notes);
        for follower in followers {
            let clock = Arc::clone(&self.clock);
            threads.push(
                vitals.spawn(&format!("observer-{}", follower.name()), Steps::Short, move |_| follower.run(&*clock))?,
            );
        }
        let writer = Arc::clone(&self.writer);
        threads.push(vitals.spawn("writer", Steps::Short, move |pulse| committer.run(&writer, pulse))?);
        let long_turns = LongTurns::start(long_turn_threads(), &self.context, &self.shards, vitals, notes)?;
        for index in 0..self.shards.count() {
            let shard = Shard::new(Arc::clone(&self.context), index, self.shards.partitions(), last_id);
            let questions = Arc::new(Inbox::new());
            let (shards, asked) = (Arc::clone(&self.shards), Arc::clone(&questions));
            let loader = Loader::new(Arc::clone(&self.context.store), Arc::clone(&self.context.directory));
            let in_hand = notes.in_hand();
            threads.push(vitals.spawn(&format!("loader-{index}"), Steps::Short, move |pulse| {
                loader::run(&loader, &asked, &shards, index, &Watched { pulse, in_hand });
            })?);
            let around = Surroundings {
                shards: Arc::clone(&self.shards),
                writer: Arc::clone(&self.writer),
                questions,
                long_turns: long_turns.clone(),
                clock: Arc::clone(&self.clock),
            };
            let chance = new_chance()?;
            let in_hand = notes.in_hand();
            threads.push(vitals.spawn(&format!("shard-{index}"), Steps::Short, move |pulse| {
                driver::drive(shard, index, &around, chance, &Watched { pulse, in_hand });
            })?);
        }
        let (clock, errands) = (Arc::clone(&self.clock), Arc::clone(&self.errands));
        threads.push(vitals.spawn("keeper", Steps::Short, move |pulse| keeper.run(&*clock, &errands, pulse))?);
        let (watching, stall) = (Arc::clone(vitals), self.options.quotas.stall);
        let mut rounds = Rounds::new(Arc::clone(&self.context), Arc::clone(&self.writer));
        threads.push(spawn("vitals", move || watching.watch(stall, || rounds.look()))?);
        Ok(())
    }

    fn close(&self) {
        self.is_stopping.store(true, Ordering::Release);
        self.exchange.close();
        self.errands.close();
        self.shards.close();
        self.vitals.close();
    }

    fn join(&self) {
        for thread in lock(&self.threads).drain(..) {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(thread = name, "a thread ended by a panic");
            }
        }
        self.crash_notes.finish();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// Of these executions those that still run: they must not be advanced, and somebody has to decide about them. What was
/// stopped meanwhile may be read, for the jobs that are to be cancelled.
fn set_aside(store: &dyn Store, suspects: &BTreeSet<ExecutionId>) -> Result<BTreeSet<ExecutionId>, StoreError> {
    let mut set_aside = BTreeSet::new();
    for id in suspects {
        let Some(record) = store.execution(*id)?.filter(|record| record.summary.status == Status::Running) else {
            continue;
        };
        tracing::error!(
            execution = &*record.arn,
            "an execution ended the server twice and is set aside: stop it, or let it go on with --retry-set-aside"
        );
        set_aside.insert(*id);
    }
    Ok(set_aside)
}

fn new_chance() -> Result<SeededChance, StoreError> {
    SeededChance::from_system().map_err(|e| StoreError::Unusable(format!("the system gives no random numbers: {e}")))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|e: io::Error| StoreError::Unusable(format!("cannot start a thread: {e}")))
}

/// Half of the cores: long turns leave room for the others.
fn long_turn_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2)
}

fn shard_count(wanted: usize) -> usize {
    match wanted {
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get() / CORES_PER_SHARD).max(1),
        wanted => wanted,
    }
}

/// The key that signs task tokens: made once, kept with the data. Of two that make one at the same time, both take the
/// first.
fn token_key(
    store: &dyn Store,
    lane: &mut Lane,
    chance: &mut SeededChance,
) -> Result<[u8; tokens::KEY_BYTES], StoreError> {
    let damaged = || StoreError::Damaged(format!("the {} is not {} bytes long", tokens::KEY_NAME, tokens::KEY_BYTES));
    if store.meta(tokens::KEY_NAME)?.is_none() {
        let mut key = [0; tokens::KEY_BYTES];
        for part in key.chunks_mut(16) {
            part.copy_from_slice(&chance.draw().to_le_bytes());
        }
        lane.commit(store, &[Write::MetaIfAbsent { name: tokens::KEY_NAME.into(), value: key.to_vec() }])?;
    }
    let stored = store.meta(tokens::KEY_NAME)?;
    stored.and_then(|key| key.try_into().ok()).ok_or_else(damaged)
}
