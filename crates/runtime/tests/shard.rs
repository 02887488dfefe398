//! A shard by itself: what it writes and when.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use asl::{Text, Value};
use engine::{Command, Status, Timestamp};
use runtime::RuntimeOptions;
use runtime::activities::Exchange;
use runtime::calls::StartedExecution;
use runtime::chance::SeededChance;
use runtime::directory::{Directory, Qualifier};
use runtime::shard::{Batch, Context, Input, Outlets, Shard, ShardOptions, Start};
use runtime::tasks::NoTasks;
use runtime::tokens::Tokens;
use store::memory::MemoryStore;
use store::record::{
    Definition, DefinitionId, ExecutionId, MachineStatus, MachineType, StateMachine, StateMachineId, VersionNumber,
    Write,
};
use store::suite::{put_machine, try_commit};
use store::{Executions, Store};
use tokio::sync::oneshot;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:m";

struct Bench {
    store: Arc<MemoryStore>,
    directory: Arc<Directory>,
    outlets: Outlets,
    shard: Shard,
    chance: SeededChance,
}

impl Bench {
    fn new(definition: &str, options: ShardOptions) -> Self {
        let store = Arc::new(MemoryStore::new());
        try_commit(&*store, &machine(definition)).unwrap();
        let shared: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        let directory = Arc::new(Directory::open(Arc::clone(&shared)).unwrap());
        let runtime = RuntimeOptions {
            region: "us-east-1".into(),
            account: "123456789012".into(),
            limits: engine::Limits::default(),
            shards: 1,
        };
        let context =
            Context::new(shared, Arc::clone(&directory), Tokens::new(&[0; 32]), Arc::new(NoTasks), &runtime, options);
        Self {
            store,
            directory,
            outlets: Outlets { exchange: Arc::new(Exchange::new(|_| {})), tasks: Arc::new(NoTasks) },
            shard: Shard::new(Arc::new(context), 0, ExecutionId(0)),
            chance: SeededChance::new([0; 32]),
        }
    }

    fn start(&mut self, now: Timestamp) -> oneshot::Receiver<Result<StartedExecution, runtime::calls::CallError>> {
        let machine = self.directory.machine(MACHINE).unwrap();
        let revision = self.directory.revision(machine.record.definition).unwrap();
        let (reply, answer) = oneshot::channel();
        let start = Start {
            machine,
            revision,
            name: None,
            input: Value::Null,
            input_text: None,
            trace_header: None,
            qualifier: Qualifier::default(),
            profile: None,
            reply,
            ended: None,
        };
        self.shard.handle(Input::Start(start), now, &mut self.chance);
        answer
    }

    fn run(&mut self, now: Timestamp) -> Option<Batch> {
        self.shard.run(now, &mut self.chance);
        self.shard.take_batch()
    }

    fn commit(&mut self, batch: Batch, now: Timestamp) {
        try_commit(&*self.store, &batch.writes).unwrap();
        if let Some(outcome) = batch.committed(&self.outlets) {
            self.shard.handle(Input::Outcome(outcome), now, &mut self.chance);
        }
    }
}

fn machine(definition: &str) -> [Write; 2] {
    let text: Text = definition.into();
    let definition = Definition {
        id: DefinitionId(1),
        state_machine_arn: MACHINE.into(),
        text,
        role_arn: "r".into(),
        revision_id: None,
        created_at: NOW,
        settings: Value::Null,
    };
    let machine = StateMachine {
        id: StateMachineId(1),
        arn: MACHINE.into(),
        name: "m".into(),
        machine_type: MachineType::Standard,
        status: MachineStatus::Active,
        definition: DefinitionId(1),
        created_at: NOW,
        settings: Value::Null,
        tags: Value::Null,
        last_version: VersionNumber(0),
        revision: 1,
    };
    [Write::Definition(definition), put_machine(machine, None)]
}

fn wait(seconds: u64) -> String {
    format!(
        r#"{{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":{seconds},"Next":"P"}},"P":{{"Type":"Pass","End":true}}}}}}"#
    )
}

fn later(seconds: i64) -> Timestamp {
    Timestamp(NOW.0 + seconds * 1_000)
}

