//! What an expression may not refer to: a state has no context item, so a name at the top level means nothing.

use super::syntax::{Context, Kind, Syntax};

/// The first reference to a context item where there is none.
pub(super) fn top_level(syntax: &Syntax) -> Option<String> {
    reference(syntax, false)
}

/// `inside` is whether a path, a predicate or the like gives a context item here.
fn reference(syntax: &Syntax, inside: bool) -> Option<String> {
    let found = match &syntax.kind {
        Kind::Variable(name) if name == "$" => Some("$$"),
        _ if inside => None,
        Kind::Name(name) => Some(&**name),
        Kind::Variable(name) if name.is_empty() => Some("$"),
        Kind::Wildcard => Some("*"),
        Kind::Descendants => Some("**"),
        Kind::Parent => Some("%"),
        _ => None,
    };
    if found.is_some() {
        return found.map(str::to_owned);
    }
    let mut found = None;
    syntax.each_part(&mut |part, context| {
        if found.is_none() {
            found = reference(part, inside || context == Context::Own);
        }
    });
    found
}
