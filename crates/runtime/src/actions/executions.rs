//! Executions: start, stop, describe, list.

use std::sync::Arc;

use asl::Text;
use engine::{Event, EventId, EventKind, Status, Timestamp};
use store::record::{Chunk, DefinitionId, ExecutionFilter, ExecutionRecord, Listing, MachineType, StartedWith};
use tokio::sync::oneshot;

use crate::Runtime;
use crate::arn;
use crate::calls::{
    CallError, EndedExecution, ExecutionDescription, ListExecutions, StartExecution, StartedExecution,
    StateMachineDescription, StopExecution, SyncExecution,
};
use crate::directory::{Machine, Named, Qualifier, choose};
use crate::shard::{Context, Input, Reply, Start, Stop};
use crate::tasks::UnknownProfile;

/// What a StartExecution names.
struct ToStart {
    machine: Arc<Machine>,
    named: Named,
}

impl Runtime {
    /// StartExecution. On return the start is durable, but that of an EXPRESS execution.
    pub async fn start_execution(&self, request: StartExecution) -> Result<StartedExecution, CallError> {
        let found = self.machine_to_start(&request).await?;
        self.start(found, request, None).await
    }

    /// StartSyncExecution: on return the execution, of an EXPRESS state machine, is over. Where the caller goes away,
    /// it goes on.
    pub async fn start_sync_execution(&self, request: StartExecution) -> Result<SyncExecution, CallError> {
        let found = self.machine_to_start(&request).await?;
        if found.machine.record.machine_type != MachineType::Express {
            return Err(CallError::StateMachineTypeNotSupported);
        }
        let state_machine_arn = found.machine.record.arn.clone();
        let (reply, end) = oneshot::channel();
        let StartedExecution { arn, started_at } = self.start(found, request, Some(reply)).await?;
        let ended = end.await.unwrap_or_else(|_| Err(CallError::stopping()))?;
        Ok(SyncExecution { name: arn::name_of_express(&arn), arn, state_machine_arn, started_at, ended })
    }

    async fn machine_to_start(&self, request: &StartExecution) -> Result<ToStart, CallError> {
        let arn = &request.state_machine_arn;
        let Some((machine, named)) = self.find(arn).await? else {
            arn::check(arn, "stateMachine")?;
            return Err(CallError::StateMachineDoesNotExist(arn.clone()));
        };
        if let Some(profile) = &request.profile {
            let no_profiles = || UnknownProfile(format!("This server has no profiles, and none named '{profile}'."));
            self.profiles().ok_or_else(no_profiles)?.check(&machine.record.name, profile)?;
        }
        Ok(ToStart { machine, named })
    }

    async fn start(
        &self,
        ToStart { machine, named }: ToStart,
        request: StartExecution,
        ended: Option<Reply<EndedExecution>>,
    ) -> Result<StartedExecution, CallError> {
        self.check_memory()?;
        let StartExecution { name, input, input_text, trace_header, profile, .. } = request;
        let (definition, qualifier) = self.route(&machine, named)?;
        let revision = match self.directory().cached_revision(definition) {
            Some(revision) => revision,
            None => self.read(move |context| Ok(context.directory.revision(definition)?)).await?,
        };
        let shard = self.shard_for_new(&machine.record.arn, name.as_ref());
        self.ask(shard, |reply| {
            Input::Start(Start {
                machine,
                revision,
                name,
                input,
                input_text,
                trace_header,
                qualifier,
                profile,
                reply,
                ended,
            })
        })
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
        let now = self.inner.clock.now();
        self.read(move |context| describe(context, &arn, now)).await
    }

    /// DescribeStateMachineForExecution, by the execution's ARN.
    pub async fn describe_state_machine_for_execution(&self, arn: Text) -> Result<StateMachineDescription, CallError> {
        self.read(move |context| {
            let record = record(context, &arn)?;
            let machine = context.directory.refresh_machine(&arn::machine_of_execution(&arn))?;
            let machine = machine.filter(|machine| machine.record.id == record.state_machine);
            super::machines::describe(context, machine.map(|machine| machine.record.clone()), record.definition)
        })
        .await
    }

