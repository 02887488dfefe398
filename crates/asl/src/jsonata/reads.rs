//! What an expression reads of `$states` and of the workflow variables.

use super::functions;
use super::syntax::{Kind, Syntax};

/// The names an expression reads.
#[derive(Debug, Default)]
pub(super) struct Reads {
    variables: Vec<String>,
    states_members: Vec<String>,
}

impl Reads {
    /// What that expression reads.
    pub(super) fn of(syntax: &Syntax) -> Self {
        let mut finder = Finder::default();
        finder.bound_in_paths(syntax);
        finder.read(syntax);
        finder.reads
    }

    /// Names of the workflow variables among them.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(|name| &**name)
    }

    /// Whether that member of `$states` is among them.
    pub(super) fn names_state_member(&self, member: &str) -> bool {
        self.states_members.iter().any(|name| name == member)
    }
}

#[derive(Default)]
struct Finder {
    reads: Reads,
    /// Names bound within the expression, innermost last.
    local: Vec<String>,
}

impl Finder {
    /// `@$name` and `#$name` are taken as bound everywhere.
    fn bound_in_paths(&mut self, syntax: &Syntax) {
        if let Kind::Focus(_, name) | Kind::Index(_, name) = &syntax.kind {
            self.local.push(name.clone());
        }
        syntax.each_part(&mut |part, _| self.bound_in_paths(part));
    }

    fn read(&mut self, syntax: &Syntax) {
        match &syntax.kind {
            Kind::Variable(name) => self.variable(name),
            Kind::Lambda(parameters, _, body) => self.within(|finder| {
                finder.local.extend(parameters.iter().cloned());
                finder.read(body);
            }),
            Kind::Block(_) => self.within(|finder| syntax.each_part(&mut |part, _| finder.read(part))),
            Kind::Bind(name, value) => self.binding(name, value),
            kind => {
                if let Kind::Step(parts) = kind {
                    self.states_member(&parts[0], &parts[1]);
                }
                syntax.each_part(&mut |part, _| self.read(part));
            }
        }
    }

    fn within(&mut self, read: impl FnOnce(&mut Self)) {
        let bound = self.local.len();
        read(self);
        self.local.truncate(bound);
    }

    /// A function may call itself by the name it is bound to; other values are made before the name is.
    fn binding(&mut self, name: &str, value: &Syntax) {
        let is_function = matches!(value.kind, Kind::Lambda(..));
        if !is_function {
            self.read(value);
        }
        self.local.push(name.to_owned());
        if is_function {
            self.read(value);
        }
    }

    fn is_local(&self, name: &str) -> bool {
        self.local.iter().any(|local| local == name)
    }

    fn variable(&mut self, name: &str) {
        let is_own = matches!(name, "" | "$" | "states") || self.is_local(name) || functions::find(name).is_some();
        if !is_own && !self.reads.variables.iter().any(|known| known == name) {
            self.reads.variables.push(name.to_owned());
        }
    }

    /// `$states.member`, with whatever stands behind it.
    fn states_member(&mut self, left: &Syntax, right: &Syntax) {
        let mut right = right;
        while let Kind::Predicate(parts) = &right.kind {
            right = &parts[0];
        }
        if let (Kind::Variable(root), Kind::Name(member)) = (&left.kind, &right.kind)
            && root == "states"
            && !self.is_local(root)
        {
            self.reads.states_members.push(member.clone());
        }
    }
}
