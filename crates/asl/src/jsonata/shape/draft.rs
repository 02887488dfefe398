//! A construct that may still change: what is written behind it, or a look back, adds to it.

use super::super::code::{Name, Node, Word};

/// A construct, which may be a step of a path, and what stands behind it.
#[derive(Default)]
pub(super) struct Draft {
    /// What it does.
    pub(super) core: Core,
    /// Predicates of what is no step.
    pub(super) predicates: Vec<Node>,
    /// What is done with the items of a step.
    pub(super) stages: Vec<Node>,
    /// `{...}` behind it: keys and values by turns.
    pub(super) group: Option<Vec<Node>>,
    /// `@$name`
    pub(super) focus: Option<Name>,
    /// `#$name`
    pub(super) index: Option<Name>,
    /// The look back that finds this step's input, by its place among the parents.
    pub(super) parent: Option<u32>,
    /// The items carry names from here on.
    pub(super) is_tuple: bool,
    /// `[]` behind it.
    pub(super) keep_array: bool,
    /// An array that is written as such at an end of a path.
    pub(super) constructs: bool,
    /// Look backs in it that find their step further out. They are all found when the program is there.
    pub(super) looks_back: Vec<u32>,
}

/// What a draft does.
pub(super) enum Core {
    /// What does not change any more.
    Done(Node),
    /// Steps, and whether a single item stays in its sequence.
    Path(Vec<Draft>, bool),
    /// Parts, and the last of them.
    Block(Vec<Node>, Option<Box<Draft>>),
}

impl Default for Core {
    fn default() -> Self {
        Self::Done(Node::Null)
    }
}

impl From<Node> for Draft {
    fn from(node: Node) -> Self {
        Self::new(Core::Done(node))
    }
}

impl Draft {
    /// A construct by itself.
    pub(super) fn new(core: Core) -> Self {
        Self { core, ..Self::default() }
    }

    /// Whether nothing but `[]` stands behind it.
    pub(super) fn is_bare(&self) -> bool {
        self.predicates.is_empty() && self.stages.is_empty() && self.group.is_none() && !self.is_tuple
    }

    /// The name, where it is a member's.
    pub(super) fn member(&self) -> Option<Word> {
        match self.core {
            Core::Done(Node::Member(_, word)) => Some(word),
            _ => None,
        }
    }

    /// A path as it is; anything else as the first step of one.
    pub(super) fn into_path(self) -> Self {
        let looks_back = match self.core {
            Core::Path(..) => return self,
            Core::Done(Node::Parent(_)) => self.looks_back.clone(),
            _ => Vec::new(),
        };
        Self { looks_back, ..Self::new(Core::Path(vec![self], false)) }
    }

    /// The last step of a path, or the construct itself.
    pub(super) fn last_step(&mut self) -> &mut Self {
        if !matches!(&self.core, Core::Path(steps, _) if !steps.is_empty()) {
            return self;
        }
        match &mut self.core {
            Core::Path(steps, _) => {
                let last = steps.len() - 1;
                &mut steps[last]
            }
            Core::Done(_) | Core::Block(..) => unreachable!("it is a path"),
        }
    }
}
