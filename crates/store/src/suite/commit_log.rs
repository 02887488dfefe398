//! What every store must do with the commit log: it has what was committed, in order, until it is trimmed.

use engine::{EventId, Status};

use super::{append, begin, commit, ended, execution, found, refused, running};
use crate::Store;
use crate::commit_log::{CommitPosition, Committed, LoggedCommit};
use crate::record::{Chunk, ExecutionId, Write};

fn log(position: i64) -> Write {
    Write::LogCommit { position: CommitPosition(position) }
}

fn trim(up_to: i64) -> Write {
    Write::TrimCommits { up_to: CommitPosition(up_to) }
}

fn positions_after(store: &dyn Store, after: i64, limit: usize) -> Vec<i64> {
    let commits = found(store.committed_after(CommitPosition(after), limit));
    commits.into_iter().map(|commit| commit.position.0).collect()
}

/// A batch that does not ask leaves no trace; one that is refused neither.
pub fn a_commit_is_logged_where_its_batch_asks_for_it(store: &dyn Store) {
    assert_eq!(found(store.last_commit_position()), CommitPosition(0));
    commit(store, &[begin(execution(1, 1, "a"), 1)]);
    assert_eq!(positions_after(store, 0, 9), [] as [i64; 0]);
    commit(store, &[begin(execution(2, 1, "b"), 1), log(1)]);
    assert_eq!(positions_after(store, 0, 9), [1]);
    // A position is used once, and a batch that contradicts what is stored is not logged.
    refused(store, &[begin(execution(3, 1, "c"), 1), log(1)]);
    refused(store, &[log(2), begin(execution(2, 1, "b"), 1)]);
    commit(store, &[log(2), append(2, 1, 1, None)]);
    assert_eq!((positions_after(store, 0, 9), found(store.last_commit_position())), (vec![1, 2], CommitPosition(2)));
}

/// All executions of the batch, in its order, wherever in it the log is asked for; nothing of other records.
pub fn the_commit_log_says_what_a_commit_did(store: &dyn Store) {
    let failed = ended(Status::Failed);
    let mut at_once = execution(2, 1, "b");
    at_once.summary = failed;
    let meta = Write::Meta { name: "key".into(), value: vec![1] };
    let closing = Chunk { first: 3, count: 1, first_id: EventId(4), last_id: EventId(3), events: b"hidden".to_vec() };
    let closed = Write::Append { execution: ExecutionId(1), chunk: closing, summary: Some(failed) };
    commit(store, &[begin(execution(1, 1, "a"), 1), log(7), append(1, 1, 1, None), meta, begin(at_once, 4)]);
    commit(store, &[append(1, 2, 1, Some(failed)), log(8)]);
    commit(store, &[log(9), closed]);
    commit(store, &[log(10)]);

    let of = |execution, last_event| Committed {
        execution: ExecutionId(execution),
        last_event: EventId(last_event),
        summary: None,
        begins: false,
        ends: false,
    };
    let expected = [
        vec![
            Committed { summary: Some(running(None)), begins: true, ..of(1, 1) },
            of(1, 2),
            Committed { summary: Some(failed), begins: true, ends: true, ..of(2, 4) },
        ],
        vec![Committed { summary: Some(failed), ends: true, ..of(1, 3) }],
        // What is written of an execution that is over does not end it again.
        vec![Committed { summary: Some(failed), ..of(1, 3) }],
        vec![],
    ];
    let expected = expected.into_iter().zip(7..);
    let expected = expected.map(|(committed, at)| LoggedCommit { position: CommitPosition(at), committed });
    assert_eq!(found(store.committed_after(CommitPosition(0), 9)), expected.collect::<Vec<_>>());
}

/// From any position, by pages of any size, each commit once.
pub fn the_commit_log_is_read_in_order_and_in_pages(store: &dyn Store) {
    for id in 1..=20 {
        commit(store, &[begin(execution(id, 1, &format!("e{id}")), 1), log(id)]);
    }
    for (after, limit) in [(0, 1), (0, 7), (3, 4), (0, 20), (0, usize::MAX), (19, 3), (20, 3)] {
        let (mut position, mut all) = (after, Vec::new());
        loop {
            let page = positions_after(store, position, limit);
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            position = *last;
            all.extend(page);
        }
        assert_eq!(all, (after + 1..=20).collect::<Vec<_>>(), "after {after}, pages of {limit}");
    }
}

/// What is trimmed is gone, but for the last commit: a log that starts anew would be passed over.
pub fn a_trimmed_commit_log_goes_on_after_its_last_position(store: &dyn Store) {
    commit(store, &[trim(5)]);
    for position in 1..=6 {
        commit(store, &[begin(execution(position, 1, &format!("e{position}")), 1), log(position)]);
    }
    commit(store, &[trim(0)]);
    assert_eq!(positions_after(store, 0, 9), [1, 2, 3, 4, 5, 6]);
    commit(store, &[trim(4)]);
    assert_eq!(positions_after(store, 0, 9), [5, 6]);
    // A trim that is refused with its batch took nothing.
    refused(store, &[trim(6), log(6)]);
    assert_eq!(positions_after(store, 0, 9), [5, 6]);
    for up_to in [6, 9, i64::MAX] {
        commit(store, &[trim(up_to)]);
        assert_eq!(positions_after(store, 0, 9), [6]);
    }
    commit(store, &[log(7), trim(7)]);
    assert_eq!((positions_after(store, 0, 9), found(store.last_commit_position())), (vec![7], CommitPosition(7)));
}
