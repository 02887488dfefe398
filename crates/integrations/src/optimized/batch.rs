//! AWS Batch.

use asl::resource::Pattern;
use asl::{Object, Value};

use super::Behaviour;

pub(super) const BEHAVIOURS: &[Behaviour] = &[Behaviour::of("batch", "submitJob").prepared(mark_managed)];

/// AWS tells the container of a job that it waits for who started it.
fn mark_managed(parameters: &mut Object, pattern: Pattern) {
    if pattern != Pattern::Sync
        || ["NodeOverrides", "EksPropertiesOverride", "EcsPropertiesOverride"]
            .iter()
            .any(|other| parameters.contains(other))
    {
        return;
    }
    let mut overrides = match parameters.get("ContainerOverrides") {
        Some(Value::Object(overrides)) => Object::clone(overrides),
        None => Object::default(),
        Some(_) => return,
    };
    let mut environment = match overrides.get("Environment") {
        Some(Value::Array(variables)) => Vec::clone(variables),
        None => Vec::new(),
        Some(_) => return,
    };
    environment.push(Value::object([
        ("Name", Value::string("MANAGED_BY_AWS")),
        ("Value", Value::string("STARTED_BY_STEP_FUNCTIONS")),
    ]));
    overrides.insert("Environment".into(), Value::array(environment));
    parameters.insert("ContainerOverrides".into(), Value::Object(overrides.into()));
}
