//! Values as JSON text, as `$string` writes them.

use super::datum::{Datum, Items, TEXT_MAX};
use super::failure::{Evaluated, Failure};
use crate::budget::Budget;
use crate::json::write_string;
use crate::number::javascript;

/// Bytes of a value that a message quotes.
const QUOTED_MAX: usize = 32_768;

/// How a text is written.
struct Writer<'b> {
    out: String,
    /// `None`: a quotation, which ends somewhere.
    budget: Option<&'b Budget>,
    /// Bytes that are charged.
    charged: usize,
    pretty: bool,
    depth: usize,
}

/// The JSON text of a value: functions are empty strings, numbers have 15 digits.
pub(super) fn write(datum: &Datum, pretty: bool, budget: &Budget) -> Evaluated<String> {
    let mut writer = Writer { out: String::new(), budget: Some(budget), charged: 0, pretty, depth: 0 };
    writer.value(datum)?;
    writer.charge()?;
    Ok(writer.out)
}

/// The JSON text of a value, as much of it as a message can say.
pub(super) fn beginning(datum: &Datum) -> String {
    let mut writer = Writer { out: String::new(), budget: None, charged: 0, pretty: false, depth: 0 };
    // A refusal is the end of the quotation.
    let _ended = writer.value(datum);
    writer.out
}

/// A number with the 15 digits that `$string` and `&` give it.
pub(super) fn number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return javascript(number);
    }
    format!("{number:.14e}").parse().map_or_else(|_| javascript(number), javascript)
}

impl Writer<'_> {
    fn charge(&mut self) -> Evaluated<()> {
        let made = self.out.len() - self.charged;
        match self.budget {
            Some(budget) => {
                budget.charge_step()?;
                budget.charge_bytes(made as u64)?;
                if self.out.len() > TEXT_MAX {
                    return Err(Failure::Size);
                }
            }
            None if self.out.len() > QUOTED_MAX => return Err(Failure::Size),
            None => {}
        }
        self.charged = self.out.len();
        Ok(())
    }

    fn value(&mut self, datum: &Datum) -> Evaluated<()> {
        self.charge()?;
        match datum {
            Datum::Undefined | Datum::Null => self.out.push_str("null"),
            Datum::Bool(true) => self.out.push_str("true"),
            Datum::Bool(false) => self.out.push_str("false"),
            Datum::Number(value) => self.number(*value)?,
            Datum::Text(text) => {
                if let Some(budget) = self.budget {
                    budget.charge_bytes(text.len() as u64)?;
                }
                write_string(text, &mut self.out);
            }
            Datum::Function(_) => self.out.push_str("\"\""),
            Datum::PayloadArray(_) | Datum::Array(_) | Datum::Tuples(_) => self.array(datum.items_or_single())?,
            Datum::PayloadObject(_) | Datum::Object(_) => self.object(datum)?,
        }
        Ok(())
    }

    fn number(&mut self, value: f64) -> Evaluated<()> {
        match self.budget {
            Some(_) if value.is_infinite() => return Err(Failure::out_of_range(value)),
            _ if !value.is_finite() => self.out.push_str("null"),
            Some(_) => self.out.push_str(&number(value)),
            None => self.out.push_str(&javascript(value)),
        }
        Ok(())
    }

    fn array(&mut self, items: Items<'_>) -> Evaluated<()> {
        self.out.push('[');
        self.depth += 1;
        for (place, item) in items.iter().enumerate() {
            self.separate(place);
            self.value(&item)?;
        }
        self.depth -= 1;
        self.close(items.len(), ']');
        Ok(())
    }

    fn object(&mut self, object: &Datum) -> Evaluated<()> {
        self.out.push('{');
        self.depth += 1;
        for (place, (name, member)) in object.members().enumerate() {
            self.separate(place);
            write_string(&name, &mut self.out);
            self.out.push_str(if self.pretty { ": " } else { ":" });
            self.value(&member)?;
        }
        self.depth -= 1;
        self.close(object.member_count().unwrap_or_default(), '}');
        Ok(())
    }

    fn separate(&mut self, place: usize) {
        if place > 0 {
            self.out.push(',');
        }
        self.line();
    }

    fn close(&mut self, count: usize, bracket: char) {
        if count > 0 {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', 2 * self.depth));
        }
    }
}
