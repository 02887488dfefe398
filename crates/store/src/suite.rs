//! What every store must do: one behaviour, one function, each given an empty store.
//!
//! [`store_suite!`](crate::store_suite) makes one test of each. [`everything`] writes down all that a store
//! answers, and [`Batches`] makes up batches from a seed: two stores given the same must answer the same.

use asl::{Text, Value};
use engine::{EventId, Status, Timestamp};

use crate::fault::Random;
use crate::lane::SessionId;
use crate::partition::PartitionSet;
use crate::record::{
    Activity, ActivityId, Alias, AliasId, Chunk, Definition, DefinitionId, ExecutionFilter, ExecutionId,
    ExecutionRecord, Expected, Listing, MachineStatus, MachineType, Page, StateMachine, StateMachineId, Summary,
    VersionNumber, Write,
};
use crate::{Store, StoreError};

mod compare;
mod lanes;
mod partitions;
mod revisions;
mod versions;

pub use compare::{Batches, everything};
pub use lanes::{
    a_commit_that_does_not_follow_its_lane_is_fenced, a_conflict_says_what_it_is, a_lane_settles_what_it_does_not_know,
    a_start_against_an_old_revision_is_stale, a_ticket_of_another_epoch_or_lane_is_fenced,
    lanes_do_not_disturb_each_other,
};
pub use partitions::{
    many_questions_at_once_are_answered_in_order, questions_are_answered_for_some_partitions,
    the_first_and_the_last_chunk_are_read_alone, the_number_of_partitions_is_known,
};
pub use revisions::{
    a_named_value_is_set_where_there_is_none, a_record_is_written_only_as_it_was_seen, of_writers_at_once_one_is_first,
};
pub use versions::{
    alias, aliases_are_created_replaced_deleted_and_listed, executions_are_listed_by_version_and_by_alias, version,
    versions_and_aliases_go_with_their_state_machine, versions_are_added_once_deleted_and_listed,
};

/// Makes one `#[test]` of every behaviour. Takes a closure that opens an empty store and gives something that
/// dereferences to it, such as a `Box`.
#[macro_export]
macro_rules! store_suite {
    ($open:expr) => {
        $crate::store_suite!(@each $open;
            begun_executions_are_found_by_number_and_arn
            events_are_kept_in_order
            great_and_small_chunks_read_back
            chunks_between_gives_what_holds_the_events
            events_that_do_not_follow_are_refused
            events_without_an_execution_are_refused
            a_name_is_used_once
            a_conflict_in_the_middle_undoes_the_whole_batch
            a_summary_changes_only_when_given
            executions_are_listed_newest_first_and_in_pages
            executions_are_listed_by_status
            executions_are_listed_by_version_and_by_alias
            running_executions_are_counted
            due_executions_come_earliest_first_and_in_pages
            unsettled_executions_come_in_order_and_in_pages
            state_machines_are_created_replaced_and_listed
            a_state_machine_deleted_and_created_anew_finds_its_old_executions
            definitions_are_added_once_and_stay
            versions_are_added_once_deleted_and_listed
            aliases_are_created_replaced_deleted_and_listed
            versions_and_aliases_go_with_their_state_machine
            activities_are_created_replaced_deleted_and_listed
            two_records_never_share_an_arn
            the_greatest_numbers_outlive_deletion
            named_values_are_set_and_replaced
            an_arn_may_have_any_form
            an_empty_batch_is_nothing
            a_commit_that_does_not_follow_its_lane_is_fenced
            a_ticket_of_another_epoch_or_lane_is_fenced
            lanes_do_not_disturb_each_other
            a_lane_settles_what_it_does_not_know
            a_start_against_an_old_revision_is_stale
            a_conflict_says_what_it_is
            a_record_is_written_only_as_it_was_seen
            of_writers_at_once_one_is_first
            a_named_value_is_set_where_there_is_none
            questions_are_answered_for_some_partitions
            many_questions_at_once_are_answered_in_order
            the_first_and_the_last_chunk_are_read_alone
            the_number_of_partitions_is_known
        );
    };
    (@each $open:expr; $($behaviour:ident)*) => {
        mod suite {
            use super::*;

            $(
                #[test]
                fn $behaviour() {
                    let store = ($open)();
                    $crate::suite::$behaviour(&*store);
                }
            )*
        }
    };
}

