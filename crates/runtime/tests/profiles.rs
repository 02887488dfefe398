//! Executions that are started with a profile: who does tasks is asked whether there is such a profile, and told of it
//! with every task.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asl::resource::Resource;
use asl::{Text, Value, json};
use runtime::calls::{CallError, CreateStateMachine, StartExecution, StartedExecution};
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::task_reports::{Reported, TaskReport, TaskReports};
use runtime::tasks::{Doing, Invocation, Profiles, Tasks, UnknownProfile, Work, no_tasks};
use runtime::{Runtime, RuntimeOptions};
use store::memory::MemoryStore;
use store::record::MachineType;

const PATIENCE: Duration = Duration::from_secs(20);

/// Knows two profiles, and does no task by itself.
struct Office {
    dispatched: Mutex<Sender<Work>>,
}

impl Tasks for Office {
    fn refusal(&self, _: &Resource) -> Option<String> {
        None
    }

    fn prepare(&self, _: &Resource, parameters: Value) -> Result<Value, String> {
        Ok(parameters)
    }

    fn profiles(&self) -> Option<&dyn Profiles> {
        Some(self)
    }

    fn dispatch(&self, work: Work) {
        // The test may be over.
        let _ = self.dispatched.lock().unwrap().send(work);
    }

    fn do_once(&self, work: Work) -> Doing {
        panic!("nobody tests states here, and yet {} is to be called", work.task.resource);
    }

    fn cancel(&self, work: Work) {
        panic!("no task has a job here, and yet {} is cancelled", work.task.resource);
    }

    fn is_watching(&self) -> bool {
        false
    }

    fn ended(&self, _: &Text) {}
}

impl Profiles for Office {
    fn check(&self, state_machine: &str, profile: &str) -> Result<(), UnknownProfile> {
        let is_known = ["day", "night"].contains(&profile);
        if is_known { Ok(()) } else { Err(UnknownProfile(format!("{state_machine} has no {profile}"))) }
    }
}

struct Server {
    runtime: Runtime,
    reports: TaskReports,
    dispatched: Receiver<Work>,
    threads: tokio::runtime::Runtime,
}

fn options() -> RuntimeOptions {
    RuntimeOptions { region: "us-east-1".into(), account: "123456789012".into(), quotas: Quotas::default(), shards: 2 }
}

impl Server {
    fn open(store: &Arc<MemoryStore>) -> Self {
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (sender, dispatched) = channel();
        let mut kept = None;
        let office = |reports| {
            kept = Some(reports);
            Arc::new(Office { dispatched: Mutex::new(sender) }) as Arc<dyn Tasks>
        };
        let runtime = Runtime::open(Arc::clone(store) as _, Arc::new(WallClock), options(), office).unwrap();
        Self { runtime, reports: kept.unwrap(), dispatched, threads }
    }

    fn machine(&self, definition: &str) -> Text {
        let request = CreateStateMachine {
            name: "m".into(),
            definition: definition.into(),
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            machine_type: MachineType::Standard,
            settings: Value::empty_object(),
            tags: Value::empty_object(),
            publish: None,
        };
        self.threads.block_on(self.runtime.create_state_machine(request)).unwrap().arn
    }

    fn start(&self, machine: &Text, input: &str, profile: Option<&str>) -> Result<StartedExecution, CallError> {
        self.threads.block_on(self.runtime.start_execution(start(machine, input, profile)))
    }

    /// The next task that is let out.
    fn work(&self) -> Work {
        self.dispatched.recv_timeout(PATIENCE).expect("in time")
    }

    fn report(&self, work: &Work, report: TaskReport) {
        assert_eq!(self.threads.block_on(self.reports.report(work, report)), Reported::Durable);
    }

    fn stop(self) {
        self.threads.block_on(self.runtime.shut_down());
    }
}

fn start(machine: &Text, input: &str, profile: Option<&str>) -> StartExecution {
    StartExecution {
        state_machine_arn: machine.clone(),
        name: Some("e".into()),
        input: json::parse(input.as_bytes()).unwrap(),
        input_text: None,
        trace_header: None,
        profile: profile.map(Text::from),
    }
}

