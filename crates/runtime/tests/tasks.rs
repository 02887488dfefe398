//! Tasks through crashes, callbacks and jobs: real shards, a real dispatcher, and a server that stands in for AWS's.
//!
//! The server plays Step Functions: a plain `states:startExecution` is a request, `.sync:2` a job, `.waitForTaskToken`
//! a callback. The name of the child it is asked for is the task's idempotency token.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use asl::{Text, Value, json};
use aws::{Client, Endpoints, Environment};
use engine::{Status, Timestamp};
use functions::Functions;
use integrations::Integrations;
use integrations::http::PlainHttp;
use runtime::calls::*;
use runtime::clock::{Clock, WallClock};
use runtime::quotas::Quotas;
use runtime::tasks::Tasks;
use runtime::{AfterCrash, Dispatcher, Runtime, RuntimeOptions, TaskOptions};
use store::Store;
use store::fault::{Fate, Faulty};
use store::memory::MemoryStore;
use store::partition::PartitionSet;
use store::record::{MachineType, Write as Record};

const PATIENCE: Duration = Duration::from_secs(20);

// The counterpart

/// A request that the counterpart got.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    operation: String,
    body: Value,
}

#[derive(Default)]
struct Scene {
    asked: Vec<Asked>,
    /// Whether StartExecution waits for its answer.
    holds: bool,
    /// Whether StopExecution waits for its answer.
    holds_cancellations: bool,
    /// Whether children are over.
    children_are_over: bool,
    on_their_way: usize,
    most_on_their_way: usize,
}

/// It runs until the test's process ends.
#[derive(Clone)]
struct Counterpart {
    url: String,
    scene: Arc<(Mutex<Scene>, Condvar)>,
}

impl Counterpart {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let counterpart = Self { url: format!("http://{}", listener.local_addr().unwrap()), scene: Arc::default() };
        let served = counterpart.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = served.clone();
                thread::spawn(move || served.serve(stream));
            }
        });
        counterpart
    }

    fn with<T>(&self, change: impl FnOnce(&mut Scene) -> T) -> T {
        let changed = change(&mut self.scene.0.lock().unwrap());
        self.scene.1.notify_all();
        changed
    }

    /// Waits until the scene is as wanted.
    #[track_caller]
    fn wait(&self, what: &str, is_wanted: impl Fn(&Scene) -> bool) {
        let scene = self.scene.0.lock().unwrap();
        let (scene, timeout) = self.scene.1.wait_timeout_while(scene, PATIENCE, |scene| !is_wanted(scene)).unwrap();
        assert!(!timeout.timed_out(), "{what}: {:?}", scene.asked);
    }

    fn bodies(&self, operation: &str) -> Vec<Value> {
        self.with(|scene| {
            let of_it = scene.asked.iter().filter(|asked| asked.operation == operation);
            of_it.map(|asked| asked.body.clone()).collect()
        })
    }

    /// The idempotency tokens of the requests so far.
    fn names(&self) -> Vec<String> {
        self.bodies("StartExecution").iter().map(|body| text(body, "Name")).collect()
    }

    fn serve(&self, mut stream: TcpStream) {
        let Some((operation, body)) = read(&mut stream) else { return };
        let is_start = operation == "StartExecution";
        let name = body.get("Name").or(body.get("name")).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.with(|scene| {
            let body = capitalized(&body);
            scene.asked.push(Asked { operation: operation.clone(), body });
            scene.on_their_way += usize::from(is_start);
            scene.most_on_their_way = scene.most_on_their_way.max(scene.on_their_way);
        });
        if is_start {
            let scene = self.scene.0.lock().unwrap();
            drop(self.scene.1.wait_timeout_while(scene, PATIENCE, |scene| scene.holds).unwrap());
        }
        if operation == "StopExecution" {
            let scene = self.scene.0.lock().unwrap();
            drop(self.scene.1.wait_timeout_while(scene, PATIENCE, |scene| scene.holds_cancellations).unwrap());
        }
        let answer = match &*operation {
            "StartExecution" => format!(r#"{{"executionArn":"child:{name}","startDate":1}}"#),
            "DescribeExecution" if self.with(|scene| scene.children_are_over) => {
                r#"{"executionArn":"child","status":"SUCCEEDED","output":"{\"answer\":42}","startDate":1}"#.to_owned()
            }
            "DescribeExecution" => r#"{"executionArn":"child","status":"RUNNING","startDate":1}"#.to_owned(),
            _ => r#"{"stopDate":1}"#.to_owned(),
        };
        self.with(|scene| scene.on_their_way -= usize::from(is_start));
        let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", answer.len());
        // Who asked may be gone: it crashed.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(answer.as_bytes()));
    }
}

