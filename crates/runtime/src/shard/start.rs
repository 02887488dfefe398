//! StartExecution: a name is used once, and an execution that ends at once is one write.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use asl::{Text, Value};
use engine::{Command, EventId, Execution, Status, Timestamp};
use store::execution_name;
use store::record::{ExecutionId, ExecutionRecord, MachineType, Write};

use super::batch::{CommitFailure, Held, Release};
use super::input::{Reply, Start};
use super::live::{self, Kind, Live};
use super::need::{Earlier, Found, Need};
use super::turn::{Moment, TaskResources, guarded, turn, turn_time};
use super::{Metrics, Shard};
use crate::calls::{CallError, StartedExecution};
use crate::chance::time_ordered_uuid;
use crate::loader::Question;
use crate::metrics::Throttled;

/// The identity of a new execution.
struct Named {
    id: ExecutionId,
    arn: Text,
    name: Text,
}

/// A named execution whose start is not known to be durable.
pub(super) struct Starting {
    id: ExecutionId,
    started_at: Timestamp,
    input: Value,
    profile: Option<Text>,
}

/// Who waits to hear whether a name is taken.
#[derive(Debug)]
pub(super) enum LookUp {
    /// A start that wants it.
    Start(Box<Start>),
    /// A start that could not be written, perhaps because somebody has it.
    Explain(Held<StartedExecution>),
}

/// An earlier execution of the same name, as far as a start is concerned.
struct Namesake {
    started_at: Timestamp,
    /// Whether it is running and has the same input: then the call repeats an earlier one.
    is_repeated: bool,
    /// Whether all of this is durable.
    is_durable: bool,
}

impl Shard {
    pub(super) fn start(&mut self, mut start: Start, moment: &mut Moment<'_>) {
        if is_deleting(&start) {
            return refuse_deleting(start);
        }
        if start.machine.record.machine_type == MachineType::Express {
            let name = start.name.take().unwrap_or_else(|| time_ordered_uuid(moment.now, moment.chance.draw()).into());
            return self.start_express(start, name, moment);
        }
        let Some(name) = start.name.take() else {
            let id = self.ids.any(moment.now);
            let name = execution_name::of_number(id, moment.chance.draw());
            let arn = self.context.arns.execution(&start.revision.machine_name, &name);
            return self.begin(start, Named { id, arn, name }, None, moment);
        };
        let arn = self.context.arns.execution(&start.revision.machine_name, &name);
        start.name = Some(name);
        match self.starting(&arn, &start) {
            Some(namesake) => self.answer_namesake(start, arn, &namesake),
            None => self.look_up(arn, LookUp::Start(Box::new(start))),
        }
    }

    /// Asks whether a name is taken.
    fn look_up(&mut self, arn: Text, look_up: LookUp) {
        match self.looked_up.entry(arn) {
            Entry::Occupied(mut waiting) => waiting.get_mut().push(look_up),
            Entry::Vacant(place) => {
                self.needs.push(Need::Stored(Question::Name(place.key().clone())));
                place.insert(vec![look_up]);
            }
        }
    }

    /// The answer to whether a name is taken.
    pub(super) fn found(&mut self, found: Found, moment: &mut Moment<'_>) {
        let Found { arn, earlier } = found;
        for look_up in self.looked_up.remove(&arn).unwrap_or_default() {
            match (look_up, &earlier) {
                (LookUp::Start(start), Ok(earlier)) => self.start_named(*start, &arn, earlier.as_ref(), moment),
                (LookUp::Start(start), Err(error)) => {
                    Held { reply: start.reply, result: Err(Arc::clone(error).into()) }.answer();
                }
                (LookUp::Explain(held), Ok(Some(_))) => {
                    Held { result: Err(CallError::ExecutionAlreadyExists(arn.clone())), ..held }.answer();
                }
                (LookUp::Explain(held), _) => held.answer(),
            }
        }
    }

    /// Starts an execution under a name that `earlier`, of what is durable, has or nobody.
    fn start_named(&mut self, mut start: Start, arn: &Text, earlier: Option<&Earlier>, moment: &mut Moment<'_>) {
        // It may have changed while the answer was on its way.
        if is_deleting(&start) {
            return refuse_deleting(start);
        }
        let namesake = self.starting(arn, &start).or_else(|| earlier.map(|earlier| self.namesake(earlier, &start)));
        if let Some(namesake) = namesake {
            return self.answer_namesake(start, arn.clone(), &namesake);
        }
        let name = start.name.take().unwrap_or_default();
        let id = self.ids.named(&start.revision.machine_arn, &name, moment.now);
        let starting =
            Starting { id, started_at: moment.now, input: start.input.clone(), profile: start.profile.clone() };
        self.begin(start, Named { id, arn: arn.clone(), name }, Some(starting), moment);
    }

