//! `--var Name=value` and `--vars FILE`: what the placeholders of a definition stand for.

use document::placeholders::{Values, is_name};
use document::{Document, Syntax};

use crate::cli::PlaceholderArguments;

/// Values that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceholderError {
    /// An argument is no name with a value.
    #[error("--var: expected NAME=VALUE, found {0:?}")]
    Argument(String),
    /// The file cannot be read.
    #[error("--vars: cannot read {file}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no object of values.
    #[error("--vars: {file}: expected an object of texts and numbers in JSON or YAML, {found}")]
    NoValues {
        /// The file.
        file: String,
        /// What it is instead.
        found: String,
    },
}

/// The values that the command line gives; an argument wins over the file.
pub(crate) fn values(arguments: &PlaceholderArguments) -> Result<Values, PlaceholderError> {
    let mut values = Values::new();
    if let Some(path) = &arguments.vars {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| PlaceholderError::Unreadable { file: file.clone(), source })?;
        values
            .extend(of_file(&text, Syntax::of_path(path)).map_err(|found| PlaceholderError::NoValues { file, found })?);
    }
    for argument in &arguments.var {
        let (name, value) = argument
            .split_once('=')
            .filter(|(name, _)| is_name(name))
            .ok_or_else(|| PlaceholderError::Argument(argument.clone()))?;
        values.insert(name.to_owned(), value.to_owned());
    }
    Ok(values)
}

fn of_file(text: &str, syntax: Syntax) -> Result<Values, String> {
    let document = Document::parse(text, syntax).map_err(|error| error.message)?;
    let object = document.value().as_object().ok_or_else(|| format!("found {}", document.value().type_name()))?;
    let value = |value: &asl::Value| match value {
        asl::Value::String(text) => Some(text.to_string()),
        asl::Value::Number(_) | asl::Value::Bool(_) => Some(value.to_json()),
        _ => None,
    };
    let entry = |(name, given): (&asl::Text, &asl::Value)| {
        let value = value(given).ok_or_else(|| format!("found {} for {name}", given.type_name()))?;
        Ok((name.to_string(), value))
    };
    object.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_wins_over_the_file() {
        let file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        std::fs::write(file.path(), "A: 1\nB: text\nC: true\n").unwrap();
        let arguments = PlaceholderArguments { var: vec!["A=x=y".to_owned()], vars: Some(file.path().to_owned()) };
        let expected =
            [("A", "x=y"), ("B", "text"), ("C", "true")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(values(&arguments).unwrap(), Values::from(expected));
    }

    #[test]
    fn what_cannot_be_used_says_so() {
        for argument in ["A", "=x", "a b=c"] {
            let arguments = PlaceholderArguments { var: vec![argument.to_owned()], vars: None };
            assert!(values(&arguments).unwrap_err().to_string().contains(argument));
        }
        for text in ["[1]", "{\"A\": {}}", "{"] {
            assert!(of_file(text, Syntax::Json).is_err(), "{text}");
        }
    }
}
