//! Reads a Fail state.

use crate::program::{Fail, FailText};
use crate::read::container::Here;
use crate::read::fields::Fields;
use crate::read::rules;

pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>) -> Fail {
    here.ends();
    Fail { error: text("Error", "ErrorPath", fields), cause: text("Cause", "CausePath", fields) }
}

fn text<'a>(name: &'a str, path_name: &'a str, fields: &Fields<'a>) -> Option<FailText> {
    if fields.is_jsonata() {
        return match fields.expression(name) {
            Some(template) => template.map(FailText::Expression),
            None => fields.text(name).cloned().map(FailText::Fixed),
        };
    }
    if fields.has(path_name) {
        fields.at_most_one_of(&[name, path_name]);
        let path = fields.text(path_name)?;
        let place = fields.place_of(path_name);
        return rules::template::read_path(path, path_name, &place, fields.log).map(FailText::Path);
    }
    rules::missing_path::check(name, fields);
    fields.text(name).cloned().map(FailText::Fixed)
}
