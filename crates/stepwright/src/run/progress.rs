//! Shows on stderr, state by state, how an execution gets on.
//!
//! Branches and iterations stand indented under their state, each with its number: `[0]`. What happens in a state names
//! the state, so that lines of branches that run at once can be told apart.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use asl::program::{Retrier, StateKind};
use asl::{Program, Text, Value};
use engine::{Event, EventKind, FrameId, Numbered, Status, TaskFamily, Timestamp};
use runtime::calls::ExecutionDescription;

use super::function_output::OutputLine;
use super::function_output::function_of;
use crate::excerpt::{Colour, harmless};

/// Characters of the line that is overwritten while states are open.
const STATUS_WIDTH: usize = 76;
/// Characters of a task's result, or of why it failed, that are shown. What ends the execution is shown whole at the end.
const RESULT_WIDTH: usize = 160;

const GREEN: &str = "1;32";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "1;34";
const DIM: &str = "2";

/// How to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Only why it failed.
    Quiet,
    /// A line for each entry and each exit.
    Lines,
    /// A line for each exit; the states that are open on a last line that is overwritten.
    Terminal,
}

/// A line of control: the main line, a branch, an iteration.
#[derive(Clone, Debug, Default)]
struct Line {
    /// Its numbers, from the outermost on: `[0][2]`.
    number: String,
    /// How deep it stands.
    depth: usize,
    /// The state it is in.
    open: Option<Open>,
}

/// A state that was entered and not yet left.
#[derive(Clone, Debug)]
struct Open {
    name: Text,
    entered_at: Timestamp,
    /// How often each retrier has tried.
    retries: HashMap<u32, u64>,
    /// The function that its task runs.
    function: Option<String>,
}

/// The display of one execution.
pub(super) struct Progress {
    program: Arc<Program>,
    mode: Mode,
    colour: Colour,
    started_at: Option<Timestamp>,
    lines: HashMap<FrameId, Line>,
    /// The state in which the main line ended.
    last_state: Option<Text>,
}

impl Progress {
    /// Shows nothing but failures when `quiet`; overwrites and colours only on a terminal.
    pub(super) fn new(program: Arc<Program>, quiet: bool, is_terminal: bool) -> Self {
        let mode = match (quiet, is_terminal) {
            (true, _) => Mode::Quiet,
            (false, false) => Mode::Lines,
            (false, true) => Mode::Terminal,
        };
        let lines = HashMap::from([(FrameId::ROOT, Line::default())]);
        let colour = Colour::for_terminal(is_terminal);
        Self { program, mode, colour, started_at: None, lines, last_state: None }
    }

    /// Takes note of one event, in order.
    pub(super) fn show(&mut self, event: &Event) {
        let started_at = *self.started_at.get_or_insert(event.at);
        let text = self.line(event);
        if self.mode == Mode::Quiet {
            return;
        }
        if let Some(text) = text {
            let since = seconds(started_at, event.at);
            self.print(&format!("{since:>10.3} s  {text}\n"));
        }
        self.status();
    }

    /// Shows what a function has written, under the state that it works for.
    pub(super) fn show_output(&self, output: &OutputLine) {
        if self.mode != Mode::Quiet {
            self.print(&format!("{:12}  {}\n", "", self.output_line(output)));
            self.status();
        }
    }

    /// Shows lines that somebody is to read, whatever the mode.
    pub(super) fn tell(&self, text: &str) {
        self.print(&format!("{text}\n"));
        self.status();
    }

