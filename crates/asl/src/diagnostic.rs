//! What is wrong with a definition, and where.

use std::fmt;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The definition runs, but probably not as meant.
    Warning,
    /// The definition is refused.
    Error,
}

/// AWS's diagnostic codes (`ValidateStateMachineDefinition`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the codes are AWS's words")]
pub enum Code {
    InvalidJsonDescription,
    MissingDescription,
    SchemaValidationFailed,
    InvalidResource,
    MissingEndState,
    DuplicateStateName,
    InvalidStateName,
    MissingTransitionTarget,
    TooDeeplyNested,
    DuplicateLabelName,
    InvalidLabelName,
    InvalidJsonataExpression,
    UnsupportedJsonataExpression,
    NoDollar,
    NoPath,
    PassResultIsStatic,
}

impl Code {
    /// As AWS spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJsonDescription => "INVALID_JSON_DESCRIPTION",
            Self::MissingDescription => "MISSING_DESCRIPTION",
            Self::SchemaValidationFailed => "SCHEMA_VALIDATION_FAILED",
            Self::InvalidResource => "INVALID_RESOURCE",
            Self::MissingEndState => "MISSING_END_STATE",
            Self::DuplicateStateName => "DUPLICATE_STATE_NAME",
            Self::InvalidStateName => "INVALID_STATE_NAME",
            Self::MissingTransitionTarget => "MISSING_TRANSITION_TARGET",
            Self::TooDeeplyNested => "TOO_DEEPLY_NESTED",
            Self::DuplicateLabelName => "DUPLICATE_LABEL_NAME",
            Self::InvalidLabelName => "INVALID_LABEL_NAME",
            Self::InvalidJsonataExpression => "INVALID_JSONATA_EXPRESSION",
            Self::UnsupportedJsonataExpression => "UNSUPPORTED_JSONATA_EXPRESSION",
            Self::NoDollar => "NO_DOLLAR",
            Self::NoPath => "NO_PATH",
            Self::PassResultIsStatic => "PASS_RESULT_IS_STATIC",
        }
    }
}

/// One finding about a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the definition is refused for it.
    pub severity: Severity,
    /// AWS's code.
    pub code: Code,
    /// AWS's text.
    pub message: String,
    /// Where, as AWS writes it (`/States/A/Next`, `/States/C/Choices[0]/Next`); absent where AWS gives none.
    pub location: Option<String>,
    /// The same as a JSON pointer (RFC 6901), or what is nearest above where nothing stands there; absent where the text
    /// is no JSON.
    pub pointer: Option<String>,
    /// The place in the source text, as byte offsets, where it is known.
    pub span: Option<std::ops::Range<usize>>,
    /// What to do about it, in our own words.
    pub help: Option<String>,
}

impl fmt::Display for Diagnostic {
    /// `CODE: message at location`, as CreateStateMachine prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at {}", self.code.as_str(), self.message, self.location.as_deref().unwrap_or("null"))
    }
}
