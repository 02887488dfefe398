//! Test cases on a real runtime: what is mocked is answered, what is not goes on to the services.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use asl::resource::Resource;
use asl::{Text, Value};
use document::{Document, Syntax};
use engine::{EventId, ExecutionInfo, OpenTask, Status, TaskFamily, Timestamp};
use mocks::{MockSource, Mocked};
use rehearsal::MockConfig;
use runtime::calls::{
    CallError, CreateStateMachine, ExecutionDescription, GetExecutionHistory, StartExecution, StartedExecution,
};
use runtime::clock::WallClock;
use runtime::quotas::Quotas;
use runtime::task_reports::{Reported, TaskReport, TaskReports};
use runtime::tasks::{Doing, Invocation, Profiles, Tasks, Work};
use runtime::{Runtime, RuntimeOptions};
use store::memory::MemoryStore;
use store::record::{ExecutionId, MachineType};

const PATIENCE: Duration = Duration::from_secs(20);

const CONFIG: &str = r#"{
    "StateMachines": {"m": {"TestCases": {"all": {"First": "Twice", "Second": "Once"}, "half": {"First": "Once"}}}},
    "MockedResponses": {
        "Once": {"0": {"Return": 7}},
        "Twice": {"0": {"Throw": {"Error": "Again", "Cause": "why"}}, "1": {"Return": 8}}
    }
}"#;

/// The states `First`, with that resource and those parameters, and `Second`.
fn definition(resource: &str, parameters: &str) -> String {
    format!(
        r#"{{"StartAt": "First", "States": {{
            "First": {{"Type": "Task", "Resource": "{resource}", "Next": "Second",
                "Parameters": {parameters},
                "Retry": [{{"ErrorEquals": ["Again"], "IntervalSeconds": 1}}]}},
            "Second": {{"Type": "Task", "End": true, "Resource": "{FUNCTION}"}}}}}}"#
    )
}

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

struct Fixed(Arc<MockConfig>);

impl MockSource for Fixed {
    fn config(&self) -> Arc<MockConfig> {
        Arc::clone(&self.0)
    }
}

fn source() -> Arc<dyn MockSource> {
    Arc::new(Fixed(Arc::new(MockConfig::read(&Document::parse(CONFIG, Syntax::Json).unwrap()).unwrap())))
}

/// What reaches the services.
#[derive(Debug)]
enum Reached {
    Dispatch(Work),
    Cancel(Work),
    Ended(Text),
}

struct Services(Mutex<Sender<Reached>>);

impl Services {
    fn reached(&self, what: Reached) {
        // The test may be over.
        let _ = self.0.lock().unwrap().send(what);
    }
}

impl Tasks for Services {
    fn refusal(&self, _: &Resource) -> Option<String> {
        None
    }

    fn prepare(&self, _: &Resource, parameters: Value) -> Result<Value, String> {
        Ok(parameters)
    }

    fn profiles(&self) -> Option<&dyn Profiles> {
        None
    }

    fn dispatch(&self, work: Work) {
        self.reached(Reached::Dispatch(work));
    }

    fn do_once(&self, work: Work) -> Doing {
        panic!("nobody tests states here, and yet {} is to be called", work.task.resource);
    }

    fn cancel(&self, work: Work) {
        self.reached(Reached::Cancel(work));
    }

    fn is_watching(&self) -> bool {
        true
    }

    fn ended(&self, execution_arn: &Text) {
        self.reached(Reached::Ended(execution_arn.clone()));
    }
}

struct Server {
    runtime: Runtime,
    mocked: Arc<Mocked<Services>>,
    reports: TaskReports,
    reached: Receiver<Reached>,
    threads: tokio::runtime::Runtime,
}

impl Server {
    fn open() -> Self {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (sender, reached) = channel();
        let mut kept = None;
        let tasks = |reports: TaskReports| {
            let services = Services(Mutex::new(sender));
            let mocked = Arc::new(Mocked::new(source(), reports.clone(), services, threads.handle().clone()));
            kept = Some((Arc::clone(&mocked), reports));
            mocked as Arc<dyn Tasks>
        };
        let options = RuntimeOptions {
            region: "us-east-1".into(),
            account: "123456789012".into(),
            quotas: Quotas::default(),
            shards: 1,
        };
        let runtime = Runtime::open(Arc::new(MemoryStore::new()), Arc::new(WallClock), options, tasks).unwrap();
        let (mocked, reports) = kept.unwrap();
        Self { runtime, mocked, reports, reached, threads }
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

    fn start(&self, machine: &Text, profile: Option<&str>) -> Result<StartedExecution, CallError> {
        let request = StartExecution {
            state_machine_arn: machine.clone(),
            name: None,
            input: Value::empty_object(),
            input_text: None,
            trace_header: None,
            profile: profile.map(Text::from),
        };
        self.threads.block_on(self.runtime.start_execution(request))
    }

    fn next(&self) -> Reached {
        self.reached.recv_timeout(PATIENCE).expect("in time")
    }

    /// The next task that reaches the services.
    fn work(&self) -> Work {
        match self.next() {
            Reached::Dispatch(work) => work,
            other => panic!("{other:?}"),
        }
    }

    /// The execution, once it is over; until then nothing may reach the services.
    fn end(&self, execution: &Text) -> ExecutionDescription {
        match self.next() {
            Reached::Ended(arn) => assert_eq!(arn, *execution),
            other => panic!("{other:?}"),
        }
        self.threads.block_on(self.runtime.describe_execution(execution.clone())).unwrap()
    }

    /// The types of the events about tasks.
    fn task_events(&self, arn: &Text) -> Vec<&'static str> {
        let request =
            GetExecutionHistory { arn: arn.clone(), limit: 1_000, reverse: false, from: None, include_data: true };
        let page = self.threads.block_on(self.runtime.get_execution_history(request)).unwrap();
        let types = page.events.iter().map(|event| event.event_type);
        types.filter(|name| !name.contains("State") && !name.starts_with("Execution")).collect()
    }
}

