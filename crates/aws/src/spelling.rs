//! How the names of headers are spelled. The HTTP library knows them in lower case only, but a state's result shows
//! them as AWS sends them.

/// Names that AWS spells in no regular way.
const ODD: &[&str] = &[
    "Content-MD5",
    "ETag",
    "WWW-Authenticate",
    "X-Amz-Executed-Version",
    "X-Amz-Function-Error",
    "X-Amz-Log-Result",
    "X-Amzn-Trace-Id",
    "x-amzn-Remapped-Connection",
    "x-amzn-Remapped-Content-Length",
    "x-amzn-Remapped-Date",
    "x-amzn-RequestId",
    "x-amzn-ErrorType",
];

/// A header's name as AWS spells it: `Content-Type`, `x-amzn-RequestId`, `x-amz-id-2`.
pub(crate) fn as_sent(name: &str) -> String {
    if let Some(odd) = ODD.iter().find(|odd| odd.eq_ignore_ascii_case(name)) {
        return (*odd).to_owned();
    }
    if name.starts_with("x-amz") {
        return name.to_owned();
    }
    let mut begins_word = true;
    let spelled = name.chars().map(|letter| {
        let spelled = if begins_word { letter.to_ascii_uppercase() } else { letter };
        begins_word = letter == '-';
        spelled
    });
    spelled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_aws_does() {
        for spelled in ["Content-Type", "Date", "x-amzn-RequestId", "x-amz-id-2", "ETag", "Server", "X-Amzn-Trace-Id"] {
            assert_eq!(as_sent(&spelled.to_ascii_lowercase()), spelled);
        }
    }
}
