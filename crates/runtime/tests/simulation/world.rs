//! The world around the shards: clients, workers, the writer, the clock; and crashes.

use std::cell::RefCell;
use std::sync::Arc;

use asl::{Program, Text, Value};
use engine::{Command, EventId, Execution, ExecutionInfo, Outstanding, Status, TaskFamily, Timestamp};
use runtime::RuntimeOptions;
use runtime::activities::{Answer, Exchange, HandOut};
use runtime::calls::{CallError, StartedExecution};
use runtime::directory::{Directory, Qualifier};
use runtime::driver::Shards;
use runtime::keeper::{Keeper, Rest};
use runtime::loader::{Loader, Question};
use runtime::observer::{self, Follower, Observer, Observers};
use runtime::quotas::Quotas;
use runtime::shard::{
    Context, Found, Input, Leisurely, Loaded, Moment, Need, Outlets, Pace, Shard, ShardOptions, Start, Stop, take_turn,
};
use runtime::tasks;
use runtime::tokens::Tokens;
use runtime::writer::{Committer, Submission, Writer};
use store::fault::{Fate, Faulty};
use store::lane::{Lane, SessionId};
use store::memory::MemoryStore;
use store::partition::PartitionSet;
use store::record::{
    Activity, ActivityId, Definition, DefinitionId, ExecutionId, MachineStatus, MachineType, StateMachine,
    StateMachineId, VersionNumber, Write,
};
use store::suite::{put_activity, put_machine, try_commit};
use store::{DueWork, Executions, Records, Store, StoreError};
use tokio::sync::oneshot;

use crate::auditor::{Auditor, events, executions};
use crate::machines::{self, ACTIVITIES};
use crate::random::Random;
use crate::services::{Desk, Jobs, Services, has_more, is_callback};
use crate::witness::Witness;

type Asked<T> = oneshot::Receiver<Result<T, CallError>>;

const START: Timestamp = Timestamp(1_700_000_000_000);
const KEY: [u8; 32] = [1; 32];

/// A worker's task.
struct Work {
    execution: ExecutionId,
    scheduled: EventId,
}

/// Everything there is.
pub(crate) struct World {
    random: Random,
    chance: Random,
    now: Timestamp,
    memory: Arc<MemoryStore>,
    store: Arc<Faulty<MemoryStore>>,
    machines: Vec<StateMachineId>,
    running: Option<Node>,
    auditor: Auditor,
    starts: Vec<(Value, Asked<StartedExecution>)>,
    stops: Vec<(Text, Asked<Timestamp>)>,
    results: Vec<(ExecutionId, String, Asked<()>)>,
    polls: Vec<(&'static str, oneshot::Receiver<Answer>)>,
    work: Vec<Work>,
    jobs: Jobs,
    witness: Arc<Witness>,
    /// Tasks whose worker died.
    lost: Vec<(ExecutionId, EventId)>,
    crashes: usize,
    faults: usize,
    had_faults: bool,
    count: usize,
}

/// What a crash takes away.
struct Node {
    shards: Vec<Shard>,
    ways: Arc<Shards>,
    context: Arc<Context>,
    loader: Loader,
    /// What the shards must be told, and by which of them.
    needs: Vec<(usize, Need)>,
    outlets: Outlets,
    services: Arc<Services>,
    desk: Desk,
    directory: Arc<Directory>,
    writer: Arc<Writer>,
    committer: Committer,
    /// On the way to the store, in order.
    pipeline: Vec<Submission>,
    keeper: Keeper,
    follower: Follower,
}

/// Ends turns and rounds whenever it likes, and often has no time for an expression.
struct Whim(RefCell<Random>);

impl Pace for Whim {
    fn begin_turn(&self) {}

    fn is_turn_over(&self) -> bool {
        self.0.borrow_mut().percent(5)
    }

    fn expression_milliseconds(&self) -> Option<u64> {
        self.0.borrow_mut().percent(50).then_some(0)
    }

