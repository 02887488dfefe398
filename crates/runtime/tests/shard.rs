//! A shard by itself: what it writes and when.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::sync::Arc;

use asl::{Text, Value};
use engine::{Command, EventId, EventKind, Status, Timestamp};
use runtime::RuntimeOptions;
use runtime::activities::Exchange;
use runtime::calls::{EndedExecution, StartedExecution};
use runtime::chance::SeededChance;
use runtime::directory::{Directory, Qualifier};
use runtime::loader::Loader;
use runtime::quotas::Quotas;
use runtime::shard::{
    Batch, CommitFailure, Context, Input, Leisurely, Moment, Need, Outlets, Pace, Reply, Shard, ShardOptions, Start,
    Stop, take_turn,
};
use runtime::tasks::NoTasks;
use runtime::tokens::Tokens;
use store::memory::MemoryStore;
use store::partition::{Partition, Partitions};
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
    context: Arc<Context>,
    loader: Loader,
    shard: Shard,
    chance: SeededChance,
    input: Value,
}

impl Bench {
    fn new(definition: &str, options: ShardOptions) -> Self {
        Self::of(definition, MachineType::Standard, options)
    }

    fn of(definition: &str, machine_type: MachineType, options: ShardOptions) -> Self {
        let store = Arc::new(MemoryStore::new());
        try_commit(&*store, &machine(definition, machine_type)).unwrap();
        Self::over(store, options, BTreeSet::new())
    }

    /// A shard over what another left, where these executions ended the process.
    fn over(store: Arc<MemoryStore>, options: ShardOptions, set_aside: BTreeSet<ExecutionId>) -> Self {
        let shared: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        let directory = Arc::new(Directory::open(Arc::clone(&shared)).unwrap());
        let runtime = RuntimeOptions {
            region: "us-east-1".into(),
            account: "123456789012".into(),
            quotas: Quotas::default(),
            shards: 1,
        };
        let context =
            Context::new(shared, Arc::clone(&directory), Tokens::new(&[0; 32]), Arc::new(NoTasks), &runtime, options);
        let context = Arc::new(context.with_set_aside(set_aside));
        Self {
            loader: Loader::new(Arc::clone(&store) as Arc<dyn Store>, Arc::clone(&directory)),
            store,
            directory,
            outlets: Outlets { exchange: Arc::new(Exchange::new(1, |_| {})), tasks: Arc::new(NoTasks) },
            shard: Shard::new(Arc::clone(&context), 0, Partitions::default(), ExecutionId(0)),
            context,
            chance: SeededChance::new([0; 32]),
            input: Value::Null,
        }
    }

    fn start(&mut self, now: Timestamp) -> oneshot::Receiver<Result<StartedExecution, runtime::calls::CallError>> {
        let (reply, answer) = oneshot::channel();
        let start = self.start_input(reply);
        self.handle(start, now);
        answer
    }

    fn start_input(&self, reply: Reply<StartedExecution>) -> Input {
        self.start_waited_for(reply, None)
    }

    fn start_waited_for(&self, reply: Reply<StartedExecution>, ended: Option<Reply<EndedExecution>>) -> Input {
        let machine = self.directory.machine(MACHINE).unwrap();
        let revision = self.directory.revision(machine.record.definition).unwrap();
        Input::Start(Start {
            machine,
            revision,
            name: None,
            input: self.input.clone(),
            input_text: None,
            trace_header: None,
            qualifier: Qualifier::default(),
            profile: None,
            reply,
            ended,
        })
    }

    fn handle(&mut self, input: Input, now: Timestamp) {
        self.shard.handle(input, &mut Moment { now, chance: &mut self.chance, pace: &Leisurely });
    }

    /// Runs the shard, and sees to what it needs.
    fn run(&mut self, now: Timestamp) -> Option<Batch> {
        self.shard.run(&mut Moment { now, chance: &mut self.chance, pace: &Leisurely });
        for need in self.shard.take_needs() {
            let answer = match need {
                Need::Stored(question) => self.loader.answer(question),
                Need::Turn(turn) => Input::Turned(Box::new(take_turn(*turn, &self.context, &Leisurely))),
                Need::Recall(_) => continue,
            };
            self.handle(answer, now);
        }
        self.shard.take_batch()
    }

    fn commit(&mut self, batch: Batch, now: Timestamp) {
        try_commit(&*self.store, &batch.writes).unwrap();
        if let Some(outcome) = batch.committed(&self.outlets) {
            self.handle(Input::BatchOver(outcome), now);
        }
    }
}

