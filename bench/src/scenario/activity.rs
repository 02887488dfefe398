//! Workers poll for activity tasks and complete them, while other clients keep the queue filled.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::client::{Client, Tally, start_request};
use crate::error::BenchError;
use crate::machines;
use crate::report::{Measure, Target, Unit};
use crate::scenario::{Run, WARM_UP, latency_measures, unsuccessful};
use crate::stats::{Latencies, rate};
use crate::wire::{self, member, operation};

/// Executions that are open at most: enough that no worker waits for work, few enough to be steady.
pub(super) const BACKLOG: u64 = 256;

/// How long open tasks may take to be completed after the last start.
const DRAIN: Duration = Duration::from_secs(30);

/// What the feeding clients and the workers share.
struct Shop {
    port: u16,
    tally: Rc<Tally>,
    start: Vec<u8>,
    poll: Vec<u8>,
    feeding: Cell<bool>,
    started: Cell<u64>,
    completed: Cell<u64>,
    changed: Notify,
    polls: RefCell<Latencies>,
    completions: RefCell<Latencies>,
}

/// Tasks from schedule to success.
pub(super) async fn run(run: &Run<'_>) -> Result<Vec<Measure>, BenchError> {
    let mut observer = Client::connect(run.server.port(), &run.tally).await?;
    let activity_arn = observer.create_activity("work").await?;
    let machine_arn = observer.create_machine("worked", &machines::activity(&activity_arn)).await?;
    let shop = Rc::new(Shop::open(run, &machine_arn, &activity_arn));
    let mut clients = JoinSet::new();
    for _ in 0..run.options.clients {
        clients.spawn_local(feed(shop.clone()));
        clients.spawn_local(work(shop.clone()));
    }
    let measures = tokio::select! {
        measures = observe(run, &shop) => measures?,
        Some(broken) = broken_client(&mut clients) => return Err(broken),
    };
    clients.shutdown().await;
    observer.settle(&machine_arn).await?;
    let succeeded = observer.count_executions(&machine_arn, "SUCCEEDED").await?;
    Ok(measures.into_iter().chain([unsuccessful(shop.started.get().abs_diff(succeeded))]).collect())
}

/// Lets the load warm up, measures it for a time, and lets what is open be completed.
async fn observe(run: &Run<'_>, shop: &Shop) -> Result<Vec<Measure>, BenchError> {
    tokio::time::sleep(WARM_UP).await;
    shop.polls.take();
    shop.completions.take();
    let (before, completed_before, begin) = (run.mark()?, shop.completed.get(), Instant::now());
    tokio::time::sleep(run.measured_time()).await;
    let (after, tasks, elapsed) = (run.mark()?, shop.completed.get() - completed_before, begin.elapsed());
    let (mut polls, mut completions) = (shop.polls.take(), shop.completions.take());

    shop.feeding.set(false);
    shop.changed.notify_waiters();
    let drain = async {
        while shop.open_tasks() > 0 {
            shop.changed.notified().await;
        }
    };
    tokio::time::timeout(DRAIN, drain)
        .await
        .map_err(|_| BenchError::TooLate { what: "hand out every open task", seconds: DRAIN.as_secs() })?;

    let mut measures = vec![
        Measure::new("tasks, schedule to success", Unit::PerSecond, rate(tasks, elapsed))
            .expecting(Target::AtLeast(4_000.0)),
        before.server_cpu(after, "task", tasks),
    ];
    measures.extend(latency_measures("GetActivityTask", &mut polls));
    measures.extend(latency_measures("SendTaskSuccess", &mut completions));
    measures.push(before.generator_cpu(after));
    Ok(measures)
}

impl Shop {
    fn open(run: &Run<'_>, machine_arn: &str, activity_arn: &str) -> Self {
        let poll = format!(r#"{{"activityArn":"{activity_arn}","workerName":"bench"}}"#);
        Self {
            port: run.server.port(),
            tally: run.tally.clone(),
            start: start_request(machine_arn, machines::ORDER),
            poll: wire::request(operation::GET_ACTIVITY_TASK, &poll),
            feeding: Cell::new(true),
            started: Cell::new(0),
            completed: Cell::new(0),
            changed: Notify::new(),
            polls: RefCell::default(),
            completions: RefCell::default(),
        }
    }

    /// Executions started, or about to be, whose task is not completed.
    fn open_tasks(&self) -> u64 {
        self.started.get() - self.completed.get()
    }
}

/// Starts an execution whenever fewer are open than may be.
async fn feed(shop: Rc<Shop>) -> Result<(), BenchError> {
    let mut client = Client::connect(shop.port, &shop.tally).await?;
    while shop.feeding.get() {
        if shop.open_tasks() >= BACKLOG {
            shop.changed.notified().await;
            continue;
        }
        shop.started.set(shop.started.get() + 1);
        if client.send(&shop.start).await?.status != 200 {
            shop.started.set(shop.started.get() - 1);
            shop.changed.notify_one();
        }
    }
    Ok(())
}

/// Polls and completes until it is dropped.
async fn work(shop: Rc<Shop>) -> Result<(), BenchError> {
    let mut client = Client::connect(shop.port, &shop.tally).await?;
    let mut token = String::new();
    loop {
        let before = Instant::now();
        let response = client.send(&shop.poll).await?;
        let Some(given) = member(response.body, "taskToken") else {
            continue;
        };
        token.clear();
        token.push_str(given);
        shop.polls.borrow_mut().record(before.elapsed());
        let before = Instant::now();
        let body = [r#"{"output":"{\"packed\":true}","taskToken":""#, &token, r#""}"#];
        if client.call(operation::SEND_TASK_SUCCESS, &body).await?.status == 200 {
            shop.completions.borrow_mut().record(before.elapsed());
            shop.completed.set(shop.completed.get() + 1);
            shop.changed.notify_one();
        }
    }
}

/// Waits for a client that broke off; never comes back while all go on or end as they should.
async fn broken_client(clients: &mut JoinSet<Result<(), BenchError>>) -> Option<BenchError> {
    while let Some(ended) = clients.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Some(error),
            Err(error) => return Some(error.into()),
        }
    }
    None
}