    fn evaluation_steps(&self) -> Option<u64> {
        self.0.borrow_mut().percent(50).then_some(0)
    }

    fn is_round_over(&self) -> bool {
        self.0.borrow_mut().percent(10)
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let memory = Arc::new(MemoryStore::new());
        let machines = set_up(&memory, &mut random);
        let store = Arc::new(Faulty::new(Arc::clone(&memory), |_, _| Fate::Pass));
        let mut world = Self {
            chance: Random::new(seed ^ 0xABCD),
            random,
            now: START,
            memory,
            store,
            machines,
            running: None,
            auditor: Auditor::default(),
            starts: Vec::new(),
            stops: Vec::new(),
            results: Vec::new(),
            polls: Vec::new(),
            work: Vec::new(),
            jobs: Jobs::default(),
            witness: Arc::default(),
            lost: Vec::new(),
            crashes: 0,
            faults: 0,
            had_faults: false,
            count: 0,
        };
        world.faults = world.random.pick(&[0, 0, 5, 20]);
        world.had_faults = world.faults > 0;
        world.boot();
        world
    }

    /// Something happens.
    pub(crate) fn step(&mut self) {
        match self.random.below(100) {
            0..12 => self.start(),
            12..15 => self.stop(),
            15..30 => self.poll(),
            30..38 => self.act(),
            38..45 => self.serve(),
            45..70 => drop(self.turn()),
            70..84 => drop(self.commit()),
            84..88 => self.see_to_a_need(),
            88..96 => self.pass_time(),
            96..98 => drop(self.keep()),
            98 if self.random.percent(50) => self.crash(),
            _ => {}
        }
        self.hear();
    }

    /// From now on nothing fails, and workers do their work, until nothing is left to do.
    pub(crate) fn settle(&mut self) {
        self.faults = 0;
        for _ in 0..20_000 {
            for activity in ACTIVITIES {
                self.poll_for(activity);
            }
            while !self.work.is_empty() {
                self.finish_work();
            }
            let rest = self.keep();
            if let Rest::Retry(at) = rest {
                self.now = self.now.max(at);
            }
            let is_kept = matches!(rest, Rest::Until(_));
            let has_done = self.turn();
            while !self.node().desk.open.is_empty() {
                self.serve();
            }
            let is_idle = is_kept && !has_done && self.node().desk.is_idle() && self.node().needs.is_empty();
            while !self.node().needs.is_empty() {
                self.see_to_a_need();
            }
            while self.commit() {}
            self.hear();
            if is_idle && self.work.is_empty() && !self.skip_to_next_timer() {
                return;
            }
        }
        let node = self.running.as_ref().unwrap();
        let shards: Vec<_> =
            node.shards.iter().map(|s| (s.next_wake(), s.live_count(), s.timers().collect::<Vec<_>>())).collect();
        panic!("it does not come to rest at {:?}: {shards:?}", self.now);
    }

    /// Compares what was promised with what is stored, and looks for executions that nothing will wake.
    pub(crate) fn audit(&mut self) {
        if !self.had_faults {
            assert_eq!(self.node().context.metrics().commit_failures, 0, "a commit contradicted what is stored");
        }
        self.auditor.audit(&*self.memory, &self.machines);
        self.let_all_be_observed();
        for machine in self.machines.clone() {
            for record in executions(&*self.memory, machine) {
                self.witness.check(&record);
                if record.summary.status == Status::Running {
                    self.check_waits_for_something(record.id);
                } else {
                    assert_eq!(self.fold(record.id).outstanding(), [], "{:?} is over", record.id);
                }
            }
        }
        for (execution, scheduled) in self.jobs.running() {
            self.auditor.check_job(&*self.memory, execution, scheduled, self.crashes);
        }
    }

    /// What a commit of unknown outcome did is told with the next one, or, as here, after the next start.
    fn let_all_be_observed(&mut self) {
        let store: Arc<dyn Store> = Arc::clone(&self.memory) as Arc<dyn Store>;
        let writer = Arc::clone(&self.node().writer);
        let (_, mut follower) = self.follow(&store, &writer);
        while !follower.is_up_to_date() {
            follower.step(self.now);
        }
    }

