//! What a function takes: `<s-nn?:s>`.
//!
//! A signature is a flat row of parameters. What stands in brackets behind one says of which items its array is; it is
//! not looked into, so nothing here is nested.

use super::datum::Datum;
use super::failure::Failure;
use crate::memory::Held;

/// Parameters of one function.
const PARAMETERS_MAX: usize = 64;

/// The types of a function's parameters.
#[derive(Debug)]
pub(super) struct Signature {
    parameters: Box<[Parameter]>,
    /// Whether it takes anything.
    is_open: bool,
}

#[derive(Debug)]
struct Parameter {
    takes: Types,
    kind: Kind,
    count: Count,
    /// Takes the context item where there is no argument for it.
    takes_context: bool,
    /// What the items of its array are.
    items: Option<Box<str>>,
}

/// The types that a parameter takes: a bit for each of [`SYMBOLS`].
#[derive(Clone, Copy, Debug)]
struct Types(u8);

/// The symbols of all types; the last is that of a value that is not there.
const SYMBOLS: &str = "asnblfom";

impl Types {
    /// Those of these symbols.
    fn of(symbols: &str) -> Self {
        Self(SYMBOLS.chars().enumerate().fold(
            0,
            |bits, (place, symbol)| {
                if symbols.contains(symbol) { bits | 1 << place } else { bits }
            },
        ))
    }

