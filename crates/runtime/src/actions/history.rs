//! GetExecutionHistory: a part of the committed events, as AWS shows them.

use std::ops::RangeInclusive;
use std::sync::Arc;

use asl::Value;
use engine::EventId;
use engine::history::{HistoryEvent, project};
use store::record::ExecutionRecord;

use super::executions::{decode, record};
use crate::Runtime;
use crate::arn;
use crate::calls::{CallError, GetExecutionHistory, HistoryPage};
use crate::shard::Context;

impl Runtime {
    /// GetExecutionHistory.
    pub async fn get_execution_history(&self, request: GetExecutionHistory) -> Result<HistoryPage, CallError> {
        self.read(move |context| history(context, &request)).await
    }
}

fn history(context: &Context, request: &GetExecutionHistory) -> Result<HistoryPage, CallError> {
    let record = record(context, &request.arn)?;
    let limit = request.limit.max(1) as u64;
    if request.reverse { backward(context, &record, request, limit) } else { forward(context, &record, request, limit) }
}

fn forward(
    context: &Context,
    record: &ExecutionRecord,
    request: &GetExecutionHistory,
    limit: u64,
) -> Result<HistoryPage, CallError> {
    let from = request.from.unwrap_or(EventId(1)).0.max(1);
    // One more than asked for tells whether there is more.
    let after = from.saturating_add(limit);
    let mut events = events(context, record, from..=after, request.include_data)?;
    let next = events.pop_if(|last| last.id.0 == after).map(|more| more.id);
    Ok(HistoryPage { events, next })
}

fn backward(
    context: &Context,
    record: &ExecutionRecord,
    request: &GetExecutionHistory,
    limit: u64,
) -> Result<HistoryPage, CallError> {
    let last = match request.from {
        Some(from) => from,
        None => context.store.last_chunk(record.id)?.map_or(EventId::NONE, |chunk| chunk.last_id),
    };
    let first = last.0.saturating_sub(limit - 1).max(1);
    let mut events = events(context, record, first..=last.0, request.include_data)?;
    events.reverse();
    Ok(HistoryPage { events, next: (first > 1).then(|| EventId(first - 1)) })
}

fn events(
    context: &Context,
    record: &ExecutionRecord,
    ids: RangeInclusive<u64>,
    include_data: bool,
) -> Result<Vec<HistoryEvent>, CallError> {
    let mut events = Vec::new();
    let region = arn::region(&record.arn);
    for chunk in context.store.chunks_between(record.id, EventId(*ids.start()), EventId(*ids.end()))? {
        let shown = decode(&chunk)?.into_iter().filter(|event| ids.contains(&event.id.0));
        events.extend(shown.filter_map(|event| project(&event, include_data, region)));
    }
    if let Some(start) = events.first_mut().filter(|event| event.id == EventId(1)) {
        show_start(start, record);
    }
    Ok(events)
}

/// ExecutionStarted shows with which version and alias.
fn show_start(event: &mut HistoryEvent, record: &ExecutionRecord) {
    let Some((_, Value::Object(details))) = &mut event.details else { return };
    let machine = arn::machine_of_execution(&record.arn);
    let version = record.version.map(|version| ("stateMachineVersionArn", arn::qualified(&machine, version.0)));
    let alias = record.alias.as_ref().map(|alias| ("stateMachineAliasArn", arn::qualified(&machine, alias)));
    for (name, arn) in alias.into_iter().chain(version) {
        Arc::make_mut(details).insert(name.into(), Value::String(arn));
    }
}
