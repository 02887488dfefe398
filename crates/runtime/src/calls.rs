//! Requests, answers and errors of the runtime, typed; the wire turns them into AWS's shapes.

mod versions;

use std::time::Duration;

use asl::diagnostic::Diagnostic;
use asl::{Text, Value};
use engine::history::HistoryEvent;
use engine::test_state::TestOutcome;
use engine::{EventId, Timestamp};
use store::record::{Definition, ExecutionRecord, MachineStatus, MachineType, StateMachine, Version};

use crate::tasks::UnknownProfile;

pub use integrations::http::{HttpTrace, TracedRequest, TracedResponse};
pub use versions::{
    CreateAlias, CreatedAlias, INITIAL_REVISION, Publish, PublishVersion, PublishedVersion, UpdateAlias,
};

/// What came of the test of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct TestedState {
    /// How it ended.
    pub outcome: TestOutcome,
    /// What went over the wire; absent where no HTTP request was sent.
    pub exchange: Option<HttpTrace>,
}

/// Why a call was refused, told apart as AWS's error codes tell it. The wire adds AWS's text.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// `InvalidArn`: what AWS says within `Invalid Arn: '…'`.
    #[error("invalid ARN: {0}")]
    InvalidArn(String),
    /// `InvalidName`
    #[error("invalid name: {0}")]
    InvalidName(String),
    /// `InvalidDefinition`: at least one error among them.
    #[error("invalid definition")]
    InvalidDefinition(Vec<Diagnostic>),
    /// `StateMachineAlreadyExists`, with the ARN.
    #[error("state machine exists: {0}")]
    StateMachineAlreadyExists(Text),
    /// `StateMachineDoesNotExist`, with the ARN.
    #[error("state machine does not exist: {0}")]
    StateMachineDoesNotExist(Text),
    /// `StateMachineDeleting`, with the ARN.
    #[error("state machine is being deleted: {0}")]
    StateMachineDeleting(Text),
    /// `StateMachineTypeNotSupported`
    #[error("not supported by this type of state machine")]
    StateMachineTypeNotSupported,
    /// `ExecutionAlreadyExists`, with the ARN.
    #[error("execution exists: {0}")]
    ExecutionAlreadyExists(Text),
    /// `ExecutionLimitExceeded`: as many executions run as may.
    #[error("as many executions run as may")]
    ExecutionLimitExceeded,
    /// `ExecutionDoesNotExist`, with the ARN.
    #[error("execution does not exist: {0}")]
    ExecutionDoesNotExist(Text),
    /// `ActivityDoesNotExist`, with the ARN.
    #[error("activity does not exist: {0}")]
    ActivityDoesNotExist(Text),
    /// `ActivityAlreadyExists`
    #[error("activity exists with another encryption configuration")]
    ActivityAlreadyExists,
    /// `ActivityWorkerLimitExceeded`
    #[error("too many workers poll for this activity")]
    ActivityWorkerLimitExceeded,
    /// `InvalidToken`: a task token that is none of ours.
    #[error("invalid task token")]
    InvalidToken,
    /// `TaskTimedOut`: the task is over or timed out.
    #[error("the task is over")]
    TaskTimedOut,
    /// `TaskDoesNotExist`
    #[error("the task does not exist")]
    TaskDoesNotExist,
    /// `ResourceNotFound`, with the ARN (tags).
    #[error("resource not found: {0}")]
    ResourceNotFound(Text),
    /// `ResourceNotFound`: an alias, or a version that one is to lead to.
    #[error("a version or an alias does not exist")]
    MissingReference,
    /// `ConflictException`: another revision than the one to publish is in force.
    #[error("revision {current} is in force, not {wanted}")]
    RevisionConflict {
        /// As given.
        wanted: Text,
        /// The one in force, or `INITIAL`.
        current: Text,
    },
    /// `ConflictException`: aliases of these names lead to the version to delete.
    #[error("aliases lead to the version: {0:?}")]
    VersionInUse(Vec<Text>),
    /// `ConflictException`: an alias of the name leads elsewhere.
    #[error("the alias exists with another configuration")]
    AliasExists,
    /// `ServiceQuotaExceededException`: what there are as many of as there may be.
    #[error("no more than {0}")]
    QuotaExceeded(String),
    /// `TooManyTags`, with the ARN.
    #[error("too many tags: {0}")]
    TooManyTags(Text),
    /// `ValidationException`: there is no such profile for the state machine.
    #[error(transparent)]
    UnknownProfile(#[from] UnknownProfile),
    /// `ThrottlingException`: more work waits than may. Nothing was done, trying again later will help.
    #[error("too much work waits")]
    Throttled,
    /// The server is stopping, or the disk is full: nothing was done, trying again later may help.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// Our own fault; the details are in the log.
    #[error("internal fault")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CallError {
    /// What everybody learns while the server stops.
    pub(crate) fn stopping() -> Self {
        Self::Unavailable("the server is stopping".into())
    }
}

