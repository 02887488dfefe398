//! A store that fails on demand: before the write, after it, or for want of room.
//!
//! "After" is the one that finds mistakes: the caller hears of a failure, and the write is there. It also counts what is
//! read of executions.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use asl::Text;
use engine::Timestamp;

use crate::commit_log::{CommitPosition, LoggedCommit};
use crate::lane::{SessionId, Ticket};
use crate::partition::{PartitionSet, Partitions};
use crate::record::{
    Activity, Alias, Chunk, Definition, DefinitionId, EventRange, ExecutionFilter, ExecutionId, ExecutionRecord,
    LastIds, Listing, Order, Page, StateMachine, StateMachineId, Summary, Version, Write,
};
use crate::{Commit, DueWork, Executions, Records, Store, StoreError};

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It is passed on.
    #[default]
    Pass,
    /// It fails with [`StoreError::Failed`]; nothing was written.
    FailBefore,
    /// It is passed on and, where it succeeds, reported as [`StoreError::Failed`] all the same.
    FailAfter,
    /// As [`Fate::FailAfter`], and the first attempt to settle it fails too: nobody knows whether it happened.
    Unanswered,
    /// It fails with [`StoreError::Full`]; nothing was written.
    Full,
}

/// Decides the fate of each commit, from its number (from 0) and its writes.
pub type Plan = Box<dyn FnMut(u64, &[Write]) -> Fate + Send>;

/// The failure a [`Faulty`] store makes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the test wanted commit {commit} to fail")]
pub struct Injected {
    /// Which commit.
    pub commit: u64,
}

/// Wraps a store. Reads pass through; commits meet the fate the plan has for them. The inner store is
/// shared, so that a test can drop the wrapper, as a crash would, and go on with what was stored.
pub struct Faulty<S: ?Sized> {
    inner: Arc<S>,
    plan: Mutex<Plan>,
    settling_fails: AtomicBool,
    commits: AtomicU64,
    reads: Reads,
}

/// How much was read of executions.
#[derive(Debug, Default)]
struct Reads {
    records: AtomicU64,
    chunks: AtomicU64,
}

impl Reads {
    fn note_records(&self, found: Vec<Option<ExecutionRecord>>) -> Result<Vec<Option<ExecutionRecord>>, StoreError> {
        self.add_records(found.iter().flatten().count());
        Ok(found)
    }

    fn add_records(&self, count: usize) {
        self.records.fetch_add(count as u64, Ordering::SeqCst);
    }

    fn add_chunks(&self, count: usize) {
        self.chunks.fetch_add(count as u64, Ordering::SeqCst);
    }
}

impl<S: Store + ?Sized> Faulty<S> {
    /// A store whose commits meet the fate that `plan` gives.
    pub fn new(inner: Arc<S>, plan: impl FnMut(u64, &[Write]) -> Fate + Send + 'static) -> Self {
        Self {
            inner,
            plan: Mutex::new(Box::new(plan)),
            commits: AtomicU64::new(0),
            settling_fails: AtomicBool::new(false),
            reads: Reads::default(),
        }
    }

    /// A store whose commits fail by chance, the same for the same seed: `percent` of them, each way of
    /// failing as often as the others.
    pub fn seeded(inner: Arc<S>, seed: u64, percent: u64) -> Self {
        let mut random = Random::new(seed);
        Self::new(inner, move |_, _| {
            if random.below(100) >= percent {
                return Fate::Pass;
            }
            [Fate::FailBefore, Fate::FailAfter, Fate::Unanswered, Fate::Full][random.below(4) as usize]
        })
    }

    /// From now on commits meet the fate that `plan` gives; their numbers go on.
    pub fn set_plan(&self, plan: impl FnMut(u64, &[Write]) -> Fate + Send + 'static) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = Box::new(plan);
    }

    /// The store inside.
    pub fn inner(&self) -> &Arc<S> {
        &self.inner
    }