const PREFIX: &str = "arn:aws:states:us-east-1:123456789012";

/// A running execution of a state machine that is named after its number.
pub fn execution(id: i64, state_machine: i64, name: &str) -> ExecutionRecord {
    ExecutionRecord {
        id: ExecutionId(id),
        arn: format!("{PREFIX}:execution:machine-{state_machine}:{name}").into(),
        name: name.into(),
        state_machine: StateMachineId(state_machine),
        definition: DefinitionId(state_machine),
        started_at: Timestamp(1_000 + id),
        trace_header: None,
        version: None,
        alias: None,
        profile: None,
        summary: running(None),
    }
}

/// The summary of an execution that runs.
pub fn running(wake_at: Option<i64>) -> Summary {
    Summary {
        status: Status::Running,
        stopped_at: None,
        wake_at: wake_at.map(Timestamp),
        open_tasks: false,
        ready: false,
    }
}

/// The summary of an execution that ended.
pub fn ended(status: Status) -> Summary {
    Summary { status, stopped_at: Some(Timestamp(9_000)), ..running(None) }
}

/// A chunk of shown events: `first` is the position, and so the last number before it.
pub fn chunk(first: u64, count: u64) -> Chunk {
    Chunk {
        first,
        count,
        first_id: EventId(first + 1),
        last_id: EventId(first + count),
        events: format!("events {first}+{count}").into_bytes(),
    }
}

/// A state machine that is named after its number.
pub fn state_machine(id: i64) -> StateMachine {
    StateMachine {
        id: StateMachineId(id),
        arn: format!("{PREFIX}:stateMachine:machine-{id}").into(),
        name: format!("machine-{id}").into(),
        machine_type: MachineType::Standard,
        status: MachineStatus::Active,
        definition: DefinitionId(id),
        created_at: Timestamp(500 + id),
        settings: Value::object([("loggingConfiguration", Value::object([("level", Value::string("OFF"))]))]),
        tags: Value::empty_object(),
        last_version: VersionNumber(0),
        revision: 1,
    }
}

/// A definition of a state machine.
pub fn definition(id: i64, state_machine_arn: &Text) -> Definition {
    Definition {
        id: DefinitionId(id),
        state_machine_arn: state_machine_arn.clone(),
        text: "{ \"StartAt\":\t\"Ä\" }".into(),
        role_arn: "arn:aws:iam::123456789012:role/r".into(),
        revision_id: (id > 1).then(|| format!("revision-{id}").into()),
        created_at: Timestamp(600 + id),
        settings: Value::object([("number", Value::int(1))]),
    }
}

/// An activity that is named after its number.
pub fn activity(id: i64) -> Activity {
    Activity {
        id: ActivityId(id),
        arn: format!("{PREFIX}:activity:activity-{id}").into(),
        name: format!("activity-{id}").into(),
        created_at: Timestamp(700 + id),
        settings: Value::empty_object(),
        tags: Value::object([("team", Value::string("ä\"\n"))]),
        revision: 1,
    }
}

/// A state machine as a new one, or in place of the one at that revision.
pub fn put_machine(record: StateMachine, seen: Option<u64>) -> Write {
    Write::StateMachine { record, expected: Expected::of(seen) }
}

/// An alias as a new one, or in place of the one at that revision.
pub fn put_alias(record: Alias, seen: Option<u64>) -> Write {
    Write::Alias { record, expected: Expected::of(seen) }
}

/// An activity as a new one, or in place of the one at that revision.
pub fn put_activity(record: Activity, seen: Option<u64>) -> Write {
    Write::Activity { record, expected: Expected::of(seen) }
}

fn delete_machine(id: i64, revision: u64) -> Write {
    Write::DeleteStateMachine { id: StateMachineId(id), revision }
}

fn delete_alias(id: i64, revision: u64) -> Write {
    Write::DeleteAlias { id: AliasId(id), revision }
}

fn delete_activity(id: i64, revision: u64) -> Write {
    Write::DeleteActivity { id: ActivityId(id), revision }
}

