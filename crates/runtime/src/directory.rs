//! State machines, their versions and aliases, and activities in memory, and the programs that executions run.
//!
//! These are few, so all their records are here, read when the runtime opens and read again where another writer was
//! first; definitions are many and large, so a bounded number of programs is kept and the others are read again when
//! they are needed. The store is written first, then this.

mod cache;
mod programs;
mod published;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use asl::{Program, Text};
use store::record::{
    Activity, Definition, DefinitionId, MachineStatus, MachineType, Page, StateMachine, StateMachineId,
};
use store::{Store, StoreError};

use crate::arn;
use crate::quotas::Quotas;
use crate::sync::lock;

pub use cache::Moment;
use cache::{Cache, Cached};
use programs::Programs;
pub(crate) use published::choose;
pub use published::{Named, Published, Qualifier};

/// Records read at once when a runtime opens.
const PAGE: usize = 1_000;

/// A state machine in memory.
#[derive(Clone, Debug)]
pub struct Machine {
    /// As stored.
    pub record: StateMachine,
    /// Its versions and aliases.
    pub published: Arc<Published>,
    /// How many are about to have its record say that it is deleted, or did; shared by all states of one machine, so
    /// that whoever still holds an older one sees it.
    deletions: Arc<AtomicUsize>,
}

impl Machine {
    fn new(record: StateMachine, published: Arc<Published>) -> Self {
        Self { record, published, deletions: Arc::default() }
    }

    /// Reads one whole: no change falls between its parts.
    fn read(store: &dyn Store, arn: &str) -> Result<Option<Self>, StoreError> {
        let mut found = store.state_machine(arn)?;
        while let Some(record) = found {
            let published = Published::read(store, record.id)?;
            found = store.state_machine(arn)?;
            if found.as_ref().is_some_and(|now| (now.id, now.revision) == (record.id, record.revision)) {
                return Ok(Some(Self::new(record, Arc::new(published))));
            }
        }
        Ok(None)
    }

    /// Whether it starts no more executions.
    pub fn is_deleting(&self) -> bool {
        self.record.status == MachineStatus::Deleting || self.deletions.load(Ordering::Acquire) > 0
    }

    /// From here on no execution of it begins, whatever its record says.
    pub(crate) fn begin_deletion(&self) {
        self.deletions.fetch_add(1, Ordering::AcqRel);
    }

