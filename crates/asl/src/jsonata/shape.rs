//! What is written to what is evaluated: steps become paths, names become numbers, and each look back (`%`) finds the
//! step whose input it means.

use std::collections::HashMap;
use std::sync::Arc;

use super::code::{Call, Kind, LambdaCode, Name, Node, Program, Stage, TransformCode};
use super::functions;
use super::syntax::{Kind as Written, Pair, Syntax};
use crate::value::Text;

/// The program of a tree. Errors are JSONata's texts without their codes.
pub(super) fn program(tree: Syntax) -> Result<Program, String> {
    let mut shaper = Shaper::default();
    shaper.name("states");
    let root = shaper.node(tree)?;
    if !root.looks_back.is_empty() {
        return Err(no_parent());
    }
    let parents = shaper.parents.iter().map(|parent| parent.name).collect();
    Ok(Program { root, names: shaper.names, parents, binds_states: shaper.binds_states })
}

fn no_parent() -> String {
    "The object representing the 'parent' cannot be derived from this expression".to_owned()
}

#[derive(Default)]
struct Shaper {
    names: Vec<Text>,
    known: HashMap<Text, Name>,
    parents: Vec<Parent>,
    binds_states: bool,
}

/// A look back: the variable it is bound to, and how many steps it still goes.
struct Parent {
    name: Name,
    level: usize,
}

type Shaped<T = Node> = Result<T, String>;

impl Shaper {
    fn name(&mut self, name: &str) -> Name {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let number = Name::try_from(self.names.len()).unwrap_or(Name::MAX);
        self.names.push(Text::from(name));
        self.known.insert(Text::from(name), number);
        number
    }

    /// A name that is bound here.
    fn bound(&mut self, name: &str) -> Name {
        self.binds_states |= name == "states";
        self.name(name)
    }

    fn node(&mut self, syntax: Syntax) -> Shaped {
        let keeps = syntax.keep_array;
        let mut node = match syntax.kind {
            Written::Name(name) => {
                let mut step = Node::new(Kind::Member(name.into()));
                step.keep_array = keeps;
                Node::new(Kind::Path(vec![step], keeps))
            }
            Written::Step(parts) => self.path(*parts)?,
            Written::Predicate(parts) => self.predicate(*parts)?,
            Written::Group(part, pairs) => self.group(*part, pairs)?,
            Written::Sort(part, terms) => self.sort(*part, terms)?,
            Written::Focus(part, name) => self.focus(*part, &name, keeps)?,
            Written::Index(part, name) => self.index(*part, &name)?,
            other => self.simple(other)?,
        };
        node.keep_array |= keeps;
        Ok(node)
    }

