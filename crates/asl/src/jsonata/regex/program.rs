//! A regular expression as instructions.

use std::sync::Arc;

use super::pattern::{Node, Set};

/// Instructions of one regular expression: loops with a count are written out.
const LENGTH_MAX: usize = 10_000;

const TOO_LARGE: &str = "it is too large";

/// One instruction. A place is the number of an instruction.
#[derive(Debug)]
pub(super) enum Op {
    Char(char),
    Any,
    Set(Arc<Set>),
    /// Tries the first place, then the second.
    Split(usize, usize),
    Jump(usize),
    /// Notes where the text stands in a register.
    Save(usize),
    /// Forgets the registers from one to another.
    Forget(usize, usize),
    /// Goes on where the text has moved since a register was noted.
    Moved(usize),
    Start,
    End,
    Border(bool),
    Back(usize),
    /// Looks ahead with the instructions up to a place, where it goes on.
    Look {
        end: usize,
        is_negative: bool,
    },
    Match,
}

/// The instructions of a regular expression.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) ops: Vec<Op>,
    /// The captured groups.
    pub(super) groups: usize,
    /// Two for each group, and one for each loop that may match nothing.
    pub(super) registers: usize,
    pub(super) ignores_case: bool,
    pub(super) is_multiline: bool,
    /// Whether it matches at the beginning of the text only.
    pub(super) is_anchored: bool,
    /// The character it begins with, where there is one.
    pub(super) first: Option<char>,
}

/// How many instructions a pattern takes, without making them.
///
/// # Errors
/// More than there may be.
pub(super) fn check_length(node: &Node) -> Result<usize, &'static str> {
    let length = length(node).saturating_add(1);
    if length > LENGTH_MAX { Err(TOO_LARGE) } else { Ok(length) }
}

/// About how many bytes so many instructions take.
pub(super) fn bytes(length: usize) -> u64 {
    (length * size_of::<Op>()) as u64
}

/// As [`Compiler::node`] counts. Patterns nest no deeper than their parser allows.
fn length(node: &Node) -> usize {
    match node {
        Node::Empty | Node::BackName(_) => 0,
        Node::Char(_) | Node::Any | Node::Set(_) | Node::Start | Node::End | Node::Border(_) | Node::Back(_) => 1,
        Node::Sequence(nodes) => nodes.iter().map(length).fold(0, usize::saturating_add),
        Node::Either(nodes) => nodes.iter().map(length).fold(2 * nodes.len().saturating_sub(1), usize::saturating_add),
        Node::Group(_, node) | Node::Look { node, .. } => length(node).saturating_add(2),
        Node::Repeat { node, least, most, groups: (from, to), .. } => {
            let body = length(node).saturating_add(usize::from(from < to));
            let once = if moves(node) { body } else { body.saturating_add(2) };
            let further = match most {
                None => once.saturating_add(2),
                Some(most) => (most.saturating_sub(*least) as usize).saturating_mul(once.saturating_add(1)),
            };
            (*least as usize).saturating_mul(body).saturating_add(further)
        }
    }
}

pub(super) fn compile(
    node: &Node,
    groups: usize,
    ignores_case: bool,
    is_multiline: bool,
) -> Result<Program, &'static str> {
    let mut compiler = Compiler { ops: Vec::new(), registers: 2 * groups, ignores_case };
    compiler.node(node)?;
    compiler.ops.push(Op::Match);
    let is_anchored = !is_multiline && matches!(compiler.ops.first(), Some(Op::Start));
    let first = match compiler.ops.first() {
        Some(Op::Char(first)) if !ignores_case => Some(*first),
        _ => None,
    };
    let Compiler { ops, registers, .. } = compiler;
    Ok(Program { ops, groups, registers, ignores_case, is_multiline, is_anchored, first })
}

struct Compiler {
    ops: Vec<Op>,
    registers: usize,
    ignores_case: bool,
}