    fn check_waits_for_something(&self, id: ExecutionId) {
        let execution = self.fold(id);
        let outstanding = execution.outstanding();
        assert!(!outstanding.is_empty(), "{id:?} waits for nothing");
        for waits in outstanding {
            match waits {
                Outstanding::Task(task) if task.family != TaskFamily::Activity => {
                    // Its callback was lost with its worker, or went to a server that crashed.
                    let is_lost = task.submitted.is_some() && task.family.has_heartbeat();
                    assert!(is_lost, "{id:?}: nobody does task {} of {}", task.scheduled, task.resource);
                }
                Outstanding::Task(engine::OpenTask { scheduled, started, .. }) => {
                    assert!(started, "{id:?}: nobody was offered task {scheduled}");
                    // Its worker died, or the crash came between the commit and the answer.
                    let is_lost = self.lost.contains(&(id, scheduled));
                    let went_down = self.crashes > 0 && !self.auditor.was_delivered(id, scheduled);
                    assert!(is_lost || went_down, "{id:?}: task {scheduled} is started, and no worker has it");
                }
                Outstanding::Timer { due } => panic!("{id:?}: the timer at {due:?} did not fire by {:?}", self.now),
                Outstanding::Ready => panic!("{id:?} wants to go on, and nobody does"),
                Outstanding::Cancel(task) => panic!("{id:?}: nobody cancels the job of task {}", task.scheduled),
            }
        }
    }

    fn fold(&self, id: ExecutionId) -> Execution {
        let record = self.memory.execution(id).unwrap().unwrap();
        let revision = self.running.as_ref().unwrap().directory.revision(record.definition).unwrap();
        let info = ExecutionInfo {
            arn: record.arn,
            name: record.name,
            state_machine_arn: revision.machine_arn.clone(),
            state_machine_name: revision.machine_name.clone(),
            role_arn: revision.role_arn.clone(),
        };
        let mut execution = Execution::new(Arc::clone(&revision.program), Arc::new(info));
        for event in events(&*self.memory, id) {
            execution.apply(&event).unwrap();
        }
        execution
    }

    fn node(&mut self) -> &mut Node {
        self.running.as_mut().unwrap()
    }

    // Clients

    fn start(&mut self) {
        if self.count >= 8 {
            return;
        }
        self.count += 1;
        let machine = machine_arn(self.random.below(self.machines.len()));
        let machine = self.node().directory.machine(&machine).unwrap();
        let revision = self.node().directory.revision(machine.record.definition).unwrap();
        let name = self.random.percent(40).then(|| Text::from(format!("name-{}", self.random.below(3))));
        let n = self.random.below(2) as i64;
        let items = Value::array((0..self.random.below(4) as i64).map(Value::int).collect());
        let input = match name {
            Some(_) => Value::object([("n", Value::int(n)), ("items", Value::array(vec![Value::int(1)]))]),
            None => Value::object([("n", Value::int(n)), ("items", items)]),
        };
        let shards = self.node().shards.len();
        let shard = match &name {
            Some(name) => self.node().ways.of_name(&machine.record.arn, name),
            None => self.random.below(shards),
        };
        let (reply, asked) = oneshot::channel();
        self.starts.push((input.clone(), asked));
        let start = Input::Start(Start {
            machine,
            revision,
            name,
            input,
            input_text: None,
            trace_header: None,
            qualifier: Qualifier::default(),
            profile: None,
            reply,
            ended: None,
        });
        self.node().ways.send(shard, start);
    }

