//! How records change: read, decide, write only where nobody wrote meanwhile, else again.
//!
//! Nothing is locked while a decision is made. Whoever decided on a record that is no longer so is refused by the store,
//! reads it again and decides anew, so that of writers at the same time each sees what the one before it did. A state
//! machine's revision counts the changes of its versions and aliases too: each is written together with it.

use std::sync::{Arc, Mutex};

use asl::Text;
use engine::Timestamp;
use store::StoreError;
use store::partition::Partition;
use store::record::{Activity, ExecutionId, Expected, LastIds, StateMachine, Write};

use crate::Runtime;
use crate::arn;
use crate::calls::CallError;
use crate::directory::{Machine, Named, Published};
use crate::sync::lock;

/// How often a change is decided anew at most. Each time somebody else's was written, so this is a bound on bad luck. No quota: it
/// bounds our own attempts.
const ATTEMPTS_MAX: usize = 1_000;

/// Why a change was not written.
pub(crate) enum NotWritten {
    /// Somebody else changed a record meanwhile: the directory knows it by now.
    Outdated,
    /// It cannot be done.
    Refused(CallError),
}

impl From<CallError> for NotWritten {
    fn from(error: CallError) -> Self {
        Self::Refused(error)
    }
}

/// Gives records their numbers: of the same form as those of executions, and growing, so that they sort by age. Two that
/// write to one store may give the same number; then one of them is refused, and takes another.
pub(crate) struct RecordNumbers {
    last: Mutex<ExecutionId>,
}

impl RecordNumbers {
    /// Numbers after those ever used.
    pub(crate) fn new(used: LastIds) -> Self {
        let LastIds { state_machine, definition, activity, alias } = used;
        let last = state_machine.0.max(definition.0).max(activity.0).max(alias.0);
        Self { last: Mutex::new(ExecutionId(last)) }
    }

    /// A number that was never given.
    pub(crate) fn next(&self, now: Timestamp) -> i64 {
        let mut last = lock(&self.last);
        *last = ExecutionId::after(*last, now, Partition(0));
        last.0
    }
}

impl Runtime {
    /// The state machine with that ARN.
    pub(crate) async fn machine(&self, arn: &str) -> Result<Option<Arc<Machine>>, CallError> {
        if let Some(kept) = self.directory().machine(arn) {
            return Ok(Some(kept));
        }
        let arn = Text::from(arn);
        self.read(move |context| Ok(context.directory.refresh_machine(&arn)?)).await
    }

    /// What an ARN names, with or without a qualifier (`…:stateMachine:<name>[:<version or alias>]`). Nothing where
    /// the state machine, the version or the alias does not exist.
    pub(crate) async fn find(&self, arn: &str) -> Result<Option<(Arc<Machine>, Named)>, CallError> {
        let (machine, qualifier) = match arn::split_qualified(arn) {
            Some((machine, qualifier)) => (machine, Some(qualifier)),
            None => (arn, None),
        };
        let Some(machine) = self.machine(machine).await? else { return Ok(None) };
        let named = machine.named(qualifier);
        Ok(named.map(|named| (machine, named)))
    }

    /// The activity with that ARN.
    pub(crate) async fn activity(&self, arn: &str) -> Result<Option<Arc<Activity>>, CallError> {
        if let Some(kept) = self.directory().activity(arn) {
            return Ok(Some(kept));
        }
        let arn = Text::from(arn);
        self.read(move |context| Ok(context.directory.refresh_activity(&arn)?)).await
    }

    /// Tries to change records until it is done or refused, each time on what is stored by then.
    pub(crate) async fn persist<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, CallError>
    where
        F: Future<Output = Result<T, NotWritten>>,
    {
        for _ in 0..ATTEMPTS_MAX {
            match attempt().await {
                Ok(done) => return Ok(done),
                Err(NotWritten::Refused(error)) => return Err(error),
                Err(NotWritten::Outdated) => {}
            }
        }
        Err(CallError::Unavailable("others change it all the time".into()))
    }

    /// A number for a new record.
    pub(crate) fn new_record_number(&self) -> i64 {
        self.inner.record_numbers.next(self.inner.clock.now())
    }

    /// Writes a state machine, with what else changes about it, where it is still as it was seen.
    pub(crate) async fn write_machine(
        &self,
        seen: Option<&Machine>,
        mut record: StateMachine,
        published: Arc<Published>,
        mut writes: Vec<Write>,
    ) -> Result<(), NotWritten> {
        let expected = Expected::of(seen.map(|seen| seen.record.revision));
        record.revision = expected.next();
        writes.push(Write::StateMachine { record: record.clone(), expected });
        let since = self.directory().machines_now();
        self.write_records(&record.arn, writes).await?;
        self.directory().keep_machine(record, published, since);
        Ok(())
    }

    /// Writes what was published of a state machine, which is otherwise as it was seen.
    pub(crate) async fn write_published(
        &self,
        seen: &Machine,
        write: Write,
        change: impl FnOnce(&mut Published),
    ) -> Result<(), NotWritten> {
        let mut published = Published::clone(&seen.published);
        change(&mut published);
        self.write_machine(Some(seen), seen.record.clone(), Arc::new(published), vec![write]).await
    }

    /// Writes an activity where it is still as it was seen.
    pub(crate) async fn write_activity(
        &self,
        seen: Option<&Activity>,
        mut record: Activity,
    ) -> Result<Activity, NotWritten> {
        let expected = Expected::of(seen.map(|seen| seen.revision));
        record.revision = expected.next();
        let since = self.directory().activities_now();
        self.write_records(&record.arn, vec![Write::Activity { record: record.clone(), expected }]).await?;
        self.directory().keep_activity(record.clone(), since);
        Ok(record)
    }

    /// Makes writes of records durable. `arn` is the one they are about: where they were refused, or nobody knows whether
    /// they happened, it is read again.
    pub(crate) async fn write_records(&self, arn: &Text, writes: Vec<Write>) -> Result<(), NotWritten> {
        let why = match self.inner.writer.submit_records(writes).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(StoreError::Conflict(conflict))) if conflict.is_about_records() => NotWritten::Outdated,
            Ok(Err(error)) => NotWritten::Refused(CallError::Unavailable(error.to_string())),
            Err(_) => return Err(CallError::stopping().into()),
        };
        let arn = arn.clone();
        self.read(move |context| Ok(context.directory.refresh(&arn)?)).await?;
        Err(why)
    }
}

#[cfg(test)]
mod tests {
    use store::record::{ActivityId, AliasId, DefinitionId, StateMachineId};

    use super::*;

    #[test]
    fn numbers_go_on_after_all_that_were_used() {
        let used = LastIds {
            state_machine: StateMachineId(3),
            definition: DefinitionId(7),
            activity: ActivityId(i64::MAX >> 1),
            alias: AliasId(2),
        };
        let numbers = RecordNumbers::new(used);
        let mut last = i64::MAX >> 1;
        for _ in 0..3_000 {
            let next = numbers.next(Timestamp(0));
            assert!(next > last);
            last = next;
        }
        let fresh = RecordNumbers::new(LastIds::default());
        assert!(fresh.next(Timestamp(1_800_000_000_000)) > 1 << 40);
    }
}