    /// What is no part of a path's grammar.
    fn simple(&mut self, kind: Written) -> Shaped {
        let mut backs = Vec::new();
        let kind = match kind {
            Written::Null => Kind::Null,
            Written::Bool(value) => Kind::Bool(value),
            Written::Number(number) => Kind::Number(number),
            Written::Text(text) => Kind::Text(text.into()),
            Written::Variable(name) => match &*name {
                "" => Kind::Item,
                "$" => Kind::Root,
                name => Kind::Variable(self.name(name), functions::find(name)),
            },
            Written::Regex(regex) => Kind::Regex(Arc::new(regex)),
            Written::Wildcard => Kind::Wildcard,
            Written::Descendants => Kind::Descendants,
            Written::Parent => {
                let place = self.parents.len();
                let name = self.name(&format!("!{place}"));
                self.parents.push(Parent { name, level: 1 });
                backs.push(place);
                Kind::Parent(place)
            }
            Written::Negate(part) => Kind::Negate(self.boxed(*part, &mut backs)?),
            Written::Array(items) => Kind::Array(self.all(items, &mut backs)?),
            Written::Object(pairs) => Kind::Object(self.pairs(pairs, &mut backs)?),
            Written::Block(parts) => return self.block(parts),
            Written::Transform(parts, delete) => self.transform(*parts, delete)?,
            Written::Binary(operator, parts) => {
                let [left, right] = *parts;
                let left = self.part(left, &mut backs)?;
                Kind::Binary(operator, Box::new([left, self.part(right, &mut backs)?]))
            }
            Written::Bind(name, part) => {
                let name = self.bound(&name);
                Kind::Bind(name, self.boxed(*part, &mut backs)?)
            }
            Written::Condition(parts, otherwise) => {
                let [condition, then] = *parts;
                let parts = Box::new([self.part(condition, &mut backs)?, self.part(then, &mut backs)?]);
                let otherwise = otherwise.map(|part| self.boxed(*part, &mut backs)).transpose()?;
                Kind::Condition(parts, otherwise)
            }
            Written::Call(procedure, arguments) => self.call(*procedure, arguments, &mut backs)?,
            Written::Lambda(parameters, signature, body) => {
                let parameters = parameters.iter().map(|name| self.bound(name)).collect();
                let body = self.node(*body)?;
                Kind::Lambda(Arc::new(LambdaCode { parameters, signature, body }))
            }
            Written::Placeholder => return Err("Syntax error: \"?\"".to_owned()),
            Written::Name(_) | Written::Step(_) | Written::Predicate(_) | Written::Group(..) => return Err(no_parent()),
            Written::Sort(..) | Written::Focus(..) | Written::Index(..) => return Err(no_parent()),
        };
        Ok(Node { looks_back: backs, ..Node::new(kind) })
    }

    /// A part of a construct, whose look backs are the construct's.
    fn part(&mut self, syntax: Syntax, backs: &mut Vec<usize>) -> Shaped {
        let node = self.node(syntax)?;
        backs.extend(&node.looks_back);
        Ok(node)
    }

    fn boxed(&mut self, syntax: Syntax, backs: &mut Vec<usize>) -> Shaped<Box<Node>> {
        self.part(syntax, backs).map(Box::new)
    }

    fn all(&mut self, parts: Vec<Syntax>, backs: &mut Vec<usize>) -> Shaped<Vec<Node>> {
        parts.into_iter().map(|part| self.part(part, backs)).collect()
    }

    fn pairs(&mut self, pairs: Vec<Pair>, backs: &mut Vec<usize>) -> Shaped<Vec<(Node, Node)>> {
        pairs.into_iter().map(|(key, value)| Ok((self.part(key, backs)?, self.part(value, backs)?))).collect()
    }

    fn block(&mut self, parts: Vec<Syntax>) -> Shaped {
        let mut looks_back = Vec::new();
        let parts = self.all(parts, &mut looks_back)?;
        let constructs = parts.iter().any(|part| match &part.kind {
            Kind::Path(steps, _) => steps.first().is_some_and(|step| step.constructs),
            _ => part.constructs,
        });
        let binds = parts.iter().any(binds);
        Ok(Node { looks_back, constructs, ..Node::new(Kind::Block(parts, binds)) })
    }

    fn transform(&mut self, [pattern, update]: [Syntax; 2], delete: Option<Box<Syntax>>) -> Shaped<Kind> {
        let (pattern, update) = (self.node(pattern)?, self.node(update)?);
        let delete = delete.map(|delete| self.node(*delete)).transpose()?;
        Ok(Kind::Transform(Arc::new(TransformCode { pattern, update, delete })))
    }

    fn call(&mut self, procedure: Syntax, arguments: Vec<Syntax>, backs: &mut Vec<usize>) -> Shaped<Kind> {
        let (name, meant) = match &procedure.kind {
            Written::Variable(name) => (Text::from(&**name), None),
            Written::Name(name) => (Text::from(&**name), functions::find(name)),
            _ => (Text::default(), None),
        };
        let partial = arguments.iter().any(|argument| matches!(argument.kind, Written::Placeholder));
        if partial {
            let arguments = arguments.into_iter().map(|argument| match argument.kind {
                Written::Placeholder => Ok(None),
                _ => self.part(argument, backs).map(Some),
            });
            let arguments = arguments.collect::<Result<_, _>>()?;
            let procedure = Box::new(self.node(procedure)?);
            return Ok(Kind::Partial(procedure, arguments, meant));
        }
        let arguments = self.all(arguments, backs)?;
        Ok(Kind::Call(Box::new(Call { procedure: self.node(procedure)?, arguments, name, meant })))
    }

