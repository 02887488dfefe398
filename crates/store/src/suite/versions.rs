//! What every store must do with versions and aliases.

use asl::Text;
use engine::{Status, Timestamp};

use super::{
    all_listed, append, begin, commit, delete_alias, delete_machine, ended, execution, found, put_alias, put_machine,
    refused, state_machine,
};
use crate::Store;
use crate::record::{
    Alias, AliasId, DefinitionId, ExecutionFilter, Route, Routing, StartedWith, StateMachineId, Version, VersionNumber,
    Write,
};

/// A version of a state machine.
pub fn version(state_machine: i64, number: i64) -> Version {
    Version {
        state_machine: StateMachineId(state_machine),
        number: VersionNumber(number),
        definition: DefinitionId(10 * state_machine + number),
        description: (number % 2 == 0).then(|| format!("the {number}th").into()),
        created_at: Timestamp(800 + number),
    }
}

/// An alias of a state machine, named after its number; the even ones have two routes.
pub fn alias(id: i64, state_machine: i64) -> Alias {
    let two = id % 2 == 0;
    let route = |number, weight| Route { version: VersionNumber(number), weight };
    Alias {
        id: AliasId(id),
        state_machine: StateMachineId(state_machine),
        name: format!("alias-{id}").into(),
        description: two.then(|| "é".into()),
        routing: Routing { first: route(id, if two { 0 } else { 100 }), second: two.then(|| route(id + 1, 100)) },
        created_at: Timestamp(900 + id),
        updated_at: Timestamp(950 + id),
        revision: 1,
    }
}

/// A listing by version has what was started with it, also through an alias; one by alias has what was started
/// with that; each newest first, in pages, with or without a status.
pub fn executions_are_listed_by_version_and_by_alias(store: &dyn Store) {
    // Number, state machine, version, alias, whether it is over.
    let started = [
        (1, 1, None, None, false),
        (2, 1, Some(1), None, true),
        (3, 1, Some(1), Some("PROD"), false),
        (4, 1, Some(2), Some("PROD"), true),
        (5, 1, Some(1), Some("test"), true),
        (6, 2, Some(1), Some("PROD"), false),
        (7, 1, Some(1), None, false),
    ];
    for (id, machine, version, alias, is_over) in started {
        let mut record = execution(id, machine, &format!("e{id}"));
        (record.version, record.alias) = (version.map(VersionNumber), alias.map(Text::from));
        commit(store, &[begin(record, 1)]);
        if is_over {
            commit(store, &[append(id, 1, 1, Some(ended(Status::Succeeded)))]);
        }
    }
    let version = |number| StartedWith::Version(VersionNumber(number));
    let alias = |name: &str| StartedWith::Alias(name.into());
    let cases = [
        (1, version(1), None, vec![7, 5, 3, 2]),
        (1, version(1), Some(Status::Running), vec![7, 3]),
        (1, version(1), Some(Status::Succeeded), vec![5, 2]),
        (1, version(2), None, vec![4]),
        (1, version(3), None, vec![]),
        (2, version(1), None, vec![6]),
        (1, alias("PROD"), None, vec![4, 3]),
        (1, alias("PROD"), Some(Status::Running), vec![3]),
        (1, alias("prod"), None, vec![]),
        (2, alias("PROD"), None, vec![6]),
    ];
    for (machine, started_with, status, ids) in cases {
        for limit in [1, 2, 100] {
            let state_machine = StateMachineId(machine);
            let filter = ExecutionFilter { state_machine, status, started_with: Some(started_with.clone()) };
            assert_eq!(all_listed(store, &filter, limit), ids, "{filter:?}, pages of {limit}");
        }
    }
}

/// Versions belong to a state machine, come in the order of their numbers, and are never replaced.
pub fn versions_are_added_once_deleted_and_listed(store: &dyn Store) {
    for number in [2, 1, 10, 3] {
        commit(store, &[Write::Version(version(1, number)), Write::Version(version(2, number))]);
    }
    refused(store, &[Write::Version(Version { description: None, ..version(1, 2) })]);
    let gone = |number| Write::DeleteVersion(StateMachineId(1), VersionNumber(number));
    commit(store, &[gone(3), gone(77)]);
    assert_eq!(found(store.versions(StateMachineId(1))), [version(1, 1), version(1, 2), version(1, 10)]);
    assert_eq!(found(store.versions(StateMachineId(2))).len(), 4);
    assert_eq!(found(store.versions(StateMachineId(3))), []);
    refused(store, &[gone(10), gone(2), Write::Version(version(1, 1))]);
}

/// Aliases belong to a state machine, within which a name is used once, and come in the order of their numbers.
pub fn aliases_are_created_replaced_deleted_and_listed(store: &dyn Store) {
    for (id, machine) in [(4, 1), (1, 1), (2, 2), (3, 1)] {
        commit(store, &[put_alias(alias(id, machine), None)]);
    }
    refused(store, &[put_alias(Alias { name: alias(1, 1).name, ..alias(5, 1) }, None)]);
    refused(store, &[put_alias(Alias { name: alias(1, 1).name, ..alias(4, 1) }, Some(1))]);
    commit(store, &[put_alias(Alias { name: alias(1, 1).name, ..alias(5, 2) }, None)]);
    let changed = Alias { routing: alias(2, 1).routing, updated_at: Timestamp(5), revision: 2, ..alias(3, 1) };
    refused(store, &[delete_alias(99, 1)]);
    commit(store, &[put_alias(changed.clone(), Some(1)), delete_alias(1, 1)]);
    assert_eq!(found(store.aliases(StateMachineId(1))), [changed, alias(4, 1)]);
    assert_eq!(found(store.aliases(StateMachineId(2))).len(), 2);
    assert_eq!(found(store.aliases(StateMachineId(3))), []);
    // The name is free again.
    commit(store, &[put_alias(Alias { name: alias(1, 1).name, ..alias(6, 1) }, None)]);
}

/// A state machine that is forgotten takes its versions and aliases along, and nobody else's.
pub fn versions_and_aliases_go_with_their_state_machine(store: &dyn Store) {
    for id in [1, 2] {
        let aliases = [put_alias(alias(id, id), None), put_alias(alias(id + 2, id), None)];
        commit(store, &[put_machine(state_machine(id), None), Write::Version(version(id, 1))]);
        commit(store, &aliases);
    }
    let gone = delete_machine(1, 1);
    refused(store, &[gone.clone(), Write::Version(version(2, 1))]);
    commit(store, &[gone]);
    assert_eq!(found(store.versions(StateMachineId(1))), []);
    assert_eq!(found(store.aliases(StateMachineId(1))), []);
    assert_eq!(found(store.versions(StateMachineId(2))), [version(2, 1)]);
    assert_eq!(found(store.aliases(StateMachineId(2))), [alias(2, 2), alias(4, 2)]);
}
