//! Tasks that are not an activity's: what a shard hands out, and to whom.
//!
//! A shard hands a task out when its scheduling is durable, and hands it out again after a restart. Who takes it
//! answers with [`engine::Command`]s, as a worker does.

use std::pin::Pin;
use std::sync::Arc;

use asl::program::Resource;
use asl::{Text, Value};
use engine::{ExecutionInfo, OpenTask};
use integrations::Failure;
use integrations::http::Traced;
use store::record::ExecutionId;

/// A task with what is to be known of its execution.
#[derive(Clone, Debug)]
pub struct Work {
    /// Its execution.
    pub execution: ExecutionId,
    /// The task; its request is sent, or its job runs.
    pub task: OpenTask,
    /// What is fixed about the execution.
    pub info: Arc<ExecutionInfo>,
    /// Whether the server ended while somebody had the task: nobody knows whether its request was sent.
    pub is_interrupted: bool,
    /// Which invocation it is, where the execution runs a mocked test case.
    pub invocation: Option<Invocation>,
}

/// One invocation of a Task state, in an execution of a mocked test case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The test case's name.
    pub test_case: Text,
    /// Invocations of the same state before it, in this execution.
    pub number: u64,
}

/// A task that is being done: what comes of it, and what went over the wire.
pub type Doing = Pin<Box<dyn Future<Output = Traced> + Send>>;

/// Who does tasks. Called by the shards and by the thread that commits: nothing here may block or fail.
pub trait Tasks: Send + Sync {
    /// Why the resource cannot be used. `None` where it can.
    fn refusal(&self, resource: &Resource) -> Option<String>;

    /// The parameters as they are sent, or why they cannot be.
    fn prepare(&self, resource: &Resource, parameters: Value) -> Result<Value, String>;

    /// Does the task: its scheduling is durable. A task that is being done already is not done twice.
    fn dispatch(&self, work: Work);

    /// Does a task that belongs to no execution, and answers with its result. One that waits for a job or a callback
    /// cannot be done so.
    fn do_once(&self, work: Work) -> Doing;

    /// The task was given up while its job ran.
    fn cancel(&self, work: Work);

    /// Whether somebody waits for the end of an execution.
    fn is_watching(&self) -> bool;

    /// An execution ended, durably.
    fn ended(&self, execution_arn: &Text);
}

/// Does no tasks: a runtime whose state machines may use activities only.
pub struct NoTasks;

impl Tasks for NoTasks {
    fn refusal(&self, resource: &Resource) -> Option<String> {
        Some(format!("The resource {} cannot be used here: only activities can.", resource.arn()))
    }

    fn prepare(&self, _: &Resource, parameters: Value) -> Result<Value, String> {
        Ok(parameters)
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