fn machine(definition: &str, machine_type: MachineType) -> [Write; 2] {
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
        machine_type,
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
        bench.handle(Input::Arm(vec![(due, id)]), later(10));
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
    let mut next = bench.shard.take_batch();
    while let Some(batch) = next {
        summaries.extend(batch.writes.iter().map(|write| match write {
            Write::Begin { execution, .. } => Some(execution.summary),
            Write::Append { summary, .. } => *summary,
            other => panic!("{other:?}"),
        }));
        bench.commit(batch, NOW);
        next = bench.run(NOW);
    }
    let ready: Vec<_> = summaries.iter().map(|summary| summary.map(|summary| summary.ready)).collect();
    assert_eq!(ready, [Some(true), None, None, None, Some(false)]);
}

#[test]
fn two_commands_to_one_execution_in_one_batch_are_one_write() {
    let mut bench = Bench::new(&wait(86_400), ShardOptions::default());
    let mut answer = bench.start(NOW);
    // Nobody knows the number before it is durable, but it is always the same here.
    let execution = ExecutionId::new(NOW, Partition(1), 0);
    let (reply, mut heard) = oneshot::channel();
    let heartbeat = Command::TaskHeartbeat { scheduled: EventId(99) };
    bench.handle(Input::Task { execution, command: heartbeat, reply }, NOW);
    let (reply, mut stopped) = oneshot::channel();
    let stop = Stop { execution, arn: "x".into(), error: None, cause: None, reply };
    bench.handle(Input::Stop(stop), NOW);
    let batch = bench.run(NOW).unwrap();
    assert_eq!(batch.writes.len(), 1);
    assert!(heard.try_recv().is_err() && stopped.try_recv().is_err() && answer.try_recv().is_err());
    bench.commit(batch, NOW);
    assert!(matches!(heard.try_recv().unwrap(), Err(runtime::calls::CallError::TaskTimedOut)));
    assert_eq!(stopped.try_recv().unwrap().unwrap(), NOW);
    assert_eq!(bench.shard.live_count(), 0);
}

/// Has no time for any expression.
struct Hurried;

impl Pace for Hurried {
    fn begin_turn(&self, _of: Option<(ExecutionId, EventId)>) {}

    fn is_turn_over(&self) -> bool {
        false
    }

    fn evaluation_steps(&self) -> Option<u64> {
        Some(0)
    }

    fn is_round_over(&self) -> bool {
        false
    }
}

#[test]
fn a_turn_for_which_there_is_no_time_is_taken_elsewhere_and_what_ends_the_execution_comes_before_it() {
    let definition = r#"{"QueryLanguage":"JSONata","StartAt":"P","States":{
        "P":{"Type":"Pass","Output":"{% 1 + 1 %}","Next":"W"},"W":{"Type":"Wait","Seconds":86400,"End":true}}}"#;
    let mut bench = Bench::new(definition, ShardOptions::default());
    drop(bench.start(NOW));
    let batch = {
        // The start itself has time; going on has not.
        let (reply, _) = oneshot::channel();
        let start = bench.start_input(reply);
        let mut moment = Moment { now: NOW, chance: &mut bench.chance, pace: &Hurried };
        bench.shard.handle(start, &mut moment);
        bench.shard.run(&mut moment);
        bench.shard.take_batch().unwrap()
    };
    let needs = bench.shard.take_needs();
    let [Need::Turn(_)] = needs.as_slice() else { panic!("{needs:?}") };
    // What came before the state with the expression is written; the execution is not in memory.
    let ids: Vec<_> = batch.writes.iter().filter_map(begun).collect();
    let [(away, 1), _] = ids.as_slice() else { panic!("{ids:?}") };
    assert_eq!(bench.shard.live_count(), 1);
    let (reply, mut stopped) = oneshot::channel();
    let stop = Stop { execution: *away, arn: "x".into(), error: None, cause: None, reply };
    bench.handle(Input::Stop(stop), NOW);
    bench.commit(batch, NOW);
    assert!(stopped.try_recv().is_err(), "the execution is elsewhere");
    let recalls = bench.shard.take_needs();
    assert!(matches!(recalls.as_slice(), [Need::Recall(id)] if id == away), "{recalls:?}");

    for need in needs {
        let Need::Turn(turn) = need else { panic!() };
        let taken = take_turn(*turn, &bench.context, &Leisurely);
        bench.handle(Input::Turned(Box::new(taken)), NOW);
    }
    let batch = bench.run(NOW).unwrap();
    bench.commit(batch, NOW);
    assert_eq!(stopped.try_recv().unwrap().unwrap(), NOW);
    let events: Vec<_> = bench
        .store
        .chunks(*away)
        .unwrap()
        .iter()
        .flat_map(|chunk| engine::log::decode(&chunk.events).unwrap())
        .collect();
    assert!(!events.iter().any(|event| matches!(event.kind, EventKind::StateExited { .. })), "{events:?}");
    assert!(matches!(events.last().map(|event| &event.kind), Some(EventKind::ExecutionAborted { .. })), "{events:?}");
    assert_eq!(bench.store.execution(*away).unwrap().unwrap().summary.status, Status::Aborted);
}

