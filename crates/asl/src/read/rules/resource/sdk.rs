//! What can be called through `aws-sdk`: AWS's services and their actions.
//!
//! The list is looked up as it lies in the binary: nothing is built when the program starts.

use std::cmp::Ordering;

use super::near;

/// After lines that say where it comes from, a line a service: `service: action action ...`, lines sorted by service,
/// actions sorted, `*` for any action.
static LIST: &str = include_str!("sdk_actions.txt");
const ANY: &str = "*";

/// Whether the service has the action.
pub(super) fn has(service: &str, action: &str) -> bool {
    actions(service).is_some_and(|actions| actions == ANY || find(actions, b' ', |known| known.cmp(action)).is_some())
}

/// The call that was probably meant by one that does not exist: another action of the service, or another service.
/// `None` where nothing is like it.
pub(super) fn meant(service: &str, action: &str) -> Option<String> {
    match actions(service) {
        Some(actions) => near::nearest(action, actions.split(' ')).map(|action| format!("{service}:{action}")),
        None => {
            let services = LIST.lines().map(name).filter(|name| !name.is_empty());
            near::nearest(service, services).map(|service| format!("{service}:{action}"))
        }
    }
}

fn actions(service: &str) -> Option<&'static str> {
    let line = find(LIST, b'\n', |line| name(line).cmp(service))?;
    line.split_once(": ").map(|(_, actions)| actions)
}

/// The service of a line. The lines at the beginning have none, so they sort before all others.
fn name(line: &str) -> &str {
    if line.starts_with('#') { "" } else { line.split_once(": ").map_or("", |(name, _)| name) }
}

/// The part that is `Equal` among the sorted parts of a text.
fn find(text: &'static str, separator: u8, order: impl Fn(&str) -> Ordering) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = bytes[low..middle].iter().rposition(|byte| *byte == separator).map_or(low, |at| low + at + 1);
        let end = bytes[middle..high].iter().position(|byte| *byte == separator).map_or(high, |at| middle + at);
        let part = &text[start..end];
        match order(part) {
            Ordering::Equal => return Some(part),
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start.saturating_sub(1).max(low),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_call_is_found() {
        let mut calls = 0;
        for line in LIST.lines().filter(|line| !line.starts_with('#')) {
            let (service, actions) = line.split_once(": ").unwrap();
            for action in actions.split(' ') {
                assert!(has(service, action), "{service}:{action}");
                calls += 1;
            }
        }
        assert!(calls > 15_000, "{calls}");
    }

    #[test]
    fn calls_are_known() {
        let cases = [
            ("s3", "getObject", true),
            ("s3", "GetObject", false),
            ("s3", "getObjec", false),
            ("s3", "selectObjectContent", false),
            ("sfn", "startExecution", true),
            ("stepfunctions", "startExecution", false),
            ("config", "putConfigRule", true),
            ("emr", "describeJobFlows", false),
            ("iot", "updateThing", true),
            ("qldb", "anything", true),
            ("accessanalyzer", "applyArchiveRule", true),
            ("xray", "updateSamplingRule", true),
            ("#", "", false),
            ("", "", false),
            ("~", "x", false),
            ("s3", "", false),
        ];
        for (service, action, known) in cases {
            assert_eq!(has(service, action), known, "{service}:{action}");
        }
    }

    #[test]
    fn parts_are_found_whatever_their_place() {
        for text in ["", "b", "b d", "bb dd ff", "b dd fff h"] {
            for part in text.split(' ') {
                assert_eq!(find(text, b' ', |known| known.cmp(part)), (!text.is_empty()).then_some(part), "{text:?}");
            }
            for part in ["a", "c", "e", "g", "i", "ba", "fff "] {
                assert_eq!(find(text, b' ', |known| known.cmp(part)), None, "{part} in {text:?}");
            }
        }
    }

    #[test]
    fn a_near_miss_is_named() {
        let cases = [
            (("s3", "GetObject"), Some("s3:getObject")),
            (("s3", "getObjects"), Some("s3:getObject")),
            (("s3", "somethingElse"), None),
            (("dynamo", "getItem"), Some("dynamodb:getItem")),
            (("simplequeue", "sendMessage"), None),
            (("dynamoDb", "getItem"), Some("dynamodb:getItem")),
            (("cloudwatch-logs", "putLogEvents"), Some("cloudwatchlogs:putLogEvents")),
        ];
        for ((service, action), expected) in cases {
            assert_eq!(meant(service, action).as_deref(), expected, "{service}:{action}");
        }
    }
}