    fn stop(&mut self) {
        let all: Vec<_> = self.machines.iter().flat_map(|machine| executions(&*self.memory, *machine)).collect();
        if all.is_empty() {
            return;
        }
        let record = &all[self.random.below(all.len())];
        if record.summary.status != Status::Running {
            return;
        }
        let (reply, asked) = oneshot::channel();
        self.stops.push((record.arn.clone(), asked));
        let stop = Stop { execution: record.id, arn: record.arn.clone(), error: None, cause: None, reply };
        self.send(record.id, Input::Stop(stop));
    }

    fn send(&mut self, execution: ExecutionId, input: Input) {
        let ways = &self.node().ways;
        ways.send(ways.of(execution), input);
    }

    /// Reads the answers that came in.
    fn hear(&mut self) {
        let (store, auditor) = (&*self.memory, &mut self.auditor);
        self.starts.retain_mut(|(input, asked)| match asked.try_recv() {
            Ok(Ok(started)) => {
                auditor.acknowledged(store, &started, input);
                false
            }
            Ok(Err(CallError::ExecutionAlreadyExists(arn))) => {
                assert!(store.execution_by_arn(&arn).unwrap().is_some(), "{arn} exists, but not durably");
                false
            }
            other => is_open(&other),
        });
        self.stops.retain_mut(|(arn, asked)| match asked.try_recv() {
            Ok(Ok(at)) => {
                auditor.stopped(store, arn, at);
                false
            }
            other => is_open(&other),
        });
        self.results.retain_mut(|(execution, unique, asked)| match asked.try_recv() {
            Ok(Ok(())) => {
                auditor.accepted(store, *execution, unique.clone());
                false
            }
            other => is_open(&other),
        });
        let tokens = Tokens::new(&KEY);
        let mut work = Vec::new();
        self.polls.retain_mut(|(_, asked)| match asked.try_recv() {
            Ok(Ok(Some(delivery))) => {
                if let Some(task) = delivery.accept() {
                    let (execution, scheduled) = tokens.verify(&task.token).unwrap();
                    auditor.delivered(store, execution, scheduled);
                    work.push(Work { execution, scheduled });
                }
                false
            }
            Ok(_) => false,
            Err(oneshot::error::TryRecvError::Empty) => true,
            Err(oneshot::error::TryRecvError::Closed) => false,
        });
        self.work.extend(work);
        self.hear_of_tasks();
    }

    // Services

    /// Takes in what was let out, and tells again what did not become durable.
    fn hear_of_tasks(&mut self) {
        let Some(node) = &mut self.running else { return };
        for work in node.services.take_dispatched() {
            self.auditor.dispatched(&*self.memory, work.execution, &work.task);
            node.desk.take(work);
        }
        let mut to_tell = node.desk.hear(&mut self.jobs);
        for work in node.services.take_cancelled() {
            self.auditor.given_up(&*self.memory, work.execution, work.task.scheduled);
            to_tell.extend(node.desk.cancel(work, &mut self.jobs));
        }
        to_tell.into_iter().for_each(|(work, command)| self.tell(work, command));
    }

    /// A service answers a request, or a job ends.
    fn serve(&mut self) {
        let open = self.node().desk.open.len();
        if open == 0 {
            return;
        }
        let at = self.random.below(open);
        let work = self.node().desk.open.swap_remove(at);
        let scheduled = work.task.scheduled;
        let unique = Text::from(format!("answer-{}", self.random.next()));
        if has_more(&work) && self.random.percent(80) {
            if is_callback(&work) {
                // Somebody got the token, and is as fast or slow as any worker.
                self.work.push(Work { execution: work.execution, scheduled });
            } else {
                self.jobs.begin(&work);
            }
            return self.tell(work, Command::TaskSubmitted { scheduled, output: Value::String(unique) });
        }
        self.jobs.end(&work);
        let command = if self.random.percent(25) {
            Command::TaskFailed { scheduled, error: Some(unique), cause: None }
        } else {
            Command::TaskSucceeded { scheduled, output: Value::String(unique) }
        };
        self.tell(work, command);
    }

