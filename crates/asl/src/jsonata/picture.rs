//! Pictures: how numbers and dates are written (XPath and XQuery Functions and Operators, 4.6, 4.7 and 9.8).

pub(super) mod calendar;
pub(super) mod date;
pub(super) mod date_read;
pub(super) mod decimal;
pub(super) mod integer;
mod words;
