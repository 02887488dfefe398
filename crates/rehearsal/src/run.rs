//! Runs one execution on a virtual clock, with mocks for its tasks.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use advice::refused_parameters;
use asl::program::{Resource, StateId};
use asl::value::Object;
use asl::{Program, Text, Value};
use engine::{
    Advance, Command, Event, EventId, EventKind, Execution, ExecutionInfo, Fault, Limits, Outstanding, Resources,
    Status, Timestamp, Turn, TurnTime,
};

use crate::coverage::Reached;
use crate::mocks::{MockOutcome, MockTable};
use crate::trace::Trace;

/// Events of one turn; a longer run goes on in the next.
const BUDGET: usize = 10_000;
/// Seeds of consecutive turns are this far apart; odd, so that they do not repeat. Chance is the same in every run.
const SEED_STEP: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;

/// What one execution did.
#[derive(Debug)]
pub struct Run {
    /// How it came to its end.
    pub ending: Ending,
    /// The output, where it succeeded.
    pub output: Option<Value>,
    /// The error's name, where it failed.
    pub error: Option<Text>,
    /// What went wrong, where it failed.
    pub cause: Option<Text>,
    /// The names of the states entered, in order, nested ones too.
    pub path: Vec<Text>,
    /// How often each state began its work: one for each entry, one for each retry.
    pub attempts: BTreeMap<Text, u64>,
    /// What each Task state sent with its invocations: their parameters.
    pub sent: BTreeMap<Text, Vec<Value>>,
    /// The main line's variables at the end.
    pub variables: Object,
    /// Milliseconds of virtual time.
    pub elapsed: i64,
    /// What it reached in the definition.
    pub reached: Reached,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// The execution ended.
    Ended(Status),
    /// A task was invoked that no mock answers.
    Unmocked {
        /// The Task state's name.
        state: Text,
        /// Which invocation, from 1.
        invocation: u64,
        /// Whether the state has mocks at all.
        mocked: bool,
    },
    /// The execution waits for answers that never come, and no timeout ends that.
    Stuck {
        /// The names of the Task states it waits in.
        states: Vec<Text>,
    },
    /// Our own mistake: the engine refused a command or an event.
    Broken(Fault),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(status) => f.write_str(status.as_str()),
            Self::Unmocked { state, mocked: false, .. } => write!(f, "Task state \"{state}\" has no mock"),
            Self::Unmocked { state, invocation, mocked: true } => {
                write!(f, "Task state \"{state}\" has no mock for its invocation {invocation}")
            }
            Self::Stuck { states } => write!(
                f,
                "the execution waits for ever: no answer comes in \"{}\", and no timeout is set",
                states.join("\", \"")
            ),
            Self::Broken(fault) => write!(f, "the engine refused to go on: {fault}"),
        }
    }
}

/// Runs a definition from an input to its end. The clock begins at `start_time` and jumps to what is due next.
///
/// A mock's answer that comes at the very time of a timeout comes first. Mocked tasks send no heartbeats.
pub fn run(program: &Arc<Program>, input: Value, start_time: Timestamp, mocks: &MockTable, limits: &Limits) -> Run {
    let mut stage = Stage {
        execution: Execution::new(program.clone(), Arc::new(info())),
        mocks,
        limits,
        now: start_time,
        turns: 0,
        trace: Trace::default(),
        invocations: HashMap::new(),
        answers: BTreeMap::new(),
    };
    let ending = stage.play(input).unwrap_or_else(|ending| ending);
    let Trace { path, attempts, sent, variables, output, error, cause, reached, .. } = stage.trace;
    let elapsed = stage.now.0.saturating_sub(start_time.0);
    Run { ending, output, error, cause, path, attempts, sent, variables, elapsed, reached: Reached(reached) }
}

fn info() -> ExecutionInfo {
    ExecutionInfo {
        arn: "arn:aws:states:us-east-1:123456789012:execution:test:test".into(),
        name: "test".into(),
        state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:test".into(),
        state_machine_name: "test".into(),
        role_arn: "arn:aws:iam::123456789012:role/test".into(),
    }
}

/// Every resource exists: its mock.
struct Mocked;

impl Resources for Mocked {
    fn refusal(&self, _: &Resource) -> Option<String> {
        None
    }

    fn task_token(&self, scheduled: EventId) -> Text {
        format!("token-{scheduled}").into()
    }