    fn tell(&mut self, work: tasks::Work, command: Command) {
        let (reply, asked) = oneshot::channel();
        self.send(work.execution, Input::Task { execution: work.execution, command: command.clone(), reply });
        self.node().desk.tell(work, command, asked);
    }

    // Workers

    fn poll_for(&mut self, activity: &'static str) {
        if self.polls.iter().filter(|(of, _)| *of == activity).count() < 3 {
            let asked = self.node().outlets.exchange.poll(activity.into(), Some("w".into())).unwrap();
            self.polls.push((activity, asked));
        }
    }

    fn poll(&mut self) {
        let activity = self.random.pick(&ACTIVITIES);
        self.poll_for(activity);
        if self.random.percent(10) && self.faults > 0 {
            // A worker goes away, perhaps with its answer unread.
            let gone = self.random.below(self.polls.len());
            self.polls.swap_remove(gone);
        }
    }

    fn act(&mut self) {
        if self.work.is_empty() {
            return;
        }
        let at = self.random.below(self.work.len());
        match self.random.below(10) {
            0 => {
                let work = self.work.swap_remove(at);
                self.lost.push((work.execution, work.scheduled));
            }
            1..3 => {
                let Work { execution, scheduled } = self.work[at];
                let (reply, _) = oneshot::channel();
                self.send(execution, Input::Task { execution, command: Command::TaskHeartbeat { scheduled }, reply });
            }
            // The result goes out, and the worker forgets that it sent it: it will send another one.
            3 => self.finish(at),
            _ => {
                self.finish(at);
                self.work.swap_remove(at);
            }
        }
    }

    fn finish_work(&mut self) {
        let last = self.work.len() - 1;
        self.finish(last);
        self.work.swap_remove(last);
    }

    fn finish(&mut self, at: usize) {
        let Work { execution, scheduled } = self.work[at];
        // The worker lives on in the audit where its result does not arrive.
        self.lost.push((execution, scheduled));
        let unique = format!("result-{}", self.random.next());
        let text = Text::from(unique.as_str());
        let command = if self.random.percent(25) {
            Command::TaskFailed { scheduled, error: Some(text), cause: None }
        } else {
            Command::TaskSucceeded { scheduled, output: Value::String(text) }
        };
        let (reply, asked) = oneshot::channel();
        self.results.push((execution, unique, asked));
        self.send(execution, Input::Task { execution, command, reply });
    }

    // The machine

    /// The shards do what has come in; whether anything had, or they did anything.
    fn turn(&mut self) -> bool {
        let pace = Whim(RefCell::new(Random::new(self.random.next())));
        let node = self.running.as_mut().unwrap();
        let mut has_done = false;
        let mut inputs = Vec::new();
        for (index, shard) in node.shards.iter_mut().enumerate() {
            let mut moment = Moment { now: self.now, chance: &mut self.chance, pace: &pace };
            node.ways.take_all(index, &mut inputs);
            has_done |= !inputs.is_empty();
            inputs.drain(..).for_each(|input| shard.handle(input, &mut moment));
            shard.run(&mut moment);
            let needs = shard.take_needs();
            let batch = shard.take_batch();
            has_done |= !needs.is_empty() || batch.is_some();
            node.needs.extend(needs.into_iter().map(|need| (index, need)));
            batch.into_iter().for_each(|batch| node.writer.submit(index, batch));
        }
        has_done
    }

    /// A shard is told what it must know, in any order, or that the store does not answer.
    fn see_to_a_need(&mut self) {
        let count = self.node().needs.len();
        if count == 0 {
            return;
        }
        let at = self.random.below(count);
        let fails = self.random.percent(self.faults);
        let node = self.node();
        let (shard, need) = node.needs.swap_remove(at);
        let silent = || StoreError::Unusable("the store does not answer".to_owned());
        let answer = match need {
            Need::Turn(turn) => Input::Turned(Box::new(take_turn(*turn, &node.context, &Leisurely))),
            Need::Stored(Question::Execution(id)) if fails => Input::Loaded(Loaded::failed(id, silent())),
            Need::Stored(Question::Name(arn)) if fails => Input::Found(Found { arn, earlier: Err(Arc::new(silent())) }),
            Need::Stored(question) => node.loader.answer(question),
        };
        node.ways.send(shard, answer);
    }

