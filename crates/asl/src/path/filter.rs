//! What stands in `[?(…)]`, and for which values it holds.
//!
//! A filter is criteria joined by `&&` and `||`, wherever these stand, also in quotes; `&&` binds closer, and parentheses
//! around criteria group nothing. What is no path, no pattern and no text in single quotes is text as well.

use std::borrow::Cow;
use std::collections::HashSet;

use super::PathSyntaxError;
use super::compare::{self, Literal, Operator, Side};
use super::parse::{self, Place, refused, trimmed};
use super::pattern::Pattern;
use super::select::{Demand, Fault, Steps};
use crate::budget::Budget;
use crate::memory::{self, Held};
use crate::value::{Text, Value};
use crate::walk;

/// A filter: it holds where all of the criteria of one alternative do. They are asked from the right to the left, and
/// stand in that order.
#[derive(Debug)]
pub(super) struct Filter {
    criteria: Box<[Criterion]>,
}

#[derive(Debug)]
struct Criterion {
    test: Test,
    /// Another alternative follows, or none.
    is_last: bool,
}

/// Small: a filter may be one of a hundred thousand criteria.
#[derive(Debug)]
enum Test {
    /// `@.a`: there is such a value that is not null.
    Exists(Steps),
    /// `!@.a`: there is none.
    Misses(Steps),
    /// `@.a == 1`
    Compare(Box<(Operand, Operator, Operand)>),
    /// `@.a =~ /re/`, the pattern on either side.
    Matches(Box<(Operand, Operand)>),
}

/// One side of a criterion.
#[derive(Debug)]
enum Operand {
    /// `@…`, from the item.
    Item(Steps),
    /// `$…`, from the document.
    Document(Steps),
    Text(Box<Literal>),
    Pattern(Box<Pattern>),
}

/// What an operand stands for.
enum Meaning<'v> {
    Value(Cow<'v, Value>),
    Text(&'v Literal),
    Pattern(&'v Pattern),
}

/// Parses what stands in brackets, with them, where a `?` is the first in it that means something.
pub(super) fn parse(bracket: &str) -> Result<Filter, PathSyntaxError> {
    let question = bracket.find('?').unwrap_or_default();
    let begin = bracket[..question].rfind('[').unwrap_or_default();
    let inner = balanced(&bracket[begin..]).ok_or_else(|| refused("The filter does not close", bracket.len()))?;
    let criteria = trimmed(inner).strip_prefix('?').map(trimmed);
    let criteria = criteria.and_then(|text| text.strip_prefix('(')?.strip_suffix(')'));
    let Some(criteria) = criteria else {
        return Err(refused("A filter is written [?(…)], such as [?(@.price > 10)]", begin));
    };
    let offset = begin + bracket[begin..].find('(').unwrap_or_default() + 1;
    alternatives(criteria).map_err(|error| error.moved(offset))
}

/// What stands between a bracket and the one that closes it, where parentheses and quotes are closed as well.
fn balanced(text: &str) -> Option<&str> {
    let (mut parentheses, mut brackets, mut quoted, mut previous) = (0i64, 0i64, false, b' ');
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'\'' if previous != b'\\' => quoted = !quoted,
            b'(' if !quoted => parentheses += 1,
            b')' if !quoted => parentheses -= 1,
            b'[' if !quoted => brackets += 1,
            b']' if !quoted => {
                brackets -= 1;
                if parentheses == 0 {
                    return (brackets == 0).then(|| &text[1..at]);
                }
            }
            _ => {}
        }
        previous = byte;
    }
    None
}

fn alternatives(text: &str) -> Result<Filter, PathSyntaxError> {
    // From the right to the left, the first of an alternative is its last.
    let (mut criteria, mut is_last) = (Vec::new(), true);
    let mut rest = text;
    loop {
        let (criterion, operator, behind) = next_criterion(rest);
        let offset = text.len() - rest.len();
        let test = Test::parse(criterion).map_err(|error| error.moved(offset))?;
        criteria.push(Criterion { test, is_last });
        is_last = operator != Some("&&");
        if operator.is_none() {
            break;
        }
        rest = behind;
    }
    criteria.reverse();
    Ok(Filter { criteria: criteria.into() })
}

/// The text up to the next `&&` or `||`, the operator, and what stands behind it.
fn next_criterion(text: &str) -> (&str, Option<&str>, &str) {
    match text.as_bytes().windows(2).position(|pair| pair == b"&&" || pair == b"||") {
        Some(at) => (&text[..at], Some(&text[at..at + 2]), &text[at + 2..]),
        None => (text, None, ""),
    }
}

