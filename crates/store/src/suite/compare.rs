//! To compare stores: all that a store answers, and batches made up from a seed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use asl::Value;
use engine::{EventId, Status, Timestamp};

use super::{
    activity, alias, all_listed, all_pages, definition, execution, found, listed, put_activity, put_alias, put_machine,
    state_machine, version,
};
use crate::Store;
use crate::commit_log::CommitPosition;
use crate::fault::Random;
use crate::partition::PartitionSet;
use crate::record::{
    ActivityId, AliasId, Chunk, DefinitionId, ExecutionFilter, ExecutionId, Expected, StartedWith, StateMachineId,
    Summary, VersionNumber, Write,
};

/// All that a store answers, as text: one line an answer. It asks for the numbers up to the greatest used,
/// and for the named values and state machines that [`Batches`] and the suite use.
pub fn everything(store: &dyn Store) -> String {
    let mut text = String::new();
    let mut note = |line: std::fmt::Arguments<'_>| {
        text.write_fmt(line).expect("text takes text");
        text.push('\n');
    };
    let last = found(store.last_execution_id(&PartitionSet::All));
    let last_ids = found(store.last_record_ids());
    note(format_args!("{last:?} {last_ids:?}"));
    for id in (0..=last.0).map(ExecutionId) {
        let record = found(store.execution(id));
        if let Some(record) = &record {
            assert_eq!(found(store.execution_by_arn(&record.arn)).as_ref(), Some(record));
        }
        note(format_args!("{record:?} {:?}", found(store.chunks(id))));
        note(format_args!("{:?}", found(store.chunks_between(id, EventId(3), EventId(5)))));
        note(format_args!("{:?} {:?}", found(store.first_chunk(id)), found(store.last_chunk(id))));
    }
    let statuses = [Status::Running, Status::Succeeded, Status::Failed, Status::TimedOut, Status::Aborted];
    for id in 0..=9 {
        let running = found(store.count_running(StateMachineId(id)));
        note(format_args!("{id}: {running} running, {:?}", listed(store, id, None, 3)));
        for status in statuses {
            note(format_args!("{status:?} {:?}", listed(store, id, Some(status), 3)));
        }
        let with = [StartedWith::Version(VersionNumber(1)), StartedWith::Alias("alias-1".into())];
        for with in with {
            let filter = ExecutionFilter { state_machine: StateMachineId(id), status: None, started_with: Some(with) };
            note(format_args!("{:?} {:?}", filter.started_with, all_listed(store, &filter, 3)));
        }
        note(format_args!("{:?}", found(store.versions(StateMachineId(id)))));
        note(format_args!("{:?}", found(store.aliases(StateMachineId(id)))));
    }
    let due = found(store.due(&PartitionSet::All, Timestamp(i64::MAX), None, usize::MAX));
    note(format_args!("{due:?}"));
    if let Some(middle) = due.get(due.len() / 2) {
        note(format_args!("{:?}", found(store.due(&PartitionSet::All, middle.0, Some(due[0]), 3))));
    }
    note(format_args!("{:?}", found(store.unsettled(&PartitionSet::All, None, usize::MAX))));
    note(format_args!("{:?}", found(store.unsettled(&PartitionSet::All, Some(ExecutionId(last.0 / 2)), 3))));
    for machine in all_pages(2, |page| store.list_state_machines(page)) {
        assert_eq!(found(store.state_machine(&machine.arn)).as_ref(), Some(&machine));
        note(format_args!("{machine:?}"));
    }
    for activity in all_pages(2, |page| store.list_activities(page)) {
        assert_eq!(found(store.activity(&activity.arn)).as_ref(), Some(&activity));
        note(format_args!("{activity:?}"));
    }
    for id in 0..=last_ids.definition.0 {
        note(format_args!("{:?}", found(store.definition(DefinitionId(id)))));
    }
    note(format_args!("{:?}", found(store.last_commit_position())));
    for commit in found(store.committed_after(CommitPosition(0), usize::MAX)) {
        note(format_args!("{commit:?}"));
    }
    for name in NAMES {
        note(format_args!("{:?}", found(store.meta(name))));
    }
    text
}

const NAMES: [&str; 4] = ["old", "new", "key", "written_by"];