    /// Says how it ended.
    pub(super) fn finish(&mut self, description: &ExecutionDescription, events: u64) {
        let record = &description.record;
        let status = record.summary.status;
        if self.mode == Mode::Quiet && status == Status::Succeeded {
            return;
        }
        let stopped_at = record.summary.stopped_at.unwrap_or(record.started_at);
        let (verdict, code) = match status {
            Status::Succeeded => ("succeeded", GREEN),
            Status::TimedOut => ("timed out", RED),
            Status::Aborted => ("aborted", YELLOW),
            Status::Failed | Status::Running => ("failed", RED),
        };
        let place = self.last_state.as_ref().filter(|_| status != Status::Succeeded);
        let place = place.map(|name| format!(" in state {}", harmless(name))).unwrap_or_default();
        let took = seconds(record.started_at, stopped_at);
        let mut text = format!("{}{place} after {took:.3} s, {events} events\n", self.colour.paint(code, verdict));
        for (label, value) in [("error", &description.error), ("cause", &description.cause)] {
            if let Some(value) = value {
                text.push_str(&format!("  {label}: {}\n", harmless(value)));
            }
        }
        self.print(&text);
    }

    /// What the event is worth a line for.
    fn line(&mut self, event: &Event) -> Option<String> {
        let frame = event.frame;
        match &event.kind {
            EventKind::StateEntered { name, state_type, .. } => {
                self.entered(frame, name, &format!("{state_type:?}"), event.at)
            }
            EventKind::StateExited { name, .. } => {
                let open = self.lines.get_mut(&frame)?.open.take();
                let took = seconds(open.map_or(event.at, |open| open.entered_at), event.at);
                Some(self.indented(frame, GREEN, "+", &format!("{} ({took:.3} s)", harmless(name))))
            }
            EventKind::ParallelStateStarted { frames: Numbered::Written(frames), .. } => {
                for (number, child) in frames.iter().enumerate() {
                    self.begin(frame, *child, number as u64);
                }
                None
            }
            EventKind::MapIterationStarted { index, child: Numbered::Written(child), .. } => {
                self.begin(frame, *child, *index);
                None
            }
            EventKind::TaskScheduled { family, resource, parameters, .. } => {
                let open = self.lines.get_mut(&frame)?.open.as_mut()?;
                open.function = function_of(family, resource, parameters);
                None
            }
            EventKind::TaskSucceeded { family, output } => {
                let result = shortened(&result_of(family, output).to_json());
                self.mention(frame, DIM, "=", &result)
            }
            EventKind::TaskFailed { error, cause, .. } => self.mishap(frame, "failed", error.as_ref(), cause.as_ref()),
            EventKind::TaskTimedOut { error, cause, .. } => {
                self.mishap(frame, "timed out", Some(error), cause.as_ref())
            }
            EventKind::EvaluationFailed { error, cause, .. } => self.mishap(frame, "failed", Some(error), Some(cause)),
            EventKind::StateAborted { .. } => self.mishap(frame, "was given up", None, None),
            EventKind::ParallelStateFailed => self.mishap(frame, "failed: a branch did", None, None),
            EventKind::MapStateFailed => self.mishap(frame, "failed: iterations did", None, None),
            EventKind::RetryScheduled { retrier, due } => self.retry(frame, *retrier, seconds(event.at, *due)),
            kind if kind.is_end() => {
                self.last_state = self.lines.get(&FrameId::ROOT)?.open.as_ref().map(|open| open.name.clone());
                None
            }
            _ => None,
        }
    }

    fn entered(&mut self, frame: FrameId, name: &Text, kind: &str, at: Timestamp) -> Option<String> {
        let open = Open { name: name.clone(), entered_at: at, retries: HashMap::new(), function: None };
        self.lines.entry(frame).or_default().open = Some(open);
        let text = format!("{} ({kind})", harmless(name));
        (self.mode != Mode::Terminal).then(|| self.indented(frame, BLUE, ">", &text))
    }

    fn begin(&mut self, parent: FrameId, child: FrameId, number: u64) {
        let Line { number: outer, depth, .. } = self.lines.get(&parent).cloned().unwrap_or_default();
        let line = Line { number: format!("{outer}[{number}]"), depth: depth + 1, open: None };
        self.lines.insert(child, line);
    }

    fn mishap(&self, frame: FrameId, what: &str, error: Option<&Text>, cause: Option<&Text>) -> Option<String> {
        let error = error.map(|error| format!(": {error}")).unwrap_or_default();
        let cause = cause.filter(|cause| !cause.is_empty()).map(|cause| format!(": {}", shortened(cause)));
        let cause = cause.unwrap_or_default();
        self.mention(frame, RED, "!", &format!("{what}{error}{cause}"))
    }

