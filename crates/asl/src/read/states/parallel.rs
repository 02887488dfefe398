//! Reads a Parallel state.

use super::task;
use crate::program::{BranchId, Parallel};
use crate::read::container::Here;
use crate::read::fields::Fields;
use crate::read::machine::ProgramBuilder;
use crate::read::rules::variable_scope::OuterScope;
use crate::read::{catch, retry, rules, supported};

pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>, builder: &mut ProgramBuilder<'_>) -> Parallel {
    rules::required_fields::check(&["Branches"], fields);
    let branches = branches(fields, here, builder);
    let (arguments, result_selector) = (task::arguments(fields), task::result_selector(fields));
    let (result_path, retry, catch) = (fields.result_path(), retry::read(fields), catch::read(fields, here));
    let transition = here.transition(fields);
    Parallel { branches, arguments, result_selector, result_path, retry, catch, transition }
}

fn branches(fields: &Fields<'_>, here: Here<'_>, builder: &mut ProgramBuilder<'_>) -> Vec<BranchId> {
    let items = fields.filled_list("Branches").unwrap_or_default();
    if items.is_empty() {
        fields.log.unreadable();
    }
    let place = fields.place_of("Branches");
    let scope = OuterScope::of(fields.object, &here.container.scope);
    let read = |(index, item)| {
        let place = place.item(index);
        let branch = Fields::of(item, &place, fields.log, fields.language)?;
        let outer = here.container;
        builder.inner(&branch, supported::BRANCH, outer.machine_type, outer, Some(scope.clone()))
    };
    items.iter().enumerate().filter_map(read).collect()
}
