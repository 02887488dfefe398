//! A store that keeps everything in memory: for throwaway runs (`--in-memory`) and for tests.
//!
//! What it answers is what the durable stores answer; the same suite holds for all. A batch is applied
//! write by write; when one is refused, the ones before it are undone.

use std::ops::{Bound, ControlFlow};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use asl::Text;
use engine::{Status, Timestamp};

use crate::commit_log::{CommitPosition, LoggedCommit};
use crate::lane::{SessionId, Ticket};
use crate::partition::{PartitionSet, Partitions};
use crate::record::{
    Activity, ActivityId, Alias, Chunk, Definition, DefinitionId, EventRange, ExecutionFilter, ExecutionId,
    ExecutionRecord, LastIds, Listing, Order, Page, StateMachine, StateMachineId, Summary, Version, Write,
};
use crate::{Commit, DueWork, Executions, Records, Store, StoreError};

mod state;

use self::state::MemoryState;

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

    fn visit_chunks(
        &self,
        id: ExecutionId,
        events: EventRange,
        order: Order,
        see: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let state = self.read();
        let Some(entry) = state.executions.get(&id) else { return Ok(()) };
        let start = entry.chunks.partition_point(|chunk| chunk.last_id < events.from);
        let end = entry.chunks.partition_point(|chunk| chunk.first_id <= events.to).max(start);
        let mut wanted = entry.chunks[start..end].iter().cloned();
        // Both end where `see` breaks off, which is no failure.
        let _ = match order {
            Order::Forward => wanted.try_for_each(see),
            Order::Backward => wanted.rev().try_for_each(see),
        };
        Ok(())
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

    fn list_state_machines(&self, page: &Page<Text>) -> Result<Listing<StateMachine, Text>, StoreError> {
        let state = self.read();
        let after = page.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let numbers = state.state_machine_arns.range::<str, _>((after, Bound::Unbounded));
        let machines = numbers.filter_map(|(_, id)| state.state_machines.get(id));
        Ok(listing(machines, page.limit, |machine| machine.arn.clone()))
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
fn listing<'a, T: Clone + 'a, P>(
    found: impl IntoIterator<Item = &'a T>,
    limit: usize,
    position: impl Fn(&T) -> P,
) -> Listing<T, P> {
    let mut found = found.into_iter();
    let items: Vec<T> = found.by_ref().take(limit).cloned().collect();
    let next = items.last().map(position).filter(|_| found.next().is_some());
    Listing { items, next }
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
