//! Reads a Choice state and its rules.

use crate::choice::{Comparison, Condition, Operand, OperandType, Order, Property};
use crate::program::{Choice, ChoiceRule, QueryLanguage};
use crate::read::container::Here;
use crate::read::fields::Fields;
use crate::read::rules::nesting::{self, CONDITIONS_MAX};
use crate::read::supported::{CHOICE_RULE, CONDITION, OPERATORS};
use crate::read::{place::SourcePlace, rules};
use crate::value::Value;

pub(crate) fn read(fields: &Fields<'_>, here: Here<'_>) -> Choice {
    rules::required_fields::check(&["Choices"], fields);
    let items = fields.filled_list("Choices").unwrap_or_default();
    let place = fields.place_of("Choices");
    let read = |(index, item)| {
        let rule =
            Fields::of(item, &place.item(index), fields.log, fields.language).and_then(|fields| rule(&fields, here));
        rule.or_else(|| fields.log.stand_in(None))
    };
    let mut rules: Vec<ChoiceRule> = items.iter().enumerate().filter_map(read).collect();
    rules.shrink_to_fit();
    let default = here.target("Default", fields);
    Choice { rules, default }
}

fn rule(fields: &Fields<'_>, here: Here<'_>) -> Option<ChoiceRule> {
    rules::supported_fields::check(&[CHOICE_RULE, OPERATORS], fields);
    rules::required_fields::check(if fields.is_jsonata() { &["Condition", "Next"] } else { &["Next"] }, fields);
    let condition = if fields.is_jsonata() { expression(fields) } else { condition(fields, 0) };
    let next = here.target("Next", fields);
    let output = fields.template_in(QueryLanguage::Jsonata, "Output");
    let assign = fields.assign();
    Some(ChoiceRule { condition: condition?, next: next?, output, assign })
}

/// `Condition`
fn expression(fields: &Fields<'_>) -> Option<Condition> {
    const NAME: &str = "Condition";
    let template = match fields.expression(NAME) {
        Some(template) => template,
        None => fields.flag(NAME).and_then(|_| fields.template(NAME)),
    };
    template.map(Condition::Expression)
}

/// A JSONPath rule; `depth` is how many others it stands in.
fn condition(fields: &Fields<'_>, depth: usize) -> Option<Condition> {
    if !nesting::check(depth, CONDITIONS_MAX, fields.place, fields.log) {
        return None;
    }
    let operator = rules::condition::operator(fields)?;
    match operator {
        "And" => inner_list(operator, fields, depth).map(Condition::And),
        "Or" => inner_list(operator, fields, depth).map(Condition::Or),
        "Not" => {
            let place = fields.place_of(operator);
            inner(fields.get(operator)?, &place, fields, depth).map(|inner| Condition::Not(Box::new(inner)))
        }
        _ => compare(operator, fields),
    }
}

fn inner_list(operator: &str, fields: &Fields<'_>, depth: usize) -> Option<Vec<Condition>> {
    let place = fields.place.member(operator);
    let items = fields.filled_list(operator)?;
    let read = |(index, item)| inner(item, &place.item(index), fields, depth);
    let mut conditions: Vec<Condition> = items.iter().enumerate().filter_map(read).collect();
    conditions.shrink_to_fit();
    (conditions.len() == items.len()).then_some(conditions)
}

fn inner(value: &Value, place: &SourcePlace<'_>, outer: &Fields<'_>, depth: usize) -> Option<Condition> {
    let fields = Fields::of(value, place, outer.log, outer.language)?;
    rules::supported_fields::check(&[CONDITION, OPERATORS], &fields);
    condition(&fields, depth + 1)
}

fn compare(operator: &str, fields: &Fields<'_>) -> Option<Condition> {
    rules::required_fields::check(&["Variable"], fields);
    let variable = fields.path("Variable");
    let comparison = comparison(operator, fields);
    Some(Condition::Compare { variable: variable?, comparison: comparison? })
}

fn comparison(operator: &str, fields: &Fields<'_>) -> Option<Comparison> {
    if operator == "StringMatches" {
        return fields.text(operator).cloned().map(Comparison::StringMatches);
    }
    if let Some(property) = property(operator) {
        return fields.flag(operator).map(|wanted| Comparison::Is(property, wanted));
    }
    let (operand_type, order, is_path) = ordered(operator)?;
    let operand = if is_path {
        fields.path(operator).map(Operand::Path)
    } else {
        literal(operator, operand_type, fields).map(Operand::Literal)
    };
    Some(Comparison::Ordered(operand_type, order, operand?))
}

