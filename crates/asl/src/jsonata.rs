//! JSONata expressions behind our own types, so that the evaluator can be exchanged.

use crate::diagnostic::Code;
use crate::error::EvaluationError;
use crate::scope::Scope;
use crate::value::Value;

/// A parsed JSONata expression. None can be made yet: [`Expression::parse`] refuses every text.
#[derive(Debug)]
pub enum Expression {}

/// Why a text is not an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// `InvalidJsonataExpression` or `UnsupportedJsonataExpression`.
    pub code: Code,
    /// AWS's text.
    pub message: String,
}

impl Expression {
    /// Parses the text between `{%` and `%}`.
    pub fn parse(_text: &str) -> Result<Self, ExpressionError> {
        Err(ExpressionError {
            code: Code::UnsupportedJsonataExpression,
            message: "JSONata expressions are not supported yet".to_owned(),
        })
    }

    /// The expression's value. `location` is the field of the state it stands in, for errors.
    pub fn evaluate(&self, _scope: &Scope<'_>, _location: &str) -> Result<Value, EvaluationError> {
        match *self {}
    }

    /// Names of the workflow variables it reads.
    pub fn variables(&self) -> Vec<&str> {
        match *self {}
    }
}