    fn path(&mut self, [left, right]: [Syntax; 2]) -> Shaped {
        let mut path = into_path(self.node(left)?);
        let mut right = self.node(right)?;
        let Kind::Path(steps, keeps) = &mut path.kind else { return Err(no_parent()) };
        match &mut right.kind {
            Kind::Path(more, _) if right.group.is_none() => steps.append(more),
            _ => {
                let predicates = std::mem::take(&mut right.predicates);
                right.stages.extend(predicates.into_iter().map(Stage::Filter));
                steps.push(right);
            }
        }
        for step in steps.iter_mut() {
            literal_step(step)?;
        }
        *keeps |= steps.iter().any(|step| step.keep_array);
        let last = steps.len() - 1;
        for end in [0, last] {
            steps[end].constructs |= matches!(steps[end].kind, Kind::Array(_));
        }
        self.resolve(&mut path)?;
        Ok(path)
    }

    fn predicate(&mut self, [left, right]: [Syntax; 2]) -> Shaped {
        let mut node = self.node(left)?;
        let is_path = matches!(node.kind, Kind::Path(..));
        if node.group.is_some() && !is_path {
            return Err("A predicate cannot follow a grouping expression in a step".to_owned());
        }
        let predicate = self.node(right)?;
        let step = last_step(&mut node);
        for back in &predicate.looks_back {
            if self.parents[*back].level == 1 {
                self.seek(step, *back)?;
            } else {
                self.parents[*back].level -= 1;
            }
        }
        step.looks_back.extend(&predicate.looks_back);
        if is_path {
            step.stages.push(Stage::Filter(predicate));
        } else {
            step.predicates.push(predicate);
        }
        Ok(node)
    }

    fn group(&mut self, part: Syntax, pairs: Vec<Pair>) -> Shaped {
        let mut node = self.node(part)?;
        if node.group.is_some() {
            return Err("Each step can only have one grouping expression".to_owned());
        }
        let mut backs = Vec::new();
        node.group = Some(self.pairs(pairs, &mut backs)?);
        Ok(node)
    }

    fn sort(&mut self, part: Syntax, terms: Vec<(Syntax, bool)>) -> Shaped {
        let mut path = into_path(self.node(part)?);
        let mut looks_back = Vec::new();
        let terms = terms.into_iter().map(|(term, descends)| Ok((self.part(term, &mut looks_back)?, descends)));
        let kind = Kind::Sort(terms.collect::<Result<_, String>>()?);
        if let Kind::Path(steps, _) = &mut path.kind {
            steps.push(Node { looks_back, ..Node::new(kind) });
        }
        self.resolve(&mut path)?;
        Ok(path)
    }

    fn focus(&mut self, part: Syntax, name: &str, keeps: bool) -> Shaped {
        let mut node = self.node(part)?;
        let name = self.bound(name);
        let step = last_step(&mut node);
        if !step.stages.is_empty() || !step.predicates.is_empty() {
            return Err("A context variable binding must precede any predicates on a step".to_owned());
        }
        if matches!(step.kind, Kind::Sort(_)) {
            return Err("A context variable binding must precede the 'order-by' clause on a step".to_owned());
        }
        step.focus = Some(name);
        step.keep_array |= keeps;
        step.is_tuple = true;
        Ok(node)
    }

