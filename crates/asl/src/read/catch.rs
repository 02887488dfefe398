//! Reads `Catch`.

use super::container::Here;
use super::fields::Fields;
use super::retry::error_equals;
use super::rules;
use super::rules::states_members::StatesMember;
use super::supported;
use crate::program::{Catcher, QueryLanguage};

/// The catchers in order; none where there is no `Catch`. One that leads nowhere is left out, and the state cannot run.
pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>) -> Vec<Catcher> {
    let items = fields.list("Catch").unwrap_or_default();
    let place = fields.place_of("Catch");
    let read = |(index, item)| {
        let is_last = index + 1 == items.len();
        let catcher = Fields::of(item, &place.item(index), fields.log, fields.language)
            .and_then(|fields| catcher(&fields, is_last, here));
        catcher.or_else(|| fields.log.stand_in(None))
    };
    let mut catchers: Vec<Catcher> = items.iter().enumerate().filter_map(read).collect();
    catchers.shrink_to_fit();
    catchers
}

fn catcher(fields: &Fields<'_>, is_last: bool, here: Here<'_>) -> Option<Catcher> {
    rules::supported_fields::check(&[supported::CATCHER], fields);
    rules::required_fields::check(&["ErrorEquals", "Next"], fields);
    let error_equals = error_equals(fields, is_last);
    let next = here.target("Next", fields);
    let fields = fields.after(StatesMember::ErrorOutput);
    let (result_path, assign) = (fields.result_path(), fields.assign());
    let output = fields.template_in(QueryLanguage::Jsonata, "Output");
    Some(Catcher { error_equals, next: next?, result_path, output, assign })
}
