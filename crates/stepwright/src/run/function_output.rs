//! What functions write while an execution runs, for its progress: the lines that `serve` has in its log.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use asl::{Text, Value};
use engine::{EventKind, TaskFamily, Timestamp};
use runtime::clock::Clock;
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

/// A line that a function wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OutputLine {
    /// The function's name.
    pub(super) function: String,
    /// The line.
    pub(super) text: String,
    /// When it came.
    pub(super) at: Timestamp,
}

/// The lines that were not shown yet, in the order in which they came.
pub(super) struct FunctionOutput {
    receiver: Receiver<OutputLine>,
    waiting: VecDeque<OutputLine>,
}

impl FunctionOutput {
    /// Takes the lines of functions out of the log of this process, which shows nothing else. Once per process. The clock
    /// is the one of the events that they are to stand between.
    pub(super) fn listen(clock: Arc<dyn Clock>) -> Self {
        let (sender, receiver) = channel();
        // Another one would be there only in tests, and then there are no lines.
        let _ = tracing::subscriber::set_global_default(FunctionLog(sender, clock));
        Self { receiver, waiting: VecDeque::new() }
    }

    /// Takes in what has come; how many lines wait now.
    pub(super) fn gather(&mut self) -> usize {
        self.waiting.extend(self.receiver.try_iter());
        self.waiting.len()
    }

    /// How many lines wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The next line that stands before an event: it came earlier, or in the same millisecond before a task's end.
    pub(super) fn before(&mut self, at: Timestamp, kind: &EventKind) -> Option<OutputLine> {
        let stands_before = |line: &OutputLine| line.at < at || line.at == at && is_end_of_task(kind);
        self.waiting.front().is_some_and(stands_before).then(|| self.waiting.pop_front()).flatten()
    }

    /// The next line, whatever it stands before.
    pub(super) fn next(&mut self) -> Option<OutputLine> {
        self.waiting.pop_front()
    }
}

fn is_end_of_task(kind: &EventKind) -> bool {
    matches!(kind, EventKind::TaskSucceeded { .. } | EventKind::TaskFailed { .. } | EventKind::TaskTimedOut { .. })
}

/// The name of the function that a task runs.
pub(super) fn function_of(family: &TaskFamily, resource: &Text, parameters: &Value) -> Option<String> {
    let named = match family {
        TaskFamily::LambdaFunction => Some(&**resource),
        TaskFamily::Integration(integration) if &**integration.resource_type() == "lambda" => {
            parameters.get("FunctionName").and_then(Value::as_str)
        }
        _ => None,
    }?;
    // The name stands behind `function:`, if there is more than the name, and before a version.
    let name = named.rsplit_once("function:").map_or(named, |(_, name)| name);
    name.split(':').next().map(str::to_owned)
}

struct FunctionLog(Sender<OutputLine>, Arc<dyn Clock>);

impl Subscriber for FunctionLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "functions"
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = OutputLine { at: self.1.now(), ..OutputLine::default() };
        event.record(&mut line);
        // Whoever listened is gone where the run is over.
        let _ = self.0.send(line);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

impl Visit for OutputLine {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "function" {
            self.function = value.to_owned();
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.text = format!("{value:?}"),
            "function" => self.function = format!("{value:?}").trim_matches('"').to_owned(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_functions_write_is_taken() {
        let (sender, receiver) = channel();
        tracing::subscriber::with_default(FunctionLog(sender, Arc::new(Noon)), || {
            tracing::info!(target: "functions", function = "greet", stream = "stdout", "hello {}", 1);
            tracing::info!("something else");
        });
        let lines: Vec<_> = receiver.iter().collect();
        assert_eq!(lines, [OutputLine { function: "greet".to_owned(), text: "hello 1".to_owned(), at: Noon.now() }]);
    }

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp(12)
        }
    }

    #[test]
    fn a_line_stands_where_it_was_written() {
        let (sender, receiver) = channel();
        let mut output = FunctionOutput { receiver, waiting: VecDeque::new() };
        for at in [1, 3, 3, 5] {
            sender.send(OutputLine { at: Timestamp(at), ..OutputLine::default() }).unwrap();
        }
        assert_eq!(output.gather(), 4);
        let end = EventKind::TaskFailed { family: TaskFamily::LambdaFunction, error: None, cause: None };
        let begin = EventKind::TaskStarted { family: TaskFamily::LambdaFunction, worker: None };
        let mut count = |at, kind| std::iter::from_fn(|| output.before(Timestamp(at), kind)).count();
        assert_eq!([count(1, &begin), count(3, &begin), count(3, &end), count(4, &end)], [0, 1, 2, 0]);
        assert_eq!((output.next().map(|line| line.at), output.next()), (Some(Timestamp(5)), None));
    }

    #[test]
    fn a_function_is_known_by_its_name() {
        let integration = |resource_type: &str| {
            let integration = asl::resource::Integration::parse(resource_type.into(), "invoke".into());
            TaskFamily::Integration(integration.unwrap())
        };
        let named = |name: &str| Value::object([("FunctionName", Value::from(name))]);
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:greet:$LATEST";
        for (family, resource, parameters, expected) in [
            (TaskFamily::LambdaFunction, arn, Value::Null, Some("greet")),
            (integration("lambda"), "", named(arn), Some("greet")),
            (integration("lambda"), "", named("greet"), Some("greet")),
            (integration("lambda"), "", named("greet:1"), Some("greet")),
            (integration("sqs"), "", named("greet"), None),
            (TaskFamily::Activity, arn, Value::Null, None),
        ] {
            assert_eq!(function_of(&family, &resource.into(), &parameters).as_deref(), expected);
        }
    }
}
