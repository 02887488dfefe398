//! Which fields an object of a definition may have, in which language.

use crate::program::QueryLanguage;

/// The language a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Support {
    /// Either.
    Both,
    /// JSONPath states only.
    JsonPath,
    /// JSONata states only.
    Jsonata,
}

impl Support {
    /// The only language that knows the field, where it is another than `language`.
    pub(crate) fn refuses(self, language: QueryLanguage) -> Option<QueryLanguage> {
        let only = match self {
            Self::Both => return None,
            Self::JsonPath => QueryLanguage::JsonPath,
            Self::Jsonata => QueryLanguage::Jsonata,
        };
        (only != language).then_some(only)
    }
}

/// The fields of one kind of object.
pub(crate) type Table = [(&'static str, Support)];

use Support::{Both, JsonPath, Jsonata};

/// The state machine itself.
pub(crate) const MACHINE: &Table = &[
    ("Comment", Both),
    ("StartAt", Both),
    ("States", Both),
    ("TimeoutSeconds", Both),
    ("Version", Both),
    ("QueryLanguage", Both),
];

/// A branch of a Parallel state.
pub(crate) const BRANCH: &Table = &[("Comment", Both), ("StartAt", Both), ("States", Both)];

/// The processor of a Map state.
pub(crate) const PROCESSOR: &Table =
    &[("Comment", Both), ("StartAt", Both), ("States", Both), ("ProcessorConfig", Both)];

/// `ProcessorConfig`
pub(crate) const PROCESSOR_CONFIG: &Table = &[("Comment", Both), ("Mode", Both), ("ExecutionType", Both)];

/// Every state.
pub(crate) const STATE: &Table = &[("Type", Both), ("Comment", Both), ("QueryLanguage", Both)];

/// States that take input and give output.
pub(crate) const DATA: &Table = &[("InputPath", JsonPath), ("OutputPath", JsonPath), ("Output", Jsonata)];

/// States that assign variables.
pub(crate) const ASSIGN: &Table = &[("Assign", Both)];

/// States with one transition.
pub(crate) const TRANSITION: &Table = &[("Next", Both), ("End", Both)];

/// Succeed and Fail are over anyway. AWS's guide says they do not need `End`, not that they may not have it.
pub(crate) const END: &Table = &[("End", Both)];

/// States that do work and may fail at it.
pub(crate) const WORK: &Table = &[
    ("ResultSelector", JsonPath),
    ("ResultPath", JsonPath),
    ("Parameters", JsonPath),
    ("Retry", Both),
    ("Catch", Both),
];

/// Pass
pub(crate) const PASS: &Table = &[("Result", JsonPath), ("ResultPath", JsonPath), ("Parameters", JsonPath)];

/// Task
pub(crate) const TASK: &Table = &[
    ("Resource", Both),
    ("Arguments", Jsonata),
    ("Credentials", Both),
    ("TimeoutSeconds", Both),
    ("TimeoutSecondsPath", JsonPath),
    ("HeartbeatSeconds", Both),
    ("HeartbeatSecondsPath", JsonPath),
];

/// Choice
pub(crate) const CHOICE: &Table = &[("Choices", Both), ("Default", Both)];

/// Wait
pub(crate) const WAIT: &Table =
    &[("Seconds", Both), ("SecondsPath", JsonPath), ("Timestamp", Both), ("TimestampPath", JsonPath)];

/// Fail
pub(crate) const FAIL: &Table = &[("Error", Both), ("ErrorPath", JsonPath), ("Cause", Both), ("CausePath", JsonPath)];

/// Parallel
pub(crate) const PARALLEL: &Table = &[("Branches", Both), ("Arguments", Jsonata)];

/// Map
pub(crate) const MAP: &Table = &[
    ("ItemProcessor", Both),
    ("Iterator", Both),
    ("ItemsPath", JsonPath),
    ("Items", Jsonata),
    ("ItemSelector", Both),
    ("MaxConcurrency", Both),
    ("MaxConcurrencyPath", JsonPath),
    ("ToleratedFailureCount", Both),
    ("ToleratedFailureCountPath", JsonPath),
    ("ToleratedFailurePercentage", Both),
    ("ToleratedFailurePercentagePath", JsonPath),
    ("Label", Both),
    ("ItemReader", Both),
    ("ItemBatcher", Both),
    ("ResultWriter", Both),
];

/// `ItemReader`
pub(crate) const ITEM_READER: &Table =
    &[("Comment", Both), ("Resource", Both), ("Parameters", JsonPath), ("Arguments", Jsonata), ("ReaderConfig", Both)];

/// `ItemReader.ReaderConfig`
pub(crate) const READER_CONFIG: &Table = &[
    ("Comment", Both),
    ("InputType", Both),
    ("Transformation", Both),
    ("ManifestType", Both),
    ("CSVDelimiter", Both),
    ("CSVHeaderLocation", Both),
    ("CSVHeaders", Both),
    ("ItemsPointer", Both),
    ("MaxItems", Both),
    ("MaxItemsPath", JsonPath),
];

/// `ItemBatcher`
pub(crate) const ITEM_BATCHER: &Table = &[
    ("Comment", Both),
    ("MaxItemsPerBatch", Both),
    ("MaxItemsPerBatchPath", JsonPath),
    ("MaxInputBytesPerBatch", Both),
    ("MaxInputBytesPerBatchPath", JsonPath),
    ("BatchInput", Both),
];

/// `ResultWriter`
pub(crate) const RESULT_WRITER: &Table =
    &[("Comment", Both), ("Resource", Both), ("Parameters", JsonPath), ("Arguments", Jsonata), ("WriterConfig", Both)];

/// `ResultWriter.WriterConfig`
pub(crate) const WRITER_CONFIG: &Table = &[("Comment", Both), ("OutputType", Both), ("Transformation", Both)];

/// A retrier.
pub(crate) const RETRIER: &Table = &[
    ("Comment", Both),
    ("ErrorEquals", Both),
    ("IntervalSeconds", Both),
    ("MaxAttempts", Both),
    ("BackoffRate", Both),
    ("MaxDelaySeconds", Both),
    ("JitterStrategy", Both),
];

/// A catcher.
pub(crate) const CATCHER: &Table = &[
    ("Comment", Both),
    ("ErrorEquals", Both),
    ("Next", Both),
    ("ResultPath", JsonPath),
    ("Output", Jsonata),
    ("Assign", Both),
];

/// What an entry of `Choices` has besides its condition.
pub(crate) const CHOICE_RULE: &Table =
    &[("Comment", Both), ("Next", Both), ("Assign", Both), ("Output", Jsonata), ("Condition", Jsonata)];

/// What a condition within another may have besides its operator.
pub(crate) const CONDITION: &Table = &[("Comment", Both)];

/// What makes a JSONPath condition.
pub(crate) const OPERATORS: &Table = &[
    ("Variable", JsonPath),
    ("And", JsonPath),
    ("Or", JsonPath),
    ("Not", JsonPath),
    ("StringEquals", JsonPath),
    ("StringEqualsPath", JsonPath),
    ("StringLessThan", JsonPath),
    ("StringLessThanPath", JsonPath),
    ("StringGreaterThan", JsonPath),
    ("StringGreaterThanPath", JsonPath),
    ("StringLessThanEquals", JsonPath),
    ("StringLessThanEqualsPath", JsonPath),
    ("StringGreaterThanEquals", JsonPath),
    ("StringGreaterThanEqualsPath", JsonPath),
    ("StringMatches", JsonPath),
    ("NumericEquals", JsonPath),
    ("NumericEqualsPath", JsonPath),
    ("NumericLessThan", JsonPath),
    ("NumericLessThanPath", JsonPath),
    ("NumericGreaterThan", JsonPath),
    ("NumericGreaterThanPath", JsonPath),
    ("NumericLessThanEquals", JsonPath),
    ("NumericLessThanEqualsPath", JsonPath),
    ("NumericGreaterThanEquals", JsonPath),
    ("NumericGreaterThanEqualsPath", JsonPath),
    ("BooleanEquals", JsonPath),
    ("BooleanEqualsPath", JsonPath),
    ("TimestampEquals", JsonPath),
    ("TimestampEqualsPath", JsonPath),
    ("TimestampLessThan", JsonPath),
    ("TimestampLessThanPath", JsonPath),
    ("TimestampGreaterThan", JsonPath),
    ("TimestampGreaterThanPath", JsonPath),
    ("TimestampLessThanEquals", JsonPath),
    ("TimestampLessThanEqualsPath", JsonPath),
    ("TimestampGreaterThanEquals", JsonPath),
    ("TimestampGreaterThanEqualsPath", JsonPath),
    ("IsNull", JsonPath),
    ("IsPresent", JsonPath),
    ("IsNumeric", JsonPath),
    ("IsString", JsonPath),
    ("IsBoolean", JsonPath),
    ("IsTimestamp", JsonPath),
];
