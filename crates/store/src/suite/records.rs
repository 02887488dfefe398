//! What every store must do with state machines, definitions, activities and named values.

use asl::{Text, Value};

use super::{
    activity, alias, all_pages, append, begin, commit, definition, delete_activity, delete_alias, delete_machine,
    execution, found, listed, put_activity, put_alias, put_machine, refused, state_machine,
};
use crate::Store;
use crate::partition::PartitionSet;
use crate::record::{
    Activity, ActivityId, Definition, DefinitionId, ExecutionId, ExecutionRecord, LastIds, MachineStatus, MachineType,
    Page, StateMachine, StateMachineId, VersionNumber, Write,
};

/// A state machine is found by its ARN, replaced under its number, and listed in the order of the ARNs.
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
    let machines = [state_machine(1), state_machine(2), changed, state_machine(5)];
    for limit in [1, 2, 3, 4, 5] {
        assert_eq!(all_pages(limit, |page| store.list_state_machines(page)), machines, "pages of {limit}");
    }
    // What is gone is a place in the listing all the same, and so is what never was.
    for (after, rest) in [(machines[1].arn.to_string(), 2), (format!("{}!", machines[0].arn), 3), ("~".to_owned(), 0)] {
        let page = Page { limit: 10, after: Some(Text::from(after)) };
        assert_eq!(found(store.list_state_machines(&page)).items, machines[4 - rest..]);
    }
    refused(store, &[delete_machine(77, 1)]);
    commit(store, &[delete_machine(2, 1)]);
    assert_eq!(found(store.state_machine(&state_machine(2).arn)), None);
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
    assert_eq!(found(store.last_record_ids()), LastIds::default());
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
