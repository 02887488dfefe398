//! REST with XML: S3 and its like.

use models::Service;
use serde_json::{Value, json};

use super::{Headers, answer, body, decode, encode, encoded, headers, model, refusal, target, told};
use crate::protocol::{extended_request_id, is_error, request_id};

fn s3() -> Service {
    let bucket = json!({"shape": "Text", "location": "uri", "locationName": "Bucket"});
    let key = json!({"shape": "Text", "location": "uri", "locationName": "Key"});
    model::service(&json!({
        "metadata": {"protocol": "rest-xml", "serviceId": "S3", "apiVersion": "2006-03-01"},
        "operations": {
            "GetObject": {"http": {"method": "GET", "requestUri": "/{Bucket}/{Key+}"},
                "input": {"shape": "ObjectInput"}, "output": {"shape": "Object"}, "errors": [{"shape": "NoSuchKey"}]},
            "HeadObject": {"http": {"method": "HEAD", "requestUri": "/{Bucket}/{Key+}"},
                "input": {"shape": "ObjectInput"}, "errors": [{"shape": "NoSuchKey"}]},
            "DeleteObject": {"http": {"method": "DELETE", "requestUri": "/{Key+}"}, "input": {"shape": "ObjectInput"}},
            "PutObject": {"http": {"method": "PUT", "requestUri": "/{Bucket}/{Key+}"}, "input": {"shape": "PutInput"}},
            "UploadPart": {"http": {"method": "PUT", "requestUri": "/{Bucket}/{Key+}"}, "input": {"shape": "PartInput"}},
            "DeleteObjects": {"http": {"method": "POST", "requestUri": "/{Bucket}?delete"},
                "input": {"shape": "DeleteInput"}, "httpChecksumRequired": true},
            "ListObjects": {"http": {"method": "GET", "requestUri": "/{Bucket}?list-type=2"},
                "input": {"shape": "BucketInput"}, "output": {"shape": "Listing"}},
            "GetBucketLocation": {"http": {"method": "GET", "requestUri": "/{Bucket}?location"},
                "input": {"shape": "BucketInput"}, "output": {"shape": "Location"}},
            "CreateZone": {"http": {"method": "POST", "requestUri": "/zone"}, "input": {
                "shape": "ZoneInput", "locationName": "CreateZoneRequest", "xmlNamespace": {"uri": "urn:z"}}}
        },
        "shapes": {
            "BucketInput": {"type": "structure", "required": ["Bucket"], "members": {"Bucket": bucket}},
            "ObjectInput": {"type": "structure", "required": ["Bucket", "Key"], "members": {
                "Bucket": bucket, "Key": key
            }},
            "PutInput": {"type": "structure", "payload": "Body", "required": ["Bucket", "Key"], "members": {
                "Bucket": bucket, "Key": key, "Body": {"shape": "Bytes"},
                "Algorithm": {"shape": "Text", "location": "header", "locationName": "x-amz-sdk-checksum-algorithm"},
                "ChecksumSHA1": {"shape": "Text", "location": "header", "locationName": "x-amz-checksum-sha1"},
                "Metadata": {"shape": "Metadata", "location": "headers", "locationName": "x-amz-meta-"}
            }},
            "PartInput": {"type": "structure", "payload": "Body", "required": ["Bucket", "Key"], "members": {
                "Bucket": bucket, "Key": key, "Body": {"shape": "Bytes"},
                "Algorithm": {"shape": "Text", "location": "header", "locationName": "x-amz-sdk-checksum-algorithm"},
                "UploadId": {"shape": "Text", "location": "querystring", "locationName": "uploadId"}
            }},
            "DeleteInput": {"type": "structure", "payload": "Delete", "members": {
                "Bucket": bucket,
                "ContentMD5": {"shape": "Text", "location": "header", "locationName": "Content-MD5"},
                "Delete": {"shape": "Delete", "locationName": "Delete", "xmlNamespace": {"uri": "urn:s3"}}
            }},
            "Delete": {"type": "structure", "members": {
                "Objects": {"shape": "Identifiers", "locationName": "Object"}, "Quiet": {"shape": "Flag"},
                "Grantee": {"shape": "Grantee", "xmlNamespace": {"prefix": "xsi", "uri": "urn:xsi"}}
            }},
            "Identifiers": {"type": "list", "flattened": true, "member": {"shape": "Identifier"}},
            "Identifier": {"type": "structure", "members": {"Key": {"shape": "Text"}, "At": {"shape": "Time"}}},
            "Grantee": {"type": "structure", "members": {
                "Type": {"shape": "Text", "locationName": "xsi:type", "xmlAttribute": true}, "ID": {"shape": "Text"}
            }},
            "Object": {"type": "structure", "payload": "Body", "members": {
                "Body": {"shape": "Bytes"},
                "ContentLength": {"shape": "Count", "location": "header", "locationName": "Content-Length"},
                "ETag": {"shape": "Text", "location": "header", "locationName": "ETag"},
                "Expires": {"shape": "Time", "location": "header", "locationName": "Expires"},
                "LastModified": {"shape": "Time", "location": "header", "locationName": "Last-Modified"},
                "Metadata": {"shape": "Metadata", "location": "headers", "locationName": "x-amz-meta-"}
            }},
            "Listing": {"type": "structure", "members": {
                "IsTruncated": {"shape": "Flag"}, "KeyCount": {"shape": "Count"}, "Prefix": {"shape": "Text"},
                "Contents": {"shape": "Contents"}, "Grantee": {"shape": "Grantee"}
            }},
            "Contents": {"type": "list", "flattened": true, "member": {"shape": "Identifier"}},
            "Location": {"type": "structure", "members": {"LocationConstraint": {"shape": "Text"}}},
            "ZoneInput": {"type": "structure", "members": {
                "Name": {"shape": "Text"}, "Tags": {"shape": "Metadata"}, "Flat": {"shape": "Metadata", "flattened": true},
                "Servers": {"shape": "Servers"}
            }},
            "Servers": {"type": "list", "member": {"shape": "Text", "locationName": "Server"}},
            "Metadata": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
            "NoSuchKey": {"type": "structure", "exception": true, "members": {}, "error": {"httpStatusCode": 404}},
            "Text": {"type": "string"}, "Bytes": {"type": "blob"}, "Count": {"type": "integer"},
            "Time": {"type": "timestamp"}, "Flag": {"type": "boolean"}
        }
    }))
}

