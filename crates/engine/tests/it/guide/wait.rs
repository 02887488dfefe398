//! Wait: for seconds, or until a timestamp, fixed or taken from the input.

use super::Play;

fn waiting(field: &str) -> String {
    format!(
        r#"{{"StartAt":"wait","States":{{"wait":{{"Type":"Wait",{field},"Next":"NextState"}},"NextState":{{"Type":"Succeed"}}}}}}"#
    )
}

/// 2016-03-14T01:59:00Z in seconds since 1970, when every run of these tests begins.
const EXPIRY: f64 = 1_457_920_740.0;

#[test]
fn a_wait_lasts_as_long_as_it_says() {
    for (field, input, seconds) in [
        (r#""Seconds":10"#, "{}", 10.0),
        (r#""SecondsPath":"$.wait_time""#, r#"{"wait_time":60}"#, 60.0),
        (r#""SecondsPath":"$$.Execution.Input.w""#, r#"{"w":5}"#, 5.0),
        (r#""Timestamp":"2016-03-14T01:59:00Z""#, "{}", EXPIRY),
        (r#""TimestampPath":"$.expirydate""#, r#"{"expirydate":"2016-03-14T01:59:00Z"}"#, EXPIRY),
        (r#""TimestampPath":"$.expirydate""#, r#"{"expirydate":"2016-03-14T02:59:00+01:00"}"#, EXPIRY),
        (r#""TimestampPath":"$.expirydate""#, r#"{"expirydate":"1970-01-01T00:00:01.5Z"}"#, 1.5),
    ] {
        Play::start(&waiting(field), input).waits(&[seconds]).enters(&["wait", "NextState"]).outputs(input);
    }
}

#[test]
fn what_is_past_is_not_waited_for() {
    for (field, input) in [
        (r#""Seconds":0"#, "{}"),
        (r#""SecondsPath":"$.s""#, r#"{"s":0}"#),
        (r#""Timestamp":"1969-12-31T23:59:59Z""#, "{}"),
        (r#""TimestampPath":"$.t""#, r#"{"t":"1900-01-01T00:00:00Z"}"#),
    ] {
        let mut play = Play::start(&waiting(field), input);
        play.finish();
        assert_eq!(play.run.now.0, 0, "{field} on {input}");
        play.outputs(input);
    }
}

#[test]
fn a_wait_says_why_its_path_is_of_no_use() {
    for (field, input, cause) in [
        (r#""SecondsPath":"$.p""#, "{}", "The SecondsPath parameter does not reference an input value: $.p"),
        (r#""SecondsPath":"$.p""#, r#"{"p":-1}"#, "The SecondsPath parameter references a negative value: $.p == -1"),
        (
            r#""SecondsPath":"$.p""#,
            r#"{"p":1.5}"#,
            "The SecondsPath parameter cannot be parsed as a long value: $.p == 1.5",
        ),
        (
            r#""TimestampPath":"$.p""#,
            r#"{"p":"2016-12-05T21:29:29"}"#,
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format \
             string: $.p == 2016-12-05T21:29:29",
        ),
    ] {
        let cause = format!("An error occurred while executing the state 'wait' (entered at the event id #2). {cause}");
        Play::start(&waiting(field), input).fails("States.Runtime", &cause);
    }
}

#[test]
fn a_wait_says_why_its_expression_is_of_no_use() {
    const TIMESTAMP: &str =
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ";
    for (value, cause) in [
        (r#"{"t":"2016-12-05T21:29:29"}"#, format!("{TIMESTAMP}2016-12-05T21:29:29")),
        (r#"{"t":""}"#, TIMESTAMP.to_owned()),
        (
            r#"{"t":1}"#,
            "The JSONata expression '$states.input.t' specified for the field 'Timestamp' returned an unexpected result \
             type. Expected 'string', but was 'number' for value: 1"
                .to_owned(),
        ),
    ] {
        let machine = waiting(r#""QueryLanguage":"JSONata","Timestamp":"{% $states.input.t %}""#);
        let cause = format!("An error occurred while executing the state 'wait' (entered at the event id #2). {cause}");
        let mut play = Play::start(&machine, value);
        play.finish();
        assert!(play.run.types().contains(&"EvaluationFailed"), "{value}");
        play.fails("States.QueryEvaluationError", &cause);
    }
}

#[test]
fn a_timer_waits_before_its_task() {
    let machine = r#"{"StartAt":"Wait for Timer","States":{
        "Wait for Timer":{"Type":"Wait","SecondsPath":"$.timer_seconds","Next":"Send SNS Message"},
        "Send SNS Message":{"Type":"Task","Resource":"@Send","End":true}}}"#;
    let input = r#"{"topic":"arn:aws:sns:us-east-1:123456789012:t","message":"HelloWorld","timer_seconds":10}"#;
    Play::start(machine, input).task("Send", input, super::Gives("{}")).waits(&[10.0]).outputs("{}");
}
