//! Text to tree, with the messages of JSONata's own parser.

use jsonata_core::ast::{AstNode, BinaryOp};
use jsonata_core::functions::string::build_regex;
use jsonata_core::parser::{self, ParserError};

use super::ExpressionError;
use super::lexeme::{Lexeme, Lexemes};
use super::tree;
use crate::diagnostic::Code;

/// Parses an expression of JSONata 2.0, the language that AWS speaks.
pub(super) fn parse(text: &str) -> Result<AstNode, ExpressionError> {
    if let Some(message) = unreadable(text) {
        return Err(invalid(message));
    }
    let tree = parser::parse(text).map_err(|error| invalid(message(&error, text)))?;
    match refused_part(&tree) {
        Some(message) => Err(invalid(message)),
        None => Ok(tree),
    }
}

fn invalid(message: String) -> ExpressionError {
    ExpressionError { code: Code::InvalidJsonataExpression, message }
}

/// What the parser misreads.
fn unreadable(text: &str) -> Option<String> {
    Lexemes::new(text).find_map(|lexeme| match lexeme {
        Lexeme::EmptyRegex => Some("Empty regular expressions are not allowed".to_owned()),
        Lexeme::OpenRegex => Some("No terminating / in regular expression".to_owned()),
        Lexeme::Symbol(_) | Lexeme::Operand => None,
    })
}

fn not_unary(symbol: &str) -> String {
    format!("The symbol \"{symbol}\" cannot be used as a unary operator")
}

/// The first part that cannot be used: an operator newer than JSONata 2.0, or a regular expression that is not
/// regular. Look-around and back-references are not: matching takes time linear in the text, always.
fn refused_part(node: &AstNode) -> Option<String> {
    match node {
        AstNode::Binary { op: BinaryOp::Coalesce, .. } => return Some(not_unary("?")),
        AstNode::Binary { op: BinaryOp::Default, .. } => return Some(not_unary(":")),
        AstNode::Regex { pattern, flags } => {
            let refused = |_| format!("The regular expression /{pattern}/{flags} is not supported");
            return build_regex(pattern, flags).map_err(refused).err();
        }
        _ => {}
    }
    let mut found = None;
    tree::each_part(node, &mut |part| {
        if found.is_none() {
            found = refused_part(part);
        }
    });
    found
}

fn message(error: &ParserError, text: &str) -> String {
    match error {
        ParserError::UnexpectedToken(token) if token == "Eof" => unexpected_end(text),
        ParserError::UnexpectedEnd => unexpected_end(text),
        ParserError::UnexpectedToken(token) if token.starts_with(char::is_alphabetic) => not_unary(&spelled(token)),
        ParserError::UnexpectedToken(token) => format!("Unknown operator: \"{token}\""),
        ParserError::Expected { expected, .. } if expected == "parameter name" => {
            "Parameter 1 of function definition must be a variable name (start with $)".to_owned()
        }
        ParserError::Expected { expected, found } if found == "Eof" => expected_before_end(&spelled(expected)),
        ParserError::Expected { expected, found } => {
            format!("Expected \"{}\", got {}", spelled(expected), quoted(found))
        }
        ParserError::InvalidEscape(sequence) => match sequence.trim_start_matches('\\') {
            unicode if unicode.starts_with('u') => {
                "The escape sequence \\u must be followed by 4 hex digits".to_owned()
            }
            other => format!("Unsupported escape sequence: \\\"{other}\""),
        },
        ParserError::UnclosedComment => "Comment has no closing tag".to_owned(),
        other => without_code(&other.to_string()),
    }
}

/// Where the text ends within brackets, the innermost is what is missed.
fn unexpected_end(text: &str) -> String {
    let mut open = Vec::new();
    let mut last = "";
    for lexeme in Lexemes::new(text) {
        let Lexeme::Symbol(symbol) = lexeme else {
            last = "";
            continue;
        };
        match symbol {
            "(" | "[" | "{" => open.push(symbol),
            ")" | "]" | "}" => drop(open.pop()),
            _ => {}
        }
        last = symbol;
    }
    match open.pop() {
        Some("(") => expected_before_end(")"),
        Some("[") => expected_before_end("]"),
        Some(_) if matches!(last, "{" | ",") => expected_before_end(":"),
        Some(_) => expected_before_end("}"),
        None => "Unexpected end of expression".to_owned(),
    }
}

fn expected_before_end(symbol: &str) -> String {
    format!("Expected \"{symbol}\" before end of expression")
}

/// The parser's name of a token, `Variant` or `Variant(value)`, as the token is written.
fn spelled(token: &str) -> String {
    const SYMBOLS: [(&str, &str); 38] = [
        ("Plus", "+"),
        ("Minus", "-"),
        ("Star", "*"),
        ("StarStar", "**"),
        ("Slash", "/"),
        ("Percent", "%"),
        ("Equal", "="),
        ("NotEqual", "!="),
        ("LessThan", "<"),
        ("LessThanOrEqual", "<="),
        ("GreaterThan", ">"),
        ("GreaterThanOrEqual", ">="),
        ("And", "and"),
        ("Or", "or"),
        ("In", "in"),
        ("Ampersand", "&"),
        ("Dot", "."),
        ("DotDot", ".."),
        ("Question", "?"),
        ("Colon", ":"),
        ("ColonEqual", ":="),
        ("TildeArrow", "~>"),
        ("LeftParen", "("),
        ("RightParen", ")"),
        ("LeftBracket", "["),
        ("RightBracket", "]"),
        ("LeftBrace", "{"),
        ("RightBrace", "}"),
        ("Comma", ","),
        ("Semicolon", ";"),
        ("Caret", "^"),
        ("Pipe", "|"),
        ("Hash", "#"),
        ("At", "@"),
        ("True", "true"),
        ("False", "false"),
        ("Null", "null"),
        ("Eof", "(end)"),
    ];
    if let Some((_, symbol)) = SYMBOLS.into_iter().find(|(name, _)| *name == token) {
        return symbol.to_owned();
    }
    match token.split_once('(') {
        Some((_, value)) => value.trim_end_matches(')').trim_matches('"').to_owned(),
        None => token.to_owned(),
    }
}

/// A token as messages quote it: a number bare, everything else in quotes.
fn quoted(token: &str) -> String {
    let number = token.strip_prefix("Number(").and_then(|number| number.strip_suffix(')'));
    match number {
        Some(number) => number.strip_suffix(".0").unwrap_or(number).to_owned(),
        None => format!("\"{}\"", spelled(token)),
    }
}

/// AWS shows the message without its code.
fn without_code(message: &str) -> String {
    let coded = message.char_indices().find_map(|(at, _)| {
        let tail = message.get(at..)?;
        let (code, text) = tail.split_once(": ")?;
        (code.len() == 5 && code[1..].bytes().all(|b| b.is_ascii_digit())).then_some(text)
    });
    let message = coded.unwrap_or(message);
    if let Some((_, token)) = message.split_once("Syntax error: ") {
        return format!("Syntax error: {}", quoted(token));
    }
    match message.strip_prefix("Number out of range: ") {
        Some(number) => format!("Number out of range: \"{number}\""),
        None => message.to_owned(),
    }
}
