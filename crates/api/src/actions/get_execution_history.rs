//! GetExecutionHistory. A long page is sent in pieces.

use asl::Text;
use engine::EventId;
use engine::history::HistoryEvent;
use runtime::calls;

use super::{Action, ApiError, CallContext, Request, Resource, ResponseBody};
use crate::arn::{self, ArnKind};
use crate::json_object_writer::JsonObjectWriter;
use crate::listing::{PageMembers, PageRequest};
use crate::shape::Bool;
use crate::shapes::ARN;

/// GetExecutionHistory
pub(crate) struct GetExecutionHistory;

/// Which part of which history is asked for.
pub(crate) struct HistoryRequest {
    arn: Text,
    reverse: bool,
    include_data: bool,
    page: PageRequest<u64>,
}

impl Action for GetExecutionHistory {
    const NAME: &'static str = "GetExecutionHistory";
    const IAM_ACTION: &'static str = "states:GetExecutionHistory";
    type Input = HistoryRequest;

    fn input(context: &CallContext<'_>, request: &Request) -> Result<Self::Input, ApiError> {
        let (arn, page, reverse, include_data) = request.read(|members| {
            (
                members.required("executionArn", &ARN),
                PageMembers::read(members),
                members.optional("reverseOrder", &Bool).unwrap_or(false),
                members.optional("includeExecutionData", &Bool).unwrap_or(true),
            )
        })?;
        arn::check(&arn, &[ArnKind::Execution])?;
        let order = if reverse { "reverse" } else { "" };
        let page = PageRequest::new(context, Self::NAME, &[&arn, order], &page)?;
        Ok(HistoryRequest { arn, reverse, include_data, page })
    }

    fn resources(input: &Self::Input) -> Vec<Resource<'_>> {
        vec![Resource::Given { member: "executionArn", arn: &input.arn }]
    }

    async fn perform(context: &CallContext<'_>, input: Self::Input) -> Result<ResponseBody, ApiError> {
        let HistoryRequest { arn, reverse, include_data, page } = input;
        let call =
            calls::GetExecutionHistory { arn, limit: page.size, reverse, from: page.from.map(EventId), include_data };
        let part = context.runtime.get_execution_history(call).await?;

        let next = part.next.map(|event| event.0);
        Ok(page.answer_from("events", part.events, next, |answer, event| write_event(answer, &event)))
    }
}

fn write_event(answer: &mut JsonObjectWriter, event: &HistoryEvent) {
    answer
        .time("timestamp", event.at)
        .text("type", event.event_type)
        .number("id", event.id.0)
        .number("previousEventId", event.previous.0);
    if let Some((name, details)) = &event.details {
        answer.value(name, details);
    }
}

#[cfg(test)]
mod tests {
    use asl::Value;
    use engine::Timestamp;

    use super::*;

    #[test]
    fn an_event_shows_its_details_under_their_name() {
        let event = HistoryEvent {
            id: EventId(2),
            previous: EventId::NONE,
            at: Timestamp(1_500),
            event_type: "PassStateEntered",
            details: Some(("stateEnteredEventDetails", Value::object([("name", Value::string("A"))]))),
        };
        let mut answer = JsonObjectWriter::new(0);
        write_event(&mut answer, &event);
        assert_eq!(
            answer.finish(),
            r#"{"timestamp":1.500,"type":"PassStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"A"}}"#
        );
    }
}
