//! The report for programs.

use std::path::Path;

use asl::{Number, Text, Value};
use rehearsal::pretty::pretty;
use rehearsal::{Coverage, Ending};

use super::tested::{Tested, TestedCase, TestedFile};

/// One JSON object.
pub(super) fn report(tested: &Tested) -> String {
    let coverage = tested.coverage.iter().map(|(definition, coverage)| coverage_of(definition, coverage));
    let problem = |problem: &super::tested::Unusable| {
        Value::object([
            ("file", problem.file.display().to_string().into()),
            ("message", problem.message.clone().into()),
        ])
    };
    let report = Value::object([
        ("files", Value::array(tested.files.iter().map(file_of).collect())),
        ("coverage", Value::array(coverage.collect())),
        ("problems", Value::array(tested.problems.iter().map(problem).collect())),
        ("passed", count(tested.passed())),
        ("failed", count(tested.failed())),
    ]);
    pretty(&report) + "\n"
}

fn file_of(file: &TestedFile) -> Value {
    Value::object([
        ("file", file.file.display().to_string().into()),
        ("definition", file.definition.display().to_string().into()),
        ("cases", Value::array(file.cases.iter().map(case_of).collect())),
    ])
}

fn case_of(case: &TestedCase) -> Value {
    let status = match case.run.ending {
        Ending::Ended(status) => status.as_str().into(),
        _ => Value::Null,
    };
    let mismatch = |mismatch: &rehearsal::Mismatch| {
        Value::object([
            ("what", mismatch.what.clone().into()),
            ("expected", mismatch.expected.clone().into()),
            ("found", mismatch.found.clone().into()),
        ])
    };
    Value::object([
        ("name", case.name.clone().into()),
        ("result", if case.passed() { "PASSED" } else { "FAILED" }.into()),
        ("status", status),
        ("message", case.dead_end().map_or(Value::Null, Value::from)),
        ("mismatches", Value::array(case.mismatches.iter().map(mismatch).collect())),
        ("path", Value::array(case.run.path.iter().cloned().map(Text::into).collect())),
        ("elapsed", elapsed(case.run.elapsed)),
    ])
}

fn coverage_of(definition: &Path, coverage: &Coverage) -> Value {
    Value::object([
        ("definition", definition.display().to_string().into()),
        ("reached", count(coverage.reached())),
        ("total", count(coverage.total())),
        ("percent", float(coverage.percent())),
        ("missed", Value::array(coverage.missed().map(|part| part.to_string().into()).collect())),
    ])
}

/// Milliseconds as a number of seconds.
pub(super) fn elapsed(milliseconds: i64) -> Value {
    float(milliseconds as f64 / 1000.0)
}

fn float(number: f64) -> Value {
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn count(count: usize) -> Value {
    Value::int(i64::try_from(count).unwrap_or(i64::MAX))
}
