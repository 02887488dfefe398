//! What a state can call through `aws-sdk`: AWS's services and their actions, spelled as the SDK for Java does.
//!
//! Names alone, in one text that is unpacked when a name is first asked for and then looked up as it is: whoever reads
//! a definition unpacks no model.

use std::cmp::Ordering;

use crate::load::{self, ModelError};

/// Stands for any action: of a service that has closed, and whose actions nobody lists any more.
pub const ANY: &str = "*";

/// Whether the service has the action: `s3` and `getObject`.
///
/// # Errors
/// A damaged file of models.
pub fn has(service: &str, action: &str) -> Result<bool, ModelError> {
    Ok(of(service)?
        .is_some_and(|Actions(known)| known == ANY || find(known, b' ', |known| known.cmp(action)).is_some()))
}

/// The actions of a service; `None` where there is no such service.
///
/// # Errors
/// A damaged file of models.
pub fn of(service: &str) -> Result<Option<Actions>, ModelError> {
    let line = find(load::actions()?, b'\n', |line| name(line).cmp(service));
    Ok(line.and_then(|line| line.split_once(": ")).map(|(_, actions)| Actions(actions)))
}

/// All services, sorted.
///
/// # Errors
/// A damaged file of models.
pub fn services() -> Result<impl Iterator<Item = &'static str>, ModelError> {
    Ok(load::actions()?.lines().map(name))
}

/// The actions of one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actions(&'static str);

impl Actions {
    /// Their names, sorted; [`ANY`] alone where any may be called.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.0.split(' ').filter(|name| !name.is_empty())
    }
}

/// The list as text: a line a service, `service: action action ...`, lines sorted by service, actions sorted.
pub fn list<'a>(services: impl Iterator<Item = (&'a str, Vec<String>)>) -> String {
    let mut services: Vec<_> = services.collect();
    services.sort_by_key(|(name, _)| *name);
    let line = |(name, mut actions): (&str, Vec<String>)| {
        actions.sort();
        format!("{name}: {}\n", actions.join(" "))
    };
    services.into_iter().map(line).collect()
}

/// The service of a line.
fn name(line: &str) -> &str {
    line.split_once(": ").map_or("", |(name, _)| name)
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

    /// What is accepted in a definition can be called: the client knows the operation by the action's name.
    #[test]
    fn every_listed_action_is_found_and_is_an_operation() {
        let mut calls = 0;
        for service in services().unwrap() {
            let model = load::load(service).unwrap();
            for action in of(service).unwrap().unwrap().names() {
                assert!(has(service, action).unwrap(), "{service}:{action}");
                let operation = model.as_ref().and_then(|model| model.operation(action));
                assert_eq!(operation.is_none(), action == ANY, "{service}:{action}");
                calls += 1;
            }
        }
        assert!(calls > 15_000, "{calls}");
    }

    #[test]
    fn every_service_with_a_model_is_listed() {
        let unlisted: Vec<&str> = load::names().unwrap().filter(|name| of(name).unwrap().is_none()).collect();
        assert_eq!(unlisted, [""; 0]);
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
            assert_eq!(has(service, action), Ok(known), "{service}:{action}");
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
    fn a_list_is_sorted_by_name_and_each_line_too() {
        let actions = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let services = [("iot2", actions(&["a"])), ("iot", actions(&["getB", "getA"])), ("iot1", actions(&[ANY]))];
        assert_eq!(list(services.into_iter()), "iot: getA getB\niot1: *\niot2: a\n", "a colon sorts after digits");
    }
}
