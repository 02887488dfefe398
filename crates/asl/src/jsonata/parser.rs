//! Tokens to the tree of what is written, by the precedence of operators.

use super::lexer::{Lexer, Token};
use super::regex::Regex;
use super::signature::Signature;
use super::syntax::{DEPTH_MAX, Kind, Operator, Pair, Syntax, too_deep};

/// Parses a whole expression. Errors are JSONata's texts without their codes, as AWS shows them.
pub(super) fn parse(text: &str) -> Result<Syntax, String> {
    let mut parser = Parser { lexer: Lexer::new(text), token: Token::End, depth: 0, awaited: None };
    parser.advance(false)?;
    let tree = parser.expression(0)?;
    match parser.token {
        Token::End => Ok(tree),
        token => Err(syntax_error(&token)),
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
    depth: usize,
    /// What the innermost bracket waits for.
    awaited: Option<&'static str>,
}

fn ends_before(symbol: &str) -> String {
    format!("Expected \"{symbol}\" before end of expression")
}

impl Parser<'_> {
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

    fn boxed(&mut self, least: u8) -> Result<Box<Syntax>, String> {
        self.expression(least).map(Box::new)
    }

    /// What begins with that token, which is passed.
    fn operand(&mut self, token: Token) -> Result<Syntax, String> {
        Syntax::new(match token {
            Token::Name(name) => Kind::Name(name),
            Token::Variable(name) => Kind::Variable(name),
            Token::Number(number) => Kind::Number(number),
            Token::Text(text) => Kind::Text(text),
            Token::Bool(value) => Kind::Bool(value),
            Token::Null => Kind::Null,
            Token::Regex(pattern, flags) => Kind::Regex(Regex::parse(&pattern, &flags)?),
            Token::End => {
                let unexpected = || "Unexpected end of expression".to_owned();
                return Err(self.awaited.map_or_else(unexpected, ends_before));
            }
            Token::Symbol(symbol) => self.prefixed(symbol)?,
        })
    }

    fn prefixed(&mut self, symbol: &str) -> Result<Kind, String> {
        Ok(match symbol {
            "and" | "or" | "in" => Kind::Name(symbol.to_owned()),
            "*" => Kind::Wildcard,
            "**" => Kind::Descendants,
            "%" => Kind::Parent,
            "-" => match self.boxed(NEGATION)? {
                operand if matches!(operand.kind, Kind::Number(_)) => negated(operand.kind),
                operand => Kind::Negate(operand),
            },
            "(" => Kind::Block(self.block()?),
            "[" => Kind::Array(self.array()?),
            "{" => Kind::Object(self.pairs()?),
            "|" => self.transform()?,
            "!" | "~" => return Err(format!("Unknown operator: \"{symbol}\"")),
            other => return Err(format!("The symbol \"{other}\" cannot be used as a unary operator")),
        })
    }

    fn block(&mut self) -> Result<Vec<Syntax>, String> {
        let mut parts = Vec::new();
        while !self.is(")") {
            parts.push(self.before(")")?);
            if !self.passes(";")? {
                break;
            }
        }
        self.expect(")", true)?;
        Ok(parts)
    }

    fn array(&mut self) -> Result<Vec<Syntax>, String> {
        let mut items = Vec::new();
        while !self.is("]") || !items.is_empty() {
            let mut item = self.before("]")?;
            if self.passes("..")? {
                let end = self.before("]")?;
                item = Syntax::new(Kind::Binary(Operator::Range, Box::new([item, end])))?;
            }
            items.push(item);
            if !self.passes(",")? {
                break;
            }
        }
        self.expect("]", true)?;
        Ok(items)
    }

    fn pairs(&mut self) -> Result<Vec<Pair>, String> {
        let mut pairs = Vec::new();
        while !self.is("}") || !pairs.is_empty() {
            let key = self.before(":")?;
            self.expect(":", false)?;
            pairs.push((key, self.before("}")?));
            if !self.passes(",")? {
                break;
            }
        }
        self.expect("}", true)?;
        Ok(pairs)
    }

    fn transform(&mut self) -> Result<Kind, String> {
        let pattern = self.before("|")?;
        self.expect("|", false)?;
        let update = self.before("|")?;
        let delete = if self.passes(",")? { Some(Box::new(self.before("|")?)) } else { None };
        self.expect("|", true)?;
        Ok(Kind::Transform(Box::new([pattern, update]), delete))
    }

    /// What an operator, which is passed, makes of the operand before it.
    fn behind(&mut self, mut left: Syntax, token: &Token) -> Result<Syntax, String> {
        let Token::Symbol(symbol) = token else { return Err(syntax_error(token)) };
        let kind = match *symbol {
            "[" if self.is("]") => {
                self.advance(true)?;
                keep_array(&mut left);
                return Ok(left);
            }
            "[" => {
                let predicate = self.before("]")?;
                self.expect("]", true)?;
                Kind::Predicate(Box::new([left, predicate]))
            }
            "." => Kind::Step(Box::new([left, self.expression(75)?])),
            "{" => Kind::Group(Box::new(left), self.pairs()?),
            "^" => {
                let terms = self.terms()?;
                Kind::Sort(Box::new(left), terms)
            }
            "@" => Kind::Focus(Box::new(left), self.bound_name("@")?),
            "#" => Kind::Index(Box::new(left), self.bound_name("#")?),
            ":=" => match left.kind {
                Kind::Variable(name) => Kind::Bind(name, self.boxed(9)?),
                _ => return Err("The left side of := must be a variable name (start with $)".to_owned()),
            },
            "?" => {
                let then = self.expression(0)?;
                let otherwise = if self.passes(":")? { Some(self.boxed(0)?) } else { None };
                Kind::Condition(Box::new([left, then]), otherwise)
            }
            "(" => self.call(left)?,
            other => match Operator::of(other) {
                Some(operator) => Kind::Binary(operator, Box::new([left, self.expression(binding(token))?])),
                None => return Err(syntax_error(token)),
            },
        };
        Syntax::new(kind)
    }

    fn terms(&mut self) -> Result<Vec<(Syntax, bool)>, String> {
        self.expect("(", false)?;
        let mut terms = Vec::new();
        loop {
            let descends = !self.passes("<")? && self.passes(">")?;
            terms.push((self.before(")")?, descends));
            if !self.passes(",")? {
                break;
            }
        }
        self.expect(")", true)?;
        Ok(terms)
    }

    fn bound_name(&mut self, symbol: &str) -> Result<String, String> {
        match self.expression(80)?.kind {
            Kind::Variable(name) => Ok(name),
            _ => Err(format!("The right side of \"{symbol}\" must be a variable name (start with $)")),
        }
    }

    fn call(&mut self, procedure: Syntax) -> Result<Kind, String> {
        let mut arguments = Vec::new();
        while !self.is(")") || !arguments.is_empty() {
            if self.passes("?")? {
                arguments.push(Syntax::new(Kind::Placeholder)?);
            } else {
                arguments.push(self.before(")")?);
            }
            if !self.passes(",")? {
                break;
            }
        }
        self.expect(")", true)?;
        match &procedure.kind {
            Kind::Name(name) if name == "function" || name == "λ" => self.lambda(arguments),
            _ => Ok(Kind::Call(Box::new(procedure), arguments)),
        }
    }

    /// The rest of a function of which `parameters` are read.
    fn lambda(&mut self, parameters: Vec<Syntax>) -> Result<Kind, String> {
        let mut names = Vec::with_capacity(parameters.len());
        for (place, parameter) in parameters.into_iter().enumerate() {
            match parameter.kind {
                Kind::Variable(name) => names.push(name),
                _ => {
                    let place = place + 1;
                    return Err(format!(
                        "Parameter {place} of function definition must be a variable name (start with $)"
                    ));
                }
            }
        }
        let signature = if self.is("<") { Some(self.signature()?) } else { None };
        self.expect("{", false)?;
        let body = Box::new(self.before("}")?);
        self.expect("}", true)?;
        Ok(Kind::Lambda(names, signature, body))
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
}

fn negated(number: Kind) -> Kind {
    match number {
        Kind::Number(number) => Kind::Number(-number),
        other => other,
    }
}

/// `a[b][]` keeps the array of `a`.
fn keep_array(mut syntax: &mut Syntax) {
    loop {
        match syntax {
            Syntax { kind: Kind::Predicate(parts), .. } => syntax = &mut parts[0],
            other => {
                other.keep_array = true;
                return;
            }
        }
    }
}
