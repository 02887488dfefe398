//! What a state gets, and what it passes on: paths, Parameters, ResultSelector, ResultPath, OutputPath.

use super::{Fails, Gives, Play, one};

/// A task with these fields gets `input` of what comes in.
#[track_caller]
fn gets(fields: &str, raw: &str, input: &str) {
    let machine = one("T", &format!(r#""Type":"Task","Resource":"@T",{fields}"#));
    Play::start(&machine, raw).task("T", input, Gives("1")).outputs("1");
}

/// A task with these fields and this result passes `output` on.
#[track_caller]
fn passes_on(fields: &str, raw: &str, result: &str, output: &str) {
    let machine = one("T", &format!(r#""Type":"Task","Resource":"@T"{fields}"#));
    let mut play = Play::start(&machine, raw);
    play.run.succeed(result);
    play.outputs(output);
}

#[test]
fn a_reference_path_names_one_node() {
    let raw = r#"{"foo":123,"bar":["a","b","c"],"car":{"cdr":true}}"#;
    for (path, value) in [
        ("$.foo", "123"),
        ("$.bar", r#"["a","b","c"]"#),
        ("$.car.cdr", "true"),
        ("$['car']['cdr']", "true"),
        ("$.bar[0]", r#""a""#),
        ("$", raw),
    ] {
        gets(&format!(r#""InputPath":"{path}""#), raw, value);
        gets(&format!(r#""Parameters":{{"p.$":"{path}"}}"#), raw, &format!(r#"{{"p":{value}}}"#));
    }
}

#[test]
fn only_a_reference_path_may_say_where_a_result_goes() {
    for path in ["$.a[*]", "$..a", "$.a[0:2]", "$.a[?(@.b)]", "$.a[0,1]", "$.a.length()"] {
        let machine = one("P", &format!(r#""Type":"Pass","ResultPath":"{path}""#));
        assert!(super::is_refused(&machine), "{path}");
    }
}

#[test]
fn input_path_selects_a_part_of_the_input() {
    let raw = r#"{"comment":"Example for InputPath.",
        "dataset1":{"val1":1,"val2":2,"val3":3},"dataset2":{"val1":"a","val2":"b","val3":"c"}}"#;
    gets(r#""InputPath":"$.dataset2""#, raw, r#"{"val1":"a","val2":"b","val3":"c"}"#);
    gets(r#""InputPath":null"#, raw, "{}");
}

#[test]
fn a_path_may_select_several_values() {
    gets(r#""InputPath":"$.a[0:2]""#, r#"{"a":[1,2,3,4]}"#, "[1,2]");
    gets(r#""InputPath":"$.order.items[*].price""#, r#"{"order":{"items":[{"price":1},{"price":2}]}}"#, "[1,2]");
}

const PRODUCT: &str = r#"{"comment":"Example for Parameters.","product":{
    "details":{"color":"blue","size":"small","material":"cotton"},
    "availability":"in stock","sku":"2317","cost":"$23"}}"#;

#[test]
fn parameters_collect_fixed_and_selected_values() {
    gets(
        r#""Parameters":{"comment":"Selecting what I care about.","MyDetails":{
            "size.$":"$.product.details.size","exists.$":"$.product.availability","StaticValue":"foo"}}"#,
        PRODUCT,
        r#"{"comment":"Selecting what I care about.","MyDetails":{"size":"small","exists":"in stock","StaticValue":"foo"}}"#,
    );
}

#[test]
fn parameters_are_applied_to_what_input_path_selected() {
    gets(
        r#""InputPath":"$.product","Parameters":{"size.$":"$.details.size","cost.$":"$.cost"}"#,
        PRODUCT,
        r#"{"size":"small","cost":"$23"}"#,
    );
}

#[test]
fn parameters_may_be_fixed_altogether() {
    let fixed = r#"{"TopicArn":"arn:aws:sns:us-east-1:123456789012:myTopic","Message":"test message",
        "MessageAttributes":{"my attribute no 1":{"DataType":"String","StringValue":"value of my attribute no 1"},
        "my attribute no 2":{"DataType":"String","StringValue":"value of my attribute no 2"}}}"#;
    gets(&format!(r#""Parameters":{fixed}"#), r#"{"a":1}"#, fixed);
    gets(r#""Parameters":{"RetryStrategy":{"attempts":5}}"#, "{}", r#"{"RetryStrategy":{"attempts":5}}"#);
}

#[test]
fn parameters_reach_into_objects_and_arrays() {
    let message =
        r#"{"comment":"A message in the state input","input":{"message":"foo","otherInfo":"bar"},"data":"example"}"#;
    gets(r#""Parameters":{"Message.$":"$.input.message"}"#, message, r#"{"Message":"foo"}"#);
    gets(
        r#""Parameters":{"Overrides":{"ContainerOverrides":[{"Name":"container-name","Command.$":"$.commands"}]}}"#,
        r#"{"commands":["test command 1","test command 2","test command 3"]}"#,
        r#"{"Overrides":{"ContainerOverrides":[{"Name":"container-name",
            "Command":["test command 1","test command 2","test command 3"]}]}}"#,
    );
    gets(
        r#""Parameters":{"JobName":"Preprocessing","Parameters.$":"$.batchjob.parameters","RetryStrategy":{"attempts":5}}"#,
        r#"{"batchjob":{"parameters":{"inputFile":"a"}}}"#,
        r#"{"JobName":"Preprocessing","Parameters":{"inputFile":"a"},"RetryStrategy":{"attempts":5}}"#,
    );
    gets(
        r#""Parameters":{"Payload":{"Input.$":"$"}}"#,
        r#"{"Data":"arn:aws:s3:::MyBucket/data.json"}"#,
        r#"{"Payload":{"Input":{"Data":"arn:aws:s3:::MyBucket/data.json"}}}"#,
    );
}

#[test]
fn only_a_key_that_says_so_takes_its_value_from_a_path() {
    gets(r#""Parameters":{"a":"$.b"}"#, r#"{"b":1}"#, r#"{"a":"$.b"}"#);
    assert!(super::is_refused(&one("T", r#""Type":"Task","Resource":"@T","Parameters":{"a.$":"b"}"#)));
}

#[test]
fn a_parameter_that_is_missing_fails_the_execution() {
    let machine = one("T", r#""Type":"Task","Resource":"@T","Parameters":{"p.$":"$.no"}"#);
    Play::start(&machine, r#"{"a":1}"#).fails(
        "States.Runtime",
        "An error occurred while executing the state 'T' (entered at the event id #2). The JSONPath '$.no' \
         specified for the field 'p.$' could not be found in the input '{\"a\":1}'",
    );
}

const WHO: &str = r#"{"comment":"This is a test.","details":"Default example","who":"AWS Step Functions"}"#;
const HELLO: &str = r#""Hello, AWS Step Functions!""#;

#[test]
fn result_path_says_where_the_result_goes() {
    let strings = r#"{"comment":"An input comment.","strings":{"string1":"foo","string2":"bar","string3":"baz"},
        "who":"AWS Step Functions"}"#;
    for (path, raw, output) in [
        // The whole input is replaced.
        ("", WHO, HELLO),
        (r#","ResultPath":"$""#, WHO, HELLO),
        // The result joins the input.
        (
            r#","ResultPath":"$.taskresult""#,
            WHO,
            r#"{"comment":"This is a test.","details":"Default example","who":"AWS Step Functions",
                "taskresult":"Hello, AWS Step Functions!"}"#,
        ),
        (
            r#","ResultPath":"$.strings.lambdaresult""#,
            strings,
            r#"{"comment":"An input comment.","strings":{"string1":"foo","string2":"bar","string3":"baz",
                "lambdaresult":"Hello, AWS Step Functions!"},"who":"AWS Step Functions"}"#,
        ),
        // A node of the input is replaced.
        (
            r#","ResultPath":"$.comment""#,
            WHO,
            r#"{"comment":"Hello, AWS Step Functions!","details":"Default example","who":"AWS Step Functions"}"#,
        ),
        // The result is dropped.
        (r#","ResultPath":null"#, WHO, WHO),
    ] {
        passes_on(path, raw, HELLO, output);
    }
}

#[test]
fn result_path_makes_the_nodes_it_names() {
    passes_on(r#","ResultPath":"$.a.b.c""#, r#"{"x":0}"#, "1", r#"{"x":0,"a":{"b":{"c":1}}}"#);
    passes_on(r#","ResultPath":"$.a[1]""#, r#"{"a":[7,8]}"#, "1", r#"{"a":[7,1]}"#);
}

#[test]
fn a_result_that_cannot_join_the_input_is_an_error_a_catcher_takes() {
    let machine = r#"{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"@T","ResultPath":"$.a.b",
        "Catch":[{"ErrorEquals":["States.ResultPathMatchFailure"],"Next":"R"}],"End":true},
        "R":{"Type":"Pass","Result":"caught","End":true}}}"#;
    Play::start(machine, r#"{"a":1}"#).task("T", r#"{"a":1}"#, Gives("2")).outputs(r#""caught""#);
}

#[test]
fn input_path_result_path_and_output_path_together() {
    let raw = r#"{"comment":"An input comment.","data":{"val1":23,"val2":17},"extra":"foo",
        "lambda":{"who":"AWS Step Functions"}}"#;
    let fields =
        r#""Type":"Task","Resource":"@HelloFunction","InputPath":"$.lambda","ResultPath":"$.data.lambdaresult""#;
    Play::start(&one("HelloWorld", fields), raw)
        .task("HelloFunction", r#"{"who":"AWS Step Functions"}"#, Gives(HELLO))
        .outputs(
            r#"{"comment":"An input comment.",
            "data":{"val1":23,"val2":17,"lambdaresult":"Hello, AWS Step Functions!"},"extra":"foo",
            "lambda":{"who":"AWS Step Functions"}}"#,
        );
    Play::start(&one("HelloWorld", &format!(r#"{fields},"OutputPath":"$.data""#)), raw)
        .task("HelloFunction", r#"{"who":"AWS Step Functions"}"#, Gives(HELLO))
        .outputs(r#"{"val1":23,"val2":17,"lambdaresult":"Hello, AWS Step Functions!"}"#);
}

#[test]
fn output_path_selects_what_goes_on() {
    for (path, output) in [
        ("", r#"{"a":{"b":[1,2]}}"#),
        (r#","OutputPath":"$""#, r#"{"a":{"b":[1,2]}}"#),
        (r#","OutputPath":"$.a.b""#, "[1,2]"),
        (r#","OutputPath":"$.a.b[1:]""#, "[2]"),
        (r#","OutputPath":null"#, "{}"),
    ] {
        passes_on(path, "0", r#"{"a":{"b":[1,2]}}"#, output);
    }
}

#[test]
fn every_state_but_fail_filters_its_data() {
    for state in [
        r#"{"Type":"Pass","InputPath":"$.a","OutputPath":"$.b","Next":"E"}"#,
        r#"{"Type":"Wait","Seconds":1,"InputPath":"$.a","OutputPath":"$.b","Next":"E"}"#,
        r#"{"Type":"Choice","InputPath":"$.a","OutputPath":"$.b","Choices":[{"Variable":"$.b","IsPresent":true,"Next":"E"}]}"#,
        r#"{"Type":"Succeed","InputPath":"$.a","OutputPath":"$.b"}"#,
    ] {
        let end = if state.contains("\"E\"") { r#","E":{"Type":"Succeed"}"# } else { "" };
        let machine = format!(r#"{{"StartAt":"S","States":{{"S":{state}{end}}}}}"#);
        Play::start(&machine, r#"{"a":{"b":7}}"#).outputs("7");
    }
    let fail = r#"{"StartAt":"S","States":{"S":{"Type":"Fail","InputPath":"$.a"}}}"#;
    assert!(super::is_refused(fail));
}

#[test]
fn result_selector_reshapes_the_result_before_it_is_placed() {
    passes_on(
        r#","ResultSelector":{"instance.$":"$.Cluster.Id","run.$":"$$.Execution.Name","kind":"cluster"},"ResultPath":"$.made""#,
        r#"{"a":1}"#,
        r#"{"Cluster":{"Id":"j-1","Tags":[]},"Rest":{}}"#,
        r#"{"a":1,"made":{"instance":"j-1","run":"name","kind":"cluster"}}"#,
    );
}

#[test]
fn a_caught_error_can_join_the_input() {
    let machine = r#"{"StartAt":"T","States":{
        "T":{"Type":"Task","Resource":"@T","Catch":[
            {"ErrorEquals":["States.ALL"],"Next":"NextTask","ResultPath":"$.error"}],"End":true},
        "NextTask":{"Type":"Pass","End":true}}}"#;
    let raw = r#"{"foo":"bar"}"#;
    Play::start(machine, raw)
        .task("T", raw, Fails("Error here"))
        .outputs(r#"{"foo":"bar","error":{"Error":"Error here","Cause":"because"}}"#);
}

#[test]
fn a_pass_state_builds_its_output_from_its_parameters() {
    let machine = one(
        "P",
        r#""Type":"Pass","Parameters":{"orderId.$":"$.order.id","total.$":"$.order.items[*].price",
        "timestamp.$":"$$.State.EnteredTime"},"ResultPath":"$.processed","OutputPath":"$.processed""#,
    );
    Play::start(&machine, r#"{"order":{"id":"o1","items":[{"price":3},{"price":4}]}}"#)
        .outputs(r#"{"orderId":"o1","total":[3,4],"timestamp":"1970-01-01T00:00:00.000Z"}"#);
}
