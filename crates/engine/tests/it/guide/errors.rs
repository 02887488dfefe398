//! Errors: who takes them, after how long they are retried, and what goes on.

use super::{Answer, Fails, Gives, Hangs, Play, one};

#[test]
fn retries_wait_longer_each_time() {
    for (retrier, waits) in [
        // Of two attempts, the second waits half as long again.
        (r#""ErrorEquals":["States.Timeout"],"IntervalSeconds":3,"MaxAttempts":2,"BackoffRate":1.5"#, &[3.0, 4.5][..]),
        // One second at first, twice as long each time, three times.
        (r#""ErrorEquals":["States.Timeout"]"#, &[1.0, 2.0, 4.0]),
        (r#""ErrorEquals":["States.Timeout"],"IntervalSeconds":10,"MaxAttempts":1"#, &[10.0]),
        (r#""ErrorEquals":["States.Timeout"],"MaxAttempts":4,"MaxDelaySeconds":3"#, &[1.0, 2.0, 3.0, 3.0]),
        (r#""ErrorEquals":["States.Timeout"],"MaxAttempts":0"#, &[]),
    ] {
        let machine = one("T", &format!(r#""Type":"Task","Resource":"@T","TimeoutSeconds":7,"Retry":[{{{retrier}}}]"#));
        let mut play = Play::start(&machine, "{}").task("T", "{}", Hangs);
        let mut expected = vec![7.0];
        for wait in waits {
            play = play.task("T", "{}", Hangs);
            expected.extend([*wait, 7.0]);
        }
        play.waits(&expected).fails("States.Timeout", "-");
    }
}

#[test]
fn every_error_but_one_is_retried() {
    let machine = one(
        "T",
        r#""Type":"Task","Resource":"@T","TimeoutSeconds":60,
        "Retry":[{"ErrorEquals":["States.Timeout"],"MaxAttempts":0},{"ErrorEquals":["States.ALL"]}]"#,
    );
    Play::start(&machine, "{}")
        .task("T", "{}", Fails("ErrorA"))
        .task("T", "{}", Fails("ErrorB"))
        .task("T", "{}", Hangs)
        .waits(&[1.0, 2.0, 60.0])
        .fails("States.Timeout", "-");
}

const X: &str = r#"{"StartAt":"X","States":{
    "X":{"Type":"Task","Resource":"@X","Next":"Y",
        "Retry":[{"ErrorEquals":["ErrorA","ErrorB"],"IntervalSeconds":1,"BackoffRate":2.0,"MaxAttempts":2},
            {"ErrorEquals":["ErrorC"],"IntervalSeconds":5}],
        "Catch":[{"ErrorEquals":["States.ALL"],"Next":"Z"}]},
    "Y":{"Type":"Pass","Result":"Y","End":true},
    "Z":{"Type":"Pass","End":true}}}"#;

#[test]
fn each_retrier_counts_all_its_errors_together() {
    Play::start(X, "{}")
        .task("X", "{}", Fails("ErrorA"))
        .task("X", "{}", Fails("ErrorB"))
        .task("X", "{}", Fails("ErrorC"))
        .task("X", "{}", Fails("ErrorB"))
        .waits(&[1.0, 2.0, 5.0])
        .enters(&["X", "Z"])
        .outputs(r#"{"Error":"ErrorB","Cause":"because"}"#);
}

#[test]
fn each_retrier_counts_for_itself() {
    Play::start(X, "{}")
        .task("X", "{}", Fails("ErrorC"))
        .task("X", "{}", Fails("ErrorA"))
        .task("X", "{}", Fails("ErrorC"))
        .task("X", "{}", Fails("ErrorC"))
        .task("X", "{}", Gives("1"))
        .waits(&[5.0, 1.0, 10.0, 20.0])
        .enters(&["X", "Y"])
        .outputs(r#""Y""#);
}

#[test]
fn an_error_no_retrier_names_is_caught_at_once() {
    Play::start(X, "{}")
        .task("X", "{}", Fails("ErrorD"))
        .waits(&[])
        .enters(&["X", "Z"])
        .outputs(r#"{"Error":"ErrorD","Cause":"because"}"#);
}

#[test]
fn retriers_count_anew_when_the_state_is_entered_again() {
    let machine = r#"{"StartAt":"T","States":{
        "T":{"Type":"Task","Resource":"@T","Retry":[{"ErrorEquals":["ErrorA"],"MaxAttempts":1}],"Next":"C"},
        "C":{"Type":"Choice","Choices":[{"Variable":"$.again","BooleanEquals":true,"Next":"T"}],"Default":"E"},
        "E":{"Type":"Succeed"}}}"#;
    let again = r#"{"again":true}"#;
    Play::start(machine, again)
        .task("T", again, Fails("ErrorA"))
        .task("T", again, Gives(again))
        .task("T", again, Fails("ErrorA"))
        .task("T", again, Gives(r#"{"again":false}"#))
        .waits(&[1.0, 1.0])
        .outputs(r#"{"again":false}"#);
}

#[test]
fn the_first_catcher_that_names_the_error_takes_it() {
    let machine = r#"{"StartAt":"T","States":{
        "T":{"Type":"Task","Resource":"@T","Catch":[
            {"ErrorEquals":["java.lang.Exception"],"ResultPath":"$.error-info","Next":"RecoveryState"},
            {"ErrorEquals":["States.ALL"],"Next":"EndState"}],"End":true},
        "RecoveryState":{"Type":"Pass","End":true},
        "EndState":{"Type":"Pass","End":true}}}"#;
    for (error, state, output) in [
        (
            "java.lang.Exception",
            "RecoveryState",
            r#"{"a":1,"error-info":{"Error":"java.lang.Exception","Cause":"because"}}"#,
        ),
        ("java.lang.Error", "EndState", r#"{"Error":"java.lang.Error","Cause":"because"}"#),
    ] {
        Play::start(machine, r#"{"a":1}"#).task("T", r#"{"a":1}"#, Fails(error)).enters(&["T", state]).outputs(output);
    }
}

/// One task, and a state to fall back to where its fields name it.
fn hello_world(fields: &str) -> String {
    let fallback = if fields.contains(r#""fallback""#) {
        r#","fallback":{"Type":"Pass","Result":"Hello, AWS Step Functions!","End":true}"#
    } else {
        ""
    };
    format!(
        r#"{{"StartAt":"HelloWorld","States":{{
        "HelloWorld":{{"Type":"Task","Resource":"@FailFunction",{fields},"End":true}}{fallback}}}}}"#
    )
}

#[test]
fn a_failure_is_retried() {
    for name in ["HandledError", "States.TaskFailed"] {
        let machine = hello_world(&format!(
            r#""Retry":[{{"ErrorEquals":["{name}"],"IntervalSeconds":1,"MaxAttempts":2,"BackoffRate":2.0}}]"#
        ));
        let fails = |answers: &[Answer<'_>]| {
            answers.iter().fold(Play::start(&machine, "{}"), |play, answer| play.task("FailFunction", "{}", *answer))
        };
        let failure = Fails("HandledError");
        fails(&[failure, failure, failure]).waits(&[1.0, 2.0]).fails("HandledError", "because");
        fails(&[failure, failure, Gives("1")]).waits(&[1.0, 2.0]).outputs("1");
    }
}

#[test]
fn a_failure_is_caught() {
    for name in ["HandledError", "States.TaskFailed", "States.ALL"] {
        Play::start(&hello_world(&format!(r#""Catch":[{{"ErrorEquals":["{name}"],"Next":"fallback"}}]"#)), "{}")
            .task("FailFunction", "{}", Fails("HandledError"))
            .enters(&["HelloWorld", "fallback"])
            .outputs(r#""Hello, AWS Step Functions!""#);
    }
    Play::start(&hello_world(r#""Catch":[{"ErrorEquals":["HandledError"],"Next":"fallback"}]"#), "{}")
        .task("FailFunction", "{}", Fails("OtherError"))
        .fails("OtherError", "because");
}

#[test]
fn a_timeout_is_retried() {
    let machine = hello_world(
        r#""TimeoutSeconds":2,"Retry":[{"ErrorEquals":["States.Timeout"],"IntervalSeconds":1,"MaxAttempts":2,"BackoffRate":2.0}]"#,
    );
    Play::start(&machine, "{}")
        .task("FailFunction", "{}", Hangs)
        .task("FailFunction", "{}", Hangs)
        .task("FailFunction", "{}", Hangs)
        .waits(&[2.0, 1.0, 2.0, 2.0, 2.0])
        .fails("States.Timeout", "-");
}

#[test]
fn a_timeout_is_caught() {
    for name in ["States.Timeout", "States.ALL"] {
        let machine =
            hello_world(&format!(r#""TimeoutSeconds":2,"Catch":[{{"ErrorEquals":["{name}"],"Next":"fallback"}}]"#));
        Play::start(&machine, "{}")
            .task("FailFunction", "{}", Hangs)
            .waits(&[2.0])
            .outputs(r#""Hello, AWS Step Functions!""#);
    }
}

#[test]
fn a_timeout_is_no_failure_of_the_task() {
    let machine = hello_world(
        r#""TimeoutSeconds":2,"Retry":[{"ErrorEquals":["States.TaskFailed"]}],
        "Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"fallback"}]"#,
    );
    Play::start(&machine, "{}").task("FailFunction", "{}", Hangs).waits(&[2.0]).fails("States.Timeout", "-");
}

#[test]
fn three_catchers_from_the_special_to_the_general() {
    let machine = r#"{"StartAt":"CreateAccount","States":{
        "CreateAccount":{"Type":"Task","Resource":"@FailFunction","TimeoutSeconds":5,"Catch":[
            {"ErrorEquals":["CustomError"],"Next":"CustomErrorFallback"},
            {"ErrorEquals":["States.TaskFailed"],"Next":"ReservedTypeFallback"},
            {"ErrorEquals":["States.ALL"],"Next":"CatchAllFallback"}],"End":true},
        "CustomErrorFallback":{"Type":"Pass","Result":"custom","End":true},
        "ReservedTypeFallback":{"Type":"Pass","Result":"reserved","End":true},
        "CatchAllFallback":{"Type":"Pass","Result":"any","End":true}}}"#;
    for (answer, output) in
        [(Fails("CustomError"), r#""custom""#), (Fails("OtherError"), r#""reserved""#), (Hangs, r#""any""#)]
    {
        Play::start(machine, "{}").task("FailFunction", "{}", answer).outputs(output);
    }
}

#[test]
fn transient_errors_of_a_service_are_retried_patiently() {
    let machine = hello_world(
        r#""Retry":[{"ErrorEquals":["Lambda.ServiceException","Lambda.AWSLambdaException","Lambda.SdkClientException"],
        "IntervalSeconds":2,"MaxAttempts":6,"BackoffRate":2}]"#,
    );
    ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"]
        .iter()
        .cycle()
        .take(7)
        .fold(Play::start(&machine, "{}"), |play, error| play.task("FailFunction", "{}", Fails(error)))
        .waits(&[2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
        .fails("Lambda.ServiceException", "because");
}

#[test]
fn several_retriers_each_with_a_pace_of_its_own() {
    let machine = r#"{"StartAt":"Train","States":{
        "Train":{"Type":"Task","Resource":"@createTrainingJob","TimeoutSeconds":1000,"Retry":[
            {"ErrorEquals":["SageMaker.AmazonSageMakerException"],"IntervalSeconds":1,"MaxAttempts":100,"BackoffRate":1.1},
            {"ErrorEquals":["SageMaker.ResourceLimitExceededException"],"IntervalSeconds":60,"MaxAttempts":5000,"BackoffRate":1},
            {"ErrorEquals":["States.Timeout"],"IntervalSeconds":1,"MaxAttempts":5,"BackoffRate":1}],
            "Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":"$.cause","Next":"Sagemaker Training Job Error"}],
            "Next":"Delete Interim Data Job"},
        "Sagemaker Training Job Error":{"Type":"Pass","End":true},
        "Delete Interim Data Job":{"Type":"Pass","End":true}}}"#;
    let job = r#"{"job":1}"#;
    Play::start(machine, job)
        .task("createTrainingJob", job, Fails("SageMaker.AmazonSageMakerException"))
        .task("createTrainingJob", job, Fails("SageMaker.ResourceLimitExceededException"))
        .task("createTrainingJob", job, Fails("SageMaker.ResourceLimitExceededException"))
        .task("createTrainingJob", job, Fails("SageMaker.AmazonSageMakerException"))
        .task("createTrainingJob", job, Hangs)
        .task("createTrainingJob", job, Fails("SageMaker.Other"))
        .waits(&[1.0, 60.0, 60.0, 1.1, 1000.0, 1.0])
        .enters(&["Train", "Sagemaker Training Job Error"])
        .outputs(r#"{"job":1,"cause":{"Error":"SageMaker.Other","Cause":"because"}}"#);
}

#[test]
fn without_retrier_and_catcher_an_error_ends_the_execution() {
    let machine = one("T", r#""Type":"Task","Resource":"@T""#);
    Play::start(&machine, "{}").task("T", "{}", Fails("ErrorA")).fails("ErrorA", "because");
}

#[test]
fn the_wildcard_stands_alone_and_last() {
    for retriers in [
        r#"[{"ErrorEquals":["States.ALL","ErrorA"]}]"#,
        r#"[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["ErrorA"]}]"#,
        r#"[{"ErrorEquals":[]}]"#,
    ] {
        let machine = one("T", &format!(r#""Type":"Task","Resource":"@T","Retry":{retriers}"#));
        assert!(super::is_refused(&machine), "{retriers}");
    }
}

#[test]
fn error_names_are_case_sensitive() {
    let machine = hello_world(r#""Catch":[{"ErrorEquals":["handlederror"],"Next":"fallback"}]"#);
    Play::start(&machine, "{}").task("FailFunction", "{}", Fails("HandledError")).fails("HandledError", "because");
}

#[test]
fn what_the_states_own_fields_get_wrong_nobody_catches() {
    let machine = r#"{"StartAt":"T","States":{
        "T":{"Type":"Task","Resource":"@T","OutputPath":"$.no","Catch":[
            {"ErrorEquals":["States.Runtime"],"Next":"R"},{"ErrorEquals":["States.ALL"],"Next":"R"}],"End":true},
        "R":{"Type":"Pass","End":true}}}"#;
    Play::start(machine, "{}").task("T", "{}", Gives("{}")).fails_with("States.Runtime");
}
