//! Calls of functions. A call at the end of a function does not nest.

use std::rc::Rc;
use std::sync::Arc;

use super::super::code::{Lambda, Node};
use super::super::datum::{Datum, Members};
use super::super::failure::{Evaluated, Failure};
use super::super::frames::Frame;
use super::super::function::{Builtin, Function, Host, Kind as FunctionKind};
use super::super::functions;
use super::super::regex::{Found, Regex};
use super::Machine;
use crate::value::Text;

/// What the end of a function comes to.
enum Ending {
    Value(Datum),
    /// One more call, with what it is called by.
    Call(Rc<Function>, Vec<Datum>, Node),
}

/// What a call is about.
enum Callee {
    Builtin(&'static Builtin),
    Function(Rc<Function>),
}

impl<'e> Machine<'e> {
    /// A call as it is written: what is called, and with what. `applied` comes before its arguments.
    #[inline(never)]
    pub(super) fn call_of(&mut self, call: &[Node], applied: Option<Datum>, item: &Datum, frame: Frame) -> Evaluated {
        let (callee, args) = self.prepared(call, applied, item, frame)?;
        match callee {
            Callee::Builtin(builtin) => self.run_builtin(builtin, args, item),
            Callee::Function(function) => self.apply(function, args, item, call[0]),
        }
    }

    fn prepared(
        &mut self,
        call: &[Node],
        applied: Option<Datum>,
        item: &Datum,
        frame: Frame,
    ) -> Evaluated<(Callee, Vec<Datum>)> {
        let [procedure, arguments @ ..] = call else { return Err(Failure::not_a_function(None)) };
        let callee = self.callee(procedure, item, frame)?;
        let mut args = Vec::with_capacity(arguments.len() + usize::from(applied.is_some()));
        args.extend(applied);
        for argument in arguments {
            args.push(self.evaluate(argument, item, frame)?);
        }
        match callee {
            Some(callee) => Ok((callee, args)),
            None => Err(Failure::not_a_function(self.program.meant(*procedure).map(|builtin| builtin.name))),
        }
    }

    /// A function of the language comes before a workflow variable, which never is a function.
    fn callee(&mut self, procedure: &Node, item: &Datum, frame: Frame) -> Evaluated<Option<Callee>> {
        if let Node::Variable(Some(builtin), name) = *procedure
            && self.frames.find(frame, name, self.scope.budget)?.is_none()
        {
            return Ok(Some(Callee::Builtin(functions::get(builtin))));
        }
        Ok(match self.evaluate(procedure, item, frame)? {
            Datum::Function(function) => Some(Callee::Function(function)),
            _ => None,
        })
    }

    /// `f(a, ?)`
    pub(super) fn partial(&mut self, call: &[Node], item: &Datum, frame: Frame) -> Evaluated {
        let [procedure, arguments @ ..] = call else { return Err(Failure::not_applicable(None)) };
        let mut args = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let is_open = matches!(argument, Node::Placeholder);
            args.push(if is_open { None } else { Some(self.evaluate(argument, item, frame)?) });
        }
        self.charge_items(args.len())?;
        let function = match self.callee(procedure, item, frame)? {
            Some(Callee::Builtin(builtin)) => Function::new(FunctionKind::Builtin(builtin))?,
            Some(Callee::Function(function)) => function,
            None => {
                let meant = self.program.meant(*procedure);
                return Err(Failure::not_applicable(meant.map(|builtin| builtin.name)));
            }
        };
        self.function(FunctionKind::Partial(function, args))
    }

    fn run_builtin(&mut self, builtin: &'static Builtin, args: Vec<Datum>, context: &Datum) -> Evaluated {
        self.budget().charge_steps(args.len() as u64)?;
        let args = builtin.signature.check(args, context, builtin.name)?;
        (builtin.run)(self, &args)
    }

