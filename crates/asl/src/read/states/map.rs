//! Reads a Map state.

use super::{map_distributed, task};
use crate::program::MachineType;
use crate::program::{BranchId, Figure, Map, MapItems, MapMode, QueryLanguage};
use crate::read::container::Here;
use crate::read::fields::Fields;
use crate::read::machine::ProgramBuilder;
use crate::read::place::SourcePlace;
use crate::read::rules::range::Bounds;
use crate::read::rules::variable_scope::OuterScope;
use crate::read::{catch, retry, rules, supported};
use crate::template::Template;

pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>, builder: &mut ProgramBuilder<'_>) -> Map {
    let label = rules::label::read(fields, &mut builder.labels);
    let processor = processor(fields, here, builder);
    let Processor { branch, mode, machine_type } = processor.unwrap_or_else(|| {
        let branch = builder.stand_in_branch();
        Processor { branch, mode: MapMode::Inline, machine_type: here.container.machine_type }
    });
    let distributed = match mode {
        MapMode::Distributed => Some(Box::new(map_distributed::read(label, machine_type, fields))),
        MapMode::Inline => {
            rules::distributed::check_inline(fields);
            None
        }
    };
    let items = items(fields).unwrap_or_else(|| fields.log.stand_in(MapItems::Path(None)));
    let item_selector = item_selector(fields);
    let max_concurrency = count("MaxConcurrency", "MaxConcurrencyPath", fields);
    let tolerated_failure_count = count("ToleratedFailureCount", "ToleratedFailureCountPath", fields);
    let tolerated_failure_percentage = percentage(fields);
    let result_selector = task::result_selector(fields);
    let (result_path, retry, catch) = (fields.result_path(), retry::read(fields), catch::read(fields, here));
    let transition = here.transition(fields);
    Map {
        processor: branch,
        mode,
        distributed,
        items,
        item_selector,
        max_concurrency,
        tolerated_failure_count,
        tolerated_failure_percentage,
        result_selector,
        result_path,
        retry,
        catch,
        transition,
    }
}

struct Processor {
    branch: BranchId,
    mode: MapMode,
    /// The type of what runs its states: the child executions where the mode is distributed.
    machine_type: MachineType,
}

fn processor(fields: &Fields<'_>, here: Here<'_>, builder: &mut ProgramBuilder<'_>) -> Option<Processor> {
    let name = if fields.has("Iterator") && !fields.has("ItemProcessor") { "Iterator" } else { "ItemProcessor" };
    rules::required_fields::check(&[name], fields);
    fields.at_most_one_of(&["ItemProcessor", "Iterator"]);
    let place = fields.place_of(name);
    let inner = Fields::of(fields.get(name)?, &place, fields.log, fields.language)?;
    let outer = here.container;
    let (mode, machine_type) = processor_config(&inner, outer.machine_type);
    let scope = match mode {
        MapMode::Inline => Some(OuterScope::of(fields.object, &outer.scope)),
        MapMode::Distributed => None,
    };
    let branch = builder.inner(&inner, supported::PROCESSOR, machine_type, outer, scope)?;
    Some(Processor { branch, mode, machine_type })
}

fn processor_config(processor: &Fields<'_>, outer: MachineType) -> (MapMode, MachineType) {
    const NAME: &str = "ProcessorConfig";
    const INLINE: MapMode = MapMode::Inline;
    let place: SourcePlace<'_> = processor.place_of(NAME);
    let config = processor.get(NAME).and_then(|value| Fields::of(value, &place, processor.log, processor.language));
    let Some(config) = config else { return (INLINE, outer) };
    rules::supported_fields::check(&[supported::PROCESSOR_CONFIG], &config);
    let mode = needed_word("Mode", &[("INLINE", INLINE), ("DISTRIBUTED", MapMode::Distributed)], &config);
    let mode = mode.unwrap_or(INLINE);
    let types = &[("STANDARD", MachineType::Standard), ("EXPRESS", MachineType::Express)];
    let execution_type = needed_word("ExecutionType", types, &config);
    if mode == INLINE {
        return (mode, outer);
    }
    rules::distributed::check_machine(mode, outer, &config);
    rules::required_fields::check(&["ExecutionType"], &config);
    (mode, execution_type.unwrap_or(MachineType::Standard))
}

