//! The developer guide's definitions, run: what the guide says of each must come true here.
//!
//! Where a definition calls a service, an activity stands in its place and the test plays the worker. Definitions
//! write such a resource as `@Name`.

mod basics;
mod choice;
mod containers;
mod context;
mod data;
mod errors;
mod intrinsics;
mod projects;
mod timeouts;
mod tutorials;
mod wait;

use std::collections::BTreeSet;

use asl::read::{MachineType, read};
use engine::{Command, EventId, EventKind, OpenTask, Status};

use crate::run::{Run, json};

const ACTIVITIES: &str = "arn:aws:states:us-east-1:123456789012:activity:";

/// A definition as the engine takes it: `@Name` becomes an activity's ARN.
fn definition(text: &str) -> String {
    text.replace("\"@", &format!("\"{ACTIVITIES}"))
}

/// A machine of one state, which ends it.
fn one(name: &str, fields: &str) -> String {
    format!(r#"{{"StartAt":"{name}","States":{{"{name}":{{{fields},"End":true}}}}}}"#)
}

/// Whether a definition is refused.
fn is_refused(text: &str) -> bool {
    read(&definition(text), MachineType::Standard).program.is_none()
}

/// What a worker does with a task it took.
#[derive(Clone, Copy, Debug)]
enum Answer<'a> {
    /// Sends this result.
    Gives(&'a str),
    /// Sends an error of this name.
    Fails(&'a str),
    /// Never answers.
    Hangs,
}

use Answer::{Fails, Gives, Hangs};

/// An execution, its workers and its clock, played step by step.
struct Play {
    run: Run,
    taken: BTreeSet<EventId>,
    waits: Vec<f64>,
}

impl Play {
    fn start(text: &str, input: &str) -> Self {
        Self { run: Run::start(&definition(text), input), taken: BTreeSet::new(), waits: Vec::new() }
    }

    /// Lets the clock run until a task is handed out, or until nothing is timed.
    fn next_task(&mut self) -> Option<EventId> {
        loop {
            if let Some(task) = self.run.tasks().into_iter().find(|task| !self.taken.contains(task)) {
                return Some(task);
            }
            self.run.execution.next_due()?;
            let waited = self.run.tick();
            self.waits.push(waited);
        }
    }

    /// The next task is of this activity and has this input; a worker takes it and answers.
    #[track_caller]
    fn task(mut self, activity: &str, input: &str, answer: Answer<'_>) -> Self {
        let Some(scheduled) = self.next_task() else {
            panic!("no task of {activity} is handed out:\n{}", self.run.history())
        };
        let Some(OpenTask { resource, parameters, .. }) = self.run.execution.open_task(scheduled) else {
            panic!("the task is not open")
        };
        let found = (resource.trim_start_matches(ACTIVITIES).to_owned(), parameters.to_json());
        assert_eq!(found, (activity.to_owned(), compact(input)));
        self.taken.insert(scheduled);
        self.run.send(Command::TaskStarted { scheduled, worker: None }).unwrap();
        match answer {
            Gives(output) => {
                self.run.send(Command::TaskSucceeded { scheduled, output: json(output) }).unwrap();
            }
            Fails(error) => {
                let cause = Some("because".into());
                self.run.send(Command::TaskFailed { scheduled, error: Some(error.into()), cause }).unwrap();
            }
            Hangs => {}
        }
        self
    }

    /// The seconds the clock was moved by, in turn, up to the execution's end.
    #[track_caller]
    fn waits(mut self, expected: &[f64]) -> Self {
        self.finish();
        assert_eq!(self.waits, expected);
        self
    }

    /// The names of the states entered, in turn.
    #[track_caller]
    fn enters(mut self, expected: &[&str]) -> Self {
        self.finish();
        let name = |event: &engine::Event| match &event.kind {
            EventKind::StateEntered { name, .. } => Some(name.to_string()),
            _ => None,
        };
        assert_eq!(self.run.events.iter().filter_map(name).collect::<Vec<_>>(), expected);
        self
    }

    /// The execution succeeds with this output.
    #[track_caller]
    fn outputs(mut self, expected: &str) {
        self.finish();
        assert_eq!(self.run.output(), compact(expected));
    }

    /// The execution fails with this error and cause, `-` where there is none.
    #[track_caller]
    fn fails(mut self, error: &str, cause: &str) {
        self.finish();
        assert_eq!(self.run.failure(), (error.to_owned(), cause.to_owned()));
    }

    /// The execution fails with this error, whatever the cause.
    #[track_caller]
    fn fails_with(mut self, error: &str) {
        self.finish();
        assert_eq!(self.run.failure().0, error);
    }

    /// The machine's own timeout ends the execution.
    #[track_caller]
    fn times_out(mut self) {
        self.finish();
        assert_eq!(self.run.status(), Status::TimedOut);
    }

    #[track_caller]
    fn finish(&mut self) {
        if let Some(task) = self.next_task() {
            panic!("task {task:?} waits for a worker:\n{}", self.run.history());
        }
    }
}

/// JSON as the engine writes it.
fn compact(text: &str) -> String {
    json(text).to_json()
}