    fn retry(&mut self, frame: FrameId, retrier: u32, pause: f64) -> Option<String> {
        let open = self.lines.get_mut(&frame)?.open.as_mut()?;
        let tries = open.retries.entry(retrier).or_default();
        *tries += 1;
        let tries = *tries;
        let state = self.program.state_named(&open.name)?;
        let most = retriers(&self.program.state(state).kind).get(retrier as usize).map(|retrier| retrier.max_attempts);
        let of = most.map(|most| format!(" of {most}")).unwrap_or_default();
        self.mention(frame, YELLOW, "~", &format!("retry {tries}{of} in {} s", rounded(pause)))
    }

    /// A line about the state that a line of control is in.
    fn mention(&self, frame: FrameId, code: &str, mark: &str, text: &str) -> Option<String> {
        let open = self.lines.get(&frame)?.open.as_ref()?;
        Some(self.indented(frame, code, mark, &format!("{} {}", harmless(&open.name), harmless(text))))
    }

    fn indented(&self, frame: FrameId, code: &str, mark: &str, text: &str) -> String {
        let line = self.lines.get(&frame).cloned().unwrap_or_default();
        let space = if line.number.is_empty() { "" } else { " " };
        format!("{}{}{space}{} {text}", "  ".repeat(line.depth), line.number, self.colour.paint(code, mark))
    }

    fn output_line(&self, output: &OutputLine) -> String {
        let works =
            |line: &&Line| line.open.as_ref().is_some_and(|open| open.function.as_deref() == Some(&*output.function));
        let mut working = self.lines.values().filter(works);
        // Where several states run the function at once, only its own name is sure.
        let (depth, name) = match (working.next(), working.next()) {
            (Some(Line { depth, open: Some(open), .. }), None) => (*depth, open.name.to_string()),
            _ => (0, output.function.clone()),
        };
        let bar = self.colour.paint(DIM, "|");
        format!("{}{} {bar} {}", "  ".repeat(depth), harmless(&name), harmless(&output.text))
    }

    /// Overwrites the last line with what is open.
    fn status(&self) {
        if self.mode != Mode::Terminal {
            return;
        }
        let mut open: Vec<_> =
            self.lines.iter().filter_map(|(frame, line)| Some((*frame, line.open.as_ref()?))).collect();
        if open.is_empty() {
            return;
        }
        open.sort_by_key(|(frame, _)| *frame);
        let names: Vec<_> = open.iter().map(|(_, open)| harmless(&open.name)).collect();
        let text: String = format!("... {}", names.join(", ")).chars().take(STATUS_WIDTH).collect();
        self.print(&text);
    }

    /// Writes over the status line.
    fn print(&self, text: &str) {
        let clear = if self.mode == Mode::Terminal { "\r\x1b[2K" } else { "" };
        let mut stderr = std::io::stderr().lock();
        // Progress is a courtesy: a closed stderr must not end the run.
        let _ = write!(stderr, "{clear}{text}").and_then(|()| stderr.flush());
    }
}

/// What is of interest in a task's result: what a function gave, without what the call of it is about.
fn result_of<'v>(family: &TaskFamily, output: &'v Value) -> &'v Value {
    let is_invoke =
        matches!(family, TaskFamily::Integration(integration) if &**integration.resource_type() == "lambda");
    output.get("Payload").filter(|_| is_invoke).unwrap_or(output)
}

