//! What every store must do with a batch as a whole: all of it, or nothing.

use engine::Status;

use super::{
    activity, alias, append, begin, commit, definition, delete_activity, delete_alias, delete_machine, ended,
    everything, execution, found, put_activity, put_alias, put_machine, refused, running, state_machine, version,
};
use crate::Store;
use crate::record::{Activity, Alias, StateMachine, StateMachineId, Summary, VersionNumber, Write};

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

/// A batch of nothing succeeds and changes nothing.
pub fn an_empty_batch_is_nothing(store: &dyn Store) {
    let before = everything(store);
    commit(store, &[]);
    assert_eq!(everything(store), before);
}
