//! The test of a Map state: everything but its iterations, whose outcome the mock gives.

use asl::program::{DistributedMap, Map, QueryLanguage};
use asl::template::Template;
use asl::{ErrorName, EvaluationError, Text, Value};

use super::{Configuration, Mock, TestStateError, reader};
use crate::cursor::{Cursor, View};
use crate::decide::Decision;
use crate::execution::{item_count, map_item};
use crate::failure::Failure;
use crate::states;

pub(super) fn run<'a>(
    decision: &mut Decision<'a>,
    cursor: Cursor<'a>,
    map: &Map,
    mock: &Mock,
    configuration: &Configuration,
) -> Result<(), TestStateError> {
    let begun = match begin(decision, &cursor, map, configuration) {
        Ok(begun) => begun,
        Err(error) => {
            decision.raise(cursor, error);
            return Ok(());
        }
    };
    let failed = configuration.map_iteration_failure_count.unwrap_or(0);
    if begun.iterations.is_some_and(|iterations| failed > iterations) {
        let why = "Map iteration failure count must be less than or equal to the number of Map iterations";
        return Err(TestStateError::invalid(why));
    }
    match mock {
        Mock::Error { error, cause } => decision.fail(cursor, Failure::named(error.clone(), cause.clone())),
        Mock::Result { .. } if begun.tolerated_failures.is_some_and(|tolerated| failed > tolerated) => {
            let cause = "The specified tolerated failure threshold was exceeded";
            let error = ErrorName::EXCEED_TOLERATED_FAILURE_THRESHOLD;
            decision.fail(cursor, Failure::named(error.into(), Some(cause.into())));
        }
        Mock::Result { value, .. } => states::map::finish(decision, cursor, map, value),
    }
    Ok(())
}

struct Begun {
    /// `None` where an item reader would read the items, and nobody said what it reads.
    iterations: Option<u64>,
    /// `None` where the state says nothing of it: then AWS takes the mocked result, however many failed.
    tolerated_failures: Option<u64>,
}

fn begin(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    map: &Map,
    configuration: &Configuration,
) -> Result<Begun, EvaluationError> {
    let input = decision.effective_input(cursor)?;
    let distributed = map.distributed.as_deref();
    let items = match distributed.and_then(|distributed| distributed.item_reader.as_ref()) {
        None => Some(states::map::items(decision, cursor, map)?),
        Some(reader) => match &configuration.map_item_reader_data {
            Some(data) => Some(reader::items(decision, reader, data)?),
            None => None,
        },
    };
    let bounds = states::map::bounds(decision, cursor, map, items.as_ref().map_or(0, item_count))?;
    let mut iterations = None;
    if let Some(items) = &items {
        let inputs = selected(decision, cursor, map, items, &input)?;
        let inputs = match distributed.and_then(batcher) {
            Some(batcher) => batched(decision, cursor, batcher, inputs, &input)?,
            None => inputs,
        };
        iterations = Some(inputs.len() as u64);
    }
    let says_tolerance = map.tolerated_failure_count.is_some() || map.tolerated_failure_percentage.is_some();
    Ok(Begun { iterations, tolerated_failures: says_tolerance.then_some(bounds.tolerated_failures) })
}

/// The input of each iteration.
fn selected(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    map: &Map,
    items: &Value,
    input: &Value,
) -> Result<Vec<Value>, EvaluationError> {
    let inputs = (0..item_count(items))
        .map(|index| states::map::item_input(decision, cursor, map, map_item(items, index), input))
        .collect::<Result<Vec<_>, _>>()?;
    if map.item_selector.is_some() {
        let shown = Value::array(inputs.clone());
        // A selector that repeats a large input for each item makes more than an answer can hold.
        if decision.turn.limits.fits(&shown) {
            decision.saw(|seen| seen.after_item_selector = Some(shown));
        }
    }
    Ok(inputs)
}

fn batcher(distributed: &DistributedMap) -> Option<&Value> {
    distributed.item_batcher.as_ref()
}

/// The items in batches, each of at most so many items and so many bytes, with the `BatchInput` in each.
fn batched(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    batcher: &Value,
    items: Vec<Value>,
    input: &Value,
) -> Result<Vec<Value>, EvaluationError> {
    let settings = settings(decision, cursor, batcher, input)?;
    let bound =
        |name| settings.get(name).and_then(Value::as_i64).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let items_max = bound("MaxItemsPerBatch").unwrap_or(usize::MAX);
    let bytes_max = bound("MaxInputBytesPerBatch").unwrap_or(decision.turn.limits.payload_bytes);
    let batch_input = settings.get("BatchInput");
    let frame_bytes = batch(batch_input, Vec::new()).to_json().len();

    let mut batches = Vec::new();
    let (mut current, mut bytes) = (Vec::new(), frame_bytes);
    for item in items {
        let item_bytes = item.to_json().len() + 1;
        let is_full = current.len() >= items_max || bytes + item_bytes > bytes_max;
        if is_full && !current.is_empty() {
            batches.push(batch(batch_input, std::mem::take(&mut current)));
            bytes = frame_bytes;
        }
        bytes += item_bytes;
        current.push(item);
    }
    if !current.is_empty() {
        batches.push(batch(batch_input, current));
    }
    let shown = Value::array(batches.clone());
    if decision.turn.limits.fits(&shown) {
        decision.saw(|seen| seen.after_item_batcher = Some(shown));
    }
    Ok(batches)
}

fn batch(batch_input: Option<&Value>, items: Vec<Value>) -> Value {
    let input = batch_input.map(|input| (Text::from("BatchInput"), input.clone()));
    Value::object(input.into_iter().chain([("Items".into(), Value::array(items))]))
}

/// The batcher's members, evaluated. A `…Path` member is what a `.$` member of its name is in a template.
fn settings(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    batcher: &Value,
    input: &Value,
) -> Result<Value, EvaluationError> {
    let language = cursor.state.language;
    let members = batcher.as_object().into_iter().flat_map(|object| object.iter());
    let members = members.map(|(name, value)| match name.strip_suffix("Path") {
        Some(name) if language == QueryLanguage::JsonPath => (Text::from(format!("{name}.$")), value.clone()),
        _ => (name.clone(), value.clone()),
    });
    let template = Template::parse(&Value::object(members), language).map_err(|errors| {
        let why = errors.first().map(ToString::to_string).unwrap_or_default();
        EvaluationError::runtime(format!("The ItemBatcher cannot be evaluated: {why}"))
    })?;
    decision.evaluate(cursor, View::of(input), |scope| template.evaluate(scope, "ItemBatcher"))
}
