//! What was published of a state machine, its versions and aliases, and what a qualified ARN names.

use std::collections::BTreeMap;

use asl::Text;
use store::record::{Alias, DefinitionId, Routing, StateMachineId, Version, VersionNumber};
use store::{Store, StoreError};

use super::Machine;
use crate::arn;

/// The versions and aliases of a state machine: at most 1,000 and 100.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// By number.
    pub versions: BTreeMap<VersionNumber, Version>,
    /// By name.
    pub aliases: BTreeMap<Text, Alias>,
}

/// What an ARN names of a state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The state machine itself: the definition in force.
    Latest,
    /// `…:<number>`
    Version(Version),
    /// `…:<name>`
    Alias(Alias),
}

/// The version and the alias an execution is started with; none of either where the state machine's own ARN was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Qualifier {
    /// The version, which an alias leads to as well.
    pub version: Option<VersionNumber>,
    /// The alias's name.
    pub alias: Option<Text>,
}

impl Published {
    /// Reads those of a state machine.
    pub(super) fn read(store: &dyn Store, machine: StateMachineId) -> Result<Self, StoreError> {
        let versions = store.versions(machine)?.into_iter().map(|version| (version.number, version)).collect();
        let aliases = store.aliases(machine)?.into_iter().map(|alias| (alias.name.clone(), alias)).collect();
        Ok(Self { versions, aliases })
    }

    /// These, and a version more, where there is one.
    pub(crate) fn with_version(mut self, version: Option<Version>) -> Self {
        self.versions.extend(version.map(|version| (version.number, version)));
        self
    }

    /// The newest version that stands for a definition.
    pub fn version_of(&self, definition: DefinitionId) -> Option<&Version> {
        self.versions.values().rev().find(|version| version.definition == definition)
    }

    /// The aliases that lead to a version, in the order in which they were created.
    pub fn aliases_of(&self, version: VersionNumber) -> Vec<&Alias> {
        let mut found: Vec<_> = self.aliases.values().filter(|alias| alias.routing.names(version)).collect();
        found.sort_unstable_by_key(|alias| alias.id);
        found
    }
}

impl Machine {
    /// What a qualifier of its ARN names, or its ARN alone. Nothing where there is no such version or alias.
    pub(crate) fn named(&self, qualifier: Option<&str>) -> Option<Named> {
        let Some(qualifier) = qualifier else { return Some(Named::Latest) };
        Some(match arn::version_number(qualifier) {
            Some(number) => Named::Version(self.published.versions.get(&number)?.clone()),
            None => Named::Alias(self.published.aliases.get(qualifier)?.clone()),
        })
    }
}

/// The version that an execution runs, by weight; `random` is any 128 bits.
pub(crate) fn choose(routing: &Routing, random: u128) -> VersionNumber {
    match routing.second {
        Some(second) if random % 100 >= u128::from(routing.first.weight) => second.version,
        _ => routing.first.version,
    }
}

#[cfg(test)]
mod tests {
    use store::record::Route;

    use super::*;

    #[test]
    fn a_weight_is_a_share_of_a_hundred() {
        let route = |number, weight| Route { version: VersionNumber(number), weight };
        for (weight, expected) in [(0, 0), (1, 1), (30, 30), (99, 99), (100, 100)] {
            let routing = Routing { first: route(1, weight), second: Some(route(2, 100 - weight)) };
            let chosen = (0..100).filter(|random| choose(&routing, *random) == VersionNumber(1)).count();
            assert_eq!(chosen, expected);
        }
        let alone = Routing { first: route(3, 100), second: None };
        assert_eq!(choose(&alone, u128::MAX), VersionNumber(3));
    }
}
