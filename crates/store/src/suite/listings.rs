//! What every store must do when executions are listed and counted.

use engine::Status;

use super::{append, begin, commit, ended, execution, found, listed, page, running};
use crate::Store;
use crate::record::{ExecutionFilter, ExecutionId, ExecutionRecord, Listing, StateMachineId, Summary};

/// A listing is newest first, of one state machine, and its pages join without gap or repetition.
pub fn executions_are_listed_newest_first_and_in_pages(store: &dyn Store) {
    let statuses = [Status::Running, Status::Succeeded, Status::Failed, Status::TimedOut, Status::Aborted];
    for id in 1..=12 {
        let summary = Summary { status: statuses[id as usize % 5], ..running(None) };
        let record = ExecutionRecord { summary, ..execution(id, 1 + id % 2, &format!("e{id}")) };
        commit(store, &[begin(record, 1)]);
    }
    for limit in [1, 2, 3, 5, 6, 7, 100, usize::MAX] {
        assert_eq!(listed(store, 1, None, limit), [12, 10, 8, 6, 4, 2], "pages of {limit}");
        assert_eq!(listed(store, 2, None, limit), [11, 9, 7, 5, 3, 1], "pages of {limit}");
        assert!(listed(store, 3, None, limit).is_empty());
    }
    let filter = ExecutionFilter { state_machine: StateMachineId(1), status: None, started_with: None };
    let empty = Listing { items: Vec::new(), next: None };
    assert_eq!(found(store.list_executions(&filter, &page(0, None))), empty);
    assert_eq!(found(store.list_executions(&filter, &page(5, Some(2)))), empty);
    assert_eq!(found(store.list_executions(&filter, &page(5, Some(i64::MIN)))), empty);
    let middle = found(store.list_executions(&filter, &page(2, Some(9))));
    assert_eq!((middle.items[0].id.0, middle.items[1].id.0, middle.next), (8, 6, Some(6)));
    let whole = found(store.execution(ExecutionId(8)));
    assert_eq!(Some(&middle.items[0]), whole.as_ref());
}

/// The status filter gives exactly the executions that have that status now.
pub fn executions_are_listed_by_status(store: &dyn Store) {
    let ends = [None, Some(Status::Succeeded), Some(Status::Failed), Some(Status::TimedOut), Some(Status::Aborted)];
    for id in 1..=10 {
        commit(store, &[begin(execution(id, 1, &format!("e{id}")), 1)]);
        if let Some(status) = ends[id as usize % 5] {
            commit(store, &[append(id, 1, 1, Some(ended(status)))]);
        }
    }
    let expected = [
        (Status::Running, [10, 5]),
        (Status::Succeeded, [6, 1]),
        (Status::Failed, [7, 2]),
        (Status::TimedOut, [8, 3]),
        (Status::Aborted, [9, 4]),
    ];
    for (status, ids) in expected {
        assert_eq!(listed(store, 1, Some(status), 1), ids, "{status:?}");
        assert_eq!(listed(store, 1, Some(status), 2), ids, "{status:?}");
    }
}

/// The count follows each begin and end.
pub fn running_executions_are_counted(store: &dyn Store) {
    let count = |machine| found(store.count_running(StateMachineId(machine)));
    assert_eq!(count(1), 0);
    commit(store, &[begin(execution(1, 1, "a"), 1), begin(execution(2, 1, "b"), 1), begin(execution(3, 2, "a"), 1)]);
    let over = ExecutionRecord { summary: ended(Status::Succeeded), ..execution(4, 1, "c") };
    commit(store, &[begin(over, 1)]);
    assert_eq!((count(1), count(2), count(3)), (2, 1, 0));
    commit(store, &[append(1, 1, 1, Some(ended(Status::Failed))), append(2, 1, 1, Some(running(Some(1))))]);
    assert_eq!((count(1), count(2)), (1, 1));
}
