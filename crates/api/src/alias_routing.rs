//! `routingConfiguration`: which versions an alias leads to, with which weights.

use asl::{Text, Value};
use store::record::{Route, Routing, VersionNumber};

use crate::arn;
use crate::error::ApiError;
use crate::json_object_writer::JsonObjectWriter;
use crate::request::{MemberCheck, MemberPlace, Members};
use crate::shape::{Int, List, Shape, Structure, int};
use crate::shapes::ARN;

/// Items of a configuration at most.
/// No quota: what a routing is, and what is stored of it.
const ITEMS_MAX: usize = 2;
const WEIGHT: Int = int(0..=100);

/// `RoutingConfigurationListItem`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RoutingItem {
    version_arn: Text,
    weight: u8,
}

/// `RoutingConfigurationList`: one or two items.
pub(crate) struct RoutingShape;

impl Shape for RoutingShape {
    type Output = Vec<RoutingItem>;

    fn read(&self, value: &Value, place: &MemberPlace<'_>, check: &mut MemberCheck) -> Option<Vec<RoutingItem>> {
        let items = List(Structure(read_item)).read(value, place, check)?;
        let count = value.as_array().map_or(0, |items| items.len());
        let limit = match count {
            0 => "Member must have length greater than or equal to 1".to_owned(),
            1..=ITEMS_MAX => return Some(items),
            _ => format!("Member must have length less than or equal to {ITEMS_MAX}"),
        };
        check.violation(format_args!("Value '{}'", shown(&items)), place, limit);
        None
    }
}

fn read_item(members: &mut Members<'_>) -> RoutingItem {
    let version_arn = members.required("stateMachineVersionArn", &ARN);
    let weight: i64 = members.required("weight", &WEIGHT);
    RoutingItem { version_arn, weight: u8::try_from(weight).unwrap_or_default() }
}

/// Items as AWS shows them in messages.
fn shown(items: &[RoutingItem]) -> String {
    let shown = items.iter().map(|RoutingItem { version_arn, weight }| {
        format!("RoutingConfigurationListItem(stateMachineVersionArn={version_arn}, weight={weight})")
    });
    format!("[{}]", shown.collect::<Vec<_>>().join(", "))
}

/// Checks what AWS checks beyond the constraints: distinct versions of one state machine, and weights that are 100
/// together. Gives the state machine's ARN with the routing.
pub(crate) fn check(items: &[RoutingItem]) -> Result<(Text, Routing), ApiError> {
    for item in items {
        arn::check_state_machine(&item.version_arn)?;
    }
    let arns = || items.iter().map(|item| &*item.version_arn).collect::<Vec<_>>().join(", ");
    let versions = items.iter().map(|item| arn::version(&item.version_arn));
    let Some(versions) = versions.collect::<Option<Vec<(&str, VersionNumber)>>>() else {
        return Err(invalid(&format!("must contain state machine version ARNs. Received: [{}]", arns())));
    };
    if let [first, second] = versions[..] {
        if first == second {
            return Err(invalid(&format!("must contain distinct state machine version ARNs. Received: [{}]", arns())));
        }
        if first.0 != second.0 {
            return Err(invalid(&format!("must contain versions of one state machine. Received: [{}]", arns())));
        }
    }
    let weights: Vec<u8> = items.iter().map(|item| item.weight).collect();
    if weights.iter().map(|weight| u32::from(*weight)).sum::<u32>() != 100 {
        let message = format!("Sum of routing configuration weights must equal 100. Received: {weights:?}");
        return Err(with_reason(message));
    }
    let mut routes = versions.iter().zip(weights).map(|((_, version), weight)| Route { version: *version, weight });
    match (versions.first(), routes.next()) {
        (Some((machine, _)), Some(first)) => Ok(((*machine).into(), Routing { first, second: routes.next() })),
        // The shape lets no empty list through.
        _ => Err(invalid("must contain state machine version ARNs. Received: []")),
    }
}

/// The versions belong to another state machine than the alias.
pub(crate) fn of_another_machine(alias_arn: &str) -> ApiError {
    invalid(&format!("must contain versions of the state machine of the alias '{alias_arn}'."))
}

/// Writes `routingConfiguration`.
pub(crate) fn write(answer: &mut JsonObjectWriter, machine_arn: &str, routing: &Routing) {
    answer.list("routingConfiguration", routing.routes(), |item, route| {
        let version = arn::qualified(machine_arn, route.version.0);
        item.text("stateMachineVersionArn", &version).number("weight", route.weight.into());
    });
}

fn invalid(rule: &str) -> ApiError {
    with_reason(format!("Routing configuration {rule}"))
}

fn with_reason(message: String) -> ApiError {
    ApiError::validation(message).with("reason", "INVALID_ROUTING_CONFIGURATION".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";

    fn item(qualifier: &str, weight: u8) -> RoutingItem {
        RoutingItem { version_arn: format!("{MACHINE}{qualifier}").into(), weight }
    }

    #[test]
    fn a_routing_keeps_the_order_of_its_items() {
        let (machine, routing) = check(&[item(":2", 0), item(":1", 100)]).unwrap();
        assert_eq!(&*machine, MACHINE);
        let routes = routing.routes().map(|route| (route.version.0, route.weight)).collect::<Vec<_>>();
        assert_eq!(routes, [(2, 0), (1, 100)]);
        assert_eq!(check(&[item(":7", 100)]).unwrap().1.second, None);
    }

    #[test]
    fn each_rule_is_told_in_the_words_of_aws() {
        let one = format!("{MACHINE}:1");
        let versions = "Routing configuration must contain state machine version ARNs. Received: ";
        let distinct = "Routing configuration must contain distinct state machine version ARNs. Received: ";
        let sum = "Sum of routing configuration weights must equal 100. Received: ";
        let cases = [
            (vec![item("", 100)], format!("{versions}[{MACHINE}]")),
            (vec![item(":1", 50), item(":PROD", 50)], format!("{versions}[{one}, {MACHINE}:PROD]")),
            (vec![item(":1", 50), item(":1", 50)], format!("{distinct}[{one}, {one}]")),
            (
                vec![item(":1", 50), item("2:1", 50)],
                format!(
                    "Routing configuration must contain versions of one state machine. Received: [{one}, {MACHINE}2:1]"
                ),
            ),
            (vec![item(":1", 70), item(":2", 29)], format!("{sum}[70, 29]")),
            (vec![item(":1", 99)], format!("{sum}[99]")),
        ];
        for (items, message) in cases {
            let error = check(&items).unwrap_err();
            assert_eq!((error.code, error.message), ("ValidationException", message));
            assert_eq!(error.detail, Some(("reason", "INVALID_ROUTING_CONFIGURATION".into())));
        }
        let malformed = RoutingItem { version_arn: "x".into(), weight: 100 };
        assert_eq!(check(&[malformed]).unwrap_err().code, "InvalidArn");
    }
}
