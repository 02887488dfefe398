//! Looks whether stored data is whole: what `stepwright doctor` finds.
//!
//! Nothing is changed, and nothing is believed: every record is read, every definition, every execution's events are
//! decoded and folded as recovery would, and compared with what its record says of them.

use std::error::Error;
use std::ops::ControlFlow;
use std::sync::Arc;

use asl::Text;
use engine::{Event, Execution};
use store::commit_log::CommitPosition;
use store::record::{Chunk, EventRange, ExecutionId, ExecutionRecord, Order, Page, StateMachine};
use store::sqlite::Sqlite;
use store::{Executions, Records, Store, StoreError};

use crate::directory::Directory;
use crate::observer;
use crate::shard::{guarded, info, summary};
use crate::tokens;

/// Records read at once.
const PAGE: usize = 256;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// With what: an ARN, or the part of the data.
    pub subject: String,
    /// What it is.
    pub what: String,
    /// What can be done about it.
    pub remedy: Remedy,
}

/// What can be done about something that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remedy {
    /// The file itself is damaged.
    Restore,
    /// This execution alone cannot go on.
    StopOrRestore,
    /// This state machine's definition is damaged.
    UpdateOrRestore,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Examined {
    /// State machines.
    pub state_machines: usize,
    /// Activities.
    pub activities: usize,
    /// Executions.
    pub executions: usize,
    /// Their events.
    pub events: u64,
}

/// Looks at everything and tells each thing that is wrong.
///
/// # Errors
/// Where nothing can be read.
pub fn examine(store: &Arc<Sqlite>, tell: &mut dyn FnMut(Finding)) -> Result<Examined, StoreError> {
    let directory = Directory::open(Arc::clone(store) as Arc<dyn Store>)?;
    let mut examination = Examination { store, directory, tell, examined: Examined::default() };
    examination.look("the database file", Examination::file);
    examination.look("the table of state machines", Examination::state_machines);
    examination.look("the table of activities", Examination::activities);
    examination.look("the table of executions", Examination::executions);
    examination.look("the table of named values", Examination::named_values);
    examination.look("the commit log", Examination::commit_log);
    Ok(examination.examined)
}

struct Examination<'a> {
    store: &'a Arc<Sqlite>,
    directory: Directory,
    tell: &'a mut dyn FnMut(Finding),
    examined: Examined,
}

