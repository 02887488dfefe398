//! What the store in memory holds, and how a batch is applied to it: write by write, and where one is refused, the ones
//! before it are undone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use asl::Text;
use engine::{Status, Timestamp};

use crate::commit_log::{CommitPosition, Committed};
use crate::lane::Lanes;
use crate::partition::Partitions;
use crate::record::{
    Activity, ActivityId, Alias, AliasId, Chunk, Definition, DefinitionId, ExecutionId, ExecutionRecord, Expected,
    LastIds, StateMachine, StateMachineId, Summary, Version, VersionNumber, Write, stale_machines,
};
use crate::{Conflict, RecordId, StoreError};

/// Everything stored, and what is derived from it.
#[derive(Debug, Default)]
pub(super) struct MemoryState {
    pub(super) partitions: Partitions,
    pub(super) lanes: Lanes,
    pub(super) state_machines: BTreeMap<StateMachineId, StateMachine>,
    pub(super) state_machine_arns: BTreeMap<Text, StateMachineId>,
    pub(super) definitions: BTreeMap<DefinitionId, Definition>,
    pub(super) versions: BTreeMap<(StateMachineId, VersionNumber), Version>,
    pub(super) aliases: BTreeMap<AliasId, Alias>,
    pub(super) alias_names: HashMap<(StateMachineId, Text), AliasId>,
    pub(super) activities: BTreeMap<ActivityId, Activity>,
    pub(super) activity_arns: HashMap<Text, ActivityId>,
    pub(super) meta: HashMap<Text, Vec<u8>>,
    pub(super) executions: HashMap<ExecutionId, Entry>,
    pub(super) execution_arns: HashMap<Text, ExecutionId>,
    pub(super) by_machine: HashMap<StateMachineId, BTreeSet<ExecutionId>>,
    pub(super) running: HashMap<StateMachineId, BTreeSet<ExecutionId>>,
    pub(super) due: BTreeSet<(Timestamp, ExecutionId)>,
    pub(super) unsettled: BTreeSet<ExecutionId>,
    pub(super) commits: BTreeMap<CommitPosition, Vec<Committed>>,
    pub(super) last: LastIds,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) record: ExecutionRecord,
    pub(super) chunks: Vec<Chunk>,
}

impl Entry {
    pub(super) fn event_count(&self) -> u64 {
        self.chunks.last().map_or(0, Chunk::end)
    }
}

/// How to take back one write.
enum Undo {
    StateMachine(StateMachineId, Option<StateMachine>),
    DeleteStateMachine {
        id: StateMachineId,
        machine: Option<StateMachine>,
        versions: Vec<Version>,
        aliases: Vec<Alias>,
    },
    Definition(DefinitionId),
    Version((StateMachineId, VersionNumber), Option<Version>),
    Alias(AliasId, Option<Alias>),
    Activity(ActivityId, Option<Activity>),
    Meta(Text, Option<Vec<u8>>),
    Begin(ExecutionId),
    Append(ExecutionId, Summary),
    LogCommit(CommitPosition),
    TrimCommits(BTreeMap<CommitPosition, Vec<Committed>>),
}

impl MemoryState {
    /// Refuses starts that were decided on another revision of their state machine.
    pub(super) fn check_revisions(&self, batch: &[Write]) -> Result<(), StoreError> {
        let revision_of = |id| Ok(self.state_machines.get(&id).map(|machine| machine.revision));
        let stale = stale_machines(batch, revision_of)?;
        if stale.is_empty() { Ok(()) } else { Err(StoreError::Stale(stale)) }
    }

