//! The state of an execution: what the fold of its events amounts to.

use std::collections::{BTreeMap, BTreeSet, btree_set};
use std::fmt;
use std::sync::Arc;

use asl::program::StateId;
use asl::scope::Variables;
use asl::{Program, Text, Value};

use crate::event::{EventId, FrameId, TaskFamily, Timestamp};

/// What is fixed when an execution begins.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutionInfo {
    /// The execution's ARN.
    pub arn: Text,
    /// The execution's name.
    pub name: Text,
    /// The state machine's ARN.
    pub state_machine_arn: Text,
    /// The state machine's name.
    pub state_machine_name: Text,
    /// The role it runs under.
    pub role_arn: Text,
}

impl ExecutionInfo {
    /// Whether its state machine is an Express one: the ARN says so.
    pub fn is_express(&self) -> bool {
        self.arn.split(':').nth(5) == Some("express")
    }
}

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are AWS's own")]
pub enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

impl Status {
    /// As AWS spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// A history that does not replay: the stored events are not ones this engine could have produced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {event} of the history does not replay: {why}")]
pub struct ReplayError {
    /// The event that does not fit.
    pub event: EventId,
    /// What was expected.
    pub why: &'static str,
}

/// An execution. Commands go in through [`Execution::advance`], stored events through [`Execution::apply`].
pub struct Execution {
    pub(crate) program: Arc<Program>,
    pub(crate) info: Arc<ExecutionInfo>,
    pub(crate) status: Status,
    pub(crate) input: Value,
    pub(crate) started_at: Timestamp,
    /// When the last event happened.
    pub(crate) last_at: Timestamp,
    pub(crate) stopped_at: Option<Timestamp>,
    pub(crate) last_event: EventId,
    pub(crate) event_count: u64,
    /// Slots are used again; `None` is a free one.
    pub(crate) frames: Vec<Option<Box<Frame>>>,
    pub(crate) free: BTreeSet<FrameId>,
    /// Frames that can go on without the world.
    pub(crate) ready: BTreeSet<FrameId>,
    /// Frames' earliest timers.
    pub(crate) timers: BTreeSet<(Timestamp, FrameId)>,
    /// Open tasks by the number of their scheduling event.
    pub(crate) tasks: BTreeMap<EventId, FrameId>,
    /// Of the open tasks those that somebody is to be given, also after a restart.
    pub(crate) to_hand_out: BTreeSet<EventId>,
    /// Tasks that were given up while their jobs ran, or while the requests that begin them were on their way, until
    /// `TaskCancelSettled`. They outlive the execution.
    pub(crate) cancels: BTreeMap<EventId, OpenTask>,
}

/// One line of control: the main line, a branch or an iteration.
#[derive(Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) parent: Option<Parent>,
    pub(crate) variables: Variables,
    /// What the next event of this frame names as its previous one.
    pub(crate) last: EventId,
    /// `$$.Map.Item` of the nearest enclosing iteration.
    pub(crate) item: Option<MapItem>,
    pub(crate) place: FramePlace,
    /// The timer this frame has in `Execution::timers`.
    pub(crate) timer: Option<Timestamp>,
}

/// Where a branch or an iteration belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Parent {
    pub(crate) frame: FrameId,
    /// The branch's place in `Branches`, or the iteration's index.
    pub(crate) index: usize,
}

/// `$$.Map.Item`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MapItem {
    pub(crate) index: usize,
    /// The property name, where the items are an object's entries.
    pub(crate) key: Option<Text>,
    pub(crate) value: Value,
}

/// Where a frame stands.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "the frame around it is boxed, and a visit is its usual place")]
pub(crate) enum FramePlace {
    /// Before a state. Entered by the frame's making or `StateExited`; left by `StateEntered`.
    Before { state: StateId, input: Value, input_text: Option<Text> },
    /// In a state. Entered by `StateEntered`; left by `StateExited`.
    Inside(Visit),
    /// After its last state. Entered by `StateExited` without a next; left by the frame's or the execution's end.
    Ended,
}

/// A stay in a state.
#[derive(Debug, PartialEq)]
pub(crate) struct Visit {
    pub(crate) state: StateId,
    pub(crate) input: Value,
    /// Of a Parallel state the text the input came in, where that is not the compact one.
    pub(crate) input_text: Option<Text>,
    pub(crate) entered: EventId,
    pub(crate) entered_previous: EventId,
    pub(crate) entered_at: Timestamp,
    /// How often any retrier took an error, `$$.State.RetryCount`.
    pub(crate) retries: u64,
    /// How often each retrier took one, by its place.
    pub(crate) attempts: Vec<u64>,
    pub(crate) work: Work,
}

