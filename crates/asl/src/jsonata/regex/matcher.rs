//! Matches a text, one way after another.

use super::super::failure::{Evaluated, Failure};
use super::Found;
use super::program::{Op, Program, folded};
use crate::budget::Budget;

/// Instructions that are one step of work.
const OPS_A_STEP: u32 = 8;

/// A register without a place.
const NOWHERE: usize = usize::MAX;

/// What is done when a way leads nowhere.
enum Waiting {
    /// Another way: an instruction and a place in the text.
    Way(usize, usize),
    /// A register as it was.
    Register(usize, usize),
}

struct Matcher<'m> {
    program: &'m Program,
    text: &'m str,
    budget: &'m Budget,
    registers: Vec<usize>,
    waiting: Vec<Waiting>,
    /// How many may wait in what is charged.
    charged: usize,
    ops: u32,
}

pub(super) fn find(program: &Program, text: &str, from: usize, budget: &Budget) -> Evaluated<Option<Found>> {
    budget.charge_bytes(program.registers as u64 * 8)?;
    let registers = vec![NOWHERE; program.registers];
    let mut matcher = Matcher { program, text, budget, registers, waiting: Vec::new(), charged: 0, ops: 0 };
    let mut start = from;
    loop {
        if let Some(first) = program.first {
            let Some(at) = text[start..].find(first) else {
                budget.charge_reading(text.len() - start)?;
                return Ok(None);
            };
            budget.charge_reading(at)?;
            start += at;
        }
        if program.is_anchored && start > 0 {
            return Ok(None);
        }
        if let Some(end) = matcher.run(0, start)? {
            return Ok(Some(matcher.found(start, end)));
        }
        match text[start..].chars().next() {
            Some(character) => start += character.len_utf8(),
            None => return Ok(None),
        }
    }
}

