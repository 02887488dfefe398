//! Does tasks: sends their requests, looks at their jobs, and tells the shards what came of it.
//!
//! A request is sent once for each time its task is dispatched: again only where the server ended in between and
//! [`AfterCrash::Repeat`] says so. A job is looked at less often the longer it runs. Whatever came of a task is told
//! until the shard has made it durable, or says that the task is over.

mod job;
mod nested_starts;
mod request;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use asl::resource::Resource;
use asl::{Text, Value};
use engine::EventId;
use integrations::{Integrations, Target};
use store::record::ExecutionId;
use tokio::sync::{Notify, Semaphore};

use crate::clock::Clock;
use crate::sync::lock;
use crate::task_reports::TaskReports;
use crate::tasks::{Doing, Profiles, Tasks, Work};
use job::Children;
use nested_starts::NestedStarts;

/// How tasks are done.
pub struct TaskOptions {
    /// What does them.
    pub integrations: Integrations,
    /// What becomes of a task whose request may or may not have been sent when the server ended.
    pub after_crash: AfterCrash,
    /// Requests on their way at once; more wait for their turn.
    pub concurrency: usize,
    /// Executions that those of one state machine may start in a second; 0 for as many as they do.
    pub nested_starts: u64,
}

/// What becomes of a task whose request may or may not have been sent when the server ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterCrash {
    /// It is sent again, with the same idempotency token where the service knows such tokens.
    #[default]
    Repeat,
    /// The task fails with `States.TaskFailed`, so that its retriers and catchers decide.
    Fail,
}

/// Looks at jobs on their way at once: however many jobs there are, they do not starve other requests.
const LOOKS: usize = 64;

/// Starts of executions on their way at once: however many a state machine asks for, what others start meanwhile waits for
/// no more than these.
const STARTS: usize = 16;

/// Cancellations on their way at once, for the same reason: who stops an execution may end thousands that it began.
const CANCELS: usize = 16;

/// Does tasks on an async runtime.
pub struct Dispatcher {
    shared: Arc<Shared>,
    runtime: tokio::runtime::Handle,
}

/// What all tasks share.
struct Shared {
    integrations: Integrations,
    after_crash: AfterCrash,
    reports: TaskReports,
    clock: Arc<dyn Clock>,
    requests: Semaphore,
    looks: Semaphore,
    starts: Semaphore,
    cancels: Semaphore,
    nested_starts: NestedStarts,
    /// Tasks that are being done or whose jobs are being cancelled, with what tells that they are given up.
    running: Mutex<HashMap<TaskId, Arc<GivenUp>>>,
    children: Children,
    /// Jobs that are waited for.
    jobs: AtomicUsize,
}

/// What names a task.
type TaskId = (ExecutionId, EventId);

/// Tells whoever does a task that it is given up.
#[derive(Default)]
struct GivenUp {
    is_given_up: AtomicBool,
    /// Kept until the task looks.
    notify: Notify,
}

impl Dispatcher {
    /// Does tasks on that async runtime. The clock is the one of the runtime that hands them out.
    pub fn new(
        options: TaskOptions,
        reports: TaskReports,
        clock: Arc<dyn Clock>,
        runtime: tokio::runtime::Handle,
    ) -> Self {
        let TaskOptions { integrations, after_crash, concurrency, nested_starts } = options;
        let shared = Shared {
            integrations,
            after_crash,
            reports,
            clock,
            requests: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            looks: Semaphore::new(LOOKS),
            starts: Semaphore::new(STARTS),
            cancels: Semaphore::new(CANCELS),
            nested_starts: NestedStarts::a_second(nested_starts),
            running: Mutex::default(),
            children: Children::default(),
            jobs: AtomicUsize::new(0),
        };
        Self { shared: Arc::new(shared), runtime }
    }
}

impl Tasks for Dispatcher {
    fn refusal(&self, resource: &Resource) -> Option<String> {
        // Which integrations there are, the language knows.
        match resource {
            Resource::Activity(arn) => Some(format!("The activity {arn} cannot be called.")),
            Resource::LambdaFunction(_) | Resource::Integration { .. } => None,
        }
    }

    fn prepare(&self, resource: &Resource, parameters: Value) -> Result<Value, String> {
        match Target::of(resource) {
            Some(target) => self.shared.integrations.prepare(&target, parameters),
            None => Ok(parameters),
        }
    }

    fn profiles(&self) -> Option<&dyn Profiles> {
        None
    }

    fn dispatch(&self, work: Work) {
        let Ok(running) = Running::begin(&self.shared, task_id(&work)) else { return };
        self.runtime.spawn(async move {
            let shared = &running.shared;
            let job = shared.run(&work, &running.given_up).await;
            if job.is_some() || !running.leave() {
                shared.cancel(&work, job.as_ref()).await;
            }
        });
    }

    fn do_once(&self, work: Work) -> Doing {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.integrations.call_traced(&shared.call(&work)).await })
    }

    fn cancel(&self, work: Work) {
        let running = match Running::begin(&self.shared, task_id(&work)) {
            Ok(running) => running,
            Err(given_up) => return given_up.tell(),
        };
        self.runtime.spawn(async move {
            let shared = &running.shared;
            // What stood in for the service had no job.
            let job = work.task.submitted.as_ref().filter(|_| work.invocation.is_none());
            if work.task.submitted.is_none() && work.is_interrupted {
                tracing::warn!(
                    resource = %work.task.resource,
                    execution = %work.info.arn,
                    "a task was given up, and the server ended before its request was answered: a job that it began runs on"
                );
            }
            shared.cancel(&work, job).await;
        });
    }

    fn is_watching(&self) -> bool {
        self.shared.children.is_any()
    }

    fn ended(&self, execution_arn: &Text) {
        self.shared.children.ended(execution_arn);
    }
}

/// A task's place among those that are being done. Left when this is dropped, also where the task panics.
struct Running {
    shared: Arc<Shared>,
    id: TaskId,
    given_up: Arc<GivenUp>,
}

impl Running {
    /// Takes a task's place; where it is taken, tells how to reach whoever has it.
    fn begin(shared: &Arc<Shared>, id: TaskId) -> Result<Self, Arc<GivenUp>> {
        let given_up = match lock(&shared.running).entry(id) {
            Entry::Occupied(place) => return Err(Arc::clone(place.get())),
            Entry::Vacant(place) => Arc::clone(place.insert(Arc::default())),
        };
        Ok(Self { shared: Arc::clone(shared), id, given_up })
    }

    /// Leaves the place, unless the task was given up before: then the place is kept for the cancellation.
    fn leave(&self) -> bool {
        let mut running = lock(&self.shared.running);
        let leaves = !self.given_up.is_given_up.load(Ordering::Acquire);
        if leaves {
            running.remove(&self.id);
        }
        leaves
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = lock(&self.shared.running);
        // Once it was left, the place may be somebody else's.
        if running.get(&self.id).is_some_and(|place| Arc::ptr_eq(place, &self.given_up)) {
            running.remove(&self.id);
        }
    }
}

impl GivenUp {
    fn tell(&self) {
        self.is_given_up.store(true, Ordering::Release);
        self.notify.notify_one();
    }
}

fn task_id(work: &Work) -> TaskId {
    (work.execution, work.task.scheduled)
}