/// What a state is doing.
#[derive(Debug, PartialEq)]
pub(crate) enum Work {
    /// Nothing yet, or nothing more. Left by the events that begin its work, or by `StateExited`.
    Idle,
    /// Entered by `WaitScheduled`; left by `StateExited`.
    Waiting { due: Timestamp },
    /// Entered by `TaskScheduled`; left by the task's end, or when it is given up.
    Task(OpenTask),
    /// Its task timed out, and nobody has taken that error yet: tasks that time out at one moment all say so first, as on
    /// AWS. Entered by `TaskTimedOut`; left by whatever takes the error.
    TimedOut { heartbeat: bool, scheduled: EventId },
    /// Entered by `RetryScheduled`; left when the work begins again.
    Backoff { due: Timestamp },
    /// Entered by `ParallelStateStarted`; left by `StateExited` or a retry.
    Parallel(Branches),
    /// Entered by `MapStateStarted`; left by `StateExited` or a retry.
    Map(Iterations),
}

impl Work {
    /// The frames of branches or iterations that did not end well.
    pub(crate) fn children(&self) -> Vec<FrameId> {
        match self {
            Self::Parallel(Branches { running, .. }) | Self::Map(Iterations { running, .. }) => {
                running.iter().copied().collect()
            }
            Self::Idle | Self::Waiting { .. } | Self::Task(_) | Self::TimedOut { .. } | Self::Backoff { .. } => {
                Vec::new()
            }
        }
    }
}

/// A task somebody outside must do.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenTask {
    /// The number of its scheduling event; with the execution it names the task.
    pub scheduled: EventId,
    /// When it was scheduled: activity queues are first in, first out.
    pub scheduled_at: Timestamp,
    /// The state's name.
    pub state: Text,
    /// How it is done.
    pub family: TaskFamily,
    /// The resource's ARN.
    pub resource: Text,
    /// The effective input.
    pub parameters: Value,
    /// `Credentials.RoleArn`
    pub credentials: Option<Text>,
    /// Whether somebody has it.
    pub started: bool,
    /// The service's answer to the request, where the task waits for a job or a callback.
    pub submitted: Option<Value>,
    /// When it times out.
    pub timeout_due: Option<Timestamp>,
    pub(crate) heartbeat_due: Option<Timestamp>,
    pub(crate) timeout_seconds: Option<u64>,
    pub(crate) heartbeat_seconds: Option<u64>,
}

impl OpenTask {
    /// A task scheduled at that time, of no state and without timeouts.
    pub fn new(scheduled: EventId, scheduled_at: Timestamp, family: TaskFamily, resource: Text) -> Self {
        Self {
            scheduled,
            scheduled_at,
            state: Text::default(),
            family,
            resource,
            parameters: Value::Null,
            credentials: None,
            started: false,
            submitted: None,
            timeout_due: None,
            heartbeat_due: None,
            timeout_seconds: None,
            heartbeat_seconds: None,
        }
    }

    /// Whether somebody is to be given it, also after a restart: a worker, or whoever sends its request and looks at its
    /// job. A worker who has it and whoever waits with its token come by themselves.
    pub fn is_to_hand_out(&self) -> bool {
        match self.family {
            TaskFamily::Activity => !self.started,
            TaskFamily::LambdaFunction | TaskFamily::Integration { .. } => {
                self.submitted.is_none() || self.family.is_job()
            }
        }
    }

    /// Whether a job runs for it, or may run: its request may be on its way.
    pub(crate) fn may_have_job(&self) -> bool {
        self.started && self.family.is_job()
    }

    /// The earlier of its two deadlines.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        [self.timeout_due, self.heartbeat_due].into_iter().flatten().min()
    }
}

/// A Parallel state's branches.
#[derive(Debug, PartialEq)]
pub(crate) struct Branches {
    pub(crate) running: BTreeSet<FrameId>,
    pub(crate) outputs: Vec<Value>,
}

/// A Map state's iterations.
#[derive(Debug, PartialEq)]
pub(crate) struct Iterations {
    pub(crate) items: Value,
    pub(crate) max_concurrency: usize,
    /// Index of the next item to begin.
    pub(crate) next: usize,
    pub(crate) running: BTreeSet<FrameId>,
    pub(crate) outputs: Vec<Value>,
    /// What the next `MapIterationStarted` names as its previous event.
    pub(crate) slot: EventId,
}

impl Iterations {
    pub(crate) fn length(&self) -> usize {
        self.outputs.len()
    }

    /// Whether another iteration may begin now.
    pub(crate) fn can_start(&self) -> bool {
        self.next < self.length() && self.running.len() < self.max_concurrency
    }

