//! What went wrong, in AWS's words, which are those of JSONata 2.0.

use jsonata_core::evaluator::error_code_prefix;
use jsonata_core::value::JValue;

use super::functions::parameters;
use super::meter::MEMORY;
use super::note::{Note, Notes};
use crate::value::Text;

/// The expression has no value.
pub(super) const UNDEFINED: &str = "returned nothing (undefined).";

/// The value is, or holds, a function.
pub(super) const UNSUPPORTED: &str = "returned an unsupported result type.";

/// The value is larger than the bound.
pub(super) const MEMORY_EXCEEDED: &str =
    "threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage";

const STACK: &str =
    "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.";

/// The expression took too long.
pub(super) const TIMED_OUT: &str =
    "threw an error during evaluation: Expression evaluation timeout: Check for infinite loop";

/// Whether an error of the evaluator's says that the time was up.
pub(super) fn is_timeout(message: &str) -> bool {
    matches!(coded(message), Some(("D1012" | "U1003", _)))
}

/// Completes "The JSONata expression '...' specified for the field '...'" for an error of the evaluator's.
/// `again` evaluates with notes and gives its error and the notes; `uuid` names an internal error.
pub(super) fn of(
    message: &str,
    again: impl FnOnce() -> (Option<String>, Notes),
    uuid: impl FnOnce() -> Text,
) -> String {
    if message == MEMORY {
        return MEMORY_EXCEEDED.to_owned();
    }
    let coded = coded(message);
    let code = coded.map(|(code, _)| code);
    match code {
        Some("D2014" | "D2015") => return MEMORY_EXCEEDED.to_owned(),
        Some("D1011" | "U1001") => return format!("threw an error during evaluation: {STACK}"),
        Some("D1012" | "U1003") => return TIMED_OUT.to_owned(),
        _ => {}
    }
    let (error_again, notes) = again();
    // Notes of a run that went another way say nothing.
    let same = error_again.is_some_and(|error| self::coded(&error).map(|(code, _)| code) == code);
    let note = if same { notes.last() } else { None };
    match coded.or_else(|| note.as_ref().and_then(|note| signature_mismatch(message, note))) {
        Some((code, text)) => {
            format!("threw an error during evaluation. {code}: {}", worded(code, text, note.as_ref()))
        }
        None => format!("threw an internal error during evaluation. {}", uuid()),
    }
}

/// The code and the text behind it.
pub(super) fn coded(message: &str) -> Option<(&str, &str)> {
    let message = message.strip_prefix("Signature validation failed: ").unwrap_or(message);
    let code = error_code_prefix(message)?;
    Some((code, message.get(code.len() + 1..)?.trim()))
}

/// Some functions check their arguments themselves and give no code.
fn signature_mismatch<'m>(message: &'m str, note: &Note) -> Option<(&'static str, &'m str)> {
    let about_arguments = message.contains(" requires ") || message.contains("rgument");
    (about_arguments && note.name != "base64decode").then_some(("T0410", message))
}

/// JSONata's text for a code. `text` is the evaluator's, which says some of it.
fn worded(code: &str, text: &str, note: Option<&Note>) -> String {
    if let Some(fixed) = fixed(code) {
        return fixed.to_owned();
    }
    if let Some(quoting) = quoting(code, text) {
        return quoting;
    }
    let with_note = note.and_then(|note| with_note(code, text, note));
    with_note.unwrap_or_else(|| text.to_owned())
}

/// Texts that say nothing of the expression.
fn fixed(code: &str) -> Option<&'static str> {
    Some(match code {
        "D1004" => "Regular expression matches zero length string",
        "T1006" => "Attempted to invoke a non-function",
        "T1008" => "Attempted to partially apply a non-function",
        "T2003" => "The left side of the range operator (..) must evaluate to an integer",
        "T2004" => "The right side of the range operator (..) must evaluate to an integer",
        "T2006" => "The right side of the function application operator ~> must be a function",
        "T2008" => "The expressions within an order-by clause must evaluate to numeric or string values",
        "D3001" => "Attempting to invoke string function on Infinity or NaN",
        "D3010" => "Second argument of replace function cannot be an empty string",
        "D3011" => "Fourth argument of replace function must evaluate to a positive number",
        "D3012" => "Attempted to replace a matched string with a non-string value",
        "D3020" => "Third argument of split function must evaluate to a positive number",
        "D3040" => "Third argument of match function must evaluate to a positive number",
        "D3050" => "The second argument of reduce function must be a function with at least two arguments",
        "D3070" => {
            "The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function"
        }
        "D3138" => "The $single() function expected exactly 1 matching result.  Instead it matched more.",
        "D3139" => "The $single() function expected exactly 1 matching result.  Instead it matched 0.",
        other => return picture(other),
    })
}

