//! The projection of events to AWS's history.
//!
//! Names and members are those of the service model. Payloads appear as JSON text, as on the wire.

use asl::value::Object;
use asl::{Text, Value};

use crate::event::{Event, EventId, EventKind, StateType, TaskFamily, Timestamp};
use crate::execution::item_count;
use crate::limits;

/// An event as GetExecutionHistory shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEvent {
    /// `id`
    pub id: EventId,
    /// `previousEventId`
    pub previous: EventId,
    /// `timestamp`
    pub at: Timestamp,
    /// `type`, such as `PassStateEntered`.
    pub event_type: &'static str,
    /// The member that holds the details (`stateEnteredEventDetails`) and the details, an object; payloads
    /// are JSON text in it, as on the wire.
    pub details: Option<(&'static str, Value)>,
}

impl HistoryEvent {
    /// About how many bytes of JSON text it takes: those of its details, and what an event without any takes at most.
    pub fn text_bytes(&self) -> usize {
        const WITHOUT_DETAILS: usize = 192;
        WITHOUT_DETAILS + self.details.as_ref().map_or(0, |(_, details)| limits::text_bytes(details))
    }
}

/// The event as history shows it; `None` for a hidden one. Without `include_data`, payloads are left out. `region` is
/// the execution's.
pub fn project(event: &Event, include_data: bool, region: &str) -> Option<HistoryEvent> {
    let (event_type, details) = shown(&event.kind, include_data, region)?;
    Some(HistoryEvent { id: event.id, previous: event.previous, at: event.at, event_type, details })
}

type Shown = (&'static str, Option<(&'static str, Value)>);

