//! Tokens to the tree of what is written, by the precedence of operators.

use super::code::{Row, STATES, Word};
use super::lexer::{Lexer, Token};
use super::signature::Signature;
use super::syntax::{DEPTH_MAX, Function, Kind, Operator, Syntax, Tree, too_deep};

/// Why a text is no expression, and the byte of it at which that was seen.
#[derive(Debug, PartialEq)]
pub(super) struct Unreadable {
    /// JSONata's text without its code, as AWS shows it.
    pub(super) message: String,
    pub(super) offset: usize,
}

/// Parses a whole expression.
pub(super) fn parse(text: &str) -> Result<Tree, Unreadable> {
    let tree = Tree::default();
    let mut parser = Parser { lexer: Lexer::new(text), token: Token::End, depth: 0, awaited: None, tree };
    match parser.whole() {
        Ok(()) => Ok(parser.tree),
        Err(message) => Err(Unreadable { message, offset: text.len() - parser.lexer.last_and_behind().len() }),
    }
}

/// How tightly a token binds what stands before it.
fn binding(token: &Token) -> u8 {
    let Token::Symbol(symbol) = token else { return 0 };
    match *symbol {
        "[" | "(" | "@" | "#" => 80,
        "." => 75,
        "{" => 70,
        "*" | "/" | "%" => 60,
        "+" | "-" | "&" => 50,
        "=" | "!=" | "<" | "<=" | ">" | ">=" | "^" | "~>" | "in" => 40,
        "and" => 30,
        "or" => 25,
        "?" => 20,
        ":=" => 10,
        _ => 0,
    }
}

/// How tightly a minus binds what stands behind it.
const NEGATION: u8 = 70;

fn syntax_error(token: &Token) -> String {
    format!("Syntax error: {}", token.quoted())
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The token that is looked at.
    token: Token,
    depth: u16,
    /// What the innermost bracket waits for.
    awaited: Option<&'static str>,
    /// What was read.
    tree: Tree,
}

fn ends_before(symbol: &str) -> String {
    format!("Expected \"{symbol}\" before end of expression")
}

