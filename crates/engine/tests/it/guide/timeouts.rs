//! How long a task may take, and how long it may be silent.

use engine::{Command, EventId};

use super::{Hangs, Play, one};

const ACTIVITY_STATE: &str = r#"{"StartAt":"ActivityState","States":{
    "ActivityState":{"Type":"Task","Resource":"@HelloWorld","TimeoutSeconds":300,"HeartbeatSeconds":60,"Next":"NextState"},
    "NextState":{"Type":"Succeed"}}}"#;

/// The task is taken this many seconds after its scheduling.
fn taken_after(machine: &str, seconds: i64) -> (Play, EventId) {
    let mut play = Play::start(machine, "{}");
    play.run.now.0 += seconds * 1_000;
    let task = play.run.take();
    play.taken.insert(task);
    (play, task)
}

fn beat(play: &mut Play, task: EventId, second: i64) {
    play.run.now.0 = second * 1_000;
    play.run.send(Command::TaskHeartbeat { scheduled: task }).unwrap();
}

#[test]
fn a_silent_worker_loses_its_task() {
    Play::start(ACTIVITY_STATE, "{}").task("HelloWorld", "{}", Hangs).waits(&[60.0]).fails("States.Timeout", "-");
}

#[test]
fn heartbeats_keep_a_task_until_its_timeout() {
    let (mut play, task) = taken_after(ACTIVITY_STATE, 0);
    for second in (50..300).step_by(50) {
        beat(&mut play, task, second);
    }
    play.waits(&[50.0]).fails("States.Timeout", "-");
}

#[test]
fn a_heartbeat_counts_from_when_it_came() {
    let (mut play, task) = taken_after(ACTIVITY_STATE, 0);
    beat(&mut play, task, 59);
    play.waits(&[60.0]).fails("States.Timeout", "-");
}

#[test]
fn both_counts_begin_when_a_worker_takes_the_task() {
    let (play, _) = taken_after(ACTIVITY_STATE, 100);
    play.waits(&[60.0]).fails("States.Timeout", "-");
    let (mut play, task) = taken_after(ACTIVITY_STATE, 100);
    for second in (150..400).step_by(50) {
        beat(&mut play, task, second);
    }
    assert_eq!(play.run.tick(), 50.0);
    assert_eq!(play.run.now.0, 400_000);
    play.fails("States.Timeout", "-");
}

#[test]
fn a_task_done_in_time_goes_on() {
    let (mut play, task) = taken_after(ACTIVITY_STATE, 200);
    beat(&mut play, task, 259);
    play.run.now.0 = 318_000;
    play.run.send(Command::TaskSucceeded { scheduled: task, output: crate::run::json("1") }).unwrap();
    play.enters(&["ActivityState", "NextState"]).outputs("1");
}

#[test]
fn without_a_timeout_a_task_waits_for_ever() {
    let (play, _) = taken_after(&one("T", r#""Type":"Task","Resource":"@T""#), 0);
    assert_eq!(play.run.execution.next_due(), None);
}

#[test]
fn a_heartbeat_alone_ends_a_wait_for_an_answer() {
    let machine = one(
        "Push to SQS",
        r#""Type":"Task","Resource":"@sendMessage","HeartbeatSeconds":600,"Parameters":{"MessageBody":{"id":1}},
        "ResultPath":"$.SQS""#,
    );
    Play::start(&machine, "{}")
        .task("sendMessage", r#"{"MessageBody":{"id":1}}"#, Hangs)
        .waits(&[600.0])
        .fails("States.Timeout", "-");
}

#[test]
fn a_missing_heartbeat_has_a_name_of_its_own_for_catchers() {
    for (name, caught) in [
        ("States.HeartbeatTimeout", true),
        ("States.Timeout", true),
        ("States.ALL", true),
        ("States.TaskFailed", false),
    ] {
        let machine = format!(
            r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"@T","HeartbeatSeconds":5,
            "Catch":[{{"ErrorEquals":["{name}"],"Next":"R"}}],"End":true}},"R":{{"Type":"Pass","Result":"caught","End":true}}}}}}"#
        );
        let play = Play::start(&machine, "{}").task("T", "{}", Hangs).waits(&[5.0]);
        if caught { play.outputs(r#""caught""#) } else { play.fails("States.Timeout", "-") }
    }
}

#[test]
fn timeouts_can_come_from_the_input() {
    let machine =
        one("T", r#""Type":"Task","Resource":"@T","TimeoutSecondsPath":"$.most","HeartbeatSecondsPath":"$.silent""#);
    let input = r#"{"most":20,"silent":5}"#;
    Play::start(&machine, input).task("T", input, Hangs).waits(&[5.0]).fails("States.Timeout", "-");
}

#[test]
fn a_heartbeat_is_shorter_than_the_timeout() {
    for (timeout, heartbeat, refused) in [(60, 59, false), (60, 60, true), (60, 61, true), (0, 1, true), (60, 0, true)]
    {
        let fields =
            format!(r#""Type":"Task","Resource":"@T","TimeoutSeconds":{timeout},"HeartbeatSeconds":{heartbeat}"#);
        assert_eq!(super::is_refused(&one("T", &fields)), refused, "{timeout} {heartbeat}");
    }
}
