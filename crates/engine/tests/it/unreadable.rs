//! Executions of definitions that would be refused today: what cannot be read fails at the state concerned, also where
//! an execution stands in it since an older version read it.

use std::sync::Arc;

use asl::read::load;
use engine::{Execution, Status};

use crate::run::{Run, info, json};

const ACTIVITY: &str = "arn:aws:states:us-east-1:123456789012:activity:work";

/// The execution as a version reads it that makes something else of its definition.
fn reread(run: Run, definition: &str) -> Run {
    let mut execution = Execution::new(Arc::new(load(definition).unwrap()), info());
    for event in &run.events {
        execution.apply(event).unwrap();
    }
    Run { execution, ..run }
}

/// A machine whose state has that path as its `OutputPath`.
fn machine(state: &str, output_path: &str) -> String {
    format!(r#"{{"StartAt": "X", "States": {{"X": {{{state}, "OutputPath": "{output_path}", "End": true}}}}}}"#)
}

/// Begins in a state that can be read, and goes on once it no longer can.
#[track_caller]
fn fails_once_unreadable(state: &str, input: &str, begin: impl FnOnce(&mut Run), go_on: impl FnOnce(&mut Run)) {
    let mut run = Run::start(&machine(state, "$"), input);
    begin(&mut run);
    assert_eq!(run.status(), Status::Running);
    let mut run = reread(run, &machine(state, "a"));
    assert_eq!(run.status(), Status::Running, "it comes in");
    go_on(&mut run);
    let cause = "An error occurred while executing the state 'X' (entered at the event id #2). Value must be a valid \
                 JSONPath. at /States/X/OutputPath";
    assert_eq!(run.failure(), ("States.Runtime".to_owned(), cause.to_owned()));
}

#[test]
fn a_task_goes_on_and_fails_where_its_state_is_left() {
    let task = format!(r#""Type": "Task", "Resource": "{ACTIVITY}""#);
    fails_once_unreadable(&task, "{}", |_| {}, |run| run.succeed("{}"));
}

#[test]
fn no_retrier_or_catcher_takes_the_error_of_a_state_that_cannot_be_read() {
    let task = format!(
        r#""Type": "Task", "Resource": "{ACTIVITY}", "Retry": [{{"ErrorEquals": ["E"]}}],
        "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "X"}}]"#
    );
    fails_once_unreadable(&task, "{}", |_| {}, |run| run.fail("E"));
    fails_once_unreadable(&task, "{}", |run| run.fail("E"), |run| _ = run.tick());
}

#[test]
fn a_wait_ends_and_fails_where_its_state_is_left() {
    fails_once_unreadable(r#""Type": "Wait", "Seconds": 9"#, "{}", |_| {}, |run| _ = run.tick());
}

#[test]
fn branches_and_iterations_end_before_their_state_fails() {
    let inner =
        format!(r#"{{"StartAt": "T", "States": {{"T": {{"Type": "Task", "Resource": "{ACTIVITY}", "End": true}}}}}}"#);
    let parallel = format!(r#""Type": "Parallel", "Branches": [{inner}]"#);
    fails_once_unreadable(&parallel, "{}", |_| {}, |run| run.succeed("{}"));
    let map = format!(r#""Type": "Map", "ItemProcessor": {inner}"#);
    fails_once_unreadable(&map, "[1]", |_| {}, |run| run.succeed("{}"));
}

#[test]
fn states_of_one_name_run_each_in_its_branch() {
    let branch = |result: &str, next: &str| {
        format!(
            r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "Result": {result}, "Next": "{next}"}},
            "{next}": {{"Type": "Task", "Resource": "{ACTIVITY}", "End": true}}}}}}"#
        )
    };
    let text = format!(
        r#"{{"StartAt": "P", "States": {{"P": {{"Type": "Parallel", "Branches": [{}, {}], "End": true}}}}}}"#,
        branch("1", "B"),
        branch("2", "B")
    );
    let program = Arc::new(load(&text).unwrap());
    let mut run = Run::of(Execution::new(program, info()));
    run.send(engine::Command::Start { input: json("{}"), input_text: None }).unwrap();
    let mut run = reread(run, &text);
    run.succeed("1");
    run.succeed("2");
    assert_eq!(run.output(), "[1,2]");
}