impl Parser<'_> {
    fn whole(&mut self) -> Result<(), String> {
        self.advance(false)?;
        self.tree.root = self.expression(0)?;
        match &self.token {
            Token::End => Ok(()),
            token => Err(syntax_error(token)),
        }
    }

    /// Goes to the next token and gives the one before. `divides`: see [`Lexer::next`].
    fn advance(&mut self, divides: bool) -> Result<Token, String> {
        let next = self.lexer.next(divides)?;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(&self.token, Token::Symbol(found) if *found == symbol)
    }

    /// Whether that symbol stood here; it is passed.
    fn passes(&mut self, symbol: &str) -> Result<bool, String> {
        let found = self.is(symbol);
        if found {
            self.advance(false)?;
        }
        Ok(found)
    }

    /// Passes a symbol that must be here. `closes`: whether an operand ends with it.
    fn expect(&mut self, symbol: &str, closes: bool) -> Result<(), String> {
        if self.is(symbol) {
            return self.advance(closes).map(drop);
        }
        Err(match &self.token {
            Token::End => ends_before(symbol),
            token => format!("Expected \"{symbol}\", got {}", token.quoted()),
        })
    }

    /// What binds more tightly than that.
    fn expression(&mut self, least: u8) -> Result<Syntax, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(too_deep());
        }
        let first = self.advance(true)?;
        let mut left = self.operand(first)?;
        while least < binding(&self.token) {
            let operator = self.advance(false)?;
            left = self.behind(left, &operator)?;
        }
        if let Token::Symbol(symbol @ ("!" | "~")) = self.token {
            return Err(format!("Unknown operator: \"{symbol}\""));
        }
        self.depth -= 1;
        Ok(left)
    }

    /// An expression before a symbol that is then expected.
    fn before(&mut self, symbol: &'static str) -> Result<Syntax, String> {
        let around = self.awaited.replace(symbol);
        let expression = self.expression(0);
        self.awaited = around;
        expression
    }

    /// An expression, as a part of what is read.
    fn part(&mut self, least: u8) -> Result<u32, String> {
        let part = self.expression(least)?;
        Ok(self.tree.place(part))
    }

    /// Two parts.
    fn pair(&mut self, first: Syntax, second: Syntax) -> u32 {
        self.tree.row(&[first, second]).start
    }

    /// What begins with that token, which is passed.
    fn operand(&mut self, token: Token) -> Result<Syntax, String> {
        let kind = match token {
            Token::Name(name) => Kind::Name(self.tree.words.intern(&name)),
            Token::Variable(name) if name == "states" => Kind::Variable(STATES),
            Token::Variable(name) => Kind::Variable(self.tree.words.intern(&name)),
            Token::Number(number) => self.tree.number(number),
            Token::Text(text) => Kind::Text(self.tree.words.intern(&text)),
            Token::Bool(value) => Kind::Bool(value),
            Token::Null => Kind::Null,
            Token::Regex(pattern, flags) => Kind::Regex(self.tree.regexes.intern(pattern, flags)?),
            Token::End => {
                let unexpected = || "Unexpected end of expression".to_owned();
                return Err(self.awaited.map_or_else(unexpected, ends_before));
            }
            Token::Symbol(symbol) => self.prefixed(symbol)?,
        };
        self.tree.construct(kind)
    }

    fn prefixed(&mut self, symbol: &str) -> Result<Kind, String> {
        Ok(match symbol {
            "and" | "or" | "in" => Kind::Name(self.tree.words.intern(symbol)),
            "*" => Kind::Wildcard,
            "**" => Kind::Descendants,
            "%" => Kind::Parent,
            "-" => self.negated()?,
            "(" => Kind::Block(self.block()?),
            "[" => Kind::Array(self.array()?),
            "{" => Kind::Object(self.pairs(None)?),
            "|" => self.transform()?,
            "!" | "~" => return Err(format!("Unknown operator: \"{symbol}\"")),
            other => return Err(format!("The symbol \"{other}\" cannot be used as a unary operator")),
        })
    }

    fn negated(&mut self) -> Result<Kind, String> {
        let operand = self.expression(NEGATION)?;
        Ok(match operand.kind {
            Kind::Number(number) => Kind::Number(-number),
            Kind::LongNumber(place) => {
                if let Some(number) = self.tree.numbers.get_mut(place as usize) {
                    *number = -*number;
                }
                operand.kind
            }
            _ => Kind::Negate(self.tree.place(operand)),
        })
    }

    fn block(&mut self) -> Result<Row, String> {
        let mut parts = Vec::new();
        while !self.is(")") {
            parts.push(self.before(")")?);
            if !self.passes(";")? {
                break;
            }
        }
        self.expect(")", true)?;
        Ok(self.tree.row(&parts))
    }

    fn array(&mut self) -> Result<Row, String> {
        let mut items = Vec::new();
        while !self.is("]") || !items.is_empty() {
            let mut item = self.before("]")?;
            if self.passes("..")? {
                let end = self.before("]")?;
                let range = Kind::Binary(Operator::Range, self.pair(item, end));
                item = self.tree.construct(range)?;
            }
            items.push(item);
            if !self.passes(",")? {
                break;
            }
        }
        self.expect("]", true)?;
        Ok(self.tree.row(&items))
    }

    /// Keys and values, behind what is grouped, where something is.
    fn pairs(&mut self, grouped: Option<Syntax>) -> Result<Row, String> {
        let mut parts: Vec<Syntax> = grouped.into_iter().collect();
        let before = parts.len();
        while !self.is("}") || parts.len() > before {
            parts.push(self.before(":")?);
            self.expect(":", false)?;
            parts.push(self.before("}")?);
            if !self.passes(",")? {
                break;
            }
        }
        self.expect("}", true)?;
        Ok(self.tree.row(&parts))
    }

    fn transform(&mut self) -> Result<Kind, String> {
        let pattern = self.before("|")?;
        self.expect("|", false)?;
        let mut parts = vec![pattern, self.before("|")?];
        if self.passes(",")? {
            parts.push(self.before("|")?);
        }
        self.expect("|", true)?;
        Ok(Kind::Transform(self.tree.row(&parts)))
    }

    /// What an operator, which is passed, makes of the operand before it.
    fn behind(&mut self, mut left: Syntax, token: &Token) -> Result<Syntax, String> {
        let Token::Symbol(symbol) = token else { return Err(syntax_error(token)) };
        let kind = match *symbol {
            "[" if self.is("]") => {
                self.advance(true)?;
                self.keep_array(&mut left);
                return Ok(left);
            }
            "[" => {
                let predicate = self.before("]")?;
                self.expect("]", true)?;
                Kind::Predicate(self.pair(left, predicate))
            }
            "." => {
                let right = self.expression(75)?;
                Kind::Step(self.pair(left, right))
            }
            "{" => Kind::Group(self.pairs(Some(left))?),
            "^" => Kind::Sort(self.terms(left)?),
            "@" => Kind::Focus(self.bound_name("@")?, self.tree.place(left)),
            "#" => Kind::Index(self.bound_name("#")?, self.tree.place(left)),
            ":=" => match left.kind {
                Kind::Variable(name) => Kind::Bind(name, self.part(9)?),
                _ => return Err("The left side of := must be a variable name (start with $)".to_owned()),
            },
            "?" => {
                let mut parts = vec![left, self.expression(0)?];
                if self.passes(":")? {
                    parts.push(self.expression(0)?);
                }
                Kind::Condition(self.tree.row(&parts))
            }
            "(" => self.call(left)?,
            other => match Operator::of(other) {
                Some(operator) => {
                    let right = self.expression(binding(token))?;
                    Kind::Binary(operator, self.pair(left, right))
                }
                None => return Err(syntax_error(token)),
            },
        };
        self.tree.construct(kind)
    }

    /// The terms of a sort behind what is sorted.
    fn terms(&mut self, sorted: Syntax) -> Result<Row, String> {
        self.expect("(", false)?;
        let mut parts = vec![sorted];
        loop {
            let descends = !self.passes("<")? && self.passes(">")?;
            let mut term = self.before(")")?;
            term.descends = descends;
            parts.push(term);
            if !self.passes(",")? {
                break;
            }
        }
        self.expect(")", true)?;
        Ok(self.tree.row(&parts))
    }

    fn bound_name(&mut self, symbol: &str) -> Result<Word, String> {
        match self.expression(80)?.kind {
            Kind::Variable(name) => Ok(name),
            _ => Err(format!("The right side of \"{symbol}\" must be a variable name (start with $)")),
        }
    }

    fn call(&mut self, procedure: Syntax) -> Result<Kind, String> {
        let mut parts = vec![procedure];
        while !self.is(")") || parts.len() > 1 {
            if self.passes("?")? {
                parts.push(self.tree.construct(Kind::Placeholder)?);
            } else {
                parts.push(self.before(")")?);
            }
            if !self.passes(",")? {
                break;
            }
        }
        self.expect(")", true)?;
        match procedure.kind {
            Kind::Name(name) if matches!(self.tree.word(name), "function" | "λ") => self.lambda(&parts[1..]),
            _ => Ok(Kind::Call(self.tree.row(&parts))),
        }
    }

    /// The rest of a function of which `parameters` are read.
    fn lambda(&mut self, parameters: &[Syntax]) -> Result<Kind, String> {
        let other = parameters.iter().position(|parameter| !matches!(parameter.kind, Kind::Variable(_)));
        if let Some(place) = other {
            let place = place + 1;
            return Err(format!("Parameter {place} of function definition must be a variable name (start with $)"));
        }
        let parameters = self.tree.row(parameters);
        let signature = if self.is("<") { Some(Box::new(self.signature()?)) } else { None };
        self.expect("{", false)?;
        let body = self.before("}")?;
        self.expect("}", true)?;
        let body = self.tree.place(body);
        self.tree.functions.push(Function { parameters, signature, body });
        Ok(Kind::Lambda(self.tree.functions.len() as u32 - 1))
    }

    fn signature(&mut self) -> Result<Signature, String> {
        let mut text = String::from("<");
        let mut open = 1usize;
        while open > 0 && !self.is("{") && self.token != Token::End {
            self.advance(false)?;
            match &self.token {
                Token::Symbol(">") => open -= 1,
                Token::Symbol("<") => open += 1,
                _ => {}
            }
            match &self.token {
                Token::Symbol(symbol) => text.push_str(symbol),
                Token::Name(name) => text.push_str(name),
                _ => {}
            }
        }
        self.expect(">", false)?;
        Signature::parse(&text)
    }

    /// `a[b][]` keeps the array of `a`.
    fn keep_array(&mut self, syntax: &mut Syntax) {
        let Kind::Predicate(mut place) = syntax.kind else {
            syntax.keep_array = true;
            return;
        };
        while let Kind::Predicate(inner) = self.tree.at(place).kind {
            place = inner;
        }
        if let Some(kept) = self.tree.at_mut(place) {
            kept.keep_array = true;
        }
    }
}
