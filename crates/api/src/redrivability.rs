//! Whether an execution could be redriven, and if not, why: DescribeExecution's `redriveStatus` and its reason.
//!
//! The conditions and the texts are those that AWS documents for DescribeExecution and RedriveExecution.

use std::time::Duration;

use engine::{Status, Timestamp};
use runtime::calls::ExecutionDescription;
use store::record::MachineStatus;

use runtime::quotas::Quotas;

/// Events that a redrive adds at least: `ExecutionRedriven`, and one of what is done again.
const EVENTS_OF_A_REDRIVE: u64 = 2;

/// Why an execution cannot be redriven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRedrivable {
    /// Its state machine is being deleted, or is gone.
    MachineDeleting,
    /// It runs.
    Running,
    /// It succeeded.
    Succeeded,
    /// Its history has no room for more events.
    HistoryFull,
    /// It began too long ago.
    OpenTooLong,
    /// It ended too long ago.
    PeriodOver,
}

impl NotRedrivable {
    /// `redriveStatusReason`
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::MachineDeleting => "State machine is in DELETING status",
            Self::Running => "Execution is RUNNING and cannot be redriven",
            Self::Succeeded => "Execution is SUCCEEDED and cannot be redriven",
            Self::HistoryFull => "Execution history event limit exceeded",
            Self::OpenTooLong => "Execution has exceeded the max execution time",
            Self::PeriodOver => "Execution redrivable period exceeded",
        }
    }
}

/// Whether an execution could be redriven when it was described. `history_events` is how many events one may have.
pub(crate) fn check(
    execution: &ExecutionDescription,
    history_events: u64,
    quotas: &Quotas,
) -> Result<(), NotRedrivable> {
    let record = &execution.record;
    match record.summary.status {
        Status::Running => return Err(NotRedrivable::Running),
        Status::Succeeded => return Err(NotRedrivable::Succeeded),
        Status::Failed | Status::TimedOut | Status::Aborted => {}
    }
    let since = |begin: Timestamp| {
        Duration::from_millis(execution.described_at.0.saturating_sub(begin.0).max(0).unsigned_abs())
    };
    if execution.machine_status != Some(MachineStatus::Active) {
        return Err(NotRedrivable::MachineDeleting);
    }
    if execution.last_event.0.saturating_add(EVENTS_OF_A_REDRIVE) > history_events {
        return Err(NotRedrivable::HistoryFull);
    }
    if since(record.started_at) > quotas.redrivable_age {
        return Err(NotRedrivable::OpenTooLong);
    }
    if record.summary.stopped_at.is_some_and(|stopped_at| since(stopped_at) > quotas.redrivable_period) {
        return Err(NotRedrivable::PeriodOver);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use engine::EventId;

    use super::*;
    use crate::tests::described_execution;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    fn failed() -> ExecutionDescription {
        described_execution(Status::Failed, None)
    }

    #[test]
    fn what_ended_badly_a_short_while_ago_can_be_redriven() {
        for status in [Status::Failed, Status::TimedOut, Status::Aborted] {
            assert_eq!(check(&described_execution(status, None), 25_000, &Quotas::default()), Ok(()));
        }
    }

    #[test]
    fn each_condition_has_its_reason() {
        let stopped = failed().record.summary.stopped_at.unwrap().0;
        let at = |milliseconds: i64| ExecutionDescription { described_at: Timestamp(milliseconds), ..failed() };
        let cases = [
            (described_execution(Status::Running, None), Some(NotRedrivable::Running)),
            (described_execution(Status::Succeeded, None), Some(NotRedrivable::Succeeded)),
            (ExecutionDescription { machine_status: None, ..failed() }, Some(NotRedrivable::MachineDeleting)),
            (
                ExecutionDescription { machine_status: Some(MachineStatus::Deleting), ..failed() },
                Some(NotRedrivable::MachineDeleting),
            ),
            (ExecutionDescription { last_event: EventId(24_998), ..failed() }, None),
            (ExecutionDescription { last_event: EventId(24_999), ..failed() }, Some(NotRedrivable::HistoryFull)),
            (at(stopped + 14 * DAY), None),
            (at(stopped + 14 * DAY + 1), Some(NotRedrivable::PeriodOver)),
            (at(stopped + 366 * DAY), Some(NotRedrivable::OpenTooLong)),
            // A clock that was put back.
            (at(0), None),
        ];
        for (execution, expected) in cases {
            assert_eq!(check(&execution, 25_000, &Quotas::default()).err(), expected, "{execution:?}");
        }
    }
}
