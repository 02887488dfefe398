//! The identity of a request, as the service's answer gives it.

use models::{Protocol, Service};

use super::{HttpAnswer, xml};

/// The request's identity: from a header, or from the body of an XML answer.
pub(crate) fn request_id(service: &Service, answer: &HttpAnswer) -> Option<String> {
    let header = ["x-amzn-requestid", "x-amz-request-id", "x-amz-requestid"].into_iter();
    if let Some(id) = header.filter_map(|name| answer.header(name)).find(|id| !id.is_empty()) {
        return Some(id.to_owned());
    }
    match service.metadata.protocol {
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => {
            // A body that is not XML has no identity; what is wrong with it is said by `decode`.
            xml::parse(&answer.body).ok().and_then(|root| in_body(&root))
        }
        Protocol::Json | Protocol::RestJson | Protocol::Cbor => None,
    }
}

/// S3's second identity of a request.
pub(super) fn extended_request_id(answer: &HttpAnswer) -> Option<String> {
    answer.header("x-amz-id-2").filter(|id| !id.is_empty()).map(str::to_owned)
}

/// Query: `RequestId` in `ResponseMetadata` or, of an error, in the root. EC2: `requestId`, of an error `RequestID`.
/// S3: `RequestId` beside the error's code.
pub(super) fn in_body(root: &xml::Element) -> Option<String> {
    let metadata = root.child("ResponseMetadata");
    let id = metadata
        .into_iter()
        .chain([root])
        .find_map(|element| element.children.iter().find(|child| child.name.eq_ignore_ascii_case("requestid")))?;
    Some(id.text.trim().to_owned()).filter(|id| !id.is_empty())
}
