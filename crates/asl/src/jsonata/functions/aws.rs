//! The functions that AWS adds, and the one it takes away.

use super::super::datum::{Datum, SEQUENCE_MAX};
use super::super::failure::{Evaluated, Failure};
use super::super::function::Host;
use crate::intrinsic::java_random::JavaRandom;
use crate::intrinsic::text;
use crate::value::Value;

/// At most that many arguments.
fn at_most(args: &[Datum], count: usize, function: &str) -> Evaluated<()> {
    if args.len() > count { Err(Failure::argument_mismatch(count + 1, function)) } else { Ok(()) }
}

fn argument<'a>(args: &'a [Datum], place: usize, function: &str) -> Evaluated<&'a Datum> {
    args.get(place).ok_or_else(|| Failure::argument_mismatch(place + 1, function))
}

fn number(args: &[Datum], place: usize, function: &str) -> Evaluated<f64> {
    argument(args, place, function)?.as_number().ok_or_else(|| Failure::argument_mismatch(place + 1, function))
}

/// AWS has no `$eval`.
pub(super) fn eval(_: &mut dyn Host, _: &[Datum]) -> Evaluated {
    Err(Failure::not_a_function(None))
}

/// `$parse(text)`: the JSON value in a text.
pub(super) fn parse(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    at_most(args, 1, "parse")?;
    match argument(args, 0, "parse")? {
        Datum::Undefined => Ok(Datum::Undefined),
        Datum::Text(text) => {
            // A value takes some sixteen times its text: an array of arrays without items.
            host.budget().charge_bytes(text.len() as u64 * 16)?;
            crate::json::parse(text.as_bytes()).map(|value| Datum::from(&value)).map_err(|_| Failure::Internal)
        }
        _ => Err(Failure::argument_mismatch(1, "parse")),
    }
}

/// `$partition(items, size)`: the items in arrays of that size, the last one shorter.
pub(super) fn partition(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    at_most(args, 2, "partition")?;
    let value = argument(args, 0, "partition")?;
    if value.is_undefined() {
        return Ok(Datum::Undefined);
    }
    let size = number(args, 1, "partition")?.floor();
    if size.is_nan() || size < 1.0 {
        return Err(Failure::argument_mismatch(2, "partition"));
    }
    let items = value.items_or_single();
    host.charge_items(items.len() * 4)?;
    let items: Vec<Datum> = items.iter().collect();
    let parts = items.chunks(size as usize).map(|chunk| Datum::array(chunk.to_vec()));
    Datum::array(parts.collect::<Evaluated<_>>()?)
}

/// `$range(start, end, step)`: the numbers from the start, the end among them where a step lands on it.
pub(super) fn range(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    at_most(args, 3, "range")?;
    if args.iter().any(Datum::is_undefined) {
        return Ok(Datum::Undefined);
    }
    let (start, end, step) = (number(args, 0, "range")?, number(args, 1, "range")?, number(args, 2, "range")?);
    let steps = ((end - start) / step).floor();
    if !steps.is_finite() {
        return Err(Failure::argument_mismatch(3, "range"));
    }
    if steps >= SEQUENCE_MAX as f64 {
        return Err(Failure::Size);
    }
    let count = if steps < 0.0 { 0 } else { steps as usize + 1 };
    host.charge_items(count)?;
    Datum::sequence((0..count).map(|place| Datum::Number(start + place as f64 * step)).collect())
}

/// `$hash(data, algorithm)`: the digest in lower-case hexadecimal.
pub(super) fn hash(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    at_most(args, 2, "hash")?;
    let data = argument(args, 0, "hash")?;
    if data.is_undefined() {
        return Ok(Datum::Undefined);
    }
    let data = data.as_text().ok_or_else(|| Failure::argument_mismatch(1, "hash"))?;
    let algorithm = argument(args, 1, "hash")?.as_text().ok_or_else(|| Failure::argument_mismatch(2, "hash"))?;
    host.budget().charge_reading(data.len() * 8)?;
    match text::hash(&Value::String(data.clone()), algorithm) {
        Ok(Value::String(digest)) => Ok(Datum::Text(digest)),
        _ => Err(Failure::Internal),
    }
}

/// `$random()`, or `$random(seed)`, which is the first `nextDouble()` of `java.util.Random` on AWS.
pub(super) fn random(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    at_most(args, 1, "random")?;
    if args.is_empty() || args[0].is_undefined() {
        return Ok(Datum::Number(host.scope().chance.next_f64()));
    }
    let seed = number(args, 0, "random")?;
    Ok(Datum::Number(JavaRandom::new(seed as i64).next_f64()))
}

pub(super) fn uuid(host: &mut dyn Host, args: &[Datum]) -> Evaluated {
    at_most(args, 0, "uuid")?;
    Ok(Datum::Text(host.scope().chance.uuid()))
}
