//! Random identities: request ids, trace headers, log streams.

use std::time::{SystemTime, UNIX_EPOCH};

/// 16 random bytes.
///
/// Where the system has no randomness to give, they follow from the clock, which is enough to tell invocations apart. No
/// process starts then: it would have no [`secret`].
fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        bytes = now.as_nanos().to_be_bytes();
    }
    bytes
}

/// A new request id: a UUID of version 4.
pub(crate) fn request_id() -> String {
    let mut bytes = random();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut text = hex(&bytes);
    for at in [8, 13, 18, 23] {
        text.insert(at, '-');
    }
    text
}

/// A new trace header that asks for no sampling.
pub(crate) fn trace_header() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (root, parent) = (random(), random());
    format!("Root=1-{seconds:08x}-{};Parent={};Sampled=0", hex(&root[..12]), hex(&parent[..8]))
}

/// 32 hexadecimal digits that nobody can guess.
///
/// # Errors
/// The system has no randomness to give.
pub(crate) fn secret() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(hex(&bytes))
}

/// 32 hexadecimal digits: what distinguishes a log stream, or a folder for temporary files.
pub(crate) fn token() -> String {
    hex(&random())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len() + 4);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_uuid_of_version_4() {
        let id = request_id();
        assert_eq!(id.len(), 36);
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
        assert_ne!(id, request_id());
    }

    #[test]
    fn a_trace_header_has_the_parts_that_x_ray_reads() {
        let header = trace_header();
        let parts: Vec<&str> = header.split(';').collect();
        assert_eq!(parts[0].split('-').map(str::len).collect::<Vec<_>>(), ["Root=1".len(), 8, 24]);
        assert_eq!(parts[1].len(), "Parent=".len() + 16);
        assert_eq!(parts[2], "Sampled=0");
    }
}
