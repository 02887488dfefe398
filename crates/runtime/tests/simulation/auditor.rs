//! Looks at nothing but what was promised and what is stored, and compares. It knows histories, not the engine.

use std::collections::{HashMap, HashSet};

use asl::{Text, Value};
use engine::{Event, EventId, EventKind, OpenTask, Status, Timestamp};
use runtime::calls::StartedExecution;
use store::Store;
use store::record::{ExecutionFilter, ExecutionId, ExecutionRecord, Page, StateMachineId};

/// What the clients were told.
#[derive(Default)]
pub(crate) struct Auditor {
    started: HashMap<Text, (Value, Timestamp)>,
    /// Results of tasks that were accepted: the text that makes each of them unique.
    results: Vec<(ExecutionId, String)>,
    stopped: HashMap<Text, Timestamp>,
    delivered: HashSet<(ExecutionId, EventId)>,
}

impl Auditor {
    /// StartExecution was answered: from now on the execution exists.
    pub(crate) fn acknowledged(&mut self, store: &dyn Store, started: &StartedExecution, input: &Value) {
        let record = store.execution_by_arn(&started.arn).unwrap();
        let record = record.unwrap_or_else(|| panic!("{} was acknowledged before it was durable", started.arn));
        assert_eq!(record.started_at, started.started_at, "{}", started.arn);
        let earlier = self.started.insert(started.arn.clone(), (input.clone(), started.started_at));
        // The same name again: only with the same input, and with the first answer.
        if let Some(earlier) = earlier {
            assert_eq!(earlier, (input.clone(), started.started_at), "{}", started.arn);
        }
    }

    /// A result was accepted.
    pub(crate) fn accepted(&mut self, store: &dyn Store, execution: ExecutionId, unique: String) {
        let events = events(store, execution);
        assert!(has_result(&events, &unique), "{unique} was accepted before it was durable");
        self.results.push((execution, unique));
    }

    /// StopExecution was answered.
    pub(crate) fn stopped(&mut self, store: &dyn Store, arn: &Text, at: Timestamp) {
        let record = store.execution_by_arn(arn).unwrap().unwrap();
        assert_eq!(record.summary.stopped_at, Some(at), "{arn}");
        let earlier = self.stopped.insert(arn.clone(), at);
        assert!(earlier.is_none_or(|earlier| earlier == at), "{arn} stopped twice");
    }

    /// A worker got a task.
    pub(crate) fn delivered(&mut self, store: &dyn Store, execution: ExecutionId, scheduled: EventId) {
        let events = events(store, execution);
        let is_start =
            |event: &Event| event.previous == scheduled && matches!(event.kind, EventKind::TaskStarted { .. });
        assert!(events.iter().any(is_start), "task {execution:?} {scheduled} left before its start was durable");
        assert!(self.delivered.insert((execution, scheduled)), "task {execution:?} {scheduled} was delivered twice");
    }

    /// A task was let out to a service.
    pub(crate) fn dispatched(&mut self, store: &dyn Store, execution: ExecutionId, task: &OpenTask) {
        let scheduled = task.scheduled;
        let events = events(store, execution);
        let is_start =
            |event: &Event| event.previous == scheduled && matches!(event.kind, EventKind::TaskStarted { .. });
        assert!(events.iter().any(is_start), "task {execution:?} {scheduled} was let out before it was durable");
    }

    /// A task was given up, as its service learns.
    pub(crate) fn given_up(&self, store: &dyn Store, execution: ExecutionId, scheduled: EventId) {
        let events = events(store, execution);
        let is_over = task_events(&events, scheduled).any(|event| matches!(event.kind, EventKind::TaskTimedOut { .. }));
        // Whatever else gives a task up, a failure, a retry or the end, comes after the task's own last event.
        let last = task_events(&events, scheduled).last().map(|event| event.id);
        let is_followed = events.last().is_some_and(|event| Some(event.id) > last || event.kind.is_end());
        assert!(is_over || is_followed, "task {execution:?} {scheduled} was given up before that was durable");
        let ended = task_events(&events, scheduled).any(is_own_end);
        assert!(!ended, "task {execution:?} {scheduled} ended by itself and was given up");
    }

    /// A job that runs when everything is at rest: its task must not have been given up, as far as anybody knew of it.
    pub(crate) fn check_job(&self, store: &dyn Store, execution: ExecutionId, scheduled: EventId, crashes: usize) {
        let events = events(store, execution);
        let is_submitted =
            task_events(&events, scheduled).any(|event| matches!(event.kind, EventKind::TaskSubmitted { .. }));
        // The request was repeated after a crash, and the service refused it then.
        let ended = task_events(&events, scheduled).any(is_own_end);
        // The crash came before the service's answer was durable.
        let is_unknown = !is_submitted && crashes > 0;
        assert!(ended || is_unknown, "the job of task {execution:?} {scheduled} was given up, and runs on");
    }

    /// Whether a worker ever got that task.
    pub(crate) fn was_delivered(&self, execution: ExecutionId, scheduled: EventId) -> bool {
        self.delivered.contains(&(execution, scheduled))
    }

    /// Compares all that was promised with all that is stored.
    pub(crate) fn audit(&self, store: &dyn Store, machines: &[StateMachineId]) {
        let records: Vec<_> = machines.iter().flat_map(|machine| executions(store, *machine)).collect();
        let arns: HashSet<_> = records.iter().map(|record| record.arn.clone()).collect();
        for arn in self.started.keys() {
            assert!(arns.contains(arn), "{arn} was acknowledged and is lost");
        }
        for record in &records {
            let events = events(store, record.id);
            check_history(record, &events);
            if let Some((input, started_at)) = self.started.get(&record.arn) {
                assert_eq!(record.started_at, *started_at, "{}", record.arn);
                assert!(
                    matches!(&events[0].kind, EventKind::ExecutionStarted { input: stored, .. } if stored == input)
                );
            }
            if let Some(at) = self.stopped.get(&record.arn) {
                assert_eq!(record.summary.stopped_at, Some(*at), "{} did not stay stopped", record.arn);
            }
        }
        for (execution, unique) in &self.results {
            assert!(has_result(&events(store, *execution), unique), "{unique} was accepted and is lost");
        }
    }
}

