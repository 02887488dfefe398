//! The lexemes of an expression, as far as the messages of syntax errors need them.

/// One lexeme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lexeme<'t> {
    /// An operator or a bracket.
    Symbol(&'t str),
    /// A name, variable, number or literal.
    Operand,
    /// A regular expression that is nothing but its slashes.
    EmptyRegex,
    /// A regular expression without its second slash: the rest of the text.
    OpenRegex,
}

/// Cuts an expression into lexemes. It never fails: what it cannot read, the parser reports.
pub(super) struct Lexemes<'t> {
    rest: &'t str,
    /// Whether an operand has just ended, so that `/` divides.
    after_operand: bool,
}

impl<'t> Lexemes<'t> {
    /// The lexemes of that text.
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, after_operand: false }
    }

    fn take(&mut self, length: usize) -> &'t str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// To behind the closing character, counting from the opening one; the rest where there is none.
    fn enclosed(&self, close: char, escapes: bool) -> usize {
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            if character == close {
                return at + close.len_utf8();
            }
            if escapes && character == '\\' {
                characters.next();
            }
        }
        self.rest.len()
    }

    fn regex(&mut self) -> Lexeme<'t> {
        let mut depth = 0i32;
        let mut escaped = false;
        for (at, character) in self.rest.char_indices().skip(1) {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                '/' if depth <= 0 => {
                    self.take(at + 1);
                    return if at == 1 { Lexeme::EmptyRegex } else { Lexeme::Operand };
                }
                _ => {}
            }
        }
        self.take(self.rest.len());
        Lexeme::OpenRegex
    }

    fn word(&mut self) -> Lexeme<'t> {
        const END: &str = " \t\r\n\u{b}.[]{}()@#%*,;:?/+-|=!~^&<>\"'`";
        let end =
            self.rest.char_indices().skip(1).find(|(_, c)| END.contains(*c)).map_or(self.rest.len(), |(at, _)| at);
        match self.take(end) {
            word @ ("and" | "or" | "in") if self.after_operand => Lexeme::Symbol(word),
            _ => Lexeme::Operand,
        }
    }

    fn symbol(&mut self) -> Lexeme<'t> {
        const LONG: [&str; 7] = ["..", ":=", "!=", ">=", "<=", "**", "~>"];
        if let Some(symbol) = LONG.into_iter().find(|symbol| self.rest.starts_with(symbol)) {
            return Lexeme::Symbol(self.take(symbol.len()));
        }
        let length = self.rest.chars().next().map_or(0, char::len_utf8);
        Lexeme::Symbol(self.take(length))
    }
}

impl<'t> Iterator for Lexemes<'t> {
    type Item = Lexeme<'t>;

    fn next(&mut self) -> Option<Lexeme<'t>> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{b}']);
            let Some(comment) = self.rest.strip_prefix("/*") else { break };
            self.rest = comment.find("*/").map_or("", |end| &comment[end + 2..]);
        }
        let first = self.rest.chars().next()?;
        let lexeme = match first {
            '"' | '\'' | '`' => {
                let length = self.enclosed(first, first != '`');
                self.take(length);
                Lexeme::Operand
            }
            '/' if !self.after_operand => self.regex(),
            c if c.is_alphanumeric() || c == '$' || c == '_' => self.word(),
            _ => self.symbol(),
        };
        self.after_operand = match lexeme {
            Lexeme::Symbol(symbol) => matches!(symbol, ")" | "]" | "}"),
            _ => true,
        };
        Some(lexeme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_comments_are_skipped_and_slashes_told_apart() {
        let lexemes: Vec<_> = Lexemes::new("a / /* ( */ 2 ~> $f(/[/]x/i, \"(\\\"\", `(`").collect();
        let symbols: Vec<_> = lexemes
            .iter()
            .filter_map(|lexeme| if let Lexeme::Symbol(symbol) = lexeme { Some(*symbol) } else { None })
            .collect();
        assert_eq!(symbols, ["/", "~>", "(", ",", ","]);
        assert_eq!(Lexemes::new("//").next(), Some(Lexeme::EmptyRegex));
        assert_eq!(Lexemes::new("/a").next(), Some(Lexeme::OpenRegex));
    }
}
