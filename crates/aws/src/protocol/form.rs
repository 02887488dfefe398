//! Parameters as a form, in the names of the query protocol and of EC2.

use models::{List, Map, Member, TimestampFormat};

use super::header::percent_encode;
use super::parameters::{Field, Parameter};
use super::result::capitalized;

/// Whose names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Lists are `Name.member.1`; an empty list is sent.
    Query,
    /// Lists are `Name.1`; names begin with a capital letter.
    Ec2,
}

/// A form in the making.
struct Form {
    dialect: Dialect,
    out: String,
    /// The name of the value that is written next.
    name: String,
}

/// The body of the request.
pub(super) fn write(dialect: Dialect, action: &str, version: &str, fields: &[Field<'_>]) -> String {
    let mut form = Form { dialect, out: String::new(), name: String::new() };
    form.pair("Action", action);
    form.pair("Version", version);
    form.members(fields);
    form.out
}

impl Form {
    fn members(&mut self, fields: &[Field<'_>]) {
        for (member, value) in fields {
            let outer = self.name.len();
            if outer > 0 {
                self.name.push('.');
            }
            self.name.push_str(&self.member_name(member));
            self.value(value, member.flattened);
            self.name.truncate(outer);
        }
    }

    fn member_name(&self, member: &Member) -> String {
        match self.dialect {
            Dialect::Query => member.wire_name().to_owned(),
            Dialect::Ec2 => member.query_name.clone().unwrap_or_else(|| capitalized(member.wire_name()).into_owned()),
        }
    }

    /// As deep as parameters may be.
    fn value(&mut self, value: &Parameter<'_>, flattened: bool) {
        match value {
            Parameter::Structure(fields) => self.members(fields),
            Parameter::List(list, items) => self.list(list, items, flattened || list.flattened),
            Parameter::Map(map, entries) => self.map(map, entries, flattened || map.flattened),
            scalar => {
                let text = scalar.text(TimestampFormat::Iso8601).unwrap_or_default();
                let name = std::mem::take(&mut self.name);
                self.pair(&name, &text);
                self.name = name;
            }
        }
    }

    fn list(&mut self, list: &List, items: &[Parameter<'_>], flattened: bool) {
        if items.is_empty() && self.dialect == Dialect::Query {
            let name = self.name.clone();
            return self.pair(&name, "");
        }
        let outer = self.name.clone();
        match (self.dialect, flattened, &list.member_name) {
            (Dialect::Ec2, ..) | (Dialect::Query, true, None) => {}
            // A flattened list goes by the name of its items.
            (Dialect::Query, true, Some(item)) => {
                self.name.truncate(outer.rfind('.').map_or(0, |dot| dot + 1));
                self.name.push_str(item);
            }
            (Dialect::Query, false, item) => {
                self.name.push('.');
                self.name.push_str(item.as_deref().unwrap_or("member"));
            }
        }
        let base = self.name.len();
        for (index, item) in items.iter().enumerate() {
            self.name.push_str(&format!(".{}", index + 1));
            self.value(item, false);
            self.name.truncate(base);
        }
        self.name = outer;
    }

    fn map(&mut self, map: &Map, entries: &[(&str, Parameter<'_>)], flattened: bool) {
        let outer = self.name.len();
        if !flattened {
            self.name.push_str(".entry");
        }
        let base = self.name.len();
        for (index, (key, value)) in entries.iter().enumerate() {
            self.name.push_str(&format!(".{}.", index + 1));
            let entry = self.name.len();
            let key_name = format!("{}{}", self.name, map.key_name.as_deref().unwrap_or("key"));
            self.pair(&key_name, key);
            self.name.push_str(map.value_name.as_deref().unwrap_or("value"));
            self.value(value, false);
            self.name.truncate(entry);
            self.name.truncate(base);
        }
        self.name.truncate(outer);
    }

    fn pair(&mut self, name: &str, value: &str) {
        if !self.out.is_empty() {
            self.out.push('&');
        }
        percent_encode(&mut self.out, name, "");
        self.out.push('=');
        percent_encode(&mut self.out, value, "");
    }
}
