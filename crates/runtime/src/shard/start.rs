//! StartExecution: a name is used once, and an execution that ends at once is one write.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use asl::{Text, Value};
use engine::{Command, EventId, EventKind, Execution, Status, Timestamp, Turn};
use store::StoreError;
use store::record::{ExecutionId, ExecutionRecord, MachineType, Write};

use super::batch::{Held, Release};
use super::input::Start;
use super::live::{self, Kind, Live};
use super::{Metrics, Shard, TaskResources, guarded};
use crate::calls::{CallError, StartedExecution};
use crate::chance::{Chance, time_ordered_uuid};

/// A named execution whose start is not known to be durable.
pub(super) struct Starting {
    id: ExecutionId,
    started_at: Timestamp,
    input: Value,
    profile: Option<Text>,
}

/// An earlier execution of the same name.
struct Earlier {
    started_at: Timestamp,
    /// Whether it is running and has the same input: then the call repeats an earlier one.
    is_repeated: bool,
    /// Whether all of this is durable.
    is_durable: bool,
}

impl Shard {
    pub(super) fn start(&mut self, mut start: Start, now: Timestamp, chance: &mut dyn Chance) {
        let machine = Arc::clone(&start.machine);
        if machine.is_deleting.load(Ordering::Acquire) {
            let result = Err(CallError::StateMachineDeleting(machine.record.arn.clone()));
            return Held { reply: start.reply, result }.answer();
        }
        let given = start.name.take();
        let is_named = given.is_some();
        let name = given.unwrap_or_else(|| time_ordered_uuid(now, chance.draw()).into());
        if machine.record.machine_type == MachineType::Express {
            return self.start_express(start, &name, now, chance);
        }
        let arn = self.context.arns.execution(&start.revision.machine_name, &name);
        if is_named {
            match self.earlier(&arn, &start) {
                Ok(None) => {}
                Ok(Some(earlier)) => return self.answer_earlier(start, arn, &earlier),
                Err(error) => return Held { reply: start.reply, result: Err(CallError::from(error)) }.answer(),
            }
        }
        self.begin(start, arn, name, is_named, now, chance);
    }

    fn begin(&mut self, start: Start, arn: Text, name: Text, is_named: bool, now: Timestamp, chance: &mut dyn Chance) {
        let Start { machine, revision, input, input_text, trace_header, qualifier, profile, reply, .. } = start;
        let info = live::info(&arn, &name, &revision);
        let mut execution = Execution::new(Arc::clone(&revision.program), info);
        let named = is_named.then(|| (input.clone(), profile.clone()));
        let id = self.next_id();
        if let Err(error) = self.first_turn(id, &mut execution, Command::Start { input, input_text }, now, chance) {
            return Held { reply, result: Err(error) }.answer();
        }
        let record = ExecutionRecord {
            id,
            arn: arn.clone(),
            name,
            state_machine: machine.record.id,
            definition: revision.definition,
            started_at: now,
            trace_header,
            version: qualifier.version,
            alias: qualifier.alias,
            profile,
            summary: live::summary(&execution),
        };
        if let Some((input, profile)) = named {
            self.starting.insert(arn.clone(), Starting { id, started_at: now, input, profile });
            self.gathering.named.push(arn.clone());
        }
        if execution.status() == Status::Running {
            self.live.insert(id, Live::begun(execution, Kind::Standard, record));
            self.after_turn(id, now);
        } else {
            // Nobody can address it before it is durable, and then it is over: it never enters memory.
            Metrics::add(&self.context.metrics.events, self.events.len() as u64);
            Metrics::add(&self.context.metrics.executions_ended, 1);
            let chunk = live::chunk(0, EventId::NONE, &self.events);
            if self.context.tasks.is_watching() {
                self.gathering.releases.push(Release::Ended(arn.clone()));
            }
            self.gathering.writes.push(Write::Begin { execution: record, chunk, machine_revision: None });
        }
        let result = Ok(StartedExecution { arn, started_at: now });
        self.gathering.releases.push(Release::Started(Held { reply, result }));
    }