#[test]
fn parameters_travel_where_the_model_says() {
    let xml = "Content-Type: application/xml";
    let bytes = "Content-Type: application/octet-stream";
    let cases: [(&str, Value, &str, &[&str], &str); 11] = [
        ("GetObject", json!({"Bucket": "b", "Key": "a/b c+é"}), "GET /b/a/b%20c%2B%C3%A9", &[], ""),
        ("DeleteObject", json!({"Bucket": "b", "Key": "k"}), "DELETE /b/k", &[], ""),
        ("ListObjects", json!({"Bucket": "b"}), "GET /b?list-type=2", &[], ""),
        (
            "PutObject",
            json!({"Bucket": "b", "Key": "k", "Body": [1, {"a": false}], "Metadata": {"Owner": "me"}}),
            "PUT /b/k",
            &["x-amz-meta-Owner: me", bytes, "x-amz-sdk-checksum-algorithm: CRC32", "x-amz-checksum-crc32: WnWc8g=="],
            r#"[1,{"a":false}]"#,
        ),
        (
            "PutObject",
            json!({"Bucket": "b", "Key": "k", "Body": "123456789", "ChecksumSHA1": "mine"}),
            "PUT /b/k",
            &["x-amz-checksum-sha1: mine", bytes],
            "123456789",
        ),
        (
            "UploadPart",
            json!({"Bucket": "b", "Key": "k", "Body": "123456789", "UploadId": "u"}),
            "PUT /b/k?uploadId=u",
            &[bytes],
            "123456789",
        ),
        (
            "PutObject",
            json!({"Bucket": "b", "Key": "k", "Body": "123456789", "Algorithm": "CRC32"}),
            "PUT /b/k",
            &["x-amz-sdk-checksum-algorithm: CRC32", bytes, "x-amz-checksum-crc32: y/Q5Jg=="],
            "123456789",
        ),
        (
            "DeleteObjects",
            json!({"Bucket": "b", "Delete": {"Objects": [{"Key": "a<&>"}, {"Key": "b", "At": 0}], "Quiet": true}}),
            "POST /b?delete",
            &[xml, "Content-MD5: t/HPRPlHBWweXgKP+raQGg=="],
            "<Delete xmlns=\"urn:s3\"><Object><Key>a&lt;&amp;&gt;</Key></Object>\
             <Object><Key>b</Key><At>1970-01-01T00:00:00Z</At></Object><Quiet>true</Quiet></Delete>",
        ),
        (
            "DeleteObjects",
            json!({"Bucket": "b", "ContentMD5": "mine", "Delete": {"Grantee": {"Type": "\"U\"", "ID": "i"}}}),
            "POST /b?delete",
            &["Content-MD5: mine", xml],
            "<Delete xmlns=\"urn:s3\"><Grantee xmlns:xsi=\"urn:xsi\" xsi:type=\"&quot;U&quot;\"><ID>i</ID></Grantee>\
             </Delete>",
        ),
        (
            "CreateZone",
            json!({"Name": "z", "Tags": {"a": "1"}, "Flat": {"b": "2"}, "Servers": ["s", "t"]}),
            "POST /zone",
            &[xml],
            "<CreateZoneRequest xmlns=\"urn:z\"><Name>z</Name><Tags><entry><key>a</key><value>1</value></entry></Tags>\
             <Flat><key>b</key><value>2</value></Flat><Servers><Server>s</Server><Server>t</Server></Servers>\
             </CreateZoneRequest>",
        ),
        ("CreateZone", json!({}), "POST /zone", &[], ""),
    ];
    let service = s3();
    for (operation, input, expected, expected_headers, expected_body) in cases {
        let request = encoded(&service, operation, &input);
        assert_eq!(target(&request), expected);
        assert_eq!(body(&request), expected_body, "{input}");
        assert_eq!(headers(&request), *expected_headers, "{input}");
    }
}