fn shown(kind: &EventKind, data: bool, region: &str) -> Option<Shown> {
    let details = Details { object: Object::default(), data };
    Some(match kind {
        EventKind::ExecutionStarted { input, input_text, role_arn } => (
            "ExecutionStarted",
            details
                .input_as_given(input, input_text.as_ref())
                .text("roleArn", role_arn)
                .named("executionStartedEventDetails"),
        ),
        EventKind::ExecutionSucceeded { output } => {
            ("ExecutionSucceeded", details.output(output).named("executionSucceededEventDetails"))
        }
        EventKind::ExecutionFailed { error, cause } => {
            ("ExecutionFailed", details.failure(error, cause).named("executionFailedEventDetails"))
        }
        EventKind::ExecutionAborted { error, cause } => {
            ("ExecutionAborted", details.failure(error, cause).named("executionAbortedEventDetails"))
        }
        EventKind::ExecutionTimedOut => {
            let error = Some(asl::ErrorName::TIMEOUT.into());
            ("ExecutionTimedOut", details.failure(&error, &None).named("executionTimedOutEventDetails"))
        }
        EventKind::StateEntered { name, state_type, input, input_text } => (
            entered(*state_type),
            details.input_as_given(input, input_text.as_ref()).text("name", name).named("stateEnteredEventDetails"),
        ),
        EventKind::StateExited { name, state_type, output, assigned, .. } => (
            exited(*state_type),
            details.text("name", name).output(output).assigned(assigned.as_ref()).named("stateExitedEventDetails"),
        ),
        EventKind::StateAborted { state_type } => (aborted(*state_type), None),
        EventKind::TaskScheduled { .. } => task_scheduled(kind, region, details)?,
        EventKind::TaskStarted { family, worker } => match family {
            TaskFamily::Activity => (
                "ActivityStarted",
                details.optional("workerName", worker.as_ref()).named("activityStartedEventDetails"),
            ),
            TaskFamily::LambdaFunction => ("LambdaFunctionStarted", None),
            TaskFamily::Integration(_) => ("TaskStarted", details.resource(family).named("taskStartedEventDetails")),
        },
        EventKind::TaskSubmitted { family, output } => {
            ("TaskSubmitted", details.resource(family).output(output).named("taskSubmittedEventDetails"))
        }
        EventKind::TaskSucceeded { family, output } => {
            let details = details.resource(family).output(output);
            match family {
                TaskFamily::Activity => ("ActivitySucceeded", details.named("activitySucceededEventDetails")),
                TaskFamily::LambdaFunction => {
                    ("LambdaFunctionSucceeded", details.named("lambdaFunctionSucceededEventDetails"))
                }
                TaskFamily::Integration(_) => ("TaskSucceeded", details.named("taskSucceededEventDetails")),
            }
        }
        EventKind::TaskFailed { family, error, cause } => {
            let details = details.resource(family).failure(error, cause);
            match family {
                TaskFamily::Activity => ("ActivityFailed", details.named("activityFailedEventDetails")),
                TaskFamily::LambdaFunction => {
                    ("LambdaFunctionFailed", details.named("lambdaFunctionFailedEventDetails"))
                }
                TaskFamily::Integration(_) => ("TaskFailed", details.named("taskFailedEventDetails")),
            }
        }
        EventKind::TaskTimedOut { family, error, cause, .. } => {
            let details = details.resource(family).text("error", error).optional("cause", cause.as_ref());
            match family {
                TaskFamily::Activity => ("ActivityTimedOut", details.named("activityTimedOutEventDetails")),
                TaskFamily::LambdaFunction => {
                    ("LambdaFunctionTimedOut", details.named("lambdaFunctionTimedOutEventDetails"))
                }
                TaskFamily::Integration(_) => ("TaskTimedOut", details.named("taskTimedOutEventDetails")),
            }
        }
        EventKind::ParallelStateStarted { .. } => ("ParallelStateStarted", None),
        EventKind::ParallelStateSucceeded => ("ParallelStateSucceeded", None),
        EventKind::ParallelStateFailed => ("ParallelStateFailed", None),
        EventKind::MapStateStarted { items, .. } => {
            ("MapStateStarted", details.int("length", item_count(items) as u64).named("mapStateStartedEventDetails"))
        }
        EventKind::MapIterationStarted { name, index, .. } => (
            "MapIterationStarted",
            details.text("name", name).int("index", *index).named("mapIterationStartedEventDetails"),
        ),
        EventKind::MapIterationSucceeded { name, index, .. } => (
            "MapIterationSucceeded",
            details.text("name", name).int("index", *index).named("mapIterationSucceededEventDetails"),
        ),
        EventKind::MapIterationFailed { name, index } => (
            "MapIterationFailed",
            details.text("name", name).int("index", *index).named("mapIterationFailedEventDetails"),
        ),
        EventKind::MapIterationAborted { name, index } => (
            "MapIterationAborted",
            details.text("name", name).int("index", *index).named("mapIterationAbortedEventDetails"),
        ),
        EventKind::MapStateSucceeded => ("MapStateSucceeded", None),
        EventKind::MapStateFailed => ("MapStateFailed", None),
        EventKind::EvaluationFailed { state, error, cause, location } => (
            "EvaluationFailed",
            details
                .text("error", error)
                .text("cause", cause)
                .optional("location", location.as_ref())
                .text("state", state)
                .named("evaluationFailedEventDetails"),
        ),
        EventKind::WaitScheduled { .. }
        | EventKind::TaskHeartbeat
        | EventKind::TaskCancelSettled { .. }
        | EventKind::RetryScheduled { .. }
        | EventKind::BranchSucceeded { .. } => return None,
    })
}

fn task_scheduled(kind: &EventKind, region: &str, details: Details) -> Option<Shown> {
    let EventKind::TaskScheduled { family, resource, parameters, timeout_seconds, heartbeat_seconds, credentials } =
        kind
    else {
        return None;
    };
    let details = match family {
        TaskFamily::Activity | TaskFamily::LambdaFunction => details.text("resource", resource).input(parameters),
        TaskFamily::Integration(_) => details
            .resource(family)
            .text("region", &region_of(resource).unwrap_or(region).into())
            .payload("parameters", parameters),
    };
    let details = details.optional_int("timeoutInSeconds", *timeout_seconds);
    let details = match family {
        TaskFamily::LambdaFunction => details,
        TaskFamily::Activity | TaskFamily::Integration(_) => {
            details.optional_int("heartbeatInSeconds", *heartbeat_seconds)
        }
    };
    let details = match credentials {
        Some(role) => details.value("taskCredentials", Value::object([("roleArn", Value::String(role.clone()))])),
        None => details,
    };
    Some(match family {
        TaskFamily::Activity => ("ActivityScheduled", details.named("activityScheduledEventDetails")),
        TaskFamily::LambdaFunction => ("LambdaFunctionScheduled", details.named("lambdaFunctionScheduledEventDetails")),
        TaskFamily::Integration(_) => ("TaskScheduled", details.named("taskScheduledEventDetails")),
    })
}

