//! Names of state machines, executions and activities.

use crate::error::ApiError;

/// Refuses a name with a character that AWS forbids: white space, brackets, wildcards, special and control
/// characters, non-characters. Its length is checked with the other constraints.
pub(crate) fn check(name: &str) -> Result<(), ApiError> {
    if name.chars().any(is_forbidden) {
        return Err(ApiError::invalid_name(name));
    }
    Ok(())
}

fn is_forbidden(character: char) -> bool {
    match character {
        '<' | '>' | '{' | '}' | '[' | ']' | '?' | '*' => true,
        '"' | '#' | '%' | '\\' | '^' | '|' | '~' | '`' | '$' | '&' | ',' | ';' | ':' | '/' => true,
        '\u{0}'..='\u{20}' | '\u{7f}'..='\u{9f}' => true,
        '\u{fffe}' | '\u{ffff}' | '\u{10ffff}' => true,
        ascii if ascii.is_ascii() => false,
        other => other.is_whitespace(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_taken() {
        for name in ["a", "Activity.1-b_c", "state.machine", "größe", "状態", "it's", "a+b=c!(d)@"] {
            assert!(check(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn forbidden_characters_are_refused_and_shown() {
        for bad in "<>{}[]?*\"#%\\^|~`$&,;:/ \t\n\u{0}\u{1f}\u{7f}\u{85}\u{9f}\u{2003}\u{fffe}\u{10ffff}".chars() {
            let name = format!("a{bad}b");
            let error = check(&name).unwrap_err();
            assert_eq!((error.code, error.message), ("InvalidName", format!("Invalid Name: '{name}'")));
        }
    }
}