    /// How many commits were asked for.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    /// How many records and how many chunks of executions were read since this was last asked.
    pub fn take_reads(&self) -> (u64, u64) {
        (self.reads.records.swap(0, Ordering::SeqCst), self.reads.chunks.swap(0, Ordering::SeqCst))
    }
}

/// Small, even and repeatable randomness for tests (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same numbers for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`; 0 where that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(bound).unwrap_or(0)
    }
}

impl<S: Store + ?Sized> Commit for Faulty<S> {
    fn commit(&self, ticket: &Ticket, batch: &[Write]) -> Result<(), StoreError> {
        let commit = self.commits.fetch_add(1, Ordering::SeqCst);
        let fate = self.plan.lock().unwrap_or_else(PoisonError::into_inner)(commit, batch);
        let failed = || StoreError::Failed { action: "commit", source: Box::new(Injected { commit }) };
        match fate {
            Fate::Pass => self.inner.commit(ticket, batch),
            Fate::FailBefore => Err(failed()),
            Fate::FailAfter => self.inner.commit(ticket, batch).and_then(|()| Err(failed())),
            Fate::Unanswered => {
                self.settling_fails.store(true, Ordering::SeqCst);
                self.inner.commit(ticket, batch).and_then(|()| Err(failed()))
            }
            Fate::Full => Err(StoreError::Full),
        }
    }

    fn open_lane(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError> {
        self.inner.open_lane(session, lane)
    }

    fn settle(&self, session: SessionId, lane: u16) -> Result<Ticket, StoreError> {
        if self.settling_fails.swap(false, Ordering::SeqCst) {
            let commit = self.commits();
            return Err(StoreError::Failed { action: "settle a commit", source: Box::new(Injected { commit }) });
        }
        self.inner.settle(session, lane)
    }
}

impl<S: Store + ?Sized> Executions for Faulty<S> {
    fn executions_by_arn(&self, arns: &[Text]) -> Result<Vec<Option<ExecutionRecord>>, StoreError> {
        self.reads.note_records(self.inner.executions_by_arn(arns)?)
    }

    fn executions(&self, ids: &[ExecutionId]) -> Result<Vec<Option<ExecutionRecord>>, StoreError> {
        self.reads.note_records(self.inner.executions(ids)?)
    }

    fn chunks_of(&self, ids: &[ExecutionId]) -> Result<Vec<Vec<Chunk>>, StoreError> {
        let found = self.inner.chunks_of(ids)?;
        self.reads.add_chunks(found.iter().map(Vec::len).sum());
        Ok(found)
    }

    fn first_chunk(&self, id: ExecutionId) -> Result<Option<Chunk>, StoreError> {
        let found = self.inner.first_chunk(id)?;
        self.reads.add_chunks(found.iter().len());
        Ok(found)
    }

    fn last_chunk(&self, id: ExecutionId) -> Result<Option<Chunk>, StoreError> {
        let found = self.inner.last_chunk(id)?;
        self.reads.add_chunks(found.iter().len());
        Ok(found)
    }

    fn visit_chunks(
        &self,
        id: ExecutionId,
        events: EventRange,
        order: Order,
        see: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.inner.visit_chunks(id, events, order, &mut |chunk| {
            self.reads.add_chunks(1);
            see(chunk)
        })
    }

    fn list_executions(&self, filter: &ExecutionFilter, page: &Page) -> Result<Listing<ExecutionRecord>, StoreError> {
        let found = self.inner.list_executions(filter, page)?;
        self.reads.add_records(found.items.len());
        Ok(found)
    }

    fn count_running(&self, state_machine: StateMachineId) -> Result<u64, StoreError> {
        self.inner.count_running(state_machine)
    }

    fn last_execution_id(&self, among: &PartitionSet) -> Result<ExecutionId, StoreError> {
        self.inner.last_execution_id(among)
    }

    fn committed_after(&self, position: CommitPosition, limit: usize) -> Result<Vec<LoggedCommit>, StoreError> {
        self.inner.committed_after(position, limit)
    }

