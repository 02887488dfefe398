//! Does tasks: sends their requests, looks at their jobs, and tells the shards what came of it.
//!
//! A request is sent once for each time its task is dispatched: again only where the server ended in between and
//! [`AfterCrash::Repeat`] says so. A job is looked at less often the longer it runs. Whatever came of a task is told
//! until the shard has made it durable, or says that the task is over.

mod job;
mod request;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::AtomicUsize;
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

/// How tasks are done.
pub struct TaskOptions {
    /// What does them.
    pub integrations: Integrations,
    /// What becomes of a task whose request may or may not have been sent when the server ended.
    pub after_crash: AfterCrash,
    /// Requests on their way at once; more wait for their turn.
    pub concurrency: usize,
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
    /// Tasks that are being done, with what tells them that they are given up.
    running: Mutex<HashMap<TaskId, Arc<Notify>>>,
    children: Children,
    /// Jobs that are waited for.
    jobs: AtomicUsize,
}

/// What names a task.
type TaskId = (ExecutionId, EventId);

impl Dispatcher {
    /// Does tasks on that async runtime. The clock is the one of the runtime that hands them out.
    pub fn new(
        options: TaskOptions,
        reports: TaskReports,
        clock: Arc<dyn Clock>,
        runtime: tokio::runtime::Handle,
    ) -> Self {
        let TaskOptions { integrations, after_crash, concurrency } = options;
        let shared = Shared {
            integrations,
            after_crash,
            reports,
            clock,
            requests: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            looks: Semaphore::new(LOOKS),
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
        let id = task_id(&work);
        let given_up = Arc::new(Notify::new());
        match lock(&self.shared.running).entry(id) {
            Entry::Occupied(_) => return,
            Entry::Vacant(place) => place.insert(Arc::clone(&given_up)),
        };
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move {
            // Also where the task panics.
            let _running = Running { shared: &shared, id };
            shared.run(&work, &given_up).await;
        });
    }

    fn do_once(&self, work: Work) -> Doing {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.integrations.call_traced(&shared.call(&work)).await })
    }

    fn cancel(&self, work: Work) {
        if let Some(given_up) = lock(&self.shared.running).get(&task_id(&work)) {
            // Kept until the task looks.
            return given_up.notify_one();
        }
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move {
            let Some(submitted) = &work.task.submitted else { return };
            if work.invocation.is_some() {
                // What stood in for the service had no job.
                return;
            }
            shared.cancel_job(&shared.call(&work), submitted).await;
        });
    }

    fn is_watching(&self) -> bool {
        self.shared.children.is_any()
    }

    fn ended(&self, execution_arn: &Text) {
        self.shared.children.ended(execution_arn);
    }
}

/// A task's place among those that are being done.
struct Running<'a> {
    shared: &'a Shared,
    id: TaskId,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(&self.shared.running).remove(&self.id);
    }
}

fn task_id(work: &Work) -> TaskId {
    (work.execution, work.task.scheduled)
}