/// Definitions that go on for ever and never wait: what `Hurried` has no time for, and what every pace has.
const ENDLESS: [&str; 3] = [
    r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}}}"#,
    r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","Output":"{% 1 + 1 %}","Next":"A"}}}"#,
    r#"{"StartAt":"I","States":{"I":{"Type":"Pass","Result":[1,2,3],"Next":"M"},"M":{"Type":"Map","Next":"M",
        "ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}}}}"#,
];

#[test]
fn an_express_execution_has_no_end_of_events_and_ends_after_its_time_though_it_never_waits() {
    for (definition, pace) in [
        (ENDLESS[0], &Leisurely as &dyn Pace),
        (ENDLESS[1], &Leisurely),
        (ENDLESS[1], &Hurried),
        (ENDLESS[2], &Leisurely),
    ] {
        let mut bench = Bench::of(definition, MachineType::Express, ShardOptions::default());
        let (reply, _) = oneshot::channel();
        let (end, mut ended) = oneshot::channel();
        let start = bench.start_waited_for(reply, Some(end));
        bench.handle(start, NOW);
        let mut run = |now| {
            bench.shard.run(&mut Moment { now, chance: &mut bench.chance, pace });
            for need in bench.shard.take_needs() {
                let turn = match need {
                    Need::Turn(turn) => turn,
                    Need::Recall(_) => continue,
                    Need::Stored(question) => panic!("{question:?}"),
                };
                let taken = take_turn(*turn, &bench.context, &Leisurely);
                let mut moment = Moment { now, chance: &mut bench.chance, pace };
                bench.shard.handle(Input::Turned(Box::new(taken)), &mut moment);
            }
            assert!(bench.shard.take_batch().is_none(), "nothing of it is written");
            bench.context.metrics().events
        };
        while run(later(299)) < 60_000 {}
        assert!(ended.try_recv().is_err(), "{definition}");
        run(later(300));
        run(later(300));
        let ended = ended.try_recv().unwrap().unwrap();
        assert_eq!((ended.status, ended.error.as_deref()), (Status::TimedOut, Some("States.Timeout")), "{definition}");
        assert_eq!((bench.shard.live_count(), bench.shard.next_wake()), (0, None), "{definition}");
    }
}

#[test]
fn a_standard_execution_ends_at_the_bound_of_its_events() {
    let mut bench = Bench::new(ENDLESS[0], ShardOptions::default());
    drop(bench.start(NOW));
    while let Some(batch) = bench.run(NOW) {
        bench.commit(batch, NOW);
    }
    assert_eq!(bench.context.metrics().events, 25_000);
}

#[test]
fn what_waits_keeps_its_length_when_the_time_is_taken_back_and_no_history_goes_back() {
    const BACK: i64 = -4_000;
    let mut bench = Bench::new(&wait(10), ShardOptions::default());
    drop(bench.start(NOW));
    let batch = bench.run(NOW).unwrap();
    let (id, _) = begun(&batch.writes[0]).unwrap();
    bench.commit(batch, NOW);
    // It begins another, which ends ten seconds later by the time as it is now.
    drop(bench.start(later(BACK)));
    let batch = bench.run(later(BACK)).unwrap();
    let (second, _) = begun(&batch.writes[0]).unwrap();
    assert!(second > id, "numbers grow all the same");
    bench.commit(batch, later(BACK));
    let batch = bench.run(later(BACK + 10)).unwrap();
    let Write::Append { execution, summary: Some(summary), .. } = &batch.writes[0] else { panic!() };
    assert_eq!((*execution, summary.stopped_at), (second, Some(later(BACK + 10))));
    bench.commit(batch, later(BACK + 10));

    // What is said of the first one meanwhile is dated after what its history has.
    let (reply, mut stopped) = oneshot::channel();
    let stop = Stop { execution: id, arn: "x".into(), error: None, cause: None, reply };
    bench.handle(Input::Stop(stop), later(BACK + 20));
    let batch = bench.run(later(BACK + 20)).unwrap();
    bench.commit(batch, later(BACK + 20));
    assert_eq!(stopped.try_recv().unwrap().unwrap(), NOW);
}