    /// What was submitted, or the beginning of it, is committed together; whether there was anything.
    fn commit(&mut self) -> bool {
        let fate = if self.random.percent(self.faults) {
            self.random.pick(&[Fate::FailBefore, Fate::FailAfter, Fate::Unanswered, Fate::Full])
        } else {
            Fate::Pass
        };
        self.store.set_plan(move |_, _| fate);
        let count = 1 + self.random.below(3);
        let node = self.running.as_mut().unwrap();
        node.writer.take_all(&mut node.pipeline);
        let mut together: Vec<_> = node.pipeline.drain(..count.min(node.pipeline.len())).collect();
        let has_any = !together.is_empty();
        node.committer.step(&mut together);
        has_any
    }

    /// The keeper does what it can.
    fn keep(&mut self) -> Rest {
        let now = self.now;
        self.node().follower.step(now);
        self.node().keeper.step(now)
    }

    fn pass_time(&mut self) {
        let milliseconds = self.random.pick(&[1, 50, 1_000, 30_000]);
        if self.random.percent(50) {
            self.skip_to_next_timer();
        } else {
            self.now = Timestamp(self.now.0 + milliseconds);
        }
        if self.random.percent(30) {
            self.keep();
        }
    }

    /// Goes to the next due timer; `false` where there is none.
    fn skip_to_next_timer(&mut self) -> bool {
        let in_memory = self.node().shards.iter().flat_map(|shard| shard.next_wake()).min();
        let stored =
            self.memory.due(&PartitionSet::All, Timestamp(i64::MAX), None, 1).unwrap().first().map(|(due, _)| *due);
        // What is overdue in the store waits for a shard that pauses.
        let stored = stored.filter(|due| *due > self.now || in_memory.is_none());
        let Some(next) = in_memory.into_iter().chain(stored).min() else { return false };
        self.now = self.now.max(next);
        self.keep();
        true
    }

    fn follow(&self, store: &Arc<dyn Store>, writer: &Arc<Writer>) -> (Observers, Follower) {
        let witness = Arc::clone(&self.witness) as Arc<dyn Observer>;
        let (observers, mut followers) = observer::follow(store, writer, vec![witness]).unwrap();
        (observers, followers.pop().unwrap())
    }

    /// Whatever is not stored is gone.
    fn crash(&mut self) {
        self.crashes += 1;
        self.running = None;
        self.polls.clear();
        self.boot();
    }

