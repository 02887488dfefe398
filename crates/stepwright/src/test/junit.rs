//! The report for CI servers: JUnit's XML, in the form the common readers agree on.

use std::fmt::Write;

use super::tested::{Tested, TestedCase, Unusable};

/// One suite for each test file. A file that cannot be run is a suite with one error.
pub(super) fn report(tested: &Tested) -> String {
    let (passed, failed, errors) = (tested.passed(), tested.failed(), tested.problems.len());
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    open_suite(
        &mut xml,
        "testsuites",
        "stepwright",
        passed + failed + errors,
        failed,
        errors,
        &seconds(tested.cases()),
    );
    for file in &tested.files {
        let name = file.file.display().to_string();
        let failed = file.cases.iter().filter(|case| !case.passed()).count();
        open_suite(&mut xml, "testsuite", &name, file.cases.len(), failed, 0, &seconds(file.cases.iter()));
        file.cases.iter().for_each(|case| add_case(&mut xml, &name, case));
        xml.push_str("</testsuite>\n");
    }
    tested.problems.iter().for_each(|problem| add_problem(&mut xml, problem));
    xml.push_str("</testsuites>\n");
    xml
}

fn open_suite(xml: &mut String, tag: &str, name: &str, tests: usize, failures: usize, errors: usize, time: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(
        xml,
        "<{tag} name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{time}\">",
        escaped(name)
    );
}

/// The real time the cases took.
fn seconds<'a>(cases: impl Iterator<Item = &'a TestedCase>) -> String {
    format!("{:.3}", cases.map(|case| case.took.as_secs_f64()).sum::<f64>())
}

fn add_case(xml: &mut String, class: &str, case: &TestedCase) {
    let (class, name) = (escaped(class), escaped(&case.name));
    let time = case.took.as_secs_f64();
    let _ = write!(xml, "<testcase classname=\"{class}\" name=\"{name}\" time=\"{time:.3}\"");
    if case.passed() {
        xml.push_str("/>\n");
        return;
    }
    let what: Vec<_> = case.mismatches.iter().map(|mismatch| mismatch.what.clone()).collect();
    let message = case.dead_end().unwrap_or_else(|| what.join(", "));
    let _ = write!(xml, "><failure message=\"{}\">", escaped(&message));
    for mismatch in &case.mismatches {
        let text = format!("{}\nexpected:\n{}\nfound:\n{}\n\n", mismatch.what, mismatch.expected, mismatch.found);
        xml.push_str(&escaped(&text));
    }
    xml.push_str("</failure></testcase>\n");
}

fn add_problem(xml: &mut String, problem: &Unusable) {
    let name = problem.file.display().to_string();
    open_suite(xml, "testsuite", &name, 1, 0, 1, "0.000");
    let (name, message) = (escaped(&name), escaped(&problem.message));
    let _ = writeln!(
        xml,
        "<testcase classname=\"{name}\" name=\"{name}\" time=\"0.000\"><error message=\"the file cannot be run\">\
         {message}</error></testcase>\n</testsuite>"
    );
}

/// Text for an element or an attribute. What XML 1.0 cannot say becomes a replacement character.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' => escaped.push_str("&#9;"),
            '\0'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped("a<b>&\"c\"\n\u{1b}é"), "a&lt;b&gt;&amp;&quot;c&quot;&#10;\u{fffd}é");
    }
}
