//! The functions that AWS adds to JSONata, those whose answer comes from outside (time and chance), and the
//! guards.

use std::ops::Range;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::functions::string::string as text_of;
use jsonata_core::value::JValue;

use super::convert::from_value;
use super::guard::{CLAMP, CONCATENATE, DATED_PICTURE, DATED_TEXT, IS_BUILTIN, WEIGH, clamp};
use super::meter::{Meter, SEQUENCE_MAX, exceeded};
use super::picture;
use super::tree::each_part;
use crate::intrinsic::java_random::JavaRandom;
use crate::intrinsic::text::{base64_bytes, hash};
use crate::scope::{Chance, Scope};
use crate::timestamp;
use crate::value::Value;

type Evaluated = Result<JValue, EvaluatorError>;
type Body = fn(&Shared, &[JValue]) -> Evaluated;

/// What the functions of one evaluation share.
struct Shared {
    meter: Meter,
    chance: Chance,
    now: i64,
}

/// Our functions by name.
const OURS: [(&str, Body); 26] = [
    ("parse", parse),
    ("partition", partition),
    ("range", range),
    ("hash", hash_of),
    ("random", random),
    ("uuid", uuid),
    ("eval", eval),
    ("now", now),
    ("millis", millis),
    ("shuffle", shuffle),
    (WEIGH, weigh),
    (CONCATENATE, concatenate),
    (IS_BUILTIN, is_builtin),
    (CLAMP, clamped),
    (DATED_TEXT, dated_text),
    (DATED_PICTURE, dated_picture),
    ("check pad", check_pad),
    ("check replace", check_replace),
    ("check join", check_join),
    ("check string", check_string),
    ("check fromMillis", |shared, args| checked(picture::from_millis(&shared.meter, args))),
    ("check toMillis", |shared, args| checked(picture::to_millis(&shared.meter, args))),
    ("check formatInteger", |shared, args| checked(picture::format_integer(&shared.meter, args))),
    ("check parseInteger", |shared, args| checked(picture::parse_integer(&shared.meter, args))),
    ("check distinct", check_distinct),
    ("check base64decode", check_base64decode),
];

/// The language's own functions and how many parameters each has, AWS's among them.
const LANGUAGE: [(&str, usize); 68] = [
    ("abs", 1),
    ("append", 2),
    ("assert", 2),
    ("average", 1),
    ("base64decode", 1),
    ("base64encode", 1),
    ("boolean", 1),
    ("ceil", 1),
    ("contains", 2),
    ("count", 1),
    ("decodeUrl", 1),
    ("decodeUrlComponent", 1),
    ("distinct", 1),
    ("each", 2),
    ("encodeUrl", 1),
    ("encodeUrlComponent", 1),
    ("error", 1),
    ("exists", 1),
    ("filter", 2),
    ("floor", 1),
    ("formatBase", 2),
    ("formatInteger", 2),
    ("formatNumber", 3),
    ("fromMillis", 3),
    ("hash", 2),
    ("join", 2),
    ("keys", 1),
    ("length", 1),
    ("lookup", 2),
    ("lowercase", 1),
    ("map", 2),
    ("match", 3),
    ("max", 1),
    ("merge", 1),
    ("millis", 0),
    ("min", 1),
    ("not", 1),
    ("now", 2),
    ("number", 1),
    ("pad", 3),
    ("parse", 1),
    ("parseInteger", 2),
    ("partition", 2),
    ("power", 2),
    ("random", 1),
    ("range", 3),
    ("reduce", 3),
    ("replace", 4),
    ("reverse", 1),
    ("round", 2),
    ("shuffle", 1),
    ("sift", 2),
    ("single", 2),
    ("sort", 2),
    ("split", 3),
    ("spread", 1),
    ("sqrt", 1),
    ("string", 1),
    ("substring", 3),
    ("substringAfter", 2),
    ("substringBefore", 2),
    ("sum", 1),
    ("toMillis", 2),
    ("trim", 1),
    ("type", 1),
    ("uppercase", 1),
    ("uuid", 0),
    ("zip", 0),
];

/// Whether the language has a function of that name.
pub(super) fn is_function(name: &str) -> bool {
    parameters(name).is_some()
}

/// How many parameters the language's function of that name has.
pub(super) fn parameters(name: &str) -> Option<usize> {
    LANGUAGE.iter().find(|(known, _)| *known == name).map(|(_, parameters)| *parameters)
}

/// How many parameters a function of that name has, where it is one of ours that expressions may call.
pub(super) fn own_parameters(name: &str) -> Option<usize> {
    OURS.iter().find(|(ours, _)| *ours == name).and_then(|_| match name {
        "uuid" | "now" => Some(0),
        name => parameters(name),
    })
}