fn retriers(kind: &StateKind) -> &[Retrier] {
    match kind {
        StateKind::Task(task) => &task.retry,
        StateKind::Parallel(parallel) => &parallel.retry,
        StateKind::Map(map) => &map.retry,
        _ => &[],
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(RESULT_WIDTH) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Seconds without zeros at the end.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.0.saturating_sub(from.0) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use engine::{EventId, StateType};

    use super::*;

    const MACHINE: &str = r#"{"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [{
        "StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 3}], "End": true}}}]}}}"#;

    fn progress(mode: Mode) -> Progress {
        let program = Arc::new(asl::read::load(MACHINE).unwrap());
        Progress { mode, colour: Colour::None, ..Progress::new(program, false, false) }
    }

    fn event(at: i64, frame: FrameId, kind: EventKind) -> Event {
        Event { id: EventId(1), previous: EventId(0), at: Timestamp(at), frame, kind }
    }

    fn entered(name: &str, state_type: StateType) -> EventKind {
        EventKind::StateEntered { name: name.into(), state_type, input: Value::Null, input_text: None }
    }

    fn scheduled() -> EventKind {
        EventKind::TaskScheduled {
            family: TaskFamily::LambdaFunction,
            resource: "arn:aws:lambda:us-east-1:123456789012:function:f".into(),
            parameters: Value::Null,
            timeout_seconds: None,
            heartbeat_seconds: None,
            credentials: None,
        }
    }

    #[test]
    fn what_happens_in_a_branch_is_indented_numbered_and_named() {
        let (root, branch) = (FrameId::ROOT, FrameId(7));
        let frames = Numbered::Written(vec![FrameId(6), branch]);
        let failed = || EventKind::TaskFailed {
            family: TaskFamily::LambdaFunction,
            error: Some("E".into()),
            cause: Some("one\ntwo".into()),
        };
        let exited = EventKind::StateExited {
            name: "T".into(),
            state_type: StateType::Task,
            output: Value::Null,
            assigned: None,
            next: None,
        };
        let done = EventKind::TaskSucceeded { family: TaskFamily::LambdaFunction, output: Value::int(7) };
        let retry = |due: i64| EventKind::RetryScheduled { retrier: 0, due: Timestamp(due) };
        let mut progress = progress(Mode::Lines);
        for (event, expected) in [
            (event(0, root, entered("P", StateType::Parallel)), Some("> P (Parallel)")),
            (event(0, root, EventKind::ParallelStateStarted { input: Value::Null, frames }), None),
            (event(0, branch, entered("T", StateType::Task)), Some("  [1] > T (Task)")),
            (event(0, branch, scheduled()), None),
            (event(0, branch, failed()), Some("  [1] ! T failed: E: one\\ntwo")),
            (event(0, branch, retry(1000)), Some("  [1] ~ T retry 1 of 3 in 1 s")),
            (event(1000, branch, failed()), Some("  [1] ! T failed: E: one\\ntwo")),
            (event(1000, branch, retry(3500)), Some("  [1] ~ T retry 2 of 3 in 2.5 s")),
            (event(3500, branch, done), Some("  [1] = T 7")),
            (event(3500, branch, exited), Some("  [1] + T (3.500 s)")),
            (event(3500, root, EventKind::ParallelStateFailed), Some("! P failed: a branch did")),
        ] {
            assert_eq!(progress.line(&event).as_deref(), expected);
        }
        progress.line(&event(4000, root, EventKind::ExecutionTimedOut));
        assert_eq!(progress.last_state.as_deref(), Some("P"));
    }

    #[test]
    fn output_stands_under_the_state_that_runs_the_function() {
        let mut progress = progress(Mode::Lines);
        let output = OutputLine { function: "f".to_owned(), text: "hello".to_owned(), ..OutputLine::default() };
        assert_eq!(progress.output_line(&output), "f | hello");
        progress.line(&event(0, FrameId(3), entered("T", StateType::Task)));
        progress.line(&event(0, FrameId(3), scheduled()));
        assert_eq!(progress.output_line(&output), "T | hello");
        progress.line(&event(0, FrameId(4), entered("T", StateType::Task)));
        progress.line(&event(0, FrameId(4), scheduled()));
        assert_eq!(progress.output_line(&output), "f | hello", "two states run it");
    }

    #[test]
    fn a_terminal_gets_no_line_for_an_entry() {
        let mut progress = progress(Mode::Terminal);
        assert_eq!(progress.line(&event(0, FrameId::ROOT, entered("P", StateType::Parallel))), None);
        assert!(progress.lines[&FrameId::ROOT].open.is_some());
    }
}
