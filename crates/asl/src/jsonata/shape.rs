//! What is written to what is evaluated: steps become paths, names become numbers, and each look back (`%`) finds the
//! step whose input it means.

mod draft;

use self::draft::{Core, Draft};
use super::code::{Binding, LOOK_BACKS, Lambda, Name, Node, Program, Rare, Row, STATES, Scoping, Word};
use super::functions;
use super::syntax::{Function, Kind as Written, Syntax, Tree};

/// The program of a tree. Errors are JSONata's texts without their codes.
pub(super) fn program(mut tree: Tree) -> Result<Program, String> {
    let functions = std::mem::take(&mut tree.functions);
    let mut shaper = Shaper { tree, functions, made: Made::default(), parents: Vec::new(), binds_states: false };
    let root = shaper.draft(shaper.tree.root)?;
    if !root.looks_back.is_empty() {
        return Err(no_parent());
    }
    let root = shaper.made.finish(root);
    let Shaper { tree, made, parents, binds_states, .. } = shaper;
    let parents: Box<[Name]> = parents.iter().map(|parent| parent.name).collect();
    let rare = Rare {
        numbers: tree.numbers.into(),
        bindings: made.bindings.into(),
        lambdas: made.lambdas.into(),
        regexes: tree.regexes.all.into(),
        parents,
    };
    let rare = (!rare.is_empty()).then(|| Box::new(rare));
    Ok(Program { root, nodes: made.nodes.into(), words: tree.words.texts.into(), rare, binds_states })
}

fn no_parent() -> String {
    "The object representing the 'parent' cannot be derived from this expression".to_owned()
}

struct Shaper {
    tree: Tree,
    functions: Vec<Function>,
    made: Made,
    parents: Vec<Parent>,
    binds_states: bool,
}

/// What of the program is there.
#[derive(Default)]
struct Made {
    nodes: Vec<Node>,
    bindings: Vec<Binding>,
    lambdas: Vec<Lambda>,
}

/// A look back: the name it is bound to, and how many steps it still goes.
struct Parent {
    name: Name,
    level: usize,
}

type Shaped<T = Draft> = Result<T, String>;

impl Made {
    /// Puts constructs next to each other.
    fn row(&mut self, nodes: &[Node]) -> Row {
        let start = self.nodes.len() as u32;
        self.nodes.extend_from_slice(nodes);
        Row { start, len: nodes.len() as u32 }
    }

    fn place(&mut self, node: Node) -> u32 {
        self.row(&[node]).start
    }

    /// A construct and what stands behind it, next to each other.
    fn behind(&mut self, node: Node, rest: &[Node]) -> Row {
        let start = self.place(node);
        Row { start, len: 1 + self.row(rest).len }
    }

    /// A draft that does not change any more.
    fn finish(&mut self, draft: Draft) -> Node {
        let mut node = match draft.core {
            Core::Done(Node::Array(_, row)) => Node::Array(draft.constructs, row),
            Core::Done(node) => node,
            Core::Path(steps, keeps) => self.path(steps, keeps, draft.keep_array),
            Core::Block(mut parts, last) => {
                parts.extend(last.map(|last| self.finish(*last)));
                let binds = parts.iter().any(|part| self.binds(*part));
                Node::Block(Scoping { binds, constructs: draft.constructs }, self.row(&parts))
            }
        };
        if !draft.predicates.is_empty() {
            node = Node::Filtered(self.behind(node, &draft.predicates));
        }
        if let Some(pairs) = draft.group {
            node = Node::Grouped(self.behind(node, &pairs));
        }
        node = match node {
            Node::Member(_, word) => Node::Member(draft.keep_array, word),
            Node::Name(..) => node,
            _ if draft.keep_array => Node::Kept(self.place(node)),
            _ => node,
        };
        if !draft.stages.is_empty() {
            node = Node::Staged(self.behind(node, &draft.stages));
        }
        if draft.is_tuple {
            self.bindings.push(Binding { step: node, focus: draft.focus, index: draft.index, parent: draft.parent });
            node = Node::Bound(self.bindings.len() as u32 - 1);
        }
        node
    }

    /// A path, `kept` where `[]` stands behind it. One of a single name is that name.
    fn path(&mut self, steps: Vec<Draft>, keeps: bool, kept: bool) -> Node {
        let single = match &steps[..] {
            [step] if step.is_bare() && step.keep_array == keeps && kept == keeps => step.member(),
            _ => None,
        };
        if let Some(word) = single {
            return Node::Name(keeps, word);
        }
        let steps: Vec<Node> = steps.into_iter().map(|step| self.finish(step)).collect();
        Node::Path(keeps, self.row(&steps))
    }

    fn part(&self, place: u32) -> Node {
        self.nodes.get(place as usize).copied().unwrap_or_default()
    }

