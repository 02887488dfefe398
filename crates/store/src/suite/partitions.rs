//! What every store must do with partitions, and with many questions at once.

use engine::{EventId, Timestamp};

use super::{append, begin, chunk, commit, ended, execution, found, running};
use crate::Store;
use crate::partition::{Partition, PartitionSet};
use crate::record::{Chunk, ExecutionId, ExecutionRecord, Summary, Write};

const NOW: i64 = 1_800_000_000_000;

/// Timers, work to recover and the last number are those of the partitions asked for, page by page.
pub fn questions_are_answered_for_some_partitions(store: &dyn Store) {
    let partitions = found(store.partitions());
    // Old numbers, then new ones, in three partitions; every third waits, every other is unsettled.
    let mut ids: Vec<ExecutionId> = [1, 2, 1_024, 3_000].map(ExecutionId).into();
    let of = |step: u16, partition| ExecutionId::new(Timestamp(NOW + i64::from(step) / 4), Partition(partition), step);
    ids.extend((0..30).map(|step| of(step, [0, 1, 5][usize::from(step) % 3])));
    for (at, id) in ids.iter().enumerate() {
        let wake_at = (at % 3 == 0).then_some(at as i64 / 6);
        let summary = Summary { open_tasks: at % 2 == 0, ..running(wake_at) };
        let record = ExecutionRecord { id: *id, summary, ..execution(1, 1, &format!("e{at}")) };
        commit(store, &[begin(record, 1)]);
    }
    let sets = [
        PartitionSet::All,
        PartitionSet::of(partitions, [Partition(0)]),
        PartitionSet::of(partitions, [Partition(1), Partition(2)]),
        PartitionSet::of(partitions, [Partition(0), Partition(1), Partition(2), Partition(5)]),
        PartitionSet::of(partitions, [Partition(4)]),
        PartitionSet::of(partitions, []),
    ];
    let records = found(store.executions(&ids));
    let records: Vec<ExecutionRecord> = records.into_iter().flatten().collect();
    for set in &sets {
        let of_set = || records.iter().filter(|record| set.contains(record.id));
        let mut due: Vec<_> = of_set().filter_map(|record| Some((record.summary.wake_at?, record.id))).collect();
        due.sort_unstable();
        let mut unsettled: Vec<_> =
            of_set().filter(|record| record.summary.open_tasks).map(|record| record.id).collect();
        unsettled.sort_unstable();
        for limit in [1, 2, 5, 1_000] {
            let (mut after, mut all) = (None, Vec::new());
            loop {
                let page = found(store.due(set, Timestamp(i64::MAX), after, limit));
                after = page.last().copied();
                all.extend_from_slice(&page);
                assert!(page.len() <= limit);
                if page.len() < limit {
                    break;
                }
            }
            assert_eq!(all, due, "{set:?}, pages of {limit}");
            let (mut after, mut all) = (None, Vec::new());
            loop {
                let page = found(store.unsettled(set, after, limit));
                after = page.last().map(|(id, _)| *id);
                all.extend(page.iter().map(|(id, _)| *id));
                if page.len() < limit {
                    break;
                }
            }
            assert_eq!(all, unsettled, "{set:?}, pages of {limit}");
        }
        let last = of_set().map(|record| record.id).max().unwrap_or_default();
        assert_eq!(found(store.last_execution_id(set)), last, "{set:?}");
        assert_eq!(found(store.due(set, Timestamp(i64::MAX), None, 0)), []);
        assert_eq!(found(store.unsettled(set, None, 0)), []);
    }
}

/// Many at once answer as one after the other, in the order asked, also what is asked twice and what is not there.
pub fn many_questions_at_once_are_answered_in_order(store: &dyn Store) {
    for id in 1..=5 {
        commit(store, &[begin(execution(id, 1, &format!("e{id}")), 2)]);
        if id % 2 == 0 {
            commit(store, &[append(id, 2, 3, Some(ended(engine::Status::Succeeded)))]);
        }
    }
    let ids = [4, 1, 99, 4, 2].map(ExecutionId);
    let records = found(store.executions(&ids));
    let one_by_one: Vec<_> = ids.iter().map(|id| found(store.execution(*id))).collect();
    assert_eq!(records, one_by_one);
    assert_eq!(records.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, true, true]);
    let arns: Vec<_> = ids.iter().map(|id| execution(id.0, 1, &format!("e{}", id.0)).arn).collect();
    assert_eq!(found(store.executions_by_arn(&arns)), records);
    let chunks = found(store.chunks_of(&ids));
    assert_eq!(chunks, ids.map(|id| found(store.chunks(id))));
    assert_eq!(chunks.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 0, 2, 2]);
    let none = (found(store.executions(&[])), found(store.executions_by_arn(&[])), found(store.chunks_of(&[])));
    assert_eq!(none, (Vec::new(), Vec::new(), Vec::new()));
}

/// The first chunk and the last one that shows an event are read alone, wherever they lie.
pub fn the_first_and_the_last_chunk_are_read_alone(store: &dyn Store) {
    let id = ExecutionId(1);
    assert_eq!((found(store.first_chunk(id)), found(store.last_chunk(id))), (None, None));
    let hidden = |first, shown| Chunk { first_id: EventId(shown + 1), last_id: EventId(shown), ..chunk(first, 1) };
    let great = Chunk { events: vec![7; 5_000], ..chunk(0, 2) };
    for (id, first) in [(1, chunk(0, 2)), (2, great), (3, hidden(0, 0))] {
        let is_hidden = !first.has_shown_events();
        let record = execution(id, 1, &format!("e{id}"));
        commit(store, &[Write::Begin { execution: record, chunk: first.clone(), machine_revision: None }]);
        let id = ExecutionId(id);
        let ends = || (found(store.first_chunk(id)), found(store.last_chunk(id)));
        assert_eq!(ends(), (Some(first.clone()), Some(first.clone())));
        let mut chunks = vec![Chunk { first: first.end(), ..hidden(0, first.last_id.0) }];
        if !is_hidden {
            chunks.push(chunk(3, 4));
            chunks.extend((7..10).map(|at| hidden(at, 7)));
        }
        for next in chunks.clone() {
            commit(store, &[Write::Append { execution: id, chunk: next, summary: None }]);
        }
        let last = if is_hidden { first.clone() } else { chunks[1].clone() };
        assert_eq!(ends(), (Some(first), Some(last)));
    }
}

/// The data has as many partitions as it was made with.
pub fn the_number_of_partitions_is_known(store: &dyn Store) {
    assert_eq!(found(store.partitions()).count(), 1_024);
}