    /// ListExecutions, newest first: all of a state machine, or those started with a version or an alias, by its ARN.
    pub async fn list_executions(&self, request: ListExecutions) -> Result<Listing<ExecutionRecord>, CallError> {
        let ListExecutions { state_machine_arn, status, page } = request;
        let Some((machine, named)) = self.find(&state_machine_arn).await? else {
            arn::check(&state_machine_arn, "stateMachine")?;
            return Err(CallError::StateMachineDoesNotExist(state_machine_arn));
        };
        let started_with = match named {
            Named::Latest => None,
            Named::Version(version) => Some(StartedWith::Version(version.number)),
            Named::Alias(alias) => Some(StartedWith::Alias(alias.name)),
        };
        if machine.record.machine_type == MachineType::Express {
            return Err(CallError::StateMachineTypeNotSupported);
        }
        let filter = ExecutionFilter { state_machine: machine.record.id, status, started_with };
        self.read(move |context| Ok(context.store.list_executions(&filter, &page)?)).await
    }

    /// The definition that an execution started now runs. Of an alias's versions, chance takes one.
    fn route(&self, machine: &Machine, named: Named) -> Result<(DefinitionId, Qualifier), CallError> {
        let (version, alias) = match named {
            Named::Latest => return Ok((machine.record.definition, Qualifier::default())),
            Named::Version(version) => (version, None),
            Named::Alias(alias) => {
                let number = choose(&alias.routing, self.draw());
                let missing = || CallError::Internal(format!("version {} of an alias is missing", number.0).into());
                (machine.published.versions.get(&number).ok_or_else(missing)?.clone(), Some(alias.name))
            }
        };
        Ok((version.definition, Qualifier { version: Some(version.number), alias }))
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

/// The event that ended the execution, where it is among these.
fn end_of(events: Vec<Event>) -> Option<EventKind> {
    events.into_iter().map(|event| event.kind).find(EventKind::is_end)
}

fn describe(context: &Context, arn: &Text, now: Timestamp) -> Result<ExecutionDescription, CallError> {
    let record = record(context, arn)?;
    // The first event has the input, the last shown one the outcome; what lies between is not read.
    let missing = || CallError::Internal(format!("the events of {arn} are missing").into());
    let first = decode(&context.store.first_chunk(record.id)?.ok_or_else(missing)?)?;
    let input = first.iter().find_map(|event| match &event.kind {
        EventKind::ExecutionStarted { input, input_text, .. } => Some((input.clone(), input_text.clone())),
        _ => None,
    });
    let (input, input_text) = input.ok_or_else(missing)?;
    let mut last_event = first.last().map_or(EventId::NONE, |event| event.id);
    let mut end = end_of(first);
    if end.is_none() && record.summary.status != Status::Running {
        let last = context.store.last_chunk(record.id)?.ok_or_else(missing)?;
        last_event = last.last_id;
        end = end_of(decode(&last)?);
        if end.is_none() {
            // Jobs were cancelled after the end.
            for chunk in context.store.chunks_between(record.id, last.last_id, last.last_id)? {
                end = end.or(end_of(decode(&chunk)?));
            }
        }
    }
    let state_machine_arn = arn::machine_of_execution(arn);
    let machine = context.directory.machine(&state_machine_arn);
    let machine = machine.filter(|machine| machine.record.id == record.state_machine);
    let mut description = ExecutionDescription {
        state_machine_arn,
        machine_status: machine.map(|machine| machine.record.status),
        last_event,
        described_at: now,
        input,
        input_text,
        output: None,
        error: None,
        cause: None,
        record,
    };
    match end {
        Some(EventKind::ExecutionSucceeded { output }) => description.output = Some(output),
        Some(EventKind::ExecutionFailed { error, cause } | EventKind::ExecutionAborted { error, cause }) => {
            (description.error, description.cause) = (error, cause);
        }
        _ => {}
    }
    Ok(description)
}
