//! Tasks that are given up: what becomes of their jobs.

use asl::json;
use engine::Status;
use runtime::calls::*;
use store::fault::Fate;
use store::partition::PartitionSet;

use crate::setup::*;

#[test]
fn a_stopped_execution_gives_its_job_up() {
    let setup = Setup::in_memory();
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    server.reaches(&arn, "TaskSubmitted", 1);
    server.stop(&arn).unwrap();
    setup.counterpart.wait("the cancellation", has_cancelled);
    let stopped = text(&setup.counterpart.bodies("StopExecution")[0], "ExecutionArn");
    assert_eq!(stopped, format!("child:{}", setup.counterpart.names()[0]));
    assert_eq!(server.end(&arn).0, Status::Aborted);
    // What is written after the end changes nothing that is shown.
    let shown = (server.types(&arn), server.describe(&arn).error);
    server.settles(&arn);
    assert_eq!((server.types(&arn), server.describe(&arn).error), shown);
    assert!(setup.store.unsettled(&PartitionSet::All, None, 10).unwrap().is_empty());
}

#[test]
fn the_output_of_an_execution_is_described_after_its_last_job_is_cancelled() {
    let setup = Setup::in_memory();
    let server = setup.open();
    let definition = format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","Branches":[
            {{"StartAt":"J","States":{{"J":{{{},"End":true}}}}}},
            {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":1,"Next":"F"}},"F":{{"Type":"Fail","Error":"E"}}}}}}
            ],"Catch":[{{"ErrorEquals":["E"],"Next":"C"}}],"Next":"C"}},"C":{{"Type":"Pass","Result":1,"End":true}}}}}}"#,
        state(".sync:2", CHILD),
    );
    setup.counterpart.with(|scene| scene.holds_cancellations = true);
    let arn = server.begin(&definition, "{}");
    assert_eq!(server.end(&arn), (Status::Succeeded, "1".to_owned()));
    setup.counterpart.with(|scene| scene.holds_cancellations = false);
    server.settles(&arn);
    assert_eq!(server.end(&arn), (Status::Succeeded, "1".to_owned()));
}

#[test]
fn a_cancellation_that_a_crash_cut_off_is_done_after_the_restart() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds_cancellations = true);
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    server.reaches(&arn, "TaskSubmitted", 1);
    server.stop(&arn).unwrap();
    setup.counterpart.wait("the first attempt", has_cancelled);
    server.crash();
    // The execution is over, and its job is still to be cancelled.
    assert_eq!(setup.store.unsettled(&PartitionSet::All, None, 10).unwrap().len(), 1);
    setup.counterpart.with(|scene| scene.holds_cancellations = false);
    let server = setup.open();
    server.settles(&arn);
    assert_eq!(setup.counterpart.bodies("StopExecution").len(), 2);
    server.crash();
    let server = setup.open();
    assert_eq!(server.end(&arn).0, Status::Aborted);
    server.crash();
    assert_eq!(setup.counterpart.bodies("StopExecution").len(), 2, "it was cancelled again");
}

#[test]
fn nobody_knows_of_a_job_whose_request_was_on_its_way_when_the_server_ended() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.stop(&arn).unwrap();
    server.crash();
    setup.counterpart.with(|scene| scene.holds = false);
    let server = setup.open();
    server.settles(&arn);
    assert_eq!(setup.counterpart.names().len(), 1, "the request was sent again");
    assert!(setup.counterpart.bodies("StopExecution").is_empty());
}

#[test]
fn a_task_that_times_out_gives_its_job_up() {
    let setup = Setup::in_memory();
    let server = setup.open();
    let arn = server.begin(&single(&format!(r#"{},"TimeoutSeconds":1"#, state(".sync:2", CHILD))), "{}");
    assert_eq!(server.end(&arn), (Status::Failed, "States.Timeout".to_owned()));
    server.settles(&arn);
    let stopped = text(&setup.counterpart.bodies("StopExecution")[0], "ExecutionArn");
    assert_eq!(stopped, format!("child:{}", setup.counterpart.names()[0]));
}

fn has_cancelled(scene: &Scene) -> bool {
    scene.asked.iter().any(|asked| asked.operation == "StopExecution")
}

#[test]
fn a_job_is_given_up_where_the_stop_was_said_to_fail_and_had_not() {
    let (faulty, setup) = Setup::over_faulty();
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    server.reaches(&arn, "TaskSubmitted", 1);
    faulty.set_plan(|_, _| Fate::Unanswered);
    assert!(matches!(server.stop(&arn), Err(CallError::Unavailable(_))));
    faulty.set_plan(|_, _| Fate::Pass);
    setup.counterpart.wait("the cancellation", has_cancelled);
    assert_eq!(server.end(&arn).0, Status::Aborted);
}

#[test]
fn a_job_goes_on_where_the_stop_failed() {
    let (faulty, setup) = Setup::over_faulty();
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    server.reaches(&arn, "TaskSubmitted", 1);
    faulty.set_plan(|_, _| Fate::FailBefore);
    assert!(matches!(server.stop(&arn), Err(CallError::Unavailable(_))));
    faulty.set_plan(|_, _| Fate::Pass);
    setup.counterpart.with(|scene| scene.children_are_over = true);
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    assert!(setup.counterpart.bodies("StopExecution").is_empty());
}

#[test]
fn a_request_whose_execution_was_stopped_meanwhile_has_its_job_given_up() {
    let setup = Setup::in_memory();
    setup.counterpart.with(|scene| scene.holds = true);
    let server = setup.open();
    let arn = server.begin(&job(), "{}");
    setup.counterpart.wait("the request", |scene| scene.asked.len() == 1);
    server.stop(&arn).unwrap();
    setup.counterpart.with(|scene| scene.holds = false);
    setup.counterpart.wait("the cancellation", has_cancelled);
}

#[test]
fn a_failing_sibling_gives_a_job_up_once_whatever_follows() {
    let setup = Setup::in_memory();
    let server = setup.open();
    let definition = format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","Branches":[
            {{"StartAt":"J","States":{{"J":{{{},"End":true}}}}}},
            {{"StartAt":"W","States":{{"W":{{"Type":"Wait","Seconds":1,"Next":"F"}},"F":{{"Type":"Fail","Error":"E"}}}}}}
            ],"Catch":[{{"ErrorEquals":["E"],"Next":"C"}}],"Next":"C"}},"C":{{{},"End":true}}}}}}"#,
        state(".sync:2", CHILD),
        state(".waitForTaskToken", CHILD_WITH_TOKEN),
    );
    let arn = server.begin(&definition, "{}");
    setup.counterpart.wait("the cancellation", has_cancelled);
    server.reaches(&arn, "TaskSubmitted", 2);
    server.settles(&arn);
    server.crash();
    let server = setup.open();
    let input = json::parse(text(&setup.counterpart.bodies("StartExecution")[1], "Input").as_bytes()).unwrap();
    server.succeed(&text(&input, "Token")).unwrap();
    assert_eq!(server.end(&arn).0, Status::Succeeded);
    server.crash();
    assert_eq!(setup.counterpart.bodies("StopExecution").len(), 1);
}
