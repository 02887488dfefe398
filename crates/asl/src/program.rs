//! A definition that has been read: states by number, targets resolved, paths and expressions parsed.
//!
//! Plain values without behaviour. [`crate::read`] makes them; the engine walks them.

mod memory;
mod variables;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::choice::Condition;
use crate::path::{Path, ReferencePath};
use crate::template::Template;
use crate::value::{Text, Value};

pub use crate::query_language::QueryLanguage;
pub use crate::resource::Resource;

/// A state machine's definition, ready to run.
#[derive(Debug, Default)]
pub struct Program {
    /// The machine's `Comment`.
    pub comment: Option<Text>,
    /// The machine's own `TimeoutSeconds`.
    pub timeout_seconds: Option<u64>,
    /// Every state of the machine, nested ones too.
    pub states: Vec<State>,
    /// Every `StartAt` with its `States`: the machine itself first, then branches and item processors.
    pub branches: Vec<Branch>,
    /// The states by their names, which are unique over the whole machine. Where they are not, which is refused, the
    /// first of a name.
    pub names: HashMap<Text, StateId>,
    /// The later states of a name, each in another branch.
    namesakes: HashMap<(BranchId, Text), StateId>,
}

impl Program {
    /// The branch that is the machine itself.
    pub const ROOT: BranchId = BranchId(0);

    /// The state of that number.
    pub fn state(&self, id: StateId) -> &State {
        &self.states[id.0 as usize]
    }

    /// The branch of that number.
    pub fn branch(&self, id: BranchId) -> &Branch {
        &self.branches[id.0 as usize]
    }

    /// The state of that name; the first, where several have it.
    pub fn state_named(&self, name: &str) -> Option<StateId> {
        self.names.get(name).copied()
    }

    /// The state of that name which stands among the same `States` as another.
    pub fn state_beside(&self, other: StateId, name: &Text) -> Option<StateId> {
        let branch = self.state(other).branch;
        let first = *self.names.get(name)?;
        if self.state(first).branch == branch {
            return Some(first);
        }
        self.namesakes.get(&(branch, name.clone())).copied()
    }

    /// Gives back the room for more states.
    pub(crate) fn shrink(&mut self) {
        self.states.shrink_to_fit();
        self.branches.shrink_to_fit();
        self.names.shrink_to_fit();
        self.namesakes.shrink_to_fit();
    }

    /// Takes in the name of a state that is about to be added.
    pub(crate) fn add_name(&mut self, name: Text, branch: BranchId, id: StateId) {
        match self.names.entry(name) {
            Entry::Vacant(unused) => {
                unused.insert(id);
            }
            Entry::Occupied(first) => {
                self.namesakes.insert((branch, first.key().clone()), id);
            }
        }
    }
}

/// A state's number within its [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateId(pub u32);

/// A branch's number within its [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BranchId(pub u32);

/// A `StartAt` with its `States`: the machine itself, a Parallel state's branch, a Map state's processor.
#[derive(Debug)]
pub struct Branch {
    /// Where it begins.
    pub start_at: StateId,
}

/// A state machine's type, as far as it decides which definitions are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineType {
    /// Durable, up to a year.
    Standard,
    /// In memory, up to five minutes.
    Express,
}

/// A state with the fields every type may have. A field its language or type does not know has its default.
#[derive(Debug)]
pub struct State {
    /// Unique over the whole machine.
    pub name: Text,
    /// The branch it stands in.
    pub branch: BranchId,
    /// The language of its fields.
    pub language: QueryLanguage,
    /// `InputPath` (JSONPath).
    pub input_path: DataPath,
    /// `OutputPath` (JSONPath).
    pub output_path: DataPath,
    /// `Output` (JSONata).
    pub output: Option<Template>,
    /// `Assign`, an object template in either language.
    pub assign: Option<Template>,
    /// What its type adds.
    pub kind: StateKind,
    /// Why it cannot be run, where it cannot: an execution that comes to it fails with `States.Runtime` and this. Only
    /// states of definitions that would be refused today have one; what could not be read of them has a stand-in.
    pub fault: Option<Text>,
}

