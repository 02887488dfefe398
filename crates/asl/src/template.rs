//! Payload templates: `.$` members in JSONPath, `{% %}` strings in JSONata.
//!
//! What is constant in a template is made once, when it is parsed, and shared by every payload made from it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Code;
use crate::error::EvaluationError;
use crate::intrinsic::Call;
use crate::json::DEPTH_MAX;
use crate::jsonata::Expression;
use crate::memory::{self, Held};
use crate::path::Path;
use crate::query_language::QueryLanguage;
use crate::scope::Scope;
use crate::value::{Object, Text, Value};
use crate::walk;

/// A parsed payload template.
#[derive(Debug)]
pub struct Template {
    node: Box<Node>,
}

/// Why a template is refused, and where: the object that contains a bad `.$` member, or the bad expression
/// itself (`/a/b[0]`, relative to the template; empty for the template itself).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// AWS's code for it.
    pub code: Code,
    /// AWS's text.
    pub message: String,
    /// Where in the template.
    pub location: String,
    /// What is wrong with the text of a path or a call, or what to write instead.
    pub detail: Option<String>,
    /// The byte of the text that stands there at which it was seen, where that is known.
    pub offset: Option<usize>,
}

/// Small: a template may have a part for every two bytes of its text.
#[derive(Debug)]
enum Node {
    Literal(Value),
    Object(Box<[(Text, Node)]>),
    Array(Box<[Node]>),
    /// The value of a member that ends in `.$`. The same one for all that are written the same.
    Path(Path),
    Call(Box<Call>),
    /// The same one for all that are written the same.
    Expression(Arc<Expression>),
}

/// Where a part stands: a field of a state, and the way to it within the field. It is written where something is said
/// of it, and not before.
#[derive(Clone, Copy)]
enum Place<'p> {
    Field(&'p str),
    Member(&'p Self, &'p str),
    Item(&'p Self, usize),
}

impl Place<'_> {
    /// The name of the member that a path stands in, as written.
    fn path_field(&self) -> String {
        match self {
            Self::Field(name) => (*name).to_owned(),
            Self::Member(_, name) => format!("{name}.$"),
            Self::Item(around, _) => around.path_field(),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Member(around, name) => write!(f, "{around}/{name}"),
            Self::Item(around, index) => write!(f, "{around}[{index}]"),
        }
    }
}

impl Template {
    /// Parses the value of a template field. All that is wrong with it is reported.
    pub fn parse(value: &Value, language: QueryLanguage) -> Result<Self, Vec<TemplateError>> {
        let mut parser = Parser {
            place: String::new(),
            depth: 0,
            errors: Vec::new(),
            expressions: HashMap::new(),
            paths: HashMap::new(),
        };
        let node = match language {
            QueryLanguage::JsonPath => parser.json_path(value),
            QueryLanguage::Jsonata => parser.jsonata(value),
        };
        if parser.errors.is_empty() { Ok(Self { node: Box::new(node) }) } else { Err(parser.errors) }
    }

    /// Parses one path or intrinsic function, as the value of the field `field`, in which it is evaluated.
    pub fn parse_path(text: &str, field: &str) -> Result<Self, TemplateError> {
        match path_or_call(text) {
            Ok(node) => Ok(Self { node: Box::new(node) }),
            Err(detail) => Err(not_a_path(field, String::new(), detail)),
        }
    }

    /// The payload. `field` is the field of the state it stands in (`Parameters`, `Output`, `Assign`), for
    /// the location in errors.
    pub fn evaluate(&self, scope: &Scope<'_>, field: &str) -> Result<Value, EvaluationError> {
        self.node.evaluate(scope, Place::Field(field))
    }

