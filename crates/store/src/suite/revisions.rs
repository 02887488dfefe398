//! What every store must do when a record is written: only for who saw it as it is.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{
    activity, alias, delete_activity, delete_alias, delete_machine, everything, found, put_activity, put_alias,
    put_machine, state_machine, try_commit,
};
use crate::record::{ActivityId, AliasId, Expected, StateMachine, StateMachineId, Write};
use crate::{Conflict, RecordId, Store, StoreError};

/// A kind of record: how to put one, at which revision it is, how to forget it.
struct Kind {
    record: RecordId,
    put: fn(Option<u64>) -> Write,
    delete: fn(u64) -> Write,
    revision: fn(&dyn Store) -> Option<u64>,
}

fn kinds() -> [Kind; 3] {
    [
        Kind {
            record: RecordId::StateMachine(StateMachineId(1)),
            // What the record itself says of its revision counts for nothing.
            put: |seen| put_machine(StateMachine { revision: 77, ..state_machine(1) }, seen),
            delete: |seen| delete_machine(1, seen),
            revision: |store| found(store.state_machine(&state_machine(1).arn)).map(|machine| machine.revision),
        },
        Kind {
            record: RecordId::Alias(AliasId(1)),
            put: |seen| put_alias(alias(1, 5), seen),
            delete: |seen| delete_alias(1, seen),
            revision: |store| found(store.aliases(StateMachineId(5))).first().map(|alias| alias.revision),
        },
        Kind {
            record: RecordId::Activity(ActivityId(1)),
            put: |seen| put_activity(activity(1), seen),
            delete: |seen| delete_activity(1, seen),
            revision: |store| found(store.activity(&activity(1).arn)).map(|activity| activity.revision),
        },
    ]
}

/// A record is written, and forgotten, only at the revision it has; each write raises that by one.
pub fn a_record_is_written_only_as_it_was_seen(store: &dyn Store) {
    for Kind { record, put, delete, revision } in kinds() {
        let refused = |write: Write, expected: Expected| {
            let before = (revision(store), everything(store));
            match try_commit(store, &[write]) {
                Err(StoreError::Conflict(conflict)) => {
                    assert_eq!(conflict, Conflict::RecordChanged { record, expected, found: before.0 });
                }
                other => panic!("a conflict was expected, not {other:?}"),
            }
            assert_eq!((revision(store), everything(store)), before);
        };
        let seen = Expected::Revision;
        refused(put(Some(1)), seen(1));
        refused(delete(1), seen(1));
        found(try_commit(store, &[put(None)]));
        assert_eq!(revision(store), Some(1));
        refused(put(None), Expected::Absent);
        refused(put(Some(2)), seen(2));
        refused(delete(2), seen(2));
        found(try_commit(store, &[put(Some(1)), put(Some(2))]));
        assert_eq!(revision(store), Some(3));
        refused(put(Some(1)), seen(1));
        refused(delete(1), seen(1));
        found(try_commit(store, &[delete(3)]));
        assert_eq!(revision(store), None);
        refused(delete(3), seen(3));
        // A new one of the number begins anew.
        found(try_commit(store, &[put(None), delete(1), put(None)]));
        assert_eq!(revision(store), Some(1));
    }
}

/// Of many that saw the same revision, one writes; nothing is lost where each that lost looks again.
pub fn of_writers_at_once_one_is_first(store: &dyn Store) {
    const WRITERS: usize = 8;
    const ROUNDS: usize = 5;
    found(try_commit(store, &[put_activity(activity(1), None)]));
    let lost = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let lost = &lost;
            scope.spawn(move || {
                let session = crate::lane::SessionId(writer as u128);
                let mut lane = found(crate::lane::Lane::open(store, session, 0));
                let mut written = 0;
                while written < ROUNDS {
                    let record = found(store.activity(&activity(1).arn)).expect("the activity");
                    let seen = record.revision;
                    match lane.commit(store, &[put_activity(record, Some(seen))]) {
                        Ok(()) => written += 1,
                        Err(StoreError::Conflict(Conflict::RecordChanged { .. })) => {
                            lost.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
            });
        }
    });
    let record = found(store.activity(&activity(1).arn)).expect("the activity");
    assert_eq!(record.revision, 1 + (WRITERS * ROUNDS) as u64, "{lost:?} looked again");
}

/// The first value stays.
pub fn a_named_value_is_set_where_there_is_none(store: &dyn Store) {
    let set = |value| Write::MetaIfAbsent { name: "key".into(), value: vec![value] };
    found(try_commit(store, &[set(1), set(2)]));
    found(try_commit(store, &[set(3)]));
    assert_eq!(found(store.meta("key")), Some(vec![1]));
    found(try_commit(store, &[Write::Meta { name: "key".into(), value: vec![4] }, set(5)]));
    assert_eq!(found(store.meta("key")), Some(vec![4]));
}
