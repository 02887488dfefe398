//! EC2.

use models::Service;
use serde_json::json;

use super::{answer, body, decode, encoded, model, refusal, told};
use crate::protocol::request_id;

fn ec2() -> Service {
    model::service(&json!({
        "metadata": {"protocol": "ec2", "serviceId": "EC2", "apiVersion": "2016-11-15"},
        "operations": {"DescribeInstances": {"input": {"shape": "In"}, "output": {"shape": "Out"}}},
        "shapes": {
            "In": {"type": "structure", "members": {
                "InstanceIds": {"shape": "Ids", "locationName": "InstanceId"},
                "Filters": {"shape": "Filters", "locationName": "Filter"},
                "DryRun": {"shape": "Flag", "locationName": "dryRun"},
                "Token": {"shape": "Text", "locationName": "nextToken", "queryName": "NextOne"},
                "plain": {"shape": "Text"}
            }},
            "Ids": {"type": "list", "member": {"shape": "Text", "locationName": "InstanceId"}},
            "Filters": {"type": "list", "member": {"shape": "Filter", "locationName": "Filter"}},
            "Filter": {"type": "structure", "members": {
                "Name": {"shape": "Text"}, "Values": {"shape": "Values", "locationName": "Value"}
            }},
            "Values": {"type": "list", "member": {"shape": "Text", "locationName": "item"}},
            "Out": {"type": "structure", "members": {
                "NextToken": {"shape": "Text", "locationName": "nextToken"},
                "Reservations": {"shape": "Reservations", "locationName": "reservationSet"}
            }},
            "Reservations": {"type": "list", "member": {"shape": "Reservation", "locationName": "item"}},
            "Reservation": {"type": "structure", "members": {
                "LaunchTime": {"shape": "Time", "locationName": "launchTime"},
                "Groups": {"shape": "Values", "locationName": "groupSet"}
            }},
            "Text": {"type": "string"}, "Flag": {"type": "boolean"}, "Time": {"type": "timestamp"}
        }
    }))
}

#[test]
fn names_begin_with_a_capital_letter_and_lists_have_no_member() {
    let cases = [
        (json!({"InstanceIds": ["i-1", "i-2"]}), "&InstanceId.1=i-1&InstanceId.2=i-2"),
        (json!({"InstanceIds": []}), ""),
        (
            json!({"Filters": [{"Name": "n", "Values": ["a", "b"]}]}),
            "&Filter.1.Name=n&Filter.1.Value.1=a&Filter.1.Value.2=b",
        ),
        (json!({"DryRun": false, "Token": "t", "Plain": "p"}), "&DryRun=false&NextOne=t&Plain=p"),
    ];
    for (input, expected) in cases {
        let request = encoded(&ec2(), "DescribeInstances", &input);
        assert_eq!(body(&request), format!("Action=DescribeInstances&Version=2016-11-15{expected}"));
    }
}

#[test]
fn the_root_is_the_result() {
    let text = "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
                <requestId>r-1</requestId><reservationSet><item><launchTime>2015-01-01T00:00:00.000Z</launchTime>\
                <groupSet/></item></reservationSet></DescribeInstancesResponse>";
    let answer = answer(200, &[], text);
    let expected = json!({"Reservations": [{"LaunchTime": "2015-01-01T00:00:00Z", "Groups": []}]});
    assert_eq!(decode(&ec2(), "DescribeInstances", &answer), Ok(expected));
    assert_eq!(request_id(&ec2(), &answer).as_deref(), Some("r-1"));
}

#[test]
fn refusals_are_found_in_errors() {
    let text = "<?xml version=\"1.0\"?><Response><Errors><Error><Code>InvalidInstanceID.Malformed</Code>\
                <Message>Invalid id: \"1\"</Message></Error></Errors><RequestID>r-2</RequestID></Response>";
    let error = refusal(&ec2(), "DescribeInstances", &answer(400, &[], text));
    assert_eq!(told(&error), r#"InvalidInstanceID.Malformed - "Invalid id: \"1\"" r-2"#);
}
