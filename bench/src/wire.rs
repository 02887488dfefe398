//! AWS JSON 1.0: requests as bytes, and members of answers without parsing them whole.

use std::io::Write;

/// The operations that the generator calls.
pub(crate) mod operation {
    pub(crate) const CREATE_ACTIVITY: &str = "CreateActivity";
    pub(crate) const CREATE_STATE_MACHINE: &str = "CreateStateMachine";
    pub(crate) const DESCRIBE_EXECUTION: &str = "DescribeExecution";
    pub(crate) const GET_ACTIVITY_TASK: &str = "GetActivityTask";
    pub(crate) const LIST_EXECUTIONS: &str = "ListExecutions";
    pub(crate) const SEND_TASK_SUCCESS: &str = "SendTaskSuccess";
    pub(crate) const START_EXECUTION: &str = "StartExecution";
}

// What an SDK sends, so that the server reads as much as it would have to.
const HEADERS: &str = "Host: 127.0.0.1:8083\r\n\
Content-Type: application/x-amz-json-1.0\r\n\
User-Agent: stepwright-bench\r\n\
Accept-Encoding: identity\r\n\
X-Amz-Date: 20260101T000000Z\r\n\
Authorization: AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/states/aws4_request, \
SignedHeaders=content-type;host;x-amz-date;x-amz-target, \
Signature=0000000000000000000000000000000000000000000000000000000000000000\r\n";

/// Writes a request, whose body is the parts one after the other, over what `request` held.
pub(crate) fn render(request: &mut Vec<u8>, operation: &str, body: &[&str]) {
    let length: usize = body.iter().map(|part| part.len()).sum();
    request.clear();
    request.extend_from_slice(b"POST / HTTP/1.1\r\n");
    request.extend_from_slice(HEADERS.as_bytes());
    write!(request, "X-Amz-Target: AWSStepFunctions.{operation}\r\nContent-Length: {length}\r\n\r\n")
        .expect("a vector takes every byte");
    for part in body {
        request.extend_from_slice(part.as_bytes());
    }
}

/// A request as [`render`] writes it.
pub(crate) fn request(operation: &str, body: &str) -> Vec<u8> {
    let mut request = Vec::new();
    render(&mut request, operation, &[body]);
    request
}

/// A request of Lambda's API that invokes a function and waits for its answer.
pub(crate) fn invoke_request(function: &str, payload: &str) -> Vec<u8> {
    let path = format!("/2015-03-31/functions/{function}/invocations");
    let length = payload.len();
    format!("POST {path} HTTP/1.1\r\n{HEADERS}Content-Length: {length}\r\n\r\n{payload}").into_bytes()
}

/// The text of a string member of an answer, still escaped as it stands there; nothing where there is none.
///
/// It looks for the quoted name, which cannot stand within a string unescaped, so a payload cannot be mistaken for it.
pub(crate) fn member<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let after_name = find_name(body, name)?;
    let rest = &body[after_name..];
    let colon = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let rest = rest[colon..].strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let mut escaped = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// How many members of that name an answer has, in all its objects.
pub(crate) fn count_members(body: &[u8], name: &str) -> usize {
    let mut rest = body;
    let mut count = 0;
    while let Some(after) = find_name(rest, name) {
        count += 1;
        rest = &rest[after..];
    }
    count
}

/// Where the quoted name ends.
fn find_name(body: &[u8], name: &str) -> Option<usize> {
    let length = name.len() + 2;
    let mut from = 0;
    loop {
        let start = from + body.get(from..)?.iter().position(|byte| *byte == b'"')?;
        let candidate = body.get(start..start + length)?;
        if candidate[length - 1] == b'"' && &candidate[1..length - 1] == name.as_bytes() {
            return Some(start + length);
        }
        from = start + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_carries_its_operation_and_length() {
        let mut request = b"left over".to_vec();
        render(&mut request, "StartExecution", &["{\"a\":", "1}"]);
        let text = String::from_utf8(request).expect("text");
        assert!(text.starts_with("POST / HTTP/1.1\r\nHost: "), "{text}");
        assert!(text.contains("\r\nX-Amz-Target: AWSStepFunctions.StartExecution\r\n"), "{text}");
        assert!(text.ends_with("\r\nContent-Length: 7\r\n\r\n{\"a\":1}"), "{text}");
    }

    #[test]
    fn members_are_found_as_they_stand() {
        let cases = [
            (r#"{"taskToken":"AB=="}"#, Some("AB==")),
            (r#"{"input":"{\"taskToken\":\"no\"}","taskToken":"yes"}"#, Some("yes")),
            (r#"{ "taskToken" : "a\"b\\" , "x":1}"#, Some(r#"a\"b\\"#)),
            (r#"{"taskToken":""}"#, Some("")),
            (r#"{"taskToken":null}"#, None),
            (r#"{"taskTokens":"x"}"#, None),
            (r#"{"taskToken":"cut"#, None),
            (r#"{"taskToken""#, None),
            ("", None),
        ];
        for (body, expected) in cases {
            assert_eq!(member(body.as_bytes(), "taskToken"), expected, "{body}");
        }
    }

    #[test]
    fn members_are_counted_but_not_within_payloads() {
        let body = br#"{"executions":[{"executionArn":"a"},{"executionArn":"b","name":"\"executionArn\":"}]}"#;
        assert_eq!(count_members(body, "executionArn"), 2);
        assert_eq!(count_members(b"{}", "executionArn"), 0);
    }
}
