//! What history shows, event by event, as AWS writes it.

use crate::run::{Run, is_ignored};
use engine::{Command, EventId, Ignored, Limits, Status};
use insta::assert_snapshot;

const ACTIVITY: &str = r#""Resource": "arn:aws:states:us-east-1:123456789012:activity:work""#;

fn task(rest: &str) -> String {
    format!(r#"{{"StartAt":"T","States":{{"T":{{"Type":"Task",{ACTIVITY}{rest},"End":true}},"R":{{"Type":"Pass","End":true}}}}}}"#)
        .replace(if rest.contains("\"R\"") { "\u{0}" } else { r#","R":{"Type":"Pass","End":true}"# }, "")
}

#[test]
fn pass() {
    let run =
        Run::start(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":{"x":1},"End":true}}}"#, r#"{"in":0}"#);
    assert_snapshot!(run.history());
}

#[test]
fn fail_names_only_what_it_was_given() {
    let run = Run::start(r#"{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"E"}}}"#, "{}");
    assert_snapshot!(run.history());
    let run = Run::start(r#"{"StartAt":"A","States":{"A":{"Type":"Fail"}}}"#, "{}");
    assert_eq!(run.failure(), ("-".to_owned(), "-".to_owned()));
}

#[test]
fn wait_then_succeed() {
    let mut run = Run::start(
        r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":10,"Next":"S"},"S":{"Type":"Succeed"}}}"#,
        r#"{"a":1}"#,
    );
    assert_eq!(run.tick(), 10.0);
    assert_snapshot!(run.history());
}

#[test]
fn choice() {
    let run = Run::start(
        r#"{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.n","NumericGreaterThan":1,"Next":"Y"}],"Default":"N"},"Y":{"Type":"Succeed"},"N":{"Type":"Fail"}}}"#,
        r#"{"n":2}"#,
    );
    assert_snapshot!(run.history());
}

#[test]
fn an_activity_done() {
    let mut run = Run::start(&task(r#","TimeoutSeconds":60,"HeartbeatSeconds":10"#), r#"{"a":1}"#);
    run.succeed(r#""done""#);
    assert_snapshot!(run.history());
}

#[test]
fn an_activity_that_fails_is_retried_then_caught() {
    let rest = r#","Retry":[{"ErrorEquals":["E"],"IntervalSeconds":2,"MaxAttempts":2}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"R","ResultPath":"$.error"}]"#;
    let mut run = Run::start(&task(rest), r#"{"a":1}"#);
    run.fail("E");
    assert_eq!(run.tick(), 2.0);
    run.fail("E");
    assert_eq!(run.tick(), 4.0);
    run.fail("E");
    assert_snapshot!(run.history());
}

#[test]
fn an_activity_that_is_never_taken_times_out() {
    let run = Run::start(&task(r#","TimeoutSeconds":60"#), "{}").run_down();
    assert_snapshot!(run.history());
}

#[test]
fn a_heartbeat_puts_the_timeout_off_and_its_absence_ends_the_task() {
    let mut run = Run::start(&task(r#","TimeoutSeconds":60,"HeartbeatSeconds":10"#), "{}");
    let scheduled = run.take();
    run.now.0 = 9_000;
    run.send(Command::TaskHeartbeat { scheduled }).unwrap();
    assert_eq!(run.tick(), 10.0);
    assert_snapshot!(run.history());
    assert!(is_ignored(&run.send(Command::TaskHeartbeat { scheduled }), Ignored::ExecutionOver));
}

#[test]
fn a_missing_activity_fails_the_execution_at_once() {
    let definition = task("").replace("activity:work", "activity:missing");
    assert_snapshot!(Run::start(&definition, "{}").history());
}

#[test]
fn late_and_repeated_results_are_ignored_by_name() {
    let rest = r#","Retry":[{"ErrorEquals":["States.ALL"]}]"#;
    let mut run = Run::start(&task(rest), "{}");
    let scheduled = run.take();
    assert!(is_ignored(&run.send(Command::TaskStarted { scheduled, worker: None }), Ignored::TaskAlreadyStarted));
    run.send(Command::TaskFailed { scheduled, error: None, cause: None }).unwrap();
    assert!(is_ignored(&run.send(Command::TaskFailed { scheduled, error: None, cause: None }), Ignored::TaskOver));
    assert!(is_ignored(
        &run.send(Command::TaskSucceeded { scheduled: EventId(999), output: crate::run::json("1") }),
        Ignored::TaskOver
    ));
    assert!(is_ignored(&run.send(Command::Tick), Ignored::NothingDue));
    assert!(is_ignored(
        &run.send(Command::Start { input: crate::run::json("1"), input_text: None }),
        Ignored::AlreadyStarted
    ));
}

#[test]
fn stop_ends_whatever_runs() {
    let mut run = Run::start(r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":10,"End":true}}}"#, "{}");
    run.send(Command::Stop { error: Some("E".into()), cause: None }).unwrap();
    assert_snapshot!(run.history());
    assert_eq!((run.status(), run.execution.next_due()), (Status::Aborted, None));
}

#[test]
fn the_machines_own_timeout_ends_whatever_runs() {
    let run = Run::start(
        r#"{"TimeoutSeconds":5,"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":10,"End":true}}}"#,
        "{}",
    )
    .run_down();
    assert_snapshot!(run.history());
    assert_eq!(run.execution.stopped_at().unwrap().0, 5_000);
}

const PARALLEL: &str = r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[
    {"StartAt":"A","States":{"A":{"Type":"Pass","Result":1,"End":true}}},
    {"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":3,"Next":"C"},"C":{"Type":"Pass","Result":2,"End":true}}}
    ],"ResultPath":"$.r","End":true}}}"#;

#[test]
fn parallel() {
    let run = Run::start(PARALLEL, r#"{"a":1}"#).run_down();
    assert_snapshot!(run.history());
}

#[test]
fn a_failing_branch_aborts_the_others_and_is_retried_before_it_is_caught() {
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[
        {"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":1,"Next":"F"},"F":{"Type":"Fail","Error":"E","Cause":"c"}}},
        {"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":30,"End":true}}}
        ],"Retry":[{"ErrorEquals":["E"],"MaxAttempts":1}],"Catch":[{"ErrorEquals":["E"],"Next":"R"}],"End":true},
        "R":{"Type":"Pass","End":true}}}"#;
    let run = Run::start(definition, "{}").run_down();
    assert_snapshot!(run.history());
}

#[test]
fn a_runtime_error_in_a_branch_ends_the_execution_directly() {
    let definition = r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","Branches":[
        {"StartAt":"A","States":{"A":{"Type":"Pass","InputPath":"$.no","End":true}}}
        ],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"R"}],"End":true},"R":{"Type":"Pass","End":true}}}"#;
    assert_snapshot!(Run::start(definition, "{}").history());
}

