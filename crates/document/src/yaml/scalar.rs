//! What a YAML scalar means: the core schema of YAML 1.2.2 (section 10.3).

use saphyr_parser::Tag;

/// A scalar's value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    /// As JSON writes it.
    Number(String),
    /// The scalar's own text.
    Text,
}

impl Scalar {
    /// The value of a scalar; only a plain one, without quotes, is anything but a text by itself.
    pub(super) fn of(text: &str, plain: bool, tag: Option<&Tag>) -> Result<Self, String> {
        check_tag(tag)?;
        let wanted = tag.map(|tag| tag.suffix.as_str());
        match (wanted, plain) {
            (None, true) => plain_value(text),
            (None, false) | (Some("str" | "" | "!"), _) => Ok(Self::Text),
            (Some(wanted), _) => {
                let value = plain_value(text)?;
                match value.is_a(wanted) {
                    true => Ok(value),
                    false => Err(format!("\"{text}\" is not an {wanted}")),
                }
            }
        }
    }

    fn is_a(&self, tag: &str) -> bool {
        match self {
            Self::Null => tag == "null",
            Self::Bool(_) => tag == "bool",
            Self::Number(number) => tag == "float" || (tag == "int" && !number.contains(['.', 'e', 'E'])),
            Self::Text => false,
        }
    }
}

/// Refuses the tags a scalar of JSON has no use for.
pub(super) fn check_tag(tag: Option<&Tag>) -> Result<(), String> {
    let Some(tag) = tag else { return Ok(()) };
    let is_core = tag.is_yaml_core_schema() && matches!(&*tag.suffix, "str" | "null" | "bool" | "int" | "float");
    // `!` alone: "a text, whatever it looks like".
    let is_bare = matches!((&*tag.handle, &*tag.suffix), ("!", "") | ("", "!"));
    if is_core || is_bare { Ok(()) } else { Err(unknown_tag(tag)) }
}

/// What to say of a tag that means nothing in JSON.
pub(super) fn unknown_tag(tag: &Tag) -> String {
    let name = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { tag.to_string() };
    format!("the tag {name} is not supported")
}

fn plain_value(text: &str) -> Result<Scalar, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Scalar::Null),
        "true" | "True" | "TRUE" => return Ok(Scalar::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Scalar::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Err("JSON has no \"not a number\"; quote it for the text".into()),
        _ => {}
    }
    if matches!(text.strip_prefix(['-', '+']).unwrap_or(text), ".inf" | ".Inf" | ".INF") {
        return Err("JSON has no infinity; quote it for the text".into());
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        let digits = text.strip_prefix(prefix).filter(|digits| is_all(digits, |c| c.is_digit(radix)));
        if let Some(digits) = digits {
            let number = u128::from_str_radix(digits, radix).map_err(|_| format!("the number {text} is too large"))?;
            return Ok(Scalar::Number(number.to_string()));
        }
    }
    Ok(decimal(text).map_or(Scalar::Text, Scalar::Number))
}

/// A decimal number as JSON writes it: `+1` is `1`, `007` is `7`, `.5` is `0.5`, `1.` is `1.0`.
fn decimal(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], &unsigned[at..]),
        None => (unsigned, ""),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let has_digit = !whole.is_empty() || fraction.is_some_and(|fraction| !fraction.is_empty());
    if !has_digit || !digits(whole) || !fraction.is_none_or(digits) {
        return None;
    }
    if !exponent.is_empty()
        && !is_all(exponent[1..].strip_prefix(['-', '+']).unwrap_or(&exponent[1..]), |c| c.is_ascii_digit())
    {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let fraction = match fraction {
        None => String::new(),
        Some("") => ".0".into(),
        Some(fraction) => format!(".{fraction}"),
    };
    Some(format!("{sign}{whole}{fraction}{exponent}"))
}

fn is_all(text: &str, is: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(is)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        for (text, number) in [
            ("0", "0"),
            ("-12", "-12"),
            ("+12", "12"),
            ("007", "7"),
            ("1.", "1.0"),
            (".5", "0.5"),
            ("-.5e-3", "-0.5e-3"),
            ("1E+9", "1E+9"),
            ("1.50", "1.50"),
            ("0x1F", "31"),
            ("0o17", "15"),
            ("12345678901234567890123", "12345678901234567890123"),
        ] {
            assert_eq!(Scalar::of(text, true, None), Ok(Scalar::Number(number.into())), "{text}");
            assert!(asl::json::parse(number.as_bytes()).is_ok(), "{number}");
        }
        for text in ["yes", "1_000", "1e", ".", "-", "+-1", "1e+-5x", "0x", "1.2.3", "12:30:00", "nul"] {
            assert_eq!(Scalar::of(text, true, None), Ok(Scalar::Text), "{text}");
        }
        assert_eq!(Scalar::of("~", true, None), Ok(Scalar::Null));
        assert_eq!(Scalar::of("True", true, None), Ok(Scalar::Bool(true)));
        assert_eq!(Scalar::of("1", false, None), Ok(Scalar::Text));
        assert!(Scalar::of("-.Inf", true, None).is_err());
    }
}
