//! Compares what an execution did with what its case expects.

use std::collections::BTreeMap;

use asl::{Text, Value};
use engine::Status;

use crate::cases::{Expected, Sent};
use crate::pretty::{Surplus, aligned, contains, pretty};
use crate::run::{Ending, Run};

/// Something that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What differs: `status`, `output`, `attempts of "Charge"`.
    pub what: String,
    /// What was expected, perhaps of several lines.
    pub expected: String,
    /// What was found, perhaps of several lines.
    pub found: String,
}

/// Everything that is not as expected. An execution that came to no end has its own message ([`Ending`]) instead.
pub fn judge(expected: &Expected, run: &Run) -> Vec<Mismatch> {
    let Ending::Ended(status) = run.ending else { return Vec::new() };
    let mut judge = Judge(Vec::new());
    if status == expected.status {
        judge.end(expected, run);
    } else {
        judge.differ("status", expected.status.as_str().to_owned(), end_of(status, run));
    }
    if let Some(path) = &expected.path
        && *path != run.path
    {
        judge.differ("path", path.join("\n"), run.path.join("\n"));
    }
    judge.variables(expected, run);
    for (state, count) in &expected.attempts {
        let found = run.attempts.get(state).copied().unwrap_or(0);
        if found != *count {
            judge.differ(format!("attempts of \"{state}\""), count.to_string(), found.to_string());
        }
    }
    judge.sent("sent", &expected.sent, run, Surplus::Kept);
    judge.sent("sentContains", &expected.sent_contains, run, Surplus::Dropped);
    if let Some(elapsed) = expected.elapsed
        && elapsed != run.elapsed
    {
        judge.differ("elapsed", seconds(elapsed), seconds(run.elapsed));
    }
    judge.0
}

/// Milliseconds as seconds: `1.5 s`.
pub fn seconds(milliseconds: i64) -> String {
    format!("{} s", milliseconds as f64 / 1000.0)
}

/// A status with what explains it.
fn end_of(status: Status, run: &Run) -> String {
    let mut text = status.as_str().to_owned();
    for (label, value) in [("error", &run.error), ("cause", &run.cause)] {
        if let Some(value) = value {
            text.push_str(&format!("\n{label}: {value}"));
        }
    }
    text
}

struct Judge(Vec<Mismatch>);

impl Judge {
    fn differ(&mut self, what: impl Into<String>, expected: String, found: String) {
        self.0.push(Mismatch { what: what.into(), expected, found });
    }

    /// Output, error and cause, where the status is the one expected.
    fn end(&mut self, expected: &Expected, run: &Run) {
        if let Some(output) = &expected.output {
            self.value("output", output, run.output.as_ref(), Surplus::Kept);
        }
        if let Some(output) = &expected.output_contains {
            self.value("outputContains", output, run.output.as_ref(), Surplus::Dropped);
        }
        self.text("error", expected.error.as_ref(), run.error.as_ref());
        self.text("cause", expected.cause.as_ref(), run.cause.as_ref());
        if let Some(part) = &expected.cause_contains
            && !run.cause.as_ref().is_some_and(|cause| cause.contains(&**part))
        {
            self.differ("causeContains", part.to_string(), absent_or(run.cause.as_ref()));
        }
    }

    fn value(&mut self, what: &str, expected: &Value, found: Option<&Value>, surplus: Surplus) {
        let Some(found) = found else { return self.differ(what, pretty(expected), "(absent)".into()) };
        let is_met = match surplus {
            Surplus::Kept => expected == found,
            Surplus::Dropped => contains(expected, found),
        };
        if !is_met {
            self.differ(what, pretty(expected), pretty(&aligned(expected, found, surplus)));
        }
    }

    /// What Task states sent with their invocations.
    fn sent(&mut self, what: &str, expected: &BTreeMap<Text, Sent>, run: &Run, surplus: Surplus) {
        for (state, sent) in expected {
            let found = run.sent.get(state).map_or(&[][..], Vec::as_slice);
            let expected: Vec<&Value> = match sent {
                Sent::Every(value) => vec![value; found.len().max(1)],
                Sent::InTurn(values) => values.iter().collect(),
            };
            for at in 0..expected.len().max(found.len()) {
                let what = format!("{what} by \"{state}\", invocation {}", at + 1);
                match (expected.get(at), found.get(at)) {
                    (Some(expected), found) => self.value(&what, expected, found, surplus),
                    (None, Some(found)) => self.differ(what, "(absent)".into(), pretty(found)),
                    (None, None) => {}
                }
            }
        }
    }

    fn text(&mut self, what: &str, expected: Option<&Text>, found: Option<&Text>) {
        if let Some(expected) = expected
            && found != Some(expected)
        {
            self.differ(what, expected.to_string(), absent_or(found));
        }
    }

    /// The variables the case names.
    fn variables(&mut self, expected: &Expected, run: &Run) {
        let Some(variables) = &expected.variables else { return };
        for (name, value) in variables.iter() {
            let found = run.variables.get(name);
            if found != Some(value) {
                self.value(&format!("variable \"{name}\""), value, found, Surplus::Kept);
            }
        }
    }
}