impl Compiler {
    fn push(&mut self, op: Op) -> Result<usize, &'static str> {
        if self.ops.len() >= LENGTH_MAX {
            return Err(TOO_LARGE);
        }
        self.ops.push(op);
        Ok(self.ops.len() - 1)
    }

    fn node(&mut self, node: &Node) -> Result<(), &'static str> {
        match node {
            Node::Empty | Node::BackName(_) => {}
            Node::Char(character) => {
                let character = if self.ignores_case { folded(*character) } else { *character };
                self.push(Op::Char(character))?;
            }
            Node::Any => drop(self.push(Op::Any)?),
            Node::Set(set) => drop(self.push(Op::Set(Arc::clone(set)))?),
            Node::Start => drop(self.push(Op::Start)?),
            Node::End => drop(self.push(Op::End)?),
            Node::Border(is_border) => drop(self.push(Op::Border(*is_border))?),
            Node::Back(group) => drop(self.push(Op::Back(*group))?),
            Node::Sequence(nodes) => nodes.iter().try_for_each(|node| self.node(node))?,
            Node::Either(nodes) => self.either(nodes)?,
            Node::Group(group, node) => {
                self.push(Op::Save(2 * group))?;
                self.node(node)?;
                self.push(Op::Save(2 * group + 1))?;
            }
            Node::Look { node, is_negative } => {
                let look = self.push(Op::Look { end: 0, is_negative: *is_negative })?;
                self.node(node)?;
                self.push(Op::Match)?;
                self.ops[look] = Op::Look { end: self.ops.len(), is_negative: *is_negative };
            }
            Node::Repeat { node, least, most, is_greedy, groups } => {
                self.repeat(node, (*least, *most), *is_greedy, *groups)?;
            }
        }
        Ok(())
    }

    fn either(&mut self, nodes: &[Node]) -> Result<(), &'static str> {
        let mut jumps = Vec::new();
        for (place, node) in nodes.iter().enumerate() {
            if place + 1 == nodes.len() {
                self.node(node)?;
                break;
            }
            let split = self.push(Op::Split(0, 0))?;
            self.node(node)?;
            jumps.push(self.push(Op::Jump(0))?);
            self.ops[split] = Op::Split(split + 1, self.ops.len());
        }
        let end = self.ops.len();
        jumps.into_iter().for_each(|jump| self.ops[jump] = Op::Jump(end));
        Ok(())
    }

    fn repeat(
        &mut self,
        node: &Node,
        (least, most): (u32, Option<u32>),
        is_greedy: bool,
        groups: (usize, usize),
    ) -> Result<(), &'static str> {
        // What takes no instruction is not written out a million times.
        let times = if length(node) == 0 { least.min(1) } else { least };
        for _ in 0..times {
            self.forget(groups)?;
            self.node(node)?;
        }
        let split = |inside: usize, behind: usize| {
            if is_greedy { Op::Split(inside, behind) } else { Op::Split(behind, inside) }
        };
        let Some(most) = most else {
            let begin = self.push(Op::Split(0, 0))?;
            self.once(node, groups)?;
            self.push(Op::Jump(begin))?;
            self.ops[begin] = split(begin + 1, self.ops.len());
            return Ok(());
        };
        let mut splits = Vec::new();
        for _ in least..most {
            splits.push(self.push(Op::Split(0, 0))?);
            self.once(node, groups)?;
        }
        let end = self.ops.len();
        splits.into_iter().for_each(|begin| self.ops[begin] = split(begin + 1, end));
        Ok(())
    }

    /// One more time, which must not match nothing.
    fn once(&mut self, node: &Node, groups: (usize, usize)) -> Result<(), &'static str> {
        self.forget(groups)?;
        if moves(node) {
            return self.node(node);
        }
        let register = self.registers;
        self.registers += 1;
        self.push(Op::Save(register))?;
        self.node(node)?;
        self.push(Op::Moved(register))?;
        Ok(())
    }

    fn forget(&mut self, (from, to): (usize, usize)) -> Result<(), &'static str> {
        if from < to {
            self.push(Op::Forget(2 * from, 2 * to))?;
        }
        Ok(())
    }
}

/// Whether it always matches at least a character.
fn moves(node: &Node) -> bool {
    match node {
        Node::Char(_) | Node::Any | Node::Set(_) => true,
        Node::Sequence(nodes) => nodes.iter().any(moves),
        Node::Either(nodes) => nodes.iter().all(moves),
        Node::Group(_, node) => moves(node),
        Node::Repeat { node, least, .. } => *least > 0 && moves(node),
        _ => false,
    }
}

/// A character as JavaScript compares it where case does not matter.
pub(super) fn folded(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) if !upper.is_ascii() => upper,
        _ => character,
    }
}
