//! The world around the shards: clients, workers, the writer, the clock; and crashes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use asl::{Program, Text, Value};
use engine::{Command, EventId, Execution, ExecutionInfo, Outstanding, Status, TaskFamily, Timestamp};
use runtime::RuntimeOptions;
use runtime::activities::{Answer, Exchange, HandOut};
use runtime::calls::{CallError, StartedExecution};
use runtime::directory::{Directory, Qualifier};
use runtime::shard::{Batch, CommitFailure, Context, Input, Outlets, Shard, ShardOptions, Start, Stop};
use runtime::tasks;
use runtime::tokens::Tokens;
use store::fault::{Fate, Faulty};
use store::memory::MemoryStore;
use store::partition::PartitionSet;
use store::record::{
    Activity, ActivityId, Definition, DefinitionId, ExecutionId, MachineStatus, MachineType, StateMachine,
    StateMachineId, VersionNumber, Write,
};
use store::suite::{put_activity, put_machine, try_commit};
use store::{DueWork, Executions, Records, Store};
use tokio::sync::oneshot;

use crate::auditor::{Auditor, events, executions};
use crate::machines::{self, ACTIVITIES};
use crate::random::Random;
use crate::services::{Desk, Services, has_more, is_callback};

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
    /// Tasks whose worker died.
    lost: Vec<(ExecutionId, EventId)>,
    crashes: usize,
    faults: usize,
    count: usize,
}

/// What a crash takes away.
struct Node {
    shards: Vec<Shard>,
    inputs: Vec<VecDeque<Input>>,
    routed: Arc<Mutex<Vec<HandOut>>>,
    outlets: Outlets,
    services: Arc<Services>,
    desk: Desk,
    directory: Arc<Directory>,
    /// Batches on the way to the store, in order.
    pipeline: VecDeque<(usize, Batch)>,
    generations: Vec<u64>,
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
            lost: Vec::new(),
            crashes: 0,
            faults: 0,
            count: 0,
        };
        world.faults = world.random.pick(&[0, 0, 5, 20]);
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
            45..70 => self.turn(),
            70..88 => self.commit(),
            88..97 => self.pass_time(),
            97 => self.sweep(),
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
            self.turn();
            while !self.node().desk.open.is_empty() {
                self.serve();
            }
            let node = self.node();
            let is_idle = node.pipeline.is_empty() && node.inputs.iter().all(VecDeque::is_empty) && node.desk.is_idle();
            while !self.node().pipeline.is_empty() {
                self.commit();
            }
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
        self.auditor.audit(&*self.memory, &self.machines);
        for machine in self.machines.clone() {
            for record in executions(&*self.memory, machine) {
                if record.summary.status == Status::Running {
                    self.check_waits_for_something(record.id);
                }
            }
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
        // The same name must come to the same shard.
        let shards = self.node().shards.len();
        let shard = if name.is_some() { 0 } else { self.random.below(shards) };
        let (reply, asked) = oneshot::channel();
        self.starts.push((input.clone(), asked));
        self.node().inputs[shard].push_back(Input::Start(Start {
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
        }));
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
        let node = self.node();
        let shard = execution.0.rem_euclid(node.shards.len() as i64) as usize;
        node.inputs[shard].push_back(input);
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
        node.services.take_cancelled().iter().for_each(|work| node.desk.cancel(work));
        for (work, command) in node.desk.hear() {
            self.tell(work, command);
        }
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
            }
            return self.tell(work, Command::TaskSubmitted { scheduled, output: Value::String(unique) });
        }
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

    /// One shard, or all of them, do what has come in.
    fn turn(&mut self) {
        let now = self.now;
        let node = self.running.as_mut().unwrap();
        let routed = std::mem::take(&mut *node.routed.lock().unwrap());
        for hand_out in routed {
            let shard = hand_out.task.execution.0.rem_euclid(node.shards.len() as i64) as usize;
            node.inputs[shard].push_back(Input::HandOut(hand_out));
        }
        for (index, shard) in node.shards.iter_mut().enumerate() {
            for input in node.inputs[index].drain(..) {
                shard.handle(input, now, &mut self.chance);
            }
            shard.run(now, &mut self.chance);
            node.pipeline.extend(shard.take_batch().map(|batch| (index, batch)));
        }
    }

    /// The writer commits the next batch.
    fn commit(&mut self) {
        let fate = if self.random.percent(self.faults) {
            self.random.pick(&[Fate::FailBefore, Fate::FailAfter, Fate::Full])
        } else {
            Fate::Pass
        };
        self.store.set_plan(move |_, _| fate);
        let store = Arc::clone(&self.store);
        let node = self.running.as_mut().unwrap();
        let Some((shard, batch)) = node.pipeline.pop_front() else { return };
        let outcome = if batch.generation < node.generations[shard] {
            Some(batch.failed(CommitFailure::earlier()))
        } else {
            let result = if batch.writes.is_empty() { Ok(()) } else { try_commit(&*store, &batch.writes) };
            match result {
                Ok(()) => batch.committed(&node.outlets),
                Err(error) => {
                    assert!(!matches!(error, store::StoreError::Conflict(_)), "{error}");
                    node.generations[shard] = batch.generation + 1;
                    Some(batch.failed(CommitFailure::new(&error)))
                }
            }
        };
        node.inputs[shard].extend(outcome.map(Input::Outcome));
    }

    fn pass_time(&mut self) {
        let milliseconds = self.random.pick(&[1, 50, 1_000, 30_000]);
        if self.random.percent(50) {
            self.skip_to_next_timer();
        } else {
            self.now = Timestamp(self.now.0 + milliseconds);
        }
        if self.random.percent(30) {
            self.sweep();
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
        self.sweep();
        true
    }

    fn sweep(&mut self) {
        let until = Timestamp(self.now.0 + 130_000);
        let mut after = None;
        loop {
            let page = self.memory.due(&PartitionSet::All, until, after, 5).unwrap();
            after = page.last().copied();
            let is_last = page.len() < 5;
            for timer in page {
                self.send(timer.1, Input::Arm(vec![timer]));
            }
            if is_last {
                return;
            }
        }
    }

    /// Whatever is not stored is gone.
    fn crash(&mut self) {
        self.crashes += 1;
        self.running = None;
        self.polls.clear();
        self.boot();
    }

    fn boot(&mut self) {
        let shards = 1 + self.random.below(2);
        let options = RuntimeOptions {
            region: "us-east-1".into(),
            account: "123456789012".into(),
            limits: engine::Limits { history_events: 400, ..engine::Limits::default() },
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
        let routed = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&routed);
        self.running = Some(Node {
            shards: (0..shards).map(|index| Shard::new(Arc::clone(&context), index, last_id)).collect(),
            inputs: (0..shards).map(|_| VecDeque::new()).collect(),
            routed,
            outlets: Outlets {
                exchange: Arc::new(Exchange::new(move |hand_out| sink.lock().unwrap().push(hand_out))),
                tasks,
            },
            services,
            desk: Desk::default(),
            directory,
            pipeline: VecDeque::new(),
            generations: vec![0; shards],
        });
        self.resume();
        self.sweep();
    }

    fn resume(&mut self) {
        let mut after = None;
        loop {
            let page = self.memory.unsettled(&PartitionSet::All, after, 3).unwrap();
            after = page.last().map(|(id, _)| *id);
            let is_last = page.len() < 3;
            for (id, _) in page {
                let (reply, _) = oneshot::channel();
                self.send(id, Input::Resume { executions: vec![id], reply });
            }
            if is_last {
                return;
            }
        }
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