/// `InputPath` or `OutputPath`.
#[derive(Debug, Default)]
pub enum DataPath {
    /// Absent or `$`: the whole.
    #[default]
    Whole,
    /// `null`: an empty object instead.
    Nothing,
    /// What the path selects.
    Select(Path),
}

/// `ResultPath`.
#[derive(Debug, Default)]
pub enum ResultPath {
    /// Absent or `$`: the result replaces the input.
    #[default]
    Replace,
    /// `null`: the result is discarded, the input goes on.
    Discard,
    /// The result is put into the input at this place.
    Put(Box<ReferencePath>),
}

/// `Next` or `End`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// `Next`.
    Next(StateId),
    /// `"End": true`.
    End,
}

/// What a state's type adds.
#[derive(Debug)]
pub enum StateKind {
    /// Pass
    Pass(Box<Pass>),
    /// Task
    Task(Box<Task>),
    /// Choice
    Choice(Box<Choice>),
    /// Wait
    Wait(Box<Wait>),
    /// Succeed
    Succeed,
    /// Fail
    Fail(Box<Fail>),
    /// Parallel
    Parallel(Box<Parallel>),
    /// Map
    Map(Box<Map>),
}

/// A Pass state's fields.
#[derive(Debug)]
pub struct Pass {
    /// `Result`, static (JSONPath).
    pub result: Option<Value>,
    /// `Parameters` (JSONPath).
    pub parameters: Option<Template>,
    /// `ResultPath` (JSONPath).
    pub result_path: ResultPath,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// A Task state's fields.
#[derive(Debug)]
pub struct Task {
    /// `Resource`
    pub resource: Resource,
    /// `Parameters` (JSONPath) or `Arguments` (JSONata).
    pub arguments: Option<Template>,
    /// `Credentials`, an object template.
    pub credentials: Option<Template>,
    /// `ResultSelector` (JSONPath).
    pub result_selector: Option<Template>,
    /// `ResultPath` (JSONPath).
    pub result_path: ResultPath,
    /// `TimeoutSeconds` or `TimeoutSecondsPath`.
    pub timeout_seconds: Option<Figure>,
    /// `HeartbeatSeconds` or `HeartbeatSecondsPath`.
    pub heartbeat_seconds: Option<Figure>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// A number that is fixed, selected by a path, or computed.
#[derive(Debug)]
pub enum Figure {
    /// As written.
    Fixed(f64),
    /// The `...Path` form (JSONPath).
    Path(Path),
    /// An expression (JSONata).
    Expression(Template),
}

/// A Choice state's fields.
#[derive(Debug)]
pub struct Choice {
    /// `Choices`, in order.
    pub rules: Vec<ChoiceRule>,
    /// `Default`
    pub default: Option<StateId>,
}

/// One entry of `Choices`.
#[derive(Debug)]
pub struct ChoiceRule {
    /// When it applies.
    pub condition: Condition,
    /// `Next`
    pub next: StateId,
    /// `Output` (JSONata), replacing the state's own.
    pub output: Option<Template>,
    /// `Assign`, replacing the state's own.
    pub assign: Option<Template>,
}

/// A Wait state's fields.
#[derive(Debug)]
pub struct Wait {
    /// How long, or until when.
    pub until: WaitUntil,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// The four forms of a Wait, and their JSONata counterparts.
#[derive(Debug)]
pub enum WaitUntil {
    /// `Seconds` as a number.
    Seconds(u64),
    /// `SecondsPath`
    SecondsPath(Path),
    /// `Seconds` as an expression (JSONata).
    SecondsExpression(Template),
    /// `Timestamp` as text, checked to be a timestamp.
    Timestamp(Text),
    /// `TimestampPath`
    TimestampPath(Path),
    /// `Timestamp` as an expression (JSONata).
    TimestampExpression(Template),
}

/// A Fail state's fields.
#[derive(Debug)]
pub struct Fail {
    /// `Error` or `ErrorPath`.
    pub error: Option<FailText>,
    /// `Cause` or `CausePath`.
    pub cause: Option<FailText>,
}

/// A Fail state's `Error` or `Cause`.
#[derive(Debug)]
pub enum FailText {
    /// As written.
    Fixed(Text),
    /// `ErrorPath` or `CausePath`: a path or an intrinsic function, as the value of a `.$` member is.
    Path(Template),
    /// An expression (JSONata).
    Expression(Template),
}

/// A Parallel state's fields.
#[derive(Debug)]
pub struct Parallel {
    /// `Branches`, in order.
    pub branches: Vec<BranchId>,
    /// `Parameters` (JSONPath) or `Arguments` (JSONata).
    pub arguments: Option<Template>,
    /// `ResultSelector` (JSONPath).
    pub result_selector: Option<Template>,
    /// `ResultPath` (JSONPath).
    pub result_path: ResultPath,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// A Map state's fields.
#[derive(Debug)]
pub struct Map {
    /// `ItemProcessor` or `Iterator`.
    pub processor: BranchId,
    /// Where the items are processed.
    pub mode: MapMode,
    /// What it has besides, where the mode is [`MapMode::Distributed`], and only then.
    pub distributed: Option<Box<DistributedMap>>,
    /// `ItemsPath` (JSONPath) or `Items` (JSONata).
    pub items: MapItems,
    /// `ItemSelector`, or `Parameters` in old definitions.
    pub item_selector: Option<Template>,
    /// `MaxConcurrency` or `MaxConcurrencyPath`; 0 and absent mean no bound of its own.
    pub max_concurrency: Option<Figure>,
    /// `ToleratedFailureCount` or its path.
    pub tolerated_failure_count: Option<Figure>,
    /// `ToleratedFailurePercentage` or its path.
    pub tolerated_failure_percentage: Option<Figure>,
    /// `ResultSelector` (JSONPath).
    pub result_selector: Option<Template>,
    /// `ResultPath` (JSONPath).
    pub result_path: ResultPath,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// `Next` or `End`.
    pub transition: Transition,
}

/// Where a Map state processes its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapMode {
    /// In the execution itself.
    Inline,
    /// In child executions.
    Distributed,
}

/// What a distributed Map state has besides. The objects are as they were written, checked but not parsed.
#[derive(Debug)]
pub struct DistributedMap {
    /// `Label`, for the ARNs of the map run and its child executions.
    pub label: Option<Text>,
    /// `ExecutionType` of the child executions.
    pub execution_type: MachineType,
    /// `ItemReader`
    pub item_reader: Option<Value>,
    /// `ItemBatcher`
    pub item_batcher: Option<Value>,
    /// `ResultWriter`
    pub result_writer: Option<Value>,
}

/// Where a Map state's items come from.
#[derive(Debug)]
pub enum MapItems {
    /// The effective input itself, or what `ItemsPath` selects in it.
    Path(Option<Path>),
    /// `Items`: an array, an object or an expression (JSONata).
    Items(Template),
}

/// One entry of `Retry`.
#[derive(Debug)]
pub struct Retrier {
    /// `ErrorEquals`
    pub error_equals: Vec<Text>,
    /// `IntervalSeconds`, at least 1.
    pub interval_seconds: u64,
    /// `MaxAttempts`; 0 means never.
    pub max_attempts: u64,
    /// `BackoffRate`, at least 1.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy`
    pub jitter: JitterStrategy,
}

/// `JitterStrategy`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JitterStrategy {
    /// The delay as computed.
    #[default]
    None,
    /// Uniform between 0 and the delay.
    Full,
}

/// One entry of `Catch`.
#[derive(Debug)]
pub struct Catcher {
    /// `ErrorEquals`
    pub error_equals: Vec<Text>,
    /// `Next`
    pub next: StateId,
    /// `ResultPath` (JSONPath).
    pub result_path: ResultPath,
    /// `Output` (JSONata).
    pub output: Option<Template>,
    /// `Assign`, replacing the state's own.
    pub assign: Option<Template>,
}
