//! The text of a regular expression to its tree.

use std::sync::Arc;

/// Bytes that the tree of a pattern takes while it is there, for each byte of the pattern.
pub(super) const BYTES_A_BYTE: u64 = 2 * size_of::<Node>() as u64;

/// Groups may be nested this deep.
const DEPTH_MAX: usize = 50;

/// The most repetitions that can be said.
const COUNT_MAX: u32 = 1_000_000;

/// Characters, as ranges, or all others.
#[derive(Clone, Debug, Default)]
pub(super) struct Set {
    pub(super) ranges: Vec<(char, char)>,
    pub(super) is_negated: bool,
}

/// A part of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Empty,
    Char(char),
    Any,
    Set(Arc<Set>),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    /// A captured group, from 0.
    Group(usize, Box<Node>),
    Repeat {
        node: Box<Node>,
        least: u32,
        most: Option<u32>,
        is_greedy: bool,
        /// The groups within: they are forgotten when the loop begins anew.
        groups: (usize, usize),
    },
    Start,
    End,
    /// At the border of a word, or not.
    Border(bool),
    Back(usize),
    BackName(String),
    Look {
        node: Box<Node>,
        is_negative: bool,
    },
}

/// A pattern's tree, and how many groups it has.
pub(super) fn parse(pattern: &str) -> Result<(Node, usize), &'static str> {
    let mut parser = Parser { characters: pattern.chars().collect(), at: 0, depth: 0, groups: 0, names: Vec::new() };
    let node = parser.either()?;
    if parser.at < parser.characters.len() {
        return Err("a bracket closes that is not open");
    }
    let groups = parser.groups;
    Ok((named(node, &parser.names, groups)?, groups))
}

/// Back-references by name as those by number; those to a group that is not there match anything.
fn named(node: Node, names: &[(String, usize)], groups: usize) -> Result<Node, &'static str> {
    let boxed = |node: Box<Node>| named(*node, names, groups).map(Box::new);
    Ok(match node {
        Node::BackName(name) => match names.iter().find(|(known, _)| *known == name) {
            Some((_, group)) => Node::Back(*group),
            None => return Err("a group is named that is not there"),
        },
        Node::Back(group) if group >= groups => Node::Empty,
        Node::Sequence(nodes) => {
            Node::Sequence(nodes.into_iter().map(|node| named(node, names, groups)).collect::<Result<_, _>>()?)
        }
        Node::Either(nodes) => {
            Node::Either(nodes.into_iter().map(|node| named(node, names, groups)).collect::<Result<_, _>>()?)
        }
        Node::Group(group, node) => Node::Group(group, boxed(node)?),
        Node::Repeat { node, least, most, is_greedy, groups } => {
            Node::Repeat { node: boxed(node)?, least, most, is_greedy, groups }
        }
        Node::Look { node, is_negative } => Node::Look { node: boxed(node)?, is_negative },
        other => other,
    })
}

struct Parser {
    characters: Vec<char>,
    at: usize,
    depth: usize,
    groups: usize,
    names: Vec<(String, usize)>,
}

