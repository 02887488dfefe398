//! ListExecutions: newest first; of a state machine, or of a version or an alias of it.

use asl::Text;
use engine::Status;
use runtime::calls;

use super::describe_execution::write_qualifiers;
use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn;
use crate::listing::{PageMembers, PageRequest};
use crate::request::Members;
use crate::shape::{OneOf, one_of};
use crate::shapes::{ARN, LIST_EXECUTIONS_PAGE_TOKEN, LONG_ARN};

/// ListExecutions
pub(crate) struct ListExecutions;

/// Which executions are asked for.
pub(crate) struct ExecutionsRequest {
    state_machine_arn: Text,
    status: Option<Status>,
    page: PageRequest,
}

/// `statusFilter`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusFilter {
    Is(Status),
    PendingRedrive,
}

const STATUS_FILTER: OneOf<StatusFilter> = one_of(&[
    ("SUCCEEDED", StatusFilter::Is(Status::Succeeded)),
    ("TIMED_OUT", StatusFilter::Is(Status::TimedOut)),
    ("PENDING_REDRIVE", StatusFilter::PendingRedrive),
    ("ABORTED", StatusFilter::Is(Status::Aborted)),
    ("FAILED", StatusFilter::Is(Status::Failed)),
    ("RUNNING", StatusFilter::Is(Status::Running)),
]);
const REDRIVE_FILTER: OneOf<()> = one_of(&[("NOT_REDRIVEN", ()), ("REDRIVEN", ())]);

struct ListMembers {
    state_machine_arn: Option<Text>,
    map_run_arn: Option<Text>,
    status: Option<StatusFilter>,
    has_redrive_filter: bool,
    page: PageMembers,
}

impl ListMembers {
    fn read(members: &mut Members<'_>) -> Self {
        Self {
            state_machine_arn: members.optional("stateMachineArn", &ARN),
            status: members.optional("statusFilter", &STATUS_FILTER),
            page: PageMembers::with_token(members, &LIST_EXECUTIONS_PAGE_TOKEN),
            map_run_arn: members.optional("mapRunArn", &LONG_ARN),
            has_redrive_filter: members.optional("redriveFilter", &REDRIVE_FILTER).is_some(),
        }
    }

    /// The state machine whose executions are listed, and with which status.
    fn subject(&self) -> Result<(Text, Option<Status>), ApiError> {
        let arn = match (&self.state_machine_arn, &self.map_run_arn) {
            (Some(arn), None) => arn.clone(),
            (None, Some(_)) => {
                return Err(ApiError::validation(
                    "Listing the executions of a Map Run is not supported yet by this version.",
                ));
            }
            (None, None) | (Some(_), Some(_)) => {
                return Err(ApiError::validation("Must provide either a state machine ARN or a map run ARN."));
            }
        };
        arn::check_state_machine(&arn)?;
        if self.has_redrive_filter {
            return Err(ApiError::validation("The redriveFilter can only be used with a map run ARN."));
        }
        match self.status {
            None => Ok((arn, None)),
            Some(StatusFilter::Is(status)) => Ok((arn, Some(status))),
            Some(StatusFilter::PendingRedrive) => {
                Err(ApiError::validation("The status filter PENDING_REDRIVE can only be used with a map run ARN."))
            }
        }
    }
}

impl Action for ListExecutions {
    const NAME: &'static str = "ListExecutions";
    const IAM_ACTION: &'static str = "states:ListExecutions";
    type Input = ExecutionsRequest;

    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let members = request.read(ListMembers::read)?;
        let (state_machine_arn, status) = members.subject()?;
        let filter = [&*state_machine_arn, status.map_or("", Status::as_str)];
        let page = PageRequest::new(context, Self::NAME, &filter, &members.page)?;
        Ok(ExecutionsRequest { state_machine_arn, status, page })
    }

    fn resources(input: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "stateMachineArn", arn: &input.state_machine_arn }]
    }

    async fn perform(context: &CallContext<'_>, input: Self::Input) -> Result<ResponseBody, ApiError> {
        let ExecutionsRequest { state_machine_arn: arn, status, page } = input;
        let call = calls::ListExecutions { state_machine_arn: arn.clone(), status, page: page.page() };
        let found = context.runtime.list_executions(call).await?;

        Ok(page.answer("executions", found, move |item, execution| {
            let machine_arn = arn::unqualified(&arn);
            item.text("executionArn", &execution.arn)
                .text("stateMachineArn", machine_arn)
                .text("name", &execution.name)
                .text("status", execution.summary.status.as_str())
                .time("startDate", execution.started_at);
            if let Some(at) = execution.summary.stopped_at {
                item.time("stopDate", at);
            }
            write_qualifiers(item, machine_arn, &execution);
            item.number("redriveCount", 0);
        }))
    }
}
