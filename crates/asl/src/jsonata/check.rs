//! What an expression may not refer to: a state has no context item, so a name at the top level means nothing.

use super::syntax::{Context, Kind, Syntax, Tree};

/// The first reference to a context item where there is none.
pub(super) fn top_level(tree: &Tree) -> Option<String> {
    reference(tree, tree.root, false).map(str::to_owned)
}

/// What to write in place of such a reference.
pub(super) fn remedy(name: &str, text: &str) -> String {
    let behind = text.find(name).map_or("", |at| &text[at + name.len()..]);
    let path = behind.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_'))).next().unwrap_or_default();
    match name {
        "$" | "$$" => format!("The state's input is $states.input: write $states.input{path}"),
        "*" | "**" | "%" => format!("The state's input is $states.input: write $states.input.{name}"),
        _ => format!(
            "The state's input is $states.input: write $states.input.{name}{path}, or ${name}{path} for a variable"
        ),
    }
}

/// `inside` is whether a path, a predicate or the like gives a context item here.
fn reference(tree: &Tree, syntax: Syntax, inside: bool) -> Option<&str> {
    let mut found = match syntax.kind {
        Kind::Variable(name) if tree.word(name) == "$" => Some("$$"),
        _ if inside => None,
        Kind::Name(name) => Some(tree.word(name)),
        Kind::Variable(name) if tree.word(name).is_empty() => Some("$"),
        Kind::Wildcard => Some("*"),
        Kind::Descendants => Some("**"),
        Kind::Parent => Some("%"),
        _ => None,
    };
    tree.each_part(syntax, &mut |part, context| {
        if found.is_none() {
            found = reference(tree, part, inside || context == Context::Own);
        }
    });
    found
}