type Parsed<T = Node> = Result<T, &'static str>;

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        self.at += usize::from(found);
        found
    }

    fn take_all(&mut self, text: &str) -> bool {
        let found = text.chars().enumerate().all(|(at, c)| self.characters.get(self.at + at) == Some(&c));
        self.at += if found { text.chars().count() } else { 0 };
        found
    }

    fn either(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("its groups are nested too deep");
        }
        let mut ways = vec![self.sequence()?];
        while self.take('|') {
            ways.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if ways.len() == 1 { ways.remove(0) } else { Node::Either(ways) })
    }

    fn sequence(&mut self) -> Parsed {
        let mut nodes = Vec::new();
        while let Some(character) = self.peek().filter(|character| !matches!(character, '|' | ')')) {
            let groups_before = self.groups;
            let node = self.atom(character)?;
            nodes.push(self.repeated(node, groups_before)?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Sequence(nodes) })
    }

    fn atom(&mut self, character: char) -> Parsed {
        self.at += 1;
        Ok(match character {
            '^' => Node::Start,
            '$' => Node::End,
            '.' => Node::Any,
            '(' => self.group()?,
            '[' => Node::Set(Arc::new(self.set()?)),
            '\\' => self.escape()?,
            '*' | '+' | '?' => return Err("there is nothing to repeat"),
            '{' => {
                self.at -= 1;
                if self.counts().is_some() {
                    return Err("there is nothing to repeat");
                }
                self.at += 1;
                Node::Char('{')
            }
            other => Node::Char(other),
        })
    }

    fn group(&mut self) -> Parsed {
        let node = if self.take_all("?:") {
            self.either()?
        } else if self.take_all("?=") {
            Node::Look { node: Box::new(self.either()?), is_negative: false }
        } else if self.take_all("?!") {
            Node::Look { node: Box::new(self.either()?), is_negative: true }
        } else if self.take_all("?<=") || self.take_all("?<!") {
            return Err("it looks behind");
        } else if self.take_all("?<") {
            let name = self.until('>')?;
            self.names.push((name, self.groups));
            self.captured()?
        } else if self.peek() == Some('?') {
            return Err("it has a group of an unknown kind");
        } else {
            self.captured()?
        };
        if self.take(')') { Ok(node) } else { Err("a group does not end") }
    }

    fn captured(&mut self) -> Parsed {
        let group = self.groups;
        self.groups += 1;
        Ok(Node::Group(group, Box::new(self.either()?)))
    }

    fn until(&mut self, end: char) -> Parsed<String> {
        let mut text = String::new();
        while let Some(character) = self.peek() {
            self.at += 1;
            if character == end {
                return Ok(text);
            }
            text.push(character);
        }
        Err("a name does not end")
    }

    fn repeated(&mut self, node: Node, groups_before: usize) -> Parsed {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.counts() {
                Some((least, most)) => {
                    self.at -= 1;
                    (least, most)
                }
                None => return Ok(node),
            },
            _ => return Ok(node),
        };
        self.at += 1;
        if matches!(node, Node::Start | Node::End | Node::Border(_)) {
            return Err("there is nothing to repeat");
        }
        if most.is_some_and(|most| most < least) {
            return Err("it repeats at least more often than at most");
        }
        let is_greedy = !self.take('?');
        Ok(Node::Repeat { node: Box::new(node), least, most, is_greedy, groups: (groups_before, self.groups) })
    }

    /// `{2}`, `{2,}`, `{2,3}`; where it is none, nothing is passed.
    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let begin = self.at;
        self.at += 1;
        let counts = self.count().and_then(|least| {
            let most = if self.take(',') { self.count() } else { Some(least) };
            self.take('}').then_some((least, most))
        });
        if counts.is_none() {
            self.at = begin;
        }
        counts
    }

    fn count(&mut self) -> Option<u32> {
        let mut count = None;
        while let Some(digit) = self.peek().and_then(|character| character.to_digit(10)) {
            self.at += 1;
            count = Some((count.unwrap_or(0u32).saturating_mul(10).saturating_add(digit)).min(COUNT_MAX));
        }
        count
    }

    fn escape(&mut self) -> Parsed {
        let Some(character) = self.peek() else { return Err("it ends with a backslash") };
        Ok(match character {
            'b' | 'B' => {
                self.at += 1;
                Node::Border(character == 'b')
            }
            '1'..='9' => {
                let number = self.count().unwrap_or_default() as usize;
                Node::Back(number - 1)
            }
            'k' if self.characters.get(self.at + 1) == Some(&'<') => {
                self.at += 2;
                Node::BackName(self.until('>')?)
            }
            _ => match self.class() {
                Some(set) => Node::Set(Arc::new(set)),
                None => Node::Char(self.escaped_character()),
            },
        })
    }

    /// `\d` and the like.
    fn class(&mut self) -> Option<Set> {
        let character = self.peek()?;
        let ranges = match character.to_ascii_lowercase() {
            'd' => vec![('0', '9')],
            'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
            's' => vec![
                ('\t', '\r'),
                (' ', ' '),
                ('\u{a0}', '\u{a0}'),
                ('\u{1680}', '\u{1680}'),
                ('\u{2000}', '\u{200a}'),
                ('\u{2028}', '\u{2029}'),
                ('\u{202f}', '\u{202f}'),
                ('\u{205f}', '\u{205f}'),
                ('\u{3000}', '\u{3000}'),
                ('\u{feff}', '\u{feff}'),
            ],
            _ => return None,
        };
        self.at += 1;
        Some(Set { ranges, is_negated: character.is_ascii_uppercase() })
    }

    fn escaped_character(&mut self) -> char {
        let Some(character) = self.peek() else { return '\\' };
        self.at += 1;
        match character {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'f' => '\u{c}',
            '0' => '\0',
            'x' => self.hexadecimal(2).unwrap_or('x'),
            'u' => self.unicode().unwrap_or('u'),
            'c' => match self.peek() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    self.at += 1;
                    char::from(letter as u8 % 32)
                }
                _ => 'c',
            },
            other => other,
        }
    }

    fn hexadecimal(&mut self, digits: usize) -> Option<char> {
        let code = self.code(digits, self.at)?;
        self.at += digits;
        Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Two escapes may be one character.
    fn unicode(&mut self) -> Option<char> {
        let high = self.code(4, self.at)?;
        let low = if self.characters.get(self.at + 4..self.at + 6) == Some(&['\\', 'u']) {
            self.code(4, self.at + 6).filter(|low| (0xDC00..0xE000).contains(low))
        } else {
            None
        };
        match low {
            Some(low) if (0xD800..0xDC00).contains(&high) => {
                self.at += 10;
                char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
            }
            _ => self.hexadecimal(4),
        }
    }

    fn code(&self, digits: usize, from: usize) -> Option<u32> {
        let digits = self.characters.get(from..from + digits)?;
        digits.iter().try_fold(0, |code, digit| Some(code * 16 + digit.to_digit(16)?))
    }

    fn set(&mut self) -> Parsed<Set> {
        let mut set = Set { ranges: Vec::new(), is_negated: self.take('^') };
        loop {
            let Some(character) = self.peek() else { return Err("a set of characters does not end") };
            if character == ']' {
                self.at += 1;
                return Ok(set);
            }
            let first = self.set_part(&mut set)?;
            let ranges = self.peek() == Some('-') && self.characters.get(self.at + 1).is_some_and(|next| *next != ']');
            if !ranges {
                set.ranges.extend(first.map(|first| (first, first)));
                continue;
            }
            self.at += 1;
            match (first, self.set_part(&mut set)?) {
                (Some(first), Some(last)) if first <= last => set.ranges.push((first, last)),
                (Some(_), Some(_)) => return Err("a range of characters ends before it begins"),
                // `\d-x` is three things, none of them a range.
                (first, last) => {
                    set.ranges.extend(first.into_iter().chain(last).chain(['-']).map(|single| (single, single)));
                }
            }
        }
    }

    /// A character of a set; a class is added to it.
    fn set_part(&mut self, set: &mut Set) -> Parsed<Option<char>> {
        let Some(character) = self.peek() else { return Err("a set of characters does not end") };
        self.at += 1;
        if character != '\\' {
            return Ok(Some(character));
        }
        if let Some(class) = self.class() {
            set.ranges.extend(if class.is_negated { others(&class.ranges) } else { class.ranges });
            return Ok(None);
        }
        if self.peek() == Some('b') {
            self.at += 1;
            return Ok(Some('\u{8}'));
        }
        if self.peek().is_none() {
            return Err("it ends with a backslash");
        }
        Ok(Some(self.escaped_character()))
    }
}

/// All characters but those.
fn others(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut others = Vec::new();
    let mut next = Some('\0');
    for (first, last) in sorted {
        if let Some(next) = next.filter(|next| *next < first) {
            let before = (u32::from(next)..u32::from(first)).rev().find_map(char::from_u32);
            others.extend(before.map(|before| (next, before)));
        }
        next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
    }
    others.extend(next.map(|next| (next, char::MAX)));
    others
}
