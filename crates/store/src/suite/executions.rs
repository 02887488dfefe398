//! What every store must do with executions and their events.

use std::ops::ControlFlow;

use engine::{EventId, Status};

use super::{append, begin, chunk, commit, ended, execution, found, refused, running};
use crate::Store;
use crate::execution_name;
use crate::fault::Random;
use crate::partition::{Partition, PartitionSet};
use crate::record::{Chunk, EventRange, ExecutionId, ExecutionRecord, Order, Summary, VersionNumber, Write};

/// What was begun is found, whole, by its number and its ARN; nothing else is.
pub fn begun_executions_are_found_by_number_and_arn(store: &dyn Store) {
    let mut first = execution(3, 1, "first");
    first.trace_header = Some("Root=1-2-3".into());
    first.summary = Summary { open_tasks: true, ready: true, ..running(Some(77)) };
    (first.version, first.alias) = (Some(VersionNumber(7)), Some("PROD".into()));
    let mut second = execution(5, 1, "second");
    (second.version, second.profile) = (Some(VersionNumber(1)), Some("a word ü".into()));
    second.summary = ended(Status::Succeeded);
    commit(store, &[begin(first.clone(), 2), begin(second.clone(), 4)]);
    for record in [first, second] {
        assert_eq!(found(store.execution(record.id)).as_ref(), Some(&record));
        assert_eq!(found(store.execution_by_arn(&record.arn)).as_ref(), Some(&record));
    }
    assert_eq!(found(store.last_execution_id(&PartitionSet::All)), ExecutionId(5));
    assert_eq!(found(store.execution(ExecutionId(4))), None);
    for arn in ["", "first", "arn:aws:states:us-east-1:123456789012:execution:machine-2:first"] {
        assert_eq!(found(store.execution_by_arn(arn)), None, "{arn}");
    }
}

/// Chunks come back in the order of the commits, each as it was given.
pub fn events_are_kept_in_order(store: &dyn Store) {
    commit(store, &[begin(execution(1, 1, "a"), 2), begin(execution(2, 1, "b"), 1)]);
    commit(store, &[append(2, 1, 3, None), append(1, 2, 1, None), append(1, 3, 5, Some(ended(Status::Failed)))]);
    commit(store, &[append(2, 4, 1, None)]);
    assert_eq!(found(store.chunks(ExecutionId(1))), [chunk(0, 2), chunk(2, 1), chunk(3, 5)]);
    assert_eq!(found(store.chunks(ExecutionId(2))), [chunk(0, 1), chunk(1, 3), chunk(4, 1)]);
    assert_eq!(found(store.chunks(ExecutionId(3))), []);
}

/// The size of a chunk, and how well it could be compressed, do not show.
pub fn great_and_small_chunks_read_back(store: &dyn Store) {
    let mut random = Random::new(7);
    let mut id = 0;
    for size in [0, 1, 511, 512, 513, 1_024, 1_025, 5_000, 300_000] {
        for noise in [false, true] {
            let bytes = |random: &mut Random| -> Vec<u8> {
                (0..size).map(|at| if noise { random.below(256) as u8 } else { (at % 7) as u8 }).collect()
            };
            id += 1;
            let first = Chunk { events: bytes(&mut random), ..chunk(0, 1) };
            let second = Chunk { events: bytes(&mut random), ..chunk(1, 1) };
            let mut record = execution(id, 1, &format!("e{id}"));
            if size % 2 == 0 {
                record.summary = ended(Status::Succeeded);
            }
            commit(store, &[Write::Begin { execution: record, chunk: first.clone(), machine_revision: None }]);
            let append = Write::Append { execution: ExecutionId(id), chunk: second.clone(), summary: None };
            commit(store, &[append]);
            assert_eq!(found(store.chunks(ExecutionId(id))), [first, second], "{size} bytes, noise {noise}");
        }
    }
}

