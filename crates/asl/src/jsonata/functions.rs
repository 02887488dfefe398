//! The language's own functions: JSONata's and AWS's.

mod array;
mod aws;
mod datetime;
mod higher_order;
mod matching;
mod number;
mod object;
mod text;
mod url;

use std::sync::LazyLock;

use super::function::Builtin;
use super::signature::Signature;

pub(super) use self::text::text_of;

/// A function of the language by its place among them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(u8);

/// The language's function of that name.
pub(super) fn find(name: &str) -> Option<Number> {
    let place = BUILTINS.binary_search_by(|builtin| builtin.name.cmp(name)).ok()?;
    u8::try_from(place).ok().map(Number)
}

/// What a function of the language is.
pub(super) fn get(number: Number) -> &'static Builtin {
    &BUILTINS[usize::from(number.0)]
}

macro_rules! builtins {
    ($($name:literal $arity:literal $signature:literal $run:path;)*) => {
        [$(Builtin {
            name: $name,
            arity: $arity,
            signature: LazyLock::new(|| Signature::known($signature)),
            run: $run,
        }),*]
    };
}

/// Each with how many parameters it has and what it takes; AWS's check that themselves.
static BUILTINS: [Builtin; 70] = builtins! {
    "abs" 1 "<n-:n>" number::abs;
    "append" 2 "<xx:a>" array::append;
    "assert" 2 "<bs?:x>" object::assert;
    "average" 1 "<a<n>:n>" number::average;
    "base64decode" 1 "<s-:s>" text::base64decode;
    "base64encode" 1 "<s-:s>" text::base64encode;
    "boolean" 1 "<x-:b>" object::boolean;
    "ceil" 1 "<n-:n>" number::ceil;
    "clone" 1 "<(oa)-:o>" object::clone;
    "contains" 2 "<s-(sf):b>" matching::contains;
    "count" 1 "<a:n>" array::count;
    "decodeUrl" 1 "<s-:s>" url::decode_url;
    "decodeUrlComponent" 1 "<s-:s>" url::decode_url_component;
    "distinct" 1 "<x:x>" array::distinct;
    "each" 2 "<o-f:a>" higher_order::each;
    "encodeUrl" 1 "<s-:s>" url::encode_url;
    "encodeUrlComponent" 1 "<s-:s>" url::encode_url_component;
    "error" 1 "<s?:x>" object::error;
    "eval" 1 "" aws::eval;
    "exists" 1 "<x:b>" object::exists;
    "filter" 2 "<af>" higher_order::filter;
    "floor" 1 "<n-:n>" number::floor;
    "formatBase" 2 "<n-n?:s>" number::format_base;
    "formatInteger" 2 "<n-s:s>" number::format_integer;
    "formatNumber" 3 "<n-so?:s>" number::format_number;
    "fromMillis" 3 "<n-s?s?:s>" datetime::from_millis;
    "hash" 2 "" aws::hash;
    "join" 2 "<a<s>s?:s>" text::join;
    "keys" 1 "<x-:a<s>>" object::keys;
    "length" 1 "<s-:n>" text::length;
    "lookup" 2 "<x-s:x>" object::lookup;
    "lowercase" 1 "<s-:s>" text::lowercase;
    "map" 2 "<af>" higher_order::map;
    "match" 3 "<s-f<s:o>n?:a<o>>" matching::matches;
    "max" 1 "<a<n>:n>" number::max;
    "merge" 1 "<a<o>:o>" object::merge;
    "millis" 0 "<:n>" datetime::millis;
    "min" 1 "<a<n>:n>" number::min;
    "not" 1 "<x-:b>" object::not;
    "now" 0 "<s?s?:s>" datetime::now;
    "number" 1 "<(nsb)-:n>" number::number;
    "pad" 3 "<s-ns?:s>" text::pad;
    "parse" 1 "" aws::parse;
    "parseInteger" 2 "<s-s:n>" number::parse_integer;
    "partition" 2 "" aws::partition;
    "power" 2 "<n-n:n>" number::power;
    "random" 1 "" aws::random;
    "range" 3 "" aws::range;
    "reduce" 3 "<afj?:j>" higher_order::reduce;
    "replace" 4 "<s-(sf)(sf)n?:s>" matching::replace;
    "reverse" 1 "<a:a>" array::reverse;
    "round" 2 "<n-n?:n>" number::round;
    "shuffle" 1 "<a:a>" array::shuffle;
    "sift" 2 "<o-f?:o>" higher_order::sift;
    "single" 2 "<af?>" higher_order::single;
    "sort" 2 "<af?:a>" array::sort;
    "split" 3 "<s-(sf)n?:a<s>>" matching::split;
    "spread" 1 "<x-:a<o>>" object::spread;
    "sqrt" 1 "<n-:n>" number::sqrt;
    "string" 1 "<x-b?:s>" text::string;
    "substring" 3 "<s-nn?:s>" text::substring;
    "substringAfter" 2 "<s-s:s>" text::substring_after;
    "substringBefore" 2 "<s-s:s>" text::substring_before;
    "sum" 1 "<a<n>:n>" number::sum;
    "toMillis" 2 "<s-s?:n>" datetime::to_millis;
    "trim" 1 "<s-:s>" text::trim;
    "type" 1 "<x:s>" object::kind;
    "uppercase" 1 "<s-:s>" text::uppercase;
    "uuid" 0 "" aws::uuid;
    "zip" 0 "<a+>" higher_order::zip;
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order() {
        assert!(BUILTINS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