/// Which of our functions an expression mentions: a bit for each in [`OURS`], and one for notes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Functions(u32);

impl Functions {
    /// Those that this tree mentions.
    pub(super) fn of(tree: &AstNode) -> Self {
        let mut mentioned = Self(0);
        mentioned.add(tree);
        mentioned
    }

    fn add(&mut self, node: &AstNode) {
        if let AstNode::Function { name, .. } | AstNode::Variable(name) = node
            && let Some(place) = OURS.iter().position(|(ours, _)| ours == name)
        {
            self.0 |= 1 << place;
        }
        each_part(node, &mut |part| self.add(part));
    }

    /// Registers them, with time and chance of that scope.
    pub(super) fn register(self, evaluator: &mut Evaluator, scope: &Scope<'_>) -> Result<(), EvaluatorError> {
        if self.0 == 0 {
            return Ok(());
        }
        // Drawn where a function may draw: what an expression mentions decides, not the way it takes.
        let seed = || u128::from(scope.chance.next_u64()) << 64 | u128::from(scope.chance.next_u64());
        let seed = if self.draws() { seed() } else { 0 };
        let shared = Rc::new(Shared { meter: Meter::new(), chance: Chance::new(seed), now: scope.now });
        let mentioned = OURS.iter().enumerate().filter(|(place, _)| self.0 & (1 << place) != 0);
        for (_, (name, body)) in mentioned {
            let shared = Rc::clone(&shared);
            evaluator.register_fn_override(*name, move |args: &[JValue]| body(&shared, args))?;
        }
        Ok(())
    }

    fn draws(self) -> bool {
        let drawing = |name: &str| matches!(name, "random" | "uuid" | "shuffle");
        OURS.iter().enumerate().any(|(place, (name, _))| self.0 & (1 << place) != 0 && drawing(name))
    }
}

/// The evaluator's error with that text, which begins with a code where it has one.
pub(super) fn error(text: String) -> EvaluatorError {
    EvaluatorError::EvaluationError(text)
}

/// An argument that is not of the type the function takes.
fn mismatch(index: usize, function: &str) -> EvaluatorError {
    error(format!("T0410: Argument {index} of function \"{function}\" does not match function signature"))
}

/// At most that many arguments.
fn at_most(args: &[JValue], count: usize, function: &str) -> Result<(), EvaluatorError> {
    if args.len() > count { Err(mismatch(count + 1, function)) } else { Ok(()) }
}

fn argument<'a>(args: &'a [JValue], index: usize, function: &str) -> Result<&'a JValue, EvaluatorError> {
    args.get(index).ok_or_else(|| mismatch(index + 1, function))
}

fn number(args: &[JValue], index: usize, function: &str) -> Result<f64, EvaluatorError> {
    argument(args, index, function)?.as_f64().ok_or_else(|| mismatch(index + 1, function))
}

/// `$parse(text)`: the JSON value in a text.
fn parse(shared: &Shared, args: &[JValue]) -> Evaluated {
    at_most(args, 1, "parse")?;
    match argument(args, 0, "parse")? {
        JValue::Undefined => Ok(JValue::Undefined),
        JValue::String(text) => {
            let value = crate::json::parse(text.as_bytes()).map_err(|problem| error(problem.message))?;
            let value = from_value(&value);
            shared.meter.charge_value(&value)?;
            Ok(value)
        }
        _ => Err(mismatch(1, "parse")),
    }
}

/// `$partition(items, size)`: the items in arrays of that size, the last one shorter.
fn partition(shared: &Shared, args: &[JValue]) -> Evaluated {
    at_most(args, 2, "partition")?;
    let items = argument(args, 0, "partition")?;
    if items.is_undefined() {
        return Ok(JValue::Undefined);
    }
    let size = number(args, 1, "partition")?.floor();
    if size.is_nan() || size < 1.0 {
        return Err(mismatch(2, "partition"));
    }
    let items = items.as_array().map_or(std::slice::from_ref(items), Vec::as_slice);
    shared.meter.charge(items.len() as u64 * 48)?;
    Ok(JValue::array(items.chunks(size as usize).map(|chunk| JValue::array(chunk.to_vec())).collect()))
}

/// `$range(start, end, step)`: the numbers from the start, the end among them where a step lands on it.
fn range(shared: &Shared, args: &[JValue]) -> Evaluated {
    at_most(args, 3, "range")?;
    if args.iter().any(JValue::is_undefined) {
        return Ok(JValue::Undefined);
    }
    let (start, end, step) = (number(args, 0, "range")?, number(args, 1, "range")?, number(args, 2, "range")?);
    let steps = ((end - start) / step).floor();
    if !steps.is_finite() {
        return Err(mismatch(3, "range"));
    }
    if steps >= SEQUENCE_MAX as f64 {
        return Err(exceeded());
    }
    let count = if steps < 0.0 { 0 } else { steps as u64 + 1 };
    shared.meter.charge(count * 16)?;
    Ok(JValue::sequence((0..count).map(|place| JValue::Number(start + place as f64 * step)).collect()))
}

