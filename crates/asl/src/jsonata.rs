//! JSONata expressions behind our own types, so that the evaluator can be exchanged.
//!
//! An expression is parsed once, when its state machine is created. What it mentions of `$states` and of the
//! variables is worked out then, so that an evaluation converts no more than that; a plain path such as
//! `$states.input.order.id` is answered from the payload itself, without the evaluator. The tree is rewritten
//! to pass the bounds of [`guard`] wherever a value could outgrow them.

mod check;
mod convert;
mod functions;
mod guard;
mod lexeme;
mod message;
mod meter;
mod note;
mod parse;
mod picture;
mod reads;
mod tree;

#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError, EvaluatorOptions};
use jsonata_core::value::JValue;

use crate::diagnostic::Code;
use crate::error::EvaluationError;
use crate::scope::Scope;
use crate::value::{Text, Value};

use self::functions::Functions;
use self::meter::SEQUENCE_MAX;
use self::note::Notes;
use self::reads::{Direct, Reads};

/// Evaluation nests at most this deep, as on AWS; a recursive call takes about three levels.
const DEPTH_MAX: usize = 100;

/// More depth for expressions that carry guards, which take levels of their own.
const GUARDED_DEPTH_MAX: usize = 200;

/// The run that only finds out what an error was about may nest deeper: its notes take levels too.
const NOTED_DEPTH_MAX: usize = 1_000;

/// A parsed JSONata expression. It can be shared between threads.
#[derive(Debug)]
pub struct Expression {
    text: Text,
    /// As it was written.
    source: AstNode,
    /// With the guards in.
    guarded: AstNode,
    depth_max: usize,
    reads: Reads,
    /// Set where the whole expression is a plain path.
    direct: Option<Direct>,
    functions: Functions,
}

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
    /// Parses the text between `{%` and `%}`. What reads a context item is refused: there is none.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let text = text.trim();
        let source = parse::parse(text)?;
        check::top_level(&source)?;
        Ok(Self::from_tree(text, source))
    }

    fn from_tree(text: &str, source: AstNode) -> Self {
        let (guarded, guards) = guard::guard(source.clone());
        Self {
            text: Text::from(text),
            depth_max: if guards { GUARDED_DEPTH_MAX } else { DEPTH_MAX },
            reads: Reads::of(&source),
            direct: Direct::of(&source),
            functions: Functions::of(&guarded),
            source,
            guarded,
        }
    }

    /// The expression's value. `location` is the field of the state it stands in, for errors.
    pub fn evaluate(&self, scope: &Scope<'_>, location: &str) -> Result<Value, EvaluationError> {
        if let Some(found) = self.direct.as_ref().and_then(|direct| direct.resolve(scope)) {
            return found.ok_or_else(|| self.error(message::UNDEFINED, location));
        }
        let value = match self.run(&self.guarded, self.depth_max, scope, None, self.functions) {
            Ok(value) => value,
            Err(_) if scope.patience.is_exceeded() => return Err(self.error(message::TIMED_OUT, location)),
            Err(error) => {
                let outcome = message::of(error.message(), || self.noted(scope), || scope.chance.uuid());
                return Err(self.error(&outcome, location));
            }
        };
        if value.is_undefined() {
            return Err(self.error(message::UNDEFINED, location));
        }
        convert::to_value(&value).map_err(|problem| self.error(problem.message(), location))
    }

    /// Names of the workflow variables it reads.
    pub fn variables(&self) -> Vec<&str> {
        self.reads.variables().collect()
    }

    /// Whether it names that member of `$states`.
    pub(crate) fn names_state_member(&self, member: &str) -> bool {
        self.reads.names_state_member(member)
    }

    /// There is no context item.
    fn run(
        &self,
        tree: &AstNode,
        depth_max: usize,
        scope: &Scope<'_>,
        notes: Option<&Notes>,
        functions: Functions,
    ) -> Result<JValue, EvaluatorError> {
        self.run_on(tree, &JValue::Undefined, depth_max, scope, notes, functions)
    }

    fn run_on(
        &self,
        tree: &AstNode,
        item: &JValue,
        depth_max: usize,
        scope: &Scope<'_>,
        notes: Option<&Notes>,
        functions: Functions,
    ) -> Result<JValue, EvaluatorError> {
        if scope.patience.milliseconds == Some(0) {
            scope.patience.exceed();
            return Err(EvaluatorError::EvaluationError(message::TIMED_OUT.to_owned()));
        }
        let mut context = Context::new();
        self.reads.bind(scope, &mut context);
        let options = EvaluatorOptions {
            timeout_ms: Some(time_max(scope)),
            max_stack_depth: Some(depth_max),
            max_sequence_length: Some(SEQUENCE_MAX),
            cancel: None,
        };
        let mut evaluator = Evaluator::with_options(context, options);
        functions.register(&mut evaluator, scope)?;
        if let Some(notes) = notes {
            notes.register(&mut evaluator)?;
        }
        let evaluated = evaluator.evaluate(tree, item);
        if time_max(scope) < scope.jsonata_milliseconds
            && evaluated.as_ref().is_err_and(|e| message::is_timeout(e.message()))
        {
            scope.patience.exceed();
        }
        evaluated
    }

    /// Evaluates once more, noting what each function and operator is given: the last note is of the one that
    /// failed. Expressions have no effects, so this is safe; it happens for errors only.
    fn noted(&self, scope: &Scope<'_>) -> (Option<String>, Notes) {
        let (tree, _) = guard::guard(note::note(self.source.clone()));
        let notes = Notes::default();
        let functions = Functions::of(&tree);
        let error = self.run(&tree, NOTED_DEPTH_MAX, scope, Some(&notes), functions).err();
        (error.map(|error| error.message().to_owned()), notes)
    }

    fn error(&self, outcome: &str, location: &str) -> EvaluationError {
        EvaluationError::query(
            format!("The JSONata expression '{}' specified for the field '{location}' {outcome}", self.text),
            location,
        )
    }
}

/// Milliseconds until an expression is stopped. The evaluator reads the clock for it; nothing else bounds a loop that
/// allocates nothing.
fn time_max(scope: &Scope<'_>) -> u64 {
    let allowed = scope.jsonata_milliseconds;
    scope.patience.milliseconds.map_or(allowed, |patience| patience.min(allowed))
}
