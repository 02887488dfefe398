//! What functions write while an execution runs, for its progress: the lines that `serve` has in its log.

use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};

use asl::{Text, Value};
use engine::TaskFamily;
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
}

/// Takes the lines of functions out of the log of this process, which shows nothing else. Once per process.
pub(super) fn listen() -> Receiver<OutputLine> {
    let (sender, receiver) = channel();
    // Another one would be there only in tests, and then there are no lines.
    let _ = tracing::subscriber::set_global_default(FunctionLog(sender));
    receiver
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

struct FunctionLog(Sender<OutputLine>);

impl Subscriber for FunctionLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "functions"
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = OutputLine::default();
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
        tracing::subscriber::with_default(FunctionLog(sender), || {
            tracing::info!(target: "functions", function = "greet", stream = "stdout", "hello {}", 1);
            tracing::info!("something else");
        });
        let lines: Vec<_> = receiver.iter().collect();
        assert_eq!(lines, [OutputLine { function: "greet".to_owned(), text: "hello 1".to_owned() }]);
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