impl Matcher<'_> {
    fn found(&self, start: usize, end: usize) -> Found {
        let group = |group: usize| match (self.registers[2 * group], self.registers[2 * group + 1]) {
            (NOWHERE, _) | (_, NOWHERE) => None,
            (start, end) => Some((start, end)),
        };
        Found { start, end, groups: (0..self.program.groups).map(group).collect() }
    }

    fn count(&mut self) -> Evaluated<()> {
        self.ops += 1;
        if self.ops >= OPS_A_STEP {
            self.ops = 0;
            self.budget.charge_step()?;
        }
        Ok(())
    }

    fn wait(&mut self, waiting: Waiting) -> Result<(), Failure> {
        if self.waiting.len() >= self.charged {
            let more = (self.charged * 2).max(64);
            self.budget.charge_bytes(((more - self.charged) * size_of::<Waiting>()) as u64)?;
            self.charged = more;
        }
        self.waiting.push(waiting);
        Ok(())
    }

    fn save(&mut self, register: usize, place: usize) -> Evaluated<()> {
        let old = std::mem::replace(&mut self.registers[register], place);
        if old == place { Ok(()) } else { self.wait(Waiting::Register(register, old)) }
    }

    /// Goes from an instruction at a place of the text to where it matches. Look-ahead nests as its groups do.
    fn run(&mut self, op: usize, place: usize) -> Evaluated<Option<usize>> {
        let base = self.waiting.len();
        let (mut op, mut place) = (op, place);
        loop {
            self.count()?;
            match self.step(op, place)? {
                Some((usize::MAX, place)) => return Ok(Some(place)),
                Some(next) => (op, place) = next,
                None => match self.back(base) {
                    Some(way) => (op, place) = way,
                    None => return Ok(None),
                },
            }
        }
    }

    /// Takes back what was done since another way was left, and takes that.
    fn back(&mut self, base: usize) -> Option<(usize, usize)> {
        while self.waiting.len() > base {
            match self.waiting.pop()? {
                Waiting::Way(op, place) => return Some((op, place)),
                Waiting::Register(register, old) => self.registers[register] = old,
            }
        }
        None
    }

    /// The next instruction and place; the largest instruction for the end.
    fn step(&mut self, op: usize, place: usize) -> Evaluated<Option<(usize, usize)>> {
        let next = op + 1;
        let goes = |holds: bool| holds.then_some((next, place));
        let program = self.program;
        Ok(match &program.ops[op] {
            Op::Match => Some((usize::MAX, place)),
            Op::Char(expected) => {
                let fold = |found: char| if program.ignores_case { folded(found) } else { found };
                self.character(place, |found| fold(found) == *expected).map(|place| (next, place))
            }
            Op::Any => self.character(place, |found| !is_line_end(found)).map(|place| (next, place)),
            Op::Set(set) => {
                let ranges = &set.ranges;
                let has = |found: char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&found));
                let ignores_case = program.ignores_case;
                let in_set = |found: char| {
                    let has = if ignores_case { variants(found).into_iter().any(has) } else { has(found) };
                    has != set.is_negated
                };
                self.ops += ranges.len() as u32;
                self.character(place, in_set).map(|place| (next, place))
            }
            Op::Split(first, second) => {
                self.wait(Waiting::Way(*second, place))?;
                Some((*first, place))
            }
            Op::Jump(to) => Some((*to, place)),
            Op::Save(register) => {
                self.save(*register, place)?;
                Some((next, place))
            }
            Op::Forget(from, to) => {
                for register in *from..*to {
                    self.count()?;
                    self.save(register, NOWHERE)?;
                }
                Some((next, place))
            }
            Op::Moved(register) => goes(self.registers[*register] != place),
            Op::Start => goes(place == 0 || program.is_multiline && self.before(place).is_some_and(is_line_end)),
            Op::End => {
                goes(place == self.text.len() || program.is_multiline && self.after(place).is_some_and(is_line_end))
            }
            Op::Border(is_border) => {
                let is_word = |found: Option<char>| found.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
                goes((is_word(self.before(place)) != is_word(self.after(place))) == *is_border)
            }
            Op::Back(group) => self.back_reference(*group, place)?.map(|place| (next, place)),
            Op::Look { end, is_negative } => self.look(next, *end, *is_negative, place)?,
        })
    }

    fn before(&self, place: usize) -> Option<char> {
        self.text[..place].chars().next_back()
    }

    fn after(&self, place: usize) -> Option<char> {
        self.text[place..].chars().next()
    }

    #[inline]
    fn character(&self, place: usize, matches: impl Fn(char) -> bool) -> Option<usize> {
        let found = self.after(place)?;
        matches(found).then(|| place + found.len_utf8())
    }

    fn back_reference(&self, group: usize, place: usize) -> Evaluated<Option<usize>> {
        let (start, end) = (self.registers[2 * group], self.registers[2 * group + 1]);
        if start == NOWHERE || end == NOWHERE {
            return Ok(Some(place));
        }
        self.budget.charge_reading((end - start) * 16)?;
        let mut rest = self.text[place..].chars();
        let fold = |found: char| if self.program.ignores_case { folded(found) } else { found };
        for expected in self.text[start..end].chars() {
            if rest.next().map(fold) != Some(fold(expected)) {
                return Ok(None);
            }
        }
        Ok(Some(self.text.len() - rest.as_str().len()))
    }

    fn look(&mut self, begin: usize, end: usize, is_negative: bool, place: usize) -> Evaluated<Option<(usize, usize)>> {
        let base = self.waiting.len();
        let found = self.run(begin, place)?.is_some();
        if found && !is_negative {
            // What was found stays; there is no other way through it.
            let later = self.waiting.split_off(base);
            self.budget.charge_steps(later.len() as u64 / 8)?;
            self.waiting.extend(later.into_iter().filter(|waiting| matches!(waiting, Waiting::Register(..))));
        } else {
            while self.back(base).is_some() {}
        }
        Ok((found != is_negative).then_some((end, place)))
    }
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// A character in either case.
fn variants(character: char) -> [char; 3] {
    let mut lower = character.to_lowercase();
    let lower = match (lower.next(), lower.next()) {
        (Some(lower), None) => lower,
        _ => character,
    };
    [character, folded(character), lower]
}