/// The wire's members begin with small letters, those of a task with capital ones.
fn capitalized(body: &Value) -> Value {
    let members = body.as_object().unwrap().iter();
    Value::object(members.map(|(name, value)| (name[..1].to_uppercase() + &name[1..], value.clone())))
}

fn read(stream: &mut TcpStream) -> Option<(String, Value)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&buffer[..length]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let length: usize = header("content-length")?.parse().ok()?;
        if bytes.len() < end + 4 + length {
            continue;
        }
        let target = header("x-amz-target")?;
        let known = ["StartExecution", "DescribeExecution", "StopExecution"];
        let operation = known.into_iter().find(|known| target.ends_with(&known.to_lowercase()))?;
        return Some((operation.to_owned(), json::parse(&bytes[end + 4..]).ok()?));
    }
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

// The server

/// A runtime on an async runtime of its own, so that it can end as in a crash: whatever is on its way is gone.
struct Server {
    runtime: Runtime,
    threads: Option<tokio::runtime::Runtime>,
}

#[derive(Clone)]
struct Setup {
    store: Arc<dyn Store>,
    counterpart: Counterpart,
    after_crash: AfterCrash,
    concurrency: usize,
    functions: Option<Functions>,
}

impl Setup {
    fn new(store: Arc<dyn Store>) -> Self {
        let counterpart = Counterpart::start();
        Self { store, counterpart, after_crash: AfterCrash::Repeat, concurrency: 100, functions: None }
    }

    fn in_memory() -> Self {
        Self::new(Arc::new(MemoryStore::new()))
    }

    /// Over a store whose commits can be made to fail.
    fn over_faulty() -> (Arc<Faulty<MemoryStore>>, Self) {
        let faulty = Arc::new(Faulty::new(Arc::new(MemoryStore::new()), |_, _| Fate::Pass));
        let setup = Self::new(Arc::clone(&faulty) as Arc<dyn Store>);
        (faulty, setup)
    }

    fn open(&self) -> Server {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let environment = Environment::of(&[
            ("AWS_ENDPOINT_URL", self.counterpart.url.as_str()),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]);
        let endpoints = Endpoints::from_environment(&environment, None).unwrap();
        let client =
            Client::new(aws::Options { endpoints, attempts: 1, ..aws::Options::new("us-east-1", environment) });
        let integrations = Integrations::new(integrations::Options {
            client,
            functions: self.functions.clone(),
            region: "us-east-1".to_owned(),
            assume_execution_role: false,
            plain_http: PlainHttp::default(),
            http_task: Quotas::default().http_task,
        });
        let tasks = TaskOptions { integrations, after_crash: self.after_crash, concurrency: self.concurrency };
        let options = RuntimeOptions {
            region: "us-east-1".into(),
            account: "123456789012".into(),
            quotas: Quotas::default(),
            shards: 2,
        };
        let clock = Arc::new(WallClock);
        let dispatcher = |reports| {
            Arc::new(Dispatcher::new(tasks, reports, Arc::clone(&clock) as Arc<dyn Clock>, threads.handle().clone()))
                as Arc<dyn Tasks>
        };
        let opened = Runtime::open(self.store.clone(), clock.clone(), options, dispatcher);
        Server { runtime: opened.unwrap(), threads: Some(threads) }
    }
}

