//! Rounds as `$round` does.

use crate::number::javascript;

/// To the nearest number with so many digits behind the point; of two that are as near, to the even one.
pub(super) fn rounded(number: f64, precision: i32) -> f64 {
    let moved = shifted(number, precision);
    if !moved.is_finite() {
        return number;
    }
    let mut result = (moved + 0.5).floor();
    if (result - moved).abs() == 0.5 && (result % 2.0).abs() == 1.0 {
        result -= 1.0;
    }
    // Minus nothing is nothing.
    shifted(result, -precision) + 0.0
}

/// Moves the point in the text of a number: a product would not be exact.
fn shifted(number: f64, by: i32) -> f64 {
    if by == 0 || !number.is_finite() {
        return number;
    }
    let text = javascript(number);
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent = exponent.parse::<i32>().unwrap_or_default().saturating_add(by);
    format!("{digits}e{exponent}").parse().unwrap_or(number)
}