#[test]
fn a_pause_and_an_express_execution_do_not_last_longer_when_the_time_is_taken_back() {
    let mut bench = Bench::of(&wait(86_400), MachineType::Express, ShardOptions::default());
    let (reply, _) = oneshot::channel();
    let (end, mut ended) = oneshot::channel();
    let start = bench.start_waited_for(reply, Some(end));
    bench.handle(start, NOW);
    assert!(bench.run(later(-4_000)).is_none());
    assert_eq!(bench.shard.next_wake(), Some(later(-4_000 + 300)));
    bench.run(later(-4_000 + 299));
    assert!(ended.try_recv().is_err());
    bench.run(later(-4_000 + 300));
    assert_eq!(ended.try_recv().unwrap().unwrap().status, Status::TimedOut);

    let mut bench = Bench::new(&wait(1), ShardOptions::default());
    drop(bench.start(NOW));
    let batch = bench.run(NOW).unwrap();
    bench.handle(Input::BatchOver(batch.failed(CommitFailure::new(&store::StoreError::Full))), NOW);
    assert!(bench.shard.next_wake().unwrap() > NOW, "it pauses");
    assert!(bench.run(later(-4_000)).is_none());
    assert!(bench.shard.next_wake().is_none_or(|wake| wake <= later(-4_000)), "and no longer than that");
}

const LARGE: usize = 200_000;
/// Gives a payload of its own in each state, as large as its input.
const LARGE_FOR_EVER: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"$.a"},"Next":"A"}}}"#;
const LARGE_IN_PARALLEL: &str = r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.items","Next":"M",
    "ResultPath":null,"ItemSelector":{"a.$":"$.a"},
    "ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","Result":1,"End":true}}}}}}"#;
const LARGE_IN_JSONATA: &str = r#"{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass",
    "Output":"{% {'a': $states.input.a & '', 'items': [1]} %}","Next":"A"}}}"#;

/// An input of that size, with items for a Map state.
fn large() -> Value {
    Value::object([
        ("a", Value::string("x".repeat(LARGE))),
        ("items", Value::array((0..100).map(Value::int).collect())),
    ])
}

fn event_bytes(batch: &Batch) -> usize {
    let bytes = |write: &Write| match write {
        Write::Begin { chunk, .. } | Write::Append { chunk, .. } => chunk.events.len(),
        other => panic!("{other:?}"),
    };
    batch.writes.iter().map(bytes).sum()
}

#[test]
fn large_payloads_are_written_in_parts_and_not_far_ahead_of_the_store() {
    let options = ShardOptions::default();
    // A Map state begins all its iterations in one step: 40, each with an input of its own.
    for (definition, executions, payloads_of_a_step) in
        [(LARGE_FOR_EVER, 1, 2), (LARGE_FOR_EVER, 5, 2), (LARGE_IN_PARALLEL, 1, 42), (LARGE_IN_JSONATA, 1, 2)]
    {
        // A turn ends after the step that goes beyond its budget; a start's turn and the next are one batch.
        let turns = 2 * (options.turn_bytes + payloads_of_a_step * (LARGE + 1_000));
        let mut bench = Bench::new(definition, options.clone());
        bench.input = large();
        (0..executions).for_each(|_| drop(bench.start(NOW)));
        for round in 0..6 {
            // The store does not answer: what is on its way is bounded.
            let mut under_way = Vec::new();
            while let Some(batch) = bench.run(NOW) {
                assert!(event_bytes(&batch) <= executions * turns, "{definition}: {}", event_bytes(&batch));
                under_way.push(batch);
            }
            let bytes: usize = under_way.iter().map(event_bytes).sum();
            assert!(bytes <= options.unwritten_bytes + executions * turns, "{definition}: {bytes} bytes");
            assert!(bytes >= options.unwritten_bytes / 2, "round {round} of {definition}: {bytes} bytes");
            under_way.into_iter().for_each(|batch| bench.commit(batch, NOW));
        }
        assert_eq!(bench.shard.live_count(), executions);
    }
}

