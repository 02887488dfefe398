//! What every store must do for timers and recovery.

use engine::{Status, Timestamp};

use super::{append, begin, commit, ended, execution, found, running};
use crate::Store;
use crate::partition::PartitionSet;
use crate::record::{ExecutionId, ExecutionRecord, Summary};

/// Running executions with a timer come earliest first, up to the time asked for, page by page.
pub fn due_executions_come_earliest_first_and_in_pages(store: &dyn Store) {
    for (id, wake_at) in
        [(1, Some(50)), (2, Some(20)), (3, None), (4, Some(20)), (5, Some(90)), (6, Some(-3)), (7, Some(20))]
    {
        let record = ExecutionRecord { summary: running(wake_at), ..execution(id, 1, &format!("e{id}")) };
        commit(store, &[begin(record, 1)]);
    }
    let over = Summary { wake_at: Some(Timestamp(20)), ..ended(Status::Failed) };
    commit(store, &[begin(ExecutionRecord { summary: over, ..execution(8, 1, "e8") }, 1)]);
    let pairs =
        |list: &[(i64, i64)]| -> Vec<_> { list.iter().map(|(at, id)| (Timestamp(*at), ExecutionId(*id))).collect() };
    let due = |until, after: Option<(i64, i64)>, limit| {
        found(store.due(
            &PartitionSet::All,
            Timestamp(until),
            after.map(|(at, id)| (Timestamp(at), ExecutionId(id))),
            limit,
        ))
    };
    let all = [(-3, 6), (20, 2), (20, 4), (20, 7), (50, 1), (90, 5)];
    assert_eq!(due(i64::MAX, None, 100), pairs(&all));
    assert_eq!(due(89, None, 100), pairs(&all[..5]));
    assert_eq!(due(20, None, 2), pairs(&all[..2]));
    assert_eq!(due(20, Some((20, 2)), 2), pairs(&all[2..4]));
    assert_eq!(due(i64::MAX, Some((20, 7)), usize::MAX), pairs(&all[4..]));
    assert_eq!(due(i64::MAX, Some((20, 5)), 1), pairs(&all[3..4]));
    assert_eq!(due(-4, None, 100), []);
    assert_eq!(due(i64::MAX, None, 0), []);
    commit(store, &[append(6, 1, 1, Some(running(Some(60)))), append(2, 1, 1, Some(ended(Status::Succeeded)))]);
    commit(store, &[append(4, 1, 1, Some(running(None))), append(3, 1, 1, Some(running(Some(70))))]);
    assert_eq!(due(i64::MAX, None, 100), pairs(&[(20, 7), (50, 1), (60, 6), (70, 3), (90, 5)]));
}

/// Executions that recovery must see, over or not, come in the order of their numbers, page by page.
pub fn unsettled_executions_come_in_order_and_in_pages(store: &dyn Store) {
    let open = Summary { open_tasks: true, ..running(None) };
    let ready = Summary { ready: true, ..running(Some(4)) };
    let over = ended(Status::Aborted);
    let to_cancel = Summary { open_tasks: true, ..ended(Status::Failed) };
    let summaries =
        [(7, open), (2, ready), (3, running(Some(9))), (4, over), (5, to_cancel), (9, Summary { ready: true, ..open })];
    for (id, summary) in summaries {
        commit(store, &[begin(ExecutionRecord { summary, ..execution(id, 1, &format!("e{id}")) }, 1)]);
    }
    let unsettled =
        |after: Option<i64>, limit| found(store.unsettled(&PartitionSet::All, after.map(ExecutionId), limit));
    let both = Summary { ready: true, ..open };
    let all = [(ExecutionId(2), ready), (ExecutionId(5), to_cancel), (ExecutionId(7), open), (ExecutionId(9), both)];
    assert_eq!(unsettled(None, 100), all);
    assert_eq!(unsettled(None, 2), all[..2]);
    assert_eq!(unsettled(Some(2), 1), all[1..2]);
    assert_eq!(unsettled(Some(7), usize::MAX), all[3..]);
    assert_eq!(unsettled(Some(9), 5), []);
    assert_eq!(unsettled(None, 0), []);
    commit(store, &[append(7, 1, 1, Some(running(None))), append(3, 1, 1, Some(open))]);
    // One that ends, one that ends and has jobs to cancel, one whose jobs are cancelled.
    commit(store, &[append(2, 1, 1, Some(over)), append(9, 1, 1, Some(to_cancel)), append(5, 1, 1, Some(over))]);
    assert_eq!(unsettled(None, 100), [(ExecutionId(3), open), (ExecutionId(9), to_cancel)]);
}