    fn parts(&self, row: Row) -> &[Node] {
        self.nodes.get(row.start as usize..(row.start + row.len) as usize).unwrap_or_default()
    }

    /// Whether a name is bound in the frame of the block that has that part.
    fn binds(&self, part: Node) -> bool {
        let any = |row| self.parts(row).iter().any(|part| self.binds(*part));
        match part {
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::LongNumber(_) | Node::Text(_) => false,
            Node::Item | Node::Root | Node::Variable(..) | Node::Member(..) | Node::Name(..) => false,
            Node::Regex(_) | Node::Lambda(_) | Node::Block(..) => false,
            Node::Negate(place) | Node::Kept(place) => self.binds(self.part(place)),
            Node::Binary(_, pair) => any(Row { start: pair, len: 2 }),
            Node::Path(_, row) | Node::Call(row) | Node::Condition(row) => any(row),
            Node::Bound(place) => self.bindings.get(place as usize).is_some_and(|binding| self.binds(binding.step)),
            _ => true,
        }
    }
}

impl Shaper {
    /// A name that is bound here.
    fn bound(&mut self, name: Name) -> Name {
        self.binds_states |= name == STATES;
        name
    }

    fn draft(&mut self, syntax: Syntax) -> Shaped {
        let keeps = syntax.keep_array;
        let mut draft = match syntax.kind {
            Written::Name(word) => {
                let mut step = Draft::from(Node::Member(false, word));
                step.keep_array = keeps;
                Draft::new(Core::Path(vec![step], keeps))
            }
            Written::Step(pair) => self.path(pair)?,
            Written::Predicate(pair) => self.predicate(pair)?,
            Written::Group(row) => self.group(row)?,
            Written::Sort(row) => self.sort(row)?,
            Written::Focus(word, part) => self.focus(part, word, keeps)?,
            Written::Index(word, part) => self.index(part, word)?,
            Written::Block(row) => self.block(row)?,
            other => self.simple(other)?,
        };
        draft.keep_array |= keeps;
        Ok(draft)
    }

    /// What is no part of a path's grammar.
    fn simple(&mut self, kind: Written) -> Shaped {
        let mut backs = Vec::new();
        let node = match kind {
            Written::Null => Node::Null,
            Written::Bool(value) => Node::Bool(value),
            Written::Number(number) => Node::Number(number),
            Written::LongNumber(place) => Node::LongNumber(place),
            Written::Text(word) => Node::Text(word),
            Written::Variable(word) => self.variable(word),
            Written::Regex(place) => Node::Regex(place),
            Written::Wildcard => Node::Wildcard,
            Written::Descendants => Node::Descendants,
            Written::Parent => {
                let place = self.parents.len() as u32;
                self.parents.push(Parent { name: LOOK_BACKS + place, level: 1 });
                backs.push(place);
                Node::Parent(place)
            }
            Written::Negate(part) => {
                let part = self.part(self.tree.at(part), &mut backs)?;
                Node::Negate(self.made.place(part))
            }
            Written::Array(row) => Node::Array(false, self.all(row, &mut backs)?),
            Written::Object(row) => Node::Object(self.all(row, &mut backs)?),
            Written::Transform(row) => Node::Transform(self.all(row, &mut Vec::new())?),
            Written::Binary(operator, pair) => {
                Node::Binary(operator, self.all(Row { start: pair, len: 2 }, &mut backs)?.start)
            }
            Written::Bind(word, part) => {
                let name = self.bound(word);
                let part = self.part(self.tree.at(part), &mut backs)?;
                Node::Bind(name, self.made.place(part))
            }
            Written::Condition(row) => Node::Condition(self.all(row, &mut backs)?),
            Written::Call(row) => self.call(row, &mut backs)?,
            Written::Lambda(place) => self.lambda(place)?,
            Written::Placeholder => return Err("Syntax error: \"?\"".to_owned()),
            Written::Name(_) | Written::Step(_) | Written::Predicate(_) | Written::Group(..) => return Err(no_parent()),
            Written::Sort(..) | Written::Focus(..) | Written::Index(..) => return Err(no_parent()),
            Written::Block(_) => return Err(no_parent()),
        };
        Ok(Draft { looks_back: backs, ..Draft::from(node) })
    }

    fn variable(&self, word: Word) -> Node {
        match self.tree.word(word) {
            "" => Node::Item,
            "$" => Node::Root,
            text => Node::Variable(functions::find(text), word),
        }
    }

    /// A part of a construct, whose look backs are the construct's.
    fn part(&mut self, syntax: Syntax, backs: &mut Vec<u32>) -> Shaped<Node> {
        let draft = self.draft(syntax)?;
        backs.extend(&draft.looks_back);
        let node = self.made.finish(draft);
        Ok(if syntax.descends { Node::Descending(self.made.place(node)) } else { node })
    }

