//! GetExecutionHistory: a part of the committed events, as AWS shows them.
//!
//! A page ends after so many events or so many bytes, whichever comes first. Chunks are read one after the other until
//! it does: the history is never in memory.

use std::ops::ControlFlow;
use std::sync::Arc;

use asl::Value;
use engine::history::{HistoryEvent, project};
use engine::{Event, EventId};
use store::record::{EventRange, ExecutionRecord, Order};

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
    let limit = request.limit.max(1);
    let (events, order) = wanted(request, limit as u64);
    let mut page = Page { record: &record, request, events, limit, bytes: context.quotas.page_bytes, full_at: None };
    let mut shown = Vec::new();
    let mut failed = None;
    context.store.visit_chunks(record.id, events, order, &mut |chunk| {
        let taken = decode(&chunk).map(|events| match order {
            Order::Forward => page.take(events.into_iter(), &mut shown),
            Order::Backward => page.take(events.into_iter().rev(), &mut shown),
        });
        taken.unwrap_or_else(|error| {
            failed = Some(error);
            ControlFlow::Break(())
        })
    })?;
    failed.map_or(Ok(HistoryPage { events: shown, next: page.full_at }), Err)
}

/// The events that may be on the page, and one more: it tells that there is more.
fn wanted(request: &GetExecutionHistory, limit: u64) -> (EventRange, Order) {
    if request.reverse {
        let range = request.from.map(|to| EventRange { from: EventId(to.0.saturating_sub(limit).max(1)), to });
        (range.unwrap_or(EventRange::ALL), Order::Backward)
    } else {
        let from = request.from.unwrap_or(EventId(1)).max(EventId(1));
        (EventRange { from, to: EventId(from.0.saturating_add(limit)) }, Order::Forward)
    }
}

/// A page in the making.
struct Page<'a> {
    record: &'a ExecutionRecord,
    request: &'a GetExecutionHistory,
    /// Those it may show, and one more.
    events: EventRange,
    /// Events at most.
    limit: usize,
    /// Bytes of JSON text that it may still take.
    bytes: usize,
    /// The event for which there was no room: the next page begins with it.
    full_at: Option<EventId>,
}

impl Page<'_> {
    /// Takes events until it is full. It has at least one, however large that is.
    fn take(&mut self, events: impl Iterator<Item = Event>, shown: &mut Vec<HistoryEvent>) -> ControlFlow<()> {
        for event in events.filter(|event| (self.events.from..=self.events.to).contains(&event.id)) {
            if shown.len() == self.limit && event.kind.is_shown() {
                self.full_at = Some(event.id);
                return ControlFlow::Break(());
            }
            let region = arn::region(&self.record.arn);
            let Some(mut event) = project(&event, self.request.include_data, region) else { continue };
            if event.id == EventId(1) {
                show_start(&mut event, self.record);
            }
            let bytes = event.text_bytes();
            if bytes > self.bytes && !shown.is_empty() {
                self.full_at = Some(event.id);
                return ControlFlow::Break(());
            }
            self.bytes = self.bytes.saturating_sub(bytes);
            shown.push(event);
        }
        ControlFlow::Continue(())
    }
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