impl Server {
    fn wait_for<T>(&self, work: impl Future<Output = T>) -> T {
        let threads = self.threads.as_ref().unwrap();
        threads.block_on(async { tokio::time::timeout(PATIENCE, work).await }).expect("in time")
    }

    /// Tasks on their way are gone, whatever was accepted is durable: what a kill leaves, at one point of many.
    fn crash(mut self) {
        self.threads.take().unwrap().shutdown_background();
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        threads.block_on(async { tokio::time::timeout(PATIENCE, self.runtime.shut_down()).await }).expect("in time");
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
        self.wait_for(self.runtime.create_state_machine(request)).unwrap().arn
    }

    fn try_start(&self, machine: &Text, name: &str, input: &str) -> Result<Text, CallError> {
        let request = StartExecution {
            state_machine_arn: machine.clone(),
            name: Some(name.into()),
            input: json::parse(input.as_bytes()).unwrap(),
            input_text: None,
            trace_header: None,
            profile: None,
        };
        self.wait_for(self.runtime.start_execution(request)).map(|started| started.arn)
    }

    /// Starts an execution of a new machine.
    fn begin(&self, definition: &str, input: &str) -> Text {
        self.try_start(&self.machine(definition), "e", input).unwrap()
    }

    fn describe(&self, arn: &Text) -> ExecutionDescription {
        self.wait_for(self.runtime.describe_execution(arn.clone())).unwrap()
    }

