//! Tasks through crashes, callbacks and jobs: real shards, a real dispatcher, and a server that stands in for AWS's.
//!
//! The server plays Step Functions: a plain `states:startExecution` is a request, `.sync:2` a job, `.waitForTaskToken`
//! a callback. The name of the child it is asked for is the task's idempotency token.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cancellations;
mod setup;

use std::collections::BTreeSet;

use asl::{Text, Value, json};
use engine::Status;
use functions::Functions;
use runtime::AfterCrash;
use runtime::calls::*;
use store::fault::Fate;
use store::partition::PartitionSet;
use store::record::{MachineType, Write as Record};

use setup::*;

#[test]
fn a_request_leaves_only_when_its_scheduling_is_durable() {
    let (faulty, setup) = Setup::over_faulty();
    let server = setup.open();
    let machine = server.machine(&request());

    faulty.set_plan(|_, _| Fate::FailBefore);
    assert!(matches!(server.try_start(&machine, "never", "{}"), Err(CallError::Unavailable(_))));
    let asked = setup.counterpart.clone();
    faulty.set_plan(move |_, writes| {
        if writes.iter().any(|write| matches!(write, Record::Begin { .. })) {
            assert!(asked.names().is_empty(), "sent before the commit");
        }
        Fate::Pass
    });
    let arn = server.try_start(&machine, "e", "{}").unwrap();
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert_eq!(setup.counterpart.names().len(), 1);
}

