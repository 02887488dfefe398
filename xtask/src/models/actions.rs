//! The list of what can be called through the SDK integrations, a line a service, sorted by name.

use std::collections::BTreeMap;

use aws::model::Service;

use super::names;

/// Services that Step Functions lists and botocore no longer has, because they have closed.
const CLOSED: &[&str] = &[
    "alexaforbusiness",
    "codestar",
    "elasticinference",
    "elastictranscoder",
    "evidently",
    "honeycode",
    "iot1clickprojects",
    "iotanalytics",
    "iotfleethub",
    "lookoutvision",
    "macie",
    "mobile",
    "opsworks",
    "opsworkscm",
    "qldb",
    "qldbsession",
    "robomaker",
    "sms",
];

/// What Step Functions does not support, beside streams of events (AWS's table of unsupported actions).
const UNSUPPORTED: &[(&str, &str)] = &[
    ("comprehendmedical", "DetectEntities"),
    ("efs", "CreateTags"),
    ("emr", "DescribeJobFlows"),
    ("lambda", "InvokeAsync"),
    ("mediapackage", "RotateChannelCredentials"),
    ("rdsdata", "ExecuteSql"),
    ("shield", "DeleteSubscription"),
];

/// The list.
pub(super) fn text(origin: &str, services: &[&Service]) -> String {
    let mut lines: BTreeMap<&str, String> = CLOSED.iter().map(|name| (*name, "*".to_owned())).collect();
    lines.extend(services.iter().map(|service| (service.metadata.name.as_str(), actions(service))));
    let lines: String = lines.iter().map(|(name, actions)| format!("{name}: {actions}\n")).collect();
    let header = format!(
        "# What a state can call through arn:aws:states:::aws-sdk, sorted: a service and its actions, * for any.\n\
         # Made from {origin} (https://github.com/boto/botocore, Apache License 2.0) by cargo xtask models.\n"
    );
    header + &lines
}

fn actions(service: &Service) -> String {
    let name = &service.metadata.name;
    let mut actions: Vec<String> = service
        .operations
        .iter()
        .filter(|operation| !service.is_event_stream(operation))
        .filter(|operation| !UNSUPPORTED.contains(&(name.as_str(), operation.name.as_str())))
        .map(|operation| names::action(&operation.name))
        .collect();
    actions.sort();
    actions.join(" ")
}

#[cfg(test)]
mod tests {
    use aws::model::{Metadata, Operation, Service};

    use super::*;

    fn service(name: &str, operations: &[&str]) -> Service {
        let operation = |name: &&str| Operation {
            name: (*name).to_owned(),
            method: "POST".to_owned(),
            uri: "/".to_owned(),
            input: None,
            output: None,
            result_wrapper: None,
            input_wrapper: None,
            host_prefix: None,
            unsigned: false,
            needs_checksum: false,
            errors: Vec::new(),
        };
        Service {
            metadata: Metadata { name: name.to_owned(), ..Metadata::default() },
            operations: operations.iter().map(operation).collect(),
            shapes: Vec::new(),
        }
    }

    #[test]
    fn services_are_sorted_by_name_and_actions_too() {
        let services =
            [service("iot2", &["A"]), service("iot", &["GetB", "GetA"]), service("lambda", &["InvokeAsync"])];
        let text = text("botocore 1", &services.iter().collect::<Vec<_>>());
        let iot = text.lines().skip_while(|line| !line.starts_with("iot:")).collect::<Vec<_>>();
        assert_eq!(iot[..3], ["iot: getA getB", "iot1clickprojects: *", "iot2: a"], "a colon sorts after digits");
        assert!(text.contains("\nlambda: \n"), "what is not supported is left out");
        assert!(text.lines().next().is_some_and(|line| line.starts_with('#')));
    }
}
