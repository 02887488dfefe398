//! The query protocol.

use models::Service;
use serde_json::json;

use super::{answer, body, decode, encoded, headers, model, refusal, target, told};
use crate::protocol::request_id;

fn sns() -> Service {
    model::service(&json!({
        "metadata": {"protocol": "query", "serviceId": "SNS", "apiVersion": "2010-03-31"},
        "operations": {
            "Old": {"http": {"requestUri": "/?Operation=Old"}},
            "Publish": {
                "input": {"shape": "PublishInput"},
                "output": {"shape": "PublishResponse", "resultWrapper": "PublishResult"},
                "errors": [{"shape": "NotFoundException"}]
            }
        },
        "shapes": {
            "PublishInput": {"type": "structure", "members": {
                "TopicArn": {"shape": "Text"}, "Message": {"shape": "Text"}, "At": {"shape": "Time"},
                "Data": {"shape": "Bytes"}, "Flag": {"shape": "Flag"},
                "Attributes": {"shape": "Attributes"}, "Flat": {"shape": "FlatAttributes"},
                "Names": {"shape": "Names"}, "Named": {"shape": "NamedItems"}, "FlatNames": {"shape": "FlatNames"},
                "FlatNamed": {"shape": "FlatNamed"}, "Inner": {"shape": "Inner", "locationName": "inner"}
            }},
            "PublishResponse": {"type": "structure", "members": {
                "MessageId": {"shape": "Text"}, "Count": {"shape": "Count"}, "Ratio": {"shape": "Ratio"},
                "Flag": {"shape": "Flag"}, "At": {"shape": "Time"}, "Names": {"shape": "Names"},
                "FlatNames": {"shape": "FlatNames"}, "FlatNamed": {"shape": "FlatNamed"},
                "Attributes": {"shape": "Attributes"}, "Flat": {"shape": "FlatAttributes"}, "Inner": {"shape": "Inner"}
            }},
            "Inner": {"type": "structure", "members": {"Names": {"shape": "Names"}}},
            "Attributes": {"type": "map", "key": {"shape": "Text", "locationName": "Name"},
                "value": {"shape": "Attribute", "locationName": "Value"}},
            "FlatAttributes": {"type": "map", "flattened": true, "key": {"shape": "Text"}, "value": {"shape": "Text"}},
            "Attribute": {"type": "structure", "members": {"StringValue": {"shape": "Text"}}},
            "Names": {"type": "list", "member": {"shape": "Text"}},
            "NamedItems": {"type": "list", "member": {"shape": "Text", "locationName": "item"}},
            "FlatNames": {"type": "list", "flattened": true, "member": {"shape": "Text"}},
            "FlatNamed": {"type": "list", "flattened": true, "member": {"shape": "Text", "locationName": "It"}},
            "NotFoundException": {"type": "structure", "exception": true, "members": {},
                "error": {"code": "NotFound", "httpStatusCode": 404}},
            "Text": {"type": "string"}, "Bytes": {"type": "blob"}, "Count": {"type": "integer"},
            "Ratio": {"type": "double"}, "Time": {"type": "timestamp"}, "Flag": {"type": "boolean"}
        }
    }))
}

#[test]
fn parameters_become_a_form() {
    let cases = [
        (json!({}), ""),
        (json!({"Message": {"a": "b c"}}), "&Message=%7B%22a%22%3A%22b%20c%22%7D"),
        (json!({"Data": "hi", "Flag": true}), "&Data=aGk%3D&Flag=true"),
        (json!({"At": 1420070400}), "&At=2015-01-01T00%3A00%3A00Z"),
        (
            json!({"Attributes": {"k": {"StringValue": "v"}}}),
            "&Attributes.entry.1.Name=k&Attributes.entry.1.Value.StringValue=v",
        ),
        (json!({"Flat": {"a": "1", "b": "2"}}), "&Flat.1.key=a&Flat.1.value=1&Flat.2.key=b&Flat.2.value=2"),
        (json!({"Names": ["a", "b"]}), "&Names.member.1=a&Names.member.2=b"),
        (json!({"Names": []}), "&Names="),
        (json!({"Named": ["a"]}), "&Named.item.1=a"),
        (json!({"FlatNames": ["a"], "FlatNamed": ["b"]}), "&FlatNames.1=a&It.1=b"),
        (json!({"Inner": {"Names": ["a"]}, "TopicArn": "t"}), "&TopicArn=t&inner.Names.member.1=a"),
    ];
    let service = sns();
    for (input, expected) in cases {
        let request = encoded(&service, "Publish", &input);
        assert_eq!(body(&request), format!("Action=Publish&Version=2010-03-31{expected}"));
        assert_eq!(target(&request), "POST /");
        assert_eq!(headers(&request), ["Content-Type: application/x-www-form-urlencoded; charset=utf-8"]);
    }
}

