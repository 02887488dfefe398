//! Map, inline: one iteration for each item, some of them at once.

use asl::program::{Map, MapItems, MapMode, QueryLanguage, StateKind};
use asl::{ErrorName, EvaluationError, Value};

use crate::cursor::{Cursor, View};
use crate::decide::Decision;
use crate::event::{EventKind, Numbered};
use crate::execution::{Iterations, MapItem, item_count};
use crate::leave::ResultFields;
use crate::states::figure;

/// Iterations begun in one step, so that a step stays short where the concurrency is not bounded.
const BEGUN_AT_ONCE: usize = 64;

pub(crate) fn begin<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, map: &Map) {
    match started(decision, &cursor, map) {
        Ok(kind) => {
            decision.push(cursor.frame, cursor.last, kind);
        }
        Err(error) => decision.raise(cursor, error),
    }
}

fn started(decision: &Decision<'_>, cursor: &Cursor<'_>, map: &Map) -> Result<EventKind, EvaluationError> {
    if map.mode == MapMode::Distributed {
        return Err(EvaluationError::runtime("This version of Stepwright cannot run a Map state in DISTRIBUTED mode."));
    }
    let items = items(decision, cursor, map)?;
    let bounds = bounds(decision, cursor, map, item_count(&items))?;
    let limit = decision.turn.limits.inline_map_concurrency.max(1);
    let max_concurrency = if bounds.max_concurrency == 0 { limit } else { bounds.max_concurrency.min(limit) };
    Ok(EventKind::MapStateStarted { items, max_concurrency, tolerated_failures: bounds.tolerated_failures })
}

/// What a Map state says about its iterations as a whole.
pub(crate) struct Bounds {
    /// How many may run at once; 0 for no bound of its own.
    max_concurrency: u64,
    /// How many may fail.
    pub(crate) tolerated_failures: u64,
}

pub(crate) fn bounds(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    map: &Map,
    items: usize,
) -> Result<Bounds, EvaluationError> {
    let max_concurrency = match &map.max_concurrency {
        Some(figure) => figure::whole(decision, cursor, figure, "MaxConcurrency")?,
        None => 0,
    };
    decision.saw(|seen| seen.max_concurrency = Some(max_concurrency));
    Ok(Bounds { max_concurrency, tolerated_failures: tolerated_failures(decision, cursor, map, items)? })
}

/// The array or object whose entries are the items, where the state does not read them from elsewhere.
pub(crate) fn items(decision: &Decision<'_>, cursor: &Cursor<'_>, map: &Map) -> Result<Value, EvaluationError> {
    match &map.items {
        MapItems::Items(template) => {
            let view = View::of(&cursor.input);
            let value = decision.evaluate(cursor, view, |scope| template.evaluate(scope, "Items"))?;
            match value {
                Value::Array(_) => Ok(value),
                // As recorded; AWS's newer pages speak of objects too, and JSONPath takes them below.
                other => Err(template.unexpected_type("Items", "array", &other)),
            }
        }
        MapItems::Path(path) => {
            let input = decision.effective_input(cursor)?;
            let value = match path {
                None => input,
                Some(path) => decision.select_path(cursor, path, &input)?,
            };
            match value {
                Value::Array(_) => {
                    decision.saw(|seen| seen.after_items_path = Some(value.clone()));
                    Ok(value)
                }
                _ if cursor.state.language == QueryLanguage::Jsonata => Err(EvaluationError {
                    name: ErrorName::QUERY_EVALUATION_ERROR,
                    cause: format!("Map state input must be an array but was: {value}"),
                    location: None,
                }),
                // As recorded of TestState, which takes no object.
                Value::Object(_) if !decision.is_test() => Ok(value),
                _ => Err(EvaluationError::runtime(format!(
                    "Reference path \"{}\" must point to array.",
                    path.as_ref().map_or("$", |path| path.text())
                ))),
            }
        }
    }
}

fn tolerated_failures(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    map: &Map,
    items: usize,
) -> Result<u64, EvaluationError> {
    let count = map
        .tolerated_failure_count
        .as_ref()
        .map(|figure| figure::whole(decision, cursor, figure, "ToleratedFailureCount"))
        .transpose()?;
    let percentage = map
        .tolerated_failure_percentage
        .as_ref()
        .map(|figure| figure::percentage(decision, cursor, figure, "ToleratedFailurePercentage"))
        .transpose()?;
    decision.saw(|seen| (seen.tolerated_failure_count, seen.tolerated_failure_percentage) = (count, percentage));
    let share = percentage.map(|percentage| (items as f64 * percentage / 100.0).floor() as u64);
    Ok(count.into_iter().chain(share).min().unwrap_or(0))
}

/// Begins iterations, or ends the state once all of them ended.
pub(crate) fn proceed<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, iterations: &Iterations) {
    let StateKind::Map(map) = &cursor.state.kind else { return };
    if !iterations.can_start() {
        return finish(decision, cursor, map, &Value::array(iterations.outputs.clone()));
    }
    let input = match decision.effective_input(&cursor) {
        Ok(input) => input,
        Err(error) => return decision.raise(cursor, error),
    };
    let room = (iterations.max_concurrency - iterations.running.len()).min(BEGUN_AT_ONCE);
    for index in iterations.next..iterations.length().min(iterations.next + room) {
        match item_input(decision, &cursor, map, iterations.item(index), &input) {
            Ok(input) => {
                let name = cursor.state.name.clone();
                let child = Numbered::Written(decision.new_frame());
                let kind = EventKind::MapIterationStarted { name, index: index as u64, input, child };
                decision.push(cursor.frame, iterations.slot, kind);
            }
            Err(error) => return decision.raise(cursor, error),
        }
    }
}

/// An iteration's input. `input` is the Map state's own effective input.
pub(crate) fn item_input(
    decision: &Decision<'_>,
    cursor: &Cursor<'_>,
    map: &Map,
    item: MapItem,
    input: &Value,
) -> Result<Value, EvaluationError> {
    match &map.item_selector {
        Some(selector) => decision
            .evaluate_item(cursor, Some(&item), View::of(input), |scope| selector.evaluate(scope, "ItemSelector")),
        None => Ok(item.value),
    }
}

/// All iterations ended; `result` is the array of what they gave.
pub(crate) fn finish<'a>(decision: &mut Decision<'a>, cursor: Cursor<'a>, map: &Map, result: &Value) {
    // The exit names the same previous event as this one: AWS writes them side by side.
    decision.push(cursor.frame, cursor.last, EventKind::MapStateSucceeded);
    let fields = ResultFields { selector: map.result_selector.as_ref(), path: &map.result_path };
    decision.leave_with_result(cursor, result, &fields, map.transition);
}
