//! The operations: one file each. This one only dispatches.

use runtime::Runtime;

use crate::error::ApiError;
use crate::request::Request;

/// What AWS has and this version does not.
const NOT_YET: [&str; 4] = ["RedriveExecution", "DescribeMapRun", "ListMapRuns", "UpdateMapRun"];

macro_rules! operations {
    ($($name:ident => $module:ident,)*) => {
        $(mod $module;)*

        /// An operation of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Operation {
            $(#[allow(missing_docs, reason = "the names are AWS's own")] $name,)*
        }

        impl Operation {
            /// All of them, by name.
            pub(crate) const ALL: &[(&str, Self)] = &[$((stringify!($name), Self::$name),)*];

            /// Checks the request and answers it.
            pub(crate) async fn perform(self, runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
                match self {
                    $(Self::$name => $module::perform(runtime, request).await,)*
                }
            }
        }
    };
}

operations! {
    CreateActivity => create_activity,
    CreateStateMachine => create_state_machine,
    CreateStateMachineAlias => create_state_machine_alias,
    DeleteActivity => delete_activity,
    DeleteStateMachine => delete_state_machine,
    DeleteStateMachineAlias => delete_state_machine_alias,
    DeleteStateMachineVersion => delete_state_machine_version,
    DescribeActivity => describe_activity,
    DescribeExecution => describe_execution,
    DescribeStateMachine => describe_state_machine,
    DescribeStateMachineAlias => describe_state_machine_alias,
    DescribeStateMachineForExecution => describe_state_machine_for_execution,
    GetActivityTask => get_activity_task,
    GetExecutionHistory => get_execution_history,
    ListActivities => list_activities,
    ListExecutions => list_executions,
    ListStateMachineAliases => list_state_machine_aliases,
    ListStateMachineVersions => list_state_machine_versions,
    ListStateMachines => list_state_machines,
    ListTagsForResource => list_tags_for_resource,
    PublishStateMachineVersion => publish_state_machine_version,
    SendTaskFailure => send_task_failure,
    SendTaskHeartbeat => send_task_heartbeat,
    SendTaskSuccess => send_task_success,
    StartExecution => start_execution,
    StartSyncExecution => start_sync_execution,
    StopExecution => stop_execution,
    TagResource => tag_resource,
    TestState => test_state,
    UntagResource => untag_resource,
    UpdateStateMachine => update_state_machine,
    UpdateStateMachineAlias => update_state_machine_alias,
    ValidateStateMachineDefinition => validate_state_machine_definition,
}

impl Operation {
    /// The operation of that name.
    pub(crate) fn named(name: &str) -> Result<Self, ApiError> {
        if let Some((_, operation)) = Self::ALL.iter().find(|(known, _)| *known == name) {
            return Ok(*operation);
        }
        if NOT_YET.contains(&name) {
            return Err(ApiError::unknown_operation(format!("{name} is not supported yet by this version.")));
        }
        Err(ApiError::unknown_operation(format!("'{name}' is not an operation of AWSStepFunctions.")))
    }
}