fn map(fields: &str) -> String {
    format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map",{fields}"ItemProcessor":{{"StartAt":"A","States":{{"A":{{"Type":"Pass","End":true}}}}}},"End":true}}}}}}"#
    )
}

#[test]
fn map_one_by_one() {
    assert_snapshot!(Run::start(&map(r#""MaxConcurrency":1,"#), "[7,8]").history());
}

#[test]
fn map_all_at_once() {
    let run = Run::start(&map(r#""ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value"},"#), "[7,8]");
    assert_snapshot!(run.history());
}

#[test]
fn map_of_nothing() {
    assert_snapshot!(Run::start(&map(""), "[]").history());
}

#[test]
fn map_over_an_objects_entries() {
    let run =
        Run::start(&map(r#""ItemSelector":{"k.$":"$$.Map.Item.Key","v.$":"$$.Map.Item.Value"},"#), r#"{"a":1,"b":2}"#);
    assert_eq!(run.output(), r#"[{"k":"a","v":1},{"k":"b","v":2}]"#);
}

#[test]
fn inline_iterations_are_bounded() {
    let definition = map("").replace(r#""Type":"Pass""#, r#""Type":"Wait","Seconds":1"#);
    let input = format!("[{}]", vec!["0"; 100].join(","));
    let mut run = Run::start(&definition, &input);
    let begun = |run: &Run| run.types().iter().filter(|name| **name == "MapIterationStarted").count();
    assert_eq!(begun(&run), 40);
    run.tick();
    assert_eq!(begun(&run), 80);
    assert_eq!(run.run_down().output(), input);
}

#[test]
fn a_failing_iteration_aborts_the_others() {
    let definition = r#"{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"StartAt":"C","States":{
        "C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":1,"Next":"F"}],"Default":"W"},
        "W":{"Type":"Wait","Seconds":9,"End":true},"F":{"Type":"Fail","Error":"E"}}},
        "Catch":[{"ErrorEquals":["E"],"Next":"R"}],"End":true},"R":{"Type":"Pass","End":true}}}"#;
    assert_snapshot!(Run::start(definition, "[0,1,2]").history());
}

#[test]
fn a_map_over_no_array_says_so() {
    let run = Run::start(&map(r#""ItemsPath":"$.x","#), r#"{"x":1}"#);
    assert_snapshot!(run.history());
}

#[test]
fn the_last_event_the_limit_allows_is_the_failure_that_says_so() {
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"},"E":{"Type":"Succeed"}}}"#
        .replace(r#""Next":"A"},"E""#, r#""Next":"C"},"C":{"Type":"Choice","Choices":[{"Variable":"$.x","IsPresent":true,"Next":"E"}],"Default":"A"},"E""#);
    for history_events in [20, 21, 22] {
        let run = Run::start_with(&definition, "{}", Limits { history_events, ..Limits::default() });
        assert_eq!(run.execution.last_event().0, history_events);
        let cause = format!("The execution reached the maximum number of history events ({history_events}).");
        assert_eq!(run.failure(), ("States.Runtime".to_owned(), cause));
        assert_eq!(run.events.last().unwrap().previous.0, history_events - 1);
    }
}

#[test]
fn a_payload_beyond_the_limit_fails_the_state() {
    let limits = Limits { payload_bytes: 30, ..Limits::default() };
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"$","b.$":"$"},"End":true}}}"#;
    let run = Run::start_with(definition, r#"{"x":"0123456789"}"#, limits);
    assert_snapshot!(run.history());
}

#[test]
fn a_loop_that_nests_its_input_ends_with_an_error() {
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"$"},"Next":"C"},
        "C":{"Type":"Choice","Choices":[{"Variable":"$.end","IsPresent":true,"Next":"E"}],"Default":"A"},"E":{"Type":"Succeed"}}}"#;
    assert_eq!(Run::start(definition, "{}").failure().0, "States.DataLimitExceeded");
}

