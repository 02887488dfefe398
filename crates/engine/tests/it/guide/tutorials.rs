//! The tutorials' machines: loops that count, work split over executions, and an approval.

use std::collections::VecDeque;

use asl::Value;

use super::{Gives, Play};

/// The counting machine; when the count is reached it goes to the state `ended`.
fn counting(count: i64, index: i64, ended: &str, rest: &str) -> String {
    format!(
        r#"{{"StartAt":"ConfigureCount","States":{{
        "ConfigureCount":{{"Type":"Pass","Result":{{"count":{count},"index":{index},"step":1}},"ResultPath":"$.iterator","Next":"Iterator"}},
        "Iterator":{{"Type":"Task","Resource":"@Iterate","ResultPath":"$.iterator","Next":"IsCountReached"}},
        "IsCountReached":{{"Type":"Choice","Choices":[
            {{"Variable":"$.iterator.continue","BooleanEquals":true,"Next":"ExampleWork"}}],"Default":"{ended}"}},
        "ExampleWork":{{"Type":"Pass","Result":{{"success":true}},"ResultPath":"$.result","Next":"Iterator"}},{rest}
        "Done":{{"Type":"Pass","End":true}}}}}}"#
    )
}

/// The worker of `Iterate`: adds the step, and says whether to go on.
fn iterate(input: &Value) -> String {
    let number = |name: &str| input.get("iterator").and_then(|iterator| iterator.get(name)?.as_i64()).unwrap();
    let (index, step, count) = (number("index") + number("step"), number("step"), number("count"));
    format!(r#"{{"index":{index},"step":{step},"count":{count},"continue":{}}}"#, index < count)
}

/// Plays until nothing is left to do, `Iterate` counting and `other` doing the rest; says how often work was done.
fn play_out(play: &mut Play, mut other: impl FnMut(&Value) -> String) -> usize {
    while let Some(scheduled) = play.next_task() {
        let Some(engine::OpenTask { resource, parameters, .. }) = play.run.execution.open_task(scheduled) else {
            panic!("the task is not open")
        };
        let result = if resource.ends_with(":Iterate") { iterate(parameters) } else { other(parameters) };
        play.run.succeed(&result);
    }
    let worked = |event: &&engine::Event| matches!(&event.kind, engine::EventKind::StateEntered { name, .. } if &**name == "ExampleWork");
    play.run.events.iter().filter(worked).count()
}

#[test]
fn the_worker_counts() {
    for (index, expected) in [
        (5, r#"{"index":6,"step":1,"count":10,"continue":true}"#),
        (9, r#"{"index":10,"step":1,"count":10,"continue":false}"#),
    ] {
        let input = format!(r#"{{"iterator":{{"count":10,"index":{index},"step":1}}}}"#);
        assert_eq!(iterate(&crate::run::json(&input)), expected);
    }
}

#[test]
fn a_loop_runs_until_its_count_is_reached() {
    let mut play = Play::start(&counting(10, 0, "Done", ""), r#"{"comment":"kept"}"#);
    assert_eq!(play_out(&mut play, |_| panic!("there is no other task")), 9);
    play.outputs(
        r#"{"comment":"kept","iterator":{"index":10,"step":1,"count":10,"continue":false},"result":{"success":true}}"#,
    );
}

#[test]
fn work_is_split_over_executions() {
    // The excerpt stops at the last count, the whole definition one later.
    for (more_than, executions) in [(1, 4), (0, 5)] {
        let machine = counting(
            100,
            -1,
            "ShouldRestart",
            &format!(
                r#""ShouldRestart":{{"Type":"Choice","Choices":[
                    {{"Variable":"$.restart.executionCount","NumericGreaterThan":{more_than},"Next":"Restart"}}],"Default":"Done"}},
                "Restart":{{"Type":"Task","Resource":"@Restart","Next":"Done"}},"#
            ),
        );
        let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:ContinueAsNew";
        let first = format!(r#"{{"restart":{{"StateMachineArn":"{arn}","executionCount":4}}}}"#);
        let mut inputs = VecDeque::from([first]);
        let mut ended = 0;
        while let Some(input) = inputs.pop_front() {
            let mut play = Play::start(&machine, &input);
            let worked = play_out(&mut play, |event| {
                let count = event.get("restart").and_then(|restart| restart.get("executionCount")?.as_i64()).unwrap();
                let input = format!(r#"{{"restart":{{"StateMachineArn":"{arn}","executionCount":{}}}}}"#, count - 1);
                inputs.push_back(input.clone());
                input
            });
            assert_eq!(worked, 100);
            assert_eq!(play.run.status(), engine::Status::Succeeded);
            ended += 1;
        }
        assert_eq!(ended, executions);
    }
}

const APPROVAL: &str = r#"{"StartAt":"Callback","TimeoutSeconds":3600,"States":{
    "Callback":{"Type":"Task","Resource":"@SendEmail","Parameters":{"Execution.$":"$$.Execution.Name","Endpoint":"https://x"},
        "Next":"ManualApprovalChoiceState"},
    "ManualApprovalChoiceState":{"Type":"Choice","Choices":[
        {"Variable":"$.Status","StringEquals":"Approved! Task approved by me@example.com","Next":"ApprovedPassState"},
        {"Variable":"$.Status","StringEquals":"Rejected! Task rejected by me@example.com","Next":"RejectedPassState"}]},
    "ApprovedPassState":{"Type":"Pass","End":true},
    "RejectedPassState":{"Type":"Pass","End":true}}}"#;

#[test]
fn an_approval_decides_the_way() {
    let asked = r#"{"Execution":"name","Endpoint":"https://x"}"#;
    for (word, verb, state) in
        [("Approved", "approved", "ApprovedPassState"), ("Rejected", "rejected", "RejectedPassState")]
    {
        let answer = format!(r#"{{"Status":"{word}! Task {verb} by me@example.com"}}"#);
        Play::start(APPROVAL, "{}")
            .task("SendEmail", asked, Gives(&answer))
            .enters(&["Callback", "ManualApprovalChoiceState", state])
            .outputs(&answer);
    }
    Play::start(APPROVAL, "{}")
        .task("SendEmail", asked, Gives(r#"{"Status":"Maybe"}"#))
        .fails_with("States.NoChoiceMatched");
    Play::start(APPROVAL, "{}").task("SendEmail", asked, super::Hangs).waits(&[3600.0]).times_out();
}