    fn begin(&mut self, mut start: Start, new: Named, starting: Option<Starting>, moment: &mut Moment<'_>) {
        if self.context.open_executions.is_full() {
            self.context.metrics.throttled(Throttled::OpenExecution);
            return Held { reply: start.reply, result: Err(CallError::ExecutionLimitExceeded) }.answer();
        }
        let mut execution = start.execution(&new);
        let command = start.command();
        if let Err(error) = self.first_turn(new.id, Kind::Standard, &mut execution, command, moment) {
            return Held { reply: start.reply, result: Err(error) }.answer();
        }
        if let Some(starting) = starting {
            self.starting.insert(new.arn.clone(), starting);
            self.gathering.named.push(new.arn.clone());
        }
        let (id, arn, now) = (new.id, new.arn.clone(), moment.now);
        let (record, reply) = start.record(new, &execution, now);
        if execution.status() == Status::Running || execution.is_to_hand_out() {
            // Those that are over already count as well: they are uncounted when their end is taken in.
            self.context.open_executions.begun();
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
    fn start_express(&mut self, mut start: Start, name: Text, moment: &mut Moment<'_>) {
        let now = moment.now;
        let run = time_ordered_uuid(now, moment.chance.draw());
        let arn = self.context.arns.express(&start.revision.machine_name, &name, &run);
        let id = self.ids.any(now);
        let new = Named { id, arn: arn.clone(), name };
        let mut execution = start.execution(&new);
        let command = start.command();
        let (machine, ended) = (start.machine.record.id, start.ended.take());
        let kind = Kind::Express { machine, ends_at: self.express_end(now) };
        if let Err(error) = self.first_turn(id, kind, &mut execution, command, moment) {
            return Held { reply: start.reply, result: Err(error) }.answer();
        }
        let (record, reply) = start.record(new, &execution, now);
        let mut live = Live::begun(execution, kind, record);
        live.ended = ended;
        self.live.insert(id, live);
        self.after_turn(id, now);
        Held { reply, result: Ok(StartedExecution { arn, started_at: now }) }.answer();
    }

    fn first_turn(
        &mut self,
        id: ExecutionId,
        kind: Kind,
        execution: &mut Execution,
        start: Command,
        moment: &mut Moment<'_>,
    ) -> Result<(), CallError> {
        let resources = TaskResources { context: &self.context, execution: id };
        let seed = moment.chance.draw();
        moment.pace.begin_turn(None);
        let is_over = || moment.pace.is_turn_over();
        let time = turn_time(moment.pace, &is_over);
        let turn = turn(&self.context, self.context.limits(kind), &resources, moment.now, seed, time);
        self.events.clear();
        let begun = guarded(|| execution.advance(start, &turn, &mut self.events));
        let begun = begun.map_err(|panicked| CallError::Internal(panicked.into()))?;
        begun.map_err(|fault| CallError::Internal(fault.into()))?;
        Metrics::add(&self.context.metrics.executions_started, 1);
        Ok(())
    }

    fn answer_namesake(&mut self, start: Start, arn: Text, namesake: &Namesake) {
        let result = if namesake.is_repeated {
            Ok(StartedExecution { arn, started_at: namesake.started_at })
        } else {
            Err(CallError::ExecutionAlreadyExists(arn))
        };
        let held = Held { reply: start.reply, result };
        if namesake.is_durable {
            held.answer();
        } else {
            self.gathering.releases.push(Release::Started(held));
        }
    }

    /// An execution of that name whose start is on its way to the store.
    fn starting(&self, arn: &Text, start: &Start) -> Option<Namesake> {
        let Starting { id, started_at, input, profile } = self.starting.get(arn)?;
        let is_running = self.live.get(id).is_some_and(Live::is_running) || self.absent.contains_key(id);
        let is_repeated = is_running && *input == start.input && *profile == start.profile;
        Some(Namesake { started_at: *started_at, is_repeated, is_durable: false })
    }

    fn namesake(&self, earlier: &Earlier, start: &Start) -> Namesake {
        let Earlier { record, input } = earlier;
        let live = self.live.get(&record.id);
        let is_running = live.map_or(record.summary.status == Status::Running, Live::is_running);
        let is_repeated = is_running && record.profile == start.profile && input.as_ref() == Some(&start.input);
        Namesake { started_at: record.started_at, is_repeated, is_durable: live.is_none_or(Live::is_clean) }
    }

    /// Where a start failed because the name is taken after all, the caller learns that.
    pub(super) fn explain_conflict(&mut self, release: Release, failure: &CommitFailure) -> Option<Release> {
        let Release::Started(Held { reply, result: Ok(started) }) = release else { return Some(release) };
        let result = Err(failure.to_call_error());
        self.look_up(started.arn, LookUp::Explain(Held { reply, result }));
        None
    }
}

impl Start {
    fn execution(&self, new: &Named) -> Execution {
        Execution::new(Arc::clone(&self.revision.program), live::info(&new.arn, &new.name, &self.revision))
    }

    /// The execution's first command. Its input is in it then, and no longer here.
    fn command(&mut self) -> Command {
        Command::Start { input: std::mem::take(&mut self.input), input_text: self.input_text.take() }
    }

    /// What is stored of the execution, and who waits for it.
    fn record(self, new: Named, execution: &Execution, now: Timestamp) -> (ExecutionRecord, Reply<StartedExecution>) {
        let Named { id, arn, name } = new;
        let record = ExecutionRecord {
            id,
            arn,
            name,
            state_machine: self.machine.record.id,
            definition: self.revision.definition,
            started_at: now,
            trace_header: self.trace_header,
            version: self.qualifier.version,
            alias: self.qualifier.alias,
            summary: live::summary(execution, self.profile.is_some()),
            profile: self.profile,
        };
        (record, self.reply)
    }
}

fn is_deleting(start: &Start) -> bool {
    start.machine.is_deleting()
}

fn refuse_deleting(start: Start) {
    let result = Err(CallError::StateMachineDeleting(start.machine.record.arn.clone()));
    Held { reply: start.reply, result }.answer();
}
