//! ListExecutions: newest first; of a state machine, or of a version or an alias of it.

use asl::Text;
use engine::Status;
use runtime::Runtime;
use runtime::calls::ListExecutions;

use super::describe_execution::write_qualifiers;
use crate::answer::Answer;
use crate::arn;
use crate::error::ApiError;
use crate::page::{self, Listing};
use crate::request::{Members, Request};
use crate::shape::{OneOf, one_of};
use crate::shapes::{ARN, LIST_EXECUTIONS_PAGE_TOKEN, LONG_ARN, PAGE_SIZE};

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

struct Input {
    state_machine_arn: Option<Text>,
    map_run_arn: Option<Text>,
    status: Option<StatusFilter>,
    has_redrive_filter: bool,
    size: Option<i64>,
    token: Option<Text>,
}

impl Input {
    fn read(members: &mut Members<'_>) -> Self {
        Self {
            state_machine_arn: members.optional("stateMachineArn", &ARN),
            status: members.optional("statusFilter", &STATUS_FILTER),
            size: members.optional("maxResults", &PAGE_SIZE),
            token: members.optional("nextToken", &LIST_EXECUTIONS_PAGE_TOKEN),
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

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let input = request.read(Input::read)?;
    let (arn, status) = input.subject()?;
    let listing = Listing::new("ListExecutions", &[&arn, status.map_or("", Status::as_str)]);
    let page = page::read(listing, input.size, input.token.as_deref())?;

    let part = runtime.list_executions(ListExecutions { state_machine_arn: arn.clone(), status, page }).await?;

    let machine_arn = arn::unqualified(&arn);
    let mut answer = Answer::new(64 + 384 * part.items.len());
    answer.list("executions", &part.items, |item, execution| {
        item.text("executionArn", &execution.arn)
            .text("stateMachineArn", machine_arn)
            .text("name", &execution.name)
            .text("status", execution.summary.status.as_str())
            .time("startDate", execution.started_at);
        if let Some(at) = execution.summary.stopped_at {
            item.time("stopDate", at);
        }
        write_qualifiers(item, machine_arn, execution);
        item.number("redriveCount", 0);
    });
    page::write_next(&mut answer, listing, part.next);
    Ok(answer.finish())
}