    fn index(&mut self, part: Syntax, name: &str) -> Shaped {
        let mut node = into_path(self.node(part)?);
        let name = self.bound(name);
        let step = last_step(&mut node);
        let predicates = std::mem::take(&mut step.predicates);
        step.stages.extend(predicates.into_iter().map(Stage::Filter));
        if step.stages.is_empty() {
            step.index = Some(name);
        } else {
            step.stages.push(Stage::Index(name));
        }
        step.is_tuple = true;
        Ok(node)
    }

    /// Finds the steps that the look backs in the last step mean; those that go further are the path's.
    fn resolve(&mut self, path: &mut Node) -> Result<(), String> {
        let Kind::Path(steps, _) = &mut path.kind else { return Ok(()) };
        let Some(last) = steps.last() else { return Ok(()) };
        for back in last.looks_back.clone() {
            let mut end = steps.len() - 1;
            while self.parents[back].level > 0 {
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
    fn seek(&mut self, node: &mut Node, back: usize) -> Result<(), String> {
        match &mut node.kind {
            Kind::Member(_) | Kind::Wildcard => {
                self.parents[back].level -= 1;
                if self.parents[back].level == 0 {
                    match node.parent {
                        Some(parent) => self.parents[back].name = self.parents[parent].name,
                        None => node.parent = Some(back),
                    }
                    node.is_tuple = true;
                }
                Ok(())
            }
            Kind::Parent(_) => {
                self.parents[back].level += 1;
                Ok(())
            }
            Kind::Block(parts, _) => match parts.last_mut() {
                Some(last) => {
                    node.is_tuple = true;
                    self.seek(last, back)
                }
                None => Ok(()),
            },
            Kind::Path(steps, _) => {
                node.is_tuple = true;
                let mut end = steps.len();
                while end > 0 {
                    end -= 1;
                    self.seek(&mut steps[end], back)?;
                    if self.parents[back].level == 0 {
                        break;
                    }
                }
                Ok(())
            }
            _ => Err(no_parent()),
        }
    }
}

/// A path as it is; anything else as the first step of one.
fn into_path(node: Node) -> Node {
    match node.kind {
        Kind::Path(..) => node,
        _ => {
            let looks_back = match node.kind {
                Kind::Parent(_) => node.looks_back.clone(),
                _ => Vec::new(),
            };
            Node { looks_back, ..Node::new(Kind::Path(vec![node], false)) }
        }
    }
}

/// The last step of a path, or the node itself.
fn last_step(node: &mut Node) -> &mut Node {
    if !matches!(&node.kind, Kind::Path(steps, _) if !steps.is_empty()) {
        return node;
    }
    match &mut node.kind {
        Kind::Path(steps, _) => {
            let last = steps.len() - 1;
            &mut steps[last]
        }
        _ => unreachable!("it is a path"),
    }
}

/// A string as a step is a name; other literals are no steps.
fn literal_step(step: &mut Node) -> Result<(), String> {
    let literal = match &step.kind {
        Kind::Text(text) => {
            step.kind = Kind::Member(text.clone());
            return Ok(());
        }
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => crate::number::javascript(*number),
        _ => return Ok(()),
    };
    Err(format!("The literal value {literal} cannot be used as a step within a path expression"))
}

/// Whether a name is bound in the frame of the block that has that part.
fn binds(part: &Node) -> bool {
    if !part.predicates.is_empty() || part.group.is_some() {
        return true;
    }
    match &part.kind {
        Kind::Bind(..) => true,
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Item | Kind::Root => false,
        Kind::Variable(..) | Kind::Member(_) | Kind::Regex(_) | Kind::Lambda(_) => false,
        Kind::Negate(part) => binds(part),
        Kind::Binary(_, parts) => parts.iter().any(binds),
        Kind::Block(..) => false,
        Kind::Path(steps, _) => steps.iter().any(|step| !step.stages.is_empty() || binds(step)),
        Kind::Call(call) => call.arguments.iter().any(binds) || binds(&call.procedure),
        Kind::Condition(parts, otherwise) => parts.iter().chain(otherwise.as_deref()).any(binds),
        _ => true,
    }
}
