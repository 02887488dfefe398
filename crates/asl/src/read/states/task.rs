//! Reads a Task state.

use crate::program::{QueryLanguage, Task};
use crate::read::MachineType;
use crate::read::container::Here;
use crate::read::fields::Fields;
use crate::read::rules;
use crate::read::rules::range::{Bounds, SECONDS_MAX};
use crate::read::{catch, retry};

pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>) -> Option<Task> {
    const SECONDS: Bounds = Bounds::integer(1, SECONDS_MAX);
    rules::required_fields::check(&["Resource"], fields);
    let resource = rules::resource::read(fields);
    if let (Some(resource), MachineType::Express) = (&resource, here.container.machine_type) {
        rules::express::check(resource, fields);
    }
    let timeout_seconds = fields.figure("TimeoutSeconds", "TimeoutSecondsPath", SECONDS, Fields::single_path);
    let heartbeat_seconds = fields.figure("HeartbeatSeconds", "HeartbeatSecondsPath", SECONDS, Fields::single_path);
    rules::heartbeat::check(timeout_seconds.as_ref(), heartbeat_seconds.as_ref(), fields);
    let arguments = arguments(fields);
    let credentials = rules::credentials::read(fields);
    let result_selector = result_selector(fields);
    let (result_path, retry, catch) = (fields.result_path(), retry::read(fields), catch::read(fields, here));
    let transition = here.transition(fields);
    Some(Task {
        resource: resource?,
        arguments,
        credentials,
        result_selector,
        result_path,
        timeout_seconds,
        heartbeat_seconds,
        retry,
        catch,
        transition: transition?,
    })
}

/// `Parameters` (JSONPath) or `Arguments` (JSONata).
pub(crate) fn arguments(fields: &Fields<'_>) -> Option<crate::template::Template> {
    fields
        .template_in(QueryLanguage::JsonPath, "Parameters")
        .or_else(|| fields.template_in(QueryLanguage::Jsonata, "Arguments"))
}

/// `ResultSelector`, an object (JSONPath).
pub(crate) fn result_selector(fields: &Fields<'_>) -> Option<crate::template::Template> {
    const NAME: &str = "ResultSelector";
    if fields.is_jsonata() { None } else { fields.object_template(NAME) }
}
