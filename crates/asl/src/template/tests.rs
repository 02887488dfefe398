//! Which payloads templates make, and which templates are refused.

use proptest::prelude::*;

use super::*;
use crate::error::ErrorName;
use crate::testing::{json, scoped};

fn evaluate(template: &Template, input: &str) -> Result<Value, EvaluationError> {
    let input = json(input);
    let context = r#"{"Execution":{"Name":"e"}}"#;
    scoped(&input, context, ("x", "42"), |scope| template.evaluate(scope, "Parameters"))
}

fn parse(text: &str) -> Result<Template, Vec<TemplateError>> {
    Template::parse(&json(text), QueryLanguage::JsonPath)
}

#[test]
fn members_that_end_in_dollar_are_evaluated() {
    for (template, expected) in [
        (r#"{"a.$":"$.n","b":"$.n"}"#, r#"{"a":1,"b":"$.n"}"#),
        (r#"{"a.$":"$"}"#, r#"{"a":{"n":1,"l":[{"k":2}]}}"#),
        (r#"{"a.$":" $.n ","b.$":" States.Array($.n) "}"#, r#"{"a":1,"b":[1]}"#),
        (r#"{"a.$":"$$.Execution.Name","b.$":"$x"}"#, r#"{"a":"e","b":42}"#),
        (r#"{"a.$":"States.Format('{}', $.n)"}"#, r#"{"a":"1"}"#),
        (
            r#"{"a":{"b":[{"c.$":"$.l[0].k"},[{"d.$":"$.l[*].k"}],"$.n"]}}"#,
            r#"{"a":{"b":[{"c":2},[{"d":[2]}],"$.n"]}}"#,
        ),
        (r#"{"z.$":"$.n","a":0,"m.$":"$.n"}"#, r#"{"z":1,"a":0,"m":1}"#),
        ("{}", "{}"),
        (r#""$.n""#, r#""$.n""#),
        (r#"["$.n",1]"#, r#"["$.n",1]"#),
    ] {
        let template = parse(template).unwrap_or_else(|errors| panic!("{template}: {errors:?}"));
        assert_eq!(evaluate(&template, r#"{"n":1,"l":[{"k":2}]}"#).unwrap().to_json(), expected);
    }
}

#[test]
fn what_is_constant_is_shared() {
    let whole = parse(r#"{"a":{"b":[1,2]}}"#).unwrap();
    assert!(whole.literal().unwrap().same_allocation(&evaluate(&whole, "{}").unwrap()));
    let value = json(r#"{"a":{"b":[1,2]},"c.$":"$.n"}"#);
    let mixed = Template::parse(&value, QueryLanguage::JsonPath).unwrap();
    let made = evaluate(&mixed, r#"{"n":1}"#).unwrap();
    assert!(made.get("a").unwrap().same_allocation(value.get("a").unwrap()));
    assert!(mixed.literal().is_none());
}

#[test]
fn a_miss_names_path_field_and_input() {
    for (template, path, field) in [
        (r#"{"value.$":"$.x"}"#, "$.x", "value.$"),
        (r#"{"a":{"value.$":"$$.Execution.Input.x"}}"#, "$$.Execution.Input.x", "value.$"),
        (r#"{"v.$":"$unknown"}"#, "$unknown", "v.$"),
    ] {
        let error = evaluate(&parse(template).unwrap(), r#"{"int-literal": 0}"#).unwrap_err();
        assert_eq!(error.name, ErrorName::RUNTIME);
        assert_eq!(
            error.cause,
            format!(
                "The JSONPath '{path}' specified for the field '{field}' could not be found in the input \
                 '{{\"int-literal\":0}}'"
            )
        );
    }
    let path = Template::parse_path("$.E", "ErrorPath").unwrap();
    let error = scoped(&json("{}"), "{}", ("x", "1"), |scope| path.evaluate(scope, "ErrorPath")).unwrap_err();
    assert!(error.cause.contains("specified for the field 'ErrorPath'"));
}

#[test]
fn a_bad_member_is_refused_where_it_stands() {
    for (template, field, location, detail) in [
        (r#"{"parsed.$":"no path"}"#, "parsed.$", "", "There is no such function"),
        (r#"{"parsed.$":"States.Nope()"}"#, "parsed.$", "", "There is no such function"),
        (r#"{"parsed.$":1}"#, "parsed.$", "", "It is no text"),
        (r#"{"a":[0,{"b":{"parsed.$":"$."}}]}"#, "parsed.$", "/a[1]/b", "A name is missing after the dot"),
    ] {
        let errors = parse(template).unwrap_err();
        assert_eq!(
            errors,
            [TemplateError {
                code: Code::SchemaValidationFailed,
                message: format!(
                    "The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
                ),
                location: location.to_owned(),
                offset: None,
                detail: Some(detail.to_owned()),
            }],
            "{template}"
        );
    }
    assert_eq!(parse(r#"{"a.$":"x","b":{"c.$":"x"}}"#).unwrap_err().len(), 2);
    assert!(parse(r#"{"a":1,"a.$":"$.x"}"#).unwrap_err()[0].message.contains("both"));
    assert!(Template::parse_path("x", "CausePath").unwrap_err().message.contains("'CausePath'"));
}

#[test]
fn jsonata_strings_are_expressions_between_their_marks() {
    for (text, expected) in [
        ("{% $x %}", Some("$x")),
        ("{%$x%}", Some("$x")),
        (" {% $x %}", None),
        ("{% $x %} ", None),
        ("{%}", None),
        ("$x", None),
        ("", None),
    ] {
        assert_eq!(expression_text(text), expected, "{text}");
    }
}

#[test]
fn jsonata_templates_without_expressions_are_literal() {
    let value = json(r#"{"a.$":"$.x","b":["{ % %}",null,1.10]}"#);
    let template = Template::parse(&value, QueryLanguage::Jsonata).unwrap();
    assert!(template.literal().unwrap().same_allocation(&value));
    assert!(evaluate(&template, "{}").unwrap().same_allocation(&value));
}

#[test]
fn templates_know_their_variables() {
    let template = parse(r#"{"a.$":"$x.y","b":[{"c.$":"States.Array($z, $.q)"}],"d.$":"$$"}"#).unwrap();
    assert_eq!(template.variables(), ["x", "z"]);
}

proptest! {
    #[test]
    fn any_member_is_parsed_or_refused(name in "[a.$]{0,4}", text in r"[$.aS'{}()% \[\]]{0,20}") {
        let value = Value::object([(name, Value::from(text))]);
        for language in [QueryLanguage::JsonPath, QueryLanguage::Jsonata] {
            if let Ok(template) = Template::parse(&value, language) {
                let _ = evaluate(&template, r#"{"a":1}"#);
            }
        }
    }
}
