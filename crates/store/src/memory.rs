//! A store that keeps everything in memory: for throwaway runs (`--in-memory`) and for tests.
//!
//! What it answers is what the durable stores answer; the same suite holds for all. A batch is applied
//! write by write; when one is refused, the ones before it are undone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use asl::Text;
use engine::{EventId, Status, Timestamp};

use crate::commit_log::{CommitPosition, Committed, LoggedCommit};
use crate::lane::{Lanes, SessionId, Ticket};
use crate::partition::{PartitionSet, Partitions};
use crate::record::{
    Activity, ActivityId, Alias, AliasId, Chunk, Definition, DefinitionId, ExecutionFilter, ExecutionId,
    ExecutionRecord, Expected, LastIds, Listing, Page, StateMachine, StateMachineId, Summary, Version, VersionNumber,
    Write, stale_machines,
};
use crate::{Commit, Conflict, DueWork, Executions, RecordId, Records, Store, StoreError};

/// The store in memory. What it holds is gone with it.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: RwLock<MemoryState>,
}

impl MemoryStore {
    /// An empty store with the usual number of partitions.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store with that many partitions.
    pub fn with_partitions(partitions: Partitions) -> Self {
        Self { state: RwLock::new(MemoryState { partitions, ..MemoryState::default() }) }
    }

    // A panic while the lock was held cannot leave a batch half applied: applying does not panic.
    fn read(&self) -> RwLockReadGuard<'_, MemoryState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, MemoryState> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Commit for MemoryStore {
    fn commit(&self, ticket: &Ticket, batch: &[Write]) -> Result<(), StoreError> {
        let mut state = self.write();
        state.lanes.check(ticket)?;
        state.check_revisions(batch)?;
        state.apply_all(batch).map_err(StoreError::Conflict)?;
        state.lanes.advance(ticket);
        Ok(())
    }

