//! Functions about numbers.

use super::super::datum::{Datum, Items};
use super::super::failure::{Evaluated, Failure, quoted};
use super::super::function::Host;
use super::super::picture::{decimal, integer};
use super::super::round::rounded;
use super::array::items;
use super::text::{number as number_at, text};
use crate::number::javascript;

fn mapped(args: &[Datum], map: impl FnOnce(f64) -> f64) -> Evaluated {
    Ok(number_at(args, 0).map_or(Datum::Undefined, |number| Datum::Number(map(number))))
}

pub(super) fn abs(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    mapped(args, f64::abs)
}

pub(super) fn floor(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    mapped(args, f64::floor)
}

pub(super) fn ceil(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    mapped(args, f64::ceil)
}

pub(super) fn round(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let precision = number_at(args, 1).unwrap_or_default();
    mapped(args, |number| rounded(number, precision as i32))
}

pub(super) fn sqrt(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    match number_at(args, 0) {
        Some(number) if number < 0.0 => {
            let number = quoted(&Datum::Number(number));
            let said = format!("The sqrt function cannot be applied to a negative number: {number}");
            Err(Failure::coded("D3060", said))
        }
        _ => mapped(args, f64::sqrt),
    }
}

pub(super) fn power(_: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(base), Some(exponent)) = (number_at(args, 0), number_at(args, 1)) else { return Ok(Datum::Undefined) };
    let result = base.powf(exponent);
    if result.is_finite() {
        return Ok(Datum::Number(result));
    }
    let (base, exponent) = (quoted(&Datum::Number(base)), quoted(&Datum::Number(exponent)));
    let said = "The power function has resulted in a value that cannot be represented as a JSON number";
    Err(Failure::coded("D3061", format!("{said}: base={base}, exponent={exponent}")))
}

/// Combines the numbers of an array, where there are any.
fn combined(host: &dyn Host, args: &[Datum], combine: impl FnOnce(&mut dyn Iterator<Item = f64>) -> f64) -> Evaluated {
    let Some(items) = items(args) else { return Ok(Datum::Undefined) };
    host.budget().charge_steps(items.len() as u64)?;
    Ok(Datum::Number(combine(&mut items.iter().filter_map(|item| item.as_number()))))
}

pub(super) fn sum(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    combined(host, args, |numbers| numbers.fold(0.0, |sum, number| sum + number))
}

pub(super) fn average(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let count = items(args).map_or(0, Items::len);
    if count == 0 {
        return Ok(Datum::Undefined);
    }
    combined(host, args, |numbers| numbers.fold(0.0, |sum, number| sum + number) / count as f64)
}

pub(super) fn max(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    if items(args).is_none_or(|items| items.len() == 0) {
        return Ok(Datum::Undefined);
    }
    combined(host, args, |numbers| numbers.fold(f64::NEG_INFINITY, f64::max))
}

pub(super) fn min(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    if items(args).is_none_or(|items| items.len() == 0) {
        return Ok(Datum::Undefined);
    }
    combined(host, args, |numbers| numbers.fold(f64::INFINITY, f64::min))
}

pub(super) fn number(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    match args.first() {
        Some(Datum::Number(number)) => Ok(Datum::Number(*number)),
        Some(Datum::Bool(value)) => Ok(Datum::Number(f64::from(u8::from(*value)))),
        Some(Datum::Text(text)) => {
            host.budget().charge_reading(text.len() * 8)?;
            match parsed(text) {
                Some(number) => Ok(Datum::Number(number)),
                None => {
                    let text = quoted(&Datum::Text(text.clone()));
                    Err(Failure::coded("D3030", format!("Unable to cast value to a number: {text}")))
                }
            }
        }
        _ => Ok(Datum::Undefined),
    }
}

/// A number as JSON has it, but that zeros may lead; or one in hexadecimal, octal or binary digits.
fn parsed(text: &str) -> Option<f64> {
    for (letter, radix) in [('x', 16), ('o', 8), ('b', 2)] {
        let digits = text.strip_prefix('0').and_then(|rest| rest.strip_prefix([letter, letter.to_ascii_uppercase()]));
        if let Some(digits) = digits {
            let digits: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(radix)).collect();
            let digits = digits.filter(|digits| !digits.is_empty())?;
            return Some(digits.iter().fold(0.0, |number, digit| number * f64::from(radix) + f64::from(*digit)));
        }
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['-', '+']).unwrap_or(exponent)),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if ![whole, fraction, exponent].into_iter().all(are_digits) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

pub(super) fn format_base(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let Some(number) = number_at(args, 0) else { return Ok(Datum::Undefined) };
    let radix = number_at(args, 1).map_or(10.0, |radix| rounded(radix, 0));
    if !(2.0..=36.0).contains(&radix) {
        let radix = quoted(&Datum::Number(radix));
        let said = "The radix of the formatBase function must be between 2 and 36.  It was given";
        return Err(Failure::coded("D3100", format!("{said} {radix}")));
    }
    host.charge_text(1_100)?;
    let number = rounded(number, 0);
    if radix == 10.0 || !number.is_finite() {
        return Ok(Datum::text(javascript(number)));
    }
    let mut digits = Vec::new();
    let mut rest = number.abs();
    while rest >= 1.0 {
        digits.extend(char::from_digit((rest % radix) as u32, radix as u32));
        rest = (rest / radix).floor();
    }
    if digits.is_empty() {
        digits.push('0');
    }
    if number < 0.0 {
        digits.push('-');
    }
    Ok(Datum::text(digits.into_iter().rev().collect::<String>()))
}

pub(super) fn format_number(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(number), Some(picture)) = (number_at(args, 0), text(args, 1)) else { return Ok(Datum::Undefined) };
    let option = |name: &str| args.get(2).and_then(|options| options.member(name)).and_then(|o| o.as_text().cloned());
    decimal::format(number, picture, &option, host).map(Datum::text)
}

pub(super) fn format_integer(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(number), Some(picture)) = (number_at(args, 0), text(args, 1)) else { return Ok(Datum::Undefined) };
    if !number.is_finite() {
        return Err(Failure::coded("D1001", "Number out of range"));
    }
    let picture = integer::Picture::parse(picture, host)?;
    picture.format(number.floor(), host).map(Datum::text)
}

pub(super) fn parse_integer(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    let (Some(text), Some(picture)) = (text(args, 0), text(args, 1)) else { return Ok(Datum::Undefined) };
    let picture = integer::Picture::parse(picture, host)?;
    host.charge_text(text.len() * 8)?;
    picture.read(text).map(Datum::Number)
}
