//! Choice: rules, their operators, and what happens where none applies.

use super::{Gives, Play};
use crate::run::Run;

const CHOICE_X: &str = r#"{"StartAt":"ChoiceStateX","States":{
    "ChoiceStateX":{"Type":"Choice","Choices":[
        {"Not":{"Variable":"$.type","StringEquals":"Private"},"Next":"Public"},
        {"Variable":"$.value","NumericEquals":0,"Next":"ValueIsZero"},
        {"And":[{"Variable":"$.value","NumericGreaterThanEquals":20},{"Variable":"$.value","NumericLessThan":30}],
         "Next":"ValueInTwenties"}],"Default":"DefaultState"},
    "Public":{"Type":"Task","Resource":"@Foo","Next":"NextState"},
    "ValueIsZero":{"Type":"Task","Resource":"@Zero","Next":"NextState"},
    "ValueInTwenties":{"Type":"Task","Resource":"@Bar","Next":"NextState"},
    "DefaultState":{"Type":"Fail","Cause":"No Matches!"},
    "NextState":{"Type":"Succeed"}}}"#;

#[test]
fn the_first_rule_that_applies_is_taken() {
    for (input, state, activity) in [
        (r#"{"type":"Private","value":22}"#, "ValueInTwenties", "Bar"),
        (r#"{"type":"Private","value":20}"#, "ValueInTwenties", "Bar"),
        (r#"{"type":"Private","value":0}"#, "ValueIsZero", "Zero"),
        (r#"{"type":"Public","value":0}"#, "Public", "Foo"),
        (r#"{"type":"Public"}"#, "Public", "Foo"),
    ] {
        Play::start(CHOICE_X, input)
            .task(activity, input, Gives("1"))
            .enters(&["ChoiceStateX", state, "NextState"])
            .outputs("1");
    }
}

#[test]
fn the_default_is_taken_where_no_rule_applies() {
    for value in ["30", "19.9", r#""22""#] {
        Play::start(CHOICE_X, &format!(r#"{{"type":"Private","value":{value}}}"#)).fails("-", "No Matches!");
    }
}

#[test]
fn a_variable_that_is_missing_fails_the_execution() {
    Play::start(CHOICE_X, r#"{"value":22}"#).fails_with("States.Runtime");
}

#[test]
fn without_a_default_no_match_is_an_error() {
    let machine = r#"{"StartAt":"C","States":{
        "C":{"Type":"Choice","Choices":[{"Variable":"$.foo","NumericEquals":1,"Next":"FirstMatchState"}]},
        "FirstMatchState":{"Type":"Succeed"}}}"#;
    Play::start(machine, r#"{"foo":2}"#).fails_with("States.NoChoiceMatched");
}

fn one_rule(rule: &str) -> String {
    format!(
        r#"{{"StartAt":"C","States":{{"C":{{"Type":"Choice","Choices":[{{{rule},"Next":"Y"}}],"Default":"N"}},
        "Y":{{"Type":"Pass","Result":true,"End":true}},"N":{{"Type":"Pass","Result":false,"End":true}}}}}}"#
    )
}

/// Each line: a rule, an input it applies to, and one it does not apply to.
const RULES: &[(&str, &str, &str)] = &[
    (r#""Variable":"$.foo","NumericEquals":1"#, r#"{"foo":1.0}"#, r#"{"foo":"1"}"#),
    (r#""Variable":"$.foo","StringEquals":"MyString""#, r#"{"foo":"MyString"}"#, r#"{"foo":"mystring"}"#),
    (r#""Variable":"$.foo","StringGreaterThan":"MyStringABC""#, r#"{"foo":"MyStringABD"}"#, r#"{"foo":"MyStringABC"}"#),
    (
        r#""Variable":"$.foo","TimestampEquals":"2001-01-01T12:00:00Z""#,
        r#"{"foo":"2001-01-01T13:00:00+01:00"}"#,
        r#"{"foo":"2001-01-01T12:00:01Z"}"#,
    ),
    (r#""Variable":"$.foo","BooleanEquals":true"#, r#"{"foo":true}"#, r#"{"foo":"true"}"#),
    (r#""Variable":"$.foo","NumericLessThan":1"#, r#"{"foo":0.9}"#, r#"{"foo":1}"#),
    (r#""Variable":"$.foo","NumericLessThanEquals":1"#, r#"{"foo":1}"#, r#"{"foo":1.1}"#),
    (r#""Variable":"$.foo","NumericGreaterThan":1"#, r#"{"foo":1.1}"#, r#"{"foo":1}"#),
    (r#""Variable":"$.foo","NumericGreaterThanEquals":1"#, r#"{"foo":1}"#, r#"{"foo":0.9}"#),
    (r#""Variable":"$.foo","StringLessThan":"b""#, r#"{"foo":"a"}"#, r#"{"foo":"b"}"#),
    (r#""Variable":"$.foo","StringLessThanEquals":"b""#, r#"{"foo":"b"}"#, r#"{"foo":"c"}"#),
    (r#""Variable":"$.foo","StringGreaterThanEquals":"b""#, r#"{"foo":"b"}"#, r#"{"foo":"a"}"#),
    (
        r#""Variable":"$.foo","TimestampLessThan":"2016-08-18T17:33:00Z""#,
        r#"{"foo":"2016-08-18T17:32:59Z"}"#,
        r#"{"foo":"2016-08-18T17:33:00Z"}"#,
    ),
    (
        r#""Variable":"$.foo","TimestampLessThanEquals":"2016-08-18T17:33:00Z""#,
        r#"{"foo":"2016-08-18T17:33:00Z"}"#,
        r#"{"foo":"2016-08-18T17:33:00.001Z"}"#,
    ),
    (
        r#""Variable":"$.foo","TimestampGreaterThan":"2016-08-18T17:33:00Z""#,
        r#"{"foo":"2016-08-18T17:33:01Z"}"#,
        r#"{"foo":"2016-08-18T17:33:00Z"}"#,
    ),
    (
        r#""Variable":"$.foo","TimestampGreaterThanEquals":"2016-08-18T17:33:00Z""#,
        r#"{"foo":"2016-08-18T17:33:00Z"}"#,
        r#"{"foo":"later"}"#,
    ),
    // A timestamp is a string too; a number is not.
    (
        r#""Variable":"$.foo","StringEquals":"2016-08-18T17:33:00Z""#,
        r#"{"foo":"2016-08-18T17:33:00Z"}"#,
        r#"{"foo":"2016-08-18T17:33:00+00:00"}"#,
    ),
    (r#""Variable":"$.foo","StringEquals":"1""#, r#"{"foo":"1"}"#, r#"{"foo":1}"#),
    // An uppercase T and Z are required.
    (
        r#""Variable":"$.foo","TimestampEquals":"2016-08-18T17:33:00Z""#,
        r#"{"foo":"2016-08-18T17:33:00Z"}"#,
        r#"{"foo":"2016-08-18t17:33:00z"}"#,
    ),
    // Rules within rules.
    (
        r#""Or":[{"Variable":"$.a","NumericEquals":1},{"Not":{"And":[{"Variable":"$.b","BooleanEquals":true},{"Variable":"$.c","StringEquals":"x"}]}}]"#,
        r#"{"a":0,"b":true,"c":"y"}"#,
        r#"{"a":0,"b":true,"c":"x"}"#,
    ),
    // Questions of presence and type.
    (r#""Variable":"$.foo","IsPresent":true"#, r#"{"foo":null}"#, "{}"),
    (r#""And":[{"Variable":"$.foo","IsPresent":true},{"Variable":"$.foo","IsNull":true}]"#, r#"{"foo":null}"#, "{}"),
    (r#""Variable":"$.foo","IsString":true"#, r#"{"foo":"1"}"#, r#"{"foo":1}"#),
    (r#""Variable":"$.foo","IsNumeric":true"#, r#"{"foo":1}"#, r#"{"foo":"1"}"#),
    (r#""Variable":"$.foo","IsBoolean":false"#, r#"{"foo":1}"#, r#"{"foo":false}"#),
    (r#""Variable":"$.foo","IsTimestamp":true"#, r#"{"foo":"2001-01-01T12:00:00Z"}"#, r#"{"foo":"2001-01-01"}"#),
    (r#""Variable":"$.foo","StringMatches":"log-*.txt""#, r#"{"foo":"log-zebra.txt"}"#, r#"{"foo":"log-zebra.csv"}"#),
    // Compared with what another path selects.
    (r#""Variable":"$.foo","StringEqualsPath":"$.bar""#, r#"{"foo":"x","bar":"x"}"#, r#"{"foo":"x","bar":"y"}"#),
    (r#""Variable":"$.foo","NumericGreaterThanPath":"$.bar""#, r#"{"foo":2,"bar":1}"#, r#"{"foo":1,"bar":1}"#),
    (r#""Variable":"$.foo","BooleanEqualsPath":"$.bar""#, r#"{"foo":true,"bar":true}"#, r#"{"foo":true,"bar":false}"#),
    (
        r#""Variable":"$.foo","TimestampLessThanPath":"$.bar""#,
        r#"{"foo":"2001-01-01T12:00:00Z","bar":"2001-01-01T12:00:01Z"}"#,
        r#"{"foo":"2001-01-01T12:00:00Z","bar":"2001-01-01T12:00:00Z"}"#,
    ),
    // The context object may be asked too.
    (r#""Variable":"$$.Execution.Input.n","NumericEquals":1"#, r#"{"n":1}"#, r#"{"n":2}"#),
];

#[test]
fn each_operator_compares_its_own_type() {
    for (rule, matches, differs) in RULES {
        for (input, expected) in [(matches, "true"), (differs, "false")] {
            assert_eq!(Run::start(&one_rule(rule), input).output(), expected, "{rule} on {input}");
        }
    }
}