fn invocation(number: u64) -> Option<Invocation> {
    Some(Invocation { profile: "night".into(), number })
}

const ONE_TASK: &str = r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "End": true,
    "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}}}"#;

const MAP: &str = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "MaxConcurrency": 1, "End": true,
    "ItemProcessor": {"StartAt": "T", "States": {"T": {"Type": "Task", "End": true,
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Retry": [{"ErrorEquals": ["Again"], "IntervalSeconds": 1}]}}}}}}"#;

#[test]
fn a_profile_that_there_is_not_is_refused() {
    let server = Server::open(&Arc::new(MemoryStore::new()));
    let machine = server.machine(ONE_TASK);
    match server.start(&machine, "{}", Some("noon")) {
        Err(CallError::UnknownProfile(unknown)) => assert_eq!(unknown, UnknownProfile("m has no noon".into())),
        other => panic!("{other:?}"),
    }
    assert!(server.runtime.has_profiles() && server.start(&machine, "{}", Some("day")).is_ok());
}

#[test]
fn where_there_are_no_profiles_each_is_refused() {
    let server = Server::open(&Arc::new(MemoryStore::new()));
    let runtime = Runtime::open(Arc::new(MemoryStore::new()), Arc::new(WallClock), options(), no_tasks).unwrap();
    assert!(!runtime.has_profiles());
    let server = Server { runtime, ..server };
    let pass = r#"{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}"#;
    let machine = server.machine(pass);
    let refused = server.start(&machine, "{}", Some("day"));
    assert!(matches!(refused, Err(CallError::UnknownProfile(_))), "{refused:?}");
    assert!(server.start(&machine, "{}", None).is_ok());
}

#[test]
fn a_start_repeats_an_earlier_one_only_with_the_same_profile() {
    let store = Arc::new(MemoryStore::new());
    let server = Server::open(&store);
    let machine = server.machine(ONE_TASK);
    let first = server.start(&machine, "{}", Some("day")).unwrap();
    let check = |server: &Server| {
        for (input, profile, is_repeated) in [
            ("{}", Some("day"), true),
            ("{}", Some("night"), false),
            ("{}", None, false),
            (r#"{"a":1}"#, Some("day"), false),
        ] {
            match server.start(&machine, input, profile) {
                Ok(again) => {
                    assert!(is_repeated, "{input} {profile:?}");
                    assert_eq!((&again.arn, again.started_at), (&first.arn, first.started_at));
                }
                Err(CallError::ExecutionAlreadyExists(arn)) => {
                    assert!(!is_repeated, "{input} {profile:?}");
                    assert_eq!(arn, first.arn);
                }
                other => panic!("{other:?}"),
            }
        }
    };
    check(&server);
    server.stop();
    check(&Server::open(&store));
}

#[test]
fn tasks_come_with_the_profile_and_the_number_of_their_invocation_also_after_a_restart() {
    let store = Arc::new(MemoryStore::new());
    let server = Server::open(&store);
    let machine = server.machine(MAP);
    server.start(&machine, "[1, 2]", Some("night")).unwrap();
    let first = server.work();
    assert_eq!((&*first.task.state, &first.invocation), ("T", &invocation(0)));
    server.report(&first, TaskReport::Failed { error: Some("Again".into()), cause: None });
    let retried = server.work();
    assert_eq!((&retried.invocation, retried.is_interrupted), (&invocation(1), false));
    server.stop();

    let server = Server::open(&store);
    let again = server.work();
    assert_eq!((again.task.scheduled, again.is_interrupted), (retried.task.scheduled, true));
    assert_eq!(again.invocation, retried.invocation);
    server.report(&again, TaskReport::Succeeded(Value::Null));
    assert_eq!(server.work().invocation, invocation(2));
}

#[test]
fn without_a_profile_nobody_counts() {
    let server = Server::open(&Arc::new(MemoryStore::new()));
    let machine = server.machine(ONE_TASK);
    server.start(&machine, "{}", None).unwrap();
    assert_eq!(server.work().invocation, None);
}
