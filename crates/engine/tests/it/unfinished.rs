//! What a redrive would begin again: it follows from the fold of an execution that did not succeed.

use engine::{Command, Execution, Status, Unfinished, UnfinishedWork, log};

use crate::run::{Run, info, json, program};

const ACTIVITY: &str = r#""Type":"Task","Resource":"arn:aws:states:us-east-1:123456789012:activity:work""#;

/// A Map beside a Wait and a branch that ends at once, and what is around and after them.
fn map_in_parallel(around: &str) -> String {
    format!(
        r#"{{"StartAt":"P","States":{{
            "P":{{"Type":"Parallel","Branches":[
                {{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemsPath":"$.items","MaxConcurrency":2,"ItemProcessor":{{
                    "StartAt":"A","States":{{"A":{{"Type":"Pass","Next":"T"}},"T":{{{ACTIVITY},
                        "Retry":[{{"ErrorEquals":["R"],"IntervalSeconds":1}}],"End":true}}}}}},"End":true}}}}}},
                {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":30,"End":true}}}}}},
                {{"StartAt":"D","States":{{"D":{{"Type":"Pass","Result":"d","End":true}}}}}}
            ]{around},"Next":"N"}},"N":{{{ACTIVITY},"End":true}}}}}}"#
    )
}

const ITEMS: &str = r#"{"items":[1,2,3]}"#;

/// A line for each: where, state and input, what is to be done.
fn unfinished(execution: &Execution) -> Vec<String> {
    let line = |unfinished: &Unfinished<'_>| {
        let within =
            unfinished.within.map_or("main line".to_owned(), |(frame, index)| format!("{index} of {}", frame.0));
        let outputs = |succeeded: &[(usize, &asl::Value)]| {
            succeeded.iter().map(|(index, output)| format!(" {index}={}", output.to_json())).collect::<String>()
        };
        let work = match &unfinished.work {
            UnfinishedWork::NotEntered => "not entered".to_owned(),
            UnfinishedWork::Again => "again".to_owned(),
            UnfinishedWork::Branches { succeeded } => format!("branches, but{}", outputs(succeeded)),
            UnfinishedWork::Iterations { succeeded, next, length } => {
                format!("iterations from {next} of {length}, but{}", outputs(succeeded))
            }
        };
        let (state, input, retries) = (unfinished.state, unfinished.input.to_json(), unfinished.retries);
        format!("{within}: {state} {input}, {retries} retries: {work}")
    };
    execution.unfinished().iter().map(line).collect()
}

/// What is left is left by the fold too, and nothing is waited for.
#[track_caller]
fn assert_unfinished(run: &Run, status: Status, expected: &[&str]) {
    assert_eq!(
        (run.status(), unfinished(&run.execution)),
        (status, expected.iter().map(|s| (*s).to_owned()).collect())
    );
    assert_eq!(run.execution.outstanding(), []);
    let mut bytes = Vec::new();
    log::encode(&run.events, &mut bytes);
    let mut folded = Execution::new(run.execution.program().clone(), info());
    log::decode(&bytes).unwrap().iter().for_each(|event| folded.apply(event).unwrap());
    assert_eq!(folded, run.execution);
}

