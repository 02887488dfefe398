//! What every store must do: one behaviour, one function, each given an empty store.
//!
//! [`store_suite!`](crate::store_suite) makes one test of each. [`everything`] writes down all that a store
//! answers, and [`Batches`] makes up batches from a seed: two stores given the same must answer the same.

use asl::{Text, Value};
use engine::{EventId, Status, Timestamp};

use crate::lane::SessionId;
use crate::record::{
    Activity, ActivityId, Alias, AliasId, Chunk, Definition, DefinitionId, ExecutionFilter, ExecutionId,
    ExecutionRecord, Expected, Listing, MachineStatus, MachineType, Page, StateMachine, StateMachineId, Summary,
    VersionNumber, Write,
};
use crate::{Store, StoreError};

mod batches;
mod commit_log;
mod compare;
mod due_work;
mod executions;
mod lanes;
mod listings;
mod partitions;
mod records;
mod revisions;
mod versions;

pub use batches::{a_conflict_in_the_middle_undoes_the_whole_batch, an_empty_batch_is_nothing};
pub use commit_log::{
    a_commit_is_logged_where_its_batch_asks_for_it, a_trimmed_commit_log_goes_on_after_its_last_position,
    the_commit_log_is_read_in_order_and_in_pages, the_commit_log_says_what_a_commit_did,
};
pub use compare::{Batches, everything};
pub use due_work::{due_executions_come_earliest_first_and_in_pages, unsettled_executions_come_in_order_and_in_pages};
pub use executions::{
    a_made_name_is_found_and_used_once, a_name_is_used_once, a_summary_changes_only_when_given,
    an_arn_may_have_any_form, begun_executions_are_found_by_number_and_arn, chunks_between_gives_what_holds_the_events,
    events_are_kept_in_order, events_that_do_not_follow_are_refused, events_without_an_execution_are_refused,
    great_and_small_chunks_read_back,
};
pub use lanes::{
    a_commit_that_does_not_follow_its_lane_is_fenced, a_conflict_says_what_it_is, a_lane_settles_what_it_does_not_know,
    a_start_against_an_old_revision_is_stale, a_ticket_of_another_epoch_or_lane_is_fenced,
    lanes_do_not_disturb_each_other,
};
pub use listings::{
    executions_are_listed_by_status, executions_are_listed_newest_first_and_in_pages, running_executions_are_counted,
};
pub use partitions::{
    many_questions_at_once_are_answered_in_order, questions_are_answered_for_some_partitions,
    the_first_and_the_last_chunk_are_read_alone, the_number_of_partitions_is_known,
};
pub use records::{
    a_state_machine_deleted_and_created_anew_finds_its_old_executions,
    activities_are_created_replaced_deleted_and_listed, definitions_are_added_once_and_stay,
    named_values_are_set_and_replaced, state_machines_are_created_replaced_and_listed,
    the_greatest_numbers_outlive_deletion, two_records_never_share_an_arn,
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
            a_made_name_is_found_and_used_once
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
            a_commit_is_logged_where_its_batch_asks_for_it
            the_commit_log_says_what_a_commit_did
            the_commit_log_is_read_in_order_and_in_pages
            a_trimmed_commit_log_goes_on_after_its_last_position
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
fn all_pages<T, P>(limit: usize, mut list: impl FnMut(&Page<P>) -> Result<Listing<T, P>, StoreError>) -> Vec<T> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let mut listing = found(list(&Page { limit, after }));
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
