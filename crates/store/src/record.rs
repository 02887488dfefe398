//! What is stored: plain records, and the writes that change them.

use asl::{Text, Value};
use engine::{EventId, Status, Timestamp};

use crate::commit_log::CommitPosition;
pub use crate::execution_id::ExecutionId;

/// A state machine's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateMachineId(pub i64);

/// A definition's number: every update that changes definition or role makes a new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefinitionId(pub i64);

/// A version's number, counted from 1 within its state machine, never given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionNumber(pub i64);

/// An alias's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AliasId(pub i64);

/// An activity's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActivityId(pub i64);

/// The greatest numbers ever used; 0 where none was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastIds {
    /// Of state machines.
    pub state_machine: StateMachineId,
    /// Of definitions.
    pub definition: DefinitionId,
    /// Of activities.
    pub activity: ActivityId,
    /// Of aliases.
    pub alias: AliasId,
}

/// A state machine's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineType {
    /// `STANDARD`
    Standard,
    /// `EXPRESS`
    Express,
}

/// A state machine's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineStatus {
    /// `ACTIVE`
    Active,
    /// `DELETING`: its last executions are being ended.
    Deleting,
}

/// A state machine.
#[derive(Clone, Debug, PartialEq)]
pub struct StateMachine {
    /// Its number.
    pub id: StateMachineId,
    /// Its ARN, unique.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// Its type.
    pub machine_type: MachineType,
    /// Its status.
    pub status: MachineStatus,
    /// The definition in force.
    pub definition: DefinitionId,
    /// When it was created.
    pub created_at: Timestamp,
    /// Everything else AWS keeps about it (`loggingConfiguration`, `tracingConfiguration`,
    /// `encryptionConfiguration`), an object.
    pub settings: Value,
    /// Its tags, an object of strings.
    pub tags: Value,
    /// The greatest number a version of it ever had; 0 where none was published.
    pub last_version: VersionNumber,
    /// How often it was written: 1 when it is new. The store counts.
    pub revision: u64,
}

/// One revision of a state machine. Executions keep the one they began with.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Its number.
    pub id: DefinitionId,
    /// The state machine it belongs to, by ARN.
    pub state_machine_arn: Text,
    /// The text, verbatim.
    pub text: Text,
    /// The role.
    pub role_arn: Text,
    /// `revisionId`; absent for the first.
    pub revision_id: Option<Text>,
    /// When it came into force.
    pub created_at: Timestamp,
    /// The settings in force with it.
    pub settings: Value,
}

/// A published version of a state machine. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The state machine.
    pub state_machine: StateMachineId,
    /// Its number.
    pub number: VersionNumber,
    /// The definition it stands for.
    pub definition: DefinitionId,
    /// `versionDescription`, or `description` of PublishStateMachineVersion.
    pub description: Option<Text>,
    /// When it was published.
    pub created_at: Timestamp,
}

/// A name for one or two versions of a state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// Its number.
    pub id: AliasId,
    /// The state machine.
    pub state_machine: StateMachineId,
    /// Its name, unique within the state machine.
    pub name: Text,
    /// `description`
    pub description: Option<Text>,
    /// Which version a new execution runs.
    pub routing: Routing,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// How often it was written: 1 when it is new. The store counts.
    pub revision: u64,
}

/// `routingConfiguration`: AWS has one or two items, in the caller's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routing {
    /// The first.
    pub first: Route,
    /// The second.
    pub second: Option<Route>,
}

/// A share of an alias's executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The version that runs them.
    pub version: VersionNumber,
    /// How many of 100: 0 to 100. All routes of an alias together have 100.
    pub weight: u8,
}

impl Routing {
    /// The routes in their order.
    pub fn routes(&self) -> impl Iterator<Item = Route> {
        std::iter::once(self.first).chain(self.second)
    }

    /// Whether a version is among them, with whatever weight.
    pub fn names(&self, version: VersionNumber) -> bool {
        self.routes().any(|route| route.version == version)
    }
}