#[test]
fn a_failed_task_leaves_what_is_around_it_and_beside_it() {
    let mut run = Run::start(&map_in_parallel(""), ITEMS);
    run.succeed(r#""first""#);
    run.fail("E");
    assert_unfinished(
        &run,
        Status::Failed,
        &[
            r#"main line: P {"items":[1,2,3]}, 0 retries: branches, but 2="d""#,
            r#"0 of 0: M {"items":[1,2,3]}, 0 retries: iterations from 3 of 3, but 0="first""#,
            "1 of 1: T 2, 0 retries: again",
            "2 of 1: T 3, 0 retries: again",
            r#"1 of 0: W {"items":[1,2,3]}, 0 retries: again"#,
        ],
    );
}

#[test]
fn a_stop_leaves_everything_where_it_stood() {
    let mut run = Run::start(&map_in_parallel(""), ITEMS);
    run.fail("R");
    run.send(Command::Stop { error: None, cause: None }).unwrap();
    assert_unfinished(
        &run,
        Status::Aborted,
        &[
            r#"main line: P {"items":[1,2,3]}, 0 retries: branches, but 2="d""#,
            r#"0 of 0: M {"items":[1,2,3]}, 0 retries: iterations from 2 of 3, but"#,
            "0 of 1: T 1, 1 retries: again",
            "1 of 1: T 2, 0 retries: again",
            r#"1 of 0: W {"items":[1,2,3]}, 0 retries: again"#,
        ],
    );
}

#[test]
fn the_executions_timeout_leaves_everything_where_it_stood() {
    let definition = map_in_parallel("").replacen('{', r#"{"TimeoutSeconds":5,"#, 1);
    assert_unfinished(
        &Run::start(&definition, ITEMS).run_down(),
        Status::TimedOut,
        &[
            r#"main line: P {"items":[1,2,3]}, 0 retries: branches, but 2="d""#,
            r#"0 of 0: M {"items":[1,2,3]}, 0 retries: iterations from 2 of 3, but"#,
            "0 of 1: T 1, 0 retries: again",
            "1 of 1: T 2, 0 retries: again",
            r#"1 of 0: W {"items":[1,2,3]}, 0 retries: again"#,
        ],
    );
}

#[test]
fn a_runtime_error_leaves_its_siblings_too() {
    let definition = map_in_parallel("").replace(r#""Seconds":30,"#, r#""SecondsPath":"$.missing","#);
    assert_unfinished(
        &Run::start(&definition, ITEMS),
        Status::Failed,
        &[
            r#"main line: P {"items":[1,2,3]}, 0 retries: branches, but"#,
            r#"0 of 0: M {"items":[1,2,3]}, 0 retries: iterations from 2 of 3, but"#,
            "0 of 1: A 1, 0 retries: not entered",
            "1 of 1: A 2, 0 retries: not entered",
            r#"1 of 0: W {"items":[1,2,3]}, 0 retries: again"#,
            r#"2 of 0: D {"items":[1,2,3]}, 0 retries: not entered"#,
        ],
    );
}

#[test]
fn a_failed_catcher_leaves_what_it_did_not_catch() {
    let catcher = r#","Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.items.error","Next":"N"}]"#;
    let mut run = Run::start(&map_in_parallel(catcher), ITEMS);
    run.fail("E");
    let left = unfinished(&run.execution);
    assert_eq!(run.status(), Status::Failed, "{}", run.history());
    assert_eq!(left.first().unwrap(), r#"main line: P {"items":[1,2,3]}, 0 retries: branches, but 2="d""#);
    assert_eq!(left.len(), 5, "{left:?}");
}

#[test]
fn what_was_caught_is_left_behind() {
    let catcher = r#","Catch":[{"ErrorEquals":["E"],"ResultPath":null,"Next":"N"}]"#;
    let mut run = Run::start(&map_in_parallel(catcher), ITEMS);
    run.fail("E");
    assert_eq!((run.status(), unfinished(&run.execution).len()), (Status::Running, 0));
    run.fail("E");
    assert_unfinished(&run, Status::Failed, &[r#"main line: N {"items":[1,2,3]}, 0 retries: again"#]);
}

#[test]
fn what_was_retried_is_left_behind() {
    let retrier = r#","Retry":[{"ErrorEquals":["E"],"IntervalSeconds":1,"MaxAttempts":1}]"#;
    let mut run = Run::start(&map_in_parallel(retrier), ITEMS);
    run.succeed("1");
    run.fail("E");
    run.send(Command::Stop { error: None, cause: None }).unwrap();
    assert_unfinished(&run, Status::Aborted, &[r#"main line: P {"items":[1,2,3]}, 1 retries: again"#]);
}

#[test]
fn a_parallel_state_whose_own_fields_fail_keeps_its_outputs() {
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","ResultSelector":{"x.$":"$.no"},"Branches":[
        {"StartAt":"A","States":{"A":{"Type":"Pass","Result":1,"End":true}}},
        {"StartAt":"B","States":{"B":{"Type":"Pass","Result":2,"End":true}}}],"End":true}}}"#;
    let expected = "main line: P {}, 0 retries: branches, but 0=1 1=2";
    assert_unfinished(&Run::start(definition, "{}"), Status::Failed, &[expected]);
}

#[test]
fn variables_are_kept_where_they_stood() {
    let definition = format!(
        r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Assign":{{"x":1}},"Next":"P"}},"P":{{"Type":"Parallel","Branches":[
            {{"StartAt":"B","States":{{"B":{{"Type":"Pass","Assign":{{"y":2}},"Next":"T"}},"T":{{{ACTIVITY},"End":true}}}}}}],"End":true}}}}}}"#
    );
    let mut run = Run::start(&definition, "{}");
    run.fail("E");
    let variables: Vec<_> = run
        .execution
        .unfinished()
        .iter()
        .map(|left| {
            left.variables.iter().map(|(name, value)| format!("{name}={}", value.to_json())).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(variables, [vec!["x=1".to_owned()], vec!["x=1".to_owned(), "y=2".to_owned()]]);
}

#[test]
fn nothing_is_unfinished_where_an_execution_succeeded() {
    let mut run = Run::start(&format!(r#"{{"StartAt":"T","States":{{"T":{{{ACTIVITY},"End":true}}}}}}"#), "{}");
    assert_eq!(run.execution.unfinished(), []);
    run.succeed("1");
    assert_unfinished(&run, Status::Succeeded, &[]);
}

#[test]
fn nothing_follows_the_end_of_an_execution_whose_work_is_kept() {
    let mut run = Run::start(&map_in_parallel(""), ITEMS);
    let mut late = Run::start(&map_in_parallel(""), ITEMS);
    let from = late.events.len();
    late.succeed("1");
    run.send(Command::Stop { error: None, cause: None }).unwrap();
    let mut folded = Execution::new(program(&map_in_parallel("")), info());
    run.events.iter().for_each(|event| folded.apply(event).unwrap());
    for event in &late.events[from..] {
        let mut event = event.clone();
        event.id = if event.kind.is_shown() { folded.last_event().next() } else { folded.last_event() };
        assert_eq!(folded.apply(&event).unwrap_err().why, "the execution is over");
    }
    assert_eq!(folded.input(), &json(ITEMS));
}