    /// Names of the workflow variables it reads, each as often as it is read.
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.node.collect_variables(&mut names);
        names
    }

    /// Where expressions name that member of `$states`: `/a/b[0]`, relative to the template; empty for the template
    /// itself.
    pub(crate) fn places_of_state_member(&self, member: &str) -> Vec<String> {
        let mut places = Vec::new();
        self.node.collect_places(member, Place::Field(""), &mut places);
        places
    }

    /// Whether it is constant, so that it can be evaluated without a scope; its value then.
    pub fn literal(&self) -> Option<&Value> {
        match &*self.node {
            Node::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The text of the JSONata expression, where the whole template is one, without `{%` and `%}`.
    pub fn expression(&self) -> Option<&str> {
        match &*self.node {
            Node::Expression(expression) => Some(expression.text()),
            _ => None,
        }
    }

    /// The error of a field that wants another type than the template gave.
    pub fn unexpected_type(&self, field: &str, expected: &str, value: &Value) -> EvaluationError {
        let expression = self.expression().unwrap_or_default();
        EvaluationError::query(
            format!(
                "The JSONata expression '{expression}' specified for the field '{field}' returned an unexpected result type. Expected '{expected}', but was '{}' for value: {}",
                value.type_name(),
                walk::quoted(value)
            ),
            field,
        )
    }
}

/// The text between `{%` and `%}`, without the space around it, where a string is an expression: exactly when it
/// begins and ends with them.
pub fn expression_text(text: &str) -> Option<&str> {
    Some(text.strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

impl Node {
    /// Templates nest no deeper than the JSON they were read from may.
    fn evaluate(&self, scope: &Scope<'_>, place: Place<'_>) -> Result<Value, EvaluationError> {
        scope.budget.charge_step().map_err(EvaluationError::exhausted)?;
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Object(members) => {
                walk::charge_members(members.len(), scope.budget).map_err(EvaluationError::exhausted)?;
                let member = |(name, node): &(Text, Self)| {
                    Ok((name.clone(), node.evaluate(scope, Place::Member(&place, name))?))
                };
                let members = members.iter().map(member);
                Ok(Value::Object(Arc::new(members.collect::<Result<Object, EvaluationError>>()?)))
            }
            Self::Array(items) => {
                walk::charge_items(items.len(), scope.budget).map_err(EvaluationError::exhausted)?;
                let item = |(index, node): (usize, &Self)| node.evaluate(scope, Place::Item(&place, index));
                Ok(Value::array(items.iter().enumerate().map(item).collect::<Result<_, _>>()?))
            }
            Self::Path(path) => path.select(scope).map_err(|error| {
                error.worded(|_| match walk::json(scope.input, scope.budget) {
                    Err(exhausted) => EvaluationError::exhausted(exhausted),
                    Ok(input) => EvaluationError::runtime(format!(
                        "The JSONPath '{}' specified for the field '{}' could not be found in the input '{input}'",
                        path.text(),
                        place.path_field()
                    )),
                })
            }),
            Self::Call(call) => call.evaluate(scope),
            Self::Expression(expression) => expression.evaluate(scope, place),
        }
    }

    fn collect_variables<'n>(&'n self, names: &mut Vec<&'n str>) {
        match self {
            Self::Literal(_) => {}
            Self::Object(members) => members.iter().for_each(|(_, node)| node.collect_variables(names)),
            Self::Array(items) => items.iter().for_each(|node| node.collect_variables(names)),
            Self::Path(path) => names.extend(path.variable()),
            Self::Call(call) => names.extend(call.variables()),
            Self::Expression(expression) => names.extend(expression.variables()),
        }
    }

    fn collect_places(&self, wanted: &str, place: Place<'_>, places: &mut Vec<String>) {
        match self {
            Self::Literal(_) | Self::Path(_) | Self::Call(_) => {}
            Self::Object(members) => {
                members.iter().for_each(|(name, node)| {
                    node.collect_places(wanted, Place::Member(&place, name), places);
                });
            }
            Self::Array(items) => {
                items.iter().enumerate().for_each(|(index, node)| {
                    node.collect_places(wanted, Place::Item(&place, index), places);
                });
            }
            Self::Expression(expression) => {
                places.extend(expression.names_state_member(wanted).then(|| place.to_string()));
            }
        }
    }
}

impl Held for Template {
    fn held_bytes(&self) -> usize {
        self.node.held_bytes()
    }
}

impl Held for Node {
    fn held_bytes(&self) -> usize {
        match self {
            Self::Literal(value) => value.held_bytes(),
            Self::Object(members) => members.held_bytes(),
            Self::Array(items) => items.held_bytes(),
            Self::Path(path) => path.held_bytes(),
            Self::Call(call) => call.held_bytes(),
            Self::Expression(expression) => memory::shared(expression, expression.held_bytes()),
        }
    }
}

struct Parser {
    /// Where it stands in the template: `/a/b[0]`.
    place: String,
    depth: usize,
    errors: Vec<TemplateError>,
    /// The expressions so far, by their texts.
    expressions: HashMap<Text, Arc<Expression>>,
    /// The paths so far.
    paths: HashMap<String, Path>,
}

impl Parser {
    fn json_path(&mut self, value: &Value) -> Node {
        self.compound(value, Self::json_path, |parser, name, member| {
            let plain = name.strip_suffix(".$")?;
            let text = member.as_str().ok_or_else(|| "It is no text".to_owned());
            let node = text.and_then(|text| parser.path_or_call(text)).unwrap_or_else(|detail| {
                parser.errors.push(not_a_path(name, parser.place.clone(), detail));
                Node::Literal(Value::Null)
            });
            Some((Text::from(plain), node))
        })
    }

    fn path_or_call(&mut self, text: &str) -> Result<Node, String> {
        if let Some(known) = self.paths.get(text) {
            return Ok(Node::Path(known.clone()));
        }
        let node = path_or_call(text)?;
        if let Node::Path(path) = &node {
            self.paths.insert(text.to_owned(), path.clone());
        }
        Ok(node)
    }

    fn jsonata(&mut self, value: &Value) -> Node {
        let whole = match value {
            Value::String(whole) => expression_text(whole).map(|text| (whole, text)),
            _ => None,
        };
        let Some((whole, text)) = whole else {
            return self.compound(value, Self::jsonata, |_, _, _| None);
        };
        if let Some(known) = self.expressions.get(whole) {
            return Node::Expression(Arc::clone(known));
        }
        match Expression::parse(text) {
            Ok(expression) => {
                let expression = Arc::new(expression);
                self.expressions.insert(whole.clone(), Arc::clone(&expression));
                Node::Expression(expression)
            }
            Err(error) => {
                let begin = value.as_str().and_then(|whole| whole.find(text)).unwrap_or_default();
                self.errors.push(TemplateError {
                    code: error.code,
                    message: error.message,
                    location: self.place.clone(),
                    detail: error.remedy,
                    offset: error.offset.map(|offset| begin + offset),
                });
                Node::Literal(Value::Null)
            }
        }
    }

    /// Objects and arrays part by part; what is constant throughout stays the value it was. `special` takes
    /// the members that are not taken as they are.
    fn compound(
        &mut self,
        value: &Value,
        part: fn(&mut Self, &Value) -> Node,
        special: fn(&mut Self, &Text, &Value) -> Option<(Text, Node)>,
    ) -> Node {
        if !matches!(value, Value::Array(_) | Value::Object(_)) {
            return Node::Literal(value.clone());
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            self.error("The template is nested too deeply");
            return Node::Literal(Value::Null);
        }
        let node = match value {
            Value::Array(items) => Node::Array(self.items(items, part)),
            Value::Object(object) => Node::Object(self.members(object, part, special)),
            _ => Node::Literal(value.clone()),
        };
        self.depth -= 1;
        if node.is_constant() { Node::Literal(value.clone()) } else { node }
    }

    fn items(&mut self, items: &[Value], part: fn(&mut Self, &Value) -> Node) -> Box<[Node]> {
        let of_item = |(index, item)| self.at(&format!("[{index}]"), |parser| part(parser, item));
        items.iter().enumerate().map(of_item).collect()
    }

    fn members(
        &mut self,
        object: &Object,
        part: fn(&mut Self, &Value) -> Node,
        special: fn(&mut Self, &Text, &Value) -> Option<(Text, Node)>,
    ) -> Box<[(Text, Node)]> {
        let mut members = Vec::with_capacity(object.len());
        for (name, member) in object.iter() {
            match special(self, name, member) {
                Some((plain, _)) if object.contains(&plain) => {
                    self.error(&format!("The field '{plain}' cannot be given both as '{plain}' and as '{name}'"));
                }
                Some(special) => members.push(special),
                None => members.push((name.clone(), self.at(&format!("/{name}"), |parser| part(parser, member)))),
            }
        }
        members.into()
    }

    fn at<T>(&mut self, step: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.place.len();
        self.place.push_str(step);
        let result = run(self);
        self.place.truncate(length);
        result
    }

    fn error(&mut self, message: &str) {
        self.errors.push(TemplateError {
            code: Code::SchemaValidationFailed,
            message: message.to_owned(),
            location: self.place.clone(),
            detail: None,
            offset: None,
        });
    }
}

impl Node {
    /// Whether nothing in it is evaluated. Constant parts have become literals before.
    fn is_constant(&self) -> bool {
        let literal = |node: &Self| matches!(node, Self::Literal(_));
        match self {
            Self::Literal(_) => true,
            Self::Array(items) => items.iter().all(literal),
            Self::Object(members) => members.iter().all(|(_, node)| literal(node)),
            Self::Path(_) | Self::Call(_) | Self::Expression(_) => false,
        }
    }
}

/// What a text is, or what is wrong with it.
fn path_or_call(text: &str) -> Result<Node, String> {
    if text.trim_start().starts_with('$') {
        return Path::parse(text).map(Node::Path).map_err(|error| error.message);
    }
    Call::parse(text).map(|call| Node::Call(Box::new(call))).map_err(|error| error.message)
}

fn not_a_path(field: &str, location: String, detail: String) -> TemplateError {
    TemplateError {
        code: Code::SchemaValidationFailed,
        message: format!(
            "The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
        ),
        location,
        detail: Some(detail),
        offset: None,
    }
}

#[cfg(test)]
mod tests;