impl Filter {
    /// Whether it holds for that value.
    pub(super) fn accepts(&self, item: &Value, document: &Value, budget: &Budget) -> Result<bool, Fault> {
        budget.charge_step()?;
        for criteria in self.criteria.split_inclusive(|criterion| criterion.is_last) {
            if all_hold(criteria, item, document, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets the criteria share the texts that they have in common.
    pub(super) fn share(&mut self, known: &mut HashSet<Text>) {
        for Criterion { test, .. } in &mut self.criteria {
            match test {
                Test::Exists(steps) | Test::Misses(steps) => steps.share(known),
                Test::Compare(compared) => [&mut compared.0, &mut compared.2].into_iter().for_each(|o| o.share(known)),
                Test::Matches(sides) => [&mut sides.0, &mut sides.1].into_iter().for_each(|side| side.share(known)),
            }
        }
    }
}

impl Held for Filter {
    fn held_bytes(&self) -> usize {
        self.criteria.held_bytes()
    }
}

impl Held for Criterion {
    fn held_bytes(&self) -> usize {
        match &self.test {
            Test::Exists(steps) | Test::Misses(steps) => steps.held_bytes(),
            Test::Compare(compared) => {
                let (left, _, right) = &**compared;
                memory::row::<(Operand, Operator, Operand)>(1) + left.held_bytes() + right.held_bytes()
            }
            Test::Matches(sides) => sides.held_bytes(),
        }
    }
}

impl Held for Operand {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Item(steps) | Self::Document(steps) => steps.held_bytes(),
            Self::Text(literal) => literal.held_bytes(),
            Self::Pattern(pattern) => pattern.held_bytes(),
        }
    }
}

fn all_hold(criteria: &[Criterion], item: &Value, document: &Value, budget: &Budget) -> Result<bool, Fault> {
    for criterion in criteria {
        budget.charge_step()?;
        match criterion.test.holds(item, document, budget) {
            Ok(true) => {}
            // What is compared is not there.
            Ok(false) | Err(Fault::Miss(_)) => return Ok(false),
            Err(fault) => return Err(fault),
        }
    }
    Ok(true)
}

impl Test {
    fn parse(text: &str) -> Result<Self, PathSyntaxError> {
        let text = trimmed(text).trim_start_matches(['[', '?', '(', ' ']).trim_end_matches([')', ' ']);
        if text.is_empty() || text.starts_with(['&', '|']) {
            return Err(refused("Expected a criterion such as @.price > 10", 0));
        }
        let Some((left, operator, right)) = split(text) else { return Self::existence(text) };
        let left = Operand::parse(without_negation(left).unwrap_or(left))?;
        if without_negation(right).is_some() {
            return Err(refused("Only existence can be negated, as in !@.a", text.len() - right.len()));
        }
        let right = Operand::parse(right).map_err(|error| error.moved(text.len() - right.len()))?;
        Ok(match operator {
            Some(operator) => Self::Compare(Box::new((left, operator, right))),
            None => Self::Matches(Box::new((left, right))),
        })
    }

    fn existence(text: &str) -> Result<Self, PathSyntaxError> {
        let negated = without_negation(text);
        let path = negated.unwrap_or(text);
        if !path.starts_with(['@', '$']) {
            let message = "A criterion has an operator (==, !=, <, <=, >, >=, =~), or is @.a or !@.a alone";
            return Err(hinted(text, refused(message, 0)));
        }
        let steps = steps(path)?;
        Ok(if negated.is_some() { Self::Misses(steps) } else { Self::Exists(steps) })
    }

