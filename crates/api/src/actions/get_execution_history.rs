//! GetExecutionHistory.

use asl::Text;
use engine::EventId;
use engine::history::HistoryEvent;
use runtime::Runtime;
use runtime::calls::GetExecutionHistory;

use crate::answer::Answer;
use crate::arn::{self, Resource};
use crate::error::ApiError;
use crate::page::{self, Listing};
use crate::request::{Members, Request};
use crate::shape::Bool;
use crate::shapes::{ARN, PAGE_SIZE, PAGE_TOKEN};

struct Input {
    arn: Text,
    size: Option<i64>,
    reverse: bool,
    token: Option<Text>,
    include_data: bool,
}

impl Input {
    fn read(members: &mut Members<'_>) -> Self {
        Self {
            arn: members.required("executionArn", &ARN),
            size: members.optional("maxResults", &PAGE_SIZE),
            reverse: members.optional("reverseOrder", &Bool).unwrap_or(false),
            token: members.optional("nextToken", &PAGE_TOKEN),
            include_data: members.optional("includeExecutionData", &Bool).unwrap_or(true),
        }
    }
}

pub(super) async fn perform(runtime: &Runtime, request: &Request) -> Result<String, ApiError> {
    let input = request.read(Input::read)?;
    arn::check(&input.arn, &[Resource::Execution])?;
    let order = if input.reverse { "reverse" } else { "" };
    let listing = Listing::new("GetExecutionHistory", &[&input.arn, order]);
    let from = input.token.map(|token| listing.position(&token)).transpose()?;

    let call = GetExecutionHistory {
        arn: input.arn,
        limit: page::size(input.size),
        reverse: input.reverse,
        from: from.map(EventId),
        include_data: input.include_data,
    };
    let part = runtime.get_execution_history(call).await?;

    let mut answer = Answer::new(64 + 320 * part.events.len());
    answer.list("events", &part.events, write_event);
    if let Some(next) = part.next {
        answer.text("nextToken", &listing.token(next.0));
    }
    Ok(answer.finish())
}

fn write_event(answer: &mut Answer, event: &HistoryEvent) {
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
        let mut answer = Answer::new(0);
        answer.list("events", [&event], write_event);
        assert_eq!(
            answer.finish(),
            r#"{"events":[{"timestamp":1.500,"type":"PassStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"A"}}]}"#
        );
    }
}