    /// The parts from one on.
    fn several(&mut self, row: Row, from: u32, backs: &mut Vec<u32>) -> Shaped<Vec<Node>> {
        (row.start + from..row.start + row.len).map(|place| self.part(self.tree.at(place), backs)).collect()
    }

    fn all(&mut self, row: Row, backs: &mut Vec<u32>) -> Shaped<Row> {
        let parts = self.several(row, 0, backs)?;
        Ok(self.made.row(&parts))
    }

    /// Only the last part may change when it is there: a look back may find its step in it.
    fn block(&mut self, row: Row) -> Shaped {
        let mut looks_back = Vec::new();
        let (mut parts, mut constructs) = (Vec::with_capacity(row.len as usize), false);
        let mut last = None;
        for place in row.start..row.start + row.len {
            let draft = self.draft(self.tree.at(place))?;
            looks_back.extend(&draft.looks_back);
            constructs |= match &draft.core {
                Core::Path(steps, _) => steps.first().is_some_and(|step| step.constructs),
                _ => draft.constructs,
            };
            if place + 1 == row.start + row.len {
                last = Some(Box::new(draft));
            } else {
                parts.push(self.made.finish(draft));
            }
        }
        Ok(Draft { looks_back, constructs, ..Draft::new(Core::Block(parts, last)) })
    }

    /// What is called comes first, though its look backs are not the call's.
    fn call(&mut self, row: Row, backs: &mut Vec<u32>) -> Shaped<Node> {
        let procedure = self.tree.at(row.start);
        let is_placeholder = |part: &Syntax| matches!(part.kind, Written::Placeholder);
        let is_partial = self.tree.parts(row).iter().skip(1).any(is_placeholder);
        let mut parts = vec![Node::Null];
        for place in row.start + 1..row.start + row.len {
            let argument = self.tree.at(place);
            let is_open = is_placeholder(&argument);
            parts.push(if is_open { Node::Placeholder } else { self.part(argument, backs)? });
        }
        parts[0] = self.part(procedure, &mut Vec::new())?;
        let row = self.made.row(&parts);
        Ok(if is_partial { Node::Partial(row) } else { Node::Call(row) })
    }

    fn lambda(&mut self, place: u32) -> Shaped<Node> {
        let Some(function) = self.functions.get_mut(place as usize) else { return Err(no_parent()) };
        let (signature, body, row) = (function.signature.take(), function.body, function.parameters);
        let mut parameters = Vec::with_capacity(row.len as usize);
        for place in row.start..row.start + row.len {
            if let Written::Variable(word) = self.tree.at(place).kind {
                parameters.push(self.bound(word));
            }
        }
        let body = self.part(self.tree.at(body), &mut Vec::new())?;
        self.made.lambdas.push(Lambda { parameters: parameters.into(), signature, body });
        Ok(Node::Lambda(self.made.lambdas.len() as u32 - 1))
    }

    fn path(&mut self, pair: u32) -> Shaped {
        let [left, right] = self.tree.pair(pair);
        let mut path = self.draft(left)?.into_path();
        let mut right = self.draft(right)?;
        let Core::Path(steps, keeps) = &mut path.core else { return Err(no_parent()) };
        match &mut right.core {
            Core::Path(more, _) if right.group.is_none() => steps.append(more),
            _ => {
                let predicates = std::mem::take(&mut right.predicates);
                right.stages.extend(predicates);
                steps.push(right);
            }
        }
        for step in steps.iter_mut() {
            literal_step(step, &self.tree.numbers)?;
        }
        *keeps |= steps.iter().any(|step| step.keep_array);
        let last = steps.len() - 1;
        for end in [0, last] {
            steps[end].constructs |= matches!(steps[end].core, Core::Done(Node::Array(..)));
        }
        self.resolve(&mut path)?;
        Ok(path)
    }

    fn predicate(&mut self, pair: u32) -> Shaped {
        let [left, right] = self.tree.pair(pair);
        let mut draft = self.draft(left)?;
        let is_path = matches!(draft.core, Core::Path(..));
        if draft.group.is_some() && !is_path {
            return Err("A predicate cannot follow a grouping expression in a step".to_owned());
        }
        let predicate = self.draft(right)?;
        let step = draft.last_step();
        for back in &predicate.looks_back {
            if self.parents[*back as usize].level == 1 {
                self.seek(step, *back)?;
            } else {
                self.parents[*back as usize].level -= 1;
            }
        }
        step.looks_back.extend(&predicate.looks_back);
        let predicate = self.made.finish(predicate);
        if is_path {
            step.stages.push(predicate);
        } else {
            step.predicates.push(predicate);
        }
        Ok(draft)
    }

