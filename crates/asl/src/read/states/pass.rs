//! Reads a Pass state.

use crate::program::{Pass, QueryLanguage};
use crate::read::container::Here;
use crate::read::fields::Fields;
use crate::read::rules;

pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>) -> Pass {
    rules::static_result::check(fields);
    let result = fields.get("Result").cloned();
    let parameters = fields.template_in(QueryLanguage::JsonPath, "Parameters");
    let result_path = fields.result_path();
    Pass { result, parameters, result_path, transition: here.transition(fields) }
}
