//! Checksums of a request's body: the one that the caller names, else CRC-32 where an object may have one, as the SDK for
//! Java 2 does, and MD5 where there must be one, which every S3 takes.

use md5::{Digest, Md5};
use models::{Operation, Service, Shape};
use sha1::Sha1;
use sha2::Sha256;

use super::{HttpRequest, base64};
use crate::ParameterError;

/// The header in which S3 is told which checksum is sent.
const ALGORITHM: &str = "x-amz-sdk-checksum-algorithm";
const CHECKSUM: &str = "x-amz-checksum-";
/// The algorithm of a checksum that nobody asked for.
const USUAL: &str = "CRC32";

/// A reflected CRC of up to 64 bits. All start with ones and end inverted.
struct Crc {
    bits: u32,
    polynomial: u64,
}

const CRC32: Crc = Crc { bits: 32, polynomial: 0xEDB8_8320 };
const CRC32C: Crc = Crc { bits: 32, polynomial: 0x82F6_3B78 };
const CRC64_NVME: Crc = Crc { bits: 64, polynomial: 0x9A6C_9329_AC4B_C9B5 };

/// Adds the checksum that the caller named, or that the operation takes or needs, unless the caller has given it.
///
/// # Errors
/// An algorithm that is not known here.
pub(super) fn add(service: &Service, operation: &Operation, request: &mut HttpRequest) -> Result<(), ParameterError> {
    let header = |name: &str| request.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    let given = |(name, _): &(String, String)| {
        let name = name.to_ascii_lowercase();
        name == "content-md5" || name.strip_prefix(CHECKSUM).is_some_and(|rest| !is_about_checksum(rest))
    };
    if request.headers.iter().any(given) {
        return Ok(());
    }
    let checksum = match header(ALGORITHM) {
        Some((_, algorithm)) => {
            let name = format!("{CHECKSUM}{}", algorithm.to_ascii_lowercase());
            (name, named(algorithm, &request.body)?)
        }
        None if operation.needs_checksum => ("Content-MD5".to_owned(), base64::encode(&Md5::digest(&request.body))),
        None if takes_checksum(service, operation) => {
            let checksum = named(USUAL, &request.body)?;
            request.headers.push((ALGORITHM.to_owned(), USUAL.to_owned()));
            (format!("{CHECKSUM}{}", USUAL.to_ascii_lowercase()), checksum)
        }
        None => return Ok(()),
    };
    request.headers.push(checksum);
    Ok(())
}

/// Whether the operation sends an object whole, which may have a checksum. A part of an object may only have one of the
/// kind that its upload was begun with.
fn takes_checksum(service: &Service, operation: &Operation) -> bool {
    let Some(Shape::Structure(structure)) = operation.input.map(|id| service.shape(id)) else { return false };
    let names = |name: &str| structure.members.iter().any(|member| member.wire_name().eq_ignore_ascii_case(name));
    structure.payload.is_some() && names(ALGORITHM) && !names("uploadId")
}

/// `x-amz-checksum-mode` and its like ask for checksums or say how they are meant.
fn is_about_checksum(rest: &str) -> bool {
    matches!(rest, "mode" | "type" | "algorithm")
}

fn named(algorithm: &str, body: &[u8]) -> Result<String, ParameterError> {
    let bytes = match algorithm {
        "CRC32" => CRC32.of(body),
        "CRC32C" => CRC32C.of(body),
        "CRC64NVME" => CRC64_NVME.of(body),
        "SHA1" => Sha1::digest(body).to_vec(),
        "SHA256" => Sha256::digest(body).to_vec(),
        other => {
            let problem = format!("expected CRC32, CRC32C, CRC64NVME, SHA1 or SHA256, found {other:?}");
            return Err(ParameterError::new(problem).within("ChecksumAlgorithm"));
        }
    };
    Ok(base64::encode(&bytes))
}

impl Crc {
    /// The checksum's bytes, the highest first.
    fn of(&self, body: &[u8]) -> Vec<u8> {
        let ones = u64::MAX >> (64 - self.bits);
        let crc = body.iter().fold(ones, |crc, byte| {
            (0..8).fold(crc ^ u64::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { self.polynomial } else { 0 })
        });
        (crc ^ ones).to_be_bytes()[(64 - self.bits as usize) / 8..].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check values of the catalogue of CRC algorithms (reveng), and of FIPS 180-4.
    #[test]
    fn checksums_are_those_of_their_standards() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(CRC32.of(b"123456789")), "cbf43926");
        assert_eq!(hex(CRC32C.of(b"123456789")), "e3069283");
        assert_eq!(hex(CRC64_NVME.of(b"123456789")), "ae8b14860a799888");
        assert_eq!(named("SHA256", b"abc").unwrap(), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(named("SHA1", b"abc").unwrap(), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
        assert!(named("MD4", b"").is_err());
    }
}