    fn group(&mut self, row: Row) -> Shaped {
        let mut draft = self.draft(self.tree.at(row.start))?;
        if draft.group.is_some() {
            return Err("Each step can only have one grouping expression".to_owned());
        }
        draft.group = Some(self.several(row, 1, &mut Vec::new())?);
        Ok(draft)
    }

    fn sort(&mut self, row: Row) -> Shaped {
        let mut path = self.draft(self.tree.at(row.start))?.into_path();
        let mut looks_back = Vec::new();
        let terms = self.several(row, 1, &mut looks_back)?;
        if let Core::Path(steps, _) = &mut path.core {
            let sort = Node::Sort(self.made.row(&terms));
            steps.push(Draft { looks_back, ..Draft::from(sort) });
        }
        self.resolve(&mut path)?;
        Ok(path)
    }

    fn focus(&mut self, part: u32, word: Word, keeps: bool) -> Shaped {
        let mut draft = self.draft(self.tree.at(part))?;
        let name = self.bound(word);
        let step = draft.last_step();
        if !step.stages.is_empty() || !step.predicates.is_empty() {
            return Err("A context variable binding must precede any predicates on a step".to_owned());
        }
        if matches!(step.core, Core::Done(Node::Sort(_))) {
            return Err("A context variable binding must precede the 'order-by' clause on a step".to_owned());
        }
        step.focus = Some(name);
        step.keep_array |= keeps;
        step.is_tuple = true;
        Ok(draft)
    }

    fn index(&mut self, part: u32, word: Word) -> Shaped {
        let mut draft = self.draft(self.tree.at(part))?.into_path();
        let name = self.bound(word);
        let step = draft.last_step();
        let predicates = std::mem::take(&mut step.predicates);
        step.stages.extend(predicates);
        if step.stages.is_empty() {
            step.index = Some(name);
        } else {
            step.stages.push(Node::Numbered(name));
        }
        step.is_tuple = true;
        Ok(draft)
    }

    /// Finds the steps that the look backs in the last step mean; those that go further are the path's.
    fn resolve(&mut self, path: &mut Draft) -> Result<(), String> {
        let Core::Path(steps, _) = &mut path.core else { return Ok(()) };
        let Some(last) = steps.last() else { return Ok(()) };
        for back in last.looks_back.clone() {
            let mut end = steps.len() - 1;
            while self.parents[back as usize].level > 0 {
                if end == 0 {
                    path.looks_back.push(back);
                    break;
                }
                end -= 1;
                // Steps that bind their items have one input.
                while end > 0 && steps[end].focus.is_some() && steps[end - 1].focus.is_some() {
                    end -= 1;
                }
                self.seek(&mut steps[end], back)?;
            }
        }
        Ok(())
    }

    /// Goes back by a step.
    fn seek(&mut self, draft: &mut Draft, back: u32) -> Result<(), String> {
        match &mut draft.core {
            Core::Done(Node::Member(..) | Node::Wildcard) => {
                self.parents[back as usize].level -= 1;
                if self.parents[back as usize].level == 0 {
                    match draft.parent {
                        Some(parent) => self.parents[back as usize].name = self.parents[parent as usize].name,
                        None => draft.parent = Some(back),
                    }
                    draft.is_tuple = true;
                }
                Ok(())
            }
            Core::Done(Node::Parent(_)) => {
                self.parents[back as usize].level += 1;
                Ok(())
            }
            Core::Block(_, last) => match last {
                Some(last) => {
                    draft.is_tuple = true;
                    self.seek(last, back)
                }
                None => Ok(()),
            },
            Core::Path(steps, _) => {
                draft.is_tuple = true;
                let mut end = steps.len();
                while end > 0 {
                    end -= 1;
                    self.seek(&mut steps[end], back)?;
                    if self.parents[back as usize].level == 0 {
                        break;
                    }
                }
                Ok(())
            }
            Core::Done(_) => Err(no_parent()),
        }
    }
}

/// A string as a step is a name; other literals are no steps.
fn literal_step(step: &mut Draft, numbers: &[f64]) -> Result<(), String> {
    let number = |number: f64| crate::number::javascript(number);
    let literal = match step.core {
        Core::Done(Node::Text(word)) => {
            step.core = Core::Done(Node::Member(false, word));
            return Ok(());
        }
        Core::Done(Node::Null) => "null".to_owned(),
        Core::Done(Node::Bool(value)) => value.to_string(),
        Core::Done(Node::Number(short)) => number(f64::from(short)),
        Core::Done(Node::LongNumber(place)) => number(numbers.get(place as usize).copied().unwrap_or_default()),
        _ => return Ok(()),
    };
    Err(format!("The literal value {literal} cannot be used as a step within a path expression"))
}
