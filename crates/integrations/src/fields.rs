//! Which parameters an action takes.

use asl::Value;
use models::Shape;

use crate::failure::{invalid_field, unsupported_field};

/// What AWS says of parameters that the operation does not have, one text for each. A service whose model cannot be
/// read says so when it is called.
pub(crate) fn unsupported(service: &str, operation: &str, parameters: &Value) -> Vec<String> {
    let Ok(Some(service)) = models::load(service) else { return Vec::new() };
    let Some(operation) = service.operation(operation) else { return Vec::new() };
    let structure = operation.input.map(|input| service.shape(input));
    let is_member = |name: &str| match structure {
        Some(Shape::Structure(structure)) => structure.members.iter().any(|member| member.is_called(name)),
        _ => false,
    };
    not_among(parameters, is_member)
}

/// What AWS says of parameters beyond those of a list.
pub(crate) fn not_listed(fields: &[&str], parameters: &Value) -> Vec<String> {
    not_among(parameters, |name| fields.iter().any(|field| models::same_but_first_case(field, name)))
}

fn not_among(parameters: &Value, is_field: impl Fn(&str) -> bool) -> Vec<String> {
    match parameters {
        Value::Null => Vec::new(),
        Value::Object(object) => {
            object.iter().map(|(name, _)| &**name).filter(|name| !is_field(name)).map(unsupported_field).collect()
        }
        _ => vec![invalid_field("Parameters")],
    }
}