#[test]
fn an_execution_that_ends_in_its_first_turn_is_one_write_and_never_in_memory() {
    let mut bench = Bench::new(r#"{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}"#, ShardOptions::default());
    let mut answer = bench.start(NOW);
    let batch = bench.run(NOW).unwrap();
    assert_eq!(bench.shard.live_count(), 0);
    assert!(answer.try_recv().is_err(), "answered before it is durable");
    let [Write::Begin { execution, chunk, .. }] = batch.writes.as_slice() else { panic!("{:?}", batch.writes) };
    assert_eq!((execution.summary.status, execution.summary.stopped_at), (Status::Succeeded, Some(NOW)));
    assert_eq!((chunk.first, chunk.count, chunk.last_id.0), (0, 4, 4));
    bench.commit(batch, NOW);
    assert!(answer.try_recv().unwrap().is_ok());
}

#[test]
fn a_near_timer_fires_and_a_far_one_stays_in_the_store() {
    for (seconds, armed) in [(100, 1), (86_400, 0)] {
        let mut bench = Bench::new(&wait(seconds), ShardOptions::default());
        drop(bench.start(NOW));
        let batch = bench.run(NOW).unwrap();
        let Write::Begin { execution, .. } = &batch.writes[0] else { panic!("{:?}", batch.writes) };
        let id = execution.id;
        assert_eq!(execution.summary.wake_at, Some(later(seconds as i64)));
        assert_eq!(bench.shard.timers().count(), armed, "{seconds}");
        bench.commit(batch, NOW);

        // Idle, it leaves memory; its timer brings it back.
        assert!(bench.run(later(10)).is_none());
        assert_eq!(bench.shard.live_count(), 0);
        let due = later(seconds as i64);
        bench.shard.handle(Input::Arm(vec![(due, id)]), later(10), &mut bench.chance);
        assert_eq!(bench.shard.next_wake(), Some(due));
        assert!(bench.run(Timestamp(due.0 - 1)).is_none());
        let batch = bench.run(due).unwrap();
        let [Write::Append { summary: Some(summary), chunk, .. }] = batch.writes.as_slice() else { panic!() };
        assert_eq!((summary.status, chunk.first), (Status::Succeeded, 3));
        bench.commit(batch, due);
        assert_eq!(bench.shard.live_count(), 0);
        assert_eq!(bench.store.execution(id).unwrap().unwrap().summary.stopped_at, Some(due));
    }
}

#[test]
fn a_long_run_lets_others_have_their_turn_and_writes_its_summary_once() {
    let states: Vec<_> = (0..20).map(|i| format!(r#""P{i}":{{"Type":"Pass","Next":"P{}"}}"#, i + 1)).collect();
    let definition =
        format!(r#"{{"StartAt":"P0","States":{{{},"P20":{{"Type":"Pass","End":true}}}}}}"#, states.join(","));
    let mut bench = Bench::new(&definition, ShardOptions { turn_budget: 10, ..ShardOptions::default() });
    drop(bench.start(NOW));
    let mut summaries = Vec::new();
    while let Some(batch) = bench.shard.take_batch() {
        summaries.extend(batch.writes.iter().map(|write| match write {
            Write::Begin { execution, .. } => Some(execution.summary),
            Write::Append { summary, .. } => *summary,
            other => panic!("{other:?}"),
        }));
        bench.commit(batch, NOW);
        bench.shard.run(NOW, &mut bench.chance);
    }
    let ready: Vec<_> = summaries.iter().map(|summary| summary.map(|summary| summary.ready)).collect();
    assert_eq!(ready, [Some(true), None, None, None, Some(false)]);
}

#[test]
fn two_commands_to_one_execution_in_one_batch_are_one_write() {
    let mut bench = Bench::new(&wait(86_400), ShardOptions::default());
    let mut answer = bench.start(NOW);
    let (reply, mut heard) = oneshot::channel();
    let heartbeat = Command::TaskHeartbeat { scheduled: engine::EventId(99) };
    bench.shard.handle(Input::Task { execution: ExecutionId(1), command: heartbeat, reply }, NOW, &mut bench.chance);
    let (reply, mut stopped) = oneshot::channel();
    let stop = runtime::shard::Stop { execution: ExecutionId(1), arn: "x".into(), error: None, cause: None, reply };
    bench.shard.handle(Input::Stop(stop), NOW, &mut bench.chance);
    let batch = bench.run(NOW).unwrap();
    assert_eq!(batch.writes.len(), 1);
    assert!(heard.try_recv().is_err() && stopped.try_recv().is_err() && answer.try_recv().is_err());
    bench.commit(batch, NOW);
    assert!(matches!(heard.try_recv().unwrap(), Err(runtime::calls::CallError::TaskTimedOut)));
    assert_eq!(stopped.try_recv().unwrap().unwrap(), NOW);
    assert_eq!(bench.shard.live_count(), 0);
}
