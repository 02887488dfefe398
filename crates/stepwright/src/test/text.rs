//! The report for people.

use std::fmt::Write;

use rehearsal::diff::{Line, diff};
use rehearsal::judge::seconds;
use rehearsal::{Coverage, Mismatch};

use super::tested::{Tested, TestedCase};
use crate::excerpt::Colour;

const GREEN: &str = "1;32";
const RED: &str = "1;31";
const DIM: &str = "2";

/// The whole report: files with their cases, coverage, problems, and the sum.
pub(super) fn report(tested: &Tested, coverage_min: Option<f64>, colour: Colour) -> String {
    let mut text = String::new();
    for file in tested.files.iter().filter(|file| !file.cases.is_empty()) {
        line(&mut text, &file.file.display().to_string());
        file.cases.iter().for_each(|case| add_case(&mut text, case, colour));
        text.push('\n');
    }
    if !tested.coverage.is_empty() {
        line(&mut text, "Coverage");
        for (definition, coverage) in &tested.coverage {
            add_coverage(&mut text, &definition.display().to_string(), coverage, coverage_min, colour);
        }
        text.push('\n');
    }
    for problem in &tested.problems {
        line(&mut text, &format!("{} {}", colour.paint(RED, "cannot be run:"), problem.file.display()));
        problem.message.lines().for_each(|one| line(&mut text, &format!("  {one}")));
        text.push('\n');
    }
    text.push_str(&sum(tested, colour));
    text
}

fn sum(tested: &Tested, colour: Colour) -> String {
    let (passed, failed) = (tested.passed(), tested.failed());
    let counted = |count: usize, word: &str, code: &str| {
        let text = format!("{count} {word}");
        if count > 0 { colour.paint(code, &text) } else { text }
    };
    let mut text = format!("{}, {}", counted(passed, "passed", GREEN), counted(failed, "failed", RED));
    match tested.problems.len() {
        0 => {}
        1 => text.push_str(", 1 file cannot be run"),
        count => text.push_str(&format!(", {count} files cannot be run")),
    }
    text.push('\n');
    text
}

fn add_case(text: &mut String, case: &TestedCase, colour: Colour) {
    let took = colour.paint(DIM, &format!("({})", seconds(case.run.elapsed)));
    let verdict = if case.passed() { colour.paint(GREEN, "ok  ") } else { colour.paint(RED, "FAIL") };
    line(text, &format!("  {verdict} {} {took}", one_line(&case.name)));
    if let Some(reason) = case.dead_end() {
        line(text, &format!("      {}", one_line(&reason)));
        let path: Vec<_> = case.run.path.iter().map(|name| one_line(name)).collect();
        line(text, &format!("      states so far: {}", path.join(", ")));
    }
    case.mismatches.iter().for_each(|mismatch| add_mismatch(text, mismatch, colour));
}

fn add_mismatch(text: &mut String, mismatch: &Mismatch, colour: Colour) {
    let legend = format!("{} {}", colour.paint(RED, "- expected"), colour.paint(GREEN, "+ found"));
    line(text, &format!("      {} ({legend})", one_line(&mismatch.what)));
    for one in diff(&mismatch.expected, &mismatch.found) {
        let shown = match one {
            Line::Same(same) => format!("  {}", one_line(same)),
            Line::Missing(missing) => colour.paint(RED, &format!("- {}", one_line(missing))),
            Line::Surplus(surplus) => colour.paint(GREEN, &format!("+ {}", one_line(surplus))),
            Line::Gap(count) => colour.paint(DIM, &format!("  ... {count} more")),
        };
        line(text, &format!("        {shown}"));
    }
}

fn add_coverage(text: &mut String, definition: &str, coverage: &Coverage, least: Option<f64>, colour: Colour) {
    let percent = coverage.percent();
    let shown = format!("{} of {} ({} %)", coverage.reached(), coverage.total(), (percent * 10.0).floor() / 10.0);
    let verdict = match least {
        Some(least) if percent < least => format!(", {}", colour.paint(RED, &format!("less than {least} %"))),
        _ => String::new(),
    };
    line(text, &format!("  {definition}: {shown}{verdict}"));
    coverage.missed().for_each(|part| line(text, &format!("    not reached: {}", one_line(&part.to_string()))));
}

fn line(text: &mut String, line: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "{line}");
}

/// Without the control characters of names, causes and payloads, which could move a terminal's cursor.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
