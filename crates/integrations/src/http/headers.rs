//! Headers that no task and no connection may send, whatever AWS says of them.

/// Headers that concern one connection only (RFC 9110, 7.6.1), and say where a message ends.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Beginnings of the names of headers that a metadata service asks for, so that no mere forwarding reaches it.
/// `X-aws-ec2-metadata-token` is EC2's, the other ones are other clouds'.
const METADATA_PREFIXES: [&str; 3] = ["x-aws-ec2-metadata-token", "metadata-flavor", "x-google-metadata-request"];

/// Whether a header of that name is refused.
pub(crate) fn is_refused(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    HOP_BY_HOP.contains(&lower.as_str()) || METADATA_PREFIXES.iter().any(|prefix| lower.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_one_connection_and_of_metadata_services_are_refused() {
        for name in ["X-aws-ec2-metadata-token", "x-AWS-ec2-metadata-token-ttl-seconds", "Metadata-Flavor", "TE"] {
            assert!(is_refused(name), "{name}");
        }
        for name in ["Accept", "X-Request-Id", "X-Metadata", "Content-Type", "Authorization"] {
            assert!(!is_refused(name), "{name}");
        }
    }
}
