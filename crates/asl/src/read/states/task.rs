//! Reads a Task state.

use crate::program::MachineType;
use crate::program::{QueryLanguage, Resource, Task};
use crate::read::container::Here;
use crate::read::fields::Fields;
use crate::read::rules;
use crate::read::rules::range::SECONDS;
use crate::read::{catch, retry};
use crate::value::Text;

pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>) -> Task {
    rules::required_fields::check(&["Resource"], fields);
    let errors = fields.log.schema_errors();
    let resource = rules::resource::read(fields);
    // Of what cannot be called at all nothing more is said.
    let is_known = fields.log.schema_errors() == errors;
    if let (Some(resource), MachineType::Express, true) = (&resource, here.container.machine_type, is_known) {
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
    // Nothing is called in a state that cannot run; of the two that name nothing to call, this is one.
    let resource = resource.unwrap_or_else(|| fields.log.stand_in(Resource::Activity(Text::default())));
    Task {
        resource,
        arguments,
        credentials,
        result_selector,
        result_path,
        timeout_seconds,
        heartbeat_seconds,
        retry,
        catch,
        transition,
    }
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
