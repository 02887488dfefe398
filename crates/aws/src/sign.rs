//! Signs requests with Signature Version 4.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;

/// Whom a signature is for: the credential scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// The signing name: `states`, `s3`, `execute-api`.
    pub(crate) service: &'a str,
    /// The region.
    pub(crate) region: &'a str,
}

/// A request that cannot be signed: a header that is not text, a URL that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the request cannot be signed: {0}")]
pub(crate) struct SignError(String);

/// Adds the signature's headers to a request whose URI is absolute.
pub(crate) fn sign(
    request: &mut http::Request<Bytes>,
    credentials: &Credentials,
    scope: Scope<'_>,
    time: SystemTime,
) -> Result<(), SignError> {
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(time)
        .settings(settings(scope.service))
        .build()
        .map_err(|error| SignError(error.to_string()))?
        .into();
    let mut headers = Vec::with_capacity(request.headers().len());
    for (name, value) in request.headers() {
        let value = value.to_str().map_err(|_| SignError(format!("the header {name} is not ASCII text")))?;
        headers.push((name.as_str(), value));
    }
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.uri().to_string(),
        headers.into_iter(),
        SignableBody::Bytes(request.body()),
    )
    .map_err(|error| SignError(error.to_string()))?;
    let (instructions, _signature) = aws_sigv4::http_request::sign(signable, &parameters)
        .map_err(|error| SignError(error.to_string()))?
        .into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}

/// S3 takes paths as they are and wants the body's hash in a header; all others want paths encoded twice.
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if matches!(service, "s3" | "s3express" | "s3-outposts") {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// 2015-08-30T12:36:00Z, the moment of AWS's test suite.
    fn suite_time() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160)
    }

    fn suite_credentials(token: Option<&str>) -> Credentials {
        let token = token.map(str::to_owned);
        Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token, None, "suite")
    }

    fn signed(uri: &str, token: Option<&str>, scope: Scope<'_>, time: SystemTime) -> http::Request<Bytes> {
        let mut request = http::Request::get(uri).body(Bytes::new()).unwrap();
        sign(&mut request, &suite_credentials(token), scope, time).unwrap();
        request
    }

    /// AWS's Signature Version 4 test suite: get-vanilla, get-vanilla-query-order-key-case and
    /// get-vanilla-with-session-token.
    #[test]
    fn signatures_are_those_of_awss_test_suite() {
        let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
        let table = [
            ("/", None, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("/?Param2=value2&Param1=value1", None, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
            ("/", Some(token), "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
        ];
        for (path, token, signature) in table {
            let scope = Scope { service: "service", region: "us-east-1" };
            let request = signed(&format!("https://example.amazonaws.com{path}"), token, scope, suite_time());
            let authorization = request.headers()["authorization"].to_str().unwrap();
            assert!(authorization.ends_with(&format!("Signature={signature}")), "{path}: {authorization}");
            assert_eq!(request.headers()["x-amz-date"], "20150830T123600Z");
        }
    }

    /// The example "GET Object" of the Amazon S3 API Reference, "Authenticating requests: using the authorization header".
    #[test]
    fn s3_signs_the_path_as_it_is_and_the_bodys_hash() {
        let credentials =
            Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None, None, "s3");
        let mut request = http::Request::get("https://examplebucket.s3.amazonaws.com/test.txt")
            .header("range", "bytes=0-9")
            .body(Bytes::new())
            .unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_369_353_600);
        sign(&mut request, &credentials, Scope { service: "s3", region: "us-east-1" }, time).unwrap();
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(request.headers()["x-amz-content-sha256"], empty);
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(
            authorization.ends_with("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
            "{authorization}"
        );
    }

    #[test]
    fn a_header_that_is_not_text_cannot_be_signed() {
        let value = http::HeaderValue::from_bytes(b"\xff").unwrap();
        let mut request = http::Request::get("http://h/").header("x", value).body(Bytes::new()).unwrap();
        let scope = Scope { service: "sqs", region: "us-east-1" };
        assert!(sign(&mut request, &suite_credentials(None), scope, suite_time()).is_err());
    }
}