#[test]
fn a_task_is_done_once_where_its_commit_was_said_to_fail_and_had_not() {
    let (faulty, setup) = Setup::over_faulty();
    setup.counterpart.with(|scene| scene.children_are_over = true);
    let server = setup.open();
    let machine = server.machine(&job());
    // Of the starts, what is submitted and the ends, some fail after they were written.
    let mut failed = 0;
    faulty.set_plan(move |number, _| {
        let fails = number.is_multiple_of(2) && failed < 4;
        failed += u64::from(fails);
        if fails { Fate::Unanswered } else { Fate::Pass }
    });
    let mut arns = Vec::new();
    for name in ["a", "b", "c"] {
        match server.try_start(&machine, name, "{}") {
            Ok(arn) => arns.push(arn),
            Err(CallError::Unavailable(_)) => {
                arns.push(format!("arn:aws:states:us-east-1:123456789012:execution:m:{name}").into());
            }
            Err(other) => panic!("{other}"),
        }
    }
    for arn in &arns {
        assert_eq!(server.end(arn), (Status::Succeeded, r#"{"output":{"answer":42}}"#.to_owned()));
        let expected = [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded",
        ];
        assert_eq!(server.types(arn), expected);
    }
    assert_eq!(setup.counterpart.names().len(), 3);
    assert!(setup.counterpart.bodies("StopExecution").is_empty(), "a job was given up");
    assert!(server.runtime.metrics().commit_failures >= 2);
}

#[test]
fn a_request_in_flight_is_sent_again_with_the_same_token() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&request(), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.crash();
    let server = setup.open();
    setup.counterpart.wait("the request again", |scene| scene.asked.len() == 2);
    setup.counterpart.with(|scene| scene.holds = false);
    let names = setup.counterpart.names();
    assert_eq!(names[0], names[1]);
    assert_eq!(server.end(&arn), (Status::Succeeded, format!(r#"{{"arn":"child:{}"}}"#, names[0])));
    assert_eq!(server.count(&arn, "TaskStarted"), 1);
    assert_eq!(setup.counterpart.names().len(), 2);
}

#[test]
fn a_request_in_flight_fails_where_the_policy_says_so() {
    let setup = Setup { after_crash: AfterCrash::Fail, ..Setup::in_memory() };
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let retried =
        state("", CHILD) + r#","Retry":[{"ErrorEquals":["States.TaskFailed"],"IntervalSeconds":1,"MaxAttempts":1}]"#;
    let arn = server.begin(&single(&retried), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.crash();
    setup.counterpart.with(|scene| scene.holds = false);
    let server = setup.open();
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert_eq!((server.count(&arn, "TaskFailed"), server.count(&arn, "TaskSucceeded")), (1, 1));
    let names: BTreeSet<_> = setup.counterpart.names().into_iter().collect();
    assert_eq!(names.len(), 2, "the retry is another task, with another token");
    assert_eq!(setup.counterpart.names().len(), 2);
}

#[test]
fn a_submitted_job_is_looked_at_again_and_never_submitted_again() {
    for after_crash in [AfterCrash::Repeat, AfterCrash::Fail] {
        let setup = Setup { after_crash, ..Setup::in_memory() };
        let mut server = setup.open();
        let arn = server.begin(&job(), "{}");
        for _ in 0..3 {
            server.reaches(&arn, "TaskSubmitted", 1);
            server.crash();
            let looks = setup.counterpart.bodies("DescribeExecution").len();
            server = setup.open();
            setup.counterpart.wait("another look", |scene| {
                scene.asked.iter().filter(|asked| asked.operation == "DescribeExecution").count() > looks
            });
        }
        setup.counterpart.with(|scene| scene.children_are_over = true);
        assert_eq!(server.end(&arn), (Status::Succeeded, r#"{"output":{"answer":42}}"#.to_owned()));
        assert_eq!(setup.counterpart.names().len(), 1);
        let job = text(&setup.counterpart.bodies("DescribeExecution")[0], "ExecutionArn");
        assert_eq!(job, format!("child:{}", setup.counterpart.names()[0]));
    }
}

#[test]
fn a_callbacks_token_outlives_restarts_and_is_good_once() {
    for after_crash in [AfterCrash::Repeat, AfterCrash::Fail] {
        let setup = Setup { after_crash, ..Setup::in_memory() };
        let server = setup.open();
        let arn = server.begin(&callback(), "{}");
        server.reaches(&arn, "TaskSubmitted", 1);
        let token = sent_token(&setup.counterpart);
        server.crash();
        let server = setup.open();
        server.wait_for(server.runtime.send_task_heartbeat(token.as_str().into())).unwrap();
        server.succeed(&token).unwrap();
        assert_eq!(server.end(&arn), (Status::Succeeded, r#""done""#.to_owned()));
        for _ in 0..2 {
            assert!(matches!(server.succeed(&token), Err(CallError::TaskTimedOut)));
        }
        server.crash();
        let server = setup.open();
        assert!(matches!(server.succeed(&token), Err(CallError::TaskTimedOut)));
        assert_eq!(setup.counterpart.names().len(), 1);
    }
}

#[test]
fn a_callback_that_comes_before_the_answer_to_its_request_counts() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&callback(), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.succeed(&sent_token(&setup.counterpart)).unwrap();
    assert_eq!(server.end(&arn), (Status::Succeeded, r#""done""#.to_owned()));
    setup.counterpart.with(|scene| scene.holds = false);
}

#[test]
fn failing_commits_lose_no_result_and_repeat_no_request() {
    for seed in 1..=3 {
        let (faulty, setup) = Setup::over_faulty();
        setup.counterpart.with(|scene| scene.children_are_over = true);
        let server = setup.open();
        let machine = server.machine(&map_of(&state(".sync:2", CHILD)));
        let mut random = seed;
        faulty.set_plan(move |_, _| {
            random = 6_364_136_223_846_793_005_u64.wrapping_mul(random).wrapping_add(1_442_695_040_888_963_407);
            match random >> 59 {
                0..=2 => Fate::Unanswered,
                3..=4 => Fate::FailBefore,
                5 => Fate::Full,
                _ => Fate::Pass,
            }
        });
        let arns: Vec<Text> = (0..5)
            .map(|number| {
                server.until("a start", || match server.try_start(&machine, &format!("e{number}"), "[1,2,3,4]") {
                    Ok(arn) => Some(arn),
                    Err(CallError::ExecutionAlreadyExists(arn)) => Some(arn),
                    Err(_) => None,
                })
            })
            .collect();
        for arn in &arns {
            assert_eq!(server.end(arn).0, Status::Succeeded, "seed {seed}");
            for event_type in ["TaskScheduled", "TaskSubmitted", "TaskSucceeded"] {
                assert_eq!(server.count(arn, event_type), 4, "seed {seed}: {event_type}");
            }
        }
        let names = setup.counterpart.names();
        assert_eq!((names.len(), names.iter().collect::<BTreeSet<_>>().len()), (20, 20), "seed {seed}");
        assert!(setup.counterpart.bodies("StopExecution").is_empty(), "seed {seed}: a job was given up");
    }
}

#[test]
fn executions_that_wait_for_callbacks_stay_on_disk_after_a_restart() {
    const WAITING: usize = 100;
    let setup = Setup::in_memory();
    let server = setup.open();
    let machine = server.machine(&format!(
        r#"{{"StartAt":"C","States":{{
            "C":{{"Type":"Choice","Choices":[{{"Variable":"$.job","BooleanEquals":true,"Next":"J"}}],"Default":"T"}},
            "J":{{{},"End":true}},"T":{{{},"End":true}}}}}}"#,
        state(".sync:2", CHILD),
        state(".waitForTaskToken", CHILD_WITH_TOKEN),
    ));
    let start = |name: &str, input: &str| {
        let arn = server.try_start(&machine, name, input).unwrap();
        server.reaches(&arn, "TaskSubmitted", 1);
        arn
    };
    let arns: Vec<_> = (0..WAITING).map(|number| start(&format!("e{number}"), r#"{"job":false}"#)).collect();
    let with_job = start("job", r#"{"job":true}"#);
    server.crash();

    let unsettled = setup.store.unsettled(&PartitionSet::All, None, 1_000).unwrap();
    let with_job = setup.store.execution_by_arn(&with_job).unwrap().unwrap();
    assert_eq!(unsettled, [(with_job.id, with_job.summary)]);
    let looks = setup.counterpart.bodies("DescribeExecution").len();
    let server = setup.open();
    // Recovery goes by the order of the starts: where the last one's job is looked at, it has passed all others.
    setup.counterpart.wait("a look at the job", |scene| {
        scene.asked.iter().filter(|asked| asked.operation == "DescribeExecution").count() > looks
    });
    assert_eq!(server.runtime.metrics().loads, 1);
    for asked in setup.counterpart.bodies("StartExecution") {
        let input = json::parse(text(&asked, "Input").as_bytes()).unwrap();
        if let Some(token) = input.get("Token").and_then(Value::as_str) {
            server.succeed(token).unwrap();
        }
    }
    for arn in &arns {
        assert_eq!(server.end(arn).0, Status::Succeeded);
    }
    server.crash();
}

#[test]
fn no_more_requests_than_allowed_are_on_their_way() {
    let setup = Setup { concurrency: 3, ..Setup::in_memory() };
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&map_of(&state("", CHILD)), "[1,2,3,4,5,6,7,8,9,10]");
    setup.counterpart.wait("three requests", |scene| scene.on_their_way == 3);
    setup.counterpart.with(|scene| scene.holds = false);
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert_eq!(setup.counterpart.names().len(), 10);
    assert_eq!(setup.counterpart.with(|scene| scene.most_on_their_way), 3);
}

#[test]
fn shutting_down_waits_for_no_task() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&map_of(&state("", CHILD)), "[1,2,3]");
    setup.counterpart.wait("the requests", |scene| scene.on_their_way == 3);
    server.wait_for(server.runtime.shut_down());
    // What comes back now is for the next server to ask again.
    setup.counterpart.with(|scene| scene.holds = false);
    server.crash();
    let server = setup.open();
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert_eq!(setup.counterpart.names().into_iter().collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn local_functions_answer_fail_and_are_retried() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, body: &str| {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("handler.py"), body).unwrap();
    };
    write("double", "def handler(event, context):\n    return event * 2\n");
    write("fail", "def handler(event, context):\n    raise ValueError('no')\n");
    write("crash", "import os\ndef handler(event, context):\n    os._exit(3)\n");
    let setup = Setup::in_memory();
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let functions = threads.block_on(async { Functions::open(functions::Options::new(folder.path())) }).unwrap();
    let setup = Setup { functions: Some(functions), ..setup };
    let server = setup.open();
    let lambda = |name: &str, rest: &str| {
        format!(r#""Type":"Task","Resource":"arn:aws:lambda:us-east-1:123456789012:function:{name}"{rest}"#)
    };
    let retry = r#","Retry":[{"ErrorEquals":["States.TaskFailed"],"IntervalSeconds":1,"MaxAttempts":1}]"#;
    let definitions = [
        ("double", single(&lambda("double", "")), "21", (Status::Succeeded, "42"), 1),
        ("fail", single(&lambda("fail", retry)), "1", (Status::Failed, "ValueError"), 2),
        ("crash", single(&lambda("crash", "")), "1", (Status::Failed, "Runtime.ExitError"), 1),
    ];
    for (name, definition, input, expected, attempts) in definitions {
        let request = CreateStateMachine {
            name: name.into(),
            definition: definition.into(),
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            machine_type: MachineType::Standard,
            settings: Value::empty_object(),
            tags: Value::empty_object(),
            publish: None,
        };
        let machine = server.wait_for(server.runtime.create_state_machine(request)).unwrap().arn;
        let arn = server.try_start(&machine, "e", input).unwrap();
        let (status, result) = server.end(&arn);
        assert_eq!((status, &*result), expected, "{name}");
        assert_eq!(server.count(&arn, "LambdaFunctionStarted"), attempts, "{name}");
    }
}