/// `chunks_between` gives every chunk that holds one of the events, in order, and none far from them.
pub fn chunks_between_gives_what_holds_the_events(store: &dyn Store) {
    // Shown events 1-2, 3-5, none (hidden ones only), 6-6, 7-10.
    let hidden = Chunk { first: 5, count: 2, first_id: EventId(6), last_id: EventId(5), events: vec![9] };
    let shown = |position: u64, from: u64, to: u64| Chunk {
        first: position,
        count: to - from + 1,
        first_id: EventId(from),
        last_id: EventId(to),
        events: vec![from as u8],
    };
    let chunks = [shown(0, 1, 2), shown(2, 3, 5), hidden, shown(7, 6, 6), shown(8, 7, 10)];
    commit(
        store,
        &[Write::Begin { execution: execution(1, 1, "a"), chunk: chunks[0].clone(), machine_revision: None }],
    );
    for chunk in &chunks[1..] {
        commit(store, &[Write::Append { execution: ExecutionId(1), chunk: chunk.clone(), summary: None }]);
    }
    assert_eq!(found(store.chunks(ExecutionId(1))), chunks);
    let ranges = [(1, 1), (2, 3), (5, 5), (6, 6), (6, 7), (10, 10), (1, 10), (0, 0), (11, 20), (7, u64::MAX), (5, 4)];
    for (from, to) in ranges {
        let given = found(store.chunks_between(ExecutionId(1), EventId(from), EventId(to)));
        let mut places: Vec<usize> =
            given.iter().map(|given| chunks.iter().position(|chunk| chunk == given).expect("one of them")).collect();
        for (place, chunk) in chunks.iter().enumerate() {
            let holds = chunk.first_id.0.max(from) <= chunk.last_id.0.min(to);
            assert!(!holds || places.contains(&place), "{from}..={to} misses chunk {place}");
            let far = chunk.last_id.0 + 1 < from || chunk.first_id.0 > to.saturating_add(1);
            assert!(!far || !places.contains(&place), "{from}..={to} gives chunk {place}");
        }
        places.dedup();
        assert!(places.is_sorted() && places.len() == given.len(), "{from}..={to} gives {places:?}");
        let events = EventRange { from: EventId(from), to: EventId(to) };
        for most in 1..=given.len().max(1) {
            let forward = visited(store, events, Order::Forward, most);
            assert_eq!(forward, given[..most.min(given.len())], "{from}..={to}");
            let backward = visited(store, events, Order::Backward, most);
            assert!(backward.len() <= most && backward.iter().rev().is_sorted_by_key(|chunk| chunk.first));
            let wanted = |chunk: &&Chunk| chunk.first_id.0.max(from) <= chunk.last_id.0.min(to);
            let holding: Vec<_> = chunks.iter().rev().filter(wanted).collect();
            let seen: Vec<_> = backward.iter().filter(wanted).collect();
            assert!(holding.starts_with(&seen), "{from}..={to} backward gives {backward:?}");
            assert!(backward.len() == most || seen.len() == holding.len(), "{from}..={to} backward gives {backward:?}");
        }
    }
    assert_eq!(found(store.chunks_between(ExecutionId(2), EventId(1), EventId(5))), []);
}

/// The first chunks of execution 1 that a visit shows.
fn visited(store: &dyn Store, events: EventRange, order: Order, most: usize) -> Vec<Chunk> {
    let mut seen = Vec::new();
    found(store.visit_chunks(ExecutionId(1), events, order, &mut |chunk| {
        seen.push(chunk);
        if seen.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }));
    seen
}

/// Events must follow the stored ones exactly: no gap, no repetition, in one batch or several.
pub fn events_that_do_not_follow_are_refused(store: &dyn Store) {
    refused(store, &[Write::Begin { execution: execution(1, 1, "a"), chunk: chunk(1, 2), machine_revision: None }]);
    commit(store, &[begin(execution(1, 1, "a"), 3)]);
    for first in [0, 1, 2, 4, 100] {
        refused(store, &[append(1, first, 1, None)]);
    }
    commit(store, &[append(1, 3, 2, None)]);
    for first in [3, 4, 6] {
        refused(store, &[append(1, first, 1, None)]);
    }
    refused(store, &[append(1, 5, 1, None), append(1, 5, 1, None)]);
    commit(store, &[append(1, 5, 1, None), append(1, 6, 1, Some(ended(Status::Succeeded)))]);
    refused(store, &[append(1, 6, 1, None)]);
}

