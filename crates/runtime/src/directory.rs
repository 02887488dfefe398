//! State machines, their versions and aliases, and activities in memory, and the programs that executions run.
//!
//! These are few, so all their records are here; definitions are many and large, so
//! a bounded number of programs is kept and the others are read again when they are needed. The store is
//! written first, then this.

mod published;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use asl::{Program, Text};
use store::record::{Activity, Definition, DefinitionId, MachineStatus, MachineType, Page, StateMachine};
use store::{Store, StoreError};

use crate::arn;
use crate::sync::lock;

pub(crate) use published::choose;
pub use published::{Named, Published, Qualifier};

/// Programs kept in memory at once.
/// No quota: the size of a cache.
const PROGRAMS_MAX: usize = 1_000;

/// Records read at once when a runtime opens.
const PAGE: usize = 1_000;

/// A state machine in memory.
#[derive(Clone, Debug)]
pub struct Machine {
    /// As stored.
    pub record: StateMachine,
    /// Its versions and aliases.
    pub published: Arc<Published>,
    /// Whether it starts no more executions. Set before the record says so; shared by all states of one machine, so
    /// that whoever still holds an older one sees it.
    pub is_deleting: Arc<AtomicBool>,
}

impl Machine {
    fn new(record: StateMachine, published: Published) -> Self {
        let is_deleting = Arc::new(AtomicBool::new(record.status == MachineStatus::Deleting));
        Self { record, published: Arc::new(published), is_deleting }
    }

    fn read(store: &dyn Store, record: StateMachine) -> Result<Self, StoreError> {
        let published = Published::read(store, record.id)?;
        Ok(Self::new(record, published))
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
}

/// The state machines and activities of a runtime.
pub struct Directory {
    store: Arc<dyn Store>,
    machines: RwLock<HashMap<Text, Arc<Machine>>>,
    activities: RwLock<HashMap<Text, Arc<Activity>>>,
    programs: Mutex<Programs>,
}

#[derive(Default)]
struct Programs {
    by_definition: HashMap<DefinitionId, (Arc<Revision>, u64)>,
    uses: u64,
}

impl Directory {
    /// Reads all records.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, StoreError> {
        let mut machines = HashMap::new();
        let mut page = Page { limit: PAGE, after: None };
        loop {
            let listing = store.list_state_machines(&page)?;
            for record in listing.items {
                machines.insert(record.arn.clone(), Arc::new(Machine::read(&*store, record)?));
            }
            page.after = listing.next;
            if page.after.is_none() {
                break;
            }
        }
        let mut activities = HashMap::new();
        loop {
            let listing = store.list_activities(&page)?;
            activities.extend(listing.items.into_iter().map(|record| (record.arn.clone(), Arc::new(record))));
            page.after = listing.next;
            if page.after.is_none() {
                break;
            }
        }
        let (machines, activities) = (RwLock::new(machines), RwLock::new(activities));
        Ok(Self { store, machines, activities, programs: Mutex::default() })
    }

    /// The state machine with that ARN.
    pub fn machine(&self, arn: &str) -> Option<Arc<Machine>> {
        read(&self.machines).get(arn).cloned()
    }

    /// The state machines that are being deleted.
    pub fn deleting_machines(&self) -> Vec<Arc<Machine>> {
        let is_deleting = |machine: &&Arc<Machine>| machine.is_deleting.load(Ordering::Acquire);
        read(&self.machines).values().filter(is_deleting).cloned().collect()
    }

    /// A state machine was written; its versions and aliases stay.
    pub fn set_machine(&self, record: StateMachine) {
        let mut machines = write(&self.machines);
        let machine = match machines.get(&record.arn) {
            Some(known) if known.record.id == record.id => {
                if record.status == MachineStatus::Deleting {
                    known.is_deleting.store(true, Ordering::Release);
                }
                Machine { record, ..Machine::clone(known) }
            }
            _ => Machine::new(record, Published::default()),
        };
        machines.insert(machine.record.arn.clone(), Arc::new(machine));
    }

    /// A state machine was removed.
    pub fn remove_machine(&self, arn: &str) {
        write(&self.machines).remove(arn);
    }

    /// The activity with that ARN.
    pub fn activity(&self, arn: &str) -> Option<Arc<Activity>> {
        read(&self.activities).get(arn).cloned()
    }

    /// An activity was written.
    pub fn set_activity(&self, record: Activity) {
        write(&self.activities).insert(record.arn.clone(), Arc::new(record));
    }

    /// An activity was removed.
    pub fn remove_activity(&self, arn: &str) {
        write(&self.activities).remove(arn);
    }

    /// Reads a record again after a write of which nobody knows whether it happened.
    pub fn refresh(&self, arn: &str) -> Result<(), StoreError> {
        match self.store.state_machine(arn)? {
            Some(record) => {
                let published = Published::read(&*self.store, record.id)?;
                self.set_machine(record);
                self.change_published(arn, |stale| *stale = published);
            }
            None => self.remove_machine(arn),
        }
        match self.store.activity(arn)? {
            Some(record) => self.set_activity(record),
            None => self.remove_activity(arn),
        }
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
    pub fn set_program(&self, definition: &Definition, program: Program) {
        lock(&self.programs).insert(Arc::new(Revision::new(definition, program)));
    }
}

/// Reads a stored definition. Nothing judges it: it was judged when it came in.
fn prepare(definition: &Definition) -> Result<Revision, StoreError> {
    let damaged = |error| StoreError::Damaged(format!("definition {}: {error}", definition.id.0));
    let program = asl::read::load(&definition.text).map_err(damaged)?;
    Ok(Revision::new(definition, program))
}

impl Revision {
    fn new(definition: &Definition, program: Program) -> Self {
        Self {
            definition: definition.id,
            machine_arn: definition.state_machine_arn.clone(),
            machine_name: arn::machine_name(&definition.state_machine_arn),
            role_arn: definition.role_arn.clone(),
            program: Arc::new(program),
        }
    }
}

impl Programs {
    fn get(&mut self, id: DefinitionId) -> Option<Arc<Revision>> {
        self.uses += 1;
        let (revision, used) = self.by_definition.get_mut(&id)?;
        *used = self.uses;
        Some(Arc::clone(revision))
    }

    fn insert(&mut self, revision: Arc<Revision>) {
        if self.by_definition.len() >= PROGRAMS_MAX {
            let oldest = self.by_definition.iter().min_by_key(|(_, (_, used))| *used).map(|(id, _)| *id);
            oldest.map(|id| self.by_definition.remove(&id));
        }
        self.uses += 1;
        self.by_definition.insert(revision.definition, (revision, self.uses));
    }
}

/// The type as the language knows it.
pub(crate) fn language_type(machine_type: MachineType) -> asl::read::MachineType {
    match machine_type {
        MachineType::Standard => asl::read::MachineType::Standard,
        MachineType::Express => asl::read::MachineType::Express,
    }
}

fn read<T>(data: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    data.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(data: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    data.write().unwrap_or_else(PoisonError::into_inner)
}
