//! How the names of headers are spelled. The HTTP library knows them in lower case only, but a state's result shows
//! them as AWS sends them.

/// Names that AWS spells in no regular way.
const ODD: &[&str] = &[
    "Content-MD5",
    "ETag",
    "WWW-Authenticate",
    "X-Amz-Cf-Id",
    "X-Amz-Cf-Pop",
    "X-Amz-Executed-Version",
    "X-Amz-Function-Error",
    "X-Amz-Log-Result",
    "X-Amzn-Trace-Id",
    "x-amzn-RequestId",
    "x-amzn-ErrorType",
];

/// What API Gateway puts before the name of a header that it may not pass on.
const REMAPPED: &str = "x-amzn-Remapped-";

/// A header's name as AWS spells it: `Content-Type`, `x-amzn-RequestId`, `x-amz-id-2`.
pub(crate) fn as_sent(name: &str) -> String {
    if let Some(odd) = ODD.iter().find(|odd| odd.eq_ignore_ascii_case(name)) {
        return (*odd).to_owned();
    }
    if let Some(rest) = name.strip_prefix("x-amzn-remapped-") {
        return format!("{REMAPPED}{}", as_sent(rest));
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
        for spelled in [
            "Content-Type",
            "Date",
            "x-amzn-RequestId",
            "x-amz-id-2",
            "ETag",
            "Server",
            "X-Amzn-Trace-Id",
            "X-Amz-Cf-Id",
            "X-Amz-Cf-Pop",
            "X-Cache",
            "x-amz-apigw-id",
            "x-amzn-Remapped-Content-Length",
            "x-amzn-Remapped-WWW-Authenticate",
        ] {
            assert_eq!(as_sent(&spelled.to_ascii_lowercase()), spelled);
        }
    }
}
