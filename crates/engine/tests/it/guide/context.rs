//! The context object.

use super::{Fails, Gives, Play, one};

#[test]
fn the_context_object_tells_of_execution_state_and_machine() {
    let machine = one(
        "Test",
        r#""Type":"Task","Resource":"@T","Parameters":{"ExecutionContext.$":"$$"},
        "Retry":[{"ErrorEquals":["States.ALL"]}]"#,
    );
    let context = |retries: u32| {
        format!(
            r#"{{"ExecutionContext":{{
            "Execution":{{"Id":"arn:aws:states:us-east-1:123456789012:execution:machine:name","Input":{{"key":"value"}},
                "StartTime":"1970-01-01T00:00:00.000Z","Name":"name","RoleArn":"arn:aws:iam::123456789012:role/role",
                "RedriveCount":0}},
            "StateMachine":{{"Id":"arn:aws:states:us-east-1:123456789012:stateMachine:machine","Name":"machine"}},
            "State":{{"Name":"Test","EnteredTime":"1970-01-01T00:00:00.000Z","RetryCount":{retries}}}}}}}"#
        )
    };
    Play::start(&machine, r#"{"key":"value"}"#)
        .task("T", &context(0), Fails("E"))
        .task("T", &context(1), Fails("E"))
        .task("T", &context(2), Fails("E"))
        .task("T", &context(3), Gives("1"))
        .waits(&[1.0, 2.0, 4.0])
        .outputs("1");
}

#[test]
fn parameters_take_the_executions_id_along() {
    let id = "arn:aws:states:us-east-1:123456789012:execution:machine:name";
    let queue = r#"{"StartAt":"Order Flight Ticket Queue","States":{
        "Order Flight Ticket Queue":{"Type":"Task","Resource":"@sendMessage","Parameters":{
            "QueueUrl":"https://sqs.us-east-1.amazonaws.com/123456789012/flight-purchase",
            "MessageBody":{"From":"YVR","To":"SEA","Execution.$":"$$.Execution.Id"}},"Next":"NEXT_STATE"},
        "NEXT_STATE":{"Type":"Succeed"}}}"#;
    let sent = format!(
        r#"{{"QueueUrl":"https://sqs.us-east-1.amazonaws.com/123456789012/flight-purchase",
        "MessageBody":{{"From":"YVR","To":"SEA","Execution":"{id}"}}}}"#
    );
    Play::start(queue, "{}").task("sendMessage", &sent, Gives("{}")).outputs("{}");
    let nested = one(
        "Start",
        r#""Type":"Task","Resource":"@startExecution","Parameters":{"Input":{"Comment":"Hello world!",
        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$":"$$.Execution.Id"}},
        "Retry":[{"ErrorEquals":["StepFunctions.ExecutionLimitExceeded"]}]"#,
    );
    let started =
        format!(r#"{{"Input":{{"Comment":"Hello world!","AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID":"{id}"}}}}"#);
    Play::start(&nested, "{}")
        .task("startExecution", &started, Fails("StepFunctions.ExecutionLimitExceeded"))
        .task("startExecution", &started, Gives("{}"))
        .waits(&[1.0])
        .outputs("{}");
}

#[test]
fn an_express_execution_is_never_redriven() {
    let machine = one("P", r#""Type":"Pass","Parameters":{"e.$":"$$.Execution"}"#);
    let express = engine::ExecutionInfo {
        arn: "arn:aws:states:us-east-1:123456789012:express:machine:name:run".into(),
        ..(*crate::run::info()).clone()
    };
    let execution = engine::Execution::new(crate::run::program(&machine), express.into());
    let mut run = crate::run::Run::of(execution);
    run.send(engine::Command::Start { input: crate::run::json("{}"), input_text: None }).unwrap();
    assert_eq!(
        run.output(),
        r#"{"e":{"Id":"arn:aws:states:us-east-1:123456789012:express:machine:name:run","Input":{},"StartTime":"1970-01-01T00:00:00.000Z","Name":"name","RoleArn":"arn:aws:iam::123456789012:role/role"}}"#
    );
}

#[test]
fn the_input_of_the_execution_stays_at_hand() {
    let machine = r#"{"StartAt":"A","States":{
        "A":{"Type":"Pass","Result":"replaced","Next":"B"},
        "B":{"Type":"Pass","InputPath":"$$.Execution.Input.first","Next":"C"},
        "C":{"Type":"Succeed"}}}"#;
    Play::start(machine, r#"{"first":[1]}"#).outputs("[1]");
}

#[test]
fn the_entered_time_is_the_states_own() {
    let machine = r#"{"StartAt":"W","States":{
        "W":{"Type":"Wait","Seconds":90,"Next":"P"},
        "P":{"Type":"Pass","Parameters":{"began.$":"$$.Execution.StartTime","now.$":"$$.State.EnteredTime"},"End":true}}}"#;
    Play::start(machine, "{}").outputs(r#"{"began":"1970-01-01T00:00:00.000Z","now":"1970-01-01T00:01:30.000Z"}"#);
}

#[test]
fn a_map_state_knows_the_items_index_and_value() {
    let machine = one(
        "ExampleMapState",
        r#""Type":"Map","Parameters":{"ContextIndex.$":"$$.Map.Item.Index","ContextValue.$":"$$.Map.Item.Value"},
        "Iterator":{"StartAt":"TestPass","States":{"TestPass":{"Type":"Pass","End":true}}}"#,
    );
    Play::start(&machine, r#"[{"who":"bob"},{"who":"meg"},{"who":"joe"}]"#).outputs(
        r#"[{"ContextIndex":0,"ContextValue":{"who":"bob"}},{"ContextIndex":1,"ContextValue":{"who":"meg"}},
            {"ContextIndex":2,"ContextValue":{"who":"joe"}}]"#,
    );
}

#[test]
fn there_is_no_item_outside_a_map() {
    let machine = one("P", r#""Type":"Pass","Parameters":{"i.$":"$$.Map.Item.Index"}"#);
    Play::start(&machine, "{}").fails_with("States.Runtime");
}