/// Texts about the pictures of numbers and dates.
fn picture(code: &str) -> Option<&'static str> {
    Some(match code {
        "D3080" => "The picture string must only contain a maximum of two sub-pictures",
        "D3081" => "The sub-picture must not contain more than one instance of the 'decimal-separator' character",
        "D3082" => "The sub-picture must not contain more than one instance of the 'percent' character",
        "D3083" => "The sub-picture must not contain more than one instance of the 'per-mille' character",
        "D3084" => "The sub-picture must not contain both a 'percent' and a 'per-mille' character",
        "D3085" => {
            "The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'"
        }
        "D3086" => {
            "The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character"
        }
        "D3087" => {
            "The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character"
        }
        "D3088" => "The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
        "D3089" => "The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
        "D3090" => {
            "The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'"
        }
        "D3091" => {
            "The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'"
        }
        "D3092" => {
            "A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'"
        }
        "D3093" => {
            "The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'"
        }
        "D3131" => "In a decimal digit pattern, all digits must be from the same decimal group",
        "D3134" => "The timezone integer format specifier cannot have more than four digits",
        "D3135" => "No matching closing bracket ']' in date/time picture string",
        "D3136" => "The date/time picture string is missing specifiers required to parse the timestamp",
        _ => return None,
    })
}

/// Texts that quote a part of a picture, which the evaluator gives.
fn quoting(code: &str, part: &str) -> Option<String> {
    let part = quoted(&JValue::string(part));
    Some(match code {
        "D3130" => {
            format!(
                "Formatting or parsing an integer as a sequence starting with {part} is not supported by this implementation"
            )
        }
        "D3132" => format!("Unknown component specifier {part} in date/time picture string"),
        "D3133" => {
            format!(
                "The 'name' modifier can only be applied to months and days in the date/time picture string, not {part}"
            )
        }
        _ => return None,
    })
}

/// Texts that name the function or operator, or quote values.
fn with_note(code: &str, text: &str, note: &Note) -> Option<String> {
    let name = &note.name;
    let value = |index: usize| note.values.get(index).map(quoted);
    Some(match code {
        "T0410" => {
            format!("Argument {} of function \"{name}\" does not match function signature", index_in(text, note))
        }
        "T0411" => {
            format!(
                "Context value is not a compatible type with argument {} of function \"{name}\"",
                index_in(text, note)
            )
        }
        "T0412" => {
            format!(
                "Argument {} of function \"{name}\" must be an array of \"{}\"",
                index_in(text, note),
                items_of(name)
            )
        }
        "T1010" => {
            format!(
                "The matcher function argument passed to function \"{name}\" does not return the correct object structure"
            )
        }
        "T2001" => format!("The left side of the \"{name}\" operator must evaluate to a number"),
        "T2002" => format!("The right side of the \"{name}\" operator must evaluate to a number"),
        "T2009" => {
            let (left, right) = (value(0)?, value(1)?);
            format!("The values {left} and {right} either side of operator \"{name}\" must be of the same data type")
        }
        "T2010" => {
            format!("The expressions either side of operator \"{name}\" must evaluate to numeric or string values")
        }
        "D1002" => format!("Cannot negate a non-numeric value: {}", value(0)?),
        "D3030" => format!("Unable to cast value to a number: {}", value(0)?),
        "D3060" => format!("The sqrt function cannot be applied to a negative number: {}", value(0)?),
        "D3061" => format!(
            "The power function has resulted in a value that cannot be represented as a JSON number: base={}, exponent={}",
            value(0)?,
            value(1)?
        ),
        "D3100" => {
            format!("The radix of the formatBase function must be between 2 and 36.  It was given {}", value(1)?)
        }
        "D3110" => {
            format!(
                "The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given {}",
                value(0)?
            )
        }
        "D3140" => format!("Malformed URL passed to ${name}(): {}", value(0)?),
        _ => return None,
    })
}

/// As JavaScript's `JSON.stringify` writes it.
fn quoted(value: &JValue) -> String {
    match value {
        JValue::Undefined => "undefined".to_owned(),
        value => value.to_json_string().unwrap_or_else(|_| "null".to_owned()),
    }
}

/// Which argument the evaluator's text is about; the first one it could not do without where it does not say.
fn index_in(text: &str, note: &Note) -> usize {
    // The evaluator says 1 for an argument too many.
    if let Some(taken) = most_arguments(&note.name)
        && note.values.len() > taken
    {
        return taken + 1;
    }
    if text.contains("count mismatch") {
        return note.values.len() + 1;
    }
    let after = text.to_ascii_lowercase().split_once("argument ").map(|(_, after)| after.to_owned());
    let digits = after.map(|after| after.chars().take_while(char::is_ascii_digit).collect::<String>());
    let given = note.values.iter().position(JValue::is_undefined).unwrap_or(note.values.len());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(if note.values.is_empty() { 1 } else { given.max(1) })
}

fn most_arguments(function: &str) -> Option<usize> {
    match function {
        "zip" => None,
        "string" => Some(2),
        other => parameters(other),
    }
}

/// What the items of the function's array must be.
fn items_of(function: &str) -> &'static str {
    match function {
        "join" => "strings",
        "merge" => "objects",
        _ => "numbers",
    }
}