    fn open_lane(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError> {
        Ok(self.write().lanes.open(session, lane))
    }

    fn settle(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError> {
        self.read().lanes.base(session, lane)
    }
}

impl Executions for MemoryStore {
    fn executions_by_arn(&self, arns: &[Text]) -> Result<Vec<Option<ExecutionRecord>>, StoreError> {
        let state = self.read();
        let entry = |arn| state.execution_arns.get(arn).and_then(|id| state.executions.get(id));
        Ok(arns.iter().map(|arn| entry(arn).map(|entry| entry.record.clone())).collect())
    }

    fn executions(&self, ids: &[ExecutionId]) -> Result<Vec<Option<ExecutionRecord>>, StoreError> {
        let state = self.read();
        Ok(ids.iter().map(|id| state.executions.get(id).map(|entry| entry.record.clone())).collect())
    }

    fn chunks_of(&self, ids: &[ExecutionId]) -> Result<Vec<Vec<Chunk>>, StoreError> {
        let state = self.read();
        let chunks = |id| state.executions.get(id).map(|entry| entry.chunks.clone());
        Ok(ids.iter().map(|id| chunks(id).unwrap_or_default()).collect())
    }

    fn first_chunk(&self, id: ExecutionId) -> Result<Option<Chunk>, StoreError> {
        Ok(self.read().executions.get(&id).and_then(|entry| entry.chunks.first()).cloned())
    }

    fn last_chunk(&self, id: ExecutionId) -> Result<Option<Chunk>, StoreError> {
        let state = self.read();
        let Some(entry) = state.executions.get(&id) else { return Ok(None) };
        let shown = entry.chunks.iter().rfind(|chunk| chunk.has_shown_events());
        Ok(shown.or(entry.chunks.first()).cloned())
    }

    fn chunks_between(&self, id: ExecutionId, from: EventId, to: EventId) -> Result<Vec<Chunk>, StoreError> {
        let state = self.read();
        let Some(entry) = state.executions.get(&id) else { return Ok(Vec::new()) };
        let start = entry.chunks.partition_point(|chunk| chunk.last_id < from);
        Ok(entry.chunks[start..].iter().take_while(|chunk| chunk.first_id <= to).cloned().collect())
    }

    fn list_executions(&self, filter: &ExecutionFilter, page: &Page) -> Result<Listing<ExecutionRecord>, StoreError> {
        let state = self.read();
        // What is running is asked for most, and is few among many.
        let among = if filter.status == Some(Status::Running) { &state.running } else { &state.by_machine };
        let Some(ids) = among.get(&filter.state_machine) else { return Ok(listing([], page.limit, id_of)) };
        let matching = ids.range(before(page, ExecutionId)).rev().filter_map(|id| state.executions.get(id));
        let matching = matching.map(|entry| &entry.record);
        let wanted = matching
            .filter(|record| filter.status.is_none_or(|status| record.summary.status == status))
            .filter(|record| filter.started_with.as_ref().is_none_or(|with| with.matches(record)));
        Ok(listing(wanted, page.limit, id_of))
    }

    fn count_running(&self, state_machine: StateMachineId) -> Result<u64, StoreError> {
        Ok(self.read().running.get(&state_machine).map_or(0, |ids| ids.len() as u64))
    }

    fn last_execution_id(&self, among: &PartitionSet) -> Result<ExecutionId, StoreError> {
        let state = self.read();
        let greatest = state.executions.keys().copied().filter(|id| among.contains(*id)).max();
        Ok(greatest.unwrap_or_default())
    }

    fn committed_after(&self, position: CommitPosition, limit: usize) -> Result<Vec<LoggedCommit>, StoreError> {
        let state = self.read();
        let after = state.commits.range((Bound::Excluded(position), Bound::Unbounded)).take(limit);
        Ok(after
            .map(|(position, committed)| LoggedCommit { position: *position, committed: committed.clone() })
            .collect())
    }

    fn last_commit_position(&self) -> Result<CommitPosition, StoreError> {
        Ok(self.read().commits.last_key_value().map(|(position, _)| *position).unwrap_or_default())
    }
}

impl DueWork for MemoryStore {
    fn due(
        &self,
        among: &PartitionSet,
        until: Timestamp,
        after: Option<(Timestamp, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Timestamp, ExecutionId)>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.read();
        let due = state.due.range((from, Bound::Unbounded)).copied();
        Ok(due.take_while(|(at, _)| *at <= until).filter(|(_, id)| among.contains(*id)).take(limit).collect())
    }

    fn unsettled(
        &self,
        among: &PartitionSet,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<(ExecutionId, Summary)>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let state = self.read();
        let ids = state.unsettled.range((from, Bound::Unbounded)).filter(|id| among.contains(**id)).take(limit);
        Ok(ids.filter_map(|id| Some((*id, state.executions.get(id)?.record.summary))).collect())
    }
}

impl Records for MemoryStore {
    fn state_machine(&self, arn: &str) -> Result<Option<StateMachine>, StoreError> {
        let state = self.read();
        Ok(state.state_machine_arns.get(arn).and_then(|id| state.state_machines.get(id)).cloned())
    }

    fn list_state_machines(&self, page: &Page) -> Result<Listing<StateMachine>, StoreError> {
        let state = self.read();
        let machines = state.state_machines.range(before(page, StateMachineId)).rev().map(|(_, machine)| machine);
        Ok(listing(machines, page.limit, |machine| machine.id.0))
    }

    fn definition(&self, id: DefinitionId) -> Result<Option<Definition>, StoreError> {
        Ok(self.read().definitions.get(&id).cloned())
    }

    fn versions(&self, state_machine: StateMachineId) -> Result<Vec<Version>, StoreError> {
        Ok(self.read().versions_of(state_machine).cloned().collect())
    }

    fn aliases(&self, state_machine: StateMachineId) -> Result<Vec<Alias>, StoreError> {
        let state = self.read();
        Ok(state.aliases.values().filter(|alias| alias.state_machine == state_machine).cloned().collect())
    }

    fn activity(&self, arn: &str) -> Result<Option<Activity>, StoreError> {
        let state = self.read();
        Ok(state.activity_arns.get(arn).and_then(|id| state.activities.get(id)).cloned())
    }

    fn list_activities(&self, page: &Page) -> Result<Listing<Activity>, StoreError> {
        let state = self.read();
        let activities = state.activities.range(after(page, ActivityId)).map(|(_, activity)| activity);
        Ok(listing(activities, page.limit, |activity| activity.id.0))
    }

    fn last_record_ids(&self) -> Result<LastIds, StoreError> {
        Ok(self.read().last)
    }

    fn partitions(&self) -> Result<Partitions, StoreError> {
        Ok(self.read().partitions)
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.read().meta.get(name).cloned())
    }
}

impl Store for MemoryStore {
    fn describe(&self) -> Text {
        Text::from("memory (nothing is kept)")
    }
}

fn id_of(record: &ExecutionRecord) -> i64 {
    record.id.0
}

/// The numbers a page reads from, upwards.
fn after<Id>(page: &Page, id: fn(i64) -> Id) -> (Bound<Id>, Bound<Id>) {
    (page.after.map_or(Bound::Unbounded, |after| Bound::Excluded(id(after))), Bound::Unbounded)
}

/// The numbers a page reads from, downwards.
fn before<Id>(page: &Page, id: fn(i64) -> Id) -> (Bound<Id>, Bound<Id>) {
    (Bound::Unbounded, page.after.map_or(Bound::Unbounded, |after| Bound::Excluded(id(after))))
}

/// One page of `found`, which is in the order of the listing.
fn listing<'a, T: Clone + 'a>(
    found: impl IntoIterator<Item = &'a T>,
    limit: usize,
    position: impl Fn(&T) -> i64,
) -> Listing<T> {
    let mut found = found.into_iter();
    let items: Vec<T> = found.by_ref().take(limit).cloned().collect();
    let next = items.last().map(position).filter(|_| found.next().is_some());
    Listing { items, next }
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

/// Everything stored, and what is derived from it.
#[derive(Debug, Default)]
struct MemoryState {
    partitions: Partitions,
    lanes: Lanes,
    state_machines: BTreeMap<StateMachineId, StateMachine>,
    state_machine_arns: HashMap<Text, StateMachineId>,
    definitions: BTreeMap<DefinitionId, Definition>,
    versions: BTreeMap<(StateMachineId, VersionNumber), Version>,
    aliases: BTreeMap<AliasId, Alias>,
    alias_names: HashMap<(StateMachineId, Text), AliasId>,
    activities: BTreeMap<ActivityId, Activity>,
    activity_arns: HashMap<Text, ActivityId>,
    meta: HashMap<Text, Vec<u8>>,
    executions: HashMap<ExecutionId, Entry>,
    execution_arns: HashMap<Text, ExecutionId>,
    by_machine: HashMap<StateMachineId, BTreeSet<ExecutionId>>,
    running: HashMap<StateMachineId, BTreeSet<ExecutionId>>,
    due: BTreeSet<(Timestamp, ExecutionId)>,
    unsettled: BTreeSet<ExecutionId>,
    commits: BTreeMap<CommitPosition, Vec<Committed>>,
    last: LastIds,
}

#[derive(Debug)]
struct Entry {
    record: ExecutionRecord,
    chunks: Vec<Chunk>,
}

impl Entry {
    fn event_count(&self) -> u64 {
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
    fn check_revisions(&self, batch: &[Write]) -> Result<(), StoreError> {
        let revision_of = |id| Ok(self.state_machines.get(&id).map(|machine| machine.revision));
        let stale = stale_machines(batch, revision_of)?;
        if stale.is_empty() { Ok(()) } else { Err(StoreError::Stale(stale)) }
    }

    fn apply_all(&mut self, batch: &[Write]) -> Result<(), Conflict> {
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

    fn versions_of(&self, machine: StateMachineId) -> impl Iterator<Item = &Version> {
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

#[cfg(test)]
mod tests {
    use super::*;

    crate::store_suite!(|| Box::new(MemoryStore::new()));

    #[test]
    fn describe_says_that_nothing_is_kept() {
        assert!(MemoryStore::new().describe().contains("nothing is kept"));
    }
}
