//! The names that the SDK integrations give to services and actions. They are those of the AWS SDK for Java 2, which
//! Step Functions calls through.

use regex_lite::Regex;

/// Where Step Functions does not follow the rule of [`error_prefix`] (AWS's table of supported SDK integrations).
const PREFIXES: &[(&str, &str)] = &[("autoscaling", "Auto Scaling"), ("memorydb", "MemoryDB")];

/// `CloudWatch Logs` is `cloudwatchlogs`, `Config Service` is `config`.
pub(super) fn service(service_id: &str) -> String {
    let name = service_id.to_ascii_lowercase().replace([' ', '-'], "");
    name.strip_suffix("service").unwrap_or(&name).to_owned()
}

/// What begins the names of a service's errors: `DynamoDB` gives `DynamoDb`, `Secrets Manager` gives `SecretsManager`.
pub(super) fn error_prefix(service_id: &str) -> String {
    let name = service(service_id);
    if let Some((_, prefix)) = PREFIXES.iter().find(|(exception, _)| *exception == name) {
        return (*prefix).to_owned();
    }
    let prefix: String = words(service_id).iter().map(|word| capitalized(word)).collect();
    prefix.strip_suffix("Service").unwrap_or(&prefix).to_owned()
}

/// `GetObject` is `getObject`, `MFAToken` is `mfaToken`.
pub(super) fn action(operation: &str) -> String {
    let is_upper = |at: usize| operation.as_bytes().get(at).is_some_and(u8::is_ascii_uppercase);
    let is_lower = |at: usize| operation.as_bytes().get(at).is_some_and(u8::is_ascii_lowercase);
    let mut end = usize::from(!operation.is_empty());
    while is_upper(end) && !is_lower(end + 1) {
        end += 1;
    }
    // Names of operations are ASCII.
    operation.chars().enumerate().map(|(at, c)| if at < end { c.to_ascii_lowercase() } else { c }).collect()
}

fn capitalized(word: &str) -> String {
    let word = word.to_ascii_lowercase();
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// The words of a name, as the Java SDK takes them apart: at spaces, before a version, between `aB`, after an acronym,
/// after a number.
fn words(name: &str) -> Vec<String> {
    let replaced = |text: &str, pattern: &str, with: &str| match Regex::new(pattern) {
        Ok(regex) => regex.replace_all(text, with).into_owned(),
        Err(_) => text.to_owned(),
    };
    let name = replaced(name, "[^A-Za-z0-9]+", " ");
    let name = replaced(&name, "([^a-z]{2,})v([0-9]+)", "$1 v$2 ");
    let name = replaced(&name, "([^A-Z]{2,})V([0-9]+)", "$1 V$2 ");
    let name = between_cases(&name);
    let name = replaced(&name, "([A-Z]+)([A-Z][a-z])", "$1 $2");
    let name = replaced(&name, "([0-9])([a-zA-Z])", "$1 $2");
    name.split_whitespace().map(str::to_owned).collect()
}

fn between_cases(name: &str) -> String {
    let bytes = name.as_bytes();
    let begins_word = |at: usize| {
        at > 0
            && bytes[at - 1].is_ascii_lowercase()
            && bytes[at].is_ascii_uppercase()
            && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
    };
    let mut spaced = String::with_capacity(name.len() + 4);
    for (at, c) in name.char_indices() {
        if begins_word(at) {
            spaced.push(' ');
        }
        spaced.push(c);
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_prefixes_are_named_as_in_aws_table() {
        for (service_id, name, prefix) in [
            ("ACM PCA", "acmpca", "AcmPca"),
            ("API Gateway", "apigateway", "ApiGateway"),
            ("AmplifyUIBuilder", "amplifyuibuilder", "AmplifyUiBuilder"),
            ("ApiGatewayV2", "apigatewayv2", "ApiGatewayV2"),
            ("Auto Scaling", "autoscaling", "Auto Scaling"),
            ("CloudWatch Logs", "cloudwatchlogs", "CloudWatchLogs"),
            ("Config Service", "config", "Config"),
            ("Database Migration Service", "databasemigration", "DatabaseMigration"),
            ("DynamoDB", "dynamodb", "DynamoDb"),
            ("FSx", "fsx", "FSx"),
            ("IoT Events Data", "ioteventsdata", "IotEventsData"),
            ("IoTAnalytics", "iotanalytics", "IoTAnalytics"),
            ("Lex Runtime V2", "lexruntimev2", "LexRuntimeV2"),
            ("MTurk", "mturk", "MTurk"),
            ("MemoryDB", "memorydb", "MemoryDB"),
            ("Route 53", "route53", "Route53"),
            ("SESv2", "sesv2", "SesV2"),
            ("SFN", "sfn", "Sfn"),
            ("SageMaker A2I Runtime", "sagemakera2iruntime", "SageMakerA2IRuntime"),
            ("Service Quotas", "servicequotas", "ServiceQuotas"),
            ("WAFV2", "wafv2", "Wafv2"),
            ("XRay", "xray", "XRay"),
            ("codeartifact", "codeartifact", "Codeartifact"),
        ] {
            assert_eq!(service(service_id), name);
            assert_eq!(error_prefix(service_id), prefix);
        }
    }

    #[test]
    fn actions_begin_in_lower_case() {
        for (operation, name) in
            [("GetObject", "getObject"), ("MFAToken", "mfaToken"), ("ABC", "abc"), ("AToken", "aToken"), ("", "")]
        {
            assert_eq!(action(operation), name);
        }
    }
}
