//! How Lambda words a function's failures that the function cannot report itself.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use crate::MAX_RESPONSE_BYTES;

/// An error object in the form that the Lambda service, not a language's runtime, writes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorObject<'a> {
    error_type: &'a str,
    error_message: &'a str,
}

/// The function took longer than it may.
pub(crate) fn timed_out(request_id: &str, timeout: Duration) -> Bytes {
    let seconds = timeout.as_secs_f64();
    let text = format!("RequestId: {request_id} Error: Task timed out after {seconds:.2} seconds");
    object("Sandbox.Timedout", &text)
}

/// The process ended in the middle of an invocation, or before it asked for one.
pub(crate) fn exited(request_id: &str, status: Option<ExitStatus>) -> Bytes {
    let text = match status.and_then(reason) {
        Some(reason) => format!("RequestId: {request_id} Error: Runtime exited with error: {reason}"),
        None => format!("RequestId: {request_id} Error: Runtime exited without providing a reason"),
    };
    object("Runtime.ExitError", &text)
}

/// The function's answer is longer than it may be.
pub(crate) fn response_too_large() -> Bytes {
    let text = format!("Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).");
    object("Function.ResponseSizeTooLarge", &text)
}

/// An error object of this type and text.
pub(crate) fn object(error_type: &str, error_message: &str) -> Bytes {
    // Two strings always serialize.
    serde_json::to_vec(&ErrorObject { error_type, error_message }).unwrap_or_default().into()
}

/// How a process ended, in the words of Go's os/exec, in which Lambda's are. Nothing for a good end.
fn reason(status: ExitStatus) -> Option<String> {
    if status.success() {
        return None;
    }
    if let Some(code) = status.code() {
        return Some(format!("exit status {code}"));
    }
    let signal = match status.signal()? {
        1 => "hangup".to_owned(),
        2 => "interrupt".to_owned(),
        3 => "quit".to_owned(),
        4 => "illegal instruction".to_owned(),
        5 => "trace/breakpoint trap".to_owned(),
        6 => "aborted".to_owned(),
        8 => "floating point exception".to_owned(),
        9 => "killed".to_owned(),
        11 => "segmentation fault".to_owned(),
        13 => "broken pipe".to_owned(),
        14 => "alarm clock".to_owned(),
        15 => "terminated".to_owned(),
        other => format!("signal {other}"),
    };
    let core = if status.core_dumped() { " (core dumped)" } else { "" };
    Some(format!("signal: {signal}{core}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_worded_as_lambda_words_it() {
        let cases = [
            (0, "Runtime exited without providing a reason"),
            (1 << 8, "Runtime exited with error: exit status 1"),
            (9, "Runtime exited with error: signal: killed"),
            (11 | 0x80, "Runtime exited with error: signal: segmentation fault (core dumped)"),
        ];
        for (raw, text) in cases {
            let expected =
                format!(r#"{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: i Error: {text}"}}"#);
            assert_eq!(exited("i", Some(ExitStatus::from_raw(raw))), expected);
        }
    }

    #[test]
    fn a_timeout_is_told_with_two_digits() {
        let expected = r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: i Error: Task timed out after 3.00 seconds"}"#;
        assert_eq!(timed_out("i", Duration::from_secs(3)), expected);
    }
}