    fn boot(&mut self) {
        let shards = 1 + self.random.below(3);
        let options = RuntimeOptions {
            region: "us-east-1".into(),
            account: "123456789012".into(),
            quotas: Quotas {
                execution: engine::Limits { history_events: 400, ..engine::Limits::default() },
                ..Quotas::default()
            },
            shards,
        };
        let shard_options = ShardOptions {
            turn_budget: self.random.pick(&[3, 10, 100]),
            live_max: self.random.pick(&[1, 3, 100]),
            idle_milliseconds: self.random.pick(&[1, 1_000, 5_000]),
        };
        let store: Arc<dyn Store> = Arc::clone(&self.store) as Arc<dyn Store>;
        let directory = Arc::new(Directory::open(Arc::clone(&store)).unwrap());
        let tokens = Tokens::new(&KEY);
        let services = Arc::new(Services::default());
        let tasks: Arc<dyn tasks::Tasks> = Arc::clone(&services) as Arc<dyn tasks::Tasks>;
        let context = Context::new(store, Arc::clone(&directory), tokens, Arc::clone(&tasks), &options, shard_options);
        let context = Arc::new(context);
        let last_id = self.memory.last_execution_id(&PartitionSet::All).unwrap();
        let ways = Arc::new(Shards::new(shards, self.memory.partitions().unwrap()));
        let to_shards = Arc::clone(&ways);
        let exchange = Exchange::new(options.quotas.activity_pollers, move |hand_out: HandOut| {
            to_shards.send(to_shards.of(hand_out.task.execution), Input::HandOut(hand_out));
        });
        let outlets = Outlets { exchange: Arc::new(exchange), tasks };
        let store: Arc<dyn Store> = Arc::clone(&self.store) as Arc<dyn Store>;
        let writer = Arc::new(Writer::new(shards));
        let lane = Lane::open(&*store, SessionId(self.random.next().into()), 0).unwrap();
        let (observers, follower) = self.follow(&store, &writer);
        let committer = Committer::new(Arc::clone(&store), lane, Arc::clone(&ways), outlets.clone(), &context);
        let partitions = self.memory.partitions().unwrap();
        self.running = Some(Node {
            shards: (0..shards).map(|index| Shard::new(Arc::clone(&context), index, partitions, last_id)).collect(),
            loader: Loader::new(Arc::clone(&store), Arc::clone(&directory)),
            needs: Vec::new(),
            committer: committer.with_observers(observers),
            follower,
            keeper: Keeper::new(
                store,
                Arc::clone(&directory),
                Arc::clone(&ways),
                Arc::clone(&writer),
                last_id,
                self.now,
            ),
            ways,
            context,
            outlets,
            services,
            desk: Desk::default(),
            directory,
            writer,
            pipeline: Vec::new(),
        });
        self.keep();
    }
}

/// Whether the answer is still to come. A call that failed or whose server crashed promises nothing.
fn is_open<T>(answer: &Result<Result<T, CallError>, oneshot::error::TryRecvError>) -> bool {
    if let Ok(Err(error)) = answer {
        let is_expected =
            matches!(error, CallError::Unavailable(_) | CallError::TaskTimedOut | CallError::TaskDoesNotExist);
        assert!(is_expected, "{error:?}");
    }
    matches!(answer, Err(oneshot::error::TryRecvError::Empty))
}

fn machine_arn(index: usize) -> Text {
    format!("arn:aws:states:us-east-1:123456789012:stateMachine:m{index}").into()
}

/// Two random state machines and the activities.
fn set_up(store: &MemoryStore, random: &mut Random) -> Vec<StateMachineId> {
    let mut writes = Vec::new();
    for index in 0..2 {
        let text = Text::from(machines::definition(random));
        let reading = asl::read::read(&text, asl::read::MachineType::Standard);
        assert!(
            reading.program.is_some_and(|program: Program| !program.states.is_empty()),
            "{text}: {:?}",
            reading.diagnostics
        );
        let id = index as i64 + 1;
        writes.push(Write::Definition(Definition {
            id: DefinitionId(id),
            state_machine_arn: machine_arn(index),
            text,
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            revision_id: None,
            created_at: START,
            settings: Value::empty_object(),
        }));
        let machine = StateMachine {
            id: StateMachineId(id),
            arn: machine_arn(index),
            name: format!("m{index}").into(),
            machine_type: MachineType::Standard,
            status: MachineStatus::Active,
            definition: DefinitionId(id),
            created_at: START,
            settings: Value::empty_object(),
            tags: Value::empty_object(),
            last_version: VersionNumber(0),
            revision: 1,
        };
        writes.push(put_machine(machine, None));
    }
    for (index, arn) in ACTIVITIES.into_iter().enumerate() {
        let activity = Activity {
            id: ActivityId(index as i64 + 1),
            arn: arn.into(),
            name: arn.rsplit(':').next().unwrap().into(),
            created_at: START,
            settings: Value::empty_object(),
            tags: Value::empty_object(),
            revision: 1,
        };
        writes.push(put_activity(activity, None));
    }
    try_commit(store, &writes).unwrap();
    assert_eq!(store.last_record_ids().unwrap().state_machine, StateMachineId(2));
    vec![StateMachineId(1), StateMachineId(2)]
}
