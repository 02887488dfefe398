//! Text to tokens.

/// One token of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// The text is over.
    End,
    /// An operator, a bracket, or one of the words `and`, `or`, `in`.
    Symbol(&'static str),
    /// A name; in backquotes it may be anything.
    Name(String),
    /// A variable without its `$`: empty for `$`, `$` for `$$`.
    Variable(String),
    /// A number.
    Number(f64),
    /// A string, its escapes resolved.
    Text(String),
    /// `true` or `false`
    Bool(bool),
    /// `null`
    Null,
    /// What stands between slashes, and the flags behind them.
    Regex(String, String),
}

impl Token {
    /// As messages quote it: numbers and literals bare, everything else in quotes.
    pub(super) fn quoted(&self) -> String {
        let text = match self {
            Self::Number(number) => return crate::number::javascript(*number),
            Self::Bool(value) => return value.to_string(),
            Self::Null => return "null".to_owned(),
            Self::End => "(end)",
            Self::Symbol(symbol) => symbol,
            Self::Name(text) | Self::Variable(text) | Self::Text(text) | Self::Regex(text, _) => text,
        };
        crate::value::Value::string(text).to_json()
    }
}

/// The symbols, the longer ones first.
const SYMBOLS: [&str; 33] = [
    "..", ":=", "!=", ">=", "<=", "**", "~>", ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", ";", ":", "?", "+",
    "-", "*", "/", "%", "|", "=", "<", ">", "^", "&", "!", "~",
];

/// What JavaScript's lexers of this language take for space.
const SPACE: [char; 5] = [' ', '\t', '\n', '\r', '\u{b}'];

/// Cuts a text into tokens, one by one: whether `/` divides or begins a regular expression depends on what was read.
pub(super) struct Lexer<'t> {
    rest: &'t str,
    /// What there was before the last token.
    last: &'t str,
}

impl<'t> Lexer<'t> {
    /// At the beginning of a text.
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, last: text }
    }

    /// The last token, also one that could not be read, and all behind it.
    pub(super) fn last_and_behind(&self) -> &'t str {
        self.last
    }

    /// The next token. `divides` is whether `/` stands behind an operand.
    pub(super) fn next(&mut self, divides: bool) -> Result<Token, String> {
        self.last = self.rest;
        self.skip_space()?;
        self.last = self.rest;
        let Some(first) = self.rest.chars().next() else { return Ok(Token::End) };
        match first {
            '/' if !divides => self.regex(),
            '"' | '\'' => self.string(first),
            '`' => self.quoted_name(),
            '0'..='9' => self.number(),
            _ => match SYMBOLS.into_iter().find(|symbol| self.rest.starts_with(symbol)) {
                Some(symbol) => {
                    self.rest = &self.rest[symbol.len()..];
                    Ok(Token::Symbol(symbol))
                }
                None => Ok(self.word()),
            },
        }
    }

    fn skip_space(&mut self) -> Result<(), String> {
        loop {
            self.rest = self.rest.trim_start_matches(SPACE);
            let Some(comment) = self.rest.strip_prefix("/*") else { return Ok(()) };
            let end = comment.find("*/").ok_or("Comment has no closing tag")?;
            self.rest = &comment[end + 2..];
        }
    }

    fn regex(&mut self) -> Result<Token, String> {
        let (mut depth, mut escaped) = (0i32, false);
        let inside = &self.rest[1..];
        for (at, character) in inside.char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '/' if depth == 0 => {
                    if at == 0 {
                        return Err("Empty regular expressions are not allowed".to_owned());
                    }
                    let behind = &inside[at + 1..];
                    let flags = behind.find(|flag| !matches!(flag, 'i' | 'm')).unwrap_or(behind.len());
                    self.rest = &behind[flags..];
                    return Ok(Token::Regex(inside[..at].to_owned(), behind[..flags].to_owned()));
                }
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
        }
        Err("No terminating / in regular expression".to_owned())
    }

    fn string(&mut self, quote: char) -> Result<Token, String> {
        let mut text = String::new();
        let mut rest = &self.rest[quote.len_utf8()..];
        while let Some(at) = rest.find(['\\', quote]) {
            text.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(behind) = rest.strip_prefix(quote) {
                self.rest = behind;
                return Ok(Token::Text(text));
            }
            rest = &rest[1..];
            let Some(escape) = rest.chars().next() else { break };
            rest = &rest[escape.len_utf8()..];
            if escape == 'u' {
                let (character, length) = unicode(rest)?;
                text.push(character);
                rest = &rest[length..];
            } else {
                text.push(escaped(escape)?);
            }
        }
        Err("String literal must be terminated by a matching quote".to_owned())
    }

    fn quoted_name(&mut self) -> Result<Token, String> {
        let inside = &self.rest[1..];
        let end = inside.find('`').ok_or("Quoted property name must be terminated with a backquote (`)")?;
        self.rest = &inside[end + 1..];
        Ok(Token::Name(inside[..end].to_owned()))
    }

    fn number(&mut self) -> Result<Token, String> {
        let bytes = self.rest.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut end = if bytes[0] == b'0' { 1 } else { digits(0) };
        if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if end + 1 + sign < bytes.len() && digits(end + 1 + sign) > 0 {
                end += 1 + sign + digits(end + 1 + sign);
            }
        }
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Number(number)),
            _ => Err(format!("Number out of range: \"{text}\"")),
        }
    }

    fn word(&mut self) -> Token {
        let ends = |character: char| SPACE.contains(&character) || ".[]{}(),@#;:?+-*/%|=<>^&!~".contains(character);
        let after_first = self.rest.chars().next().map_or(0, char::len_utf8);
        let is_variable = self.rest.starts_with('$');
        let end = self.rest[after_first..].find(ends).map_or(self.rest.len(), |at| at + after_first);
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            _ if is_variable => Token::Variable(word[1..].to_owned()),
            "and" => Token::Symbol("and"),
            "or" => Token::Symbol("or"),
            "in" => Token::Symbol("in"),
            "true" => Token::Bool(true),
            "false" => Token::Bool(false),
            "null" => Token::Null,
            _ => Token::Name(word.to_owned()),
        }
    }
}