fn begin(execution: ExecutionRecord, count: u64) -> Write {
    Write::Begin { execution, chunk: chunk(0, count), machine_revision: None }
}

fn append(id: i64, first: u64, count: u64, summary: Option<Summary>) -> Write {
    Write::Append { execution: ExecutionId(id), chunk: chunk(first, count), summary }
}

/// Commits on a lane that all tests of a store share: for those that are not about lanes.
///
/// # Errors
/// Those of [`Commit::commit`](crate::Commit::commit).
pub fn try_commit<S: Store + ?Sized>(store: &S, batch: &[Write]) -> Result<(), StoreError> {
    const TESTS: SessionId = SessionId(0x7e57);
    let ticket = store.open_lane(TESTS, 0)?.next();
    store.commit(&ticket, batch)
}

fn commit(store: &dyn Store, batch: &[Write]) {
    try_commit(store, batch).expect("the batch is committed");
}

#[track_caller]
fn refused(store: &dyn Store, batch: &[Write]) {
    let before = everything(store);
    match try_commit(store, batch) {
        Err(StoreError::Conflict(_)) => assert_eq!(everything(store), before, "a refused batch left something"),
        other => panic!("a conflict was expected, not {other:?}"),
    }
}

fn found<T>(answer: Result<T, StoreError>) -> T {
    answer.expect("the store answers")
}

fn page(limit: usize, after: Option<i64>) -> Page {
    Page { limit, after }
}

/// Reads a listing to its end, in pages of that size.
fn all_pages<T>(limit: usize, mut list: impl FnMut(&Page) -> Result<Listing<T>, StoreError>) -> Vec<T> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let mut listing = found(list(&page(limit, after)));
        assert!(listing.items.len() <= limit, "a page holds more than it may");
        assert!(listing.next.is_none() || listing.items.len() == limit, "a page with a next one is full");
        items.append(&mut listing.items);
        after = listing.next;
        if after.is_none() {
            return items;
        }
    }
}

fn listed(store: &dyn Store, state_machine: i64, status: Option<Status>, limit: usize) -> Vec<i64> {
    let filter = ExecutionFilter { state_machine: StateMachineId(state_machine), status, started_with: None };
    all_listed(store, &filter, limit)
}

fn all_listed(store: &dyn Store, filter: &ExecutionFilter, limit: usize) -> Vec<i64> {
    all_pages(limit, |page| store.list_executions(filter, page)).iter().map(|record| record.id.0).collect()
}

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
    }
    assert_eq!(found(store.chunks_between(ExecutionId(2), EventId(1), EventId(5))), []);
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

