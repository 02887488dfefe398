//! `stepwright test`: runs test files on a virtual clock and says what is not as expected.

pub(crate) mod files;
mod json;
mod junit;
mod mocked;
mod tested;
mod text;
mod watch;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::{Format, TestArguments};
use crate::excerpt::Colour;
use crate::{FAILED, Failure, USAGE, say};
use tested::Tested;

/// What cannot be tested as the command line has it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    /// There is nothing to run.
    #[error("no test file (*.test.yaml, *.test.yml, *.test.json) is in {0}")]
    NoFiles(String),
    /// The filter leaves no case.
    #[error("--filter: no case has {0:?} in its name")]
    NothingMatches(String),
    /// A definition's argument has no `=`.
    #[error("--definition: expected NAME=FILE, found {0:?}")]
    Definition(String),
    /// A machine of the mock configuration has no definition.
    #[error("state machine {0:?} of the mock configuration has no --definition {0}=FILE")]
    NoDefinition(String),
    /// A file is not what it should be; the text says where and why.
    #[error("{0}")]
    Unusable(String),
    /// The report cannot be written.
    #[error("--junit: cannot write {file}")]
    Report {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Runs the tests and prints what came of them.
pub(crate) fn test(arguments: &TestArguments) -> Result<ExitCode, Failure> {
    let colour = Colour::for_terminal(std::io::stdout().is_terminal());
    let mut stdout = std::io::stdout();
    if let Some(config) = &arguments.mock_config {
        return match mocked::run(config, arguments) {
            Ok((text, exit)) => {
                stdout.write_all(text.as_bytes())?;
                Ok(exit)
            }
            // Of several lines, perhaps.
            Err(failure) => match failure.downcast_ref::<UsageError>() {
                Some(UsageError::Unusable(text)) => {
                    say(text);
                    Ok(ExitCode::from(USAGE))
                }
                _ => Err(failure),
            },
        };
    }
    if arguments.watch {
        return watch::watch(arguments, colour);
    }
    let tested = Tested::run(arguments)?;
    stdout.write_all(report(&tested, arguments, colour)?.as_bytes())?;
    Ok(exit(&tested, arguments))
}

/// What to print; writes the JUnit file too, where one is wanted.
fn report(tested: &Tested, arguments: &TestArguments, colour: Colour) -> Result<String, Failure> {
    if let Some(file) = &arguments.junit {
        write_file(file, &junit::report(tested))?;
    }
    Ok(match arguments.format {
        Format::Text => text::report(tested, arguments.coverage_min, colour),
        Format::Json => json::report(tested),
    })
}

fn write_file(file: &Path, text: &str) -> Result<(), UsageError> {
    std::fs::write(file, text).map_err(|source| UsageError::Report { file: file.display().to_string(), source })
}

fn exit(tested: &Tested, arguments: &TestArguments) -> ExitCode {
    if !tested.problems.is_empty() {
        return ExitCode::from(USAGE);
    }
    let covered = arguments.coverage_min.is_none_or(|least| tested.is_covered(least));
    if tested.failed() > 0 || !covered { ExitCode::from(FAILED) } else { ExitCode::SUCCESS }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn examples() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/testing").canonicalize().unwrap()
    }

    fn guide() -> String {
        std::fs::read_to_string(examples().join("../../docs/testing-state-machines.md")).unwrap()
    }

    fn arguments(paths: Vec<PathBuf>) -> TestArguments {
        TestArguments {
            paths,
            filter: None,
            format: Format::Text,
            coverage_min: None,
            junit: None,
            watch: false,
            mock_config: None,
            definitions: Vec::new(),
            input: None,
        }
    }

    /// What is printed, and the exit code.
    fn run(arguments: &TestArguments) -> (String, ExitCode) {
        let tested = Tested::run(arguments).unwrap();
        (report(&tested, arguments, Colour::None).unwrap(), exit(&tested, arguments))
    }

    /// A folder with one definition and that test file.
    fn folder(test_file: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let definition = "StartAt: A\nStates:\n  A: {Type: Pass, Result: {n: 1, m: 2}, End: true}\n";
        std::fs::write(folder.path().join("a.asl.yaml"), definition).unwrap();
        let open = r#"{"StartAt": "S", "States": {"S": {"Type": "Wait", "Seconds": ${Open}, "End": true}}}"#;
        std::fs::write(folder.path().join("open.asl.json"), open).unwrap();
        std::fs::write(folder.path().join("a.test.yaml"), test_file).unwrap();
        folder
    }

    fn test_folder(test_file: &str) -> (String, ExitCode) {
        let folder = folder(test_file);
        run(&arguments(vec![folder.path().to_owned()]))
    }

    #[test]
    fn the_example_passes_and_reaches_everything() {
        let (text, exit) = run(&TestArguments { coverage_min: Some(100.0), ..arguments(vec![examples()]) });
        assert_eq!(exit, ExitCode::SUCCESS, "{text}");
        assert!(text.contains("0 failed") && text.contains("(100 %)"), "{text}");
    }

    #[test]
    fn what_the_guide_shows_is_the_example() {
        for file in ["order.asl.yaml", "order.test.yaml"] {
            let text = std::fs::read_to_string(examples().join(file)).unwrap();
            assert!(guide().contains(&text), "docs/testing-state-machines.md does not show examples/testing/{file}");
        }
        let (text, _) = run(&arguments(vec![examples()]));
        let text = text.replace(&examples().display().to_string(), "examples/testing");
        assert!(guide().contains(&text), "docs/testing-state-machines.md does not show\n{text}");
    }

    #[test]
    fn a_difference_is_shown_line_by_line() {
        let (text, exit) =
            test_folder("definition: a.asl.yaml\ncases: [{name: one, expect: {output: {m: 2, n: 3}}}]\n");
        assert_eq!(exit, ExitCode::from(FAILED), "{text}");
        for line in ["FAIL one", "      output", "          \"m\": 2,", "        -   \"n\": 3", "        +   \"n\": 1"]
        {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
        assert!(text.contains("0 passed, 1 failed"), "{text}");
    }

    #[test]
    fn a_file_that_cannot_be_tested_says_where() {
        for (test_file, message) in [
            (
                "definition: a.asl.yaml\ncases:\n- name: x\n  expects: {}\n",
                "a.test.yaml:4:3: cases[0].expects: unknown key",
            ),
            ("definition: b.asl.yaml\ncases: []\n", "a.test.yaml:1:13: definition: cannot read"),
            ("definition: a.test.yaml\ncases: []\n", "error[SCHEMA_VALIDATION_FAILED]"),
            ("a: [", "a.test.yaml:"),
            ("definition: open.asl.json\ncases: []\n", "put it under vars: in the test file"),
            ("definition: a.asl.yaml\ncases: [{name: x, mocks: {B: []}}]\n", "no state \"B\""),
        ] {
            let (text, exit) = test_folder(test_file);
            assert_eq!(exit, ExitCode::from(USAGE), "{text}");
            assert!(text.contains(message), "{message:?} is not in\n{text}");
        }
    }

    #[test]
    fn only_cases_with_the_text_are_run() {
        let folder = folder("definition: a.asl.yaml\ncases: [{name: one}, {name: two}, {name: twofold}]\n");
        let filtered =
            |text: &str| TestArguments { filter: Some(text.into()), ..arguments(vec![folder.path().to_owned()]) };
        let (text, _) = run(&filtered("two"));
        assert!(text.contains("2 passed, 0 failed") && !text.contains("one"), "{text}");
        let error = Tested::run(&filtered("three")).err().expect("nothing matches");
        assert!(error.to_string().contains("three"), "{error}");
    }

    #[test]
    fn too_little_coverage_fails() {
        let mut arguments = arguments(vec![examples().join("order.test.yaml")]);
        arguments.filter = Some("shipped at once".into());
        assert_eq!(run(&arguments).1, ExitCode::SUCCESS);
        arguments.coverage_min = Some(90.0);
        let (text, exit) = run(&arguments);
        assert_eq!(exit, ExitCode::from(FAILED));
        assert!(text.contains("less than 90 %") && text.contains("not reached: state \"Refused\""), "{text}");
    }

    #[test]
    fn json_and_junit_tell_the_same() {
        let folder = folder(
            "definition: a.asl.yaml\ncases: [{name: good}, {name: 'b<a>d', expect: {status: FAILED, path: [A]}}]\n",
        );
        let junit = folder.path().join("report.xml");
        let mut arguments = arguments(vec![folder.path().to_owned()]);
        (arguments.format, arguments.junit) = (Format::Json, Some(junit.clone()));
        let (text, exit) = run(&arguments);
        assert_eq!(exit, ExitCode::from(FAILED));
        let report = asl::json::parse(text.as_bytes()).unwrap();
        assert_eq!((report.get("passed"), report.get("failed")), (Some(&1.into()), Some(&1.into())));
        let xml = std::fs::read_to_string(junit).unwrap();
        assert!(xml.contains("tests=\"2\" failures=\"1\" errors=\"0\""), "{xml}");
        assert!(xml.contains("name=\"b&lt;a&gt;d\"") && xml.contains("<failure message=\"status\">"), "{xml}");
    }

    #[test]
    fn a_mock_configuration_runs_case_by_case() {
        let config = examples().join("MockConfigFile.json");
        let mut arguments = arguments(Vec::new());
        arguments.definitions = vec![format!("Order={}", examples().join("order.asl.yaml").display())];
        arguments.input = Some(r#"{"orderId": "o-1", "total": 20}"#.into());
        let (text, exit) = mocked::run(&config, &arguments).unwrap();
        assert_eq!(exit, ExitCode::SUCCESS, "{text}");
        assert!(guide().contains(&text), "docs/testing-state-machines.md does not show\n{text}");
        let error = mocked::run(Path::new("nix.json"), &arguments).unwrap_err();
        assert!(error.to_string().starts_with("--mock-config: cannot read nix.json: "), "{error}");
        arguments.definitions.clear();
        let error = mocked::run(&config, &arguments).unwrap_err();
        assert!(error.to_string().contains("--definition Order=FILE"), "{error}");
    }
}