#[test]
fn what_the_model_adds_to_the_address_is_kept() {
    assert_eq!(target(&encoded(&sns(), "Old", &json!({}))), "POST /?Operation=Old");
}

#[test]
fn results_lie_in_their_wrapper() {
    let cases = [
        ("", json!({})),
        ("<MessageId>m</MessageId><Extra><X/></Extra>", json!({"MessageId": "m"})),
        ("<MessageId/><Count/><Names/>", json!({"MessageId": "", "Names": []})),
        (
            "<Count> 3 </Count><Ratio>1.5</Ratio><Flag>true</Flag><At>2015-01-01T00:00:00.000Z</At>",
            json!({"Count": 3, "Ratio": 1.5, "Flag": true, "At": "2015-01-01T00:00:00Z"}),
        ),
        ("<Names><member>a</member><member> b&amp;</member></Names>", json!({"Names": ["a", " b&"]})),
        (
            "<FlatNames>a</FlatNames><It>c</It><FlatNames>b</FlatNames>",
            json!({"FlatNames": ["a", "b"], "FlatNamed": ["c"]}),
        ),
        (
            "<Attributes><entry><Name>k</Name><Value><StringValue>v</StringValue></Value></entry></Attributes>",
            json!({"Attributes": {"k": {"StringValue": "v"}}}),
        ),
        (
            "<Flat><key>a</key><value>1</value></Flat><Flat><key>b</key><value/></Flat>",
            json!({"Flat": {"a": "1", "b": ""}}),
        ),
    ];
    let service = sns();
    for (inner, expected) in cases {
        let text = format!(
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>{inner}\
             </PublishResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></PublishResponse>"
        );
        let answer = answer(200, &[], text);
        assert_eq!(decode(&service, "Publish", &answer), Ok(expected), "{inner}");
        assert_eq!(request_id(&service, &answer).as_deref(), Some("r-1"));
    }
}

#[test]
fn an_answer_that_does_not_fit_says_where() {
    let cases = [
        ("<R/>", "the answer cannot be read: expected an element PublishResult in R"),
        (
            "<R><PublishResult><Count>x</Count></PublishResult></R>",
            "the answer cannot be read at Count: expected a whole number, found \"x\"",
        ),
        (
            "<R><PublishResult><MessageId><a/></MessageId></PublishResult></R>",
            "the answer cannot be read at MessageId: expected a string, found elements in MessageId",
        ),
        (
            "<R><PublishResult><Attributes><entry/></Attributes></PublishResult></R>",
            "the answer cannot be read at Attributes: expected an element Name in entry",
        ),
        ("", "the answer cannot be read: not XML: it ends early"),
    ];
    let service = sns();
    for (text, expected) in cases {
        assert_eq!(decode(&service, "Publish", &answer(200, &[], text)), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn refusals_are_found_in_error_response() {
    let service = sns();
    let text = "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type>\
                <Code>NotFound</Code><Message>Topic does not exist</Message></Error><RequestId>r-2</RequestId>\
                </ErrorResponse>";
    let error = refusal(&service, "Publish", &answer(404, &[], text));
    assert_eq!(told(&error), r#"NotFound NotFoundException "Topic does not exist" r-2"#);
    let error = refusal(&service, "Publish", &answer(503, &[("x-amzn-requestid", "r-3")], "<html><p>no</p></html>"));
    assert_eq!(told(&error), r#"503 - "Service Unavailable" r-3"#);
}
