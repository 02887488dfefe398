//! Step Functions Local's spellings, so that its command lines and compose files work here.

use std::ffi::OsString;

/// Its options with one hyphen, and ours. Its other spellings with two hyphens are aliases of ours.
const OPTIONS: [(&str, &str); 15] = [
    ("help", "help"),
    ("v", "version"),
    ("version", "version"),
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
/// `serve`, and where there is no command: elsewhere such a word may be a value.
pub(crate) fn with_long_spellings(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut serving = false;
    arguments
        .into_iter()
        .enumerate()
        .map(|(index, argument)| {
            serving |= index == 1 && (argument == "serve" || argument.to_string_lossy().starts_with('-'));
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
            ("stepwright -version", "stepwright --version"),
            ("stepwright serve -v", "stepwright serve --version"),
            ("stepwright serve -help", "stepwright serve --help"),
            ("stepwright -V", "stepwright -V"),
        ] {
            assert_eq!(rewritten(line), expected);
        }
    }
}