    /// Calls a function with a context item. `procedure` is what it is called by.
    pub(super) fn apply(
        &mut self,
        mut function: Rc<Function>,
        mut args: Vec<Datum>,
        context: &Datum,
        mut procedure: Node,
    ) -> Evaluated {
        let program = self.program;
        Ok(loop {
            self.budget().charge_step()?;
            match &function.kind {
                FunctionKind::Lambda { code, item, frame, .. } => {
                    let Some(code) = program.lambda(*code) else { break Datum::Undefined };
                    match self.lambda(code, item, *frame, args, context, procedure)? {
                        Ending::Value(value) => break value,
                        Ending::Call(next, next_args, called) => {
                            (function, args, procedure) = (next, next_args, called);
                        }
                    }
                }
                FunctionKind::Builtin(builtin) => break self.run_builtin(builtin, args, context)?,
                FunctionKind::Partial(inner, given) => {
                    self.charge_items(given.len() + args.len())?;
                    args = completed(given, args);
                    function = Rc::clone(inner);
                }
                FunctionKind::Chain(first, second) => {
                    self.enter()?;
                    args = vec![self.apply(Rc::clone(first), args, context, Node::Null)?];
                    self.depth -= 1;
                    function = Rc::clone(second);
                }
                FunctionKind::Transform(row, frame) => {
                    break self.transform(program.row(*row), args.first().unwrap_or(&Datum::Undefined), *frame)?;
                }
                FunctionKind::Regex(regex) => match args.first() {
                    Some(Datum::Text(text)) => {
                        break self.match_object(regex, text, regex.find(text, 0, self.scope.budget)?)?;
                    }
                    _ => break Datum::Undefined,
                },
                FunctionKind::NextMatch(regex, text, from) => {
                    break self.match_object(regex, text, regex.find_next(text, *from, self.scope.budget)?)?;
                }
            }
        })
    }

    fn lambda(
        &mut self,
        code: &'e Lambda,
        item: &Datum,
        frame: Frame,
        args: Vec<Datum>,
        context: &Datum,
        procedure: Node,
    ) -> Evaluated<Ending> {
        let args = match &code.signature {
            Some(signature) => signature.check(args, context, self.program.called(procedure))?,
            None => args,
        };
        self.budget().charge_steps(code.parameters.len() as u64)?;
        let inner = self.frames.push(frame);
        let mut args = args.into_iter();
        for parameter in &code.parameters {
            self.frames.bind(inner, *parameter, args.next().unwrap_or_default());
        }
        let ending = self.ending(&code.body, item, inner)?;
        self.frames.pop(inner);
        Ok(ending)
    }

    /// The body of a function, but for the call that may be its end.
    fn ending(&mut self, mut node: &'e Node, item: &Datum, mut frame: Frame) -> Evaluated<Ending> {
        let (depth, program) = (self.depth, self.program);
        let ending = loop {
            match *node {
                Node::Condition(row) => {
                    self.enter()?;
                    node = match self.branch(program.row(row), item, frame)? {
                        Some(branch) => branch,
                        None => break Ending::Value(Datum::Undefined),
                    };
                }
                Node::Block(scoping, row) => {
                    self.enter()?;
                    // The function's frame goes, and all that began after it.
                    frame = if scoping.binds { self.frames.push(frame) } else { frame };
                    let Some((last, first)) = program.row(row).split_last() else {
                        break Ending::Value(Datum::Undefined);
                    };
                    for part in first {
                        self.evaluate(part, item, frame)?;
                    }
                    node = last;
                }
                Node::Call(row) => {
                    let call = program.row(row);
                    let (callee, args) = self.prepared(call, None, item, frame)?;
                    break match callee {
                        Callee::Builtin(builtin) => {
                            // It may call this function again.
                            self.enter()?;
                            Ending::Value(super::finished(self.run_builtin(builtin, args, item)?))
                        }
                        Callee::Function(function) => Ending::Call(function, args, call[0]),
                    };
                }
                _ => break Ending::Value(self.evaluate(node, item, frame)?),
            }
        };
        self.depth = depth;
        Ok(ending)
    }

    /// What a regular expression found in a text, and how to find the next.
    fn match_object(&self, regex: &Arc<Regex>, text: &Text, found: Option<Found>) -> Evaluated {
        let Some(found) = found else { return Ok(Datum::Undefined) };
        self.charge_items(found.groups.len() + 12)?;
        self.charge_text(found.end - found.start)?;
        let utf16 = |end: usize| Datum::Number(text[..end].encode_utf16().count() as f64);
        self.budget().charge_reading(found.end * 16)?;
        let mut members = Members::default();
        members.insert("match".into(), Datum::text(&text[found.start..found.end]))?;
        members.insert("start".into(), utf16(found.start))?;
        members.insert("end".into(), utf16(found.end))?;
        members.insert("groups".into(), Datum::array(found.groups_in(text))?)?;
        let next = FunctionKind::NextMatch(Arc::clone(regex), text.clone(), found.end);
        members.insert("next".into(), self.function(next)?)?;
        Ok(Datum::from(members))
    }
}

/// The arguments that were given before, with the later ones in place of those that were left open.
fn completed(given: &[Option<Datum>], args: Vec<Datum>) -> Vec<Datum> {
    let mut args = args.into_iter();
    given.iter().map(|arg| arg.clone().unwrap_or_else(|| args.next().unwrap_or_default())).collect()
}
