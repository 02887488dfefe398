//! Tasks that are no activity's: functions, integrations, jobs and callbacks, as the engine sees them.

use asl::Value;
use engine::{Command, EventId, EventKind, Execution, Fault, Ignored, Limits, OpenTask, Status, log};
use insta::assert_snapshot;

use crate::run::{Run, info, is_ignored, json, program};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";
const SEND: &str = "arn:aws:states:::sqs:sendMessage";
const CALLBACK: &str = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
const CHILD: &str = "arn:aws:states:::states:startExecution.sync:2";

/// A Task state's fields.
fn task(resource: &str, rest: &str) -> String {
    format!(r#""Type":"Task","Resource":"{resource}"{rest}"#)
}

/// A machine of that one state, and of one that catches.
fn machine(state: &str) -> String {
    let caught = if state.contains(r#""Next":"R""#) { r#","R":{"Type":"Pass","End":true}"# } else { "" };
    format!(r#"{{"StartAt":"T","States":{{"T":{{{state},"End":true}}{caught}}}}}"#)
}

fn start(resource: &str, rest: &str) -> Run {
    Run::start(&machine(&task(resource, rest)), r#"{"a":1}"#)
}

fn only_task(run: &Run) -> OpenTask {
    let tasks = run.tasks();
    assert_eq!(tasks.len(), 1, "{}", run.history());
    run.execution.open_task(tasks[0]).unwrap().clone()
}

/// The service took the request of the only task.
fn submit(run: &mut Run, output: &str) -> EventId {
    let scheduled = only_task(run).scheduled;
    run.send(Command::TaskSubmitted { scheduled, output: json(output) }).unwrap();
    scheduled
}

/// What recovery makes of the stored events.
fn folded(definition: &str, run: &Run) -> Execution {
    let mut bytes = Vec::new();
    log::encode(&run.events, &mut bytes);
    let mut execution = Execution::new(program(definition), info());
    log::decode(&bytes).unwrap().iter().for_each(|event| execution.apply(event).unwrap());
    execution
}

/// The tasks that were given up and whose jobs are to be cancelled.
fn given_up(run: &Run) -> Vec<u64> {
    run.execution.cancels().map(|task| task.scheduled.0).collect()
}

// Tokens

const TOKEN_PATHS: [(&str, &str); 3] = [
    (r#","Parameters":{"QueueUrl":"q","MessageBody":{"Token.$":"$$.Task.Token"}}"#, "JSONPath"),
    (
        r#","Parameters":{"QueueUrl":"q","MessageBody":{"Token.$":"States.Format('{}', $$.Task.Token)"}}"#,
        "in an intrinsic",
    ),
    (
        r#","QueryLanguage":"JSONata","Arguments":{"QueueUrl":"q","MessageBody":{"Token":"{% $states.context.Task.Token %}"}}"#,
        "JSONata",
    ),
];

fn sent_token(task: &OpenTask) -> String {
    let body = task.parameters.get("MessageBody").and_then(|body| body.get("Token")).cloned();
    body.as_ref().and_then(Value::as_str).unwrap().to_owned()
}

#[test]
fn a_callbacks_token_names_the_scheduling_event() {
    for (fields, language) in TOKEN_PATHS {
        let run = start(CALLBACK, fields);
        let open = only_task(&run);
        assert_eq!(open.scheduled, EventId(3), "{language}");
        assert_eq!(sent_token(&open), "token-3", "{language}");
    }
}

#[test]
fn every_attempt_has_a_token_of_its_own() {
    for (fields, language) in TOKEN_PATHS {
        let retry = r#","Retry":[{"ErrorEquals":["States.ALL"],"IntervalSeconds":1,"MaxAttempts":2}]"#;
        let mut run = start(CALLBACK, &format!("{fields}{retry}"));
        let mut tokens = Vec::new();
        for _ in 0..3 {
            let open = only_task(&run);
            assert_eq!(sent_token(&open), format!("token-{}", open.scheduled), "{language}");
            tokens.push(sent_token(&open));
            submit(&mut run, "{}");
            run.fail("E");
            if run.status() == Status::Running {
                run.tick();
            }
        }
        tokens.dedup();
        assert_eq!((tokens.len(), run.status()), (3, Status::Failed), "{language}");
    }
}

#[test]
fn each_iteration_has_a_token_of_its_own() {
    let item = task(CALLBACK, TOKEN_PATHS[0].0);
    let definition =
        format!(r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemProcessor":{},"End":true}}}}}}"#, machine(&item));
    let run = Run::start(&definition, "[1,2,3]");
    for scheduled in run.tasks() {
        let open = run.execution.open_task(scheduled).unwrap();
        assert_eq!(sent_token(open), format!("token-{scheduled}"));
    }
    assert_eq!(run.tasks().len(), 3);
}

#[test]
fn what_follows_the_callback_sees_its_token_still() {
    let fields = r#","Parameters":{"QueueUrl":"q","MessageBody":"b"},"ResultSelector":{"t.$":"$$.Task.Token"}"#;
    let mut run = start(CALLBACK, fields);
    submit(&mut run, "{}");
    run.succeed("1");
    assert_eq!(run.output(), r#"{"t":"token-3"}"#);
}

#[test]
fn a_task_that_waits_for_a_job_has_a_token_too() {
    const PATH: &str = r#","Parameters":{"Input":{"t.$":"$$.Task.Token"}}"#;
    const EXPRESSION: &str =
        r#","QueryLanguage":"JSONata","Arguments":{"Input":{"t":"{% $states.context.Task.Token %}"}}"#;
    const WHOLE: &str = r#","Parameters":{"Input.$":"$$.Task"},"ResultSelector":{"t.$":"$$.Task.Token"}"#;
    for resource in [CHILD, "arn:aws:states:::states:startExecution.sync", "arn:aws:states:::ecs:runTask.sync"] {
        for (fields, sent) in
            [(PATH, r#"{"t":"token-3"}"#), (EXPRESSION, r#"{"t":"token-3"}"#), (WHOLE, r#"{"Token":"token-3"}"#)]
        {
            let run = start(resource, fields);
            assert_eq!(only_task(&run).parameters.get("Input").unwrap().to_json(), sent, "{resource}");
        }
        let mut run = start(resource, WHOLE);
        submit(&mut run, "{}");
        run.succeed("1");
        assert_eq!(run.output(), r#"{"t":"token-3"}"#, "{resource}");
    }
}

#[test]
fn a_task_that_waits_for_no_token_has_none() {
    let path = r#","Parameters":{"QueueUrl":"q","MessageBody":{"Token.$":"$$.Task.Token"}}"#;
    for resource in [SEND, FUNCTION] {
        let (error, cause) = start(resource, path).failure();
        assert_eq!(error, "States.Runtime");
        assert!(cause.contains("$$.Task.Token"), "{cause}");
    }
    let expression = r#","QueryLanguage":"JSONata","Arguments":{"MessageBody":"{% $states.context.Task.Token %}"}"#;
    assert_eq!(start(SEND, expression).failure().0, "States.QueryEvaluationError");
}

// Heartbeats

#[test]
fn only_a_callback_dies_without_heartbeats() {
    const FIELDS: &str = r#","HeartbeatSeconds":5,"TimeoutSeconds":60"#;
    for (resource, seconds) in [(SEND, 60.0), (CHILD, 60.0), (FUNCTION, 60.0), (CALLBACK, 5.0)] {
        let mut run = start(resource, FIELDS);
        assert_eq!(run.tick(), seconds, "{resource}");
        assert_eq!(run.failure(), ("States.Timeout".to_owned(), "-".to_owned()), "{resource}");
    }
}

#[test]
fn a_heartbeat_puts_a_callbacks_end_off_but_not_its_timeout() {
    let mut run = start(CALLBACK, r#","HeartbeatSeconds":5,"TimeoutSeconds":12"#);
    let scheduled = submit(&mut run, "{}");
    for second in [4, 8, 11] {
        run.now.0 = second * 1_000;
        run.send(Command::TaskHeartbeat { scheduled }).unwrap();
    }
    assert_eq!(run.tick(), 1.0);
    assert_eq!(run.status(), Status::Failed);
    assert!(is_ignored(&run.send(Command::TaskHeartbeat { scheduled }), Ignored::ExecutionOver));
}

#[test]
fn the_kind_of_timeout_decides_who_catches_it() {
    for (catches, heartbeat) in [
        ("States.HeartbeatTimeout", true),
        ("States.Timeout", true),
        ("States.Timeout", false),
        ("States.ALL", true),
        ("States.ALL", false),
    ] {
        let seconds = if heartbeat { r#","HeartbeatSeconds":5"# } else { r#","TimeoutSeconds":5"# };
        let catch = format!(r#"{seconds},"Catch":[{{"ErrorEquals":["{catches}"],"Next":"R"}}]"#);
        let run = start(CALLBACK, &catch).run_down();
        assert_eq!(run.output(), r#"{"Error":"States.Timeout","Cause":""}"#, "{catches} {heartbeat}");
    }
    let jsonata = r#","QueryLanguage":"JSONata","TimeoutSeconds":5,"Catch":[{"ErrorEquals":["States.ALL"],"Output":"{% $states.errorOutput %}","Next":"R"}]"#;
    assert_eq!(start(SEND, jsonata).run_down().output(), r#"{"Error":"States.Timeout","Cause":""}"#);
    let catch = r#","TimeoutSeconds":5,"Catch":[{"ErrorEquals":["States.HeartbeatTimeout"],"Next":"R"}]"#;
    assert_eq!(start(CALLBACK, catch).run_down().status(), Status::Failed);
}

// What is submitted

#[test]
fn the_services_answer_is_kept_through_a_restart() {
    for (resource, answer) in [(CALLBACK, r#"{"MessageId":"1"}"#), (CHILD, r#"{"ExecutionArn":"e"}"#)] {
        let definition = machine(&task(resource, ""));
        let mut run = Run::start(&definition, "{}");
        assert_eq!(only_task(&run).submitted, None);
        let scheduled = submit(&mut run, answer);
        let after = folded(&definition, &run);
        assert_eq!(after, run.execution);
        assert_eq!(after.open_task(scheduled).unwrap().submitted, Some(json(answer)));
    }
}

#[test]
fn an_answer_that_is_told_twice_is_in_the_history_once() {
    let mut run = start(CHILD, "");
    let scheduled = submit(&mut run, r#"{"ExecutionArn":"e"}"#);
    let again = Command::TaskSubmitted { scheduled, output: json("{}") };
    assert!(is_ignored(&run.send(again.clone()), Ignored::TaskAlreadySubmitted));
    assert_eq!(only_task(&run).submitted, Some(json(r#"{"ExecutionArn":"e"}"#)));
    run.succeed("1");
    assert!(matches!(run.send(again), Err(Fault::Ignored(Ignored::ExecutionOver))));
}

#[test]
fn a_callback_may_come_before_the_services_answer() {
    let mut run = start(CALLBACK, "");
    let scheduled = only_task(&run).scheduled;
    run.send(Command::TaskSucceeded { scheduled, output: json("1") }).unwrap();
    let late = run.send(Command::TaskSubmitted { scheduled, output: json("{}") });
    assert!(is_ignored(&late, Ignored::ExecutionOver));
    assert_eq!(run.output(), "1");
}

// Jobs that are given up

/// A Parallel state with a job and another state beside it.
fn beside(job: &str, other: &str, around: &str) -> String {
    format!(
        r#"{{"StartAt":"P"{around},"States":{{"P":{{"Type":"Parallel","Branches":[
            {{"StartAt":"J","States":{{"J":{{{job},"End":true}}}}}},
            {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":3,"Next":"O"}},"O":{{{other}}}}}}}
            ],"Catch":[{{"ErrorEquals":["States.ALL"],"Next":"R"}}],"End":true}},"R":{{"Type":"Wait","Seconds":1,"End":true}}}}}}"#
    )
}

const FAIL: &str = r#""Type":"Fail","Error":"E""#;
const RUNTIME_ERROR: &str = r#""Type":"Pass","InputPath":"$.no","End":true"#;
const SUCCEED: &str = r#""Type":"Succeed""#;

#[test]
fn a_job_is_given_up_by_whatever_ends_its_task_from_outside() {
    let job = task(CHILD, "");
    for (other, around, what) in [
        (FAIL, "", "a sibling's failure"),
        (RUNTIME_ERROR, "", "an uncatchable error in a sibling"),
        (SUCCEED, r#","TimeoutSeconds":4"#, "the execution's timeout"),
    ] {
        let mut run = Run::start(&beside(&job, other, around), "{}");
        let scheduled = submit(&mut run, r#"{"ExecutionArn":"e"}"#);
        assert!(given_up(&run).is_empty(), "{what}");
        let run = run.run_down();
        assert_eq!(given_up(&run), [scheduled.0], "{what}");
    }
}

#[test]
fn a_job_is_given_up_when_the_execution_is_stopped() {
    let mut run = start(CHILD, "");
    let scheduled = submit(&mut run, r#"{"ExecutionArn":"e"}"#);
    run.send(Command::Stop { error: None, cause: None }).unwrap();
    let given_up: Vec<_> = run.execution.cancels().collect();
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].scheduled, scheduled);
    assert_eq!(given_up[0].submitted, Some(json(r#"{"ExecutionArn":"e"}"#)));
}

#[test]
fn a_job_is_given_up_by_its_own_timeout_and_its_cancellation_is_settled_once() {
    let mut run = start(CHILD, r#","TimeoutSeconds":5"#);
    let scheduled = submit(&mut run, r#"{"ExecutionArn":"e"}"#);
    run.tick();
    let (history, last) = (run.history(), run.execution.last_event());
    assert_eq!((run.status(), given_up(&run)), (Status::Failed, vec![scheduled.0]));
    assert_eq!(run.execution.outstanding().len(), 1);
    // The one command that an execution takes when it is over; history does not show it.
    run.send(Command::CancelSettled { scheduled }).unwrap();
    assert_eq!((run.history(), run.execution.last_event()), (history, last));
    assert!(run.execution.outstanding().is_empty());
    assert!(is_ignored(&run.send(Command::CancelSettled { scheduled }), Ignored::CancelAlreadySettled));
    assert!(is_ignored(&run.send(Command::Stop { error: None, cause: None }), Ignored::ExecutionOver));
    assert_eq!(folded(&machine(&task(CHILD, r#","TimeoutSeconds":5"#)), &run), run.execution);
}

#[test]
fn each_attempt_that_times_out_is_cancelled() {
    let retry =
        r#","TimeoutSeconds":5,"Retry":[{"ErrorEquals":["States.Timeout"],"IntervalSeconds":1,"MaxAttempts":1}]"#;
    let mut run = start(CHILD, retry);
    let first = submit(&mut run, "{}");
    assert_eq!((run.tick(), run.tick()), (5.0, 1.0));
    let second = only_task(&run).scheduled;
    run.send(Command::CancelSettled { scheduled: first }).unwrap();
    assert!(given_up(&run).is_empty());
    // The second's request is on its way still: whoever sent it learns whether there is a job.
    run.tick();
    assert_eq!(given_up(&run), [second.0]);
    assert_eq!(run.execution.cancels().next().unwrap().submitted, None);
}

#[test]
fn a_task_that_was_not_given_up_has_no_cancellation() {
    let mut run = start(CHILD, "");
    let scheduled = submit(&mut run, "{}");
    for scheduled in [scheduled, EventId(99)] {
        let refused = run.send(Command::CancelSettled { scheduled });
        assert!(is_ignored(&refused, Ignored::CancelAlreadySettled));
    }
}

#[test]
fn nobody_is_to_be_given_a_task_that_somebody_has() {
    let to_hand_out = |run: &Run| run.execution.is_to_hand_out();
    let mut callback = start(CALLBACK, "");
    assert!(to_hand_out(&callback));
    submit(&mut callback, "{}");
    assert!(!to_hand_out(&callback));
    let mut job = start(CHILD, "");
    submit(&mut job, "{}");
    assert!(to_hand_out(&job), "somebody looks at the job");
    let mut activity = start("arn:aws:states:us-east-1:123456789012:activity:work", "");
    assert!(to_hand_out(&activity));
    activity.take();
    assert!(!to_hand_out(&activity));
    assert!(to_hand_out(&start(FUNCTION, "")));
}

#[test]
fn jobs_of_other_iterations_are_given_up_when_one_fails() {
    let definition = format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemProcessor":{},"Retry":[{{"ErrorEquals":["E"],"MaxAttempts":1}}],"End":true}}}}}}"#,
        machine(&task(CHILD, ""))
    );
    let mut run = Run::start(&definition, "[0,1,2,3]");
    let tasks = run.tasks();
    // The second is not submitted: nobody knows yet whether there is a job to give up.
    for scheduled in [tasks[0], tasks[2], tasks[3]] {
        run.send(Command::TaskSubmitted { scheduled, output: json("{}") }).unwrap();
    }
    run.send(Command::TaskFailed { scheduled: tasks[2], error: Some("E".into()), cause: None }).unwrap();
    assert_eq!(given_up(&run), [tasks[0].0, tasks[1].0, tasks[3].0]);
    assert_eq!(run.status(), Status::Running);
}

#[test]
fn nested_jobs_are_given_up_too() {
    let inner = format!(r#""Type":"Map","ItemsPath":"$","ItemProcessor":{}"#, machine(&task(CHILD, "")));
    let mut run = Run::start(&beside(&inner, FAIL, ""), "[1,2]");
    let tasks = run.tasks();
    for scheduled in &tasks {
        run.send(Command::TaskSubmitted { scheduled: *scheduled, output: json("{}") }).unwrap();
    }
    let run = run.run_down();
    assert_eq!(given_up(&run), tasks.iter().map(|task| task.0).collect::<Vec<_>>());
}

#[test]
fn a_task_that_ends_by_itself_gives_no_job_up() {
    let end: [fn(&mut Run); 2] = [|run| run.succeed("1"), |run| run.fail("E")];
    for end in end {
        let mut run = start(CHILD, r#","TimeoutSeconds":5"#);
        submit(&mut run, r#"{"ExecutionArn":"e"}"#);
        end(&mut run);
        assert_ne!(run.status(), Status::Running);
        assert!(given_up(&run).is_empty());
    }
}

#[test]
fn only_jobs_are_given_up() {
    for resource in [SEND, CALLBACK, FUNCTION] {
        let mut run = start(resource, "");
        if resource == CALLBACK {
            submit(&mut run, "{}");
        }
        run.send(Command::Stop { error: None, cause: None }).unwrap();
        assert!(given_up(&run).is_empty(), "{resource}");
    }
}

// Errors

#[test]
fn nobody_catches_a_services_runtime_error() {
    for resource in [SEND, FUNCTION, CHILD] {
        let handlers = r#","Retry":[{"ErrorEquals":["States.ALL"]}],"Catch":[{"ErrorEquals":["States.Runtime"],"Next":"R"},{"ErrorEquals":["States.ALL"],"Next":"R"}]"#;
        let mut run = start(resource, handlers);
        run.fail("States.Runtime");
        assert_eq!(run.failure(), ("States.Runtime".to_owned(), "because".to_owned()), "{resource}");
    }
}

#[test]
fn a_services_timeout_is_one() {
    for (catches, is_caught) in [("States.Timeout", true), ("States.ALL", true), ("States.TaskFailed", false)] {
        let mut run = start(SEND, &format!(r#","Catch":[{{"ErrorEquals":["{catches}"],"Next":"R"}}]"#));
        run.fail("States.Timeout");
        assert_eq!(run.status() == Status::Succeeded, is_caught, "{catches}");
    }
}

#[test]
fn a_result_beyond_the_limit_fails_the_task() {
    let limits = Limits { payload_bytes: 40, ..Limits::default() };
    let definition = machine(&task(
        FUNCTION,
        r#","Catch":[{"ErrorEquals":["States.DataLimitExceeded"],"ResultPath":null,"Next":"R"}]"#,
    ));
    let mut run = Run::start_with(&definition, "{}", limits);
    run.succeed(&format!(r#""{}""#, "x".repeat(40)));
    assert_eq!(run.output(), "{}");
    assert!(run.types().contains(&"LambdaFunctionFailed"));
}

#[test]
fn a_result_beyond_the_limit_is_told_by_the_service_or_the_resource() {
    let activity = "arn:aws:states:us-east-1:123456789012:activity:work";
    for (resource, name) in [
        (FUNCTION, FUNCTION),
        (activity, activity),
        ("arn:aws:states:::lambda:invoke", "lambda"),
        (CALLBACK, "sqs"),
        (CHILD, "states"),
        ("arn:aws:states:::aws-sdk:s3:getObject", "aws-sdk:s3"),
    ] {
        let limits = Limits { payload_bytes: 40, ..Limits::default() };
        let mut run = Run::start_with(&machine(&task(resource, "")), "{}", limits);
        run.succeed(&format!(r#""{}""#, "x".repeat(40)));
        let cause = format!(
            "The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service limit."
        );
        assert_eq!(run.failure(), ("States.DataLimitExceeded".to_owned(), cause), "{resource}");
    }
}

// Histories

const RETRY: &str =
    r#","Retry":[{"ErrorEquals":["Lambda.TooManyRequestsException"],"IntervalSeconds":2,"MaxAttempts":1}]"#;
const CATCH: &str = r#","Catch":[{"ErrorEquals":["States.TaskFailed"],"ResultPath":"$.error","Next":"R"}]"#;

#[test]
fn a_function_answers() {
    let mut run = start(FUNCTION, r#","TimeoutSeconds":30"#);
    run.succeed(r#"{"b":2}"#);
    assert_snapshot!(run.history());
}

#[test]
fn a_function_fails() {
    let mut run = start(FUNCTION, "");
    run.fail("ValueError");
    assert_snapshot!(run.history());
}

#[test]
fn a_function_fails_then_fails_again_and_is_caught() {
    let mut run = start(FUNCTION, &format!("{RETRY}{CATCH}"));
    run.fail("Lambda.TooManyRequestsException");
    assert_eq!(run.tick(), 2.0);
    run.fail("Lambda.TooManyRequestsException");
    assert_snapshot!(run.history());
}

#[test]
fn a_function_does_not_answer_in_time() {
    let run = start(FUNCTION, r#","TimeoutSeconds":3"#).run_down();
    assert_snapshot!(run.history());
}

#[test]
fn an_integration_answers() {
    let mut run =
        start(SEND, r#","Parameters":{"QueueUrl":"q","MessageBody.$":"$"},"HeartbeatSeconds":5,"TimeoutSeconds":60"#);
    run.succeed(r#"{"MessageId":"m"}"#);
    assert_snapshot!(run.history());
}

#[test]
fn a_job_is_submitted_and_ends() {
    let mut run = start(CHILD, r#","Parameters":{"StateMachineArn":"m","Input":{"b":2}}"#);
    submit(&mut run, r#"{"ExecutionArn":"e"}"#);
    run.succeed(r#"{"Output":{"c":3}}"#);
    assert_snapshot!(run.history());
}

#[test]
fn a_callback_comes() {
    let mut run = start(CALLBACK, TOKEN_PATHS[0].0);
    submit(&mut run, r#"{"MessageId":"m"}"#);
    run.succeed(r#""approved""#);
    assert_snapshot!(run.history());
}

#[test]
fn a_callback_tells_of_a_failure() {
    let mut run = start(CALLBACK, CATCH);
    submit(&mut run, r#"{"MessageId":"m"}"#);
    run.fail("Refused");
    assert_snapshot!(run.history());
}

#[test]
fn a_callback_never_comes() {
    let mut run = start(CALLBACK, r#","TimeoutSeconds":9"#);
    submit(&mut run, r#"{"MessageId":"m"}"#);
    assert_snapshot!(run.run_down().history());
}

#[test]
fn a_callbacks_heartbeats_end() {
    let mut run = start(
        CALLBACK,
        r#","HeartbeatSeconds":2,"Retry":[{"ErrorEquals":["States.HeartbeatTimeout"],"MaxAttempts":1}]"#,
    );
    submit(&mut run, r#"{"MessageId":"m"}"#);
    let run = run.run_down();
    assert_snapshot!(run.history());
    assert!(run.events.iter().any(|event| matches!(event.kind, EventKind::RetryScheduled { .. })));
}
