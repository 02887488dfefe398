//! Executions: start, stop, describe, list.

use asl::Text;
use engine::{Event, EventId, EventKind, Status, Timestamp};
use store::record::{Chunk, ExecutionFilter, ExecutionRecord, Listing, MachineType};

use crate::Runtime;
use crate::arn;
use crate::calls::{
    CallError, ExecutionDescription, ListExecutions, StartExecution, StartedExecution, StateMachineDescription,
    StopExecution,
};
use crate::shard::{Context, Input, Start, Stop};

impl Runtime {
    /// StartExecution. On return the start is durable, but that of an EXPRESS execution.
    pub async fn start_execution(&self, request: StartExecution) -> Result<StartedExecution, CallError> {
        let StartExecution { state_machine_arn, name, input, input_text, trace_header } = request;
        let Some(machine) = self.directory().machine(&state_machine_arn) else {
            arn::check(&state_machine_arn, "stateMachine")?;
            return Err(CallError::StateMachineDoesNotExist(state_machine_arn));
        };
        let definition = machine.record.definition;
        let revision = match self.directory().cached_revision(definition) {
            Some(revision) => revision,
            None => self.read(move |context| Ok(context.directory.revision(definition)?)).await?,
        };
        let shard = self.shard_for_new(&state_machine_arn, name.as_ref());
        self.ask(shard, |reply| Input::Start(Start { machine, revision, name, input, input_text, trace_header, reply }))
            .await
    }

    /// StopExecution. An execution that is over already answers when it stopped.
    pub async fn stop_execution(&self, request: StopExecution) -> Result<Timestamp, CallError> {
        let StopExecution { arn, error, cause } = request;
        let wanted = arn.clone();
        let record = self.read(move |context| record(context, &wanted)).await?;
        if let Some(stopped_at) = record.summary.stopped_at {
            return Ok(stopped_at);
        }
        let execution = record.id;
        let shard = self.inner.shards.of(execution);
        self.ask(shard, |reply| Input::Stop(Stop { execution, arn, error, cause, reply })).await
    }

    /// DescribeExecution, by ARN.
    pub async fn describe_execution(&self, arn: Text) -> Result<ExecutionDescription, CallError> {
        self.read(move |context| describe(context, &arn)).await
    }

    /// DescribeStateMachineForExecution, by the execution's ARN.
    pub async fn describe_state_machine_for_execution(&self, arn: Text) -> Result<StateMachineDescription, CallError> {
        self.read(move |context| {
            let record = record(context, &arn)?;
            let machine = context.directory.machine(&arn::machine_of_execution(&arn));
            let machine = machine.filter(|machine| machine.record.id == record.state_machine);
            super::machines::describe(context, machine.map(|machine| machine.record.clone()), record.definition)
        })
        .await
    }

    /// ListExecutions, newest first.
    pub async fn list_executions(&self, request: ListExecutions) -> Result<Listing<ExecutionRecord>, CallError> {
        let ListExecutions { state_machine_arn, status, page } = request;
        let Some(machine) = self.directory().machine(&state_machine_arn) else {
            arn::check(&state_machine_arn, "stateMachine")?;
            return Err(CallError::StateMachineDoesNotExist(state_machine_arn));
        };
        if machine.record.machine_type == MachineType::Express {
            return Err(CallError::StateMachineTypeNotSupported);
        }
        let filter = ExecutionFilter { state_machine: machine.record.id, status };
        self.read(move |context| Ok(context.store.list_executions(&filter, &page)?)).await
    }
}

/// The record of an execution that must exist.
pub(super) fn record(context: &Context, arn: &Text) -> Result<ExecutionRecord, CallError> {
    arn::check(arn, "execution")?;
    let found = context.store.execution_by_arn(arn)?;
    found.ok_or_else(|| CallError::ExecutionDoesNotExist(arn.clone()))
}

/// The events of a chunk.
pub(super) fn decode(chunk: &Chunk) -> Result<Vec<Event>, CallError> {
    engine::log::decode(&chunk.events).map_err(|error| CallError::Internal(error.into()))
}

fn describe(context: &Context, arn: &Text) -> Result<ExecutionDescription, CallError> {
    let record = record(context, arn)?;
    let is_over = record.summary.status != Status::Running;
    // The first event has the input, the last one the outcome; what lies between is not decoded.
    let chunks = if is_over {
        context.store.chunks(record.id)?
    } else {
        context.store.chunks_between(record.id, EventId(1), EventId(1))?
    };
    let missing = || CallError::Internal(format!("the events of {arn} are missing").into());
    let first = decode(chunks.first().ok_or_else(missing)?)?;
    let input = first.iter().find_map(|event| match &event.kind {
        EventKind::ExecutionStarted { input, input_text, .. } => Some((input.clone(), input_text.clone())),
        _ => None,
    });
    let (input, input_text) = input.ok_or_else(missing)?;
    let last = match chunks.as_slice() {
        [_, .., last] if is_over => decode(last)?,
        _ => first,
    };
    let mut description = ExecutionDescription {
        state_machine_arn: arn::machine_of_execution(arn),
        input,
        input_text,
        output: None,
        error: None,
        cause: None,
        record,
    };
    match last.into_iter().rev().map(|event| event.kind).find(EventKind::is_end) {
        Some(EventKind::ExecutionSucceeded { output }) => description.output = Some(output),
        Some(EventKind::ExecutionFailed { error, cause } | EventKind::ExecutionAborted { error, cause }) => {
            (description.error, description.cause) = (error, cause);
        }
        _ => {}
    }
    Ok(description)
}
