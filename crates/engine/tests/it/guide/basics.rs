//! Machines of a few states: structure, transitions, and the forms of data.

use super::{Gives, Hangs, Play, is_refused, one};

#[test]
fn a_pass_state_gives_its_result() {
    for greeting in ["Hello World!", "Hello World has been updated!"] {
        let machine = one("HelloWorld", &format!(r#""Type":"Pass","Result":"{greeting}""#));
        Play::start(&machine, "{}").outputs(&format!(r#""{greeting}""#));
    }
}

#[test]
fn a_pass_state_adds_fixed_data_to_its_input() {
    let machine = r#"{"StartAt":"No-op","States":{
        "No-op":{"Type":"Pass","Result":{"x-datum":0.381018,"y-datum":622.2269926397355},"ResultPath":"$.coords","Next":"End"},
        "End":{"Type":"Succeed"}}}"#;
    Play::start(machine, r#"{"georeference":"Home"}"#)
        .enters(&["No-op", "End"])
        .outputs(r#"{"georeference":"Home","coords":{"x-datum":0.381018,"y-datum":622.2269926397355}}"#);
}

#[test]
fn a_task_state_gives_its_workers_result() {
    let hello = r#"{"StartAt":"HelloWorld","States":{
        "HelloWorld":{"Type":"Task","Resource":"@HelloFunction","Comment":"Greets","Next":"AfterHelloWorldState"},
        "AfterHelloWorldState":{"Type":"Pass","End":true}}}"#;
    let greeted = r#"{"who":"AWS Step Functions"}"#;
    for machine in [hello, &one("HelloWorld", r#""Type":"Task","Resource":"@HelloFunction""#)] {
        Play::start(machine, greeted)
            .task("HelloFunction", greeted, Gives(r#""Hello, AWS Step Functions!""#))
            .outputs(r#""Hello, AWS Step Functions!""#);
    }
}

const GREETING: &str = r#"{"StartAt":"getGreeting","Version":"1.0","TimeoutSeconds":300,"States":{
    "getGreeting":{"Type":"Task","Resource":"@get-greeting","End":true}}}"#;

#[test]
fn an_activity_worker_greets() {
    let greeted = r#"{"who":"AWS Step Functions"}"#;
    Play::start(GREETING, greeted)
        .task("get-greeting", greeted, Gives(r#"{"Hello":"AWS Step Functions"}"#))
        .outputs(r#"{"Hello":"AWS Step Functions"}"#);
}

#[test]
fn a_machine_runs_no_longer_than_its_timeout() {
    Play::start(GREETING, "{}").task("get-greeting", "{}", Hangs).waits(&[300.0]).times_out();
}

#[test]
fn the_last_states_output_is_the_machines() {
    let machine = r#"{"StartAt":"Add","Version":"1.0","TimeoutSeconds":10,"States":{
        "Add":{"Type":"Task","Resource":"@Add","End":true}}}"#;
    let numbers = r#"{"numbers":[3,4]}"#;
    Play::start(machine, numbers).task("Add", numbers, Gives(r#"{"result":7}"#)).outputs(r#"{"result":7}"#);
}

#[test]
fn any_json_may_go_in_and_out() {
    for data in [r#""text""#, "1", "-0.5", "1e400", "true", "null", "[]", "{}", r#"[1,{"a":[null]}]"#] {
        Play::start(&one("P", r#""Type":"Pass""#), data).outputs(data);
        Play::start(&one("T", r#""Type":"Task","Resource":"@T""#), data).task("T", data, Gives(data)).outputs(data);
    }
}

#[test]
fn a_choice_leads_to_the_matching_state_and_paths_join_again() {
    let machine = r#"{"StartAt":"FirstState","States":{
        "FirstState":{"Type":"Task","Resource":"@First","Next":"ChoiceState"},
        "ChoiceState":{"Type":"Choice","Choices":[
            {"Variable":"$.foo","NumericEquals":1,"Next":"FirstMatchState"},
            {"Variable":"$.foo","NumericEquals":2,"Next":"SecondMatchState"}],"Default":"DefaultState"},
        "FirstMatchState":{"Type":"Task","Resource":"@OnFirstMatch","Next":"NextState"},
        "SecondMatchState":{"Type":"Task","Resource":"@OnSecondMatch","Next":"NextState"},
        "DefaultState":{"Type":"Fail","Error":"DefaultStateError","Cause":"No Matches!"},
        "NextState":{"Type":"Task","Resource":"@Next","End":true}}}"#;
    for (foo, activity, state) in [("1", "OnFirstMatch", "FirstMatchState"), ("2", "OnSecondMatch", "SecondMatchState")]
    {
        let data = format!(r#"{{"foo":{foo}}}"#);
        Play::start(machine, "{}")
            .task("First", "{}", Gives(&data))
            .task(activity, &data, Gives(r#""matched""#))
            .task("Next", r#""matched""#, Gives(r#""done""#))
            .enters(&["FirstState", "ChoiceState", state, "NextState"])
            .outputs(r#""done""#);
    }
    Play::start(machine, "{}")
        .task("First", "{}", Gives(r#"{"foo":3}"#))
        .enters(&["FirstState", "ChoiceState", "DefaultState"])
        .fails("DefaultStateError", "No Matches!");
}

#[test]
fn the_order_of_listing_is_not_the_order_of_running() {
    let machine = r#"{"States":{
        "Last":{"Type":"Succeed"},
        "Second":{"Type":"Pass","Result":2,"Next":"Last"},
        "First":{"Type":"Pass","Result":1,"Next":"Second"}},"StartAt":"First"}"#;
    Play::start(machine, "{}").enters(&["First", "Second", "Last"]).outputs("2");
}

#[test]
fn state_names_must_match_to_the_letter() {
    for machine in [
        // The first state is named in other words than in `States`.
        r#"{"StartAt":"Push based to SQS","States":{"Push to SQS":{"Type":"Succeed"}}}"#,
        r#"{"StartAt":"a","States":{"A":{"Type":"Succeed"}}}"#,
        r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"b"},"B":{"Type":"Succeed"}}}"#,
    ] {
        assert!(is_refused(machine), "{machine}");
    }
}

#[test]
fn a_state_goes_on_or_ends() {
    for (fields, refused) in [
        (r#""Type":"Pass","End":true"#, false),
        (r#""Type":"Succeed""#, false),
        (r#""Type":"Fail""#, false),
        (r#""Type":"Pass""#, true),
        (r#""Type":"Pass","End":true,"Next":"A""#, true),
        // What ends anyway needs no End, and goes nowhere.
        (r#""Type":"Succeed","End":true"#, false),
        (r#""Type":"Fail","End":true"#, false),
        (r#""Type":"Succeed","Next":"A""#, true),
        (r#""Type":"Fail","Next":"A""#, true),
        (r#""Type":"Choice","Choices":[{"Variable":"$","IsNull":true,"Next":"A"}],"End":true"#, true),
    ] {
        let machine = format!(r#"{{"StartAt":"A","States":{{"A":{{{fields}}}}}}}"#);
        assert_eq!(is_refused(&machine), refused, "{machine}");
    }
}

#[test]
fn a_succeed_state_ends_the_execution_with_its_input() {
    let machine = r#"{"StartAt":"SuccessState","States":{"SuccessState":{"Type":"Succeed"}}}"#;
    Play::start(machine, r#"{"a":1}"#).outputs(r#"{"a":1}"#);
}

#[test]
fn a_fail_state_ends_the_execution_with_its_error_and_cause() {
    for (fields, input, error, cause) in [
        (r#","Cause":"Invalid response.","Error":"ErrorA""#, "{}", "ErrorA", "Invalid response."),
        (r#","Comment":"neither""#, "{}", "-", "-"),
        (r#","ErrorPath":"$.e","CausePath":"$.c""#, r#"{"e":"ErrorB","c":"as told"}"#, "ErrorB", "as told"),
        (
            r#","ErrorPath":"States.Format('E{}', $.code)","CausePath":"States.JsonToString($)""#,
            r#"{"code":7}"#,
            "E7",
            r#"{"code":7}"#,
        ),
        (r#","Error":"Fixed","CausePath":"$$.State.Name""#, "{}", "Fixed", "FailState"),
    ] {
        let machine = format!(r#"{{"StartAt":"FailState","States":{{"FailState":{{"Type":"Fail"{fields}}}}}}}"#);
        Play::start(&machine, input).fails(error, cause);
    }
}

#[test]
fn a_fail_states_path_that_misses_says_which() {
    for (field, other) in [("ErrorPath", "Cause"), ("CausePath", "Error")] {
        let machine = format!(
            r#"{{"StartAt":"FailState","States":{{"FailState":{{"Type":"Fail","{field}":"$.no","{other}":"x"}}}}}}"#
        );
        let cause = format!(
            "An error occurred while executing the state 'FailState' (entered at the event id #2). \
             The JSONPath '$.no' specified for the field '{field}' could not be found in the input '{{\"a\":1}}'"
        );
        Play::start(&machine, r#"{"a":1}"#).fails("States.Runtime", &cause);
    }
}