/// `$hash(data, algorithm)`: the digest in lower-case hexadecimal.
fn hash_of(_: &Shared, args: &[JValue]) -> Evaluated {
    at_most(args, 2, "hash")?;
    let data = argument(args, 0, "hash")?;
    if data.is_undefined() {
        return Ok(JValue::Undefined);
    }
    let data = data.as_str().ok_or_else(|| mismatch(1, "hash"))?;
    let algorithm = argument(args, 1, "hash")?.as_str().ok_or_else(|| mismatch(2, "hash"))?;
    match hash(&Value::string(data), algorithm).map_err(error)? {
        Value::String(digest) => Ok(JValue::string(&*digest)),
        _ => Err(mismatch(1, "hash")),
    }
}

/// `$random()`, or `$random(seed)`, which is the first `nextDouble()` of `java.util.Random` on AWS.
fn random(shared: &Shared, args: &[JValue]) -> Evaluated {
    at_most(args, 1, "random")?;
    if args.is_empty() || args[0].is_undefined() {
        return Ok(JValue::Number(shared.chance.next_f64()));
    }
    let seed = number(args, 0, "random")?;
    Ok(JValue::Number(JavaRandom::new(seed as i64).next_f64()))
}

fn uuid(shared: &Shared, args: &[JValue]) -> Evaluated {
    at_most(args, 0, "uuid")?;
    Ok(JValue::string(&*shared.chance.uuid()))
}

/// AWS has no `$eval`.
fn eval(_: &Shared, _: &[JValue]) -> Evaluated {
    Err(error("T1006: Attempted to invoke a non-function".to_owned()))
}

/// `$now()`; with a picture it is written as `$fromMillis($millis(), picture)`.
fn now(shared: &Shared, _: &[JValue]) -> Evaluated {
    Ok(JValue::string(timestamp::format(shared.now)))
}

fn millis(shared: &Shared, args: &[JValue]) -> Evaluated {
    at_most(args, 0, "millis")?;
    Ok(JValue::Number(shared.now as f64))
}

/// `$shuffle(items)`, with the chance that was given.
fn shuffle(shared: &Shared, args: &[JValue]) -> Evaluated {
    at_most(args, 1, "shuffle")?;
    let items = argument(args, 0, "shuffle")?;
    let mut items = match items {
        JValue::Undefined => return Ok(JValue::Undefined),
        JValue::Array(items) => items.to_vec(),
        single => vec![single.clone()],
    };
    shared.meter.charge(items.len() as u64 * 16)?;
    for last in (1..items.len()).rev() {
        let other = (shared.chance.next_f64() * (last + 1) as f64) as usize;
        items.swap(last, other.min(last));
    }
    Ok(JValue::array(items))
}

fn weigh(shared: &Shared, args: &[JValue]) -> Evaluated {
    let value = args.first().cloned().unwrap_or(JValue::Undefined);
    if matches!(value, JValue::Array(_) | JValue::Object(_)) {
        shared.meter.charge_value(&value)?;
    }
    Ok(value)
}

fn concatenate(shared: &Shared, args: &[JValue]) -> Evaluated {
    let mut joined = String::new();
    for operand in args {
        match operand {
            JValue::Undefined => {}
            JValue::String(text) => append(shared, &mut joined, text)?,
            other => {
                if matches!(other, JValue::Array(_) | JValue::Object(_)) {
                    shared.meter.charge_json(other, false)?;
                }
                if let JValue::String(text) = text_of(other, None)? {
                    append(shared, &mut joined, &text)?;
                }
            }
        }
    }
    Ok(JValue::string(joined))
}

fn append(shared: &Shared, joined: &mut String, text: &str) -> Result<(), EvaluatorError> {
    shared.meter.charge(text.len() as u64)?;
    shared.meter.check_text((joined.len() + text.len()) as u64)?;
    joined.push_str(text);
    Ok(())
}

fn is_builtin(_: &Shared, args: &[JValue]) -> Evaluated {
    Ok(JValue::Bool(args.first().is_some_and(JValue::is_builtin)))
}

fn clamped(_: &Shared, args: &[JValue]) -> Evaluated {
    Ok(match args.first() {
        Some(JValue::Number(number)) => JValue::Number(clamp(*number)),
        other => other.cloned().unwrap_or(JValue::Undefined),
    })
}

