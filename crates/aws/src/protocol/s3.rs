//! S3's listings: names that come percent-encoded, since XML cannot hold every name that a key may have.
//!
//! Whoever asks for `EncodingType` `url` gets the names in clear, as from the AWS SDK for Java 2.

use serde_json::Value;

/// The members of a listing that are names.
const NAMES: [&str; 7] = ["Delimiter", "KeyMarker", "Marker", "NextKeyMarker", "NextMarker", "Prefix", "StartAfter"];

/// The lists in a listing, and the member of an item that is a name.
const LISTS: [(&str, &str); 5] = [
    ("CommonPrefixes", "Prefix"),
    ("Contents", "Key"),
    ("DeleteMarkers", "Key"),
    ("Uploads", "Key"),
    ("Versions", "Key"),
];

/// Decodes the names in a result that says that they are encoded.
pub(super) fn decode_names(output: &mut Value) {
    if output.get("EncodingType").and_then(Value::as_str) != Some("url") {
        return;
    }
    for name in NAMES {
        output.get_mut(name).into_iter().for_each(decode_name);
    }
    for (list, name) in LISTS {
        let items = output.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        items.filter_map(|item| item.get_mut(name)).for_each(decode_name);
    }
}

/// What is not encoded as it should be stays as it is.
fn decode_name(name: &mut Value) {
    if let Value::String(text) = name
        && let Some(decoded) = decoded(text)
    {
        *text = decoded;
    }
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(rest.next()?)? << 4 | digit(rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    // A digit of base 16 fits a byte.
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_decoded_where_they_are_encoded() {
        let listing = |encoding: Value| {
            json!({
                "EncodingType": encoding, "Prefix": "a%2F", "Name": "b%2F", "NextContinuationToken": "%20",
                "Contents": [{ "Key": "a%2Fb+c%C3%A9%0A", "ETag": "%20" }, { "Size": 1 }],
                "CommonPrefixes": [{ "Prefix": "a%2Fd%2F" }], "DeleteMarkers": [{ "Key": "x%2By" }],
            })
        };
        let mut output = listing(json!("url"));
        decode_names(&mut output);
        let expected = json!({
            "EncodingType": "url", "Prefix": "a/", "Name": "b%2F", "NextContinuationToken": "%20",
            "Contents": [{ "Key": "a/b cé\n", "ETag": "%20" }, { "Size": 1 }],
            "CommonPrefixes": [{ "Prefix": "a/d/" }], "DeleteMarkers": [{ "Key": "x+y" }],
        });
        assert_eq!(output, expected);
        for encoding in [json!(null), json!("other")] {
            let mut output = listing(encoding.clone());
            decode_names(&mut output);
            assert_eq!(output, listing(encoding));
        }
    }

    #[test]
    fn what_is_not_encoded_stays() {
        for text in ["100%", "%4", "%zz", "%+1", "%ff"] {
            assert_eq!(decoded(text), None, "{text}");
        }
        assert_eq!(decoded("é%41"), Some("éA".to_owned()));
    }
}
