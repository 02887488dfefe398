//! What AWS's diagnostic codes mean, one sentence each.

use asl::diagnostic::Code;

use crate::check::FindingCode;

/// What a code is about.
pub(super) fn explanation(code: FindingCode) -> &'static str {
    match code {
        FindingCode::Aws(code) => of_aws(code),
        FindingCode::Advice(rule) => rule.explanation(),
    }
}

/// In our own words: AWS explains only some of its codes.
fn of_aws(code: Code) -> &'static str {
    match code {
        Code::InvalidJsonDescription => "The text is not JSON, or not YAML that JSON can say.",
        Code::MissingDescription => "There is no definition.",
        Code::SchemaValidationFailed => {
            "The definition breaks a rule of the Amazon States Language: a field is missing, unknown or has a wrong value."
        }
        Code::InvalidResource => "A Task state's Resource names nothing that a workflow can call.",
        Code::MissingEndState => "No state ends the workflow.",
        Code::DuplicateStateName => "Two states have the same name.",
        Code::InvalidStateName => "A state's name is empty, too long or holds a character that is not allowed.",
        Code::MissingTransitionTarget => {
            "A transition names a state that is not there, or no transition leads to a state."
        }
        Code::TooDeeplyNested => "The definition nests too deeply.",
        Code::DuplicateLabelName => "Two Map states have the same Label.",
        Code::InvalidLabelName => "A Map state's Label is empty, too long or holds a character that is not allowed.",
        Code::InvalidJsonataExpression => "A JSONata expression is not well-formed.",
        Code::UnsupportedJsonataExpression => "A JSONata expression uses what Step Functions does not support.",
        Code::NoDollar => {
            "A value looks like a path or an intrinsic function, but its field's name does not end in `.$`."
        }
        Code::NoPath => "A value looks like a path, but its field's name does not end in `Path`.",
        Code::PassResultIsStatic => "The Result of a Pass state is used as it stands: a path in it is not evaluated.",
    }
}