    fn holds(&self, item: &Value, document: &Value, budget: &Budget) -> Result<bool, Fault> {
        match self {
            Self::Exists(steps) => exists(steps, item, budget),
            Self::Misses(steps) => exists(steps, item, budget).map(|exists| !exists),
            Self::Compare(compared) => {
                let (left, operator, right) = &**compared;
                let (left, right) = (left.meaning(item, document, budget)?, right.meaning(item, document, budget)?);
                compare::holds(*operator, &left.side(), &right.side(), budget)
            }
            Self::Matches(sides) => {
                let (left, right) = &**sides;
                let (left, right) = (left.meaning(item, document, budget)?, right.meaning(item, document, budget)?);
                let (pattern, target) = match (&left, &right) {
                    (Meaning::Pattern(pattern), target) | (target, Meaning::Pattern(pattern)) => (pattern, target),
                    _ => return Err(Fault::Error("=~ needs a pattern such as /a.*/ on one of its sides".to_owned())),
                };
                target.matches(pattern, budget)
            }
        }
    }
}

/// Whether there is a value that is not null: in the item, also where the path begins with $.
fn exists(steps: &Steps, item: &Value, budget: &Budget) -> Result<bool, Fault> {
    match steps.only(item, Demand::All, budget) {
        Ok(value) => Ok(!value.is_null()),
        Err(Fault::Miss(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

impl Operand {
    fn share(&mut self, known: &mut HashSet<Text>) {
        match self {
            Self::Item(steps) | Self::Document(steps) => steps.share(known),
            Self::Text(literal) => literal.share(known),
            Self::Pattern(_) => {}
        }
    }

    fn parse(text: &str) -> Result<Self, PathSyntaxError> {
        if text.starts_with('@') {
            return steps(text).map(Self::Item);
        }
        if text.starts_with('$') {
            return steps(text).map(Self::Document);
        }
        if let Some(pattern) = Pattern::parse(text) {
            return pattern.map(|pattern| Self::Pattern(Box::new(pattern)));
        }
        if let Some(rest) = text.strip_prefix('\'')
            && text.ends_with('\'')
        {
            let inner = rest.strip_suffix('\'').ok_or_else(|| refused("The text in quotes does not end", 0))?;
            return Ok(Self::Text(Box::new(Literal::new(inner))));
        }
        Ok(Self::Text(Box::new(Literal::new(text))))
    }

    fn meaning<'v>(&'v self, item: &'v Value, document: &'v Value, budget: &Budget) -> Result<Meaning<'v>, Fault> {
        match self {
            Self::Item(steps) => steps.only(item, Demand::Any, budget).map(Meaning::Value),
            Self::Document(steps) => steps.only(document, Demand::Any, budget).map(Meaning::Value),
            Self::Text(text) => Ok(Meaning::Text(text)),
            Self::Pattern(pattern) => Ok(Meaning::Pattern(pattern)),
        }
    }
}

impl Meaning<'_> {
    fn side(&self) -> Side<'_> {
        match self {
            Self::Value(value) => Side::Value(value),
            Self::Text(literal) => Side::Text(literal),
            Self::Pattern(_) => Side::Pattern,
        }
    }

    fn matches(&self, pattern: &Pattern, budget: &Budget) -> Result<bool, Fault> {
        let value = match self {
            Self::Text(literal) => return Ok(pattern.matches(literal.text(), budget)?),
            Self::Pattern(other) => return Ok(pattern.matches(other.source(), budget)?),
            Self::Value(value) => &**value,
        };
        let mut text = String::new();
        match value {
            Value::Null => return Ok(false),
            Value::String(text) => return Ok(pattern.matches(text, budget)?),
            Value::Array(_) => text = walk::json(value, budget)?,
            _ => walk::java_text(value, &mut text, budget)?,
        }
        Ok(pattern.matches(&text, budget)?)
    }
}

/// The first of the operators that is in the text, in the order in which they are looked for; `None` is `=~`.
fn split(text: &str) -> Option<(&str, Option<Operator>, &str)> {
    let symbols = Operator::SYMBOLS.iter().map(|(symbol, operator)| (*symbol, Some(*operator)));
    symbols.chain([("=~", None)]).find_map(|(symbol, operator)| {
        let (left, right) = text.split_once(symbol)?;
        Some((trimmed(left), operator, trimmed(right)))
    })
}

/// What stands behind a `!`, where it is a path from the item.
fn without_negation(text: &str) -> Option<&str> {
    text.strip_prefix('!').filter(|rest| rest.starts_with('@'))
}

fn steps(text: &str) -> Result<Steps, PathSyntaxError> {
    parse::steps(&text[1..], Place::Filter).map_err(|error| hinted(text, error.moved(1)))
}

/// Says what to write instead of what newer dialects know.
fn hinted(text: &str, error: PathSyntaxError) -> PathSyntaxError {
    const WORDS: [&str; 12] =
        ["in", "nin", "contains", "size", "empty", "subsetof", "anyof", "noneof", "all", "type", "and", "or"];
    let is_word = |word: &str| WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    match text.split([' ', '(', '[']).skip(1).find(|word| is_word(word)) {
        None => error,
        Some(word) => {
            let message = format!(
                "AWS knows no operator '{word}' in a filter: combine == and the like with || and &&, or use \
                 States.ArrayContains, States.ArrayLength or JSONata"
            );
            PathSyntaxError { message, ..error }
        }
    }
}