/// A batch with a conflict anywhere leaves no trace of any of its writes.
pub fn a_conflict_in_the_middle_undoes_the_whole_batch(store: &dyn Store) {
    let machine = state_machine(1);
    let old = [
        put_machine(machine.clone(), None),
        Write::Version(version(1, 1)),
        Write::Version(version(1, 2)),
        put_alias(alias(1, 1), None),
        put_alias(alias(2, 1), None),
        put_activity(activity(1), None),
        Write::Meta { name: "old".into(), value: vec![1] },
        begin(execution(1, 1, "a"), 1),
    ];
    commit(store, &old);
    let conflicts = [
        begin(execution(9, 1, "a"), 1),
        append(1, 7, 1, None),
        append(99, 0, 1, None),
        put_machine(StateMachine { arn: machine.arn.clone(), ..state_machine(8) }, None),
        put_activity(Activity { arn: activity(1).arn, ..activity(8) }, None),
        Write::Version(version(1, 1)),
        put_alias(Alias { name: alias(1, 1).name, ..alias(8, 1) }, None),
    ];
    for conflict in conflicts {
        let renamed = StateMachine { name: "renamed".into(), ..machine.clone() };
        let batch = [
            begin(execution(2, 1, "b"), 1),
            begin(execution(4, 7, "first of its state machine"), 1),
            append(2, 1, 2, Some(ended(Status::Failed))),
            append(1, 1, 1, Some(Summary { ready: true, open_tasks: true, ..running(Some(5)) })),
            append(1, 2, 1, Some(ended(Status::TimedOut))),
            put_machine(renamed, Some(1)),
            put_machine(state_machine(2), None),
            Write::Definition(definition(1, &machine.arn)),
            Write::DeleteVersion(StateMachineId(1), VersionNumber(2)),
            Write::Version(version(1, 3)),
            put_alias(Alias { routing: alias(4, 1).routing, ..alias(1, 1) }, Some(1)),
            delete_alias(2, 1),
            put_alias(alias(3, 1), None),
            put_activity(activity(2), None),
            delete_activity(1, 1),
            put_activity(activity(1), None),
            Write::Meta { name: "old".into(), value: vec![2] },
            Write::Meta { name: "new".into(), value: vec![3] },
            conflict,
            begin(execution(3, 1, "c"), 1),
        ];
        refused(store, &batch);
        assert_eq!(found(store.meta("old")), Some(vec![1]));
        assert_eq!(found(store.meta("new")), None);
    }
    let gone = [delete_machine(1, 1), begin(execution(9, 1, "a"), 1)];
    refused(store, &gone);
    // What was refused in that company is taken alone.
    let others = [execution(2, 1, "b"), execution(4, 7, "first of its state machine")];
    commit(store, &[append(1, 1, 1, None), begin(others[0].clone(), 1), begin(others[1].clone(), 1)]);
    for record in others {
        assert_eq!(found(store.execution_by_arn(&record.arn)), Some(record));
    }
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

/// A state machine is found by its ARN, replaced under its number, and listed newest first.
pub fn state_machines_are_created_replaced_and_listed(store: &dyn Store) {
    for id in [1, 3, 2, 5] {
        commit(store, &[put_machine(state_machine(id), None)]);
    }
    let changed = StateMachine {
        status: MachineStatus::Deleting,
        machine_type: MachineType::Express,
        definition: DefinitionId(44),
        tags: Value::object([("k", Value::string("v"))]),
        last_version: VersionNumber(12),
        revision: 2,
        ..state_machine(3)
    };
    commit(store, &[put_machine(changed.clone(), Some(1))]);
    assert_eq!(found(store.state_machine(&changed.arn)), Some(changed.clone()));
    assert_eq!(found(store.state_machine("arn:none")), None);
    let machines = [state_machine(5), changed, state_machine(2), state_machine(1)];
    for limit in [1, 2, 3, 4, 5] {
        assert_eq!(all_pages(limit, |page| store.list_state_machines(page)), machines, "pages of {limit}");
    }
    refused(store, &[delete_machine(77, 1)]);
    commit(store, &[delete_machine(2, 1)]);
    assert_eq!(found(store.state_machine(&machines[2].arn)), None);
    assert_eq!(all_pages(2, |page| store.list_state_machines(page)).len(), 3);
}

/// The executions of a deleted state machine stay readable and keep their names, also beside those of a
/// new state machine of the same name.
pub fn a_state_machine_deleted_and_created_anew_finds_its_old_executions(store: &dyn Store) {
    let machine = state_machine(1);
    commit(store, &[put_machine(machine.clone(), None), Write::Definition(definition(1, &machine.arn))]);
    commit(store, &[begin(execution(1, 1, "a"), 1)]);
    commit(store, &[delete_machine(machine.id.0, 1)]);
    let again = StateMachine { id: StateMachineId(2), definition: DefinitionId(2), ..machine.clone() };
    commit(store, &[put_machine(again.clone(), None), Write::Definition(definition(2, &machine.arn))]);
    assert_eq!(found(store.state_machine(&machine.arn)), Some(again));
    let of_again = |id, name| ExecutionRecord {
        state_machine: StateMachineId(2),
        definition: DefinitionId(2),
        ..execution(id, 1, name)
    };
    refused(store, &[begin(of_again(2, "a"), 1)]);
    commit(store, &[begin(of_again(2, "b"), 1), append(1, 1, 1, None)]);
    let old = execution(1, 1, "a");
    assert_eq!(found(store.execution_by_arn(&old.arn)), Some(old.clone()));
    assert_eq!(found(store.definition(old.definition)), Some(definition(1, &machine.arn)));
    assert_eq!((listed(store, 1, None, 5), listed(store, 2, None, 5)), (vec![1], vec![2]));
}

/// Definitions are never replaced, and stay when their state machine goes.
pub fn definitions_are_added_once_and_stay(store: &dyn Store) {
    let machine = state_machine(1);
    let definitions = [definition(1, &machine.arn), definition(2, &machine.arn)];
    commit(store, &definitions.clone().map(Write::Definition));
    refused(store, &[Write::Definition(Definition { text: "{}".into(), ..definitions[0].clone() })]);
    commit(store, &[put_machine(machine.clone(), None), delete_machine(machine.id.0, 1)]);
    for definition in definitions {
        assert_eq!(found(store.definition(definition.id)), Some(definition));
    }
    assert_eq!(found(store.definition(DefinitionId(3))), None);
}

/// An activity is found by its ARN, replaced under its number, deleted, and listed oldest first.
pub fn activities_are_created_replaced_deleted_and_listed(store: &dyn Store) {
    commit(store, &[put_activity(activity(2), None), put_activity(activity(1), None), put_activity(activity(3), None)]);
    let changed = Activity { tags: Value::empty_object(), revision: 2, ..activity(1) };
    commit(store, &[put_activity(changed.clone(), Some(1)), delete_activity(3, 1)]);
    refused(store, &[delete_activity(9, 1)]);
    assert_eq!(found(store.activity(&changed.arn)), Some(changed.clone()));
    assert_eq!(found(store.activity(&activity(3).arn)), None);
    assert_eq!(all_pages(1, |page| store.list_activities(page)), [changed, activity(2)]);
    // The ARN is free again.
    commit(store, &[put_activity(Activity { arn: activity(3).arn, ..activity(4) }, None)]);
    assert_eq!(found(store.activity(&activity(3).arn)).map(|activity| activity.id), Some(ActivityId(4)));
}

/// Two state machines, or two activities, never have one ARN.
pub fn two_records_never_share_an_arn(store: &dyn Store) {
    commit(store, &[put_machine(state_machine(1), None), put_activity(activity(1), None)]);
    commit(store, &[put_machine(state_machine(2), None), put_activity(activity(2), None)]);
    for id in [2, 3] {
        refused(store, &[put_machine(StateMachine { arn: state_machine(1).arn, ..state_machine(id) }, None)]);
        refused(store, &[put_activity(Activity { arn: activity(1).arn, ..activity(id) }, None)]);
    }
    let moved = StateMachine { arn: state_machine(1).arn, ..state_machine(3) };
    commit(store, &[delete_machine(1, 1), put_machine(moved, None)]);
}

/// A number is known as used when what had it is gone.
pub fn the_greatest_numbers_outlive_deletion(store: &dyn Store) {
    assert_eq!(found(store.last_record_ids()), crate::record::LastIds::default());
    assert_eq!(found(store.last_execution_id(&PartitionSet::All)), ExecutionId(0));
    commit(store, &[put_machine(state_machine(4), None), put_machine(state_machine(2), None)]);
    commit(store, &[put_activity(activity(9), None), Write::Definition(definition(6, &state_machine(4).arn))]);
    commit(store, &[put_alias(alias(8, 2), None), put_alias(alias(11, 4), None), delete_alias(8, 1)]);
    commit(store, &[delete_machine(4, 1), delete_activity(9, 1)]);
    let last = found(store.last_record_ids());
    assert_eq!((last.state_machine.0, last.definition.0, last.activity.0, last.alias.0), (4, 6, 9, 11));
}

/// A named value is any bytes, and the last one set counts.
pub fn named_values_are_set_and_replaced(store: &dyn Store) {
    let set = |name: &str, value: &[u8]| Write::Meta { name: name.into(), value: value.to_vec() };
    commit(store, &[set("key", &[0, 255]), set("written_by", b"x"), set("", b"")]);
    commit(store, &[set("key", &[1]), set("key", &[2])]);
    assert_eq!(found(store.meta("key")), Some(vec![2]));
    assert_eq!(found(store.meta("written_by")), Some(b"x".to_vec()));
    assert_eq!(found(store.meta("")), Some(Vec::new()));
    assert_eq!(found(store.meta("Key")), None);
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

/// A batch of nothing succeeds and changes nothing.
pub fn an_empty_batch_is_nothing(store: &dyn Store) {
    let before = everything(store);
    commit(store, &[]);
    assert_eq!(everything(store), before);
}