    fn types(&self, arn: &Text) -> Vec<&'static str> {
        let request =
            GetExecutionHistory { arn: arn.clone(), limit: 1_000, reverse: false, from: None, include_data: true };
        let page = self.wait_for(self.runtime.get_execution_history(request)).unwrap();
        page.events.iter().map(|event| event.event_type).collect()
    }

    fn count(&self, arn: &Text, event_type: &str) -> usize {
        self.types(arn).iter().filter(|found| **found == event_type).count()
    }

    #[track_caller]
    fn until<T>(&self, what: &str, ask: impl Fn() -> Option<T>) -> T {
        let begun = std::time::Instant::now();
        loop {
            if let Some(found) = ask() {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: not in time");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until the history has that many events of a type.
    #[track_caller]
    fn reaches(&self, arn: &Text, event_type: &str, count: usize) {
        self.until(event_type, || (self.count(arn, event_type) >= count).then_some(()));
    }

    /// The status and the output or the error, once it is over.
    #[track_caller]
    fn end(&self, arn: &Text) -> (Status, String) {
        let description = self.until("the end", || {
            Some(self.describe(arn)).filter(|described| described.record.summary.status != Status::Running)
        });
        let result = match (description.output, description.error) {
            (Some(output), _) => output.to_json(),
            (None, error) => error.unwrap_or_default().to_string(),
        };
        (description.record.summary.status, result)
    }

    /// Waits until recovery would hand nothing of it out: its jobs are cancelled, durably.
    #[track_caller]
    fn settles(&self, arn: &Text) {
        self.until("the cancellation", || (!self.describe(arn).record.summary.open_tasks).then_some(()));
    }

    fn stop(&self, arn: &Text) -> Result<Timestamp, CallError> {
        self.wait_for(self.runtime.stop_execution(StopExecution { arn: arn.clone(), error: None, cause: None }))
    }

    fn succeed(&self, token: &str) -> Result<(), CallError> {
        let request = SendTaskSuccess { token: token.into(), output: Value::string("done") };
        self.wait_for(self.runtime.send_task_success(request))
    }
}

// Definitions

const CHILD: &str =
    r#""Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Input":{}}"#;
const CHILD_WITH_TOKEN: &str = r#""Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Input":{"Token.$":"$$.Task.Token"}}"#;

fn state(pattern: &str, parameters: &str) -> String {
    format!(r#""Type":"Task","Resource":"arn:aws:states:::states:startExecution{pattern}",{parameters}"#)
}

fn single(state: &str) -> String {
    format!(r#"{{"StartAt":"T","States":{{"T":{{{state},"End":true}}}}}}"#)
}

fn request() -> String {
    single(&format!(r#"{},"ResultSelector":{{"arn.$":"$.ExecutionArn"}}"#, state("", CHILD)))
}

fn job() -> String {
    single(&format!(r#"{},"ResultSelector":{{"output.$":"$.Output"}}"#, state(".sync:2", CHILD)))
}

fn callback() -> String {
    single(&state(".waitForTaskToken", CHILD_WITH_TOKEN))
}

fn map_of(state: &str) -> String {
    format!(r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemProcessor":{},"End":true}}}}}}"#, single(state))
}

/// The token that the only request carried.
fn sent_token(counterpart: &Counterpart) -> String {
    let asked = counterpart.bodies("StartExecution");
    assert_eq!(asked.len(), 1);
    let input = json::parse(text(&asked[0], "Input").as_bytes()).unwrap();
    text(&input, "Token")
}

// Tests

#[test]
fn a_request_leaves_only_when_its_scheduling_is_durable() {
    let (faulty, setup) = Setup::over_faulty();
    let server = setup.open();
    let machine = server.machine(&request());

    faulty.set_plan(|_, _| Fate::FailBefore);
    assert!(matches!(server.try_start(&machine, "never", "{}"), Err(CallError::Unavailable(_))));
    let asked = setup.counterpart.clone();
    faulty.set_plan(move |_, writes| {
        if writes.iter().any(|write| matches!(write, Record::Begin { .. })) {
            assert!(asked.names().is_empty(), "sent before the commit");
        }
        Fate::Pass
    });
    let arn = server.try_start(&machine, "e", "{}").unwrap();
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert_eq!(setup.counterpart.names().len(), 1);
}

#[test]
fn a_task_is_done_once_where_its_commit_was_said_to_fail_and_had_not() {
    let (faulty, setup) = Setup::over_faulty();
    setup.counterpart.with(|scene| scene.children_are_over = true);
    let server = setup.open();
    let machine = server.machine(&job());
    // Of the starts, what is submitted and the ends, some fail after they were written.
    let mut failed = 0;
    faulty.set_plan(move |number, _| {
        let fails = number.is_multiple_of(2) && failed < 4;
        failed += u64::from(fails);
        if fails { Fate::FailAfter } else { Fate::Pass }
    });
    let mut arns = Vec::new();
    for name in ["a", "b", "c"] {
        match server.try_start(&machine, name, "{}") {
            Ok(arn) => arns.push(arn),
            Err(CallError::Unavailable(_)) => {
                arns.push(format!("arn:aws:states:us-east-1:123456789012:execution:m:{name}").into());
            }
            Err(other) => panic!("{other}"),
        }
    }
    for arn in &arns {
        assert_eq!(server.end(arn), (Status::Succeeded, r#"{"output":{"answer":42}}"#.to_owned()));
        let expected = [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded",
        ];
        assert_eq!(server.types(arn), expected);
    }
    assert_eq!(setup.counterpart.names().len(), 3);
    assert!(setup.counterpart.bodies("StopExecution").is_empty(), "a job was given up");
    assert!(server.runtime.metrics().commit_failures >= 2);
}

#[test]
fn a_request_in_flight_is_sent_again_with_the_same_token() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&request(), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.crash();
    let server = setup.open();
    setup.counterpart.wait("the request again", |scene| scene.asked.len() == 2);
    setup.counterpart.with(|scene| scene.holds = false);
    let names = setup.counterpart.names();
    assert_eq!(names[0], names[1]);
    assert_eq!(server.end(&arn), (Status::Succeeded, format!(r#"{{"arn":"child:{}"}}"#, names[0])));
    assert_eq!(server.count(&arn, "TaskStarted"), 1);
    assert_eq!(setup.counterpart.names().len(), 2);
}

#[test]
fn a_request_in_flight_fails_where_the_policy_says_so() {
    let setup = Setup { after_crash: AfterCrash::Fail, ..Setup::in_memory() };
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let retried =
        state("", CHILD) + r#","Retry":[{"ErrorEquals":["States.TaskFailed"],"IntervalSeconds":1,"MaxAttempts":1}]"#;
    let arn = server.begin(&single(&retried), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.crash();
    setup.counterpart.with(|scene| scene.holds = false);
    let server = setup.open();
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert_eq!((server.count(&arn, "TaskFailed"), server.count(&arn, "TaskSucceeded")), (1, 1));
    let names: BTreeSet<_> = setup.counterpart.names().into_iter().collect();
    assert_eq!(names.len(), 2, "the retry is another task, with another token");
    assert_eq!(setup.counterpart.names().len(), 2);
}

#[test]
fn a_submitted_job_is_looked_at_again_and_never_submitted_again() {
    for after_crash in [AfterCrash::Repeat, AfterCrash::Fail] {
        let setup = Setup { after_crash, ..Setup::in_memory() };
        let mut server = setup.open();
        let arn = server.begin(&job(), "{}");
        for _ in 0..3 {
            server.reaches(&arn, "TaskSubmitted", 1);
            server.crash();
            let looks = setup.counterpart.bodies("DescribeExecution").len();
            server = setup.open();
            setup.counterpart.wait("another look", |scene| {
                scene.asked.iter().filter(|asked| asked.operation == "DescribeExecution").count() > looks
            });
        }
        setup.counterpart.with(|scene| scene.children_are_over = true);
        assert_eq!(server.end(&arn), (Status::Succeeded, r#"{"output":{"answer":42}}"#.to_owned()));
        assert_eq!(setup.counterpart.names().len(), 1);
        let job = text(&setup.counterpart.bodies("DescribeExecution")[0], "ExecutionArn");
        assert_eq!(job, format!("child:{}", setup.counterpart.names()[0]));
    }
}

#[test]
fn a_callbacks_token_outlives_restarts_and_is_good_once() {
    for after_crash in [AfterCrash::Repeat, AfterCrash::Fail] {
        let setup = Setup { after_crash, ..Setup::in_memory() };
        let server = setup.open();
        let arn = server.begin(&callback(), "{}");
        server.reaches(&arn, "TaskSubmitted", 1);
        let token = sent_token(&setup.counterpart);
        server.crash();
        let server = setup.open();
        server.wait_for(server.runtime.send_task_heartbeat(token.as_str().into())).unwrap();
        server.succeed(&token).unwrap();
        assert_eq!(server.end(&arn), (Status::Succeeded, r#""done""#.to_owned()));
        for _ in 0..2 {
            assert!(matches!(server.succeed(&token), Err(CallError::TaskTimedOut)));
        }
        server.crash();
        let server = setup.open();
        assert!(matches!(server.succeed(&token), Err(CallError::TaskTimedOut)));
        assert_eq!(setup.counterpart.names().len(), 1);
    }
}

#[test]
fn a_callback_that_comes_before_the_answer_to_its_request_counts() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&callback(), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.succeed(&sent_token(&setup.counterpart)).unwrap();
    assert_eq!(server.end(&arn), (Status::Succeeded, r#""done""#.to_owned()));
    setup.counterpart.with(|scene| scene.holds = false);
}

#[test]
fn failing_commits_lose_no_result_and_repeat_no_request() {
    for seed in 1..=3 {
        let (faulty, setup) = Setup::over_faulty();
        setup.counterpart.with(|scene| scene.children_are_over = true);
        let server = setup.open();
        let machine = server.machine(&map_of(&state(".sync:2", CHILD)));
        let mut random = seed;
        faulty.set_plan(move |_, _| {
            random = 6_364_136_223_846_793_005_u64.wrapping_mul(random).wrapping_add(1_442_695_040_888_963_407);
            match random >> 59 {
                0..=2 => Fate::FailAfter,
                3..=4 => Fate::FailBefore,
                5 => Fate::Full,
                _ => Fate::Pass,
            }
        });
        let arns: Vec<Text> = (0..5)
            .map(|number| {
                server.until("a start", || match server.try_start(&machine, &format!("e{number}"), "[1,2,3,4]") {
                    Ok(arn) => Some(arn),
                    Err(CallError::ExecutionAlreadyExists(arn)) => Some(arn),
                    Err(_) => None,
                })
            })
            .collect();
        for arn in &arns {
            assert_eq!(server.end(arn).0, Status::Succeeded, "seed {seed}");
            for event_type in ["TaskScheduled", "TaskSubmitted", "TaskSucceeded"] {
                assert_eq!(server.count(arn, event_type), 4, "seed {seed}: {event_type}");
            }
        }
        let names = setup.counterpart.names();
        assert_eq!((names.len(), names.iter().collect::<BTreeSet<_>>().len()), (20, 20), "seed {seed}");
        assert!(setup.counterpart.bodies("StopExecution").is_empty(), "seed {seed}: a job was given up");
    }
}

#[test]
fn a_stopped_execution_gives_its_job_up() {
    let setup = Setup::in_memory();
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    server.reaches(&arn, "TaskSubmitted", 1);
    server.stop(&arn).unwrap();
    setup.counterpart.wait("the cancellation", has_cancelled);
    let stopped = text(&setup.counterpart.bodies("StopExecution")[0], "ExecutionArn");
    assert_eq!(stopped, format!("child:{}", setup.counterpart.names()[0]));
    assert_eq!(server.end(&arn).0, Status::Aborted);
    // What is written after the end changes nothing that is shown.
    let shown = (server.types(&arn), server.describe(&arn).error);
    server.settles(&arn);
    assert_eq!((server.types(&arn), server.describe(&arn).error), shown);
    assert!(setup.store.unsettled(&PartitionSet::All, None, 10).unwrap().is_empty());
}

#[test]
fn the_output_of_an_execution_is_described_after_its_last_job_is_cancelled() {
    let setup = Setup::in_memory();
    let server = setup.open();
    let definition = format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","Branches":[
            {{"StartAt":"J","States":{{"J":{{{},"End":true}}}}}},
            {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":1,"Next":"F"}},"F":{{"Type":"Fail","Error":"E"}}}}}}
            ],"Catch":[{{"ErrorEquals":["E"],"Next":"C"}}],"Next":"C"}},"C":{{"Type":"Pass","Result":1,"End":true}}}}}}"#,
        state(".sync:2", CHILD),
    );
    setup.counterpart.with(|scene| scene.holds_cancellations = true);
    let arn = server.begin(&definition, "{}");
    assert_eq!(server.end(&arn), (Status::Succeeded, "1".to_owned()));
    setup.counterpart.with(|scene| scene.holds_cancellations = false);
    server.settles(&arn);
    assert_eq!(server.end(&arn), (Status::Succeeded, "1".to_owned()));
}

#[test]
fn a_cancellation_that_a_crash_cut_off_is_done_after_the_restart() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds_cancellations = true);
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    server.reaches(&arn, "TaskSubmitted", 1);
    server.stop(&arn).unwrap();
    setup.counterpart.wait("the first attempt", has_cancelled);
    server.crash();
    // The execution is over, and its job is still to be cancelled.
    assert_eq!(setup.store.unsettled(&PartitionSet::All, None, 10).unwrap().len(), 1);
    setup.counterpart.with(|scene| scene.holds_cancellations = false);
    let server = setup.open();
    server.settles(&arn);
    assert_eq!(setup.counterpart.bodies("StopExecution").len(), 2);
    server.crash();
    let server = setup.open();
    assert_eq!(server.end(&arn).0, Status::Aborted);
    server.crash();
    assert_eq!(setup.counterpart.bodies("StopExecution").len(), 2, "it was cancelled again");
}

#[test]
fn nobody_knows_of_a_job_whose_request_was_on_its_way_when_the_server_ended() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.stop(&arn).unwrap();
    server.crash();
    setup.counterpart.with(|scene| scene.holds = false);
    let server = setup.open();
    server.settles(&arn);
    assert_eq!(setup.counterpart.names().len(), 1, "the request was sent again");
    assert!(setup.counterpart.bodies("StopExecution").is_empty());
}

#[test]
fn a_task_that_times_out_gives_its_job_up() {
    let setup = Setup::in_memory();
    let server = setup.open();
    let arn = server.begin(&single(&format!(r#"{},"TimeoutSeconds":1"#, state(".sync:2", CHILD))), "{}");
    assert_eq!(server.end(&arn), (Status::Failed, "States.Timeout".to_owned()));
    server.settles(&arn);
    let stopped = text(&setup.counterpart.bodies("StopExecution")[0], "ExecutionArn");
    assert_eq!(stopped, format!("child:{}", setup.counterpart.names()[0]));
}

#[test]
fn executions_that_wait_for_callbacks_stay_on_disk_after_a_restart() {
    const WAITING: usize = 100;
    let setup = Setup::in_memory();
    let server = setup.open();
    let machine = server.machine(&format!(
        r#"{{"StartAt":"C","States":{{
            "C":{{"Type":"Choice","Choices":[{{"Variable":"$.job","BooleanEquals":true,"Next":"J"}}],"Default":"T"}},
            "J":{{{},"End":true}},"T":{{{},"End":true}}}}}}"#,
        state(".sync:2", CHILD),
        state(".waitForTaskToken", CHILD_WITH_TOKEN),
    ));
    let start = |name: &str, input: &str| {
        let arn = server.try_start(&machine, name, input).unwrap();
        server.reaches(&arn, "TaskSubmitted", 1);
        arn
    };
    let arns: Vec<_> = (0..WAITING).map(|number| start(&format!("e{number}"), r#"{"job":false}"#)).collect();
    let with_job = start("job", r#"{"job":true}"#);
    server.crash();

    let unsettled = setup.store.unsettled(&PartitionSet::All, None, 1_000).unwrap();
    let with_job = setup.store.execution_by_arn(&with_job).unwrap().unwrap();
    assert_eq!(unsettled, [(with_job.id, with_job.summary)]);
    let looks = setup.counterpart.bodies("DescribeExecution").len();
    let server = setup.open();
    // Recovery goes by the order of the starts: where the last one's job is looked at, it has passed all others.
    setup.counterpart.wait("a look at the job", |scene| {
        scene.asked.iter().filter(|asked| asked.operation == "DescribeExecution").count() > looks
    });
    assert_eq!(server.runtime.metrics().loads, 1);
    for asked in setup.counterpart.bodies("StartExecution") {
        let input = json::parse(text(&asked, "Input").as_bytes()).unwrap();
        if let Some(token) = input.get("Token").and_then(Value::as_str) {
            server.succeed(token).unwrap();
        }
    }
    for arn in &arns {
        assert_eq!(server.end(arn).0, Status::Succeeded);
    }
    server.crash();
}

fn has_cancelled(scene: &Scene) -> bool {
    scene.asked.iter().any(|asked| asked.operation == "StopExecution")
}

#[test]
fn a_job_is_given_up_where_the_stop_was_said_to_fail_and_had_not() {
    let (faulty, setup) = Setup::over_faulty();
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    server.reaches(&arn, "TaskSubmitted", 1);
    faulty.set_plan(|_, _| Fate::FailAfter);
    assert!(matches!(server.stop(&arn), Err(CallError::Unavailable(_))));
    faulty.set_plan(|_, _| Fate::Pass);
    setup.counterpart.wait("the cancellation", has_cancelled);
    assert_eq!(server.end(&arn).0, Status::Aborted);
}

#[test]
fn a_job_goes_on_where_the_stop_failed() {
    let (faulty, setup) = Setup::over_faulty();
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    server.reaches(&arn, "TaskSubmitted", 1);
    faulty.set_plan(|_, _| Fate::FailBefore);
    assert!(matches!(server.stop(&arn), Err(CallError::Unavailable(_))));
    faulty.set_plan(|_, _| Fate::Pass);
    setup.counterpart.with(|scene| scene.children_are_over = true);
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert!(setup.counterpart.bodies("StopExecution").is_empty());
}

#[test]
fn a_request_whose_execution_was_stopped_meanwhile_has_its_job_given_up() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.stop(&arn).unwrap();
    setup.counterpart.with(|scene| scene.holds = false);
    setup.counterpart.wait("the cancellation", has_cancelled);
}

#[test]
fn a_failing_sibling_gives_a_job_up_once_whatever_follows() {
    let setup = Setup::in_memory();
    let server = setup.open();
    let definition = format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","Branches":[
            {{"StartAt":"J","States":{{"J":{{{},"End":true}}}}}},
            {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":1,"Next":"F"}},"F":{{"Type":"Fail","Error":"E"}}}}}}
            ],"Catch":[{{"ErrorEquals":["E"],"Next":"C"}}],"Next":"C"}},"C":{{{},"End":true}}}}}}"#,
        state(".sync:2", CHILD),
        state(".waitForTaskToken", CHILD_WITH_TOKEN),
    );
    let arn = server.begin(&definition, "{}");
    setup.counterpart.wait("the cancellation", has_cancelled);
    server.reaches(&arn, "TaskSubmitted", 2);
    server.settles(&arn);
    server.crash();
    let server = setup.open();
    let input = json::parse(text(&setup.counterpart.bodies("StartExecution")[1], "Input").as_bytes()).unwrap();
    server.succeed(&text(&input, "Token")).unwrap();
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    server.crash();
    assert_eq!(setup.counterpart.bodies("StopExecution").len(), 1);
}

#[test]
fn no_more_requests_than_allowed_are_on_their_way() {
    let setup = Setup { concurrency: 3, ..Setup::in_memory() };
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&map_of(&state("", CHILD)), "[1,2,3,4,5,6,7,8,9,10]");
    setup.counterpart.wait("three requests", |scene| scene.on_their_way == 3);
    setup.counterpart.with(|scene| scene.holds = false);
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert_eq!(setup.counterpart.names().len(), 10);
    assert_eq!(setup.counterpart.with(|scene| scene.most_on_their_way), 3);
}

#[test]
fn shutting_down_waits_for_no_task() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&map_of(&state("", CHILD)), "[1,2,3]");
    setup.counterpart.wait("the requests", |scene| scene.on_their_way == 3);
    server.wait_for(server.runtime.shut_down());
    // What comes back now is for the next server to ask again.
    setup.counterpart.with(|scene| scene.holds = false);
    server.crash();
    let server = setup.open();
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert_eq!(setup.counterpart.names().into_iter().collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn local_functions_answer_fail_and_are_retried() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, body: &str| {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("handler.py"), body).unwrap();
    };
    write("double", "def handler(event, context):\n    return event * 2\n");
    write("fail", "def handler(event, context):\n    raise ValueError('no')\n");
    write("crash", "import os\ndef handler(event, context):\n    os._exit(3)\n");
    let setup = Setup::in_memory();
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let functions = threads.block_on(async { Functions::open(functions::Options::new(folder.path())) }).unwrap();
    let setup = Setup { functions: Some(functions), ..setup };
    let server = setup.open();
    let lambda = |name: &str, rest: &str| {
        format!(r#""Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:{name}"{rest}"#)
    };
    let retry = r#","Retry":[{"ErrorEquals":["States.TaskFailed"],"IntervalSeconds":1,"MaxAttempts":1}]"#;
    let definitions = [
        ("double", single(&lambda("double", "")), "21", (Status::Succeeded, "42"), 1),
        ("fail", single(&lambda("fail", retry)), "1", (Status::Failed, "ValueError"), 2),
        ("crash", single(&lambda("crash", "")), "1", (Status::Failed, "Runtime.ExitError"), 1),
    ];
    for (name, definition, input, expected, attempts) in definitions {
        let request = CreateStateMachine {
            name: name.into(),
            definition: definition.into(),
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            machine_type: MachineType::Standard,
            settings: Value::empty_object(),
            tags: Value::empty_object(),
            publish: None,
        };
        let machine = server.wait_for(server.runtime.create_state_machine(request)).unwrap().arn;
        let arn = server.try_start(&machine, "e", input).unwrap();
        let (status, result) = server.end(&arn);
        assert_eq!((status, &*result), expected, "{name}");
        assert_eq!(server.count(&arn, "LambdaFunctionStarted"), attempts, "{name}");
    }
}