/// All executions of a state machine, as a client lists them.
pub(crate) fn executions(store: &dyn Store, state_machine: StateMachineId) -> Vec<ExecutionRecord> {
    let filter = ExecutionFilter { state_machine, status: None, started_with: None };
    let mut all = Vec::new();
    let mut page = Page { limit: 7, after: None };
    loop {
        let listing = store.list_executions(&filter, &page).unwrap();
        all.extend(listing.items);
        page.after = listing.next;
        if page.after.is_none() {
            return all;
        }
    }
}

/// All events of an execution; the chunks must follow one another.
pub(crate) fn events(store: &dyn Store, execution: ExecutionId) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    for chunk in store.chunks(execution).unwrap() {
        assert_eq!(chunk.first, all.len() as u64);
        let events = engine::log::decode(&chunk.events).unwrap();
        assert_eq!(events.len() as u64, chunk.count);
        all.extend(events);
        assert_eq!(all.last().map(|event| event.id), Some(chunk.last_id));
    }
    all
}

fn has_result(events: &[Event], unique: &str) -> bool {
    let count = events
        .iter()
        .filter(|event| match &event.kind {
            EventKind::TaskSucceeded { output, .. } => output.as_str() == Some(unique),
            EventKind::TaskFailed { error, .. } => error.as_deref() == Some(unique),
            _ => false,
        })
        .count();
    assert!(count <= 1, "{unique} is in the history {count} times");
    count == 1
}

fn check_history(record: &ExecutionRecord, events: &[Event]) {
    let arn = &record.arn;
    let mut last = EventId::NONE;
    let mut at = record.started_at;
    for event in events {
        let expected = if event.kind.is_shown() { last.next() } else { last };
        assert_eq!(event.id, expected, "{arn}: an event is missing or twice");
        assert!(
            event.previous < event.id || !event.kind.is_shown(),
            "{arn}: event {} follows {}",
            event.id,
            event.previous
        );
        assert!(event.at >= at, "{arn}: time went back at {}", event.id);
        (last, at) = (event.id, event.at);
    }
    assert!(matches!(events[0].kind, EventKind::ExecutionStarted { .. }), "{arn}");
    let starts = events.iter().filter(|event| matches!(event.kind, EventKind::ExecutionStarted { .. })).count();
    assert_eq!(starts, 1, "{arn}");

    let is_over = record.summary.status != Status::Running;
    let ends = events.iter().filter(|event| event.kind.is_end()).count();
    assert_eq!(ends, usize::from(is_over), "{arn}: {:?}", record.summary);
    let is_settling = |event: &&Event| matches!(event.kind, EventKind::TaskCancelSettled { .. });
    if let Some(end) = events.iter().rev().find(|event| !is_settling(event)).filter(|_| is_over) {
        let status = match end.kind {
            EventKind::ExecutionSucceeded { .. } => Status::Succeeded,
            EventKind::ExecutionFailed { .. } => Status::Failed,
            EventKind::ExecutionAborted { .. } => Status::Aborted,
            EventKind::ExecutionTimedOut => Status::TimedOut,
            _ => Status::Running,
        };
        assert_eq!(status, record.summary.status, "{arn}: the end is the last event");
        assert_eq!(record.summary.stopped_at, Some(end.at), "{arn}");
        assert!(record.summary.wake_at.is_none() && !record.summary.open_tasks && !record.summary.ready, "{arn}");
    }
    check_tasks(arn, events);
}

/// The events of one task, in order.
fn task_events(events: &[Event], scheduled: EventId) -> impl Iterator<Item = &Event> {
    let mut last = scheduled;
    events.iter().filter(move |event| {
        let is_of_task = matches!(
            event.kind,
            EventKind::TaskStarted { .. }
                | EventKind::TaskSubmitted { .. }
                | EventKind::TaskSucceeded { .. }
                | EventKind::TaskFailed { .. }
                | EventKind::TaskTimedOut { .. }
        ) && event.previous == last;
        if is_of_task {
            last = event.id;
        }
        is_of_task
    })
}

fn is_own_end(event: &Event) -> bool {
    matches!(event.kind, EventKind::TaskSucceeded { .. } | EventKind::TaskFailed { .. })
}

/// A task is started at most once and ends at most once.
fn check_tasks(arn: &str, events: &[Event]) {
    let mut begun: HashMap<EventId, (bool, bool)> = HashMap::new();
    let mut task_of: HashMap<EventId, EventId> = HashMap::new();
    for event in events {
        if matches!(event.kind, EventKind::TaskScheduled { .. }) {
            begun.insert(event.id, (false, false));
            task_of.insert(event.id, event.id);
        }
        let Some(task) = task_of.get(&event.previous).copied() else { continue };
        let state = begun.get_mut(&task).unwrap();
        match event.kind {
            EventKind::TaskStarted { .. } => {
                assert_eq!(*state, (false, false), "{arn}: task {task} started twice");
                state.0 = true;
                task_of.insert(event.id, task);
            }
            EventKind::TaskSucceeded { .. } | EventKind::TaskFailed { .. } | EventKind::TaskTimedOut { .. } => {
                assert!(!state.1, "{arn}: task {task} ended twice");
                state.1 = true;
            }
            _ => {}
        }
    }
}
