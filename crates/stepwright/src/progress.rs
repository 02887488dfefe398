//! Shows on stderr, state by state, how an execution gets on.

use std::io::Write;

use asl::Text;
use engine::history::HistoryEvent;
use engine::{EventId, Status, Timestamp};
use runtime::calls::ExecutionDescription;

use crate::excerpt::Colour;

/// Characters of the line that is overwritten while states are open.
const STATUS_WIDTH: usize = 76;

/// How to show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Not at all.
    Quiet,
    /// A line for each entry and each exit.
    Lines,
    /// A line for each exit; the states that are open on a last line that is overwritten.
    Terminal,
}

/// A state that was entered and not yet left.
struct Open {
    name: Text,
    entered_at: Timestamp,
}

/// The display of one execution.
pub(crate) struct Progress {
    mode: Mode,
    colour: Colour,
    started_at: Option<Timestamp>,
    open: Vec<Open>,
}

impl Progress {
    /// Shows nothing when `quiet`; overwrites and colours only on a terminal.
    pub(crate) fn new(quiet: bool, is_terminal: bool) -> Self {
        let mode = match (quiet, is_terminal) {
            (true, _) => Mode::Quiet,
            (false, false) => Mode::Lines,
            (false, true) => Mode::Terminal,
        };
        Self { mode, colour: Colour::for_terminal(is_terminal), started_at: None, open: Vec::new() }
    }

    /// Takes note of one event, in order.
    pub(crate) fn show(&mut self, event: &HistoryEvent) {
        if self.mode == Mode::Quiet {
            return;
        }
        let started_at = *self.started_at.get_or_insert(event.at);
        let since = seconds(started_at, event.at);
        if let Some(line) = self.line(event) {
            self.print(&format!("{since:>10.3} s  {line}\n"));
        }
        self.status();
    }

    /// Says how it ended.
    pub(crate) fn finish(&mut self, description: &ExecutionDescription, last: EventId) {
        if self.mode == Mode::Quiet {
            return;
        }
        let record = &description.record;
        let stopped_at = record.summary.stopped_at.unwrap_or(record.started_at);
        let (verdict, code) = match record.summary.status {
            Status::Succeeded => ("succeeded", "1;32"),
            Status::TimedOut => ("timed out", "1;31"),
            Status::Aborted => ("aborted", "1;33"),
            Status::Failed | Status::Running => ("failed", "1;31"),
        };
        let mut text = format!(
            "{} after {:.3} s, {last} events\n",
            self.colour.paint(code, verdict),
            seconds(record.started_at, stopped_at)
        );
        for (label, value) in [("error", &description.error), ("cause", &description.cause)] {
            if let Some(value) = value {
                text.push_str(&format!("  {label}: {value}\n"));
            }
        }
        self.print(&text);
    }

    /// What the event is worth a line for.
    fn line(&mut self, event: &HistoryEvent) -> Option<String> {
        if let Some(kind) = event.event_type.strip_suffix("StateEntered") {
            let name = detail(event, "name")?;
            let line = format!("{} {name} ({kind})", self.colour.paint("1;34", ">"));
            self.open.push(Open { name, entered_at: event.at });
            return (self.mode == Mode::Lines).then_some(line);
        }
        if event.event_type.ends_with("StateExited") {
            let name = detail(event, "name")?;
            let entered_at = self.close(&name).unwrap_or(event.at);
            let took = seconds(entered_at, event.at);
            return Some(format!("{} {name} ({took:.3} s)", self.colour.paint("1;32", "+")));
        }
        is_mishap(event.event_type).then(|| {
            let error = detail(event, "error").map(|error| format!(" {error}")).unwrap_or_default();
            let cause = detail(event, "cause").map(|cause| format!(": {cause}")).unwrap_or_default();
            format!("{} {}{error}{cause}", self.colour.paint("1;31", "!"), event.event_type)
        })
    }

    fn close(&mut self, name: &str) -> Option<Timestamp> {
        let index = self.open.iter().position(|open| &*open.name == name)?;
        Some(self.open.remove(index).entered_at)
    }

    /// Overwrites the last line with what is open.
    fn status(&self) {
        if self.mode != Mode::Terminal || self.open.is_empty() {
            return;
        }
        let names: Vec<&str> = self.open.iter().map(|open| &*open.name).collect();
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

/// A failure on the way, caught or retried perhaps. That of the execution itself is told at the end.
fn is_mishap(event_type: &str) -> bool {
    let bad = ["Failed", "TimedOut", "Aborted"].iter().any(|end| event_type.ends_with(end));
    bad && !event_type.starts_with("Execution")
}

/// A member of the details, on one line: a cause may hold line breaks and escapes.
fn detail(event: &HistoryEvent, name: &str) -> Option<Text> {
    let (_, details) = event.details.as_ref()?;
    details.get(name)?.as_str().map(|text| text.replace(char::is_control, " ").into())
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.0.saturating_sub(from.0) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use asl::Value;

    use super::*;

    fn event(id: u64, at: i64, event_type: &'static str, details: &[(&str, &str)]) -> HistoryEvent {
        let details = Value::object(details.iter().map(|(name, value)| (Text::from(*name), Value::from(*value))));
        HistoryEvent {
            id: EventId(id),
            previous: EventId(id - 1),
            at: Timestamp(at),
            event_type,
            details: Some(("details", details)),
        }
    }

    #[test]
    fn a_line_tells_of_entries_exits_and_failures() {
        let mut progress = Progress::new(false, false);
        let lines = [
            (event(1, 0, "ExecutionStarted", &[]), None),
            (event(2, 0, "WaitStateEntered", &[("name", "Nap")]), Some("> Nap (Wait)")),
            (event(3, 1500, "WaitStateExited", &[("name", "Nap")]), Some("+ Nap (1.500 s)")),
            (event(4, 1500, "TaskFailed", &[("error", "E"), ("cause", "C")]), Some("! TaskFailed E: C")),
            (event(5, 1500, "ExecutionFailed", &[("error", "E")]), None),
        ];
        for (event, expected) in lines {
            assert_eq!(progress.line(&event).as_deref(), expected);
        }
    }

    #[test]
    fn a_terminal_gets_no_line_for_an_entry() {
        let mut progress = Progress { mode: Mode::Terminal, colour: Colour::None, started_at: None, open: Vec::new() };
        assert_eq!(progress.line(&event(2, 0, "PassStateEntered", &[("name", "A")])), None);
        assert_eq!(progress.open.len(), 1);
    }
}
