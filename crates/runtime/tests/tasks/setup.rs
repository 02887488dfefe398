//! A server, and a counterpart that answers its requests as services do.

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
use store::record::MachineType;

const PATIENCE: Duration = Duration::from_secs(20);

// The counterpart

/// A request that the counterpart got.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) body: Value,
}

#[derive(Default)]
pub(crate) struct Scene {
    pub(crate) asked: Vec<Asked>,
    /// Whether StartExecution waits for its answer.
    pub(crate) holds: bool,
    /// Whether StopExecution waits for its answer.
    pub(crate) holds_cancellations: bool,
    /// Whether children are over.
    pub(crate) children_are_over: bool,
    pub(crate) on_their_way: usize,
    pub(crate) most_on_their_way: usize,
}

/// It runs until the test's process ends.
#[derive(Clone)]
pub(crate) struct Counterpart {
    pub(crate) url: String,
    pub(crate) scene: Arc<(Mutex<Scene>, Condvar)>,
}

impl Counterpart {
    pub(crate) fn start() -> Self {
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

    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Scene) -> T) -> T {
        let changed = change(&mut self.scene.0.lock().unwrap());
        self.scene.1.notify_all();
        changed
    }

    /// Waits until the scene is as wanted.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, is_wanted: impl Fn(&Scene) -> bool) {
        let scene = self.scene.0.lock().unwrap();
        let (scene, timeout) = self.scene.1.wait_timeout_while(scene, PATIENCE, |scene| !is_wanted(scene)).unwrap();
        assert!(!timeout.timed_out(), "{what}: {:?}", scene.asked);
    }

    pub(crate) fn bodies(&self, operation: &str) -> Vec<Value> {
        self.with(|scene| {
            let of_it = scene.asked.iter().filter(|asked| asked.operation == operation);
            of_it.map(|asked| asked.body.clone()).collect()
        })
    }

    /// The idempotency tokens of the requests so far.
    pub(crate) fn names(&self) -> Vec<String> {
        self.bodies("StartExecution").iter().map(|body| text(body, "Name")).collect()
    }

    pub(crate) fn serve(&self, mut stream: TcpStream) {
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
pub(crate) fn capitalized(body: &Value) -> Value {
    let members = body.as_object().unwrap().iter();
    Value::object(members.map(|(name, value)| (name[..1].to_uppercase() + &name[1..], value.clone())))
}

pub(crate) fn read(stream: &mut TcpStream) -> Option<(String, Value)> {
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

pub(crate) fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

// The server

/// A runtime on an async runtime of its own, so that it can end as in a crash: whatever is on its way is gone.
pub(crate) struct Server {
    pub(crate) runtime: Runtime,
    pub(crate) threads: Option<tokio::runtime::Runtime>,
}

#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) counterpart: Counterpart,
    pub(crate) after_crash: AfterCrash,
    pub(crate) concurrency: usize,
    pub(crate) functions: Option<Functions>,
}

impl Setup {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let counterpart = Counterpart::start();
        Self { store, counterpart, after_crash: AfterCrash::Repeat, concurrency: 100, functions: None }
    }

    pub(crate) fn in_memory() -> Self {
        Self::new(Arc::new(MemoryStore::new()))
    }

    /// Over a store whose commits can be made to fail.
    pub(crate) fn over_faulty() -> (Arc<Faulty<MemoryStore>>, Self) {
        let faulty = Arc::new(Faulty::new(Arc::new(MemoryStore::new()), |_, _| Fate::Pass));
        let setup = Self::new(Arc::clone(&faulty) as Arc<dyn Store>);
        (faulty, setup)
    }

    pub(crate) fn open(&self) -> Server {
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
            other_functions: integrations::OtherFunctions::Lambda,
            region: "us-east-1".to_owned(),
            assume_execution_role: false,
            plain_http: PlainHttp::default(),
            http_task: Quotas::default().http_task,
        });
        let tasks = TaskOptions {
            integrations,
            after_crash: self.after_crash,
            concurrency: self.concurrency,
            nested_starts: Quotas::default().nested_starts,
        };
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
    pub(crate) fn wait_for<T>(&self, work: impl Future<Output = T>) -> T {
        let threads = self.threads.as_ref().unwrap();
        threads.block_on(async { tokio::time::timeout(PATIENCE, work).await }).expect("in time")
    }

    /// Tasks on their way are gone, whatever was accepted is durable: what a kill leaves, at one point of many.
    pub(crate) fn crash(mut self) {
        self.threads.take().unwrap().shutdown_background();
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        threads.block_on(async { tokio::time::timeout(PATIENCE, self.runtime.shut_down()).await }).expect("in time");
    }

    pub(crate) fn machine(&self, definition: &str) -> Text {
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

    pub(crate) fn try_start(&self, machine: &Text, name: &str, input: &str) -> Result<Text, CallError> {
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
    pub(crate) fn begin(&self, definition: &str, input: &str) -> Text {
        self.try_start(&self.machine(definition), "e", input).unwrap()
    }

    pub(crate) fn describe(&self, arn: &Text) -> ExecutionDescription {
        self.wait_for(self.runtime.describe_execution(arn.clone())).unwrap()
    }

    pub(crate) fn types(&self, arn: &Text) -> Vec<&'static str> {
        let request =
            GetExecutionHistory { arn: arn.clone(), limit: 1_000, reverse: false, from: None, include_data: true };
        let page = self.wait_for(self.runtime.get_execution_history(request)).unwrap();
        page.events.iter().map(|event| event.event_type).collect()
    }

    pub(crate) fn count(&self, arn: &Text, event_type: &str) -> usize {
        self.types(arn).iter().filter(|found| **found == event_type).count()
    }

    #[track_caller]
    pub(crate) fn until<T>(&self, what: &str, ask: impl Fn() -> Option<T>) -> T {
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
    pub(crate) fn reaches(&self, arn: &Text, event_type: &str, count: usize) {
        self.until(event_type, || (self.count(arn, event_type) >= count).then_some(()));
    }

    /// The status and the output or the error, once it is over.
    #[track_caller]
    pub(crate) fn end(&self, arn: &Text) -> (Status, String) {
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
    pub(crate) fn settles(&self, arn: &Text) {
        self.until("the cancellation", || (!self.describe(arn).record.summary.open_tasks).then_some(()));
    }

    pub(crate) fn stop(&self, arn: &Text) -> Result<Timestamp, CallError> {
        self.wait_for(self.runtime.stop_execution(StopExecution { arn: arn.clone(), error: None, cause: None }))
    }

    pub(crate) fn succeed(&self, token: &str) -> Result<(), CallError> {
        let request = SendTaskSuccess { token: token.into(), output: Value::string("done") };
        self.wait_for(self.runtime.send_task_success(request))
    }
}

// Definitions

pub(crate) const CHILD: &str =
    r#""Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Input":{}}"#;
pub(crate) const CHILD_WITH_TOKEN: &str = r#""Parameters":{"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:child","Input":{"Token.$":"$$.Task.Token"}}"#;

pub(crate) fn state(pattern: &str, parameters: &str) -> String {
    format!(r#""Type":"Task","Resource":"arn:aws:states:::states:startExecution{pattern}",{parameters}"#)
}

pub(crate) fn single(state: &str) -> String {
    format!(r#"{{"StartAt":"T","States":{{"T":{{{state},"End":true}}}}}}"#)
}

pub(crate) fn request() -> String {
    single(&format!(r#"{},"ResultSelector":{{"arn.$":"$.ExecutionArn"}}"#, state("", CHILD)))
}

pub(crate) fn job() -> String {
    single(&format!(r#"{},"ResultSelector":{{"output.$":"$.Output"}}"#, state(".sync:2", CHILD)))
}

pub(crate) fn callback() -> String {
    single(&state(".waitForTaskToken", CHILD_WITH_TOKEN))
}

pub(crate) fn map_of(state: &str) -> String {
    format!(r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemProcessor":{},"End":true}}}}}}"#, single(state))
}

/// The token that the only request carried.
pub(crate) fn sent_token(counterpart: &Counterpart) -> String {
    let asked = counterpart.bodies("StartExecution");
    assert_eq!(asked.len(), 1);
    let input = json::parse(text(&asked[0], "Input").as_bytes()).unwrap();
    text(&input, "Token")
}

// Tests