    pub(super) fn apply_all(&mut self, batch: &[Write]) -> Result<(), Conflict> {
        let last = self.last;
        let mut undo = Vec::with_capacity(batch.len());
        for write in batch {
            match self.apply(write, batch) {
                Ok(step) => undo.push(step),
                Err(conflict) => {
                    undo.into_iter().rev().for_each(|step| self.undo(step));
                    self.last = last;
                    return Err(conflict);
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, write: &Write, batch: &[Write]) -> Result<Undo, Conflict> {
        match write {
            Write::StateMachine { record, expected } => self.state_machine(record, *expected),
            Write::DeleteStateMachine { id, revision } => {
                self.check_machine(*id, Expected::Revision(*revision))?;
                Ok(self.delete_state_machine(*id))
            }
            Write::Definition(definition) => {
                if self.definitions.contains_key(&definition.id) {
                    return Err(Conflict::DefinitionExists { definition: definition.id });
                }
                self.last.definition = self.last.definition.max(definition.id);
                self.definitions.insert(definition.id, definition.clone());
                Ok(Undo::Definition(definition.id))
            }
            Write::Version(version) => {
                let (state_machine, number) = (version.state_machine, version.number);
                let key = (state_machine, number);
                if self.versions.contains_key(&key) {
                    return Err(Conflict::VersionExists { state_machine, number });
                }
                Ok(Undo::Version(key, self.versions.insert(key, version.clone())))
            }
            Write::DeleteVersion(machine, number) => {
                let key = (*machine, *number);
                Ok(Undo::Version(key, self.versions.remove(&key)))
            }
            Write::Alias { record, expected } => self.alias(record, *expected),
            Write::DeleteAlias { id, revision } => {
                self.check_alias(*id, Expected::Revision(*revision))?;
                Ok(Undo::Alias(*id, self.set_alias(*id, None)))
            }
            Write::Activity { record, expected } => self.activity(record, *expected),
            Write::DeleteActivity { id, revision } => {
                self.check_activity(*id, Expected::Revision(*revision))?;
                Ok(Undo::Activity(*id, self.set_activity(*id, None)))
            }
            Write::Meta { name, value } => {
                let old = self.meta.insert(name.clone(), value.clone());
                Ok(Undo::Meta(name.clone(), old))
            }
            Write::MetaIfAbsent { name, value } => {
                let old = self.meta.get(name).cloned();
                self.meta.entry(name.clone()).or_insert_with(|| value.clone());
                Ok(Undo::Meta(name.clone(), old))
            }
            Write::Begin { execution, chunk, .. } => self.begin(execution, chunk),
            Write::Append { execution, chunk, summary } => self.append(*execution, chunk, summary.as_ref()),
            Write::LogCommit { position } => self.log_commit(*position, batch),
            Write::TrimCommits { up_to } => Ok(self.trim_commits(*up_to)),
        }
    }

    fn log_commit(&mut self, position: CommitPosition, batch: &[Write]) -> Result<Undo, Conflict> {
        if self.commits.contains_key(&position) {
            return Err(Conflict::CommitLogged { position });
        }
        self.commits.insert(position, batch.iter().filter_map(Committed::of).collect());
        Ok(Undo::LogCommit(position))
    }

    fn trim_commits(&mut self, up_to: CommitPosition) -> Undo {
        let last = self.commits.last_key_value().map_or(up_to, |(position, _)| *position);
        let kept = self.commits.split_off(&last.min(up_to.next()));
        Undo::TrimCommits(std::mem::replace(&mut self.commits, kept))
    }

    fn check_machine(&self, id: StateMachineId, expected: Expected) -> Result<(), Conflict> {
        let found = self.state_machines.get(&id).map(|machine| machine.revision);
        as_expected(RecordId::StateMachine(id), expected, found)
    }

    fn check_alias(&self, id: AliasId, expected: Expected) -> Result<(), Conflict> {
        as_expected(RecordId::Alias(id), expected, self.aliases.get(&id).map(|alias| alias.revision))
    }

    fn check_activity(&self, id: ActivityId, expected: Expected) -> Result<(), Conflict> {
        as_expected(RecordId::Activity(id), expected, self.activities.get(&id).map(|activity| activity.revision))
    }

    fn state_machine(&mut self, machine: &StateMachine, expected: Expected) -> Result<Undo, Conflict> {
        let id = machine.id;
        self.check_machine(id, expected)?;
        if self.state_machine_arns.get(&machine.arn).is_some_and(|other| *other != id) {
            return Err(Conflict::NameTaken { record: RecordId::StateMachine(id), name: machine.arn.clone() });
        }
        self.last.state_machine = self.last.state_machine.max(id);
        let machine = StateMachine { revision: expected.next(), ..machine.clone() };
        Ok(Undo::StateMachine(id, self.set_state_machine(id, Some(machine))))
    }

    fn alias(&mut self, alias: &Alias, expected: Expected) -> Result<Undo, Conflict> {
        let id = alias.id;
        self.check_alias(id, expected)?;
        let key = (alias.state_machine, alias.name.clone());
        if self.alias_names.get(&key).is_some_and(|other| *other != id) {
            return Err(Conflict::NameTaken { record: RecordId::Alias(id), name: key.1 });
        }
        self.last.alias = self.last.alias.max(id);
        let alias = Alias { revision: expected.next(), ..alias.clone() };
        Ok(Undo::Alias(id, self.set_alias(id, Some(alias))))
    }

    fn activity(&mut self, activity: &Activity, expected: Expected) -> Result<Undo, Conflict> {
        let id = activity.id;
        self.check_activity(id, expected)?;
        if self.activity_arns.get(&activity.arn).is_some_and(|other| *other != id) {
            return Err(Conflict::NameTaken { record: RecordId::Activity(id), name: activity.arn.clone() });
        }
        self.last.activity = self.last.activity.max(id);
        let activity = Activity { revision: expected.next(), ..activity.clone() };
        Ok(Undo::Activity(id, self.set_activity(id, Some(activity))))
    }

    fn begin(&mut self, record: &ExecutionRecord, chunk: &Chunk) -> Result<Undo, Conflict> {
        if chunk.first != 0 {
            return Err(Conflict::ChunkOutOfOrder { execution: record.id, stored: 0, given: chunk.first });
        }
        if self.executions.contains_key(&record.id) {
            return Err(Conflict::ExecutionNumberTaken { execution: record.id });
        }
        if self.execution_arns.contains_key(&record.arn) {
            return Err(Conflict::ExecutionExists { arn: record.arn.clone() });
        }
        self.execution_arns.insert(record.arn.clone(), record.id);
        self.by_machine.entry(record.state_machine).or_default().insert(record.id);
        self.note(record.state_machine, record.id, &record.summary);
        self.executions.insert(record.id, Entry { record: record.clone(), chunks: vec![chunk.clone()] });
        Ok(Undo::Begin(record.id))
    }

    fn append(&mut self, id: ExecutionId, chunk: &Chunk, summary: Option<&Summary>) -> Result<Undo, Conflict> {
        let entry = self.executions.get_mut(&id).ok_or(Conflict::ExecutionMissing { execution: id })?;
        let stored = entry.event_count();
        if chunk.first != stored {
            return Err(Conflict::ChunkOutOfOrder { execution: id, stored, given: chunk.first });
        }
        entry.chunks.push(chunk.clone());
        let old = entry.record.summary;
        if let Some(summary) = summary {
            self.set_summary(id, *summary);
        }
        Ok(Undo::Append(id, old))
    }

    fn undo(&mut self, step: Undo) {
        match step {
            Undo::StateMachine(id, old) => drop(self.set_state_machine(id, old)),
            Undo::Activity(id, old) => drop(self.set_activity(id, old)),
            Undo::DeleteStateMachine { id, machine, versions, aliases } => {
                self.set_state_machine(id, machine);
                self.versions.extend(versions.into_iter().map(|version| ((id, version.number), version)));
                aliases.into_iter().for_each(|alias| drop(self.set_alias(alias.id, Some(alias))));
            }
            Undo::Definition(id) => drop(self.definitions.remove(&id)),
            Undo::Version(key, Some(old)) => drop(self.versions.insert(key, old)),
            Undo::Version(key, None) => drop(self.versions.remove(&key)),
            Undo::Alias(id, old) => drop(self.set_alias(id, old)),
            Undo::Meta(name, Some(old)) => drop(self.meta.insert(name, old)),
            Undo::Meta(name, None) => drop(self.meta.remove(&name)),
            Undo::Begin(id) => self.remove_execution(id),
            Undo::LogCommit(position) => drop(self.commits.remove(&position)),
            Undo::TrimCommits(trimmed) => self.commits.extend(trimmed),
            Undo::Append(id, summary) => {
                if let Some(entry) = self.executions.get_mut(&id) {
                    entry.chunks.pop();
                }
                self.set_summary(id, summary);
            }
        }
    }

    fn set_state_machine(&mut self, id: StateMachineId, machine: Option<StateMachine>) -> Option<StateMachine> {
        let old = self.state_machines.remove(&id);
        if let Some(old) = &old {
            self.state_machine_arns.remove(&old.arn);
        }
        if let Some(machine) = machine {
            self.state_machine_arns.insert(machine.arn.clone(), id);
            self.state_machines.insert(id, machine);
        }
        old
    }

    fn delete_state_machine(&mut self, id: StateMachineId) -> Undo {
        let versions: Vec<Version> = self.versions_of(id).cloned().collect();
        for version in &versions {
            self.versions.remove(&(id, version.number));
        }
        let of_machine = self.aliases.values().filter(|alias| alias.state_machine == id);
        let ids: Vec<AliasId> = of_machine.map(|alias| alias.id).collect();
        let aliases = ids.into_iter().filter_map(|alias| self.set_alias(alias, None)).collect();
        Undo::DeleteStateMachine { id, machine: self.set_state_machine(id, None), versions, aliases }
    }

    pub(super) fn versions_of(&self, machine: StateMachineId) -> impl Iterator<Item = &Version> {
        let all = (machine, VersionNumber(i64::MIN))..=(machine, VersionNumber(i64::MAX));
        self.versions.range(all).map(|(_, version)| version)
    }

    fn set_alias(&mut self, id: AliasId, alias: Option<Alias>) -> Option<Alias> {
        let old = self.aliases.remove(&id);
        if let Some(old) = &old {
            self.alias_names.remove(&(old.state_machine, old.name.clone()));
        }
        if let Some(alias) = alias {
            self.alias_names.insert((alias.state_machine, alias.name.clone()), id);
            self.aliases.insert(id, alias);
        }
        old
    }

    fn set_activity(&mut self, id: ActivityId, activity: Option<Activity>) -> Option<Activity> {
        let old = self.activities.remove(&id);
        if let Some(old) = &old {
            self.activity_arns.remove(&old.arn);
        }
        if let Some(activity) = activity {
            self.activity_arns.insert(activity.arn.clone(), id);
            self.activities.insert(id, activity);
        }
        old
    }

    fn set_summary(&mut self, id: ExecutionId, summary: Summary) {
        let Some(entry) = self.executions.get_mut(&id) else { return };
        let machine = entry.record.state_machine;
        let old = std::mem::replace(&mut entry.record.summary, summary);
        self.forget(machine, id, &old);
        self.note(machine, id, &summary);
    }

    fn remove_execution(&mut self, id: ExecutionId) {
        let Some(Entry { record, .. }) = self.executions.remove(&id) else { return };
        self.execution_arns.remove(&record.arn);
        self.forget(record.state_machine, id, &record.summary);
        remove_id(&mut self.by_machine, record.state_machine, id);
    }

    /// Enters a summary into what is derived from summaries.
    fn note(&mut self, machine: StateMachineId, id: ExecutionId, summary: &Summary) {
        if summary.open_tasks || summary.ready {
            self.unsettled.insert(id);
        }
        if summary.status != Status::Running {
            return;
        }
        self.running.entry(machine).or_default().insert(id);
        if let Some(at) = summary.wake_at {
            self.due.insert((at, id));
        }
    }

    /// Takes a summary out of what is derived from summaries.
    fn forget(&mut self, machine: StateMachineId, id: ExecutionId, summary: &Summary) {
        self.unsettled.remove(&id);
        if summary.status != Status::Running {
            return;
        }
        remove_id(&mut self.running, machine, id);
        if let Some(at) = summary.wake_at {
            self.due.remove(&(at, id));
        }
    }
}

fn remove_id(ids: &mut HashMap<StateMachineId, BTreeSet<ExecutionId>>, machine: StateMachineId, id: ExecutionId) {
    let Some(of_machine) = ids.get_mut(&machine) else { return };
    of_machine.remove(&id);
    if of_machine.is_empty() {
        ids.remove(&machine);
    }
}

/// Refuses a write whose writer saw something else.
fn as_expected(record: RecordId, expected: Expected, found: Option<u64>) -> Result<(), Conflict> {
    if Expected::of(found) == expected { Ok(()) } else { Err(Conflict::RecordChanged { record, expected, found }) }
}