    /// Its record will not say that it is deleted, as far as this deletion goes.
    pub(crate) fn give_up_deletion(&self) {
        self.deletions.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Cached for Machine {
    fn arn(&self) -> &Text {
        &self.record.arn
    }

    fn id(&self) -> i64 {
        self.record.id.0
    }

    fn revision(&self) -> u64 {
        self.record.revision
    }

    fn after(self, earlier: &Self) -> Self {
        Self { deletions: Arc::clone(&earlier.deletions), ..self }
    }
}

impl Cached for Activity {
    fn arn(&self) -> &Text {
        &self.arn
    }

    fn id(&self) -> i64 {
        self.id.0
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn after(self, _earlier: &Self) -> Self {
        self
    }
}

/// A definition, read and ready to run.
#[derive(Debug)]
pub struct Revision {
    /// Its number.
    pub definition: DefinitionId,
    /// The state machine's ARN.
    pub machine_arn: Text,
    /// The state machine's name.
    pub machine_name: Text,
    /// The role.
    pub role_arn: Text,
    /// The definition.
    pub program: Arc<Program>,
    /// Bytes of memory that it takes.
    pub memory_bytes: usize,
}

/// The state machines and activities of a runtime.
pub struct Directory {
    store: Arc<dyn Store>,
    machines: Cache<Machine>,
    activities: Cache<Activity>,
    programs: Mutex<Programs>,
}

impl Directory {
    /// Reads all records.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let (machines, activities) = (Cache::default(), Cache::default());
        let mut page = Page { limit: PAGE, after: None };
        loop {
            let listing = store.list_state_machines(&page)?;
            for record in listing.items {
                let published = Published::read(&*store, record.id)?;
                machines.keep(Machine::new(record, Arc::new(published)), machines.moment());
            }
            page.after = listing.next;
            if page.after.is_none() {
                break;
            }
        }
        let mut page = Page { limit: PAGE, after: None };
        loop {
            let listing = store.list_activities(&page)?;
            for record in listing.items {
                activities.keep(record, activities.moment());
            }
            page.after = listing.next;
            if page.after.is_none() {
                break;
            }
        }
        let programs = Mutex::new(Programs::of(Quotas::default().program_bytes));
        Ok(Self { store, machines, activities, programs })
    }

    /// The same, where the texts of the programs in memory take so many bytes at most.
    #[must_use]
    pub fn with_program_bytes(self, bytes_max: usize) -> Self {
        Self { programs: Mutex::new(Programs::of(bytes_max)), ..self }
    }

    /// The state machine with that ARN, where it is in memory.
    pub fn machine(&self, arn: &str) -> Option<Arc<Machine>> {
        self.machines.get(arn)
    }

    /// The state machine with that ARN as the store has it.
    pub fn refresh_machine(&self, arn: &str) -> Result<Option<Arc<Machine>>, StoreError> {
        self.machines.refresh(arn, || Machine::read(&*self.store, arn))
    }

    /// How many executions of all state machines run, as the store has it.
    pub(crate) fn count_running(&self) -> Result<u64, StoreError> {
        self.machines.all().iter().map(|machine| self.store.count_running(machine.record.id)).sum()
    }

    /// The state machines that are being deleted.
    pub fn deleting_machines(&self) -> Vec<Arc<Machine>> {
        self.machines.all().into_iter().filter(|machine| machine.is_deleting()).collect()
    }

    /// A moment to take before a state machine is written.
    pub(crate) fn machines_now(&self) -> Moment {
        self.machines.moment()
    }

    /// A state machine was written since that moment.
    pub(crate) fn keep_machine(&self, record: StateMachine, published: Arc<Published>, since: Moment) {
        let earlier = self.machines.get(&record.arn);
        if let Some(earlier) = earlier.filter(|earlier| earlier.record.definition != record.definition) {
            lock(&self.programs).remove(earlier.record.definition);
        }
        self.machines.keep(Machine::new(record, published), since);
    }

    /// A state machine was removed.
    pub(crate) fn drop_machine(&self, arn: &str, id: StateMachineId) {
        self.machines.drop(arn, id.0);
        lock(&self.programs).remove_machine(arn);
    }

    /// The activity with that ARN, where it is in memory.
    pub fn activity(&self, arn: &str) -> Option<Arc<Activity>> {
        self.activities.get(arn)
    }

    /// The activity with that ARN as the store has it.
    pub fn refresh_activity(&self, arn: &str) -> Result<Option<Arc<Activity>>, StoreError> {
        self.activities.refresh(arn, || self.store.activity(arn))
    }

    /// A moment to take before an activity is written.
    pub(crate) fn activities_now(&self) -> Moment {
        self.activities.moment()
    }

    /// An activity was written since that moment.
    pub(crate) fn keep_activity(&self, record: Activity, since: Moment) {
        self.activities.keep(record, since);
    }

    /// An activity was removed.
    pub(crate) fn drop_activity(&self, record: &Activity) {
        self.activities.drop(&record.arn, record.id.0);
    }

    /// Reads again what has that ARN: another wrote it, or nobody knows whether it was written.
    pub fn refresh(&self, arn: &str) -> Result<(), StoreError> {
        self.refresh_machine(arn)?;
        self.refresh_activity(arn)?;
        Ok(())
    }

    /// The definition of that number, where it is in memory.
    pub fn cached_revision(&self, id: DefinitionId) -> Option<Arc<Revision>> {
        lock(&self.programs).get(id)
    }

    /// The definition of that number, ready to run.
    pub fn revision(&self, id: DefinitionId) -> Result<Arc<Revision>, StoreError> {
        if let Some(revision) = self.cached_revision(id) {
            return Ok(revision);
        }
        let definition =
            self.store.definition(id)?.ok_or_else(|| StoreError::Damaged(format!("definition {} is missing", id.0)))?;
        let revision = Arc::new(prepare(&definition)?);
        lock(&self.programs).insert(Arc::clone(&revision));
        Ok(revision)
    }

    /// Puts a definition that was just written and read into memory.
    pub(crate) fn set_program(&self, definition: &Definition, program: Arc<Program>) {
        lock(&self.programs).insert(Arc::new(Revision::new(definition, program)));
    }
}

/// Reads a stored definition. Nothing judges it: it was judged when it came in.
fn prepare(definition: &Definition) -> Result<Revision, StoreError> {
    let damaged = |error| StoreError::Damaged(format!("definition {}: {error}", definition.id.0));
    let program = asl::read::load(&definition.text).map_err(damaged)?;
    Ok(Revision::new(definition, Arc::new(program)))
}

impl Revision {
    fn new(definition: &Definition, program: Arc<Program>) -> Self {
        Self {
            definition: definition.id,
            machine_arn: definition.state_machine_arn.clone(),
            machine_name: arn::machine_name(&definition.state_machine_arn),
            role_arn: definition.role_arn.clone(),
            memory_bytes: program.memory_bytes() + size_of::<Self>(),
            program,
        }
    }
}

/// The type as the language knows it.
pub(crate) fn language_type(machine_type: MachineType) -> asl::read::MachineType {
    match machine_type {
        MachineType::Standard => asl::read::MachineType::Standard,
        MachineType::Express => asl::read::MachineType::Express,
    }
}
