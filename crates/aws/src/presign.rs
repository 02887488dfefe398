//! Presigned URLs: requests that somebody else sends with our signature, such as the token of an EKS cluster.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings};
use aws_sigv4::sign::v4;

/// A GET request to presign.
#[derive(Clone, Copy, Debug)]
pub struct Presign<'a> {
    /// The absolute URL with its query.
    pub url: &'a str,
    /// The signing name: `sts`.
    pub service: &'a str,
    /// The region.
    pub region: &'a str,
    /// Headers that the request will carry; they are signed.
    pub headers: &'a [(&'a str, &'a str)],
    /// How long the signature is valid; whole seconds.
    pub expires_in: Duration,
    /// The role to assume, as an ARN; the client's own credentials where absent.
    pub role: Option<&'a str>,
    /// Whether only AWS itself may get it. A counterpart wants a signature but rarely checks it, so where there are no
    /// credentials it gets a made-up one.
    pub is_aws: bool,
}

/// The URL with the signature in its query.
pub(crate) fn presigned(presign: &Presign<'_>, credentials: &Credentials, time: SystemTime) -> Result<String, String> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(presign.expires_in);
    let identity = credentials.clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(presign.region)
        .name(presign.service)
        .time(time)
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let mut request = http::Request::get(presign.url).body(()).map_err(|error| error.to_string())?;
    let headers = presign.headers.iter().copied();
    let signable = SignableRequest::new("GET", presign.url, headers, SignableBody::Bytes(&[]))
        .map_err(|error| error.to_string())?;
    let signed = aws_sigv4::http_request::sign(signable, &parameters).map_err(|error| error.to_string())?;
    let (instructions, _signature) = signed.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    Ok(request.uri().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Amazon S3 API reference, "Authenticating requests: using query parameters", does not fit, as
    /// S3 leaves the body out of its signatures; so this says what the URL must hold, and what changes the signature.
    #[test]
    fn a_presigned_url_holds_its_scope_and_signs_its_headers() {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("token".to_owned()), None, "test");
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        let with = |cluster: &str, session: &Credentials| {
            let headers = [("x-k8s-aws-id", cluster)];
            let presign = Presign {
                url: "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
                service: "sts",
                region: "eu-west-1",
                headers: &headers,
                expires_in: Duration::from_secs(60),
                role: None,
                is_aws: true,
            };
            presigned(&presign, session, time).unwrap()
        };
        let url = with("c", &credentials);
        for part in [
            "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&",
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            "X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Feu-west-1%2Fsts%2Faws4_request",
            "X-Amz-Date=20150830T123600Z",
            "X-Amz-Expires=60",
            "X-Amz-SignedHeaders=host%3Bx-k8s-aws-id",
            "X-Amz-Security-Token=token",
            "X-Amz-Signature=",
        ] {
            assert!(url.contains(part), "{part} is not in {url}");
        }
        assert_ne!(url, with("d", &credentials));
        assert!(!url.contains("secret"));
    }
}