    /// In memory only: the answer waits for nothing, and a crash ends it.
    fn start_express(&mut self, start: Start, name: &Text, now: Timestamp, chance: &mut dyn Chance) {
        let Start { machine, revision, input, input_text, trace_header, qualifier, profile, reply, ended, .. } = start;
        let run = time_ordered_uuid(now, chance.draw());
        let arn = self.context.arns.express(&revision.machine_name, name, &run);
        let mut execution = Execution::new(Arc::clone(&revision.program), live::info(&arn, name, &revision));
        let id = self.next_id();
        if let Err(error) = self.first_turn(id, &mut execution, Command::Start { input, input_text }, now, chance) {
            return Held { reply, result: Err(error) }.answer();
        }
        let record = ExecutionRecord {
            id,
            arn: arn.clone(),
            name: name.clone(),
            state_machine: machine.record.id,
            definition: revision.definition,
            started_at: now,
            trace_header,
            version: qualifier.version,
            alias: qualifier.alias,
            profile,
            summary: live::summary(&execution),
        };
        let kind = Kind::Express { machine: machine.record.id, started_at: now };
        let mut live = Live::begun(execution, kind, record);
        live.ended = ended;
        self.live.insert(id, live);
        self.after_turn(id, now);
        Held { reply, result: Ok(StartedExecution { arn, started_at: now }) }.answer();
    }

    fn first_turn(
        &mut self,
        id: ExecutionId,
        execution: &mut Execution,
        start: Command,
        now: Timestamp,
        chance: &mut dyn Chance,
    ) -> Result<(), CallError> {
        let budget = self.context.options.turn_budget;
        let resources = TaskResources { context: &self.context, execution: id };
        let turn = Turn { now, seed: chance.draw(), limits: &self.context.limits, resources: &resources, budget };
        self.events.clear();
        let begun = guarded(|| execution.advance(start, &turn, &mut self.events));
        let begun = begun.map_err(|panicked| CallError::Internal(panicked.into()))?;
        begun.map_err(|fault| CallError::Internal(fault.into()))?;
        Metrics::add(&self.context.metrics.executions_started, 1);
        Ok(())
    }

    fn next_id(&mut self) -> ExecutionId {
        self.last_id += self.context.shards as i64;
        ExecutionId(self.last_id)
    }

    fn answer_earlier(&mut self, start: Start, arn: Text, earlier: &Earlier) {
        let result = if earlier.is_repeated {
            Ok(StartedExecution { arn, started_at: earlier.started_at })
        } else {
            Err(CallError::ExecutionAlreadyExists(arn))
        };
        let held = Held { reply: start.reply, result };
        if earlier.is_durable {
            held.answer();
        } else {
            self.gathering.releases.push(Release::Started(held));
        }
    }

    fn earlier(&self, arn: &Text, start: &Start) -> Result<Option<Earlier>, StoreError> {
        if let Some(Starting { id, started_at, input, profile }) = self.starting.get(arn) {
            let is_running = self.live.get(id).is_some_and(Live::is_running);
            let is_repeated = is_running && *input == start.input && *profile == start.profile;
            return Ok(Some(Earlier { started_at: *started_at, is_repeated, is_durable: false }));
        }
        let Some(record) = self.context.store.execution_by_arn(arn)? else { return Ok(None) };
        let live = self.live.get(&record.id);
        let is_running = live.map_or(record.summary.status == Status::Running, Live::is_running);
        let is_repeated = is_running
            && record.profile == start.profile
            && match live {
                Some(live) => *live.execution.input() == start.input,
                None => self.stored_input(record.id)?.as_ref() == Some(&start.input),
            };
        let is_durable = live.is_none_or(Live::is_clean);
        Ok(Some(Earlier { started_at: record.started_at, is_repeated, is_durable }))
    }

    fn stored_input(&self, id: ExecutionId) -> Result<Option<Value>, StoreError> {
        let Some(chunk) = self.context.store.first_chunk(id)? else { return Ok(None) };
        let events = engine::log::decode(&chunk.events).map_err(|e| StoreError::Damaged(e.to_string()))?;
        Ok(events.into_iter().find_map(|event| match event.kind {
            EventKind::ExecutionStarted { input, .. } => Some(input),
            _ => None,
        }))
    }

    /// Where a start failed because the name is taken after all, the caller learns that.
    pub(super) fn explain_conflict(&self, release: Release) -> Option<Release> {
        let Release::Started(Held { reply, result: Ok(started) }) = release else { return Some(release) };
        let is_taken = self.context.store.execution_by_arn(&started.arn).is_ok_and(|found| found.is_some());
        if is_taken {
            Held { reply, result: Err(CallError::ExecutionAlreadyExists(started.arn)) }.answer();
            return None;
        }
        Some(Release::Started(Held { reply, result: Ok(started) }))
    }
}