    fn last_commit_position(&self) -> Result<CommitPosition, StoreError> {
        self.inner.last_commit_position()
    }
}

impl<S: Store + ?Sized> DueWork for Faulty<S> {
    fn due(
        &self,
        among: &PartitionSet,
        until: Timestamp,
        after: Option<(Timestamp, ExecutionId)>,
        limit: usize,
    ) -> Result<Vec<(Timestamp, ExecutionId)>, StoreError> {
        self.inner.due(among, until, after, limit)
    }

    fn unsettled(
        &self,
        among: &PartitionSet,
        after: Option<ExecutionId>,
        limit: usize,
    ) -> Result<Vec<(ExecutionId, Summary)>, StoreError> {
        self.inner.unsettled(among, after, limit)
    }
}

impl<S: Store + ?Sized> Records for Faulty<S> {
    fn state_machine(&self, arn: &str) -> Result<Option<StateMachine>, StoreError> {
        self.inner.state_machine(arn)
    }

    fn list_state_machines(&self, page: &Page<Text>) -> Result<Listing<StateMachine, Text>, StoreError> {
        self.inner.list_state_machines(page)
    }

    fn definition(&self, id: DefinitionId) -> Result<Option<Definition>, StoreError> {
        self.inner.definition(id)
    }

    fn versions(&self, state_machine: StateMachineId) -> Result<Vec<Version>, StoreError> {
        self.inner.versions(state_machine)
    }

    fn aliases(&self, state_machine: StateMachineId) -> Result<Vec<Alias>, StoreError> {
        self.inner.aliases(state_machine)
    }

    fn activity(&self, arn: &str) -> Result<Option<Activity>, StoreError> {
        self.inner.activity(arn)
    }

    fn list_activities(&self, page: &Page) -> Result<Listing<Activity>, StoreError> {
        self.inner.list_activities(page)
    }

    fn last_record_ids(&self) -> Result<LastIds, StoreError> {
        self.inner.last_record_ids()
    }

    fn partitions(&self) -> Result<Partitions, StoreError> {
        self.inner.partitions()
    }

    fn meta(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.meta(name)
    }
}

impl<S: Store + ?Sized> Store for Faulty<S> {
    fn describe(&self) -> Text {
        self.inner.describe()
    }

    fn check(&self) -> Result<(), StoreError> {
        self.inner.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::MemoryStore;
    use crate::suite::try_commit;

    crate::store_suite!(|| Box::new(Faulty::new(Arc::new(MemoryStore::new()), |_, _| Fate::Pass)));

    #[test]
    fn a_commit_meets_its_fate() {
        let fates = [Fate::Pass, Fate::FailBefore, Fate::FailAfter, Fate::Full];
        let inner = Arc::new(MemoryStore::new());
        let store = Faulty::new(Arc::clone(&inner), move |commit, _| fates[commit as usize]);
        let mut told = Vec::new();
        for name in ["a", "b", "c", "d"] {
            told.push(try_commit(&store, &[Write::Meta { name: name.into(), value: vec![1] }]));
        }
        let stored = ["a", "b", "c", "d"].map(|name| inner.meta(name).expect("a read").is_some());
        assert_eq!(stored, [true, false, true, false]);
        assert!(matches!(
            told[..],
            [Ok(()), Err(StoreError::Failed { .. }), Err(StoreError::Failed { .. }), Err(StoreError::Full)]
        ));
        assert_eq!(store.commits(), 4);
    }

    #[test]
    fn the_same_seed_gives_the_same_fates() {
        let fates = |seed| {
            let store = Faulty::seeded(Arc::new(MemoryStore::new()), seed, 50);
            (0..64).map(|_| try_commit(&store, &[]).is_ok()).collect::<Vec<_>>()
        };
        assert_eq!(fates(1), fates(1));
        assert_ne!(fates(1), fates(2));
        assert!(fates(1).contains(&true) && fates(1).contains(&false));
    }
}
