//! Runs a definition by hand: commands in, history out, on a clock the test moves.

use std::sync::Arc;

use asl::program::Resource;
use asl::read::{MachineType, read};
use asl::{Program, Text, Value};
use engine::{
    Advance, Command, Event, EventId, Execution, ExecutionInfo, Fault, Ignored, Limits, Outstanding, Resources, Status,
    Timestamp, Turn, history,
};

/// Every resource may be used, but activities called `missing`.
pub(crate) struct AllButMissing;

impl Resources for AllButMissing {
    fn refusal(&self, resource: &Resource) -> Option<String> {
        resource.arn().ends_with(":missing").then(|| format!("The activity {} does not exist.", resource.arn()))
    }

    fn task_token(&self, scheduled: EventId) -> Text {
        format!("token-{scheduled}").into()
    }

    fn prepare(&self, _: &Resource, parameters: Value) -> Result<Value, String> {
        Ok(parameters)
    }
}

pub(crate) fn json(text: &str) -> Value {
    asl::json::parse(text.as_bytes()).unwrap()
}

pub(crate) fn program(definition: &str) -> Arc<Program> {
    let reading = read(definition, MachineType::Standard);
    Arc::new(reading.program.unwrap_or_else(|| panic!("{:?}", reading.diagnostics)))
}

pub(crate) fn info() -> Arc<ExecutionInfo> {
    Arc::new(ExecutionInfo {
        arn: "arn:aws:states:us-east-1:123456789012:execution:machine:name".into(),
        name: "name".into(),
        state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:machine".into(),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
    })
}

/// An execution under the hand of a test.
pub(crate) struct Run {
    pub(crate) execution: Execution,
    pub(crate) events: Vec<Event>,
    pub(crate) now: Timestamp,
    pub(crate) limits: Limits,
    pub(crate) seed: u128,
}

impl Run {
    /// Starts a definition at the time 0.
    pub(crate) fn start(definition: &str, input: &str) -> Self {
        Self::start_with(definition, input, Limits::default())
    }

    /// Starts a definition with an input whose text is kept, as AWS shows it.
    pub(crate) fn start_as_given(definition: &str, input: &str) -> Self {
        let mut run = Self::of(Execution::new(program(definition), info()));
        run.send(Command::Start { input: json(input), input_text: Some(input.into()) }).unwrap();
        run
    }

    pub(crate) fn start_with(definition: &str, input: &str, limits: Limits) -> Self {
        let mut run = Self { limits, ..Self::of(Execution::new(program(definition), info())) };
        run.send(Command::Start { input: json(input), input_text: None }).unwrap();
        run
    }

    /// An execution that has not begun, at the time 0.
    pub(crate) fn of(execution: Execution) -> Self {
        Self { execution, events: Vec::new(), now: Timestamp(0), limits: Limits::default(), seed: 1 }
    }

    pub(crate) fn send(&mut self, command: Command) -> Result<Advance, Fault> {
        self.seed += 1;
        let turn = Turn {
            now: self.now,
            seed: self.seed,
            limits: &self.limits,
            resources: &AllButMissing,
            budget: 1_000_000,
            bytes: usize::MAX,
            time: engine::TurnTime::UNBOUNDED,
        };
        self.execution.advance(command, &turn, &mut self.events)
    }

    /// Moves the clock to the next timer and lets it fire; says how many seconds passed.
    pub(crate) fn tick(&mut self) -> f64 {
        let due = self.execution.next_due().expect("a timer is set");
        let passed = due.0 - self.now.0;
        self.now = due;
        self.send(Command::Tick).unwrap();
        passed as f64 / 1000.0
    }

    /// Lets the clock run until nothing is timed.
    pub(crate) fn run_down(mut self) -> Self {
        while self.execution.next_due().is_some() {
            self.tick();
        }
        self
    }

    /// The numbers of the open tasks' scheduling events.
    pub(crate) fn tasks(&self) -> Vec<EventId> {
        let number = |outstanding: Outstanding| match outstanding {
            Outstanding::Task(task) => Some(task.scheduled),
            Outstanding::Timer { .. } | Outstanding::Ready | Outstanding::Cancel(_) => None,
        };
        self.execution.outstanding().into_iter().filter_map(number).collect()
    }

    /// The first open task is taken by a worker.
    pub(crate) fn take(&mut self) -> EventId {
        let scheduled = self.tasks()[0];
        // Only an activity's task waits for a worker.
        match self.send(Command::TaskStarted { scheduled, worker: Some("worker".into()) }) {
            Ok(_) | Err(Fault::Ignored(Ignored::TaskAlreadyStarted)) => scheduled,
            Err(other) => panic!("{other}"),
        }
    }

    /// The first open task is taken and done.
    pub(crate) fn succeed(&mut self, output: &str) {
        let scheduled = self.take();
        self.send(Command::TaskSucceeded { scheduled, output: json(output) }).unwrap();
    }

    /// The first open task is taken and fails.
    pub(crate) fn fail(&mut self, error: &str) {
        let scheduled = self.take();
        self.send(Command::TaskFailed { scheduled, error: Some(error.into()), cause: Some("because".into()) }).unwrap();
    }

    pub(crate) fn status(&self) -> Status {
        self.execution.status()
    }

    /// The history, one event a line: `id<previous Type {details}`.
    pub(crate) fn history(&self) -> String {
        let line = |event: &Event| {
            let shown = history::project(event, true, "us-east-1")?;
            let details = shown.details.map(|(_, details)| brief(&details)).unwrap_or_default();
            Some(format!("{}<{} {}{details}", shown.id, shown.previous, shown.event_type))
        };
        self.events.iter().filter_map(line).collect::<Vec<_>>().join("\n")
    }

    /// Types of the shown events only.
    pub(crate) fn types(&self) -> Vec<&'static str> {
        self.events
            .iter()
            .filter_map(|event| history::project(event, true, "us-east-1"))
            .map(|event| event.event_type)
            .collect()
    }

    /// The output of a succeeded execution.
    pub(crate) fn output(&self) -> String {
        match &self.events.last().unwrap().kind {
            engine::EventKind::ExecutionSucceeded { output } => output.to_json(),
            other => panic!("the execution did not succeed: {other:?}"),
        }
    }

    /// Error and cause of a failed execution.
    pub(crate) fn failure(&self) -> (String, String) {
        match &self.events.last().unwrap().kind {
            engine::EventKind::ExecutionFailed { error, cause } => {
                (error.as_deref().unwrap_or("-").to_owned(), cause.as_deref().unwrap_or("-").to_owned())
            }
            other => panic!("the execution did not fail: {other:?}"),
        }
    }
}

/// Details without what every event repeats.
fn brief(details: &Value) -> String {
    let Some(details) = details.as_object() else { return String::new() };
    let members = details.iter().filter(|(name, _)| !name.ends_with("Details") && &***name != "roleArn");
    members
        .map(|(name, value)| format!(" {name}={}", value.as_str().map_or_else(|| value.to_json(), str::to_owned)))
        .collect()
}

pub(crate) fn is_ignored(result: &Result<Advance, Fault>, why: Ignored) -> bool {
    matches!(result, Err(Fault::Ignored(found)) if *found == why)
}