fn escaped(character: char) -> Result<char, String> {
    Ok(match character {
        '"' | '\\' | '/' => character,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => return Err(format!("Unsupported escape sequence: \\\"{other}\"")),
    })
}

/// The character that begins with those digits, and how many bytes it takes; two escapes may be one character.
fn unicode(text: &str) -> Result<(char, usize), String> {
    let first = hex(text).ok_or("The escape sequence \\u must be followed by 4 hex digits")?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, 4));
    }
    let second = text[4..].strip_prefix("\\u").and_then(hex).filter(|low| (0xDC00..0xE000).contains(low));
    match second {
        Some(second) if first < 0xDC00 => {
            let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            Ok((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 10))
        }
        _ => Ok((char::REPLACEMENT_CHARACTER, 4)),
    }
}

fn hex(text: &str) -> Option<u32> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        let mut lexer = Lexer::new(text);
        std::iter::from_fn(|| lexer.next(true).ok().filter(|token| *token != Token::End)).collect()
    }

    #[test]
    fn texts_are_cut() {
        let name = |text: &str| Token::Name(text.to_owned());
        assert_eq!(tokens("a /* ( */ / 2"), [name("a"), Token::Symbol("/"), Token::Number(2.0)]);
        assert_eq!(tokens("$ $$ $a"), ["", "$", "a"].map(|name| Token::Variable(name.to_owned())));
        assert_eq!(tokens("'\\ud83d\\ude00\\u00e9x'"), [Token::Text("😀éx".to_owned())]);
        assert_eq!(tokens("a..b"), [name("a"), Token::Symbol(".."), name("b")]);
        assert_eq!(
            tokens("1.e 01"),
            [Token::Number(1.0), Token::Symbol("."), name("e"), Token::Number(0.0), Token::Number(1.0)]
        );
    }

    #[test]
    fn a_slash_within_brackets_ends_no_regular_expression() {
        let regex = |pattern: &str, flags: &str| Ok(Token::Regex(pattern.to_owned(), flags.to_owned()));
        assert_eq!(Lexer::new("/[/]x\\//im").next(false), regex("[/]x\\/", "im"));
        assert!(Lexer::new("/a)/").next(false).is_err());
    }
}