/// An activity.
#[derive(Clone, Debug, PartialEq)]
pub struct Activity {
    /// Its number.
    pub id: ActivityId,
    /// Its ARN, unique.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// When it was created.
    pub created_at: Timestamp,
    /// `encryptionConfiguration` and its like, an object.
    pub settings: Value,
    /// Its tags, an object of strings.
    pub tags: Value,
    /// How often it was written: 1 when it is new. The store counts.
    pub revision: u64,
}

/// What changes about an execution, kept beside its events. It follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Where it stands.
    pub status: Status,
    /// When it ended.
    pub stopped_at: Option<Timestamp>,
    /// When its earliest timer is due.
    pub wake_at: Option<Timestamp>,
    /// Whether recovery must hand something out: tasks that nobody has or that somebody looks after, or, also where the
    /// execution is over, jobs to cancel. Tasks that wait for a callback, or that a worker has, do not count.
    pub open_tasks: bool,
    /// Whether it was cut off in mid-run: recovery must go on with it.
    pub ready: bool,
}

/// An execution.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionRecord {
    /// Its number.
    pub id: ExecutionId,
    /// Its ARN, unique.
    pub arn: Text,
    /// Its name.
    pub name: Text,
    /// Its state machine.
    pub state_machine: StateMachineId,
    /// The definition it runs.
    pub definition: DefinitionId,
    /// When it began.
    pub started_at: Timestamp,
    /// `traceHeader`
    pub trace_header: Option<Text>,
    /// The version it was started with, by its own ARN or through an alias.
    pub version: Option<VersionNumber>,
    /// The name of the alias it was started with.
    pub alias: Option<Text>,
    /// What it was started with for who does its tasks: a word that the store does not understand.
    pub profile: Option<Text>,
    /// What changes.
    pub summary: Summary,
}

/// Consecutive events of one execution, encoded by `engine::log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Position of its first event among all events of the execution, hidden ones too, from 0.
    pub first: u64,
    /// How many events it holds, hidden ones too. The next chunk's `first` is `first + count`.
    pub count: u64,
    /// The number its first shown event has, or would have.
    pub first_id: EventId,
    /// The number of the last shown event when the chunk ends.
    pub last_id: EventId,
    /// The encoded events.
    pub events: Vec<u8>,
}

impl Chunk {
    /// How many events the execution has with this chunk: what the next chunk's `first` must be.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.count)
    }

    /// Whether any of its events is shown.
    pub fn has_shown_events(&self) -> bool {
        self.first_id <= self.last_id
    }
}

/// What the writer of a record saw of it. Where something else is stored, the write is refused with
/// [`Conflict::RecordChanged`](crate::Conflict::RecordChanged).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No record of the number.
    Absent,
    /// The record at this revision.
    Revision(u64),
}

impl Expected {
    /// What a record's revision, or its absence, is as an expectation.
    pub fn of(revision: Option<u64>) -> Self {
        revision.map_or(Self::Absent, Self::Revision)
    }

    /// The revision that the record has after the write.
    pub fn next(self) -> u64 {
        match self {
            Self::Absent => 1,
            Self::Revision(seen) => seen + 1,
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("none"),
            Self::Revision(revision) => write!(f, "revision {revision}"),
        }
    }
}