#[test]
fn a_mocked_task_ends_as_its_test_case_says_and_reaches_no_service() {
    let server = Server::open();
    let machine = server.machine(&definition(FUNCTION, "{}"));
    let execution = server.start(&machine, Some("all")).unwrap().arn;
    let description = server.end(&execution);
    assert_eq!((description.record.summary.status, description.output), (Status::Succeeded, Some(Value::int(7))));
    let events = server.task_events(&execution);
    let [begun @ .., last] = &events[..] else { panic!("{events:?}") };
    let of_function = ["LambdaFunctionScheduled", "LambdaFunctionStarted"];
    assert_eq!(*last, "LambdaFunctionSucceeded");
    let expected =
        [&of_function[..], &["LambdaFunctionFailed"], &of_function[..], &["LambdaFunctionSucceeded"], &of_function[..]];
    assert_eq!(begun, expected.concat());
}

#[test]
fn the_history_of_a_mocked_job_or_callback_looks_as_if_somebody_had_waited() {
    for (resource, parameters) in [
        ("arn:aws:states:::ecs:runTask.sync", r#"{"Cluster": "c", "TaskDefinition": "t"}"#),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", r#"{"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}"#),
    ] {
        let server = Server::open();
        let machine = server.machine(&definition(resource, parameters));
        let execution = server.start(&machine, Some("all")).unwrap().arn;
        assert_eq!(server.end(&execution).record.summary.status, Status::Succeeded, "{resource}");
        let of_first = ["TaskScheduled", "TaskStarted"];
        let expected = [&of_first[..], &["TaskFailed"], &of_first[..], &["TaskSubmitted", "TaskSucceeded"]].concat();
        let events = server.task_events(&execution);
        assert_eq!(events[..expected.len()], expected, "{resource}");
    }
}

#[test]
fn what_the_test_case_does_not_name_and_what_has_none_goes_on_to_the_services() {
    let server = Server::open();
    let machine = server.machine(&definition(FUNCTION, "{}"));
    for (profile, states) in [(Some("half"), &["Second"][..]), (None, &["First", "Second"])] {
        let execution = server.start(&machine, profile).unwrap().arn;
        for state in states {
            let work = server.work();
            assert_eq!((&*work.task.state, &work.invocation), (*state, &None));
            let reported = server.threads.block_on(server.reports.report(&work, TaskReport::Succeeded(Value::int(9))));
            assert_eq!(reported, Reported::Durable);
        }
        assert_eq!(server.end(&execution).output, Some(Value::int(9)));
    }
}

#[test]
fn a_test_case_that_there_is_not_is_refused() {
    let server = Server::open();
    let machine = server.machine(&definition(FUNCTION, "{}"));
    match server.start(&machine, Some("none")) {
        Err(CallError::UnknownProfile(unknown)) => assert!(unknown.0.contains("all, half"), "{unknown}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_jobs_that_are_not_mocked_are_cancelled() {
    let server = Server::open();
    let info = ExecutionInfo {
        arn: "e".into(),
        name: "e".into(),
        state_machine_arn: "m".into(),
        state_machine_name: "m".into(),
        role_arn: "r".into(),
    };
    let given_up = |state: &str, profile: Option<&str>| {
        let resource = Text::from("arn:aws:states:::ecs:runTask.sync");
        let family = TaskFamily::from(&Resource::parse(&resource).unwrap());
        let mut task = OpenTask::new(EventId(5), Timestamp(0), family, resource);
        task.state = state.into();
        let invocation = profile.map(|profile| Invocation { profile: profile.into(), number: 0 });
        Work { execution: ExecutionId(1), task, info: Arc::new(info.clone()), is_interrupted: false, invocation }
    };
    let cancelled = || match server.next() {
        Reached::Cancel(work) => work,
        other => panic!("{other:?}"),
    };
    // In order: of the first, nothing is heard.
    server.mocked.cancel(given_up("First", Some("half")));
    server.mocked.cancel(given_up("Second", Some("half")));
    let work = cancelled();
    assert_eq!((&*work.task.state, work.invocation), ("Second", None));
    server.mocked.cancel(given_up("First", None));
    assert_eq!(&*cancelled().task.state, "First");
}