fn absent_or(text: Option<&Text>) -> String {
    text.map_or_else(|| "(absent)".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cases::TestFile;
    use document::{Document, Syntax};

    #[test]
    fn what_was_sent_is_compared_invocation_by_invocation() {
        let definition = r#"{"StartAt": "T", "States": {"T": {"Type": "Task", "End": true,
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Parameters": {"a": 1, "n.$": "$$.State.RetryCount"},
            "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}]}}}"#;
        let differences = |expect: &str| {
            let text = format!(
                "definition: d\ncases: [{{name: n, mocks: {{T: [{{error: {{error: E}}}}, {{result: 1}}]}}, expect: {{{expect}}}}}]"
            );
            let document = Document::parse(&text, Syntax::Yaml).unwrap();
            let case = &TestFile::read(&document).unwrap().cases[0];
            let program = asl::read::read(definition, asl::read::MachineType::Standard).program.unwrap();
            let limits = engine::Limits::default();
            let run = crate::run(&Arc::new(program), case.input.clone(), case.start_time, &case.mocks, &limits);
            judge(&case.expect, &run).into_iter().map(|one| one.what).collect::<Vec<_>>()
        };
        for (expect, different) in [
            ("sent: {T: [{a: 1, n: 0}, {n: 1, a: 1}]}", vec![]),
            ("sentContains: {T: {a: 1}}", vec![]),
            ("sent: {T: {a: 1, n: 0}}", vec!["sent by \"T\", invocation 2"]),
            ("sent: {T: [{a: 1, n: 0}]}", vec!["sent by \"T\", invocation 2"]),
            ("sentContains: {T: [{}, {}, {}]}", vec!["sentContains by \"T\", invocation 3"]),
            ("sentContains: {U: {}}", vec!["sentContains by \"U\", invocation 1"]),
        ] {
            assert_eq!(differences(expect), different, "{expect}");
        }
    }

    const DEFINITION: &str = r#"{"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"x": 1, "y": [2]}, "Result": {"a": 1, "b": {"c": 2}}, "Next": "W"},
        "W": {"Type": "Wait", "Seconds": 3, "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Variable": "$$.Execution.Input.fail", "IsPresent": true, "Next": "F"}],
              "Default": "S"},
        "F": {"Type": "Fail", "Error": "E", "Cause": "the cause"},
        "S": {"Type": "Succeed"}}}"#;

    /// What differs, by name.
    fn differences(input: &str, expect: &str) -> Vec<Mismatch> {
        let text = format!("definition: d\ncases: [{{name: n, input: {input}, expect: {{{expect}}}}}]");
        let document = Document::parse(&text, Syntax::Yaml).unwrap();
        let case = &TestFile::read(&document).unwrap().cases[0];
        let program = asl::read::read(DEFINITION, asl::read::MachineType::Standard).program.unwrap();
        let limits = engine::Limits::default();
        let run = crate::run(&Arc::new(program), case.input.clone(), case.start_time, &case.mocks, &limits);
        judge(&case.expect, &run)
    }

    #[test]
    fn what_is_met_is_silent() {
        for (input, expect) in [
            ("{}", ""),
            ("{}", "status: SUCCEEDED, output: {b: {c: 2.0}, a: 1}, path: [A, W, C, S], elapsed: 3"),
            ("{}", "outputContains: {b: {}}, variables: {x: 1}, attempts: {A: 1, F: 0}"),
            ("{fail: 1}", "error: E, cause: the cause, causeContains: the"),
            ("{fail: 1}", "status: FAILED"),
        ] {
            assert_eq!(differences(input, expect), [], "{input} {expect}");
        }
    }

    #[test]
    fn what_is_not_met_is_told() {
        for (input, expect, what, expected, found) in [
            ("{fail: 1}", "", "status", "SUCCEEDED", "FAILED\nerror: E\ncause: the cause"),
            ("{}", "error: E", "status", "FAILED", "SUCCEEDED"),
            ("{}", "output: {}", "output", "{}", "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 2\n  }\n}"),
            ("{}", "outputContains: {a: 2}", "outputContains", "{\n  \"a\": 2\n}", "{\n  \"a\": 1\n}"),
            ("{fail: 1}", "error: G", "error", "G", "E"),
            ("{fail: 1}", "cause: c", "cause", "c", "the cause"),
            ("{fail: 1}", "causeContains: x", "causeContains", "x", "the cause"),
            ("{}", "path: [A]", "path", "A", "A\nW\nC\nS"),
            ("{}", "variables: {x: 2}", "variable \"x\"", "2", "1"),
            ("{}", "variables: {z: 2}", "variable \"z\"", "2", "(absent)"),
            ("{}", "attempts: {A: 2}", "attempts of \"A\"", "2", "1"),
            ("{}", "elapsed: 2.5", "elapsed", "2.5 s", "3 s"),
        ] {
            let mismatch = Mismatch { what: what.into(), expected: expected.into(), found: found.into() };
            assert_eq!(differences(input, expect), [mismatch], "{input} {expect}");
        }
    }
}