/// One write of a batch. What refuses each is a [`Conflict`](crate::Conflict). A record that is written takes the
/// revision [`Expected::next`], whatever its own field says.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Creates or replaces a state machine. Refused where it is not as expected, or where another one has the ARN.
    StateMachine {
        /// As it is to be.
        record: StateMachine,
        /// As it was.
        expected: Expected,
    },
    /// Forgets a state machine with its versions and aliases; its definitions and executions stay readable. Refused
    /// where it is not at this revision.
    DeleteStateMachine {
        /// Which.
        id: StateMachineId,
        /// As it was.
        revision: u64,
    },
    /// Adds a definition. Refused where the number is there.
    Definition(Definition),
    /// Adds a version. Refused where the state machine has that number.
    Version(Version),
    /// Forgets a version; its definition stays readable. A missing one is no conflict.
    DeleteVersion(StateMachineId, VersionNumber),
    /// Creates or replaces an alias. Refused where it is not as expected, or where another one of the state machine has
    /// the name.
    Alias {
        /// As it is to be.
        record: Alias,
        /// As it was.
        expected: Expected,
    },
    /// Forgets an alias. Refused where it is not at this revision.
    DeleteAlias {
        /// Which.
        id: AliasId,
        /// As it was.
        revision: u64,
    },
    /// Creates or replaces an activity. Refused where it is not as expected, or where another one has the ARN.
    Activity {
        /// As it is to be.
        record: Activity,
        /// As it was.
        expected: Expected,
    },
    /// Forgets an activity. Refused where it is not at this revision.
    DeleteActivity {
        /// Which.
        id: ActivityId,
        /// As it was.
        revision: u64,
    },
    /// Sets a named value.
    Meta {
        /// Its name.
        name: Text,
        /// Its value.
        value: Vec<u8>,
    },
    /// Sets a named value where there is none; one that is there stays, and is no conflict.
    MetaIfAbsent {
        /// Its name.
        name: Text,
        /// Its value.
        value: Vec<u8>,
    },
    /// Begins an execution with its first events. Refused where the ARN or the number is there, or where
    /// `chunk.first` is not 0.
    Begin {
        /// The execution.
        execution: ExecutionRecord,
        /// Its first events.
        chunk: Chunk,
        /// The revision its state machine had when the start was decided. Where that is no longer so, or the state
        /// machine is gone, the batch is refused as [`Stale`](crate::StoreError::Stale). Absent: any will do.
        machine_revision: Option<u64>,
    },
    /// Adds events to an execution. Refused where there is no such execution, or where `chunk.first` is not the
    /// number of events stored.
    Append {
        /// The execution.
        execution: ExecutionId,
        /// The events.
        chunk: Chunk,
        /// The summary, where it changed.
        summary: Option<Summary>,
    },
    /// Enters into the commit log what this batch does to executions. At most once in a batch, anywhere in it. Refused
    /// where the log has that position.
    LogCommit {
        /// The one after the last: the log is read in their order.
        position: CommitPosition,
    },
    /// Forgets what the commit log has up to this position. The last commit stays: it says which position is next.
    TrimCommits {
        /// With this one.
        up_to: CommitPosition,
    },
}

/// The state machines that a batch begins executions of and that are not at the revision the start was decided on, each
/// once; `revision_of` tells the revision before the batch.
pub(crate) fn stale_machines<E>(
    batch: &[Write],
    mut revision_of: impl FnMut(StateMachineId) -> Result<Option<u64>, E>,
) -> Result<Vec<StateMachineId>, E> {
    let mut stale = Vec::new();
    for write in batch {
        let Write::Begin { execution, machine_revision: Some(seen), .. } = write else { continue };
        let machine = execution.state_machine;
        if revision_of(machine)? != Some(*seen) && !stale.contains(&machine) {
            stale.push(machine);
        }
    }
    Ok(stale)
}

/// Which executions to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionFilter {
    /// Of which state machine.
    pub state_machine: StateMachineId,
    /// With which status; absent for all.
    pub status: Option<Status>,
    /// Started with what; absent for all.
    pub started_with: Option<StartedWith>,
}

/// What an execution was started with, other than the state machine's own ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartedWith {
    /// A version, by its own ARN or through any alias.
    Version(VersionNumber),
    /// An alias, by its name.
    Alias(Text),
}

impl StartedWith {
    /// Whether an execution was started with this.
    pub fn matches(&self, execution: &ExecutionRecord) -> bool {
        match self {
            Self::Version(number) => execution.version == Some(*number),
            Self::Alias(name) => execution.alias.as_ref() == Some(name),
        }
    }
}

/// Shown events of an execution: from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventRange {
    /// The first.
    pub from: EventId,
    /// The last.
    pub to: EventId,
}

impl EventRange {
    /// All there are, the hidden ones before, between and behind them too.
    pub const ALL: Self = Self { from: EventId::NONE, to: EventId(u64::MAX) };
}

/// In which order events are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they happened.
    Forward,
    /// The last one first.
    Backward,
}

/// A part of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<P = i64> {
    /// At most that many; 0 gives nothing, and no next position.
    pub limit: usize,
    /// Only what comes after this position.
    pub after: Option<P>,
}

/// A part of a listing, and where the next one begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T, P = i64> {
    /// The items.
    pub items: Vec<T>,
    /// The position to continue after, where there is more.
    pub next: Option<P>,
}