/// Batches made up from a seed, most of which fit what was committed before; some do not.
#[derive(Clone, Debug)]
pub struct Batches {
    random: Random,
    executions: Vec<Made>,
    next_execution: i64,
    next_record: i64,
    last_commit: CommitPosition,
    /// The revisions of records, by number.
    machines: BTreeMap<i64, u64>,
    activities: BTreeMap<i64, u64>,
    /// With the state machine.
    aliases: BTreeMap<i64, (i64, u64)>,
}

#[derive(Clone, Debug)]
struct Made {
    id: i64,
    events: u64,
    shown: u64,
}

impl Batches {
    /// The same batches for the same seed.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            executions: Vec::new(),
            next_execution: 1,
            next_record: 1,
            last_commit: CommitPosition(0),
            machines: BTreeMap::new(),
            activities: BTreeMap::new(),
            aliases: BTreeMap::new(),
        }
    }

    /// The next batch, and what to go on with where it is refused.
    pub fn next_batch(&mut self) -> (Vec<Write>, Self) {
        let mut refused = self.clone();
        let mut batch: Vec<Write> = (0..=self.random.below(6)).map(|_| self.write()).collect();
        if self.random.below(2) == 0 {
            batch.insert(self.random.below(batch.len() as u64) as usize, self.log_commit());
        }
        refused.random = self.random.clone();
        (batch, refused)
    }

    fn write(&mut self) -> Write {
        match self.random.below(49) {
            0..=11 => self.begin(),
            12..=29 if !self.executions.is_empty() => self.append(),
            30 | 31 => self.state_machine(),
            32 => self.delete_machine(),
            33 => Write::Definition(definition(self.record_id(), &state_machine(1).arn)),
            34 | 35 => self.activity(),
            36 => self.delete_activity(),
            37..=39 => Write::Version(version(1 + self.pick(6), 1 + self.pick(40))),
            40 => Write::DeleteVersion(StateMachineId(1 + self.pick(6)), VersionNumber(1 + self.pick(40))),
            41 | 42 => self.alias(),
            43 => self.delete_alias(),
            48 => Write::TrimCommits { up_to: CommitPosition(self.last_commit.0 - self.pick(9)) },
            44 => Write::MetaIfAbsent { name: NAMES[self.random.below(4) as usize].into(), value: vec![1] },
            _ => Write::Meta {
                name: NAMES[self.random.below(4) as usize].into(),
                value: self.random.below(1_000).to_le_bytes().to_vec(),
            },
        }
    }

    /// Mostly after the last one.
    fn log_commit(&mut self) -> Write {
        if self.random.below(40) > 0 {
            self.last_commit = self.last_commit.next();
        }
        Write::LogCommit { position: self.last_commit }
    }

    fn begin(&mut self) -> Write {
        let id = if self.random.below(40) == 0 { self.pick(20) } else { self.next_execution };
        self.next_execution = self.next_execution.max(id + 1 + self.pick(2));
        let name = if self.random.below(40) == 0 { self.pick(20) } else { id };
        let mut record = execution(id, 1 + self.pick(4), &format!("e{name}"));
        record.trace_header = (self.random.below(5) == 0).then(|| "Root=1".into());
        record.version = (self.random.below(3) == 0).then(|| VersionNumber(1 + self.pick(2)));
        record.alias = record.version.filter(|_| self.random.below(2) == 0).map(|_| "alias-1".into());
        record.profile = (self.random.below(9) == 0).then(|| "case".into());
        record.summary = self.summary();
        self.executions.push(Made { id, events: 0, shown: 0 });
        let chunk = self.chunk(self.executions.len() - 1);
        let machine = record.state_machine.0;
        let seen = self.machines.get(&machine).copied().filter(|_| self.random.below(3) == 0);
        let machine_revision = if self.random.below(60) == 0 { Some(9_999) } else { seen };
        Write::Begin { execution: record, chunk, machine_revision }
    }

    fn append(&mut self) -> Write {
        let at = self.random.below(self.executions.len() as u64) as usize;
        let execution = ExecutionId(self.executions[at].id);
        let mut chunk = self.chunk(at);
        if self.random.below(40) == 0 {
            chunk.first += self.random.below(3);
        }
        let summary = (self.random.below(2) == 0).then(|| self.summary());
        Write::Append { execution, chunk, summary }
    }

    /// The next events of an execution, some of them hidden.
    fn chunk(&mut self, at: usize) -> Chunk {
        let shown = self.random.below(4);
        let count = shown + self.random.below(2) + u64::from(shown == 0);
        let size = [3, 600, 1_500, 9_000][self.random.below(4) as usize];
        let seed = self.random.below(256) as u8;
        let made = &mut self.executions[at];
        let chunk = Chunk {
            first: made.events,
            count,
            first_id: EventId(made.shown + 1),
            last_id: EventId(made.shown + shown),
            events: (0..size).map(|at: u32| seed ^ (at % 50) as u8).collect(),
        };
        made.events += count;
        made.shown += shown;
        chunk
    }

    fn summary(&mut self) -> Summary {
        let statuses = [Status::Succeeded, Status::Failed, Status::TimedOut, Status::Aborted];
        let over = self.random.below(3) == 0;
        Summary {
            status: if over { statuses[self.random.below(4) as usize] } else { Status::Running },
            stopped_at: over.then(|| Timestamp(self.pick(1_000))),
            wake_at: (self.random.below(2) == 0).then(|| Timestamp(self.pick(30))),
            open_tasks: self.random.below(3) == 0,
            ready: self.random.below(5) == 0,
        }
    }

    fn state_machine(&mut self) -> Write {
        let id = 1 + self.pick(6);
        let mut machine = state_machine(id);
        if self.random.below(10) == 0 {
            machine.arn = state_machine(1 + self.pick(6)).arn;
        }
        machine.tags = Value::object([("n", Value::int(self.pick(100)))]);
        machine.last_version = VersionNumber(self.pick(9));
        let seen = self.machines.get(&id).copied();
        self.machines.insert(id, Expected::of(seen).next());
        let seen = self.perhaps_wrong(seen);
        put_machine(machine, seen)
    }

    fn delete_machine(&mut self) -> Write {
        let (id, revision) = self.known(|made| &made.machines);
        self.machines.remove(&id);
        self.aliases.retain(|_, (machine, _)| *machine != id);
        Write::DeleteStateMachine { id: StateMachineId(id), revision }
    }

    fn alias(&mut self) -> Write {
        let (id, machine) = (self.pick(9), 1 + self.pick(6));
        let mut alias = alias(id, machine);
        if self.random.below(10) == 0 {
            alias.name = format!("alias-{}", self.pick(9)).into();
        }
        let seen = self.aliases.get(&id).map(|(_, revision)| *revision);
        self.aliases.insert(id, (machine, Expected::of(seen).next()));
        let seen = self.perhaps_wrong(seen);
        put_alias(alias, seen)
    }

    fn delete_alias(&mut self) -> Write {
        let known = self.aliases.iter().next_back().map(|(id, (_, revision))| (*id, *revision));
        let (id, revision) = known.unwrap_or((3, 1));
        self.aliases.remove(&id);
        Write::DeleteAlias { id: AliasId(id), revision }
    }

    fn activity(&mut self) -> Write {
        let id = 1 + self.pick(6);
        let mut activity = activity(id);
        if self.random.below(10) == 0 {
            activity.arn = super::activity(1 + self.pick(6)).arn;
        }
        let seen = self.activities.get(&id).copied();
        self.activities.insert(id, Expected::of(seen).next());
        let seen = self.perhaps_wrong(seen);
        put_activity(activity, seen)
    }

    fn delete_activity(&mut self) -> Write {
        let (id, revision) = self.known(|made| &made.activities);
        self.activities.remove(&id);
        Write::DeleteActivity { id: ActivityId(id), revision }
    }

    /// A record there is, with its revision; now and then one there is not.
    fn known(&mut self, of: impl Fn(&Self) -> &BTreeMap<i64, u64>) -> (i64, u64) {
        let id = self.pick(6);
        (id, of(self).get(&id).copied().unwrap_or(1))
    }

    fn perhaps_wrong(&mut self, seen: Option<u64>) -> Option<u64> {
        match self.random.below(20) {
            0 => None,
            1 => Some(seen.unwrap_or(1) + 1),
            _ => seen,
        }
    }

    fn record_id(&mut self) -> i64 {
        if self.random.below(10) > 0 {
            self.next_record += 1;
        }
        self.next_record
    }

    fn pick(&mut self, below: u64) -> i64 {
        self.random.below(below).cast_signed()
    }
}
