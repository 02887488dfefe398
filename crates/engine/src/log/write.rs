//! Events to bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use asl::{Text, Value};

use crate::event::{Event, EventKind, Numbered, StateType, TaskFamily};
use crate::log::{VERSION, WINDOW, family, tag};

/// Appends one chunk of events; their numbers are consecutive.
pub fn encode(events: &[Event], out: &mut Vec<u8>) {
    out.push(VERSION);
    let first_shown = events.iter().find(|event| event.kind.is_shown());
    let first_id = first_shown.map_or_else(|| events.first().map_or(0, |event| event.id.0 + 1), |event| event.id.0);
    let mut writer = ChunkWriter {
        out,
        at: events.first().map_or(0, |event| event.at.0),
        texts: VecDeque::new(),
        payloads: VecDeque::new(),
        json: String::new(),
    };
    writer.number(first_id);
    writer.signed(writer.at);
    writer.number(events.len() as u64);
    for event in events {
        writer.event(event);
    }
}

struct ChunkWriter<'a> {
    out: &'a mut Vec<u8>,
    at: i64,
    /// The latest first.
    texts: VecDeque<&'a Text>,
    payloads: VecDeque<&'a Value>,
    json: String,
}

impl<'a> ChunkWriter<'a> {
    fn event(&mut self, event: &'a Event) {
        self.out.push(tag_of(&event.kind));
        self.number(event.id.0.saturating_sub(event.previous.0));
        self.signed(event.at.0 - self.at);
        self.at = event.at.0;
        self.number(u64::from(event.frame.0));
        self.members(&event.kind);
    }

    fn members(&mut self, kind: &'a EventKind) {
        match kind {
            EventKind::ExecutionStarted { input, input_text, role_arn } => {
                self.payload(input);
                self.optional_text(input_text.as_ref());
                self.text(role_arn);
            }
            EventKind::ExecutionSucceeded { output } | EventKind::BranchSucceeded { output } => self.payload(output),
            EventKind::TaskSubmitted { family, output } | EventKind::TaskSucceeded { family, output } => {
                self.family(family);
                self.payload(output);
            }
            EventKind::TaskFailed { family, error, cause } => {
                self.family(family);
                self.optional_text(error.as_ref());
                self.optional_text(cause.as_ref());
            }
            EventKind::ExecutionFailed { error, cause } | EventKind::ExecutionAborted { error, cause } => {
                self.optional_text(error.as_ref());
                self.optional_text(cause.as_ref());
            }
            EventKind::ExecutionTimedOut
            | EventKind::TaskHeartbeat
            | EventKind::ParallelStateSucceeded
            | EventKind::ParallelStateFailed
            | EventKind::MapStateSucceeded
            | EventKind::MapStateFailed => {}
            EventKind::StateEntered { name, state_type, input, input_text } => {
                self.out.push(state_byte(*state_type));
                self.text(name);
                self.payload(input);
                self.optional_text(input_text.as_ref());
            }
            EventKind::StateExited { name, state_type, output, assigned, next } => {
                self.out.push(state_byte(*state_type));
                self.text(name);
                self.payload(output);
                self.optional(assigned.as_ref(), Self::payload);
                self.optional_text(next.as_ref());
            }
            EventKind::StateAborted { state_type } => self.out.push(state_byte(*state_type)),
            EventKind::WaitScheduled { due } => self.signed(due.0),
            EventKind::TaskScheduled {
                family,
                resource,
                parameters,
                timeout_seconds,
                heartbeat_seconds,
                credentials,
            } => {
                self.family(family);
                self.text(resource);
                self.payload(parameters);
                self.optional(timeout_seconds.as_ref(), |writer, seconds| writer.number(*seconds));
                self.optional(heartbeat_seconds.as_ref(), |writer, seconds| writer.number(*seconds));
                self.optional_text(credentials.as_ref());
            }
            EventKind::TaskStarted { family, worker } => {
                self.family(family);
                self.optional_text(worker.as_ref());
            }
            EventKind::TaskCancelSettled { scheduled } => self.number(scheduled.0),
            EventKind::TaskTimedOut { family, error, cause, heartbeat } => {
                self.family(family);
                self.text(error);
                self.optional_text(cause.as_ref());
                self.out.push(u8::from(*heartbeat));
            }
            EventKind::RetryScheduled { retrier, due } => {
                self.number(u64::from(*retrier));
                self.signed(due.0);
            }
            EventKind::ParallelStateStarted { input, frames } => {
                self.payload(input);
                self.numbered(frames, |writer, frames| {
                    writer.number(frames.len() as u64);
                    frames.iter().for_each(|frame| writer.number(u64::from(frame.0)));
                });
            }
            EventKind::MapStateStarted { items, max_concurrency, tolerated_failures } => {
                self.payload(items);
                self.number(*max_concurrency);
                self.number(*tolerated_failures);
            }
            EventKind::MapIterationStarted { name, index, input, child } => {
                self.text(name);
                self.number(*index);
                self.payload(input);
                self.numbered(child, |writer, child| writer.number(u64::from(child.0)));
            }
            EventKind::MapIterationSucceeded { name, index, output } => {
                self.text(name);
                self.number(*index);
                self.payload(output);
            }
            EventKind::MapIterationFailed { name, index } | EventKind::MapIterationAborted { name, index } => {
                self.text(name);
                self.number(*index);
            }
            EventKind::EvaluationFailed { state, error, cause, location } => {
                self.text(state);
                self.text(error);
                self.text(cause);
                self.optional_text(location.as_ref());
            }
        }
    }