/// A word without which nobody knows how the items are to be processed, where the field is there.
fn needed_word<'a, T: Copy>(name: &'a str, words: &[(&str, T)], config: &Fields<'a>) -> Option<T> {
    let word = config.choice(name, words);
    if word.is_none() && config.has(name) {
        config.log.unreadable();
    }
    word
}

/// `ItemsPath` (JSONPath) or `Items` (JSONata).
fn items(fields: &Fields<'_>) -> Option<MapItems> {
    if !fields.is_jsonata() {
        return Some(MapItems::Path(fields.single_path("ItemsPath")));
    }
    let Some(value) = fields.get("Items") else { return Some(MapItems::Path(None)) };
    let iterable = value.as_array().is_some() || value.as_object().is_some();
    if !iterable && fields.expression("Items").is_none() {
        return rules::value_type::expected("Array", &fields.place_of("Items"), fields.log);
    }
    fields.template("Items").map(MapItems::Items)
}

/// `ItemSelector`, or `Parameters` in old JSONPath definitions.
fn item_selector(fields: &Fields<'_>) -> Option<Template> {
    if fields.is_jsonata() {
        return fields.template("ItemSelector");
    }
    fields.at_most_one_of(&["ItemSelector", "Parameters"]);
    fields.template("ItemSelector").or_else(|| fields.template_in(QueryLanguage::JsonPath, "Parameters"))
}

fn count<'a>(name: &'a str, path_name: &'a str, fields: &Fields<'a>) -> Option<Figure> {
    fields.figure(name, path_name, Bounds::count(), Fields::payload_path)
}

fn percentage(fields: &Fields<'_>) -> Option<Figure> {
    const PERCENTAGE: Bounds = Bounds::float(0.0, 100.0);
    fields.figure("ToleratedFailurePercentage", "ToleratedFailurePercentagePath", PERCENTAGE, Fields::payload_path)
}

#[cfg(test)]
mod tests {
    use crate::read::rules::testing::{accepted, machine, refused};

    const PROCESSOR: &str = r#"{"StartAt": "Y", "States": {"Y": {"Type": "Succeed"}}}"#;

    fn map(fields: &str) -> String {
        machine(&format!(r#"{{"Type": "Map", {fields}, "End": true}}"#))
    }

    #[test]
    fn old_and_new_names_exclude_each_other() {
        accepted(&map(&format!(r#""Iterator": {PROCESSOR}, "Parameters": {{}}"#)));
        accepted(&map(&format!(
            r#""ItemProcessor": {PROCESSOR}, "ItemSelector": {{}}, "ItemsPath": "$$.Execution.Input.a""#
        )));
        let both = map(&format!(r#""ItemProcessor": {PROCESSOR}, "ItemSelector": {{}}, "Parameters": {{}}"#));
        let text = "There should only be one of the following fields: [ItemSelector, Parameters]";
        refused(&both, &[&format!("SCHEMA_VALIDATION_FAILED: {text} at /States/X")]);
        let both = map(&format!(r#""ItemProcessor": {PROCESSOR}, "Iterator": {PROCESSOR}"#));
        let text = "There should only be one of the following fields: [ItemProcessor, Iterator]";
        refused(&both, &[&format!("SCHEMA_VALIDATION_FAILED: {text} at /States/X")]);
    }

    #[test]
    fn distributed_children_have_a_type() {
        let processor = |config: &str| {
            map(&format!(
                r#""ItemProcessor": {{"ProcessorConfig": {config}, "StartAt": "Y", "States": {{"Y": {{"Type": "Succeed"}}}}}}"#
            ))
        };
        let place = "/States/X/ItemProcessor/ProcessorConfig";
        refused(
            &processor(r#"{"Mode": "DISTRIBUTED"}"#),
            &[&format!("SCHEMA_VALIDATION_FAILED: These fields are required: [ExecutionType] at {place}")],
        );
        refused(
            &processor(r#"{"Mode": "distributed"}"#),
            &[&format!(
                "SCHEMA_VALIDATION_FAILED: The field 'Mode' should have one of these values: [INLINE, DISTRIBUTED] at {place}/Mode"
            )],
        );
        accepted(&processor("{}"));
        accepted(&processor(r#"{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}"#));
    }
}
