//! Reads the fields of one object of a definition.
//!
//! A reader that finds a mistake logs it and the caller reads on, so that one pass finds everything. It gives what can
//! be run all the same; where that is nothing, it says so to the log ([`Log::unreadable`]).

use super::log::Log;
use super::place::SourcePlace;
use super::rules;
use super::rules::range::Bounds;
use super::rules::states_members::StatesMember;
use crate::path::{Path, ReferencePath};
use crate::program::{DataPath, Figure, QueryLanguage, ResultPath};
use crate::template::{Template, expression_text};
use crate::value::{Object, Text, Value};

/// An object of a definition, where it stands, and the language of its expressions.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    /// The object.
    pub(crate) object: &'a Object,
    /// Where it stands.
    pub(crate) place: &'a SourcePlace<'a>,
    /// Where mistakes go.
    pub(crate) log: &'a Log,
    /// The language of its fields.
    pub(crate) language: QueryLanguage,
    /// What its `Output` and `Assign` come after.
    pub(crate) outcome: StatesMember,
}

impl<'a> Fields<'a> {
    /// The fields of a value that must be an object.
    pub(crate) fn of(
        value: &'a Value,
        place: &'a SourcePlace<'a>,
        log: &'a Log,
        language: QueryLanguage,
    ) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self::of_object(object, place, log, language)),
            _ => rules::value_type::expected("Object", place, log),
        }
    }

    /// The fields of an object.
    pub(crate) fn of_object(
        object: &'a Object,
        place: &'a SourcePlace<'a>,
        log: &'a Log,
        language: QueryLanguage,
    ) -> Self {
        Self { object, place, log, language, outcome: StatesMember::None }
    }

    /// The same fields read in another language.
    pub(crate) fn with_language(self, language: QueryLanguage) -> Self {
        Self { language, ..self }
    }

    /// The same fields, whose `Output` and `Assign` come after that.
    pub(crate) fn after(self, outcome: StatesMember) -> Self {
        Self { outcome, ..self }
    }

    /// Whether expressions are JSONata.
    pub(crate) fn is_jsonata(&self) -> bool {
        self.language == QueryLanguage::Jsonata
    }

    /// The field's place.
    pub(crate) fn place_of(&self, name: &'a str) -> SourcePlace<'a> {
        self.place.member(name)
    }

    /// The field as it stands.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    /// Whether the field is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.object.contains(name)
    }

    /// A field that belongs to one language; where it is used in the other, that was said already.
    fn get_in(&self, language: QueryLanguage, name: &str) -> Option<&'a Value> {
        (self.language == language).then(|| self.get(name)).flatten()
    }

    /// A string.
    pub(crate) fn text(&self, name: &'a str) -> Option<&'a Text> {
        match self.get(name)? {
            Value::String(text) => Some(text),
            _ => rules::value_type::expected("String", &self.place_of(name), self.log),
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &'a str) -> Option<bool> {
        match self.get(name)? {
            Value::Bool(flag) => Some(*flag),
            _ => rules::value_type::expected("Boolean", &self.place_of(name), self.log),
        }
    }

    /// An array.
    pub(crate) fn list(&self, name: &'a str) -> Option<&'a [Value]> {
        match self.get(name)? {
            Value::Array(items) => Some(items),
            _ => rules::value_type::expected("Array", &self.place_of(name), self.log),
        }
    }

    /// An array that should have one item at least.
    pub(crate) fn filled_list(&self, name: &'a str) -> Option<&'a [Value]> {
        let items = self.list(name)?;
        rules::not_empty::check(items, &self.place_of(name), self.log);
        Some(items)
    }

    /// One word out of a few; nothing where it is another, which is refused.
    pub(crate) fn choice<T: Copy>(&self, name: &'a str, values: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let chosen = values.iter().find(|(word, _)| **word == **text);
        if chosen.is_none() {
            let words = values.iter().map(|(word, _)| *word);
            rules::allowed_values::refuse(name, text, words, &self.place_of(name), self.log);
        }
        chosen.map(|(_, value)| *value)
    }

    /// A whole number. One above its bound is as it is written.
    pub(crate) fn integer(&self, name: &'a str, bounds: Bounds) -> Option<u64> {
        let number = self.number(name, bounds)?;
        if number < 0.0 {
            self.log.unreadable();
        }
        // Saturates; whole, as the bounds are.
        Some(number as u64)
    }

    /// A number.
    pub(crate) fn number(&self, name: &'a str, bounds: Bounds) -> Option<f64> {
        rules::range::check(self.get(name)?, bounds, &self.place_of(name), self.log)
    }

    /// A number that may be written, selected by the field `path_name`, or computed.
    pub(crate) fn figure(
        &self,
        name: &'a str,
        path_name: &'a str,
        bounds: Bounds,
        path: impl Fn(&Self, &'a str) -> Option<Path>,
    ) -> Option<Figure> {
        if !self.is_jsonata() && self.has(path_name) {
            self.at_most_one_of(&[name, path_name]);
            return path(self, path_name).map(Figure::Path);
        }
        if let Some(template) = self.expression(name) {
            return template.map(Figure::Expression);
        }
        self.number(name, bounds).map(Figure::Fixed)
    }

    /// Refuses more than one of these fields.
    pub(crate) fn at_most_one_of(&self, names: &[&str]) {
        rules::one_of::at_most(names, self.object, self.place, self.log);
    }

    /// Refuses none and more than one of these fields.
    pub(crate) fn exactly_one_of(&self, names: &[&str]) {
        rules::one_of::exactly(names, self.object, self.place, self.log);
    }

    /// Any path.
    pub(crate) fn path(&self, name: &'a str) -> Option<Path> {
        self.get_in(QueryLanguage::JsonPath, name)?;
        rules::path::any(self.text(name)?, &self.place_of(name), self.log)
    }

    /// A path to one place.
    pub(crate) fn single_path(&self, name: &'a str) -> Option<Path> {
        self.get_in(QueryLanguage::JsonPath, name)?;
        rules::path::single(self.text(name)?, &self.place_of(name), self.log)
    }

    /// A path to one place outside the context object.
    pub(crate) fn payload_path(&self, name: &'a str) -> Option<Path> {
        self.get_in(QueryLanguage::JsonPath, name)?;
        rules::path::payload(self.text(name)?, &self.place_of(name), self.log)
    }

    /// `InputPath` or `OutputPath`.
    pub(crate) fn data_path(&self, name: &'a str) -> DataPath {
        match self.get_in(QueryLanguage::JsonPath, name) {
            None => DataPath::Whole,
            Some(Value::Null) => DataPath::Nothing,
            Some(value) if value.as_str() == Some("$") => DataPath::Whole,
            Some(_) => self.path(name).map(DataPath::Select).unwrap_or_default(),
        }
    }

    /// `ResultPath`
    pub(crate) fn result_path(&self) -> ResultPath {
        const NAME: &str = "ResultPath";
        match self.get_in(QueryLanguage::JsonPath, NAME) {
            None => ResultPath::Replace,
            Some(Value::Null) => ResultPath::Discard,
            Some(value) if value.as_str() == Some("$") => ResultPath::Replace,
            Some(_) => self.reference_path(NAME).map(|path| ResultPath::Put(Box::new(path))).unwrap_or_default(),
        }
    }

    fn reference_path(&self, name: &'a str) -> Option<ReferencePath> {
        rules::path::reference(self.text(name)?, &self.place_of(name), self.log)
    }

    /// A template in either language.
    pub(crate) fn template(&self, name: &'a str) -> Option<Template> {
        let place = self.place_of(name);
        let template = rules::template::read(self.get(name)?, &place, self.log, self.language)?;
        rules::states_members::check(&template, self.outcome.seen_by(name), &place, self.log);
        Some(template)
    }

    /// A template that belongs to one language.
    pub(crate) fn template_in(&self, language: QueryLanguage, name: &'a str) -> Option<Template> {
        self.get_in(language, name)?;
        self.template(name)
    }

    /// A template that must be an object in JSONPath.
    pub(crate) fn object_template(&self, name: &'a str) -> Option<Template> {
        if !self.is_jsonata() {
            self.object(name)?;
        }
        self.template(name)
    }

    /// `Assign`
    pub(crate) fn assign(&self) -> Option<Template> {
        const NAME: &str = "Assign";
        let object = self.object(NAME)?;
        rules::variable_name::check(object, self.language, &self.place_of(NAME), self.log);
        self.template(NAME)
    }

    /// An object.
    pub(crate) fn object(&self, name: &'a str) -> Option<&'a Object> {
        match self.get(name)? {
            Value::Object(object) => Some(object),
            _ => rules::value_type::expected("Object", &self.place_of(name), self.log),
        }
    }

    /// The parsed expression, where the field is one: a string in `{% %}` in a JSONata object. The inner option
    /// is empty where it does not parse.
    pub(crate) fn expression(&self, name: &'a str) -> Option<Option<Template>> {
        let text = self.get_in(QueryLanguage::Jsonata, name)?.as_str()?;
        expression_text(text).is_some().then(|| self.template(name))
    }
}
