//! Writes what an URL and a form are made of: percent-encoding, query strings, form bodies.

use std::fmt::Write as _;

use asl::Value;

use super::fields::plain_text;

/// Deeper nesting than this is not written as a form.
const MAX_DEPTH: usize = 100;

/// How the items of an array are named in a form (`Transform.RequestEncodingOptions.ArrayFormat`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ArrayFormat {
    /// `array[0]=a&array[1]=b`
    #[default]
    Indices,
    /// `array=a&array=b`
    Repeat,
    /// `array=a,b`
    Commas,
    /// `array[]=a&array[]=b`
    Brackets,
    /// The array as JSON: `array=["a","b"]`, encoded
    None,
}

/// A body that is nested too deeply for a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a body nested deeper than {MAX_DEPTH} levels cannot be URL-encoded")]
pub(crate) struct TooDeep;

/// Appends a name or a value, everything but RFC 3986's unreserved characters encoded.
pub(crate) fn component(text: &str, out: &mut String) {
    encode(text, out, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
}

/// A path as a request line takes it: what is encoded already stays, what may not stand there is encoded.
pub(crate) fn path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode(text, &mut out, |byte| byte.is_ascii_alphanumeric() || b"-._~/%!$&'()*+,;=:@".contains(&byte));
    out
}

/// `a=1&b=2`, encoded.
pub(crate) fn query(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        push_pair(name, value, &mut out);
    }
    out
}

/// Adds a query to an URL that may have one already.
pub(crate) fn add_query(url: &mut String, pairs: &[(String, String)]) {
    if pairs.is_empty() {
        return;
    }
    match url.rfind('?') {
        None => url.push('?'),
        Some(at) if at + 1 < url.len() && !url.ends_with('&') => url.push('&'),
        Some(_) => {}
    }
    url.push_str(&query(pairs));
}

/// An object as `application/x-www-form-urlencoded`; names of nested values stand in brackets: `card[number]=1`.
pub(crate) fn form(body: &Value, format: ArrayFormat) -> Result<String, TooDeep> {
    let mut out = String::new();
    match body {
        Value::Object(object) => {
            for (name, value) in object.iter() {
                form_member(name, value, format, 0, &mut out)?;
            }
        }
        Value::Array(_) => form_member("", body, format, 0, &mut out)?,
        other => component(&plain_text(other), &mut out),
    }
    Ok(out)
}

fn form_member(name: &str, value: &Value, format: ArrayFormat, depth: usize, out: &mut String) -> Result<(), TooDeep> {
    if depth > MAX_DEPTH {
        return Err(TooDeep);
    }
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter() {
                form_member(&format!("{name}[{key}]"), value, format, depth + 1, out)?;
            }
        }
        Value::Array(items) => form_items(name, items, format, depth, out)?,
        Value::Null => push_pair(name, "", out),
        other => push_pair(name, &plain_text(other), out),
    }
    Ok(())
}

fn form_items(name: &str, items: &[Value], format: ArrayFormat, depth: usize, out: &mut String) -> Result<(), TooDeep> {
    match format {
        ArrayFormat::None => push_pair(name, &Value::array(items.to_vec()).to_json(), out),
        ArrayFormat::Commas => {
            push_pair(name, "", out);
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                component(&plain_text(item), out);
            }
        }
        ArrayFormat::Indices | ArrayFormat::Repeat | ArrayFormat::Brackets => {
            for (index, item) in items.iter().enumerate() {
                let name = match format {
                    ArrayFormat::Indices => format!("{name}[{index}]"),
                    ArrayFormat::Brackets => format!("{name}[]"),
                    _ => name.to_owned(),
                };
                form_member(&name, item, format, depth + 1, out)?;
            }
        }
    }
    Ok(())
}

fn push_pair(name: &str, value: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('&');
    }
    component(name, out);
    out.push('=');
    component(value, out);
}

fn encode(text: &str, out: &mut String, plain: impl Fn(u8) -> bool) {
    for byte in text.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(json: &str) -> Value {
        asl::json::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn arrays_are_named_as_their_format_says() {
        let body = value(r#"{"array":["a","b"]}"#);
        let cases = [
            (ArrayFormat::Indices, "array%5B0%5D=a&array%5B1%5D=b"),
            (ArrayFormat::Repeat, "array=a&array=b"),
            (ArrayFormat::Commas, "array=a,b"),
            (ArrayFormat::Brackets, "array%5B%5D=a&array%5B%5D=b"),
            (ArrayFormat::None, "array=%5B%22a%22%2C%22b%22%5D"),
        ];
        for (format, expected) in cases {
            assert_eq!(form(&body, format).unwrap(), expected, "{format:?}");
        }
    }

    #[test]
    fn forms_nest_and_encode() {
        let cases = [
            (
                r#"{"description":"Monthly subscription","metadata":{"order_details":"monthly report data"}}"#,
                "description=Monthly%20subscription&metadata%5Border_details%5D=monthly%20report%20data",
            ),
            (r#"{"n":1.50,"t":true,"z":null,"e":[]}"#, "n=1.50&t=true&z="),
            (r#"{"a":[{"k":1},{"k":2}]}"#, "a%5B0%5D%5Bk%5D=1&a%5B1%5D%5Bk%5D=2"),
            (r#"{"ü":"&="}"#, "%C3%BC=%26%3D"),
        ];
        for (body, expected) in cases {
            assert_eq!(form(&value(body), ArrayFormat::Indices).unwrap(), expected);
        }
    }

    #[test]
    fn a_body_nested_too_deeply_is_refused() {
        let body = (0..MAX_DEPTH + 10).fold(Value::Null, |inner, _| Value::object([("a", inner)]));
        assert_eq!(form(&body, ArrayFormat::Indices), Err(TooDeep));
    }

    #[test]
    fn queries_are_added_to_urls_with_and_without_one() {
        let pairs = vec![("a b".to_owned(), "1&2".to_owned())];
        let cases = [
            ("https://h/p", "https://h/p?a%20b=1%262"),
            ("https://h/p?x=1", "https://h/p?x=1&a%20b=1%262"),
            ("https://h/p?", "https://h/p?a%20b=1%262"),
        ];
        for (url, expected) in cases {
            let mut url = url.to_owned();
            add_query(&mut url, &pairs);
            assert_eq!(url, expected);
        }
    }

    #[test]
    fn paths_keep_what_is_encoded() {
        assert_eq!(path("/a b/%20/ü"), "/a%20b/%20/%C3%BC");
    }
}