#[test]
fn what_would_be_another_request_is_refused() {
    let cases = [
        ("DeleteObject", json!({"Bucket": "b", "Key": ""}), "Key: must not be empty"),
        ("DeleteObject", json!({"Bucket": "", "Key": "k"}), "Bucket: must not be empty"),
        (
            "PutObject",
            json!({"Bucket": "b", "Key": "k", "Metadata": {"a b": "c"}}),
            r#"Metadata.a b: "x-amz-meta-a b" cannot be a header's name"#,
        ),
        (
            "PutObject",
            json!({"Bucket": "b", "Key": "k", "Metadata": {"a": "b\nc"}}),
            "Metadata.a: a header cannot hold control characters",
        ),
        (
            "PutObject",
            json!({"Bucket": "b", "Key": "k", "Algorithm": "MD4"}),
            r#"ChecksumAlgorithm: expected CRC32, CRC32C, CRC64NVME, SHA1 or SHA256, found "MD4""#,
        ),
    ];
    for (operation, input, expected) in cases {
        assert_eq!(encode(&s3(), operation, &input).unwrap_err().to_string(), expected);
    }
}

#[test]
fn results_come_from_headers_and_body() {
    let listing = "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                   <Prefix/><KeyCount>2</KeyCount><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents>\
                   <Contents><Key>b &#x26;</Key></Contents>\
                   <Grantee xmlns:x=\"urn\" x:type=\"User\"><ID>i</ID></Grantee></ListBucketResult>";
    let cases: [(&str, Headers<'_>, &[u8], Value); 6] = [
        (
            "GetObject",
            &[
                ("content-length", "2"),
                ("etag", "\"e\""),
                ("last-modified", "Thu, 01 Jan 2015 00:00:00 GMT"),
                ("expires", "never"),
                ("x-amz-meta-owner", "me"),
            ],
            b"hi",
            json!({
                "Body": "hi", "ContentLength": 2, "ETag": "\"e\"", "LastModified": "2015-01-01T00:00:00Z",
                "Metadata": {"owner": "me"}
            }),
        ),
        ("GetObject", &[], b"\xff", json!({"Body": "/w==", "Metadata": {}})),
        (
            "ListObjects",
            &[],
            listing.as_bytes(),
            json!({
                "IsTruncated": false, "KeyCount": 2, "Prefix": "", "Contents": [{"Key": "a"}, {"Key": "b &"}],
                "Grantee": {"Type": "User", "ID": "i"}
            }),
        ),
        ("ListObjects", &[], b"<ListBucketResult/>", json!({})),
        (
            "GetBucketLocation",
            &[],
            b"<LocationConstraint xmlns=\"u\">eu-west-1</LocationConstraint>",
            json!({"LocationConstraint": "eu-west-1"}),
        ),
        ("HeadObject", &[], b"", json!({})),
    ];
    for (operation, headers, body, expected) in cases {
        assert_eq!(decode(&s3(), operation, &answer(200, headers, body)), Ok(expected));
    }
}

#[test]
fn refusals_are_the_root_or_in_error_response() {
    let service = s3();
    let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>\
                <Message>The specified key does not exist.</Message><Key>k</Key><RequestId>r-1</RequestId>\
                <HostId>h-1</HostId></Error>";
    let error = refusal(&service, "GetObject", &answer(404, &[], text));
    assert_eq!(told(&error), r#"NoSuchKey NoSuchKey "The specified key does not exist." r-1"#);
    assert_eq!(error.extended_request_id.as_deref(), Some("h-1"));

    let text = "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidInput</Code><Message>no</Message></Error>\
                <RequestId>r-2</RequestId></ErrorResponse>";
    let error = refusal(&service, "CreateZone", &answer(400, &[], text));
    assert_eq!(told(&error), r#"InvalidInput - "no" r-2"#);
}

#[test]
fn a_refusal_without_a_body_is_known_by_its_status() {
    let headers = [("x-amz-request-id", "r-3"), ("x-amz-id-2", "h-3")];
    let cases = [
        ("HeadObject", 404, r#"404 NoSuchKey "Not Found" r-3"#),
        ("HeadObject", 403, r#"403 - "Forbidden" r-3"#),
        ("DeleteObject", 404, r#"404 - "Not Found" r-3"#),
    ];
    for (operation, status, expected) in cases {
        let answer = answer(status, &headers, "");
        let error = refusal(&s3(), operation, &answer);
        assert_eq!(told(&error), expected);
        assert_eq!(error.extended_request_id.as_deref(), Some("h-3"));
        assert_eq!(request_id(&s3(), &answer).as_deref(), Some("r-3"));
        assert_eq!(extended_request_id(&answer).as_deref(), Some("h-3"));
    }
}

#[test]
fn an_error_under_status_200_is_seen_but_not_in_an_object() {
    let service = s3();
    let error = "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code></Error>";
    let cases = [
        ("ListObjects", 200, error, true),
        ("ListObjects", 200, "<R><Error/></R>", false),
        ("GetObject", 200, error, false),
        ("GetObject", 304, "", true),
        ("GetObject", 206, "", false),
    ];
    for (operation, status, body, expected) in cases {
        let found = is_error(&service, service.operation(operation).unwrap(), &answer(status, &[], body));
        assert_eq!(found, expected, "{operation} {status}");
    }
}