    fn contains(self, symbol: char) -> bool {
        SYMBOLS.find(symbol).is_some_and(|place| self.0 & 1 << place != 0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Array,
    Function,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    One,
    Optional,
    Many,
}

/// The symbol of a value's type; a value that is not there has one too.
pub(super) fn symbol(datum: &Datum) -> char {
    match datum {
        Datum::Undefined => 'm',
        Datum::Null => 'l',
        Datum::Bool(_) => 'b',
        Datum::Number(_) => 'n',
        Datum::Text(_) => 's',
        Datum::PayloadArray(_) | Datum::Array(_) | Datum::Tuples(_) => 'a',
        Datum::PayloadObject(_) | Datum::Object(_) => 'o',
        Datum::Function(_) => 'f',
    }
}

impl Signature {
    /// The signature of a function of the language's own; without a text it takes anything.
    pub(super) fn known(text: &str) -> Self {
        Self::parse(text).unwrap_or(Self { parameters: Box::default(), is_open: true })
    }

    /// Reads a signature, its brackets around it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let characters: Vec<char> = text.chars().collect();
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut at = 1;
        while at < characters.len() && !matches!(characters[at], ':' | '>') {
            match characters[at] {
                '-' => modify(&mut parameters, |last| {
                    last.takes_context = true;
                    last.count = Count::Optional;
                }),
                '?' => modify(&mut parameters, |last| last.count = Count::Optional),
                '+' => modify(&mut parameters, |last| last.count = Count::Many),
                '(' => {
                    let end = closing(&characters, at, '(', ')');
                    let choice: String = characters[at + 1..end].iter().collect();
                    if choice.contains('<') {
                        return Err("Choice groups containing parameterized types are not supported".to_owned());
                    }
                    parameters.push(Parameter::new(&format!("{choice}m"), Kind::Other));
                    at = end;
                }
                '<' => {
                    let end = closing(&characters, at, '<', '>');
                    let items: String = characters[at + 1..end].iter().collect();
                    match parameters.last_mut() {
                        Some(last) if last.kind != Kind::Other => last.items = Some(items.into()),
                        _ => return Err("Type parameters can only be applied to functions and arrays".to_owned()),
                    }
                    at = end;
                }
                symbol => parameters.extend(Parameter::of(symbol)),
            }
            at += 1;
            if parameters.len() > PARAMETERS_MAX {
                return Err(format!("A function takes no more than {PARAMETERS_MAX} arguments"));
            }
        }
        Ok(Self { parameters: parameters.into(), is_open: text.is_empty() })
    }

    /// The arguments as the function takes them: the context item where one is missing, arrays where it takes arrays.
    pub(super) fn check(&self, mut args: Vec<Datum>, context: &Datum, function: &str) -> Result<Vec<Datum>, Failure> {
        if self.is_open {
            return Ok(args);
        }
        let types: Vec<char> = args.iter().map(symbol).collect();
        let counts = self.matched(&types).ok_or_else(|| self.mismatch(&types, function))?;
        let takes_context = |(parameter, count): (&Parameter, &usize)| *count == 0 && parameter.takes_context;
        if self.parameters.iter().all(|parameter| parameter.kind != Kind::Array)
            && !self.parameters.iter().zip(&counts).any(takes_context)
        {
            // A missing argument before others is a parameter nonetheless.
            let first_missing = counts.iter().position(|count| *count == 0).unwrap_or(counts.len());
            if counts[first_missing..].iter().all(|count| *count == 0) {
                return Ok(args);
            }
        }
        let mut given = args.drain(..);
        let mut checked = Vec::with_capacity(self.parameters.len());
        let mut place = 0;
        for (parameter, count) in self.parameters.iter().zip(counts) {
            if count == 0 && parameter.takes_context {
                if !parameter.takes.contains(symbol(context)) {
                    return Err(Failure::context_mismatch(place + 1, function));
                }
                checked.push(context.clone());
            } else if count == 0 {
                // The next argument is taken as it is, though it matched another parameter, as in 2.0.6.
                place += 1;
                checked.push(given.next().unwrap_or_default());
            }
            for argument in given.by_ref().take(count) {
                place += 1;
                checked.push(parameter.as_taken(argument, place, function)?);
            }
        }
        Ok(checked)
    }

    /// How many arguments each parameter takes, as a greedy regular expression would have it.
    fn matched(&self, types: &[char]) -> Option<Vec<usize>> {
        self.greedy(types).or_else(|| self.backtracked(types, self.parameters.len(), true))
    }

    /// Without a look ahead: enough for nearly all calls.
    fn greedy(&self, types: &[char]) -> Option<Vec<usize>> {
        let mut counts = Vec::with_capacity(self.parameters.len());
        let mut at = 0;
        for parameter in &self.parameters {
            let taken = parameter.most(&types[at..]);
            if taken == 0 && parameter.count != Count::Optional {
                return None;
            }
            at += taken;
            counts.push(taken);
        }
        (at == types.len()).then_some(counts)
    }

    /// With a look ahead over the first `count` parameters. `whole`: all arguments must be taken.
    fn backtracked(&self, types: &[char], count: usize, whole: bool) -> Option<Vec<usize>> {
        let parameters = &self.parameters[..count];
        let width = types.len() + 1;
        // Whether the parameters from one on can take the arguments from one on.
        let mut can = vec![false; (count + 1) * width];
        (0..width).for_each(|at| can[count * width + at] = !whole || at == types.len());
        for (place, parameter) in parameters.iter().enumerate().rev() {
            for at in 0..width {
                let most = parameter.most(&types[at..]);
                can[place * width + at] = (parameter.least()..=most).any(|taken| can[(place + 1) * width + at + taken]);
            }
        }
        let mut at = 0;
        can[0].then(|| {
            let choose = |(place, parameter): (usize, &Parameter)| {
                let most = parameter.most(&types[at..]);
                let mut choices = (parameter.least()..=most).rev();
                let taken = choices.find(|taken| can[(place + 1) * width + at + taken]).unwrap_or_default();
                at += taken;
                taken
            };
            parameters.iter().enumerate().map(choose).collect()
        })
    }

    /// Says which argument is the first that does not match.
    fn mismatch(&self, types: &[char], function: &str) -> Failure {
        let mut good = 0;
        for count in 1..=self.parameters.len() {
            match self.backtracked(types, count, false) {
                Some(counts) => good = counts.iter().sum(),
                None => break,
            }
        }
        Failure::argument_mismatch(good + 1, function)
    }
}

impl Held for Signature {
    fn held_bytes(&self) -> usize {
        self.parameters.held_bytes()
    }
}

impl Held for Parameter {
    fn held_bytes(&self) -> usize {
        self.items.held_bytes()
    }
}

fn modify(parameters: &mut [Parameter], change: impl FnOnce(&mut Parameter)) {
    if let Some(last) = parameters.last_mut() {
        change(last);
    }
}

/// Where the bracket that opens at `from` closes; the end where it does not.
fn closing(characters: &[char], from: usize, open: char, close: char) -> usize {
    let mut depth = 0usize;
    for (at, character) in characters.iter().enumerate().skip(from) {
        if *character == open {
            depth += 1;
        } else if *character == close {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    characters.len()
}

impl Parameter {
    fn new(takes: &str, kind: Kind) -> Self {
        Self { takes: Types::of(takes), kind, count: Count::One, takes_context: false, items: None }
    }

    fn of(symbol: char) -> Option<Self> {
        Some(match symbol {
            's' | 'n' | 'b' | 'l' | 'o' => Self::new(&format!("{symbol}m"), Kind::Other),
            'a' => Self::new("asnblfom", Kind::Array),
            'f' => Self::new("f", Kind::Function),
            'j' => Self::new("asnblom", Kind::Other),
            'x' => Self::new("asnblfom", Kind::Other),
            _ => return None,
        })
    }

    fn least(&self) -> usize {
        usize::from(self.count != Count::Optional)
    }

    /// The most of these it takes.
    fn most(&self, types: &[char]) -> usize {
        let run = types.iter().take_while(|found| self.takes.contains(**found));
        if self.count == Count::Many { run.count() } else { run.take(1).count() }
    }

    /// An argument, within an array where one is asked for.
    fn as_taken(&self, argument: Datum, place: usize, function: &str) -> Result<Datum, Failure> {
        if self.kind != Kind::Array || argument.is_undefined() {
            return Ok(argument);
        }
        let is_array = argument.items().is_some();
        let fits = |items: &str| {
            let first = items.chars().next();
            match argument.items() {
                Some(given) => given.iter().all(|item| Some(symbol(&item)) == first),
                None => Some(symbol(&argument)) == first && items.chars().count() == 1,
            }
        };
        if let Some(items) = self.items.as_deref().filter(|items| !fits(items)) {
            return Err(Failure::items_mismatch(place, function, items));
        }
        if is_array { Ok(argument) } else { Ok(Datum::list(vec![argument])) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(signature: &str, types: &str) -> Option<Vec<usize>> {
        Signature::parse(signature).unwrap().matched(&types.chars().collect::<Vec<_>>())
    }

    #[test]
    fn arguments_are_matched_as_by_a_regular_expression() {
        assert_eq!(counts("<s-nn?:s>", "sn"), Some(vec![1, 1, 0]));
        assert_eq!(counts("<s-nn?:s>", "nn"), Some(vec![0, 1, 1]));
        assert_eq!(counts("<s-nn?:s>", "s"), None);
        assert_eq!(counts("<x-s:x>", "s"), Some(vec![0, 1]));
        assert_eq!(counts("<a+>", "aaa"), Some(vec![3]));
        assert_eq!(counts("<n+n>", "nnn"), Some(vec![2, 1]));
    }

    #[test]
    fn nesting_is_not_looked_into() {
        let text = format!("<a{}{}>", "<a".repeat(100_000), ">".repeat(100_000));
        assert_eq!(Signature::parse(&text).unwrap().parameters.len(), 1);
        let text = format!("<{}>", "s?".repeat(65));
        assert!(Signature::parse(&text).is_err());
        let text = format!("<{}n>", "s?".repeat(60));
        assert_eq!(counts(&text, &"s".repeat(60)), None);
    }
}
