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
    Context, Found, Input, Leisurely, Loaded, LogEnd, Moment, Need, Outlets, Pace, Shard, ShardOptions, Start, Stop,
    take_turn,
};
use runtime::tasks;
use runtime::tokens::Tokens;
use runtime::writer::{CommitQueue, Committer, Submission};
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

mod clients;
mod machine;
mod workers;

use self::machine::Node;

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
    /// Whether the time leaps.
    leaps: bool,
    had_faults: bool,
    count: usize,
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
            leaps: false,
            had_faults: false,
            count: 0,
        };
        world.faults = world.random.pick(&[0, 0, 5, 20]);
        world.had_faults = world.faults > 0;
        world.leaps = world.random.percent(30);
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
            99 if self.leaps && self.random.percent(20) => self.leap(),
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
