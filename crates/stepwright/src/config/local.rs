//! Step Functions Local's spellings, so that its command lines and compose files work here.

use std::ffi::OsString;

use super::Environment;
use crate::cli::EndpointArguments;

/// Its options with one hyphen, and ours.
const OPTIONS: [(&str, &str); 12] = [
    ("account", "account"),
    ("region", "region"),
    ("waitTimeScale", "wait-time-scale"),
    ("lambdaEndpoint", "lambda-endpoint"),
    ("batchEndpoint", "batch-endpoint"),
    ("dynamoDBEndpoint", "dynamodb-endpoint"),
    ("ecsEndpoint", "ecs-endpoint"),
    ("glueEndpoint", "glue-endpoint"),
    ("sageMakerEndpoint", "sagemaker-endpoint"),
    ("sqsEndpoint", "sqs-endpoint"),
    ("snsEndpoint", "sns-endpoint"),
    ("stepFunctionsEndpoint", "stepfunctions-endpoint"),
];

/// The arguments with Step Functions Local's `-waitTimeScale` and its like written our way. Only those of
/// `serve`: elsewhere such a word may be a value.
pub(crate) fn with_long_spellings(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut serving = false;
    arguments
        .into_iter()
        .enumerate()
        .map(|(index, argument)| {
            serving |= index == 1 && argument == "serve";
            if serving { long_spelling(&argument).unwrap_or(argument) } else { argument }
        })
        .collect()
}

fn long_spelling(argument: &OsString) -> Option<OsString> {
    let word = argument.to_str()?.strip_prefix('-')?;
    let (name, value) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    };
    let (_, ours) = OPTIONS.iter().find(|(theirs, _)| *theirs == name)?;
    Some(match value {
        Some(value) => format!("--{ours}={value}").into(),
        None => format!("--{ours}").into(),
    })
}

/// The endpoints that are set, each by the name it was set under.
pub(super) fn endpoints_set(arguments: &EndpointArguments, environment: Environment<'_>) -> Vec<String> {
    let endpoints = [
        (&arguments.lambda_endpoint, "--lambda-endpoint", "LAMBDA_ENDPOINT"),
        (&arguments.batch_endpoint, "--batch-endpoint", "BATCH_ENDPOINT"),
        (&arguments.dynamodb_endpoint, "--dynamodb-endpoint", "DYNAMODB_ENDPOINT"),
        (&arguments.ecs_endpoint, "--ecs-endpoint", "ECS_ENDPOINT"),
        (&arguments.glue_endpoint, "--glue-endpoint", "GLUE_ENDPOINT"),
        (&arguments.sagemaker_endpoint, "--sagemaker-endpoint", "SAGE_MAKER_ENDPOINT"),
        (&arguments.sqs_endpoint, "--sqs-endpoint", "SQS_ENDPOINT"),
        (&arguments.sns_endpoint, "--sns-endpoint", "SNS_ENDPOINT"),
        (&arguments.stepfunctions_endpoint, "--stepfunctions-endpoint", "STEP_FUNCTIONS_ENDPOINT"),
    ];
    let set_under = |(flag, name, variable): (&Option<String>, &str, &str)| {
        if flag.is_some() {
            return Some(name.to_owned());
        }
        environment(variable).filter(|value| !value.is_empty()).map(|_| variable.to_owned())
    };
    endpoints.into_iter().filter_map(set_under).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(line: &str) -> String {
        let words = with_long_spellings(line.split(' ').map(OsString::from));
        words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_hyphen_becomes_two_for_serve_only() {
        for (line, expected) in [
            ("stepwright serve -account 1 -region=x", "stepwright serve --account 1 --region=x"),
            ("stepwright serve -waitTimeScale 0.1", "stepwright serve --wait-time-scale 0.1"),
            ("stepwright serve -dynamoDBEndpoint http://d", "stepwright serve --dynamodb-endpoint http://d"),
            ("stepwright serve --port 1 -h", "stepwright serve --port 1 -h"),
            ("stepwright run -account", "stepwright run -account"),
        ] {
            assert_eq!(rewritten(line), expected);
        }
    }

    #[test]
    fn endpoints_are_named_as_they_were_set() {
        let arguments = EndpointArguments { sqs_endpoint: Some("http://q".into()), ..Default::default() };
        let environment = |name: &str| (name == "LAMBDA_ENDPOINT").then(|| OsString::from("http://l"));
        assert_eq!(endpoints_set(&arguments, &environment), ["LAMBDA_ENDPOINT", "--sqs-endpoint"]);
    }
}
