//! Reads what a distributed Map state has besides: a label, and how items are read, batched and written.
//!
//! The objects stay as they are, for what runs the map; here they are only checked.

use crate::program::DistributedMap;
use crate::program::MachineType;
use crate::read::fields::Fields;
use crate::read::rules::range::Bounds;
use crate::read::supported::{self, Table};
use crate::read::{place::SourcePlace, rules};
use crate::value::{Text, Value};

/// AWS's most for `MaxItems`.
const ITEMS_MAX: u64 = 100_000_000;

/// AWS's most for `MaxInputBytesPerBatch`: the size of a payload.
const BATCH_BYTES_MAX: u64 = 262_144;

pub(crate) fn read(label: Option<Text>, execution_type: MachineType, fields: &Fields<'_>) -> DistributedMap {
    DistributedMap {
        label,
        execution_type,
        item_reader: object("ItemReader", supported::ITEM_READER, fields, item_reader),
        item_batcher: object("ItemBatcher", supported::ITEM_BATCHER, fields, item_batcher),
        result_writer: object("ResultWriter", supported::RESULT_WRITER, fields, result_writer),
    }
}

fn object(name: &str, table: &Table, fields: &Fields<'_>, check: impl Fn(&Fields<'_>)) -> Option<Value> {
    let value = fields.get(name)?;
    let place: SourcePlace<'_> = fields.place.member(name);
    let inner = Fields::of(value, &place, fields.log, fields.language)?;
    rules::supported_fields::check(&[table], &inner);
    check(&inner);
    Some(value.clone())
}

fn item_reader(reader: &Fields<'_>) {
    rules::required_fields::check(&["Resource"], reader);
    reader.text("Resource");
    location(reader);
    object("ReaderConfig", supported::READER_CONFIG, reader, |config| {
        reader_words(config);
        config.figure("MaxItems", "MaxItemsPath", Bounds::integer(0, ITEMS_MAX), Fields::payload_path);
    });
}

fn reader_words(config: &Fields<'_>) {
    words("InputType", &["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"], config);
    words("Transformation", &["NONE", "LOAD_AND_FLATTEN"], config);
    words("ManifestType", &["ATHENA_DATA", "S3_INVENTORY"], config);
    words("CSVDelimiter", &["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"], config);
    words("CSVHeaderLocation", &["FIRST_ROW", "GIVEN"], config);
    config.list("CSVHeaders");
}

fn item_batcher(batcher: &Fields<'_>) {
    let path = Fields::payload_path;
    batcher.figure("MaxItemsPerBatch", "MaxItemsPerBatchPath", Bounds::count(), path);
    let bytes = Bounds::integer(0, BATCH_BYTES_MAX);
    batcher.figure("MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath", bytes, path);
    batcher.template("BatchInput");
}

fn result_writer(writer: &Fields<'_>) {
    let place_name = if writer.is_jsonata() { "Arguments" } else { "Parameters" };
    if writer.has("Resource") || !writer.has("WriterConfig") {
        rules::required_fields::check(&["Resource", place_name], writer);
    }
    writer.text("Resource");
    location(writer);
    object("WriterConfig", supported::WRITER_CONFIG, writer, |config| {
        words("OutputType", &["JSON", "JSONL"], config);
        words("Transformation", &["NONE", "COMPACT", "FLATTEN"], config);
    });
}

/// `Parameters` or `Arguments`: which bucket and which key.
fn location(fields: &Fields<'_>) {
    super::task::arguments(fields);
}

fn words<'a>(name: &'a str, words: &[&str], fields: &Fields<'a>) {
    if fields.expression(name).is_some() {
        return;
    }
    let words: Vec<(&str, ())> = words.iter().map(|word| (*word, ())).collect();
    fields.choice(name, &words);
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, jsonata_machine, machine, refused};

    fn map(fields: &str) -> String {
        machine(&format!(
            r#"{{"Type": "Map", {fields}, "End": true, "ItemProcessor": {{"ProcessorConfig":
            {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "StartAt": "Y", "States": {{"Y": {{"Type": "Succeed"}}}}}}}}"#
        ))
    }

    #[test]
    fn readers_batchers_and_writers_are_taken() {
        for fields in [
            r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "CSV",
               "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"], "MaxItems": 10}, "Parameters": {"Bucket": "b", "Key.$": "$.key"}}"#,
            r#""ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b", "Prefix": "p"}}"#,
            r#""ItemBatcher": {"MaxItemsPerBatchPath": "$.n", "MaxInputBytesPerBatch": 262144, "BatchInput": {"a.$": "$.a"}}"#,
            r#""ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"},
               "WriterConfig": {"OutputType": "JSONL", "Transformation": "FLATTEN"}}"#,
            r#""ResultWriter": {"WriterConfig": {"Transformation": "COMPACT"}}"#,
        ] {
            accepted(&map(fields));
        }
    }

    #[test]
    fn a_writer_in_jsonata_takes_arguments() {
        let map = |writer: &str| {
            jsonata_machine(&format!(
                r#"{{"Type": "Map", "ResultWriter": {writer}, "End": true, "ItemProcessor": {{"ProcessorConfig":
                {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "StartAt": "Y", "States": {{"Y": {{"Type": "Succeed"}}}}}}}}"#
            ))
        };
        refused(
            &map(r#"{"Resource": "arn:aws:states:::s3:putObject"}"#),
            &["SCHEMA_VALIDATION_FAILED: These fields are required: [Arguments] at /States/X/ResultWriter"],
        );
        accepted(&map(r#"{"Resource": "arn:aws:states:::s3:putObject", "Arguments": {"Bucket": "b"}}"#));
    }

    #[test]
    fn what_they_do_not_know_is_refused() {
        let cases = [
            (r#""ItemReader": {}"#, "These fields are required: [Resource] at /States/X/ItemReader"),
            (
                r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "XML"}}"#,
                "The field 'InputType' should have one of these values: [CSV, JSON, JSONL, PARQUET, MANIFEST] \
                 at /States/X/ItemReader/ReaderConfig/InputType",
            ),
            (
                r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"MaxItems": 1, "MaxItemsPath": "$.n"}}"#,
                "There should only be one of the following fields: [MaxItems, MaxItemsPath] \
                 at /States/X/ItemReader/ReaderConfig",
            ),
            (
                r#""ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"MaxItems": 100000001}}"#,
                "Maximum value is 100000000 at /States/X/ItemReader/ReaderConfig/MaxItems",
            ),
            (
                r#""ItemBatcher": {"MaxItemsPerBatch": -1}"#,
                "Minimum value is 0 at /States/X/ItemBatcher/MaxItemsPerBatch",
            ),
            (
                r#""ItemBatcher": {"BatchInput": {"a.$": "a"}}"#,
                "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call \
                 at /States/X/ItemBatcher/BatchInput",
            ),
            (
                r#""ResultWriter": {"Resource": "arn:aws:states:::s3:putObject"}"#,
                "These fields are required: [Parameters] at /States/X/ResultWriter",
            ),
        ];
        for (fields, text) in cases {
            refused(&map(fields), &[&format!("SCHEMA_VALIDATION_FAILED: {text}")]);
        }
    }
}
