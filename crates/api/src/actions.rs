//! The operations: one file each, and the registry of them all. This one only dispatches.

mod create_activity;
mod create_state_machine;
mod create_state_machine_alias;
mod delete_activity;
mod delete_state_machine;
mod delete_state_machine_alias;
mod delete_state_machine_version;
mod describe_activity;
mod describe_execution;
mod describe_state_machine;
mod describe_state_machine_alias;
mod describe_state_machine_for_execution;
mod get_activity_task;
mod get_execution_history;
mod list_activities;
mod list_executions;
mod list_state_machine_aliases;
mod list_state_machine_versions;
mod list_state_machines;
mod list_tags_for_resource;
mod publish_state_machine_version;
mod send_task_failure;
mod send_task_heartbeat;
mod send_task_success;
mod start_execution;
mod start_sync_execution;
mod stop_execution;
mod tag_resource;
mod test_state;
mod untag_resource;
mod update_state_machine;
mod update_state_machine_alias;
mod validate_state_machine_definition;

use std::time::Duration;

use crate::action::Action;
use crate::call_context::CallContext;
use crate::error::ApiError;
use crate::request::Request;
use crate::resource::{Resource, ShownResources};
use crate::response_body::ResponseBody;
use runtime::quotas::Quotas;

/// What AWS has and this version does not.
const NOT_YET: [&str; 4] = ["RedriveExecution", "DescribeMapRun", "ListMapRuns", "UpdateMapRun"];

macro_rules! operations {
    ($($module:ident::$name:ident,)*) => {
        /// An operation of the API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Operation {
            $(#[allow(missing_docs, reason = "the names are AWS's own")] $name,)*
        }

        impl Operation {
            /// All of them, by name.
            pub(crate) const ALL: &[(&str, Self)] = &[$(($module::$name::NAME, Self::$name),)*];

            /// How long a caller waits at most, where there is a bound.
            pub(crate) fn answered_within(self, quotas: &Quotas) -> Option<Duration> {
                match self {
                    $(Self::$name => $module::$name::answered_within(quotas),)*
                }
            }

            /// Checks the request and answers it.
            pub(crate) async fn answer(
                self,
                context: &CallContext<'_>,
                request: &Request,
            ) -> Result<ResponseBody, ApiError> {
                match self {
                    $(Self::$name => answer::<$module::$name>(context, request).await,)*
                }
            }

            /// What an IAM policy calls it, and the resources of such a request, each with the member that names it.
            #[cfg(test)]
            pub(crate) fn access(
                self,
                context: &CallContext<'_>,
                request: &Request,
            ) -> Result<(&'static str, Vec<String>), ApiError> {
                match self {
                    $(Self::$name => access::<$module::$name>(context, request),)*
                }
            }
        }
    };
}

operations! {
    create_activity::CreateActivity,
    create_state_machine::CreateStateMachine,
    create_state_machine_alias::CreateStateMachineAlias,
    delete_activity::DeleteActivity,
    delete_state_machine::DeleteStateMachine,
    delete_state_machine_alias::DeleteStateMachineAlias,
    delete_state_machine_version::DeleteStateMachineVersion,
    describe_activity::DescribeActivity,
    describe_execution::DescribeExecution,
    describe_state_machine::DescribeStateMachine,
    describe_state_machine_alias::DescribeStateMachineAlias,
    describe_state_machine_for_execution::DescribeStateMachineForExecution,
    get_activity_task::GetActivityTask,
    get_execution_history::GetExecutionHistory,
    list_activities::ListActivities,
    list_executions::ListExecutions,
    list_state_machine_aliases::ListStateMachineAliases,
    list_state_machine_versions::ListStateMachineVersions,
    list_state_machines::ListStateMachines,
    list_tags_for_resource::ListTagsForResource,
    publish_state_machine_version::PublishStateMachineVersion,
    send_task_failure::SendTaskFailure,
    send_task_heartbeat::SendTaskHeartbeat,
    send_task_success::SendTaskSuccess,
    start_execution::StartExecution,
    start_sync_execution::StartSyncExecution,
    stop_execution::StopExecution,
    tag_resource::TagResource,
    test_state::TestState,
    untag_resource::UntagResource,
    update_state_machine::UpdateStateMachine,
    update_state_machine_alias::UpdateStateMachineAlias,
    validate_state_machine_definition::ValidateStateMachineDefinition,
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

async fn answer<A: Action>(context: &CallContext<'_>, request: &Request) -> Result<ResponseBody, ApiError> {
    let input = A::input(context, request)?;
    // The fields are computed where somebody wants to see them, and only there.
    tracing::debug!(
        action = A::IAM_ACTION,
        principal = %context.principal,
        request = context.request_id.as_str(),
        resources = %ShownResources { resources: A::resources(&input), options: context.runtime.options() },
        "a call"
    );
    A::perform(context, input).await
}

#[cfg(test)]
fn access<A: Action>(context: &CallContext<'_>, request: &Request) -> Result<(&'static str, Vec<String>), ApiError> {
    let input = A::input(context, request)?;
    let shown = |resource: Resource<'_>| {
        let member = match resource {
            Resource::Given { member, .. } | Resource::New { member, .. } | Resource::OfTask { member } => member,
            Resource::Every(_) => "-",
        };
        format!("{member}: {}", ShownResources { resources: vec![resource], options: context.runtime.options() })
    };
    Ok((A::IAM_ACTION, A::resources(&input).into_iter().map(shown).collect()))
}
