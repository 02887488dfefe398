//! Why an evaluation gives no value, in AWS's words, which are those of JSONata 2.0.

use super::datum::Datum;
use super::json_text;
use crate::budget::Exhausted;
use crate::scope::Chance;

/// What a function or an evaluation gives.
pub(super) type Evaluated<T = Datum> = Result<T, Failure>;

/// Why an evaluation gives no value.
#[derive(Debug)]
pub(super) enum Failure {
    /// An error of the language.
    Coded(Box<Coded>),
    /// An error of what is outside of the language.
    Internal,
    /// The result is, or holds, a function.
    Function,
    /// Functions call each other too deep.
    Stack,
    /// A text, a sequence or a value is larger than any may be.
    Size,
    /// The budget is used up.
    Exhausted(Exhausted),
}

/// An error of the language.
#[derive(Debug)]
pub(super) struct Coded {
    /// JSONata's code, such as `T2001`.
    pub(super) code: &'static str,
    /// What is said behind the code.
    pub(super) text: String,
}

impl From<Exhausted> for Failure {
    fn from(exhausted: Exhausted) -> Self {
        Self::Exhausted(exhausted)
    }
}

/// What follows "The JSONata expression '...' specified for the field '...'" where there is no value.
pub(super) const UNDEFINED: &str = "returned nothing (undefined).";

impl Failure {
    /// An error with that code and text.
    #[cold]
    pub(super) fn coded(code: &'static str, text: impl Into<String>) -> Self {
        Self::Coded(Box::new(Coded { code, text: text.into() }))
    }

    /// An argument that is not of the type a function takes, from 1.
    #[cold]
    pub(super) fn argument_mismatch(place: usize, function: &str) -> Self {
        let function = named(function);
        Self::coded("T0410", format!("Argument {place} of function {function} does not match function signature"))
    }

    /// A context item that is not of the type a function takes in place of an argument.
    #[cold]
    pub(super) fn context_mismatch(place: usize, function: &str) -> Self {
        let function = named(function);
        let text = format!("Context value is not a compatible type with argument {place} of function {function}");
        Self::coded("T0411", text)
    }

    /// An array with other items than a function takes; `items` is the symbol of their type.
    #[cold]
    pub(super) fn items_mismatch(place: usize, function: &str, items: &str) -> Self {
        let items = match items {
            "a" => "arrays",
            "b" => "booleans",
            "f" => "functions",
            "n" => "numbers",
            "o" => "objects",
            "s" => "strings",
            other => other,
        };
        let function = named(function);
        Self::coded("T0412", format!("Argument {place} of function {function} must be an array of \"{items}\""))
    }

    /// An operand of an operator that is no number.
    #[cold]
    pub(super) fn operand(is_left: bool, operator: &str) -> Self {
        let (code, side) = if is_left { ("T2001", "left") } else { ("T2002", "right") };
        Self::coded(code, format!("The {side} side of the \"{operator}\" operator must evaluate to a number"))
    }

    /// A number that JSON cannot say.
    #[cold]
    pub(super) fn out_of_range(number: f64) -> Self {
        Self::coded("D1001", format!("Number out of range: {}", quoted(&Datum::Number(number))))
    }

    /// Something is called that is no function. `meant` is the function that the name without its `$` may mean.
    #[cold]
    pub(super) fn not_a_function(meant: Option<&str>) -> Self {
        match meant {
            Some(name) => Self::coded("T1005", format!("Attempted to invoke a non-function. Did you mean ${name}?")),
            None => Self::coded("T1006", "Attempted to invoke a non-function"),
        }
    }

    /// The same of a partial application.
    #[cold]
    pub(super) fn not_applicable(meant: Option<&str>) -> Self {
        const TEXT: &str = "Attempted to partially apply a non-function";
        match meant {
            Some(name) => Self::coded("T1007", format!("{TEXT}. Did you mean ${name}?")),
            None => Self::coded("T1008", TEXT),
        }
    }

    /// Completes "The JSONata expression '...' specified for the field '...'". An internal error has a number, which
    /// chance gives.
    pub(super) fn outcome(&self, chance: &Chance) -> String {
        let what = match self {
            Self::Coded(coded) => format!(". {}: {}", coded.code, coded.text),
            Self::Internal => return format!("threw an internal error during evaluation. {}", chance.uuid()),
            Self::Function => return "returned an unsupported result type.".to_owned(),
            Self::Stack => ": Stack overflow error: Check for non-terminating recursive function. Consider rewriting \
                            as tail-recursive."
                .to_owned(),
            Self::Size | Self::Exhausted(Exhausted::Bytes(_)) => {
                ": Expression evaluation memory limit exceeded: Check for excessive memory usage".to_owned()
            }
            Self::Exhausted(Exhausted::Steps(_) | Exhausted::Patience) => {
                ": Expression evaluation timeout: Check for infinite loop".to_owned()
            }
        };
        format!("threw an error during evaluation{what}")
    }
}

/// A function's name in quotes; one without a name is `undefined`.
fn named(function: &str) -> String {
    if function.is_empty() { "undefined".to_owned() } else { format!("\"{function}\"") }
}

/// A value as JSON, as messages quote it.
pub(super) fn quoted(datum: &Datum) -> String {
    match datum {
        Datum::Undefined => "undefined".to_owned(),
        datum => json_text::beginning(datum),
    }
}
