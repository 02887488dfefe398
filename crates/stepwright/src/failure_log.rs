//! A line in the server's log for each execution that failed or timed out.

use std::sync::Arc;

use asl::Text;
use engine::{EventKind, Status};
use runtime::observer::Observer;
use store::commit_log::Committed;
use store::record::ExecutionId;
use store::{Store, StoreError};

/// How many characters of a cause are shown: a service's answer may be in it.
/// No quota: the history has it whole.
const CAUSE_SHOWN_MAX: usize = 500;

/// Logs executions that fail. Those of EXPRESS state machines are never committed, and not seen here.
pub(crate) struct FailureLog {
    store: Arc<dyn Store>,
}

/// An execution that failed, as its history tells.
#[derive(Debug, PartialEq)]
struct Failure {
    arn: Text,
    error: Text,
    cause: Text,
}

/// Why a failure cannot be shown.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("its events are damaged")]
    Events(#[from] engine::log::DecodeError),
    #[error("it is not stored")]
    Missing,
}

impl FailureLog {
    /// Of the executions in that store.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    fn failure(&self, execution: ExecutionId) -> Result<Failure, Unreadable> {
        let record = self.store.execution(execution)?.ok_or(Unreadable::Missing)?;
        let chunk = self.store.last_chunk(execution)?.ok_or(Unreadable::Missing)?;
        let events = engine::log::decode(&chunk.events)?.into_iter().rev();
        let (error, cause) = match events.map(|event| event.kind).find(EventKind::is_end) {
            Some(EventKind::ExecutionFailed { error, cause }) => (error, cause),
            _ => (None, None),
        };
        Ok(Failure { arn: record.arn, error: error.unwrap_or_default(), cause: cause.unwrap_or_default() })
    }

    fn log(&self, execution: ExecutionId, status: &'static str) {
        match self.failure(execution) {
            Ok(Failure { arn, error, cause }) => {
                let cause = shortened(&cause);
                tracing::info!(arn = &*arn, status, error = &*error, cause = &*cause, "an execution failed");
            }
            Err(reason) => {
                let reason = &reason as &dyn std::error::Error;
                tracing::warn!(execution = execution.0, status, reason, "an execution failed, and cannot be read");
            }
        }
    }
}

impl Observer for FailureLog {
    fn name(&self) -> &'static str {
        "failure-log"
    }

    fn committed(&self, commits: &[Committed]) {
        for committed in commits {
            match committed.end() {
                Some(Status::Failed) => self.log(committed.execution, "FAILED"),
                Some(Status::TimedOut) => self.log(committed.execution, "TIMED_OUT"),
                // An aborted one was stopped by its owner.
                Some(Status::Running | Status::Succeeded | Status::Aborted) | None => {}
            }
        }
    }
}

/// Its first characters, with a mark where there are more.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(CAUSE_SHOWN_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    use engine::{Event, EventId, FrameId, Timestamp};
    use store::lane::{Lane, SessionId};
    use store::memory::MemoryStore;
    use store::record::{Chunk, DefinitionId, ExecutionRecord, StateMachineId, Summary, Write};

    /// Where the lines go.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn ended(id: i64, status: Status, end: EventKind) -> Write {
        let summary =
            Summary { status, stopped_at: Some(Timestamp(2)), wake_at: None, open_tasks: false, ready: false };
        let execution = ExecutionRecord {
            id: ExecutionId(id),
            arn: format!("arn:e{id}").into(),
            name: format!("e{id}").into(),
            state_machine: StateMachineId(1),
            definition: DefinitionId(1),
            started_at: Timestamp(1),
            trace_header: None,
            version: None,
            alias: None,
            profile: None,
            summary,
        };
        let (id, previous, at, frame) = (EventId(1), EventId(0), Timestamp(2), FrameId(0));
        let event = Event { id, previous, at, frame, kind: end };
        let mut events = Vec::new();
        engine::log::encode(&[event], &mut events);
        let chunk = Chunk { first: 0, count: 1, first_id: EventId(1), last_id: EventId(1), events };
        Write::Begin { execution, chunk, machine_revision: None }
    }

    #[test]
    fn failures_and_timeouts_are_logged_and_nothing_else() {
        let failed = |error: &str, cause: &str| EventKind::ExecutionFailed {
            error: Some(error.into()),
            cause: Some(cause.into()),
        };
        let writes = [
            ended(1, Status::Succeeded, EventKind::ExecutionSucceeded { output: asl::Value::int(1) }),
            ended(2, Status::Failed, failed("Custom.Error", "two\nlines")),
            ended(3, Status::Aborted, EventKind::ExecutionAborted { error: None, cause: None }),
            ended(4, Status::TimedOut, EventKind::ExecutionTimedOut),
            ended(5, Status::Failed, failed("E", &"ä".repeat(CAUSE_SHOWN_MAX + 1))),
        ];
        let store = MemoryStore::new();
        let mut lane = Lane::open(&store, SessionId(1), 0).unwrap();
        lane.commit(&store, &writes).unwrap();
        let mut committed: Vec<_> = writes.iter().filter_map(Committed::of).collect();
        committed.push(Committed { execution: ExecutionId(6), ..committed[1] });

        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || FailureLog::new(Arc::new(store)).committed(&committed));
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let long = "ä".repeat(CAUSE_SHOWN_MAX);
        let expected = [
            r#" INFO an execution failed arn="arn:e2" status="FAILED" error="Custom.Error" cause="two\nlines""#
                .to_owned(),
            r#" INFO an execution failed arn="arn:e4" status="TIMED_OUT" error="" cause="""#.to_owned(),
            format!(r#" INFO an execution failed arn="arn:e5" status="FAILED" error="E" cause="{long}...""#),
            r#" WARN an execution failed, and cannot be read execution=6 status="FAILED" reason=it is not stored"#
                .to_owned(),
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