/// The region an ARN names; most resources name none.
fn region_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
}

/// An event's details, member by member.
struct Details {
    object: Object,
    /// Whether payloads are shown.
    data: bool,
}

impl Details {
    fn value(mut self, name: &str, value: Value) -> Self {
        self.object.insert(name.into(), value);
        self
    }

    fn text(self, name: &str, text: &Text) -> Self {
        self.value(name, Value::String(text.clone()))
    }

    fn optional(self, name: &str, text: Option<&Text>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    fn int(self, name: &str, number: u64) -> Self {
        self.value(name, Value::int(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn optional_int(self, name: &str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.int(name, number),
            None => self,
        }
    }

    fn failure(self, error: &Option<Text>, cause: &Option<Text>) -> Self {
        self.optional("error", error.as_ref()).optional("cause", cause.as_ref())
    }

    fn resource(self, family: &TaskFamily) -> Self {
        match family {
            TaskFamily::Integration(integration) => {
                self.text("resourceType", integration.resource_type()).text("resource", integration.resource())
            }
            TaskFamily::Activity | TaskFamily::LambdaFunction => self,
        }
    }

    fn payload(self, name: &str, value: &Value) -> Self {
        if self.data { self.value(name, Value::from(value.to_json())) } else { self }
    }

    fn input(self, value: &Value) -> Self {
        self.payload("input", value).not_truncated("inputDetails")
    }

    fn input_as_given(self, value: &Value, text: Option<&Text>) -> Self {
        match text {
            Some(text) if self.data => self.text("input", text).not_truncated("inputDetails"),
            _ => self.input(value),
        }
    }

    fn output(self, value: &Value) -> Self {
        self.payload("output", value).not_truncated("outputDetails")
    }

    fn assigned(self, assigned: Option<&Value>) -> Self {
        let assigned = assigned.and_then(Value::as_object).filter(|assigned| !assigned.is_empty());
        let Some(assigned) = assigned.filter(|_| self.data) else { return self };
        let texts = assigned.iter().map(|(name, value)| (name.clone(), Value::from(value.to_json())));
        let texts = Value::object(texts.collect::<Vec<_>>());
        self.value("assignedVariables", texts).not_truncated("assignedVariablesDetails")
    }

    fn not_truncated(self, name: &str) -> Self {
        if !self.data {
            return self;
        }
        self.value(name, Value::object([("truncated", Value::Bool(false))]))
    }

    fn named(self, member: &'static str) -> Option<(&'static str, Value)> {
        Some((member, Value::Object(self.object.into())))
    }
}

fn entered(state_type: StateType) -> &'static str {
    match state_type {
        StateType::Pass => "PassStateEntered",
        StateType::Task => "TaskStateEntered",
        StateType::Choice => "ChoiceStateEntered",
        StateType::Wait => "WaitStateEntered",
        StateType::Succeed => "SucceedStateEntered",
        StateType::Fail => "FailStateEntered",
        StateType::Parallel => "ParallelStateEntered",
        StateType::Map => "MapStateEntered",
    }
}

fn exited(state_type: StateType) -> &'static str {
    match state_type {
        StateType::Pass => "PassStateExited",
        StateType::Task => "TaskStateExited",
        StateType::Choice => "ChoiceStateExited",
        StateType::Wait => "WaitStateExited",
        // A Fail state is never left: the model has no such type.
        StateType::Succeed | StateType::Fail => "SucceedStateExited",
        StateType::Parallel => "ParallelStateExited",
        StateType::Map => "MapStateExited",
    }
}

/// Only these types of state can be running when something else fails; the model has no others.
fn aborted(state_type: StateType) -> &'static str {
    match state_type {
        StateType::Wait => "WaitStateAborted",
        StateType::Parallel => "ParallelStateAborted",
        StateType::Map => "MapStateAborted",
        StateType::Task | StateType::Pass | StateType::Choice | StateType::Succeed | StateType::Fail => {
            "TaskStateAborted"
        }
    }
}
