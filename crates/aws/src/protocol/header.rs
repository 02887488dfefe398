//! Text as HTTP wants it: percent-encoding, header names and values, lists in headers.

use std::borrow::Cow;

use models::TimestampFormat;

use crate::ParameterError;

use super::parameters::Parameter;

/// Appends `text` with all bytes encoded but letters, digits, `-._~` and those in `safe` (RFC 3986, as SigV4 wants it).
pub(super) fn percent_encode(out: &mut String, text: &str, safe: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || safe.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// A value as a header. `None` for an empty list, which is not sent.
pub(super) fn value(parameter: &Parameter<'_>) -> Result<Option<String>, ParameterError> {
    let text = match parameter {
        Parameter::List(_, items) if items.is_empty() => return Ok(None),
        Parameter::List(_, items) => {
            items.iter().map(|item| Ok(quoted(item, scalar(item)?))).collect::<Result<Vec<_>, _>>()?.join(",")
        }
        other => scalar(other)?.into_owned(),
    };
    checked_value(text).map(Some)
}

fn scalar<'p>(parameter: &'p Parameter<'_>) -> Result<Cow<'p, str>, ParameterError> {
    let text = parameter.text(TimestampFormat::Rfc822);
    text.ok_or_else(|| ParameterError::new("a structure cannot travel in a header"))
}

/// A list's item that holds a comma or a quote stands in quotes; the comma of an HTTP date does not count.
fn quoted<'p>(item: &Parameter<'_>, text: Cow<'p, str>) -> Cow<'p, str> {
    if matches!(item, Parameter::Text(_)) && text.contains([',', '"']) {
        return Cow::Owned(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")));
    }
    text
}

/// A header's value, refused where it would break the request apart.
pub(super) fn checked_value(text: String) -> Result<String, ParameterError> {
    if text.chars().any(|char| char.is_ascii_control() && char != '\t') {
        return Err(ParameterError::new("a header cannot hold control characters"));
    }
    Ok(text)
}

/// A header's name (RFC 9110, 5.6.2).
pub(super) fn checked_name(name: String) -> Result<String, ParameterError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(allowed) {
        return Err(ParameterError::new(format!("{name:?} cannot be a header's name")));
    }
    Ok(name)
}

/// The items of a list in a header.
pub(super) fn items(text: &str) -> Vec<Cow<'_, str>> {
    let mut items = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (item, after) = item(rest);
        items.push(item);
        rest = after.trim_start();
    }
    items
}

/// The times of a list in a header: every HTTP date holds a comma of its own.
pub(super) fn dates(text: &str) -> Vec<Cow<'_, str>> {
    let mut dates: Vec<Cow<'_, str>> = Vec::new();
    for part in text.split(',').map(str::trim) {
        match dates.last_mut() {
            Some(weekday) if !weekday.is_empty() && weekday.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                *weekday = Cow::Owned(format!("{weekday}, {part}"));
            }
            _ => dates.push(Cow::Borrowed(part)),
        }
    }
    dates
}

/// The first item and what comes after its comma.
fn item(text: &str) -> (Cow<'_, str>, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let (item, after) = text.split_once(',').unwrap_or((text, ""));
        return (Cow::Borrowed(item.trim_end()), after);
    };
    let mut unquoted = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => {
                let after = &inner[at + 1..];
                return (Cow::Owned(unquoted), after.split_once(',').map_or("", |(_, after)| after));
            }
            '\\' => unquoted.extend(chars.next().map(|(_, escaped)| escaped)),
            other => unquoted.push(other),
        }
    }
    (Cow::Owned(unquoted), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_taken_apart() {
        let cases: [(&str, &[&str]); 6] = [
            ("", &[]),
            ("a", &["a"]),
            ("a, b ,c", &["a", "b", "c"]),
            (r#""a,b", "say \"hi\"",c"#, &["a,b", "say \"hi\"", "c"]),
            (r#""open"#, &["open"]),
            ("a,,b", &["a", "", "b"]),
        ];
        for (text, expected) in cases {
            assert_eq!(items(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_keep_their_comma() {
        let text = "Mon, 16 Dec 2019 23:48:18 GMT, Tue, 17 Dec 2019 23:48:18 GMT, 2019-12-18T00:00:00Z";
        let expected = ["Mon, 16 Dec 2019 23:48:18 GMT", "Tue, 17 Dec 2019 23:48:18 GMT", "2019-12-18T00:00:00Z"];
        assert_eq!(dates(text), expected);
    }

    #[test]
    fn all_but_plain_bytes_are_encoded() {
        let cases = [("a b/ü", "", "a%20b%2F%C3%BC"), ("a b/~-._", "/", "a%20b/~-._"), ("+&=%", "", "%2B%26%3D%25")];
        for (text, safe, expected) in cases {
            let mut out = String::new();
            percent_encode(&mut out, text, safe);
            assert_eq!(out, expected);
        }
    }
}