fn literal(operator: &str, operand_type: OperandType, fields: &Fields<'_>) -> Option<Value> {
    let value = fields.get(operator)?;
    match (operand_type, value) {
        (OperandType::String, _) => {
            rules::missing_path::check(operator, fields);
            fields.text(operator)?;
        }
        (OperandType::Boolean, _) => {
            fields.flag(operator)?;
        }
        (OperandType::Timestamp, _) => {
            rules::timestamp::read(operator, fields)?;
        }
        (OperandType::Numeric, Value::Number(_)) => {}
        (OperandType::Numeric, _) => {
            return rules::value_type::expected("Number", &fields.place.member(operator), fields.log);
        }
    }
    Some(value.clone())
}

fn property(operator: &str) -> Option<Property> {
    Some(match operator {
        "IsNull" => Property::Null,
        "IsPresent" => Property::Present,
        "IsNumeric" => Property::Numeric,
        "IsString" => Property::String,
        "IsBoolean" => Property::Boolean,
        "IsTimestamp" => Property::Timestamp,
        _ => return None,
    })
}

/// Takes apart `StringEquals`, `NumericLessThanEqualsPath` and their like.
fn ordered(operator: &str) -> Option<(OperandType, Order, bool)> {
    const TYPES: [(&str, OperandType); 4] = [
        ("String", OperandType::String),
        ("Numeric", OperandType::Numeric),
        ("Boolean", OperandType::Boolean),
        ("Timestamp", OperandType::Timestamp),
    ];
    let (plain, is_path) = operator.strip_suffix("Path").map_or((operator, false), |plain| (plain, true));
    let (order, operand_type) =
        TYPES.iter().find_map(|(prefix, operand_type)| Some((plain.strip_prefix(prefix)?, *operand_type)))?;
    let order = match order {
        "Equals" => Order::Equals,
        "LessThan" => Order::LessThan,
        "GreaterThan" => Order::GreaterThan,
        "LessThanEquals" => Order::LessThanEquals,
        "GreaterThanEquals" => Order::GreaterThanEquals,
        _ => return None,
    };
    Some((operand_type, order, is_path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::rules::testing::{accepted, machine, refused};

    #[test]
    fn every_operator_is_understood() {
        let is_compared =
            |operator: &str| operator == "StringMatches" || property(operator).is_some() || ordered(operator).is_some();
        for (name, _) in OPERATORS {
            assert_eq!(is_compared(name), !["Variable", "And", "Or", "Not"].contains(name), "{name}");
        }
    }

    #[test]
    fn operands_have_the_operators_type() {
        let choice = |rule: &str| {
            machine(&format!(r#"{{"Type": "Choice", "Choices": [{{"Variable": "$.a", {rule}, "Next": "Y"}}]}}"#))
                .replace(r#"{"X":"#, r#"{"Y": {"Type": "Succeed"}, "X":"#)
        };
        let cases = [
            (r#""StringEquals": 1"#, "Expected value of type String", "StringEquals"),
            (r#""NumericEquals": "1""#, "Expected value of type Number", "NumericEquals"),
            (r#""BooleanEquals": "true""#, "Expected value of type Boolean", "BooleanEquals"),
            (r#""TimestampEquals": "now""#, "String does not match RFC3339 timestamp", "TimestampEquals"),
            (r#""IsNull": null"#, "Expected value of type Boolean", "IsNull"),
            (r#""StringMatches": ["*"]"#, "Expected value of type String", "StringMatches"),
            (r#""StringEqualsPath": "b""#, "Value must be a valid JSONPath.", "StringEqualsPath"),
        ];
        for (rule, text, field) in cases {
            let text = format!("SCHEMA_VALIDATION_FAILED: {text} at /States/X/Choices[0]/{field}");
            refused(&choice(rule), &[&text]);
        }
        for rule in [
            r#""StringEquals": """#,
            r#""NumericLessThanEquals": -1.5"#,
            r#""TimestampLessThanPath": "$$.State.EnteredTime""#,
            r#""BooleanEqualsPath": "$flag""#,
        ] {
            accepted(&choice(rule));
        }
    }

    #[test]
    fn inner_rules_lead_nowhere_of_their_own() {
        let choice = |inner: &str| {
            machine(&format!(r#"{{"Type": "Choice", "Choices": [{{"And": [{inner}], "Next": "Y"}}]}}"#))
                .replace(r#"{"X":"#, r#"{"Y": {"Type": "Succeed"}, "X":"#)
        };
        refused(
            &choice(r#"{"Variable": "$.a", "IsNull": true, "Next": "Y"}"#),
            &["SCHEMA_VALIDATION_FAILED: Field 'Next' is not supported at /States/X/Choices[0]/And[0]"],
        );
        accepted(&choice(r#"{"Variable": "$.a", "IsNull": true, "Comment": "c"}"#));
    }
}
