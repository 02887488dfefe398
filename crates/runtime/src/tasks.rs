//! Tasks that are not an activity's: what a shard hands out, and to whom.
//!
//! A shard hands a task out when its scheduling is durable, and hands it out again after a restart. Who takes it
//! answers through [`TaskReports`].

use std::pin::Pin;
use std::sync::Arc;

use asl::resource::Resource;
use asl::{Text, Value};
use engine::{ExecutionInfo, OpenTask, TaskFamily};
use integrations::http::Traced;
use integrations::{Failure, Target};
use store::record::ExecutionId;

use crate::task_reports::TaskReports;

/// A task with what is to be known of its execution.
#[derive(Clone, Debug)]
pub struct Work {
    /// Its execution.
    pub execution: ExecutionId,
    /// The task; its request is sent, or its job runs.
    pub task: OpenTask,
    /// What is fixed about the execution.
    pub info: Arc<ExecutionInfo>,
    /// Whether the server ended while somebody had the task: where it is not submitted, nobody knows whether its request
    /// was sent.
    pub is_interrupted: bool,
    /// Which invocation of its state it is, where the execution was started with a profile. Who understands the
    /// profile takes it off before it hands the work on; services are not called for what has one.
    pub invocation: Option<Invocation>,
}

/// One invocation of a Task state, in an execution that was started with a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The profile: a word that means something to who does the task, and nothing to the runtime.
    pub profile: Text,
    /// Invocations of the same state before it, in this execution.
    pub number: u64,
}

impl Work {
    /// What the task's resource means.
    pub fn target(&self) -> Target {
        match &self.task.family {
            TaskFamily::Integration(integration) => Target::Integration(integration.clone()),
            // An activity's tasks are handed out by the exchange and never come here.
            TaskFamily::LambdaFunction | TaskFamily::Activity => Target::Function,
        }
    }
}

/// A task that is being done: what comes of it, and what went over the wire.
pub type Doing = Pin<Box<dyn Future<Output = Traced> + Send>>;

/// Who does tasks. Called by the shards and by the thread that commits: nothing here may block or fail.
pub trait Tasks: Send + Sync {
    /// Why the resource cannot be used. `None` where it can.
    fn refusal(&self, resource: &Resource) -> Option<String>;

    /// The parameters as they are sent, or why they cannot be.
    fn prepare(&self, resource: &Resource, parameters: Value) -> Result<Value, String>;

    /// The profiles that executions may be started with. `None` where none may be: then no start carries one.
    fn profiles(&self) -> Option<&dyn Profiles>;

    /// Does the task: its scheduling is durable. A task that is being done already is not done twice.
    fn dispatch(&self, work: Work);

    /// Does a task that belongs to no execution, and answers with its result. One that waits for a job or a callback
    /// cannot be done so.
    fn do_once(&self, work: Work) -> Doing;

    /// The task was given up while its job ran, or while the request that begins it was on its way. When the job is
    /// cancelled, or there is none, or trying is given up, [`engine::Command::CancelSettled`] says so. Repeated after a
    /// restart, until it was said.
    fn cancel(&self, work: Work);

    /// Whether somebody waits for the end of an execution.
    fn is_watching(&self) -> bool;

    /// An execution ended, durably.
    fn ended(&self, execution_arn: &Text);
}

/// The profiles that executions may be started with.
pub trait Profiles {
    /// Refuses a profile that there is not for a state machine of that name. Called at every start with a profile.
    ///
    /// # Errors
    /// Why, for the caller.
    fn check(&self, state_machine: &str, profile: &str) -> Result<(), UnknownProfile>;
}

/// A profile that there is not: the whole message for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnknownProfile(pub String);

/// Does no tasks: a runtime whose state machines may use activities only.
pub struct NoTasks;

/// For [`crate::Runtime::open`], where only activities are used.
pub fn no_tasks(_: TaskReports) -> Arc<dyn Tasks> {
    Arc::new(NoTasks)
}

impl Tasks for NoTasks {
    fn refusal(&self, resource: &Resource) -> Option<String> {
        Some(format!("The resource {} cannot be used here: only activities can.", resource.arn()))
    }

    fn prepare(&self, _: &Resource, parameters: Value) -> Result<Value, String> {
        Ok(parameters)
    }

    fn profiles(&self) -> Option<&dyn Profiles> {
        None
    }

    fn dispatch(&self, work: Work) {
        // Scheduled by a server that could; it stays open until one can, or it times out.
        tracing::warn!(resource = %work.task.resource, execution = %work.info.arn, "a task waits: only activities can be used here");
    }

    fn do_once(&self, work: Work) -> Doing {
        let cause = format!("The resource {} cannot be used here: only activities can.", work.task.resource);
        let failure = Failure { error: asl::ErrorName::RUNTIME.into(), cause };
        Box::pin(std::future::ready(Traced { outcome: Err(failure), trace: None }))
    }

    fn cancel(&self, work: Work) {
        tracing::warn!(resource = %work.task.resource, execution = %work.info.arn, "a job is not cancelled: only activities can be used here");
    }

    fn is_watching(&self) -> bool {
        false
    }

    fn ended(&self, _: &Text) {}
}