impl From<store::StoreError> for CallError {
    fn from(error: store::StoreError) -> Self {
        match error {
            store::StoreError::Full => Self::Unavailable(error.to_string()),
            other => Self::Internal(other.into()),
        }
    }
}

impl From<std::sync::Arc<store::StoreError>> for CallError {
    fn from(error: std::sync::Arc<store::StoreError>) -> Self {
        match &*error {
            store::StoreError::Damaged(_) => Self::Internal(error.into()),
            // It may answer later: whoever tells what came of a task tells it again.
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

/// CreateStateMachine, its members checked against the model. Names are checked by the caller.
#[derive(Clone, Debug)]
pub struct CreateStateMachine {
    /// `name`
    pub name: Text,
    /// `definition`, verbatim
    pub definition: Text,
    /// `roleArn`
    pub role_arn: Text,
    /// `type`
    pub machine_type: MachineType,
    /// `loggingConfiguration`, `tracingConfiguration`, `encryptionConfiguration` as given, an object with defaults filled in
    pub settings: Value,
    /// `tags` as an object of strings
    pub tags: Value,
    /// `publish`
    pub publish: Option<Publish>,
}

/// The answer to CreateStateMachine.
#[derive(Clone, Debug)]
pub struct CreatedStateMachine {
    /// The ARN.
    pub arn: Text,
    /// When it was created: the first time, where this call repeated an earlier one.
    pub created_at: Timestamp,
    /// The ARN of the version, where one was to be published.
    pub version_arn: Option<Text>,
}

/// UpdateStateMachine. Absent members stay as they are.
#[derive(Clone, Debug)]
pub struct UpdateStateMachine {
    /// `stateMachineArn`
    pub arn: Text,
    /// `definition`
    pub definition: Option<Text>,
    /// `roleArn`
    pub role_arn: Option<Text>,
    /// The settings given, an object; members replace those in force.
    pub settings: Value,
    /// `publish`
    pub publish: Option<Publish>,
}

/// The answer to UpdateStateMachine.
#[derive(Clone, Debug)]
pub struct UpdatedStateMachine {
    /// When.
    pub updated_at: Timestamp,
    /// The revision now in force; absent where the state machine is as it was created.
    pub revision_id: Option<Text>,
    /// The ARN of the version, where one was to be published.
    pub version_arn: Option<Text>,
}

/// A state machine with a definition: the one in force, that of a version, or the one an execution runs.
#[derive(Clone, Debug)]
pub struct StateMachineDescription {
    /// The machine; absent where it was deleted and only an execution still knows its definition.
    pub machine: Option<StateMachine>,
    /// The definition.
    pub definition: Definition,
    /// The version, where one was asked for, by its own ARN or an alias's.
    pub version: Option<Version>,
    /// Variables each state reads, an object of arrays (`variableReferences`); empty where there are none.
    pub variable_references: Value,
}

/// StartExecution. The name, where given, is checked by the caller; the input is parsed.
#[derive(Clone, Debug)]
pub struct StartExecution {
    /// `stateMachineArn`
    pub state_machine_arn: Text,
    /// `name`; one is made where it is absent
    pub name: Option<Text>,
    /// `input`, parsed; the empty object where absent
    pub input: Value,
    /// `input` as given, where that is not its compact form: AWS shows it verbatim
    pub input_text: Option<Text>,
    /// `traceHeader`
    pub trace_header: Option<Text>,
    /// What it is started with for who does its tasks; only where [`crate::Runtime::has_profiles`]
    pub profile: Option<Text>,
}

/// The answer to StartExecution: durable.
#[derive(Clone, Debug)]
pub struct StartedExecution {
    /// The ARN.
    pub arn: Text,
    /// When it began: the first time, where this call repeated an earlier one.
    pub started_at: Timestamp,
}

/// How an execution ended that somebody waited for (StartSyncExecution).
#[derive(Clone, Debug)]
pub struct EndedExecution {
    /// How.
    pub status: engine::Status,
    /// When.
    pub stopped_at: Timestamp,
    /// Its output, where it succeeded.
    pub output: Option<Value>,
    /// Its error, where it did not.
    pub error: Option<Text>,
    /// Its cause, where it did not.
    pub cause: Option<Text>,
}

/// The answer to StartSyncExecution.
#[derive(Clone, Debug)]
pub struct SyncExecution {
    /// The ARN.
    pub arn: Text,
    /// The name.
    pub name: Text,
    /// Its state machine's ARN.
    pub state_machine_arn: Text,
    /// When it began.
    pub started_at: Timestamp,
    /// How it ended.
    pub ended: EndedExecution,
}

/// StopExecution.
#[derive(Clone, Debug)]
pub struct StopExecution {
    /// `executionArn`
    pub arn: Text,
    /// `error`
    pub error: Option<Text>,
    /// `cause`
    pub cause: Option<Text>,
}

/// An execution with what its events say.
#[derive(Clone, Debug)]
pub struct ExecutionDescription {
    /// The record.
    pub record: ExecutionRecord,
    /// Its state machine's ARN.
    pub state_machine_arn: Text,
    /// Its state machine's status; absent where that is deleted.
    pub machine_status: Option<MachineStatus>,
    /// Its last event where it is over, one of its first where it runs.
    pub last_event: EventId,
    /// When this was found out, by the clock that its times are of.
    pub described_at: Timestamp,
    /// Its input.
    pub input: Value,
    /// Its input as given, where that is not its compact form.
    pub input_text: Option<Text>,
    /// Its output, where it succeeded.
    pub output: Option<Value>,
    /// Its error, where it failed or was aborted.
    pub error: Option<Text>,
    /// Its cause, where it failed or was aborted.
    pub cause: Option<Text>,
}

/// ListExecutions.
#[derive(Clone, Debug)]
pub struct ListExecutions {
    /// `stateMachineArn`
    pub state_machine_arn: Text,
    /// `statusFilter`
    pub status: Option<engine::Status>,
    /// Which part.
    pub page: store::record::Page,
}

/// GetExecutionHistory.
#[derive(Clone, Debug)]
pub struct GetExecutionHistory {
    /// `executionArn`
    pub arn: Text,
    /// At most that many events, at least 1.
    pub limit: usize,
    /// `reverseOrder`
    pub reverse: bool,
    /// The first event of this part: absent for the beginning (or, reversed, the end).
    pub from: Option<EventId>,
    /// `includeExecutionData`
    pub include_data: bool,
}

/// A part of a history.
#[derive(Clone, Debug)]
pub struct HistoryPage {
    /// The events in the order asked for.
    pub events: Vec<HistoryEvent>,
    /// Where the next part begins, where there is more.
    pub next: Option<EventId>,
}

/// CreateActivity.
#[derive(Clone, Debug)]
pub struct CreateActivity {
    /// `name`, checked by the caller
    pub name: Text,
    /// `tags` as an object of strings
    pub tags: Value,
    /// `encryptionConfiguration` and its like, an object
    pub settings: Value,
}

/// GetActivityTask.
#[derive(Clone, Debug)]
pub struct GetActivityTask {
    /// `activityArn`
    pub arn: Text,
    /// `workerName`
    pub worker: Option<Text>,
    /// How long to wait for a task.
    pub wait: Duration,
}

/// A task for an activity worker: durable.
#[derive(Clone, Debug)]
pub struct ActivityTask {
    /// `taskToken`
    pub token: Text,
    /// `input`
    pub input: Value,
}

/// SendTaskSuccess.
#[derive(Clone, Debug)]
pub struct SendTaskSuccess {
    /// `taskToken`
    pub token: Text,
    /// `output`, parsed
    pub output: Value,
}

/// SendTaskFailure.
#[derive(Clone, Debug)]
pub struct SendTaskFailure {
    /// `taskToken`
    pub token: Text,
    /// `error`
    pub error: Option<Text>,
    /// `cause`
    pub cause: Option<Text>,
}

/// TagResource.
#[derive(Clone, Debug)]
pub struct TagResource {
    /// `resourceArn`
    pub arn: Text,
    /// The tags, an object of strings.
    pub tags: Value,
}

/// UntagResource.
#[derive(Clone, Debug)]
pub struct UntagResource {
    /// `resourceArn`
    pub arn: Text,
    /// `tagKeys`
    pub keys: Vec<Text>,
}