    /// Whether the Map state itself has something to do: begin an iteration, or end.
    pub(crate) fn is_ready(&self) -> bool {
        self.can_start() || (self.next >= self.length() && self.running.is_empty())
    }

    /// The item of that index, with its key where the items are an object's entries.
    pub(crate) fn item(&self, index: usize) -> MapItem {
        map_item(&self.items, index)
    }
}

/// The item of that index of a Map state's items.
pub(crate) fn map_item(items: &Value, index: usize) -> MapItem {
    let (key, value) = match items {
        Value::Object(object) => object.at(index).map(|(k, v)| (Some(k.clone()), v.clone())),
        items => items.as_array().and_then(|items| items.get(index)).map(|v| (None, v.clone())),
    }
    .unwrap_or_default();
    MapItem { index, key, value }
}

/// How many items a Map state's items are.
pub(crate) fn item_count(items: &Value) -> usize {
    match items {
        Value::Object(object) => object.len(),
        items => items.as_array().map_or(0, <[Value]>::len),
    }
}

impl Execution {
    /// An execution before its first command.
    pub fn new(program: Arc<Program>, info: Arc<ExecutionInfo>) -> Self {
        Self {
            program,
            info,
            status: Status::Running,
            input: Value::Null,
            started_at: Timestamp::default(),
            last_at: Timestamp::default(),
            stopped_at: None,
            last_event: EventId::NONE,
            event_count: 0,
            frames: Vec::new(),
            free: BTreeSet::new(),
            ready: BTreeSet::new(),
            timers: BTreeSet::new(),
            tasks: BTreeMap::new(),
            to_hand_out: BTreeSet::new(),
            cancels: BTreeMap::new(),
        }
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        self.status
    }

    /// When it ended.
    pub fn stopped_at(&self) -> Option<Timestamp> {
        self.stopped_at
    }

    /// The number of the last event shown; 0 before the first.
    pub fn last_event(&self) -> EventId {
        self.last_event
    }

    /// How many events there are, hidden ones too.
    pub fn event_count(&self) -> u64 {
        self.event_count
    }

    /// What is fixed.
    pub fn info(&self) -> &Arc<ExecutionInfo> {
        &self.info
    }

    /// The definition it runs.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The execution's input.
    pub fn input(&self) -> &Value {
        &self.input
    }

    /// The numbers that no frame has, the lowest first.
    pub(crate) fn free_frames(&self) -> FreeFrames<'_> {
        FreeFrames { free: self.free.iter(), beyond: FrameId(u32::try_from(self.frames.len()).unwrap_or(u32::MAX)) }
    }

    pub(crate) fn frame(&self, id: FrameId) -> Option<&Frame> {
        self.frames.get(id.0 as usize).and_then(|slot| slot.as_deref())
    }

    /// When the whole execution times out, by the machine's own `TimeoutSeconds`.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.program.timeout_seconds.map(|seconds| self.started_at.plus_seconds(seconds as f64))
    }
}

/// The numbers that no frame has, the lowest first: slots that are free, then those that never were used.
pub(crate) struct FreeFrames<'a> {
    free: btree_set::Iter<'a, FrameId>,
    beyond: FrameId,
}

impl FreeFrames<'_> {
    pub(crate) fn next(&mut self) -> FrameId {
        self.free.next().copied().unwrap_or_else(|| {
            let next = FrameId(self.beyond.0.saturating_add(1));
            std::mem::replace(&mut self.beyond, next)
        })
    }
}

/// All that events determine.
impl fmt::Debug for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution")
            .field("status", &self.status)
            .field("input", &self.input)
            .field("started_at", &self.started_at)
            .field("stopped_at", &self.stopped_at)
            .field("last_event", &self.last_event)
            .field("event_count", &self.event_count)
            .field("frames", &self.frames)
            .field("free", &self.free)
            .field("ready", &self.ready)
            .field("timers", &self.timers)
            .field("tasks", &self.tasks)
            .field("to_hand_out", &self.to_hand_out)
            .field("cancels", &self.cancels)
            .finish_non_exhaustive()
    }
}

/// Equality of all that events determine; the definition and the fixed facts are the same by construction.
impl PartialEq for Execution {
    fn eq(&self, other: &Self) -> bool {
        self.info == other.info
            && self.status == other.status
            && self.input == other.input
            && self.started_at == other.started_at
            && self.last_at == other.last_at
            && self.stopped_at == other.stopped_at
            && self.last_event == other.last_event
            && self.event_count == other.event_count
            && self.frames == other.frames
            && self.free == other.free
            && self.ready == other.ready
            && self.timers == other.timers
            && self.tasks == other.tasks
            && self.to_hand_out == other.to_hand_out
            && self.cancels == other.cancels
    }
}