/// Inputs and outputs of all shown events, in turn.
fn payloads(run: &Run) -> Vec<String> {
    let shown = run.events.iter().filter_map(|event| engine::history::project(event, true, "us-east-1")?.details);
    let payload = |details: &asl::Value| Some(details.get("input").or(details.get("output"))?.as_str()?.to_owned());
    shown.filter_map(|(_, details)| payload(&details)).collect()
}

#[test]
fn an_input_is_shown_as_it_was_given_until_a_state_changes_it() {
    let run = Run::start_as_given(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#, "[1,  2.0]");
    assert_eq!(payloads(&run), ["[1,  2.0]", "[1,  2.0]", "[1,2.0]", "[1,2.0]"]);
}

/// A Parallel state whose only branch is a Parallel state with a branch of one Pass state.
fn nested_parallel(fields: &str) -> String {
    let parallel = |name: &str, fields: &str, branch: String| {
        format!(
            r#"{{"StartAt":"{name}","States":{{"{name}":{{"Type":"Parallel",{fields}"Branches":[{branch}],"End":true}}}}}}"#
        )
    };
    let inner = parallel("I", "", r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#.to_owned());
    parallel("P", fields, inner)
}

#[test]
fn branches_show_the_input_as_it_was_given_where_they_get_all_of_it() {
    let given = "[[1, 2, 3], [4]]";
    let (compact, once) = ("[[1,2,3],[4]]", "[[[1,2,3],[4]]]");
    let inputs = |fields: &str| payloads(&Run::start_as_given(&nested_parallel(fields), given))[..4].to_vec();
    assert_eq!(inputs(""), [given; 4]);
    assert_eq!(inputs(r#""InputPath":"$$.Execution.Input","#), [given; 4]);
    assert_eq!(inputs(r#""InputPath":"$[0]","#), [given, given, "[1,2,3]", "[1,2,3]"]);
    assert_eq!(inputs(r#""Parameters":{"p.$":"$[1]"},"#), [given, given, r#"{"p":[4]}"#, r#"{"p":[4]}"#]);
    let outputs = payloads(&Run::start_as_given(&nested_parallel(""), given))[4..].to_vec();
    assert_eq!(outputs, [compact, once, "[[[[1,2,3],[4]]]]", "[[[[1,2,3],[4]]]]"]);
    let retried = r#"{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Retry":[{"ErrorEquals":["E"],"MaxAttempts":1}],
        "Branches":[{"StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}}]}}}"#;
    let run = Run::start_as_given(retried, given).run_down();
    assert_eq!(payloads(&run), [given; 4], "a branch that begins again");
}

#[test]
fn variables_beyond_the_limit_fail_the_state() {
    let definition = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Assign":{"a.$":"$.x"},"Next":"B"},
        "B":{"Type":"Pass","Assign":{"b.$":"$.x"},"Next":"C"},"C":{"Type":"Pass","Assign":{"b":"short"},"End":true}}}"#;
    let input = r#"{"x":"0123456789"}"#;
    let run = |payload_bytes, variables_bytes| {
        let limits = Limits { payload_bytes, variables_bytes, ..Limits::default() };
        Run::start_with(definition, input, limits)
    };
    assert_eq!(run(100, 100).status(), Status::Succeeded);
    for limited in [run(17, 100), run(100, 25)] {
        assert_eq!(limited.failure().0, "States.DataLimitExceeded");
    }
    // One Assign by itself is over the limit in the first state, all of them together in the second.
    assert!(run(17, 100).types().iter().all(|name| *name != "PassStateExited"));
    assert_eq!(run(100, 25).types().iter().filter(|name| **name == "PassStateExited").count(), 1);
}

#[test]
fn an_assign_of_nothing_shows_no_variables() {
    let assigns = |assign: &str| {
        let states = format!(
            r#""A":{{"Type":"Choice","Choices":[{{"Variable":"$.x","IsPresent":true,"Assign":{assign},"Next":"B"}}],"Default":"B"}},
            "B":{{"Type":"Pass","Assign":{assign},"End":true}}"#
        );
        let run = Run::start(&format!(r#"{{"StartAt":"A","States":{{{states}}}}}"#), r#"{"x":1}"#);
        run.history().matches("assignedVariables").count()
    };
    assert_eq!((assigns("{}"), assigns(r#"{"v":1}"#)), (0, 2));
}

/// The events that a state's failure in a Parallel or Map state leads to, without those before it.
fn given_up_by(container: &str, failing: &str, sibling: &str, act: impl Fn(&mut Run)) -> Vec<String> {
    let branch = |name: &str, state: &str| {
        let end = if state.starts_with(r#""Type":"Fail""#) { "" } else { r#","End":true"# };
        format!(r#"{{"StartAt":"{name}","States":{{"{name}":{{{state}{end}}}}}}}"#)
    };
    let fields = match container {
        "Map" => format!(r#""ItemProcessor":{}"#, branch("A", failing)),
        _ if sibling.is_empty() => format!(r#""Branches":[{}]"#, branch("A", failing)),
        _ => format!(r#""Branches":[{},{}]"#, branch("A", failing), branch("B", sibling)),
    };
    let definition = format!(r#"{{"StartAt":"P","States":{{"P":{{"Type":"{container}",{fields},"End":true}}}}}}"#);
    let mut run = Run::start(&definition, "[1,2]");
    act(&mut run);
    let history = run.history();
    let lines: Vec<&str> = history.lines().map(|line| line.split(" cause=").next().unwrap_or(line)).collect();
    let from = lines.iter().position(|line| line.contains("Aborted") || line.contains("StateFailed")).unwrap();
    lines[from - 1..].iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_state_that_failed_is_given_up_like_its_siblings() {
    let task = format!(r#""Type":"Task",{ACTIVITY},"TimeoutSeconds":60"#);
    let wait = r#""Type":"Wait","Seconds":70"#;
    let fail = r#""Type":"Fail","Error":"E""#;
    let error = |run: &mut Run| run.fail("E");
    let timeout = |run: &mut Run| {
        run.take();
        run.tick();
    };
    let nothing = |_: &mut Run| {};
    assert_eq!(
        given_up_by("Parallel", &task, "", error),
        ["7<6 ActivityFailed", "8<7 TaskStateAborted", "9<7 ParallelStateFailed", "10<9 ExecutionFailed"],
    );
    assert_eq!(
        given_up_by("Parallel", &task, wait, timeout),
        [
            "8<7 ActivityTimedOut",
            "9<8 WaitStateAborted",
            "10<8 TaskStateAborted",
            "11<8 ParallelStateFailed",
            "12<11 ExecutionFailed"
        ],
    );
    assert_eq!(
        given_up_by("Map", &task, "", error),
        [
            "12<11 MapIterationFailed",
            "13<11 TaskStateAborted",
            "14<11 MapIterationAborted",
            "15<11 TaskStateAborted",
            "16<11 MapStateFailed",
            "17<16 ExecutionFailed"
        ],
    );
    // A Fail state has no such event, and one that contains others says itself that it failed.
    assert_eq!(
        given_up_by("Parallel", fail, "", nothing),
        ["4<3 FailStateEntered", "5<4 ParallelStateFailed", "6<5 ExecutionFailed"],
    );
    let inner =
        format!(r#""Type":"Map","MaxConcurrency":1,"ItemProcessor":{{"StartAt":"I","States":{{"I":{{{fail}}}}}}}"#);
    assert_eq!(
        given_up_by("Parallel", &inner, "", nothing)[1..],
        ["9<7 MapStateFailed", "10<9 ParallelStateFailed", "11<10 ExecutionFailed"],
    );
}

#[test]
fn tasks_that_time_out_at_one_moment_all_say_so_first() {
    let states = |fields: &str| {
        format!(
            r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","Next":"R","Catch":[{{"ErrorEquals":["States.ALL"],"Next":"R"}}],
            "ItemProcessor":{{"StartAt":"A","States":{{"A":{{"Type":"Task",{ACTIVITY},"TimeoutSeconds":5,{fields}"End":true}}}}}}}},
            "R":{{"Type":"Pass","End":true}}}}}}"#
        )
    };
    let types = |fields: &str| {
        let mut run = Run::start(&states(fields), "[1,2,3]");
        run.tick();
        (run.types()[12..].iter().filter(|name| !name.starts_with("Pass")).copied().collect::<Vec<_>>(), run)
    };
    let (shown, run) = types("");
    let timed_out = ["ActivityTimedOut"; 3];
    let given_up = ["MapIterationFailed", "TaskStateAborted", "MapIterationAborted", "TaskStateAborted"];
    let ended = ["MapIterationAborted", "TaskStateAborted", "MapStateFailed", "MapStateExited", "ExecutionSucceeded"];
    assert_eq!(shown, [&timed_out[..], &given_up, &ended].concat());
    assert_eq!(run.output(), r#"{"Error":"States.Timeout","Cause":""}"#);
    // Where each takes its own error, nobody is given up.
    let (shown, run) = types(r#""Retry":[{"ErrorEquals":["States.Timeout"],"IntervalSeconds":1,"MaxAttempts":1}],"#);
    assert_eq!((&shown[..], run.status()), (&timed_out[..], Status::Running));
    assert_eq!(run.run_down().types().iter().filter(|name| **name == "ActivityTimedOut").count(), 6);
}

/// The numbers are those of a recording.
#[test]
fn iterations_that_time_out_together_are_numbered_as_recorded() {
    let definition = r#"{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"A","States":{
        "A":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","TimeoutSeconds":1,"End":true}}}}}}"#;
    let mut run = Run::start(definition, "[0,1,2,3]");
    run.tick();
    let history = run.history();
    let shown: Vec<String> =
        history.lines().skip(19).map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        shown,
        [
            "20<10 TaskTimedOut",
            "21<13 TaskTimedOut",
            "22<16 TaskTimedOut",
            "23<19 TaskTimedOut",
            "24<20 MapIterationFailed",
            "25<20 TaskStateAborted",
            "26<20 MapIterationAborted",
            "27<20 TaskStateAborted",
            "28<20 MapIterationAborted",
            "29<20 TaskStateAborted",
            "30<20 MapIterationAborted",
            "31<20 TaskStateAborted",
            "32<20 MapStateFailed",
            "33<32 ExecutionFailed",
        ]
    );
}