    /// What AWS refuses before anything is sent: a mock answers no misspelt parameter, at whatever depth.
    fn prepare(&self, resource: &Resource, parameters: Value) -> Result<Value, String> {
        let problems = refused_parameters(resource, &parameters);
        if problems.is_empty() {
            return Ok(parameters);
        }
        Err(format!("The Parameters '{parameters}' could not be used to start the Task: [{}]", problems.join(", ")))
    }
}

struct Stage<'a> {
    execution: Execution,
    mocks: &'a MockTable,
    limits: &'a Limits,
    now: Timestamp,
    turns: u128,
    trace: Trace,
    invocations: HashMap<StateId, u64>,
    /// The answers on their way, by when they come and the number of their task.
    answers: BTreeMap<(Timestamp, EventId), MockOutcome>,
}

impl Stage<'_> {
    /// The history's limit bounds this loop: whatever takes time, or takes no time and repeats, writes events.
    fn play(&mut self, input: Value) -> Result<Ending, Ending> {
        self.send(Command::Start { input, input_text: None })?;
        while self.execution.status() == Status::Running {
            let answer = self.answers.first_key_value().map(|((due, _), _)| *due);
            match (answer, self.execution.next_due()) {
                (Some(answer), timer) if timer.is_none_or(|timer| answer <= timer) => self.answer()?,
                (_, Some(timer)) => {
                    self.now = self.now.max(timer);
                    self.send(Command::Tick)?;
                }
                (_, None) => return Ok(Ending::Stuck { states: self.waiting() }),
            }
        }
        Ok(Ending::Ended(self.execution.status()))
    }

    /// The next answer comes.
    fn answer(&mut self) -> Result<(), Ending> {
        let Some(((due, scheduled), outcome)) = self.answers.pop_first() else { return Ok(()) };
        // The task is over where it timed out, or a sibling's failure ended it.
        if self.execution.open_task(scheduled).is_none() {
            return Ok(());
        }
        self.now = self.now.max(due);
        match outcome {
            MockOutcome::Result(output) => self.send(Command::TaskSucceeded { scheduled, output }),
            MockOutcome::Error { error, cause } => self.send(Command::TaskFailed { scheduled, error, cause }),
            MockOutcome::Never => Ok(()),
        }
    }

    /// Carries out a command and what follows from it at once.
    fn send(&mut self, command: Command) -> Result<(), Ending> {
        let mut command = command;
        loop {
            let mut events = Vec::new();
            self.turns = self.turns.wrapping_add(1);
            let turn = Turn {
                now: self.now,
                seed: self.turns.wrapping_mul(SEED_STEP),
                limits: self.limits,
                resources: &Mocked,
                budget: BUDGET,
                bytes: usize::MAX,
                time: TurnTime::UNBOUNDED,
            };
            let advance = self.execution.advance(command, &turn, &mut events).map_err(Ending::Broken)?;
            let program = self.execution.program().clone();
            events.iter().for_each(|event| self.trace.see(event, &program));
            self.start_tasks(&events)?;
            match advance {
                Advance::Unfinished if self.execution.status() == Status::Running => command = Command::Continue,
                Advance::Settled | Advance::Unfinished | Advance::TooLong => return Ok(()),
            }
        }
    }

    /// Takes the tasks that were scheduled, and plans their answers.
    fn start_tasks(&mut self, events: &[Event]) -> Result<(), Ending> {
        for event in events {
            if !matches!(event.kind, EventKind::TaskScheduled { .. }) || self.execution.open_task(event.id).is_none() {
                continue;
            }
            let outcome = self.outcome(event.id)?;
            self.take(event.id)?;
            self.answers.extend(
                outcome.map(|(delay, outcome)| ((Timestamp(self.now.0.saturating_add(delay)), event.id), outcome)),
            );
        }
        Ok(())
    }

    /// A worker takes the task.
    fn take(&mut self, scheduled: EventId) -> Result<(), Ending> {
        let turn = Turn {
            now: self.now,
            seed: 0,
            limits: self.limits,
            resources: &Mocked,
            budget: 1,
            bytes: usize::MAX,
            time: TurnTime::UNBOUNDED,
        };
        let mut events = Vec::new();
        let advance = self.execution.advance(Command::TaskStarted { scheduled, worker: None }, &turn, &mut events);
        let program = self.execution.program().clone();
        events.iter().for_each(|event| self.trace.see(event, &program));
        match advance {
            Ok(_) | Err(Fault::Ignored(_)) => Ok(()),
            Err(fault) => Err(Ending::Broken(fault)),
        }
    }

    /// The answer to the next invocation of the task's state with its delay; `None` where it never comes.
    fn outcome(&mut self, task: EventId) -> Result<Option<(i64, MockOutcome)>, Ending> {
        let Some(state) = self.trace.state_of(task) else { return Ok(None) };
        let count = self.invocations.entry(state).or_default();
        let invocation = *count;
        *count += 1;
        let name = &self.execution.program().state(state).name;
        let mocks = self.mocks.get(name);
        let Some(answer) = mocks.and_then(|mocks| mocks.answer(invocation)) else {
            let (state, mocked) = (name.clone(), mocks.is_some());
            return Err(Ending::Unmocked { state, invocation: invocation + 1, mocked });
        };
        Ok((answer.outcome != MockOutcome::Never).then(|| (answer.delay, answer.outcome.clone())))
    }

    /// The names of the states with open tasks.
    fn waiting(&self) -> Vec<Text> {
        let state = |outstanding: Outstanding| match outstanding {
            Outstanding::Task(task) => self.trace.state_of(task.scheduled),
            _ => None,
        };
        let name = |state: StateId| self.execution.program().state(state).name.clone();
        self.execution.outstanding().into_iter().filter_map(state).map(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mocks::{Answer, Mocks};
    use document::{Document, Syntax};

    fn program(text: &str) -> Arc<Program> {
        let document = Document::parse(text, Syntax::Yaml).unwrap();
        let reading = asl::read::read(document.json(), asl::read::MachineType::Standard);
        Arc::new(reading.program.unwrap_or_else(|| panic!("{:?}", reading.diagnostics)))
    }

    fn result(json: &str, delay: i64) -> Answer {
        Answer { outcome: MockOutcome::Result(asl::json::parse(json.as_bytes()).unwrap()), delay }
    }

    fn error(name: &str) -> Answer {
        Answer { outcome: MockOutcome::Error { error: Some(name.into()), cause: None }, delay: 0 }
    }

    fn never() -> Answer {
        Answer { outcome: MockOutcome::Never, delay: 0 }
    }

    fn play(definition: &str, mocks: &[(&str, Mocks)]) -> Run {
        let mocks = mocks.iter().map(|(name, mocks)| (Text::from(*name), Arc::new(mocks.clone()))).collect();
        run(&program(definition), Value::empty_object(), Timestamp(0), &mocks, &Limits::default())
    }

    fn task(more: &str) -> String {
        format!(
            "StartAt: T\nStates:\n  T: {{Type: Task, Resource: 'arn:aws:states:::sqs:sendMessage', \
             Parameters: {{QueueUrl: q, MessageBody: b}}, End: true{more}}}\n  F: {{Type: Fail, Error: F}}\n"
        )
    }

    const CATCH: &str = ", Catch: [{ErrorEquals: [States.ALL], Next: F}]";

    #[test]
    fn a_year_passes_in_no_time() {
        let run = play("{StartAt: W, States: {W: {Type: Wait, Seconds: 31536000, End: true}}}", &[]);
        assert_eq!((run.ending, run.elapsed), (Ending::Ended(Status::Succeeded), 31_536_000_000));
    }

    #[test]
    fn a_task_gets_its_mock() {
        let retry = ", Retry: [{ErrorEquals: [E], IntervalSeconds: 4, MaxAttempts: 2}]";
        let retry_and_catch = format!("{retry}{CATCH}");
        let timeout = format!(", TimeoutSeconds: 9{CATCH}");
        for (more, mocks, ending, attempts, elapsed) in [
            (CATCH, Mocks::Every(result("1", 1500)), Status::Succeeded, 1, 1500),
            (CATCH, Mocks::Every(error("E")), Status::Failed, 1, 0),
            (&retry_and_catch, Mocks::InTurn(vec![error("E"), result("1", 0)]), Status::Succeeded, 2, 4000),
            (&retry_and_catch, Mocks::Every(error("E")), Status::Failed, 3, 12_000),
            (&timeout, Mocks::Every(never()), Status::Failed, 1, 9000),
            (&timeout, Mocks::Every(result("1", 9001)), Status::Failed, 1, 9000),
            (&timeout, Mocks::Every(result("1", 9000)), Status::Succeeded, 1, 9000),
        ] {
            let run = play(&task(more), &[("T", mocks.clone())]);
            assert_eq!(run.ending, Ending::Ended(ending), "{more} {mocks:?}");
            assert_eq!((run.attempts["T"], run.elapsed), (attempts, elapsed), "{more} {mocks:?}");
        }
    }

    #[test]
    fn what_a_task_sends_is_kept_and_a_misspelt_parameter_fails_it() {
        let definition = task(CATCH);
        let done = [("T", Mocks::Every(result("1", 0)))];
        let run = play(&definition, &done);
        let sent = asl::json::parse(br#"{"QueueUrl": "q", "MessageBody": "b"}"#).unwrap();
        assert_eq!((run.ending, run.sent["T"].as_slice()), (Ending::Ended(Status::Succeeded), &[sent][..]));
        let nested = definition.replace("MessageBody: b", "MessageBody: b, MessageAttributes: {a: {DataTyp: String}}");
        for (definition, misspelt) in
            [(definition.replace("MessageBody", "MessageBdy"), "MessageBdy"), (nested, "DataTyp")]
        {
            let run = play(&definition, &done);
            assert_eq!((run.ending, run.error.as_deref()), (Ending::Ended(Status::Failed), Some("States.Runtime")));
            let cause = run.cause.unwrap();
            let expected = format!("[The field \"{misspelt}\" is not supported by Step Functions]");
            assert!(cause.contains(&expected), "{cause}");
        }
    }

    #[test]
    fn a_callback_has_a_token_and_is_answered_by_its_mock() {
        let definition = "
StartAt: T
States:
  T:
    Type: Task
    Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
    Parameters: {QueueUrl: q, MessageBody: {token.$: $$.Task.Token}}
    End: true
";
        let run = play(definition, &[("T", Mocks::Every(result("7", 0)))]);
        assert_eq!(run.output.map(|output| output.to_json()).as_deref(), Some("7"));
        let token = run.sent["T"][0].get("MessageBody").and_then(|body| body.get("token")).cloned();
        assert!(token.as_ref().and_then(Value::as_str).is_some_and(|token| token.starts_with("token-")), "{token:?}");
    }

    #[test]
    fn what_cannot_go_on_says_why() {
        let retry = ", Retry: [{ErrorEquals: [E]}]".to_owned() + CATCH;
        for (mocks, message) in [
            (vec![], "Task state \"T\" has no mock"),
            (vec![("T", Mocks::InTurn(vec![error("E")]))], "Task state \"T\" has no mock for its invocation 2"),
            (
                vec![("T", Mocks::Every(never()))],
                "the execution waits for ever: no answer comes in \"T\", and no timeout is set",
            ),
        ] {
            assert_eq!(play(&task(&retry), &mocks).ending.to_string(), message);
        }
    }

    #[test]
    fn answers_come_in_the_order_of_their_time() {
        let definition = "
StartAt: M
States:
  M:
    Type: Map
    ItemProcessor:
      StartAt: T
      States: {T: {Type: Task, Resource: 'arn:aws:lambda:us-east-1:123456789012:function:f', End: true}}
    ItemsPath: $.items
    Next: End
  End: {Type: Pass, Assign: {done.$: $}, End: true}
";
        let mocks = Mocks::InTurn(vec![result("1", 3000), result("2", 1000), result("3", 2000)]);
        let mocks = MockTable::from([("T".into(), Arc::new(mocks))]);
        let input = asl::json::parse(br#"{"items": [1, 2, 3]}"#).unwrap();
        let run = run(&program(definition), input, Timestamp(0), &mocks, &Limits::default());
        assert_eq!(run.path, ["M", "T", "T", "T", "End"].map(Text::from));
        assert_eq!(run.output.map(|output| output.to_json()).as_deref(), Some("[1,2,3]"));
        assert_eq!(run.variables.get("done").map(Value::to_json).as_deref(), Some("[1,2,3]"));
        assert_eq!((run.elapsed, run.attempts["T"]), (3000, 3));
    }

    #[test]
    fn chance_is_the_same_every_time() {
        let definition = "{StartAt: P, States: {P: {Type: Pass, Parameters: {id.$: States.UUID()}, End: true}}}";
        assert_eq!(play(definition, &[]).output, play(definition, &[]).output);
    }

    #[test]
    fn an_endless_loop_ends_at_the_limit_of_the_history() {
        let definition = "{StartAt: A, States: {A: {Type: Pass, Next: B}, B: {Type: Choice, \
                          Choices: [{Variable: $, IsPresent: true, Next: A}], Default: C}, C: {Type: Succeed}}}";
        let run = play(definition, &[]);
        assert_eq!((run.ending, run.error.as_deref()), (Ending::Ended(Status::Failed), Some("States.Runtime")));
    }
}