    fn family(&mut self, family: &'a TaskFamily) {
        match family {
            TaskFamily::Activity => self.out.push(family::ACTIVITY),
            TaskFamily::LambdaFunction => self.out.push(family::LAMBDA_FUNCTION),
            TaskFamily::Integration(integration) => {
                self.out.push(family::INTEGRATION);
                self.text(integration.resource_type());
                self.text(integration.resource());
            }
        }
    }

    fn text(&mut self, text: &'a Text) {
        let known = self.texts.iter().position(|known| Arc::ptr_eq(known, text) || known == &text);
        self.reference(known);
        if known.is_none() {
            self.bytes(text.as_bytes());
            remember(&mut self.texts, text);
        }
    }

    fn payload(&mut self, value: &'a Value) {
        let known = self.payloads.iter().position(|known| known.same_allocation(value));
        self.reference(known);
        if known.is_some() {
            return;
        }
        let mut json = std::mem::take(&mut self.json);
        json.clear();
        asl::json::write(value, &mut json);
        self.bytes(json.as_bytes());
        self.json = json;
        // A number or a literal is as short as a reference to it.
        if matches!(value, Value::String(_) | Value::Array(_) | Value::Object(_)) {
            remember(&mut self.payloads, value);
        }
    }

    fn reference(&mut self, known: Option<usize>) {
        self.number(known.map_or(0, |back| back as u64 + 1));
    }

    fn optional_text(&mut self, text: Option<&'a Text>) {
        self.optional(text, Self::text);
    }

    fn optional<T>(&mut self, value: Option<&'a T>, write: impl FnOnce(&mut Self, &'a T)) {
        self.out.push(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// 1 and the numbers; or 0, where they were not written when the event was decided.
    fn numbered<T>(&mut self, numbers: &'a Numbered<T>, write: impl FnOnce(&mut Self, &'a T)) {
        let written = match numbers {
            Numbered::Written(numbers) => Some(numbers),
            Numbered::ByOldRule => None,
        };
        self.optional(written, write);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)) as u64);
    }

    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }
}

fn remember<'a, T>(window: &mut VecDeque<&'a T>, item: &'a T) {
    if window.len() == WINDOW {
        window.pop_back();
    }
    window.push_front(item);
}

fn state_byte(state_type: StateType) -> u8 {
    match state_type {
        StateType::Pass => 1,
        StateType::Task => 2,
        StateType::Choice => 3,
        StateType::Wait => 4,
        StateType::Succeed => 5,
        StateType::Fail => 6,
        StateType::Parallel => 7,
        StateType::Map => 8,
    }
}

fn tag_of(kind: &EventKind) -> u8 {
    match kind {
        EventKind::ExecutionStarted { .. } => tag::EXECUTION_STARTED,
        EventKind::ExecutionSucceeded { .. } => tag::EXECUTION_SUCCEEDED,
        EventKind::ExecutionFailed { .. } => tag::EXECUTION_FAILED,
        EventKind::ExecutionAborted { .. } => tag::EXECUTION_ABORTED,
        EventKind::ExecutionTimedOut => tag::EXECUTION_TIMED_OUT,
        EventKind::StateEntered { .. } => tag::STATE_ENTERED,
        EventKind::StateExited { .. } => tag::STATE_EXITED,
        EventKind::StateAborted { .. } => tag::STATE_ABORTED,
        EventKind::WaitScheduled { .. } => tag::WAIT_SCHEDULED,
        EventKind::TaskScheduled { .. } => tag::TASK_SCHEDULED,
        EventKind::TaskStarted { .. } => tag::TASK_STARTED,
        EventKind::TaskSubmitted { .. } => tag::TASK_SUBMITTED,
        EventKind::TaskHeartbeat => tag::TASK_HEARTBEAT,
        EventKind::TaskCancelSettled { .. } => tag::TASK_CANCEL_SETTLED,
        EventKind::TaskSucceeded { .. } => tag::TASK_SUCCEEDED,
        EventKind::TaskFailed { .. } => tag::TASK_FAILED,
        EventKind::TaskTimedOut { .. } => tag::TASK_TIMED_OUT,
        EventKind::RetryScheduled { .. } => tag::RETRY_SCHEDULED,
        EventKind::ParallelStateStarted { .. } => tag::PARALLEL_STATE_STARTED,
        EventKind::BranchSucceeded { .. } => tag::BRANCH_SUCCEEDED,
        EventKind::ParallelStateSucceeded => tag::PARALLEL_STATE_SUCCEEDED,
        EventKind::ParallelStateFailed => tag::PARALLEL_STATE_FAILED,
        EventKind::MapStateStarted { .. } => tag::MAP_STATE_STARTED,
        EventKind::MapIterationStarted { .. } => tag::MAP_ITERATION_STARTED,
        EventKind::MapIterationSucceeded { .. } => tag::MAP_ITERATION_SUCCEEDED,
        EventKind::MapIterationFailed { .. } => tag::MAP_ITERATION_FAILED,
        EventKind::MapIterationAborted { .. } => tag::MAP_ITERATION_ABORTED,
        EventKind::MapStateSucceeded => tag::MAP_STATE_SUCCEEDED,
        EventKind::MapStateFailed => tag::MAP_STATE_FAILED,
        EventKind::EvaluationFailed { .. } => tag::EVALUATION_FAILED,
    }
}