impl Examination<'_> {
    fn found(&mut self, subject: impl Into<String>, what: impl Into<String>, remedy: Remedy) {
        (self.tell)(Finding { subject: subject.into(), what: what.into(), remedy });
    }

    /// Looks at a part of the data. Where it cannot be read, the others are.
    fn look(&mut self, part: &str, look: impl FnOnce(&mut Self) -> Result<(), StoreError>) {
        if let Err(error) = look(self) {
            self.found(part, format!("it cannot be read any further: {}", told(&error)), Remedy::Restore);
        }
    }

    fn file(&mut self) -> Result<(), StoreError> {
        for what in self.store.examine_file()? {
            self.found("the database file", what, Remedy::Restore);
        }
        Ok(())
    }

    fn state_machines(&mut self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let listing = self.store.list_state_machines(&Page { limit: PAGE, after })?;
            for machine in &listing.items {
                self.examined.state_machines += 1;
                self.state_machine(machine)?;
            }
            after = listing.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn state_machine(&mut self, machine: &StateMachine) -> Result<(), StoreError> {
        let mut wrong = Vec::new();
        if let Err(error) = self.directory.revision(machine.definition) {
            wrong.push(format!("its definition cannot be read: {error}"));
        }
        let versions = self.store.versions(machine.id)?;
        for version in &versions {
            if let Err(error) = self.directory.revision(version.definition) {
                wrong.push(format!("the definition of its version {} cannot be read: {error}", version.number.0));
            }
        }
        for alias in self.store.aliases(machine.id)? {
            let routes = [Some(alias.routing.first), alias.routing.second];
            let numbers = routes.into_iter().flatten().map(|route| route.version);
            let lost = numbers.filter(|number| versions.iter().all(|version| version.number != *number));
            wrong.extend(
                lost.map(|number| {
                    format!("its alias {} leads to version {}, which is not there", alias.name, number.0)
                }),
            );
        }
        wrong.into_iter().for_each(|what| self.found(&*machine.arn, what, Remedy::UpdateOrRestore));
        Ok(())
    }

    fn activities(&mut self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let listing = self.store.list_activities(&Page { limit: PAGE, after })?;
            self.examined.activities += listing.items.len();
            after = listing.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn executions(&mut self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let ids = self.store.execution_ids(after, PAGE)?;
            for id in &ids {
                self.examined.executions += 1;
                self.execution(*id);
            }
            let Some(last) = ids.last() else { return Ok(()) };
            after = Some(*last);
        }
    }

    fn execution(&mut self, id: ExecutionId) {
        match self.store.execution(id) {
            Ok(Some(record)) => {
                if let Err(error) = self.history(&record) {
                    self.found(&*record.arn, error.to_string(), Remedy::StopOrRestore);
                }
            }
            Ok(None) => self.found(format!("execution {}", id.0), "its ARN cannot be told", Remedy::Restore),
            Err(error) => self.found(format!("execution {}", id.0), told(&error), Remedy::Restore),
        }
    }

    /// Folds an execution's events, and compares what comes of them with what its record says.
    fn history(&mut self, record: &ExecutionRecord) -> Result<(), Box<dyn Error + Send + Sync>> {
        let revision = self.directory.revision(record.definition)?;
        let info = info(&record.arn, &record.name, &revision);
        let mut reading = Reading { execution: Execution::new(Arc::clone(&revision.program), info), events: 0 };
        let mut failed = None;
        self.store.visit_chunks(record.id, EventRange::ALL, Order::Forward, &mut |chunk| {
            let read = guarded(|| reading.take(&chunk)).unwrap_or_else(|panicked| Err(panicked.into()));
            failed = read.err();
            if failed.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        self.examined.events += reading.events;
        if let Some(error) = failed {
            return Err(error);
        }
        if reading.events == 0 {
            return Err("it has no events".into());
        }
        let by_events = summary(&reading.execution, record.profile.is_some());
        if by_events != record.summary {
            return Err(format!("its record says {:?}, its events say {by_events:?}", record.summary).into());
        }
        Ok(())
    }

    fn named_values(&mut self) -> Result<(), StoreError> {
        if self.store.meta(tokens::KEY_NAME)?.is_some_and(|key| key.len() != tokens::KEY_BYTES) {
            let what = "it has another length than it must have, and the server does not start";
            self.found("the key of task tokens", what, Remedy::Restore);
        }
        Ok(())
    }

    fn commit_log(&mut self) -> Result<(), StoreError> {
        let last = self.store.last_commit_position()?;
        let mut at = CommitPosition(0);
        let mut expected = None;
        loop {
            let logged = self.store.committed_after(at, PAGE)?;
            for commit in &logged {
                if expected.is_some_and(|expected| expected != commit.position) {
                    let what = format!("after position {} comes {}", at.0, commit.position.0);
                    self.found("the commit log", what, Remedy::Restore);
                }
                at = commit.position;
                expected = Some(at.next());
            }
            if logged.is_empty() {
                break;
            }
        }
        for name in self.store.meta_names()? {
            let Some(observer) = name.strip_prefix(observer::POSITIONS) else { continue };
            match observer::stored_position(&**self.store, observer) {
                Ok(position) if position <= last => {}
                Ok(position) => {
                    let what = format!("it is at position {}, beyond the log's end at {}", position.0, last.0);
                    self.found(format!("the follower {observer} of the commit log"), what, Remedy::Restore);
                }
                Err(error) => self.found(format!("the follower {observer}"), told(&error), Remedy::Restore),
            }
        }
        Ok(())
    }
}

/// An execution as far as its events were read.
struct Reading {
    execution: Execution,
    /// Those read so far.
    events: u64,
}

impl Reading {
    fn take(&mut self, chunk: &Chunk) -> Result<(), Box<dyn Error + Send + Sync>> {
        if chunk.first != self.events {
            return Err(format!("after its first {} events come those from {} on", self.events, chunk.first).into());
        }
        let events =
            engine::log::decode(&chunk.events).map_err(|error| format!("events {}: {error}", self.place(chunk)))?;
        if events.len() as u64 != chunk.count {
            return Err(format!("events {}: they are {}", self.place(chunk), events.len()).into());
        }
        for event in &events {
            self.check_number(event, chunk)?;
            self.execution.apply(event).map_err(|error| format!("event {}: {error}", event.id))?;
            self.events += 1;
        }
        Ok(())
    }

    /// A shown event has the number after the last one, a hidden one that of the last one.
    fn check_number(&self, event: &Event, chunk: &Chunk) -> Result<(), String> {
        let last = self.execution.last_event();
        let expected = if event.kind.is_shown() { last.next() } else { last };
        let is_in_chunk = event.id <= chunk.last_id && event.id.next() >= chunk.first_id;
        if event.id == expected && is_in_chunk {
            return Ok(());
        }
        Err(format!("events {}: there is {} where {} should be", self.place(chunk), event.id, expected))
    }

    fn place(&self, chunk: &Chunk) -> Text {
        format!("{} to {}", chunk.first_id, chunk.last_id).into()
    }
}

/// An error with what is behind it.
fn told(error: &StoreError) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