/// `$toMillis('13:45', '[H]:[m]')` is of today, which the evaluator would take from the clock: the date is put before
/// the text, as far as the picture says nothing of it.
fn dated_text(shared: &Shared, args: &[JValue]) -> Evaluated {
    let [JValue::String(text), JValue::String(picture)] = args else {
        return Ok(args.first().cloned().unwrap_or(JValue::Undefined));
    };
    let date = timestamp::format(shared.now);
    let parts = missing_date(picture).filter_map(|(part, _)| date.get(part));
    Ok(JValue::string(parts.map(|part| format!("{part} ")).collect::<String>() + text))
}

/// The picture of such a text.
fn dated_picture(_: &Shared, args: &[JValue]) -> Evaluated {
    let Some(JValue::String(picture)) = args.first() else {
        return Ok(args.first().cloned().unwrap_or(JValue::Undefined));
    };
    let parts = missing_date(picture).map(|(_, picture)| format!("{picture} "));
    Ok(JValue::string(parts.collect::<String>() + picture))
}

/// The parts of a date before the first one that a picture has: where each stands in `2023-11-14T…`, and its
/// picture.
fn missing_date(picture: &str) -> impl Iterator<Item = (Range<usize>, &'static str)> {
    let has = |letters: &str| {
        let mut parts = picture.split('[').skip(1).filter_map(|part| part.trim_start().chars().next());
        parts.any(|letter| letters.contains(letter))
    };
    let missing = match () {
        () if has("YXxWw") => 0,
        () if has("Md") => 1,
        () if has("DF") => 2,
        () if has("HhPmsf") => 3,
        () => 0,
    };
    [(0..4, "[Y0001]"), (5..7, "[M01]"), (8..10, "[D01]")].into_iter().take(missing)
}

/// What a check gives: nothing.
const DONE: Evaluated = Ok(JValue::Undefined);

fn checked(outcome: Result<(), EvaluatorError>) -> Evaluated {
    outcome.and(DONE)
}

/// `$pad(text?, width, characters?)`
fn check_pad(shared: &Shared, args: &[JValue]) -> Evaluated {
    let width = args.iter().skip(1).filter_map(JValue::as_f64).map(f64::abs).fold(0.0, f64::max);
    let last = args.iter().skip(2).filter_map(JValue::as_str).next_back().map_or(1, str::len);
    shared.meter.charge_text((width as u64).saturating_mul(last.max(1) as u64))?;
    DONE
}

/// `$replace(text?, pattern, replacement, limit?)`: a replacement may stand at every place, and may quote what
/// was matched.
fn check_replace(shared: &Shared, args: &[JValue]) -> Evaluated {
    /// Most replacements are few; only a product that is absurd is refused before it is made.
    const SLACK: u64 = 8;
    let texts = args.iter().filter_map(JValue::as_str).map(|text| text.len() as u64);
    let mut lengths: Vec<u64> = texts.collect();
    lengths.sort_unstable();
    let product = lengths.iter().rev().take(2).fold(1u64, |product, length| product.saturating_mul(length + 1));
    shared.meter.check_text(product / SLACK)?;
    shared.meter.charge(lengths.last().copied().unwrap_or_default() + product.min(1 << 20))?;
    DONE
}

/// `$join(texts, separator?)`
fn check_join(shared: &Shared, args: &[JValue]) -> Evaluated {
    let separator = args.get(2).and_then(JValue::as_str).map_or(0, str::len) as u64;
    let texts = args.get(1).and_then(JValue::as_array);
    let length = texts.map_or(0, |texts| texts.iter().filter_map(JValue::as_str).map(|text| text.len() as u64).sum());
    let count = texts.map_or(0, Vec::len) as u64;
    shared.meter.charge_text(separator.saturating_mul(count).saturating_add(length))?;
    DONE
}

/// `$string(value?, prettify?)`
fn check_string(shared: &Shared, args: &[JValue]) -> Evaluated {
    let pretty = args.iter().skip(1).any(|arg| arg.as_bool() == Some(true));
    for value in args {
        if matches!(value, JValue::Array(_) | JValue::Object(_)) {
            shared.meter.charge_json(value, pretty)?;
        }
    }
    DONE
}

/// `$distinct(items)` compares each with each.
fn check_distinct(shared: &Shared, args: &[JValue]) -> Evaluated {
    let count = args.get(1).and_then(JValue::as_array).map_or(0, Vec::len) as u64;
    shared.meter.charge(count.saturating_mul(count) / 8)?;
    DONE
}

/// `$base64decode(text?)`: AWS refuses what is not Base64.
fn check_base64decode(_: &Shared, args: &[JValue]) -> Evaluated {
    match args.iter().rev().find_map(JValue::as_str).map(base64_bytes) {
        Some(Err(problem)) => Err(error(problem)),
        _ => DONE,
    }
}
