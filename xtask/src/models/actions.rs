//! The list of what can be called through the SDK integrations.

use models::actions::ANY;
use models::packed::Source;
use models::{Operation, Service};

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

/// The list as [`models::actions`] has it.
pub(super) fn text(sources: &[Source]) -> String {
    let closed = CLOSED.iter().map(|name| (*name, vec![ANY.to_owned()]));
    let open = sources.iter().map(|source| (source.service.metadata.name.as_str(), actions(&source.service)));
    models::actions::list(closed.chain(open))
}

fn actions(service: &Service) -> Vec<String> {
    let name = service.metadata.name.as_str();
    let is_supported = |operation: &&Operation| {
        !service.is_event_stream(operation) && !UNSUPPORTED.contains(&(name, operation.name.as_str()))
    };
    service.operations.iter().filter(is_supported).map(|operation| names::action(&operation.name)).collect()
}

#[cfg(test)]
mod tests {
    use models::{Constraints, Metadata};

    use super::*;

    fn service(name: &str, operations: &[&str]) -> Source {
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
        let service = Service {
            metadata: Metadata { name: name.to_owned(), ..Metadata::default() },
            operations: operations.iter().map(operation).collect(),
            shapes: Vec::new(),
        };
        Source { folder: name.to_owned(), service, constraints: Constraints::default() }
    }

    #[test]
    fn open_and_closed_services_are_listed_without_what_is_not_supported() {
        let sources = [service("iot", &["GetB", "GetA"]), service("lambda", &["InvokeAsync"])];
        let text = text(&sources);
        for line in ["iot: getA getB", "iotanalytics: *", "lambda: "] {
            assert!(text.lines().any(|listed| listed == line), "{line}");
        }
    }
}
