//! Reads the parameters of a task, and says in AWS's words what is wrong with them.

use asl::{Object, Value};

use crate::Failure;
use crate::failure::invalid_field;

/// Names and values in order; a name may occur more than once.
pub(crate) type Pairs = Vec<(String, String)>;

/// A parameter that a task cannot be started with. The text is what stands between the brackets of AWS's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FieldError {
    /// A required field is not there.
    #[error("The field '{0}' is required but was missing")]
    Missing(&'static str),
    /// A field has another type than it must have.
    #[error("{}", invalid_field(.0))]
    Format(&'static str),
    /// A field's value cannot be used; says why.
    #[error("The value of the field '{field}' is invalid: {problem}")]
    Value {
        /// The field.
        field: &'static str,
        /// What is wrong with the value.
        problem: String,
    },
}

impl FieldError {
    /// A value that cannot be used.
    pub(crate) fn value(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Value { field, problem: problem.into() }
    }

    /// The failure of a task that cannot be started with these parameters.
    pub(crate) fn failure(&self, parameters: &Value) -> Failure {
        Failure::parameters(parameters, &[self.to_string()])
    }
}

/// The parameters of a task.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Value);

impl<'a> Fields<'a> {
    /// The field, where it is there and not `null`.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text that may be absent.
    pub(crate) fn optional_text(self, name: &'static str) -> Result<Option<&'a str>, FieldError> {
        self.get(name).map(|value| value.as_str().ok_or(FieldError::Format(name))).transpose()
    }

    /// A text that must be there.
    pub(crate) fn text(self, name: &'static str) -> Result<&'a str, FieldError> {
        self.optional_text(name)?.ok_or(FieldError::Missing(name))
    }

    /// One of a few words, the first where the field is absent.
    pub(crate) fn word<T: Copy>(self, name: &'static str, words: &[(&str, T)]) -> Result<Option<T>, FieldError> {
        let Some(text) = self.optional_text(name)? else { return Ok(None) };
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                Err(FieldError::value(name, format!("'{text}' is none of {}", known.join(", "))))
            }
        }
    }

    /// A truth value, `false` where the field is absent.
    pub(crate) fn flag(self, name: &'static str) -> Result<bool, FieldError> {
        let flag = self.get(name).map(|value| value.as_bool().ok_or(FieldError::Format(name))).transpose()?;
        Ok(flag.unwrap_or(false))
    }

    /// An object that may be absent.
    pub(crate) fn object(self, name: &'static str) -> Result<Option<&'a Object>, FieldError> {
        self.get(name).map(|value| value.as_object().ok_or(FieldError::Format(name))).transpose()
    }

    /// An object whose values are lists of texts, as API Gateway's and Kubernetes' fields are.
    pub(crate) fn lists(self, name: &'static str) -> Result<Pairs, FieldError> {
        let mut pairs = Pairs::new();
        let Some(object) = self.object(name)? else { return Ok(pairs) };
        for (key, value) in object.iter() {
            for item in value.as_array().ok_or(FieldError::Format(name))? {
                let item = item.as_str().ok_or(FieldError::Format(name))?;
                pairs.push((key.to_string(), item.to_owned()));
            }
        }
        Ok(pairs)
    }

    /// An object whose values are texts, numbers, truth values or lists of these, as an HTTP task's fields are.
    /// An object as a value is written as JSON.
    pub(crate) fn loose(self, name: &'static str) -> Result<Pairs, FieldError> {
        let mut pairs = Pairs::new();
        let Some(object) = self.object(name)? else { return Ok(pairs) };
        for (key, value) in object.iter() {
            match value {
                Value::Null => {}
                Value::Array(items) => pairs.extend(items.iter().map(|item| (key.to_string(), plain_text(item)))),
                other => pairs.push((key.to_string(), plain_text(other))),
            }
        }
        Ok(pairs)
    }
}

/// A value as text: a string without its quotes, anything else as JSON.
pub(crate) fn plain_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_json(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        asl::json::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_wrong_with_a_field_is_said_in_aws_words() {
        let parameters = value(r#"{"Headers":{"a":"b"},"Method":1,"Kind":"x"}"#);
        let fields = Fields(&parameters);
        let cases = [
            (fields.lists("Headers").unwrap_err(), "The value of the field 'Headers' has an invalid format"),
            (fields.text("Method").unwrap_err(), "The value of the field 'Method' has an invalid format"),
            (fields.text("ApiEndpoint").unwrap_err(), "The field 'ApiEndpoint' is required but was missing"),
            (
                fields.word("Kind", &[("A", 1), ("B", 2)]).unwrap_err(),
                "The value of the field 'Kind' is invalid: 'x' is none of A, B",
            ),
        ];
        for (error, expected) in cases {
            assert_eq!(error.to_string(), expected);
        }
        let failure = FieldError::Format("Headers").failure(&value(r#"{"Headers":1}"#));
        assert_eq!(failure.error, "States.Runtime");
        assert_eq!(
            failure.cause,
            r#"The Parameters '{"Headers":1}' could not be used to start the Task: [The value of the field 'Headers' has an invalid format]"#
        );
    }

    #[test]
    fn lists_and_single_values_become_pairs() {
        let parameters =
            value(r#"{"Strict":{"a":["1","2"]},"Loose":{"a":["x",2],"b":true,"c":"t","d":null,"e":{"k":1}}}"#);
        let pairs = |list: &[(&str, &str)]| -> Pairs {
            list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(Fields(&parameters).lists("Strict").unwrap(), pairs(&[("a", "1"), ("a", "2")]));
        assert_eq!(
            Fields(&parameters).loose("Loose").unwrap(),
            pairs(&[("a", "x"), ("a", "2"), ("b", "true"), ("c", "t"), ("e", r#"{"k":1}"#)])
        );
        assert_eq!(Fields(&parameters).loose("Absent").unwrap(), Pairs::new());
    }
}