#[test]
fn executions_that_write_little_go_on_beside_those_that_wait_for_the_store() {
    let mut bench = Bench::new(LARGE_FOR_EVER, ShardOptions { turn_budget: 10, ..ShardOptions::default() });
    bench.input = large();
    drop(bench.start(NOW));
    let mut under_way: Vec<_> = std::iter::from_fn(|| bench.run(NOW)).collect();
    assert_eq!(bench.shard.next_wake(), Some(Timestamp(NOW.0 + 5_000)), "it waits for the store alone");
    bench.input = Value::object([("a", Value::int(1))]);
    drop(bench.start(NOW));
    let little: Vec<_> = (0..20).map(|_| bench.run(NOW).unwrap()).collect();
    assert!(little.iter().all(|batch| event_bytes(batch) < 10_000));
    // A commit that fails is the end of waiting too.
    under_way.extend(little);
    for batch in under_way {
        bench.handle(Input::BatchOver(batch.failed(CommitFailure::new(&store::StoreError::Full))), NOW);
    }
    let after_the_pause = later(10);
    (0..3).for_each(|_| drop(bench.run(after_the_pause)));
    assert_eq!(bench.shard.live_count(), 0, "nothing of them is stored");
}

/// Of a start's write: the execution's number and that of the last event.
fn begun(write: &Write) -> Option<(ExecutionId, u64)> {
    match write {
        Write::Begin { execution, chunk, .. } => Some((execution.id, chunk.last_id.0)),
        _ => None,
    }
}

#[test]
fn an_execution_that_is_set_aside_is_not_advanced_and_can_be_stopped() {
    let waits = r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": true}}}"#;
    let mut before = Bench::new(waits, ShardOptions::default());
    let mut started = before.start(NOW);
    let batch = before.run(NOW).unwrap();
    before.commit(batch, NOW);
    let arn = started.try_recv().unwrap().unwrap().arn;
    let execution = before.store.execution_by_arn(&arn).unwrap().unwrap().id;

    let mut bench = Bench::over(before.store, ShardOptions::default(), BTreeSet::from([execution]));
    let due = Timestamp(NOW.0 + 9_000);
    bench.handle(Input::Arm(vec![(due, execution)]), NOW);
    let (resumed, mut is_resumed) = oneshot::channel();
    bench.handle(Input::Resume { execution, reply: resumed }, due);
    let batch = bench.run(due).unwrap();
    assert!(batch.writes.is_empty());
    bench.commit(batch, due);
    is_resumed.try_recv().unwrap().expect("recovery goes on without it");
    assert_eq!(bench.context.metrics().loads, 0);

    let stop = || {
        let (reply, answer) = oneshot::channel();
        let cause = Some("enough".into());
        (Input::Stop(Stop { execution, arn: arn.clone(), error: None, cause, reply }), answer)
    };
    let ((first, mut first_answer), (second, mut second_answer)) = (stop(), stop());
    bench.handle(first, due);
    let later = Timestamp(due.0 + 5);
    let batch = bench.run(later).unwrap();
    bench.handle(second, Timestamp(later.0 + 5));
    let other = bench.run(later).unwrap();
    bench.commit(batch, later);
    bench.commit(other, later);
    assert_eq!(first_answer.try_recv().unwrap().unwrap(), later);
    assert_eq!(second_answer.try_recv().unwrap().unwrap(), later);
    let record = bench.store.execution(execution).unwrap().unwrap();
    assert_eq!((record.summary.status, record.summary.stopped_at), (Status::Aborted, Some(later)));
    let events: Vec<_> = bench
        .store
        .chunks(execution)
        .unwrap()
        .iter()
        .flat_map(|chunk| engine::log::decode(&chunk.events).unwrap())
        .collect();
    assert!(
        matches!(&events.last().unwrap().kind, EventKind::ExecutionAborted { cause: Some(cause), .. } if &**cause == "enough")
    );

    let (third, mut third_answer) = stop();
    let mut anew = Bench::over(bench.store, ShardOptions::default(), BTreeSet::from([execution]));
    anew.handle(third, Timestamp(later.0 + 9));
    let batch = anew.run(Timestamp(later.0 + 9)).unwrap();
    anew.commit(batch, later);
    assert_eq!(third_answer.try_recv().unwrap().unwrap(), later, "it is over");
}