/// Events of an execution that never began are refused.
pub fn events_without_an_execution_are_refused(store: &dyn Store) {
    refused(store, &[append(1, 0, 1, None)]);
    refused(store, &[append(1, 1, 1, None), begin(execution(1, 1, "a"), 1)]);
    commit(store, &[begin(execution(1, 1, "a"), 1), append(1, 1, 1, None)]);
}

/// A second execution with the same ARN or the same number is refused, also when the first has ended.
pub fn a_name_is_used_once(store: &dyn Store) {
    commit(store, &[begin(execution(1, 1, "a"), 1)]);
    refused(store, &[begin(execution(2, 1, "a"), 1)]);
    refused(store, &[begin(execution(1, 1, "b"), 1)]);
    refused(store, &[begin(execution(2, 1, "b"), 1), begin(execution(3, 1, "b"), 1)]);
    commit(store, &[append(1, 1, 1, Some(ended(Status::Aborted)))]);
    refused(store, &[begin(execution(2, 1, "a"), 1)]);
    commit(store, &[begin(execution(2, 2, "a"), 1), begin(execution(3, 1, "A"), 1)]);
}

/// Appending leaves the summary alone unless a new one comes with it.
pub fn a_summary_changes_only_when_given(store: &dyn Store) {
    commit(store, &[begin(ExecutionRecord { summary: running(Some(50)), ..execution(1, 1, "a") }, 1)]);
    let summary = || found(store.execution(ExecutionId(1))).expect("the execution").summary;
    commit(store, &[append(1, 1, 1, None)]);
    assert_eq!(summary(), running(Some(50)));
    let given = [
        Summary { open_tasks: true, ..running(Some(60)) },
        Summary { ready: true, ..running(None) },
        running(Some(-5)),
        ended(Status::TimedOut),
        ended(Status::Aborted),
        running(None),
    ];
    for (at, next) in given.into_iter().enumerate() {
        commit(store, &[append(1, 2 + at as u64, 1, Some(next))]);
        assert_eq!(summary(), next);
    }
}

/// The store reads nothing into an ARN or a name.
pub fn an_arn_may_have_any_form(store: &dyn Store) {
    let forms = [("a:b:c", "c"), ("a:b:", ""), ("plain", "plain"), ("a:b:d", "other"), (":", ":"), ("a:ü:é", "é")];
    let records: Vec<_> = (1..)
        .zip(forms)
        .map(|(id, (arn, name))| ExecutionRecord { arn: arn.into(), name: name.into(), ..execution(id, 1, "x") })
        .collect();
    for record in &records {
        commit(store, &[begin(record.clone(), 1)]);
    }
    for record in records {
        assert_eq!(found(store.execution_by_arn(&record.arn)), Some(record.clone()));
        assert_eq!(found(store.execution(record.id)), Some(record));
    }
}

/// A made name says where to look, and is believed no further: a chosen one may say another execution's number, and be
/// there first or come later.
pub fn a_made_name_is_found_and_used_once(store: &dyn Store) {
    let made = execution_name::of_number(ExecutionId(7), 1);
    let of = |id, machine| execution(id, machine, &made);
    commit(store, &[begin(of(7, 1), 1)]);
    assert_eq!(found(store.execution_by_arn(&of(7, 1).arn)), Some(of(7, 1)));
    assert_eq!(found(store.execution(ExecutionId(7))), Some(of(7, 1)));
    assert_eq!(found(store.execution_by_arn(&of(7, 2).arn)), None, "another state machine's");
    let other_chance = execution(7, 1, &execution_name::of_number(ExecutionId(7), 2));
    assert_eq!(found(store.execution_by_arn(&other_chance.arn)), None);

    refused(store, &[begin(of(8, 1), 1)]);
    commit(store, &[begin(of(9, 2), 1)]);
    refused(store, &[begin(of(10, 2), 1)]);
    assert_eq!(found(store.execution_by_arn(&of(9, 2).arn)), Some(of(9, 2)));
    assert_eq!(found(store.execution_by_arn(&of(7, 1).arn)), Some(of(7, 1)));

    let derived = execution(11, 1, &execution_name::derived(5, Partition(3)));
    commit(store, &[begin(derived.clone(), 1)]);
    refused(store, &[begin(ExecutionRecord { id: ExecutionId(12), ..derived.clone() }, 1)]);
    assert_eq!(found(store.execution_by_arn(&derived.arn)), Some(derived));
}
