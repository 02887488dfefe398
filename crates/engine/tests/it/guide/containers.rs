//! Parallel and Map: what their branches and iterations get, and what comes of them.

use engine::Command;

use super::{Fails, Gives, Hangs, Play, definition, one};
use crate::run::{Run, json};

fn two_branches(fields: &str, [(first, activity), (second, other)]: [(&str, &str); 2]) -> String {
    let branch = |state: &str, activity: &str| {
        format!(
            r#"{{"StartAt":"{state}","States":{{"{state}":{{"Type":"Task","Resource":"@{activity}","End":true}}}}}}"#
        )
    };
    one(
        "P",
        &format!(r#""Type":"Parallel","Branches":[{},{}]{fields}"#, branch(first, activity), branch(second, other)),
    )
}

#[test]
fn each_branch_gets_the_input_and_gives_an_element_of_the_output() {
    let lookup = two_branches("", [("LookupAddress", "AddressFinder"), ("LookupPhone", "PhoneFinder")]);
    let customer = r#"{"customer":7}"#;
    Play::start(&lookup, customer)
        .task("AddressFinder", customer, Gives(r#"{"street":"Main"}"#))
        .task("PhoneFinder", customer, Gives(r#""555-0123""#))
        .outputs(r#"[{"street":"Main"},"555-0123"]"#);
    let math = two_branches("", [("Add", "Add"), ("Subtract", "Subtract")]);
    Play::start(&math, "[3,2]").task("Add", "[3,2]", Gives("5")).task("Subtract", "[3,2]", Gives("1")).outputs("[5,1]");
}

#[test]
fn the_output_is_in_the_order_of_the_branches_not_of_their_ends() {
    let machine = definition(&two_branches("", [("Add", "Add"), ("Subtract", "Subtract")]));
    let mut run = Run::start(&machine, "[3,2]");
    let tasks = run.tasks();
    for (task, output) in [(tasks[1], "1"), (tasks[0], "5")] {
        run.send(Command::TaskSucceeded { scheduled: task, output: json(output) }).unwrap();
    }
    assert_eq!(run.output(), "[5,1]");
}

#[test]
fn the_branches_output_can_be_put_into_the_input() {
    let fields = r#","InputPath":"$.numbers","ResultPath":"$.math","OutputPath":"$.math""#;
    for (fields, output) in [
        (r#","InputPath":"$.numbers","ResultPath":"$.math""#, r#"{"numbers":[3,2],"math":[5,1]}"#),
        (fields, "[5,1]"),
        (r#","InputPath":"$.numbers","ResultSelector":{"sum.$":"$[0]"}"#, r#"{"sum":5}"#),
        (r#","InputPath":"$.numbers","ResultPath":null"#, r#"{"numbers":[3,2]}"#),
    ] {
        Play::start(&two_branches(fields, [("Add", "Add"), ("Subtract", "Subtract")]), r#"{"numbers":[3,2]}"#)
            .task("Add", "[3,2]", Gives("5"))
            .task("Subtract", "[3,2]", Gives("1"))
            .outputs(output);
    }
}

#[test]
fn a_failing_branch_stops_the_others_and_fails_the_state() {
    let machine = two_branches("", [("Add", "Add"), ("Subtract", "Subtract")]);
    Play::start(&machine, "[]")
        .task("Add", "[]", Hangs)
        .task("Subtract", "[]", Fails("ErrorA"))
        .fails("ErrorA", "because");
}

#[test]
fn a_stopped_branchs_worker_learns_of_it_from_its_heartbeat() {
    let machine = definition(&two_branches("", [("Add", "Add"), ("Subtract", "Subtract")]))
        .replace(r#"],"End":true}}}"#, r#"],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"W"}],"End":true},"W":{"Type":"Wait","Seconds":9,"End":true}}}"#);
    let mut run = Run::start(&machine, "[]");
    let stopped = run.tasks()[1];
    run.fail("ErrorA");
    assert!(crate::run::is_ignored(
        &run.send(Command::TaskHeartbeat { scheduled: stopped }),
        engine::Ignored::TaskOver
    ));
    assert_eq!(run.tick(), 9.0);
    assert_eq!(run.output(), r#"{"Error":"ErrorA","Cause":"because"}"#);
}

#[test]
fn a_fail_state_in_a_branch_fails_the_parallel_state_which_may_retry_and_catch() {
    let machine = r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[
        {"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":100,"End":true}}},
        {"StartAt":"F","States":{"F":{"Type":"Fail","Error":"ErrorA","Cause":"Invalid response."}}}],
        "Retry":[{"ErrorEquals":["ErrorA"],"IntervalSeconds":3,"MaxAttempts":2,"BackoffRate":1.5}],
        "Catch":[{"ErrorEquals":["ErrorA"],"ResultPath":"$.error","Next":"Cleanup"}],"End":true},
        "Cleanup":{"Type":"Pass","End":true}}}"#;
    Play::start(machine, r#"{"foo":"bar"}"#)
        .waits(&[3.0, 4.5])
        .enters(&["P", "W", "F", "W", "F", "W", "F", "Cleanup"])
        .outputs(r#"{"foo":"bar","error":{"Error":"ErrorA","Cause":"Invalid response."}}"#);
}

#[test]
fn a_branch_is_closed_to_the_rest() {
    let out = r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[
        {"StartAt":"A","States":{"A":{"Type":"Pass","Next":"Q"}}}],"Next":"Q"},"Q":{"Type":"Succeed"}}}"#;
    let into = r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[
        {"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}],"Next":"A"}}}"#;
    assert!(super::is_refused(out));
    assert!(super::is_refused(into));
}

const GREETED: &str = r#"[{"who":"bob"},{"who":"meg"},{"who":"joe"}]"#;

#[test]
fn a_map_runs_its_steps_for_each_item() {
    for processor in ["Iterator", "ItemProcessor"] {
        for concurrency in ["", r#""MaxConcurrency":0,"#, r#""MaxConcurrency":1,"#, r#""MaxConcurrency":2,"#] {
            let machine = one(
                "ExampleMapState",
                &format!(
                    r#""Type":"Map",{concurrency}"{processor}":{{"StartAt":"CallLambda","States":{{
                    "CallLambda":{{"Type":"Task","Resource":"@HelloFunction","End":true}}}}}}"#
                ),
            );
            Play::start(&machine, GREETED)
                .task("HelloFunction", r#"{"who":"bob"}"#, Gives(r#""Hello, bob!""#))
                .task("HelloFunction", r#"{"who":"meg"}"#, Gives(r#""Hello, meg!""#))
                .task("HelloFunction", r#"{"who":"joe"}"#, Gives(r#""Hello, joe!""#))
                .outputs(r#"["Hello, bob!","Hello, meg!","Hello, joe!"]"#);
        }
    }
}

#[test]
fn max_concurrency_bounds_how_many_iterations_run_at_once() {
    for (bound, at_once) in [(1, 1), (2, 2), (3, 3), (10, 3), (0, 3)] {
        let machine = one(
            "M",
            &format!(
                r#""Type":"Map","MaxConcurrency":{bound},"Iterator":{{"StartAt":"W","States":{{
                "W":{{"Type":"Task","Resource":"@Work","End":true}}}}}}"#
            ),
        );
        let mut run = Run::start(&definition(&machine), "[1,2,3]");
        assert_eq!(run.tasks().len(), at_once, "{bound}");
        run.succeed("0");
        assert_eq!(run.tasks().len(), at_once.min(2), "{bound}");
    }
}

const SHIPPED: &str = r#"{"ship-date":"2016-03-14T01:59:00Z","detail":{"delivery-partner":"UQS","shipped":[
    {"prod":"R31","dest-code":9511,"quantity":1344},
    {"prod":"S39","dest-code":9511,"quantity":40},
    {"prod":"R31","dest-code":9833,"quantity":12},
    {"prod":"R40","dest-code":9860,"quantity":887},
    {"prod":"R40","dest-code":9511,"quantity":1220}]}}"#;

fn validate_all(fields: &str) -> String {
    one(
        "Validate-All",
        &format!(
            r#""Type":"Map","InputPath":"$.detail","ItemsPath":"$.shipped","MaxConcurrency":0,"ResultPath":"$.detail.shipped",
            {fields}"Iterator":{{"StartAt":"Validate","States":{{
                "Validate":{{"Type":"Task","Resource":"@ship-val","End":true}}}}}}"#
        ),
    )
}

const VALIDATED: &str =
    r#"{"ship-date":"2016-03-14T01:59:00Z","detail":{"delivery-partner":"UQS","shipped":[1,2,3,4,5]}}"#;

#[test]
fn a_map_takes_its_items_from_the_input_and_puts_the_results_in_their_place() {
    Play::start(&validate_all(""), SHIPPED)
        .task("ship-val", r#"{"prod":"R31","dest-code":9511,"quantity":1344}"#, Gives("1"))
        .task("ship-val", r#"{"prod":"S39","dest-code":9511,"quantity":40}"#, Gives("2"))
        .task("ship-val", r#"{"prod":"R31","dest-code":9833,"quantity":12}"#, Gives("3"))
        .task("ship-val", r#"{"prod":"R40","dest-code":9860,"quantity":887}"#, Gives("4"))
        .task("ship-val", r#"{"prod":"R40","dest-code":9511,"quantity":1220}"#, Gives("5"))
        .outputs(VALIDATED);
}

#[test]
fn parameters_replace_an_iterations_input() {
    for field in ["Parameters", "ItemSelector"] {
        let fields = format!(r#""{field}":{{"parcel.$":"$$.Map.Item.Value","courier.$":"$.delivery-partner"}},"#);
        let parcel = |prod: &str, code: u32, quantity: u32| {
            format!(r#"{{"parcel":{{"prod":"{prod}","dest-code":{code},"quantity":{quantity}}},"courier":"UQS"}}"#)
        };
        Play::start(&validate_all(&fields), SHIPPED)
            .task("ship-val", &parcel("R31", 9511, 1344), Gives("1"))
            .task("ship-val", &parcel("S39", 9511, 40), Gives("2"))
            .task("ship-val", &parcel("R31", 9833, 12), Gives("3"))
            .task("ship-val", &parcel("R40", 9860, 887), Gives("4"))
            .task("ship-val", &parcel("R40", 9511, 1220), Gives("5"))
            .outputs(VALIDATED);
    }
}

#[test]
fn items_path_chooses_the_array() {
    let input = r#"{"ThingsPiratesSay":[{"say":"Avast!"},{"say":"Yar!"},{"say":"Walk the Plank!"}],
        "ThingsGiantsSay":[{"say":"Fee!"},{"say":"Fi!"},{"say":"Fo!"},{"say":"Fum!"}]}"#;
    for (items, output) in [
        (r#""ItemsPath":"$.ThingsPiratesSay""#, r#"[{"say":"Avast!"},{"say":"Yar!"},{"say":"Walk the Plank!"}]"#),
        (r#""ItemsPath":"$.ThingsGiantsSay""#, r#"[{"say":"Fee!"},{"say":"Fi!"},{"say":"Fo!"},{"say":"Fum!"}]"#),
        // ItemsPath works on what InputPath selected.
        (
            r#""InputPath":"$.ThingsGiantsSay","ItemsPath":"$""#,
            r#"[{"say":"Fee!"},{"say":"Fi!"},{"say":"Fo!"},{"say":"Fum!"}]"#,
        ),
    ] {
        let machine = one(
            "PiratesSay",
            &format!(
                r#""Type":"Map",{items},"Iterator":{{"StartAt":"SayWord","States":{{"SayWord":{{"Type":"Pass","End":true}}}}}}"#
            ),
        );
        Play::start(&machine, input).outputs(output);
    }
}

#[test]
fn a_failing_iteration_stops_the_others_and_fails_the_state() {
    let machine = one(
        "M",
        r#""Type":"Map","Iterator":{"StartAt":"W","States":{"W":{"Type":"Task","Resource":"@Work","End":true}}}"#,
    );
    Play::start(&machine, "[1,2]")
        .task("Work", "1", Hangs)
        .task("Work", "2", Fails("ErrorA"))
        .fails("ErrorA", "because");
}

#[test]
fn a_retried_map_begins_all_its_iterations_anew() {
    let machine = one(
        "M",
        r#""Type":"Map","MaxConcurrency":1,"Iterator":{"StartAt":"W","States":{"W":{"Type":"Task","Resource":"@Work","End":true}}},
        "Retry":[{"ErrorEquals":["States.ALL"]}]"#,
    );
    Play::start(&machine, "[1,2]")
        .task("Work", "1", Gives("10"))
        .task("Work", "2", Fails("ErrorA"))
        .task("Work", "1", Gives("11"))
        .task("Work", "2", Gives("12"))
        .waits(&[1.0])
        .outputs("[11,12]");
}
